"""Whether a page links to one of ours, and what it says of itself there. All plain text.

A link counts where a reader of the page can come upon it: not in comments, scripts or templates,
not in what the page hides, and not where the page says that somebody else put it there (`ugc`) or
paid for it. W3C Webmention §3.2.2; microformats.org/wiki/h-entry
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from server.text import markup, webpage
from server.text.markup import VOID, Tag

MAX_BYTES: Final = 1024 * 1024  # of a page that are read
MAX_EXCERPT: Final = 300  # characters
MAX_CAPTURED: Final = 2_000
SHORTEST_EXCERPT: Final = 10

_LINKS: Final = {
    **dict.fromkeys(("a", "area"), "href"),
    **dict.fromkeys(("img", "video", "audio", "source", "iframe", "embed"), "src"),
}
_NOT_THEIRS: Final = frozenset(("ugc", "sponsored"))
_HIDING: Final = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9]))",
    re.IGNORECASE,
)
_INLINE: Final = frozenset(
    ("a", "b", "i", "em", "strong", "span", "u", "s", "small", "sub", "sup", "mark", "code")
    + ("abbr", "cite", "q", "font", "img", "time", "ruby", "rt", "rp", "wbr", "kbd", "bdi")
)
_CAPTURED: Final = ("p-name", "p-author", "dt-published")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A page that links to us. Empty where it does not say."""

    title: str = ""
    excerpt: str = ""
    author: str = ""
    published_ms: int | None = None


def find(
    body: bytes, content_type: str, url: str, targets: Iterable[str], claimed: str = ""
) -> Found | None:
    """What the page at `url` says of itself, None where it does not link to one of `targets`.

    `claimed` is the excerpt that the page's author sent: it counts if the page has these words.
    """
    page = webpage.characters(body[:MAX_BYTES], content_type)
    reader = _Reader(url, {_spelled(target) for target in targets})
    for piece in shown(page):
        reader.take(piece)
    if reader.linked_at is None:
        return None
    described = webpage.describe(body, content_type, url)
    entry = reader.captured
    return Found(
        title=webpage.line(entry.get("p-name", ""), webpage.MAX_TITLE) or described.title,
        excerpt=reader.words(claimed) or reader.around(),
        author=webpage.line(entry.get("p-author", ""), webpage.MAX_NAME) or described.author,
        published_ms=webpage.moment(entry.get("dt-published", "")) or described.published_ms,
    )


def shown(page: str) -> Iterator[Tag | str]:
    """As `markup.pieces`, without what the page itself hides."""
    hiding, depth = "", 0
    for piece in markup.pieces(page):
        if depth and isinstance(piece, Tag) and piece.name == hiding:
            depth += -1 if piece.closing else 1
            if hiding != "p" or piece.closing:
                continue
            depth = 0  # one paragraph ends another
        elif depth:
            continue
        if not isinstance(piece, Tag) or piece.closing or not _hides(piece):
            yield piece
        elif piece.name not in VOID:
            hiding, depth = piece.name, 1


def _hides(tag: Tag) -> bool:
    if tag.name in ("html", "body"):  # whose scripts show them when they are ready
        return False
    return "hidden" in tag.attributes or bool(_HIDING.search(tag.get("style")))


def _spelled(url: str) -> str:
    """An address in the one spelling by which we compare, without its fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{unquote(parts.path)}{query}"


class _Reader:
    """Goes through what a page shows: looks for the link, and keeps its words."""

    def __init__(self, url: str, targets: set[str]) -> None:
        self.linked_at: int | None = None
        """After how many characters of text the link stands."""
        self.captured: dict[str, str] = {}
        self._targets = targets
        self._base = url
        self._based = False
        self._text: list[str] = []
        self._length = 0
        self._entry = _Capture()

    def take(self, piece: Tag | str) -> None:
        """The next tag or text."""
        if isinstance(piece, str):
            self._add(piece)
            self._entry.add(piece)
            return
        if piece.name not in _INLINE:
            self._add("\n")
        self._entry.take(piece, self.captured)
        if not piece.closing:
            self._look(piece)

    def _look(self, tag: Tag) -> None:
        if tag.name == "base" and not self._based and "href" in tag.attributes:
            self._based = True
            self._base = _joined(self._base, tag.get("href")) or self._base
        if self.linked_at is None and self._leads_to_us(tag):
            self.linked_at = self._length

    def _leads_to_us(self, tag: Tag) -> bool:
        name = _LINKS.get(tag.name)
        if name is None or name not in tag.attributes or _NOT_THEIRS & tag.words("rel"):
            return False
        return _spelled(_joined(self._base, tag.get(name))) in self._targets

    def _add(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)

    def around(self) -> str:
        """The words among which the link stands."""
        text, at = "".join(self._text), self.linked_at or 0
        start = max(text.rfind("\n", 0, at), at - MAX_EXCERPT // 2)
        end = text.find("\n", at)
        end = min(end if end >= 0 else len(text), start + 2 * MAX_EXCERPT)
        return webpage.line(text[start + 1 : end], MAX_EXCERPT)

    def words(self, claimed: str) -> str:
        """`claimed`, if these are words of the page: anybody can send any."""
        wanted = webpage.line(claimed, MAX_EXCERPT).rstrip(" .…")
        if len(wanted) < SHORTEST_EXCERPT:
            return ""
        has = " ".join(unescape("".join(self._text)).split())
        return wanted if wanted in has else ""


class _Capture:
    """The texts of the first `h-entry` of a page, by class."""

    def __init__(self) -> None:
        self._within = ""
        self._depth = 0
        self._class = ""
        self._chunks: list[str] = []
        self._room = 0
        self._entered = False

    def add(self, text: str) -> None:
        """Text of what is being captured."""
        if self._class and self._room > 0:
            self._chunks.append(text[: self._room])
            self._room -= len(text)

    def take(self, tag: Tag, into: dict[str, str]) -> None:
        """A tag, which may begin or end what is captured."""
        if self._within:
            self._nested(tag, into)
            return
        if tag.closing:
            return
        classes = frozenset(tag.get("class").split())
        if "h-entry" in classes:
            self._entered = True
        if not self._entered:
            return
        if "h-cite" in classes and tag.name not in VOID:  # somebody else's
            self._begin(tag, "")
            return
        for name in _CAPTURED:
            if name in classes and name not in into:
                self._capture(tag, name, into)
                return

    def _capture(self, tag: Tag, name: str, into: dict[str, str]) -> None:
        said = tag.get("datetime") or tag.get("title") if name == "dt-published" else ""
        if tag.name in VOID:
            said = said or tag.get("alt") or tag.get("value")
        if said or tag.name in VOID:
            into[name] = said[:MAX_CAPTURED]
            return
        self._begin(tag, name)

    def _begin(self, tag: Tag, name: str) -> None:
        self._within, self._depth, self._class = tag.name, 1, name
        self._chunks, self._room = [], MAX_CAPTURED

    def _nested(self, tag: Tag, into: dict[str, str]) -> None:
        if tag.name != self._within:
            return
        self._depth += -1 if tag.closing else 1
        if self._depth:
            return
        if self._class:
            into[self._class] = "".join(self._chunks)
        self._within = self._class = ""


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, "".join(address.split()))
    except ValueError:
        return ""
