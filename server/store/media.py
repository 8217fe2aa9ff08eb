"""The rows of pictures; their files are `server.media`'s."""

from collections.abc import Iterable

import msgspec

from server.model import Media
from server.store.db import Read, Write, struct
from server.store.paging import among

SIZES = ("large", "medium", "small")
COLUMNS = tuple(field.name for field in msgspec.structs.fields(Media))
INSERT = f"INSERT INTO media ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608


def insert(tx: Write, media: Media) -> None:
    """Store a picture's row."""
    tx.run(INSERT, **msgspec.structs.asdict(media))


def by_id(db: Read, id: int) -> Media | None:
    """The picture with this id."""
    found = db.one("SELECT * FROM media WHERE id = :id", id=id)
    return struct(Media, found) if found else None


def describe(tx: Write, id: int, alt: str, focus: tuple[float, float]) -> None:
    """Change the words and the point that must stay in view."""
    tx.run(
        "UPDATE media SET alt = :alt, focus_x = :x, focus_y = :y WHERE id = :id",
        id=id,
        alt=alt,
        x=focus[0],
        y=focus[1],
    )


def attach(tx: Write, post_id: int, media_ids: Iterable[int]) -> None:
    """Give the pictures to the post, in this order; those it had and are not named are let go."""
    tx.run("UPDATE media SET post_id = NULL WHERE post_id = :post", post=post_id)
    for position, id in enumerate(media_ids):
        tx.run(
            "UPDATE media SET post_id = :post, position = :position WHERE id = :id",
            post=post_id,
            position=position,
            id=id,
        )


def hold(tx: Write, scheduled_id: int, media_ids: Iterable[int]) -> None:
    """Keep the pictures, in this order, for a post that is to be published later."""
    for position, id in enumerate(media_ids):
        tx.run(
            "UPDATE media SET scheduled_id = :scheduled, position = :position WHERE id = :id",
            scheduled=scheduled_id,
            position=position,
            id=id,
        )


def let_go(tx: Write, scheduled_id: int) -> None:
    """Its time has come, or it was taken back: they wait for a post as if they had just come."""
    tx.run(
        "UPDATE media SET scheduled_id = NULL WHERE scheduled_id = :scheduled",
        scheduled=scheduled_id,
    )


def of_scheduled(db: Read, scheduled_ids: Iterable[int]) -> dict[int, list[Media]]:
    """The pictures of each of the posts that are to be published later, in order."""
    answer: dict[int, list[Media]] = {}
    for row in among(
        db,
        """
        SELECT * FROM media WHERE scheduled_id IN (:list) ORDER BY scheduled_id, position
        """,
        scheduled_ids,
    ):
        answer.setdefault(row["scheduled_id"], []).append(struct(Media, row))
    return answer


def of_posts(db: Read, post_ids: Iterable[int]) -> dict[int, list[Media]]:
    """The pictures of each of the posts, in order."""
    answer: dict[int, list[Media]] = {}
    for row in among(
        db, "SELECT * FROM media WHERE post_id IN (:list) ORDER BY post_id, position", post_ids
    ):
        answer.setdefault(row["post_id"], []).append(struct(Media, row))
    return answer


def remove_remote(tx: Write, post_id: int) -> None:
    """Forget the attachments of a stranger's post; no file of ours belongs to them."""
    tx.run("DELETE FROM media WHERE post_id = :post AND large = ''", post=post_id)


def release(tx: Write, post_id: int) -> None:
    """Let a post's pictures go; housekeeping removes their files once the commit is safe."""
    tx.run("UPDATE media SET post_id = NULL, created_ms = 0 WHERE post_id = :post", post=post_id)


def loosen(tx: Write, post_id: int, now_ms: int) -> None:
    """Take a post's pictures out of it, for a new post: they wait as if they had just come."""
    tx.run(
        "UPDATE media SET post_id = NULL, created_ms = :now WHERE post_id = :post",
        post=post_id,
        now=now_ms,
    )


def remove_loose(tx: Write, before_ms: int) -> list[str]:
    """Forget pictures that never came into a post; the names of their files.

    One that its owner's draft names, that waits for an editor, or that is to be published later,
    waits whatever its age; one that was let go (`created_ms` 0) does not. An id has so many digits
    that a draft holds them only by naming it.
    """
    found = tx.all(
        """
        DELETE FROM media WHERE post_id IS NULL AND scheduled_id IS NULL AND created_ms < :before
          AND (created_ms = 0 OR NOT EXISTS (
            SELECT 1 FROM draft WHERE draft.account_id = media.account_id
              AND draft.body LIKE '%' || CAST(media.id AS TEXT) || '%'))
          AND NOT EXISTS (
            SELECT 1 FROM blog_submission b WHERE b.author_id = media.account_id
              AND b.params LIKE '%' || CAST(media.id AS TEXT) || '%')
        RETURNING large, medium, small
        """,
        before=before_ms,
    )
    return sorted({row[size] for row in found for size in SIZES if row[size]})


def files(db: Read) -> set[str]:
    """The names of all files that a row names, in a post or not."""
    found = db.all("SELECT large, medium, small FROM media WHERE large != '' OR small != ''")
    return {row[size] for row in found for size in SIZES if row[size]}


def loose(db: Read, account_id: int) -> tuple[int, int, int]:
    """What an account has sent and not used: how many, their bytes, and how many are unfinished."""
    row = db.one(
        """
        SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes,
          coalesce(sum(CASE WHEN state = 'processing' THEN 1 ELSE 0 END), 0) AS unfinished
        FROM media WHERE post_id IS NULL AND account_id = :account
          AND created_ms > 0 AND scheduled_id IS NULL
        """,
        account=account_id,
    )
    return (int(row["n"]), int(row["bytes"]), int(row["unfinished"])) if row else (0, 0, 0)


def finish(tx: Write, made: Media) -> bool:
    """What was processing is ready; False when it was let go meanwhile.

    What its owner has said of it since stays as it is.
    """
    return bool(
        tx.run(
            """
            UPDATE media SET state = 'ready', kind = :kind, media_type = :media_type,
              large = :large, small = :small, width = :width, height = :height,
              small_width = :small_width, small_height = :small_height, bytes = :bytes,
              blurhash = :blurhash, meta = :meta
            WHERE id = :id AND state = 'processing'
            """,
            **msgspec.structs.asdict(made),
        )
    )


def fail(tx: Write, id: int, reason: str) -> bool:
    """It cannot be used, for a `reason` that its owner reads. Its files are nobody's then."""
    return bool(
        tx.run(
            """
            UPDATE media SET state = 'failed', failure = :reason, large = '', small = '', bytes = 0
            WHERE id = :id AND state = 'processing'
            """,
            id=id,
            reason=reason,
        )
    )


def set_poster(tx: Write, media: Media) -> None:
    """Another picture stands for a film or a sound."""
    tx.run(
        """
        UPDATE media SET small = :small, small_width = :small_width, small_height = :small_height,
          blurhash = :blurhash, bytes = :bytes WHERE id = :id
        """,
        **{
            name: getattr(media, name)
            for name in ("id", "small", "small_width", "small_height", "blurhash", "bytes")
        },
    )


def leave_elsewhere(tx: Write, id: int, remote_url: str) -> None:
    """A film of another server is too large to be kept here: apps go there themselves."""
    tx.run(
        """
        UPDATE media SET state = 'elsewhere'
        WHERE id = :id AND remote_url = :url AND large = '' AND state = 'ready'
        """,
        id=id,
        url=remote_url,
    )


def release_loose(tx: Write, account_id: int) -> None:
    """Let go what an account has sent and not used; housekeeping removes the files."""
    tx.run(
        """
        UPDATE media SET created_ms = 0
        WHERE post_id IS NULL AND created_ms > 0 AND account_id = :account
        """,
        account=account_id,
    )


def remove(tx: Write, id: int) -> None:
    """Forget a picture's row; its files are somebody else's now."""
    tx.run("DELETE FROM media WHERE id = :id", id=id)
