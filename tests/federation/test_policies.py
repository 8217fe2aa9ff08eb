"""The policies that strangers write, every shape of them, and what proves a yes."""

from typing import Any

import pytest

from federation import build, parse, policies
from federation.policies import Claim
from federation.vocab import PUBLIC, Policy, Rule

ANN = "https://here.test/users/ann"
EVE = "https://far.test/users/eve"
NOTE = "https://far.test/notes/1"
ANSWER = "https://here.test/objects/7"
STAMP = "https://far.test/users/eve/authorizations/1"
CLAIM = Claim(act="reply", interacting=ANSWER, target=NOTE, author=EVE)


def read(rule: Any, name: str = "canReply") -> Policy:
    return policies.read({"interactionPolicy": {name: rule}})


def test_gotosocial_20_writes_both_names_and_those_of_today_count() -> None:
    policy = read(
        {
            "always": [EVE],
            "approvalRequired": [PUBLIC],
            "automaticApproval": [EVE, f"{EVE}/followers"],
            "manualApproval": [PUBLIC],
        }
    )
    assert policy.reply == Rule((f"{EVE}/followers", EVE), (PUBLIC,))
    assert not policy.plain


def test_gotosocial_17_writes_the_older_names_and_takes_no_requests() -> None:
    policy = read({"always": EVE, "approvalRequired": "as:Public"})
    assert policy.reply == Rule((EVE,), (PUBLIC,))
    assert policy.plain


@pytest.mark.parametrize(
    "said",
    [None, {}, "everyone", 7, [], [[]], True, {"else": 1}, {"always": None}],
)
def test_whoever_says_nothing_usable_allows_it(said: Any) -> None:
    assert read(said) == Policy()
    assert policies.read({"interactionPolicy": said}) == Policy()


@pytest.mark.parametrize("junk", [[], [None, 3, [EVE], {"no": "id"}], "no address", {"x": 1}, ""])
def test_a_rule_that_names_nobody_allows_nobody(junk: Any) -> None:
    assert read({"automaticApproval": junk}).reply == Rule()


def test_of_ten_thousand_names_few_are_kept_and_the_circles_among_them() -> None:
    crowd = [f"https://far.test/users/{n}" for n in range(10_000)]
    rule = read({"automaticApproval": [*crowd[:900], PUBLIC, *crowd]}).reply
    assert rule is not None
    assert len(rule.automatic) == policies.MAX_NAMED
    assert PUBLIC in rule.automatic


def test_an_object_keeps_its_policy_and_the_stamp_of_an_answer() -> None:
    raw: dict[str, Any] = {"id": NOTE, "type": "Note", "attributedTo": EVE}
    assert parse.object_(raw).policy == Policy()
    found = parse.object_(raw | {"approvedBy": STAMP, "interactionPolicy": {"canLike": {}}})
    assert found.approval == STAMP
    both = parse.object_(raw | {"approvedBy": "https://x.test/1", "replyAuthorization": STAMP})
    assert both.approval == STAMP


# --- stamps


def stamp(**more: Any) -> dict[str, Any]:
    return policies.stamp(STAMP, CLAIM) | more


def test_a_stamp_of_gotosocial_proves_exactly_one_answer() -> None:
    assert policies.proves(stamp(), STAMP, CLAIM)


FORGED: list[dict[str, Any]] = [
    {"id": "https://far.test/users/eve/authorizations/2"},
    {"type": "LikeAuthorization"},
    {"type": "QuoteAuthorization"},
    {"type": ["Note", "Object"]},
    {"attributedTo": "https://far.test/users/mallory"},
    {"attributedTo": [EVE.replace("eve", "mallory"), EVE]},
    {"attributedTo": None},
    {"interactingObject": "https://here.test/objects/8"},
    {"interactingObject": {"id": "https://here.test/objects/8"}},
    {"interactionTarget": "https://far.test/notes/2"},
    {"interactionTarget": []},
]


@pytest.mark.parametrize("wrong", FORGED)
def test_a_stamp_for_anything_else_proves_nothing(wrong: dict[str, Any]) -> None:
    assert not policies.proves(stamp(**wrong), STAMP, CLAIM)


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/stamps/1",
        "https://far.test:8443/stamps/1",
        "http://far.test/stamps/1",
        "https://far.test@evil.test/1",
    ],
)
def test_a_stamp_of_another_server_proves_nothing(uri: str) -> None:
    assert not policies.proves(policies.stamp(uri, CLAIM), uri, CLAIM)
    assert not policies.proves(None, STAMP, CLAIM)


def test_before_gotosocial_19_the_accept_is_the_stamp() -> None:
    said = {"id": STAMP, "type": "Accept", "actor": EVE, "object": ANSWER, "target": NOTE}
    assert policies.proves(said, STAMP, CLAIM)
    assert policies.proves({**said, "object": {"id": ANSWER, "type": "Note"}}, STAMP, CLAIM)
    assert not policies.proves({**said, "actor": ANN}, STAMP, CLAIM)
    assert not policies.proves({**said, "object": NOTE}, STAMP, CLAIM)
    assert not policies.proves({**said, "target": f"{NOTE}0"}, STAMP, CLAIM)


# --- what we write


def test_every_term_of_a_policy_a_request_and_a_stamp_is_explained() -> None:
    request = policies.reply_request(
        f"{ANSWER}#r", {"id": ANSWER, "type": "Note", "attributedTo": ANN}, NOTE, author=EVE
    )
    answer = policies.answer("Accept", "https://far.test/a/1", CLAIM, asker=ANN, request="x")
    for body, terms in (
        (request, {"ReplyRequest", "canReply", "manualApproval", "replyAuthorization", "gts"}),
        (answer, {"ReplyRequest", "gts"}),
        (stamp(), {"ReplyAuthorization", "interactingObject", "interactionTarget", "gts"}),
    ):
        named = {name for one in build.context(body) if isinstance(one, dict) for name in one}
        assert terms <= named


def test_a_rule_is_written_under_both_its_names() -> None:
    built = policies.build(Policy(reply=Rule((EVE,), (PUBLIC,))))
    assert built == {
        "canReply": {
            "automaticApproval": [EVE],
            "manualApproval": [PUBLIC],
            "always": [EVE],
            "approvalRequired": [PUBLIC],
        }
    }
