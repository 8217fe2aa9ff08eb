"""Who may read what: the rule for a whole thread is the rule for one post, in a few statements."""

from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import Deleted, NotFound
from server.ids import new_id
from server.model import VISIBILITIES, Account, Post
from server.services import follows as follow_service
from server.services import reading, threads, timelines
from server.store import accounts, follows, posts
from server.store.db import Read, Write
from tests.server.world import EVE, NOW, SITE, befriend, context, join, say, stranger


def by_the_book(db: Read, viewer_id: int | None, post: Post) -> bool:
    """The rule as it reads, one question after another."""
    author = accounts.by_id(db, post.author_id)
    if author is None or author.state not in ("active", "gone") or post.deleted_ms is not None:
        return False
    if viewer_id == post.author_id:
        return True
    if viewer_id and follows.blocks(db, post.author_id, viewer_id):
        return False
    if post.visibility in ("public", "unlisted"):
        return True
    if not viewer_id:
        return False
    if posts.mentions(db, post.id, viewer_id):
        return True
    follow = follows.one(db, viewer_id, post.author_id)
    return post.visibility == "followers" and follow is not None and follow["state"] == "accepted"


class Counting(Read):
    """Questions, counted."""

    __slots__ = ("asked",)

    def __init__(self, link: Any) -> None:
        super().__init__(link)
        self.asked = 0

    def _execute(self, sql: str, params: Any) -> Any:
        self.asked += 1
        return super()._execute(sql, params)


def counting(tx: Write) -> Counting:
    return Counting(tx._link)


def world(tx: Write) -> tuple[list[Account], list[Post]]:
    """People who stand to Reader in every way, each with a post of every kind in one thread."""
    reader = join(tx, "reader")
    root = say(tx, reader, "Root")
    names = ("friend", "asked", "blocker", "blocked", "foe", "plain", "suspended", "gone", "waits")
    people = {name: join(tx, name) for name in names}
    people["eve"] = stranger(tx, EVE)
    for name in ("friend", "foe", "suspended", "gone", "eve"):
        befriend(tx, reader, people[name])
    accounts.set_columns(tx, people["asked"].id, locked=1)
    follow_service.follow(tx, SITE, reader, people["asked"].id, NOW)
    for one, other in (("blocker", reader), ("foe", reader)):
        id = new_id(NOW)
        follows.block(
            tx, id=id, uri=f"x:{id}", account_id=people[one].id, target_id=other.id, now_ms=NOW
        )
    follow_service.block(tx, SITE, reader, people["blocked"].id, NOW)
    for name, state in (("suspended", "suspended"), ("gone", "gone"), ("waits", "pending")):
        accounts.set_columns(tx, people[name].id, state=state)
    written = [
        _post(tx, root, author, visibility, named=(reader,) if names_reader else (), deleted=over)
        for author in (reader, *people.values())
        for visibility, names_reader, over in product(VISIBILITIES, (False, True), (False, True))
    ]
    return [reader, *people.values()], [root, *written]


def _post(
    tx: Write,
    root: Post,
    author: Account,
    visibility: str,
    *,
    named: tuple[Account, ...],
    deleted: bool,
) -> Post:
    id = new_id(NOW)
    post = msgspec.structs.replace(
        root,
        id=id,
        uri=f"{SITE.origin}/objects/{id}",
        author_id=author.id,
        visibility=visibility,
        reply_to_id=root.id,
        reply_to_uri=root.uri,
        deleted_ms=NOW if deleted else None,
    )
    posts.insert(tx, post)
    posts.set_mentions(tx, id, [one.id for one in named])
    return post


def test_what_may_be_read_of_a_thread_is_what_may_be_read_of_its_posts(tx: Write) -> None:
    people, thread = world(tx)
    outlines = posts.outlines(tx, [post.id for post in thread], thread[0].id, 1000)
    assert {one.id for one in outlines} == {post.id for post in thread}
    verdicts = set()
    for viewer in (None, 0, *(person.id for person in people)):
        expected = {post.id for post in thread if by_the_book(tx, viewer, post)}
        assert reading.readable_among(tx, viewer, outlines) == expected
        assert reading.readable_among(tx, viewer, thread) == expected
        assert {post.id for post in thread if reading.may_read(tx, viewer, post)} == expected
        verdicts.add(frozenset(expected))
    assert len(verdicts) > 5  # the world tells its viewers apart


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_post_is_judged_alike_in_any_company(made: Any, data: st.DataObject) -> None:
    tx, people, thread = made
    viewer = data.draw(st.sampled_from([None, *(person.id for person in people)]))
    some = data.draw(st.lists(st.sampled_from(thread), unique_by=lambda post: post.id))
    expected = {post.id for post in some if by_the_book(tx, viewer, post)}
    assert reading.readable_among(tx, viewer, some) == expected


@pytest.fixture
def made(tx: Write) -> tuple[Write, list[Account], list[Post]]:
    return (tx, *world(tx))


def test_the_single_post_is_refused_as_its_verdict_says(tx: Write) -> None:
    people, thread = world(tx)
    for viewer in (None, *(person.id for person in people)):
        for post in thread:
            author = accounts.by_id(tx, post.author_id)
            assert author is not None
            try:
                reading.readable(tx, viewer, post.id)
            except Deleted:
                assert post.deleted_ms and post.open and author.state in ("active", "gone")
            except NotFound:
                assert not by_the_book(tx, viewer, post)
            else:
                assert by_the_book(tx, viewer, post)


def test_a_verdict_costs_four_questions_however_many_posts_there_are(tx: Write) -> None:
    people, thread = world(tx)
    for viewer in (None, people[0].id):
        for some in (thread[:1], thread):
            db = counting(tx)
            reading.readable_among(db, viewer, some)
            assert db.asked <= 4


def test_a_public_post_costs_a_visitor_one_question(tx: Write) -> None:
    post = say(tx, join(tx, "ann"), "Hello")
    db = counting(tx)
    assert reading.may_read(db, None, post)
    assert db.asked == 1


# --- threads


def test_what_is_around_a_post_leaves_out_what_is_not_for_the_viewer(tx: Write) -> None:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    root = say(tx, ann, "Root")
    secret = say(tx, bob, "@ann hush", visibility="direct", reply_to_id=root.id)
    deep = say(tx, ann, "@bob @cho all may know", reply_to_id=secret.id, visibility="direct")
    plain = say(tx, cho, "Hello", reply_to_id=root.id)
    found = threads.around(tx, ann.id, root.id)
    assert [(twig.id, twig.below_id, twig.direct) for twig in found.below] == [
        (secret.id, root.id, True),
        (deep.id, secret.id, True),
        (plain.id, root.id, True),
    ]
    found = threads.around(tx, cho.id, root.id)
    assert [(twig.id, twig.below_id, twig.direct) for twig in found.below] == [
        (deep.id, root.id, False),
        (plain.id, root.id, True),
    ]
    assert threads.around(tx, cho.id, deep.id).above == [root.id]
    assert threads.around(tx, ann.id, deep.id).above == [root.id, secret.id]
    assert [twig.id for twig in threads.around(tx, None, root.id).below] == [plain.id]


def test_whom_the_viewer_muted_is_left_out_of_a_thread(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    root = say(tx, ann, "Root")
    loud = say(tx, bob, "LOUD", reply_to_id=root.id)
    below = say(tx, ann, "Please", reply_to_id=loud.id)
    follow_service.mute(tx, ann.id, bob.id, None, False, NOW)
    found = threads.around(tx, ann.id, root.id).below
    assert [(twig.id, twig.below_id, twig.direct) for twig in found] == [
        (below.id, root.id, False),
    ]


def test_replies_that_lead_in_a_circle_are_above_or_below_but_not_both(tx: Write) -> None:
    ann = join(tx, "ann")
    root = say(tx, ann, "0")
    ids = [root.id]
    for number in range(1, 4):
        ids.append(say(tx, ann, str(number), reply_to_id=ids[-1]).id)
    tx.run("UPDATE post SET reply_to_id = :last WHERE id = :root", last=ids[-1], root=root.id)
    for id in ids:
        found = threads.around(tx, None, id)
        places = [*found.above, *(twig.id for twig in found.below)]
        assert len(places) == len(set(places))
        assert id not in places
    tx.run("UPDATE post SET reply_to_id = id WHERE id = :root", root=root.id)
    found = threads.around(tx, None, root.id)
    assert (found.above, [twig.id for twig in found.below]) == ([], ids[1:])


def test_a_long_thread_costs_as_many_questions_as_a_short_one(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    asked = []
    for length in (3, 60):
        root = say(tx, ann, "Root")
        at = root.id
        for number in range(length):
            at = say(tx, bob, str(number), reply_to_id=at).id
        for viewer in (None, bob.id):
            db = counting(tx)
            above, below = context(db, viewer, root.id)
            assert (len(above), len(below)) == (0, length if viewer else min(length, 20))
            asked.append(db.asked)
    assert asked[:2] == asked[2:]
    assert max(asked) < 20


def test_a_thread_longer_than_we_read_says_so(tx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MAX_THREAD", 3)
    ann = join(tx, "ann")
    root = say(tx, ann, "Root")
    first = say(tx, ann, "One", reply_to_id=root.id)
    assert threads.around(tx, None, root.id).whole
    written = [say(tx, ann, "More", reply_to_id=root.id) for _ in range(3)]
    found = threads.around(tx, None, root.id)
    assert not found.whole
    assert [twig.id for twig in found.below] == [first.id, written[0].id]
    late = threads.around(tx, None, written[-1].id)
    assert (late.above, late.below) == ([root.id], [])
    assert context(tx, None, root.id)[1][0].post.id == first.id
    assert timelines.by_post(tx, None, []) == {}
