"""Emphasis where words have no spaces between them.

CommonMark closes **"말"** only before a space or punctuation, which Korean puts there rarely:
the particle follows at once (**"말"**은). A neighbour written in Hangul, Han or Kana counts here
like the space that other scripts would have. CommonMark 0.31 §6.2.
"""

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_BLOCKS = ((0x1100, 0x11FF), (0x3040, 0x318F), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF))


def install(md: MarkdownIt) -> None:
    """Let `*` open and close next to CJK letters; everything else is CommonMark's."""
    md.inline.ruler.at("emphasis", _emphasis)


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    before, after = _around(state, scanned.length)
    star = marker == "*"
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=scanned.can_open or (star and _is_cjk(before) and not after.isspace()),
                close=scanned.can_close or (star and _is_cjk(after) and not before.isspace()),
            )
        )
    state.pos += scanned.length
    return True


def _around(state: StateInline, length: int) -> tuple[str, str]:
    end = state.pos + length
    before = state.src[state.pos - 1] if state.pos else " "
    return before, state.src[end] if end < state.posMax else " "


def _is_cjk(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _BLOCKS)
