"""Flag: another server reports ours to us."""

from federation.origin import host
from server.inbox.context import Arrival
from server.services import borders, new_reports
from server.store import accounts, posts
from server.store.db import Write


def flag(tx: Write, arrival: Arrival) -> None:
    """Keep a report about ours for the moderators. AP has none; Mastodon's shape.

    Nothing is kept of a server whose reports moderators refuse.
    """
    activity = arrival.activity
    uris = [uri for uri in activity.objects if arrival.site.ours(uri)]
    if not uris or borders.refuses(tx, host(activity.actor), "reports"):
        return
    people = accounts.by_uris(tx, uris)
    about = [post for uri in uris if (post := posts.by_uri(tx, uri))]
    author = accounts.by_id(tx, about[0].author_id) if about else None
    target = people[0] if people else author
    if target is not None:
        new_reports.hear(
            tx,
            arrival.actor,
            activity.id,
            target,
            objects=uris,
            comment=(activity.content or "")[:5000],
            now_ms=arrival.now_ms,
        )
