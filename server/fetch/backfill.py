"""Recent posts of somebody who is followed from here for the first time."""

import contextlib
from typing import Any, Final

from federation import parse
from federation.errors import FederationError
from federation.origin import same_origin
from server.fetch.budget import Budget
from server.fetch.fetcher import Fetcher
from server.model import Account
from server.services import arrivals
from server.store import accounts, follows, homes
from server.store.db import Write

MAX_POSTS: Final = 20


async def look(fetcher: Fetcher, account_id: int) -> None:
    """Read what they published last, for who follows them.

    Of a group, what it passed on of its own server.
    """
    account = await fetcher.db.read(accounts.by_id, account_id)
    if account is None or account.local or not account.outbox:
        return
    budget = Budget()
    items = await _recent(fetcher, account.outbox, budget)
    for item in reversed(items[:MAX_POSTS]):
        with contextlib.suppress(FederationError):
            await _take(fetcher, account, item, budget)
    await fetcher.db.write(_fill_homes, account)


async def _recent(fetcher: Fetcher, uri: str, budget: Budget) -> tuple[str | dict[str, Any], ...]:
    whole = await fetcher.documents.collection(uri, budget)
    if whole.items or not whole.first:
        return whole.items
    if not same_origin(whole.first, uri):
        return ()
    return (await fetcher.documents.collection(whole.first, budget)).items


async def _take(
    fetcher: Fetcher, account: Account, item: str | dict[str, Any], budget: Budget
) -> None:
    """One thing of an outbox: what was created, or announced by a group (Lemmy: its Create)."""
    if isinstance(item, str) or item.get("type") not in ("Create", "Announce"):
        return
    boosted = item["type"] == "Announce"
    inner = parse.first(item.get("object"))
    wrapped = boosted and isinstance(inner, dict) and inner.get("type") == "Create"
    uri = parse.id_or_none(inner.get("object") if wrapped else inner)
    if not uri or not same_origin(uri, account.uri) or (boosted and account.kind != "Group"):
        return
    group = account if account.kind == "Group" else None
    post = await fetcher.posts.read(uri, budget, by=group)
    announce = parse.id_or_none(item)
    if post and boosted and announce and same_origin(announce, account.uri):
        await fetcher.db.write(arrivals.keep_boost, announce, account, post.id, fetcher.now_ms())


def _fill_homes(tx: Write, account: Account) -> None:
    for follower_id in follows.local_follower_ids(tx, account.id):
        homes.fill_home(tx, follower_id, account.id, MAX_POSTS)
        if account.kind == "Group":
            homes.fill_home_with_boosts(tx, follower_id, account.id, MAX_POSTS)
