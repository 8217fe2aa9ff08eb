"""Posts for other sites to show. docs.joinmastodon.org/methods/oembed, oembed.com"""

from html import escape
from typing import Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from server import lookup, text
from server.errors import NotFound
from server.model import Post, PostView, Site
from server.services import reading
from server.store.db import Read
from web import entities
from web.api.access import anybody
from web.api.answers import one
from web.api.shape import gives
from web.body import query
from web.keys import DB, SITE, Viewer

routes = web.RouteTableDef()

USUAL_WIDTH: Final = 400
MOST_PX: Final = 10_000
CACHED_S: Final = 86_400
EXCERPT_CHARS: Final = 500


class Wanted(msgspec.Struct, frozen=True):
    """The address of a post, and how much room there is."""

    url: str = ""
    maxwidth: int = USUAL_WIDTH
    maxheight: int | None = None


@routes.get("/api/oembed")
@anybody()
@gives(entities.OEmbed, query=Wanted)
async def embed(request: web.Request, viewer: Viewer | None) -> web.Response:
    """One of our posts that everybody may read, as a quotation with its source."""
    wanted, site = query(request, Wanted), request.config_dict[SITE]
    view = await request.config_dict[DB].read(_open_post, site, wanted.url)
    height = wanted.maxheight
    return one(
        entities.OEmbed(
            type="rich",
            version="1.0",
            title=view.post.title or text.excerpt(view.post.content, 80) or view.author.shown_name,
            author_name=view.author.shown_name,
            author_url=view.author.url,
            provider_name=site.name,
            provider_url=f"{site.origin}/",
            cache_age=CACHED_S,
            html=_quotation(view),
            width=max(1, min(wanted.maxwidth, MOST_PX)),
            height=None if height is None else max(1, min(height, MOST_PX)),
        )
    )


def _open_post(db: Read, site: Site, url: str) -> PostView:
    """What visitors see there. Raises `NotFound`."""
    found = lookup.known(db, site, url) if _readable(url) else None
    if not isinstance(found, Post) or not found.local:
        raise NotFound("Record not found")
    view = reading.view(db, None, found.id)
    if not view.post.open:
        raise NotFound("Record not found")
    return view


def _readable(url: str) -> bool:
    try:
        return len(url) <= lookup.MAX_QUERY and bool(urlsplit(url).netloc)
    except ValueError:
        return False


def _quotation(view: PostView) -> str:
    """Words alone: no script or frame of ours runs on a page of others."""
    post, link = view.post, escape(view.post.url)
    words = post.warning or post.title or text.excerpt(post.content, EXCERPT_CHARS)
    name = escape(view.author.shown_name)
    return (
        f'<blockquote class="mastodon-embed" cite="{link}"><p>{escape(words)}</p>'
        f'<footer><a href="{link}">{name}</a></footer></blockquote>'
    )
