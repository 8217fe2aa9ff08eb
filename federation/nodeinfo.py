"""NodeInfo 2.0 and 2.1, asked and answered: what software speaks, and for how many."""

from typing import Any, Final

import msgspec

from federation.readers import many, text_or_none, uri_or_none
from federation.vocab import PUBLIC

SOFTWARE: Final = "madang"
"""Clients and peers steer by this name: it never changes."""

VERSIONS: Final = ("2.0", "2.1")
MAX_NAME_CHARS: Final = 100
MAX_LINKS: Final = 32

_SCHEMA: Final = "http://nodeinfo.diaspora.software/ns/schema/"
_APPLICATION: Final = PUBLIC.replace("#Public", "#Application")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What we tell about ourselves. Counts are of our own members and what they wrote."""

    version: str
    name: str = ""
    description: str = ""
    languages: tuple[str, ...] = ()
    open_registrations: bool = False
    users: int = 0
    active_month: int = 0
    active_halfyear: int = 0
    posts: int = 0
    repository: str = ""
    homepage: str = ""


def index(base: str) -> dict[str, Any]:
    """The index below `/.well-known/nodeinfo`, with our own actor (FEP-2677)."""
    links = [{"rel": _SCHEMA + one, "href": f"{base}/nodeinfo/{one}"} for one in VERSIONS]
    return {"links": [*links, {"rel": _APPLICATION, "href": f"{base}/actor"}]}


def document(version: str, facts: Facts) -> dict[str, Any]:
    """The document of one of `VERSIONS`; 2.1 also names repository and homepage."""
    software = {"name": SOFTWARE, "version": facts.version}
    if version == "2.1":
        links = {"repository": facts.repository, "homepage": facts.homepage}
        software |= {name: url for name, url in links.items() if url}
    return {
        "version": version,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": facts.open_registrations,
        "usage": {
            "users": {
                "total": facts.users,
                "activeMonth": facts.active_month,
                "activeHalfyear": facts.active_halfyear,
            },
            "localPosts": facts.posts,
        },
        "metadata": {
            "nodeName": facts.name,
            "nodeDescription": facts.description,
            "languages": list(facts.languages),
        },
    }


def newest(raw: dict[str, Any]) -> str | None:
    """Where a peer's index says that its newest document of `VERSIONS` is."""
    found = {
        link.get("rel"): uri_or_none(link.get("href"))
        for link in many(raw.get("links"))[:MAX_LINKS]
        if isinstance(link, dict) and isinstance(link.get("rel"), str)
    }
    return next((url for one in reversed(VERSIONS) if (url := found.get(_SCHEMA + one))), None)


def parse(raw: dict[str, Any]) -> tuple[str, str]:
    """A peer's software and version, the name in lower case; "" for what it does not tell."""
    software = raw.get("software")
    if not isinstance(software, dict):
        return "", ""
    name, version = text_or_none(software.get("name")), text_or_none(software.get("version"))
    return (name or "")[:MAX_NAME_CHARS].lower(), (version or "")[:MAX_NAME_CHARS]
