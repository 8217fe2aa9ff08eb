"""A book as EPUB 3.3, with a table of contents for older readers too. w3.org/TR/epub-33

Written chapter by chapter. What is in it decides its bytes: its only times are those given.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from server.binding.epub_pages import (
    About,
    Author,
    Chapter,
    Item,
    chapter_page,
    colophon_page,
    document,
    navigation,
    old_navigation,
    package,
)
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
_STYLE: Final = b"""body { line-height: 1.6; margin: 0 5%; }
body { word-break: keep-all; overflow-wrap: anywhere; }
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
        self._cover = f"cover{PICTURES[about.cover_type]}"
        cover = Item(
            id="cover",
            href=self._cover,
            media_type=about.cover_type,
            properties="cover-image",
        )
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
        self._page(id, chapter.title, chapter_page(chapter, self._about), language=chapter.language)

    def finish(self, authors: Sequence[Author]) -> None:
        """Write the colophon, and what tells of everything."""
        labels = self._about.labels
        self._page("colophon", labels.colophon, colophon_page(self._about, authors))
        self._navigation()
        ncx = Item(id="ncx", href="toc.ncx", media_type="application/x-dtbncx+xml")
        self._add(ncx, old_navigation(self._about, self._items).encode())
        self._zip.add("book/package.opf", package(self._about, authors, self._items).encode())

    def close(self) -> None:
        """Close it; what was not finished is no book."""
        self._zip.close()

    def _begin(self) -> None:
        about, labels = self._about, self._about.labels
        cover = f'<p class="cover"><img src="{self._cover}" alt={attribute(about.title)}/></p>'
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
        words = navigation(self._about, self._items)
        page = document(self._about.labels.contents, words, self._about.language)
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
        page = document(title, body, language or self._about.language, kind)
        self._add(item, page.encode())

    def _add(self, item: Item, data: bytes, *, packed: bool = True) -> None:
        self._items.append(item)
        self._zip.add(f"book/{item.href}", data, packed=packed)
