"""Posts of other servers, as they arrive and as they change: which we keep, and whom we tell."""

import msgspec

from federation.audience import visibility
from federation.origin import host, normal
from federation.vocab import Object
from server.clock import DAY_MS
from server.errors import Invalid
from server.ids import new_id
from server.model import WAITING, Account, Post, PostView, Site
from server.services import (
    adoption,
    borders,
    contexts,
    conversations,
    described,
    events,
    forum_arrivals,
    permissions,
    polls,
    previews,
    quotes,
    rights,
    stamps,
)
from server.services.permissions import Standing
from server.services.spreading import spread_post
from server.services.telling import tell_changed, tell_quoted
from server.store import accounts, activities, approvals, follows, media, posts, reactions
from server.store import forum as forum_store
from server.store import quotes as quote_store
from server.store.approvals import Approval
from server.store.db import Read, Write

MAX_WAITING = 500  # answers that wait for the yes of one of ours
MAX_WAITING_OF_ONE = 20


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
    written = described.post(found, author, parent, group, now_ms)
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
        media.insert(tx, described.medium(post, attachment, position, now_ms))


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
    said = {
        "permits": permissions.heard(found, author),
        "quote_policy": described.quote_policy(found, author),
    }
    if (post.permits, post.quote_policy) != tuple(said.values()):
        posts.set_columns(tx, post.id, **said)


def change_post(tx: Write, site: Site, post: Post, found: Object, now_ms: int) -> None:
    """Take an author's new version of a post; an older one than we have changes nothing.

    Its audience stays: an Update never shows a post to more people than the Create did.
    """
    stamp = found.updated_ms or found.published_ms
    if post.edited_ms is not None and stamp is not None and stamp < post.edited_ms:
        return
    columns = described.columns(found)
    author = accounts.by_id(tx, post.author_id)
    said = ("title", "lead", "content", "warning")
    changed = any(columns[name] != getattr(post, name) for name in said)
    if changed:
        posts.insert_revision(tx, post)
        columns["edited_ms"] = min(stamp or now_ms, now_ms + DAY_MS)
    if author is not None:
        columns["quote_policy"] = described.quote_policy(found, author)
        columns["quote_stamp"] = described.quote_stamp(found)
        columns["permits"] = permissions.heard(found, author)
    posts.set_columns(tx, post.id, **columns)
    polls.heard(tx, post, described.of_its_kind(found))
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
