"""What peers send us. AP §5.2, §7."""

import asyncio
from typing import Final

from aiohttp import web

from federation import inbox
from federation.errors import Blocked, Gone
from federation.http import is_activity_type
from federation.origin import host
from server.inbox.door import take
from web import signers
from web.activitypub import own_account
from web.claims import Asking, asking
from web.keys import DB, FETCHER, NOW, SITE
from web.senders import SENDERS

routes = web.RouteTableDef()

READ_S: Final = 20.0  # for a body of at most 1 MiB


@routes.post("/inbox")
@routes.post("/actors/{id}/inbox")
async def receive(request: web.Request) -> web.Response:
    """Accept an authentic activity: durable, and usually already applied, before the 202."""
    with asking(request) as keys:
        if not is_activity_type(request.headers.get("Content-Type", "")):
            raise web.HTTPUnsupportedMediaType
        body = await _body(request)
        try:
            await _authentic(request, body, keys)
        except (Gone, Blocked):  # who sends what must be silent is told nothing
            keys.failed(request.app[NOW]())
    return web.Response(status=202)


async def _body(request: web.Request) -> bytes:
    """All that was sent; most of it came together with its headers, and needs no clock."""
    if request.content.is_eof():
        return await request.read()
    try:
        async with asyncio.timeout(READ_S):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def _authentic(request: web.Request, body: bytes, keys: Asking) -> None:
    """Nothing is read or asked for before all is right that can be seen in the request alone."""
    app, now_ms = request.app, request.app[NOW]()
    fetcher, site = app[FETCHER], app[SITE]
    claim = inbox.claim(signers.signed(request, body), now_ms, signers.own_hosts(site))
    app[SENDERS].check(claim.activity.actor, now_ms)
    if not await fetcher.hosts.welcome(host(claim.activity.actor)):
        raise Blocked(host(claim.activity.actor))
    if "id" in request.match_info and (await own_account(request)).state == "gone":
        raise web.HTTPGone  # a peer that is told so forgets whom it followed here
    authentic = await inbox.prove(claim, keys, now_ms)
    keys.authentic(authentic.activity.actor)
    app[SENDERS].heard(authentic.activity.actor, now_ms)
    await take(app[DB], site, authentic, now_ms)
    if authentic.activity.object_id == authentic.activity.actor:  # it changed, moved or ended
        fetcher.keys.forget(authentic.activity.actor)
