"""Filters: what they find, for whom, and how apps and pages show it."""

import unicodedata

import pytest

from server.clock import HOUR_MS
from server.services import filters
from server.services.filters import Rules, looked_through, matches
from server.store.filters import Filter, FilteredPost, Keyword, Said
from tests.web.an_app import Apps, ids
from web.keys import NOW


@pytest.fixture
async def apps(any_city):
    apps = Apps(any_city)
    await apps.join("mina", "joon")
    await apps.follows("mina", "joon")
    return apps


async def a_filter(apps, *words, who="mina", **more):
    sent = {
        "title": "Football",
        "context": ["home", "public"],
        "keywords_attributes": [{"keyword": word} for word in words],
        **more,
    }
    return await apps.post("/v2/filters", who, json=sent)


def fits(word, text, *, whole=True, **said):
    keyword = Keyword(id=1, filter_id=1, keyword=word, whole_word=int(whole))
    of = Filter(id=1, account_id=1, title="t", contexts="home", keywords=(keyword,))
    by = Rules(1, 1, (filters.made_ready(of),))
    empty = dict.fromkeys(("title", "lead", "warning"), "") | {"extra": "{}"}
    post = Said(**{"id": 7, "content": text, **empty, **said})
    return bool(matches(by, 7, looked_through(post)))


@pytest.mark.parametrize(
    ("word", "text", "whole", "expected"),
    [
        ("ball", "<p>The ball.</p>", True, True),
        ("ball", "<p>football</p>", True, False),
        ("ball", "<p>football</p>", False, True),
        ("BALL", "<p>a ball</p>", True, True),
        ("a.b", "<p>axb</p>", False, False),
        ("(a+)+$", "<p>aaaaaaaaaaaaaaaaaaaaaaaa</p>", False, False),
        ("#사커", "<p>오늘 #사커</p>", True, True),
        ("축구", "<p>축구 보러</p>", True, True),
        ("축구", "<p>축구를 본다</p>", True, False),
        ("축구", "<p>축구를 본다</p>", False, True),
        (unicodedata.normalize("NFD", "축구"), "<p>축구를 본다</p>", False, True),
        ("two words", "<p>two<br>words</p>", False, False),
        ("b & c", "<p>a b &amp; c</p>", True, True),
        ("href", '<p><a href="https://x.test">x</a></p>', False, False),
    ],
)
def test_keywords_are_found_as_people_read_them(word, text, whole, expected):
    assert fits(word, text, whole=whole) is expected


@pytest.mark.parametrize(
    "said",
    [
        {"warning": "ball"},
        {"title": "ball"},
        {"lead": "<p>ball</p>"},
        {"extra": '{"options": [["ball", 1], ["net", 2]]}'},
        {"alts": ("a ball in a net",)},
    ],
)
def test_everything_that_a_post_says_is_looked_through(said):
    assert fits("ball", "<p>-</p>", **said)


async def test_a_filter_is_made_changed_and_forgotten(apps):
    sent = {
        "title": "test",
        "context[]": "public",
        "filter_action": "hide",
        "expires_in": "3600",
        "keywords_attributes[][keyword]": "foo",
        "keywords_attributes[][whole_word]": "false",
    }
    made = await apps.post("/v2/filters", "mina", data=sent)
    foo = made["keywords"][0]
    assert made == {
        "id": made["id"],
        "title": "test",
        "context": ["public"],
        "expires_at": made["expires_at"],
        "filter_action": "hide",
        "keywords": [{"id": foo["id"], "keyword": "foo", "whole_word": False}],
        "statuses": [],
    }
    assert made["expires_at"] is not None
    at = f"/v2/filters/{made['id']}"
    words = [
        {"id": foo["id"], "_destroy": True},
        {"keyword": "bar"},
    ]
    changed = await apps.ask("PUT", at, "mina", json={"keywords_attributes": words})
    assert [word["keyword"] for word in changed["keywords"]] == ["bar"]
    assert changed["keywords"][0]["whole_word"] is True
    assert changed["expires_at"] == made["expires_at"]
    forever = await apps.ask("PUT", at, "mina", data={"expires_in": "", "filter_action": "blur"})
    assert (forever["expires_at"], forever["filter_action"]) == (None, "blur")
    assert await apps.get("/v2/filters", "mina") == [forever]
    assert await apps.ask("DELETE", at, "mina") == {}
    await apps.get(at, "mina", 404)
    assert await apps.get("/v2/filters", "mina") == []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"title": ""},
        {"context": []},
        {"context": ["everywhere"]},
        {"context": ["home public"]},
        {"filter_action": "explode"},
        {"title": "x" * 257},
        {"keywords_attributes": [{"keyword": "x" * 513}]},
        {"expires_in": "soon"},
    ],
)
async def test_a_filter_that_cannot_be_is_refused(apps, sent):
    whole = {"title": "t", "context": ["home"], **sent} if sent else {}
    await apps.post("/v2/filters", "mina", 422, json=whole)
    assert await apps.get("/v2/filters", "mina") == []


async def test_nobody_has_filters_without_end(apps, monkeypatch):
    monkeypatch.setattr(filters, "MAX_FILTERS", 1)
    monkeypatch.setattr(filters, "MAX_KEYWORDS", 1)
    made = await a_filter(apps, "ball")
    more = {"title": "t", "context": ["home"]}
    await apps.post("/v2/filters", "mina", 422, json=more)
    at = f"/v2/filters/{made['id']}/keywords"
    await apps.post(at, "mina", 422, json={"keyword": "net"})


async def test_filters_of_somebody_else_do_not_exist(apps):
    said = await apps.says("joon", "A ball")
    made = await a_filter(apps, "ball")
    put = await apps.post(
        f"/v2/filters/{made['id']}/statuses", "mina", json={"status_id": said["id"]}
    )
    word = made["keywords"][0]["id"]
    for method, path in (
        ("GET", f"/v2/filters/{made['id']}"),
        ("PUT", f"/v2/filters/{made['id']}"),
        ("DELETE", f"/v2/filters/{made['id']}"),
        ("GET", f"/v2/filters/{made['id']}/keywords"),
        ("POST", f"/v2/filters/{made['id']}/keywords"),
        ("GET", f"/v2/filters/{made['id']}/statuses"),
        ("GET", f"/v2/filters/keywords/{word}"),
        ("PUT", f"/v2/filters/keywords/{word}"),
        ("DELETE", f"/v2/filters/keywords/{word}"),
        ("GET", f"/v2/filters/statuses/{put['id']}"),
        ("DELETE", f"/v2/filters/statuses/{put['id']}"),
        ("GET", f"/v1/filters/{word}"),
        ("PUT", f"/v1/filters/{word}"),
        ("DELETE", f"/v1/filters/{word}"),
    ):
        await apps.ask(method, path, "joon", 404)
    other = await a_filter(apps, "net", who="joon")
    stolen = {"keywords_attributes": [{"id": word, "keyword": "mine"}]}
    await apps.ask("PUT", f"/v2/filters/{other['id']}", "joon", 404, json=stolen)
    assert await apps.get(f"/v2/filters/{made['id']}", "mina") == {
        **made,
        "statuses": [{"id": put["id"], "status_id": said["id"]}],
    }
    (seen,) = await apps.get("/v1/timelines/home", "joon")
    assert seen["filtered"] == []


async def test_keywords_and_statuses_have_addresses_of_their_own(apps):
    made = await a_filter(apps)
    at = f"/v2/filters/{made['id']}"
    word = await apps.post(f"{at}/keywords", "mina", data={"keyword": "net"})
    assert word == {"id": word["id"], "keyword": "net", "whole_word": True}
    await apps.post(f"{at}/keywords", "mina", 422, data={"keyword": ""})
    of = f"/v2/filters/keywords/{word['id']}"
    changed = await apps.ask("PUT", of, "mina", json={"keyword": "goal", "whole_word": False})
    assert await apps.get(of, "mina") == changed == {**word, "keyword": "goal", "whole_word": False}
    assert await apps.get(f"{at}/keywords", "mina") == [changed]
    assert await apps.ask("DELETE", of, "mina") == {}
    await apps.get(of, "mina", 404)

    said = await apps.says("joon", "Nothing special")
    put = await apps.post(f"{at}/statuses", "mina", json={"status_id": said["id"]})
    assert put == {"id": put["id"], "status_id": said["id"]}
    await apps.post(f"{at}/statuses", "mina", 422, json={"status_id": said["id"]})
    assert await apps.get(f"{at}/statuses", "mina") == [put]
    assert await apps.get(f"/v2/filters/statuses/{put['id']}", "mina") == put
    (home,) = await apps.get("/v1/timelines/home", "mina")
    (result,) = home["filtered"]
    assert (result["keyword_matches"], result["status_matches"]) == (None, [said["id"]])
    await apps.ask("DELETE", f"/v2/filters/statuses/{put['id']}", "mina")
    assert (await apps.get("/v1/timelines/home", "mina"))[0]["filtered"] == []


async def test_a_post_that_one_may_not_read_cannot_be_put_into_a_filter(apps):
    await apps.join("sora")
    secret = await apps.says("joon", "@sora hello", visibility="direct")
    made = await a_filter(apps)
    at = f"/v2/filters/{made['id']}/statuses"
    await apps.post(at, "mina", 404, json={"status_id": secret["id"]})
    await apps.post(at, "mina", 404, json={"status_id": "1"})


async def test_statuses_say_which_filters_fit_them_for_whoever_has_them(apps):
    said = await apps.says("joon", "A ball flies")
    other = await apps.says("joon", "A bird flies")
    made = await a_filter(apps, "ball", "goal", filter_action="hide")
    head = {name: made[name] for name in made if name not in ("keywords", "statuses")}
    result = [{"filter": head, "keyword_matches": ["ball"], "status_matches": None}]
    home = await apps.get("/v1/timelines/home", "mina")
    assert [one["filtered"] for one in home] == [[], result]
    assert ids(home) == [other["id"], said["id"]], "apps hide it themselves"
    for path in (
        f"/v1/statuses/{said['id']}",
        "/v1/timelines/public",
        f"/v1/accounts/{apps.id('joon')}/statuses",
        f"/v1/statuses?id[]={said['id']}",
    ):
        found = await apps.get(path, "mina")
        one = found if isinstance(found, dict) else next(s for s in found if s["id"] == said["id"])
        assert one["filtered"] == result, path
        assert one["content"] == said["content"]
    found = await apps.get("/v2/search?q=ball", "mina")
    assert found["statuses"][0]["filtered"] == result
    thread = await apps.says("joon", "ball again", in_reply_to_id=other["id"])
    context = await apps.get(f"/v1/statuses/{other['id']}/context", "mina")
    assert context["descendants"][0]["filtered"] == result
    assert (await apps.get(f"/v1/statuses/{thread['id']}", "joon"))["filtered"] == []
    assert (await apps.get("/v1/timelines/public"))[0]["filtered"] == []


async def test_a_boost_has_the_filters_of_what_it_boosts(apps):
    await apps.join("sora")
    said = await apps.says("sora", 'A ball, ","filtered":[]')
    await apps.post(f"/v1/statuses/{said['id']}/reblog", "joon")
    await a_filter(apps, "ball")
    (home,) = await apps.get("/v1/timelines/home", "mina")
    assert home["filtered"][0]["keyword_matches"] == ["ball"]
    assert home["reblog"]["filtered"] == home["filtered"]
    single = await apps.get(f"/v1/statuses/{home['id']}", "mina")
    assert single["filtered"] == single["reblog"]["filtered"] == home["filtered"]


async def test_what_one_wrote_oneself_is_never_filtered(apps):
    await a_filter(apps, "ball")
    said = await apps.says("mina", "My ball")
    assert said["filtered"] == []
    assert (await apps.get("/v1/timelines/home", "mina"))[0]["filtered"] == []


async def test_a_changed_filter_and_a_changed_post_count_at_once(apps):
    said = await apps.says("joon", "A ball")
    made = await a_filter(apps, "ball")

    async def filtered():
        return bool((await apps.get("/v1/timelines/home", "mina"))[0]["filtered"])

    assert await filtered()
    await apps.ask("PUT", f"/v1/statuses/{said['id']}", "joon", json={"status": "A bird"})
    assert not await filtered()
    of = f"/v2/filters/keywords/{made['keywords'][0]['id']}"
    await apps.ask("PUT", of, "mina", json={"keyword": "bird"})
    assert await filtered()
    await apps.ask("DELETE", f"/v2/filters/{made['id']}", "mina")
    assert not await filtered()
    await a_filter(apps, "goal")
    assert not await filtered()
    await a_filter(apps, "bird")
    assert await filtered()


async def test_a_filter_ends_when_its_time_is_over(apps):
    await apps.says("joon", "A ball")
    await a_filter(apps, "ball", expires_in=3600)
    assert (await apps.get("/v1/timelines/home", "mina"))[0]["filtered"]
    later = apps.city.app[NOW]() + 2 * HOUR_MS
    apps.city.app._state[NOW] = lambda: later
    assert (await apps.get("/v1/timelines/home", "mina"))[0]["filtered"] == []


async def test_old_apps_have_one_keyword_in_each_filter(apps):
    sent = {"phrase": "ball", "context[]": "home", "irreversible": "true", "whole_word": "false"}
    made = await apps.post("/v1/filters", "mina", data=sent)
    assert made == {
        "id": made["id"],
        "phrase": "ball",
        "context": ["home"],
        "whole_word": False,
        "expires_at": None,
        "irreversible": True,
    }
    at = f"/v1/filters/{made['id']}"
    sent = {"phrase": "goal", "context": ["public"], "irreversible": False}
    changed = await apps.ask("PUT", at, "mina", json=sent)
    assert changed == {**made, "phrase": "goal", "context": ["public"], "irreversible": False}
    assert await apps.get("/v1/filters", "mina") == [changed]
    (new,) = await apps.get("/v2/filters", "mina")
    assert (new["title"], new["filter_action"]) == ("ball", "warn")

    await apps.post(f"/v2/filters/{new['id']}/keywords", "mina", json={"keyword": "net"})
    await apps.ask("PUT", at, "mina", 422, json={"context": ["home"]})
    await apps.ask("PUT", at, "mina", json={"phrase": "kick"})
    await apps.ask("DELETE", at, "mina")
    (left,) = await apps.get("/v2/filters", "mina")
    assert [word["keyword"] for word in left["keywords"]] == ["net"]
    await apps.ask("DELETE", f"/v1/filters/{left['keywords'][0]['id']}", "mina")
    assert await apps.get("/v2/filters", "mina") == []


async def test_filters_go_with_their_owner_and_posts_leave_filters_when_deleted(apps):
    said = await apps.says("joon", "Hello")
    made = await a_filter(apps)
    await apps.post(f"/v2/filters/{made['id']}/statuses", "mina", json={"status_id": said["id"]})
    await apps.ask("DELETE", f"/v1/statuses/{said['id']}", "joon")
    assert (await apps.get(f"/v2/filters/{made['id']}", "mina"))["statuses"] == []


def test_a_post_in_a_filter_fits_it_without_a_word():
    of = Filter(
        id=1,
        account_id=1,
        title="t",
        contexts="home",
        posts=(FilteredPost(id=1, filter_id=1, post_id=7),),
    )
    by = Rules(1, 1, (filters.made_ready(of),))
    assert matches(by, 7, "")[0].post_ids == (7,)
    assert matches(by, 8, "") == ()


# --- on our pages


async def test_pages_fold_away_and_leave_out_what_filters_fit(apps):
    mina = apps.people["mina"]
    await apps.says("joon", "A ball flies")
    root = await apps.says("joon", "A bird flies")
    await apps.says("joon", "The goal is near", in_reply_to_id=root["id"])
    await a_filter(apps, "ball", context=["home"])
    await a_filter(apps, "goal", title="Goals", context=["thread"], filter_action="hide")
    home = (await mina.get("/home")).text
    assert "Filtered: Football" in home
    assert "A ball flies" in home, "behind the line"
    local = (await mina.get("/local")).text
    assert "Filtered" not in local
    thread = (await mina.get(f"/@joon/{root['id']}")).text
    assert "A bird flies" in thread
    assert "The goal is near" not in thread
    assert "The goal is near" in (await apps.people["joon"].get(f"/@joon/{root['id']}")).text


async def test_filters_are_made_changed_and_deleted_on_a_page(apps):
    mina = apps.people["mina"]
    fields = {
        "title": "Football",
        "keywords": "ball\n\n goal \nball",
        "in_home": "on",
        "action": "hide",
        "expires": "86400",
    }
    assert await mina.post("/settings/filters", **fields) == "/settings/filters?done=saved"
    (made,) = await apps.get("/v2/filters", "mina")
    assert [word["keyword"] for word in made["keywords"]] == ["ball", "goal"]
    assert (made["context"], made["filter_action"]) == (["home"], "hide")
    assert made["expires_at"] is not None
    page = await mina.get("/settings/filters")
    assert "Football" in page.text
    assert "ball, goal Do not show the post at all" in page.main.words

    at = f"/settings/filters/{made['id']}"
    assert "goal" in (await mina.get(at)).text
    await mina.post(at, **{**fields, "keywords": "goal\nnet", "expires": "keep"})
    (changed,) = await apps.get("/v2/filters", "mina")
    assert [word["keyword"] for word in changed["keywords"]] == ["goal", "net"]
    assert changed["keywords"][0]["id"] == made["keywords"][1]["id"]
    assert changed["expires_at"] == made["expires_at"]
    await mina.post("/settings/filters", 422, **{**fields, "title": ""})
    for path in ("/settings/filters", at):
        told = await mina.post(path, 422, **{**fields, "keywords": " \n"})
        assert 'id="keywords-error"' in told
        assert 'value="Football"' in told
    empty = await a_filter(apps, title="Empty")
    assert "nothing fits this filter" in (await mina.get("/settings/filters")).text
    await mina.post(f"/settings/filters/{empty['id']}/delete")

    await apps.people["joon"].get(at, 404)
    await apps.people["joon"].post(f"{at}/delete", 404)
    await mina.post(f"{at}/delete")
    assert await apps.get("/v2/filters", "mina") == []
