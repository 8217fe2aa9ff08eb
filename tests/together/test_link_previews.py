"""Pages that posts link to are read once, within the address guard, and shown below the posts."""

import asyncio

import pytest
from aiohttp import web

from server.clock import DAY_MS, MINUTE_MS
from server.services import previews
from server.store import previews as store
from tests.village import eventually

PAGE = """<html lang="ko"><title>The market moves</title>
<meta name="description" content="To the river."><meta property="og:image" content="/p.png">"""


async def a_page(text=PAGE, content_type="text/html", **more):
    return web.Response(text=text, content_type=content_type, **more)


@pytest.fixture
async def city(village):
    city = await village("alpha.test", link_previews=True)
    await city.join("ann")
    return city


@pytest.fixture
async def news(peer):
    news = await peer("news.test")
    news.files["/market"] = lambda request: a_page()
    return news


async def card(city, post):
    token = await city.token("ann")
    headers = {"Authorization": f"Bearer {token}"}
    async with city.client.get(f"/api/v1/statuses/{post.id}", headers=headers) as answer:
        assert answer.status == 200
        return (await answer.json())["card"]


async def state(city, url="http://news.test/market"):
    found = await city.db.read(store.by_url, url)
    return found and found.state


async def test_a_page_is_read_once_for_all_who_link_to_it(village, city, news):
    post = await city.write("ann", "Look: http://news.test/market#part")
    await village.settle()
    shown = await card(city, post)
    assert (shown["title"], shown["description"]) == ("The market moves", "To the river.")
    assert (shown["url"], shown["type"], shown["html"]) == ("http://news.test/market", "link", "")
    assert (shown["provider_name"], shown["language"]) == ("news.test", "ko")
    again = await city.write("ann", "Again: http://news.test/market")
    await village.settle()
    assert await card(city, again) == shown
    assert news.asked.count("/market") == 1
    assert await card(city, await city.write("ann", "Nothing")) is None
    changed = await city.edit("ann", again, "Without")
    assert await card(city, changed) is None


async def test_a_post_looks_different_when_its_page_was_read(village, city, news):
    post = await city.write("ann", "Look: http://news.test/market")
    token = await city.token("ann")
    headers = {"Authorization": f"Bearer {token}"}

    async def first():
        async with city.client.get("/api/v1/timelines/home", headers=headers) as answer:
            return (await answer.json())[0]["card"]

    await first()
    await eventually(first)
    async with city.client.get(f"/@ann/{post.id}") as answer:
        page = await answer.text()
    assert "The market moves" in page
    assert "/media/remote/picture/" in page
    assert 'src="http' not in page


@pytest.mark.parametrize("visibility", ["followers", "direct"])
async def test_what_is_not_for_everybody_tells_no_page_of_itself(village, city, news, visibility):
    await city.write("ann", "Look: http://news.test/market", visibility=visibility)
    await village.settle()
    assert news.asked == []
    assert await state(city) is None


async def test_nobody_is_asked_who_is_not_to_be(village, peer, news):
    off = await village("off.test", link_previews=False)
    closed = await village("closed.test", link_previews=True, mode="off")
    walled = await village("walled.test", link_previews=True, mode="allowlist")
    for city in (off, closed, walled):
        await city.join("ann")
        await city.write("ann", f"http://news.test/market and {city.origin}/about")
        await city.write("ann", f"{city.origin}/about")
    await village.settle()
    assert news.asked == []
    assert await state(walled) == "failed"
    assert await state(off) is None


async def test_a_preview_never_leads_to_a_private_address(village, city, news):
    """The guard of `federation.http` stands before every hop; tests allow loopback alone."""

    async def away(request):
        return web.Response(status=302, headers={"Location": "http://10.0.0.1/secret"})

    async def around(request):
        return web.Response(status=302, headers={"Location": f"{city.origin}/about"})

    news.files["/away"], news.files["/around"] = away, around
    urls = [
        "http://news.test/away",
        "http://news.test/around",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://localhost/",
        "http://user:secret@news.test/market",
        "http://news.test:22/",
    ]
    for url in urls:
        await city.write("ann", f"[x]({url})")
    await village.settle()
    rows = await city.rows("SELECT url, state FROM link_preview WHERE state <> 'failed'")
    assert rows == []
    assert "/market" not in news.asked


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "x", "content_type": "application/zip"},
        {"text": "x", "content_type": "image/png"},
        {"text": PAGE, "status": 404},
        {"text": PAGE, "status": 500},
        {"text": "<p>no title"},
    ],
)
async def test_what_cannot_be_read_is_remembered_and_asked_for_again_after_weeks(
    village, city, news, answer
):
    news.files["/market"] = lambda request: a_page(**answer)
    post = await city.write("ann", "http://news.test/market")
    await village.settle()
    assert await state(city) == "failed"
    assert await card(city, post) is None
    await city.write("ann", "http://news.test/market")
    await village.settle()
    assert news.asked.count("/market") == 1
    news.files["/market"] = lambda request: a_page()
    city.clock.ahead_ms = previews.FRESH_MS + DAY_MS
    await city.write("ann", "http://news.test/market")
    await village.settle()
    assert await state(city) == "ready"
    assert (await card(city, post))["title"] == "The market moves"


async def test_of_a_long_page_only_the_beginning_is_read(village, city, news):
    async def endless(request):
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        with pytest.raises(ConnectionError):  # noqa: PT012  whichever write notices
            await response.write(PAGE.encode())
            while True:
                await response.write(b"<p>more" * 10_000)
                await asyncio.sleep(0)
        return response

    news.files["/market"] = endless
    post = await city.write("ann", "http://news.test/market")
    await village.settle()
    assert (await card(city, post))["title"] == "The market moves"


async def test_strangers_posts_have_previews_a_little_later(village, city, peer, news):
    beta = await village("beta.test")
    await beta.join("bob")
    await city.follow("ann", "@bob@beta.test")
    await village.settle()
    said = await beta.write("bob", "Look: http://news.test/market")

    async def arrived():
        return await city.post_at(said.uri)

    post = await eventually(arrived)
    assert news.asked == []
    city.clock.ahead_ms = 2 * MINUTE_MS
    city.wake()
    await village.settle()
    assert (await card(city, post))["title"] == "The market moves"


async def test_one_host_is_asked_for_a_few_pages_at_a_time(village, city, news, monkeypatch):
    monkeypatch.setattr(previews, "MAX_WAITING", 1)
    held = asyncio.Event()

    async def slow(request):
        await held.wait()
        return await a_page()

    for n in range(3):
        news.files[f"/{n}"] = slow
        await city.write("ann", f"http://news.test/{n} http://news.test/more")
    held.set()
    await village.settle()
    assert news.asked == ["/0"], "one page for each post, and one at a time"


async def test_oembed_says_what_the_page_does_not(village, city, news):
    link = '<link rel="alternate" type="application/json+oembed" href="/oembed">'
    news.files["/film"] = lambda request: a_page(link)
    news.files["/oembed"] = lambda request: a_page(
        '{"title": "A film", "html": "<iframe>"}', "application/json"
    )
    post = await city.write("ann", "http://news.test/film")
    await village.settle()
    shown = await card(city, post)
    assert (shown["title"], shown["html"]) == ("A film", "")
