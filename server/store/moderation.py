"""What moderators did, and the people whom they look for."""

from typing import Any, Final

import msgspec

from server.store.db import Read, Row, Write
from server.store.paging import Page, rows

MOST: Final = 200  # people at once

_STATUS: Final = {
    "active": "a.state = 'active'",
    "pending": "m.state = 'pending'",
    "disabled": "m.disabled_ms IS NOT NULL",
    "silenced": "a.limited_ms IS NOT NULL AND a.state = 'active'",
    "suspended": "a.state IN ('suspended', 'blocked')",
    "sensitized": "a.sensitive_ms IS NOT NULL",
}
STATUSES: Final = tuple(_STATUS)


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a moderator looks for; empty is everybody.

    `origin`: local | remote. `status` is one of `STATUSES`. Names by how they begin, `email` and
    `address` (of a sign-up or a session) exactly. `roles`: of our people.
    """

    origin: str = ""
    status: str = ""
    username: str = ""
    display_name: str = ""
    domain: str = ""
    email: str = ""
    address: str = ""
    roles: tuple[str, ...] = ()


def people(db: Read, window: Page, sought: Sought) -> list[int]:
    """The ids of accounts, newest first."""
    conditions, params = _conditions(sought)
    found = rows(
        db,
        window,
        f"""
        SELECT a.id FROM account a LEFT JOIN member m ON m.account_id = a.id
        WHERE a.kind <> 'Application' AND a.state <> 'gone' AND {conditions}
          AND a.id > :lower AND a.id < :upper ORDER BY a.id DESC LIMIT :limit
        """,  # noqa: S608
        MOST,
        **params,
    )
    return [row["id"] for row in found]


def _conditions(sought: Sought) -> tuple[str, dict[str, Any]]:
    """What the rows must be, as SQL, and its parameters."""
    named = {f"role{n}": role for n, role in enumerate(sought.roles)}
    params = {
        "username": _start(sought.username),
        "display_name": _start(sought.display_name),
        "domain": sought.domain,
        "email": sought.email,
        "address": sought.address,
    }
    given = [name for name in params if getattr(sought, name)]
    conditions = [
        *([f"a.domain {'=' if sought.origin == 'local' else '<>'} ''"] if sought.origin else []),
        *([_STATUS[sought.status]] if sought.status else []),
        *(_TYPED[name] for name in given),
        *([f"m.role IN ({', '.join(f':{name}' for name in named)})"] if named else []),
    ]
    return " AND ".join(conditions) or "0 = 0", {**{n: params[n] for n in given}, **named}


_TYPED: Final = {
    "username": r"lower(a.name) LIKE :username ESCAPE '\'",
    "display_name": r"lower(a.display_name) LIKE :display_name ESCAPE '\'",
    "domain": "a.domain = :domain",
    "email": "m.email = :email",
    "address": """(m.address = :address OR EXISTS (
        SELECT 1 FROM session s WHERE s.account_id = m.account_id AND s.address = :address))""",
}


def _start(typed: str) -> str:
    literal = typed.lower()
    for sign in ("\\", "%", "_"):
        literal = literal.replace(sign, f"\\{sign}")
    return f"{literal}%"


# --- what was done


def log(
    tx: Write, *, id: int, moderator_id: int | None, action: str, target: str, created_ms: int
) -> None:
    """Note who did what. `target`: `account:ID`, `report:ID`, `domain:NAME` and such."""
    tx.run(
        """
        INSERT INTO moderation_log (id, moderator_id, action, target, created_ms)
        VALUES (:id, :moderator, :action, :target, :at)
        """,
        id=id,
        moderator=moderator_id,
        action=action,
        target=target,
        at=created_ms,
    )


def history(db: Read, target: str, limit: int) -> list[Row]:
    """id, moderator_id, action, created_ms of what was done to `target`, newest first."""
    return db.all(
        """
        SELECT id, moderator_id, action, created_ms FROM moderation_log WHERE target = :target
        ORDER BY id DESC LIMIT :limit
        """,
        target=target,
        limit=limit,
    )
