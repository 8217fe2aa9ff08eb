"""What an instance has after a fault, compared with what was acknowledged. I1, I2, I5."""

from pathlib import Path

from server.clock import DAY_MS, now_ms
from server.files import Folder
from server.store import media
from server.store.db import Database, Read
from server.worker.housekeeping import sweep_files
from tests.faults.traffic import FOLLOWERS, Traffic
from tests.faults.world import Instance

_KEYS = """
    SELECT c.conname AS name, c.convalidated AS valid,
        CAST(CAST(c.conrelid AS regclass) AS text) AS source,
        CAST(CAST(c.confrelid AS regclass) AS text) AS target,
        (SELECT string_agg('s.' || a.attname || ' = t.' || b.attname, ' AND ')
         FROM unnest(c.conkey, c.confkey) AS k (here, there)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.there) AS same,
        (SELECT string_agg('s.' || a.attname || ' IS NOT NULL', ' AND ')
         FROM unnest(c.conkey) AS k (here)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here) AS given
    FROM pg_constraint c WHERE c.contype = 'f'
"""


async def examine(instance: Instance, traffic: Traffic) -> None:
    """Everything that can be known once it has stopped."""
    db = await Database.open(instance.url)
    try:
        await db.read(whole)
        await db.read(kept, traffic)
        await _files_agree(db, instance.folder / "media")
    finally:
        await db.close()
    assert "Traceback" not in instance.log(), instance.log()


def whole(db: Read) -> None:
    """The database is undamaged, and every reference leads somewhere."""
    if db.dialect == "sqlite":
        assert [tuple(row) for row in db.all("PRAGMA integrity_check")] == [("ok",)]
        assert db.all("PRAGMA foreign_key_check") == []
        return
    keys = db.all(_KEYS)
    assert keys
    for key in keys:
        assert key["valid"], key["name"]
        sql = (
            f"SELECT count(*) AS n FROM {key['source']} s WHERE {key['given']}"
            f" AND NOT EXISTS (SELECT 1 FROM {key['target']} t WHERE {key['same']})"
        )
        assert db.all(sql)[0]["n"] == 0, key["name"]


def kept(db: Read, traffic: Traffic) -> None:
    """The rows are exactly what was said and acknowledged."""
    ledger, peer = traffic.ledger, traffic.peer
    strangers = {activity["object"]["id"] for activity in peer.said if activity["type"] == "Create"}
    have = [row["uri"] for row in db.all("SELECT uri FROM post WHERE local = 0")]
    assert sorted(have) == sorted(strangers)
    ours = db.all("SELECT uri, content, deleted_ms FROM post WHERE local = 1")
    assert sorted(row["uri"] for row in ours) == sorted(ledger.versions)
    for row in ours:
        assert (row["deleted_ms"] is not None) == (row["uri"] in ledger.deleted)
        if ledger.versions[row["uri"]] and row["deleted_ms"] is None:
            assert "edited" in row["content"]
    post = db.one("SELECT replies, likes, boosts FROM post WHERE uri = :uri", uri=traffic.first)
    assert post is not None
    assert (post["likes"], post["boosts"]) == (len(peer.people), len(peer.people))
    assert post["replies"] == len(strangers)
    ann = db.one(
        "SELECT followers_count, posts_count FROM account WHERE domain = '' AND name = 'ann'"
    )
    assert ann is not None
    assert ann["followers_count"] == FOLLOWERS
    assert ann["posts_count"] == len(ledger.versions) - len(ledger.deleted)
    notified = db.one("SELECT count(*) AS n FROM notification WHERE kind = 'favourite'")
    assert notified is not None and notified["n"] == len(peer.people)
    # the search index is worked up later, from notes of its own; threads are looked at again
    for table in ("job WHERE kind NOT IN ('index', 'walk')", "delivery", "parked_delivery"):
        assert db.all(f"SELECT * FROM {table}") == [], table


async def _files_agree(db: Database, folder: Path) -> None:
    """Each row has its files; and after the sweep of another day each file has its row."""
    store, named = Folder(folder), await db.read(media.files)
    for name in named:
        assert await store.size(name), f"{name} is named and not there"
    await sweep_files(db, store, now_ms() + 2 * DAY_MS)
    assert {file.name async for file in store.files()} == named
