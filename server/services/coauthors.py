"""Stories that several people wrote: their author asks, and whoever was asked confirms."""

from typing import Final

from server.errors import Forbidden, Invalid, NotFound
from server.model import Account, Post
from server.services import desk_news, reading
from server.store import accounts, blog_people, follows
from server.store.db import Read, Write

MAX_COAUTHORS: Final = 5


def check(db: Read, author: Account, names: tuple[str, ...]) -> list[Account]:
    """Whom these names mean, without the author. Raises `Invalid`, `NotFound`."""
    wanted = dict.fromkeys(name.strip().lstrip("@").lower() for name in names)
    found = [_somebody(db, author, name) for name in wanted if name and name != author.name]
    if len(found) > MAX_COAUTHORS:
        raise Invalid("At most %(most)s people write a story with you.", most=MAX_COAUTHORS)
    return found


def _somebody(db: Read, author: Account, name: str) -> Account:
    found = accounts.by_handle(db, name)
    if found is None or not found.local or found.state != "active" or found.kind != "Person":
        raise NotFound("There is nobody called %(name)s in this city.", name=name)
    if follows.apart(db, author.id, found.id):
        raise Forbidden("You cannot write a story together with %(name)s.", name=name)
    return found


def ask(tx: Write, post: Post, author: Account, names: tuple[str, ...], now_ms: int) -> None:
    """Those named from now on: who is new is asked, who is not named any more goes."""
    wanted = {one.id for one in check(tx, author, names)}
    for state in ("accepted", "invited"):
        for one in blog_people.authors(tx, post.id, state):
            if one.id not in wanted:
                blog_people.take_out(tx, post.id, one.id)
    for id in wanted:
        if blog_people.invite(tx, post.id, id, now_ms):
            desk_news.tell(tx, id, author.id, now_ms, what="coauthor", post_id=post.id)


def confirm(tx: Write, viewer: Account, post_id: int, now_ms: int) -> None:
    """The viewer wrote it too, and stands there from now on. Raises `NotFound`."""
    post = reading.readable(tx, viewer.id, post_id)
    if not blog_people.confirm(tx, post_id, viewer.id):
        raise NotFound("Nobody has asked you whether you wrote this story.")
    desk_news.tell(tx, post.author_id, viewer.id, now_ms, what="confirmed", post_id=post.id)


def decline(tx: Write, viewer: Account, post_id: int) -> None:
    """The viewer does not stand there, or not any more. Raises `NotFound`."""
    if not blog_people.take_out(tx, post_id, viewer.id):
        raise NotFound("Nobody has asked you whether you wrote this story.")
