"""Addresses typed into running text, made links: http and https, whole, without what follows them.

Not left to a library: Korean writes particles straight after an address (https://city.kr에서), and
those must stay outside.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

_SCHEME = re.compile(r"(?:^|[^a-zA-Z0-9])(https?)$", re.IGNORECASE)
# A host that starts in ASCII stays in ASCII: what follows it in Hangul is the sentence.
_ADDRESS = re.compile(
    r"://(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|[^\W_][\w.-]*\w)(?::\d{1,5})?"
    r"(?:[/?#][^\s<>\"`{}|\\^]{0,2000})?"
)
_PARTICLE = re.compile(
    r"(?<=[a-zA-Z0-9/])(?:에서|으로|에게|까지|부터|을|를|은|는|이|가|에|로|와|과|의|도)$"
)
_NEVER_LAST = ".,;:!?*_~'…。、，！？）」』》"
_PAIRS = {")": "(", "]": "["}


def install(md: MarkdownIt) -> None:
    """Teach a Markdown parser to link addresses in text. The tokens are those of any link."""
    md.inline.ruler.before("emphasis", "address", _address)


def _address(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("://", state.pos) or state.linkLevel:
        return False
    scheme = _SCHEME.search(state.pending[-6:])
    found = _ADDRESS.match(state.src, state.pos)
    if scheme is None or found is None:
        return False
    tail = _ended(found[0])
    href = state.md.normalizeLink(scheme[1] + tail)
    if not state.md.validateLink(href):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[1])]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = scheme[1] + tail
        state.push("link_close", "a", -1)
    state.pos += len(tail)
    return True


def _ended(tail: str) -> str:
    """Without closing punctuation, a bracket that was opened before, or a particle."""
    before = ""
    while before != tail:
        before = tail
        tail = tail.rstrip(_NEVER_LAST)
        if tail[-1] in _PAIRS and tail.count(tail[-1]) > tail.count(_PAIRS[tail[-1]]):
            tail = tail[:-1]
        tail = _PARTICLE.sub("", tail)
    return tail
