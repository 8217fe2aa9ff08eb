"""What Tistory gives as a backup today: a zip with a folder for each story, by its number.

In it is a page `NUMBER-TITLE.html` and, in `img/`, its pictures. The page has the category
(`p.category`, two levels with a slash), the title (`h2.title-article`), the date by the blog's
clock (`p.date`), the text (`div.contents_style`) and the tags (`div.tags`, each after a `#`).
There are no comments, no addresses in words, and nothing says what was private.
"""

import re
from collections.abc import Iterator
from datetime import tzinfo
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from server.errors import Invalid
from server.oldblogs import times
from server.oldblogs.shape import Attachment, Head, Left, Part, Story
from server.oldblogs.stream import MAX_FILE, MAX_FILE_BYTES, MAX_FILES, UNREADABLE
from server.oldblogs.ttxml import MAX_BODY, MAX_TAGS
from server.oldblogs.unpacking import Entry, Unpacked, unpacked

FORMAT: Final = "tistory"
MAX_PAGE: Final = 4 * MAX_BODY  # bytes
MAX_HEAD: Final = 100_000  # characters before a text
MAX_SAID: Final = 2_000
_MARKUP: Final = re.compile(r"<[^>]{0,500}>")
_SOURCE: Final = re.compile(r"""(\ssrc\s{0,5}=\s{0,5})(?:"([^"<>]{1,1000})"|'([^'<>]{1,1000})')""")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")

Folder = tuple[str, ...]


def parts(file: Path, folder: Path, zone: tzinfo) -> Iterator[Part]:
    """The stories of a backup by their numbers. Raises `Invalid`, `OSError` of `folder`."""
    with unpacked(file) as backup:
        pages, beside = _sorted(backup.entries)
        if not pages:
            raise Invalid(UNREADABLE)
        yield Head(format=FORMAT)
        seen: set[int] = set()
        for at in sorted(pages, key=lambda one: (int(one[-1]), one)):
            first, *others = sorted(pages[at], key=lambda one: one.parts)
            number = int(at[-1])
            if number in seen:
                others = [first, *others]
            else:
                seen.add(number)
                yield _story(backup, first, beside.get(at, []), folder, zone)
            for one in others:
                yield Left("page", one.parts[-1][:200])


def _sorted(entries: list[Entry]) -> tuple[dict[Folder, list[Entry]], dict[Folder, list[Entry]]]:
    """The pages of each story's folder, and the other files in it or in a folder of it."""
    pages: dict[Folder, list[Entry]] = {}
    others: list[Entry] = []
    for one in entries:
        if _is_page(one):
            pages.setdefault(one.parts[:-1], []).append(one)
        else:
            others.append(one)
    beside: dict[Folder, list[Entry]] = {}
    for one in others:
        for at in (one.parts[:-1], one.parts[:-2]):
            if at in pages:
                beside.setdefault(at, []).append(one)
                break
    return pages, beside


def _is_page(one: Entry) -> bool:
    at = one.parts[:-1]
    named = bool(at) and _NUMBER.fullmatch(at[-1]) is not None
    return named and one.parts[-1].lower().endswith((".html", ".htm"))


def _story(backup: Unpacked, page: Entry, beside: list[Entry], folder: Path, zone: tzinfo) -> Story:
    data = backup.read(page, MAX_PAGE + 1)
    html = data[:MAX_PAGE].decode("utf-8-sig", "replace").replace("\0", "")
    number = str(int(page.parts[-2]))
    start, end, tags = _text(html)
    files = {one.parts[-1]: one for one in reversed(beside)}
    shown: set[str] = set()
    body = _with_pictures(html[start:end][: MAX_BODY + 1], files, shown)
    title = _said(html, "title-article", start) or page.parts[-1].rpartition(".")[0]
    category = (" ".join(one.split()) for one in _said(html, "category", start).split("/", 1))
    return Story(
        key=number,
        title=title[:500],
        body=body[:MAX_BODY],
        category=tuple(filter(None, category)),
        tags=tags,
        published_ms=times.sql(_said(html, "date", start), zone),
        paths=(f"/{number}",),
        attachments=tuple(_attachments(backup, beside, shown, folder)),
        cut=len(data) > MAX_PAGE or end - start > MAX_BODY,
    )


def _text(html: str) -> tuple[int, int, tuple[str, ...]]:
    """From where to where the text goes, and the tags below it."""
    start = html.find("contents_style", 0, MAX_HEAD)
    if start < 0:
        start = max(0, html.find("<body", 0, MAX_HEAD))
    start = html.find(">", start) + 1
    mark = html.rfind('class="tags"')
    if mark < start:
        end = html.find("</body", start)
        return start, end if end >= 0 else len(html), ()
    end = html.rfind("<", start, mark)
    said = _plain(html[html.find(">", mark) + 1 :][: 4 * MAX_SAID].partition("</div")[0])
    tags = (" ".join(one.split())[:200] for one in said.split("#")[: MAX_TAGS + 1])
    return start, max(start, end), tuple(filter(None, tags))


def _said(html: str, name: str, before: int) -> str:
    """The words of the element with this class, above the text."""
    at = html.find(f'class="{name}"', 0, before)
    begin = html.find(">", at, before) + 1 if at >= 0 else 0
    if not begin:
        return ""
    end = html.find("</", begin, begin + MAX_SAID)
    return " ".join(_plain(html[begin : end if end >= 0 else begin]).split())


def _plain(html: str) -> str:
    return unescape(_MARKUP.sub("", html)).strip()


def _with_pictures(html: str, files: dict[str, Entry], shown: set[str]) -> str:
    """A text that names the files beside it by a word, and not by where they lie."""

    def named(found: re.Match[str]) -> str:
        address = unquote(unescape(found[2] or found[3]))
        name = address.rpartition("/")[2]
        if address.startswith(("/", "http:", "https:", "data:")) or name not in files:
            return found[0]
        shown.add(name)
        return f'{found[1]}"old:{quote(name, safe="")}"'

    return _SOURCE.sub(named, html)


def _attachments(
    backup: Unpacked, beside: list[Entry], shown: set[str], folder: Path
) -> Iterator[Attachment]:
    """The files of a story. Only those that its text shows are unpacked."""
    room, many = MAX_FILE_BYTES, 0
    for one in beside:
        name = one.parts[-1]
        if name not in shown:
            if name.lower().endswith(".css") or name.startswith("."):
                continue
            yield Attachment(name=name[:300], label=name[:300])
            continue
        shown.discard(name)
        many += 1
        file = backup.save(one, folder, min(MAX_FILE, room)) if many <= MAX_FILES else None
        size = file.stat().st_size if file is not None else 0
        room -= size
        yield Attachment(
            name=name[:300], label=name[:300], bytes=size, file=file, refused=file is None
        )
