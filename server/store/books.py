"""Books of chosen stories of a team blog, and what their authors said to that."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.store.db import Read, Write, record
from server.store.paging import among

MOST_LISTED: Final = 100
MOST_ASKED: Final = 500


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """A book. `state`: gathering | making | ready. `foreword` is Markdown.

    `done` of `total` stories are in it while it is made; `failure` is why it was not made. `anew`:
    it was made, and is bound anew of what is left. `cover_id` is a picture of a chosen story.
    """

    id: int
    community_id: int
    editor_id: int | None
    title: str
    foreword: str = ""
    language: str
    licence: str = ""
    state: str = "gathering"
    done: int = 0
    total: int = 0
    file: str = ""
    bytes: int = 0
    failure: str = ""
    ordered_ms: int = 0
    made_ms: int | None = None
    published_ms: int | None = None
    created_ms: int
    updated_ms: int
    cover_id: int | None = None
    anew: int = 0


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of a story of theirs in a book. `answer`: asked | yes | no."""

    book_id: int
    post_id: int
    account_id: int
    answer: str
    answered_ms: int


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Book))
_INSERT: Final = f"INSERT INTO book ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608


def insert(tx: Write, book: Book) -> None:
    """A new one."""
    tx.run(_INSERT, **msgspec.structs.asdict(book))


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of one."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE book SET {names} WHERE id = :id", id=id, **columns)  # noqa: S608


def by_id(db: Read, id: int) -> Book | None:
    """One of any blog's."""
    found = db.one("SELECT * FROM book WHERE id = :id", id=id)
    return Book(**record(found)) if found else None


def of_community(db: Read, community_id: int) -> list[Book]:
    """All of a blog, the latest first."""
    found = db.all(
        "SELECT * FROM book WHERE community_id = :community ORDER BY id DESC LIMIT :limit",
        community=community_id,
        limit=MOST_LISTED,
    )
    return [Book(**record(row)) for row in found]


def remove(tx: Write, id: int) -> None:
    """Forget one; its file is nobody's any more."""
    for table in ("book_story", "book_consent"):
        tx.run(f"DELETE FROM {table} WHERE book_id = :id", id=id)  # noqa: S608
    tx.run("DELETE FROM book WHERE id = :id", id=id)


# --- its stories


def chosen(db: Read, book_id: int) -> list[int]:
    """The stories that an editor chose, in order."""
    found = db.all(
        "SELECT post_id FROM book_story WHERE book_id = :book ORDER BY place, post_id",
        book=book_id,
    )
    return [int(row["post_id"]) for row in found]


def choose(tx: Write, book_id: int, post_ids: Iterable[int]) -> None:
    """The stories from now on, in this order; what was said of those that go is forgotten."""
    wanted = list(post_ids)
    for known in chosen(tx, book_id):
        if known not in wanted:
            tx.run(
                "DELETE FROM book_consent WHERE book_id = :book AND post_id = :post",
                book=book_id,
                post=known,
            )
    tx.run("DELETE FROM book_story WHERE book_id = :book", book=book_id)
    for place, id in enumerate(wanted, 1):
        tx.run(
            "INSERT INTO book_story (book_id, post_id, place) VALUES (:book, :post, :place)",
            book=book_id,
            post=id,
            place=place,
        )


def bound(db: Read, book_id: int) -> list[int]:
    """The stories that stand in the file that was made, as far as they are still there."""
    found = db.all(
        "SELECT post_id FROM book_story WHERE book_id = :book AND bound = 1", book=book_id
    )
    return [int(row["post_id"]) for row in found]


def bind(tx: Write, book_id: int, post_ids: Iterable[int]) -> None:
    """Which stories stand in the file from now on."""
    tx.run("UPDATE book_story SET bound = 0 WHERE book_id = :book", book=book_id)
    tx.many(
        "UPDATE book_story SET bound = 1 WHERE book_id = :book AND post_id = :post",
        [{"book": book_id, "post": id} for id in post_ids],
    )


def made_after(db: Read, id: int, limit: int) -> list[int]:
    """The made books of all blogs after an id."""
    found = db.all(
        "SELECT id FROM book WHERE state = 'ready' AND id > :id ORDER BY id LIMIT :limit",
        id=id,
        limit=limit,
    )
    return [int(row["id"]) for row in found]


# --- what their authors said


def consents(db: Read, book_id: int) -> list[Consent]:
    """What everybody said of everything in a book."""
    found = db.all("SELECT * FROM book_consent WHERE book_id = :book", book=book_id)
    return [Consent(**record(row)) for row in found]


def ask(tx: Write, consent: Consent) -> bool:
    """Ask somebody, or put down what they said of every book. False when they were asked."""
    return (
        tx.run(
            """
            INSERT INTO book_consent (book_id, post_id, account_id, answer, answered_ms)
            VALUES (:book_id, :post_id, :account_id, :answer, :answered_ms) ON CONFLICT DO NOTHING
            """,
            **msgspec.structs.asdict(consent),
        )
        == 1
    )


def answer(tx: Write, consent: Consent) -> bool:
    """Somebody answers, or answers anew. False where nobody asked them."""
    return (
        tx.run(
            """
            UPDATE book_consent SET answer = :answer, answered_ms = :answered_ms
            WHERE book_id = :book_id AND post_id = :post_id AND account_id = :account_id
            """,
            **msgspec.structs.asdict(consent),
        )
        == 1
    )


def asked(db: Read, account_id: int) -> list[Consent]:
    """Everything that an account was asked, of the latest books first."""
    found = db.all(
        """
        SELECT * FROM book_consent WHERE account_id = :account
        ORDER BY book_id DESC, post_id LIMIT :limit
        """,
        account=account_id,
        limit=MOST_ASKED,
    )
    return [Consent(**record(row)) for row in found]


def unanswered(db: Read, account_id: int) -> int:
    """How many stories an account was asked about in books that are not made, and said nothing."""
    found = db.one(
        """
        SELECT count(*) AS n FROM book_consent c JOIN book b ON b.id = c.book_id
        WHERE c.account_id = :account AND c.answer = 'asked' AND b.state <> 'ready'
        """,
        account=account_id,
    )
    return int(found["n"]) if found else 0


def allow(tx: Write, post_id: int, account_id: int, now_ms: int) -> None:
    """A story may stand in every book of the team, for all that this author says."""
    tx.run(
        """
        INSERT INTO book_ok (post_id, account_id, since_ms) VALUES (:post, :account, :now)
        ON CONFLICT DO NOTHING
        """,
        post=post_id,
        account=account_id,
        now=now_ms,
    )


def disallow(tx: Write, post_id: int, account_id: int) -> None:
    """Whoever makes the next book asks again."""
    tx.run(
        "DELETE FROM book_ok WHERE post_id = :post AND account_id = :account",
        post=post_id,
        account=account_id,
    )


def allowed(db: Read, post_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """Since when (story, author) allow every book, for these stories."""
    found = among(db, "SELECT * FROM book_ok WHERE post_id IN (:list)", post_ids)
    return {(int(row["post_id"]), int(row["account_id"])): int(row["since_ms"]) for row in found}


def own_stories(db: Read, account_id: int, limit: int) -> list[int]:
    """The latest stories in team blogs that an account wrote, alone or with others."""
    found = db.all(
        """
        SELECT id FROM (
            SELECT * FROM (
                SELECT p.id FROM post p WHERE p.author_id = :account AND p.deleted_ms IS NULL
                  AND EXISTS (SELECT 1 FROM blog_story s WHERE s.post_id = p.id)
                ORDER BY p.id DESC LIMIT :limit) AS few
            UNION SELECT w.post_id AS id FROM blog_author w
            WHERE w.account_id = :account AND w.state = 'accepted'
        ) AS latest ORDER BY id DESC LIMIT :limit
        """,
        account=account_id,
        limit=limit,
    )
    return [int(row["id"]) for row in found]


def made_with(db: Read, account_id: int) -> list[Book]:
    """The books, made or being made, in which an author let a story stand."""
    found = db.all(
        """
        SELECT * FROM book WHERE state <> 'gathering' AND id IN (
            SELECT c.book_id FROM book_consent c WHERE c.account_id = :account AND c.answer = 'yes')
        """,
        account=account_id,
    )
    return [Book(**record(row)) for row in found]


def forget_account(tx: Write, account_id: int) -> None:
    """An account ends: nobody has its consent any more."""
    for table in ("book_consent", "book_ok"):
        tx.run(f"DELETE FROM {table} WHERE account_id = :id", id=account_id)  # noqa: S608
    tx.run("UPDATE book SET editor_id = NULL WHERE editor_id = :id", id=account_id)
