"""Search in what we know: people, hashtags, words of public posts."""

from server import text
from server.model import Account, Entry
from server.store import accounts, posts, timelines
from server.store.db import Read
from server.store.paging import Page


def people(db: Read, viewer_id: int | None, wanted: str, limit: int) -> list[Account]:
    """Accounts by handle or name."""
    return accounts.search(db, wanted, limit) if wanted.strip("@ ") else []


def hashtags(db: Read, wanted: str, limit: int) -> list[str]:
    """Hashtags that begin so."""
    start = text.normal_tag(wanted.lstrip("#"))
    return posts.hashtags_like(db, start, limit) if start else []


def words(db: Read, viewer_id: int | None, wanted: str, page: Page) -> list[Entry]:
    """Public posts that contain every word, newest first."""
    terms = [term for term in wanted.lower().split() if term][:8]
    return timelines.words(db, viewer_id or 0, terms, page) if terms else []
