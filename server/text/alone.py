"""Links to films that stand alone on a line of somebody's HTML, found where they stand.

Reads what our sanitiser wrote, and nothing else: its tags are regular enough to be told by their
form. The text around keeps its elements: a paragraph that a film parts becomes two.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from html import unescape
from typing import Final

import msgspec

from server.text.markup import VOID
from server.text.plain import plain
from server.text.videos import NOWHERE, Video, recognise

MOST: Final = 12
"""Films of one text that are found; further ones stay links."""

_LIKELY: Final = re.compile(
    r'href="https?://[^"]*(?:youtu|vimeo\.com|tv\.naver\.com|tv\.kakao\.com|/w/|/videos/)', re.I
)
_PARAGRAPH: Final = re.compile(r'(<p(?: class="[^"]*")?>)(.*?)</p>', re.DOTALL)
_BLOCK: Final = re.compile(r"<(?:p|ul|ol|blockquote|pre|h[2-4]|table|figure|hr)[ >]")
_LINE_END: Final = re.compile(r"<br(?: [^>]*)?>")
_LINK: Final = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_HREF: Final = re.compile(r' href="([^"]*)"')
_TAG: Final = re.compile(r'<(/?)([a-z][a-z0-9]*)(?: [a-z-]+="[^"]*")*>')
_UNSEEN: Final = " \t\r\n\xa0\u200b\u200c\u200d\ufeff"
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)?[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?…?", re.I)


class Alone(msgspec.Struct, frozen=True):
    """A film with what its link said: nothing where that was only its address."""

    video: Video
    words: str


def parted(html: str, peertube: AbstractSet[str] = NOWHERE) -> list[str | Alone]:
    """`html` as it was, in pieces, with films in place of links that stand alone on their line.

    `peertube`: see `videos.recognise`.
    """
    if not _LIKELY.search(html):
        return [html]
    pieces = _Pieces(peertube)
    if not _BLOCK.search(html):  # some servers write lines without a paragraph around them
        pieces.add_lines("", html, "")
        return pieces.found
    end = 0
    for paragraph in _PARAGRAPH.finditer(html):
        pieces.add(html[end : paragraph.start()])
        if "quote-inline" in paragraph[1]:
            pieces.add(paragraph[0])
        else:
            pieces.add_lines(paragraph[1], paragraph[2], "</p>")
        end = paragraph.end()
    pieces.add(html[end:])
    return pieces.found


def opening(html: str) -> str:
    """`html` up to the first film that stands alone; all of it where it begins with one."""
    first = parted(html)[0]
    return first if isinstance(first, str) else html


class _Pieces:
    """What was found so far; strings that follow each other are one."""

    def __init__(self, peertube: AbstractSet[str]) -> None:
        self.found: list[str | Alone] = []
        self._peertube = peertube
        self._films = 0

    def add(self, piece: str) -> None:
        if piece and self.found and isinstance(self.found[-1], str):
            self.found[-1] += piece
        elif piece:
            self.found.append(piece)

    def add_lines(self, begin: str, inside: str, end: str) -> None:
        """The lines of a paragraph, which opens with `begin` and closes with `end`."""
        lines = _LINE_END.split(inside)
        films = [self._film(line) for line in lines]
        if not any(films):
            self.add(f"{begin}{inside}{end}")
            return
        run, before, after = list[str](), tuple[str, ...](), tuple[str, ...]()
        for line, film in zip(lines, films, strict=True):
            after = _open(after, line)
            if film is None:
                run.append(line)
                continue
            self.add(_whole(begin, before, run, end))
            self.found.append(film)
            run, before = [], after
        self.add(_whole(begin, before, run, end))

    def _film(self, line: str) -> Alone | None:
        if self._films >= MOST:
            return None
        found = _link_alone(line)
        video = recognise(found[0], self._peertube) if found else None
        if found is None or video is None:
            return None
        self._films += 1
        said = " ".join(plain(found[1]).split())
        return Alone(video, "" if _ADDRESS.fullmatch(said.replace(" ", "")) else said)


def _link_alone(line: str) -> tuple[str, str] | None:
    """Address and HTML of the link of which a line consists."""
    links = list(_LINK.finditer(line))
    if len(links) != 1:
        return None
    href = _HREF.search(links[0][1])
    around = line[: links[0].start()] + line[links[0].end() :]
    return (unescape(href[1]), links[0][2]) if href and _blank(around) else None


def _blank(html: str) -> bool:
    """Whether there is nothing to see in it."""
    return "<img" not in html and not unescape(_TAG.sub("", html)).strip(_UNSEEN)


def _open(before: tuple[str, ...], line: str) -> tuple[str, ...]:
    """The tags that are open after `line`, where `before` were open already."""
    stack = list(before)
    for tag in _TAG.finditer(line):
        if tag[2] in VOID:
            continue
        if not tag[1]:
            stack.append(tag[0])
        elif stack:
            stack.pop()
    return tuple(stack)


def _whole(begin: str, before: tuple[str, ...], lines: list[str], end: str) -> str:
    """Lines as a paragraph of their own, in which `before` was open; nothing for empty ones."""
    said = [at for at, line in enumerate(lines) if line.strip(_UNSEEN)]
    text = "<br>".join(lines[said[0] : said[-1] + 1]) if said else ""
    if _blank(text):
        return ""
    return f"{begin}{''.join(before)}{text}{''.join(_closers(_open(before, text)))}{end}"


def _closers(stack: tuple[str, ...]) -> Iterator[str]:
    for tag in reversed(stack):
        found = _TAG.match(tag)
        yield f"</{found[2]}>" if found else ""
