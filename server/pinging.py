"""Pages elsewhere that link to us are read, and those to which we link are told: outside of any
transaction, within the address guard, a page or two for each job.
"""

import asyncio
import logging
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from federation.errors import FederationError, Gone, Malformed, Unreachable
from federation.http import Fetched, Pushed
from federation.retry import may_pass, temporary
from server.fetch import Fetcher
from server.model import Job
from server.services import linking, pings
from server.services.linking import Telling
from server.store import jobs
from server.store.db import Write
from server.store.pings import Ping
from server.text import backlinks, endpoints, webpage
from server.text.backlinks import Found

log = logging.getLogger(__name__)

MAX_DISCOVERED: Final = 512 * 1024  # bytes of a page in which an endpoint is looked for
NOT_FOUND: Final = 404
_PAGES: Final = ("text/html", "application/xhtml+xml")


class Pinger:
    """Does the jobs `pings.JOB` and `linking.JOB`."""

    def __init__(self, fetcher: Fetcher) -> None:
        """`fetcher` reads pages and sends forms."""
        self._fetcher = fetcher
        self._db = fetcher.db
        self._site = fetcher.site
        self._now_ms = fetcher.now_ms

    # --- pages that link to us

    async def verify(self, job: Job) -> None:
        """Read the page that a ping is about, and keep what it says if it links to the story."""
        asked = await self._db.read(pings.asked, _payload(job)["ping"])
        if asked is None:
            await self._db.write(jobs.complete, job, self._now_ms())
            return
        ping, targets = asked
        try:
            found = await self._found(ping, targets)
        except FederationError as error:
            log.info("a page that is said to link to us cannot be read: %s: %s", ping.source, error)
            later = may_pass(error)
            await self._db.write(_failed, job, ping, self._now_ms(), later=later)
            return
        await self._db.write(_verified, job, ping, found, self._now_ms())

    async def _found(self, ping: Ping, targets: tuple[str, ...]) -> Found | None:
        """None where the page does not link, or is gone. Raises `FederationError`."""
        try:
            page = await self._fetcher.pages.linking_page(ping.source, backlinks.MAX_BYTES)
        except Gone:
            return None
        except Malformed:  # it is no page
            return None
        except Unreachable as error:
            if error.code == NOT_FOUND:
                return None
            raise
        if not _is_page(page):
            return None
        return await asyncio.to_thread(
            backlinks.find, page.body, page.content_type, page.url, targets, ping.excerpt
        )

    # --- pages to which we link

    async def tell(self, job: Job) -> None:
        """Tell a page that a story of ours links to it, or does not any more."""
        id = _payload(job)["link"]
        telling = await self._db.read(linking.waiting, self._site, id)
        if telling is None:
            await self._db.write(_dropped, job, id, self._now_ms())
            return
        try:
            how, answer = await self._told(telling)
        except FederationError as error:
            log.info("a page to which we link cannot be told: %s: %s", telling.told.url, error)
            later = may_pass(error)
            await self._db.write(_untold, job, telling, self._now_ms(), later=later)
            return
        if answer is not None and temporary(answer.status):
            wait_ms = answer.retry_after_ms or 0
            now_ms = self._now_ms()
            await self._db.write(_untold, job, telling, now_ms, later=True, wait_ms=wait_ms)
            return
        await self._db.write(_settled, job, telling, how, self._now_ms())

    async def _told(self, telling: Telling) -> tuple[str, Pushed | None]:
        """How it was told, and the answer. Raises `FederationError`."""
        url = self._fetcher.pages.secured(telling.told.url.partition("#")[0])
        if not url:
            return "none", None
        page = await self._page(url, telling)
        if page is None:
            return "none", None
        text = webpage.characters(page.body, page.content_type) if _is_page(page) else ""
        endpoint, ping = await asyncio.to_thread(_endpoints, page, text, url)
        if endpoint and (endpoint := self._fetcher.pages.secured(endpoint)):
            form = urlencode({"source": telling.source, "target": telling.told.url})
            return "webmention", await self._fetcher.pages.submit(endpoint, form.encode())
        if ping and not telling.told.gone and (ping := self._fetcher.pages.secured(ping)):
            answer = await self._fetcher.pages.submit(ping, telling.form)
            took = endpoints.accepted(answer.body.decode("utf-8", "replace"))
            return "trackback" if took else "none", answer
        return "none", None

    async def _page(self, url: str, telling: Telling) -> Fetched | None:
        """The page that is linked to; None where there is none."""
        try:
            return await self._fetcher.pages.linking_page(url, MAX_DISCOVERED)
        except (Gone, Malformed):
            return None


def _endpoints(page: Fetched, text: str, wanted: str) -> tuple[str | None, str | None]:
    endpoint = endpoints.webmention(page.links, text, page.url)
    return endpoint, None if endpoint else endpoints.trackback(text, page.url, wanted)


def _is_page(page: Fetched) -> bool:
    return page.content_type.partition(";")[0].strip().lower() in _PAGES


def _payload(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(job.payload)
    return found


# --- each with the end of its job


def _verified(tx: Write, job: Job, ping: Ping, found: Found | None, now_ms: int) -> None:
    pings.keep(tx, ping, found, now_ms)
    jobs.complete(tx, job, now_ms)


def _failed(tx: Write, job: Job, ping: Ping, now_ms: int, *, later: bool) -> None:
    pings.fail(tx, ping, now_ms, later=later)
    jobs.complete(tx, job, now_ms)


def _settled(tx: Write, job: Job, telling: Telling, how: str, now_ms: int) -> None:
    linking.settle(tx, telling.told, how, now_ms)
    jobs.complete(tx, job, now_ms)


def _untold(
    tx: Write, job: Job, telling: Telling, now_ms: int, *, later: bool, wait_ms: int = 0
) -> None:
    if later:
        linking.fail(tx, telling.told, now_ms, wait_ms=wait_ms)
    else:
        linking.settle(tx, telling.told, telling.told.told or "none", now_ms)
    jobs.complete(tx, job, now_ms)


def _dropped(tx: Write, job: Job, id: int, now_ms: int) -> None:
    linking.drop(tx, id)
    jobs.complete(tx, job, now_ms)
