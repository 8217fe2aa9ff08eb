"""`madang domain`: the servers we do not speak with; or those alone with which we do (allowlist).

Lists travel as CSV in the columns that Mastodon exports (`#domain`, `#severity`,
`#public_comment`); a bare list of domains, one a line, is read as well.
"""

import argparse
import csv
import io
import sys
from typing import Any

from federation.webfinger import normal_host
from server.clock import now_ms
from server.services import borders
from server.store import hosts
from server.store.db import Row, Write
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, read_text, say_data

_BLOCKING = ("suspend", "block", "")  # milder measures of a list are left alone


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`block`, `allow`, `remove`, `list`, `import`, `export`."""
    actions = parser.add_subparsers(
        required=True, dest="action", metavar="block|allow|remove|list|import|export"
    )
    for name, purpose in (
        ("block", "do not speak with a domain and everything below it"),
        ("allow", "speak with a domain, whatever is said about the one above it"),
    ):
        rule = actions.add_parser(name, parents=[common], help=purpose)
        rule.add_argument("domain", metavar="DOMAIN", help="such as far.example")
        rule.add_argument("--reason", default="", help="shown to everybody on /about")
        rule.set_defaults(run=command(set_rule))
    remove = actions.add_parser("remove", parents=[common], help="forget the rule about a domain")
    remove.add_argument("domain", metavar="DOMAIN", help="see `madang domain list`")
    remove.set_defaults(run=command(remove_rule))
    listing = actions.add_parser("list", parents=[common], help="show every rule")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(show))
    reading = actions.add_parser("import", parents=[common], help="block what a list blocks")
    reading.add_argument("file", nargs="?", metavar="FILE", help="CSV; else standard input")
    reading.set_defaults(run=command(read_list))
    writing = actions.add_parser("export", parents=[common], help="print the blocks as CSV")
    writing.set_defaults(run=command(write_list))


async def set_rule(options: argparse.Namespace) -> None:
    """Block or allow one domain."""
    domain = _domain(options.domain)
    async with database(loaded(options)) as db:
        await db.write(borders.decide, domain, options.action, options.reason, now_ms())
    print(f"{domain} is {'blocked' if options.action == 'block' else 'allowed'}.")


async def remove_rule(options: argparse.Namespace) -> None:
    """Forget one rule."""
    domain = _domain(options.domain)
    async with database(loaded(options)) as db:
        if not await db.write(borders.forget, domain, now_ms()):
            raise Failure(f"There is no rule about {domain}; see `madang domain list`.")
    print(f"There is no rule about {domain} any more.")


async def show(options: argparse.Namespace) -> None:
    """Print every rule."""
    async with database(loaded(options)) as db:
        rules = [_rule(row) for row in await db.read(hosts.rules)]
    lines = [f"{one['action']}  {one['domain']}  {one['reason']}".rstrip() for one in rules]
    say_data(options, rules, lines or ["There are no rules; we speak with everybody."])


async def read_list(options: argparse.Namespace) -> None:
    """Block every domain of a list, in one transaction."""
    blocks = parse_list(read_text(options.file))
    async with database(loaded(options)) as db:
        await db.write(_block_all, blocks, now_ms())
    print(f"Domains blocked by this list: {len(blocks)}.")


async def write_list(options: argparse.Namespace) -> None:
    """Print the blocks as CSV."""
    async with database(loaded(options)) as db:
        rules = await db.read(hosts.rules)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["#domain", "#severity", "#public_comment"])
    writer.writerows(
        [row["domain"], "suspend", row["reason"]] for row in rules if row["action"] == "block"
    )


def parse_list(text: str) -> list[tuple[str, str]]:
    """(domain, reason) of every block in a list. Raises `Failure` that names the bad line."""
    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(row)]
    header = [name.strip().lstrip("#").lower() for name in rows[0]] if rows else []
    if "domain" not in header:
        return [(_domain(row[0].strip()), "") for row in rows if not row[0].startswith("#")]
    found = []
    for row in rows[1:]:
        one = dict(zip(header, row, strict=False))
        if one.get("severity", "").strip().lower() in _BLOCKING:
            found.append((_domain(one["domain"].strip()), one.get("public_comment", "").strip()))
    return found


def _block_all(tx: Write, blocks: list[tuple[str, str]], now_ms: int) -> None:
    for domain, reason in blocks:
        borders.decide(tx, domain, "block", reason, now_ms)


def _rule(row: Row) -> dict[str, Any]:
    return {"domain": row["domain"], "action": row["action"], "reason": row["reason"]}


def _domain(text: str) -> str:
    domain = normal_host(text.lower().removeprefix("*."))
    if domain is None:
        raise Failure(f'"{text}" is not a domain such as "far.example".')
    return domain
