"""For whoever runs the instance: is it alive, is it ready, what is it doing."""

import ipaddress
import types
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from server.clock import MINUTE_MS
from server.config import VERSION
from server.errors import NotFound
from server.ids import created_ms
from server.services import (
    books,
    contexts,
    deferring,
    exports,
    imports,
    indexing,
    linking,
    media,
    pings,
)
from server.store import deferred, jobs, queue, remote_pictures, scheduled, search_index, walks
from server.store import linking as linking_store
from server.store import pings as ping_store
from server.store.db import DatabaseError, Read
from server.worker.jobs import KINDS
from web.kept import Lately
from web.keys import ADDRESS, CONFIG, DB, HUB, NOW, STORE_WATCH, WORKER

routes = web.RouteTableDef()

disable_created_metrics()  # type: ignore[no-untyped-call]  # ours would name the time of asking

PUSHED: Final = ("taken", "ended", "refused", "put_off", "given_up")
FILMED: Final = ("made", "failed", "put_off")
PLANNED: Final = types.MappingProxyType(
    {
        contexts.JOB: walks.planned,
        pings.JOB: ping_store.planned,
        linking.JOB: linking_store.planned,
        indexing.JOB: search_index.planned,
        deferring.TELL: deferred.planned,
    }
)
"""What has a clock of its own, and becomes a job, or is told, when it is due."""
NONE_WAIT: Final = types.MappingProxyType(
    dict.fromkeys((*KINDS, "push", media.JOB, imports.JOB, exports.JOB, books.JOB, *PLANNED), 0)
)
"""Kinds of jobs of which a number is there at all times, so that a curve has no holes."""
COUNTED_MS: Final = 10_000
"""So old may be what was counted: of a million rows it takes a tenth of a second of one reader."""
PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"


class Depths(msgspec.Struct, frozen=True):
    """What waits, what is parked, how many peers rest, what strangers' pictures take.

    `jobs` and `oldest_s`, seconds since the first was promised, and `planned`: by kind. `states`:
    by queue and state, how many and seconds since the first.
    """

    deliveries: int
    parked: int
    resting: int
    remote_bytes: int
    late: int
    jobs: dict[str, int]
    oldest_s: dict[str, float]
    planned: dict[str, int]
    states: dict[tuple[str, str], tuple[int, float]]


DEPTHS: web.AppKey[Lately[Depths]] = web.AppKey("DEPTHS")


@routes.get("/healthz")
async def alive(request: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """The process can serve: its database answers."""
    try:
        await request.app[DB].read(jobs.next_due_ms)
    except DatabaseError:
        return web.Response(status=503, text="the database does not answer\n")
    return web.Response(text="ready\n")


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """As `/readyz`, in the words of docs.joinmastodon.org/methods/health."""
    try:
        await request.app[DB].read(jobs.next_due_ms)
    except DatabaseError:
        return web.json_response({"status": "DOWN"}, status=503)
    return web.json_response({"status": "UP"})


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format, for trusted addresses alone."""
    trusted = request.app[CONFIG].server.trusted_proxies
    if not _trusted(request[ADDRESS], trusted):
        raise NotFound("There is nothing at this address.")
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    info = Gauge("madang_info", "The running version.", ["version"], registry=registry)
    info.labels(VERSION).set(1)
    streams = Gauge(
        "madang_live_streams", "Pages and apps that listen for news.", registry=registry
    )
    streams.set(request.app[HUB].listening)
    answers = Gauge("madang_database_up", "Whether the database answers.", registry=registry)
    try:
        _gauges(await _counted(request.app), registry)
        answers.set(1)
    except DatabaseError:
        answers.set(0)
    stores = Gauge("madang_store_up", "Whether files can be stored.", registry=registry)
    stores.set(request.app[STORE_WATCH].up)
    _counters(request, registry)
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": PLAIN, "Cache-Control": "no-store"}
    )


async def _counted(app: web.Application) -> Depths:
    """What waits, counted on a reader's thread, once for all who ask meanwhile.

    Raises `DatabaseError` while the database is away, whatever was counted before.
    """
    db, now_ms = app[DB], app[NOW]()
    await db.read(jobs.next_due_ms)
    return await app[DEPTHS].get(now_ms, lambda: db.read(_depths, now_ms))


def _gauges(depths: Depths, registry: CollectorRegistry) -> None:
    gauges = {
        "madang_deliveries_waiting": ("Activities that wait for a peer.", depths.deliveries),
        "madang_deliveries_parked": ("Activities that a peer refused.", depths.parked),
        "madang_peers_resting": ("Peers that do not answer.", depths.resting),
        "madang_scheduled_late": ("Posts a minute or more past their time.", depths.late),
        "madang_remote_pictures_bytes": (
            "What kept pictures of other servers take.",
            depths.remote_bytes,
        ),
    }
    for name, (text, value) in gauges.items():
        Gauge(name, text, registry=registry).set(value)
    _states(depths, registry)
    by_kind: dict[str, tuple[str, Mapping[str, float]]] = {
        "madang_jobs_waiting": ("Jobs that are not done.", depths.jobs),
        "madang_job_oldest_seconds": ("Since the first was promised.", depths.oldest_s),
        "madang_planned": ("What becomes a job when it is due.", depths.planned),
    }
    for name, (text, values) in by_kind.items():
        gauge = Gauge(name, text, ["kind"], registry=registry)
        for kind, number in values.items():
            gauge.labels(kind).set(number)


def _states(depths: Depths, registry: CollectorRegistry) -> None:
    labels = ["queue", "state"]
    many = Gauge("madang_queue", "What is promised, by its state.", labels, registry=registry)
    oldest = Gauge("madang_queue_oldest_seconds", "Since the first.", labels, registry=registry)
    for (queue_name, state), (number, seconds) in depths.states.items():
        many.labels(queue_name, state).set(number)
        oldest.labels(queue_name, state).set(seconds)


def _counters(request: web.Request, registry: CollectorRegistry) -> None:
    worker = request.app.get(WORKER)
    if worker is None:
        return
    counts = {
        "madang_delivered": ("Activities that peers took.", worker.delivered),
        "madang_delivery_failures": ("Answers other than yes.", worker.failed),
        "madang_jobs_done": ("Jobs that were done.", worker.done),
    }
    for name, (text, value) in counts.items():
        Counter(name, text, registry=registry).inc(value)
    results = {
        "madang_pushes": ("Pushes to apps, by how they ended.", PUSHED, worker.pushes),
        "madang_films": ("Films and sounds, by how they ended.", FILMED, worker.films),
    }
    for name, (text, possible, counted) in results.items():
        counter = Counter(name, text, ["result"], registry=registry)
        for result in possible:
            counter.labels(result).inc(counted.get(result, 0))


def _depths(db: Read, now_ms: int) -> Depths:
    kinds, rows = jobs.kinds(db), queue.states(db)
    many = {(row["queue"], row["state"]): int(row["n"]) for row in rows}
    return Depths(
        deliveries=many["deliveries", "waiting"] + many["deliveries", "resting"],
        parked=many["deliveries", "parked"],
        resting=queue.failing(db),
        remote_bytes=remote_pictures.total(db),
        late=scheduled.count_due(db, now_ms - MINUTE_MS),
        jobs={**NONE_WAIT, **{kind["kind"]: kind["n"] for kind in kinds}},
        oldest_s={
            **NONE_WAIT,
            **{kind["kind"]: _age_s(kind["first_id"], now_ms) for kind in kinds},
        },
        planned={kind: count(db) for kind, count in PLANNED.items()},
        states={
            (row["queue"], row["state"]): (int(row["n"]), _age_s(row["first_id"], now_ms))
            for row in rows
        },
    )


def _age_s(id: int | None, now_ms: int) -> float:
    return 0 if id is None else max(0, now_ms - created_ms(id)) / 1000


def _trusted(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or any(
        found in ipaddress.ip_network(network, strict=False) for network in networks
    )
