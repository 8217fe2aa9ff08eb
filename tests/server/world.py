"""A small world for tests of handlers and services: our people, strangers, and what they send."""

import re
from pathlib import Path
from typing import Any

import msgspec

from federation import parse
from federation.inbox import Authentic
from federation.vocab import PUBLIC
from server.inbox import door
from server.inbox.context import Arrival
from server.inbox.documents import Documents
from server.keyring import Keys
from server.model import Account, Peer, Post, PostView, Site
from server.services import accounts, posts, strangers, threads, timelines
from server.services import follows as follow_service
from server.services.accounts import NewAccount
from server.services.new_posts import NewPost
from server.store import accounts as account_store
from server.store import follows, migrate
from server.store import posts as post_store
from server.store.db import Read, Row, Write

NOW = 1_795_431_045_000
SITE = Site(origin="https://here.test", domain="here.test")
KEYS = Keys((b"sealed", "pem"), (b"sealed", "z6MkTest"))
EVE = "https://far.test/users/eve"
MALLORY = "https://far.test/users/mallory"
CARL = "https://other.test/users/carl"
GROUP = "https://other.test/c/market"
NOTE = "https://far.test/notes/1"
LATE = "https://far.test/notes/2"

MIGRATIONS = "".join(path.read_text() for path in Path(migrate.FOLDER).glob("*.sql"))
TABLES = sorted(
    set(re.findall(r"CREATE TABLE (\w+)", MIGRATIONS))
    - set(re.findall(r"ALTER TABLE (\w+) RENAME TO", MIGRATIONS))
)
ALL_AT_ONCE = " UNION ALL ".join(
    f"SELECT '{table}' AS name, CAST(whole_row AS text) AS words FROM {table} AS whole_row"
    for table in TABLES
)
"""Asked for one by one, the tables are a hundred ways to the server and back."""


def dump(db: Read) -> dict[str, list[str]]:
    """Every row of every table."""
    if db.dialect == "postgresql":
        found: dict[str, list[str]] = {table: [] for table in TABLES}
        for row in db.all(ALL_AT_ONCE):
            found[row["name"]].append(row["words"])
        return {table: sorted(rows) for table, rows in found.items()}
    return {
        table: sorted(repr(sorted(dict(row).items())) for row in db.all(f"SELECT * FROM {table}"))
        for table in TABLES
    }


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> set[str]:
    """The tables that differ."""
    return {table for table in before if before[table] != after[table]}


def context(db: Read, viewer_id: int | None, post_id: int) -> tuple[list[PostView], list[PostView]]:
    """What is above a post and below it, as apps are told."""
    _, above, below = threads.entries(db, viewer_id, post_id)
    return timelines.views(db, viewer_id, above), timelines.views(db, viewer_id, below)


def number(db: Read, sql: str, **params: Any) -> int:
    """The one number that a statement gives."""
    found = db.one(sql, **params)
    assert found is not None
    return int(next(iter(dict(found).values())) or 0)


# --- people


def actor_document(id: str, **more: Any) -> dict[str, Any]:
    """An actor as its server serves it."""
    origin = "/".join(id.split("/")[:3])
    return {
        "id": id,
        "type": "Person",
        "preferredUsername": id.rpartition("/")[2],
        "inbox": f"{id}/inbox",
        "outbox": f"{id}/outbox",
        "followers": f"{id}/followers",
        "featured": f"{id}/featured",
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "publicKey": {"id": f"{id}#main-key", "owner": id, "publicKeyPem": "PEM"},
        **more,
    }


def stranger(tx: Write, uri: str, **more: Any) -> Account:
    """Somebody elsewhere whom we have met."""
    return strangers.keep_actor(tx, parse.actor(actor_document(uri, **more)), NOW)


def join(tx: Write, name: str, **columns: Any) -> Account:
    """Somebody of ours."""
    new = NewAccount(name=name, email=f"{name}@here.test", password="", keys=KEYS)
    account = accounts.create(tx, SITE, new, NOW)
    if columns:
        account_store.set_columns(tx, account.id, **columns)
    found = account_store.by_id(tx, account.id)
    assert found is not None
    return found


def who(db: Read, uri: str) -> Account:
    """A stranger by id, or one of ours by name."""
    found = account_store.by_uri(db, uri) or account_store.by_handle(db, uri)
    assert found is not None, uri
    return found


def befriend(tx: Write, follower: Account, target: Account) -> None:
    """An accepted follow."""
    follows.insert(
        tx,
        id=follow_service.new_id(NOW),
        uri=f"{follower.uri}/follows/{target.id}",
        follower=follower,
        target=target,
        now_ms=NOW,
    )
    assert follow_service.begin(tx, follower, target, NOW)


def say(tx: Write, author: Account, content: str = "Hello", **more: Any) -> Post:
    """A post by one of ours."""
    return posts.write(tx, SITE, author, NewPost(content=content, **more), NOW)


def post(db: Read, uri: str) -> Post:
    """A post that must be there."""
    found = post_store.by_uri(db, uri)
    assert found is not None, uri
    return found


def settle(tx: Write) -> None:
    """Ann (open), bob (locked), eve and carl elsewhere; ann follows eve, eve's note is here."""
    ann, bob = join(tx, "ann"), join(tx, "bob", locked=1)
    eve, _ = stranger(tx, EVE), stranger(tx, MALLORY)
    stranger(tx, CARL)
    group = stranger(tx, GROUP, type="Group")
    befriend(tx, ann, eve)
    befriend(tx, ann, group)
    deliver(tx, create(note(NOTE, EVE), id=f"{EVE}/activities/first"))
    say(tx, ann, "A public post", idempotency_key="public")
    say(tx, ann, "For followers", visibility="followers", idempotency_key="private")
    say(tx, bob, "To nobody", visibility="direct", idempotency_key="direct")


def ours(db: Read, key: str = "public") -> Post:
    """The post that `settle` wrote with this key."""
    found = db.one("SELECT post_id FROM idempotency WHERE key = :key", key=key)
    assert found is not None
    by_id = post_store.by_id(db, found["post_id"])
    assert by_id is not None
    return by_id


# --- what they send


def note(id: str, author: str, **more: Any) -> dict[str, Any]:
    """Something that somebody elsewhere wrote."""
    return {
        "id": id,
        "type": "Note",
        "attributedTo": author,
        "content": "<p>From afar</p>",
        "published": "2026-11-23T10:00:00Z",
        "to": [PUBLIC],
        "cc": [f"{author}/followers"],
        **more,
    }


def act(kind: str, actor: str, about: Any, *, id: str = "", **more: Any) -> dict[str, Any]:
    """An activity."""
    return {
        "id": id or f"{actor}/activities/{kind.lower()}",
        "type": kind,
        "actor": actor,
        "object": about,
        **more,
    }


def create(about: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The Create of an object by its author."""
    return act("Create", about["attributedTo"], about, **more)


def authentic(raw: dict[str, Any]) -> Authentic:
    """An activity behind the door of signatures."""
    activity = parse.activity(raw)
    return Authentic(activity, None, f"{activity.actor}#main-key", "cavage")


def deliver(
    tx: Write, raw: dict[str, Any], documents: dict[str, Any] | None = None, now_ms: int = NOW
) -> None:
    """What happens when an authentic activity arrives. Raises `Need` for what is not there."""
    given = authentic(raw)
    actor = door.arrive(tx, given, now_ms)
    if actor is not None:
        door.apply(tx, Arrival(SITE, given.activity, actor, Documents(documents or {}), now_ms))


COUNTS = """
    SELECT 'likes' AS what, p.id, p.likes AS counted,
        (SELECT count(*) FROM favourite f WHERE f.post_id = p.id) AS real FROM post p
    UNION ALL SELECT 'boosts', p.id, p.boosts,
        (SELECT count(*) FROM boost b JOIN account a ON a.id = b.account_id
            WHERE b.post_id = p.id AND a.kind <> 'Group') FROM post p
    UNION ALL SELECT 'replies', p.id, p.replies,
        (SELECT count(*) FROM post r WHERE r.reply_to_id = p.id AND r.deleted_ms IS NULL
            AND r.visibility IN ('public', 'unlisted')) FROM post p
    UNION ALL SELECT 'posts', a.id, a.posts_count,
        (SELECT count(*) FROM post p WHERE p.author_id = a.id AND p.deleted_ms IS NULL
            AND p.visibility NOT IN ('direct', 'secret', 'removed', 'waiting')) FROM account a
    UNION ALL SELECT 'followers', a.id, a.followers_count,
        (SELECT count(*) FROM follow f WHERE f.target_id = a.id AND f.state = 'accepted')
        FROM account a
    UNION ALL SELECT 'following', a.id, a.following_count,
        (SELECT count(*) FROM follow f WHERE f.follower_id = a.id AND f.state = 'accepted')
        FROM account a
    UNION ALL SELECT 'peer', p.target_id, p.followers,
        (SELECT count(*) FROM follow f JOIN account a ON a.id = f.follower_id
            WHERE f.target_id = p.target_id AND f.state = 'accepted' AND a.peer_id = p.peer_id)
        FROM following_peer p
"""


def passed_on(db: Read, post: Post) -> int:
    """How often somebody passed a post on: people, which is counted, and groups, which is not."""
    return number(db, "SELECT count(*) FROM boost WHERE post_id = :id", id=post.id)


def sent(db: Read, kind: str) -> list[dict[str, Any]]:
    """What was promised to other servers, of one type."""
    bodies = [
        msgspec.json.decode(row["body"]) for row in db.all("SELECT body FROM outbox ORDER BY id")
    ]
    return [body for body in bodies if body["type"] == kind]


def lane(id: int = 1, host: str = "far.test") -> Peer:
    """A peer with whom all is well, as a worker claims it."""
    return Peer(
        id=id,
        host=host,
        inbox=f"https://{host}/inbox",
        scheme="cavage",
        attempts=0,
        failing_since_ms=None,
        last_error="",
        slow=0,
        claimed_by=1,
    )


def miscounted(db: Read) -> list[Row]:
    """Counts that differ from the rows they count."""
    return db.all(f"SELECT * FROM ({COUNTS}) AS c WHERE counted <> real")
