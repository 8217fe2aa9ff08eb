"""Atom feeds of what everybody may read here; each shows what a visitor finds on its page.

Nobody is recognised here, so shared caches may keep a feed for a minute. People who are not to be
found by search engines have feeds, as they have pages: both say `noindex`.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec
from aiohttp import web
from markupsafe import Markup

from server import text
from server.config import VERSION
from server.errors import NotFound
from server.model import Media, Post, PostView, Site
from server.services import bylines, documents, reading, threads, timelines
from server.store.db import Read
from server.store.paging import Page
from web import atom, i18n, packing, times
from web.i18n import N_
from web.keys import DB, SITE
from web.pages.access import number, somebody
from web.render import person_feed, person_url, post_url, replies_feed, tag_feed

routes = web.RouteTableDef()

NEWEST: Final = Page(limit=20)
TITLE_CHARS: Final = 80
HEADERS: Final = {
    "Cache-Control": "public, max-age=60",
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PICTURE: Final = Markup('<p><img src="{}" alt="{}"></p>')
_WARNING: Final = Markup("<p><strong>{} {}</strong></p><hr>")


class Source(msgspec.Struct, frozen=True):
    """What a feed is made of. `path` is its own address, `page` the one it accompanies.

    `title` and `heading` are what it is called: a name, and a msgid before it. `version` changes
    when the title may; `since_ms` dates a feed without posts.
    """

    path: str
    page: str
    views: list[PostView]
    title: str = ""
    heading: str = ""
    version: int = 0
    since_ms: int = 0


@routes.get("/feeds/stories")
async def stories(request: web.Request) -> web.Response:
    """The stories of the city."""

    def read(db: Read) -> Source:
        views = timelines.views(db, None, timelines.stories(db, None, NEWEST))
        return Source("/feeds/stories", "/stories", views, heading=N_("Stories"))

    return await _answer(request, read)


@routes.get("/feeds/local")
async def local(request: web.Request) -> web.Response:
    """What people here write for everyone."""

    def read(db: Read) -> Source:
        views = timelines.views(db, None, timelines.local(db, None, NEWEST))
        return Source("/feeds/local", "/local", views, heading=N_("Local"))

    return await _answer(request, read)


@routes.get("/feeds/tags/{tag}")
async def tag(request: web.Request) -> web.Response:
    """Posts with a hashtag, from anywhere."""
    name = request.match_info["tag"].casefold()

    def read(db: Read) -> Source:
        views = timelines.views(db, None, timelines.tag(db, None, name, NEWEST))
        return Source(tag_feed(name), f"/tags/{quote(name, safe='')}", views, title=f"#{name}")

    return await _answer(request, read)


@routes.get("/feeds/@{handle}")
async def person(request: web.Request) -> web.Response:
    """What one of our people writes, or what reaches one of our groups."""
    site, handle = request.app[SITE], request.match_info["handle"]

    def read(db: Read) -> Source:
        account = somebody(db, site, handle)
        if not account.local:
            raise NotFound("There is nobody with this name here.")
        entries = timelines.account(
            db, None, account.id, NEWEST, replies=False, boosts=account.kind == "Group"
        )
        views = timelines.views(db, None, entries)
        title = f"{account.shown_name} (@{documents.full_acct(site, account)})"
        return Source(
            person_feed(account),
            person_url(account),
            views,
            title=title,
            version=account.version,
            since_ms=account.created_ms,
        )

    return await _answer(request, read)


@routes.get("/feeds/@{handle}/{id:\\d+}")
async def replies(request: web.Request) -> web.Response:
    """What answers a post of ours, directly or further down the thread that begins with it."""
    handle, id = request.match_info["handle"].lower(), number(request)

    def read(db: Read) -> Source:
        view = reading.view(db, None, id)
        if not view.post.local or view.author.name != handle:
            raise NotFound("There is no such post.")
        found = threads.newest_below(db, view.post, NEWEST)
        shown = timelines.by_post(db, None, [post.id for post in found])
        return Source(
            replies_feed(view),
            post_url(view.post, view.author),
            [shown[post.id] for post in found if post.id in shown],
            title=_called(view),
            heading=N_("Comments") if view.post.title else N_("Replies"),
            version=view.post.version,
            since_ms=view.post.published_ms,
        )

    return await _answer(request, read)


async def _answer(request: web.Request, read: Callable[[Read], Source]) -> web.Response:
    """The feed, or 304 for a reader that has it as it is. RFC 9110 §13."""
    site = request.app[SITE]
    source = await request.app[DB].read(read)
    updated_ms = max((_updated_ms(view.post) for view in source.views), default=source.since_ms)
    etag, modified = _etag(source, site), updated_ms // 1000
    # Weak, because a packed feed has other bytes and says the same.
    headers = {**HEADERS, "ETag": f'W/"{etag}"', "Last-Modified": _http_time(modified)}
    if _has_it(request, etag, modified):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    # Twenty long stories take some time to be made safe once more: not here, where all wait for it.
    body = await asyncio.to_thread(_document, site, source, updated_ms)
    response = web.Response(
        body=body, content_type=atom.MEDIA_TYPE, charset="utf-8", headers=headers
    )
    packing.send_packed(request, response)
    return response


def _etag(source: Source, site: Site) -> str:
    """Changes with everything that the document is made of."""
    versions = [(v.post.id, v.post.version, v.author.version) for v in source.views]
    made_of = (VERSION, site, source.path, source.title, source.version, versions)
    encoded = msgspec.json.encode(made_of, enc_hook=_nothing)
    return hashlib.sha256(encoded).hexdigest()[:32]


def _nothing(_: object) -> None:
    """Of the site all counts but how it names strangers' files: a feed has only ours."""


def _has_it(request: web.Request, etag: str, modified: int) -> bool:
    if "If-None-Match" in request.headers:
        return etag in request.headers["If-None-Match"]
    since = request.if_modified_since
    return since is not None and int(since.timestamp()) >= modified


def _http_time(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def _updated_ms(post: Post) -> int:
    return min(max(post.edited_ms or post.published_ms, 0), times.LAST_MS)


def _document(site: Site, source: Source, updated_ms: int) -> bytes:
    language = next((code for code in site.languages if code in i18n.available()), "en")
    words = i18n.translations(language)
    heading = words.gettext(source.heading) if source.heading else ""
    named = ": ".join(filter(None, (heading, source.title)))
    views = {view.post.id: view for view in source.views}  # a group may share a post twice
    feed = atom.Feed(
        url=f"{site.origin}{source.path}",
        page=f"{site.origin}{source.page}",
        title=f"{named} · {site.name}",
        updated_ms=updated_ms,
        language=language,
        generator=f"Madang {VERSION}",
        entries=tuple(_entry(site, view, words.gettext) for view in views.values()),
    )
    return atom.document(feed)


def _entry(site: Site, view: PostView, gettext: Callable[[str], str]) -> atom.Entry:
    post, author = view.post, view.author
    fallback = gettext("Post by %(name)s") % {"name": author.shown_name}
    return atom.Entry(
        id=post.uri,
        page=post.url or post.uri,
        title=_called(view) or fallback,
        author=author.shown_name,
        author_page=author.url or author.uri,
        published_ms=post.published_ms,
        updated_ms=_updated_ms(post),
        content=_content(site, view, gettext("Content warning:")),
        summary=text.plain(post.lead),
        language=post.language,
        tags=tuple(msgspec.json.decode(post.tags, type=list[str])),
        enclosures=tuple(_enclosure(site, media) for media in view.media),
        answers=post.reply_to_uri or "",
    )


def _called(view: PostView) -> str:
    """A story's title, a note's warning, or its first words."""
    post = view.post
    return post.title or post.warning or text.excerpt(post.content, TITLE_CHARS)


def _content(site: Site, view: PostView, warned: str) -> str:
    """What the page shows, covered pictures left out: a reader may have no way to cover them."""
    post = view.post
    parts = [text.sanitise_story(bylines.told(post), f"{site.origin}/media/")]
    if post.warning:
        parts.insert(0, _WARNING.format(warned, post.warning))
    if not view.sensitive and not post.warning:
        parts += [
            _PICTURE.format(_address(site, media), media.alt)
            for media in view.media
            if media.kind == "image"
        ]
    return "".join(parts)


def _enclosure(site: Site, media: Media) -> atom.Enclosure:
    return atom.Enclosure(_address(site, media), media.media_type, media.bytes, media.alt)


def _address(site: Site, media: Media) -> str:
    return f"{site.origin}/media/{media.large}" if media.large else media.remote_url
