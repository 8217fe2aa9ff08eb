"""Apps that listen to streams: over a socket, and line by line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from server.clock import now_ms
from server.services import follows, sessions
from tests.village import eventually
from tests.web.city import City, Person
from web.keys import HUB

BASE = "/api/v1/streaming"
LONGEST_S = 30  # of machines that do much else


async def token(city: City, person: Person, scopes: str = "read write follow push") -> str:
    """An app's token of somebody."""
    return await city.db.write(
        sessions.create_access_token, person.account.id, scopes, "tests", now_ms()
    )


async def follow(city: City, one: Person, other: Person) -> None:
    """One follows the other."""
    await city.db.write(follows.follow, city.site, one.account, other.account.id, now_ms())


class Socket:
    """An app's WebSocket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def wish(self, kind: str, stream: Any, **params: Any) -> None:
        """Subscribe or unsubscribe."""
        await self.ws.send_json({"type": kind, "stream": stream, **params})

    async def next(self) -> dict[str, Any]:
        """The next message; its payload decoded where it is JSON."""
        async with asyncio.timeout(LONGEST_S):
            said = await self.ws.receive()
        assert said.type is aiohttp.WSMsgType.TEXT, said
        found = msgspec.json.decode(said.data)
        if found.get("payload", "")[:1] == "{":
            found["payload"] = msgspec.json.decode(found["payload"])
        return found

    async def closed(self) -> int | None:
        """The code with which the other side ended it."""
        async with asyncio.timeout(LONGEST_S):
            while (await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return self.ws.close_code


@asynccontextmanager
async def opened(city: City, person: Person, *streams: str, scopes: str = "read", **more: Any):
    """A socket of somebody that listens to `streams`."""
    given = await token(city, person, scopes)
    known = await city.db.read(sessions.by_access_token, given)
    async with person.client.ws_connect(
        f"{BASE}/", headers={"Authorization": f"Bearer {given}"}, **more
    ) as ws:
        socket = Socket(ws)
        for name in streams:
            kind, _, rest = name.partition("=")
            params = {"list": rest} if kind == "list" else {"tag": rest} if rest else {}
            await socket.wish("subscribe", kind, **params)

        async def there() -> bool:
            open_ = [one for one in city.app[HUB].streams._open if one.token_id == known.id]
            return any(len(one.names) == len(streams) for one in open_)

        await eventually(there)
        yield socket


class Lines:
    """An answer of Server-Sent Events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def line(self) -> str:
        """The next line, without its end."""
        async with asyncio.timeout(LONGEST_S):
            return (await self.answer.content.readline()).decode().rstrip("\n")

    async def event(self) -> tuple[str, str] | None:
        """The next event and its data; None at the end."""
        name = ""
        async with asyncio.timeout(LONGEST_S):
            async for raw in self.answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    return name, line.removeprefix("data: ")
        return None


@asynccontextmanager
async def reading(
    city: City, person: Person, path: str, scopes: str = "read"
) -> AsyncIterator[Lines]:
    """Somebody's open stream at `path`."""
    given = await token(city, person, scopes)
    headers = {"Authorization": f"Bearer {given}"}
    async with person.client.get(f"{BASE}/{path}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        lines = Lines(answer)
        assert await lines.line() == ":)"
        yield lines
