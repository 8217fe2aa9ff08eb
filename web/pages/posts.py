"""A post with its thread, its history, and what people do to it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from server.errors import Forbidden, NotFound
from server.model import Account, Post, PostView, Revision, Site
from server.services import (
    answer_control,
    backlinks,
    blog,
    boards,
    bookmarks,
    conversations,
    permissions,
    pins,
    posts,
    quote_control,
    reaction_control,
    reading,
    threads,
    visits,
)
from server.services import reactions as reactions_service
from server.services.backlinks import Links
from server.services.blog import Beside
from server.services.boards import Standing
from server.services.permissions import Answering
from server.store.db import DatabaseUnavailable, Read, Write
from server.store.paging import Page
from web.i18n import N_
from web.keys import DB, REFRESHES, SITE, Viewer
from web.pages import conversation
from web.pages.access import in_place, now, number, pager, signed_in, viewer_id, window
from web.pages.conversation import Asked, Branch, Conversation
from web.pages.forms import back, form, see
from web.pages.people import people_page
from web.pings import ENDPOINT
from web.render import fragment, page, person_url, post_url, replies_feed, viewer_of

routes = web.RouteTableDef()


@routes.get("/@{handle}/{id:\\d+}")
async def post(request: web.Request) -> web.StreamResponse:
    """A post and its conversation; a boost leads to what was boosted."""
    db, id, viewer = request.config_dict[DB], number(request), viewer_id(request)
    try:
        thread, standing, beside, answering, links = await db.read(
            _read, viewer_of(request), id, Asked.of(request), now(request)
        )
    except NotFound:
        return await _not_there(request, id)
    view = thread.view
    if request.path != post_url(view.post, view.author) and _handle(request) != view.author.acct:
        return see(post_url(view.post, view.author))
    response = await page(
        request,
        "post.html",
        view=view,
        thread=thread,
        commented=thread.commented,
        standing=standing,
        beside=beside,
        answering=answering,
        links=links,
        here=thread.here,
        greeting=greeting(view, viewer),
        document=view.post.uri if view.post.local else "",
        feed=replies_feed(view),
    )
    _look_for_more(request, view.post)
    if links is not None and not links.closed:  # W3C Webmention §3.1.2
        endpoint = f"{request.config_dict[SITE].origin}{ENDPOINT}"
        response.headers["Link"] = f'<{endpoint}>; rel="webmention"'
    await _note_visit(request, thread)
    return response


def _read(
    db: Read, viewer: Viewer | None, id: int, asked: Asked, now_ms: int
) -> tuple[Conversation, Standing | None, Beside | None, Answering, Links | None]:
    """A post with its thread, how the viewer stands to that in its community, what stands around a
    story of a team blog, who may answer, and who links to a story."""
    account = viewer.account if viewer else None
    viewer_id = account.id if account else None
    thread = conversation.read(db, viewer_id, id, asked)
    post = thread.view.post
    return (
        thread,
        boards.standing(db, viewer_id, post, now_ms),
        blog.beside(db, account, post),
        permissions.answering(db, account, post),
        backlinks.beneath(db, account, post),
    )


def _read_branch(
    db: Read, viewer_id: int | None, id: int, asked: Asked, now_ms: int
) -> tuple[Branch | None, bool, Standing | None]:
    """A branch, whether it consists of comments, and how the viewer stands to its community."""
    found = conversation.read_branch(db, viewer_id, id, asked)
    if found is None or not found.replies:
        return found, False, None
    post = found.replies[0].view.post
    return found, threads.commented(db, post), boards.standing(db, viewer_id, post, now_ms)


async def _not_there(request: web.Request, id: int) -> web.StreamResponse:
    """Who keeps order sees what they took away, and how to give it back; a boost leads on."""
    viewer, db = viewer_of(request), request.config_dict[DB]
    found = await db.read(boards.taken, viewer.account, id) if viewer else None
    if found is None:
        return see(await _boosted(request, id))
    group, one = found
    return await page(request, "taken.html", group=group, one=one, here=request.path)


def _handle(request: web.Request) -> str:
    return request.match_info["handle"]


async def _boosted(request: web.Request, id: int) -> str:
    """Where the post is shown that somebody's boost with this id shared. Raises `NotFound`."""
    boosted = await request.config_dict[DB].read(reading.boost_view, viewer_id(request), id)
    if boosted is None:
        raise NotFound("There is no such post, or it is not for you.")
    return post_url(boosted.post, boosted.author)


def _seen(request: web.Request) -> bool:
    """Whether somebody looks; what a browser fetches ahead was not seen."""
    return request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", "")


def _look_for_more(request: web.Request, post: Post) -> None:
    """A stranger's thread is looked through for what did not reach us, for whoever comes next."""
    if _seen(request):
        request.config_dict[REFRESHES].begin(post, visited=viewer_id(request) is None)


async def _note_visit(request: web.Request, thread: Conversation) -> None:
    """Remember how far the viewer could see, where the page offers all of the thread.

    Where nothing can be written the page is shown.
    """
    viewer = viewer_id(request)
    if viewer is None or not _seen(request):
        return
    if thread.view.post.visibility == "direct":
        with suppress(DatabaseUnavailable):
            await request.config_dict[DB].write(
                conversations.read_thread, viewer, thread.view.post.thread_id
            )
    if thread.above.views or thread.newest_id <= (thread.seen_id or 0):
        return
    with suppress(DatabaseUnavailable):
        await request.config_dict[DB].write(
            visits.record, viewer, thread.view.post.thread_id, thread.newest_id, now(request)
        )


@routes.get("/@{handle}/{id:\\d+}/branch")
async def branch(request: web.Request) -> web.Response:
    """The replies below one that a fold hides, as a piece of HTML to put in its place."""
    found, commented, standing = await request.config_dict[DB].read(
        _read_branch, viewer_id(request), number(request), Asked.of(request), now(request)
    )
    if found is None:
        raise NotFound("There is no such reply here any more.")
    own_page = request.path.removesuffix("/branch")
    return fragment(
        request,
        "branch.html",
        branch=found,
        commented=commented,
        standing=standing,
        here=own_page,
    )


def greeting(view: PostView, viewer_id: int | None) -> str:
    """The names that a reply begins with, so that those on other servers hear of it."""
    if view.post.secret:  # of which no other server hears
        return ""
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
    view = reading.view(db, viewer_id, id)
    revisions = reading.history(db, viewer_id, id)
    return view, sorted(revisions, key=lambda revision: -revision.version)


Reactions = Callable[[Read, int | None, int, Page], list[tuple[int, Account]]]


@routes.get("/@{handle}/{id:\\d+}/likes")
async def likes(request: web.Request) -> web.Response:
    """Who likes a post."""
    headings = (N_("People who like this"), N_("People who voted for this"))
    return await _reactions(request, reading.liked_by, headings)


@routes.get("/@{handle}/{id:\\d+}/boosts")
async def boosts(request: web.Request) -> web.Response:
    """Who shared a post."""
    db, me, id = request.config_dict[DB], viewer_id(request), number(request)
    mine = me is not None and (await db.read(reading.readable, me, id)).author_id == me
    removable = id if mine else None
    headings = (N_("People who shared this"),)
    return await _reactions(request, reading.boosted_by, headings, removable=removable)


@routes.post("/posts/{id}/boosts/{account}/remove")
@signed_in
async def remove_boost(request: web.Request, viewer: Viewer) -> web.Response:
    """Take somebody's boost out from under the viewer's own post."""
    sent, id = await form(request), number(request)
    booster_id = number(request, "account")
    await request.config_dict[DB].write(
        reaction_control.remove_boost,
        request.config_dict[SITE],
        viewer.account,
        id,
        booster_id,
        now(request),
    )
    return see(back(sent, "/home"))


async def _reactions(
    request: web.Request,
    reactions: Reactions,
    headings: tuple[str, ...],
    *,
    removable: int | None = None,
) -> web.Response:
    """Who did something with a post; the last of `headings` is for posts of communities."""
    asked, viewer, id = window(request, limit=40), viewer_id(request), number(request)

    def read(db: Read) -> tuple[list[tuple[int, Account]], str]:
        found = reactions(db, viewer, id, asked)
        return found, headings[-1 if reading.view(db, viewer, id).votes else 0]

    found, heading = await request.config_dict[DB].read(read)
    return await people_page(
        request,
        [account for _, account in found],
        heading=heading,
        pager=pager(request, asked, [id for id, _ in found]),
        boosted=removable,
    )


Act = Callable[[Write, Site, Account, int, int], Any]

ACTS: Final[dict[str, Act]] = {
    "like": reactions_service.like,
    "unlike": reactions_service.unlike,
    "dislike": reactions_service.dislike,
    "undislike": reactions_service.undislike,
    "boost": reactions_service.boost,
    "unboost": reactions_service.unboost,
    "save": bookmarks.save,
    "let-go": bookmarks.let_go,
    "disapprove": answer_control.revoke,
    "unquote": quote_control.unquote,
    "pin": pins.pin,
    "unpin": pins.unpin,
}


@routes.get("/posts/{id}/delete")
@signed_in
async def ask(request: web.Request, viewer: Viewer) -> web.Response:
    """Ask once more: a deleted post does not come back."""
    view = await request.config_dict[DB].read(reading.view, viewer.account.id, number(request))
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
    """Like, share, save or pin, or take it back; return to where the button was."""
    sent, id = await form(request), number(request)
    does = ACTS.get(request.match_info["act"])
    if does is None:
        raise NotFound("There is nothing at this address.")
    await request.config_dict[DB].write(
        does, request.config_dict[SITE], viewer.account, id, now(request)
    )
    if in_place(request):
        view = await request.config_dict[DB].read(reading.view, viewer.account.id, id)
        return fragment(request, "actions.html", view=view, here=back(sent, "/home"))
    return see(f"{back(sent, '/home')}#acts-{id}")


def _own(view: PostView, viewer: Viewer) -> None:
    if view.post.author_id != viewer.account.id:
        raise Forbidden("Only its author can change this post.")
