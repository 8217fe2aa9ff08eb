"""How often other servers are asked for keys, and what is remembered of the answer."""

from typing import Any, cast

import pytest

from federation.errors import FederationError, Gone, NotAuthentic, Unproven, Unreachable
from federation.keys import make_rsa
from server.clock import DAY_MS
from server.fetch import Budget, Fetcher
from server.fetch.keys import ASKED, KEY_AWAY_MS, KNOWN_MS
from server.model import Site
from server.store.db import Database

ANN = "https://far.test/users/ann"
PEM = make_rsa()[1]
KEY_PAUSE_MS = ASKED[0]
NOW = 1_800_000_000_000


class Far:
    """A server that answers what it is told, and counts how often it is asked."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | FederationError = document()
        self.asked: list[str] = []

    async def document(self, uri: str, *, key: Any, **more: Any) -> tuple[str, dict[str, Any]]:
        self.asked.append(uri)
        if isinstance(self.answer, FederationError):
            raise self.answer
        return uri, self.answer


def document(*fragments: str) -> dict[str, Any]:
    """Ann's, with keys under these names."""
    keys = [
        {"id": f"{ANN}#{name}", "owner": ANN, "publicKeyPem": PEM}
        for name in fragments or ("main-key",)
    ]
    return {"id": ANN, "type": "Person", "preferredUsername": "ann", "inbox": f"{ANN}/inbox",
            "publicKey": keys}  # fmt: skip


@pytest.fixture
def far(db: Database) -> tuple[Far, Fetcher]:
    server = Far()
    here = Site(origin="https://here.test", domain="here.test", name="Here")
    return server, Fetcher(db, cast(Any, server), cast(Any, None), here, "open", lambda: NOW)


@pytest.mark.parametrize(
    ("answer", "pause_ms"),
    [
        (document(), KEY_PAUSE_MS),
        (document("other"), KEY_PAUSE_MS),
        (Unreachable("no", code=404), KEY_PAUSE_MS),
        (Unreachable("down"), KEY_AWAY_MS),
    ],
)
async def test_a_key_is_asked_for_once_in_five_minutes_or_one_where_that_may_pass(
    far: tuple[Far, Fetcher], answer: dict[str, Any] | FederationError, pause_ms: int
) -> None:
    server, fetcher = far
    server.answer = answer
    for after_ms, asked in ((0, 1), (1, 1), (pause_ms - 1, 1), (pause_ms, 2)):
        try:
            await fetcher.keys.fetch(f"{ANN}#main-key", NOW + after_ms)
        except (NotAuthentic, Unproven):
            assert after_ms or answer != document()
        assert len(server.asked) == asked


async def test_all_keys_of_an_actor_are_asked_for_together(far: tuple[Far, Fetcher]) -> None:
    server, fetcher = far
    for n in range(5):
        with pytest.raises(NotAuthentic):
            await fetcher.keys.fetch(f"{ANN}#key-{n}", NOW)
    assert server.asked == [ANN]


async def test_a_clock_that_was_set_back_locks_nobody_out(far: tuple[Far, Fetcher]) -> None:
    server, fetcher = far
    await fetcher.keys.fetch(f"{ANN}#main-key", NOW)
    await fetcher.keys.fetch(f"{ANN}#main-key", NOW - 2 * 3_600_000)
    assert len(server.asked) == 2


async def test_a_key_that_was_read_is_kept(far: tuple[Far, Fetcher]) -> None:
    server, fetcher = far
    key, actor = await fetcher.keys.fetch(f"{ANN}#main-key", NOW)
    assert await fetcher.keys.cached(f"{ANN}#main-key") == key
    assert (actor.id, len(server.asked)) == (ANN, 1)
    fetcher.keys.forget(ANN)
    assert await fetcher.keys.cached(f"{ANN}#main-key") is None


async def test_a_key_that_its_owner_lists_no_more_is_forgotten(far: tuple[Far, Fetcher]) -> None:
    server, fetcher = far
    await fetcher.keys.fetch(f"{ANN}#main-key", NOW)
    server.answer = document("next-key")
    await fetcher.keys.fetch(f"{ANN}#next-key", NOW + KEY_PAUSE_MS)
    assert await fetcher.keys.cached(f"{ANN}#main-key") is None
    assert await fetcher.keys.cached(f"{ANN}#next-key") is not None


async def test_who_is_read_anew_has_the_keys_that_their_document_lists(
    far: tuple[Far, Fetcher],
) -> None:
    server, fetcher = far
    await fetcher.keys.fetch(f"{ANN}#main-key", NOW)
    server.answer = document("next-key")
    await fetcher.people.actor(ANN, Budget())
    assert await fetcher.keys.cached(f"{ANN}#main-key") is None
    assert await fetcher.keys.cached(f"{ANN}#next-key") is not None


async def test_a_key_that_another_process_saw_replaced_counts_ten_minutes_at_most(
    db: Database, far: tuple[Far, Fetcher]
) -> None:
    server, here = far
    now = [NOW]
    there = Fetcher(db, cast(Any, server), cast(Any, None), here.site, "open", lambda: now[0])
    await here.people.actor(ANN, Budget())
    assert await there.keys.cached(f"{ANN}#main-key") is not None
    server.answer = document("next-key")
    await here.people.actor(ANN, Budget())
    now[0] += KNOWN_MS
    assert await there.keys.cached(f"{ANN}#main-key") is None
    assert await there.keys.cached(f"{ANN}#next-key") is not None


async def test_the_key_of_somebody_who_is_not_stored_is_kept(
    db: Database, far: tuple[Far, Fetcher]
) -> None:
    server, here = far
    now = [NOW]
    there = Fetcher(db, cast(Any, server), cast(Any, None), here.site, "open", lambda: now[0])
    await there.keys.fetch(f"{ANN}#main-key", NOW)
    now[0] += KNOWN_MS
    assert await there.keys.cached(f"{ANN}#main-key") is not None
    assert server.asked == [ANN]


async def test_the_key_of_who_is_gone_is_dead_for_a_day(far: tuple[Far, Fetcher]) -> None:
    server, fetcher = far
    server.answer = Gone("deleted")
    for after_ms, asked in ((0, 1), (KEY_PAUSE_MS, 1), (DAY_MS - 1, 1)):
        with pytest.raises(Gone):
            await fetcher.keys.fetch(f"{ANN}#main-key", NOW + after_ms)
        assert len(server.asked) == asked
    server.answer = document()
    await fetcher.keys.fetch(f"{ANN}#main-key", NOW + DAY_MS)
    assert len(server.asked) == 2
