"""`madang demo`: an empty instance becomes a small invented city, once."""

import argparse
import asyncio
import sys
from collections import Counter
from time import monotonic
from typing import Any

from server import passwords
from server.clock import now_ms
from server.config import Config, site
from server.configured_files import store_of
from server.media import Pictures
from server.model import Site
from server.secrets import vault
from server.store import accounts
from server.store.db import Database, Read
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, make_folder, say_data
from web.demo import books, fill
from web.demo import city as cities
from web.demo.city import City
from web.demo.fill import Made


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`--city`, `--if-empty`, `--json`."""
    parser.add_argument(
        "--city", choices=cities.CITIES, default=cities.CITIES[0], help="which of the cities"
    )
    parser.add_argument(
        "--if-empty", action="store_true", help="do nothing, and fail not, where people live"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Fill the instance, or say that it is filled; and how to sign in."""
    found = loaded(options)
    async with database(found, make=True) as db:
        known = await db.read(fill.made)
        if known is None and await db.read(fill.inhabited):
            if options.if_empty:
                return
            raise Failure(
                f"People live at {found.instance.base_url} already; "
                "the demo city needs an empty instance (another database.url)."
            )
        began = monotonic()
        here = known or await _fill(db, found, options.city)
        city = cities.load(here.city)
        data = await _data(db, site(found), city, here)
        data["made"] = known is None
        say_data(options, data, _lines(data, monotonic() - began))


async def _fill(db: Database, found: Config, key: str) -> Made:
    make_folder(found.secrets.file.parent, "secrets.key_file")
    if found.media.folder is not None:
        make_folder(found.media.folder, "media.store")
    city, pictures = cities.load(key), Pictures(store_of(found.media))
    await pictures.open()
    progress = Progress(fill.steps(city))
    try:
        ready = await fill.prepare(
            city, await asyncio.to_thread(vault, found.secrets.file), pictures, progress
        )
        filled = await db.write(fill.fill, site(found), key, city, ready, now_ms())
        if filled:
            await books.bind(db, pictures, site(found), now_ms)
    finally:
        progress.end()
        await pictures.close()
    if not filled:
        raise Failure("Somebody joined while the demo city was drawn; nothing was changed.")
    return Made(key, ready.password)


class Progress:
    """A line on a terminal that tells how far it is; silent elsewhere."""

    def __init__(self, whole: int) -> None:
        """`whole` is how many steps there will be."""
        self._whole = whole
        self._done: Counter[str] = Counter()
        self._shown = sys.stderr.isatty()

    def __call__(self, what: str) -> None:
        """One more is ready."""
        self._done[what] += 1
        if self._shown:
            part = 100 * self._done.total() // self._whole
            parts = ", ".join(f"{count} {name}" for name, count in sorted(self._done.items()))
            print(f"\rMaking a city: {part} % ({parts}) ", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line clean."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


async def _data(db: Database, here: Site, city: City, made: Made) -> dict[str, Any]:
    """What there is, and how to sign in."""
    people = []
    for name, password, role in fill.sign_in(city, made.password):
        hash = await db.read(_hash, name)
        unchanged = await passwords.verify(hash, password)
        people.append({"name": name, "password": password if unchanged else None, "role": role})
    return {
        "city": made.city,
        "address": here.origin,
        "people": len(city.people),
        "neighbourhoods": len(city.neighbourhoods),
        "boards": len(city.boards),
        "posts": len(city.posts),
        "answers": city.answers,
        "pictures": sum(len(post.pictures) for post in city.posts),
        "sign_in": people,
    }


def _hash(db: Read, name: str) -> str:
    account = accounts.by_handle(db, name)
    member = accounts.member(db, account.id) if account else None
    return member.password if member else ""


def _lines(data: dict[str, Any], seconds: float) -> list[str]:
    lines = ["The demo city is here already."]
    if data["made"]:
        lines = [
            f"Made a city in {seconds:.0f} s: {data['people']} people in {data['neighbourhoods']} "
            f"neighbourhoods, {data['boards']} boards, {data['posts']} stories, notes and threads, "
            f"{data['answers']} answers, {data['pictures']} pictures."
        ]
    lines.append(f"Sign in at {data['address']}/sign-in")
    for one in data["sign_in"]:
        password = one["password"] or "(a password of its own by now)"
        lines.append(f"  {one['name']:<10} {password}   ({one['role']})")
    return lines
