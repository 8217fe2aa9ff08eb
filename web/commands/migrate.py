"""`madang migrate`: the schema, up to date."""

import argparse

from server.store.db import Database
from server.store.migrate import migrate
from web.commands.opening import command, loaded, prepare_folder


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """No options of its own."""
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Migrate, and say from which version to which."""
    found = loaded(options)
    prepare_folder(found, make=True)
    db = await Database.open(found.database.url, readers=1, connections=1)
    try:
        before, after = await migrate(db)
    finally:
        await db.close()
    if before == after:
        print(f"The database is at version {after}; there is nothing to do.")
    else:
        print(f"The database went from version {before} to version {after}.")
