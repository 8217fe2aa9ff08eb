"""A server that tests script: its people have keys, it serves what it is told and notes what comes.

It speaks shapes that our own instances never send. Everything goes over real HTTP.
"""

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation import parse, signature
from federation.errors import NotAuthentic
from federation.keys import SigningKey, make_rsa, signing_key
from federation.origin import host
from federation.signature import Scheme, SignedRequest
from federation.vocab import ACTIVITY_JSON, AS_CONTEXT, PUBLIC
from tests.village import City, Village

SPARE_KEYS = itertools.cycle([make_rsa() for _ in range(3)])


@dataclass(frozen=True)
class Somebody:
    """An actor of a scripted server."""

    uri: str
    key: SigningKey
    document: dict[str, Any]

    @property
    def followers(self) -> str:
        """Where its followers are listed."""
        return f"{self.uri}/followers"


@dataclass
class Peer:
    """A scripted server. `takes` are the signature schemes it reads; `status` answers deliveries.

    `subject_domain` is the host in its people's handles, where that is not its own. `finger`
    answers WebFinger in place of what it would say.
    """

    name: str
    village: Village
    takes: tuple[Scheme, ...] = ("cavage", "rfc9421")
    signed_gets: bool = False
    subject_domain: str = ""
    status: int = 202
    finger: Callable[[web.Request], Awaitable[web.Response]] | None = None
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = field(
        default_factory=dict
    )
    received: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    schemes: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _server: TestServer | None = None

    @property
    def origin(self) -> str:
        """Scheme and host of its ids."""
        return f"http://{self.name}"

    async def start(self) -> None:
        """Listen, and be found by name."""
        app = web.Application()
        app.router.add_get("/{any:.*}", self._get)
        app.router.add_post("/{any:.*}", self._post)
        self._server = TestServer(app)
        await self._server.start_server()
        assert self._server.port is not None
        self.village.names.ports[self.name] = self._server.port

    async def close(self) -> None:
        """Stop."""
        if self._server:
            await self._server.close()

    # --- what it has

    def person(
        self, name: str, kind: str = "Person", /, *, key_path: str = "", **more: Any
    ) -> Somebody:
        """An actor with a document and WebFinger. `key_path` "/main-key" is GoToSocial's style."""
        uri = f"{self.origin}/users/{name}"
        der, pem = next(SPARE_KEYS)
        key_id = f"{uri}{key_path or '#main-key'}"
        public = {"id": key_id, "owner": uri, "publicKeyPem": pem}
        document = {
            "@context": [AS_CONTEXT, "https://w3id.org/security/v1"],
            "id": uri,
            "type": kind,
            "preferredUsername": name,
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "followers": f"{uri}/followers",
            "featured": f"{uri}/featured",
            "endpoints": {"sharedInbox": f"{self.origin}/inbox"},
            "publicKey": public,
            **more,
        }
        self.serve({key: value for key, value in document.items() if value is not None})
        if key_path:
            self.documents[f"/users/{name}{key_path}"] = {
                "@context": [AS_CONTEXT, "https://w3id.org/security/v1"],
                "id": uri,
                "type": kind,
                "preferredUsername": name,
                "publicKey": public,
            }
        return Somebody(uri, signing_key(key_id, der), self.documents[f"/users/{name}"])

    def serve(self, document: dict[str, Any]) -> dict[str, Any]:
        """Have a document at its id."""
        uri = str(document["id"])
        self.documents["/" + uri.split("/", 3)[3]] = {"@context": AS_CONTEXT, **document}
        return document

    def withdraw(self, *documents: dict[str, Any]) -> None:
        """Have these no longer."""
        for document in documents:
            del self.documents["/" + str(document["id"]).split("/", 3)[3]]

    def note(self, author: Somebody, content: str = "<p>Hello</p>", **more: Any) -> dict[str, Any]:
        """A public Note that is served too; a None among `more` leaves a property out."""
        number = next(self._numbers)
        body = {
            "id": f"{self.origin}/notes/{number}",
            "type": "Note",
            "attributedTo": author.uri,
            "to": [PUBLIC],
            "cc": [author.followers],
            "content": content,
            "published": "2026-11-01T10:00:00Z",
            **more,
        }
        return self.serve({key: value for key, value in body.items() if value is not None})

    def does(self, kind: str, author: Somebody, object: Any, **more: Any) -> dict[str, Any]:
        """An activity with an id of its own."""
        return {
            "id": f"{self.origin}/activities/{next(self._numbers)}",
            "type": kind,
            "actor": author.uri,
            "to": [PUBLIC],
            "object": object,
            **more,
        }

    def creates(self, author: Somebody, note: dict[str, Any]) -> dict[str, Any]:
        """The Create of something, to the same people."""
        audience = {name: note[name] for name in ("to", "cc") if name in note}
        return {**self.does("Create", author, note), **audience}

    # --- what it says

    async def send(
        self,
        city: City,
        author: Somebody,
        activity: dict[str, Any],
        scheme: Scheme = "cavage",
        *,
        inbox: str = "/inbox",
    ) -> int:
        """POST a signed activity to the shared inbox, or another; the status of the answer."""
        body = msgspec.json.encode({"@context": AS_CONTEXT, **activity})
        url = f"{city.origin}{inbox}"
        headers = signature.sign("POST", url, body, author.key, city.clock(), scheme)
        headers["Content-Type"] = ACTIVITY_JSON
        async with city.client.post(inbox, data=body, headers=headers) as answer:
            return answer.status

    async def accepts(self, city: City, author: Somebody) -> None:
        """Say yes to the last Follow that came."""
        asked = next(one for one in reversed(self.received) if one["type"] == "Follow")
        assert await self.send(city, author, self.does("Accept", author, asked["id"])) == 202

    # --- what it hears

    def got(self, kind: str) -> list[dict[str, Any]]:
        """The activities of one type that came, in their order."""
        return [one for one in self.received if one["type"] == kind]

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if request.path == "/.well-known/webfinger":
            return await self.finger(request) if self.finger else self._finger(request)
        if request.path in self.files:
            return await self.files[request.path](request)
        if self.signed_gets and not await self._signed(request, b""):
            return web.Response(status=401)
        document = self.documents.get(request.path_qs)
        if document is None:
            return web.Response(status=404)
        status = 410 if document.get("type") == "Tombstone" else 200
        body = msgspec.json.encode(document)
        return web.Response(status=status, body=body, content_type=ACTIVITY_JSON)

    def _finger(self, request: web.Request) -> web.Response:
        name = request.query["resource"].removeprefix("acct:").partition("@")[0]
        document = self.documents.get(f"/users/{name}")
        if document is None:
            return web.Response(status=404)
        link = {"rel": "self", "type": ACTIVITY_JSON, "href": document["id"]}
        body = {"subject": f"acct:{name}@{self.subject_domain or self.name}", "links": [link]}
        return web.json_response(body, content_type="application/jrd+json")

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self.status if await self._signed(request, body) else 401
        self.answers[status] += 1
        if status == 202:
            self.received.append(msgspec.json.decode(body))
        return web.Response(status=status)

    async def _signed(self, request: web.Request, body: bytes) -> bool:
        """Whether the request has a right signature, in a scheme that this server reads."""
        lines = tuple((name.decode(), value.decode()) for name, value in request.raw_headers)
        heard = SignedRequest(
            request.method, request.raw_path, request.headers["Host"], "http", lines, body
        )
        try:
            offered = signature.read(heard)
            if offered.scheme not in self.takes:
                return False
            city = next(c for c in self.village.cities if c.name == host(offered.key_id))
            signature.check(heard, offered, city.clock())
            path = "/" + offered.key_id.partition("#")[0].split("/", 3)[3]
            keys = parse.keys(await city.get(path))
            key = next(key for key in keys if key.id == offered.key_id)
            signature.verify(heard, offered, key)
        except NotAuthentic:
            return False
        self.schemes.append(offered.scheme)
        return True
