"""Search in what we know: people, hashtags, words of public posts."""

from server import text
from server.model import Account, Entry
from server.store import accounts, posts, timelines
from server.store.db import Read
from server.store.paging import Page


def people(
    db: Read,
    viewer_id: int | None,
    wanted: str,
    limit: int,
    *,
    following: bool = False,
    offset: int = 0,
) -> list[Account]:
    """Accounts by handle or name, those first whom the viewer follows; or only those."""
    if not wanted.strip("@ "):
        return []
    return accounts.search(
        db, wanted, limit, viewer_id=viewer_id or 0, following=following, offset=offset
    )


def completions(db: Read, viewer_id: int, begun: str, limit: int) -> list[Account]:
    """Whom somebody may mean who has typed `begun` after an @: those they follow come first."""
    wanted = begun.lower().partition("@")[0]
    if not wanted:
        return []
    known = accounts.followed_like(db, viewer_id, wanted, limit)
    others = accounts.beginning(db, wanted, limit)
    return list({account.id: account for account in (*known, *others)}.values())[:limit]


def hashtags(db: Read, wanted: str, limit: int, offset: int = 0) -> list[str]:
    """Hashtags that begin so."""
    start = text.normal_tag(wanted.lstrip("#"))
    return posts.hashtags_like(db, start, limit, offset) if start else []


def words(
    db: Read,
    viewer_id: int | None,
    wanted: str,
    page: Page,
    *,
    author_id: int = 0,
    offset: int = 0,
) -> list[Entry]:
    """Public posts that contain every word, newest first. `author_id` 0: by anybody."""
    terms = [term for term in wanted.lower().split() if term][:8]
    if not terms:
        return []
    return timelines.words(db, viewer_id or 0, terms, page, author_id=author_id, offset=offset)
