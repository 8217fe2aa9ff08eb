"""From where a request comes: the connection, or what a proxy says that the operator trusts."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

from aiohttp import web

from web.keys import CONFIG

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
MAX_HOPS: Final = 20
_WITH_PORT: Final = re.compile(r"\[([0-9a-fA-F:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")


def address_of(request: web.Request) -> str:
    """The visitor's address; a proxy that we trust may name it in X-Forwarded-For.

    The header is read from its end, all of its lines as one: what a proxy adds stands last, and
    what was sent to it stands before. What is no address names nobody.
    """
    found = _plain(request.remote or "")
    if found is None:
        return (request.remote or "")[:64]
    trusted = networks(request.config_dict[CONFIG].server.trusted_proxies)
    for named in _forwarded(request):
        if not within(found, trusted) or (further := _plain(named)) is None:
            break
        found = further
    return str(found)


def proxied(request: web.Request) -> bool:
    """Whether the request comes from this machine or from a proxy that we trust."""
    return is_ours(request.remote or "", request.config_dict[CONFIG].server.trusted_proxies)


def is_ours(address: str, trusted: tuple[str, ...]) -> bool:
    """Whether this is an address of this machine, or of a proxy that the operator trusts."""
    found = _plain(address)
    return found is not None and within(found, (*LOOPBACK, *networks(trusted)))


def within(address: Address, among: tuple[Network, ...]) -> bool:
    """Whether it is one of these."""
    return any(address in network for network in among)


@lru_cache(maxsize=8)
def networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    """What `server.trusted_proxies` means."""
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries)


def _forwarded(request: web.Request) -> list[str]:
    """Who passed it on, the last one first."""
    lines = request.headers.getall("X-Forwarded-For", ())
    if not lines:
        return []
    return [part.strip() for part in reversed(",".join(lines).split(","))][:MAX_HOPS]


@lru_cache(maxsize=256)  # asked several times of each request
def _plain(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 address inside IPv6 is that address."""
    if (written := _WITH_PORT.fullmatch(text)) is not None:
        text = written[1] or written[2]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return mapped or found
