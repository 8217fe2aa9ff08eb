"""What Lemmy 0.19 and 1.0 send of communities, property by property."""

from typing import Any

import pytest

from server.model import REMOVED, Account
from server.services import communities
from server.store import accounts as account_store
from server.store import communities as store
from server.store import media
from server.store.db import Write
from tests.server.golden import recorded
from tests.server.squares import board, logged, meet, of, thread, told
from tests.server.world import (
    KEYS,
    NOW,
    SITE,
    befriend,
    deliver,
    join,
    miscounted,
    passed_on,
    post,
    stranger,
)

LEMMY = "https://lemmy.example"
GARDENS = f"{LEMMY}/c/gardens"
ROWAN, SAGE = f"{LEMMY}/u/rowan", f"{LEMMY}/u/sage"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://join-lemmy.org/context.json", "https://www.w3.org/ns/activitystreams"]


@pytest.fixture
def gardens(tx: Write) -> Account:
    """The recorded community, which ann follows."""
    group = meet(tx, recorded("lemmy-group"))
    befriend(tx, join(tx, "ann"), group)
    for uri in (ROWAN, SAGE):
        stranger(tx, uri)
    return group


def wrapped(inner: dict[str, Any]) -> dict[str, Any]:
    """Lemmy's Announce: what is inside has no context of its own."""
    return {
        "@context": CONTEXT,
        "actor": GARDENS,
        "to": [PUBLIC],
        "object": {name: value for name, value in inner.items() if name != "@context"},
        "cc": [f"{GARDENS}/followers"],
        "type": "Announce",
        "id": f"{LEMMY}/activities/announce/{inner['type'].lower()}/{inner['id'][-12:]}",
    }


def ordered(kind: str, about: Any, community: str, **more: Any) -> dict[str, Any]:
    """What a moderator does, as Lemmy writes it."""
    number = len(more) + len(str(about))
    return {
        "@context": CONTEXT,
        "id": f"{LEMMY}/activities/{kind.lower()}/cb48761d-{number}",
        "actor": SAGE,
        "to": [PUBLIC],
        "object": about,
        "cc": [community],
        "type": kind,
        "audience": community,
        **more,
    }


def test_a_community_is_known_by_everything_that_it_says_of_itself(
    tx: Write, gardens: Account
) -> None:
    assert (gardens.name, gardens.domain, gardens.kind) == ("gardens", "lemmy.example", "Group")
    assert gardens.display_name == "Gardens"
    assert gardens.bio.strip() == "<p>Everything that grows.</p>"
    assert gardens.moderators_uri == f"{GARDENS}/moderators"
    assert gardens.featured_uri == f"{GARDENS}/featured"
    assert (gardens.outbox, gardens.inbox) == (f"{GARDENS}/outbox", f"{GARDENS}/inbox")
    assert (gardens.closed, gardens.locked) == (0, 0)
    assert gardens.avatar == f"{LEMMY}/pictrs/image/leaf.png"
    row = tx.one("SELECT groups_ms FROM host WHERE name = 'lemmy.example'")
    assert row is not None and row["groups_ms"] == NOW


def test_a_thread_that_a_community_announces(tx: Write, gardens: Account) -> None:
    deliver(tx, recorded("lemmy-announce-create-page"))
    found = post(tx, f"{LEMMY}/post/5")
    assert (found.kind, found.title) == ("page", "Moss or gravel?")
    assert found.content.strip() == "<p>Which one drains?</p>"
    assert (found.visibility, found.language, found.sensitive) == ("public", "en", 0)
    assert found.tags == '["gardens"]'
    assert found.published_ms == 1_777_624_200_123
    assert found.community_id == gardens.id
    assert of(tx, found).link == "https://news.example/moss"
    attached = media.of_posts(tx, [found.id])[found.id]
    assert ("link", "https://news.example/moss") in [(one.kind, one.remote_url) for one in attached]
    author = account_store.by_id(tx, found.author_id)
    assert author is not None and author.uri == ROWAN
    assert miscounted(tx) == []


def test_the_announce_of_the_page_itself_adds_nothing(tx: Write, gardens: Account) -> None:
    whole = recorded("lemmy-announce-create-page")
    deliver(tx, whole)
    about = whole["object"]["object"]
    second = wrapped(about) | {"object": about["id"], "id": f"{LEMMY}/activities/announce/page/5"}
    deliver(tx, second, {about["id"]: about})
    assert passed_on(tx, post(tx, about["id"])) == 1


def test_a_removal_that_a_community_announces_is_a_removal_with_its_reason(
    tx: Write, gardens: Account
) -> None:
    deliver(tx, recorded("lemmy-announce-create-page"))
    removal = recorded("lemmy-removal")
    comment = {
        "type": "Note",
        "id": removal["object"],
        "attributedTo": ROWAN,
        "to": [PUBLIC],
        "cc": [GARDENS, ROWAN],
        "audience": GARDENS,
        "content": "<p>Buy now</p>",
        "mediaType": "text/html",
        "source": {"content": "Buy now", "mediaType": "text/markdown"},
        "inReplyTo": f"{LEMMY}/post/5",
        "published": "2026-05-01T08:40:00.123456Z",
    }
    made = ordered("Create", comment, GARDENS, actor=ROWAN, cc=[GARDENS, ROWAN], tag=[])
    deliver(tx, wrapped(made))
    assert of(tx, post(tx, f"{LEMMY}/post/5")).comments == 1
    deliver(tx, wrapped(removal))
    assert post(tx, removal["object"]).visibility == REMOVED
    row = tx.one("SELECT reason, by_id FROM removal")
    assert row is not None and row["reason"] == "Off topic"
    undo = ordered("Undo", {n: v for n, v in removal.items() if n != "@context"}, GARDENS)
    deliver(tx, wrapped(undo))
    assert post(tx, removal["object"]).visibility == "public"


def test_deeds_that_a_community_announces(tx: Write, gardens: Account) -> None:
    deliver(tx, recorded("lemmy-announce-create-page"))
    page = f"{LEMMY}/post/5"
    lock = ordered("Lock", page, GARDENS, summary="A reason for the lock")
    block = ordered(
        "Block",
        ROWAN,
        GARDENS,
        target=GARDENS,
        removeData=False,
        summary="spam post",
        endTime="2027-11-01T12:23:50.151874Z",
    )
    feature = ordered("Add", page, GARDENS, target=f"{GARDENS}/featured")
    appoint = ordered("Add", ROWAN, GARDENS, target=f"{GARDENS}/moderators")
    for deed in (lock, block, feature, appoint):
        deliver(tx, wrapped(deed))
    found = of(tx, post(tx, page))
    assert found.locked_ms and found.pinned_ms
    rowan = account_store.by_uri(tx, ROWAN)
    assert rowan is not None
    ban = store.ban_of(tx, gardens.id, rowan.id)
    assert ban is not None
    assert (ban["reason"], ban["until_ms"]) == ("spam post", 1_825_071_830_151)
    assert [one.uri for one in store.moderators(tx, gardens.id)] == [ROWAN]
    bare = {n: v for n, v in lock.items() if n != "@context"}
    deliver(tx, wrapped(ordered("Undo", bare, GARDENS, summary="A reason for the unlock")))
    inner = {n: v for n, v in block.items() if n != "@context"}
    deliver(tx, wrapped(ordered("Undo", inner, GARDENS, restoreData=False)))
    remove = ordered("Remove", page, GARDENS, target=f"{GARDENS}/featured")
    deliver(tx, wrapped(remove))
    found = of(tx, post(tx, page))
    assert (found.locked_ms, found.pinned_ms) == (None, None)
    assert store.ban_of(tx, gardens.id, rowan.id) is None
    assert logged(tx, gardens) == ["lock", "ban", "pin", "appoint", "unlock", "unban", "unpin"]


def test_a_vote_of_lemmy_on_what_stands_in_a_board_of_ours(tx: Write, gardens: Account) -> None:
    """A Dislike has neither `to` nor `cc`."""
    water = board(tx)
    ann = account_store.by_handle(tx, "ann")
    assert ann is not None
    asked = thread(tx, water, ann)
    vote = recorded("lemmy-dislike") | {"object": asked.uri, "audience": water.uri}
    assert set(vote) == {"actor", "object", "type", "id", "audience"}
    deliver(tx, vote)
    assert (post(tx, asked.uri).dislikes, of(tx, asked).score) == (1, -1)
    undo = {
        "actor": ROWAN,
        "object": vote | {"type": "Like"},  # as Lemmy's own example has it
        "audience": water.uri,
        "type": "Undo",
        "id": f"{LEMMY}/activities/undo/6cc6fb71",
    }
    deliver(tx, undo)
    assert post(tx, asked.uri).dislikes == 0


def test_a_page_that_lemmy_sends_to_a_board_of_ours(tx: Write, gardens: Account) -> None:
    new = communities.NewCommunity(name="water", kind="board", title="Water", keys=KEYS)
    water = communities.create(tx, SITE, new, NOW)
    befriend(tx, gardens, water)
    made = recorded("lemmy-announce-create-page")["object"]
    text = made | {
        "to": [water.uri, PUBLIC],
        "audience": water.uri,
        "object": made["object"] | {"to": [water.uri, PUBLIC], "audience": water.uri},
    }
    deliver(tx, text)
    assert post(tx, f"{LEMMY}/post/5").community_id == water.id
    assert told(tx, water)[0] == text
