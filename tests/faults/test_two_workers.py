"""Workers on one PostgreSQL: who is stopped, or killed, is replaced; nothing is out of order."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from server.store import herald
from server.worker import loop
from tests.conftest import Server
from tests.faults.fleet import Fleet, Leased, children, paused
from tests.faults.rounds import ROUNDS
from tests.faults.traffic import App, nothing, writer
from tests.faults.world import Instance, Peer, until
from tests.ports import free_port
from web import live

pytestmark = pytest.mark.slow

WITHIN_S = 60.0
POSTS = 5


class HeldPeer(Peer):
    """A peer that may keep its answer to itself."""

    def __init__(self) -> None:
        super().__init__(nothing)
        self.open = asyncio.Event()
        self.open.set()

    async def _inbox(self, request: web.Request) -> web.Response:
        answer = await super()._inbox(request)
        await self.open.wait()
        return answer

    @property
    def texts(self) -> list[str]:
        """The content of each delivery of a post, in the order of arrival."""
        told = (msgspec.json.decode(body) for _, body in self.heard)
        return [one["object"]["content"] for one in told if one["type"] == "Create"]


@pytest.fixture
def url(postgresql_server: Server, postgresql_template: str) -> Iterator[str]:
    """A database with all tables."""
    made = postgresql_server.create(postgresql_template)
    yield made
    postgresql_server.drop(made)


@pytest.fixture
async def city(
    tmp_path: Path, url: str
) -> AsyncIterator[tuple[Instance, Fleet, App, HeldPeer, str]]:
    """A process for the web alone; Ann, whom somebody at the peer follows."""
    instance = Instance(tmp_path / "alpha", url)
    fleet, peer = Fleet(instance), HeldPeer()
    try:
        async with aiohttp.ClientSession() as session, peer.listening():
            token = await writer(instance)
            app = App(session, instance, token)
            await fleet.start("--role", "web")
            await until(lambda: _serves(app))
            ann = (await app.call("GET", "/api/v1/accounts/verify_credentials"))["uri"]
            person = peer.join("p0")
            await peer.say(session, instance, person, peer.act("Follow", person, ann))
            yield instance, fleet, app, peer, token
    finally:
        fleet.end()


async def _serves(app: App) -> bool:
    return await app.once("GET", "/readyz") == 200


async def test_whoever_was_stopped_longer_than_its_lease_ends_nothing_of_the_other(
    city: tuple[Instance, Fleet, App, HeldPeer, str],
) -> None:
    _, fleet, app, peer, _ = city
    clock = asyncio.get_running_loop().time
    first = await fleet.worker()
    await until(lambda: _heard(peer, 1, "Accept"))
    peer.open.clear()
    texts = [await _post(app, f"One {number}") for number in range(POSTS)]
    await until(lambda: _came(peer, texts[:1]))
    first.send_signal(signal.SIGSTOP)
    await until(lambda: _paused(first))
    stopped = clock()
    peer.open.set()  # its answer arrives at one who sleeps
    second = await fleet.worker()
    await until(lambda: _came(peer, texts), WITHIN_S)
    taken_over_s = clock() - stopped
    assert peer.texts == [texts[0], *texts], "only what was under way came twice"

    peer.open.clear()  # and now the other way round: this lane is the second one's
    more = [await _post(app, f"Two {number}") for number in range(POSTS)]
    await until(lambda: _came(peer, more[:1]))
    first.send_signal(signal.SIGCONT)
    second.kill()
    killed = clock()
    peer.open.set()
    await until(lambda: _came(peer, more), WITHIN_S)
    killed_s = clock() - killed
    await until(lambda: _drained(app, peer))

    counts = Counter(peer.texts)
    assert [text for text, count in counts.items() if count > 1] == [texts[0], more[0]]
    assert list(counts) == texts + more, "in order of their first arrival"
    assert max(counts.values()) == 2
    assert "Traceback" not in fleet.logs(), fleet.logs()
    assert first.poll() is None
    first.terminate()
    assert await asyncio.to_thread(first.wait, WITHIN_S) == 0
    print(f"stopped: taken over after {taken_over_s:.1f} s; killed: after {killed_s:.1f} s")


async def _post(app: App, text: str) -> str:
    await app.call("POST", "/api/v1/statuses", key=text, status=text)
    return f"<p>{text}</p>"


async def _heard(peer: HeldPeer, count: int, kind: str) -> bool:
    return sum(msgspec.json.decode(body)["type"] == kind for _, body in peer.heard) >= count


async def _came(peer: HeldPeer, texts: list[str]) -> bool:
    return set(texts) <= set(peer.texts)


async def _paused(process: Leased) -> bool:
    return paused(process)


async def _drained(app: App, peer: HeldPeer) -> bool:
    """Whether a last post, after all others, has come."""
    last = "<p>The last</p>"
    if not await _came(peer, [last]):
        await app.call("POST", "/api/v1/statuses", key="last", status="The last")
        return False
    peer.heard = [one for one in peer.heard if b"The last" not in one[1]]
    return True


async def test_a_worker_and_a_stream_hear_of_commits_of_another_process_within_a_second(
    city: tuple[Instance, Fleet, App, HeldPeer, str],
) -> None:
    """Here they look for nothing by the clock: what they hear of, they were told of."""
    instance, fleet, app, peer, token = city
    other = Instance(instance.folder, instance.url, instance.port)  # the same, at another door
    other.port = free_port()
    await fleet.start("--role", "web", port=other.port, told=True)
    await fleet.start("--role", "worker", told=True)
    await until(lambda: _heard(peer, 1, "Accept"))
    clock = asyncio.get_running_loop().time
    streamed, delivered = list[float](), list[float]()
    async with aiohttp.ClientSession() as session:
        there = App(session, other, token)
        await until(lambda: _serves(there))
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{other.origin}/api/v1/streaming/user", headers=headers) as stream:
            assert stream.status == 200
            for number in range(5):
                began = clock()
                post = await app.call("POST", "/api/v1/statuses", status=f"Said {number}")
                async with asyncio.timeout(WITHIN_S):
                    async for line in stream.content:
                        if post["id"].encode() in line:
                            break
                streamed.append(clock() - began)
                await until(lambda n=number: _came(peer, [f"<p>Said {n}</p>"]))  # type: ignore[misc]
                delivered.append(clock() - began)
    assert herald.PAUSE_S + live.PAUSE_S + loop.GATHER_S < 1.0, "the longest that any of them rests"
    print(f"streamed after {_all(streamed)} s, delivered after {_all(delivered)} s")


async def test_several_processes_end_with_the_one_that_was_killed_and_start_again(
    tmp_path: Path, url: str
) -> None:
    """Whoever runs us starts the whole again; nobody serves on with half of it unnoticed."""
    instance = Instance(tmp_path / "alpha", url)
    fleet, peer = Fleet(instance), HeldPeer()
    try:
        async with aiohttp.ClientSession() as session, peer.listening():
            app = App(session, instance, await writer(instance))
            whole = await fleet.start("--processes", "2")
            await until(lambda: _serves(app))
            ann = (await app.call("GET", "/api/v1/accounts/verify_credentials"))["uri"]
            person = peer.join("p0")
            await peer.say(session, instance, person, peer.act("Follow", person, ann))
            await until(lambda: _children(whole, 2))
            await until(lambda: _heard(peer, 1, "Accept"))
            peer.open.clear()
            text = await _post(app, "Said to both")
            await until(lambda: _came(peer, [text]))  # one of them waits for an answer
            os.kill(children(whole)[0], signal.SIGKILL)
            assert await asyncio.to_thread(whole.wait, WITHIN_S) != 0
            assert await app.once("GET", "/readyz") == 0, "nothing of it is left"
            peer.heard.clear()
            peer.open.set()
            again = await fleet.start("--processes", "2")
            await until(lambda: _serves(app))
            if ROUNDS:  # the claims of these run out after 45 s, as in life
                await until(lambda: _came(peer, [text]), WITHIN_S)
            again.terminate()
            assert await asyncio.to_thread(again.wait, WITHIN_S) == 0
    finally:
        fleet.end()


async def _children(process: Leased, count: int) -> bool:
    return len(children(process)) == count


def _all(seconds: list[float]) -> list[float]:
    return [round(one, 2) for one in seconds]
