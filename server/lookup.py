"""Finding people and posts anywhere, from what somebody typed or pasted."""

import asyncio
from typing import Final

from federation import webfinger
from federation.errors import FederationError
from server import text
from server.fetch import Budget, Fetcher
from server.ids import parse_id
from server.model import Account, Post, Site
from server.services import accounts as own
from server.services import new_posts
from server.store import accounts, posts
from server.store.db import Read

MAX_QUERY: Final = 2000  # characters
MAX_MENTIONS_FETCHED: Final = 10


async def find(fetcher: Fetcher, query: str) -> Account | Post | None:
    """Whom or what a handle (`@name@host`) or an address means; strangers are fetched."""
    wanted = query.strip()[:MAX_QUERY]
    found = await fetcher.db.read(known, fetcher.site, wanted)
    if found is not None:
        return found
    budget = Budget(10)
    try:
        if handle := webfinger.parse_handle(wanted):
            if handle[1] == fetcher.site.domain:
                return None
            return await fetcher.people.handle(handle[0], handle[1], budget)
        if wanted.startswith(("https://", "http://")) and not fetcher.site.ours(wanted):
            return await _at(fetcher, wanted, budget)
    except FederationError:
        return None
    return None


def known(db: Read, site: Site, wanted: str) -> Account | Post | None:
    """As `find`, among what we have; whether somebody may see it is not asked here."""
    if handle := webfinger.parse_handle(wanted):
        return own.by_handle(db, site, f"{handle[0]}@{handle[1]}")
    if not wanted.startswith(("https://", "http://")):
        return own.by_handle(db, site, wanted) if wanted.startswith("@") else None
    found = accounts.by_uri(db, wanted) or posts.by_uri(db, wanted)
    return found or _pretty(db, site.origin, wanted)


def _pretty(db: Read, origin: str, wanted: str) -> Account | Post | None:
    """One of our own pages: `/@name`, `/@name/ID` or `/c/name`."""
    if wanted.startswith(f"{origin}/c/"):
        return accounts.by_handle(db, wanted.removeprefix(f"{origin}/c/").rstrip("/"))
    if not wanted.startswith(f"{origin}/@"):
        return None
    name, _, id = wanted.removeprefix(f"{origin}/@").rstrip("/").partition("/")
    if not id:
        return accounts.by_handle(db, name)
    number = parse_id(id)
    return posts.by_id(db, number) if number is not None else None


async def _at(fetcher: Fetcher, uri: str, budget: Budget) -> Account | Post | None:
    raw = await fetcher.documents.read(uri, budget)
    id = str(raw.get("id"))
    if "inbox" in raw:
        return await fetcher.people.actor(id, budget)
    return await fetcher.posts.read(id, budget)


async def way_home(fetcher: Fetcher, home: tuple[str, str], verb: str, uri: str) -> str:
    """Where the server of `home` (name and host) lets its member do `verb` to `uri`.

    Empty where it does not say. Raises `FederationError` and `TooMany`.
    """
    templates = await fetcher.homes.templates(*home)
    ways = webfinger.ways(templates, verb, uri)
    return next((way for way in ways if fetcher.homes.may_lead(way)), "")


async def mentioned(fetcher: Fetcher, source: str) -> None:
    """Fetch the strangers whom a text mentions, so that the post can be addressed to them."""
    if source.count("@") == 0 or len(source) > new_posts.MAX_STORY:  # that is refused anyway
        return
    # What is meant to be slow takes seconds: not here, where everybody waits for it.
    named = await asyncio.to_thread(text.find_mentions, source)
    handles = [handle for handle in named if "@" in handle]
    unknown = [
        handle
        for handle in dict.fromkeys(handles)
        if await fetcher.db.read(own.by_handle, fetcher.site, handle) is None
    ]
    await asyncio.gather(
        *(find(fetcher, f"@{handle}") for handle in unknown[:MAX_MENTIONS_FETCHED])
    )
