"""Every promise of the API version that is claimed: docs/adr/0010."""

import aiohttp

from tests.web.an_app import app_of, ids, nobodys
from tests.web.city import a_picture
from web.api.instance import API_VERSION


async def test_nine_is_claimed(any_city):
    told = await nobodys(any_city).get("/v2/instance")
    assert told["api_versions"] == {"mastodon": API_VERSION} == {"mastodon": 9}
    assert told["version"].startswith("4.6.0 (compatible; Madang ")


async def test_2_groups_notifications_and_several_things_are_read_at_once(any_city):
    mina, joon, sora = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    first, second = await mina.says("One"), await mina.says("Two")
    for app in (joon, sora):
        await app.does("favourite", first)
    told = await mina.get("/v2/notifications")
    (group,) = told["notification_groups"]
    assert (group["type"], group["notifications_count"]) == ("favourite", 2)
    assert set(group["sample_account_ids"]) == {joon.id, sora.id}
    key = group["group_key"]
    assert (await mina.get(f"/v2/notifications/{key}"))["notification_groups"]
    assert len(await mina.get(f"/v2/notifications/{key}/accounts")) == 2
    assert await mina.get("/v2/notifications/unread_count") == {"count": 1}
    await mina.post(f"/v2/notifications/{key}/dismiss")
    assert (await mina.get("/v2/notifications"))["notification_groups"] == []
    policy = await mina.ask("PATCH", "/v2/notifications/policy", json={"for_bots": "filter"})
    assert policy["for_bots"] == "filter"
    assert await mina.get("/v1/notifications/requests") == []
    assert await mina.get("/v1/notifications/requests/merged") == {"merged": True}
    several = f"?id[]={first['id']}&id[]={second['id']}"
    assert set(ids(await mina.get(f"/v1/statuses{several}"))) == {first["id"], second["id"]}
    several = f"?id[]={mina.id}&id[]={joon.id}"
    assert set(ids(await mina.get(f"/v1/accounts{several}"))) == {mina.id, joon.id}


async def test_3_a_profile_names_the_sites_that_may_credit_it(any_city):
    mina = await app_of(any_city, "mina")
    sent = {"attribution_domains": ["news.example"]}
    own = await mina.ask("PATCH", "/v1/accounts/update_credentials", json=sent)
    assert own["source"]["attribution_domains"] == ["news.example"]


async def picture(app):
    form = aiohttp.FormData()
    form.add_field("file", a_picture(), filename="a.png", content_type="image/png")
    return await app.post("/v2/media", data=form)


async def test_4_pictures_are_deleted_with_a_post_or_before_one(any_city):
    mina = await app_of(any_city, "mina")
    loose, worn, kept = await picture(mina), await picture(mina), await picture(mina)
    await mina.delete(f"/v1/media/{loose['id']}")
    await mina.get(f"/v1/media/{loose['id']}", expect=404)
    for one, fate in ((worn, 404), (kept, 200)):
        post = await mina.says("Look", media_ids=[one["id"]])
        more = "?delete_media=true" if one is worn else ""
        await mina.delete(f"/v1/statuses/{post['id']}{more}")
        await mina.get(f"/v1/media/{one['id']}", expect=fate)


async def test_5_a_filter_blurs(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    sent = {
        "title": "Spoilers",
        "context": ["home", "public"],
        "filter_action": "blur",
        "keywords_attributes": [{"keyword": "ending", "whole_word": True}],
    }
    assert (await mina.post("/v2/filters", json=sent))["filter_action"] == "blur"
    post = await joon.says("The ending")
    (result,) = (await mina.sees(post))["filtered"]
    assert result["filter"]["filter_action"] == "blur"


async def test_7_posts_are_quoted_and_their_authors_have_a_say(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    own = {"source": {"quote_policy": "followers"}}
    told = await mina.ask("PATCH", "/v1/accounts/update_credentials", json=own)
    assert told["source"]["quote_policy"] == "followers"
    wishes = await mina.get("/v1/preferences")
    assert wishes["posting:default:quote_policy"] == "followers"
    post = await mina.says("Quote me", quote_approval_policy="public")
    seen = await joon.sees(post)
    assert seen["quote_approval"]["current_user"] == "automatic"
    quote = await joon.says("So true", quoted_status_id=post["id"])
    assert quote["quote"]["state"] == "accepted"
    assert quote["quote"]["quoted_status"]["id"] == post["id"]
    assert (await joon.sees(post))["quotes_count"] == 1
    assert ids(await mina.get(f"/v1/statuses/{post['id']}/quotes")) == [quote["id"]]
    assert [one["type"] for one in await mina.get("/v1/notifications")] == ["quote"]
    revoked = await mina.post(f"/v1/statuses/{post['id']}/quotes/{quote['id']}/revoke")
    assert revoked["quote"]["state"] == "revoked"
    path = f"/v1/statuses/{post['id']}/interaction_policy"
    now = await mina.put(path, json={"quote_approval_policy": "nobody"})
    assert now["quote_approval"]["automatic"] == []


async def test_8_and_9_a_profile_is_read_and_changed_as_it_was_typed(any_city):
    mina = await app_of(any_city, "mina")
    form = aiohttp.FormData({"note": "**I**", "avatar_description": "Me", "show_media": "false"})
    form.add_field("avatar", a_picture(), filename="a.png", content_type="image/png")
    changed = await mina.ask("PATCH", "/v1/profile", data=form)
    assert changed == await mina.get("/v1/profile")
    assert (changed["note"], changed["show_media"]) == ("**I**", False)
    assert (changed["avatar_description"], changed["header"]) == ("Me", None)
    assert changed["avatar"]
    await mina.delete("/v1/profile/avatar")
    bare = await mina.get("/v1/profile")
    assert (bare["avatar"], bare["avatar_description"]) == (None, "")
    assert await mina.get("/v1/annual_reports/2026/state") == {"state": "ineligible"}


async def test_some_of_10_and_11_works_though_it_is_not_claimed(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("Hello")
    await joon.does("favourite", post)
    plain = await mina.get("/v1/notifications")
    narrow = await mina.get("/v1/notifications?supported_types[]=mention")
    assert "fallback" not in plain[0] or plain[0]["fallback"] is None
    assert narrow[0]["fallback"]["title"]
    sent = {"avatar_description": "Me"}
    own = await mina.ask("PATCH", "/v1/accounts/update_credentials", json=sent)
    assert own["avatar_description"] == "Me"
