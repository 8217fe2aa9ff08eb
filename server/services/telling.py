"""Who hears of a post: other servers, and those of ours who boosted or quoted it."""

from collections.abc import Sequence
from typing import Any

from federation import build
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import documents, forum, proofs, quotes, relay
from server.services.notifications import notify
from server.store import accounts, media, posts, reactions
from server.store import quotes as store_quotes
from server.store.db import Read, Write


def tell_quoted(tx: Write, post: Post, quoter: Account, now_ms: int) -> None:
    """Tell somebody of ours that their post was quoted."""
    quoted = quotes.quoted_by(tx, post)
    author = accounts.by_id(tx, quoted.author_id) if quoted else None
    if author is not None:
        notify(tx, author, "quote", quoter, post.id, now_ms)


def tell_changed(tx: Write, post: Post, author: Account, now_ms: int) -> None:
    """Tell those of ours who boosted or quoted a post that it says something else now.

    Who quoted it is led to their own post, which shows the other in its new words.
    """
    for quoting in store_quotes.by_ours(tx, post.id):
        quoter = accounts.by_id(tx, quoting.author_id)
        if quoter is not None:
            notify(tx, quoter, "quoted_update", author, quoting.id, now_ms)
    for id in reactions.booster_ids(tx, post.id):
        booster = accounts.by_id(tx, id)
        if booster is not None:
            notify(tx, booster, "update", author, post.id, now_ms)


def tell_revoked(tx: Write, kind: str, post: Post, by_id: int | None, now_ms: int) -> None:
    """Tell one of ours that an answer or a quote of theirs is not allowed any more.

    `kind`: `notifications.TAKEN_BACK`.
    """
    author = accounts.by_id(tx, post.author_id)
    by = accounts.by_id(tx, by_id) if by_id is not None else None
    if author is not None and by is not None:
        notify(tx, author, kind, by, post.id, now_ms)


def document(
    db: Read, site: Site, post: Post, author: Account, mentioned: Sequence[Account]
) -> dict[str, Any]:
    """A new post as peers read it; what it quotes is looked up, the rest is known."""
    if post.quote_id or post.community_id:
        return documents.by_post(db, site, post)
    parent = posts.by_id(db, post.reply_to_id) if post.reply_to_id else None
    view = PostView(
        post=post,
        reply_to_author=accounts.by_id(db, parent.author_id) if parent else None,
        author=author,
        media=tuple(media.of_posts(db, [post.id]).get(post.id, ())),
        mentions=tuple(sorted(mentioned, key=lambda account: account.id)),
    )
    return documents.written(site, view)


def send(
    tx: Write,
    site: Site,
    post: Post,
    author: Account,
    activity: dict[str, Any],
    now_ms: int,
    *,
    beyond: list[int] | None = None,
    named: Sequence[Account] | None = None,
    grouped: bool = True,
) -> None:
    """To the followers, unless it is direct; to those it names; and to those it reached (`beyond`).

    An open post that was boosted reached the followers of its boosters too.

    What everybody may read also goes to the authors of all that it answers: a deep reply belongs
    below the story on the story's own server, whose readers may follow nobody in between. And to
    whom it quotes, who may want to take that back.
    `named`: whom it names, where the caller knows. The community in which it stands hears of it
    too, and passes it on where it is ours; not with `grouped` off, nor do then servers that follow
    it and understand groups.
    """
    group = in_which(tx, post) if grouped else None
    if named is None:
        named = posts.mentioned(tx, [post.id]).get(post.id, [])
    if group is not None and not group.local:  # which passes it on
        activity = proofs.proven(tx, site, author, activity, now_ms)
    answered = posts.authors_above(tx, post) if post.open and post.reply_to_id else []
    publish(
        tx,
        author,
        activity,
        now_ms,
        followers=post.visibility != "direct",
        to=[*named, *([group] if group and not group.local else ())],
        beyond=[*(beyond or ()), *answered, *_quoted_author(tx, post)],
        through=post.id if post.open and beyond is not None else None,
        through_groups=None if grouped else False,
    )
    if group is not None and group.local:
        relay.tell(tx, site, group, activity, now_ms)


def again(
    tx: Write, site: Site, post: Post, author: Account, now_ms: int, *, grouped: bool = True
) -> None:
    """Send a post of ours once more, as it is now: its words have not changed.

    `grouped` as in `send`.
    """
    activity = build.update(documents.by_post(tx, site, post), post.version)
    reached = posts.reached(tx, post.id)
    send(tx, site, post, author, activity, now_ms, beyond=reached, grouped=grouped)


def in_which(db: Read, post: Post) -> Account | None:
    """The community in which a post stands for everybody to read."""
    return forum.group_of(db, post.community_id) if post.open else None


def _quoted_author(db: Read, post: Post) -> list[int]:
    quoted = quotes.quoted_by(db, post) if post.open else None
    return [quoted.author_id] if quoted is not None and not quoted.local else []
