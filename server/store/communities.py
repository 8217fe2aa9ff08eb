"""Communities: groups of ours that anybody can follow. Neighbourhoods are the first kind."""

from collections.abc import Iterable

from server.model import Account, Neighbourhood, Post
from server.store import accounts
from server.store.db import Read, Write
from server.store.paging import among


def insert(tx: Write, *, account_id: int, kind: str, tag: str, now_ms: int) -> None:
    """Make an account of ours a community; `tag` is a hashtag in its normal form."""
    tx.run(
        """
        INSERT INTO community (account_id, kind, tag, created_ms)
        VALUES (:account, :kind, :tag, :now)
        """,
        account=account_id,
        kind=kind,
        tag=tag,
        now=now_ms,
    )


def by_tag(db: Read, tag: str) -> Account | None:
    """The community to which a hashtag belongs, of whatever kind."""
    found = db.one(
        """
        SELECT a.* FROM community c JOIN account a ON a.id = c.account_id WHERE c.tag = :tag
        """,
        tag=tag,
    )
    return Account(**found) if found else None


def tag_of(db: Read, account_id: int) -> str | None:
    """The hashtag of a community; None where the account is none."""
    found = db.one("SELECT tag FROM community WHERE account_id = :id", id=account_id)
    return str(found["tag"]) if found else None


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


def neighbourhoods(db: Read, since_id: int) -> list[Neighbourhood]:
    """All of them, the liveliest first: by how many posts since `since_id` they passed on."""
    # The "+ 0" keeps SQLite from reading every account there is to find these few.
    found = db.all(
        """
        SELECT c.tag, a.*, (SELECT count(*) FROM boost b WHERE b.account_id = a.id
                            AND b.id > :since AND b.post_id > :since) AS passed_on
        FROM community c JOIN account a ON a.id = c.account_id + 0
        WHERE c.kind = 'neighbourhood' AND a.state = 'active'
        ORDER BY passed_on DESC, a.followers_count DESC, a.id
        """,
        since=since_id,
    )
    answer = []
    for row in found:
        columns = dict(row)
        tag, passed_on = columns.pop("tag"), columns.pop("passed_on")
        account = Account(**columns)
        answer.append(Neighbourhood(account=account, tag=tag, passed_on=passed_on))
    return answer


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
    return [Post(**row) for row in found]
