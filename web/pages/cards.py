"""Cards: what other places show for a link to us when no picture of ours tells it better."""

import asyncio
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from aiohttp import web

from server.errors import Deleted, NotFound
from server.model import PostView, Site
from server.services import reading
from server.store.db import Read
from server.text import excerpt
from web.cards import drawing
from web.cards.drawing import Card
from web.keys import ADDRESS, CARD_BUCKETS, CARDS, DB, SITE
from web.meta import card_url
from web.pages.access import now, number
from web.shelf import Busy

routes = web.RouteTableDef()

A_DAY: Final = "public, max-age=86400"
HEADERS: Final = {
    "Cache-Control": A_DAY,
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
BUSY_S: Final = 5


@routes.get("/cards/site.png")
async def of_site(request: web.Request) -> web.Response:
    """The card of the front page."""
    site = request.config_dict[SITE]
    card = Card(
        accent=site.accent,
        place=site.domain,
        words=site.name,
        by=site.description,
        seed=int.from_bytes(sha256(site.domain.encode()).digest()[:6]),
    )
    return await drawn(request, card)


@routes.get("/cards/{id:[0-9]{1,18}}-{version:[0-9]{1,9}}.png")
async def of_post(request: web.Request) -> web.Response:
    """The card of a post that every visitor may see; an older version leads to the newest."""
    view = await request.config_dict[DB].read(_open, number(request))
    if number(request, "version") != view.post.version:
        return web.Response(
            status=HTTPStatus.FOUND,
            headers={"Location": card_url(view.post), "Cache-Control": "public, max-age=300"},
        )
    return await drawn(request, card_of(request.config_dict[SITE], view))


def card_of(site: Site, view: PostView) -> Card:
    """What the card of a post says; a post with a warning shows the warning, and nothing else."""
    post, author = view.post, view.author
    name = author.shown_name
    return Card(
        accent=site.accent,
        place=site.name,
        words=post.warning or post.title or excerpt(post.content, drawing.MAX_WORDS) or name,
        by=name if author.local else f"{name} · {author.domain}",
        seed=post.id,
    )


def _open(db: Read, id: int) -> PostView:
    """A post as a visitor sees it. One that is gone is as unknown as one that never was."""
    try:
        return reading.view(db, None, id)
    except (Deleted, NotFound):
        raise NotFound("There is nothing at this address.") from None


Draw = Callable[[Card], bytes]


async def drawn(request: web.Request, card: Card, draw: Draw | None = None) -> web.Response:
    """The picture, by itself a card. Only a new one costs a token: who has many drawn waits."""
    tag, shelf = (
        card.tag if draw is None else f"{card.tag}-{draw.__name__}",
        request.config_dict[CARDS],
    )
    headers = {**HEADERS, "ETag": f'"{tag}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if tag not in shelf:
        request.config_dict[CARD_BUCKETS].spend(request[ADDRESS], now(request))
    try:
        body = await shelf.get(tag, partial(asyncio.to_thread, draw or drawing.card, card))
    except Busy:
        return web.Response(
            status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(BUSY_S)}
        )
    return web.Response(body=body, content_type="image/png", headers=headers)
