"""What a stranger's group says of itself, read when somebody first follows it from here."""

import contextlib
from typing import Final

from federation import parse
from federation.errors import FederationError
from federation.origin import same_origin
from server.fetch.budget import Budget
from server.fetch.fetcher import Fetcher
from server.model import Account
from server.services import communities
from server.store import accounts, forum
from server.store.db import Write

MAX_FETCHES: Final = 40  # documents, for one group
MAX_MODERATORS: Final = 20
MAX_PINNED: Final = 5


async def look(fetcher: Fetcher, account_id: int) -> None:
    """Who keeps the group, and which threads it pins. Its outbox is read as anybody's."""
    group = await fetcher.db.read(accounts.by_id, account_id)
    if group is None or group.local or group.kind != "Group":
        return
    budget = Budget(MAX_FETCHES)
    with contextlib.suppress(FederationError):
        await _moderators(fetcher, group, budget)
    with contextlib.suppress(FederationError):
        await _pinned(fetcher, group, budget)


async def _items(fetcher: Fetcher, group: Account, uri: str, budget: Budget) -> list[str]:
    """The ids in a collection of the group, on its own host. Raises `FederationError`."""
    if not uri or not same_origin(uri, group.uri):
        return []
    whole = await fetcher.documents.collection(uri, budget)
    if not whole.items and whole.first and same_origin(whole.first, uri):
        whole = await fetcher.documents.collection(whole.first, budget)
    ids = (parse.id_or_none(item) for item in whole.items)
    return [id for id in ids if id]


async def _moderators(fetcher: Fetcher, group: Account, budget: Budget) -> None:
    named = await _items(fetcher, group, group.moderators_uri, budget)
    people: list[Account] = []
    for uri in named[:MAX_MODERATORS]:
        with contextlib.suppress(FederationError):
            people.append(await fetcher.people.account(uri, budget))
    if named:
        ids = [one.id for one in people if one.state == "active"]
        await fetcher.db.write(communities.keep_moderators, group, ids, fetcher.now_ms())


async def _pinned(fetcher: Fetcher, group: Account, budget: Budget) -> None:
    for uri in (await _items(fetcher, group, group.featured_uri, budget))[:MAX_PINNED]:
        post = await fetcher.posts.read(uri, budget, by=group)
        if post is not None and post.community_id == group.id:
            await fetcher.db.write(_pin, post.id, fetcher.now_ms())


def _pin(tx: Write, post_id: int, now_ms: int) -> None:
    thread = forum.by_id(tx, post_id)
    if thread is not None and thread.pinned_ms is None:
        forum.set_columns(tx, post_id, pinned_ms=now_ms)
