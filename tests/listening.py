"""Reading a stream of Server-Sent Events in tests, as a browser would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

LONGEST_S = 30  # of machines that do much else


class Stream:
    """An open stream; `last_id` is what a browser would send when it connects again."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.last_id = ""
        self.retry = ""

    async def event(self) -> dict[str, Any] | None:
        """The next event: its name as `event`, and its data; None at the end of the stream."""
        async with asyncio.timeout(LONGEST_S):
            while (block := await self.block()) is not None:
                if "data" in block:
                    return {"event": block["event"], **msgspec.json.decode(block["data"])}
        return None

    async def block(self) -> dict[str, str] | None:
        """The fields up to the next empty line."""
        fields: dict[str, str] = {}
        async for raw in self.answer.content:
            line = raw.decode().rstrip("\n")
            if not line:
                self.last_id = fields.get("id", self.last_id)
                self.retry = fields.get("retry", self.retry)
                return fields
            name, _, value = line.partition(": ")
            fields[name] = value
        return None


@asynccontextmanager
async def listening(
    client: Any, topics: str, headers: dict[str, str] | None = None, **query: Any
) -> AsyncIterator[Stream]:
    """An open stream about `topics`, which has said its first words."""
    async with client.get(
        "/live", params={"topics": topics, **query}, headers=headers or {}
    ) as answer:
        assert answer.status == 200, await answer.text()
        stream = Stream(answer)
        if "since" not in query and "Last-Event-ID" not in (headers or {}):
            await stream.block()
        yield stream
