"""The part of Structured Fields (RFC 8941) that signatures and digests use, read strictly.

Dictionaries whose members are inner lists of strings, or byte sequences. A repeated key is refused
rather than overwritten: two readers must not be able to pick two different members.
"""

import binascii
import re
from typing import Final

import msgspec

from federation.errors import Malformed, NotAuthentic

MAX_MEMBERS: Final = 8

_KEY = r"[a-z*][a-z0-9_.*-]*+"
_STRING = r'"(?:[ !#-\[\]-~]++|\\["\\])*+"'
_VALUE = (
    rf"(?:{_STRING}|-?[0-9]{{1,12}}\.[0-9]{{1,3}}|-?[0-9]{{1,15}}|\?[01]"
    r"|:[A-Za-z0-9+/=]*+:|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*)"
)
_PARAMETERS = rf"(?:; *{_KEY}(?:={_VALUE})?)*+"
_ITEM = _STRING + _PARAMETERS

_inner_list = re.compile(
    rf"({_KEY})=\( *((?:{_ITEM}(?: +{_ITEM})*)?) *\)({_PARAMETERS})[ \t]*(?:,[ \t]*|\Z)"
)
_bytes = re.compile(rf"({_KEY})=:([A-Za-z0-9+/=]*):[ \t]*(?:,[ \t]*|\Z)")
_item = re.compile(rf"({_STRING})({_PARAMETERS})")
_parameter = re.compile(rf"; *({_KEY})(?:=({_VALUE}))?")


class InnerList(msgspec.Struct, frozen=True):
    """The strings of an inner list, its parameters, and the one way in which both are written.

    An item that has parameters of its own keeps them as part of its text. Only parameters that are
    strings or integers have their value here; all are in `text`.
    """

    items: tuple[str, ...]
    parameters: dict[str, str | int | None]
    text: str


def inner_lists(field: str) -> dict[str, InnerList]:
    """A dictionary of inner lists of strings, such as Signature-Input. RFC 8941 §3.1.1, §3.2.

    Raises `Malformed` for any other field, `NotAuthentic` when a label or parameter is repeated.
    """
    return {label: _read_list(*rest) for label, *rest in _members(_inner_list, field)}


def byte_sequences(field: str) -> dict[str, bytes]:
    """A dictionary of byte sequences, such as Signature or Content-Digest. RFC 8941 §3.3.5.

    Raises `Malformed` for any other field, `NotAuthentic` when a label is repeated.
    """
    return {label: base64(text) for label, text in _members(_bytes, field)}


def base64(text: str) -> bytes:
    """Decode base 64 without leniency: the alphabet and its padding, nothing else. RFC 4648 §4.

    Raises `Malformed`.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise Malformed("not base 64") from error


def _members(pattern: re.Pattern[str], field: str) -> list[tuple[str, ...]]:
    """The groups of each member of a dictionary."""
    found: dict[str, tuple[str, ...]] = {}
    position, comma = 0, True
    while position < len(field) or comma:
        match = pattern.match(field, position)
        if match is None or len(found) == MAX_MEMBERS:
            raise Malformed(f"unreadable structured field at character {position}")
        if match[1] in found:
            raise NotAuthentic(f"duplicate: label {match[1]}")
        found[match[1]] = match.groups()
        position, comma = match.end(), "," in field[match.end(pattern.groups) : match.end()]
    return list(found.values())


def _read_list(items: str, parameters: str) -> InnerList:
    """An inner list from the texts between and after its parentheses."""
    names, texts = [], []
    for string, own in _item.findall(items):
        names.append(_unquote(string) + own)
        texts.append(string + _serialise(_parameter.findall(own)) if own else string)
    found = _parameter.findall(parameters)
    values = {name: _scalar(value) for name, value in found}
    if len(values) != len(found):
        raise NotAuthentic("duplicate: signature parameter")
    return InnerList(tuple(names), values, f"({' '.join(texts)}){_serialise(found)}")


def _serialise(parameters: list[tuple[str, str]]) -> str:
    """Parameters as RFC 8941 §4.1.1.2 writes them; a bare key is the value true."""
    return "".join(
        f";{name}" if value in ("", "?1") else f";{name}={value}" for name, value in parameters
    )


def _scalar(value: str) -> str | int | None:
    """A string or an integer; None for every other type."""
    if value.startswith('"'):
        return _unquote(value)
    return int(value) if value.lstrip("-").isdigit() else None


def _unquote(string: str) -> str:
    """The characters of a quoted string. RFC 8941 §4.2.5."""
    inner = string[1:-1]
    return re.sub(r"\\(.)", r"\1", inner) if "\\" in inner else inner
