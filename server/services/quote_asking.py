"""Quotes across servers: one is asked for, and allowed by a stamp. FEP-044f.

Mastodon shows a quote of its people's posts only with a stamp, also where everybody may quote.
"""

from typing import Any

from federation import build, policies
from federation.policies import Claim
from server.errors import NotFound
from server.ids import new_id
from server.model import Account, Post, Site
from server.outbox import publish
from server.policy.authority import Done, may
from server.services import documents, events, permissions, quotes, stamps, telling
from server.services.follows import activity_uri
from server.store import accounts, posts
from server.store import quotes as store
from server.store.db import Read, Write


def ask(tx: Write, site: Site, post: Post, quoter: Account, now_ms: int) -> None:
    """Ask the stranger whom a new post of ours quotes, where their post says who may."""
    quoted = posts.by_id(tx, post.quote_id) if post.quote_id else None
    if quoted is None or quoted.local or quoted.author_id == quoter.id or not quoted.quote_policy:
        return
    author = accounts.by_id(tx, quoted.author_id)
    if author is not None:
        written = documents.by_post(tx, site, post)
        asked = build.quote_request(written, quoted.uri, author=author.uri)
        publish(tx, quoter, asked, now_ms, to=[author])


def asked_for(db: Read, author: Account, request_uri: str) -> Post | None:
    """The quote by one of ours that this request was about, if it quotes what `author` wrote."""
    uri, mark, _ = request_uri.partition(build.QUOTE_REQUEST)
    post = posts.by_uri(db, uri) if mark else None
    if post is None or not post.local or post.quote_id is None or post.deleted_ms is not None:
        return None
    quoted = posts.by_id(db, post.quote_id)
    if quoted is None:
        return None
    asked = Done(post.author_id, asked=quoted.author_id)
    return post if may(author, "accept", asked) else None


def wanted(db: Read, post_id: int, stamp: str) -> tuple[Post, Post, Account] | None:
    """A quote by one of ours that this stamp may allow, what it quotes, and whose that is."""
    post = posts.by_id(db, post_id)
    quoted = posts.by_id(db, post.quote_id) if post and post.quote_id else None
    author = accounts.by_id(db, quoted.author_id) if quoted else None
    if post is None or quoted is None or author is None or author.state != "active":
        return None
    if not post.local or post.deleted_ms is not None or post.quote_stamp == stamp:
        return None
    open_to_it = post.quote_state in ("pending", "accepted") and permissions.may_stamp(
        db, author, stamp
    )
    return (post, quoted, author) if open_to_it else None


def stamp_read(
    tx: Write, site: Site, post_id: int, now_ms: int, *, stamp: str, raw: dict[str, Any]
) -> bool:
    """The stamp of a quote by one of ours was read after its yes. False for a wrong one."""
    found = wanted(tx, post_id, stamp)
    if found is None or not policies.proves(raw, stamp, claim(*found)):
        return False
    allowed(tx, site, found[0], stamp, now_ms)
    return True


def claim(quoting: Post, quoted: Post, author: Account) -> Claim:
    """What the stamp under a quote has to say."""
    return Claim(act="quote", interacting=quoting.uri, target=quoted.uri, author=author.uri)


def allowed(tx: Write, site: Site, post: Post, stamp_uri: str, now_ms: int) -> None:
    """A quote has its proven stamp: it is shown, and one of ours is sent again with it."""
    now = posts.held(tx, post)
    if now is None:
        return
    post = now
    if post.quote_state not in ("pending", "accepted"):
        return
    first = post.quote_state != "accepted"
    posts.set_columns(tx, post.id, quote_state="accepted", quote_stamp=stamp_uri)
    quotes.count(tx, _now(tx, post), 1 if first else 0)
    _told(tx, site, post, now_ms)


def refused(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """The quoted author does not want this quote, or not any longer."""
    if post.quote_state == "pending":
        posts.set_columns(tx, post.id, quote_state="rejected", quote_stamp="")
    elif post.quote_state == "accepted" and store.revoke(tx, post):
        quotes.count(tx, post, -1)
        quoted = posts.by_id(tx, post.quote_id) if post.quote_id else None
        by_id = quoted.author_id if quoted else None
        telling.tell_revoked(tx, "quote_revoked", post, by_id, now_ms)
    else:
        return
    _told(tx, site, post, now_ms)


def _now(db: Read, post: Post) -> Post:
    return posts.by_id(db, post.id) or post


def _told(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """Apps see it. Of ours a new version goes out, also to whom it quotes; it is no edit."""
    now = _now(tx, post)
    events.changed(tx, now, now_ms)
    author = accounts.by_id(tx, post.author_id) if post.local and not post.secret else None
    if author is not None:
        activity = build.update(documents.by_post(tx, site, now), now.version)
        quoted = posts.by_id(tx, post.quote_id) if post.quote_id else None
        reached = posts.reached(tx, post.id) + ([quoted.author_id] if quoted else [])
        telling.send(tx, site, now, author, activity, now_ms, beyond=reached)


def answer(
    tx: Write, site: Site, author: Account, asked: dict[str, str], now_ms: int, *, stamp: str
) -> None:
    """Answer a QuoteRequest about a post by `author`: yes with a stamp, no without one."""
    asker = accounts.by_uri(tx, asked["actor"])
    kind = "Accept" if stamp else "Reject"
    uri = activity_uri(site, new_id(now_ms))
    said = build.quote_answer(kind, uri, author.uri, asked, stamp=stamp)
    publish(tx, author, said, now_ms, to=[asker] if asker else [])


def stamp_for(db: Read, site: Site, quoting: Post) -> str:
    """The id of our stamp under a quote; empty where there is none."""
    try:
        return str(stamps.quote(db, site, quoting.id)["id"])
    except NotFound:
        return ""
