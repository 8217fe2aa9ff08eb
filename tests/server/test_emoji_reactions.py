"""Reactions with emoji: counted beneath a post, once each, bounded, and taken back."""

import itertools
import json
from typing import Any

import pytest

from federation.errors import FederationError
from server.inbox import emoji as handler
from server.model import Post
from server.services import follows as follow_service
from server.services import posts, strangers
from server.store.db import Read, Write
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    act,
    deliver,
    number,
    ours,
    post,
    who,
)

BLOB = [
    {"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": "https://far.test/b.png"}}
]


NUMBERS = itertools.count(1)


def react(tx: Write, emoji: str, *, by: str = EVE, kind: str = "EmojiReact", **more: Any) -> str:
    """A reaction to ann's public post; its id."""
    id = f"{by}/reactions/{next(NUMBERS)}"
    deliver(tx, act(kind, by, ours(tx).uri, id=id, content=emoji, **more))
    return id


def shown(db: Read) -> list[list[Any]]:
    said = post(db, ours(db).uri).reactions
    return list(json.loads(said)) if said else []


def notices(db: Read) -> int:
    return number(db, "SELECT count(*) FROM notification WHERE kind = 'favourite'")


def test_akkoma_and_snac_react_with_several_and_are_told_once(world: Write) -> None:
    react(world, "🧡")
    react(world, "🧡")
    react(world, "🎉", by=CARL)
    react(world, "🧡", by=CARL)
    react(world, ":blob:", tag=BLOB)
    assert shown(world)[0] == ["🧡", "", 2]
    once = [["🎉", "", 1], [":blob:", "https://far.test/b.png", 1]]
    assert sorted(shown(world)[1:]) == sorted(once)
    assert post(world, ours(world).uri).likes == 0
    assert notices(world) == 2


def test_a_like_of_misskey_with_an_emoji_is_a_like_and_a_reaction(world: Write) -> None:
    react(world, "👍", kind="Like", _misskey_reaction="👍")
    found = post(world, ours(world).uri)
    assert (found.likes, shown(world)) == (1, [["👍", "", 1]])
    assert notices(world) == 1


def test_the_heart_that_misskey_puts_into_every_like_is_a_like_alone(world: Write) -> None:
    react(world, "❤", kind="Like")
    assert (post(world, ours(world).uri).likes, shown(world)) == (1, [])


@pytest.mark.parametrize("by_id", [True, False])
def test_what_is_taken_back_counts_no_more(world: Write, by_id: bool) -> None:
    react(world, "🎉", by=CARL)
    id = react(world, "🎉")
    inner = act("EmojiReact", EVE, ours(world).uri, id=f"{EVE}/forgotten", content="🎉")
    deliver(world, act("Undo", EVE, id if by_id else inner))
    assert shown(world) == [["🎉", "", 1]]
    assert notices(world) == 1


def test_an_undo_of_misskeys_like_takes_both_back(world: Write) -> None:
    id = react(world, "👍", kind="Like")
    deliver(world, act("Undo", EVE, act("Like", EVE, ours(world).uri, id=id, content="👍")))
    found = post(world, ours(world).uri)
    assert (found.likes, shown(world), notices(world)) == (0, [], 0)


def test_nobody_takes_back_what_others_did(world: Write) -> None:
    id = react(world, "🎉")
    for by, what in (
        (MALLORY, id),
        (MALLORY, act("EmojiReact", EVE, ours(world).uri, id=id, content="🎉")),
        (CARL, act("EmojiReact", CARL, ours(world).uri, id=f"{CARL}/x", content="🎉")),
    ):
        try:
            with world.savepoint():
                deliver(world, act("Undo", by, what, id=f"{by}/undo/{json.dumps(what)[:40]}"))
        except FederationError:
            pass
    assert shown(world) == [["🎉", "", 1]]


def test_one_person_has_five_and_a_post_fifty(
    world: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for emoji in "🎉🧡👍🌊🍎🍏🌙":
        react(world, emoji)
    assert len(shown(world)) == handler.MAX_OF_ONE
    monkeypatch.setattr(handler, "MAX_KINDS", 6)
    for emoji in "🍏🌙🎉":
        react(world, emoji, by=CARL)
    kinds = {row[0]: row[2] for row in shown(world)}
    assert kinds == {"🎉": 2, "🧡": 1, "👍": 1, "🌊": 1, "🍎": 1, "🍏": 1}


def test_words_private_posts_and_the_blocked_do_not_react(world: Write) -> None:
    react(world, "buy this")
    deliver(world, act("EmojiReact", EVE, ours(world, "private").uri, content="🎉"))
    follow_service.block(world, SITE, who(world, "ann"), who(world, MALLORY).id, NOW)
    react(world, "🎉", by=MALLORY)
    assert number(world, "SELECT count(*) FROM emoji_reaction") == 0


def test_who_is_gone_has_reacted_to_nothing(world: Write) -> None:
    react(world, "🎉")
    react(world, "🎉", by=CARL)
    strangers.end_actor(world, who(world, EVE), NOW)
    assert shown(world) == [["🎉", "", 1]]


def test_a_deleted_post_keeps_no_reactions(world: Write) -> None:
    react(world, "🎉")
    mine: Post = ours(world)
    posts.delete(world, SITE, who(world, "ann"), mine.id, NOW)
    assert number(world, "SELECT count(*) FROM emoji_reaction") == 0


def test_a_picture_with_an_endless_address_makes_no_row_larger(world: Write) -> None:
    far = f"https://far.test/{'b' * handler.MAX_URL}.png"
    react(world, ":blob:", tag=[{**BLOB[0], "icon": {"type": "Image", "url": far}}])
    assert shown(world) == []


def counted(db: Read) -> list[tuple[Any, ...]]:
    """What the counts of all posts say."""
    found = db.all("SELECT post_id, emoji, url, times FROM emoji_count ORDER BY 1, 2, 3")
    return [(row["post_id"], row["emoji"], row["url"], row["times"]) for row in found]


def test_the_counts_are_those_of_the_reactions_whatever_comes_twice_or_is_taken_back(
    world: Write,
) -> None:
    ids = [react(world, emoji, by=by) for by in (EVE, CARL, MALLORY) for emoji in "🎉🧡👍"]
    react(world, "🎉")
    react(world, ":blob:", tag=BLOB)
    react(world, ":blob:", by=CARL)
    for id in (ids[0], ids[0], ids[4]):
        deliver(world, act("Undo", id.split("/reactions/")[0], id, id=f"{id}/undo/{next(NUMBERS)}"))
    strangers.end_actor(world, who(world, MALLORY), NOW)
    truth = world.all(
        """
        SELECT post_id, emoji, url, count(*) AS times FROM emoji_reaction
        GROUP BY post_id, emoji, url ORDER BY 1, 2, 3
        """
    )
    assert counted(world) == [
        (row["post_id"], row["emoji"], row["url"], row["times"]) for row in truth
    ]
    assert sorted(row[2] for row in shown(world)) == sorted(row["times"] for row in truth)


def test_a_reaction_counts_nothing_but_itself(world: Write) -> None:
    """Whoever counted all reactions of a post anew for each one would find three."""
    for by in (EVE, CARL):
        react(world, "🎉", by=by)
    world.run("UPDATE emoji_count SET times = 1000 WHERE emoji = '🎉'")
    react(world, "🎉", by=MALLORY)
    assert shown(world) == [["🎉", "", 1001]]
