"""What somebody is said to have written in an old blog, and what they answered."""

from typing import Final

import msgspec

from server.store import search_index
from server.store.db import Read, Write, record

MOST_CLAIMS: Final = 50


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One import names one of ours as an author. `answer`: asked | yes | no."""

    run_id: int
    account_id: int
    answer: str = "asked"
    answered_ms: int = 0


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What they are said to have written. `theirs`: it stands under their account."""

    post_id: int
    run_id: int
    account_id: int
    theirs: int = 0


def ask(tx: Write, run_id: int, account_id: int) -> bool:
    """Ask somebody about an import. False when they were asked."""
    return (
        tx.run(
            """
            INSERT INTO import_claim (run_id, account_id) VALUES (:run, :account)
            ON CONFLICT DO NOTHING
            """,
            run=run_id,
            account=account_id,
        )
        == 1
    )


def answer(tx: Write, claim: Claim) -> None:
    """What they say from now on."""
    tx.run(
        """
        UPDATE import_claim SET answer = :answer, answered_ms = :answered_ms
        WHERE run_id = :run_id AND account_id = :account_id
        """,
        **msgspec.structs.asdict(claim),
    )


def one(db: Read, run_id: int, account_id: int) -> Claim | None:
    """What somebody was asked about an import."""
    found = db.one(
        "SELECT * FROM import_claim WHERE run_id = :run AND account_id = :account",
        run=run_id,
        account=account_id,
    )
    return Claim(**record(found)) if found else None


def of_account(db: Read, account_id: int) -> list[Claim]:
    """What somebody was asked, the latest import first."""
    found = db.all(
        """
        SELECT * FROM import_claim WHERE account_id = :account
        ORDER BY run_id DESC LIMIT :limit
        """,
        account=account_id,
        limit=MOST_CLAIMS,
    )
    return [Claim(**record(row)) for row in found]


def of_run(db: Read, run_id: int) -> list[Claim]:
    """Who was asked about an import."""
    found = db.all(
        "SELECT * FROM import_claim WHERE run_id = :run ORDER BY account_id LIMIT :limit",
        run=run_id,
        limit=MOST_CLAIMS,
    )
    return [Claim(**record(row)) for row in found]


def unanswered(db: Read, account_id: int) -> int:
    """How many imports wait for an answer of somebody."""
    found = db.one(
        "SELECT count(*) AS n FROM import_claim WHERE account_id = :account AND answer = 'asked'",
        account=account_id,
    )
    return int(found["n"]) if found else 0


# --- what it is about


def put(tx: Write, claimed: Claimed) -> None:
    """Somebody is said to have written this; of two the latter."""
    tx.run(
        """
        INSERT INTO claimed_post (post_id, run_id, account_id, theirs)
        VALUES (:post_id, :run_id, :account_id, :theirs)
        ON CONFLICT (post_id) DO UPDATE SET run_id = excluded.run_id,
            account_id = excluded.account_id, theirs = excluded.theirs
        """,
        **msgspec.structs.asdict(claimed),
    )


def of_post(db: Read, post_id: int) -> Claimed | None:
    """Who is said to have written this."""
    found = db.one("SELECT * FROM claimed_post WHERE post_id = :id", id=post_id)
    return Claimed(**record(found)) if found else None


def posts(db: Read, claim: Claim, limit: int, *, theirs: bool = False) -> list[int]:
    """Some of what a claim is about, that is theirs or not yet."""
    found = db.all(
        """
        SELECT post_id FROM claimed_post
        WHERE run_id = :run AND account_id = :account AND theirs = :theirs
        ORDER BY post_id LIMIT :limit
        """,
        run=claim.run_id,
        account=claim.account_id,
        theirs=int(theirs),
        limit=limit,
    )
    return [int(row["post_id"]) for row in found]


def stories(db: Read, claim: Claim, limit: int) -> tuple[list[int], int]:
    """The latest stories of a claim, and how many posts it is about, comments among them."""
    found = db.all(
        """
        SELECT c.post_id FROM claimed_post c JOIN post p ON p.id = c.post_id
        WHERE c.run_id = :run AND c.account_id = :account AND p.kind = 'article'
        ORDER BY c.post_id DESC LIMIT :limit
        """,
        run=claim.run_id,
        account=claim.account_id,
        limit=limit,
    )
    count = db.one(
        "SELECT count(*) AS n FROM claimed_post WHERE run_id = :run AND account_id = :account",
        run=claim.run_id,
        account=claim.account_id,
    )
    return [int(row["post_id"]) for row in found], int(count["n"]) if count else 0


def hand_over(tx: Write, post_id: int, from_id: int, to_id: int) -> None:
    """What hangs on the author of a post goes with it: its pictures, and how it is found.

    Of the secret comments below a story go those that came with it: nobody else wrote them to
    whoever kept the story meanwhile.
    """
    at = {"post": post_id, "old": from_id, "new": to_id}
    tx.run("UPDATE media SET account_id = :new WHERE post_id = :post AND account_id = :old", **at)
    tx.run(
        """
        INSERT INTO mention (post_id, account_id)
        SELECT p.id, :new FROM post p WHERE p.thread_id = :post AND p.visibility = 'secret'
          AND p.author_id <> :new
          AND EXISTS (SELECT 1 FROM imported i WHERE i.post_id = p.id)
          AND EXISTS (SELECT 1 FROM mention m WHERE m.post_id = p.id AND m.account_id = :old)
        ON CONFLICT DO NOTHING
        """,
        **at,
    )
    tx.run(
        """
        DELETE FROM mention WHERE account_id = :old AND post_id IN (
            SELECT p.id FROM post p JOIN post above ON above.id = p.reply_to_id
            WHERE p.thread_id = :post AND p.visibility = 'secret'
              AND EXISTS (SELECT 1 FROM imported i WHERE i.post_id = p.id)
              AND (above.id = :post OR above.author_id <> :old))
        """,
        **at,
    )
    tx.run(
        """
        INSERT INTO mention (post_id, account_id)
        SELECT p.id, :new FROM post p WHERE p.reply_to_id = :post AND p.visibility = 'secret'
          AND p.author_id <> :new AND EXISTS (SELECT 1 FROM imported i WHERE i.post_id = p.id)
        ON CONFLICT DO NOTHING
        """,
        **at,
    )
    search_index.note_changed(tx, post_id)


def forget_account(tx: Write, account_id: int) -> None:
    """An account ends: nobody is asked any more."""
    for table in ("import_claim", "claimed_post"):
        tx.run(f"DELETE FROM {table} WHERE account_id = :id", id=account_id)  # noqa: S608
