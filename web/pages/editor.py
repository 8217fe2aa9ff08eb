"""What the editor's script asks for while somebody writes; the pages do all of it without a script.

Answers are small: a part of the page, or a line of JSON. A person whose session has ended hears so,
and the text stays where it is: in the page.
"""

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from server.errors import AppError, Forbidden, Invalid, Unauthorized
from server.model import Account
from server.services import drafts, posts, reading, search
from server.store.db import Read
from web import i18n
from web.keys import DB, Viewer
from web.pages import texts
from web.pages.access import now
from web.pages.forms import Form, genuine, unchecked
from web.pages.texts import Text, previewed
from web.pages.write import add_picture
from web.render import fragment, language_of, viewer_of

routes = web.RouteTableDef()

MOST_COMPLETIONS: Final = 8
MAX_BEGUN: Final = 60  # characters


@routes.post("/write/keep")
async def keep(request: web.Request) -> web.Response:
    """Keep what is in the form as a draft; `{"draft": "ID"}`, empty when it was published since."""
    try:
        viewer, sent = await _sent(request)
        text = texts.from_form(sent)
        if not (text.content.strip() or text.title or text.media_ids):
            return _json({"draft": ""})
        if await request.config_dict[DB].read(_said_already, viewer.account, text):
            return _json({"draft": ""})
        draft = await request.config_dict[DB].write(
            drafts.keep,
            viewer.account.id,
            text.draft_id,
            texts.to_draft(text),
            key=text.key,
            now_ms=now(request),
        )
    except AppError as error:
        return _refused(request, error)
    return _json({"draft": str(draft.id) if draft else ""})


def _said_already(db: Read, author: Account, text: Text) -> bool:
    """Whether the post that is edited says just this: then there is nothing to keep, or no more."""
    if text.edits_id is None or text.draft_id is not None:
        return False
    try:
        return texts.told(reading.own(db, author, text.edits_id), text)
    except AppError:
        return False


@routes.post("/write/known")
async def known(request: web.Request) -> web.Response:
    """Whether this very form published these words, and which draft they go on in.

    A browser that finds a copy of its own asks before it offers that to somebody:
    `{"known": false, "kept": true, "draft": "ID"}`. `kept`: a draft has just these words. The draft
    is empty where there is none to go on with.
    """
    try:
        viewer, sent = await _sent(request)
        found = await request.config_dict[DB].read(_known, viewer.account.id, texts.from_form(sent))
    except AppError as error:
        return _refused(request, error)
    return _json(found)


def _known(db: Read, viewer_id: int, text: Text) -> dict[str, Any]:
    kept = {one.id: texts.from_draft(one) for one in drafts.all(db, viewer_id)}
    post = posts.made_with(db, viewer_id, text.key)
    same = [id for id, one in kept.items() if one.words == text.words]
    goes_on = text.draft_id if text.draft_id in kept else next(iter(same), "")
    return {
        "known": post is not None and texts.told(post, text),
        "kept": bool(same),
        "draft": str(goes_on),
    }


@routes.post("/write/picture")
async def picture(request: web.Request) -> web.Response:
    """Take one picture; the part of the form that names it and asks what it shows."""
    try:
        viewer, sent = await _sent(request)
        upload = sent.upload("picture")
        if upload is None:
            raise Invalid("Please choose a picture.")
        text = texts.from_form(sent)
        row = await add_picture(request, viewer, upload, sent.get("alt"), text)
    except AppError as error:
        return _refused(request, error)
    place = len(text.media_ids) + 1
    return fragment(request, "upload.html", media=row, place=place, text=text)


@routes.post("/write/preview")
async def preview(request: web.Request) -> web.Response:
    """The text as its readers would see it."""
    try:
        _, sent = await _sent(request)
        text = texts.from_form(sent)
        _check_length(text)
    except AppError as error:
        return _refused(request, error)
    html = await previewed(request, text.content, text.kind)
    return fragment(request, "preview.html", text=text, preview=html)


def _check_length(text: Text) -> None:
    try:
        text.check_length()
    except texts.Refused as refusal:
        raise refusal.cause from refusal


@routes.get("/write/complete")
async def complete(request: web.Request) -> web.Response:
    """Whom or what somebody may mean who has typed `@ha` or `#느`: options of a list."""
    viewer, begun = viewer_of(request), request.query.get("q", "")[:MAX_BEGUN]
    if viewer is None:
        return _refused(request, Unauthorized("Please sign in first."))
    people, tags = await request.config_dict[DB].read(_meant, viewer.account.id, begun)
    return fragment(request, "completions.html", people_found=people, tags=tags)


def _meant(db: Read, viewer_id: int, begun: str) -> tuple[list[Account], list[str]]:
    if begun.startswith("@"):
        return search.completions(db, viewer_id, begun[1:], MOST_COMPLETIONS), []
    if begun.startswith("#"):
        return [], search.hashtags(db, begun[1:], MOST_COMPLETIONS)
    return [], []


async def _sent(request: web.Request) -> tuple[Viewer, Form]:
    """Who sent what. Raises `Unauthorized` when their session has ended, `Forbidden` when stale."""
    viewer, sent = viewer_of(request), await unchecked(request)
    if viewer is None:
        raise Unauthorized("You are signed out. Your text stays here: publish it to sign in again.")
    if not genuine(request, sent):
        raise Forbidden("You signed in anew meanwhile. Please look at your text and try again.")
    return viewer, sent


def _refused(request: web.Request, error: AppError) -> web.Response:
    """A sentence in the person's language, for the script to show."""
    return _json({"error": i18n.say(error, language_of(request))}, error.status)


def _json(body: dict[str, Any], status: int = HTTPStatus.OK) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
