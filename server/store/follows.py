"""Who follows, blocks and mutes whom; and which peers must hear of somebody's posts."""

from collections.abc import Iterable

import msgspec

from server.model import Account
from server.store import accounts
from server.store.conditions import UNWANTED
from server.store.db import Read, Row, Write, structs
from server.store.paging import LAST_ID, Page, among, rows


def one(db: Read, follower_id: int, target_id: int) -> Row | None:
    """id, uri, state ('pending' or 'accepted'), reblogs, notify, languages (JSON)."""
    return db.one(
        "SELECT * FROM follow WHERE follower_id = :follower AND target_id = :target",
        follower=follower_id,
        target=target_id,
    )


def by_uri(db: Read, uri: str) -> Row | None:
    """The follow whose activity had this id."""
    return db.one("SELECT * FROM follow WHERE uri = :uri", uri=uri)


def insert(
    tx: Write, *, id: int, uri: str, follower: Account, target: Account, now_ms: int
) -> bool:
    """Store a request. False when there is one already."""
    return (
        tx.run(
            """
            INSERT INTO follow (follower_id, target_id, id, uri, state, local, created_ms)
            VALUES (:follower, :target, :id, :uri, 'pending', :local, :now)
            ON CONFLICT DO NOTHING
            """,
            follower=follower.id,
            target=target.id,
            id=id,
            uri=uri,
            local=int(follower.local),
            now=now_ms,
        )
        == 1
    )


def asked(db: Read, follower_id: int, limit: int) -> int:
    """How many an account follows or has asked to, counted up to `limit`."""
    found = db.one(
        """
        SELECT count(*) AS n FROM (SELECT 1 FROM follow
            WHERE follower_id = :follower LIMIT :limit) AS few
        """,
        follower=follower_id,
        limit=limit,
    )
    return int(found["n"]) if found else 0


def set_uri(tx: Write, follower_id: int, target_id: int, uri: str) -> None:
    """The follower asked again under another id; an Undo will name this one."""
    tx.run(
        """
        UPDATE follow SET uri = :uri WHERE follower_id = :follower AND target_id = :target
          AND NOT EXISTS (SELECT 1 FROM follow WHERE uri = :uri)
        """,
        follower=follower_id,
        target=target_id,
        uri=uri,
    )


def set_wishes(
    tx: Write,
    follower_id: int,
    target_id: int,
    *,
    reblogs: bool | None,
    notify: bool | None,
    languages: tuple[str, ...] | None,
) -> None:
    """What the follower wants to see and hear of; None stays."""
    tx.run(
        """
        UPDATE follow SET
            reblogs = coalesce(CAST(:reblogs AS BIGINT), reblogs),
            notify = coalesce(CAST(:notify AS BIGINT), notify),
            languages = coalesce(CAST(:languages AS TEXT), languages)
        WHERE follower_id = :follower AND target_id = :target
        """,
        follower=follower_id,
        target=target_id,
        reblogs=None if reblogs is None else int(reblogs),
        notify=None if notify is None else int(notify),
        languages=None if languages is None else msgspec.json.encode(languages).decode(),
    )


def notified(
    db: Read, post_id: int, author_id: int, after_id: int, last_id: int | None
) -> list[int]:
    """Followers from `after_id` to `last_id` (None: all) who want to be told of the author's post.

    Those in whose home timeline it stands; whom it names is told of that anyway.
    """
    found = db.all(
        """
        SELECT f.follower_id FROM follow f
        WHERE f.target_id = :author AND f.notify = 1 AND f.state = 'accepted'
          AND f.follower_id > :after AND f.follower_id <= :last
          AND EXISTS (SELECT 1 FROM home h WHERE h.owner_id = f.follower_id AND h.id = :post)
          AND NOT EXISTS (SELECT 1 FROM mention m
                          WHERE m.post_id = :post AND m.account_id = f.follower_id)
        ORDER BY f.follower_id
        """,
        post=post_id,
        author=author_id,
        after=after_id,
        last=last_id or LAST_ID,
    )
    return [row["follower_id"] for row in found]


def accept(tx: Write, follower: Account, target: Account) -> bool:
    """Make a pending follow count. False when there is none pending."""
    changed = tx.run(
        """
        UPDATE follow SET state = 'accepted'
        WHERE follower_id = :follower AND target_id = :target AND state = 'pending'
        """,
        follower=follower.id,
        target=target.id,
    )
    if not changed:
        return False
    accounts.count_followers(tx, target.id, 1)
    accounts.count_following(tx, follower.id, 1)
    if target.local and follower.peer_id is not None:
        tx.run(
            """
            INSERT INTO following_peer (target_id, peer_id, followers) VALUES (:target, :peer, 1)
            ON CONFLICT (target_id, peer_id)
            DO UPDATE SET followers = following_peer.followers + 1
            """,
            target=target.id,
            peer=follower.peer_id,
        )
    return True


def remove(tx: Write, follower: Account, target: Account) -> str | None:
    """End a follow or a request; the state it was in, or nothing."""
    found = tx.one(
        """
        DELETE FROM follow WHERE follower_id = :follower AND target_id = :target RETURNING state
        """,
        follower=follower.id,
        target=target.id,
    )
    if found is None:
        return None
    tx.run(
        "DELETE FROM endorsement WHERE account_id = :follower AND target_id = :target",
        follower=follower.id,
        target=target.id,
    )
    if found["state"] == "accepted":
        accounts.count_followers(tx, target.id, -1)
        accounts.count_following(tx, follower.id, -1)
        if target.local and follower.peer_id is not None:
            _leave_peer(tx, target.id, follower.peer_id)
    return str(found["state"])


def _leave_peer(tx: Write, target_id: int, peer_id: int) -> None:
    tx.run(
        "UPDATE following_peer SET followers = followers - 1 WHERE target_id = :t AND peer_id = :p",
        t=target_id,
        p=peer_id,
    )
    tx.run(
        "DELETE FROM following_peer WHERE target_id = :t AND peer_id = :p AND followers <= 0",
        t=target_id,
        p=peer_id,
    )


def move_peer(tx: Write, account_id: int, old_peer: int | None, new_peer: int | None) -> None:
    """A follower's inbox changed: whom it follows must hear from us at the new one."""
    if old_peer == new_peer:
        return
    targets = tx.all(
        "SELECT target_id FROM follow WHERE follower_id = :id AND state = 'accepted'", id=account_id
    )
    for row in targets:
        if old_peer is not None:
            _leave_peer(tx, row["target_id"], old_peer)
        if new_peer is not None:
            tx.run(
                """
                INSERT INTO following_peer (target_id, peer_id, followers)
                SELECT id, :peer, 1 FROM account WHERE id = :target AND domain = ''
                ON CONFLICT (target_id, peer_id)
                DO UPDATE SET followers = following_peer.followers + 1
                """,
                peer=new_peer,
                target=row["target_id"],
            )


def followed_among(db: Read, follower_id: int, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who accepted the follower."""
    found = among(
        db,
        """
        SELECT target_id FROM follow
        WHERE follower_id = :me AND state = 'accepted' AND target_id IN (:list)
        """,
        ids,
        me=follower_id,
    )
    return {row["target_id"] for row in found}


def followers(
    db: Read, account_id: int, page: Page, state: str = "accepted", viewer_id: int = 0
) -> list[tuple[int, Account]]:
    """(follow id, who), newest first; without those whom the viewer (0: nobody) is spared."""
    found = rows(
        db,
        page,
        f"""
        SELECT f.id AS of_id, a.* FROM follow f JOIN account a ON a.id = f.follower_id
        WHERE f.target_id = :id AND f.state = :state AND f.id > :lower AND f.id < :upper
          AND a.state = 'active' AND a.id NOT IN ({UNWANTED})
        ORDER BY f.id DESC LIMIT :limit
        """,  # noqa: S608
        id=account_id,
        state=state,
        me=viewer_id,
    )
    return [accounts.keyed(row) for row in found]


def following(
    db: Read, account_id: int, page: Page, viewer_id: int = 0
) -> list[tuple[int, Account]]:
    """(follow id, whom), newest first; without those whom the viewer (0: nobody) is spared."""
    found = rows(
        db,
        page,
        f"""
        SELECT f.id AS of_id, a.* FROM follow f JOIN account a ON a.id = f.target_id
        WHERE f.follower_id = :id AND f.state = 'accepted' AND f.id > :lower AND f.id < :upper
          AND a.state = 'active' AND a.id NOT IN ({UNWANTED})
        ORDER BY f.id DESC LIMIT :limit
        """,  # noqa: S608
        id=account_id,
        me=viewer_id,
    )
    return [accounts.keyed(row) for row in found]


def blocked(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(block id, whom), newest first."""
    found = rows(
        db,
        page,
        """
        SELECT b.id AS of_id, a.* FROM block b JOIN account a ON a.id = b.target_id
        WHERE b.account_id = :id AND b.id > :lower AND b.id < :upper
        ORDER BY b.id DESC LIMIT :limit
        """,
        id=account_id,
    )
    return [accounts.keyed(row) for row in found]


def mute_ends(db: Read, account_id: int, ids: Iterable[int]) -> dict[int, int | None]:
    """Until when each of `ids` is muted that is; None until it is undone."""
    found = among(
        db,
        "SELECT target_id, until_ms FROM mute WHERE account_id = :me AND target_id IN (:list)",
        ids,
        me=account_id,
    )
    return {row["target_id"]: row["until_ms"] for row in found}


def muted(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(mute id, whom), newest first."""
    found = rows(
        db,
        page,
        """
        SELECT m.id AS of_id, a.* FROM mute m JOIN account a ON a.id = m.target_id
        WHERE m.account_id = :id AND m.id > :lower AND m.id < :upper
        ORDER BY m.id DESC LIMIT :limit
        """,
        id=account_id,
    )
    return [accounts.keyed(row) for row in found]


def has_local_follower(db: Read, account_id: int) -> bool:
    """Whether anyone of ours follows this account."""
    return (
        db.one(
            """
            SELECT 1 FROM follow
            WHERE target_id = :id AND local = 1 AND state = 'accepted' LIMIT 1
            """,
            id=account_id,
        )
        is not None
    )


def local_follower_ids(db: Read, account_id: int) -> list[int]:
    """Ours who follow this account."""
    found = db.all(
        "SELECT follower_id FROM follow WHERE target_id = :id AND local = 1 AND state = 'accepted'",
        id=account_id,
    )
    return [row["follower_id"] for row in found]


def local_groups(db: Read, account_id: int) -> list[Account]:
    """The communities of ours that follow this account."""
    found = db.all(
        """
        SELECT a.* FROM community c JOIN account a ON a.id = c.account_id
        JOIN follow f ON f.follower_id = c.account_id AND f.target_id = :id
        WHERE f.state = 'accepted'
        """,
        id=account_id,
    )
    return structs(Account, found)


def partners(db: Read, account_id: int) -> list[tuple[int, int]]:
    """(follower, target) of every follow that this account is part of."""
    found = db.all(
        """
        SELECT follower_id, target_id FROM follow WHERE follower_id = :id
        UNION ALL SELECT follower_id, target_id FROM follow WHERE target_id = :id
        """,
        id=account_id,
    )
    return [(row["follower_id"], row["target_id"]) for row in found]


# --- blocks and mutes


def block(tx: Write, *, id: int, uri: str, account_id: int, target_id: int, now_ms: int) -> bool:
    """True when the block is new."""
    return (
        tx.run(
            """
            INSERT INTO block (account_id, target_id, id, uri, created_ms)
            VALUES (:account, :target, :id, :uri, :now) ON CONFLICT DO NOTHING
            """,
            account=account_id,
            target=target_id,
            id=id,
            uri=uri,
            now=now_ms,
        )
        == 1
    )


def unblock(tx: Write, account_id: int, target_id: int) -> str | None:
    """The id of the Block that ended, or nothing."""
    found = tx.one(
        "DELETE FROM block WHERE account_id = :account AND target_id = :target RETURNING uri",
        account=account_id,
        target=target_id,
    )
    return str(found["uri"]) if found else None


def block_by_uri(db: Read, uri: str) -> Row | None:
    """account_id, target_id of the block whose activity had this id."""
    return db.one("SELECT * FROM block WHERE uri = :uri", uri=uri)


def blocks(db: Read, account_id: int, target_id: int) -> bool:
    """Whether the first blocks the second, or shuts its server out."""
    return (
        db.one(
            """
            SELECT 1 FROM block WHERE account_id = :account AND target_id = :target
            UNION ALL SELECT 1 FROM domain_mute WHERE account_id = :account
              AND domain = (SELECT domain FROM account WHERE id = :target)
            LIMIT 1
            """,
            account=account_id,
            target=target_id,
        )
        is not None
    )


def blockers_among(db: Read, target_id: int, ids: Iterable[int]) -> set[int]:
    """Those of `ids` who block the target, or shut its server out."""
    found = among(
        db,
        """
        SELECT account_id FROM block WHERE target_id = :me AND account_id IN (:list)
        UNION ALL SELECT d.account_id FROM domain_mute d WHERE d.account_id IN (:list)
          AND d.domain = (SELECT domain FROM account WHERE id = :me)
        """,
        ids,
        me=target_id,
    )
    return {row["account_id"] for row in found}


def apart(db: Read, one_id: int, other_id: int) -> bool:
    """Whether either blocks the other, or shuts its server out."""
    return (
        db.one(
            """
            SELECT 1 FROM block WHERE (account_id = :one AND target_id = :other)
               OR (account_id = :other AND target_id = :one)
            UNION ALL SELECT 1 FROM domain_mute WHERE account_id = :one
              AND domain = (SELECT domain FROM account WHERE id = :other)
            UNION ALL SELECT 1 FROM domain_mute WHERE account_id = :other
              AND domain = (SELECT domain FROM account WHERE id = :one)
            LIMIT 1
            """,
            one=one_id,
            other=other_id,
        )
        is not None
    )


def mute(
    tx: Write,
    *,
    id: int,
    account_id: int,
    target_id: int,
    until_ms: int | None,
    notifications: bool,
) -> None:
    """Hide the target from the account, until a time or until undone."""
    tx.run(
        """
        INSERT INTO mute (account_id, target_id, id, until_ms, notifications)
        VALUES (:account, :target, :id, :until, :notifications)
        ON CONFLICT (account_id, target_id)
        DO UPDATE SET until_ms = excluded.until_ms, notifications = excluded.notifications
        """,
        account=account_id,
        target=target_id,
        id=id,
        until=until_ms,
        notifications=int(notifications),
    )


def unmute(tx: Write, account_id: int, target_id: int) -> None:
    """End a mute."""
    tx.run(
        "DELETE FROM mute WHERE account_id = :account AND target_id = :target",
        account=account_id,
        target=target_id,
    )


def end_mutes(tx: Write, now_ms: int) -> int:
    """Forget the mutes whose time is over."""
    return tx.run("DELETE FROM mute WHERE until_ms <= :now", now=now_ms)
