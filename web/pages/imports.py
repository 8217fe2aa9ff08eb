"""An editor brings an old blog into a team blog: its file, its authors, progress, the report."""

import csv
import io
from typing import Final
from urllib.parse import quote

import msgspec
from aiohttp import web

from server.errors import AppError, Invalid
from server.files import RAW, new_name, remove_all
from server.model import Account, PostView
from server.services import blog, blog_desk, import_claims, imports, reading, timelines
from server.services.imports import Counts, Sent, Survey
from server.store import imports as import_store
from server.store.db import DatabaseError, Read, Write
from server.store.imports import Checked, Line, Run
from server.store.paging import LAST_ID
from web.i18n import N_, say
from web.keys import DB, PICTURES, SPOOL, Viewer
from web.pages.access import asked_id, community_name, now, number, signed_in
from web.pages.blogs import Frame, frame
from web.pages.forms import BACKUP_FIELD, Form, form, see
from web.render import guarded, language_of, page
from web.spool import Upload

routes = web.RouteTableDef()

STORIES: Final = 50  # on a page
SHOWN: Final = 200  # lines of a report on its page; the file has them all
STATES: Final = {
    "reading": N_("The file is being read."),
    "ready": N_("The file was read. Look at what is in it, and begin."),
    "running": N_("The stories are being brought here."),
    "done": N_("It is done."),
    "failed": N_("It failed."),
    "stopped": N_("It was stopped. What was brought stays."),
}
FORMATS: Final = {
    "ttxml": N_("a backup of Textcube or Tistory"),
    "tistory": N_("a backup of Tistory (a folder for each story)"),
    "wxr": N_("an export of WordPress"),
    "rss": N_("an RSS feed"),
    "atom": N_("an Atom feed"),
}
KINDS: Final = {
    "draft": N_(
        "“%(what)s” was not for everybody. It is one of your drafts now, without pictures."
    ),
    "hidden": N_("“%(what)s” was not for everybody, and there is no room in your drafts for it."),
    "hidden_now": N_("“%(what)s” is not for everybody any more in the file. Here it still is."),
    "date": N_("“%(what)s” has no date that can be true; it stands under today."),
    "category": N_("“%(what)s” stands in no category of its own: no room for %(more)s."),
    "picture": N_(
        "A picture of “%(what)s” could not be had: %(more)s. A link stands there, if it had an "
        "address."
    ),
    "pictures": N_("“%(what)s” has more than 100 pictures; this one is missing: %(more)s."),
    "file": N_("A file of “%(what)s” is no picture that we can keep: %(more)s."),
    "attachment": N_("A file beside “%(what)s” was left out: %(more)s."),
    "cut": N_("“%(what)s” was too long: its end is missing."),
    "comments": N_("“%(what)s” has more comments than fit below one story: %(more)s are missing."),
    "deleted": N_("“%(what)s” was deleted here, and is not brought again."),
    "edited": N_("“%(what)s” was changed here, and stays as it is."),
    "theirs": N_("“%(what)s” is its author's now, and stays as it is."),
    "comment_cut": N_("A comment below “%(what)s” was too long: its end is missing."),
    "page": N_("The page “%(what)s” is no story, and was left out."),
    "keyword": N_("The keyword “%(what)s” was left out."),
    "other": N_("“%(what)s” is no story, and was left out."),
    "comment": N_("“%(what)s” is a comment without its story, and was left out."),
}
"""What is said of each line of a report."""


class Listed(msgspec.Struct, frozen=True):
    """The imports of a blog."""

    frame: Frame
    runs: list[Run]


class Stories(msgspec.Struct, frozen=True):
    """Some of those that came, the latest first; older ones are before `before_id`."""

    views: tuple[PostView, ...]
    before_id: int | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `moving`: it goes on without its editor."""

    frame: Frame
    run: Run
    survey: Survey
    counts: Counts
    checked: Checked
    lines: list[Line]
    asked: list[tuple[Account, str]]
    blind: bool
    stories: Stories

    @property
    def moving(self) -> bool:
        """Whether there will soon be something new to see."""
        return self.run.state in ("reading", "running")


@routes.get("/c/{name}/desk/imports")
@signed_in
async def listed(request: web.Request, viewer: Viewer) -> web.Response:
    """What was brought here so far, and the form for another file."""
    return await _form(request, viewer)


async def _form(
    request: web.Request, viewer: Viewer, sent: Form | None = None, error: AppError | None = None
) -> web.Response:
    found = await request.config_dict[DB].read(
        _listed, viewer, community_name(request), now(request)
    )
    return await page(
        request,
        "blog_imports.html",
        status=error.status if error else 200,
        listed=found,
        frame=found.frame,
        states=STATES,
        address=sent.get("address")[:500] if sent else "",
        errors={BACKUP_FIELD: error} if error else {},
    )


def _listed(db: Read, viewer: Viewer, name: str, now_ms: int) -> Listed:
    around = frame(db, viewer, name, now_ms)
    return Listed(around, imports.all(db, viewer.account, around.blog))


@routes.post("/c/{name}/desk/imports")
@signed_in
async def send(request: web.Request, viewer: Viewer) -> web.Response:
    """A file comes: onto the disk, into the store, and is read by the worker."""
    db = request.config_dict[DB]
    await db.read(_require, viewer.account, community_name(request))
    sent = await form(request, backup_bytes=imports.MAX_BACKUP_BYTES)
    upload = sent.upload(BACKUP_FIELD)
    try:
        if upload is None or not upload.length:
            raise Invalid("Please choose the file of the old blog.")
        run = await _begun(request, viewer, sent, upload)
    except AppError as error:
        if error.status >= 500 or error.status == 403:
            raise
        return await _form(request, viewer, sent, error)
    return see(f"{_home(request)}/{run.id}")


def _require(db: Read, viewer: Account, name: str) -> None:
    blog_desk.require(db, blog.by_name(db, name), viewer)


async def _begun(request: web.Request, viewer: Viewer, sent: Form, upload: Upload) -> Run:
    store, name = request.config_dict[PICTURES].store, new_name(RAW)
    length = upload.length
    if upload.path is None:
        upload = await request.config_dict[SPOOL].keep(upload.data)
    assert upload.path is not None  # noqa: S101  it was just made
    await store.put(name, upload.path)
    new = Sent(
        name="",
        file=name,
        bytes=length,
        address=sent.get("address"),
        pictures=bool(sent.get("pictures")),
    )
    try:
        db = request.config_dict[DB]
        return await db.write(_begin, viewer.account, community_name(request), new, now(request))
    except DatabaseError:
        raise  # it may have been written all the same: what no row names is swept up
    except BaseException:
        await remove_all(store, [name])
        raise


def _begin(tx: Write, viewer: Account, name: str, new: Sent, now_ms: int) -> Run:
    return imports.begin(tx, viewer, blog.by_name(tx, name), new, now_ms)


@routes.get("/c/{name}/desk/imports/{id}")
@signed_in
async def one(request: web.Request, viewer: Viewer) -> web.Response:
    """How far it is, what is in the file, and what could not be taken."""
    return await _page(request, viewer)


async def _page(
    request: web.Request, viewer: Viewer, sent: Form | None = None, error: AppError | None = None
) -> web.Response:
    before_id = asked_id(request, "before") or LAST_ID
    at = (community_name(request), number(request), now(request), before_id)
    found = await request.config_dict[DB].read(_shown, viewer, *at)
    return await page(
        request,
        "blog_import.html",
        status=error.status if error else 200,
        shown=found,
        frame=found.frame,
        states=STATES,
        formats=FORMATS,
        kinds=KINDS,
        typed=_names(sent, found.survey) if sent else {},
        most=SHOWN,
        errors={"form": error} if error else {},
    )


def _stories(db: Read, viewer: Viewer, run: Run, before_id: int) -> Stories:
    """What is here of it, as far as the viewer may read it."""
    ids = import_store.brought(db, run.id, before_id, STORIES)
    views = timelines.by_post(db, viewer.account.id, ids)
    kept = reading.readable_among(db, viewer.account.id, [one.post for one in views.values()])
    shown = tuple(views[id] for id in ids if id in views and id in kept)
    return Stories(shown, ids[-1] if len(ids) == STORIES else None)


def _shown(
    db: Read, viewer: Viewer, name: str, id: int, now_ms: int, before_id: int = LAST_ID
) -> Shown:
    around = frame(db, viewer, name, now_ms)
    run = imports.one(db, viewer.account, around.blog, id)
    return Shown(
        frame=around,
        run=run,
        survey=imports.survey(run),
        counts=imports.counts(run),
        checked=imports.checked(db, run),
        stories=_stories(db, viewer, run, before_id),
        lines=imports.report(db, run),
        asked=import_claims.answers(db, run),
        blind=not imports.tells_who_may_read(run),
    )


@routes.post("/c/{name}/desk/imports/{id}")
@signed_in
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Begin it, with whom its authors are here; or stop it."""
    sent, id = await form(request), number(request)
    at = (viewer.account, community_name(request), id, sent, now(request))
    try:
        await request.config_dict[DB].write(_change, *at)
    except Invalid as error:
        return await _page(request, viewer, sent, error)
    return see(f"{_home(request)}/{id}")


def _change(tx: Write, viewer: Account, name: str, id: int, sent: Form, now_ms: int) -> None:
    home = blog.by_name(tx, name)
    if sent.get("do") == "stop":
        imports.stop(tx, viewer, home, id, now_ms)
        return
    found = imports.survey(imports.one(tx, viewer, home, id))
    public = bool(sent.get("public"))
    imports.start(tx, viewer, home, id, _names(sent, found), now_ms=now_ms, public=public)


def _names(sent: Form, found: Survey) -> dict[str, str]:
    """Whom of ours was typed beside each author of the file."""
    typed = {key: sent.get(f"author_{at}") for at, (key, _, _) in enumerate(found.authors)}
    return {key: name[:100] for key, name in typed.items() if name}


@routes.get("/c/{name}/desk/imports/{id}/report.csv")
@signed_in
async def report(request: web.Request, viewer: Viewer) -> web.Response:
    """All of the report as a table for a file."""
    at = (community_name(request), number(request), now(request))
    found = await request.config_dict[DB].read(_shown, viewer, *at)
    written = io.StringIO()
    table = csv.writer(written)
    language = language_of(request)
    for line in found.lines:
        kind = KINDS.get(line.kind, KINDS["other"])
        said = say(AppError(kind, what=line.what, more=line.more), language)
        table.writerow([_harmless(said), _harmless(line.what), _harmless(line.more)])
    response = web.Response(text="\ufeff" + written.getvalue(), content_type="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="report-{found.run.id}.csv"'
    return guarded(request, response)


def _harmless(cell: str) -> str:
    """No formula, in whatever opens the table."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell


def _home(request: web.Request) -> str:
    return f"/c/{quote(community_name(request), safe='')}/desk/imports"
