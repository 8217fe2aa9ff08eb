"""Pages for people: the front page and a story for a visitor, the home page of a member.

The city has 13 stories of which 11 have pictures, 10 talk posts of which 4 have, 6 neighbourhoods,
and 3,000 members. *Kept*: as many visitors see the front page while nobody writes. *Made*: the
first who comes after somebody liked a story, so that the page itself cannot be kept. *Cold*: the
first front page of a server that has shown nothing but its about page.
"""

import random
import tempfile
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import msgspec

from federation.keys import make_rsa
from server import keyring
from server.clock import DAY_MS, HOUR_MS, now_ms
from server.ids import new_id
from server.media import Picture
from server.model import Account
from server.services import communities, media, posts, profiles, sessions
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.services.profiles import ProfileChanges
from server.store import accounts as account_store
from server.store.db import Write
from tests.bench import city, wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

AIM_MS = 3.0
AUTHORS = 24
MEMBERS = 3000
STORIES, PICTURED = 13, 11
TALK, WITH_PICTURES = 10, 4
PLACES = ("철산동", "하안동", "소하동", "광명동", "학온동", "일직동")
REPLIES = 20
WORDS = """골목 시장 은행나무 책방 불빛 이웃 아침 저녁 도서관 아이들 할머니 자전거 냇가 가을 비 햇살
국수 빵집 방앗간 학교 운동장 버스 정류장 고양이 화분 목소리 웃음 약속 토요일 축제 현수막 민원 공사
은빛 노란 작은 오래된 따뜻한 새로운 조용한 함께 걸었다 모였다 나누었다 이야기했다 기다렸다
""".split()  # noqa: SIM905  prose


class World(NamedTuple):
    """The address of a story, the cookie of somebody who reads, and an app's token of theirs."""

    story: str
    cookie: str
    token: str


async def measure(options: Options) -> list[Figure]:
    """CPU of the server per page."""
    count = 50 if options.quick else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = await _fill(folder)
        cold = [await _cold(folder) for _ in range(options.rounds)]
        async with Child.running("tests.bench.serve", folder, 0, *options.profiled()) as server:
            figures = [
                Figure(
                    f"square: {what}",
                    "ms CPU each",
                    await _rounds(server, requests, count, options.rounds),
                    aim=aim,
                )
                for what, (requests, aim) in _asked(world).items()
            ]
            made = await _made(server, world, count, options.rounds)
    return [
        figures[0],
        Figure("square: the front page for a visitor, made", "ms CPU each", made, aim=AIM_MS),
        Figure("square: the front page for a visitor, cold", "ms CPU each", tuple(cold)),
        *figures[1:],
    ]


def _asked(world: World) -> dict[str, tuple[bytes, float | None]]:
    member = f"Cookie: {world.cookie}"
    return {
        "the front page for a visitor, kept": (_get("/"), AIM_MS),
        f"a story with {REPLIES} replies for a visitor": (_get(world.story), None),
        "the page of a person for a visitor": (_get("/@author1"), None),
        "the front page for a member": (_get("/", member), None),
        "the home page of a member": (_get("/home", member), None),
    }


def _get(path: str, *headers: str) -> bytes:
    usual = (f"Host: {city.HOST}", "Accept-Language: ko", "Accept-Encoding: gzip, deflate, br")
    return "\r\n".join((f"GET {path} HTTP/1.1", *usual, *headers, "", "")).encode()


async def _rounds(server: Child, request: bytes, count: int, rounds: int) -> tuple[float, ...]:
    """Milliseconds of CPU per request, round for round, after one that warms up."""
    took = [await _ask(server, [request] * count, 4) / count for _ in range(1 + rounds)]
    return tuple(took[1:])


async def _made(server: Child, world: World, count: int, rounds: int) -> tuple[float, ...]:
    """The cost of a page and a like before it, less the cost of a like alone."""
    path, token = f"/api/v1/statuses/{world.story.rpartition('/')[2]}", world.token
    likes = [
        f"POST {path}/{what} HTTP/1.1\r\nHost: {city.HOST}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n".encode()
        for what in ("favourite", "unfavourite")
    ] * (count // 2)
    both = [request for like in likes for request in (like, _get("/"))]
    took = []
    for _ in range(1 + rounds):
        alone = await _ask(server, likes, 1)
        took.append((await _ask(server, both, 1) - alone) / len(likes))
    return tuple(took[1:])


async def _cold(folder: Path) -> float:
    async with Child.running("tests.bench.serve", folder, 0) as server:
        await _ask(server, [_get("/about")] * 3, 1)
        return await _ask(server, [_get("/")], 1)


async def _ask(server: Child, requests: list[bytes], connections: int) -> float:
    """Milliseconds of CPU for all of them."""
    before = server.cpu_s()
    seen, body = await wire.ask(int(server.ready), requests, connections)
    if set(seen) != {200}:
        raise RuntimeError(f"no page: {seen} {body[:300]!r}")
    return (server.cpu_s() - before) * 1000


async def _fill(folder: Path) -> World:
    db, sealed = await city.opened(folder), city.locker(folder)
    people = [(await city.join(db, sealed, f"author{number}"))[0] for number in range(AUTHORS)]
    reader, token = await city.join(db, sealed, "reader")
    rsa = make_rsa()
    keys = keyring.Keys((sealed.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(sealed))
    await db.write(_populate, people)
    story = await db.write(_write, reader, people, keys)
    session = await db.write(sessions.sign_in, reader.id, "Firefox", "127.0.0.1", now_ms())
    await db.close()
    return World(story, f"madang={session}", token)


def _populate(tx: Write, people: list[Account]) -> None:
    """Members who said something once."""
    member = account_store.member(tx, people[0].id)
    assert member is not None
    for number in range(MEMBERS):
        id, name = new_id(now_ms()), f"neighbour{number}"
        one = msgspec.structs.replace(
            people[0], id=id, name=name, uri=f"{city.SITE.origin}/users/{id}", last_post_ms=now_ms()
        )
        account_store.insert(tx, one)
        account_store.insert_member(
            tx, msgspec.structs.replace(member, account_id=id, email=f"{name}@{city.HOST}")
        )


def _write(tx: Write, reader: Account, people: list[Account], keys: keyring.Keys) -> str:
    """Everything that the pages show, oldest first; the address of a story with its replies."""
    chance = random.Random(7)  # noqa: S311  the same city each time
    for number, title in enumerate(PLACES):
        new = NewCommunity(name=f"place{number}", title=title, bio=_said(chance, 20), keys=keys)
        communities.create(tx, city.SITE, new, now_ms())
    people = [_with_face(tx, one, _said(chance, 12)) for one in people]
    for one in people:
        city.follow(tx, reader, one)
    started = now_ms() - 2 * DAY_MS
    for number in range(TALK):
        post = NewPost(
            content=f"{_said(chance, 30)} #{chance.choice(PLACES)} #가을",
            media_ids=_pictures(tx, people[number], int(number < WITH_PICTURES)),
        )
        posts.write(tx, city.SITE, people[number], post, started + number * HOUR_MS)
    first = None
    for number in range(STORIES):
        author = people[TALK + number]
        new_story = NewPost(
            title=_said(chance, 5),
            lead=_said(chance, 18),
            content=f"{_told(chance)}\n\n#{chance.choice(PLACES)}",
            language="ko",
            media_ids=_pictures(tx, author, 3 if number >= STORIES - PICTURED else 0),
        )
        at = started + (TALK + number) * HOUR_MS
        first = posts.write(tx, city.SITE, author, new_story, at)
    assert first is not None
    answers = [first.id]
    for number in range(REPLIES):
        reply = NewPost(content=_said(chance, 20), reply_to_id=chance.choice(answers))
        answers.append(posts.write(tx, city.SITE, people[number], reply, now_ms()).id)
    return f"/@{people[TALK + STORIES - 1].name}/{first.id}"


def _with_face(tx: Write, one: Account, bio: str) -> Account:
    changes = ProfileChanges(display_name=f"이웃 {one.name}", bio_source=bio, avatar=_name())
    return profiles.edit_profile(tx, city.SITE, one, changes, now_ms())


def _pictures(tx: Write, author: Account, many: int) -> tuple[int, ...]:
    picture = (_name(), _name(), "image/jpeg", 2048, 1365, 640, 427, 400_000)
    return tuple(
        media.add(
            tx,
            author.id,
            Picture(*picture, f"LEHV6nWB2yk8pyo0adR*.7kCMd{i}j", _name(), 1280, 853),
            "은행나무 아래 책방 문 앞에 놓인 화분 둘",
            (0.0, 0.0),
            now_ms(),
        ).id
        for i in range(many)
    )


def _said(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(words)) + "."


def _told(chance: random.Random) -> str:
    """A story of some 600 words."""
    parts = [_said(chance, 90) for _ in range(6)]
    return "\n\n".join([*parts[:3], "## 골목의 하루", "* 빵집\n* 책방\n* 방앗간", *parts[3:]])


def _name() -> str:
    return f"{token_hex(16)}.jpg"
