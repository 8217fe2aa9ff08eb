"""What a page offers beside following: notes, being told, recommending, shutting servers out."""

from server.store import accounts as account_store
from tests.web.city import upload


async def test_a_note_is_kept_and_nobody_else_sees_it(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await mina.post(f"/people/{joon.account.id}/note", note="met at the market", back="/@joon")
    assert "met at the market" in (await mina.get("/@joon")).text
    for who in (joon, await city.visitor(), await city.join("sora")):
        assert "met at the market" not in (await who.get("/@joon")).text
    await mina.post(f"/people/{joon.account.id}/note", note="", back="/@joon")
    assert "met at the market" not in (await mina.get("/@joon")).text
    await mina.post(f"/people/{joon.account.id}/note", 422, note="x" * 2001)
    await mina.post(f"/people/{mina.account.id}/note", 403, note="x")


async def test_being_told_of_posts_is_a_button_that_turns(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await mina.post(f"/people/{joon.account.id}/notify", 409)
    await mina.post(f"/people/{joon.account.id}/follow")
    assert "Tell me of new posts" in (await mina.get("/@joon")).main.words
    await mina.post(f"/people/{joon.account.id}/notify")
    assert "Stop telling me of new posts" in (await mina.get("/@joon")).main.words
    await city.writes(joon, "News from me")
    assert "News from me" in (await mina.get("/notifications")).text
    await mina.post(f"/people/{joon.account.id}/quiet")
    assert "Stop telling me" not in (await mina.get("/@joon")).main.words


async def test_whom_somebody_recommends_stands_on_their_page_until_they_hide_it(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await mina.post(f"/people/{joon.account.id}/follow")
    await mina.post(f"/people/{joon.account.id}/endorse")
    visitor = await city.visitor()
    assert "Mina recommends" in (await visitor.get("/@mina")).main.words
    await city.db.write(account_store.set_columns, mina.account.id, show_featured=0)
    assert "Mina recommends" not in (await visitor.get("/@mina")).main.words


async def test_servers_are_shut_out_and_let_in(city):
    mina = await city.join("mina")
    await mina.post("/blocked/servers", domain="Spam.Example")
    page = await mina.get("/blocked/servers")
    assert "spam.example" in page.main.words
    refused = await mina.post("/blocked/servers", 422, domain="not a server")
    assert "not the name of another server" in refused
    await mina.post("/blocked/servers/remove", domain="spam.example")
    assert "No server is blocked." in (await mina.get("/blocked/servers")).main.words
    assert (await (await city.visitor()).get("/blocked/servers")).main.words
    assert "Blocked servers" in (await mina.get("/settings")).main.words


async def test_a_hidden_circle_says_so(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await joon.post(f"/people/{mina.account.id}/follow")
    assert "Joon" in (await joon.get("/@mina/followers")).main.words
    await city.db.write(account_store.set_columns, mina.account.id, hide_collections=1)
    for who in (joon, await city.visitor()):
        words = (await who.get("/@mina/followers")).main.words
        assert "keeps this list to themselves" in words
        assert "Joon" not in words
    assert "Joon" in (await mina.get("/@mina/followers")).main.words


async def test_settings_hold_what_the_profile_shows_and_how_posts_begin(city):
    mina = await city.join("mina")
    ticked = {"show_featured": "on", "indexable": "on", "hide_collections": "on"}
    await upload(mina, "/settings/profile", display_name="Mina", avatar_description="Me", **ticked)
    shown = await city.db.read(account_store.by_id, mina.account.id)
    assert (shown.indexable, shown.hide_collections, shown.show_featured) == (1, 1, 1)
    assert (shown.show_media, shown.bot, shown.avatar_description) == (0, 0, "Me")
    assert "Pictures" not in (await mina.get("/@mina")).main.words
    await mina.post("/settings/preferences", sensitive="on", quote_policy="followers")
    member = await city.db.read(account_store.member, mina.account.id)
    assert (member.default_sensitive, member.default_quote_policy) == (1, "followers")
    await mina.post("/settings/preferences", quote_policy="anybody")
    member = await city.db.read(account_store.member, mina.account.id)
    assert (member.default_sensitive, member.default_quote_policy) == (0, "followers")


async def test_search_engines_leave_limited_people_and_unsearchable_posts_alone(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "For all")
    visitor = await city.visitor()
    noindex = '<meta name="robots" content="noindex">'
    assert noindex not in (await visitor.get(f"/@mina/{post.id}")).text
    await city.db.write(account_store.set_columns, mina.account.id, indexable=0)
    assert noindex in (await visitor.get(f"/@mina/{post.id}")).text
    assert noindex not in (await visitor.get("/@mina")).text
    await city.db.write(account_store.set_columns, mina.account.id, limited_ms=1)
    assert noindex in (await visitor.get("/@mina")).text
