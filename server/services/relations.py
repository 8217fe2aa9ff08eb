"""What one of ours notes of others for themself, and whom they recommend to everybody."""

from typing import Final

from server.errors import Invalid
from server.ids import new_id
from server.model import Account, Site
from server.services.follows import target_of
from server.store import follows
from server.store import relations as store
from server.store.db import Read, Write
from server.store.paging import Page

MAX_NOTE: Final = 2000  # characters
MAX_NOTED: Final = 5_000  # people of whom one person remembers something
MAX_ENDORSED: Final = 100


def note(tx: Write, viewer: Account, target_id: int, said: str) -> None:
    """Remember something of somebody; nobody else reads it. Raises `NotFound`, `Invalid`."""
    target = target_of(tx, viewer, target_id)
    if len(said) > MAX_NOTE:
        raise Invalid("A note has at most %(most)s characters.", most=MAX_NOTE)
    store.set_note(tx, viewer.id, target.id, said.strip())
    if said.strip() and store.noted(tx, viewer.id, MAX_NOTED + 1) > MAX_NOTED:
        raise Invalid("You have notes on %(most)s people, and more do not fit.", most=MAX_NOTED)


def endorse(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    """Recommend somebody whom one follows. Raises `NotFound`, `Invalid`."""
    target = target_of(tx, viewer, target_id)
    known = follows.one(tx, viewer.id, target.id)
    if known is None or known["state"] != "accepted":
        raise Invalid("You can recommend people whom you follow: follow them first.")
    if store.count_endorsed(tx, viewer.id) >= MAX_ENDORSED:
        raise Invalid("You can recommend at most %(most)s people.", most=MAX_ENDORSED)
    store.endorse(tx, account_id=viewer.id, target_id=target.id, id=new_id(now_ms))


def unendorse(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    """Recommend somebody no more."""
    store.unendorse(tx, viewer.id, target_id)


def endorsed(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(endorsement id, whom), newest first."""
    return store.endorsed(db, account_id, page)


def endorsed_by(
    db: Read, account: Account, viewer_id: int | None, page: Page
) -> list[tuple[int, Account]]:
    """As `endorsed`, of an account; nobody for whom it blocks."""
    if viewer_id and follows.blocks(db, account.id, viewer_id):
        return []
    return store.endorsed(db, account.id, page)


# --- who follows whom, as far as others may see it


def open_circle(db: Read, account: Account, viewer_id: int | None) -> bool:
    """Whether the viewer may see whom the account follows, and who follows it."""
    if viewer_id == account.id:
        return True
    if account.hide_collections or account.state != "active":
        return False
    return not viewer_id or not follows.blocks(db, account.id, viewer_id)


def followers(
    db: Read, account: Account, viewer_id: int | None, page: Page
) -> list[tuple[int, Account]]:
    """(follow id, who), newest first; empty where the viewer may not see it."""
    if not open_circle(db, account, viewer_id):
        return []
    return follows.followers(db, account.id, page, viewer_id=viewer_id or 0)


def following(
    db: Read, account: Account, viewer_id: int | None, page: Page
) -> list[tuple[int, Account]]:
    """(follow id, whom), newest first; empty where the viewer may not see it."""
    if not open_circle(db, account, viewer_id):
        return []
    return follows.following(db, account.id, page, viewer_id=viewer_id or 0)
