"""Boards of live instances and groups of scripted servers: what comes in, and where it goes."""

from typing import Any

import pytest

from federation import build
from federation.vocab import PUBLIC
from server import keyring
from server.model import Account
from server.outbox import publish
from server.services import communities, follows, joint_boards, proofs
from server.services.communities import NewCommunity
from server.store import communities as store
from server.store import forum
from server.store.db import Write
from tests.together.conftest import NewPeer
from tests.together.peer import Peer, Somebody
from tests.village import SPARE_KEYS, City, Village, eventually
from web.keys import NOW, SITE, VAULT


async def board(city: City, name: str, **more: Any) -> Account:
    """Make a board."""
    rsa, vault = next(SPARE_KEYS), city.app[VAULT]
    keys = keyring.Keys((vault.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(vault))
    new = NewCommunity(name=name, title=name.title(), kind="board", keys=keys, **more)
    return await city.db.write(communities.create, city.app[SITE], new, city.app[NOW]())


def lemmy(far: Peer, closed: bool = False) -> Somebody:
    """A group as Lemmy has it, with its collections."""
    moderators = f"{far.origin}/users/gardens/moderators"
    return far.person("gardens", "Group", attributedTo=moderators, postingRestrictedToMods=closed)


def listed(far: Peer, uri: str, items: list[Any]) -> None:
    """Serve a collection."""
    far.serve({"id": uri, "type": "OrderedCollection", "orderedItems": items})


def page(far: Peer, author: Somebody, group: str, **more: Any) -> dict[str, Any]:
    """A thread, served too."""
    audience = {"to": [group, PUBLIC], "cc": [], "audience": group}
    return far.note(
        author, "<p>Body</p>", **{"type": "Page", "name": "A thread", **audience, **more}
    )


async def placed(city: City, uri: str) -> tuple[str, int] | None:
    """(group, comments) of the thread that begins with this post."""
    rows = await city.rows(
        """
        SELECT a.name, t.comments FROM forum_thread t JOIN post p ON p.id = t.post_id
        JOIN account a ON a.id = t.community_id WHERE p.uri = :uri AND p.community_id = a.id
        """,
        uri=uri,
    )
    return (rows[0]["name"], rows[0]["comments"]) if rows else None


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
async def test_who_follows_a_group_finds_its_threads_its_pins_and_who_keeps_it(
    village: Village, peer: NewPeer, closed: bool
) -> None:
    far, alpha = await peer(), await village("alpha.test")
    await alpha.join("ann")
    group, bo = lemmy(far, closed), far.person("bo")
    threads = [page(far, bo, group.uri, name=f"Thread {n}") for n in range(3)]
    outbox = [far.does("Announce", group, far.creates(bo, one)) for one in reversed(threads)]
    listed(far, f"{group.uri}/moderators", [bo.uri, f"{far.origin}/users/nobody"])
    listed(far, f"{group.uri}/featured", [threads[0]])
    listed(far, f"{group.uri}/outbox", outbox)
    await alpha.follow("ann", "@gardens@far.test")
    await village.settle()
    await far.accepts(alpha, group)
    await village.settle()
    assert [post.uri for post in await alpha.home("ann")] == [
        one["id"] for one in reversed(threads)
    ]
    known = await alpha.knows("@gardens@far.test")
    assert [one.name for one in await alpha.db.read(store.moderators, known.id)] == ["bo"]
    first = await alpha.post_at(threads[0]["id"])
    assert first is not None
    assert await alpha.db.read(forum.pinned, known.id, 5) == [first.id]
    for one in threads:
        assert await placed(alpha, one["id"]) == ("gardens", 0)


async def test_a_group_tells_what_happens_until_the_thread_is_gone(
    village: Village, peer: NewPeer
) -> None:
    far, other, alpha = await peer(), await peer("other.test"), await village("alpha.test")
    await alpha.join("ann")
    group, bo, cy = lemmy(far), far.person("bo"), other.person("cy")
    listed(far, f"{group.uri}/moderators", [cy.uri])
    await alpha.follow("ann", "@gardens@far.test")
    await village.settle()
    await far.accepts(alpha, group)
    await village.settle()

    async def tells(inner: dict[str, Any]) -> None:
        assert await far.send(alpha, group, far.does("Announce", group, inner)) == 202
        await village.settle()

    thread = page(far, bo, group.uri)
    answer = other.note(cy, "<p>Yes</p>", inReplyTo=thread["id"], audience=group.uri)
    await tells(far.creates(bo, thread))
    await tells(other.creates(cy, answer))
    await tells(other.does("Dislike", cy, thread["id"], audience=group.uri))
    await tells(other.does("Lock", cy, thread["id"], audience=group.uri))
    assert await placed(alpha, thread["id"]) == ("gardens", 1)
    (row,) = await alpha.rows("SELECT score, locked_ms FROM forum_thread")
    assert row["score"] == -1 and row["locked_ms"]

    delete = other.does("Delete", cy, answer["id"], audience=group.uri)
    await tells(delete)  # it is still there
    assert await placed(alpha, thread["id"]) == ("gardens", 1)
    other.withdraw(answer)
    await tells(delete)
    assert await placed(alpha, thread["id"]) == ("gardens", 0)
    assert await alpha.post_at(answer["id"]) is None


async def test_a_board_takes_a_thread_from_one_city_and_tells_another(village: Village) -> None:
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    await beta.join("bob")
    await gamma.join("cho")
    await board(alpha, "water")
    await gamma.follow("cho", "@water@alpha.test")
    await village.settle()
    asked = await beta.write("bob", "@water@alpha.test 물은 언제 나오나요?")
    await village.settle()
    assert await placed(alpha, asked.uri) == ("water", 0)
    assert await placed(gamma, asked.uri) == ("water", 0)
    assert [post.uri for post in await gamma.home("cho")] == [asked.uri]
    seen = await gamma.post_at(asked.uri)
    assert seen is not None
    await gamma.write("cho", "@water@alpha.test 내일이요", reply_to_id=seen.id)
    await village.settle()
    assert await placed(alpha, asked.uri) == ("water", 1)
    for city in (alpha, beta, gamma):
        assert await city.count("post") == 2
        assert await city.rows("SELECT 1 FROM job WHERE state = 'parked'") == []
    await beta.edit("bob", asked, "@water@alpha.test 물은 언제 다시 나오나요?")

    async def edited() -> bool:
        there = await gamma.post_at(asked.uri)
        return there is not None and "다시" in there.content

    await eventually(edited)


def _sends_unseen(
    tx: Write, city: City, author: Account, board: Account, *, proven: bool
) -> dict[str, Any]:
    """A Create of something that nobody can read at its own address."""
    note = {
        **{"id": f"{city.origin}/objects/1", "type": "Note", "attributedTo": author.uri},
        **{"to": [PUBLIC], "cc": [board.uri], "audience": board.uri, "content": "<p>Hello</p>"},
        **{"published": "2026-11-01T10:00:00Z", "tag": [], "attachment": []},
    }
    site, now_ms = city.app[SITE], city.app[NOW]()
    activity = build.create(note)
    if proven:
        activity = proofs.proven(tx, site, author, activity, now_ms)
    publish(tx, author, activity, now_ms, to=[board])
    return note


async def test_what_is_proven_is_believed_without_being_read_again(village: Village) -> None:
    for proven in (True, False):
        names = [f"{name}{int(proven)}.test" for name in ("alpha", "beta", "gamma")]
        alpha, beta, gamma = [await village(name) for name in names]
        await beta.join("bob")
        await gamma.join("cho")
        await board(alpha, "water")
        await gamma.follow("cho", f"@water@{alpha.name}")
        water = await beta.knows(f"@water@{alpha.name}")
        await village.settle()
        bob = await beta.me("bob")
        note = await beta.db.write(lambda tx: _sends_unseen(tx, beta, bob, water, proven=proven))  # noqa: B023
        beta.wake()
        await eventually(lambda: alpha.post_at(note["id"]))  # noqa: B023
        await village.settle()
        found = await gamma.post_at(note["id"])
        assert (found is not None) == proven
        if found is not None:
            assert await placed(gamma, note["id"]) == ("water", 0)


async def test_two_boards_that_follow_each_other_have_everything_once(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, beta, gamma = [await village(f"{name}.test") for name in ("alpha", "beta", "gamma")]
    for city, name in ((alpha, "ann"), (beta, "bob"), (gamma, "cho")):
        await city.join(name)
    water = await board(alpha, "water", moderator_ids=((await alpha.me("ann")).id,))
    fire = await board(beta, "fire", moderator_ids=((await beta.me("bob")).id,))
    there, here = await alpha.knows("@fire@beta.test"), await beta.knows("@water@alpha.test")
    await alpha.do(joint_boards.follow, await alpha.me("ann"), water.id, there.id)
    await beta.do(joint_boards.follow, await beta.me("bob"), fire.id, here.id)
    await gamma.follow("cho", "@fire@beta.test")
    await village.settle()

    eve = far.person("eve")
    about = page(far, eve, water.uri)
    assert await far.send(alpha, eve, far.creates(eve, about)) == 202
    await village.settle()
    for city in (alpha, beta):
        assert await placed(city, about["id"]) == ("water", 0)
        rows = await city.rows(
            "SELECT a.name FROM boost b JOIN account a ON a.id = b.account_id ORDER BY a.name"
        )
        assert [row["name"] for row in rows] == ["fire", "water"]
        assert await city.count("post") == 1
    assert [post.uri for post in await gamma.home("cho")] == [about["id"]]

    answer = far.note(eve, "<p>And?</p>", inReplyTo=about["id"], to=[PUBLIC], cc=[water.uri])
    assert await far.send(alpha, eve, far.creates(eve, answer)) == 202
    await village.settle()
    for city in (alpha, beta):
        assert await placed(city, about["id"]) == ("water", 1)
        assert await city.count("post") == 2
        assert await city.rows("SELECT 1 FROM job WHERE state = 'parked'") == []


async def test_a_board_can_be_left_by_a_board(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await beta.join("bob")
    await board(alpha, "water")
    fire = await board(beta, "fire", moderator_ids=((await beta.me("bob")).id,))
    here = await beta.knows("@water@alpha.test")
    await beta.do(joint_boards.follow, await beta.me("bob"), fire.id, here.id)
    await village.settle()
    known = await beta.db.read(follows.relationship, fire.id, here.id)
    assert known.following and not known.requested
    await beta.do(joint_boards.end, await beta.me("bob"), fire.id, here.id)
    await village.settle()
    assert await alpha.count("follow") == await beta.count("follow") == 0
