"""Bookmarks, likes as a list, muted threads, and who is told of whom, as apps meet them."""

import re

import pytest

from server.services import follows
from tests.web.an_app import app_of, ids, nobodys

CURSOR = re.compile(r"<([^>]+)>; rel=\"next\"")


async def test_what_is_saved_is_listed_the_latest_first_and_by_pages(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    posts = [await mina.says(f"글 {n}") for n in range(3)]
    for n in (1, 0, 2):
        assert (await joon.does("bookmark", posts[n]))["bookmarked"] is True
    assert (await joon.does("bookmark", posts[1]))["bookmarked"] is True
    wanted = [posts[n]["id"] for n in (2, 0, 1)]
    assert ids(await joon.get("/v1/bookmarks")) == wanted
    assert all(status["bookmarked"] for status in await joon.get("/v1/bookmarks"))
    assert ids(await joon.get("/v1/bookmarks?limit=2")) == wanted[:2]
    following = CURSOR.search(joon.link)[1].partition("/api")[2]
    assert ids(await joon.get(following)) == wanted[2:]
    assert await joon.get("/v1/bookmarks?limit=2&max_id=1") == []


async def test_nobody_else_learns_what_somebody_saved(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("글")
    await joon.does("bookmark", post)
    assert (await mina.sees(post))["bookmarked"] is False
    assert await mina.get("/v1/bookmarks") == []
    assert await mina.get("/v1/notifications") == []
    await nobodys(any_city).get("/v1/bookmarks", expect=401)
    await nobodys(any_city).does("bookmark", post, expect=401)
    assert (await joon.does("unbookmark", post))["bookmarked"] is False
    assert await joon.get("/v1/bookmarks") == []


async def test_what_cannot_be_read_any_more_is_in_no_list(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    await joon.post(f"/v1/accounts/{mina.id}/follow")
    private = await mina.says("친구만", visibility="private")
    gone = await mina.says("곧 없어져요")
    for act in ("bookmark", "favourite"):
        await joon.does(act, private)
        await joon.does(act, gone)
    assert len(await joon.get("/v1/bookmarks")) == len(await joon.get("/v1/favourites")) == 2
    await mina.delete(f"/v1/statuses/{gone['id']}")
    await mina.post(f"/v1/accounts/{joon.id}/block")
    assert await joon.get("/v1/bookmarks") == await joon.get("/v1/favourites") == []
    await joon.does("bookmark", private, expect=404)


async def test_likes_are_listed_for_the_one_who_likes(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    posts = [await mina.says(f"글 {n}") for n in range(2)]
    for post in posts:
        await joon.does("favourite", post)
    assert ids(await joon.get("/v1/favourites")) == ids(posts)[::-1]
    await joon.does("unfavourite", posts[0])
    assert ids(await joon.get("/v1/favourites")) == [posts[1]["id"]]
    assert await mina.get("/v1/favourites") == []


async def test_only_so_much_can_be_saved(any_city, monkeypatch):
    monkeypatch.setattr("server.services.bookmarks.MAX_BOOKMARKS", 1)
    mina = await app_of(any_city, "mina")
    first, second = await mina.says("하나"), await mina.says("둘")
    await mina.does("bookmark", first)
    assert "error" in await mina.does("bookmark", second, expect=422)
    await mina.does("unbookmark", first)
    await mina.does("bookmark", second)


async def test_a_narrow_token_saves_nothing(any_city):
    mina = await app_of(any_city, "mina", "read:bookmarks write:statuses")
    post = await mina.says("글")
    await mina.does("bookmark", post, expect=403)
    await mina.does("mute", post, expect=403)
    await mina.get("/v1/favourites", expect=403)
    assert await mina.get("/v1/bookmarks") == []


# --- muted threads


async def test_a_muted_thread_tells_nothing_and_timelines_stay(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    await mina.post(f"/v1/accounts/{joon.id}/follow")
    await mina.post("/v1/notifications/clear")
    root = await mina.says("뿌리")
    reply = await joon.says("@mina 첫째", in_reply_to_id=root["id"])
    assert len(await mina.get("/v1/notifications")) == 1
    assert (await mina.does("mute", reply))["muted"] is True
    assert (await mina.sees(root))["muted"] is True
    assert (await joon.sees(root))["muted"] is False
    second = await joon.says("@mina 둘째", in_reply_to_id=reply["id"])
    await joon.does("favourite", root)
    assert len(await mina.get("/v1/notifications")) == 1
    assert second["id"] in ids(await mina.get("/v1/timelines/home"))
    elsewhere = await joon.says("@mina 다른 이야기")
    assert (await mina.get("/v1/notifications"))[0]["status"]["id"] == elsewhere["id"]
    assert (await mina.does("unmute", root))["muted"] is False
    await joon.says("@mina 셋째", in_reply_to_id=root["id"])
    assert len(await mina.get("/v1/notifications")) == 3


async def test_one_mutes_what_one_may_read(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    secret = await mina.says("비밀", visibility="private")
    await joon.does("mute", secret, expect=404)
    await joon.does("unmute", secret, expect=404)


# --- who liked, who boosted


@pytest.mark.parametrize(("act", "who"), [("favourite", "favourited"), ("reblog", "reblogged")])
async def test_who_reacted_is_told_without_those_one_is_spared(any_city, act, who):
    mina, joon, sora = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    post = await mina.says("글")
    for one in (joon, sora):
        await one.does(act, post)
    path = f"/v1/statuses/{post['id']}/{who}_by"
    assert ids(await mina.get(path)) == [sora.id, joon.id]
    await any_city.db.write(
        follows.block, any_city.site, sora.account, mina.account.id, 1_795_431_045_000
    )
    assert ids(await mina.get(path)) == [joon.id]
    assert ids(await nobodys(any_city).get(path)) == [sora.id, joon.id]
    suspend = "UPDATE account SET state = 'suspended' WHERE id = :id"
    await any_city.db.write(lambda tx: tx.run(suspend, id=joon.account.id))
    assert await mina.get(path) == []


async def test_a_boost_for_followers_alone_is_refused_rather_than_shown_to_all(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("글")
    await joon.does("reblog", post, json={"visibility": "private"}, expect=422)
    await joon.does("reblog", post, json={"visibility": "nowhere"}, expect=422)
    assert (await joon.does("reblog", post, json={"visibility": "unlisted"}))["reblog"]
    assert (await joon.does("reblog", post))["reblog"]["id"] == post["id"]


# --- the page


async def test_saved_posts_have_a_page_that_needs_no_script(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(joon, "Persimmons")
    page = await mina.get("/local")
    assert f'formaction="/posts/{post.id}/save"' in page.text
    assert await mina.post(f"/posts/{post.id}/save", back="/local") == f"/local#acts-{post.id}"
    page = await mina.get("/bookmarks")
    assert "Persimmons" in page.text and f"/posts/{post.id}/let-go" in page.text
    assert "Persimmons" not in (await joon.get("/bookmarks")).text
    await mina.post(f"/posts/{post.id}/let-go", back="/bookmarks")
    assert "Persimmons" not in (await mina.get("/bookmarks")).text
    visitor = await city.visitor()
    await visitor.get("/bookmarks")
    assert visitor.url.startswith("/sign-in")
    await joon.post(f"/posts/{post.id + 1}/save", status=404)
