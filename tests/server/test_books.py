"""Books: editors choose, authors agree or not, and what enters is what they agreed to."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from server.clock import DAY_MS, now_ms
from server.errors import AppError, Conflict, Forbidden, Invalid, NotFound, StorageFull, TooMany
from server.files import Folder
from server.media import Pictures
from server.model import Account, Community, Job, Post
from server.services import (
    blog,
    blog_desk,
    book_consent,
    books,
    coauthors,
    departures,
    exports,
    posts,
)
from server.services.books import MAX_STORIES, PAUSE_MS, Wish, Words
from server.store import accounts, contents, jobs, makings, media
from server.store import books as store
from server.store import posts as post_store
from server.store.blog import Filed
from server.store.books import Book
from server.store.db import Database, Read, Write
from server.store.makings import Kind
from server.worker.bookbinding import Dress
from server.worker.housekeeping import look_over_books, sweep_files
from server.worker.jobs import Jobs
from server.worker.making import Making
from tests.server.test_binding import LABELS, check_book
from tests.server.test_exports import PICTURE, found, shown
from tests.server.world import NOW, SITE, join, number, say
from tests.server.world import who as known


def tell(tx: Write, author: Account, home: Community, title: str, **filed: Any) -> Post:
    return say(
        tx,
        author,
        f"Words of {title}",
        title=title,
        community_id=home.account.id,
        filed=Filed(**filed),
    )


def begun(tx: Write) -> tuple[Account, Account, Community, list[Post], Book]:
    """Ann edits a blog with a story of hers, one of bob's, and one that bob wrote with cho."""
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    home = found(tx, ann)
    stories = [tell(tx, ann, home, "One"), tell(tx, bob, home, "Two")]
    stories.append(tell(tx, bob, home, "Three", names=("cho",)))
    coauthors.confirm(tx, cho, stories[2].id, NOW)
    book = books.begin(tx, ann, home, Words(title="골목", foreword="*Hello*"), NOW)
    wish = Wish(post_ids=tuple(post.id for post in stories))
    books.add(tx, ann, home, book.id, wish, now_ms=NOW)
    return ann, bob, home, stories, book


def states(db: Read, book: Book) -> list[str]:
    return [one.state for one in books.chosen(db, book)]


def says(tx: Write, name: str, book: Book, post: Post | None, *, yes: bool = True) -> None:
    post_id = post.id if post else None
    book_consent.answer(tx, known(tx, name), book.id, post_id, yes=yes, now_ms=NOW + 1)


def test_a_story_enters_when_everybody_who_wrote_it_agreed(tx: Write) -> None:
    ann, bob, home, (_, two, three), book = begun(tx)
    assert states(tx, book) == ["unasked"] * 3
    with pytest.raises(Invalid):
        books.order(tx, ann, home, book.id, NOW)
    assert books.ask(tx, ann, home, book.id, NOW) == 2
    assert states(tx, book) == ["yes", "waiting", "waiting"]
    assert books.ask(tx, ann, home, book.id, NOW) == 0
    told = "SELECT count(*) FROM notification WHERE kind LIKE 'desk.%' AND from_id = :id"
    assert number(tx, told, id=ann.id) == 2
    assert book_consent.waiting(tx, bob.id) == 2
    says(tx, "bob", book, None)
    assert states(tx, book) == ["yes", "yes", "waiting"]
    says(tx, "cho", book, three)
    assert states(tx, book) == ["yes"] * 3
    says(tx, "cho", book, three, yes=False)
    says(tx, "bob", book, two, yes=False)
    assert states(tx, book) == ["yes", "no", "no"]
    assert [one.post_id for one in books.entering(tx, book)] == [books.chosen(tx, book)[0].post_id]


def test_nobody_speaks_for_another(tx: Write) -> None:
    ann, _, home, (one, two, _), book = begun(tx)
    books.ask(tx, ann, home, book.id, NOW)
    join(tx, "dan")
    for name, post in (("dan", two), ("cho", two), ("cho", one), ("ann", two)):
        with pytest.raises(NotFound):
            says(tx, name, book, post)
    with pytest.raises(NotFound):
        book_consent.allow(tx, known(tx, "cho"), two.id, on=True, now_ms=NOW)
    for do in (
        lambda who: books.begin(tx, who, home, Words(title="x"), NOW),
        lambda who: books.ask(tx, who, home, book.id, NOW),
        lambda who: books.order(tx, who, home, book.id, NOW),
        lambda who: books.remove(tx, who, home, book.id, NOW),
        lambda who: books.publish(tx, who, home, book.id, on=True, now_ms=NOW),
    ):
        with pytest.raises((Forbidden, NotFound)):
            do(known(tx, "bob"))
    with pytest.raises(NotFound):
        books.one(tx, found(tx, ann, name="other"), book.id)


def test_a_story_that_may_stand_in_every_book_is_not_asked_about(tx: Write) -> None:
    ann, bob, home, (_, two, three), book = begun(tx)
    book_consent.allow(tx, bob, two.id, on=True, now_ms=NOW - 5)
    book_consent.allow(tx, bob, three.id, on=True, now_ms=NOW - 5)
    assert books.ask(tx, ann, home, book.id, NOW) == 1
    assert states(tx, book) == ["yes", "yes", "waiting"]
    assert books.chosen(tx, book)[1].said[0].answered_ms == NOW - 5
    says(tx, "bob", book, two, yes=False)
    assert states(tx, book)[1] == "no"
    own = book_consent.own(tx, bob)
    assert [(one.view.post.title, one.allowed) for one in own] == [("Three", True), ("Two", True)]
    book_consent.allow(tx, bob, three.id, on=False, now_ms=NOW)
    assert [one.allowed for one in book_consent.own(tx, bob)] == [False, True]
    assert [one.view.post.title for one in book_consent.own(tx, known(tx, "cho"))] == ["Three"]


def test_who_becomes_a_co_author_later_is_asked_too(tx: Write) -> None:
    ann, bob, home, (_, two, _), book = begun(tx)
    books.ask(tx, ann, home, book.id, NOW)
    says(tx, "bob", book, two)
    coauthors.ask(tx, two, bob, ("cho",), NOW)
    coauthors.confirm(tx, known(tx, "cho"), two.id, NOW)
    assert states(tx, book)[1] == "unasked"
    assert books.ask(tx, ann, home, book.id, NOW) == 1
    says(tx, "cho", book, two)
    assert states(tx, book)[1] == "yes"
    accounts.set_columns(tx, known(tx, "cho").id, state="suspended")
    assert states(tx, book)[1] == "yes"
    tx.run("UPDATE book_consent SET answer = 'no' WHERE account_id = :id", id=known(tx, "cho").id)
    assert states(tx, book)[1] == "no"


def test_stories_come_by_category_series_month_or_one_by_one(tx: Write) -> None:
    ann, _, home, _, book = begun(tx)
    love = blog_desk.add_category(tx, ann, home, "Love", None, now_ms=NOW)
    small = blog_desk.add_category(tx, ann, home, "Small", love.id, now_ms=NOW)
    row = blog_desk.add_series(tx, ann, home, "Row", "", now_ms=NOW)
    second = tell(tx, ann, home, "Part 2", series_id=row.id, part=2)
    first = tell(tx, ann, home, "Part 1", series_id=row.id, part=1)
    filed = tell(tx, ann, home, "Filed", category_id=small.id)
    elsewhere = tell(tx, ann, found(tx, ann, name="other"), "Elsewhere")
    hidden = tell(tx, ann, home, "Hidden")
    post_store.set_columns(tx, hidden.id, visibility="followers")

    def add(**wish: Any) -> list[int]:
        books.add(tx, ann, home, book.id, Wish(**wish), now_ms=NOW)
        return store.chosen(tx, book.id)

    assert add(series_id=row.id)[3:] == [first.id, second.id]
    assert add(category_id=love.id)[5:] == [filed.id]
    for wish in ({"post_ids": (elsewhere.id, hidden.id, 7)}, {"series_id": row.id}, {}):
        with pytest.raises(NotFound):
            add(**wish)
    other = books.begin(tx, ann, home, Words(title="Month"), NOW)
    books.add(tx, ann, home, other.id, Wish(span=(NOW, NOW + 1)), now_ms=NOW)
    assert len(store.chosen(tx, other.id)) == 6
    with pytest.raises(NotFound):
        books.add(tx, ann, home, other.id, Wish(span=(0, NOW)), now_ms=NOW)
    many = [tell(tx, ann, home, f"{turn}").id for turn in range(3)]
    store.choose(tx, other.id, [*store.chosen(tx, other.id), *many[:2]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(books, "MAX_STORIES", 8)
        with pytest.raises(Invalid):
            add_to = Wish(post_ids=(many[2],))
            books.add(tx, ann, home, other.id, add_to, now_ms=NOW)
    assert MAX_STORIES == 200


def test_an_editor_puts_stories_into_an_order(tx: Write) -> None:
    ann, _, home, (one, two, three), book = begun(tx)

    def after(post: Post, move: str) -> list[int]:
        books.move(tx, ann, home, book.id, post.id, move=move)
        return store.chosen(tx, book.id)

    assert after(three, "first") == [three.id, one.id, two.id]
    assert after(three, "down") == [one.id, three.id, two.id]
    assert after(two, "up") == [one.id, two.id, three.id]
    books.ask(tx, ann, home, book.id, NOW)
    assert after(two, "off") == [one.id, three.id]
    assert {one.post_id for one in store.consents(tx, book.id)} == {one.id, three.id}
    for post, move in ((two, "up"), (one, "sideways")):
        with pytest.raises(NotFound):
            after(post, move)


WRONG = {
    "title": Words(title="  "),
    "long title": Words(title="x" * 121),
    "foreword": Words(title="x", foreword="y" * 10_001),
    "licence": Words(title="x", licence="y" * 301),
    "language": Words(title="x", language="xx"),
}


@pytest.mark.parametrize("what", WRONG)
def test_words_of_a_book_have_limits(tx: Write, what: str) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    with pytest.raises(Invalid):
        books.begin(tx, ann, home, WRONG[what], NOW)


def made(tx: Write, of: tuple[Account, Account, Community, list[Post], Book]) -> Book:
    """The book is made, published, and stands as a file."""
    ann, _, home, _, book = of
    books.ask(tx, ann, home, book.id, NOW)
    says(tx, "bob", book, None)
    says(tx, "cho", book, None)
    books.order(tx, ann, home, book.id, NOW)
    stories = books.entering(tx, book)
    file = (f"{7:032x}.epub", 9)
    assert books.finish(tx, book.id, books.versions(stories), file, now_ms=NOW)
    books.publish(tx, ann, home, book.id, on=True, now_ms=NOW)
    return books.one(tx, home, book.id)


def test_a_made_book_is_changed_after_it_was_opened_again(tx: Write) -> None:
    of = begun(tx)
    ann, bob, home, (_, two, _), book = of
    made(tx, of)
    with pytest.raises(Conflict):
        says(tx, "bob", book, two)
    for change in (
        lambda: books.move(tx, ann, home, book.id, two.id, move="off"),
        lambda: books.reword(tx, ann, home, book.id, Words(title="x"), now_ms=NOW),
        lambda: books.ask(tx, ann, home, book.id, NOW),
    ):
        with pytest.raises(Conflict):
            change()
    assert books.readable(tx, None, home, book.id).total == 3
    books.reopen(tx, ann, home, book.id, NOW)
    assert makings.files(tx) == set()
    with pytest.raises(NotFound):
        books.readable(tx, bob, home, book.id)
    says(tx, "bob", book, two, yes=False)
    with pytest.raises(TooMany):
        books.order(tx, ann, home, book.id, NOW + PAUSE_MS - 1)
    books.order(tx, ann, home, book.id, NOW + PAUSE_MS)
    assert len(books.entering(tx, book)) == 2


def test_a_book_that_is_not_published_is_for_its_editors(tx: Write) -> None:
    of = begun(tx)
    ann, bob, home, _, book = of
    assert books.listed(tx, bob, home) == [] and len(books.listed(tx, ann, home)) == 1
    made(tx, of)
    assert len(books.listed(tx, None, home)) == 1
    books.publish(tx, ann, home, book.id, on=False, now_ms=NOW)
    assert books.listed(tx, None, home) == []
    assert books.readable(tx, ann, home, book.id)
    for who in (None, bob):
        with pytest.raises(NotFound):
            books.readable(tx, who, home, book.id)


def test_who_leaves_takes_their_consent_along_out_of_what_is_made(tx: Write) -> None:
    of = begun(tx)
    ann, bob, home, _, book = of
    made(tx, of)
    departures.delete(tx, SITE, bob, NOW)
    after = books.one(tx, home, book.id)
    assert (after.state, after.file, after.anew) == ("making", "", 1)
    assert states(tx, after) == ["yes"]
    assert [one.post_id for one in books.entering(tx, after)] == store.bound(tx, book.id)
    assert number(tx, "SELECT count(*) FROM book_consent WHERE account_id = :id", id=bob.id) == 0
    assert (
        number(tx, "SELECT count(*) FROM media WHERE created_ms = 0 AND large LIKE '%.epub'") == 1
    )
    departures.delete(tx, SITE, ann, NOW)
    after = books.one(tx, home, book.id)
    assert (after.state, after.editor_id, after.published_ms) == ("gathering", None, None)
    assert states(tx, after) == []


HOW: dict[str, Callable[[Write, list[Post]], object]] = {
    "is deleted": lambda tx, all: posts.delete(tx, SITE, known(tx, "bob"), all[1].id, NOW),
    "is private": lambda tx, all: post_store.set_columns(tx, all[1].id, visibility="followers"),
    "is removed": lambda tx, all: post_store.set_columns(tx, all[1].id, visibility="removed"),
    "stands elsewhere": lambda tx, all: blog.moved(
        tx, all[1].id, found(tx, known(tx, "ann"), name="other").account.id
    ),
}


@pytest.mark.parametrize("how", HOW)
def test_a_made_book_without_one_of_its_stories_is_given_to_nobody_and_bound_anew(
    tx: Write, how: str
) -> None:
    of = begun(tx)
    _, _, home, stories, book = of
    made(tx, of)
    assert books.to_bind_anew(tx, [book.id]) == []
    books.bind_anew(tx, book.id, NOW)
    assert books.readable(tx, None, home, book.id).state == "ready", "nothing happened"
    HOW[how](tx, stories)
    for who in (None, known(tx, "ann")):
        with pytest.raises(NotFound, match="made anew"):
            books.readable(tx, who, home, book.id)
    told = "SELECT count(*) FROM notification WHERE kind LIKE 'desk.%' AND from_id = :id"
    assert store.made_after(tx, 0, 9) == books.to_bind_anew(tx, [book.id, 7]) == [book.id]
    books.bind_anew(tx, book.id, NOW + 1)
    after = books.one(tx, home, book.id)
    assert (after.state, after.anew, after.total, after.file) == ("making", 1, 2, "")
    assert after.published_ms is not None and number(tx, told, id=home.account.id) == 1
    assert number(tx, "SELECT count(*) FROM job WHERE kind = 'book'") == 2
    left = [stories[0].id, stories[2].id]
    assert [one.post_id for one in books.entering(tx, after)] == left
    of_left = books.versions(books.entering(tx, after))
    assert books.finish(tx, book.id, of_left, (f"{8:032x}.epub", 9), now_ms=NOW + 2)
    again = books.readable(tx, None, home, book.id)
    assert (again.total, again.anew) == (2, 0) and not books.outdated(tx, again)


def test_consent_is_taken_back_at_any_time_and_given_only_to_what_is_not_made(tx: Write) -> None:
    of = begun(tx)
    ann, _, home, (one, two, three), book = of
    books.ask(tx, ann, home, book.id, NOW)
    says(tx, "bob", book, two)
    says(tx, "bob", book, three)  # cho has not answered
    books.order(tx, ann, home, book.id, NOW)
    entering = books.versions(books.entering(tx, book))
    assert [id for id, _ in entering] == [one.id, two.id]
    assert books.finish(tx, book.id, entering, (f"{7:032x}.epub", 9), now_ms=NOW)
    says(tx, "cho", book, three, yes=False)
    assert books.one(tx, home, book.id).state == "ready", "it did not stand in it"
    says(tx, "bob", book, two, yes=False)
    after = books.one(tx, home, book.id)
    assert (after.state, after.total, makings.files(tx)) == ("making", 1, set())
    for name, post in (("cho", three), ("bob", two)):  # while it is bound anew: too late for it
        says(tx, name, book, post)
    assert [each.post_id for each in books.entering(tx, after)] == [one.id]
    books.fail(tx, book.id)
    failed = books.one(tx, home, book.id)
    assert (failed.state, failed.anew, failed.published_ms) == ("gathering", 0, None)
    assert store.bound(tx, book.id) == []


def test_a_book_of_which_nothing_is_left_is_opened_again(tx: Write) -> None:
    of = begun(tx)
    ann, bob, home, stories, book = of
    made(tx, of)
    for post in stories:
        post_store.set_columns(tx, post.id, visibility="removed")
    books.bind_anew(tx, book.id, NOW)
    after = books.one(tx, home, book.id)
    assert (after.state, after.file, after.published_ms) == ("gathering", "", None)


def test_a_picture_of_its_stories_is_the_cover(tx: Write) -> None:
    ann, bob, home, (one, two, _), book = begun(tx)
    for number_, post in enumerate((one, two)):
        shown(tx, post, f"{number_:032x}.jpg", "A lane")
    other = tell(tx, ann, home, "Not chosen")
    shown(tx, other, f"{9:032x}.jpg", "Elsewhere")
    first, second = books.pictures(tx, book)
    (strange,) = media.of_posts(tx, [other.id])[other.id]
    for who, id, error in (
        (ann, strange.id, NotFound),
        (ann, 7, NotFound),
        (bob, first.id, NotFound),
    ):
        with pytest.raises(error):
            books.set_cover(tx, who, home, book.id, id, now_ms=NOW)
    books.set_cover(tx, ann, home, book.id, second.id, now_ms=NOW)
    books.ask(tx, ann, home, book.id, NOW)
    after = books.one(tx, home, book.id)
    assert after.cover_id == second.id and books.cover(tx, after) is None, "bob has not agreed"
    says(tx, "bob", book, two)
    chosen = books.cover(tx, after)
    assert chosen is not None and chosen.id == second.id
    books.set_cover(tx, ann, home, book.id, None, now_ms=NOW)
    assert books.cover(tx, books.one(tx, home, book.id)) is None


def test_what_goes_or_is_taken_away_leaves_the_book(tx: Write) -> None:
    ann, bob, home, (one, two, three), book = begun(tx)
    books.ask(tx, ann, home, book.id, NOW)
    post_store.set_columns(tx, one.id, visibility="removed")
    posts.delete(tx, SITE, bob, two.id, NOW)
    blog.moved(tx, three.id, found(tx, ann, name="other").account.id)
    assert states(tx, book) == ["gone", "gone"]
    with pytest.raises(Invalid):
        books.order(tx, ann, home, book.id, NOW)
    assert contents.gone(tx, [one.id])
    books.tidy(tx, ann, home, book.id)
    assert store.chosen(tx, book.id) == []
    books.remove(tx, ann, home, book.id, NOW)
    assert number(tx, "SELECT count(*) FROM book_story") == 0


# --- the worker


def dress(book: Book, home: Community) -> Dress:
    return Dress(LABELS, lambda ms: f"day {ms}", b"PNG")


class Bindery:
    """A worker that makes what was ordered."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.files = Folder(folder / "media")
        self.pictures = Pictures(self.files)
        self.making = Making(db, self.pictures, SITE, dress, lambda: NOW)

    async def work(self) -> None:
        """Do the job that waits."""
        (job,) = await self.db.write(jobs.claim, NOW + 10, 5)
        await (self.making.book if job.kind == books.JOB else self.making.export)(job)


@pytest.fixture
async def bindery(db: Database, tmp_path: Path) -> Any:
    one = Bindery(db, tmp_path)
    await one.pictures.open()
    yield one
    await one.pictures.close()


def agreed(tx: Write) -> tuple[Account, Community, list[Post], Book]:
    of = begun(tx)
    ann, _, home, stories, book = of
    shown(tx, stories[0], PICTURE, "A lane")
    books.ask(tx, ann, home, book.id, NOW)
    says(tx, "bob", book, None)
    says(tx, "cho", book, stories[2], yes=False)
    books.order(tx, ann, home, book.id, NOW)
    return ann, home, stories, book


def a_picture(edge: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (edge, edge // 2), "teal").save(out, "JPEG")
    return out.getvalue()


async def test_a_worker_binds_the_stories_that_may_enter(bindery: Bindery) -> None:
    db = bindery.db
    _, home, _, book = await db.write(agreed)
    await bindery.files.put(PICTURE, a_picture(2_000))
    await db.write(lambda tx: tx.run("UPDATE media SET width = 2000, height = 1000"))
    await bindery.work()
    after = await db.read(books.one, home, book.id)
    assert (after.state, after.total, after.failure) == ("ready", 2, "")
    path = bindery.files.local(after.file)
    assert path is not None and path.stat().st_size == after.bytes
    pages = check_book(path.read_bytes())
    words = " ".join("".join(page.itertext()) for page in pages.values())
    assert "Words of One" in words and "Words of Two" in words and "Words of Three" not in words
    assert "Hello" in "".join(pages["book/foreword.xhtml"].itertext())
    (image,) = pages["book/chapter-001.xhtml"].iter("{http://www.w3.org/1999/xhtml}img")
    assert image.attrib["alt"] == "A lane"
    zipped = zipfile.ZipFile(path)
    with Image.open(zipped.open(f"book/{image.attrib['src']}")) as picture:
        assert picture.size == (1280, 640)
    assert list(bindery.files.scratch.iterdir()) == []
    assert zipped.read("book/cover.png") == b"PNG"


async def test_a_book_is_bound_anew_by_the_house_with_the_cover_that_was_chosen(
    bindery: Bindery,
) -> None:
    db = bindery.db

    def chosen(tx: Write) -> tuple[Community, list[Post], Book]:
        ann, _, home, stories, book = begun(tx)
        shown(tx, stories[0], PICTURE, "A lane")
        (picture,) = books.pictures(tx, book)
        books.set_cover(tx, ann, home, book.id, picture.id, now_ms=NOW)
        books.ask(tx, ann, home, book.id, NOW)
        says(tx, "bob", book, stories[1])
        books.order(tx, ann, home, book.id, NOW)
        return home, stories, book

    home, (one, two, _), book = await db.write(chosen)
    await bindery.files.put(PICTURE, a_picture(2_000))
    await bindery.work()
    first = await db.read(books.one, home, book.id)
    path = bindery.files.local(first.file)
    assert path is not None
    zipped = zipfile.ZipFile(path)
    check_book(path.read_bytes())
    with Image.open(zipped.open("book/cover.jpg")) as cover:
        assert cover.size == (1280, 640)
    assert 'src="cover.jpg"' in zipped.read("book/cover-page.xhtml").decode()
    await db.write(lambda tx: posts.delete(tx, SITE, known(tx, "bob"), two.id, NOW))
    await look_over_books(db, NOW)
    await bindery.work()
    after = await db.read(books.one, home, book.id)
    path = bindery.files.local(after.file)
    assert after.total == 1 and after.file != first.file and path is not None
    words = "".join("".join(page.itertext()) for page in check_book(path.read_bytes()).values())
    assert "Words of One" in words and "Words of Two" not in words
    await look_over_books(db, NOW)
    assert await db.read(jobs.waiting) == 0


@pytest.mark.parametrize("how", ["says no", "edits", "goes", "is suspended"])
async def test_a_book_says_what_its_authors_agree_to_when_it_is_there(
    bindery: Bindery, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    _, home, (_, two, _), book = await bindery.db.write(agreed)
    done: list[int] = []

    def meanwhile(tx: Write, what: Kind, id: int, progress: int, total: int) -> bool:
        if not done:
            bob = known(tx, "bob")
            if how == "says no":
                says(tx, "bob", book, two, yes=False)
            elif how == "edits":
                post_store.set_columns(tx, two.id, content="<p>Better words</p>")
            elif how == "is suspended":
                accounts.set_columns(tx, bob.id, state="suspended")
            else:
                posts.delete(tx, SITE, bob, two.id, NOW)
        done.append(progress)
        return True

    monkeypatch.setattr(makings, "progress", meanwhile)
    await bindery.work()
    after = await bindery.db.read(books.one, home, book.id)
    path = bindery.files.local(after.file)
    assert after.state == "ready" and path is not None
    words = "".join("".join(page.itertext()) for page in check_book(path.read_bytes()).values())
    assert ("Two" in words, "Better words" in words) == (
        (True, True) if how == "edits" else (False, False)
    )
    assert len([one async for one in bindery.files.files()]) == 1


async def test_stories_that_never_stand_still_make_no_book(
    bindery: Bindery, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, home, (_, two, _), book = await bindery.db.write(agreed)

    def meanwhile(tx: Write, what: Kind, id: int, progress: int, total: int) -> bool:
        post_store.touch(tx, two.id)
        return True

    monkeypatch.setattr(makings, "progress", meanwhile)
    await bindery.work()
    after = await bindery.db.read(books.one, home, book.id)
    assert after.state == "gathering" and "changed" in after.failure and after.file == ""
    assert [one async for one in bindery.files.files()] == []


async def test_an_export_becomes_a_file_that_goes_after_a_week(bindery: Bindery) -> None:
    db = bindery.db

    def ordered(tx: Write) -> Any:
        ann, _, home, _, _ = begun(tx)
        return ann, home, exports.order(tx, ann, home, NOW)

    ann, home, one = await db.write(ordered)
    await bindery.work()
    ready = await db.read(exports.one, ann, home, one.id)
    assert (ready.state, ready.done, ready.total) == ("ready", 3, 3)
    path = bindery.files.local(ready.file)
    assert path is not None and "blog.json" in zipfile.ZipFile(path).namelist()
    gone = await db.write(exports.expire, NOW + exports.KEPT_MS + 1)
    assert gone == [ready.file]


async def test_an_export_that_nobody_waits_for_leaves_no_file(bindery: Bindery) -> None:
    def ordered(tx: Write) -> Any:
        ann, _, home, _, _ = begun(tx)
        one = exports.order(tx, ann, home, NOW)
        exports.remove(tx, ann, home, one.id, NOW)

    await bindery.db.write(ordered)
    await bindery.work()
    assert [one async for one in bindery.files.files()] == []
    assert await bindery.db.read(jobs.waiting) == 0


async def test_what_is_made_is_no_litter(bindery: Bindery) -> None:
    _, home, _, book = await bindery.db.write(agreed)
    await bindery.work()
    litter = f"{1:032x}.epub"
    await bindery.files.put(litter, b"left by a process that was killed")
    await sweep_files(bindery.db, bindery.files, now_ms() + 3 * DAY_MS)
    after = await bindery.db.read(books.one, home, book.id)
    assert [one.name async for one in bindery.files.files()] == [after.file]


async def test_a_job_that_breaks_is_told_to_who_waits(bindery: Bindery) -> None:
    """A bug of ours must not keep a community from its next export for ever."""
    db = bindery.db

    def ordered(tx: Write) -> Any:
        ann, home, _, book = agreed(tx)
        return ann, home, book, exports.order(tx, ann, home, NOW)

    async def breaks(job: Job) -> None:
        raise LookupError

    ann, home, book, export = await db.write(ordered)
    fetcher: Any = None
    others = {exports.JOB: breaks, books.JOB: breaks}
    broken = Jobs(db, fetcher, lambda: NOW, others)
    for _ in others:
        (job,) = await db.write(jobs.claim, NOW + 10, 5)
        await broken.do(job)
    assert (await db.read(exports.one, ann, home, export.id)).state == "failed"
    after = await db.read(books.one, home, book.id)
    assert (after.state, bool(after.failure)) == ("gathering", True)


async def test_what_fails_by_the_disk_is_tried_again_then_said(
    bindery: Bindery, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = bindery.db
    _, home, _, book = await db.write(agreed)

    async def full(name: str, source: object) -> None:
        raise StorageFull("There is no room left for files on this server.")

    monkeypatch.setattr(bindery.files, "put", full)
    (job,) = await db.write(jobs.claim, NOW + 10, 5)
    with pytest.raises(AppError):
        await bindery.making.book(job)
    last = msgspec.structs.replace(job, attempts=4)
    await bindery.making.book(last)
    after = await db.read(books.one, home, book.id)
    assert after.state == "gathering" and "room" in after.failure
