"""The hosts of other servers: when they showed themselves, and the moderators' rules about them."""

from collections.abc import Iterable, Sequence
from typing import Any

from server.clock import HOUR_MS
from server.ids import new_id
from server.store.db import Read, Row, Write
from server.store.paging import Page, among, rows


def rules(db: Read) -> list[Row]:
    """domain, action, reason, severity, obfuscate, created_ms and more of each."""
    return db.all("SELECT * FROM domain_rule ORDER BY domain")


def page(db: Read, window: Page, *, allowing: bool, most: int) -> list[Row]:
    """Those that let a domain in, or those that keep it away or quiet, newest first."""
    wanted = "action = 'allow'" if allowing else "action <> 'allow'"
    return rows(
        db,
        window,
        f"""
        SELECT * FROM domain_rule WHERE {wanted} AND id > :lower AND id < :upper
        ORDER BY id DESC LIMIT :limit
        """,  # noqa: S608
        most,
    )


def rule(db: Read, domain: str) -> Row | None:
    """What was decided about exactly this domain."""
    return db.one("SELECT * FROM domain_rule WHERE domain = :domain", domain=domain)


def rule_by_id(db: Read, id: int) -> Row | None:
    """The rule with this id."""
    return db.one("SELECT * FROM domain_rule WHERE id = :id", id=id)


def nearest_rule(db: Read, names: Iterable[str]) -> Row | None:
    """What was decided about a host, or the nearest domain above it: `policy.hosts.above`."""
    found = among(db, "SELECT * FROM domain_rule WHERE domain IN (:list)", names)
    return max(found, key=lambda row: len(row["domain"]), default=None)


def set_rule(
    tx: Write,
    domain: str,
    action: str,
    reason: str,
    now_ms: int,
    **columns: Any,  # noqa: ANN401
) -> None:
    """Block, limit or allow a domain and everything below it; `columns` are the others."""
    known = {"domain": domain, "action": action, "reason": reason, **columns}
    names, params = ", ".join(known), ", ".join(f":{name}" for name in known)
    changed = ", ".join(f"{name} = excluded.{name}" for name in known if name != "domain")
    tx.run(
        f"""
        INSERT INTO domain_rule ({names}, id, created_ms) VALUES ({params}, :id, :now)
        ON CONFLICT (domain) DO UPDATE SET {changed}
        """,  # noqa: S608
        id=new_id(now_ms),
        now=now_ms,
        **known,
    )


def remove_rule(tx: Write, domain: str) -> bool:
    """True when there was one."""
    return tx.run("DELETE FROM domain_rule WHERE domain = :domain", domain=domain) == 1


def see(tx: Write, name: str, now_ms: int) -> None:
    """A host showed itself; when first, when last (to the hour)."""
    tx.run(
        """
        INSERT INTO host (name, first_seen_ms, last_seen_ms) VALUES (:name, :now, :now)
        ON CONFLICT (name) DO UPDATE SET last_seen_ms = excluded.last_seen_ms
        WHERE host.last_seen_ms < :hour_ago
        """,
        name=name,
        now=now_ms,
        hour_ago=now_ms - HOUR_MS,
    )


def speaks_groups(tx: Write, name: str, now_ms: int) -> None:
    """A host showed that it understands what groups announce. FEP-1b12"""
    tx.run(
        """
        INSERT INTO host (name, first_seen_ms, last_seen_ms, groups_ms)
        VALUES (:name, :now, :now, :now)
        ON CONFLICT (name) DO UPDATE SET groups_ms = excluded.groups_ms
        WHERE host.groups_ms IS NULL
        """,
        name=name,
        now=now_ms,
    )


def runs(tx: Write, name: str, software: str, now_ms: int) -> None:
    """A host showed which software it runs, as far as that matters to what it is sent."""
    tx.run(
        """
        INSERT INTO host (name, software, first_seen_ms, last_seen_ms)
        VALUES (:name, :software, :now, :now)
        ON CONFLICT (name) DO UPDATE SET software = excluded.software
        WHERE host.software <> excluded.software
        """,
        name=name,
        software=software,
        now=now_ms,
    )


def peers_with(db: Read, software: str, target_ids: Sequence[int]) -> list[int]:
    """The peers with this software where somebody follows one of these accounts."""
    found = among(
        db,
        """
        SELECT DISTINCT p.id FROM following_peer f JOIN peer p ON p.id = f.peer_id
        JOIN host h ON h.name = p.host
        WHERE f.target_id IN (:list) AND h.software = :software
        """,
        target_ids,
        software=software,
    )
    return [int(row["id"]) for row in found]


def latest(db: Read, limit: int) -> list[Row]:
    """name and people (accounts that we know there) of the hosts that showed themselves last."""
    return db.all(
        """
        SELECT h.name, (SELECT count(*) FROM account a WHERE a.domain = h.name) AS people
        FROM (SELECT name FROM host ORDER BY last_seen_ms DESC LIMIT :limit) AS h ORDER BY h.name
        """,
        limit=limit,
    )


def names(db: Read) -> list[str]:
    """Every host that ever showed itself."""
    return [str(row["name"]) for row in db.all("SELECT name FROM host ORDER BY name")]


def count(db: Read) -> int:
    """How many hosts ever showed themselves."""
    return int(db.all("SELECT count(*) AS n FROM host")[0]["n"])


def sender(db: Read, name: str) -> Row | None:
    """first_seen_ms, last_seen_ms, and whether any inbox there is `failing`."""
    return db.one(
        """
        SELECT first_seen_ms, last_seen_ms, EXISTS (
            SELECT 1 FROM peer WHERE host = :name
              AND (failing_since_ms IS NOT NULL OR gone_ms IS NOT NULL)) AS failing
        FROM host WHERE name = :name
        """,
        name=name,
    )
