"""Books of a team blog: an editor chooses stories, their authors agree, a worker makes an EPUB."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from server.clock import MINUTE_MS
from server.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from server.ids import new_id
from server.model import Account, Community, Media, Post
from server.services import communities, desk_news, media
from server.services.exports import LANE
from server.store import books as store
from server.store import communities as community_store
from server.store import contents, jobs, makings
from server.store import media as media_rows
from server.store.blog import categories
from server.store.books import Book, Consent
from server.store.db import Read, Write

JOB: Final = "book"
MAX_BOOKS: Final = 50  # of one blog
MAX_STORIES: Final = 200  # of one book
MAX_TITLE: Final = 120  # characters
MAX_FOREWORD: Final = 10_000
MAX_LICENCE: Final = 300
MAX_COVERS: Final = 60  # pictures among which an editor chooses
PAUSE_MS: Final = 5 * MINUTE_MS  # between two orders of one book
LANGUAGES: Final = ("ko", "en")
MOVES: Final = ("first", "up", "down", "off")

_CHANGED: Final = Conflict(
    "The stories changed while the book was made. Please make it once more."
).message


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What an editor says of a book. `foreword` is Markdown."""

    title: str
    foreword: str = ""
    language: str = "ko"
    licence: str = ""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which stories to add: those of a category, a series, a time (from, before), or these."""

    category_id: int | None = None
    series_id: int | None = None
    span: tuple[int, int] | None = None
    post_ids: tuple[int, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """Somebody who wrote a story. `answer`: unasked | asked | yes | no."""

    account: Account
    answer: str
    answered_ms: int = 0


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A story of a book. `state`: yes | waiting | no | unasked | gone (not for everybody now).

    `post` is None where it is gone.
    """

    post_id: int
    post: Post | None
    said: tuple[Said, ...] = ()

    @property
    def state(self) -> str:
        """What is to be said of all who wrote it."""
        answers = {one.answer for one in self.said}
        if self.post is None:
            return "gone"
        if "no" in answers:
            return "no"
        if "unasked" in answers or not answers:
            return "unasked"
        return "waiting" if "asked" in answers else "yes"


def require(db: Read, community_id: int, viewer: Account) -> None:
    """Raises `Forbidden` for who is no editor."""
    if not communities.keeps(db, community_id, viewer):
        raise Forbidden("Only the editors of this blog can do that.")


def one(db: Read, home: Community, id: int) -> Book:
    """One of a blog. Raises `NotFound`."""
    found = store.by_id(db, id)
    if found is None or found.community_id != home.account.id:
        raise NotFound("There is no such book.")
    return found


def editable(db: Read, viewer: Account, home: Community, id: int) -> Book:
    """One that the viewer edits, whatever is under way. Raises `NotFound`, also for strangers."""
    if not communities.keeps(db, home.account.id, viewer):
        raise NotFound("There is no such book.")
    return one(db, home, id)


def readable(db: Read, viewer: Account | None, home: Community, id: int) -> Book:
    """One that is made, for who may have it. Raises `NotFound`."""
    found = one(db, home, id)
    editing = viewer is not None and communities.keeps(db, home.account.id, viewer)
    if found.state != "ready" or not (editing or found.published_ms is not None):
        raise NotFound("There is no such book.")
    if outdated(db, found):  # it is about to be bound anew
        raise NotFound("This book is being made anew. Come back in a few minutes.")
    return found


def listed(db: Read, viewer: Account | None, home: Community) -> list[Book]:
    """Those that are on the blog's page; for its editors all."""
    found = store.of_community(db, home.account.id)
    if viewer is not None and communities.keeps(db, home.account.id, viewer):
        return found
    return [book for book in found if book.state == "ready" and book.published_ms is not None]


def length(db: Read, book: Book) -> int:
    """How many stories a book has, or was given."""
    return book.total if book.state == "ready" else len(store.chosen(db, book.id))


# --- what an editor does


def begin(tx: Write, viewer: Account, home: Community, words: Words, now_ms: int) -> Book:
    """A new book without stories. Raises `Forbidden`, `Invalid`."""
    require(tx, home.account.id, viewer)
    if len(store.of_community(tx, home.account.id)) >= MAX_BOOKS:
        raise Invalid("A blog has at most %(most)s books.", most=MAX_BOOKS)
    made = Book(
        id=new_id(now_ms),
        community_id=home.account.id,
        editor_id=viewer.id,
        created_ms=now_ms,
        updated_ms=now_ms,
        **msgspec.structs.asdict(_checked(words)),
    )
    store.insert(tx, made)
    return made


def _checked(words: Words) -> Words:
    title, licence = " ".join(words.title.split()), " ".join(words.licence.split())
    foreword = words.foreword.strip()
    if not 1 <= len(title) <= MAX_TITLE:
        raise Invalid("A title has between 1 and %(most)s characters.", most=MAX_TITLE)
    for text, most in ((foreword, MAX_FOREWORD), (licence, MAX_LICENCE)):
        if len(text) > most:
            raise Invalid("This is too long: at most %(most)s characters.", most=most)
    if words.language not in LANGUAGES:
        raise Invalid("This is not the code of a language, such as ko or en.")
    return Words(title=title, foreword=foreword, language=words.language, licence=licence)


def _open(tx: Write, viewer: Account, home: Community, id: int) -> Book:
    """One that can be changed now. Raises `Conflict`, `Forbidden`, `NotFound`."""
    found = editable(tx, viewer, home, id)
    if found.state == "making":
        raise Conflict("This book is being made just now. Wait until it is there.")
    if found.state == "ready":
        raise Conflict("This book is made. Open it again to change it.")
    return found


def reword(
    tx: Write, viewer: Account, home: Community, id: int, words: Words, *, now_ms: int
) -> None:
    """Another title, foreword, language or licence."""
    found = _open(tx, viewer, home, id)
    new = msgspec.structs.asdict(_checked(words))
    store.set_columns(tx, found.id, **new, updated_ms=now_ms)


def add(tx: Write, viewer: Account, home: Community, id: int, wish: Wish, *, now_ms: int) -> int:
    """Add stories at the end; how many. Those that stand there already stay where they are."""
    found = _open(tx, viewer, home, id)
    known = store.chosen(tx, id)
    wanted = list(dict.fromkeys((*known, *_wished(tx, home, wish))))
    if len(wanted) > MAX_STORIES:
        raise Invalid("A book has at most %(most)s stories.", most=MAX_STORIES)
    if len(wanted) == len(known):
        raise NotFound("No other story was found there. A book takes what everybody may read.")
    store.choose(tx, found.id, wanted)
    store.set_columns(tx, id, updated_ms=now_ms)
    return len(wanted) - len(known)


def _wished(db: Read, home: Community, wish: Wish) -> list[int]:
    blog_id, most = home.account.id, MAX_STORIES + 1
    found: list[int] = []
    if wish.category_id is not None:
        ids = [
            each.id
            for each in categories(db, blog_id)
            if wish.category_id in (each.id, each.parent_id)
        ]
        found += contents.in_category(db, ids, most)
    if wish.series_id is not None:
        found += contents.in_series(db, wish.series_id, most)
    if wish.span is not None:
        found += contents.between(db, blog_id, *wish.span, most)
    found += wish.post_ids[:most]
    there = contents.stories(db, blog_id, found)
    return [id for id in found if id in there]


def move(tx: Write, viewer: Account, home: Community, id: int, post_id: int, *, move: str) -> None:
    """Move a story to the beginning, up, down, or out of the book (`MOVES`)."""
    found = _open(tx, viewer, home, id)
    order = store.chosen(tx, found.id)
    if post_id not in order or move not in MOVES:
        raise NotFound("This story does not stand in the book.")
    at = order.index(post_id)
    order.pop(at)
    if move != "off":
        to = {"first": 0, "up": max(0, at - 1), "down": at + 1}[move]
        order.insert(to, post_id)
    store.choose(tx, found.id, order)


def tidy(tx: Write, viewer: Account, home: Community, id: int) -> None:
    """Take out of a book what is not for everybody any more."""
    found = _open(tx, viewer, home, id)
    store.choose(tx, id, [one.post_id for one in chosen(tx, found) if one.post is not None])


def ask(tx: Write, viewer: Account, home: Community, id: int, now_ms: int) -> int:
    """Ask everybody who wrote a story and was not asked; how many people.

    Who said of a story that it may stand in every book is not asked again, nor is the editor who
    asks.
    """
    found = _open(tx, viewer, home, id)
    stories = chosen(tx, found)
    allowed = store.allowed(tx, [each.post_id for each in stories])
    told: set[int] = set()
    for each in stories:
        for said in each.said:
            if said.answer != "unasked":
                continue
            who = said.account.id
            since = allowed.get((each.post_id, who), now_ms if who == viewer.id else None)
            answer = "asked" if since is None else "yes"
            consent = Consent(
                book_id=id,
                post_id=each.post_id,
                account_id=who,
                answer=answer,
                answered_ms=now_ms if since is None else since,
            )
            if store.ask(tx, consent) and answer == "asked":
                told.add(who)
    for who in told:
        desk_news.tell(tx, who, viewer.id, now_ms, what="book")
    return len(told)


def order(tx: Write, viewer: Account, home: Community, id: int, now_ms: int) -> None:
    """Promise the book, of the stories to which everybody agreed.

    Raises `Conflict`, `Invalid`, `TooMany`.
    """
    found = _open(tx, viewer, home, id)
    if any(book.state == "making" for book in store.of_community(tx, found.community_id)):
        raise TooMany("Another book of this blog is being made. Wait until it is there.")
    if now_ms - found.ordered_ms < PAUSE_MS:
        raise TooMany(
            "This book was made a moment ago. Try again in a few minutes.",
            retry_after_ms=found.ordered_ms + PAUSE_MS - now_ms,
        )
    stories = entering(tx, found)
    if not stories:
        raise Invalid("No author has agreed yet. Ask them first, and wait for their answers.")
    store.set_columns(
        tx, id, state="making", ordered_ms=now_ms, done=0, total=len(stories), failure=""
    )
    jobs.enqueue(tx, JOB, LANE, b'{"book":%d}' % id, now_ms)


def publish(tx: Write, viewer: Account, home: Community, id: int, *, on: bool, now_ms: int) -> None:
    """Put a made book on the blog's page for everybody, or take it away from there."""
    found = editable(tx, viewer, home, id)
    if found.state != "ready":
        raise Conflict("This book is not made yet.")
    store.set_columns(tx, id, published_ms=now_ms if on else None)


def reopen(tx: Write, viewer: Account, home: Community, id: int, now_ms: int) -> None:
    """Take a made book back to change it: its file goes, and its authors can say no again."""
    found = editable(tx, viewer, home, id)
    if found.state != "ready":
        raise Conflict("This book is not made yet.")
    take_back(tx, found, now_ms)


def take_back(tx: Write, book: Book, now_ms: int) -> None:
    """A book is not made any more, or not on its way."""
    if book.file:
        media.let_go(tx, book.community_id, book.file, now_ms)
    _open_again(tx, book.id)
    store.set_columns(tx, book.id, file="", bytes=0, made_ms=None)


def _open_again(tx: Write, id: int, failure: str = "") -> None:
    store.bind(tx, id, ())
    store.set_columns(tx, id, state="gathering", anew=0, published_ms=None, failure=failure)


def remove(tx: Write, viewer: Account, home: Community, id: int, now_ms: int) -> None:
    """Away with a book, its file and what was said about it."""
    found = editable(tx, viewer, home, id)
    if found.file:
        media.let_go(tx, found.community_id, found.file, now_ms)
    store.remove(tx, id)


# --- its cover


def pictures(db: Read, book: Book, limit: int = MAX_COVERS) -> list[Media]:
    """The pictures of its stories that can be its cover, in order."""
    there = [one.post_id for one in chosen(db, book) if one.post is not None]
    found = media_rows.of_posts(db, there)
    shown = [one for id in there for one in found.get(id, ()) if _can_be_cover(one)]
    return shown[:limit]


def _can_be_cover(one: Media) -> bool:
    return one.kind == "image" and one.state == "ready" and bool(one.large)


def cover(db: Read, book: Book) -> Media | None:
    """The picture on its cover, while it stands in a story of the book; else it is drawn."""
    one = media_rows.by_id(db, book.cover_id) if book.cover_id is not None else None
    if one is None or not _can_be_cover(one):
        return None
    return one if one.post_id in {story.post_id for story in entering(db, book)} else None


def set_cover(
    tx: Write, viewer: Account, home: Community, id: int, media_id: int | None, *, now_ms: int
) -> None:
    """A picture of one of its stories is the cover; None: it is drawn. Raises `NotFound`."""
    found = _open(tx, viewer, home, id)
    if media_id is not None and media_id not in {one.id for one in pictures(tx, found)}:
        raise NotFound("This picture stands in no story of the book.")
    store.set_columns(tx, id, cover_id=media_id, updated_ms=now_ms)


# --- when a story of a made book goes


def outdated(db: Read, book: Book) -> bool:
    """Whether a story in a made book may not stand there any more."""
    return book.state == "ready" and len(_left(db, book)) != book.total


def _left(db: Read, book: Book) -> list[int]:
    known = set(store.bound(db, book.id))
    return [one.post_id for one in chosen(db, book) if one.state == "yes" and one.post_id in known]


def to_bind_anew(db: Read, ids: Iterable[int]) -> list[int]:
    """Which of these made books have to be bound anew."""
    found = (store.by_id(db, id) for id in ids)
    return [book.id for book in found if book is not None and outdated(db, book)]


def bind_anew(tx: Write, id: int, now_ms: int) -> None:
    """A made book loses its file at once, and a worker binds it of what is left; its editors hear.

    At most as often as it has stories: each time one of them goes. It stays on the blog's page.
    """
    book = store.by_id(tx, id)
    if book is None or book.state != "ready":
        return
    left = _left(tx, book)
    if len(left) == book.total:
        return
    for editor in communities.moderators(tx, book.community_id):
        desk_news.tell(tx, editor.id, book.community_id, now_ms, what="rebound", about_id=book.id)
    if not left:
        take_back(tx, book, now_ms)
        return
    media.let_go(tx, book.community_id, book.file, now_ms)
    store.bind(tx, id, left)
    store.set_columns(
        tx,
        id,
        **{"state": "making", "anew": 1, "file": "", "bytes": 0, "failure": ""},
        **{"made_ms": None, "ordered_ms": now_ms, "done": 0, "total": len(left)},
    )
    jobs.enqueue(tx, JOB, LANE, b'{"book":%d}' % id, now_ms)


# --- who agreed


def chosen(db: Read, book: Book) -> list[Chosen]:
    """The stories of a book in order, with what those who wrote them said."""
    ids = store.chosen(db, book.id)
    there = contents.stories(db, book.community_id, ids)
    authors = contents.authors(db, there)
    consents = {(one.post_id, one.account_id): one for one in store.consents(db, book.id)}
    made = []
    for id in ids:
        said = tuple(_said(who, consents.get((id, who.id))) for who in authors.get(id, ()))
        made.append(Chosen(post_id=id, post=there.get(id), said=said))
    return made


def _said(who: Account, consent: Consent | None) -> Said:
    if consent is None:
        return Said(who, "unasked")
    return Said(who, consent.answer, consent.answered_ms)


def entering(db: Read, book: Book) -> list[Chosen]:
    """The stories that stand in a book if it is made now; of one that is made, or bound anew, no
    others than those that stood in it.
    """
    found = [one for one in chosen(db, book) if one.state == "yes"]
    if not book.anew and book.state != "ready":
        return found
    known = set(store.bound(db, book.id))
    return [one for one in found if one.post_id in known]


# --- what the worker says


def to_make(db: Read, id: int) -> Book | None:
    """One that somebody waits for."""
    found = store.by_id(db, id)
    return found if found is not None and found.state == "making" else None


def finish(
    tx: Write, id: int, made_of: Sequence[tuple[int, int]], file: tuple[str, int], *, now_ms: int
) -> bool:
    """The book is there, if the same stories in the same words would enter it now.

    `made_of`: the stories with their versions. `file`: its name and bytes.
    """
    book = to_make(tx, id)
    if book is None or list(made_of) != versions(entering(tx, book)):
        return False
    store.set_columns(tx, id, total=len(made_of), anew=0)
    store.bind(tx, id, [post_id for post_id, _ in made_of])
    return makings.finish(tx, makings.BOOK, id, file, now_ms)


def versions(stories: Iterable[Chosen]) -> list[tuple[int, int]]:
    """Each story with the number of its wording."""
    return [(one.post_id, one.post.version) for one in stories if one.post is not None]


def fail(tx: Write, id: int, reason: str = _CHANGED) -> None:
    """It was not made, for a `reason` that editors read."""
    if to_make(tx, id) is not None:
        _open_again(tx, id, reason)


def lose(tx: Write, id: int) -> None:
    """The worker could not make it, by a fault of ours."""
    fail(tx, id, Conflict("This could not be made. Please order it once more.").message)


def blog_of(db: Read, book: Book) -> Community | None:
    """The blog of a book, if it is there."""
    found = community_store.by_id(db, book.community_id)
    return found if found is not None and found.account.state == "active" else None
