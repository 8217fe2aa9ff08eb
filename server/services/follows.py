"""Following, blocking and muting."""

import re
from typing import Final

import msgspec

from federation import build
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Relationship, Site
from server.outbox import publish
from server.services.notifications import notify
from server.store import accounts, homes, jobs, lists, notifications, relations
from server.store import follows as store
from server.store.db import Read, Write
from server.store.paging import Page

MAX_LANGUAGES: Final = 20
MAX_FOLLOWED: Final = 7_500  # as Mastodon's; requests count too
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
HOME_FILL = 20  # posts of a newly followed account that come into the home timeline at once


def target_of(db: Read, viewer: Account, target_id: int) -> Account:
    """An account that the viewer may act on. Raises `NotFound`, `Forbidden`."""
    target = accounts.by_id(db, target_id)
    if target is None or target.state != "active" or target.kind == "Application":
        raise NotFound("There is no such account.")
    if target.id == viewer.id:
        raise Forbidden("This is your own account.")
    return target


def activity_uri(site: Site, id: int) -> str:
    """The id of an activity of ours that is no part of an object."""
    return f"{site.origin}/activities/{id}"


class Wishes(msgspec.Struct, frozen=True):
    """What a follower wants to see and hear of; None stays as it is.

    `languages`: codes such as ko; none for all. `notify`: be told of every post.
    """

    reblogs: bool | None = None
    notify: bool | None = None
    languages: tuple[str, ...] | None = None


def follow(
    tx: Write,
    site: Site,
    viewer: Account,
    target_id: int,
    now_ms: int,
    *,
    wishes: Wishes = Wishes(),  # noqa: B008  frozen
) -> None:
    """Follow, or ask to. Doing it again only changes what the viewer wants to see of it."""
    target = target_of(tx, viewer, target_id)
    if store.apart(tx, viewer.id, target.id):
        raise Forbidden("You cannot follow this account.")
    if target.moved_to:
        raise Conflict("This account has moved. Follow it at its new address.")
    id = new_id(now_ms)
    uri = activity_uri(site, id)
    if not store.insert(tx, id=id, uri=uri, follower=viewer, target=target, now_ms=now_ms):
        _wish(tx, viewer.id, target.id, wishes)
        return
    if store.asked(tx, viewer.id, MAX_FOLLOWED + 1) > MAX_FOLLOWED:
        raise Invalid("You cannot follow more than %(most)s people.", most=MAX_FOLLOWED)
    _wish(tx, viewer.id, target.id, wishes)
    if not target.local:
        publish(tx, viewer, build.follow(uri, viewer.uri, target.uri), now_ms, to=[target])
    elif target.locked:
        notify(tx, target, "follow_request", viewer, None, now_ms)
    else:
        begin(tx, viewer, target, now_ms)


def _wish(tx: Write, viewer_id: int, target_id: int, wishes: Wishes) -> None:
    """Raises `Invalid` for what is no language."""
    languages = wishes.languages or ()
    if len(languages) > MAX_LANGUAGES or not all(is_language(code) for code in languages):
        raise Invalid("This is not the code of a language, such as ko or en.")
    if wishes != Wishes():
        store.set_wishes(
            tx,
            viewer_id,
            target_id,
            reblogs=wishes.reblogs,
            notify=wishes.notify,
            languages=wishes.languages,
        )


def is_language(code: str) -> bool:
    """Whether this is the code of a language, as posts carry it."""
    return _LANGUAGE.fullmatch(code) is not None


def notified_of(tx: Write, viewer: Account, target_id: int, wanted: bool) -> None:
    """Be told, or no more, of every post of somebody whom the viewer follows."""
    target = target_of(tx, viewer, target_id)
    if store.one(tx, viewer.id, target.id) is None:
        raise Conflict("You do not follow this account.")
    _wish(tx, viewer.id, target.id, Wishes(notify=wanted))


def begin(tx: Write, follower: Account, target: Account, now_ms: int) -> bool:
    """An accepted follow starts to count: timelines, notifications, a look at older posts."""
    if not store.accept(tx, follower, target):
        return False
    notify(tx, target, "follow", follower, None, now_ms)
    if follower.local:
        homes.fill_home(tx, follower.id, target.id, HOME_FILL)
        if target.kind == "Group":
            homes.fill_home_with_boosts(tx, follower.id, target.id, HOME_FILL)
    return True


def unfollow(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    """Stop following, or take the request back; nothing happens where there is neither."""
    target = target_of(tx, viewer, target_id)
    end(tx, site, viewer, target, now_ms)


def end(tx: Write, site: Site, follower: Account, target: Account, now_ms: int) -> None:
    """End one of our people's follow, and tell the target's server."""
    known = store.one(tx, follower.id, target.id)
    if known is None:
        return
    forget(tx, follower, target)
    homes.leave_home(tx, follower.id, target.id)
    if not target.local:
        undone = build.follow(known["uri"], follower.uri, target.uri)
        uri = activity_uri(site, new_id(now_ms))
        publish(tx, follower, build.undo(uri, undone), now_ms, to=[target])


def authorize(tx: Write, site: Site, viewer: Account, follower_id: int, now_ms: int) -> None:
    """Say yes to a follow request."""
    follower, known = _request(tx, viewer, follower_id)
    begin(tx, follower, viewer, now_ms)
    notifications.take_back(
        tx, account_id=viewer.id, kind="follow_request", from_id=follower.id, post_id=None
    )
    if not follower.local:
        answer(tx, site, viewer, follower, known, now_ms, yes=True)


def reject(tx: Write, site: Site, viewer: Account, follower_id: int, now_ms: int) -> None:
    """Say no to a follow request, or end a follow that counted."""
    follower = accounts.by_id(tx, follower_id)
    known = store.one(tx, follower_id, viewer.id)
    if follower is None or known is None:
        raise NotFound("There is no such follow request.")
    cast_out(tx, site, viewer, follower, now_ms)


def cast_out(tx: Write, site: Site, target: Account, follower: Account, now_ms: int) -> None:
    """End a follow from the followed side."""
    known = store.one(tx, follower.id, target.id)
    if known is None:
        return
    forget(tx, follower, target)
    if follower.local:
        homes.leave_home(tx, follower.id, target.id)
        return
    answer(tx, site, target, follower, known["uri"], now_ms, yes=False)


def answer(
    tx: Write,
    site: Site,
    target: Account,
    follower: Account,
    follow_uri: str,
    now_ms: int,
    *,
    yes: bool,
) -> None:
    """Send Accept or Reject of a stranger's Follow. AP §7.5."""
    uri = activity_uri(site, new_id(now_ms))
    make = build.accept if yes else build.reject
    said = make(uri, target.uri, follow_uri=follow_uri, follower=follower.uri)
    publish(tx, target, said, now_ms, to=[follower])


def _request(db: Read, viewer: Account, follower_id: int) -> tuple[Account, str]:
    follower, known = accounts.by_id(db, follower_id), store.one(db, follower_id, viewer.id)
    if follower is None or known is None or known["state"] != "pending":
        raise NotFound("There is no such follow request.")
    return follower, known["uri"]


def block(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    """Neither sees the other any more; follows both ways end."""
    target = target_of(tx, viewer, target_id)
    id = new_id(now_ms)
    uri = activity_uri(site, id)
    if not store.block(
        tx, id=id, uri=uri, account_id=viewer.id, target_id=target.id, now_ms=now_ms
    ):
        return
    end(tx, site, viewer, target, now_ms)
    cast_out(tx, site, viewer, target, now_ms)
    part(tx, viewer, target)
    if not target.local:
        publish(tx, viewer, build.block(uri, viewer.uri, target.uri), now_ms, to=[target])


def part(tx: Write, one: Account, other: Account) -> None:
    """Take each out of the other's timelines and notifications, where they are ours."""
    for owner, gone in ((one, other), (other, one)):
        if owner.local:
            homes.leave_home(tx, owner.id, gone.id)
            notifications.remove_from(tx, owner.id, gone.id)


def unblock(tx: Write, site: Site, viewer: Account, target_id: int, now_ms: int) -> None:
    """Let the other see and be seen again."""
    target = target_of(tx, viewer, target_id)
    uri = store.unblock(tx, viewer.id, target.id)
    if uri and not target.local:
        undone = build.block(uri, viewer.uri, target.uri)
        id = activity_uri(site, new_id(now_ms))
        publish(tx, viewer, build.undo(id, undone), now_ms, to=[target])


def mute(
    tx: Write,
    viewer_id: int,
    target_id: int,
    until_ms: int | None,
    notifications: bool,
    now_ms: int,
) -> None:
    """Hide somebody from the viewer; the other is not told. `until_ms` None: until undone."""
    viewer = accounts.by_id(tx, viewer_id)
    if viewer is None:
        raise NotFound("There is no such account.")
    target = target_of(tx, viewer, target_id)
    store.mute(
        tx,
        id=new_id(now_ms),
        account_id=viewer_id,
        target_id=target.id,
        until_ms=until_ms,
        notifications=notifications,
    )


def unmute(tx: Write, viewer_id: int, target_id: int) -> None:
    """Show them again."""
    store.unmute(tx, viewer_id, target_id)


def relationship(db: Read, viewer_id: int, target_id: int) -> Relationship:
    """How the viewer stands to somebody."""
    return relations.relationships(db, viewer_id, [target_id])[0]


def relationships(db: Read, viewer_id: int, ids: list[int]) -> list[Relationship]:
    """How the viewer stands to each of them, in their order."""
    return relations.relationships(db, viewer_id, ids)


def requests(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(follow id, who asks), newest first."""
    return store.followers(db, account_id, page, "pending")


def blocked(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(block id, whom), newest first."""
    return store.blocked(db, account_id, page)


def mute_ends(db: Read, account_id: int, ids: list[int]) -> dict[int, int | None]:
    """Until when each of `ids` is muted that is; None until it is undone."""
    return store.mute_ends(db, account_id, ids)


def muted(db: Read, account_id: int, page: Page) -> list[tuple[int, Account]]:
    """(mute id, whom), newest first."""
    return store.muted(db, account_id, page)


def partners(db: Read, account_id: int) -> list[tuple[int, int]]:
    """(follower id, target id) of every follow that this account is part of."""
    return store.partners(db, account_id)


def drop(tx: Write, follower: Account, target: Account) -> None:
    """End a follow without a word: the other side ended it, or is gone."""
    store.remove(tx, follower, target)
    lists.leave(tx, follower.id, target.id)
    if follower.local:
        homes.leave_home(tx, follower.id, target.id)


def forget(tx: Write, follower: Account, target: Account) -> None:
    """End a follow or request, and take back what its target was told of it."""
    store.remove(tx, follower, target)
    lists.leave(tx, follower.id, target.id)
    for kind in ("follow", "follow_request"):
        notifications.take_back(
            tx, account_id=target.id, kind=kind, from_id=follower.id, post_id=None
        )


def backfill_later(tx: Write, target: Account, now_ms: int) -> None:
    """Promise a look at recent posts of somebody who is followed from here for the first time."""
    lane, of = f"backfill:{target.id}", msgspec.json.encode({"account": target.id})
    if jobs.lane_waits(tx, lane):
        return
    if target.kind == "Group":  # first of all who keeps it: in some they alone begin threads
        jobs.enqueue(tx, "group", lane, of, now_ms)
    jobs.enqueue(tx, "backfill", lane, of, now_ms)
