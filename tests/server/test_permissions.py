"""Who may answer, share and like: what ours choose, what strangers say, what follows from it."""

from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.errors import Forbidden, Invalid
from server.model import Post
from server.services import documents, permissions, reactions
from server.services.permissions import Verdict
from server.store import forum
from server.store.db import Write
from tests.server.squares import board, thread
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
    note,
    number,
    ours,
    post,
    say,
    who,
)

THEIRS = "https://other.test/notes/1"
CROWD = [f"https://far.test/users/{n}" for n in range(10_000)]


def carls(tx: Write, **policy: Any) -> Post:
    """A post by carl, whom bob follows, with a policy."""
    befriend(tx, who(tx, "bob"), who(tx, CARL))
    deliver(tx, create(note(THEIRS, CARL, interactionPolicy=policy), id=f"{THEIRS}#create"))
    return post(tx, THEIRS)


def may(tx: Write, name: str, of: Post, what: permissions.Act = "reply") -> Verdict:
    return permissions.judge(tx, who(tx, name), of, what)


# --- strangers' posts


@pytest.mark.parametrize(
    ("rule", "bob", "ann", "eve"),
    [
        ({"automaticApproval": [PUBLIC]}, "yes", "yes", "yes"),
        ({"automaticApproval": [CARL]}, "no", "no", "no"),
        ({"always": CARL, "approvalRequired": PUBLIC}, "ask", "ask", "ask"),
        ({"automaticApproval": [f"{CARL}/followers"]}, "member", "no", "ask"),
        ({"automaticApproval": [PUBLIC], "manualApproval": [EVE]}, "yes", "yes", "ask"),
        ({"automaticApproval": [EVE], "manualApproval": [PUBLIC]}, "ask", "ask", "yes"),
        ({"automaticApproval": [EVE], "manualApproval": [EVE]}, "no", "no", "yes"),
        (
            {"automaticApproval": [PUBLIC], "manualApproval": [f"{CARL}/followers"]},
            "ask",
            "yes",
            "yes",
        ),
        ({"automaticApproval": [*CROWD, EVE]}, "no", "no", "no"),
    ],
)
def test_the_more_exact_word_of_gotosocial_counts(
    world: Write, rule: dict[str, Any], bob: Verdict, ann: Verdict, eve: Verdict
) -> None:
    theirs = carls(world, canReply=rule)
    assert [may(world, name, theirs) for name in ("bob", "ann", EVE)] == [bob, ann, eve]
    assert may(world, CARL, theirs) == "yes"
    assert len(theirs.permits) <= permissions.MAX_KEPT


@pytest.mark.parametrize("said", ["x", None, 7, [], [[PUBLIC]], {"canReply": "nobody"}, {"a": {}}])
def test_a_policy_that_is_none_forbids_nothing(world: Write, said: Any) -> None:
    befriend(world, who(world, "bob"), who(world, CARL))
    deliver(world, create(note(THEIRS, CARL, interactionPolicy=said), id=f"{THEIRS}#create"))
    theirs = post(world, THEIRS)
    assert theirs.permits == ""
    assert may(world, "ann", theirs) == "yes"


def test_who_is_named_or_answered_may_always_answer(world: Write) -> None:
    ann = who(world, "ann")
    befriend(world, who(world, "bob"), who(world, CARL))
    nobody = {"canReply": {"automaticApproval": [CARL]}}
    named = note(
        THEIRS,
        CARL,
        interactionPolicy=nobody,
        tag=[{"type": "Mention", "href": who(world, "bob").uri, "name": "@bob"}],
        inReplyTo=ours(world).uri,
    )
    deliver(world, create(named, id=f"{THEIRS}#create"))
    theirs = post(world, THEIRS)
    assert may(world, "bob", theirs) == may(world, "ann", theirs) == "yes"
    assert may(world, EVE, theirs) == "no"
    assert say(world, ann, "I was spoken of", reply_to_id=theirs.id).reply_to_id == theirs.id


def test_what_a_stranger_forbids_ours_are_refused_with_a_sentence(world: Write) -> None:
    nobody = {"automaticApproval": [CARL]}
    theirs = carls(world, canReply=nobody, canAnnounce=nobody, canLike=nobody)
    bob = who(world, "bob")
    with pytest.raises(Forbidden, match="does not want answers from you"):
        say(world, bob, "But I", reply_to_id=theirs.id)
    with pytest.raises(Forbidden, match="does not want it to be shared"):
        reactions.boost(world, SITE, bob, theirs.id, NOW)
    with pytest.raises(Forbidden, match="does not want likes from you"):
        reactions.like(world, SITE, bob, theirs.id, NOW)
    assert not permissions.shareable(theirs, bob)
    assert number(world, "SELECT count(*) FROM boost") == 0


def test_a_boost_that_had_to_be_asked_for_is_not_made(world: Write) -> None:
    theirs = carls(world, canAnnounce={"manualApproval": [PUBLIC]})
    with pytest.raises(Forbidden):
        reactions.boost(world, SITE, who(world, "ann"), theirs.id, NOW)


def test_an_update_changes_who_may(world: Write) -> None:
    carls(world, canReply={"automaticApproval": [CARL]})
    again = note(THEIRS, CARL, updated="2026-11-23T10:01:00Z")
    deliver(world, act("Update", CARL, again, id=f"{THEIRS}#2"))
    assert may(world, "ann", post(world, THEIRS)) == "yes"


# --- ours


def test_gotosocial_reads_from_a_post_of_ours_who_may_do_what(world: Write) -> None:
    ann = who(world, "ann")
    body = documents.by_post(world, SITE, say(world, ann, "Open"))
    everybody = {
        "automaticApproval": [PUBLIC],
        "manualApproval": [],
        "always": [PUBLIC],
        "approvalRequired": [],
    }
    policy = body["interactionPolicy"]
    assert {policy[name]["always"][0] for name in ("canLike", "canReply", "canAnnounce")} == {
        PUBLIC
    }
    assert policy["canReply"] == everybody
    assert policy["canQuote"] == {"automaticApproval": [PUBLIC]}


@pytest.mark.parametrize(
    ("replies", "automatic", "manual"),
    [
        ("close", ["{ann}", EVE, "{ann}/followers", "{ann}/following"], []),
        ("approved", ["{ann}", EVE, "{ann}/followers", "{ann}/following"], [PUBLIC]),
        ("named", ["{ann}", EVE], []),
    ],
)
def test_a_choice_of_ours_is_a_policy_and_names_those_whom_the_text_names(
    world: Write, replies: str, automatic: list[str], manual: list[str]
) -> None:
    ann = who(world, "ann")
    written = say(world, ann, "@eve@far.test", replies=replies, boosts="nobody")
    policy = documents.by_post(world, SITE, written)["interactionPolicy"]
    assert policy["canReply"]["automaticApproval"] == [one.format(ann=ann.uri) for one in automatic]
    assert policy["canReply"]["manualApproval"] == manual
    assert policy["canAnnounce"]["always"] == [ann.uri]
    assert permissions.choice(written) == replies


def test_a_choice_is_one_of_those_offered_and_for_what_everybody_reads(world: Write) -> None:
    ann = who(world, "ann")
    with pytest.raises(Invalid):
        say(world, ann, "x", replies="friends")
    with pytest.raises(Invalid):
        say(world, ann, "x", boosts="all")
    private = say(world, ann, "x", replies="named", visibility="followers")
    assert private.permits == ""
    assert "interactionPolicy" not in documents.by_post(world, SITE, private)


def test_nobody_shares_what_its_author_keeps(world: Write) -> None:
    ann, kept = who(world, "ann"), say(world, who(world, "ann"), "Mine", boosts="nobody")
    with pytest.raises(Forbidden):
        reactions.boost(world, SITE, who(world, "bob"), kept.id, NOW)
    deliver(world, act("Announce", EVE, kept.uri))
    deliver(
        world,
        act("AnnounceRequest", MALLORY, kept.uri, instrument=act("Announce", MALLORY, kept.uri)),
    )
    assert number(world, "SELECT count(*) FROM boost") == 0
    reactions.boost(world, SITE, ann, kept.id, NOW)
    assert number(world, "SELECT boosts FROM post WHERE id = :id", id=kept.id) == 1


def test_a_request_to_like_or_boost_is_done_at_once(world: Write) -> None:
    public = ours(world)
    for kind in ("Like", "Announce"):
        inner = act(kind, EVE, public.uri)
        deliver(world, act(f"{kind}Request", EVE, public.uri, instrument=inner))
    found = post(world, public.uri)
    assert (found.likes, found.boosts) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"actor": MALLORY},
        {"object": "https://here.test/objects/1"},
        {"id": "https://evil.test/likes/1"},
        {"type": "Note"},
    ],
)
def test_a_request_for_anybody_elses_like_does_nothing(world: Write, wrong: dict[str, Any]) -> None:
    public = ours(world)
    inner = act("Like", EVE, public.uri) | wrong
    try:
        deliver(world, act("LikeRequest", EVE, public.uri, instrument=inner))
    except Exception as error:  # noqa: BLE001  refused, whichever way
        assert type(error).__name__ in ("NotPermitted", "Malformed")
    assert post(world, public.uri).likes == 0


def test_in_a_locked_thread_of_a_board_nobody_can_answer(world: Write) -> None:
    ann = who(world, "ann")
    begun = thread(world, board(world), ann)
    assert documents.by_post(world, SITE, begun)["interactionPolicy"]["canReply"]["always"] == [
        PUBLIC
    ]
    forum.set_columns(world, begun.id, locked_ms=NOW)
    policy = documents.by_post(world, SITE, begun)["interactionPolicy"]
    assert policy["canReply"]["automaticApproval"] == [ann.uri]
    assert policy["canReply"]["manualApproval"] == []


def test_a_policy_of_a_hundred_kilobytes_keeps_its_circles_alone(world: Write) -> None:
    long = [f"https://far.test/{'x' * 450}/{n}" for n in range(64)]
    rule = {"automaticApproval": [*long, f"{CARL}/followers"], "manualApproval": long}
    theirs = carls(world, canReply=rule, canLike=rule, canAnnounce=rule)
    assert len(theirs.permits) < 200
    assert may(world, "bob", theirs) == "member"


@pytest.mark.parametrize("kind", ["Like", "Announce"])
def test_gotosocial_can_say_no_to_a_like_or_a_boost_of_ours(world: Write, kind: str) -> None:
    theirs, ann = carls(world), who(world, "ann")
    does = {"Like": reactions.like, "Announce": reactions.boost}[kind]
    does(world, SITE, ann, theirs.id, NOW)
    (row,) = world.all(f"SELECT uri FROM {'favourite' if kind == 'Like' else 'boost'}")
    deliver(world, act("Reject", EVE, row["uri"]))
    found = post(world, THEIRS)
    assert found.likes + found.boosts == 1
    deliver(world, act("Reject", CARL, row["uri"], target=THEIRS))
    found = post(world, THEIRS)
    assert found.likes + found.boosts == 0
