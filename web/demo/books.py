"""The book of an invented team blog: its editor asks, the authors agree, and it is bound."""

from collections.abc import Callable
from functools import partial

import msgspec

from server.media import Pictures
from server.model import Account, Site
from server.services import blog, book_consent, books, exports
from server.services.books import Wish, Words
from server.store import accounts, jobs
from server.store import books as store
from server.store.books import Book
from server.store.db import Database, Read, Write
from server.worker.making import Making
from web import book_dress
from web.demo import city as cities
from web.demo.city import Blog


def gather(tx: Write, told: Blog, wanted: cities.Book, stories: list[int], now_ms: int) -> None:
    """An editor chooses stories, everybody who wrote one says yes, and the book is ordered."""
    home, editor = blog.by_name(tx, told.name), _named(tx, told.editor)
    words = Words(title=wanted.title, foreword=wanted.foreword.strip(), licence=wanted.licence)
    made = books.begin(tx, editor, home, words, now_ms)
    books.add(tx, editor, home, made.id, Wish(post_ids=tuple(stories)), now_ms=now_ms)
    books.ask(tx, editor, home, made.id, now_ms)
    for author in _asked(tx, made):
        book_consent.answer(tx, author, made.id, None, yes=True, now_ms=now_ms)
    books.order(tx, editor, home, made.id, now_ms)


def _asked(db: Read, book: Book) -> list[Account]:
    said = [one for chosen in books.chosen(db, book) for one in chosen.said]
    return list({one.account.id: one.account for one in said if one.answer == "asked"}.values())


async def bind(db: Database, pictures: Pictures, site: Site, now_ms: Callable[[], int]) -> None:
    """Bind what was ordered, as the worker does, and put it on the page of its blog.

    What is not bound here the worker binds when the city is first served.
    """
    making = Making(db, pictures, site, partial(book_dress.dress, site), now_ms)
    while (job := await db.read(jobs.first_of, exports.LANE)) and job.kind == books.JOB:
        await making.book(job)
        await db.write(_publish, msgspec.json.decode(job.payload)["book"], now_ms())


def _publish(tx: Write, id: int, now_ms: int) -> None:
    book = store.by_id(tx, id)
    home = books.blog_of(tx, book) if book else None
    editor = accounts.by_id(tx, book.editor_id) if book and book.editor_id else None
    if book and home and editor and book.state == "ready":
        books.publish(tx, editor, home, book.id, on=True, now_ms=now_ms)


def _named(tx: Write, name: str) -> Account:
    found = accounts.by_handle(tx, name)
    assert found is not None, name  # noqa: S101  the file of the city names its own people
    return found
