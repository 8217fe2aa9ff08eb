"""Letting apps in: the whole way on both databases, and everything by which it is attacked.

OAuth 2.0 Security Best Current Practice (RFC 9700), ASVS 5.0 chapter V10.
"""

from urllib.parse import quote, urlencode

import pytest

from server.clock import now_ms
from server.services import sessions
from tests.web.an_app import bearer
from tests.web.city import PASSWORD
from tests.web.html import HtmlPage
from tests.web.oauth_app import HOME, OUT_OF_BAND, VERIFIER, ask, challenge, one, register
from web.keys import VAPID_KEY
from web.pages.abilities import SENTENCES

# --- registering


async def test_an_app_registers_by_form_and_by_json(any_city):
    client = (await any_city.visitor()).client
    any_city.app._state[VAPID_KEY] = "BPublic"
    uris = [HOME, "tusky://oauth"]
    sent = {"client_name": " Tusky\u202e ", "redirect_uris": uris, "scopes": "read write:statuses"}
    by_json = await ask(client, "POST", "/api/v1/apps", json={**sent, "website": None})
    sent["redirect_uris"] = "\n".join(uris)
    by_form = await ask(client, "POST", "/api/v1/apps", data=sent)
    listed = [("client_name", "Tusky"), *(("redirect_uris[]", uri) for uri in uris)]
    by_list = await ask(client, "POST", "/api/v1/apps", data=[*listed, ("scopes", sent["scopes"])])
    for made in (by_json, by_form, by_list):
        assert made == {
            "id": made["id"],
            "name": "Tusky",
            "website": None,
            "scopes": ["read", "write:statuses"],
            "redirect_uri": "\n".join(uris),
            "redirect_uris": uris,
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "client_secret_expires_at": 0,
            "vapid_key": "BPublic",
        }
    assert len({made["client_id"] for made in (by_json, by_form, by_list)}) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_name", ""),
        ("client_name", "\u202e\u200b"),
        ("client_name", "x" * 61),
        ("redirect_uris", ""),
        ("redirect_uris", "/back"),
        ("redirect_uris", "app.example/back"),
        ("redirect_uris", "https://app.example/back#here"),
        ("redirect_uris", "https://app.example/back#"),
        ("redirect_uris", "https://gm.example@app.example/"),
        ("redirect_uris", "https://app.example\\@gm.example/"),
        ("redirect_uris", "https:///back"),
        ("redirect_uris", "https://app.example/a b"),
        ("redirect_uris", "https://앱.example/"),
        ("redirect_uris", "https://app.example:x/"),
        ("redirect_uris", "https://a;script-src *.example/"),
        ("redirect_uris", "javascript:alert(1)"),
        ("redirect_uris", "JavaScript:alert(1)"),
        ("redirect_uris", "data:text/html,x"),
        ("redirect_uris", "vbscript:x"),
        ("redirect_uris", "https://app.example/" + "x" * 2000),
        ("redirect_uris", "\n".join(f"https://{n}.example/" for n in range(21))),
        ("redirect_uris", f"{HOME}\njavascript:alert(1)"),
        ("scopes", "read everything"),
        ("scopes", "admin"),
        ("website", "javascript:alert(1)"),
        ("website", "tusky"),
    ],
)
async def test_an_app_that_cannot_be_is_told_why(city, field, value):
    client = (await city.visitor()).client
    sent = {"client_name": "Tusky", "redirect_uris": HOME, "scopes": "read", field: value}
    refused = await ask(client, "POST", "/api/v1/apps", 422, json=sent)
    assert refused["error"].startswith("Validation failed: ")


async def test_an_app_checks_its_own_credentials(any_city):
    app = await register(any_city, scopes="read push")
    mina = await any_city.join("mina")
    for token in ((await app.alone())["access_token"], await app.token(mina)):
        told = await ask(
            app.client, "GET", "/api/v1/apps/verify_credentials", headers=bearer(token)
        )
        assert (told["name"], told["website"]) == ("Tusky", "https://tusky.app")
        assert (told["scopes"], told["redirect_uris"]) == (["read", "push"], [HOME])
        assert "client_secret" not in told
        assert "client_id" not in told
    await ask(app.client, "GET", "/api/v1/apps/verify_credentials", 401)
    by_hand = await any_city.db.write(
        sessions.create_access_token, mina.account.id, "read", "by hand", now_ms()
    )
    told = await ask(app.client, "GET", "/api/v1/apps/verify_credentials", headers=bearer(by_hand))
    assert told["scopes"] == ["read"]


# --- the way in


async def test_somebody_lets_an_app_in(any_city):
    app, mina = await register(any_city), await any_city.join("mina")
    state = "a b&c=d%26+한/\"'<>"
    page = await mina.get(app.way(scope="read write:statuses", state=state))
    words = page.main.words
    for told in ("Let “Tusky” in?", "https://tusky.app", "@mina@localhost:8080", "app.example"):
        assert told in words
    assert SENTENCES["read"] in words
    assert SENTENCES["write:statuses"] in words
    location = await mina.post("/oauth/authorize", **page.form("/oauth/authorize").fields)
    assert location.startswith(f"{HOME}?code=")
    assert one(location, "state") == state
    given = await app.fetch(one(location, "code"))
    assert given.keys() == {"access_token", "token_type", "scope", "created_at"}
    assert (given["token_type"], given["scope"]) == ("Bearer", "read write:statuses")
    assert abs(given["created_at"] - now_ms() // 1000) < 60
    assert (await app.me(given["access_token"]))["username"] == "mina"


async def test_the_way_in_may_end_in_a_slash(city):
    app, mina = await register(city), await city.join("mina")
    page = await mina.get(app.way().replace("?", "/?"))
    assert page.form("/oauth/authorize").fields["client_id"] == app.id


async def test_a_no_takes_people_back_with_it(city):
    app, mina = await register(city), await city.join("mina")
    page = await mina.get(app.way(state="x y"))
    deny = [form for form in page.forms if "decision" in form.fields]
    assert len(deny) == 1
    location = await mina.post("/oauth/authorize", **deny[0].fields)
    assert location.startswith(HOME + "?")
    assert (one(location, "error"), one(location, "state")) == ("access_denied", "x y")
    assert one(location, "code") == ""


async def test_whoever_is_not_signed_in_signs_in_and_is_back_with_nothing_lost(city):
    app, mina = await register(city), await city.join("mina")
    visitor, state = await city.visitor(), "s" * 900 + "/?&=%"
    asked = {"state": state, "code_challenge": challenge(), "code_challenge_method": "S256"}
    page = await visitor.get(app.way(**asked))
    assert "“Tusky” asks to use your account" in page.main.words
    fields = page.form("/sign-in").fields
    wrong = HtmlPage(await visitor.post("/sign-in", 422, **{**fields, "name": "mina"}))
    fields = {**wrong.form("/sign-in").fields, "name": "mina", "password": PASSWORD}
    way = await visitor.post("/sign-in", **fields)
    visitor.account = mina.account
    page = await visitor.get(way)
    location = await visitor.post("/oauth/authorize", **page.form("/oauth/authorize").fields)
    assert one(location, "state") == state
    given = await app.fetch(one(location, "code"), code_verifier=VERIFIER)
    assert (await app.me(given["access_token"]))["username"] == "mina"


async def test_an_ended_session_signs_in_before_anything_is_given(city):
    app, visitor = await register(city), await city.visitor()
    told = await visitor.post("/oauth/authorize", 200, **app.wish(state="kept"))
    page = HtmlPage(told)
    assert page.form("/sign-in").fields["next"].endswith("state=kept")


async def test_an_app_can_ask_for_a_sign_in_as_somebody_else(city):
    app, mina = await register(city), await city.join("mina")
    await city.join("joon")
    page = await mina.get(app.way(force_login="true", state="x"))
    fields = {**page.form("/sign-in").fields, "name": "joon", "password": PASSWORD}
    assert "force_login" not in fields["next"]
    way = await mina.post("/sign-in", data=fields)
    page = await mina.get(way)
    assert "@joon@" in page.main.words
    location = await mina.post("/oauth/authorize", data=page.form("/oauth/authorize").fields)
    token = (await app.fetch(one(location, "code")))["access_token"]
    assert (await app.me(token))["username"] == "joon"
    left = await city.db.read(sessions.all, mina.account.id, now_ms())
    assert left == []  # the session before was ended, not forgotten


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_page_speaks_the_language_that_the_app_names(city, language):
    app, mina = await register(city), await city.join("mina", language="en")
    named = {"ko": "ko-KR", "en": "en_GB"}[language]
    assert (await mina.get(app.way(lang=named))).language == language
    assert (await mina.get(app.way(lang="xx"))).language == "en"


async def test_without_an_address_the_code_is_shown(city):
    app, mina = await register(city, redirect=OUT_OF_BAND), await city.join("mina")
    page = await mina.get(app.way())
    fields = page.form("/oauth/authorize").fields
    shown = HtmlPage(await mina.post("/oauth/authorize", 200, **fields))
    assert shown.faults == []
    code = shown.main.one("code").words
    assert (await app.fetch(code))["scope"] == "read"
    denied = HtmlPage(await mina.post("/oauth/authorize", 200, **{**fields, "decision": "deny"}))
    assert "The app was not let in" in denied.main.words
    told = await mina.post("/oauth/authorize", 422, **{**fields, "scope": "nothing"})
    assert "does not exist here" in told
    assert "tell those who made the app" in told


@pytest.mark.parametrize(
    ("redirect", "leads", "policy"),
    [
        ("tusky://oauth", "tusky://oauth?code=", "form-action 'self' tusky:;"),
        ("com.example.app:/back", "com.example.app:/back?code=", "'self' com.example.app:;"),
        (HOME, f"{HOME}?code=", "form-action 'self' https:;"),
        (f"{HOME}?a=b", f"{HOME}?a=b&code=", "form-action 'self' https:;"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000/?code=", "'self' http: https:;"),
    ],
)
async def test_the_page_may_lead_to_the_app_and_nowhere_else(city, redirect, leads, policy):
    app, mina = await register(city, redirect=redirect), await city.join("mina")
    async with mina.client.get(app.way(), headers=mina.headers) as answer:
        assert policy in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
    assert (await app.let_in(mina)).startswith(leads)


# --- attacks on the page


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/",
        f"{HOME}/more",
        f"{HOME}?x",
        f"{HOME}/../x",
        HOME.upper(),
        "https://app.example",
        "https://app.example.evil.example/back",
        "https://app.example@evil.example/back",
        f" {HOME}",
        f"{HOME}\n",
        "//app.example/back",
        "javascript:alert(1)",
        "",
    ],
)
async def test_nobody_is_sent_to_an_address_that_the_app_has_not_registered(city, redirect):
    app = await register(city)
    for person in (await city.join("mina"), await city.visitor()):
        wish = app.wish(redirect_uri=redirect, response_type="nonsense")
        for method, more in (("GET", {"params": wish}), ("POST", {"data": wish})):
            if method == "POST":
                more["data"]["csrf"] = await person.token()
            async with person.client.request(
                method, "/oauth/authorize", allow_redirects=False, **more
            ) as answer:
                assert answer.status == 400
                assert "Location" not in answer.headers


async def test_an_unknown_app_sends_nobody_anywhere(city):
    app, mina = await register(city), await city.join("mina")
    other = await register(city, redirect="https://other.example/")
    await mina.get(app.way(client_id="unknown"), 400)
    await mina.get(app.way(client_id=other.id), 400)  # its address is not this one's
    await mina.get("/oauth/authorize", 400)
    await mina.get(f"{app.way()}&redirect_uri={quote('https://evil.example/')}", 400)
    await mina.get(f"{app.way()}&client_id={other.id}", 400)


async def test_a_visitor_is_not_sent_on_by_a_faulty_link(city):
    app, visitor = await register(city), await city.visitor()
    page = await visitor.get(app.way(scope="nonsense"))
    assert page.form("/sign-in")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "read admin"}, "invalid_scope"),
        ({"scope": "read admin:read"}, "invalid_scope"),
        ({"scope": "write"}, "invalid_scope"),
        ({"code_challenge": challenge(), "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": challenge()}, "invalid_request"),  # plain is what is meant then
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_asked_is_told_to_the_app(city, changed, error):
    app, mina = await register(city, scopes="read write:statuses"), await city.join("mina")
    token = await mina.token()
    for method, name in (("GET", "params"), ("POST", "data")):
        wish = app.wish(state="kept", **changed)
        wish |= {"csrf": token} if method == "POST" else {}
        async with mina.client.request(
            method, "/oauth/authorize", allow_redirects=False, **{name: wish}
        ) as answer:
            location = answer.headers["Location"]
            assert location.startswith(f"{HOME}?")
            assert (one(location, "error"), one(location, "state")) == (error, "kept")
            assert one(location, "code") == ""


async def test_a_parameter_that_comes_twice_is_refused(city):
    app, mina = await register(city), await city.join("mina")
    async with mina.client.get(f"{app.way()}&scope=write", allow_redirects=False) as answer:
        assert one(answer.headers["Location"], "error") == "invalid_request"


async def test_no_other_site_lets_an_app_in(city):
    app, mina = await register(city), await city.join("mina")
    fields = (await mina.get(app.way())).form("/oauth/authorize").fields
    for forged in ({**fields, "csrf": ""}, {**fields, "csrf": "x"}, app.wish()):
        await mina.post("/oauth/authorize", 403, data=forged)
    joon = await city.join("joon")
    theirs = (await joon.get(app.way())).form("/oauth/authorize").fields
    await mina.post("/oauth/authorize", 403, data=theirs)
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        await mina.post("/oauth/authorize", 403, data=fields, headers=header)


async def test_a_token_of_an_app_lets_no_other_app_in(city):
    app, mina = await register(city), await city.join("mina")
    token = await app.token(mina)
    async with app.client.get(app.way(), headers=bearer(token)) as answer:
        assert "/sign-in" in await answer.text()


async def test_what_an_app_says_of_itself_is_only_text(city):
    visitor, mina = await city.visitor(), await city.join("mina")
    sent = {"client_name": '"><script>alert(1)</script>', "redirect_uris": "x-y:'\"<>"}
    made = await ask(visitor.client, "POST", "/api/v1/apps", 200, json=sent)
    wish = {
        "response_type": "code",
        "client_id": made["client_id"],
        "redirect_uri": sent["redirect_uris"],
        "state": '"><img src=x>',
    }
    page = await mina.get(f"/oauth/authorize?{urlencode(wish)}")
    assert "<script>alert" not in page.text
    assert page.form("/oauth/authorize").fields["state"] == wish["state"]
