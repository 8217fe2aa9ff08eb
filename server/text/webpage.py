"""What the head of a web page says of the page: Open Graph, Twitter's cards, its title.

Strangers' HTML again: this reads texts and addresses, never markup. Only the beginning of the page
is looked at, only so many tags, and nothing here looks at a character more than a few times,
whatever the page.

ogp.me, oembed.com
"""

import json
import re
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import msgspec

MAX_BYTES: Final = 256 * 1024  # of a page that are looked at
MAX_TAGS: Final = 400
MAX_TAG: Final = 4_000  # characters
MAX_TITLE: Final = 200
MAX_DESCRIPTION: Final = 500
MAX_NAME: Final = 100
MAX_ADDRESS: Final = 2_000
MAX_SIDE: Final = 10_000  # pixels

_TAG: Final = re.compile(r"<(meta|link|title|html)(?=[\s>/])", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"""[\s/]*([^\s=>"'/]{1,50})(?:\s{0,5}=\s{0,5}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?"""
)
_DECLARED: Final = re.compile(
    rb"""<meta[^>]{0,200}charset\s?=\s?["']?([A-Za-z0-9_-]{2,20})""", re.I
)
_CHARSET: Final = re.compile(r"""charset\s?=\s?["']?([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?=$|[-_])")
_OEMBED: Final = "application/json+oembed"
# Those of the web: some of Python's others take time that grows with the square of the text.
_KOREAN: Final = "cp949"
_CODECS: Final = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("euc-kr", "euckr", "ks_c_5601-1987", "cp949", "ms949"), _KOREAN),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "windows-1252", "cp1252"), "cp1252"),
    **{name: name for name in ("iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251")},
    **{
        name: name for name in ("koi8-r", "shift_jis", "euc-jp", "gb2312", "gbk", "gb18030", "big5")
    },
}


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """Plain text and absolute addresses; empty where the page does not say.

    `oembed` is where more can be asked for. `software`: peertube, or nothing that matters to us.
    """

    title: str = ""
    description: str = ""
    author: str = ""
    author_url: str = ""
    provider: str = ""
    language: str = ""
    image: str = ""
    image_alt: str = ""
    width: int = 0
    height: int = 0
    published_ms: int | None = None
    software: str = ""
    oembed: str = ""


def describe(body: bytes, content_type: str, url: str) -> Described:
    """What the HTML at `url` says of itself."""
    found = _Head(_without(characters(body[:MAX_BYTES], content_type)))
    meta = found.meta
    image = _address(url, meta("og:image:secure_url", "og:image", "og:image:url", "twitter:image"))
    return Described(
        title=line(meta("og:title", "twitter:title") or found.title, MAX_TITLE),
        description=line(
            meta("og:description", "twitter:description", "description"), MAX_DESCRIPTION
        ),
        author=line(_name(meta("author", "article:author", "og:article:author")), MAX_NAME),
        author_url=_address(url, _link(meta("article:author", "og:article:author"))),
        provider=line(meta("og:site_name", "application-name"), MAX_NAME),
        language=_language(meta("og:locale") or found.language),
        image=image,
        image_alt=line(meta("og:image:alt", "twitter:image:alt"), MAX_DESCRIPTION) if image else "",
        width=_side(meta("og:image:width")) if image else 0,
        height=_side(meta("og:image:height")) if image else 0,
        software=_software(meta("og:platform")),
        published_ms=moment(meta("article:published_time", "og:article:published_time")),
        oembed=_address(url, found.oembed),
    )


def with_oembed(page: Described, body: bytes, url: str) -> Described:
    """`page`, and where it is silent what its oEmbed document says. Its `html` is not for us."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return page
    if not isinstance(said, dict):
        return page

    def text(name: str) -> str:
        value = said.get(name)
        return value if isinstance(value, str) else ""

    return msgspec.structs.replace(
        page,
        title=page.title or line(text("title"), MAX_TITLE),
        author=page.author or line(text("author_name"), MAX_NAME),
        author_url=page.author_url or _address(url, text("author_url")),
        provider=page.provider or line(text("provider_name"), MAX_NAME),
        image=page.image or _address(url, text("thumbnail_url")),
    )


def as_uri(url: str) -> str:
    """An address as it goes over the wire: what people write in their letters, as escapes.

    RFC 3987 §3.1. What cannot be written so is left as it is; nobody is asked at such an address.
    """
    try:
        parts = urlsplit(url)
        name = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
        return quote(urlunsplit(parts._replace(netloc=name)), safe="%/:?#[]@!$&'()*+,;=~")
    except ValueError:
        return url


def _software(said: str) -> str:
    """Every page of PeerTube names it. docs.joinpeertube.org/api/rest-getting-started"""
    return "peertube" if said.lower() == "peertube" else ""


class _Head:
    """The tags that count, the first of each kind."""

    def __init__(self, html: str) -> None:
        self.title = self.language = self.oembed = ""
        self._meta: dict[str, str] = {}
        end = len(html)
        if (body := re.search(r"<body[\s>]", html, re.IGNORECASE)) is not None:
            end = body.start()
        for number, tag in enumerate(_TAG.finditer(html, 0, end)):
            if number == MAX_TAGS:
                break
            self._take(tag[1].lower(), html, tag.end())

    def meta(self, *names: str) -> str:
        """What the page says under the first of these names that it uses."""
        return next((self._meta[name] for name in names if self._meta.get(name)), "")

    def _take(self, name: str, html: str, at: int) -> None:
        if name == "title":
            start = html.find(">", at, at + MAX_TAG) + 1
            if start and not self.title:
                self.title = html[start : start + MAX_TAG].partition("<")[0]
            return
        given = _attributes(html[at : at + MAX_TAG])
        if name == "html":
            self.language = self.language or given.get("lang", "")
        elif name == "link" and given.get("type", "").lower() == _OEMBED:
            self.oembed = self.oembed or given.get("href", "")
        elif name == "meta":
            key = (given.get("property") or given.get("name") or "").lower().strip()
            self._meta.setdefault(key, given.get("content", "").strip())


def _attributes(text: str) -> dict[str, str]:
    """The attributes with which a tag goes on, to its end."""
    given: dict[str, str] = {}
    at = 0
    while (found := _ATTRIBUTE.match(text, at)) is not None and found.end() > at:
        value = next((value for value in found.groups()[1:] if value is not None), "")
        given.setdefault(found[1].lower(), unescape(value))
        at = found.end()
    return given


def _without(html: str) -> str:
    """`html` without comments, scripts and styles, in which tags are only words."""
    for start, end in (("<!--", "-->"), ("<script", "</script"), ("<style", "</style")):
        low, parts, at = html.lower(), [], 0
        if len(low) != len(html):  # a letter or two change their length
            low = html
        while (begun := low.find(start, at)) >= 0:
            parts.append(html[at:begun])
            ended = low.find(end, begun)
            at = len(html) if ended < 0 else ended + len(end)
        html = "".join([*parts, html[at:]])
    return html


def characters(body: bytes, content_type: str) -> str:
    """The characters of a page, or of its beginning: as declared, else as they can be read."""
    declared = _CHARSET.search(content_type)
    name = declared[1] if declared else ""
    if not name and (inside := _DECLARED.search(body[:4096])) is not None:
        name = inside[1].decode()
    codec = _CODECS.get(name.lower())
    if codec is not None:
        return body.decode(codec, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3:  # it was cut off within a character
            return body[: error.start].decode()
        return body.decode(_KOREAN, "replace")


def line(text: str, most: int) -> str:
    """`text` on one line, with what no page shows left out."""
    plain = "".join(c if c.isprintable() else " " for c in unescape(text)[: most * 4])
    short = " ".join(plain.split())
    return short if len(short) <= most else short[: most - 1].rstrip() + "…"


def _address(base: str, wish: str) -> str:
    """An absolute address on the web, or nothing."""
    wish = wish.strip()
    if not wish or len(wish) > MAX_ADDRESS:
        return ""
    try:
        found = urljoin(base, wish)
    except ValueError:
        return ""
    fits = found.startswith(("https://", "http://")) and len(found) <= MAX_ADDRESS
    return found if fits and found.isprintable() and " " not in found else ""


def _name(text: str) -> str:
    return "" if _link(text) else text


def _link(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def _language(text: str) -> str:
    found = _LANGUAGE.match(text.strip())
    return found[0].lower() if found else ""


def _side(text: str) -> int:
    return min(int(text), MAX_SIDE) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def moment(text: str) -> int | None:
    """Milliseconds UTC; a time without a zone is nobody's."""
    try:
        at = datetime.fromisoformat(text.strip()[:40])
        return int(at.timestamp() * 1000) if at.tzinfo is not None and at.year >= 1970 else None
    except (ValueError, OverflowError, OSError):
        return None
