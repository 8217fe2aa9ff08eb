"""Writing stories, notes and replies, and changing what was written.

Nothing typed is lost: a refused form comes back as it was, with the reason; pictures that arrived
stay; and a text whose session has ended waits in the page while its author signs in again.
"""

import asyncio
import logging
import secrets
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from server import lookup
from server.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from server.model import VISIBILITIES, Account, Draft, Media, Post, PostView, Site
from server.services import (
    accounts,
    blog,
    boards,
    drafts,
    media,
    posts,
    reading,
    scheduled,
    secret_comments,
    submissions,
)
from server.services.new_posts import MAX_NOTE
from server.store.db import DatabaseUnavailable, Read, Write
from server.text import find_mentions
from web import intake
from web.error_page import away
from web.i18n import N_, WRITTEN_IN
from web.intake import Words
from web.keys import DB, FETCHER, FILMS, SITE, Viewer
from web.pages import conversation, filing, texts
from web.pages.access import asked_id, now, number, sign_in_path, signed_in
from web.pages.forms import Form, genuine, local_path, see, unchecked
from web.pages.posts import greeting
from web.pages.sessions import wait_for_sign_in
from web.pages.texts import AT_ONCE, LASTS_S, MOST_PICTURES, Refused, Text
from web.render import language_of, page, post_url, viewer_of
from web.spool import Upload
from web.times import from_field, lasting

log = logging.getLogger(__name__)

routes = web.RouteTableDef()

PUBLISHED: Final = N_(
    "You had published this already, and have changed it since. Publish it once more as a post of "
    "its own, or edit the one that is there."
)
UNADDRESSED: Final = (
    "Please name with @ who is to read this: @name, or @name@server for people elsewhere."
)


class Begun(msgspec.Struct, frozen=True):
    """A draft, and the text that it keeps."""

    draft: Draft
    text: Text


@routes.get("/write")
async def write(request: web.Request) -> web.Response:
    """An empty form, a draft, the beginning of a reply, or what another site wants said.

    A visitor signs in first; a `text` that is too long for an address waits in the page.
    """
    viewer, offered = viewer_of(request), _offered(request)
    if viewer is not None:
        return await _begun(request, viewer, offered)
    if not offered or local_path(request.path_qs):
        return see(sign_in_path(request))
    kept = Form({"kind": ("note",), "content": (offered,)}, {})
    return await wait_for_sign_in(request, kept)


def _offered(request: web.Request) -> str:
    """The text that another site proposes. FEP-3b86 §4.6."""
    return request.query.get("text", "").replace("\r\n", "\n")[:MAX_NOTE]


async def _begun(request: web.Request, viewer: Viewer, offered: str) -> web.Response:
    db = request.config_dict[DB]
    answered = request.query.get("in_reply_to", "").strip()
    if offered or answered.startswith(("https://", "http://")):
        return await _proposed(request, viewer, offered, answered)
    draft_id, reply_to_id = asked_id(request, "draft"), asked_id(request, "reply_to")
    if draft_id is not None:
        text, editing = await db.read(_kept, viewer.account.id, draft_id)
        return await _shown(request, viewer, text, editing=editing)
    if reply_to_id is not None:
        view = await db.read(reading.view, viewer.account.id, reply_to_id)
        return await _shown(
            request, viewer, reply_to(_empty(request, viewer, "note"), view, viewer)
        )
    to = asked_id(request, "to")
    if to is not None:
        person = await db.read(accounts.visible, to)
        text = _empty(request, viewer, "note")
        return await _shown(
            request, viewer, msgspec.structs.replace(text, content=f"@{person.acct} ")
        )
    if name := request.query.get("community", "").strip():
        return await _in_community(request, viewer, name)
    kind = "note" if request.query.get("kind") == "note" else "story"
    return await _shown(request, viewer, _empty(request, viewer, kind))


async def _in_community(request: web.Request, viewer: Viewer, name: str) -> web.Response:
    """The beginning of a story of a team blog, or of a thread; where the viewer can begin none,
    the reason."""
    db, site = request.config_dict[DB], request.config_dict[SITE]
    if (home := await db.read(filing.named, name)) is not None:
        text = msgspec.structs.replace(_empty(request, viewer, "story"), community_id=home)
        return await _shown(request, viewer, text)
    group, refusal = await db.read(_chosen, site, viewer.account, name, now(request))
    text = msgspec.structs.replace(
        _empty(request, viewer, "thread"), visibility="public", community_id=group.id
    )
    refused = Refused("form", refusal, text) if refusal else None
    return await _shown(request, viewer, text, refusal=refused)


def _chosen(
    db: Read, site: Site, viewer: Account, name: str, now_ms: int
) -> tuple[Account, AppError | None]:
    group = boards.chosen(db, site, name)
    return group, boards.board(db, group, viewer.id, now_ms).refusal


async def _proposed(
    request: web.Request, viewer: Viewer, offered: str, answered: str
) -> web.Response:
    """A note with the words of another site, as a reply where that names what is answered."""
    text = msgspec.structs.replace(_empty(request, viewer, "note"), content=offered)
    if not answered.startswith(("https://", "http://")):
        return await _shown(request, viewer, text)
    try:
        view = await _answered(request, viewer, answered)
    except AppError as error:
        return await _shown(request, viewer, text, refusal=Refused("form", error, text))
    reply = reply_to(text, view, viewer)
    words = f"{reply.content}{offered}"
    return await _shown(request, viewer, msgspec.structs.replace(reply, content=words))


async def _answered(request: web.Request, viewer: Viewer, uri: str) -> PostView:
    """The post at an address anywhere. Raises `NotFound`."""
    found = await lookup.find(request.config_dict[FETCHER], uri)
    if not isinstance(found, Post):
        raise NotFound("What you want to answer was not found. Please check its address.")
    return await request.config_dict[DB].read(reading.view, viewer.account.id, found.id)


def _kept(db: Read, viewer_id: int, draft_id: int) -> tuple[Text, PostView | None]:
    """A draft, and the post that it changes: one that is gone is not changed but written anew."""
    text = texts.from_draft(drafts.one(db, viewer_id, draft_id))
    if text.edits_id is None:
        return text, None
    try:
        view = reading.view(db, viewer_id, text.edits_id)
    except AppError:
        return msgspec.structs.replace(text, edits_id=None), None
    return (_still(text, view), view) if view.post.author_id == viewer_id else (text, None)


def _empty(request: web.Request, viewer: Viewer, kind: str) -> Text:
    member, language = viewer.member, language_of(request)
    private = request.query.get("visibility") == "direct"  # a link may narrow it, never widen it
    return Text(
        kind=kind,
        visibility="direct" if private else member.default_visibility,
        sensitive=bool(member.default_sensitive),
        language=member.default_language if member.default_language in WRITTEN_IN else language,
    )


def reply_to(text: Text, view: PostView, viewer: Viewer) -> Text:
    """A reply is for the people for whom the post was that it answers, and not for more."""
    wider = VISIBILITIES.index(text.visibility) < VISIBILITIES.index(view.post.visibility)
    return msgspec.structs.replace(
        text,
        content=greeting(view, viewer.account.id),
        visibility=view.post.visibility if wider else text.visibility,
        warning=view.post.warning,
        reply_to_id=view.post.id,
    )


@routes.post("/write")
async def publish(request: web.Request) -> web.Response:
    """Publish, keep as a draft, preview, or go on with pictures: the button says which."""
    viewer, sent = viewer_of(request), await unchecked(request)
    if viewer is None:
        return await wait_for_sign_in(request, sent)
    try:
        text = await _with_pictures(request, viewer, sent)
        if sent.get("do") == "draft":
            await _save_draft(request, viewer, text)
            return see("/drafts")
        if sent.get("do") == "preview":
            text.check_length()
            return await _shown(request, viewer, text, preview=True)
        if sent.get("do") == "pictures":  # from a small form to the whole one, with what was typed
            return await _shown(request, viewer, text)
        if sent.get("do") == "submit":
            await _submitted(request, viewer, text)
            return see("/desk")
        if text.later:
            await _scheduled(request, viewer, text)
            return see("/scheduled")
        post = await _published(request, viewer, text)
    except Refused as refusal:
        return await _shown(request, viewer, refusal.text, refusal=refusal)
    return see(await _where(request, viewer, post, sent))


async def _where(request: web.Request, viewer: Viewer, post: Post, sent: Form) -> str:
    """Where its author sees what became of it: a reply below what it answers, in the order in which
    that was read; what waits to be approved says so on its own page."""
    own_page = post_url(post, viewer.account)
    if post.reply_to_id is None or post.visibility == "waiting":
        return own_page
    with suppress(DatabaseUnavailable):  # it is published, and that alone must not look undone
        newest_first = sent.get("sort") == "new"
        place = await request.config_dict[DB].read(
            partial(conversation.where, newest_first=newest_first), viewer.account.id, post
        )
        return place or own_page
    return own_page


async def _published(request: web.Request, viewer: Viewer, text: Text) -> Post:
    text.check()
    db, site = request.config_dict[DB], request.config_dict[SITE]
    try:
        # Those named on other servers are found now: a transaction does not wait for a network.
        await lookup.mentioned(request.config_dict[FETCHER], text.content)
        await _require_reader(request, viewer, text)
        await intake.wait(request, text.media_ids)
        return await db.write(_publish, site, viewer, text, now(request))
    except AppError as error:
        raise Refused("form", error, text) from error
    except DatabaseUnavailable as error:
        log.warning("%s", error)
        raise Refused("form", away(request), text) from error


async def _submitted(request: web.Request, viewer: Viewer, text: Text) -> None:
    """Ask the editors of a team blog to publish it."""
    text.check()
    try:
        await intake.wait(request, text.media_ids)
        await request.config_dict[DB].write(_submit, viewer.account, text, now(request))
    except AppError as error:
        raise Refused("form", error, text) from error
    except DatabaseUnavailable as error:
        log.warning("%s", error)
        raise Refused("form", away(request), text) from error


def _submit(tx: Write, author: Account, text: Text, now_ms: int) -> None:
    _describe(tx, author.id, text)
    submissions.submit(tx, author, text.new_post(), now_ms)
    _let_go(tx, author.id, text)


async def _scheduled(request: web.Request, viewer: Viewer, text: Text) -> None:
    """Keep it until the time that was chosen, which is the city's."""
    text.check()
    db, due_ms = request.config_dict[DB], from_field(text.later, request.config_dict[SITE].timezone)
    try:
        if due_ms is None:
            raise Invalid("Please choose a day and an hour.")
        await lookup.mentioned(request.config_dict[FETCHER], text.content)
        await _require_reader(request, viewer, text)
        await db.write(_schedule, viewer.account, text, due_ms, now(request))
    except AppError as error:
        raise Refused("later", error, text) from error
    except DatabaseUnavailable as error:
        log.warning("%s", error)
        raise Refused("form", away(request), text) from error


async def _require_reader(request: web.Request, viewer: Viewer, text: Text) -> None:
    """Raise `Refused` for a message that names nobody who is known here: it would reach nobody."""
    if text.visibility != "direct":
        return
    named = await asyncio.to_thread(find_mentions, text.content)
    site, db = request.config_dict[SITE], request.config_dict[DB]
    if not await db.read(_reaches, site, viewer.account.id, text, named):
        raise Refused("content", Invalid(UNADDRESSED), text)


def _reaches(db: Read, site: Site, viewer_id: int, text: Text, named: list[str]) -> bool:
    answered = _parent(db, viewer_id, text)
    found = [answered.view.author] if answered else []
    found += [one for handle in named if (one := accounts.meant(db, site, handle))]
    return any(one.id != viewer_id and one.state == "active" for one in found)


def _schedule(tx: Write, author: Account, text: Text, due_ms: int, now_ms: int) -> None:
    _describe(tx, author.id, text)
    scheduled.schedule(tx, author, text.new_post(), due_ms, now_ms=now_ms)
    _let_go(tx, author.id, text)


def _publish(tx: Write, site: Site, viewer: Viewer, text: Text, now_ms: int) -> Post:
    _describe(tx, viewer.account.id, text)
    post = posts.write(tx, site, viewer.account, text.new_post(), now_ms)
    if not texts.told(post, text):
        # From the page that the browser went back to: a new post, or nothing, but never lost words.
        anew = msgspec.structs.replace(text, once="", draft_id=None)
        raise Refused("form", Conflict(PUBLISHED), anew)
    _let_go(tx, viewer.account.id, text)
    return post


async def _save_draft(request: web.Request, viewer: Viewer, text: Text) -> None:
    body = texts.to_draft(text)
    try:
        await request.config_dict[DB].write(
            drafts.save, viewer.account.id, text.draft_id, body, now(request)
        )
    except AppError as error:
        raise Refused("form", error, text) from error
    except DatabaseUnavailable as error:
        log.warning("%s", error)
        raise Refused("form", away(request), text) from error


async def _with_pictures(request: web.Request, viewer: Viewer, sent: Form) -> Text:
    """The text with the pictures that came with it.

    Nothing is stored for a form without this session's token; but its text is shown again.
    """
    text = texts.from_form(sent)
    if not genuine(request, sent):
        stale = Forbidden("You signed in anew meanwhile. Please look at your text and try again.")
        raise Refused("form", stale, text)
    for place in range(1, AT_ONCE + 1):
        upload = sent.upload(f"picture_{place}")
        if upload is None:
            continue
        try:
            row = await add_picture(request, viewer, upload, sent.get(f"picture_{place}_alt"), text)
        except AppError as error:
            raise Refused("pictures", error, text) from error
        text = msgspec.structs.replace(text, media_ids=(*text.media_ids, row.id))
    return text


def _describe(tx: Write, viewer_id: int, text: Text) -> bool:
    """Say what the pictures show: in the commit that publishes the text, or not at all.

    Whether it is something else than before.
    """
    changed = False
    for id, alt in text.alts:
        known = media.one(tx, viewer_id, id)
        if alt != known.alt:
            media.describe(tx, viewer_id, id, alt, (known.focus_x, known.focus_y))
            changed = True
    return changed


async def add_picture(
    request: web.Request, viewer: Viewer, upload: Upload, alt: str, text: Text
) -> Media:
    """Take a picture, a film or a sound for `text`. Raises `AppError` with what is wrong."""
    if not text.room:
        raise Invalid("At most %(most)s pictures fit here.", most=MOST_PICTURES[text.kind])
    return await intake.take(request, viewer.account.id, upload, Words(alt))


async def _shown(
    request: web.Request,
    viewer: Viewer,
    text: Text,
    *,
    preview: bool = False,
    editing: PostView | None = None,
    refusal: Refused | None = None,
) -> web.Response:
    """The form; after a refusal as it was, with the reason where it belongs."""
    db, films = request.config_dict[DB], request.config_dict[FILMS]
    around = await db.read(_around, viewer.account.id, text)
    answered, begun = around.answered, around.begun
    home = await db.read(filing.offered, viewer, text.community_id, now(request))
    return await page(
        request,
        "write.html",
        status=refusal.cause.status if refusal else HTTPStatus.OK,
        text=msgspec.structs.replace(text, once=text.once or secrets.token_urlsafe(16)),
        pictures=around.pictures,
        community=around.community,
        parent=answered.view if answered else None,
        secret=answered is not None and answered.secret,
        filing=home if text.kind == "story" else None,
        begun=begun if request.method == "GET" and text.draft_id is None else None,
        editing=editing,
        preview=await texts.previewed(request, text.content, text.kind) if preview else None,
        languages=tuple(dict.fromkeys((*request.config_dict[SITE].languages, *WRITTEN_IN))),
        types=intake.types(request),
        films=films.limits if films.available else None,
        unfit=intake.refusal(request),
        lasts=tuple((str(s), lasting(s, language_of(request))) for s in LASTS_S),
        free=range(1, min(AT_ONCE, text.room) + 1),
        errors={refusal.field: refusal.cause} if refusal else {},
    )


class Answered(msgspec.Struct, frozen=True):
    """What a text answers; whether it may do so in secret."""

    view: PostView
    secret: bool


class Around(msgspec.Struct, frozen=True):
    """What stands around a text: all of it may have gone meanwhile.

    `begun` is a draft like it, `community` where it begins a thread.
    """

    pictures: list[Media]
    answered: Answered | None
    begun: Begun | None
    community: Account | None


def _around(db: Read, viewer_id: int, text: Text) -> Around:
    pictures, alts = [], dict(text.alts)
    for id in text.media_ids:
        try:
            found = media.one(db, viewer_id, id)
        except NotFound:
            continue
        pictures.append(msgspec.structs.replace(found, alt=alts.get(id, found.alt)))
    where = accounts.known_among(db, [text.community_id]) if text.community_id else []
    return Around(
        pictures,
        _parent(db, viewer_id, text),
        _unfinished(db, viewer_id, text),
        next((one for one in where if one.kind == "Group"), None),
    )


def _parent(db: Read, viewer_id: int, text: Text) -> Answered | None:
    if not text.reply_to_id:
        return None
    try:
        view = reading.view(db, viewer_id, text.reply_to_id)
    except AppError:
        return None
    return Answered(view, secret_comments.possible(db, viewer_id, view.post))


def _unfinished(db: Read, viewer_id: int, text: Text) -> Begun | None:
    """The last draft of the same kind for the same place: perhaps it is this that is to go on."""
    for draft in drafts.all(db, viewer_id):
        kept = texts.from_draft(draft)
        if _place(kept) == _place(text):
            return Begun(draft, kept)
    return None


def _place(text: Text) -> tuple[str, int | None, int | None, int | None]:
    """For what a text is meant."""
    return text.kind, text.reply_to_id, text.edits_id, text.community_id


@routes.get("/edit/{id}")
@signed_in
async def edit(request: web.Request, viewer: Viewer) -> web.Response:
    """The form with what the post says now."""
    view = await _own(request, viewer)
    filed = await request.config_dict[DB].read(blog.filed, view.post.id)
    text = texts.standing(texts.from_post(view), view.post.community_id, filed)
    return await _shown(request, viewer, text, editing=view)


@routes.post("/edit/{id}")
async def change(request: web.Request) -> web.Response:
    """Store the new words; what the post said before stays readable in its history."""
    viewer, sent = viewer_of(request), await unchecked(request)
    if viewer is None:
        return await wait_for_sign_in(request, sent)
    view = await _own(request, viewer)
    try:
        text = _still(await _with_pictures(request, viewer, sent), view)
        if sent.get("do") == "preview":
            text.check_length()
            return await _shown(request, viewer, text, preview=True, editing=view)
        await _changed(request, viewer, view, text)
    except Refused as refusal:
        return await _shown(
            request, viewer, _still(refusal.text, view), editing=view, refusal=refusal
        )
    return see(post_url(view.post, viewer.account))


def _still(text: Text, view: PostView) -> Text:
    """What an edit cannot change: what the post is, whom it answers, and who may read it."""
    was, home = texts.from_post(view), view.post.community_id
    if not text.quotes:  # a draft of an older version, or a form that was not asked who may
        text = msgspec.structs.replace(
            text, replies=was.replies, boosts=was.boosts, quotes=was.quotes
        )
    return msgspec.structs.replace(
        text,
        kind=was.kind,
        visibility=was.visibility,
        reply_to_id=was.reply_to_id,
        community_id=home if was.kind == "thread" or text.community_id is not None else None,
        link=was.link,
    )


async def _changed(request: web.Request, viewer: Viewer, view: PostView, text: Text) -> None:
    text.check()
    db, site = request.config_dict[DB], request.config_dict[SITE]
    try:
        await lookup.mentioned(request.config_dict[FETCHER], text.content)
        await db.write(_edit, site, viewer.account, view.post.id, text, now(request))
    except AppError as error:
        raise Refused("form", error, text) from error
    except DatabaseUnavailable as error:
        log.warning("%s", error)
        raise Refused("form", away(request), text) from error


def _edit(tx: Write, site: Site, author: Account, post_id: int, text: Text, now_ms: int) -> None:
    described = _describe(tx, author.id, text)
    new = msgspec.structs.replace(text.new_post(), poll=None, poll_stays=True)
    posts.edit(tx, site, author, post_id, new, now_ms, described=described)
    _let_go(tx, author.id, text)


def _let_go(tx: Write, viewer_id: int, text: Text) -> None:
    """The draft of what was sent, also one of which this form never heard: it was under way."""
    if text.draft_id is not None:
        drafts.remove(tx, viewer_id, text.draft_id)
    drafts.remove_of_form(tx, viewer_id, text.once)


async def _own(request: web.Request, viewer: Viewer) -> PostView:
    view = await request.config_dict[DB].read(reading.view, viewer.account.id, number(request))
    if view.post.author_id != viewer.account.id:
        raise Forbidden("Only its author can change this post.")
    return view
