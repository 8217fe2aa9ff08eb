"""The demo city, at one moment of one day, with something on every page: what is photographed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from federation import objects, parse
from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.config import Config, DatabaseAt, Instance, MediaAt, Registrations, Secrets
from server.ids import first_id, new_id, newest
from server.keyring import Keys
from server.media import Pictures
from server.model import Account, Site
from server.secrets import vault
from server.services import (
    accounts,
    arrivals,
    communities,
    drafts,
    follows,
    invites,
    posts,
    profiles,
    sessions,
    stewardship,
    strangers,
    visits,
)
from server.services.accounts import NewAccount
from server.services.new_posts import NewPost
from server.services.profiles import ProfileChanges
from server.store import accounts as account_rows
from server.store import media as media_rows
from server.store import reports
from server.store.db import Database, Read, Row, Write
from server.store.migrate import migrate
from server.text import plain
from tests import happenings
from web.app import create_app
from web.commands.demo import Progress
from web.demo import books, fill, scenes
from web.demo import city as cities
from web.keys import DB

NAME: Final = "hannae.example"
FAR: Final = "https://saeyeoul.example"
NOW_MS: Final = round(datetime(2026, 11, 26, 8, 40, tzinfo=UTC).timestamp() * 1000)
MEMBER: Final = "haneul"
ADMIN: Final = "garam"
DESCRIPTION: Final = (
    "한내천을 따라 사는 이웃들이 직접 쓰는 우리 동네 신문이자 마당입니다. "
    "누구나 읽고, 어디서든 함께할 수 있습니다."
)
AGENT: Final = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def config(folder: Path, mode: str = "approval") -> Config:
    """The city in `folder`, whose doors are as `mode` says."""
    return Config(
        instance=Instance(
            domain=NAME,
            base_url=f"http://{NAME}",
            name="한내마당",
            description=DESCRIPTION,
            cover=str(folder / "cover.jpg"),
        ),
        database=DatabaseAt(url=f"sqlite:{folder / 'city.db'}"),
        media=MediaAt(store=str(folder / "media")),
        secrets=Secrets(key_file=str(folder / "secret.key")),
        registrations=msgspec.convert({"mode": mode}, Registrations),
    )


async def make(folder: Path) -> None:
    """Draw and fill the city in an empty folder, if it is not there already."""
    cover = folder / "cover.jpg"
    if cover.exists():
        return
    (folder / "media").mkdir()
    picture = await asyncio.to_thread(scenes.draw, "river", "morning", "cover")
    found = config(folder)
    keeper = await asyncio.to_thread(vault, found.secrets.file)
    pictures = Pictures(found.media.folder)
    await pictures.open()
    db = await Database.open(found.database.url)
    await migrate(db)
    invented = cities.load("hannae")
    progress = Progress(fill.steps(invented))
    ready = await fill.prepare(invented, keeper, pictures, progress)
    progress.end()
    here = Site(origin=found.instance.base_url, domain=NAME)
    await db.write(fill.fill, here, "hannae", invented, ready, NOW_MS)
    await books.bind(db, pictures, here, lambda: NOW_MS)
    nothing = keeper.seal(b"-")
    await db.write(_more, here, Keys((nothing, "-"), (nothing, "-")))
    await db.close()
    await pictures.close()
    cover.write_bytes(picture)  # last: with it the city is whole


@asynccontextmanager
async def open_at(port: int, found: Config) -> AsyncIterator[web.Application]:
    """Serve the city on loopback; no name leads from it to anywhere."""
    app = create_app(found, clock=lambda: NOW_MS, work=False)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield app
    finally:
        await runner.cleanup()


async def session(app: web.Application, name: str) -> str:
    """The cookie of somebody's browser."""

    def begin(tx: Write) -> str:
        return sessions.sign_in(tx, _who(tx, name).id, AGENT, "127.0.0.1", NOW_MS)

    return await app[DB].write(begin)


async def unread(app: web.Application, name: str) -> None:
    """Somebody has not looked at their notifications for six hours."""

    def forget(tx: Write) -> None:
        earlier = first_id(NOW_MS - 6 * HOUR_MS)
        account_rows.set_member(tx, _who(tx, name).id, notified_id=earlier)

    await app[DB].write(forget)


async def rows(app: web.Application, sql: str) -> list[Row]:
    """What is there."""
    return await app[DB].read(lambda db: db.all(sql))


def _who(db: Read, name: str) -> Account:
    found = account_rows.by_handle(db, name)
    assert found, name
    return found


def _names(db: Read) -> list[str]:
    """Who lives here, the first to come first."""
    rows = db.all(
        "SELECT name FROM account WHERE domain = '' AND kind = 'Person' AND state = 'active' "
        "ORDER BY id"
    )
    return [row["name"] for row in rows]


# --- what the demo has not: everything that waits for somebody


def _more(tx: Write, site: Site, keys: Keys) -> None:
    member, admin = _who(tx, MEMBER), _who(tx, ADMIN)
    _picture_above(tx, site, member)
    _what_they_see_alone(tx, site, member, admin)
    _applicants(tx, site, keys)
    _relations(tx, site, member, admin)
    _drafts(tx, member)
    _edit(tx, site, member)
    _neighbour(tx, site, member)
    _reported(tx, admin)
    _removed(tx, site, member)
    for uses in (1, 5):
        invites.make(tx, member.id, uses, 7, NOW_MS)
    for agent in ("Mozilla/5.0 (Linux; Android 15) SamsungBrowser/27.0", "KAKAOTALK iPhone"):
        sessions.sign_in(tx, member.id, agent, "203.0.113.7", NOW_MS - 3 * DAY_MS)


def _picture_above(tx: Write, site: Site, member: Account) -> None:
    row = tx.one(
        "SELECT large FROM media JOIN post ON post.id = post_id WHERE author_id = :id "
        "ORDER BY media.id LIMIT 1",
        id=member.id,
    )
    assert row
    profiles.edit_profile(tx, site, member, ProfileChanges(header=row["large"]), NOW_MS)


def _what_they_see_alone(tx: Write, site: Site, member: Account, admin: Account) -> None:
    """What they keep, wait for, shut out and are told, and the apps that they let in."""
    happenings.let_in(tx, member, NOW_MS)
    others = [name for name in _names(tx) if name not in (MEMBER, ADMIN)]
    plain_ones = [name for name in others if not _shows_pictures(tx, name)]
    friend, stranger = _who(tx, others[0]), _who(tx, plain_ones[-1])
    follows.follow(tx, site, member, friend.id, NOW_MS - 3 * DAY_MS)
    cast = happenings.Cast(member=member, friend=friend, stranger=stranger, moderator=admin)
    rows = tx.all(
        "SELECT id FROM post WHERE visibility = 'public' AND author_id <> :id "
        "AND kind IN ('article', 'note') ORDER BY id DESC LIMIT 4",
        id=member.id,
    )
    kept = tuple(row["id"] for row in rows)
    before = newest()
    happenings.happen(tx, site, cast, kept, NOW_MS)
    # it is days old, and notifications stand in the order in which they were made
    tx.run(
        "DELETE FROM notification WHERE account_id = :id AND id > :before AND filtered = 0",
        id=member.id,
        before=before,
    )


def _shows_pictures(db: Read, name: str) -> bool:
    return (
        db.one("SELECT 1 FROM media WHERE account_id = :id LIMIT 1", id=_who(db, name).id)
        is not None
    )


def _applicants(tx: Write, site: Site, keys: Keys) -> None:
    asked = (
        ("boram", "윤보람", "느티골 초등학교 앞에서 문구점을 합니다. 아이들 이야기를 쓰고 싶어요."),
        ("jaewon", "최재원", "지난달에 물레동으로 이사 왔습니다. 동네를 알고 싶습니다."),
        ("clara", "Clara Weiß", "I teach German at the library and would like to listen first."),
    )
    for name, display, reason in asked:
        new = NewAccount(
            name=name,
            email=f"{name}@mail.example",
            password="",
            keys=keys,
            display_name=display,
            state="pending",
            reason=reason,
        )
        accounts.create(tx, site, new, NOW_MS - HOUR_MS)


def _relations(tx: Write, site: Site, member: Account, admin: Account) -> None:
    names = [name for name in _names(tx) if name not in (MEMBER, ADMIN)]
    for name in names[-3:]:
        follows.unfollow(tx, site, _who(tx, name), admin.id, NOW_MS)
    for someone in (member, admin):
        profiles.edit_profile(tx, site, someone, ProfileChanges(locked=True), NOW_MS)
        for name in names[-3:-1]:
            follows.unfollow(tx, site, _who(tx, name), someone.id, NOW_MS)
            follows.follow(tx, site, _who(tx, name), someone.id, NOW_MS - 2 * MINUTE_MS)
    profiles.edit_profile(tx, site, _who(tx, MEMBER), ProfileChanges(locked=False), NOW_MS)
    follows.mute(tx, member.id, _who(tx, names[-4]).id, None, True, NOW_MS)
    follows.block(tx, site, member, _who(tx, names[-5]).id, NOW_MS)


def _drafts(tx: Write, member: Account) -> None:
    begun = (
        {
            "kind": "story",
            "title": "첫눈 오기 전에 해야 할 일곱 가지",
            "content": "수도관을 감싸고, 빗자루를 찾아 두고, 옆집 할머니 댁 문을 두드립니다.",
        },
        {"kind": "note", "content": "우물터 가로등이 다시 켜졌어요."},
    )
    for body in begun:
        drafts.save(tx, member.id, None, body, NOW_MS - 20 * MINUTE_MS)


def _edit(tx: Write, site: Site, member: Account) -> None:
    row = tx.one(
        "SELECT id, title, lead, source, language FROM post WHERE author_id = :id "
        "AND kind = 'article' ORDER BY id LIMIT 1",
        id=member.id,
    )
    assert row
    held = tuple(one.id for one in media_rows.of_posts(tx, [row["id"]]).get(row["id"], ()))
    said = NewPost(
        content=row["source"] + "\n\n(덧붙임: 모임 시각이 오후 세 시로 바뀌었습니다.)",
        title=row["title"],
        lead=plain(row["lead"]),
        language=row["language"],
        media_ids=held,
    )
    posts.edit(tx, site, member, row["id"], said, NOW_MS - DAY_MS)


def _neighbour(tx: Write, site: Site, member: Account) -> None:
    """Somebody in another city, who answers here and writes there."""
    someone = f"{FAR}/actors/1"
    document = {
        "id": someone,
        "type": "Person",
        "preferredUsername": "byeol",
        "name": "은별",
        "summary": "<p>새여울에서 강을 따라 내려온 이야기를 씁니다.</p>",
        "inbox": f"{someone}/inbox",
        "endpoints": {"sharedInbox": f"{FAR}/inbox"},
        "url": f"{FAR}/@byeol",
        "publicKey": {"id": f"{someone}#key", "owner": someone, "publicKeyPem": "-"},
    }
    byeol = strangers.keep_actor(tx, parse.actor(document), NOW_MS)
    follows.follow(tx, site, member, byeol.id, NOW_MS)
    thread = tx.one(
        "SELECT id, uri, thread_id FROM post WHERE kind = 'article' ORDER BY replies DESC LIMIT 1"
    )
    assert thread
    visits.record(tx, member.id, thread["thread_id"], new_id(NOW_MS - 5 * MINUTE_MS), NOW_MS)
    said = (
        ("강 건너에서 늘 궁금하던 이야기였어요. 주말에 내려갈게요!", thread["uri"]),
        ("오늘 아침 윗여울에는 서리가 내렸습니다. 사과밭이 은빛이었어요. #윗여울", None),
    )
    for number, (words, answered) in enumerate(said):
        note = {
            "id": f"{FAR}/posts/{number}",
            "type": "Note",
            "attributedTo": someone,
            "content": f"<p>{words}</p>",
            "contentMap": {"ko": f"<p>{words}</p>"},
            "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "cc": [f"{someone}/followers"],
            "published": "2026-11-26T08:31:00Z",
            **({"inReplyTo": answered} if answered else {}),
        }
        arrivals.keep_post(
            tx, site, objects.object_(note), byeol, NOW_MS - MINUTE_MS * (9 - number)
        )


def _removed(tx: Write, site: Site, member: Account) -> None:
    """Whoever keeps a board took away what they wrote there, and says why."""
    board = communities.by_name(tx, "saenghwal")
    words = "내일 아침까지 제 가게 앞에 차 대지 마세요. 번호판 다 적어 두었습니다."
    new = NewPost(content=words, title="차 대신 분들 보세요", community_id=board.id)
    post = posts.write(tx, site, member, new, NOW_MS - HOUR_MS)
    reason = "사람이 아니라 일에 대해 이야기합니다."
    stewardship.remove(tx, site, _who(tx, "gyeongmi"), post.id, NOW_MS, reason=reason)


def _reported(tx: Write, admin: Account) -> None:
    actor = accounts.instance_actor(tx) or admin
    about = tx.one(
        "SELECT author_id, uri FROM post WHERE kind = 'note' AND reply_to_id IS NULL "
        "ORDER BY id DESC LIMIT 1"
    )
    assert about
    reports.insert(
        tx,
        id=new_id(NOW_MS - HOUR_MS),
        uri=f"{FAR}/flags/1",
        reporter_id=actor.id,
        target_id=about["author_id"],
        objects=msgspec.json.encode([about["uri"]]).decode(),
        comment="전화번호가 그대로 적혀 있습니다. 지워 주실 수 있나요?",
        now_ms=NOW_MS - HOUR_MS,
    )
