"""`madang rules`: list, add, edit, move, remove."""

import argparse

from server.clock import now_ms
from server.ids import parse_id
from server.services import rules
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, say_data


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`list [--json]`, `add TEXT [--hint TEXT]`, `edit ID`, `move ID PLACE`, `remove ID`."""
    actions = parser.add_subparsers(
        required=True, dest="action", metavar="list|add|edit|move|remove"
    )
    listing = actions.add_parser("list", parents=[common], help="show the rules of this city")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(show))
    adding = actions.add_parser("add", parents=[common], help="one rule more, behind the others")
    adding.add_argument("text", metavar="TEXT", help="one sentence, which everybody reads")
    adding.add_argument("--hint", default="", metavar="TEXT", help="what it means, in more words")
    adding.set_defaults(run=command(add))
    editing = actions.add_parser("edit", parents=[common], help="say a rule in other words")
    editing.add_argument("id", metavar="ID", help="see `madang rules list`")
    editing.add_argument("--text", metavar="TEXT", help="else it stays")
    editing.add_argument("--hint", metavar="TEXT", help="else it stays")
    editing.set_defaults(run=command(edit))
    moving = actions.add_parser("move", parents=[common], help="put a rule elsewhere in the list")
    moving.add_argument("id", metavar="ID", help="see `madang rules list`")
    moving.add_argument("place", type=int, metavar="PLACE", help="1 is the first")
    moving.set_defaults(run=command(move))
    removing = actions.add_parser("remove", parents=[common], help="let a rule go")
    removing.add_argument("id", metavar="ID", help="see `madang rules list`")
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


async def edit(options: argparse.Namespace) -> None:
    """Change the words of one."""
    id = _id(options.id)
    if options.text is None and options.hint is None:
        raise Failure("Give --text or --hint, or both.")
    async with database(loaded(options)) as db:
        await db.write(rules.change, id, options.text, options.hint)
    print(f"Rule {id} is changed.")


async def move(options: argparse.Namespace) -> None:
    """Put one elsewhere."""
    id = _id(options.id)
    async with database(loaded(options)) as db:
        await db.write(rules.move, id, options.place)
    print(f"Rule {id} is moved.")


async def remove(options: argparse.Namespace) -> None:
    """Remove one."""
    id = _id(options.id)
    async with database(loaded(options)) as db:
        await db.write(rules.remove, id, now_ms())
    print(f"Rule {id} is no longer in force.")


def _id(typed: str) -> int:
    id = parse_id(typed)
    if id is None:
        raise Failure(f"{typed} is not an id; see `madang rules list`.")
    return id
