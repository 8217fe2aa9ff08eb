"""Boards, neighbourhoods and threads as somebody sees them, and what they may do there."""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.errors import AppError, NotFound
from server.model import (
    REMOVED,
    Account,
    Community,
    ForumThread,
    Post,
    PostView,
    Relationship,
    Site,
)
from server.services import (
    accounts,
    communities,
    follows,
    forum,
    joint_boards,
    rights,
    timelines,
)
from server.services.joint_boards import Joint
from server.store import accounts as account_store
from server.store import comment_locks, posts
from server.store import communities as community_store
from server.store import forum as store
from server.store.db import Read, Row
from server.store.paging import Page

ORDERS: Final = store.ORDERS
MAX_CHILDREN: Final = 60
MOST_MOVES: Final = 100  # boards among which a thread can be moved
AT_ONCE: Final = 30  # threads on a page
MAX_PAGES: Final = 100  # that are counted through; older threads are reached in order of time


class Listed(msgspec.Struct, frozen=True):
    """A board in a list. `place` is the neighbourhood in which it lies, `active_ms` its last word.

    `relation` is None for visitors.
    """

    board: Community
    place: Community | None
    active_ms: int | None
    relation: Relationship | None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A community with everything around its threads, as one person sees it.

    `ours` is None for a stranger's. `refusal` says why the viewer can begin no thread there.
    `joined`: boards of other cities whose threads come here.
    """

    account: Account
    ours: Community | None
    place: Community | None
    children: tuple[Listed, ...]
    moderators: tuple[Account, ...]
    rules: tuple[str, ...]
    relation: Relationship | None = None
    keeps: bool = False
    refusal: AppError | None = None
    joined: tuple[Joint, ...] = ()


class Threads(msgspec.Struct, frozen=True):
    """A window on the threads of a board. `pinned` stand above the first window alone."""

    pinned: tuple[PostView, ...]
    views: tuple[PostView, ...]
    ids: tuple[int, ...]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody stands to the thread of a community that they read, or to a comment in it.

    `thread` is None where its first post is not here. `asked`: the viewer began it. `refusal` says
    why they cannot answer in it. `removal` is why a post was taken away, for its author.
    """

    group: Account
    thread: ForumThread | None
    keeps: bool = False
    asked: bool = False
    refusal: AppError | None = None
    removal: Row | None = None
    answer: PostView | None = None

    @property
    def locked(self) -> bool:
        """Nobody but moderators answers any more."""
        return self.thread is not None and self.thread.locked_ms is not None

    @property
    def chooses(self) -> bool:
        """Whether the viewer says which reply is the answer."""
        return self.thread is not None and (self.asked or self.keeps)


def all(db: Read, viewer_id: int | None) -> list[Listed]:
    """Every board of ours, those with most members first."""
    return _listed(db, viewer_id, community_store.of_kinds(db, ["board"], communities.MOST_LISTED))


def _listed(db: Read, viewer_id: int | None, found: list[Community]) -> list[Listed]:
    ids = [one.account.id for one in found]
    active = store.last_active(db, ids)
    places = community_store.by_ids(db, {one.parent_id for one in found if one.parent_id})
    relations = dict(zip(ids, _relations(db, viewer_id, ids), strict=True))
    return [
        Listed(
            one,
            places.get(one.parent_id or 0),
            active.get(one.account.id),
            relations[one.account.id],
        )
        for one in found
    ]


def _relations(db: Read, viewer_id: int | None, ids: list[int]) -> list[Relationship | None]:
    if viewer_id is None:
        return [None] * len(ids)
    return list(follows.relationships(db, viewer_id, ids))


def of_place(db: Read, neighbourhood_id: int, viewer_id: int | None) -> list[Listed]:
    """The communities that lie in a neighbourhood."""
    return _listed(db, viewer_id, community_store.children(db, neighbourhood_id, MAX_CHILDREN))


def page_kind(db: Read, account: Account) -> str:
    """Which page it has: that of a `board` (ours, or a stranger's community with threads), of a
    team `blog` of ours, or else that of a `person`, which neighbourhoods have too."""
    if account.kind != "Group":
        return "person"
    if not account.local:
        return "board" if store.has_threads(db, account.id) else "person"
    ours = community_store.by_id(db, account.id)
    return ours.kind if ours is not None and ours.kind in ("board", "blog") else "person"


def board(db: Read, account: Account, viewer_id: int | None, now_ms: int) -> Board:
    """A community and all that stands around its threads."""
    ours = community_store.by_id(db, account.id)
    viewer = account_store.by_id(db, viewer_id) if viewer_id else None
    place = community_store.by_id(db, ours.parent_id) if ours and ours.parent_id else None
    (relation,) = _relations(db, viewer_id, [account.id])
    return Board(
        account=account,
        ours=ours,
        place=place,
        children=tuple(of_place(db, account.id, viewer_id)) if ours else (),
        moderators=tuple(communities.moderators(db, account.id)),
        rules=communities.rules_of(ours) if ours else (),
        relation=relation,
        keeps=viewer is not None and communities.keeps(db, account.id, viewer),
        refusal=_refusal_to_begin(db, account, viewer, now_ms) if viewer else None,
        joined=joint_boards.joined(db, account.id) if ours and ours.kind == "board" else (),
    )


def _refusal_to_begin(db: Read, group: Account, viewer: Account, now_ms: int) -> AppError | None:
    try:
        communities.check_begin(db, group, viewer, now_ms)
    except AppError as error:
        return error
    return None


def threads(
    db: Read, group: Account, viewer_id: int | None, order: str, page: Page, number: int
) -> Threads:
    """Threads of a community: the newest by `page`, in the other orders the window `number`."""
    me = viewer_id or timelines.NOBODY
    top = number == 0 and page.max_id is None and page.min_id is None
    pinned = store.on_top(db, me, group.id, forum.MAX_PINNED)
    if order == "new":
        found = store.newest(db, me, group.id, page)
    else:
        found = store.ordered(db, me, group.id, order, page.limit, number * page.limit)
    kept = {entry.post_id for entry in pinned}
    return Threads(
        tuple(timelines.views(db, viewer_id, pinned)) if top else (),
        tuple(timelines.views(db, viewer_id, [e for e in found if e.post_id not in kept])),
        tuple(entry.id for entry in found),
    )


# --- one thread


def standing(db: Read, viewer_id: int | None, post: Post, now_ms: int) -> Standing | None:
    """How the viewer stands to the thread in which a post is; None outside of communities."""
    group = account_store.by_id(db, post.community_id) if post.community_id else None
    if group is None:
        return None
    viewer = account_store.by_id(db, viewer_id) if viewer_id else None
    root, thread = posts.by_id(db, post.thread_id), forum.thread_of(db, post)
    keeps = viewer is not None and communities.keeps(db, group.id, viewer)
    return Standing(
        group=group,
        thread=thread,
        keeps=keeps,
        asked=root is not None and root.author_id == viewer_id,
        refusal=_refusal_to_answer(db, group, viewer, post, now_ms) if viewer else None,
        removal=store.removal(db, post.id) if post.visibility == REMOVED else None,
        answer=_answer(db, viewer_id, thread) if thread and thread.post_id == post.id else None,
    )


def _refusal_to_answer(
    db: Read, group: Account, viewer: Account, post: Post, now_ms: int
) -> AppError | None:
    try:
        communities.check_answer(db, group, viewer, now_ms)
        if not communities.keeps(db, group.id, viewer):
            forum.check_open(db, post)
    except AppError as error:
        return error
    return None


def _answer(db: Read, viewer_id: int | None, thread: ForumThread) -> PostView | None:
    """The accepted answer, as far as the viewer may read it and wants to."""
    post = posts.by_id(db, thread.answer_id) if thread.answer_id else None
    if post is None or not post.open or not rights.may_read(db, viewer_id, post):
        return None
    return timelines.by_post(db, viewer_id, [post.id]).get(post.id)


def chosen(db: Read, site: Site, name: str) -> Account:
    """The community, ours or a stranger's, in which somebody wants to write. Raises `NotFound`."""
    found = accounts.by_handle(db, site, name)
    if found is None or found.kind != "Group" or found.state != "active":
        raise NotFound("There is no such community.")
    return found


# --- keeping order


class Kept(msgspec.Struct, frozen=True):
    """A post as those see it who keep order where it stands; `targets`: where it can be moved.

    `locked`: nobody answers this comment.
    """

    view: PostView
    group: Account
    thread: ForumThread | None
    removal: Row | None
    targets: tuple[Account, ...]
    locked: bool = False


def kept(db: Read, viewer: Account, post_id: int) -> Kept:
    """A thread or a comment for who keeps order there, removed or not. Raises `NotFound`."""
    post = posts.by_id(db, post_id)
    group = account_store.by_id(db, post.community_id) if post and post.community_id else None
    if post is None or group is None or not _seen_by_keepers(db, post, group, viewer):
        raise NotFound("There is no such post.")
    thread = store.by_id(db, post.id)
    targets = _targets(db, viewer, group) if thread and group.local else ()
    view = timelines.by_post(db, viewer.id, [post.id])[post.id]
    locked = comment_locks.locked(db, post.id)
    return Kept(view, group, thread, store.removal(db, post.id), targets, locked)


def _seen_by_keepers(db: Read, post: Post, group: Account, viewer: Account) -> bool:
    if post.deleted_ms is not None or not communities.keeps(db, group.id, viewer):
        return False
    if post.visibility == REMOVED:
        return bool(rights.by_somebody(db, [post]))
    return post.open and rights.may_read(db, viewer.id, post)


def _targets(db: Read, viewer: Account, group: Account) -> tuple[Account, ...]:
    """Boards first; a team blog is for stories, so it stands last."""
    others = community_store.of_kinds(db, ["board", "blog"], MOST_MOVES)
    others.sort(key=lambda one: one.kind == "blog")
    found = (one.account for one in others if one.account.id != group.id)
    return tuple(one for one in found if communities.keeps(db, one.id, viewer))


class Taken(msgspec.Struct, frozen=True):
    """A removed post with the reason."""

    view: PostView
    by: Account | None
    reason: str
    at_ms: int


def removed(db: Read, viewer: Account, group: Account, page: Page) -> tuple[list[Taken], list[int]]:
    """What was taken away, newest first, for who keeps order there; and the ids of all rows."""
    rows = store.removed(db, group.id, page)
    found = posts.by_ids(db, [row["id"] for row in rows])
    shown = rights.by_somebody(db, list(found.values()))
    there = [p.id for p in found.values() if p.author_id in shown and p.deleted_ms is None]
    views = timelines.by_post(db, viewer.id, there)
    people = account_store.by_ids(db, {row["by_id"] for row in rows})
    taken = [
        Taken(views[row["id"]], people.get(row["by_id"]), row["reason"], row["created_ms"])
        for row in rows
        if row["id"] in views
    ]
    return taken, [row["id"] for row in rows]


def taken(db: Read, viewer: Account, post_id: int) -> tuple[Account, Taken] | None:
    """A post that was taken away, with its community, for who keeps order there; else nothing."""
    row, post = store.removal(db, post_id), posts.by_id(db, post_id)
    if row is None or post is None or post.deleted_ms is not None or post.community_id is None:
        return None
    group = account_store.by_id(db, post.community_id)
    if group is None or not communities.keeps(db, group.id, viewer):
        return None
    view = timelines.by_post(db, viewer.id, [post.id]).get(post.id)
    if view is None or not rights.by_somebody(db, [post]):
        return None
    by = account_store.by_id(db, row["by_id"])
    return group, Taken(view, by, row["reason"], row["created_ms"])


class Line(msgspec.Struct, frozen=True):
    """A line of the public log. `view` only where the reader may read the post."""

    action: str
    by: Account | None
    about: Account | None
    view: PostView | None
    reason: str
    at_ms: int


def log(
    db: Read, viewer_id: int | None, group: Account, page: Page
) -> tuple[list[Line], list[int]]:
    """What was done in the name of order, for everybody to read; and the ids of the lines."""
    rows = community_store.logged(db, group.id, page)
    people = account_store.by_ids(db, _ids(rows, "by_id") | _ids(rows, "account_id"))
    found = posts.by_ids(db, _ids(rows, "post_id"))
    readable = rights.readable_among(db, viewer_id, list(found.values()))
    views = timelines.by_post(db, viewer_id, sorted(readable))
    lines = [
        Line(
            row["action"],
            people.get(row["by_id"]),
            people.get(row["account_id"] or 0),
            views.get(row["post_id"] or 0),
            row["reason"],
            row["created_ms"],
        )
        for row in rows
    ]
    return lines, [row["id"] for row in rows]


def _ids(rows: Iterable[Row], name: str) -> set[int]:
    return {int(row[name]) for row in rows if row[name] is not None}


def bans(db: Read, group: Account, limit: int) -> list[tuple[Row, Account]]:
    """Who is shut out of a community, the latest first."""
    return community_store.bans(db, group.id, limit)


def ours(db: Read, name: str) -> Community:
    """The community of ours called so. Raises `NotFound`."""
    found = community_store.by_id(db, communities.by_name(db, name).id)
    if found is None or found.account.state != "active":
        raise NotFound("There is no such community.")
    return found


def require_keeper(db: Read, community: Community, viewer: Account) -> None:
    """Raises `NotFound` for everybody else: they may not know who is shut out."""
    if not communities.keeps(db, community.account.id, viewer):
        raise NotFound("There is nothing at this address.")
