"""Who signed a request of another server, as far as that must be known."""

from aiohttp import web

from federation import inbox
from federation.errors import NotAuthentic
from federation.origin import host
from federation.signature import SignedRequest
from server.model import Site
from web.claims import asking
from web.keys import CONFIG, FETCHER, NOW, SITE


def signed(request: web.Request, body: bytes) -> SignedRequest:
    """The request as it came off the wire."""
    return SignedRequest(
        method=request.method,
        target=request.raw_path,
        host=request.headers.get("Host", ""),
        scheme=request.app[SITE].origin.partition(":")[0],
        headers=tuple(
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in request.raw_headers
        ),
        body=body,
    )


def own_hosts(site: Site) -> tuple[str, ...]:
    """Under which names we are spoken to."""
    return (host(site.origin),)


async def reader(request: web.Request) -> str | None:
    """Who signed this GET; None when nobody did. Raises `FederationError` for a wrong signature."""
    if "Signature" not in request.headers:
        return None
    with asking(request) as keys:
        now_ms, ours = request.app[NOW](), own_hosts(request.app[SITE])
        who = await inbox.reader(signed(request, b""), keys, now_ms, ours)
    keys.authentic(who)
    if not await request.app[FETCHER].hosts.welcome(host(who)):
        raise NotAuthentic("not welcome")
    return who


async def admit(request: web.Request) -> str | None:
    """Who reads, as far as we must know: always where `authorized_fetch` is on."""
    if not request.app[CONFIG].federation.authorized_fetch:
        return None
    who = await reader(request)
    if who is None:
        raise NotAuthentic("missing: this server answers signed requests only")
    return who
