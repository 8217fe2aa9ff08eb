"""What is shown beneath a story of ours of those who link to it: 엮인글.

Pages that were read and do link, posts that quote it, and how often it was boosted. What is a quote
or an answer here already is not counted again as a page. Its author, and who keeps order, can hide
a page; it does not come back by being sent again.
"""

from typing import Final

import msgspec

from server.errors import Forbidden, NotFound
from server.model import MODERATORS, Account, Post, PostView
from server.policy.hosts import above
from server.services import communities, pings, reading, timelines
from server.services.deeds import Moderator
from server.services.deeds import note as note_deed
from server.store import backlinks as store
from server.store import hosts, jobs
from server.store import pings as waiting
from server.store.backlinks import Backlink
from server.store.db import Read, Write
from server.store.paging import Page

JOB: Final = "unlink"
NEWEST: Final = 5  # beneath the story itself
AT_ONCE: Final = 200  # hosts


class Line(msgspec.Struct, frozen=True):
    """A page, or a post that quotes the story: one of both."""

    id: int
    link: Backlink | None
    quote: PostView | None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Who links to a story. `lines` are a window on the `pages` and `quotes`, newest first.

    `ids` are those of all lines of the window. `keeps`: the viewer can hide pages, and sees those
    that are hidden. `closed`: no more links are taken; what was there stays.
    """

    pages: int
    quotes: int
    boosts: int
    lines: tuple[Line, ...]
    ids: tuple[int, ...]
    keeps: bool
    closed: bool = False

    @property
    def total(self) -> int:
        """All of them."""
        return self.pages + self.quotes + self.boosts


def beneath(db: Read, viewer: Account | None, post: Post) -> Links | None:
    """What is shown beneath a post; None where links to it are not noted."""
    if not pings.is_story(post) or not post.open or post.deleted_ms is not None:
        return None
    return _links(db, viewer, post, Page(limit=NEWEST), hidden=False)


def of_story(db: Read, viewer: Account | None, post_id: int, window: Page) -> tuple[Post, Links]:
    """A window on all who link to a story. Raises `NotFound`, `Deleted`."""
    post = reading.readable(db, viewer.id if viewer else None, post_id)
    if not pings.is_story(post) or not post.open:
        raise NotFound("There is nothing at this address.")
    return post, _links(db, viewer, post, window, hidden=keeps(db, viewer, post))


def _links(db: Read, viewer: Account | None, post: Post, window: Page, *, hidden: bool) -> Links:
    viewer_id = viewer.id if viewer else None
    found = store.page(db, viewer_id or timelines.NOBODY, post.id, window, hidden=hidden)
    pages = store.by_ids(db, [row["id"] for row in found if row["kind"] != "quote"])
    quoting = [row["id"] for row in found if row["kind"] == "quote"]
    quotes = timelines.by_post(db, viewer_id, quoting)
    lines = [Line(row["id"], pages.get(row["id"]), quotes.get(row["id"])) for row in found]
    return Links(
        pages=store.count(db, post.id),
        quotes=post.quotes,
        boosts=post.boosts,
        lines=tuple(line for line in lines if line.link or line.quote),
        ids=tuple(line.id for line in lines),
        keeps=hidden or keeps(db, viewer, post),
        closed=store.closed(db, post.id),
    )


def keeps(db: Read, viewer: Account | None, post: Post) -> bool:
    """Whether somebody says which pages are shown beneath a story."""
    if viewer is None or viewer.state != "active":
        return False
    if viewer.id == post.author_id or viewer.role in MODERATORS:
        return True
    return post.community_id is not None and communities.keeps(db, post.community_id, viewer)


def hide(tx: Write, viewer: Account, post_id: int, id: int, now_ms: int) -> None:
    """Show a page beneath a story no longer. Raises `NotFound`, `Forbidden`."""
    _set_hidden(tx, viewer, post_id, id, now_ms, hidden=True)


def show(tx: Write, viewer: Account, post_id: int, id: int, now_ms: int) -> None:
    """Show a page again. Raises `NotFound`, `Forbidden`."""
    _set_hidden(tx, viewer, post_id, id, now_ms, hidden=False)


def chosen(db: Read, viewer: Account, post_id: int, id: int) -> Backlink:
    """One that the viewer may hide or remove. Raises `NotFound`, `Forbidden`."""
    return _kept(db, viewer, post_id, id)[1]


def remove(tx: Write, viewer: Account, post_id: int, id: int, now_ms: int) -> None:
    """Take a page away for good. Raises `NotFound`, `Forbidden`."""
    post, _ = _kept(tx, viewer, post_id, id)
    store.strike(tx, id, now_ms)
    _note(tx, viewer, post, "remove_link", now_ms)


def close(tx: Write, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take no more links to a story; those that are shown stay. Raises `NotFound`, `Forbidden`."""
    post = _story_kept(tx, viewer, post_id)
    if not store.closed(tx, post.id):
        store.close(tx, post.id, now_ms)
        waiting.stop(tx, post.id)
        _note(tx, viewer, post, "close_links", now_ms)


def reopen(tx: Write, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take links to a story again. Raises `NotFound`, `Forbidden`."""
    post = _story_kept(tx, viewer, post_id)
    if store.closed(tx, post.id):
        store.reopen(tx, post.id)
        _note(tx, viewer, post, "open_links", now_ms)


def _set_hidden(
    tx: Write, viewer: Account, post_id: int, id: int, now_ms: int, *, hidden: bool
) -> None:
    post, link = _kept(tx, viewer, post_id, id)
    if (link.hidden_ms is not None) == hidden:
        return
    store.set_hidden(tx, id, now_ms if hidden else None)
    _note(tx, viewer, post, "hide_link" if hidden else "show_link", now_ms)


def _kept(db: Read, viewer: Account, post_id: int, id: int) -> tuple[Post, Backlink]:
    post = _story_kept(db, viewer, post_id)
    link = store.by_id(db, id)
    if link is None or link.post_id != post.id or link.removed:
        raise NotFound("There is no such link here.")
    return post, link


def _story_kept(db: Read, viewer: Account, post_id: int) -> Post:
    post = reading.readable(db, viewer.id, post_id)
    if not pings.is_story(post):
        raise NotFound("There is nothing at this address.")
    if not keeps(db, viewer, post):
        raise Forbidden("Only its author and moderators choose which links are shown here.")
    return post


def _note(tx: Write, viewer: Account, post: Post, act: str, now_ms: int) -> None:
    """Who does it to others' stories is written down."""
    if viewer.id != post.author_id:
        note_deed(tx, Moderator(viewer, viewer.role), act, f"post:{post.id}", now_ms)


# --- servers that are blocked


class Step(msgspec.Struct, frozen=True):
    """Where the work on a blocked domain goes on: with the hosts after this one."""

    domain: str
    after: str = ""


def unlink_later(tx: Write, domain: str, now_ms: int) -> None:
    """A domain is blocked: its pages go from beneath our stories."""
    jobs.enqueue(tx, JOB, f"{JOB}:{domain}", msgspec.json.encode(Step(domain)), now_ms)


def unlink(tx: Write, step: Step) -> Step | None:
    """Take some away; where to go on, or nothing at the end."""
    found = store.hosts_after(tx, step.after, AT_ONCE)
    for name in found:
        if step.domain not in above(name):
            continue
        rule = hosts.nearest_rule(tx, above(name))
        if rule is not None and rule["action"] == "block":
            store.remove_of_host(tx, name)
    return Step(step.domain, found[-1]) if len(found) == AT_ONCE else None
