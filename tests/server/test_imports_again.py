"""A file that comes again, or was stopped in the middle: nothing twice, nothing of ours lost."""

from functools import partial
from typing import Any

import pytest

from server.services import (
    drafts,
    imports,
    posts,
)
from server.services.new_posts import NewPost
from server.store import jobs
from server.store.db import Write
from server.worker import importing
from tests.server.blogs import textcube, wordpress
from tests.server.import_desk import Desk, lines, stories
from tests.server.world import (
    NOW,
    SITE,
    number,
)


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
