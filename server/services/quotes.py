"""Who may quote a post, and what of a quoted post a viewer may see. FEP-044f.

A quote is a post of its own that names another. The author of that other post decides: their
policy is asked when the quote is written or arrives, and they can revoke it later.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from server.errors import Forbidden, Invalid, NotFound
from server.model import Account, Post
from server.services import rights
from server.store import accounts, follows, posts
from server.store import quotes as store
from server.store.db import Read, Write

POLICIES: Final = ("public", "followers", "nobody")
UNKNOWN: Final = ""
"""The policy of a stranger who says nothing about quotes: nobody is told that they may."""

Seen = tuple[str, Post | None]
"""`Quoted.state` and what is quoted, where the viewer may know of it."""


def policy(post: Post) -> str:
    """One of `POLICIES`, or `UNKNOWN`. What is not for everybody its author alone may quote."""
    if not post.open:
        return "nobody"
    return post.quote_policy or ("public" if post.local else UNKNOWN)


def stated(db: Read, author: Account, wanted: str, visibility: str) -> str:
    """What a new post says about quotes: what is `wanted`, else what its author always says.

    Raises `Invalid`.
    """
    if wanted and wanted not in POLICIES:
        raise Invalid("There is no such policy for quotes: %(policy)s.", policy=wanted)
    if visibility not in ("public", "unlisted"):
        return "nobody"
    member = None if wanted else accounts.member(db, author.id)
    return wanted or (member.default_quote_policy if member else "public")


def judge(db: Read, quoter: Account, quoted: Post) -> str:
    """Whether `quoter` may quote this post: accepted, pending (we cannot know) or rejected.

    Where a stranger's policy does not let everybody quote, a quote of their post is pending, and
    not shown, until its stamp has been read.
    """
    if quoted.private or quoted.deleted_ms is not None:
        return "rejected"
    if quoted.author_id == quoter.id:
        return "accepted"
    if not quoted.open or follows.apart(db, quoter.id, quoted.author_id):
        return "rejected"
    said = policy(quoted)
    if said == "public":
        return "accepted"
    if not quoted.local:
        return "pending"
    close = follows.followed_among(db, quoter.id, [quoted.author_id])
    return "accepted" if said == "followers" and close else "rejected"


def choose(db: Read, quoter: Account, post_id: int) -> Post:
    """The post that one of ours wants to quote. Raises `NotFound` and `Forbidden`."""
    post = posts.by_id(db, post_id)
    if post is None or not rights.may_read(db, quoter.id, post):
        raise NotFound("The post that you want to quote is not there: it may have been deleted.")
    state = judge(db, quoter, post)
    if state == "pending" and policy(post) == UNKNOWN:
        raise Forbidden(
            "Whoever wrote this has not said that it may be quoted: put a link to it into your "
            "text instead."
        )
    if state == "rejected" or (state == "pending" and not _may_ask(db, quoter, post)):
        raise Forbidden("Whoever wrote this does not want you to quote it.")
    return post


def _may_ask(db: Read, quoter: Account, post: Post) -> bool:
    """Whether a stranger's policy leaves one of ours a chance."""
    said = policy(post)
    if said == "followers":
        return bool(follows.followed_among(db, quoter.id, [post.author_id]))
    return said == "manual"


def audience(visibility: str, quoted: Post | None) -> str:
    """For whom a quote is: what is only for followers is not passed on beyond them."""
    narrow = quoted is not None and not quoted.open and visibility in ("public", "unlisted")
    return "followers" if narrow else visibility


def inline(quoted: Post | None, source: str, content: str) -> str:
    """`content` with a link to what is quoted, for those who do not know quotes.

    As Mastodon writes it; who knows quotes hides it. A text that has the link already keeps it.
    """
    if quoted is None or quoted.uri in source or (quoted.url and quoted.url in source):
        return content
    url = escape(quoted.url or quoted.uri)
    return f'<p class="quote-inline">RE: <a href="{url}">{url}</a></p>{content}'


def quoted_by(db: Read, post: Post) -> Post | None:
    """What a post quotes, where that is accepted; deleted or not."""
    if post.quote_state != "accepted" or post.quote_id is None:
        return None
    return posts.by_id(db, post.quote_id)


def named_by(db: Read, post: Post) -> Post | None:
    """What a post quotes, where that is accepted or may still be."""
    if post.quote_state not in ("accepted", "pending") or post.quote_id is None:
        return None
    return posts.by_id(db, post.quote_id)


# --- counts


def counted(post: Post) -> bool:
    """Whether this quote counts: everybody may read it, and it is accepted."""
    return post.open and post.quote_id is not None and post.quote_state == "accepted"


def count(tx: Write, post: Post, change: int) -> None:
    """Such a quote came or went."""
    if counted(post) and post.quote_id is not None:
        store.count(tx, post.quote_id, change)


# --- what a viewer sees


def seen(db: Read, viewer_id: int | None, quoting: Iterable[Post]) -> dict[int, Seen]:
    """What each of these posts quotes, by its id; those that quote nothing are left out."""
    asking = [post for post in quoting if post.quote_state]
    if not asking:
        return {}
    accepted = {p.id: p.quote_id for p in asking if p.quote_state == "accepted" and p.quote_id}
    found = posts.by_ids(db, accepted.values())
    readable = rights.readable_among(db, viewer_id, list(found.values()))
    authors = {post.author_id for post in found.values() if post.author_id != viewer_id}
    spared = store.spared(db, viewer_id, authors) if viewer_id else {}

    def one(post: Post) -> Seen:
        quoted = found.get(accepted.get(post.id, 0))
        if post.quote_state != "accepted":
            return post.quote_state, None
        if quoted is None or quoted.deleted_ms is not None:
            return "deleted", None
        if quoted.id not in readable:
            return "unauthorized", None
        return spared.get(quoted.author_id, "accepted"), quoted

    return {post.id: one(post) for post in asking}


def close_to(db: Read, viewer_id: int | None, asked: Sequence[Post]) -> set[int]:
    """Those of the authors whom the viewer follows, of posts that followers may quote."""
    theirs = {p.author_id for p in asked if policy(p) == "followers"}
    return follows.followed_among(db, viewer_id, theirs) if viewer_id and theirs else set()
