"""`madang community`: create, list."""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from server import geojson, keyring
from server.clock import now_ms
from server.config import site
from server.errors import Invalid
from server.model import Account, Community, Site
from server.services import accounts, communities
from server.store.db import Write
from web.commands.failure import Failure
from web.commands.opening import (
    command,
    database,
    loaded,
    local_account,
    make_folder,
    say_data,
)

MOST_SHOWN: Final = 40  # of a wrong hashtag


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """`create NAME --kind K [--title T] [--moderator NAME] ...` and `list [--kind K] [--json]`."""
    actions = parser.add_subparsers(required=True, dest="action", metavar="ACTION")
    create = actions.add_parser("create", parents=[common], help="make a community")
    create.add_argument("name", metavar="NAME", help="letters a-z, digits and underscores")
    create.add_argument("--kind", required=True, choices=communities.KINDS)
    create.add_argument("--title", default="", help="what people call it")
    create.add_argument("--tag", default="", help="its hashtag; else the title without spaces")
    create.add_argument("--bio", default="", metavar="TEXT", help="a sentence about it")
    create.add_argument(
        "--moderator", default=[], action="append", metavar="NAME", help="who keeps it; repeatable"
    )
    create.add_argument("--neighbourhood", default="", metavar="NAME", help="in which one it lies")
    create.add_argument(
        "--boundary", type=Path, metavar="FILE", help="GeoJSON: the line around a neighbourhood"
    )
    create.add_argument(
        "--posting", default="anyone", choices=communities.POSTING, help="who may begin a thread"
    )
    create.add_argument(
        "--votes", default="", choices=communities.VOTES, help="default: both; of a team blog up"
    )
    create.add_argument("--rule", default=[], action="append", metavar="TEXT", help="repeatable")
    create.add_argument("--language", default="", help="such as ko; else the instance's first")
    create.set_defaults(run=command(create_community))
    listing = actions.add_parser("list", parents=[common], help="show our communities")
    listing.add_argument("--kind", default="", choices=("", *communities.KINDS))
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=command(list_communities))


async def create_community(options: argparse.Namespace) -> None:
    """Make a community; a neighbourhood begins at once to pass on what carries its hashtag."""
    found = loaded(options)
    accounts.check_name(options.name)
    boundary = _read_boundary(options)
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
            posting=options.posting,
            votes=options.votes,
            rules=tuple(options.rule),
            language=options.language or found.instance.languages[0],
            boundary=boundary,
        )
        if new.kind == "neighbourhood" or new.tag:
            _check_hashtag(new)
        account = await db.write(_create, site(found), new, options, now_ms())
    print(f"Made @{account.name}@{found.instance.domain}: {account.url}")
    if new.kind == "neighbourhood":
        print(f"It passes on what people here write for everyone with #{new.hashtag.lstrip('#')}.")


def _read_boundary(options: argparse.Namespace) -> str:
    """The file of --boundary; "" without one. Raises `Failure`, `Invalid`."""
    if options.boundary is None:
        return ""
    if options.kind != "neighbourhood":
        raise Failure("Only a neighbourhood has a boundary; leave --boundary out.")
    try:
        with options.boundary.open("rb") as file:
            text = file.read(geojson.MAX_BYTES + 1).decode("utf-8-sig", "replace")
    except OSError as error:
        raise Failure(f"{options.boundary} cannot be read: {error.strerror}.") from None
    return geojson.normal(text)


def _create(
    tx: Write, here: Site, new: communities.NewCommunity, options: argparse.Namespace, now_ms: int
) -> Account:
    parent = communities.by_name(tx, options.neighbourhood) if options.neighbourhood else None
    keepers = [local_account(tx, name).id for name in options.moderator]
    new = msgspec.structs.replace(
        new, parent_id=parent.id if parent else None, moderator_ids=tuple(keepers)
    )
    return communities.create(tx, here, new, now_ms)


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


async def list_communities(options: argparse.Namespace) -> None:
    """Show every community: the neighbourhoods first, the liveliest first."""
    found = loaded(options)
    async with database(found) as db:
        known = await db.read(communities.listed, options.kind, now_ms())
    data = [_described(site(found), one) for one in known]
    lines = [
        f"{one.account.name:<20}  {one.kind:<13}  {'#' + one.tag if one.tag else '':<16}  "
        f"{one.followers:>6} followers  {_lately(one):<24}  {one.title}"
        for one in known
    ]
    say_data(options, data, lines or ["None is here yet; see `madang community create --help`."])


def _lately(one: Community) -> str:
    """What a neighbourhood passed on; of the others nobody counts it."""
    return f"{one.passed_on:>5} posts in 30 days" if one.kind == "neighbourhood" else ""


def _described(here: Site, one: Community) -> dict[str, object]:
    made = datetime.fromtimestamp(one.account.created_ms / 1000, UTC)
    return {
        "id": str(one.account.id),
        "name": one.account.name,
        "kind": one.kind,
        "title": one.title,
        "tag": one.tag,
        "address": f"@{one.account.name}@{here.domain}",
        "url": one.url,
        "followers": one.followers,
        "passed_on": one.passed_on,
        "posting": one.posting,
        "votes": one.votes,
        "rules": communities.rules_of(one),
        "created_at": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
