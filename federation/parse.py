"""A stranger's document as a value, or `Malformed` when something it must have is missing."""

from typing import Any, Final

from federation.errors import Malformed
from federation.readers import (
    audience,
    count_or_none,
    decode,
    first,
    id_or_none,
    ids,
    many,
    require_id,
    text_or_none,
    time_ms,
    type_or_none,
    uri_or_none,
)
from federation.vocab import Activity

__all__ = [
    "activity",
    "audience",
    "count_or_none",
    "decode",
    "first",
    "id_or_none",
    "many",
    "require_id",
    "text_or_none",
    "time_ms",
    "type_or_none",
    "uri_or_none",
]

MAX_FLAGGED: Final = 100
MAX_REASON_CHARS: Final = 5_000

ABOUT_SOMETHING: Final = frozenset(
    {
        "Create", "Update", "Delete", "Like", "Dislike", "Announce", "Follow", "Accept", "Reject",
        "Undo", "Add", "Remove", "Block", "Flag", "Move",
    }
)  # fmt: skip
"""Activities that mean nothing without an `object`."""


def activity(raw: dict[str, Any]) -> Activity:
    """An activity. `id`, `type` and one `actor` are required, and `object` by all that act on one.

    Only a Flag may name several objects. `content` is `content` or else `summary`: why something
    was reported or removed. Raises `Malformed`. AP §3, §7.
    """
    kind = type_or_none(raw.get("type"))
    if kind is None:
        raise Malformed("no usable type")
    objects = ids(many(raw.get("object")), MAX_FLAGGED)
    embedded = _embedded(raw, kind)
    if kind in ABOUT_SOMETHING and not objects and embedded is None:
        raise Malformed(f"{kind} without an object")
    return Activity(
        id=require_id(raw, "id"),
        type=kind,
        actor=require_id(raw, "actor"),
        object_id=id_or_none(embedded) if embedded is not None else next(iter(objects), None),
        object_type=type_or_none(embedded.get("type")) if embedded is not None else None,
        object=embedded,
        objects=objects,
        target_id=id_or_none(raw.get("target")),
        content=_reason(raw),
        to=audience(raw.get("to")),
        cc=audience(raw.get("cc")),
        published_ms=time_ms(raw.get("published")),
        raw=raw,
    )


def _embedded(raw: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The embedded object, if it was embedded. Raises `Malformed` for several, but in a Flag."""
    value = raw.get("object")
    if isinstance(value, list) and len(value) > 1 and kind != "Flag":
        raise Malformed(f"{kind} of several objects")
    value = first(value)
    return value if isinstance(value, dict) else None


def _reason(raw: dict[str, Any]) -> str | None:
    """Why, in the words of the actor."""
    text = text_or_none(raw.get("content")) or text_or_none(raw.get("summary"))
    return text[:MAX_REASON_CHARS] if text else None
