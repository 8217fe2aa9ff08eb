"""Blogs that were somewhere else: files that editors sent, what became of them, old addresses."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server.store.db import Read, Write, record

ALIVE: Final = ("reading", "ready", "running")
"""States of a run whose end is to come."""
MOST_COUNTED: Final = 10_000


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One file on its way into a team blog; see migrations/0012_old_blogs.sql."""

    id: int
    community_id: int
    account_id: int
    name: str
    file: str
    bytes: int
    state: str
    created_ms: int
    address: str = ""
    pictures: int = 1
    reason: str = ""
    survey: str = "{}"
    authors: str = "{}"
    counts: str = "{}"
    done: int = 0
    total: int = 0
    lines: int = 0
    ended_ms: int | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be taken as it was; `key` names it within its file."""

    run_id: int
    key: str
    kind: str
    id: int
    what: str
    more: str = ""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What a story or a comment of an old blog is here."""

    community_id: int
    story: str
    comment: str
    post_id: int | None
    run_id: int
    digest: str
    draft_id: int | None = None
    pictures: str = "{}"
    edited_ms: int | None = None


class OldPing(msgspec.Struct, frozen=True, kw_only=True):
    """Another page that spoke of a story, as an old blog had it.

    `due_ms`: when that is to be checked; None once it was promised. `received_ms` may be 0.
    """

    post_id: int
    url: str
    site: str
    title: str
    excerpt: str
    received_ms: int
    run_id: int
    due_ms: int | None = None


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the trackbacks that a run brought, up to `MOST_COUNTED`."""

    waiting: int = 0
    confirmed: int = 0
    failed: int = 0


_RUN: Final = tuple(field.name for field in msgspec.structs.fields(Run))
_INSERT_RUN: Final = f"INSERT INTO import_run ({', '.join(_RUN)}) VALUES (:{', :'.join(_RUN)})"  # noqa: S608


# --- runs


def insert(tx: Write, run: Run) -> None:
    """A new one."""
    tx.run(_INSERT_RUN, **msgspec.structs.asdict(run))


def by_id(db: Read, id: int) -> Run | None:
    """A run."""
    found = db.one("SELECT * FROM import_run WHERE id = :id", id=id)
    return Run(**record(found)) if found else None


def of_community(db: Read, community_id: int, limit: int) -> list[Run]:
    """The runs of a blog, the latest first."""
    found = db.all(
        "SELECT * FROM import_run WHERE community_id = :id ORDER BY id DESC LIMIT :limit",
        id=community_id,
        limit=limit,
    )
    return [Run(**record(row)) for row in found]


def set_columns(tx: Write, id: int, **columns: Any) -> None:  # noqa: ANN401
    """Change columns of a run."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE import_run SET {names} WHERE id = :id", id=id, **columns)  # noqa: S608


def files(db: Read) -> set[str]:
    """The backups that somebody still needs."""
    found = db.all("SELECT file FROM import_run WHERE file <> ''")
    return {row["file"] for row in found}


def forget_files(tx: Write, before_ms: int) -> list[str]:
    """Backups sent before that are let go, whatever became of them; the names of their files."""
    found = tx.all(
        "SELECT id, file FROM import_run WHERE file <> '' AND created_ms < :before",
        before=before_ms,
    )
    tx.run(
        """
        UPDATE import_run SET file = '', state = CASE
            WHEN state IN ('reading', 'ready', 'running') THEN 'stopped' ELSE state END
        WHERE file <> '' AND created_ms < :before
        """,
        before=before_ms,
    )
    return [row["file"] for row in found]


# --- what could not be taken


def add_line(tx: Write, line: Line) -> bool:
    """Remember it once. False when it is known."""
    return bool(
        tx.run(
            """
            INSERT INTO import_line (run_id, key, kind, id, what, more)
            VALUES (:run_id, :key, :kind, :id, :what, :more) ON CONFLICT DO NOTHING
            """,
            **msgspec.structs.asdict(line),
        )
    )


def lines(db: Read, run_id: int, after_id: int, limit: int) -> list[Line]:
    """The report of a run, in order."""
    found = db.all(
        """
        SELECT * FROM import_line WHERE run_id = :run AND id > :after ORDER BY id LIMIT :limit
        """,
        run=run_id,
        after=after_id,
        limit=limit,
    )
    return [Line(**record(row)) for row in found]


def forget_lines(tx: Write, community_id: int, runs: int) -> None:
    """Forget the reports of a blog but those of its latest runs."""
    tx.run(
        """
        DELETE FROM import_line WHERE run_id IN (
            SELECT r.id FROM import_run r WHERE r.community_id = :community AND r.id < (
                SELECT min(latest.id) FROM (SELECT id FROM import_run
                    WHERE community_id = :community ORDER BY id DESC LIMIT :runs) AS latest))
        """,
        community=community_id,
        runs=runs,
    )


# --- what is here


def of_story(db: Read, community_id: int, story: str) -> dict[str, Imported]:
    """What is here of a story: by comment, and of itself under the empty word."""
    found = db.all(
        "SELECT * FROM imported WHERE community_id = :community AND story = :story",
        community=community_id,
        story=story,
    )
    return {row["comment"]: Imported(**record(row)) for row in found}


def of_post(db: Read, post_id: int) -> Imported | None:
    """What a post is of an old blog."""
    found = db.one("SELECT * FROM imported WHERE post_id = :id", id=post_id)
    return Imported(**record(found)) if found else None


def brought(db: Read, run_id: int, before_id: int, limit: int) -> list[int]:
    """The ids of the stories that a run brought or changed last, the latest first."""
    found = db.all(
        """
        SELECT i.post_id FROM imported i JOIN post p ON p.id = i.post_id
        WHERE i.run_id = :run AND i.comment = '' AND i.post_id < :before AND p.deleted_ms IS NULL
        ORDER BY i.post_id DESC LIMIT :limit
        """,
        run=run_id,
        before=before_id,
        limit=limit,
    )
    return [int(row["post_id"]) for row in found]


def put(tx: Write, one: Imported) -> None:
    """What something is here, from now on."""
    tx.run(
        """
        INSERT INTO imported (community_id, story, comment, post_id, draft_id, run_id, digest,
            pictures, edited_ms)
        VALUES (:community_id, :story, :comment, :post_id, :draft_id, :run_id, :digest,
            :pictures, :edited_ms)
        ON CONFLICT (community_id, story, comment) DO UPDATE SET post_id = excluded.post_id,
            draft_id = excluded.draft_id, run_id = excluded.run_id, digest = excluded.digest,
            pictures = excluded.pictures, edited_ms = excluded.edited_ms
        """,
        **msgspec.structs.asdict(one),
    )


def add_address(tx: Write, path: str, community_id: int, post_id: int) -> None:
    """Where a story was; what is known of that path in this blog stays."""
    tx.run(
        """
        INSERT INTO old_address (path, community_id, post_id) VALUES (:path, :community, :post)
        ON CONFLICT DO NOTHING
        """,
        path=path,
        community=community_id,
        post=post_id,
    )


def places(db: Read, community_id: int, paths: Iterable[str]) -> dict[str, str]:
    """The addresses here of the stories of a blog that were at these paths."""
    found: dict[str, str] = {}
    for path in paths:
        row = db.one(
            """
            SELECT p.url FROM old_address o JOIN post p ON p.id = o.post_id
            WHERE o.path = :path AND o.community_id = :community AND p.deleted_ms IS NULL
            """,
            path=path,
            community=community_id,
        )
        if row is not None:
            found[path] = str(row["url"])
    return found


def set_links(tx: Write, community_id: int, post_id: int, paths: Iterable[str]) -> None:
    """To which paths of its old blog a story links, at which nothing was brought yet."""
    tx.run("DELETE FROM old_link WHERE post_id = :post", post=post_id)
    tx.many(
        """
        INSERT INTO old_link (community_id, path, post_id) VALUES (:community, :path, :post)
        ON CONFLICT DO NOTHING
        """,
        [{"community": community_id, "path": path, "post": post_id} for path in paths],
    )


def links_to(db: Read, post_id: int, limit: int) -> list[tuple[int, str]]:
    """Some of the stories (id, path) that link to where a story was and do not lead to it yet."""
    found = db.all(
        """
        SELECT l.post_id, l.path FROM old_address o
        JOIN old_link l ON l.community_id = o.community_id AND l.path = o.path
        WHERE o.post_id = :id ORDER BY l.path, l.post_id LIMIT :limit
        """,
        id=post_id,
        limit=limit,
    )
    return [(int(row["post_id"]), str(row["path"])) for row in found]


def forget_link(tx: Write, community_id: int, path: str, post_id: int) -> None:
    """A link leads where it should, or stays as it is."""
    tx.run(
        """
        DELETE FROM old_link
        WHERE community_id = :community AND path = :path AND post_id = :post
        """,
        community=community_id,
        path=path,
        post=post_id,
    )


def led_to(db: Read, path: str) -> int | None:
    """The post that was at this path and is for everybody; of several the first one brought."""
    found = db.one(
        """
        SELECT p.id FROM old_address o JOIN post p ON p.id = o.post_id
        JOIN account a ON a.id = p.author_id
        WHERE o.path = :path AND p.visibility = 'public' AND p.deleted_ms IS NULL
          AND a.state = 'active' ORDER BY o.community_id LIMIT 1
        """,
        path=path,
    )
    return int(found["id"]) if found else None


# --- who spoke of it


def put_pings(tx: Write, pings: Iterable[OldPing]) -> int:
    """Pages that spoke of a story, once each; how many are new."""
    return tx.many(
        """
        INSERT INTO imported_ping (post_id, url, site, title, excerpt, received_ms, run_id, due_ms)
        VALUES (:post_id, :url, :site, :title, :excerpt, :received_ms, :run_id, :due_ms)
        ON CONFLICT DO NOTHING
        """,
        [msgspec.structs.asdict(one) for one in pings],
    )


def pings_of(db: Read, post_id: int) -> list[OldPing]:
    """The pages that spoke of a story in its old blog, the first one first."""
    found = db.all(
        "SELECT * FROM imported_ping WHERE post_id = :id ORDER BY received_ms, url", id=post_id
    )
    return [OldPing(**record(row)) for row in found]


def ping(db: Read, post_id: int, url: str) -> OldPing | None:
    """What a story's old blog had of this page."""
    found = db.one(
        "SELECT * FROM imported_ping WHERE post_id = :post AND url = :url", post=post_id, url=url
    )
    return OldPing(**record(found)) if found else None


def next_ping_ms(db: Read) -> int | None:
    """When the next page is to be checked."""
    found = db.one(
        "SELECT due_ms FROM imported_ping WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1"
    )
    return int(found["due_ms"]) if found else None


def first_ping_due(db: Read, now_ms: int) -> OldPing | None:
    """The page that is to be checked first."""
    found = db.one(
        "SELECT * FROM imported_ping WHERE due_ms <= :now ORDER BY due_ms LIMIT 1", now=now_ms
    )
    return OldPing(**record(found)) if found else None


def plan_ping(tx: Write, post_id: int, url: str, due_ms: int | None) -> None:
    """Check a page then; None: no more."""
    tx.run(
        "UPDATE imported_ping SET due_ms = :due WHERE post_id = :post AND url = :url",
        post=post_id,
        url=url,
        due=due_ms,
    )


def checked(db: Read, run_id: int) -> Checked:
    """What became of the trackbacks that a run brought."""
    found = db.all(
        """
        SELECT state, count(*) AS n FROM (
            SELECT CASE
                WHEN EXISTS (SELECT 1 FROM backlink b
                    WHERE b.post_id = p.post_id AND b.source = p.url) THEN 'confirmed'
                WHEN p.due_ms IS NOT NULL OR EXISTS (SELECT 1 FROM ping w
                    WHERE w.post_id = p.post_id AND w.source = p.url AND w.state = 'waiting')
                    THEN 'waiting'
                ELSE 'failed' END AS state
            FROM imported_ping p WHERE p.run_id = :run LIMIT :most) AS few
        GROUP BY state
        """,
        run=run_id,
        most=MOST_COUNTED,
    )
    return Checked(**{row["state"]: int(row["n"]) for row in found})


def run_of(db: Read, post_id: int) -> Run | None:
    """The run that brought a story, or its latest change."""
    found = db.one(
        """
        SELECT r.* FROM imported i JOIN import_run r ON r.id = i.run_id WHERE i.post_id = :id
        """,
        id=post_id,
    )
    return Run(**record(found)) if found else None


def paths(db: Read, post_id: int) -> list[str]:
    """Where a story was on the host of its old blog."""
    found = db.all("SELECT path FROM old_address WHERE post_id = :id ORDER BY path", id=post_id)
    return [str(row["path"]) for row in found]
