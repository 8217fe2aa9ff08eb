"""What the oracle reads: in the cities, and in what went over the wire."""

from typing import Any

import msgspec

from server.store.db import Read
from tests.simulation.city import City
from tests.simulation.clock import START_MS


def activity(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any])


def about(body: bytes) -> tuple[str, str]:
    """What kind of activity it is, and which object it concerns in the end."""
    raw = activity(body)
    kind, inner = raw["type"], raw
    while isinstance(inner.get("object"), dict) and inner["type"] not in ("Create", "Update"):
        inner = inner["object"]
    if inner["type"] == "Follow":
        return kind, f"{inner['actor']} {inner['object']}"
    about = inner.get("object", inner.get("id"))
    return kind, about["id"] if isinstance(about, dict) else str(about)


def numbers(city: City) -> dict[str, int]:
    """Each promised activity and its place in the order of the commits."""
    rows = city.disk.read(lambda db: db.all("SELECT n, body FROM temp.promised ORDER BY n"))
    return {activity(row["body"])["id"]: row["n"] for row in rows}


def arrived(db: Read) -> dict[str, int]:
    return {row["uri"]: row["n"] for row in db.all("SELECT n, uri FROM temp.arrived ORDER BY n")}


def made_at_s(db: Read) -> dict[str, float]:
    rows = db.all("SELECT body, created_ms FROM outbox")
    return {activity(row["body"])["id"]: (row["created_ms"] - START_MS) / 1000 for row in rows}


def lanes(db: Read) -> Any:
    return db.all(
        """
        SELECT 'Peer' AS kind, p.id, 'the lane to ' || p.host AS what, p.due_ms, p.claimed_until_ms
        FROM peer p WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.peer_id = p.id)
        UNION ALL SELECT 'Job', j.id, 'a job ' || j.kind, j.due_ms, j.claimed_until_ms FROM job j
        WHERE j.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM job e
            WHERE e.lane = j.lane AND e.id < j.id AND e.state = 'waiting')
        """
    )


def owed(db: Read) -> Any:
    return db.all(
        """
        SELECT p.host, r.body FROM temp.owed o JOIN peer p ON p.id = o.peer_id
        JOIN temp.promised r ON r.n = o.n
        """
    )


def told_twice(db: Read) -> Any:
    return db.all(
        """
        SELECT account_id, kind, from_id, post_id, count(*) AS n FROM notification
        GROUP BY account_id, kind, from_id, post_id, about_id HAVING count(*) > 1
        """
    )


def post(db: Read, uri: str) -> Any:
    return db.one("SELECT content, deleted_ms FROM post WHERE uri = :uri", uri=uri)


def follow(db: Read, follower: str, target: str) -> str:
    row = db.one(
        """
        SELECT f.state FROM follow f JOIN account a ON a.id = f.follower_id
        JOIN account t ON t.id = f.target_id WHERE a.uri = :follower AND t.uri = :target
        """,
        follower=follower,
        target=target,
    )
    return str(row["state"]) if row else ""


def reacted(db: Read, table: str, who: str, uri: str) -> bool:
    sql = f"""
        SELECT 1 FROM {table} r JOIN account a ON a.id = r.account_id
        JOIN post p ON p.id = r.post_id WHERE a.uri = :who AND p.uri = :uri
    """  # noqa: S608
    return db.one(sql, who=who, uri=uri) is not None
