"""What was approved is taken back: an answer, a boost; by its author alone, here and elsewhere."""

from typing import Any

import pytest

from federation.errors import NotPermitted
from federation.vocab import PUBLIC
from server.errors import Forbidden, NotFound
from server.model import WAITING, Account, Post
from server.services import (
    answer_control,
    quote_control,
    reaction_control,
    reactions,
    reading,
    stamps,
)
from server.store import posts as post_store
from server.store.db import Read, Write
from tests.server.squares import board
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
    ours,
    post,
    say,
    sent,
    stranger,
    who,
)

ANSWER = "https://far.test/notes/answer"


def by_stamps(tx: Read, kind: str, stamp: str) -> list[dict[str, Any]]:
    return [one for one in sent(tx, kind) if one["object"] == {"id": stamp, "type": "Tombstone"}]


def approved(tx: Write, polite: bool = False) -> tuple[Post, Post]:
    """What ann asked, and mallory's answer, that she approved."""
    asked = say(tx, who(tx, "ann"), "What do you think?", replies="approved")
    written = note(ANSWER, MALLORY, inReplyTo=asked.uri)
    raw = create(written, id=f"{ANSWER}#create")
    if polite:
        raw = act("ReplyRequest", MALLORY, asked.uri, instrument=written)
    deliver(tx, raw)
    answer_control.approve(tx, SITE, who(tx, "ann"), post(tx, ANSWER).id, NOW)
    return asked, post(tx, ANSWER)


# --- answers


@pytest.mark.parametrize("polite", [False, True], ids=["mastodon", "gotosocial"])
def test_an_approved_answer_of_a_stranger_is_taken_back_for_good(
    world: Write, polite: bool
) -> None:
    asked, answer = approved(world, polite)
    ann, proof = who(world, "ann"), stamps.reply_uri(SITE, answer.id)
    befriend(world, who(world, EVE), ann)
    assert stamps.reply(world, SITE, answer.id)["interactingObject"] == ANSWER
    answer_control.revoke(world, SITE, ann, answer.id, NOW, under=asked.id)
    (over,) = by_stamps(world, "Delete", proof)
    assert (over["actor"], over["to"], over["cc"]) == (ann.uri, [PUBLIC], [MALLORY])
    (no,) = sent(world, "Reject")
    assert no["to"] == [MALLORY]
    assert (no["object"], no["target"]) == (ANSWER, asked.uri)
    with pytest.raises(NotFound):
        stamps.reply(world, SITE, answer.id)
    assert post(world, ANSWER).deleted_ms is not None
    assert post(world, asked.uri).replies == 0
    deliver(world, create(note(ANSWER, MALLORY, inReplyTo=asked.uri), id=f"{ANSWER}#again"))
    assert post(world, ANSWER).deleted_ms is not None
    assert miscounted(world) == []


def test_a_private_answer_has_no_stamp_that_all_can_read_and_ends_without_a_word_to_others(
    world: Write,
) -> None:
    ann = who(world, "ann")
    befriend(world, who(world, EVE), ann)
    asked = say(world, ann, "What do you think?", replies="approved")
    private = note(ANSWER, MALLORY, inReplyTo=asked.uri, to=[ann.uri], cc=[])
    deliver(world, create(private, id=f"{ANSWER}#create"))
    answer = post(world, ANSWER)
    answer_control.approve(world, SITE, ann, answer.id, NOW)
    with pytest.raises(NotFound):
        stamps.reply(world, SITE, answer.id)
    answer_control.revoke(world, SITE, ann, answer.id, NOW)
    assert sent(world, "Delete") == []
    assert [no["to"] for no in sent(world, "Reject")] == [[MALLORY]]


def test_only_whoever_approved_an_answer_takes_it_back(world: Write) -> None:
    asked, answer = approved(world)
    ann, bob, other = who(world, "ann"), who(world, "bob"), ours(world)
    with pytest.raises(NotFound):
        answer_control.revoke(world, SITE, bob, answer.id, NOW)
    with pytest.raises(NotFound):
        answer_control.revoke(world, SITE, ann, answer.id, NOW, under=other.id)
    waits = say(world, bob, "May I?", reply_to_id=asked.id)
    with pytest.raises(NotFound):
        answer_control.revoke(world, SITE, ann, waits.id, NOW)
    free = say(world, bob, "Hello", reply_to_id=ours(world).id)
    with pytest.raises(NotFound):
        answer_control.revoke(world, SITE, ann, free.id, NOW)
    assert post(world, ANSWER).open
    assert sent(world, "Reject") == []


def test_an_answer_of_ours_that_is_taken_out_stays_its_authors_alone(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    befriend(world, who(world, EVE), bob)
    asked = say(world, ann, "What do you think?", replies="approved")
    answer = say(world, bob, "This", reply_to_id=asked.id)
    answer_control.approve(world, SITE, ann, answer.id, NOW)
    answer_control.revoke(world, SITE, ann, answer.id, NOW)
    answer_control.revoke(world, SITE, ann, answer.id, NOW)
    now = post(world, answer.uri)
    assert (now.visibility, now.reply_stamp) == (WAITING, "")
    assert reading.may_read(world, bob.id, now)
    assert not reading.may_read(world, ann.id, now)
    (over,) = [one for one in sent(world, "Delete") if one["actor"] == bob.uri]
    assert over["object"] == {"id": answer.uri, "type": "Tombstone"}
    assert miscounted(world) == []


def test_followers_of_ours_elsewhere_forget_an_answer_whose_stamp_is_over(world: Write) -> None:
    ann, stamp = who(world, "ann"), REPLY.stamp_uri
    answer = REPLY.waiting(world)
    yes = REPLY.answered(world, "Accept", result=stamp)
    deliver(world, yes, {stamp: REPLY.stamp(answer.uri)})
    assert post(world, answer.uri).open
    dora = stranger(world, "https://other.test/users/dora")  # of the server of the stamp
    for forger in (EVE, MALLORY, dora.uri):
        deliver(world, act("Delete", forger, stamp, id=f"{forger}/deletes/1"))
        deliver(world, act("Undo", forger, stamp, id=f"{forger}/undoes/1"))
    assert post(world, answer.uri).open
    deliver(world, act("Delete", CARL, {"type": "Tombstone", "id": stamp}))
    assert post(world, answer.uri).visibility == WAITING
    (over,) = sent(world, "Delete")
    assert (over["actor"], over["object"]["id"]) == (ann.uri, answer.uri)


# --- quotes


def test_a_quote_is_taken_back_from_the_quote_itself(world: Write) -> None:
    ann, bob, mine = who(world, "ann"), who(world, "bob"), ours(world)
    quote = say(world, bob, "Look", quoted_id=mine.id)
    with pytest.raises(Forbidden):
        quote_control.unquote(world, SITE, bob, quote.id, NOW)
    with pytest.raises(NotFound):
        quote_control.unquote(world, SITE, ann, mine.id, NOW)
    quote_control.unquote(world, SITE, ann, quote.id, NOW)
    assert post(world, quote.uri).quote_state == "revoked"
    with pytest.raises(NotFound):
        stamps.quote(world, SITE, quote.id)


# --- boosts


def boosted(tx: Write, mine: Post) -> Account:
    deliver(tx, act("Announce", EVE, mine.uri))
    return who(tx, EVE)


def test_a_boost_is_taken_out_and_its_server_told(world: Write) -> None:
    ann, bob, mine = who(world, "ann"), who(world, "bob"), ours(world)
    eve = boosted(world, mine)
    (row,) = world.all("SELECT id, uri FROM boost")
    with pytest.raises(Forbidden):
        reaction_control.remove_boost(world, SITE, bob, mine.id, eve.id, NOW)
    with pytest.raises(NotFound):
        reaction_control.remove_boost(world, SITE, ann, mine.id, bob.id, NOW)
    reaction_control.remove_boost(world, SITE, ann, mine.id, eve.id, NOW)
    assert post(world, mine.uri).boosts == number(world, "SELECT count(*) FROM boost") == 0
    assert number(world, "SELECT count(*) FROM notification WHERE kind = 'reblog'") == 0
    proof = f"{SITE.origin}/approvals/boosts/{row['id']}"
    (over,) = by_stamps(world, "Delete", proof)
    (no,) = sent(world, "Reject")
    assert (no["object"], no["target"], over["to"], no["to"]) == (
        row["uri"],
        mine.uri,
        [EVE],
        [EVE],
    )
    with pytest.raises(NotFound):
        stamps.boost(world, SITE, row["id"])
    again = act("Announce", EVE, mine.uri, id=row["uri"])
    deliver(world, act("AnnounceRequest", EVE, mine.uri, instrument=again))
    assert post(world, mine.uri).boosts == 0
    assert miscounted(world) == []


def test_what_a_community_passes_on_is_not_its_authors_to_end(world: Write) -> None:
    ann, mine = who(world, "ann"), ours(world)
    group = board(world)
    reactions.boost(world, SITE, group, mine.id, NOW)
    with pytest.raises(NotFound):
        reaction_control.remove_boost(world, SITE, ann, mine.id, group.id, NOW)
    assert number(world, "SELECT count(*) FROM boost") == 1


def test_a_boost_of_ours_that_is_taken_out_goes_from_our_followers_too(world: Write) -> None:
    ann, bob, mine = who(world, "ann"), who(world, "bob"), ours(world)
    befriend(world, who(world, EVE), bob)
    reactions.boost(world, SITE, bob, mine.id, NOW)
    reaction_control.remove_boost(world, SITE, ann, mine.id, bob.id, NOW)
    (undone,) = sent(world, "Undo")
    assert (undone["actor"], undone["object"]["object"]) == (bob.uri, mine.uri)
    assert miscounted(world) == []


def test_a_boost_of_ours_that_gotosocial_does_not_want_is_undone_for_our_followers(
    world: Write,
) -> None:
    theirs, ann = "https://other.test/notes/1", who(world, "ann")
    befriend(world, ann, who(world, CARL))
    befriend(world, who(world, EVE), ann)
    deliver(world, create(note(theirs, CARL), id=f"{theirs}#create"))
    reactions.boost(world, SITE, ann, post(world, theirs).id, NOW)
    (row,) = world.all("SELECT uri FROM boost")
    deliver(world, act("Reject", EVE, row["uri"], target=theirs))
    assert sent(world, "Undo") == []
    deliver(world, act("Reject", CARL, row["uri"], target=theirs))
    (undone,) = sent(world, "Undo")
    assert undone["object"]["id"] == row["uri"]
    assert post_store.by_uri(world, theirs) is not None
    assert miscounted(world) == []


def test_a_yes_to_a_like_of_ours_changes_nothing(world: Write) -> None:
    theirs, ann = REPLY.theirs(world), who(world, "ann")
    reactions.like(world, SITE, ann, theirs.id, NOW)
    (liked,) = sent(world, "Like")
    stamp = f"{CARL}/authorizations/like"
    yes = act("Accept", CARL, liked["id"], target=THEIRS, result=stamp)
    deliver(world, yes)
    deliver(world, act("Delete", CARL, stamp))
    assert post(world, THEIRS).likes == 1
    deliver(world, act("Reject", CARL, liked["id"], target=THEIRS))
    assert post(world, THEIRS).likes == 0


# --- GoToSocial asks to like and to share


@pytest.mark.parametrize("by", ["actor", "attributedTo"])
@pytest.mark.parametrize("kind", ["Like", "Announce"])
def test_gotosocial_asks_and_gets_a_stamp_that_can_be_read(
    world: Write, kind: str, by: str
) -> None:
    ann, mine = who(world, "ann"), ours(world)
    inner = act(kind, EVE, mine.uri)
    told = {(by if name == "actor" else name): value for name, value in inner.items()}
    asked = act(f"{kind}Request", EVE, mine.uri, instrument=told, to=ann.uri)
    deliver(world, asked)
    (yes,) = sent(world, "Accept")
    assert yes["object"] == {
        "id": asked["id"],
        "type": f"{kind}Request",
        "actor": EVE,
        "object": mine.uri,
        "instrument": inner["id"],
    }
    assert (yes["actor"], yes["to"]) == (ann.uri, [EVE])
    read, table = {
        "Like": (stamps.like, "favourite"),
        "Announce": (stamps.boost, "boost"),
    }[kind]
    id = number(world, f"SELECT id FROM {table}")
    assert read(world, SITE, id) == {
        "id": yes["result"],
        "type": f"{kind}Authorization",
        "attributedTo": ann.uri,
        "interactingObject": inner["id"],
        "interactionTarget": mine.uri,
    }
    deliver(world, {**inner, f"{kind.lower()}Authorization": yes["result"]})
    found = post(world, mine.uri)
    assert found.likes + found.boosts == 1
    deliver(world, act("Undo", EVE, inner))
    with pytest.raises(NotFound):
        read(world, SITE, id)
    assert miscounted(world) == []


def test_who_likes_already_is_told_nothing_of_another_like(world: Write) -> None:
    mine = ours(world)
    deliver(world, act("Like", EVE, mine.uri, id=f"{EVE}/likes/1"))
    other = act("Like", EVE, mine.uri, id=f"{EVE}/likes/2")
    deliver(world, act("LikeRequest", EVE, mine.uri, instrument=other))
    assert sent(world, "Accept") == sent(world, "Reject") == []
    assert post(world, mine.uri).likes == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "https://other.test/likes/1"},
        {"actor": MALLORY},
        {"object": f"{SITE.origin}/objects/1"},
    ],
)
def test_a_request_with_a_like_that_is_not_the_actors_does_nothing(
    world: Write, wrong: dict[str, Any]
) -> None:
    mine = ours(world)
    inner = act("Like", EVE, mine.uri) | wrong
    with pytest.raises(NotPermitted), world.savepoint():
        deliver(world, act("LikeRequest", EVE, mine.uri, instrument=inner))
    assert post(world, mine.uri).likes == 0


def test_what_may_not_be_shared_is_refused_in_gotosocials_shape(world: Write) -> None:
    kept = say(world, who(world, "ann"), "Mine", boosts="nobody")
    inner = act("Announce", EVE, kept.uri)
    deliver(world, act("AnnounceRequest", EVE, kept.uri, instrument=inner))
    (no,) = sent(world, "Reject")
    assert (no["object"]["type"], no["object"]["instrument"]) == ("AnnounceRequest", inner["id"])
    assert "result" not in no
    assert sent(world, "Accept") == []


@pytest.mark.parametrize("visibility", ["direct", "followers"])
def test_a_request_about_what_one_cannot_have_read_is_not_answered(
    world: Write, visibility: str
) -> None:
    private = say(world, who(world, "ann"), "@bob hello", visibility=visibility)
    for kind in ("Like", "Announce"):
        inner = act(kind, MALLORY, private.uri)
        deliver(world, act(f"{kind}Request", MALLORY, private.uri, instrument=inner))
    assert sent(world, "Accept") == sent(world, "Reject") == []


def test_a_like_for_followers_has_its_yes_and_no_stamp_that_all_can_read(world: Write) -> None:
    ann = who(world, "ann")
    befriend(world, who(world, EVE), ann)
    private = say(world, ann, "For you", visibility="followers")
    inner = act("Like", EVE, private.uri)
    deliver(world, act("LikeRequest", EVE, private.uri, instrument=inner))
    (yes,) = sent(world, "Accept")
    assert "result" not in yes
    with pytest.raises(NotFound):
        stamps.like(world, SITE, number(world, "SELECT id FROM favourite"))


def test_a_like_that_was_taken_back_before_it_was_asked_for_does_not_come(world: Write) -> None:
    mine = ours(world)
    inner = act("Like", EVE, mine.uri)
    deliver(world, act("Undo", EVE, inner))
    deliver(world, act("LikeRequest", EVE, mine.uri, instrument=inner))
    assert post(world, mine.uri).likes == 0
    assert [one["object"]["type"] for one in sent(world, "Reject")] == ["LikeRequest"]
    assert sent(world, "Accept") == []


def test_a_server_that_asks_without_end_is_answered_no_more(
    world: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.inbox.reacting.MOST_ASKED_AN_HOUR", 2)
    for n in range(4):
        mine = say(world, who(world, "ann"), f"Post {n}")
        inner = act("Like", EVE, mine.uri, id=f"{EVE}/likes/{n}")
        asked = act("LikeRequest", EVE, mine.uri, instrument=inner, id=f"{EVE}/asks/{n}")
        deliver(world, asked)
    assert len(sent(world, "Accept")) == 2
