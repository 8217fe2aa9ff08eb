"""Quotes across servers: what is asked, what allows it, and every stamp that does not."""

from typing import Any

import pytest

from federation.errors import FederationError
from federation.vocab import PUBLIC
from server.fetch.stamps import _stamp
from server.inbox.documents import Need
from server.model import Post
from server.services import documents, follows, posts, quote_control, reading, stamps
from server.store.db import Read, Write
from tests.server import stamped
from tests.server.stamped import THEIRS
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    act,
    create,
    deliver,
    note,
    number,
    ours,
    post,
    say,
    sent,
    who,
)

STAMP = stamped.QUOTE.stamp_uri
QUOTE = "https://far.test/notes/quote"
carls, waiting, stamp, answered = (
    stamped.QUOTE.theirs,
    stamped.QUOTE.waiting,
    stamped.QUOTE.stamp,
    stamped.QUOTE.answered,
)


def state(db: Read, id: int) -> str:
    quoted = reading.view(db, None, id).quoted
    return quoted.state if quoted else ""


# --- ours of theirs


def test_mastodon_is_asked_for_every_quote_with_the_quote_in_it(world: Write) -> None:
    theirs = carls(world, {"automaticApproval": [PUBLIC]})
    quote = say(world, who(world, "ann"), "Look", quoted_id=theirs.id)
    assert quote.quote_state == "accepted"
    (asked,) = sent(world, "QuoteRequest")
    assert asked["id"] == f"{quote.uri}#quote-request"
    assert asked["actor"] == who(world, "ann").uri
    assert asked["object"] == THEIRS
    assert asked["to"] == [CARL]
    assert asked["instrument"]["id"] == quote.uri
    assert asked["instrument"]["quote"] == THEIRS
    assert "quoteAuthorization" not in asked["instrument"]
    terms = {name for part in asked["@context"] if isinstance(part, dict) for name in part}
    assert {"QuoteRequest", "quote"} <= terms


def test_who_says_nothing_about_quotes_is_asked_nothing(world: Write) -> None:
    say(world, who(world, "ann"), "Look", quoted_id=ours(world).id)
    assert sent(world, "QuoteRequest") == []


def test_a_quote_waits_for_its_stamp_and_is_sent_again_with_it(world: Write) -> None:
    quote = waiting(world)
    assert state(world, quote.id) == "pending"
    assert documents.by_post(world, SITE, quote)["quote"] == THEIRS
    said = answered(world, "Accept", result=STAMP)
    with pytest.raises(Need), world.savepoint():
        deliver(world, said)
    deliver(world, said, {STAMP: stamp(quote.uri)})
    assert state(world, quote.id) == "accepted"
    assert post(world, THEIRS).quotes == 1
    (updated,) = sent(world, "Update")
    assert updated["object"]["quoteAuthorization"] == STAMP
    assert updated["object"]["quote"] == THEIRS
    deliver(world, {**said, "id": f"{CARL}/again"}, {STAMP: stamp(quote.uri)})
    assert post(world, THEIRS).quotes == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributedTo": MALLORY},
        {"attributedTo": EVE},
        {"attributedTo": None},
        {"interactingObject": "https://here.test/objects/1"},
        {"interactingObject": None},
        {"interactionTarget": "https://other.test/notes/2"},
        {"interactionTarget": {"id": "https://other.test/notes/2"}},
        {"type": "Note"},
        {"id": "https://other.test/stamps/2"},
    ],
)
def test_a_stamp_for_something_else_allows_nothing(world: Write, wrong: Any) -> None:
    quote = waiting(world)
    said = answered(world, "Accept", result=STAMP)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, said, {STAMP: stamp(quote.uri, **wrong)})
    assert state(world, quote.id) == "pending"
    assert sent(world, "Update") == []


@pytest.mark.parametrize(
    "result", ["https://far.test/stamps/1", "https://here.test/quotes/1", "nonsense", 7, None]
)
def test_a_stamp_of_another_host_is_not_even_read(world: Write, result: Any) -> None:
    quote = waiting(world)
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, answered(world, "Accept", result=result))
    assert state(world, quote.id) == "pending"


def test_nobody_but_the_quoted_author_answers(world: Write) -> None:
    quote = waiting(world)
    far = "https://far.test/stamps/1"
    own = stamp(quote.uri, id=far, attributedTo=MALLORY)
    deliver(world, answered(world, "Accept", MALLORY, result=far), {far: own})
    deliver(world, answered(world, "Reject", MALLORY))
    assert state(world, quote.id) == "pending"


def test_a_refused_quote_goes_without_it(world: Write) -> None:
    quote = waiting(world)
    deliver(world, answered(world, "Reject"))
    assert state(world, quote.id) == "rejected"
    assert "quote" not in sent(world, "Update")[-1]["object"]
    late = answered(world, "Accept", result=STAMP)
    deliver(world, late, {STAMP: stamp(quote.uri)})
    assert state(world, quote.id) == "rejected"


def test_a_stamp_is_taken_back_by_its_author_alone(world: Write) -> None:
    quote = waiting(world)
    deliver(world, answered(world, "Accept", result=STAMP), {STAMP: stamp(quote.uri)})
    deliver(world, act("Delete", MALLORY, STAMP))
    assert state(world, quote.id) == "accepted"
    deliver(world, act("Delete", CARL, {"id": STAMP, "type": "QuoteAuthorization"}))
    assert state(world, quote.id) == "revoked"
    assert post(world, THEIRS).quotes == 0
    assert "quote" not in sent(world, "Update")[-1]["object"]


def test_a_stamp_that_was_taken_back_before_it_was_given_allows_nothing(world: Write) -> None:
    quote = waiting(world)
    deliver(world, act("Delete", CARL, {"id": STAMP, "type": "Tombstone"}))
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, answered(world, "Accept", result=STAMP), {STAMP: stamp(quote.uri)})
    assert state(world, quote.id) == "pending"


def test_an_edit_keeps_a_quote_that_waits(world: Write) -> None:
    quote = waiting(world)
    new = posts.new_posts.NewPost(content="Look again")
    changed = posts.edit(world, SITE, who(world, "ann"), quote.id, new, NOW)
    assert changed.quote_state == "pending"
    assert "quote-inline" in changed.content


# --- theirs of ours


def asks(tx: Write, mine: Post, quoter: str = EVE, **more: Any) -> dict[str, Any]:
    """The request of Mastodon to quote a post of ours."""
    quoting = note(QUOTE, quoter, quote=mine.uri)
    return act("QuoteRequest", quoter, mine.uri, **{"instrument": quoting, **more})


def test_a_request_is_accepted_with_a_stamp_that_can_be_read(world: Write) -> None:
    mine = ours(world)
    deliver(world, asks(world, mine))
    quote = post(world, QUOTE)
    assert (quote.quote_state, post(world, mine.uri).quotes) == ("accepted", 1)
    (said,) = sent(world, "Accept")
    assert said["actor"] == who(world, "ann").uri
    assert said["object"] == {
        "id": f"{EVE}/activities/quoterequest",
        "type": "QuoteRequest",
        "actor": EVE,
        "object": mine.uri,
        "instrument": QUOTE,
    }
    assert said["result"] == f"{SITE.origin}/quotes/{quote.id}"
    assert stamps.quote(world, SITE, quote.id) == {
        "id": said["result"],
        "type": "QuoteAuthorization",
        "attributedTo": who(world, "ann").uri,
        "interactingObject": QUOTE,
        "interactionTarget": mine.uri,
    }


def test_a_request_names_a_quote_that_is_read_at_its_own_address(world: Write) -> None:
    mine = ours(world)
    said = asks(world, mine, instrument=QUOTE)
    with pytest.raises(Need), world.savepoint():
        deliver(world, said)
    deliver(world, said, {QUOTE: note(QUOTE, EVE, quote=mine.uri)})
    assert sent(world, "Accept")[0]["result"]


@pytest.mark.parametrize("how", ["nobody", "followers", "blocked"])
def test_a_request_is_refused_as_the_policy_says(world: Write, how: str) -> None:
    ann = who(world, "ann")
    mine = say(world, ann, "Mine", quote_policy="public" if how == "blocked" else how)
    if how == "blocked":
        follows.block(world, SITE, ann, who(world, EVE).id, NOW)
    deliver(world, asks(world, mine))
    (said,) = sent(world, "Reject")[-1:]
    assert said["object"]["instrument"] == QUOTE
    assert "result" not in said
    assert sent(world, "Accept") == []


def test_a_request_about_what_is_not_for_everybody_has_no_answer(world: Write) -> None:
    for key in ("private", "direct"):
        mine = ours(world, key)
        deliver(world, asks(world, mine, id=f"{EVE}/{key}"))
    assert sent(world, "Reject") == sent(world, "Accept") == []


@pytest.mark.parametrize(
    "instrument",
    [
        note("https://other.test/notes/5", CARL),
        "https://other.test/notes/5",
        "nonsense",
        7,
        None,
    ],
)
def test_a_request_for_somebody_elses_post_is_refused_whole(world: Write, instrument: Any) -> None:
    with pytest.raises(FederationError), world.savepoint():
        deliver(world, asks(world, ours(world), instrument=instrument))
    assert sent(world, "Accept") == []


def test_a_request_whose_quote_has_several_types_is_read(world: Write) -> None:
    mine = ours(world)
    quoting = note(QUOTE, EVE, quote=mine.uri, type=["Note", "schema:Comment"])
    deliver(world, asks(world, mine, instrument=quoting))
    assert (post(world, QUOTE).quote_state, post(world, mine.uri).quotes) == ("accepted", 1)


def test_a_request_for_what_quotes_something_else_gets_no_stamp(world: Write) -> None:
    other = note(QUOTE, EVE, quote=THEIRS)
    forged = note(QUOTE, MALLORY, quote=ours(world).uri)
    for n, instrument in enumerate((other, forged)):
        deliver(world, asks(world, ours(world), instrument=instrument, id=f"{EVE}/{n}"))
    assert sent(world, "Accept") == []
    assert len(sent(world, "Reject")) == 2


def test_a_revoked_quote_is_told_and_stays_revoked(world: Write) -> None:
    ann, mine = who(world, "ann"), ours(world)
    deliver(world, asks(world, mine))
    quote = post(world, QUOTE)
    quote_control.revoke(world, SITE, ann, mine.id, quote.id, NOW)
    over = [one for one in sent(world, "Delete") if one["actor"] == ann.uri]
    assert over[0]["object"]["id"] == f"{SITE.origin}/quotes/{quote.id}"
    for n, uri in enumerate((None, mine.uri)):
        more = {"quote": uri} if uri else {}
        new = note(QUOTE, EVE, updated=f"2026-11-23T1{n + 1}:00:00Z", **more)
        deliver(world, act("Update", EVE, new, id=f"{QUOTE}#update{n}"))
    assert post(world, QUOTE).quote_state == "revoked"
    deliver(world, asks(world, mine, id=f"{EVE}/again"))
    assert len(sent(world, "Accept")) == 1
    assert post(world, mine.uri).quotes == 0


# --- theirs of theirs


def eves(tx: Write, rule: dict[str, Any], claimed: str = STAMP) -> Post:
    """A quote of carl's post by eve that says to have a stamp."""
    carls(tx, rule)
    deliver(
        tx, create(note(QUOTE, EVE, quote=THEIRS, quoteAuthorization=claimed), id=f"{QUOTE}#create")
    )
    return post(tx, QUOTE)


def test_a_strangers_quote_is_shown_once_its_stamp_was_read(world: Write) -> None:
    quote = eves(world, {"manualApproval": [PUBLIC]})
    assert quote.quote_state == "pending"
    assert number(world, "SELECT count(*) FROM job WHERE kind = 'stamped'") == 1
    _stamp(world, SITE, quote, stamp(QUOTE), NOW)
    assert post(world, QUOTE).quote_state == "accepted"
    deliver(world, act("Delete", CARL, STAMP))
    assert post(world, QUOTE).quote_state == "revoked"


@pytest.mark.parametrize(
    "wrong",
    [{"attributedTo": EVE}, {"interactingObject": THEIRS}, {"interactionTarget": QUOTE}, {"id": 1}],
)
def test_a_strangers_quote_with_a_forged_stamp_is_none(world: Write, wrong: Any) -> None:
    quote = eves(world, {"manualApproval": [PUBLIC]})
    _stamp(world, SITE, quote, stamp(QUOTE, **wrong), NOW)
    assert post(world, QUOTE).quote_state == "rejected"


def test_a_claimed_stamp_of_another_host_is_not_kept(world: Write) -> None:
    quote = eves(world, {"manualApproval": [PUBLIC]}, "https://far.test/stamps/1")
    assert (quote.quote_stamp, quote.quote_state) == ("", "pending")
    assert number(world, "SELECT count(*) FROM job WHERE kind = 'stamped'") == 0
