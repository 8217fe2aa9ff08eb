"""Pings that came of late: those whose page is still to be read, and those that are remembered."""

from typing import Final

import msgspec

from server.store.db import Read, Write, record


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says that the page `source` links to our `target`: the story `post_id`.

    `kind`: webmention | trackback. `state`: waiting | done. `host` is that of `source`, `domain`
    its registered domain, `network` where it was sent from.
    """

    id: int
    post_id: int
    source: str
    target: str
    host: str
    domain: str
    network: str
    kind: str
    excerpt: str = ""
    state: str = "waiting"
    tries: int = 0
    due_ms: int | None = None
    came_ms: int


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Ping))

_COUNTED: Final = {
    "network": "network = :key AND came_ms > :since",
    "host": "host = :key AND came_ms > :since",
    "domain": "domain = :key AND came_ms > :since",
    "post_id": "post_id = :key AND state = 'waiting'",
    "all": "state = 'waiting'",
}
"""Each is the condition of an index."""


def by_id(db: Read, id: int) -> Ping | None:
    """The one with this id."""
    found = db.one("SELECT * FROM ping WHERE id = :id", id=id)
    return Ping(**record(found)) if found else None


def by_source(db: Read, post_id: int, source: str) -> Ping | None:
    """That of this page to this story."""
    found = db.one(
        "SELECT * FROM ping WHERE post_id = :post AND source = :source",
        post=post_id,
        source=source,
    )
    return Ping(**record(found)) if found else None


def insert(tx: Write, ping: Ping) -> None:
    """Remember a new one."""
    tx.run(
        f"INSERT INTO ping ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})",  # noqa: S608
        **msgspec.structs.asdict(ping),
    )


def wait(tx: Write, id: int, due_ms: int | None, tries: int) -> None:
    """Its page is to be read, at `due_ms` or by a job that was promised."""
    tx.run(
        "UPDATE ping SET state = 'waiting', due_ms = :due, tries = :tries WHERE id = :id",
        id=id,
        due=due_ms,
        tries=tries,
    )


def come_again(tx: Write, id: int, target: str, excerpt: str, now_ms: int) -> None:
    """It was sent once more."""
    tx.run(
        "UPDATE ping SET target = :target, excerpt = :excerpt, came_ms = :now WHERE id = :id",
        id=id,
        target=target,
        excerpt=excerpt,
        now=now_ms,
    )


def done(tx: Write, id: int) -> None:
    """Its page was read, or will not be."""
    tx.run("UPDATE ping SET state = 'done', due_ms = NULL WHERE id = :id", id=id)


def stop(tx: Write, post_id: int) -> None:
    """No page that is said to link to this story is read any more."""
    tx.run(
        "UPDATE ping SET state = 'done', due_ms = NULL WHERE post_id = :post AND state = 'waiting'",
        post=post_id,
    )


def count(db: Read, what: str, key: str | int, since_ms: int, most: int) -> int:
    """How many there are of a network, host or domain since then, or wait; at most `most`."""
    found = db.one(
        f"""
        SELECT count(*) AS n FROM (SELECT 1 FROM ping WHERE {_COUNTED[what]} LIMIT :most) AS few
        """,  # noqa: S608
        key=key,
        since=since_ms,
        most=most,
    )
    return int(found["n"]) if found else 0


def next_due_ms(db: Read) -> int | None:
    """When the next page is to be read again."""
    found = db.one("SELECT due_ms FROM ping WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1")
    return int(found["due_ms"]) if found else None


def planned(db: Read) -> int:
    """How many pages are to be read again, now or later."""
    found = db.one("SELECT count(*) AS n FROM ping WHERE due_ms > 0")
    return int(found["n"]) if found else 0


def first_due(db: Read, now_ms: int) -> Ping | None:
    """What is due first."""
    found = db.one("SELECT * FROM ping WHERE due_ms <= :now ORDER BY due_ms LIMIT 1", now=now_ms)
    return Ping(**record(found)) if found else None


def forget(tx: Write, before_ms: int) -> None:
    """Forget those that came before."""
    tx.run("DELETE FROM ping WHERE came_ms < :before", before=before_ms)
