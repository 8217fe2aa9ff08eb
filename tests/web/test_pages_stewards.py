"""Keeping order in a community on its pages: what moderators do, and nobody else."""

import pytest

from server.clock import DAY_MS, now_ms
from server.services import stewardship
from server.store import communities as store
from tests.web.boards import answers, board, does, logged, now, removes, thread
from tests.web.city import a_picture, upload


async def people(city):
    """Mina, who writes; Sol, who keeps order; Eve, who does not."""
    mina, sol, eve = [await city.join(name) for name in ("mina", "sol", "eve")]
    return mina, sol, eve, await board(city, "garden", sol)


async def test_a_moderator_pins_and_locks_where_the_thread_is(any_city):
    city = any_city
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    at, own = f"/@mina/{post.id}", f"/posts/{post.id}/moderate"
    page = await sol.get(at)
    assert page.main.link("Moderate …") == own
    for deed in ("pin", "lock"):
        place = page.form(f"{own}/{deed}").fields["back"]
        assert place == f"{at}#acts-{post.id}"
        assert await sol.post(f"{own}/{deed}", back=place) == place
    page = await sol.get(at)
    assert "pinned" in page.main.words and "locked" in page.main.words
    for deed in ("unpin", "unlock"):
        assert page.form(f"{own}/{deed}")
        await sol.post(f"{own}/{deed}", back=at)
    assert [action for action, _ in await logged(city, garden)] == [
        *("pin", "lock", "unpin", "unlock"),
    ]
    for other in (mina, eve, await city.visitor()):
        assert "moderate" not in (await other.get(at)).main.link("Moderate …")


@pytest.mark.parametrize(
    "deed", ["lock", "unlock", "pin", "unpin", "remove", "restore", "move", "ban", "destroy"]
)
async def test_nobody_else_can_do_any_of_it(city, deed):
    mina, _, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    for other in (mina, eve):
        await other.get(f"/posts/{post.id}/moderate", 404)
        await other.post(f"/posts/{post.id}/moderate/{deed}", 404, reason="x", days="7")
    visitor = await city.visitor()
    page = await visitor.get(f"/posts/{post.id}/moderate")
    assert visitor.url.startswith("/sign-in") and "Beans" not in page.text
    assert await logged(city, garden) == []
    elsewhere = await city.writes(mina, "In no community")
    await eve.post(f"/posts/{elsewhere.id}/moderate/{deed}", 404, reason="x")


async def test_what_is_not_for_a_moderator_cannot_be_moderated(city):
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    direct = await city.writes(eve, "@mina psst", reply_to_id=post.id, visibility="direct")
    await sol.get(f"/posts/{direct.id}/moderate", 404)
    await sol.post(f"/posts/{direct.id}/moderate/remove", 404, reason="x")
    await sol.get("/posts/123/moderate", 404)


async def test_a_removal_needs_a_reason_and_can_be_taken_back(any_city):
    city = any_city
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    comment = await answers(city, eve, post, "A rude word")
    own = f"/posts/{comment.id}/moderate"
    assert "Please say why" in await sol.post(f"{own}/remove", 422, reason=" ")
    assert await sol.post(f"{own}/remove", reason="Rude") == own
    page = await sol.get(own)
    assert "Rude" in page.main.words and page.form(f"{own}/restore")
    assert "A rude word" not in (await mina.get(f"/@mina/{post.id}")).text
    told = await eve.get("/notifications")
    assert "moderators of Garden removed something that you wrote" in told.main.words
    assert "Rude" in (await eve.get(told.main.link("A rude word"))).main.words
    page = await sol.get("/c/garden/removed")
    assert "A rude word" in page.main.words and "Rude" in page.main.words
    await sol.post(f"{own}/restore", back="/c/garden/removed", reason="A mistake")
    assert "A rude word" in (await mina.get(f"/@mina/{post.id}")).text
    taken = await sol.post(f"/posts/{post.id}/moderate/remove", reason="Off topic")
    assert taken == f"/@mina/{post.id}"
    assert await logged(city, garden) == [
        *(("remove", "Rude"), ("restore", "A mistake"), ("remove", "Off topic")),
    ]


async def test_a_thread_moves_to_a_board_that_the_moderator_keeps_too(city):
    mina, sol, _, garden = await people(city)
    music, news = await board(city, "music", sol), await board(city, "news")
    post = await thread(city, mina, garden)
    own = f"/posts/{post.id}/moderate"
    page = await sol.get(own)
    assert "Music" in page.main.words and "News" not in page.main.words
    await sol.post(f"{own}/move", 403, to=str(news.id))
    for nothing in ("", "x", "12345"):
        await sol.post(f"{own}/move", 404, to=nothing)
    assert await sol.post(f"{own}/move", to=str(music.id), reason="Louder") == f"/@mina/{post.id}"
    assert (await now(city, post)).community.id == music.id
    comment = await answers(city, mina, post)
    assert not [
        one
        for one in (await sol.get(f"/posts/{comment.id}/moderate")).forms
        if one.action.endswith(("/move", "/pin"))
    ]


async def test_a_comment_is_locked_with_what_is_below_it(city):
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    comment = await answers(city, eve, post, "A word")
    own = f"/posts/{comment.id}/moderate"
    await sol.post(f"{own}/lock", reason="Enough")
    assert "The comment is locked" in (await sol.get(own)).main.words
    page = await mina.get(f"/@eve/{comment.id}")
    assert "This comment is locked: nobody can answer it any more." in page.main.words
    assert not [one for one in page.forms if "reply_to" in one.fields]
    assert "locked" not in (await mina.get(f"/@mina/{post.id}")).main.words
    await sol.post(f"{own}/unlock")
    page = await mina.get(f"/@eve/{comment.id}")
    assert "This comment is locked" not in page.main.words
    assert await logged(city, garden) == [("lock", "Enough"), ("unlock", "")]


async def test_an_author_is_shut_out_for_a_while_or_for_good(city):
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    own = f"/posts/{post.id}/moderate/ban"
    assert "Please say why" in await sol.post(own, 422, days="7")
    await sol.post(own, 422, days="-1", reason="x")
    await sol.post(own, days="7", reason="Spam")
    ban = await city.db.read(store.ban_of, garden.id, mina.account.id)
    assert 6 * DAY_MS < ban["until_ms"] - now_ms() <= 7 * DAY_MS
    page = await sol.get("/c/garden/bans")
    assert "Mina" in page.main.words and "Spam" in page.main.words
    await sol.post(f"/c/garden/bans/{mina.account.id}/end")
    assert await city.db.read(store.ban_of, garden.id, mina.account.id) is None
    assert await sol.post("/c/garden/bans", handle="@eve", reason="Worse", days="0")
    assert (await city.db.read(store.ban_of, garden.id, eve.account.id))["until_ms"] is None
    assert "There is nobody with this name here." in await sol.post(
        "/c/garden/bans", 404, handle="@nobody", reason="x", days="0"
    )
    await sol.post("/c/garden/bans", 422, handle="@eve", reason="", days="0")
    await sol.post("/c/garden/bans", 422, handle="@sol", reason="x", days="0")


async def test_moderators_are_appointed_by_handle_and_dismissed(city):
    _, sol, eve, _garden = await people(city)
    assert await sol.post("/c/garden/moderators", handle="@eve@localhost:8080")
    page = await eve.get("/c/garden/moderators")
    assert "Eve" in page.main.words
    assert "nobody with this name" in await sol.post("/c/garden/moderators", 404, handle="@who")
    await sol.post("/c/garden/moderators", 404, handle="@garden")
    await eve.post(f"/c/garden/moderators/{eve.account.id}/dismiss")
    await eve.get("/c/garden/moderators", 404)


async def test_a_moderator_changes_the_settings(any_city):
    city = any_city
    _, sol, _, garden = await people(city)
    page = await sol.get("/c/garden/settings")
    fields = page.form("/c/garden/settings").fields
    new = {
        **fields,
        **{"title": "Gardens", "bio": "Seeds", "rules": "Be kind\n\nNo spam", "posting": "members"},
        **{"votes": "up", "language": "ko", "place": "By the well", "latitude": "37.478"},
        **{"longitude": "126.864", "avatar": a_picture()},
    }
    new.pop("avatar_remove", None)
    new.pop("csrf")
    assert (await upload(sol, "/c/garden/settings", **new)).startswith("/c/garden/settings")
    found = await city.db.read(store.by_id, garden.id)
    assert (found.title, found.posting, found.votes, found.language) == (
        "Gardens",
        "members",
        "up",
        "ko",
    )
    assert (found.latitude, found.place, bool(found.account.avatar)) == (
        37.478,
        "By the well",
        True,
    )
    assert "Be kind" in (await sol.get("/@garden")).main.words
    for wrong in (
        {"title": " "},
        {"latitude": "north"},
        {"latitude": "91"},
        {"longitude": "nan"},
        {"rules": "x" * 301},
    ):
        text = await sol.post("/c/garden/settings", 422, **{**fields, "bio": "Kept words", **wrong})
        assert "Kept words" in text
    await sol.post("/c/garden/settings", 404, **{**fields, "parent": str(garden.id)})
    same = {**fields, "title": "Gardens", "posting": "nobody", "votes": "all", "language": "xx"}
    await sol.post("/c/garden/settings", **same)
    found = await city.db.read(store.by_id, garden.id)
    assert (found.posting, found.votes, found.language) == ("members", "up", "ko")


AREA = (
    '{"type":"Polygon","coordinates":[[[126.86,37.47],[126.87,37.47],[126.87,37.48],'
    "[126.86,37.48],[126.86,37.47]]]}"
)


@pytest.mark.parametrize("line", ["[]", "nonsense", '{"type": "Point", "coordinates": [1, 2]}'])
async def test_a_boundary_is_geojson(city, line):
    mod = await city.join("mod", role="moderator")
    hood = await board(city, "hood", kind="neighbourhood", title="골")
    fields = (await mod.get("/c/hood/settings")).form("/c/hood/settings").fields
    for how in ({"boundary": line}, {"boundary_file": line.encode()}):
        sent = {**fields, "bio": "Kept words", **how}
        text = await upload(mod, "/c/hood/settings", 422, **sent)
        assert "The boundary" in text and "Kept words" in text
    assert (await city.db.read(store.by_id, hood.id)).boundary == ""


@pytest.mark.parametrize("way", ["boundary", "boundary_file"])
async def test_a_boundary_is_drawn_with_its_area_in_words(city, way):
    mod = await city.join("mod", role="moderator")
    await board(city, "hood", kind="neighbourhood", title="골")
    page = await mod.get("/c/hood/settings")
    fields = page.form("/c/hood/settings").fields
    given = AREA if way == "boundary" else f"\ufeff{AREA}".encode()
    place = {"place": "By the well", "latitude": "37.475", "longitude": "126.865"}
    await upload(mod, "/c/hood/settings", **{**fields, **place, way: given})
    page = await (await city.visitor()).get("/@hood")
    for told in ("By the well", "37.475, 126.865", "About 0.98 km² lie within its boundary."):
        assert told in page.main.words
    assert '<path d="M' in page.text and "<circle" in page.text
    assert "The boundary of 골, north up" in page.text
    again = (await mod.get("/c/hood/settings")).form("/c/hood/settings").fields
    await mod.post("/c/hood/settings", **{**again, "boundary": ""})
    assert "km²" not in (await mod.get("/@hood")).text


@pytest.mark.parametrize("part", ["settings", "moderators", "bans", "removed"])
async def test_what_moderators_see_nobody_else_does(city, part):
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden, "Secret words")
    await removes(city, sol, post)
    await does(city, stewardship.ban, sol, garden.id, eve.account.id, reason="Spam")
    for other in (mina, eve):
        await other.get(f"/c/garden/{part}", 404)
    for name in ("garden", "nobody", "mina"):
        visitor = await city.visitor()
        await visitor.get(f"/c/{name}/{part}")
        assert visitor.url.startswith("/sign-in")
    for name in ("nobody", "mina", "garden@far.test"):
        await sol.get(f"/c/{name}/{part}", 404)
    if part != "removed":
        await mina.post(f"/c/garden/{part}", 404, handle="@mina", reason="x", days="0", title="x")


async def test_everybody_reads_the_log_but_not_what_was_removed(any_city):
    city = any_city
    mina, sol, _, garden = await people(city)
    post = await thread(city, mina, garden, "Rude words")
    kept = await thread(city, mina, garden, "Kind words")
    await does(city, stewardship.lock, sol, kept.id, locked=True, reason="Settled")
    await removes(city, sol, post, "Insults somebody")
    page = await (await city.visitor()).get("/c/garden/log")
    for told in ("Kind words", "Settled", "Insults somebody", "locked", "removed", "Sol"):
        assert told in page.main.words
    assert "Rude words" not in page.main.words and "/c/garden/settings" not in page.text
    assert "/c/garden/settings" in (await sol.get("/c/garden/log")).text
    await (await city.visitor()).get("/c/nobody/log", 404)


async def test_who_keeps_order_sees_what_was_removed_at_its_own_address(city):
    mina, sol, eve, garden = await people(city)
    post = await thread(city, mina, garden)
    await removes(city, sol, post)
    at, restore = f"/@mina/{post.id}", f"/posts/{post.id}/moderate/restore"
    page = await sol.get(at)
    for words in ("This was removed", "Insults", "Sol", "Beans"):
        assert words in page.main.words, words
    assert page.form(restore)
    for other in (eve, await city.visitor()):
        assert "Beans" not in (await other.get(at, 404)).text
    assert await sol.post(restore, back=at) == at
    assert "This was removed" not in (await sol.get(at)).text
    await eve.get(at)
