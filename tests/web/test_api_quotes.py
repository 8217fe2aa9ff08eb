"""Quotes as apps meet them: who may quote, who sees what, and what never leaks."""

import json

import pytest

from server.clock import now_ms
from server.services import follows
from tests.web.an_app import app_of, ids, nobodys

SECRET = "아무도 모르는 말"


async def people(city, *names):
    return [await app_of(city, name) for name in names]


async def quotes(app, post, text="이것 보세요", **more):
    return await app.says(text, quoted_status_id=post["id"], **more)


async def test_a_quote_shows_what_it_quotes_and_is_counted_and_told(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("감이 익었어요")
    quote = await quotes(joon, post)
    assert quote["quote"]["state"] == "accepted"
    assert quote["quote"]["quoted_status"]["id"] == post["id"]
    assert quote["quote"]["quoted_status"]["quote"] is None
    assert quote["content"].startswith('<p class="quote-inline">RE: <a href="')
    assert (await mina.sees(post))["quotes_count"] == 1
    (told,) = await mina.get("/v1/notifications")
    assert (told["type"], told["status"]["id"]) == ("quote", quote["id"])
    for app in (mina, joon, nobodys(any_city)):
        for status in [await app.sees(quote), *await app.get("/v1/timelines/public?limit=1")]:
            assert status["quote"]["quoted_status"]["content"] == post["content"]
    assert ids(await joon.get(f"/v1/statuses/{post['id']}/quotes")) == [quote["id"]]


async def test_a_quote_within_a_quote_is_only_named(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    first = await mina.says("하나")
    second = await quotes(joon, first)
    third = await quotes(mina, second)
    inner = third["quote"]["quoted_status"]
    assert inner["quote"] == {"state": "accepted", "quoted_status_id": first["id"]}
    await mina.delete(f"/v1/statuses/{first['id']}")
    inner = (await mina.sees(third))["quote"]["quoted_status"]
    assert inner["quote"] == {"state": "deleted", "quoted_status_id": None}


async def test_a_text_that_has_the_link_gets_no_second_one(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    quote = await quotes(joon, post, f"여기: {post['url']}")
    assert "quote-inline" not in quote["content"]


# --- who may


async def approval(app, post):
    return (await app.sees(post))["quote_approval"]


async def test_the_author_says_who_may_quote(any_city):
    mina, joon, sora = await people(any_city, "mina", "joon", "sora")
    await joon.post(f"/v1/accounts/{mina.id}/follow")
    told = {
        "public": ("automatic", "automatic", "automatic", "denied"),
        "followers": ("automatic", "automatic", "denied", "denied"),
        "nobody": ("automatic", "denied", "denied", "denied"),
    }
    everybody = (mina, joon, sora, nobodys(any_city))
    for policy, expected in told.items():
        post = await mina.says("글", quote_approval_policy=policy)
        for app, current in zip(everybody, expected, strict=True):
            automatic = [] if policy == "nobody" else [policy]
            assert await approval(app, post) == {
                "automatic": automatic,
                "manual": [],
                "current_user": current,
            }
            if app.token:
                wanted = 200 if current == "automatic" else 403
                answer = await app.says("?", quoted_status_id=post["id"], expect=wanted)
                assert "error" in answer or answer["quote"]["state"] == "accepted"


async def test_timelines_tell_who_may_quote_as_the_post_itself_does(any_city):
    mina, joon, sora = await people(any_city, "mina", "joon", "sora")
    await joon.post(f"/v1/accounts/{mina.id}/follow")
    for policy in ("public", "followers", "nobody"):
        await mina.says("글", quote_approval_policy=policy)
    for app in (mina, joon, sora, nobodys(any_city)):
        for _ in range(2):
            for status in await app.get("/v1/timelines/public"):
                assert status["quote_approval"] == await approval(app, status)


async def test_only_its_author_quotes_what_is_for_followers_and_nobody_what_is_direct(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    await joon.post(f"/v1/accounts/{mina.id}/follow")
    private = await mina.says("친구만", visibility="private", quote_approval_policy="public")
    direct = await mina.says("@joon 너만", visibility="direct")
    await joon.says("?", quoted_status_id=private["id"], expect=403)
    assert (await approval(joon, private))["automatic"] == []
    for app in (mina, joon):
        await app.says("?", quoted_status_id=direct["id"], expect=403)
        assert (await approval(app, direct))["current_user"] == "denied"


async def test_a_quote_of_ones_own_private_post_is_not_wider_than_that(any_city):
    mina, joon, sora = await people(any_city, "mina", "joon", "sora")
    await joon.post(f"/v1/accounts/{mina.id}/follow")
    private = await mina.says(SECRET, visibility="private")
    quote = await quotes(mina, private, visibility="public")
    assert quote["visibility"] == "private"
    assert (await joon.sees(quote))["quote"]["quoted_status"]["content"] == private["content"]
    await sora.sees(quote, expect=404)
    await nobodys(any_city).sees(quote, expect=404)
    assert (await mina.sees(private))["quotes_count"] == 0


async def test_a_quote_that_names_a_follower_keeps_the_private_post_from_strangers(any_city):
    mina, sora = await people(any_city, "mina", "sora")
    private = await mina.says(SECRET, visibility="private")
    quote = await quotes(mina, private, "@sora 이것", visibility="direct")
    seen = await sora.sees(quote)
    assert seen["quote"] == {"state": "unauthorized", "quoted_status": None}
    assert SECRET not in json.dumps(await sora.get("/v1/notifications"), ensure_ascii=False)


async def test_a_direct_quote_names_whom_it_quotes(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    await joon.says("?", quoted_status_id=post["id"], visibility="direct", expect=422)
    quote = await quotes(joon, post, "@mina 맞아요?", visibility="direct")
    assert quote["quote"]["state"] == "accepted"
    assert (await mina.sees(post))["quotes_count"] == 0


async def test_what_is_not_there_cannot_be_quoted(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    secret = await mina.says("비밀", visibility="private")
    gone = await mina.says("글")
    await mina.delete(f"/v1/statuses/{gone['id']}")
    for id in (secret["id"], gone["id"], "12345", str(2**62)):
        await joon.says("?", quoted_status_id=id, expect=404)
    await joon.says("?", quoted_status_id="abc", expect=422)
    await joon.says("?", quote_approval_policy="friends", expect=422)


async def test_the_blocked_quote_nothing_of_whoever_blocks_them(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    await joon.post(f"/v1/accounts/{mina.id}/block")
    await joon.says("?", quoted_status_id=post["id"], expect=403)
    await joon.post(f"/v1/accounts/{mina.id}/unblock")
    await mina.post(f"/v1/accounts/{joon.id}/block")
    await joon.says("?", quoted_status_id=post["id"], expect=404)


# --- what a viewer sees of it


async def test_a_quote_of_what_is_gone_says_so(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says(SECRET)
    quote = await quotes(joon, post)
    await mina.delete(f"/v1/statuses/{post['id']}")
    seen = await joon.sees(quote)
    assert seen["quote"] == {"state": "deleted", "quoted_status": None}
    assert SECRET not in json.dumps(await joon.get("/v1/timelines/home"), ensure_ascii=False)


async def test_each_viewer_sees_the_quote_that_is_for_them(any_city):
    mina, joon, sora, hana = await people(any_city, "mina", "joon", "sora", "hana")
    post = await mina.says(SECRET)
    quote = await quotes(joon, post)
    await mina.post(f"/v1/accounts/{sora.id}/block")
    await hana.post(f"/v1/accounts/{mina.id}/mute")
    for _ in range(2):
        (seen,) = [s for s in await sora.get("/v1/timelines/public") if s["id"] == quote["id"]]
        assert seen["quote"] == {"state": "unauthorized", "quoted_status": None}
        assert (await hana.sees(quote))["quote"]["state"] == "muted_account"
        assert (await nobodys(any_city).sees(quote))["quote"]["state"] == "accepted"
    await hana.post(f"/v1/accounts/{mina.id}/block")
    seen = (await hana.sees(quote))["quote"]
    assert (seen["state"], seen["quoted_status"]["id"]) == ("blocked_account", post["id"])
    suspend = "UPDATE account SET state = 'suspended' WHERE id = :id"
    await any_city.db.write(lambda tx: tx.run(suspend, id=mina.account.id))
    seen = await joon.sees(quote)
    assert seen["quote"] == {"state": "unauthorized", "quoted_status": None}


async def test_quotes_are_listed_only_as_far_as_one_may_read_them(any_city):
    mina, joon, sora, hana = await people(any_city, "mina", "joon", "sora", "hana")
    await hana.post(f"/v1/accounts/{joon.id}/follow")
    post = await mina.says("글")
    public = await quotes(joon, post)
    private = await quotes(joon, post, visibility="private")
    path = f"/v1/statuses/{post['id']}/quotes"
    assert ids(await hana.get(path)) == [private["id"], public["id"]]
    assert ids(await mina.get(path)) == ids(await sora.get(path)) == [public["id"]]
    assert (await mina.sees(post))["quotes_count"] == 1
    assert ids(await hana.get(f"{path}?limit=1")) == [private["id"]]
    assert f"max_id={private['id']}" in hana.link
    await nobodys(any_city).get(path, expect=401)
    await joon.post(f"/v1/accounts/{sora.id}/block")
    assert await sora.get(path) == []
    await mina.post(f"/v1/accounts/{hana.id}/block")
    await hana.get(path, expect=404)


# --- what the author does about it


async def test_a_revoked_quote_shows_nothing_to_anybody(any_city):
    mina, joon, sora = await people(any_city, "mina", "joon", "sora")
    post = await mina.says(SECRET)
    quote = await quotes(joon, post)
    path = f"/v1/statuses/{post['id']}/quotes/{quote['id']}/revoke"
    await joon.post(path, expect=403)
    await sora.post(path, expect=403)
    await nobodys(any_city).post(path, expect=401)
    for _ in range(2):
        seen = await mina.post(path)
        assert seen["quote"] == {"state": "revoked", "quoted_status": None}
    assert seen["edited_at"] is None
    assert (await joon.sees(quote))["quote"] == {"state": "revoked", "quoted_status": None}
    assert (await mina.sees(post))["quotes_count"] == 0
    assert await mina.get(f"/v1/statuses/{post['id']}/quotes") == []
    other = await mina.says("다른 글")
    await mina.post(f"/v1/statuses/{other['id']}/quotes/{quote['id']}/revoke", expect=404)
    await mina.post(f"/v1/statuses/{other['id']}/quotes/12345/revoke", expect=404)


async def test_a_quote_that_the_author_may_not_read_cannot_be_probed(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    hidden = await quotes(joon, post, visibility="private")
    await mina.post(f"/v1/statuses/{post['id']}/quotes/{hidden['id']}/revoke", expect=404)
    assert await mina.get("/v1/notifications") == []


async def test_who_may_quote_can_be_changed_and_quotes_stay(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    quote = await quotes(joon, post)
    path = f"/v1/statuses/{post['id']}/interaction_policy"
    await joon.put(path, json={"quote_approval_policy": "nobody"}, expect=404)
    changed = await mina.put(path, json={"quote_approval_policy": "nobody"})
    assert changed["quote_approval"]["automatic"] == []
    assert changed["edited_at"] is None
    await joon.says("?", quoted_status_id=post["id"], expect=403)
    assert (await joon.sees(quote))["quote"]["state"] == "accepted"
    await mina.put(path, json={"quote_approval_policy": "friends"}, expect=422)
    again = await mina.put(
        f"/v1/statuses/{post['id']}", json={"status": "글", "quote_approval_policy": "public"}
    )
    assert again["quote_approval"]["automatic"] == ["public"]


async def test_what_an_author_always_says_counts_where_a_post_is_silent(any_city):
    (mina,) = await people(any_city, "mina")
    column = "UPDATE member SET default_quote_policy = 'nobody' WHERE account_id = :id"
    await any_city.db.write(lambda tx: tx.run(column, id=mina.account.id))
    assert (await mina.says("글"))["quote_approval"]["automatic"] == []
    preferences = await mina.get("/v1/preferences")
    assert preferences["posting:default:quote_policy"] == "nobody"


async def test_whoever_quoted_a_post_hears_of_its_edit(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    quote = await quotes(joon, post)
    await mina.put(f"/v1/statuses/{post['id']}", json={"status": "새 글"})
    (told,) = await joon.get("/v1/notifications")
    assert (told["type"], told["account"]["id"]) == ("quoted_update", mina.id)
    assert told["status"]["id"] == quote["id"]
    assert "새 글" in told["status"]["quote"]["quoted_status"]["content"]


async def test_an_edited_quote_keeps_what_it_quotes(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    quote = await quotes(joon, post)
    changed = await joon.put(f"/v1/statuses/{quote['id']}", json={"status": "다른 말"})
    assert changed["quote"]["quoted_status"]["id"] == post["id"]
    assert "quote-inline" in changed["content"] and "다른 말" in changed["content"]


async def test_a_deleted_quote_counts_no_more(any_city):
    mina, joon = await people(any_city, "mina", "joon")
    post = await mina.says("글")
    quote = await quotes(joon, post)
    gone = await joon.delete(f"/v1/statuses/{quote['id']}")
    assert gone["quote"]["quoted_status"]["id"] == post["id"]
    assert (await mina.sees(post))["quotes_count"] == 0
    assert await mina.get("/v1/notifications") == []


# --- pages


@pytest.mark.parametrize("state", ["accepted", "deleted", "blocked"])
async def test_pages_show_a_quoted_post_as_a_card_or_not_at_all(city, state):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Persimmons are ripe")
    await city.writes(joon, "Look", quoted_id=post.id)
    if state == "deleted":
        await mina.post(f"/posts/{post.id}/delete")
    sora = await city.join("sora")
    if state == "blocked":
        await city.db.write(follows.block, city.site, mina.account, sora.account.id, now_ms())
    for path in ("/@joon", "/local"):
        text = (await sora.get(path)).text
        assert "Look" in text
        shown = '<blockquote class="quoted"' in text
        assert shown == (state == "accepted")
    assert ("Persimmons" in (await sora.get("/@joon")).text) == (state == "accepted")
    assert ("was deleted" in (await sora.get("/@joon")).text) == (state == "deleted")
