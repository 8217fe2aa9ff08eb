"""Secret comments: for the author of the story alone, and never beyond this server."""

from collections.abc import Callable

import pytest

from server.errors import Forbidden, Invalid, NotFound
from server.model import Account, Post
from server.services import (
    asking,
    conversations,
    documents,
    pins,
    polls,
    posts,
    preferences,
    reactions,
    reading,
    scheduled,
    search,
    secret_comments,
    timelines,
)
from server.services import follows as follow_service
from server.services.new_posts import NewPost
from server.store import accounts
from server.store import posts as rows
from server.store.db import Write
from server.store.paging import Page
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    befriend,
    context,
    create,
    deliver,
    dump,
    join,
    miscounted,
    note,
    number,
    say,
    stranger,
)

HOUR_MS = 3_600_000
HUSH = "Between you and me @cho #market https://paper.test/page"


def a_story(tx: Write, **more: object) -> tuple[Account, Account, Account, Post]:
    """Ann's story, bob who comments, cho who follows both, and eve elsewhere who follows both."""
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    accounts.set_member(tx, cho.id, role="moderator")
    eve = stranger(tx, EVE)
    for who in (cho, eve):
        befriend(tx, who, ann)
        befriend(tx, who, bob)
    follow_service.follow(tx, SITE, cho, bob.id, NOW, wishes=follow_service.Wishes(notify=True))
    return ann, bob, cho, say(tx, ann, "A story for all", title="Story", **more)


def whisper(tx: Write, author: Account, parent: Post, content: str = HUSH, **more: object) -> Post:
    return say(tx, author, content, visibility="secret", reply_to_id=parent.id, **more)


def told(tx: Write) -> list[tuple[str, str]]:
    """(kind, who was told), without follows."""
    found = tx.all(
        "SELECT n.kind, a.name FROM notification n JOIN account a ON a.id = n.account_id"
    )
    return sorted((row["kind"], row["name"]) for row in found if row["kind"] != "follow")


def test_only_its_author_and_the_author_of_the_story_read_it(tx: Write) -> None:
    ann, bob, cho, story = a_story(tx)
    between = say(tx, cho, "Hello", reply_to_id=story.id)
    for parent in (story, between):
        comment = whisper(tx, bob, parent)
        readers = {
            who and who.name
            for who in (None, ann, bob, cho)
            if reading.may_read(tx, who and who.id, comment)
        }
        assert readers == {"ann", "bob"}
        assert reading.readers_among(tx, comment, [ann.id, bob.id, cho.id]) == {ann.id, bob.id}
        for who in (None, cho):
            above, below = context(tx, who and who.id, story.id)
            assert comment.id not in {view.post.id for view in (*above, *below)}
        _, below = context(tx, ann.id, story.id)
        assert comment.id in {view.post.id for view in below}


def test_an_answer_to_it_is_for_the_same_two_whatever_was_asked_for(tx: Write) -> None:
    ann, bob, cho, story = a_story(tx)
    comment = whisper(tx, bob, story)
    answer = say(tx, ann, "I see", reply_to_id=comment.id)
    back = say(tx, bob, "Good", visibility="direct", reply_to_id=answer.id)
    more = say(tx, bob, "One more thing", visibility="followers", reply_to_id=comment.id)
    again = say(tx, ann, "And I say more", reply_to_id=answer.id)
    for post in (answer, back, more, again):
        assert post.visibility == "secret"
        assert reading.readers_among(tx, post, [ann.id, bob.id, cho.id]) == {ann.id, bob.id}
    with pytest.raises(NotFound):
        say(tx, cho, "What?", reply_to_id=comment.id)
    assert told(tx) == [*[("mention", "ann")] * 3, *[("mention", "bob")] * 2]


def test_it_leaves_nothing_anywhere_else(tx: Write) -> None:
    ann, bob, cho, story = a_story(tx)
    befriend(tx, ann, bob)
    before = dump(tx)
    comment = whisper(tx, bob, story)
    posts.edit(tx, SITE, bob, comment.id, NewPost(content=f"{HUSH} again"), NOW + 1)
    after = dump(tx)
    assert {name for name in before if before[name] != after[name]} == {
        "post",
        "mention",
        "home",
        "notification",
        "revision",
        "event",
    }
    assert number(tx, "SELECT count(*) FROM home WHERE post_id = :id", id=comment.id) == 1
    assert told(tx) == [("mention", "ann")]
    assert [who.name for who in rows.mentioned(tx, [comment.id])[comment.id]] == ["ann"]
    current = rows.by_id(tx, story.id)
    assert current is not None and current.replies == 0
    assert (rows.by_id(tx, comment.id) or story).tags == "[]"
    assert miscounted(tx) == []
    for who in (ann, bob, cho):
        assert search.find(tx, who.id, asking.read("between", "UTC"), Page()).entries == []
        assert conversations.direct(tx, who.id, Page()) == []
        assert conversations.page(tx, who.id, Page()) == []


def test_it_has_no_document_and_its_end_is_told_to_no_peer(tx: Write) -> None:
    ann, bob, _, story = a_story(tx)
    sent = number(tx, "SELECT count(*) FROM outbox")
    comment = whisper(tx, bob, story)
    for id in (comment.id, say(tx, ann, "I see", reply_to_id=comment.id).id):
        post = rows.by_id(tx, id)
        assert post is not None
        with pytest.raises(NotFound):
            documents.by_post(tx, SITE, post)
    posts.delete(tx, SITE, bob, comment.id, NOW)
    assert number(tx, "SELECT count(*) FROM outbox") == sent
    with pytest.raises(NotFound):
        reading.readable(tx, ann.id, comment.id)
    assert told(tx) == [("mention", "bob")]
    assert miscounted(tx) == []


def test_the_author_of_the_story_sees_it_with_its_writer_where_apps_leave_direct_posts_out(
    tx: Write,
) -> None:
    ann, bob, cho, story = a_story(tx)
    comment = whisper(tx, bob, story)
    for who, direct, found in (
        (ann, True, True),
        (bob, True, True),
        (ann, False, False),
        (bob, False, False),
        (cho, True, False),
        (None, True, False),
    ):
        entries = timelines.account(tx, who and who.id, bob.id, Page(), direct=direct)
        assert (comment.id in {entry.post_id for entry in entries}) == found


def test_the_two_may_like_and_keep_it_and_nobody_may_pass_it_on(tx: Write) -> None:
    ann, bob, cho, story = a_story(tx)
    comment = whisper(tx, bob, story)
    reactions.like(tx, SITE, ann, comment.id, NOW)
    assert ("favourite", "bob") in told(tx)
    for who in (ann, bob):
        with pytest.raises(Forbidden):
            reactions.boost(tx, SITE, who, comment.id, NOW)
        with pytest.raises(Forbidden):
            say(tx, who, "Look", quoted_id=comment.id)
    with pytest.raises(Invalid):
        pins.pin(tx, SITE, bob, comment.id, NOW)
    for act in (reactions.like, reactions.boost):
        with pytest.raises(NotFound):
            act(tx, SITE, cho, comment.id, NOW)


REFUSED: dict[str, tuple[type[Exception], Callable[[Write, Account, Account, Post], object]]] = {
    "of no story": (Invalid, lambda tx, ann, bob, story: say(tx, bob, "x", visibility="secret")),
    "with a title": (Invalid, lambda tx, ann, bob, story: whisper(tx, bob, story, title="Title")),
    "with a poll": (
        Invalid,
        lambda tx, ann, bob, story: whisper(
            tx, bob, story, poll=polls.NewPoll(options=("a", "b"), lasts_s=3600)
        ),
    ),
    "with a quote": (
        Invalid,
        lambda tx, ann, bob, story: whisper(tx, bob, story, quoted_id=story.id),
    ),
    "by the author of the story": (Invalid, lambda tx, ann, bob, story: whisper(tx, ann, story)),
    "below a private message": (
        Invalid,
        lambda tx, ann, bob, story: whisper(
            tx, bob, say(tx, ann, "@bob hi", visibility="direct", reply_to_id=story.id)
        ),
    ),
    "as what people write at first": (
        Invalid,
        lambda tx, ann, bob, story: preferences.set_default_visibility(tx, bob.id, "secret"),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_there_is_no_secret_comment(tx: Write, what: str) -> None:
    ann, bob, _, story = a_story(tx)
    error, attempt = REFUSED[what]
    before = dump(tx)
    with pytest.raises(error):
        attempt(tx, ann, bob, story)
    assert number(tx, "SELECT count(*) FROM post WHERE visibility = 'secret'") == 0
    assert before["outbox"] == dump(tx)["outbox"]


def test_nobody_whispers_to_whom_they_are_apart_from_or_below_what_they_may_not_read(
    tx: Write,
) -> None:
    ann, bob, cho, story = a_story(tx)
    between = say(tx, cho, "Hello", reply_to_id=story.id)
    follow_service.block(tx, SITE, ann, bob.id, NOW)
    assert not secret_comments.possible(tx, bob.id, between)
    with pytest.raises(Forbidden):
        whisper(tx, bob, between)
    hidden = say(tx, ann, "For followers", visibility="followers")
    open_ = say(tx, cho, "Open", reply_to_id=hidden.id)
    assert not secret_comments.possible(tx, join(tx, "dan").id, open_)
    accounts.set_columns(tx, ann.id, state="suspended")
    assert not secret_comments.possible(tx, cho.id, between)


def test_stories_of_other_servers_take_none(tx: Write) -> None:
    ann, bob, _, _ = a_story(tx)
    befriend(tx, ann, stranger(tx, EVE))
    deliver(tx, create(note("https://far.test/notes/9", EVE)))
    far = rows.by_uri(tx, "https://far.test/notes/9")
    assert far is not None
    for parent in (far, say(tx, ann, "From here", reply_to_id=far.id)):
        assert not secret_comments.possible(tx, bob.id, parent)
        with pytest.raises(Invalid):
            whisper(tx, bob, parent)


def test_a_stranger_who_guesses_its_address_changes_nothing(tx: Write) -> None:
    ann, bob, _, story = a_story(tx)
    comment = whisper(tx, bob, story)
    dm = say(tx, bob, "@ann hi", visibility="direct")
    before = dump(tx)
    for n, target in enumerate((comment, dm)):
        stranger(tx, EVE)
        answer = note(f"https://far.test/notes/{n}", EVE, inReplyTo=target.uri)
        deliver(tx, create(answer, id=f"{EVE}/creates/{n}"))
        kept = rows.by_uri(tx, f"https://far.test/notes/{n}")
        assert kept is None or (kept.reply_to_id, kept.thread_id) == (None, kept.id)
    assert dump(tx)["notification"] == before["notification"]


def test_one_that_waits_for_its_time_is_as_secret(tx: Write) -> None:
    ann, bob, cho, story = a_story(tx)
    new = NewPost(content=HUSH, visibility="secret", reply_to_id=story.id)
    scheduled.schedule(tx, bob, new, NOW + HOUR_MS, now_ms=NOW)
    assert scheduled.publish_next(tx, SITE, NOW + HOUR_MS)
    found = tx.one("SELECT id FROM post WHERE visibility = 'secret'")
    assert found is not None
    comment = rows.by_id(tx, found["id"])
    assert comment is not None
    assert reading.readers_among(tx, comment, [ann.id, bob.id, cho.id]) == {ann.id, bob.id}


def test_an_edit_changes_nobody_who_reads_it(tx: Write) -> None:
    ann, bob, cho, story = a_story(tx)
    comment = whisper(tx, bob, story)
    answer = say(tx, ann, "I see", reply_to_id=comment.id)
    more = say(tx, ann, "And more", reply_to_id=answer.id)
    posts.delete(tx, SITE, ann, answer.id, NOW)
    changed = posts.edit(
        tx, SITE, ann, more.id, NewPost(content="@cho look", visibility="public"), NOW
    )
    assert changed.visibility == "secret"
    assert reading.readers_among(tx, changed, [ann.id, bob.id, cho.id]) == {ann.id, bob.id}
