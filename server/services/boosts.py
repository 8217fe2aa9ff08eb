"""Boosts: a post is passed on to the followers of a person, or of a neighbourhood.

People boost what they like. A neighbourhood boosts whatever carries its hashtag, and the stories of
team blogs that were filed under it; a board, the threads that begin in it. Such a boost goes where
any other does, but it is no compliment: nobody is told of it, and here it is not counted.
"""

from typing import Final

import msgspec

from federation import build
from server.clock import DAY_MS
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import events, permissions
from server.services.follows import activity_uri
from server.services.spreading import spread_boost
from server.store import blog, communities, follows, reactions
from server.store.db import Read, Write

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


def neighbourhoods(db: Read, post: Post) -> dict[int, Account]:
    """The neighbourhoods that a post of ours concerns, each once: by its hashtags, or as a story.

    What answers something concerns none, nor does what is not for everybody, or what its author
    does not want to be shared.
    """
    if not post.local or post.visibility != "public" or post.reply_to_uri is not None:
        return {}
    if permissions.of(post).boost is not None:
        return {}
    tags = msgspec.json.decode(post.tags, type=tuple[str, ...])
    found = {one.id: one for _, one in communities.neighbourhoods_of(db, sorted(tags))}
    story = blog.story(db, post.id) if post.community_id is not None else None
    place = communities.by_id(db, story.neighbourhood_id or 0) if story else None
    if place is not None and place.account.state == "active":
        found[place.account.id] = place.account
    return found


def pass_on(
    tx: Write, site: Site, view: PostView, now_ms: int, before: dict[int, Account] | None = None
) -> None:
    """Let the neighbourhoods boost a post of ours that it concerns now.

    `before` are those that it concerned until now: the others of them take their boost back. Who
    keeps apart from the neighbourhood or was limited by moderators is not passed on.
    What concerned a neighbourhood no more may do so again within `FORGOTTEN_MS`: else whoever takes
    a hashtag out and in again would lift an old post to the top of every follower's timeline, as
    often as they like.
    """
    post, known = view.post, before or {}
    found = neighbourhoods(tx, post)
    for id in sorted(known.keys() - found.keys()):
        take_back(tx, site, known[id], view, now_ms)
    if now_ms - post.published_ms > FORGOTTEN_MS or view.author.limited_ms is not None:
        return
    for id in sorted(found.keys() - known.keys()):
        if not follows.apart(tx, id, post.author_id):
            boost(tx, site, found[id], view, now_ms)
