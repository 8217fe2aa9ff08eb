"""People and communities by their handles and names: an index of words, beside `account`.

A handle is found by how it begins, a name by any of its words: those of scripts with spaces by how
they begin, all others by every two characters.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from server.store.db import Read, Row, Write
from server.store.paging import among
from server.text.finding import NameNeed, handle_needs, name_needs, name_terms

MOST: Final = 1_000  # accounts of each side that are put in order, of those whom a word fits
SIDES: Final = range(3)
COMMUNITY, OURS, OTHERS = SIDES
NAMED: Final = frozenset(("name", "display_name", "kind", "domain", "state"))
"""Columns of an account under which it is found, or not found any more."""

_FOLLOWED: Final = """EXISTS (SELECT 1 FROM follow f WHERE f.follower_id = :me
    AND f.target_id = a.id AND f.state = 'accepted')"""
_KINDS: Final = {None: "", True: "AND a.kind = 'Group'", False: "AND a.kind <> 'Group'"}


class Wanted(msgspec.Struct, frozen=True):
    """Whom somebody looks for. `following`: only whom they follow. `groups`: only communities, or
    only people; None: either.
    """

    text: str
    viewer_id: int = 0
    following: bool = False
    groups: bool | None = None

    @property
    def handle(self) -> tuple[str, str]:
        """(name, domain), if this is a handle."""
        name, _, domain = self.text.strip().lstrip("@").lower().partition("@")
        return name, domain

    @property
    def sides(self) -> Sequence[int]:
        """Where to look."""
        if self.groups is None:
            return SIDES
        return (COMMUNITY,) if self.groups else (OURS, OTHERS)


def search(db: Read, wanted: Wanted, limit: int, offset: int = 0) -> list[int]:
    """Accounts that fit: who is called so exactly, whom the viewer follows and who is well known
    come first. Who is limited is found by those who follow them, and by their whole handle.

    Where more than `MOST` of a side fit, only some of them are put in order.
    """
    name, domain = wanted.handle
    ways = [way for way in (handle_needs(name), name_needs(wanted.text)) if way]
    params: dict[str, Any] = {}
    parts: list[str] = []
    for number, way in enumerate(ways):
        named = [_condition(need, f"w{number}n{n}", params) for n, need in enumerate(way)]
        parts += _of_a_way(named, () if wanted.following else wanted.sides, f"h{number}")
    if not parts:
        return []
    found = db.all(
        f"""
        SELECT a.id FROM ({" UNION ".join(parts)}) AS few JOIN account a ON a.id = few.account_id
        WHERE a.state = 'active' AND a.kind <> 'Application' {_KINDS[wanted.groups]}
          AND (a.domain <> '' OR NOT EXISTS (
              SELECT 1 FROM member m WHERE m.account_id = a.id AND m.state = 'pending'))
          AND (a.limited_ms IS NULL OR (lower(a.name) = :name AND a.domain = :domain)
               OR a.id = :me OR {_FOLLOWED})
        ORDER BY CASE WHEN lower(a.name) = :name AND a.domain = :domain THEN 0
                      WHEN {_FOLLOWED} THEN 1 ELSE 2 END,
            a.followers_count DESC, a.id LIMIT :limit OFFSET :offset
        """,  # noqa: S608
        me=wanted.viewer_id,
        name=name,
        domain=domain,
        limit=limit,
        offset=offset,
        **params,
    )
    return [row["id"] for row in found]


def _of_a_way(named: Sequence[str], sides: Iterable[int], alias: str) -> Iterable[str]:
    """SELECTs of the accounts that have all of these terms: whom the viewer follows, and some of
    each side.
    """
    yield f"""
        SELECT f.target_id AS account_id FROM follow f
        WHERE f.follower_id = :me AND f.state = 'accepted' {_having(named, "f.target_id")}
    """  # noqa: S608
    for side in sides:
        yield f"""
            SELECT * FROM (SELECT DISTINCT t.account_id FROM name_term t
                WHERE t.{named[0]} AND t.side = {side} {_having(named[1:], "t.account_id")}
                LIMIT {MOST}) AS {alias}{side}
        """  # noqa: S608


def _condition(need: NameNeed, name: str, params: dict[str, Any]) -> str:
    """What is asked of a term; its values are put into `params`."""
    params[name] = need.term
    if need.whole:
        return f"term = :{name}"
    params[f"{name}x"] = need.term + "\U0010ffff"
    return f"term BETWEEN :{name} AND :{name}x"


def _having(named: Iterable[str], id: str) -> str:
    return "".join(
        f" AND EXISTS (SELECT 1 FROM name_term o WHERE o.account_id = {id} AND o.{one})"  # noqa: S608
        for one in named
    )


# --- keeping it up


def write(tx: Write, account_id: int) -> None:
    """Whom an account is found as, from now on; who is gone is not found."""
    found = tx.one("SELECT * FROM account WHERE id = :id", id=account_id)
    if found is not None:
        _write(tx, found)


def _write(tx: Write, account: Row) -> None:
    known = {
        (row["term"], row["side"])
        for row in tx.all(
            "SELECT term, side FROM name_term WHERE account_id = :id", id=account["id"]
        )
    }
    wanted = {(term, _side(account)) for term in _terms(account)}
    tx.many(
        "DELETE FROM name_term WHERE account_id = :id AND term = :term",
        [{"id": account["id"], "term": term} for term, _ in known - wanted],
    )
    tx.many(
        "INSERT INTO name_term (term, account_id, side) VALUES (:term, :id, :side)",
        [{"term": term, "id": account["id"], "side": side} for term, side in wanted - known],
    )


def _terms(account: Row) -> set[str]:
    gone = account["state"] == "gone" or account["kind"] == "Application"
    return set() if gone else name_terms(account["name"], account["display_name"])


def _side(account: Row) -> int:
    if account["kind"] == "Group":
        return COMMUNITY
    return OTHERS if account["domain"] else OURS


def forget(tx: Write, account_id: int) -> None:
    """An account is not there any more."""
    tx.run("DELETE FROM name_term WHERE account_id = :id", id=account_id)


def old(db: Read) -> int | None:
    """Accounts before this id have not been looked at yet; None when all have."""
    found = db.one("SELECT before_id FROM name_old WHERE before_id > 0 ORDER BY before_id LIMIT 1")
    return int(found["before_id"]) if found else None


def look_back(tx: Write, many: int) -> bool:
    """Look at some more of the old accounts. False when there were none."""
    before = old(tx)
    if before is None:
        return False
    ids = tx.all(
        "SELECT id FROM account WHERE id < :before ORDER BY id DESC LIMIT :many",
        before=before,
        many=many,
    )
    for account in among(tx, "SELECT * FROM account WHERE id IN (:list)", (r["id"] for r in ids)):
        _write(tx, account)
    tx.run("DELETE FROM name_old WHERE before_id = :before", before=before)
    if len(ids) == many:
        tx.run("INSERT INTO name_old (before_id) VALUES (:before)", before=ids[-1]["id"])
    return True
