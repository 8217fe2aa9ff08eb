"""Where what was looked for stands: marked in HTML of ours, and a passage of a longer text."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from server.text.finding import LETTER_OF_WORDS, Need, cut, is_mark
from server.text.markup import VOID

AROUND: Final = 60  # characters of a passage before what was found
LENGTH: Final = 180  # characters of a passage
_BETWEEN: Final = r"[\W_]*"
_PIECES: Final = re.compile(r"""(<(?:[^>"']|"[^"]*"|'[^']*')*>|&\#?\w+;)""")
_OPENS: Final = re.compile(r"<([a-z][a-z0-9]*)\b")


def pattern(needs: Iterable[Need]) -> re.Pattern[str] | None:
    """What `needs` look like in a text in lower case; None where they have no words."""
    words = dict.fromkeys(word for need in needs for word in _words(need))
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(_looks, longest_first))) if words else None


def _words(need: Need) -> Iterator[str]:
    for text in (need.pattern, *need.any):
        runs = [run.removeprefix("#") for run in text.split() if run[0] == "#" or not is_mark(run)]
        if runs:
            yield " ".join(runs)


def _looks(words: str) -> str:
    runs = cut(words)
    first, last = (re.match(LETTER_OF_WORDS, run[0]) is not None for run in (runs[0], runs[-1]))
    before = f"(?<!{LETTER_OF_WORDS})" if first else ""
    after = f"(?!{LETTER_OF_WORDS})" if last else ""
    return f"{before}{_BETWEEN.join(map(re.escape, runs))}{after}"


def passage(text: str, wanted: re.Pattern[str]) -> str:
    """A part of a text on one line, around what was looked for; empty where that does not stand."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    first = wanted.search(_folded(text))
    if first is None:
        return ""
    start = max(0, first.start() - AROUND)
    start = text.find(" ", start, first.start()) + 1 or start if start else 0
    end = start + LENGTH
    end = len(text) if end >= len(text) else max(text.rfind(" ", start, end), first.end())
    before, after = ("… " if start else "", " …" if end < len(text) else "")
    return f"{before}{text[start:end]}{after}"


def _folded(text: str) -> str:
    """`text` in lower case and as long: what has no such form is found, and not marked."""
    return next((one for one in (text.casefold(), text.lower()) if len(one) == len(text)), text)


def marked(html: str, wanted: re.Pattern[str], classes: frozenset[str]) -> str:
    """`html`, which is well formed, with what was looked for in a `<mark>`, inside elements that
    have one of these classes.
    """
    depth = 0
    said: list[str] = []
    for piece in _PIECES.split(html):
        if piece.startswith("<"):
            depth = _deeper(piece, depth, classes)
            said.append(piece)
        elif depth and not piece.startswith("&"):
            said.append(_marked(piece, wanted))
        else:
            said.append(piece)
    return "".join(said)


def _marked(text: str, wanted: re.Pattern[str]) -> str:
    text = unicodedata.normalize("NFC", text)
    said: list[str] = []
    at = 0
    for match in wanted.finditer(_folded(text)):
        said += [text[at : match.start()], f"<mark>{text[match.start() : match.end()]}</mark>"]
        at = match.end()
    return "".join([*said, text[at:]])


def _deeper(tag: str, depth: int, classes: frozenset[str]) -> int:
    """How deep in one of the elements we are after this tag."""
    if tag.startswith("</"):
        return max(0, depth - 1)
    opens = _OPENS.match(tag)
    if opens is None or opens[1] in VOID or tag.endswith("/>"):
        return depth
    return depth + 1 if depth or classes & _classes(tag) else 0


def _classes(tag: str) -> set[str]:
    found = re.search(r'\bclass="([^"]*)"', tag)
    return set(found[1].split()) if found else set()
