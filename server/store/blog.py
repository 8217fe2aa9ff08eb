"""Stories of team blogs: their categories, series, months, and the front page."""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.model import Entry
from server.store import search_index
from server.store.conditions import FOUND, SHOWN, entry
from server.store.db import Read, Write, record
from server.store.paging import Page, among, listed, rows
from server.text.entities import normal_tag

MOST_PARTS: Final = 200  # of a series that are read


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """Where a story stands in its team blog: what its author chose.

    A `series_id` without a `part` makes it the next one. `names`: with whom it was written, as
    their names here.
    """

    category_id: int | None = None
    series_id: int | None = None
    part: int | None = None
    neighbourhood_id: int | None = None
    names: tuple[str, ...] = ()


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A category of a team blog; one with a parent has no children."""

    id: int
    community_id: int
    parent_id: int | None
    slug: str
    title: str
    place: int


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Stories that belong together, in parts (연재)."""

    id: int
    community_id: int
    slug: str
    title: str
    about: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Where a post stands in its blog. `front`: its place at the top of the front page."""

    post_id: int
    community_id: int
    category_id: int | None = None
    series_id: int | None = None
    part: int | None = None
    neighbourhood_id: int | None = None
    front: int | None = None


_PUBLIC: Final = """
    p.visibility = 'public' AND p.deleted_ms IS NULL AND p.community_id = s.community_id
    AND a.state = 'active' AND a.limited_ms IS NULL
"""
"""Of a story `s`, its post `p` by `a`: it counts for everybody."""
_FROM: Final = """
    FROM blog_story s JOIN post p ON p.id = s.post_id JOIN account a ON a.id = p.author_id
"""
_LISTED: Final = f"""
    SELECT p.id, NULL AS booster_id, {SHOWN} {_FROM}
    WHERE p.visibility = 'public' AND p.deleted_ms IS NULL AND p.community_id = s.community_id
      AND {FOUND}
"""  # noqa: S608


# --- categories and series


def categories(db: Read, community_id: int) -> list[Category]:
    """All of a blog, in order."""
    found = db.all(
        "SELECT * FROM blog_category WHERE community_id = :community ORDER BY place, id",
        community=community_id,
    )
    return [Category(**record(row)) for row in found]


def categories_called(db: Read, name: str) -> list[int]:
    """The categories of all blogs that are called so, but for case and spaces."""
    return [
        row["id"]
        for row in db.all("SELECT id, slug, title FROM blog_category ORDER BY id")
        if normal_tag(name) in (row["slug"], normal_tag("".join(row["title"].split())))
    ]


def insert_category(tx: Write, category: Category) -> None:
    """A new one."""
    tx.run(
        """
        INSERT INTO blog_category (id, community_id, parent_id, slug, title, place)
        VALUES (:id, :community_id, :parent_id, :slug, :title, :place)
        """,
        **msgspec.structs.asdict(category),
    )


def change_category(tx: Write, id: int, *, title: str, slug: str, place: int) -> None:
    """Another title, and another place among the others."""
    tx.run(
        "UPDATE blog_category SET title = :title, slug = :slug, place = :place WHERE id = :id",
        id=id,
        title=title,
        slug=slug,
        place=place,
    )


def remove_category(tx: Write, category: Category) -> None:
    """Its stories go to the one above it, or stand in none."""
    search_index.note_category(tx, category.id)
    tx.run(
        "UPDATE blog_story SET category_id = :parent WHERE category_id = :id",
        id=category.id,
        parent=category.parent_id,
    )
    tx.run("DELETE FROM blog_category WHERE id = :id", id=category.id)


def all_series(db: Read, community_id: int) -> list[Series]:
    """All of a blog, the last begun first."""
    found = db.all(
        "SELECT * FROM blog_series WHERE community_id = :community ORDER BY id DESC",
        community=community_id,
    )
    return [Series(**record(row)) for row in found]


def insert_series(tx: Write, series: Series) -> None:
    """A new one."""
    tx.run(
        """
        INSERT INTO blog_series (id, community_id, slug, title, about)
        VALUES (:id, :community_id, :slug, :title, :about)
        """,
        **msgspec.structs.asdict(series),
    )


def change_series(tx: Write, id: int, *, title: str, slug: str, about: str) -> None:
    """Another title and description."""
    tx.run(
        "UPDATE blog_series SET title = :title, slug = :slug, about = :about WHERE id = :id",
        id=id,
        title=title,
        slug=slug,
        about=about,
    )


def remove_series(tx: Write, id: int) -> None:
    """Its stories stay, as stories of their own."""
    tx.run("UPDATE blog_story SET series_id = NULL, part = NULL WHERE series_id = :id", id=id)
    tx.run("DELETE FROM blog_series WHERE id = :id", id=id)


def last_part(db: Read, series_id: int) -> int:
    """The highest number of a part; 0 for a series without any."""
    found = db.one(
        "SELECT coalesce(max(part), 0) AS n FROM blog_story WHERE series_id = :id", id=series_id
    )
    return int(found["n"]) if found else 0


# --- stories


def put(tx: Write, story: Story) -> None:
    """Where a story stands, from now on; its place at the front stays."""
    tx.run(
        """
        INSERT INTO blog_story
            (post_id, community_id, category_id, series_id, part, neighbourhood_id, front)
        VALUES (:post_id, :community_id, :category_id, :series_id, :part, :neighbourhood_id, :front)
        ON CONFLICT (post_id) DO UPDATE SET category_id = excluded.category_id,
            series_id = excluded.series_id, part = excluded.part,
            neighbourhood_id = excluded.neighbourhood_id
        """,
        **msgspec.structs.asdict(story),
    )
    search_index.note_changed(tx, story.post_id)


def story(db: Read, post_id: int) -> Story | None:
    """Where a post stands in a blog."""
    found = db.one("SELECT * FROM blog_story WHERE post_id = :id", id=post_id)
    return Story(**record(found)) if found else None


def stories(db: Read, post_ids: Iterable[int]) -> list[Story]:
    """Where each of these posts stands, as far as they stand in a blog."""
    found = among(db, "SELECT * FROM blog_story WHERE post_id IN (:list)", post_ids)
    return [Story(**record(row)) for row in found]


def forget(tx: Write, post_id: int) -> None:
    """A post stands in no blog any more."""
    tx.run("DELETE FROM blog_story WHERE post_id = :id", id=post_id)
    search_index.note_changed(tx, post_id)


def arrange(tx: Write, community_id: int, post_ids: Iterable[int]) -> None:
    """Which stories stand at the top of the front page, in this order."""
    tx.run(
        """
        UPDATE blog_story SET front = NULL WHERE community_id = :community AND front IS NOT NULL
        """,
        community=community_id,
    )
    for place, id in enumerate(post_ids, 1):
        tx.run(
            """
            UPDATE blog_story SET front = :place WHERE post_id = :id AND community_id = :community
            """,
            id=id,
            community=community_id,
            place=place,
        )


def at_front(db: Read, community_id: int) -> list[int]:
    """The stories that an editor put there, in order."""
    found = db.all(
        """
        SELECT post_id FROM blog_story WHERE community_id = :community AND front IS NOT NULL
        ORDER BY front
        """,
        community=community_id,
    )
    return [int(row["post_id"]) for row in found]


# --- counts: of what everybody may read


def counts(db: Read, community_id: int) -> dict[int, int]:
    """How many stories stand in each category; under 0 how many there are in all."""
    found = db.all(
        f"""
        SELECT coalesce(s.category_id, 0) AS id, count(*) AS n {_FROM}
        WHERE s.community_id = :community AND {_PUBLIC} GROUP BY coalesce(s.category_id, 0)
        """,  # noqa: S608
        community=community_id,
    )
    by_category = {int(row["id"]): int(row["n"]) for row in found}
    return {**by_category, 0: sum(by_category.values())}


def parts(db: Read, community_id: int) -> dict[int, int]:
    """How many stories each series has."""
    found = db.all(
        f"""
        SELECT s.series_id AS id, count(*) AS n {_FROM}
        WHERE s.community_id = :community AND s.series_id IS NOT NULL AND {_PUBLIC}
        GROUP BY s.series_id
        """,  # noqa: S608
        community=community_id,
    )
    return {int(row["id"]): int(row["n"]) for row in found}


def times(db: Read, community_id: int) -> list[int]:
    """When the stories were published, in milliseconds, the newest first."""
    found = db.all(
        f"""
        SELECT p.published_ms AS at {_FROM} WHERE s.community_id = :community AND {_PUBLIC}
        ORDER BY s.post_id DESC
        """,  # noqa: S608
        community=community_id,
    )
    return [int(row["at"]) for row in found]


# --- lists, as far as a viewer is to see them


def newest(db: Read, viewer_id: int, community_id: int, page: Page) -> list[Entry]:
    """Stories of a blog, newest first."""
    sql = f"""{_LISTED} AND s.community_id = :community AND s.post_id > :lower
        AND s.post_id < :upper ORDER BY s.post_id DESC LIMIT :limit"""  # noqa: S608
    return [entry(row) for row in rows(db, page, sql, community=community_id, me=viewer_id)]


def in_categories(db: Read, viewer_id: int, category_ids: Iterable[int], page: Page) -> list[Entry]:
    """Stories of these categories, newest first."""
    sql, named = listed(
        f"""{_LISTED} AND s.category_id IN (:list) AND s.post_id > :lower
        AND s.post_id < :upper ORDER BY s.post_id DESC LIMIT :limit""",  # noqa: S608
        category_ids,
    )
    return [entry(row) for row in rows(db, page, sql, me=viewer_id, **named)]


def in_series(db: Read, viewer_id: int, series_id: int) -> list[Entry]:
    """The parts of a series, the first one first."""
    found = db.all(
        f"{_LISTED} AND s.series_id = :series ORDER BY s.part, s.post_id LIMIT :limit",  # noqa: S608
        series=series_id,
        me=viewer_id,
        limit=MOST_PARTS,
    )
    return [entry(row) for row in found]


def arranged(db: Read, viewer_id: int, community_id: int) -> list[Entry]:
    """What an editor put at the top of the front page, in order."""
    found = db.all(
        f"{_LISTED} AND s.community_id = :community AND s.front IS NOT NULL ORDER BY s.front",  # noqa: S608
        community=community_id,
        me=viewer_id,
    )
    return [entry(row) for row in found]


def of_cohort(
    db: Read, viewer_id: int, community_id: int, cohort_id: int, page: Page
) -> list[Entry]:
    """What the writers of a cohort published in their blog, newest first."""
    sql = f"""{_LISTED} AND s.community_id = :community AND s.post_id > :lower
        AND s.post_id < :upper AND p.author_id IN (
            SELECT w.account_id FROM blog_writer w WHERE w.cohort_id = :cohort)
        ORDER BY s.post_id DESC LIMIT :limit"""  # noqa: S608
    found = rows(db, page, sql, community=community_id, cohort=cohort_id, me=viewer_id)
    return [entry(row) for row in found]


def written_with(db: Read, viewer_id: int, account_id: int, page: Page) -> list[Entry]:
    """Stories by others that an account wrote with them, newest first."""
    sql = f"""{_LISTED} AND s.post_id IN (
            SELECT w.post_id FROM blog_author w
            WHERE w.account_id = :account AND w.state = 'accepted')
        AND s.post_id > :lower AND s.post_id < :upper ORDER BY s.post_id DESC LIMIT :limit"""  # noqa: S608
    return [entry(row) for row in rows(db, page, sql, account=account_id, me=viewer_id)]


def numbers(db: Read, post_ids: Iterable[int]) -> dict[int, int]:
    """Which part of its series each of the posts is, as far as they are parts."""
    found = among(
        db,
        "SELECT post_id, part FROM blog_story WHERE part IS NOT NULL AND post_id IN (:list)",
        post_ids,
    )
    return {int(row["post_id"]): int(row["part"]) for row in found}


def forget_account(tx: Write, account_id: int) -> None:
    """An account ends: who wrote, led and edited here is nobody any more."""
    for table in ("blog_writer", "blog_author"):
        tx.run(f"DELETE FROM {table} WHERE account_id = :id", id=account_id)  # noqa: S608
    tx.run("UPDATE blog_cohort SET leader_id = NULL WHERE leader_id = :id", id=account_id)
    tx.run("DELETE FROM blog_submission WHERE author_id = :id", id=account_id)
    tx.run("UPDATE blog_submission SET editor_id = NULL WHERE editor_id = :id", id=account_id)
