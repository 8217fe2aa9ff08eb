"""A post with its thread, its history, and what people do to it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from server.errors import Forbidden, NotFound
from server.model import Account, PostView, Relationship, Revision, Site
from server.services import follows, posts
from server.store.db import Read, Write
from server.store.paging import Page
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.pages.access import in_place, now, number, pager, signed_in, viewer_id, window
from web.pages.forms import back, form, see
from web.pages.people import people_page
from web.render import page, person_url, post_url, replies_feed

routes = web.RouteTableDef()

MAX_DEPTH: Final = (
    4  # steps that a reply is moved inwards; deeper ones stay there and say whom they answer
)


class Reply(msgspec.Struct, frozen=True):
    """A reply, `depth` steps inwards. `answers` is whom it answers where depth does not tell."""

    view: PostView
    depth: int
    answers: Account | None


class Thread(msgspec.Struct, frozen=True):
    """A post between what it answers and what answers it."""

    view: PostView
    above: list[PostView]
    replies: list[Reply]
    relation: Relationship | None


@routes.get("/@{handle}/{id:\\d+}")
async def post(request: web.Request) -> web.StreamResponse:
    """A post and its conversation; a boost leads to what was boosted."""
    db, id = request.config_dict[DB], number(request)
    thread = await db.read(_thread, viewer_id(request), id)
    if thread is None:
        boosted = await db.read(posts.boost_view, viewer_id(request), id)
        if boosted is None:
            raise NotFound("There is no such post, or it is not for you.")
        return see(post_url(boosted.post, boosted.author))
    view = thread.view
    if request.path != post_url(view.post, view.author) and _handle(request) != view.author.acct:
        return see(post_url(view.post, view.author))
    return await page(
        request,
        "post.html",
        view=view,
        above=thread.above,
        replies=thread.replies,
        relation=thread.relation,
        greeting=greeting(view, viewer_id(request)),
        document=view.post.uri if view.post.local else "",
        feed=replies_feed(view),
    )


def _handle(request: web.Request) -> str:
    return request.match_info["handle"]


def _thread(db: Read, viewer_id: int | None, id: int) -> Thread | None:
    try:
        view = posts.view(db, viewer_id, id)
    except NotFound:
        return None
    above, below = posts.context(db, viewer_id, id)
    relation = None
    if viewer_id is not None and viewer_id != view.author.id:
        relation = follows.relationship(db, viewer_id, view.author.id)
    return Thread(view, above, nested(id, below), relation)


def nested(root_id: int, views: Sequence[PostView]) -> list[Reply]:
    """Replies below one another, oldest first, each branch whole.

    A reply whose parent is not shown hangs below the root. No recursion: threads may be any depth.
    """
    by_id = {view.post.id: view for view in views}
    children: dict[int, list[PostView]] = {}
    for view in sorted(views, key=lambda view: view.post.id):
        parent = view.post.reply_to_id
        known = parent in by_id and parent != view.post.id
        children.setdefault(parent if known and parent else root_id, []).append(view)
    placed: list[Reply] = []
    waiting = [(view, 0) for view in reversed(children.pop(root_id, []))]
    while waiting:
        view, depth = waiting.pop()
        parent_view = by_id.get(view.post.reply_to_id or 0)
        answers = parent_view.author if parent_view and depth > MAX_DEPTH else None
        placed.append(Reply(view, min(depth, MAX_DEPTH), answers))
        below = children.pop(view.post.id, [])
        waiting += [(child, depth + 1) for child in reversed(below)]
    return placed


def greeting(view: PostView, viewer_id: int | None) -> str:
    """The names that a reply begins with, so that those on other servers hear of it."""
    people = [view.author, *view.mentions]
    names = dict.fromkeys(f"@{person.acct}" for person in people if person.id != viewer_id)
    return "".join(f"{name} " for name in names)


@routes.get("/@{handle}/{id:\\d+}/history")
async def history(request: web.Request) -> web.Response:
    """What a post says and said, newest first."""
    view, revisions = await request.config_dict[DB].read(
        _history, viewer_id(request), number(request)
    )
    return await page(request, "history.html", view=view, revisions=revisions)


def _history(db: Read, viewer_id: int | None, id: int) -> tuple[PostView, list[Revision]]:
    view = posts.view(db, viewer_id, id)
    revisions = posts.history(db, viewer_id, id)
    return view, sorted(revisions, key=lambda revision: -revision.version)


Reactions = Callable[[Read, int | None, int, Page], list[tuple[int, Account]]]


@routes.get("/@{handle}/{id:\\d+}/likes")
async def likes(request: web.Request) -> web.Response:
    """Who likes a post."""
    return await _reactions(request, posts.liked_by, N_("People who like this"))


@routes.get("/@{handle}/{id:\\d+}/boosts")
async def boosts(request: web.Request) -> web.Response:
    """Who shared a post."""
    return await _reactions(request, posts.boosted_by, N_("People who shared this"))


async def _reactions(request: web.Request, reactions: Reactions, heading: str) -> web.Response:
    asked = window(request, limit=40)
    found = await request.config_dict[DB].read(
        reactions, viewer_id(request), number(request), asked
    )
    return await people_page(
        request,
        [account for _, account in found],
        heading=heading,
        pager=pager(request, asked, [id for id, _ in found]),
    )


Act = Callable[[Write, Site, Account, int, int], Any]

ACTS: Final[dict[str, Act]] = {
    "like": posts.like,
    "unlike": posts.unlike,
    "boost": posts.boost,
    "unboost": posts.unboost,
    "pin": posts.pin,
    "unpin": posts.unpin,
}


@routes.get("/posts/{id}/delete")
@signed_in
async def ask(request: web.Request, viewer: Viewer) -> web.Response:
    """Ask once more: a deleted post does not come back."""
    view = await request.config_dict[DB].read(posts.view, viewer.account.id, number(request))
    _own(view, viewer)
    return await page(request, "delete.html", view=view)


@routes.post("/posts/{id}/delete")
@signed_in
async def delete(request: web.Request, viewer: Viewer) -> web.Response:
    """Delete the viewer's own post."""
    await form(request)
    await request.config_dict[DB].write(
        posts.delete, request.config_dict[SITE], viewer.account, number(request), now(request)
    )
    return see(person_url(viewer.account))


@routes.post("/posts/{id}/{act}")
@signed_in
async def act(request: web.Request, viewer: Viewer) -> web.Response:
    """Like, share or pin, or take it back; return to where the button was."""
    sent, id = await form(request), number(request)
    does = ACTS.get(request.match_info["act"])
    if does is None:
        raise NotFound("There is nothing at this address.")
    await request.config_dict[DB].write(
        does, request.config_dict[SITE], viewer.account, id, now(request)
    )
    if in_place(request):
        view = await request.config_dict[DB].read(posts.view, viewer.account.id, id)
        return await page(request, "fragments/actions.html", view=view, here=back(sent, "/home"))
    return see(f"{back(sent, '/home')}#acts-{id}")


def _own(view: PostView, viewer: Viewer) -> None:
    if view.post.author_id != viewer.account.id:
        raise Forbidden("Only its author can change this post.")
