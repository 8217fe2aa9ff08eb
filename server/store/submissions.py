"""What members want published in a team blog, until an editor has published it."""

from typing import Final

import msgspec

from server.store.db import Read, Write, record

MOST_LISTED: Final = 100


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A text between its author and the editors. `state`: submitted | suggested | published.

    `params` is a NewPost as JSON, `suggestion` another one that an editor proposes, or empty.
    One that is published without a `post_id` waits for its time.
    """

    id: int
    community_id: int
    author_id: int
    state: str
    params: str
    suggestion: str = ""
    note: str = ""
    editor_id: int | None = None
    version: int = 1
    post_id: int | None = None
    idempotency_key: str | None = None
    created_ms: int
    updated_ms: int


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Submission))
_INSERT: Final = (
    f"INSERT INTO blog_submission ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608
)


def insert(tx: Write, submission: Submission) -> None:
    """A new one."""
    tx.run(_INSERT, **msgspec.structs.asdict(submission))


def by_id(db: Read, id: int) -> Submission | None:
    """One of anybody's."""
    found = db.one("SELECT * FROM blog_submission WHERE id = :id", id=id)
    return Submission(**record(found)) if found else None


def by_key(db: Read, author_id: int, key: str) -> Submission | None:
    """The one that its author made with this key."""
    found = db.one(
        "SELECT * FROM blog_submission WHERE author_id = :author AND idempotency_key = :key",
        author=author_id,
        key=key,
    )
    return Submission(**record(found)) if found else None


def replace(tx: Write, submission: Submission, known_version: int) -> bool:
    """What it says now. False, and nothing changed, where it is not the version that was known."""
    return (
        tx.run(
            """
            UPDATE blog_submission SET state = :state, params = :params, suggestion = :suggestion,
                note = :note, editor_id = :editor_id, version = version + 1,
                updated_ms = :updated_ms
            WHERE id = :id AND version = :known
            """,
            id=submission.id,
            state=submission.state,
            params=submission.params,
            suggestion=submission.suggestion,
            note=submission.note,
            editor_id=submission.editor_id,
            updated_ms=submission.updated_ms,
            known=known_version,
        )
        == 1
    )


def became(tx: Write, id: int, post_id: int) -> None:
    """It is out; what it said is in the post."""
    tx.run(
        """
        UPDATE blog_submission SET post_id = :post, params = '', suggestion = '' WHERE id = :id
        """,
        id=id,
        post=post_id,
    )


def remove(tx: Write, id: int) -> None:
    """Forget one."""
    tx.run("DELETE FROM blog_submission WHERE id = :id", id=id)


def of_author(db: Read, author_id: int) -> list[Submission]:
    """An author's, the latest first."""
    found = db.all(
        """
        SELECT * FROM blog_submission WHERE author_id = :author ORDER BY id DESC LIMIT :limit
        """,
        author=author_id,
        limit=MOST_LISTED,
    )
    return [Submission(**record(row)) for row in found]


def at_desk(db: Read, community_id: int, state: str) -> list[Submission]:
    """What is in this state, the longest waiting first."""
    found = db.all(
        """
        SELECT * FROM blog_submission WHERE community_id = :community AND state = :state
        ORDER BY id LIMIT :limit
        """,
        community=community_id,
        state=state,
        limit=MOST_LISTED,
    )
    return [Submission(**record(row)) for row in found]


def waiting(db: Read, community_id: int) -> int:
    """How many wait for an editor."""
    found = db.one(
        """
        SELECT count(*) AS n FROM blog_submission
        WHERE community_id = :community AND state = 'submitted'
        """,
        community=community_id,
    )
    return int(found["n"]) if found else 0


def unfinished(db: Read, author_id: int) -> int:
    """How many of an author's are not out."""
    found = db.one(
        """
        SELECT count(*) AS n FROM blog_submission WHERE author_id = :author AND post_id IS NULL
        """,
        author=author_id,
    )
    return int(found["n"]) if found else 0
