"""What our people do to keep order in a community, ours or a stranger's: 동네지기.

Each deed has its effect here at once. A community of ours then tells its followers; a stranger's
is told, and decides itself whether it goes on from there.
"""

from typing import Any

from federation import build_group
from server.errors import Forbidden, NotFound
from server.ids import new_id
from server.model import Account, ForumThread, Post, PostView, Site
from server.outbox import publish
from server.services import (
    boosts,
    communities,
    deferring,
    forum,
    linking,
    moving,
    permitting,
    proofs,
    reading,
    relay,
)
from server.services.follows import activity_uri
from server.services.forum import Deed
from server.store import accounts, deferred, posts
from server.store import communities as community_store
from server.store import forum as store
from server.store.db import Read, Write


def lock(
    tx: Write,
    site: Site,
    viewer: Account,
    post_id: int,
    now_ms: int,
    *,
    locked: bool,
    reason: str = "",
) -> None:
    """End a thread or the answers to a comment, or open it. Raises `NotFound`, `Forbidden`."""
    post, group = _post(tx, viewer, post_id)
    thread, deed = store.by_id(tx, post.id), _deed(group, viewer, now_ms, reason)
    if thread is not None:
        done = forum.lock(tx, deed, thread, locked=locked)
        if done:
            permitting.locked(tx, site, post, now_ms)
    else:
        done = forum.lock_comment(tx, deed, post, locked=locked)
    if not done:
        return
    lock = build_group.lock(
        _uri(site, now_ms), viewer.uri, post.uri, group=group.uri, reason=reason
    )
    told = lock if locked else _undone(site, lock, now_ms)
    _tell(tx, site, viewer, group, told, now_ms, about=f"lock {post.id}")


def pin(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int, *, pinned: bool) -> None:
    """Keep a thread at the top, or not any more. Raises `NotFound`, `Forbidden`, `Invalid`."""
    post, thread, group = _thread(tx, viewer, post_id)
    if not forum.pin(tx, _deed(group, viewer, now_ms), thread, pinned=pinned):
        return
    activity = build_group.collect(
        _uri(site, now_ms),
        viewer.uri,
        post.uri,
        group=group.uri,
        target=group.featured_uri,
        added=pinned,
    )
    _tell(tx, site, viewer, group, activity, now_ms, about=f"pin {post.id}")


def accept(
    tx: Write, site: Site, viewer: Account, post_id: int, answer_id: int | None, now_ms: int
) -> None:
    """Mark a reply as the answer, by who asked or who keeps order. Raises as `pin`."""
    post = reading.readable(tx, viewer.id, post_id)
    thread = store.by_id(tx, post.id)
    if thread is None:
        raise NotFound("There is no such thread.")
    if post.author_id != viewer.id and not communities.keeps(tx, thread.community_id, viewer):
        raise Forbidden("Only who began a thread, and its moderators, choose the answer.")
    answer = reading.readable(tx, viewer.id, answer_id) if answer_id is not None else None
    before = posts.by_id(tx, thread.answer_id) if thread.answer_id is not None else None
    if forum.accept(tx, thread, answer):
        _tell_answer(tx, site, viewer, _group(tx, post), (before, answer), now_ms)


def _tell_answer(
    tx: Write,
    site: Site,
    viewer: Account,
    group: Account,
    change: tuple[Post | None, Post | None],
    now_ms: int,
) -> None:
    """PieFed marks comments one by one: who chooses another takes the first one back."""
    before, answer = change
    if before is not None:
        chosen = build_group.choose(_uri(site, now_ms), viewer.uri, before.uri, group=group.uri)
        told = _undone(site, chosen, now_ms)
        _tell(tx, site, viewer, group, told, now_ms, about=f"answer {before.thread_id}")
    if answer is not None:
        chosen = build_group.choose(_uri(site, now_ms), viewer.uri, answer.uri, group=group.uri)
        _tell(tx, site, viewer, group, chosen, now_ms, about=f"answer {answer.thread_id}")


def remove(
    tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int, *, reason: str
) -> None:
    """Take a thread or a comment away, with the reason that everybody reads in the log."""
    post, group = _post(tx, viewer, post_id)
    if not forum.remove(tx, _deed(group, viewer, now_ms, reason), post):
        return
    relay.taken_away(tx, site, group, post, now_ms)
    activity = build_group.remove(
        _uri(site, now_ms), viewer.uri, post.uri, group=group.uri, reason=reason
    )
    _tell(tx, site, viewer, group, activity, now_ms, about=f"removal {post.id}")


def restore(
    tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int, *, reason: str = ""
) -> None:
    """Give back what was taken away. Raises `NotFound`, `Forbidden`."""
    post = posts.by_id(tx, post_id)
    group = _group(tx, post)
    if post is None or not communities.keeps(tx, group.id, viewer):
        raise NotFound("There is no such post.")
    known = store.removal(tx, post.id)
    if not forum.restore(tx, _deed(group, viewer, now_ms, reason), post):
        return
    back = reading.readable(tx, viewer.id, post.id)
    deferring.give_back(tx, site, group, _view(tx, back), now_ms)
    linking.note(tx, site, back, now_ms)
    why = known["reason"] if known else ""
    removal = build_group.remove(
        _uri(site, now_ms), viewer.uri, post.uri, group=group.uri, reason=why
    )
    told = _undone(site, removal, now_ms)
    _tell(tx, site, viewer, group, told, now_ms, about=f"removal {post.id}")


def move(
    tx: Write,
    site: Site,
    viewer: Account,
    post_id: int,
    community_id: int,
    now_ms: int,
    *,
    reason: str = "",
) -> None:
    """Move a thread between two communities that the viewer keeps. Raises as `pin`."""
    post, thread, group = _thread(tx, viewer, post_id)
    to = community_store.by_id(tx, community_id)
    if to is None or to.kind == "neighbourhood" or not group.local:
        raise NotFound("There is no such community.")
    if not communities.keeps(tx, to.account.id, viewer):
        raise Forbidden("You can move a thread only into a community that you moderate too.")
    places = boosts.neighbourhoods(tx, post)
    if not forum.move(tx, _deed(group, viewer, now_ms, reason), thread, to.account):
        return
    activity = build_group.move(
        _uri(site, now_ms), viewer.uri, post.uri, group=group.uri, target=to.account.uri
    )
    for one in (group, to.account):
        relay.tell(tx, site, one, activity, now_ms)
    moving.moved(tx, site, (post, places), (group, to.account), now_ms)


def ban(
    tx: Write,
    site: Site,
    viewer: Account,
    community_id: int,
    account_id: int,
    now_ms: int,
    *,
    reason: str,
    until_ms: int | None = None,
) -> None:
    """Shut somebody out of a community. Raises `NotFound`, `Forbidden`, `Invalid`."""
    group, who = _somebody(tx, viewer, community_id, account_id)
    activity = build_group.ban(
        _uri(site, now_ms), viewer.uri, who.uri, group=group.uri, reason=reason, until_ms=until_ms
    )
    deed = _deed(group, viewer, now_ms, reason)
    if forum.ban(tx, deed, who, uri=activity["id"], until_ms=until_ms):
        about = f"ban {who.id} {group.id}"
        _tell(tx, site, viewer, group, activity, now_ms, also=who, about=about)


def unban(
    tx: Write, site: Site, viewer: Account, community_id: int, account_id: int, now_ms: int
) -> None:
    """Let somebody in again. Raises `NotFound`, `Forbidden`."""
    group, who = _somebody(tx, viewer, community_id, account_id)
    known = community_store.ban_of(tx, group.id, who.id)
    if known is None or not forum.unban(tx, _deed(group, viewer, now_ms), who):
        return
    undone = build_group.ban(
        known["uri"], viewer.uri, who.uri, group=group.uri, reason=known["reason"]
    )
    told, about = _undone(site, undone, now_ms), f"ban {who.id} {group.id}"
    _tell(tx, site, viewer, group, told, now_ms, also=who, about=about)


def appoint(
    tx: Write, site: Site, viewer: Account, community_id: int, account_id: int, now_ms: int
) -> None:
    """Make somebody a moderator. Raises `NotFound`, `Forbidden`, `Invalid`."""
    group, who = _somebody(tx, viewer, community_id, account_id)
    communities.check_room(tx, group.id)
    if forum.appoint(tx, _deed(group, viewer, now_ms), who):
        _tell_moderator(tx, site, viewer, group, who, now_ms, added=True)


def dismiss(
    tx: Write, site: Site, viewer: Account, community_id: int, account_id: int, now_ms: int
) -> None:
    """Take somebody, or oneself, off the list of moderators. Raises `NotFound`, `Forbidden`."""
    group, who = _somebody(tx, viewer, community_id, account_id)
    if forum.dismiss(tx, _deed(group, viewer, now_ms), who):
        _tell_moderator(tx, site, viewer, group, who, now_ms, added=False)


# --- what they have in common


def _deed(group: Account, viewer: Account, now_ms: int, reason: str = "") -> Deed:
    return Deed(community_id=group.id, by=viewer, now_ms=now_ms, reason=reason)


def _uri(site: Site, now_ms: int) -> str:
    return activity_uri(site, new_id(now_ms))


def _undone(site: Site, done: dict[str, Any], now_ms: int) -> dict[str, Any]:
    return build_group.undo(_uri(site, now_ms), done)


def _group(db: Read, post: Post | None) -> Account:
    group = accounts.by_id(db, post.community_id) if post and post.community_id else None
    if group is None:
        raise NotFound("There is no such thread.")
    return group


def _post(db: Read, viewer: Account, post_id: int) -> tuple[Post, Account]:
    post = reading.readable(db, viewer.id, post_id)
    group = _group(db, post)
    _require(db, group, viewer)
    return post, group


def _thread(db: Read, viewer: Account, post_id: int) -> tuple[Post, ForumThread, Account]:
    post, group = _post(db, viewer, post_id)
    thread = store.by_id(db, post.id)
    if thread is None:
        raise NotFound("There is no such thread.")
    return post, thread, group


def _require(db: Read, group: Account, viewer: Account) -> None:
    if not communities.keeps(db, group.id, viewer):
        raise Forbidden("Only the moderators of this community can do that.")


def _somebody(
    db: Read, viewer: Account, community_id: int, account_id: int
) -> tuple[Account, Account]:
    group, who = accounts.by_id(db, community_id), accounts.by_id(db, account_id)
    if group is None or group.kind != "Group":
        raise NotFound("There is no such community.")
    _require(db, group, viewer)
    if who is None or who.kind in ("Group", "Application"):
        raise NotFound("There is no such account.")
    return group, who


def _view(db: Read, post: Post) -> PostView:
    author = accounts.by_id(db, post.author_id)
    assert author is not None  # noqa: S101  a post has an author
    return PostView(post=post, author=author)


def _tell_moderator(
    tx: Write,
    site: Site,
    viewer: Account,
    group: Account,
    who: Account,
    now_ms: int,
    *,
    added: bool,
) -> None:
    activity = build_group.collect(
        _uri(site, now_ms),
        viewer.uri,
        who.uri,
        group=group.uri,
        target=communities.moderators_uri(group),
        added=added,
    )
    about = f"moderator {who.id} {group.id}"
    _tell(tx, site, viewer, group, activity, now_ms, also=who, about=about)


def _tell(
    tx: Write,
    site: Site,
    viewer: Account,
    group: Account,
    activity: dict[str, Any],
    now_ms: int,
    *,
    about: str,
    also: Account | None = None,
) -> None:
    """A community of ours tells its followers; a stranger's is told. `also`: whom it is about.

    `about`: what changes, as in `deferring.Doing`: what a moderator elsewhere did to it before, and
    is still to be told, is true no more.
    """
    deferred.forget(tx, about)
    told = [one for one in (also, group) if one is not None and not one.local]
    if not group.local:
        activity = proofs.proven(tx, site, viewer, activity, now_ms)
    if told:
        publish(tx, viewer, activity, now_ms, to=told)
    if group.local:
        relay.tell(tx, site, group, activity, now_ms)
