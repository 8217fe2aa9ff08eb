"""Words into lines as Korean print does it: between words, never within one that fits."""

import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

ELLIPSIS: Final = "…"

Length = Callable[[str], float]


class Block(msgspec.Struct, frozen=True):
    """Lines of one size, in pixels."""

    lines: tuple[str, ...]
    size: int


class Room(msgspec.Struct, frozen=True):
    """Where words may stand: `sizes` from the largest, each with its most lines."""

    width: int
    sizes: tuple[tuple[int, int], ...]


def fitted(text: str, room: Room, length_at: Callable[[int], Length]) -> Block:
    """`text` at the largest size at which it fits; at the smallest, it ends with an ellipsis."""
    for size, most in room.sizes:
        lines = broken(text, room.width, length_at(size))
        if len(lines) <= most:
            return Block(_balanced(text, lines, room.width, length_at(size)), size)
    size, most = room.sizes[-1]
    length = length_at(size)
    lines = broken(text, room.width, length)
    return Block((*lines[: most - 1], _ended(lines[most - 1], room.width, length)), size)


def broken(text: str, width: float, length: Length) -> tuple[str, ...]:
    """Lines no longer than `width`. A word that is longer than a line is broken anywhere."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if length(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width, length)
        lines += full
    return (*lines, line) if line else tuple(lines)


def _pieces(word: str, width: float, length: Length) -> list[str]:
    pieces, piece = [], ""
    for sign in word:
        if piece and not unicodedata.combining(sign) and length(piece + sign) > width:
            pieces.append(piece)
            piece = ""
        piece += sign
    return [*pieces, piece]


def _balanced(text: str, lines: tuple[str, ...], width: float, length: Length) -> tuple[str, ...]:
    """The same number of lines, as even as can be: no last line with one short word."""
    low, high = width / 2, float(width)
    while high - low > width / 50:
        middle = (low + high) / 2
        tried = broken(text, middle, length)
        # narrower must not break a word that a line can hold
        if len(tried) == len(lines) and _words_whole(text, tried):
            high, lines = middle, tried
        else:
            low = middle
    return lines


def _words_whole(text: str, lines: tuple[str, ...]) -> bool:
    return " ".join(lines) == " ".join(text.split())


def _ended(line: str, width: float, length: Length) -> str:
    while line and length(line + ELLIPSIS) > width:
        line = line[:-1]
    return line.rstrip(" ,.;:·-") + ELLIPSIS
