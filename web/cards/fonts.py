"""The letters of drawn cards: a font that the build of the pages left, or one of the system.

Without any the cards have no words. Only what a font can draw is drawn: no boxes for emoji.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont, Layout

BUILT: Final = Path(__file__).parents[1] / "static" / "built" / "fonts" / "card.woff2"
"""Gothic A1 ExtraBold, all 11,172 syllables and Latin-1: `make install` copies it from npm."""
# (file, number of the Korean face in it) as Debian, Fedora, Alpine, macOS and Windows have them
SYSTEM: Final = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/noto/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", 1),
    ("/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf", 0),
    ("/System/Library/Fonts/AppleSDGothicNeo.ttc", 6),
    ("C:/Windows/Fonts/malgunbd.ttf", 0),
)

_NOBODYS: Final = "\U0010fffd"  # private use: no font has it, so it shows what a gap looks like
_PROBE: Final = 24  # pixels


def available() -> list[tuple[str, int]]:
    """Files of fonts that can be read, the best first."""
    return [one for one in ((str(BUILT), 0), *SYSTEM) if _reads(*one)]


def best(text: str) -> tuple[str, int] | None:
    """The font that leaves out least of `text`; None where there is none at all."""
    fonts = available()
    return max(fonts, key=lambda font: len(drawable(text, font)), default=None)


def sized(font: tuple[str, int], pixels: int) -> FreeTypeFont:
    """A font at a size, without shaping: that raises for letters that nobody can foresee."""
    return _opened(font[0], font[1], pixels)


def drawable(text: str, font: tuple[str, int]) -> str:
    """What `font` can draw of `text`, composed, its spaces made one each."""
    composed = unicodedata.normalize("NFC", text)
    words = ("".join(sign for sign in word if _has(sign, *font)) for word in composed.split())
    return " ".join(word for word in words if word)


@lru_cache(maxsize=32)
def _opened(file: str, face: int, pixels: int) -> FreeTypeFont:
    return ImageFont.truetype(file, pixels, index=face, layout_engine=Layout.BASIC)


@lru_cache(maxsize=16)
def _reads(file: str, face: int) -> bool:
    """Whether this is a font. Asked once: fonts come with an installation."""
    try:
        return bool(_opened(file, face, _PROBE).getlength("가"))
    except (OSError, ValueError):
        return False


@lru_cache(maxsize=20_000)
def _has(sign: str, file: str, face: int) -> bool:
    if unicodedata.category(sign)[0] in "CZ":  # controls, halves of emoji, what nobody sees
        return False
    font = _opened(file, face, _PROBE)
    mask = font.getmask(sign)
    gap = font.getmask(_NOBODYS)
    return mask.getbbox() is not None and bytes(mask) != bytes(gap)
