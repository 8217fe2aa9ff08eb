"""What an app can listen to: its channels. docs.joinmastodon.org/methods/streaming

As since Mastodon 4.2, every stream needs a member's token, those of public posts too; they ask for
no scope.
"""

from typing import Any, Final, NamedTuple

from server import text
from server.errors import AppError, Unauthorized
from server.ids import parse_id
from server.services.scopes import covers
from web.i18n import N_
from web.keys import Viewer
from web.streams import Name

MAX_NAME: Final = 100  # characters of a hashtag
MAX_ID: Final = 20

PUBLIC: Final = tuple(
    f"public{whose}{what}" for whose in ("", ":local", ":remote") for what in ("", ":media")
)
HASHTAGS: Final = ("hashtag", "hashtag:local")
CHANNELS: Final = (*PUBLIC, *HASHTAGS, "user", "user:notification", "list", "direct")

UNKNOWN: Final = N_("There is no such stream.")
NO_TAG: Final = N_("Please name the hashtag of this stream: tag.")
NO_LIST: Final = N_("Please name the list of this stream: list.")
NOT_YOURS: Final = N_("You cannot listen to this list.")
NO_SCOPE: Final = N_("This app may not listen to this: it was not given the scope %(scope)s.")


class Channel(NamedTuple):
    """What an app asked for: the name that it knows it by, and the hub's topics.

    `list_id`: the list that has to be the viewer's own.
    """

    name: Name
    topics: tuple[str, ...]
    list_id: int | None = None


def channel(viewer: Viewer, kind: Any, params: dict[str, Any]) -> Channel:  # noqa: ANN401
    """The channel of this kind, with its `tag` or `list`.

    Raises `Unauthorized` (also for a scope that is missing, as Mastodon does) and `AppError`.
    """
    if isinstance(kind, list):
        kind = kind[0] if kind else ""
    if kind not in CHANNELS:
        raise AppError(UNKNOWN)
    if kind in PUBLIC:
        return Channel((kind,), (kind,))
    if kind in HASHTAGS:
        return _hashtag(kind, params)
    _check(viewer, "read:notifications" if kind == "user:notification" else "read:statuses")
    return _own(viewer, kind, params)


def _hashtag(kind: str, params: dict[str, Any]) -> Channel:
    given = params.get("tag")
    tag = text.normal_tag(given) if isinstance(given, str) and len(given) <= MAX_NAME else ""
    if not tag:
        raise AppError(NO_TAG)
    return Channel((kind, str(given)), (f"{kind}:{tag}",))


def _own(viewer: Viewer, kind: str, params: dict[str, Any]) -> Channel:
    me = viewer.account.id
    told = f"notifications:{me}"
    if kind == "direct":
        return Channel(("direct",), (f"direct:{me}",))
    if kind == "user:notification":
        return Channel((kind,), (told,))
    if kind == "list":
        return _list(params)
    hears = covers(viewer.scopes or frozenset(), "read:notifications")
    topics = (f"home:{me}", "announcements", *([told] if hears else []))
    return Channel(("user",), topics)


def _list(params: dict[str, Any]) -> Channel:
    given = params.get("list")
    if not isinstance(given, str | int) or not str(given):
        raise AppError(NO_LIST)
    id = parse_id(str(given)) if len(str(given)) <= MAX_ID else None
    if id is None:
        raise Unauthorized(NOT_YOURS)
    return Channel(("list", str(id)), (f"list:{id}",), id)


def _check(viewer: Viewer, scope: str) -> None:
    if not covers(viewer.scopes or frozenset(), scope):
        raise Unauthorized(NO_SCOPE, scope=scope)
