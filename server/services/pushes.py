"""Notifications pushed to apps: what each app wants, and the promise to tell it."""

from typing import Final

import msgspec

from server.errors import Invalid, NotFound
from server.ids import new_id
from server.model import Account, Notification, PushSubscription
from server.store import follows, jobs, notification_policy
from server.store import pushes as store
from server.store.db import Read, Write

ALERTS: Final = (
    *("mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update"),
    *("quote", "quoted_update", "admin.sign_up", "admin.report"),
    *("severed_relationships", "moderation_warning"),
)
POLICIES: Final = ("all", "followed", "follower", "none")
MOST_WAITING: Final = 30  # pushes to one app; it shows the rest when it is opened
MOST_FAILURES: Final = 50  # given up in a row: then nobody is there any more


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an app wants: where, for which keys, of which kinds, from whom; see `about`."""

    endpoint: str
    p256dh: str
    auth: str
    standard: bool
    alerts: dict[str, bool]
    policy: str
    locale: str
    sealed_token: bytes


class Push(msgspec.Struct, frozen=True):
    """The promise to tell one app of one notification."""

    subscription: int
    notification: int


def subscribe(
    tx: Write, token_id: int, account_id: int, wish: Wish, now_ms: int
) -> PushSubscription:
    """Tell this app from now on. Its earlier wish ends. Raises `Invalid` for an unknown policy."""
    made = PushSubscription(
        id=new_id(now_ms),
        token_id=token_id,
        account_id=account_id,
        endpoint=wish.endpoint,
        p256dh=wish.p256dh,
        auth=wish.auth,
        standard=int(wish.standard),
        alerts=_alerts(wish.alerts),
        policy=_policy(wish.policy),
        locale=wish.locale,
        sealed_token=wish.sealed_token,
        failures=0,
        created_ms=now_ms,
    )
    store.put(tx, made)
    return made


def about(token_id: int) -> bytes:
    """To what the sealed token of a subscription is bound."""
    return b"push of %d" % token_id


def change(
    tx: Write, token_id: int, alerts: dict[str, bool], policy: str | None
) -> PushSubscription:
    """Want other kinds, from others. Raises `NotFound`, `Invalid`."""
    known = of_token(tx, token_id)
    columns = {
        "alerts": _alerts(alerts),
        "policy": known.policy if policy is None else _policy(policy),
    }
    store.set_columns(tx, known.id, **columns)
    return msgspec.structs.replace(known, **columns)


def of_token(db: Read, token_id: int) -> PushSubscription:
    """What the app of this token wants. Raises `NotFound`."""
    found = store.of_token(db, token_id)
    if found is None:
        raise NotFound("This app has not subscribed to notifications.")
    return found


def unsubscribe(tx: Write, token_id: int) -> None:
    """No more, if it ever was."""
    store.remove_of_token(tx, token_id)


def promise(tx: Write, notification: Notification, now_ms: int) -> None:
    """Tell the apps that want it, soon after the commit; most people have none."""
    if notification.filtered:
        return
    for one in store.of_account(tx, notification.account_id):
        lane = f"push:{one.id}"
        if (
            wants(one, notification.kind)
            and jobs.lane_length(tx, lane, MOST_WAITING) < MOST_WAITING
        ):
            push = msgspec.json.encode(Push(one.id, notification.id))
            jobs.enqueue(tx, "push", lane, push, now_ms)


def wants(subscription: PushSubscription, kind: str) -> bool:
    """Whether this kind is among its alerts."""
    alerts = msgspec.json.decode(subscription.alerts, type=dict[str, bool])
    return subscription.policy != "none" and alerts.get(kind, False)


def welcome(db: Read, subscription: PushSubscription, from_: Account, now_ms: int) -> bool:
    """Whether its policy lets somebody through, and the member does not silence them."""
    me = subscription.account_id
    stance = notification_policy.stance(
        db, me, from_.id, domain=from_.domain, post_id=None, now_ms=now_ms
    )
    if stance.silenced:
        return False
    if subscription.policy == "followed":
        return bool(follows.followed_among(db, me, [from_.id]))
    if subscription.policy == "follower":
        return bool(follows.followed_among(db, from_.id, [me]))
    return subscription.policy != "none"


def arrived(tx: Write, subscription: PushSubscription) -> None:
    """The push service took something."""
    if subscription.failures:
        store.set_columns(tx, subscription.id, failures=0)


def failed(tx: Write, subscription: PushSubscription) -> None:
    """Something was given up; after `MOST_FAILURES` of them so is the subscription."""
    if subscription.failures + 1 >= MOST_FAILURES:
        store.remove(tx, subscription.id)
    else:
        store.set_columns(tx, subscription.id, failures=subscription.failures + 1)


def _alerts(wanted: dict[str, bool]) -> str:
    return msgspec.json.encode({k: wanted[k] for k in ALERTS if k in wanted}).decode()


def _policy(policy: str) -> str:
    if policy not in POLICIES:
        raise Invalid("There is no such policy: %(policy)s.", policy=policy)
    return policy
