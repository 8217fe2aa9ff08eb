"""Films and pushes take long where somebody wants that: whose they are waits, nobody else does."""

import pytest

from server.films import Films, Limits, Seen
from server.services import media
from server.services.media import Sent
from server.store import jobs
from server.worker import turns
from server.worker.turns import Turns
from tests.server.world import NOW, join

SEEN = Seen(kind="video", reader="mov", seconds=300)


def film(tx, account, now_ms=NOW):
    """Somebody sends a film; its id as the job's payload has it."""
    made = media.promise(tx, Sent("a.raw", 1, SEEN), account.id, now_ms)
    return b'{"media":%d}' % made.id


def claimed(tx, limit, now_ms):
    return [job for job in jobs.claim_films(tx, now_ms, limit)]


def test_somebody_with_many_films_has_one_made_at_a_time_and_then_the_others_have_theirs(tx):
    ann, bob, cat = (join(tx, name) for name in ("ann1", "bob1", "cat1"))
    anns = [film(tx, ann, NOW + n) for n in range(4)]
    bobs, cats = film(tx, bob, NOW + 10), film(tx, cat, NOW + 11)
    first = claimed(tx, 2, NOW + 20)
    assert [job.payload for job in first] == [anns[0], bobs]
    jobs.complete(tx, first[0], NOW + 30)
    second = claimed(tx, 1, NOW + 40)
    assert [job.payload for job in second] == [cats]  # and not the second of ann
    jobs.complete(tx, first[1], NOW + 50)
    assert [job.payload for job in claimed(tx, 2, NOW + 60)] == [anns[1]]
    assert claimed(tx, 2, NOW + 70) == []  # a slot is free, but ann has one made


def test_what_is_slow_takes_no_place_of_what_is_quick(tx):
    film(tx, join(tx, "ann1"))
    jobs.enqueue(tx, "push", "push:1", b"{}", NOW)
    jobs.enqueue(tx, "ancestors", "x", b"{}", NOW)
    assert [job.kind for job in jobs.claim(tx, NOW, 9)] == ["ancestors"]
    assert [job.kind for job in jobs.claim_pushes(tx, NOW, 9)] == ["push"]
    assert [job.kind for job in jobs.claim_films(tx, NOW, 9)] == ["media"]


def test_whoever_stands_back_has_tried_nothing(tx):
    jobs.enqueue(tx, "push", "push:1", b"{}", NOW)
    for n in range(20):
        (job,) = jobs.claim_pushes(tx, NOW + n, 9)
        assert job.attempts == 1
        jobs.stand_back(tx, job, NOW + n + 1)
    assert jobs.next_push_ms(tx) == NOW + 20


def test_a_short_film_is_given_up_sooner_than_a_long_one(tmp_path):
    maker = Films(tmp_path, Limits())
    patience = [maker._patience_s(Seen("video", "mov", seconds=s)) for s in (1, 20, 300, 0)]
    assert patience == [135, 420, 900, 900]


class Clock:
    def __init__(self):
        self.ms = NOW

    def __call__(self):
        return self.ms


@pytest.fixture
def clock():
    return Clock()


def open_at_once(found, asks):
    """How many of these turns there are at the same time."""
    held = [found.turn(account_id, host) for account_id, host in asks]
    got = sum(one.__enter__() for one in held)
    for one in held:
        one.__exit__(None, None, None)
    return got


def test_one_member_has_a_few_pushes_under_way_wherever_they_go(clock):
    found = Turns(clock)
    assert open_at_once(found, [(1, f"{n}.evil.test") for n in range(50)]) == turns.OF_ACCOUNT
    assert open_at_once(found, [(1, f"evil{n}.test") for n in range(50)]) == turns.OF_ACCOUNT
    assert open_at_once(found, [(1, "a.test"), (2, "b.test"), (3, "c.test")]) == 3
    assert not found._of_account
    assert not found._of_domain


def test_one_service_has_half_of_them_under_however_many_names(clock):
    found = Turns(clock)
    asks = [(account, f"{account}.evil.test:8443") for account in range(50)]
    assert open_at_once(found, asks) == turns.OF_DOMAIN
    assert open_at_once(found, [*asks, (99, "push.good.test")]) == turns.OF_DOMAIN + 1


def test_whose_service_is_silent_or_slow_has_one_at_a_time_for_a_while(clock):
    found = Turns(clock)
    asks = [(1, f"{n}.test") for n in range(9)]
    found.answered(1, "0.test", 0.1)
    assert open_at_once(found, asks) == turns.OF_ACCOUNT
    for happens in (
        lambda: found.silent(1, "0.test"),
        lambda: found.answered(1, "0.test", 9.0),
    ):
        happens()
        assert open_at_once(found, asks) == turns.OF_SLOW_ACCOUNT
        clock.ms += turns.SLOW_MS
        assert open_at_once(found, asks) == turns.OF_ACCOUNT


def test_a_service_that_is_silent_again_rests_longer_until_it_answers(clock):
    found, rested = Turns(clock), []
    for _ in range(8):
        found.silent(1, "a.test")
        began = clock.ms
        while found.rests("a.test"):
            clock.ms += turns.REST_MS
        rested.append(clock.ms - began)
    assert rested[:3] == [turns.REST_MS, 2 * turns.REST_MS, 4 * turns.REST_MS]
    assert rested[-1] == turns.LONGEST_REST_MS
    found.silent(1, "a.test")
    found.answered(1, "a.test", 0.1)
    assert not found.rests("a.test")
    found.silent(1, "a.test")
    clock.ms += turns.REST_MS
    assert not found.rests("a.test")


def test_what_is_remembered_of_services_has_an_end(clock, monkeypatch):
    monkeypatch.setattr(turns, "MOST_REMEMBERED", 3)
    found = Turns(clock)
    for n in range(9):
        found.silent(n, f"{n}.test")
    assert [n for n in range(9) if found.rests(f"{n}.test")] == [6, 7, 8]
    assert len(found._slow) == 3
