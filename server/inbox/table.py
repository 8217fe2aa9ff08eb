"""Everything we understand: (activity type, object type) -> what it does; None is any object.

FEDERATION.md lists the same pairs; a test holds the two together.
"""

from collections.abc import Callable
from typing import Final

from federation.vocab import ACTOR_TYPES, OBJECT_TYPES, Activity
from server.inbox import (
    announce,
    choosing,
    create,
    delete,
    emoji,
    featured,
    flag,
    follow,
    move,
    quoting,
    reacting,
    replying,
    steward,
    undo,
    update,
    votes,
)
from server.inbox.context import Arrival
from server.store.db import Write

Handler = Callable[[Write, Arrival], None]

HANDLERS: Final[dict[tuple[str, str | None], Handler]] = {
    ("Accept", None): replying.accept,
    ("Add", None): featured.add,
    ("Announce", None): announce.announce,
    ("AnnounceRequest", None): reacting.request,
    ("Block", None): follow.block,
    ("ChooseAnswer", None): choosing.choose,
    **{("Create", kind): create.create for kind in (None, *sorted(OBJECT_TYPES))},
    ("Delete", None): delete.delete,
    ("Dislike", None): votes.dislike,
    ("EmojiReact", None): emoji.react,
    ("Flag", None): flag.flag,
    ("Follow", None): follow.follow,
    ("Like", None): votes.like,
    ("LikeRequest", None): reacting.request,
    ("Lock", None): steward.lock,
    ("Move", None): move.move,
    ("QuoteRequest", None): quoting.request,
    ("Reject", None): replying.reject,
    ("Remove", None): featured.remove,
    ("ReplyRequest", None): replying.request,
    ("Undo", None): undo.undo,
    **{("Update", kind): update.post for kind in (None, *sorted(OBJECT_TYPES))},
    **{("Update", kind): update.actor for kind in sorted(ACTOR_TYPES)},
}


def handler_for(activity: Activity) -> Handler | None:
    """The exact pair, else the type alone, else nothing: ignore the unfamiliar. AS2 Core §5."""
    exact = HANDLERS.get((activity.type, activity.object_type))
    return exact or HANDLERS.get((activity.type, None))
