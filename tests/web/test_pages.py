"""Pages as people meet them: without JavaScript, through forms, in two languages."""

import re

import msgspec
import pytest

from server.clock import now_ms
from server.model import Media
from server.services import (
    accounts,
    communities,
    departures,
    drafts,
    follows,
    invites,
    profiles,
    reactions,
    reading,
    relations,
    sessions,
)
from server.services.communities import NewCommunity
from server.services.profiles import ProfileChanges
from server.store import accounts as account_rows
from server.store import media as media_rows
from server.store import posts as post_rows
from server.store.paging import Page
from tests.web.city import COOKIE, HERE, NO_KEYS, PASSWORD, a_picture, upload
from tests.web.html import HtmlPage
from web.keys import ADDRESSES, BUCKETS, FETCHER
from web.limits import BURST

DOCUMENT = "application/activity+json"


# --- one journey, on both databases


async def test_from_sign_up_to_a_story_a_reply_and_its_end(any_city):
    mina = await any_city.visitor()
    joined = await mina.post(
        "/sign-up", name="Mina", email="mina@gm.example", password=PASSWORD, display_name="미나"
    )
    assert joined == "/settings?done=welcome"
    mina.account = await any_city.db.read(accounts.by_handle, any_city.site, "mina")
    joon = await any_city.join("joon")

    story = await upload(
        mina,
        "/write",
        kind="story",
        title="벽화 골목",
        lead="함께 그린 담벼락",
        content="## 처음\n\n**꽃** 한 송이 #벽화",
        visibility="public",
        language="ko",
        picture_1=a_picture(),
        picture_1_alt="꽃이 그려진 벽",
    )
    page = await joon.get(story)
    for told in ("벽화 골목", "함께 그린 담벼락", "<strong>꽃</strong>", "꽃이 그려진 벽"):
        assert told in page.text

    id = story.rpartition("/")[2]
    assert await joon.post(f"/posts/{id}/like", back=story) == f"{story}#acts-{id}"
    await joon.post(f"/posts/{id}/like", back=story)
    await joon.post(f"/posts/{id}/boost")
    form = (await joon.get(story)).form("/write")
    assert form.fields["content"] == "@mina "
    reply = await joon.post("/write", **{**form.fields, "content": "@mina 곱네요"})
    page = await mina.get(story)
    assert "곱네요" in page.text
    notices = (await mina.get("/notifications")).text
    for told in ("likes your post", "shared your post", "answered you", "곱네요"):
        assert told in notices

    for path in (
        "/",
        "/stories",
        "/local",
        "/federated",
        "/@mina",
        "/tags/벽화",
        "/search?q=벽화",
    ):
        assert "벽화 골목" in (await joon.get(path)).text, path
    assert "곱네요" in (await joon.get(reply)).text

    changed = (await mina.get(f"/edit/{id}")).form(f"/edit/{id}").fields
    await mina.post(f"/edit/{id}", **{**changed, "content": "새 글", "title": "새 제목"})
    assert "새 제목" in (await joon.get(story)).text
    before = (await joon.get(f"{story}/history")).text
    assert "벽화 골목" in before
    assert "새 제목" in before
    assert "꽃이 그려진 벽" in (await joon.get(story)).text

    assert "Delete this post?" in (await mina.get(f"/posts/{id}/delete")).text
    assert await mina.post(f"/posts/{id}/delete") == "/@mina"
    assert "deleted" in (await joon.get(story, 410)).text
    assert "곱네요" in (await joon.get(reply)).text


# --- every page, in both languages


EVERYWHERE = (
    "/",
    "/local",
    "/federated",
    "/stories",
    "/neighbourhoods",
    "/about",
    "/search",
    "/search?q=x",
    "/tags/x",
    "/farewell",
)
VISITORS = ("/sign-in", "/sign-up")
MEMBERS = (
    *("/home", "/write", "/write?kind=note", "/drafts", "/notifications", "/requests"),
    *("/settings", "/settings?done=profile", "/settings/leave", "/muted", "/blocked"),
)


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_every_page_is_sound_for_visitors_and_members(city, language):
    mina = await city.join("mina", role="moderator", language=language)
    visitor = await city.visitor(language)
    story = await city.writes(mina, "## 제목\n\n본문 #x", title="이야기")
    reply = await city.writes(mina, "Note", reply_to_id=story.id)
    of_posts = [f"/@mina/{post.id}{part}" for post in (story, reply) for part in ("", "/history")]
    of_people = ["/@mina", "/@mina?show=replies", "/@mina?show=pictures", "/@mina/followers"]
    lists = [f"/@mina/{story.id}/likes", f"/@mina/{story.id}/boosts", "/@mina/following"]
    for path in (*EVERYWHERE, *of_posts, *of_people, *lists):
        for person in (visitor, mina):
            page = await person.get(path)
            assert page.language == language
            assert 'class="skip"' in page.text
    for path in VISITORS:
        assert (await visitor.get(path)).language == language
    own = (f"/edit/{story.id}", f"/posts/{story.id}/delete", f"/write?reply_to={story.id}")
    for path in (*MEMBERS, *own, "/pending", "/reports", f"/write?to={mina.account.id}"):
        assert (await mina.get(path)).language == language
        assert mina.url == path


async def test_what_is_for_members_leads_visitors_to_the_sign_in_and_back(city):
    visitor = await city.visitor()
    for path in (*MEMBERS, "/pending", "/edit/1"):
        page = await visitor.get(path)
        assert visitor.url.startswith("/sign-in?next=")
        assert page.form("/sign-in").fields["next"] == path


async def test_pages_carry_the_headers_that_protect_them(city):
    visitor = await city.visitor()
    async with visitor.client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Set-Cookie" not in answer.headers


async def test_files_of_pages_may_be_kept_for_ever_under_their_version(city):
    visitor = await city.visitor()
    page = await visitor.get("/")
    address = re.search(r"/static/madang\.css\?v=\w+", page.text)[0]
    async with visitor.client.get(address) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        etag = answer.headers["ETag"]
    async with visitor.client.get(address, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with visitor.client.get("/static/madang.css?v=old") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]
    for path in ("/static/none.css", "/static/..%2Frender.py"):
        async with visitor.client.get(path) as answer:
            assert answer.status == 404


# --- language


async def test_the_footer_changes_the_language_for_a_visitor_and_for_a_member(city):
    visitor, mina = await city.visitor(), await city.join("mina")
    for person in (visitor, mina):
        assert (await person.get("/local")).language == "en"
        assert await person.post("/language", lang="ko", back="/local") == "/local"
        assert (await person.get("/local")).language == "ko"
        await person.post("/language", lang="xx", back="//far.example")
        assert (await person.get("/local")).language == "ko"
    member = await city.db.read(accounts.visible, mina.account.id)
    assert member.name == "mina"


# --- forms come from our own pages


FOREIGN = [
    {"headers": {"Sec-Fetch-Site": "cross-site"}},
    {"headers": {"Sec-Fetch-Site": "same-site"}},
    {"headers": {"Origin": "https://evil.example"}},
    {"headers": {"Origin": "null"}},
    {"csrf": "made up"},
    {"csrf": ""},
    {"csrf": "\u00e9"},
]


@pytest.mark.parametrize("how", FOREIGN)
async def test_a_foreign_form_changes_nothing(city, how):
    mina = await city.join("mina")
    visitor = await city.visitor()
    post = await city.writes(mina)
    own = f"/posts/{post.id}/delete"
    for path in ("/write", own, "/settings/profile", "/settings/password", "/notifications/clear"):
        await mina.post(path, 403, **{"content": "x", "kind": "note", **how})
    await visitor.post("/sign-in", 403, **{"name": "mina", "password": PASSWORD, **how})
    await visitor.post("/sign-up", 403, **{"name": "eve", "password": PASSWORD, **how})
    assert (await city.db.read(reading.view, None, post.id)).post.content == post.content
    assert await city.db.read(accounts.by_handle, city.site, "eve") is None


async def test_the_token_of_one_person_is_no_good_for_another(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await joon.post("/write", 403, csrf=await mina.token(), kind="note", content="x")
    visitor = await city.visitor()
    await joon.post("/write", 403, csrf=await visitor.token(), kind="note", content="x")


async def test_every_form_demands_its_token(city):
    """No POST of a page may be answered otherwise than by a refusal without the token."""
    mina = await city.join("mina", role="moderator")
    post = await city.writes(mina)
    new = NewCommunity(name="square", title="Square", kind="blog", keys=NO_KEYS)
    await city.db.write(communities.create, city.site, new, now_ms())
    for route in city.app.router.routes():
        path = route.resource.canonical
        if route.method != "POST" or path.startswith(("/api", "/oauth", "/inbox", "/actors")):
            continue
        if path in ("/language", "/theme", "/inbox"):
            continue
        if path == "/webmention" or path.endswith("/trackback"):  # for other sites
            continue
        address = path.replace("{id}", str(post.id)).replace("{act}", "like")
        address = address.replace("{decision}", "approve").replace("{tag}", "market")
        address = address.replace("{answer}", "accept").replace("{name}", "square")
        address = address.replace("{deed}", "lock").replace("{number}", "1")
        address = address.replace("{move}", "up").replace("{handle}", "mina")
        await mina.post(address, 403, csrf="")


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "javascript:x"],
)
async def test_a_form_never_leads_to_another_website(city, back):
    mina = await city.join("mina")
    post = await city.writes(mina)
    assert await mina.post(f"/posts/{post.id}/like", back=back) == f"/home#acts-{post.id}"
    visitor = await city.visitor()
    assert await visitor.post("/sign-in", name="mina", password=PASSWORD, next=back) == "/home"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 600_000, "application/x-www-form-urlencoded", 413),
        (b"--no\r\n", "multipart/form-data; boundary=yes", 422),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 422),
        (b"x", "multipart/form-data", 422),
        (b"\xff\xfe=%ff%fe&content=%00%ed%a0%80", "application/x-www-form-urlencoded", 403),
        (b"&".join(b"a=1" for _ in range(5000)), "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 403),
    ],
)
async def test_an_unreadable_form_is_refused_in_words(city, body, kind, status):
    mina = await city.join("mina")
    headers = {"Content-Type": kind}
    async with mina.client.post("/write", data=body, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        assert "<h1>" in await answer.text()


# --- signing in


async def test_signing_in_and_out(city):
    mina = await city.join("mina")
    for name in ("mina", "@Mina", "mina@gm.example"):
        visitor = await city.visitor()
        went = await visitor.post("/sign-in", name=name, password=PASSWORD, next="/drafts")
        assert went == "/drafts"
        visitor.account = mina.account
        assert "Drafts" in (await visitor.get("/drafts")).text
        assert await visitor.post("/sign-out") == "/"
        visitor.account = None
        await visitor.get("/drafts")
        assert visitor.url.startswith("/sign-in")


async def test_a_wrong_name_and_a_wrong_password_read_the_same(city):
    await city.join("mina")
    visitor = await city.visitor()
    told = []
    for name in ("mina", "nobody"):
        text = await visitor.post("/sign-in", 422, name=name, password="wrong")  # noqa: S106
        page = HtmlPage(text)
        assert page.form("/sign-in").fields["name"] == name
        told.append(re.search(r'role="alert">([^<]+)<', text)[1])
    assert told[0] == told[1]


async def test_guessing_ends_after_five_tries_even_with_the_right_password(city):
    await city.join("mina")
    visitor = await city.visitor()
    for _ in range(5):
        await visitor.post("/sign-in", 422, name="mina", password="wrong")  # noqa: S106
    text = await visitor.post("/sign-in", 429, name="mina", password=PASSWORD)
    assert "five minutes" in text
    await visitor.post("/sign-in", 429, name="mina@gm.example", password=PASSWORD)
    await city.join("joon")
    assert await visitor.post("/sign-in", name="joon", password=PASSWORD) == "/home"


async def test_the_session_cookie_is_out_of_reach_for_scripts(city):
    await city.join("mina")
    visitor = await city.visitor()
    token = await visitor.token()
    data = {"csrf": token, "name": "mina", "password": PASSWORD}
    async with visitor.client.post("/sign-in", data=data, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


# --- signing up


async def test_a_refused_sign_up_keeps_what_was_typed_and_says_where(city):
    await city.join("mina")
    visitor = await city.visitor()
    typed = {"name": "joon", "email": "joon@gm.example", "display_name": "준 & Co"}
    cases = [
        ({**typed, "password": "short"}, "password"),
        ({**typed, "password": PASSWORD, "email": "nowhere"}, "email"),
    ]
    for fields, place in cases:
        page = HtmlPage(await visitor.post("/sign-up", 422, **fields))
        assert f'id="{place}-error"' in page.text
        assert 'aria-invalid="true"' in page.text
        kept = page.form("/sign-up").fields
        assert kept["name"] == "joon"
        assert kept["display_name"] == "준 & Co"
        assert kept["password"] == ""
    taken = {**typed, "name": "mina", "password": PASSWORD}
    assert "is taken" in await visitor.post("/sign-up", 409, **taken)


@pytest.mark.parametrize("city", ["approval"], indirect=True)
async def test_a_new_account_waits_for_a_moderator_where_the_city_wants_it(city):
    moderator, mina = await city.join("mod", role="moderator"), await city.join("mina")
    for name in ("joon", "eve"):
        visitor = await city.visitor()
        typed = {"name": name, "email": f"{name}@gm.example", "password": PASSWORD}
        assert 'id="reason-error"' in await visitor.post("/sign-up", 422, **typed)
        told = await visitor.post("/sign-up", 200, **typed, reason="하안동 주민입니다")
        assert "waits for a moderator" in told
        assert "approval" in await visitor.post("/sign-in", 403, name=name, password=PASSWORD)
        await visitor.get(f"/@{name}", 404)
    await mina.get("/pending", 403)
    page = await moderator.get("/pending")
    assert "하안동 주민입니다" in page.text
    joon = await city.db.read(accounts.by_handle, city.site, "joon")
    eve = await city.db.read(accounts.by_handle, city.site, "eve")
    await mina.post(f"/pending/{joon.id}/approve", 403)
    assert await moderator.post(f"/pending/{joon.id}/approve") == "/pending"
    assert await moderator.post(f"/pending/{eve.id}/refuse") == "/pending"
    await moderator.post(f"/pending/{joon.id}/approve", 409)
    assert await visitor.post("/sign-in", name="joon", password=PASSWORD) == "/home"
    assert "Nobody is waiting" in (await moderator.get("/pending")).text


@pytest.mark.parametrize("city", ["invite"], indirect=True)
async def test_an_invitation_opens_the_door_as_often_as_it_says(city):
    code = await city.db.write(invites.make, None, 1, 14, now_ms())
    typed = {"password": PASSWORD, "invite": code}
    first, second = await city.visitor(), await city.visitor()
    assert (await first.get(f"/sign-up?invite={code}")).form("/sign-up").fields["invite"]
    await first.post("/sign-up", 422, name="x y", email="joon@gm.example", **typed)
    await first.post("/sign-up", name="joon", email="joon@gm.example", **typed)
    told = await second.post("/sign-up", 422, name="eve", email="eve@gm.example", **typed)
    assert "not valid any more" in told
    typed["invite"] = ""
    await second.post("/sign-up", 422, name="eve", email="eve@gm.example", **typed)


@pytest.mark.parametrize("city", ["closed"], indirect=True)
async def test_a_closed_city_says_so_and_takes_nobody(city):
    visitor = await city.visitor()
    page = await visitor.get("/sign-up")
    assert "does not take new accounts" in page.text
    assert [form for form in page.forms if form.action == "/sign-up"] == []
    typed = {"name": "eve", "email": "eve@gm.example", "password": PASSWORD}
    await visitor.post("/sign-up", 403, **typed)


# --- nothing that was typed is lost


async def test_a_refused_text_comes_back_as_it_was_with_its_pictures(city):
    mina = await city.join("mina")
    text = "  indented\n\n<b>not bold</b> & “quoted”"
    told = await upload(
        mina,
        "/write",
        422,
        kind="story",
        title=" ",
        lead="A lead",
        content=text,
        warning="Heights",
        visibility="followers",
        language="vi",
        picture_1=a_picture(),
        picture_1_alt="A bridge",
        picture_2=a_picture(colour="red"),
    )
    page = HtmlPage(told)
    assert page.faults == []
    assert "A story needs a title." in told
    form = page.form("/write")
    assert form.fields["content"] == text
    assert form.fields["lead"] == "A lead"
    assert form.fields["warning"] == "Heights"
    assert form.fields["visibility"] == "followers"
    assert form.fields["language"] == "vi"
    assert told.count('name="media"') == 2
    assert "A bridge" in told
    ids = re.findall(r'name="media" value="(\d+)"', told)
    fields = [(name, value) for name, value in form.fields.items() if name != "media"]
    sent = [*fields, *(("media", id) for id in ids), ("remove", ids[1]), ("title", "Now titled")]
    sent = [(k, v) for k, v in sent if (k, v) != ("title", "")]
    story = await mina.post("/write", data=sent)
    shown = (await mina.get(story)).text
    assert "A bridge" in shown
    assert shown.count("<figure>") == 1


async def test_a_picture_that_is_none_is_refused_and_the_others_stay(city):
    mina = await city.join("mina")
    fields = {"kind": "note", "content": "Look", "picture_1": a_picture(), "picture_2": b"%PDF-1.7"}
    told = await upload(mina, "/write", 422, **fields)
    assert 'id="pictures-error"' in told
    assert told.count('name="media"') == 1
    assert HtmlPage(told).form("/write").fields["content"] == "Look"


async def test_a_text_whose_session_has_ended_waits_until_its_author_is_back(city):
    mina = await city.join("mina")
    story = await city.writes(mina)
    form = (await mina.get(f"/@mina/{story.id}")).form("/write").fields
    await city.db.write(sessions.revoke_others, mina.account.id)
    told = await mina.post("/write", 401, data={**form, "content": "A long\n answer <i>"})
    page = HtmlPage(told)
    assert page.faults == []
    form = page.form("/sign-in").fields
    assert form["kept_content"] == "A long\n answer <i>"
    wrong = HtmlPage(
        await mina.post("/sign-in", 422, data={**form, "name": "mina", "password": "x"})
    )
    form = wrong.form("/sign-in").fields
    went = await mina.post("/sign-in", data={**form, "name": "mina", "password": PASSWORD})
    assert went.startswith("/write?draft=")
    draft = (await mina.get(went)).form("/write").fields
    assert draft["content"] == "A long\n answer <i>"
    assert draft["reply_to"] == str(story.id)
    await mina.post("/write", data=draft)
    assert await city.db.read(drafts.all, mina.account.id) == []


async def test_a_text_from_before_a_new_sign_in_is_shown_again_not_published(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "Old words")
    for path in ("/write", f"/edit/{post.id}"):
        told = await mina.post(path, 403, csrf="of yesterday", kind="note", content="New words")
        assert HtmlPage(told).form(path).fields["content"] == "New words"
    assert "New words" not in (await mina.get("/@mina")).text


async def test_a_draft_is_kept_changed_published_and_thrown_away(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    typed = {"kind": "story", "title": "Half", "content": "Begun", "do": "draft"}
    assert await mina.post("/write", **typed) == "/drafts"
    id = (await city.db.read(drafts.all, mina.account.id))[0].id
    await joon.get(f"/write?draft={id}", 404)
    form = (await mina.get(f"/write?draft={id}")).form("/write").fields
    assert form["title"] == "Half"
    await mina.post("/write", **{**form, "content": "More", "do": "draft"})
    assert len(await city.db.read(drafts.all, mina.account.id)) == 1
    await mina.post("/write", title="", kind="story", content="Other", do="draft")
    other = next(d.id for d in await city.db.read(drafts.all, mina.account.id) if "Other" in d.body)
    await joon.post(f"/drafts/{other}/delete")
    assert len(await city.db.read(drafts.all, mina.account.id)) == 2
    await mina.post(f"/drafts/{other}/delete")
    story = await mina.post("/write", **{**form, "content": "Done"})
    assert "Done" in (await joon.get(story)).text
    assert await city.db.read(drafts.all, mina.account.id) == []


async def test_a_draft_of_an_older_version_does_not_break_the_page(city):
    mina = await city.join("mina")
    for body in ({"kind": 7}, {"media_ids": ["x"]}, {"unknown": 1, "title": "Kept"}):
        await city.db.write(drafts.save, mina.account.id, None, body, now_ms())
    page = await mina.get("/drafts")
    assert "Kept" in page.text


async def test_a_preview_shows_the_text_and_publishes_nothing(city):
    mina = await city.join("mina")
    typed = {"kind": "story", "title": "T", "content": "**bold** <script>x</script>"}
    told = await mina.post("/write", 200, **typed, do="preview")
    assert "<strong>bold</strong>" in told
    assert "<script>" not in told
    assert "T" not in (await mina.get("/@mina")).headings


async def test_pressing_the_button_twice_publishes_once(city):
    mina = await city.join("mina")
    form = (await mina.get("/home")).form("/write").fields
    first = await mina.post("/write", **{**form, "content": "Once"})
    second = await mina.post("/write", **{**form, "content": "Once"})
    assert first == second


async def test_what_is_too_long_or_empty_is_refused_in_words(city):
    mina = await city.join("mina")
    assert "too long" in await mina.post("/write", 422, kind="note", content="x" * 5001)
    assert "write something" in await mina.post("/write", 422, kind="note", content="  ")


async def test_an_edit_changes_neither_who_may_read_nor_what_it_is(city):
    mina = await city.join("mina")
    post = await city.writes(mina, visibility="followers")
    sent = {"kind": "story", "title": "T", "content": "New", "visibility": "public"}
    await mina.post(f"/edit/{post.id}", **sent)
    changed = (await city.db.read(reading.view, mina.account.id, post.id)).post
    assert (changed.visibility, changed.kind, changed.title) == ("followers", "note", "")


# --- what is not for everybody


async def test_private_posts_are_for_those_they_are_for(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    visitor = await city.visitor()
    direct = await city.writes(mina, "@joon only you", visibility="direct")
    fans = await city.writes(mina, "fans only", visibility="followers")
    for post in (direct, fans):
        address = f"/@mina/{post.id}"
        for part in ("", "/history", "/likes", "/boosts"):
            await visitor.get(address + part, 404)
    await joon.get(f"/@mina/{fans.id}", 404)
    assert "only you" in (await joon.get(f"/@mina/{direct.id}")).text
    await city.db.write(follows.follow, city.site, joon.account, mina.account.id, now_ms())
    assert "fans only" in (await joon.get(f"/@mina/{fans.id}")).text
    for path in ("/", "/local", "/@mina", "/search?q=only", "/federated"):
        assert "only you" not in (await visitor.get(path)).text
        assert "fans only" not in (await visitor.get(path)).text
    for act in ("like", "boost", "pin"):
        eve = await city.join(f"eve_{act}")
        await eve.post(f"/posts/{direct.id}/{act}", 404)


async def test_only_its_author_edits_deletes_and_pins(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina)
    await joon.get(f"/edit/{post.id}", 403)
    await joon.get(f"/posts/{post.id}/delete", 403)
    await joon.post(f"/edit/{post.id}", 403, content="Mine now", kind="note")
    await joon.post(f"/posts/{post.id}/delete", 403)
    await joon.post(f"/posts/{post.id}/pin", 403)
    page = await joon.get(f"/@mina/{post.id}")
    assert f"/edit/{post.id}" not in page.text


async def test_a_reply_is_for_no_more_people_than_what_it_answers(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "@joon hush", visibility="direct")
    form = (await joon.get(f"/write?reply_to={post.id}")).form("/write").fields
    assert form["visibility"] == "direct"
    assert form["content"] == "@mina "


# --- people


async def test_following_asking_accepting_and_leaving(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Timeline news")
    await city.db.write(
        profiles.edit_profile, city.site, mina.account, ProfileChanges(locked=True), now_ms()
    )
    id = mina.account.id
    assert "Ask to follow" in (await joon.get("/@mina")).text
    assert await joon.post(f"/people/{id}/follow", back="/@mina") == "/@mina"
    assert "Take the request back" in (await joon.get("/@mina")).text
    assert "Joon" in (await mina.get("/requests")).text
    assert "asks to follow you" in (await mina.get("/notifications")).text
    assert "asks to follow you" in (await mina.get("/@joon")).text
    await mina.post(f"/people/{joon.account.id}/accept", back="/requests")
    assert "Unfollow" in (await joon.get("/@mina")).text
    assert "Joon" in (await joon.get("/@mina/followers")).text
    assert "Mina" in (await joon.get("/@joon/following")).text
    await city.writes(mina, "Fresh news")
    assert "Fresh news" in (await joon.get("/home")).text
    await joon.post(f"/people/{id}/unfollow")
    assert "Ask to follow" in (await joon.get("/@mina")).text
    assert post.id > 0


async def test_mute_and_block_can_be_undone_from_their_lists(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    id = joon.account.id
    await city.writes(joon, "Loud words")
    await mina.post(f"/people/{id}/mute", back="/@joon")
    assert "You have muted" in (await mina.get("/@joon")).text
    assert "Loud words" not in (await mina.get("/local")).text
    assert "Joon" in (await mina.get("/muted")).text
    await mina.post(f"/people/{id}/unmute", back="/muted")
    assert "Loud words" in (await mina.get("/local")).text
    await mina.post(f"/people/{id}/block", back="/@joon")
    assert "You have blocked" in (await mina.get("/@joon")).text
    assert "Joon" in (await mina.get("/blocked")).text
    await joon.post(f"/people/{mina.account.id}/follow", 403)
    await mina.post(f"/people/{id}/unblock", back="/blocked")
    assert "Nobody is here" in (await mina.get("/blocked")).text


async def test_a_profile_is_edited_and_shown(city):
    mina = await city.join("mina")
    went = await upload(
        mina,
        "/settings/profile",
        display_name="미나 <3",
        bio="Lives here. #mural",
        field_1_name="Web",
        field_1_value="https://gm.example/mina",
        locked="on",
        avatar=a_picture(),
        header=a_picture((1500, 500)),
    )
    assert went == "/settings?done=profile"
    page = await mina.get("/@mina")
    for told in ("미나 &lt;3", "Lives here.", "https://gm.example/mina", "/media/", "approves"):
        assert told in page.text
    form = (await mina.get("/settings")).form("/settings/profile").fields
    assert form["bio"] == "Lives here. #mural"
    assert form["field_1_value"] == "https://gm.example/mina"
    assert form["locked"] == "on"
    assert "discoverable" not in form
    await upload(mina, "/settings/profile", avatar_remove="on", discoverable="on")
    shown = await city.db.read(accounts.visible, mina.account.id)
    assert (shown.avatar, shown.locked, shown.discoverable) == ("", 0, 1)
    assert shown.header != ""


async def test_a_refused_profile_keeps_what_was_typed(city):
    mina = await city.join("mina")
    typed = {"display_name": "M", "bio": "x" * 1001, "field_1_name": "A", "field_1_value": "B"}
    page = HtmlPage(await upload(mina, "/settings/profile", 422, **typed))
    assert page.faults == []
    assert page.form("/settings/profile").fields["bio"] == "x" * 1001
    page = HtmlPage(await upload(mina, "/settings/profile", 422, bio="Short", avatar=b"no picture"))
    assert 'id="avatar-error"' in page.text
    assert page.form("/settings/profile").fields["bio"] == "Short"


async def test_a_new_password_ends_all_other_sessions(city):
    mina = await city.join("mina")
    other = await city.visitor()
    await other.post("/sign-in", name="mina", password=PASSWORD)
    wrong = {"old_password": "wrong", "password": "green hill seventeen"}
    assert 'id="old_password-error"' in await mina.post("/settings/password", 422, **wrong)
    weak = {"old_password": PASSWORD, "password": "12345678"}
    assert 'id="password-error"' in await mina.post("/settings/password", 422, **weak)
    right = {**weak, "password": "green hill seventeen"}
    assert await mina.post("/settings/password", **right) == "/settings?done=password"
    assert "Your password was changed" in (await mina.get("/settings?done=password")).text
    await other.get("/home")
    assert other.url.startswith("/sign-in")
    visitor = await city.visitor()
    await visitor.post("/sign-in", 422, name="mina", password=PASSWORD)


async def test_another_device_can_be_signed_out_but_not_somebody_elses(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    other = await city.visitor()
    await other.post("/sign-in", name="mina", password=PASSWORD)
    page = await mina.get("/settings")
    assert "this device" in page.text
    key = page.form("/settings/sessions/revoke").fields["session"]
    await joon.post("/settings/sessions/revoke", 404, session=key)
    await joon.post("/settings/sessions/revoke", 404, session="zz")
    assert await mina.post("/settings/sessions/revoke", session=key) == "/settings?done=sessions"
    await other.get("/home")
    assert other.url.startswith("/sign-in")
    assert "this device" in (await mina.get("/settings")).text


async def test_preferences_are_kept_and_used(city):
    mina = await city.join("mina")
    await mina.post("/settings/preferences", language="ko", visibility="followers")
    page = await mina.get("/write")
    assert page.language == "ko"
    assert page.form("/write").fields["visibility"] == "followers"
    await mina.post("/settings/preferences", language="xx", visibility="direct")
    page = await mina.get("/write")
    assert page.form("/write").fields["visibility"] == "followers"


# --- lists


async def test_long_lists_have_windows_in_both_directions(city):
    mina = await city.join("mina")
    for number in range(45):
        await city.writes(mina, f"Number {number:02d}.")

    def numbers(page):
        return re.findall(r"Number (\d\d)\.", page.text)

    def link(page, kind):
        found = re.search(rf'rel="{kind}" href="([^"]+)"', page.text)
        return found and found[1].replace("&amp;", "&")

    first = await mina.get("/local")
    assert numbers(first)[0] == "44"
    assert link(first, "prev") is None
    second = await mina.get(link(first, "next"))
    third = await mina.get(link(second, "next"))
    assert numbers(third)[-1] == "00"
    assert link(third, "next") is None
    assert len(numbers(first) + numbers(second) + numbers(third)) == 45
    assert numbers(await mina.get(link(third, "prev"))) == numbers(second)
    empty = await mina.get("/local?max_id=1")
    assert "To the beginning" in empty.text
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert numbers(await mina.get(f"/local?max_id={nonsense}")) == numbers(first)


async def test_notifications_are_new_once_and_can_be_cleared(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await joon.post(f"/people/{mina.account.id}/follow")
    assert "1 new" in (await mina.get("/home")).text
    assert "notification new" in (await mina.get("/notifications")).text
    assert "notification new" not in (await mina.get("/notifications")).text
    assert "1 new" not in (await mina.get("/home")).text
    await mina.post("/notifications/clear")
    assert "Nothing has happened yet" in (await mina.get("/notifications")).text


# --- search and other servers


@pytest.fixture
def elsewhere(monkeypatch):
    """What can be found on other servers: nothing, or what a test puts here."""
    found = {}
    asked = []

    class Lookup:
        async def find(self, fetcher, query):
            asked.append(query)
            return found.get(query)

        async def mentioned(self, fetcher, source):
            asked.append(source)

    monkeypatch.setattr("web.pages.search.lookup", Lookup())
    monkeypatch.setattr("web.pages.write.lookup", Lookup())
    found["asked"] = asked
    return found


async def test_a_handle_or_address_is_looked_up_for_members_only(city, elsewhere):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina)
    elsewhere["@mina@far.example"] = mina.account
    elsewhere["https://far.example/1"] = post
    await mina.get("/search?q=@mina@far.example")
    assert mina.url == "/@mina"
    await mina.get("/search?q=https://far.example/1")
    assert mina.url == f"/@mina/{post.id}"
    assert "Nothing was found there" in (await mina.get("/search?q=@no@far.example")).text
    elsewhere["asked"].clear()
    assert "please sign in" in (await visitor.get("/search?q=@mina@far.example")).text
    assert elsewhere["asked"] == []
    assert "please sign in" not in (await visitor.get("/search?q=mina")).text


async def test_other_servers_send_people_here_to_act(city, elsewhere):
    mina, visitor = await city.join("mina"), await city.visitor()
    elsewhere["mina@far.example"] = mina.account
    await mina.get("/authorize_interaction?uri=acct:mina@far.example")
    assert mina.url == "/@mina"
    for nothing in ("", "?uri=", "?uri=https://far.example/none"):
        await mina.get(f"/authorize_interaction{nothing}", 404)
    await visitor.get("/authorize_interaction?uri=https://far.example/1")
    assert visitor.url.startswith("/sign-in?next=")


async def test_other_servers_send_people_here_to_the_button_that_they_want(city, elsewhere):
    mina = await city.join("mina")
    post = await city.writes(mina)
    elsewhere["@mina@far.example"], elsewhere["https://far.example/1"] = mina.account, post
    at = f"/@mina/{post.id}"
    for asked, leads in (
        ("https://far.example/1&do=like", f"{at}#acts-{post.id}"),
        ("https://far.example/1&do=share", f"{at}#acts-{post.id}"),
        ("https://far.example/1&do=reply", f"{at}#reply"),
        ("https://far.example/1&do=burn", at),
        ("https://far.example/1&do=follow", at),
        ("@mina@far.example&do=follow", "/@mina#follow"),
        ("@mina@far.example&do=like", "/@mina"),
    ):
        async with mina.client.get(
            f"/authorize_interaction?uri={asked}", allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, leads)
    assert (await city.db.read(post_rows.by_id, post.id)).likes == 0


async def test_other_servers_propose_a_note_that_is_not_sent_before_it_is_read(city, elsewhere):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina, "Hello")
    elsewhere["https://far.example/1"] = post
    form = (await mina.get("/write?text=Look:%0Ahttps://far.example/2")).form("/write").fields
    assert (form["kind"], form["content"]) == ("note", "Look:\nhttps://far.example/2")
    form = (await mina.get("/write?text=Well&in_reply_to=https://far.example/1")).form("/write")
    assert (form.fields["content"], form.fields["reply_to"]) == ("Well", str(post.id))
    for unfilled in ("", "%7BinReplyTo%7D", "javascript:alert(1)"):
        page = await mina.get(f"/write?text=Well&in_reply_to={unfilled}")
        assert page.form("/write").fields["content"] == "Well"
        assert "reply_to" not in page.form("/write").fields
    page = await mina.get("/write?text=Well&in_reply_to=https://far.example/none", 404)
    assert page.form("/write").fields["content"] == "Well"
    assert "was not found" in page.text
    page = await mina.get(f"/write?text={'a' * 7000}")
    assert page.form("/write").fields["content"] == "a" * 5000

    elsewhere["asked"].clear()
    await visitor.get("/write?text=Well&in_reply_to=https://far.example/1")
    assert visitor.url.startswith("/sign-in?next=/write?text%3DWell")
    assert elsewhere["asked"] == []


async def test_a_proposed_note_too_long_for_an_address_waits_for_the_sign_in(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    form = (await visitor.get(f"/write?text={'b' * 4000}", 401)).form("/sign-in").fields
    assert form["kept_content"] == "b" * 4000
    draft = await visitor.post("/sign-in", data={**form, "name": "mina", "password": PASSWORD})
    visitor.account = mina.account
    page = await visitor.get(draft)
    assert page.form("/write").fields["content"] == "b" * 4000


@pytest.mark.parametrize("query", ["%", "_", "'", "\\", "#", "@", "a" * 600, "<script>"])
async def test_any_words_may_be_searched_for(city, query):
    visitor = await city.visitor()
    page = await visitor.get(f"/search?q={query.replace('%', '%25')}")
    assert "<script>" not in page.text


async def stranger(city, **changes):
    """Somebody of another server, and a post by them, as they would have been received."""
    far = accounts.blank(HERE, 77, "ada", "Person", now_ms(), display_name="Ada :sun:")
    far = msgspec.structs.replace(
        far,
        uri="https://far.example/ada",
        url="https://far.example/@ada",
        domain="far.example",
        emojis='[["sun", "https://far.example/sun.png"]]',
        avatar="https://far.example/ada.png",
    )
    mina = await city.join("mina")
    ours = await city.writes(mina)
    values = {
        "id": ours.id + 1,
        "uri": "https://far.example/1",
        "url": "https://far.example/@ada/1",
        "author_id": far.id,
        "local": 0,
        "thread_id": ours.id + 1,
        **changes,
    }
    post = msgspec.structs.replace(ours, **values)

    def receive(tx):
        account_rows.insert(tx, far)
        post_rows.insert(tx, post)

    await city.db.write(receive)
    return mina, post


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                "kind": "question",
                "extra": '{"options": [["Tea", 3], ["Coffee", null]], "voters": 3}',
            },
            ["Tea", "3 votes", "Coffee"],
        ),
        (
            {
                "kind": "event",
                "title": "Clean-up",
                "extra": '{"starts_ms": 0, "location": "River"}',
            },
            ["Clean-up"],
        ),
        (
            {"kind": "event", "extra": '{"starts_ms": 1800000000000, "location": "River"}'},
            ["January 15, 2027 17:00", "River"],
        ),
        ({"warning": "Spiders"}, ["Content warning:", "Spiders", "<details"]),
        (
            {"content": "<p>:sun:<script>x</script></p>", "emojis": '[["sun", "https://e/s.png"]]'},
            ['class="emoji"'],
        ),
        ({"kind": "page", "title": "A link", "content": ""}, ["A link"]),
        ({"reply_to_uri": "https://far.example/0"}, ["is an answer"]),
        ({"published_ms": 2**60}, ["<time"]),
    ],
)
async def test_what_strangers_write_is_shown_sensibly(city, changes, told):
    mina, post = await stranger(city, **changes)
    lists = ("/federated", "/@ada@far.example", "/@ada@far.example?show=replies")
    for path in (f"/@ada@far.example/{post.id}", *(lists[1:] if post.reply_to_uri else lists)):
        page = await mina.get(path)
        assert "<script" not in page.text.replace('<script src="/static/', "")
        assert "@ada@far.example" in page.text
    page = await mina.get(f"/@ada@far.example/{post.id}")
    sun = city.app[ADDRESSES].emoji("https://far.example/sun.png")
    for words in (*told, 'href="https://far.example/@ada/1"', "noindex", f'src="{sun}"'):
        assert words in page.text
    for theirs in ("https://far.example/ada.png", "https://far.example/sun.png"):
        assert theirs not in page.text  # nothing is loaded from there
    visitor = await city.visitor("ko")
    assert "far.example" in (await visitor.get(f"/@ada@far.example/{post.id}")).text


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("image", 'alt="A goose"'),
        ("video", "Watch it on the original page"),
        ("audio", "Listen to it on the original page"),
        ("link", 'href="https://far.example/file"'),
    ],
)
async def test_what_hangs_on_a_strangers_post_is_shown_or_a_press_away(city, kind, told):
    mina, post = await stranger(city)
    fields = [f for f in msgspec.structs.fields(Media) if f.required]
    row = {f.name: "" if f.type is str else 0 for f in fields}
    file = Media(
        **{
            **row,
            "id": 5,
            "account_id": post.author_id,
            "post_id": post.id,
            "kind": kind,
            "remote_url": "https://far.example/file",
            "alt": "A goose",
        }
    )
    await city.db.write(media_rows.insert, file)
    page = await mina.get(f"/@ada@far.example/{post.id}")
    assert told in page.text
    assert "A goose" in page.text
    here = city.app[ADDRESSES].remote("picture", file.remote_url)
    shown = [(one["href"], one.one("img")["src"]) for one in page.main.all("a", "frame")]
    assert shown == ([(here, here)] if kind == "image" else [])
    assert not any("far.example" in address for address in page.loads)


async def test_a_story_whose_picture_we_would_not_fetch_has_no_empty_frame(city):
    mina, post = await stranger(city, title="Far away", kind="article")
    fields = [f for f in msgspec.structs.fields(Media) if f.required]
    row = {f.name: "" if f.type is str else 0 for f in fields}
    hung = {"account_id": post.author_id, "post_id": post.id, "kind": "image", "alt": "A goose"}
    address = "https://far.example/" + "x" * 3000
    await city.db.write(media_rows.insert, Media(**{**row, **hung, "id": 5, "remote_url": address}))
    for path in (f"/@ada@far.example/{post.id}", "/@ada@far.example", "/federated"):
        main = (await mina.get(path)).main
        assert main.all("a", "frame") == []
        assert main.link("A goose") == address


async def test_who_shares_their_own_post_shows_it_once(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina, "Twice told")
    await city.db.write(reactions.boost, city.site, mina.account, post.id, now_ms())
    for person in (mina, visitor):
        page = (await person.get("/@mina")).main
        assert [one["id"] for one in page.all("article")] == [f"post-{post.id}"]


# --- addresses


async def test_peers_get_documents_where_people_get_pages(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    for path in ("/@mina", f"/@mina/{post.id}"):
        async with mina.client.get(path, headers={"Accept": DOCUMENT}) as answer:
            assert answer.content_type == DOCUMENT
        page = await mina.get(path)
        assert f'type="{DOCUMENT}"' in page.text


async def test_a_story_without_a_lead_says_its_beginning_once_and_is_edited_without_one(city):
    mina = await city.join("mina")
    text = "The water came at night.\n\nNobody slept."
    story = await mina.post("/write", kind="story", title="The flood", content=text)
    page = await mina.get(story)
    assert page.text.count("<p>The water came at night.") == 1
    edit = await mina.get(f"/edit/{story.rpartition('/')[2]}")
    assert edit.form(f"/edit/{story.rpartition('/')[2]}").fields["lead"] == ""


async def test_an_address_with_the_wrong_name_leads_to_the_right_one(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    await mina.get(f"/@somebody/{post.id}")
    assert mina.url == f"/@mina/{post.id}"


async def test_the_address_of_a_boost_leads_to_the_post(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina)
    id = await city.db.write(reactions.boost, city.site, joon.account, post.id, now_ms())
    await mina.get(f"/@joon/{id}")
    assert mina.url == f"/@mina/{post.id}"


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/@nobody",
        "/@mina/1",
        "/@mina/x",
        "/edit/1",
        "/posts/x/delete",
        "/write?reply_to=1",
    ],
)
async def test_what_does_not_exist_is_a_page_that_helps(city, path):
    mina = await city.join("mina")
    page = await mina.get(path, 404)
    assert 'href="/search"' in page.text


async def test_somebody_who_left_is_gone(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    await city.db.write(departures.delete, city.site, mina.account, now_ms())
    assert "deleted" in (await visitor.get("/@mina", 410)).text


async def test_unknown_acts_are_not_found(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    await mina.post(f"/posts/{post.id}/explode", 404)
    await mina.post(f"/people/{mina.account.id}/explode", 404)
    await mina.post("/people/1/follow", 404)
    await mina.post("/posts/1/like", 404)


async def test_a_fault_of_ours_is_admitted_with_a_number(city, monkeypatch):
    visitor = await city.visitor("ko")

    def broken(*_):
        raise RuntimeError("oops")

    monkeypatch.setattr("web.pages.front.timelines.local", broken)
    page = await visitor.get("/local", 500)
    assert page.language == "ko"
    assert "oops" not in page.text
    assert re.search(r"<code>\w{8,}</code>", page.text)


async def test_a_thread_shows_its_replies_and_what_it_answers(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    root = await city.writes(mina, "The root")
    one = await city.writes(joon, "Branch one", reply_to_id=root.id)
    two = await city.writes(mina, "Leaf of one", reply_to_id=one.id)
    await city.writes(joon, "Branch two", reply_to_id=root.id)
    page = (await mina.get(f"/@mina/{root.id}")).main
    order = [
        page.words.index(one) for one in ("The root", "Branch one", "Leaf of one", "Branch two")
    ]
    assert order == sorted(order)
    assert page.one("div", "depth-1").one("article")["id"] == f"post-{two.id}"
    words = (await mina.get(f"/@mina/{two.id}")).main.words
    assert words.index("The root") < words.index("Branch one") < words.index("Leaf of one")
    assert "Branch two" not in words
    listed = await city.db.read(relations.followers, mina.account, None, Page())
    assert listed == []


async def test_the_fetcher_is_asked_for_those_whom_a_text_names(city, elsewhere):
    mina = await city.join("mina")
    assert city.app[FETCHER] is not None
    await mina.post("/write", kind="note", content="@far@far.example hello")
    assert elsewhere["asked"] == ["@far@far.example hello"]


async def test_a_hashtag_in_an_address_is_shown_as_text(city):
    visitor = await city.visitor()
    page = await visitor.get("/tags/%3Cb%3Ebold%3C%2Fb%3E%25")
    assert "<h1>#&lt;b&gt;bold&lt;/b&gt;%</h1>" in page.text
    assert "<b>" not in page.text


async def test_links_of_other_sites_make_a_member_look_up_only_so_much(city):
    """Whoever gets a member to follow links makes us ask other servers: not without end."""
    mina = await city.join("mina")
    who = f"look-ups of {mina.account.id}"
    for _ in range(int(BURST)):
        city.app[BUCKETS].spend(who, now_ms() + 60_000)
    for path in ("/authorize_interaction?uri=https://far.example/1", "/search?q=@a@far.example"):
        async with mina.client.get(path, headers=mina.headers) as answer:
            assert answer.status in (200, 429)
            assert "Wait a while" in await answer.text()
