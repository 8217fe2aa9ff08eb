"""In which community a post of ours stands, and what that makes of it."""

from typing import Final

import msgspec

from federation.origin import normal
from server.errors import Invalid, NotFound
from server.model import Account, Post
from server.services import blog, communities, forum
from server.services.new_posts import NewPost
from server.store import accounts, submissions
from server.store import communities as community_store
from server.store import forum as forum_store
from server.store.blog import Filed
from server.store.db import Read, Write

MAX_LINK: Final = 2_000  # characters


def place(
    db: Read, author: Account, new: NewPost, parent: Post | None, now_ms: int
) -> tuple[NewPost, Account | None]:
    """The community of a new post: that of what it answers, or the one that was chosen.

    What is not for everybody stands in none. Raises `Invalid`, `NotFound`, and `Forbidden` where
    its author may not write there, or nobody may any more.
    """
    wanted = parent.community_id if parent else new.community_id
    if wanted is None:
        if new.link:
            raise Invalid("A post about a page belongs into a community. Put the link in the text.")
        return new, None
    group = accounts.by_id(db, wanted)
    if group is None or group.state != "active" or group.kind != "Group":
        raise NotFound("There is no such community.")
    if parent is not None:
        return new, _answering(db, author, new, parent, group, now_ms)
    _check_begin(db, group, author, new, now_ms)
    if new.visibility != "public":
        raise Invalid("What you write in a community is for everybody.")
    if not new.title.strip():
        raise Invalid("A thread needs a title.")
    if new.filed is not None and _in_blog(db, group.id):
        blog.check(db, group, author, new.filed)
    return msgspec.structs.replace(new, link=check_link(new.link)), group


def _check_begin(db: Read, group: Account, author: Account, new: NewPost, now_ms: int) -> None:
    """As `communities.check_begin`; what an editor of a team blog has approved stands there too."""
    known = submissions.by_id(db, new.submission_id) if new.submission_id is not None else None
    approved = (
        known is not None
        and (known.author_id, known.community_id) == (author.id, group.id)
        and known.state == "published"
        and known.post_id is None
    )
    if approved:
        communities.check_answer(db, group, author, now_ms)
    else:
        communities.check_begin(db, group, author, now_ms)


def _in_blog(db: Read, community_id: int | None) -> bool:
    ours = community_store.by_id(db, community_id) if community_id is not None else None
    return ours is not None and ours.kind == "blog"


def _answering(
    db: Read, author: Account, new: NewPost, parent: Post, group: Account, now_ms: int
) -> Account | None:
    if new.visibility not in ("public", "unlisted"):
        return None
    communities.check_answer(db, group, author, now_ms)
    if not communities.keeps(db, group.id, author):
        forum.check_open(db, parent)
    return group


def check_link(link: str) -> str:
    """The address of a page that a thread is about. Raises `Invalid`."""
    link = link.strip()
    if link and (len(link) > MAX_LINK or not normal(link)):
        raise Invalid("This is not the address of a page, such as https://example.org/news.")
    return link


def kind(db: Read, new: NewPost, group: Account | None, *, titled: bool) -> str:
    """A thread of a forum is a page; in a team blog, and outside, a titled post is a story."""
    if new.poll is not None:
        return "question"
    if not titled:
        return "note"
    if group is None or new.reply_to_id is not None:
        return "article"
    return "article" if _in_blog(db, group.id) else "page"


def placed(tx: Write, post: Post, author: Account, new: NewPost) -> None:
    """A post of a community is there: as a thread, or as a comment of one."""
    if post.community_id is None:
        return
    if post.reply_to_uri is None:
        forum.begin(tx, post, link=new.link)
        file(tx, post, author, msgspec.structs.replace(new, filed=new.filed or Filed()))
        if new.submission_id is not None:
            submissions.became(tx, new.submission_id, post.id)
    else:
        forum.commented(tx, post, 1)


def file(tx: Write, post: Post, author: Account, new: NewPost) -> None:
    """A story of a team blog stands where its author wants it, if that was said."""
    if new.filed is None or post.reply_to_uri is not None or not _in_blog(tx, post.community_id):
        return
    blog.file(tx, post, author, new.filed, post.edited_ms or post.published_ms)


def filed_otherwise(db: Read, post: Post, filed: Filed) -> bool:
    """Whether this is another place in its team blog than where a story stands."""
    if post.reply_to_uri is not None or not _in_blog(db, post.community_id):
        return False
    known = blog.filed(db, post.id)
    return known is None or _plain(known) != _plain(filed)


def _plain(filed: Filed) -> Filed:
    return msgspec.structs.replace(filed, names=tuple(sorted(filed.names)))


def unmoved(db: Read, post: Post, author: Account, new: NewPost) -> NewPost:
    """An edit of a post, which stays where it is and about what it is about."""
    known = forum_store.by_id(db, post.id) if post.community_id is not None else None
    link = known.link if known else ""
    group = accounts.by_id(db, post.community_id) if post.community_id is not None else None
    if new.filed is not None and group is not None and _in_blog(db, group.id):
        blog.check(db, group, author, new.filed)
    return msgspec.structs.replace(new, community_id=post.community_id, link=link)


def buried(tx: Write, post: Post) -> None:
    """A post is gone, and with it what its community knew of it."""
    if post.community_id is not None:
        forum.commented(tx, post, -1)
        forum_store.bury(tx, post.id)
