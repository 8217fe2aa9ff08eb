"""Answers that wait for a yes: ours for that of a stranger, anybody's for that of one of ours.

Until then such an answer is for nobody but its author (`model.WAITING`), is counted nowhere and
goes to the server of whoever decides alone. A no is for good. GoToSocial
"""

from typing import Any, Final

import msgspec

from federation import build, policies
from federation.policies import Claim
from server.errors import Invalid
from server.model import WAITING, Account, Post, Site
from server.outbox import publish
from server.policy.authority import Done, may
from server.services import (
    arrivals,
    documents,
    events,
    forum,
    forum_arrivals,
    going_out,
    permissions,
    quotes,
    telling,
    timelines,
)
from server.services.burials import bury
from server.store import accounts, homes, posts
from server.store import approvals as store
from server.store.approvals import Approval
from server.store.db import Read, Write

REPLY_REQUEST: Final = "#reply-request"
"""How the id of a request of ours ends; before that it is the id of the answer."""
STAMPED: Final = 10  # a stamp is for one answer; others only claim it


# --- ours ask


def ask(
    tx: Write, site: Site, post: Post, author: Account, *, parent: Post, visibility: str
) -> None:
    """Keep an answer of ours until whoever wrote `parent` says yes; a stranger is asked."""
    now_ms = post.published_ms
    approval = Approval(
        post_id=post.id,
        target_id=parent.id,
        decider_id=parent.author_id,
        asker_id=author.id,
        visibility=visibility,
        asked_ms=now_ms,
    )
    store.insert(tx, approval)
    homes.add_home(tx, author.id, post.id, post.id)
    decider = accounts.by_id(tx, parent.author_id)
    if decider is not None and not decider.local:
        _send_request(tx, site, post, author, (parent, decider), now_ms)


def _send_request(
    tx: Write, site: Site, post: Post, author: Account, of: tuple[Post, Account], now_ms: int
) -> None:
    """A request with the answer in it; a server that takes none gets the answer itself."""
    parent, decider = of
    written = _document(tx, site, post)
    if permissions.of(parent).plain:
        publish(tx, author, build.create(written), now_ms, to=[decider])
        return
    uri = f"{post.uri}{REPLY_REQUEST}"
    asked = policies.reply_request(uri, written, parent.uri, author=decider.uri)
    publish(tx, author, asked, now_ms, to=[decider])


def _document(db: Read, site: Site, post: Post) -> dict[str, Any]:
    """An answer that waits, as it will be."""
    view = timelines.by_post(db, None, [post.id])[post.id]
    approval = store.by_post(db, post.id)
    if approval is None:
        return documents.written(site, view)
    there = msgspec.structs.replace(view.post, visibility=approval.visibility)
    return documents.written(site, msgspec.structs.replace(view, post=there))


def withdraw(tx: Write, post: Post, author: Account, now_ms: int) -> None:
    """The author of an answer that waits deletes it: whoever was asked hears of it alone."""
    approval = store.by_post(tx, post.id)
    decider = accounts.by_id(tx, approval.decider_id) if approval else None
    if decider is not None and not decider.local:
        gone = build.delete(f"{post.uri}#delete", author.uri, post.uri, to=(decider.uri,))
        publish(tx, author, gone, now_ms, to=[decider])


def asked_for(db: Read, decider: Account, uri: str) -> Post | None:
    """The answer of ours that `decider` speaks of: by the id of our request, or by its own."""
    own, mark, rest = uri.partition(REPLY_REQUEST)
    post = posts.by_uri(db, own) if not mark or not rest else None
    if post is None or not post.local or post.deleted_ms is not None:
        return None
    approval = store.by_post(db, post.id)
    if approval is None:
        return None
    asked = Done(post.author_id, asked=approval.decider_id)
    return post if may(decider, "accept", asked) else None


# --- what was decided


def allowed(tx: Write, site: Site, post: Post, stamp: str, now_ms: int) -> bool:
    """A yes came, with what proves it: everybody whom the answer is for sees it now.

    Raises `Invalid` where its author may not be shown any more, or not in its community.
    """
    approval = store.by_post(tx, post.id)
    if approval is None or approval.state != "waiting" or post.deleted_ms is not None:
        return False
    parent = posts.by_id(tx, approval.target_id)
    _check_welcome(tx, post, parent, now_ms)
    if not store.decide(tx, approval, "accepted"):
        return False
    posts.set_columns(tx, post.id, visibility=approval.visibility, reply_stamp=stamp)
    view = timelines.by_post(tx, None, [post.id])[post.id]
    forum.commented(tx, view.post, 1)
    if view.post.local:
        going_out.go(tx, site, view, parent, now_ms)
    else:
        arrivals.release(tx, site, view, parent, now_ms)
    events.changed(tx, view.post, now_ms)
    return True


def _check_welcome(db: Read, post: Post, parent: Post | None, now_ms: int) -> None:
    """What happened while an answer waited counts as if it came now: bans, locks, suspensions."""
    author = accounts.by_id(db, post.author_id)
    if author is None or author.state != "active":
        raise Invalid("The author's account is not active.")
    group = forum.group_of(db, parent.community_id) if parent else None
    if parent is not None and forum_arrivals.silenced(db, group, parent, author, now_ms):
        raise Invalid("The community in which this stands does not let this answer in.")


def wanted(db: Read, post_id: int, stamp: str) -> tuple[Post, Claim] | None:
    """An answer of ours that this stamp may let out, and what that has to say."""
    post, approval = posts.by_id(db, post_id), store.by_post(db, post_id)
    if post is None or approval is None or approval.state != "waiting":
        return None
    target, decider = posts.by_id(db, approval.target_id), accounts.by_id(db, approval.decider_id)
    if target is None or decider is None or decider.state != "active":
        return None
    if not post.local or post.deleted_ms is not None:
        return None
    if not permissions.may_stamp(db, decider, stamp):
        return None
    return post, Claim(act="reply", interacting=post.uri, target=target.uri, author=decider.uri)


def stamp_read(
    tx: Write, site: Site, post_id: int, now_ms: int, *, stamp: str, raw: dict[str, Any]
) -> bool:
    """The stamp of an answer of ours that waits was read after its yes. False for a wrong one."""
    found = wanted(tx, post_id, stamp)
    if found is None or not policies.proves(raw, stamp, found[1]):
        return False
    return allowed(tx, site, found[0], stamp, now_ms)


def refused(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """A no, or a yes that was taken back. Ours stays for its author alone, a stranger's goes."""
    approval = store.by_post(tx, post.id)
    if approval is None or approval.state == "refused" or post.deleted_ms is not None:
        return
    if not post.local:
        bury(tx, post, now_ms)
        return
    author, now = accounts.by_id(tx, post.author_id), posts.held(tx, post)
    if now is None or not store.decide(tx, approval, "refused"):
        return
    post = now
    if approval.state == "accepted" and author is not None:
        going_out.gone(tx, site, post, author, now_ms)
    if approval.state == "accepted":
        events.gone(tx, post, now_ms)
        forum.commented(tx, post, -1)
        posts.count(tx, post, -1)
        quotes.count(tx, post, -1)
    posts.set_columns(tx, post.id, visibility=WAITING, reply_stamp="")
    if approval.state == "accepted":
        telling.tell_revoked(tx, "answer_revoked", post, approval.decider_id, now_ms)


def revoked(tx: Write, site: Site, decider: Account, stamp: str, now_ms: int) -> bool:
    """Somebody takes a stamp of theirs back: what it allowed goes. False where it was none."""
    ids = store.stamped(tx, stamp, decider.id, STAMPED)
    for post in posts.by_ids(tx, ids).values():
        refused(tx, site, post, now_ms)
    return bool(ids)
