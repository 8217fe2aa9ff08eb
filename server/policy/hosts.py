"""With which servers we speak: the mode of the configuration and the moderators' rules."""

from ipaddress import IPv6Network
from typing import Final

_SHARED: Final = frozenset(
    ("ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org", "pe", "re")
)
"""Below a country these are nobody's own: co.kr, or.jp, com.au."""


def welcome(mode: str, rule: str | None) -> bool:
    """Whether a host may speak with us. `mode`: open, allowlist, off; `rule`: block, limit, allow.

    Who is limited is heard, though not by everybody.
    """
    if mode == "off":
        return False
    if mode == "allowlist":
        return rule == "allow"
    return rule != "block"


def nearest(rules: dict[str, str], host: str) -> str | None:
    """The rule for `host`, or for the nearest domain above it; a port does not matter."""
    return next((rules[name] for name in above(host) if name in rules), None)


def above(host: str) -> list[str]:
    """The name of a host without its port, and every domain above it, nearest first."""
    labels = host.partition(":")[0].lower().strip(".").split(".")
    return [".".join(labels[n:]) for n in range(len(labels)) if labels[n]]


def registered_domain(name: str) -> str:
    """The domain that somebody registered, near enough: one person can have all names below it.

    An address stands for itself with all its ports, one of IPv6 for its network of /64.
    """
    if name.startswith("["):
        return _network(name[1:].partition("]")[0])
    labels = name.partition(":")[0].split(".")
    if labels[-1].isdigit():
        return ".".join(labels)
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3 if shared else -2 :])


def _network(address: str) -> str:
    """The network that one customer has; what is no address, as it is."""
    try:
        return str(IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
