"""ScheduledStatus: a post that waits for its time."""

from server.model import Site
from server.services.new_posts import NewPost
from server.services.scheduled import ScheduledView
from web import entities
from web.present.attachments import media
from web.present.values import VISIBILITY, id_or_none, when


def scheduled(site: Site, view: ScheduledView) -> entities.ScheduledStatus:
    """ScheduledStatus, for its author."""
    failure = view.failure
    return {
        "id": str(view.scheduled.id),
        "scheduled_at": when(view.scheduled.due_ms),
        "params": _params(view.new, view.scheduled.app_id),
        "media_attachments": [media(site, one) for one in view.media],
        "failure": str(failure) if failure else None,
    }


def _params(new: NewPost, app_id: int | None) -> entities.ScheduledParams:
    return {
        "text": new.content,
        "title": new.title,
        "lead": new.lead,
        "poll": _poll(new),
        "media_ids": [str(id) for id in new.media_ids] or None,
        "sensitive": new.sensitive,
        "spoiler_text": new.warning,
        "visibility": VISIBILITY[new.visibility],
        "in_reply_to_id": id_or_none(new.reply_to_id),
        "quoted_status_id": None,
        "language": new.language or None,
        "application_id": id_or_none(app_id),
        "scheduled_at": None,
        "idempotency": None,
        "with_rate_limit": False,
    }


def _poll(new: NewPost) -> entities.PollParams | None:
    if new.poll is None:
        return None
    return {
        "options": list(new.poll.options),
        "expires_in": new.poll.lasts_s,
        "multiple": new.poll.multiple,
        "hide_totals": new.poll.hidden,
    }
