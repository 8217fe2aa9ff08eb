"""Handles, and WebFinger in both directions."""

import msgspec
import pytest

from federation import webfinger
from federation.errors import Malformed
from federation.webfinger import Found

ACTOR = "https://far.test/u/ann"
SELF = {"rel": "self", "type": "application/activity+json", "href": ACTOR}


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@ann@far.test", ("ann", "far.test")),
        ("ann@far.test", ("ann", "far.test")),
        ("acct:ann@far.test", ("ann", "far.test")),
        ("acct:@ann@far.test", ("ann", "far.test")),
        ("  @ann@far.test ", ("ann", "far.test")),
        ("@Ann.Lee_1-x@FAR.Test", ("Ann.Lee_1-x", "far.test")),
        ("@한글@far.test", ("한글", "far.test")),
        ("ann@münchen.test", ("ann", "xn--mnchen-3ya.test")),
        ("ann@한국.test", ("ann", "xn--3e0b707e.test")),
        ("ann@localhost:8080", ("ann", "localhost:8080")),
        ("ann@127.0.0.1:8080", ("ann", "127.0.0.1:8080")),
        ("ann@far.test:443", ("ann", "far.test")),
    ],
)
def test_a_handle_is_a_name_and_a_host(text, handle):
    assert webfinger.parse_handle(text) == handle


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ann",
        "@ann",
        "@far.test@",
        "@@far.test",
        "ann@",
        "a b@far.test",
        "a@b@far.test",
        "ann@far.test/path",
        "ann@far.test?x",
        "ann@user:pass@far.test",
        "ann@far.test:0",
        "ann@far.test:99999",
        "ann@far.test:8o",
        "ann@far.test.",
        "ann@-far.test",
        "ann@far..test",
        "ann@xn--a.test",
        "ann@[::1]",
        "ann@far_test.test",
        "https://far.test/@ann",
        "ann%40x@far.test",
        "x" * 400 + "@far.test",
        "ann@" + "x" * 300 + ".test",
    ],
)
def test_what_is_no_handle_is_none(text):
    assert webfinger.parse_handle(text) is None


def test_the_question_is_asked_at_the_host():
    assert webfinger.url_for("ann", "far.test") == (
        "https://far.test/.well-known/webfinger?resource=acct:ann@far.test"
    )
    assert webfinger.url_for("앤&x=", "localhost:8080", "http") == (
        "http://localhost:8080/.well-known/webfinger?resource=acct:%EC%95%A4%26x%3D@localhost:8080"
    )


def answer(**changes: object) -> bytes:
    return msgspec.json.encode({"subject": "acct:ann@far.test", "links": [SELF]} | changes)


@pytest.mark.parametrize(
    "links",
    [
        [SELF],
        SELF,
        [{"rel": "http://webfinger.net/rel/profile-page", "href": "https://far.test/@ann"}, SELF],
        [{"rel": "self", "type": "text/html", "href": "https://far.test/@ann"}, SELF],
        [SELF | {"type": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'}],
    ],
)
def test_the_answer_names_the_actor(links):
    found = webfinger.parse_jrd(answer(links=links), "ann@far.test")

    assert found == Found("ann@far.test", ACTOR)


def test_another_subject_is_told_so_that_it_can_be_confirmed():
    body = answer(subject="acct:Ann@Social.Far.test")

    assert webfinger.parse_jrd(body, "ann@far.test").acct == "Ann@social.far.test"


@pytest.mark.parametrize("subject", [None, "", 5, "https://far.test/u/ann", ["acct:x@y.test"]])
def test_a_subject_that_is_no_handle_counts_as_the_one_we_asked_for(subject):
    assert webfinger.parse_jrd(answer(subject=subject), "ann@far.test").acct == "ann@far.test"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        answer(links=None),
        answer(links=["self"]),
        answer(links=[SELF | {"href": "javascript:alert(1)"}]),
        answer(links=[SELF | {"type": "application/json"}]),
        answer(links=[SELF | {"rel": "me"}]),
        answer(links=[{"rel": "self"}] * 100 + [SELF]),
    ],
)
def test_an_answer_without_an_actor_is_malformed(body):
    with pytest.raises(Malformed):
        webfinger.parse_jrd(body, "ann@far.test")


def test_our_answer_is_one_that_we_understand():
    body = webfinger.jrd(
        "ann@here.test",
        "https://here.test/actors/1",
        profile="https://here.test/@ann",
        subscribe="https://here.test/authorize_interaction?uri={uri}",
        create="https://here.test/write?text={content}",
    )

    found = webfinger.parse_jrd(msgspec.json.encode(body), "ann@here.test")

    assert found == Found("ann@here.test", "https://here.test/actors/1")
    assert body["subject"] == "acct:ann@here.test"
    assert body["aliases"] == ["https://here.test/actors/1", "https://here.test/@ann"]
    templates = {link["rel"]: link["template"] for link in body["links"] if "template" in link}
    assert templates == {
        "http://ostatus.org/schema/1.0/subscribe": (
            "https://here.test/authorize_interaction?uri={uri}"
        ),
        "https://w3id.org/fep/3b86/Object": (
            "https://here.test/authorize_interaction?uri={object}"
        ),
        "https://w3id.org/fep/3b86/Create": "https://here.test/write?text={content}",
    }


def test_an_actor_without_a_page_has_a_short_answer():
    body = webfinger.jrd("here.test@here.test", "https://here.test/actor")

    assert body["aliases"] == ["https://here.test/actor"]
    assert [link["rel"] for link in body["links"]] == ["self"]
