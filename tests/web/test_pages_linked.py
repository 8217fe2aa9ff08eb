"""What people see of 엮인글, and where they tell us of a page themselves."""

import re

from server.clock import now_ms
from server.ids import new_id
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
