"""Statuses: read, write, edit and delete. docs.joinmastodon.org/methods/statuses

Writing takes two keys that Mastodon does not have, `title` and `lead`, which make a story, and a
visibility: `secret`, a comment for the author of the story alone. A post that names a board of ours
begins a thread there.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal

import msgspec
from aiohttp import web

from server import lookup, text
from server.errors import Deleted, NotFound
from server.model import Account, Entry, Post, PostView, Revision, Site
from server.services import (
    addressed,
    media,
    new_posts,
    posts,
    reactions,
    reading,
    scheduled,
    threads,
)
from server.services.new_posts import NewPost
from server.services.polls import NewPoll
from server.services.scheduled import ScheduledView
from server.store.db import Read, Write
from web import entities, filtering, present
from web.api import fragments
from web.api.access import anybody, need, path_id, viewer_id
from web.api.answers import Id, encoded, one
from web.api.async_refreshes import look_for_replies
from web.api.media import point
from web.api.moments import moment_ms
from web.api.shape import gives
from web.body import body, query
from web.keys import DB, FETCHER, NOW, SITE, Viewer

routes = web.RouteTableDef()

MOST_AT_ONCE: Final = 40


class Poll(msgspec.Struct, frozen=True):
    """What is asked: answers to choose from, open for `expires_in` seconds."""

    options: tuple[str, ...] = ()
    expires_in: int = 0
    multiple: bool = False
    hide_totals: bool = False

    def new(self) -> NewPoll:
        """As the service takes it."""
        return NewPoll(
            options=self.options,
            lasts_s=self.expires_in,
            multiple=self.multiple,
            hidden=self.hide_totals,
        )


Policy = Literal["public", "followers", "nobody"]


class Described(msgspec.Struct, frozen=True):
    """What changes about a picture of a post: its words, or the point that must stay in view."""

    id: Id
    description: str | None = None
    focus: str | None = None


class Deletion(msgspec.Struct, frozen=True):
    """Whether the pictures go at once; else they wait a day for a new attempt."""

    delete_media: bool = False


class Text(msgspec.Struct, frozen=True):
    """What a form for writing or editing sends. A `title` makes a story, in Markdown."""

    status: str = ""
    title: str | None = None
    lead: str | None = None
    spoiler_text: str = ""
    sensitive: bool | None = None
    language: str | None = None
    media_ids: tuple[Id, ...] = ()
    media_attributes: tuple[Described, ...] = ()
    visibility: Literal["public", "unlisted", "private", "direct", "secret"] | None = None
    in_reply_to_id: Id | None = None
    poll: Poll | None = None
    scheduled_at: str | None = None
    quoted_status_id: Id | None = None
    quote_approval_policy: Policy | None = None


class Several(msgspec.Struct, frozen=True):
    """Statuses by id."""

    id: tuple[Id, ...] = ()


@routes.post("/api/v1/statuses")
@need("write:statuses")
@gives(entities.Status | entities.ScheduledStatus, body=Text)
async def write(request: web.Request, viewer: Viewer) -> web.Response:
    """Publish a post, or keep it until `scheduled_at`; a time that is over counts as none.

    With an `Idempotency-Key` that was used before, the answer is what it made then.
    """
    typed = await body(request, Text)
    _refuse_what_is_not_there(typed)
    member = viewer.member
    new = NewPost(
        content=typed.status or _alone(typed),
        title=typed.title or "",
        lead=typed.lead or "",
        visibility=present.VISIBILITIES[typed.visibility]
        if typed.visibility
        else member.default_visibility,
        warning="" if _alone(typed) else typed.spoiler_text,
        sensitive=bool(member.default_sensitive) if typed.sensitive is None else typed.sensitive,
        language=typed.language or member.writes_in,
        media_ids=typed.media_ids,
        reply_to_id=typed.in_reply_to_id,
        idempotency_key=_key(request),
        poll=typed.poll.new() if typed.poll else None,
        app_id=viewer.app_id,
        quoted_id=typed.quoted_status_id,
        quote_policy=typed.quote_approval_policy or "",
    )
    due_ms = moment_ms(typed.scheduled_at) if typed.scheduled_at else 0
    await lookup.mentioned(request.config_dict[FETCHER], typed.status)
    if due_ms > request.config_dict[NOW]():
        return await _later(request, viewer, new, due_ms)
    return await changed(request, viewer, _written, new)


async def _later(request: web.Request, viewer: Viewer, new: NewPost, due_ms: int) -> web.Response:
    """Keep it until its time has come."""
    view = await request.config_dict[DB].write(
        _scheduled, viewer, new, due_ms, request.config_dict[NOW]()
    )
    return one(present.scheduled(request.config_dict[SITE], view))


@routes.get("/api/v1/statuses")
@anybody("read:statuses")
@gives(list[entities.Status], query=Several)
async def several(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Those of the named posts that the viewer may see."""
    ids = query(request, Several).id[:MOST_AT_ONCE]
    views = await request.config_dict[DB].read(_found_among, viewer_id(viewer), ids)
    return one([entity(request, viewer, view) for view in views])


@routes.get("/api/v1/statuses/{id}")
@anybody("read:statuses")
@gives(entities.Status)
async def read(request: web.Request, viewer: Viewer | None) -> web.Response:
    """One post, or a boost of one."""
    view = await request.config_dict[DB].read(found, viewer_id(viewer), path_id(request))
    return one(entity(request, viewer, view))


@routes.put("/api/v1/statuses/{id}")
@need("write:statuses")
@gives(entities.Status, body=Text)
async def edit(request: web.Request, viewer: Viewer) -> web.Response:
    """Change one's own post. Title and lead stay as they are where an app does not know them."""
    typed = await body(request, Text)
    _refuse_what_is_not_there(typed)
    await lookup.mentioned(request.config_dict[FETCHER], typed.status)
    return await changed(request, viewer, _edited, path_id(request), typed)


@routes.delete("/api/v1/statuses/{id}")
@need("write:statuses")
@gives(entities.Status, body=Deletion)
async def delete(request: web.Request, viewer: Viewer) -> web.Response:
    """Delete one's own post (or take a boost back), and answer its source for a new attempt."""
    asked = await body(request, Deletion)
    view = await request.config_dict[DB].write(
        _deleted,
        request.config_dict[SITE],
        viewer.account,
        path_id(request),
        asked,
        request.config_dict[NOW](),
    )
    return one({**entity(request, viewer, view), "text": view.post.source})


@routes.get("/api/v1/statuses/{id}/context")
@anybody("read:statuses")
@gives(entities.Context)
async def context(request: web.Request, viewer: Viewer | None) -> web.Response:
    """What a post answers, and what answers it."""
    me = viewer_id(viewer)
    post, *around = await request.config_dict[DB].read(_context, me, path_id(request))
    above, below = [b",".join(await fragments.statuses(request, me, part)) for part in around]
    headers = look_for_replies(request, post) if viewer else {}
    return encoded(b'{"ancestors":[%b],"descendants":[%b]}' % (above, below), headers)


@routes.get("/api/v1/statuses/{id}/source")
@need("read:statuses")
@gives(entities.StatusSource)
async def source(request: web.Request, viewer: Viewer) -> web.Response:
    """What the viewer typed, to edit it."""
    view = await request.config_dict[DB].read(own, viewer.account.id, path_id(request))
    return one(present.source(view.post))


@routes.get("/api/v1/statuses/{id}/history")
@anybody("read:statuses")
@gives(list[entities.StatusEdit])
async def history(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Every version of a post, oldest first."""
    view, revisions = await request.config_dict[DB].read(
        _history, viewer_id(viewer), path_id(request)
    )
    site = request.config_dict[SITE]
    return one([present.edit(site, view, said) for said in revisions])


# --- what happens in one transaction


def found(db: Read, viewer_id: int | None, id: int) -> PostView:
    """The post with this id, or the boost with this id around its post.

    A deleted one is 404 to apps, as Mastodon says it, though pages and peers are told 410.
    """
    try:
        return reading.view(db, viewer_id, id)
    except Deleted as error:
        raise NotFound(error.message, **error.values) from error
    except NotFound:
        view = reading.boost_view(db, viewer_id, id)
        if view is None:
            raise
        return view


def _found_among(db: Read, viewer_id: int | None, ids: tuple[int, ...]) -> list[PostView]:
    views = []
    for id in dict.fromkeys(ids):
        try:
            views.append(found(db, viewer_id, id))
        except NotFound:
            continue
    return views


def own(db: Read, viewer_id: int, id: int) -> PostView:
    """A post of the viewer's own; anybody else's is 404, as Mastodon says it."""
    view = reading.view(db, viewer_id, id)
    if view.post.author_id != viewer_id:
        raise NotFound("There is no such post of yours.")
    return view


def _context(db: Read, viewer_id: int | None, id: int) -> tuple[Post, list[Entry], list[Entry]]:
    try:
        return threads.entries(db, viewer_id, id)
    except (Deleted, NotFound):  # the id may be that of a boost
        return threads.entries(db, viewer_id, found(db, viewer_id, id).post.id)


def _history(db: Read, viewer_id: int | None, id: int) -> tuple[PostView, list[Revision]]:
    view = found(db, viewer_id, id)
    return view, reading.history(db, viewer_id, view.post.id)


def _written(tx: Write, site: Site, author: Account, new: NewPost, now_ms: int) -> PostView:
    new = addressed.placed(tx, site, author, new, now_ms)
    return reading.view(tx, author.id, posts.write(tx, site, author, new, now_ms).id)


def _scheduled(tx: Write, viewer: Viewer, new: NewPost, due_ms: int, now_ms: int) -> ScheduledView:
    made = scheduled.schedule(tx, viewer.account, new, due_ms, app_id=viewer.app_id, now_ms=now_ms)
    return scheduled.view(tx, viewer.account.id, made.id)


def _edited(tx: Write, site: Site, author: Account, id: int, typed: Text, now_ms: int) -> PostView:
    post = own(tx, author.id, id).post
    described = _describe(tx, author, typed)
    new = NewPost(
        content=typed.status or _alone(typed),
        title=post.title if typed.title is None else typed.title,
        lead=text.plain(post.lead) if typed.lead is None else typed.lead,
        visibility=post.visibility,
        warning="" if _alone(typed) else typed.spoiler_text,
        sensitive=bool(typed.sensitive),
        language=post.language if typed.language is None else typed.language,
        media_ids=typed.media_ids,
        reply_to_id=post.reply_to_id,
        poll=typed.poll.new() if typed.poll else None,
        quote_policy=typed.quote_approval_policy or "",
    )
    posts.edit(tx, site, author, id, new, now_ms, described=described)
    return reading.view(tx, author.id, id)


def _describe(tx: Write, author: Account, typed: Text) -> bool:
    """Change what an edit says about pictures that it keeps. Raises `NotFound`, `Invalid`.

    Whether it is something else than before.
    """
    changed = False
    for said in typed.media_attributes[: new_posts.MAX_PICTURES_OF_STORY]:
        if said.id not in typed.media_ids:
            continue
        known = media.one(tx, author.id, said.id)
        alt = known.alt if said.description is None else said.description
        focus = (known.focus_x, known.focus_y) if said.focus is None else point(said.focus)
        now = media.describe(tx, author.id, said.id, alt, focus)
        changed |= (now.alt, now.focus_x, now.focus_y) != (known.alt, known.focus_x, known.focus_y)
    return changed


def _deleted(
    tx: Write, site: Site, author: Account, id: int, asked: Deletion, now_ms: int
) -> PostView:
    view = found(tx, author.id, id)
    by = view.booster or view.author
    if by.id != author.id:
        raise NotFound("There is no such post of yours.")
    if view.booster is not None:
        reactions.unboost(tx, site, author, view.post.id, now_ms)
    else:
        keep = not asked.delete_media
        posts.delete(tx, site, author, view.post.id, now_ms, keep_media=keep)
    return view


# --- around it


async def changed(
    request: web.Request, viewer: Viewer, function: Callable[..., PostView], *args: object
) -> web.Response:
    """Run `function(tx, site, account, *args, now_ms)` and answer the post as it is then."""
    view = await request.config_dict[DB].write(
        function, request.config_dict[SITE], viewer.account, *args, request.config_dict[NOW]()
    )
    return one(entity(request, viewer, view))


def entity(request: web.Request, viewer: Viewer | None, view: PostView) -> entities.Status:
    """Status, as the viewer sees it now."""
    site = request.config_dict[SITE]
    status = present.status(
        site, view, viewer_id=viewer_id(viewer), now_ms=request.config_dict[NOW]()
    )
    return filtering.mark(request, view, status)


def _alone(typed: Text) -> str:
    """A warning before nothing is what somebody wanted to say."""
    bare = not typed.status.strip() and not typed.media_ids and typed.poll is None
    return typed.spoiler_text if bare else ""


def _key(request: web.Request) -> str:
    """The Idempotency-Key, in a form that is short and plain whatever the app sent."""
    sent = request.headers.get("Idempotency-Key", "")
    return sha256(sent.encode("utf-8", "surrogateescape")).hexdigest() if sent else ""


def _refuse_what_is_not_there(typed: Text) -> None:
    """Raise `Invalid` rather than publish a post without what its author put into it."""
