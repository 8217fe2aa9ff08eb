"""Who may not join, by their e-mail address or from where they come."""

from collections.abc import Iterable
from typing import Any

import msgspec

from server.store.db import Read, Write
from server.store.paging import Page, among, rows


class EmailRule(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody joins with such an address. `kind`: domain, or canonical (`value` is a SHA-256)."""

    id: int
    kind: str
    value: str
    account_id: int | None
    created_ms: int


class AddressRule(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for those who come from `network`.

    `severity`: sign_up_requires_approval | sign_up_block | no_access.
    """

    id: int
    network: str
    severity: str
    comment: str
    expires_ms: int | None
    created_ms: int


def insert_email(tx: Write, rule: EmailRule) -> bool:
    """False when there is such a rule."""
    changed = tx.run(
        """
        INSERT INTO email_rule (id, kind, value, account_id, created_ms)
        VALUES (:id, :kind, :value, :account_id, :created_ms) ON CONFLICT DO NOTHING
        """,
        **msgspec.structs.asdict(rule),
    )
    return changed == 1


def emails(db: Read, kind: str, window: Page, most: int) -> list[EmailRule]:
    """Of one kind, newest first."""
    found = rows(
        db,
        window,
        """
        SELECT * FROM email_rule WHERE kind = :kind AND id > :lower AND id < :upper
        ORDER BY id DESC LIMIT :limit
        """,
        most,
        kind=kind,
    )
    return [EmailRule(**row) for row in found]


def email(db: Read, kind: str, id: int) -> EmailRule | None:
    """One of a kind."""
    found = db.one("SELECT * FROM email_rule WHERE id = :id AND kind = :kind", id=id, kind=kind)
    return EmailRule(**found) if found else None


def emails_with(db: Read, kind: str, values: Iterable[str]) -> list[EmailRule]:
    """Those of a kind with one of these values."""
    found = among(
        db, "SELECT * FROM email_rule WHERE kind = :kind AND value IN (:list)", values, kind=kind
    )
    return [EmailRule(**row) for row in found]


def count_emails(db: Read) -> int:
    """How many there are."""
    return int(db.all("SELECT count(*) AS n FROM email_rule")[0]["n"])


def remove_email(tx: Write, id: int) -> None:
    """Forget one."""
    tx.run("DELETE FROM email_rule WHERE id = :id", id=id)


def insert_address(tx: Write, rule: AddressRule) -> bool:
    """False when there is a rule about this very network."""
    changed = tx.run(
        """
        INSERT INTO ip_rule (id, network, severity, comment, expires_ms, created_ms)
        VALUES (:id, :network, :severity, :comment, :expires_ms, :created_ms)
        ON CONFLICT DO NOTHING
        """,
        **msgspec.structs.asdict(rule),
    )
    return changed == 1


def addresses(db: Read, window: Page, most: int) -> list[AddressRule]:
    """Newest first, those that are over as well."""
    found = rows(
        db,
        window,
        """
        SELECT * FROM ip_rule WHERE id > :lower AND id < :upper ORDER BY id DESC LIMIT :limit
        """,
        most,
    )
    return [AddressRule(**row) for row in found]


def address(db: Read, id: int) -> AddressRule | None:
    """One."""
    found = db.one("SELECT * FROM ip_rule WHERE id = :id", id=id)
    return AddressRule(**found) if found else None


def address_of(db: Read, network: str) -> AddressRule | None:
    """The one about this very network."""
    found = db.one("SELECT * FROM ip_rule WHERE network = :network", network=network)
    return AddressRule(**found) if found else None


def in_force(db: Read, now_ms: int) -> list[AddressRule]:
    """All that count now."""
    found = db.all(
        "SELECT * FROM ip_rule WHERE expires_ms IS NULL OR expires_ms > :now", now=now_ms
    )
    return [AddressRule(**row) for row in found]


def count_addresses(db: Read) -> int:
    """How many there are."""
    return int(db.all("SELECT count(*) AS n FROM ip_rule")[0]["n"])


def set_address(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of one."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE ip_rule SET {names} WHERE id = :id", id=id, **columns)  # noqa: S608


def remove_address(tx: Write, id: int) -> None:
    """Forget one."""
    tx.run("DELETE FROM ip_rule WHERE id = :id", id=id)


def forget_addresses(tx: Write, before_ms: int) -> int:
    """Those that are over."""
    return tx.run("DELETE FROM ip_rule WHERE expires_ms < :before", before=before_ms)
