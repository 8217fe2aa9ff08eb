"""Who links to the stories of an invented city: pages elsewhere, and somebody who quotes one.

All of it is invented, on hosts that cannot exist (RFC 2606): nothing is asked for.
"""

from datetime import UTC, datetime

from federation import objects, parse
from federation.vocab import PUBLIC
from server.model import Post, Site
from server.services import arrivals, pings, strangers
from server.services.pings import Wanted
from server.store import pings as store
from server.store.db import Write
from server.text.backlinks import Found
from web.demo.city import Link, Quote


def link(tx: Write, site: Site, story: Post, told: Link, now_ms: int) -> None:
    """A page said that it links to a story, was read, and does."""
    wanted = Wanted(kind="webmention", source=told.source, target=story.url, network="demo")
    pings.take(tx, site, wanted, now_ms)
    ping = store.by_source(tx, story.id, told.source)
    assert ping is not None  # noqa: S101  it was put there above
    found = Found(
        title=told.title, excerpt=told.excerpt.strip(), author=told.author, published_ms=now_ms
    )
    pings.keep(tx, ping, found, now_ms)


def quote(tx: Write, site: Site, story: Post, told: Quote, now_ms: int) -> None:
    """Somebody in another city quotes a story."""
    origin = f"https://{told.host}"
    someone = f"{origin}/users/{told.name}"
    document = {
        "id": someone,
        "type": "Person",
        "preferredUsername": told.name,
        "name": told.display,
        "summary": f"<p>{told.bio}</p>",
        "inbox": f"{someone}/inbox",
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "url": f"{origin}/@{told.name}",
        "publicKey": {"id": f"{someone}#key", "owner": someone, "publicKeyPem": "-"},
    }
    author = strangers.keep_actor(tx, parse.actor(document), now_ms)
    words = f"<p>{told.text.strip()}</p>"
    note = {
        "id": f"{someone}/statuses/1",
        "type": "Note",
        "attributedTo": someone,
        "content": words,
        "contentMap": {"ko": words},
        "url": f"{origin}/@{told.name}/1",
        "to": [PUBLIC],
        "cc": [f"{someone}/followers"],
        "published": datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(),
        "quote": story.uri,
    }
    arrivals.keep_post(tx, site, objects.object_(note), author, now_ms)
