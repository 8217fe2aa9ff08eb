"""Stamps (FEP-044f): under quotes and answers of strangers, and under those of ours."""

import logging
from typing import Any, Final

from federation import parse, policies
from federation.errors import FederationError, Unreachable
from federation.retry import may_pass
from server.errors import AppError
from server.fetch.budget import Budget
from server.fetch.fetcher import Fetcher
from server.fetch.related import quoted
from server.model import Post, Site
from server.services import adoption, answer_asking, arrivals, permissions, quote_asking
from server.store import accounts, posts
from server.store.db import Read, Write

log = logging.getLogger(__name__)

MAX_FETCHES: Final = 10  # documents, for one stamp

_BY_ACT = {"reply": answer_asking.stamp_read, "quote": quote_asking.stamp_read}


class Later(Unreachable):
    """Its server cannot say just now: it is asked again."""


async def of_quote(fetcher: Fetcher, post_id: int) -> None:
    """Read the stamp that a stranger's quote says it has; without a true one it is no quote."""
    post = await fetcher.db.read(posts.by_id, post_id)
    if post is None or not post.quote_stamp or post.local:
        return
    if post.quote_id is None:
        await quoted(fetcher, post_id)
    try:
        raw = await fetcher.documents.read(post.quote_stamp, Budget(MAX_FETCHES))
    except Unreachable as error:
        log.info("no stamp at %s: %s", post.quote_stamp, error)
        return
    except FederationError:
        raw = {}
    await fetcher.db.write(_stamp, fetcher.site, post, raw, fetcher.now_ms())


async def of_answer(fetcher: Fetcher, post_id: int) -> None:
    """Read the stamp of an answer that came before what it answers; without one it stays by
    itself."""
    post = await fetcher.db.read(posts.by_id, post_id)
    if post is None or post.local or post.reply_to_id is not None:
        return
    budget = Budget(MAX_FETCHES)
    try:
        found = parse.object_(await fetcher.documents.read(post.uri, budget))
        author = await fetcher.people.account(found.attributed_to, budget)
    except FederationError as error:
        log.info("no stamp of %s: %s", post.uri, error)
        return
    stamp = await fetcher.posts.stamp_of(found, author, budget)
    if stamp and found.id == post.uri and author.id == post.author_id:
        await fetcher.db.write(_let_stand, post.id, stamp, fetcher.now_ms())


async def of_ours(fetcher: Fetcher, of: dict[str, Any]) -> None:
    """Read the stamp under what ours wrote that could not be read when the yes came.

    It is the one that `looks.stamp_later` names; if true, it lets the answer or quote out. Raises
    `Later`; any other `FederationError` is the end of it.
    """
    act, post_id, stamp = of["act"], of["post"], of["stamp"]
    if not await fetcher.db.read(_wanted, act, post_id, stamp):
        return
    try:
        raw = await fetcher.documents.read(stamp, Budget(MAX_FETCHES))
    except FederationError as error:
        if isinstance(error, Unreachable) and may_pass(error):
            raise Later(str(error), retry_after_ms=error.retry_after_ms) from error
        raise
    try:
        now_ms = fetcher.now_ms()
        await fetcher.db.write(_BY_ACT[act], fetcher.site, post_id, now_ms, stamp=stamp, raw=raw)
    except AppError as error:
        log.info("the stamp %s lets nothing out: %s", stamp, error)


def _wanted(db: Read, act: str, post_id: int, stamp: str) -> bool:
    wanted = answer_asking.wanted if act == "reply" else quote_asking.wanted
    return wanted(db, post_id, stamp) is not None


def _let_stand(tx: Write, post_id: int, stamp: str, now_ms: int) -> None:
    post = posts.by_id(tx, post_id)
    parent = posts.by_uri(tx, post.reply_to_uri or "") if post else None
    if post is None or parent is None:
        return
    if adoption.stamped(tx, post, parent, stamp, now_ms):
        arrivals.remember(tx, post, parent, post.visibility)


def _stamp(tx: Write, site: Site, read: Post, raw: dict[str, Any], now_ms: int) -> None:
    """The stamp under a quote was read; meanwhile the quote may be another."""
    post = posts.by_id(tx, read.id)
    quoted = posts.by_id(tx, post.quote_id) if post and post.quote_id else None
    author = accounts.by_id(tx, quoted.author_id) if quoted else None
    if post is None or quoted is None or author is None or quoted.local:
        return
    if post.quote_stamp != read.quote_stamp or post.author_id == author.id:
        return
    own = permissions.may_stamp(tx, author, post.quote_stamp)
    if own and policies.proves(raw, post.quote_stamp, quote_asking.claim(post, quoted, author)):
        quote_asking.allowed(tx, site, post, post.quote_stamp, now_ms)
    else:
        quote_asking.refused(tx, site, post, now_ms)
