"""What the city says to everybody, in apps, on the front page and on the command line."""

import json

import pytest

from server.clock import HOUR_MS, now_ms
from server.errors import Invalid
from server.services import announcements as service
from server.services.announcements import NewAnnouncement, is_emoji
from server.store import events as event_store
from tests.web.test_api_endpoints import SITE_HERE, City
from tests.web.test_api_endpoints import city as city  # the fixture


async def says(city: City, text: str = "물이 **끊깁니다** #광명", **more):
    new = NewAnnouncement(text=text, **more)
    return await city.db.write(service.create, SITE_HERE, new, now_ms())


async def test_everybody_reads_an_announcement_and_puts_it_away(city):
    said = await says(city, "@mina 물이 **끊깁니다** #광명")
    (one,) = await city.get("/v1/announcements", "joon")
    assert one["id"] == str(said.id)
    assert "<strong>끊깁니다</strong>" in one["content"]
    assert [tag["name"] for tag in one["tags"]] == ["광명"]
    assert [person["id"] for person in one["mentions"]] == [city.id("mina")]
    assert (one["read"], one["reactions"], one["starts_at"]) == (False, [], None)
    await city.post(f"/v1/announcements/{one['id']}/dismiss", "joon")
    await city.post(f"/v1/announcements/{one['id']}/dismiss", "joon")
    assert (await city.get("/v1/announcements", "joon"))[0]["read"] is True
    assert await city.get("/v1/announcements?with_dismissed=false", "joon") == []
    assert (await city.get("/v1/announcements", "mina"))[0]["read"] is False
    await city.post("/v1/announcements/7/dismiss", "joon", expect=404)


async def test_what_is_over_is_shown_no_more(city):
    soon = now_ms() + 3_600_000
    said = await says(city, ends_ms=soon)
    await city.db.write(
        lambda tx: tx.run("UPDATE announcement SET ends_ms = :past", past=now_ms() - 1)
    )
    assert await city.get("/v1/announcements", "mina") == []
    await city.post(f"/v1/announcements/{said.id}/dismiss", "mina", expect=404)
    await city.ask("PUT", f"/v1/announcements/{said.id}/reactions/👍", "mina", expect=404)


async def test_people_answer_with_an_emoji_once(city):
    said = await says(city)
    path = f"/v1/announcements/{said.id}/reactions"
    for _ in range(2):
        await city.ask("PUT", f"{path}/👍🏽", "mina")
    await city.ask("PUT", f"{path}/👍🏽", "joon")
    (one,) = await city.get("/v1/announcements", "mina")
    assert one["reactions"] == [{"name": "👍🏽", "count": 2, "me": True}]
    await city.ask("DELETE", f"{path}/👍🏽", "mina")
    await city.ask("DELETE", f"{path}/👍🏽", "mina")
    (one,) = await city.get("/v1/announcements", "mina")
    assert one["reactions"] == [{"name": "👍🏽", "count": 1, "me": False}]
    for wrong in ("hello", "<b>", "👍👍", "x" * 3000):
        await city.ask("PUT", f"{path}/{wrong}", "mina", expect=422)
    await city.ask("PUT", "/v1/announcements/7/reactions/👍", "mina", expect=404)


async def test_there_are_eight_different_answers_at_most(city):
    said = await says(city)
    path = f"/v1/announcements/{said.id}/reactions"
    for emoji in "🍎🍐🍊🍋🍌🍉🍇🍓":
        await city.ask("PUT", f"{path}/{emoji}", "mina")
    await city.ask("PUT", f"{path}/🍒", "joon", expect=422)
    await city.ask("PUT", f"{path}/🍎", "joon")


@pytest.mark.parametrize(
    "emoji", ["👍", "❤️", "❤", "👩‍💻", "🏳️‍🌈", "🇰🇷", "1️⃣", "👨‍👩‍👧‍👦", "☀️", "🫶🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
)
def test_an_emoji_is_one_however_it_is_made(emoji):
    assert is_emoji(emoji)


@pytest.mark.parametrize("text", ["", "a", "1", "👍a", "가", "👍👍", "🇰", "\ufe0f", "\u200d", "👍‍"])
def test_anything_else_is_none(text):
    assert not is_emoji(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "  "},
        {"text": "x" * 5001},
        {"text": "x", "ends_ms": 1},
        {"text": "x", "starts_ms": now_ms() + 2 * HOUR_MS, "ends_ms": now_ms() + HOUR_MS},
    ],
)
async def test_an_announcement_has_words_and_a_future(city, wrong):
    with pytest.raises(Invalid):
        await city.db.write(service.create, SITE_HERE, NewAnnouncement(**wrong), now_ms())


async def test_streams_hear_of_each_change(city):
    async def told():
        rows = await city.db.read(event_store.after, 0, 100)
        return [json.loads(row["data"]) for row in rows]

    said = await says(city)
    path = f"/v1/announcements/{said.id}/reactions/👍"
    await city.ask("PUT", path, "mina")
    await city.ask("DELETE", path, "mina")
    await city.db.write(service.remove, said.id, now_ms())
    first, liked, unliked, last = await told()
    assert (first["event"], first["of"]) == ("announcement", said.id)
    assert json.loads(liked["payload"]) == {
        "name": "👍",
        "count": 1,
        "announcement_id": str(said.id),
    }
    assert json.loads(unliked["payload"])["count"] == 0
    assert (last["event"], last["payload"]) == ("announcement.delete", str(said.id))


async def test_the_text_is_made_safe(city):
    await says(city, "<script>alert(1)</script> [x](javascript:alert(1))")
    (one,) = await city.get("/v1/announcements", "mina")
    assert "<script" not in json.dumps(one)
    assert 'href="javascript' not in one["content"]
