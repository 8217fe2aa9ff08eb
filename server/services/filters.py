"""Filters: what somebody does not want to meet, looked for in what they are about to read.

Looking costs those who have no filters nothing: `member.filters` says so, and comes with every
request. Keywords are searched for as plain text, so that nothing somebody types can take long.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

from server import text
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.model import PostView
from server.services import events, reading
from server.store import filters as store
from server.store.db import Read, Write
from server.store.filters import Filter, FilteredPost, Keyword, Said

CONTEXTS: Final = ("home", "notifications", "public", "thread", "account")
ACTIONS: Final = ("warn", "hide", "blur")
MAX_FILTERS: Final = 50
MAX_KEYWORDS: Final = 300  # of all filters of one person
MAX_POSTS: Final = 500  # of one filter
MAX_TITLE: Final = 256
MAX_KEYWORD: Final = 512
MAX_LOOKED_THROUGH: Final = 20_000  # characters of one post


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A keyword that a form names: new without an `id`, or to be taken out."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    remove: bool = False


# --- looking


class Rule(msgspec.Struct, frozen=True):
    """A filter made ready: (keyword, how it is compared, its pattern as a whole word)."""

    filter: Filter
    words: tuple[tuple[str, str, re.Pattern[str] | None], ...]
    post_ids: frozenset[int]


class Rules(msgspec.Struct, frozen=True):
    """All filters of somebody as they were at a `version` of theirs."""

    account_id: int
    version: int
    rules: tuple[Rule, ...] = ()


class Match(msgspec.Struct, frozen=True):
    """A filter that fits a post, and by what."""

    filter: Filter
    keywords: tuple[str, ...]
    post_ids: tuple[int, ...]

    def holds(self, now_ms: int) -> bool:
        """Whether the filter has not expired."""
        return self.filter.expires_ms is None or self.filter.expires_ms > now_ms


def rules(db: Read, account_id: int) -> Rules:
    """Somebody's filters, ready to look with."""
    return Rules(
        account_id,
        store.version(db, account_id),
        tuple(made_ready(one) for one in store.of_account(db, account_id)),
    )


def made_ready(of: Filter) -> Rule:
    """A filter to look with."""
    words = tuple((one.keyword, *_ready(one)) for one in of.keywords)
    return Rule(of, words, frozenset(one.post_id for one in of.posts))


def _ready(word: Keyword) -> tuple[str, re.Pattern[str] | None]:
    """A side that ends in a letter, mark or digit must be the end of a word there. As Mastodon."""
    folded = _folded(word.keyword)
    if not word.whole_word:
        return folded, None
    start = r"\b" if re.match(r"\w", folded) else ""
    end = r"\b" if re.search(r"\w\Z", folded) else ""
    return folded, re.compile(f"{start}{re.escape(folded)}{end}")


def _folded(words: str) -> str:
    """As keywords and posts are compared: composed Hangul, no difference of case."""
    return unicodedata.normalize("NFC", words).casefold()


def matches(by: Rules, post_id: int, looked: str) -> tuple[Match, ...]:
    """Which filters fit a post, expired ones too; `looked` is what `looked_through` made of it."""
    found = []
    for rule in by.rules:
        words = tuple(word for word, folded, whole in rule.words if _in(looked, folded, whole))
        posts = (post_id,) if post_id in rule.post_ids else ()
        if words or posts:
            found.append(Match(rule.filter, words, posts))
    return tuple(found)


def _in(looked: str, word: str, pattern: re.Pattern[str] | None) -> bool:
    return word in looked and (pattern is None or pattern.search(looked) is not None)


def looked_through(said: Said) -> str:
    """What of a post keywords are looked for in, ready to be compared."""
    options = json.loads(said.extra).get("options") or () if said.extra != "{}" else ()
    parts = (
        said.warning,
        said.title,
        text.plain(said.lead),
        text.plain(said.content),
        *(str(option[0]) for option in options),
        *said.alts,
    )
    return _folded("\n".join(filter(None, parts))[:MAX_LOOKED_THROUGH])


def of_view(view: PostView) -> str:
    """As `looked_through`, of a post that has been read."""
    post = view.post
    return looked_through(
        Said(
            id=post.id,
            title=post.title,
            lead=post.lead,
            content=post.content,
            warning=post.warning,
            extra=post.extra,
            alts=tuple(one.alt for one in view.media),
        )
    )


def of_posts(db: Read, post_ids: Sequence[int]) -> dict[int, str]:
    """As `looked_through`, of these posts."""
    return {said.id: looked_through(said) for said in store.said(db, post_ids)}


# --- making and changing


def all(db: Read, account_id: int) -> list[Filter]:
    """Somebody's filters, expired ones too."""
    return store.of_account(db, account_id)


def one(db: Read, account_id: int, id: int) -> Filter:
    """One of somebody's filters. Raises `NotFound`, also for those of others."""
    found = store.one(db, account_id, id)
    if found is None:
        raise NotFound("There is no such filter.")
    return found


def make(tx: Write, new: Filter, words: Sequence[Change], now_ms: int) -> Filter:
    """Store a filter with its keywords; the id in `new` does not count."""
    new = msgspec.structs.replace(new, id=new_id(now_ms), title=new.title.strip())
    _check(new)
    if store.count(tx, new.account_id) >= MAX_FILTERS:
        raise Invalid("You can have at most %(most)s filters.", most=MAX_FILTERS)
    store.insert(tx, new)
    _apply(tx, new, words, now_ms)
    _changed(tx, new.account_id, now_ms)
    return one(tx, new.account_id, new.id)


def change(tx: Write, changed: Filter, words: Sequence[Change], now_ms: int) -> Filter:
    """Store what changed in a filter that `one` gave, and in its keywords."""
    changed = msgspec.structs.replace(changed, title=changed.title.strip())
    _check(changed)
    store.change(tx, changed)
    _apply(tx, changed, words, now_ms)
    _changed(tx, changed.account_id, now_ms)
    return one(tx, changed.account_id, changed.id)


def remove(tx: Write, account_id: int, id: int, now_ms: int) -> None:
    """Forget one of somebody's filters."""
    store.remove(tx, one(tx, account_id, id).id)
    _changed(tx, account_id, now_ms)


def _check(new: Filter) -> None:
    if not new.title:
        raise Invalid("A filter needs a title.")
    if len(new.title) > MAX_TITLE:
        raise Invalid("The title is too long: at most %(most)s characters.", most=MAX_TITLE)
    contexts = new.contexts.split()
    if not contexts or not set(contexts) <= set(CONTEXTS):
        raise Invalid(
            "Say where the filter counts: home, notifications, public, thread or account."
        )
    if new.action not in ACTIONS:
        raise Invalid("A filter warns (warn), hides (hide) or blurs pictures (blur).")


def _apply(tx: Write, of: Filter, words: Sequence[Change], now_ms: int) -> None:
    known = {word.id: word for word in of.keywords}
    for word in words:
        if word.id is not None and word.id not in known:
            raise NotFound("There is no such keyword in this filter.")
        if word.id is not None and word.remove:
            store.remove_keyword(tx, word.id)
        elif not word.remove and (word.id is not None or word.keyword):
            _put(tx, of, known.get(word.id or 0), word, now_ms)


def _put(tx: Write, of: Filter, known: Keyword | None, sent: Change, now_ms: int) -> Keyword:
    """Store a keyword, new or changed. Where nobody says otherwise it is a whole word."""
    words = known.keyword if known and sent.keyword is None else (sent.keyword or "").strip()
    whole = bool(known.whole_word) if known else True
    if not words:
        raise Invalid("Write the word or phrase that you do not want to meet.")
    if len(words) > MAX_KEYWORD:
        raise Invalid("The keyword is too long: at most %(most)s characters.", most=MAX_KEYWORD)
    if known is None and store.keyword_count(tx, of.account_id) >= MAX_KEYWORDS:
        raise Invalid("Your filters can have at most %(most)s keywords.", most=MAX_KEYWORDS)
    kept = Keyword(
        id=known.id if known else new_id(now_ms),
        filter_id=of.id,
        keyword=words,
        whole_word=int(whole if sent.whole_word is None else sent.whole_word),
    )
    store.put_keyword(tx, kept)
    return kept


def _changed(tx: Write, account_id: int, now_ms: int) -> None:
    store.touch(tx, account_id)
    events.tell(tx, "filters_changed", events.mine(account_id), now_ms)


def keyword(db: Read, account_id: int, id: int) -> Keyword:
    """A keyword of one of somebody's filters. Raises `NotFound`."""
    found = store.keyword(db, account_id, id)
    if found is None:
        raise NotFound("There is no such keyword in this filter.")
    return found


def add_keyword(tx: Write, account_id: int, filter_id: int, sent: Change, now_ms: int) -> Keyword:
    """Put a keyword into one of somebody's filters."""
    kept = _put(tx, one(tx, account_id, filter_id), None, sent, now_ms)
    _changed(tx, account_id, now_ms)
    return kept


def change_keyword(tx: Write, account_id: int, id: int, sent: Change, now_ms: int) -> Keyword:
    """Change a keyword of one of somebody's filters."""
    known = keyword(tx, account_id, id)
    kept = _put(tx, one(tx, account_id, known.filter_id), known, sent, now_ms)
    _changed(tx, account_id, now_ms)
    return kept


def remove_keyword(tx: Write, account_id: int, id: int, now_ms: int) -> None:
    """Take a keyword out of one of somebody's filters."""
    store.remove_keyword(tx, keyword(tx, account_id, id).id)
    _changed(tx, account_id, now_ms)


def post(db: Read, account_id: int, id: int) -> FilteredPost:
    """A post in one of somebody's filters. Raises `NotFound`."""
    found = store.post(db, account_id, id)
    if found is None:
        raise NotFound("There is no such post in this filter.")
    return found


def add_post(tx: Write, account_id: int, filter_id: int, post_id: int, now_ms: int) -> FilteredPost:
    """Put a post that somebody may read into one of their filters."""
    into = one(tx, account_id, filter_id)
    read = reading.readable(tx, account_id, post_id)
    if len(into.posts) >= MAX_POSTS:
        raise Invalid("A filter can have at most %(most)s posts.", most=MAX_POSTS)
    new = FilteredPost(id=new_id(now_ms), filter_id=into.id, post_id=read.id)
    if not store.add_post(tx, new):
        raise Invalid("This post is in the filter already.")
    _changed(tx, account_id, now_ms)
    return new


def remove_post(tx: Write, account_id: int, id: int, now_ms: int) -> FilteredPost:
    """Take a post out of one of somebody's filters."""
    known = post(tx, account_id, id)
    store.remove_post(tx, known.id)
    _changed(tx, account_id, now_ms)
    return known


# --- as apps before Mastodon 4 know them: one keyword, which is the filter


def change_old(tx: Write, changed: Filter, id: int, sent: Change, now_ms: int) -> Keyword:
    """Change a keyword together with its filter, where it is the only one."""
    before = one(tx, changed.account_id, changed.id)
    whole = [getattr(changed, name) == getattr(before, name) for name in _OLD]
    if len(before.keywords) > 1 and not min(whole):
        raise Invalid(
            "This filter has several keywords: change it in an app that knows them, or on our page."
        )
    change(tx, changed, [msgspec.structs.replace(sent, id=id)], now_ms)
    return keyword(tx, changed.account_id, id)


_OLD: Final = ("contexts", "action", "expires_ms")


def remove_old(tx: Write, account_id: int, id: int, now_ms: int) -> None:
    """Take a keyword away, and its filter when nothing else is in it."""
    known = keyword(tx, account_id, id)
    within = one(tx, account_id, known.filter_id)
    if len(within.keywords) == 1 and not within.posts:
        remove(tx, account_id, within.id, now_ms)
    else:
        remove_keyword(tx, account_id, id, now_ms)
