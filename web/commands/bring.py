"""`madang import`: bring an old blog into a team blog of ours, without the page and its worker."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from federation.http import Client
from server import keyring
from server.clock import now_ms
from server.config import VERSION, Config, site
from server.configured_files import store_of
from server.errors import NotFound
from server.fetch import Fetcher
from server.keyring import Keyring
from server.media import Pictures
from server.model import Account, Community
from server.services import blog, imports
from server.services.imports import Sent
from server.store import imports as store
from server.store.db import Database, Read, Write
from server.store.imports import Line, Run
from server.worker.importing import Importing
from web.commands.failure import Failure
from web.commands.opening import command, database, loaded, local_account, many
from web.pages.imports import KINDS

LINES: Final = 20  # of the report that are printed


class Said(msgspec.Struct, frozen=True):
    """What the operator says of a file: who its authors are, and whether all may be public."""

    authors: dict[str, str]
    public: bool


BLIND: Final = (
    "This backup does not say which stories were private or protected: all would be public here. "
    "Take those out of it, then run this again with --public."
)


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`FILE --community C --as NAME`, and what is known of the file."""
    parser.add_argument(
        "file", metavar="FILE", help="a backup: TTXML, WXR, RSS, Atom, or Tistory's zip or folder"
    )
    parser.add_argument("--community", required=True, metavar="C", help="a team blog of ours")
    parser.add_argument("--as", dest="editor", required=True, metavar="NAME", help="its editor")
    parser.add_argument(
        "--author",
        default=[],
        action="append",
        metavar="OLD=NAME",
        help="who of ours is asked whether they are an author of the old blog; repeatable",
    )
    parser.add_argument("--address", default="", metavar="URL", help="where the blog was")
    parser.add_argument(
        "--no-pictures", action="store_true", help="fetch nothing that is not in the file"
    )
    parser.add_argument(
        "--public",
        action="store_true",
        help="everything in a backup of Tistory is for everybody: it does not say what was not",
    )
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Read it, bring it, and say what could not be taken."""
    found, file = loaded(options), Path(options.file)
    length = _length(file)
    said = Said(_named(options.author), options.public)
    async with database(found) as db:
        editor, home = await db.read(_who, options.editor, options.community)
        sent = Sent(
            name=file.name,
            file="",
            bytes=length,
            address=options.address,
            pictures=not options.no_pictures,
        )
        await db.write(imports.clear, home, now_ms())
        run = await db.write(imports.add, editor, home, sent, now_ms())
        progress = Progress()
        try:
            run = await _work(db, found, run, file, said, progress)
        except asyncio.CancelledError:
            progress.end()
            print("Stopped. What was brought stays; run it again to go on.", file=sys.stderr)
            raise
        finally:
            progress.end()
            await db.write(imports.finish, run, "stopped", now_ms())
        lines = await db.read(imports.report, run)
    _say(run, lines)


def _length(file: Path) -> int:
    try:
        if file.is_dir():
            return 0
        with file.open("rb") as opened:
            if not file.is_file():
                raise Failure(f"{file} is no file.")
            return opened.seek(0, os.SEEK_END)
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise Failure(f"Cannot read {file}: {reason}.") from None


def _who(db: Read, editor: str, community: str) -> tuple[Account, Community]:
    return local_account(db, editor), blog.by_name(db, community.lstrip("@"))


def _named(given: list[str]) -> dict[str, str]:
    pairs = [one.rpartition("=") for one in given]
    if any(not mark or not name for _, mark, name in pairs):
        raise Failure("--author looks like OLD=NAME, such as --author kim=minho.")
    return {old: name for old, _, name in pairs}


async def _work(
    db: Database,
    found: Config,
    run: Run,
    file: Path,
    said: Said,
    progress: "Progress",
) -> Run:
    """Both halves of it, with a client and a picture process of its own."""
    pictures, federation, here = Pictures(store_of(found.media)), found.federation, site(found)
    await pictures.open()
    client = Client(
        user_agent=f"Madang/{VERSION} (+{here.origin}/)",
        now_ms=now_ms,
        allowed=federation.allowed_addresses,
        allow_http=federation.allow_http,
        ca_file=federation.ca_file,
    )
    await client.open()
    keys = Keyring(db, await keyring.own_vault(db, found.secrets.file))
    fetcher = Fetcher(
        db, client, keys, here, federation.mode, now_ms, scheme=here.origin.partition(":")[0]
    )
    importing = Importing(db, fetcher, pictures, now_ms, progress)
    try:
        await importing.work(run, file)
        run = await db.read(_again, run.id)
        if run.state == "ready":
            if not said.public and not imports.tells_who_may_read(run):
                raise Failure(BLIND)
            await db.write(_let, run, said.authors)
            await importing.work(await db.read(_again, run.id), file)
    finally:
        await client.close()
        await pictures.close()
    return await db.read(_again, run.id)


def _again(db: Read, run_id: int) -> Run:
    run = store.by_id(db, run_id)
    if run is None:
        raise NotFound("There is no such import in this blog.")
    return run


def _let(tx: Write, run: Run, named: dict[str, str]) -> None:
    authors = imports.survey(run).authors
    by_name = {name: key for key, name, _ in authors}
    unknown = named.keys() - by_name.keys() - set(by_name.values())
    if unknown and len(authors) < imports.MAX_AUTHORS:
        called = ", ".join(f'"{name}"' for name in by_name)
        raise Failure(
            f'Nobody in this file is called "{min(unknown)}"; --author names one of {called}.'
        )
    known = {by_name.get(old, old): local_account(tx, name).id for old, name in named.items()}
    imports.let(tx, run, known)


def _say(run: Run, lines: list[Line]) -> None:
    if run.state == "failed":
        raise Failure(run.reason)
    counts = imports.counts(run)
    print(
        f"Brought {many(counts.new, 'story')} and {many(counts.comments, 'comment')} with "
        f"{many(counts.pictures, 'picture')}. Stories that changed: {counts.changed}, were here "
        f"already: {counts.same}, stay as they are: {counts.kept}, became drafts: {counts.drafts}."
    )
    for line in lines[:LINES]:
        kind = KINDS.get(line.kind, KINDS["other"])
        print("  " + kind % {"what": line.what, "more": line.more})
    if len(lines) > LINES:
        print(f"  ... and {len(lines) - LINES} more: see the page of this import.")


class Progress:
    """A line on a terminal that tells how far it is; silent elsewhere."""

    def __init__(self) -> None:
        """Nothing is shown before the first story."""
        self._shown = sys.stderr.isatty()

    def __call__(self, done: int, whole: int) -> None:
        """So many stories are here."""
        if self._shown:
            part = 100 * done // max(1, whole)
            print(
                f"\rImporting: {part} % ({done} of {whole}) ", end="", file=sys.stderr, flush=True
            )

    def end(self) -> None:
        """Leave the line clean."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
