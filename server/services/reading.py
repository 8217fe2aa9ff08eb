"""Who may read a post. One function decides; every door asks it."""

from server.errors import Deleted, NotFound
from server.model import Account, Post, PostView, Revision
from server.services import timelines
from server.store import accounts, follows, posts, reactions
from server.store import timelines as timeline_rows
from server.store.db import Read
from server.store.paging import Page

MAX_THREAD = 2000  # posts that one page of a thread takes into account


def may_read(db: Read, viewer_id: int | None, post: Post) -> bool:
    """Whether the viewer (None: a visitor) may know of this post."""
    return _by_somebody(db, post) and _for(db, viewer_id, post)


def _by_somebody(db: Read, post: Post) -> bool:
    """Whether the author may be shown: the suspended are not, nor what they wrote."""
    author = accounts.by_id(db, post.author_id)
    return author is not None and author.state in ("active", "gone")


def _for(db: Read, viewer_id: int | None, post: Post) -> bool:
    """Whether the viewer is among those whom the author wrote for."""
    if post.deleted_ms is not None:
        return False
    if viewer_id == post.author_id:
        return True
    if viewer_id and follows.blocks(db, post.author_id, viewer_id):
        return False
    if post.open:
        return True
    if not viewer_id:
        return False
    if posts.mentions(db, post.id, viewer_id):
        return True
    return (
        post.visibility == "followers"
        and timelines.circle(db, viewer_id, post.author_id) == "followers"
    )


def readable(db: Read, viewer_id: int | None, post_id: int) -> Post:
    """The post, if the viewer may read it. Raises `Deleted` or `NotFound`."""
    post = posts.by_id(db, post_id)
    if post is None or not _by_somebody(db, post):
        raise NotFound("There is no such post.")
    if post.deleted_ms is not None and post.open:
        raise Deleted("This post was deleted by its author.")
    if not _for(db, viewer_id, post):
        raise NotFound("There is no such post.")
    return post


def view(db: Read, viewer_id: int | None, post_id: int) -> PostView:
    """A post with all that belongs to it. Raises `Deleted` or `NotFound`."""
    post = readable(db, viewer_id, post_id)
    return timelines.by_post(db, viewer_id, [post.id])[post.id]


def boost_view(db: Read, viewer_id: int | None, boost_id: int) -> PostView | None:
    """The post behind somebody's boost, with the booster; nothing when there is no such boost."""
    row = reactions.boost_by_id(db, boost_id)
    if row is None:
        return None
    found = view(db, viewer_id, row["post_id"])
    booster = accounts.by_id(db, row["account_id"])
    return PostView(
        post=found.post,
        author=found.author,
        media=found.media,
        mentions=found.mentions,
        liked=found.liked,
        boosted=found.boosted,
        booster=booster,
        entry_id=boost_id,
        reply_to_author=found.reply_to_author,
    )


def context(db: Read, viewer_id: int | None, post_id: int) -> tuple[list[PostView], list[PostView]]:
    """(ancestors from the root on, descendants by arrival), as far as the viewer may read them."""
    post = readable(db, viewer_id, post_id)
    thread = {p.id: p for p in posts.thread(db, post.thread_id, MAX_THREAD)}
    above: list[int] = []
    at = post.reply_to_id
    while at is not None and at in thread and at not in above:
        above.append(at)
        at = thread[at].reply_to_id
    below: dict[int, None] = {post.id: None}
    for found in sorted(thread.values(), key=lambda p: (p.published_ms, p.id)):
        _hang(below, found, thread)
    del below[post.id]
    hidden = timeline_rows.unwanted(db, viewer_id) if viewer_id else set[int]()

    def shown(ids: list[int]) -> list[PostView]:
        allowed = [
            id
            for id in ids
            if thread[id].author_id not in hidden and may_read(db, viewer_id, thread[id])
        ]
        found = timelines.by_post(db, viewer_id, allowed)
        return [found[id] for id in allowed if id in found]

    return shown(above[::-1]), shown(list(below))


def newer_replies(
    db: Read, viewer_id: int | None, post_id: int, page: Page
) -> tuple[list[tuple[PostView, int]], int]:
    """Replies below a post that came lately, by arrival, each with its steps below the post.

    The number is the last one that was looked at, shown or not: where to go on. Raises `Deleted`
    or `NotFound`.
    """
    post = readable(db, viewer_id, post_id)
    entries = timelines.thread(db, viewer_id, post.thread_id, page)[::-1]
    steps = posts.steps_up(db, [entry.post_id for entry in entries], post.id)
    views = timelines.views(db, viewer_id, [e for e in entries if e.post_id in steps])
    shown = [(view, steps[view.post.id]) for view in views if may_read(db, viewer_id, view.post)]
    return shown, entries[-1].id if entries else 0


def _hang(below: dict[int, None], post: Post, thread: dict[int, Post]) -> None:
    """Take `post` into `below` when the way up from it meets a post that is there."""
    path: list[int] = []
    at: int | None = post.id
    while at is not None and at in thread and at not in path:
        if at in below:
            below.update(dict.fromkeys(reversed(path)))  # what is answered comes first
            return
        path.append(at)
        at = thread[at].reply_to_id


def history(db: Read, viewer_id: int | None, post_id: int) -> list[Revision]:
    """What the post said before, oldest first, and last what it says now."""
    post = readable(db, viewer_id, post_id)
    now = Revision(
        post_id=post.id,
        version=post.version,
        title=post.title,
        lead=post.lead,
        content=post.content,
        source=post.source,
        warning=post.warning,
        written_ms=post.edited_ms or post.published_ms,
    )
    return [*posts.revisions(db, post.id), now]


def liked_by(
    db: Read, viewer_id: int | None, post_id: int, page: Page
) -> list[tuple[int, Account]]:
    """(like id, who), newest first."""
    return reactions.liked_by(db, readable(db, viewer_id, post_id).id, page)


def boosted_by(
    db: Read, viewer_id: int | None, post_id: int, page: Page
) -> list[tuple[int, Account]]:
    """(boost id, who), newest first."""
    return reactions.boosted_by(db, readable(db, viewer_id, post_id).id, page)
