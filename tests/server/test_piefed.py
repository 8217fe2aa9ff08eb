"""What PieFed sends of communities, property by property."""

from typing import Any

import pytest

from server.model import Account
from server.services import polls
from server.store import media
from server.store.db import Write
from tests.server.golden import recorded
from tests.server.squares import board, group_document, meet, of, thread, told
from tests.server.world import befriend, deliver, join, post, stranger

PIE = "https://pie.example"
BIRDS = f"{PIE}/c/birds"
WREN, JAY = f"{PIE}/u/wren", f"{PIE}/u/jay"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@pytest.fixture
def birds(tx: Write) -> Account:
    """A community that ann follows."""
    group = meet(tx, group_document(BIRDS))
    befriend(tx, join(tx, "ann"), group)
    for uri in (WREN, JAY):
        stranger(tx, uri)
    return group


def wrapped(inner: dict[str, Any]) -> dict[str, Any]:
    """PieFed's Announce, with what is inside as it was sent, context and all."""
    return {
        "id": f"{PIE}/activities/announce/{inner['type'].lower()}-{inner['id'][-6:]}",
        "type": "Announce",
        "actor": BIRDS,
        "to": [PUBLIC],
        "cc": [f"{BIRDS}/followers"],
        "@context": inner.get("@context"),
        "object": inner,
    }


def test_a_thread_that_a_community_announces(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    found = post(tx, f"{PIE}/post/12")
    assert (found.kind, found.title) == ("page", "Owl boxes")
    assert found.content == "<p>Three went up today.</p>"
    assert (found.visibility, found.language, found.tags) == ("public", "en", '["owls"]')
    assert found.community_id == birds.id
    assert (of(tx, found).link, of(tx, found).locked_ms) == ("", None)
    picture = media.of_posts(tx, [found.id])[found.id][0]
    assert (picture.kind, picture.alt) == ("image", "A wooden box in a beech")
    assert (picture.width, picture.height) == (800, 600)


def test_a_thread_without_comments_is_a_locked_one(tx: Write, birds: Account) -> None:
    made = recorded("piefed-create-page")
    made["object"]["commentsEnabled"] = False
    deliver(tx, wrapped(made))
    assert of(tx, post(tx, f"{PIE}/post/12")).locked_ms is not None


def test_a_poll_is_a_thread_with_answers(tx: Write, birds: Account) -> None:
    asked = recorded("piefed-question")
    made = recorded("piefed-create-page") | {"id": f"{PIE}/activities/create/q", "object": asked}
    deliver(tx, wrapped(made))
    found = post(tx, f"{PIE}/post/13")
    poll = polls.of(found)
    assert poll is not None and poll.multiple
    assert poll.options == (("Open", 4), ("Tunnel", 0))
    assert of(tx, found).community_id == birds.id


def test_a_thread_moves_between_communities_of_one_server(tx: Write, birds: Account) -> None:
    owls = meet(tx, group_document(f"{PIE}/c/owls"))
    deliver(tx, wrapped(recorded("piefed-create-page")))
    move = {
        "id": f"{PIE}/activities/move/m1",
        "type": "Move",
        "actor": JAY,
        "object": f"{PIE}/post/12",
        "origin": BIRDS,
        "target": owls.uri,
        "to": [PUBLIC],
        "cc": [BIRDS],
        "audience": BIRDS,
    }
    deliver(tx, wrapped(move))
    assert post(tx, f"{PIE}/post/12").community_id == owls.id


def test_a_comment_and_a_vote_on_a_board_of_ours(tx: Write, birds: Account) -> None:
    water = board(tx)
    befriend(tx, birds, water)
    ann = join(tx, "abe")
    asked = thread(tx, water, ann)
    reply = {
        "id": f"{PIE}/activities/create/c1",
        "type": "Create",
        "actor": WREN,
        "audience": water.uri,
        "to": [PUBLIC, ann.uri],
        "cc": [water.uri, f"{WREN}/followers"],
        "object": {
            "id": f"{PIE}/comment/1",
            "type": "Note",
            "attributedTo": WREN,
            "to": [PUBLIC, ann.uri],
            "cc": [water.uri, f"{WREN}/followers"],
            "audience": water.uri,
            "inReplyTo": asked.uri,
            "content": "<p>Oak.</p>",
            "mediaType": "text/html",
            "source": {"content": "Oak.", "mediaType": "text/markdown"},
            "published": "2026-05-01T08:30:00.000001+00:00",
            "distinguished": False,
            "tag": [{"type": "Mention", "href": ann.uri, "name": "@abe@here.test"}],
            "repliesEnabled": True,
            "updated": None,
        },
    }
    vote = {
        "id": f"{PIE}/activities/like/l1",
        "type": "Like",
        "actor": WREN,
        "object": asked.uri,
        "audience": water.uri,
    }
    for one in (reply, vote):
        deliver(tx, one)
    assert (of(tx, asked).comments, of(tx, asked).score) == (1, 1)
    assert told(tx, water) == [reply, vote]
