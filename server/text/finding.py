"""What a search compares: text cut into runs, and the terms under which an index keeps them.

A run is a stretch of letters and digits after NFKC and case folding. Scripts that put no spaces
between words (Korean puts none before a particle) are found by every two characters, so that 김장을
and 김장 meet in 김장; all others by the whole word, as it is written: no language is stemmed.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from server.text.entities import MAX_TAG_CHARACTERS, is_tag, normal_tag

MAX_CHARACTERS: Final = 100_000  # of one post that can be found
MAX_WORD: Final = 40  # characters of a word that count in the index
MAX_NAME_WORDS: Final = 8  # of whoever is looked for
MAX_NAME_TERMS: Final = 12

# Hangul, kana, Han; Thai, Lao, Khmer, Burmese. Not the dot between words in kana.
_DENSE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3040-\u30fa\u30fc-\u30ff"
    "\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
LETTER_OF_WORDS: Final = rf"[^\W_{_DENSE}]"
"""A letter or digit of a script with spaces between words, as a regular expression."""
_RUNS: Final = re.compile(rf"[{_DENSE}]+|{LETTER_OF_WORDS}+")
_DENSE_ONE: Final = re.compile(f"[{_DENSE}]")

_FINAL_OR_NOT: Final = (
    *("에서는", "에서도", "에서", "에게", "에는", "에도", "에선", "에"),
    *("에게서", "한테서", "한테", "께서"),
    *("까지", "부터", "처럼", "하고", "의"),
)
_AFTER_FINAL: Final = ("으로", "이랑", "은", "을", "과")
_AFTER_VOWEL: Final = ("는", "를", "와", "랑")
_PARTICLES: Final = sorted(
    [*_FINAL_OR_NOT, *_AFTER_FINAL, *_AFTER_VOWEL], key=lambda one: (-len(one), one)
)
"""조사 that are hardly ever the end of a noun. Not among them: 이, 가, 도 and 로, which end 고양이,
소설가, 제주도 and 세종로 (cats are not to be found under the city of Goyang), nor 께 and 만, which
end 다함께 and 아산만."""
_NOUNS_IN_UI: Final = "주강회합정결협논제문"  # 민주주의, 시민회의: 의 is no particle there
_LEAST_STEM: Final = 2  # syllables


def tag_stem(tag: str) -> str | None:
    """The hashtag (in normal form) without the particle that was written on to it: 서울에서, 서울.

    None where there is none to see.
    """
    for particle in _PARTICLES:
        if tag.endswith(particle):
            return _stem(tag.removesuffix(particle), particle)
    return None


def _stem(stem: str, particle: str) -> str | None:
    syllable = stem[-1:]
    if len(stem) < _LEAST_STEM or not "가" <= syllable <= "힣":
        return None
    if particle == "의" and syllable in _NOUNS_IN_UI:
        return None
    final = (ord(syllable) - ord("가")) % 28 != 0
    fits = particle in _FINAL_OR_NOT or final == (particle in _AFTER_FINAL)
    return stem if fits else None


def with_stems(tags: Iterable[str]) -> tuple[str, ...]:
    """Hashtags in normal form, and each without its particle: under which a post is found."""
    given = dict.fromkeys(tags)
    stems = [stem for tag in given if (stem := tag_stem(tag))]
    return tuple(dict.fromkeys([*given, *stems]))


def spelled(text: str) -> str:
    """Plain `text` as it is compared: its runs between single spaces."""
    return f" {' '.join(cut(text[:MAX_CHARACTERS]))} "


def with_marks(words: str, marks: Iterable[str]) -> str:
    """`spelled` words and then marks.

    A mark has a sign in it that no run has (`#tag`, `kind:story`), so that neither passes for the
    other.
    """
    return f"{words}{' '.join(marks)} "


def cut(text: str) -> list[str]:
    """The runs of a text, in order."""
    return _RUNS.findall(_folded(text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def terms(words: str) -> set[str]:
    """Under what an index keeps `words` (`spelled`): its own words and marks, whole, and of dense
    scripts every two characters, and the last of each run.
    """
    found: set[str] = set()
    for run in words.split():
        if _dense(run[0]):
            found.update([run[at : at + 2] for at in range(len(run) - 1)])
            found.add(run[-1])
        else:
            found.add(run if is_mark(run) else run[:MAX_WORD])
    return found


def is_mark(run: str) -> bool:
    """Whether this is no run of text, but a mark."""
    return ":" in run or run.startswith("#")


@lru_cache(maxsize=1 << 16)
def _dense(character: str) -> bool:
    """Of a script without spaces. A run is of one kind, so that its first character tells."""
    return _DENSE_ONE.match(character) is not None


class Need(msgspec.Struct, frozen=True):
    """One thing that is looked for. `pattern` is a part of the `spelled` text that has it.

    An index narrows it down: posts with `all` of these terms and, where `any` is not empty, one of
    those, which are marks; `start`: with a term that begins so. `exact`: the terms say it all.
    """

    pattern: str = ""
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    start: str = ""
    exact: bool = False

    def among(self, words: str) -> bool:
        """Whether `spelled` text has it."""
        return self.pattern in words and (
            not self.any or any(f" {one} " in words for one in self.any)
        )


def need(text: str) -> Need | None:
    """A word or a phrase that is looked for; None where there is no letter and no digit in it."""
    runs = cut(text)
    if not runs:
        return None
    first, last = ("" if _dense(run[0]) else " " for run in (runs[0], runs[-1]))
    whole = tuple(term for run in runs for term in _needed(run))
    single = next((run for run in runs if _dense(run[0]) and len(run) == 1), "")
    return Need(
        pattern=f"{first}{' '.join(runs)}{last}",
        all=tuple(dict.fromkeys(whole)),
        start=single,
        exact=len(runs) == 1 and len(whole) == 1 and len(runs[0]) <= MAX_WORD,
    )


def _needed(run: str) -> list[str]:
    if not _dense(run[0]):
        return [run[:MAX_WORD]]
    return ["".join(pair) for pair in zip(run, run[1:], strict=False)]


def marked(mark: str) -> Need:
    """A post with this mark."""
    return Need(pattern=f" {mark} ", all=(mark,), exact=True)


def either(marks: Iterable[str]) -> Need:
    """A post with one of these marks."""
    return Need(any=tuple(marks))


def tagged(text: str) -> Need | None:
    """A post with this hashtag, however it is spelt; None for what cannot be one."""
    tag = normal_tag(text)
    return marked(f"#{tag}") if len(tag) <= MAX_TAG_CHARACTERS and is_tag(tag) else None


# --- people and communities


class NameNeed(msgspec.Struct, frozen=True):
    """A term of whoever is looked for, whole or how one begins."""

    term: str
    whole: bool = False


def name_terms(handle: str, name: str) -> set[str]:
    """Under what an account is kept: its handle, and the words of the name that is shown."""
    return {f"@{handle.lower()}", *terms(spelled(name))}


def handle_needs(begun: str) -> tuple[NameNeed, ...]:
    """Whoever has a handle that begins so."""
    return (NameNeed(f"@{begun}"),) if begun else ()


def name_needs(text: str) -> tuple[NameNeed, ...]:
    """Whoever has all these words in the name, the rarest first as far as one can tell."""
    found: dict[NameNeed, None] = {}
    for run in spelled(text).split()[:MAX_NAME_WORDS]:
        if _dense(run[0]) and len(run) > 1:
            found.update(dict.fromkeys(NameNeed(pair, True) for pair in _needed(run)))
        else:
            found[NameNeed(run[:MAX_WORD])] = None
    return tuple(sorted(found, key=lambda need: (not need.whole, -len(need.term))))[:MAX_NAME_TERMS]
