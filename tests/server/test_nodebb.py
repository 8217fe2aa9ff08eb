"""What NodeBB sends of categories, property by property."""

from typing import Any

import pytest

from server.model import Account
from server.store.db import Write
from tests.server.golden import recorded
from tests.server.squares import board, meet, of, thread, told
from tests.server.world import actor_document, befriend, deliver, join, post, stranger

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
    assert (found.community_id, found.boosts) == (category.id, 1)
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


def test_a_topic_that_leaves_its_category_stays_where_it_is_here(
    tx: Write, category: Account
) -> None:
    """NodeBB names the topic by its context, which is none that we know."""
    deliver(tx, announced(created(recorded("nodebb-article")), 1))
    for number, kind in enumerate(("Remove", "Move")):
        deed = {
            "id": f"{BB}/topic/9#activity/{kind}",
            "type": kind,
            "actor": LEE,
            "to": [PUBLIC],
            "cc": [],
            "object": f"{BB}/topic/9",
            "origin": CATEGORY,
            "target": f"{BB}/category/5",
        }
        deliver(tx, deed)
        deliver(tx, announced(deed, number))
    assert post(tx, f"{BB}/post/21").community_id == category.id


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
