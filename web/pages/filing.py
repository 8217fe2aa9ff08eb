"""Where a story is to stand in a team blog: what the form for writing offers."""

import msgspec

from server.errors import AppError
from server.model import Community
from server.services import blog, communities
from server.store import blog as store
from server.store.db import Read
from web.keys import Viewer

Choices = list[tuple[str, str]]


class Filing(msgspec.Struct, frozen=True):
    """A blog with its categories, series, and the city's neighbourhoods, as choices of a form.

    `publishes`: the writer needs no editor there.
    """

    blog: Community
    categories: Choices
    series: Choices
    places: Choices
    publishes: bool


def named(db: Read, name: str) -> int | None:
    """The team blog with this name; None where there is none."""
    try:
        return blog.by_name(db, name).account.id
    except AppError:
        return None


def offered(db: Read, viewer: Viewer, community_id: int | None, now_ms: int) -> Filing | None:
    """What can be chosen for a story there; None for what is no team blog of ours."""
    if community_id is None:
        return None
    home = next((one for one in blog.all(db) if one.account.id == community_id), None)
    if home is None:
        return None
    tops, _ = blog.tree(db, home.account.id)
    categories = []
    for top in tops:
        categories.append((str(top.category.id), top.category.title))
        for one in top.children:
            words = f"{top.category.title} > {one.category.title}"
            categories.append((str(one.category.id), words))
    return Filing(
        home,
        categories,
        [(str(one.id), one.title) for one in store.all_series(db, home.account.id)],
        [(str(one.account.id), one.title) for one in communities.all(db, now_ms)],
        blog.publishes(db, home.account, viewer.account, now_ms),
    )
