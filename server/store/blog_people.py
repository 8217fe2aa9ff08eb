"""Who writes in a team blog: cohorts of citizen writers, and who wrote a story together."""

from collections.abc import Iterable

import msgspec

from server.ids import new_id
from server.model import Account
from server.store import accounts
from server.store.db import Read, Write, record, structs
from server.store.paging import among


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """The writers of one year (기수); its leader may add others."""

    id: int
    community_id: int
    number: int
    year: int
    leader_id: int | None = None


def insert_cohort(tx: Write, cohort: Cohort) -> None:
    """A new one."""
    tx.run(
        """
        INSERT INTO blog_cohort (id, community_id, number, year, leader_id)
        VALUES (:id, :community_id, :number, :year, :leader_id)
        """,
        **msgspec.structs.asdict(cohort),
    )


def cohorts(db: Read, community_id: int) -> list[Cohort]:
    """All of a blog, the latest first."""
    found = db.all(
        "SELECT * FROM blog_cohort WHERE community_id = :community ORDER BY number DESC",
        community=community_id,
    )
    return [Cohort(**record(row)) for row in found]


def cohort(db: Read, community_id: int, number: int) -> Cohort | None:
    """The one with this number."""
    found = db.one(
        "SELECT * FROM blog_cohort WHERE community_id = :community AND number = :number",
        community=community_id,
        number=number,
    )
    return Cohort(**record(found)) if found else None


def cohort_by_id(db: Read, id: int) -> Cohort | None:
    """One of any blog."""
    found = db.one("SELECT * FROM blog_cohort WHERE id = :id", id=id)
    return Cohort(**record(found)) if found else None


def lead(tx: Write, cohort_id: int, leader_id: int | None) -> None:
    """Who leads a cohort from now on."""
    tx.run("UPDATE blog_cohort SET leader_id = :who WHERE id = :id", id=cohort_id, who=leader_id)


def add_writer(tx: Write, cohort_id: int, account_id: int, now_ms: int) -> bool:
    """Somebody writes with a cohort. False when they did."""
    return (
        tx.run(
            """
            INSERT INTO blog_writer (cohort_id, account_id, id) VALUES (:cohort, :account, :id)
            ON CONFLICT DO NOTHING
            """,
            cohort=cohort_id,
            account=account_id,
            id=new_id(now_ms),
        )
        == 1
    )


def remove_writer(tx: Write, cohort_id: int, account_id: int) -> None:
    """Somebody writes with a cohort no more, and leads it no more."""
    tx.run(
        "DELETE FROM blog_writer WHERE cohort_id = :cohort AND account_id = :account",
        cohort=cohort_id,
        account=account_id,
    )
    tx.run(
        "UPDATE blog_cohort SET leader_id = NULL WHERE id = :cohort AND leader_id = :account",
        cohort=cohort_id,
        account=account_id,
    )


def writers(db: Read, cohort_id: int) -> list[Account]:
    """Who writes with a cohort and is there, in the order in which they came."""
    found = db.all(
        """
        SELECT a.* FROM blog_writer w JOIN account a ON a.id = w.account_id
        WHERE w.cohort_id = :cohort AND a.state = 'active' ORDER BY w.id
        """,
        cohort=cohort_id,
    )
    return structs(Account, found)


def writes(db: Read, community_id: int, account_id: int) -> bool:
    """Whether somebody is a writer of a blog, in whichever of its cohorts."""
    found = db.one(
        """
        SELECT 1 FROM blog_writer w JOIN blog_cohort c ON c.id = w.cohort_id
        WHERE w.account_id = :account AND c.community_id = :community LIMIT 1
        """,
        account=account_id,
        community=community_id,
    )
    return found is not None


def leads(db: Read, community_id: int, account_id: int) -> bool:
    """Whether somebody leads a cohort of a blog."""
    found = db.one(
        """
        SELECT 1 FROM blog_cohort WHERE leader_id = :account AND community_id = :community LIMIT 1
        """,
        account=account_id,
        community=community_id,
    )
    return found is not None


# --- together


def invite(tx: Write, post_id: int, account_id: int, now_ms: int) -> bool:
    """Ask somebody whether they wrote a story too. False when they were asked."""
    return (
        tx.run(
            """
            INSERT INTO blog_author (post_id, account_id, id, state)
            VALUES (:post, :account, :id, 'invited') ON CONFLICT DO NOTHING
            """,
            post=post_id,
            account=account_id,
            id=new_id(now_ms),
        )
        == 1
    )


def confirm(tx: Write, post_id: int, account_id: int) -> bool:
    """They did. False when nobody asked."""
    return (
        tx.run(
            """
            UPDATE blog_author SET state = 'accepted'
            WHERE post_id = :post AND account_id = :account AND state = 'invited'
            """,
            post=post_id,
            account=account_id,
        )
        == 1
    )


def take_out(tx: Write, post_id: int, account_id: int) -> bool:
    """They did not, or do not want to stand there. False when they never stood there."""
    return (
        tx.run(
            "DELETE FROM blog_author WHERE post_id = :post AND account_id = :account",
            post=post_id,
            account=account_id,
        )
        == 1
    )


def authors(db: Read, post_id: int, state: str) -> list[Account]:
    """Who wrote a story with its author (`accepted`), or was asked (`invited`)."""
    found = db.all(
        """
        SELECT a.* FROM blog_author w JOIN account a ON a.id = w.account_id
        WHERE w.post_id = :post AND w.state = :state AND a.state = 'active' ORDER BY w.id
        """,
        post=post_id,
        state=state,
    )
    return structs(Account, found)


def invitations(db: Read, account_id: int) -> list[int]:
    """The stories of which an account was asked whether it wrote them too, newest first."""
    found = db.all(
        """
        SELECT post_id FROM blog_author WHERE account_id = :account AND state = 'invited'
        ORDER BY post_id DESC LIMIT 50
        """,
        account=account_id,
    )
    return [int(row["post_id"]) for row in found]


def cohorts_of(db: Read, community_id: int, account_ids: Iterable[int]) -> dict[int, list[int]]:
    """With which cohorts of a blog each of the accounts writes, by their numbers."""
    found = among(
        db,
        """
        SELECT w.account_id, c.number FROM blog_writer w JOIN blog_cohort c ON c.id = w.cohort_id
        WHERE c.community_id = :community AND w.account_id IN (:list) ORDER BY c.number
        """,
        account_ids,
        community=community_id,
    )
    numbers: dict[int, list[int]] = {}
    for row in found:
        numbers.setdefault(int(row["account_id"]), []).append(int(row["number"]))
    return numbers


def leaders(db: Read, found: Iterable[Cohort]) -> dict[int, Account]:
    """Who leads the cohorts, by id."""
    return accounts.by_ids(db, [one.leader_id for one in found if one.leader_id is not None])
