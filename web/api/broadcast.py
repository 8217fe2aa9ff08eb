"""What came is made once and told to all who listen, each as they may and would read it.

A post that looks the same to many is encoded once for them; whoever has filters gets their own.
"""

import logging
from collections.abc import Iterable, Iterator

from aiohttp import web

from server.services import streams
from server.services.live import Came
from server.services.streams import Shown, Telling
from server.store.db import Read
from web import filtering
from web.api import fragments, payloads
from web.keys import DB, HUB
from web.streams import Message, Subscription

log = logging.getLogger(__name__)

POSTS = ("update", "status.update")
Post = tuple[str, int, int, int | None]
"""An event about a post, the post, its place in a timeline, who boosted it."""


async def carry(app: web.Application, came: list[Came]) -> None:
    """Bring it to the streams that listen; what cannot be made is logged and left out.

    Posts come first: a boost that was taken back at once is told before its end.
    """
    posts: dict[Post, list[Subscription]] = {}
    others: list[tuple[str, Came, list[Subscription]]] = []
    for one in came:
        wanted = app[HUB].streams.listening(one.topic, one.id)
        if not wanted:
            continue
        if (event := _event(one)) in POSTS:
            posts.setdefault(_post(event, one), []).extend(wanted)
        else:
            others.append((event, one, wanted))
    try:
        await _show(app, posts)
    except Exception:
        log.exception("posts could not be told")
    for event, one, wanted in others:
        try:
            await _tell(event, one, wanted)
        except Exception:
            log.exception("a %s could not be told", event)


def _event(one: Came) -> str:
    kind = one.topic.partition(":")[0]
    return one.event or {"notifications": "notification", "direct": "conversation"}.get(
        kind, "update"
    )


def _post(event: str, one: Came) -> Post:
    return event, one.post_id or one.of, one.of, one.booster_id


# --- posts


async def _show(app: web.Application, posts: dict[Post, list[Subscription]]) -> None:
    if not posts:
        return
    tellings = [_telling(post, wanted) for post, wanted in posts.items()]
    found, filters, special = await app[DB].read(_shown, tellings)
    for (post, wanted), groups in zip(posts.items(), found, strict=True):
        by_viewer: dict[int, list[Subscription]] = {}
        for one in wanted:
            by_viewer.setdefault(one.stream.account_id, []).append(one)
        apart = frozenset(by_viewer) if post[1] in special else frozenset(filters)
        for group in _apart(groups, apart):
            await _show_group(post[0], group, by_viewer, filters)


def _telling(post: Post, wanted: list[Subscription]) -> Telling:
    event, post_id, entry_id, booster_id = post
    return Telling(
        post_id=post_id,
        entry_id=entry_id,
        booster_id=booster_id,
        fresh=event == "update" and booster_id is None,
        viewers=frozenset(one.stream.account_id for one in wanted),
    )


def _shown(db: Read, tellings: list[Telling]) -> tuple[list[list[Shown]], dict[int, int], set[int]]:
    viewers = {id for one in tellings for id in one.viewers}
    return (
        streams.shown(db, tellings),
        streams.filtering(db, viewers),
        streams.special(db, tellings),
    )


def _apart(groups: Iterable[Shown], apart: frozenset[int]) -> Iterator[Shown]:
    """To whom a post looks like to nobody else is in a group of their own."""
    for group in groups:
        plain = group.viewers - apart
        if plain:
            yield Shown(group.entry, plain)
        for id in group.viewers & apart:
            yield Shown(group.entry, frozenset({id}))


async def _show_group(
    event: str,
    group: Shown,
    by_viewer: dict[int, list[Subscription]],
    filters: dict[int, int],
) -> None:
    one = next(iter(group.viewers))
    request = by_viewer[one][0].stream.request
    await filtering.renew(request, one, filters.get(one, 0))
    for json in await fragments.statuses(request, one, [group.entry]):
        message = Message(event, json)
        for id in group.viewers:
            _put(message, by_viewer[id])


def _put(message: Message, wanted: Iterable[Subscription]) -> None:
    for one in wanted:
        if not one.stream.closed:
            one.stream.put(one.name, message)


# --- everything else


async def _tell(event: str, one: Came, wanted: list[Subscription]) -> None:
    stream = wanted[0].stream
    if event == "notification":
        json = await payloads.notification(stream.request, stream.account_id, one.of)
    elif event == "conversation":
        json = await payloads.conversation(stream.request, stream.account_id, one.of)
    elif event == "announcement":
        json = await payloads.announcement(stream.request, one.of)
    else:
        json = one.payload.encode()
    if json is not None:
        _put(Message(event, json or None), wanted)
