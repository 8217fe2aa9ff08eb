"""Timelines: narrow rows that name posts. The home timeline is written at arrival."""

from typing import Any, Final

import msgspec

from server.model import Entry, Outline
from server.store.db import Read, Row, Write
from server.store.paging import LAST_ID, Page, among, rows

CHUNK: Final = 1000  # followers that one transaction serves
KEPT: Final = 2000  # entries of a home timeline; what is older stands on its author's page
SEARCHED: Final = 20_000  # posts

SHOWN = """
    p.id AS post_id, p.version AS post_version, p.author_id, a.version AS author_version,
    p.replies, p.likes, p.boosts, p.quotes,
    EXISTS (SELECT 1 FROM favourite v WHERE v.post_id = p.id AND v.account_id = :me) AS liked,
    EXISTS (SELECT 1 FROM boost w WHERE w.post_id = p.id AND w.account_id = :me) AS boosted,
    EXISTS (SELECT 1 FROM bookmark k WHERE k.account_id = :me AND k.post_id = p.id) AS bookmarked,
    EXISTS (SELECT 1 FROM thread_mute u WHERE u.account_id = :me AND u.thread_id = p.thread_id)
        AS muted
"""
UNWANTED = """
    SELECT target_id FROM mute WHERE account_id = :me
    UNION ALL SELECT target_id FROM block WHERE account_id = :me
    UNION ALL SELECT account_id FROM block WHERE target_id = :me
"""
READABLE = f"""
    p.deleted_ms IS NULL
    AND a.state IN ('active', 'gone') AND p.author_id NOT IN ({UNWANTED})
    AND (p.visibility IN ('public', 'unlisted') OR p.author_id = :me
         OR EXISTS (SELECT 1 FROM mention m WHERE m.post_id = p.id AND m.account_id = :me)
         OR (p.visibility = 'followers' AND EXISTS (SELECT 1 FROM follow f
             WHERE f.follower_id = :me AND f.target_id = p.author_id AND f.state = 'accepted')))
"""  # noqa: S608
OF_A_THREAD = f"p.thread_id = :thread AND {READABLE}"


def unwanted(db: Read, viewer_id: int) -> set[int]:
    """Whose posts the viewer is spared: the muted, the blocked, and those who block them."""
    return {int(row["target_id"]) for row in db.all(UNWANTED, me=viewer_id)}


def entry(row: Row) -> Entry:
    """A row with the columns of `SHOWN`."""
    columns = dict(row)
    columns.pop("place", None)
    for opinion in ("liked", "boosted", "bookmarked", "muted"):
        columns[opinion] = int(columns[opinion])
    return Entry(**columns)


def _page(db: Read, page: Page, sql: str, /, **params: Any) -> list[Entry]:  # noqa: ANN401
    return [entry(row) for row in rows(db, page, sql, **params)]


def home(db: Read, owner_id: int, page: Page) -> list[Entry]:
    """What the people whom the owner follows wrote and boosted."""
    return _page(
        db,
        page,
        f"""
        SELECT h.id, h.booster_id, {SHOWN}
        FROM home h JOIN post p ON p.id = h.post_id JOIN account a ON a.id = p.author_id
        WHERE h.owner_id = :me AND h.id > :lower AND h.id < :upper AND a.state = 'active'
          AND p.author_id NOT IN ({UNWANTED})
          AND (h.booster_id IS NULL OR h.booster_id NOT IN ({UNWANTED}))
        ORDER BY h.id DESC LIMIT :limit
        """,  # noqa: S608
        me=owner_id,
    )


def local(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """What our people say in public."""
    return _page(db, page, _public("p.local = 1 AND"), me=viewer_id)


def federated(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """Everything public that we know."""
    return _page(db, page, _public(""), me=viewer_id)


def stories(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """Our people's public stories."""
    return _page(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.local = 1 AND p.visibility = 'public' AND p.kind = 'article'
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND a.state = 'active' AND p.author_id NOT IN ({UNWANTED})
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
    )


def _public(which: str) -> str:
    return f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {which} p.visibility = 'public' AND p.reply_to_uri IS NULL
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND a.state = 'active' AND p.author_id NOT IN ({UNWANTED})
        ORDER BY p.id DESC LIMIT :limit
        """  # noqa: S608


def tag(db: Read, viewer_id: int, name: str, page: Page) -> list[Entry]:
    """Public posts with a hashtag (lower-case, without #)."""
    return _page(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN}
        FROM hashtag t JOIN post p ON p.id = t.post_id JOIN account a ON a.id = p.author_id
        WHERE t.tag = :tag AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND t.post_id > :lower AND t.post_id < :upper AND a.state = 'active'
          AND p.author_id NOT IN ({UNWANTED})
        ORDER BY t.post_id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        tag=name,
    )


def thread(db: Read, viewer_id: int, thread_id: int, page: Page) -> list[Entry]:
    """Posts of a conversation that the viewer may read and wants to."""
    return _page(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {OF_A_THREAD} AND p.id > :lower AND p.id < :upper
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        thread=thread_id,
    )


def outlines(db: Read, viewer_id: int, thread_id: int, limit: int) -> list[Outline]:
    """As `thread`, the shape alone, by arrival: the first `limit` posts."""
    columns = ", ".join(f"p.{field.name}" for field in msgspec.structs.fields(Outline))
    found = db.all(
        f"""
        SELECT {columns} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {OF_A_THREAD} ORDER BY p.id LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        thread=thread_id,
        limit=limit,
    )
    return [Outline(**row) for row in found]


def account(
    db: Read,
    viewer_id: int,
    account_id: int,
    page: Page,
    *,
    allowed: str,
    replies: bool = True,
    boosts: bool = True,
    media_only: bool = False,
) -> list[Entry]:
    """What an account wrote (and boosted). `allowed` names the widest circle the viewer is in:

    'everybody', 'followers' or 'self'; posts that name the viewer are always there.
    """
    conditions = {
        "everybody": "p.visibility IN ('public', 'unlisted')",
        "followers": "p.visibility IN ('public', 'unlisted', 'followers')",
        "self": "1 = 1",
    }[allowed]
    own = f"""
        SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
        FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.author_id = :account AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND ({conditions} OR EXISTS (SELECT 1 FROM mention m WHERE m.post_id = p.id
                                       AND m.account_id = :me))
          {"" if replies else "AND p.reply_to_uri IS NULL"}
          {"AND EXISTS (SELECT 1 FROM media g WHERE g.post_id = p.id)" if media_only else ""}
    """  # noqa: S608
    boosted = f"""
        SELECT b.id, b.account_id AS booster_id, {SHOWN}
        FROM boost b JOIN post p ON p.id = b.post_id JOIN account a ON a.id = p.author_id
        WHERE b.account_id = :account AND p.deleted_ms IS NULL AND b.id > :lower AND b.id < :upper
          AND p.visibility IN ('public', 'unlisted') AND a.state = 'active'
          AND p.author_id NOT IN ({UNWANTED})
    """  # noqa: S608
    parts = [own] if media_only or not boosts else [own, boosted]
    # each half is cut before they are merged, so that neither is read whole
    halves = [
        f"SELECT * FROM ({part} ORDER BY 1 DESC LIMIT :limit) AS h{n}"  # noqa: S608
        for n, part in enumerate(parts)
    ]
    sql = " UNION ALL ".join(halves) + " ORDER BY 1 DESC LIMIT :limit"
    return _page(db, page, sql, me=viewer_id, account=account_id)


def entries(db: Read, viewer_id: int, post_ids: list[int]) -> list[Entry]:
    """These posts as entries, in this order; those that are deleted or unknown are left out."""
    found = among(
        db,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id IN (:list) AND p.deleted_ms IS NULL
        """,  # noqa: S608
        post_ids,
        me=viewer_id,
    )
    by_id = {row["id"]: entry(row) for row in found}
    return [by_id[id] for id in post_ids if id in by_id]


def saved(db: Read, viewer_id: int, page: Page) -> list[tuple[int, Entry]]:
    """(place, entry) of what the viewer saved, the latest first, readable or not."""
    return _marked(db, viewer_id, "bookmark", page)


def liked(db: Read, viewer_id: int, page: Page) -> list[tuple[int, Entry]]:
    """(like id, entry) of what the viewer likes, the latest first, readable or not."""
    return _marked(db, viewer_id, "favourite", page)


def _marked(db: Read, viewer_id: int, table: str, page: Page) -> list[tuple[int, Entry]]:
    found = rows(
        db,
        page,
        f"""
        SELECT s.id AS place, p.id, NULL AS booster_id, {SHOWN}
        FROM {table} s JOIN post p ON p.id = s.post_id JOIN account a ON a.id = p.author_id
        WHERE s.account_id = :me AND s.id > :lower AND s.id < :upper AND p.deleted_ms IS NULL
        ORDER BY s.id DESC LIMIT :limit
        """,  # noqa: S608  a name of ours
        me=viewer_id,
    )
    return [(row["place"], entry(row)) for row in found]


def words(db: Read, viewer_id: int, terms: list[str], page: Page) -> list[Entry]:
    """Public posts that contain every one of `terms` (lower-case).

    A scan of the newest `SEARCHED` posts, not an index: enough for a city's first years.
    """
    oldest = db.one(
        "SELECT id FROM post WHERE id > 0 ORDER BY id DESC LIMIT 1 OFFSET :n", n=SEARCHED
    )
    conditions = " AND ".join(
        f"(lower(p.title) LIKE :t{n} OR lower(p.content) LIKE :t{n})" for n in range(len(terms))
    )
    params = {f"t{n}": f"%{_literal(term)}%" for n, term in enumerate(terms)}
    return _page(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.visibility = 'public' AND p.deleted_ms IS NULL AND {conditions}
          AND p.id > :lower AND p.id < :upper AND a.state = 'active'
          AND p.id > :oldest AND p.author_id NOT IN ({UNWANTED})
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
        oldest=oldest["id"] if oldest else 0,
        **params,
    )


def _literal(term: str) -> str:
    return term.replace("%", "").replace("_", "")


def home_after(db: Read, owner_ids: list[int], after_id: int, limit: int) -> list[Row]:
    """(owner_id, id) of what came into these home timelines, by arrival."""
    return among(
        db,
        """
        SELECT owner_id, id FROM home WHERE owner_id IN (:list) AND id > :after
        ORDER BY id LIMIT :limit
        """,
        owner_ids,
        after=after_id,
        limit=limit,
    )


# --- writing home timelines


def add_home(tx: Write, owner_id: int, id: int, post_id: int) -> None:
    """Show a post in one home timeline."""
    tx.run(
        """
        INSERT INTO home (owner_id, id, post_id) VALUES (:owner, :id, :post) ON CONFLICT DO NOTHING
        """,
        owner=owner_id,
        id=id,
        post=post_id,
    )


def spread_post(
    tx: Write, *, post_id: int, author_id: int, answered_id: int, after_id: int
) -> int | None:
    """Show a post in the home timelines of the author's local followers, `CHUNK` of them.

    A reply to `answered_id` (0: no reply) is shown to those who follow both, and to the answered.
    Followers up to `after_id` were served before; the answer is where to go on, None at the end.
    """
    last = _chunk_end(tx, author_id, after_id)
    tx.run(
        """
        INSERT INTO home (owner_id, id, post_id)
        SELECT f.follower_id, :post, :post FROM follow f
        WHERE f.target_id = :author AND f.local = 1 AND f.state = 'accepted'
          AND f.follower_id > :after AND f.follower_id <= :last
          AND (:answered IN (0, :author, f.follower_id) OR EXISTS (
               SELECT 1 FROM follow g WHERE g.follower_id = f.follower_id
               AND g.target_id = :answered AND g.state = 'accepted'))
        ON CONFLICT DO NOTHING
        """,
        post=post_id,
        author=author_id,
        answered=answered_id,
        after=after_id,
        last=last or LAST_ID,
    )
    return last


def spread_boost(
    tx: Write, *, boost_id: int, post_id: int, booster_id: int, author_id: int, after_id: int
) -> int | None:
    """Show a boost to the booster's local followers who want boosts and lack the post."""
    last = _chunk_end(tx, booster_id, after_id)
    tx.run(
        """
        INSERT INTO home (owner_id, id, post_id, booster_id)
        SELECT f.follower_id, :boost, :post, :booster FROM follow f
        WHERE f.target_id = :booster AND f.local = 1 AND f.state = 'accepted' AND f.reblogs = 1
          AND f.follower_id > :after AND f.follower_id <= :last AND f.follower_id <> :author
          AND NOT EXISTS (SELECT 1 FROM home h WHERE h.post_id = :post
                          AND h.owner_id = f.follower_id)
        ON CONFLICT DO NOTHING
        """,
        boost=boost_id,
        post=post_id,
        booster=booster_id,
        author=author_id,
        after=after_id,
        last=last or LAST_ID,
    )
    return last


def _chunk_end(tx: Read, target_id: int, after_id: int) -> int | None:
    found = tx.one(
        """
        SELECT follower_id FROM follow
        WHERE target_id = :target AND local = 1 AND state = 'accepted' AND follower_id > :after
        ORDER BY follower_id LIMIT 1 OFFSET :chunk
        """,
        target=target_id,
        after=after_id,
        chunk=CHUNK - 1,
    )
    return int(found["follower_id"]) if found else None


def leave_home(tx: Write, owner_id: int, author_id: int) -> None:
    """Take what an account wrote or boosted out of a home timeline."""
    tx.run(
        """
        DELETE FROM home WHERE owner_id = :owner AND (booster_id = :author OR (booster_id IS NULL
            AND EXISTS (SELECT 1 FROM post p WHERE p.id = home.post_id AND p.author_id = :author)))
        """,
        owner=owner_id,
        author=author_id,
    )


def fill_home(tx: Write, owner_id: int, author_id: int, limit: int) -> None:
    """Show the author's latest posts to somebody who has just followed them."""
    tx.run(
        """
        INSERT INTO home (owner_id, id, post_id)
        SELECT :owner, id, id FROM (
            SELECT id FROM post WHERE author_id = :author AND deleted_ms IS NULL
              AND visibility IN ('public', 'unlisted') AND reply_to_uri IS NULL
            ORDER BY id DESC LIMIT :limit) AS latest WHERE 1 = 1
        ON CONFLICT DO NOTHING
        """,
        owner=owner_id,
        author=author_id,
        limit=limit,
    )


def fill_home_with_boosts(tx: Write, owner_id: int, booster_id: int, limit: int) -> None:
    """Show a group's latest boosts to somebody who has just followed it and lacks those posts."""
    tx.run(
        """
        INSERT INTO home (owner_id, id, post_id, booster_id)
        SELECT :owner, id, post_id, :booster FROM (
            SELECT b.id, b.post_id FROM boost b JOIN post p ON p.id = b.post_id
            WHERE b.account_id = :booster AND p.deleted_ms IS NULL AND p.author_id <> :owner
              AND p.visibility IN ('public', 'unlisted')
              AND NOT EXISTS (SELECT 1 FROM home h WHERE h.post_id = b.post_id
                              AND h.owner_id = :owner)
            ORDER BY b.id DESC LIMIT :limit) AS latest
        WHERE EXISTS (SELECT 1 FROM follow f WHERE f.follower_id = :owner
                      AND f.target_id = :booster AND f.reblogs = 1)
        ON CONFLICT DO NOTHING
        """,
        owner=owner_id,
        booster=booster_id,
        limit=limit,
    )


def trim_homes(tx: Write, after_id: int, many: int) -> int | None:
    """Cut the home timelines of the next `many` of our people to the newest `KEPT` entries.

    People up to `after_id` were served before; the answer is where to go on, None at the end.
    """
    owners = tx.all(
        """
        SELECT account_id FROM member WHERE account_id > :after ORDER BY account_id LIMIT :many
        """,
        after=after_id,
        many=many,
    )
    for row in owners:
        tx.run(
            """
            DELETE FROM home WHERE owner_id = :owner AND id < (
                SELECT id FROM home WHERE owner_id = :owner ORDER BY id DESC LIMIT 1 OFFSET :newer)
            """,
            owner=row["account_id"],
            newer=KEPT - 1,
        )
    return int(owners[-1]["account_id"]) if len(owners) == many else None
