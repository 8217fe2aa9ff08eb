"""Polls: who may vote, how often, until when; what counts of what strangers send; how they end."""

import asyncio
import json
from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.errors import AppError, Forbidden, Invalid, NotFound
from server.model import Account, Post
from server.services import departures, polls, posts
from server.services import follows as follow_service
from server.services import votes as votes_service
from server.services.new_posts import NewPost
from server.services.polls import NewPoll, Poll
from server.store import jobs
from server.store import polls as store
from server.store import posts as post_store
from server.store.db import Database, Read, Write
from tests.server.test_failing_statements import fail_at_every_statement
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOTE,
    NOW,
    SITE,
    act,
    befriend,
    create,
    deliver,
    dump,
    join,
    note,
    number,
    say,
    settle,
    who,
)

TEA = NewPoll(options=("Tea", "Rice"), lasts_s=600)
END = NOW + 600_000


def ask(tx: Write, author: str = "ann", poll: NewPoll = TEA, **more: Any) -> Post:
    """A poll by one of ours."""
    return say(tx, who(tx, author), "Which?", poll=poll, **more)


def state(db: Read, post: Post) -> Poll:
    """How it stands."""
    found = post_store.by_id(db, post.id)
    assert found is not None
    poll = polls.of(found)
    assert poll is not None
    return poll


def votes(db: Read, post: Post) -> list[int | None]:
    """The counts of its answers."""
    return [count for _, count in state(db, post).options]


def choose(tx: Write, who_: Account, post: Post, *choices: int, now_ms: int = NOW) -> None:
    """One of ours votes."""
    votes_service.vote(tx, SITE, who_, post.id, choices, now_ms)


def ballot(post: Post, voter: str, name: str, **more: Any) -> dict[str, Any]:
    """A stranger's vote, as Mastodon sends it."""
    id = more.pop("id", f"{voter}#votes/{name}")
    body = {
        "id": id,
        "type": "Note",
        "name": name,
        "attributedTo": voter,
        "inReplyTo": post.uri,
        "to": [f"{SITE.origin}/actors/x"],
        **more,
    }
    return create(body, id=f"{id}/activity")


# --- asking


@pytest.mark.parametrize(
    ("poll", "words"),
    [
        (NewPoll(options=("Tea", " "), lasts_s=600), "at least 2"),
        (NewPoll(options=("1", "2", "3", "4", "5"), lasts_s=600), "at most 4"),
        (NewPoll(options=("x" * 51, "y"), lasts_s=600), "too long"),
        (NewPoll(options=("Tea", " Tea "), lasts_s=600), "the same"),
        (NewPoll(options=("\uac00", "\u1100\u1161"), lasts_s=600), "the same"),
        (NewPoll(options=("Tea", "Rice"), lasts_s=299), "at least 5 minutes"),
        (NewPoll(options=("Tea", "Rice"), lasts_s=2_629_747), "at most 30 days"),
        (NewPoll(options=("Tea", "Rice"), lasts_s=-5), "at least 5 minutes"),
    ],
)
def test_a_poll_that_cannot_be_is_refused_with_what_to_change(
    tx: Write, poll: NewPoll, words: str
) -> None:
    settle(tx)
    with pytest.raises(Invalid, match=words):
        ask(tx, poll=poll)


def test_a_story_has_no_poll(tx: Write) -> None:
    settle(tx)
    with pytest.raises(Invalid, match="story"):
        ask(tx, title="Tea")


# --- voting


def test_a_vote_is_counted_once_and_is_no_post_and_no_notification(tx: Write) -> None:
    settle(tx)
    post, bob = ask(tx), who(tx, "bob")
    before = dump(tx)
    choose(tx, bob, post, 1)
    assert votes(tx, post) == [0, 1]
    assert state(tx, post).voters == 1
    with pytest.raises(Invalid, match="already voted"):
        choose(tx, bob, post, 1)
    with pytest.raises(Invalid, match="already voted"):
        choose(tx, bob, post, 0)
    assert votes(tx, post) == [0, 1]
    after = dump(tx)
    assert {t for t in before if len(before[t]) != len(after[t])} == {"poll_vote", "job"}


def test_several_choices_can_be_added_to_each_once(tx: Write) -> None:
    settle(tx)
    poll = NewPoll(options=("Tea", "Rice", "Soup"), lasts_s=600, multiple=True)
    post, bob = ask(tx, poll=poll), who(tx, "bob")
    choose(tx, bob, post, 0, 2, 2)
    choose(tx, bob, post, 1)
    with pytest.raises(Invalid, match="already voted"):
        choose(tx, bob, post, 1)
    assert votes(tx, post) == [1, 1, 1]
    assert state(tx, post).voters == 1


def test_what_cannot_be_voted_changes_nothing(tx: Write) -> None:
    settle(tx)
    post, bob, ann = ask(tx), who(tx, "bob"), who(tx, "ann")
    for voter, choices, now_ms, words in (
        (bob, (2,), NOW, "does not exist"),
        (bob, (-1,), NOW, "does not exist"),
        (bob, (10**30,), NOW, "does not exist"),
        (bob, (0, 1), NOW, "Only one answer"),
        (bob, (0,), END, "already ended"),
        (ann, (0,), NOW, "your own"),
    ):
        with pytest.raises(Invalid, match=words):
            choose(tx, voter, post, *choices, now_ms=now_ms)
    choose(tx, bob, post)
    assert votes(tx, post) == [0, 0]
    assert number(tx, "SELECT count(*) FROM poll_vote") == 0


def test_who_may_not_read_a_poll_hears_that_there_is_none(tx: Write) -> None:
    settle(tx)
    dora, ann = join(tx, "dora"), who(tx, "ann")
    close = ask(tx, visibility="followers")
    with pytest.raises(NotFound):
        choose(tx, dora, close, 0)
    befriend(tx, dora, ann)
    choose(tx, dora, close, 0)
    assert votes(tx, close) == [1, 0]
    with pytest.raises(NotFound, match="no such poll"):
        choose(tx, dora, say(tx, ann, "No poll"), 0)


def test_who_blocks_or_is_blocked_has_no_vote(tx: Write) -> None:
    settle(tx)
    post, ann, bob, dora = ask(tx), who(tx, "ann"), who(tx, "bob"), join(tx, "dora")
    follow_service.block(tx, SITE, ann, bob.id, NOW)
    with pytest.raises(NotFound):
        choose(tx, bob, post, 0)
    follow_service.block(tx, SITE, dora, ann.id, NOW)
    with pytest.raises(Forbidden):
        choose(tx, dora, post, 0)
    deliver(tx, act("Block", EVE, ann.uri))
    deliver(tx, ballot(post, EVE, "Tea"))
    assert votes(tx, post) == [0, 0]


async def test_of_two_votes_at_the_same_time_one_counts(db: Database) -> None:
    await db.write(settle)
    post = await db.write(ask)
    bob = await db.read(who, "bob")
    people = [await db.write(join, f"p{n}") for n in range(5)]
    tries = [db.write(choose, bob, post, n % 2) for n in range(6)]
    tries += [db.write(choose, one, post, 0) for one in people]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(result is None for result in done) == 6
    assert all(isinstance(result, AppError) for result in done if result is not None)
    counted = await db.read(votes, post)
    assert sum(count or 0 for count in counted) == 6
    assert (await db.read(state, post)).voters == 6


# --- editing


def test_other_answers_are_another_poll_and_the_same_ones_keep_their_votes(tx: Write) -> None:
    settle(tx)
    post, bob, ann = ask(tx), who(tx, "bob"), who(tx, "ann")
    choose(tx, bob, post, 0)
    longer = NewPoll(options=("Tea", "Rice"), lasts_s=900)
    posts.edit(tx, SITE, ann, post.id, NewPost(content="Which one?", poll=longer), NOW)
    assert votes(tx, post) == [1, 0]
    assert store.next_end_ms(tx) == NOW + 900_000
    posts.edit(tx, SITE, ann, post.id, NewPost(content="Which?", poll_stays=True), NOW)
    assert votes(tx, post) == [1, 0]
    other = NewPoll(options=("Tea", "Soup"), lasts_s=900)
    posts.edit(tx, SITE, ann, post.id, NewPost(content="Which?", poll=other), NOW)
    assert votes(tx, post) == [0, 0]
    assert state(tx, post).voters == 0
    choose(tx, bob, post, 1)
    posts.edit(tx, SITE, ann, post.id, NewPost(content="Never mind"), NOW)
    found = post_store.by_id(tx, post.id)
    assert found is not None
    assert (found.kind, found.extra) == ("note", "{}")
    assert number(tx, "SELECT count(*) FROM poll_vote") == 0
    assert store.next_end_ms(tx) is None


def test_a_deleted_poll_leaves_no_votes_and_never_ends(tx: Write) -> None:
    settle(tx)
    post = ask(tx)
    choose(tx, who(tx, "bob"), post, 0)
    posts.delete(tx, SITE, who(tx, "ann"), post.id, NOW)
    assert number(tx, "SELECT count(*) FROM poll_vote") == 0
    assert votes_service.end_next(tx, SITE, END) is False
    votes_service.tell_counts(tx, SITE, post.id, NOW)
    assert votes_service.tell_voters(tx, post.id, 0, NOW) is None


def test_who_leaves_takes_their_choice_along_and_the_count_stays(tx: Write) -> None:
    settle(tx)
    post, dora = ask(tx), join(tx, "dora")
    choose(tx, dora, post, 0)
    deliver(tx, ballot(post, EVE, "Rice"))
    departures.delete(tx, SITE, dora, NOW)
    deliver(tx, act("Delete", EVE, EVE))
    assert number(tx, "SELECT count(*) FROM poll_vote") == 0
    assert votes(tx, post) == [1, 1]


# --- what strangers send


def test_a_strangers_vote_counts_once_whatever_its_ids(tx: Write) -> None:
    settle(tx)
    post = ask(tx)
    before = number(tx, "SELECT count(*) FROM post")
    deliver(tx, ballot(post, EVE, "Tea"))
    deliver(tx, ballot(post, EVE, "Tea", id=f"{EVE}#votes/again"))
    deliver(tx, ballot(post, EVE, "Rice"))
    assert votes(tx, post) == [1, 0]
    assert state(tx, post).voters == 1
    assert number(tx, "SELECT count(*) FROM post") == before
    assert number(tx, "SELECT count(*) FROM notification") == 0
    assert number(tx, "SELECT replies FROM post WHERE id = :id", id=post.id) == 0


def test_a_strangers_votes_for_several_answers_count_each(tx: Write) -> None:
    settle(tx)
    poll = NewPoll(options=("\uac00", "Rice"), lasts_s=600, multiple=True)
    post = ask(tx, poll=poll)
    decomposed = ballot(post, EVE, "\u1100\u1161", id=f"{EVE}#votes/1")
    deliver(tx, decomposed)  # the same letter, as a Mac composes it
    deliver(tx, ballot(post, EVE, "Rice", id=f"{EVE}#votes/2"))
    deliver(tx, ballot(post, EVE, "Rice", id=f"{EVE}#votes/3"))
    assert votes(tx, post) == [1, 1]
    assert state(tx, post).voters == 1


def test_one_id_is_one_vote(tx: Write) -> None:
    settle(tx)
    poll = NewPoll(options=("Tea", "Rice"), lasts_s=600, multiple=True)
    post = ask(tx, poll=poll)
    deliver(tx, ballot(post, EVE, "Tea", id=f"{EVE}#votes/1"))
    again = ballot(post, EVE, "Rice", id=f"{EVE}#votes/1")
    deliver(tx, {**again, "id": f"{EVE}/activities/other"})
    assert votes(tx, post) == [1, 0]


@pytest.mark.parametrize(
    "more",
    [
        {"name": "Soup"},
        {"name": "tea"},
        {"name": ""},
        {"inReplyTo": NOTE},
        {"inReplyTo": "https://here.test/objects/1"},
        {"attributedTo": MALLORY},
        {"id": "https://other.test/votes/1"},
    ],
)
def test_a_forged_vote_changes_no_count_and_shows_nowhere(tx: Write, more: dict[str, Any]) -> None:
    settle(tx)
    post = ask(tx)
    before = number(tx, "SELECT count(*) FROM post")
    sent = ballot(post, EVE, "Tea")
    sent["object"] |= more
    documents = {"https://other.test/votes/1": {**sent["object"], "attributedTo": CARL}}
    try:
        deliver(tx, {**sent, "actor": EVE}, documents | {sent["object"]["id"]: None})
    except Exception as error:  # noqa: BLE001  refused is as good
        assert "Create of somebody" in str(error)
    assert votes(tx, post) == [0, 0]
    assert number(tx, "SELECT count(*) FROM post") - before <= int(not sent["object"]["name"])


def test_a_stranger_votes_only_in_what_they_may_read_and_in_time(tx: Write) -> None:
    settle(tx)
    close, late = ask(tx, visibility="followers"), ask(tx)
    deliver(tx, ballot(close, EVE, "Tea"))
    deliver(tx, ballot(late, EVE, "Tea", id=f"{EVE}#votes/9"), now_ms=END)
    assert votes(tx, close) == votes(tx, late) == [0, 0]
    befriend(tx, who(tx, EVE), who(tx, "ann"))
    deliver(tx, {**ballot(close, EVE, "Tea"), "id": f"{EVE}/activities/anew"})
    assert votes(tx, close) == [1, 0]


def test_a_reply_with_words_is_a_reply_even_if_it_has_a_name(tx: Write) -> None:
    settle(tx)
    post = ask(tx)
    deliver(tx, ballot(post, EVE, "Tea", content="<p>Tea, please</p>", to=[PUBLIC]))
    assert votes(tx, post) == [0, 0]
    assert number(tx, "SELECT replies FROM post WHERE id = :id", id=post.id) == 1


# --- strangers' polls


QUESTION = "https://far.test/notes/poll"


def question(**more: Any) -> dict[str, Any]:
    """A poll of eve's."""
    answers = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 3}}
        for name in more.pop("names", ("Tea", "Rice"))
    ]
    usual = {"endTime": "2026-11-24T10:00:00Z", "votersCount": 6}
    return note(QUESTION, EVE, type="Question", oneOf=answers, **{**usual, **more})


def asked_by_eve(tx: Write) -> Post:
    """It has arrived."""
    settle(tx)
    deliver(tx, create(question()))
    found = post_store.by_uri(tx, QUESTION)
    assert found is not None
    return found


def test_a_vote_in_a_strangers_poll_goes_to_its_author_alone(tx: Write) -> None:
    post, ann = asked_by_eve(tx), who(tx, "ann")
    befriend(tx, who(tx, CARL), ann)
    choose(tx, ann, post, 1)
    assert votes(tx, post) == [3, 4]
    assert state(tx, post).voters == 7
    sent = tx.all(
        """
        SELECT o.body, d.peer_id FROM outbox o JOIN delivery d ON d.outbox_id = o.id
        WHERE o.sender_id = :ann
        """,
        ann=ann.id,
    )
    ((activity, peer_id),) = [
        (told, row["peer_id"])
        for row in sent
        if "#votes/" in (told := json.loads(bytes(row["body"])))["id"]
    ]
    assert activity["type"] == "Create"
    assert activity["to"] == activity["object"]["to"] == [EVE]
    assert activity["object"]["name"] == "Rice"
    assert activity["object"]["inReplyTo"] == QUESTION
    assert "content" not in activity["object"]
    assert peer_id == who(tx, EVE).peer_id


def test_a_strangers_poll_says_how_it_stands_and_who_voted_stays_voted(tx: Write) -> None:
    post, ann = asked_by_eve(tx), who(tx, "ann")
    choose(tx, ann, post, 1)
    deliver(tx, act("Update", EVE, question(endTime="2026-11-25T10:00:00Z"), id=f"{EVE}/u/1"))
    assert votes(tx, post) == [3, 3]
    assert store.own_votes(tx, ann.id, [post.id]) == {post.id: (1,)}
    assert store.next_end_ms(tx) == 1_795_600_800_000
    deliver(tx, act("Update", EVE, question(names=("Tea", "Soup")), id=f"{EVE}/u/2"))
    assert store.own_votes(tx, ann.id, [post.id]) == {}
    assert store.next_end_ms(tx) is None


def test_counts_that_nobody_can_have_are_cut(tx: Write) -> None:
    settle(tx)
    huge = question(votersCount=2**62)
    huge["oneOf"][0]["replies"]["totalItems"] = 2**62
    deliver(tx, create(huge))
    found = post_store.by_uri(tx, QUESTION)
    assert found is not None
    poll = state(tx, found)
    assert (poll.options[0][1], poll.voters) == (10**9, 10**9)


# --- ends


def test_at_its_end_author_and_voters_are_told_once(tx: Write) -> None:
    settle(tx)
    post, bob = ask(tx), who(tx, "bob")
    choose(tx, bob, post, 0)
    deliver(tx, ballot(post, EVE, "Rice"))
    assert votes_service.end_next(tx, SITE, END - 1) is False
    assert votes_service.end_next(tx, SITE, END) is True
    assert votes_service.end_next(tx, SITE, END) is False
    assert state(tx, post).closed
    for job in jobs.claim(tx, END, 9):
        if job.kind != "poll-end":
            continue
        told = json.loads(job.payload)
        assert votes_service.tell_voters(tx, told["post"], told["after"], END) is None
        assert (
            votes_service.tell_voters(tx, told["post"], told["after"], END) is None
        )  # a second worker
    rows = tx.all("SELECT account_id, from_id FROM notification WHERE kind = 'poll' ORDER BY id")
    ann = who(tx, "ann")
    assert sorted((row["account_id"], row["from_id"]) for row in rows) == sorted(
        [(ann.id, ann.id), (bob.id, ann.id)]
    )


def test_many_voters_are_told_some_at_a_time(tx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(votes_service, "TOLD_AT_ONCE", 2)
    settle(tx)
    post = ask(tx)
    people = [join(tx, f"p{n}") for n in range(5)]
    for one in people:
        choose(tx, one, post, 0)
    after: int | None = 0
    rounds = 0
    while after is not None:
        after = votes_service.tell_voters(tx, post.id, after, END)
        rounds += 1
    assert rounds == 3
    assert number(tx, "SELECT count(*) FROM notification WHERE kind = 'poll'") == 5


def test_news_of_votes_wait_for_each_other_and_hidden_counts_are_no_news(tx: Write) -> None:
    settle(tx)
    post = ask(tx)
    quiet = ask(tx, poll=NewPoll(options=("Tea", "Rice"), lasts_s=600, hidden=True))
    for voter in (who(tx, "bob"), join(tx, "dora")):
        choose(tx, voter, post, 0)
        choose(tx, voter, quiet, 0)
    found = tx.all("SELECT lane, due_ms FROM job WHERE kind = 'poll' ORDER BY id")
    assert [(r["lane"], r["due_ms"]) for r in found] == [
        (f"poll:{post.id}", NOW + votes_service.NEWS_MS)
    ]


async def test_an_end_is_told_whole_or_not_at_all(db: Database) -> None:
    await db.write(settle)

    def prepare(tx: Write) -> None:
        befriend(tx, who(tx, EVE), who(tx, "ann"))
        choose(tx, who(tx, "bob"), ask(tx), 0)

    await db.write(prepare)
    await fail_at_every_statement(db, lambda tx: votes_service.end_next(tx, SITE, END))
    assert await db.read(number, "SELECT count(*) FROM poll_end") == 0
    assert await db.read(number, "SELECT count(*) FROM job WHERE kind = 'poll-end'") == 1
    assert await db.read(number, "SELECT count(*) FROM notification WHERE kind = 'poll'") == 1


async def test_a_vote_is_whole_or_not_cast(db: Database) -> None:
    post = await db.write(asked_by_eve)
    ann = await db.read(who, "ann")
    await fail_at_every_statement(db, lambda tx: choose(tx, ann, post, 1))
    assert await db.read(votes, post) == [3, 4]
    assert await db.read(number, "SELECT count(*) FROM poll_vote") == 1
