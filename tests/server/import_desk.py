"""An editor, a writer and an old blog on its way in: what tests of imports stand on."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from federation.errors import Unreachable
from server.errors import Invalid
from server.files import Folder, new_name
from server.media import Picture
from server.model import Account, Community, Post
from server.services import (
    blog,
    blog_desk,
    bylines,
    import_claims,
    imports,
)
from server.services.imports import Sent
from server.store import accounts, blog_people, jobs
from server.store import imports as store
from server.store.db import Database, Read, Write
from server.store.imports import Run
from server.store.paging import Page
from server.worker.importing import Importing
from server.worker.jobs import DEEDS
from tests.server.test_blog import found as founded
from tests.server.world import (
    NOW,
    SITE,
    befriend,
    context,
    join,
)


class Elsewhere:
    """Where the old blog was: it has some pictures."""

    def __init__(self, *, closed: bool = False) -> None:
        self.site = SITE
        self.hosts = self.pages = self
        self.closed = closed
        self.asked: list[str] = []

    async def pictured(self, url: str) -> bool:
        return "127.0.0.1" not in url

    async def picture(self, url: str, *, max_bytes: int) -> bytes:
        self.asked.append(url)
        if self.closed:
            raise Unreachable("503")
        return b"picture"


class Darkroom:
    """Makes a picture of whatever is no PDF."""

    def __init__(self, folder: Path) -> None:
        self.store = Folder(folder)

    async def process(self, data: bytes) -> Picture:
        if data.startswith(b"%PDF"):
            raise Invalid("This is no picture.")
        name = new_name(".png")
        await self.store.put(name, data)
        return Picture(name, name, "image/png", 4, 3, 4, 3, len(data), "")


class Desk:
    """An editor, a writer of the blog, and what brings a blog here."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.there = Elsewhere()
        self.dark = Darkroom(folder / "media")
        self.editor: Account
        self.writer: Account
        self.home: Community

    async def open(self) -> "Desk":
        await self.dark.store.open()
        self.editor, self.writer, self.home = await self.db.write(_settle)
        return self

    @property
    def importing(self) -> Importing:
        there: Any = self.there
        dark: Any = self.dark
        return Importing(self.db, there, dark, lambda: NOW)

    async def reads(self, said: str | bytes, **more: Any) -> Run:
        """Send a file, and have it read."""
        name, file = new_name(".raw"), self.folder / "sent.xml"
        file.write_bytes(said.encode() if isinstance(said, str) else said)
        await self.dark.store.put(name, file)
        sent = Sent(name="x.xml", file=name, bytes=len(said), **more)
        begun = partial(imports.begin, now_ms=NOW)
        run = await self.db.write(begun, self.editor, self.home, sent)
        await self.works()
        return await self.run(run.id)

    async def works(self) -> None:
        """The worker does what was promised."""
        for job in await self.db.write(jobs.claim, NOW, 9):
            if job.kind == imports.JOB:
                await self.importing.do(job)
            elif job.kind == import_claims.JOB:
                of = msgspec.json.decode(job.payload)
                await self.db.write(DEEDS[job.kind], SITE, job, of, NOW)

    async def agrees(self, run: Run, *, yes: bool = True) -> None:
        """The writer says whether all of it is theirs, and the worker hands it over."""
        answer = partial(import_claims.answer, yes=yes, now_ms=NOW)
        await self.db.write(answer, self.writer, run.id)
        await self.works()

    async def run(self, id: int) -> Run:
        found = await self.db.read(store.by_id, id)
        assert found is not None
        return found

    async def brings(self, said: str, names: dict[str, str] | None = None, **more: Any) -> Run:
        """All of it."""
        run = await self.reads(said, **more)
        assert run.state == "ready", run.reason
        start = partial(imports.start, now_ms=NOW)
        await self.db.write(start, self.editor, self.home, run.id, names or {})
        await self.works()
        return await self.run(run.id)


def _settle(tx: Write) -> tuple[Account, Account, Community]:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    accounts.set_member(tx, cho.id, role="moderator")
    befriend(tx, cho, ann)
    home = founded(tx, ann)
    cohort = blog_desk.add_cohort(tx, ann, home, 1, 2026, now_ms=NOW)
    blog_people.add_writer(tx, cohort.id, bob.id, NOW)
    return ann, bob, home


def stories(db: Read, home: Community) -> dict[str, Post]:
    views = blog.newest(db, None, home.account.id, Page(limit=40))
    return {view.post.title: view.post for view in views}


def below(db: Read, viewer_id: int | None, post_id: int) -> dict[str, tuple[str, str]]:
    """What a viewer finds below a story: by its words, who said it and to whom that is."""
    return {
        view.post.source: (bylines.of(view.post), view.post.visibility)
        for view in context(db, viewer_id, post_id)[1]
    }


def lines(db: Read, run: Run) -> dict[str, str]:
    return {line.kind: line.what for line in imports.report(db, run)}
