"""A city's one accent colour, made readable in both themes. No input, no output: arithmetic.

The hue stays and the lightness moves, in OKLCH (Ottosson's OKLab in polar form), until the contrast
of WCAG 2.2 §1.4.3 holds. Colours are `#rrggbb`.
"""

import base64
import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec

READABLE: Final = 4.5
"""The least contrast between an accent and what is behind it: text of any size."""
AT_EASE: Final = 7.0
"""The least contrast between the words of a page and a tint behind them."""

WHITE: Final = "#ffffff"
LIGHT_PAPERS: Final = ("#faf8f3", WHITE)
DARK_PAPERS: Final = ("#161412", "#211e1b")
LIGHT_INK: Final = "#3a352e"
"""The palest ink that the words of a page may have on a light tint."""
DARK_INK: Final = "#d6cfc4"
"""The darkest ink that the words of a page may have on a dark tint."""

_STEP: Final = 0.004  # of lightness: less than an eye sees
_LIGHT_TINT: Final = (0.952, 0.028)  # lightness and the most chroma
_DARK_TINT: Final = (0.285, 0.035)

Triple = tuple[float, float, float]


class Tone(msgspec.Struct, frozen=True):
    """The accent of one theme, what is written on it, and a tint to lay behind words."""

    accent: str
    on_accent: str
    tint: str


class Palette(msgspec.Struct, frozen=True):
    """One accent colour in both themes."""

    light: Tone
    dark: Tone


@lru_cache(maxsize=64)
def palette(accent: str) -> Palette:
    """The accessible palette of an accent: every ratio named above holds, whatever the colour.

    An accent that is readable as it is stays exactly as it is.
    """
    _, chroma, hue = oklch(accent)
    light_tint = _tint(_LIGHT_TINT, chroma, hue)
    dark_tint = _tint(_DARK_TINT, chroma, hue)
    light = readable(accent, (*LIGHT_PAPERS, light_tint), -_STEP)
    dark = readable(accent, (*DARK_PAPERS, dark_tint), _STEP)
    return Palette(
        Tone(light, written_on(light), light_tint),
        Tone(dark, written_on(dark), dark_tint),
    )


def readable(colour: str, papers: Sequence[str], step: float) -> str:
    """`colour`, made lighter (`step` above 0) or darker until it can be read on every paper."""
    lightness, chroma, hue = oklch(colour)
    while any(contrast(colour, paper) < READABLE for paper in papers):
        lightness += step
        if not 0.0 < lightness < 1.0:
            return WHITE if step > 0 else "#000000"
        colour = from_oklch(lightness, chroma, hue)
    return colour


def written_on(colour: str) -> str:
    """White or nearly black, whichever is read more easily on `colour`."""
    return max(WHITE, DARK_PAPERS[0], key=lambda ink: contrast(ink, colour))


def _tint(wanted: tuple[float, float], chroma: float, hue: float) -> str:
    return from_oklch(wanted[0], min(wanted[1], chroma), hue)


def css(accent: str) -> str:
    """The custom properties of both themes: the device's, unless `data-theme` names one."""
    found = palette(accent)
    light, dark = _properties(found.light), _properties(found.dark)
    return (
        f":root{{{light}}}"
        f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}'
        f':root[data-theme="dark"]{{{dark}}}'
    )


def _properties(tone: Tone) -> str:
    return f"--accent:{tone.accent};--on-accent:{tone.on_accent};--tint:{tone.tint}"


def style_hash(style: str) -> str:
    """How a Content-Security-Policy allows exactly this `<style>`. CSP3 §2.3.1."""
    digest = sha256(style.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21. WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """How bright a colour is, 0 to 1. WCAG 2.2, "relative luminance"."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def oklch(colour: str) -> Triple:
    """Lightness 0 to 1, chroma from 0, hue in radians."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """The nearest colour that a screen can show: with less chroma where there is no such one."""
    if _shown(found := _from_oklab(lightness, chroma, hue)):
        return _hex(found)
    low, high = 0.0, chroma
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if _shown(_from_oklab(lightness, middle, hue)) else (low, middle)
    return _hex(_from_oklab(lightness, low, hue))


def _from_oklab(lightness: float, chroma: float, hue: float) -> Triple:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _shown(linear: Triple) -> bool:
    return all(-1e-4 <= part <= 1 + 1e-4 for part in linear)


def _linear(colour: str) -> Triple:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return to_linear(red), to_linear(green), to_linear(blue)


def to_linear(part: float) -> float:
    """A part of an sRGB colour as light, both 0 to 1. IEC 61966-2-1."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _hex(linear: Triple) -> str:
    parts = (round(255 * from_linear(min(max(part, 0.0), 1.0))) for part in linear)
    return "#" + "".join(f"{part:02x}" for part in parts)


def from_linear(part: float) -> float:
    """The other way round."""
    return part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
