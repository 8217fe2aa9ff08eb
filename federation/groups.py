"""What groups are on the wire: who speaks FEP-1b12, and what an activity is about."""

import re
from typing import Any, Final

from federation.origin import same_origin
from federation.readers import many, type_or_none, uri_or_none
from federation.vocab import Activity

LEMMY: Final = "https://join-lemmy.org/"
"""Its vocabulary stands in the contexts of all who speak it: Lemmy, PieFed, NodeBB, Madang."""
MAX_CONTEXTS: Final = 32
MAX_BATCH: Final = 500  # activities in one Announce

WRAPPED: Final = frozenset(
    {
        *("Create", "Update", "Delete", "Like", "Dislike", "Undo"),
        *("Lock", "Add", "Remove", "Block", "Move", "ChooseAnswer"),
    }
)
"""What a group announces of what others did in it. FEP-1b12"""


_NODEBB: Final = re.compile(r"https?://[^/]+(?:/[^/]+)?/(?:uid|category)/\d+")


def moderators(raw: dict[str, Any]) -> str:
    """Where a group lists who keeps it, "" where it does not.

    PeerTube names there who owns a channel, as an object, and that is no such list.
    """
    for name in ("attributedTo", "moderators"):
        found = uri_or_none(raw.get(name))
        own = raw.get("id")
        if found and isinstance(own, str) and found != own and same_origin(found, own):
            return found
    return ""


def speaks(raw: dict[str, Any]) -> bool:
    """Whether the document of an actor shows that its server understands what groups announce."""
    if raw.get("type") == "Group" and (moderators(raw) or "postingRestrictedToMods" in raw):
        return True
    return any(_of_lemmy(context) for context in many(raw.get("@context"))[:MAX_CONTEXTS])


def _of_lemmy(context: Any) -> bool:
    named = context.values() if isinstance(context, dict) else (context,)
    return any(isinstance(value, str) and value.startswith(LEMMY) for value in named)


def of_nodebb(id: str) -> bool:
    """Whether the id of an actor is one of NodeBB's, of a person or a category.

    Its documents name their software nowhere.
    """
    return _NODEBB.fullmatch(id) is not None


def several(activity: Activity) -> bool:
    """Whether an Announce brings more than one thing at once. FEP-4248, PieFed"""
    value = activity.raw.get("object")
    return activity.type == "Announce" and isinstance(value, list) and len(value) > 1


def batch(activity: Activity) -> tuple[dict[str, Any], ...]:
    """What others did that is announced at once, in order, at most `MAX_BATCH`."""
    found = many(activity.raw.get("object"))[:MAX_BATCH]
    return tuple(
        one for one in found if isinstance(one, dict) and type_or_none(one.get("type")) in WRAPPED
    )


def wraps(activity: Activity) -> bool:
    """Whether somebody announces what somebody did, and not something that somebody wrote."""
    return activity.type == "Announce" and activity.object_type in WRAPPED
