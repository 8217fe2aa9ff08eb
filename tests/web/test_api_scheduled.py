"""Posts that wait for their time, as an app meets them. docs.joinmastodon.org"""

import asyncio
from datetime import UTC, datetime

import pytest

from server.clock import DAY_MS, HOUR_MS, MINUTE_MS, now_ms
from server.services import departures, posts, scheduled
from server.store import media
from server.worker import due
from tests.web.an_app import ids
from tests.web.test_api_endpoints import SITE_HERE, city, picture_form

__all__ = ["city"]

ENGLISH = {"Accept-Language": "en"}


def at(ahead_ms):
    moment = datetime.fromtimestamp((now_ms() + ahead_ms) // 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def later(city, status="나중에", who="mina", ahead_ms=HOUR_MS, headers=None, **more):
    sent = {"status": status, "scheduled_at": at(ahead_ms), **more}
    return await city.post("/v1/statuses", who, json=sent, headers=headers)


async def pass_(city, ahead_ms):
    await due.keep_time_once(city.db, SITE_HERE, lambda: now_ms() + ahead_ms)


async def said(city, who="mina"):
    return await city.get(f"/v1/accounts/{city.id(who)}/statuses", who)


async def waiting(city, who="mina"):
    return await city.get("/v1/scheduled_statuses", who)


async def test_what_is_scheduled_waits_and_is_published_on_time_and_once(city):
    parent = await city.says("joon", "질문")
    made = await later(
        city,
        visibility="unlisted",
        spoiler_text="주의",
        language="ko",
        in_reply_to_id=parent["id"],
        poll={"options": ["차", "밥"], "expires_in": 600, "multiple": True},
    )
    assert made.keys() == {"id", "scheduled_at", "params", "media_attachments", "failure"}
    assert made["scheduled_at"].endswith(".000Z")
    params = made["params"]
    assert (params["text"], params["visibility"], params["spoiler_text"]) == (
        "나중에",
        "unlisted",
        "주의",
    )
    assert params["poll"] == {
        "options": ["차", "밥"],
        "expires_in": 600,
        "multiple": True,
        "hide_totals": False,
    }
    assert params["in_reply_to_id"] == parent["id"]
    assert await city.get(f"/v1/scheduled_statuses/{made['id']}", "mina") == made
    assert await waiting(city) == [made]
    await pass_(city, 59 * MINUTE_MS)
    assert await said(city) == []
    await asyncio.gather(*(pass_(city, HOUR_MS) for _ in range(4)))
    (post,) = await said(city)
    assert (post["visibility"], post["spoiler_text"], post["in_reply_to_id"]) == (
        "unlisted",
        "주의",
        parent["id"],
    )
    assert post["poll"]["expires_at"] > made["scheduled_at"]
    assert await waiting(city) == []
    await city.get(f"/v1/scheduled_statuses/{made['id']}", "mina", expect=404)


async def test_a_time_that_is_over_counts_as_none_and_a_time_too_soon_is_refused(city):
    sent = {"status": "지금", "scheduled_at": at(-MINUTE_MS)}
    assert (await city.post("/v1/statuses", "mina", json=sent))["content"] == "<p>지금</p>"
    for when in (at(4 * MINUTE_MS), "tomorrow", "2030-13-01", "9999-12-31T23:59:59-24:00"):
        sent = {"status": "x", "scheduled_at": when}
        await city.post("/v1/statuses", "mina", json=sent, expect=422, headers=ENGLISH)
    for text in ("2030-01-01T00:00:00Z", "2030-01-01T09:00:00+09:00", "2030-01-01"):
        made = await city.post("/v1/statuses", "mina", json={"status": "x", "scheduled_at": text})
        assert made["scheduled_at"] == "2030-01-01T00:00:00.000Z"


async def test_what_could_not_be_published_now_is_not_kept_for_later(city):
    for more in ({"in_reply_to_id": "999"}, {"media_ids": ["999"]}, {"status": " "}):
        sent = {"status": "x", "scheduled_at": at(HOUR_MS), **more}
        answer = await city.client.post(
            "/api/v1/statuses",
            json=sent,
            headers={"Authorization": f"Bearer {city.tokens['mina']}"},
        )
        assert answer.status in (404, 422)
    assert await waiting(city) == []


async def test_the_same_key_is_the_same_post_before_and_after_its_time(city):
    key = {"Idempotency-Key": "once"}
    made = [await later(city, headers=key) for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    assert len(await waiting(city)) == 1
    await pass_(city, HOUR_MS)
    sent = {"status": "나중에", "scheduled_at": at(-MINUTE_MS)}
    again = await city.post("/v1/statuses", "mina", json=sent, headers=key)
    assert ids(await said(city)) == [again["id"]]
    sent = {"status": "나중에", "scheduled_at": at(HOUR_MS)}
    await city.post("/v1/statuses", "mina", json=sent, headers=key, expect=409)


async def test_nobody_else_sees_moves_or_cancels_it(city):
    made = await later(city)
    path = f"/v1/scheduled_statuses/{made['id']}"
    assert await waiting(city, "joon") == []
    for who, expect in (("joon", 404), ("", 401)):
        await city.get(path, who, expect=expect)
        await city.ask("PUT", path, who, json={"scheduled_at": at(2 * HOUR_MS)}, expect=expect)
        await city.ask("DELETE", path, who, expect=expect)
    reader = await city.token("mina", "read")
    await city.ask("DELETE", path, token=reader, expect=403)
    assert await waiting(city) == [made]


async def test_it_is_moved_and_cancelled(city):
    made = await later(city)
    path = f"/v1/scheduled_statuses/{made['id']}"
    await city.ask("PUT", path, "mina", data={"scheduled_at": at(MINUTE_MS)}, expect=422)
    await city.ask("PUT", path, "mina", json={}, expect=422)
    moved = await city.ask("PUT", path, "mina", data={"scheduled_at": at(DAY_MS)})
    assert moved["scheduled_at"] > made["scheduled_at"]
    await pass_(city, 2 * HOUR_MS)
    assert await said(city) == []
    assert await city.ask("DELETE", path, "mina") == {}
    await city.ask("DELETE", path, "mina", expect=404)
    await pass_(city, 2 * DAY_MS)
    assert await said(city) == []


async def test_pages_of_them_have_links(city):
    made = [await later(city, str(n)) for n in range(5)]
    page = await city.get("/v1/scheduled_statuses?limit=2", "mina")
    assert ids(page) == [made[4]["id"], made[3]["id"]]
    assert f"max_id={made[3]['id']}" in city.link
    page = await city.get(f"/v1/scheduled_statuses?limit=2&max_id={made[3]['id']}", "mina")
    assert ids(page) == [made[2]["id"], made[1]["id"]]


@pytest.mark.parametrize(("most", "span_ms"), [("MAX_TOTAL", 0), ("MAX_A_DAY", 1)])
async def test_there_is_a_limit_in_all_and_one_a_day(city, monkeypatch, most, span_ms):
    monkeypatch.setattr(scheduled, most, 2)
    noon = now_ms() - now_ms() % DAY_MS + 40 * DAY_MS + DAY_MS // 2 - now_ms()
    for n in range(2):
        made = await later(city, str(n), ahead_ms=noon)
    sent = {"status": "2", "scheduled_at": at(noon + HOUR_MS)}
    refused = await city.post("/v1/statuses", "mina", json=sent, expect=422, headers=ENGLISH)
    assert "limit of 2" in refused["error"]
    path = f"/v1/scheduled_statuses/{made['id']}"
    await city.ask("PUT", path, "mina", json={"scheduled_at": at(noon + HOUR_MS)})
    if span_ms:
        await later(city, ahead_ms=noon + DAY_MS)


async def test_its_pictures_wait_with_it_and_belong_to_nothing_else(city):
    picture = await city.post("/v2/media", "mina", data=picture_form())
    made = await later(city, media_ids=[picture["id"]])
    assert ids(made["media_attachments"]) == [picture["id"]]
    sent = {"status": "x", "media_ids": [picture["id"]]}
    await city.post("/v1/statuses", "mina", json=sent, expect=409)
    assert await city.db.write(media.remove_loose, now_ms() + DAY_MS) == []
    await pass_(city, HOUR_MS)
    (post,) = await said(city)
    assert ids(post["media_attachments"]) == [picture["id"]]


async def test_pictures_of_a_cancelled_one_can_be_used_again(city):
    picture = await city.post("/v2/media", "mina", data=picture_form())
    made = await later(city, media_ids=[picture["id"]])
    await city.ask("DELETE", f"/v1/scheduled_statuses/{made['id']}", "mina")
    await city.says("mina", "x", media_ids=[picture["id"]])


async def test_one_that_cannot_be_published_stays_with_its_reason_and_its_author_is_told(city):
    parent = await city.says("joon", "질문")
    made = await later(city, "답", in_reply_to_id=parent["id"])
    second = await later(city, "다른 글")
    await city.ask("DELETE", f"/v1/statuses/{parent['id']}", "joon")
    await pass_(city, HOUR_MS)
    await pass_(city, HOUR_MS)
    assert [post["content"] for post in await said(city)] == ["<p>다른 글</p>"]
    (left,) = await waiting(city)
    assert (left["id"], left["failure"]) == (
        made["id"],
        "The post that you answer was deleted by its author.",
    )
    assert await city.get("/v1/notifications", "mina") == []  # no kind that an app would not know
    (told,) = await city.get("/v1/notifications?types[]=scheduled", "mina")
    assert told["type"] == "scheduled"
    path = f"/v1/scheduled_statuses/{made['id']}"
    moved = await city.ask("PUT", path, "mina", json={"scheduled_at": at(2 * HOUR_MS)})
    assert moved["failure"] is None
    await city.get(f"/v1/scheduled_statuses/{second['id']}", "mina", expect=404)


async def test_a_fault_of_ours_stops_one_and_not_those_behind_it(city, monkeypatch, caplog):
    await later(city, "첫째")
    await later(city, "둘째", ahead_ms=HOUR_MS + 1000)
    write, tries = posts.write, []

    def broken(tx, site, author, new, now_ms):
        tries.append(new.content)
        if new.content == "첫째":
            raise RuntimeError("a bug")
        return write(tx, site, author, new, now_ms)

    monkeypatch.setattr(posts, "write", broken)
    await pass_(city, HOUR_MS + 2000)
    await pass_(city, HOUR_MS + 2000)
    assert tries == ["첫째", "둘째"]
    (left,) = await waiting(city)
    assert left["params"]["text"] == "첫째"
    assert "try again" in left["failure"]
    assert "a bug" in caplog.text


async def test_what_somebody_suspended_wrote_is_not_published(city):
    await later(city)
    await city.db.write(
        lambda tx: tx.run("UPDATE account SET state = 'suspended' WHERE name = 'mina'")
    )
    await pass_(city, HOUR_MS)
    count = await city.db.read(lambda db: db.one("SELECT count(*) AS n FROM post"))
    assert count["n"] == 0


async def test_who_leaves_takes_their_plans_along(city):
    picture = await city.post("/v2/media", "mina", data=picture_form())
    await later(city, media_ids=[picture["id"]])
    await city.db.write(departures.delete, SITE_HERE, city.people["mina"], now_ms())
    count = await city.db.read(lambda db: db.one("SELECT count(*) AS n FROM scheduled_post"))
    assert count["n"] == 0
    assert len(await city.db.write(media.remove_loose, now_ms() + DAY_MS)) >= 1
