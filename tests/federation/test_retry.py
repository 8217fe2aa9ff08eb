"""What a peer's answer means, and when to knock again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FederationError, Gone, Malformed, Unreachable
from federation.guard import Refused
from federation.retry import (
    DAY_MS,
    HOUR_MS,
    Verdict,
    given_up,
    judge,
    may_pass,
    retry_after,
    retry_at,
    wait_ms,
)

NOW_MS = 1_767_225_600_000  # Thu, 01 Jan 2026 00:00:00 GMT


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DONE),
        (202, Verdict.DONE),
        (204, Verdict.DONE),
        (299, Verdict.DONE),
        (301, Verdict.FAILING),
        (308, Verdict.FAILING),
        (400, Verdict.REFUSED),
        (401, Verdict.DENIED),
        (403, Verdict.DENIED),
        (404, Verdict.MISSING),
        (405, Verdict.REFUSED),
        (406, Verdict.REFUSED),
        (408, Verdict.FAILING),
        (410, Verdict.GONE),
        (413, Verdict.REFUSED),
        (418, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (425, Verdict.FAILING),
        (429, Verdict.WAIT),
        (500, Verdict.FAILING),
        (502, Verdict.FAILING),
        (503, Verdict.FAILING),
        (530, Verdict.FAILING),
        (999, Verdict.FAILING),
        (101, Verdict.FAILING),
        (None, Verdict.FAILING),
    ],
)
def test_each_answer_has_one_meaning(status, verdict):
    assert judge(status) is verdict


def test_unavailable_with_a_time_is_a_request_to_wait():
    assert judge(503, 5000) is Verdict.WAIT
    assert judge(503, 0) is Verdict.WAIT
    assert judge(500, 5000) is Verdict.FAILING


def test_rests_grow_with_the_fourth_power_up_to_six_hours():
    rests_s = [(retry_at(n, NOW_MS, 0.5) - NOW_MS) // 1000 for n in range(1, 8)]
    assert rests_s == [15, 240, 1215, 3840, 9375, 18000, 18000]


def test_a_count_below_one_rests_like_the_first():
    assert retry_at(0, NOW_MS, 0.5) == retry_at(1, NOW_MS, 0.5)


@given(st.integers(min_value=1, max_value=10**9), st.floats(min_value=0, max_value=1))
def test_a_rest_is_never_shorter_than_twelve_seconds_nor_longer_than_six_hours(attempts, chance):
    assert 12_000 <= retry_at(attempts, NOW_MS, chance) - NOW_MS <= 6 * HOUR_MS


def test_chance_spreads_the_peers():
    assert retry_at(3, NOW_MS, 0.0) < retry_at(3, NOW_MS, 0.5) < retry_at(3, NOW_MS, 0.99)


def test_a_peer_is_given_up_after_seven_days_and_a_lost_name_after_three():
    assert not given_up(None, NOW_MS)
    assert not given_up(NOW_MS - 7 * DAY_MS + 1, NOW_MS)
    assert given_up(NOW_MS - 7 * DAY_MS, NOW_MS)
    assert not given_up(NOW_MS - 3 * DAY_MS + 1, NOW_MS, nameless=True)
    assert given_up(NOW_MS - 3 * DAY_MS, NOW_MS, nameless=True)


def test_a_clock_that_went_back_gives_nobody_up():
    assert not given_up(NOW_MS + HOUR_MS, NOW_MS)


@pytest.mark.parametrize(
    ("asked_ms", "kept_ms"),
    [(None, 60_000), (0, 1000), (5000, 5000), (HOUR_MS, HOUR_MS), (10**15, HOUR_MS)],
)
def test_a_wait_is_honoured_between_a_second_and_an_hour(asked_ms, kept_ms):
    assert wait_ms(asked_ms) == kept_ms


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("0", 0),
        ("120", 120_000),
        (" 7 ", 7000),
        ("99999999999999999999999", DAY_MS),
        ("9" * 5000, DAY_MS),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60_000),
        ("Thursday, 01-Jan-26 00:01:00 GMT", 60_000),
        ("Thu Jan  1 00:01:00 2026", 60_000),
        ("Thu, 01 Jan 2026 00:01:00", 60_000),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_MS),
        ("Fri, 31 Dec 9999 23:59:59 -2300", DAY_MS),
        ("Mon, 01 Jan 0001 00:00:00 +2300", 0),
        ("-5", None),
        ("1.5", None),
        ("１２", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_every_spelling(value, ms):
    assert retry_after(value, NOW_MS) == ms


@given(st.text())
def test_any_retry_after_is_a_time_or_nothing(value):
    found = retry_after(value, NOW_MS)
    assert found is None or 0 <= found <= DAY_MS


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (Unreachable("timeout"), True),
        (Unreachable("busy", code=503), True),
        (Unreachable("slowly", code=429), True),
        (Unreachable("late", code=408), True),
        (Unreachable("nothing here", code=404), False),
        (Refused("127.0.0.1"), False),
        (Gone("deleted"), False),
        (Malformed("no JSON"), False),
    ],
)
def test_what_failed_for_a_while_is_told_from_what_failed_for_good(
    error: FederationError, passes: bool
) -> None:
    assert may_pass(error) == passes
