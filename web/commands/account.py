"""`madang account`: create, list, role, invite, approve, refuse, suspend, restore,
reset-password."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from server import keyring, passwords
from server.clock import now_ms
from server.config import site
from server.model import ROLES, Account, Member
from server.services import accounts, invites, standing
from server.services.deeds import note
from server.store import accounts as store
from server.store.db import Write
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, local_account, make_folder, say_data

PASSWORD_BYTES: Final = 15  # of chance, in one that we make: 20 characters


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """One parser for each action."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="ACTION")

    def action(name: str, purpose: str, run: Any) -> argparse.ArgumentParser:  # noqa: ANN401
        """A parser for the action `name`."""
        made = actions.add_parser(name, parents=[common], help=purpose, description=purpose)
        made.set_defaults(run=command(run))
        return made

    create = action("create", "make a confirmed account", create_account)
    create.add_argument(
        "name", metavar="NAME", help="letters a-z, digits and underscores; it cannot change"
    )
    create.add_argument("--email", required=True, help="with which they sign in")
    create.add_argument("--display-name", default="", help="what people read above the name")
    create.add_argument("--role", choices=ROLES, default="member")
    listing = action("list", "show our accounts", list_accounts)
    listing.add_argument("--json", action="store_true", help="print JSON")
    role = action("role", "give an account another role", change_role)
    reset = action("reset-password", "give an account another password", reset_password)
    for made in (create, reset):
        made.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input; else one is made and printed",
        )
    for made in (
        role,
        reset,
        action("approve", "let somebody in who waits for it", approve),
        action("refuse", "turn somebody away who waits to be let in", refuse),
        action("suspend", "keep somebody out, and hide what they wrote", suspend),
        action("restore", "undo a suspension", restore),
    ):
        made.add_argument("name", metavar="NAME", help="see `madang account list`")
    invitation = action("invite", "print a link with which people may join", invite)
    invitation.add_argument("--uses", type=int, default=1, help="how many may use it (1)")
    invitation.add_argument(
        "--days", type=int, default=invites.DAYS, help=f"how long it counts ({invites.DAYS})"
    )
    role.add_argument("role", metavar="ROLE", choices=ROLES, help=", ".join(ROLES))


async def create_account(options: argparse.Namespace) -> None:
    """Make a confirmed local account; on an empty database too."""
    found = loaded(options)
    accounts.check_name(options.name, options.role)
    password, made = _password(options, options.name, options.email)
    make_folder(found.secrets.file.parent, "secrets.key_file")
    async with database(found, make=True) as db:
        vault = await keyring.own_vault(db, found.secrets.file)
        keys = await asyncio.to_thread(keyring.make, vault)
        new = accounts.NewAccount(
            name=options.name,
            email=options.email,
            password=await passwords.hash_(password),
            keys=keys,
            display_name=options.display_name,
            role=options.role,
        )
        account = await db.write(accounts.create, site(found), new, now_ms())
    print(f"Made @{account.name}@{found.instance.domain}: {account.url}")
    if made:
        print(f"Password: {password}")


async def list_accounts(options: argparse.Namespace) -> None:
    """Show everybody of ours."""
    async with database(loaded(options)) as db:
        people = [_person(*one) for one in await db.read(store.members)]
    lines = [
        f"{one['name']:<20}  {one['role']:<9}  {one['state']:<9}  {one['email']}" for one in people
    ]
    say_data(options, people, lines or ["Nobody is here yet; see `madang account create --help`."])


async def change_role(options: argparse.Namespace) -> None:
    """Give a role."""
    await _act(options, lambda tx, id: standing.set_role(tx, id, options.role), "role")
    print(f"{options.name} is {options.role} now.")


async def approve(options: argparse.Namespace) -> None:
    """Let somebody in."""
    await _act(options, lambda tx, id: standing.approve(tx, id, now_ms()), "approve")
    print(f"{options.name} may sign in now.")


async def refuse(options: argparse.Namespace) -> None:
    """Turn somebody away."""
    await _act(options, standing.refuse, "reject")
    print(f"{options.name} was turned away; the name is free again.")


async def suspend(options: argparse.Namespace) -> None:
    """Keep somebody out."""
    await _act(options, standing.suspend, "suspend")
    print(f"{options.name} is suspended; `madang account restore {options.name}` undoes it.")


async def restore(options: argparse.Namespace) -> None:
    """Undo a suspension."""
    await _act(options, standing.restore, "unsuspend")
    print(f"{options.name} is back.")


async def invite(options: argparse.Namespace) -> None:
    """Make an invitation in nobody's name; the link alone goes to standard output."""
    found = loaded(options)
    async with database(found) as db:
        code = await db.write(invites.make, None, options.uses, options.days, now_ms())
    print(invites.link(site(found), code))
    if found.registrations.mode != "invite":
        mode = found.registrations.mode
        print(f'It works once registrations.mode is "invite"; it is "{mode}" now.', file=sys.stderr)


async def reset_password(options: argparse.Namespace) -> None:
    """Set another password; every session and every app of the account ends."""
    password, made = _password(options, options.name)
    hash = await passwords.hash_(password)

    def change(tx: Write, id: int) -> None:
        account = accounts.visible(tx, id)
        accounts.change_password(tx, account, hash)

    await _act(options, change)
    print(f"{options.name} has a new password, and is signed out everywhere.")
    if made:
        print(f"Password: {password}")


async def _act(
    options: argparse.Namespace, change: Callable[[Write, int], object], deed: str = ""
) -> None:
    """Run `change` for the account that is named; `deed` is what moderators read of it."""

    def act(tx: Write) -> None:
        id = local_account(tx, options.name).id
        change(tx, id)
        if deed:
            note(tx, None, deed, f"account:{id}", now_ms())

    async with database(loaded(options)) as db:
        await db.write(act)


def _password(options: argparse.Namespace, *known: str) -> tuple[str, bool]:
    """The password to set, and whether we made it. Raises `Failure`, `Invalid`."""
    if not options.password_stdin:
        return secrets.token_urlsafe(PASSWORD_BYTES), True
    try:
        password = sys.stdin.buffer.readline(4 * passwords.MAX_BYTES).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Failure("The password on standard input is not text in UTF-8.") from None
    passwords.check(password, *known)
    return password, False


def _person(account: Account, member: Member) -> dict[str, object]:
    joined = datetime.fromtimestamp(member.created_ms / 1000, UTC)
    return {
        "id": str(account.id),
        "name": account.name,
        "display_name": account.display_name,
        "email": member.email,
        "role": member.role,
        "state": member.state,
        "posts": account.posts_count,
        "followers": account.followers_count,
        "created_at": joined.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "url": account.url,
    }
