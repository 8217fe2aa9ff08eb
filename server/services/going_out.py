"""A post of ours becomes what others see: counted, shown here, and sent to everybody it is for."""

from federation import build
from server.model import Account, Post, PostView, Site
from server.services import (
    boosts,
    contexts,
    conversations,
    documents,
    linking,
    previews,
    quote_asking,
    quotes,
    relay,
    telling,
)
from server.services.spreading import spread_post
from server.store import accounts, posts
from server.store.db import Write


def go(tx: Write, site: Site, view: PostView, parent: Post | None, now_ms: int) -> None:
    """Let out what was stored, with whom it names (`view.mentions`) and its community."""
    post, author = view.post, view.author
    contexts.expect_more(tx, post, now_ms)
    posts.count(tx, post, 1)
    quotes.count(tx, post, 1)
    spread_post(tx, post, author, parent.author_id if parent else 0, now_ms)
    conversations.began(tx, author, post, now_ms)
    previews.note(tx, site, post, now_ms)
    linking.note(tx, site, post, now_ms)
    for account in view.mentions:
        conversations.mention(tx, account, author, post, now_ms)
    telling.tell_quoted(tx, post, author, now_ms)
    if not post.secret:
        _send(tx, site, view, now_ms)


def _send(tx: Write, site: Site, view: PostView, now_ms: int) -> None:
    post, author = view.post, view.author
    activity = build.create(telling.document(tx, site, post, author, view.mentions))
    telling.send(tx, site, post, author, activity, now_ms, named=view.mentions)
    quote_asking.ask(tx, site, post, author, now_ms)
    begun = PostView(post=post, author=author)
    boosts.pass_on(tx, site, begun, now_ms)
    group = _begun_in(tx, post)
    if group is not None:
        relay.begin(tx, site, group, begun, now_ms)


def gone(tx: Write, site: Site, post: Post, author: Account, now_ms: int) -> None:
    """A post of ours is over for everybody else: whoever has it is asked to forget it."""
    document = documents.by_post(tx, site, post)
    to, cc = tuple(document["to"]), tuple(document["cc"])
    activity = build.delete(f"{post.uri}#delete", author.uri, post.uri, to=to, cc=cc)
    if "audience" in document:
        activity["audience"] = document["audience"]
    telling.send(tx, site, post, author, activity, now_ms, beyond=posts.reached(tx, post.id))


def _begun_in(tx: Write, post: Post) -> Account | None:
    """The community of ours in which a post begins a thread."""
    group = accounts.by_id(tx, post.community_id) if post.community_id is not None else None
    return group if group is not None and group.local and post.reply_to_uri is None else None
