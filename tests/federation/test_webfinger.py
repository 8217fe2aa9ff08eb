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
        ("!gardens@far.test", ("gardens", "far.test")),
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
    templates = {
        webfinger.SUBSCRIBE: "https://here.test/authorize_interaction?uri={uri}",
        webfinger.FOLLOW: "https://here.test/authorize_interaction?uri={object}&do=follow",
        webfinger.CREATE: "https://here.test/write?text={content}&in_reply_to={inReplyTo}",
    }
    body = webfinger.jrd(
        "ann@here.test",
        "https://here.test/actors/1",
        profile="https://here.test/@ann",
        templates=templates,
    )

    found = webfinger.parse_jrd(msgspec.json.encode(body), "ann@here.test")

    assert found == Found("ann@here.test", "https://here.test/actors/1")
    assert body["subject"] == "acct:ann@here.test"
    assert body["aliases"] == ["https://here.test/actors/1", "https://here.test/@ann"]
    assert webfinger.parse_templates(msgspec.json.encode(body)) == templates


def test_an_actor_without_a_page_has_a_short_answer():
    body = webfinger.jrd("here.test@here.test", "https://here.test/actor")

    assert body["aliases"] == ["https://here.test/actor"]
    assert [link["rel"] for link in body["links"]] == ["self"]


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("@ann@far.test", ("ann", "far.test")),
        ("\uff20ann\uff20far.test", ("ann", "far.test")),
        ("\u2068@ann@far.test\u2069", ("ann", "far.test")),
        ("@\u2060ann@far.test", ("ann", "far.test")),
        ("acct:ann@FAR.test", ("ann", "far.test")),
        ("https://far.test/@ann", ("ann", "far.test")),
        ("far.test/@ann/", ("ann", "far.test")),
        ("https://far.test/users/ann", ("ann", "far.test")),
        ("https://far.test/u/ann", ("ann", "far.test")),
        ("https://near.test/@ann@far.test", ("ann", "far.test")),
        ("http://localhost:8082/@ann", ("ann", "localhost:8082")),
        ("far.test", ("", "far.test")),
        (" https://Far.test/ ", ("", "far.test")),
        ("@far.test", ("", "far.test")),
        ("한국.test", ("", "xn--3e0b707e.test")),
    ],
)
def test_what_people_type_for_their_account_is_a_name_and_a_host(text, home):
    assert webfinger.parse_typed(text) == home
    assert webfinger.parse_typed(webfinger.spelled(*home)) == home


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "ann", "@ann", "https://", "ann smith", "a@b@", "javascript:alert(1)"),
        *("https://far.test/@ann/1234", "https://far.test/about", "ann@far.test/x"),
        *("https://eve@far.test/@ann", "ann@far\r\nX: y.test", "a" * 501, "far.test?x=y"),
    ],
)
def test_what_names_no_account_is_none(text):
    assert webfinger.parse_typed(text) is None


TEMPLATE = "https://far.test/act?uri={uri}"
SUBSCRIBE = {"rel": webfinger.SUBSCRIBE, "template": TEMPLATE}
POST = "https://here.test/objects/1?a=b&c"
QUOTED = "https%3A%2F%2Fhere.test%2Fobjects%2F1%3Fa%3Db%26c"


def intent(name: str, template: str) -> dict[str, str]:
    return {"rel": f"https://w3id.org/fep/3b86/{name}", "template": template}


def test_the_intent_for_a_verb_comes_before_the_object_and_the_subscription():
    object = intent("Object", "https://far.test/o?{object}")
    likes = intent("Like", "https://other.test/like/{object}?on-success={on-success}&x={x}")
    found = webfinger.parse_templates(answer(links=[SUBSCRIBE, object, SELF, likes]))

    def ways(verb: str) -> list[str]:
        return list(webfinger.ways(found, verb, POST))

    plain = [f"https://far.test/o?{QUOTED}", f"https://far.test/act?uri={QUOTED}"]
    assert ways("like") == [f"https://other.test/like/{QUOTED}?on-success=&x=", *plain]
    assert ways("share") == ways("follow") == ways("reply") == plain


def test_a_create_intent_serves_a_reply_only_where_it_takes_what_is_answered():
    reply = intent("Create", "https://far.test/new?text={content}&to={inReplyTo}")
    share = intent("Create", "https://far.test/new?text={content}")

    found = webfinger.parse_templates(answer(links=[share, reply]))
    assert list(webfinger.ways(found, "reply", POST)) == [f"https://far.test/new?text=&to={QUOTED}"]
    assert webfinger.parse_templates(answer(links=[share])) == {}


@pytest.mark.parametrize(
    "template",
    [
        None,
        5,
        ["https://far.test/{uri}"],
        "",
        "https://far.test/",
        "javascript:alert('{uri}')",
        "data:text/html,{uri}",
        "//far.test/{uri}",
        "/act?uri={uri}",
        "ftp://far.test/{uri}",
        "https://{uri}",
        "https://{uri}/act",
        "https://far.test{uri}",
        "https://far.test:{uri}/",
        "https://eve@far.test/{uri}",
        "https://eve:x@far.test/{uri}",
        "https://far.test\\@evil.test/{uri}",
        "https://far.test/{uri}#top",
        "https://far.test/a b?{uri}",
        "https://far.test/\r\nSet-Cookie: a=b?{uri}",
        "https://far.test/\x01{uri}",
        'https://far.test/"{uri}',
        "https://far.test/<{uri}>",
        "https://far.test/광명?{uri}",
        "https://far.test/{?uri}",
        "https://far.test/{+uri}",
        "https://far.test/{uri*}",
        "https://far.test/{uri,object}",
        "https://far.test/{uri",
        "https://far.test/uri}{uri}",
        "https://far.test/{{uri}}",
        "https://far.test/{other}",
        "https://far.test/" + "x" * 1000 + "{uri}",
    ],
)
def test_a_forged_template_is_none(template):
    assert webfinger.parse_templates(answer(links=[SUBSCRIBE | {"template": template}])) == {}


@pytest.mark.parametrize(
    "links",
    [
        None,
        "links",
        5,
        [],
        ["subscribe", None, 5, [SUBSCRIBE]],
        {"rel": webfinger.SUBSCRIBE},
        [{"rel": "https://w3id.org/fep/3b86/Delete", "template": TEMPLATE}],
        [{"rel": [webfinger.SUBSCRIBE], "template": TEMPLATE}],
        [{"rel": "self", "template": TEMPLATE}] * 64 + [SUBSCRIBE],
    ],
)
def test_an_answer_without_templates_has_none(links):
    assert webfinger.parse_templates(answer(links=links)) == {}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"links":'])
def test_what_is_no_answer_is_malformed(body):
    with pytest.raises(Malformed):
        webfinger.parse_templates(body)
