"""Trends: only what several people who want to be found said in public, and search beside them."""

import pytest

from server.clock import now_ms
from server.store import previews, trends
from tests.web.an_app import Apps, ids
from web.keys import TRENDS

PAGE = "https://news.example/market"


@pytest.fixture
async def apps(any_city):
    apps = Apps(any_city)
    await apps.join("mina", "joon", "sora")
    return apps


async def found(apps, path, who=""):
    """What trends now, not some minutes ago."""
    apps.city.app[TRENDS].forget()
    return await apps.get(path, who)


async def column(apps, who, name, value):
    def change(tx):
        tx.run(f"UPDATE account SET {name} = :v WHERE id = :id", v=value, id=apps.account(who).id)

    await apps.city.db.write(change)


async def read_pages(apps):
    """As if the pages of all links had been read."""

    def change(tx):
        tx.run("UPDATE link_preview SET state = 'ready', title = 'The market moves'")

    await apps.city.db.write(change)


async def test_a_hashtag_trends_when_several_people_use_it(apps):
    for content in ("#alone", "#alone again", "#market"):
        await apps.says("joon", content)
    await apps.says("sora", "#market")
    await apps.says("mina", "#alone", visibility="unlisted")
    for path in ("/v1/trends", "/v1/trends/tags"):
        (tag,) = await found(apps, path)
        assert tag["name"] == "market"
        assert tag["history"][0]["accounts"] == "2"
    assert (await found(apps, "/v1/trends/tags", "mina"))[0]["following"] is False


async def test_trends_are_found_once_in_some_minutes(apps, monkeypatch):
    asked = []
    find = trends.tags

    def count(*args):
        asked.append(args)
        return find(*args)

    monkeypatch.setattr(trends, "tags", count)
    for path in ("/v1/trends/tags", "/v1/trends/links", "/v1/trends/statuses") * 2:
        await apps.get(path)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("discoverable", 0), ("limited_ms", 1), ("state", "suspended")],
)
async def test_nobody_trends_who_does_not_want_to_be_found_or_is_limited(apps, name, value):
    said = await apps.says("joon", f"#market {PAGE}")
    await apps.says("sora", f"#market {PAGE}")
    await read_pages(apps)
    for who in ("mina", "sora"):
        await apps.post(f"/v1/statuses/{said['id']}/favourite", who)
    assert len(await found(apps, "/v1/trends/tags")) == 1
    assert len(await found(apps, "/v1/trends/statuses")) == 1
    assert len(await found(apps, "/v1/trends/links")) == 1
    await column(apps, "joon", name, value)
    assert await apps.get("/v1/trends/statuses") == [], "even while the trends are kept"
    for kind in ("tags", "statuses", "links"):
        assert await found(apps, f"/v1/trends/{kind}") == [], kind
    assert len(await apps.get(f"/v1/timelines/link?url={PAGE}")) == 1


async def test_a_post_trends_when_several_like_or_boost_it(apps):
    said = await apps.says("joon", "Hello")
    await apps.post(f"/v1/statuses/{said['id']}/favourite", "mina")
    assert await found(apps, "/v1/trends/statuses") == []
    await apps.post(f"/v1/statuses/{said['id']}/reblog", "sora")
    assert ids(await found(apps, "/v1/trends/statuses")) == [said["id"]]
    await apps.post(f"/v1/accounts/{apps.id('joon')}/mute", "mina")
    assert await apps.get("/v1/trends/statuses", "mina") == []
    await apps.ask("DELETE", f"/v1/statuses/{said['id']}", "joon")
    assert await apps.get("/v1/trends/statuses") == []


@pytest.mark.parametrize(
    "more",
    [
        {"visibility": "unlisted"},
        {"visibility": "private"},
        {"sensitive": True},
        {"spoiler_text": "careful"},
    ],
)
async def test_what_is_not_for_everybodys_eyes_does_not_trend(apps, more):
    await apps.follows("mina", "joon")
    await apps.follows("sora", "joon")
    said = await apps.says("joon", f"Hello #market {PAGE}", **more)
    for who in ("mina", "sora"):
        await apps.post(f"/v1/statuses/{said['id']}/favourite", who)
    assert await found(apps, "/v1/trends/statuses") == []
    await read_pages(apps)
    expected = [said["id"]] if "visibility" not in more else []
    known = 404 if more.get("visibility") == "private" else 200  # such a link is not even read
    listed = await apps.get(f"/v1/timelines/link?url={PAGE}", expect=known)
    assert known == 404 or ids(listed) == expected


async def test_the_best_come_first_in_parts(apps):
    likes = {}
    for who, liking in (("joon", ("mina", "sora")), ("sora", ("mina", "joon", "sora"))):
        said = await apps.says(who, "Hello")
        for other in liking:
            await apps.post(f"/v1/statuses/{said['id']}/favourite", other)
        likes[who] = said["id"]
    assert ids(await found(apps, "/v1/trends/statuses?limit=1")) == [likes["sora"]]
    assert "offset=1" in apps.link
    assert ids(await apps.get("/v1/trends/statuses?limit=1&offset=1")) == [likes["joon"]]
    assert 'rel="prev"' in apps.link
    assert await apps.get("/v1/trends/statuses?offset=-5&limit=0") != []


async def test_a_page_trends_when_several_link_to_it(apps):
    a = await apps.says("joon", f"Look: {PAGE}")
    b = await apps.says("sora", f"Look! {PAGE}#part")
    await apps.says("sora", "https://news.example/alone")
    secret = await apps.says("mina", f"For some: {PAGE}", visibility="private")
    assert await found(apps, "/v1/trends/links") == [], "not read yet"
    await apps.get(f"/v1/timelines/link?url={PAGE}", expect=404)
    await read_pages(apps)
    (link,) = await found(apps, "/v1/trends/links")
    assert (link["url"], link["title"], link["html"]) == (PAGE, "The market moves", "")
    assert (link["history"][0]["uses"], link["history"][0]["accounts"]) == ("2", "2")
    timeline = await apps.get("/v1/timelines/link", params={"url": PAGE})
    assert ids(timeline) == [b["id"], a["id"]]
    assert timeline[0]["card"]["title"] == "The market moves"
    assert secret["id"] not in ids(await apps.get(f"/v1/timelines/link?url={PAGE}", "mina"))
    await column(apps, "sora", "discoverable", 0)
    assert ids(await apps.get(f"/v1/timelines/link?url={PAGE}")) == [a["id"]]
    await apps.get("/v1/timelines/link", expect=404)


async def test_moderators_can_hide_what_trends(apps):
    said = await apps.says("joon", f"#market {PAGE}")
    await apps.says("sora", f"#market {PAGE}")
    for who in ("mina", "sora"):
        await apps.post(f"/v1/statuses/{said['id']}/favourite", who)
    await read_pages(apps)
    for kind, key, path in (
        ("tag", "market", "tags"),
        ("status", said["id"], "statuses"),
        ("link", PAGE, "links"),
    ):
        assert len(await found(apps, f"/v1/trends/{path}")) == 1
        await apps.city.db.write(trends.decide, kind, key, False, now_ms())
        assert await found(apps, f"/v1/trends/{path}") == []
        await apps.city.db.write(trends.decide, kind, key, True, now_ms())
        assert len(await found(apps, f"/v1/trends/{path}")) == 1


async def test_a_deleted_post_links_to_nothing(apps):
    said = await apps.says("joon", PAGE)
    await read_pages(apps)
    await apps.ask("DELETE", f"/v1/statuses/{said['id']}", "joon")
    assert await apps.get(f"/v1/timelines/link?url={PAGE}") == []
    forgotten = await apps.city.db.write(previews.forget, now_ms() + 1, 10)
    assert forgotten == 1


# --- search


async def test_search_goes_on_after_an_offset(apps):
    for name in ("marketa", "marketb", "marketc"):
        await apps.join(name)
        await apps.says(name, f"#{name} at the market")
    seen = {"accounts": [], "statuses": [], "hashtags": []}
    for offset in range(4):
        part = await apps.get(f"/v2/search?q=market&limit=1&offset={offset}", "mina")
        seen["accounts"] += [one["username"] for one in part["accounts"]]
        seen["statuses"] += [one["account"]["username"] for one in part["statuses"]]
        seen["hashtags"] += [one["name"] for one in part["hashtags"]]
    assert seen["hashtags"] == ["marketa", "marketb", "marketc"]
    assert sorted(seen["accounts"]) == ["marketa", "marketb", "marketc"]
    assert seen["statuses"] == ["marketc", "marketb", "marketa"]
    await apps.get("/v2/search?q=market&offset=1", expect=401)


async def test_search_finds_whom_one_follows_first_or_only(apps):
    await apps.join("parka", "parkb")
    await apps.follows("sora", "parka")
    await apps.follows("mina", "parkb")

    async def names(query, who):
        return [one["username"] for one in (await apps.get(f"/v2/search?{query}", who))["accounts"]]

    assert await names("q=park", "joon") == ["parka", "parkb"]
    assert await names("q=park", "mina") == ["parkb", "parka"]
    assert await names("q=park&following=true", "mina") == ["parkb"]
    assert await names("q=park&following=true&type=accounts", "joon") == []


async def test_search_keeps_to_the_kind_and_the_author_that_are_asked_for(apps):
    await apps.says("joon", "The #market opens")
    by_sora = await apps.says("sora", "The #market closes")
    answer = await apps.get("/v2/search?q=market&type=statuses", "mina")
    assert len(answer["statuses"]) == 2
    assert answer["accounts"] == answer["hashtags"] == []
    answer = await apps.get(f"/v2/search?q=market&account_id={apps.id('sora')}", "mina")
    assert ids(answer["statuses"]) == [by_sora["id"]]
    (tag,) = answer["hashtags"]
    assert (tag["name"], tag["following"]) == ("market", False)
    assert tag["history"][0]["uses"] == "2"
    answer = await apps.get("/v2/search?q=market&exclude_unreviewed=true", "mina")
    assert answer["hashtags"] == []
    await apps.city.db.write(trends.decide, "tag", "market", True, now_ms())
    answer = await apps.get("/v2/search?q=market&exclude_unreviewed=true", "mina")
    assert len(answer["hashtags"]) == 1
    await apps.get("/v2/search?q=market&type=dogs", "mina", 422)
