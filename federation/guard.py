"""Where we may connect: rules for addresses as written, and for the sockets they end in.

Two checks, because either alone has been got around. `Guard.wire` reads the address before anything
is opened; `Guard.permits` is asked about every socket, with the numbers it will connect to, so a
name that resolves differently the second time gains nothing.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

import msgspec

from federation.errors import Unreachable

MAX_URL_CHARS: Final = 4096
MAX_HOST_CHARS: Final = 253
HTTPS_PORT: Final = 443

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA IPv4 Special-Purpose Address Registry, with multicast and the reserved top. Listed here since
# `ipaddress.is_global` of Python 3.11 says yes to multicast, NAT64, 6to4 and more.
_CLOSED_IPV4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Only global unicast is open at all: loopback, link-local, unique local, NAT64 and the addresses
# that embed IPv4 lie outside of it. What is closed inside: IETF protocols (Teredo), documentation,
# 6to4, AS112.
_OPEN_IPV6: Final = IPv6Network("2000::/3")
_CLOSED_IPV6: Final = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_RESERVED_ENDS: Final = frozenset(
    {"local", "localhost", "internal", "onion", "arpa", "home", "lan"}
)

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[!-\[\]-~]*)?(?P<query>\?[!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_LABEL: Final = re.compile(r"[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_BRACKETED: Final = re.compile(r"\[(?P<network>[^\]]+)\](?::(?P<port>.+))?")


class Refused(Unreachable):
    """The guard does not let us connect there; trying again changes nothing."""


class Allowed(msgspec.Struct, frozen=True):
    """An exception to the guard: these addresses, at one port, or at every port when None."""

    network: Network
    port: int | None = None


def parse_allowed(entries: Iterable[str]) -> tuple[Allowed, ...]:
    """Read `federation.allowed_addresses`: `CIDR:PORT` or `CIDR`, IPv6 as `[CIDR]:PORT`.

    Raises `ValueError` with a sentence that names the entry.
    """
    return tuple(_parse_entry(entry) for entry in entries)


def _parse_entry(entry: str) -> Allowed:
    network, port = _split_entry(entry.strip())
    try:
        allowed = Allowed(ip_network(network), int(port) if port is not None else None)
    except ValueError:
        raise ValueError(f"{entry!r} is not an address range such as 127.0.2.0/24:443.") from None
    if allowed.port is not None and not 0 < allowed.port < 65536:
        raise ValueError(f"{entry!r} names no port between 1 and 65535.")
    return allowed


def _split_entry(entry: str) -> tuple[str, str | None]:
    if match := _BRACKETED.fullmatch(entry):
        return match["network"], match["port"]
    if entry.count(":") != 1:
        return entry, None
    network, _, port = entry.partition(":")
    return network, port


class Guard(msgspec.Struct, frozen=True):
    """The rules of one configuration. With nothing `allowed`: public addresses, https, port 443."""

    allowed: tuple[Allowed, ...] = ()
    allow_http: bool = False

    def wire(self, url: str) -> str:
        """Return `url` as it is to be sent: no fragment, host in lower case, no default port.

        Path and query stay as they are, byte for byte. Raises `Refused` with the reason. When
        anything is `allowed`, reserved and dotless names pass here: closed networks use them, and
        `permits` decides about the address they resolve to.
        """
        return _wire(self, url)

    def permits(self, host: str, port: int) -> bool:
        """Whether a socket may connect to this numeric address and port."""
        address = _numeric(host)
        if address is None:
            return False
        return (port == HTTPS_PORT and is_public(address)) or self._allows(address, port)

    def _allows(self, address: Address, port: int) -> bool:
        return any(
            allowed.port in (None, port) and address in allowed.network for allowed in self.allowed
        )

    def _opens(self, port: int) -> bool:
        return any(allowed.port in (None, port) for allowed in self.allowed)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open Internet. IPv4 inside `::ffff:` counts as IPv4."""
    address = _unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_IPV4)
    return address in _OPEN_IPV6 and not any(address in network for network in _CLOSED_IPV6)


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _numeric(host: str) -> Address | None:
    """The address a canonical literal stands for. Zones (`%eth0`) and short forms are none."""
    if "%" in host:
        return None
    try:
        return _unwrapped(ip_address(host))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _wire(guard: Guard, url: str) -> str:
    bare = url.partition("#")[0]
    match = _URL.fullmatch(bare) if len(bare) <= MAX_URL_CHARS else None
    if match is None:
        raise Refused("not an address we can send to")
    scheme, host = match["scheme"].lower(), match["host"].lower()
    port = _checked_port(guard, scheme, match["port"])
    _check_host(guard, host, port)
    suffix = "" if port == (HTTPS_PORT if scheme == "https" else 80) else f":{port}"
    return f"{scheme}://{host}{suffix}{match['path'] or '/'}{match['query'] or ''}"


def _checked_port(guard: Guard, scheme: str, text: str | None) -> int:
    """The port to connect to; http never at 443, so that it always needs an allowed address."""
    port = int(text) if text else (HTTPS_PORT if scheme == "https" else 80)
    if scheme == "http" and (not guard.allow_http or port == HTTPS_PORT):
        raise Refused("not https")
    if port != HTTPS_PORT and not guard._opens(port):
        raise Refused(f"port {port} is not open to us")
    return port


def _check_host(guard: Guard, host: str, port: int) -> None:
    literal = host[1:-1] if host.startswith("[") else host
    if _numeric(literal) is not None and (":" in literal) == (literal != host):
        if not guard.permits(literal, port):
            raise Refused("address refused")
        return
    labels = host.split(".")
    if len(host) > MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("not a host name")
    # The system's resolver reads 0x7f.1 and 2130706433 as IPv4; no real name ends in a number.
    if _NUMBER.fullmatch(labels[-1]):
        raise Refused("a number in place of a host name")
    if not guard.allowed and (len(labels) == 1 or labels[-1] in _RESERVED_ENDS):
        raise Refused("a name of a private network")
