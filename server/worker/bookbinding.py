"""Binding a book: stories as the chapters of an EPUB, with their pictures made fit for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from server.binding.epub import PICTURES, Epub
from server.binding.epub_pages import About, Author, Chapter, Labels
from server.binding.values import File, Thread
from server.binding.xhtml import well_formed
from server.errors import AppError, NotFound
from server.files import Store, refusal
from server.media import MAX_PICTURE_BYTES, Pictures
from server.model import Community, Site
from server.services import books, contents
from server.services.books import Chosen
from server.store import contents as store
from server.store.books import Book
from server.store.db import Database, Read
from server.text import markdown, opens

FITTING: Final = ("image/jpeg", "image/png")
"""What every reader of books shows. EPUB 3.3 knows WebP, older ones do not."""
EDGE: Final = 1280  # pixels: what is larger is made smaller
MAX_BYTES: Final = 150 << 20
"""Of pictures in one book; what comes after them is told in words."""

Tell = Callable[[int], Awaitable[bool]]


class Dress(msgspec.Struct, frozen=True):
    """What a book looks like beside its stories: its own words, its days, and a cover as PNG."""

    labels: Labels
    day: Callable[[int], str]
    cover: bytes


Dresser = Callable[[Book, Community], Dress]
"""Slow, for a thread."""


class Bookbinding:
    """Binds one book."""

    def __init__(
        self, db: Database, pictures: Pictures, site: Site, dresser: Dresser, tell: Tell
    ) -> None:
        """`tell` hears how many stories are in it; False ends the work."""
        self._db = db
        self._pictures = pictures
        self._store: Store = pictures.store
        self._site = site
        self._dresser = dresser
        self._tell = tell
        self._bytes = 0

    async def bind(
        self, book: Book, home: Community, stories: Sequence[Chosen], path: Path
    ) -> bool:
        """The book at `path`; False where it was ended. Raises `StorageFull`, `StoreAway`."""
        try:
            dress = await asyncio.to_thread(self._dresser, book, home)
            about = await self._covered(book, _about(self._site, book, home, dress))
            out = await asyncio.to_thread(Epub, path, about)
            try:
                for number, chosen in enumerate(stories, 1):
                    await self._chapter(out, book, chosen)
                    if not await self._tell(number):
                        return False
                await asyncio.to_thread(out.finish, _authors(self._site, stories))
            finally:
                await asyncio.to_thread(out.close)
        except OSError as error:
            raise refusal(error) from error
        return True

    async def _covered(self, book: Book, about: About) -> About:
        """With the picture that its editor chose on its cover, if that can be had."""
        chosen = await self._db.read(books.cover, book)
        if chosen is None:
            return about
        try:
            made = await self._pictures.renewed("book", await self._bytes_of(chosen.large))
        except (AppError, NotFound):
            return about
        if made.media_type not in FITTING:
            return about
        return msgspec.structs.replace(about, cover=made.large, cover_type=made.media_type)

    async def _chapter(self, out: Epub, book: Book, chosen: Chosen) -> None:
        story = await self._db.read(_told, self._site, chosen)
        if story is None:
            return  # the end finds out
        there: dict[str, str] = {}
        for file in story.files:
            if file.kind == "image" and (href := await self._picture(out, file)):
                there[file.url] = href
        chapter = await asyncio.to_thread(_written, story, there, book.language)
        await asyncio.to_thread(out.chapter, chapter)

    async def _picture(self, out: Epub, file: File) -> str | None:
        """The address of a picture in the book; None for one that cannot be had."""
        try:
            data = await self._bytes_of(file.file)
            media_type = file.media_type
            if max(file.width, file.height) > EDGE or media_type not in FITTING:
                made = await self._pictures.renewed("book", data)
                data, media_type = made.large, made.media_type
        except (AppError, NotFound):
            return None
        if media_type not in PICTURES or self._bytes + len(data) > MAX_BYTES:
            return None
        self._bytes += len(data)
        return await asyncio.to_thread(out.picture, data, media_type)

    async def _bytes_of(self, file: str) -> bytes:
        size = await self._store.size(file)
        if size is None or size > MAX_PICTURE_BYTES:
            raise NotFound("This picture does not exist.")
        return b"".join([chunk async for chunk in self._store.read(file)])


def _told(db: Read, site: Site, chosen: Chosen) -> Thread | None:
    """The story in today's words; None where it is not for everybody any more."""
    if chosen.post is None or chosen.post.community_id is None:
        return None
    there = store.stories(db, chosen.post.community_id, [chosen.post_id])
    return contents.tell(db, site, list(there.values()))[0] if there else None


def _about(site: Site, book: Book, home: Community, dress: Dress) -> About:
    foreword = well_formed(markdown(book.foreword, story=True), lambda _: None)
    return About(
        uri=f"{home.url}/books/{book.id}",
        title=book.title,
        language=book.language,
        publisher=f"{home.title}, {site.name}",
        address=home.url,
        licence=book.licence,
        foreword=foreword,
        cover=dress.cover,
        modified_ms=book.ordered_ms,
        labels=dress.labels,
        day=dress.day,
    )


def _written(story: Thread, there: dict[str, str], language: str) -> Chapter:
    used: set[str] = set()

    def picture_at(url: str) -> str | None:
        if href := there.get(url):
            used.add(url)
        return href

    body = well_formed(story.html, picture_at)
    below = [file for file in story.files if file.url in there and file.url not in used]
    return Chapter(
        title=story.title,
        lead="" if opens(story.html, story.lead) else story.lead,
        by=tuple(one.name for one in (story.author, *story.co_authors)),
        published_ms=story.published_ms,
        url=story.url,
        language=story.language or language,
        body=body,
        pictures=tuple((there[file.url], file.alt) for file in below),
    )


def _authors(site: Site, stories: Sequence[Chosen]) -> list[Author]:
    """Everybody who wrote a story, in order, with the last time they agreed."""
    agreed: dict[int, Author] = {}
    for said in (said for one in stories for said in one.said):
        who = contents.person(site, said.account)
        known = agreed.get(said.account.id)
        at = max(said.answered_ms, known.agreed_ms if known else 0)
        agreed[said.account.id] = Author(who.name, who.handle, at)
    return list(agreed.values())
