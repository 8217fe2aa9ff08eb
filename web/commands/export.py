"""`madang export --community NAME FILE`: a board or a team blog as a zip, while the server runs."""

import argparse
import sys

from server.clock import now_ms
from server.config import site
from server.configured_files import store_of
from server.errors import StorageFull
from server.files import StoreAway
from server.services import contents
from server.worker.exporting import Exporting
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, many, new_file, require_writable


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`--community NAME FILE`."""
    parser.add_argument("--community", required=True, metavar="NAME", help="a board or team blog")
    parser.add_argument("file", metavar="FILE", help="the zip to write; it must not exist yet")
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Write the zip whole, or not at all."""
    found = loaded(options)
    file = new_file(options.file)
    draft = file.with_name(f".{file.name}.part")
    require_writable(file.parent, "the folder")
    try:
        async with database(found) as db:
            home = await db.read(contents.home, options.community.lstrip("@"))
            exporting = Exporting(db, store_of(found.media), site(found), _progress)
            stories = await exporting.write(home, draft, now_ms())
        bytes = draft.stat().st_size
        draft.rename(file)
    except StoreAway as error:
        raise Failure(f"Cannot read {found.media.store}: {error}") from None
    except (OSError, StorageFull):
        raise Failure(f"Cannot write {file}: is there room, and may we write there?") from None
    finally:
        draft.unlink(missing_ok=True)
    size = f"{many(stories, 'story')}, {bytes} bytes"
    print(f"{file}: {size}. Secret comments and drafts are not in it.")


async def _progress(done: int) -> bool:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{many(done, 'story')}", end="\r", file=sys.stderr, flush=True)
    return True
