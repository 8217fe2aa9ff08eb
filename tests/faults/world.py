"""A real `madang serve` that can be killed, and a peer that notes every word, on loopback."""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from federation import signature
from federation.keys import SigningKey, make_rsa, signing_key
from federation.vocab import ACTIVITY_JSON, AS_CONTEXT, PUBLIC
from server.clock import now_ms
from tests.faults.forked import Forked
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0  # a machine that does other things as well starts it in 20
CONFIGURATION = """\
[instance]
domain = "localhost:{port}"
{instance}

[server]
port = {port}
{server}

[database]
url = "{url}"

[media]
store = "{folder}/media"

[secrets]
key_file = "{folder}/secret.key"

[federation]
allow_http = true
allowed_addresses = ["127.0.0.0/8", "[::1/128]"]
"""


def configuration(
    port: int,
    url: str,
    folder: Path,
    *,
    instance: str = 'name = "Alpha"',
    server: str = "",
    more: str = "",
) -> str:
    """The file of an instance on loopback; `instance`, `server` and `more` are lines of TOML."""
    text = CONFIGURATION.format(port=port, url=url, folder=folder, instance=instance, server=server)
    return text + more


async def until(probe: Callable[[], Awaitable[Any]], within_s: float = DEADLINE_S) -> Any:
    """The probe's first true answer; fails after `within_s` seconds."""
    found = None
    try:
        async with asyncio.timeout(within_s):
            while not (found := await probe()):  # noqa: ASYNC110  another process: no event
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within_s} s: {found!r}") from None
    return found


class Instance:
    """One instance as an operator runs it: a configuration, a process, a log."""

    def __init__(self, folder: Path, url: str, port: int = 0, *, forked: bool = True) -> None:
        """Nothing runs before `start`. Not `forked`: the command itself is started."""
        self.port = port or free_port()
        self.folder = folder
        self.url = url
        self.kills = 0
        self._config = folder / "madang.toml"
        self._forked = forked
        self._process: subprocess.Popen[bytes] | Forked | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.configure(configuration(self.port, url, folder))

    @property
    def origin(self) -> str:
        """Scheme and host of its ids."""
        return f"http://localhost:{self.port}"

    def configure(self, text: str) -> None:
        """Another configuration file."""
        self._config.write_text(text)

    def madang(self, *argv: str, stdin: str = "") -> str:
        """What a command prints."""
        done = subprocess.run(
            [sys.executable, "-m", "web", "--config", str(self._config), *argv],
            env=_environment(),
            cwd=self.folder,
            input=stdin.encode(),
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    async def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = await asyncio.to_thread(self._launch)
        await until(self._ready)

    def _launch(self) -> subprocess.Popen[bytes] | Forked:
        if self._forked:
            argv = ("--config", str(self._config), "serve")
            return Forked(argv, _environment(), self.folder, self.folder / "log")
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "web", "--config", str(self._config), "serve"],
                env=_environment(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it without a warning, as the kernel does when memory runs out."""
        assert self._process
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1

    def stop(self) -> int:
        """End it as an operator does; its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def log(self) -> str:
        """What it wrote in all its lives."""
        return (self.folder / "log").read_text()

    async def _ready(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.log()
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{self.origin}/readyz") as answer,
            ):
                return answer.status == 200
        except (OSError, aiohttp.ClientError):
            return False


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    # those who watch ask more often than any app does
    return kept | {"PYTHONPATH": str(ROOT), "MADANG_SERVER__APP_REQUESTS": "100000"}


class Reaper:
    """Kills the instance at moments that chance picks, and starts it again.

    A moment is a place in the conversation: `passing` is called at each of them.
    """

    def __init__(self, instance: Instance, seed: int, kills: int) -> None:
        """At most `kills` times."""
        self._instance = instance
        self._chance = random.Random(seed)
        self._left = kills
        self._turn = asyncio.Lock()
        self.moments: list[str] = []

    @property
    def done(self) -> bool:
        """Whether all kills have been used."""
        return self._left == 0

    async def passing(self, moment: str) -> None:
        """One moment more; now and then the last of this process."""
        if self._left and not self._turn.locked() and self._chance.random() < 0.06:
            async with self._turn:
                if self._left:
                    self._left -= 1
                    self.moments.append(moment)
                    self._instance.kill()
                    await self._instance.start()


@dataclass
class Person:
    """An actor of the peer."""

    uri: str
    key: SigningKey
    pem: str


@dataclass
class Peer:
    """A server that accepts everything; it remembers what it was told, and what it was believed."""

    moment: Callable[[str], Awaitable[None]]
    port: int = field(default_factory=free_port)
    people: list[Person] = field(default_factory=list)
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    """(id, body) of each delivery, in the order of arrival, whether or not our answer arrived."""
    said: list[dict[str, Any]] = field(default_factory=list)
    """Activities for which we were given a 2xx."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def origin(self) -> str:
        """Scheme and host of its ids."""
        return f"http://localhost:{self.port}"

    def join(self, name: str) -> Person:
        """Somebody new."""
        der, pem = make_rsa()
        uri = f"{self.origin}/users/{name}"
        self.people.append(Person(uri, signing_key(f"{uri}#main-key", der), pem))
        return self.people[-1]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serve documents and take deliveries."""
        app = web.Application()
        app.router.add_get("/users/{name}", self._actor)
        app.router.add_post("/inbox", self._inbox)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "localhost", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    def note(self, author: Person, reply_to: str | None = None) -> dict[str, Any]:
        """The Create of a public note."""
        number = next(self._numbers)
        written = {
            "id": f"{self.origin}/notes/{number}",
            "type": "Note",
            "attributedTo": author.uri,
            "to": [PUBLIC],
            "cc": [f"{author.uri}/followers"],
            "content": f"<p>Note {number}</p>",
            "inReplyTo": reply_to,
        }
        return self.act("Create", author, written, to=written["to"], cc=written["cc"])

    def act(self, kind: str, author: Person, object: Any, **more: Any) -> dict[str, Any]:
        """An activity with an id of its own."""
        id = f"{self.origin}/activities/{next(self._numbers)}"
        return {"@context": AS_CONTEXT, "id": id, "type": kind, "actor": author.uri,
                "object": object, **more}  # fmt: skip

    async def say(
        self, session: aiohttp.ClientSession, to: Instance, author: Person, activity: dict[str, Any]
    ) -> None:
        """Deliver until it is taken, always the same bytes."""
        body, url = msgspec.json.encode(activity), f"{to.origin}/inbox"

        async def taken() -> bool:
            headers = signature.sign("POST", url, body, author.key, now_ms())
            headers["Content-Type"] = ACTIVITY_JSON
            try:
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status in (202, 503), await answer.text()
                    return answer.status == 202
            except (OSError, aiohttp.ClientError):
                return False

        await until(taken)
        self.said.append(activity)
        await self.moment("we were told 202")

    async def _actor(self, request: web.Request) -> web.Response:
        uri = f"{self.origin}{request.path}"
        person = next(one for one in self.people if one.uri == uri)
        document = {
            "@context": [AS_CONTEXT, "https://w3id.org/security/v1"],
            "id": uri,
            "type": "Person",
            "preferredUsername": request.match_info["name"],
            "inbox": f"{self.origin}/inbox",
            "followers": f"{uri}/followers",
            "publicKey": {"id": person.key.id, "owner": uri, "publicKeyPem": person.pem},
        }
        return web.Response(body=msgspec.json.encode(document), content_type=ACTIVITY_JSON)

    async def _inbox(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.heard.append((msgspec.json.decode(body)["id"], body))
        asyncio.get_running_loop().create_task(self.moment("a delivery is being answered"))
        return web.Response(status=202)

    def deliveries(self) -> dict[str, bytes]:
        """Each activity that came, once, in order of first arrival; all its copies are alike."""
        first: dict[str, bytes] = {}
        for id, body in self.heard:
            assert first.setdefault(id, body) == body, f"{id} came with two bodies"
        return first
