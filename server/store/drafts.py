"""Forms not yet sent."""

from server.model import Draft
from server.store.db import Read, Write


def put(tx: Write, draft: Draft) -> None:
    """Store a draft, or what it says now."""
    tx.run(
        """
        INSERT INTO draft (id, account_id, body, updated_ms) VALUES (:id, :account, :body, :now)
        ON CONFLICT (id) DO UPDATE SET body = excluded.body, updated_ms = excluded.updated_ms
        WHERE draft.account_id = excluded.account_id
        """,
        id=draft.id,
        account=draft.account_id,
        body=draft.body,
        now=draft.updated_ms,
    )


def of_account(db: Read, account_id: int) -> list[Draft]:
    """An account's drafts, last changed first."""
    found = db.all(
        "SELECT * FROM draft WHERE account_id = :account ORDER BY updated_ms DESC LIMIT 100",
        account=account_id,
    )
    return [Draft(**row) for row in found]


def count(db: Read, account_id: int) -> int:
    """How many drafts an account has."""
    found = db.one("SELECT count(*) AS n FROM draft WHERE account_id = :id", id=account_id)
    return int(found["n"]) if found else 0


def by_id(db: Read, account_id: int, id: int) -> Draft | None:
    """One of the account's drafts."""
    found = db.one(
        "SELECT * FROM draft WHERE id = :id AND account_id = :account", id=id, account=account_id
    )
    return Draft(**found) if found else None


def remove(tx: Write, account_id: int, id: int) -> None:
    """Forget one."""
    tx.run("DELETE FROM draft WHERE id = :id AND account_id = :account", id=id, account=account_id)


def remove_holding(tx: Write, account_id: int, text: str) -> None:
    """Forget those of the account's drafts that have `text` in them."""
    tx.run(
        "DELETE FROM draft WHERE account_id = :account AND body LIKE :text ESCAPE '\\'",
        account=account_id,
        text="%" + text.replace("_", "\\_").replace("%", "\\%") + "%",
    )


def remove_of(tx: Write, account_id: int) -> None:
    """Forget all of an account's drafts."""
    tx.run("DELETE FROM draft WHERE account_id = :account", account=account_id)
