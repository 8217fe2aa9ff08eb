"""A sender whose key cannot be read now is asked to come again; one whose key is wrong is not."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from federation.errors import NotAuthentic, Unproven, Unreachable
from server.errors import TooMany
from server.fetch import Fetcher
from server.fetch.keys import OF_A_DOMAIN
from server.store.db import Database
from tests.server.world import EVE, NOW, SITE, actor_document
from tests.village import eventually

KEY = f"{EVE}#main-key"


class Elsewhere:
    """The server of a sender."""

    def __init__(self) -> None:
        self.asked = 0
        self.trouble: Unreachable | None = Unreachable("timeout")

    async def document(self, uri: str, *, key: Any, **more: Any) -> tuple[str, dict[str, Any]]:
        """The sender's document, when it can be read."""
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return uri, actor_document(uri)


async def test_a_key_that_cannot_be_read_is_read_a_minute_later(db: Database) -> None:
    there, now = Elsewhere(), [NOW]
    fetcher = Fetcher(db, there, None, SITE, "open", lambda: now[0])  # type: ignore[arg-type]
    for _ in range(2):  # the second at once, without asking again
        with pytest.raises(Unproven) as said:
            await fetcher.keys.fetch(KEY, now[0])
        assert (said.value.status, said.value.retry_after_ms) == (503, 60_000)
    assert there.asked == 1

    there.trouble = None
    now[0] += said.value.retry_after_ms
    key, _ = await fetcher.keys.fetch(KEY, now[0])
    assert key.id == KEY


class Busy(Elsewhere):
    """It answers when it likes to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def document(self, uri: str, *, key: Any, **more: Any) -> tuple[str, dict[str, Any]]:
        """The sender's document, later."""
        self.asked += 1
        await self.answers.wait()
        return uri, actor_document(uri)


async def _at_one_moment(db: Database, key_ids: list[str]) -> tuple[int, Counter[type]]:
    """How often documents were asked for, and what became of all of these."""
    there = Busy()
    fetcher = Fetcher(db, there, None, SITE, "open", lambda: NOW)  # type: ignore[arg-type]
    asking = [asyncio.create_task(fetcher.keys.fetch(key_id, NOW)) for key_id in key_ids]

    async def all_others_know() -> bool:
        return there.asked == sum(not one.done() for one in asking)

    await eventually(all_others_know)
    there.answers.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    return there.asked, Counter(type(one) for one in found)


async def test_of_many_who_come_at_one_moment_few_are_asked_for(db: Database) -> None:
    """While the database is asked what is known of them, others come."""
    many = [f"https://far.test/users/{n}#main-key" for n in range(OF_A_DOMAIN + 5)]
    asked, found = await _at_one_moment(db, many)
    assert asked == OF_A_DOMAIN
    assert found == {tuple: OF_A_DOMAIN, TooMany: 5}


async def test_a_key_that_several_want_at_one_moment_is_asked_for_once(db: Database) -> None:
    asked, found = await _at_one_moment(db, [KEY, KEY, KEY])
    assert asked == 1
    assert found == {tuple: 1, Unproven: 2}


async def test_a_key_that_is_not_there_is_no_reason_to_come_again(db: Database) -> None:
    there = Elsewhere()
    there.trouble = Unreachable("404", code=404)
    fetcher = Fetcher(db, there, None, SITE, "open", lambda: NOW)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(NotAuthentic):
            await fetcher.keys.fetch(KEY, NOW)
    assert there.asked == 1
