"""`madang announce`: create, list, remove what the city says to everybody."""

import argparse
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.clock import now_ms
from server.config import site
from server.ids import parse_id
from server.services import announcements
from server.services.announcements import NewAnnouncement
from server.store.announcements import Announcement
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, read_text, say_data
from web.commands.times import iso, local

LONGEST: Final = 60  # characters of a text in a list


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`create [--starts T] [--ends T] [--all-day] [FILE]`, `list [--json]`, `remove ID`."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="ACTION")
    create = actions.add_parser("create", parents=[common], help="say something to everybody")
    create.add_argument("file", metavar="FILE", nargs="?", help="Markdown; else standard input")
    create.add_argument(
        "--starts", default="", metavar="TIME", help="2026-05-01 or 2026-05-01T09:00"
    )
    create.add_argument("--ends", default="", metavar="TIME", help="after this it is shown no more")
    create.add_argument("--all-day", action="store_true", help="from the first day to the last")
    create.set_defaults(run=command(say))
    listing = actions.add_parser("list", parents=[common], help="show what was said")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(show))
    remove = actions.add_parser("remove", parents=[common], help="take one back")
    remove.add_argument("id", metavar="ID", help="see `madang announce list`")
    remove.set_defaults(run=command(take_back))


async def say(options: argparse.Namespace) -> None:
    """Say it, and how to take it back."""
    found = loaded(options)
    zone = ZoneInfo(found.instance.timezone)
    new = NewAnnouncement(
        text=read_text(options.file),
        starts_ms=_time(options.starts, zone, last=False),
        ends_ms=_time(options.ends, zone, last=True),
        all_day=options.all_day,
    )
    if options.all_day and not (options.starts or options.ends):
        raise Failure("--all-day needs --starts or --ends, or both.")
    async with database(found) as db:
        said = await db.write(announcements.create, site(found), new, now_ms())
    print(f"It is announced; `madang announce remove {said.id}` takes it back.")


def _time(text: str, zone: ZoneInfo, *, last: bool) -> int | None:
    """A day or a time in the city's zone, in milliseconds; the `last` day ends at midnight."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        if last and len(text) == len("2026-05-01"):
            at += timedelta(days=1)
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Failure(f"{text} is not a time; write 2026-05-01 or 2026-05-01T09:00.") from None


async def show(options: argparse.Namespace) -> None:
    """Show every announcement, those that are over as well."""
    found = loaded(options)
    async with database(found) as db:
        known = await db.read(announcements.all)
    data = [_described(one) for one in known]
    zone = ZoneInfo(found.instance.timezone)
    lines = [
        "  ".join([str(one.id), *_times(one, zone), " ".join(one.text.split())[:LONGEST]])
        for one in known
    ]
    say_data(
        options, data, lines or ["Nothing was announced; see `madang announce create --help`."]
    )


def _times(one: Announcement, zone: ZoneInfo) -> list[str]:
    """From when and until when, in the city's time, in which it was typed."""
    ends = (("from", one.starts_ms), ("until", one.ends_ms))
    return [f"{word} {local(at_ms, zone)}" for word, at_ms in ends if at_ms is not None]


def _described(one: Announcement) -> dict[str, object]:
    return {
        "id": str(one.id),
        "text": one.text,
        "starts_at": None if one.starts_ms is None else iso(one.starts_ms),
        "ends_at": None if one.ends_ms is None else iso(one.ends_ms),
        "all_day": bool(one.all_day),
        "published_at": iso(one.published_ms),
    }


async def take_back(options: argparse.Namespace) -> None:
    """Show an announcement no more, to nobody."""
    id = parse_id(options.id)
    if id is None:
        raise Failure(f"{options.id} is not an id; see `madang announce list`.")
    async with database(loaded(options)) as db:
        await db.write(announcements.remove, id, now_ms())
    print("It is taken back.")
