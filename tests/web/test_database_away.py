"""What people and apps are told while nothing can be read or written."""

from typing import Any

import pytest

from server.store.db import Contention, DatabaseUnavailable
from tests.web.an_app import app_of
from web import error_page, i18n

SAVING = (
    "The server cannot save anything right now. What you wrote is still here; "
    "try again in a few minutes."
)
READING = "The server cannot find anything right now. Please try again in a few minutes."


async def full(*_: object, **__: object) -> None:
    raise DatabaseUnavailable("The disk is full.")


@pytest.fixture
async def told(city: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each sentence that was meant, in the order of the answers."""
    meant: list[Any] = []
    away = error_page.away

    def noted(request: Any) -> Any:
        meant.append(away(request))
        return meant[-1]

    monkeypatch.setattr(error_page, "away", noted)
    return meant


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_apps_hear_in_their_language_that_nothing_can_be_saved(
    city: Any, told: Any, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    app = await app_of(city, "mina")
    await app.get("/v1/accounts/verify_credentials")
    monkeypatch.setattr(city.db, "write", full)
    spoken = {"Accept-Language": language}
    story = {"status": "A long story"}
    answer = await app.post("/v1/statuses", json=story, expect=503, headers=spoken)
    assert answer["error"] == i18n.say(told[0], language)
    assert told[0].message == SAVING
    monkeypatch.setattr(city.db, "read", full)
    monkeypatch.setattr(city.db, "read_inline", full)
    answer = await app.get("/v1/timelines/home", expect=503, headers=spoken)
    assert answer["error"] == i18n.say(told[1], language)
    assert told[1].message == READING


async def test_pages_do_not_blame_the_visitors(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mina = await city.join("mina")
    token = await mina.token()
    monkeypatch.setattr(city.db, "write", full)
    story = {"csrf": token, "title": "Rain", "content": "A long story", "visibility": "public"}
    for do in ("publish", "draft", "submit"):
        said = await mina.post("/write", 503, data={**story, "do": do})
        assert SAVING in said and "A long story</textarea>" in said
    told = await mina.post("/settings/profile", 503, data={"csrf": token, "display_name": "M"})
    assert "Go back: what you typed is still in the form." in told
    assert SAVING not in told, "this page does not show it again"
    monkeypatch.setattr(city.db, "read", full)
    page = await mina.get("/notifications", 503)
    assert READING in page.text and "Go back" not in page.text
    async with mina.client.get("/notifications", headers=mina.headers) as answer:
        assert answer.headers["Retry-After"] == "30"


async def test_a_race_that_was_lost_too_often_is_told_as_what_passes(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def contended(*_: object, **__: object) -> None:
        raise Contention("deadlock detected")

    app = await app_of(city, "mina")
    await app.get("/v1/accounts/verify_credentials")
    monkeypatch.setattr(city.db, "write", contended)
    await app.post("/v1/statuses", json={"status": "A story"}, expect=503)


async def test_every_door_says_when_to_come_back(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = (await city.join("mina")).client
    for name in ("read", "read_inline", "write"):
        monkeypatch.setattr(city.db, name, full)
    for path in ("/", "/@mina", "/api/v1/timelines/public", "/readyz", "/health", "/nodeinfo/2.1"):
        async with client.get(path) as answer:
            assert (answer.status, answer.headers.get("Retry-After")) == (503, "30"), path
    inbox = {"Content-Type": "application/activity+json", "Signature": 'keyId="https://far.test/k"'}
    async with client.post("/inbox", data=b"{}", headers=inbox) as answer:
        assert answer.status < 500 or answer.headers["Retry-After"] == "30"
