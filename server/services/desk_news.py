"""What people hear of the desks of team blogs: of each step of a text, a book, an import."""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.ids import new_id
from server.model import MODERATORS, Notification
from server.store import (
    accounts,
    blog_people,
    books,
    communities,
    follows,
    imports,
    notifications,
    submissions,
)
from server.store.db import Read, Write

DESK: Final = "desk."
"""How the kinds of these notifications begin; apps know none of them."""
OF_A_TEXT: Final = ("submitted", "revised", "accepted", "suggested", "approved")
OF_A_BOOK: Final = ("answered", "rebound")
OF_AN_IMPORT: Final = ("claim", "claimed")


class News(msgspec.Struct, frozen=True):
    """What one is about: `id` of a text, a book or an import, and the blog by its name.

    Of a cohort the `id` is its number, as in its address, and the `title` that of its blog.
    `note`: what an editor says about the text.
    """

    id: int
    blog: str
    title: str
    note: str = ""


class _Titled(msgspec.Struct):
    title: str = ""


def tell(
    tx: Write,
    to_id: int,
    from_id: int,
    now_ms: int,
    *,
    what: str,
    about_id: int | None = None,
    post_id: int | None = None,
) -> None:
    """Something of a team blog waits for somebody: `desk.WHAT`. Told anew each time."""
    if to_id == from_id or follows.apart(tx, to_id, from_id):
        return
    take_back(tx, to_id, from_id, what=what, about_id=about_id, post_id=post_id)
    notifications.insert(
        tx,
        Notification(
            id=new_id(now_ms),
            account_id=to_id,
            kind=f"{DESK}{what}",
            from_id=from_id,
            post_id=post_id,
            about_id=about_id,
            created_ms=now_ms,
        ),
    )


def take_back(
    tx: Write,
    to_id: int,
    from_id: int,
    *,
    what: str,
    about_id: int | None = None,
    post_id: int | None = None,
) -> None:
    """It does not wait any more."""
    notifications.take_back(
        tx,
        account_id=to_id,
        kind=f"{DESK}{what}",
        from_id=from_id,
        post_id=post_id,
        about_id=about_id,
    )


def about(db: Read, viewer_id: int, found: Iterable[Notification]) -> dict[int, News]:
    """What these are about, as far as it is there and the viewer may (still) know of it."""
    made: dict[int, News] = {}
    for one in found:
        if one.about_id is None or one.about_id in made or not one.kind.startswith(DESK):
            continue
        news = _about(db, viewer_id, one.kind.removeprefix(DESK), one.about_id)
        if news is not None:
            made[one.about_id] = news
    return made


def _about(db: Read, viewer_id: int, what: str, id: int) -> News | None:
    if what in OF_A_TEXT:
        return _text(db, viewer_id, id)
    if what == "cohort":
        return _cohort(db, id)
    if what in OF_A_BOOK:
        book = books.by_id(db, id)
        return _kept(db, viewer_id, book.community_id, id, book.title) if book else None
    run = imports.by_id(db, id)
    if run is None or what == "claim":  # who is asked need not keep the blog
        return News(id, "", "") if run else None
    return _kept(db, viewer_id, run.community_id, id, run.name)


def _cohort(db: Read, id: int) -> News | None:
    """Its page is for everybody."""
    cohort = blog_people.cohort_by_id(db, id)
    home = communities.by_id(db, cohort.community_id) if cohort else None
    return News(cohort.number, home.account.name, home.title) if cohort and home else None


def _text(db: Read, viewer_id: int, id: int) -> News | None:
    text = submissions.by_id(db, id)
    if text is None:
        return None
    title = msgspec.json.decode(text.params, type=_Titled).title if text.params else ""
    if text.author_id == viewer_id:
        return News(id, "", title, text.note)
    return _kept(db, viewer_id, text.community_id, id, title)


def _kept(db: Read, viewer_id: int, community_id: int, id: int, title: str) -> News | None:
    """For those who keep the blog alone: `communities.keeps`, of somebody who is signed in."""
    member, home = accounts.member(db, viewer_id), communities.by_id(db, community_id)
    if member is None or home is None:
        return None
    keeps = member.role in MODERATORS or communities.moderates(db, community_id, viewer_id)
    return News(id, home.account.name, title) if keeps else None
