"""Who may bring a blog, and files that are no good."""

import errno
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from server.errors import Conflict, Forbidden, Invalid, NotFound, StorageFull
from server.oldblogs.shape import Comment, Story
from server.services import (
    imports,
    posts,
    reading,
)
from server.services.imports import Sent
from server.services.new_posts import NewPost
from server.store import accounts, jobs, media
from server.store import imports as store
from server.store.imports import Run
from server.worker import importing
from server.worker.housekeeping import keep_house_once
from tests.server.blogs import textcube, wordpress
from tests.server.import_desk import Desk, below, lines, stories
from tests.server.test_blog import found as founded
from tests.server.world import (
    NOW,
    SITE,
    number,
)


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


async def test_a_comment_that_is_too_long_is_cut_and_the_report_says_so(desk: Desk) -> None:
    said = f"""<blog><post><id>1</id><visibility>public</visibility><title>긴 댓글</title>
    <content>x</content><published>1322618400</published>
    <comment><id>1</id><commenter><name>손님</name></commenter><content>{"가" * 5_001}</content>
    <secret>1</secret><written>1322618500</written></comment>
    <comment><id>2</id><commenter/><content>{"나" * 5_000}</content></comment>
    </post></blog>"""
    run = await desk.brings(said)
    found = await desk.db.read(imports.report, run)
    assert [(one.kind, one.what, one.more) for one in found] == [("comment_cut", "긴 댓글", "")]
    post = (await desk.db.read(stories, desk.home))["긴 댓글"]
    assert {len(words) for words in await desk.db.read(below, desk.editor.id, post.id)} == {5_000}


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
