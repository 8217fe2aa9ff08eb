"""Who asks for a document and who for a page. RFC 9110 §12.5.1, AP §3.2."""

from typing import Final

from aiohttp import web

_ACTIVITY: Final = frozenset({"application/activity+json", "application/ld+json"})
_PAGE: Final = frozenset({"text/html", "application/xhtml+xml"})


def wants_activity(request: web.Request) -> bool:
    """Whether an ActivityStreams document is preferred to a page. `*/*` alone means a page."""
    return prefers_activity(",".join(request.headers.getall("Accept", [])))


def prefers_activity(accept: str) -> bool:
    """As `wants_activity`, of the header's value."""
    best = {"activity": 0.0, "page": 0.0}
    for part in accept.split(",")[:50]:
        kind, _, parameters = part.strip().partition(";")
        name = kind.strip().lower()
        side = "activity" if name in _ACTIVITY else "page" if name in _PAGE else None
        if side:
            best[side] = max(best[side], _weight(parameters))
    return best["activity"] > 0 and best["activity"] >= best["page"]


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
