"""A community and its stories as exports and books tell of them: what everybody may read."""

import msgspec


class Person(msgspec.Struct, frozen=True):
    """Somebody as everybody knows them: `name@host`, what people call them, and their page."""

    handle: str
    name: str
    url: str


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, film or sound of a story. `file` is its name in the store, and in `media/`.

    `url` is its address here, as the words of the story name it. Widths and heights are in pixels.
    """

    file: str
    url: str
    kind: str
    media_type: str
    alt: str
    width: int
    height: int


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A page elsewhere that links to a story (엮인글). `kind`: webmention | trackback."""

    url: str
    kind: str
    title: str
    excerpt: str
    author: str
    published_ms: int | None


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked: answers with their votes, None before all may know. Never who voted."""

    options: tuple[tuple[str, int | None], ...]
    multiple: bool
    voters: int | None
    ends_ms: int | None


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A story, or another thread. `lead` is plain text; `source` is Markdown, empty for strangers.

    `category` and `series` are parts of addresses in the blog, or empty.
    """

    id: int
    uri: str
    url: str
    title: str
    lead: str
    warning: str
    source: str
    html: str
    language: str
    author: Person
    co_authors: tuple[Person, ...] = ()
    category: str = ""
    series: str = ""
    part: int | None = None
    tags: tuple[str, ...] = ()
    neighbourhood: str = ""
    published_ms: int
    edited_ms: int | None = None
    likes: int = 0
    boosts: int = 0
    quotes: int = 0
    version: int = 1
    files: tuple[File, ...] = ()
    links: tuple[Link, ...] = ()
    poll: Poll | None = None


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A comment. `answers` is the id of the story or of the comment that it answers."""

    id: int
    url: str
    author: Person
    html: str
    warning: str
    answers: int | None
    published_ms: int
    edited_ms: int | None


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A category. `parent` is the slug of the one above it, or empty."""

    slug: str
    title: str
    parent: str = ""
    stories: int = 0


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A series (연재)."""

    slug: str
    title: str
    about: str
    stories: int = 0


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """A cohort (기수)."""

    number: int
    year: int
    leader: Person | None
    writers: tuple[Person, ...]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A community itself. `about` is plain text."""

    name: str
    title: str
    kind: str
    address: str
    about: str
    language: str
    timezone: str
    categories: tuple[Category, ...] = ()
    series: tuple[Series, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
