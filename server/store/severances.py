"""Follows that ended because a moderator, or somebody themself, cut a server or an account off."""

from collections.abc import Iterable

import msgspec

from server.store.db import Read, Write
from server.store.paging import among


class Severance(msgspec.Struct, frozen=True, kw_only=True):
    """What one of ours lost. `kind`: domain_block | user_domain_block | account_suspension.

    `target` is a domain or a handle, as the kind says.
    """

    id: int
    account_id: int
    kind: str
    target: str
    followers: int
    following: int
    created_ms: int


def insert(tx: Write, severance: Severance) -> None:
    """Remember what ended."""
    tx.run(
        """
        INSERT INTO severance (id, account_id, kind, target, followers, following, created_ms)
        VALUES (:id, :account_id, :kind, :target, :followers, :following, :created_ms)
        """,
        **msgspec.structs.asdict(severance),
    )


def add(
    tx: Write,
    account_id: int,
    kind: str,
    target: str,
    lost: tuple[int, int],
    *,
    since_ms: int,
) -> bool:
    """More of what was remembered since then. False when nothing was."""
    changed = tx.run(
        """
        UPDATE severance SET followers = followers + :followers, following = following + :following
        WHERE id = (SELECT id FROM severance WHERE account_id = :account AND kind = :kind
                      AND target = :target AND created_ms >= :since ORDER BY id DESC LIMIT 1)
        """,
        account=account_id,
        kind=kind,
        target=target,
        since=since_ms,
        followers=lost[0],
        following=lost[1],
    )
    return changed == 1


def by_ids(db: Read, account_id: int, ids: Iterable[int]) -> dict[int, Severance]:
    """Those of `ids` that concern the account."""
    found = among(
        db,
        "SELECT * FROM severance WHERE id IN (:list) AND account_id = :account",
        ids,
        account=account_id,
    )
    return {row["id"]: Severance(**row) for row in found}


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends."""
    tx.run("DELETE FROM severance WHERE account_id = :account", account=account_id)
