"""Every request recorded from a running server verifies with the key documents beside it."""

import json
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from federation import inbox, parse, signature
from federation.errors import FederationError, NotAuthentic
from federation.readers import require_id
from federation.signature import SignedRequest
from federation.vocab import Actor, Key
from tests.federation.signing import a_request

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden"
FOLDERS = ("gotosocial-0.20.0-rc1", "snac2-2.94")
FILES = [path for folder in FOLDERS for path in sorted((GOLDEN / folder).glob("*.json"))]

pytestmark = pytest.mark.skipif(not FILES, reason=f"no recorded documents at {GOLDEN}")


@cache
def recorded(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@cache
def published(folder: str) -> dict[str, Key]:
    """All keys that the documents of one folder publish, by id."""
    found: dict[str, Key] = {}
    for path in FILES:
        body = recorded(path)["body"]
        if path.parent.name == folder and isinstance(body, dict) and "publicKey" in body:
            found |= {key.id: key for key in parse.keys(body)}
    return found


def request_of(document: dict[str, Any]) -> SignedRequest:
    wire = document["request"]
    lines = tuple((name, value) for name, value in wire["headers"])
    host = next(value for name, value in lines if name.lower() == "host")
    body = document["body_raw"].encode() if wire["method"] == "POST" else b""
    return SignedRequest(wire["method"], wire["target"], host, "https", lines, body)


def signed(path: Path) -> bool:
    headers = recorded(path)["request"]["headers"]
    return any(name.lower() == "signature" for name, _ in headers)


SIGNED = [path for path in FILES if signed(path)]
POSTS = [path for path in SIGNED if recorded(path)["request"]["method"] == "POST"]


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def sent_ms(request: SignedRequest) -> int:
    """When it says it was sent."""
    return int(parsedate_to_datetime(request.fields["date"]).timestamp() * 1000)


@pytest.mark.parametrize("path", SIGNED, ids=name)
def test_a_recorded_request_verifies(path):
    request = request_of(recorded(path))
    found = signature.read(request)
    signature.check(request, found, sent_ms(request))
    signature.verify(request, found, published(path.parent.name)[found.key_id])


@pytest.mark.parametrize("path", SIGNED, ids=name)
def test_a_recorded_request_does_not_verify_a_day_later_or_elsewhere(path):
    request = request_of(recorded(path))
    found = signature.read(request)
    with pytest.raises(NotAuthentic, match="stale"):
        signature.check(request, found, sent_ms(request) + 86_400_000)
    with pytest.raises(NotAuthentic, match="key"):
        signature.verify(a_request(), found, published(path.parent.name)[found.key_id])


class Recorded:
    """The keys of a folder, as if we had read them before."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    async def cached(self, key_id: str) -> Key | None:
        return published(self.folder).get(key_id)

    async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        raise FederationError(f"{key_id} is not recorded")


@pytest.mark.parametrize("path", POSTS, ids=name)
async def test_a_recorded_delivery_is_authentic(path):
    document = recorded(path)
    request = request_of(document)
    keyring, now_ms = Recorded(path.parent.name), sent_ms(request)
    authentic = await inbox.authenticate(request, keyring, now_ms, {request.authority})
    assert authentic.activity.actor == require_id(document["body"], "actor")
    assert authentic.activity.raw == document["body"]


def test_all_recordings_were_found():
    assert (len(SIGNED), len(POSTS)) == (197, 94)
