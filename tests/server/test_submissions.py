"""A member's text on its way through the desk of a team blog's editors."""

from collections.abc import Callable
from typing import Any

import pytest

from server.clock import DAY_MS, MINUTE_MS
from server.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from server.media import Picture
from server.model import Account, Community, Media, Post
from server.services import blog, communities, forum, media, posts, scheduled, submissions
from server.services.new_posts import NewPost
from server.services.submissions import Proposal
from server.store import media as media_store
from server.store import submissions as store
from server.store.blog import Filed
from server.store.db import Write
from server.store.paging import Page
from server.store.submissions import Submission
from tests.server.test_blog import found, told, two_levels
from tests.server.world import NOW, SITE, join, number


def world(tx: Write) -> tuple[Account, Account, Community]:
    """An editor, a member, and their blog."""
    ann, bob = join(tx, "ann"), join(tx, "bob")
    return ann, bob, found(tx, ann)


def text(home: Community, words: str = "First", **more: Any) -> NewPost:
    return NewPost(content=words, title="골목", community_id=home.account.id, **more)


def now(tx: Write, one: Submission) -> Submission:
    known = store.by_id(tx, one.id)
    assert known is not None
    return known


def proposed(words: str = "Better", note: str = "쉼표 하나") -> Proposal:
    return Proposal(title="골목길", lead="", content=words, note=note)


def words_of(one: Submission) -> str:
    new = submissions.said(one)
    assert new is not None
    return new.content


def test_a_draft_is_asked_for_changed_together_and_published(tx: Write) -> None:
    ann, bob, home = world(tx)
    love, _ = two_levels(tx, ann, home)
    filed = Filed(category_id=love.id)
    one = submissions.submit(tx, bob, text(home, filed=filed), NOW)
    assert (one.state, told(tx, ann), told(tx, bob)) == ("submitted", 1, 0)
    submissions.suggest(tx, ann, one.id, 1, proposed(), now_ms=NOW)
    waits = now(tx, one)
    assert (waits.state, waits.note, words_of(waits)) == ("suggested", "쉼표 하나", "First")
    assert told(tx, bob) == 1
    submissions.accept(tx, bob, one.id, 2, NOW)
    again = now(tx, one)
    assert (again.state, words_of(again), again.suggestion) == ("submitted", "Better", "")
    post = submissions.publish(tx, SITE, ann, one.id, 3, NOW)
    assert (post.author_id, post.title, post.source) == (bob.id, "골목길", "Better")
    assert (post.kind, post.community_id) == ("article", home.account.id)
    beside = blog.beside(tx, None, post)
    assert beside is not None
    assert [step.title for step in beside.path] == ["사랑 소통"]
    out = now(tx, one)
    assert (out.state, out.post_id, out.params) == ("published", post.id, "")


def test_the_author_may_answer_with_words_of_their_own(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    submissions.suggest(tx, ann, one.id, 1, proposed(), now_ms=NOW)
    submissions.revise(tx, bob, one.id, 2, text(home, "Mine"), now_ms=NOW)
    assert (now(tx, one).state, words_of(now(tx, one))) == ("submitted", "Mine")


STALE: list[Callable[[Write, Account, Account, Submission, Community], object]] = [
    lambda tx, _, bob, one, home: submissions.revise(
        tx, bob, one.id, 1, text(home, "Old"), now_ms=NOW
    ),
    lambda tx, ann, _, one, __: submissions.suggest(
        tx, ann, one.id, 1, proposed("Old"), now_ms=NOW
    ),
    lambda tx, ann, _, one, __: submissions.publish(tx, SITE, ann, one.id, 1, NOW),
    lambda tx, _, bob, one, __: submissions.withdraw(tx, bob, one.id, 1),
    lambda tx, ann, _, one, __: submissions.publish_later(
        tx, ann, one.id, 1, NOW + DAY_MS, now_ms=NOW
    ),
]


@pytest.mark.parametrize("act", STALE)
def test_who_has_not_seen_the_latest_words_changes_nothing(
    tx: Write, act: Callable[..., object]
) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    submissions.revise(tx, bob, one.id, 1, text(home, "Newer"), now_ms=NOW)
    with pytest.raises(Conflict), tx.savepoint():
        act(tx, ann, bob, one, home)
    assert (now(tx, one).state, words_of(now(tx, one))) == ("submitted", "Newer")
    assert number(tx, "SELECT count(*) FROM blog_story") == 0


def test_an_editor_waits_for_the_answer_of_the_author(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    submissions.suggest(tx, ann, one.id, 1, proposed(), now_ms=NOW)
    with pytest.raises(Conflict):
        submissions.publish(tx, SITE, ann, one.id, 2, NOW)


FORBIDDEN: list[Callable[[Write, Account, Submission, Community], object]] = [
    lambda tx, cho, one, _: submissions.one(tx, cho, one.id),
    lambda tx, cho, one, _: submissions.accept(tx, cho, one.id, 1, NOW),
    lambda tx, cho, one, home: submissions.revise(tx, cho, one.id, 1, text(home), now_ms=NOW),
    lambda tx, cho, one, _: submissions.suggest(tx, cho, one.id, 1, proposed(), now_ms=NOW),
    lambda tx, cho, one, _: submissions.publish(tx, SITE, cho, one.id, 1, NOW),
    lambda tx, cho, one, _: submissions.withdraw(tx, cho, one.id, 1),
]


@pytest.mark.parametrize("act", FORBIDDEN)
def test_nobody_else_knows_of_a_submission(tx: Write, act: Callable[..., object]) -> None:
    _, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    with pytest.raises(NotFound):
        act(tx, join(tx, "cho"), one, home)


def test_a_member_publishes_nothing_alone_and_an_editor_rewrites_nothing(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    for act in (
        lambda: submissions.publish(tx, SITE, bob, one.id, 1, NOW),
        lambda: submissions.suggest(tx, bob, one.id, 1, proposed(), now_ms=NOW),
        lambda: submissions.revise(tx, ann, one.id, 1, text(home, "Hers"), now_ms=NOW),
        lambda: submissions.withdraw(tx, ann, one.id, 1),
    ):
        with pytest.raises(Forbidden):
            act()


def test_the_same_form_sent_twice_is_one_submission_and_twenty_are_enough(tx: Write) -> None:
    _, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home, idempotency_key="page:x"), NOW)
    assert submissions.submit(tx, bob, text(home, idempotency_key="page:x"), NOW).id == one.id
    for _ in range(submissions.MAX_UNFINISHED - 1):
        submissions.submit(tx, bob, text(home), NOW)
    with pytest.raises(Invalid):
        submissions.submit(tx, bob, text(home), NOW)


@pytest.mark.parametrize("wrong", [{"title": " "}, {"content": " "}, {"community_id": 1}])
def test_what_could_not_be_published_is_not_taken(tx: Write, wrong: dict[str, Any]) -> None:
    _, bob, home = world(tx)
    fields = {"content": "x", "title": "x", "community_id": home.account.id, **wrong}
    with pytest.raises(AppError):
        submissions.submit(tx, bob, NewPost(**fields), NOW)


def test_who_is_shut_out_submits_nothing(tx: Write) -> None:
    ann, bob, home = world(tx)
    deed = forum.Deed(community_id=home.account.id, by=ann, now_ms=NOW)
    forum.ban(tx, deed, bob, uri="https://here.test/bans/1")
    with pytest.raises(Forbidden):
        submissions.submit(tx, bob, text(home), NOW)


def test_an_editor_publishes_at_a_time_to_come(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    due = NOW + 10 * MINUTE_MS
    submissions.publish_later(tx, ann, one.id, 1, due, now_ms=NOW)
    assert now(tx, one).post_id is None
    assert scheduled.publish_next(tx, SITE, due)
    (view,) = blog.newest(tx, None, home.account.id, Page())
    assert (view.author.id, now(tx, one).post_id) == (bob.id, view.post.id)


def test_what_was_approved_opens_the_blog_for_nothing_else(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)

    def forged(by: Account) -> Post:
        return posts.write(tx, SITE, by, text(home, submission_id=one.id), NOW)

    with pytest.raises(Forbidden):
        forged(bob)
    submissions.publish(tx, SITE, ann, one.id, 1, NOW)
    for who in (bob, join(tx, "cho")):
        with pytest.raises(Forbidden):
            forged(who)


def test_what_is_taken_back_is_whole_and_waits_no_more(tx: Write) -> None:
    _, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    assert submissions.withdraw(tx, bob, one.id, 1).content == "First"
    assert store.by_id(tx, one.id) is None
    assert store.waiting(tx, home.account.id) == 0


def test_the_pictures_of_what_waits_for_an_editor_wait_with_it(tx: Write) -> None:
    ann, bob, home = world(tx)
    picture = picture_of(tx, bob)
    one = submissions.submit(tx, bob, text(home, media_ids=(picture.id,)), NOW)
    assert media_store.remove_loose(tx, NOW + 9 * DAY_MS) == []
    post = submissions.publish(tx, SITE, ann, one.id, 1, NOW)
    kept = media_store.by_id(tx, picture.id)
    assert kept is not None
    assert kept.post_id == post.id


def picture_of(tx: Write, who: Account) -> Media:
    made = Picture(
        large="x",
        small="x",
        media_type="image/webp",
        width=1,
        height=1,
        small_width=1,
        small_height=1,
        bytes=1,
        blurhash="",
    )
    return media.add(tx, who.id, made, "alt", (0.0, 0.0), NOW)


def test_keeping_the_blog_is_reading_its_desk(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    assert submissions.one(tx, ann, one.id).id == one.id
    assert communities.keeps(tx, home.account.id, ann)
    assert [each.id for each in store.at_desk(tx, home.account.id, "submitted")] == [one.id]
