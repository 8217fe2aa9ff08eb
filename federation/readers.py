"""Strict JSON, and one reader per shape that peers write, tolerant only of the optional."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from federation.errors import Malformed
from federation.vocab import PUBLIC

MAX_DEPTH: Final = 32
"""Levels of `{` and `[`; the deepest recorded document has eight."""

MIN_INT: Final = -(2**63)
MAX_INT: Final = 2**63 - 1
MAX_URI_CHARS: Final = 2_048
MAX_RECIPIENTS: Final = 1_000

_PUBLIC_SPELLINGS: Final = frozenset({PUBLIC, "as:Public", "Public"})
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_FORBIDDEN_IN_URI: Final = re.compile(r"[\x00-\x20\x7f<>\"\\]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_decoder: Final = msgspec.json.Decoder()


def decode(body: bytes) -> dict[str, Any]:
    r"""The JSON object in `body`.

    msgspec already refuses NaN and Infinity, lone surrogates, UTF-16, a byte order mark, text after
    the value and control characters. Refused here as well: `\u0000` (PostgreSQL cannot store it),
    depth over `MAX_DEPTH`, integers beyond 64 bits, and anything that is not an object. Of a
    repeated key the last counts. Raises `Malformed`. RFC 8259, RFC 7493.
    """
    if b"\\u0000" in body and _ESCAPED_NUL.search(body):
        raise Malformed("a NUL character")
    try:
        value = _decoder.decode(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    _measure(value)
    return value


def _measure(value: dict[str, Any]) -> None:
    """Raise `Malformed` when `value` is deeper than `MAX_DEPTH` or holds a huge integer."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = _children(level)
        if not level:
            return
    raise Malformed(f"nested deeper than {MAX_DEPTH} levels")


def _children(level: list[Any]) -> list[Any]:
    """The arrays and objects one level down, while the integers on the way are checked."""
    deeper = []
    for container in level:
        for child in container.values() if type(container) is dict else container:
            kind = type(child)
            if kind is dict or kind is list:
                deeper.append(child)
            elif kind is int and not MIN_INT <= child <= MAX_INT:
                raise Malformed("an integer beyond 64 bits")
    return deeper


def many(value: Any) -> list[Any]:
    """A list, whichever way it was written: absent, null, one value or an array. AS2 Core §4."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def first(value: Any) -> Any:
    """The value, or the first of an array; None when there is none."""
    if isinstance(value, list):
        return value[0] if value else None
    return value


def uri_or_none(value: Any) -> str | None:
    """An http(s) address exactly as it was written, at most `MAX_URI_CHARS` long."""
    if not isinstance(value, str) or len(value) > MAX_URI_CHARS:
        return None
    if not value.startswith(("https://", "http://")) or _FORBIDDEN_IN_URI.search(value):
        return None
    return value


def id_or_none(value: Any) -> str | None:
    """The id of a thing that is named or embedded; of an array, of its first."""
    if value is None:  # most of what could be named is not
        return None
    value = first(value)
    return uri_or_none(value.get("id") if isinstance(value, dict) else value)


def require_id(raw: dict[str, Any], name: str) -> str:
    """The id under `name`, one string or one embedded object. Raises `Malformed`."""
    value = raw.get(name)
    found = None if isinstance(value, list) else id_or_none(value)
    if found is None:
        raise Malformed(f"no usable {name}")
    return found


def ids(values: Iterable[Any], limit: int) -> tuple[str, ...]:
    """The usable ids among `values`, in order, once each, at most `limit`."""
    found: dict[str, None] = {}
    for value in values:
        if len(found) >= limit:
            break
        if not isinstance(value, list) and (id := id_or_none(value)):
            found[id] = None
    return tuple(found)


def text_or_none(value: Any) -> str | None:
    """A string that is not empty, also as a JSON-LD value object."""
    if isinstance(value, dict):
        value = value.get("@value")
    return value if isinstance(value, str) and value else None


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of `text` in UTF-8."""
    if len(text) * 4 <= limit:
        return text
    return text.encode()[:limit].decode(errors="ignore")


def audience(value: Any) -> tuple[str, ...]:
    """Recipients in order, once each, every spelling of Public made one. AP §5.6."""
    if value is None:
        return ()
    return ids((_public(item) for item in many(value)), MAX_RECIPIENTS)


def _public(value: Any) -> Any:
    """`PUBLIC` for each of its spellings, anything else unchanged."""
    return PUBLIC if isinstance(value, str) and value in _PUBLIC_SPELLINGS else value


def type_or_none(value: Any, known: frozenset[str] = frozenset()) -> str | None:
    """The type; of several, the first of those `known`, else the first."""
    if isinstance(value, str):
        return value or None
    types = [item for item in many(value) if isinstance(item, str) and item]
    return next((item for item in types if item in known), types[0] if types else None)


def count_or_none(value: Any) -> int | None:
    """A whole number from 0 on."""
    return value if type(value) is int and value >= 0 else None


def time_ms(value: Any) -> int | None:
    """Milliseconds UTC of an ISO 8601 time; without an offset it is UTC. None when unreadable.

    Any year from 1 to 9999: whoever stores the result decides which times are believable.
    """
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND
