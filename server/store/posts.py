"""Posts: their threads, whom and what they name, and what they said before."""

from collections.abc import Iterable
from typing import Any

import msgspec

from server.model import Account, App, Outline, Post, Revision
from server.store import accounts, search_index
from server.store.db import Read, Row, Write, record, struct, structs
from server.store.paging import Page, among, rows
from server.text.finding import with_stems

MAX_ABOVE = 50  # posts whose authors hear of a reply
MAX_STEPS = 200  # up a thread, to find where a new reply hangs
MAX_REVISIONS = 100  # of one post that are shown

COLUMNS = tuple(field.name for field in msgspec.structs.fields(Post))
OUTLINE = tuple(field.name for field in msgspec.structs.fields(Outline))
INSERT = f"INSERT INTO post ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608


def _one(found: Row | None) -> Post | None:
    return struct(Post, found) if found else None


def by_id(db: Read, id: int) -> Post | None:
    """The post with this id of ours, deleted or not."""
    return _one(db.one("SELECT * FROM post WHERE id = :id", id=id))


def by_uri(db: Read, uri: str) -> Post | None:
    """The post with this ActivityPub id, deleted or not."""
    return _one(db.one("SELECT * FROM post WHERE uri = :uri", uri=uri))


def by_ids(db: Read, ids: Iterable[int]) -> dict[int, Post]:
    """Those of `ids` that exist."""
    found = among(db, "SELECT * FROM post WHERE id IN (:list)", dict.fromkeys(ids))
    return {one.id: one for one in structs(Post, found)}


def authors(db: Read, ids: Iterable[int]) -> dict[int, int]:
    """Who wrote those of `ids` that exist, by the ids of the posts."""
    found = among(db, "SELECT id, author_id FROM post WHERE id IN (:list)", dict.fromkeys(ids))
    return {row["id"]: row["author_id"] for row in found}


def by_url(db: Read, author_id: int, id: int) -> Post | None:
    """The author's post with this id."""
    return _one(
        db.one("SELECT * FROM post WHERE id = :id AND author_id = :author", id=id, author=author_id)
    )


def insert(tx: Write, post: Post) -> None:
    """Store a new post."""
    tx.run(INSERT, **msgspec.structs.asdict(post))
    if post.visibility == "public":
        search_index.note(tx, post.id, post.author_id)


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of one post; its renderings are out of date from now on."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(
        f"UPDATE post SET {names}, version = version + 1 WHERE id = :id",  # noqa: S608
        id=id,
        **columns,
    )
    if not search_index.CHANGING.isdisjoint(columns):
        search_index.note_changed(tx, id)


def touch(tx: Write, id: int) -> None:
    """Something that is shown with a post has changed: its renderings are out of date."""
    tx.run("UPDATE post SET version = version + 1 WHERE id = :id", id=id)


def move_thread(tx: Write, thread_id: int, community_id: int | None) -> None:
    """A thread, with all that answers it, stands in another community, or in none."""
    tx.run(
        """
        UPDATE post SET community_id = :community, version = version + 1
        WHERE thread_id = :thread AND community_id IS NOT NULL
        """,
        community=community_id,
        thread=thread_id,
    )
    search_index.note_thread(tx, thread_id)


def held(tx: Write, post: Post) -> Post | None:
    """A post as it is now, until this commits; None where it is gone.

    On PostgreSQL whoever buries, removes or decides about it at the same moment waits here, so that
    nothing is counted twice. SQLite has one writer: there it is as it was read.
    """
    if tx.dialect != "postgresql":
        return post
    found = tx.one(
        "SELECT * FROM post WHERE id = :id AND deleted_ms IS NULL FOR UPDATE", id=post.id
    )
    return struct(Post, found) if found else None


def bury(tx: Write, post: Post, now_ms: int) -> None:
    """Empty a post and keep its place: replies still hang below it, and its id answers 410.

    It is taken out of home timelines apart from this (`homes.clear`): they may be very many.
    """
    tx.run(
        """
        UPDATE post SET title = '', lead = '', content = '', source = '', warning = '', tags = '[]',
            emojis = '[]', extra = '{}', likes = 0, boosts = 0, pinned_ms = NULL,
            quote_id = NULL, quote_uri = '', quote_state = '', quote_stamp = '', quotes = 0,
            reply_stamp = '', reactions = '',
            deleted_ms = :now, version = version + 1
        WHERE id = :id
        """,
        id=post.id,
        now=now_ms,
    )
    for table in (
        "mention",
        "hashtag",
        "favourite",
        "boost",
        "notification",
        "revision",
        "idempotency",
        "poll_vote",
        "poll_end",
        "filter_status",
        "post_link",
        "bookmark",
        "search_waiting",
        "search_recent",
        "quote_revoked",
        "blog_story",
        "blog_author",
        "blog_submission",
        "approval",
        "emoji_reaction",
        "emoji_count",
        "deferred",
        "old_address",
        "imported_ping",
        "claimed_post",
        "old_link",
        "book_story",
        "book_consent",
        "book_ok",
        "backlink",
        "ping",
        "links_closed",
    ):
        tx.run(f"DELETE FROM {table} WHERE post_id = :id", id=post.id)  # noqa: S608


# --- threads


def count(tx: Write, post: Post, change: int) -> None:
    """One post more or less: of its author, and below what it answers.

    Private posts count nowhere, and a reply only where everybody may read it: a number must not
    tell of what is private.
    """
    if not post.private:
        accounts.count_post(tx, post.author_id, change, post.published_ms)
    if post.reply_to_id and post.visibility in ("public", "unlisted"):
        tx.run(
            "UPDATE post SET replies = replies + :c WHERE id = :id", id=post.reply_to_id, c=change
        )


def orphans(db: Read, uri: str, limit: int) -> list[Post]:
    """Posts that reply to `uri`, which came before it: at most `limit`."""
    found = db.all(
        "SELECT * FROM post WHERE reply_to_uri = :uri AND reply_to_id IS NULL LIMIT :limit",
        uri=uri,
        limit=limit,
    )
    return structs(Post, found)


def adopt(tx: Write, child: Post, parent: Post) -> None:
    """The parent came: hang the child, and all that hangs below it, into its thread."""
    tx.run(
        "UPDATE post SET reply_to_id = :parent WHERE id = :child", parent=parent.id, child=child.id
    )
    tx.run(
        "UPDATE post SET thread_id = :new WHERE thread_id = :old",
        new=parent.thread_id,
        old=child.thread_id,
    )
    if child.deleted_ms is None and child.visibility in ("public", "unlisted"):
        tx.run("UPDATE post SET replies = replies + 1 WHERE id = :id", id=parent.id)


def thread(db: Read, thread_id: int, limit: int) -> list[Post]:
    """The posts of a thread by arrival, at most `limit`."""
    found = db.all(
        "SELECT * FROM post WHERE thread_id = :thread ORDER BY id LIMIT :limit",
        thread=thread_id,
        limit=limit,
    )
    return structs(Post, found)


def outlines(db: Read, ids: Iterable[int], thread_id: int, limit: int) -> list[Outline]:
    """Those of `ids` that are in the thread, and what they answer up to its root; at most `limit`.

    What is nearest to `ids` comes first.
    """
    columns = ", ".join(f"p.{column}" for column in OUTLINE)
    found = among(
        db,
        f"""
        WITH RECURSIVE above ({", ".join(OUTLINE)}) AS (
            SELECT {columns} FROM post p WHERE p.id IN (:list) AND p.thread_id = :thread
            UNION
            SELECT {columns} FROM above JOIN post p ON p.id = above.reply_to_id
            WHERE p.thread_id = :thread
        )
        SELECT {", ".join(OUTLINE)} FROM above LIMIT :limit
        """,  # noqa: S608
        ids,
        thread=thread_id,
        limit=limit,
    )
    return structs(Outline, found)


def open_after(db: Read, after_id: int, limit: int) -> list[Row]:
    """What came after `after_id` and everybody may read, by arrival: what topics are made of.

    What limited people write for everyone is in no public timeline: it passes for `unlisted`.
    """
    return db.all(
        """
        SELECT p.id, p.thread_id, p.local, p.kind, p.visibility, p.reply_to_uri, p.tags,
            p.published_ms, a.limited_ms,
            EXISTS (SELECT 1 FROM media g WHERE g.post_id = p.id AND g.kind <> 'link') AS pictured
        FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.id > :after AND p.visibility IN ('public', 'unlisted')
          AND p.deleted_ms IS NULL AND a.state = 'active'
        ORDER BY p.id LIMIT :limit
        """,
        after=after_id,
        limit=limit,
    )


def public_between(db: Read, first_id: int, next_id: int) -> Row:
    """posts and writers: what ours began in public between two ids."""
    found = db.one(
        """
        SELECT count(*) AS posts, count(DISTINCT author_id) AS writers FROM post
        WHERE local = 1 AND visibility = 'public' AND reply_to_uri IS NULL
          AND deleted_ms IS NULL AND id >= :first AND id < :next
        """,
        first=first_id,
        next=next_id,
    )
    assert found is not None  # noqa: S101  an aggregate always has its row
    return found


def steps_up(db: Read, ids: Iterable[int], to_id: int) -> dict[int, int]:
    """How many answers each of `ids` hangs below `to_id`; those within `MAX_STEPS` that do."""
    found = among(
        db,
        """
        WITH RECURSIVE above (id, at, steps) AS (
            SELECT id, reply_to_id, 1 FROM post WHERE id IN (:list)
            UNION ALL
            SELECT above.id, p.reply_to_id, above.steps + 1
            FROM above JOIN post p ON p.id = above.at
            WHERE above.at <> :to AND above.steps < :most
        )
        SELECT id, steps FROM above WHERE at = :to
        """,
        ids,
        to=to_id,
        most=MAX_STEPS,
    )
    return {row["id"]: row["steps"] for row in found}


def authors_above(db: Read, post: Post) -> list[int]:
    """Who wrote what this post answers, and what that answers, up to `MAX_ABOVE` posts."""
    found = db.all(
        """
        WITH RECURSIVE above (id, reply_to_id, author_id, depth) AS (
            SELECT id, reply_to_id, author_id, 1 FROM post WHERE id = :parent
            UNION ALL
            SELECT p.id, p.reply_to_id, p.author_id, above.depth + 1
            FROM above JOIN post p ON p.id = above.reply_to_id WHERE above.depth < :most
        )
        SELECT DISTINCT author_id FROM above
        """,
        parent=post.reply_to_id or 0,
        most=MAX_ABOVE,
    )
    return [row["author_id"] for row in found]


def public_replies(db: Read, id: int, page: Page) -> list[Post]:
    """Replies that everybody may read, newest first."""
    found = rows(
        db,
        page,
        """
        SELECT p.* FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.reply_to_id = :id AND p.visibility IN ('public', 'unlisted')
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper AND a.state = 'active'
        ORDER BY p.id DESC LIMIT :limit
        """,
        id=id,
    )
    return structs(Post, found)


def public_in_thread(db: Read, thread_id: int, page: Page) -> list[Post]:
    """What answers anything in a thread and everybody may read, newest first."""
    found = rows(
        db,
        page,
        """
        SELECT p.* FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.thread_id = :thread AND p.visibility IN ('public', 'unlisted')
          AND p.reply_to_uri IS NOT NULL
          AND p.deleted_ms IS NULL AND p.id > :lower AND p.id < :upper AND a.state = 'active'
        ORDER BY p.id DESC LIMIT :limit
        """,
        thread=thread_id,
    )
    return structs(Post, found)


# --- what an author wrote, for peers


def public_by(db: Read, author_id: int, page: Page) -> list[Post]:
    """What everybody may read, newest first: the outbox."""
    found = rows(
        db,
        page,
        """
        SELECT * FROM post WHERE author_id = :author AND visibility IN ('public', 'unlisted')
          AND deleted_ms IS NULL AND id > :lower AND id < :upper ORDER BY id DESC LIMIT :limit
        """,
        author=author_id,
    )
    return structs(Post, found)


def pinned(db: Read, author_id: int) -> list[Post]:
    """The author's featured posts, newest pin first."""
    found = db.all(
        """
        SELECT * FROM post WHERE author_id = :author AND pinned_ms IS NOT NULL
          AND deleted_ms IS NULL ORDER BY pinned_ms DESC
        """,
        author=author_id,
    )
    return structs(Post, found)


def ids_by(db: Read, author_id: int, limit: int) -> list[int]:
    """Some of the author's posts that are not deleted."""
    found = db.all(
        """
        SELECT id FROM post WHERE author_id = :author AND deleted_ms IS NULL
        ORDER BY id LIMIT :limit
        """,
        author=author_id,
        limit=limit,
    )
    return [row["id"] for row in found]


# --- mentions, hashtags, revisions


def set_mentions(tx: Write, post_id: int, account_ids: Iterable[int]) -> None:
    """Whom the post addresses by name, and no others."""
    tx.run("DELETE FROM mention WHERE post_id = :post", post=post_id)
    add_mentions(tx, post_id, account_ids)


def add_mentions(tx: Write, post_id: int, account_ids: Iterable[int]) -> None:
    """Whom a new post addresses by name."""
    for id in dict.fromkeys(account_ids):
        tx.run("INSERT INTO mention VALUES (:post, :account)", post=post_id, account=id)


def mentioned(db: Read, post_ids: Iterable[int]) -> dict[int, list[Account]]:
    """Whom each of the posts addresses by name."""
    answer: dict[int, list[Account]] = {}
    for row in among(
        db,
        """
        SELECT m.post_id AS of_id, a.* FROM mention m JOIN account a ON a.id = m.account_id
        WHERE m.post_id IN (:list) ORDER BY m.post_id, a.id
        """,
        post_ids,
    ):
        post_id, account = accounts.keyed(row)
        answer.setdefault(post_id, []).append(account)
    return answer


def apps(db: Read, app_ids: Iterable[int]) -> dict[int, App]:
    """What posts were written with."""
    found = among(db, "SELECT id, name, website FROM app WHERE id IN (:list)", set(app_ids))
    return {row["id"]: App(row["name"], row["website"]) for row in found}


def mentions(db: Read, post_id: int, account_id: int) -> bool:
    """Whether the post addresses the account by name."""
    return (
        db.one(
            "SELECT 1 FROM mention WHERE post_id = :post AND account_id = :account",
            post=post_id,
            account=account_id,
        )
        is not None
    )


def mentioning(db: Read, account_id: int, post_ids: Iterable[int]) -> set[int]:
    """Those of the posts that address the account by name."""
    found = among(
        db,
        "SELECT post_id FROM mention WHERE account_id = :account AND post_id IN (:list)",
        post_ids,
        account=account_id,
    )
    return {row["post_id"] for row in found}


def reached(db: Read, post_id: int) -> list[int]:
    """Accounts that have seen the post for sure: named, replied, liked, boosted or voted."""
    found = db.all(
        """
        SELECT account_id FROM mention WHERE post_id = :id
        UNION SELECT account_id FROM favourite WHERE post_id = :id
        UNION SELECT account_id FROM boost WHERE post_id = :id
        UNION SELECT account_id FROM poll_vote WHERE post_id = :id
        UNION SELECT author_id FROM post WHERE reply_to_id = :id
        """,
        id=post_id,
    )
    return [row["account_id"] for row in found]


def set_hashtags(tx: Write, post_id: int, tags: Iterable[str]) -> None:
    """The post's hashtags, and no others."""
    tx.run("DELETE FROM hashtag WHERE post_id = :post", post=post_id)
    add_hashtags(tx, post_id, tags)


def add_hashtags(tx: Write, post_id: int, tags: Iterable[str]) -> None:
    """The hashtags of a new post, and without their particles: #서울에서 stands under 서울 too."""
    written = list(tags)
    for tag in with_stems(written):
        tx.run(
            "INSERT INTO hashtag (tag, post_id, stem) VALUES (:tag, :post, :stem)",
            tag=tag,
            post=post_id,
            stem=int(tag not in written),
        )


def add_missing_hashtags(tx: Write, post_id: int, tags: Iterable[str]) -> None:
    """Hashtags without particles, under which an old post stands as well."""
    for tag in tags:
        tx.run(
            """
            INSERT INTO hashtag (tag, post_id, stem) VALUES (:tag, :post, 1) ON CONFLICT DO NOTHING
            """,
            tag=tag,
            post=post_id,
        )


def hashtags_like(db: Read, start: str, limit: int, offset: int = 0) -> list[str]:
    """Hashtags of public posts that begin with `start`, as somebody wrote them."""
    found = db.all(
        """
        SELECT DISTINCT h.tag FROM hashtag h JOIN post p ON p.id = h.post_id
        WHERE h.tag >= :start AND h.tag < :after AND h.stem = 0 AND p.visibility = 'public'
        ORDER BY h.tag LIMIT :limit OFFSET :offset
        """,
        start=start,
        after=start + "\U0010ffff",
        limit=limit,
        offset=offset,
    )
    return [row["tag"] for row in found]


def insert_revision(tx: Write, post: Post) -> None:
    """Keep what the post says now, before it is edited."""
    tx.run(
        """
        INSERT INTO revision (post_id, version, title, lead, content, source, warning, written_ms)
        VALUES (:id, :version, :title, :lead, :content, :source, :warning, :at)
        ON CONFLICT DO NOTHING
        """,
        id=post.id,
        version=post.version,
        title=post.title,
        lead=post.lead,
        content=post.content,
        source=post.source,
        warning=post.warning,
        at=post.edited_ms or post.published_ms,
    )
    tx.run(
        "DELETE FROM revision WHERE post_id = :id AND version <= :forgotten",
        id=post.id,
        forgotten=post.version - MAX_REVISIONS,
    )


def revisions(db: Read, post_id: int) -> list[Revision]:
    """What the post said before, oldest first: the last `MAX_REVISIONS` times."""
    found = db.all(
        "SELECT * FROM revision WHERE post_id = :id ORDER BY version DESC LIMIT :most",
        id=post_id,
        most=MAX_REVISIONS,
    )
    return [Revision(**record(row)) for row in reversed(found)]
