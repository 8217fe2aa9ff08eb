"""Home timelines: written when something arrives, cut to their newest entries."""

from typing import Final, NamedTuple

from server.store.conditions import IN_LISTS, spoken
from server.store.db import Read, Row, Write, cells
from server.store.paging import LAST_ID, among, padded

CHUNK: Final = 250  # followers that one transaction serves: some 10 ms of SQLite's one writer
TOLD: Final = 100  # of them, that it tells: each costs several statements
CLEARED: Final = 1000  # home timelines from which one transaction takes a post
KEPT: Final = 2000  # entries of a home timeline; what is older stands on its author's page


def home_after(db: Read, owner_ids: list[int], after_id: int, limit: int) -> list[Row]:
    """(owner_id, id, post_id, booster_id) of what came into these home timelines, by arrival."""
    return among(
        db,
        """
        SELECT owner_id, id, post_id, booster_id FROM home
        WHERE owner_id IN (:list) AND id > :after AND aside = 0
          AND EXISTS (SELECT 1 FROM post p WHERE p.id = home.post_id AND p.deleted_ms IS NULL)
        ORDER BY id LIMIT :limit
        """,
        padded(owner_ids),
        after=after_id,
        limit=limit,
    )


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


class Ahead(NamedTuple):
    """Who is to see a post: `last` ends this chunk of its author's local followers, None the last.

    `told`: some followers want to be told of whatever the author writes. `tagged`: somebody follows
    one of its hashtags.
    """

    last: int | None
    told: int
    tagged: int


def ahead(db: Read, post_id: int, author_id: int, after_id: int) -> Ahead:
    """The chunk of followers after `after_id`, and whether there is anybody else to think of.

    It ends after `CHUNK` of them, or after `TOLD` of those who want to be told.
    """
    found = db.all(
        f"""
        SELECT ({_CHUNK_END}) AS last, ({_TOLD_END}) AS last_told,
            EXISTS (SELECT 1 FROM follow f
                    WHERE f.target_id = :target AND f.notify = 1 AND f.state = 'accepted'
                      AND f.follower_id > :after) AS told,
            EXISTS (SELECT 1 FROM hashtag h JOIN followed_tag t ON t.tag = h.tag
                    WHERE h.post_id = :post) AS tagged
        """,  # noqa: S608
        post=post_id,
        target=author_id,
        after=after_id,
        chunk=CHUNK - 1,
        few=TOLD - 1,
    )
    last, last_told, told, tagged = cells(found[0])
    ends = [id for id in (last, last_told) if id is not None]
    return Ahead(min(ends, default=None), told, tagged)


def spread_post(
    tx: Write,
    *,
    post_id: int,
    author_id: int,
    answered_id: int,
    language: str,
    after_id: int,
    last_id: int | None,
) -> None:
    """Show a post in the home timelines of the author's local followers, from `ahead` to `last_id`.

    A reply to `answered_id` (0: no reply) is shown to those who follow both, and to the answered.
    Who follows in some languages gets what is in one of them, or does not say in which it is.
    """
    tx.run(
        f"""
        INSERT INTO home (owner_id, id, post_id, aside)
        SELECT f.follower_id, :post, :post,
               CASE WHEN f.follower_id IN ({IN_LISTS}) THEN 1 ELSE 0 END
        FROM follow f
        WHERE f.target_id = :author AND f.local = 1 AND f.state = 'accepted'
          AND f.follower_id > :after AND f.follower_id <= :last
          AND (:answered IN (0, :author, f.follower_id) OR EXISTS (
               SELECT 1 FROM follow g WHERE g.follower_id = f.follower_id
               AND g.target_id = :answered AND g.state = 'accepted'))
          AND {spoken("CAST(:language AS TEXT)")}
        ON CONFLICT DO NOTHING
        """,  # noqa: S608
        language=language,
        post=post_id,
        by=author_id,
        author=author_id,
        answered=answered_id,
        after=after_id,
        last=last_id or LAST_ID,
    )


def spread_boost(
    tx: Write,
    *,
    boost_id: int,
    post_id: int,
    booster_id: int,
    author_id: int,
    language: str,
    after_id: int,
) -> int | None:
    """Show a boost to the booster's local followers who want boosts and lack the post."""
    last = _chunk_end(tx, booster_id, after_id)
    tx.run(
        f"""
        INSERT INTO home (owner_id, id, post_id, booster_id, aside)
        SELECT f.follower_id, :boost, :post, :booster,
               CASE WHEN f.follower_id IN ({IN_LISTS}) THEN 1 ELSE 0 END
        FROM follow f
        WHERE f.target_id = :booster AND f.local = 1 AND f.state = 'accepted' AND f.reblogs = 1
          AND f.follower_id > :after AND f.follower_id <= :last AND f.follower_id <> :author
          AND NOT EXISTS (SELECT 1 FROM home h WHERE h.post_id = :post
                          AND h.owner_id = f.follower_id AND h.aside = 0)
          AND {spoken("CAST(:language AS TEXT)")}
        ON CONFLICT DO NOTHING
        """,  # noqa: S608
        language=language,
        boost=boost_id,
        by=booster_id,
        post=post_id,
        booster=booster_id,
        author=author_id,
        after=after_id,
        last=last or LAST_ID,
    )
    return last


_CHUNK_END: Final = """
    SELECT follower_id FROM follow
    WHERE target_id = :target AND local = 1 AND state = 'accepted' AND follower_id > :after
    ORDER BY follower_id LIMIT 1 OFFSET :chunk
"""

_TOLD_END: Final = """
    SELECT follower_id FROM follow
    WHERE target_id = :target AND notify = 1 AND state = 'accepted' AND follower_id > :after
    ORDER BY follower_id LIMIT 1 OFFSET :few
"""


def _chunk_end(tx: Read, target_id: int, after_id: int) -> int | None:
    found = tx.one(_CHUNK_END, target=target_id, after=after_id, chunk=CHUNK - 1)
    return int(found["follower_id"]) if found else None


def clear(tx: Write, post_id: int, many: int = CLEARED) -> bool:
    """Take a buried post out of the next `many` home timelines; whether it is in more of them.

    None of them shows it meanwhile: what is deleted is in no timeline.
    """
    last = tx.one(
        """
        SELECT owner_id FROM home WHERE post_id = :post ORDER BY owner_id LIMIT 1 OFFSET :others
        """,
        post=post_id,
        others=many - 1,
    )
    tx.run(
        "DELETE FROM home WHERE post_id = :post AND owner_id <= :last",
        post=post_id,
        last=last["owner_id"] if last else LAST_ID,
    )
    return last is not None


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
        f"""
        INSERT INTO home (owner_id, id, post_id, aside)
        SELECT :owner, id, id, CASE WHEN :owner IN ({IN_LISTS}) THEN 1 ELSE 0 END FROM (
            SELECT p.id FROM post p
            JOIN follow f ON f.follower_id = :owner AND f.target_id = p.author_id
            WHERE p.author_id = :author AND p.deleted_ms IS NULL AND {spoken("p.language")}
              AND p.visibility IN ('public', 'unlisted') AND p.reply_to_uri IS NULL
            ORDER BY p.id DESC LIMIT :limit) AS latest WHERE 1 = 1
        ON CONFLICT DO NOTHING
        """,  # noqa: S608
        owner=owner_id,
        author=author_id,
        by=author_id,
        limit=limit,
    )


def fill_home_with_boosts(tx: Write, owner_id: int, booster_id: int, limit: int) -> None:
    """Show a group's latest boosts to somebody who has just followed it and lacks those posts."""
    tx.run(
        f"""
        INSERT INTO home (owner_id, id, post_id, booster_id, aside)
        SELECT :owner, id, post_id, :booster,
               CASE WHEN :owner IN ({IN_LISTS}) THEN 1 ELSE 0 END
        FROM (
            SELECT b.id, b.post_id FROM boost b JOIN post p ON p.id = b.post_id
            WHERE b.account_id = :booster AND p.deleted_ms IS NULL AND p.author_id <> :owner
              AND p.visibility IN ('public', 'unlisted')
              AND NOT EXISTS (SELECT 1 FROM home h WHERE h.post_id = b.post_id
                              AND h.owner_id = :owner)
            ORDER BY b.id DESC LIMIT :limit) AS latest
        WHERE EXISTS (SELECT 1 FROM follow f WHERE f.follower_id = :owner
                      AND f.target_id = :booster AND f.reblogs = 1)
        ON CONFLICT DO NOTHING
        """,  # noqa: S608
        owner=owner_id,
        by=booster_id,
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
