"""Team blogs: where a story stands, what stands beside it, and what their lists show."""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.errors import Forbidden, Invalid, NotFound, TooMany
from server.model import Account, Community, Post, PostView
from server.services import coauthors, communities, timelines
from server.store import accounts, blog, blog_people
from server.store import communities as community_store
from server.store.blog import Category, Filed, Series, Story
from server.store.blog_people import Cohort
from server.store.db import Read, Write
from server.store.paging import Page

NOBODY: Final = 0
MAX_PART: Final = 999
NEWER: Final = 2  # stories beside one, of its category
BESIDE: Final = 6


class Branch(msgspec.Struct, frozen=True):
    """A category with how many stories it has, those of its children among them."""

    category: Category
    count: int
    children: "tuple[Branch, ...]" = ()


class Where(msgspec.Struct, frozen=True):
    """Where a story stands, as lists say it above its title."""

    category: Category | None = None
    neighbourhood: Account | None = None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around a story of a team blog of ours.

    `path` are its category and the one above. `parts` are those of its series which the viewer may
    see, with their numbers in `numbers`. `others` are of the same category, newest first. `with_`:
    who wrote it too; `invited`: those whom its author asked and who have not answered, for the
    author alone. `editing`: the viewer keeps the blog.
    """

    blog: Community
    story: Story
    path: tuple[Category, ...] = ()
    series: Series | None = None
    parts: tuple[PostView, ...] = ()
    numbers: dict[int, int]
    others: tuple[PostView, ...] = ()
    neighbourhood: Account | None = None
    cohorts: tuple[int, ...] = ()
    with_: tuple[Account, ...] = ()
    invited: tuple[Account, ...] = ()
    editing: bool = False

    @property
    def at(self) -> int:
        """The place of the story among the parts, from 0; -1 where it is not among them."""
        ids = [view.post.id for view in self.parts]
        return ids.index(self.story.post_id) if self.story.post_id in ids else -1

    @property
    def previous(self) -> PostView | None:
        """The part before it."""
        return self.parts[self.at - 1] if self.at > 0 else None

    @property
    def next(self) -> PostView | None:
        """The part after it."""
        after = self.at + 1
        return self.parts[after] if 0 < after < len(self.parts) else None


# --- which blog


def by_name(db: Read, name: str) -> Community:
    """The team blog of ours called `name`. Raises `NotFound`."""
    account = communities.by_name(db, name)
    found = community_store.by_id(db, account.id)
    if found is None or found.kind != "blog" or account.state != "active":
        raise NotFound("There is no such team blog.")
    return found


def all(db: Read) -> list[Community]:
    """Every team blog of ours."""
    return community_store.of_kinds(db, ("blog",), communities.MOST_LISTED)


def publishes(db: Read, group: Account, who: Account, now_ms: int) -> bool:
    """Whether somebody publishes there without asking an editor."""
    try:
        communities.check_begin(db, group, who, now_ms)
    except Forbidden:
        return False
    except TooMany:  # not for an hour, but then without an editor
        return True
    return True


# --- where a story stands


def check(db: Read, group: Account, author: Account, filed: Filed) -> Filed:
    """What was chosen for a story, if there is such a thing. Raises `NotFound`, `Invalid`."""
    if filed.category_id is not None and _category(db, group.id, filed.category_id) is None:
        raise NotFound("There is no such category in this blog.")
    if filed.series_id is not None and _series(db, group.id, filed.series_id) is None:
        raise NotFound("There is no such series in this blog.")
    if filed.part is not None and not 1 <= filed.part <= MAX_PART:
        raise Invalid("The number of a part is between 1 and %(most)s.", most=MAX_PART)
    if filed.neighbourhood_id is not None:
        place = community_store.by_id(db, filed.neighbourhood_id)
        if place is None or place.kind != "neighbourhood":
            raise NotFound("There is no such neighbourhood.")
    coauthors.check(db, author, filed.names)
    return filed


def _category(db: Read, blog_id: int, id: int) -> Category | None:
    return next((one for one in blog.categories(db, blog_id) if one.id == id), None)


def _series(db: Read, blog_id: int, id: int) -> Series | None:
    return next((one for one in blog.all_series(db, blog_id) if one.id == id), None)


def file(tx: Write, post: Post, author: Account, filed: Filed, now_ms: int) -> None:
    """Put a story, new or known, where its author wants it; ask those who wrote it too."""
    assert post.community_id is not None  # noqa: S101  the caller has placed it
    known, part = blog.story(tx, post.id), filed.part if filed.series_id else None
    if filed.series_id and part is None:
        stays = known is not None and known.series_id == filed.series_id
        part = known.part if known and stays else blog.last_part(tx, filed.series_id) + 1
    story = Story(
        post_id=post.id,
        community_id=post.community_id,
        category_id=filed.category_id,
        series_id=filed.series_id,
        part=part,
        neighbourhood_id=filed.neighbourhood_id,
    )
    blog.put(tx, story)
    coauthors.ask(tx, post, author, filed.names, now_ms)


def moved(tx: Write, post_id: int, community_id: int) -> None:
    """A thread goes into another community: in a team blog it is a story without a category."""
    blog.forget(tx, post_id)
    to = community_store.by_id(tx, community_id)
    if to is not None and to.kind == "blog":
        blog.put(tx, Story(post_id=post_id, community_id=community_id))


def filed(db: Read, post_id: int) -> Filed | None:
    """Where a story stands, as its author would choose it; None for what is no story of a blog."""
    story = blog.story(db, post_id)
    if story is None:
        return None
    asked = [*blog_people.authors(db, post_id, "accepted")]
    asked += blog_people.authors(db, post_id, "invited")
    return Filed(
        category_id=story.category_id,
        series_id=story.series_id,
        part=story.part,
        neighbourhood_id=story.neighbourhood_id,
        names=tuple(one.name for one in asked),
    )


# --- what the pages show


def tree(db: Read, blog_id: int) -> tuple[tuple[Branch, ...], int]:
    """The categories with their counts, in order; and how many stories there are in all."""
    found, counts = blog.categories(db, blog_id), blog.counts(db, blog_id)
    below: dict[int, list[Branch]] = {}
    for one in found:
        if one.parent_id is not None:
            below.setdefault(one.parent_id, []).append(Branch(one, counts.get(one.id, 0)))
    tops = []
    for one in found:
        if one.parent_id is None:
            children = tuple(below.get(one.id, ()))
            total = counts.get(one.id, 0) + sum(child.count for child in children)
            tops.append(Branch(one, total, children))
    return tuple(tops), counts[0]


def category(db: Read, blog_id: int, slug: str) -> tuple[Category, ...]:
    """A category with the one above it before it. Raises `NotFound`."""
    found = blog.categories(db, blog_id)
    one = next((one for one in found if one.slug == slug), None)
    if one is None:
        raise NotFound("There is no such category in this blog.")
    return _path(found, one)


def _path(found: list[Category], one: Category) -> tuple[Category, ...]:
    above = next((top for top in found if top.id == one.parent_id), None)
    return (above, one) if above else (one,)


def in_category(db: Read, viewer_id: int | None, category: Category, page: Page) -> list[PostView]:
    """Its stories, and those of the categories in it, newest first."""
    ids = [
        one.id
        for one in blog.categories(db, category.community_id)
        if category.id in (one.id, one.parent_id)
    ]
    return timelines.views(db, viewer_id, blog.in_categories(db, viewer_id or NOBODY, ids, page))


def series(db: Read, blog_id: int, slug: str) -> Series:
    """A series. Raises `NotFound`."""
    found = next((one for one in blog.all_series(db, blog_id) if one.slug == slug), None)
    if found is None:
        raise NotFound("There is no such series in this blog.")
    return found


def parts(db: Read, viewer_id: int | None, series_id: int) -> tuple[PostView, ...]:
    """The parts of a series, the first one first."""
    found = blog.in_series(db, viewer_id or NOBODY, series_id)
    return tuple(timelines.views(db, viewer_id, found))


def newest(db: Read, viewer_id: int | None, blog_id: int, page: Page) -> list[PostView]:
    """Its stories, newest first."""
    return timelines.views(db, viewer_id, blog.newest(db, viewer_id or NOBODY, blog_id, page))


def arranged(db: Read, viewer_id: int | None, blog_id: int) -> list[PostView]:
    """What an editor put at the top of the front page."""
    return timelines.views(db, viewer_id, blog.arranged(db, viewer_id or NOBODY, blog_id))


def cohort(db: Read, blog_id: int, number: int) -> Cohort:
    """A cohort of writers. Raises `NotFound`."""
    found = blog_people.cohort(db, blog_id, number)
    if found is None:
        raise NotFound("There is no such cohort in this blog.")
    return found


def of_cohort(db: Read, viewer_id: int | None, cohort: Cohort, page: Page) -> list[PostView]:
    """What its writers published, newest first."""
    found = blog.of_cohort(db, viewer_id or NOBODY, cohort.community_id, cohort.id, page)
    return timelines.views(db, viewer_id, found)


def where(db: Read, blog_id: int, views: Iterable[PostView]) -> dict[int, Where]:
    """Category and neighbourhood of each of these stories, by the id of its post."""
    found = blog.stories(db, [view.post.id for view in views])
    known = {one.id: one for one in blog.categories(db, blog_id)} if found else {}
    places = accounts.by_ids(db, {one.neighbourhood_id for one in found if one.neighbourhood_id})
    return {
        one.post_id: Where(
            known.get(one.category_id or NOBODY), places.get(one.neighbourhood_id or NOBODY)
        )
        for one in found
    }


def written_with(db: Read, viewer_id: int | None, account_id: int) -> list[PostView]:
    """The latest stories by others that somebody wrote with them."""
    found = blog.written_with(db, viewer_id or NOBODY, account_id, Page(limit=10))
    return timelines.views(db, viewer_id, found)


def beside(db: Read, viewer: Account | None, post: Post) -> Beside | None:
    """What stands around a story; None for what is none of a team blog of ours."""
    story = blog.story(db, post.id) if post.community_id is not None else None
    home = community_store.by_id(db, story.community_id) if story else None
    if story is None or home is None or post.community_id != story.community_id:
        return None
    viewer_id = viewer.id if viewer else None
    found = blog.categories(db, story.community_id)
    one = next((one for one in found if one.id == story.category_id), None)
    series = _series(db, story.community_id, story.series_id) if story.series_id else None
    told = parts(db, viewer_id, series.id) if series else ()
    own = viewer_id == post.author_id
    return Beside(
        blog=home,
        story=story,
        path=_path(found, one) if one else (),
        series=series,
        parts=told,
        numbers=blog.numbers(db, [view.post.id for view in told]),
        others=_others(db, viewer_id, story) if one else (),
        neighbourhood=(
            accounts.by_id(db, story.neighbourhood_id) if story.neighbourhood_id else None
        ),
        cohorts=tuple(
            blog_people.cohorts_of(db, home.account.id, [post.author_id]).get(post.author_id, ())
        ),
        with_=tuple(blog_people.authors(db, post.id, "accepted")),
        invited=tuple(blog_people.authors(db, post.id, "invited")) if own else (),
        editing=viewer is not None and communities.keeps(db, home.account.id, viewer),
    )


def _others(db: Read, viewer_id: int | None, story: Story) -> tuple[PostView, ...]:
    """Some stories of the same category around one: a few newer ones, then older ones."""
    me, ids = viewer_id or NOBODY, [story.category_id or NOBODY]
    newer = blog.in_categories(db, me, ids, Page(min_id=story.post_id, limit=NEWER))
    room = BESIDE - len(newer)
    older = blog.in_categories(db, me, ids, Page(max_id=story.post_id, limit=room))
    return tuple(timelines.views(db, viewer_id, [*newer, *older]))
