"""Working through the file of an old blog: read once to see what is in it, then story by story.

A story is read, its pictures are made, and it is put where it belongs in one commit that counts it.
Whoever is killed in between begins the file anew and passes over what is here already.
"""

import asyncio
import logging
import os
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from federation.errors import FederationError
from server import text
from server.errors import AppError, Invalid, NotFound, TooLarge, TooMany
from server.fetch import Fetcher
from server.files import StoreAway, fetched, refusal, remove_all, scratch_folder
from server.media import MAX_PICTURE_BYTES, Picture, Pictures
from server.model import Job
from server.oldblogs import shape
from server.oldblogs.reading import read
from server.services import imported, imported_comments, imports, old_links
from server.services.imported import Brought
from server.services.imports import Survey
from server.store import imports as store
from server.store import jobs
from server.store.db import Database, DatabaseError, Read
from server.store.imports import Run
from server.text import relinking
from server.text.turning import Shown, Turned, link, picture, placed, turn

log = logging.getLogger(__name__)

MAX_PICTURES: Final = 100  # of one story
MAX_NAMES: Final = 5_000  # of authors that are looked at
MAX_FETCHED: Final = 5_000  # pictures of one run, from where the blog was
MAX_FETCHED_BYTES: Final = 4 << 30
MAX_MISSES: Final = 5  # of one host: then it is asked no more
MAX_MISSES_OF_ALL: Final = 200  # nobody makes us knock at every door
FETCH_S: Final = 20.0
WAITS: Final = 30
WAIT_S: Final = 2.0
PAUSE_S: Final = 0.1  # between two pictures of one host
MAX_SOURCE_BYTES: Final = 88_000
"""Of a text in Markdown: as HTML it must not be cut."""
_CFILE: Final = re.compile(r"cfile(\d{1,3})\.\w{1,10}@(\w{10,60})(?:\.\w{1,5})?")


class Stopped(Exception):
    """Nobody wants the rest."""


class Host:
    """What was fetched of an old blog, and from where nothing more is asked for."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.pictures = 0
        self.bytes = 0
        self.misses: Counter[str] = Counter()
        self.missed = 0

    def miss(self, name: str) -> None:
        """A picture could not be had there."""
        self.misses[name] += 1
        self.missed += 1

    def asks(self, name: str) -> bool:
        """Whether another picture is asked for there."""
        return (
            self.pictures < MAX_FETCHED
            and self.bytes < MAX_FETCHED_BYTES
            and self.missed < MAX_MISSES_OF_ALL
            and self.misses[name] < MAX_MISSES
        )


class Names:
    """Who wrote in a blog, as far as anybody can choose among them."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._called: dict[str, str] = {}
        self._names: set[str] = set()
        self._wrote: Counter[str] = Counter()

    def is_called(self, key: str, name: str) -> None:
        """What the author with this key is called."""
        if len(self._called) < MAX_NAMES:
            self._called[key] = name
            self._names.add(name)

    def wrote(self, story: shape.Story) -> None:
        """Somebody wrote a story, and members comments below it."""
        members = {one.name for one in story.comments if one.member} - self._names
        for name, stories in (*((name, 0) for name in members), (story.author, 1)):
            if name in self._wrote or len(self._wrote) < MAX_NAMES:
                self._wrote[name] += stories

    def most(self) -> tuple[tuple[str, str, int], ...]:
        """(key, name, stories) of those who wrote most."""
        most = self._wrote.most_common(imports.MAX_AUTHORS)
        return tuple((key, self._called.get(key, key), stories) for key, stories in most)


class Importing:
    """Does the job `import`, and the same for the command."""

    def __init__(
        self,
        db: Database,
        fetcher: Fetcher,
        pictures: Pictures,
        now_ms: Callable[[], int],
        told: Callable[[int, int], None] | None = None,
    ) -> None:
        """`told` hears (done, of how many) after each story."""
        self._db = db
        self._fetcher = fetcher
        self._pictures = pictures
        self._now_ms = now_ms
        self._told = told

    async def do(self, job: Job) -> None:
        """Read a file, or bring what is in it. Raises what is worth another try."""
        run = await self._db.read(store.by_id, msgspec.json.decode(job.payload)["run"])
        if run is not None and run.file:
            try:
                async with self._at_hand(run.file) as file:
                    await self.work(run, file)
            except NotFound:
                await self._fail(run, imports.UNFINISHED)
        await self._db.write(jobs.complete, job, self._now_ms())

    async def work(self, run: Run, file: Path) -> None:
        """The next step of a run whose file lies at `file`. What is wrong with it ends the run.

        Raises what is worth another try.
        """
        try:
            if run.state == "reading":
                await self._survey(run, file)
            elif run.state == "running":
                await self._bring(run, file)
        except Stopped:
            return
        except Invalid as error:
            await self._fail(run, imports.UNFINISHED if error.values else error.message)
        except (AppError, DatabaseError, StoreAway):
            raise
        except OSError as error:  # no room, mostly: it goes on when there is some
            raise refusal(error) from error
        except Exception:  # a bug: its editor is told, and the job is parked
            await self._fail(run, imports.UNFINISHED)
            raise

    async def _fail(self, run: Run, reason: str) -> None:
        fail = partial(imports.finish, reason=reason)
        await self._db.write(fail, run, "failed", self._now_ms())

    @asynccontextmanager
    async def _at_hand(self, name: str) -> AsyncIterator[Path]:
        """The backup on a disk here."""
        with self._folder() as folder:
            yield await fetched(self._pictures.store, name, Path(folder) / "backup")

    def _folder(self) -> "tempfile.TemporaryDirectory[str]":
        return scratch_folder(self._pictures.store, "import-")

    async def _parts(self, file: Path, folder: Path) -> AsyncIterator[shape.Part]:
        """What is in a file, read by a thread; attachments are removed after each story."""
        zone = ZoneInfo(self._fetcher.site.timezone)
        parts: Iterator[shape.Part] = read(file, folder, zone)
        while (part := await asyncio.to_thread(_next, parts, folder)) is not None:
            yield part
            if isinstance(part, shape.Story):
                for one in part.attachments:
                    if one.file is not None:
                        one.file.unlink(missing_ok=True)

    # --- what is in it

    async def _survey(self, run: Run, file: Path) -> None:
        found, names = Survey(), Names()
        with self._folder() as folder:
            async for part in self._parts(file, Path(folder)):
                if isinstance(part, shape.Head):
                    found = _headed(found, part)
                elif isinstance(part, shape.Author):
                    names.is_called(part.key, part.name)
                elif isinstance(part, shape.Story):
                    found = _counted(found, part)
                    _require_room(found)
                    names.wrote(part)
        found = msgspec.structs.replace(found, authors=names.most())
        await self._db.write(imports.was_read, run, found)

    # --- bringing it

    async def _bring(self, run: Run, file: Path) -> None:
        at, left, host = 0, 0, Host()
        with self._folder() as folder:
            async for part in self._parts(file, Path(folder)):
                if isinstance(part, shape.Story):
                    at += 1
                    await self._story(run, part, at, host)
                elif isinstance(part, shape.Left) and (left := left + 1) <= imports.MAX_LINES:
                    key = f"left:{part.kind}:{part.title}"
                    await self._db.write(imports.note, run.id, key, part.kind, part.title)
        await self._db.write(imports.finish, run, "done", self._now_ms())
        log.info("import %d is done", run.id, extra={"stories": at})

    async def _story(self, run: Run, story: shape.Story, at: int, host: Host) -> None:
        if await self._db.read(imported.unchanged, run, story):
            brought = Brought(story=story, source="")
        else:
            brought = await self._made_ready(run, story, host)
        put = partial(imported.put, at=at, now_ms=self._now_ms())
        names = [name for one, _ in brought.made.values() for name in _files(one)]
        try:
            if not await self._db.write(put, self._fetcher.site, run.id, brought):
                raise Stopped
        except (AppError, Stopped):  # of other failures who knows: what no row names is swept up
            await remove_all(self._pictures.store, names)
            raise
        await self._comments(run, story)
        while await self._db.write(old_links.lead, run.id, story):
            pass
        if self._told is not None:
            self._told(at, run.total)

    async def _comments(self, run: Run, story: shape.Story) -> None:
        if story.lost:
            note = (run.id, story.key, "comments", story.title, str(story.lost))
            await self._db.write(imports.note, *note)
        if not story.comments or story.state != shape.PUBLIC:
            return
        missing = await self._db.read(imported_comments.missing, run, story)
        for first in range(0, len(missing), imported_comments.AT_ONCE):
            more = missing[first : first + imported_comments.AT_ONCE]
            some = await asyncio.to_thread(imported_comments.remarks, self._fetcher.site, more)
            put = partial(imported_comments.put, now_ms=self._now_ms())
            if not await self._db.write(put, self._fetcher.site, run.id, story, some):
                raise Stopped

    async def _made_ready(self, run: Run, story: shape.Story, host: Host) -> Brought:
        """Its text in Markdown, and its pictures made and stored."""
        base = story.base or run.address or imports.survey(run).address
        turned = await asyncio.to_thread(_turned, story, base)
        notes = [("cut", "")] if story.cut or turned.cut else []
        if story.state != shape.PUBLIC:
            words = placed(turned, (_elsewhere(one) for one in turned.pictures))
            return Brought(story=story, source=_within(words, notes), notes=tuple(notes))
        gallery = _Gallery(self, run, story, host, await self._db.read(_known, run, story))
        try:
            texts = [await gallery.text(one) for one in turned.pictures]
            notes += gallery.notes
            shown = {unquote(one.source.removeprefix("old:")) for one in turned.pictures}
            notes += [
                ("attachment", one.label or one.name)
                for one in story.attachments
                if one.name not in shown and one.label not in shown
            ]
            source, links = await self._led(run, base, placed(turned, texts))
            source = _with_tags(_within(source, notes), story.tags)
            said = await asyncio.to_thread(imported.said, self._fetcher.site, source)
        except BaseException:
            await gallery.forget()
            raise
        return Brought(
            story=story,
            source=source,
            said=said,
            made=gallery.made,
            kept=gallery.kept,
            missing=gallery.missing,
            links=links,
            notes=tuple(notes[:MAX_PICTURES]),
        )

    async def _led(self, run: Run, base: str, source: str) -> tuple[str, tuple[str, ...]]:
        """A text whose links lead to the stories that are here, and the paths of all others."""
        hosts = old_links.hosts(run, base)
        paths = await asyncio.to_thread(relinking.paths, source, hosts, old_links.MOST)
        places = await self._db.read(old_links.places, run, paths)
        source = await asyncio.to_thread(relinking.led, source, hosts, places)
        return source, tuple(path for path in paths if path not in places)

    async def embedded(self, attachment: shape.Attachment) -> Picture:
        """A picture of the backup, made anew. Raises `Invalid`, `TooLarge`."""
        assert attachment.file is not None  # noqa: S101  the caller has looked
        return await self._patiently(await asyncio.to_thread(attachment.file.read_bytes))

    async def _patiently(self, data: bytes) -> Picture:
        """As `Pictures.process`; where many wait, an import waits longest."""
        for _ in range(WAITS):
            try:
                return await self._pictures.process(data)
            except TooMany:
                await asyncio.sleep(WAIT_S)
        return await self._pictures.process(data)

    async def from_there(self, url: str, host: Host) -> Picture | None:
        """A picture from where it was, within what one import may ask for; None without it."""
        name = urlsplit(url).hostname or ""
        if not host.asks(name) or not await self._fetcher.hosts.pictured(url):
            return None
        try:
            async with asyncio.timeout(FETCH_S):
                data = await self._fetcher.pages.picture(url, max_bytes=MAX_PICTURE_BYTES)
            host.pictures += 1
            host.bytes += len(data)
            host.misses[name] = 0
            await asyncio.sleep(PAUSE_S)
            return await self._patiently(data)
        except (FederationError, TimeoutError) as error:
            log.info("no picture at %s: %s", url, error or "timeout")
            host.miss(name)
        except (Invalid, TooLarge) as error:
            log.info("no picture at %s: %s", url, error)
        return None


class _Gallery:
    """The pictures of one story, as its text comes to them."""

    def __init__(
        self,
        importing: Importing,
        run: Run,
        story: shape.Story,
        host: Host,
        known: dict[str, tuple[int, str]],
    ) -> None:
        """`known` has the id and the file of what is here already."""
        self._importing = importing
        self._run = run
        self._host = host
        self._known = known
        self._origin = importing._fetcher.site.origin
        self._attached: dict[str, shape.Attachment] = {}
        for one in story.attachments:
            self._attached.setdefault(one.name, one)
            self._attached.setdefault(one.label, one)
        self._files: dict[str, str] = {}
        self.made: dict[str, tuple[Picture, str]] = {}
        self.kept: dict[str, int] = {}
        self.notes: list[tuple[str, str]] = []
        self.missing = 0

    async def forget(self) -> None:
        """Take back what was made: no story will have it."""
        names = [name for one, _ in self.made.values() for name in _files(one)]
        await asyncio.shield(remove_all(self._importing._pictures.store, names))

    async def text(self, shown: Shown) -> str:
        """What stands in the text for a picture: itself, or where it is."""
        key = shown.source
        if key not in self._files:
            self._files[key] = await self._file(shown)
        if file := self._files[key]:
            return picture(f"{self._origin}/media/{file}", shown.alt)
        return _elsewhere(shown)

    async def _file(self, shown: Shown) -> str:
        if shown.source in self._known:
            id, file = self._known[shown.source]
            self.kept[shown.source] = id
            return file
        if len(self.made) + len(self.kept) >= MAX_PICTURES:
            self.notes.append(("pictures", _named(shown)))
            return ""
        made = await self._made(shown)
        if made is None:
            return ""
        self.made[shown.source] = (made, shown.alt)
        return made.large

    async def _made(self, shown: Shown) -> Picture | None:
        if not shown.source.startswith("old:"):
            return await self._fetched(shown, shown.source)
        name = _named(shown)
        found = self._attached.get(name)
        if found is not None and found.file is not None:
            try:
                return await self._importing.embedded(found)
            except (Invalid, TooLarge):
                self.notes.append(("file", found.label or name))
                return None
        if found is not None and found.refused:
            self.notes.append(("file", found.label or name))
            return None
        old = _CFILE.fullmatch(name)
        address = f"http://cfile{old[1]}.uf.tistory.com/original/{old[2]}" if old else ""
        return await self._fetched(shown, address)

    async def _fetched(self, shown: Shown, url: str) -> Picture | None:
        made = None
        if url.startswith(("http://", "https://")) and self._run.pictures:
            made = await self._importing.from_there(url, self._host)
        if made is None:
            self.missing += 1
            self.notes.append(("picture", url or _named(shown)))
        return made


def _next(parts: Iterator[shape.Part], folder: Path) -> shape.Part | None:
    """The next part. The folder stays young: what lies untouched for hours is swept away."""
    os.utime(folder)
    return next(parts, None)


def _known(db: Read, run: Run, story: shape.Story) -> dict[str, tuple[int, str]]:
    files, ids = imported.pictures_of(db, run, story), imported.ids_of(db, run, story)
    return {key: (ids[key], file) for key, file in files.items()}


def _files(made: Picture) -> set[str]:
    return {made.large, made.medium, made.small} - {""}


def _named(shown: Shown) -> str:
    return unquote(shown.source.removeprefix("old:"))


def _elsewhere(shown: Shown) -> str:
    """A picture that is not here: a link to it, or its words."""
    if shown.source.startswith(("http://", "https://")):
        return link(shown.source, shown.alt or shown.source.rpartition("/")[2] or shown.source)
    return link("", shown.alt or _named(shown))


def _turned(story: shape.Story, base: str) -> Turned:
    body = story.body.replace("\0", "")
    if story.markup == "markdown":
        return Turned(body)
    return turn(body, base)


def _within(source: str, notes: list[tuple[str, str]]) -> str:
    """As much of a text as can be shown, to the end of a paragraph."""
    if len(source.encode()) <= MAX_SOURCE_BYTES:
        return source
    if ("cut", "") not in notes:
        notes.append(("cut", ""))
    source = source.encode()[:MAX_SOURCE_BYTES].decode("utf-8", "ignore")
    end = source.rfind("\n\n")
    return source[:end] if end > MAX_SOURCE_BYTES // 8 else source


def _with_tags(source: str, tags: tuple[str, ...]) -> str:
    """The tags as hashtags at the end, where they stay when somebody changes the text."""
    plain = ["".join(tag.lstrip("#").split()) for tag in tags]
    named = [f"#{tag}" for tag in dict.fromkeys(plain) if text.is_tag(text.normal_tag(tag))]
    return "\n\n".join(filter(None, (source, " ".join(named))))


def _require_room(found: Survey) -> None:
    below = found.comments + found.pings
    if found.stories + found.hidden > imports.MAX_STORIES or below > imports.MAX_BELOW:
        raise Invalid(imports.TOO_MUCH)


def _headed(found: Survey, head: shape.Head) -> Survey:
    return msgspec.structs.replace(
        found,
        format=head.format,
        title=head.title or found.title,
        address=head.address or found.address,
    )


def _counted(found: Survey, story: shape.Story) -> Survey:
    public = story.state == shape.PUBLIC
    return msgspec.structs.replace(
        found,
        stories=found.stories + public,
        hidden=found.hidden + (not public),
        comments=found.comments + (len(story.comments) if public else 0),
        secrets=found.secrets + sum(one.secret for one in story.comments if public),
        pings=found.pings + (len(story.pings) if public else 0),
    )
