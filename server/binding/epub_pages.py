"""The documents of a book: its pages, its two tables of contents, and what tells of all files.

w3.org/TR/epub-33; the older table of contents is that of EPUB 2, which EPUB 3 lets stand beside.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from server.binding.xhtml import attribute, text

_SPACES: Final = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
_PACKAGE: Final = (
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"'
)


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
    """A book before its chapters. `cover` is a PNG or a JPEG. `foreword` is XHTML or empty.

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
    cover_type: str = "image/png"
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


def identifier(uri: str) -> str:
    """The name of a book for ever: the same for the same address. RFC 9562 section 5.5"""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, uri)}"


def document(title: str, body: str, language: str, kind: str = "") -> str:
    """A page of the book."""
    type_ = f" epub:type={attribute(kind)}" if kind else ""
    spoken = attribute(language)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html {_SPACES} lang={spoken} xml:lang={spoken}>
<head>
<title>{text(title) or "-"}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body{type_}>
{body}
</body>
</html>
"""


def chapter_page(chapter: Chapter, about: About) -> str:
    """What stands on the page of a story."""
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


def colophon_page(about: About, authors: Sequence[Author]) -> str:
    """Who made the book, who agreed to it, and what one may do with it."""
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


def navigation(about: About, items: Sequence[Item]) -> str:
    """The table of contents, and where its parts begin. EPUB 3.3 section 7"""
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


def old_navigation(about: About, items: Sequence[Item]) -> str:
    """The table of contents of EPUB 2. OPF 2.0.1 section 2.4.1"""
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


def package(about: About, authors: Sequence[Author], items: Sequence[Item]) -> str:
    """What the book is, which files it has, and in which order they are read. Section 5"""
    people = "".join(f"<dc:creator>{text(one.name)}</dc:creator>\n" for one in authors)
    rights = f"<dc:rights>{text(about.licence)}</dc:rights>\n" if about.licence else ""
    listed = "\n".join(_item(item) for item in items)
    spine = "\n".join(f'<itemref idref="{item.id}"/>' for item in items if item.read)
    at = moment(about.modified_ms)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{_PACKAGE} xml:lang={attribute(about.language)}>
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
