"""HTML read as text: for previews, feeds, titles and the search index."""

import re
import unicodedata
from functools import cache
from html import unescape
from typing import Final

import nh3

ELLIPSIS: Final = "…"

_BREAKS = "p br li blockquote pre h1 h2 h3 h4 h5 h6 div tr figure figcaption dt dd hr section"
_TAG = re.compile(r"<[^>]*>")  # exact here: nothing keeps an attribute
_QUOTED = re.compile(r'<(p|span) class="[^"]*\bquote-inline\b[^"]*">.*?</\1>', re.DOTALL)
_JOINERS = "\u200d\ufe0e\ufe0f"


def plain(html: str) -> str:
    """What a person reads in `html`, one line per block, entities decoded; never markup."""
    if "<" not in html and "&" not in html:
        return html.strip()
    text = _cleaner().clean(html.encode("utf-8", "replace").decode())
    text = unescape(_TAG.sub("\n", text)).replace("\xa0", " ")
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def unquoted(html: str) -> str:
    """`html` without the link to what it quotes, which is there for who does not know quotes."""
    return _QUOTED.sub("", html) if "quote-inline" in html else html


def excerpt(html: str, characters: int) -> str:
    """The beginning of `html`, or of plain text, on one line: at most `characters`, "…" included.

    Ends between two words where one ends in the last third, and never within a composed character.
    """
    text = " ".join(plain(unquoted(html)).split())
    if len(text) <= characters:
        return text
    end = max(characters - len(ELLIPSIS), 0)
    while end > 0 and _continues(text, end):
        end -= 1
    space = text.rfind(" ", 0, end + 1)
    if space > characters * 2 // 3:
        end = space
    return text[:end].rstrip(" ,.;:·-") + ELLIPSIS


def opens(html: str, lead: str) -> bool:
    """Whether `lead`, HTML or plain, says nothing but how `html` begins, as an excerpt does."""
    beginning = " ".join(plain(lead).split()).removesuffix(ELLIPSIS)
    return " ".join(plain(html).split()).startswith(beginning)


def _continues(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to the one before it."""
    return (
        unicodedata.category(text[at]).startswith("M")
        or text[at] in _JOINERS
        or text[at - 1] == "\u200d"
        or "\U0001f3fb" <= text[at] <= "\U0001f3ff"
    )


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_BREAKS.split()),
        clean_content_tags={"script", "style", "template", "title", "noscript", "iframe", "svg"},
        attributes={"*": set()},
        link_rel=None,
    )
