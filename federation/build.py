"""What we publish, as it looks on the wire.

Everywhere the full address of Public, arrays for `to`, `cc`, `tag` and `attachment`, and no nulls:
Lemmy parses strictly. `document` adds the `@context`, once, when something leaves.
"""

from typing import Any, Final

from federation.build_actor import Profile, application, group, person
from federation.build_writing import Writing, article, hashtag, mention, note, page, question, vote
from federation.terms import context, document, iso
from federation.vocab import ACTOR_TYPES, PUBLIC

QUOTE_REQUEST: Final = "#quote-request"
"""How the id of a request ends; before that it is the id of the quoting post."""

__all__ = [
    "Profile",
    "Writing",
    "accept",
    "add",
    "announce",
    "application",
    "article",
    "block",
    "collection_page",
    "context",
    "create",
    "delete",
    "document",
    "flag",
    "follow",
    "group",
    "hashtag",
    "iso",
    "like",
    "mention",
    "move",
    "note",
    "ordered_collection",
    "page",
    "quote_answer",
    "quote_request",
    "person",
    "question",
    "reject",
    "relayed",
    "remove",
    "tombstone",
    "undo",
    "update",
    "vote",
]


def create(written: dict[str, Any]) -> dict[str, Any]:
    """The Create of a note or an article. AP §6.2.

    Its id is a fragment and so cannot be fetched: a Mastodon that gets it inside a group's Announce
    would otherwise show every comment as a boost.
    """
    return {
        "id": f"{written['id']}#create",
        "type": "Create",
        "actor": written["attributedTo"],
        "to": written["to"],
        "cc": written["cc"],
        "published": written["published"],
        **({"audience": written["audience"]} if "audience" in written else {}),
        "object": written,
    }


def update(changed: dict[str, Any], version: int) -> dict[str, Any]:
    """The Update of a writing, or of an actor: that goes to its followers and everyone. AP §6.3."""
    return {
        "id": f"{changed['id']}#update-{version}",
        "type": "Update",
        "actor": changed["id" if changed["type"] in ACTOR_TYPES else "attributedTo"],
        "to": changed.get("to", [PUBLIC]),
        "cc": changed.get("cc", [changed["followers"]] if "followers" in changed else []),
        **({"audience": changed["audience"]} if "audience" in changed else {}),
        "object": changed,
    }


def quote_request(quoting: dict[str, Any], quoted: str, *, author: str) -> dict[str, Any]:
    """Asks `author` to allow the quote that `quoting` is, which is embedded. FEP-044f."""
    return {
        "id": f"{quoting['id']}{QUOTE_REQUEST}",
        "type": "QuoteRequest",
        "actor": quoting["attributedTo"],
        "to": [author],
        "object": quoted,
        "instrument": quoting,
    }


def quote_answer(
    kind: str, uri: str, actor: str, request: dict[str, str], *, stamp: str = ""
) -> dict[str, Any]:
    """Accept of a QuoteRequest with its `stamp`, or Reject. `request` has its ids. FEP-044f."""
    return {
        "id": uri,
        "type": kind,
        "actor": actor,
        "to": [request["actor"]],
        "object": {"type": "QuoteRequest", **request},
        **({"result": stamp} if stamp else {}),
    }


def delete(
    uri: str, actor: str, object_uri: str, *, to: tuple[str, ...], cc: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The end of a writing, as a Tombstone; or of the actor itself, by its id. AP §6.4."""
    return {
        "id": uri,
        "type": "Delete",
        "actor": actor,
        "to": list(to),
        "cc": list(cc),
        "object": object_uri if object_uri == actor else tombstone(object_uri),
    }


def tombstone(uri: str, deleted_ms: int | None = None) -> dict[str, Any]:
    """What stands where something was. AS2 Vocabulary §3.3."""
    body = {"id": uri, "type": "Tombstone"}
    return body if deleted_ms is None else body | {"deleted": iso(deleted_ms)}


def follow(uri: str, actor: str, target: str) -> dict[str, Any]:
    """The wish of `actor` to follow `target`. AP §6.5."""
    return {"id": uri, "type": "Follow", "actor": actor, "to": [target], "object": target}


def accept(uri: str, actor: str, *, follow_uri: str, follower: str) -> dict[str, Any]:
    """Yes to the Follow of `follower`, which is repeated trimmed as Lemmy wants it. AP §7.6."""
    return _answer("Accept", uri, actor, follow_uri=follow_uri, follower=follower)


def reject(uri: str, actor: str, *, follow_uri: str, follower: str) -> dict[str, Any]:
    """No to the Follow of `follower`, also after it was accepted. AP §7.7."""
    return _answer("Reject", uri, actor, follow_uri=follow_uri, follower=follower)


def _answer(kind: str, uri: str, actor: str, *, follow_uri: str, follower: str) -> dict[str, Any]:
    """An answer to a Follow of which only id, actor and object are told."""
    return {
        "id": uri,
        "type": kind,
        "actor": actor,
        "to": [follower],
        "object": {"id": follow_uri, "type": "Follow", "actor": follower, "object": actor},
    }


def undo(uri: str, undone: dict[str, Any]) -> dict[str, Any]:
    """Takes back `undone`, which is embedded as it was sent, to the same recipients. AP §6.10."""
    return {
        "id": uri,
        "type": "Undo",
        "actor": undone["actor"],
        "to": undone.get("to", []),
        "cc": undone.get("cc", []),
        "object": undone,
    }


def like(uri: str, actor: str, object_uri: str, *, author: str) -> dict[str, Any]:
    """A vote for something that `author` wrote. AP §6.8."""
    return {"id": uri, "type": "Like", "actor": actor, "to": [author], "object": object_uri}


def announce(
    uri: str, actor: str, object_uri: str, *, cc: tuple[str, ...], published_ms: int
) -> dict[str, Any]:
    """A boost, for everyone; `cc` has the author and the followers. AP §7.11."""
    return {
        "id": uri,
        "type": "Announce",
        "actor": actor,
        "to": [PUBLIC],
        "cc": list(cc),
        "published": iso(published_ms),
        "object": object_uri,
    }


def relayed(uri: str, group: str, activity: dict[str, Any]) -> dict[str, Any]:
    """What happened in a group, told by it: the activity as it was sent. FEP-1b12."""
    return {
        "id": uri,
        "type": "Announce",
        "actor": group,
        "to": [PUBLIC],
        "cc": [f"{group}/followers"],
        "object": activity,
    }


def block(uri: str, actor: str, target: str) -> dict[str, Any]:
    """`actor` wants nothing to do with `target`, whose server is told so. AP §6.9."""
    return {"id": uri, "type": "Block", "actor": actor, "to": [target], "object": target}


def flag(
    uri: str, actor: str, *, objects: tuple[str, ...], content: str, to: str
) -> dict[str, Any]:
    """A report of an account and what it wrote, by the instance and not by a person.

    Lemmy reads `summary`, the others `content`, and it takes exactly one recipient.
    """
    return {
        "id": uri,
        "type": "Flag",
        "actor": actor,
        "to": [to],
        "content": content,
        "summary": content,
        "object": list(objects),
    }


def add(uri: str, actor: str, object_uri: str, *, target: str) -> dict[str, Any]:
    """Into one of our collections, `featured` say. AP §6.6."""
    return _moved("Add", uri, actor, object_uri=object_uri, target=target)


def remove(uri: str, actor: str, object_uri: str, *, target: str) -> dict[str, Any]:
    """Out of one of our collections. AP §6.7."""
    return _moved("Remove", uri, actor, object_uri=object_uri, target=target)


def _moved(kind: str, uri: str, actor: str, *, object_uri: str, target: str) -> dict[str, Any]:
    """A change of a collection, for everyone who follows its owner."""
    return {
        "id": uri,
        "type": kind,
        "actor": actor,
        "to": [PUBLIC],
        "cc": [f"{actor}/followers"],
        "object": object_uri,
        "target": target,
    }


def move(uri: str, old: str, new: str) -> dict[str, Any]:
    """`old` lives on as `new`, whose `alsoKnownAs` has to name `old`. FEP-7628."""
    return {
        "id": uri,
        "type": "Move",
        "actor": old,
        "to": [f"{old}/followers"],
        "cc": [],
        "object": old,
        "target": new,
    }


def ordered_collection(
    uri: str, total: int, *, first: str | None = None, items: list[Any] | None = None
) -> dict[str, Any]:
    """A collection: either its `first` page, or all its `items` when they are few. AP §5."""
    body: dict[str, Any] = {"id": uri, "type": "OrderedCollection", "totalItems": total}
    if first is not None:
        body["first"] = first
    if items is not None:
        body["orderedItems"] = items
    return body


def collection_page(
    uri: str, part_of: str, items: list[Any], *, next: str | None = None, prev: str | None = None
) -> dict[str, Any]:
    """A page of a collection; without `next` it is the last one. AS2 Vocabulary §3.1."""
    body: dict[str, Any] = {
        "id": uri,
        "type": "OrderedCollectionPage",
        "partOf": part_of,
        "orderedItems": items,
    }
    body |= {name: page for name, page in (("next", next), ("prev", prev)) if page}
    return body
