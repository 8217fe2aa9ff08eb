"""A signed Create(Note) by POST until it is in the home timelines of the author's followers."""

import asyncio
import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from federation.keys import SigningKey, make_rsa, signing_key
from federation.signature import sign
from federation.vocab import ACTIVITY_JSON
from server.clock import now_ms
from server.model import Account
from server.store import accounts
from server.store.db import Write
from tests.bench import city, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

AUTHORS = 10
READERS = 20
READERS_OF_EACH = 5
CONNECTIONS = 50
CONTEXT = [
    "https://www.w3.org/ns/activitystreams",
    {"ostatus": "http://ostatus.org#", "sensitive": "as:sensitive", "Hashtag": "as:Hashtag"},
]


async def measure(options: Options) -> list[Figure]:
    """CPU of the server per activity; the floor is `floors.inbound` under the same load."""
    count = 200 if options.quick else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authors = await _fill(folder)
        numbers = itertools.count()
        rounds = []
        looking = city.Looking(folder)
        async with Child.running("tests.bench.serve", folder, 0, *options.profiled()) as server:
            for _ in range(1 + options.rounds):
                requests = [_request(authors, next(numbers)) for _ in range(count)]
                rounds.append(await _round(server, looking, requests) / count * 1000)
        looking.close()
        floor = await _floor(requests)
    return [
        Figure(
            f"inbound: Create(Note), seen in {READERS_OF_EACH} home timelines",
            "ms CPU each",
            tuple(rounds[1:]),
            aim=0.5,
            floor=floor,
        )
    ]


async def _round(server: Child, looking: city.Looking, requests: list[bytes]) -> float:
    """CPU seconds from the first request until every effect is there."""
    wanted = looking.value("SELECT count(*) FROM home") + READERS_OF_EACH * len(requests)
    before = server.cpu_s()
    seen, _ = await wire.ask(int(server.ready), requests, CONNECTIONS)
    if set(seen) != {202}:
        raise RuntimeError(f"not accepted: {seen}")
    deadline = time.monotonic() + 20
    while looking.value("SELECT count(*) FROM home") < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError("the effects do not come")
        await asyncio.sleep(0.02)
    return server.cpu_s() - before


async def _floor(requests: list[bytes]) -> float:
    """Milliseconds of CPU per request that the floor needs."""
    took = []
    async with Child.running("tests.bench.floors", "inbound") as child:
        for _ in range(4):
            before = child.cpu_s()
            await wire.ask(int(child.ready), requests, CONNECTIONS)
            took.append(child.cpu_s() - before)
    return sorted(took[1:])[1] / len(requests) * 1000


async def _fill(folder: Path) -> list[tuple[Account, SigningKey]]:
    """Readers here, and the authors elsewhere whom they follow."""
    db, sealed = await city.opened(folder), city.locker(folder)
    readers = [(await city.join(db, sealed, f"reader{n}"))[0] for n in range(READERS)]
    authors = await db.write(city.strangers, AUTHORS, hosts=AUTHORS)
    pairs = [make_rsa() for _ in authors]
    await db.write(_acquaint, authors, readers, [pem for _, pem in pairs])
    await db.close()
    return [
        (author, signing_key(f"{author.uri}#main-key", private))
        for author, (private, _) in zip(authors, pairs, strict=True)
    ]


def _acquaint(tx: Write, authors: list[Account], readers: list[Account], pems: list[str]) -> None:
    for number, (author, pem) in enumerate(zip(authors, pems, strict=True)):
        accounts.put_remote_key(
            tx,
            uri=f"{author.uri}#main-key",
            owner=author.uri,
            account_id=author.id,
            pem=pem,
            multibase="",
            state="active",
            fetched_ms=now_ms(),
        )
        for step in range(READERS_OF_EACH):
            city.follow(tx, readers[(number + step) % len(readers)], author)


def _request(authors: list[tuple[Account, SigningKey]], number: int) -> bytes:
    """One signed request as it comes off the wire."""
    author, key = authors[number % len(authors)]
    body = msgspec.json.encode(create(author, number))
    url = f"http://{city.HOST}/inbox"
    headers = sign("POST", url, body, key, now_ms())
    headers |= {"Content-Type": ACTIVITY_JSON, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /inbox HTTP/1.1\r\n{head}\r\n".encode() + body


def create(author: Account, number: int) -> dict[str, Any]:
    """Some 2 kB, in the shape that Mastodon sends."""
    uri = f"{author.uri}/statuses/{number}"
    origin = author.uri.partition("/users")[0]
    audience = {
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [author.followers_uri],
    }
    words = "The ferry was late again, and so the whole quay had time to talk about bread. " * 5
    content = (
        f"<p>{words}</p><p>Number {number}: "
        f'<a href="{origin}/tags/harbour" class="mention hashtag" rel="tag">'
        f"#<span>harbour</span></a> "
        f'<a href="https://news.test/{number}" rel="nofollow noopener" target="_blank">'
        f'<span class="invisible">https://</span><span>news.test/{number}</span></a></p>'
    )
    note = {
        "id": uri,
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": "2025-06-01T10:00:00Z",
        "url": f"{origin}/@{author.name}/{number}",
        "attributedTo": author.uri,
        **audience,
        "sensitive": False,
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [{"type": "Hashtag", "href": f"{origin}/tags/harbour", "name": "#harbour"}],
        "replies": {
            "id": f"{uri}/replies",
            "type": "Collection",
            "first": {"type": "CollectionPage", "partOf": f"{uri}/replies", "items": []},
        },
    }
    return {
        "@context": CONTEXT,
        "id": f"{uri}/activity",
        "type": "Create",
        "actor": author.uri,
        "published": "2025-06-01T10:00:00Z",
        **audience,
        "object": note,
    }
