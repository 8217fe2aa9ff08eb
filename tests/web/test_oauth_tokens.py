"""Codes and tokens of apps: what they are given for, every attack on them, and their end."""

from base64 import b64encode
from urllib.parse import quote

from server.clock import DAY_MS, MINUTE_MS, now_ms
from server.services import apps, sessions, standing
from server.store import accounts as account_rows
from server.worker import housekeeping
from tests.web.an_app import bearer
from tests.web.city import PASSWORD
from tests.web.oauth_app import HOME, VERIFIER, ask, challenge, register
from web.keys import NOW, REVOKED
from web.pages.abilities import SENTENCES, abilities


def moved(city, ms):
    """The city's clock, so much later."""
    city.app._state[NOW] = lambda: now_ms() + ms


# --- attacks on the token


async def test_a_code_counts_once_and_its_second_use_ends_what_it_gave(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    ended = []
    any_city.app[REVOKED].append(ended.append)
    code = await app.code(mina)
    token = (await app.fetch(code))["access_token"]
    other = await app.token(mina)
    assert ended == []
    assert (await app.fetch(code, 400))["error"] == "invalid_grant"
    await app.me(token, 401)
    assert (await app.me(other))["username"] == "mina"
    assert [len(ids) for ids in ended] == [1]


async def test_a_code_counts_for_ten_minutes(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    early, late = await app.code(mina), await app.code(mina)
    moved(any_city, 9 * MINUTE_MS)
    await app.fetch(early)
    moved(any_city, 10 * MINUTE_MS + 1000)
    assert (await app.fetch(late, 400))["error"] == "invalid_grant"


async def test_a_code_is_of_one_app_and_one_address(any_city):
    app, mina = await register(any_city, redirect=f"{HOME}\n{HOME}/b"), await any_city.join("mina")
    app.redirect = HOME
    thief = await register(any_city)
    code = await app.code(mina)
    assert (await thief.fetch(code, 400))["error"] == "invalid_grant"
    assert (await app.fetch(code, 400, redirect_uri=f"{HOME}/b"))["error"] == "invalid_grant"
    assert (await app.fetch(code, 400, redirect_uri=""))["error"] == "invalid_request"
    assert (await app.fetch("x", 400))["error"] == "invalid_grant"
    assert (await app.fetch("", 400))["error"] == "invalid_request"
    await app.fetch(code)  # the attempts of others cost its owner nothing
    assert (await thief.fetch(code, 400))["error"] == "invalid_grant"


async def test_a_challenge_is_answered_by_its_verifier_alone(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    asked = {"code_challenge": challenge(), "code_challenge_method": "S256"}
    code = await app.code(mina, **asked)
    for wrong in ("", VERIFIER + "x", challenge(), "short", VERIFIER + "é", "x" * 129):
        assert (await app.fetch(code, 400, code_verifier=wrong))["error"] == "invalid_grant"
    await app.fetch(code, code_verifier=VERIFIER)
    # RFC 9700 §4.8.2: a challenge that somebody took out on the way is missed
    stripped = await app.code(mina)
    assert (await app.fetch(stripped, 400, code_verifier=VERIFIER))["error"] == "invalid_grant"


async def test_only_the_app_itself_fetches_tokens(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    code = await app.code(mina)
    for key in (
        {"client_secret": "wrong"},
        {"client_secret": ""},
        {"client_id": "", "client_secret": ""},
        {"client_id": "unknown"},
        {"client_id": "unknown", "client_secret": ""},
    ):
        assert (await app.fetch(code, 401, **key))["error"] == "invalid_client"
    await app.fetch(code)


def basic(id, secret):
    return {"Authorization": "Basic " + b64encode(f"{id}:{secret}".encode()).decode()}


async def test_an_app_may_authenticate_in_a_header(city):
    app, mina = await register(city), await city.join("mina")
    code = await app.code(mina)
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": HOME}
    for headers in (
        basic(app.id, "wrong"),
        basic("", ""),
        {"Authorization": "Basic !"},
        {"Authorization": "Basic /w=="},
        basic(app.id, "%00"),
    ):
        async with app.client.post("/oauth/token", data=sent, headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    twice = {"data": {**sent, **app.key}, "headers": basic(app.id, app.secret)}
    told = await ask(app.client, "POST", "/oauth/token", 400, **twice)
    assert told["error"] == "invalid_request"
    headers = basic(quote(app.id), quote(app.secret))
    await ask(app.client, "POST", "/oauth/token", 200, data=sent, headers=headers)


async def test_what_is_no_request_for_a_token_is_told_so(city):
    app = await register(city)
    for sent, error in [
        ({"data": {}}, "invalid_request"),
        ({"data": b"\xff"}, "invalid_request"),
        ({"json": [1]}, "invalid_request"),
        ({"json": {"grant_type": 7}}, "invalid_request"),
        ({"json": {"grant_type": ["authorization_code"]}}, "invalid_request"),
        ({"json": {"grant_type": "a\x00"}}, "invalid_request"),
        ({"data": {"grant_type": "password", "username": "mina", **app.key}}, ""),
        ({"data": {"grant_type": "refresh_token", **app.key}}, "unsupported_grant_type"),
        ({"data": {"grant_type": "implicit", **app.key}}, "unsupported_grant_type"),
        ({"params": {"grant_type": "client_credentials", **app.key}}, "invalid_request"),
    ]:
        told = await ask(app.client, "POST", "/oauth/token", 400, **sent)
        assert told["error"] == (error or "unsupported_grant_type")
        assert told["error_description"]
    async with app.client.post("/oauth/token", data={}) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    await ask(app.client, "GET", "/oauth/token", 405)
    sent = {"grant_type": "client_credentials", "scope": "read", **app.key}
    assert (await ask(app.client, "POST", "/oauth/token", json=sent))["scope"] == "read"


async def test_no_app_gets_more_than_it_registered_for(any_city):
    app, mina = await register(any_city, scopes="read:statuses write"), await any_city.join("mina")
    assert (await app.alone("read", 400))["error"] == "invalid_scope"
    assert (await app.alone("follow", 400))["error"] == "invalid_scope"
    assert (await app.alone("admin:read", 400))["error"] == "invalid_scope"
    assert (await app.alone("read:statuses write:media"))["scope"] == "read:statuses write:media"
    token = await app.token(mina, scope="write:media")
    await ask(app.client, "GET", "/api/v1/timelines/home", 403, headers=bearer(token))
    sent = {"status": "x"}
    await ask(app.client, "POST", "/api/v1/statuses", 403, json=sent, headers=bearer(token))
    # what the code stands for cannot be asked up when it is fetched
    code = await app.code(mina, scope="read:statuses")
    assert (await app.fetch(code, scope="write"))["scope"] == "read:statuses"


async def test_without_scopes_an_app_reads(city):
    app, mina = await register(city), await city.join("mina")
    code = await app.code(mina, scope="")
    assert (await app.fetch(code))["scope"] == "read"
    assert (await app.alone(""))["scope"] == "read"


async def test_two_at_once_get_one_token(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    code, found = await app.code(mina), await any_city.db.read(apps.by_client_id, app.id)
    grants = [
        await any_city.db.write(apps.exchange, found, code, HOME, "", now_ms=now_ms())
        for _ in range(3)
    ]
    assert [bool(grant.token) for grant in grants] == [True, False, False]


# --- what tokens do


async def test_a_token_in_the_address_counts_for_nothing(city):
    app, mina = await register(city), await city.join("mina")
    token = await app.token(mina)
    path = "/api/v1/accounts/verify_credentials"
    await ask(app.client, "GET", path, 401, params={"access_token": token})
    sent = {"access_token": token, "status": "x"}
    await ask(app.client, "POST", "/api/v1/statuses", 401, data=sent)


async def test_a_revoked_token_is_refused(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    thief, ended = await register(any_city), []
    any_city.app[REVOKED].append(ended.append)
    token = await app.token(mina)
    wrong = {"token": token, "client_id": app.id, "client_secret": "x"}
    for sent in ({"token": token}, wrong, {"token": token, **thief.key}, app.key):
        told = await ask(app.client, "POST", "/oauth/revoke", 403, data=sent)
        assert told["error"] == "unauthorized_client"
    await app.me(token)
    for _ in range(2):  # it is ended, so it is ended
        assert (
            await ask(app.client, "POST", "/oauth/revoke", data={"token": token, **app.key}) == {}
        )
    assert len(ended) == 1
    async with app.client.get("/api/v1/timelines/home", headers=bearer(token)) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_an_app_alone_is_nobody(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    await any_city.writes(mina, "Hello")
    token = (await app.alone("read"))["access_token"]
    told = await app.me(token, 422)
    assert told["error"] == "This method requires an authenticated user"
    await ask(app.client, "POST", "/api/v1/statuses", 403, json={}, headers=bearer(token))
    public = await ask(app.client, "GET", "/api/v1/timelines/public", headers=bearer(token))
    assert [one["content"] for one in public] == ["<p>Hello</p>"]
    await ask(app.client, "GET", "/oauth/userinfo", 403, headers=bearer(token))


async def test_tokens_of_those_who_were_shut_out_do_not_work(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    token, code = await app.token(mina), await app.code(mina)
    await any_city.db.write(account_rows.set_member, mina.account.id, disabled_ms=now_ms())
    assert (await app.me(token, 403))["error"] == "Your login is currently disabled"
    assert (await mina.client.get("/settings", allow_redirects=False)).status == 303
    await any_city.db.write(account_rows.set_member, mina.account.id, disabled_ms=None)
    await app.me(token)
    await any_city.db.write(standing.suspend, mina.account.id)
    await app.me(token, 401)
    await app.fetch(code, 400)


async def test_a_new_password_ends_what_every_app_may(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    ended = []
    any_city.app[REVOKED].append(ended.append)
    token, code = await app.token(mina), await app.code(mina)
    new = "eleven quiet lanterns"
    assert await mina.post("/settings/password", old_password=PASSWORD, password=new)
    await app.me(token, 401)
    assert (await app.fetch(code, 400))["error"] == "invalid_grant"
    assert [len(ids) for ids in ended] == [1]


async def test_use_is_noted_once_a_day(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    token = await app.token(mina)
    first = (await any_city.db.read(apps.access, mina.account.id))[0].used_ms
    moved(any_city, DAY_MS // 2)
    await app.me(token)
    assert (await any_city.db.read(apps.access, mina.account.id))[0].used_ms == first
    moved(any_city, DAY_MS + MINUTE_MS)
    await app.me(token)
    assert (await any_city.db.read(apps.access, mina.account.id))[0].used_ms > first + DAY_MS


async def test_whoever_let_the_app_in_is_told_to_it(city):
    app, mina = await register(city), await city.join("mina")
    token = await app.token(mina, scope="profile")
    for method in ("GET", "POST"):
        told = await ask(app.client, method, "/oauth/userinfo", headers=bearer(token))
        assert told["iss"] == "http://localhost:8080/"
        assert (told["sub"], told["profile"]) == (mina.account.uri, mina.account.url)
        assert (told["name"], told["preferred_username"]) == ("Mina", "mina")
        assert told["picture"].startswith("http://localhost:8080/")
    reader = await app.token(mina, scope="read")
    await ask(app.client, "GET", "/oauth/userinfo", 403, headers=bearer(reader))
    await ask(app.client, "GET", "/oauth/userinfo", 401)


async def test_where_apps_ask_is_said_where_they_look(city):
    client = (await city.visitor()).client
    told = await ask(client, "GET", "/.well-known/oauth-authorization-server")
    origin = "http://localhost:8080"
    assert told["issuer"] == f"{origin}/"
    assert told["authorization_endpoint"] == f"{origin}/oauth/authorize"
    assert told["token_endpoint"] == f"{origin}/oauth/token"
    assert told["revocation_endpoint"] == f"{origin}/oauth/revoke"
    assert told["userinfo_endpoint"] == f"{origin}/oauth/userinfo"
    assert told["app_registration_endpoint"] == f"{origin}/api/v1/apps"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert {"read", "write:media", "admin:read:ip_blocks"} <= set(told["scopes_supported"])


# --- the settings


async def test_somebody_sees_which_apps_have_access_and_ends_it(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    other, joon = await register(any_city), await any_city.join("joon")
    assert "No app may use your account" in (await mina.get("/settings/apps")).main.words
    tokens = [await app.token(mina), await app.token(mina, scope="write:media")]
    code = await app.code(mina)
    theirs = await app.token(joon)
    by_hand = await any_city.db.write(
        sessions.create_access_token, mina.account.id, "push", "By hand", now_ms()
    )
    kept, ended = await other.token(mina), []
    any_city.app[REVOKED].append(ended.append)
    page = await mina.get("/settings/apps")
    assert len(page.main.all("h2")) == 3
    assert SENTENCES["write:media"] in page.main.words
    keys = {form.fields["app"] for form in page.forms if form.action == "/settings/apps/revoke"}
    mine = (await any_city.db.read(apps.by_client_id, app.id)).id
    assert f"app-{mine}" in keys
    assert await mina.post("/settings/apps/revoke", app=f"app-{mine}")
    for token in tokens:
        await app.me(token, 401)
    await app.fetch(code, 400)
    await app.me(theirs)
    await app.me(kept)
    assert [len(ids) for ids in ended] == [2]
    own = next(key for key in keys if key.startswith("token-"))
    await joon.post("/settings/apps/revoke", 404, app=own)
    await app.me(by_hand, 403)
    await mina.post("/settings/apps/revoke", app=own)
    await app.me(by_hand, 401)
    for wrong in ("", "app-", "app-x", "app-0", "token-" + "9" * 40, f"app-{mine}", "app-²"):
        await mina.post("/settings/apps/revoke", 404, app=wrong)


def test_what_all_may_do_is_said_once():
    assert abilities(("read", "read:statuses", "follow", "write:follows")) == [
        SENTENCES["read"],
        SENTENCES["follow"],
    ]
    assert abilities(("read:lists", "admin:read")) == [
        SENTENCES["read:lists"],
        SENTENCES["admin:read"],
    ]


# --- nothing grows for ever


async def test_apps_that_nobody_wants_are_forgotten(any_city):
    unwanted, app = await register(any_city), await register(any_city)
    once, mina = await register(any_city), await any_city.join("mina")
    await app.token(mina)
    gone = await once.token(mina)
    await ask(once.client, "POST", "/oauth/revoke", data={"token": gone, **once.key})

    async def known():
        found = [await any_city.db.read(apps.by_client_id, one.id) for one in (unwanted, app, once)]
        return [one is not None for one in found]

    await housekeeping.sweep_apps(any_city.db, now_ms() + 2 * DAY_MS)
    assert await known() == [True, True, True]
    await housekeeping.sweep_apps(any_city.db, now_ms() + 4 * DAY_MS)
    assert await known() == [False, True, True]
    await any_city.db.write(apps.store.forget_codes, now_ms() + 200 * DAY_MS)
    await housekeeping.sweep_apps(any_city.db, now_ms() + 200 * DAY_MS)
    assert await known() == [False, True, False]


async def test_tokens_and_codes_of_one_person_have_a_limit(any_city, monkeypatch):
    monkeypatch.setattr(apps, "MAX_TOKENS", 3)
    monkeypatch.setattr(apps, "MAX_CODES", 2)
    monkeypatch.setattr(apps, "MAX_TOKENS_ALONE", 2)
    app, mina = await register(any_city), await any_city.join("mina")
    tokens = [await app.token(mina) for _ in range(5)]
    for number, token in enumerate(tokens):
        await app.me(token, 401 if number < 2 else 200)
    codes = [await app.code(mina) for _ in range(3)]
    await app.fetch(codes[0], 400)
    await app.fetch(codes[2])
    alone = [(await app.alone())["access_token"] for _ in range(3)]
    await app.me(alone[0], 401)
    await app.me(alone[2], 422)
