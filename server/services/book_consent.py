"""What authors say to the books of a team blog, of each story; a no counts at any time."""

from typing import Final

import msgspec

from server.errors import Conflict, NotFound
from server.model import Account, Community, PostView
from server.services import books, desk_news, timelines
from server.store import accounts, blog_people
from server.store import blog as blog_store
from server.store import books as store
from server.store import communities as community_store
from server.store.books import Book, Consent
from server.store.db import Read, Write

MOST_OWN: Final = 50


class Asked(msgspec.Struct, frozen=True):
    """A story of the viewer in a book, and what they said: asked | yes | no."""

    view: PostView
    answer: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A book with the stories about which its editor asked."""

    book: Book
    blog: Community
    editor: Account | None
    stories: list[Asked]

    @property
    def open(self) -> bool:
        """Whether the answer can still be another."""
        return self.book.state != "ready"

    @property
    def waiting(self) -> int:
        """How many have no answer."""
        return sum(one.answer == "asked" for one in self.stories)


class Own(msgspec.Struct, frozen=True):
    """A story of the viewer in a team blog. `allowed`: it may stand in every book."""

    view: PostView
    allowed: bool


def waiting(db: Read, account_id: int) -> int:
    """How many stories wait for an answer of somebody."""
    return store.unanswered(db, account_id)


def requests(db: Read, viewer: Account) -> list[Request]:
    """What the viewer was asked, of the latest books first."""
    found = store.asked(db, viewer.id)
    views = timelines.by_post(db, viewer.id, list({one.post_id for one in found}))
    by_book: dict[int, list[Asked]] = {}
    for one in found:
        if view := views.get(one.post_id):
            by_book.setdefault(one.book_id, []).append(Asked(view, one.answer))
    made = [_request(db, id, stories) for id, stories in by_book.items()]
    return [one for one in made if one is not None]


def _request(db: Read, book_id: int, stories: list[Asked]) -> Request | None:
    book = store.by_id(db, book_id)
    home = community_store.by_id(db, book.community_id) if book else None
    if book is None or home is None:
        return None
    editor = accounts.by_id(db, book.editor_id) if book.editor_id else None
    return Request(book=book, blog=home, editor=editor, stories=stories)


def own(db: Read, viewer: Account) -> list[Own]:
    """The latest stories that the viewer wrote in team blogs."""
    ids = store.own_stories(db, viewer.id, MOST_OWN)
    views, allowed = timelines.by_post(db, viewer.id, ids), store.allowed(db, ids)
    return [Own(views[id], (id, viewer.id) in allowed) for id in ids if id in views]


def answer(
    tx: Write, viewer: Account, book_id: int, post_id: int | None, *, yes: bool, now_ms: int
) -> None:
    """Say yes or no for one story, or for all that the book's editor asked about.

    A made book is bound anew without a story to which somebody says no. Raises `NotFound` for who
    was not asked, `Conflict` for a yes when the book is made.
    """
    book = store.by_id(tx, book_id)
    mine = [one for one in store.consents(tx, book_id) if one.account_id == viewer.id]
    wanted = [one for one in mine if post_id is None or one.post_id == post_id]
    if book is None or not wanted:
        raise NotFound("Nobody has asked you about this book.")
    if book.state == "ready" and yes:
        raise Conflict("This book is made already. Ask its editors about the next one.")
    for one in wanted:
        store.answer(tx, _answered(one, "yes" if yes else "no", now_ms))
    books.bind_anew(tx, book.id, now_ms)
    if book.editor_id is not None:
        desk_news.tell(tx, book.editor_id, viewer.id, now_ms, what="answered", about_id=book.id)


def _answered(consent: Consent, answer: str, now_ms: int) -> Consent:
    return msgspec.structs.replace(consent, answer=answer, answered_ms=now_ms)


def allow(tx: Write, viewer: Account, post_id: int, *, on: bool, now_ms: int) -> None:
    """A story of the viewer may stand in every book of the team, or not any more.

    What was said of a book stays said. Raises `NotFound` for what the viewer did not write.
    """
    if not on:
        store.disallow(tx, post_id, viewer.id)
        return
    if not _wrote(tx, viewer, post_id):
        raise NotFound("This is no story of yours in a team blog.")
    store.allow(tx, post_id, viewer.id, now_ms)


def _wrote(db: Read, viewer: Account, post_id: int) -> bool:
    if blog_store.story(db, post_id) is None:
        return False
    view = timelines.by_post(db, viewer.id, [post_id]).get(post_id)
    if view is None:
        return False
    together = blog_people.authors(db, post_id, "accepted")
    return viewer.id in (view.author.id, *(one.id for one in together))


def left(tx: Write, account_id: int, now_ms: int) -> None:
    """An account ends and takes its consent along: books that it stands in are bound anew."""
    found = store.made_with(tx, account_id)
    store.forget_account(tx, account_id)
    for book in found:
        if book.state == "ready":
            books.bind_anew(tx, book.id, now_ms)
            continue
        books.take_back(tx, book, now_ms)  # its worker finds out
        if book.editor_id is not None and book.editor_id != account_id:
            desk_news.tell(
                tx, book.editor_id, book.community_id, now_ms, what="rebound", about_id=book.id
            )
