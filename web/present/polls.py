"""Poll: a question with its answers, and which of them the viewer chose."""

from server.model import PostView
from server.services import polls
from web import entities
from web.present.values import when_or_none


def poll(view: PostView, viewer_id: int | None, now_ms: int) -> entities.Poll | None:
    """Poll of a question, ours or as last heard from its author; its id is its post's.

    An author counts as somebody who voted. Hidden totals are told to nobody before the end.
    """
    asked = polls.of(view.post)
    if asked is None:
        return None
    told = asked.told(now_ms)
    result: entities.Poll = {
        "id": str(view.post.id),
        "expires_at": when_or_none(asked.ends_ms),
        "expired": asked.ended(now_ms),
        "multiple": asked.multiple,
        "votes_count": sum(votes or 0 for _, votes in asked.options),
        "voters_count": asked.voters,
        "options": [
            {"title": title, "votes_count": votes if told else None}
            for title, votes in asked.options
        ],
        "emojis": [],
    }
    if viewer_id is not None:
        result["voted"] = bool(view.own_votes) or view.author.id == viewer_id
        result["own_votes"] = list(view.own_votes)
    return result
