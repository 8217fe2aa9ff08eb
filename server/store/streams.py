"""Who among those that listen at this moment is to be told of what: many listeners at once."""

from collections.abc import Iterable

from server.store.db import Read, Row
from server.store.lists import IN_LIST
from server.store.paging import among, listed, padded

_OPINIONS = {
    "liked": "SELECT account_id, post_id FROM favourite",
    "boosted": "SELECT account_id, post_id FROM boost",
    "bookmarked": "SELECT account_id, post_id FROM bookmark",
}


def valid_tokens(db: Read, token_ids: Iterable[int]) -> set[int]:
    """Those of the tokens that still let somebody in."""
    found = among(
        db,
        """
        SELECT t.id FROM access_token t JOIN member m ON m.account_id = t.account_id
        WHERE t.id IN (:list) AND m.state = 'active' AND m.disabled_ms IS NULL
        """,
        padded(token_ids),
    )
    return {row["id"] for row in found}


def lists_after(db: Read, list_ids: Iterable[int], after_id: int, limit: int) -> list[Row]:
    """(list_id, id, post_id, booster_id) of what came into these lists, by arrival."""
    return among(
        db,
        f"""
        SELECT l.id AS list_id, h.id, h.post_id, h.booster_id
        FROM list l JOIN home h ON h.owner_id = l.account_id JOIN post p ON p.id = h.post_id
        WHERE l.id IN (:list) AND h.id > :after AND p.deleted_ms IS NULL AND {IN_LIST}
        ORDER BY h.id LIMIT :limit
        """,  # noqa: S608
        padded(list_ids),
        after=after_id,
        limit=limit,
    )


def lists_with(db: Read, list_ids: Iterable[int], account_ids: Iterable[int]) -> list[Row]:
    """(list_id, account_id): which of the accounts are in which of the lists."""
    return _pairs(
        db,
        "SELECT list_id, account_id FROM list_member WHERE list_id IN (:left)",
        "account_id",
        list_ids,
        account_ids,
    )


def followers(db: Read, follower_ids: Iterable[int], target_ids: Iterable[int]) -> list[Row]:
    """(follower_id, target_id): which of the former follow which of the latter."""
    return _pairs(
        db,
        """
        SELECT follower_id, target_id FROM follow
        WHERE state = 'accepted' AND follower_id IN (:left)
        """,
        "target_id",
        follower_ids,
        target_ids,
    )


def conversations_after(db: Read, after_id: int, limit: int) -> list[Row]:
    """(account_id, id, last_id) of conversations in which something was said, by arrival."""
    return db.all(
        """
        SELECT account_id, id, last_id FROM conversation WHERE last_id > :after
        ORDER BY last_id LIMIT :limit
        """,
        after=after_id,
        limit=limit,
    )


def spared(db: Read, viewer_ids: list[int], author_ids: list[int]) -> set[tuple[int, int]]:
    """(viewer, author): who is not to be shown what whom wrote, as timelines leave it out."""
    found = [
        *_pairs(
            db,
            "SELECT account_id, target_id FROM mute WHERE account_id IN (:left)",
            "target_id",
            viewer_ids,
            author_ids,
        ),
        *_pairs(
            db,
            "SELECT account_id, target_id FROM block WHERE account_id IN (:left)",
            "target_id",
            viewer_ids,
            author_ids,
        ),
        *_pairs(
            db,
            """
            SELECT d.account_id, a.id AS target_id
            FROM domain_mute d JOIN account a ON a.domain = d.domain
            WHERE d.account_id IN (:left)
            """,
            "a.id",
            viewer_ids,
            author_ids,
        ),
    ]
    blocked = _pairs(
        db,
        "SELECT account_id, target_id FROM block WHERE target_id IN (:left)",
        "account_id",
        viewer_ids,
        author_ids,
    )
    return {(row["account_id"], row["target_id"]) for row in found} | {
        (row["target_id"], row["account_id"]) for row in blocked
    }


def blocked_by(db: Read, author_id: int, viewer_ids: list[int]) -> set[int]:
    """Those of the viewers whom the author blocks."""
    found = among(
        db,
        "SELECT target_id FROM block WHERE account_id = :author AND target_id IN (:list)",
        padded(viewer_ids),
        author=author_id,
    )
    return {row["target_id"] for row in found}


def named(db: Read, viewer_ids: list[int], post_ids: list[int]) -> set[tuple[int, int]]:
    """(viewer, post): whom of them which of the posts address by name."""
    found = _pairs(
        db,
        "SELECT account_id, post_id FROM mention WHERE account_id IN (:left)",
        "post_id",
        viewer_ids,
        post_ids,
    )
    return {(row["account_id"], row["post_id"]) for row in found}


def opinions(
    db: Read, viewer_ids: list[int], post_ids: list[int]
) -> dict[str, set[tuple[int, int]]]:
    """(viewer, post), by what the viewer did with the post: liked, boosted, bookmarked."""
    return {
        name: {
            (row["account_id"], row["post_id"])
            for row in _pairs(
                db, f"{sql} WHERE account_id IN (:left)", "post_id", viewer_ids, post_ids
            )
        }
        for name, sql in _OPINIONS.items()
    }


def muting(db: Read, viewer_ids: list[int], thread_ids: list[int]) -> set[tuple[int, int]]:
    """(viewer, thread): who does not want to hear of which conversation."""
    found = _pairs(
        db,
        "SELECT account_id, thread_id FROM thread_mute WHERE account_id IN (:left)",
        "thread_id",
        viewer_ids,
        thread_ids,
    )
    return {(row["account_id"], row["thread_id"]) for row in found}


def filtering(db: Read, viewer_ids: Iterable[int]) -> dict[int, int]:
    """Who of them has filters, each with `member.filters`."""
    found = among(
        db,
        "SELECT account_id, filters FROM member WHERE account_id IN (:list) AND filters > 0",
        padded(viewer_ids),
    )
    return {row["account_id"]: row["filters"] for row in found}


def special(db: Read, post_ids: Iterable[int]) -> set[int]:
    """Those of the posts that look different to each viewer: with a poll or a quote."""
    found = among(
        db,
        """
        SELECT id FROM post WHERE id IN (:list)
          AND (kind = 'question' OR quote_state <> ''
               OR (local = 1 AND quote_policy = 'followers'))
        """,
        padded(post_ids),
    )
    return {row["id"] for row in found}


def _pairs(db: Read, sql: str, column: str, left: Iterable[int], right: Iterable[int]) -> list[Row]:
    """Rows of `sql`, whose `(:left)` are those, and whose `column` is among `right`."""
    ones, others = padded(left), padded(right)
    if not ones or not others:
        return []
    text, first = listed(sql.replace("(:left)", "(:list)"), ones)
    text, second = _second(f"{text} AND {column} IN (:list)", others)
    return db.all(text, **first, **second)


def _second(sql: str, values: list[int]) -> tuple[str, dict[str, int]]:
    """As `listed`, with names of its own."""
    params = {f"w{n}": value for n, value in enumerate(values)}
    return sql.replace("(:list)", f"({', '.join(f':{name}' for name in params)})"), params
