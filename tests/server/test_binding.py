"""What people take away, as files: zips without tricks, and books that every reader opens."""

import io
import posixpath
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from server.binding.epub import Epub
from server.binding.epub_pages import About, Author, Chapter, Labels
from server.binding.xhtml import well_formed
from server.binding.zips import Zip, require_safe, slug
from server.text import sanitise_story

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
EPUB = "{http://www.idpf.org/2007/ops}"
LABELS = Labels(
    cover="표지",
    foreword="머리말",
    contents="차례",
    colophon="펴낸 정보",
    authors="지은이",
    licence="이용 허락",
    no_licence="All rights stay",
    consent="agreed on %(day)s",
    published_at="made on %(day)s",
    accessible="Pictures are described.",
)


def check_book(data: bytes) -> dict[str, ElementTree.Element]:
    """Hold an EPUB to what readers of books rely on; its XML documents by name. EPUB 3.3"""
    book = zipfile.ZipFile(io.BytesIO(data))
    first, names = book.infolist()[0], book.namelist()
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", 0, b"")
    assert book.read("mimetype") == b"application/epub+zip"
    assert len(names) == len(set(names)) and book.testzip() is None
    xml = (".xml", ".opf", ".xhtml", ".ncx")
    pages = {name: ElementTree.fromstring(book.read(name)) for name in names if name.endswith(xml)}
    container = pages["META-INF/container.xml"]
    (root,) = [one.attrib["full-path"] for one in container.iter() if "full-path" in one.attrib]
    package = pages[root]
    items = {item.attrib["id"]: item.attrib for item in package.iter(f"{OPF}item")}
    hrefs = [f"book/{item['href']}" for item in items.values()]
    assert sorted(hrefs) == sorted(set(names) - {"mimetype", "META-INF/container.xml", root})
    properties = [item.get("properties") for item in items.values()]
    assert properties.count("nav") == 1 and properties.count("cover-image") == 1
    spine = [ref.attrib["idref"] for ref in package.iter(f"{OPF}itemref")]
    assert spine and set(spine) <= set(items) and len(spine) == len(set(spine))
    _check_links(pages, set(names))
    return pages


def _check_links(pages: dict[str, ElementTree.Element], names: set[str]) -> None:
    for name, page in pages.items():
        for element in page.iter():
            assert "}script" not in element.tag and "}svg" not in element.tag
            for given in ("href", "src"):
                to = element.attrib.get(given, "")
                if to and not to.startswith(("https://", "http://")):
                    at = posixpath.normpath(posixpath.join(posixpath.dirname(name), to))
                    assert at in names, f"{name} leads to {to}"
            if element.tag == f"{XHTML}img":
                assert "alt" in element.attrib


def bound(path: Path, *bodies: str) -> bytes:
    about = About(
        uri="https://here.test/c/project/books/1",
        title="골목 <책> & 이야기",
        language="ko",
        publisher="광명마당",
        address="https://here.test/@project?a=1&b=2",
        licence="",
        foreword="<p>머리말</p>",
        cover=b"PNG",
        modified_ms=1_795_431_045_000,
        labels=LABELS,
        day=lambda ms: f"day {ms}",
    )
    book = Epub(path, about)
    for number, body in enumerate(bodies):
        picture = book.picture(b"JPEG", "image/jpeg")
        chapter = Chapter(
            title=f"{number} <b>\x08",
            lead="a & b",
            by=("Ann", "Bob <script>"),
            published_ms=number,
            url="https://here.test/@ann/1",
            language="ko",
            body=well_formed(body, {"own": picture}.get),
            pictures=((picture, 'a "picture"'),),
        )
        book.chapter(chapter)
    book.finish([Author("Ann", "ann@here.test", 5)])
    book.close()
    return path.read_bytes()


HOSTILE = {
    "a picture": ('<img src="own" alt="x" onerror="alert(1)">', "<img "),
    "another's picture": ('<img src="https://evil.test/x.png" alt="words">', "[words]"),
    "a script": ("a<script>alert('<p>')</script>b", "ab"),
    "svg": ('<svg><script>x</script><image href="x"/></svg>b', "b"),
    "an address of a script": ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
    "an address with quotes": ('<a href="https://x.test/&quot;<>">a</a>', "%22%3C%3E"),
    "what is never closed": ("<ul><li><b>a<li>b", "</b></li></ul>"),
    "what was never opened": ("</div></p>a</b>", "a"),
    "what is closed crosswise": ("<b><i>a</b></i>", "<b><i>a</i></b>"),
    "void": ("a<br>b<hr>c&nbsp;d&amp;e", "a<br/>b<hr/>c\xa0d&amp;e"),
    "signs that XML has not": ("a\x00\x0b\ufffe\x7fb", "ab"),
    "entities": ("&lt;script&gt;&copy;&#8;&#x110000;", "&lt;script&gt;©"),
    "a declaration": ("<!DOCTYPE x [<!ENTITY a 'b'>]><?php x ?>&a;<!-- c -->", "&amp;a;"),
    "a section of characters": ("<![CDATA[<script>x</script>]]>b", "b"),
    "a namespace": ('<x:y xmlns:x="u">a</x:y><p epub:type="toc">b</p>', "a<p>b</p>"),
    "a link in a link": ('<a href="https://a.test">a<a href="https://b.test">b</a></a>', "ab"),
    "styles": ('<p style="x" class="y" id="z" onclick="w">a</p>', "<p>a</p>"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_html_of_every_kind_becomes_well_formed_and_harmless(tmp_path: Path, what: str) -> None:
    html, expected = HOSTILE[what]
    for body in (html, sanitise_story(html)):
        check_book(bound(tmp_path / "book.epub", body))
    assert expected in well_formed(html, {"own": "own.jpg"}.get)


def test_what_is_nested_without_end_is_written_within_bounds(tmp_path: Path) -> None:
    deep = well_formed("<blockquote>" * 5_000 + "a", lambda _: None)
    assert deep.count("<blockquote>") == 64 and "a" in deep
    check_book(bound(tmp_path / "book.epub", "<b>" * 2_000 + "<p>" * 2_000))


def test_a_book_has_its_chapters_in_order_in_both_tables_of_contents(tmp_path: Path) -> None:
    pages = check_book(bound(tmp_path / "book.epub", "<p>one</p>", "<p>two</p>"))
    nav = pages["book/nav.xhtml"]
    toc = next(one for one in nav.iter(f"{XHTML}nav") if one.attrib[f"{EPUB}type"] == "toc")
    told = [(link.attrib["href"], link.text) for link in toc.iter(f"{XHTML}a")]
    assert [href for href, _ in told] == [
        *("title-page.xhtml", "foreword.xhtml", "chapter-001.xhtml", "chapter-002.xhtml"),
        "colophon.xhtml",
    ]
    assert told[2][1] == "0 <b>"
    ncx = pages["book/toc.ncx"]
    sources = [one.attrib["src"] for one in ncx.iter() if one.tag.endswith("}content")]
    assert sources == [href for href, _ in told]
    package = pages["book/package.opf"]
    order = [ref.attrib["idref"] for ref in package.iter(f"{OPF}itemref")]
    assert order.index("nav") < order.index("chapter-001") < order.index("chapter-002")
    text = "".join(pages["book/chapter-001.xhtml"].itertext())
    assert "Bob <script>" in text and "day 0" in text and "https://here.test/@ann/1" in text
    colophon = "".join(pages["book/colophon.xhtml"].itertext())
    assert "agreed on day 5" in colophon and "All rights stay" in colophon


def test_the_same_book_has_the_same_bytes(tmp_path: Path) -> None:
    first = bound(tmp_path / "a.epub", "<p>one</p>")
    assert first == bound(tmp_path / "b.epub", "<p>one</p>")
    assert first != bound(tmp_path / "c.epub", "<p>other</p>")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("골목 끝의 헌책방!", "골목-끝의-헌책방"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\x.exe", "c-windows-x-exe"),
        ("\u202eevil\u2066.md\x00", "evil-md"),
        ("...", "story"),
        ("", "story"),
        ("가" * 200, "가" * 40),
        ("a" * 200, "a" * 60),
    ],
)
def test_a_title_becomes_a_name_that_leads_nowhere_else(title: str, expected: str) -> None:
    assert slug(title) == expected
    assert require_safe(f"stories/{slug(title)}.md")


@pytest.mark.parametrize("name", ["", "/a", "a/../b", "..", "a//b", "a\\b", "a/.b", "a.", "a\n"])
def test_a_zip_takes_no_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    out = Zip(tmp_path / "x.zip")
    with pytest.raises(ValueError, match="no name"):
        out.add(name, b"")
    out.close()
