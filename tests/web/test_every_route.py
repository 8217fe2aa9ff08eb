"""Every route of the city, asked for with what no form and no app would send.

Nothing is ever a fault of ours, nothing goes out without what guards it, and nothing of a page can
run a stranger's script. SECURITY: aiohttp, headers.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from aiohttp import CookieJar, FormData
from aiohttp.test_utils import TestClient
from yarl import URL

from server.clock import now_ms
from server.services import sessions
from tests.web.an_app import EVERYTHING
from tests.web.city import City
from web import headers
from web.keys import BUCKETS, CARD_BUCKETS, RATES
from web.limits import Buckets
from web.rates import Limit

EVIL: Final = (
    "0",
    "-1",
    "9" * 40,
    "1e9",
    "%00",
    "%C3%28",
    "%ED%A0%80",
    "..%2F..%2Fetc%2Fpasswd",
    "%F0%9F%98%80%E2%80%AE",
    "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a" * 300,
    "%0D%0ASet-Cookie:%20a=b",
    "%D9%A1%D9%A2",  # digits of another script
)
"""Parts of an address, as they go over the wire."""

QUERIES: Final = (
    "max_id=-1&min_id=x&since_id=%D9%A1&limit=-5&page=0&q=%00&offset=9e99&id[]=x&id[]=",
    "max_id=99999999999999999999&limit=99999999999&page=99999999999999999999&q=%22%3E%3Csvg&id=1",
    "q=%ED%A0%80&page[a]=1&limit[]=2&id[a][b][c][d][e]=1&types[]=x&topics=thread:-1,tag:&since=x",
    "q="
    + "%28" * 500
    + "&order=;drop&place=%2525&state=../..&lang=../../x&next=//evil.test/&token=a",
    "&".join(f"f{n}=1" for n in range(600)),
    "q=a&type=accounts&resolve=false&uri=acct:a@b&url=http://[::1&resource=acct:%00&acct=@&name=@@",
)

JSON: Final = (
    b'{"status": {"a": [1]}, "id": [], "name": 7, "title": null, "account_ids": {"x": {}}}',
    b'{"status": "\\u0000", "name": "\\ud800", "scheduled_at": "9999999-99-99", "poll": [[]]}',
    b"[" * 5_000,
    b'{"id": 1e999, "limit": -99999999999999999999, "focus": "nan,inf", "language": "'
    + b"x" * 5_000,
    b"\xff\xfe{\x00}\x00",
    b'{"__proto__": 1, "id": "1", "id": "2", "phrase": "' + b"(" * 2_000 + b'"}',
    b"null",
)
FIELDS: Final = (
    {"id": "-1", "name": "\x00", "page": "9" * 50, "title": "x" * 3_000, "content": "\u202e" * 500},
    {
        "a[b][c][d][e]": "1",
        "id[]": "x",
        "id": "9" * 30,
        "to": "@@@",
        "url": "http://[",
        "date": "0",
    },
    {"account": "\ud7ff", "scheduled": "0000-00-00T99:99", "choices": "-1", "q": "'\"><script>"},
)
ENDING: Final = re.compile(r"sign-out|revoke|delete|leave|close|end")  # come last: they end things
SLOW: Final = frozenset({"/live", "/api/v1/streaming"})


class Walker:
    """Somebody who asks for everything, and what came back wrong."""

    def __init__(self, city: City, client: TestClient[Any, Any], more: dict[str, str]) -> None:
        self.city = city
        self.client = client
        self.more = more
        self.csrf = "a"
        self.faults: list[str] = []
        self.asked = 0
        self.statuses: set[int] = set()

    async def ask(self, method: str, path: str, **sent: Any) -> None:
        """One request, and all that every answer must be."""
        given = {**self.more, **sent.pop("headers", {})}
        url = URL(f"http://127.0.0.1:{self.client.port}{path}", encoded=True)
        async with self.client.session.request(
            method, url, headers=given, allow_redirects=False, **sent
        ) as answer:
            self.asked += 1
            self.statuses.add(answer.status)
            what = f"{method} {path[:120]} {answer.status}"
            if answer.status >= 500 and (answer.status, "Retry-After" in answer.headers) != (
                503,
                True,
            ):
                self.faults.append(f"{what}: {(await answer.text())[:200]}")
            self.faults += [
                f"{what}: no {name}" for name in headers.GUARDS if name not in answer.headers
            ]
            self.faults += [f"{what}: {one}" for one in unsafe(answer.headers)]


def unsafe(given: Any) -> Iterator[str]:
    """What of the headers of an answer does not guard it."""
    policy = given.get("Content-Security-Policy", "")
    if given.get("X-Content-Type-Options") != "nosniff":
        yield "may be taken for something else"
    if "default-src 'none'" not in policy:
        yield "loads what it is not allowed"
    if (
        "'unsafe-inline'" in policy.replace("style-src 'unsafe-inline'", "")
        or "unsafe-eval" in policy
    ):
        yield "runs what stands in it"
    if (
        given.get("Content-Type", "").startswith("text/html")
        and "frame-ancestors 'none'" not in policy
    ):
        yield "can be framed"
    if (
        "a=b" in given.get("Set-Cookie", "")
        or urlsplit(given.get("Location", "")).netloc == "evil.test"
    ):
        yield "does what the address says"
    if "aiohttp" in given.get("Server", ""):
        yield "tells what it runs on"


def patient(city: City) -> City:
    """The city, which does not slow down who asks for much."""
    for name in city.app[RATES].limits:
        city.app[RATES].limits[name] = Limit(10**9, 60_000)
    for key in (BUCKETS, CARD_BUCKETS):
        city.app._state[key] = Buckets(1e9)  # noqa: SLF001
    return city


def routes(city: City) -> list[tuple[str, str]]:
    """Method and address of every route, the holes of the address as `{}`."""
    found = set()
    for one in city.app.router.routes():
        assert one.resource is not None
        info = one.resource.get_info()
        path = re.sub(r"\{[^}]*\}", "{}", str(info.get("formatter", info.get("path"))))
        for method in ("GET", "POST", "PROPFIND") if one.method == "*" else (one.method,):
            found.add((method, path))
    kept = [
        one for one in found if not one[1].startswith(tuple(SLOW)) and not one[1].endswith("//")
    ]
    return sorted(kept, key=lambda one: (bool(ENDING.search(one[1])), one))


async def walk(walker: Walker, ways: list[tuple[str, str]]) -> None:
    """Each route some times, each time with something else."""
    evil, queries = itertools.cycle(EVIL), itertools.cycle(QUERIES)
    bodies, fields = itertools.cycle(JSON), itertools.cycle(FIELDS)
    for method, path in ways:
        holes = path.count("{}")
        filled = [path.format(*itertools.islice(evil, holes)) for _ in range(2 if holes else 1)]
        if method in ("GET", "HEAD", "OPTIONS"):
            for one in filled if method == "GET" else ():
                await walker.ask(method, f"{one}?{next(queries)}")
            if method == "HEAD":
                await walker.ask("PROPFIND", filled[0], data=b"<x/>")
            continue
        await walker.ask(
            method, filled[0], data=next(bodies), headers={"Content-Type": "application/json"}
        )
        form = {"csrf": walker.csrf, **next(fields)}
        await walker.ask(method, f"{filled[-1]}?{next(queries)}", data=form)
        if path.startswith("/api/"):
            continue
        parts = FormData(default_to_multipart=True)
        for name, value in form.items():
            parts.add_field(name, value)
        parts.add_field("picture_1", b"GIF89a" + b"\0" * 20, filename="..\\..\\x.php")
        await walker.ask(method, filled[0], data=parts)


async def test_no_address_is_a_fault_of_ours_for_a_visitor(city: City) -> None:
    here = patient(city)
    visitor = await here.visitor()
    walker = Walker(here, visitor.client, {"Cookie": "visitor=a"})
    await walk(walker, routes(here))
    assert walker.faults == []
    assert walker.asked > 1_000
    assert {200, 400, 401, 403, 404, 405, 422} <= walker.statuses


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_no_address_is_a_fault_of_ours_for_who_may_do_everything(any_city: City) -> None:
    """PostgreSQL is stricter about what is text, and what a number."""
    here = patient(any_city)
    ann = await here.join("ann", role="admin")
    await here.writes(ann, "Hello #plum")
    assert ann.account is not None
    scopes = f"{EVERYTHING} admin:read admin:write"
    token = await here.db.write(
        sessions.create_access_token, ann.account.id, scopes, "tests", now_ms()
    )
    pages = Walker(here, ann.client, {})
    pages.csrf = await ann.token()
    client: TestClient[Any, Any] = TestClient(here.server, cookie_jar=CookieJar(unsafe=True))
    here.closing.append(client)
    app = Walker(here, client, {"Authorization": f"Bearer {token}"})
    ways = routes(here)
    await walk(app, [one for one in ways if one[1].startswith("/api/")])
    await walk(pages, [one for one in ways if not one[1].startswith("/api/")])
    assert app.faults == []
    assert pages.faults == []
