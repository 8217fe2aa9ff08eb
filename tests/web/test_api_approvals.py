"""Who may answer and share changes by an app, and what was approved is taken back by one."""

from server.services import answer_control
from tests.web.an_app import app_of, nobodys

APPROVED = {"reply_policy": "approved"}


async def test_an_app_changes_who_may_answer_and_share(any_city):
    mina, joon = [await app_of(any_city, name) for name in ("mina", "joon")]
    post = await mina.says("글", quote_approval_policy="followers")
    path = f"/v1/statuses/{post['id']}/interaction_policy"
    await joon.put(path, json={"reply_policy": "named"}, expect=404)
    await mina.put(path, json={"reply_policy": "friends"}, expect=422)
    changed = await mina.put(path, json={"reply_policy": "named", "boost_policy": "nobody"})
    assert changed["interaction_policy"]["can_reply"]["always"] == ["author", "mentioned"]
    assert changed["quote_approval"]["automatic"] == ["followers"]
    assert changed["edited_at"] is None
    await joon.says("?", in_reply_to_id=post["id"], expect=403)
    await joon.post(f"/v1/statuses/{post['id']}/reblog", expect=403)
    kept = await mina.put(f"/v1/statuses/{post['id']}", json={"status": "다른 글"})
    assert kept["interaction_policy"] == changed["interaction_policy"]
    opened = await mina.put(path, json={"reply_policy": "everyone", "boost_policy": "everyone"})
    assert "interaction_policy" not in opened
    await joon.says("!", in_reply_to_id=post["id"])


async def test_an_app_takes_back_an_answer_and_a_boost(any_city):
    mina, joon, sora = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    post, other = await mina.says("글"), await mina.says("다른 글")
    await mina.put(f"/v1/statuses/{post['id']}/interaction_policy", json=APPROVED)
    answer = await joon.says("답", in_reply_to_id=post["id"])
    site, id = any_city.site, int(answer["id"])
    path = f"/v1/statuses/{post['id']}/replies/{id}/revoke"
    await mina.post(path, expect=404)
    await any_city.db.write(answer_control.approve, site, mina.account, id, 1)
    assert (await sora.sees(post))["replies_count"] == 1
    for stranger, status in ((nobodys(any_city), 401), (joon, 404), (sora, 404)):
        await stranger.post(path, expect=status)
    await mina.post(f"/v1/statuses/{other['id']}/replies/{id}/revoke", expect=404)
    assert (await mina.post(path))["replies_count"] == 0
    await sora.get(f"/v1/statuses/{id}", expect=404)
    await joon.post(f"/v1/statuses/{other['id']}/reblog")
    path = f"/v1/statuses/{other['id']}/reblogs/{joon.id}/revoke"
    await joon.post(path, expect=403)
    assert (await mina.post(path))["reblogs_count"] == 0
    await mina.post(path, expect=404)
