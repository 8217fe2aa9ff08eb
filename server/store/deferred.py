"""What a community of ours passes on later: of each thing the last state alone."""

from server.store.db import Read, Row, Write


def put(
    tx: Write,
    *,
    about: str,
    community_id: int,
    actor_id: int,
    post_id: int | None,
    kind: str,
    body: bytes,
    due_ms: int,
    domain: str = "",
) -> None:
    """Keep it for later, in place of what waited about the same thing.

    `domain`: of whose server it comes, empty for ours.
    """
    tx.run(
        """
        INSERT INTO deferred (about, community_id, actor_id, post_id, kind, body, due_ms, domain)
        VALUES (:about, :community, :actor, :post, :kind, :body, :due, :domain)
        ON CONFLICT (about) DO UPDATE SET community_id = excluded.community_id,
            actor_id = excluded.actor_id, post_id = excluded.post_id, kind = excluded.kind,
            body = excluded.body, domain = excluded.domain
        """,
        about=about,
        community=community_id,
        actor=actor_id,
        post=post_id,
        kind=kind,
        body=body,
        due=due_ms,
        domain=domain,
    )


def waits(db: Read, about: str) -> bool:
    """Whether something waits about this."""
    return db.one("SELECT 1 FROM deferred WHERE about = :about", about=about) is not None


def waiting(db: Read, actor_id: int, community_id: int, limit: int) -> int:
    """How much of somebody waits in one community, counted up to `limit`."""
    found = db.one(
        """
        SELECT COUNT(*) AS n FROM (
            SELECT 1 FROM deferred WHERE actor_id = :actor AND community_id = :community
            LIMIT :limit) AS few
        """,
        actor=actor_id,
        community=community_id,
        limit=limit,
    )
    return int(found["n"]) if found else 0


def waiting_of(db: Read, domain: str, limit: int) -> int:
    """How much waits of everybody of one domain, counted up to `limit`."""
    found = db.one(
        """
        SELECT COUNT(*) AS n FROM (
            SELECT 1 FROM deferred WHERE domain = :domain LIMIT :limit) AS few
        """,
        domain=domain,
        limit=limit,
    )
    return int(found["n"]) if found else 0


def planned(db: Read) -> int:
    """How much waits in all."""
    found = db.one("SELECT count(*) AS n FROM deferred")
    return int(found["n"]) if found else 0


def next_due_ms(db: Read) -> int | None:
    """When the next one is to be passed on."""
    found = db.one("SELECT due_ms FROM deferred WHERE due_ms > 0 ORDER BY due_ms LIMIT 1")
    return int(found["due_ms"]) if found else None


def first_due(db: Read, now_ms: int) -> Row | None:
    """about, community_id, actor_id, post_id, kind, body of what is due first."""
    return db.one("SELECT * FROM deferred WHERE due_ms <= :now ORDER BY due_ms LIMIT 1", now=now_ms)


def put_off(tx: Write, about: str, due_ms: int) -> None:
    """Pass it on at `due_ms`."""
    tx.run("UPDATE deferred SET due_ms = :due WHERE about = :about", due=due_ms, about=about)


def forget(tx: Write, about: str) -> bool:
    """Nothing about this waits any more. False where nothing did."""
    return tx.run("DELETE FROM deferred WHERE about = :about", about=about) == 1


def withdraw(tx: Write, actor_id: int) -> None:
    """Somebody is gone, and what waited of them."""
    tx.run("DELETE FROM deferred WHERE actor_id = :actor", actor=actor_id)
