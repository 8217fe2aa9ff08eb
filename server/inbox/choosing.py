"""ChooseAnswer: which comment answers what a thread asks. PieFed"""

from server.errors import AppError
from server.inbox.context import Arrival
from server.inbox.order import may, tell
from server.model import Account, ForumThread, Post
from server.services import forum
from server.store import forum as store
from server.store import posts
from server.store.db import Write


def choose(tx: Write, arrival: Arrival) -> None:
    """A comment answers what its thread asks, by who asked or who keeps order. PieFed"""
    _choose(tx, arrival, arrival.activity.object_id, chosen=True)


def take_back(tx: Write, arrival: Arrival, uri: str | None) -> None:
    """The question is open again."""
    _choose(tx, arrival, uri, chosen=False)


def _choose(tx: Write, arrival: Arrival, uri: str | None, *, chosen: bool) -> None:
    answer = posts.by_uri(tx, uri or "")
    root = posts.by_id(tx, answer.thread_id) if answer else None
    thread, group = _asked(tx, arrival, root)
    if answer is None or thread is None or group is None:
        return
    if not chosen and thread.answer_id != answer.id:
        return
    try:
        done = forum.accept(tx, thread, answer if chosen else None)
    except AppError:  # what not everybody reads answers nothing
        return
    if done:
        tell(tx, arrival, group, f"answer {thread.post_id}", thread.post_id)


def _asked(
    tx: Write, arrival: Arrival, root: Post | None
) -> tuple[ForumThread | None, Account | None]:
    """The thread that begins so, and its community, where the actor chooses its answer."""
    group = forum.group_of(tx, root.community_id) if root else None
    if root is None or root.deleted_ms is not None or group is None:
        return None, None
    own = root.author_id == arrival.actor.id and arrival.speaks_for(group.id)
    if not own and not may(tx, arrival, "choose", group):
        return None, None
    return store.by_id(tx, root.id), group
