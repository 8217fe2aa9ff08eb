"""For whoever runs the instance: is it alive, is it ready, what is it doing."""

import ipaddress
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

from server.config import VERSION
from server.errors import NotFound
from server.store import jobs, queue, remote_pictures
from server.store.db import DatabaseError, Read
from web.keys import ADDRESS, CONFIG, DB, HUB, WORKER

routes = web.RouteTableDef()

disable_created_metrics()  # type: ignore[no-untyped-call]  # ours would name the time of asking

PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"


class Depths(msgspec.Struct, frozen=True):
    """What waits, what is parked, how many peers rest, what strangers' pictures take."""

    deliveries: int
    parked: int
    resting: int
    jobs: int
    remote_bytes: int


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
    streams = Gauge("madang_live_streams", "Pages that listen for news.", registry=registry)
    streams.set(request.app[HUB].listening)
    answers = Gauge("madang_database_up", "Whether the database answers.", registry=registry)
    try:
        _gauges(await request.app[DB].read(_depths), registry)
        answers.set(1)
    except DatabaseError:
        answers.set(0)
    _counters(request, registry)
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": PLAIN, "Cache-Control": "no-store"}
    )


def _gauges(depths: Depths, registry: CollectorRegistry) -> None:
    gauges = {
        "madang_deliveries_waiting": ("Activities that wait for a peer.", depths.deliveries),
        "madang_deliveries_parked": ("Activities that a peer refused.", depths.parked),
        "madang_peers_resting": ("Peers that do not answer.", depths.resting),
        "madang_jobs_waiting": ("Jobs that are not done.", depths.jobs),
        "madang_remote_pictures_bytes": (
            "What kept pictures of other servers take.",
            depths.remote_bytes,
        ),
    }
    for name, (text, value) in gauges.items():
        Gauge(name, text, registry=registry).set(value)


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


def _depths(db: Read) -> Depths:
    row = queue.depth(db)
    return Depths(
        row["waiting"], row["parked"], row["resting"], jobs.waiting(db), remote_pictures.total(db)
    )


def _trusted(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or any(
        found in ipaddress.ip_network(network, strict=False) for network in networks
    )
