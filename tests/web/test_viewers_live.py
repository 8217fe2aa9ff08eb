"""Who hears what while it is written: streams and pushes to apps, in the world of `viewers`."""

from contextlib import AsyncExitStack

import aiohttp
import msgspec

from server.clock import now_ms
from server.model import Post
from server.services import posts, pushes, sessions
from server.services.new_posts import NewPost
from server.services.pushes import Push, Wish
from server.store.db import Read, Write
from server.worker import pushes as worker
from tests.village import eventually
from tests.web.city import City
from tests.web.viewers import LEVELS, TAG, VIEWERS, Making, World, build, mark
from web import present
from web.keys import HUB

STREAMS = ("user", "public", "public:local", "public:remote", "hashtag", "hashtag:local", "direct")


class Ear:
    """An app of somebody, listening to everything that it may."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.heard: list[bytes] = []

    async def until(self, word: str) -> None:
        """Listen until something is said."""
        while word.encode() not in (self.heard or [b""])[-1]:
            said = await self.ws.receive(timeout=30)
            assert said.type is aiohttp.WSMsgType.TEXT, said
            self.heard.append(said.data.encode())


async def listening(world: World, viewer: str, stack: AsyncExitStack) -> Ear:
    one = world.viewers[viewer]
    ws = await stack.enter_async_context(
        one.person.client.ws_connect("/api/v1/streaming", headers=one.headers)
    )
    for stream in STREAMS:
        await ws.send_json({"type": "subscribe", "stream": stream, "tag": TAG})
    many = len(STREAMS)
    if one.list_id:
        await ws.send_json({"type": "subscribe", "stream": "list", "list": str(one.list_id)})
        many += 1
    hub = world.city.app[HUB]

    token = await world.city.db.read(sessions.by_access_token, one.token)
    assert token is not None

    async def there() -> bool:
        mine = [s for s in hub.streams._open if s.token_id == token.id]
        return any(len(stream.names) == many for stream in mine)

    await eventually(there)
    return Ear(ws)


def happens(tx: Write, world: World) -> list[Post]:
    """Somebody writes at every level, edits all of it, and takes some of it away again."""
    making = Making(world, tx)
    written = [making.says("ann", f"{level}-live", visibility=level) for level in LEVELS]
    for level in LEVELS:
        making.says("ann", f"{level}-answer", visibility=level, above="public-root")
    whisper = making.whispers("whisperer", "secret-live", above="public-story")
    making.whispers("ann", "secret-back", above="secret-live")
    making.says("lim", "limited-live")
    for post in (*written, whisper):
        author = "whisperer" if post is whisper else "ann"
        own = mark(next(one.key for one in world.posts.values() if one.id == post.id))
        new = NewPost(content=f"{own}anew @named @blocked #{TAG}")
        posts.edit(tx, making.site, world.people[author], post.id, new, now_ms())
    return written


def ends(tx: Write, world: World) -> None:
    for level in LEVELS:
        post_id = world.posts[f"{level}-live"].id
        posts.delete(tx, world.city.site, world.people["ann"], post_id, now_ms())
    whisper = world.posts["secret-live"].id
    posts.delete(tx, world.city.site, world.people["whisperer"], whisper, now_ms())


async def test_apps_hear_what_the_tables_say(any_city: City) -> None:
    world = await build(any_city)
    known = set(world.posts)
    async with AsyncExitStack() as stack:
        ears = {viewer: await listening(world, viewer, stack) for viewer in VIEWERS[1:]}
        for number, act in enumerate((happens, ends)):
            await any_city.db.write(act, world)
            for twice in "ab":  # what came with the first was carried before the second
                sentinel = f"sentinel{number}{twice}"
                new = NewPost(content=sentinel)
                quinn = world.people["quinn"]
                await any_city.db.write(posts.write, any_city.site, quinn, new, now_ms())
                for ear in ears.values():
                    await ear.until(sentinel)
    live = set(world.posts) - known
    for viewer, ear in ears.items():
        heard = b"\n".join(ear.heard)
        found = world.found_by(viewer)
        assert world.marked(heard) & live <= found, viewer
        # that a public post ended is said in public, as an id alone
        ended = {one.key for one in world.posts.values() if one.visibility == "public"}
        assert world.named(heard) & live <= world.read_by(viewer) | ended, viewer
    for viewer, key in (
        ("follower", "followers-live"),
        ("named", "direct-live"),
        ("author", "secret-live"),
        ("whisperer", "secret-back"),
        ("stranger", "public-live"),
    ):
        assert key in world.marked(b"\n".join(ears[viewer].heard)), viewer


# --- pushes


def _subscribed(tx: Write, world: World) -> None:
    for viewer in VIEWERS[1:]:
        one = world.viewers[viewer]
        token = sessions.by_access_token(tx, one.token)
        assert token is not None
        pushes.subscribe(
            tx,
            token.id,
            one.account.id,
            Wish(
                endpoint="https://push.test/send",
                p256dh="",
                auth="",
                standard=True,
                alerts=dict.fromkeys(pushes.ALERTS, True),
                policy="all",
                locale="en",
                sealed_token=b"",
            ),
            now_ms(),
        )


def _pushed(db: Read, world: World) -> list[tuple[str, bytes]]:
    """To whom, and what: as the worker would send it now."""
    names = {world.people[viewer].id: viewer for viewer in VIEWERS[1:]}
    found = []
    for row in db.all("SELECT payload FROM job WHERE kind = 'push' ORDER BY id"):
        ready = worker._ready(db, msgspec.json.decode(row["payload"], type=Push), now_ms())
        if ready is not None:
            said = present.push(world.city.site, ready.notice, ready.post, "en", "")
            found.append((names[ready.subscription.account_id], said))
    return found


async def test_apps_are_pushed_nothing_that_the_tables_forbid(any_city: City) -> None:
    world = await build(any_city)
    await any_city.db.write(_subscribed, world)
    await any_city.db.write(happens, world)
    said = await any_city.db.read(_pushed, world)
    for viewer, body in said:
        assert world.marked(body) <= world.found_by(viewer), (viewer, body)
    told = {(viewer, key) for viewer, body in said for key in world.marked(body)}
    assert {("named", "direct-live"), ("author", "secret-live")} <= told
    assert ("whisperer", "secret-back") in told
    whispered = {viewer for viewer, key in told if key.startswith("secret")}
    assert whispered == {"author", "whisperer"}
