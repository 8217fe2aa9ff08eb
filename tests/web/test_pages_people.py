"""People by pages: whom they follow, mute and block, and what they say of themselves."""

from server.clock import now_ms
from server.services import (
    accounts,
    profiles,
)
from server.services.profiles import ProfileChanges
from tests.web.city import PASSWORD, a_picture, upload
from tests.web.html import HtmlPage

# --- to others


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


# --- of themselves


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
