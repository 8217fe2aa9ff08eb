"""Who may speak for an id."""

import pytest

from federation.errors import Malformed
from federation.origin import host, normal, normal_origin, origin, same_origin

NORMAL = [
    "https://far.test/users/eve",
    "https://far.test/users/eve#main-key",
    "https://far.test/users/eve#likes/12/undo",
    "https://far.test",
    "https://far.test/",
    "https://far.test?id=1",
    "https://far.test:8443/a",
    "http://localhost:8080/actors/1",
    "http://127.0.0.1:8080/actors/1",
    "https://[2001:db8::1]/a",
    "https://xn--9i1bl2h.test/@eve",
    "https://a-b.c_d.test/~eve/(x)/it's,ok;v=1!$&*+=:@",
    "https://far.test/%EA%B4%91%EB%AA%85",
    "https://far.test/?a[]=1&b=/../x",
    "https://far.test/.well-known/x",
    "https://far.test/...",
    "https://far.test/a..b/c.",
    "https://far.test/a%2Fb",
    "https://far.test/%2ewell-known",
]

ODD = [
    "",
    "eve",
    "/users/eve",
    "//far.test/users/eve",
    "acct:eve@far.test",
    "ftp://far.test/users/eve",
    "javascript://far.test/%0aalert",
    "HTTPS://far.test/users/eve",
    "https:/far.test/users/eve",
    "https:far.test",
    "https://",
    "https:///users/eve",
    "https://Far.test/users/eve",
    "https://far.test./users/eve",
    "https://far..test/users/eve",
    "https://.far.test/users/eve",
    "https://-far.test/users/eve",
    "https://far-.test/users/eve",
    "https://far.test:443/users/eve",
    "http://far.test:80/users/eve",
    "https://far.test:/users/eve",
    "https://far.test:08443/users/eve",
    "https://far.test:123456/users/eve",
    "https://eve@far.test/users/eve",
    "https://eve:pw@far.test/users/eve",
    "https://here.test\\@far.test/",
    "https://far.test\\users",
    "https://광명.test/users/eve",
    "https://far.test/광명",
    "https://far.test/%",
    "https://far.test/%4",
    "https://far.test/%zz",
    "https://far.test/a/../b",
    "https://far.test/a/./b",
    "https://far.test/a/..",
    "https://far.test/a/.",
    "https://far.test/..?x",
    "https://far.test/.#x",
    "https://far.test/a/%2e%2E/b",
    "https://far.test/a/.%2e/b",
    "https://far.test/a/%2e",
    "https://far.test/a b",
    "https://far.test/a\tb",
    "https://far.test/a\nb",
    "https://far.test/a\n",
    "https://far.test\n",
    "https://far.test/a\x00",
    "https://far.test/a\x7f",
    'https://far.test/"',
    "https://far.test/<b>",
    "https://far.test/#a#b",
    " https://far.test/",
    "https://far.test/" + "a" * 2048,
    "https://[::1",
    "https://[::g]/",
    "https://far.test/\ud800",
]


@pytest.mark.parametrize("uri", NORMAL)
def test_an_id_in_normal_form_is_taken(uri):
    assert normal(uri)
    assert normal_origin(uri) == origin(uri)


@pytest.mark.parametrize("uri", ODD)
def test_an_id_that_could_be_spelled_otherwise_is_not(uri):
    assert not normal(uri)
    assert normal_origin(uri) is None


def test_normal_form_is_decided_quickly_whatever_is_sent():
    for piece in ("a", "a.", "-", "%41", "%", "/.", "/..", "?", "[", ":1", "@"):
        assert normal("https://" + piece * 1000 + "\n") is False


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://far.test/users/eve", "https://far.test"),
        ("HTTPS://FAR.test:443/users", "https://far.test"),
        ("http://far.test:80", "http://far.test"),
        ("http://far.test:443", "http://far.test:443"),
        ("https://far.test:8443?x", "https://far.test:8443"),
        ("https://[2001:DB8::1]:444/", "https://[2001:db8::1]:444"),
    ],
)
def test_an_origin_is_scheme_host_and_port(uri, expected):
    assert origin(uri) == expected
    assert host(uri) == expected.partition("://")[2]


@pytest.mark.parametrize(
    "uri", ["", "eve", "acct:eve@far.test", "https://", "https://eve@far.test/", "https://a\\b/"]
)
def test_what_has_no_origin_has_it_with_nobody(uri):
    with pytest.raises(Malformed):
        origin(uri)
    assert not same_origin(uri, uri)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://far.test/objects/1", True),
        ("https://far.test:443/", True),
        ("http://far.test/users/eve", False),
        ("https://far.test:8443/users/eve", False),
        ("https://evil.far.test/users/eve", False),
        ("https://far.test.evil.test/users/eve", False),
        ("https://far.test@evil.test/users/eve", False),
        ("https://evil.test/https://far.test/", False),
        ("https://evil.test#https://far.test/", False),
        ("https://evil.test?https://far.test/", False),
    ],
)
def test_same_origin_is_the_whole_origin(other, same):
    assert same_origin("https://far.test/users/eve", other) is same
