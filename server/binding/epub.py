"""A book as EPUB 3.3, with a table of contents for older readers too. w3.org/TR/epub-33

Written chapter by chapter. What is in it decides its bytes: the only times are those that are given.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from server.binding.xhtml import attribute, text
from server.binding.zips import Zip

MIMETYPE: Final = b"application/epub+zip"
PICTURES: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
"""What a book may have, by the ends of their names."""

_CONTAINER: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""
_STYLE: Final = b"""body { line-height: 1.6; margin: 0 5%; word-break: keep-all; overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.3; break-after: avoid; }
h1 { font-size: 1.5em; }
img { max-width: 100%; height: auto; }
figure { margin: 1em 0; break-inside: avoid; text-align: center; }
blockquote { border-left: 3px solid; margin: 1em 0; padding-left: 1em; }
pre { white-space: pre-wrap; }
table { border-collapse: collapse; }
th, td { border: 1px solid; padding: 0.2em 0.5em; text-align: left; }
.lead { font-weight: bold; }
.by, .source { font-size: 0.9em; }
.title { margin-top: 20%; text-align: center; }
.cover { text-align: center; }
nav ol { list-style: none; padding-left: 0; }
"""


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """The book's own words, in its language."""

    cover: str
    foreword: str
    contents: str
    colophon: str
    authors: str
    licence: str
    no_licence: str
    consent: str
    published_at: str
    accessible: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A book before its chapters. `cover` is a PNG. `foreword` is XHTML or empty.

    `day` says a time in milliseconds as a day, in the language of the book.
    """

    uri: str
    title: str
    language: str
    publisher: str
    address: str
    licence: str
    foreword: str
    cover: bytes
    modified_ms: int
    labels: Labels
    day: Callable[[int], str]


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A story of a book. `lead` is plain text, `body` XHTML; `pictures` stand below it."""

    title: str
    lead: str
    by: tuple[str, ...]
    published_ms: int
    url: str
    language: str
    body: str
    pictures: tuple[tuple[str, str], ...] = ()
    """Each the name of a file that was added, and the words for who cannot see it."""


class Author(msgspec.Struct, frozen=True):
    """Who agreed, and when for the last time."""

    name: str
    handle: str
    agreed_ms: int


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the book. `label` is how the table of contents calls it, if it does."""

    id: str
    href: str
    media_type: str
    properties: str = ""
    label: str = ""
    read: bool = False


class Epub:
    """A book while it is written. Everything here may wait for the disk."""

    def __init__(self, path: Path, about: About) -> None:
        """Begins it. The caller calls `finish`, and `close` in any case."""
        self._about = about
        self._items: list[Item] = []
        self._chapters = 0
        self._pictures = 0
        self._zip = Zip(path)
        self._zip.add("mimetype", MIMETYPE, packed=False)
        self._zip.add("META-INF/container.xml", _CONTAINER)
        self._add(Item(id="style", href="style.css", media_type="text/css"), _STYLE)
        cover = Item(id="cover", href="cover.png", media_type="image/png", properties="cover-image")
        self._add(cover, about.cover)
        self._begin()

    def picture(self, data: bytes, media_type: str) -> str:
        """A picture for the next chapter, JPEG or PNG; the address by which that names it."""
        self._pictures += 1
        id = f"picture-{self._pictures:04}"
        href = f"pictures/{id}{PICTURES[media_type]}"
        self._add(Item(id=id, href=href, media_type=media_type), data, packed=False)
        return href

    def chapter(self, chapter: Chapter) -> None:
        """The next chapter."""
        self._chapters += 1
        id = f"chapter-{self._chapters:03}"
        self._page(id, chapter.title, _chapter(chapter, self._about), language=chapter.language)

    def finish(self, authors: Sequence[Author]) -> None:
        """Write the colophon, and what tells of everything."""
        labels = self._about.labels
        self._page("colophon", labels.colophon, _colophon(self._about, authors))
        self._navigation()
        ncx = Item(id="ncx", href="toc.ncx", media_type="application/x-dtbncx+xml")
        self._add(ncx, _ncx(self._about, self._items).encode())
        self._zip.add("book/package.opf", _package(self._about, authors, self._items).encode())

    def close(self) -> None:
        """Close it; what was not finished is no book."""
        self._zip.close()

    def _begin(self) -> None:
        about, labels = self._about, self._about.labels
        cover = f'<p class="cover"><img src="cover.png" alt={attribute(about.title)}/></p>'
        self._page("cover-page", labels.cover, cover, kind="cover", label="")
        title = f"""<section class="title" epub:type="titlepage">
<h1>{text(about.title)}</h1>
<p>{text(about.publisher)}</p>
</section>"""
        self._page("title-page", about.title, title)
        if about.foreword:
            words = f"""<section epub:type="foreword" role="doc-foreword">
<h1>{text(labels.foreword)}</h1>
{about.foreword}
</section>"""
            self._page("foreword", labels.foreword, words)
        nav = Item(
            id="nav",
            href="nav.xhtml",
            media_type="application/xhtml+xml",
            properties="nav",
            read=True,
        )
        self._items.append(nav)

    def _navigation(self) -> None:
        """Its place among the pages was taken in the beginning: what it tells is known now."""
        words = _nav(self._about, self._items)
        page = _document(self._about.labels.contents, words, self._about.language)
        self._zip.add("book/nav.xhtml", page.encode())

    def _page(
        self,
        id: str,
        title: str,
        body: str,
        *,
        kind: str = "",
        label: str | None = None,
        language: str = "",
    ) -> None:
        item = Item(
            id=id,
            href=f"{id}.xhtml",
            media_type="application/xhtml+xml",
            label=title if label is None else label,
            read=True,
        )
        page = _document(title, body, language or self._about.language, kind)
        self._add(item, page.encode())

    def _add(self, item: Item, data: bytes, *, packed: bool = True) -> None:
        self._items.append(item)
        self._zip.add(f"book/{item.href}", data, packed=packed)


def identifier(uri: str) -> str:
    """The name of a book for ever: the same for the same address. RFC 9562 section 5.5"""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, uri)}"


def _document(title: str, body: str, language: str, kind: str = "") -> str:
    type_ = f" epub:type={attribute(kind)}" if kind else ""
    spoken = attribute(language)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang={spoken} xml:lang={spoken}>
<head>
<title>{text(title) or "-"}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body{type_}>
{body}
</body>
</html>
"""


def _chapter(chapter: Chapter, about: About) -> str:
    by = text(", ".join(chapter.by))
    figures = "".join(
        f"<figure><img src={attribute(file)} alt={attribute(alt)}/></figure>\n"
        for file, alt in chapter.pictures
    )
    lead = f'<p class="lead">{text(chapter.lead)}</p>\n' if chapter.lead else ""
    source = attribute(chapter.url)
    return f"""<section epub:type="chapter" role="doc-chapter">
<h1>{text(chapter.title)}</h1>
<p class="by">{by} · {text(about.day(chapter.published_ms))}</p>
{lead}<div>{chapter.body}</div>
{figures}<p class="source"><a href={source}>{text(chapter.url)}</a></p>
</section>"""


def _colophon(about: About, authors: Sequence[Author]) -> str:
    labels = about.labels
    people = "\n".join(
        f"<li>{text(one.name)} (@{text(one.handle)}): "
        f"{text(labels.consent % {'day': about.day(one.agreed_ms)})}</li>"
        for one in authors
    )
    at = text(labels.published_at % {"day": about.day(about.modified_ms)})
    home = attribute(about.address)
    return f"""<section epub:type="colophon" role="doc-colophon">
<h1>{text(labels.colophon)}</h1>
<p>{text(about.title)}</p>
<p>{text(about.publisher)}: <a href={home}>{text(about.address)}</a></p>
<p>{at}</p>
<h2>{text(labels.licence)}</h2>
<p>{text(about.licence or labels.no_licence)}</p>
<h2>{text(labels.authors)}</h2>
<ul>
{people}
</ul>
</section>"""


def _nav(about: About, items: Sequence[Item]) -> str:
    told = "\n".join(
        f"<li><a href={attribute(item.href)}>{text(item.label) or '-'}</a></li>"
        for item in items
        if item.label
    )
    marks = (
        ("cover", "cover-page.xhtml", about.labels.cover),
        ("toc", "nav.xhtml", about.labels.contents),
        ("bodymatter", "chapter-001.xhtml", about.title),
    )
    places = "\n".join(
        f'<li><a epub:type="{kind}" href="{href}">{text(label)}</a></li>'
        for kind, href, label in marks
        if any(item.href == href for item in items)
    )
    return f"""<nav epub:type="toc" role="doc-toc">
<h1>{text(about.labels.contents)}</h1>
<ol>
{told}
</ol>
</nav>
<nav epub:type="landmarks" hidden="hidden">
<ol>
{places}
</ol>
</nav>"""


def _ncx(about: About, items: Sequence[Item]) -> str:
    points = "\n".join(
        f'<navPoint id="point-{number}" playOrder="{number}">'
        f"<navLabel><text>{text(item.label) or '-'}</text></navLabel>"
        f"<content src={attribute(item.href)}/></navPoint>"
        for number, item in enumerate((one for one in items if one.label), 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">
<head>
<meta name="dtb:uid" content="{identifier(about.uri)}"/>
<meta name="dtb:depth" content="1"/>
<meta name="dtb:totalPageCount" content="0"/>
<meta name="dtb:maxPageNumber" content="0"/>
</head>
<docTitle><text>{text(about.title)}</text></docTitle>
<navMap>
{points}
</navMap>
</ncx>
"""


def _package(about: About, authors: Sequence[Author], items: Sequence[Item]) -> str:
    people = "".join(f"<dc:creator>{text(one.name)}</dc:creator>\n" for one in authors)
    rights = f"<dc:rights>{text(about.licence)}</dc:rights>\n" if about.licence else ""
    listed = "\n".join(_item(item) for item in items)
    spine = "\n".join(f'<itemref idref="{item.id}"/>' for item in items if item.read)
    at = moment(about.modified_ms)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang={attribute(about.language)}>
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier(about.uri)}</dc:identifier>
<dc:title>{text(about.title)}</dc:title>
<dc:language>{text(about.language)}</dc:language>
{people}<dc:publisher>{text(about.publisher)}</dc:publisher>
<dc:source>{text(about.address)}</dc:source>
<dc:date>{at[:10]}</dc:date>
{rights}<meta property="dcterms:modified">{at}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">{text(about.labels.accessible)}</meta>
<meta name="cover" content="cover"/>
</metadata>
<manifest>
{listed}
</manifest>
<spine toc="ncx">
{spine}
</spine>
</package>
"""


def _item(item: Item) -> str:
    more = f' properties="{item.properties}"' if item.properties else ""
    return (
        f'<item id="{item.id}" href={attribute(item.href)} media-type="{item.media_type}"{more}/>'
    )


def moment(ms: int) -> str:
    """A time to the second, UTC, as `dcterms:modified` wants it."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
