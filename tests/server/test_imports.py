"""An old blog comes here: once, silently, under its own dates, and what was secret stays so."""

import errno
import json
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from federation.errors import Unreachable
from server.errors import Conflict, Forbidden, Invalid, NotFound, StorageFull
from server.files import Folder, new_name
from server.ids import created_ms
from server.media import Picture
from server.model import Account, Community, Post
from server.oldblogs.shape import Comment, Story
from server.services import (
    backlinks,
    blog,
    blog_desk,
    bylines,
    documents,
    drafts,
    follows,
    imports,
    pings,
    posts,
    reactions,
    reading,
    stewardship,
)
from server.services.imports import Sent
from server.services.new_posts import NewPost
from server.store import accounts, blog_people, jobs, media, notifications
from server.store import imports as store
from server.store import pings as ping_rows
from server.store import posts as rows
from server.store.db import Database, Read, Write
from server.store.imports import Checked, Run
from server.store.notifications import Wanted
from server.store.paging import Page
from server.text.backlinks import find
from server.worker import due, importing
from server.worker.housekeeping import keep_house_once
from server.worker.importing import Importing
from tests.server.blogs import textcube, wordpress
from tests.server.test_blog import found as founded
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    befriend,
    context,
    create,
    deliver,
    join,
    note,
    number,
    stranger,
)


class Elsewhere:
    """Where the old blog was: it has some pictures."""

    def __init__(self, *, closed: bool = False) -> None:
        self.site = SITE
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

    async def reads(self, said: str, **more: Any) -> Run:
        """Send a file, and have it read."""
        name, file = new_name(".raw"), self.folder / "sent.xml"
        file.write_text(said)
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


@pytest.fixture
async def any_desk(db: Database, tmp_path: Path) -> Desk:
    return await Desk(db, tmp_path).open()


@pytest.fixture
async def desk(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(importing, "PAUSE_S", 0.0)
    shutil.copy(sqlite_template, tmp_path / "desk.db")
    db = await Database.open(f"sqlite:{tmp_path}/desk.db")
    yield await Desk(db, tmp_path).open()
    await db.close()


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


# --- what comes


async def test_a_backup_comes_whole_and_silently(any_desk: Desk) -> None:
    desk, db = any_desk, any_desk.db
    before = await db.read(number, "SELECT count(*) FROM notification")
    run = await desk.brings(textcube(), {"김씨": "bob"})
    assert run.state == "done" and run.done == run.total == 5 and run.file == ""
    counts = imports.counts(run)
    assert (counts.new, counts.drafts, counts.comments, counts.pictures) == (3, 2, 4, 1)
    found = await db.read(stories, desk.home)
    assert list(found) == ["바다", "김장 하는 날", "공지"]  # by their own dates
    post = found["김장 하는 날"]
    assert post.published_ms == created_ms(post.id) == 1_322_618_400_000
    assert post.edited_ms == 1_322_704_800_000
    assert msgspec.json.decode(post.tags) == ["김장", "광명시장"]
    (picture,) = (await db.read(media.of_posts, [post.id]))[post.id]
    assert f"![배추 더미](https://here.test/media/{picture.large})" in post.source
    assert picture.alt == "배추 더미" and picture.large in post.content
    assert "script" not in post.content and "##" not in post.source
    assert 'href="http://old.example.kr/11"' in post.content
    assert "etc/passwd" in post.source and "media/.." not in post.content
    tops, total = await db.read(blog.tree, desk.home.account.id)
    assert total == 3
    assert [(top.category.title, top.count) for top in tops] == [("사랑 소통", 1), ("사진", 1)]
    assert [one.category.title for one in tops[0].children] == ["소소한 일상"]
    # nobody hears of it but in whose name it came; nothing is promised but what the search needs
    assert await db.read(number, "SELECT count(*) FROM notification") == before + 1
    for table in ("home", "delivery", "activity_out", "event", "walk", "post_link"):
        if table in await db.read(_tables):
            assert await db.read(number, f"SELECT count(*) FROM {table}") == 0, table
    assert await db.read(number, "SELECT count(*) FROM job") == 0
    # and yet it is there for whoever asks
    document = await db.read(documents.by_post, SITE, post)
    assert document["type"] == "Article" and document["published"].startswith("2011-11-30")
    outbox = await db.read(rows.public_by, desk.editor.id, Page(limit=10))
    assert [one.id for one in outbox] == [one.id for one in found.values()]
    assert [one.url for one in await db.read(store.pings_of, post.id)] == [
        "https://friend.example.kr/77"
    ]
    account = await db.read(accounts.by_id, desk.editor.id)
    assert account is not None and account.posts_count == 3
    assert account.last_post_ms == 1_717_200_000_000


def _tables(db: Read) -> set[str]:
    if db.dialect == "postgresql":
        found = db.all("SELECT tablename AS name FROM pg_tables")
    else:
        found = db.all("SELECT name FROM sqlite_master")
    return {row["name"] for row in found}


async def test_secret_comments_are_for_the_author_of_the_story_and_nobody_else(desk: Desk) -> None:
    db = desk.db
    await desk.brings(textcube(), {"김씨": "bob"})
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    group, cho = desk.home.account, await db.read(accounts.by_handle, "cho")
    assert cho is not None
    secrets = {"연락처는 010-0000-0000 입니다", "전화 드릴게요"}
    everybody = await db.read(below, None, post.id)
    assert set(everybody.values()) == {("지나가던 이웃", "public"), ("", "public")}
    assert "맛있겠어요 \\<b>정말\\</b>\n\\*저도\\* 했어요" in everybody
    assert set(await db.read(below, desk.editor.id, post.id)) == {*everybody, *secrets}
    assert set(await db.read(below, cho.id, post.id)) == set(everybody)  # a moderator
    # bob answered one of them in the old blog, and reads what he said and what he answered
    assert set(await db.read(below, desk.writer.id, post.id)) >= {"전화 드릴게요"}
    for one in await db.read(rows.thread, post.id, 50):
        if one.source in secrets:
            assert one.visibility == "secret" and one.community_id is None
            with pytest.raises(Exception, match="no such post"):
                await db.read(documents.by_post, SITE, one)
    story = await db.read(rows.by_id, post.id)
    assert story is not None and story.replies == 1
    assert group.id not in await db.read(_mentioned)


def _mentioned(db: Read) -> set[int]:
    return {row["account_id"] for row in db.all("SELECT account_id FROM mention")}


async def test_people_go_on_with_what_guests_said(desk: Desk) -> None:
    """Their comments are the blog's: answered, liked, shared and taken away as any other."""
    db = desk.db
    await desk.brings(textcube())
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    thread = {one.source[:4]: one for one in await db.read(rows.thread, post.id, 50)}
    open_, secret = thread["맛있겠어"], thread["연락처는"]
    write = partial(posts.write, now_ms=NOW)
    answer = NewPost(content="다시 @project", reply_to_id=open_.id)
    said = await db.write(write, SITE, desk.writer, answer)
    assert said.visibility == "public" and said.thread_id == post.id
    hushed = NewPost(content="알겠습니다", reply_to_id=secret.id)
    assert (await db.write(write, SITE, desk.editor, hushed)).visibility == "secret"
    for deed in (reactions.like, reactions.boost):
        await db.write(deed, SITE, desk.writer, open_.id, NOW)
    with pytest.raises(NotFound):
        await db.write(write, SITE, desk.writer, hushed)
    with pytest.raises(NotFound):
        await db.write(reactions.like, SITE, desk.writer, secret.id, NOW)
    await db.write(from_elsewhere, open_.uri)
    remove = partial(stewardship.remove, reason="광고")
    await db.write(remove, SITE, desk.editor, open_.id, NOW)
    assert "맛있겠어" not in "".join(await db.read(below, None, post.id))
    group = await db.read(accounts.by_id, desk.home.account.id)
    assert group is not None and group.posts_count >= 0


def from_elsewhere(tx: Write, uri: str) -> None:
    """Eve answers from her server, and likes it."""
    stranger(tx, EVE)
    deliver(tx, create(note(f"{EVE}/notes/9", EVE, inReplyTo=uri), id=f"{EVE}/activities/9"))
    deliver(tx, act("Like", EVE, uri, id=f"{EVE}/activities/10"))


async def test_what_was_not_for_everybody_is_a_draft_of_the_editor(desk: Desk) -> None:
    run = await desk.brings(textcube())
    kept = await desk.db.read(drafts.all, desk.editor.id)
    assert {json.loads(one.body)["content"] for one in kept} == {"속마음", "암호가 필요한 글"}
    said = {line.what: line.kind for line in await desk.db.read(imports.report, run)}
    assert said["나만 보는 글"] == said["보호된 글"] == "draft"
    assert said["광명"] == "keyword"
    assert not {"나만 보는 글", "보호된 글"} & set(await desk.db.read(stories, desk.home))
    assert await desk.db.read(number, "SELECT count(*) FROM post WHERE source LIKE '%암호가%'") == 0


async def test_names_of_the_old_blog_stand_above_what_is_not_a_members(desk: Desk) -> None:
    run = await desk.brings(wordpress())
    assert imports.survey(run).authors == (("mina", "민아", 2),)
    post = (await desk.db.read(stories, desk.home))["헌책방"]
    assert post.author_id == desk.editor.id and bylines.of(post) == "민아"
    document = await desk.db.read(documents.by_post, SITE, post)
    assert document["content"].startswith("<p>✍ 민아</p><p>첫 문단")
    # its picture was fetched from where it was
    assert desk.there.asked == ["https://blog.example.kr/wp-content/uploads/shop.png"]
    assert "![책방 앞](https://here.test/media/" in post.source


async def test_a_guest_who_took_a_members_name_is_a_guest(desk: Desk) -> None:
    await desk.brings(wordpress().replace("손님", "민아"), {"mina": "@bob"})
    post = (await desk.db.read(stories, desk.home))["헌책방"]
    said = await desk.db.read(below, None, post.id)
    assert set(said.values()) == {("민아", "public"), ("", "public")}


async def test_a_members_stories_are_theirs(desk: Desk) -> None:
    await desk.brings(wordpress(), {"mina": "@bob"})
    post = (await desk.db.read(stories, desk.home))["헌책방"]
    assert post.author_id == desk.writer.id and bylines.of(post) == ""
    said = await desk.db.read(below, None, post.id)
    assert set(said.values()) == {("손님", "public"), ("", "public")}


async def test_whoever_is_named_is_told_and_nobody_is_by_whom_they_blocked(desk: Desk) -> None:
    db = desk.db
    await desk.brings(wordpress(), {"mina": "bob"})
    told = await db.read(notifications.page, desk.writer.id, Page(), Wanted(("desk",)))
    assert [(one.kind, one.from_id) for one in told] == [("desk", desk.editor.id)]
    for who, times in ((desk.writer, 1), (desk.editor, 0)):
        found = await db.read(imports.in_name_of, who, desk.home.account.id)
        assert len(found) == times
    run = await desk.reads(wordpress())
    await db.write(partial(follows.block, now_ms=NOW), SITE, desk.writer, desk.editor.id)
    start = partial(imports.start, now_ms=NOW)
    with pytest.raises(Invalid, match="in the name of bob"):
        await db.write(start, desk.editor, desk.home, run.id, {"mina": "bob"})


# --- again


async def test_the_same_file_brings_nothing_twice_and_a_grown_one_what_is_new(
    any_desk: Desk,
) -> None:
    desk, db = any_desk, any_desk.db
    await desk.brings(textcube())
    many = await db.read(number, "SELECT count(*) FROM post")
    again = await desk.brings(textcube())
    counts = imports.counts(again)
    assert (counts.new, counts.changed, counts.same, counts.comments) == (0, 0, 5, 0)
    assert await db.read(number, "SELECT count(*) FROM post") == many
    first = await db.read(stories, desk.home)
    grown = (
        textcube()
        .replace("갈매기", "등대")
        .replace(
            "<notice slogan",
            "<post><id>99</id><visibility>public</visibility><title>새 글</title>"
            "<content>새것</content>"
            "<published>1730000000</published><comment><id>9</id><commenter id=''><name>A</name>"
            "</commenter><content>하나</content><written>1730000100</written></comment></post>"
            "<notice slogan",
        )
    )
    counts = imports.counts(await desk.brings(grown))
    assert (counts.new, counts.changed, counts.same, counts.comments) == (1, 1, 4, 1)
    found = await db.read(stories, desk.home)
    assert found["바다"].id == first["바다"].id and "등대" in found["바다"].content
    assert await db.read(number, "SELECT count(*) FROM post") == many + 2
    assert await db.read(number, "SELECT count(*) FROM media WHERE post_id > 0") == 1


async def test_what_was_changed_or_deleted_here_stays_so(desk: Desk) -> None:
    db = desk.db
    await desk.brings(textcube())
    found = await db.read(stories, desk.home)
    new = NewPost(content="내가 고친 글", title="바다")
    edit = partial(posts.edit, now_ms=NOW)
    await db.write(edit, SITE, desk.editor, found["바다"].id, new)
    delete = partial(posts.delete, now_ms=NOW)
    await db.write(delete, SITE, desk.editor, found["공지"].id)
    said = textcube().replace("갈매기", "등대").replace("알립니다", "다시 알립니다")
    run = await desk.brings(said)
    assert imports.counts(run).kept == 2 and imports.counts(run).changed == 0
    assert {"edited": "바다", "deleted": "공지"}.items() <= (await db.read(lines, run)).items()
    now = await db.read(stories, desk.home)
    assert now["바다"].source == "내가 고친 글" and "공지" not in now


async def test_whoever_is_killed_in_the_middle_goes_on_and_does_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await desk.reads(textcube())
    start = partial(imports.start, now_ms=NOW)
    await desk.db.write(start, desk.editor, desk.home, run.id, {})
    (job,) = await desk.db.write(jobs.claim, NOW, 9)
    once = importing.imported.put

    def killed(tx: Write, *args: Any, at: int, **more: Any) -> bool:
        if at == 3:
            raise KeyboardInterrupt
        return once(tx, *args, at=at, **more)

    with monkeypatch.context() as patch:
        patch.setattr(importing.imported, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            await desk.importing.do(job)
    half = await desk.run(run.id)
    assert half.state == "running" and half.done == 2
    await desk.importing.do(job)
    whole = await desk.run(run.id)
    counts = imports.counts(whole)
    assert whole.state == "done" and (counts.new, counts.same, counts.comments) == (3, 0, 4)
    assert await desk.db.read(number, "SELECT count(*) FROM post") == 7
    assert len(await desk.db.read(drafts.all, desk.editor.id)) == 2


async def test_pictures_that_could_not_be_had_are_links_until_they_can(desk: Desk) -> None:
    desk.there.closed = True
    run = await desk.brings(wordpress())
    assert imports.counts(run).unpictured == 1
    post = (await desk.db.read(stories, desk.home))["헌책방"]
    assert "[책방 앞](https://blog.example.kr/wp-content/uploads/shop.png)" in post.source
    assert (await desk.db.read(lines, run))["picture"] == "헌책방"
    desk.there.closed = False
    counts = imports.counts(await desk.brings(wordpress()))
    assert (counts.pictures, counts.changed, counts.new, counts.comments) == (1, 1, 0, 0)
    post = (await desk.db.read(stories, desk.home))["헌책방"]
    assert "![책방 앞](" in post.source


# --- who, and forgeries


async def test_only_editors_bring_a_blog_and_only_in_the_names_of_its_writers(desk: Desk) -> None:
    sent = Sent(name="x", file="", bytes=1)
    begin: Callable[..., Run] = partial(imports.begin, now_ms=NOW)
    with pytest.raises(Forbidden):
        await desk.db.write(begin, desk.writer, desk.home, sent)
    run = await desk.reads(wordpress())
    with pytest.raises(Conflict):
        await desk.db.write(begin, desk.editor, desk.home, sent)
    start = partial(imports.start, now_ms=NOW)
    for name in ("nobody", "project", "dan"):
        with pytest.raises(Invalid):
            await desk.db.write(start, desk.editor, desk.home, run.id, {"mina": name})
    await desk.db.write(imports.stop, desk.editor, desk.home, run.id, NOW)
    await desk.works()
    assert (await desk.run(run.id)).state == "stopped"
    assert await desk.db.read(store.files) == set()
    assert await desk.db.read(number, "SELECT count(*) FROM post") == 0


async def test_an_import_belongs_to_its_blog(desk: Desk) -> None:
    run = await desk.reads(wordpress())
    other = await desk.db.write(founded, desk.editor, "other")
    assert await desk.db.read(imports.all, desk.editor, other) == []
    with pytest.raises(NotFound):
        await desk.db.read(imports.one, desk.editor, other, run.id)


async def test_who_is_no_editor_any_more_brings_nothing_more(desk: Desk) -> None:
    run = await desk.reads(textcube())
    start = partial(imports.start, now_ms=NOW)
    await desk.db.write(start, desk.editor, desk.home, run.id, {})
    suspend = partial(accounts.set_columns, state="suspended")
    await desk.db.write(suspend, desk.editor.id)
    await desk.works()
    assert (await desk.run(run.id)).state == "stopped"
    assert await desk.db.read(number, "SELECT count(*) FROM post") == 0


async def test_what_cannot_be_read_fails_with_a_sentence_and_is_not_kept(desk: Desk) -> None:
    run = await desk.reads("<blog><post><title>x</title>")
    assert run.state == "failed" and run.reason.startswith("This file is not the backup")
    assert await desk.db.read(store.files) == set()
    assert await desk.db.read(number, "SELECT count(*) FROM job") == 0


async def test_a_full_disk_puts_an_import_off_and_keeps_its_backup(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await desk.reads(textcube())
    start = partial(imports.start, now_ms=NOW)
    await desk.db.write(start, desk.editor, desk.home, run.id, {})
    (job,) = await desk.db.write(jobs.claim, NOW, 9)

    def full(*args: Any, **more: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    for broken in ("importing.read", "files.tempfile.TemporaryDirectory"):
        with monkeypatch.context() as patch:
            patch.setattr(f"server.{'worker.' * broken.startswith('i')}{broken}", full)
            with pytest.raises(StorageFull, match="no room left"):
                await desk.importing.do(job)
    half = await desk.run(run.id)
    assert half.state == "running" and await desk.dark.store.size(half.file) is not None
    await desk.importing.do(job)
    assert (await desk.run(run.id)).state == "done"


async def test_a_story_that_came_with_many_pictures_can_still_be_changed(desk: Desk) -> None:
    shown = "".join(f'&lt;img src="https://there.test/{n}.png"&gt;' for n in range(30))
    said = f"""<blog><post><id>1</id><visibility>public</visibility><title>사진첩</title>
    <content>{shown}</content><published>1322618400</published></post></blog>"""
    await desk.brings(said)
    post = (await desk.db.read(stories, desk.home))["사진첩"]
    ids = tuple(one.id for one in (await desk.db.read(media.of_posts, [post.id]))[post.id])
    assert len(ids) == 30 and post.source.count("![") == 30
    edit = partial(posts.edit, now_ms=NOW)
    new = NewPost(content=post.source, title="사진첩!", media_ids=ids)
    await desk.db.write(edit, SITE, desk.editor, post.id, new)


async def test_a_backup_that_nobody_begins_is_forgotten_after_a_week(desk: Desk) -> None:
    run = await desk.reads(textcube())
    keep = partial(keep_house_once, desk.db, desk.dark.store, 0)
    await keep(NOW + imports.KEPT_MS - 1)
    assert await desk.dark.store.size(run.file) is not None
    await keep(NOW + imports.KEPT_MS + 1)
    assert await desk.dark.store.size(run.file) is None
    assert (await desk.run(run.id)).state == "stopped"


async def test_reports_of_old_runs_are_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MAX_SHOWN", 2)
    sent = Sent(name="x", file="", bytes=1)
    runs = []
    for at in range(3):
        run = await desk.db.write(imports.add, desk.editor, desk.home, sent, NOW + at * 1000)
        await desk.db.write(imports.note, run.id, "1", "page", "A page")
        await desk.db.write(imports.finish, run, "done", NOW)
        runs.append(run)
    assert [len(await desk.db.read(imports.report, run)) for run in runs] == [0, 1, 1]


async def test_a_file_with_more_than_one_import_may_bring_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MAX_BELOW", 3)
    run = await desk.reads(textcube())
    assert (run.state, run.reason) == ("failed", imports.TOO_MUCH)


def test_authors_without_end_are_not_looked_at() -> None:
    names = importing.Names()
    for n in range(importing.MAX_NAMES + 10):
        names.is_called(f"k{n}", f"n{n}")
    comments = tuple(
        Comment(key=str(n), name=f"n{n}", text="x", member=True)
        for n in range(importing.MAX_NAMES + 1)
    )
    for n in range(2):
        names.wrote(Story(key=str(n), title="", body="", author="k7", comments=comments))
    assert names.most() == (("k7", "n7", 2), (f"n{importing.MAX_NAMES}",) * 2 + (0,))


def test_nobody_makes_us_knock_at_every_door() -> None:
    host = importing.Host()
    for n in range(importing.MAX_MISSES_OF_ALL):
        assert host.asks(f"{n}.there.test")
        host.miss(f"{n}.there.test")
    assert not host.asks("another.test")


async def test_absurd_stories_do_no_harm(desk: Desk) -> None:
    db = desk.db
    said = f"""<blog><post slogan="../../x"><id>1</id><visibility>public</visibility>
    <title></title><content>&lt;p&gt;{"가" * 40_000}&lt;/p&gt;</content>
    <published>9999999999</published><category>{"k" * 300}/b/c</category>
    <tag>a b</tag><tag>!!</tag><tag>{"t" * 500}</tag>
    <comment><commenter/><content>x</content><written>1</written></comment></post>
    <post><id>2</id><visibility>public</visibility><title>{"T" * 900}</title>
    <content>&lt;img src="http://127.0.0.1/x.png"&gt;&lt;img src="file:///etc/passwd"&gt;</content>
    <published>1</published></post></blog>"""
    run = await desk.brings(said)
    assert run.state == "done" and imports.counts(run).new == 2
    found = list((await db.read(stories, desk.home)).values())
    assert all(post.published_ms == run.created_ms - 3_600_000 for post in found)
    assert all(len(post.title) <= 200 and len(post.content.encode()) < 100_000 for post in found)
    assert {"cut", "date", "picture"} <= set(await db.read(lines, run))
    assert desk.there.asked == []
    assert await db.read(reading.may_read, None, found[0])


async def test_an_old_address_leads_to_the_story_as_long_as_everybody_may_read_it(
    desk: Desk,
) -> None:
    db = desk.db
    await desk.brings(textcube())
    found = await db.read(stories, desk.home)
    post = found["김장 하는 날"]
    for path in ("/12", "/12/", "/entry/김장-하는-날", "/entry/김장 하는 날"):
        assert await db.read(imports.lead, path) == post.id
    assert await db.read(imports.lead, "/notice/3") == found["공지"].id
    for path in ("/14", "/15", "/", "/nothing", "/" + "x" * 9_000):
        assert await db.read(imports.lead, path) is None
    delete = partial(posts.delete, now_ms=NOW)
    await db.write(delete, SITE, desk.editor, post.id)
    assert await db.read(imports.lead, "/12") is None
    suspend = partial(accounts.set_columns, state="suspended")
    await db.write(suspend, desk.editor.id)
    assert await db.read(imports.lead, "/notice/3") is None


# --- who spoke of it there

FRIEND = "https://friend.example.kr/77"
READ_MS = NOW + pings.PACE_MS


async def looks(desk: Desk, post: Post, page: str, now_ms: int = READ_MS) -> None:
    """The worker's turn comes, and it reads the page of the friend."""
    await due.keep_time_once(desk.db, SITE, lambda: now_ms)
    ping = await desk.db.read(ping_rows.by_source, post.id, FRIEND)
    assert ping is not None
    asked = await desk.db.read(pings.asked, ping.id)
    assert asked is not None
    found = find(page.encode(), "text/html", FRIEND, asked[1], ping.excerpt)
    await desk.db.write(pings.keep, ping, found, now_ms)


async def shown(desk: Desk, post: Post) -> list[tuple[str, str, int | None, int]]:
    _, links = await desk.db.read(backlinks.of_story, None, post.id, Page(limit=9))
    found = [line.link for line in links.lines if line.link]
    return [(one.source, one.title, one.published_ms, created_ms(one.id)) for one in found]


def outcome(waiting: int = 0, confirmed: int = 0, failed: int = 0) -> Checked:
    return Checked(waiting=waiting, confirmed=confirmed, failed=failed)


async def test_a_trackback_of_the_old_blog_is_shown_once_its_page_was_seen_to_link(
    any_desk: Desk,
) -> None:
    desk, db = any_desk, any_desk.db
    run = await desk.brings(textcube())
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    assert imports.counts(run).pings == 1
    assert await db.read(store.checked, run.id) == outcome(waiting=1)
    assert await shown(desk, post) == []
    assert await db.read(store.next_ping_ms) == READ_MS
    assert not await db.write(pings.next_old, SITE, READ_MS - 1), "slowly"
    page = '<title>나도 김장</title><p>엮은 <a href="http://old.example.kr/12">글</a>'
    await looks(desk, post, page)
    then_ms = 1_322_630_000_000
    assert await shown(desk, post) == [(FRIEND, "나도 김장", then_ms, then_ms)]
    assert await db.read(store.checked, run.id) == outcome(confirmed=1)
    again = await desk.brings(textcube().replace("절이기", "씻기"))
    assert (imports.counts(again).changed, imports.counts(again).pings) == (1, 0)
    assert await db.read(store.next_ping_ms) is None
    assert not await db.write(pings.next_old, SITE, READ_MS + 9 * pings.PACE_MS)


@pytest.mark.parametrize(
    ("at", "links"),
    [
        ("https://here.test/objects/{id}", True),
        ("http://old.example.kr/12/", True),
        ("https://OLD.example.kr/entry/%EA%B9%80%EC%9E%A5-%ED%95%98%EB%8A%94-%EB%82%A0", True),
        ("http://mine.example/12#comments", True),
        ("http://old.example.kr/13", False),
        ("http://old.example.kr/", False),
        ("http://evil.example/12", False),
    ],
)
async def test_it_links_to_where_the_story_is_or_was(desk: Desk, at: str, links: bool) -> None:
    run = await desk.brings(textcube(), address="http://mine.example")
    post = (await desk.db.read(stories, desk.home))["김장 하는 날"]
    await looks(desk, post, f'<a href="{at.format(id=post.id)}">x</a>')
    assert bool(await shown(desk, post)) == links
    expected = outcome(confirmed=1) if links else outcome(failed=1)
    assert await desk.db.read(store.checked, run.id) == expected


async def test_a_new_ping_has_to_link_to_where_the_story_is(desk: Desk) -> None:
    await desk.brings(textcube())
    post = (await desk.db.read(stories, desk.home))["김장 하는 날"]
    source = "https://new.example/1"
    sent = pings.Wanted(kind="webmention", source=source, target=post.url, network="n")
    await desk.db.write(pings.take, SITE, sent, NOW)
    ping = await desk.db.read(ping_rows.by_source, post.id, source)
    assert ping is not None
    asked = await desk.db.read(pings.asked, ping.id)
    assert asked is not None
    assert set(asked[1]) == {post.url, post.uri}


async def test_trackbacks_of_an_old_blog_are_never_in_the_way_of_new_ones(desk: Desk) -> None:
    db = desk.db
    one = textcube().split("<trackback>")[1].split("</trackback>")[0]
    more = "".join(f"<trackback>{one.replace('/77', f'/{n}')}</trackback>" for n in range(100, 120))
    run = await desk.brings(textcube().replace("</post>", f"{more}</post>", 1))
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    assert imports.counts(run).pings == 21
    late_ms = NOW + 30 * pings.PACE_MS  # as after a night without the worker
    while await db.write(pings.next_old, SITE, late_ms):
        pass
    most = dict(pings.LIMITS)["host"]
    asked = "SELECT count(*) FROM ping WHERE host = 'friend.example.kr'"
    assert await db.read(number, asked) == most // 2
    assert await db.read(number, "SELECT count(DISTINCT lane) FROM job WHERE kind = 'ping'") == 1
    assert await db.read(store.next_ping_ms) == late_ms + pings.REMEMBERED_MS
    for n in range(most // 2):
        source = f"https://friend.example.kr/new/{n}"
        sent = pings.Wanted(kind="webmention", source=source, target=post.url, network="n")
        await db.write(pings.take, SITE, sent, late_ms)
    assert await db.read(number, "SELECT count(DISTINCT lane) FROM job WHERE kind = 'ping'") == 2
    assert await db.read(store.checked, run.id) == outcome(waiting=21)


async def test_of_a_story_that_is_gone_no_page_is_asked_for(desk: Desk) -> None:
    db = desk.db
    run = await desk.brings(textcube())
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    await db.write(rows.set_columns, post.id, visibility="removed")
    assert await db.write(pings.next_old, SITE, READ_MS)
    assert await db.read(number, "SELECT count(*) FROM ping") == 0
    assert await db.read(store.next_ping_ms) is None
    assert await db.read(store.checked, run.id) == outcome(failed=1)


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://친구.example.kr/봄", "https://xn--2e0bp83d.example.kr/%EB%B4%84"),
        ("https://a.example/?p=1", "https://a.example/?p=1"),
        ("http://", ""),
        ("http://[::1", ""),
        ("https://a.example/" + "x" * 2_000, ""),
    ],
)
def test_an_old_blog_may_name_whatever_it_wants(url: str, page: str) -> None:
    assert pings.page_of(url) == page
