"""Books and exports of a team blog, as editors, authors, strangers and readers meet them."""

import io
import json
import zipfile

from server.clock import now_ms
from server.services import books, communities, exports
from server.services import media as loose
from server.services.communities import NewCommunity
from server.store import books as book_rows
from server.store import exports as export_rows
from server.store import jobs
from server.store import media as media_rows
from server.store.blog import Filed
from server.worker.making import Making
from tests.server.test_binding import check_book
from tests.web.city import NO_KEYS, a_picture
from tests.web.test_pages_blog import found
from web import book_dress
from web.keys import DB, PICTURES, SITE


async def work(city):
    """Make what was ordered, as the worker does."""
    site = city.app[SITE]

    def dress(book, home):
        return book_dress.dress(site, book, home)

    making = Making(city.app[DB], city.app[PICTURES], site, dress, now_ms)
    for job in await city.db.write(jobs.claim, now_ms() + 10, 20):
        if job.kind in (books.JOB, exports.JOB):
            await (making.book if job.kind == books.JOB else making.export)(job)


async def taken(person, path, status=200):
    """What a browser would save."""
    async with person.client.get(path, headers=person.headers, allow_redirects=False) as answer:
        assert answer.status == status
        return answer.headers, await answer.read()


async def two_stories(city, ann, bob):
    """Ann's blog with a story by her with a picture, and one by bob."""
    id, small, _ = await found(city, ann)
    own = await city.writes(
        ann, "내 글", title="헌책방", community_id=id, filed=Filed(category_id=small)
    )
    other = await city.writes(
        bob, "# 배추\n\n<b>", title="김장 <b>", community_id=id, filed=Filed(category_id=small)
    )
    return id, small, own, other


async def test_an_editor_makes_a_book_with_the_consent_of_its_authors(any_city):
    city = any_city
    ann, bob, cho = [await city.join(n, role="writer") for n in ("ann", "bob", "cho")]
    _, small, own, other = await two_stories(city, ann, bob)
    shelf = "/c/project/books"
    assert "There is no book yet" in (await cho.get(shelf)).text
    await cho.post(shelf, 403, title="x", language="ko")
    assert "between 1 and" in await ann.post(shelf, 422, title=" ", language="ko")
    path = await ann.post(shelf, title="골목 <책>", language="ko", foreword="*첫* 말")
    await ann.post(f"{path}/add", category=str(small))
    assert "No other story" in await ann.post(f"{path}/add", 404, category=str(small))
    assert "Not asked yet" in (await ann.get(path)).text
    await ann.post(f"{path}/ask")
    assert "Waits for an answer" in (await ann.get(path)).text

    assert "My stories in books" in (await bob.get("/desk")).text
    asked = await bob.get("/desk/books")
    assert "골목 &lt;책&gt;" in asked.text and "Not answered yet" in asked.text
    answer = f"/desk/books/{path.rpartition('/')[2]}/answer"
    await cho.post(answer, 404, yes=str(other.id))
    await bob.post(answer, 404, yes=str(own.id))
    await bob.post(answer, 404)
    assert await bob.post(answer, always=str(other.id)) == "/desk/books"
    assert "You agreed" in (await bob.get("/desk/books")).text
    assert "May stand in every book of the team" in (await bob.get("/desk/books")).text
    assert (
        "has said whether their story may stand in a book" in (await ann.get("/notifications")).text
    )


async def test_a_book_is_bound_then_published_for_everybody(any_city):
    city = any_city
    ann, bob, cho = [await city.join(n, role="writer") for n in ("ann", "bob", "cho")]
    _, small, own, other = await two_stories(city, ann, bob)
    shelf = "/c/project/books"
    path = await ann.post(shelf, title="골목 <책>", language="ko", foreword="*첫* 말")
    await ann.post(f"{path}/add", category=str(small))
    await ann.post(f"{path}/ask")
    answer = f"/desk/books/{path.rpartition('/')[2]}/answer"
    await bob.post(answer, yes=str(other.id))
    await ann.post(f"{path}/move", down=str(own.id))
    await ann.post(f"{path}/make")
    assert "Being made: 0 of 2 stories" in (await ann.get(path)).text
    assert "being made" in await ann.post(f"{path}/make", 409)
    await taken(ann, f"{path}.epub", 404)
    await work(city)
    assert "The book is there" in (await ann.get(path)).text
    assert "is made already" in await bob.post(answer, 409, yes=str(other.id))
    visitor = await city.visitor()
    for who in (cho, visitor):
        await taken(who, f"{path}.epub", 404)
        await taken(who, f"{path}.png", 404)
    headers, data = await taken(ann, f"{path}.epub")
    assert headers["Content-Type"] == "application/epub+zip"
    assert headers["Content-Disposition"].startswith("attachment; ")
    pages = check_book(data)
    chapters = [pages[f"book/chapter-00{n}.xhtml"] for n in (1, 2)]
    heads = [next(one.iter("{http://www.w3.org/1999/xhtml}h1")) for one in chapters]
    titles = ["".join(head.itertext()) for head in heads]
    assert titles == ["김장 <b>", "헌책방"]
    assert "골목" not in (await visitor.get(shelf)).text
    await ann.post(f"{path}/publish")
    page = await visitor.get(shelf)
    assert "골목" in page.text and f"{path}.epub" in page.text
    assert "Books" in (await visitor.get("/@project")).text
    assert (await taken(visitor, f"{path}.epub"))[1] == data
    assert (await taken(visitor, f"{path}.png"))[1].startswith(b"\x89PNG")
    await visitor.get(path)
    assert visitor.url.startswith("/sign-in")
    assert "Take my consent back" in (await bob.get("/desk/books")).text
    await bob.post(answer, no=str(other.id))
    await taken(visitor, f"{path}.epub", 404)
    assert "is bound anew without it" in (await ann.get(path)).text
    await work(city)
    assert "1 story" in (await ann.get(path)).text
    await taken(visitor, f"{path}.epub")
    await ann.post(f"{path}/reopen")
    await taken(visitor, f"{path}.epub", 404)
    await bob.post(answer, all="no")
    assert "Somebody said no" in (await ann.get(path)).text
    assert await ann.post(f"{path}/remove") == shelf


async def test_strangers_find_nothing_of_a_book(city):
    ann, bob = await city.join("ann"), await city.join("bob", role="writer")
    await two_stories(city, ann, bob)
    path = await ann.post("/c/project/books", title="Book", language="en")
    await bob.get(path, 404)
    for do in (
        "words",
        "add",
        "move",
        "tidy",
        "ask",
        "make",
        "publish",
        "hide",
        "reopen",
        "remove",
    ):
        await bob.post(f"{path}/{do}", 404, title="x", story="7")
    await ann.post(f"{path}/nothing", 404)
    await ann.post(f"{path}/move", 404)
    await ann.get(f"{path}9", 404)
    assert await city.db.read(book_rows.by_id, int(path.rpartition("/")[2]))


async def test_an_export_is_for_who_keeps_the_blog(any_city):
    city = any_city
    ann, bob = await city.join("ann"), await city.join("bob", role="writer")
    id, small, own, other = await two_stories(city, ann, bob)
    picture = await city.app[PICTURES].process(a_picture())
    media = await city.db.write(loose.add, ann.account.id, picture, "A lane", (0.0, 0.0), now_ms())
    await city.db.write(media_rows.attach, own.id, [media.id])
    await city.writes(bob, "HUSH", reply_to_id=own.id, visibility="secret")
    path = "/c/project/export"
    await bob.get(path, 403)
    await bob.post(path, 403)
    assert await ann.post(path) == path
    await ann.post(path, 429)
    assert "Being made: 0 of 2 stories" in (await ann.get(path)).text
    (one,) = await city.db.read(export_rows.of_community, id)
    await taken(ann, f"{path}/{one.id}.zip", 404)
    await work(city)
    assert f"{path}/{one.id}.zip" in (await ann.get(path)).text
    headers, data = await taken(ann, f"{path}/{one.id}.zip")
    assert headers["Content-Type"] == "application/zip"
    assert "no-store" in headers["Cache-Control"]
    zipped = zipfile.ZipFile(io.BytesIO(data))
    told = json.loads(zipped.read("blog.json"))
    assert [story["title"] for story in told["stories"]] == ["헌책방", "김장 <b>"]
    assert all(b"HUSH" not in zipped.read(name) for name in zipped.namelist())
    assert told["stories"][0]["media"][0]["file"] in zipped.namelist()
    visitor = await city.visitor()
    await taken(visitor, f"{path}/{one.id}.zip", 303)
    await taken(bob, f"{path}/{one.id}.zip", 404)
    await bob.post(f"{path}/{one.id}/remove", 404)
    name = (await city.db.read(export_rows.by_id, one.id)).file
    await taken(ann, f"/media/{name}", 404)
    await ann.post(f"{path}/{one.id}/remove")
    await taken(ann, f"{path}/{one.id}.zip", 404)


async def test_who_keeps_a_board_finds_its_export_in_its_settings(city):
    ann, bob = await city.join("ann"), await city.join("bob")
    new = NewCommunity(name="garden", kind="board", keys=NO_KEYS, moderator_ids=(ann.account.id,))
    await city.db.write(communities.create, city.site, new, now_ms())
    assert "/c/garden/export" in (await ann.get("/c/garden/settings")).text
    assert "Make an export" in (await ann.get("/c/garden/export")).text
    await bob.get("/c/garden/export", 403)
    await ann.get("/c/garden/books", 404)
    await ann.get("/c/nobody/export", 404)
