"""The address guard as rules: which addresses may be written, and which sockets may be opened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Unreachable
from federation.guard import Guard, Refused, parse_allowed

OPEN_INTERNET = Guard()
LOOPBACK = Guard(parse_allowed(["127.0.0.0/8"]), allow_http=True)

CLOSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "::ffff:1.1.1.1",
    "2001:200::1",
    "2606:4700::1111",
    "2a00::1",
    "3ffe::1",
]


@pytest.mark.parametrize("address", CLOSED)
def test_a_socket_into_a_special_range_is_refused(address):
    assert not OPEN_INTERNET.permits(address, 443)


@pytest.mark.parametrize("address", CLOSED)
def test_a_special_address_written_out_is_refused_before_any_socket(address):
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused):
        OPEN_INTERNET.wire(f"https://{host}/inbox")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_open_at_443_and_nowhere_else(address):
    assert OPEN_INTERNET.permits(address, 443)
    assert not OPEN_INTERNET.permits(address, 80)
    assert not OPEN_INTERNET.permits(address, 8443)


@pytest.mark.parametrize("host", ["fe80::1%eth0", "2606:4700::1111%1", "", "far.test", "0x7f.1"])
def test_a_socket_needs_a_plain_numeric_address(host):
    assert not OPEN_INTERNET.permits(host, 443)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0177.0.0.01",
        "017700000001",
        "0x7f.0.0.1",
        "0x7f000001",
        "0x7F.1",
        "1.1.1.256",
        "1.1.1.1.1",
        "far.test.1",
        "far.0x",
        "127.0.0.1.",
        "[::ffff:127.0.0.1%25lo]",
        "[127.0.0.1]",
        "[]",
        "[::1",
    ],
)
def test_an_address_in_an_unusual_spelling_is_refused(host):
    for guard in (OPEN_INTERNET, LOOPBACK):
        with pytest.raises(Refused):
            guard.wire(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "intranet",
        "printer.local",
        "app.localhost",
        "metadata.google.internal",
        "abcdef.onion",
        "1.0.0.127.in-addr.arpa",
        "nas.home",
        "nas.home.arpa",
        "router.lan",
    ],
)
def test_names_of_private_networks_are_refused_unless_something_is_allowed(host):
    with pytest.raises(Refused):
        OPEN_INTERNET.wire(f"https://{host}/")
    assert LOOPBACK.wire(f"https://{host}/") == f"https://{host.lower()}/"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "far.test",
        "//far.test/",
        "/inbox",
        "https:/far.test/",
        "https:far.test",
        "https://",
        "https:///inbox",
        "ftp://far.test/",
        "file:///etc/passwd",
        "gopher://far.test/",
        "javascript:alert(1)",
        "http://far.test/",
        "https://user@far.test/",
        "https://user:pass@far.test/",
        "https://far.test@127.0.0.1/",
        "https://far.test:443@127.0.0.1/",
        "https://far.test:/",
        "https://far.test:0/",
        "https://far.test:80/",
        "https://far.test:8443/",
        "https://far.test:99999/",
        "https://far.test:-443/",
        "https://far.test:４４３/",
        "https://far.test./",
        "https://far..test/",
        "https://.far.test/",
        "https://-far.test/",
        "https://far-.test/",
        "https://far_test.-/",
        "https://far test/",
        "https://far%2etest/",
        "https://far.test\\@127.0.0.1/",
        "https://far.test/a\\b",
        "https://far.test/a b",
        "https://far.test/a\r\nHost: evil.test",
        "https://far.test/\x00",
        "https://far.test/\x7f",
        "https://far.test/마당",
        "https://마당.test/",
        "https://far。test/",
        "https://Kelvin.test/".replace("K", "\u212a"),
        " https://far.test/",
        "https://far.test/ ",
        "https://far.test/\n",
        "https://" + "a" * 64 + ".test/",
        "https://" + "a." * 130 + "test/",
        "https://far.test/" + "a" * 4096,
    ],
)
def test_an_address_that_two_readers_could_read_differently_is_refused(url):
    with pytest.raises(Refused):
        OPEN_INTERNET.wire(url)


@pytest.mark.parametrize(
    ("url", "wire"),
    [
        ("https://far.test", "https://far.test/"),
        ("https://far.test?a=1", "https://far.test/?a=1"),
        ("https://Far.TEST/Users/Eve", "https://far.test/Users/Eve"),
        ("HTTPS://far.test:443/x", "https://far.test/x"),
        ("https://far.test:0443/x", "https://far.test/x"),
        ("https://far.test/users/eve#main-key", "https://far.test/users/eve"),
        (
            "https://far.test/a/../b%2f%ZZ?x=%20&y=a+b;c",
            "https://far.test/a/../b%2f%ZZ?x=%20&y=a+b;c",
        ),
        ("https://far.test/?q=https://a.test/?b", "https://far.test/?q=https://a.test/?b"),
        ("https://a_b.xn--9t4b11yi5a.test/", "https://a_b.xn--9t4b11yi5a.test/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://1password.test/", "https://1password.test/"),
    ],
)
def test_an_address_goes_out_with_its_path_untouched(url, wire):
    assert OPEN_INTERNET.wire(url) == wire


def test_an_allowed_range_opens_exactly_its_addresses_and_port():
    guard = Guard(parse_allowed(["127.0.2.0/24:8443", "[fd00::/8]:443"]))
    assert guard.permits("127.0.2.7", 8443)
    assert guard.permits("::ffff:127.0.2.7", 8443)
    assert guard.permits("fd00::7", 443)
    assert not guard.permits("127.0.2.7", 443)
    assert not guard.permits("127.0.3.7", 8443)
    assert not guard.permits("fd00::7", 8443)
    assert not guard.permits("1.1.1.1", 8443)
    assert guard.permits("1.1.1.1", 443)


def test_an_allowed_range_without_a_port_opens_every_port():
    guard = Guard(parse_allowed(["127.0.0.1", "::1/128"]))
    assert guard.permits("127.0.0.1", 1)
    assert guard.permits("::1", 65535)
    assert not guard.permits("127.0.0.2", 1)


def test_another_port_may_be_written_only_when_one_is_allowed():
    guard = Guard(parse_allowed(["127.0.2.0/24:8443"]))
    assert guard.wire("https://far.test:8443/") == "https://far.test:8443/"
    assert guard.wire("https://127.0.2.1:8443/") == "https://127.0.2.1:8443/"
    for url in ("https://far.test:8444/", "https://127.0.3.1:8443/", "https://127.0.2.1/"):
        with pytest.raises(Refused):
            guard.wire(url)


def test_plain_http_needs_its_switch_and_never_speaks_to_443():
    assert LOOPBACK.wire("http://alpha.test/") == "http://alpha.test/"
    assert LOOPBACK.wire("http://alpha.test:80/") == "http://alpha.test/"
    assert LOOPBACK.wire("http://alpha.test:8080/") == "http://alpha.test:8080/"
    with pytest.raises(Refused):
        LOOPBACK.wire("http://alpha.test:443/")
    with pytest.raises(Refused):
        Guard(LOOPBACK.allowed).wire("http://alpha.test/")
    with pytest.raises(Refused):
        Guard((), allow_http=True).wire("http://far.test/")
    assert not LOOPBACK.permits("1.1.1.1", 80)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "localhost",
        "127.0.0.0/8:",
        "127.0.0.0/8:0",
        "127.0.0.0/8:65536",
        "127.0.0.0/8:https",
        "127.0.0.0/8:443:1",
        "127.0.0.1/8",
        "127.0.0.0/33",
        "[::1/128",
        "[::1/128]x",
    ],
)
def test_an_unreadable_exception_is_named(entry):
    with pytest.raises(ValueError, match="^'"):
        parse_allowed(["127.0.0.0/8", entry])


def test_refusal_counts_as_unreachable():
    assert issubclass(Refused, Unreachable)


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    for url in (text, f"https://{text}", f"https://far.test{text}"):
        try:
            wire = LOOPBACK.wire(url)
        except Refused:
            continue
        assert LOOPBACK.wire(wire) == wire


@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_open(address):
    mapped = address.version == 6 and address.ipv4_mapped
    if not mapped and (address.is_private or address.is_multicast or address.is_reserved):
        assert not OPEN_INTERNET.permits(str(address), 443)
