"""Reactions with an emoji: EmojiReact of Pleroma, and the Like of Misskey that carries one."""

import re
import unicodedata
from typing import Any, Final

from federation.objects import emojis
from federation.readers import text_or_none
from federation.vocab import Emoji

MAX_CHARS: Final = 16
HEARTS: Final = frozenset({"❤", "❤️", "♥", "♥️"})
"""What Misskey writes into every Like: it says no more than that."""

_CUSTOM: Final = re.compile(r":([\w.+-]{1,100})(?:@[\w.:-]{1,253})?:")
_JOINS: Final = frozenset("\u200d\ufe0f\u20e3")
_KEYS: Final = frozenset("0123456789#*")
_SIGNS: Final = frozenset({"So", "Sk", "Sm", "Po", "Pd"})
_TAGS: Final = ("\U000e0020", "\U000e007f")  # by which flags of regions are spelt


def reaction(raw: dict[str, Any]) -> Emoji | None:
    """The emoji of a reaction; `url` is "" for one that every device can draw.

    A custom one counts only with its picture. None for anything else: words are no emoji.
    """
    said = text_or_none(raw.get("content")) or text_or_none(raw.get("_misskey_reaction")) or ""
    said = said.strip()
    custom = _CUSTOM.fullmatch(said)
    if custom is not None:
        drawn = (one for one in emojis(raw) if one.shortcode.partition("@")[0] == custom[1])
        found = next(drawn, None)
        return Emoji(f":{custom[1]}:", found.url) if found else None
    return Emoji(said, "") if _drawn(said) else None


def _drawn(said: str) -> bool:
    if not 0 < len(said) <= MAX_CHARS:
        return False
    key = "\u20e3" in said
    signs = [one for one in said if one not in _JOINS and not _TAGS[0] <= one <= _TAGS[1]]
    if key:
        return len(signs) == 1 and signs[0] in _KEYS
    return bool(signs) and all(not one.isascii() and _sign(one) for one in signs)


def _sign(one: str) -> bool:
    return unicodedata.category(one) in _SIGNS
