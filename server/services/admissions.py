"""Who may join: what is decided about e-mail addresses and about where people come from.

Who joins (`services.joining`) is held to it.
"""

import hashlib
import ipaddress
import re
from typing import Final

import msgspec

from server import text
from server.clock import CENTURY_MS
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.policy.hosts import above
from server.services.deeds import Moderator, note
from server.store import entry_rules as store
from server.store.db import Read, Write
from server.store.entry_rules import AddressRule, EmailRule
from server.store.paging import Page

SEVERITIES: Final = ("sign_up_requires_approval", "sign_up_block", "no_access")
MAX_EMAIL_RULES: Final = 20_000
MAX_ADDRESS_RULES: Final = 5_000
MAX_COMMENT: Final = 2_000  # characters
WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix of a network that may be shut out whole, by the version of IP."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_email(db: Read, email: str) -> None:
    """Raises `Invalid` for an address, or a provider, that moderators do not want."""
    domain = email.strip().lower().rpartition("@")[2]
    if store.emails_with(db, "domain", above(domain)):
        raise Invalid("Addresses of this e-mail provider are not taken here.")
    if store.emails_with(db, "canonical", [canonical_digest(email)]):
        raise Invalid("This e-mail address is not taken here.")


def canonical_digest(email: str) -> str:
    """SHA-256 of an address without dots and `+...`, in which providers see no difference."""
    name, _, domain = email.strip().lower().partition("@")
    kept = name.replace(".", "").partition("+")[0]
    return hashlib.sha256(f"{kept}@{domain}".encode()).hexdigest()


def severities(db: Read, address: str, now_ms: int) -> set[str]:
    """What is decided about where somebody comes from."""
    try:
        came_from = ipaddress.ip_address(address)
    except ValueError:
        return set()
    return {
        rule.severity
        for rule in store.in_force(db, now_ms)
        if came_from in ipaddress.ip_network(rule.network)
    }


def shut_out(db: Read, now_ms: int) -> list[Network]:
    """From where nobody gets in at all."""
    return [
        ipaddress.ip_network(rule.network)
        for rule in store.in_force(db, now_ms)
        if rule.severity == "no_access"
    ]


# --- e-mail addresses


def refuse_provider(tx: Write, by: Moderator, domain: str, now_ms: int) -> EmailRule:
    """Take no address of this domain, or of one below it. Raises `Invalid`."""
    if not domain.strip():
        raise Invalid("Validation failed: Domain can't be blank")
    name = text.domain_name(domain.strip().removeprefix("@"))
    if name is None:
        raise Invalid("Validation failed: Domain is invalid, Domain is not a valid domain name")
    return _refuse(tx, by, "domain", name, now_ms)


def refuse_email(tx: Write, by: Moderator, email: str, digest: str, now_ms: int) -> EmailRule:
    """Take neither this address nor one that is the same but for dots and `+...`; or its digest.

    Raises `Invalid`.
    """
    if email.strip() and "@" not in email.strip().strip("@"):
        raise Invalid("Please give an e-mail address, such as name@example.org.")
    value = canonical_digest(email) if email.strip() else digest.strip().lower()
    if _DIGEST.fullmatch(value) is None:
        raise Invalid("Validation failed: Canonical email hash can't be blank")
    return _refuse(tx, by, "canonical", value, now_ms)


def _refuse(tx: Write, by: Moderator, kind: str, value: str, now_ms: int) -> EmailRule:
    if store.count_emails(tx) >= MAX_EMAIL_RULES:
        raise Invalid("There are %(most)s rules already; remove one first.", most=MAX_EMAIL_RULES)
    rule = EmailRule(id=new_id(now_ms), kind=kind, value=value, account_id=None, created_ms=now_ms)
    if not store.insert_email(tx, rule):
        taken = "Domain" if kind == "domain" else "Canonical email hash"
        raise Invalid("Validation failed: %(field)s has already been taken", field=taken)
    note(tx, by, f"refuse_email_{kind}", f"email:{rule.id}", now_ms)
    return rule


def emails(db: Read, kind: str, window: Page, most: int) -> list[EmailRule]:
    """Rules of one kind, newest first."""
    return store.emails(db, kind, window, most)


def email(db: Read, kind: str, id: int) -> EmailRule:
    """One rule. Raises `NotFound`."""
    found = store.email(db, kind, id)
    if found is None:
        raise NotFound("Record not found")
    return found


def matching(db: Read, email: str) -> list[EmailRule]:
    """The rules that refuse exactly this address."""
    return store.emails_with(db, "canonical", [canonical_digest(email)])


def take_email(tx: Write, by: Moderator, kind: str, id: int, now_ms: int) -> None:
    """Forget a rule. Raises `NotFound`."""
    email(tx, kind, id)
    store.remove_email(tx, id)
    note(tx, by, f"take_email_{kind}", f"email:{id}", now_ms)


# --- where people come from


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about a network; None stays as it is. `expires_s`: for how many seconds."""

    network: str | None = None
    severity: str | None = None
    comment: str | None = None
    expires_s: int | None = None


def shut(tx: Write, by: Moderator, wish: Wish, own: str, now_ms: int) -> AddressRule:
    """A new rule; `own` is from where the moderator comes. Raises `Invalid`."""
    if store.count_addresses(tx) >= MAX_ADDRESS_RULES:
        raise Invalid("There are %(most)s rules already; remove one first.", most=MAX_ADDRESS_RULES)
    blank = AddressRule(
        id=new_id(now_ms), network="", severity="", comment="", expires_ms=None, created_ms=now_ms
    )
    rule = _wished(blank, wish, own, now_ms)
    if not store.insert_address(tx, rule):
        raise Invalid("Validation failed: %(field)s has already been taken", field="Ip")
    note(tx, by, rule.severity, f"address:{rule.network}", now_ms)
    return rule


def change(tx: Write, by: Moderator, id: int, wish: Wish, own: str, *, now_ms: int) -> AddressRule:
    """Another version of a rule. Raises `NotFound`, `Invalid`."""
    rule = _wished(address(tx, id), wish, own, now_ms)
    same = store.address_of(tx, rule.network)
    if same is not None and same.id != id:
        raise Invalid("Validation failed: %(field)s has already been taken", field="Ip")
    store.set_address(
        tx,
        id,
        network=rule.network,
        severity=rule.severity,
        comment=rule.comment,
        expires_ms=rule.expires_ms,
    )
    note(tx, by, rule.severity, f"address:{rule.network}", now_ms)
    return rule


def _wished(rule: AddressRule, wish: Wish, own: str, now_ms: int) -> AddressRule:
    severity = wish.severity if wish.severity is not None else rule.severity
    if severity not in SEVERITIES:
        raise Invalid("Validation failed: Severity can't be blank")
    comment = wish.comment if wish.comment is not None else rule.comment
    if len(comment) > MAX_COMMENT:
        raise Invalid("A comment has at most %(most)s characters.", most=MAX_COMMENT)
    network = _network(wish.network if wish.network is not None else rule.network)
    if severity == "no_access":
        _check_fence(network, own)
    expires_ms = rule.expires_ms
    if wish.expires_s is not None:
        expires_ms = now_ms + max(0, min(wish.expires_s * 1000, CENTURY_MS))
    return msgspec.structs.replace(
        rule, network=str(network), severity=severity, comment=comment, expires_ms=expires_ms
    )


def _check_fence(network: Network, own: str) -> None:
    if network.prefixlen < WIDEST[network.version]:
        raise Invalid(
            "This network is too large to shut out; the largest is /%(least)s.",
            least=WIDEST[network.version],
        )
    if _within(own, network):
        raise Invalid("This would shut out yourself.")


def _network(typed: str) -> Network:
    try:
        return ipaddress.ip_network(typed.strip(), strict=False)
    except ValueError as error:
        raise Invalid("Validation failed: Ip is invalid") from error


def _within(address: str, network: Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def addresses(db: Read, window: Page, most: int) -> list[AddressRule]:
    """Rules about networks, newest first."""
    return store.addresses(db, window, most)


def address(db: Read, id: int) -> AddressRule:
    """One rule. Raises `NotFound`."""
    found = store.address(db, id)
    if found is None:
        raise NotFound("Record not found")
    return found


def lift(tx: Write, network: str, now_ms: int) -> AddressRule | None:
    """Forget the rule about a network, as the operator does; None where there is none.

    Raises `Invalid` for what is no network.
    """
    rule = store.address_of(tx, str(_network(network)))
    if rule is not None:
        open_again(tx, None, rule.id, now_ms)
    return rule


def open_again(tx: Write, by: Moderator | None, id: int, now_ms: int) -> None:
    """Forget a rule. Raises `NotFound`."""
    rule = address(tx, id)
    store.remove_address(tx, id)
    note(tx, by, "lift_address", f"address:{rule.network}", now_ms)
