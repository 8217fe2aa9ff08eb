"""Sites of the open web: pages by host and path, forms that are noted, as old blogs take them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.village import Village

RDF = """<!--
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:dc="http://purl.org/dc/elements/1.1/"
         xmlns:trackback="http://madskills.com/public/xml/rss/module/trackback/">
<rdf:Description rdf:about="{page}" dc:identifier="{page}" dc:title="x" trackback:ping="{ping}" />
</rdf:RDF>
-->"""
TAKEN = '<?xml version="1.0" encoding="utf-8"?>\n<response><error>0</error></response>'

Answer = Callable[[], web.Response]


@dataclass
class Sites:
    """Every host that is `named` is served from here. `pages`: HTML, or what answers."""

    village: Village
    pages: dict[str, str | bytes | Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    status: int = 200
    _server: TestServer | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._get)
        app.router.add_post("/{path:.*}", self._post)
        self._server = TestServer(app)
        await self._server.start_server()

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.close()

    def named(self, *names: str) -> None:
        """These hosts are found here."""
        assert self._server is not None and self._server.port is not None
        for name in names:
            self.village.names.ports[name] = self._server.port

    async def _get(self, request: web.Request) -> web.StreamResponse:
        url = f"http://{request.host}{request.path_qs}"
        self.asked.append(url)
        page = self.pages.get(url)
        if page is None:
            return web.Response(status=404)
        if callable(page):
            return page()
        if isinstance(page, bytes):
            return web.Response(body=page, content_type="text/html")
        return web.Response(text=page, content_type="text/html")

    async def _post(self, request: web.Request) -> web.StreamResponse:
        sent = parse_qs((await request.read()).decode(), keep_blank_values=True)
        url = f"http://{request.host}{request.path_qs}"
        self.forms.append((url, {name: values[0] for name, values in sent.items()}))
        return web.Response(text=TAKEN, status=self.status, content_type="text/xml")
