"""Strangers' HTML made safe: an allow-list, no surprises in size or depth.

Everything is decided by `nh3`, a real HTML parser. What happens around it here serves three ends:
that the parser's work stays bounded for any input, that what it must drop keeps its shape as far as
possible (a heading becomes a bold paragraph, a table row a line), and that cleaning what is already
clean changes nothing. SECURITY "JSON, URLs, text".
"""

import re
from functools import cache
from typing import Final

import nh3

from server.text.markup import VOID

MAX_HTML_BYTES: Final = 100_000
"""Longer input is cut, between two tags where possible."""
MAX_DEPTH: Final = 64
"""Elements nested deeper than this lose their tags and keep their text."""
MAX_TAGS: Final = 5_000
"""Input is cut before the tag after these; a page of prose has a tenth of them."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAGS: Final = _names("p br span a del s pre blockquote code b strong u i em ul ol li ruby rt rp")
STORY_TAGS: Final = TAGS | _names(
    "h2 h3 h4 figure figcaption img table thead tbody tr th td sub sup hr"
)
CLASSES: Final = frozenset(("mention", "hashtag", "ellipsis", "invisible", "quote-inline"))
CLASS_PREFIXES: Final = ("h-", "p-", "u-", "dt-", "e-")
LINK_REL: Final = "nofollow noopener noreferrer"

_ROUNDS = 6  # strange nestings settle in two or three
_CUT_BYTES, _CUT_TAGS = 90_000, 4_500  # leave room for the end tags that a cut makes necessary
_MANY_TAGS = 256
_WITHOUT_CONTENT = _names(
    "script style template title textarea select option noscript iframe svg object"
)
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # else nh3 allows `lang` and `title` everywhere
    **{tag: {"class"} for tag in _names("p br span pre blockquote ul li figure figcaption")},
    "a": {"href", "class"},
    "ol": {"class", "start"},
    "img": {"src", "alt", "width", "height"},
}
# Exact for what nh3 writes: it escapes < > & in text, and " in values, always.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")*)>')
_ANY_TAG_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
# The parser reopens these after every block that they were left open in, once for each different
# set of attributes: without attributes that is at most three times.
_FORMATTING = re.compile(
    r"<(?:(b|code|em|i|strike|strong|s|u)[\s/][^>]*|(?:big|font|nobr|small|tt)(?=[\s/>])[^>]*)",
    re.IGNORECASE,
)
_LINE_AFTER_PRE = re.compile(r"(<pre(?: [^>]*)?>)\n+")  # a parser drops the first of them each time
_EMPTY_PARAGRAPH = re.compile(r"<p(?: [^>]*)?>\s*</p>")
_PICTURE = re.compile(r"<img(?: [^>]*)?>")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,64}\.[a-z]{2,5}")
_PART_OF_ENTITY = re.compile(r"&[a-zA-Z0-9#]{0,10}$")
_SIMPLE = frozenset(("p", "br", "a", "span"))  # most of what arrives; settles in one pass

_HEADING = ("<p><strong>", "</strong></p>")
_PARAGRAPH = ("<p>", "</p>")
_BLOCKS = _names(
    "div section article header footer main aside address center dl dt dd details summary"
)
_REWRITTEN: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_BLOCKS, _PARAGRAPH),
    "strike": ("<s>", "</s>"),
}
_GUEST_REWRITTEN: dict[str, tuple[str, str]] = {
    **_REWRITTEN,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _HEADING),
    **dict.fromkeys(("tr", "caption", "figure", "figcaption"), _PARAGRAPH),
    **dict.fromkeys(("td", "th"), ("", " ")),
}
_STORY_REWRITTEN: dict[str, tuple[str, str]] = {
    **_REWRITTEN,
    "h1": ("<h2>", "</h2>"),
    **dict.fromkeys(("h5", "h6"), ("<h4>", "</h4>")),
}


def sanitise(html: str) -> str:
    """A guest's HTML, safe to show: `TAGS`, known classes, links to http(s) only.

    Headings become bold paragraphs, other blocks paragraphs; pictures go. At most `MAX_HTML_BYTES`
    in and out. `sanitise(sanitise(html)) == sanitise(html)`.
    """
    return _clean(html, _guest())


def sanitise_story(html: str, media: str = "") -> str:
    """As `sanitise`, with `STORY_TAGS`: headings, tables, and the pictures in the folder `media`.

    `media` is the address of their folder, such as `https://city.test/media/`;
    without it no picture is kept.
    """
    return _clean(html, _story(media))


def own_picture(address: str, media: str) -> bool:
    """Whether this is the address of a picture below `media`, and of nothing else.

    `media/../x` would be a request in the name of everybody who reads it.
    """
    if not media or not address.startswith(media):
        return False
    return _FILE.fullmatch(address.removeprefix(media)) is not None


class _Rules:
    """A cleaner to keep, the wider one that comes before it, and what is renamed between them."""

    def __init__(
        self, tags: frozenset[str], rewritten: dict[str, tuple[str, str]], media: str
    ) -> None:
        self.rewritten = rewritten
        self.media = media
        self.final = self._cleaner(tags)
        self.first = self._cleaner(tags | rewritten.keys())

    def _cleaner(self, tags: frozenset[str]) -> nh3.Cleaner:
        return nh3.Cleaner(
            tags=set(tags),
            clean_content_tags=set(_WITHOUT_CONTENT),
            attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags | {"*"}},
            attribute_filter=self.attribute,
            url_schemes={"http", "https"},
            url_relative="deny",
            link_rel=LINK_REL,
            set_tag_attribute_values={"img": {"loading": "lazy"}} if "img" in tags else {},
        )

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """The value to keep, or nothing."""
        if name == "class":
            return " ".join(filter(_allowed_class, value.split())) or None
        if name == "href":
            return value if value.lower().startswith(("https://", "http://")) else None
        if name == "src":
            return value if own_picture(value, self.media) else None
        if name in ("start", "width", "height"):
            return value if value.isascii() and value.isdigit() and len(value) < 6 else None
        return value


def _allowed_class(name: str) -> bool:
    return name in CLASSES or name.startswith(CLASS_PREFIXES)


@cache
def _guest() -> _Rules:
    return _Rules(TAGS, _GUEST_REWRITTEN, "")


@cache
def _story(media: str) -> _Rules:
    return _Rules(STORY_TAGS, _STORY_REWRITTEN, media)


def _clean(html: str, rules: _Rules) -> str:
    if not html:
        return ""
    html = _bounded(html)
    names = set(map(str.lower, _ANY_TAG_NAME.findall(html)))
    if not names.isdisjoint(rules.rewritten):
        html = _renamed(_capped(rules.first.clean(html)), rules.rewritten)
    cleaned = _tidy(rules.final.clean(html))
    if names <= _SIMPLE and cleaned.count("</") <= MAX_DEPTH and _fits(cleaned):
        return cleaned
    return _settled(cleaned, rules.final)


def _settled(html: str, cleaner: nh3.Cleaner) -> str:
    """What cleaning again no longer changes.

    Where a dropped element stood between two others, what is left may read differently the next
    time (a paragraph in a paragraph). Every round makes the nesting plainer.
    """
    for _ in range(_ROUNDS):
        before = html
        html = _shallow(_PICTURE.sub(_with_source, _capped(html)))
        html = _tidy(cleaner.clean(_EMPTY_PARAGRAPH.sub("", html)))
        if html == before:
            return html
    return _bare(html)


def _bare(html: str) -> str:
    """Text and line breaks alone: for markup built never to settle."""
    text = _TAG.sub(lambda tag: "<br>" if tag[2] == "br" or tag[1] and tag[2] == "p" else "", html)
    return _capped(text)


def _renamed(html: str, names: dict[str, tuple[str, str]]) -> str:
    """Tags exchanged for others: nh3 keeps or drops, and cannot rename."""

    def renamed(tag: re.Match[str]) -> str:
        pair = names.get(tag[2])
        return tag[0] if pair is None else pair[1 if tag[1] else 0]

    return _TAG.sub(renamed, html)


def _shallow(html: str) -> str:
    """The same text without the tags nested deeper than `MAX_DEPTH`."""
    if html.count("<") <= MAX_DEPTH:
        return html
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[2] in VOID:
            return tag[0]
        if tag[1]:
            depth -= 1
            return tag[0] if depth < MAX_DEPTH else ""
        depth += 1
        return tag[0] if depth <= MAX_DEPTH else ""

    return _TAG.sub(kept, html)


def _with_source(picture: re.Match[str]) -> str:
    return picture[0] if ' src="' in picture[0] else ""


def _tidy(html: str) -> str:
    """Line ends that a parser would read differently the second time, made plain."""
    if "\r" in html:
        html = html.replace("\r\n", "\n").replace("\r", "\n")
    return _LINE_AFTER_PRE.sub(r"\1", html) if "<pre" in html else html


def _bounded(html: str) -> str:
    """Input whose parsing costs at most some tens of milliseconds."""
    if not html.isascii():
        html = html.encode("utf-8", "replace").decode("utf-8")  # nh3 raises on lone surrogates
    if not _fits(html):
        html = _cut(html, MAX_HTML_BYTES, MAX_TAGS)
    return _FORMATTING.sub(_plain_formatting, html) if html.count("<") > _MANY_TAGS else html


def plain_formatting(html: str) -> str:
    """`html` whose formatting elements have no attributes: a parser reopens few kinds of them."""
    return _FORMATTING.sub(_plain_formatting, html)


def _plain_formatting(tag: re.Match[str]) -> str:
    return f"<{tag[1] or 'wbr'}"


def _fits(html: str) -> bool:
    """Whether neither limit is passed; a character is at most four bytes."""
    small = len(html) * 4 <= MAX_HTML_BYTES or len(html.encode()) <= MAX_HTML_BYTES
    return small and html.count("<") <= MAX_TAGS


def _capped(html: str) -> str:
    """The parser writes end tags, and opens anew what was left open: its output can be longer."""
    return html if _fits(html) else _cut(html, _CUT_BYTES, _CUT_TAGS)


def _cut(html: str, size: int, tags: int) -> str:
    """At most `size` bytes and `tags` tags, ending in the middle of neither."""
    html = "<".join(html.split("<", tags + 1)[: tags + 1])
    if len(html.encode()) <= size:
        return html
    html = html.encode()[:size].decode("utf-8", "ignore")
    if html.rfind("<") > html.rfind(">"):
        html = html[: html.rfind("<")]
    return _PART_OF_ENTITY.sub("", html)
