"""`madang token create`: prints an access token for the client API, and nothing else."""

import argparse
from typing import Final

from server.clock import now_ms
from server.services import sessions
from server.services.scopes import missing
from server.store import accounts
from server.store.db import Write
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, local_account

ROOTS: Final = ("read", "write", "follow", "push", "profile", "admin:read", "admin:write")


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`create NAME --scopes "read write follow push"`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="create")
    create = actions.add_parser("create", parents=[common], help="print one access token")
    create.add_argument("name", metavar="NAME", help="an account of ours")
    create.add_argument("--scopes", default="read", help='such as "read write follow push"')
    create.add_argument("--app", default="madang token create", help="shown in the account's list")
    create.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Make and print the token."""
    scopes = _checked(options.scopes)
    async with database(loaded(options)) as db:
        print(await db.write(create, options.name, scopes, options.app, now_ms()))


def create(tx: Write, name: str, scopes: str, app: str, now_ms: int) -> str:
    """A token for the account `name`. Raises `NotFound`, `Failure`."""
    account = local_account(tx, name)
    member = accounts.member(tx, account.id)
    if "admin:" in scopes and (member is None or member.role == "member"):
        raise Failure(
            f"{name} is a member, and admin scopes are for moderators; "
            f"`madang account role {name} moderator` makes one."
        )
    return sessions.create_access_token(tx, account.id, scopes, app, now_ms)


def _checked(scopes: str) -> str:
    words = scopes.replace(",", " ").split()
    wrong = missing(" ".join(words))
    if wrong or not words:
        named = f'"{wrong[0]}" is no scope' if wrong else "Name at least one scope"
        raise Failure(f"{named}; there are {', '.join(ROOTS)}, and parts such as read:statuses.")
    return " ".join(words)
