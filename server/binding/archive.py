"""A community as a zip: Markdown for people, JSON for programs, and the media of both.

`stories/YYYY/MM/DD-title.md` with front matter, `blog.json`, `media/`, `index.md`. Written story by
story: what stands in one file for all of them waits in files of its own until the end.
"""

import re
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from server.binding.values import File, Head, Link, Person, Poll, Remark, Thread
from server.binding.zips import Zip, slug

FORMAT: Final = 1
UP: Final = "../../../"  # from the folder of a month to the beginning

_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON may have and YAML may not. YAML 1.2 section 5.1"""
_MARKS: Final = re.compile(r"([\\`*_\[\]<>#])")


class Archive:
    """The zip while it is written. Everything here may wait for the disk."""

    def __init__(self, path: Path, scratch: Path, head: Head) -> None:
        """Begins it. The caller calls `finish`, and `close` in any case."""
        self.zip = Zip(path)
        self._scratch, self._head = scratch, head
        self._at = ZoneInfo(head.timezone)
        self._stories, self._media, self._index = (self._file() for _ in range(3))
        self._counts = {"stories": 0, "comments": 0, "media": 0}
        self._comments = 0
        self._alike: dict[str, int] = {}

    def begin(self, story: Thread) -> None:
        """A story whose media are in the zip already; its comments follow."""
        name = self._name(story)
        self.zip.add(name, markdown(story, self._at).encode())
        entry = _json({**_entry(story), "file": name, "comments": []})
        self._stories.write((b",\n" if self._counts["stories"] else b"") + entry[:-2])
        self._index.write(_line(story, name, self._at).encode())
        for file in story.files:
            about = {"file": f"media/{file.file}", "alt": file.alt, "story": name}
            self._media.write((b",\n" if self._counts["media"] else b"") + _json(about))
            self._counts["media"] += 1
        self._counts["stories"] += 1
        self._comments = 0

    def remarks(self, remarks: Iterable[Remark]) -> None:
        """Comments of the story that was begun."""
        for one in remarks:
            self._stories.write((b",\n" if self._comments else b"\n") + _json(_remark(one)))
            self._comments += 1

    def end(self) -> None:
        """All that belongs to the story is written."""
        self._stories.write(b"]}")
        self._counts["comments"] += self._comments

    def finish(self) -> None:
        """Write what tells of all of them."""
        told = _json({"format": FORMAT, **_blog(self._head), "counts": self._counts})
        self._whole("blog.json", told[:-1] + b',"stories":[\n', self._stories, b"\n]}\n")
        self._whole("media/index.json", b"[", self._media, b"]\n")
        self._whole("index.md", _top(self._head, self._counts).encode(), self._index)

    def close(self) -> None:
        """Close everything; what was not finished is nothing that anybody should have."""
        for file in (self._stories, self._media, self._index):
            file.close()
        self.zip.close()

    def _whole(self, name: str, before: bytes, lines: IO[bytes], after: bytes = b"") -> None:
        with self._file() as whole:
            whole.write(before)
            lines.seek(0)
            while chunk := lines.read(256 * 1024):
                whole.write(chunk)
            whole.write(after)
            self.zip.copy(name, whole)

    def _file(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._scratch)

    def _name(self, story: Thread) -> str:
        at = datetime.fromtimestamp(story.published_ms / 1000, UTC).astimezone(self._at)
        plain = f"stories/{at:%Y/%m/%d}-{slug(story.title)}"
        name, more = f"{plain}.md", self._alike.get(plain, 1)
        while name in self.zip:
            more += 1
            name = f"{plain}-{more}.md"
        self._alike[plain] = more
        return name


def markdown(story: Thread, at: ZoneInfo) -> str:
    """A story with its front matter, of which every value is JSON, and so YAML too."""
    lines = [f"{name}: {_yaml(value)}" for name, value in _matter(story, at) if value]
    body = story.source or story.html
    if story.poll:
        body = "\n".join((body, "", *_answers(story.poll)))
    for file in story.files:
        body = body.replace(file.url, f"{UP}media/{file.file}")
    return "\n".join(("---", *lines, "---", "", body, ""))


def _answers(poll: Poll) -> list[str]:
    return [
        f"- {' '.join(title.split())}" + ("" if votes is None else f": {votes}")
        for title, votes in poll.options
    ]


def _matter(story: Thread, at: ZoneInfo) -> tuple[tuple[str, Any], ...]:
    return (
        ("title", story.title),
        ("lead", story.lead),
        ("warning", story.warning),
        ("author", _person(story.author)),
        ("co_authors", [_person(one) for one in story.co_authors]),
        ("category", story.category),
        ("series", story.series),
        ("part", story.part),
        ("tags", list(story.tags)),
        ("neighbourhood", story.neighbourhood),
        ("language", story.language),
        ("date", _local(story.published_ms, at)),
        ("updated", _local(story.edited_ms, at) if story.edited_ms else ""),
        ("address", story.url),
        ("backlinks", [{"title": one.title, "url": one.url} for one in story.links]),
        ("media", [{"file": f"{UP}media/{one.file}", "alt": one.alt} for one in story.files]),
    )


def _yaml(value: Any) -> str:  # noqa: ANN401
    return _UNPRINTABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", _json(value).decode())


def _json(value: Any) -> bytes:  # noqa: ANN401
    return msgspec.json.encode(value)


def _local(ms: int, at: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(ms // 1000, UTC).astimezone(at)
    return moment.isoformat(timespec="seconds")


def iso(ms: int | None) -> str | None:
    """A time as programs read it: UTC, to the millisecond."""
    if ms is None:
        return None
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def _person(one: Person) -> dict[str, str]:
    return {"handle": one.handle, "name": one.name, "url": one.url}


def _file_entry(one: File) -> dict[str, Any]:
    return {
        "file": f"media/{one.file}",
        "kind": one.kind,
        "type": one.media_type,
        "alt": one.alt,
        "width": one.width,
        "height": one.height,
    }


def _entry(story: Thread) -> dict[str, Any]:
    return {
        "id": str(story.id),
        "uri": story.uri,
        "url": story.url,
        "title": story.title,
        "lead": story.lead,
        "warning": story.warning,
        "source": story.source,
        "html": story.html,
        "language": story.language,
        "author": _person(story.author),
        "co_authors": [_person(one) for one in story.co_authors],
        "category": story.category,
        "series": story.series,
        "part": story.part,
        "tags": list(story.tags),
        "neighbourhood": story.neighbourhood,
        "published": iso(story.published_ms),
        "updated": iso(story.edited_ms),
        "likes": story.likes,
        "boosts": story.boosts,
        "quotes": story.quotes,
        "media": [_file_entry(one) for one in story.files],
        "backlinks": [_link(one) for one in story.links],
        "poll": _poll(story.poll) if story.poll else None,
    }


def _link(one: Link) -> dict[str, Any]:
    return {
        "url": one.url,
        "kind": one.kind,
        "title": one.title,
        "excerpt": one.excerpt,
        "author": one.author,
        "published": iso(one.published_ms),
    }


def _poll(one: Poll) -> dict[str, Any]:
    return {
        "options": [{"title": title, "votes": votes} for title, votes in one.options],
        "multiple": one.multiple,
        "voters": one.voters,
        "ends": iso(one.ends_ms),
    }


def _remark(one: Remark) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "url": one.url,
        "author": _person(one.author),
        "html": one.html,
        "warning": one.warning,
        "answers": str(one.answers) if one.answers else None,
        "published": iso(one.published_ms),
        "updated": iso(one.edited_ms),
    }


def _blog(head: Head) -> dict[str, Any]:
    return {
        "name": head.name,
        "title": head.title,
        "kind": head.kind,
        "address": head.address,
        "about": head.about,
        "language": head.language,
        "timezone": head.timezone,
        "categories": msgspec.to_builtins(head.categories),
        "series": msgspec.to_builtins(head.series),
        "cohorts": msgspec.to_builtins(head.cohorts),
    }


def _plain(words: str) -> str:
    """Words that Markdown reads as words."""
    return _MARKS.sub(r"\\\1", " ".join(words.split()))


def _top(head: Head, counts: dict[str, int]) -> str:
    lines = [f"# {_plain(head.title)}", "", f"<{head.address}>", ""]
    lines += [_plain(head.about), ""] if head.about else []
    for one in head.categories:
        lines.append(f"{'  ' if one.parent else ''}- {_plain(one.title)} ({one.stories})")
    told = f"{counts['stories']} stories, {counts['comments']} comments, {counts['media']} media"
    return "\n".join((*lines, *([""] if head.categories else []), told, "", ""))


def _line(story: Thread, name: str, at: ZoneInfo) -> str:
    day = _local(story.published_ms, at)[:10]
    words = _plain(story.title) or slug(story.title)
    return f"- {day} [{words}](<{name}>) {_plain(story.author.name)}\n"
