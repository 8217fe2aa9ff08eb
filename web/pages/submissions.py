"""What waits for somebody at the desks of team blogs: texts, suggestions, and invitations."""

from collections.abc import Iterable
from http import HTTPStatus

import msgspec
from aiohttp import web

from server import lookup
from server.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from server.model import Account, Community, Draft, Media, PostView
from server.services import (
    blog,
    book_consent,
    coauthors,
    communities,
    drafts,
    import_claims,
    media,
    submissions,
    timelines,
)
from server.services.import_claims import Asked
from server.services.new_posts import NewPost
from server.services.submissions import Proposal
from server.store import accounts, blog_people
from server.store import submissions as store
from server.store.db import DatabaseUnavailable, Read, Write
from server.store.submissions import Submission
from web.error_page import away
from web.keys import DB, FETCHER, SITE, Viewer
from web.pages import texts
from web.pages.access import now, number, sign_in_path, signed_in
from web.pages.forms import Form, form, genuine, see, unchecked
from web.pages.sessions import wait_for_sign_in
from web.render import page, post_url, viewer_of
from web.times import from_field

routes = web.RouteTableDef()


class Line(msgspec.Struct, frozen=True):
    """A submission in a list. `story`: the address of what it became."""

    submission: Submission
    title: str
    author: Account | None
    blog: Account | None
    story: str = ""


class Mine(msgspec.Struct, frozen=True):
    """What waits for somebody: stories that they may have written too, their texts, their blogs.

    `books`: how many stories wait for the viewer's word about a book. `brought`: whoever brought
    stories of an old blog in the viewer's name, and where to.
    """

    invitations: list[PostView]
    texts: list[Line]
    blogs: list[tuple[Community, int]]
    books: int
    claims: list[Asked]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A submission with what it says, as one of its two sides sees it."""

    submission: Submission
    said: NewPost
    suggested: NewPost | None
    author: Account
    blog: Account
    editor: Account | None
    own: bool
    editing: bool
    pictures: list[Media]


class Typed(msgspec.Struct, frozen=True):
    """What somebody typed that could not be taken."""

    title: str
    lead: str
    content: str
    note: str


def lines(db: Read, found: Iterable[Submission]) -> list[Line]:
    """Submissions as a list shows them."""
    known = list(found)
    ids = {id for one in known for id in (one.author_id, one.community_id)}
    people = accounts.by_ids(db, ids)
    out = [one.post_id for one in known if one.post_id is not None]
    views = timelines.by_post(db, None, out) if out else {}
    made = []
    for one in known:
        new = submissions.said(one)
        view = views.get(one.post_id or 0)
        title = new.title if new else view.post.title if view else ""
        story = post_url(view.post, view.author) if view else ""
        made.append(
            Line(one, title, people.get(one.author_id), people.get(one.community_id), story)
        )
    return made


@routes.get("/desk")
@signed_in
async def desk(request: web.Request, viewer: Viewer) -> web.Response:
    """Everything that waits for the viewer in team blogs."""
    mine = await request.config_dict[DB].read(_mine, viewer)
    return await page(request, "desk.html", mine=mine)


def _mine(db: Read, viewer: Viewer) -> Mine:
    me = viewer.account
    asked = timelines.by_post(db, me.id, blog_people.invitations(db, me.id))
    all = blog.all(db)
    kept = [one for one in all if communities.keeps(db, one.account.id, me)]
    return Mine(
        list(asked.values()),
        lines(db, store.of_author(db, me.id)),
        [(one, store.waiting(db, one.account.id)) for one in kept],
        book_consent.waiting(db, me.id),
        import_claims.asked(db, me),
    )


@routes.post("/desk/with/{id}/{answer}")
@signed_in
async def answer(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer wrote a story too, or did not, or does not want to stand there any more."""
    await form(request)
    db, id = request.config_dict[DB], number(request)
    if request.match_info["answer"] == "confirm":
        await db.write(coauthors.confirm, viewer.account, id, now(request))
    elif request.match_info["answer"] == "decline":
        await db.write(coauthors.decline, viewer.account, id)
    else:
        raise NotFound("There is nothing at this address.")
    return see("/desk")


@routes.get("/desk/{id}")
@signed_in
async def one(request: web.Request, viewer: Viewer) -> web.StreamResponse:
    """A text on its way; once it is published, the story."""
    return await _page(request, viewer)


async def _page(
    request: web.Request,
    viewer: Viewer,
    typed: Typed | None = None,
    error: AppError | None = None,
) -> web.StreamResponse:
    db = request.config_dict[DB]
    shown = await db.read(_shown, viewer, number(request))
    if isinstance(shown, str):
        return see(await _kept(request, viewer, typed) if typed else shown)
    return await page(
        request,
        "submission.html",
        status=error.status if error else HTTPStatus.OK,
        shown=shown,
        typed=typed,
        errors={"form": error} if error else {},
        said=await texts.previewed(request, shown.said.content),
        suggested=(
            await texts.previewed(request, shown.suggested.content) if shown.suggested else ""
        ),
    )


async def _kept(request: web.Request, viewer: Viewer, typed: Typed) -> str:
    """Where somebody finds what they typed about a text that was published meanwhile: a draft."""
    text = texts.from_form(_carried(typed))
    draft = await request.config_dict[DB].write(
        drafts.save, viewer.account.id, None, texts.to_draft(text), now(request)
    )
    return f"/write?draft={draft.id}"


def _carried(typed: Typed) -> Form:
    """A story of their own, which begins with what they told the author."""
    told = "\n\n".join(part for part in (typed.note, typed.content) if part)
    kept = {"kind": "story", "title": typed.title, "lead": typed.lead, "content": told}
    return Form({name: (text,) for name, text in kept.items()}, {})


def _shown(db: Read, viewer: Viewer, id: int) -> Shown | str:
    found = submissions.one(db, viewer.account, id)
    said = submissions.said(found)
    if said is None:
        view = timelines.by_post(db, viewer.account.id, [found.post_id or 0])
        story = next(iter(view.values()), None)
        return post_url(story.post, story.author) if story else "/desk"
    people = accounts.by_ids(db, [found.author_id, found.community_id, found.editor_id or 0])
    return Shown(
        submission=found,
        said=said,
        suggested=submissions.suggested(found),
        author=people[found.author_id],
        blog=people[found.community_id],
        editor=people.get(found.editor_id or 0),
        own=found.author_id == viewer.account.id,
        editing=communities.keeps(db, found.community_id, viewer.account),
        pictures=_pictures(db, found.author_id, said.media_ids),
    )


def _pictures(db: Read, author_id: int, ids: Iterable[int]) -> list[Media]:
    found = []
    for id in ids:
        try:
            found.append(media.one(db, author_id, id))
        except NotFound:
            continue
    return found


@routes.post("/desk/{id}/{act}")
async def act(request: web.Request) -> web.StreamResponse:
    """One step of the way: revise | accept | withdraw | suggest | publish.

    What was typed and cannot be taken is shown again, with what the text says now; that of somebody
    whose session has ended becomes a draft of theirs when they have signed in.
    """
    viewer, sent = viewer_of(request), await unchecked(request)
    typed = Typed(sent.get("title"), sent.get("lead"), sent.raw("content"), sent.get("note"))
    if viewer is None:
        return await _sign_in_first(request, typed)
    if not genuine(request, sent):
        stale = Forbidden("You signed in anew meanwhile. Please look at your text and try again.")
        if not sent.many("content"):
            raise stale
        return await _page(request, viewer, typed, stale)
    try:
        return await _acted(request, viewer, sent, typed)
    except (Conflict, Invalid) as error:
        return await _page(request, viewer, typed if sent.many("content") else None, error)
    except DatabaseUnavailable:
        if not sent.many("content"):
            raise
        return await _page(request, viewer, typed, away(request))


async def _sign_in_first(request: web.Request, typed: Typed) -> web.StreamResponse:
    if not typed.content.strip():
        return see(sign_in_path(request))
    return await wait_for_sign_in(request, _carried(typed))


async def _acted(
    request: web.Request, viewer: Viewer, sent: Form, typed: Typed
) -> web.StreamResponse:
    db, id, me, now_ms = request.config_dict[DB], number(request), viewer.account, now(request)
    version, what = sent.id("version") or 0, request.match_info["act"]
    if what == "revise":
        words = NewPost(title=typed.title, lead=typed.lead, content=typed.content)
        await db.write(_revise, me, id, version, words, now_ms)
    elif what == "accept":
        await db.write(submissions.accept, me, id, version, now_ms)
    elif what == "withdraw":
        draft = await db.write(_withdraw, me, id, version, now_ms)
        return see(f"/write?draft={draft.id}")
    elif what == "suggest":
        proposal = Proposal(**msgspec.structs.asdict(typed))
        await db.write(_suggest, me, id, version, proposal, now_ms)
    elif what == "publish":
        await _publish(request, viewer, sent, version)
    else:
        raise NotFound("There is nothing at this address.")
    return see(f"/desk/{id}")


async def _publish(request: web.Request, viewer: Viewer, sent: Form, version: int) -> None:
    db, site, id = request.config_dict[DB], request.config_dict[SITE], number(request)
    known = await db.read(submissions.one, viewer.account, id)
    new, typed = submissions.said(known), sent.get("later")[:40]
    if new is not None:
        await lookup.mentioned(request.config_dict[FETCHER], new.content)
    if not typed:
        await db.write(submissions.publish, site, viewer.account, id, version, now(request))
        return
    due_ms = from_field(typed, site.timezone)
    if due_ms is None:
        raise Invalid("Please choose a day and an hour.")
    await db.write(_publish_later, viewer.account, id, version, due_ms, now(request))


def _publish_later(
    tx: Write, who: Account, id: int, version: int, due_ms: int, now_ms: int
) -> None:
    submissions.publish_later(tx, who, id, version, due_ms, now_ms=now_ms)


def _revise(tx: Write, who: Account, id: int, version: int, new: NewPost, now_ms: int) -> None:
    submissions.revise(tx, who, id, version, new, now_ms=now_ms)


def _suggest(
    tx: Write, who: Account, id: int, version: int, proposal: Proposal, now_ms: int
) -> None:
    submissions.suggest(tx, who, id, version, proposal, now_ms=now_ms)


def _withdraw(tx: Write, who: Account, id: int, version: int, now_ms: int) -> Draft:
    text = texts.from_scheduled(submissions.withdraw(tx, who, id, version), "")
    return drafts.save(tx, who.id, None, texts.to_draft(text), now_ms)
