"""The client API as an app meets it, on both databases."""

import asyncio
import io
import json
import random
import re
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from federation.vocab import Actor
from server.clock import now_ms
from server.config import Config, DatabaseAt, Instance, MediaAt, Secrets
from server.keyring import Keys
from server.model import Account, Site
from server.services import accounts, new_posts, posts, profiles, sessions, strangers
from server.services.accounts import NewAccount
from server.services.new_posts import NewPost
from server.store.db import Database
from tests import contract
from tests.first_start import given_keys
from tests.web.an_app import asked, ids
from tests.web.city import sealed
from web import api
from web.app import create_app
from web.keys import DB

SITE_HERE = Site(origin="https://gm.example", domain="gm.example", name="광명마당")
NO_KEYS = Keys((b"-", "-"), (b"-", "-"))
EVERYTHING = "read write follow push"


class Elsewhere:
    """What can be fetched from other servers: nothing, or what a test puts here."""

    def __init__(self):
        self.asked = []
        self.found = {}

    async def find(self, fetcher, query):
        self.asked.append(query)
        return self.found.get(query)

    async def mentioned(self, fetcher, text):
        self.asked.append(text)


@dataclass
class City:
    client: TestClient
    db: Database
    elsewhere: Elsewhere
    people: dict[str, Account]
    tokens: dict[str, str]

    async def join(self, name, *, locked=False, scopes=EVERYTHING, state="active"):
        new = NewAccount(
            name=name, email=f"{name}@gm.example", password="-", keys=NO_KEYS, state=state
        )
        account = await self.db.write(accounts.create, SITE_HERE, new, now_ms())
        if locked:
            changes = profiles.ProfileChanges(locked=True)
            account = await self.db.write(
                profiles.edit_profile, SITE_HERE, account, changes, now_ms()
            )
        self.people[name] = account
        self.tokens[name] = await self.token(name, scopes)
        return account

    async def token(self, name, scopes):
        id = self.people[name].id
        return await self.db.write(sessions.create_access_token, id, scopes, "test", now_ms())

    async def ask(self, method, path, who="", *, token="", expect=200, headers=None, **sent):
        sent |= {"token": token or self.tokens.get(who, ""), "headers": headers}
        said, told = await asked(self.client, method, path, expect=expect, **sent)
        assert told["Access-Control-Allow-Origin"] == "*"
        self.link = told.get("Link", "")
        return said

    async def get(self, path, who="", **more):
        return await self.ask("GET", path, who, **more)

    async def post(self, path, who="", **more):
        return await self.ask("POST", path, who, **more)

    async def says(self, who, status, **more):
        return await self.post("/v1/statuses", who, json={"status": status, **more})

    def id(self, name):
        return str(self.people[name].id)


@pytest.fixture
async def city(database_url, tmp_path, monkeypatch):
    elsewhere = Elsewhere()
    monkeypatch.setattr("web.api.statuses.lookup", elsewhere)
    monkeypatch.setattr("web.api.search.lookup", elsewhere)
    config = Config(
        instance=Instance(domain="gm.example", base_url="https://gm.example", name="광명마당"),
        database=DatabaseAt(url=database_url),
        media=MediaAt(store=str(tmp_path / "media")),
        secrets=Secrets(key_file=str(tmp_path / "secret.key")),
    )
    app = create_app(config, work=False)
    contract.hold(app)
    client = TestClient(TestServer(app))
    with given_keys(sealed):
        await client.start_server()
    city = City(client, app[DB], elsewhere, {}, {})
    await city.join("mina")
    await city.join("joon")
    yield city
    await client.close()


# --- who may


async def test_without_a_token_one_is_asked_for(city):
    for method, path in [
        ("GET", "/v1/accounts/verify_credentials"),
        ("GET", "/v1/timelines/home"),
        ("GET", "/v1/notifications"),
        ("POST", "/v1/statuses"),
        ("POST", "/v1/statuses/1/favourite"),
        ("POST", "/v2/media"),
        ("PATCH", "/v1/accounts/update_credentials"),
    ]:
        assert "error" in await city.ask(method, path, expect=401)


async def test_a_narrow_token_does_what_it_names_and_no_more(city):
    reader = await city.token("mina", "read:statuses")
    await city.get("/v1/timelines/home", token=reader)
    refused = await city.get("/v1/notifications", token=reader, expect=403)
    assert "read:notifications" in refused["error_description"]
    await city.post("/v1/statuses", token=reader, json={"status": "x"}, expect=403)
    follower = await city.token("mina", "follow")
    await city.post(f"/v1/accounts/{city.id('joon')}/follow", token=follower)
    await city.post(f"/v1/accounts/{city.id('joon')}/mute", token=follower)
    await city.post("/v1/statuses", token=follower, json={"status": "x"}, expect=403)
    # even what is public: a token that comes along must cover it
    await city.get("/v1/timelines/public", token=follower, expect=403)


def test_every_route_names_its_scopes():
    app = web.Application()
    api.add_routes(app)
    for route in app.router.routes():
        if "{path" not in route.resource.canonical and route.method != "OPTIONS":
            assert "scopes" in vars(route.handler), route


async def test_a_slash_at_the_end_makes_no_difference(city):
    assert await city.get("/v1/instance/") == await city.get("/v1/instance")
    written = await city.post("/v1/statuses/", "mina", json={"status": "글"})
    assert ids(await city.get("/v1/timelines/home/", "mina")) == [written["id"]]


async def test_what_does_not_exist_is_json_too(city):
    assert "error" in await city.get("/v1/nothing/here", expect=404)
    assert "error" in await city.ask("DELETE", "/v1/timelines/home", "mina", expect=405)
    for id in ("abc", "0", str(2**63), "9" * 400, "%00", "-1", "²"):
        assert "error" in await city.get(f"/v1/statuses/{id}", "mina", expect=404)
        assert "error" in await city.get(f"/v1/accounts/{id}", expect=404)


async def test_a_token_that_does_not_count_is_refused_even_where_none_is_needed(city):
    for path in ("/v1/timelines/public", "/v1/notifications", "/v2/instance"):
        assert "error" in await city.get(path, token="made up", expect=401)


async def test_a_failure_is_told_in_the_language_of_the_app(city):
    english = await city.get("/v1/notifications", expect=401, headers={"Accept-Language": "en"})
    korean = await city.get("/v1/notifications", expect=401, headers={"Accept-Language": "ko"})
    assert "token" in english["error_description"]
    assert re.search("[가-힣]", korean["error_description"])


async def test_a_session_of_the_pages_does_not_count_here(city):
    token = await city.db.write(
        sessions.sign_in, city.people["mina"].id, "browser", "192.0.2.1", now_ms()
    )
    cookies = {"Cookie": f"__Host-madang={token}; madang={token}"}
    await city.get("/v1/accounts/verify_credentials", headers=cookies, expect=401)
    await city.post("/v1/statuses", headers=cookies, json={"status": "x"}, expect=401)


async def test_a_body_too_large_is_an_error_in_json(city):
    sent = io.BytesIO(json.dumps({"status": "a" * 1_100_000}).encode())
    headers = {"Content-Type": "application/json"}
    refused = await city.post("/v1/statuses", "mina", data=sent, headers=headers, expect=413)
    assert "error" in refused


async def test_a_browser_may_ask_before_it_sends(city):
    answer = await city.client.options(
        "/api/v1/statuses",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status == 204
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    read = await city.client.get("/api/v1/timelines/public")
    assert "Link" in read.headers["Access-Control-Expose-Headers"]
    assert read.headers["Cache-Control"] == "no-store"


# --- accounts


async def test_the_owner_of_a_token_is_told_who_they_are(city):
    mina = await city.get("/v1/accounts/verify_credentials", "mina")
    assert (mina["id"], mina["acct"]) == (city.id("mina"), "mina")
    assert mina["source"]["privacy"] == "public"
    assert mina["url"] == "https://gm.example/@mina"


async def test_a_profile_is_changed_with_a_form_as_with_json(city):
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("display_name", "미나")
    form.add_field("note", "철산동 **이웃**")
    form.add_field("fields_attributes[0][name]", "집")
    form.add_field("fields_attributes[0][value]", "철산")
    form.add_field("fields_attributes[1][name]", "")
    form.add_field("fields_attributes[1][value]", "")
    form.add_field("avatar", png(600, 400), filename="a.png", content_type="image/png")
    mina = await city.ask("PATCH", "/v1/accounts/update_credentials", "mina", data=form)
    assert mina["display_name"] == "미나"
    assert mina["source"]["note"] == "철산동 **이웃**"
    assert [field["name"] for field in mina["fields"]] == ["집"]
    assert mina["avatar"].startswith("https://gm.example/media/")
    again = await city.ask(
        "PATCH", "/v1/accounts/update_credentials", "mina", json={"locked": True, "bot": True}
    )
    assert (again["locked"], again["bot"], again["display_name"]) == (True, True, "미나")


async def test_new_posts_begin_as_their_author_chose(city):
    mina = await city.ask(
        "PATCH", "/v1/accounts/update_credentials", "mina", data={"source[privacy]": "private"}
    )
    assert mina["source"]["privacy"] == "private"
    assert (await city.says("mina", "이웃에게"))["visibility"] == "private"
    assert (await city.says("mina", "모두에게", visibility="public"))["visibility"] == "public"
    wishes = await city.get("/v1/preferences", "mina")
    assert wishes["posting:default:visibility"] == "private"


async def test_people_are_found_by_handle_and_by_name(city):
    for acct in ("mina", "@mina", "mina@gm.example", "MINA"):
        found = await city.get("/v1/accounts/lookup", params={"acct": acct})
        assert found["id"] == city.id("mina")
    await city.get("/v1/accounts/lookup", params={"acct": "nobody"}, expect=404)
    await city.get("/v1/accounts/lookup", expect=422)
    assert (await city.get(f"/v1/accounts/{city.id('joon')}"))["username"] == "joon"
    found = await city.get("/v1/accounts/search", "mina", params={"q": "joo"})
    assert ids(found) == [city.id("joon")]


async def test_following_ends_in_a_relationship(city):
    joon = city.id("joon")
    to = await city.post(f"/v1/accounts/{joon}/follow", "mina")
    assert (to["id"], to["following"], to["showing_reblogs"]) == (joon, True, True)
    to = await city.post(f"/v1/accounts/{joon}/follow", "mina", data={"reblogs": "false"})
    assert to["showing_reblogs"] is False
    assert ids(await city.get(f"/v1/accounts/{joon}/followers")) == [city.id("mina")]
    assert ids(await city.get(f"/v1/accounts/{city.id('mina')}/following")) == [joon]
    back = await city.get("/v1/accounts/relationships", "joon", params={"id[]": city.id("mina")})
    assert back[0]["followed_by"] is True
    assert (await city.post(f"/v1/accounts/{joon}/unfollow", "mina"))["following"] is False


async def test_relationships_keep_the_order_that_was_asked_for(city):
    await city.join("sora")
    wanted = [city.id("sora"), city.id("joon")]
    found = await city.get(
        "/v1/accounts/relationships", "mina", params=[("id[]", id) for id in wanted]
    )
    assert ids(found) == wanted
    single = await city.get("/v1/accounts/relationships", "mina", params={"id": wanted[0]})
    assert ids(single) == wanted[:1]


async def test_a_locked_account_is_asked_first(city):
    await city.join("sora", locked=True)
    to = await city.post(f"/v1/accounts/{city.id('sora')}/follow", "mina")
    assert (to["following"], to["requested"]) == (False, True)
    assert ids(await city.get("/v1/follow_requests", "sora")) == [city.id("mina")]
    mine = await city.get("/v1/accounts/verify_credentials", "sora")
    assert mine["source"]["follow_requests_count"] == 1
    to = await city.post(f"/v1/follow_requests/{city.id('mina')}/authorize", "sora")
    assert to["followed_by"] is True
    await city.post(f"/v1/follow_requests/{city.id('mina')}/authorize", "sora", expect=404)


async def test_a_refused_request_is_gone(city):
    await city.join("sora", locked=True)
    await city.post(f"/v1/accounts/{city.id('sora')}/follow", "mina")
    await city.post(f"/v1/follow_requests/{city.id('mina')}/reject", "sora")
    assert await city.get("/v1/follow_requests", "sora") == []


async def test_muting_and_blocking_show_in_the_relationship(city):
    joon = city.id("joon")
    to = await city.post(f"/v1/accounts/{joon}/mute", "mina", data={"notifications": "false"})
    assert (to["muting"], to["muting_notifications"]) == (True, False)
    assert (await city.post(f"/v1/accounts/{joon}/unmute", "mina"))["muting"] is False
    assert (await city.post(f"/v1/accounts/{joon}/block", "mina"))["blocking"] is True
    assert (await city.post(f"/v1/accounts/{joon}/unblock", "mina"))["blocking"] is False
    await city.post("/v1/accounts/12345/follow", "mina", expect=404)


# --- statuses


async def test_a_post_is_written_and_read_back(city):
    written = await city.says("mina", "안녕 #김장 @joon", spoiler_text="인사", language="ko")
    assert written["account"]["acct"] == "mina"
    assert written["spoiler_text"] == "인사"
    assert written["visibility"] == "public"
    assert [tag["name"] for tag in written["tags"]] == ["김장"]
    assert [mention["acct"] for mention in written["mentions"]] == ["joon"]
    assert 'class="u-url mention"' in written["content"]
    read = await city.get(f"/v1/statuses/{written['id']}")
    assert read["content"] == written["content"]
    assert read["url"] == f"https://gm.example/@mina/{written['id']}"
    assert city.elsewhere.asked == ["안녕 #김장 @joon"]


async def test_the_same_idempotency_key_is_the_same_post(city):
    headers = {"Idempotency-Key": "한 번만"}
    first = await city.post("/v1/statuses", "mina", json={"status": "하나"}, headers=headers)
    again = await city.post("/v1/statuses", "mina", json={"status": "하나"}, headers=headers)
    other = await city.post("/v1/statuses", "joon", json={"status": "하나"}, headers=headers)
    assert first["id"] == again["id"] != other["id"]
    assert len(await city.get("/v1/timelines/public")) == 2


async def test_an_impatient_app_posts_once(city):
    headers = {"Idempotency-Key": "k"}
    sent = [
        city.post("/v1/statuses", "mina", json={"status": "하나"}, headers=headers)
        for _ in range(8)
    ]
    assert len(set(ids(await asyncio.gather(*sent)))) == 1
    assert len(await city.get("/v1/timelines/public")) == 1


async def test_many_likes_at_once_are_counted_right(city):
    path = f"/v1/statuses/{(await city.says('mina', '글'))['id']}"
    acts = ["favourite", "reblog", "favourite", "unfavourite", "reblog", "favourite"]
    await asyncio.gather(*(city.post(f"{path}/{act}", "joon") for act in acts))
    shown = await city.get(path, "joon")
    assert shown["favourites_count"] == int(shown["favourited"])
    assert (shown["reblogs_count"], shown["reblogged"]) == (1, True)


async def test_what_is_not_there_is_refused_and_not_lost(city):
    for more in (
        {"quoted_status_id": "1"},
        {"visibility": "local"},
        {"in_reply_to_id": "999"},
        {"media_ids": ["999"]},
    ):
        sent = {"status": "x", **more}
        answer = await city.client.post(
            "/api/v1/statuses",
            json=sent,
            headers={"Authorization": f"Bearer {city.tokens['mina']}"},
        )
        assert answer.status in (404, 422)
    await city.post("/v1/statuses", "mina", json={"status": " "}, expect=422)
    assert await city.get("/v1/timelines/public") == []


async def test_a_title_makes_a_story(city):
    story = await city.says("mina", "# 하나\n\n길게", title="벽화", lead="3동에 그렸다")
    assert story["content"].startswith("<p><strong>벽화</strong></p>")
    assert "3동에 그렸다" in story["content"]
    source = await city.get(f"/v1/statuses/{story['id']}/source", "mina")
    assert source["text"] == "# 하나\n\n길게"
    assert (source["title"], source["lead"]) == ("벽화", "3동에 그렸다")


async def test_an_edit_by_an_app_that_knows_no_titles_keeps_the_title(city):
    story = await city.says("mina", "길게", title="벽화", lead="3동에 그렸다")
    edited = await city.ask(
        "PUT", f"/v1/statuses/{story['id']}", "mina", data={"status": "더 길게", "language": "en"}
    )
    assert "벽화" in edited["content"]
    assert edited["edited_at"] is not None
    assert edited["language"] == "en"
    history = await city.get(f"/v1/statuses/{story['id']}/history")
    assert [one["created_at"] for one in history] == [story["created_at"], edited["edited_at"]]


async def test_an_edit_shows_at_once_in_timelines(city):
    post = await city.says("mina", "처음")
    assert "처음" in (await city.get("/v1/timelines/public"))[0]["content"]
    await city.ask("PUT", f"/v1/statuses/{post['id']}", "mina", json={"status": "다시"})
    assert "다시" in (await city.get("/v1/timelines/public"))[0]["content"]


async def test_only_the_author_changes_a_post(city):
    post = await city.says("mina", "내 글")
    path = f"/v1/statuses/{post['id']}"
    await city.ask("PUT", path, "joon", json={"status": "네 글"}, expect=404)
    await city.ask("DELETE", path, "joon", expect=404)
    await city.get(f"{path}/source", "joon", expect=404)
    await city.post(f"{path}/pin", "joon", expect=422)


async def test_a_deleted_post_gives_its_source_back_and_is_gone(city):
    post = await city.says("mina", "안녕 **모두**")
    path = f"/v1/statuses/{post['id']}"
    gone = await city.ask("DELETE", path, "mina")
    assert (gone["id"], gone["text"]) == (post["id"], "안녕 **모두**")
    assert "error" in await city.get(path, expect=404)
    assert await city.get("/v1/timelines/public") == []


async def test_several_posts_are_read_at_once_as_far_as_one_may(city):
    open_, closed = (
        await city.says("mina", "하나"),
        await city.says("mina", "둘", visibility="direct"),
    )
    wanted = [("id[]", closed["id"]), ("id[]", open_["id"]), ("id[]", "5")]
    assert ids(await city.get("/v1/statuses", params=wanted)) == [open_["id"]]
    assert ids(await city.get("/v1/statuses", "mina", params=wanted)) == [closed["id"], open_["id"]]


async def test_a_thread_is_ancestors_and_descendants(city):
    root = await city.says("mina", "김장 날")
    reply = await city.says("joon", "갈게요", in_reply_to_id=root["id"])
    deeper = await city.says("mina", "고마워요", in_reply_to_id=reply["id"])
    assert reply["in_reply_to_account_id"] == city.id("mina")
    thread = await city.get(f"/v1/statuses/{reply['id']}/context")
    assert ids(thread["ancestors"]) == [root["id"]]
    assert ids(thread["descendants"]) == [deeper["id"]]
    assert (await city.get(f"/v1/statuses/{root['id']}"))["replies_count"] == 1


async def test_a_like_counts_once_and_can_be_taken_back(city):
    path = f"/v1/statuses/{(await city.says('mina', '좋은 날'))['id']}"
    for _ in range(2):
        liked = await city.post(f"{path}/favourite", "joon")
        assert (liked["favourited"], liked["favourites_count"]) == (True, 1)
    assert ids(await city.get(f"{path}/favourited_by")) == [city.id("joon")]
    assert (await city.get(path, "mina"))["favourited"] is False
    unliked = await city.post(f"{path}/unfavourite", "joon")
    assert (unliked["favourited"], unliked["favourites_count"]) == (False, 0)


async def test_a_boost_is_a_post_around_a_post(city):
    post = await city.says("mina", "모두 보세요")
    path = f"/v1/statuses/{post['id']}"
    boost = await city.post(f"{path}/reblog", "joon")
    assert boost["id"] != post["id"]
    assert boost["account"]["acct"] == "joon"
    assert (boost["reblog"]["id"], boost["reblog"]["reblogged"]) == (post["id"], True)
    assert boost["reblog"]["reblogs_count"] == 1
    assert (await city.get(f"/v1/statuses/{boost['id']}"))["reblog"]["id"] == post["id"]
    assert ids(await city.get(f"{path}/reblogged_by")) == [city.id("joon")]
    liked = await city.post(f"/v1/statuses/{boost['id']}/favourite", "mina")
    assert (liked["id"], liked["favourites_count"]) == (post["id"], 1)
    back = await city.post(f"{path}/unreblog", "joon")
    assert (back["id"], back["reblogged"], back["reblogs_count"]) == (post["id"], False, 0)


async def test_deleting_ones_boost_leaves_the_post(city):
    post = await city.says("mina", "모두 보세요")
    boost = await city.post(f"/v1/statuses/{post['id']}/reblog", "joon")
    await city.ask("DELETE", f"/v1/statuses/{boost['id']}", "joon")
    assert (await city.get(f"/v1/statuses/{post['id']}"))["reblogs_count"] == 0


async def test_somebody_elses_boost_is_not_mine_to_delete(city):
    post = await city.says("mina", "모두 보세요")
    boost = await city.post(f"/v1/statuses/{post['id']}/reblog", "joon")
    await city.ask("DELETE", f"/v1/statuses/{boost['id']}", "mina", expect=404)
    assert (await city.get(f"/v1/statuses/{post['id']}"))["reblogs_count"] == 1


async def test_a_pinned_post_is_on_top_of_the_profile(city):
    post = await city.says("mina", "여기부터 읽으세요")
    await city.says("mina", "다음")
    path = f"/v1/statuses/{post['id']}"
    statuses = f"/v1/accounts/{city.id('mina')}/statuses"
    await city.get(statuses, "mina")  # a fragment of the unpinned post is kept
    assert (await city.post(f"{path}/pin", "mina"))["pinned"] is True
    pinned = await city.get(statuses, "mina", params={"pinned": "true"})
    assert [(one["id"], one["pinned"]) for one in pinned] == [(post["id"], True)]
    assert (await city.post(f"{path}/unpin", "mina"))["pinned"] is False
    assert await city.get(statuses, params={"pinned": "true"}) == []


# --- who sees what

VISIBLE = {
    "public": {"", "stranger", "follower", "named", "author"},
    "unlisted": {"", "stranger", "follower", "named", "author"},
    "private": {"follower", "named", "author"},
    "direct": {"named", "author"},
}


@pytest.mark.parametrize("visibility", VISIBLE)
async def test_nobody_sees_more_than_the_author_meant(city, visibility):
    for name in ("author", "follower", "named", "stranger", "blocked"):
        await city.join(name)
    author = city.id("author")
    for name in ("follower", "blocked"):
        await city.post(f"/v1/accounts/{author}/follow", name)
    await city.post(f"/v1/accounts/{city.id('blocked')}/block", "author")
    post = await city.says("author", "비밀 이야기 @named", visibility=visibility)
    reply = await city.says(
        "author", "이어서 @named", visibility=visibility, in_reply_to_id=post["id"]
    )
    path = f"/v1/statuses/{post['id']}"

    for who in ("", "stranger", "follower", "named", "author", "blocked"):
        seen = who in VISIBLE[visibility]
        expect = 200 if seen else 404
        assert await city.get(path, who, expect=expect)
        for below in ("/context", "/history", "/favourited_by", "/reblogged_by"):
            await city.get(path + below, who, expect=expect)
        listed = await city.get(f"/v1/accounts/{author}/statuses", who)
        assert (post["id"] in ids(listed)) is seen
        anything = json.dumps(
            [
                await city.get("/v1/timelines/public", who),
                await city.get("/v2/search", who, params={"q": "비밀"}),
                await city.get("/v1/statuses", who, params={"id[]": reply["id"]}),
            ]
        )
        assert seen or "비밀 이야기" not in anything
        if who and not seen:
            for act in ("favourite", "reblog", "unfavourite", "unreblog", "pin"):
                await city.post(f"{path}/{act}", who, expect=404)
            answered = {"status": "x", "in_reply_to_id": post["id"]}
            await city.post("/v1/statuses", who, json=answered, expect=404)


# --- timelines


async def test_home_is_what_those_i_follow_wrote_and_boosted(city):
    await city.join("sora")
    await city.post(f"/v1/accounts/{city.id('joon')}/follow", "mina")
    theirs = await city.says("joon", "내 글")
    stranger = await city.says("sora", "모르는 글")
    boost = await city.post(f"/v1/statuses/{stranger['id']}/reblog", "joon")
    home = await city.get("/v1/timelines/home", "mina")
    assert ids(home) == [boost["id"], theirs["id"]]
    assert home[0]["reblog"]["account"]["acct"] == "sora"
    assert await city.get("/v1/timelines/home", "mina") == home  # from the fragments
    liked = await city.post(f"/v1/statuses/{stranger['id']}/favourite", "mina")
    again = await city.get("/v1/timelines/home", "mina")
    assert again[0]["reblog"] == liked


async def test_a_timeline_and_a_single_post_say_the_same(city):
    post = await city.says("mina", "안녕 @joon #김장", spoiler_text="인사")
    for who in ("", "mina", "joon"):
        listed = await city.get("/v1/timelines/public", who)
        assert listed == [await city.get(f"/v1/statuses/{post['id']}", who)]


async def test_pages_turn_both_ways_and_meet_everything_once(city):
    written = [(await city.says("mina", f"글 {n}"))["id"] for n in range(7)][::-1]
    seen, path = [], "/v1/timelines/public?limit=3&local=true"
    while True:
        page = ids(await city.get(path))
        if not page:
            break
        seen.append(page)
        path = address(city.link, "next")
    assert sum(seen, []) == written
    assert seen[0] == written[:3]
    assert city.link == ""

    await city.get("/v1/timelines/public?limit=2&max_id=" + written[4])
    newer = await city.get(address(city.link, "prev"))
    assert ids(newer) == written[3:5]  # the two next to it, not the two newest
    since = await city.get("/v1/timelines/public?limit=2&since_id=" + written[4])
    assert ids(since) == written[:2]


def address(link, rel):
    found = re.search(rf'<https://gm\.example/api([^>]*)>; rel="{rel}"', link)
    assert found, link
    return found[1]


async def test_limits_are_held_and_wrong_ones_named(city):
    for n in range(3):
        await city.says("mina", f"글 {n}")
    assert len(await city.get("/v1/timelines/public?limit=0")) == 1
    assert len(await city.get("/v1/timelines/public?limit=999999999999")) == 3
    refused = await city.get("/v1/timelines/public?max_id=abc", expect=422)
    assert "max_id" in refused["error"]
    await city.get("/v1/timelines/public?max_id=" + "9" * 30, expect=422)


async def test_a_hashtag_has_a_timeline_however_it_is_written(city):
    post = await city.says("mina", "#Madang 에서")
    for tag in ("madang", "MADANG", "ＭＡＤＡＮＧ"):
        assert ids(await city.get(f"/v1/timelines/tag/{tag}")) == [post["id"]]
    await city.get("/v1/timelines/tag/%00", expect=404)


async def test_an_account_has_its_posts_by_kind(city):
    note = await city.says("mina", "글")
    other = await city.says("joon", "남의 글")
    reply = await city.says("mina", "답", in_reply_to_id=other["id"])
    boost = await city.post(f"/v1/statuses/{other['id']}/reblog", "mina")
    path = f"/v1/accounts/{city.id('mina')}/statuses"
    assert ids(await city.get(path)) == [boost["id"], reply["id"], note["id"]]
    assert ids(await city.get(f"{path}?exclude_replies=true")) == [boost["id"], note["id"]]
    assert ids(await city.get(f"{path}?exclude_reblogs=1")) == [reply["id"], note["id"]]
    assert await city.get(f"{path}?only_media=true") == []


# --- notifications


async def test_what_happened_is_told_and_forgotten(city):
    post = await city.says("mina", "글")
    await city.post(f"/v1/accounts/{city.id('mina')}/follow", "joon")
    await city.post(f"/v1/statuses/{post['id']}/favourite", "joon")
    await city.post(f"/v1/statuses/{post['id']}/reblog", "joon")
    mention = await city.says("joon", "@mina 안녕")
    told = await city.get("/v1/notifications", "mina")
    assert [one["type"] for one in told] == ["mention", "reblog", "favourite", "follow"]
    assert told[0]["status"]["id"] == mention["id"]
    assert "status" not in told[3]
    assert (await city.get("/v1/notifications/unread_count", "mina"))["count"] == 4

    only = await city.get("/v1/notifications?types[]=follow&types[]=reblog", "mina")
    assert [one["type"] for one in only] == ["reblog", "follow"]
    rest = await city.get("/v1/notifications?exclude_types[]=follow&limit=2", "mina")
    assert [one["type"] for one in rest] == ["mention", "reblog"]
    rest = await city.get(address(city.link, "next"), "mina")
    assert [one["type"] for one in rest] == ["favourite"]

    assert await city.get(f"/v1/notifications/{told[0]['id']}", "mina") == told[0]
    await city.get(f"/v1/notifications/{told[0]['id']}", "joon", expect=404)
    await city.post(f"/v1/notifications/{told[0]['id']}/dismiss", "joon")
    assert len(await city.get("/v1/notifications", "mina")) == 4
    await city.post(f"/v1/notifications/{told[0]['id']}/dismiss", "mina")
    assert len(await city.get("/v1/notifications", "mina")) == 3
    await city.post("/v1/notifications/clear", "mina")
    assert await city.get("/v1/notifications", "mina") == []


# --- search


async def test_search_finds_people_posts_and_tags(city):
    post = await city.says("mina", "김장 담그는 날 #김장")
    found = await city.get("/v2/search", "joon", params={"q": "김장"})
    assert ids(found["statuses"]) == [post["id"]]
    assert [tag["name"] for tag in found["hashtags"]] == ["김장"]
    found = await city.get("/v2/search", "joon", params={"q": "mina", "type": "accounts"})
    assert ids(found["accounts"]) == [city.id("mina")]
    assert found["statuses"] == found["hashtags"] == []
    assert city.elsewhere.asked[1:] == []
    await city.get("/v2/search", "joon", expect=422)
    await city.get("/v2/search", "joon", params={"q": "x", "type": "all"}, expect=422)


async def test_a_hashtag_of_a_private_post_is_nobodys_to_find(city):
    await city.says("mina", "#비밀모임", visibility="private")
    await city.says("mina", "#비밀번호")
    found = await city.get("/v2/search", "joon", params={"q": "비밀", "type": "hashtags"})
    assert [tag["name"] for tag in found["hashtags"]] == ["비밀번호"]


async def test_who_waits_for_approval_is_not_there_yet(city):
    await city.join("sora", state="pending")
    await city.get("/v1/accounts/lookup", params={"acct": "sora"}, expect=404)
    await city.get(f"/v1/accounts/{city.id('sora')}", "mina", expect=404)
    assert await city.get("/v1/accounts/search", "mina", params={"q": "sora"}) == []
    assert (await city.get("/v2/search", params={"q": "sora"}))["accounts"] == []
    await city.post(f"/v1/accounts/{city.id('sora')}/follow", "mina", expect=404)
    await city.get("/v1/accounts/verify_credentials", "sora", expect=403)


async def test_only_somebody_with_a_token_makes_us_fetch(city):
    far = await city.db.write(strangers.keep_actor, EVE, now_ms(), domain="far.example")
    handle = "eve@far.example"
    city.elsewhere.found[handle] = far
    asked = {"q": handle, "resolve": "true"}
    await city.get("/v2/search", params=asked, expect=401)
    assert city.elsewhere.asked == []
    found = await city.get("/v2/search", "mina", params=asked)
    assert [one["acct"] for one in found["accounts"]] == [handle]
    await city.get("/v2/search", "mina", params={"q": "eve", "resolve": "true"})
    assert city.elsewhere.asked == [handle]


async def test_a_resolved_post_is_shown_to_those_who_may_see_it(city):
    secret = await city.db.write(
        posts.write,
        SITE_HERE,
        city.people["joon"],
        NewPost(content="비밀", visibility="followers"),
        now_ms(),
    )
    city.elsewhere.found[secret.uri] = secret
    asked = {"q": secret.uri, "resolve": "true"}
    assert (await city.get("/v2/search", "mina", params=asked))["statuses"] == []
    assert ids((await city.get("/v2/search", "joon", params=asked))["statuses"]) == [str(secret.id)]


EVE = Actor(
    id="https://far.example/u/eve",
    type="Person",
    username="eve",
    inbox="https://far.example/u/eve/inbox",
    raw={},
)


# --- pictures


def png(width, height):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "#5f7d74").save(buffer, "PNG")
    return buffer.getvalue()


def picture_form(**fields):
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("file", png(60, 40), filename="a.png", content_type="image/png")
    for name, value in fields.items():
        form.add_field(name, value)
    return form


async def test_a_picture_is_sent_described_and_shown(city):
    sent = await city.post("/v2/media", "mina", data=picture_form(description="벽", focus="0.5,-1"))
    assert (sent["type"], sent["description"]) == ("image", "벽")
    assert sent["meta"]["focus"] == {"x": 0.5, "y": -1.0}
    assert sent["meta"]["original"]["width"] == 60
    path = f"/v1/media/{sent['id']}"
    await city.get(path, "joon", expect=404)
    described = await city.ask("PUT", path, "mina", data={"description": "벽화"})
    assert described["meta"]["focus"] == {"x": 0.5, "y": -1.0}
    assert await city.get(path, "mina") == described
    post = await city.says("mina", "", media_ids=[sent["id"]])
    assert post["media_attachments"] == [described]
    listed = await city.get(f"/v1/accounts/{city.id('mina')}/statuses?only_media=true")
    assert ids(listed) == [post["id"]]


async def test_a_picture_may_be_larger_than_other_bodies(city):
    noise = Image.frombytes("RGB", (700, 700), random.Random(7).randbytes(700 * 700 * 3))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG", compress_level=1)
    assert len(buffer.getvalue()) > 1024 * 1024
    form = aiohttp.FormData(default_to_multipart=True)
    buffer.seek(0)
    form.add_field("file", buffer, filename="a.png", content_type="image/png")
    assert (await city.post("/v2/media", "mina", data=form))["type"] == "image"


async def test_what_is_no_picture_is_refused(city):
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("file", b"<svg/>", filename="a.png", content_type="image/png")
    await city.post("/v2/media", "mina", data=form, expect=422)
    await city.post("/v2/media", "mina", json={"file": "aGVsbG8="}, expect=422)
    await city.post("/v2/media", "mina", data=picture_form(focus="left"), expect=422)
    await city.post("/v1/media", "mina", expect=422)


# --- the place


async def test_the_place_says_what_it_is_in_both_versions(city):
    second = await city.get("/v2/instance")
    assert second["version"].startswith("4.6.0 (compatible; Madang ")
    assert second["domain"] == "gm.example"
    assert second["usage"]["users"]["active_month"] >= 0
    assert second["configuration"]["statuses"]["max_characters"] == new_posts.MAX_NOTE
    first = await city.get("/v1/instance")
    assert first["uri"] == "gm.example"
    assert first["stats"]["user_count"] == 2
    assert first["approval_required"] is True
    assert await city.get("/v1/custom_emojis") == []
    wishes = await city.get("/v1/preferences", "mina")
    assert wishes["posting:default:visibility"] == "public"
