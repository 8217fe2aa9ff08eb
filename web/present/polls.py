"""Poll: a question with its answers, and which of them the viewer chose."""

import json

from server.model import PostView
from web import entities
from web.present.values import when_or_none


def poll(view: PostView, viewer_id: int | None, now_ms: int) -> entities.Poll | None:
    """Poll of a question, ours or as last heard from its author; its id is its post's.

    An author counts as somebody who voted. Hidden totals are told to nobody before the end.
    """
    extra = json.loads(view.post.extra)
    options = extra.get("options")
    if not options:
        return None
    ends_ms = extra.get("ends_ms")
    expired = ends_ms is not None and ends_ms <= now_ms
    hidden = bool(extra.get("hidden")) and not expired
    result: entities.Poll = {
        "id": str(view.post.id),
        "expires_at": when_or_none(ends_ms),
        "expired": expired,
        "multiple": bool(extra.get("multiple")),
        "votes_count": sum(votes or 0 for _, votes in options),
        "voters_count": extra.get("voters"),
        "options": [
            {"title": title, "votes_count": None if hidden else votes} for title, votes in options
        ],
        "emojis": [],
    }
    if viewer_id is not None:
        result["voted"] = bool(view.own_votes) or view.author.id == viewer_id
        result["own_votes"] = list(view.own_votes)
    return result
