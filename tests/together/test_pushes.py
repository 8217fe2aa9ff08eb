"""Notifications pushed to an app: a push service on loopback that reads as an app would."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import http_ece
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.services import follows, posts, preferences, pushes, reactions, sessions
from server.store import pushes as rows
from server.worker import pushes as worker
from server.worker import turns
from tests.village import City, Village, eventually
from web import i18n
from web.keys import VAPID_KEY, WORKER

PATH = "/api/v1/push/subscription"
AUTH = b"0123456789abcdef"


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Service:
    """A push service, and the app behind it."""

    def __init__(self) -> None:
        self.key = generate_private_key(SECP256R1())
        self.status = 201
        self.headers: dict[str, str] = {}
        self.asked = 0
        self.got: list[tuple[web.Request, dict[str, Any]]] = []

    @property
    def point(self) -> str:
        """The app's public key."""
        raw = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return text(raw)

    async def take(self, request: web.Request) -> web.Response:
        """Read a message as the app does, after looking at the signature as a service does."""
        body = await request.read()
        self.asked += 1
        if self.status < 300:
            if request.headers["Content-Encoding"] == "aes128gcm":
                token, key = request.headers["Authorization"].removeprefix("vapid t=").split(", k=")
                plain = http_ece.decrypt(
                    body, private_key=self.key, auth_secret=AUTH, version="aes128gcm"
                )
            else:
                kept = dict(one.split("=") for one in request.headers["Crypto-Key"].split(";"))
                token = request.headers["Authorization"].removeprefix("WebPush ")
                key = kept["p256ecdsa"]
                plain = http_ece.decrypt(
                    body,
                    salt=unpadded(request.headers["Encryption"].removeprefix("salt=")),
                    private_key=self.key,
                    dh=unpadded(kept["dh"]),
                    auth_secret=AUTH,
                    version="aesgcm",
                )
            verify(token, key, f"http://{request.host}")
            self.got.append((request, msgspec.json.decode(plain)))
        return web.Response(status=self.status, headers=self.headers)


def verify(token: str, key: str, audience: str) -> None:
    """Hold a VAPID token to its key and to this service."""
    header, claims, signature = token.split(".")
    raw = unpadded(signature)
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unpadded(key)).verify(
        encode_dss_signature(*numbers), f"{header}.{claims}".encode(), ECDSA(SHA256())
    )
    assert msgspec.json.decode(unpadded(claims))["aud"] == audience


@pytest.fixture
async def service(village: Village) -> AsyncIterator[Service]:
    """A service at http://push.test."""
    service, app = Service(), web.Application()
    app.router.add_post("/{where:.*}", service.take)
    server = TestServer(app)
    await server.start_server()
    assert server.port is not None
    village.names.ports["push.test"] = server.port
    yield service
    await server.close()


ALL = {kind: True for kind in pushes.ALERTS}


async def subscribed(
    city: City,
    name: str,
    service: Service,
    *,
    standard: bool = True,
    at: str = "http://push.test/send/1",
    **data: Any,
) -> tuple[dict[str, str], dict[str, Any]]:
    """Somebody's app wants pushes; its headers, and what it was answered."""
    headers = {"Authorization": f"Bearer {await city.token(name)}"}
    wish = {
        "subscription": {
            "endpoint": at,
            "keys": {"p256dh": service.point, "auth": text(AUTH)},
            "standard": standard,
        },
        "data": {"alerts": ALL, **data},
    }
    async with city.client.post(PATH, json=wish, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return headers, await answer.json()


async def a_city(village: Village) -> City:
    """Ann and Bob, who speaks Korean."""
    city = await village("alpha.test")
    await city.join("ann")
    await city.join("bob")
    await city.db.write(preferences.set_language, city.people["bob"].id, "ko")
    return city


@pytest.mark.parametrize("standard", [True, False])
async def test_a_mention_reaches_the_app_encrypted_signed_and_in_its_language(
    village: Village, service: Service, standard: bool
) -> None:
    city = await a_city(village)
    headers, answered = await subscribed(city, "bob", service, standard=standard)
    token = headers["Authorization"].removeprefix("Bearer ")
    kept = (await city.rows("SELECT sealed_token FROM push_subscription"))[0]["sealed_token"]
    assert token.encode() not in kept
    assert answered["server_key"] == city.app[VAPID_KEY]
    post = await city.write("ann", "@bob **Hello** & welcome")
    await eventually(_got(service, 1))
    request, said = service.got[0]
    assert request.path == "/send/1"
    assert (request.headers["TTL"], request.headers["Urgency"]) == ("172800", "normal")
    told = (await city.rows("SELECT id FROM notification"))[0]["id"]
    title = i18n.translations("ko").gettext("%(name)s mentioned you") % {"name": "ann"}
    assert said == {
        "access_token": token,
        "preferred_locale": "ko",
        "notification_id": told,
        "notification_type": "mention",
        "icon": f"{city.origin}/static/avatar.png",
        "title": title,
        "body": "@bob Hello & welcome",
    }
    assert post
    await village.settle()


def _got(service: Service, many: int) -> Any:
    async def probe() -> bool:
        return len(service.got) >= many

    return probe


def _asked(service: Service, many: int) -> Any:
    async def probe() -> bool:
        return service.asked >= many

    return probe


async def test_only_what_was_wanted_is_pushed_and_only_from_whom(
    village: Village, service: Service
) -> None:
    city = await a_city(village)
    await city.join("cat")
    headers, _ = await subscribed(city, "bob", service, alerts={"mention": True})
    mine = await city.write("bob", "Mine")
    await city.do(reactions.like, await city.me("ann"), mine.id)
    assert await _waiting(city) == 0
    for policy, allowed in (("followed", "ann"), ("follower", "cat")):
        async with city.client.put(
            PATH, json={"data": {"alerts": {"mention": True}, "policy": policy}}, headers=headers
        ) as answer:
            assert (await answer.json())["policy"] == policy
        if policy == "followed":
            await city.do(follows.follow, await city.me("bob"), city.people["ann"].id)
        else:
            await city.do(follows.follow, await city.me("cat"), city.people["bob"].id)
        before = len(service.got)
        await city.write("ann", "@bob hello")
        await city.write("cat", "@bob hello")
        await village.settle()
        await eventually(_got(service, before + 1))
        assert len(service.got) == before + 1
        assert allowed in service.got[-1][1]["title"]
    async with city.client.put(
        PATH, data={"data[alerts][mention]": "true", "policy": "none"}, headers=headers
    ) as answer:
        assert (await answer.json())["policy"] == "none"
    await city.write("cat", "@bob hello")
    assert await _waiting(city) == 0


async def test_what_may_not_be_read_any_more_is_not_pushed(
    village: Village, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = await a_city(village)
    await subscribed(city, "bob", service)
    held = city.app[WORKER]
    # nothing is sent before all has happened
    monkeypatch.setattr(held._loops["pushes"], "_slots", 0)
    mine = await city.write("bob", "Mine")
    deleted = await city.write("ann", "@bob deleted")
    edited = await city.write("ann", "@bob edited", visibility="direct")
    await city.do(reactions.like, await city.me("ann"), mine.id)
    await city.do(posts.delete, await city.me("ann"), deleted.id)
    await city.edit("ann", edited, "nobody")
    await city.do(reactions.unlike, await city.me("ann"), mine.id)
    blocked = await city.join("eve")
    await city.write("eve", "@bob from eve")
    await city.do(follows.block, await city.me("bob"), blocked.id)
    await city.do(reactions.boost, await city.me("ann"), mine.id)
    monkeypatch.setattr(held._loops["pushes"], "_slots", 32)
    city.wake()
    await village.settle()
    assert [said["notification_type"] for _, said in service.got] == ["reblog"]


async def test_a_service_that_knows_it_no_more_ends_the_subscription(
    village: Village, service: Service
) -> None:
    for status in (404, 410):
        city = await village(f"city{status}.test")
        await city.join("ann")
        await city.join("bob")
        headers, _ = await subscribed(city, "bob", service)
        service.status = status
        await city.write("ann", "@bob hello")
        await village.settle()
        async with city.client.get(PATH, headers=headers) as answer:
            assert answer.status == 404
        assert await city.count("push_subscription") == 0
        assert dict(city.app[WORKER].pushes) == {"ended": 1}


@pytest.mark.parametrize(("status", "after"), [(429, "30"), (503, None), (500, None)])
async def test_a_busy_service_is_tried_again_a_few_times(
    village: Village, service: Service, status: int, after: str | None
) -> None:
    city = await a_city(village)
    await subscribed(city, "bob", service)
    service.status = status
    service.headers = {"Retry-After": after} if after else {}
    await city.write("ann", "@bob hello")
    for tried in range(1, worker.TRIES + 1):
        await eventually(_asked(service, tried))
        await _resting(city, tried)
        city.clock.ahead_ms += 40_000 if after else 3_600_000
        city.wake()
    await village.settle()
    assert service.asked == worker.TRIES
    found = await city.db.read(rows.of_account, city.people["bob"].id)
    assert [one.failures for one in found] == [1]
    service.status = 201
    await city.write("ann", "@bob hello again")
    await eventually(_got(service, 1))
    await village.settle()
    found = await city.db.read(rows.of_account, city.people["bob"].id)
    assert [one.failures for one in found] == [0]
    assert dict(city.app[WORKER].pushes) == {"put_off": worker.TRIES - 1, "given_up": 1, "taken": 1}


async def _waiting(city: City) -> int:
    """How many pushes wait; posts are indexed meanwhile, whenever a timer looks."""
    return len(await city.rows("SELECT 1 FROM job WHERE kind = 'push'"))


async def _resting(city: City, tried: int) -> None:
    async def probe() -> bool:
        found = await city.rows(
            "SELECT 1 FROM job WHERE attempts = :n AND claimed_until_ms = 0", n=tried
        )
        return bool(found) or tried == worker.TRIES

    await eventually(probe)


async def test_a_service_that_refuses_too_often_is_left_alone(
    village: Village, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushes, "MOST_FAILURES", 2)
    city = await a_city(village)
    await subscribed(city, "bob", service)
    service.status = 400
    for _ in range(2):
        await city.write("ann", "@bob hello")
        await village.settle()
    assert service.asked == 2
    assert dict(city.app[WORKER].pushes) == {"refused": 2}
    assert await city.count("push_subscription") == 0


async def test_a_service_that_is_away_holds_up_nothing(village: Village, service: Service) -> None:
    city = await a_city(village)
    await subscribed(city, "bob", service)
    village.names.down.add("push.test")
    await city.write("ann", "@bob one")
    await _resting(city, 1)
    village.names.down.clear()
    await city.write("ann", "@bob two")
    assert service.asked == 0  # the second waits behind the first
    city.clock.ahead_ms += 60_000
    city.wake()
    await eventually(_got(service, 2))
    assert [said["body"] for _, said in service.got] == ["@bob one", "@bob two"]


async def test_a_member_whose_services_hang_holds_up_nobody_elses_pushes(
    village: Village, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob has eight apps at names that never answer; Cat has one where all is well."""
    city, open_, hanging = await a_city(village), asyncio.Event(), 0
    await city.join("cat")
    monkeypatch.setattr(worker, "ASIDE_MS", 20)

    async def hang(request: web.Request) -> web.Response:
        nonlocal hanging
        hanging += 1
        await open_.wait()
        return web.Response(status=410)

    app = web.Application()
    app.router.add_post("/{where:.*}", hang)
    async with TestServer(app) as slow:
        assert slow.port is not None
        for number in range(8):
            village.names.ports[f"slow{number}.test"] = slow.port
            await subscribed(city, "bob", service, at=f"http://slow{number}.test/")
        monkeypatch.setattr(city.app[WORKER]._loops["pushes"], "_slots", 8)
        await city.write("ann", "@bob hello")
        await eventually(_value(lambda: hanging == turns.OF_ACCOUNT))
        await subscribed(city, "cat", service)
        await city.write("ann", "@cat hello")
        await eventually(_got(service, 1))
        assert hanging == turns.OF_ACCOUNT
        open_.set()
        await village.settle()
        assert hanging == 8
    assert await city.count("push_subscription") == 1  # cat's: those that are gone, go


def _value(read: Callable[[], bool]) -> Any:
    async def probe() -> bool:
        return read()

    return probe


async def test_pushes_to_one_app_do_not_pile_up(
    village: Village, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushes, "MOST_WAITING", 3)
    city = await a_city(village)
    await subscribed(city, "bob", service)
    service.status = 503
    for number in range(5):
        await city.write("ann", f"@bob {number}")
    assert await _waiting(city) == 3


async def test_a_push_ends_with_its_token(village: Village, service: Service) -> None:
    city = await a_city(village)
    await subscribed(city, "bob", service)
    await city.db.write(sessions.revoke_others, city.people["bob"].id)
    assert await city.count("push_subscription") == 0
    await city.write("ann", "@bob hello")
    await village.settle()
    assert service.asked == 0


async def test_a_remote_mention_is_pushed_too(village: Village, service: Service) -> None:
    city, beta = await a_city(village), await village("beta.test")
    await beta.join("eve")
    await subscribed(city, "bob", service)
    await beta.write("eve", "@bob@alpha.test hello")
    await eventually(_got(service, 1))
    assert "eve" in service.got[0][1]["title"]
