"""Reporting somebody, or something that they wrote, to the moderators."""

from typing import Final

import msgspec
from aiohttp import web

from server.errors import AppError, Invalid, NotFound
from server.model import Account, Post
from server.services import accounts, new_reports, reading
from server.services.new_reports import NewReport
from server.services.rules import Rule
from server.store.db import Read, Write
from web import house_rules
from web.i18n import N_
from web.keys import DB, SITE, Viewer
from web.pages.access import asked_id, now, signed_in
from web.pages.forms import Form, form, see
from web.render import language_of, page

routes = web.RouteTableDef()

CATEGORIES: Final = (
    ("violation", N_("It breaks a rule of this place")),
    ("spam", N_("It is advertising, or a machine")),
    ("legal", N_("It is against the law")),
    ("other", N_("Something else")),
)
WHICH: Final = "Please choose the rule that is broken."


class Subject(msgspec.Struct, frozen=True):
    """Whom, and what of theirs, somebody wants to report."""

    account: Account
    post: Post | None
    rules: list[Rule]


@routes.get("/report")
@signed_in
async def ask(request: web.Request, viewer: Viewer) -> web.Response:
    """The form."""
    subject = await _found(request, viewer, asked_id(request, "account"), asked_id(request, "post"))
    return await _shown(request, subject, Form({}, {}))


@routes.post("/report")
@signed_in
async def send(request: web.Request, viewer: Viewer) -> web.Response:
    """Tell the moderators."""
    sent = await form(request)
    subject = await _found(request, viewer, sent.id("account"), sent.id("post"))
    new = NewReport(
        target_id=subject.account.id,
        post_ids=(subject.post.id,) if subject.post else (),
        comment=sent.get("comment"),
        category=sent.get("category") or "other",
        rule_ids=sent.ids("rule") if sent.get("category") == "violation" else (),
        forward=bool(sent.get("forward")),
        rules=frozenset(rule.id for rule in subject.rules),
    )
    if new.category == "violation" and subject.rules and not new.rules & set(new.rule_ids):
        return await _shown(request, subject, sent, Invalid(WHICH), field="rule")
    site, at_ms = request.config_dict[SITE], now(request)

    def file(tx: Write) -> int:
        return new_reports.file(tx, site, viewer.account, new, at_ms)

    try:
        await request.config_dict[DB].write(file)
    except AppError as error:
        return await _shown(request, subject, sent, error)
    return see("/report/sent")


@routes.get("/report/sent")
@signed_in
async def thanks(request: web.Request, viewer: Viewer) -> web.Response:
    """What happens now."""
    return await page(request, "reported.html")


async def _found(
    request: web.Request, viewer: Viewer, account_id: int | None, post_id: int | None
) -> Subject:
    return await request.config_dict[DB].read(
        _subject, viewer.account.id, account_id, post_id, language_of(request)
    )


def _subject(
    db: Read, viewer_id: int, account_id: int | None, post_id: int | None, language: str
) -> Subject:
    post = reading.readable(db, viewer_id, post_id) if post_id else None
    if post is not None:
        account_id = post.author_id
    if account_id is None:
        raise NotFound("There is no such account.")
    return Subject(accounts.visible(db, account_id), post, house_rules.in_force(db, language))


async def _shown(
    request: web.Request,
    subject: Subject,
    sent: Form,
    error: AppError | None = None,
    field: str = "comment",
) -> web.Response:
    return await page(
        request,
        "report.html",
        status=error.status if error else 200,
        subject=subject,
        categories=CATEGORIES,
        chosen=sent.get("category") or "other",
        broken=sent.ids("rule"),
        comment=sent.get("comment"),
        forward=bool(sent.get("forward")),
        errors={field: error} if error else {},
    )
