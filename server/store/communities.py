"""Communities: groups that anybody can follow. Ours are neighbourhoods, boards and team blogs.

Who moderates them and who was banned is kept of strangers' groups as well.
"""

from collections.abc import Iterable
from typing import Any, Final

from server.ids import new_id
from server.model import Account, Community, Post
from server.store import accounts
from server.store.db import Read, Row, Write, struct, structs
from server.store.paging import Page, among, rows

SETTINGS: Final = (
    "kind",
    "tag",
    "parent_id",
    "place",
    "latitude",
    "longitude",
    "boundary",
    "rules",
    "posting",
    "votes",
    "language",
)
"""The columns that are fields of `Community` beside its account."""
_COLUMNS: Final = ", ".join(f"c.{name} AS c_{name}" for name in SETTINGS)


def insert(tx: Write, community: Community, now_ms: int) -> None:
    """Make an account of ours a community."""
    names = ", ".join(SETTINGS)
    params = ", ".join(f":{name}" for name in SETTINGS)
    tx.run(
        f"""
        INSERT INTO community (account_id, created_ms, {names}) VALUES (:account, :now, {params})
        """,  # noqa: S608
        account=community.account.id,
        now=now_ms,
        **{name: getattr(community, name) for name in SETTINGS},
    )


def set_columns(tx: Write, account_id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change settings of a community."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(
        f"UPDATE community SET {names} WHERE account_id = :account",  # noqa: S608
        account=account_id,
        **columns,
    )


def _community(row: Row) -> Community:
    columns = dict(row)
    settings = {name: columns.pop(f"c_{name}") for name in SETTINGS}
    passed_on = columns.pop("passed_on", 0)
    return Community(account=Account(**columns), passed_on=passed_on, **settings)


def by_id(db: Read, account_id: int) -> Community | None:
    """The community of ours that is this account."""
    found = db.one(
        f"""
        SELECT {_COLUMNS}, a.* FROM community c JOIN account a ON a.id = c.account_id
        WHERE c.account_id = :id
        """,  # noqa: S608
        id=account_id,
    )
    return _community(found) if found else None


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Community]:
    """Those of the accounts that are communities of ours."""
    found = among(
        db,
        f"""
        SELECT {_COLUMNS}, a.* FROM community c JOIN account a ON a.id = c.account_id
        WHERE c.account_id IN (:list)
        """,  # noqa: S608
        ids,
    )
    return {row["id"]: _community(row) for row in found}


def of_kinds(db: Read, kinds: Iterable[str], limit: int) -> list[Community]:
    """Active communities of ours of these kinds, those with most followers first."""
    # The "+ 0" keeps SQLite from reading every account there is to find these few.
    found = among(
        db,
        f"""
        SELECT {_COLUMNS}, a.* FROM community c JOIN account a ON a.id = c.account_id + 0
        WHERE c.kind IN (:list) AND a.state = 'active'
        ORDER BY a.followers_count DESC, a.id LIMIT :limit
        """,  # noqa: S608
        kinds,
        limit=limit,
    )
    return [_community(row) for row in found]


def children(db: Read, parent_id: int, limit: int) -> list[Community]:
    """Active communities that lie in a neighbourhood."""
    found = db.all(
        f"""
        SELECT {_COLUMNS}, a.* FROM community c JOIN account a ON a.id = c.account_id
        WHERE c.parent_id = :parent AND a.state = 'active' ORDER BY a.id LIMIT :limit
        """,  # noqa: S608
        parent=parent_id,
        limit=limit,
    )
    return [_community(row) for row in found]


def by_tag(db: Read, tag: str) -> Account | None:
    """The community to which a hashtag belongs, of whatever kind."""
    found = db.one(
        """
        SELECT a.* FROM community c JOIN account a ON a.id = c.account_id WHERE c.tag = :tag
        """,
        tag=tag,
    )
    return struct(Account, found) if found else None


def tag_of(db: Read, account_id: int) -> str | None:
    """The hashtag of a community; None where the account is none."""
    found = db.one("SELECT tag FROM community WHERE account_id = :id", id=account_id)
    return found["tag"] if found else None


def neighbourhoods_of(db: Read, tags: Iterable[str]) -> list[tuple[str, Account]]:
    """(hashtag, neighbourhood) for those of `tags` that belong to one."""
    found = among(
        db,
        """
        SELECT c.tag AS of_id, a.* FROM community c JOIN account a ON a.id = c.account_id
        WHERE c.tag IN (:list) AND c.kind = 'neighbourhood' AND a.state = 'active' ORDER BY a.id
        """,
        tags,
    )
    return [(str(row["of_id"]), accounts.keyed(row)[1]) for row in found]


def neighbourhoods(db: Read, since_id: int) -> list[Community]:
    """All of them, the liveliest first: by how many posts since `since_id` they passed on."""
    # The "+ 0" keeps SQLite from reading every account there is to find these few.
    found = db.all(
        f"""
        SELECT {_COLUMNS}, a.*, (SELECT count(*) FROM boost b WHERE b.account_id = a.id
                            AND b.id > :since AND b.post_id > :since) AS passed_on
        FROM community c JOIN account a ON a.id = c.account_id + 0
        WHERE c.kind = 'neighbourhood' AND a.state = 'active'
        ORDER BY passed_on DESC, a.followers_count DESC, a.id
        """,  # noqa: S608
        since=since_id,
    )
    return [_community(row) for row in found]


def tagged(db: Read, tag: str, after_id: int, limit: int) -> list[Post]:
    """Our people's public posts with a hashtag that answer nothing, after `after_id`, newest first.

    What a neighbourhood passes on: nothing by whom moderators have limited.
    """
    found = db.all(
        """
        SELECT p.* FROM hashtag t JOIN post p ON p.id = t.post_id
        JOIN account a ON a.id = p.author_id
        WHERE t.tag = :tag AND t.post_id > :after AND p.local = 1 AND p.visibility = 'public'
          AND p.reply_to_uri IS NULL AND p.deleted_ms IS NULL AND a.state = 'active'
          AND a.limited_ms IS NULL
        ORDER BY t.post_id DESC LIMIT :limit
        """,
        tag=tag,
        after=after_id,
        limit=limit,
    )
    return structs(Post, found)


# --- who keeps them, and whom they shut out


def moderators(db: Read, community_id: int) -> list[Account]:
    """Who moderates a community, the first one first."""
    found = db.all(
        """
        SELECT a.* FROM community_moderator m JOIN account a ON a.id = m.account_id
        WHERE m.community_id = :community ORDER BY m.id
        """,
        community=community_id,
    )
    return structs(Account, found)


def moderates(db: Read, community_id: int, account_id: int) -> bool:
    """Whether this account is one of its moderators."""
    found = db.one(
        """
        SELECT 1 FROM community_moderator WHERE community_id = :community AND account_id = :account
        """,
        community=community_id,
        account=account_id,
    )
    return found is not None


def appoint(tx: Write, community_id: int, account_id: int, now_ms: int) -> bool:
    """Make somebody a moderator. False when they were one."""
    return (
        tx.run(
            """
            INSERT INTO community_moderator (community_id, account_id, id)
            VALUES (:community, :account, :id) ON CONFLICT DO NOTHING
            """,
            community=community_id,
            account=account_id,
            id=new_id(now_ms),
        )
        == 1
    )


def dismiss(tx: Write, community_id: int, account_id: int) -> bool:
    """Somebody is no moderator any more. False when they were none."""
    return (
        tx.run(
            """
            DELETE FROM community_moderator
            WHERE community_id = :community AND account_id = :account
            """,
            community=community_id,
            account=account_id,
        )
        == 1
    )


def dismiss_everywhere(tx: Write, account_id: int) -> None:
    """Somebody who is gone keeps nothing."""
    tx.run("DELETE FROM community_moderator WHERE account_id = :account", account=account_id)


def ban(
    tx: Write,
    *,
    community_id: int,
    account_id: int,
    by_id: int,
    uri: str,
    reason: str,
    until_ms: int | None,
    now_ms: int,
) -> bool:
    """Shut somebody out. False when they were shut out already; the new reason and end count."""
    if banned_by_uri(tx, uri) is not None:
        return False
    return (
        tx.run(
            """
            INSERT INTO community_ban
                (community_id, account_id, id, uri, by_id, reason, until_ms, created_ms)
            VALUES (:community, :account, :id, :uri, :by, :reason, :until, :now)
            ON CONFLICT (community_id, account_id) DO UPDATE SET reason = excluded.reason,
                until_ms = excluded.until_ms, by_id = excluded.by_id, uri = excluded.uri
            """,
            community=community_id,
            account=account_id,
            id=new_id(now_ms),
            uri=uri,
            by=by_id,
            reason=reason,
            until=until_ms,
            now=now_ms,
        )
        == 1
    )


def unban(tx: Write, community_id: int, account_id: int) -> Row | None:
    """Let somebody in again; the ban that ended, or None where there was none."""
    found = ban_of(tx, community_id, account_id)
    if found is not None:
        tx.run(
            "DELETE FROM community_ban WHERE community_id = :community AND account_id = :account",
            community=community_id,
            account=account_id,
        )
    return found


def ban_of(db: Read, community_id: int, account_id: int) -> Row | None:
    """The ban of an account, ended or not."""
    return db.one(
        "SELECT * FROM community_ban WHERE community_id = :community AND account_id = :account",
        community=community_id,
        account=account_id,
    )


def banned_by_uri(db: Read, uri: str) -> Row | None:
    """The ban that an activity with this id was."""
    return db.one("SELECT * FROM community_ban WHERE uri = :uri", uri=uri)


def banned(db: Read, community_id: int, account_id: int, now_ms: int) -> bool:
    """Whether somebody is shut out now."""
    found = ban_of(db, community_id, account_id)
    return found is not None and (found["until_ms"] is None or found["until_ms"] > now_ms)


def bans(db: Read, community_id: int, limit: int) -> list[tuple[Row, Account]]:
    """Who is shut out, the latest first."""
    found = db.all(
        """
        SELECT * FROM community_ban WHERE community_id = :community ORDER BY id DESC LIMIT :limit
        """,
        community=community_id,
        limit=limit,
    )
    known = accounts.by_ids(db, [row["account_id"] for row in found])
    return [(row, known[row["account_id"]]) for row in found if row["account_id"] in known]


# --- what was done in the name of order


def log(
    tx: Write,
    *,
    community_id: int,
    by_id: int,
    action: str,
    now_ms: int,
    post_id: int | None = None,
    account_id: int | None = None,
    reason: str = "",
) -> int:
    """Write it down for everybody; the id of the line."""
    id = new_id(now_ms)
    tx.run(
        """
        INSERT INTO community_log
            (id, community_id, by_id, action, post_id, account_id, reason, created_ms)
        VALUES (:id, :community, :by, :action, :post, :account, :reason, :now)
        """,
        id=id,
        community=community_id,
        by=by_id,
        action=action,
        post=post_id,
        account=account_id,
        reason=reason,
        now=now_ms,
    )
    return id


def logged(db: Read, community_id: int, page: Page) -> list[Row]:
    """What was done, newest first: id, by_id, action, post_id, account_id, reason, created_ms."""
    return rows(
        db,
        page,
        """
        SELECT * FROM community_log WHERE community_id = :community
          AND id > :lower AND id < :upper ORDER BY id DESC LIMIT :limit
        """,
        community=community_id,
    )
