"""Telling moderators of somebody: by our people, and by other servers in nobody's name."""

from typing import Final

import msgspec

from federation import build
from server.clock import DAY_MS
from server.errors import Forbidden, Invalid, NotFound, TooMany
from server.ids import first_id, new_id
from server.model import Account, Post, Site
from server.outbox import publish
from server.services import accounts, notifications, reading, reports
from server.services.follows import activity_uri
from server.store import posts
from server.store import reports as store
from server.store.db import Read, Write

MAX_COMMENT: Final = 1_000  # characters
MAX_POSTS: Final = 40  # of one report
MAX_A_DAY: Final = 50  # reports by one person
MAX_ABOUT_ONE: Final = 5  # open ones by one person about another
MAX_OF_A_SERVER: Final = 200  # a day


class NewReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whom and what somebody reports. `rules` are the ids of the rules of this place.

    `forward`: the server of a stranger is told too, not by whom.
    """

    target_id: int
    post_ids: tuple[int, ...] = ()
    comment: str = ""
    category: str = "other"
    rule_ids: tuple[int, ...] = ()
    forward: bool = False
    rules: frozenset[int] = frozenset()


def file(tx: Write, site: Site, viewer: Account, new: NewReport, now_ms: int) -> int:
    """Keep a report for the moderators, and tell them; its id.

    Raises `NotFound` for a person or post that the viewer may not know of, `Forbidden`, `Invalid`,
    `TooMany`.
    """
    target = accounts.known_by_id(tx, new.target_id)
    if target.id == viewer.id:
        raise Forbidden("This is your own account.")
    if len(new.comment) > MAX_COMMENT:
        raise Invalid("A comment has at most %(most)s characters.", most=MAX_COMMENT)
    category = "violation" if new.rule_ids else new.category
    category, rule_ids = reports.kind(category, new.rule_ids, new.rules)
    about = _posts(tx, viewer, target, new.post_ids)
    _throttle(tx, viewer, target, now_ms)
    id = new_id(now_ms)
    forward = new.forward and not target.local
    objects = (target.uri, *(post.uri for post in about))
    uri = activity_uri(site, id)
    store.insert(
        tx,
        id=id,
        uri=uri,
        reporter_id=viewer.id,
        target_id=target.id,
        objects=msgspec.json.encode(objects).decode(),
        comment=new.comment.strip(),
        now_ms=now_ms,
        category=category,
        rule_ids=msgspec.json.encode(rule_ids).decode(),
        forwarded=forward,
    )
    if forward:
        _forward(tx, uri, target, objects, new.comment.strip(), now_ms)
    notifications.notify_moderators(tx, "admin.report", viewer, now_ms, about_id=id)
    return id


def _posts(db: Read, viewer: Account, target: Account, ids: tuple[int, ...]) -> list[Post]:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MAX_POSTS:
        raise Invalid("A report names at most %(most)s posts.", most=MAX_POSTS)
    found = posts.by_ids(db, wanted)
    known = reading.readable_among(db, viewer.id, list(found.values()))
    if any(id not in known or found[id].author_id != target.id for id in wanted):
        raise NotFound("There is no such post.")
    return [found[id] for id in wanted]


def _throttle(db: Read, viewer: Account, target: Account, now_ms: int) -> None:
    if store.count_from(db, viewer.id, first_id(now_ms - DAY_MS)) >= MAX_A_DAY:
        raise TooMany(
            "These are many reports in one day. Please write to the moderators instead.",
            retry_after_ms=DAY_MS,
        )
    if store.count_from(db, viewer.id, 0, target.id) >= MAX_ABOUT_ONE:
        raise TooMany(
            "The moderators have your reports about this account and will look at them.",
            retry_after_ms=DAY_MS,
        )


def _forward(
    tx: Write, uri: str, target: Account, objects: tuple[str, ...], comment: str, now_ms: int
) -> None:
    """In the name of the instance: who reported is nobody's business there."""
    sender = accounts.instance_actor(tx)
    if sender is not None:
        said = build.flag(uri, sender.uri, objects=objects, content=comment, to=target.uri)
        publish(tx, sender, said, now_ms, to=[target])


def hear(
    tx: Write,
    sender: Account,
    uri: str,
    target: Account,
    *,
    objects: list[str],
    comment: str,
    now_ms: int,
) -> None:
    """Keep what another server reports about ours, so many a day, whichever actor says it."""
    if store.count_of(tx, sender.domain, first_id(now_ms - DAY_MS)) >= MAX_OF_A_SERVER:
        return
    id = new_id(now_ms)
    kept = store.insert(
        tx,
        id=id,
        uri=uri,
        reporter_id=sender.id,
        target_id=target.id,
        objects=msgspec.json.encode(objects).decode(),
        comment=comment,
        now_ms=now_ms,
    )
    if kept:
        notifications.notify_moderators(tx, "admin.report", sender, now_ms, about_id=id)
