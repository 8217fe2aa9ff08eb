"""Boards of ours and strangers' groups, for tests of what comes in for them and from them."""

from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation import parse, proof
from federation.keys import make_ed25519, multibase
from federation.vocab import AS_CONTEXT, PUBLIC
from server.model import Account, ForumThread, Post
from server.services import communities, forum, strangers
from server.services.communities import NewCommunity
from server.store import forum as store
from server.store import hosts
from server.store.db import Read, Write
from tests.server.world import (
    EVE,
    KEYS,
    NOW,
    SITE,
    act,
    actor_document,
    befriend,
    changed,
    create,
    deliver,
    dump,
    join,
    post,
    say,
    stranger,
    who,
)

LEMMY = "https://lemmy.test"
GARDENS = f"{LEMMY}/c/gardens"
ROWAN = f"{LEMMY}/u/rowan"
SAGE = f"{LEMMY}/u/sage"
PIE = "https://pie.test"
WREN = f"{PIE}/u/wren"
PAGE = f"{LEMMY}/post/5"
TRACES = {"activity", "host", "tombstone"}
"""What remains of an activity that had no effect."""


def group_document(id: str = GARDENS, **more: Any) -> dict[str, Any]:
    """A group as Lemmy serves it."""
    own = {"attributedTo": f"{id}/moderators", "postingRestrictedToMods": False}
    return actor_document(id, type="Group", **{**own, **more})


def gardens(tx: Write, **more: Any) -> Account:
    """A group of Lemmy that we know."""
    return meet(tx, group_document(**more))


def meet(tx: Write, document: dict[str, Any]) -> Account:
    """An actor elsewhere, as their document describes them."""
    return strangers.keep_actor(tx, parse.actor(document), NOW)


def board(tx: Write, name: str = "water", **more: Any) -> Account:
    """A board of ours."""
    new = NewCommunity(**{"name": name, "title": name.title(), "kind": "board", **more}, keys=KEYS)
    return communities.create(tx, SITE, new, NOW)


def place(tx: Write, group: Account, placed: Post) -> ForumThread:
    """A post of ours begins a thread in a group."""
    store.place(tx, placed.id, group.id)
    return forum.begin(tx, msgspec.structs.replace(placed, community_id=group.id))


def thread(tx: Write, group: Account, author: Account, content: str = "Hello", **more: Any) -> Post:
    """A thread by one of ours in a group."""
    written = say(tx, author, content, **more)
    place(tx, group, written)
    return post(tx, written.uri)


def ann(db: Read) -> Account:
    """One of ours."""
    return who(db, "ann")


def watched(tx: Write) -> Account:
    """Gardens at lemmy.test, which ann follows; rowan and sage live there, wren does not."""
    group = gardens(tx)
    befriend(tx, join(tx, "ann"), group)
    for uri in (ROWAN, SAGE, WREN, EVE):
        stranger(tx, uri)
    return group


def begun(tx: Write) -> Post:
    """A thread of gardens, by rowan."""
    deliver(tx, announce(GARDENS, created(page(PAGE, ROWAN, GARDENS))))
    return post(tx, PAGE)


def without_effect(tx: Write, raw: dict[str, Any], documents: dict[str, Any] | None = None) -> None:
    """It arrives, raises nothing, so that its sender is told 202, and changes nothing."""
    before = dump(tx)
    deliver(tx, raw, documents)
    assert changed(before, dump(tx)) <= TRACES


def of(db: Read, placed: Post) -> ForumThread:
    """What the community knows of a thread."""
    found = store.by_id(db, placed.id)
    assert found is not None
    return found


def listens(tx: Write, uri: str, group: Account, *, groups: bool = True) -> Account:
    """Somebody elsewhere follows a group of ours; their server speaks FEP-1b12, or does not."""
    listener = stranger(tx, uri)
    befriend(tx, listener, group)
    if groups:
        hosts.speaks_groups(tx, uri.split("/")[2], NOW)
    return listener


def told(db: Read, group: Account) -> list[Any]:
    """What a group of ours announced, in its order."""
    rows = db.all("SELECT body FROM outbox WHERE sender_id = :id ORDER BY id", id=group.id)
    bodies = [msgspec.json.decode(row["body"]) for row in rows]
    return [body["object"] for body in bodies if body["type"] == "Announce"]


def logged(db: Read, group: Account) -> list[str]:
    """What was done there in the name of order."""
    rows = db.all(
        "SELECT action FROM community_log WHERE community_id = :id ORDER BY id", id=group.id
    )
    return [str(row["action"]) for row in rows]


# --- what they send


def page(id: str, author: str, group: str, **more: Any) -> dict[str, Any]:
    """A thread as Lemmy writes it."""
    return {
        "type": "Page",
        "id": id,
        "attributedTo": author,
        "to": [group, PUBLIC],
        "cc": [],
        "audience": group,
        "name": "Moss or gravel?",
        "content": "<p>Which one drains?</p>",
        "mediaType": "text/html",
        "source": {"content": "Which one drains?", "mediaType": "text/markdown"},
        "attachment": [],
        "sensitive": False,
        "published": "2026-11-23T10:00:00Z",
        **more,
    }


def comment(id: str, author: str, group: str, about: str, **more: Any) -> dict[str, Any]:
    """An answer as Lemmy writes it."""
    return {
        "type": "Note",
        "id": id,
        "attributedTo": author,
        "to": [PUBLIC],
        "cc": [group],
        "audience": group,
        "content": "<p>Gravel.</p>",
        "mediaType": "text/html",
        "inReplyTo": about,
        "published": "2026-11-23T11:00:00Z",
        "tag": [],
        **more,
    }


def created(about: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The Create of something, with an id of its own."""
    return create(about, **{"id": f"{about['id']}/create", **more})


def does(kind: str, actor: str, about: Any, group: str, **more: Any) -> dict[str, Any]:
    """What somebody does in a group, as Lemmy says it."""
    more = {"to": [PUBLIC], "cc": [group], "audience": group, **more}
    named = about["id"] if isinstance(about, dict) else about
    id = f"{actor}/activities/{kind.lower()}/{abs(hash(named)) % 10**9}"
    return act(kind, actor, about, **{"id": id, **more})


def announce(group: str, inner: Any, **more: Any) -> dict[str, Any]:
    """What a group tells its followers."""
    named = str(inner.get("id")) if isinstance(inner, dict) else inner
    id = f"{group}/announces/{abs(hash(named)) % 10**9}"
    body = {"to": [PUBLIC], "cc": [f"{group}/followers"], **more}
    return act("Announce", group, inner, **{"id": id, **body})


class Signer:
    """Somebody elsewhere who proves what they do."""

    def __init__(self, uri: str) -> None:
        private, self.public = make_ed25519()
        self.uri, self.method = uri, f"{uri}#ed25519-key"
        self.private = Ed25519PrivateKey.from_private_bytes(private)
        assert multibase(self.private.public_key().public_bytes_raw()) == self.public

    @property
    def document(self) -> dict[str, Any]:
        """Their actor, with the key."""
        key = {
            "id": self.method,
            "type": "Multikey",
            "controller": self.uri,
            "publicKeyMultibase": self.public,
        }
        return actor_document(self.uri, assertionMethod=[key])

    def signs(self, activity: dict[str, Any], made_ms: int = NOW) -> dict[str, Any]:
        """The activity with their proof."""
        return proof.sign({"@context": AS_CONTEXT, **activity}, self.private, self.method, made_ms)
