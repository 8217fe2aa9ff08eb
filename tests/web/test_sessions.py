"""Sessions and tokens: long, random, kept as hashes, ended where they should end."""

import hashlib
from types import SimpleNamespace
from typing import Any

from server.clock import now_ms
from server.services import sessions
from server.store.db import Read
from tests.web.city import COOKIE, PASSWORD
from web.keys import SITE
from web.pages.forms import _visitor_cookie
from web.pages.sessions import session_cookie


def rows(db: Read, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in db.all(f"SELECT * FROM {table}")]  # noqa: S608


def cookie_of(person: Any) -> str:
    return str(next(one.value for one in person.client.session.cookie_jar if one.key == COOKIE))


async def test_a_session_is_long_random_and_only_its_hash_is_kept(city):
    mina = await city.join("mina")
    visitor = await city.visitor()
    await visitor.post("/sign-in", name="mina", password=PASSWORD)
    token = cookie_of(visitor)
    assert len(token) >= 43  # 256 bits in base64
    assert token != cookie_of(mina)
    kept = await city.db.read(rows, "session")
    assert hashlib.sha256(token.encode()).digest() in [row["token_hash"] for row in kept]
    assert token not in repr(kept)


async def test_a_token_is_kept_as_its_hash_alone(city):
    mina = await city.join("mina")
    token = await city.db.write(
        sessions.create_access_token, mina.account.id, "read", "an app", now_ms()
    )
    assert len(token) >= 43
    assert sessions.digest(token) == hashlib.sha256(token.encode()).digest()
    kept = repr(await city.db.read(rows, "access_token"))
    assert token not in kept and repr(sessions.digest(token)) in kept


def test_over_https_browsers_hold_the_cookie_to_this_host():
    request: Any = SimpleNamespace(config_dict={SITE: SimpleNamespace(origin="https://here.test")})
    assert session_cookie(request).startswith("__Host-")
    assert _visitor_cookie(request).startswith("__Host-")


async def test_a_sign_in_ends_the_session_that_the_browser_had(city):
    mina = await city.join("mina")
    await city.join("joon")
    former = cookie_of(mina)
    token = await mina.token()
    data = {"csrf": token, "name": "joon", "password": PASSWORD}
    async with mina.client.post("/sign-in", data=data, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.cookies[COOKIE].value != former
    assert await city.db.read(sessions.by_token, former, now_ms()) is None
