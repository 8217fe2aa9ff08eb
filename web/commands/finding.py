"""What `madang check` found."""

import tempfile
from pathlib import Path

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, whether it is `ok`, worth a `warning`, or `wrong`, and a sentence."""

    subject: str
    state: str
    text: str


def unmakeable(folder: Path, key: str) -> str:
    """Why the start could not make or fill this folder; nothing where it can."""
    place = folder
    while not place.exists() and not folder.is_absolute():
        place = place.parent
    place = place if place.exists() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            return ""
    except OSError as error:
        return f"Cannot write in {key} {folder}: {(error.strerror or 'it failed').lower()}."
