"""Links by which a page says that it belongs to the same person: `rel="me"`.

microformats.org/wiki/rel-me. A page is read as a browser's tokenizer reads it, in one pass: what
only looks like a tag, in a comment, a script or an attribute, may be somebody else's words.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

_NAME: Final = re.compile(r"</?([a-zA-Z][^\s/>]*+)")
_SPACE: Final = re.compile(r"[\s/]*+")
_ATTRIBUTE: Final = re.compile(
    r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|(?!["'])([^\s>]*+)))?"""
)
_OPEN_QUOTE: Final = re.compile(r"""\s*+=\s*+["']""")
_RAW: Final = frozenset(
    ("script", "style", "textarea", "title", "noscript")
    + ("iframe", "xmp", "noembed", "noframes", "template")
)
_OURS: Final = re.compile(r'(<a href="[^"]*" rel=")nofollow')
_ONLY_LINK: Final = re.compile(r'<p><a href="(https://[^"]+)" rel="[^"]*">[^<]*</a></p>')


def me_links(page: str) -> Iterator[str]:
    """The addresses to which `a` and `link` elements with `rel="me"` lead, as they are written."""
    for name, attributes in _tags(page):
        if name in ("a", "link") and "me" in attributes.get("rel", "").lower().split():
            yield attributes.get("href", "").strip()


def as_me(html: str) -> str:
    """A line of a profile, as `text.render` wrote it, whose links say `rel="me"`."""
    return _OURS.sub(r"\1me nofollow", html)


def only_link(html: str) -> str | None:
    """Where a line of a profile leads that is one https link and nothing else."""
    found = _ONLY_LINK.fullmatch(html)
    return unescape(found[1]) if found else None


def _tags(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(name, attributes) of every start tag. Ends where a tag, comment or script does not."""
    at = page.find("<")
    while at >= 0:
        if page.startswith("<!--", at):
            at = _after(page, "-->", at + 4)
        elif found := _NAME.match(page, at):
            read = _attributes(page, found.end())
            if read is None:
                return
            end, attributes = read
            name = found[1].lower()
            if page[at + 1] != "/":
                yield name, attributes
                if name in _RAW:
                    closing = re.compile(f"</{name}", re.IGNORECASE | re.ASCII).search(page, end)
                    end = closing.start() if closing else len(page)
            at = end
        else:
            at += 1
        at = page.find("<", at) if at >= 0 else at


def _after(page: str, mark: str, at: int) -> int:
    found = page.find(mark, at)
    return found + len(mark) if found >= 0 else -1


def _attributes(page: str, at: int) -> tuple[int, dict[str, str]] | None:
    """(end of the tag, what it says), None where the page ends within it."""
    attributes: dict[str, str] = {}
    while True:
        space = _SPACE.match(page, at)
        at = space.end() if space else at
        if at >= len(page):
            return None
        if page[at] == ">":
            return at + 1, attributes
        found = _ATTRIBUTE.match(page, at)
        if found is None:
            return None
        at = found.end()
        value = next((part for part in found.groups()[1:] if part is not None), None)
        if value is None and _OPEN_QUOTE.match(page, at):
            return None
        attributes.setdefault(found[1].lower(), unescape(value or ""))
