"""Boards of two cities are joined on a page: proposed, accepted, ended, and shown to everybody."""

from typing import Any

import pytest

from server.services import follows, joint_boards
from server.store import accounts
from server.store import follows as store
from tests.server.world import CARL, GROUP, befriend, stranger
from tests.web.boards import board, logged

OWN = "/c/garden/joined"


async def meet(city: Any) -> tuple[Any, Any, Any]:
    """Sol keeps the board; a market of another city is known."""
    sol = await city.join("sol")
    garden = await board(city, "garden", sol)
    group = await city.db.write(
        lambda tx: stranger(tx, GROUP, type="Group", name="Market", url=f"{GROUP}/page")
    )
    return sol, garden, group


async def halves(city: Any, garden: Any, group: Any) -> tuple[str, str]:
    """The state of our follow and of theirs; "" for none."""
    found = [
        await city.db.read(store.one, *pair)
        for pair in ((garden.id, group.id), (group.id, garden.id))
    ]
    return tuple(row["state"] if row else "" for row in found)


async def test_a_joining_is_proposed_by_address_and_shown_once_it_is_accepted(
    any_city: Any,
) -> None:
    city = any_city
    sol, garden, group = await meet(city)
    page = await sol.get("/c/garden/settings")
    assert page.main.link("Joined") == OWN
    assert await sol.post(OWN, board=" !market@other.test") == OWN
    assert "Waiting for their answer." in (await sol.get(OWN)).main.words
    visitor = await city.visitor()
    assert "Market" not in (await visitor.get("/@garden")).main.words
    await city.db.write(follows.begin, garden, group, 1)
    assert "ours do not go there yet" in (await sol.get(OWN)).main.words
    page = await visitor.get("/@garden")
    assert page.main.link("Market") == "/@market@other.test"
    assert "what begins there comes here too" in page.main.words
    assert await logged(city, garden) == [("join", "")]
    assert "Market" in (await visitor.get("/c/garden/log")).main.words


async def test_who_asks_is_accepted_and_the_joining_ends_on_both_sides(city: Any) -> None:
    sol, garden, group = await meet(city)
    await city.db.write(befriend, group, garden)
    assert "They ask to be joined" in (await sol.get(OWN)).main.words
    await sol.post(f"{OWN}/{group.id}/accept")
    await city.db.write(follows.begin, garden, group, 1)
    assert "Joined: each passes on" in (await sol.get(OWN)).main.words
    assert await halves(city, garden, group) == ("accepted", "accepted")
    await sol.post(f"{OWN}/{group.id}/end")
    assert await halves(city, garden, group) == ("", "")
    await sol.post(f"{OWN}/{group.id}/end")
    assert [action for action, _ in await logged(city, garden)] == ["join", "part"]
    assert "not joined with any other yet" in (await sol.get(OWN)).main.words


async def test_who_asks_can_be_refused(city: Any) -> None:
    sol, garden, group = await meet(city)
    await city.db.write(befriend, group, garden)
    await sol.post(f"{OWN}/{group.id}/end")
    assert await halves(city, garden, group) == ("", "")


@pytest.mark.parametrize("typed", ["", "nonsense", "@carl@other.test", "@garden", "@sol", CARL])
async def test_what_is_no_board_elsewhere_is_refused_in_words(city: Any, typed: str) -> None:
    sol, garden, _ = await meet(city)
    await city.db.write(stranger, CARL)
    text = await sol.post(OWN, 422, board=typed)
    assert "No board was found there." in text or "communities of other servers only" in text
    assert await logged(city, garden) == []


async def test_nobody_else_sees_the_page_or_joins_anything(city: Any) -> None:
    sol, garden, group = await meet(city)
    eve = await city.join("eve")
    await eve.get(OWN, 404)
    await eve.post(OWN, 404, board="@market@other.test")
    for deed in ("accept", "end"):
        await eve.post(f"{OWN}/{group.id}/{deed}", 404)
    await sol.post(f"{OWN}/{group.id}/sell", 404)
    await sol.post(f"{OWN}/{garden.id}/accept", 422)
    await board(city, "maple", sol, kind="neighbourhood")
    await sol.get("/c/maple/joined", 404)
    visitor = await city.visitor()
    await visitor.get(OWN)
    assert visitor.url.startswith("/sign-in")
    async with sol.client.post(OWN, data={"board": "@market@other.test"}) as answer:
        assert answer.status == 403
    assert await halves(city, garden, group) == ("", "")


async def test_a_board_is_joined_with_a_few(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sol, garden, group = await meet(city)
    monkeypatch.setattr(joint_boards, "MAX_JOINED", 1)
    other = await city.db.write(lambda tx: stranger(tx, f"{GROUP}-2", type="Group"))
    await sol.post(OWN, board="@market@other.test")
    await sol.post(OWN, board="@market@other.test")
    assert "at most 1 others" in await sol.post(f"{OWN}/{other.id}/accept", 422)
    assert await logged(city, garden) == [("join", "")]


async def test_a_group_that_ends_is_joined_no_more(city: Any) -> None:
    sol, garden, group = await meet(city)
    await sol.post(OWN, board="@market@other.test")
    await city.db.write(follows.begin, garden, group, 1)
    await city.db.write(accounts.set_columns, group.id, state="deleted")
    assert "not joined with any other yet" in (await sol.get(OWN)).main.words
    assert "Market" not in (await (await city.visitor()).get("/@garden")).main.words
