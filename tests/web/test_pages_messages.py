"""Messages on pages: written to somebody, or not at all."""

import pytest

from server.clock import HOUR_MS
from server.services import conversations
from server.store.paging import Page
from tests.web.html import HtmlPage
from tests.web.test_pages_polls import field

NEW = "/write?kind=note&visibility=direct"


async def talks(city, person):
    return await city.db.read(conversations.page, person.account.id, Page())


async def test_the_page_for_a_message_is_called_so_and_asks_for_whom_it_is(city):
    mina = await city.join("mina")
    page = await mina.get(NEW)
    assert page.main.one("h1").words == "Write a message"
    assert "Name with @ who is to read this" in page.main.one(id="content-hint").words
    note = await mina.get("/write?kind=note")
    assert note.main.one("h1").words == "Write a short note"


@pytest.mark.parametrize("words", ["For you alone", "@nobody come", "@mina note to self"])
async def test_a_message_that_would_reach_nobody_comes_back_and_says_whom_to_name(city, words):
    mina = await city.join("mina")
    typed = {"kind": "note", "visibility": "direct", "content": words}
    for more in ({}, {"later": field(HOUR_MS)}):
        told = HtmlPage(await mina.post("/write", 422, **typed, **more))
        assert told.main.one(id="content-error").words.startswith("Please name with @")
        assert words in told.main.one("textarea", id="content").words
    assert await talks(city, mina) == []
    assert words not in (await mina.get("/@mina")).text


async def test_a_message_reaches_whom_it_names_and_whom_it_answers(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    typed = {"kind": "note", "visibility": "direct"}
    for words in ("@joon here", f"@joon@{city.site.domain} there"):
        assert (await mina.post("/write", **typed, content=words)).startswith("/@mina/")
    assert len(await talks(city, joon)) == 2
    first = await city.writes(joon, "@mina Hello", visibility="direct")
    await mina.post("/write", **typed, content="No name, but it answers", reply_to=str(first.id))
    assert "No name" in (await joon.get(f"/@joon/{first.id}")).text
    listed = (await joon.get("/messages")).main.words
    assert "here" in listed and "@joon here" not in listed
    # what answers only oneself would reach nobody
    await joon.post("/write", 422, **typed, content="More", reply_to=str(first.id))
