"""Filters: what somebody does not want to meet here and in their apps."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.errors import AppError, Invalid
from server.services import filters
from server.services.filters import CONTEXTS, Change
from server.store.db import Write
from server.store.filters import Filter
from web import i18n
from web.i18n import N_
from web.keys import DB, Viewer
from web.pages.access import now, number, signed_in
from web.pages.forms import Form, form, see
from web.render import language_of, page

routes = web.RouteTableDef()

PLACES: Final = {
    "home": N_("Home and lists"),
    "notifications": N_("Notifications"),
    "public": N_("Public timelines"),
    "thread": N_("Conversations"),
    "account": N_("Pages of people"),
}
ACTIONS: Final = {
    "warn": N_("Fold the post away behind the filter's name"),
    "hide": N_("Do not show the post at all"),
    "blur": N_("Fold it away here, cover its pictures in apps"),
}
KEEP: Final = "keep"
DURATIONS: Final = {
    "": (N_("For good"), None),
    "1800": (N_("30 minutes"), 30 * MINUTE_MS),
    "21600": (N_("6 hours"), 6 * HOUR_MS),
    "86400": (N_("1 day"), DAY_MS),
    "604800": (N_("1 week"), 7 * DAY_MS),
    "2592000": (N_("30 days"), 30 * DAY_MS),
}
DONE: Final = {
    "saved": N_("The filter was saved."),
    "deleted": N_("The filter was deleted."),
}


class Typed(msgspec.Struct, frozen=True):
    """What is in the form."""

    title: str = ""
    keywords: str = ""
    whole_word: bool = False
    contexts: tuple[str, ...] = CONTEXTS
    action: str = "warn"
    expires: str = ""


@routes.get("/settings/filters")
@signed_in
async def all_filters(request: web.Request, viewer: Viewer) -> web.Response:
    """The viewer's filters, and a form for one more."""
    return await _shown(request, viewer, Typed())


@routes.post("/settings/filters")
@signed_in
async def make(request: web.Request, viewer: Viewer) -> web.Response:
    """A new filter."""
    typed = _typed(await form(request))
    try:
        await request.config_dict[DB].write(_made, viewer.account.id, typed, now(request))
    except AppError as error:
        return await _shown(request, viewer, typed, error=error)
    return see("/settings/filters?done=saved")


@routes.get("/settings/filters/{id:\\d+}")
@signed_in
async def one(request: web.Request, viewer: Viewer) -> web.Response:
    """A form to change a filter."""
    known = await request.config_dict[DB].read(filters.one, viewer.account.id, number(request))
    return await _shown(request, viewer, _of(known), known)


@routes.post("/settings/filters/{id:\\d+}")
@signed_in
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Change a filter."""
    typed, id, db = _typed(await form(request)), number(request), request.config_dict[DB]
    known = await db.read(filters.one, viewer.account.id, id)
    try:
        await db.write(_changed, viewer.account.id, id, typed, now(request))
    except AppError as error:
        return await _shown(request, viewer, typed, known, error)
    return see("/settings/filters?done=saved")


@routes.post("/settings/filters/{id:\\d+}/delete")
@signed_in
async def delete(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a filter."""
    await form(request)
    await request.config_dict[DB].write(
        filters.remove, viewer.account.id, number(request), now(request)
    )
    return see("/settings/filters?done=deleted")


def _typed(sent: Form) -> Typed:
    return Typed(
        title=sent.get("title"),
        keywords=sent.raw("keywords"),
        whole_word=sent.get("whole_word") == "on",
        contexts=tuple(place for place in CONTEXTS if sent.get(f"in_{place}") == "on"),
        action=sent.get("action"),
        expires=sent.get("expires"),
    )


def _of(known: Filter) -> Typed:
    return Typed(
        title=known.title,
        keywords="\n".join(word.keyword for word in known.keywords),
        whole_word=bool(known.keywords) and all(word.whole_word for word in known.keywords),
        contexts=tuple(known.contexts.split()),
        action=known.action,
        expires=KEEP if known.expires_ms else "",
    )


class Wordless(Invalid):
    """A filter that nothing fits: an app may make one and fill it later, this form may not."""


def _words(typed: Typed, known: Filter) -> list[Change]:
    """What has to happen to the keywords, so that they are the lines that were typed.

    Raises `Wordless`.
    """
    lines = dict.fromkeys(line.strip() for line in typed.keywords.splitlines() if line.strip())
    if not lines and not known.posts:
        raise Wordless(N_("Please write at least one word or phrase."))
    before = {word.keyword: word for word in known.keywords}
    gone = [Change(id=word.id, remove=True) for name, word in before.items() if name not in lines]
    return gone + [
        Change(
            id=before[line].id if line in before else None,
            keyword=line,
            whole_word=typed.whole_word,
        )
        for line in lines
    ]


def _filled(typed: Typed, known: Filter, now_ms: int) -> Filter:
    _, lasts_ms = DURATIONS.get(typed.expires, ("", None))
    until_ms = now_ms + lasts_ms if lasts_ms else None
    return msgspec.structs.replace(
        known,
        title=typed.title,
        contexts=" ".join(typed.contexts),
        action=typed.action,
        expires_ms=known.expires_ms if typed.expires == KEEP else until_ms,
    )


def _made(tx: Write, account_id: int, typed: Typed, now_ms: int) -> Filter:
    empty = Filter(id=0, account_id=account_id, title="", contexts="")
    return filters.make(tx, _filled(typed, empty, now_ms), _words(typed, empty), now_ms)


def _changed(tx: Write, account_id: int, id: int, typed: Typed, now_ms: int) -> Filter:
    known = filters.one(tx, account_id, id)
    return filters.change(tx, _filled(typed, known, now_ms), _words(typed, known), now_ms)


async def _shown(
    request: web.Request,
    viewer: Viewer,
    typed: Typed,
    known: Filter | None = None,
    error: AppError | None = None,
) -> web.Response:
    found: Sequence[Filter] = ()
    if known is None:
        found = await request.config_dict[DB].read(filters.all, viewer.account.id)
    say = i18n.for_templates(language_of(request))["gettext"]
    durations = [(value, say(words)) for value, (words, _) in DURATIONS.items()]
    if known is not None and known.expires_ms:
        durations.insert(0, (KEEP, say(N_("As before"))))
    return await page(
        request,
        "filters.html",
        status=error.status if error else HTTPStatus.OK,
        filters=found,
        known=known,
        typed=typed,
        contexts=PLACES,
        actions=[(value, say(words)) for value, words in ACTIONS.items()],
        durations=durations,
        done=DONE.get(request.query.get("done", ""), ""),
        errors={"keywords" if isinstance(error, Wordless) else "filter": error} if error else {},
    )
