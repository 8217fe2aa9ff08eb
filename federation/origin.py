"""Who may speak for an id: same scheme, host and port (FEP-fe34), compared without normalising.

An id is its raw string. Two spellings of one address would be two ids with one origin, so only ids
in normal form are taken at all, and nothing is ever rewritten.
"""

import re
from typing import Final

from federation.errors import Malformed

MAX_URI_CHARS: Final = 2048
DEFAULT_PORTS: Final = {"https": "443", "http": "80"}

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_PATH = r"A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]"

_address = re.compile(r"(https?)://([^/?#@\\\s]+?)(?::([0-9]{1,5}))?(?=[/?#]|\Z)", re.IGNORECASE)
_normal = re.compile(
    rf"((https?)://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::([1-9][0-9]{{0,4}}))?)"
    rf"(?:/(?:[{_PATH}]++|%[0-9A-Fa-f]{{2}})*+)?"
    rf"(?:\?(?:[{_PATH}?]++|%[0-9A-Fa-f]{{2}})*+)?"
    rf"(?:#(?:[{_PATH}?]++|%[0-9A-Fa-f]{{2}})*+)?"
)
_dot_segment = re.compile(r"[^?#]*/(?:\.|%2[eE]){1,2}(?:[/?#]|\Z)")


def origin(uri: str) -> str:
    """`scheme://host` of an http(s) address, with its port unless that is the default. RFC 6454 §4.

    Raises `Malformed` for anything that has no such origin.
    """
    match = _address.match(uri)
    if match is None:
        raise Malformed(f"not an http address: {uri[:200]!r}")
    scheme, host, port = match.groups()
    scheme = scheme.lower()
    if port is None or port == DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host.lower()}"
    return f"{scheme}://{host.lower()}:{port}"


def host(uri: str) -> str:
    """The host of an address, with its port unless that is the default. Raises `Malformed`."""
    return origin(uri).partition("://")[2]


def same_origin(a: str, b: str) -> bool:
    """Whether both are http(s) addresses of one origin; what has no origin has it with nobody."""
    try:
        return origin(a) == origin(b)
    except Malformed:
        return False


def normal(uri: str) -> bool:
    """Whether `uri` can be an id: http(s), ASCII, spelled in the one way that needs no rewriting.

    That is: a lower-case host without user, trailing dot or default port; no dot segments, control
    characters, spaces or broken escapes; at most `MAX_URI_CHARS`.
    """
    return normal_origin(uri) is not None


def normal_origin(uri: str) -> str | None:
    """The origin of an id, or None when it is not in normal form."""
    match = _normal.fullmatch(uri) if len(uri) <= MAX_URI_CHARS else None
    if match is None or match[3] == DEFAULT_PORTS[match[2]]:
        return None
    if ("/." in uri or "%2" in uri) and _dot_segment.match(uri):
        return None
    return match[1]
