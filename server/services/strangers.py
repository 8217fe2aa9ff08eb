"""What we keep of the people and groups of other servers."""

from typing import Any

import msgspec

from federation import groups
from federation.errors import Malformed
from federation.origin import host, normal, same_origin
from federation.vocab import Actor
from server import text
from server.ids import new_id
from server.model import Account
from server.policy.hosts import registered_domain
from server.services import borders
from server.services.burials import bury
from server.store import (
    accounts,
    activities,
    communities,
    deferred,
    emoji,
    follows,
    hosts,
    lists,
    notifications,
    peers,
    posts,
    reactions,
)
from server.store import forum as forum_store
from server.store import polls as poll_store
from server.store.db import Write

MAX_TITLE = 300  # characters of how a stranger describes a picture of theirs


def keep_actor(tx: Write, actor: Actor, now_ms: int, *, domain: str = "") -> Account:
    """Store a stranger as their own document describes them, or what changed in it.

    `domain` is the host in their handle where WebFinger says that it is not the actor's own.
    """
    known = accounts.by_uri(tx, actor.id)
    if known is not None and known.state == "gone":
        return known  # a late word of somebody who was deleted changes nothing
    if groups.speaks(actor.raw):
        hosts.speaks_groups(tx, host(actor.id), now_ms)
    if groups.of_nodebb(actor.id):
        hosts.runs(tx, host(actor.id), "nodebb", now_ms)
    columns = _described(actor)
    columns["peer_id"] = _peer(tx, actor, now_ms)
    decided = borders.standing(tx, host(actor.id))
    marked = decided.pop("limited_ms", None)
    columns |= decided
    if known is None:
        columns["limited_ms"] = marked
        account = _new_account(actor, columns, domain or host(actor.id), now_ms)
        accounts.insert(tx, account)
    else:
        account = known
        if known.peer_id != columns["peer_id"]:
            follows.move_peer(tx, known.id, known.peer_id, columns["peer_id"])
        if domain:
            columns["domain"] = domain
        columns["fetched_ms"] = now_ms
        accounts.set_columns(tx, known.id, **columns)
    _keep_keys(tx, actor, account.id, now_ms)
    found = accounts.by_id(tx, account.id)
    assert found is not None  # noqa: S101  stored above
    return found


def _described(actor: Actor) -> dict[str, Any]:
    return {
        "name": actor.username,
        "kind": actor.type,
        "display_name": text.plain(actor.name)[:200],
        "bio": text.sanitise(actor.summary),
        "url": actor.url or actor.id,
        "inbox": actor.inbox,
        "outbox": actor.outbox,
        "followers_uri": actor.followers,
        "following_uri": actor.following,
        "featured_uri": actor.featured,
        "avatar": actor.icon.url if actor.icon else "",
        "header": actor.image.url if actor.image else "",
        "fields": msgspec.json.encode(
            [(text.plain(name), text.sanitise(value)) for name, value in actor.fields]
        ).decode(),
        "emojis": msgspec.json.encode([(e.shortcode, e.url) for e in actor.emojis]).decode(),
        "also_known_as": msgspec.json.encode(actor.also_known_as).decode(),
        "moved_to": actor.moved_to,
        "locked": int(actor.locked),
        "bot": int(actor.bot),
        "discoverable": int(actor.discoverable),
        "indexable": int(actor.indexable),
        "avatar_description": text.plain(actor.icon.alt)[:MAX_TITLE] if actor.icon else "",
        "header_description": text.plain(actor.image.alt)[:MAX_TITLE] if actor.image else "",
        "attribution_domains": msgspec.json.encode(actor.attribution_domains).decode(),
        "show_media": int(actor.show_media),
        "show_media_replies": int(actor.show_media_replies),
        "show_featured": int(actor.show_featured),
        "moderators_uri": actor.moderators,
        "closed": int(actor.closed),
    }


def _new_account(actor: Actor, columns: dict[str, Any], domain: str, now_ms: int) -> Account:
    return Account(
        id=new_id(now_ms),
        uri=actor.id,
        domain=domain,
        bio_source="",
        state="active",
        followers_count=0,
        following_count=0,
        posts_count=0,
        last_post_ms=None,
        version=1,
        created_ms=min(actor.published_ms or now_ms, now_ms),
        fetched_ms=now_ms,
        **columns,
    )


def _peer(tx: Write, actor: Actor, now_ms: int) -> int:
    """Where deliveries to this actor go: its shared inbox, if that is on its own host.

    Raises `Malformed` for an inbox of somebody else: who names it would turn what we send against
    them, and share in what we know of their server.
    """
    own = host(actor.id)
    shared = actor.shared_inbox
    inbox = shared if shared and normal(shared) and host(shared) == own else actor.inbox
    if registered_domain(host(inbox)) != registered_domain(own):
        raise Malformed("the inbox is on another server")
    return peers.ensure(tx, inbox, own, now_ms)


def _keep_keys(tx: Write, actor: Actor, account_id: int, now_ms: int) -> None:
    accounts.remove_remote_keys(tx, account_id)
    for key in actor.keys:
        if key.owner == actor.id and same_origin(key.id, actor.id):
            accounts.put_remote_key(
                tx,
                uri=key.id,
                owner=key.owner,
                account_id=account_id,
                pem=key.pem,
                multibase=key.multibase,
                state="active",
                fetched_ms=now_ms,
            )


def end_actor(tx: Write, account: Account, now_ms: int) -> None:
    """A stranger is gone: their follows end, their posts are buried (the worker does the many)."""
    for follower_id, target_id in follows.partners(tx, account.id):
        follower, target = accounts.by_id(tx, follower_id), accounts.by_id(tx, target_id)
        if follower and target:
            follows.remove(tx, follower, target)
    lists.remove_of(tx, account.id)
    forum_store.unscore(tx, account.id)
    forum_store.withdraw(tx, account.id)
    communities.dismiss_everywhere(tx, account.id)
    reactions.withdraw(tx, account.id)
    emoji.withdraw(tx, account.id)
    deferred.withdraw(tx, account.id)
    poll_store.remove_votes_of(tx, account.id)
    notifications.remove_all_from(tx, account.id)
    accounts.remove_remote_keys(tx, account.id)
    accounts.set_columns(
        tx, account.id, state="gone", display_name="", bio="", avatar="", header="", fields="[]"
    )
    activities.bury(tx, account.uri, now_ms)


def bury_posts(tx: Write, account_id: int, now_ms: int, limit: int) -> bool:
    """Bury some of the posts of an account that is gone. True when there may be more."""
    ids = posts.ids_by(tx, account_id, limit)
    for id in ids:
        if post := posts.by_id(tx, id):
            bury(tx, post, now_ms, quietly=True)
    return len(ids) == limit
