"""What people made of a post: how many answered, liked and shared it, who last, and from where."""

from typing import Final

import msgspec

from server.model import Account
from server.services import reading
from server.services.timelines import NOBODY
from server.store import reactions
from server.store.db import Read

NAMED: Final = 12  # people of each kind
SERVERS: Final = 8


class Server(msgspec.Struct, frozen=True):
    """A server from which people responded; ours has no `domain`."""

    domain: str
    people: int

    @property
    def ours(self) -> bool:
        """Whether it is this one."""
        return self.domain == ""


class Responses(msgspec.Struct, frozen=True):
    """How many there are, the newest by name, and the servers of most of those who responded.

    Whom the viewer muted or blocked counts, but is not named.
    """

    replies: int
    likes: int
    boosts: int
    likers: tuple[Account, ...]
    boosters: tuple[Account, ...]
    servers: tuple[Server, ...]

    @property
    def any(self) -> bool:
        """Whether somebody responded at all."""
        return bool(self.replies or self.likes or self.boosts)


def of_post(db: Read, viewer_id: int | None, post_id: int) -> Responses:
    """What people made of a post that the viewer may read. Raises `Deleted` or `NotFound`."""
    post, me = reading.readable(db, viewer_id, post_id), viewer_id or NOBODY
    return Responses(
        post.replies,
        post.likes,
        post.boosts,
        tuple(reactions.newest_likers(db, post.id, me, NAMED)) if post.likes else (),
        tuple(reactions.newest_boosters(db, post.id, me, NAMED)) if post.boosts else (),
        tuple(
            Server(row["domain"], row["people"]) for row in reactions.servers(db, post.id, SERVERS)
        ),
    )
