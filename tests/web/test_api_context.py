"""What stands around a post, as apps get it: its order, its limits, and what stays hidden."""

import json

from server.services import threads
from server.services.threads import Limits
from tests.web.an_app import app_of, ids, nobodys


async def around(app, post, **more):
    found = await app.get(f"/v1/statuses/{post['id']}/context", **more)
    return (ids(found["ancestors"]), ids(found["descendants"])) if "ancestors" in found else found


async def answers(app, post, text="답", **more):
    return await app.says(text, in_reply_to_id=post["id"], **more)


async def test_a_thread_comes_branch_by_branch_and_what_one_answered_oneself_first(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    root = await mina.says("뿌리")
    a = await answers(joon, root)
    b = await answers(joon, root)
    a1 = await answers(mina, a)
    own = await answers(mina, root)
    b1 = await answers(mina, b)
    a2 = await answers(mina, a1)
    for app in (mina, joon, nobodys(any_city)):
        assert await around(app, root) == ([], ids([a2, own, a, a1, b, b1]))
    assert await around(joon, a2) == (ids([root, a, a1]), [])


async def test_the_way_up_ends_at_what_one_may_not_read(any_city):
    mina, joon, sora = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    await joon.post(f"/v1/accounts/{mina.id}/follow")
    root = await mina.says("뿌리")
    hidden = await answers(mina, root, "친구만 보는 말", visibility="private")
    below = await answers(joon, hidden, visibility="public")
    leaf = await answers(joon, below)
    assert (await around(joon, leaf))[0] == ids([root, hidden, below])
    for app in (sora, nobodys(any_city)):
        found = await app.get(f"/v1/statuses/{leaf['id']}/context")
        assert ids(found["ancestors"]) == [below["id"]]
        assert "친구만 보는 말" not in json.dumps(found, ensure_ascii=False)
        assert set(ids((await app.get(f"/v1/statuses/{root['id']}/context"))["descendants"])) == {
            below["id"],
            leaf["id"],
        }
    await mina.delete(f"/v1/statuses/{hidden['id']}")
    assert (await around(joon, leaf))[0] == [below["id"]]


async def test_whom_one_muted_is_left_out_and_the_way_goes_on(any_city):
    mina, joon, sora = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    root = await mina.says("뿌리")
    noise = await answers(joon, root)
    leaf = await answers(mina, noise)
    await sora.post(f"/v1/accounts/{joon.id}/mute")
    assert await around(sora, leaf) == ([root["id"]], [])
    assert await around(sora, root) == ([], [leaf["id"]])


async def test_visitors_get_a_part_and_members_the_whole(any_city, monkeypatch):
    monkeypatch.setattr(threads, "FOR_VISITORS", Limits(2, 3, 2))
    mina = await app_of(any_city, "mina")
    chain = [await mina.says("0")]
    for n in range(4):
        chain.append(await answers(mina, chain[-1], str(n + 1)))
    more = [await answers(mina, chain[0], "옆") for _ in range(2)]
    visitor = nobodys(any_city)
    assert (await around(visitor, chain[-1]))[0] == ids(chain[2:4])
    assert (await around(visitor, chain[0]))[1] == ids([*chain[1:3], more[0]])
    assert (await around(mina, chain[0]))[1] == ids([*chain[1:], *more])


async def test_a_context_shows_what_the_viewer_did_and_what_is_quoted(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    root = await mina.says("뿌리")
    reply = await joon.says("이것", in_reply_to_id=root["id"], quoted_status_id=root["id"])
    await mina.does("favourite", reply)
    for _ in range(2):
        (seen,) = (await mina.get(f"/v1/statuses/{root['id']}/context"))["descendants"]
        assert seen["favourited"] is True
        assert seen["quote"]["quoted_status"]["id"] == root["id"]
        (seen,) = (await joon.get(f"/v1/statuses/{root['id']}/context"))["descendants"]
        assert seen["favourited"] is False


async def test_nothing_is_fetched_for_a_post_of_ours_and_an_unknown_refresh_is_not_there(any_city):
    mina = await app_of(any_city, "mina")
    root = await mina.says("뿌리")
    await around(mina, root)
    assert "Mastodon-Async-Refresh" not in mina.headers
    assert "Mastodon-Async-Refresh" in mina.headers["Access-Control-Expose-Headers"]
    await mina.get("/v1_alpha/async_refreshes/abc", expect=404)
    await nobodys(any_city).get("/v1_alpha/async_refreshes/abc", expect=401)
