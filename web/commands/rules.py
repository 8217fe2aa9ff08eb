"""`madang rules`: list, add, remove."""

import argparse

from server.clock import now_ms
from server.services import rules
from web.commands.opening import command, database, loaded, say_data


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`list [--json]`, `add TEXT [--hint TEXT]`, `remove ID`."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="list|add|remove")
    listing = actions.add_parser("list", parents=[common], help="show the rules of this city")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(show))
    adding = actions.add_parser("add", parents=[common], help="one rule more, behind the others")
    adding.add_argument("text", metavar="TEXT")
    adding.add_argument("--hint", default="", metavar="TEXT", help="what it means, in more words")
    adding.set_defaults(run=command(add))
    removing = actions.add_parser("remove", parents=[common], help="let a rule go")
    removing.add_argument("id", type=int, metavar="ID", help="see `madang rules list`")
    removing.set_defaults(run=command(remove))


async def show(options: argparse.Namespace) -> None:
    """Print the rules."""
    async with database(loaded(options)) as db:
        found = await db.read(rules.all)
    lines = [f"{rule.id}  {rule.text}" for rule in found]
    data = [{"id": str(rule.id), "text": rule.text, "hint": rule.hint} for rule in found]
    say_data(options, data, lines or ["No rules of its own: /about shows those of every Madang."])


async def add(options: argparse.Namespace) -> None:
    """Add one; the first takes the place of those that every Madang begins with."""
    async with database(loaded(options)) as db:
        id = await db.write(rules.add, options.text, options.hint, now_ms())
    print(f"Rule {id} is in force.")


async def remove(options: argparse.Namespace) -> None:
    """Remove one."""
    async with database(loaded(options)) as db:
        await db.write(rules.remove, options.id, now_ms())
    print(f"Rule {options.id} is no longer in force.")
