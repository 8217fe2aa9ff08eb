"""What the log knows after people signed in, let apps in, wrote to each other: no secret of any."""

import io
import json
import logging
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import web as aioweb
from aiohttp.test_utils import TestServer

from federation import signature
from server.services import sessions
from tests.together.peer import Peer
from tests.together.test_pushes import AUTH, Service, subscribed, text
from tests.village import Village, eventually
from tests.web.city import COOKIE, PASSWORD, City
from tests.web.oauth_app import VERIFIER, challenge, register
from web import logs, middleware


class Log(io.StringIO):
    """What was logged, all of it, with a line for each request."""

    def lines(self) -> list[dict[str, Any]]:
        """The events."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    monkeypatch.setattr(middleware, "SLOW_MS", -1)
    root, stream = logging.getLogger(), Log()
    before, level = root.handlers[:], root.level
    logs.configure(stream, level=logging.DEBUG)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


async def test_signing_in_and_letting_apps_in(
    city: City, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await city.join("ann")
    visitor = await city.visitor()
    wrong = "not my umbrella at all"
    secrets = {PASSWORD, wrong, VERIFIER, await visitor.token(), await ann.token()}
    for given, status in ((wrong, 422), (PASSWORD, 303)):
        await visitor.post("/sign-in", status, name="ann", password=given)
    jar = visitor.client.session.cookie_jar
    secrets.add(SimpleCookie(jar.filter_cookies(visitor.client.make_url("/")))[COOKIE].value)
    app = await register(city)
    code = await app.code(ann, code_challenge=challenge(), code_challenge_method="S256")
    token = (await app.fetch(code, code_verifier=VERIFIER))["access_token"]
    await app.me(token)
    await app.me("a-token-of-nobody-at-all", expect=401)
    async with app.client.get(f"/api/v1/streaming/user?access_token={token}") as answer:
        assert answer.status == 200
    secrets |= {app.secret, code, token, challenge(), "a-token-of-nobody-at-all"}
    await ann.post("/settings/password", 422, old_password=wrong, password=f"{wrong} 2")

    def fail(*_: Any) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(sessions, "sign_in", fail)
    await visitor.post("/sign-in", 500, name="ann", password=PASSWORD)
    said = log.getvalue()
    assert "POST /sign-in failed" in said and "a fault of ours" in said
    assert len(log.lines()) > 15
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_what_peers_send_and_what_is_pushed(
    tmp_path: Any, new_database: Any, log: Log
) -> None:
    village, service = Village(tmp_path, new_database), Service()
    app = aioweb.Application()
    app.router.add_post("/{where:.*}", service.take)
    server = TestServer(app)
    await server.start_server()
    assert server.port is not None
    village.names.ports["push.test"] = server.port
    city = await village("alpha.test")
    await city.join("ann")
    await city.join("bob")
    far = Peer("far.test", village)
    await far.start()
    eve = far.person("eve")
    headers, _ = await subscribed(city, "bob", service, at="http://push.test/secret-way-0815")
    service.status = 500
    post = await city.write("ann", "@bob the-words-between-us", visibility="direct")

    async def pushed() -> bool:
        return service.asked > 0

    await eventually(pushed)
    like = far.does("Like", eve, post.uri)
    assert await far.send(city, eve, like) == 202
    body = b"{}"
    forged = signature.sign("POST", f"{city.origin}/inbox", body, eve.key, city.clock())
    forged["Content-Type"] = "application/activity+json"
    async with city.client.post("/inbox", data=body, headers=forged) as answer:
        assert answer.status == 400
    far.status = 500
    await city.follow("ann", "@eve@far.test")
    await village.close()
    await far.close()
    await server.close()
    said = log.getvalue()
    secrets = {
        headers["Authorization"].removeprefix("Bearer "),
        forged["Signature"].rpartition("signature=")[2].strip('"'),
        *(text(AUTH), service.point, "secret-way-0815", "the-words-between-us", "vapid t="),
        *("PRIVATE KEY", "keyId="),
    }
    assert "POST /inbox" in said
    assert [secret for secret in secrets if secret in said] == []
