"""What `madang check` says of pictures and films: where they are kept, and what makes them anew."""

import logging
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from server.config import ConfigError, MediaAt
from server.configured_files import store_of
from server.errors import AppError
from server.files import RAW, Store, StoreAway, new_name
from server.films import ENCODERS, MAKE_S, Films
from web.commands.finding import Finding, unmakeable

LEAST_FREE_BYTES: Final = 1 << 30
PROBE: Final = b"madang check"
PROGRAM_S: Final = 15
FILMS_AT_ONCE: Final = 32
IN_MEMORY: Final = ("tmpfs", "ramfs")


def findings(at: MediaAt) -> Iterator[Finding]:
    """What a look at the disk tells."""
    yield _scratch(at)
    yield _films(at)
    yield from _limits(at)


async def store(at: MediaAt) -> Finding:
    """The folder, or the bucket: by writing into it, reading and removing what was written."""
    if at.folder is not None:
        return _folder(at.folder)
    bucket = store_of(at)
    log = logging.getLogger("server.bucket")
    log.disabled = True  # what is wrong with it is a finding
    try:
        wrong = await _tried(bucket)
    except ConfigError as error:
        return Finding("media", "wrong", str(error))
    except (AppError, StoreAway, OSError) as error:
        why = error if isinstance(error, StoreAway) else error.__cause__ or error
        wrong = f"cannot be used: {why}."
    finally:
        log.disabled = False
    if wrong:
        return Finding("media", "wrong", f"{at.store} {wrong}")
    return Finding("media", "ok", f"{at.store} was written, read and emptied again")


async def _tried(bucket: Store) -> str:
    """What is wrong with a bucket; nothing when it keeps and gives and forgets."""
    name = new_name(RAW)
    await bucket.open()
    await bucket.put(name, PROBE)
    back = b"".join([chunk async for chunk in bucket.read(name)])
    await bucket.remove(name)
    left = await bucket.size(name)
    return "" if back == PROBE and left is None else "does not keep or remove what it is given."


def _folder(folder: Path) -> Finding:
    if refusal := unmakeable(folder, "media.store"):
        return Finding("media", "wrong", refusal)
    if not folder.exists():
        return Finding("media", "ok", f"{folder} is not there yet; the first start makes it.")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding("media", "warning", f"{folder} has only {free >> 20} MiB left.")
    return Finding("media", "ok", f"{folder}, {free >> 30} GiB free")


def _scratch(at: MediaAt) -> Finding:
    """Where uploads wait."""
    folder = store_of(at).scratch
    if folder.exists() and not folder.is_dir():
        return Finding("scratch", "wrong", f"media.scratch {folder} is a file; give a folder.")
    if (at.scratch or at.folder is None) and (refusal := unmakeable(folder, "media.scratch")):
        return Finding("scratch", "wrong", refusal)
    place = _nearest(folder)
    if _kind_of_disk(place) in IN_MEMORY:
        text = f"{folder} lies in memory, and up to {FILMS_AT_ONCE} films of {at.upload_mb} MB wait"
        return Finding("scratch", "warning", f"{text} there; set media.scratch to a disk.")
    free = shutil.disk_usage(place).free
    if at.upload_bytes > free:
        text = f"media.upload_mb is {at.upload_mb}, and {folder} has {free >> 20} MiB left."
        return Finding("scratch", "warning", text)
    return Finding("scratch", "ok", f"{folder}, {free >> 30} GiB free")


def _nearest(folder: Path) -> Path:
    """The folder, or the lowest above it that is there."""
    return next(one for one in (folder, *folder.parents) if one.is_dir())


def _kind_of_disk(folder: Path) -> str:
    """Such as ext4 or tmpfs, as Linux says; nothing elsewhere."""
    try:
        mounts = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    here = folder.resolve()
    kinds = {Path(fields[1]): fields[2] for fields in map(str.split, mounts) if len(fields) > 2}
    return next((kinds[one] for one in (here, *here.parents) if one in kinds), "")


def _films(at: MediaAt) -> Finding:
    films = Films(Path(), program=at.ffmpeg)
    if not at.ffmpeg:
        return Finding("films", "ok", "none are taken; media.ffmpeg is empty")
    if not films.available:
        text = f"no films and sounds are taken: there is no {at.ffmpeg} with its ffprobe here."
        return Finding("films", "warning", text)
    for name, program in zip(("ffmpeg", "ffprobe"), films.programs, strict=True):
        if not _output(program, "-version").startswith(f"{name} version"):
            text = f"{program} is no {name}; set media.ffmpeg to one, or to nothing."
            return Finding("films", "wrong", text)
    known = set(_output(films.programs[0], "-hide_banner", "-encoders").split())
    if missing := [one for one in ENCODERS if one not in known]:
        text = f"{films.programs[0]} was built without {', '.join(missing)}; install another."
        return Finding("films", "wrong", text)
    return Finding("films", "ok", f"up to {at.upload_mb} MB and {at.film_seconds} s each")


def _output(program: str, *arguments: str) -> str:
    """What a program prints; nothing where it does not run."""
    try:
        ended = subprocess.run(  # noqa: S603  the operator named it
            [program, *arguments], capture_output=True, timeout=PROGRAM_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ended.stdout.decode(errors="replace")


def _limits(at: MediaAt) -> Iterator[Finding]:
    """What the configuration asks for and will not get."""
    most = at.remote_film_bytes >> 20
    if at.remote_film_mb > most:
        text = f"media.remote_film_mb {at.remote_film_mb} counts as {most}, a quarter of"
        yield Finding("limits", "warning", f"{text} media.remote_cache_mb {at.remote_cache_mb}.")
    if at.film_seconds > 3 * MAKE_S:
        text = f"media.film_seconds {at.film_seconds}: a film that takes longer than {MAKE_S:.0f} s"
        yield Finding("limits", "warning", f"{text} to make is given up; allow less.")
