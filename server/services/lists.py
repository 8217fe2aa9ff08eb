"""Lists: some of those whom somebody follows, read apart from the others."""

from collections.abc import Sequence
from typing import Final

import msgspec

from server.errors import Invalid, NotFound
from server.ids import new_id
from server.model import Account, Entry
from server.services import accounts
from server.store import follows
from server.store import lists as store
from server.store.db import Read, Write
from server.store.lists import List
from server.store.paging import Page

POLICIES: Final = ("followed", "list", "none")
MAX_LISTS: Final = 50
MAX_MEMBERS: Final = 500
MAX_TITLE: Final = 256


def all(db: Read, owner_id: int) -> list[List]:
    """Somebody's lists, oldest first."""
    return store.of_owner(db, owner_id)


def one(db: Read, owner_id: int, id: int) -> List:
    """One of somebody's lists. Raises `NotFound`, also for those of others."""
    found = store.one(db, owner_id, id)
    if found is None:
        raise NotFound("There is no such list.")
    return found


def owner(db: Read, id: int) -> int | None:
    """Whose list it is; None where there is none."""
    return store.owner(db, id)


def with_member(db: Read, owner_id: int, account_id: int) -> list[List]:
    """Those of somebody's lists in which an account is."""
    accounts.visible(db, account_id)
    return store.with_member(db, owner_id, account_id)


def make(tx: Write, new: List, now_ms: int) -> List:
    """Store a list; the id in `new` does not count."""
    new = msgspec.structs.replace(new, id=new_id(now_ms), title=new.title.strip())
    _check(new)
    if len(store.of_owner(tx, new.account_id)) >= MAX_LISTS:
        raise Invalid("You can have at most %(most)s lists.", most=MAX_LISTS)
    store.insert(tx, new)
    return new


def change(tx: Write, changed: List) -> List:
    """Store what changed in a list that `one` gave."""
    changed = msgspec.structs.replace(changed, title=changed.title.strip())
    _check(changed)
    store.change(tx, changed)
    store.set_aside(tx, changed.account_id)
    return changed


def remove(tx: Write, owner_id: int, id: int) -> None:
    """Forget one of somebody's lists; what its members write is in the home timeline again."""
    store.remove(tx, owner_id, one(tx, owner_id, id).id)
    store.set_aside(tx, owner_id)


def _check(new: List) -> None:
    if not new.title:
        raise Invalid("A list needs a title.")
    if len(new.title) > MAX_TITLE:
        raise Invalid("The title is too long: at most %(most)s characters.", most=MAX_TITLE)
    if new.replies_policy not in POLICIES:
        raise Invalid("A list shows replies to followed, list or none.")


def members(db: Read, owner_id: int, id: int, page: Page) -> list[tuple[int, Account]]:
    """(place in the list, who), who came last first."""
    return store.members(db, one(db, owner_id, id).id, page)


def all_members(db: Read, owner_id: int, id: int) -> list[tuple[int, Account]]:
    """As `members`, everybody at once; the places are not told."""
    found = store.all_members(db, one(db, owner_id, id).id, MAX_MEMBERS)
    return [(0, account) for account in found]


def add(tx: Write, owner_id: int, id: int, account_ids: Sequence[int], now_ms: int) -> None:
    """Put people whom the owner follows into a list, or the owner. Raises `NotFound`, `Invalid`."""
    into, ids = one(tx, owner_id, id), list(dict.fromkeys(account_ids))
    if len(ids) > MAX_MEMBERS:  # before anything is asked about them
        raise Invalid("A list can have at most %(most)s people.", most=MAX_MEMBERS)
    followed = follows.followed_among(tx, owner_id, ids) | {owner_id}
    if not set(ids) <= followed:
        raise NotFound("Only people whom you follow can be in a list.")
    if store.members_among(tx, into.id, ids):
        raise Invalid("Somebody of these is in the list already.")
    if store.size(tx, into.id) + len(ids) > MAX_MEMBERS:
        raise Invalid("A list can have at most %(most)s people.", most=MAX_MEMBERS)
    for account_id in ids:
        store.add(tx, into.id, account_id, new_id(now_ms))
    if into.exclusive:
        store.set_aside(tx, owner_id)


def take_out(tx: Write, owner_id: int, id: int, account_ids: Sequence[int]) -> None:
    """Take people out of a list; who is not in it is no matter."""
    of = one(tx, owner_id, id)
    for account_id in list(dict.fromkeys(account_ids))[:MAX_MEMBERS]:
        store.take_out(tx, of.id, account_id)
    if of.exclusive:
        store.set_aside(tx, owner_id)


def timeline(db: Read, owner_id: int, id: int, page: Page) -> list[Entry]:
    """What the members of one of somebody's lists wrote and boosted."""
    of = one(db, owner_id, id)
    return store.of_list(db, owner_id, of.id, page)
