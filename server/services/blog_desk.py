"""What the editors of a team blog arrange: categories, series, the front page, and who writes."""

import re
from collections.abc import Iterable
from typing import Final
from unicodedata import normalize

import msgspec

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Community
from server.services import communities, desk_news
from server.store import accounts, blog, blog_people
from server.store.blog import Category, Series
from server.store.blog_people import Cohort
from server.store.db import Read, Write

MAX_CATEGORIES: Final = 100
MAX_SERIES: Final = 200
MAX_COHORTS: Final = 100
MAX_WRITERS: Final = 500  # of a cohort
MAX_FRONT: Final = 12
MAX_TITLE: Final = 80  # characters
MAX_ABOUT: Final = 500
MAX_PLACE: Final = 9_999
YEARS: Final = range(1990, 2101)
_NO_SLUG: Final = re.compile(r"[^\w]+")


def require(db: Read, home: Community, viewer: Account) -> None:
    """Raises `Forbidden` for who is no editor."""
    if not communities.keeps(db, home.account.id, viewer):
        raise Forbidden("Only the editors of this blog can do that.")


def slug_of(title: str, taken: Iterable[str], above: str = "") -> str:
    """A title as a part of an address, unlike those that are taken; `above` it: a slug too."""
    plain = _NO_SLUG.sub("-", title.lower()).strip("-_") or "1"
    known = set(taken)
    if above and plain in known:
        plain = f"{above}-{plain}"
    slug, more = plain, 2
    while slug in known:
        slug, more = f"{plain}-{more}", more + 1
    return slug


def check_title(title: str) -> str:
    """The title of a category or series in one line. Raises `Invalid`."""
    found = " ".join(title.split())
    if not 1 <= len(found) <= MAX_TITLE:
        raise Invalid("A title has between 1 and %(most)s characters.", most=MAX_TITLE)
    return found


# --- categories


def called(found: Iterable[Category], title: str, parent_id: int | None) -> Category | None:
    """The one with this title in this place, however it is spelled.

    Two that lie in different ones may be called the same, as in old blogs: then they are two.
    """
    wanted = _spelled(title)
    return next(
        (one for one in found if one.parent_id == parent_id and _spelled(one.title) == wanted), None
    )


def _spelled(title: str) -> str:
    return " ".join(normalize("NFKC", title).casefold().split())


def _check_free(found: list[Category], title: str, parent_id: int | None) -> None:
    if called(found, title, parent_id) is not None:
        raise Conflict("There is a category with this title here already.")


def add_category(
    tx: Write, viewer: Account, home: Community, title: str, parent_id: int | None, *, now_ms: int
) -> Category:
    """A category, or with a `parent_id` one in another.

    Raises `Conflict`, `Invalid`, `NotFound`.
    """
    require(tx, home, viewer)
    found = blog.categories(tx, home.account.id)
    if len(found) >= MAX_CATEGORIES:
        raise Invalid("A blog has at most %(most)s categories.", most=MAX_CATEGORIES)
    parent = _of(found, parent_id) if parent_id is not None else None
    if parent is not None and parent.parent_id is not None:
        raise Invalid("Categories have two levels: this one lies in another already.")
    title = check_title(title)
    _check_free(found, title, parent_id)
    made = Category(
        id=new_id(now_ms),
        community_id=home.account.id,
        parent_id=parent_id,
        slug=slug_of(title, (one.slug for one in found), parent.slug if parent else ""),
        title=title,
        place=min(MAX_PLACE, max((one.place for one in found), default=0) + 1),
    )
    blog.insert_category(tx, made)
    return made


def change_category(
    tx: Write, viewer: Account, home: Community, id: int, *, title: str, place: int
) -> None:
    """Another title and place; the address follows the title. Raises `Conflict`, `Invalid`."""
    require(tx, home, viewer)
    found = blog.categories(tx, home.account.id)
    known, title = _of(found, id), check_title(title)
    if _spelled(title) != _spelled(known.title):
        _check_free(found, title, known.parent_id)
    slug = known.slug
    if title != known.title:
        above = _of(found, known.parent_id).slug if known.parent_id else ""
        slug = slug_of(title, (one.slug for one in found if one.id != id), above)
    place = max(0, min(place, MAX_PLACE))
    blog.change_category(tx, id, title=title, slug=slug, place=place)


def remove_category(tx: Write, viewer: Account, home: Community, id: int) -> None:
    """Its stories go one level up. Raises `Conflict` where categories lie in it."""
    require(tx, home, viewer)
    found = blog.categories(tx, home.account.id)
    known = _of(found, id)
    if any(one.parent_id == id for one in found):
        raise Conflict("Other categories lie in this one. Please remove those first.")
    blog.remove_category(tx, known)


def _of(found: list[Category], id: int) -> Category:
    known = next((one for one in found if one.id == id), None)
    if known is None:
        raise NotFound("There is no such category in this blog.")
    return known


# --- series


def add_series(
    tx: Write, viewer: Account, home: Community, title: str, about: str, *, now_ms: int
) -> Series:
    """A series, still without parts. Raises `Invalid`."""
    require(tx, home, viewer)
    found = blog.all_series(tx, home.account.id)
    if len(found) >= MAX_SERIES:
        raise Invalid("A blog has at most %(most)s series.", most=MAX_SERIES)
    title = check_title(title)
    made = Series(
        id=new_id(now_ms),
        community_id=home.account.id,
        slug=slug_of(title, (one.slug for one in found)),
        title=title,
        about=about.strip()[:MAX_ABOUT],
    )
    blog.insert_series(tx, made)
    return made


def change_series(
    tx: Write, viewer: Account, home: Community, id: int, *, title: str, about: str
) -> None:
    """Another title and description; the address follows the title."""
    require(tx, home, viewer)
    found = blog.all_series(tx, home.account.id)
    known, title = _one_of(found, id), check_title(title)
    slug = known.slug
    if title != known.title:
        slug = slug_of(title, (one.slug for one in found if one.id != id))
    blog.change_series(tx, id, title=title, slug=slug, about=about.strip()[:MAX_ABOUT])


def remove_series(tx: Write, viewer: Account, home: Community, id: int) -> None:
    """Its parts become stories of their own."""
    require(tx, home, viewer)
    _one_of(blog.all_series(tx, home.account.id), id)
    blog.remove_series(tx, id)


def _one_of(found: list[Series], id: int) -> Series:
    known = next((one for one in found if one.id == id), None)
    if known is None:
        raise NotFound("There is no such series in this blog.")
    return known


# --- the front page


def put_at_front(tx: Write, viewer: Account, home: Community, post_id: int, move: str) -> None:
    """Arrange the front page: `move` is first | up | down | off. Raises `NotFound`, `Invalid`."""
    require(tx, home, viewer)
    story = blog.story(tx, post_id)
    if story is None or story.community_id != home.account.id:
        raise NotFound("There is no such story in this blog.")
    before = blog.at_front(tx, home.account.id)
    at = before.index(post_id) if post_id in before else 0
    rest = [id for id in before if id != post_id]
    places = {"first": 0, "up": max(0, at - 1), "down": at + 1}
    if move in places:
        if len(rest) >= MAX_FRONT:
            raise Invalid("At most %(most)s stories stand at the top.", most=MAX_FRONT)
        rest.insert(places[move], post_id)
    blog.arrange(tx, home.account.id, rest)


# --- who writes


def add_cohort(
    tx: Write, viewer: Account, home: Community, number: int, year: int, *, now_ms: int
) -> Cohort:
    """The writers of another year. Raises `Invalid`, `Conflict`."""
    require(tx, home, viewer)
    found = blog_people.cohorts(tx, home.account.id)
    if not 1 <= number <= MAX_COHORTS or year not in YEARS:
        raise Invalid("Please give a number from 1 to %(most)s and a year.", most=MAX_COHORTS)
    if any(one.number == number for one in found):
        raise Conflict("There is a cohort with this number already.")
    made = Cohort(id=new_id(now_ms), community_id=home.account.id, number=number, year=year)
    blog_people.insert_cohort(tx, made)
    return made


class Joining(msgspec.Struct, frozen=True):
    """Somebody, by name, who joins or leaves a cohort."""

    cohort: Cohort
    name: str


def may_add(db: Read, cohort: Cohort, viewer: Account) -> bool:
    """Whether somebody says who writes with a cohort: the editors, and its leader."""
    if viewer.state == "active" and cohort.leader_id == viewer.id:
        return True
    return communities.keeps(db, cohort.community_id, viewer)


def add_writer(
    tx: Write, viewer: Account, joining: Joining, now_ms: int, *, leads: bool = False
) -> None:
    """Somebody of ours writes with a cohort. Only an editor says who `leads` it.

    Raises `Forbidden`, `NotFound`, `Invalid`.
    """
    who = _member(tx, viewer, joining)
    if leads and not communities.keeps(tx, joining.cohort.community_id, viewer):
        raise Forbidden("Only the editors of this blog can do that.")
    if len(blog_people.writers(tx, joining.cohort.id)) >= MAX_WRITERS:
        raise Invalid("A cohort has at most %(most)s writers.", most=MAX_WRITERS)
    if blog_people.add_writer(tx, joining.cohort.id, who.id, now_ms):
        desk_news.tell(tx, who.id, viewer.id, now_ms, what="cohort", about_id=joining.cohort.id)
    if leads:
        blog_people.lead(tx, joining.cohort.id, who.id)


def remove_writer(tx: Write, viewer: Account, joining: Joining) -> None:
    """Somebody writes with a cohort no more; what they published stays."""
    who = _member(tx, viewer, joining)
    blog_people.remove_writer(tx, joining.cohort.id, who.id)


def _member(db: Read, viewer: Account, joining: Joining) -> Account:
    if not may_add(db, joining.cohort, viewer):
        raise Forbidden("Only the editors of this blog can do that.")
    name = joining.name.strip().lstrip("@").lower()
    who = accounts.by_handle(db, name)
    if who is None or not who.local or who.kind != "Person" or who.state != "active":
        raise NotFound("There is nobody called %(name)s in this city.", name=name)
    return who
