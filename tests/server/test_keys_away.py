"""A sender whose key cannot be read now is asked to come again; one whose key is wrong is not."""

from typing import Any

import pytest

from federation.errors import NotAuthentic, Unproven, Unreachable
from server.fetch import Fetcher
from server.store.db import Database
from tests.server.world import EVE, NOW, SITE, actor_document

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


async def test_a_key_that_is_not_there_is_no_reason_to_come_again(db: Database) -> None:
    there = Elsewhere()
    there.trouble = Unreachable("404", code=404)
    fetcher = Fetcher(db, there, None, SITE, "open", lambda: NOW)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(NotAuthentic):
            await fetcher.keys.fetch(KEY, NOW)
    assert there.asked == 1
