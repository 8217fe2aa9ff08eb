"""Handles and WebFinger, asked and answered. RFC 7033, RFC 7565; Mastodon's loop-back rule.

Also where a server takes what its member wants to do elsewhere: the templates of FEP-3b86 and
`ostatus.org/schema/1.0/subscribe`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import idna
import msgspec

from federation.errors import Malformed
from federation.readers import decode, first, many, text_or_none, uri_or_none
from federation.vocab import ACTIVITY_JSON, AS_CONTEXT

JRD_JSON: Final = "application/jrd+json"
ACCEPT: Final = f"{JRD_JSON}, application/json"
MAX_HANDLE_CHARS: Final = 320
MAX_TYPED_CHARS: Final = 500
MAX_LINKS: Final = 64
MAX_TEMPLATE_CHARS: Final = 1_000

SUBSCRIBE: Final = "http://ostatus.org/schema/1.0/subscribe"
OBJECT: Final = "https://w3id.org/fep/3b86/Object"
CREATE: Final = "https://w3id.org/fep/3b86/Create"
FOLLOW: Final = "https://w3id.org/fep/3b86/Follow"
LIKE: Final = "https://w3id.org/fep/3b86/Like"
ANNOUNCE: Final = "https://w3id.org/fep/3b86/Announce"

# What somebody wants to do, and the templates that serve it, the best first.
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "follow": (FOLLOW, OBJECT, SUBSCRIBE),
    "reply": (CREATE, OBJECT, SUBSCRIBE),
    "like": (LIKE, OBJECT, SUBSCRIBE),
    "share": (ANNOUNCE, OBJECT, SUBSCRIBE),
}

_SELF: Final = "self"
_PROFILE_PAGE: Final = "http://webfinger.net/rel/profile-page"
# A template that lacks every one of these does not say what is meant.
_NAMES_IT: Final = {CREATE: ("inReplyTo",)}
_NAMES_ANY: Final = ("object", "uri")

_NAME: Final = re.compile(r"[^\s@/\\:<>\"'&?#%]{1,128}")
_HOST: Final = re.compile(r"([^\s@/\\:<>\"'&?#%]{1,253})(?::([1-9][0-9]{0,4}))?")
_PROFILE: Final = re.compile(
    r"(?:https?://)?(?P<host>[^\s@/]+)/(?:@|users/|u/|profile/)(?P<name>[^\s/?#]+)/?"
)
# Joiners, direction marks and isolates, which come along when a handle is copied.
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HOLE: Final = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]{0,40})\}")
# Holes stand behind the host alone, and nothing stands there that a Location cannot carry.
_TEMPLATE: Final = re.compile(
    r"https?://[a-z0-9_.-]{1,253}(?::[0-9]{1,5})?[/?][!$-;=?-\[\]_a-z~{}]*",
    re.IGNORECASE | re.ASCII,
)


class Found(msgspec.Struct, frozen=True):
    """Whom a handle means: `acct` is `name@host` as the host writes it, `actor` the id."""

    acct: str
    actor: str


def parse_handle(text: str) -> tuple[str, str] | None:
    """`@name@host`, `name@host` or `acct:name@host` as name and host; None for anything else.

    Lemmy and PieFed write `!name@host` for a community. The name keeps its spelling; the host is
    ASCII in lower case, with a port where one was given.
    """
    if len(text) > MAX_HANDLE_CHARS:
        return None
    bare = text.strip().removeprefix("acct:")
    name, at, host = bare.removeprefix("!" if bare.startswith("!") else "@").rpartition("@")
    normal = normal_host(host)
    if not at or normal is None or not _NAME.fullmatch(name):
        return None
    return name, normal


def parse_typed(text: str) -> tuple[str, str] | None:
    """What people type for their account, as name and host; a host alone has an empty name.

    Besides handles: the address of a profile, with or without its scheme; `＠` of other keyboards;
    and what cannot be seen. None for anything else.
    """
    if len(text) > MAX_TYPED_CHARS:
        return None
    typed = _UNSEEN.sub("", text).replace("\uff20", "@").strip()
    if not typed.isprintable():
        return None
    if profile := _PROFILE.fullmatch(typed):
        name = profile["name"]
        return parse_handle(name if "@" in name else f"{name}@{profile['host']}")
    if handle := parse_handle(typed):
        return handle
    host = normal_host(re.sub(r"\A(?:https?://)?@?|/\Z", "", typed))
    return ("", host) if host and ("." in host or ":" in host) else None


def spelled(name: str, host: str) -> str:
    """`name@host`, or the host alone: what `parse_typed` reads again as the same."""
    return f"{name}@{host}" if name else host


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


def parse_templates(body: bytes) -> dict[str, str]:
    """The usable templates of an answer, by their relation; the first of each counts.

    An answer without any is one all the same. Raises `Malformed` for what is no JRD.
    """
    found: dict[str, str] = {}
    for link in many(decode(body).get("links"))[:MAX_LINKS]:
        rel = link.get("rel") if isinstance(link, dict) else None
        if not isinstance(rel, str) or rel in found or not _offers(rel):
            continue
        template = template_or_none(link.get("template"), _NAMES_IT.get(rel, _NAMES_ANY))
        if template is not None:
            found[rel] = template
    return found


def _offers(rel: str) -> bool:
    """Whether this relation is one that we can use."""
    return any(rel in rels for rels in VERBS.values())


def template_or_none(value: Any, names: tuple[str, ...]) -> str | None:
    """An http(s) template with a hole for one of `names`. RFC 6570, level 1.

    No user, control characters, fragment or operators; nothing to fill in before the path. Whether
    its host may be gone to is for `guard.Guard` to say, of the address that is made of it.
    """
    if not isinstance(value, str) or len(value) > MAX_TEMPLATE_CHARS:
        return None
    bare = _HOLE.sub("", value)
    if not _TEMPLATE.fullmatch(value) or "{" in bare or "}" in bare:
        return None
    return value if any(hole in names for hole in _HOLE.findall(value)) else None


def fill(template: str, values: Mapping[str, str]) -> str:
    """The address that a template makes: values percent-encoded, unknown holes empty.

    FEP-3b86 §3.2, §3.3.
    """
    return _HOLE.sub(lambda hole: quote(values.get(hole[1], ""), safe=""), template)


def ways(templates: Mapping[str, str], verb: str, uri: str) -> Iterator[str]:
    """Addresses where a server lets its member do `verb` (of `VERBS`) to `uri`, the best first."""
    values = dict.fromkeys(("object", "uri", "inReplyTo"), uri)
    return (fill(templates[rel], values) for rel in VERBS[verb] if rel in templates)


def jrd(
    acct: str, actor: str, *, profile: str = "", templates: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Our answer about `acct` (`name@host`), whose id is `actor`.

    `templates`, by their relation, are where a stranger's server fills in what its visitor, whose
    account is here, wants to do.
    """
    links: list[dict[str, str]] = [{"rel": _SELF, "type": ACTIVITY_JSON, "href": actor}]
    if profile:
        links.append({"rel": _PROFILE_PAGE, "type": "text/html", "href": profile})
    links += [{"rel": rel, "template": text} for rel, text in (templates or {}).items()]
    aliases = [uri for uri in dict.fromkeys((actor, profile)) if uri]
    return {"subject": f"acct:{acct}", "aliases": aliases, "links": links}
