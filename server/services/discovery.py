"""Whom somebody may want to know."""

from typing import Literal

import msgspec

from server.model import Account
from server.store import discovery as store
from server.store.db import Read, Write

Source = Literal["friends_of_friends", "most_followed"]


class Suggestion(msgspec.Struct, frozen=True):
    """Somebody to follow, and why: the nearest reason first."""

    account: Account
    sources: tuple[Source, ...]


def suggestions(db: Read, viewer_id: int, limit: int) -> list[Suggestion]:
    """Whom the viewer's friends follow, then who is popular here."""
    near = store.friends_of_friends(db, viewer_id, limit)
    popular = store.popular(db, viewer_id, limit)
    by_id = {account.id: account for account in (*near, *popular)}
    close, known = {account.id for account in near}, {account.id for account in popular}

    def why(id: int) -> tuple[Source, ...]:
        first: tuple[Source, ...] = ("friends_of_friends",) if id in close else ()
        return (*first, "most_followed") if id in known else first

    return [Suggestion(account, why(id)) for id, account in list(by_id.items())[:limit]]


def dismiss(tx: Write, viewer_id: int, target_id: int) -> None:
    """Suggest somebody no more."""
    store.dismiss(tx, viewer_id, target_id)


def directory(
    db: Read,
    viewer_id: int | None,
    *,
    order: Literal["active", "new"],
    local: bool,
    offset: int,
    limit: int,
) -> list[Account]:
    """Who wants to be found."""
    return store.directory(db, viewer_id or 0, order=order, local=local, offset=offset, limit=limit)


def familiar(db: Read, viewer_id: int, ids: list[int], limit: int) -> dict[int, list[Account]]:
    """For each of `ids`, who of those whom the viewer follows follow it too."""
    return {id: store.familiar(db, viewer_id, id, limit) for id in ids}
