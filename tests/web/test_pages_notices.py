"""Notifications in groups, what is kept aside, messages and announcements, as pages."""

from server.clock import now_ms
from server.services import announcements, reactions
from server.services.announcements import NewAnnouncement
from server.store import accounts as account_store
from tests.web.html import HtmlPage


async def likes(city, post, *people):
    for person in people:
        await city.db.write(reactions.like, city.site, person.account, post.id, now_ms())


def told(page: HtmlPage) -> str:
    return " ".join(page.text.split())


async def test_several_likes_are_one_line(any_city):
    city = any_city
    mina = await city.join("mina")
    post = await city.writes(mina, "Dandelions")
    fans = [await city.join(name) for name in ("ara", "bora", "chan")]
    await likes(city, post, *fans)
    page = await mina.get("/notifications")
    assert "and 2 others like your post" in told(page)
    assert page.text.count("Dandelions") == 1
    assert "notification new" in page.text
    assert "notification new" not in (await mina.get("/notifications")).text


async def test_a_group_is_said_in_korean(city):
    mina = await city.join("mina", language="ko")
    post = await city.writes(mina, "민들레")
    await likes(city, post, await city.join("ara"), await city.join("bora"))
    assert "bora" in (await mina.get("/notifications")).text.casefold()


async def test_what_is_kept_aside_is_accepted_or_declined_by_a_button(any_city):
    city = any_city
    mina, joon, ara = [await city.join(name) for name in ("mina", "joon", "ara")]
    assert await mina.post("/notifications/policy", for_not_following="filter")
    page = await mina.get("/notifications/policy")
    assert "Keep it aside" in page.text
    await city.writes(joon, "@mina hello from joon")
    await city.writes(ara, "@mina hello from ara")
    page = await mina.get("/notifications")
    assert "hello from joon" not in page.text
    assert "Notifications from 2 people are kept aside for you." in page.text
    page = await mina.get("/notifications/requests")
    assert "hello from joon" in page.text
    actions = [form.action for form in page.forms if form.action.startswith("/notifications/req")]
    accepts = [action for action in actions if action.endswith("accept")]
    assert len(accepts) == 2
    await mina.post(accepts[1])  # the first who wrote
    assert "hello from joon" in (await mina.get("/notifications")).text
    rest = await mina.get("/notifications/requests")
    dismiss = next(f.action for f in rest.forms if f.action.endswith("dismiss"))
    await joon.post(dismiss, 404)
    await mina.post(dismiss)
    assert "Nothing is kept aside." in (await mina.get("/notifications/requests")).text
    assert "hello from ara" not in (await mina.get("/notifications")).text


async def test_a_choice_that_is_none_changes_nothing(city):
    mina = await city.join("mina")
    await mina.post("/notifications/policy", for_bots="everything", for_not_following="drop")
    page = await mina.get("/notifications/policy")
    assert page.text.count('value="drop" selected') == 1


async def test_messages_lead_to_their_threads_and_are_read_there(any_city):
    city = any_city
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(joon, "@mina are you there?", visibility="direct")
    page = await mina.get("/messages")
    assert "are you there?" in page.text
    assert "unread" in told(page)
    assert f"/@joon/{post.id}" in page.text
    await mina.get(f"/@joon/{post.id}")
    assert "notification new" not in (await mina.get("/messages")).text
    remove = next(f.action for f in (await mina.get("/messages")).forms if "/remove" in f.action)
    await joon.post(remove, 404)
    await mina.post(remove)
    assert "Nobody has written to you alone yet." in (await mina.get("/messages")).text
    assert "are you there?" in (await joon.get("/messages")).text


async def test_a_link_to_write_can_narrow_who_reads_it_and_never_widen(city):
    mina = await city.join("mina")
    await city.db.write(account_store.set_member, mina.account.id, default_visibility="followers")
    for asked, chosen in (("direct", "direct"), ("public", "followers"), ("x", "followers")):
        text = (await mina.get(f"/write?kind=note&visibility={asked}")).text
        start = text.index(f'<option value="{chosen}"')
        assert " selected" in text[start : text.index(">", start)]


async def test_an_announcement_is_on_the_front_page_and_at_home_until_it_is_put_away(any_city):
    city = any_city
    mina, visitor = await city.join("mina"), await city.visitor()
    new = NewAnnouncement(text="The water is **off** tonight", ends_ms=now_ms() + 3_600_000)
    said = await city.db.write(announcements.create, city.site, new, now_ms())
    for person in (mina, visitor):
        page = await person.get("/")
        assert "<strong>off</strong>" in page.text
    away = f"/announcements/{said.id}/dismiss"
    assert away not in (await visitor.get("/")).text
    assert away in (await mina.get("/")).text
    at_home = await mina.get("/home")
    assert "<strong>off</strong>" in at_home.text
    assert at_home.form(away).fields["back"] == "/home"
    assert "<strong>off</strong>" not in (await mina.get("/local")).text
    assert await mina.post(away, back="//elsewhere.test") == "/"
    assert "<strong>off</strong>" not in (await mina.get("/home")).text
    assert "<strong>off</strong>" not in (await mina.get("/")).text
    assert "<strong>off</strong>" in (await visitor.get("/")).text
