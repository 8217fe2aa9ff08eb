"""Servers that one of ours wants nothing to do with; the others here still speak with them."""

from typing import Final

import msgspec

from server import text
from server.errors import Invalid
from server.ids import new_id
from server.model import Account, Site
from server.services import follows
from server.store import accounts, jobs
from server.store import domain_mutes as store
from server.store.db import Read, Write
from server.store.paging import Page

MAX_DOMAINS: Final = 1000  # of one account
AT_ONCE: Final = 200  # follows that one transaction ends


def shut_out(tx: Write, site: Site, viewer: Account, domain: str, now_ms: int) -> None:
    """See nothing of a server: what its people did here goes, follows both ways end.

    Raises `Invalid` for what is no server, or our own.
    """
    name = text.domain_name(domain)
    if name is None or name == site.domain.lower():
        raise Invalid("This is not the name of another server, such as example.org.")
    if store.count(tx, viewer.id) >= MAX_DOMAINS:
        raise Invalid("You can block at most %(most)s servers.", most=MAX_DOMAINS)
    if not store.insert(tx, account_id=viewer.id, domain=name, id=new_id(now_ms)):
        return
    store.remove_notifications(tx, viewer.id, name)
    if part(tx, site, viewer.id, name, now_ms):
        payload = msgspec.json.encode({"account": viewer.id, "domain": name})
        jobs.enqueue(tx, "part", f"part:{viewer.id}", payload, now_ms)


def part(tx: Write, site: Site, account_id: int, domain: str, now_ms: int) -> bool:
    """End some of the follows between the account and the server. True when there may be more."""
    viewer = accounts.by_id(tx, account_id)
    if viewer is None or not store.holds(tx, account_id, domain):
        return False
    ties = store.ties(tx, account_id, domain, AT_ONCE)
    people = accounts.by_ids(tx, {id for tie in ties for id in tie})
    for follower_id, target_id in ties:
        follower, target = people[follower_id], people[target_id]
        if follower.id == account_id:
            follows.end(tx, site, follower, target, now_ms)
        else:
            follows.cast_out(tx, site, target, follower, now_ms)
    return len(ties) == AT_ONCE


def ties(db: Read, viewer_id: int, domain: str) -> tuple[int, int]:
    """How many from a server follow the viewer, and how many there the viewer follows."""
    name = text.domain_name(domain)
    return (0, 0) if name is None else store.count_ties(db, viewer_id, name)


def let_in(tx: Write, viewer_id: int, domain: str) -> None:
    """Let a server in again; follows that ended stay ended."""
    store.remove(tx, viewer_id, text.domain_name(domain) or domain.strip().lower())


def page(db: Read, viewer_id: int, window: Page) -> list[tuple[int, str]]:
    """(id, domain) of the servers that the viewer shuts out, newest first."""
    return store.page(db, viewer_id, window)
