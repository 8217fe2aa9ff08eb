"""Promise an activity to its audience, within the transaction that caused it.

One row holds the body, one narrow row per peer promises it: 60,000 followers on 3,000 servers are
3,000 rows. Nothing is sent before the transaction commits.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from federation.build import document
from server.ids import new_id
from server.model import Account
from server.store import accounts, peers
from server.store.db import Write


def publish(
    tx: Write,
    sender: Account,
    activity: dict[str, Any],
    now_ms: int,
    *,
    followers: bool = False,
    groups: bool | None = None,
    to: Iterable[Account] = (),
    beyond: Iterable[int] = (),
    through: int | None = None,
    through_groups: bool | None = None,
    everywhere: bool = False,
    at: Iterable[int] = (),
) -> None:
    """Promise `activity` to the sender's followers, to these accounts, and to those with these ids.

    `through` is a post: it also goes to the followers of those of ours who boosted it. With
    `everywhere` it goes to every peer that we know. `at`: ids of peers.

    `groups`: of the followers, only those whose servers understand what a group announces, or only
    the others; `through_groups` of those whom it reaches through boosts.

    Every peer is served once, however many of its people are addressed. Our own people are not
    peers: what concerns them happens in the same transaction.
    """
    named = [account.peer_id for account in to]
    named += [account.peer_id for account in accounts.by_ids(tx, beyond).values()]
    accounts.hold(tx, sender.id)
    # deliveries go out by this id: also when the clock was set back since, the later one is later
    outbox_id = max(new_id(now_ms), peers.last_promised(tx) + 1)
    peers.insert_outbox(
        tx,
        id=outbox_id,
        sender_id=sender.id,
        body=msgspec.json.encode(document(activity)),
        now_ms=now_ms,
    )
    promised = 0
    if followers:
        promised += peers.add_followers(tx, outbox_id, sender.id, now_ms, groups=groups)
    if through:
        promised += peers.add_through(tx, outbox_id, through, now_ms, groups=through_groups)
    promised += peers.add_all(tx, outbox_id, now_ms) if everywhere else 0
    promised += peers.add(
        tx, outbox_id, list({id for id in (*named, *at) if id is not None}), now_ms
    )
    if not promised:
        peers.remove_outbox(tx, outbox_id)
