"""Addresses of pages: documents for peers, old names, what does not exist or is gone."""

import pytest

from server.clock import now_ms
from server.services import (
    departures,
    reactions,
)

DOCUMENT = "application/activity+json"


async def test_peers_get_documents_where_people_get_pages(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    for path in ("/@mina", f"/@mina/{post.id}"):
        async with mina.client.get(path, headers={"Accept": DOCUMENT}) as answer:
            assert answer.content_type == DOCUMENT
        page = await mina.get(path)
        assert f'type="{DOCUMENT}"' in page.text


async def test_an_address_with_the_wrong_name_leads_to_the_right_one(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    await mina.get(f"/@somebody/{post.id}")
    assert mina.url == f"/@mina/{post.id}"


async def test_the_address_of_a_boost_leads_to_the_post(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina)
    id = await city.db.write(reactions.boost, city.site, joon.account, post.id, now_ms())
    await mina.get(f"/@joon/{id}")
    assert mina.url == f"/@mina/{post.id}"


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/@nobody",
        "/@mina/1",
        "/@mina/x",
        "/edit/1",
        "/posts/x/delete",
        "/write?reply_to=1",
    ],
)
async def test_what_does_not_exist_is_a_page_that_helps(city, path):
    mina = await city.join("mina")
    page = await mina.get(path, 404)
    assert 'href="/search"' in page.text


async def test_somebody_who_left_is_gone(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    await city.db.write(departures.delete, city.site, mina.account, now_ms())
    assert "deleted" in (await visitor.get("/@mina", 410)).text


async def test_a_hashtag_in_an_address_is_shown_as_text(city):
    visitor = await city.visitor()
    page = await visitor.get("/tags/%3Cb%3Ebold%3C%2Fb%3E%25")
    assert "<h1>#&lt;b&gt;bold&lt;/b&gt;%</h1>" in page.text
    assert "<b>" not in page.text
