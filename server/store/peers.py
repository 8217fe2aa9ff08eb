"""Peers, the inboxes of other servers: what is promised to them, and keeping the promise."""

from typing import Final

from server.ids import new_id
from server.model import Peer
from server.store.db import Read, Row, Write, structs
from server.store.leases import FUTURE_MS, LEASE_MS, require
from server.store.paging import listed

PEER: Final = "id, host, inbox, scheme, attempts, failing_since_ms, last_error, slow, claimed_by"


def ensure(tx: Write, inbox: str, host: str, now_ms: int) -> int:
    """The peer that receives at `inbox`."""
    found = tx.one("SELECT id FROM peer WHERE inbox = :inbox", inbox=inbox)
    if found is None:
        id = new_id(now_ms)
        tx.run(
            """
            INSERT INTO peer (id, host, inbox, created_ms) VALUES (:id, :host, :inbox, :now)
            ON CONFLICT DO NOTHING
            """,
            id=id,
            host=host,
            inbox=inbox,
            now=now_ms,
        )
        found = tx.one("SELECT id FROM peer WHERE inbox = :inbox", inbox=inbox)
    assert found is not None  # noqa: S101  inserted above
    return int(found["id"])


# --- promising


def insert_outbox(tx: Write, *, id: int, sender_id: int, body: bytes, now_ms: int) -> None:
    """One activity, to be delivered to whoever is added next."""
    tx.run(
        "INSERT INTO outbox (id, sender_id, body, created_ms) VALUES (:id, :sender, :body, :now)",
        id=id,
        sender=sender_id,
        body=body,
        now=now_ms,
    )


_SPEAKS: Final = """
    AND {}EXISTS (SELECT 1 FROM peer e JOIN host h ON h.name = e.host
                  WHERE e.id = following_peer.peer_id AND h.groups_ms IS NOT NULL)
"""
"""Whether a peer understands activities that a group announces. FEP-1b12"""


def last_promised(db: Read) -> int:
    """The id of the activity that was promised last and may still wait."""
    found = db.one("SELECT max(id) AS id FROM outbox")
    return int(found["id"] or 0) if found else 0


def add_followers(
    tx: Write, outbox_id: int, target_id: int, now_ms: int, *, groups: bool | None = None
) -> int:
    """Promise it to every peer where somebody follows `target_id`; how many.

    `groups`: only to those that understand what a group announces, or only to the others.
    """
    which = "" if groups is None else _SPEAKS.format("" if groups else "NOT ")
    added = tx.run(
        f"""
        INSERT INTO delivery (peer_id, outbox_id)
        SELECT peer_id, :outbox FROM following_peer WHERE target_id = :target {which}
        ON CONFLICT DO NOTHING
        """,  # noqa: S608
        outbox=outbox_id,
        target=target_id,
    )
    if added:
        _fall_due(tx, outbox_id, now_ms)
    return added


def add_through(
    tx: Write, outbox_id: int, post_id: int, now_ms: int, *, groups: bool | None = None
) -> int:
    """Promise it to every peer where somebody follows one who boosted the post; how many new.

    `groups` as in `add_followers`.
    """
    which = "" if groups is None else _SPEAKS.format("" if groups else "NOT ")
    added = tx.run(
        f"""
        INSERT INTO delivery (peer_id, outbox_id)
        SELECT DISTINCT peer_id, :outbox
        FROM boost b JOIN following_peer ON target_id = b.account_id
        WHERE b.post_id = :post {which}
        ON CONFLICT DO NOTHING
        """,  # noqa: S608
        outbox=outbox_id,
        post=post_id,
    )
    if added:
        _fall_due(tx, outbox_id, now_ms)
    return added


def add(tx: Write, outbox_id: int, peer_ids: list[int], now_ms: int) -> int:
    """Promise it to these peers too; how many were new."""
    if not peer_ids:
        return 0
    sql, params = listed(
        """
        INSERT INTO delivery (peer_id, outbox_id)
        SELECT id, :outbox FROM peer WHERE id IN (:list) AND gone_ms IS NULL
        ON CONFLICT DO NOTHING
        """,
        peer_ids,
    )
    added = tx.run(sql, outbox=outbox_id, **params)
    if added:
        _fall_due(tx, outbox_id, now_ms)
    return added


def add_all(tx: Write, outbox_id: int, now_ms: int) -> int:
    """Promise it to every peer that is not gone; how many."""
    added = tx.run(
        """
        INSERT INTO delivery (peer_id, outbox_id)
        SELECT id, :outbox FROM peer WHERE gone_ms IS NULL
        ON CONFLICT DO NOTHING
        """,
        outbox=outbox_id,
    )
    if added:
        _fall_due(tx, outbox_id, now_ms)
    return added


def _fall_due(tx: Write, outbox_id: int, now_ms: int) -> None:
    """Make those peers due that are at rest and have this promised to them.

    On PostgreSQL every row is touched: a worker that is just giving the lane back, or giving the
    peer up, waits for this commit, or this waits for it, and neither overlooks what the other did.
    They are taken in the order of their ids: two who promise at once wait, but not for each other.
    """
    promised = "SELECT peer_id FROM delivery WHERE outbox_id = :outbox"
    only = "due_ms IS NULL AND"
    if tx.dialect == "postgresql":
        only = ""
        promised = f"SELECT id FROM peer WHERE id IN ({promised}) ORDER BY id FOR NO KEY UPDATE"  # noqa: S608
    tx.run(
        f"UPDATE peer SET due_ms = coalesce(due_ms, :now) WHERE {only} id IN ({promised})",  # noqa: S608
        now=now_ms,
        outbox=outbox_id,
    )


def remove_outbox(tx: Write, outbox_id: int) -> None:
    """Nobody is to receive it."""
    tx.run("DELETE FROM outbox WHERE id = :id", id=outbox_id)


# --- keeping

_QUICK: Final = "slow = 0"
_SLOW: Final = "slow = 1"
"""Written out, for the planner of either database."""


def held(tx: Write, peer: Peer) -> None:
    """Raise `ClaimLost` unless the lane is still in this worker's hands, until this commits."""
    lock = "FOR UPDATE" if tx.dialect == "postgresql" else ""
    found = tx.one(
        f"SELECT 1 FROM peer WHERE id = :id AND claimed_by = :by {lock}",  # noqa: S608
        id=peer.id,
        by=peer.claimed_by,
    )
    require(found is not None, f"peer {peer.id}")


def claim(tx: Write, now_ms: int, limit: int, by: int = 0) -> list[Peer]:
    """Take up to `limit` peers that are due, each for `LEASE_MS`: those that answer at once.

    `by`: the number of the worker.
    """
    return _claim(tx, _QUICK, now_ms, limit, by)


def claim_slow(tx: Write, now_ms: int, limit: int, by: int = 0) -> list[Peer]:
    """As `claim`, those that were slow or silent the last time."""
    return _claim(tx, _SLOW, now_ms, limit, by)


def _claim(tx: Write, of: str, now_ms: int, limit: int, by: int) -> list[Peer]:
    skip = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    found = tx.all(
        f"""
        UPDATE peer SET claimed_by = :by,
            claimed_until_ms = :now + {LEASE_MS}, due_ms = :now + {LEASE_MS}
        WHERE id IN (SELECT id FROM peer
                     WHERE {of} AND due_ms <= :now AND claimed_until_ms <= :now
                     ORDER BY due_ms LIMIT :limit {skip})
        RETURNING {PEER}
        """,  # noqa: S608
        now=now_ms,
        limit=limit,
        by=by,
    )
    return structs(Peer, found)


def next_due_ms(db: Read) -> int | None:
    """When the next of `claim` wants something; a claimed one does when its lease runs out."""
    return _next_due_ms(db, _QUICK)


def next_slow_ms(db: Read) -> int | None:
    """As `next_due_ms`, of `claim_slow`."""
    return _next_due_ms(db, _SLOW)


def _next_due_ms(db: Read, of: str) -> int | None:
    found = db.one(
        f"SELECT due_ms FROM peer WHERE {of} AND due_ms IS NOT NULL ORDER BY due_ms LIMIT 1"  # noqa: S608
    )
    return int(found["due_ms"]) if found else None


def waiting(db: Read, peer_id: int, limit: int) -> list[Row]:
    """outbox_id, attempts, sender_id, body: what this peer is to receive next, in order."""
    return db.all(
        """
        SELECT d.outbox_id, d.attempts, o.sender_id, o.body
        FROM delivery d JOIN outbox o ON o.id = d.outbox_id
        WHERE d.peer_id = :peer ORDER BY d.outbox_id LIMIT :limit
        """,
        peer=peer_id,
        limit=limit,
    )


def delivered(tx: Write, peer: Peer, outbox_ids: list[int], scheme: str, *, slow: bool) -> None:
    """The peer has them; it is well. Raises `ClaimLost`, as all of these do."""
    held(tx, peer)
    _forget(tx, peer, outbox_ids, scheme, slow=slow)


def _forget(tx: Write, peer: Peer, outbox_ids: list[int], scheme: str, *, slow: bool) -> None:
    sql, params = listed(
        "DELETE FROM delivery WHERE peer_id = :peer AND outbox_id IN (:list)", outbox_ids
    )
    tx.run(sql, peer=peer.id, **params)
    tx.run(
        """
        UPDATE peer SET attempts = 0, failing_since_ms = NULL, last_error = '', scheme = :scheme,
            slow = :slow
        WHERE id = :peer AND (attempts > 0 OR failing_since_ms IS NOT NULL OR last_error <> ''
                              OR scheme <> :scheme OR slow <> :slow)
        """,
        peer=peer.id,
        scheme=scheme,
        slow=int(slow),
    )


def finish(
    tx: Write, peer: Peer, outbox_ids: list[int], *, scheme: str, slow: bool, now_ms: int
) -> None:
    """`delivered`, and the lane is given back: due at once while something waits, else at rest.

    Nearly always, what was sent is all that waited.
    """
    held(tx, peer)  # before anything else is read: who promises something meanwhile waits for us
    if outbox_ids:
        _forget(tx, peer, outbox_ids, scheme, slow=slow)
    tx.run(
        """
        UPDATE peer SET claimed_until_ms = 0,
            due_ms = CASE WHEN EXISTS (SELECT 1 FROM delivery WHERE peer_id = :peer)
                     THEN :now ELSE NULL END
        WHERE id = :peer
        """,
        peer=peer.id,
        now=now_ms,
    )


def extend(tx: Write, peer: Peer, now_ms: int) -> None:
    """Still at work on this lane."""
    changed = tx.run(
        """
        UPDATE peer SET claimed_until_ms = :until, due_ms = :until
        WHERE id = :peer AND claimed_by = :by AND claimed_until_ms > 0 AND due_ms IS NOT NULL
        """,
        peer=peer.id,
        by=peer.claimed_by,
        until=now_ms + LEASE_MS,
    )
    require(changed, f"peer {peer.id}")


def release_all(tx: Write, now_ms: int) -> int:
    """Whoever held claims is gone: what they held is due now."""
    return tx.run(
        "UPDATE peer SET claimed_until_ms = 0, due_ms = :now WHERE claimed_until_ms > :now",
        now=now_ms,
    )


def release_future(tx: Write, now_ms: int) -> int:
    """Claims that no clock can have made which was right are nobody's: the peers are due now."""
    return tx.run(
        """
        UPDATE peer SET claimed_until_ms = 0, due_ms = :now
        WHERE slow IN (0, 1) AND due_ms > :future AND claimed_until_ms > :future
        """,
        now=now_ms,
        future=now_ms + FUTURE_MS,
    )


def clock_back(tx: Write, by_ms: int, now_ms: int) -> int:
    """The clock was put back by so much: what rests is due so much earlier, now at the earliest.

    Claims stay, for whoever works at a lane renews them; so one that was claimed is not touched.
    """
    return tx.run(
        """
        UPDATE peer SET due_ms = CASE WHEN due_ms - :by < :now THEN :now ELSE due_ms - :by END
        WHERE slow IN (0, 1) AND due_ms > :now AND claimed_until_ms = 0
        """,
        by=by_ms,
        now=now_ms,
    )


def stand_back(tx: Write, peer: Peer, due_ms: int) -> None:
    """Let others go first: nothing was tried."""
    held(tx, peer)
    tx.run(
        "UPDATE peer SET claimed_until_ms = 0, due_ms = :due WHERE id = :id",
        id=peer.id,
        due=due_ms,
    )


def rest(
    tx: Write, peer: Peer, *, due_ms: int, failed: bool, slow: bool, error: str, now_ms: int
) -> None:
    """Nothing more for this peer before `due_ms`; `failed` counts toward giving it up."""
    held(tx, peer)
    tx.run(
        """
        UPDATE peer SET claimed_until_ms = 0, due_ms = :due, last_error = :error, slow = :slow,
            attempts = attempts + :failed,
            failing_since_ms = CASE WHEN :failed = 1 THEN coalesce(failing_since_ms, :now)
                               ELSE failing_since_ms END
        WHERE id = :peer
        """,
        peer=peer.id,
        due=due_ms,
        failed=int(failed),
        slow=int(slow),
        error=error[:300],
        now=now_ms,
    )


def _well(tx: Write, peer_id: int) -> None:
    """The peer answered, whatever it said: it does not count as failing."""
    tx.run(
        """
        UPDATE peer SET attempts = 0, failing_since_ms = NULL
        WHERE id = :peer AND (attempts > 0 OR failing_since_ms IS NOT NULL)
        """,
        peer=peer_id,
    )


def count_attempt(tx: Write, peer: Peer, outbox_id: int) -> None:
    """The peer refused this one once more."""
    held(tx, peer)
    _well(tx, peer.id)
    tx.run(
        "UPDATE delivery SET attempts = attempts + 1 WHERE peer_id = :p AND outbox_id = :o",
        p=peer.id,
        o=outbox_id,
    )


def park(tx: Write, peer: Peer, outbox_id: int, reason: str, now_ms: int) -> None:
    """The peer will not take this one: keep it with its reason, out of the way of the others."""
    held(tx, peer)
    _well(tx, peer.id)
    tx.run(
        "DELETE FROM delivery WHERE peer_id = :peer AND outbox_id = :outbox",
        peer=peer.id,
        outbox=outbox_id,
    )
    tx.run(
        """
        INSERT INTO parked_delivery (peer_id, outbox_id, reason, at_ms)
        VALUES (:peer, :outbox, :reason, :now) ON CONFLICT DO NOTHING
        """,
        peer=peer.id,
        outbox=outbox_id,
        reason=reason[:300],
        now=now_ms,
    )


def forget_parked(tx: Write, before_ms: int) -> int:
    """What no peer wanted and no operator sent again."""
    return tx.run("DELETE FROM parked_delivery WHERE at_ms < :before", before=before_ms)


def give_up(tx: Write, peer: Peer, error: str, now_ms: int) -> None:
    """The peer is gone: forget what waits for it and who follows from there.

    A signed message from it brings it back (`reopen`); its people then follow anew.
    """
    held(tx, peer)
    tx.run("DELETE FROM delivery WHERE peer_id = :peer", peer=peer.id)
    tx.run("DELETE FROM following_peer WHERE peer_id = :peer", peer=peer.id)
    tx.run(
        """
        UPDATE peer SET gone_ms = :now, due_ms = NULL, claimed_until_ms = 0, last_error = :error
        WHERE id = :peer
        """,
        peer=peer.id,
        now=now_ms,
        error=error[:300],
    )


def rest_for_good(tx: Write, peer: Peer, error: str, now_ms: int) -> None:
    """Seven days without an answer: drop what waits, keep the followers, keep trying new posts.

    The next post is one row; one failing peer never holds more than what came since.
    """
    held(tx, peer)
    tx.run("DELETE FROM delivery WHERE peer_id = :peer", peer=peer.id)
    tx.run(
        """
        UPDATE peer SET due_ms = NULL, claimed_until_ms = 0, last_error = :error
        WHERE id = :peer
        """,
        peer=peer.id,
        error=error[:300],
    )


def failing(db: Read, host: str) -> bool:
    """Whether any inbox at this host rests because it failed."""
    return (
        db.one(
            """
            SELECT 1 FROM peer WHERE host = :host
              AND (failing_since_ms IS NOT NULL OR gone_ms IS NOT NULL) LIMIT 1
            """,
            host=host,
        )
        is not None
    )


def reopen(tx: Write, host: str, now_ms: int) -> None:
    """The host spoke to us, so it lives: what waits there is due now.

    What this reads grows with who follows from there, not with who follows us in all: many hosts
    come back at once when we were gone ourselves.
    """
    tx.run(
        """
        UPDATE peer SET failing_since_ms = NULL, gone_ms = NULL, attempts = 0, last_error = '',
            due_ms = CASE WHEN due_ms IS NULL OR claimed_until_ms > :now THEN due_ms ELSE :now END
        WHERE host = :host AND (failing_since_ms IS NOT NULL OR gone_ms IS NOT NULL)
        """,
        host=host,
        now=now_ms,
    )
    follow_again(tx, host)


def follow_again(tx: Write, host: str) -> None:
    """Whoever follows from there is followed by it again, after `give_up` has forgotten them."""
    tx.run(
        """
        INSERT INTO following_peer (target_id, peer_id, followers)
        SELECT f.target_id, a.peer_id, count(*) FROM account a
        JOIN follow f ON f.follower_id = a.id
        WHERE a.peer_id IN (SELECT id FROM peer WHERE host = :host) AND f.state = 'accepted'
          AND EXISTS (SELECT 1 FROM account t WHERE t.id = f.target_id AND t.domain = '')
        GROUP BY f.target_id, a.peer_id
        ON CONFLICT DO NOTHING
        """,
        host=host,
    )


def wake_forgotten(tx: Write, now_ms: int) -> int:
    """Peers at rest for which something waits, however that came about, are due now."""
    return tx.run(
        """
        UPDATE peer SET due_ms = :now WHERE due_ms IS NULL AND gone_ms IS NULL
          AND EXISTS (SELECT 1 FROM delivery d WHERE d.peer_id = peer.id)
        """,
        now=now_ms,
    )


def sweep(tx: Write, before_id: int, limit: int = 1000) -> int:
    """Forget activities older than `before_id` that nobody waits for any more."""
    return tx.run(
        """
        DELETE FROM outbox WHERE id IN (
            SELECT id FROM outbox o WHERE id < :before
              AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.outbox_id = o.id)
              AND NOT EXISTS (SELECT 1 FROM parked_delivery k WHERE k.outbox_id = o.id)
            LIMIT :limit)
        """,
        before=before_id,
        limit=limit,
    )
