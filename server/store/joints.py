"""Which groups of other servers a board of ours follows, and which of them follow it."""

from server.model import Account
from server.store.db import Read, Row, structs


def followed(db: Read, community_id: int, limit: int) -> list[tuple[Account, str, bool]]:
    """(group, state of the follow, whether it follows back), the first one first."""
    found = db.all(
        """
        SELECT f.state AS of_state, b.id AS of_back, a.* FROM follow f
        JOIN account a ON a.id = f.target_id
        LEFT JOIN follow b ON b.follower_id = a.id AND b.target_id = :id AND b.state = 'accepted'
        WHERE f.follower_id = :id AND a.state = 'active' ORDER BY f.id LIMIT :limit
        """,
        id=community_id,
        limit=limit,
    )
    return [_joint(row) for row in found]


def following(db: Read, community_id: int, limit: int) -> list[Account]:
    """Groups of other servers that follow it and that it does not follow, the latest first."""
    found = db.all(
        """
        SELECT a.* FROM follow f JOIN account a ON a.id = f.follower_id
        WHERE f.target_id = :id AND f.state = 'accepted' AND a.kind = 'Group' AND a.domain <> ''
          AND a.state = 'active' AND NOT EXISTS (SELECT 1 FROM follow b
            WHERE b.follower_id = :id AND b.target_id = a.id)
        ORDER BY f.id DESC LIMIT :limit
        """,
        id=community_id,
        limit=limit,
    )
    return structs(Account, found)


def _joint(row: Row) -> tuple[Account, str, bool]:
    columns = dict(row)
    state, back = str(columns.pop("of_state")), columns.pop("of_back")
    return Account(**columns), state, back is not None
