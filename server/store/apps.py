"""Apps that registered themselves, the codes that people gave them, and what codes became."""

from typing import Final

from server.store.db import Read, Row, Write
from server.store.paging import listed

AT_ONCE: Final = 500  # ids in one statement
_SUBSCRIPTIONS: Final = "DELETE FROM push_subscription WHERE token_id IN (:list)"
_TOKENS: Final = "DELETE FROM access_token WHERE id IN (:list)"


def insert(
    tx: Write,
    *,
    id: int,
    client_id: str,
    secret_hash: bytes,
    name: str,
    website: str,
    redirect_uris: str,
    scopes: str,
    now_ms: int,
) -> None:
    """Store an app. `redirect_uris` are lines."""
    tx.run(
        """
        INSERT INTO app
            (id, client_id, secret_hash, name, website, redirect_uris, scopes, created_ms, used_ms)
        VALUES (:id, :client, :secret, :name, :website, :uris, :scopes, :now, :now)
        """,
        id=id,
        client=client_id,
        secret=secret_hash,
        name=name,
        website=website,
        uris=redirect_uris,
        scopes=scopes,
        now=now_ms,
    )


def by_client_id(db: Read, client_id: str) -> Row | None:
    """The app that calls itself this."""
    return db.one("SELECT * FROM app WHERE client_id = :client", client=client_id)


def by_id(db: Read, id: int) -> Row | None:
    """The app with this id."""
    return db.one("SELECT * FROM app WHERE id = :id", id=id)


def touch(tx: Write, id: int, now_ms: int) -> None:
    """Somebody uses it."""
    tx.run("UPDATE app SET used_ms = :now WHERE id = :id", id=id, now=now_ms)


def sweep(tx: Write, unused_since_ms: int, unwanted_since_ms: int, limit: int) -> int:
    """Forget apps that nobody has let in: never, or not for long. How many went.

    What a post was written with stays.
    """
    rows = tx.all(
        """
        SELECT id FROM app
        WHERE used_ms < :unwanted AND (used_ms = created_ms OR used_ms < :unused)
            AND NOT EXISTS (SELECT 1 FROM access_token WHERE access_token.app_id = app.id)
            AND NOT EXISTS (SELECT 1 FROM authorization_code WHERE app_id = app.id)
            AND NOT EXISTS (SELECT 1 FROM post WHERE post.app_id = app.id)
            AND NOT EXISTS (SELECT 1 FROM scheduled_post WHERE scheduled_post.app_id = app.id)
        LIMIT :limit
        """,
        unused=unused_since_ms,
        unwanted=unwanted_since_ms,
        limit=limit,
    )
    for row in rows:
        tx.run("DELETE FROM app WHERE id = :id", id=row["id"])
    return len(rows)


# --- codes


def insert_code(
    tx: Write,
    *,
    code_hash: bytes,
    app_id: int,
    account_id: int,
    redirect_uri: str,
    scopes: str,
    challenge: str,
    expires_ms: int,
) -> None:
    """Store what a person agreed to."""
    tx.run(
        """
        INSERT INTO authorization_code
            (code_hash, app_id, account_id, redirect_uri, scopes, challenge, expires_ms)
        VALUES (:hash, :app, :account, :uri, :scopes, :challenge, :expires)
        """,
        hash=code_hash,
        app=app_id,
        account=account_id,
        uri=redirect_uri,
        scopes=scopes,
        challenge=challenge,
        expires=expires_ms,
    )


def code(db: Read, code_hash: bytes) -> Row | None:
    """app_id, account_id, redirect_uri, scopes, challenge, expires_ms, used_ms."""
    return db.one("SELECT * FROM authorization_code WHERE code_hash = :hash", hash=code_hash)


def use_code(tx: Write, code_hash: bytes, now_ms: int) -> bool:
    """Whether it had not been used before."""
    changed = tx.run(
        """
        UPDATE authorization_code SET used_ms = :now WHERE code_hash = :hash AND used_ms IS NULL
        """,
        hash=code_hash,
        now=now_ms,
    )
    return changed == 1


def forget_codes(tx: Write, expired_before_ms: int) -> int:
    """A code that ended long ago is as unknown as one that never was."""
    return tx.run(
        "DELETE FROM authorization_code WHERE expires_ms < :before", before=expired_before_ms
    )


def codes_of(db: Read, account_id: int) -> list[bytes]:
    """An account's codes, newest first."""
    rows = db.all(
        """
        SELECT code_hash FROM authorization_code WHERE account_id = :account
        ORDER BY expires_ms DESC
        """,
        account=account_id,
    )
    return [bytes(row["code_hash"]) for row in rows]


def remove_code(tx: Write, code_hash: bytes) -> None:
    """Forget one code."""
    tx.run("DELETE FROM authorization_code WHERE code_hash = :hash", hash=code_hash)


def remove_codes_of(tx: Write, account_id: int, app_id: int | None = None) -> None:
    """Take back what was not fetched yet, from one app or from all."""
    tx.run(
        """
        DELETE FROM authorization_code
        WHERE account_id = :account AND (app_id = :app OR :app = 0)
        """,
        account=account_id,
        app=app_id or 0,
    )


# --- tokens


def insert_token(
    tx: Write,
    *,
    id: int,
    token_hash: bytes,
    account_id: int | None,
    app_id: int,
    app: str,
    scopes: str,
    code_hash: bytes | None,
    now_ms: int,
) -> None:
    """Store a token of an app: for a person, or for the app alone."""
    tx.run(
        """
        INSERT INTO access_token
            (id, token_hash, account_id, app_id, app, scopes, code_hash, created_ms, used_ms)
        VALUES (:id, :hash, :account, :app_id, :app, :scopes, :code, :now, :now)
        """,
        id=id,
        hash=token_hash,
        account=account_id,
        app_id=app_id,
        app=app,
        scopes=scopes,
        code=code_hash,
        now=now_ms,
    )


def access(db: Read, account_id: int, limit: int) -> list[Row]:
    """An account's tokens, last used first: id, app_id, name, website, scopes and times."""
    return db.all(
        """
        SELECT access_token.id, access_token.app_id, access_token.scopes, access_token.created_ms,
            access_token.used_ms, coalesce(app.name, access_token.app) AS name,
            coalesce(app.website, '') AS website
        FROM access_token LEFT JOIN app ON app.id = access_token.app_id
        WHERE access_token.account_id = :account
        ORDER BY access_token.used_ms DESC, access_token.id DESC LIMIT :limit
        """,
        account=account_id,
        limit=limit,
    )


def tokens_of(db: Read, account_id: int) -> list[int]:
    """The ids of an account's tokens, last used first."""
    rows = db.all(
        """
        SELECT id FROM access_token WHERE account_id = :account ORDER BY used_ms DESC, id DESC
        """,
        account=account_id,
    )
    return [row["id"] for row in rows]


def tokens_alone(db: Read, app_id: int) -> list[int]:
    """The ids of an app's tokens that are nobody's, newest first."""
    rows = db.all(
        """
        SELECT id FROM access_token WHERE app_id = :app AND account_id IS NULL ORDER BY id DESC
        """,
        app=app_id,
    )
    return [row["id"] for row in rows]


def tokens_of_code(db: Read, code_hash: bytes) -> list[int]:
    """What this code became."""
    rows = db.all("SELECT id FROM access_token WHERE code_hash = :hash", hash=code_hash)
    return [row["id"] for row in rows]


def remove_tokens(tx: Write, ids: list[int]) -> None:
    """End these tokens, and what is pushed to whoever holds them."""
    for statement in (_SUBSCRIPTIONS, _TOKENS):
        for start in range(0, len(ids), AT_ONCE):
            sql, params = listed(statement, ids[start : start + AT_ONCE])
            tx.run(sql, **params)


def touch_token(tx: Write, id: int, now_ms: int) -> None:
    """The token was used."""
    tx.run("UPDATE access_token SET used_ms = :now WHERE id = :id", id=id, now=now_ms)
