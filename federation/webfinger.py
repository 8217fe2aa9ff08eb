"""Handles and WebFinger, asked and answered. RFC 7033, RFC 7565; Mastodon's loop-back rule."""

import re
from typing import Any, Final
from urllib.parse import quote

import idna
import msgspec

from federation.errors import Malformed
from federation.readers import decode, first, many, text_or_none, uri_or_none
from federation.vocab import ACTIVITY_JSON, AS_CONTEXT

JRD_JSON: Final = "application/jrd+json"
MAX_HANDLE_CHARS: Final = 320
MAX_LINKS: Final = 64

_SELF: Final = "self"
_PROFILE_PAGE: Final = "http://webfinger.net/rel/profile-page"
_SUBSCRIBE: Final = "http://ostatus.org/schema/1.0/subscribe"
_CREATE: Final = "https://w3id.org/fep/3b86/Create"
_OBJECT: Final = "https://w3id.org/fep/3b86/Object"

_NAME: Final = re.compile(r"[^\s@/\\:<>\"'&?#%]{1,128}")
_HOST: Final = re.compile(r"([^\s@/\\:<>\"'&?#%]{1,253})(?::([1-9][0-9]{0,4}))?")


class Found(msgspec.Struct, frozen=True):
    """Whom a handle means: `acct` is `name@host` as the host writes it, `actor` the id."""

    acct: str
    actor: str


def parse_handle(text: str) -> tuple[str, str] | None:
    """`@name@host`, `name@host` or `acct:name@host` as name and host; None for anything else.

    The name keeps its spelling; the host is ASCII in lower case, with a port where one was given.
    """
    if len(text) > MAX_HANDLE_CHARS:
        return None
    name, at, host = text.strip().removeprefix("acct:").removeprefix("@").rpartition("@")
    normal = normal_host(host)
    if not at or normal is None or not _NAME.fullmatch(name):
        return None
    return name, normal


def normal_host(text: str) -> str | None:
    """A host name as DNS knows it, its port kept unless it is 443; None for what is no name."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    name, port = match.groups()
    try:
        ascii_name = idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None
    if ascii_name.endswith(".") or (port and int(port) > 65_535):
        return None
    return ascii_name if port in (None, "443") else f"{ascii_name}:{port}"


def url_for(name: str, host: str, scheme: str = "https") -> str:
    """Where to ask about `name@host`. RFC 7033 §4.1."""
    resource = quote(f"acct:{name}@{host}", safe=":@")
    return f"{scheme}://{host}/.well-known/webfinger?resource={resource}"


def parse_jrd(body: bytes, wanted: str) -> Found:
    """Whom the answer to a question about `wanted` (`name@host`) names.

    A subject that is no handle counts as `wanted`. When `Found.acct` differs from `wanted` in more
    than case, its own host has to confirm it. Raises `Malformed` without a usable link to an actor.
    """
    raw = decode(body)
    subject = parse_handle(text_or_none(raw.get("subject")) or "")
    for link in many(raw.get("links"))[:MAX_LINKS]:
        if isinstance(link, dict) and link.get("rel") == _SELF and _is_activity(link.get("type")):
            actor = uri_or_none(link.get("href"))
            if actor:
                return Found("@".join(subject) if subject else wanted, actor)
    raise Malformed("no link to an actor")


def _is_activity(media_type: Any) -> bool:
    """Whether a link leads to ActivityStreams."""
    text = text_or_none(first(media_type)) or ""
    return text.startswith(ACTIVITY_JSON) or (
        text.startswith("application/ld+json") and AS_CONTEXT in text
    )


def jrd(
    acct: str, actor: str, *, profile: str = "", subscribe: str = "", create: str = ""
) -> dict[str, Any]:
    """Our answer about `acct` (`name@host`), whose id is `actor`.

    `subscribe` holds `{uri}` and `create` holds `{content}` where a stranger's server fills in
    what its member wants to follow or write. FEP-3b86 for the last two links.
    """
    links: list[dict[str, str]] = [{"rel": _SELF, "type": ACTIVITY_JSON, "href": actor}]
    if profile:
        links.append({"rel": _PROFILE_PAGE, "type": "text/html", "href": profile})
    if subscribe:
        links.append({"rel": _SUBSCRIBE, "template": subscribe})
        links.append({"rel": _OBJECT, "template": subscribe.replace("{uri}", "{object}")})
    if create:
        links.append({"rel": _CREATE, "template": create})
    aliases = [uri for uri in dict.fromkeys((actor, profile)) if uri]
    return {"subject": f"acct:{acct}", "aliases": aliases, "links": links}
