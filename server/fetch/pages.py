"""Web pages, pictures and films of other servers, asked for without our signature."""

import asyncio
import contextlib
from typing import Final

from federation.errors import Blocked, FederationError
from federation.http import OEMBED_ACCEPT, PAGE_ACCEPT, Client, Fetched, Pushed, Sink
from server.fetch.hosts import Hosts
from server.text import webpage
from server.text.webpage import Described

PAGE_S: Final = 10.0  # of a link in a post


class Pages:
    """Reads what anybody may read; sends forms; stores nothing."""

    def __init__(self, client: Client, hosts: Hosts) -> None:
        """`hosts` says where we go."""
        self._client = client
        self._hosts = hosts

    async def page(self, url: str) -> Described:
        """What a web page says of itself. Raises `FederationError`."""
        found = await self._client.page(
            webpage.as_uri(url),
            accept=PAGE_ACCEPT,
            max_bytes=webpage.MAX_BYTES,
            total_s=PAGE_S,
            welcome=self._hosts.elsewhere,
        )
        said = await asyncio.to_thread(webpage.describe, found.body, found.content_type, found.url)
        if said.title or not said.oembed:
            return said
        with contextlib.suppress(FederationError):
            more = await self._client.page(
                webpage.as_uri(said.oembed),
                accept=OEMBED_ACCEPT,
                max_bytes=webpage.MAX_BYTES,
                total_s=PAGE_S,
                welcome=self._hosts.elsewhere,
            )
            return webpage.with_oembed(said, more.body, more.url)
        return said

    async def linking_page(self, url: str, max_bytes: int) -> Fetched:
        """The beginning of a web page that links, or is linked to. Raises `FederationError`."""
        return await self._client.page(
            url,
            accept=PAGE_ACCEPT,
            max_bytes=max_bytes,
            total_s=PAGE_S,
            welcome=self._hosts.elsewhere,
        )

    async def profile(self, url: str, max_bytes: int) -> bytes:
        """The beginning of a page to which a profile leads. Raises `FederationError`."""
        page = await self._client.get(
            url, accept="text/html", max_bytes=max_bytes, welcome=self._hosts.elsewhere
        )
        return page.body

    async def submit(self, url: str, form: bytes) -> Pushed:
        """Send a form to another server. Raises `FederationError`."""
        if not await self._hosts.elsewhere(url):
            raise Blocked("a server with which we do not speak")
        return await self._client.submit(url, form)

    def secured(self, url: str) -> str:
        """`url` where we may go there, else the same over TLS; nothing where we go to neither."""
        found = webpage.as_uri(url)
        if found.startswith("http:") and not self._client.may_go(found):
            found = f"https:{found.removeprefix('http:')}"
        return found if self._client.may_go(found) else ""

    async def picture(self, url: str, *, max_bytes: int) -> bytes:
        """What a stranger says is a picture. Raises `FederationError`."""
        found = await self._client.picture(url, max_bytes=max_bytes, welcome=self._hosts.pictured)
        return found.body

    async def film(self, url: str, sink: Sink, *, max_bytes: int) -> None:
        """What a stranger says is a film or a sound, into `sink`. Raises `FederationError`."""
        await self._client.film(url, sink, max_bytes=max_bytes, welcome=self._hosts.pictured)
