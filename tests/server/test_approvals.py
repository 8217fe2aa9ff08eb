"""Answers that wait for a yes: ours for strangers', strangers' for ours; and every forged yes."""

from contextlib import suppress
from typing import Any

import pytest

from federation import policies
from federation.errors import FederationError
from federation.parse import object_
from federation.vocab import PUBLIC
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.fetch.posts import keep
from server.inbox.documents import Need
from server.model import WAITING, Post
from server.services import (
    answer_control,
    arrivals,
    documents,
    permissions,
    posts,
    reading,
    stamps,
    timelines,
)
from server.store import posts as post_store
from server.store.db import Read, Write
from server.store.paging import Page
from tests.server.stamped import REPLY, THEIRS
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
    who,
)

STAMP = REPLY.stamp_uri
ANSWER = "https://far.test/notes/answer"
BEFORE = {"always": CARL, "approvalRequired": PUBLIC}
carls, waiting, stamp, answered = REPLY.theirs, REPLY.waiting, REPLY.stamp, REPLY.answered


def now(db: Read, of: Post) -> Post:
    return post(db, of.uri)


# --- ours ask


def test_gotosocial_is_asked_and_nobody_else_hears_of_it(world: Write) -> None:
    answer = waiting(world)
    (asked,) = sent(world, "ReplyRequest")
    assert asked["id"] == f"{answer.uri}#reply-request"
    assert (asked["actor"], asked["object"]) == (who(world, "ann").uri, THEIRS)
    assert asked["to"] == [CARL]
    inner = asked["instrument"]
    assert (inner["id"], inner["inReplyTo"]) == (answer.uri, THEIRS)
    assert inner["to"] == [PUBLIC]
    assert "replyAuthorization" not in inner
    assert [one for one in sent(world, "Create") if one["object"]["id"] == answer.uri] == []
    reached = world.all(
        """
        SELECT p.host FROM delivery d JOIN outbox o ON o.id = d.outbox_id
        JOIN peer p ON p.id = d.peer_id WHERE o.sender_id = :ann AND o.id = (
            SELECT max(id) FROM outbox)
        """,
        ann=who(world, "ann").id,
    )
    assert [row["host"] for row in reached] == ["other.test"]


def test_an_answer_that_waits_is_its_authors_alone(world: Write) -> None:
    answer, ann = waiting(world), who(world, "ann")
    assert answer.visibility == WAITING
    for viewer in (None, who(world, "bob").id, who(world, CARL).id):
        with pytest.raises(NotFound):
            reading.readable(world, viewer, answer.id)
    assert reading.readable(world, ann.id, answer.id).id == answer.id
    assert post(world, THEIRS).replies == 0
    assert timelines.local(world, None, Page())[0].post_id != answer.id
    assert timelines.home(world, ann.id, Page())[0].post_id == answer.id
    assert miscounted(world) == []
    with pytest.raises(Invalid):
        posts.edit(world, SITE, ann, answer.id, posts.NewPost(content="Otherwise"), NOW)
    with pytest.raises(Forbidden):
        say(world, ann, "And then", reply_to_id=answer.id)


def test_a_yes_with_its_stamp_lets_the_answer_out(world: Write) -> None:
    answer = waiting(world)
    said = answered(world, "Accept", result=STAMP)
    with pytest.raises(Need), world.savepoint():
        deliver(world, said)
    deliver(world, {**said, "id": f"{CARL}/accepts/2"}, {STAMP: stamp(answer.uri)})
    found = now(world, answer)
    assert (found.visibility, found.reply_stamp) == ("public", STAMP)
    (out,) = [one for one in sent(world, "Create") if one["object"]["id"] == answer.uri]
    assert out["object"]["replyAuthorization"] == out["object"]["approvedBy"] == STAMP
    assert documents.by_post(world, SITE, found)["replyAuthorization"] == STAMP
    assert post(world, THEIRS).replies == 1
    assert reading.readable(world, None, answer.id)
    assert miscounted(world) == []


def test_gotosocial_17_gets_the_answer_itself_and_says_yes_by_its_accept(world: Write) -> None:
    answer = waiting(world, BEFORE)
    assert sent(world, "ReplyRequest") == []
    (plain,) = [one for one in sent(world, "Create") if one["object"]["id"] == answer.uri]
    assert plain["object"]["to"] == [PUBLIC]
    yes = act("Accept", CARL, answer.uri, id=f"{CARL}/accepts/1", target=THEIRS)
    deliver(world, yes)
    found = now(world, answer)
    assert (found.visibility, found.reply_stamp) == ("public", f"{CARL}/accepts/1")
    assert documents.by_post(world, SITE, found)["approvedBy"] == f"{CARL}/accepts/1"


def test_a_follower_who_may_answer_waits_for_the_stamp_that_others_need(world: Write) -> None:
    theirs = carls(world, {"automaticApproval": [f"{CARL}/followers"]})
    answer = say(world, who(world, "bob"), "I follow you", reply_to_id=theirs.id)
    assert answer.visibility == WAITING
    assert len(sent(world, "ReplyRequest")) == 1


FORGED: list[dict[str, Any]] = [
    {"interactingObject": "https://here.test/objects/1"},
    {"interactionTarget": "https://other.test/notes/2"},
    {"attributedTo": EVE},
    {"type": "LikeAuthorization"},
    {"id": "https://other.test/users/carl/authorizations/2"},
]


@pytest.mark.parametrize("wrong", FORGED)
def test_a_stamp_for_something_else_lets_nothing_out(world: Write, wrong: dict[str, Any]) -> None:
    answer = waiting(world)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, answered(world, "Accept", result=STAMP), {STAMP: stamp(answer.uri, **wrong)})
    assert now(world, answer).visibility == WAITING


@pytest.mark.parametrize("uri", ["https://evil.test/stamps/1", "https://far.test/stamps/1"])
def test_a_stamp_of_another_server_is_not_even_read(world: Write, uri: str) -> None:
    answer = waiting(world)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, answered(world, "Accept", result=uri), {uri: stamp(answer.uri, id=uri)})
    assert now(world, answer).visibility == WAITING


def test_a_yes_or_no_of_anybody_else_changes_nothing(world: Write) -> None:
    answer = waiting(world)
    for kind in ("Accept", "Reject"):
        deliver(world, answered(world, kind, actor=EVE, id=f"{EVE}/{kind}"))
        plain = act(kind, EVE, answer.uri, id=f"{EVE}/{kind}/2", target=THEIRS)
        deliver(world, plain)
    for about in (f"{answer.uri}#reply-request-2", f"{answer.uri}#other"):
        deliver(world, act("Reject", CARL, about, id=f"{CARL}/rejects/{about[-1]}"))
    assert now(world, answer).visibility == WAITING
    assert number(world, "SELECT count(*) FROM approval WHERE state <> 'waiting'") == 0


def test_a_no_is_for_good_and_the_answer_stays_its_authors(world: Write) -> None:
    answer, ann = waiting(world), who(world, "ann")
    deliver(world, answered(world, "Reject"))
    yes = answered(world, "Accept", result=STAMP)
    deliver(world, yes, {STAMP: stamp(answer.uri)})
    assert now(world, answer).visibility == WAITING
    assert reading.readable(world, ann.id, answer.id)
    posts.delete(world, SITE, ann, answer.id, NOW)
    (gone,) = sent(world, "Delete")
    assert gone["to"] == [CARL]
    assert number(world, "SELECT count(*) FROM approval") == 0
    assert miscounted(world) == []


@pytest.mark.parametrize("kind", ["Delete", "Undo", "Reject"])
def test_a_yes_that_is_taken_back_cannot_be_played_again(world: Write, kind: str) -> None:
    answer = waiting(world)
    yes = answered(world, "Accept", result=STAMP)
    deliver(world, yes, {STAMP: stamp(answer.uri)})
    over = answered(world, "Reject") if kind == "Reject" else act(kind, CARL, STAMP)
    deliver(world, act("Delete", EVE, STAMP))
    assert now(world, answer).visibility == "public"
    deliver(world, over)
    assert now(world, answer).visibility == WAITING
    assert post(world, THEIRS).replies == 0
    with suppress(FederationError):
        deliver(world, {**yes, "id": f"{CARL}/accepts/again"}, {STAMP: stamp(answer.uri)})
    assert (now(world, answer).visibility, now(world, answer).reply_stamp) == (WAITING, "")
    assert miscounted(world) == []


def test_a_poll_in_an_answer_that_waits_can_be_voted_in_by_nobody(world: Write) -> None:
    answer = waiting(world)
    assert answer.id not in reading.readable_among(world, who(world, "bob").id, [answer])


# --- strangers answer strangers


def answer_of(author: str, **more: Any) -> dict[str, Any]:
    return create(note(ANSWER, author, inReplyTo=THEIRS, **more), id=f"{ANSWER}#create")


def test_an_answer_without_the_stamp_that_its_policy_wants_is_not_shown(world: Write) -> None:
    carls(world)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, answer_of(EVE))
    assert post_store.by_uri(world, ANSWER) is None


def test_an_answer_with_its_stamp_is_shown_after_that_was_read(world: Write) -> None:
    carls(world)
    raw = answer_of(EVE, replyAuthorization=STAMP)
    with pytest.raises(Need), world.savepoint():
        deliver(world, raw)
    deliver(world, {**raw, "id": f"{ANSWER}#2"}, {STAMP: stamp(ANSWER)})
    assert post(world, ANSWER).reply_stamp == STAMP
    deliver(world, act("Delete", CARL, STAMP))
    assert post(world, ANSWER).deleted_ms is not None
    assert post(world, THEIRS).replies == 0


@pytest.mark.parametrize("wrong", FORGED)
def test_a_forged_stamp_shows_no_answer(world: Write, wrong: dict[str, Any]) -> None:
    carls(world)
    raw = answer_of(EVE, replyAuthorization=STAMP)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, raw, {STAMP: stamp(ANSWER, **wrong)})
    assert post_store.by_uri(world, ANSWER) is None


def test_gotosocial_lets_an_answer_of_mastodon_stand_and_we_bring_it(world: Write) -> None:
    carls(world)
    yes = act("Accept", CARL, ANSWER, target=THEIRS, result=STAMP, cc=[PUBLIC])
    written = note(ANSWER, EVE, inReplyTo=THEIRS)
    given = {STAMP: stamp(ANSWER), ANSWER: written}
    deliver(world, yes, given)
    assert post(world, ANSWER).reply_to_uri == THEIRS
    assert post(world, THEIRS).replies == 1


@pytest.mark.parametrize(
    "wrong", [{"inReplyTo": "https://other.test/notes/2"}, {"to": [CARL], "cc": []}, {"id": THEIRS}]
)
def test_an_accept_brings_nothing_but_the_answer_it_is_about(
    world: Write, wrong: dict[str, Any]
) -> None:
    carls(world)
    yes = act("Accept", CARL, ANSWER, target=THEIRS, result=STAMP)
    written = note(ANSWER, EVE, inReplyTo=THEIRS) | wrong
    deliver(world, yes, {STAMP: stamp(ANSWER), ANSWER: written})
    assert post_store.by_uri(world, ANSWER) is None


# --- strangers answer ours


def asking(tx: Write, replies: str = "approved") -> Post:
    return say(tx, who(tx, "ann"), "What do you think?", replies=replies)


def strangers_answer(tx: Write, of: Post, author: str = MALLORY, **more: Any) -> None:
    deliver(tx, create(note(ANSWER, author, inReplyTo=of.uri, **more), id=f"{ANSWER}#create"))


def test_what_is_not_wanted_is_not_kept_and_its_server_is_told(world: Write) -> None:
    asked = asking(world, "named")
    strangers_answer(world, asked)
    assert post_store.by_uri(world, ANSWER) is None
    (no,) = sent(world, "Reject")
    assert (no["object"], no["target"], no["to"]) == (ANSWER, asked.uri, [MALLORY])
    assert no["actor"] == who(world, "ann").uri
    assert number(world, "SELECT count(*) FROM notification WHERE kind = 'mention'") == 0


def test_what_a_walk_finds_obeys_too(world: Write) -> None:
    for asked, kept in ((asking(world, "named"), None), (asking(world), WAITING)):
        written = note(f"{ANSWER}/{asked.id}", MALLORY, inReplyTo=asked.uri)
        found = keep(world, SITE, strangers_object(written), who(world, MALLORY), NOW)
        assert (found.visibility if found else None) == kept


def strangers_object(written: dict[str, Any]) -> Any:
    return object_(written)


def test_a_plain_answer_of_mastodon_waits_and_is_shown_after_a_yes(world: Write) -> None:
    asked, ann = asking(world), who(world, "ann")
    tag = [{"type": "Mention", "href": who(world, "bob").uri, "name": "@bob"}]
    strangers_answer(world, asked, tag=tag)
    answer = post(world, ANSWER)
    for viewer in (None, who(world, "bob").id, ann.id):
        assert not reading.may_read(world, viewer, answer)
    assert number(world, "SELECT count(*) FROM notification WHERE kind = 'mention'") == 0
    assert answer_control.waiting(world, ann.id) == 1
    (shown,) = answer_control.page(world, ann, 1 << 62)
    assert (shown.view.post.id, shown.answers and shown.answers.post.id) == (answer.id, asked.id)
    with pytest.raises(NotFound):
        answer_control.approve(world, SITE, who(world, "bob"), answer.id, NOW)
    answer_control.approve(world, SITE, ann, answer.id, NOW)
    (yes,) = sent(world, "Accept")
    proof = f"{SITE.origin}/approvals/{answer.id}"
    assert (yes["object"], yes["target"], yes["result"]) == (ANSWER, asked.uri, proof)
    assert yes["cc"] == [PUBLIC, f"{ann.uri}/followers"]
    served = stamps.reply(world, SITE, answer.id)
    assert served == {
        "id": proof,
        "type": "ReplyAuthorization",
        "attributedTo": ann.uri,
        "interactingObject": ANSWER,
        "interactionTarget": asked.uri,
    }
    assert reading.may_read(world, None, post(world, ANSWER))
    assert post(world, asked.uri).replies == 1
    assert number(world, "SELECT count(*) FROM notification WHERE kind = 'mention'") == 2
    with pytest.raises(Conflict):
        answer_control.refuse(world, SITE, ann, answer.id, NOW)
    assert miscounted(world) == []


def test_a_refused_answer_goes_and_cannot_come_again(world: Write) -> None:
    asked, ann = asking(world), who(world, "ann")
    strangers_answer(world, asked)
    answer = post(world, ANSWER)
    answer_control.refuse(world, SITE, ann, answer.id, NOW)
    (no,) = sent(world, "Reject")
    assert (no["object"], no["target"]) == (ANSWER, asked.uri)
    again = create(note(ANSWER, MALLORY, inReplyTo=asked.uri), id=f"{ANSWER}#again")
    deliver(world, again)
    assert post(world, ANSWER).deleted_ms is not None
    with pytest.raises(NotFound):
        stamps.reply(world, SITE, answer.id)
    assert answer_control.waiting(world, ann.id) == 0
    assert miscounted(world) == []


def reply_request(of: Post, by: str = MALLORY) -> dict[str, Any]:
    written = note(ANSWER, by, inReplyTo=of.uri)
    return act("ReplyRequest", by, of.uri, instrument=written, to=of.uri)


def test_gotosocial_asks_and_is_answered_in_its_own_shape(world: Write) -> None:
    ann = who(world, "ann")
    befriend(world, who(world, EVE), ann)
    asked = asking(world, "close")
    deliver(world, reply_request(asked, EVE))
    (yes,) = sent(world, "Accept")
    assert yes["object"] == {
        "id": f"{EVE}/activities/replyrequest",
        "type": "ReplyRequest",
        "actor": EVE,
        "object": asked.uri,
        "instrument": ANSWER,
    }
    answer = post(world, ANSWER)
    assert yes["result"] == f"{SITE.origin}/approvals/{answer.id}"
    assert yes["to"] == [EVE]
    assert "cc" not in yes
    assert stamps.reply(world, SITE, answer.id)["interactingObject"] == ANSWER


def test_a_request_that_waits_is_answered_when_its_author_has_decided(world: Write) -> None:
    asked, ann = asking(world), who(world, "ann")
    deliver(world, reply_request(asked))
    assert sent(world, "Accept") == sent(world, "Reject") == []
    answer_control.approve(world, SITE, ann, post(world, ANSWER).id, NOW)
    (yes,) = sent(world, "Accept")
    assert yes["object"]["type"] == "ReplyRequest"


def test_a_request_that_is_not_permitted_is_refused_at_once(world: Write) -> None:
    deliver(world, reply_request(asking(world, "named")))
    no, plain = sent(world, "Reject")
    assert no["object"]["type"] == "ReplyRequest"
    assert "result" not in no
    assert plain["object"] == ANSWER  # all that GoToSocial 0.20 understands
    assert post_store.by_uri(world, ANSWER) is None


def test_a_request_whose_answer_has_several_types_is_read(world: Write) -> None:
    raw = reply_request(asking(world))
    raw["instrument"] = raw["instrument"] | {"type": ["Note", "schema:Comment"]}
    deliver(world, raw)
    assert number(world, "SELECT count(*) FROM approval WHERE state = 'waiting'") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributedTo": EVE},
        {"type": [{}]},
        {"id": "https://other.test/notes/9"},
        {"inReplyTo": "https://here.test/objects/1"},
        {"type": "Person"},
    ],
)
def test_a_request_with_an_answer_that_is_not_the_actors_does_nothing(
    world: Write, wrong: dict[str, Any]
) -> None:
    asked = asking(world)
    raw = reply_request(asked)
    raw["instrument"] = raw["instrument"] | wrong
    with pytest.raises((FederationError, Need)), world.savepoint():
        deliver(world, raw)
    assert number(world, "SELECT count(*) FROM approval") == 0


def test_a_request_about_what_one_cannot_know_of_is_not_answered(world: Write) -> None:
    private = say(world, who(world, "bob"), "@ann", visibility="direct")
    deliver(world, reply_request(private))
    assert sent(world, "Accept") == sent(world, "Reject") == []


def test_one_stranger_cannot_fill_the_list_of_what_waits(
    world: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MAX_WAITING_OF_ONE", 2)
    asked = asking(world)
    for n in range(4):
        uri = f"{ANSWER}/{n}"
        try:
            with world.savepoint():
                deliver(world, create(note(uri, MALLORY, inReplyTo=asked.uri), id=f"{uri}#create"))
        except FederationError:
            pass
    assert answer_control.waiting(world, who(world, "ann").id) == 2


def test_nobody_answers_an_answer_that_waits(world: Write) -> None:
    strangers_answer(world, asking(world))
    below = note("https://far.test/notes/below", EVE, inReplyTo=ANSWER)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, create(below, id="https://far.test/notes/below#c"))
    assert post_store.by_uri(world, below["id"]) is None


def test_ours_wait_for_ours_as_well(world: Write) -> None:
    ann, bob, asked = who(world, "ann"), who(world, "bob"), asking(world)
    answer = say(world, bob, "Me too", reply_to_id=asked.id)
    assert (answer.visibility, answer_control.waiting(world, ann.id)) == (WAITING, 1)
    answer_control.approve(world, SITE, ann, answer.id, NOW)
    found = now(world, answer)
    assert found.visibility == "public"
    body = documents.by_post(world, SITE, found)
    assert body["replyAuthorization"] == f"{SITE.origin}/approvals/{answer.id}"
    again = say(world, bob, "And this", reply_to_id=asked.id)
    answer_control.refuse(world, SITE, ann, again.id, NOW)
    assert reading.may_read(world, bob.id, now(world, again))
    assert not reading.may_read(world, ann.id, now(world, again))
    assert miscounted(world) == []


def test_in_a_secret_or_direct_answer_nobody_has_to_approve_anything(world: Write) -> None:
    asked = asking(world)
    private = say(world, who(world, "bob"), "Just you", reply_to_id=asked.id, visibility="direct")
    assert private.visibility == "direct"


def test_an_answer_within_a_circle_of_ours_carries_a_stamp_that_others_need(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    befriend(world, bob, ann)
    befriend(world, who(world, EVE), bob)
    answer = say(world, bob, "I follow you", reply_to_id=asking(world, "close").id)
    assert answer.visibility == "public"
    proof = f"{SITE.origin}/approvals/{answer.id}"
    (out,) = [one for one in sent(world, "Create") if one["object"]["id"] == answer.uri]
    assert out["object"]["replyAuthorization"] == proof
    assert stamps.reply(world, SITE, answer.id)["interactingObject"] == answer.uri


def test_what_a_walk_finds_between_strangers_needs_its_stamp_too(world: Write) -> None:
    carls(world)
    eve = who(world, EVE)
    found = object_(note(ANSWER, EVE, inReplyTo=THEIRS, replyAuthorization=STAMP))
    wanted = permissions.stamp_to_read(world, found, eve)
    assert wanted is not None
    assert policies.proves(stamp(ANSWER), wanted[0], wanted[1])
    assert keep(world, SITE, found, eve, NOW) is None
    kept = keep(world, SITE, found, eve, NOW, STAMP)
    assert kept is not None
    assert kept.reply_stamp == STAMP
    for other in ("https://evil.test/1", "https://far.test/1"):
        forged = object_(note(f"{ANSWER}2", EVE, inReplyTo=THEIRS, replyAuthorization=other))
        assert permissions.stamp_to_read(world, forged, eve) is None
        assert keep(world, SITE, forged, eve, NOW) is None
