"""What is decided about other servers, and what that does to those whom we know from there.

`suspend` blocks a server: its people and what they wrote are hidden, follows both ways end. With
`silence` its people are limited, as one is whom a moderator limits. `noop` only lets reports or
media be refused. The rule counts at once; those who are known already follow some at a time.
"""

from typing import Any, Final

import msgspec

from server import text
from server.errors import Conflict, Invalid, NotFound
from server.model import Account, Site
from server.policy.hosts import above, nearest
from server.services import backlinks, follows, notifications
from server.services.deeds import Moderator, note
from server.store import accounts, hosts, jobs
from server.store import borders as store
from server.store.db import Read, Row, Write
from server.store.paging import Page

SEVERITIES: Final = ("silence", "suspend", "noop")
MAX_RULES: Final = 20_000
MAX_COMMENT: Final = 2_000  # characters
AT_ONCE: Final = 200  # accounts, or follows, that one transaction changes
JOB: Final = "border"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How a domain is kept away or quiet; None stays as it is (at first: as the reference has it).

    `comment` is for everybody, `private_comment` for moderators.
    """

    severity: str | None = None
    reject_media: bool | None = None
    reject_reports: bool | None = None
    comment: str | None = None
    private_comment: str | None = None
    obfuscate: bool | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Where the work on a domain goes on: with the accounts after `after` of the inbox `peer`.

    `mark`: when the rule was made, which those carry that it limits; `began`: when this work did.
    """

    domain: str
    mark: int
    began: int
    peer: int = 0
    after: int = 0


# --- deciding


def restrict(tx: Write, site: Site, by: Moderator, domain: str, wish: Wish, now_ms: int) -> Row:
    """Keep a domain away or quiet. Raises `Invalid`, `Conflict` where there is a rule."""
    name = _name(site, domain)
    known = hosts.rule(tx, name)
    if known is not None and known["action"] != "allow":
        raise Conflict("Validation failed: Domain has already been taken")
    if len(hosts.rules(tx)) >= MAX_RULES:
        raise Invalid("There are %(most)s rules already; remove one first.", most=MAX_RULES)
    severity = wish.severity or "silence"
    _set(tx, name, msgspec.structs.replace(wish, severity=severity), now_ms)
    note(tx, by, f"{severity}_domain", f"domain:{name}", now_ms)
    return _rule(tx, name)


def change(tx: Write, by: Moderator, id: int, wish: Wish, now_ms: int) -> Row:
    """Change a rule that keeps a domain away or quiet. Raises `NotFound`, `Invalid`."""
    row = restricting(tx, id)
    _set(tx, row["domain"], wish, now_ms, known=row)
    note(tx, by, "update_domain", f"domain:{row['domain']}", now_ms)
    return _rule(tx, row["domain"])


def allow(tx: Write, site: Site, by: Moderator, domain: str, now_ms: int) -> Row:
    """Let a domain in, whatever is said about the one above it. Raises `Invalid`."""
    name = _name(site, domain)
    known = hosts.rule(tx, name)
    if known is None or known["action"] != "allow":
        decide(tx, name, "allow", "", now_ms)
        note(tx, by, "allow_domain", f"domain:{name}", now_ms)
    return _rule(tx, name)


def lift(tx: Write, by: Moderator, row: Row, now_ms: int) -> None:
    """Forget a rule."""
    forget(tx, row["domain"], now_ms)
    note(tx, by, "lift_domain", f"domain:{row['domain']}", now_ms)


def decide(tx: Write, domain: str, action: str, reason: str, now_ms: int) -> None:
    """Block or allow a domain, as the operator does; what else is known of it stays."""
    severity = {"severity": "suspend"} if action == "block" else {}
    hosts.set_rule(tx, domain, action, reason, now_ms, **severity)
    _apply_later(tx, domain, _rule(tx, domain)["created_ms"], now_ms)


def forget(tx: Write, domain: str, now_ms: int) -> bool:
    """Forget the rule about a domain. False when there is none."""
    row = hosts.rule(tx, domain)
    if row is None:
        return False
    hosts.remove_rule(tx, domain)
    _apply_later(tx, domain, row["created_ms"], now_ms)
    return True


def _set(tx: Write, domain: str, wish: Wish, now_ms: int, *, known: Row | None = None) -> None:
    comment, severity = _checked(wish, known)
    columns: dict[str, Any] = {
        "severity": severity,
        "reject_media": wish.reject_media,
        "reject_reports": wish.reject_reports,
        "private_comment": wish.private_comment,
        "obfuscate": wish.obfuscate,
    }
    given = {
        name: int(value) if isinstance(value, bool) else value
        for name, value in columns.items()
        if value is not None
    }
    action = "block" if severity == "suspend" else "limit"
    hosts.set_rule(tx, domain, action, comment, now_ms, **given)
    if known is None or known["severity"] != severity:
        _apply_later(tx, domain, _rule(tx, domain)["created_ms"], now_ms)


def _checked(wish: Wish, known: Row | None) -> tuple[str, str]:
    """The comment and the severity that it will have. Raises `Invalid`."""
    severity = wish.severity or (known["severity"] if known else "silence")
    if severity not in SEVERITIES:
        raise Invalid("Validation failed: Severity is not included in the list")
    if any(len(one or "") > MAX_COMMENT for one in (wish.comment, wish.private_comment)):
        raise Invalid("A comment has at most %(most)s characters.", most=MAX_COMMENT)
    comment = wish.comment
    if comment is None:
        comment = known["reason"] if known else ""
    return comment, severity


def _name(site: Site, domain: str) -> str:
    if not domain.strip():
        raise Invalid("Validation failed: Domain can't be blank")
    name = text.domain_name(domain)
    if name is None:
        raise Invalid("Validation failed: Domain is not a valid domain name")
    if name in above(site.domain):
        raise Invalid("This is our own domain.")
    return name


def _rule(db: Read, domain: str) -> Row:
    found = hosts.rule(db, domain)
    assert found is not None  # noqa: S101  it was just made
    return found


# --- reading


def restricting(db: Read, id: int) -> Row:
    """A rule that keeps a domain away or quiet. Raises `NotFound`."""
    return _with_id(db, id, allowing=False)


def allowing(db: Read, id: int) -> Row:
    """A rule that lets a domain in. Raises `NotFound`."""
    return _with_id(db, id, allowing=True)


def _with_id(db: Read, id: int, *, allowing: bool) -> Row:
    row = hosts.rule_by_id(db, id)
    if row is None or (row["action"] == "allow") != allowing:
        raise NotFound("Record not found")
    return row


def rules(db: Read, window: Page, *, allowing: bool, most: int) -> list[Row]:
    """Newest first."""
    return hosts.page(db, window, allowing=allowing, most=most)


def refuses(db: Read, host: str, what: str) -> bool:
    """Whether `what` (media | reports) of people of this host is refused."""
    row = hosts.nearest_rule(db, above(host))
    return row is not None and bool(row[f"reject_{what}"])


def standing(db: Read, host: str) -> dict[str, Any]:
    """Columns with which somebody of this host begins, beside what their server says."""
    row = hosts.nearest_rule(db, above(host))
    found: dict[str, Any] = {}
    if row is not None and row["action"] == "limit" and row["severity"] == "silence":
        found["limited_ms"] = row["created_ms"]
    if row is not None and row["reject_media"]:
        found |= {"avatar": "", "header": ""}
    return found


# --- what it does to those who are known


def _apply_later(tx: Write, domain: str, mark: int, now_ms: int) -> None:
    step = Step(domain=domain, mark=mark, began=now_ms)
    jobs.enqueue(tx, JOB, f"{JOB}:{domain}", msgspec.json.encode(step), now_ms)
    rule = hosts.rule(tx, domain)
    if rule is not None and rule["action"] == "block":
        backlinks.unlink_later(tx, domain, now_ms)


def go_on(tx: Write, step: Step, now_ms: int) -> Step | None:
    """Change some; where to go on, or nothing at the end."""
    concerned = [
        row
        for row in store.peers(tx)
        if row["id"] >= step.peer and step.domain in above(row["host"])
    ]
    if not concerned:
        return None
    peer = concerned[0]
    if peer["id"] != step.peer:
        step = msgspec.structs.replace(step, peer=peer["id"], after=0)
    by_domain = {row["domain"]: row for row in hosts.rules(tx)}
    name = nearest({domain: domain for domain in by_domain}, peer["host"])
    rule = by_domain[name] if name is not None else None
    if rule is not None and rule["action"] == "block" and _cut(tx, step, rule["domain"], now_ms):
        return step
    found = store.people(tx, step.peer, step.after, AT_ONCE)
    _mark(tx, found, rule, step.mark)
    if len(found) == AT_ONCE:
        return msgspec.structs.replace(step, after=found[-1]["id"])
    return msgspec.structs.replace(step, peer=step.peer + 1, after=0)


def _mark(tx: Write, found: list[Row], rule: Row | None, mark: int) -> None:
    changes: dict[tuple[str, int | None], list[int]] = {}
    for row in found:
        wanted = (_state(row["state"], rule), _limited(row["limited_ms"], rule, mark))
        if wanted != (row["state"], row["limited_ms"]):
            changes.setdefault(wanted, []).append(row["id"])
    for (state, limited_ms), ids in changes.items():
        store.mark(tx, ids, state, limited_ms)


def _state(state: str, rule: Row | None) -> str:
    """Who is suspended by themself, or gone, stays so."""
    blocked = rule is not None and rule["action"] == "block"
    if state == "active" and blocked:
        return "blocked"
    return "active" if state == "blocked" and not blocked else state


def _limited(limited_ms: int | None, rule: Row | None, mark: int) -> int | None:
    """Whom a moderator limited stays so; this rule's own mark comes and goes with it."""
    if limited_ms not in (None, mark):
        return limited_ms
    silenced = rule is not None and rule["action"] == "limit" and rule["severity"] == "silence"
    return rule["created_ms"] if rule is not None and silenced else None


def _cut(tx: Write, step: Step, domain: str, now_ms: int) -> bool:
    """End some follows between ours and theirs without a word to them; whether there are more."""
    ties = store.ties(tx, step.peer, AT_ONCE)
    lost: dict[int, tuple[int, int]] = {}
    for follower, target, accepted in _people_of(tx, ties):
        follows.drop(tx, follower, target)
        if accepted:
            _count(lost, follower, target)
    _tell(tx, lost, "domain_block", domain, step.began, now_ms)
    return len(ties) == AT_ONCE


def sever(tx: Write, site: Site, account_id: int, began_ms: int, now_ms: int) -> bool:
    """End some of the follows by a stranger who is suspended; whether there are more of them."""
    account = accounts.by_id(tx, account_id)
    if account is None or account.state != "suspended":
        return False
    ties = store.follows_of(tx, account_id, AT_ONCE)
    lost: dict[int, tuple[int, int]] = {}
    for follower, target, accepted in _people_of(tx, ties):
        follows.cast_out(tx, site, target, follower, now_ms)
        if accepted:
            _count(lost, follower, target)
    _tell(tx, lost, "account_suspension", account.acct, began_ms, now_ms)
    return len(ties) == AT_ONCE


def _people_of(db: Read, ties: list[Row]) -> list[tuple[Account, Account, bool]]:
    found = accounts.by_ids(
        db, {row[side] for row in ties for side in ("follower_id", "target_id")}
    )
    return [
        (found[row["follower_id"]], found[row["target_id"]], row["state"] == "accepted")
        for row in ties
    ]


def _count(lost: dict[int, tuple[int, int]], follower: Account, target: Account) -> None:
    """One follower of ours less, or one whom ours follow."""
    ours = follower if follower.local else target
    followers, following = lost.get(ours.id, (0, 0))
    lost[ours.id] = (followers + (not follower.local), following + follower.local)


def _tell(
    tx: Write,
    lost: dict[int, tuple[int, int]],
    kind: str,
    target: str,
    began_ms: int,
    now_ms: int,
) -> None:
    """Once each, however many times more is added to it."""
    for id, account in accounts.by_ids(tx, lost).items():
        notifications.notify_more_severed(
            tx, account, kind=kind, target=target, lost=lost[id], since_ms=began_ms, now_ms=now_ms
        )
