"""People through the client API: who they are, how one stands to them, and finding them."""

import json

import aiohttp
import pytest

from federation import parse
from server.clock import now_ms
from server.services import follows, profile_links, standing, strangers
from server.store import accounts as account_store
from server.store import follows as follow_store
from server.store import jobs
from tests.server.world import actor_document
from tests.web import test_api_endpoints
from tests.web.city import a_picture

city = test_api_endpoints.city
EVE = "https://far.example/users/eve"


async def stranger(city, uri=EVE, **more):
    described = parse.actor(actor_document(uri, **more))
    account = await city.db.write(strangers.keep_actor, described, now_ms())
    city.people[account.name] = account
    return account


async def follow(city, who, whom):
    return await city.post(f"/v1/accounts/{city.id(whom)}/follow", who)


async def mark(city, name, **columns):
    await city.db.write(account_store.set_columns, city.people[name].id, **columns)


def names(found):
    return [one["acct"] for one in found]


# --- reading accounts


async def test_several_accounts_come_in_the_order_asked_for_and_the_unknown_are_left_out(city):
    ids = [city.id("joon"), "999", city.id("mina"), city.id("joon")]
    found = await city.get("/v1/accounts", params=[("id[]", id) for id in ids])
    assert names(found) == ["joon", "mina"]


async def test_of_a_suspended_account_nothing_is_told_but_that_it_is(city):
    await city.says("joon", "a word")
    await mark(city, "joon", display_name="Joon", bio="<p>secret</p>", fields='[["a","<p>b</p>"]]')
    await follow(city, "mina", "joon")
    await city.db.write(standing.suspend, city.people["joon"].id)
    shown = await city.get(f"/v1/accounts/{city.id('joon')}")
    assert shown["suspended"] is True
    assert (shown["display_name"], shown["note"], shown["fields"]) == ("", "", [])
    assert shown["followers_count"] == 0
    for of in ("followers", "following", "statuses", "endorsements"):
        assert await city.get(f"/v1/accounts/{city.id('joon')}/{of}", "mina") == []
    asked = {"id[]": city.id("joon")}
    assert await city.get("/v1/accounts/relationships", "mina", params=asked) == []
    known = {**asked, "with_suspended": "true"}
    assert len(await city.get("/v1/accounts/relationships", "mina", params=known)) == 1


async def test_a_moved_account_names_the_new_one_only_where_that_names_the_old(city):
    await city.join("sora")
    new = city.people["sora"]
    await mark(city, "joon", moved_to=new.uri)
    shown = await city.get(f"/v1/accounts/{city.id('joon')}")
    assert "moved" not in shown
    await mark(city, "sora", also_known_as=json.dumps([city.people["joon"].uri]))
    shown = await city.get("/v1/accounts/lookup", params={"acct": "joon"})
    assert shown["moved"]["acct"] == "sora"


async def test_hidden_circles_are_seen_by_their_owner_alone(city):
    await city.join("sora")
    await follow(city, "mina", "joon")
    await city.ask(
        "PATCH", "/v1/accounts/update_credentials", "joon", json={"hide_collections": True}
    )
    path = f"/v1/accounts/{city.id('joon')}/followers"
    assert names(await city.get(path, "joon")) == ["mina"]
    for who in ("", "mina", "sora"):
        assert await city.get(path, who) == []
        assert city.link == ""
    familiar = {"id[]": city.id("joon")}
    await follow(city, "sora", "mina")
    found = await city.get("/v1/accounts/familiar_followers", "sora", params=familiar)
    assert found == [{"id": city.id("joon"), "accounts": []}]


async def test_familiar_followers_are_those_whom_the_viewer_follows_and_who_do_not_hide_it(city):
    await city.join("sora")
    await follow(city, "mina", "joon")
    await follow(city, "sora", "mina")
    asked = {"id[]": city.id("joon")}
    found = await city.get("/v1/accounts/familiar_followers", "sora", params=asked)
    assert names(found[0]["accounts"]) == ["mina"]
    sent = {"id": [city.id("joon")]}
    assert await city.get("/v1/accounts/familiar_followers", "sora", json=sent) == found
    await mark(city, "mina", hide_collections=1)
    found = await city.get("/v1/accounts/familiar_followers", "sora", params=asked)
    assert found[0]["accounts"] == []


async def test_who_is_blocked_sees_no_circles_recommendations_or_posts(city):
    await city.join("sora")
    await follow(city, "sora", "joon")
    await follow(city, "joon", "sora")
    await city.post(f"/v1/accounts/{city.id('sora')}/endorse", "joon")
    await city.says("joon", "for all")
    await city.post(f"/v1/accounts/{city.id('mina')}/block", "joon")
    for of in ("followers", "following", "endorsements", "statuses"):
        path = f"/v1/accounts/{city.id('joon')}/{of}"
        assert len(await city.get(path)) == 1, of
        assert await city.get(path, "mina") == [], of


async def test_lists_leave_out_whom_the_viewer_is_spared(city):
    await city.join("sora")
    await follow(city, "mina", "joon")
    await follow(city, "sora", "joon")
    await city.post(f"/v1/accounts/{city.id('sora')}/mute", "mina")
    path = f"/v1/accounts/{city.id('joon')}/followers"
    assert names(await city.get(path, "mina")) == ["mina"]
    assert names(await city.get(path, "joon")) == ["sora", "mina"]


async def test_an_accounts_posts_can_be_narrowed(city):
    first = await city.says("mina", "first #Kimchi")
    own = await city.says("mina", "more", in_reply_to_id=first["id"])
    other = await city.says("joon", "what?")
    reply = await city.says("mina", "that!", in_reply_to_id=other["id"])
    await city.says("mina", "@joon psst", visibility="direct")
    path = f"/v1/accounts/{city.id('mina')}/statuses"

    async def ids(who="joon", **asked):
        return [one["id"] for one in await city.get(path, who, params=asked)]

    assert await ids(exclude_replies="1", exclude_direct="1") == [own["id"], first["id"]]
    assert await ids("mina", exclude_direct="1") == [reply["id"], own["id"], first["id"]]
    assert len(await ids("mina")) == 4
    assert await ids(tagged="#kimchi") == [first["id"]]
    assert await ids(only_media="true") == []
    assert await city.get(f"/v1/accounts/{city.id('mina')}/identity_proofs", "joon") == []


# --- how one stands to others


async def test_following_again_changes_only_what_is_said(city):
    path = f"/v1/accounts/{city.id('joon')}/follow"
    to = await city.post(path, "mina", json={"reblogs": False, "notify": True, "languages": ["ko"]})
    assert (to["showing_reblogs"], to["notifying"], to["languages"]) == (False, True, ["ko"])
    to = await city.post(path, "mina", json={"notify": False})
    assert (to["showing_reblogs"], to["notifying"], to["languages"]) == (False, False, ["ko"])
    to = await city.post(path, "mina", data={"languages[]": ""})
    assert to["languages"] is None
    await city.post(path, "mina", json={"languages": ['"%']}, expect=422)
    await city.post(path, "mina", json={"languages": ["ko"] * 21}, expect=422)


async def test_whoever_wants_to_be_told_of_posts_is_told_of_each_once(city):
    await city.post(f"/v1/accounts/{city.id('joon')}/follow", "mina", json={"notify": True})
    post = await city.says("joon", "news")
    named = await city.says("joon", "@mina and you?")
    await city.says("joon", "@mina secret", visibility="direct")
    parent = await city.says("mina", "a question")
    await city.says("joon", "an answer", in_reply_to_id=parent["id"])
    noted = await city.get("/v1/notifications", "mina", params={"types[]": "status"})
    assert [one["status"]["id"] for one in noted] == [post["id"]]
    told = await city.get("/v1/notifications", "mina", params={"types[]": "mention"})
    assert named["id"] in [one["status"]["id"] for one in told]
    await city.post(f"/v1/accounts/{city.id('joon')}/mute", "mina")
    await city.says("joon", "more news")
    assert await city.get("/v1/notifications", "mina", params={"types[]": "status"}) == []
    await city.post(f"/v1/accounts/{city.id('joon')}/unmute", "mina")
    assert len(await city.get("/v1/notifications", "mina", params={"types[]": "status"})) == 1


async def test_a_follow_in_some_languages_brings_those_and_what_says_none(city):
    await city.post(f"/v1/accounts/{city.id('joon')}/follow", "mina", json={"languages": ["ko"]})
    await city.says("joon", "english", language="en")
    korean = await city.says("joon", "한국어", language="ko")
    dialect = await city.says("joon", "사투리", language="ko-KR")
    home = await city.get("/v1/timelines/home", "mina")
    assert [one["id"] for one in home] == [dialect["id"], korean["id"]]


async def test_notes_are_for_their_writer_alone(city):
    joon = city.id("joon")
    to = await city.post(
        f"/v1/accounts/{joon}/note", "mina", json={"comment": " met at the market "}
    )
    assert to["note"] == "met at the market"
    asked = {"id[]": city.id("mina")}
    assert (await city.get("/v1/accounts/relationships", "joon", params=asked))[0]["note"] == ""
    assert "market" not in json.dumps(await city.get(f"/v1/accounts/{joon}", "joon"))
    to = await city.post(f"/v1/accounts/{joon}/note", "mina", json={"comment": ""})
    assert to["note"] == ""
    await city.post(f"/v1/accounts/{joon}/note", "mina", json={"comment": "x" * 2001}, expect=422)
    await city.post("/v1/accounts/999/note", "mina", json={"comment": "x"}, expect=404)


async def test_only_whom_one_follows_can_be_recommended(city):
    joon = city.id("joon")
    await city.post(f"/v1/accounts/{joon}/endorse", "mina", expect=422)
    await follow(city, "mina", "joon")
    assert (await city.post(f"/v1/accounts/{joon}/pin", "mina"))["endorsed"] is True
    assert names(await city.get("/v1/endorsements", "mina")) == ["joon"]
    assert names(await city.get(f"/v1/accounts/{city.id('mina')}/endorsements")) == ["joon"]
    to = await city.post(f"/v1/accounts/{joon}/unfollow", "mina")
    assert to["endorsed"] is False
    await follow(city, "mina", "joon")
    await city.post(f"/v1/accounts/{joon}/endorse", "mina")
    assert (await city.post(f"/v1/accounts/{joon}/unendorse", "mina"))["endorsed"] is False


async def test_a_follower_can_be_removed(city):
    await follow(city, "joon", "mina")
    path = f"/v1/accounts/{city.id('joon')}/remove_from_followers"
    assert (await city.post(path, "mina"))["followed_by"] is False
    assert (await city.post(path, "mina"))["followed_by"] is False
    asked = {"id[]": city.id("mina")}
    to = await city.get("/v1/accounts/relationships", "joon", params=asked)
    assert to[0]["following"] is False


async def test_a_mute_says_when_it_ends(city):
    await city.join("sora")
    to = await city.post(f"/v1/accounts/{city.id('joon')}/mute", "mina", json={"duration": 3600})
    assert to["muting_expires_at"].endswith("Z")
    await city.post(f"/v1/accounts/{city.id('sora')}/mute", "mina")
    found = await city.get("/v1/mutes", "mina")
    assert [(one["acct"], one["mute_expires_at"]) for one in found] == [
        ("sora", None),
        ("joon", to["muting_expires_at"]),
    ]
    await city.post(f"/v1/accounts/{city.id('sora')}/block", "mina")
    assert names(await city.get("/v1/blocks", "mina")) == ["sora"]
    narrow = await city.token("mina", "read:accounts")
    await city.get("/v1/blocks", token=narrow, expect=403)


# --- servers


async def test_a_server_that_is_shut_out_is_neither_read_nor_heard(city):
    eve = await stranger(city)
    await city.post(f"/v1/accounts/{eve.id}/follow", "mina")
    await city.db.write(follows.begin, city.people["mina"], eve, now_ms())
    await city.db.write(_follows, eve, city.people["mina"])
    assert await city.post("/v1/domain_blocks", "mina", data={"domain": " Far.Example "}) == {}
    assert await city.get("/v1/domain_blocks", "mina") == ["far.example"]
    to = await city.get("/v1/accounts/relationships", "mina", params={"id[]": str(eve.id)})
    state = (to[0]["following"], to[0]["followed_by"], to[0]["domain_blocking"])
    assert state == (False, False, True)
    await city.post(f"/v1/accounts/{eve.id}/follow", "mina", expect=403)
    assert await city.get("/v1/domain_blocks", "joon") == []
    gone = await city.ask("DELETE", "/v1/domain_blocks?domain=far.example", "mina")
    assert gone == {}
    assert await city.get("/v1/domain_blocks", "mina") == []


def _follows(tx, follower, target):
    follow_store.insert(
        tx, id=77, uri="https://far.example/f/1", follower=follower, target=target, now_ms=1
    )
    assert follow_store.accept(tx, follower, target)


@pytest.mark.parametrize("domain", ["", "gm.example", "no domain", "x" * 300 + ".kr", "a..b", "%"])
async def test_only_another_server_can_be_shut_out(city, domain):
    await city.post("/v1/domain_blocks", "mina", json={"domain": domain}, expect=422)
    assert await city.get("/v1/domain_blocks", "mina") == []


# --- finding people


async def test_search_finds_pages_of_people_and_only_followed_ones_where_asked(city):
    for name in ("sora_a", "sora_b", "sora_c"):
        await city.join(name)
    await follow(city, "mina", "sora_c")
    found = await city.get("/v1/accounts/search", "mina", params={"q": "sora", "limit": 2})
    more = await city.get(
        "/v1/accounts/search", "mina", params={"q": "sora", "limit": 2, "offset": 2}
    )
    assert len(found) == 2
    assert {*names(found), *names(more)} == {"sora_a", "sora_b", "sora_c"}
    asked = {"q": "sora", "following": "true"}
    assert names(await city.get("/v1/accounts/search", "mina", params=asked)) == ["sora_c"]
    both = await city.get("/v2/search", "mina", params={**asked, "type": "accounts"})
    assert names(both["accounts"]) == ["sora_c"]
    await city.get("/v1/accounts/search", "mina", params={"q": "a", "offset": -1}, expect=422)


async def test_a_whole_handle_is_fetched_only_where_that_is_asked(city):
    eve = await stranger(city)
    city.elsewhere.found["new@far.example"] = eve
    asked = {"q": "new@far.example"}
    assert await city.get("/v1/accounts/search", "mina", params=asked) == []
    assert city.elsewhere.asked == []
    found = await city.get("/v1/accounts/search", "mina", params={**asked, "resolve": "true"})
    assert names(found) == ["eve@far.example"]


async def test_suggested_are_friends_of_friends_then_the_popular(city):
    for name in ("sora", "hana", "bada", "shy"):
        await city.join(name)
    await follow(city, "mina", "joon")
    for whom in ("sora", "shy"):
        await follow(city, "joon", whom)
    await follow(city, "sora", "hana")
    await mark(city, "shy", discoverable=0)
    found = await city.get("/v2/suggestions", "mina")
    assert [(one["account"]["acct"], one["source"], one["sources"]) for one in found] == [
        ("sora", "past_interactions", ["friends_of_friends", "most_followed"]),
        ("hana", "global", ["most_followed"]),
    ]
    assert names(await city.get("/v1/suggestions?limit=1", "mina")) == ["sora"]
    assert await city.ask("DELETE", f"/v1/suggestions/{city.id('sora')}", "mina") == {}
    assert names(await city.get("/v1/suggestions", "mina")) == ["hana"]
    assert await city.ask("DELETE", "/v1/suggestions/999", "mina") == {}
    await mark(city, "joon", hide_collections=1)
    await city.post(f"/v1/accounts/{city.id('hana')}/block", "mina")
    assert await city.get("/v1/suggestions", "mina") == []


async def test_the_directory_lists_who_wants_to_be_found(city):
    eve = await stranger(city)
    for name in ("sora", "hana"):
        await city.join(name)
    for who in ("mina", "joon", "sora", "hana"):
        await city.says(who, "a word")
    await mark(city, "eve", last_post_ms=1)
    await mark(city, "sora", discoverable=0)
    await mark(city, "hana", limited_ms=1)
    assert names(await city.get("/v1/directory")) == ["joon", "mina", "eve@far.example"]
    assert names(await city.get("/v1/directory?order=new&local=true")) == ["joon", "mina"]
    assert names(await city.get("/v1/directory?offset=1&limit=1")) == ["mina"]
    await city.post("/v1/domain_blocks", "mina", json={"domain": eve.domain})
    await city.post(f"/v1/accounts/{city.id('joon')}/mute", "mina")
    assert names(await city.get("/v1/directory", "mina")) == ["mina"]
    await city.get("/v1/directory?offset=99999", expect=422)
    await city.get("/v1/directory?order=best", expect=422)


# --- one's own profile


async def test_a_profile_is_changed_by_form_list_or_hash(city):
    path = "/v1/accounts/update_credentials"
    form = {
        "fields_attributes[0][name]": "Web",
        "fields_attributes[0][value]": "https://mina.example",
        "fields_attributes[1][name]": "Dong",
        "fields_attributes[1][value]": "철산",
        "source[privacy]": "private",
        "source[sensitive]": "true",
        "source[language]": "ja",
        "source[quote_policy]": "nobody",
        "indexable": "false",
        "attribution_domains[]": "https://Blog.Example/",
    }
    own = await city.ask("PATCH", path, "mina", data=form)
    source = own["source"]
    assert [(one["name"], one["value"]) for one in source["fields"]] == [
        ("Web", "https://mina.example"),
        ("Dong", "철산"),
    ]
    assert (source["privacy"], source["sensitive"], source["language"]) == ("private", True, "ja")
    assert (source["quote_policy"], source["indexable"]) == ("nobody", False)
    assert source["attribution_domains"] == ["blog.example"]
    assert 'rel="me nofollow' in own["fields"][0]["value"]
    hashed = {"fields_attributes": {"b": {"name": "Only", "value": "this"}}}
    own = await city.ask("PATCH", path, "mina", json=hashed)
    assert [one["name"] for one in own["fields"]] == ["Only"]
    listed = {"fields_attributes": [{"name": "A", "value": "1"}]}
    own = await city.ask("PATCH", path, "mina", json=listed)
    assert [one["name"] for one in own["source"]["fields"]] == ["A"]
    wanted = await city.get("/v1/preferences", "mina")
    assert wanted["posting:default:quote_policy"] == "nobody"
    assert wanted["posting:default:sensitive"] is True
    post = await city.says("mina", "hi")
    assert (post["visibility"], post["sensitive"], post["language"]) == ("private", True, "ja")


@pytest.mark.parametrize(
    "changed",
    [
        {"source": {"language": "no such"}},
        {"source": {"quote_policy": "friends"}},
        {"attribution_domains": [f"a{n}.example" for n in range(11)]},
        {"attribution_domains": ["not a domain"]},
        {"note": "x" * 1001},
        {"fields_attributes": "text"},
    ],
)
async def test_what_a_profile_cannot_have_is_refused(city, changed):
    path = "/v1/accounts/update_credentials"
    before = await city.get("/v1/accounts/verify_credentials", "mina")
    await city.ask("PATCH", path, "mina", json=changed, expect=422)
    assert await city.get("/v1/accounts/verify_credentials", "mina") == before


async def test_the_profile_as_it_was_typed(city):
    sent = {"note": "I *live* here", "show_media": False, "show_featured": False, "bot": True}
    own = await city.ask("PATCH", "/v1/profile", "mina", json=sent)
    assert own == await city.get("/v1/profile", "mina")
    assert (own["note"], own["avatar"], own["header"]) == ("I *live* here", None, None)
    assert (own["show_media"], own["show_media_replies"], own["show_featured"]) == (
        False,
        True,
        False,
    )
    narrow = await city.token("mina", "profile")
    assert (await city.get("/v1/profile", token=narrow))["bot"] is True
    await city.ask("PATCH", "/v1/profile", token=narrow, json=sent, expect=403)
    await city.get("/v1/profile", expect=401)


async def test_a_picture_of_a_profile_comes_with_its_words_and_goes_with_them(city):
    form = aiohttp.FormData()
    form.add_field("avatar", a_picture(), filename="me.png", content_type="image/png")
    form.add_field("avatar_description", "Me, laughing")
    own = await city.ask("PATCH", "/v1/profile", "mina", data=form)
    assert own["avatar"].startswith("https://gm.example/media/")
    assert own["avatar_description"] == "Me, laughing"
    for picture in ("avatar", "header"):
        gone = await city.ask("DELETE", f"/v1/profile/{picture}", "mina")
        assert gone["avatar_description"] == ""
    assert (await city.get("/v1/profile", "mina"))["avatar"] is None


async def test_links_of_a_profile_are_checked_later_and_stay_checked_while_they_stay(city):
    path = "/v1/accounts/update_credentials"
    fields = [{"name": "Web", "value": "https://mina.example"}]
    await city.ask("PATCH", path, "mina", json={"fields_attributes": fields})
    id = city.people["mina"].id
    assert await city.db.read(jobs.lane_waits, f"links:{id}")
    await city.db.write(profile_links.confirm, id, ["https://mina.example"], now_ms())
    fields.append({"name": "Other", "value": "https://other.example"})
    own = await city.ask("PATCH", path, "mina", json={"fields_attributes": fields})
    assert [bool(one["verified_at"]) for one in own["fields"]] == [True, False]
    fields[0]["value"] = "https://changed.example"
    own = await city.ask("PATCH", path, "mina", json={"fields_attributes": fields})
    assert [one["verified_at"] for one in own["fields"]] == [None, None]
    shown = await city.get(f"/v1/accounts/{id}")
    assert shown["fields"] == own["fields"]


# --- what moderators decided


async def test_a_limited_account_is_found_by_its_followers_alone(city):
    await city.join("sora")
    await city.post(f"/v1/accounts/{city.id('joon')}/follow", "mina")
    post = await city.says("joon", "buy my #things now")
    root = await city.says("sora", "a story")
    answer = await city.says("joon", "spam", in_reply_to_id=root["id"])
    await mark(city, "joon", limited_ms=1)

    async def seen(who):
        lists = [
            await city.get("/v1/timelines/public", who),
            await city.get("/v1/timelines/public?local=1", who),
            await city.get("/v1/timelines/tag/things", who),
            (await city.get("/v2/search?q=things&type=statuses", who))["statuses"],
        ]
        return [post["id"] in [one["id"] for one in found] for found in lists]

    assert await seen("sora") == await seen("") == [False] * 4
    assert await seen("mina") == await seen("joon") == [True] * 4
    for who, there in (("sora", False), ("", False), ("mina", True)):
        around = await city.get(f"/v1/statuses/{root['id']}/context", who)
        assert (answer["id"] in [one["id"] for one in around["descendants"]]) is there
    assert await city.get("/v1/accounts/search?q=joo", "sora") == []
    assert names(await city.get("/v1/accounts/search?q=joon", "sora")) == ["joon"]
    assert names(await city.get("/v1/accounts/search?q=joo", "mina")) == ["joon"]
    assert (await city.get(f"/v1/accounts/{city.id('joon')}", "sora"))["limited"] is True
    assert await city.get(f"/v1/statuses/{post['id']}", "sora")


async def test_pictures_of_a_sensitive_account_are_covered(city):
    post = await city.says("joon", "look")
    assert post["sensitive"] is False
    await mark(city, "joon", sensitive_ms=1)
    assert (await city.get(f"/v1/statuses/{post['id']}"))["sensitive"] is True
    assert (await city.get("/v1/timelines/public"))[0]["sensitive"] is True


async def test_words_are_found_in_what_their_authors_let_be_found(city):
    post = await city.says("joon", "a secret garden")
    await city.ask("PATCH", "/v1/accounts/update_credentials", "joon", json={"indexable": False})

    async def found(who):
        return (await city.get("/v2/search?q=garden&type=statuses", who))["statuses"]

    assert await found("mina") == await found("") == []
    assert len(await found("joon")) == 1
    await city.post(f"/v1/statuses/{post['id']}/favourite", "mina")
    assert len(await found("mina")) == 1
