"""Whose an old story is: whoever is named is asked, and nothing is theirs before they say so."""

from functools import partial

import pytest

from server.errors import Conflict, Invalid, NotFound
from server.model import Post
from server.services import blog_desk, bylines, drafts, follows, import_claims, imports, posts
from server.services.new_posts import NewPost
from server.store import accounts, media, notifications
from server.store import import_claims as claims
from server.store import posts as rows
from server.store.notifications import Wanted
from server.store.paging import Page
from tests.server.blogs import textcube, wordpress
from tests.server.import_desk import Desk, below, lines, stories
from tests.server.world import NOW, SITE, number

PHONE = "연락처는 010-0000-0000 입니다"


async def shop(desk: Desk) -> Post:
    return (await desk.db.read(stories, desk.home))["헌책방"]


async def test_a_story_is_its_authors_when_they_say_so_and_not_before(any_desk: Desk) -> None:
    desk, db = any_desk, any_desk.db
    run = await desk.brings(wordpress(), {"mina": "@bob"})
    post = await shop(desk)
    assert post.author_id == desk.editor.id and bylines.of(post) == "민아"
    told = await db.read(notifications.page, desk.writer.id, Page(), Wanted(("desk.claim",)))
    assert [(one.kind, one.from_id) for one in told] == [("desk.claim", desk.editor.id)]
    (asked,) = await db.read(import_claims.asked, desk.writer)
    assert (asked.names, asked.claim.answer, asked.by.id) == (("민아",), "asked", desk.editor.id)
    shown = await db.read(import_claims.one, desk.writer, run.id)
    assert [view.post.title for view in shown.stories] == ["헌책방"] and shown.posts == 2
    assert await db.read(import_claims.waiting, desk.writer.id) == 1
    await desk.agrees(run)
    post = await shop(desk)
    assert post.author_id == desk.writer.id and bylines.of(post) == ""
    assert post.url == f"https://here.test/@bob/{post.id}"
    said = await db.read(below, None, post.id)
    assert set(said.values()) == {("손님", "public"), ("", "public")}
    pictures = (await db.read(media.of_posts, [post.id]))[post.id]
    assert {one.account_id for one in pictures} == {desk.writer.id}
    for who, many in ((desk.writer, 2), (desk.editor, 0)):
        account = await db.read(accounts.by_id, who.id)
        assert account is not None and account.posts_count == many
    assert await db.read(import_claims.waiting, desk.writer.id) == 0
    assert await db.read(number, "SELECT count(*) FROM job") == 0
    with pytest.raises(Conflict):
        await desk.agrees(run, yes=False)


async def test_who_says_no_leaves_the_old_name_as_words_and_may_change_their_mind(
    desk: Desk,
) -> None:
    run = await desk.brings(wordpress(), {"mina": "bob"})
    await desk.agrees(run, yes=False)
    post = await shop(desk)
    assert post.author_id == desk.editor.id and bylines.of(post) == "민아"
    again = await desk.brings(wordpress(), {"mina": "bob"})
    assert [one.run.id for one in await desk.db.read(import_claims.asked, desk.writer)] == [run.id]
    with pytest.raises(NotFound):
        await desk.agrees(again)
    await desk.agrees(run)
    assert (await shop(desk)).author_id == desk.writer.id


async def test_only_who_is_named_answers(desk: Desk) -> None:
    run = await desk.brings(wordpress(), {"mina": "bob"})
    answer = partial(import_claims.answer, yes=True, now_ms=NOW)
    for who, id in ((desk.editor, run.id), (desk.writer, run.id + 1)):
        with pytest.raises(NotFound):
            await desk.db.write(answer, who, id)
        with pytest.raises(NotFound):
            await desk.db.read(import_claims.one, who, id)
    assert await desk.db.read(import_claims.asked, desk.editor) == []


async def test_nobody_is_named_by_whom_they_blocked(desk: Desk) -> None:
    run = await desk.reads(wordpress())
    await desk.db.write(partial(follows.block, now_ms=NOW), SITE, desk.writer, desk.editor.id)
    start = partial(imports.start, now_ms=NOW)
    with pytest.raises(Invalid, match="in the name of bob"):
        await desk.db.write(start, desk.editor, desk.home, run.id, {"mina": "bob"})


async def test_what_is_somebodys_is_changed_by_no_import(desk: Desk) -> None:
    grown = wordpress().replace("첫 문단", "새 문단")
    assert grown != wordpress()
    run = await desk.brings(wordpress(), {"mina": "bob"})
    changed = await desk.brings(wordpress().replace("첫 문단", "다른 문단"), {"mina": "bob"})
    assert imports.counts(changed).changed == 1, "before they agreed"
    await desk.agrees(run)
    for names in ({"mina": "bob"}, {}, {"mina": "ann"}):
        again = await desk.brings(grown, names)
        counts = imports.counts(again)
        assert (counts.changed, counts.kept, counts.new) == (0, 1, 0)
        assert (await desk.db.read(lines, again))["theirs"] == "헌책방"
        post = await shop(desk)
        assert "다른 문단" in post.source and post.author_id == desk.writer.id
    assert len(await desk.db.read(import_claims.asked, desk.writer)) == 1


async def test_yes_is_said_of_what_is_here_and_not_of_what_may_come(desk: Desk) -> None:
    run = await desk.reads(wordpress())
    await desk.db.write(
        partial(imports.start, now_ms=NOW), desk.editor, desk.home, run.id, {"mina": "bob"}
    )
    await desk.db.write(claims.ask, run.id, desk.writer.id)
    with pytest.raises(Conflict, match="still under way"):
        await desk.agrees(run)
    await desk.works()
    assert (await shop(desk)).author_id == desk.editor.id
    await desk.agrees(run)
    assert (await shop(desk)).author_id == desk.writer.id


async def test_a_later_import_asks_anew_about_what_is_new(desk: Desk) -> None:
    one = """<blog><post><id>{n}</id><visibility>public</visibility><title>글 {n}</title>
    <content>말</content><published>1322618400</published></post></blog>"""
    first = await desk.brings(one.format(n=1), {"": "bob"})
    await desk.agrees(first)
    second = await desk.brings(one.format(n=2), {"": "bob"})
    found = await desk.db.read(stories, desk.home)
    assert found["글 1"].author_id == desk.writer.id
    assert found["글 2"].author_id == desk.editor.id
    asked = await desk.db.read(import_claims.asked, desk.writer)
    assert [(each.run.id, each.claim.answer) for each in asked] == [
        (second.id, "asked"),
        (first.id, "yes"),
    ]


async def test_secret_comments_of_the_old_blog_go_with_the_story_and_later_ones_do_not(
    desk: Desk,
) -> None:
    db = desk.db
    run = await desk.brings(textcube(), {"": "bob"})
    post = (await db.read(stories, desk.home))["김장 하는 날"]
    cho = await db.read(accounts.by_handle, "cho")
    assert cho is not None
    hushed = NewPost(content="편집자님께만", reply_to_id=post.id, visibility="secret")
    await db.write(partial(posts.write, now_ms=NOW), SITE, cho, hushed)
    assert {PHONE, "편집자님께만"} <= set(await db.read(below, desk.editor.id, post.id))
    assert PHONE not in await db.read(below, desk.writer.id, post.id)
    await desk.agrees(run)
    theirs = await db.read(below, desk.writer.id, post.id)
    assert PHONE in theirs and "편집자님께만" not in theirs
    kept = await db.read(below, desk.editor.id, post.id)
    assert PHONE not in kept and "편집자님께만" in kept
    assert len(await db.read(drafts.all, desk.editor.id)) == 2


async def test_a_claim_ends_with_the_story_and_with_the_account(desk: Desk) -> None:
    db = desk.db
    await desk.brings(wordpress(), {"mina": "bob"})
    await db.write(partial(posts.delete, now_ms=NOW), SITE, desk.editor, (await shop(desk)).id)
    left = "SELECT count(*) FROM claimed_post c JOIN post p ON p.id = c.post_id"
    assert await db.read(number, f"{left} WHERE p.deleted_ms IS NOT NULL") == 0
    await db.write(claims.forget_account, desk.writer.id)
    for table in ("claimed_post", "import_claim"):
        assert await db.read(number, f"SELECT count(*) FROM {table}") == 0


async def test_an_editors_own_stories_are_theirs_at_once(desk: Desk) -> None:
    await desk.db.write(partial(blog_desk.add_cohort, now_ms=NOW), desk.editor, desk.home, 2, 2026)
    run = await desk.brings(wordpress(), {"mina": "ann"})
    post = await shop(desk)
    assert post.author_id == desk.editor.id and bylines.of(post) == ""
    assert await desk.db.read(import_claims.asked, desk.editor) == []
    assert imports.counts(run).new == 1
    again = await desk.brings(wordpress().replace("첫 문단", "새 문단"), {"mina": "ann"})
    assert imports.counts(again).changed == 1
    await desk.brings(wordpress(), {"mina": "bob"})
    assert await desk.db.read(import_claims.asked, desk.writer) == [], "the editor said it first"
    assert await desk.db.read(rows.by_id, post.id) is not None
