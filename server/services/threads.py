"""Threads: what a post answers and what answers it, as far as the viewer may read it."""

import heapq
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

import msgspec

from server.errors import Invalid
from server.model import Account, Entry, Outline, Post, PostView, Site
from server.services import reading, timelines
from server.store import accounts, conditions, posts, thread_mutes
from server.store import timelines as timeline_rows
from server.store.db import Read, Write
from server.store.paging import Page

MAX_MUTED: Final = 20_000  # threads, of one person
MAX_THREAD: Final = 2000  # posts of a thread that a viewer finds, by arrival


class Twig(msgspec.Struct, frozen=True):
    """A reply, and the nearest post above it that the viewer may read.

    `direct`: it answers that post itself; else what it answers is not shown.
    """

    id: int
    author_id: int
    below_id: int
    direct: bool = True


class Around(msgspec.Struct, frozen=True):
    """A post in its thread: ids of what it answers, from the root on, and what answers it.

    Of `below`, what is answered comes before what answers it, else the older first. `whole` is
    false where the thread has more posts for the viewer than `MAX_THREAD`.
    """

    post: Post
    above: list[int]
    below: list[Twig]
    whole: bool


def commented(db: Read, post: Post) -> bool:
    """Whether the thread of a post begins with a title: its answers are called comments then."""
    first = post if post.id == post.thread_id else posts.by_id(db, post.thread_id)
    return first is not None and bool(first.title)


def around(db: Read, viewer_id: int | None, post_id: int) -> Around:
    """What stands around a post, in a fixed number of statements however long the thread is.

    Raises `Deleted` or `NotFound`.
    """
    post = reading.readable(db, viewer_id, post_id)
    # What the viewer does not find takes no room: else whoever sends enough that only a few may
    # read, or that is taken away again, closes the thread for everybody.
    found = timeline_rows.outlines(db, viewer_id or timelines.NOBODY, post.thread_id, MAX_THREAD)
    thread = _with_what_is_answered(db, post, found)
    above = _above(post, thread)
    turned = {one.id for one in above}  # in a circle, what is above would be below too
    below = _below(post.id, [one for one in thread.values() if one.id not in turned])
    spared = conditions.unwanted(
        db, viewer_id or timelines.NOBODY, {one.author_id for one in (*above, *below)}
    )
    wanted = [one for one in (*above, *below) if one.author_id not in spared]
    shown = reading.readable_among(db, viewer_id, wanted)
    return Around(
        post,
        [one.id for one in above if one.id in shown],
        _twigs(post.id, below, shown),
        len(found) < MAX_THREAD,
    )


def _with_what_is_answered(db: Read, post: Post, found: list[Outline]) -> dict[int, Outline]:
    """`found`, and what holds that together: posts of which the viewer finds the answers alone."""
    thread = {outline.id: outline for outline in found}
    answered = {one.reply_to_id for one in found} | {post.reply_to_id}
    missing = {id for id in answered if id is not None and id not in thread}
    between = posts.outlines(db, missing, post.thread_id, MAX_THREAD)
    return {outline.id: outline for outline in (*between, *found)}


def _above(post: Post, thread: dict[int, Outline]) -> list[Outline]:
    """What the post answers, the root first; a thread that leads in a circle ends."""
    path: dict[int, Outline] = {}
    at = post.reply_to_id
    while at is not None and at in thread and at not in path and at != post.id:
        path[at] = thread[at]
        at = thread[at].reply_to_id
    return list(path.values())[::-1]


def _below(post_id: int, found: list[Outline]) -> list[Outline]:
    """Everything below the post, in the order of `Around.below`."""
    children: dict[int, list[Outline]] = {}
    for one in found:
        if one.reply_to_id is not None and one.id != post_id:
            children.setdefault(one.reply_to_id, []).append(one)
    placed: list[Outline] = []
    waiting = [(one.published_ms, one.id, one) for one in children.get(post_id, ())]
    heapq.heapify(waiting)
    while waiting:
        *_, first = heapq.heappop(waiting)
        placed.append(first)
        for one in children.get(first.id, ()):
            heapq.heappush(waiting, (one.published_ms, one.id, one))
    return placed


def _twigs(post_id: int, below: list[Outline], shown: set[int]) -> list[Twig]:
    nearest = {post_id: post_id}  # the post itself where it is shown, else what it hangs below
    twigs: list[Twig] = []
    for one in below:
        answered = one.reply_to_id or post_id
        above = nearest[answered]
        nearest[one.id] = one.id if one.id in shown else above
        if one.id in shown:
            twigs.append(Twig(one.id, one.author_id, above, direct=above == answered))
    return twigs


def newest_below(db: Read, post: Post, page: Page) -> list[Post]:
    """What everybody may read below a post, newest first, but nothing by those who are limited.

    Below the first of a thread that is all of it, else the direct answers.
    """
    replies = posts.public_in_thread if post.id == post.thread_id else posts.public_replies
    found = replies(db, post.id, page)
    spared = conditions.unwanted(db, timelines.NOBODY, {one.author_id for one in found})
    return [one for one in found if one.author_id not in spared]


def people(db: Read, ids: Iterable[int]) -> dict[int, Account]:
    """Those who wrote something in a thread, by their ids."""
    return accounts.by_ids(db, ids)


# --- a thread as apps show it


class Limits(msgspec.Struct, frozen=True):
    """How many posts above and below are told, and how many steps below."""

    above: int
    below: int
    depth: int


FOR_MEMBERS: Final = Limits(4096, 4096, 4096)
FOR_VISITORS: Final = Limits(40, 60, 20)
"""As Mastodon has them: docs.joinmastodon.org/methods/statuses/#context"""


class Tree(msgspec.Struct, frozen=True):
    """A post, what it answers from the root on, and what answers it: ids."""

    post: Post
    above: list[int]
    below: list[int]


def tree(db: Read, viewer_id: int | None, post_id: int) -> Tree:
    """What stands around a post. Raises `Deleted` or `NotFound`.

    Above, the way ends at what the viewer may not read. Below, each answer comes before what
    answers it and its own branch before the next one; what people answered themselves comes first.
    """
    limits = FOR_MEMBERS if viewer_id else FOR_VISITORS
    post = reading.readable(db, viewer_id, post_id)
    found = timeline_rows.outlines(
        db, viewer_id or timelines.NOBODY, post.thread_id, FOR_MEMBERS.below
    )
    thread = _with_what_is_answered(db, post, found)
    above = _above(post, thread)[::-1][: limits.above]
    turned = {one.id for one in above}
    below = _branches(post, [one for one in thread.values() if one.id not in turned], limits)
    around = [*above, *below]
    authors = {one.author_id for one in around}
    spared = conditions.unwanted(db, viewer_id or timelines.NOBODY, authors)
    readable = reading.readable_among(db, viewer_id, around)
    told = takewhile(lambda one: one.id in readable, above)
    return Tree(
        post,
        [one.id for one in told if one.author_id not in spared][::-1],
        [o.id for o in below if o.id in readable and o.author_id not in spared][: limits.below],
    )


def _branches(post: Post, found: list[Outline], limits: Limits) -> list[Outline]:
    """Everything below the post within `limits.depth` steps, in the order of `Tree.below`."""
    children: dict[int, list[Outline]] = {}
    for one in sorted(found, key=lambda one: one.id, reverse=True):
        if one.reply_to_id is not None and one.id != post.id:
            children.setdefault(one.reply_to_id, []).append(one)
    themselves: list[Outline] = []
    others: list[Outline] = []
    waiting = [(one, post.author_id, 1) for one in children.get(post.id, ())]
    while waiting:
        one, answered_id, depth = waiting.pop()
        (themselves if one.author_id == answered_id else others).append(one)
        if depth < limits.depth:
            waiting += [(child, one.author_id, depth + 1) for child in children.get(one.id, ())]
    return [*themselves, *others]


def entries(db: Read, viewer_id: int | None, post_id: int) -> tuple[Post, list[Entry], list[Entry]]:
    """A post, and what is above and below it, as entries of a timeline."""
    found = tree(db, viewer_id, post_id)
    known = timeline_rows.entries(db, viewer_id or timelines.NOBODY, [*found.above, *found.below])
    above = set(found.above)
    return (
        found.post,
        [entry for entry in known if entry.id in above],
        [entry for entry in known if entry.id not in above],
    )


def newer_replies(
    db: Read, viewer_id: int | None, post_id: int, page: Page
) -> tuple[list[tuple[PostView, int]], int]:
    """Replies below a post that came lately, by arrival, each with its steps below the post.

    The number is the last one that was looked at, shown or not: where to go on. Raises `Deleted`
    or `NotFound`.
    """
    post = reading.readable(db, viewer_id, post_id)
    entries = timelines.thread(db, viewer_id, post.thread_id, page)[::-1]
    steps = posts.steps_up(db, [entry.post_id for entry in entries], post.id)
    views = timelines.views(db, viewer_id, [e for e in entries if e.post_id in steps])
    allowed = reading.readable_among(db, viewer_id, [view.post for view in views])
    shown = [(view, steps[view.post.id]) for view in views if view.post.id in allowed]
    return shown, entries[-1].id if entries else 0


def mute(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Tell the viewer nothing more of a thread. Raises `NotFound`, and `Invalid` for too many."""
    post = reading.readable(tx, viewer.id, post_id)
    if thread_mutes.count(tx, viewer.id, MAX_MUTED) >= MAX_MUTED:
        raise Invalid("You have muted %(most)s threads, and more do not fit.", most=MAX_MUTED)
    thread_mutes.add(tx, viewer.id, post.thread_id)


def unmute(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Tell the viewer of it again."""
    thread_mutes.remove(tx, viewer.id, reading.readable(tx, viewer.id, post_id).thread_id)
