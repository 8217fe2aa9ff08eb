"""The hosts of other servers: when they showed themselves, and the moderators' rules about them."""

from server.clock import HOUR_MS
from server.store.db import Read, Row, Write


def rules(db: Read) -> list[Row]:
    """domain, action, reason, severity, obfuscate, created_ms and more of each."""
    return db.all("SELECT * FROM domain_rule ORDER BY domain")


def set_rule(tx: Write, domain: str, action: str, reason: str, now_ms: int) -> None:
    """Block or allow a domain and everything below it."""
    tx.run(
        """
        INSERT INTO domain_rule (domain, action, reason, created_ms)
        VALUES (:domain, :action, :reason, :now)
        ON CONFLICT (domain) DO UPDATE SET action = excluded.action, reason = excluded.reason
        """,
        domain=domain,
        action=action,
        reason=reason,
        now=now_ms,
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
