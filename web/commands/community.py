"""`madang community`: create, list."""

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Final

from server import keyring
from server.clock import now_ms
from server.config import site
from server.errors import Invalid
from server.model import Community, Site
from server.services import accounts, communities
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, make_folder, say_data

TO_COME: Final = ("board", "blog")
MOST_SHOWN: Final = 40  # of a wrong hashtag


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`create NAME --kind K [--title T] [--tag TAG] [--bio TEXT]` and `list [--json]`."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="ACTION")
    create = actions.add_parser("create", parents=[common], help="make a community")
    create.add_argument("name", metavar="NAME", help="letters a-z, digits and underscores")
    create.add_argument("--kind", required=True, choices=(*communities.KINDS, *TO_COME))
    create.add_argument("--title", default="", help="what people call it")
    create.add_argument("--tag", default="", help="its hashtag; else the title without spaces")
    create.add_argument("--bio", default="", metavar="TEXT", help="a sentence about it")
    create.add_argument("--moderator", default="", metavar="NAME", help="once there are boards")
    create.set_defaults(run=command(create_community))
    listing = actions.add_parser("list", parents=[common], help="show our communities")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(list_communities))


async def create_community(options: argparse.Namespace) -> None:
    """Make a neighbourhood; it begins at once to pass on what carries its hashtag."""
    _refuse_what_is_to_come(options)
    found = loaded(options)
    accounts.check_name(options.name)
    async with database(found) as db:
        make_folder(found.secrets.file.parent, "secrets.key_file")
        vault = await keyring.own_vault(db, found.secrets.file)
        new = communities.NewCommunity(
            name=options.name,
            keys=await asyncio.to_thread(keyring.make, vault),
            kind=options.kind,
            title=options.title,
            tag=options.tag,
            bio=options.bio,
        )
        _check_hashtag(new)
        account = await db.write(communities.create, site(found), new, now_ms())
    print(f"Made @{account.name}@{found.instance.domain}: {account.url}")
    print(f"It passes on what people here write for everyone with #{new.hashtag.lstrip('#')}.")


def _check_hashtag(new: communities.NewCommunity) -> None:
    """Raises `Failure`; a title with other signs is fine, once --tag has the hashtag."""
    try:
        communities.check_tag(new.hashtag)
    except Invalid:
        what = new.hashtag if len(new.hashtag) <= MOST_SHOWN else f"{new.hashtag[:MOST_SHOWN]}..."
        raise Failure(
            f'"{what}" cannot be a hashtag; name one with --tag: letters, digits and underscores, '
            "not digits alone, up to 100."
        ) from None


def _refuse_what_is_to_come(options: argparse.Namespace) -> None:
    """Raises `Failure`."""
    if options.kind in TO_COME:
        raise Failure(
            f"This version cannot make a {options.kind} yet; it makes --kind neighbourhood."
        )
    if options.moderator:
        raise Failure("A neighbourhood has no moderators of its own yet; leave out --moderator.")


async def list_communities(options: argparse.Namespace) -> None:
    """Show every community, the liveliest first."""
    found = loaded(options)
    async with database(found) as db:
        known = await db.read(communities.all, now_ms())
    data = [_described(site(found), one) for one in known]
    lines = [
        f"{one.account.name:<20}  #{one.tag:<16}  {one.followers:>6} followers  "
        f"{one.passed_on:>5} posts in 30 days  {one.title}"
        for one in known
    ]
    say_data(options, data, lines or ["None is here yet; see `madang community create --help`."])


def _described(here: Site, one: Community) -> dict[str, object]:
    made = datetime.fromtimestamp(one.account.created_ms / 1000, UTC)
    return {
        "id": str(one.account.id),
        "name": one.account.name,
        "kind": "neighbourhood",
        "title": one.title,
        "tag": one.tag,
        "address": f"@{one.account.name}@{here.domain}",
        "url": one.url,
        "followers": one.followers,
        "passed_on": one.passed_on,
        "created_at": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
