"""엮인글: sites of the open web and a city tell each other of their links, over real HTTP."""

from urllib.parse import quote, quote_from_bytes
from xml.etree.ElementTree import fromstring

import pytest
from aiohttp import web

from server.services import backlinks, linking, pings, posts
from server.services.new_posts import NewPost
from server.store.paging import Page
from server.text import endpoints
from tests.together.old_blog import RDF, Sites
from tests.village import eventually
from web.keys import BUCKETS, WORKER

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])  # both: tests/server/test_pings.py

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def sites(village):
    sites = Sites(village)
    await sites.start()
    sites.named("blog.test")
    yield sites
    await sites.close()


@pytest.fixture
async def city(village):
    city = await village("alpha.test")
    await city.join("ann")
    return city


async def lines(city, story):
    _, links = await city.db.read(backlinks.of_story, None, story.id, Page(limit=80))
    return [line.link for line in links.lines]


async def mention(city, source, target, status=202):
    form = {"source": source, "target": target}
    async with city.client.post("/webmention", data=form) as answer:
        assert answer.status == status, await answer.text()
        return answer


def links_to(url, title="A walk"):
    return f'<title>{title}</title><p>Read <a rel="nofollow" href="{url}">this</a> today.'


async def test_a_page_that_mentions_a_story_is_shown_changes_and_goes(village, city, sites):
    story = await city.write("ann", "Words", title="The market")
    async with city.client.get(f"/@ann/{story.id}") as answer:
        assert answer.headers["Link"] == '<http://alpha.test/webmention>; rel="webmention"'
        page = await answer.text()
    assert '<link rel="webmention" href="http://alpha.test/webmention">' in page
    here = "http://blog.test/walk"
    sites.pages[here] = links_to(story.url)
    await mention(city, here, story.url)
    await village.settle()
    (link,) = await lines(city, story)
    assert (link.source, link.title, link.excerpt) == (here, "A walk", "Read this today.")
    async with city.client.get(f"/@ann/{story.id}") as answer:
        page = await answer.text()
    assert f'<a href="{here}" rel="nofollow ugc noopener noreferrer">A walk</a>' in page

    async def again(found):
        city.clock.ahead_ms += pings.AGAIN_MS
        await mention(city, here, story.url)
        await village.settle()
        assert [link.title for link in await lines(city, story)] == found

    sites.pages[here] = links_to(story.url, "A longer walk")
    await again(["A longer walk"])
    sites.pages[here] = lambda: web.Response(status=500)
    await again(["A longer walk"])
    sites.pages[here] = lambda: web.Response(status=410)
    city.clock.ahead_ms += pings.LATER_MS[0]
    await city.app[WORKER].keep_time_once()
    await village.settle()
    assert await lines(city, story) == []


async def test_an_old_blog_sends_a_trackback_and_is_shown_once_it_is_true(village, city, sites):
    story = await city.write("ann", "Words", title="The market -- and --> more")
    async with city.client.get(f"/@ann/{story.id}") as answer:
        page = await answer.text()
    ping = endpoints.trackback(page, story.url)
    assert ping == f"{story.url}/trackback"
    here = "http://blog.test/tb/봄"
    body = f'<title>철산동의 봄</title><p>꽃이 피었습니다, 어제부터요. <a href="{story.url}">글</a>'
    sites.pages[f"http://blog.test/tb/{quote('봄')}"] = body.encode("cp949")

    def form(source):
        fields = {
            "title": "남의 제목",
            "excerpt": "꽃이 피었습니다, 어제부터요.",
            "blog_name": "블로그",
            "url": source,
        }
        encoded = {name: quote_from_bytes(text.encode("cp949")) for name, text in fields.items()}
        return "&".join(f"{name}={text}" for name, text in encoded.items()).encode()

    async def send(source, charset, failed, status=200, of=story):
        content_type = f"{FORM['Content-Type']}{charset}"
        path = f"/@ann/{of.id}/trackback"
        headers = {"Content-Type": content_type}
        async with city.client.post(path, data=form(source), headers=headers) as answer:
            assert answer.status == status
            assert answer.content_type == "text/xml"
            said = fromstring(await answer.text())  # noqa: S314  ours
        assert said.tag == "response"
        assert said.findtext("error") == ("1" if failed else "0")
        assert bool(said.findtext("message")) == failed

    await send("http://blog.test/not/there", "", failed=False)
    await send("http://blog.test/forged", "; charset=x-unknown", failed=False)
    await village.settle()
    assert await lines(city, story) == []
    await send(here, "; charset=EUC-KR", failed=False)
    await village.settle()
    (link,) = await lines(city, story)
    assert (link.kind, link.title) == ("trackback", "철산동의 봄")
    assert link.excerpt == "꽃이 피었습니다, 어제부터요"
    private = await city.write("ann", "x", title="For followers", visibility="followers")
    await send(here, "", failed=True, status=400, of=private)
    await send("http://alpha.test/about", "", failed=True, status=400)
    await send("", "", failed=True, status=400)
    path = f"/@ann/{story.id}/trackback"
    async with city.client.get(path, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/@ann/{story.id}")
    async with city.client.post(path, json={}) as answer:
        assert "<error>1</error>" in await answer.text()


async def test_a_story_tells_the_pages_to_which_it_links_each_in_its_way(village, city, sites):
    new, old = "http://new.test/page", "http://blog.test/entry/7"
    sites.named("new.test")
    sites.pages |= {
        new: lambda: web.Response(
            text="<p>x", content_type="text/html", headers={"Link": "</hook>; rel=webmention"}
        ),
        old: RDF.format(page=old, ping="http://blog.test/trackback/7"),
        "http://blog.test/none": "<p>takes nothing",
    }
    text = f"[a]({new}) [b]({old}) [c](http://blog.test/none) [d](http://blog.test/404)"
    story = await city.write("ann", text, title="장날 & more")
    await village.settle()
    ((hook, mentioned), (at, sent)) = sorted(sites.forms, reverse=True)
    assert (hook, mentioned) == (
        "http://new.test/hook",
        {"source": story.url, "target": new},
    )
    assert at == "http://blog.test/trackback/7"
    assert (sent["url"], sent["title"], sent["charset"]) == (story.url, "장날 & more", "utf-8")
    assert sent["blog_name"] == "ann · Alpha.Test"
    sites.forms.clear()
    city.clock.ahead_ms += linking.AGAIN_MS
    await city.edit("ann", story, f"now [b]({old}) alone", title="장날")
    await village.settle()
    assert sites.forms == [(hook, mentioned)], "it finds the link gone"
    sites.forms.clear()
    city.clock.ahead_ms += linking.AGAIN_MS
    await city.do(posts.delete, await city.me("ann"), story.id)
    await village.settle()
    assert sites.forms == [], "a trackback is sent once"


async def test_a_site_that_fails_is_told_later(village, city, sites):
    old = "http://blog.test/entry/7"
    sites.pages[old] = RDF.format(page=old, ping="/trackback/7")
    sites.status = 503
    await city.write("ann", f"[b]({old})", title="x")
    await village.settle()
    assert len(sites.forms) == 1
    sites.status = 200
    city.clock.ahead_ms += linking.LATER_MS[0]
    await city.app[WORKER].keep_time_once()
    await village.settle()
    assert len(sites.forms) == 2
    assert [row["told"] for row in await city.rows("SELECT told FROM link_told")] == ["trackback"]


async def test_two_cities_mention_each_other_and_count_each_once(village, city):
    beta = await village("beta.test")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    story = await city.write("ann", "Words", title="The market")
    await village.settle()
    linked = await beta.write("bob", f"See [this]({story.url}).", title="An answer in a blog")
    await village.settle()
    (link,) = await lines(city, story)
    assert (link.source, link.title) == (linked.url, "An answer in a blog")
    known = await eventually(lambda: beta.post_at(story.uri))
    new = NewPost(content=f"Look at [it]({story.url})", title="A quote", quoted_id=known.id)
    quoting = await beta.do(posts.write, await beta.me("bob"), new)
    await village.settle()

    async def both():
        _, links = await city.db.read(backlinks.of_story, None, story.id, Page(limit=80))
        shown = [line.link.source if line.link else line.quote.post.url for line in links.lines]
        return links.total == 2 and shown == [quoting.url, linked.url]

    await eventually(both)
    assert await city.count("backlink") == 2, "the quote was mentioned too, and is not shown twice"


async def test_hundreds_of_forged_pings_change_nothing_for_an_honest_one(village, city, sites):
    """Pages without the link, in circles, away to private addresses, to ourselves, and worse."""
    story = await city.write("ann", "Words", title="The market")
    away = {
        "circle": "http://evil0.test/circle",
        "private": "http://10.0.0.1/",
        "metadata": "http://169.254.169.254/latest/",
        "home": story.url,
        "own": f"http://alpha.test/@ann/{story.id}",
    }

    def leading(to):
        return lambda: web.Response(status=302, headers={"Location": to})

    forged = {
        "text": f"<p>{story.url}",
        "comment": f"<!-- {links_to(story.url)} -->",
        "script": f"<script>{links_to(story.url)}</script>",
        "hidden": f'<div hidden><a href="{story.url}">x</a></div>',
        "near": links_to(f"{story.url}0"),
        "json": lambda: web.json_response({"href": story.url}),
        "plain": lambda: web.Response(text=links_to(story.url)),
        "error": lambda: web.Response(
            text=links_to(story.url), status=403, content_type="text/html"
        ),
        **{name: leading(to) for name, to in away.items()},
    }
    hosts = [f"evil{n}.test" for n in range(20)]
    sites.named(*hosts)
    sites.pages |= {f"http://{h}/{name}": page for h in hosts for name, page in forged.items()}
    sources = [f"http://{h}/{name}" for name in forged for h in hosts]
    city.clock.stop()
    statuses = []
    for source in sources:
        form = {"source": source, "target": story.url}
        async with city.client.post("/webmention", data=form) as answer:
            statuses.append(answer.status)
            if answer.status == 429:
                assert int(answer.headers["Retry-After"]) > 0
    assert set(statuses) == {202, 429}, "of one address there may come so many"
    city.clock.go_on()
    wrong = [
        ("", story.url),
        ("javascript:alert(1)", story.url),
        ("ftp://blog.test/", story.url),
        (story.url, story.url),
        ("http://alpha.test/about", story.url),
        ("http://user:pass@blog.test/", story.url),
        ("http://10.0.0.1/", story.url),
        ("http://[::1]/", story.url),
        ("http://blog.test/x", "http://alpha.test/about"),
        ("http://blog.test/x", "http://other.test/@ann/1"),
        ("http://blog.test/" + "x" * 3_000, story.url),
    ]
    city.app[BUCKETS]._tokens.clear()
    for source, target in wrong:
        await mention(city, source, target, 400)
    async with city.client.post("/webmention", data=b"\xff=%00&&&=", headers=FORM) as answer:
        assert answer.status == 400
    async with city.client.post("/webmention", json={"source": "x"}) as answer:
        assert answer.status == 400
    async with city.client.post("/webmention", data=b"a" * 70_000, headers=FORM) as answer:
        assert answer.status == 413
    await village.settle()
    assert await city.count("backlink") == 0
    assert await city.rows("SELECT 1 FROM job WHERE state = 'parked'") == []
    assert not any("10.0.0.1" in url for url in sites.asked)
    sites.pages["http://blog.test/honest"] = links_to(story.url)
    await mention(city, "http://blog.test/honest", story.url)
    await village.settle()
    assert [link.source for link in await lines(city, story)] == ["http://blog.test/honest"]


async def test_a_server_with_which_we_do_not_speak_is_not_told_so(village, sites):
    walled = await village("walled.test", mode="allowlist")
    await walled.join("ann")
    story = await walled.write("ann", "[x](http://blog.test/entry)", title="The market")
    sites.pages["http://blog.test/walk"] = links_to(story.url)
    await mention(walled, "http://blog.test/walk", story.url)
    await village.settle()
    assert sites.asked == []
    assert await walled.count("ping") == 0
