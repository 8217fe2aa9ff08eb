"""Private threads in the list of everybody of ours who takes part in them."""

from collections.abc import Iterable

import msgspec

from server.errors import NotFound
from server.ids import new_id
from server.model import Account, Entry, Post
from server.services import notifications
from server.store import accounts, posts, timelines
from server.store import conversations as store
from server.store.conversations import Conversation
from server.store.db import Read, Write
from server.store.paging import Page


class Talk(msgspec.Struct, frozen=True):
    """A conversation with its last post, and everybody in it but the viewer.

    A note to oneself is a conversation with oneself.
    """

    conversation: Conversation
    entry: Entry
    people: tuple[Account, ...]


def began(tx: Write, author: Account, post: Post, now_ms: int) -> None:
    """One of ours wrote a post: if it is private, its thread stands first in their list, read."""
    if post.visibility == "direct" and author.local and author.kind != "Group":
        store.put(tx, author.id, post, id=new_id(now_ms), unread=False)


def mention(tx: Write, to: Account, author: Account, post: Post, now_ms: int) -> None:
    """Tell somebody that a post names them; a private one comes into their list unread.

    Not what they do not want to hear of, and what is filtered only once they accept its author.
    """
    if notifications.notify(tx, to, "mention", author, post.id, now_ms) == "told":
        came(tx, to.id, post, now_ms)


def came(tx: Write, account_id: int, post: Post, now_ms: int) -> None:
    """A post came to one of ours, who has been told of it."""
    if post.visibility == "direct":
        store.put(tx, account_id, post, id=new_id(now_ms), unread=True)


def page(db: Read, viewer_id: int, window: Page) -> list[Talk]:
    """By their last posts, newest first."""
    return _talks(db, viewer_id, store.page(db, viewer_id, window))


def _talks(db: Read, viewer_id: int, found: Iterable[Conversation]) -> list[Talk]:
    listed = list(found)
    entries = notifications.readable(db, viewer_id, [one.shown_id for one in listed])
    named = posts.mentioned(db, entries)
    authors = accounts.by_ids(db, [entry.author_id for entry in entries.values()])
    answer = []
    for one in listed:
        entry = entries.get(one.shown_id)
        if entry is not None:
            everybody = [authors[entry.author_id], *named.get(entry.post_id, ())]
            answer.append(Talk(one, entry, _others(viewer_id, everybody)))
    return answer


def _others(viewer_id: int, everybody: Iterable[Account]) -> tuple[Account, ...]:
    by_id = {account.id: account for account in everybody}
    others = tuple(account for id, account in by_id.items() if id != viewer_id)
    return others or tuple(by_id.values())


def mark(tx: Write, viewer_id: int, id: int, *, unread: bool) -> Talk:
    """Say that there is nothing, or something, to read in a conversation. Raises `NotFound`."""
    one(tx, viewer_id, id)
    store.set_unread(tx, viewer_id, id, unread=unread)
    return one(tx, viewer_id, id)


def read_thread(tx: Write, viewer_id: int, thread_id: int) -> None:
    """The viewer has opened a thread."""
    store.read_thread(tx, viewer_id, thread_id)


def remove(tx: Write, viewer_id: int, id: int) -> None:
    """Take a conversation out of the list; nobody else's changes. Raises `NotFound`."""
    one(tx, viewer_id, id)
    store.remove(tx, viewer_id, id)


def one(db: Read, viewer_id: int, id: int) -> Talk:
    """One of the viewer's. Raises `NotFound`."""
    found = store.by_id(db, viewer_id, id)
    talks = _talks(db, viewer_id, [found] if found else [])
    if not talks:
        raise NotFound("There is no such conversation.")
    return talks[0]


def direct(db: Read, viewer_id: int, window: Page) -> list[Entry]:
    """Every private post that the viewer wrote or was sent, newest first."""
    return timelines.direct(db, viewer_id, window)
