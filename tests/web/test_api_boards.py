"""Boards and their threads, as apps of Mastodon meet them."""

import pytest

from server.services import reading, stewardship
from tests.web.an_app import app_of, ids
from tests.web.boards import answers, board, does, removes, thread
from tests.web.city import City


async def community(city: City, status):
    """Where a status stands, its title and its text."""
    view = await city.db.read(reading.view, None, int(status["id"]))
    place = view.community.name if view.community else ""
    return place, view.post.title, view.post.source


async def test_a_board_is_an_account_and_its_thread_a_status_that_can_be_read(any_city):
    city = any_city
    garden, mina = await board(city), await city.join("mina")
    app = await app_of(city, "joon")
    post = await thread(city, mina, garden, "Beans", link="https://news.test/1")
    account = await app.get("/v1/accounts/lookup?acct=garden")
    assert (account["group"], account["display_name"]) == (True, "Garden")
    status = await app.get(f"/v1/statuses/{post.id}")
    assert status["content"].startswith("<p><strong>Beans</strong></p>")
    assert "Who has some?" in status["content"] and post.url in status["content"]
    (boost,) = await app.get(f"/v1/accounts/{garden.id}/statuses")
    assert boost["reblog"]["id"] == str(post.id)
    liked = await app.post(f"/v1/statuses/{post.id}/favourite")
    assert (liked["favourited"], liked["favourites_count"]) == (True, 1)


@pytest.mark.parametrize(
    ("said", "title", "text"),
    [
        ("Who has beans? @garden\n\nI need ten.", "Who has beans?", "I need ten."),
        ("@garden@localhost:8080 Who has beans?\nI need ten.", "Who has beans?", "I need ten."),
        ("@Garden\n\n# Who has beans?\nI need ten.", "Who has beans?", "I need ten."),
        ("Who has beans? @garden", "Who has beans?", "Who has beans? @garden"),
        ("Who has beans?\n@garden", "Who has beans?", "Who has beans?\n@garden"),
    ],
)
async def test_a_post_that_names_a_board_begins_a_thread_there(city, said, title, text):
    await board(city)
    app = await app_of(city, "mina")
    status = await app.says(said)
    assert await community(city, status) == ("garden", title, text)
    assert (await app.get(f"/v1/statuses/{status['id']}/source"))["title"] == title


async def test_a_first_line_longer_than_a_title_stays_in_the_text(city):
    await board(city)
    app = await app_of(city, "mina")
    said = f"@garden {'beans ' * 60}\nAnd peas"
    place, title, text = await community(city, await app.says(said))
    assert (place, text) == ("garden", said)
    assert len(title) <= 200 and title.endswith("…")


async def test_an_app_edits_a_thread_without_knowing_its_title(city):
    await board(city)
    app = await app_of(city, "mina")
    status = await app.says("Beans @garden\nSome")
    await app.put(f"/v1/statuses/{status['id']}", json={"status": "Many"})
    assert await community(city, status) == ("garden", "Beans", "Many")


async def test_everything_else_stays_a_post(city):
    garden = await board(city)
    await board(city, "news", posting="writers")
    await board(city, "hood", kind="neighbourhood", title="골")
    mina, sol = await app_of(city, "mina"), await city.join("sol", role="moderator")
    other = await city.writes(sol, "A note")
    for more in (
        {"status": "To @news\nwords"},  # where she begins nothing
        {"status": "To @hood\nwords"},
        {"status": "To @sol and @nobody\nwords"},
        {"status": "To @gardener\nwords"},
        {"status": "Not @garden", "visibility": "unlisted"},
        {"status": "An answer @garden", "in_reply_to_id": str(other.id)},
        {"status": "@garden"},
        {"status": "About @garden\nwords", "title": "A story"},
        {"status": "`@garden` in code"},
    ):
        status = await mina.post("/v1/statuses", json=more)
        assert (await community(city, status))[0] == "", more
    await does(city, stewardship.ban, sol, garden.id, mina.account.id, reason="Spam")
    assert (await community(city, await mina.says("Beans @garden\nSome")))[0] == ""


async def test_what_was_removed_is_for_its_author_alone(any_city):
    city = any_city
    sol = await city.join("sol")
    garden = await board(city, "garden", sol)
    mina, joon = await app_of(city, "mina"), await app_of(city, "joon")
    status = await mina.says("Beans @garden\nSome")
    comment = await answers(
        city, sol, await city.db.read(reading.readable, None, int(status["id"]))
    )
    for id in (int(status["id"]), comment.id):
        await removes(city, sol, await city.db.read(reading.readable, None, id))
    mine = await mina.get(f"/v1/statuses/{status['id']}")
    assert mine["visibility"] == "direct"
    await mina.get(f"/v1/accounts/{mina.id}/statuses")
    for path in (f"/v1/statuses/{status['id']}", f"/v1/statuses/{comment.id}"):
        await joon.get(path, expect=404)
    assert status["id"] not in ids(await joon.get(f"/v1/accounts/{mina.id}/statuses"))
    assert await joon.get(f"/v1/accounts/{garden.id}/statuses") == []
