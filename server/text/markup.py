"""HTML of strangers, read tag by tag as a browser's tokenizer reads it, in one pass.

What only looks like a tag, in a comment, a script, a template or an attribute, may be somebody
else's words. Where browsers would disagree with us we see less than they do, never more.

html.spec.whatwg.org, "Tokenization"
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Final

import msgspec

VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input")
    + ("link", "meta", "param", "source", "track", "wbr")
)
"""Elements without an end."""

_NAME: Final = re.compile(r"</?([a-zA-Z][^\s/>]*+)")
_SPACE: Final = re.compile(r"[\s/]*+")
_ATTRIBUTE: Final = re.compile(
    r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|(?!["'])([^\s>]*+)))?"""
)
_OPEN_QUOTE: Final = re.compile(r"""\s*+=\s*+["']""")
_RAW: Final = frozenset(
    ("script", "style", "textarea", "title", "noscript")
    + ("iframe", "xmp", "noembed", "noframes", "plaintext")
)
_SKIPPED: Final = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">"), ("</", ">"))


class Tag(msgspec.Struct, frozen=True):
    """A tag; of one that closes an element the name alone counts. Names are in lower case."""

    name: str
    attributes: Mapping[str, str]
    closing: bool = False

    def get(self, name: str) -> str:
        """What it says about this; nothing where it is silent."""
        return self.attributes.get(name, "")

    def words(self, name: str) -> frozenset[str]:
        """The words of an attribute that is a list of them, in lower case."""
        return frozenset(self.get(name).lower().split())


def opened(page: str) -> Iterator[Tag]:
    """Every tag that begins an element."""
    return (one for one in pieces(page) if isinstance(one, Tag) and not one.closing)


def pieces(page: str) -> Iterator[Tag | str]:
    """The tags of a page and the text between them, as it is written there.

    Ends where a tag, comment or script does not.
    """
    templates = 0
    for piece in _all(page):
        if isinstance(piece, Tag) and piece.name == "template":
            templates = max(0, templates + (-1 if piece.closing else 1))
        elif not templates:
            yield piece


def _all(page: str) -> Iterator[Tag | str]:
    at = 0
    while at >= 0 and (begun := page.find("<", at)) >= 0:
        if begun > at:
            yield page[at:begun]
        found = _NAME.match(page, begun)
        if found is None:
            at = _past(page, begun)
            continue
        read = attributes(page, found.end())
        if read is None:
            return
        at, said = read
        tag = Tag(found[1].lower(), said, page[begun + 1] == "/")
        yield tag
        if tag.name in _RAW and not tag.closing:
            end = _end_of_raw(page, tag.name, at)
            if tag.name == "title":
                yield page[at:end]
            at = end
    if at >= 0:
        yield page[at:]


def _past(page: str, begun: int) -> int:
    """Where a comment, or what passes for one, is over; below 0 where it never is."""
    for start, end in _SKIPPED:
        if page.startswith(start, begun):
            # two signs on: `<!-->` is a whole comment
            found = page.find(end, begun + 2)
            return found + len(end) if found >= 0 else -1
    return begun + 1


def _end_of_raw(page: str, name: str, at: int) -> int:
    end_tag = re.compile(f"</{name}(?![a-z0-9-])", re.IGNORECASE | re.ASCII)
    found = end_tag.search(page, at)
    if found and name == "script" and _escaped(page, at, found.start()):
        after = page.find("-->", found.start())
        found = end_tag.search(page, after) if after >= 0 else None
    return found.start() if found else len(page)


def _escaped(page: str, at: int, end: int) -> bool:
    """Whether a script has a comment with a script in it, whose end tag does not end the first."""
    comment = page.find("<!--", at, end)
    return comment >= 0 and "<script" in page[comment:end].lower()


def attributes(page: str, at: int) -> tuple[int, dict[str, str]] | None:
    """(end of the tag, what it says) for a tag whose name ends at `at`; None where it never ends.

    Of two that say the same name the first counts.
    """
    said: dict[str, str] = {}
    while True:
        space = _SPACE.match(page, at)
        at = space.end() if space else at
        if at >= len(page):
            return None
        if page[at] == ">":
            return at + 1, said
        found = _ATTRIBUTE.match(page, at)
        if found is None:
            return None
        at = found.end()
        value = next((part for part in found.groups()[1:] if part is not None), None)
        if value is None and _OPEN_QUOTE.match(page, at):
            return None
        said.setdefault(found[1].lower(), unescape(value or ""))
