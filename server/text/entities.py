"""Mentions and hashtags in what our own people write.

They are read inside the Markdown parser, not from its HTML: so nothing in code, in an address or in
the text of a link counts, and an underscore in a handle is not emphasis.
"""

import re
import unicodedata
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

MAX_TAG_CHARACTERS: Final = 100
MAX_DOMAIN_CHARACTERS: Final = 253

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_MENTION = re.compile(
    rf"@(?:([a-zA-Z0-9_]+(?:[.-]+[a-zA-Z0-9_]+)*)@({_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?)"
    r"|([a-zA-Z0-9_]{1,30})(?![a-zA-Z0-9_]))"
)
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])(?::[0-9]{{1,5}})?")
_HANDLE = re.compile(r"[a-z0-9_]{1,30}")


def valid_handle(name: str) -> bool:
    """Whether `name` can be the name of one of our accounts: 1 to 30 of a-z, 0-9 and _."""
    return _HANDLE.fullmatch(name) is not None


def domain_name(text: str) -> str | None:
    """The domain that somebody typed, in its one spelling; None for what is none.

    An address begins with one: what stands around it is taken away.
    """
    typed = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    if len(typed) > MAX_DOMAIN_CHARACTERS:
        return None
    try:
        name = typed if typed.isascii() else typed.encode("idna").decode()
    except UnicodeError:
        return None
    return name if _DOMAIN.fullmatch(name) else None


def normal_tag(tag: str) -> str:
    """A hashtag as it is compared and stored: without #, NFKC, lower case."""
    return unicodedata.normalize(
        "NFKC", unicodedata.normalize("NFKC", tag.removeprefix("#")).lower()
    )


def is_tag(tag: str) -> bool:
    """Whether something in normal form can be a hashtag: in a word, with a letter, not too long."""
    return (
        0 < len(tag) <= MAX_TAG_CHARACTERS and all(map(_in_tag, tag)) and any(map(str.isalpha, tag))
    )


def _in_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _in_tag(character: str) -> bool:
    return character == "_" or _in_word(character)


def install(md: MarkdownIt) -> None:
    """Teach a Markdown parser the inline tokens `mention` and `hashtag`.

    `mention` carries `meta["key"]`, "name" or "name@host" in lower case; `hashtag` carries
    `meta["tag"]`, its normal form. `content` is what was written.
    """
    md.inline.ruler.before("emphasis", "mention", _mention)
    md.inline.ruler.before("emphasis", "hashtag", _hashtag)


def _mention(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "@" or state.linkLevel or not _free(state, "@/=."):
        return False
    if (found := _MENTION.match(state.src, state.pos)) is None:
        return False
    key = f"{found[1]}@{found[2]}" if found[1] else found[3]
    return _push(state, silent, "mention", found[0], {"key": key.lower()})


def _hashtag(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "#" or state.linkLevel or not _free(state, "#&/=)"):
        return False
    end = start = state.pos + 1
    while end < state.posMax and _in_tag(state.src[end]):
        end += 1
    text = state.src[start:end]
    if len(text) > MAX_TAG_CHARACTERS or not any(map(str.isalpha, text)):
        return False
    return _push(state, silent, "hashtag", f"#{text}", {"tag": normal_tag(text)})


def _free(state: StateInline, glued_to: str) -> bool:
    """Whether the sign stands by itself: not in a word, an e-mail address or a path."""
    before = state.src[state.pos - 1] if state.pos else " "
    return before not in glued_to and not _in_tag(before)


def _push(state: StateInline, silent: bool, kind: str, text: str, meta: dict[str, Any]) -> bool:
    if not silent:
        token = state.push(kind, "", 0)
        token.content = text
        token.meta = meta
    state.pos += len(text)
    return True
