"""How much of what one person elsewhere does in a community of ours it passes on in an hour, and
how much of all people of one server: accounts cost whoever owns a server nothing.

What is beyond that waits, of each thing the last state alone, and goes out once an hour allows it:
so whoever edits or pins without end costs the followers' servers little, and nobody is left with
what is no longer true. So does what locks say of a thread of ours (`permitting`). Nothing of it is
in memory.
"""

from typing import Any, Final

import msgspec

from federation.origin import host
from server.clock import DAY_MS, HOUR_MS
from server.model import REMOVED, Account, Post, PostView, Site
from server.policy.hosts import registered_domain
from server.services import boosts, permitting, relay
from server.services import forum as forums
from server.store import accounts, forum, posts, tallies
from server.store import deferred as store
from server.store.db import Read, Row, Write

MOST_AN_HOUR: Final = {"edits": 60, "votes": 300, "deeds": 300}
"""Of one person in one community."""
MOST_OF_A_DOMAIN: Final = {"edits": 600, "votes": 3_000, "deeds": 3_000}
"""The same of everybody of one registered domain together."""
MOST_OF_ONE_THING: Final = 12
"""Deeds about one post or person in one community in an hour."""
MOST_GIVEN_BACK: Final = 3
"""How often in an hour a community boosts a thread again that was taken away."""
MAX_WAITING: Final = 300  # things of one person in one community
MAX_WAITING_OF_A_DOMAIN: Final = 2_000  # things, in all communities
MAX_BODY: Final = 16 * 1024  # bytes of what is no edit, while it waits
BOOST: Final = "boost"
TELL: Final = "tell-followers"
"""What operators read of it."""


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does in `group`: `kind` is edits | votes | deeds.

    `about` names what it changes, so that the later of two takes the place of the earlier.
    """

    group: Account
    by: Account
    kind: str
    about: str
    post_id: int | None = None


def pass_on(tx: Write, site: Site, doing: Doing, raw: dict[str, Any], now_ms: int) -> None:
    """Let a community of ours tell of it, now or later. Nothing of a stranger's."""
    if not doing.group.local or doing.group.state != "active":
        return
    if _allowed(tx, doing, now_ms):
        store.forget(tx, doing.about)
        relay.pass_on(tx, site, doing.group, raw, now_ms)
    else:
        _wait(tx, doing, raw, now_ms)


def _allowed(tx: Write, doing: Doing, now_ms: int) -> bool:
    done = f"{doing.kind} of {doing.by.id} in {doing.group.id}"
    if tallies.count(tx, done, now_ms) > MOST_AN_HOUR[doing.kind]:
        return False
    if (domain := _domain(doing.by)) and (
        tallies.count(tx, f"{doing.kind} of {domain} in {doing.group.id}", now_ms)
        > MOST_OF_A_DOMAIN[doing.kind]
    ):
        return False
    if doing.kind != "deeds":
        return True
    return tallies.count(tx, f"told of {doing.about}", now_ms) <= MOST_OF_ONE_THING


def _domain(by: Account) -> str:
    """What was registered for somebody's server; empty for ours."""
    return "" if by.local else registered_domain(host(by.uri))


def _room(tx: Write, doing: Doing) -> bool:
    """Whether one more thing may wait: of this person, and of this server."""
    if store.waits(tx, doing.about):
        return True
    if store.waiting(tx, doing.by.id, doing.group.id, MAX_WAITING) >= MAX_WAITING:
        return False
    domain, most = _domain(doing.by), MAX_WAITING_OF_A_DOMAIN
    return not domain or store.waiting_of(tx, domain, most) < most


def _wait(tx: Write, doing: Doing, raw: dict[str, Any], now_ms: int) -> None:
    """Keep it, unless its sender would make us keep too much; then nothing older is told either."""
    body = msgspec.json.encode(raw)
    most = relay.MAX_RELAYED if doing.kind == "edits" else MAX_BODY
    if len(body) > most or not _room(tx, doing):
        store.forget(tx, doing.about)
        return
    store.put(
        tx,
        about=doing.about,
        community_id=doing.group.id,
        actor_id=doing.by.id,
        post_id=doing.post_id,
        kind=doing.kind,
        body=body,
        due_ms=tallies.next_hour(now_ms),
        domain=_domain(doing.by),
    )


# --- threads that moderators took away and gave back


def give_back(tx: Write, site: Site, group: Account, view: PostView, now_ms: int) -> None:
    """A thread is in its community again: that boosts it again, as do neighbourhoods.

    At once, or later, where it was taken away and given back several times in this hour.
    """
    if not group.local or view.post.reply_to_uri is not None:
        return
    again = tallies.count(tx, f"given back {view.post.id}", now_ms)
    if again <= MOST_GIVEN_BACK:
        _give_back(tx, site, group, view, now_ms)
        return
    store.put(
        tx,
        about=f"{BOOST} {view.post.id}",
        community_id=group.id,
        actor_id=view.author.id,
        post_id=view.post.id,
        kind=BOOST,
        body=b"",
        due_ms=tallies.next_hour(now_ms),
    )


def _give_back(tx: Write, site: Site, group: Account, view: PostView, now_ms: int) -> None:
    store.forget(tx, f"{BOOST} {view.post.id}")
    relay.begin(tx, site, group, view, now_ms)
    boosts.pass_on(tx, site, view, now_ms)


# --- what is due


def tell_next(tx: Write, site: Site, now_ms: int) -> bool:
    """Pass on what is due first, or put it off; False where nothing is due."""
    row = store.first_due(tx, now_ms)
    if row is None:
        return False
    post = posts.by_id(tx, row["post_id"]) if row["post_id"] is not None else None
    by = accounts.by_id(tx, row["actor_id"])
    if by is None or by.state != "active":
        store.forget(tx, row["about"])
    elif post is not None and row["kind"] not in ("deeds", BOOST) and not post.open:
        _put_off_hidden(tx, row, post, now_ms)
    elif post is not None and row["kind"] == permitting.POLICY:
        store.forget(tx, row["about"])
        permitting.locked(tx, site, post, now_ms)
    else:
        _tell_in(tx, site, _where(tx, row, post), (post, by), row, now_ms)
    return True


def _tell_in(
    tx: Write,
    site: Site,
    group: Account | None,
    what: tuple[Post | None, Account],
    row: Row,
    now_ms: int,
) -> None:
    """What its community tells; `what` is the post that it is about, and who did it."""
    if group is None:
        store.forget(tx, row["about"])
    elif row["kind"] == BOOST:
        _boost(tx, site, group, what, row, now_ms)
    else:
        _tell(tx, site, group, what[1], row, now_ms)


def _where(db: Read, row: Row, post: Post | None) -> Account | None:
    """The community of ours that tells of it: where the post stands now, which may have moved."""
    moved = post is not None and row["kind"] != "deeds"
    group = forums.group_of(db, post.community_id if moved and post else row["community_id"])
    return group if group is not None and group.local else None


def _put_off_hidden(tx: Write, row: Row, post: Post, now_ms: int) -> None:
    """What moderators took away may be given back, and then says what it said last."""
    if post.visibility == REMOVED:
        store.put_off(tx, row["about"], now_ms + DAY_MS)
    else:
        store.forget(tx, row["about"])


def _tell(tx: Write, site: Site, group: Account, by: Account, row: Row, now_ms: int) -> None:
    doing = Doing(group=group, by=by, kind=row["kind"], about=row["about"], post_id=row["post_id"])
    if _allowed(tx, doing, now_ms):
        if store.forget(tx, doing.about):  # else another process has told it
            relay.pass_on(tx, site, group, msgspec.json.decode(row["body"]), now_ms)
    else:
        store.put_off(tx, doing.about, tallies.next_hour(now_ms))


def _boost(
    tx: Write,
    site: Site,
    group: Account,
    written: tuple[Post | None, Account],
    row: Row,
    now_ms: int,
) -> None:
    post, author = written
    store.forget(tx, row["about"])
    if post is not None and post.open and forum.by_id(tx, post.id) is not None:
        _give_back(tx, site, group, PostView(post=post, author=author), now_ms)


def put_off_next(tx: Write, site: Site, now_ms: int) -> None:
    """What is due first cannot be told now: let the others have their turn."""
    row = store.first_due(tx, now_ms)
    if row is not None:
        store.put_off(tx, row["about"], now_ms + HOUR_MS)
