"""What a blog is made of, whoever kept it: as an import reads it and an export could write it.

Times are milliseconds, 0 where a file says none that can be. `key` names a thing within its file,
the same every time. Texts are as their program kept them: `markup` is html | markdown | text.
"""

from pathlib import Path
from typing import Final

import msgspec

PUBLIC: Final = "public"
HIDDEN: Final = ("private", "draft", "protected", "scheduled")
"""What was not for everybody: never public here."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A blog, and what it was called. `format`: ttxml | tistory | wxr | rss | atom."""

    format: str
    title: str = ""
    address: str = ""


class Author(msgspec.Struct, frozen=True):
    """Who wrote there: the name by which stories name them, and the one that people read."""

    key: str
    name: str


class Category(msgspec.Struct, frozen=True):
    """A category, after the one in which it lies."""

    path: tuple[str, ...]


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that belongs to a story. `file` is where its bytes lie, if the backup had them.

    `name` is a word by which the text speaks of it, and never a path.
    """

    name: str
    label: str = ""
    bytes: int = 0
    file: Path | None = None
    refused: bool = False  # it had too many bytes, or was no base64


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said below a story; an answer names its `parent`.

    `member`: whoever wrote it was signed in there, and nobody else could use that name.
    """

    key: str
    name: str
    text: str
    parent: str = ""
    markup: str = "text"
    secret: bool = False
    member: bool = False
    written_ms: int = 0


class Trackback(msgspec.Struct, frozen=True, kw_only=True):
    """Another page that spoke of a story (엮인글)."""

    url: str
    site: str = ""
    title: str = ""
    excerpt: str = ""
    received_ms: int = 0


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A story with all that belongs to it. `paths`: where it was, without its host.

    `base` is where relative addresses in its text lead from. `lost` counts comments that were more
    than one story can have here, and `cut` says that its text was.
    """

    key: str
    title: str
    body: str
    markup: str = "html"
    author: str = ""
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    state: str = PUBLIC
    published_ms: int = 0
    edited_ms: int = 0
    paths: tuple[str, ...] = ()
    base: str = ""
    comments: tuple[Comment, ...] = ()
    pings: tuple[Trackback, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    lost: int = 0
    cut: bool = False


class Left(msgspec.Struct, frozen=True):
    """Something of the file that is no story; `kind` says what it is (page | block | other)."""

    kind: str
    title: str


Part = Head | Author | Category | Story | Left
