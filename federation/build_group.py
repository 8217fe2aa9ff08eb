"""What happens in a group, as it looks on the wire. FEP-1b12, and what Lemmy added to it.

`group` is the id of the group; everything is for everybody, and names the group in `cc` and
`audience`.
"""

from typing import Any

from federation.terms import iso
from federation.vocab import PUBLIC


def _in(group: str, kind: str, uri: str, actor: str, object_: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": uri,
        "type": kind,
        "actor": actor,
        "to": [PUBLIC],
        "cc": [group],
        "audience": group,
        "object": object_,
    }


def like(uri: str, actor: str, object_uri: str, *, group: str) -> dict[str, Any]:
    """A vote for something in a group."""
    return _in(group, "Like", uri, actor, object_uri)


def dislike(uri: str, actor: str, object_uri: str, *, group: str) -> dict[str, Any]:
    """A vote against something in a group."""
    return _in(group, "Dislike", uri, actor, object_uri)


def lock(uri: str, actor: str, object_uri: str, *, group: str, reason: str = "") -> dict[str, Any]:
    """Nobody can answer any more in a thread or below a comment."""
    return _in(group, "Lock", uri, actor, object_uri) | _because(reason)


def remove(
    uri: str, actor: str, object_uri: str, *, group: str, reason: str = ""
) -> dict[str, Any]:
    """A moderator takes something away: the `summary` tells it from its author's own Delete."""
    return _in(group, "Delete", uri, actor, object_uri) | {"summary": reason or "removed"}


def collect(
    uri: str, actor: str, object_uri: str, *, group: str, target: str, added: bool
) -> dict[str, Any]:
    """Into one of a group's collections (`featured`, `moderators`), or out of it."""
    kind = "Add" if added else "Remove"
    return _in(group, kind, uri, actor, object_uri) | {"target": target}


def ban(
    uri: str, actor: str, person: str, *, group: str, reason: str = "", until_ms: int | None = None
) -> dict[str, Any]:
    """Somebody is shut out of a group; what they wrote stays."""
    body = _in(group, "Block", uri, actor, person) | {"target": group, "removeData": False}
    if until_ms is not None:
        body["endTime"] = iso(until_ms)
    return body | _because(reason)


def move(uri: str, actor: str, object_uri: str, *, group: str, target: str) -> dict[str, Any]:
    """A thread moves from this group to another. NodeBB."""
    return _in(group, "Move", uri, actor, object_uri) | {"origin": group, "target": target}


def choose(uri: str, actor: str, answer_uri: str, *, group: str) -> dict[str, Any]:
    """A comment answers what its thread asks. PieFed"""
    return _in(group, "ChooseAnswer", uri, actor, answer_uri)


def undo(uri: str, undone: dict[str, Any]) -> dict[str, Any]:
    """Takes back what was done in a group, which is embedded as it was sent."""
    return _in(undone["audience"], "Undo", uri, undone["actor"], undone)


def _because(reason: str) -> dict[str, str]:
    return {"summary": reason} if reason else {}
