"""Atom documents from values. RFC 4287; `thr:in-reply-to` of RFC 4685."""

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from web.times import stamp

MEDIA_TYPE: Final = "application/atom+xml"

_NAMESPACES: Final = {
    "xmlns": "http://www.w3.org/2005/Atom",
    "xmlns:thr": "http://purl.org/syndication/thread/1.0",
}
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")


class Enclosure(msgspec.Struct, frozen=True):
    """A picture, a film or a sound; `bytes` is 0 where we do not know."""

    url: str
    media_type: str = ""
    bytes: int = 0
    title: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One writing. `id` is its uri and `page` where people read it; `content` is safe HTML.

    `summary` is plain text; `answers` the uri of what this replies to.
    """

    id: str
    page: str
    title: str
    author: str
    author_page: str
    published_ms: int
    updated_ms: int
    content: str
    summary: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    answers: str = ""


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A list of entries. `url` is its own address, which is its id too; `page` shows the same."""

    url: str
    page: str
    title: str
    updated_ms: int
    language: str
    generator: str
    entries: tuple[Entry, ...]


def document(feed: Feed) -> bytes:
    """The feed as XML. RFC 4287 §4.1.1."""
    root = Element("feed", {**_NAMESPACES, **_spoken(feed.language)})
    _text(root, "id", feed.url)
    _text(root, "title", feed.title)
    _text(root, "updated", stamp(feed.updated_ms))
    _link(root, "self", feed.url, MEDIA_TYPE)
    _link(root, "alternate", feed.page, "text/html")
    _text(root, "generator", feed.generator)
    for entry in feed.entries:
        _entry(root, entry)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _entry(root: Element, entry: Entry) -> None:
    """RFC 4287 §4.1.2."""
    here = SubElement(root, "entry", _spoken(entry.language))
    _text(here, "id", entry.id)
    _text(here, "title", entry.title)
    _text(here, "published", stamp(entry.published_ms))
    _text(here, "updated", stamp(entry.updated_ms))
    author = SubElement(here, "author")
    _text(author, "name", entry.author)
    _text(author, "uri", entry.author_page)
    _link(here, "alternate", entry.page, "text/html")
    if entry.answers:
        SubElement(here, "thr:in-reply-to", {"ref": legal(entry.answers)})
    for tag in entry.tags:
        SubElement(here, "category", {"term": legal(tag)})
    for enclosure in entry.enclosures:
        _enclosure(here, enclosure)
    if entry.summary:
        _text(here, "summary", entry.summary)
    _text(here, "content", entry.content, type="html")


def _enclosure(entry: Element, enclosure: Enclosure) -> None:
    link = _link(entry, "enclosure", enclosure.url, enclosure.media_type)
    if enclosure.bytes > 0:
        link.set("length", str(enclosure.bytes))
    if enclosure.title:
        link.set("title", legal(enclosure.title))


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = legal(text)


def _link(parent: Element, rel: str, href: str, media_type: str) -> Element:
    link = SubElement(parent, "link", {"rel": rel, "href": legal(href)})
    if _TYPE.fullmatch(media_type):
        link.set("type", media_type)
    return link


def _spoken(language: str) -> dict[str, str]:
    return {"xml:lang": language} if _LANGUAGE.fullmatch(language) else {}


def legal(text: str) -> str:
    """`text` without the characters that no XML document can hold. XML 1.0 §2.2."""
    return _ILLEGAL.sub("", text)
