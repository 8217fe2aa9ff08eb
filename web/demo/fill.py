"""An invented city put into an empty instance: drawn and keyed first, then written in one commit.

Nothing is written before everything is ready, and then all at once: an interrupted demo leaves an
empty instance behind, and the next one begins anew.
"""

import asyncio
import base64
import random
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from server import keyring, passwords
from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.ids import new_id
from server.keyring import Keys
from server.media import Picture, Pictures
from server.model import Account, Post, Site
from server.secrets import Vault
from server.services import (
    accounts,
    communities,
    follows,
    media,
    notifications,
    posts,
    profiles,
    reactions,
    stewardship,
)
from server.services.accounts import NewAccount
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.services.profiles import ProfileChanges
from server.store import accounts as account_store
from server.store import settings
from server.store.db import Read, Write
from web.demo import blogs, books, links, portraits, scenes
from web.demo.city import (
    Blog,
    Board,
    Book,
    City,
    Drawn,
    Link,
    Neighbourhood,
    Person,
    Quote,
    Said,
    Told,
    neighbours,
)

FOUNDED_MS: Final = 46 * DAY_MS
"""How long ago the first of them joined."""
OPENED_MS: Final = 40 * DAY_MS
"""How long ago the boards began: after the people came, before anybody wrote."""
UNREAD_MS: Final = 6 * HOUR_MS
"""What happened longer ago, everybody has seen."""
AT_ONCE: Final = 2  # drawings and keys
PASSWORD_BYTES: Final = 8
_SETTING: Final = "demo"

Step = Callable[[str], None]
"""Told the name of each thing that is ready."""


class Made(msgspec.Struct, frozen=True):
    """What the instance remembers of its demo: which city, and with what to sign in."""

    city: str
    password: str


class Prepared(msgspec.Struct, frozen=True):
    """What takes time and needs no transaction. Pictures are by post and place in it."""

    keys: dict[str, Keys]
    faces: dict[str, Picture]
    pictures: dict[tuple[int, int], Picture]
    password: str
    hash: str


def made(db: Read) -> Made | None:
    """The demo that is here."""
    found = settings.value(db, _SETTING)
    return msgspec.json.decode(found, type=Made) if found else None


def inhabited(db: Read) -> bool:
    """Whether people live here."""
    return bool(account_store.members(db))


def steps(city: City) -> int:
    """How often `prepare` says that something is ready."""
    return 2 * len(city.actors) + sum(len(post.pictures) for post in city.posts)


async def prepare(city: City, vault: Vault, pictures: Pictures, step: Step) -> Prepared:
    """Draw the pictures and make the keys, on every core. Raises `StorageFull`."""
    keys: dict[str, Keys] = {}
    faces: dict[str, Picture] = {}
    drawn: dict[tuple[int, int], Picture] = {}
    turn = asyncio.Semaphore(AT_ONCE)

    async def key(person: Person | Neighbourhood | Board | Blog) -> None:
        async with turn:
            keys[person.name] = await asyncio.to_thread(keyring.make, vault)
        step("keys")

    async def face(person: Person | Neighbourhood | Board | Blog) -> None:
        async with turn:
            data = await asyncio.to_thread(_face, person)
            faces[person.name] = await pictures.process_avatar(data)
        step("faces")

    async def picture(at: tuple[int, int], wanted: Drawn) -> None:
        async with turn:
            data = await asyncio.to_thread(
                scenes.draw, wanted.scene, wanted.palette, f"{city.city.name} {at}"
            )
            drawn[at] = await pictures.process(data)
        step("pictures")

    password = _password()
    async with asyncio.TaskGroup() as group:
        for i, post in enumerate(city.posts):
            for place, wanted in enumerate(post.pictures):
                group.create_task(picture((i, place), wanted))
        for person in city.actors:
            group.create_task(face(person))
            group.create_task(key(person))
    return Prepared(keys, faces, drawn, password, await passwords.hash_(password))


def fill(tx: Write, site: Site, key: str, city: City, ready: Prepared, now_ms: int) -> bool:
    """Write the whole city, oldest first. False, and nothing written, when somebody was faster."""
    if made(tx) or inhabited(tx):
        return False
    Filling(tx, site, city, ready, now_ms).run()
    said = msgspec.json.encode(Made(key, ready.password)).decode()
    settings.remember(tx, _SETTING, said)
    return True


class Filling:
    """One run: what happens when, and what has been made so far."""

    def __init__(self, tx: Write, site: Site, city: City, ready: Prepared, now_ms: int) -> None:
        """`ready` belongs to `city`."""
        self._tx = tx
        self._site = site
        self._city = city
        self._ready = ready
        self._now_ms = now_ms
        self._last_ms = now_ms - MINUTE_MS
        self._today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(site.timezone))
        self._people: dict[str, Account] = {}
        self._neighbourhoods: dict[str, Account] = {}
        self._boards: dict[str, Account] = {}
        self._posts: dict[int, Post] = {}
        self._events: list[tuple[int, Callable[[int], object]]] = []

    def run(self) -> None:
        """Plan everything, then let it happen in order of time, as ids want it."""
        for i, neighbourhood in enumerate(self._city.neighbourhoods):
            self._found(neighbourhood, self._now_ms - FOUNDED_MS + i * MINUTE_MS)
        for i, person in enumerate(self._city.people):
            self._join(person, self._now_ms - FOUNDED_MS + i * HOUR_MS)
        for i, board in enumerate(self._city.boards):
            self._open(board, self._now_ms - OPENED_MS + i * MINUTE_MS)
        for i, told in enumerate(self._city.blogs):
            at_ms = self._now_ms - FOUNDED_MS + (len(self._city.people) + 1 + i) * HOUR_MS
            self._begin_blog(told, at_ms)
        for i, post in enumerate(self._city.posts):
            self._tell(i, post)
        self._plan(self._now_ms - UNREAD_MS, self._read)
        for at_ms, happens in sorted(self._events, key=lambda event: event[0]):
            happens(at_ms)

    def _read(self, now_ms: int) -> None:
        """Everybody has read what came until now."""
        latest = new_id(now_ms)
        for account in self._people.values():
            notifications.seen(self._tx, account.id, latest, now_ms)

    def _plan(self, at_ms: int, happens: Callable[[int], object]) -> int:
        at_ms = min(at_ms, self._last_ms)
        self._events.append((at_ms, happens))
        return at_ms

    # --- neighbourhoods

    def _found(self, neighbourhood: Neighbourhood, at_ms: int) -> None:
        self._plan(at_ms, lambda now_ms: self._make_neighbourhood(neighbourhood, now_ms))

    def _make_neighbourhood(self, neighbourhood: Neighbourhood, now_ms: int) -> None:
        new = NewCommunity(
            name=neighbourhood.name,
            title=neighbourhood.title,
            bio=neighbourhood.bio,
            keys=self._ready.keys[neighbourhood.name],
            place=neighbourhood.place,
            longitude=neighbourhood.point[0] if neighbourhood.point else None,
            latitude=neighbourhood.point[1] if neighbourhood.point else None,
            boundary=_polygon(neighbourhood),
        )
        account = communities.create(self._tx, self._site, new, now_ms)
        changes = ProfileChanges(avatar=self._ready.faces[neighbourhood.name].large)
        profiles.edit_profile(self._tx, self._site, account, changes, now_ms)
        self._neighbourhoods[neighbourhood.name] = account

    # --- boards

    def _open(self, board: Board, at_ms: int) -> None:
        self._plan(at_ms, lambda now_ms: self._make_board(board, now_ms))
        chance = random.Random(board.name)  # noqa: S311  no secret
        members = neighbours(self._city, board.name, chance.randint(5, 12), "")
        named = (self._city.city.writer, self._city.city.admin, *board.keepers, *members)
        for name in dict.fromkeys(named):
            at_ms += chance.randint(10, 300) * MINUTE_MS
            self._plan(at_ms, self._following(name, board.name))

    def _make_board(self, board: Board, now_ms: int) -> None:
        place = self._neighbourhoods.get(board.place)
        new = NewCommunity(
            name=board.name,
            kind="board",
            title=board.title,
            bio=board.bio,
            keys=self._ready.keys[board.name],
            parent_id=place.id if place else None,
            rules=board.rules,
            moderator_ids=tuple(self._people[name].id for name in board.keepers),
        )
        account = communities.create(self._tx, self._site, new, now_ms)
        changes = ProfileChanges(avatar=self._ready.faces[board.name].large)
        profiles.edit_profile(self._tx, self._site, account, changes, now_ms)
        self._boards[board.name] = account

    def _kept(self, index: int, told: Told, at_ms: int) -> None:
        """What the keeper of a board does with a thread."""
        keepers = {board.name: board.keepers[0] for board in self._city.boards}
        if told.pinned:
            self._plan(at_ms + HOUR_MS, self._deed(keepers[told.board], index, ""))
        if told.locked:
            self._plan(at_ms + 2 * DAY_MS, self._deed(keepers[told.board], index, told.locked))

    def _deed(self, keeper: str, index: int, reason: str) -> Callable[[int], object]:
        def happens(now_ms: int) -> None:
            by, id = self._people[keeper], self._posts[index].id
            if reason:
                stewardship.lock(self._tx, self._site, by, id, now_ms, locked=True, reason=reason)
            else:
                stewardship.pin(self._tx, self._site, by, id, now_ms, pinned=True)

        return happens

    def _accepted(self, index: int, told: Told, answer: int) -> Callable[[int], object]:
        return lambda now_ms: stewardship.accept(
            self._tx,
            self._site,
            self._people[told.by],
            self._posts[index].id,
            self._posts[answer].id,
            now_ms,
        )

    # --- team blogs

    def _begin_blog(self, told: Blog, at_ms: int) -> None:
        def happens(now_ms: int) -> None:
            keys = self._ready.keys[told.name]
            account = blogs.found(self._tx, self._site, told, keys, now_ms)
            changes = ProfileChanges(avatar=self._ready.faces[told.name].large)
            profiles.edit_profile(self._tx, self._site, account, changes, now_ms)
            self._neighbourhoods[told.name] = account

        at_ms = self._plan(at_ms, happens)
        for place, name in enumerate(neighbours(self._city, told.name, 12, told.editor)):
            self._plan(at_ms + (place + 1) * MINUTE_MS, self._following(name, told.name))
        self._plan(self._now_ms - 3 * HOUR_MS, lambda now_ms: blogs.offer(self._tx, told, now_ms))
        for book in told.books:
            self._plan(self._now_ms - book.days * DAY_MS, self._gathering(told, book))

    def _gathering(self, told: Blog, book: Book) -> Callable[[int], object]:
        def happens(now_ms: int) -> None:
            titles = {post.title: post.id for post in self._posts.values() if post.title}
            stories = [titles[title] for title in book.stories]
            books.gather(self._tx, told, book, stories, now_ms)

        return happens

    def _linked(self, index: int, told: Told, at_ms: int) -> None:
        """Who links to a story elsewhere, and who quotes it."""
        for blog in self._city.blogs:
            for link in blog.links.get(told.title, ()):
                self._plan(at_ms + link.after * MINUTE_MS, self._noted(links.link, index, link))
            for quote in blog.quotes.get(told.title, ()):
                self._plan(at_ms + quote.after * MINUTE_MS, self._noted(links.quote, index, quote))

    def _noted(
        self, note: Callable[..., None], index: int, told: Link | Quote
    ) -> Callable[[int], object]:
        return lambda now_ms: note(self._tx, self._site, self._posts[index], told, now_ms)

    # --- people

    def _join(self, person: Person, at_ms: int) -> None:
        self._plan(at_ms, lambda now_ms: self._make(person, now_ms))
        chance = random.Random(person.name)  # noqa: S311  no secret
        friends = neighbours(self._city, person.name, chance.randint(6, 15), person.name)
        after_ms = at_ms + 2 * DAY_MS
        for friend in dict.fromkeys((self._city.city.writer, self._city.city.admin, *friends)):
            if friend != person.name:
                after_ms += chance.randint(5, 90) * MINUTE_MS
                self._plan(after_ms, self._following(person.name, friend))
        for home in self._city.neighbourhoods:
            if f"#{home.title}" in person.bio or person.name == self._city.city.admin:
                self._plan(after_ms + MINUTE_MS, self._following(person.name, home.name))

    def _make(self, person: Person, now_ms: int) -> None:
        signs_in = person.name in (self._city.city.writer, self._city.city.admin)
        new = NewAccount(
            name=person.name,
            email=f"{person.name}@madang.example",
            password=self._ready.hash if signs_in else "",
            keys=self._ready.keys[person.name],
            display_name=person.display,
            role=person.role,
            language=person.language if person.language != "ko" else "",
        )
        account = accounts.create(self._tx, self._site, new, now_ms)
        changes = ProfileChanges(
            bio_source=person.bio,
            fields=person.fields,
            avatar=self._ready.faces[person.name].large,
        )
        self._people[person.name] = profiles.edit_profile(
            self._tx, self._site, account, changes, now_ms
        )

    def _following(self, name: str, friend: str) -> Callable[[int], object]:
        def happens(now_ms: int) -> None:
            groups = {**self._neighbourhoods, **self._boards}
            target = self._people.get(friend) or groups[friend]
            follows.follow(self._tx, self._site, self._people[name], target.id, now_ms)

        return happens

    # --- what they say

    def _tell(self, index: int, told: Told) -> None:
        day = self._today.date() - timedelta(days=told.days)
        when = datetime.combine(day, time.fromisoformat(told.at), self._today.tzinfo)
        at_ms = self._plan(
            round(when.timestamp() * 1000), lambda now_ms: self._publish(index, told, now_ms)
        )
        self._received(index, told, at_ms)
        self._kept(index, told, at_ms)
        self._linked(index, told, at_ms)
        for answer in told.replies:
            place = self._answer(answer, index, at_ms)
            if answer.accepted:
                after_ms = (answer.after + 45) * MINUTE_MS
                self._plan(at_ms + after_ms, self._accepted(index, told, place))

    def _publish(self, index: int, told: Told, now_ms: int) -> None:
        author = self._people[told.by]
        attached = [
            media.add(
                self._tx,
                author.id,
                self._ready.pictures[index, place],
                wanted.alt,
                (0.0, 0.0),
                now_ms,
            ).id
            for place, wanted in enumerate(told.pictures)
        ]
        placed = blogs.place(self._tx, self._city.blogs, told.title) if told.title else None
        new = NewPost(
            filed=placed[1] if placed else None,
            content=told.text.strip(),
            title=told.title,
            lead=told.lead,
            language=told.language,
            media_ids=tuple(attached),
            community_id=(
                placed[0] if placed else self._boards[told.board].id if told.board else None
            ),
        )
        self._posts[index] = posts.write(self._tx, self._site, author, new, now_ms)
        if placed:
            blogs.published(self._tx, self._city.blogs, self._posts[index], now_ms)

    def _answer(self, said: Said, answered: int, answered_ms: int) -> int:
        index = -1 - len(self._events)  # told posts count up from 0, answers down
        at_ms = self._plan(
            answered_ms + said.after * MINUTE_MS,
            lambda now_ms: self._reply(index, said, answered, now_ms),
        )
        self._received(index, said, at_ms)
        for answer in said.replies:
            self._answer(answer, index, at_ms)
        return index

    def _reply(self, index: int, said: Said, answered: int, now_ms: int) -> None:
        new = NewPost(
            content=said.text,
            language=said.language,
            reply_to_id=self._posts[answered].id,
        )
        author = self._people[said.by]
        self._posts[index] = posts.write(self._tx, self._site, author, new, now_ms)

    def _received(self, index: int, post: Told | Said, at_ms: int) -> None:
        """Likes and boosts, most of them in the first hours."""
        seed = f"{post.by} {post.text[:40]}"
        chance = random.Random(seed)  # noqa: S311  no secret
        against = post.against if isinstance(post, Told) else 0
        counts = (
            (reactions.like, post.likes),
            (reactions.boost, post.boosts),
            (reactions.dislike, against),
        )
        for service, count in counts:
            for name in neighbours(self._city, f"{service.__name__} {seed}", count, post.by):
                after_ms = round(chance.expovariate(1 / (5 * HOUR_MS))) + MINUTE_MS
                self._plan(at_ms + after_ms, self._reaction(service, name, index))

    def _reaction(
        self, service: Callable[..., object], name: str, index: int
    ) -> Callable[[int], object]:
        return lambda now_ms: service(
            self._tx, self._site, self._people[name], self._posts[index].id, now_ms
        )


def sign_in(city: City, password: str) -> Iterator[tuple[str, str, str]]:
    """(name, password, role) of those with whom a visitor signs in."""
    roles = {person.name: person.role for person in city.people}
    for name in (city.city.writer, city.city.admin):
        yield name, password, roles[name]


def _face(person: Person | Neighbourhood | Board | Blog) -> bytes:
    kind, _, look = person.look.partition(" ")
    if kind == "sign":
        return portraits.sign(person.name, look)
    return portraits.face(person.name, person.look)


def _polygon(neighbourhood: Neighbourhood) -> str:
    """Its boundary as GeoJSON, closed; "" without one."""
    corners = neighbourhood.boundary
    if not corners:
        return ""
    return msgspec.json.encode(
        {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    ).decode()


def _password() -> str:
    """Chance in small letters and digits, in groups that can be typed."""
    text = base64.b32encode(secrets.token_bytes(PASSWORD_BYTES)).decode().lower()[:12]
    return "-".join(text[i : i + 4] for i in range(0, 12, 4))
