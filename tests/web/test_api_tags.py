"""Hashtags: their use, those that somebody follows, and those on somebody's page."""

import pytest

from server.clock import DAY_MS, now_ms
from server.services import spreading, tags
from server.store import posts
from server.store import tags as store
from tests.web.an_app import Apps, ids


@pytest.fixture
async def apps(any_city):
    apps = Apps(any_city)
    await apps.join("mina", "joon", "sora")
    return apps


async def test_a_hashtag_tells_its_use_of_seven_days(apps):
    for who in ("joon", "joon", "sora"):
        await apps.says(who, "A #Market")
    await apps.says("mina", "A secret #market", visibility="unlisted")
    found = await apps.get("/v1/tags/MARKET")
    assert found["name"] == found["id"] == "market"
    assert found["url"].endswith("/tags/market")
    assert "following" not in found
    today = now_ms() // DAY_MS * DAY_MS // 1000
    assert found["history"][0] == {"day": str(today), "uses": "3", "accounts": "2"}
    assert len(found["history"]) == 7
    assert found["history"][1] == {"day": str(today - 86400), "uses": "0", "accounts": "0"}
    assert (await apps.get("/v1/tags/market", "mina"))["following"] is False
    assert (await apps.get("/v1/tags/unused"))["history"][0]["uses"] == "0"
    for strange in ("a b", "%00", "123", "x" * 101, "a%2Fb"):
        await apps.get(f"/v1/tags/{strange}", expect=404)


async def test_posts_with_a_followed_hashtag_come_home_once(apps):
    assert (await apps.post("/v1/tags/Market/follow", "mina"))["following"] is True
    await apps.post("/v1/tags/market/follow", "mina")
    await apps.post("/v1/tags/river/follow", "mina")
    await apps.follows("mina", "joon")
    by_joon = await apps.says("joon", "#market #river")
    by_sora = await apps.says("sora", "#market at the #river")
    await apps.says("sora", "Nothing of that")
    await apps.says("sora", "A quiet #market", visibility="unlisted")
    await apps.says("sora", "For friends: #market", visibility="private")
    own = await apps.says("mina", "My #market")
    assert await apps.home("mina") == [own["id"], by_sora["id"], by_joon["id"]]
    assert await apps.home("joon") == [by_joon["id"]]
    followed = await apps.get("/v1/followed_tags", "mina")
    assert [tag["name"] for tag in followed] == ["river", "market"]
    assert all(tag["following"] for tag in followed)


async def test_whoever_keeps_apart_meets_no_hashtags(apps):
    await apps.post("/v1/tags/market/follow", "mina")
    await apps.post("/v1/tags/market/follow", "joon")
    await apps.post(f"/v1/accounts/{apps.id('sora')}/mute", "mina")
    await apps.post(f"/v1/accounts/{apps.id('joon')}/block", "sora")
    await apps.says("sora", "#market")
    assert await apps.home("mina") == []
    assert await apps.home("joon") == []
    await apps.post(f"/v1/accounts/{apps.id('sora')}/unmute", "mina")
    assert await apps.home("mina") == []
    await apps.says("sora", "@joon #market")
    await apps.post(f"/v1/accounts/{apps.id('joon')}/mute", "mina")
    before = await apps.home("mina")
    await apps.says("sora", "@joon #market again")
    assert await apps.home("mina") == before


async def test_a_hashtag_that_is_followed_no_more_leaves_the_home_timeline(apps):
    for name in ("market", "river"):
        await apps.post(f"/v1/tags/{name}/follow", "mina")
    await apps.follows("mina", "joon")
    both = await apps.says("sora", "#market #river")
    await apps.says("sora", "#market")
    by_joon = await apps.says("joon", "#market")
    own = await apps.says("mina", "#market")
    assert (await apps.post("/v1/tags/market/unfollow", "mina"))["following"] is False
    await apps.post("/v1/tags/market/unfollow", "mina")
    assert await apps.home("mina") == [own["id"], by_joon["id"], both["id"]]


async def test_followers_of_a_hashtag_are_served_in_chunks(apps, monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 1)
    for name in ("mina", "joon"):
        await apps.post("/v1/tags/market/follow", name)
    said = await apps.says("sora", "#market")
    homes = [await apps.home(name) for name in ("mina", "joon")]
    assert sorted(map(len, homes)) == [0, 1]

    def go_on(tx):
        post = posts.by_id(tx, int(said["id"]))
        served = min(apps.account(name).id for name in ("mina", "joon"))
        spread = spreading.Spread(post.id, 0, 0, served, tagged=True)
        spreading.go_on(tx, spread, now_ms())

    for _ in range(2):
        await apps.city.db.write(go_on)
        assert [await apps.home(name) for name in ("mina", "joon")] == [[said["id"]]] * 2


async def test_nobody_follows_or_shows_hashtags_without_end(apps, monkeypatch):
    monkeypatch.setattr(tags, "MAX_FOLLOWED", 1)
    monkeypatch.setattr(tags, "MAX_FEATURED", 1)
    await apps.post("/v1/tags/market/follow", "mina")
    await apps.post("/v1/tags/river/follow", "mina", 422)
    await apps.post("/v1/tags/market/feature", "mina")
    await apps.post("/v1/tags/river/feature", "mina", 422)
    await apps.post("/v1/tags/a b/follow", "mina", 404)
    await apps.post("/v1/tags/market/follow", expect=401)


async def test_hashtags_are_shown_on_ones_page(apps):
    await apps.says("mina", "#Market")
    await apps.says("mina", "#market again, in #secret", visibility="private")
    made = await apps.post("/v1/featured_tags", "mina", data={"name": "#Market"})
    assert made["name"] == "Market"
    assert made["statuses_count"] == "1"
    assert made["last_status_at"] is not None
    assert made["url"].endswith("/tags/market")
    assert await apps.post("/v1/featured_tags", "mina", json={"name": "market"}) == made
    river = await apps.post("/v1/tags/river/feature", "mina")
    assert river["featuring"] is True
    shown = await apps.get(f"/v1/accounts/{apps.id('mina')}/featured_tags")
    assert [tag["name"] for tag in shown] == ["Market", "river"]
    assert await apps.get("/v1/featured_tags", "mina") == shown
    await apps.ask("DELETE", f"/v1/featured_tags/{made['id']}", "joon", 404)
    assert await apps.ask("DELETE", f"/v1/featured_tags/{made['id']}", "mina") == {}
    assert (await apps.post("/v1/tags/river/unfeature", "mina"))["featuring"] is False
    assert await apps.get("/v1/featured_tags", "mina") == []
    await apps.post("/v1/featured_tags", "mina", 422, json={"name": "123"})
    await apps.get("/v1/accounts/1/featured_tags", expect=404)


async def test_the_hashtags_that_one_uses_most_are_suggested(apps):
    for content in ("#market #river", "#market", "#hill"):
        await apps.says("mina", content)
    await apps.says("mina", "#secret", visibility="direct")
    await apps.says("joon", "#other")
    await apps.post("/v1/tags/hill/feature", "mina")
    found = await apps.get("/v1/featured_tags/suggestions", "mina")
    assert [tag["name"] for tag in found] == ["market", "river"]
    assert len(found[0]["history"]) == 7


async def test_a_hashtags_timeline_takes_further_hashtags(apps):
    a = await apps.says("joon", "#one")
    b = await apps.says("joon", "#one #two")
    c = await apps.says("sora", "#two #three")
    d = await apps.says("sora", "#one #two #three")
    for query, wanted in (
        ("", [d, b, a]),
        ("any[]=two", [d, c, b, a]),
        ("any[]=two&any[]=three&limit=2", [d, c]),
        ("all[]=Two", [d, b]),
        ("all[]=two&all[]=three", [d]),
        ("none[]=three", [b, a]),
        ("any[]=two&none[]=three", [b, a]),
        ("remote=true", []),
        ("local=true", [d, b, a]),
        ("only_media=true", []),
        (f"any[]=two&max_id={c['id']}", [b, a]),
        (f"any[]=two&min_id={a['id']}&limit=1", [b]),
    ):
        found = await apps.get(f"/v1/timelines/tag/one?{query}")
        assert ids(found) == ids(wanted), query


async def test_public_timelines_are_ours_theirs_or_pictures(apps):
    said = await apps.says("joon", "Hello")
    for query, wanted in (
        ("", [said]),
        ("local=true", [said]),
        ("remote=true", []),
        ("only_media=true", []),
        ("local=true&only_media=true", []),
    ):
        assert ids(await apps.get(f"/v1/timelines/public?{query}")) == ids(wanted), query


async def test_a_hashtag_is_followed_on_its_page(apps):
    mina = apps.people["mina"]
    await apps.says("joon", "#시장 오늘")
    page = await mina.get("/tags/시장")
    assert "Follow this hashtag" in page.text
    await mina.post("/tags/시장/follow")
    assert (await apps.get("/v1/tags/시장", "mina"))["following"] is True
    assert "Unfollow this hashtag" in (await mina.get("/tags/시장")).text
    await mina.post("/tags/시장/unfollow")
    assert (await apps.get("/v1/tags/시장", "mina"))["following"] is False
    visitor = await apps.city.visitor()
    assert "Follow this hashtag" not in (await visitor.get("/tags/시장")).text


async def test_of_a_limited_author_nothing_comes_by_hashtag(apps):
    await apps.post("/v1/tags/market/follow", "mina")

    def limit(tx):
        tx.run("UPDATE account SET limited_ms = 1 WHERE id = :id", id=apps.account("sora").id)

    await apps.city.db.write(limit)
    await apps.says("sora", "#market")
    assert await apps.home("mina") == []
