"""How often apps may ask, what they are told of it, and which other sites' pages may."""

import pytest

from server.clock import MINUTE_MS, now_ms
from server.services import sessions
from tests.web.an_app import bearer
from tests.web.oauth_app import ask, register
from web import rates
from web.keys import NOW, RATES
from web.rates import Limit, Rates

AT = 1_800_000_000_000  # a window begins then


async def token(city, person, scopes="read write"):
    id = person.account.id
    return await city.db.write(sessions.create_access_token, id, scopes, "tests", now_ms())


def limited(city, **most):
    """As many in five minutes; the clock stands."""
    city.app._state[NOW] = lambda: AT
    for name, count in most.items():
        city.app[RATES].limits[name] = Limit(count, 5 * MINUTE_MS)


async def test_every_answer_tells_what_is_left(city):
    city.app._state[NOW] = lambda: AT
    mina = await city.join("mina")
    client, mine = (await city.visitor()).client, bearer(await token(city, mina))
    for left, (path, status, headers) in enumerate(
        [
            ("/api/v1/timelines/home", 200, mine),
            ("/api/v1/timelines/home/", 200, mine),
            ("/api/v1/nowhere", 404, mine),
            ("/api/v1/statuses/1", 404, mine),
            ("/api/v1/admin", 404, mine),
        ],
        1,
    ):
        async with client.get(path, headers=headers) as answer:
            assert answer.status == status
            assert answer.headers["X-RateLimit-Limit"] == "300"
            assert answer.headers["X-RateLimit-Remaining"] == str(300 - left)
            assert answer.headers["X-RateLimit-Reset"] == "2027-01-15T08:05:00.000Z"
    for headers in ({}, bearer("wrong")):  # who has no token that counts is counted by address
        async with client.get("/api/v1/timelines/home", headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["X-RateLimit-Limit"] == "300"
    async with client.get("/") as answer:
        assert "X-RateLimit-Limit" not in answer.headers


async def test_what_is_too_much_is_refused_until_the_window_ends(city):
    limited(city, token=3, address=2)
    mina, joon = await city.join("mina"), await city.join("joon")
    client = (await city.visitor()).client
    mine, theirs = [bearer(await token(city, one)) for one in (mina, joon)]
    path = "/api/v1/timelines/home"
    for _ in range(3):
        await ask(client, "GET", path, headers=mine)
    async with client.get(path, headers={**mine, "Accept-Language": "en"}) as answer:
        assert answer.status == 429
        assert await answer.json() == {"error": "Too many requests"}
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert answer.headers["Retry-After"] == "300"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    await ask(client, "GET", path, headers=theirs)
    public = "/api/v1/timelines/public"
    await ask(client, "GET", public)
    await ask(client, "GET", path, 401, headers=bearer("guess"))
    await ask(client, "GET", path, 429, headers=bearer("guess"))
    await ask(client, "GET", public, 429)
    await ask(client, "POST", "/oauth/token", 429, data={})
    async with client.options(public) as answer:
        assert answer.status == 204
    city.app._state[NOW] = lambda: AT + 5 * MINUTE_MS
    await ask(client, "GET", path, headers=mine)
    await ask(client, "GET", public)


async def test_all_apps_of_one_person_together_have_a_limit(city):
    limited(city, account=3)
    mina, client = await city.join("mina"), (await city.visitor()).client
    for number in range(4):
        mine = bearer(await token(city, mina))
        await ask(client, "GET", "/api/v1/preferences", 429 if number == 3 else 200, headers=mine)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/api/v2/media", "media"),
        ("POST", "/api/v1/media/", "media"),
        ("DELETE", "/api/v1/statuses/1", "deletes"),
        ("POST", "/api/v1/statuses/1/unreblog", "deletes"),
        ("PUT", "/api/v1/statuses/1", "edits"),
        ("PATCH", "/api/v1/accounts/update_credentials", "profiles"),
        ("PATCH", "/api/v1/profile", "profiles"),
        ("DELETE", "/api/v1/profile/header", "profiles"),
    ],
)
async def test_what_costs_more_is_limited_more(city, method, path, name):
    limited(city, **{name: 2})
    mina, client = await city.join("mina"), (await city.visitor()).client
    for expected in ("1", "0"):
        mine = bearer(await token(city, mina))
        async with client.request(method, path, headers=mine) as answer:
            assert answer.status != 429
            assert answer.headers["X-RateLimit-Limit"] == "2"  # the one nearest to its end
            assert answer.headers["X-RateLimit-Remaining"] == expected
    await ask(client, method, path, 429, headers=mine)
    await ask(client, "GET", "/api/v1/timelines/home", headers=mine)


async def test_an_address_registers_only_so_many_apps(city):
    limited(city, apps=2)
    for _ in range(2):
        await register(city)
    client = (await city.visitor()).client
    await ask(client, "POST", "/api/v1/apps", 429, data={"client_name": "x"})


def test_counts_take_little_memory(monkeypatch):
    monkeypatch.setattr(rates, "MAX_COUNTED", 100)
    counted = Rates(10)
    for number in range(1_000):
        counted.spend([("address", f"10.0.{number}")], AT)
    assert len(counted._counts["address"]) == 100
    counted.spend([("address", "x")], AT + 5 * MINUTE_MS)
    assert len(counted._counts["address"]) == 1


# --- pages of other sites


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/statuses",
        "/api/v2/media",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/userinfo",
        "/.well-known/oauth-authorization-server",
        "/.well-known/webfinger",
        "/.well-known/nodeinfo",
        "/nodeinfo/2.0",
    ],
)
async def test_pages_of_other_sites_may_ask_where_apps_ask(city, path):
    client = (await city.visitor()).client
    wish = {
        "Origin": "https://elk.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }
    async with client.options(path, headers=wish) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        for name in ("authorization", "content-type", "idempotency-key"):
            assert name in allowed
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            assert method in answer.headers["Access-Control-Allow-Methods"]
    async with client.get(path, headers={"Origin": "https://elk.example"}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        exposed = answer.headers["Access-Control-Expose-Headers"]
        for name in ("Link", "X-RateLimit-Reset", "Mastodon-Async-Refresh"):
            assert name in exposed
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_the_page_on_which_people_agree_is_for_no_other_site(city):
    app, mina = await register(city), await city.join("mina")
    async with mina.client.get(app.way()) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
    async with mina.client.options("/oauth/authorize") as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_an_apps_own_tokens_do_not_multiply_what_an_address_may_ask(city):
    limited(city, address=10, token=100)
    app = await register(city)
    tokens = [(await app.alone())["access_token"] for _ in range(3)]
    path, answers = "/api/v1/apps/verify_credentials", []
    for n in range(12):
        async with app.client.get(path, headers=bearer(tokens[n % 3])) as answer:
            answers.append(answer.status)
    assert answers[0] == 200
    assert answers[-1] == 429
