"""Flag: another server reports ours to us."""

import msgspec

from server.ids import new_id
from server.inbox.context import Arrival
from server.store import accounts, posts, reports
from server.store.db import Write


def flag(tx: Write, arrival: Arrival) -> None:
    """Keep a report about ours for the moderators. AP has none; Mastodon's shape."""
    uris = [uri for uri in arrival.activity.objects if arrival.site.ours(uri)]
    if not uris:
        return
    people = accounts.by_uris(tx, uris)
    about = [post for uri in uris if (post := posts.by_uri(tx, uri))]
    target = people[0].id if people else about[0].author_id if about else None
    if target is None:
        return
    reports.insert(
        tx,
        id=new_id(arrival.now_ms),
        uri=arrival.activity.id,
        reporter_id=arrival.actor.id,
        target_id=target,
        objects=msgspec.json.encode(uris).decode(),
        comment=(arrival.activity.content or "")[:5000],
        now_ms=arrival.now_ms,
    )
