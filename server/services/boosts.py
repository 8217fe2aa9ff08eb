"""Boosts: a post is passed on to the followers of a person, or of a neighbourhood.

People boost what they like. A neighbourhood boosts whatever carries its hashtag: its boost counts
as any other does, here and elsewhere, but nobody is told of it, for it is no compliment.
"""

from typing import Final

import msgspec

from federation import build
from server.clock import DAY_MS
from server.ids import new_id
from server.model import Account, PostView, Site
from server.outbox import publish
from server.services import events, permissions
from server.services.follows import activity_uri
from server.services.spreading import spread_boost
from server.store import communities, follows, reactions
from server.store.db import Write

FORGOTTEN_MS: Final = DAY_MS


def boost(
    tx: Write,
    site: Site,
    booster: Account,
    view: PostView,
    now_ms: int,
    *,
    groups: bool | None = None,
) -> int | None:
    """Pass an open post on, here and elsewhere; the boost's id, or None when it was boosted.

    `groups` as in `outbox.publish`: a board tells those who understand groups in another way.
    """
    id = new_id(now_ms)
    uri, post = activity_uri(site, id), view.post
    if not reactions.boost(
        tx, post_id=post.id, account_id=booster.id, id=id, uri=uri, now_ms=now_ms
    ):
        return None
    spread_boost(tx, id, post, booster, now_ms)
    activity = build.announce(
        uri,
        booster.uri,
        post.uri,
        cc=(booster.followers_uri, view.author.uri),
        published_ms=now_ms,
    )
    publish(tx, booster, activity, now_ms, followers=True, groups=groups, to=[view.author])
    return id


def take_back(tx: Write, site: Site, booster: Account, view: PostView, now_ms: int) -> bool:
    """End a boost, here and elsewhere. False when there was none."""
    known = reactions.unboost(tx, view.post.id, booster.id)
    if known is None:
        return False
    events.unboosted(tx, known["id"], booster.id, now_ms)
    undone = build.announce(
        known["uri"],
        booster.uri,
        view.post.uri,
        cc=(booster.followers_uri, view.author.uri),
        published_ms=known["created_ms"],
    )
    activity = build.undo(activity_uri(site, new_id(now_ms)), undone)
    publish(tx, booster, activity, now_ms, followers=True, to=[view.author])
    return True


def pass_on(
    tx: Write, site: Site, view: PostView, now_ms: int, before: tuple[str, ...] = ()
) -> None:
    """Let neighbourhoods boost a post of ours that carries their hashtags, if it is for everybody.

    `before` are the hashtags that it carried until now: those whose hashtag it lost take their
    boost back. Replies are not passed on, nor is whoever keeps apart from the neighbourhood or was
    limited by moderators, nor what its author does not want to be shared.
    A hashtag that was forgotten may come within `FORGOTTEN_MS`: else whoever takes it out and in
    again would lift an old post to the top of every follower's timeline, as often as they like.
    """
    post = view.post
    if post.visibility != "public" or post.reply_to_uri is not None:
        return
    if permissions.of(post).boost is not None:
        return
    tags = msgspec.json.decode(post.tags, type=tuple[str, ...])
    differing = sorted({*tags} ^ {*before})
    late = now_ms - post.published_ms > FORGOTTEN_MS
    limited = view.author.limited_ms is not None
    for tag, neighbourhood in communities.neighbourhoods_of(tx, differing):
        if tag not in tags:
            take_back(tx, site, neighbourhood, view, now_ms)
        elif late or limited or follows.apart(tx, neighbourhood.id, post.author_id):
            continue
        else:
            boost(tx, site, neighbourhood, view, now_ms)
