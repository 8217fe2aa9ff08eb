"""What we keep of other servers' people and posts."""

from typing import Any

import msgspec

from federation import groups
from federation.audience import visibility
from federation.errors import Malformed
from federation.origin import host, normal, same_origin
from federation.vocab import PUBLIC, Actor, Attachment, Object
from server import text
from server.clock import DAY_MS
from server.errors import Invalid
from server.ids import new_id
from server.model import WAITING, Account, Media, Post, PostView, Site
from server.policy.hosts import registered_domain
from server.services import (
    adoption,
    borders,
    contexts,
    conversations,
    events,
    forum_arrivals,
    permissions,
    polls,
    previews,
    quotes,
    rights,
    stamps,
)
from server.services.burials import bury
from server.services.media import About
from server.services.permissions import Standing
from server.services.spreading import spread_post
from server.services.telling import tell_changed, tell_quoted
from server.store import (
    accounts,
    activities,
    approvals,
    communities,
    deferred,
    emoji,
    follows,
    hosts,
    lists,
    media,
    notifications,
    peers,
    posts,
    reactions,
)
from server.store import forum as forum_store
from server.store import polls as poll_store
from server.store import quotes as quote_store
from server.store.approvals import Approval
from server.store.db import Read, Write

MAX_TITLE = 300  # characters of a stranger's title that we keep
MAX_COUNT = 10**9  # votes in a stranger's poll
MAX_WAITING = 500  # answers that wait for the yes of one of ours
MAX_WAITING_OF_ONE = 20


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


# --- posts


def may_keep(db: Read, site: Site, found: Object) -> bool:
    """Whether this object can be stored: not ours, not deleted, an id of its author's host."""
    return at_home(site, found) and not activities.buried(db, found.id, by=found.attributed_to)


def at_home(site: Site, found: Object) -> bool:
    """Whether an object has an id of its author's host, which is not ours."""
    return (
        not site.ours(found.id) and normal(found.id) and host(found.id) == host(found.attributed_to)
    )


def keep_boost(tx: Write, uri: str, group: Account, post_id: int, now_ms: int) -> None:
    """Count the boost `uri` of a public post, that a group's own outbox tells of, once."""
    post = posts.by_id(tx, post_id)
    if post is None or post.deleted_ms is not None or not post.open or post.reply_to_uri:
        return
    if not activities.buried(tx, uri, by=group.uri):
        id = new_id(now_ms)
        reactions.boost(tx, post_id=post.id, account_id=group.id, id=id, uri=uri, now_ms=now_ms)


def hidden(found: Object, author: Account) -> bool:
    """Whether an object is not for everybody: what was fetched for a boost or a pin must be."""
    return visibility(found.to, found.cc, author.followers_uri) not in ("public", "unlisted")


def keep_post(
    tx: Write,
    site: Site,
    found: Object,
    author: Account,
    now_ms: int,
    *,
    spread: bool = True,
    by: Account | None = None,
    stamp: str = "",
) -> Post:
    """Store a stranger's post and show it to whom it concerns; what we have already stays as it is.

    With `spread` off (older posts that were fetched) nobody is notified and no home timeline
    changes. `by` is the group that announced it. Raises `Invalid` when the author may not be shown.
    """
    return posts.by_uri(tx, found.id) or keep_new_post(
        tx, site, found, author, now_ms, spread=spread, by=by, stamp=stamp
    )


def keep_new_post(
    tx: Write,
    site: Site,
    found: Object,
    author: Account,
    now_ms: int,
    *,
    spread: bool = True,
    by: Account | None = None,
    stamp: str = "",
) -> Post:
    """As `keep_post`, for what is not here yet. `stamp` has been read, and allows it as an answer.

    Raises `Invalid` also where whoever is answered does not want it, or a community of ours.
    """
    if author.state != "active":
        raise Invalid("The author's account is not active.")
    if forum_arrivals.refuses(tx, found, author, now_ms):
        raise Invalid("The community in which this stands does not let this answer in.")
    parent = _answered(tx, found, author)
    standing = permissions.arriving(tx, found, author, parent, stamp)
    _check_queue(tx, author, parent, standing)
    group = forum_arrivals.place(tx, found, author, now_ms, by=by)
    written = _new_post(found, author, parent, group, now_ms)
    post = msgspec.structs.replace(
        written,
        context_uri=contexts.claimed(tx, site, found.context, parent),
        visibility=WAITING if standing.waits else written.visibility,
        reply_stamp=_stamped(site, written, standing),
    )
    posts.insert(tx, post)
    if parent is not None and (standing.waits or standing.proven):
        remember(tx, post, parent, written.visibility)
    if found.quote:
        post = settle_quote(tx, post, author)
    named = _named(tx, site, found)
    _attach(tx, post, found, named, now_ms)
    if standing.waits:
        return post
    posts.count(tx, post, 1)
    forum_arrivals.settle(tx, post, found, now_ms, adopted=adoption.adopt(tx, post, now_ms))
    previews.note(tx, site, post, now_ms)
    if spread:
        contexts.expect_more(tx, post, now_ms)
        spread_post(tx, post, author, parent.author_id if parent else 0, now_ms)
        _tell(tx, post, author, named, parent, now_ms)
        tell_quoted(tx, post, author, now_ms)
    return post


def _check_queue(db: Read, asker: Account, parent: Post | None, standing: Standing) -> None:
    """Raises `Invalid` where too many answers wait for somebody already."""
    if parent is None or not standing.waits:
        return
    decider = parent.author_id
    own = approvals.count(db, decider, MAX_WAITING_OF_ONE, asker.id)
    if own >= MAX_WAITING_OF_ONE or approvals.count(db, decider, MAX_WAITING) >= MAX_WAITING:
        raise Invalid("Too many answers wait there already.")


def _stamped(site: Site, post: Post, standing: Standing) -> str:
    """What allows an answer: the stamp of a stranger, or where one of ours has circles, ours."""
    ours = stamps.reply_uri(site, post.id) if standing.proven else ""
    return standing.stamp or ours


def remember(tx: Write, post: Post, parent: Post, visibility: str) -> None:
    """How an answer stands with whoever is answered."""
    approvals.insert(
        tx,
        Approval(
            post_id=post.id,
            target_id=parent.id,
            decider_id=parent.author_id,
            asker_id=post.author_id,
            visibility=visibility,
            state="waiting" if post.visibility == WAITING else "accepted",
            asked_ms=post.published_ms,
        ),
    )


def release(tx: Write, site: Site, view: PostView, parent: Post | None, now_ms: int) -> None:
    """Show an answer that waited to all whom it is for, as if it had come now."""
    post = view.post
    posts.count(tx, post, 1)
    quotes.count(tx, post, 1)
    if adoption.adopt(tx, post, now_ms) and post.community_id is not None:
        forum_store.recount(tx, post.thread_id)
    previews.note(tx, site, post, now_ms)
    contexts.expect_more(tx, post, now_ms)
    spread_post(tx, post, view.author, parent.author_id if parent else 0, now_ms)
    _tell(tx, post, view.author, list(view.mentions), parent, now_ms)
    tell_quoted(tx, post, view.author, now_ms)


def _answered(db: Read, found: Object, author: Account) -> Post | None:
    """What a stranger answers; not one of ours that they cannot have read, but may have guessed."""
    parent = posts.by_uri(db, found.in_reply_to) if found.in_reply_to else None
    if parent is None or not parent.local or parent.open:
        return parent
    return parent if rights.may_read(db, author.id, parent) and not parent.secret else None


def settle_quote(tx: Write, post: Post, author: Account) -> Post:
    """Find what a stranger's post quotes, and judge it by what the quoted author allows.

    What is not here stays pending. A quote of what its author did not want to be quoted is a post
    like any other, without the quote.
    """
    quoted = posts.by_uri(tx, post.quote_uri)
    if post.quote_state != "pending" or quoted is None or quoted.id == post.id:
        return post
    over = quote_store.revoked(tx, post.id, quoted.id)
    state = "revoked" if over else quotes.judge(tx, author, quoted)
    posts.set_columns(tx, post.id, quote_id=quoted.id, quote_state=state)
    settled = posts.by_id(tx, post.id)
    assert settled is not None  # noqa: S101  it was changed above
    quotes.count(tx, settled, 1)
    return settled


def settle_late_quote(tx: Write, post_id: int, now_ms: int) -> None:
    """What a post quotes has come after it."""
    post = posts.by_id(tx, post_id)
    author = accounts.by_id(tx, post.author_id) if post else None
    if post is not None and author is not None and post.deleted_ms is None:
        tell_quoted(tx, settle_quote(tx, post, author), author, now_ms)


def _new_post(
    found: Object, author: Account, parent: Post | None, group: Account | None, now_ms: int
) -> Post:
    id = new_id(now_ms)
    published = min(found.published_ms or now_ms, now_ms)
    return Post(
        id=id,
        uri=found.id,
        author_id=author.id,
        local=0,
        visibility=visibility(found.to, found.cc, author.followers_uri),
        source="",
        reply_to_uri=found.in_reply_to,
        reply_to_id=parent.id if parent else None,
        thread_id=parent.thread_id if parent else id,
        replies=0,
        likes=0,
        boosts=0,
        pinned_ms=None,
        published_ms=published,
        edited_ms=found.updated_ms if (found.updated_ms or 0) > published else None,
        deleted_ms=None,
        version=1,
        quote_uri=found.quote or "",
        quote_state="pending" if found.quote else "",
        quote_policy=_policy(found, author),
        community_id=group.id if group else None,
        quote_stamp=_claimed(found),
        permits=permissions.heard(found, author),
        **_written(found),
    )


def _policy(found: Object, author: Account) -> str:
    """Who may quote it unasked, in our words; empty where the peer does not say."""
    if found.quotable is None:
        return quotes.UNKNOWN
    if PUBLIC in found.quotable:
        return "public"
    if author.followers_uri in found.quotable:
        return "followers"
    asked = {PUBLIC, author.followers_uri, author.following_uri} & set(found.askable)
    return "manual" if asked else "nobody"


def _claimed(found: Object) -> str:
    """The stamp that a quote says it has, if the quoted post's server can have made it."""
    if not found.quote or not found.authorization:
        return ""
    own = normal(found.authorization) and same_origin(found.authorization, found.quote)
    return found.authorization if own else ""


def _written(found: Object) -> dict[str, Any]:
    """The columns that an Update can change."""
    titled = found.type not in ("Note", "Question")
    clean = text.sanitise_story if titled else text.sanitise
    return {
        "url": found.url or found.id,
        "kind": found.type.lower(),
        "title": text.plain(found.name)[:MAX_TITLE] if titled or _asks(found) else "",
        "lead": text.sanitise(found.lead),
        "content": clean(found.content),
        "warning": text.plain(found.warning)[:MAX_TITLE],
        "sensitive": int(found.sensitive or bool(found.warning)),
        "language": found.language[:35],
        "tags": msgspec.json.encode(found.hashtags).decode(),
        "emojis": msgspec.json.encode([(e.shortcode, e.url) for e in found.emojis]).decode(),
        "extra": msgspec.json.encode(_extra(found)).decode(),
    }


def _asks(found: Object) -> bool:
    """Whether it is the thread of a forum that asks something: PieFed's, and ours, have a title."""
    return found.type == "Question" and found.in_reply_to is None and found.audience is not None


def _extra(found: Object) -> dict[str, Any]:
    if found.type == "Question":
        return {
            "options": [[option.name, _number(option.votes)] for option in found.options],
            "multiple": found.multiple,
            "ends_ms": found.ends_ms,
            "voters": _number(found.voters),
        }
    if found.type == "Event":
        return {
            "starts_ms": found.starts_ms,
            "ends_ms": found.ends_ms,
            "location": text.plain(found.location),
        }
    return {}


def _number(claimed: int | None) -> int | None:
    """A count of which nothing overflows, whatever was claimed."""
    return None if claimed is None else min(claimed, MAX_COUNT)


def _named(db: Read, site: Site, found: Object) -> list[Account]:
    """Whom it names or addresses, as far as we know them."""
    addressed = [uri for uri in (*found.to, *found.cc) if site.ours(uri)]
    return accounts.by_uris(db, (*found.mentions, *addressed))


def _detach(tx: Write, post: Post) -> None:
    posts.set_mentions(tx, post.id, ())
    posts.set_hashtags(tx, post.id, ())
    media.remove_remote(tx, post.id)


def _attach(tx: Write, post: Post, found: Object, named: list[Account], now_ms: int) -> None:
    """Give a post that has none yet its mentions, hashtags and pictures."""
    posts.add_mentions(tx, post.id, [account.id for account in named])
    posts.add_hashtags(tx, post.id, found.hashtags)
    if found.attachments and borders.refuses(tx, host(post.uri), "media"):
        return
    for position, attachment in enumerate(found.attachments):
        media.insert(tx, _media(post, attachment, position, now_ms))


def _media(post: Post, attachment: Attachment, position: int, now_ms: int) -> Media:
    return Media(
        id=new_id(now_ms),
        account_id=post.author_id,
        post_id=post.id,
        position=position,
        kind=attachment.kind,
        media_type=attachment.media_type,
        large="",
        small="",
        remote_url=attachment.url,
        alt=text.plain(attachment.alt)[:1500],
        width=attachment.width or 0,
        height=attachment.height or 0,
        small_width=0,
        small_height=0,
        bytes=0,
        blurhash=attachment.blurhash,
        focus_x=attachment.focus[0] if attachment.focus else 0.0,
        focus_y=attachment.focus[1] if attachment.focus else 0.0,
        created_ms=now_ms,
        meta=msgspec.json.encode(
            About(
                seconds=attachment.seconds,
                preview=attachment.preview.url if attachment.preview else "",
            )
        ).decode(),
    )


def _tell(
    tx: Write,
    post: Post,
    author: Account,
    named: list[Account],
    parent: Post | None,
    now_ms: int,
) -> None:
    """Notify ours whom it names, and ours whom it answers."""
    for account in named:
        if account.local:
            conversations.mention(tx, account, author, post, now_ms)
    answered = accounts.by_id(tx, parent.author_id) if parent and parent.local else None
    if answered and post.open:
        conversations.mention(tx, answered, author, post, now_ms)


def related(db: Read, site: Site, found: Object, author: Account, now_ms: int) -> bool:
    """Whether a new post by somebody whom nobody of ours follows concerns anyone here: it answers
    what we have, is addressed to one of ours, or quotes one; it belongs to a conversation of ours
    whose middle has not come yet; or it begins a thread that a community of ours lets in, or in a
    group that somebody here follows.

    What concerns nobody is dropped, as Mastodon does: an inbox is no place for strangers to store.
    """
    quoted = posts.by_uri(db, found.quote) if found.quote else None
    if quoted is not None and quoted.local:
        return True
    if _answered(db, found, author) or contexts.names_ours(db, site, found):
        return True
    group = forum_arrivals.place(db, found, author, now_ms)
    if group is not None and (group.local or follows.has_local_follower(db, group.id)):
        return True
    return any(
        account.local and account.state == "active" and account.kind != "Group"
        for account in _named(db, site, found)
    )


def _quote_another(tx: Write, post: Post, author: Account, found: Object) -> None:
    """An edit took the quote out, or put another one in."""
    quotes.count(tx, post, -1)
    state = "pending" if found.quote else ""
    posts.set_columns(tx, post.id, quote_id=None, quote_uri=found.quote or "", quote_state=state)
    if found.quote and (changed := posts.by_id(tx, post.id)):
        settle_quote(tx, changed, author)


def hear_policy(tx: Write, post: Post, found: Object, author: Account) -> None:
    """Take from a new version of a post who may answer, share and quote it, and nothing else."""
    said = {"permits": permissions.heard(found, author), "quote_policy": _policy(found, author)}
    if (post.permits, post.quote_policy) != tuple(said.values()):
        posts.set_columns(tx, post.id, **said)


def change_post(tx: Write, site: Site, post: Post, found: Object, now_ms: int) -> None:
    """Take an author's new version of a post; an older one than we have changes nothing.

    Its audience stays: an Update never shows a post to more people than the Create did.
    """
    stamp = found.updated_ms or found.published_ms
    if post.edited_ms is not None and stamp is not None and stamp < post.edited_ms:
        return
    columns = _written(found)
    author = accounts.by_id(tx, post.author_id)
    said = ("title", "lead", "content", "warning")
    changed = any(columns[name] != getattr(post, name) for name in said)
    if changed:
        posts.insert_revision(tx, post)
        columns["edited_ms"] = min(stamp or now_ms, now_ms + DAY_MS)
    if author is not None:
        columns["quote_policy"] = _policy(found, author)
        columns["quote_stamp"] = _claimed(found)
        columns["permits"] = permissions.heard(found, author)
    posts.set_columns(tx, post.id, **columns)
    polls.heard(tx, post, _extra(found))
    if author is not None and (found.quote or "") != post.quote_uri:
        _quote_another(tx, post, author, found)
    named = [a for a in _named(tx, site, found) if not a.local or posts.mentions(tx, post.id, a.id)]
    if post.open:
        named = _named(tx, site, found)
    _detach(tx, post)
    _attach(tx, post, found, named, now_ms)
    if changed and (now := posts.by_id(tx, post.id)) is not None:
        previews.note(tx, site, now, now_ms)
    if changed and author is not None:
        tell_changed(tx, post, author, now_ms)
        events.changed(tx, msgspec.structs.replace(post, tags=columns["tags"]), now_ms)
