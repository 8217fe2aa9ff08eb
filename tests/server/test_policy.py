"""Who may do what, with whom we speak, and what we take from them: pure verdicts."""

import msgspec
import pytest

from federation.parse import activity
from federation.vocab import PUBLIC
from server.clock import DAY_MS
from server.model import Account, Post
from server.policy import chain
from server.policy.authority import may
from server.policy.hosts import nearest, registered_domain, welcome
from server.store.db import Write
from tests.server.world import (
    EVE,
    MALLORY,
    NOTE,
    act,
    deliver,
    note,
    number,
    ours,
    post,
    settle,
    who,
)

VERBS = ("update", "delete", "pin", "unpin")


@pytest.fixture
def town(tx: Write) -> Write:
    settle(tx)
    return tx


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("a.b.example.test", "example.test"),
        ("blog.gildong.co.kr:8443", "gildong.co.kr"),
        ("co.kr", "co.kr"),
        ("net.org", "net.org"),
        ("pe.example.com", "example.com"),
        ("192.0.2.7:8080", "192.0.2.7"),
        ("192.0.2.7:8081", "192.0.2.7"),
        ("[2001:db8::7]:8443", "2001:db8::/64"),
        ("[2001:db8::8]", "2001:db8::/64"),
        ("[no address]", "no address"),
    ],
)
def test_neighbours_below_a_shared_domain_are_not_one(name: str, own: str) -> None:
    assert registered_domain(name) == own


@pytest.mark.parametrize("verb", VERBS)
def test_an_author_may_do_everything_with_their_own_post(town: Write, verb: str) -> None:
    assert may(who(town, EVE), verb, post(town, NOTE))
    assert may(who(town, "ann"), verb, ours(town))


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_else_may_do_anything_with_it(town: Write, verb: str) -> None:
    for other in (MALLORY, "ann", "bob"):
        assert not may(who(town, other), verb, post(town, NOTE))
    for other in (EVE, MALLORY, "bob"):
        assert not may(who(town, other), verb, ours(town))


@pytest.mark.parametrize("verb", ("update", "delete"))
def test_an_account_is_its_own_and_nobodys_else(town: Write, verb: str) -> None:
    assert may(who(town, EVE), verb, who(town, EVE))
    assert not may(who(town, MALLORY), verb, who(town, EVE))
    assert not may(who(town, EVE), verb, who(town, "ann"))


@pytest.mark.parametrize("verb", ["like", "read", "", "UPDATE", "ban"])
def test_what_is_not_in_the_table_nobody_may(town: Write, verb: str) -> None:
    assert not may(who(town, EVE), verb, post(town, NOTE))


@pytest.mark.parametrize("state", ["suspended", "gone", "pending"])
def test_who_is_not_active_may_nothing(town: Write, state: str) -> None:
    eve = msgspec.structs.replace(who(town, EVE), state=state)
    assert not any(may(eve, verb, thing) for verb in VERBS for thing in (eve, post(town, NOTE)))


def test_a_row_of_another_origin_is_not_its_authors(town: Write) -> None:
    """Should such a row ever come about, it still cannot be used."""
    eve: Account = who(town, EVE)
    odd: Post = msgspec.structs.replace(post(town, NOTE), uri="https://other.test/notes/1")
    assert not may(eve, "update", odd)


# --- hosts

RULES = {"bad.test": "block", "good.bad.test": "allow", "friend.test": "allow"}


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("bad.test", "block"),
        ("sub.bad.test", "block"),
        ("a.b.bad.test", "block"),
        ("good.bad.test", "allow"),
        ("x.good.bad.test", "allow"),
        ("BAD.test", "block"),
        ("bad.test:8443", "block"),
        ("notbad.test", None),
        ("bad.test.evil.test", None),
        ("test", None),
        ("", None),
    ],
)
def test_the_nearest_rule_counts(host: str, rule: str | None) -> None:
    assert nearest(RULES, host) == rule


@pytest.mark.parametrize(
    ("mode", "rule", "yes"),
    [
        ("open", None, True),
        ("open", "allow", True),
        ("open", "block", False),
        ("allowlist", None, False),
        ("allowlist", "allow", True),
        ("allowlist", "block", False),
        ("off", None, False),
        ("off", "allow", False),
        ("off", "block", False),
    ],
)
def test_with_whom_we_speak(mode: str, rule: str | None, yes: bool) -> None:
    assert welcome(mode, rule) is yes


# --- the chain


def _to_many(many: int) -> dict[str, object]:
    to = [PUBLIC, *(f"https://far.test/users/{n}" for n in range(many))]
    return act("Create", EVE, note("https://far.test/notes/2", EVE, cc=[]), to=to)


@pytest.mark.parametrize(
    ("many", "age_ms", "refused"),
    [
        (0, 0, False),
        (20, 0, False),
        (21, 0, True),
        (21, DAY_MS, False),
        (500, DAY_MS, False),
        (501, DAY_MS, True),
    ],
)
def test_crowds_are_refused(many: int, age_ms: int, refused: bool) -> None:
    verdict = chain.judge(activity(_to_many(many)), chain.Peer("far.test", age_ms))
    assert (verdict is not None) is refused


@pytest.mark.parametrize("inside", ["to", "cc", "tag"])
def test_crowds_inside_the_object_are_crowds(inside: str) -> None:
    people = [f"https://far.test/users/{n}" for n in range(30)]
    named: list[object] = list(people)
    if inside == "tag":
        named = [{"type": "Mention", "href": uri} for uri in people]
    raw = act("Create", EVE, note("https://far.test/notes/2", EVE, **{inside: named}))
    assert chain.judge(activity(raw), chain.Peer("far.test", 0)) is not None


def test_what_the_chain_refuses_is_remembered_and_has_no_effect(town: Write) -> None:
    deliver(town, _to_many(30))
    assert town.one("SELECT 1 FROM post WHERE uri = 'https://far.test/notes/2'") is None
    assert number(town, "SELECT count(*) FROM activity") == 2
