"""A ban, a lock and a policy hold by whatever way an answer comes; and what is private stays so."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from federation.errors import FederationError
from server.errors import Invalid
from server.fetch.stamps import _let_stand
from server.inbox import answers
from server.inbox.documents import Need
from server.model import WAITING, Account, Post
from server.services import answer_control, deferring, forum
from server.store import accounts
from server.store import forum as forum_store
from server.store import posts as post_store
from server.store.db import Write
from tests.server.squares import ROWAN, SAGE, board, comment, listens, thread, told
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    act,
    befriend,
    create,
    deliver,
    miscounted,
    note,
    number,
    post,
    say,
    sent,
    stranger,
    who,
)

ANSWER = "https://lemmy.test/comment/1"
PARENT = "https://other.test/notes/parent"
CHILD = "https://far.test/notes/child"


@pytest.fixture
def water(world: Write) -> Account:
    """A board of ours, in which rowan of another server writes."""
    group = board(world)
    listens(world, ROWAN, group)
    befriend(world, who(world, "ann"), who(world, ROWAN))
    return group


def ban(tx: Write, water: Account, asked: Post) -> None:
    deed = forum.Deed(community_id=water.id, by=who(tx, "ann"), now_ms=NOW)
    assert forum.ban(tx, deed, who(tx, ROWAN), uri=f"{water.uri}/bans/1")


def lock(tx: Write, water: Account, asked: Post) -> None:
    deed = forum.Deed(community_id=water.id, by=who(tx, "ann"), now_ms=NOW)
    found = forum_store.by_id(tx, asked.id)
    assert found is not None and forum.lock(tx, deed, found, locked=True)


def by_request(asked: Post, answer: dict[str, Any]) -> dict[str, Any]:
    return act("ReplyRequest", ROWAN, asked.uri, instrument=answer)


def by_quote(asked: Post, answer: dict[str, Any]) -> dict[str, Any]:
    return act("QuoteRequest", ROWAN, asked.uri, instrument=answer | {"quote": asked.uri})


def by_pin(asked: Post, answer: dict[str, Any]) -> dict[str, Any]:
    return act("Add", ROWAN, ANSWER, target=f"{ROWAN}/featured")


@pytest.mark.parametrize("way", [by_request, by_quote, by_pin])
@pytest.mark.parametrize("order", [ban, lock])
def test_a_ban_and_a_lock_hold_by_whatever_way_an_answer_comes(
    world: Write,
    water: Account,
    way: Callable[[Post, dict[str, Any]], dict[str, Any]],
    order: Callable[[Write, Account, Post], None],
) -> None:
    asked = thread(world, water, who(world, "ann"))
    order(world, water, asked)
    answer = comment(ANSWER, ROWAN, water.uri, asked.uri)
    with suppress(FederationError), world.savepoint():
        deliver(world, way(asked, answer), {ANSWER: answer})
    assert post_store.by_uri(world, ANSWER) is None


def suspend(tx: Write, water: Account, asked: Post) -> None:
    for uri in (SAGE, "bob"):
        accounts.set_columns(tx, who(tx, uri).id, state="suspended")


def ban_both(tx: Write, water: Account, asked: Post) -> None:
    deed = forum.Deed(community_id=water.id, by=who(tx, "ann"), now_ms=NOW)
    for n, uri in enumerate((SAGE, "bob")):
        assert forum.ban(tx, deed, who(tx, uri), uri=f"{water.uri}/bans/{n}")


@pytest.mark.parametrize("order", [ban_both, lock, suspend])
def test_what_came_while_an_answer_waited_holds_when_it_is_approved(
    world: Write, water: Account, order: Callable[[Write, Account, Post], None]
) -> None:
    ann = who(world, "ann")
    stranger(world, SAGE)
    asked = thread(world, water, ann, replies="approved")
    deliver(world, create(comment(ANSWER, SAGE, water.uri, asked.uri), id=f"{ANSWER}/c"))
    answers_there = [post(world, ANSWER), say(world, who(world, "bob"), reply_to_id=asked.id)]
    assert {one.visibility for one in answers_there} == {WAITING}
    order(world, water, asked)
    for one in answers_there:
        with pytest.raises(Invalid), world.savepoint():
            answer_control.approve(world, SITE, ann, one.id, NOW)
        assert post(world, one.uri).visibility == WAITING
        answer_control.refuse(world, SITE, ann, one.id, NOW)
    assert sent(world, "Accept") == []
    assert miscounted(world) == []


def test_who_is_banned_does_not_react_with_emoji_there(world: Write, water: Account) -> None:
    asked = thread(world, water, who(world, "ann"))
    ban(world, water, asked)
    deliver(world, act("EmojiReact", ROWAN, asked.uri, content="🔥"))
    assert post(world, asked.uri).reactions == ""
    assert number(world, "SELECT count(*) FROM notification WHERE kind = 'favourite'") == 0


def test_votes_without_end_are_passed_on_so_often_an_hour(
    world: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(deferring.MOST_AN_HOUR, "votes", 3)
    asked = thread(world, water, who(world, "ann"))
    for nth in range(4):
        vote = act("Like", ROWAN, asked.uri, id=f"{ROWAN}/likes/{nth}")
        deliver(world, vote)
        deliver(world, act("Undo", ROWAN, vote, id=f"{ROWAN}/undoes/{nth}"))
    assert len(told(world, water)) == 3
    assert post(world, asked.uri).likes == 0


def test_a_type_may_be_a_list_wherever_it_stands(world: Write, water: Account) -> None:
    asked = thread(world, water, who(world, "ann"))
    answer = comment(ANSWER, ROWAN, water.uri, asked.uri, type=["Note", "x:Note"])
    quote = comment(f"{ANSWER}0", ROWAN, water.uri, asked.uri, type=[{}])
    deliver(world, by_request(asked, answer))
    with suppress(FederationError, Need), world.savepoint():
        deliver(world, by_quote(asked, quote))
    deliver(world, act(["Like"], ROWAN, asked.uri, id=f"{ROWAN}/likes/1"))  # type: ignore[arg-type]
    assert post(world, ANSWER).reply_to_id == asked.id
    assert post(world, asked.uri).likes == 1
    assert [one["type"] for one in told(world, water)][-1] == ["Like"]


def test_a_request_names_no_more_people_than_a_post_may(world: Write) -> None:
    asked = say(world, who(world, "ann"))
    crowd = [{"type": "Mention", "href": f"https://here.test/u/{n}"} for n in range(600)]
    answer = note(ANSWER, ROWAN, inReplyTo=asked.uri, tag=crowd)
    stranger(world, ROWAN)
    for request in (by_request(asked, answer), by_quote(asked, answer)):
        deliver(world, request | {"id": f"{ROWAN}/{request['type']}"})
    assert post_store.by_uri(world, ANSWER) is None


def test_a_private_answer_that_is_allowed_is_told_of_to_nobody_else(world: Write) -> None:
    ann = who(world, "ann")
    befriend(world, who(world, MALLORY), ann)
    befriend(world, who(world, CARL), ann)
    close = say(world, ann, "For you", replies="close")
    private = note(CHILD, MALLORY, inReplyTo=close.uri, to=[ann.uri], cc=[])
    deliver(world, create(private, id=f"{CHILD}#create"))
    asked = say(world, ann, "For some", replies="approved")
    stranger(world, ROWAN)
    later = note(f"{ROWAN}/2", ROWAN, inReplyTo=asked.uri, to=[ann.uri], cc=[])
    deliver(world, create(later, id=f"{ROWAN}/2#create"))
    answer_control.approve(world, SITE, ann, post(world, f"{ROWAN}/2").id, NOW)
    for yes in sent(world, "Accept"):
        assert not yes.get("cc")
    reached = """
        SELECT count(*) FROM delivery d JOIN peer p ON p.id = d.peer_id
        JOIN outbox o ON o.id = d.outbox_id
        WHERE p.host = 'other.test' AND o.body LIKE '%"Accept"%'
    """
    assert number(world, reached) == 0


def test_who_requests_without_end_is_answered_so_often_an_hour(
    world: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_TOLD_AN_HOUR", 3)
    asked = say(world, who(world, "ann"), "Hush", replies="named")
    for nth in range(6):
        uri = f"{CHILD}/{nth}"
        answer = note(uri, (EVE, MALLORY)[nth % 2], inReplyTo=asked.uri)
        by = answer["attributedTo"]
        deliver(world, act("ReplyRequest", by, asked.uri, instrument=answer, id=f"{uri}/request"))
        deliver(world, create(answer, id=f"{uri}/create"))
    assert len(sent(world, "Reject")) == 2 + 1 + 2  # two for each request, in both shapes


def test_a_quote_in_an_answer_counts_while_all_may_read_it(world: Write) -> None:
    ann = who(world, "ann")
    mine, asked = say(world, ann, "Mine"), say(world, ann, "And you?", replies="approved")
    quoting = note(CHILD, MALLORY, inReplyTo=asked.uri, quote=mine.uri)
    deliver(world, create(quoting, id=f"{CHILD}#create"))
    assert post(world, CHILD).visibility == WAITING
    assert post(world, mine.uri).quotes == 0
    answer_control.approve(world, SITE, ann, post(world, CHILD).id, NOW)
    assert post(world, mine.uri).quotes == 1
    deliver(world, act("Delete", MALLORY, CHILD))
    assert post(world, mine.uri).quotes == 0
    assert miscounted(world) == []


def test_a_policy_holds_for_what_came_before_what_it_answers(world: Write) -> None:
    befriend(world, who(world, "ann"), who(world, CARL))
    tag = [{"type": "Mention", "href": who(world, "ann").uri}]
    unwanted = note(CHILD, MALLORY, inReplyTo=PARENT, tag=tag)
    deliver(world, create(unwanted, id=f"{CHILD}#create"))
    rule = {"canReply": {"automaticApproval": [CARL], "manualApproval": []}}
    deliver(world, create(note(PARENT, CARL, interactionPolicy=rule), id=f"{PARENT}#create"))
    parent = post(world, PARENT)
    assert parent.replies == 0
    assert post(world, CHILD).thread_id != parent.thread_id


def test_those_who_may_find_their_place_below_what_comes_late(world: Write) -> None:
    befriend(world, who(world, "ann"), who(world, CARL))
    tag = [{"type": "Mention", "href": who(world, "ann").uri}]
    deliver(world, create(note(CHILD, EVE, inReplyTo=PARENT, tag=tag), id=f"{CHILD}#create"))
    rule = {"canReply": {"automaticApproval": [CARL, EVE]}}
    deliver(world, create(note(PARENT, CARL, interactionPolicy=rule), id=f"{PARENT}#create"))
    assert post(world, CHILD).reply_to_id == post(world, PARENT).id


def test_an_answer_that_needs_a_stamp_finds_its_place_once_that_was_read(world: Write) -> None:
    befriend(world, who(world, "ann"), who(world, CARL))
    tag = [{"type": "Mention", "href": who(world, "ann").uri}]
    deliver(world, create(note(CHILD, EVE, inReplyTo=PARENT, tag=tag), id=f"{CHILD}#create"))
    rule = {"canReply": {"automaticApproval": [f"{CARL}/followers"]}}
    deliver(world, create(note(PARENT, CARL, interactionPolicy=rule), id=f"{PARENT}#create"))
    assert number(world, "SELECT count(*) FROM job WHERE kind = 'stamp-of-answer'") == 1
    child, parent = post(world, CHILD), post(world, PARENT)
    assert child.reply_to_id is None
    _let_stand(world, child.id, f"{CARL}/stamps/1", NOW)
    assert (post(world, CHILD).reply_to_id, post(world, CHILD).thread_id) == (parent.id, parent.id)
    assert post(world, PARENT).replies == 1
    deliver(world, act("Delete", CARL, f"{CARL}/stamps/1"))
    assert post(world, CHILD).deleted_ms is not None
    assert miscounted(world) == []


def test_who_is_banned_does_not_come_in_below_an_accomplice(world: Write, water: Account) -> None:
    asked = thread(world, water, who(world, "ann"))
    early = f"{ANSWER}0"
    tag = [{"type": "Mention", "href": who(world, "ann").uri}]
    deliver(world, create(comment(early, ROWAN, water.uri, ANSWER, tag=tag), id=f"{early}/c"))
    ban(world, water, asked)
    accomplice = comment(ANSWER, SAGE, water.uri, asked.uri)
    stranger(world, SAGE)
    deliver(world, create(accomplice, id=f"{ANSWER}/c"))
    assert post(world, ANSWER).community_id == water.id
    assert post(world, early).community_id is None
    assert post(world, early).thread_id != asked.thread_id
