"""Quotes that come from strangers, and what we tell strangers about ours."""

from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.errors import Forbidden, NotFound
from server.model import Post
from server.services import departures, documents, follows, posts, quote_control, reading, stamps
from server.services.quotes import policy
from server.store.db import Read, Write
from tests.server.world import (
    CARL,
    EVE,
    LATE,
    MALLORY,
    NOTE,
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
    who,
)

QUOTE = "https://far.test/notes/quote"


def quoted_by_eve(tx: Write, uri: str, name: str = "quote", **more: Any) -> Post:
    """Eve quotes something, in the words of FEP-044f or of somebody before it."""
    deliver(tx, create(note(QUOTE, EVE, **{name: uri}, **more), id=f"{QUOTE}#create"))
    return post(tx, QUOTE)


def state(db: Read, found: Post, viewer: int | None = None) -> str:
    quoted = reading.view(db, viewer, found.id).quoted
    return quoted.state if quoted else ""


@pytest.mark.parametrize("name", ["quote", "quoteUrl", "quoteUri", "_misskey_quote"])
def test_a_strangers_quote_of_our_post_counts_and_is_told_under_every_name(
    world: Write, name: str
) -> None:
    mine = ours(world)
    quote = quoted_by_eve(world, mine.uri, name)
    assert (quote.quote_id, quote.quote_state) == (mine.id, "accepted")
    assert post(world, mine.uri).quotes == 1
    told = "SELECT count(*) FROM notification WHERE kind = 'quote' AND post_id = :id"
    assert number(world, told, id=quote.id) == 1
    assert miscounted(world) == []


def test_a_quote_of_ours_by_somebody_unknown_concerns_us(world: Write) -> None:
    mine = ours(world)
    carls = note("https://other.test/notes/1", CARL, quote=mine.uri)
    deliver(world, create(carls, id="https://other.test/notes/1#create"))
    assert post(world, "https://other.test/notes/1").quote_state == "accepted"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("nobody", "rejected"),
        ("followers", "rejected"),
        ("blocked", "rejected"),
        ("friend", "accepted"),
    ],
)
def test_a_stranger_quotes_ours_only_as_its_author_allows(
    world: Write, how: str, expected: str
) -> None:
    ann, eve = who(world, "ann"), who(world, EVE)
    if how == "friend":
        befriend(world, eve, ann)
    said = {"blocked": "public", "friend": "followers"}.get(how, how)
    mine = say(world, ann, "Mine", quote_policy=said)
    if how == "blocked":
        follows.block(world, SITE, ann, eve.id, NOW)
    quote = quoted_by_eve(world, mine.uri)
    assert quote.quote_state == expected
    assert post(world, mine.uri).quotes == (1 if expected == "accepted" else 0)
    seen = reading.view(world, None, quote.id).quoted
    assert seen is not None and (seen.view is not None) == (expected == "accepted")


def test_what_is_not_for_everybody_no_stranger_quotes(world: Write) -> None:
    private, direct = ours(world, "private"), ours(world, "direct")
    for n, mine in enumerate((private, direct)):
        uri = f"https://far.test/notes/q{n}"
        deliver(world, create(note(uri, EVE, quote=mine.uri), id=f"{uri}#create"))
        quote = post(world, uri)
        assert quote.quote_state == "rejected"
        seen = reading.view(world, None, quote.id).quoted
        assert seen is not None and seen.view is None and seen.post_id is None
    notified = "SELECT count(*) FROM notification WHERE kind = 'quote'"
    assert number(world, notified) == 0


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ({"canQuote": {"automaticApproval": [PUBLIC]}}, "accepted"),
        ({"canQuote": {"automaticApproval": "as:Public"}}, "accepted"),
        ({"canQuote": {"automaticApproval": [f"{CARL}/followers"]}}, "asked"),
        ({"canQuote": {"manualApproval": [PUBLIC]}}, "asked"),
        ({"canQuote": {"automaticApproval": []}}, "pending"),
        ({"canQuote": "everybody"}, "pending"),
        ({"canReply": {"always": [PUBLIC]}}, "pending"),
        (None, "pending"),
    ],
)
def test_a_strangers_post_is_quoted_where_its_author_lets_everybody(
    world: Write, allowed: Any, expected: str
) -> None:
    ann = who(world, "ann")
    befriend(world, ann, who(world, CARL))
    uri = "https://other.test/notes/1"
    rules = {} if allowed is None else {"interactionPolicy": allowed}
    deliver(world, create(note(uri, CARL, **rules), id=f"{uri}#create"))
    theirs = "pending" if expected == "asked" else expected
    assert quoted_by_eve(world, uri).quote_state == theirs
    carls = post(world, uri)
    if expected == "asked":
        mine = say(world, ann, "Look", quoted_id=carls.id)
        assert (mine.quote_id, mine.quote_state) == (carls.id, "pending")
    elif expected == "accepted":
        assert say(world, ann, "Look", quoted_id=carls.id).quote_id == carls.id
    else:
        with pytest.raises(Forbidden):
            say(world, ann, "Look", quoted_id=carls.id)


def test_a_stranger_may_quote_themself_whatever_they_say(world: Write) -> None:
    assert policy(post(world, NOTE)) == ""
    assert quoted_by_eve(world, NOTE).quote_state == "accepted"


def test_a_quote_of_what_we_lack_waits_and_shows_nothing(world: Write) -> None:
    quote = quoted_by_eve(world, LATE)
    assert (quote.quote_id, quote.quote_state) == (None, "pending")
    assert state(world, quote) == "pending"
    assert number(world, "SELECT count(*) FROM job WHERE kind = 'quoted'") == 1


def test_nobody_quotes_a_post_by_naming_it_itself_or_something_odd(world: Write) -> None:
    for n, odd in enumerate(
        (QUOTE, "not an address", 7, ["", None], {"id": 3}, f"{SITE.origin}/x")
    ):
        uri = QUOTE if n == 0 else f"https://far.test/notes/odd{n}"
        deliver(world, create(note(uri, EVE, quote=odd), id=f"{uri}#create"))
        assert post(world, uri).quote_id is None
        reading.view(world, None, post(world, uri).id)
    assert number(world, "SELECT count(*) FROM job WHERE kind = 'quoted'") == 1


def test_an_update_can_take_a_quote_out_and_put_another_in(world: Write) -> None:
    mine = ours(world)
    quoted_by_eve(world, mine.uri)
    for n, (uri, counted) in enumerate(((None, 0), (mine.uri, 1), (NOTE, 0), (None, 0))):
        more = {"quote": uri} if uri else {}
        new = note(QUOTE, EVE, updated=f"2026-11-23T1{n + 1}:00:00Z", **more)
        deliver(world, act("Update", EVE, new, id=f"{QUOTE}#update{n}"))
        assert post(world, mine.uri).quotes == counted
        assert post(world, QUOTE).quote_state == ("accepted" if uri else "")


def test_nobody_revokes_or_changes_a_quote_in_anothers_name(world: Write) -> None:
    mine = ours(world)
    quote = quoted_by_eve(world, mine.uri)
    deliver(world, act("Update", MALLORY, note(QUOTE, MALLORY), id=f"{MALLORY}/u"))
    assert post(world, QUOTE).quote_state == "accepted"
    with pytest.raises(Forbidden):
        quote_control.revoke(world, SITE, who(world, "bob"), mine.id, quote.id, NOW)
    quote_control.revoke(world, SITE, who(world, "ann"), mine.id, quote.id, NOW)
    assert post(world, QUOTE).quote_state == "revoked"
    assert post(world, mine.uri).quotes == 0


def test_counts_stay_right_when_either_goes(world: Write) -> None:
    ann, mine = who(world, "ann"), ours(world)
    quote = quoted_by_eve(world, mine.uri)
    own = say(world, ann, "And I", quoted_id=mine.id)
    assert post(world, mine.uri).quotes == 2
    deliver(world, act("Delete", EVE, QUOTE, id=f"{QUOTE}#delete"))
    assert post(world, mine.uri).quotes == 1
    posts.delete(world, SITE, ann, mine.id, NOW)
    assert state(world, own) == "deleted"
    assert post(world, QUOTE).id == quote.id
    departures.delete(world, SITE, ann, NOW)


# --- what we tell


def test_our_quotes_go_out_under_every_name_with_a_stamp_that_can_be_read(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    mine = ours(world)
    quote = say(world, bob, "Look", quoted_id=mine.id)
    body = documents.by_post(world, SITE, quote)
    for name in ("quote", "quoteUrl", "quoteUri", "_misskey_quote"):
        assert body[name] == mine.uri
    assert body["quoteAuthorization"] == f"{SITE.origin}/quotes/{quote.id}"
    assert stamps.quote(world, SITE, quote.id) == {
        "id": f"{SITE.origin}/quotes/{quote.id}",
        "type": "QuoteAuthorization",
        "attributedTo": ann.uri,
        "interactingObject": quote.uri,
        "interactionTarget": mine.uri,
    }
    quote_control.revoke(world, SITE, ann, mine.id, quote.id, NOW)
    revoked = post(world, quote.uri)
    assert "quote" not in documents.by_post(world, SITE, revoked)
    with pytest.raises(NotFound):
        stamps.quote(world, SITE, quote.id)


def test_there_is_no_stamp_for_what_is_not_for_everybody(world: Write) -> None:
    ann = who(world, "ann")
    private = say(world, ann, "Mine", quoted_id=ours(world, "private").id)
    direct = say(world, who(world, "bob"), "@ann", quoted_id=ours(world).id, visibility="direct")
    theirs = quoted_by_eve(world, NOTE)
    for id in (private.id, direct.id, theirs.id, ours(world).id, 1):
        with pytest.raises(NotFound):
            stamps.quote(world, SITE, id)


@pytest.mark.parametrize("said", ["public", "followers", "nobody"])
def test_our_posts_say_who_may_quote_them(world: Write, said: str) -> None:
    ann = who(world, "ann")
    allowed = {"public": PUBLIC, "followers": ann.followers_uri, "nobody": ann.uri}[said]
    body = documents.by_post(world, SITE, say(world, ann, "Mine", quote_policy=said))
    assert body["interactionPolicy"]["canQuote"] == {"automaticApproval": [allowed]}
