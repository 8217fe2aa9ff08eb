"""`madang check`: the configuration and what it points to, without starting anything."""

import argparse
import asyncio
import os
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from server import keyring
from server.config import Config, ConfigError, is_local
from server.configured_files import store_of
from server.errors import AppError
from server.media import Pictures
from server.secrets import SecretError, vault
from server.store import accounts
from server.store.db import Database, DatabaseError
from server.store.migrate import migrations, version
from web import brand
from web.commands import check_media, listening
from web.commands.failure import Failure
from web.commands.finding import Finding, unmakeable
from web.commands.opening import command, loaded, prepare_folder, say_data

SOON_DAYS: Final = 14
BUILT: Final = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows an earlier time


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Look at everything, say what was found, and fail when something is wrong."""
    found = loaded(options)
    findings = [finding async for finding in look(found)]
    data = [msgspec.structs.asdict(finding) for finding in findings]
    say_data(options, data, [f"{one.state:<8} {one.subject}: {one.text}" for one in findings])
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if wrong:
        raise Failure(wrong[0].text)


async def look(found: Config) -> AsyncIterator[Finding]:
    """Every finding, in the order in which an operator would mend them."""
    yield Finding("configuration", "ok", f"{found.instance.name} at {found.instance.base_url}")
    yield await _database(found)
    yield await check_media.store(found.media)
    for finding in check_media.findings(found.media):
        yield finding
    yield _key(found.secrets.file)
    for key in ("logo", "cover"):
        yield await _looks(found, key)
    yield _certificate(found)
    yield await _name(found)
    yield _clock()


async def _database(found: Config) -> Finding:
    if missing := _missing(found):
        return missing
    try:
        prepare_folder(found, make=False)
        _require_ours(found)
        db = await Database.open(found.database.url, readers=1, connections=1)
    except (Failure, DatabaseError) as error:
        return Finding("database", "wrong", str(error))
    try:
        have, need = await version(db), len(migrations())
        if have == need and await db.read(accounts.first_key) is not None:
            await keyring.own_vault(db, found.secrets.file)
    except (DatabaseError, SecretError) as error:
        return Finding("database", "wrong", str(error))
    finally:
        await db.close()
    if have > need:
        text = f"it is at version {have} and this program knows {need}; run the newer program."
        return Finding("database", "wrong", text)
    if have < need:
        text = f"it is at version {have} of {need}; `madang serve` or `madang migrate` updates it."
        return Finding("database", "warning", text)
    return Finding("database", "ok", f"{db.dialect}, version {have}")


def _require_ours(found: Config) -> None:
    """Refuse files of SQLite that `madang serve` could not write. Raises `Failure`."""
    kind, _, path = found.database.url.partition(":")
    if kind != "sqlite":
        return
    for file in (path, f"{path}-serving"):
        if Path(file).exists() and not os.access(file, os.R_OK | os.W_OK):
            raise Failure(f"{file} may not be written by us: chown it, or set database.url.")


def _missing(found: Config) -> Finding | None:
    """A file of SQLite that is not there, and whether the first start can make it."""
    kind, _, path = found.database.url.partition(":")
    if kind != "sqlite" or Path(path).exists():
        return None
    text = f"{path} is not there yet; the first start makes it."
    refusal = unmakeable(Path(path).parent, "database.url")
    return Finding("database", "wrong" if refusal else "warning", refusal or text)


def _key(file: Path) -> Finding:
    if not file.exists():
        return Finding("key", "warning", f"{file} is not there yet; the first start makes it.")
    try:
        vault(file, make=False)
    except SecretError as error:
        return Finding("key", "wrong", str(error))
    if file.stat().st_mode & 0o077:
        return Finding("key", "warning", f"Others may read {file}; run: chmod 600 {file}")
    return Finding("key", "ok", f"{file}; keep a copy apart from the database")


async def _looks(found: Config, key: Literal["logo", "cover"]) -> Finding:
    """A picture of the city: whether it is there, and whether it can be drawn."""
    try:
        file = (brand.logo_of if key == "logo" else brand.cover_of)(found.instance)
    except ConfigError as error:
        return Finding(key, "wrong", str(error))
    if file is None:
        return Finding(key, "ok", f"none; instance.{key} names one")
    path = getattr(found.instance, key)
    if file.media_type == brand.SVG:
        return Finding(key, "ok", f"{path}; apps on phones show our own icon, which is no SVG")
    pictures = Pictures(store_of(found.media))
    try:
        data = await asyncio.to_thread(Path(file.path).read_bytes)
        await pictures.renewed(key, data)
    except (AppError, OSError) as error:
        return Finding(key, "wrong", f'instance.{key}: "{path}" cannot be used. {error}')
    finally:
        await pictures.close()
    return Finding(key, "ok", path)


def _certificate(found: Config) -> Finding:
    server = found.server
    try:
        listening.require_authority(found)
    except Failure as error:
        return Finding("certificate", "wrong", str(error))
    if not server.tls_certificate:
        return Finding("certificate", "ok", "none; a proxy in front of us speaks TLS")
    try:
        listening.tls_context(server)
    except Failure as error:
        return Finding("certificate", "wrong", str(error))
    if trouble := listening.certificate_trouble(found):
        return Finding("certificate", "wrong", trouble)
    ends = listening.certificate(server).not_valid_after_utc
    state = "warning" if (ends - datetime.now(UTC)).days < SOON_DAYS else "ok"
    return Finding("certificate", state, f"{server.tls_certificate} ends on {ends:%Y-%m-%d}")


async def _name(found: Config) -> Finding:
    host = urlsplit(found.instance.base_url).hostname or ""
    if is_local(host):
        return Finding("name", "ok", f"{host} is this machine; nobody outside can reach it")
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return Finding("name", "wrong", f"{host} (instance.base_url) has no address in the DNS.")
    places = ", ".join(dict.fromkeys(str(one[4][0]) for one in answers))
    return Finding("name", "ok", f"{host} is {places}")


def _clock() -> Finding:
    """Signatures count for hours around the right time: a wrong clock cuts us off."""
    moment = datetime.now(UTC)
    if moment < BUILT:
        return Finding("clock", "wrong", f"The clock shows {moment:%Y-%m-%d}; set it (NTP).")
    return Finding("clock", "ok", f"{moment:%Y-%m-%d %H:%M:%S} UTC")
