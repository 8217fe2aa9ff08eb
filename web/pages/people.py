"""A person's page, and who follows whom."""

from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from server.model import Account, PostView, Relationship, Site
from server.services import blog, communities, follows, relations, timelines
from server.services.boards import page_kind
from server.store.db import Read
from server.store.paging import Page
from web.i18n import N_
from web.keys import DB, SITE
from web.pages import blogs, boards
from web.pages.access import Pager, pager, somebody, viewer_id, window
from web.render import page, person_feed

routes = web.RouteTableDef()

TABS: Final = ("posts", "replies", "pictures")
ENDORSED: Final = 12  # recommended people whom a page shows


class Profile(msgspec.Struct, frozen=True):
    """A person and a window on what they wrote. `relation` is None for visitors and oneself.

    `tag` is the hashtag that a neighbourhood of ours passes on; None for everybody else.
    """

    account: Account
    relation: Relationship | None
    tag: str | None
    pinned: list[PostView]
    posts: list[PostView]
    ids: list[int]
    endorsed: list[Account]
    together: list[PostView]


@routes.get("/@{handle}")
async def person(request: web.Request) -> web.Response:
    """Somebody, ours or a stranger, with what they wrote."""
    asked, tab = window(request), request.query.get("show", "posts")
    tab = tab if tab in TABS else "posts"
    kind, profile = await request.config_dict[DB].read(
        _found,
        request.config_dict[SITE],
        viewer_id(request),
        request.match_info["handle"],
        tab,
        asked,
    )
    if isinstance(profile, Account):
        shown = boards.shown if kind == "board" else blogs.shown
        return await shown(request, profile)
    return await page(
        request,
        "person.html",
        person=profile.account,
        relation=profile.relation,
        passes_on=profile.tag,
        place=await boards.around(request, profile.account),
        endorsed=profile.endorsed,
        together=profile.together,
        pinned=profile.pinned,
        views=profile.posts,
        tab=tab,
        pager=pager(request, asked, profile.ids),
        document=profile.account.uri if profile.account.local else "",
        feed=person_feed(profile.account),
    )


def _found(
    db: Read, site: Site, viewer_id: int | None, handle: str, tab: str, page: Page
) -> tuple[str, Profile | Account]:
    """Somebody's page; of a board or a blog the account alone, as its page is another."""
    account = somebody(db, site, handle)
    kind = page_kind(db, account)
    return kind, _profile(db, viewer_id, account, tab, page) if kind == "person" else account


def _profile(db: Read, viewer_id: int | None, account: Account, tab: str, page: Page) -> Profile:
    entries = timelines.account(
        db,
        viewer_id,
        account.id,
        page,
        replies=tab == "replies" or (tab == "pictures" and bool(account.show_media_replies)),
        boosts=tab != "pictures",
        media_only=tab == "pictures",
    )
    top = tab == "posts" and page.max_id is None and page.min_id is None
    pinned = timelines.account(db, viewer_id, account.id, Page(), pinned=True) if top else []
    return Profile(
        account,
        _relation(db, viewer_id, account),
        communities.tag_of(db, account),
        timelines.views(db, viewer_id, pinned),
        timelines.views(db, viewer_id, entries),
        [entry.id for entry in entries],
        _endorsed(db, viewer_id, account) if top and account.show_featured else [],
        blog.written_with(db, viewer_id, account.id) if top and account.local else [],
    )


def _endorsed(db: Read, viewer_id: int | None, account: Account) -> list[Account]:
    found = relations.endorsed_by(db, account, viewer_id, Page(limit=ENDORSED))
    return [one for _, one in found]


def _relation(db: Read, viewer_id: int | None, account: Account) -> Relationship | None:
    if viewer_id is None or viewer_id == account.id:
        return None
    return follows.relationship(db, viewer_id, account.id)


@routes.get("/@{handle}/followers")
async def followers(request: web.Request) -> web.Response:
    """Who follows this person."""
    return await _circle(request, relations.followers, N_("Followers of %(name)s"))


@routes.get("/@{handle}/following")
async def following(request: web.Request) -> web.Response:
    """Whom this person follows."""
    return await _circle(request, relations.following, N_("People whom %(name)s follows"))


Circle = Callable[[Read, Account, int | None, Page], list[tuple[int, Account]]]


async def _circle(request: web.Request, circle: Circle, heading: str) -> web.Response:
    asked, me = window(request, limit=40), viewer_id(request)
    person, found, open_ = await request.config_dict[DB].read(
        _members, circle, request.config_dict[SITE], me, request.match_info["handle"], asked
    )
    return await people_page(
        request,
        [account for _, account in found],
        heading=heading,
        about=person,
        hidden=not open_,
        pager=pager(request, asked, [id for id, _ in found]),
    )


def _members(
    db: Read, circle: Circle, site: Site, viewer_id: int | None, handle: str, page: Page
) -> tuple[Account, list[tuple[int, Account]], bool]:
    account = somebody(db, site, handle)
    shown = relations.open_circle(db, account, viewer_id)
    return account, circle(db, account, viewer_id, page), shown


async def people_page(
    request: web.Request,
    people: list[Account],
    *,
    heading: str,
    about: Account | None = None,
    pager: Pager | None = None,
    action: str = "",
    hidden: bool = False,
    boosted: int | None = None,
) -> web.Response:
    """A list of people under `heading`, a msgid that may name `about`.

    `boosted` is a post of the viewer's that they share: each boost can be taken out.

    `action` gives each a button: request | unmute | unblock. `hidden`: `about` keeps it to
    themself.
    """
    return await page(
        request,
        "people.html",
        accounts=people,
        heading=heading,
        about=about,
        pager=pager or Pager(),
        action=action,
        hidden=hidden,
        boosted=boosted,
    )
