"""Boards of a city of tests, with people who keep order in them."""

from typing import Any

from server.clock import now_ms
from server.model import Account, Post
from server.services import communities, reading, stewardship
from server.services.communities import NewCommunity
from server.store import communities as store
from server.store.paging import Page
from tests.web.city import NO_KEYS, City, Person


async def board(city: City, name: str = "garden", *keepers: Person, **more: Any) -> Account:
    """A board that `keepers` moderate."""
    ids = tuple(one.account.id for one in keepers if one.account)
    new = NewCommunity(
        **{
            "name": name,
            "title": name.capitalize(),
            "keys": NO_KEYS,
            "kind": "board",
            "moderator_ids": ids,
            **more,
        }
    )
    return await city.db.write(communities.create, city.site, new, now_ms())


async def thread(
    city: City, person: Person, where: Account, title: str = "Beans", **more: Any
) -> Post:
    """A thread by somebody."""
    content = more.pop("content", "Who has some?")
    post: Post = await city.writes(person, content, title=title, community_id=where.id, **more)
    return post


async def answers(city: City, person: Person, post: Post, content: str = "I have") -> Post:
    """A comment by somebody."""
    found: Post = await city.writes(person, content, reply_to_id=post.id)
    return found


async def does(city: City, deed: Any, person: Person, *about: Any, **more: Any) -> None:
    """Something in the name of order."""
    await city.db.write(deed, city.site, person.account, *about, now_ms(), **more)


async def removes(city: City, person: Person, post: Post, reason: str = "Insults") -> None:
    """Take a post away."""
    await does(city, stewardship.remove, person, post.id, reason=reason)


async def logged(city: City, where: Account) -> list[tuple[str, str]]:
    """What stands in the log, the oldest first."""
    rows = await city.db.read(store.logged, where.id, Page())
    return [(row["action"], row["reason"]) for row in reversed(rows)]


async def now(city: City, post: Post) -> Any:
    """A post as a visitor reads it."""
    return await city.db.read(reading.view, None, post.id)
