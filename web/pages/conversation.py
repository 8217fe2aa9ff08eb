"""What the page of a post shows of its thread: read once, with an address for each way on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from server.errors import AppError
from server.model import Account, Post, PostView, Relationship
from server.services import follows, responses, secret_comments, timelines, visits
from server.services import threads as thread_service
from server.services.responses import Responses
from server.services.threads import Around, Twig
from server.store.db import Read
from web.pages import threads
from web.pages.access import asked_id
from web.pages.threads import MAX_DEPTH, Layout, Leaf, Part, Sheet, Stop
from web.render import person_url, post_url

NAMED: Final = 3  # people whom a fold names
NEAREST: Final = 5  # posts right above a reply that its page shows, beside the thread's first


class Asked(msgspec.Struct, frozen=True):
    """Which part of a thread an address asks for.

    `since`: what is newer is shown as new. The links of a page carry it on, for the visit that it
    comes from is overwritten as soon as the page was opened.
    """

    after: int | None = None
    since: int | None = None
    newest_first: bool = False

    @classmethod
    def of(cls, request: web.Request) -> "Asked":
        """What the address says; what makes no sense is left out."""
        newest_first = request.query.get("sort") == "new"
        return cls(asked_id(request, "after"), asked_id(request, "since"), newest_first)


class Answer(msgspec.Struct, frozen=True):
    """Whom a reply answers, and where that is: on this page or on its own."""

    account: Account
    url: str


class Reply(msgspec.Struct, frozen=True):
    """A reply, `depth` steps inwards.

    `answers` is None where it answers the post of the page. `lost`: what it answers is not shown.
    """

    view: PostView
    depth: int
    answers: Answer | None = None
    lost: bool = False
    new: bool = False
    next_new: str = ""

    @property
    def anchor(self) -> str:
        """The name of its place on the page."""
        return threads.post_anchor(self.view.post.id)

    @property
    def url(self) -> str:
        """Its own page."""
        return post_url(self.view.post, self.view.author)


class Fold(msgspec.Struct, frozen=True):
    """Replies that are not shown: on the page `url`, or as HTML to put here from `fragment`."""

    anchor: str
    url: str
    fragment: str
    count: int
    people: int
    names: tuple[Account, ...]
    new: int = 0
    next_new: str = ""

    @property
    def others(self) -> int:
        """People who are not named."""
        return self.people - len(self.names)


class Branch(msgspec.Struct, frozen=True):
    """A reply with what hangs below it, in reading order, and what of that is folded away."""

    replies: tuple[Reply, ...]
    fold: Fold | None = None


class Above(msgspec.Struct, frozen=True):
    """What a post answers, the thread's first post first; after it `skipped` are left out.

    `url`: the page that shows more of those.
    """

    views: tuple[PostView, ...] = ()
    skipped: int = 0
    url: str = ""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A post between what it answers and what answers it.

    `total` replies are in the thread below the post, `new` of them since the viewer's last visit.
    Addresses are empty where there is nothing to go to. `here` leads to this very part again.
    `newest_id` is the newest post that the viewer can reach from here, `seen_id` the newest one at
    their last visit. `whole` is false where the thread is longer than we show. `secret`: the
    viewer may answer in secret.
    """

    view: PostView
    above: Above
    branches: tuple[Branch, ...]
    total: int
    newest_id: int
    seen_id: int | None = None
    newest_first: bool
    whole: bool
    here: str
    oldest_first_url: str
    newest_first_url: str
    new: int = 0
    first_new: str = ""
    first: str = ""
    previous: str = ""
    next: str = ""
    relation: Relationship | None = None
    responses: Responses
    secret: bool = False

    @property
    def commented(self) -> bool:
        """Whether it begins with a title: what stands below is called comments then."""
        first = self.above.views[0] if self.above.views else self.view
        return bool(first.post.title)

    @property
    def shown(self) -> int:
        """How many replies this page shows."""
        return sum(len(branch.replies) for branch in self.branches)


class _Place(msgspec.Struct, frozen=True):
    """What is known on a page: `on_page` are posts with an anchor, `next_new` goes by anchor."""

    root_id: int
    views: Mapping[int, PostView]
    people: Mapping[int, Account]
    on_page: frozenset[int]
    fresh: frozenset[int]
    next_new: Mapping[str, str]
    since: int | None


def read(db: Read, viewer_id: int | None, id: int, asked: Asked) -> Conversation:
    """A post and the part of its thread that is asked for. Raises `Deleted` or `NotFound`.

    The number of statements does not depend on the length of the thread, and of its posts only
    those are read in full that the page shows.
    """
    around = thread_service.around(db, viewer_id, id)
    seen_id = visits.seen(db, viewer_id, around.post.thread_id)
    since, fresh = _fresh(viewer_id, around, asked, seen_id)
    plan = _planned(around, asked, fresh)
    nearest = [*around.above[:1], *around.above[1:][-NEAREST:]]
    views = timelines.by_post(db, viewer_id, [id, *nearest, *plan.sheet.ids])
    view = views[id]
    part_of = _Addresses(post_url(view.post, view.author), since, asked.newest_first)
    stops = threads.stops(plan.sheets, fresh)
    at = [part_of.stop(stop, plan.sheets, plan.at) for stop in stops]
    place = _Place(
        root_id=id,
        views=views,
        people=_people(db, plan.sheet.parts),
        on_page=frozenset({id, *plan.sheet.ids}),
        fresh=fresh,
        next_new={stop.anchor: next for stop, next in zip(stops, at[1:], strict=False)},
        since=since,
    )
    return Conversation(
        view=view,
        above=_above([views[one] for one in nearest if one in views], len(around.above)),
        branches=tuple(_branch(part, place) for part in plan.sheet.parts),
        total=len(around.below),
        seen_id=seen_id,
        newest_id=max([id, *around.above, *(twig.id for twig in around.below)]),
        newest_first=asked.newest_first,
        whole=around.whole,
        here=part_of.sheet(plan.sheet),
        oldest_first_url=part_of.start(newest_first=False),
        newest_first_url=part_of.start(newest_first=True),
        new=len(fresh),
        first_new=at[0] if at else "",
        first=part_of.start() if plan.at > 1 else "",
        previous=part_of.sheet(plan.sheets[plan.at - 1]) if plan.at else "",
        next=part_of.sheet(plan.sheets[plan.at + 1]) if plan.at + 1 < len(plan.sheets) else "",
        relation=_relation(db, viewer_id, view),
        responses=responses.of_post(db, viewer_id, id),
        secret=viewer_id is not None and secret_comments.possible(db, viewer_id, around.post),
    )


def where(db: Read, viewer_id: int, reply: Post, *, newest_first: bool = False) -> str:
    """Where the viewer's own new reply stands below what it answers; empty: nowhere there."""
    asked = Asked(newest_first=newest_first)
    try:
        around = thread_service.around(db, viewer_id, reply.reply_to_id or reply.id)
    except AppError:
        return ""
    seen_id = visits.seen(db, viewer_id, around.post.thread_id)
    _, fresh = _fresh(viewer_id, around, asked, seen_id)
    sheets = _planned(around, asked, fresh).sheets
    sheet = next((one for one in sheets if reply.id in one.ids), None)
    author = thread_service.people(db, [around.post.author_id]).get(around.post.author_id)
    if sheet is None or author is None:
        return ""
    page = _Addresses(post_url(around.post, author), None, newest_first).sheet(sheet)
    return f"{page}#{threads.post_anchor(reply.id)}"


def _planned(around: Around, asked: Asked, fresh: frozenset[int]) -> Layout:
    below = threads.branches(around.post.id, around.below)
    parts = [threads.part(leaves, fresh) for leaves in below]
    return threads.layout(parts, asked.after, newest_first=asked.newest_first)


def read_branch(db: Read, viewer_id: int | None, id: int, asked: Asked) -> Branch | None:
    """What hangs below a reply, after the reply `asked.after`: what a fold on a page hides.

    None where nothing of that name hangs there. Raises `Deleted` or `NotFound`.
    """
    around = thread_service.around(db, viewer_id, id)
    seen_id = visits.seen(db, viewer_id, around.post.thread_id)
    since, fresh = _fresh(viewer_id, around, asked, seen_id)
    top = Twig(id, around.post.author_id, 0)
    (leaves,) = threads.branches(0, [top, *around.below])
    part = threads.rest(leaves, asked.after, fresh)
    if part is None:
        return None
    stops = threads.stops([Sheet(None, (part,))], fresh)
    return _branch(
        part,
        _Place(
            root_id=0,
            views=timelines.by_post(db, viewer_id, [leaf.id for leaf in part.leaves]),
            people=_people(db, [part]),
            on_page=frozenset(leaf.id for leaf in leaves),
            fresh=fresh,
            next_new={
                stop.anchor: f"#{next.anchor}" for stop, next in zip(stops, stops[1:], strict=False)
            },
            since=since,
        ),
    )


def _fresh(
    viewer_id: int | None, around: Around, asked: Asked, seen_id: int | None
) -> tuple[int | None, frozenset[int]]:
    """What is new, if anything, and since which post; what the viewer wrote is never new."""
    since = seen_id if asked.since is None else asked.since
    if since is None:
        return None, frozenset()
    new = frozenset(
        twig.id for twig in around.below if twig.id > since and twig.author_id != viewer_id
    )
    return (since, new) if new else (None, new)


def _people(db: Read, parts: Iterable[Part]) -> dict[int, Account]:
    """Those whom the folds name, or whose pages they lead to."""
    ids: set[int] = set()
    for fold in (part.fold for part in parts if part.fold):
        ids |= {fold.top.author_id, fold.at.author_id, *fold.authors[:NAMED]}
    return thread_service.people(db, ids)


def _branch(part: Part, place: _Place) -> Branch:
    replies = tuple(_reply(leaf, place) for leaf in part.leaves if leaf.id in place.views)
    return Branch(replies, _fold(part.fold, place) if part.fold else None)


def _reply(leaf: Leaf, place: _Place) -> Reply:
    view, anchor = place.views[leaf.id], threads.post_anchor(leaf.id)
    answers, twig = None, leaf.twig
    if twig.direct and twig.below_id != place.root_id and view.reply_to_author:
        own_page = f"{person_url(view.reply_to_author)}/{twig.below_id}"
        near = twig.below_id in place.on_page
        url = f"#{threads.post_anchor(twig.below_id)}" if near else own_page
        answers = Answer(view.reply_to_author, url)
    return Reply(
        view,
        min(leaf.depth, MAX_DEPTH),
        answers,
        lost=not twig.direct,
        new=leaf.id in place.fresh,
        next_new=place.next_new.get(anchor, ""),
    )


def _fold(fold: threads.Fold, place: _Place) -> Fold:
    top, at = place.people[fold.top.author_id], place.people[fold.at.author_id]
    authors, anchor = fold.authors, threads.fold_anchor(fold.after_id)
    return Fold(
        anchor=anchor,
        url=_with(f"{person_url(at)}/{fold.at.id}", since=place.since),
        fragment=_with(
            f"{person_url(top)}/{fold.top.id}/branch", after=fold.after_id, since=place.since
        ),
        count=len(fold.leaves),
        people=len(authors),
        names=tuple(place.people[id] for id in authors[:NAMED]),
        new=fold.fresh,
        next_new=place.next_new.get(anchor, ""),
    )


def _above(views: Sequence[PostView], total: int) -> Above:
    skipped = total - len(views)
    if skipped <= 0:
        return Above(tuple(views))
    first = views[1]
    return Above(tuple(views), skipped, post_url(first.post, first.author))


def _relation(db: Read, viewer_id: int | None, view: PostView) -> Relationship | None:
    if viewer_id is None or viewer_id == view.author.id:
        return None
    return follows.relationship(db, viewer_id, view.author.id)


class _Addresses(msgspec.Struct, frozen=True):
    """The addresses of the parts of one thread."""

    path: str
    since: int | None
    newest_first: bool

    def start(self, *, newest_first: bool | None = None) -> str:
        """The first page, in this order or in another."""
        newest = self.newest_first if newest_first is None else newest_first
        return _with(self.path, sort="new" if newest else None, since=self.since)

    def sheet(self, sheet: Sheet) -> str:
        """A page."""
        sort = "new" if self.newest_first else None
        return _with(self.path, sort=sort, after=sheet.after_id, since=self.since)

    def stop(self, stop: Stop, sheets: Sequence[Sheet], at: int) -> str:
        """Something new; on the page that is open, `sheets[at]`, its place is enough."""
        page = "" if stop.sheet == at else self.sheet(sheets[stop.sheet])
        return f"{page}#{stop.anchor}"


def _with(path: str, **query: str | int | None) -> str:
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{path}?{asked}" if asked else path
