"""From whom people want to hear, and the requests of those who were filtered."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from server.errors import NotFound
from server.model import Account, Entry
from server.services import conversations, events, notifications
from server.store import accounts, posts
from server.store import notification_policy as store
from server.store.db import Read, Write
from server.store.notification_policy import Policy
from server.store.paging import Page

MOST_AT_ONCE: Final = 100  # requests

Choice = Literal["accept", "filter", "drop"]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in a policy; None stays."""

    for_not_following: Choice | None = None
    for_not_followers: Choice | None = None
    for_new_accounts: Choice | None = None
    for_private_mentions: Choice | None = None
    for_limited_accounts: Choice | None = None
    for_bots: Choice | None = None


class Standing(msgspec.Struct, frozen=True):
    """A policy, and what waits because of it: from how many, and how many."""

    policy: Policy
    people: int
    notices: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What waits of one sender: how much, and the latest post that it is about."""

    id: int
    account: Account
    many: int
    created_ms: int
    updated_ms: int
    entry: Entry | None


def standing(db: Read, viewer_id: int) -> Standing:
    """What the viewer chose, and what waits."""
    return Standing(store.policy(db, viewer_id), *store.waiting(db, viewer_id))


def change(tx: Write, viewer_id: int, changes: Changes) -> Standing:
    """Change the policy; what was told or filtered before stays as it is."""
    given = {name: word for name, word in msgspec.structs.asdict(changes).items() if word}
    chosen = msgspec.structs.replace(store.policy(tx, viewer_id), **given)
    store.set_policy(tx, viewer_id, chosen)
    return standing(tx, viewer_id)


def requests(db: Read, viewer_id: int, window: Page) -> list[Request]:
    """What waits, by sender."""
    return _requests(db, viewer_id, store.requests(db, viewer_id, window))


def request(db: Read, viewer_id: int, id: int) -> Request:
    """What waits of one sender. Raises `NotFound`."""
    waiting = store.request_of(db, viewer_id, _sender(db, viewer_id, id))
    found = _requests(db, viewer_id, [waiting] if waiting else [])
    if not found:
        raise NotFound("There is no such request.")
    return found[0]


def _requests(db: Read, viewer_id: int, found: list[store.Request]) -> list[Request]:
    who = accounts.by_ids(db, [one.from_id for one in found])
    entries = notifications.readable(db, viewer_id, [one.post_id for one in found if one.post_id])
    return [
        Request(
            id=one.id,
            account=who[one.from_id],
            many=one.many,
            created_ms=one.created_ms,
            updated_ms=one.updated_ms,
            entry=entries.get(one.post_id or 0),
        )
        for one in found
        if one.from_id in who
    ]


def _sender(db: Read, viewer_id: int, id: int) -> int:
    found = store.senders(db, viewer_id, [id])
    if id not in found:
        raise NotFound("There is no such request.")
    return found[id]


def accept(tx: Write, viewer_id: int, id: int, now_ms: int) -> None:
    """Show what waited of a sender, and what will come from them. Raises `NotFound`.

    Streams tell of it as `notifications_merged`.
    """
    _accept(tx, viewer_id, _sender(tx, viewer_id, id), now_ms)


def accept_all(tx: Write, viewer_id: int, ids: Iterable[int], now_ms: int) -> None:
    """As `accept`; ids that name no request are passed over."""
    for from_id in sorted(set(store.senders(tx, viewer_id, [*ids][:MOST_AT_ONCE]).values())):
        _accept(tx, viewer_id, from_id, now_ms)


def _accept(tx: Write, viewer_id: int, from_id: int, now_ms: int) -> None:
    store.allow(tx, viewer_id, from_id)
    events.tell(tx, "notifications_merged", events.notified(viewer_id), now_ms, payload="1")
    about = posts.by_ids(tx, store.let_in(tx, viewer_id, from_id))
    for post in sorted(about.values(), key=lambda post: post.id):
        if post.visibility == "direct" and post.deleted_ms is None:
            conversations.came(tx, viewer_id, post, now_ms)


def dismiss(tx: Write, viewer_id: int, id: int) -> None:
    """Forget what waited of a sender; what comes later waits again. Raises `NotFound`."""
    store.turn_away(tx, viewer_id, _sender(tx, viewer_id, id))


def dismiss_all(tx: Write, viewer_id: int, ids: Iterable[int]) -> None:
    """As `dismiss`; ids that name no request are passed over."""
    for from_id in sorted(set(store.senders(tx, viewer_id, [*ids][:MOST_AT_ONCE]).values())):
        store.turn_away(tx, viewer_id, from_id)
