"""What proves that one of ours allows something: where each stamp can be read, and what it says.

A stamp under an answer, a quote, a like or a boost of a post of ours. Its id can be read until that
is over, or was taken back. Of strangers' stamps see `permissions.may_stamp` and `policies.proves`.
"""

from typing import Any

from federation import policies
from federation.policies import Claim
from server.errors import NotFound
from server.model import Account, Post, Site
from server.services import quotes, rights
from server.store import accounts, approvals, posts, reactions
from server.store.db import Read, Row


def reply_uri(site: Site, answer_id: int) -> str:
    """Where it stands that one of ours allows this answer."""
    return f"{site.origin}/approvals/{answer_id}"


def quote_uri(site: Site, quoting_id: int) -> str:
    """Where it stands that the author of a post of ours allows it to be quoted by this one."""
    return f"{site.origin}/quotes/{quoting_id}"


def reaction_uri(site: Site, act: str, id: int) -> str:
    """Where it stands that one of ours allows this like or boost (`act`: like | announce)."""
    return f"{site.origin}/approvals/{'likes' if act == 'like' else 'boosts'}/{id}"


def reply(db: Read, site: Site, answer_id: int) -> dict[str, Any]:
    """The stamp under an answer to a post of ours. Raises `NotFound` where there is none.

    Only where both are for everybody: else its id alone would tell of them.
    """
    post, approval = posts.by_id(db, answer_id), approvals.by_post(db, answer_id)
    target = posts.by_id(db, approval.target_id) if approval else None
    if post is None or approval is None or target is None or approval.state != "accepted":
        raise _nothing()
    if post.deleted_ms is not None or not post.open:
        raise _nothing()
    decider = _author(db, target)
    claim = Claim(act="reply", interacting=post.uri, target=target.uri, author=decider.uri)
    return policies.stamp(reply_uri(site, post.id), claim)


def quote(db: Read, site: Site, quoting_id: int) -> dict[str, Any]:
    """The stamp under a quote of a post of ours, by another of ours or a stranger. FEP-044f.

    Raises `NotFound` where there is none. A quote of ours has one only where it is for everybody;
    of a stranger's the server has asked, and nothing but its id is told.
    """
    quoting = posts.by_id(db, quoting_id)
    quoted = quotes.quoted_by(db, quoting) if quoting else None
    if quoting is None or quoted is None or not quoted.local or quoting.private:
        raise _nothing()
    public = {quoting.id, quoted.id} if quoting.local else {quoted.id}
    if not public <= rights.readable_among(db, None, [quoting, quoted]):
        raise _nothing()
    author = accounts.by_id(db, quoted.author_id)
    assert author is not None  # noqa: S101  a post has an author
    claim = Claim(act="quote", interacting=quoting.uri, target=quoted.uri, author=author.uri)
    return policies.stamp(quote_uri(site, quoting.id), claim)


def like(db: Read, site: Site, like_id: int) -> dict[str, Any]:
    """The stamp under a stranger's like of an open post of ours. Raises `NotFound`."""
    return _reaction(db, site, "like", reactions.like_by_id(db, like_id))


def boost(db: Read, site: Site, boost_id: int) -> dict[str, Any]:
    """The stamp under a stranger's boost of a post of ours. Raises `NotFound`."""
    return _reaction(db, site, "announce", reactions.boost_by_id(db, boost_id))


def _reaction(db: Read, site: Site, act: str, row: Row | None) -> dict[str, Any]:
    target = posts.by_id(db, row["post_id"]) if row else None
    if row is None or target is None:
        raise _nothing()
    decider = _author(db, target)
    claim = Claim(act=act, interacting=row["uri"], target=target.uri, author=decider.uri)
    return policies.stamp(reaction_uri(site, act, row["id"]), claim)


def _author(db: Read, target: Post) -> Account:
    """Whose post of ours it is, that everybody may read. Raises `NotFound`."""
    author = accounts.by_id(db, target.author_id)
    if author is None or author.state != "active" or target.deleted_ms is not None:
        raise _nothing()
    if not target.local or not target.open:
        raise _nothing()
    return author


def _nothing() -> NotFound:
    return NotFound("There is nothing at this address.")
