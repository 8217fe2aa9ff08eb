"""A thread of a board of ours stands in another one now: who boosts it, and NodeBB is told.

What everybody else hears is the Move that names the first post, which our boards announce: so
PieFed and Madang read it. NodeBB reads no Move that is announced, nor one that names a post. It
wants the context of the thread, straight from somebody of the server on which both categories are:
that is the board itself here, whoever moved the thread. PieFed would make the address of another
server of our context's, so that only servers with NodeBB get it.
"""

from typing import Final

from federation import build_group
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import boosts, contexts, relay
from server.services.follows import activity_uri
from server.store import accounts, hosts, posts
from server.store.db import Read, Write

NODEBB: Final = "nodebb"


def moved(
    tx: Write,
    site: Site,
    before: tuple[Post, dict[int, Account]],
    way: tuple[Account, Account],
    now_ms: int,
) -> None:
    """The boosts follow a thread, and NodeBB hears of it. `before`: the post and its neighbourhoods
    as they were; `way`: the community from which it came, and where it is."""
    (old, places), (group, to) = before, way
    post, author = posts.by_id(tx, old.id), accounts.by_id(tx, old.author_id)
    if post is None or author is None:
        return
    view = PostView(post=post, author=author)
    if group.local:
        relay.withdraw(tx, site, group, view, now_ms)
    if to.local:
        relay.begin(tx, site, to, view, now_ms)
    boosts.pass_on(tx, site, view, now_ms, before=places)
    if group.local and to.local:
        _tell_nodebb(tx, site, post, way, now_ms)


def _tell_nodebb(
    tx: Write, site: Site, post: Post, way: tuple[Account, Account], now_ms: int
) -> None:
    group, to = way
    context = contexts.own(site, post.id) if post.local else post.context_uri
    if not context:
        return
    activity = build_group.move(
        activity_uri(site, new_id(now_ms)), group.uri, context, group=group.uri, target=to.uri
    )
    publish(tx, group, activity, now_ms, at=_nodebb(tx, way))


def _nodebb(db: Read, way: tuple[Account, Account]) -> list[int]:
    return hosts.peers_with(db, NODEBB, [one.id for one in way])
