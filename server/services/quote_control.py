"""What somebody does about quotes of their posts: who quotes them, and which not any longer."""

from federation import build
from federation.vocab import PUBLIC
from server.errors import Forbidden, NotFound
from server.model import Account, Entry, Site
from server.outbox import publish
from server.services import quotes, reading, stamps, telling, timelines
from server.store import accounts
from server.store import posts as store
from server.store import quotes as quote_store
from server.store.db import Read, Write
from server.store.paging import Page


def page(db: Read, viewer_id: int | None, post_id: int, window: Page) -> list[Entry]:
    """Who quotes a post, the latest first, as far as the viewer may read them and wants to.

    Raises `Deleted` or `NotFound`.
    """
    post = reading.readable(db, viewer_id, post_id)
    return quote_store.page(db, viewer_id or timelines.NOBODY, post.id, window)


def unquote(tx: Write, site: Site, author: Account, quoting_id: int, now_ms: int) -> None:
    """As `revoke`, of whatever it quotes."""
    quoting = reading.readable(tx, author.id, quoting_id)
    if quoting.quote_id is None:
        raise NotFound("This post does not quote yours.")
    revoke(tx, site, author, quoting.quote_id, quoting.id, now_ms)


def revoke(
    tx: Write, site: Site, author: Account, post_id: int, quoting_id: int, now_ms: int
) -> None:
    """Take a post of one's own out of somebody's quote. What they wrote about it stays.

    Raises `NotFound`, also for a quote that the author may not read, and `Forbidden`.
    """
    post = reading.readable(tx, author.id, post_id)
    if post.author_id != author.id:
        raise Forbidden("Only its author can do this to a post.")
    quoting = reading.readable(tx, author.id, quoting_id)
    if quoting.quote_id != post.id or quoting.quote_state not in ("accepted", "revoked"):
        raise NotFound("This post does not quote yours.")
    if quoting.quote_state == "revoked":
        return
    if not quote_store.revoke(tx, quoting):
        return
    quotes.count(tx, quoting, -1)
    telling.tell_revoked(tx, "quote_revoked", quoting, author.id, now_ms)
    quoter = accounts.by_id(tx, quoting.author_id)
    if quoter is not None and quoter.local:
        telling.again(tx, site, store.by_id(tx, quoting.id) or quoting, quoter, now_ms)
    if post.open and not quoting.private and quoter is not None:
        uri = stamps.quote_uri(site, quoting.id)
        over = build.delete(f"{uri}#delete", author.uri, uri, to=(PUBLIC,), cc=(quoter.uri,))
        beyond = store.reached(tx, quoting.id)
        publish(tx, author, over, now_ms, followers=True, to=[quoter], beyond=beyond)
