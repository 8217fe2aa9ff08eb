"""Who is taken out from under a post, or whose quote loses it, hears of it once."""

import pytest

from server.services import answer_control, notifications, quote_control
from server.store.db import Write
from server.store.notifications import TAKEN_BACK
from server.store.paging import Page
from tests.server.stamped import REPLY
from tests.server.world import NOW, SITE, deliver, say, settle, who


@pytest.fixture
def world(tx: Write) -> Write:
    settle(tx)
    return tx


def heard(tx: Write, name: str) -> list[tuple[str, str, int | None]]:
    """Of what was taken back: its kind, from whom, about which post."""
    me = who(tx, name)
    which = notifications.wanted(tx, me.id, kinds=TAKEN_BACK)
    return [
        (one.notification.kind, one.account.name, one.notification.post_id)
        for one in notifications.page(tx, me.id, Page(), which)
    ]


def test_a_yes_to_an_answer_that_one_of_ours_takes_back_is_told(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    mine = say(world, ann, replies="approved")
    answer = say(world, bob, "May I?", reply_to_id=mine.id)
    answer_control.approve(world, SITE, ann, answer.id, NOW)
    assert heard(world, "bob") == []
    for _ in range(2):
        answer_control.revoke(world, SITE, ann, answer.id, NOW)
    assert heard(world, "bob") == [("answer_revoked", "ann", answer.id)]
    assert heard(world, "ann") == []


def test_a_no_to_an_answer_that_only_waited_is_no_news(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    mine = say(world, ann, replies="approved")
    answer = say(world, bob, "May I?", reply_to_id=mine.id)
    answer_control.refuse(world, SITE, ann, answer.id, NOW)
    assert heard(world, "bob") == []


def test_a_yes_that_a_stranger_takes_back_is_told(world: Write) -> None:
    answer = REPLY.waiting(world)
    accept = REPLY.answered(world, "Accept", result=REPLY.stamp_uri)
    deliver(world, accept, documents={REPLY.stamp_uri: REPLY.stamp(answer.uri)})
    assert heard(world, "ann") == []
    deliver(world, REPLY.answered(world, "Reject", id="https://other.test/activities/no"))
    assert heard(world, "ann") == [("answer_revoked", "carl", answer.id)]


def test_a_post_that_is_taken_out_of_a_quote_is_told(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    mine = say(world, ann)
    quote = say(world, bob, "Look", quoted_id=mine.id)
    for _ in range(2):
        quote_control.revoke(world, SITE, ann, mine.id, quote.id, NOW)
    assert heard(world, "bob") == [("quote_revoked", "ann", quote.id)]
