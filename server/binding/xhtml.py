"""HTML made well-formed: what a book may show, closed where it was opened, and nothing else.

What is stored was sanitised already. Books are read for years in programs that we do not know, so
nothing is trusted here: an allow-list of its own, and every tag and every sign written anew.
"""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final
from xml.sax.saxutils import escape, quoteattr

PictureAt = Callable[[str], str | None]
"""From the address of a picture to that of its file in the book, or nothing."""

MAX_DEPTH: Final = 64
TAGS: Final = frozenset(
    [
        "p",
        "br",
        "span",
        "a",
        "del",
        "s",
        "pre",
        "blockquote",
        "code",
        "b",
        "strong",
        "u",
        "i",
        "em",
        "ul",
        "ol",
        "li",
        "ruby",
        "rt",
        "rp",
        "h2",
        "h3",
        "h4",
        "figure",
        "figcaption",
        "img",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "sub",
        "sup",
        "hr",
    ]
)
_VOID: Final = frozenset(("br", "img", "hr"))
_SILENT: Final = frozenset(
    "script style template title textarea select option noscript iframe svg math object".split()  # noqa: SIM905
)
"""What stands in these is not shown either."""
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 section 2.2, and the control signs that it discourages."""


def text(words: str) -> str:
    """Plain words as the text of an element."""
    return escape(_ILLEGAL.sub("", words))


def attribute(value: str) -> str:
    """A value with the quotes around it."""
    return quoteattr(_ILLEGAL.sub("", value))


def well_formed(html: str, picture_at: PictureAt) -> str:
    """`html` as elements of XHTML. A picture that the book does not have leaves its words."""
    parser = _Writer(picture_at)
    parser.feed(html)
    parser.close()
    return parser.written()


class _Writer(HTMLParser):
    """Writes what is allowed, and closes what was left open."""

    def __init__(self, picture_at: PictureAt) -> None:
        super().__init__(convert_charrefs=True)
        self._picture_at = picture_at
        self._out: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []

    def written(self) -> str:
        """Everything, with every element closed."""
        while self._open:
            self._out.append(f"</{self._open.pop()}>")
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, if a book may have it."""
        if tag in _SILENT:
            self._silent.append(tag)
        if self._silent or tag not in TAGS:
            return
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._out.append(self._picture(given))
        elif tag in _VOID:
            self._out.append(f"<{tag}/>")
        elif len(self._open) < MAX_DEPTH and not (tag == "a" and "a" in self._open):
            self._open.append(tag)
            self._out.append(f"<{tag}{_kept(tag, given)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<tag/>` of one that is not void opens it, as in browsers; of what is silent it ends."""
        self.handle_starttag(tag, attrs)
        if tag in _SILENT:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element and all that is open in it."""
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag not in self._open:
            return
        while True:
            closed = self._open.pop()
            self._out.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._silent:
            self._out.append(text(data))

    def _picture(self, given: dict[str, str]) -> str:
        alt = given.get("alt", "")
        file = self._picture_at(given.get("src", ""))
        if file is None:
            return text(f"[{alt}]") if alt else ""
        return f"<img src={attribute(file)} alt={attribute(alt)}/>"


def _kept(tag: str, given: dict[str, str]) -> str:
    href = given.get("href", "")
    if tag == "a" and href.lower().startswith(("https://", "http://")):
        return f" href={attribute(address(href))}"
    start = given.get("start", "")
    if tag == "ol" and start.isascii() and start.isdigit() and len(start) < 6:
        return f' start="{int(start)}"'
    return ""


def address(href: str) -> str:
    """An address without what readers of books would stumble over."""
    kept = re.sub(
        r"[\s\"<>\\^`{|}]", lambda sign: "".join(f"%{b:02X}" for b in sign[0].encode()), href
    )
    return _ILLEGAL.sub("", kept)
