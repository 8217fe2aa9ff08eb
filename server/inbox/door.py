"""From an authentic activity to its effect, exactly once. ADR 0002.

What needs nothing from the network has its effect in the commit that acknowledges it. What needs
more becomes a job in that commit, and every later activity of the same actor waits behind it.
"""

import logging
from typing import Final

import msgspec

from federation.errors import FederationError, NotAuthentic, NotPermitted
from federation.inbox import Authentic
from federation.origin import host
from federation.vocab import Activity
from server.clock import HOUR_MS, MINUTE_MS
from server.errors import AppError, Crowded
from server.inbox.context import Arrival
from server.inbox.documents import Documents, Need
from server.inbox.table import handler_for
from server.model import Account, Job, Site
from server.policy import chain
from server.policy.hosts import registered_domain
from server.services import strangers
from server.store import accounts, activities, hosts, jobs, peers
from server.store.db import Database, DatabaseError, Write

log = logging.getLogger(__name__)

MAX_OF_ACTOR: Final = 2_000  # activities that wait for an earlier one of their actor
MAX_BYTES_OF_ACTOR: Final = 16 * 1024 * 1024
MAX_OF_DOMAIN: Final = 8_000
MAX_BYTES_OF_DOMAIN: Final = 64 * 1024 * 1024
RETRY_MS: Final = MINUTE_MS


class Behind(Exception):  # noqa: N818  no error: wait your turn
    """Earlier activities of this actor are not done yet."""


async def take(db: Database, site: Site, authentic: Authentic, now_ms: int) -> None:
    """Make the activity durable, with its effect if nothing has to be fetched for it.

    Raises `FederationError`, `Crowded` (nothing is kept) and `DatabaseError`.
    """
    try:
        await db.write(receive, site, authentic, now_ms)
    except (Need, Behind):
        await db.write(promise, authentic, now_ms)
    except (FederationError, DatabaseError):
        raise
    except Exception:  # ours, not theirs: keep it, the worker parks it with its traceback
        log.exception("could not apply activity %r", authentic.activity.id)
        await db.write(promise, authentic, now_ms)


def receive(tx: Write, site: Site, authentic: Authentic, now_ms: int) -> None:
    """The memory that it happened, and the effect, all or none. Raises `Need`, `Behind`."""
    activity = authentic.activity
    actor = arrive(tx, authentic, now_ms)
    if actor is None:
        return
    if jobs.lane_waits(tx, activity.actor):
        raise Behind
    apply(tx, Arrival(site, activity, actor, Documents(), now_ms))


def promise(tx: Write, authentic: Authentic, now_ms: int) -> None:
    """The memory that it arrived, and a job for its effect."""
    activity = authentic.activity
    if arrive(tx, authentic, now_ms) is not None:
        body = msgspec.json.encode({**activity.raw, "id": activity.id})
        domain = registered_domain(host(activity.actor))
        _require_room(tx, domain, activity.actor)
        jobs.enqueue(tx, "receive", activity.actor, body, now_ms, domain=domain)


def _require_room(tx: Write, domain: str, lane: str) -> None:
    """Nobody makes us write down without end what we can do nothing about yet. Raises `Crowded`."""
    of_one = jobs.waiting_of(tx, domain, lane, most=MAX_OF_ACTOR)
    of_all = jobs.waiting_of(tx, domain, most=MAX_OF_DOMAIN)
    if of_one.jobs >= MAX_OF_ACTOR or of_one.bytes >= MAX_BYTES_OF_ACTOR:
        raise Crowded("Too much of this actor waits here.", retry_after_ms=RETRY_MS)
    if of_all.jobs >= MAX_OF_DOMAIN or of_all.bytes >= MAX_BYTES_OF_DOMAIN:
        raise Crowded("Too much of this server waits here.", retry_after_ms=RETRY_MS)


def arrive(tx: Write, authentic: Authentic, now_ms: int) -> Account | None:
    """Remember that it came, and that its host lives; who sent it.

    None when it came before or is not to be heard. Raises `NotAuthentic`.
    """
    activity = authentic.activity
    if authentic.actor is not None:
        strangers.keep_actor(tx, authentic.actor, now_ms)
    actor = accounts.by_uri(tx, activity.actor)
    if actor is None:
        raise NotAuthentic("owner: unknown")
    age_ms = _greet(tx, host(activity.actor), now_ms)  # it lives, even if it repeats itself
    if not activities.record(tx, activity.id, now_ms):
        return None
    if actor.state != "active":
        return None
    refused = chain.judge(activity, chain.Peer(host(activity.actor), age_ms))
    if refused is not None:
        log.info("dropped %s: %s", activity.id, refused.reason)
        return None
    return actor


def _greet(tx: Write, name: str, now_ms: int) -> int:
    """A signed message proves that the host lives; since when we know it, in milliseconds."""
    known = hosts.sender(tx, name)
    if known["failing"] if known else peers.failing(tx, name):
        peers.reopen(tx, name, now_ms)
    if known is None or known["last_seen_ms"] < now_ms - HOUR_MS:
        hosts.see(tx, name, now_ms)
    return now_ms - int(known["first_seen_ms"]) if known else 0


def apply(tx: Write, arrival: Arrival) -> None:
    """The effect. Raises `Need` for a document, `FederationError` for what cannot have one."""
    handle = handler_for(arrival.activity)
    if handle is None:
        return
    try:
        handle(tx, arrival)
    except AppError as error:
        raise NotPermitted(str(error)) from error


def apply_job(
    tx: Write, site: Site, job: Job, activity: Activity, documents: Documents, now_ms: int
) -> None:
    """The effect, and the end of the job, all or none. Raises `Need`, `ClaimLost`."""
    jobs.complete(tx, job, now_ms)
    actor = accounts.by_uri(tx, activity.actor)
    if actor is not None and actor.state == "active":
        apply(tx, Arrival(site, activity, actor, documents, now_ms))
