"""Team blogs as readers meet them: front page, categories, series, months, cohorts of writers."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.ids import first_id
from server.model import Account, Community, PostView, Relationship
from server.services import blog, blog_desk, books, communities, follows
from server.services.blog import Branch, Where
from server.store import blog as blog_store
from server.store import blog_people, submissions
from server.store.blog import Category, Series
from server.store.blog_people import Cohort
from server.store.db import Read
from server.store.paging import Page
from web.keys import DB, SITE, Viewer
from web.pages.access import Pager, community_name, now, pager, window
from web.render import page, person_feed, viewer_of

routes = web.RouteTableDef()

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_YEARS: Final = range(1990, 2101)
IN_FRONT: Final = 12
MONTHS_IN_FRONT: Final = 6


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every page of a team blog shows. `editing`: the viewer keeps it."""

    blog: Community
    tops: tuple[Branch, ...]
    total: int
    editing: bool
    publishes: bool
    waiting: int


class Month(msgspec.Struct, frozen=True):
    """So many stories of a month, `2026-11`, whose first moment is `at_ms`."""

    name: str
    at_ms: int
    count: int

    @property
    def year(self) -> str:
        """In which it lies."""
        return self.name[:4]


class Row(msgspec.Struct, frozen=True):
    """A series with its number of parts."""

    series: Series
    parts: int


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """The front page: what an editor arranged, then what is new."""

    frame: Frame
    relation: Relationship | None
    arranged: list[PostView]
    newest: list[PostView]
    series: list[Row]
    cohorts: list[Cohort]
    months: list[Month]
    books: bool
    pager_ids: list[int]
    where: dict[int, Where]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A list of stories: of a category (`path`), a series, a month (`at_ms`) or a cohort.

    `below`: the categories in this one. `total`: how many stories there are, where that is known.
    """

    frame: Frame
    views: Sequence[PostView]
    path: tuple[Category, ...] = ()
    series: Series | None = None
    numbers: dict[int, int] = {}
    at_ms: int = 0
    cohort: Cohort | None = None
    leader: Account | None = None
    writers: Sequence[Account] = ()
    adding: bool = False
    where: dict[int, Where] = {}
    below: tuple[Branch, ...] = ()
    total: int | None = None


def frame(db: Read, viewer: Viewer | None, name: str, now_ms: int) -> Frame:
    """Raises `NotFound` where there is no such blog."""
    home = blog.by_name(db, name)
    tops, total = blog.tree(db, home.account.id)
    who = viewer.account if viewer else None
    editing = who is not None and communities.keeps(db, home.account.id, who)
    return Frame(
        blog=home,
        tops=tops,
        total=total,
        editing=editing,
        publishes=who is not None and blog.publishes(db, home.account, who, now_ms),
        waiting=submissions.waiting(db, home.account.id) if editing else 0,
    )


def months(db: Read, blog_id: int, zone: str) -> list[Month]:
    """The months in which there are stories, by the city's clock, the latest first."""
    at = ZoneInfo(zone)
    named = Counter(
        datetime.fromtimestamp(ms / 1000, UTC).astimezone(at).strftime("%Y-%m")
        for ms in blog_store.times(db, blog_id)
    )
    return [Month(name, span(name, zone)[0], named[name]) for name in sorted(named, reverse=True)]


def span(month: str, zone: str) -> tuple[int, int]:
    """The first moment of a month and that of the next. Raises `NotFound` for what is no month."""
    found = _MONTH.fullmatch(month)
    if found is None or int(found[1]) not in _YEARS:
        raise NotFound("There is nothing at this address.")
    year, number, at = int(found[1]), int(found[2]), ZoneInfo(zone)
    first = datetime(year, number, 1, tzinfo=at)
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=at)
    return int(first.timestamp() * 1000), int(after.timestamp() * 1000)


async def shown(request: web.Request, group: Account) -> web.Response:
    """The front page of a blog; further back only its stories, newest first."""
    asked = window(request, limit=IN_FRONT)
    when = (request.config_dict[SITE].timezone, now(request))
    found = await request.config_dict[DB].read(_front, viewer_of(request), group.name, asked, when)
    account = found.frame.blog.account
    return await page(
        request,
        "blog.html",
        shown=found,
        frame=found.frame,
        pager=pager(request, asked, found.pager_ids),
        document=account.uri,
        feed=person_feed(account),
    )


def _front(db: Read, viewer: Viewer | None, name: str, asked: Page, at: tuple[str, int]) -> Front:
    zone, now_ms = at
    around = frame(db, viewer, name, now_ms)
    me, id = viewer.account.id if viewer else None, around.blog.account.id
    top = asked.max_id is None and asked.min_id is None
    arranged = blog.arranged(db, me, id) if top else []
    above = {view.post.id for view in arranged}
    newest = blog.newest(db, me, id, asked)
    counts = blog_store.parts(db, id)
    return Front(
        frame=around,
        relation=follows.relationship(db, me, id) if me is not None else None,
        arranged=arranged,
        newest=[view for view in newest if view.post.id not in above],
        series=[Row(one, counts.get(one.id, 0)) for one in blog_store.all_series(db, id)],
        cohorts=blog_people.cohorts(db, id),
        months=months(db, id, zone)[:MONTHS_IN_FRONT],
        books=bool(books.listed(db, viewer.account if viewer else None, around.blog)),
        pager_ids=[view.post.id for view in newest],
        where=blog.where(db, id, [*arranged, *newest]),
    )


def _placed(db: Read, part: Part) -> Part:
    """With what stands above the title of each story."""
    found = blog.where(db, part.frame.blog.account.id, part.views)
    return msgspec.structs.replace(part, where=found)


async def _listed(
    request: web.Request, part: Part, asked: Page | None = None, template: str = "blog_list.html"
) -> web.Response:
    ids = [view.post.id for view in part.views]
    turned = pager(request, asked, ids) if asked else Pager()
    return await page(request, template, part=part, frame=part.frame, pager=turned)


@routes.get("/c/{name}/categories/{slug}")
async def category(request: web.Request) -> web.Response:
    """The stories of a category, with those of the categories in it."""
    asked = window(request)
    part = await request.config_dict[DB].read(
        _category, viewer_of(request), community_name(request), request.match_info["slug"], asked
    )
    return await _listed(request, part, asked)


def _category(db: Read, viewer: Viewer | None, name: str, slug: str, asked: Page) -> Part:
    around = frame(db, viewer, name, 0)
    path = blog.category(db, around.blog.account.id, slug)
    me = viewer.account.id if viewer else None
    branch = _branch(around.tops, path[-1].id)
    part = Part(
        frame=around,
        path=path,
        views=blog.in_category(db, me, path[-1], asked),
        below=branch.children if branch else (),
        total=branch.count if branch else None,
    )
    return _placed(db, part)


def _branch(tops: tuple[Branch, ...], id: int) -> Branch | None:
    both = [one for top in tops for one in (top, *top.children)]
    return next((one for one in both if one.category.id == id), None)


@routes.get("/c/{name}/series/{slug}")
async def series(request: web.Request) -> web.Response:
    """The parts of a series, the first one first."""
    part = await request.config_dict[DB].read(
        _series, viewer_of(request), community_name(request), request.match_info["slug"]
    )
    return await _listed(request, part)


def _series(db: Read, viewer: Viewer | None, name: str, slug: str) -> Part:
    around = frame(db, viewer, name, 0)
    found = blog.series(db, around.blog.account.id, slug)
    views = blog.parts(db, viewer.account.id if viewer else None, found.id)
    numbers = blog_store.numbers(db, [view.post.id for view in views])
    part = Part(frame=around, series=found, views=views, numbers=numbers, total=len(views))
    return _placed(db, part)


@routes.get("/c/{name}/archive")
async def archive(request: web.Request) -> web.Response:
    """Every month in which there are stories."""
    zone = request.config_dict[SITE].timezone
    around, found = await request.config_dict[DB].read(
        _archive, viewer_of(request), community_name(request), zone
    )
    return await page(request, "blog_archive.html", frame=around, months=found)


def _archive(db: Read, viewer: Viewer | None, name: str, zone: str) -> tuple[Frame, list[Month]]:
    around = frame(db, viewer, name, 0)
    return around, months(db, around.blog.account.id, zone)


@routes.get("/c/{name}/archive/{month}")
async def month(request: web.Request) -> web.Response:
    """The stories of a month, newest first."""
    start_ms, end_ms = span(request.match_info["month"], request.config_dict[SITE].timezone)
    asked = window(request)
    part = await request.config_dict[DB].read(
        _month, viewer_of(request), community_name(request), (start_ms, end_ms), asked
    )
    return await _listed(request, part, asked)


def _month(db: Read, viewer: Viewer | None, name: str, span: tuple[int, int], asked: Page) -> Part:
    around, (start_ms, end_ms) = frame(db, viewer, name, 0), span
    end, first = first_id(end_ms), first_id(start_ms) - 1
    within = Page(
        max_id=min(asked.max_id or end, end),
        since_id=first,
        min_id=max(asked.min_id, first) if asked.min_id is not None else None,
        limit=asked.limit,
    )
    me = viewer.account.id if viewer else None
    views = blog.newest(db, me, around.blog.account.id, within)
    return _placed(db, Part(frame=around, views=views, at_ms=start_ms))


class Group(msgspec.Struct, frozen=True):
    """A cohort with its people."""

    cohort: Cohort
    writers: list[Account]


@routes.get("/c/{name}/cohorts")
async def cohorts(request: web.Request) -> web.Response:
    """Who writes here, year by year."""
    around, groups = await request.config_dict[DB].read(
        _cohorts, viewer_of(request), community_name(request)
    )
    return await page(request, "blog_cohorts.html", frame=around, groups=groups)


def _cohorts(db: Read, viewer: Viewer | None, name: str) -> tuple[Frame, list[Group]]:
    around = frame(db, viewer, name, 0)
    found = blog_people.cohorts(db, around.blog.account.id)
    return around, [Group(one, blog_people.writers(db, one.id)) for one in found]


@routes.get("/c/{name}/cohorts/{number}")
async def cohort(request: web.Request) -> web.Response:
    """The writers of a year, and what they published."""
    asked = window(request)
    part = await request.config_dict[DB].read(
        _cohort, viewer_of(request), community_name(request), numbered(request), asked
    )
    return await _listed(request, part, asked, "blog_cohort.html")


def numbered(request: web.Request) -> int:
    """The number of a cohort in the address. Raises `NotFound`."""
    typed = request.match_info["number"]
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 4:
        raise NotFound("There is no such cohort in this blog.")
    return int(typed)


def _cohort(db: Read, viewer: Viewer | None, name: str, number: int, asked: Page) -> Part:
    around = frame(db, viewer, name, 0)
    found = blog.cohort(db, around.blog.account.id, number)
    writers = blog_people.writers(db, found.id)
    me = viewer.account.id if viewer else None
    part = Part(
        frame=around,
        cohort=found,
        writers=writers,
        leader=next((one for one in writers if one.id == found.leader_id), None),
        adding=viewer is not None and blog_desk.may_add(db, found, viewer.account),
        views=blog.of_cohort(db, me, found, asked),
    )
    return _placed(db, part)
