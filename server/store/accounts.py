"""Actors, ours and strangers'."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from server.model import Account, Member
from server.store import names, search_index
from server.store.db import Read, Row, Write, struct, structs
from server.store.paging import among

COLUMNS = tuple(field.name for field in msgspec.structs.fields(Account))
INSERT = f"INSERT INTO account ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608
MEMBER_COLUMNS = tuple(field.name for field in msgspec.structs.fields(Member))


def _one(found: Row | None) -> Account | None:
    return struct(Account, found) if found else None


def keyed(row: Row) -> tuple[int, Account]:
    """What a row calls `of_id`, and the account that is the rest of it."""
    return row["of_id"], struct(Account, row)


def by_id(db: Read, id: int) -> Account | None:
    """The account with this id of ours."""
    return _one(db.one("SELECT * FROM account WHERE id = :id", id=id))


def by_uri(db: Read, uri: str) -> Account | None:
    """The account with this actor id."""
    return _one(db.one("SELECT * FROM account WHERE uri = :uri", uri=uri))


def by_handle(db: Read, name: str, domain: str = "") -> Account | None:
    """The account called `name@domain`; the last one we met where a peer gave a name twice.

    SQLite makes a new plan for each value that is compared with the column of a partial index
    (`WHERE domain = ''`), which takes ten times as long as the look; not so for an expression.
    """
    return _one(
        db.one(
            """
            SELECT * FROM account WHERE name = :name AND domain = CAST(:domain AS TEXT)
            ORDER BY id DESC LIMIT 1
            """,
            name=name.lower() if domain == "" else name,
            domain=domain,
        )
    )


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Account]:
    """Those of `ids` that exist."""
    found = among(db, "SELECT * FROM account WHERE id IN (:list)", dict.fromkeys(ids))
    return {one.id: one for one in structs(Account, found)}


def states(db: Read, ids: Iterable[int]) -> dict[int, str]:
    """The state of each of `ids` that exists."""
    found = among(db, "SELECT id, state FROM account WHERE id IN (:list)", dict.fromkeys(ids))
    return {row["id"]: row["state"] for row in found}


def by_uris(db: Read, uris: Iterable[str]) -> list[Account]:
    """Those of `uris` that we know."""
    found = among(db, "SELECT * FROM account WHERE uri IN (:list)", dict.fromkeys(uris))
    return structs(Account, found)


def insert(tx: Write, account: Account) -> None:
    """Store a new account."""
    tx.run(INSERT, **msgspec.structs.asdict(account))
    names.write(tx, account.id)


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of one account; its renderings are out of date from now on."""
    if columns.get("indexable"):
        search_index.note_author(tx, id)
    changed = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(
        f"UPDATE account SET {changed}, version = version + 1 WHERE id = :id",  # noqa: S608
        id=id,
        **columns,
    )
    if not names.NAMED.isdisjoint(columns):
        names.write(tx, id)


def hold(tx: Write, id: int) -> None:
    """Wait until nobody else counts with this account, and keep others waiting until the commit.

    On PostgreSQL: whoever changes an account and what is promised in its name does so in this
    order, or two of its deeds at once wait for each other.
    """
    if tx.dialect == "postgresql":
        tx.one("SELECT 1 FROM account WHERE id = :id FOR NO KEY UPDATE", id=id)


def count_post(tx: Write, id: int, change: int, at_ms: int) -> None:
    """One public post more or less."""
    tx.run(
        """
        UPDATE account SET posts_count = posts_count + :change,
            last_post_ms = CASE
                WHEN :change > 0 AND (last_post_ms IS NULL OR last_post_ms < :at) THEN :at
                ELSE last_post_ms END
        WHERE id = :id
        """,
        id=id,
        change=change,
        at=at_ms,
    )


def count_followers(tx: Write, id: int, change: int) -> None:
    """One accepted follower more or less."""
    tx.run(
        "UPDATE account SET followers_count = followers_count + :c WHERE id = :id", id=id, c=change
    )


def count_following(tx: Write, id: int, change: int) -> None:
    """One accepted following more or less."""
    tx.run(
        "UPDATE account SET following_count = following_count + :c WHERE id = :id", id=id, c=change
    )


def beginning(db: Read, start: str, limit: int) -> list[Account]:
    """Accounts whose name begins with `start` (lower-case), by name; not those that are limited."""
    found = db.all(
        """
        SELECT a.* FROM name_term t JOIN account a ON a.id = t.account_id
        WHERE t.term >= :start AND t.term < :after
          AND a.state = 'active' AND a.kind <> 'Application' AND a.limited_ms IS NULL
        ORDER BY t.term, a.id LIMIT :limit
        """,
        start=f"@{start}",
        after=f"@{start}\U0010ffff",
        limit=limit,
    )
    return structs(Account, found)


def followed_like(db: Read, follower_id: int, text: str, limit: int) -> list[Account]:
    """Whom somebody follows whose shown or handle's name contains `text` (lower-case)."""
    literal = re.sub(r"([\\%_])", r"\\\1", text)
    found = db.all(
        r"""
        SELECT a.* FROM follow f JOIN account a ON a.id = f.target_id
        WHERE f.follower_id = :follower AND f.state = 'accepted' AND a.state = 'active'
          AND (lower(a.display_name) LIKE :inside ESCAPE '\' OR a.name LIKE :inside ESCAPE '\')
        ORDER BY f.id DESC LIMIT :limit
        """,
        follower=follower_id,
        inside=f"%{literal}%",
        limit=limit,
    )
    return structs(Account, found)


# --- our own: keys and the private half


def insert_keys(
    tx: Write, account_id: int, *, rsa: tuple[bytes, str], ed25519: tuple[bytes, str]
) -> None:
    """Store (sealed private, public) of both kinds."""
    tx.run(
        "INSERT INTO account_key VALUES (:id, :rsa_private, :rsa_public, :ed_private, :ed_public)",
        id=account_id,
        rsa_private=rsa[0],
        rsa_public=rsa[1],
        ed_private=ed25519[0],
        ed_public=ed25519[1],
    )


def keys(db: Read, account_id: int) -> Row | None:
    """rsa_private (sealed), rsa_public, ed25519_private (sealed), ed25519_public."""
    return db.one("SELECT * FROM account_key WHERE account_id = :id", id=account_id)


def first_key(db: Read) -> bytes | None:
    """The oldest sealed key of ours, to try a key file on."""
    row = db.one("SELECT rsa_private FROM account_key ORDER BY account_id LIMIT 1")
    return row["rsa_private"] if row else None


def files(db: Read) -> set[str]:
    """The names of the pictures that our people's pages show."""
    found = db.all("SELECT avatar, header FROM account WHERE domain = ''")
    urls = (row[column] for row in found for column in ("avatar", "header"))
    return {url.rpartition("/")[2] for url in urls if url}


def insert_member(tx: Write, member: Member) -> None:
    """Store the private half of a new account."""
    tx.run(
        f"INSERT INTO member ({', '.join(MEMBER_COLUMNS)}) VALUES (:{', :'.join(MEMBER_COLUMNS)})",  # noqa: S608
        **msgspec.structs.asdict(member),
    )


def member(db: Read, account_id: int) -> Member | None:
    """The private half of one of ours."""
    found = db.one("SELECT * FROM member WHERE account_id = :id", id=account_id)
    return struct(Member, found) if found else None


def members_of(db: Read, account_ids: Iterable[int]) -> dict[int, Member]:
    """The private halves of those of these accounts that are ours."""
    found = among(db, "SELECT * FROM member WHERE account_id IN (:list)", account_ids)
    return {one.account_id: one for one in structs(Member, found)}


def member_by_email(db: Read, email: str) -> Member | None:
    """The private half of the account with this address."""
    found = db.one("SELECT * FROM member WHERE email = :email", email=email.lower())
    return struct(Member, found) if found else None


def members(db: Read, state: str | None = None) -> list[tuple[Account, Member]]:
    """All of ours, oldest first; or those in `state`."""
    found = db.all(
        """
        SELECT account_id FROM member WHERE state = :state OR :state = '' ORDER BY account_id
        """,
        state=state or "",
    )
    answer = []
    for row in found:
        account, private = by_id(db, row["account_id"]), member(db, row["account_id"])
        if account and private:
            answer.append((account, private))
    return answer


def moderators(db: Read) -> list[Account]:
    """Those who may decide."""
    found = db.all(
        """
        SELECT account.* FROM member JOIN account ON account.id = account_id
        WHERE member.role IN ('moderator', 'admin') AND member.state = 'active' ORDER BY account.id
        """
    )
    return structs(Account, found)


def contact(db: Read) -> Account | None:
    """Whom one can turn to: the first who runs the place, or else who moderates it."""
    row = db.one(
        """
        SELECT account.* FROM member JOIN account ON account.id = account_id
        WHERE member.role IN ('moderator', 'admin') AND member.state = 'active'
        ORDER BY CASE member.role WHEN 'admin' THEN 0 ELSE 1 END, account.id LIMIT 1
        """
    )
    return None if row is None else struct(Account, row)


def set_member(tx: Write, account_id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of the private half."""
    changed = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE member SET {changed} WHERE account_id = :id", id=account_id, **columns)  # noqa: S608


def remove_member(tx: Write, account_id: int) -> None:
    """Forget the private half."""
    tx.run("DELETE FROM member WHERE account_id = :id", id=account_id)


def remove_local(tx: Write, account_id: int) -> None:
    """Forget an account of ours that never wrote, followed or was followed."""
    tx.run("DELETE FROM account_key WHERE account_id = :id", id=account_id)
    names.forget(tx, account_id)
    tx.run("DELETE FROM account WHERE id = :id AND domain = ''", id=account_id)


# --- strangers' keys


def remote_key(db: Read, uri: str) -> Row | None:
    """uri, account_id, owner, pem, multibase, state, fetched_ms."""
    return db.one("SELECT * FROM remote_key WHERE uri = :uri", uri=uri)


def put_remote_key(
    tx: Write,
    *,
    uri: str,
    owner: str,
    account_id: int | None,
    pem: str,
    multibase: str,
    state: str,
    fetched_ms: int,
) -> None:
    """Remember a key, or that there is none (`state` dead)."""
    tx.run(
        """
        INSERT INTO remote_key (uri, account_id, owner, pem, multibase, state, fetched_ms)
        VALUES (:uri, :account, :owner, :pem, :multibase, :state, :at)
        ON CONFLICT (uri) DO UPDATE SET account_id = excluded.account_id, owner = excluded.owner,
            pem = excluded.pem, multibase = excluded.multibase, state = excluded.state,
            fetched_ms = excluded.fetched_ms
        """,
        uri=uri,
        account=account_id,
        owner=owner,
        pem=pem,
        multibase=multibase,
        state=state,
        at=fetched_ms,
    )


def forget_dead_keys(tx: Write, before_ms: int) -> int:
    """Keys whose owners were gone: after a while we may ask again."""
    return tx.run(
        "DELETE FROM remote_key WHERE state = 'dead' AND fetched_ms < :before", before=before_ms
    )


def remove_remote_keys(tx: Write, account_id: int) -> None:
    """Forget every key of an account."""
    tx.run("DELETE FROM remote_key WHERE account_id = :id", id=account_id)


def joined_between(db: Read, from_ms: int, to_ms: int) -> int:
    """How many came in this time."""
    found = db.one(
        "SELECT count(*) AS n FROM member WHERE created_ms >= :since AND created_ms < :until",
        since=from_ms,
        until=to_ms,
    )
    return int(found["n"]) if found else 0


def totals(db: Read, since_month_ms: int, since_half_year_ms: int) -> Row:
    """users, active_month, active_half_year, posts: ours, for NodeInfo."""
    found = db.one(
        """
        SELECT count(*) AS users,
            count(CASE WHEN a.last_post_ms > :month THEN 1 END) AS active_month,
            count(CASE WHEN a.last_post_ms > :half THEN 1 END) AS active_half_year,
            coalesce(sum(a.posts_count), 0) AS posts
        FROM member JOIN account a ON a.id = member.account_id WHERE member.state = 'active'
        """,
        month=since_month_ms,
        half=since_half_year_ms,
    )
    assert found is not None  # noqa: S101  an aggregate always has its row
    return found
