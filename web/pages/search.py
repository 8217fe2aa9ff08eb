"""Search: people, communities, hashtags and posts; a handle or an address is also looked up."""

import re
import unicodedata
from functools import partial
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from markupsafe import Markup

from server import lookup, text
from server.errors import AppError, Invalid
from server.ids import created_ms
from server.model import Account, Community, Post, PostView, Site
from server.services import asking, communities, reading, search, timelines
from server.services.asking import Asked, Filter
from server.store.db import Read
from server.store.paging import Page
from server.text import marking
from web.i18n import N_, WRITTEN_IN
from web.keys import ADDRESS, BUCKETS, DB, FETCHER, SITE
from web.limits import network
from web.pages.access import Pager, asked_id, now, viewer_id
from web.pages.forms import see
from web.render import page, person_url, post_url, viewer_of

routes = web.RouteTableDef()

SEARCH_TOKENS: Final = 5  # one search a second for long, twenty at once

MAX_QUERY: Final = 500
MARKED: Final = frozenset(("title", "lead", "words"))  # what people wrote, in a card
FEW: Final = 5  # of each kind, where all kinds are shown
MANY: Final = 40
TABS: Final = {
    "": N_("Everything"),
    "people": N_("People"),
    "communities": N_("Communities"),
    "story": N_("Stories"),
    "thread": N_("Threads"),
    "comment": N_("Comments"),
}
FIELDS: Final[dict[str, tuple[Filter, str]]] = {
    "from": (asking.by, N_("This is no name. Write it as @name or @name@server.")),
    "in": (asking.within, N_("There is no such community.")),
    "category": (asking.filed, N_("A category has letters in it.")),
    "since": (asking.since, N_("This is no day. Write it as 2026-11-26.")),
    "until": (asking.until, N_("This is no day. Write it as 2026-11-26.")),
    "language": (asking.spoken, N_("This is not the code of a language, such as ko or en.")),
    "has": (asking.having, N_("We do not know what this is.")),
}
"""The filters of the form: how each is read, and what is said when it cannot be."""
# A host has a dot, or a port where two cities share a machine: localhost:8082.
_ELSEWHERE: Final = re.compile(r"https?://\S+|[@!]?[A-Za-z0-9_.-]+@[^\s@/]+[.:][^\s@/]+")


class Typed(msgspec.Struct, frozen=True):
    """The form: words, the chosen tab, and filters by the names of their fields."""

    query: str
    tab: str
    fields: dict[str, str]

    @property
    def filters(self) -> int:
        """How many are set."""
        return sum(1 for value in self.fields.values() if value)

    def unfiltered(self, tab: str) -> str:
        """The same words without filters."""
        return Typed(self.query, tab, {}).address(tab)

    def address(self, tab: str) -> str:
        """The same search, another tab."""
        values = {"q": self.query, "show": tab, **self.fields}
        return "/search?" + urlencode({name: value for name, value in values.items() if value})


class Found(msgspec.Struct, frozen=True):
    """What fits a query. `older_id`: where older posts are."""

    people: list[Account] = []
    communities: list[Account] = []
    tags: list[str] = []
    posts: list[PostView] = []
    older_id: int | None = None

    @property
    def back_to_ms(self) -> int | None:
        """How far back it was looked where nothing was found yet; None where that was all."""
        return created_ms(self.older_id) if self.older_id and not self.posts else None

    @property
    def anything(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.people or self.communities or self.tags or self.posts)


@routes.get("/search")
async def find(request: web.Request) -> web.Response:
    """Results for `q` and the filters; one exact answer is shown at once."""
    typed = _typed(request)
    problem: AppError | None = None
    if elsewhere(typed.query) and viewer_of(request) is not None:
        try:
            path = await resolved(request, typed.query)
        except AppError as error:
            path, problem = "", error
        if path:
            return see(path)
    db, me, site = request.config_dict[DB], viewer_id(request), request.config_dict[SITE]
    asked, errors = _asked(typed, site)
    window = Page(asked_id(request, "max_id"))
    places = await db.read(communities.to_search)
    found, wanted = Found(), marking.pattern(asked.needs)
    if (typed.query or typed.filters) and not errors:
        who = f"searches of {me or network(request[ADDRESS])}"
        request.config_dict[BUCKETS].spend(who, now(request), SEARCH_TOKENS)
        errors = await db.read(_unknown, me, typed)
        found = found if errors else await db.read(_found, me, typed, asked, window)
    return await page(
        request,
        "search.html",
        typed=typed,
        tabs=TABS,
        found=found,
        errors=errors,
        strange=asked.strange,
        places=_named(places),
        languages=WRITTEN_IN,
        elsewhere=elsewhere(typed.query),
        problem=problem,
        pager=_pager(request, typed, found),
        passages={view.post.id: _passage(view.post, wanted) for view in found.posts},
        marked=partial(_marked, wanted),
    )


def _passage(post: Post, wanted: re.Pattern[str] | None) -> str:
    """What a story says around the words, where its card, that shows how it begins, does not."""
    if wanted is None or not post.title:
        return ""
    found = marking.passage(text.plain(post.content), wanted)
    shown = " ".join(text.plain(post.lead).split())
    return "" if found.strip("… ") in unicodedata.normalize("NFC", shown) else found


def _marked(wanted: re.Pattern[str] | None, cards: Markup) -> Markup:
    """Cards in which the words are marked that were looked for."""
    if wanted is None:
        return cards
    return Markup(marking.marked(cards, wanted, MARKED))  # noqa: S704  escaped as it was


def _typed(request: web.Request) -> Typed:
    def value(name: str) -> str:
        return request.query.get(name, "").strip()[:MAX_QUERY].replace("\x00", "")

    tab = value("show")
    fields = {name: value(name) for name in FIELDS}
    return Typed(value("q"), tab if tab in TABS else "", fields)


def _asked(typed: Typed, site: Site) -> tuple[Asked, dict[str, AppError]]:
    """What the words and the filters mean, and what is wrong with some of them."""
    asked = asking.read(typed.query, site.timezone)
    errors: dict[str, AppError] = {}
    if typed.tab in asking.KINDS:
        asked = asking.of_kind(asked, typed.tab) or asked
    for name, value in typed.fields.items():
        if value:
            read, sentence = FIELDS[name]
            narrower = read(asked, value, False, site.timezone)
            if narrower is None:
                errors[name] = Invalid(sentence)
            asked = narrower or asked
    return asked, errors


def _unknown(db: Read, viewer_id: int | None, typed: Typed) -> dict[str, AppError]:
    """Filters that name nobody here."""
    who = typed.fields["from"]
    if who and search.named(db, viewer_id, who) is None:
        return {"from": Invalid("Nobody here is called %(name)s.", name=who)}
    return {}


def _named(places: list[Community]) -> list[tuple[str, str]]:
    return [(place.account.name, place.title) for place in places]


def _pager(request: web.Request, typed: Typed, found: Found) -> Pager:
    moved = asked_id(request, "max_id") is not None
    here = typed.address(typed.tab)
    return Pager(
        older=f"{here}&max_id={found.older_id}" if found.older_id else "",
        first=here if moved else "",
    )


def elsewhere(query: str) -> bool:
    """Whether a query names one person or post exactly: a handle with its server, or an address."""
    return _ELSEWHERE.fullmatch(query) is not None


async def resolved(request: web.Request, query: str) -> str:
    """Where the person or post that `query` names is shown here; empty when there is none.

    This asks other servers, so only those who are signed in may cause it, and links on other sites
    may make them: each costs the member a token. Raises `TooMany`.
    """
    who = f"look-ups of {viewer_id(request) or request[ADDRESS]}"
    request.config_dict[BUCKETS].spend(who, now(request))
    found = await lookup.find(request.config_dict[FETCHER], query)
    if isinstance(found, Account):
        return person_url(found)
    if isinstance(found, Post):
        view = await request.config_dict[DB].read(reading.view, viewer_id(request), found.id)
        return post_url(view.post, view.author)
    return ""


def _found(db: Read, viewer_id: int | None, typed: Typed, asked: Asked, window: Page) -> Found:
    """What a tab shows; the first page of everything begins with names."""
    if typed.tab in ("people", "communities"):
        groups = typed.tab == "communities"
        named = search.people(db, viewer_id, typed.query, MANY, groups=groups)
        return Found(communities=named) if groups else Found(people=named)
    results = search.find(db, viewer_id, asked, window)
    views = timelines.views(db, viewer_id, results.entries)
    if typed.tab or typed.filters or window.max_id is not None:
        return Found(posts=views, older_id=results.older_id)
    return Found(
        search.people(db, viewer_id, typed.query, FEW, groups=False),
        search.people(db, viewer_id, typed.query, FEW, groups=True),
        search.hashtags(db, typed.query, 2 * FEW),
        views,
        results.older_id,
    )
