"""Other servers by pages: looked up for members alone, sent here to act, proposing notes."""

import pytest

from server.clock import now_ms
from server.store import posts as post_rows
from tests.web.city import PASSWORD
from web.keys import BUCKETS, FETCHER
from web.limits import BURST


@pytest.fixture
def elsewhere(monkeypatch):
    """What can be found on other servers: nothing, or what a test puts here."""
    found = {}
    asked = []

    class Lookup:
        async def find(self, fetcher, query):
            asked.append(query)
            return found.get(query)

        async def mentioned(self, fetcher, source):
            asked.append(source)

    monkeypatch.setattr("web.pages.search.lookup", Lookup())
    monkeypatch.setattr("web.pages.write.lookup", Lookup())
    found["asked"] = asked
    return found


async def test_a_handle_or_address_is_looked_up_for_members_only(city, elsewhere):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina)
    elsewhere["@mina@far.example"] = mina.account
    elsewhere["https://far.example/1"] = post
    await mina.get("/search?q=@mina@far.example")
    assert mina.url == "/@mina"
    await mina.get("/search?q=https://far.example/1")
    assert mina.url == f"/@mina/{post.id}"
    assert "Nothing was found there" in (await mina.get("/search?q=@no@far.example")).text
    elsewhere["asked"].clear()
    assert "please sign in" in (await visitor.get("/search?q=@mina@far.example")).text
    assert elsewhere["asked"] == []
    assert "please sign in" not in (await visitor.get("/search?q=mina")).text


async def test_the_fetcher_is_asked_for_those_whom_a_text_names(city, elsewhere):
    mina = await city.join("mina")
    assert city.app[FETCHER] is not None
    await mina.post("/write", kind="note", content="@far@far.example hello")
    assert elsewhere["asked"] == ["@far@far.example hello"]


async def test_links_of_other_sites_make_a_member_look_up_only_so_much(city):
    """Whoever gets a member to follow links makes us ask other servers: not without end."""
    mina = await city.join("mina")
    who = f"look-ups of {mina.account.id}"
    for _ in range(int(BURST)):
        city.app[BUCKETS].spend(who, now_ms() + 60_000)
    for path in ("/authorize_interaction?uri=https://far.example/1", "/search?q=@a@far.example"):
        async with mina.client.get(path, headers=mina.headers) as answer:
            assert answer.status in (200, 429)
            assert "Wait a while" in await answer.text()


@pytest.mark.parametrize("query", ["%", "_", "'", "\\", "#", "@", "a" * 600, "<script>"])
async def test_any_words_may_be_searched_for(city, query):
    visitor = await city.visitor()
    page = await visitor.get(f"/search?q={query.replace('%', '%25')}")
    assert "<script>" not in page.text


# --- sent here from other servers


async def test_other_servers_send_people_here_to_act(city, elsewhere):
    mina, visitor = await city.join("mina"), await city.visitor()
    elsewhere["mina@far.example"] = mina.account
    await mina.get("/authorize_interaction?uri=acct:mina@far.example")
    assert mina.url == "/@mina"
    for nothing in ("", "?uri=", "?uri=https://far.example/none"):
        await mina.get(f"/authorize_interaction{nothing}", 404)
    await visitor.get("/authorize_interaction?uri=https://far.example/1")
    assert visitor.url.startswith("/sign-in?next=")


async def test_other_servers_send_people_here_to_the_button_that_they_want(city, elsewhere):
    mina = await city.join("mina")
    post = await city.writes(mina)
    elsewhere["@mina@far.example"], elsewhere["https://far.example/1"] = mina.account, post
    at = f"/@mina/{post.id}"
    for asked, leads in (
        ("https://far.example/1&do=like", f"{at}#acts-{post.id}"),
        ("https://far.example/1&do=share", f"{at}#acts-{post.id}"),
        ("https://far.example/1&do=reply", f"{at}#reply"),
        ("https://far.example/1&do=burn", at),
        ("https://far.example/1&do=follow", at),
        ("@mina@far.example&do=follow", "/@mina#follow"),
        ("@mina@far.example&do=like", "/@mina"),
    ):
        async with mina.client.get(
            f"/authorize_interaction?uri={asked}", allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, leads)
    assert (await city.db.read(post_rows.by_id, post.id)).likes == 0


async def test_other_servers_propose_a_note_that_is_not_sent_before_it_is_read(city, elsewhere):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina, "Hello")
    elsewhere["https://far.example/1"] = post
    form = (await mina.get("/write?text=Look:%0Ahttps://far.example/2")).form("/write").fields
    assert (form["kind"], form["content"]) == ("note", "Look:\nhttps://far.example/2")
    form = (await mina.get("/write?text=Well&in_reply_to=https://far.example/1")).form("/write")
    assert (form.fields["content"], form.fields["reply_to"]) == ("Well", str(post.id))
    for unfilled in ("", "%7BinReplyTo%7D", "javascript:alert(1)"):
        page = await mina.get(f"/write?text=Well&in_reply_to={unfilled}")
        assert page.form("/write").fields["content"] == "Well"
        assert "reply_to" not in page.form("/write").fields
    page = await mina.get("/write?text=Well&in_reply_to=https://far.example/none", 404)
    assert page.form("/write").fields["content"] == "Well"
    assert "was not found" in page.text
    page = await mina.get(f"/write?text={'a' * 7000}")
    assert page.form("/write").fields["content"] == "a" * 5000

    elsewhere["asked"].clear()
    await visitor.get("/write?text=Well&in_reply_to=https://far.example/1")
    assert visitor.url.startswith("/sign-in?next=/write?text%3DWell")
    assert elsewhere["asked"] == []


async def test_a_proposed_note_too_long_for_an_address_waits_for_the_sign_in(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    form = (await visitor.get(f"/write?text={'b' * 4000}", 401)).form("/sign-in").fields
    assert form["kept_content"] == "b" * 4000
    draft = await visitor.post("/sign-in", data={**form, "name": "mina", "password": PASSWORD})
    visitor.account = mina.account
    page = await visitor.get(draft)
    assert page.form("/write").fields["content"] == "b" * 4000
