"""Opening the page of a stranger's thread begins to look for what did not reach us."""

from typing import Any

import pytest

from server.model import Post
from server.replies import Refreshes
from tests.server.world import EVE, NOTE, act, befriend, deliver, note, post, stranger
from tests.web.city import City


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """For which posts a look was asked, and whether for a visitor."""
    asked: list[tuple[int, bool]] = []

    def begin(self: Refreshes, post: Post, *, visited: bool = False) -> None:
        asked.append((post.id, visited))

    monkeypatch.setattr(Refreshes, "begin", begin)
    return asked


async def strange_note(city: City, follower: Any) -> Post:
    """A note by eve, of another server."""

    def met(tx: Any) -> Post:
        befriend(tx, follower.account, stranger(tx, EVE))
        deliver(tx, act("Create", EVE, note(NOTE, EVE), id=f"{NOTE}/create"))
        return post(tx, NOTE)

    return await city.db.write(met)


async def test_a_thread_is_looked_through_for_members_and_visitors_who_open_it(
    city: City, begun: list[tuple[int, bool]]
) -> None:
    mina = await city.join("mina")
    strange = await strange_note(city, mina)
    address = f"/@eve@far.test/{strange.id}"
    await mina.get(address)
    assert begun == [(strange.id, False)]
    visitor = await city.visitor()
    await visitor.get(address)
    assert begun[1:] == [(strange.id, True)]


async def test_what_a_browser_fetches_ahead_or_may_not_read_begins_nothing(
    city: City, begun: list[tuple[int, bool]]
) -> None:
    mina = await city.join("mina")
    strange = await strange_note(city, mina)
    mina.headers = {**mina.headers, "Sec-Purpose": "prefetch"}
    await mina.get(f"/@eve@far.test/{strange.id}")
    visitor = await city.visitor()
    await visitor.get("/@eve@far.test/12345", 404)
    assert begun == []
