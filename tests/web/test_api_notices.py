"""Notifications as apps read them, in both versions: groups, policy, requests, markers."""

import asyncio
from functools import partial

import pytest

from server.clock import DAY_MS, HOUR_MS, now_ms
from server.model import Account
from server.services import desk_news
from server.services import notifications as service
from server.store import accounts as account_store
from server.store import notifications as store
from server.store import posts as post_store
from server.store.db import Write
from tests.web.test_api_endpoints import City, address
from tests.web.test_api_endpoints import city as city  # the fixture

PEOPLE = ("ara", "bora", "chan")


async def settle(city: City) -> dict:
    """Mina wrote something; three like it, and follow her."""
    post = await city.says("mina", "글")
    for name in PEOPLE:
        await city.join(name)
        await city.post(f"/v1/accounts/{city.id('mina')}/follow", name)
        await city.post(f"/v1/statuses/{post['id']}/favourite", name)
    return post


async def types(city: City, who: str, query: str = "") -> list[str]:
    return [one["type"] for one in await city.get(f"/v1/notifications{query}", who)]


async def grouped(city: City, who: str, query: str = "") -> list[dict]:
    return (await city.get(f"/v2/notifications{query}", who))["notification_groups"]


async def change(city: City, name: str, **columns) -> None:
    await city.db.write(account_store.set_columns, city.people[name].id, **columns)


# --- one by one


async def test_an_app_chooses_kinds_and_senders(city):
    await settle(city)
    assert await types(city, "mina", "?types[]=follow") == ["follow"] * 3
    assert await types(city, "mina", "?exclude_types[]=follow") == ["favourite"] * 3
    assert await types(city, "mina", "?types[]=nonsense") == []
    assert await types(city, "mina", f"?account_id={city.id('ara')}") == ["favourite", "follow"]
    assert await types(city, "mina", "?account_id=1") == []
    await city.get("/v1/notifications?account_id=none", "mina", expect=422)


async def test_what_is_unread_is_counted_by_kind_and_up_to_a_limit(city):
    await settle(city)

    async def count(query=""):
        return (await city.get(f"/v1/notifications/unread_count{query}", "mina"))["count"]

    assert await count() == 6
    assert await count("?types[]=follow") == 3
    assert await count("?limit=2") == 2
    assert await count("?limit=-7") == 1
    assert await count(f"?account_id={city.id('bora')}") == 2
    newest = (await city.get("/v1/notifications?limit=1", "mina"))[0]["id"]
    await city.post("/v1/markers", "mina", json={"notifications": {"last_read_id": newest}})
    assert await count() == 0


async def test_old_apps_dismiss_with_the_id_in_the_form(city):
    await settle(city)
    told = await city.get("/v1/notifications", "mina")
    await city.post("/v1/notifications/dismiss", "joon", data={"id": told[0]["id"]})
    assert len(await city.get("/v1/notifications", "mina")) == 6
    await city.post("/v1/notifications/dismiss", "mina", data={"id": told[0]["id"]})
    assert len(await city.get("/v1/notifications", "mina")) == 5
    await city.post("/v1/notifications/dismiss", "mina", data={}, expect=422)


async def test_what_an_app_does_not_know_comes_in_words(city):
    await settle(city)
    told = await city.get(
        "/v1/notifications?supported_types[]=follow", "mina", headers={"Accept-Language": "en"}
    )
    favourite = next(one for one in told if one["type"] == "favourite")
    follow = next(one for one in told if one["type"] == "follow")
    assert favourite["fallback"]["title"].endswith("likes your post")
    assert set(favourite["fallback"]) == {"title", "summary", "details"}
    assert "fallback" not in follow
    assert "fallback" not in (await city.get("/v1/notifications", "mina"))[0]


async def test_what_no_app_knows_comes_in_words_to_whoever_asks_for_it(city):
    mina, joon = city.people["mina"], city.people["joon"]
    await city.db.write(partial(desk_news.tell, what="cohort"), mina.id, joon.id, now_ms())
    asked = "/v1/notifications?types[]=desk.cohort&supported_types[]=follow"
    told = await city.get(asked, "mina")
    assert [(one["type"], bool(one["fallback"]["title"])) for one in told] == [
        ("desk.cohort", True)
    ]


async def test_that_pages_link_to_a_story_comes_in_words_to_whoever_asks_for_it(city):
    said = await city.says("mina", "글")
    post = await city.db.read(post_store.by_id, int(said["id"]))
    await city.db.write(service.notify_linked, post, now_ms())
    assert await city.get("/v1/notifications", "mina") == []
    for version in ("v1", "v2"):
        asked = f"/{version}/notifications?types[]=linked&supported_types[]=follow"
        told = await city.get(asked, "mina", headers={"Accept-Language": "en"})
        (one,) = told if version == "v1" else told["notification_groups"]
        assert one["type"] == "linked"
        assert one["fallback"]["title"] == "Pages elsewhere link to your story."
    assert await city.get("/v1/notifications?types[]=linked", "joon") == []


async def test_a_name_in_words_is_no_html(city):
    post = await city.says("mina", "글")
    await change(city, "joon", display_name="<b>%(name)s</b>")
    await city.post(f"/v1/statuses/{post['id']}/favourite", "joon")
    told = await city.get("/v1/notifications?supported_types[]=x", "mina")
    assert "<b>" not in told[0]["fallback"]["title"]


# --- groups


async def test_likes_of_a_post_are_one_group(city):
    post = await settle(city)
    found = await city.get("/v2/notifications", "mina")
    likes, follows = found["notification_groups"]
    assert (likes["type"], likes["notifications_count"]) == ("favourite", 3)
    assert likes["status_id"] == post["id"]
    assert likes["sample_account_ids"] == [city.id(name) for name in reversed(PEOPLE)]
    assert likes["group_key"].startswith(f"favourite-{post['id']}-")
    assert (follows["type"], follows["notifications_count"]) == ("follow", 3)
    assert "status_id" not in follows
    assert {one["id"] for one in found["accounts"]} == {city.id(name) for name in PEOPLE}
    assert [one["id"] for one in found["statuses"]] == [post["id"]]
    told = await city.get("/v1/notifications?types[]=favourite", "mina")
    assert {one["group_key"] for one in told} == {likes["group_key"]}
    assert likes["most_recent_notification_id"] == int(told[0]["id"])
    assert (likes["page_max_id"], likes["page_min_id"]) == (told[0]["id"], told[2]["id"])
    assert likes["latest_page_notification_at"] == told[0]["created_at"]


async def test_an_app_that_cannot_group_a_kind_gets_it_one_by_one(city):
    await settle(city)
    found = await grouped(city, "mina", "?grouped_types[]=favourite")
    assert [one["type"] for one in found] == ["favourite", "follow", "follow", "follow"]
    assert [one["notifications_count"] for one in found] == [3, 1, 1, 1]
    assert found[1]["group_key"] == f"ungrouped-{found[1]['most_recent_notification_id']}"
    count = "/v2/notifications/unread_count"
    assert (await city.get(count, "mina"))["count"] == 2
    assert (await city.get(f"{count}?grouped_types[]=favourite", "mina"))["count"] == 4


async def test_pages_of_groups_follow_one_another(city):
    post = await settle(city)
    await city.says("joon", "@mina 안녕")
    first = await grouped(city, "mina", "?limit=1")
    assert [one["type"] for one in first] == ["mention"]
    second = await grouped(
        city, "mina", address(city.link, "next").removeprefix("/v2/notifications")
    )
    assert [one["status_id"] for one in second] == [post["id"]]
    newer = address(city.link, "prev").removeprefix("/v2/notifications")
    assert [one["type"] for one in await grouped(city, "mina", newer)] == ["mention"]
    oldest = (await city.get("/v1/notifications", "mina"))[-1]["id"]
    upwards = await grouped(city, "mina", f"?min_id={oldest}&limit=1")
    assert [one["type"] for one in upwards] == ["favourite"]


async def test_pictures_alone_are_enough_for_most_people_of_a_group(city):
    await settle(city)
    found = await city.get("/v2/notifications?expand_accounts=partial_avatars", "mina")
    assert [one["id"] for one in found["accounts"]] == [city.id("chan")]
    partial = {one["id"]: one for one in found["partial_accounts"]}
    assert set(partial) == {city.id("ara"), city.id("bora")}
    keys = {"id", "acct", "url", "avatar", "avatar_static", "locked", "bot"}
    assert set(partial[city.id("ara")]) == keys
    await city.get("/v2/notifications?expand_accounts=none", "mina", expect=422)


async def test_a_group_is_read_and_dismissed_by_its_key(city):
    await settle(city)
    likes, follows = await grouped(city, "mina")
    key = likes["group_key"]
    one = await city.get(f"/v2/notifications/{key}", "mina")
    assert one["notification_groups"][0]["notifications_count"] == 3
    assert "page_max_id" not in one["notification_groups"][0]
    people = await city.get(f"/v2/notifications/{key}/accounts", "mina")
    assert [account["id"] for account in people] == [city.id(name) for name in reversed(PEOPLE)]
    await city.get(f"/v2/notifications/{key}", "joon", expect=404)
    await city.get(f"/v2/notifications/{key}/accounts", "joon", expect=404)
    await city.post(f"/v2/notifications/{key}/dismiss", "joon")
    assert len(await grouped(city, "mina")) == 2
    await city.post(f"/v2/notifications/{key}/dismiss", "mina")
    assert [one["group_key"] for one in await grouped(city, "mina")] == [follows["group_key"]]


async def test_what_stands_alone_has_a_key_too(city):
    await city.says("joon", "@mina 안녕")
    key = (await grouped(city, "mina"))[0]["group_key"]
    assert key.startswith("ungrouped-")
    assert len((await city.get(f"/v2/notifications/{key}", "mina"))["notification_groups"]) == 1
    await city.get(f"/v2/notifications/{key}", "joon", expect=404)
    await city.post(f"/v2/notifications/{key}/dismiss", "mina")
    assert await grouped(city, "mina") == []


@pytest.mark.parametrize(
    "key",
    ["ungrouped-99999999999999999999999", "ungrouped-x1", "favourite-1-1", "1" * 3000],
)
async def test_a_made_up_key_names_nothing(city, key):
    await city.get(f"/v2/notifications/{key}", "mina", expect=404)
    await city.post(f"/v2/notifications/{key}/dismiss", "mina")


async def test_a_group_ends_after_twelve_hours(city):
    post = await city.says("mina", "글")
    mina, start = city.people["mina"], now_ms() // HOUR_MS * HOUR_MS
    for hours in (0, 11, 12, 13, 24):
        await city.join(f"fan{hours}")

        def like(tx: Write, fan: Account, at_ms: int) -> None:
            service.notify(tx, mina, "favourite", fan, int(post["id"]), at_ms)

        await city.db.write(like, city.people[f"fan{hours}"], start + hours * HOUR_MS)
    found = await grouped(city, "mina")
    assert [one["notifications_count"] for one in found] == [1, 2, 2]


# --- what one may no longer know of


async def test_a_post_that_became_unreadable_leaves_every_version(city):
    await city.join("ara")
    await city.post(f"/v1/accounts/{city.id('joon')}/follow", "mina")
    secret = await city.says("joon", "@mina 비밀", visibility="private")

    async def everything():
        return (
            await types(city, "mina"),
            await grouped(city, "mina"),
            (await city.get("/v1/notifications/unread_count", "mina"))["count"],
            (await city.get("/v2/notifications/unread_count", "mina"))["count"],
        )

    told = (await city.get("/v1/notifications", "mina"))[0]
    assert (await everything())[2:] == (1, 1)
    await city.db.write(post_store.set_mentions, int(secret["id"]), [])
    assert (await everything())[2:] == (1, 1), "she still follows him"
    await city.post(f"/v1/accounts/{city.id('joon')}/unfollow", "mina")
    assert await everything() == ([], [], 0, 0)
    await city.get(f"/v1/notifications/{told['id']}", "mina", expect=404)
    await city.get(f"/v2/notifications/ungrouped-{told['id']}", "mina", expect=404)


@pytest.mark.parametrize("how", ["suspended", "muted", "blocked"])
async def test_who_is_gone_leaves_counts_and_samples(city, how):
    await settle(city)
    ara = city.id("ara")
    if how == "suspended":
        await change(city, "ara", state="suspended")
    else:
        act = {"muted": "mute", "blocked": "block"}[how]
        await city.post(f"/v1/accounts/{ara}/{act}", "mina")
    found = await city.get("/v2/notifications", "mina")
    assert ara not in {one["id"] for one in found["accounts"]}
    for group in found["notification_groups"]:
        assert group["notifications_count"] == 2
        assert ara not in group["sample_account_ids"]
        people = await city.get(f"/v2/notifications/{group['group_key']}/accounts", "mina")
        assert ara not in {one["id"] for one in people}
    assert (await city.get("/v1/notifications/unread_count", "mina"))["count"] == 4
    assert len(await types(city, "mina")) == 4


async def test_a_deleted_post_takes_its_group_along(city):
    post = await settle(city)
    await city.ask("DELETE", f"/v1/statuses/{post['id']}", "mina")
    assert [one["type"] for one in await grouped(city, "mina")] == ["follow"]


async def test_a_muted_thread_is_silent(city):
    post = await city.says("mina", "글")
    await city.db.write(
        lambda tx: tx.run(
            "INSERT INTO thread_mute VALUES (:me, :thread)",
            me=city.people["mina"].id,
            thread=int(post["id"]),
        )
    )
    await city.says("joon", "@mina 답", in_reply_to_id=post["id"])
    assert await types(city, "mina") == []
    await city.says("joon", "@mina 다른 이야기")
    assert await types(city, "mina") == ["mention"]


async def test_moderators_are_told_and_former_ones_are_not_shown_it(city):
    await city.join("mod")
    await city.db.write(account_store.set_member, city.people["mod"].id, role="moderator")
    joon = city.people["joon"]
    await city.db.write(service.notify_moderators, "admin.sign_up", joon, now_ms())
    assert await types(city, "mod") == ["admin.sign_up"]
    assert await types(city, "mina") == []
    assert [one["type"] for one in await grouped(city, "mod")] == ["admin.sign_up"]
    told = (await city.get("/v1/notifications", "mod"))[0]
    await city.db.write(account_store.set_member, city.people["mod"].id, role="member")
    assert await types(city, "mod") == []
    assert await grouped(city, "mod") == []
    assert (await city.get("/v1/notifications/unread_count", "mod"))["count"] == 0
    await city.get(f"/v1/notifications/{told['id']}", "mod", expect=404)


async def test_a_report_a_severance_and_a_warning_are_shown_whole(city):
    await city.join("mod")
    mina, joon = city.people["mina"], city.people["joon"]
    await city.db.write(account_store.set_member, city.people["mod"].id, role="moderator")

    def happen(tx: Write) -> None:
        tx.run(
            """
            INSERT INTO report (id, uri, reporter_id, target_id, objects, comment, created_ms)
            VALUES (7, 'x', :mina, :joon, '[]', 'rude', 1)
            """,
            mina=mina.id,
            joon=joon.id,
        )
        tx.run(
            """
            INSERT INTO warning (id, account_id, moderator_id, action, text, created_ms)
            VALUES (8, :joon, :mod, 'silence', 'Be kind', 1)
            """,
            joon=joon.id,
            mod=city.people["mod"].id,
        )
        service.notify_moderators(tx, "admin.report", mina, now_ms(), about_id=7)
        service.notify_warned(tx, joon, 8, now_ms())
        service.notify_severed(
            tx, joon, kind="domain_block", target="far.test", lost=(2, 3), now_ms=now_ms()
        )

    await city.db.write(happen)
    report = (await city.get("/v1/notifications", "mod"))[0]["report"]
    assert (report["comment"], report["target_account"]["id"]) == ("rude", city.id("joon"))
    severed, warned = await city.get("/v1/notifications", "joon")
    assert severed["event"]["target_name"] == "far.test"
    assert (severed["event"]["followers_count"], severed["event"]["following_count"]) == (2, 3)
    assert warned["moderation_warning"]["action"] == "silence"
    assert warned["account"]["id"] == city.id("joon"), "nobody learns which moderator it was"
    groups = await grouped(city, "joon")
    assert [group["type"] for group in groups] == ["severed_relationships", "moderation_warning"]


# --- policy and requests


async def policy(city: City, who: str, **chosen: str) -> dict:
    return await city.ask("PATCH", "/v2/notifications/policy", who, json=chosen)


async def requests(city: City, who: str) -> list[dict]:
    return await city.get("/v1/notifications/requests", who)


async def test_a_neighbours_private_word_is_told_unless_one_chose_otherwise(city):
    await city.says("joon", "@mina 안녕", visibility="direct")
    assert await types(city, "mina") == ["mention"]
    found = await city.get("/v2/notifications/policy", "mina")
    assert found["for_private_mentions"] == "accept"
    assert found["for_limited_accounts"] == "filter"
    assert found["summary"] == {"pending_requests_count": 0, "pending_notifications_count": 0}


async def test_what_is_filtered_waits_for_an_answer(city):
    await policy(city, "mina", for_not_following="filter")
    first = await city.says("joon", "@mina 안녕")
    last = await city.says("joon", "@mina 또 안녕")
    assert await types(city, "mina") == []
    assert await grouped(city, "mina") == []
    assert (await city.get("/v1/notifications/unread_count", "mina"))["count"] == 0
    assert await types(city, "mina", "?include_filtered=true") == ["mention", "mention"]
    assert len(await grouped(city, "mina", "?include_filtered=true")) == 2
    assert await types(city, "mina", f"?account_id={city.id('joon')}") == ["mention", "mention"]
    summary = (await city.get("/v2/notifications/policy", "mina"))["summary"]
    assert summary == {"pending_requests_count": 1, "pending_notifications_count": 2}
    (waiting,) = await requests(city, "mina")
    assert (waiting["notifications_count"], waiting["account"]["id"]) == ("2", city.id("joon"))
    assert waiting["last_status"]["id"] == last["id"]
    path = f"/v1/notifications/requests/{waiting['id']}"
    assert await city.get(path, "mina") == waiting
    await city.get(path, "joon", expect=404)
    await city.post(f"{path}/accept", "joon", expect=404)
    await city.post(f"{path}/accept", "mina")
    assert await requests(city, "mina") == []
    told = await city.get("/v1/notifications", "mina")
    assert [one["status"]["id"] for one in told] == [last["id"], first["id"]]
    await city.says("joon", "@mina 이제 들린다")
    assert len(await types(city, "mina")) == 3
    assert (await city.get("/v1/notifications/requests/merged", "mina")) == {"merged": True}
    await city.post(f"{path}/accept", "mina", expect=404)


async def test_a_dismissed_request_is_forgotten_and_may_come_again(city):
    await policy(city, "mina", for_not_following="filter")
    await city.says("joon", "@mina 안녕")
    (waiting,) = await requests(city, "mina")
    await city.post(f"/v1/notifications/requests/{waiting['id']}/dismiss", "mina")
    assert await requests(city, "mina") == []
    assert await types(city, "mina", "?include_filtered=true") == []
    await city.says("joon", "@mina 또")
    assert len(await requests(city, "mina")) == 1


async def test_several_requests_are_answered_at_once(city):
    await policy(city, "mina", for_not_following="filter")
    for name in PEOPLE:
        await city.join(name)
        await city.says(name, "@mina 안녕")
    ids = [one["id"] for one in await requests(city, "mina")]
    await city.post("/v1/notifications/requests/accept", "joon", json={"id": ids})
    assert len(await requests(city, "mina")) == 3
    await city.post("/v1/notifications/requests/accept", "mina", json={"id": ids[:2]})
    assert len(await types(city, "mina")) == 2
    form = {"id[]": [ids[2], "1"]}
    await city.post("/v1/notifications/requests/dismiss", "mina", data=form)
    assert await requests(city, "mina") == []
    assert len(await types(city, "mina", "?include_filtered=true")) == 2


@pytest.mark.parametrize(
    ("chosen", "prepare", "filtered"),
    [
        ("for_not_following", "", True),
        ("for_not_following", "mina follows", False),
        ("for_not_followers", "", True),
        ("for_not_followers", "joon follows since today", True),
        ("for_not_followers", "joon follows since long", False),
        ("for_new_accounts", "", True),
        ("for_new_accounts", "old", False),
        ("for_new_accounts", "mina follows", False),
        ("for_limited_accounts", "", False),
        ("for_limited_accounts", "limited", True),
        ("for_limited_accounts", "limited, mina follows", False),
        ("for_bots", "", False),
        ("for_bots", "bot", True),
        ("for_bots", "bot, mina follows", False),
        ("for_private_mentions", "", False),
    ],
)
@pytest.mark.parametrize("way", ["filter", "drop"])
async def test_each_sort_of_account_has_its_rule(city, chosen, prepare, filtered, way):
    everything = ("not_following", "not_followers", "new_accounts", "private_mentions")
    open_ = {f"for_{name}": "accept" for name in (*everything, "limited_accounts", "bots")}
    if "mina follows" in prepare:
        await city.post(f"/v1/accounts/{city.id('joon')}/follow", "mina")
    if "joon follows" in prepare:
        await city.post(f"/v1/accounts/{city.id('mina')}/follow", "joon")
    if "long" in prepare:
        long_ago = now_ms() - 4 * DAY_MS
        await city.db.write(lambda tx: tx.run("UPDATE follow SET created_ms = :at", at=long_ago))
    if "old" in prepare:
        await change(city, "joon", created_ms=now_ms() - 31 * DAY_MS)
    if "limited" in prepare:
        await change(city, "joon", limited_ms=1)
    if "bot" in prepare:
        await change(city, "joon", bot=1)
    await city.post("/v1/notifications/clear", "mina")
    await policy(city, "mina", **{**open_, chosen: way})
    await city.says("joon", "@mina 안녕")
    assert await types(city, "mina") == ([] if filtered else ["mention"])
    kept = await types(city, "mina", "?include_filtered=true")
    assert kept == ([] if filtered and way == "drop" else ["mention"])


async def test_a_private_word_is_filtered_but_for_whom_one_wrote_to_first(city):
    await policy(city, "mina", for_private_mentions="filter")
    await city.says("joon", "@mina 안녕", visibility="direct")
    assert await types(city, "mina") == []
    await city.says("joon", "@mina 모두에게")
    assert await types(city, "mina") == ["mention"], "a public word is none"
    mine = await city.says("mina", "@joon 잘 지내?", visibility="direct")
    answer = await city.says("joon", "@mina 응", visibility="direct", in_reply_to_id=mine["id"])
    await city.says("joon", "@mina 너는?", visibility="direct", in_reply_to_id=answer["id"])
    assert await types(city, "mina") == ["mention"] * 3
    await city.join("ara")
    await city.says("ara", "@mina 나도", visibility="direct")
    assert len(await types(city, "mina")) == 3


async def test_the_first_version_of_the_policy_says_yes_or_no(city):
    path = "/v1/notifications/policy"
    assert (await city.get(path, "mina"))["filter_not_following"] is False
    changed = await city.ask("PATCH", path, "mina", data={"filter_not_following": "true"})
    assert changed["filter_not_following"] is True
    assert changed["filter_new_accounts"] is False
    found = await city.get("/v2/notifications/policy", "mina")
    assert (found["for_not_following"], found["for_bots"]) == ("filter", "accept")
    await city.ask("PATCH", "/v2/notifications/policy", "mina", json={"for_bots": "x"}, expect=422)


async def test_a_flood_that_waits_has_an_end(city, monkeypatch):
    monkeypatch.setattr(store, "MOST_FILTERED", 3)
    await policy(city, "mina", for_not_following="filter")
    for n in range(5):
        await city.says("joon", f"@mina {n}")
    (waiting,) = await requests(city, "mina")
    assert waiting["notifications_count"] == "3"


async def test_a_like_that_is_filtered_is_in_no_group(city):
    post = await city.says("mina", "글")
    await city.post(f"/v1/statuses/{post['id']}/favourite", "joon")
    await policy(city, "mina", for_not_following="filter")
    await city.join("ara")
    await city.post(f"/v1/statuses/{post['id']}/favourite", "ara")
    (group,) = await grouped(city, "mina")
    assert group["sample_account_ids"] == [city.id("joon")]
    assert group["notifications_count"] == 1


# --- markers


async def test_markers_keep_places_and_count_changes(city):
    assert await city.get("/v1/markers?timeline[]=home&timeline[]=notifications", "mina") == {}
    sent = {"home": {"last_read_id": "12"}, "notifications": {"last_read_id": "7"}}
    saved = await city.post("/v1/markers", "mina", json=sent)
    assert (saved["home"]["last_read_id"], saved["home"]["version"]) == ("12", 1)
    again = await city.post("/v1/markers", "mina", json=sent)
    assert again == saved, "the same again changes nothing"
    moved = await city.post("/v1/markers", "mina", data={"home[last_read_id]": "30"})
    assert list(moved) == ["home"]
    assert moved["home"]["version"] == 2
    assert (await city.get("/v1/markers?timeline[]=home", "mina")) == moved
    assert (await city.get("/v1/markers?timeline=home", "mina")) == moved
    assert await city.get("/v1/markers", "mina") == {}
    assert await city.get("/v1/markers?timeline[]=home", "joon") == {}
    bad = {"home": {"last_read_id": "x"}}
    await city.post("/v1/markers", "mina", json=bad, expect=422)
    await city.post("/v1/markers", "mina", json={"home": {"last_read_id": str(2**63)}}, expect=422)


async def test_two_apps_that_save_at_once_do_not_disturb_each_other(city):
    sent = [{"notifications": {"last_read_id": str(n)}} for n in range(1, 9)]
    await asyncio.gather(*(city.post("/v1/markers", "mina", json=one) for one in sent))
    found = (await city.get("/v1/markers?timeline[]=notifications", "mina"))["notifications"]
    assert found["version"] == 8


# --- who may ask


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/notifications"),
        ("GET", "/v2/notifications/unread_count"),
        ("GET", "/v2/notifications/favourite-1-1/accounts"),
        ("POST", "/v2/notifications/favourite-1-1/dismiss"),
        ("GET", "/v2/notifications/policy"),
        ("PATCH", "/v2/notifications/policy"),
        ("GET", "/v1/notifications/requests"),
        ("POST", "/v1/notifications/requests/1/accept"),
        ("POST", "/v1/notifications/requests/accept"),
        ("GET", "/v1/markers"),
        ("POST", "/v1/markers"),
        ("GET", "/v1/conversations"),
        ("DELETE", "/v1/conversations/1"),
        ("GET", "/v1/timelines/direct"),
        ("GET", "/v1/announcements"),
        ("POST", "/v1/announcements/1/dismiss"),
    ],
)
async def test_nothing_of_this_is_for_visitors_or_other_scopes(city, method, path):
    await city.ask(method, path, expect=401)
    narrow = await city.token("mina", "profile read:lists write:lists")
    await city.ask(method, path, token=narrow, expect=403)


async def test_a_page_is_full_of_groups_however_many_rows_they_have(city):
    post = await city.says("mina", "글")
    for n in range(6):
        await city.join(f"fan{n}")
        await city.post(f"/v1/statuses/{post['id']}/favourite", f"fan{n}")
    first = await city.says("mina", "먼저")
    await city.post(f"/v1/statuses/{first['id']}/reblog", "joon")
    for n in range(6):
        await city.post(f"/v1/statuses/{first['id']}/favourite", f"fan{n}")
    found = await grouped(city, "mina", "?limit=3")
    assert [one["type"] for one in found] == ["favourite", "reblog", "favourite"]
    assert [one["notifications_count"] for one in found] == [6, 1, 6]
    upwards = await grouped(city, "mina", "?limit=2&min_id=1")
    assert [one["type"] for one in upwards] == ["reblog", "favourite"]
