"""Telling people what happened to them."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from server.clock import HOUR_MS
from server.ids import new_id
from server.model import MODERATORS, Account, Entry, Notification, Post
from server.policy import notices
from server.services import desk_news, pushes, reading, reports
from server.services.desk_news import News
from server.services.reports import Report
from server.store import accounts, markers, notification_policy, posts, severances, timelines
from server.store import notifications as store
from server.store import strikes as warning_store
from server.store.db import Read, Write
from server.store.notifications import Wanted
from server.store.paging import Page
from server.store.severances import Severance
from server.store.strikes import Strike

MOST_COUNTED = 100
LINKED_MS: Final = 12 * HOUR_MS
"""Between two notifications that pages elsewhere link to the same story."""
EVERY_KIND: Final = (*store.KINDS, *store.OWN_KINDS)

Outcome = Literal["told", "filtered", "silent"]


class Notice(msgspec.Struct, frozen=True):
    """A notification with whom it came from, and what it is about.

    `entry` is the post. `about`: of a report to moderators, of follows that were cut off, of a
    moderator's warning, of what waits at a desk.
    """

    notification: Notification
    account: Account
    entry: Entry | None = None
    about: Report | Severance | Strike | News | None = None


def notify(
    tx: Write, to: Account, kind: str, from_: Account, post_id: int | None, now_ms: int
) -> Outcome:
    """Tell one of ours, once, unless it is their own doing or they do not want to hear of it.

    What their policy filters is kept for them behind a request. A group has nobody who would read.
    """
    if not to.local or to.kind == "Group":
        return "silent"
    if to.id == from_.id:
        told_of_oneself = kind in notices.TOLD_OF_ONESELF
        return _tell(tx, to, kind, from_, now_ms, post_id=post_id) if told_of_oneself else "silent"
    stance = notification_policy.stance(
        tx, to.id, from_.id, domain=from_.domain, post_id=post_id, now_ms=now_ms
    )
    answers = (
        notices.private(stance, kind)
        and stance.policy.for_private_mentions != "accept"
        and stance.answers_id is not None
        and notification_policy.spoke_first(tx, to.id, from_.id, stance.answers_id)
    )
    verdict = notices.verdict(stance, from_, kind, now_ms, answers=answers)
    if verdict == "drop":
        return "silent"
    return _tell(tx, to, kind, from_, now_ms, post_id=post_id, filtered=verdict == "filter")


def notify_moderators(
    tx: Write, kind: str, from_: Account, now_ms: int, *, about_id: int | None = None
) -> None:
    """Tell everybody who moderates: `admin.sign_up` of `from_`, or `admin.report` (`about_id`)."""
    for moderator in accounts.moderators(tx):
        if moderator.id != from_.id:
            _tell(tx, moderator, kind, from_, now_ms, about_id=about_id)


def notify_severed(
    tx: Write, to: Account, *, kind: str, target: str, lost: tuple[int, int], now_ms: int
) -> None:
    """Tell one of ours that follows were cut off: `kind` and `target` as of a `Severance`.

    `lost`: how many followers, and how many whom they followed.
    """
    id = new_id(now_ms)
    severances.insert(
        tx,
        Severance(
            id=id,
            account_id=to.id,
            kind=kind,
            target=target,
            followers=lost[0],
            following=lost[1],
            created_ms=now_ms,
        ),
    )
    _tell(tx, to, "severed_relationships", to, now_ms, about_id=id)


def notify_more_severed(
    tx: Write,
    to: Account,
    *,
    kind: str,
    target: str,
    lost: tuple[int, int],
    since_ms: int,
    now_ms: int,
) -> None:
    """As `notify_severed`, for what ends some at a time: told once, and added to after that."""
    if not severances.add(tx, to.id, kind, target, lost, since_ms=since_ms):
        notify_severed(tx, to, kind=kind, target=target, lost=lost, now_ms=now_ms)


def notify_warned(tx: Write, to: Account, warning_id: int, now_ms: int) -> None:
    """Tell one of ours what a moderator decided about them; nobody learns which moderator."""
    _tell(tx, to, "moderation_warning", to, now_ms, about_id=warning_id)


def notify_removed(tx: Write, to: Account, group: Account, post_id: int, now_ms: int) -> None:
    """Tell one of ours that the moderators of a community took away what they wrote.

    Whomever they mute: it is about themselves. Which moderator it was is not said.
    """
    if to.local and to.kind != "Group":
        _tell(tx, to, "removed", group, now_ms, post_id=post_id)


def notify_linked(tx: Write, post: Post, now_ms: int) -> None:
    """Tell the author of a story that a page elsewhere links to it: in `LINKED_MS` once, however
    many do.
    """
    author = accounts.by_id(tx, post.author_id)
    if author is None or not author.local or author.kind == "Group":
        return
    about = {"account_id": author.id, "from_id": author.id, "post_id": post.id}
    store.take_back(tx, kind="linked", before_ms=now_ms - LINKED_MS, **about)
    _tell(tx, author, "linked", author, now_ms, post_id=post.id)


def _tell(
    tx: Write,
    to: Account,
    kind: str,
    from_: Account,
    now_ms: int,
    *,
    post_id: int | None = None,
    about_id: int | None = None,
    filtered: bool = False,
) -> Outcome:
    told = Notification(
        id=new_id(now_ms),
        account_id=to.id,
        kind=kind,
        from_id=from_.id,
        post_id=post_id,
        created_ms=now_ms,
        filtered=int(filtered),
        about_id=about_id,
    )
    if store.insert(tx, told):
        pushes.promise(tx, told, now_ms)
    return "filtered" if filtered else "told"


def wanted(
    db: Read,
    viewer_id: int,
    *,
    kinds: Sequence[str] = (),
    exclude: Sequence[str] = (),
    from_id: int | None = None,
    filtered: bool = False,
) -> Wanted:
    """Of `kinds` (all that apps know where empty) and not of `exclude`; from one account, its
    filtered ones too.

    What is for moderators is shown to those who still are.
    """
    chosen = [k for k in EVERY_KIND if k in (kinds or store.KINDS) and k not in exclude]
    if any(kind.startswith("admin.") for kind in chosen) and not _moderates(db, viewer_id):
        chosen = [kind for kind in chosen if not kind.startswith("admin.")]
    return Wanted(tuple(chosen), from_id, filtered or from_id is not None)


def _moderates(db: Read, viewer_id: int) -> bool:
    member = accounts.member(db, viewer_id)
    return member is not None and member.role in MODERATORS


def page(db: Read, viewer_id: int, window: Page, which: Wanted | None = None) -> list[Notice]:
    """Newest first."""
    which = which or wanted(db, viewer_id)
    return told(db, viewer_id, store.page(db, viewer_id, window, which))


def one(db: Read, viewer_id: int, id: int) -> Notice | None:
    """One of the viewer's."""
    found = store.by_id(db, viewer_id, id)
    if found is None or found.kind not in wanted(db, viewer_id).kinds:
        return None
    return next(iter(told(db, viewer_id, [found])), None)


def told(db: Read, viewer_id: int, found: Sequence[Notification]) -> list[Notice]:
    """These with all that they are about; those that the viewer may not know of are left out."""
    who = accounts.by_ids(db, [n.from_id for n in found])
    entries = readable(db, viewer_id, [n.post_id for n in found if n.post_id])
    about = _about(db, viewer_id, found)
    return [
        Notice(n, who[n.from_id], entries.get(n.post_id or 0), about.get(n.about_id or 0))
        for n in found
        if n.from_id in who
        and (n.post_id is None or n.post_id in entries)
        and (n.about_id is None or n.about_id in about)
    ]


def readable(db: Read, viewer_id: int, post_ids: Sequence[int]) -> dict[int, Entry]:
    """Those of these posts that the viewer may read, by their ids."""
    found = posts.by_ids(db, post_ids)
    # an edit may have taken the viewer's name out of a post since
    kept = reading.readable_among(db, viewer_id, [*found.values()])
    entries = timelines.entries(db, viewer_id, [id for id in found if id in kept])
    return {entry.post_id: entry for entry in entries}


def _about(
    db: Read, viewer_id: int, found: Sequence[Notification]
) -> dict[int, Report | Severance | Strike | News]:
    ids: dict[str, list[int]] = {}
    for n in found:
        if n.about_id is not None:
            ids.setdefault(n.kind, []).append(n.about_id)
    return {
        **reports.by_ids(db, ids.get("admin.report", ())),
        **severances.by_ids(db, viewer_id, ids.get("severed_relationships", ())),
        **desk_news.about(db, viewer_id, found),
        **warning_store.by_ids(db, viewer_id, ids.get("moderation_warning", ())),
    }


def unread(db: Read, viewer_id: int, limit: int = MOST_COUNTED, which: Wanted | None = None) -> int:
    """How many came since the viewer looked last, at most `limit`."""
    member = accounts.member(db, viewer_id)
    if member is None:
        return 0
    if which is None:
        ordinary = tuple(kind for kind in EVERY_KIND if not kind.startswith("admin."))
        which = Wanted(EVERY_KIND if member.role in MODERATORS else ordinary)
    return store.count_after(db, viewer_id, member.notified_id, limit, which)


def seen(tx: Write, viewer_id: int, notification_id: int, now_ms: int) -> None:
    """The viewer has looked at everything up to this one."""
    member = accounts.member(tx, viewer_id)
    if member and member.notified_id < notification_id:
        mark(tx, viewer_id, notification_id, now_ms)


def mark(tx: Write, viewer_id: int, notification_id: int, now_ms: int) -> None:
    """Set how far the viewer has read, for our pages and for apps alike."""
    accounts.set_member(tx, viewer_id, notified_id=notification_id)
    markers.put(tx, viewer_id, "notifications", notification_id, now_ms)


def dismiss(tx: Write, viewer_id: int, id: int) -> None:
    """Forget one."""
    store.remove(tx, viewer_id, id)


def clear(tx: Write, viewer_id: int) -> None:
    """Forget all."""
    store.clear(tx, viewer_id)


def remove_of(tx: Write, account_id: int) -> None:
    """An account of ours ends: what it was told of, chose and lost goes with it."""
    store.clear(tx, account_id)
    notification_policy.remove_of(tx, account_id)
    severances.remove_of(tx, account_id)
    markers.remove_of(tx, account_id)
