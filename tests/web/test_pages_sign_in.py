"""How people come in by pages: signing in, signing up, and where a city does not take all."""

import re

import pytest

from server.clock import now_ms
from server.services import (
    accounts,
    invites,
)
from tests.web.city import COOKIE, PASSWORD
from tests.web.html import HtmlPage

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
