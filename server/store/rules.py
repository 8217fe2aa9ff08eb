"""The house's rules, and its longer papers: who may see what, and on which terms."""

from server.store.db import Read, Row, Write


def all(db: Read) -> list[Row]:
    """id, text, hint of those that count, in their order."""
    return db.all("SELECT id, text, hint FROM rule WHERE deleted_ms IS NULL ORDER BY position, id")


def insert(tx: Write, id: int, text: str, hint: str) -> None:
    """One rule more, behind the others."""
    tx.run(
        """
        INSERT INTO rule (id, position, text, hint)
        SELECT :id, coalesce(max(position), 0) + 1, :text, :hint FROM rule
        """,
        id=id,
        text=text,
        hint=hint,
    )


def set_words(tx: Write, id: int, text: str, hint: str) -> None:
    """Say a rule in other words."""
    tx.run("UPDATE rule SET text = :text, hint = :hint WHERE id = :id", id=id, text=text, hint=hint)


def set_position(tx: Write, id: int, position: int) -> None:
    """Where a rule stands among the others."""
    tx.run("UPDATE rule SET position = :position WHERE id = :id", id=id, position=position)


def remove(tx: Write, id: int, now_ms: int) -> bool:
    """A rule counts no more; reports that name it keep its words. False when there is none."""
    return (
        tx.run(
            "UPDATE rule SET deleted_ms = :now WHERE id = :id AND deleted_ms IS NULL",
            id=id,
            now=now_ms,
        )
        == 1
    )


def paper(db: Read, kind: str, at_ms: int) -> Row | None:
    """content, effective_ms, updated_ms of the paper that counts at this time."""
    return db.one(
        """
        SELECT * FROM document WHERE kind = :kind AND effective_ms <= :at
        ORDER BY effective_ms DESC LIMIT 1
        """,
        kind=kind,
        at=at_ms,
    )


def paper_after(db: Read, kind: str, at_ms: int) -> Row | None:
    """The one that takes its place next."""
    return db.one(
        """
        SELECT * FROM document WHERE kind = :kind AND effective_ms > :at
        ORDER BY effective_ms LIMIT 1
        """,
        kind=kind,
        at=at_ms,
    )


def papers(db: Read) -> list[Row]:
    """kind, effective_ms, updated_ms of every version of every paper, newest first of each kind."""
    return db.all(
        """
        SELECT kind, effective_ms, updated_ms FROM document ORDER BY kind, effective_ms DESC
        """
    )


def set_paper(tx: Write, kind: str, effective_ms: int, content: str, now_ms: int) -> None:
    """Keep a paper; one of the same time is replaced."""
    tx.run(
        """
        INSERT INTO document (kind, effective_ms, content, updated_ms)
        VALUES (:kind, :effective, :content, :now)
        ON CONFLICT (kind, effective_ms)
        DO UPDATE SET content = excluded.content, updated_ms = excluded.updated_ms
        """,
        kind=kind,
        effective=effective_ms,
        content=content,
        now=now_ms,
    )


def remove_papers(tx: Write, kind: str) -> int:
    """Forget every version of a paper; how many there were."""
    return tx.run("DELETE FROM document WHERE kind = :kind", kind=kind)
