"""What NodeBB sends of categories, property by property."""

from typing import Any

import msgspec
import pytest

from server.inbox import steward
from server.model import Account
from server.services import stewardship
from server.store import accounts as account_store
from server.store import forum as forum_rows
from server.store.db import Write
from tests.server.golden import recorded
from tests.server.squares import board, listens, meet, of, page, thread, told
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    actor_document,
    befriend,
    deliver,
    join,
    note,
    passed_on,
    post,
    stranger,
)

BB = "https://bb.example"
CATEGORY = f"{BB}/category/4"
KIM, LEE = f"{BB}/uid/8", f"{BB}/uid/9"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@pytest.fixture
def category(tx: Write) -> Account:
    """A category that ann follows: a Group without a list of who keeps it."""
    group = meet(tx, actor_document(CATEGORY, type="Group", name="Trees"))
    befriend(tx, join(tx, "ann"), group)
    for uri in (KIM, LEE):
        stranger(tx, uri)
    return group


def created(about: dict[str, Any]) -> dict[str, Any]:
    """NodeBB's Create; its id is a fragment."""
    return {
        "id": f"{about['id']}#activity/create/1777624200176",
        "type": "Create",
        "actor": about["attributedTo"],
        "to": about["to"],
        "cc": about["cc"],
        "object": {name: value for name, value in about.items() if name != "@context"},
    }


def announced(inner: Any, number: int = 0) -> dict[str, Any]:
    """NodeBB's Announce."""
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{BB}/post/21#activity/announce/cid/4/{number}",
        "type": "Announce",
        "actor": CATEGORY,
        "to": [f"{CATEGORY}/followers"],
        "cc": [PUBLIC],
        "object": inner,
    }


def test_the_two_announces_of_a_topic_make_one_thread(tx: Write, category: Account) -> None:
    article = recorded("nodebb-article")
    deliver(tx, announced(created(article), 1))
    deliver(tx, announced(article, 2), {article["id"]: article})
    found = post(tx, f"{BB}/post/21")
    assert (found.kind, found.title) == ("article", "Pruning")
    assert found.content == "<p>How to prune in a dry spring, tree by tree.</p>"
    assert found.lead == "<p>How to prune in a dry spring [...]</p>"
    assert (found.visibility, found.tags) == ("public", '["trees"]')
    assert (found.community_id, passed_on(tx, found)) == (category.id, 1)
    assert of(tx, found).community_id == category.id


def test_an_answer_to_a_topic_and_a_like_with_an_escaped_address(
    tx: Write, category: Account
) -> None:
    article = recorded("nodebb-article")
    deliver(tx, announced(created(article), 1))
    answer = {
        "id": f"{BB}/post/22",
        "type": "Note",
        "attributedTo": LEE,
        "to": [PUBLIC, KIM],
        "cc": [f"{LEE}/followers", CATEGORY],
        "inReplyTo": f"{BB}/post/21",
        "context": f"{BB}/topic/9",
        "audience": CATEGORY,
        "name": None,
        "summary": None,
        "content": "<p>Thanks</p>",
        "published": "2026-05-01T08:31:00.176Z",
        "tag": [],
        "attachment": [],
    }
    like = {
        "id": f"{BB}/uid/9#activity/like/https%3A%2F%2Fbb.example%2Fpost%2F21",
        "type": "Like",
        "actor": LEE,
        "to": [KIM],
        "object": f"{BB}/post/21",
    }
    deliver(tx, announced(created(answer), 2))
    deliver(tx, announced(like, 3))
    found = of(tx, post(tx, f"{BB}/post/21"))
    assert (found.comments, found.score) == (1, 1)
    delete = {
        "id": f"{BB}/post/22#activity/delete/1",
        "type": "Delete",
        "actor": LEE,
        "to": [PUBLIC],
        "cc": [],
        "object": f"{BB}/post/22",
        "origin": f"{BB}/topic/9",
    }
    deliver(tx, announced(delete, 4))
    assert post(tx, f"{BB}/post/22").deleted_ms is not None
    assert of(tx, post(tx, f"{BB}/post/21")).comments == 0


TOPIC = f"{BB}/topic/9"
OTHER = f"{BB}/category/5"


def topic(tx: Write) -> None:
    """A topic of the category, with an answer."""
    article = recorded("nodebb-article")
    assert article["context"] == TOPIC
    deliver(tx, announced(created(article), 1))
    answer = note(f"{BB}/post/22", LEE, inReplyTo=article["id"], audience=CATEGORY, context=TOPIC)
    deliver(tx, announced(created(answer), 2))


def ordered(kind: str, by: str = LEE, about: str = TOPIC, **more: Any) -> dict[str, Any]:
    """What NodeBB sends of a topic, in the name of who did it and to the category's followers."""
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{about}#activity/{kind.lower()}/1777624200176",
        "type": kind,
        "actor": by,
        "to": [PUBLIC],
        "cc": [f"{CATEGORY}/followers"],
        "object": about,
        **more,
    }


def where(tx: Write) -> tuple[int | None, int | None]:
    """In which communities the topic and its answer stand."""
    return (
        post(tx, f"{BB}/post/21").community_id,
        post(tx, f"{BB}/post/22").community_id,
    )


def test_a_topic_that_is_moved_by_its_context_goes_with_its_answers(
    tx: Write, category: Account
) -> None:
    topic(tx)
    other = actor_document(OTHER, type="Group", name="Shrubs")
    deliver(tx, ordered("Move", origin=CATEGORY, target=OTHER), {OTHER: other})
    there = account_store.by_uri(tx, OTHER)
    assert there is not None and where(tx) == (there.id, there.id)
    assert of(tx, post(tx, f"{BB}/post/21")).community_id == there.id


def test_a_topic_that_is_removed_by_its_context_stands_in_no_category(
    tx: Write, category: Account
) -> None:
    topic(tx)
    deliver(tx, ordered("Remove", target=CATEGORY))
    assert where(tx) == (None, None)
    assert forum_rows.by_id(tx, post(tx, f"{BB}/post/21").id) is None
    assert post(tx, f"{BB}/post/21").deleted_ms is None


def test_a_category_that_deletes_a_context_shows_its_topic_no_more(
    tx: Write, category: Account
) -> None:
    topic(tx)
    deliver(tx, ordered("Delete", by=CATEGORY))
    assert where(tx) == (None, None)


def test_a_topic_that_somebody_of_another_server_began_is_found_in_the_context(
    tx: Write, category: Account
) -> None:
    """Whoever began it names a context of their own; NodeBB's lists it first."""
    eve = stranger(tx, EVE)
    about = page(f"{EVE}/1", eve.uri, CATEGORY)
    deliver(tx, announced(about["id"], 3), {about["id"]: about})
    begun = post(tx, about["id"])
    assert begun.community_id == category.id
    listed = {"id": TOPIC, "type": "OrderedCollection", "orderedItems": [about["id"]]}
    deliver(tx, ordered("Remove", target=CATEGORY), {TOPIC: listed})
    assert post(tx, about["id"]).community_id is None


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("Move", {"by": EVE}),
        ("Remove", {"by": EVE}),
        ("Delete", {"by": EVE}),
        ("Delete", {"by": LEE}),
        ("Move", {"target": "https://other.test/c/market"}),
        ("Move", {"target": LEE}),
        ("Move", {"origin": OTHER}),
        ("Remove", {"target": OTHER}),
        ("Remove", {"about": f"{BB}/topic/10"}),
        ("Remove", {"about": "https://far.test/topic/9"}),
    ],
)
def test_nobody_else_moves_or_removes_a_topic(
    tx: Write, category: Account, kind: str, changed: dict[str, str]
) -> None:
    topic(tx)
    stranger(tx, EVE)
    meet(tx, actor_document(OTHER, type="Group", name="Shrubs"))
    meet(tx, actor_document("https://other.test/c/market", type="Group"))
    aims = {"Move": {"origin": CATEGORY, "target": OTHER}, "Remove": {"target": CATEGORY}}
    nothing = {f"{BB}/topic/10": None, f"{BB}/topic/9": None}
    deliver(tx, ordered(kind, **{**aims.get(kind, {}), **changed}), nothing)
    assert where(tx) == (category.id, category.id)


def test_a_topic_of_a_stranger_that_claims_the_context_of_another_moves_nothing_of_ours(
    tx: Write, category: Account
) -> None:
    """Who names the context of ours, or of another category, gets no thread of it moved."""
    topic(tx)
    ours = thread(tx, board(tx), join(tx, "abe"))
    context = f"https://here.test/contexts/{ours.id}"
    deliver(tx, ordered("Remove", about=context, target=CATEGORY))
    deliver(tx, ordered("Move", about=context, origin=CATEGORY, target=CATEGORY))
    assert of(tx, ours).community_id == ours.community_id


def test_a_topic_written_for_a_board_of_ours(tx: Write, category: Account) -> None:
    """It mentions the board, and stands in a category of its own server at the same time."""
    water = board(tx)
    befriend(tx, category, water)
    article = recorded("nodebb-article") | {"audience": water.uri}
    sent = created(article | {"to": [PUBLIC, water.uri]})
    deliver(tx, sent)
    assert post(tx, f"{BB}/post/21").community_id == water.id
    assert told(tx, water)[0] == sent


def test_an_answer_of_nodebb_in_a_board_of_ours(tx: Write, category: Account) -> None:
    ann = join(tx, "abe")
    asked = thread(tx, board(tx), ann)
    answer = {
        "id": f"{BB}/post/30",
        "type": "Note",
        "attributedTo": KIM,
        "to": [PUBLIC, ann.uri],
        "cc": [f"{KIM}/followers"],
        "inReplyTo": asked.uri,
        "context": f"https://here.test/contexts/{asked.id}",
        "content": "<p>Here too</p>",
        "published": "2026-05-01T08:31:00.176Z",
        "tag": [{"type": "Mention", "href": ann.uri, "name": "@abe@here.test"}],
    }
    deliver(tx, created(answer))
    assert of(tx, asked).comments == 1


# --- what NodeBB hears of our boards


def to_nodebb(tx: Write) -> list[dict[str, Any]]:
    """What goes to NodeBB's server, in order."""
    rows = tx.all(
        """
        SELECT o.body FROM delivery d JOIN outbox o ON o.id = d.outbox_id
        JOIN peer p ON p.id = d.peer_id WHERE p.host = 'bb.example' ORDER BY o.id
        """
    )
    return [msgspec.json.decode(row["body"]) for row in rows]


def test_nodebb_hears_of_a_move_by_the_context_from_the_board_itself(tx: Write) -> None:
    """`inbox.move` of NodeBB: `object` is the context, not announced; `origin`, `target` and the
    actor are of one server. What is announced it reads in `inbox.announce`, which knows no Move."""
    ann = join(tx, "ann")
    water, fire = board(tx, moderator_ids=(ann.id,)), board(tx, "fire", moderator_ids=(ann.id,))
    befriend(tx, stranger(tx, LEE), water)
    listens(tx, EVE, water)
    asked = thread(tx, water, ann)
    stewardship.move(tx, SITE, ann, asked.id, fire.id, NOW)
    (move,) = [one for one in to_nodebb(tx) if one["type"] == "Move"]
    assert move.pop("id").startswith("https://here.test/")
    assert move.pop("@context")
    assert move == {
        "type": "Move",
        "actor": water.uri,
        "object": f"https://here.test/contexts/{asked.id}",
        "origin": water.uri,
        "target": fire.uri,
        "to": [PUBLIC],
        "cc": [water.uri],
        "audience": water.uri,
    }
    (told_to_all,) = [one for one in told(tx, water) if one["type"] == "Move"]
    assert (told_to_all["object"], told_to_all["actor"]) == (asked.uri, ann.uri)
    hosts_told = tx.all(
        """
        SELECT p.host FROM delivery d JOIN outbox o ON o.id = d.outbox_id
        JOIN peer p ON p.id = d.peer_id
        WHERE o.sender_id = :id AND p.host <> 'bb.example'
        """,
        id=water.id,
    )
    assert len(hosts_told) == 1  # what is announced


def test_nodebb_hears_of_the_move_of_a_topic_of_its_own_by_its_own_context(tx: Write) -> None:
    keeper = stranger(tx, f"{BB}/uid/1")
    water = board(tx, moderator_ids=(keeper.id,))
    fire = board(tx, "fire", moderator_ids=(keeper.id,))
    befriend(tx, stranger(tx, LEE), water)
    for id, more in ((f"{BB}/post/40", {"context": f"{BB}/topic/7"}), (f"{BB}/post/41", {})):
        stranger(tx, KIM)
        deliver(tx, created(page(id, KIM, water.uri, **more)))
        move = {"type": "Move", "actor": keeper.uri, "object": id, "id": f"{id}/move"}
        deliver(tx, {**move, "origin": water.uri, "target": fire.uri, "to": [PUBLIC]})
        assert post(tx, id).community_id == fire.id
    moves = [one for one in to_nodebb(tx) if one["type"] == "Move"]
    assert [one["object"] for one in moves] == [f"{BB}/topic/7"]


def test_who_moves_threads_without_end_moves_none_any_more(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steward, "MOST_MOVES_AN_HOUR", 2)
    keeper, ann = stranger(tx, LEE), join(tx, "ann")
    water = board(tx, moderator_ids=(keeper.id,))
    fire = board(tx, "fire", moderator_ids=(keeper.id,))
    listens(tx, EVE, water)
    asked = thread(tx, water, ann)
    for nth in range(10):
        way = (water, fire) if of(tx, asked).community_id == water.id else (fire, water)
        move = ordered("Move", about=asked.uri, origin=way[0].uri, target=way[1].uri)
        deliver(tx, move | {"id": f"{LEE}/moves/{nth}"})
    assert len([one for one in told(tx, water) if one["type"] == "Move"]) == 4
    assert of(tx, asked).community_id == water.id
