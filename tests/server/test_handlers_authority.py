"""Who may do what: things that an authentic stranger says and that must have no effect."""

from typing import Any

import pytest

from federation.errors import FederationError
from server.inbox.documents import Need
from server.store.db import Write
from tests.server.world import (
    CARL,
    EVE,
    LATE,
    MALLORY,
    NOTE,
    act,
    actor_document,
    befriend,
    changed,
    create,
    deliver,
    dump,
    note,
    number,
    ours,
    post,
    settle,
    stranger,
    who,
)

TRACES = {"activity", "tombstone"}
"""What an activity without effect may leave: that it was here."""


@pytest.fixture
def town(tx: Write) -> Write:
    settle(tx)
    befriend(tx, who(tx, EVE), who(tx, "ann"))
    deliver(tx, act("Like", EVE, ours(tx).uri, id=f"{EVE}/like"))
    deliver(tx, act("Announce", EVE, ours(tx).uri, id=f"{EVE}/boost"))
    deliver(tx, act("Add", EVE, NOTE, target=f"{EVE}/featured", id=f"{EVE}/add"))
    return tx


def _by_mallory(tx: Write) -> dict[str, dict[str, Any]]:
    ann, bob = who(tx, "ann"), who(tx, "bob")
    follow = f"{EVE}/follows/{ann.id}"
    asked = f"{ann.uri}/follows/{who(tx, EVE).id}"
    return {
        "update of eve's note": act("Update", MALLORY, note(NOTE, MALLORY, content="Mine")),
        "update of our post": act("Update", MALLORY, note(ours(tx).uri, MALLORY, content="Mine")),
        "update of eve": act("Update", MALLORY, actor_document(EVE, name="Fool")),
        "update of ann": act("Update", MALLORY, actor_document(ann.uri, name="Fool")),
        "delete of eve's note": act("Delete", MALLORY, NOTE),
        "delete of our post": act("Delete", MALLORY, ours(tx).uri),
        "delete of eve": act("Delete", MALLORY, EVE),
        "delete of ann": act("Delete", MALLORY, ann.uri),
        "undo of eve's like": act("Undo", MALLORY, f"{EVE}/like"),
        "undo of eve's like, retold": act(
            "Undo", MALLORY, act("Like", EVE, ours(tx).uri, id=f"{EVE}/like")
        ),
        "undo of eve's boost": act("Undo", MALLORY, f"{EVE}/boost"),
        "undo of eve's follow": act("Undo", MALLORY, act("Follow", EVE, ann.uri, id=follow)),
        "undo of ann's follow": act("Undo", MALLORY, act("Follow", ann.uri, EVE, id=asked)),
        "accept of ann's follow of eve": act("Accept", MALLORY, asked),
        "reject of ann's follow of eve": act("Reject", MALLORY, asked),
        "reject, retold": act("Reject", MALLORY, act("Follow", ann.uri, EVE, id=asked)),
        "add to eve's featured": act("Add", MALLORY, NOTE, target=f"{EVE}/featured"),
        "remove from eve's featured": act("Remove", MALLORY, NOTE, target=f"{EVE}/featured"),
        "move of eve": act("Move", MALLORY, EVE, target=MALLORY),
        "create in ann's name": act("Create", MALLORY, note(f"{ann.uri}/x", ann.uri)),
        "like of a private post": act("Like", MALLORY, ours(tx, "private").uri),
        "like of a direct post": act("Like", MALLORY, ours(tx, "direct").uri),
        "boost of a private post": act("Announce", MALLORY, ours(tx, "private").uri),
        "follow of the instance": act("Follow", MALLORY, "https://here.test/actor"),
        "follow of somebody elsewhere": act("Follow", MALLORY, CARL),
        "block of somebody elsewhere": act("Block", MALLORY, CARL),
        "report about somebody elsewhere": act("Flag", MALLORY, [CARL], content="Rude"),
        "an unknown verb": act("Dance", MALLORY, bob.uri),
    }


NAMES = [
    "update of eve's note",
    "update of our post",
    "update of eve",
    "update of ann",
    "delete of eve's note",
    "delete of our post",
    "delete of eve",
    "delete of ann",
    "undo of eve's like",
    "undo of eve's like, retold",
    "undo of eve's boost",
    "undo of eve's follow",
    "undo of ann's follow",
    "accept of ann's follow of eve",
    "reject of ann's follow of eve",
    "reject, retold",
    "add to eve's featured",
    "remove from eve's featured",
    "move of eve",
    "create in ann's name",
    "like of a private post",
    "like of a direct post",
    "boost of a private post",
    "follow of the instance",
    "follow of somebody elsewhere",
    "block of somebody elsewhere",
    "report about somebody elsewhere",
    "an unknown verb",
]


def test_every_row_of_the_table_is_run(town: Write) -> None:
    assert list(_by_mallory(town)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_the_actors_does_not_change(town: Write, name: str) -> None:
    before = dump(town)
    raw = _by_mallory(town)[name]
    try:
        with town.savepoint():
            deliver(town, raw)
    except FederationError:
        pass
    except Need as need:  # the owner's server is asked, and has nothing of the kind
        deliver(town, raw, {need.uri: None})
    assert changed(before, dump(town)) <= TRACES


def test_an_embedded_object_of_another_owner_is_not_believed(town: Write) -> None:
    raw = act("Create", MALLORY, note(LATE, EVE, content="In her name"))
    with pytest.raises(Need) as asked, town.savepoint():
        deliver(town, raw)
    assert asked.value.uri == LATE
    with pytest.raises(FederationError), town.savepoint():
        deliver(town, raw, {LATE: note(LATE, EVE, content="Her own")})
    assert number(town, "SELECT count(*) FROM post WHERE uri = :uri", uri=LATE) == 0


def test_an_embedded_object_of_another_origin_is_fetched(town: Write) -> None:
    uri = "https://other.test/notes/1"
    befriend(town, who(town, "ann"), who(town, CARL))
    with pytest.raises(Need) as asked:
        deliver(town, act("Create", CARL, note(uri.replace("other", "far"), CARL)))
    assert asked.value.uri.startswith("https://far.test/")


def test_what_a_boost_embeds_is_not_believed(town: Write) -> None:
    uri = "https://other.test/notes/1"
    with pytest.raises(Need) as asked, town.savepoint():
        deliver(town, act("Announce", EVE, note(uri, CARL, content="Forged"), id=f"{EVE}/b"))
    assert asked.value.uri == uri


def test_an_update_may_not_bring_a_key_of_its_own(town: Write) -> None:
    key = {"id": f"{EVE}#main-key", "owner": EVE, "publicKeyPem": "MINE"}
    raw = act("Update", EVE, actor_document(EVE, publicKey=key))
    with pytest.raises(Need) as asked, town.savepoint():
        deliver(town, raw)
    assert asked.value.uri == EVE
    deliver(town, raw, {EVE: actor_document(EVE)})
    found = number(town, "SELECT count(*) FROM remote_key WHERE pem = 'MINE'")
    assert found == 0


def test_an_update_whose_address_leads_to_somebody_else_changes_nobody(town: Write) -> None:
    before = who(town, MALLORY)
    raw = act("Update", EVE, actor_document(EVE))
    deliver(town, raw, {EVE: actor_document(MALLORY, name="Led astray")})
    assert who(town, MALLORY) == before


def test_an_address_that_leads_to_somebody_else_is_nobodys_id(town: Write) -> None:
    """Mallory's server leads whoever asks for its actor to eve: its post is not hers for that."""
    bait = "https://evil.test/users/bait"
    uri = "https://evil.test/notes/1"
    befriend(town, who(town, "ann"), stranger(town, "https://evil.test/users/max"))
    documents = {uri: note(uri, bait), bait: actor_document(EVE)}
    deliver(town, act("Announce", "https://evil.test/users/max", uri), documents)
    assert number(town, "SELECT count(*) FROM post WHERE uri = :uri", uri=uri) == 0


def test_nobody_names_the_inbox_of_another_server_as_theirs(town: Write) -> None:
    """Else all that we send them went there, and a block of the one would meet the other."""
    bait, before = "https://evil.test/users/bait", number(town, "SELECT count(*) FROM peer")
    for inbox in (
        "https://far.test/inbox",
        "https://here.test/inbox",
        "https://evil.test.far.test/",
    ):
        with pytest.raises(FederationError), town.savepoint():
            stranger(town, bait, inbox=inbox, endpoints={})
    assert number(town, "SELECT count(*) FROM peer") == before
    shared = stranger(town, bait, endpoints={"sharedInbox": "https://far.test/inbox"})
    found = town.one("SELECT host, inbox FROM peer WHERE id = :id", id=shared.peer_id)
    assert found is not None and dict(found) == {"host": "evil.test", "inbox": f"{bait}/inbox"}
    beside = stranger(town, f"{bait}2", inbox="https://inbox.evil.test/bait", endpoints={})
    assert beside.peer_id not in (None, shared.peer_id)


def test_an_update_shows_a_post_to_nobody_new(town: Write) -> None:
    secret = note(LATE, EVE, to=[f"{EVE}/followers"], cc=[])
    deliver(town, create(secret))
    opened = note(LATE, EVE, content="<p>Open?</p>", updated="2026-11-23T11:30:00Z")
    named = {"type": "Mention", "href": who(town, "bob").uri}
    deliver(town, act("Update", EVE, opened | {"tag": [named], "to": [who(town, "bob").uri]}))
    found = post(town, LATE)
    assert (found.visibility, found.content) == ("followers", "<p>Open?</p>")
    assert number(town, "SELECT count(*) FROM mention WHERE post_id = :id", id=found.id) == 0


def test_a_private_post_is_not_kept_for_a_boost(town: Write) -> None:
    uri = "https://other.test/notes/5"
    secret = note(uri, CARL, to=[f"{CARL}/followers"], cc=[])
    deliver(town, act("Announce", EVE, uri, id=f"{EVE}/b"), {uri: secret})
    assert number(town, "SELECT count(*) FROM post WHERE uri = :uri", uri=uri) == 0


def test_a_post_that_concerns_nobody_here_is_not_stored(town: Write) -> None:
    before = dump(town)
    deliver(town, create(note("https://other.test/notes/6", CARL)))
    assert changed(before, dump(town)) == {"activity", "host"}


@pytest.mark.parametrize(
    "uri", ["https://FAR.test/n", "https://far.test/a/../n", "https://far.test:443/n"]
)
def test_an_id_that_is_not_in_normal_form_is_not_stored(town: Write, uri: str) -> None:
    try:
        with town.savepoint():
            deliver(town, create(note(uri, EVE)))
    except (FederationError, Need):
        pass
    assert number(town, "SELECT count(*) FROM post WHERE local = 0") == 1


def test_the_blocked_cannot_like_boost_or_follow(town: Write) -> None:
    ann, mallory = who(town, "ann"), who(town, MALLORY)
    town.run(
        "INSERT INTO block VALUES (:a, :m, 5, 'https://here.test/b', 1)", a=ann.id, m=mallory.id
    )
    for kind, about in (
        ("Like", ours(town).uri),
        ("Announce", ours(town).uri),
        ("Follow", ann.uri),
    ):
        deliver(town, act(kind, MALLORY, about))
    assert (ours(town).likes, ours(town).boosts, who(town, "ann").followers_count) == (1, 1, 1)
    assert b"Reject" in bytes(_sent(town)[-1]["body"])


def _sent(tx: Write) -> list[Any]:
    return list(tx.all("SELECT body FROM outbox ORDER BY id"))
