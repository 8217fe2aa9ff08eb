"""An old blog comes here: silently, under its own dates, and what was secret stays so."""

import json
from functools import partial

import msgspec
import pytest

from server.errors import NotFound
from server.ids import created_ms
from server.services import (
    blog,
    bylines,
    documents,
    drafts,
    imports,
    posts,
    reactions,
    stewardship,
)
from server.services.new_posts import NewPost
from server.store import accounts, media
from server.store import imports as store
from server.store import posts as rows
from server.store.db import Read, Write
from server.store.paging import Page
from tests.server.blogs import textcube, wordpress
from tests.server.import_desk import Desk, below, stories
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    create,
    deliver,
    note,
    number,
    stranger,
)


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
    await desk.agrees(await desk.brings(textcube(), {"김씨": "bob"}))
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
    await desk.agrees(await desk.brings(wordpress().replace("손님", "민아"), {"mina": "@bob"}))
    post = (await desk.db.read(stories, desk.home))["헌책방"]
    said = await desk.db.read(below, None, post.id)
    assert set(said.values()) == {("민아", "public"), ("", "public")}


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
