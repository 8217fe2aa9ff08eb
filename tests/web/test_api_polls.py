"""Polls as an app meets them. docs.joinmastodon.org/methods/polls"""

import pytest

from server.clock import now_ms
from server.services import votes as votes_service
from server.store import notifications
from tests.web.an_app import ids
from tests.web.test_api_endpoints import SITE_HERE, city, picture_form

__all__ = ["city"]

ENGLISH = {"Accept-Language": "en"}
POLL = {"options": ["차", "밥"], "expires_in": 600}


async def asks(city, **more):
    return await city.says("mina", "무엇을?", poll={**POLL, **more})


async def votes(city, who, poll, *choices, expect=200):
    path = f"/v1/polls/{poll['id']}/votes"
    sent = {"choices": list(choices)}
    return await city.post(path, who, json=sent, expect=expect, headers=ENGLISH)


async def end(city, ahead_ms=601_000):
    while await city.db.write(votes_service.end_next, SITE_HERE, now_ms() + ahead_ms):
        pass


async def test_a_poll_is_asked_with_json_and_with_a_form(city):
    said = await asks(city, multiple=True)
    assert said["poll"]["id"] == said["id"]
    assert said["poll"]["options"] == [
        {"title": "차", "votes_count": 0},
        {"title": "밥", "votes_count": 0},
    ]
    assert said["poll"]["multiple"] is True
    assert (said["poll"]["voted"], said["poll"]["own_votes"]) == (True, [])
    assert said["poll"]["expired"] is False
    form = [
        ("status", "무엇을?"),
        ("poll[options][]", "차"),
        ("poll[options][]", "밥"),
        ("poll[expires_in]", "600"),
        ("poll[hide_totals]", "true"),
    ]
    said = await city.post("/v1/statuses", "mina", data=form)
    assert [one["votes_count"] for one in said["poll"]["options"]] == [None, None]


@pytest.mark.parametrize(
    "poll",
    [
        {"options": ["차"]},
        {"options": []},
        {"options": ["차", "밥", "죽", "떡", "국"]},
        {"options": ["차", "차"]},
        {"options": ["차" * 51, "밥"]},
        {"expires_in": 299},
        {"expires_in": 2_629_747},
        {"expires_in": "soon"},
        {"expires_in": 2**62},
        {"options": "차"},
    ],
)
async def test_a_poll_that_cannot_be_is_refused(city, poll):
    sent = {"status": "무엇을?", "poll": {**POLL, **poll}}
    refused = await city.post("/v1/statuses", "mina", json=sent, expect=422)
    assert refused["error"]


async def test_a_post_has_pictures_or_a_poll(city):
    picture = await city.post("/v2/media", "mina", data=picture_form())
    sent = {"status": "x", "poll": POLL, "media_ids": [picture["id"]]}
    await city.post("/v1/statuses", "mina", json=sent, expect=422)


async def test_everybody_sees_their_own_choice_in_every_list(city):
    await city.post(f"/v1/accounts/{city.id('mina')}/follow", "joon")
    plain = await city.says("mina", "오늘은 맑음")
    said = await asks(city)
    stands = await votes(city, "joon", said, 1)
    assert (stands["voted"], stands["own_votes"]) == (True, [1])
    assert (stands["votes_count"], stands["voters_count"]) == (1, 1)
    await city.post(f"/v1/statuses/{said['id']}/reblog", "joon")
    boost = (await city.get(f"/v1/accounts/{city.id('joon')}/statuses", "mina"))[0]
    assert boost["reblog"]["poll"]["voted"] is True  # her own
    for who, own in (("joon", [1]), ("mina", [])):
        home = await city.get("/v1/timelines/home", who)
        assert ids(home) == [said["id"], plain["id"]]
        assert home[0]["poll"]["own_votes"] == own
        assert home[0]["poll"]["options"][1]["votes_count"] == 1
        assert home[1]["poll"] is None
        assert home == await city.get("/v1/timelines/home", who)
        assert home[0] == await city.get(f"/v1/statuses/{said['id']}", who)
    (first, _) = await city.get("/v1/timelines/public")
    assert "voted" not in first["poll"]
    assert "own_votes" not in await city.get(f"/v1/polls/{said['id']}")


async def test_what_cannot_be_voted_is_told(city):
    said = await asks(city)
    for who, choices, words in (
        ("joon", [2], "does not exist"),
        ("joon", [-1], "does not exist"),
        ("joon", [0, 1], "Only one"),
        ("mina", [0], "your own"),
    ):
        refused = await votes(city, who, said, *choices, expect=422)
        assert words in refused["error"]
    await city.post(f"/v1/polls/{said['id']}/votes", "joon", data={"choices[]": "1"})
    assert "already voted" in (await votes(city, "joon", said, 0, expect=422))["error"]
    await city.post(f"/v1/polls/{said['id']}/votes", expect=401, json={"choices": [0]})
    reader = await city.token("joon", "read")
    await city.post(f"/v1/polls/{said['id']}/votes", token=reader, expect=403, json={})


async def test_a_poll_that_one_may_not_read_is_not_there(city):
    close = await city.says("mina", "무엇을?", poll=POLL, visibility="private")
    note = await city.says("mina", "없음")
    gone = await asks(city)
    await city.ask("DELETE", f"/v1/statuses/{gone['id']}", "mina")
    for poll in (close, note, gone, {"id": "1"}, {"id": "x"}):
        await city.get(f"/v1/polls/{poll['id']}", "joon", expect=404)
        await city.get(f"/v1/polls/{poll['id']}", expect=404)
        await votes(city, "joon", poll, 0, expect=404)


async def test_an_edit_keeps_the_votes_changes_the_answers_or_ends_the_poll(city):
    said = await asks(city)
    path = f"/v1/statuses/{said['id']}"
    await votes(city, "joon", said, 0)
    longer = {"status": "무엇을 먹을까?", "poll": {**POLL, "expires_in": 6000}}
    kept = await city.ask("PUT", path, "mina", json=longer)
    assert kept["poll"]["votes_count"] == 1
    other = {"status": "무엇을?", "poll": {**POLL, "options": ["차", "죽"]}}
    reset = await city.ask("PUT", path, "mina", json=other)
    assert (reset["poll"]["votes_count"], reset["poll"]["voters_count"]) == (0, 0)
    assert (await city.get(f"/v1/polls/{said['id']}", "joon"))["voted"] is False
    none = await city.ask("PUT", path, "mina", json={"status": "그만"})
    assert none["poll"] is None
    await city.get(f"/v1/polls/{said['id']}", "joon", expect=404)


async def test_hidden_totals_come_out_at_the_end_and_both_are_told(city):
    said = await asks(city, hide_totals=True)
    stands = await votes(city, "joon", said, 0)
    assert [one["votes_count"] for one in stands["options"]] == [None, None]
    await end(city)
    await end(city)
    (told,) = await city.get("/v1/notifications?types[]=poll", "mina")
    assert told["status"]["id"] == said["id"]
    assert told["account"]["id"] == city.id("mina")
    rows = await city.db.read(
        lambda db: db.all("SELECT kind FROM job WHERE kind LIKE 'poll%' ORDER BY kind")
    )
    assert [row["kind"] for row in rows] == ["poll-end"]
    await city.db.write(votes_service.tell_voters, int(said["id"]), 0, now_ms())
    (told,) = await city.get("/v1/notifications", "joon")
    assert (told["type"], told["account"]["id"]) == ("poll", city.id("mina"))
    assert "scheduled" not in notifications.KINDS


async def test_an_instance_says_what_polls_may_be(city):
    for version in ("v1", "v2"):
        told = await city.get(f"/{version}/instance")
        assert told["configuration"]["polls"] == {
            "max_options": 4,
            "max_characters_per_option": 50,
            "min_expiration": 300,
            "max_expiration": 2_629_746,
        }
