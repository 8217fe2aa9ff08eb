"""Invitations: codes that let somebody join where the city wants it so."""

from server.store.db import Read, Row, Write


def insert(tx: Write, *, code: str, account_id: int | None, uses: int, expires_ms: int) -> None:
    """Store an invitation by one of ours, or by the operator."""
    tx.run(
        """
        INSERT INTO invite (code, account_id, uses_left, expires_ms)
        VALUES (:code, :account, :uses, :expires)
        """,
        code=code,
        account=account_id,
        uses=uses,
        expires=expires_ms,
    )


def use(tx: Write, code: str, now_ms: int) -> bool:
    """Take one use. False when there is none left, it is over, or who invited is not active."""
    return (
        tx.run(
            """
            UPDATE invite SET uses_left = uses_left - 1
            WHERE code = :code AND uses_left > 0 AND expires_ms > :now
              AND (account_id IS NULL OR EXISTS (
                SELECT 1 FROM member
                WHERE member.account_id = invite.account_id AND member.state = 'active'))
            """,
            code=code,
            now=now_ms,
        )
        == 1
    )


def of_account(db: Read, account_id: int, now_ms: int) -> list[Row]:
    """code, uses_left, expires_ms of the account's invitations that still work, oldest first."""
    return db.all(
        """
        SELECT code, uses_left, expires_ms FROM invite
        WHERE account_id = :account AND uses_left > 0 AND expires_ms > :now
        ORDER BY expires_ms, code
        """,
        account=account_id,
        now=now_ms,
    )


def remove(tx: Write, account_id: int, code: str) -> bool:
    """Forget one of the account's invitations. False when it has none with this code."""
    return (
        tx.run(
            "DELETE FROM invite WHERE code = :code AND account_id = :account",
            code=code,
            account=account_id,
        )
        == 1
    )


def remove_of(tx: Write, account_id: int) -> None:
    """Forget all of an account's invitations."""
    tx.run("DELETE FROM invite WHERE account_id = :account", account=account_id)


def sweep(tx: Write, now_ms: int) -> int:
    """Forget what lets nobody in any more."""
    return tx.run("DELETE FROM invite WHERE uses_left <= 0 OR expires_ms <= :now", now=now_ms)
