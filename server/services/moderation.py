"""What moderators decide about people, and what people may say to that.

Whoever is decided about learns the decision and its reason, not by whom; they may appeal once. A
moderator decides about nobody who is a moderator too, and never about themself.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Member, Site
from server.policy import roles
from server.policy.hosts import above
from server.services import departures, notifications, reports, standing, strangers
from server.services.deeds import Moderator, note
from server.store import accounts as account_store
from server.store import apps, hosts, jobs, sessions, strikes
from server.store import moderation as store
from server.store import reports as report_store
from server.store.db import Read, Write
from server.store.moderation import Sought
from server.store.paging import Page
from server.store.strikes import Strike

ACTIONS: Final = ("none", "sensitive", "disable", "silence", "suspend")
OF_OURS: Final = frozenset({"none", "disable"})
"""What concerns a sign-in, or is only said: strangers have neither."""
UNDONE_BY: Final = {
    "disable": "enable",
    "sensitive": "unsensitive",
    "silence": "unsilence",
    "suspend": "unsuspend",
}
MAX_TEXT: Final = 5_000  # characters of a reason
MAX_APPEAL: Final = 2_000

NOT_ALLOWED: Final = "This action is not allowed"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as moderators see them. `member` is None for strangers and neighbourhoods.

    `seen`: (address, when), the latest first.
    """

    account: Account
    member: Member | None = None
    seen: tuple[tuple[str, int], ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`action` is one of `ACTIONS`; `text` is the reason that the person reads."""

    action: str
    text: str = ""
    report_id: int | None = None


class Appealed(msgspec.Struct, frozen=True):
    """A decision, and to whom it was told."""

    warning: Strike
    person: Account


# --- whom they look for


def find(db: Read, sought: Sought, window: Page) -> list[Person]:
    """Those who are sought, newest first."""
    return people(db, store.people(db, window, sought))


def people(db: Read, ids: Iterable[int]) -> list[Person]:
    """These accounts, in their order."""
    wanted = list(dict.fromkeys(ids))
    found = account_store.by_ids(db, wanted)
    members = account_store.members_of(db, wanted)
    seen: dict[int, list[tuple[str, int]]] = {}
    for row in sessions.addresses(db, list(members)):
        seen.setdefault(row["account_id"], []).append((row["address"], row["seen_ms"]))
    return [
        Person(account=found[id], member=members.get(id), seen=tuple(seen.get(id, ())))
        for id in wanted
        if id in found
    ]


def person(db: Read, id: int) -> Person:
    """One of them. Raises `NotFound`."""
    found = people(db, [id])
    if not found or found[0].account.kind == "Application" or found[0].account.state == "gone":
        raise NotFound("There is no such account.")
    return found[0]


# --- deciding


def decide(
    tx: Write, site: Site, by: Moderator, target_id: int, decision: Decision, now_ms: int
) -> tuple[int, ...]:
    """Do it, tell the person, close the reports; the ids of tokens that ended or stand still.

    Raises `NotFound`, `Forbidden`, `Invalid`.
    """
    target = _target(tx, by, target_id)
    _check(tx, target, decision)
    ended = _do(tx, target, decision.action, now_ms)
    _close(tx, by, target.account.id, decision, now_ms)
    note(tx, by, decision.action, f"account:{target_id}", now_ms)
    if target.member is not None:
        _warn(tx, by, target.account, decision, now_ms)
    return ended


def _target(db: Read, by: Moderator, id: int) -> Person:
    target = person(db, id)
    equal = target.member is not None and not roles.outranks(by.role, target.member.role)
    if target.account.id == by.account.id or equal:
        raise Forbidden(NOT_ALLOWED)
    return target


def _check(db: Read, target: Person, decision: Decision) -> None:
    if decision.action not in ACTIONS:
        raise Invalid("Record invalid")
    if len(decision.text) > MAX_TEXT:
        raise Invalid("A reason has at most %(most)s characters.", most=MAX_TEXT)
    if target.member is None and decision.action in OF_OURS:
        raise Invalid("Record invalid")
    if target.account.state == "pending":
        raise Forbidden(NOT_ALLOWED)
    if decision.report_id is not None:
        report = report_store.by_ids(db, [decision.report_id]).get(decision.report_id)
        if report is None or report["target_id"] != target.account.id:
            raise NotFound("There is no such report.")


def _do(tx: Write, target: Person, action: str, now_ms: int) -> tuple[int, ...]:
    id = target.account.id
    if action == "sensitive":
        account_store.set_columns(tx, id, sensitive_ms=now_ms)
    elif action == "silence":
        account_store.set_columns(tx, id, limited_ms=now_ms)
    elif action == "disable":
        return _disable(tx, id, now_ms)
    elif action == "suspend":
        return _suspend(tx, target, now_ms)
    return ()


def _disable(tx: Write, id: int, now_ms: int) -> tuple[int, ...]:
    account_store.set_member(tx, id, disabled_ms=now_ms)
    sessions.remove_of(tx, id)
    return tuple(apps.tokens_of(tx, id))


def _suspend(tx: Write, target: Person, now_ms: int) -> tuple[int, ...]:
    id = target.account.id
    if target.member is not None:
        ended = tuple(apps.tokens_of(tx, id))
        standing.suspend(tx, id)
        return ended
    account_store.set_columns(tx, id, state="suspended")
    if not target.account.local:
        jobs.enqueue_once(tx, "sever", f"sever:{id}", {"account": id, "began": now_ms}, now_ms)
    return ()


def _close(tx: Write, by: Moderator, target_id: int, decision: Decision, now_ms: int) -> None:
    """A word alone answers the report that led to it, everything else all that are open."""
    if decision.action != "none":
        report_store.close_about(tx, target_id, by.account.id, now_ms)
    elif decision.report_id is not None:
        report_store.close(tx, decision.report_id, by.account.id, now_ms)


def _warn(tx: Write, by: Moderator, to: Account, decision: Decision, now_ms: int) -> None:
    id = new_id(now_ms)
    strikes.insert(
        tx,
        Strike(
            id=id,
            account_id=to.id,
            moderator_id=by.account.id,
            action=decision.action,
            text=decision.text.strip(),
            post_ids=_posts_of(tx, decision.report_id, to),
            report_id=decision.report_id,
            appeal="",
            appeal_state="",
            created_ms=now_ms,
        ),
    )
    notifications.notify_warned(tx, to, id, now_ms)


def _posts_of(db: Read, report_id: int | None, author: Account) -> str:
    """The posts of the report that led to it, as a JSON list: they are its author's own."""
    found = reports.by_ids(db, [report_id] if report_id else []).get(report_id or 0)
    posts = found.posts if found else ()
    ids = [one.post.id for one in posts if one.author.id == author.id and one.shown]
    return msgspec.json.encode(ids).decode()


# --- taking it back


def undo(tx: Write, by: Moderator, target_id: int, act: str, now_ms: int) -> None:
    """`enable`, `unsensitive`, `unsilence` or `unsuspend`. Raises `NotFound`, `Forbidden`."""
    target = _target(tx, by, target_id)
    if act == "enable" and target.member is None:
        raise Forbidden(NOT_ALLOWED)
    if act == "unsuspend" and target.account.state != "suspended":
        raise Forbidden(NOT_ALLOWED)
    if _undone(tx, target, act):
        note(tx, by, act, f"account:{target_id}", now_ms)


def _undone(tx: Write, target: Person, act: str) -> bool:
    """Whether there was anything to undo."""
    account, member = target.account, target.member
    if act == "enable" and member is not None and member.disabled_ms is not None:
        account_store.set_member(tx, account.id, disabled_ms=None)
    elif act == "unsensitive" and account.sensitive_ms is not None:
        account_store.set_columns(tx, account.id, sensitive_ms=None)
    elif act == "unsilence" and account.limited_ms is not None:
        account_store.set_columns(tx, account.id, limited_ms=None)
    elif act == "unsuspend" and account.state == "suspended":
        _unsuspend(tx, target)
    else:
        return False
    return True


def _unsuspend(tx: Write, target: Person) -> None:
    if target.member is not None:
        standing.restore(tx, target.account.id)
        return
    rule = hosts.nearest_rule(tx, above(target.account.domain))
    blocked = rule is not None and rule["action"] == "block"
    account_store.set_columns(tx, target.account.id, state="blocked" if blocked else "active")


# --- those who ask to join, and those who end


def approve(tx: Write, by: Moderator, target_id: int, now_ms: int) -> None:
    """Let somebody in. Raises `NotFound`, `Conflict`."""
    person(tx, target_id)
    standing.approve(tx, target_id, now_ms)
    note(tx, by, "approve", f"account:{target_id}", now_ms)


def refuse(tx: Write, by: Moderator, target_id: int, now_ms: int) -> None:
    """Turn somebody away. Raises `NotFound`, `Conflict`."""
    person(tx, target_id)
    standing.refuse(tx, target_id)
    note(tx, by, "reject", f"account:{target_id}", now_ms)


def delete(tx: Write, site: Site, by: Moderator, target_id: int, now_ms: int) -> None:
    """End a suspended account for good. Raises `NotFound`, `Forbidden`."""
    target = _target(tx, by, target_id)
    account = target.account
    if account.state != "suspended" or (account.local and target.member is None):
        raise Forbidden(NOT_ALLOWED)
    if account.local:
        departures.delete(tx, site, account, now_ms)
    else:
        strangers.end_actor(tx, account, now_ms)
        payload = msgspec.json.encode({"account": account.id})
        jobs.enqueue(tx, "bury", f"bury:{account.id}", payload, now_ms)
    note(tx, by, "delete", f"account:{target_id}", now_ms)


# --- what the person reads and answers


def warned(db: Read, account_id: int, warning_id: int) -> Strike:
    """A decision about somebody. Raises `NotFound`."""
    found = strikes.by_ids(db, account_id, [warning_id]).get(warning_id)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


def strikes_of(db: Read, account_id: int, window: Page) -> list[Strike]:
    """All that somebody was told, newest first."""
    return strikes.of_account(db, account_id, window)


def appeal(tx: Write, account_id: int, warning_id: int, text: str) -> None:
    """Say why a decision is wrong, once. Raises `NotFound`, `Invalid`, `Conflict`."""
    warned(tx, account_id, warning_id)
    if not 0 < len(text.strip()) <= MAX_APPEAL:
        raise Invalid("An appeal has 1 to %(most)s characters.", most=MAX_APPEAL)
    if not strikes.appeal(tx, warning_id, text.strip()):
        raise Conflict("You have appealed against this decision already.")


def appeals(db: Read, window: Page) -> list[Appealed]:
    """Those that nobody has answered, newest first."""
    found = strikes.appealed(db, window)
    who = account_store.by_ids(db, [one.account_id for one in found])
    return [Appealed(one, who[one.account_id]) for one in found if one.account_id in who]


def answer_appeal(tx: Write, by: Moderator, warning_id: int, *, agree: bool, now_ms: int) -> None:
    """Agree, which takes the decision back, or not.

    Whoever decided does not judge the appeal, unless there is nobody else. Raises `NotFound`,
    `Forbidden`, `Conflict`.
    """
    found = strikes.by_id(tx, warning_id)
    if found is None:
        raise NotFound("There is nothing at this address.")
    if found.account_id == by.account.id:
        raise Forbidden(NOT_ALLOWED)
    others = [one for one in account_store.moderators(tx) if one.id != by.account.id]
    if found.moderator_id == by.account.id and others:
        raise Forbidden("Another moderator has to answer this: the decision was yours.")
    if not strikes.settle(tx, warning_id, "approved" if agree else "rejected"):
        raise Conflict("This appeal was answered already.")
    undone = UNDONE_BY.get(found.action)
    if agree and undone is not None:
        for one in people(tx, [found.account_id]):
            _undone(tx, one, undone)
    note(
        tx,
        by,
        "approve_appeal" if agree else "reject_appeal",
        f"account:{found.account_id}",
        now_ms,
    )
