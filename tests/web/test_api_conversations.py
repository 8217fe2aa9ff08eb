"""Private threads as apps list them."""

from server.store import accounts as account_store
from server.store import posts as post_store
from tests.web.test_api_endpoints import City, address
from tests.web.test_api_endpoints import city as city  # the fixture


async def talks(city: City, who: str, query: str = "") -> list[dict]:
    return await city.get(f"/v1/conversations{query}", who)


async def tells(city: City, who: str, words: str, **more) -> dict:
    return await city.says(who, words, visibility="direct", **more)


async def test_a_private_thread_is_one_conversation_for_each_of_its_people(city):
    await city.join("ara")
    first = await tells(city, "joon", "@mina @ara 안녕")
    (hers,) = await talks(city, "mina")
    (his,) = await talks(city, "joon")
    assert hers["unread"] is True
    assert his["unread"] is False
    assert {one["id"] for one in hers["accounts"]} == {city.id("joon"), city.id("ara")}
    assert {one["id"] for one in his["accounts"]} == {city.id("mina"), city.id("ara")}
    assert hers["last_status"]["id"] == first["id"]
    answer = await tells(city, "mina", "@joon @ara 응", in_reply_to_id=first["id"])
    (hers,) = await talks(city, "mina")
    assert (hers["unread"], hers["last_status"]["id"]) == (False, answer["id"])
    (his,) = await talks(city, "joon")
    assert (his["unread"], his["last_status"]["id"]) == (True, answer["id"])
    await city.join("chan")
    assert await talks(city, "chan") == []


async def test_a_public_post_is_no_conversation(city):
    await city.says("joon", "@mina 안녕")
    await city.says("joon", "@mina 안녕", visibility="private")
    assert await talks(city, "mina") == []
    assert await talks(city, "joon") == []


async def test_a_note_to_oneself_is_a_conversation_with_oneself(city):
    await tells(city, "mina", "우유")
    (mine,) = await talks(city, "mina")
    assert [one["id"] for one in mine["accounts"]] == [city.id("mina")]
    assert mine["unread"] is False


async def test_a_conversation_is_read_unread_and_taken_away(city):
    first = await tells(city, "joon", "@mina 안녕")
    (hers,) = await talks(city, "mina")
    path = f"/v1/conversations/{hers['id']}"
    assert (await city.post(f"{path}/read", "mina"))["unread"] is False
    assert (await talks(city, "mina"))[0]["unread"] is False
    assert (await city.post(f"{path}/unread", "mina"))["unread"] is True
    await city.post(f"{path}/read", "joon", expect=404)
    await city.ask("DELETE", path, "joon", expect=404)
    await city.ask("DELETE", path, "mina")
    assert await talks(city, "mina") == []
    assert len(await talks(city, "joon")) == 1
    await city.ask("DELETE", path, "mina", expect=404)
    await tells(city, "joon", "@mina 또", in_reply_to_id=first["id"])
    assert len(await talks(city, "mina")) == 1


async def test_a_deleted_post_leaves_what_was_said_before_it(city):
    first = await tells(city, "joon", "@mina 하나")
    second = await tells(city, "joon", "@mina 둘", in_reply_to_id=first["id"])
    await city.ask("DELETE", f"/v1/statuses/{second['id']}", "joon")
    for name in ("mina", "joon"):
        assert (await talks(city, name))[0]["last_status"]["id"] == first["id"]
    await city.ask("DELETE", f"/v1/statuses/{first['id']}", "joon")
    assert await talks(city, "mina") == []
    assert await talks(city, "joon") == []
    assert await city.db.read(lambda db: db.all("SELECT * FROM conversation")) == []


async def test_pages_turn_by_the_last_posts(city):
    one = await tells(city, "joon", "@mina 하나")
    two = await tells(city, "joon", "@mina 둘")
    await tells(city, "joon", "@mina 하나 더", in_reply_to_id=one["id"])
    (top,) = await talks(city, "mina", "?limit=1")
    assert top["last_status"]["in_reply_to_id"] == one["id"]
    rest = await city.get(address(city.link, "next"), "mina")
    assert [talk["last_status"]["id"] for talk in rest] == [two["id"]]
    newer = await city.get(address(city.link, "prev"), "mina")
    assert [talk["id"] for talk in newer] == [top["id"]]


async def test_the_last_post_is_always_one_that_may_be_read(city):
    first = await tells(city, "joon", "@mina 하나")
    second = await tells(city, "joon", "@mina 비밀", in_reply_to_id=first["id"])
    await city.db.write(post_store.set_mentions, int(second["id"]), [])
    (hers,) = await talks(city, "mina")
    assert hers["last_status"]["id"] == first["id"]
    await city.db.write(post_store.set_mentions, int(first["id"]), [])
    assert await talks(city, "mina") == []
    assert len(await talks(city, "joon")) == 1


async def test_blocked_muted_and_suspended_people_leave_the_list(city):
    await tells(city, "joon", "@mina 하나")
    joon = city.id("joon")
    for there, back in (("mute", "unmute"), ("block", "unblock")):
        await city.post(f"/v1/accounts/{joon}/{there}", "mina")
        assert await talks(city, "mina") == []
        assert await city.get("/v1/timelines/direct", "mina") == []
        await city.post(f"/v1/accounts/{joon}/{back}", "mina")
        assert len(await talks(city, "mina")) == 1
    await city.db.write(account_store.set_columns, int(joon), state="suspended")
    assert await talks(city, "mina") == []
    assert await city.get("/v1/timelines/direct", "mina") == []


async def test_what_is_filtered_is_a_conversation_once_it_is_accepted(city):
    chosen = {"for_private_mentions": "filter"}
    await city.ask("PATCH", "/v2/notifications/policy", "mina", json=chosen)
    await tells(city, "joon", "@mina 하나")
    assert await talks(city, "mina") == []
    (waiting,) = await city.get("/v1/notifications/requests", "mina")
    await city.post(f"/v1/notifications/requests/{waiting['id']}/accept", "mina")
    (hers,) = await talks(city, "mina")
    assert hers["unread"] is True


async def test_the_old_timeline_has_every_private_post(city):
    first = await tells(city, "joon", "@mina 하나")
    second = await tells(city, "mina", "@joon 둘", in_reply_to_id=first["id"])
    await city.says("joon", "@mina 모두에게")
    for name in ("mina", "joon"):
        found = await city.get("/v1/timelines/direct", name)
        assert [status["id"] for status in found] == [second["id"], first["id"]]
    await city.get("/v1/timelines/direct?limit=1", "mina")
    rest = await city.get(address(city.link, "next"), "mina")
    assert [status["id"] for status in rest] == [first["id"]]
    await city.join("ara")
    assert await city.get("/v1/timelines/direct", "ara") == []
