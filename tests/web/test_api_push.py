"""Where an app wants its pushes: what it may ask for, and what it may not."""

from typing import Any

import msgspec
import pytest

from federation import webpush
from server.clock import now_ms
from server.keyring import own_push_key
from server.services import sessions
from server.store import settings
from tests.web.city import City, Person
from web.keys import DB, VAPID_KEY, VAULT

PATH = "/api/v1/push/subscription"
POINT = webpush.public_text(webpush.private_key(b"\x01" * 32))
AUTH = "MDEyMzQ1Njc4OWFiY2RlZg=="
ENDPOINT = "https://push.example.com/send/1"


async def app_of(city: City, person: Person, scopes: str = "push") -> dict[str, str]:
    """The headers of an app."""
    token = await city.db.write(
        sessions.create_access_token, person.account.id, scopes, "tests", now_ms()
    )
    return {"Authorization": f"Bearer {token}"}


def wish(endpoint: str = ENDPOINT, p256dh: str = POINT, auth: str = AUTH) -> dict[str, Any]:
    return {"subscription": {"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}}


async def test_an_app_subscribes_changes_and_ends_its_subscription(any_city):
    bob = await any_city.join("bob")
    headers, other = await app_of(any_city, bob), await app_of(any_city, bob)
    client = bob.client
    for method in ("GET", "PUT"):
        async with client.request(method, PATH, headers=headers) as answer:
            assert answer.status == 404
            assert (await answer.json())["error"]
    form = {
        "subscription[endpoint]": ENDPOINT,
        "subscription[keys][p256dh]": POINT,
        "subscription[keys][auth]": AUTH,
        "data[alerts][mention]": "true",
        "data[alerts][follow]": "false",
        "data[alerts][admin.sign_up]": "1",
        "data[alerts][nonsense]": "true",
        "data[policy]": "followed",
    }
    async with client.post(PATH, data=form, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        made = await answer.json()
    expected = {
        "id": made["id"],
        "endpoint": ENDPOINT,
        "standard": False,
        "alerts": {"mention": True, "follow": False, "admin.sign_up": True},
        "policy": "followed",
        "server_key": any_city.app[VAPID_KEY],
    }
    assert made == expected
    async with client.get(f"{PATH}/", headers=headers) as answer:
        assert await answer.json() == expected
    async with client.get(PATH, headers=other) as answer:  # one for each token
        assert answer.status == 404
    change = {"data": {"alerts": {"poll": True}}}
    async with client.put(PATH, json=change, headers=headers) as answer:
        assert await answer.json() == {**expected, "alerts": {"poll": True}}
    again = wish("https://push.example.com/send/2")
    again["subscription"]["standard"] = True
    async with client.post(PATH, json=again, headers=headers) as answer:
        found = await answer.json()
    assert (found["standard"], found["alerts"], found["policy"]) == (True, {}, "all")
    assert found["id"] != made["id"]
    for _ in range(2):
        async with client.delete(PATH, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {})
    async with client.get(PATH, headers=headers) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "x",
        "http://push.example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://10.1.2.3/x",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://router.lan/",
        "https://push.example.com:8443/",
        "https://user:secret@push.example.com/",
        "https://push.example.com/\r\nX: y",
        "ftp://push.example.com/",
        "https://push.example.com/" + "x" * 2_048,
        "https://한글.example/",
        7,
        None,
    ],
)
async def test_pushes_go_nowhere_but_to_public_addresses(city, endpoint):
    bob = await city.join("bob")
    async with bob.client.post(
        PATH, json=wish(endpoint), headers=await app_of(city, bob)
    ) as answer:
        assert answer.status == 422
        assert (await answer.json())["error"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"subscription": {}},
        {"subscription": "x"},
        {"subscription": {"endpoint": ENDPOINT}},
        {"subscription": {"endpoint": ENDPOINT, "keys": []}},
        wish(p256dh="x"),
        wish(p256dh="A" * 87),
        wish(p256dh="B" * 10_000),
        wish(auth="x"),
        wish(auth="A" * 10_000),
        {**wish(), "data": {"policy": "everybody"}},
        {**wish(), "data": {"alerts": {"mention": "perhaps"}}},
        {**wish(), "data": {"alerts": {f"x{n}": True for n in range(51)}}},
        {**wish(), "data": []},
    ],
)
async def test_a_wish_that_does_not_fit_is_refused_with_a_sentence(city, sent):
    bob = await city.join("bob")
    headers = await app_of(city, bob)
    async with bob.client.post(PATH, json=sent, headers=headers) as answer:
        assert answer.status == 422, await answer.text()
        assert (await answer.json())["error"]
    async with bob.client.get(PATH, headers=headers) as answer:
        assert answer.status == 404


async def test_only_an_app_with_the_scope_push_may_ask(city):
    bob, visitor = await city.join("bob"), await city.visitor()
    narrow = await app_of(city, bob, "read write follow")
    for method in ("GET", "POST", "PUT", "DELETE"):
        async with bob.client.request(method, PATH, headers=narrow, json=wish()) as answer:
            assert answer.status == 403
        async with visitor.client.request(method, PATH, json=wish()) as answer:
            assert answer.status == 401


async def test_the_key_is_made_once_and_told_to_everybody(any_city):
    db, vault = any_city.app[DB], any_city.app[VAULT]
    public = any_city.app[VAPID_KEY]
    assert webpush.public_text(await own_push_key(db, vault)) == public
    kept = await db.read(settings.value, "push_key")
    assert await db.write(settings.settle, "push_key", "another") == kept
    visitor = await any_city.visitor()
    async with visitor.client.get("/api/v2/instance") as answer:
        found = (await answer.json())["configuration"]
    assert found["vapid"] == {"public_key": public}
    assert found["urls"]["streaming"] == any_city.site.origin.replace("http", "ws", 1)
    async with visitor.client.get("/api/v1/instance") as answer:
        assert (await answer.json())["urls"] == {"streaming_api": found["urls"]["streaming"]}
    assert msgspec.json.encode(kept).decode().find(public) == -1
