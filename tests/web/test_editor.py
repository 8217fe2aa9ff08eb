"""What the editor's script asks for: drafts kept while typing, pictures, previews, completions."""

import json
import re

import aiohttp
import pytest

from server.services import drafts, follows
from server.services.drafts import MAX_DRAFT_BYTES
from tests.web.city import a_picture, upload
from web.pages import texts

ONCE = "k3jhf83hf8h3f8hx_-"


async def kept(city, person):
    """The texts that are kept for somebody."""
    found = await city.db.read(drafts.all, person.account.id)
    return [texts.from_draft(draft) for draft in found]


async def keep(person, **fields):
    return json.loads(await person.post("/write/keep", 200, **fields))["draft"]


async def test_what_is_typed_is_kept_as_one_draft_that_follows_the_keys(any_city):
    mina = await any_city.join("mina")
    assert await keep(mina, kind="story", content="  ", title="") == ""
    id = await keep(mina, kind="story", title="벽화", content="처음", once=ONCE)
    assert await keep(mina, kind="story", title="벽화", content="처음부터", draft=id) == id
    assert [(t.title, t.content) for t in await kept(any_city, mina)] == [("벽화", "처음부터")]
    page = await mina.get("/write")  # whoever comes back is led to what they began
    assert f"/write?draft={id}" in page.text


async def test_a_published_text_leaves_no_draft_behind_however_late_its_keys_arrive(any_city):
    mina = await any_city.join("mina")
    await keep(mina, kind="note", content="Hello", once=ONCE)  # this answer never reached the page
    await mina.post("/write", kind="note", content="Hello", once=ONCE)
    assert await kept(any_city, mina) == []
    assert await keep(mina, kind="note", content="Hello", once=ONCE) == ""
    assert await kept(any_city, mina) == []


async def test_sending_one_form_leaves_the_draft_of_another_alone(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await keep(mina, kind="note", content='"once":"k3jhf83hf8h3f8hx_-"', once="another-form-key")
    await keep(joon, kind="note", content="His", once=ONCE)
    await mina.post("/write", kind="note", content="Hello", once=ONCE)
    assert len(await kept(city, mina)) == len(await kept(city, joon)) == 1
    await mina.post("/write", kind="note", content="Short keys match nothing", once="%")
    assert len(await kept(city, mina)) == 1


async def test_a_text_published_elsewhere_is_kept_anew_while_somebody_goes_on_typing(city):
    mina = await city.join("mina")
    id = await keep(mina, kind="note", content="First", once=ONCE)
    await mina.post("/write", kind="note", content="First", draft=id, once="the-other-tabs-key")
    assert await keep(mina, kind="note", content="First, and more", draft=id, once=ONCE) != id
    assert [text.content for text in await kept(city, mina)] == ["First, and more"]


async def test_nobody_overwrites_the_draft_of_another(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    id = await keep(mina, kind="note", content="Hers")
    assert await keep(joon, kind="note", content="His", draft=id) != id
    assert [text.content for text in await kept(city, mina)] == ["Hers"]


@pytest.mark.parametrize("path", ["/write/keep", "/write/picture", "/write/preview"])
async def test_without_a_session_or_its_token_a_sentence_says_what_to_do(city, path):
    visitor, mina = await city.visitor(), await city.join("mina")
    said = json.loads(await visitor.post(path, 401, kind="note", content="Mine"))
    assert said["error"].startswith("You are signed out. Your text stays here")
    said = json.loads(await mina.post(path, 403, kind="note", content="Mine", csrf=""))
    assert "try again" in said["error"]
    assert await kept(city, mina) == []
    foreign = {"Sec-Fetch-Site": "cross-site"}
    await mina.post(path, 403, kind="note", content="Mine", headers=foreign)


async def test_a_sentence_comes_in_the_language_of_the_reader(city):
    visitor = await city.visitor("ko")
    said = json.loads(await visitor.post("/write/keep", 401, kind="note", content="글"))
    assert re.search("[가-힣]", said["error"])


async def test_a_draft_that_is_too_long_is_refused_and_the_one_before_stays(city):
    mina = await city.join("mina")
    id = await keep(mina, kind="story", title="A", content="short")
    said = await mina.post(
        "/write/keep", 413, kind="story", title="A", content="x" * MAX_DRAFT_BYTES, draft=id
    )
    assert "too long" in json.loads(said)["error"]
    assert [text.content for text in await kept(city, mina)] == ["short"]


async def test_a_picture_comes_back_as_the_part_of_the_form_that_asks_what_it_shows(any_city):
    mina = await any_city.join("mina")
    part = await upload(mina, "/write/picture", 200, kind="story", picture=a_picture())
    id = re.search(r'name="media" value="(\d+)"', part)[1]
    assert f'name="alt_{id}"' in part and "data-insert=" in part
    note = await upload(mina, "/write/picture", 200, kind="note", picture=a_picture(), media=id)
    assert "data-insert" not in note and "What picture 2 shows" in note
    path = await mina.post(
        "/write", kind="story", title="A", content="B", media=id, **{f"alt_{id}": "벽화 한 점"}
    )
    assert "벽화 한 점" in (await mina.get(path)).text


async def test_what_is_no_picture_or_one_too_many_is_refused_in_a_sentence(city):
    mina = await city.join("mina")
    said = json.loads(await upload(mina, "/write/picture", 422, kind="note", picture=b"GIF87a"))
    assert said["error"]
    assert json.loads(await mina.post("/write/picture", 422, kind="note"))["error"]
    ids = []
    for _ in range(4):
        part = await upload(mina, "/write/picture", 200, kind="note", picture=a_picture())
        ids.append(re.search(r'name="media" value="(\d+)"', part)[1])
    token = await mina.token()
    form = aiohttp.FormData([("csrf", token), ("kind", "note"), *(("media", id) for id in ids)])
    form.add_field("picture", a_picture(), filename="p.png", content_type="image/png")
    assert "At most 4" in await mina.post("/write/picture", 422, data=form)


async def test_a_preview_is_what_readers_will_see_and_nothing_is_stored(city):
    mina = await city.join("mina")
    part = await mina.post(
        "/write/preview", 200, kind="story", title="<b>", lead="L", content="**굵게** <script>x"
    )
    assert "<strong>굵게</strong>" in part and "&lt;b&gt;" in part and "<script" not in part
    assert await city.db.read(drafts.all, mina.account.id) == []
    await mina.post("/write/preview", 422, kind="note", content="x" * 5001)


async def test_completions_name_whom_one_follows_first_and_only_who_is_there(any_city):
    mina = await any_city.join("mina")
    for name in ("hana", "haneul", "harin"):
        await any_city.join(name)
    harin = any_city.people[-1].account
    await any_city.db.write(follows.follow, any_city.site, mina.account, harin.id, 1)
    found = re.findall(r'data-put="(@\w+) "', (await fragment(mina, "/write/complete?q=@ha")))
    assert found == ["@harin", "@hana", "@haneul"]
    for nothing in ("", "@", "ha", "@%25", "@_", "@zzz", "@" + "x" * 500):
        assert "data-put" not in await fragment(mina, f"/write/complete?q={nothing}")
    await any_city.writes(mina, "#벽화 #벽난로")
    found = re.findall(r'data-put="(#\w+) "', await fragment(mina, "/write/complete?q=%23벽"))
    assert found == ["#벽난로", "#벽화"]


async def test_visitors_complete_nothing(city):
    visitor = await city.visitor()
    async with visitor.client.get("/write/complete?q=@a") as answer:
        assert answer.status == 401


async def fragment(person, path):
    async with person.client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_nobody_fills_the_house_with_drafts_but_those_there_are_go_on(any_city, monkeypatch):
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 3)
    mina, joon = await any_city.join("mina"), await any_city.join("joon")
    ids = [await keep(mina, kind="note", content="a", once=f"{ONCE}{n}") for n in range(3)]
    told = await mina.post("/write/keep", 422, kind="note", content="b", once=f"{ONCE}4")
    assert "no room for more" in json.loads(told)["error"]
    page = await mina.post("/write", 422, kind="note", content="My words", do="draft")
    assert "My words" in page
    assert await keep(mina, kind="note", content="more", draft=ids[0]) == ids[0]
    assert await keep(joon, kind="note", content="His", once=ONCE)
    assert len(await kept(any_city, mina)) == 3


async def test_an_edit_that_was_saved_leaves_no_draft_however_late_its_keys_arrive(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "Before")
    edit = {"kind": "note", "edits": str(post.id), "once": ONCE}
    id = await keep(mina, **edit, content="After")
    assert id and [text.edits_id for text in await kept(city, mina)] == [post.id]
    await mina.post(f"/edit/{post.id}", **edit, content="After", draft=id)
    assert await keep(mina, **edit, content="After") == ""
    assert await kept(city, mina) == []
