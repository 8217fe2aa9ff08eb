"""Joining from an app, e-mail addresses, oEmbed and health."""

import re

import pytest

from server.clock import now_ms
from server.services import accounts, invites, sessions, standing
from server.services.accounts import NewAccount
from server.store import accounts as rows
from tests.web.an_app import bearer
from tests.web.city import NO_KEYS, PASSWORD
from tests.web.oauth_app import ask, register
from web.keys import NOW

WHOLE = {
    "username": "Sora",
    "email": "sora@gm.example",
    "password": PASSWORD,
    "agreement": "true",
    "locale": "ko",
    "reason": "I live by the bridge",
}


async def joins(app, expect=200, *, scope="write:accounts", **changed):
    alone = (await app.alone(scope))["access_token"]
    sent = {key: value for key, value in {**WHOLE, **changed}.items() if value is not None}
    return await ask(
        app.client, "POST", "/api/v1/accounts", expect, data=sent, headers=bearer(alone)
    )


async def test_somebody_joins_from_an_app(any_city):
    app = await register(any_city)
    given = await joins(app)
    assert given.keys() == {"access_token", "token_type", "scope", "created_at"}
    assert given["scope"] == "read write follow push profile"
    me = await app.me(given["access_token"])
    assert (me["username"], me["acct"]) == ("sora", "sora")
    member = await any_city.db.read(rows.member, int(me["id"]))
    assert (member.email, member.language, member.address) == ("sora@gm.example", "ko", "127.0.0.1")
    confirmed = "/api/v1/emails/check_confirmation"
    headers = bearer(given["access_token"])
    assert await ask(app.client, "GET", confirmed, headers=headers) is True
    told = await ask(app.client, "POST", "/api/v1/emails/confirmations", 403, headers=headers)
    assert "awaiting confirmation" in told["error"]
    await ask(app.client, "GET", confirmed, 401)


@pytest.mark.parametrize("any_city", ["approval"], indirect=True)
async def test_a_token_counts_once_a_moderator_has_said_yes(any_city):
    app = await register(any_city)
    token = (await joins(app))["access_token"]
    assert (await app.me(token, 403))["error"] == "Your login is currently pending approval"
    waiting = await any_city.db.read(standing.pending)
    assert [(one.name, member.reason) for one, member in waiting] == [("sora", WHOLE["reason"])]
    await any_city.db.write(standing.approve, waiting[0][0].id, now_ms())
    assert (await app.me(token))["username"] == "sora"
    other = (await joins(app, username="joon", email="joon@gm.example"))["access_token"]
    await any_city.db.write(standing.refuse, (await any_city.db.read(standing.pending))[0][0].id)
    await app.me(other, 401)


@pytest.mark.parametrize("any_city", ["approval"], indirect=True)
async def test_what_cannot_be_used_is_told_field_by_field(any_city):
    app = await register(any_city)
    nothing = dict.fromkeys(WHOLE)
    told = await joins(app, 422, **nothing)
    assert told["error"].startswith("Validation failed: Username can't be blank, Email can't")
    assert {field: one[0]["error"] for field, one in told["details"].items()} == {
        "username": "ERR_BLANK",
        "email": "ERR_BLANK",
        "password": "ERR_BLANK",
        "agreement": "ERR_ACCEPTED",
        "reason": "ERR_BLANK",
    }
    await any_city.join("mina")
    for field, value, code in [
        ("username", "mina", "ERR_TAKEN"),
        ("username", "MINA", "ERR_TAKEN"),
        ("username", "admin", "ERR_RESERVED"),
        ("username", "so ra", "ERR_INVALID"),
        ("username", "소라", "ERR_INVALID"),
        ("username", "x" * 31, "ERR_INVALID"),
        ("email", "Mina@GM.example ", "ERR_TAKEN"),
        ("email", "sora", "ERR_INVALID"),
        ("email", "@", "ERR_INVALID"),
        ("email", f"{'x' * 250}@gm.example", "ERR_INVALID"),
        ("password", "short", "ERR_TOO_SHORT"),
        ("password", "password123", "ERR_INVALID"),
        ("password", "x" * 2000, "ERR_INVALID"),
        ("agreement", "false", "ERR_ACCEPTED"),
        ("reason", "  ", "ERR_BLANK"),
    ]:
        details = (await joins(app, 422, **{field: value}))["details"]
        assert [(name, [one["error"] for one in found]) for name, found in details.items()] == [
            (field, [code])
        ], (field, value)
        assert all(one["description"] for one in details[field])
    assert await any_city.db.read(standing.pending) == []


async def test_only_an_app_with_the_scope_makes_accounts(city):
    app, mina = await register(city), await city.join("mina")
    await joins(app, 403, scope="read")
    await ask(app.client, "POST", "/api/v1/accounts", 401, data=WHOLE)
    by_hand = await city.db.write(
        sessions.create_access_token, mina.account.id, "write", "by hand", now_ms()
    )
    await ask(app.client, "POST", "/api/v1/accounts", 403, data=WHOLE, headers=bearer(by_hand))


@pytest.mark.parametrize("city", ["closed"], indirect=True)
async def test_a_closed_city_takes_nobody_from_apps(city):
    assert "does not take new accounts" in (await joins(await register(city), 403))["error"]


@pytest.mark.parametrize("any_city", ["invite"], indirect=True)
async def test_an_invitation_lets_in_one(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    code = await any_city.db.write(invites.make, mina.account.id, 1, 7, now_ms())
    assert "not valid" in (await joins(app, 422))["error"]
    assert "not valid" in (await joins(app, 422, invite_code="x"))["error"]
    await joins(app, 422, invite_code=code, username="mina")  # does not use it up
    await joins(app, invite_code=code)
    await joins(app, 422, invite_code=code, username="joon", email="joon@gm.example")


async def test_an_address_makes_five_accounts_in_half_an_hour(city):
    app, at_ms = await register(city), now_ms()
    city.app._state[NOW] = lambda: at_ms  # the half hour does not end meanwhile
    for number in range(5):
        await joins(app, username=f"p{number}", email=f"p{number}@gm.example")
    told = await joins(app, 429, username="p5", email="p5@gm.example")
    assert told == {"error": "Too many requests"}
    await joins(app, 422, username="")  # a mistake is still explained


async def test_somebody_who_was_faster_has_the_name(city, monkeypatch):
    app = await register(city)
    new = NewAccount(name="sora", email="other@gm.example", password="-", keys=NO_KEYS)
    real, calls = accounts.by_handle, []

    def late(db, site, handle):
        calls.append(handle)
        return None if len(calls) == 1 else real(db, site, handle)

    await city.db.write(accounts.create, city.site, new, now_ms())
    monkeypatch.setattr("web.api.signup.accounts.by_handle", late)
    details = (await joins(app, 422))["details"]
    assert details == {
        "username": [{"error": "ERR_TAKEN", "description": "has already been taken"}]
    }


# --- for other sites, and for whoever watches over it


async def test_a_post_is_given_to_other_sites_as_a_quotation(any_city):
    mina, client = await any_city.join("mina"), (await any_city.visitor()).client
    post = await any_city.writes(mina, "The <bridge> & *lights*")
    told = await ask(client, "GET", "/api/oembed", params={"url": post.url, "maxwidth": "500"})
    assert (told["type"], told["version"], told["width"]) == ("rich", "1.0", 500)
    assert (told["author_name"], told["author_url"]) == ("Mina", mina.account.url)
    assert told["provider_url"] == "http://localhost:8080/"
    assert "lights" in told["html"]
    assert not re.search(r"<(?!/?(blockquote|p|footer|a)\b)", told["html"])
    secret = await any_city.writes(mina, "Only for us", visibility="followers")
    for url in (
        secret.url,
        mina.account.url,
        "https://far.example/1",
        "",
        "http://[",
        "x" * 2500,
        f"{post.url}0",
    ):
        await ask(client, "GET", "/api/oembed", 404, params={"url": url})
    await ask(client, "GET", "/api/oembed", 404)


async def test_health_is_told_in_mastodons_words(city):
    client = (await city.visitor()).client
    assert await ask(client, "GET", "/health") == {"status": "UP"}
