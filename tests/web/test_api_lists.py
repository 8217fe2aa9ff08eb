"""Lists: whom they hold, what their timelines show, and what leaves the home timeline."""

import pytest

from server.clock import now_ms
from server.services import departures, lists
from tests.web.an_app import Apps, ids


@pytest.fixture
async def apps(any_city):
    apps = Apps(any_city)
    await apps.join("mina", "joon", "sora")
    await apps.follows("mina", "joon", "sora")
    return apps


async def a_list(apps, who="mina", members=("joon",), **more):
    made = await apps.post("/v1/lists", who, json={"title": "Friends", **more})
    for name in members:
        sent = {"account_ids": [apps.id(name)]}
        await apps.post(f"/v1/lists/{made['id']}/accounts", who, json=sent)
    return made["id"]


async def shown(apps, id, who="mina"):
    return ids(await apps.get(f"/v1/timelines/list/{id}", who))


async def test_a_list_is_made_read_changed_and_forgotten(apps):
    made = await apps.post("/v1/lists", "mina", data={"title": "Friends"})
    assert made == {
        "id": made["id"],
        "title": "Friends",
        "replies_policy": "list",
        "exclusive": False,
    }
    at = f"/v1/lists/{made['id']}"
    sent = {"title": "Neighbours", "replies_policy": "none", "exclusive": "true"}
    changed = await apps.ask("PUT", at, "mina", data=sent)
    assert changed == {**made, "title": "Neighbours", "replies_policy": "none", "exclusive": True}
    assert await apps.get(at, "mina") == changed
    assert await apps.get("/v1/lists", "mina") == [changed]
    assert await apps.ask("PUT", at, "mina", json={"title": "Friends"}) == {
        **changed,
        "title": "Friends",
    }
    assert await apps.ask("DELETE", at, "mina") == {}
    await apps.get(at, "mina", 404)


async def test_a_list_without_a_title_or_with_a_strange_policy_is_refused(apps):
    for sent in ({}, {"title": " "}, {"title": "x" * 257}, {"title": "a", "replies_policy": "all"}):
        await apps.post("/v1/lists", "mina", 422, json=sent)
    assert await apps.get("/v1/lists", "mina") == []


async def test_nobody_has_lists_without_end(apps, monkeypatch):
    monkeypatch.setattr(lists, "MAX_LISTS", 1)
    monkeypatch.setattr(lists, "MAX_MEMBERS", 1)
    id = await a_list(apps)
    await apps.post("/v1/lists", "mina", 422, json={"title": "More"})
    sent = {"account_ids": [apps.id("sora")]}
    await apps.post(f"/v1/lists/{id}/accounts", "mina", 422, json=sent)


async def test_a_list_of_somebody_else_does_not_exist(apps):
    id = await a_list(apps)
    for method, path in (
        ("GET", f"/v1/lists/{id}"),
        ("PUT", f"/v1/lists/{id}"),
        ("DELETE", f"/v1/lists/{id}"),
        ("GET", f"/v1/lists/{id}/accounts"),
        ("GET", f"/v1/lists/{id}/accounts?limit=0"),
        ("POST", f"/v1/lists/{id}/accounts"),
        ("DELETE", f"/v1/lists/{id}/accounts"),
        ("GET", f"/v1/timelines/list/{id}"),
    ):
        await apps.ask(method, path, "joon", 404)
    assert await apps.get(f"/v1/accounts/{apps.id('joon')}/lists", "sora") == []
    assert ids(await apps.get(f"/v1/accounts/{apps.id('joon')}/lists", "mina")) == [id]
    await apps.get("/v1/lists", expect=401)


async def test_only_those_whom_one_follows_can_be_in_a_list_and_oneself(apps):
    await apps.join("eve")
    id = await a_list(apps, members=())
    at = f"/v1/lists/{id}/accounts"
    await apps.post(at, "mina", 404, json={"account_ids": [apps.id("eve")]})
    await apps.post(at, "mina", 404, json={"account_ids": ["1"]})
    await apps.post(at, "mina", json={"account_ids": [apps.id("joon"), apps.id("mina")]})
    await apps.post(at, "mina", 422, json={"account_ids": [apps.id("joon")]})
    members = await apps.get(at, "mina")
    assert ids(members) == [apps.id("mina"), apps.id("joon")]
    assert 'rel="next"' in apps.link
    assert ids(await apps.get(f"{at}?limit=0", "mina")) == ids(members)
    assert apps.link == ""
    await apps.ask("DELETE", f"{at}?account_ids[]={apps.id('joon')}", "mina")
    assert ids(await apps.get(at, "mina")) == [apps.id("mina")]


async def test_the_timeline_of_a_list_shows_what_its_members_wrote_and_boosted(apps):
    id = await a_list(apps)
    by_joon = await apps.says("joon", "In the list")
    by_sora = await apps.says("sora", "Not in the list")
    assert await shown(apps, id) == [by_joon["id"]]
    await apps.post(f"/v1/accounts/{apps.id('sora')}/unfollow", "mina")
    boost = await apps.post(f"/v1/statuses/{by_sora['id']}/reblog", "joon")
    assert await shown(apps, id) == [boost["id"], by_joon["id"]]
    await apps.post(f"/v1/accounts/{apps.id('sora')}/mute", "mina")
    assert await shown(apps, id) == [by_joon["id"]]


async def test_whom_one_follows_no_more_or_blocks_is_in_no_list(apps):
    id = await a_list(apps, members=("joon", "sora"))
    await apps.says("joon", "Hello")
    await apps.post(f"/v1/accounts/{apps.id('joon')}/unfollow", "mina")
    assert ids(await apps.get(f"/v1/lists/{id}/accounts", "mina")) == [apps.id("sora")]
    await apps.post(f"/v1/accounts/{apps.id('mina')}/block", "sora")
    assert await apps.get(f"/v1/lists/{id}/accounts", "mina") == []
    assert await shown(apps, id) == []


@pytest.mark.parametrize(
    ("policy", "expected"), [("followed", "abc"), ("list", "ab"), ("none", "a")]
)
async def test_a_list_shows_the_replies_that_it_is_to_show(apps, policy, expected):
    await apps.join("dana")
    await apps.follows("mina", "dana")
    id = await a_list(apps, members=("joon", "dana"), replies_policy=policy)
    of_mina = await apps.says("mina", "From the owner")
    by_sora = await apps.says("sora", "From outside")
    by_dana = await apps.says("dana", "From a member")
    replies = {
        "a": await apps.says("joon", "a", in_reply_to_id=of_mina["id"]),
        "b": await apps.says("joon", "b", in_reply_to_id=by_dana["id"]),
        "c": await apps.says("joon", "c", in_reply_to_id=by_sora["id"]),
    }
    wanted = [replies[letter]["id"] for letter in expected]
    assert await shown(apps, id) == [*reversed(wanted), by_dana["id"]]


async def test_what_members_of_an_exclusive_list_write_leaves_the_home_timeline(apps):
    before = await apps.says("joon", "Before")
    id = await a_list(apps, exclusive=True)
    after = await apps.says("joon", "After")
    by_sora = await apps.says("sora", "Hello")
    own = await apps.says("mina", "Mine")
    assert await apps.home("mina") == [own["id"], by_sora["id"]]
    assert await shown(apps, id) == [after["id"], before["id"]]
    boost = await apps.post(f"/v1/statuses/{after['id']}/reblog", "sora")
    assert (await apps.home("mina"))[0] == boost["id"], "somebody else passes it on"

    await apps.ask("PUT", f"/v1/lists/{id}", "mina", json={"exclusive": False})
    assert {before["id"], after["id"]} <= set(await apps.home("mina"))
    await apps.ask("PUT", f"/v1/lists/{id}", "mina", json={"exclusive": True})
    assert before["id"] not in await apps.home("mina")
    await apps.ask("DELETE", f"/v1/lists/{id}/accounts?account_ids[]={apps.id('joon')}", "mina")
    assert before["id"] in await apps.home("mina")
    await apps.post(f"/v1/lists/{id}/accounts", "mina", json={"account_ids": [apps.id("joon")]})
    assert before["id"] not in await apps.home("mina")
    await apps.ask("DELETE", f"/v1/lists/{id}", "mina")
    assert before["id"] in await apps.home("mina")


async def test_an_exclusive_list_of_one_is_nothing_to_others(apps):
    await apps.follows("sora", "joon")
    await a_list(apps, exclusive=True)
    said = await apps.says("joon", "Hello")
    assert await apps.home("sora") == [said["id"]]


async def test_what_a_member_of_an_exclusive_list_boosts_leaves_home_too(apps):
    await apps.join("dana")
    id = await a_list(apps, exclusive=True)
    said = await apps.says("dana", "From outside")
    boost = await apps.post(f"/v1/statuses/{said['id']}/reblog", "joon")
    assert await apps.home("mina") == []
    assert await shown(apps, id) == [boost["id"]]


async def test_with_somebodys_account_go_their_lists_filters_and_hashtags(apps):
    await a_list(apps)
    await a_list(apps, who="joon", members=("joon",))
    word = {"title": "t", "context": ["home"], "keywords_attributes": [{"keyword": "x"}]}
    await apps.post("/v2/filters", "mina", json=word)
    await apps.post("/v1/tags/market/follow", "mina")
    await apps.post("/v1/tags/market/feature", "mina")

    def rows(db):
        tables = ("list", "list_member", "filter", "filter_keyword", "followed_tag", "featured_tag")
        return [db.one(f"SELECT count(*) AS n FROM {table}")["n"] for table in tables]

    assert await apps.city.db.read(rows) == [2, 2, 1, 1, 1, 1]
    city = apps.city
    for name, left in (("mina", [1, 1, 0, 0, 0, 0]), ("joon", [0, 0, 0, 0, 0, 0])):
        await city.db.write(departures.delete, city.site, apps.account(name), now_ms())
        assert await city.db.read(rows) == left
