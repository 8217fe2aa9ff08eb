"""Web Push: where an app wants to be told of notifications. docs.joinmastodon.org/methods/push

One subscription for each token; it ends with the token.
"""

from typing import Annotated, Final

import msgspec
from aiohttp import web

from federation import webpush
from server.errors import BadToken, Invalid
from server.model import PushSubscription
from server.services import pushes
from server.services.pushes import Wish
from web import entities, i18n
from web.api.access import need
from web.api.answers import one
from web.api.shape import gives
from web.body import body
from web.keys import CLIENT, DB, NOW, SITE, VAPID_KEY, Viewer

routes = web.RouteTableDef()

MAX_ENDPOINT: Final = 2_048  # characters
MAX_ALERTS: Final = 50


class Keys(msgspec.Struct, frozen=True):
    """For whom messages are encrypted, in base64."""

    p256dh: Annotated[str, msgspec.Meta(max_length=200)]
    auth: Annotated[str, msgspec.Meta(max_length=100)]


class Subscription(msgspec.Struct, frozen=True):
    """Where to, for which keys, in which form: `standard` is RFC 8291, else the draft before it."""

    endpoint: Annotated[str, msgspec.Meta(max_length=MAX_ENDPOINT)]
    keys: Keys
    standard: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """Of which kinds of notification, and from whom."""

    alerts: Annotated[dict[str, bool], msgspec.Meta(max_length=MAX_ALERTS)] = {}
    policy: str | None = None


class New(msgspec.Struct, frozen=True):
    """A subscription."""

    subscription: Subscription
    data: Wanted = Wanted()


class Change(msgspec.Struct, frozen=True):
    """What it wants instead; the documentation names `policy` here, apps send `data[policy]`."""

    data: Wanted = Wanted()
    policy: str | None = None


@routes.post("/api/v1/push/subscription")
@need("push")
@gives(entities.WebPushSubscription, body=New)
async def subscribe(request: web.Request, viewer: Viewer) -> web.Response:
    """Tell this app from now on; what it wanted before ends."""
    new = await body(request, New)
    _check(request, new.subscription)
    wish = Wish(
        endpoint=new.subscription.endpoint,
        p256dh=new.subscription.keys.p256dh,
        auth=new.subscription.keys.auth,
        standard=new.subscription.standard,
        alerts=new.data.alerts,
        policy=new.data.policy or "all",
        locale=i18n.choose(
            request, request.config_dict[SITE].languages, viewer.member.language or None
        ),
    )
    made = await request.config_dict[DB].write(
        pushes.subscribe, _token(viewer), viewer.account.id, wish, request.config_dict[NOW]()
    )
    return _answer(request, made)


@routes.get("/api/v1/push/subscription")
@need("push")
@gives(entities.WebPushSubscription)
async def read(request: web.Request, viewer: Viewer) -> web.Response:
    """What this app wants."""
    found = await request.config_dict[DB].read(pushes.of_token, _token(viewer))
    return _answer(request, found)


@routes.put("/api/v1/push/subscription")
@need("push")
@gives(entities.WebPushSubscription, body=Change)
async def change(request: web.Request, viewer: Viewer) -> web.Response:
    """Want other kinds, from others."""
    wanted = await body(request, Change)
    changed = await request.config_dict[DB].write(
        pushes.change, _token(viewer), wanted.data.alerts, wanted.data.policy or wanted.policy
    )
    return _answer(request, changed)


@routes.delete("/api/v1/push/subscription")
@need("push")
@gives(entities.Empty)
async def unsubscribe(request: web.Request, viewer: Viewer) -> web.Response:
    """No more, if it ever was."""
    await request.config_dict[DB].write(pushes.unsubscribe, _token(viewer))
    return one({})


def _token(viewer: Viewer) -> int:
    if viewer.token_id is None:
        raise BadToken("The access token is missing or not valid: sign in again.")
    return viewer.token_id


def _check(request: web.Request, subscription: Subscription) -> None:
    """Raise `Invalid` for an address where we do not go, and for what is no key."""
    if not request.config_dict[CLIENT].may_go(subscription.endpoint):
        raise Invalid("Pushes cannot be sent to this address: it has to be https and public.")
    try:
        webpush.recipient(subscription.keys.p256dh, subscription.keys.auth)
    except ValueError:
        raise Invalid("These are no keys for pushes: send p256dh and auth in base64.") from None


def _answer(request: web.Request, found: PushSubscription) -> web.Response:
    entity: entities.WebPushSubscription = {
        "id": str(found.id),
        "endpoint": found.endpoint,
        "standard": bool(found.standard),
        "alerts": msgspec.json.decode(found.alerts, type=dict[str, bool]),
        "policy": found.policy,
        "server_key": request.config_dict[VAPID_KEY],
    }
    return one(entity)
