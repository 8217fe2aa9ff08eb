"""What a poll is: what its author may ask, and how it is kept with its post.

Ours and strangers' polls look alike in `Post.extra`: `options` are [title, votes] (votes unknown:
null), and `multiple`, `ends_ms`, `voters`. Ours may be `hidden` (totals are told at the end), and
are `closed` once their end was told. Who chose what is in `poll_vote`.
"""

import json
import unicodedata
from typing import Any, Final

import msgspec

from server.errors import Invalid
from server.model import Post
from server.store import polls as store
from server.store.db import Write

MIN_OPTIONS: Final = 2
MAX_OPTIONS: Final = 4
MAX_OPTION: Final = 50  # characters
MIN_LENGTH_S: Final = 300
MAX_LENGTH_S: Final = 2_629_746  # a month
DAY_S: Final = 86_400

Option = tuple[str, int | None]


class NewPoll(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to ask, for `lasts_s` seconds from when it is published."""

    options: tuple[str, ...]
    lasts_s: int
    multiple: bool = False
    hidden: bool = False


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll as its post keeps it."""

    options: tuple[Option, ...] = ()
    multiple: bool = False
    ends_ms: int | None = None
    voters: int | None = None
    hidden: bool = False
    closed: bool = False

    def ended(self, now_ms: int) -> bool:
        """Whether nobody can vote any more."""
        return self.closed or (self.ends_ms is not None and self.ends_ms <= now_ms)

    def told(self, now_ms: int) -> bool:
        """Whether everybody may know the counts."""
        return not self.hidden or self.ended(now_ms)

    @property
    def whole(self) -> int:
        """How many votes an answer has that everybody chose; never 0."""
        counts = [votes or 0 for _, votes in self.options]
        most = max(self.voters or 0, *counts) if self.multiple else sum(counts)
        return max(most, 1)

    @property
    def extra(self) -> str:
        """As `Post.extra` keeps it."""
        return msgspec.json.encode(self).decode()

    def voted(self, choices: tuple[int, ...], *, first: bool) -> "Poll":
        """With one vote more for each of `choices`; `first`: by somebody who had not voted."""
        options = tuple(
            (title, votes + 1 if votes is not None and place in choices else votes)
            for place, (title, votes) in enumerate(self.options)
        )
        voters = self.voters + 1 if first and self.voters is not None else self.voters
        return msgspec.structs.replace(self, options=options, voters=voters)


def of(post: Post) -> Poll | None:
    """The poll of a post; None where it has none, or none any more."""
    if post.kind != "question":
        return None
    poll = msgspec.convert(json.loads(post.extra), Poll)
    return poll if poll.options else None


def checked(asked: NewPoll) -> NewPoll:
    """The poll without empty answers. Raises `Invalid` with what to change."""
    options = tuple(clean for option in asked.options if (clean := " ".join(option.split())))
    if len(options) < MIN_OPTIONS:
        raise Invalid("A poll needs at least %(least)s answers to choose from.", least=MIN_OPTIONS)
    if len(options) > MAX_OPTIONS:
        raise Invalid("A poll has at most %(most)s answers to choose from.", most=MAX_OPTIONS)
    if any(len(option) > MAX_OPTION for option in options):
        raise Invalid(
            "An answer of the poll is too long: at most %(most)s characters.", most=MAX_OPTION
        )
    if len({same(option) for option in options}) < len(options):
        raise Invalid("Two answers of the poll are the same: please make them differ.")
    if asked.lasts_s < MIN_LENGTH_S:
        raise Invalid(
            "A poll is open for at least %(minutes)s minutes.", minutes=MIN_LENGTH_S // 60
        )
    if asked.lasts_s > MAX_LENGTH_S:
        raise Invalid("A poll is open for at most %(days)s days.", days=MAX_LENGTH_S // DAY_S)
    return msgspec.structs.replace(asked, options=options)


def same(option: str) -> str:
    """What of an answer makes it the same as another: letters, however a keyboard composed them."""
    return unicodedata.normalize("NFC", option).strip()


def begun(asked: NewPoll, now_ms: int) -> Poll:
    """A new poll without votes."""
    return Poll(
        options=tuple((option, 0) for option in asked.options),
        multiple=asked.multiple,
        ends_ms=now_ms + asked.lasts_s * 1000,
        voters=0,
        hidden=asked.hidden,
    )


def changed(tx: Write, post: Post, asked: NewPoll | None, now_ms: int) -> Poll | None:
    """The poll of a post of ours after an edit. Other answers or another kind of choice: no votes.

    Without `asked` there is no poll any more.
    """
    known = of(post)
    if asked is None:
        forget(tx, post.id)
        return None
    new = begun(asked, now_ms)
    if known is not None and _asks_the_same(known, new):
        new = msgspec.structs.replace(new, options=known.options, voters=known.voters)
    else:
        store.remove_votes(tx, post.id)
    store.expect_end(tx, post.id, new.ends_ms or 0)
    return new


def _asks_the_same(one: Poll, other: Poll) -> bool:
    titles = [tuple(title for title, _ in poll.options) for poll in (one, other)]
    return titles[0] == titles[1] and one.multiple == other.multiple


def heard(tx: Write, post: Post, extra: dict[str, Any]) -> None:
    """A stranger's poll is as `extra` says now: votes for other answers are no votes.

    Where one of ours voted, its end is awaited.
    """
    known = of(post)
    now = msgspec.convert(extra, Poll)
    if known is None:
        return
    if not _asks_the_same(known, now):
        forget(tx, post.id)
    elif now.ends_ms is not None:
        store.move_end(tx, post.id, now.ends_ms)


def forget(tx: Write, post_id: int) -> None:
    """No votes, and no end to wait for."""
    store.remove_votes(tx, post_id)
    store.remove_end(tx, post_id)
