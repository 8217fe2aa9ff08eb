"""XML as a stream: one record at a time, whatever the size of the file and whoever wrote it.

Nothing is believed: entities and document types of the file's own are refused before they mean
anything, nothing outside is ever read, and depth, length and number of what is held have limits.
A file in EUC-KR is read as one; bytes that are no text at all become U+FFFD.
"""

import base64
import binascii
import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from xml.parsers import expat

from server.errors import Invalid

CHUNK_BYTES: Final = 128 * 1024
MAX_TOKEN: Final = 4 << 20  # bytes of a tag, or of anything else that is read at once
MAX_DEPTH: Final = 80
MAX_ELEMENTS: Final = 150_000  # of one record
MAX_CHARACTERS: Final = 24_000_000  # of one record
MAX_NAMES: Final = (
    4_000  # of elements, attributes and prefixes in a file: the parser keeps them all
)
MAX_NAME: Final = 1_000  # characters of one, with the address of its namespace
MAX_FILE: Final = 16 << 20  # bytes of one attachment
MAX_FILES: Final = 300  # of one record
MAX_FILE_BYTES: Final = 400 << 20  # of all attachments of one record

_ENCODINGS: Final = frozenset(
    ("utf-8", "utf-16", "cp949", "johab", "euc_jp", "shift_jis", "iso2022_kr", "gb18030", "gbk")
    + ("gb2312", "big5", "ascii", "iso8859-1", "iso8859-15", "cp1252", "koi8-r", "cp1251")
)
"""What blogs were written in. Python knows more: some take forever, or say what no text can be."""
_PROLOG: Final = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding=["']([\w.-]{1,40})""")
_CONTROLS: Final = bytes(code for code in range(32) if code not in (9, 10, 13))
_NO_CHARACTERS: Final = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}
_NAMES: Final = {
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/2005/Atom": "atom",
    "http://purl.org/atom/app#": "app",
    "http://www.w3.org/2007/app": "app",
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
_WORDPRESS: Final = "http://wordpress.org/export/"

UNREADABLE: Final = (
    "This file is not the backup of a blog that we can read, or it is damaged. "
    "Please make the backup once more, and send it as it came."
)
UNSAFE: Final = "This file contains things that no backup needs, and that we do not read."


class Node:
    """An element of a record. `file` is where its decoded bytes lie."""

    __slots__ = ("attributes", "file", "items", "lost", "refused", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        """Nothing stands in it yet."""
        self.tag = tag
        self.attributes = attributes
        self.items: list[str | Node] = []
        self.file: Path | None = None
        self.refused = False
        self.lost: Counter[str] = Counter()
        """Of a record: how many elements of which name had no room, and "" for text."""

    @property
    def text(self) -> str:
        """What stands in it, without what stands in its elements."""
        return "".join(one for one in self.items if isinstance(one, str))

    def all(self, tag: str) -> list["Node"]:
        """Its elements of this name."""
        return [one for one in self.items if isinstance(one, Node) and one.tag == tag]

    def one(self, tag: str) -> "Node | None":
        """Its first element of this name."""
        return next((one for one in self.items if isinstance(one, Node) and one.tag == tag), None)

    def said(self, tag: str) -> str:
        """The text of that one, in one line; nothing without it."""
        found = self.one(tag)
        return " ".join(found.text.split()) if found else ""

    def raw(self, tag: str) -> str:
        """The text of that one as it is."""
        found = self.one(tag)
        return found.text if found else ""


Wanted = Callable[[tuple[str, ...]], bool]


def records(file: Path, wanted: Wanted, folder: Path) -> Iterator[Node]:
    """The elements of a file that are `wanted`, by the names above and of themselves.

    `attachment/content` is decoded into files in `folder`, which the caller removes with what it
    has done. Raises `Invalid` where the file is none that can be read, after what could be.
    """
    gathering = _Gathering(wanted, folder)
    try:
        with file.open("rb") as opened:
            for chunk in _utf8(iter(lambda: opened.read(CHUNK_BYTES), b"")):
                gathering.feed(chunk)
                yield from gathering.taken()
        gathering.end()
    except expat.ExpatError as error:
        yield from gathering.taken()
        raise Invalid(UNREADABLE) from error
    yield from gathering.taken()


def _utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The file in UTF-8, without characters that XML cannot have."""
    first = next(chunks, b"")
    decoder = _decoder(first)
    yield _clean(decoder.decode(first))
    for chunk in chunks:
        yield _clean(decoder.decode(chunk))
    yield _clean(decoder.decode(b"", final=True))


def _clean(text: str) -> bytes:
    return text.translate(_NO_CHARACTERS).encode().translate(None, _CONTROLS)


def _decoder(first: bytes) -> codecs.IncrementalDecoder:
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("replace")
    named = _PROLOG.match(first)
    name = named[1].decode("ascii").lower() if named else "utf-8"
    if name in ("euc-kr", "euc_kr", "ks_c_5601-1987", "ksc5601", "x-windows-949"):
        name = "cp949"  # which has every sign of it, and those that people typed besides
    try:
        known = codecs.lookup(name).name
    except LookupError as error:
        raise Invalid(UNREADABLE) from error
    if known not in _ENCODINGS:
        raise Invalid(UNREADABLE)
    return codecs.getincrementaldecoder("utf-8-sig" if known == "utf-8" else known)("replace")


class _Gathering:
    """Follows one file, and holds the record that is being read."""

    def __init__(self, wanted: Wanted, folder: Path) -> None:
        self._wanted = wanted
        self._folder = folder
        self._done: list[Node] = []
        self._path: list[str] = []
        self._open: list[Node] = []
        self._skipped = 0  # elements that are open and have no room
        self._elements = self._characters = self._files = self._bytes = 0
        self._file: _File | None = None
        self._fed = self._named = 0
        self._names: set[str] = set()
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartNamespaceDeclHandler = self._prefix
        parser.EntityDeclHandler = _refuse
        parser.UnparsedEntityDeclHandler = _refuse
        parser.ExternalEntityRefHandler = _refuse
        parser.StartDoctypeDeclHandler = _doctype
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser

    def feed(self, chunk: bytes) -> None:
        """Read on. Raises `Invalid`, `expat.ExpatError`."""
        self._fed += len(chunk)
        self._parser.Parse(chunk, False)
        if self._fed - self._parser.CurrentByteIndex > MAX_TOKEN + CHUNK_BYTES * 4:
            raise Invalid(UNSAFE)

    def end(self) -> None:
        """There is no more."""
        self._parser.Parse(b"", True)

    def taken(self) -> list[Node]:
        """The records that are whole by now."""
        done, self._done = self._done, []
        return done

    def _known(self, *names: str) -> None:
        """Raises `Invalid` where names have no end."""
        self._names.update(names)
        if len(self._names) > MAX_NAMES or any(len(name) > MAX_NAME for name in names):
            raise Invalid(UNSAFE)

    def _prefix(self, prefix: str | None, address: str | None) -> None:
        self._known(f"xmlns:{prefix}", address or "")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._known(name, *attributes)
        tag = _short(name)
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH:
            raise Invalid(UNSAFE)
        if not self._open:
            if self._wanted(tuple(self._path)):
                self._elements = self._characters = self._files = self._bytes = 0
                self._open.append(Node(tag, self._few(attributes)))
            return
        self._elements += 1
        if self._skipped or self._elements > MAX_ELEMENTS:
            self._skipped += 1
            if len(lost := self._open[0].lost) < MAX_DEPTH or tag in lost:
                lost[tag] += 1
            return
        made = Node(tag, self._few(attributes))
        if tag == "content" and self._open[-1].tag == "attachment":
            self._begin(made)
        self._open[-1].items.append(made)
        self._open.append(made)

    def _few(self, attributes: dict[str, str]) -> dict[str, str]:
        if self._characters > MAX_CHARACTERS:
            return {}
        few = {_short(name)[:100]: value[:4_000] for name, value in list(attributes.items())[:40]}
        self._characters += sum(map(len, few.values()))
        return few

    def _begin(self, node: Node) -> None:
        self._files += 1
        if self._files <= MAX_FILES and self._bytes < MAX_FILE_BYTES:
            self._named += 1
            node.file = self._folder / f"attachment-{self._named}"
            self._file = _File(node.file)
        else:
            node.refused = True

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._skipped:
            self._skipped -= 1
            return
        if not self._open:
            return
        node = self._open.pop()
        if self._file is not None and node.file is not None:
            self._bytes += self._file.length
            if not self._file.close():
                node.file, node.refused = None, True
            self._file = None
        if not self._open:
            self._done.append(node)

    def _data(self, text: str) -> None:
        if not self._open or self._skipped:
            return
        node = self._open[-1]
        if node.file is not None or node.refused:
            if self._file is not None:
                self._file.write(text)
            return
        room = max(0, MAX_CHARACTERS - self._characters)
        if len(text) > room:
            self._open[0].lost[""] += 1
        self._characters += min(len(text), room)
        if room > 0:
            node.items.append(text[:room])


class _File:
    """Base64 as it comes, into a file of at most `MAX_FILE` bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = path.open("wb")
        self._rest = ""
        self._sound = True
        self.length = 0

    def write(self, text: str) -> None:
        """More of it."""
        if not self._sound:
            return
        self._rest += "".join(text.split())
        whole = len(self._rest) // 4 * 4
        part, self._rest = self._rest[:whole], self._rest[whole:]
        try:
            data = base64.b64decode(part.encode("ascii", "replace"), validate=True)
        except binascii.Error:
            self._sound = False
            return
        self.length += len(data)
        self._sound = self.length <= MAX_FILE
        if self._sound:
            self._opened.write(data)

    def close(self) -> bool:
        """Whether it is whole; else nothing of it is left."""
        self._opened.close()
        sound = self._sound and not self._rest and self.length > 0
        if not sound:
            self._path.unlink(missing_ok=True)
        return sound


def _short(name: str) -> str:
    """`uri local` as `prefix:local`, for the prefixes that are usual."""
    uri, space, local = name.rpartition(" ")
    if not space:
        return name
    if uri.startswith(_WORDPRESS):
        return f"excerpt:{local}" if "excerpt" in uri else f"wp:{local}"
    prefix = _NAMES.get(uri)
    return f"{prefix}:{local}" if prefix else f"?:{local}"


def _refuse(*_: object) -> int:
    raise Invalid(UNSAFE)


def _doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
    """A name alone, as old feeds have it, means nothing; what a file declares itself may."""
    if internal:
        raise Invalid(UNSAFE)
