"""From whom people want to hear, and what waits because of it."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.store.db import Read, Row, Write
from server.store.notifications import SHOWN
from server.store.paging import Page, among, rows

MOST_COUNTED: Final = 100
MAX_ABOVE: Final = 100  # posts of a thread that are looked at for who spoke first


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to what comes from each sort of account: accept | filter | drop.

    The defaults are those of the table, for people who have chosen nothing.
    """

    for_not_following: str = "accept"
    for_not_followers: str = "accept"
    for_new_accounts: str = "accept"
    for_private_mentions: str = "accept"
    for_limited_accounts: str = "filter"
    for_bots: str = "accept"


DEFAULT: Final = Policy()
COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Policy))


class Stance(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody stands to whom they may be told of.

    `silenced`: they want to hear nothing of this sender, or of this thread. `allowed`: the sender
    was accepted once. `followed_ms`: since when the sender follows them.
    """

    silenced: bool
    allowed: bool
    following: bool
    followed_ms: int | None
    visibility: str
    answers_id: int | None
    policy: Policy


def stance(
    db: Read, account_id: int, from_id: int, *, domain: str, post_id: int | None, now_ms: int
) -> Stance:
    """All that decides whether `account_id` is told of `from_id`, in one statement."""
    found = db.one(
        f"""
        SELECT EXISTS (SELECT 1 FROM block WHERE account_id = :account AND target_id = :from)
            OR EXISTS (SELECT 1 FROM mute WHERE account_id = :account AND target_id = :from
                       AND notifications = 1 AND (until_ms IS NULL OR until_ms > :now))
            OR EXISTS (SELECT 1 FROM thread_mute t WHERE t.account_id = :account
                       AND t.thread_id = p.thread_id) AS silenced,
            EXISTS (SELECT 1 FROM domain_mute WHERE account_id = :account AND domain = :domain)
                AS domain_silenced,
            EXISTS (SELECT 1 FROM notification_permission WHERE account_id = :account
                    AND from_id = :from AND allowed = 1) AS allowed,
            EXISTS (SELECT 1 FROM follow WHERE follower_id = :account AND target_id = :from)
                AS following,
            (SELECT created_ms FROM follow WHERE follower_id = :from AND target_id = :account
                AND state = 'accepted') AS followed_ms,
            p.visibility, p.reply_to_id, {", ".join(f"y.{name}" for name in COLUMNS)}
        FROM (SELECT 1) AS h1 LEFT JOIN post p ON p.id = CAST(:post AS BIGINT)
        LEFT JOIN notification_policy y ON y.account_id = :account
        """,  # noqa: S608
        **{
            "account": account_id,
            "from": from_id,
            "domain": domain,
            "post": post_id,
            "now": now_ms,
        },
    )
    assert found is not None  # noqa: S101  it joins to a row that is always there
    chosen = {name: found[name] for name in COLUMNS if found[name] is not None}
    following = bool(found["following"])
    return Stance(
        silenced=bool(found["silenced"] or (found["domain_silenced"] and not following)),
        allowed=bool(found["allowed"]),
        following=following,
        followed_ms=found["followed_ms"],
        visibility=found["visibility"] or "",
        answers_id=found["reply_to_id"],
        policy=Policy(**chosen) if chosen else DEFAULT,
    )


def spoke_first(db: Read, account_id: int, to_id: int, answers_id: int) -> bool:
    """Whether the account named `to_id` in a direct post that is answered here, or further up."""
    found = db.one(
        """
        WITH RECURSIVE above (id, reply_to_id, author_id, visibility, depth) AS (
            SELECT id, reply_to_id, author_id, visibility, 1 FROM post WHERE id = :answers
            UNION ALL
            SELECT p.id, p.reply_to_id, p.author_id, p.visibility, above.depth + 1
            FROM above JOIN post p ON p.id = above.reply_to_id WHERE above.depth < :most
        )
        SELECT 1 FROM above JOIN mention m ON m.post_id = above.id AND m.account_id = :to
        WHERE above.author_id = :account AND above.visibility = 'direct' LIMIT 1
        """,
        answers=answers_id,
        account=account_id,
        to=to_id,
        most=MAX_ABOVE,
    )
    return found is not None


def policy(db: Read, account_id: int) -> Policy:
    """What somebody chose, or the defaults."""
    found = db.one(
        f"SELECT {', '.join(COLUMNS)} FROM notification_policy WHERE account_id = :account",  # noqa: S608
        account=account_id,
    )
    return Policy(**found) if found else DEFAULT


def set_policy(tx: Write, account_id: int, chosen: Policy) -> None:
    """Remember what somebody chose."""
    names = ", ".join(COLUMNS)
    values = ", ".join(f":{name}" for name in COLUMNS)
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    tx.run(
        f"""
        INSERT INTO notification_policy (account_id, {names}) VALUES (:account, {values})
        ON CONFLICT (account_id) DO UPDATE SET {changes}
        """,  # noqa: S608
        account=account_id,
        **msgspec.structs.asdict(chosen),
    )


# --- what waits


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What waits of one sender: its first notification names it. `post_id`: the latest post."""

    id: int
    from_id: int
    many: int
    created_ms: int
    updated_ms: int
    post_id: int | None


_WAITING: Final = f"""
    SELECT min(n.id) AS id, n.from_id, count(*) AS many, min(n.created_ms) AS created_ms,
        max(n.created_ms) AS updated_ms, max(n.post_id) AS post_id
    FROM notification n JOIN account a ON a.id = n.from_id
    WHERE {SHOWN} AND n.filtered = 1
"""  # noqa: S608


def _request(row: Row) -> Request:
    return Request(**row)


def requests(db: Read, account_id: int, window: Page) -> list[Request]:
    """What waits, by sender; who came last stands first."""
    found = rows(
        db,
        window,
        f"""
        {_WAITING} GROUP BY n.from_id HAVING min(n.id) > :lower AND min(n.id) < :upper
        ORDER BY min(n.id) DESC LIMIT :limit
        """,
        account=account_id,
    )
    return [_request(row) for row in found]


def waiting(db: Read, account_id: int) -> tuple[int, int]:
    """(from how many, how many), each at most `MOST_COUNTED`."""
    found = db.one(
        f"""
        SELECT count(*) AS people, coalesce(sum(many), 0) AS notices
        FROM ({_WAITING} GROUP BY n.from_id LIMIT :most) AS few
        """,  # noqa: S608
        account=account_id,
        most=MOST_COUNTED,
    )
    return (found["people"], min(found["notices"], MOST_COUNTED)) if found else (0, 0)


def senders(db: Read, account_id: int, request_ids: Iterable[int]) -> dict[int, int]:
    """Of whom the requests with these ids are; those that are none are left out."""
    found = among(
        db,
        """
        SELECT id, from_id FROM notification
        WHERE id IN (:list) AND account_id = :account AND filtered = 1
        """,
        request_ids,
        account=account_id,
    )
    return {row["id"]: row["from_id"] for row in found}


def request_of(db: Read, account_id: int, from_id: int) -> Request | None:
    """What waits of one sender."""
    found = db.one(
        f"{_WAITING} AND n.from_id = :from GROUP BY n.from_id",
        **{"account": account_id, "from": from_id},
    )
    return _request(found) if found else None


def allow(tx: Write, account_id: int, from_id: int) -> None:
    """Nothing of this sender is filtered from now on."""
    tx.run(
        """
        INSERT INTO notification_permission (account_id, from_id, allowed)
        VALUES (:account, :from, 1) ON CONFLICT (account_id, from_id) DO UPDATE SET allowed = 1
        """,
        **{"account": account_id, "from": from_id},
    )


def let_in(tx: Write, account_id: int, from_id: int) -> list[int]:
    """What waited of this sender waits no longer; the posts that it was about."""
    who: dict[str, Any] = {"account": account_id, "from": from_id}
    found = tx.all(
        """
        SELECT DISTINCT post_id FROM notification
        WHERE account_id = :account AND from_id = :from AND filtered = 1 AND post_id IS NOT NULL
        ORDER BY post_id
        """,
        **who,
    )
    tx.run(
        """
        UPDATE notification SET filtered = 0
        WHERE account_id = :account AND from_id = :from AND filtered = 1
        """,
        **who,
    )
    return [row["post_id"] for row in found]


def turn_away(tx: Write, account_id: int, from_id: int) -> None:
    """Forget what waited of this sender."""
    tx.run(
        """
        DELETE FROM notification
        WHERE account_id = :account AND from_id = :from AND filtered = 1
        """,
        **{"account": account_id, "from": from_id},
    )


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends: what it chose goes with it."""
    tx.run("DELETE FROM notification_policy WHERE account_id = :account", account=account_id)
    tx.run("DELETE FROM notification_permission WHERE account_id = :account", account=account_id)
