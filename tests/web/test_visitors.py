"""Who is asked for by which address: a stranger's word about it never counts."""

from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from server.config import Config, Server
from web import visitors
from web.keys import CONFIG
from web.limits import network

PROXIES = ("127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48")


def came(remote: str, *lines: str, trusted: tuple[str, ...] = PROXIES) -> str:
    """As whom a request counts that comes from `remote` with these X-Forwarded-For lines."""
    app = web.Application()
    app[CONFIG] = Config(server=Server(trusted_proxies=trusted))
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    request = make_mocked_request("GET", "/", headers, app=app)
    cast(Any, request.transport).get_extra_info = lambda *_: (remote, 1)
    return visitors.address_of(request.clone(remote=remote))


@pytest.mark.parametrize(
    ("remote", "lines", "counts_as"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["127.0.0.1"], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.9, 127.0.0.1"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.9, 192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.9", "192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.9, 192.0.2.7, 10.1.2.3"], "192.0.2.7"),
        ("127.0.0.1", ["10.9.9.9, 192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("127.0.0.1", ["[2001:db8:9::7]:4711"], "2001:db8:9::7"),
        ("127.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("::ffff:127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("::ffff:192.0.2.7", ["127.0.0.1"], "192.0.2.7"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7, \x1b[31m" + "x" * 500], "127.0.0.1"),
        ("127.0.0.1", [", ".join(["10.0.0.1"] * 500)], "10.0.0.1"),
        ("2001:db8:1::5", ["2001:db8:9::7"], "2001:db8:9::7"),
        ("2001:db8:2::5", ["2001:db8:9::7"], "2001:db8:2::5"),
    ],
)
def test_only_a_trusted_proxy_says_who_comes_and_only_its_own_word_counts(
    remote: str, lines: list[str], counts_as: str
) -> None:
    assert came(remote, *lines) == counts_as


def test_without_trusted_proxies_nobodys_word_counts() -> None:
    assert came("127.0.0.1", "192.0.2.7", trusted=()) == "127.0.0.1"


def test_all_who_come_over_ipv4_are_not_one_household() -> None:
    first, second = (came("127.0.0.1", f"::ffff:192.0.2.{n}") for n in (1, 2))
    assert network(first) != network(second)
