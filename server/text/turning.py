"""HTML that another program wrote, as Markdown of ours: whoever imports a text can go on with it.

What Markdown cannot say (colours, sizes, where a picture floats) is lost; words, headings, lists,
tables, links and pictures stay. The parser's work is bounded by `MAX_SOURCE` and `MAX_TAGS`, and
what is made is rendered by our own Markdown as what anybody types is: no HTML of it is kept.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec
import nh3

from server.text.cleaning import plain_formatting
from server.text.markup import VOID

MAX_SOURCE: Final = 400_000  # characters
MAX_TAGS: Final = 12_000
MAX_DEPTH: Final = 48
MAX_ADDRESS: Final = 2_000
MAX_PICTURES: Final = 1_000
MAX_COLUMNS: Final = 50  # of a table
MAX_BRACKETS: Final = 2_000  # as many as anybody may type

_INLINE: Final = frozenset(
    ("a", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "code", "tt", "kbd", "br")
    + ("span", "font", "sub", "sup", "small", "big", "mark", "abbr", "cite", "q", "wbr", "label")
)
_BLOCK: Final = frozenset(
    ("p", "div", "section", "article", "header", "footer", "main", "aside", "center", "address")
    + ("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre")
    + ("hr", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "figure")
    + ("figcaption", "details", "summary", "img", "iframe", "embed", "video", "audio", "source")
)
_KEPT: Final = _INLINE | _BLOCK
_ATTRIBUTES: Final = {
    "*": set[str](),
    "a": {"href"},
    "img": {"src", "alt", "title"},
    **{tag: {"src"} for tag in ("iframe", "embed", "video", "audio", "source")},
}
_DROPPED: Final = re.compile(
    r"""\s(?:style|class|id|on\w+|data-[\w-]+|width|height|border|align)="[^"<>]*\"""", re.I
)
_SPACE: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_SPECIAL: Final = re.compile(r"[\\`*\[\]<~|]|(?<!\w)_|_(?!\w)|&(?=[A-Za-z#])")
_LINE_START: Final = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+=>]|(\d{1,9})([.)])(?=\s|$))", re.M)
_MARKS: Final = re.compile("[\ue000-\ue002]")
_MARK: Final = re.compile("\ue000([0-9]+)\ue001")
_PLAYERS: Final = (
    (r"^https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{5,20})", "youtube.com/watch?v="),
    (r"^https?://player\.vimeo\.com/video/(\d{3,20})", "vimeo.com/"),
    (r"^https?://tv\.naver\.com/embed/(\d{3,20})", "tv.naver.com/v/"),
    (r"^https?://play-tv\.kakao\.com/embed/player/cliplink/(\w{3,40})", "tv.kakao.com/v/"),
)


class Shown(msgspec.Struct, frozen=True):
    """A picture in a text: where it was, as it is written there, and what it shows."""

    source: str
    alt: str = ""


class Turned(msgspec.Struct, frozen=True):
    """Markdown in which a mark (`mark_of`) stands for each of the pictures."""

    markdown: str
    pictures: tuple[Shown, ...] = ()
    cut: bool = False


class _Element:
    """An element with what is in it, while a text is read."""

    __slots__ = ("attributes", "children", "holds_block", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[str | _Element] = []
        self.holds_block = False


def mark_of(number: int) -> str:
    """What stands in `Turned.markdown` for the picture with this number."""
    return f"\ue000{number}\ue001"


def placed(turned: Turned, pictures: Iterable[str]) -> str:
    """The Markdown with these texts where the marks were, in the order of `Turned.pictures`."""
    texts = dict(enumerate(pictures))
    return _MARKS.sub("", _MARK.sub(lambda mark: texts.get(int(mark[1]), ""), turned.markdown))


def picture(address: str, alt: str) -> str:
    """A picture as Markdown writes it."""
    return f"![{escaped(' '.join(alt.split()))}]({_address(address)})"


def link(address: str, words: str) -> str:
    """A link as Markdown writes it; the words alone where it leads nowhere."""
    words = escaped(" ".join(words.split()))
    return f"[{words or escaped(address)}]({_address(address)})" if _leads(address) else words


def escaped(text: str) -> str:
    """`text` in which nothing means anything in Markdown; within a line."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], _MARKS.sub("", text))


def plain_text(text: str) -> str:
    """Words that somebody typed, as Markdown that shows them as they were, line by line."""
    lines = (_SPACE.sub(" ", line).strip() for line in text.replace("\r\n", "\n").split("\n"))
    said = "\n".join(_line_start(escaped(line)) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", said).strip()


def turn(html: str, base: str = "") -> Turned:
    """HTML as Markdown. `base` is where relative addresses lead from; without it they go."""
    html, cut = _bounded(html)
    reader = _Reader()
    reader.feed(_cleaner().clean(html))
    reader.close()
    writer = _Writer(base)
    said = "\n\n".join(filter(None, writer.blocks(reader.root)))
    if said.count("[") > MAX_BRACKETS:
        said = said.replace("\\[", "(").replace("\\]", ")").replace("[", "(").replace("]", ")")
    return Turned(said, tuple(writer.pictures), cut or writer.cut)


def _bounded(html: str) -> tuple[str, bool]:
    html = html.encode("utf-8", "replace").decode()
    html = _MARKS.sub("", _DROPPED.sub("", html[: 4 * MAX_SOURCE]))
    cut = len(html) > MAX_SOURCE or html.count("<") > MAX_TAGS
    html = "<".join(html[:MAX_SOURCE].split("<", MAX_TAGS + 1)[: MAX_TAGS + 1])
    html = plain_formatting(html)
    if (
        not re.search(r"<(?:p|div|br)[\s/>]", html, re.I) and "\n\n" in html
    ):  # as WordPress keeps it
        html = re.sub(r"\n{2,}", "<p>", html).replace("\n", "<br>")
    return html, cut


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_KEPT),
        clean_content_tags={"script", "style", "template", "title", "textarea", "select", "svg"},
        attributes=dict(_ATTRIBUTES),
        url_schemes={"http", "https", "old"},
        url_relative="pass_through",
        link_rel=None,
    )


class _Reader(HTMLParser):
    """A tree of what `nh3` wrote, which is well formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCK:
            for above in self._open[: MAX_DEPTH + 1]:
                above.holds_block = True
        made = _Element(tag, {name: value or "" for name, value in attrs})
        if tag in VOID or len(self._open) <= MAX_DEPTH:
            self._open[-1].children.append(made)
        if tag not in VOID:
            self._open.append(made if len(self._open) <= MAX_DEPTH else self._open[-1])

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


class _Writer:
    """Writes elements as Markdown, and gathers the pictures."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.pictures: list[Shown] = []
        self.cut = False

    # --- blocks

    def blocks(self, element: _Element) -> list[str]:
        """What is in an element, block by block."""
        made: list[str] = []
        run: list[str | _Element] = []
        for child in element.children:
            if isinstance(child, _Element) and (child.tag in _BLOCK or child.holds_block):
                made += self._paragraph(run)
                run = []
                made += self._block(child)
            else:
                run.append(child)
        return made + self._paragraph(run)

    def _paragraph(self, run: list[str | _Element]) -> list[str]:
        said = _trimmed(self._run(run))
        return [_line_start(said)] if said else []

    def _block(self, element: _Element) -> list[str]:
        write = {
            "img": self._picture,
            "iframe": self._player,
            "embed": self._player,
            "video": self._player,
            "audio": self._player,
            "source": self._player,
            "hr": lambda _: ["---"],
            "pre": _fence,
            "blockquote": self._quote,
            "ul": self._list,
            "ol": self._list,
            "table": self._table,
            "figcaption": self._caption,
        }.get(element.tag)
        if write is not None:
            return write(element)
        if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            return self._heading(element)
        return self.blocks(element)

    def _heading(self, element: _Element) -> list[str]:
        drawn = [made for one in _pictures_in(element) for made in self._picture(one)]
        said = " ".join(self._run(element.children).replace("\\\n", " ").split())
        level = min(max(int(element.tag[1]), 2), 4)
        return [f"{'#' * level} {said}", *drawn] if said else drawn

    def _quote(self, element: _Element) -> list[str]:
        said = "\n\n".join(self.blocks(element))
        return ["\n".join(f"> {line}".rstrip() for line in said.split("\n"))] if said else []

    def _list(self, element: _Element) -> list[str]:
        items = [one for one in element.children if isinstance(one, _Element)]
        made = []
        for number, item in enumerate(items, 1):
            sign = f"{number}. " if element.tag == "ol" else "- "
            inner = self.blocks(item) if item.tag == "li" else self._block(item)
            said = _item(inner)
            if said:
                lines = said.split("\n")
                made.append(
                    "\n".join([sign + lines[0], *(_indented(line, sign) for line in lines[1:])])
                )
        return ["\n".join(made)] if made else []

    def _table(self, element: _Element) -> list[str]:
        rows = [
            [one for one in row.children if isinstance(one, _Element) and one.tag in ("td", "th")]
            for row in _rows_of(element)
        ]
        rows = [row for row in rows if row]
        wide = max((len(row) for row in rows), default=0)
        if not 2 <= wide <= MAX_COLUMNS or any(cell.holds_block for row in rows for cell in row):
            return [made for row in rows for cell in row for made in self.blocks(cell)]
        lines = [
            "| "
            + " | ".join([*(self._cell(cell) for cell in row), *[""] * (wide - len(row))])
            + " |"
            for row in rows
        ]
        return ["\n".join([lines[0], "|" + "---|" * wide, *lines[1:]])]

    def _cell(self, cell: _Element) -> str:
        return " ".join(self._run(cell.children).replace("\\\n", " ").split())

    def _caption(self, element: _Element) -> list[str]:
        said = " ".join(self._run(element.children).replace("\\\n", " ").split())
        return [f"*{said}*"] if said and "*" not in said else self.blocks(element)

    def _picture(self, element: _Element) -> list[str]:
        source = element.attributes.get("src", "").strip()
        if not source.startswith("old:"):
            source = self._joined(source)
        if not source or len(source) > MAX_ADDRESS:
            return []
        if len(self.pictures) >= MAX_PICTURES:
            self.cut = True
            return []
        alt = element.attributes.get("alt") or element.attributes.get("title") or ""
        self.pictures.append(Shown(source, " ".join(alt.split())[:1500]))
        return [mark_of(len(self.pictures) - 1)]

    def _player(self, element: _Element) -> list[str]:
        address = _watched(self._joined(element.attributes.get("src", "").strip()))
        inner = self.blocks(element)
        return [f"<{address}>", *inner] if _leads(address) else inner

    # --- within a line

    def _run(self, run: Iterable["str | _Element"]) -> str:
        return "".join(
            escaped(_SPACE.sub(" ", one)) if isinstance(one, str) else self._inline(one)
            for one in run
        )

    def _inline(self, element: _Element) -> str:
        if element.tag == "br":
            return "\\\n"
        if element.tag in ("code", "tt", "kbd"):
            return _code(_words(element))
        if element.tag == "img":
            return ""
        said = self._run(element.children)
        if element.tag == "a":
            return self._linked(said, element.attributes.get("href", "").strip())
        sign = _SIGNS.get(element.tag, "")
        return _wrapped(said, sign) if sign else said

    def _linked(self, said: str, address: str) -> str:
        address = self._joined(address)
        words = " ".join(said.replace("\\\n", " ").split())
        if not _leads(address) or "](" in words:
            return said
        return f"[{words}]({_address(address)})" if words else ""

    def _joined(self, address: str) -> str:
        address = address.replace(" ", "%20")
        if address.startswith("//"):
            address = f"https:{address}"
        try:
            return urljoin(self._base, address) if self._base else address
        except ValueError:
            return ""


_SIGNS: Final = {
    **dict.fromkeys(("b", "strong"), "**"),
    **dict.fromkeys(("i", "em", "cite"), "*"),
    **dict.fromkeys(("s", "strike", "del"), "~~"),
}


def _wrapped(said: str, sign: str) -> str:
    """Emphasis around words, not around the spaces beside them, and only once."""
    inner = said.strip()
    if not inner or sign[0] in _unescaped(inner) or "\\\n\\\n" in inner:
        return said
    while inner.startswith("\\\n"):
        inner = inner[2:].lstrip()
    while inner.endswith("\\\n"):
        inner = inner[:-2].rstrip()
    start, _, end = said.partition(inner) if inner else (said, "", "")
    return f"{start}{sign}{inner}{sign}{end}" if inner else said


def _unescaped(said: str) -> str:
    return re.sub(r"\\.", "", said)


def _trimmed(said: str) -> str:
    """Without line breaks at either end, and no more than one between two lines."""
    lines = [line.strip() for line in said.split("\\\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join("\\\n".join(map(_line_start, one)) for one in paragraphs if one)


def _line_start(said: str) -> str:
    """Nothing at the beginning of a line begins a list, a heading or a quote."""

    def kept(found: re.Match[str]) -> str:
        if found[3]:
            return f"{found[1]}{found[3]}\\{found[4]}"
        return f"{found[1]}\\{found[2]}"

    return _LINE_START.sub(kept, said)


def _item(blocks: list[str]) -> str:
    """What stands in an item; a list in it follows at once, or all would have wide gaps."""
    said = blocks[0] if blocks else ""
    for block in blocks[1:]:
        said += ("\n" if re.match(r"- |\d+\. ", block) else "\n\n") + block
    return said


def _indented(line: str, sign: str) -> str:
    return " " * len(sign) + line if line else ""


def _below(element: _Element) -> Iterator[_Element]:
    for child in element.children:
        if isinstance(child, _Element):
            yield child
            yield from _below(child)


def _pictures_in(element: _Element) -> list[_Element]:
    return [one for one in _below(element) if one.tag == "img"]


def _rows_of(table: _Element) -> Iterator[_Element]:
    for child in table.children:
        if isinstance(child, _Element):
            if child.tag == "tr":
                yield child
            elif child.tag != "table":
                yield from _rows_of(child)


def _words(element: _Element) -> str:
    return "".join(
        one if isinstance(one, str) else "\n" if one.tag == "br" else _words(one)
        for one in element.children
    )


def _fence(element: _Element) -> list[str]:
    said = _words(element).strip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}", said)), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}\n{said}\n{fence}"] if said.strip() else []


def _code(said: str) -> str:
    said = " ".join(said.split())
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    fence = "`" * (longest + 1)
    room = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{fence}{room}{said}{room}{fence}" if said else ""


def _watched(address: str) -> str:
    """The page of a film whose player stood in a text."""
    for pattern, page in _PLAYERS:
        if found := re.match(pattern, address):
            return f"https://{'www.' if 'youtube' in page else ''}{page}{found[1]}"
    return address


def _leads(address: str) -> bool:
    if len(address) > MAX_ADDRESS or re.search(r"\s", address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _address(address: str) -> str:
    """An address between the brackets of Markdown."""
    for sign, code in (
        (" ", "%20"),
        ("(", "%28"),
        (")", "%29"),
        ("<", "%3C"),
        (">", "%3E"),
        ("\\", "%5C"),
    ):
        address = address.replace(sign, code)
    return address
