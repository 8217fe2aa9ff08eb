"""Mixed traffic on one instance, and the oracle: what was said, what was acknowledged.

Ann writes, edits, deletes and sends pictures by an app; strangers like, share and answer from a
peer. Whatever is not acknowledged is sent again as it was. Each 2xx in either direction is written
down, and afterwards compared with what the database, the disk and the peer have.
"""

import asyncio
import io
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec
from PIL import Image

from federation import signature
from federation.vocab import ACTIVITY_JSON
from server.clock import now_ms
from tests.faults.forked import Forked
from tests.faults.world import Instance, Peer, Person, _environment, until

FOLLOWERS: Final = 2
STRANGERS: Final = 4
FEW: Final = 20
"""Pictures, deletions, and a third of the edits."""


def _pixels() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(file, "PNG")
    return file.getvalue()


PICTURE: Final = _pixels()

Moment = Callable[[str], Awaitable[None]]


async def quickly(instance: Instance, *argv: str) -> str:
    """What a command prints, without waiting for its imports."""
    said = instance.folder / "said"
    said.unlink(missing_ok=True)
    arguments = ("--config", str(instance.folder / "madang.toml"), *argv)
    process = await asyncio.to_thread(Forked, arguments, _environment(), instance.folder, said)
    status = await asyncio.to_thread(process.wait, 60)
    assert status == 0, said.read_text()
    return said.read_text()


async def writer(instance: Instance, name: str = "ann") -> str:
    """A token of somebody new."""
    await quickly(instance, "account", "create", name, "--email", f"{name}@b.example")
    said = await quickly(instance, "token", "create", name, "--scopes", "read write follow")
    return said.split()[-1]


async def nothing(moment: str) -> None:
    """A moment like others."""


@dataclass
class Ledger:
    """What the instance has acknowledged to its own writer."""

    versions: dict[str, int] = field(default_factory=dict)
    """uri of each post to how many edits of it were acknowledged."""
    deleted: set[str] = field(default_factory=set)
    pictures: int = 0


class App:
    """An impatient app: sends again whatever was not acknowledged, as it was."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        instance: Instance,
        token: str,
        *,
        refusals: frozenset[int] = frozenset({503}),
        within_s: float = 60.0,
    ) -> None:
        """`token` of the writer. `refusals`: what a fault may be answered with."""
        self._session = session
        self._instance = instance
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        self._refusals = refusals
        self._within_s = within_s
        self.refused: list[tuple[int, str]] = []
        """Each refusal with its sentence."""
        self.pictures = 0
        self.longest_s = 0.0
        """How long the unluckiest call took with all its tries."""

    async def call(self, method: str, path: str, key: str = "", **json: Any) -> Any:
        """The first good answer's JSON; None when the thing is gone already."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._asked(method, path, headers, lambda: {"json": json or None})

    async def picture(self) -> Any:
        """Send one; it is stored once or more."""

        def form() -> dict[str, Any]:
            self.pictures += 1
            data = aiohttp.FormData()
            data.add_field("file", PICTURE, filename="one.png", content_type="image/png")
            return {"data": data}

        return await self._asked("POST", "/api/v2/media", {}, form)

    async def once(self, method: str, path: str, **json: Any) -> int:
        """The status of one try, 0 where there was no answer."""
        try:
            async with self._session.request(
                method, self._instance.origin + path, json=json or None, headers=self._headers
            ) as answer:
                await answer.read()
                return answer.status
        except (OSError, aiohttp.ClientError):
            return 0

    async def _asked(
        self, method: str, path: str, headers: dict[str, str], body: Callable[[], dict[str, Any]]
    ) -> Any:
        done: list[Any] = []
        clock = asyncio.get_running_loop().time
        began = clock()

        async def answered() -> bool:
            try:
                async with self._session.request(
                    method,
                    self._instance.origin + path,
                    headers=self._headers | headers,
                    **body(),
                ) as answer:
                    self._judge(method, path, answer.status, await answer.read(), done)
            except (OSError, aiohttp.ClientError):
                pass
            return bool(done)

        await until(answered, self._within_s)
        self.longest_s = max(self.longest_s, clock() - began)
        return done[0]

    def _judge(self, method: str, path: str, status: int, body: bytes, done: list[Any]) -> None:
        assert status in {200, 404, 410, *self._refusals}, (method, path, status, body)
        if status in (404, 410):
            assert method == "DELETE", path
            done.append(None)
        elif status == 200:
            done.append(msgspec.json.decode(body))
        else:
            self.refused.append((status, msgspec.json.decode(body)["error"]))


async def deliver(
    session: aiohttp.ClientSession, url: str, person: Person, body: bytes
) -> tuple[int, str]:
    """What an inbox answers to one signed delivery; 0 where there is no answer."""
    headers = signature.sign("POST", url, body, person.key, now_ms())
    headers["Content-Type"] = ACTIVITY_JSON
    try:
        async with session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()
    except (OSError, aiohttp.ClientError):
        return 0, ""


class Traffic:
    """The people, what they say, and what they may expect."""

    def __init__(
        self,
        app: App,
        session: aiohttp.ClientSession,
        instance: Instance,
        moment: Moment = nothing,
        *,
        few: int = FEW,
    ) -> None:
        """`moment` is awaited after each acknowledgement. `few`: pictures, and deletions."""
        self._few = few
        self.app = app
        self.ledger = Ledger()
        self.peer = Peer(lambda name: self.moment(name))
        self.moment = moment
        self.first = ""
        self.ann = ""
        self.refused: list[str] = []
        """What the peer was told with a 503."""
        self._instance = instance
        self._session = session
        self._strangers = [self.peer.join(f"p{i}") for i in range(STRANGERS)]
        self._chance = random.Random(7)
        self._numbers = 0

    async def begin(self) -> None:
        """Two follow Ann, who writes her first post; all like and share it."""
        self.ann = (await self.app.call("GET", "/api/v1/accounts/verify_credentials"))["uri"]
        for person in self._strangers[:FOLLOWERS]:
            await self._say(person, self.peer.act("Follow", person, self.ann))
        self.first = (await self.post())["uri"]
        for person in self._strangers:
            await self._say(person, self.peer.act("Like", person, self.first))
            await self._say(person, self.peer.act("Announce", person, self.first))

    async def run_while(self, fault: Awaitable[Any]) -> None:
        """Everything side by side, until the fault is over, and once more."""
        over = asyncio.ensure_future(fault)

        async def go_on(part: Callable[[], Awaitable[None]]) -> None:
            while not over.done():
                await part()
            await part()

        parts = [
            self._write,
            self._write,
            self._show,
            *(partial(self._answer, one) for one in self._strangers),
        ]
        await asyncio.gather(over, *(go_on(part) for part in parts))

    async def post(self, **more: Any) -> Any:
        """Ann writes."""
        self._numbers += 1
        number = self._numbers
        post = await self.app.call(
            "POST", "/api/v1/statuses", key=f"key-{number}", status=f"Post {number}", **more
        )
        self.ledger.versions[post["uri"]] = 0
        return post

    async def _write(self) -> None:
        """Ann writes, edits some of it, deletes a little."""
        post = await self.post()
        await self.moment("the app was told 200")
        if self._chance.random() < 0.5 and sum(self.ledger.versions.values()) < 3 * self._few:
            path = f"/api/v1/statuses/{post['id']}"
            await self.app.call("PUT", path, status="This was edited")
            self.ledger.versions[post["uri"]] += 1
            await self.moment("an edit was acknowledged")
        if self._chance.random() < 0.25 and len(self.ledger.deleted) < self._few:
            await self.app.call("DELETE", f"/api/v1/statuses/{post['id']}")
            self.ledger.deleted.add(post["uri"])

    async def _show(self) -> None:
        """Ann writes below a picture, as long as so many are let."""
        if self.app.pictures >= self._few:
            await self._write()
            return
        picture = await self.app.picture()
        await self.moment("a picture was acknowledged")
        await self.post(media_ids=[picture["id"]])
        self.ledger.pictures += 1

    async def _answer(self, person: Person) -> None:
        """Somebody far away answers; some of it arrives again."""
        activity = self.peer.note(person, self.first)
        for _ in range(1 + (self._chance.random() < 0.3)):
            await self._say(person, activity)

    async def _say(self, person: Person, activity: dict[str, Any]) -> None:
        """Deliver until it is taken, always the same bytes."""
        body, url = msgspec.json.encode(activity), f"{self._instance.origin}/inbox"

        async def taken() -> bool:
            status, text = await deliver(self._session, url, person, body)
            assert status in (0, 202, 503), text
            if status == 503:
                self.refused.append(text)
            return status == 202

        await until(taken, within_s=90)
        self.peer.said.append(activity)
        await self.moment("we were told 202")

    async def arrived(self, within_s: float = 90.0) -> None:
        """Wait until the peer has everything that was acknowledged; it came in order."""
        await until(self._came, within_s)
        in_order(self.peer)

    def figures(self, **more: Any) -> str:
        """What happened, in one line."""
        counts = {
            "written": len(self.ledger.versions),
            "edited": sum(self.ledger.versions.values()),
            "deleted": len(self.ledger.deleted),
            "pictures": self.ledger.pictures,
            "taken": len(self.peer.said),
            "delivered": len(self.peer.deliveries()),
            "again": len(self.peer.heard) - len(self.peer.deliveries()),
            "longest_s": round(self.app.longest_s, 1),
        }
        return " ".join(f"{name}={value}" for name, value in (more | counts).items())

    async def _came(self) -> bool:
        came = Counter(_said(body) for body in self.peer.deliveries().values())
        return all(came[what] >= count for what, count in promised(self.ledger).items())


def promised(ledger: Ledger) -> Counter[tuple[str, str]]:
    """(type, post) of the least that the peer must hear."""
    least: Counter[tuple[str, str]] = Counter()
    for uri, edits in ledger.versions.items():
        least["Create", uri] = 1
        if edits:
            least["Update", uri] = edits
    for uri in ledger.deleted:
        least["Delete", uri] = 1
    return least


def _said(body: bytes) -> tuple[str, str]:
    raw = msgspec.json.decode(body)
    about = raw["object"]
    return raw["type"], about["id"] if isinstance(about, dict) else about


def in_order(peer: Peer) -> None:
    """What is about one post came in its order; each kind of promise under one id. I3."""
    last: dict[str, int] = {}
    creates: Counter[str] = Counter()
    for body in peer.deliveries().values():
        kind, about = _said(body)
        if kind not in ("Create", "Update", "Delete"):
            continue
        creates[about] += kind == "Create"
        rank = {"Create": 0, "Update": 1, "Delete": 1_000}[kind]
        if kind == "Update":
            rank = int(msgspec.json.decode(body)["id"].rpartition("-")[2])
        assert rank > last.get(about, -1), f"{kind} of {about} came late"
        last[about] = rank
    assert set(creates.values()) == {1}
