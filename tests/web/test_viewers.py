"""Who sees what, at every door: nothing that the tables of `viewers` do not allow, in any byte.

`READS` and `PAGES` say for each address which posts stand in its answer; `ACTS` what is refused as
if there were nothing. The routes of the application are walked, so that a new one that gives posts
must be added here.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, NamedTuple, get_args, get_type_hints
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.web.city import start, stop
from tests.web.viewers import LEVELS, PAGE, TAG, VIEWERS, WORD, World, Written, build, mark
from web import entities
from web.api import openapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACTIVITY = {"Accept": "application/activity+json"}
UNKNOWN = 123_456_789_012_345_678
SAMPLE = (
    *("public-root", "public-story", "unlisted-note", "followers-note", "direct-note"),
    *("secret-comment", "secret-answer", "limited-public", "limited-followers"),
    *("suspended-public", "far-public", "far-followers", "far-direct", "quinn-quoting"),
)
OURS = tuple(key for key in SAMPLE if not key.startswith("far"))
PRIVATE = ("direct", "secret")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["sqlite", "postgresql"])
async def world(request: Any, tmp_path_factory: Any) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("viewers")
    if request.param == "sqlite":
        (folder / "city.db").write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        city = await start(f"sqlite:{folder}/city.db", folder)
        yield await build(city)
        await stop(city)
        return
    server = request.getfixturevalue("postgresql_server")
    url = server.create(request.getfixturevalue("postgresql_template"))
    city = await start(url, folder)
    yield await build(city)
    await stop(city)
    server.drop(url)


class Check(NamedTuple):
    """An address, and whose words stand in the answer: exactly `keys`, or some of them.

    `asked` is the post that the address names; of one that is refused the answer is to be that of
    a post that never was.
    """

    path: str
    keys: set[str] = set()
    exact: bool = True
    status: int = 200
    asked: str = ""


Probe = Callable[[World, str], Iterable[Check]]
Which = Callable[[Written], bool]


# --- what an address shows


def lists(path: str, which: Which) -> Probe:
    """A list that has of these posts what the viewer finds."""
    return lambda world, viewer: [Check(path, world.found_by(viewer, which))]


def reads(path: str, which: Which, *, who: str = "") -> Probe:
    """As `lists`, with what the viewer reads but finds nowhere; `who`: as this one reads it."""
    return lambda world, viewer: [Check(path, world.read_by(who or viewer, which))]


def within(*paths: str) -> Probe:
    """Some of what the viewer may read."""
    return lambda world, viewer: [Check(path, world.read_by(viewer), exact=False) for path in paths]


def nothing(*paths: str) -> Probe:
    """No words of anybody."""
    return lambda world, viewer: [Check(path) for path in paths]


def each(
    path: str,
    around: Callable[[World, str, str], set[str]] | None = None,
    sample: Iterable[str] = SAMPLE,
    *,
    exact: bool = True,
    own: bool = False,
    who: str = "",
) -> Probe:
    """The address of each post: with its words and those `around` it where it may be read.

    `own`: its author alone may. `who`: as this one may.
    """

    def probe(world: World, viewer: str) -> Iterator[Check]:
        allowed = world.read_by(who or viewer)
        for key in sample:
            one = world.posts[key]
            at = _filled(path, world, one)
            if key not in allowed or (own and not _is_author(world, viewer, one)):
                yield Check(at, status=404, asked=key)
            else:
                keys = around(world, viewer, key) if around else {key}
                yield Check(at, keys, exact, 200, key)

    return probe


def _filled(path: str, world: World, one: Written) -> str:
    author = next(who for who in world.people.values() if who.id == one.post.author_id)
    return path.format(id=one.id, handle=author.acct, uri=quote(one.post.uri, safe=""))


def _is_author(world: World, viewer: str, one: Written) -> bool:
    return viewer in world.people and world.people[viewer].id == one.post.author_id


def thread(world: World, viewer: str, key: str) -> set[str]:
    """What stands above and below a post, as far as the viewer finds it."""
    above, at = set(), world.posts[key].above
    while at:
        above.add(at)
        at = world.posts[at].above
    below = {key}
    for one in world.posts.values():  # in the order of writing
        if one.above in below:
            below.add(one.key)
    return world.found_by(viewer, lambda one: one.key in (above | below) - {key})


def with_thread(world: World, viewer: str, key: str) -> set[str]:
    """A post and its thread."""
    return {key, *thread(world, viewer, key)}


def no_words(world: World, viewer: str, key: str) -> set[str]:
    """None: people, or numbers."""
    return set()


def of(author: str, which: Which = lambda one: True) -> Which:
    """Posts of an author."""
    return lambda one: one.author == author and which(one)


def public(one: Written) -> bool:
    return one.visibility == "public"


def beginning(one: Written) -> bool:
    """Public, and answers nobody."""
    return public(one) and not one.above


def pictured(one: Written) -> bool:
    return one.kind == "picture" or one.author == "eve"


def tagged(one: Written) -> bool:
    return public(one) and one.author != "eve"


def open_(one: Written) -> bool:
    return one.visibility in ("public", "unlisted")


def linked(one: Written) -> bool:
    return public(one) and one.kind == "link"


def private(one: Written) -> bool:
    return one.visibility == "direct"


def home(world: World, viewer: str) -> set[str]:
    """What those wrote whom the viewer follows, and what they passed on; and their own."""
    follows = {
        "follower": {"ann", "lim", "eve", "quinn"},
        "quiet": {"ann", "quinn"},
    }.get(viewer, {"quinn"})

    def there(one: Written) -> bool:
        if _is_author(world, viewer, one):
            return True
        if one.author in follows and one.visibility not in PRIVATE:
            return not one.above or world.posts[one.above].author in follows
        # quinn passed it on; who had it already did not get it again
        return one.key == "public-story" and viewer != "former"

    return world.found_by(viewer, there)


def at_home(path: str) -> Probe:
    return lambda world, viewer: [Check(path, home(world, viewer))]


def listed(world: World, viewer: str) -> Iterator[Check]:
    """The list of the viewer that has ann in it."""
    id = world.viewers[viewer].list_id
    if not id:
        yield Check(f"/api/v1/timelines/list/{UNKNOWN}", status=404)
        return
    own = {key for key in home(world, viewer) if world.posts[key].author == "ann"}
    there = {key for key in own if world.posts[key].visibility not in PRIVATE}
    yield Check(f"/api/v1/timelines/list/{id}?limit=40", there)


def profile(tail: str, which: Which = lambda one: True) -> Probe:
    """What ann's page has, for each viewer; and those of the others."""

    def probe(world: World, viewer: str) -> Iterator[Check]:
        for author, name in (("ann", "author"), ("lim", "lim"), ("eve", "eve")):
            id = world.people[name].id
            keys = world.read_by(viewer, of(author, which)) - {"secret-comment"}
            yield Check(f"/api/v1/accounts/{id}/statuses?limit=40&{tail}", keys)
        sus = world.people["sus"].id
        yield Check(f"/api/v1/accounts/{sus}/statuses?limit=40&{tail}", exact=False, status=0)

    return probe


def several(world: World, viewer: str) -> Iterator[Check]:
    """All posts at once."""
    ids = "&".join(f"id[]={one.id}" for one in world.posts.values())
    assert len(world.posts) <= 40
    yield Check(f"/api/v1/statuses?{ids}", world.read_by(viewer))


def searched(world: World, viewer: str) -> Iterator[Check]:
    """Words that are in all posts, words that are in one, and addresses."""
    path = "/api/v2/search?type=statuses&limit=40"
    allowed = world.found_by(viewer, public)
    yield Check(f"{path}&q={WORD}", allowed, exact=viewer != "anonymous")
    for key in SAMPLE:
        yield Check(f"{path}&q={mark(key)}text", allowed & {key}, exact=False)
        uri = quote(world.posts[key].post.uri, safe="")
        if viewer != "anonymous":
            found = world.read_by(viewer) & {key}
            yield Check(f"{path}&resolve=true&q={uri}", found, asked=key)


READS: dict[str, Probe] = {
    "/api/v1/timelines/home": at_home("/api/v1/timelines/home?limit=40"),
    "/api/v1/timelines/public": lambda world, viewer: [
        *lists("/api/v1/timelines/public?limit=40", beginning)(world, viewer),
        *lists(
            "/api/v1/timelines/public?local=true&limit=40",
            lambda one: beginning(one) and one.author != "eve",
        )(world, viewer),
        *lists("/api/v1/timelines/public?remote=true&limit=40", of("eve", public))(world, viewer),
        *lists(
            "/api/v1/timelines/public?only_media=true&limit=40",
            lambda one: beginning(one) and pictured(one),
        )(world, viewer),
    ],
    "/api/v1/timelines/tag/{tag}": lists(f"/api/v1/timelines/tag/{TAG}?limit=40", tagged),
    "/api/v1/timelines/list/{id}": listed,
    "/api/v1/timelines/direct": lists("/api/v1/timelines/direct?limit=40", private),
    "/api/v1/timelines/link": lists(
        f"/api/v1/timelines/link?url={quote(PAGE)}/{mark('public-link')}page", linked
    ),
    "/api/v1/accounts/{id}/statuses": lambda world, viewer: [
        *profile("exclude_reblogs=true")(world, viewer),
        *profile("only_media=true", pictured)(world, viewer),
        *profile("exclude_direct=true", lambda one: one.visibility not in PRIVATE)(world, viewer),
        *profile("pinned=true", lambda one: one.key == "public-note")(world, viewer),
        *profile(f"tagged={TAG}", lambda o: o.author != "eve" and o.visibility != "secret")(
            world, viewer
        ),
    ],
    "/api/v1/statuses": several,
    "/api/v1/statuses/{id}": each("/api/v1/statuses/{id}"),
    "/api/v1/statuses/{id}/context": each("/api/v1/statuses/{id}/context", thread),
    "/api/v1/statuses/{id}/history": each("/api/v1/statuses/{id}/history"),
    "/api/v1/statuses/{id}/source": each("/api/v1/statuses/{id}/source", sample=OURS, own=True),
    "/api/v1/statuses/{id}/favourited_by": each("/api/v1/statuses/{id}/favourited_by", no_words),
    "/api/v1/statuses/{id}/reblogged_by": each("/api/v1/statuses/{id}/reblogged_by", no_words),
    "/api/v1/statuses/{id}/quotes": each(
        "/api/v1/statuses/{id}/quotes",
        lambda world, viewer, key: world.found_by(viewer, lambda one: one.quoted == key),
    ),
    "/api/v1/polls/{id}": each("/api/v1/polls/{id}", sample=[f"{level}-poll" for level in LEVELS]),
    "/api/v1/bookmarks": reads("/api/v1/bookmarks?limit=40", lambda one: True),
    "/api/v1/favourites": reads("/api/v1/favourites?limit=40", lambda one: True),
    "/api/v1/notifications": within(
        "/api/v1/notifications?limit=80", "/api/v1/notifications?limit=80&include_filtered=true"
    ),
    "/api/v2/notifications": within("/api/v2/notifications?limit=80"),
    "/api/v1/notifications/requests": within("/api/v1/notifications/requests?limit=80"),
    "/api/v1/conversations": within("/api/v1/conversations?limit=40"),
    "/api/v2/search": searched,
    "/api/v1/trends/statuses": lambda world, viewer: [
        Check("/api/v1/trends/statuses?limit=40", world.found_by(viewer, public), exact=False)
    ],
    "/api/v1/trends/links": within("/api/v1/trends/links?limit=40"),
    "/api/v1/scheduled_statuses": lambda world, viewer: [
        Check("/api/v1/scheduled_statuses", {"scheduled"} if viewer == "author" else set())
    ],
    "/api/oembed": each("/api/oembed?url={uri}", sample=OURS, who="anonymous", exact=False),
}


# --- the doors of the client API


def _shows(answer: Any) -> bool:
    """Whether an answer holds something of a post, however deep."""
    seen: set[Any] = set()

    def within_(kind: Any) -> bool:
        if kind in SHOWN:
            return True
        if kind in seen:
            return False
        seen.add(kind)
        if hasattr(kind, "__required_keys__"):
            return any(map(within_, get_type_hints(kind).values()))
        return any(map(within_, get_args(kind)))

    return within_(answer)


SHOWN = {
    entities.MediaAttachment,
    entities.OEmbed,
    entities.Poll,
    entities.PreviewCard,
    entities.ScheduledStatus,
    entities.SharedStatus,
    entities.Status,
    entities.StatusEdit,
    entities.StatusSource,
}


def _endpoints(world: World) -> list[openapi.Endpoint]:
    return [one for one in openapi.endpoints(world.city.app) if _shows(one.shape.answer)]


async def test_every_endpoint_that_gives_posts_is_in_the_tables(world: World) -> None:
    known = {("GET", path) for path in READS} | set(ACTS) | set(THINGS) | set(ELSEWHERE)
    found = {(one.method, one.path) for one in _endpoints(world)}
    assert found - known == set(), "say in READS, ACTS or THINGS who sees what there"
    there = {(one.method, one.path) for one in openapi.endpoints(world.city.app)}
    assert known - there - set(ACTS) == set()


class Faults(list[str]):
    """What leaked or was missing, of all that was looked at."""

    @property
    def told(self) -> str:
        """Some of them, one a line."""
        return "\n".join(self[:12])

    def look(self, world: World, viewer: str, check: Check, status: int, body: bytes) -> None:
        """Compare an answer with what it should be."""
        where = f"{viewer}: {check.path} [{check.asked}]"
        if check.status and status != check.status:
            self.append(f"{where}: {status}, not {check.status}")
        # apps are given a quoted post by somebody whom the viewer muted, and told to cover it
        allowed = world.with_quoted(check.keys, world.read_by(viewer))
        marked = world.marked(body)
        if leaked := marked - allowed:
            self.append(f"{where}: LEAKED words of {sorted(leaked)}")
        if check.exact and (missing := check.keys - marked):
            self.append(f"{where}: misses {sorted(missing)}")
        named = world.named(body) - allowed - world.hinted(allowed) - {check.asked}
        if named:
            self.append(f"{where}: LEAKED ids of {sorted(named)}")


OF_THE_MOMENT = ("x-request-id", "date", "x-ratelimit")


async def ask(world: World, viewer: str, path: str, **sent: Any) -> tuple[int, bytes]:
    """What an app of somebody is answered."""
    one = world.viewers[viewer]
    method = sent.pop("method", "GET")
    headers = {**one.headers, "Accept-Language": "en"}
    async with one.person.client.request(method, path, headers=headers, **sent) as answer:
        heads = sorted(
            (name, value)
            for name, value in answer.headers.items()
            if not name.lower().startswith(OF_THE_MOMENT)
        )
        return answer.status, await answer.read() + repr(heads).encode()


@pytest.mark.parametrize("path", READS)
async def test_apps_read_what_the_tables_say(world: World, path: str) -> None:
    faults, seen = Faults(), set()
    endpoint = next(
        one for one in openapi.endpoints(world.city.app) if (one.method, one.path) == ("GET", path)
    )
    for viewer in VIEWERS:
        if viewer == "anonymous" and not endpoint.optional:
            status, body = await ask(world, viewer, path.format(id=UNKNOWN, tag=TAG, group_key="x"))
            assert (status, world.marked(body)) == (401, set())
            continue
        for check in READS[path](world, viewer):
            status, body = await ask(world, viewer, check.path)
            faults.look(world, viewer, check, status, body)
            seen |= world.marked(body)
    assert not faults, faults.told


# --- what may not be read is refused like what never was

NOTE = {"status": "Hello"}
ACTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/statuses/{id}/bookmark"): {},
    ("POST", "/api/v1/statuses/{id}/unbookmark"): {},
    ("POST", "/api/v1/statuses/{id}/favourite"): {},
    ("POST", "/api/v1/statuses/{id}/unfavourite"): {},
    ("POST", "/api/v1/statuses/{id}/reblog"): {},
    ("POST", "/api/v1/statuses/{id}/unreblog"): {},
    ("POST", "/api/v1/statuses/{id}/mute"): {},
    ("POST", "/api/v1/statuses/{id}/unmute"): {},
    ("POST", "/api/v1/statuses/{id}/pin"): {},
    ("POST", "/api/v1/statuses/{id}/unpin"): {},
    ("POST", "/api/v1/statuses/{id}/translate"): {},
    ("PUT", "/api/v1/statuses/{id}"): NOTE,
    ("DELETE", "/api/v1/statuses/{id}"): {},
    ("PUT", "/api/v1/statuses/{id}/interaction_policy"): {"quote_approval_policy": "nobody"},
    ("POST", "/api/v1/statuses/{id}/quotes/{quoting}/revoke"): {},
    ("POST", "/api/v1/polls/{id}/votes"): {"choices": [0]},
    ("POST", "/api/v1/statuses"): {**NOTE, "in_reply_to_id": "{id}"},
    ("POST", "/api/v1/statuses?quoting"): {**NOTE, "quoted_status_id": "{id}"},
    ("POST", "/api/v1/statuses?whispering"): {
        **NOTE,
        "in_reply_to_id": "{id}",
        "visibility": "secret",
    },
    ("POST", "/api/v2/filters/{filter}/statuses"): {"status_id": "{id}"},
}
"""What an app sends to do something with a post."""

ELSEWHERE = {
    ("POST", "/api/v1/media"): "what somebody has just sent",
    ("POST", "/api/v2/media"): "what somebody has just sent",
}


async def _refusal(
    world: World, viewer: str, act: tuple[str, str], id: int, filter: str
) -> tuple[int, bytes]:
    method, path = act
    quoting = world.posts["quinn-quoting"].id
    body = {name: str(id) if value == "{id}" else value for name, value in ACTS[act].items()}
    at = path.partition("?")[0].format(id=id, quoting=quoting, filter=filter)
    return await ask(world, viewer, at, method=method, json=body)


@pytest.mark.parametrize("act", ACTS, ids=" ".join)
async def test_nothing_can_be_done_with_what_may_not_be_read(
    world: World, act: tuple[str, str]
) -> None:
    faults = Faults()
    for viewer in VIEWERS[1:]:
        made = await ask(
            world,
            viewer,
            "/api/v2/filters",
            method="POST",
            json={"title": "Filter", "context": ["home"], "filter_action": "warn"},
        )
        filter = re.findall(rb'"id":"([0-9]+)"', made[1])[0].decode()
        hidden = set(world.posts) - world.read_by(viewer)
        expected = await _refusal(world, viewer, act, UNKNOWN, filter)
        assert expected[0] in (404, 422)
        for key in (set(SAMPLE) | {f"{level}-poll" for level in LEVELS}) & hidden:
            status, body = await _refusal(world, viewer, act, world.posts[key].id, filter)
            if (status, body) != expected:
                faults.append(f"{viewer}: {act} {key}: {status} {body!r}, not {expected}")
    assert not faults, faults.told


# --- what belongs to somebody

THINGS: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/notifications/{id}"): "SELECT id, account_id AS owner FROM notification",
    ("GET", "/api/v2/notifications/{group_key}"): """
        SELECT 'ungrouped-' || id AS id, account_id AS owner FROM notification
        UNION ALL SELECT group_key, account_id FROM notification WHERE group_key <> ''
    """,
    (
        "GET",
        "/api/v1/notifications/requests/{id}",
    ): "SELECT id, account_id AS owner FROM notification",
    ("POST", "/api/v1/conversations/{id}/read"): "SELECT id, account_id AS owner FROM conversation",
    ("POST", "/api/v1/conversations/{id}/unread"): """
        SELECT id, account_id AS owner FROM conversation
    """,
    ("GET", "/api/v1/media/{id}"): "SELECT id, account_id AS owner FROM media",
    ("PUT", "/api/v1/media/{id}"): "SELECT id, account_id AS owner FROM media",
    ("GET", "/api/v1/scheduled_statuses/{id}"): """
        SELECT id, account_id AS owner FROM scheduled_post
    """,
    ("PUT", "/api/v1/scheduled_statuses/{id}"): """
        SELECT id, account_id AS owner FROM scheduled_post
    """,
}
"""Addresses of things that somebody has, and whose they are."""
SENT = {"scheduled_at": "2030-01-01T00:00:00Z", "description": "x"}


@pytest.mark.parametrize("door", THINGS, ids=" ".join)
async def test_what_somebody_has_is_nothing_to_others_and_leaks_nothing_to_them(
    world: World, door: tuple[str, str]
) -> None:
    faults, shown = Faults(), set()
    (method, path), sql = door, THINGS[door]
    things = await world.city.db.read(lambda db: [dict(row) for row in db.all(sql)])
    assert things
    for viewer in VIEWERS[1:]:
        me = world.people[viewer].id
        sent = {} if method == "GET" else {"json": SENT}
        mine = [one["id"] for one in things if one["owner"] == me]
        allowed = world.read_by(viewer) | ({"scheduled"} if viewer == "author" else set())
        for id in [] if method == "PUT" else mine:
            at = path.format(id=id, group_key=id)
            status, body = await ask(world, viewer, at, method=method, **sent)
            faults.look(world, viewer, Check(at, allowed, exact=False, status=0), status, body)
            shown |= world.marked(body)
        unknown = path.format(id=UNKNOWN, group_key="ungrouped-1")
        expected = await ask(world, viewer, unknown, method=method, **sent)
        for id in [one["id"] for one in things if one["owner"] != me][::7]:
            if id in mine:  # groups are named alike for everybody
                continue
            at = path.format(id=id, group_key=id)
            if (found := await ask(world, viewer, at, method=method, **sent)) != expected:
                faults.append(f"{viewer}: {at}: {found}, not {expected}")
    assert not faults, faults.told


# --- numbers


async def test_no_number_tells_of_what_is_private(world: World) -> None:
    seen: dict[str, set[bytes]] = {}
    for viewer in VIEWERS:
        for key in ("public-root", "public-story", "public-note"):
            status, body = await ask(world, viewer, f"/api/v1/statuses/{world.posts[key].id}")
            if status == 200:
                seen.setdefault(key, set()).add(
                    b" ".join(re.findall(rb'"(?:replies|reblogs|quotes)_count":[0-9]+', body))
                )
        path = f"/api/v1/accounts/{world.people['ann'].id}"
        _, body = await ask(world, viewer, path)
        seen.setdefault("ann", set()).add(re.findall(rb'"statuses_count":([0-9]+)', body)[0])
    open_replies = [
        one for one in world.posts.values() if one.above == "public-root" and open_(one)
    ]
    counted = [
        one
        for one in world.posts.values()
        if one.post.author_id == world.people["ann"].id and one.visibility not in PRIVATE
    ]
    assert seen == {
        "public-root": {
            b'"replies_count":%d "reblogs_count":0 "quotes_count":0' % len(open_replies)
        },
        "public-story": {b'"replies_count":0 "reblogs_count":2 "quotes_count":0'},
        "public-note": {b'"replies_count":0 "reblogs_count":0 "quotes_count":1'},
        "ann": {b"%d" % len(counted)},
    }
