"""`madang address`: the rules about networks that moderators made, and a way back in."""

import argparse
from typing import Final

from server.clock import now_ms
from server.services import admissions
from server.store.entry_rules import AddressRule
from server.store.paging import Page
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, say_data
from web.commands.times import iso


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`list [--json]`, `remove NETWORK`."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="list|remove")
    listing = actions.add_parser("list", parents=[common], help="show every rule")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(show))
    remove = actions.add_parser(
        "remove", parents=[common], help="forget a rule; it counts within seconds"
    )
    remove.add_argument("network", metavar="NETWORK", help="as the list shows it")
    remove.set_defaults(run=command(open_again))


async def show(options: argparse.Namespace) -> None:
    """Print every rule, newest first."""
    most = admissions.MAX_ADDRESS_RULES
    async with database(loaded(options)) as db:
        known = await db.read(admissions.addresses, Page(limit=most), most)
    lines = [
        f"{SEVERITIES[rule.severity]:<8}  {rule.network}  {_until(rule)}{rule.comment}".rstrip()
        for rule in known
    ]
    say_data(options, [_described(rule) for rule in known], lines or ["There are no rules."])


async def open_again(options: argparse.Namespace) -> None:
    """Forget one rule, about a network or a single address."""
    async with database(loaded(options)) as db:
        rule = await db.write(admissions.lift, options.network, now_ms())
    if rule is None:
        raise Failure(f"There is no rule about {options.network}; see `madang address list`.")
    print(f"There is no rule about {rule.network} any more.")


def _until(rule: AddressRule) -> str:
    return "" if rule.expires_ms is None else f"until {iso(rule.expires_ms)}  "


def _described(rule: AddressRule) -> dict[str, object]:
    return {
        "network": rule.network,
        "severity": rule.severity,
        "comment": rule.comment,
        "expires_at": None if rule.expires_ms is None else iso(rule.expires_ms),
        "created_at": iso(rule.created_ms),
    }


SEVERITIES: Final = {
    "sign_up_requires_approval": "approval",
    "sign_up_block": "no join",
    "no_access": "no entry",
}
"""What a rule says, in a word or two."""
