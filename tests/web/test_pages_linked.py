"""What people see of 엮인글, and where they tell us of a page themselves."""

import re

from server.clock import now_ms
from server.ids import new_id
from server.services import notifications
from server.store import backlinks
from server.store.backlinks import Backlink


def a_link(story, n=1, **more):
    now = now_ms()
    return Backlink(
        **{
            "id": new_id(now),
            "post_id": story.id,
            "source": f"https://blog.test/{n}",
            "host": "blog.test",
            "kind": "webmention",
            "title": f"Walk {n} <script>",
            "excerpt": "& so on",
            "author": "Kim",
            "verified_ms": now,
        }
        | more
    )


async def test_a_story_shows_who_links_to_it_and_its_author_hides_one(city):
    ann, visitor = await city.join("ann"), await city.visitor()
    story = await city.writes(ann, "Words", title="The market")
    own = f"/@ann/{story.id}"
    assert "Have you written about this?" in (await visitor.get(own)).text
    for n in range(25):
        await city.db.write(backlinks.put, a_link(story, n))
    page = (await visitor.get(own)).text
    assert "25 pages elsewhere" in page and "Walk 24 &lt;script&gt;" in page
    assert "Walk 3 " not in page, "there are more on a page of their own"
    all_of_them = await visitor.get(f"{own}/linked")
    assert "Walk 5 " in all_of_them.text and "Walk 4 " not in all_of_them.text
    older = re.search(rf'href="({own}/linked\?max_id=[0-9]+)"', all_of_them.text)
    assert older and "Walk 4 " in (await visitor.get(older[1])).text
    assert "Hide this link" not in all_of_them.text
    link = await city.db.read(backlinks.by_source, story.id, "https://blog.test/24")
    assert "Hide this link" in (await ann.get(f"{own}/linked")).text
    act = f"/posts/{story.id}/links/{link.id}"
    bob = await city.join("bob")
    await bob.post(f"{act}/hide", 403)
    await bob.post(f"{act}/burn", 404)
    assert await ann.post(f"{act}/hide", 303) == f"{own}/linked"
    assert "Walk 24 " not in (await visitor.get(f"{own}/linked")).text
    assert "24 pages elsewhere" in (await visitor.get(own)).text
    assert "Show this link again" in (await ann.get(f"{own}/linked")).text
    assert f'href="{act}/remove"' in (await ann.get(f"{own}/linked")).text
    asked = await ann.get(f"{act}/remove")
    assert asked.form(f"{act}/remove") and "Remove this link for good?" in asked.text
    assert "Walk 24 &lt;script&gt;" in asked.text
    await bob.get(f"{act}/remove", 403)
    assert "Show this link again" in (await ann.get(f"{own}/linked")).text, "only asked"
    moderator = await city.join("mod", role="moderator")
    await moderator.post(f"{act}/show", 303)
    assert "Walk 24 " in (await visitor.get(f"{own}/linked")).text


async def test_who_has_no_such_site_gives_us_the_address(city):
    ann, visitor = await city.join("ann"), await city.visitor("ko")
    story = await city.writes(ann, "글", title="장날")
    own = f"/@ann/{story.id}/linked"
    page = await visitor.get(own)
    assert f"{own.removesuffix('/linked')}/trackback" in page.text
    csrf = next(f.fields["csrf"] for f in page.forms if "source" in f.fields)
    at = await visitor.post(own, 303, data={"csrf": csrf, "source": "https://blog.test/walk"})
    assert at == f"{own}?sent=1"
    assert 'role="status"' in (await visitor.get(at)).text
    (ping,) = await city.db.read(lambda db: db.all("SELECT * FROM ping"))
    assert (ping["post_id"], ping["source"]) == (story.id, "https://blog.test/walk")
    for wrong in ("", "not an address", "http://10.0.0.1/", f"{city.site.origin}/about"):
        await visitor.post(own, 400, data={"csrf": csrf, "source": wrong})
    await visitor.post(own, 403, data={"source": "https://blog.test/walk"})


async def test_what_is_no_public_story_tells_nothing_of_links(city):
    ann, visitor = await city.join("ann"), await city.visitor()
    note = await city.writes(ann, "A note")
    private = await city.writes(ann, "x", title="For followers", visibility="followers")
    for post, person in ((note, visitor), (private, visitor), (note, ann), (private, ann)):
        await person.get(f"/@ann/{post.id}/linked", 404)
    for post in (note, private):
        page = (await ann.get(f"/@ann/{post.id}")).text
        assert "webmention" not in page and "trackback" not in page
    await visitor.get("/@ann/123/linked", 404)


async def test_an_author_takes_no_more_links_and_takes_them_again(city):
    ann, bob, visitor = await city.join("ann"), await city.join("bob"), await city.visitor("en")
    story = await city.writes(ann, "Words", title="The market")
    own = f"/@ann/{story.id}"
    target = f"{city.site.origin}{own}"
    await city.db.write(backlinks.put, a_link(story))
    act = f"/posts/{story.id}/links"
    await bob.post(f"{act}/close", 403)
    await ann.post(f"{act}/burn", 404)
    assert (await visitor.post(f"{act}/close")).startswith("/sign-in")
    assert "Take no more links" in (await ann.get(f"{own}/linked")).text
    assert "Take no more links" not in (await bob.get(f"{own}/linked")).text
    assert await ann.post(f"{act}/close", 303) == f"{own}/linked"
    for path in (own, f"{own}/linked"):
        page = await visitor.get(path)
        assert "webmention" not in page.text and "trackback" not in page.text
        assert "Walk 1 " in page.text, "what was there stays"
    async with visitor.client.get(own) as answer:
        assert "Link" not in answer.headers
    told = "No more links to this story are taken."
    form = {"source": "https://blog.test/new", "target": target}
    async with visitor.client.post("/webmention", data=form) as answer:
        assert (answer.status, told in await answer.text()) == (400, True)
    async with visitor.client.post(f"{own}/trackback", data={"url": form["source"]}) as answer:
        assert (answer.status, told in await answer.text()) == (400, True)
    assert await city.db.read(lambda db: db.all("SELECT * FROM ping")) == []
    link = await city.db.read(backlinks.by_source, story.id, "https://blog.test/1")
    await bob.post(f"{act}/{link.id}/remove", 403)
    await ann.post(f"{act}/{link.id}/remove", 303)
    assert "Walk 1 " not in (await ann.get(f"{own}/linked")).text
    await ann.post(f"{act}/{link.id}/remove", 404)
    assert "linked-heading" not in (await visitor.get(own)).text, "there is nothing to see"
    assert f'href="{own}/linked"' in (await ann.get(own)).text, "the way to open it again"
    await ann.post(f"{act}/open", 303)
    async with visitor.client.post("/webmention", data=form) as answer:
        assert answer.status == 202
    assert "webmention" in (await visitor.get(own)).text


async def test_a_page_at_http_is_asked_for_over_https_and_whoever_sends_it_is_told(city):
    ann, visitor = await city.join("ann"), await city.visitor("en")
    story = await city.writes(ann, "Words", title="The market")
    target = f"{city.site.origin}/@ann/{story.id}"
    for n, source in enumerate(
        ("http://blog.test/1", "HTTP://blog.test:80/2", "http://Blog.test?3")
    ):
        form = {"source": source, "target": target}
        async with visitor.client.post("/webmention", data=form) as answer:
            assert answer.status == 202
            assert "over https alone" in await answer.text()
        assert len(await city.db.read(lambda db: db.all("SELECT * FROM ping"))) == n + 1
    for source in ("http://blog.test:8080/", "https://blog.test:8443/x", "http://blog.test:8443"):
        form = {"source": source, "target": target}
        async with visitor.client.post("/webmention", data=form) as answer:
            assert answer.status == 400
            assert "Pages are read over https alone" in await answer.text()
    for source in (
        "http://10.0.0.1:80/",
        "http://10.0.0.1:81/",
        "https://a@b:80/",
        "http://x:0/",
        "http://localhost:80/",
        "http://blog.test:99999/ x",
        "ftp://blog.test:80/",
    ):
        form = {"source": source, "target": target}
        async with visitor.client.post("/webmention", data=form) as answer:
            assert answer.status == 400, source
    found = await city.db.read(lambda db: db.all("SELECT source FROM ping ORDER BY source"))
    assert all(row["source"].startswith("https://") for row in found) and len(found) == 3
    page = await visitor.get(f"/@ann/{story.id}/linked")
    csrf = next(f.fields["csrf"] for f in page.forms if "source" in f.fields)
    data = {"csrf": csrf, "source": "http://other.test/walk"}
    at = await visitor.post(f"/@ann/{story.id}/linked", 303, data=data)
    assert "asked for over https" in (await visitor.get(at)).text


async def test_the_author_reads_that_pages_link_to_the_story(city):
    ann = await city.join("ann")
    story = await city.writes(ann, "Words", title="The market")
    await city.db.write(notifications.notify_linked, story, now_ms())
    page = await ann.get("/notifications")
    assert "Pages elsewhere link to your story." in page.text
    assert page.main.link("Pages elsewhere link to your story.") == f"/@ann/{story.id}/linked"
