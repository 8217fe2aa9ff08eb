"""People whom somebody may want to know: friends of friends, the popular, the directory."""

from typing import Final, Literal

from server.model import Account
from server.store.conditions import UNWANTED
from server.store.db import Read, Write, structs

FRIENDS: Final = 200  # whose follows are looked at: the newest
LOOKED_AT: Final = 20_000  # follows of all of them
RANKED: Final = 300
DISMISSED: Final = 1000

_SPARED: Final = f"""
    a.id NOT IN ({UNWANTED})
    AND a.domain NOT IN (SELECT domain FROM domain_mute WHERE account_id = :me)
"""  # noqa: S608
_FOR: Final = f"""
    a.state = 'active' AND a.discoverable = 1 AND a.limited_ms IS NULL AND a.moved_to IS NULL
    AND a.kind <> 'Application' AND a.id <> :me AND {_SPARED}
    AND NOT EXISTS (SELECT 1 FROM follow o WHERE o.follower_id = :me AND o.target_id = a.id)
    AND NOT EXISTS (SELECT 1 FROM dismissed_suggestion d
                    WHERE d.account_id = :me AND d.target_id = a.id)
"""  # noqa: S608


def friends_of_friends(db: Read, viewer_id: int, limit: int) -> list[Account]:
    """Whom most of those follow whom the viewer follows, and who let their follows be seen."""
    found = db.all(
        f"""
        SELECT a.* FROM (
            SELECT target_id, count(*) AS friends FROM (
                SELECT g.target_id FROM (
                    SELECT f.target_id FROM follow f JOIN account b ON b.id = f.target_id
                    WHERE f.follower_id = :me AND f.state = 'accepted' AND b.hide_collections = 0
                    ORDER BY f.id DESC LIMIT {FRIENDS}) AS few
                JOIN follow g ON g.follower_id = few.target_id AND g.state = 'accepted'
                LIMIT {LOOKED_AT}) AS latest
            GROUP BY target_id ORDER BY friends DESC, target_id LIMIT {RANKED}) AS above
        JOIN account a ON a.id = above.target_id
        WHERE {_FOR} ORDER BY above.friends DESC, a.followers_count DESC, a.id LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        limit=limit,
    )
    return structs(Account, found)


def popular(db: Read, viewer_id: int, limit: int) -> list[Account]:
    """Ours who have the most followers."""
    found = db.all(
        f"""
        SELECT a.* FROM account a WHERE a.domain = '' AND a.followers_count > 0 AND {_FOR}
        ORDER BY a.followers_count DESC, a.id LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        limit=limit,
    )
    return structs(Account, found)


def directory(
    db: Read,
    viewer_id: int,
    *,
    order: Literal["active", "new"],
    local: bool,
    offset: int,
    limit: int,
) -> list[Account]:
    """Who wants to be found: those who wrote last come first, or those who came last."""
    by = "a.last_post_ms" if order == "active" else "a.id"
    found = db.all(
        f"""
        SELECT a.* FROM account a
        WHERE {"a.domain = '' AND" if local else ""} {by} > 0 AND a.last_post_ms IS NOT NULL
          AND a.discoverable = 1 AND a.limited_ms IS NULL AND a.state = 'active'
          AND a.moved_to IS NULL AND a.kind <> 'Application' AND {_SPARED}
        ORDER BY {by} DESC LIMIT :limit OFFSET :offset
        """,  # noqa: S608
        me=viewer_id,
        limit=limit,
        offset=offset,
    )
    return structs(Account, found)


def dismiss(tx: Write, account_id: int, target_id: int) -> None:
    """Suggest the target to the account no more; of the first `DISMISSED` that is remembered."""
    tx.run(
        """
        INSERT INTO dismissed_suggestion (account_id, target_id)
        SELECT CAST(:account AS BIGINT), id FROM account WHERE id = :target AND :most > (
            SELECT count(*) FROM dismissed_suggestion WHERE account_id = :account)
        ON CONFLICT DO NOTHING
        """,
        account=account_id,
        target=target_id,
        most=DISMISSED,
    )


def familiar(db: Read, viewer_id: int, account_id: int, limit: int) -> list[Account]:
    """Whom the viewer follows and who follow this account, where neither hides that."""
    found = db.all(
        """
        SELECT a.* FROM follow g
        JOIN follow f ON f.follower_id = :me AND f.target_id = g.follower_id
          AND f.state = 'accepted'
        JOIN account a ON a.id = g.follower_id
        WHERE g.target_id = :target AND g.state = 'accepted' AND a.state = 'active'
          AND a.hide_collections = 0 AND a.id <> :me
          AND NOT EXISTS (SELECT 1 FROM account t WHERE t.id = g.target_id
                          AND (t.hide_collections = 1 OR t.state <> 'active'))
        ORDER BY f.id DESC LIMIT :limit
        """,
        target=account_id,
        me=viewer_id,
        limit=limit,
    )
    return structs(Account, found)
