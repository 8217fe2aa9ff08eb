"""`madang queue`: what waits for each peer, what is parked and why; `retry` and `drop`."""

import argparse
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from server.clock import MINUTE_MS, now_ms
from server.ids import created_ms
from server.store import deferred, jobs, peers, queue, scheduled
from server.store.db import Database, Read, Row, Write
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, many, say_data

NAMED: Final = 10
"""So many servers are named where one is not known."""


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Nothing shows; `retry [HOST]` and `drop HOST` act."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=command(show))
    actions = parser.add_subparsers(metavar="[retry|drop]")
    retry = actions.add_parser("retry", parents=[common], help="try again now, also what is parked")
    retry.add_argument(
        "host", nargs="?", default="", metavar="HOST", help="else every one, and jobs that failed"
    )
    retry.set_defaults(run=command(try_again))
    drop = actions.add_parser("drop", parents=[common], help="forget what waits and what is parked")
    drop.add_argument("host", nargs="?", default="", metavar="HOST", help="or --all")
    drop.add_argument("--all", action="store_true", help="for every host, and parked jobs")
    drop.set_defaults(run=command(forget))


async def show(options: argparse.Namespace) -> None:
    """Print the whole queue."""
    async with database(loaded(options)) as db:
        data = await db.read(_state)
    say_data(options, data, _lines(data))


async def try_again(options: argparse.Namespace) -> None:
    """Make everything that waits or is parked due now."""
    async with database(loaded(options)) as db:
        await _require(db, options.host)
        deliveries, work, put_off = await db.write(_retry, options.host.lower(), now_ms())
    more = f", and {many(put_off, 'job')} that failed before" if put_off else ""
    print(f"{_parked_things(deliveries, work)}{more} will be tried again.")


async def forget(options: argparse.Namespace) -> None:
    """Forget what waits or is parked."""
    if bool(options.host) == options.all:
        raise Failure("Name the HOST whose queue to drop, or say --all.")
    async with database(loaded(options)) as db:
        await _require(db, options.host)
        deliveries, work = await db.write(_drop, options.host.lower())
    print(f"Dropped: {many(deliveries, 'delivery')} and {many(work, 'parked job')}.")


async def _require(db: Database, host: str) -> None:
    """Raise `Failure` for a host to which nothing was ever to be sent."""
    if not host or await db.read(queue.knows, host.lower()):
        return
    known = await db.read(queue.hosts)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    there = f"it has {', '.join(known[:NAMED])}{more}" if known else "it is empty"
    raise Failure(f"The queue knows no server {host}; {there}.")


def _parked_things(deliveries: int, work: int) -> str:
    return f"{many(deliveries, 'parked delivery')} and {many(work, 'parked job')}"


def _retry(tx: Write, host: str, now_ms: int) -> tuple[int, int, int]:
    deliveries = queue.retry(tx, host, now_ms)
    if host:
        return deliveries, 0, 0
    put_off = jobs.retry_put_off(tx, now_ms)
    return deliveries, jobs.retry_parked(tx, now_ms), put_off


def _drop(tx: Write, host: str) -> tuple[int, int]:
    return queue.drop(tx, host), 0 if host else jobs.drop_parked(tx)


def _state(db: Read) -> dict[str, Any]:
    return {
        "peers": [_peer(row) for row in queue.lanes(db)],
        "peers_given_up": [_gone(row) for row in queue.gone(db)],
        "parked_deliveries": [_parked(row) for row in queue.parked(db)],
        "jobs_waiting": jobs.waiting(db),
        "jobs": [_kind(db, row) for row in jobs.by_kind(db)],
        "nobody_takes_it_since": _moment(_overdue(db)),
        "told_later": deferred.planned(db),
        "told_next": _moment(deferred.next_due_ms(db)),
        "scheduled_late": scheduled.count_due(db, now_ms() - MINUTE_MS),
        "parked_jobs": [dict(row) for row in jobs.parked(db)],
    }


def _peer(row: Row) -> dict[str, Any]:
    return {
        "host": row["host"],
        "inbox": row["inbox"],
        "waiting": row["waiting"],
        "parked": row["parked"],
        "attempts": row["attempts"],
        "next_try": _moment(row["due_ms"]),
        "failing_since": _moment(row["failing_since_ms"]),
        "last_error": row["last_error"],
    }


def _overdue(db: Read) -> int | None:
    """Since when something is due that nobody has taken up; None where that is a minute at most."""
    looks = (jobs.next_due_ms, jobs.next_film_ms, jobs.next_push_ms)
    due = [look(db) for look in (*looks, peers.next_due_ms, peers.next_slow_ms)]
    first = min((one for one in due if one is not None), default=None)
    return first if first is not None and first < now_ms() - MINUTE_MS else None


def _gone(row: Row) -> dict[str, Any]:
    return {
        "host": row["host"],
        "inbox": row["inbox"],
        "followers": row["followers"],
        "since": _moment(row["gone_ms"]),
        "last_error": row["last_error"],
    }


def _kind(db: Read, row: Row) -> dict[str, Any]:
    due_ms = row["due_ms"]
    return {
        "kind": row["kind"],
        "waiting": row["n"],
        "since": _moment(created_ms(row["first_id"])),
        "attempts": row["attempts"],
        "next_try": None if due_ms >= jobs.BEHIND_MS else _moment(due_ms),
        "last_error": jobs.last_error(db, row["kind"]),
    }


def _parked(row: Row) -> dict[str, Any]:
    activity = msgspec.json.decode(bytes(row["body"]))
    return {
        "host": row["host"],
        "activity": activity.get("id", ""),
        "type": activity.get("type", ""),
        "reason": row["reason"],
        "at": _moment(row["at_ms"]),
    }


def _moment(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(data: dict[str, Any]) -> list[str]:
    lines = [_peer_line(peer) for peer in data["peers"]]
    lines += [_gone_line(peer) for peer in data["peers_given_up"]]
    lines += [
        f"parked   {one['type']} {one['activity']} for {one['host']}: {one['reason']}"
        for one in data["parked_deliveries"]
    ]
    lines += [
        f"parked   job {one['id']} ({one['kind']}): {_last_line(one['last_error'])}"
        for one in data["parked_jobs"]
    ]
    lines += [_kind_line(one) for one in data["jobs"]]
    if data["nobody_takes_it_since"]:
        lines.append(f"due since {data['nobody_takes_it_since']}; does a worker run?")
    if data["told_later"]:
        what = many(data["told_later"], "deed")
        lines.append(
            f"later    {what} in communities, more than are told in an hour; "
            f"next {data['told_next']}"
        )
    if data["scheduled_late"]:
        late = many(data["scheduled_late"], "scheduled post")
        lines.append(f"late: {late}; does a worker run?")
    return lines or ["Nothing waits."]


def _kind_line(one: dict[str, Any]) -> str:
    line = f"{one['kind']:<8} {one['waiting']} waiting here since {one['since']}"
    if one["last_error"]:
        line += f", next try {one['next_try']}: {_last_line(one['last_error'])}"
    return line


def _peer_line(peer: dict[str, Any]) -> str:
    line = f"{peer['host']}  {peer['waiting']} waiting, {peer['parked']} parked"
    if peer["failing_since"]:
        line += f"; failing since {peer['failing_since']}"
    if peer["next_try"] and peer["last_error"]:
        return f"{line}; next try {peer['next_try']}: {peer['last_error']}"
    return f"{line}: {peer['last_error']}" if peer["failing_since"] else line


def _gone_line(peer: dict[str, Any]) -> str:
    return (
        f"{peer['host']}  given up on {peer['since']}: {peer['last_error']}; "
        f"{many(peer['followers'], 'follow')} from there; until we hear from it, or "
        f"`madang queue retry {peer['host']}`"
    )


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no reason was noted"
