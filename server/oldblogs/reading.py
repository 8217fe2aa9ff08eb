"""Any of the files that we can read, part by part."""

from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from server.errors import Invalid
from server.oldblogs import feeds, tistory, ttxml, wxr
from server.oldblogs.shape import Part
from server.oldblogs.stream import UNREADABLE, records
from server.oldblogs.unpacking import ZIP


def read(file: Path, folder: Path, zone: tzinfo) -> Iterator[Part]:
    """The parts of a blog in the order of the file: what stories name may come after them.

    Attachments lie in `folder` until the next part is asked for; their reader takes them away.
    `zone` is the clock of local times. Raises `Invalid`, after what could be read.
    """
    if _is_packed(file):
        yield from tistory.parts(file, folder, zone)
        return
    known = wxr.Reader(zone)
    any_part = False
    for node in records(file, _wanted, folder):
        if node.tag in ("post", "notice", "category", "setting", "keyword"):
            found = ttxml.parts(node)
        elif node.tag.startswith("atom:"):
            found = feeds.parts(node)
        else:
            found = known.parts(node)
        for part in found:
            any_part = True
            yield part
    if not any_part:
        raise Invalid(UNREADABLE)


def _is_packed(file: Path) -> bool:
    if file.is_dir():
        return True
    with file.open("rb") as opened:
        return opened.read(len(ZIP)) == ZIP


def _wanted(path: tuple[str, ...]) -> bool:
    return ttxml.wanted(path) or wxr.wanted(path) or feeds.wanted(path)
