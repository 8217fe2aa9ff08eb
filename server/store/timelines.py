"""Timelines: narrow rows that name posts. The home timeline is written at arrival."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.model import Entry, Outline
from server.store.db import Read, Row, Write, cells, record
from server.store.paging import LAST_ID, Page, among, padded, rows

CHUNK: Final = 1000  # followers that one transaction serves
KEPT: Final = 2000  # entries of a home timeline; what is older stands on its author's page

SEARCHABLE = """
    (a.indexable = 1 OR p.author_id = :me
     OR EXISTS (SELECT 1 FROM mention s WHERE s.post_id = p.id AND s.account_id = :me)
     OR EXISTS (SELECT 1 FROM favourite s WHERE s.post_id = p.id AND s.account_id = :me)
     OR EXISTS (SELECT 1 FROM boost s WHERE s.post_id = p.id AND s.account_id = :me)
     OR EXISTS (SELECT 1 FROM bookmark s WHERE s.account_id = :me AND s.post_id = p.id))
"""
"""Its author lets everybody find it by its words, or the viewer had to do with it. FEP-5feb."""
SHOWN = """
    p.id AS post_id, p.version AS post_version, p.author_id, a.version AS author_version,
    p.replies, p.likes, p.boosts,
    EXISTS (SELECT 1 FROM favourite v WHERE v.post_id = p.id AND v.account_id = :me) AS liked,
    EXISTS (SELECT 1 FROM boost w WHERE w.post_id = p.id AND w.account_id = :me) AS boosted,
    EXISTS (SELECT 1 FROM bookmark k WHERE k.account_id = :me AND k.post_id = p.id) AS bookmarked,
    EXISTS (SELECT 1 FROM thread_mute u WHERE u.account_id = :me AND u.thread_id = p.thread_id)
        AS muted,
    p.quotes
"""
"""As the fields of `Entry` follow its `id` and `booster_id`."""
UNWANTED = """
    SELECT target_id FROM mute WHERE account_id = :me
    UNION ALL SELECT target_id FROM block WHERE account_id = :me
    UNION ALL SELECT account_id FROM block WHERE target_id = :me
"""
WANTED = f"""
    p.author_id NOT IN ({UNWANTED})
    AND a.domain NOT IN (SELECT domain FROM domain_mute WHERE account_id = :me)
"""  # noqa: S608
"""Of a post `p` by `a`: its author is nobody whom the viewer `:me` is spared."""
KNOWN = """
    (a.limited_ms IS NULL OR a.id = :me OR EXISTS (SELECT 1 FROM follow l
     WHERE l.follower_id = :me AND l.target_id = a.id AND l.state = 'accepted'))
"""
"""Of an account `a`: moderators have not limited it, or the viewer follows it."""
FOUND = f"a.state = 'active' AND {WANTED} AND {KNOWN}"
"""What a list that everybody may open (local, federated, of a hashtag) asks of an author."""
IN_LISTS = """
    SELECT l.account_id FROM list_member e JOIN list l ON l.id = e.list_id
    WHERE e.account_id = :by AND l.exclusive = 1
"""
"""Who has `:by` in a list whose members stay out of the home timeline (`home.aside`)."""

READABLE = f"""
    p.deleted_ms IS NULL
    AND a.state IN ('active', 'gone') AND {WANTED} AND {KNOWN}
    AND (p.visibility IN ('public', 'unlisted') OR p.author_id = :me
         OR (p.visibility <> 'removed'
             AND EXISTS (SELECT 1 FROM mention m WHERE m.post_id = p.id AND m.account_id = :me))
         OR (p.visibility = 'followers' AND EXISTS (SELECT 1 FROM follow f
             WHERE f.follower_id = :me AND f.target_id = p.author_id AND f.state = 'accepted')))
"""  # noqa: S608
OF_A_THREAD = f"p.thread_id = :thread AND {READABLE}"


NO_ANSWER = """
    (p.reply_to_uri IS NULL OR EXISTS (SELECT 1 FROM post r
     WHERE r.id = p.reply_to_id AND r.author_id = p.author_id))
"""
"""A post that answers nobody, or its own author."""
TAGGED = "EXISTS (SELECT 1 FROM hashtag t WHERE t.post_id = p.id AND t.tag = :tag)"
WITH_MEDIA = "EXISTS (SELECT 1 FROM media g WHERE g.post_id = p.id AND g.kind <> 'link')"


def unwanted(db: Read, viewer_id: int, author_ids: Iterable[int]) -> set[int]:
    """Whose of these the viewer is spared in threads: muted, blocked, of a server that they shut
    out, and whoever is limited and not followed.
    """
    found = among(
        db,
        f"""
        SELECT a.id FROM account a WHERE a.id IN (:list)
          AND (a.id IN ({UNWANTED}) OR NOT {KNOWN}
               OR a.domain IN (SELECT domain FROM domain_mute WHERE account_id = :me))
        """,  # noqa: S608
        author_ids,
        me=viewer_id,
    )
    return {int(row["id"]) for row in found}


def entry(row: Row) -> Entry:
    """A row of an id, the id of the booster, and the columns of `SHOWN`."""
    return Entry(*cells(row))


def _page(db: Read, page: Page, sql: str, /, **params: Any) -> list[Entry]:  # noqa: ANN401
    return [entry(row) for row in rows(db, page, sql, **params)]


def paged(db: Read, page: Page, sql: str, /, **params: Any) -> list[Entry]:  # noqa: ANN401
    """A timeline of another module: `sql` as `rows` wants it, with the columns of `SHOWN`."""
    return _page(db, page, sql, **params)


def home(db: Read, owner_id: int, page: Page) -> list[Entry]:
    """What the people whom the owner follows wrote and boosted."""
    return _page(db, page, _HOME, me=owner_id)


_HOME: Final = f"""
    SELECT h.id, h.booster_id, {SHOWN}
    FROM home h JOIN post p ON p.id = h.post_id JOIN account a ON a.id = p.author_id
    WHERE h.owner_id = :me AND h.id > :lower AND h.id < :upper AND h.aside = 0
      AND a.state = 'active' AND {WANTED}
      AND (h.booster_id IS NULL OR h.booster_id NOT IN ({UNWANTED}))
    ORDER BY h.id DESC LIMIT :limit
"""  # noqa: S608


def local(db: Read, viewer_id: int, page: Page, *, media_only: bool = False) -> list[Entry]:
    """What our people say in public."""
    return _page(db, page, _public("p.local = 1 AND" + pictured(media_only)), me=viewer_id)


def federated(db: Read, viewer_id: int, page: Page, *, media_only: bool = False) -> list[Entry]:
    """Everything public that we know."""
    return _page(db, page, _public(pictured(media_only)), me=viewer_id)


def remote(db: Read, viewer_id: int, page: Page, *, media_only: bool = False) -> list[Entry]:
    """What strangers say in public."""
    return _page(db, page, _public("p.local = 0 AND" + pictured(media_only)), me=viewer_id)


def pictured(wanted: bool) -> str:
    """The condition that a post has something to look at or to listen to."""
    if not wanted:
        return ""
    return " EXISTS (SELECT 1 FROM media g WHERE g.post_id = p.id AND g.kind <> 'link') AND"


def stories(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """Our people's public stories."""
    return _page(
        db,
        page,
        f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.local = 1 AND p.visibility = 'public' AND p.kind = 'article'
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND {FOUND}
        ORDER BY p.id DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
    )


def _public(which: str) -> str:
    return f"""
        SELECT p.id, NULL AS booster_id, {SHOWN} FROM post p JOIN account a ON a.id = p.author_id
        WHERE {which} p.visibility = 'public' AND p.reply_to_uri IS NULL
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper
          AND {FOUND}
        ORDER BY p.id DESC LIMIT :limit
        """  # noqa: S608


def direct(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """What the viewer wrote to some alone, and what was written to them alone."""
    wanted = f"""
        p.visibility = 'direct' AND p.deleted_ms IS NULL AND a.state = 'active'
        AND p.id > :lower AND p.id < :upper AND p.author_id NOT IN ({UNWANTED})
        ORDER BY p.id DESC LIMIT :limit
    """  # noqa: S608
    return _page(
        db,
        page,
        f"""
        SELECT * FROM (
            SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
            FROM post p JOIN account a ON a.id = p.author_id
            WHERE p.author_id = :me AND {wanted}) AS h0
        UNION SELECT * FROM (
            SELECT p.id, CAST(NULL AS BIGINT) AS booster_id, {SHOWN}
            FROM mention n JOIN post p ON p.id = n.post_id JOIN account a ON a.id = p.author_id
            WHERE n.account_id = :me AND {wanted}) AS h1
        ORDER BY 1 DESC LIMIT :limit
        """,  # noqa: S608
        me=viewer_id,
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
    return [Outline(**record(row)) for row in found]


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
    direct: bool = True,
    tag: str = "",
) -> list[Entry]:
    """What an account wrote (and boosted). `allowed` names the widest circle the viewer is in:

    'everybody', 'followers' or 'self'; posts that name the viewer are always there. Without
    `replies`, what answers somebody else is left out. `tag` is a hashtag in its normal form.
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
          {"" if replies else f"AND {NO_ANSWER}"}
          {"" if direct else "AND p.visibility NOT IN ('direct', 'secret', 'removed')"}
          {f"AND {WITH_MEDIA}" if media_only else ""}
          {f"AND {TAGGED}" if tag else ""}
    """  # noqa: S608
    boosted = f"""
        SELECT b.id, b.account_id AS booster_id, {SHOWN}
        FROM boost b JOIN post p ON p.id = b.post_id JOIN account a ON a.id = p.author_id
        WHERE b.account_id = :account AND p.deleted_ms IS NULL AND b.id > :lower AND b.id < :upper
          AND p.visibility IN ('public', 'unlisted') AND a.state = 'active'
          AND {WANTED} AND {KNOWN}
    """  # noqa: S608
    parts = [own] if media_only or tag or not boosts else [own, boosted]
    # each half is cut before they are merged, so that neither is read whole
    halves = [
        f"SELECT * FROM ({part} ORDER BY 1 DESC LIMIT :limit) AS h{n}"  # noqa: S608
        for n, part in enumerate(parts)
    ]
    sql = " UNION ALL ".join(halves) + " ORDER BY 1 DESC LIMIT :limit"
    return _page(db, page, sql, me=viewer_id, account=account_id, tag=tag)


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
        SELECT p.id, NULL AS booster_id, {SHOWN}, s.id AS place
        FROM {table} s JOIN post p ON p.id = s.post_id JOIN account a ON a.id = p.author_id
        WHERE s.account_id = :me AND s.id > :lower AND s.id < :upper AND p.deleted_ms IS NULL
        ORDER BY s.id DESC LIMIT :limit
        """,  # noqa: S608  a name of ours
        me=viewer_id,
    )
    return [(place, Entry(*columns)) for *columns, place in map(cells, found)]


def home_after(db: Read, owner_ids: list[int], after_id: int, limit: int) -> list[Row]:
    """(owner_id, id, post_id, booster_id) of what came into these home timelines, by arrival."""
    return among(
        db,
        """
        SELECT owner_id, id, post_id, booster_id FROM home
        WHERE owner_id IN (:list) AND id > :after AND aside = 0
        ORDER BY id LIMIT :limit
        """,
        padded(owner_ids),
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
    tx: Write, *, post_id: int, author_id: int, answered_id: int, language: str, after_id: int
) -> int | None:
    """Show a post in the home timelines of the author's local followers, `CHUNK` of them.

    A reply to `answered_id` (0: no reply) is shown to those who follow both, and to the answered.
    Who follows in some languages gets what is in one of them, or does not say in which it is.
    Followers up to `after_id` were served before; the answer is where to go on, None at the end.
    """
    last = _chunk_end(tx, author_id, after_id)
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
        last=last or LAST_ID,
    )
    return last


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


def spoken(language: str) -> str:
    """SQL: a follow `f` wants what is in the language that the SQL `language` names."""
    whole, first = f"lower({language})", f"substr(lower({language}), 1, 2)"
    return f"""(f.languages = '[]' OR {language} = ''
        OR f.languages LIKE '%"' || {whole} || '"%' OR f.languages LIKE '%"' || {first} || '"%')"""


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
