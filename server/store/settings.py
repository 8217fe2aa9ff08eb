"""What the instance remembers about itself, by name."""

from server.store.db import Read, Write


def value(db: Read, name: str) -> str | None:
    """What is remembered under this name, or nothing."""
    found = db.one("SELECT value FROM setting WHERE name = :name", name=name)
    return str(found["value"]) if found else None


def locked(tx: Write, name: str) -> str | None:
    """As `value`; nobody else changes it before this commits."""
    lock = "FOR UPDATE" if tx.dialect == "postgresql" else ""
    found = tx.one(f"SELECT value FROM setting WHERE name = :name {lock}", name=name)  # noqa: S608
    return str(found["value"]) if found else None


def settle(tx: Write, name: str, value: str) -> str:
    """Remember this unless something is remembered already; what is."""
    tx.run(
        "INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING",
        name=name,
        value=value,
    )
    found = tx.one("SELECT value FROM setting WHERE name = :name", name=name)
    return str(found["value"]) if found else value


def remember(tx: Write, name: str, value: str) -> None:
    """From now on this is remembered under this name."""
    tx.run(
        """
        INSERT INTO setting (name, value) VALUES (:name, :value)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """,
        name=name,
        value=value,
    )
