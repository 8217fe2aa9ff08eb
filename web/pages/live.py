"""Live updates: a stream that says that something is new, and the parts of pages that show it.

    GET /live?topics=thread:5,local&since=MS    Server-Sent Events (WHATWG HTML §9.2)
    GET /live/thread/POST?after=ID              new replies below a post
    GET /live/timeline/KIND?min_id=ID           newer posts of a timeline
    GET /live/notifications                     how many wait

The stream carries no words of anybody: topics, counts and ids. What is new is then read here with
the reader's own session. Pages are complete without any of this.
"""

import asyncio
import logging
import re
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from server.errors import AppError, NotFound, Unauthorized
from server.ids import first_id, parse_id
from server.model import PostView
from server.services import live, notifications, reading, sessions, threads, timelines
from server.store.db import DatabaseError, Read
from server.store.paging import Page
from web import failures, limits
from web.i18n import N_
from web.keys import ADDRESS, DB, HUB, REQUEST_ID, STREAM
from web.live import Crowded, Listener, News
from web.pages.access import asked_id, now, number, page_of, viewer_id
from web.pages.sessions import session_cookie
from web.pages.threads import MAX_DEPTH
from web.render import fragment, post_url, viewer_of
from web.streams import EVENT_HEADERS

log = logging.getLogger(__name__)
routes = web.RouteTableDef()

RETRY_MS: Final = 3_000  # after a stream ended the browser waits so long
HEARTBEAT_S: Final = 20.0
CROWDED_S: Final = 60
MAX_TOPICS: Final = 8
MAX_NAME: Final = 100  # characters of a hashtag
MAX_UNREAD: Final = 16 * 1024  # bytes that wait for a slow reader before it is let go
NEW_REPLIES: Final = 50
NEW_POSTS: Final = 40

UNKNOWN: Final = N_("There are no live updates of this. Please load the page again.")
SIGNED_OUT: Final = N_("You are signed out. Please sign in and load the page again.")
_TOPIC: Final = re.compile(r"local|stories|federated|home|notifications|thread:[0-9]+|tag:.+")
_OWN: Final = frozenset({"home", "notifications"})
_TIMELINES: Final = frozenset({"local", "stories", "federated", "home"})


@routes.get("/live", allow_head=False)
async def stream(request: web.Request) -> web.StreamResponse:
    """Say that something is new in one of `topics`, as long as somebody listens."""
    names, me = _topics(request), viewer_id(request)
    after_id, hub = _after(request), request.config_dict[HUB]
    who = f"@{me}" if me is not None else limits.network(request[ADDRESS])
    keys = _keys(names, me)
    try:
        with hub.listen(keys, who, after_id=after_id, gone=lambda: _gone(request)) as listener:
            missed = []
            if after_id:
                missed = await request.config_dict[DB].read(live.missed, me, names, after_id)
            return await _stream(request, listener, [News(*one) for one in missed])
    except Crowded:
        response = await failures.answer(request, HTTPStatus.SERVICE_UNAVAILABLE, None)
        response.headers["Retry-After"] = str(CROWDED_S)
        return response


def _topics(request: web.Request) -> list[str]:
    """What the page wants to hear of. Raises `AppError`."""
    wishes = request.query.get("topics", "").casefold().split(",", MAX_TOPICS)
    if len(wishes) > MAX_TOPICS or not all(map(_possible, wishes)):
        raise AppError(UNKNOWN)
    return list(dict.fromkeys(wishes))


def _possible(topic: str) -> bool:
    kind, _, name = topic.partition(":")
    if not _TOPIC.fullmatch(topic) or len(name) > MAX_NAME:
        return False
    return kind != "thread" or parse_id(name) is not None


def _keys(names: list[str], account_id: int | None) -> dict[str, str]:
    """The hub's topics, each with the name that the page has for it.

    `home` and `notifications` are the viewer's own, and in a thread a member also hears of what is
    not for everybody, once told of it. Raises `Unauthorized`.
    """
    if account_id is None:
        if not _OWN.isdisjoint(names):
            raise Unauthorized(SIGNED_OUT)
        return {name: name for name in names}
    keys = {f"{name}:{account_id}" if name in _OWN else name: name for name in names}
    private = {f"{name}:{account_id}": name for name in names if name.startswith("thread:")}
    return keys | private


def _after(request: web.Request) -> int:
    """From where on the browser has heard nothing: its last id, or when the page was made."""
    latest = first_id(now(request))
    if (last := parse_id(request.headers.get("Last-Event-ID", ""))) is not None:
        return min(last, latest)
    if (since_ms := parse_id(request.query.get("since", ""))) is not None:
        return min(first_id(since_ms - live.OVERLAP_MS), latest)
    return 0


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _stream(
    request: web.Request, listener: Listener, missed: list[News]
) -> web.StreamResponse:
    """Answer until the listener is let go, the browser has gone, or its session has ended."""
    response = web.StreamResponse(headers={**EVENT_HEADERS, "X-Request-Id": request[REQUEST_ID]})
    response.force_close()
    request[STREAM] = True
    with suppress(ConnectionError, DatabaseError):  # its browser asks again
        try:
            await response.prepare(request)
            await response.write(f"retry: {RETRY_MS}\n".encode() + _said(request, missed))
            await _tell(request, response, listener)
        except (ConnectionError, DatabaseError):
            raise
        except Exception:  # nothing else can be answered any more
            log.exception("a live stream failed")
    return response


async def _tell(request: web.Request, response: web.StreamResponse, listener: Listener) -> None:
    clock = asyncio.get_running_loop().time
    beat = clock() + HEARTBEAT_S
    while True:
        news = await listener.wait(max(0.0, beat - clock()))
        if listener.closed:
            return
        if clock() >= beat:
            if not await _still_signed_in(request):
                return
            beat = clock() + HEARTBEAT_S
        if _too_slow(request):
            return
        await response.write(_said(request, news))


def _said(request: web.Request, news: list[News]) -> bytes:
    """Events, or a sign of life; either tells the browser from where to go on."""
    id = request.config_dict[HUB].position
    return "".join(_event(one, id) for one in news).encode() or f": here\nid: {id}\n\n".encode()


@lru_cache(maxsize=64)  # a thousand streams are told the same at once
def _event(news: News, id: int) -> str:
    # ids are strings: JavaScript's numbers are too short for them
    data = {"topic": news.topic, "count": news.count, "last": str(news.last)}
    kind = news.topic.partition(":")[0]
    return f"event: {kind}\nid: {id}\ndata: {msgspec.json.encode(data).decode()}\n\n"


def _too_slow(request: web.Request) -> bool:
    """Whether too much waits to be read; then whoever does not read it is cut off."""
    transport = request.transport
    if transport is None or transport.get_write_buffer_size() <= MAX_UNREAD:
        return False
    transport.abort()
    return True


async def _still_signed_in(request: web.Request) -> bool:
    """Whether who asked is still who they were."""
    if viewer_of(request) is None:
        return True
    token = request.cookies.get(session_cookie(request), "")
    found = await request.config_dict[DB].read(sessions.by_token, token, now(request))
    return found is not None


# --- what a page loads then


@routes.get("/live/thread/{id}")
async def thread(request: web.Request) -> web.Response:
    """Replies below a post that came after `after`, by arrival; at most `NEW_REPLIES`."""
    view, commented, replies, newest = await request.config_dict[DB].read(
        _replies, viewer_id(request), number(request), _bound(request, "after")
    )
    return fragment(
        request,
        "replies.html",
        replies=replies,
        commented=commented,
        newest=newest,
        max_depth=MAX_DEPTH,
        here=page_of(request) or post_url(view.post, view.author),
    )


def _replies(
    db: Read, viewer_id: int | None, post_id: int, after_id: int
) -> tuple[PostView, bool, list[tuple[PostView, int]], int]:
    page = Page(min_id=after_id, limit=NEW_REPLIES)
    replies, newest = threads.newer_replies(db, viewer_id, post_id, page)
    view = reading.view(db, viewer_id, post_id)
    return view, threads.commented(db, view.post), replies, newest or after_id


@routes.get("/live/timeline/{kind}")
async def timeline(request: web.Request) -> web.Response:
    """Posts of a timeline that came after `min_id`, newest first; at most `NEW_POSTS`."""
    topic, home = _timeline(request)
    after_id = _bound(request, "min_id")
    views = await request.config_dict[DB].read(_newer, viewer_id(request), topic, after_id)
    return fragment(
        request,
        "posts.html",
        views=views,
        newest=views[0].entry_id if views else after_id,
        level=3 if request.query.get("level") == "3" else 2,
        here=page_of(request) or home,
    )


def _newer(db: Read, viewer_id: int | None, topic: str, after_id: int) -> list[PostView]:
    entries = live.newer(db, viewer_id, topic, Page(min_id=after_id, limit=NEW_POSTS))
    return timelines.views(db, viewer_id, entries)


def _timeline(request: web.Request) -> tuple[str, str]:
    """The topic of a timeline, and its page. Raises `NotFound` or `Unauthorized`."""
    kind, tag = request.match_info["kind"], request.query.get("tag", "").casefold()
    if kind == "tags" and _possible(f"tag:{tag}"):
        return f"tag:{tag}", f"/tags/{tag}"
    if kind not in _TIMELINES:
        raise NotFound("There is nothing at this address.")
    if kind == "home" and viewer_of(request) is None:
        raise Unauthorized(SIGNED_OUT)
    return kind, f"/{kind}"


def _bound(request: web.Request, name: str) -> int:
    """The id that the page has already. Raises `AppError` where none is given."""
    found = asked_id(request, name)
    if found is None:
        raise AppError(UNKNOWN)
    return found


@routes.get("/live/notifications")
async def notices(request: web.Request) -> web.Response:
    """How many wait: the number beside the word in every page's head."""
    me = viewer_id(request)
    if me is None:
        raise Unauthorized(SIGNED_OUT)
    unread = await request.config_dict[DB].read(notifications.unread, me)
    return fragment(request, "badge.html", unread=unread)
