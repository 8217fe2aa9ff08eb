"""What people made of a post, and what somebody has seen of a thread."""

import pytest

from server.clock import DAY_MS
from server.errors import NotFound
from server.services import departures, follows, reactions, responses, standing, visits
from server.services.responses import Server
from server.store import accounts
from server.store import reactions as store
from server.store.db import Database, Write
from server.worker import housekeeping
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    act,
    create,
    deliver,
    join,
    note,
    number,
    say,
    stranger,
    who,
)


def test_a_post_tells_how_many_responded_who_last_and_from_where(tx: Write) -> None:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    for uri in (EVE, MALLORY, CARL):
        stranger(tx, uri)
    post = say(tx, ann, "A story")
    deliver(tx, act("Like", EVE, post.uri))
    deliver(tx, act("Like", MALLORY, post.uri))
    deliver(tx, create(note("https://far.test/notes/9", EVE, inReplyTo=post.uri)))
    deliver(tx, act("Announce", CARL, post.uri))
    reactions.like(tx, SITE, bob, post.id, NOW)
    reactions.boost(tx, SITE, bob, post.id, NOW)
    say(tx, cho, "An answer", reply_to_id=post.id)
    say(tx, ann, "Thank you", reply_to_id=post.id)
    say(tx, cho, "@ann only you", reply_to_id=post.id, visibility="direct")
    found = responses.of_post(tx, None, post.id)
    assert (found.replies, found.likes, found.boosts) == (3, 3, 2)
    assert [one.acct for one in found.likers] == ["bob", "mallory@far.test", "eve@far.test"]
    assert [one.acct for one in found.boosters] == ["bob", "carl@other.test"]
    assert found.servers == (Server("", 2), Server("far.test", 2), Server("other.test", 1))
    assert found.any and found.servers[0].ours


def test_whom_the_viewer_is_spared_is_counted_but_not_named(tx: Write) -> None:
    ann, bob, cho, dan = [join(tx, name) for name in ("ann", "bob", "cho", "dan")]
    post = say(tx, ann, "A story")
    for person in (bob, cho, dan):
        reactions.like(tx, SITE, person, post.id, NOW)
        reactions.boost(tx, SITE, person, post.id, NOW)
    follows.block(tx, SITE, ann, bob.id, NOW)
    follows.mute(tx, ann.id, cho.id, None, False, NOW)
    found = responses.of_post(tx, ann.id, post.id)
    assert [one.name for one in found.likers] == ["dan"]
    assert [one.name for one in found.boosters] == ["dan"]
    assert found.servers == (Server("", 3),)
    standing.suspend(tx, dan.id)
    found = responses.of_post(tx, None, post.id)
    assert [one.name for one in found.likers] == ["cho", "bob"]
    assert found.servers == (Server("", 2),)


def test_names_and_servers_are_bounded(tx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "NAMED", 2)
    monkeypatch.setattr(responses, "SERVERS", 3)
    post = say(tx, join(tx, "ann"), "A story")
    for n in range(5):
        uri = f"https://s{n}.test/users/u"
        stranger(tx, uri)
        deliver(tx, act("Like", uri, post.uri))
    found = responses.of_post(tx, None, post.id)
    assert found.likes == 5
    assert [one.domain for one in found.likers] == ["s4.test", "s3.test"]
    assert [server.domain for server in found.servers] == ["s0.test", "s1.test", "s2.test"]


def test_responses_are_for_those_who_may_read_the_post(tx: Write) -> None:
    ann = join(tx, "ann")
    post = say(tx, ann, "For followers", visibility="followers")
    with pytest.raises(NotFound):
        responses.of_post(tx, None, post.id)
    assert not responses.of_post(tx, ann.id, post.id).any


# --- visits


def test_a_visit_remembers_the_newest_that_was_seen_and_never_less(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    assert visits.seen(tx, ann.id, 7) is None
    assert visits.record(tx, ann.id, 7, 100, NOW)
    assert not visits.record(tx, ann.id, 7, 100, NOW + 1)
    assert not visits.record(tx, ann.id, 7, 50, NOW + 1)
    assert visits.record(tx, ann.id, 7, 101, NOW + 2)
    assert visits.seen(tx, ann.id, 7) == 101
    assert visits.seen(tx, ann.id, 8) is None
    assert visits.seen(tx, bob.id, 7) is None
    assert visits.seen(tx, None, 7) is None


def test_somebody_who_leaves_takes_their_visits_along(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    for person in (ann, bob):
        visits.record(tx, person.id, 7, 100, NOW)
    departures.delete(tx, SITE, ann, NOW)
    assert visits.seen(tx, ann.id, 7) is None
    assert visits.seen(tx, bob.id, 7) == 100


async def test_visits_are_forgotten_after_ninety_days(db: Database) -> None:
    def some(tx: Write) -> None:
        ann = join(tx, "ann")
        visits.record(tx, ann.id, 7, 100, NOW)
        visits.record(tx, ann.id, 8, 100, NOW + DAY_MS)
        assert accounts.by_id(tx, ann.id) is not None

    await db.write(some)
    await db.write(housekeeping._forget, NOW + 90 * DAY_MS)
    assert await db.read(number, "SELECT count(*) AS n FROM visit") == 2
    await db.write(housekeeping._forget, NOW + 90 * DAY_MS + 1)
    assert await db.read(number, "SELECT thread_id FROM visit") == 8


def test_what_a_stranger_shared_as_a_person_is_taken_back_as_it_was_counted(tx: Write) -> None:
    post = say(tx, join(tx, "ann"), "A story")
    for uri in (EVE, CARL):
        stranger(tx, uri)
        deliver(tx, act("Announce", uri, post.uri, id=f"{uri}/boosts/1"))
    first, second = who(tx, EVE), who(tx, CARL)
    for account in (first, second):
        tx.run("UPDATE account SET kind = 'Group' WHERE id = :id", id=account.id)
    assert responses.of_post(tx, None, post.id).boosts == 2
    assert store.unboost(tx, post.id, first.id)
    store.withdraw(tx, second.id)
    found = responses.of_post(tx, None, post.id)
    assert (found.boosts, found.boosters) == (0, ())


def test_what_a_community_passes_on_is_no_response(tx: Write) -> None:
    post = say(tx, join(tx, "ann"), "A story")
    stranger(tx, EVE)
    tx.run("UPDATE account SET kind = 'Group' WHERE uri = :uri", uri=EVE)
    deliver(tx, act("Announce", EVE, post.uri))
    found = responses.of_post(tx, None, post.id)
    assert (found.boosts, found.boosters, found.servers) == (0, (), ())
    assert [one for _, one in store.passed_on_by(tx, post.id, 9)] == [who(tx, EVE).id]
    assert store.unboost(tx, post.id, who(tx, EVE).id)
    assert responses.of_post(tx, None, post.id).boosts == 0
