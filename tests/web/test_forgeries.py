"""Every way to lie to the inbox: its status, and that nothing of it is kept.

Each row is one change to a request that would be accepted; the last test proves that it would.
SECURITY.md, "HTTP signatures" and "What comes in".
"""

import base64
import gzip
import hashlib
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from federation import signature
from federation.keys import SigningKey
from federation.vocab import ACTIVITY_JSON, PUBLIC
from server.clock import HOUR_MS
from server.model import Post
from server.services import indexing
from server.store import hosts
from tests.server.world import changed, dump
from tests.together.peer import Peer, Somebody
from tests.village import City, Village
from web.keys import FETCHER

HOST_IS = "alpha.test"


@dataclass
class Place:
    """Our instance with ann and her post; far.test with eve, whom we know, and mallory."""

    city: City
    far: Peer
    eve: Somebody
    mallory: Somebody
    post: Post
    numbers: list[int] = field(default_factory=lambda: [0])

    def like(self, **changes: Any) -> dict[str, Any]:
        """Eve likes ann's post."""
        self.numbers[0] += 1
        return {
            "id": f"{self.far.origin}/likes/{self.numbers[0]}",
            "type": "Like",
            "actor": self.eve.uri,
            "object": self.post.uri,
            "to": [PUBLIC],
            **changes,
        }


@dataclass
class Letter:
    """A request as it goes out."""

    body: bytes
    headers: list[tuple[str, str]]
    path: str = "/inbox"

    def put(self, name: str, value: str | None) -> "Letter":
        """With this header instead of what it had; None: without."""
        kept = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        added = [(name, value)] if value is not None else []
        return Letter(self.body, kept + added, self.path)

    def twice(self, name: str) -> "Letter":
        """With this header twice."""
        again = [(n, v) for n, v in self.headers if n.lower() == name.lower()]
        return Letter(self.body, self.headers + again, self.path)

    def of(self, name: str) -> str:
        """A header."""
        return next(v for n, v in self.headers if n.lower() == name.lower())


def signed(
    place: Place,
    what: dict[str, Any] | bytes,
    key: SigningKey | None = None,
    *,
    url: str = f"http://{HOST_IS}/inbox",
    ahead_ms: int = 0,
    scheme: signature.Scheme = "cavage",
) -> Letter:
    """A letter whose signature is right."""
    body = what if isinstance(what, bytes) else msgspec.json.encode(what)
    at_ms = place.city.clock() + ahead_ms
    headers = signature.sign("POST", url, body, key or place.eve.key, at_ms, scheme)
    return Letter(body, [*headers.items(), ("Content-Type", ACTIVITY_JSON)])


def resigned(
    place: Place,
    covered: str = "(request-target) host date digest",
    *,
    algorithm: str = "rsa-sha256",
    key_id: str = "",
    hash_: hashes.HashAlgorithm | None = None,
    secret: bytes = b"",
    extra: str = "",
    **values: str,
) -> Letter:
    """A letter signed by hand, right for exactly what it says that it covers."""
    letter = signed(place, place.like())
    for name, value in values.items():
        letter = letter.put(name, value)
    known = {"(request-target)": "post /inbox", **{n.lower(): v for n, v in letter.headers}}
    text = "\n".join(f"{name}: {known[name]}" for name in covered.split()).encode()
    if secret:
        mac = hmac.HMAC(secret, hashes.SHA256())
        mac.update(text)
        value = mac.finalize()
    else:
        value = place.eve.key.private.sign(text, PKCS1v15(), hash_ or hashes.SHA256())
    claim = (
        f'keyId="{key_id or place.eve.key.id}",algorithm="{algorithm}",headers="{covered}"'
        f'{extra},signature="{base64.b64encode(value).decode()}"'
    )
    return letter.put("Signature", claim)


def lying(place: Place, **changes: Any) -> Letter:
    """Rightly signed by eve, but the activity says something else."""
    return signed(place, place.like(**changes))


def raw(place: Place, text: str | bytes) -> Letter:
    """Rightly signed by eve, any bytes."""
    return signed(place, text if isinstance(text, bytes) else text.encode())


def nested(place: Place, levels: int) -> bytes:
    """A like with a value so deep."""
    deep: Any = 1
    for _ in range(levels):
        deep = [deep]
    return msgspec.json.encode(place.like(deep=deep))


def with_text(place: Place, text: str) -> bytes:
    """A like with this JSON text as its content."""
    return msgspec.json.encode(place.like(content="@@")).replace(b'"@@"', text.encode())


def digest_of(body: bytes) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


Row = tuple[int, Callable[[Place], Letter]]

SIGNATURES: dict[str, Row] = {
    "unsigned": (401, lambda p: signed(p, p.like()).put("Signature", None)),
    "signature that cannot be read": (400, lambda p: signed(p, p.like()).put("Signature", "x=")),
    "mallory's hand under eve's name": (
        401,
        lambda p: signed(p, p.like(), SigningKey(p.eve.key.id, p.mallory.key.private)),
    ),
    "mallory's own key": (401, lambda p: signed(p, p.like(), p.mallory.key)),
    "a key that its document does not list": (
        401,
        lambda p: signed(p, p.like(), SigningKey(f"{p.eve.uri}#other", p.eve.key.private)),
    ),
    "a key that mallory says is eve's": (
        401,
        lambda p: signed(
            p, p.like(), SigningKey(f"{p.far.origin}/users/fake#main-key", p.mallory.key.private)
        ),
    ),
    "a key of another host": (
        401,
        lambda p: signed(
            p, p.like(), SigningKey("http://evil.test/users/eve#main-key", p.mallory.key.private)
        ),
    ),
    "a key of ours": (
        401,
        lambda p: signed(
            p,
            p.like(),
            SigningKey(f"{p.city.people['ann'].uri}#main-key", p.mallory.key.private),
        ),
    ),
    "another body": (
        401,
        lambda p: Letter(msgspec.json.encode(p.like()), signed(p, p.like()).headers),
    ),
    "another body with its digest": (
        401,
        lambda p: Letter(other := msgspec.json.encode(p.like()), signed(p, p.like()).headers).put(
            "Digest", digest_of(other)
        ),
    ),
    "thirteen hours old": (401, lambda p: signed(p, p.like(), ahead_ms=-13 * HOUR_MS)),
    "two hours ahead": (401, lambda p: signed(p, p.like(), ahead_ms=2 * HOUR_MS)),
    "a date that is none": (401, lambda p: resigned(p, Date="yesterday")),
    "for another host": (401, lambda p: signed(p, p.like(), url="http://beta.test/inbox")),
    "for another host, sent to ours": (
        401,
        lambda p: signed(p, p.like(), url="http://beta.test/inbox").put("Host", HOST_IS),
    ),
    "for another path": (401, lambda p: signed(p, p.like(), url=f"http://{HOST_IS}/elsewhere")),
    "no digest": (401, lambda p: signed(p, p.like()).put("Digest", None)),
    "a digest of another kind": (401, lambda p: resigned(p, Digest="MD5=aGVsbG8=")),
    "a wrong digest, rightly signed": (401, lambda p: resigned(p, Digest=digest_of(b"other"))),
    "two signatures": (401, lambda p: signed(p, p.like()).twice("Signature")),
    "two dates": (401, lambda p: signed(p, p.like()).twice("Date")),
    "two digests": (401, lambda p: signed(p, p.like()).twice("Digest")),
    "two content types": (400, lambda p: signed(p, p.like()).twice("Content-Type")),
    "only the date": (401, lambda p: resigned(p, "date")),
    "without the digest": (401, lambda p: resigned(p, "(request-target) host date")),
    "without the path": (401, lambda p: resigned(p, "host date digest")),
    "without the host": (401, lambda p: resigned(p, "(request-target) date digest")),
    "without a time": (401, lambda p: resigned(p, "(request-target) host digest")),
    "the same header twice in the list": (
        401,
        lambda p: resigned(p, "(request-target) host date digest digest"),
    ),
    "the public key as a password": (
        401,
        lambda p: resigned(
            p,
            algorithm="hmac-sha256",
            secret=p.eve.document["publicKey"]["publicKeyPem"].encode(),
        ),
    ),
    "sha-1": (401, lambda p: resigned(p, algorithm="rsa-sha1", hash_=hashes.SHA1())),
    "sha-1 under another name": (401, lambda p: resigned(p, hash_=hashes.SHA1())),
    "no algorithm at all": (401, lambda p: resigned(p, algorithm="none")),
    "expired": (401, lambda p: resigned(p, extra=",expires=1")),
    "rfc 9421: another body": (
        401,
        lambda p: Letter(
            msgspec.json.encode(p.like()), signed(p, p.like(), scheme="rfc9421").headers
        ),
    ),
    "rfc 9421: another host": (
        401,
        lambda p: signed(p, p.like(), url="http://beta.test/inbox", scheme="rfc9421").put(
            "Host", HOST_IS
        ),
    ),
    "rfc 9421: stale": (
        401,
        lambda p: signed(p, p.like(), ahead_ms=-13 * HOUR_MS, scheme="rfc9421"),
    ),
    "rfc 9421: no digest": (
        401,
        lambda p: signed(p, p.like(), scheme="rfc9421").put("Content-Digest", None),
    ),
    "rfc 9421: two inputs": (
        401,
        lambda p: signed(p, p.like(), scheme="rfc9421").twice("Signature-Input"),
    ),
}

BODIES: dict[str, Row] = {
    "plain text": (415, lambda p: signed(p, p.like()).put("Content-Type", "text/plain")),
    "plain json": (415, lambda p: signed(p, p.like()).put("Content-Type", "application/json")),
    "ld+json without its profile": (
        415,
        lambda p: signed(p, p.like()).put("Content-Type", "application/ld+json"),
    ),
    "too large": (413, lambda p: raw(p, b" " * (1024 * 1024 + 1))),
    "a bomb": (
        415,
        lambda p: Letter(gzip.compress(b" " * 8_000_000), signed(p, p.like()).headers).put(
            "Content-Encoding", "gzip"
        ),
    ),
    "no gzip at all": (415, lambda p: signed(p, p.like()).put("Content-Encoding", "gzip")),
    "nothing": (400, lambda p: raw(p, "")),
    "half a document": (400, lambda p: raw(p, '{"id": "http')),
    "a list": (400, lambda p: raw(p, "[]")),
    "a number": (400, lambda p: raw(p, "7")),
    "too deep": (400, lambda p: raw(p, nested(p, 40))),
    "very deep": (400, lambda p: raw(p, b"[" * 100_000)),
    "not a number": (400, lambda p: raw(p, with_text(p, "NaN"))),
    "a null character": (400, lambda p: raw(p, with_text(p, '"a\\u0000b"'))),
    "half a character": (400, lambda p: raw(p, with_text(p, '"\\ud800"'))),
    "a huge number": (400, lambda p: raw(p, with_text(p, "9" * 400))),
    "utf-16": (400, lambda p: raw(p, msgspec.json.encode(p.like()).decode().encode("utf-16"))),
    "broken utf-8": (400, lambda p: raw(p, with_text(p, '"@"').replace(b"@", b"\xff\xfe"))),
    "no id": (400, lambda p: lying(p, id=None)),
    "an id that is an object": (400, lambda p: lying(p, id={"id": "x"})),
    "no type": (400, lambda p: lying(p, type=None)),
    "two actors": (400, lambda p: lying(p, actor=[p.eve.uri, p.mallory.uri])),
    "an actor that is an object": (400, lambda p: lying(p, actor={"id": p.eve.uri})),
    "no object": (400, lambda p: lying(p, object=None)),
    "an id of another host": (401, lambda p: lying(p, id="http://other.test/likes/1")),
    "an id of ours": (401, lambda p: lying(p, id=f"{p.city.origin}/activities/1")),
    "an id of the same host but another scheme": (
        401,
        lambda p: lying(p, id=f"https://{p.far.name}/likes/1"),
    ),
    "an id in capitals": (400, lambda p: lying(p, id="http://FAR.test/likes/1")),
    "an id with a port": (400, lambda p: lying(p, id="http://far.test:80/likes/1")),
    "an id with dots": (400, lambda p: lying(p, id="http://far.test/a/../likes")),
    "an id with a name": (400, lambda p: lying(p, id="http://eve@far.test/likes/1")),
    "an id with a space": (400, lambda p: lying(p, id="http://far.test/likes 1")),
    "an id that is too long": (400, lambda p: lying(p, id="http://far.test/" + "a" * 5000)),
    "an id that is no address": (400, lambda p: lying(p, id="urn:uuid:1")),
    "an actor of ours": (
        401,
        lambda p: lying(
            p,
            actor=p.city.people["ann"].uri,
            id=f"{p.city.origin}/activities/9",
        ),
    ),
}

ROWS = {**SIGNATURES, **BODIES}


@pytest.fixture
async def village(tmp_path: Any, new_database: Callable[[], str]) -> AsyncIterator[Village]:
    started = Village(tmp_path, new_database)
    yield started
    await started.close()


@pytest.fixture
async def place(village: Village) -> AsyncIterator[Place]:
    city = await village(HOST_IS)
    await city.join("ann")
    far = Peer("far.test", village)
    await far.start()
    eve, mallory = far.person("eve"), far.person("mallory")
    far.serve({**mallory.document, "id": f"{far.origin}/users/fake"})
    key = {**mallory.document["publicKey"], "owner": eve.uri}
    far.documents["/users/fake"]["publicKey"] = key | {"id": f"{far.origin}/users/fake#main-key"}
    await city.knows("@eve@far.test")
    post = await city.write("ann", "Hello")
    await village.settle()
    yield Place(city, far, eve, mallory, post)
    await far.close()


async def deliver(place: Place, letter: Letter) -> int:
    """Send it; the status of the answer."""
    async with place.city.client.post(
        letter.path, data=io.BytesIO(letter.body), headers=letter.headers
    ) as answer:
        await answer.read()
        return answer.status


async def kept(place: Place) -> dict[str, list[str]]:
    """All that is stored; ann's own post is indexed meanwhile, sooner or later."""
    found = await place.city.db.read(dump)
    found["job"] = [row for row in found["job"] if indexing.JOB not in row]
    return {table: rows for table, rows in found.items() if not table.startswith("search_")}


@pytest.mark.parametrize("rows", [SIGNATURES, BODIES], ids=["signatures", "bodies"])
async def test_a_forgery_is_refused_and_leaves_no_row(
    place: Place, rows: dict[str, Row], subtests: Any
) -> None:
    for name, (status, forge) in rows.items():
        with subtests.test(name):
            before = await kept(place)
            assert await deliver(place, forge(place)) == status
            assert changed(before, await kept(place)) == set()


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_the_request_that_all_these_are_made_from_is_accepted(
    place: Place, scheme: signature.Scheme
) -> None:
    letter = signed(place, place.like(), scheme=scheme)
    assert await deliver(place, letter) == 202
    assert await deliver(place, letter) == 202
    assert await deliver(place, resigned(place)) == 202
    (post,) = await place.city.rows("SELECT likes FROM post")
    assert post["likes"] == 1


async def test_a_blocked_host_hears_nothing_and_leaves_nothing(place: Place) -> None:
    await place.city.db.write(hosts.set_rule, "far.test", "block", "", place.city.clock())
    place.city.app[FETCHER].hosts.forget_rules()
    before = await kept(place)
    asked = len(place.far.asked)
    assert await deliver(place, signed(place, place.like())) == 202
    assert changed(before, await kept(place)) == set()
    assert len(place.far.asked) == asked


async def test_the_deletion_of_an_unknown_actor_is_taken_without_a_fetch(place: Place) -> None:
    before, asked = await kept(place), len(place.far.asked)
    me = place.mallory.uri
    gone = place.like(type="Delete", actor=me, object=me)
    assert await deliver(place, signed(place, gone, place.mallory.key)) == 202
    assert changed(before, await kept(place)) == set()
    assert len(place.far.asked) == asked


async def test_a_key_that_nobody_serves_is_asked_for_once(place: Place) -> None:
    key = SigningKey("http://nowhere.test/users/x#main-key", place.mallory.key.private)
    letter = signed(
        place, place.like(actor="http://nowhere.test/users/x", id="http://nowhere.test/1"), key
    )
    before = await kept(place)
    assert await deliver(place, letter) == 503, "its server may be back in a while"
    assert await deliver(place, letter) == 503
    assert changed(before, await kept(place)) == set()


async def test_a_key_that_was_replaced_counts_no_more(place: Place) -> None:
    assert await deliver(place, signed(place, place.like())) == 202
    new = SigningKey(place.eve.key.id, place.mallory.key.private)
    document = place.eve.document
    document["publicKey"] = {
        **document["publicKey"],
        "publicKeyPem": place.mallory.document["publicKey"]["publicKeyPem"],
    }
    update = place.like(type="Update", object=document)
    assert await deliver(place, signed(place, update)) == 202
    await _settle(place)
    assert await deliver(place, signed(place, place.like())) == 401
    assert await deliver(place, signed(place, place.like(), new)) == 202


async def _settle(place: Place) -> None:
    place.city.wake()
    await place.far.village.settle()


async def test_what_is_embedded_in_anothers_name_is_read_where_it_lives(place: Place) -> None:
    note = place.far.note(place.eve, "<p>Her own words</p>")
    await place.city.follow("ann", "@eve@far.test")
    await _settle(place)
    await place.far.accepts(place.city, place.eve)
    await place.city.follow("ann", "@mallory@far.test")
    await _settle(place)
    await place.far.accepts(place.city, place.mallory)
    await _settle(place)
    forged = place.like(
        type="Create", actor=place.mallory.uri, object={**note, "content": "Forged"}
    )
    assert await deliver(place, signed(place, forged, place.mallory.key)) == 202
    await _settle(place)
    assert await place.city.post_at(note["id"]) is None
    boost = place.like(
        type="Announce", actor=place.mallory.uri, object={**note, "content": "Forged"}
    )
    assert await deliver(place, signed(place, boost, place.mallory.key)) == 202
    await _settle(place)
    found = await place.city.post_at(note["id"])
    assert found is not None and "Her own words" in found.content


async def test_an_object_that_claims_our_origin_is_not_ours(place: Place) -> None:
    note = {**place.far.note(place.eve), "id": f"{place.city.origin}/objects/77"}
    before = await kept(place)
    made = place.like(type="Create", object=note)
    assert await deliver(place, signed(place, made)) in (202, 403)
    await _settle(place)
    assert changed(before, await kept(place)) <= {"activity", "host"}


async def test_a_flood_of_forgeries_is_answered_without_work(place: Place) -> None:
    letter = signed(place, place.like()).put("Signature", None)
    place.city.clock.stop()
    answers = [await deliver(place, letter) for _ in range(110)]
    assert answers[0] == 401
    assert answers[-1] == 429
    place.city.clock.ahead_ms += 60_000
    assert await deliver(place, signed(place, place.like())) == 202
