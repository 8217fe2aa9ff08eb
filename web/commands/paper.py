"""`madang paper`: publish and withdraw the longer texts of a city."""

import argparse
from datetime import UTC, datetime

from server.clock import now_ms
from server.services import rules
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, read_text, say_data
from web.commands.times import iso


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`list [--json]`, `publish KIND [FILE] [--effective DATE]`, `withdraw KIND`."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="list|publish|withdraw")
    listing = actions.add_parser("list", parents=[common], help="show every version")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(show))
    publishing = actions.add_parser("publish", parents=[common], help="publish a text in Markdown")
    publishing.add_argument(
        "kind", choices=rules.KINDS, metavar="KIND", help=", ".join(rules.KINDS)
    )
    publishing.add_argument("file", nargs="?", metavar="FILE", help="else standard input")
    publishing.add_argument(
        "--effective", metavar="YYYY-MM-DD", default="", help="the day from which it counts"
    )
    publishing.set_defaults(run=command(publish))
    ending = actions.add_parser("withdraw", parents=[common], help="forget all its versions")
    ending.add_argument("kind", choices=rules.KINDS, metavar="KIND", help=", ".join(rules.KINDS))
    ending.set_defaults(run=command(withdraw))


async def show(options: argparse.Namespace) -> None:
    """Show which texts there are, and which counts."""
    async with database(loaded(options)) as db:
        known = await db.read(rules.versions, now_ms())
    data = [
        {
            "kind": one.kind,
            "effective_at": iso(one.effective_ms),
            "updated_at": iso(one.updated_ms),
            "counts": one.counts,
        }
        for one in known
    ]
    lines = [
        f"{one.kind:<16}  from {iso(one.effective_ms)[:10]}{'  counts now' if one.counts else ''}"
        for one in known
    ]
    say_data(options, data, lines or ["No texts; see `madang paper publish --help`."])


async def publish(options: argparse.Namespace) -> None:
    """Publish one version."""
    effective_ms = _day(options.effective) if options.effective else now_ms()
    source = read_text(options.file)
    async with database(loaded(options)) as db:
        await db.write(rules.publish, options.kind, source, effective_ms, now_ms())
    print(f"Published; read it at /about/{options.kind}.")


async def withdraw(options: argparse.Namespace) -> None:
    """Forget it."""
    async with database(loaded(options)) as db:
        await db.write(rules.withdraw, options.kind)
    print(f"{options.kind} is withdrawn.")


def _day(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise Failure(f"{text} is not a day such as 2026-12-31.") from None
