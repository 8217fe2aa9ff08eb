"""No place in our code goes anywhere but to the open Internet, whatever leads it."""

import ast
import functools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.store import hosts
from server.store.db import Database
from tests.server.outside import AWAY, FAR, PRIVATE, PUBLIC, ROOT, Outside, outside
from tests.server.sinks import FOLLOWING, SINKS, Works, go
from tests.server.world import NOW, SITE, dump, settle

ADDRESSES = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fd12:3456::1",
    "fe80::1",
    "ff02::1",
]
SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0x7f.1",
    "127.0.0.1.",
    "[::ffff:7f00:1]",
    "[fe80::1%25lo]",
    "[fe80::1%lo]",
    "localhost",
    "intranet",
    "printer.local",
    "app.localhost",
    "metadata.google.internal",
    "hidden.onion",
    "1.0.0.127.in-addr.arpa",
    "nas.home",
    "router.lan",
]
ELSEWISE = [
    "http://far.test",
    "https://far.test:80",
    "https://far.test:8443",
    "https://user@far.test",
    "https://user:secret@far.test",
    "https://far.test@127.0.0.1",
    "ftp://far.test",
    "file://",
]
WRITTEN = [
    *(f"https://[{one}]" if ":" in one else f"https://{one}" for one in ADDRESSES),
    *(f"https://{one}" for one in SPELLINGS),
    *ELSEWISE,
]
SOME = ADDRESSES[::4]
NAMES = {f"n{number}.within.test": one for number, one in enumerate(SOME)}
LED = [*WRITTEN[::3], *(f"https://{name}" for name in NAMES)]  # `guard.wire` is one for all
CLOSED = ("https://closed.test", "https://below.closed.test", SITE.origin)


@pytest.fixture
async def works(db: Database, tmp_path: Path) -> AsyncIterator[Works]:
    await db.write(settle)
    names = ("far.test", "away.test", "turns.test", "*.within.test", "closed.test", "here.test")
    async with outside(tmp_path, *names) as world:
        made = Works(db, world, tmp_path)
        yield made


async def clean(world: Outside, db: Database) -> bool:
    """Nothing was connected to but the open Internet, and nothing private is here."""
    stored = await db.read(dump)
    return world.strayed == [] and not any(
        PRIVATE in row for rows in stored.values() for row in rows
    )


sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@sqlite
@pytest.mark.parametrize("name", SINKS)
async def test_every_sink_goes_nowhere_but_to_the_open_internet(works: Works, name: str) -> None:
    sink, world = SINKS[name], works.outside
    for base in WRITTEN:
        await go(works, sink, base)
        assert world.strayed == [], base
    world.names.inward.update(NAMES)
    for host in NAMES:
        await go(works, sink, f"https://{host}")
        assert world.strayed == [], host
    assert await clean(world, works.db)


@sqlite
@pytest.mark.parametrize("name", SINKS)
async def test_no_sink_is_led_astray_by_a_redirect(works: Works, name: str) -> None:
    sink, world = SINKS[name], works.outside
    world.names.inward.update(NAMES)
    for target in LED:
        world.target = target
        before = len(world.asked)
        await go(works, sink, AWAY)
        assert "away.test" in {host for host, _ in world.asked[before:]}, target
        assert world.strayed == [], target
    assert await clean(world, works.db)
    world.target = "https://turns.test"
    await go(works, sink, AWAY)
    assert ("turns.test" in {host for host, _ in world.asked}) == (name in FOLLOWING)


@sqlite
@pytest.mark.parametrize("name", SINKS)
async def test_a_name_that_turns_inward_is_let_go_of_at_every_sink(works: Works, name: str) -> None:
    sink, world = SINKS[name], works.outside
    await go(works, sink, "https://turns.test")
    assert "turns.test" in {host for host, _ in world.asked}
    for address in SOME:
        world.names.inward["turns.test"] = address
        world.forget_names()
        await go(works, sink, "https://turns.test")
        assert world.strayed == [], address
    assert await clean(world, works.db)


@sqlite
@pytest.mark.parametrize(
    "name", sorted(SINKS.keys() - {"push"})
)  # where is for a member's own app to say
async def test_no_sink_speaks_with_whom_we_do_not_nor_with_ourselves(
    works: Works, name: str
) -> None:
    sink, world = SINKS[name], works.outside
    await works.db.write(hosts.set_rule, "closed.test", "block", "", NOW)
    for base in CLOSED:
        await go(works, sink, base)
        world.target = base
        await go(works, sink, AWAY)
    allowed = {"far.test", "away.test"}
    assert {host for host, _ in world.asked} <= allowed


@sqlite
@pytest.mark.parametrize("name", ["picture", "film", "picture_of_an_old_blog"])
async def test_no_picture_comes_from_where_moderators_want_none(works: Works, name: str) -> None:
    sink, world = SINKS[name], works.outside
    closed = functools.partial(hosts.set_rule, reject_media=1)
    await works.db.write(closed, "closed.test", "limit", "", NOW)
    for base in CLOSED[:2]:
        await go(works, sink, base)
        world.target = base
        await go(works, sink, AWAY)
    assert {host for host, _ in world.asked} == {"away.test"}


# --- no sink is missing in the table


FETCH = ROOT / "server" / "fetch"
CLIENT = {"get", "document", "picture", "page", "film", "post", "push", "submit"}


def calls(path: Path) -> Iterator[tuple[str, str, str]]:
    """(function, receiver, method) of each call in a module; a plain one has no receiver."""

    def within(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
        for child in ast.iter_child_nodes(node):
            here = names
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                here = (*names, child.name)
            if isinstance(child, ast.Lambda):
                here = (*names, "<lambda>")
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
                yield ".".join(here), _last(child.func.value), child.func.attr
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Name):
                yield ".".join(here), "", child.func.id
            yield from within(child, here)

    yield from within(ast.parse(path.read_text("utf-8")), ())


def _last(node: ast.AST) -> str:
    """`client` of `self._client`, `app[CLIENT]` and `client`."""
    if isinstance(node, ast.Subscript):
        return _last(node.slice)
    name = getattr(node, "attr", getattr(node, "id", ""))
    return str(name).lower().strip("_")


def going_out() -> set[tuple[str, str]]:
    """(receiver, method) of what goes out itself, or by another: of the client, of the rooms of the
    fetcher, and of the modules next to them, where functions are called by their mere name."""
    of: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for path in sorted(FETCH.glob("*.py")):
        for function, receiver, method in calls(path):
            first, _, rest = function.partition(".")
            room = first.lower() if first[:1].isupper() else ""
            called = (room if receiver == "self" else receiver, method)
            names = [(room, rest)] if room else [("", first), (path.stem, first)]
            for name in names:
                of.setdefault(name, set()).add(called)
    found = {("client", method) for method in CLIENT}
    while more := {name for name, called in of.items() if called & found} - found:
        found |= more
    return found


def callers() -> set[str]:
    """`module:function` of everything that calls the client, or what goes out of the fetcher."""
    outward = going_out()
    return {
        f"{path.relative_to(ROOT)}:{function}"
        for package in ("server", "web")
        for path in sorted((ROOT / package).rglob("*.py"))
        for function, receiver, method in calls(path)
        if (receiver, method) in outward and (receiver or path.parent == FETCH)
    }


@sqlite
async def test_every_caller_of_the_client_is_in_the_table(works: Works) -> None:
    looks = "server/worker/jobs.py:<lambda>"  # LOOKS, which the table goes through
    known = callers()
    assert looks in known and len(known) > 40
    for name, sink in SINKS.items():
        before = len(works.outside.asked)
        await go(works, sink, FAR)
        assert len(works.outside.asked) > before, name
    assert works.outside.strayed == []
    keys = "web/claims.py:Asking.fetch"  # the fetcher's own, which the table goes through
    ours = "web/actor_lists.py:_outbox"  # makes a collection with `services.documents`
    assert known - works.outside.callers - {looks, keys, ours} == set()
    assert set(works.outside.connected) == {(PUBLIC, 443)}
