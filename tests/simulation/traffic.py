"""People who use their cities as impatient apps do: what was not acknowledged they send again.

What was acknowledged to them is in the ledger; the oracle compares it with what the cities have.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from federation.errors import FederationError
from server import lookup
from server.errors import AppError
from server.fetch import Budget
from server.model import Account, Post
from server.services import follows, posts, reactions
from server.services.new_posts import NewPost
from server.store import accounts as account_store
from server.store import posts as post_store
from server.store.db import DatabaseError, Read, Write
from tests.simulation.chance import some
from tests.simulation.city import Process
from tests.simulation.ledger import Ledger, Person, Written

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")

IN_VAIN: Final = 3
"""So often somebody looks for a person elsewhere before they leave it."""


class Traffic:
    """What people do, one after another, each for themselves."""

    def __init__(self, world: "World", people: list[Person]) -> None:
        """Nothing is done yet."""
        self._world = world
        self._people = people
        self._numbers = 0
        self._audiences: dict[str, frozenset[str]] = {}
        self.ledger = Ledger()

    async def run(self, acts: int, span_s: float) -> None:
        """Everybody first follows somebody, then they do `acts` things in all within `span_s`."""
        each = max(1, acts // len(self._people))
        await asyncio.gather(*(self._live(one, each, span_s) for one in self._people))

    async def _live(self, person: Person, acts: int, span_s: float) -> None:
        loop, chance = self._world.loop, self._world.chance
        begin_s = loop.time()
        moments = sorted(chance.uniform(0, span_s) for _ in range(acts))
        for _ in range(chance.choice([0, 1, 1, 2])):
            await self._follow(person)
        for at_s in moments:
            await loop.sleep(begin_s + at_s - loop.time())
            await self._act(person)

    async def _act(self, person: Person) -> None:
        names, weights = list(ACTS), [weight for weight, _ in ACTS.values()]
        name = self._world.chance.choices(names, weights)[0]
        self._world.note(f"{person.name}@{person.city.name}: {name}")
        await ACTS[name][1](self, person)
        self.ledger.acts += 1

    # --- asking one's city, until it answers

    async def ask(
        self, person: Person, do: Callable[[Process], Awaitable[T]]
    ) -> T | AppError | FederationError:
        """What the city answers; it may have to be asked more than once."""
        loop = self._world.loop
        while True:
            processes = person.city.alive()
            if processes:
                process = self._world.chance.choice(processes)
                task = process.spawn(_answered(do, process))
                await asyncio.wait({task})
                if not task.cancelled():
                    try:
                        return task.result()
                    except DatabaseError:
                        pass
            await loop.sleep(self._world.chance.uniform(0.1, 5))

    async def _do(self, person: Person, service: Callable[..., T], *args: Any) -> Any:
        """A service as this person: `(tx, site, viewer, ..., now_ms)`."""

        def as_person(tx: Write, now_ms: int) -> T:
            return service(tx, person.city.site, _me(tx, person), *args, now_ms)

        return await self.ask(person, lambda city: city.db.write(as_person, city.now_ms()))

    # --- what they do

    async def _follow(self, person: Person) -> None:
        others = [one for one in self._people if one.city is not person.city]
        target = self._world.chance.choice(others)
        if self.ledger.follows.get((person.uri, target.uri)):
            return
        for _ in range(IN_VAIN):
            known = await self.ask(
                person, lambda city: city.fetcher.people.account(target.uri, Budget())
            )
            if isinstance(known, Account):
                await self._do(person, follows.follow, known.id)
                self.ledger.follows[person.uri, target.uri] = True
                return
            await self._world.loop.sleep(self._world.chance.uniform(1, 60))

    async def _unfollow(self, person: Person) -> None:
        mine = [t for (f, t), on in self.ledger.follows.items() if on and f == person.uri]
        if not mine:
            return
        target = self._world.chance.choice(mine)
        self.ledger.ended.add((person.uri, target))
        known = await self.ask(person, lambda city: city.db.read(account_store.by_uri, target))
        assert isinstance(known, Account)
        await self._do(person, follows.unfollow, known.id)
        self.ledger.follows[person.uri, target] = False

    async def _write(self, person: Person, **more: Any) -> Post | None:
        self._numbers += 1
        key = f"key-{self._numbers}"
        visibility = more.pop("visibility", None) or self._world.chance.choice(VISIBILITIES)
        new = NewPost(
            content=more.pop("content", "") + f"Post {self._numbers} v0",
            visibility=visibility,
            idempotency_key=key,
            reply_to_id=more.pop("reply_to_id", None),
        )

        def write(tx: Write, site: Any, author: Account, now_ms: int) -> Post:
            self._audiences.setdefault(key, _followers(tx, author))
            return posts.write(tx, site, author, new, now_ms)

        post = await self._do(person, write)
        if not isinstance(post, Post):
            return None
        self.ledger.posts[post.uri] = Written(
            uri=post.uri,
            id=post.id,
            city=person.city.name,
            author=person.uri,
            visibility=visibility,
            audience=self._audiences[key],
            **more,
        )
        return post

    async def _say(self, person: Person) -> None:
        if await self._write(person) is not None and await self._goes_on(0.25):
            await self._delete(person)

    async def _goes_on(self, probability: float = 0.4) -> bool:
        """Whether somebody does the next thing soon: takes back what they did, for example."""
        chance = self._world.chance
        if not some(chance, probability):
            return False
        await self._world.loop.sleep(chance.choice([0.0, 1.0, 30.0, 300.0]))
        return True

    async def _answer(self, person: Person) -> None:
        post = await self._seen(person)
        if post is not None:
            told = self.ledger.posts[post.uri].city
            await self._write(
                person, reply_to_id=post.id, visibility="public", told=told, answers=post.uri
            )

    async def _address(self, person: Person) -> None:
        others = [one for one in self._people if one.city is not person.city]
        other = self._world.chance.choice(others)
        handle = f"@{other.name}@{other.city.name}"
        found = await self.ask(person, lambda city: lookup.find(city.fetcher, handle))
        if isinstance(found, Account):
            told = other.city.name
            await self._write(person, content=f"{handle} ", visibility="direct", told=told)

    async def _edit(self, person: Person) -> None:
        if (mine := self._own(person)) is None:
            return
        text = f"{mine.uri} v{mine.version + 1}"
        await self._do(person, posts.edit, mine.id, NewPost(content=text))
        mine.version += 1

    async def _delete(self, person: Person) -> None:
        """Often what was written last."""
        if (mine := self._own(person)) is None:
            return
        await self._do(person, posts.delete, mine.id)
        mine.deleted = True

    async def _like(self, person: Person) -> None:
        await self._react(person, self.ledger.likes, reactions.like)
        if await self._goes_on():
            await self._unlike(person)

    async def _boost(self, person: Person) -> None:
        await self._react(person, self.ledger.boosts, reactions.boost)
        if await self._goes_on():
            await self._unboost(person)

    async def _share(self, person: Person) -> None:
        """Boost what somebody was led to: whoever follows them does not have it."""
        known = [
            one.uri
            for one in self.ledger.posts.values()
            if one.visibility == "public" and not one.deleted and one.author != person.uri
        ]
        if not known:
            return
        uri = self._world.chance.choice(known)
        found = await self.ask(person, lambda city: lookup.find(city.fetcher, uri))
        if isinstance(found, Post):
            await self._on(person, found, self.ledger.boosts, reactions.boost)
            if await self._goes_on(0.6):
                await self._write(person)

    async def _react(
        self, person: Person, known: dict[tuple[str, str], bool], service: Callable[..., object]
    ) -> None:
        if (post := await self._seen(person)) is not None:
            await self._on(person, post, known, service)

    async def _on(
        self,
        person: Person,
        post: Post,
        known: dict[tuple[str, str], bool],
        service: Callable[..., object],
    ) -> None:
        done = await self._do(person, service, post.id)
        if not isinstance(done, AppError):
            known[person.uri, post.uri] = True

    async def _unlike(self, person: Person) -> None:
        await self._take_back(person, self.ledger.likes, reactions.unlike)

    async def _unboost(self, person: Person) -> None:
        await self._take_back(person, self.ledger.boosts, reactions.unboost)

    async def _take_back(
        self, person: Person, known: dict[tuple[str, str], bool], service: Callable[..., object]
    ) -> None:
        mine = [uri for (who, uri), on in known.items() if on and who == person.uri]
        if not mine:
            return
        uri = self._world.chance.choice(mine)
        post = await self.ask(person, lambda city: city.db.read(post_store.by_uri, uri))
        assert isinstance(post, Post)
        done = await self._do(person, service, post.id)
        if not isinstance(done, AppError):
            known[person.uri, uri] = False

    # --- what they see

    async def _seen(self, person: Person) -> Post | None:
        """A post of somebody else that is here and public."""
        found = await self.ask(person, lambda city: city.db.read(_public, person.uri))
        assert isinstance(found, list)
        found = [uri for uri in found if uri in self.ledger.posts]
        if not found:
            return None
        uri = self._world.chance.choice(found)
        post = await self.ask(person, lambda city: city.db.read(post_store.by_uri, uri))
        return post if isinstance(post, Post) else None

    def _own(self, person: Person) -> Written | None:
        mine = [
            one
            for one in self.ledger.posts.values()
            if one.author == person.uri and not one.deleted and one.visibility != "direct"
        ]
        return self._world.chance.choice(mine[-2:]) if mine else None


VISIBILITIES: Final = ("public", "followers")
ACTS: Final[dict[str, tuple[int, Callable[[Traffic, Person], Awaitable[None]]]]] = {
    "say": (6, Traffic._say),  # noqa: SLF001
    "answer": (3, Traffic._answer),  # noqa: SLF001
    "address": (1, Traffic._address),  # noqa: SLF001
    "edit": (4, Traffic._edit),  # noqa: SLF001
    "delete": (2, Traffic._delete),  # noqa: SLF001
    "like": (4, Traffic._like),  # noqa: SLF001
    "unlike": (2, Traffic._unlike),  # noqa: SLF001
    "boost": (2, Traffic._boost),  # noqa: SLF001
    "share": (5, Traffic._share),  # noqa: SLF001
    "unboost": (1, Traffic._unboost),  # noqa: SLF001
    "follow": (3, Traffic._follow),  # noqa: SLF001
    "unfollow": (1, Traffic._unfollow),  # noqa: SLF001
}
"""What people do, how often, and how."""


async def _answered(
    do: Callable[[Process], Awaitable[T]], process: Process
) -> T | AppError | FederationError:
    """What it comes to, or the sentence that the person reads instead."""
    try:
        return await do(process)
    except (AppError, FederationError) as error:
        return error


def _me(db: Read, person: Person) -> Account:
    found = account_store.by_uri(db, person.uri)
    assert found is not None
    return found


def _followers(db: Read, author: Account) -> frozenset[str]:
    """Who follows from elsewhere."""
    rows = db.all(
        """
        SELECT a.uri FROM follow f JOIN account a ON a.id = f.follower_id
        WHERE f.target_id = :author AND f.state = 'accepted' AND a.domain <> ''
        """,
        author=author.id,
    )
    return frozenset(row["uri"] for row in rows)


def _public(db: Read, but: str) -> list[str]:
    """Posts that everybody may read, of everybody but this one."""
    rows = db.all(
        """
        SELECT p.uri FROM post p JOIN account a ON a.id = p.author_id
        WHERE p.visibility = 'public' AND p.deleted_ms IS NULL AND a.uri <> :but ORDER BY p.id
        """,
        but=but,
    )
    return [row["uri"] for row in rows]
