"""Posts as far as somebody may read them: `rights` decides, and every door asks here."""

import msgspec

from server.errors import Deleted, Forbidden, NotFound
from server.model import Account, Post, PostView, Revision
from server.services import rights, timelines
from server.store import accounts, posts, reactions
from server.store.db import Read
from server.store.paging import Page

# one place to look for all about reading
may_read = rights.may_read
readable_among = rights.readable_among
readers_among = rights.readers_among


def readable(db: Read, viewer_id: int | None, post_id: int) -> Post:
    """The post, if the viewer may read it. Raises `Deleted` or `NotFound`."""
    post = posts.by_id(db, post_id)
    if post is None or not rights.by_somebody(db, [post]):
        raise NotFound("There is no such post.")
    if post.deleted_ms is not None and post.open:
        raise Deleted("This post was deleted by its author.")
    if not rights.meant_for(db, viewer_id, [post]):
        raise NotFound("There is no such post.")
    return post


def own(db: Read, author: Account, post_id: int) -> Post:
    """A post by this author. Raises `NotFound`, `Deleted`, `Forbidden`."""
    post = readable(db, author.id, post_id)
    if post.author_id != author.id:
        raise Forbidden("Only its author can change this post.")
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
    return msgspec.structs.replace(found, booster=booster, entry_id=boost_id)


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
    """(like id, who), newest first, without those whom the viewer is spared."""
    post = readable(db, viewer_id, post_id)
    return reactions.liked_by(db, post.id, viewer_id or timelines.NOBODY, page)


def boosted_by(
    db: Read, viewer_id: int | None, post_id: int, page: Page
) -> list[tuple[int, Account]]:
    """(boost id, who), newest first, without those whom the viewer is spared."""
    post = readable(db, viewer_id, post_id)
    return reactions.boosted_by(db, post.id, viewer_id or timelines.NOBODY, page)
