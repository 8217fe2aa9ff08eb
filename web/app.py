"""The composition root: the only place where parts meet."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractResolver
from markupsafe import Markup

from federation import webpush
from federation.http import Client
from server import ids
from server import keyring as keys
from server.clock import DAY_MS, MINUTE_MS, now_ms
from server.config import VERSION, Config, ConfigError, MediaAt, site
from server.configured_files import store_of
from server.fetch import Fetcher
from server.films import Films, Limits
from server.keyring import Keyring
from server.media import Pictures
from server.pinging import Pinger
from server.remote_pictures import RemotePictures
from server.replies import Refreshes
from server.services import accounts
from server.store import order
from server.store.db import Database
from server.store.migrate import migrate
from server.store_watch import StoreWatch
from server.walking import Walker
from server.worker.making import Making
from server.worker.pushes import Pushes
from server.worker.worker import Worker
from web import (
    activitypub,
    actor_lists,
    api,
    book_dress,
    brand,
    feeds,
    headers,
    i18n,
    inbox,
    media,
    operations,
    pages,
    pings,
    present,
    wellknown,
)
from web.callers import Callers
from web.claims import CLAIMS, Claims
from web.crowds import CROWDS, Crowds
from web.fences import FENCES, Fences
from web.filtering import FILTERING, Filtering
from web.kept import Lately, Pages, Parts
from web.keys import (
    ADDRESSES,
    BRAND,
    BUCKETS,
    CALLERS,
    CARD_BUCKETS,
    CARDS,
    CLIENT,
    CONFIG,
    DB,
    FACTS,
    FETCHER,
    FILMS,
    HUB,
    KEYRING,
    LOOKS,
    NOW,
    PARTS,
    PICTURES,
    PUSH_KEY,
    RATES,
    REFRESHES,
    REMOTE_PICTURES,
    REVOKED,
    SITE,
    SPOOL,
    STORE_WATCH,
    TOLD,
    TRENDS,
    VAPID_KEY,
    VAULT,
    VISITED,
    WALKER,
    WORKER,
)
from web.limits import Buckets
from web.live import Hub
from web.middleware import MIDDLEWARES
from web.pictures import Addresses
from web.rates import Rates
from web.senders import SENDERS, Senders
from web.shelf import Shelf
from web.spool import Spool

MAX_BODY_BYTES = 1024 * 1024  # uploads are streamed and have a cap of their own


def create_app(
    config: Config,
    *,
    resolver: AbstractResolver | None = None,
    clock: Callable[[], int] = now_ms,
    work: bool = True,
) -> web.Application:
    """An application ready to run. Tests choose how names resolve and what time it is."""
    app = web.Application(
        middlewares=(*MIDDLEWARES, activitypub.negotiate), client_max_size=MAX_BODY_BYTES
    )
    app[CONFIG] = config
    app[SITE] = site(config)
    app[NOW] = clock
    app[BUCKETS] = Buckets()
    app[RATES] = Rates(config.server.app_requests)
    app[CALLERS] = Callers()
    app[REVOKED] = []
    app[FENCES] = Fences(clock)
    app[CROWDS] = Crowds()
    app[CLAIMS] = Claims()
    app[SENDERS] = Senders(config.federation.peer_activities)
    i18n.require(config.instance.languages)
    app[PARTS] = Parts()
    app[VISITED] = Pages()
    app[FACTS] = Lately(MINUTE_MS)
    app[TRENDS] = Lately(5 * MINUTE_MS)
    app[operations.DEPTHS] = Lately(operations.COUNTED_MS)
    app[FILTERING] = Filtering()
    app[BRAND] = brand.load(config.instance)
    app.cleanup_ctx.append(stores)
    app.cleanup_ctx.append(store_watch)
    app.cleanup_ctx.append(hub)
    app.on_shutdown.append(end_streams)
    app.cleanup_ctx.append(drawings)
    app.cleanup_ctx.append(partial(network, resolver=resolver))
    if work:
        app.cleanup_ctx.append(worker)
    api.prepare(app)
    pages.prepare()
    add_routes(app)
    app.on_response_prepare.append(headers.guard)
    return app


def add_routes(app: web.Application) -> None:
    """Say which address leads where: that is the same in every instance."""
    for part in (wellknown, inbox, activitypub, actor_lists, feeds, media, pings, operations):
        app.add_routes(part.routes)
    api.add_routes(app)
    pages.add_routes(app)


async def stores(app: web.Application) -> AsyncIterator[None]:
    """Open database, pictures and keys; the instance actor is made on the first start."""
    config = app[CONFIG]
    app[DB] = db = await Database.open(config.database.url)
    db.on_commit(app[VISITED].forget)
    try:
        await migrate(db)
        # of a clock that was wrong by days there is nothing to go on from
        ids.go_on_after(await db.read(order.newest_id, ids.first_id(app[NOW]() + DAY_MS)))
        if (other := await db.write(accounts.settle_domain, app[SITE])) is not None:
            raise ConfigError(
                f"instance.domain is {app[SITE].domain}, but this database belongs to {other}; "
                f'it can never change: set instance.domain = "{other}", or another database.url.'
            )
        app[VAULT] = await keys.own_vault(db, config.secrets.file)
        if await db.read(accounts.instance_actor) is None:
            made = await asyncio.to_thread(keys.make, app[VAULT])
            await db.write(accounts.ensure_instance_actor, app[SITE], made, app[NOW]())
        app[PICTURES] = pictures = Pictures(store_of(config.media))
        await pictures.open()
        app[FILMS] = films = films_of(config.media, pictures)
        app[SPOOL] = Spool(
            pictures.store.scratch, config.media.upload_bytes if films.available else 0
        )
        app[KEYRING] = Keyring(db, app[VAULT])
        app[PUSH_KEY] = key = await keys.own_push_key(db, app[VAULT])
        app[VAPID_KEY] = webpush.public_text(key)
        app[ADDRESSES] = Addresses(
            app[SITE], app[VAULT], films=films.available and config.media.remote_film_bytes > 0
        )
        app[SITE] = msgspec.structs.replace(
            app[SITE], remote=app[ADDRESSES].absolute, unseal=app[VAULT].open
        )
        yield
        await pictures.close()
    finally:
        await db.close()


def films_of(at: MediaAt, pictures: Pictures) -> Films:
    """What makes films and sounds anew, within what the operator allows."""
    limits = Limits(at.upload_bytes, at.film_seconds, at.sound_seconds)
    return Films(pictures.store.scratch, limits, at.ffmpeg)


async def store_watch(app: web.Application) -> AsyncIterator[None]:
    """Say when pictures and films cannot be stored, until shutdown."""
    app[STORE_WATCH] = watch = StoreWatch(app[PICTURES].store)
    looking = asyncio.create_task(watch.run())
    yield
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


async def hub(app: web.Application) -> AsyncIterator[None]:
    """Tell open pages what is new until shutdown."""
    app[HUB] = listened = Hub(app[DB], app[NOW])
    app[REVOKED].append(listened.end)
    listened.carry = partial(api.carry, app)
    looking = asyncio.create_task(listened.run())
    yield
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


async def end_streams(app: web.Application) -> None:
    """A shutdown waits for answers in flight; these would never end by themselves."""
    if HUB in app:
        await app[HUB].close()


async def drawings(app: web.Application) -> AsyncIterator[None]:
    """What is slow to make: cards for links to us, the city's own pictures; a few of each."""
    app[CARD_BUCKETS] = Buckets()
    app[CARDS] = cards = Shelf[bytes](most=64, waiting=8)
    app[LOOKS] = looks = Shelf[bytes](most=8, waiting=8)
    app[TOLD] = told = Shelf[Markup](most=16, waiting=16)
    yield
    for shelf in (cards, looks, told):
        await shelf.close()


async def network(
    app: web.Application, *, resolver: AbstractResolver | None
) -> AsyncIterator[None]:
    """One client for everything we say to other servers."""
    federation, here = app[CONFIG].federation, app[SITE]
    app[CLIENT] = client = Client(
        user_agent=f"Madang/{VERSION} (+{here.origin}/)",
        now_ms=app[NOW],
        allowed=federation.allowed_addresses,
        allow_http=federation.allow_http,
        ca_file=federation.ca_file,
        resolver=resolver,
    )
    await client.open()
    app[FETCHER] = Fetcher(
        app[DB],
        client,
        app[KEYRING],
        here,
        federation.mode,
        app[NOW],
        scheme=here.origin.partition(":")[0],
    )
    media = app[CONFIG].media
    app[REMOTE_PICTURES] = remote = RemotePictures(
        app[FETCHER],
        Pictures(app[PICTURES].store, seconds_per_picture=10.0),
        media.remote_bytes,
        app[FILMS],
        film_bytes=media.remote_film_bytes,
    )
    app[WALKER] = Walker(app[FETCHER])
    app[REFRESHES] = refreshes = Refreshes(app[WALKER], app[NOW])
    yield
    await refreshes.close()
    await remote.close()
    await client.close()


async def worker(app: web.Application) -> AsyncIterator[None]:
    """Work through what was promised until shutdown."""
    app[WORKER] = running = Worker(
        app[DB],
        app[CLIENT],
        app[FETCHER],
        app[KEYRING],
        app[PICTURES],
        app[NOW],
        remote_bytes=app[CONFIG].media.remote_bytes,
        walker=app[WALKER],
        pinger=Pinger(app[FETCHER]),
        pushes=Pushes(
            app[DB],
            app[CLIENT],
            app[NOW],
            key=app[PUSH_KEY],
            contact=app[SITE].origin,
            words=partial(present.push, app[SITE]),
            vault=app[VAULT],
        ),
        films=app[FILMS],
        making=Making(
            app[DB],
            app[PICTURES],
            app[SITE],
            partial(book_dress.dress, app[SITE]),
            app[NOW],
        ),
    )
    await running.take_over()
    running.start()
    yield
    await running.stop()
