"""The invented cities as they are written down in `cities/`: people, posts, answers, pictures."""

import random
from importlib import resources
from typing import Final

import msgspec

CITIES: Final = ("hannae", "saeyeoul")


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a file; a misspelt key is an error."""


class About(_Strict, frozen=True):
    """`writer` and `admin` are those with whose names a visitor signs in."""

    name: str
    writer: str
    admin: str


class Person(_Strict, frozen=True):
    """Somebody, or a place that speaks. `look`: see `web.demo.portraits`."""

    name: str
    display: str
    bio: str
    look: str
    role: str = "member"
    language: str = "ko"
    fields: tuple[tuple[str, str], ...] = ()


class Neighbourhood(_Strict, frozen=True):
    """A part of the city, which passes on what has its hashtag: the title without spaces.

    `place` in words; `point` and the corners of the `boundary` as (longitude, latitude).
    """

    name: str
    title: str
    bio: str
    look: str
    place: str = ""
    point: tuple[float, float] | None = None
    boundary: tuple[tuple[float, float], ...] = ()


class Board(_Strict, frozen=True):
    """A board of the forum, which `keepers` moderate; `place` is the neighbourhood it lies in."""

    name: str
    title: str
    bio: str
    look: str
    place: str = ""
    rules: tuple[str, ...] = ()
    keepers: tuple[str, ...] = ()


class Category(_Strict, frozen=True):
    """A category of a blog, with those in it."""

    title: str
    children: tuple[str, ...] = ()


class Cohort(_Strict, frozen=True):
    """The writers of a year, by their names; the first one leads."""

    number: int
    year: int
    writers: tuple[str, ...]


class Filed(_Strict, frozen=True):
    """Which story, by its title, stands where in a blog. `front`: at the top of its first page."""

    title: str
    category: str = ""
    series: str = ""
    place: str = ""
    together: tuple[str, ...] = ()
    front: bool = False


class Link(_Strict, frozen=True):
    """A page of the open web that links to a story, `after` so many minutes."""

    source: str
    title: str
    excerpt: str
    author: str
    after: int


class Quote(_Strict, frozen=True):
    """Somebody elsewhere who quotes a story, `after` so many minutes."""

    host: str
    name: str
    display: str
    bio: str
    text: str
    after: int


class Book(_Strict, frozen=True):
    """A book of stories, in this order by their titles, `days` ago. `foreword` is Markdown."""

    title: str
    foreword: str
    licence: str
    days: int
    stories: tuple[str, ...]


class Blog(_Strict, frozen=True):
    """A team blog, kept by `editor`. `series` are titles; `offered` waits for the editor: who,
    title, text. `links` and `quotes` are by the titles of stories.
    """

    name: str
    title: str
    bio: str
    look: str
    editor: str
    categories: tuple[Category, ...] = ()
    series: tuple[str, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    stories: tuple[Filed, ...] = ()
    offered: tuple[tuple[str, str, str], ...] = ()
    links: dict[str, tuple[Link, ...]] = {}
    quotes: dict[str, tuple[Quote, ...]] = {}
    books: tuple[Book, ...] = ()


class Drawn(_Strict, frozen=True):
    """A picture to draw, and what it shows in words."""

    scene: str
    palette: str
    alt: str


class Said(_Strict, frozen=True):
    """An answer, `after` so many minutes; `likes` and `boosts` say from how many neighbours.

    `accepted`: it is the answer to the question of its thread.
    """

    by: str
    text: str
    after: int
    language: str = "ko"
    likes: int = 0
    boosts: int = 0
    accepted: bool = False
    replies: tuple["Said", ...] = ()


class Told(_Strict, frozen=True):
    """A note, or with a title a story: `days` ago, `at` HH:MM in the zone of the city.

    With a `board` it begins a thread there, which `against` neighbours vote against, and which the
    board's first keeper pins or locks, with a reason.
    """

    by: str
    text: str
    days: int
    at: str
    title: str = ""
    lead: str = ""
    language: str = "ko"
    pictures: tuple[Drawn, ...] = ()
    likes: int = 0
    boosts: int = 0
    board: str = ""
    against: int = 0
    pinned: bool = False
    locked: str = ""
    replies: tuple[Said, ...] = ()


class City(_Strict, frozen=True):
    """Everything of one city."""

    city: About
    people: tuple[Person, ...]
    posts: tuple[Told, ...]
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    boards: tuple[Board, ...] = ()
    blogs: tuple[Blog, ...] = ()

    @property
    def actors(self) -> tuple[Person | Neighbourhood | Board | Blog, ...]:
        """All who have keys and a picture."""
        return (*self.people, *self.neighbourhoods, *self.boards, *self.blogs)

    @property
    def answers(self) -> int:
        """How many answers there are, at any depth."""
        return sum(_count(post.replies) for post in self.posts)


class _People(_Strict, frozen=True):
    city: About
    people: tuple[Person, ...]
    neighbourhoods: tuple[Neighbourhood, ...]
    boards: tuple[Board, ...] = ()
    blogs: tuple[Blog, ...] = ()


class _Posts(_Strict, frozen=True):
    posts: tuple[Told, ...]


def load(key: str) -> City:
    """The city whose files lie in `cities/<key>`."""
    folder = resources.files("web.demo").joinpath("cities", key)
    people = msgspec.toml.decode(folder.joinpath("people.toml").read_bytes(), type=_People)
    posts = [
        post
        for file in sorted(folder.iterdir(), key=lambda one: one.name)
        if file.name.endswith(".toml") and file.name != "people.toml"
        for post in msgspec.toml.decode(file.read_bytes(), type=_Posts).posts
    ]
    return City(
        city=people.city,
        people=people.people,
        posts=tuple(posts),
        neighbourhoods=people.neighbourhoods,
        boards=people.boards,
        blogs=people.blogs,
    )


def neighbours(city: City, seed: str, count: int, but: str) -> list[str]:
    """The names of `count` people other than `but`, always the same ones for the same seed."""
    names = [person.name for person in city.people if person.name != but]
    random.Random(seed).shuffle(names)  # noqa: S311  no secret
    return names[:count]


def _count(answers: tuple[Said, ...]) -> int:
    return sum(1 + _count(answer.replies) for answer in answers)
