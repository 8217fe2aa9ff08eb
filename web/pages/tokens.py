"""The tokens of the design system, as their style sheet has them, and how its colours are read."""

import re
from functools import cache
from typing import Final

import msgspec

from web import colours
from web.colours import Palette
from web.render import STATIC, asset_path

SHEET: Final = STATIC / "css" / "tokens.css"
TEXT: Final = colours.READABLE
PART: Final = 3.0
"""The least contrast of what is no text: edges of fields, marks. WCAG 2.2 §1.4.11."""

# What is written on what, and how much contrast that needs.
PAIRS: Final = (
    *(("ink", paper, TEXT) for paper in ("paper", "card", "sunken", "tint")),
    *(("soft", paper, TEXT) for paper in ("paper", "card", "sunken", "tint")),
    *(("accent", paper, TEXT) for paper in ("paper", "card", "tint")),
    ("on-accent", "accent", TEXT),
    *(("new", paper, TEXT) for paper in ("paper", "card", "new-tint")),
    *(("warn", paper, TEXT) for paper in ("paper", "card", "warn-tint")),
    ("on-warn", "warn", TEXT),
    *(("edge", paper, PART) for paper in ("paper", "card")),
    *(("focus", paper, PART) for paper in ("paper", "card")),
)
TYPE: Final = ("t-2", "t-1", "t0", "t1", "t2", "t3", "t4", "t5")
SPACE: Final = ("s1", "s2", "s3", "s4", "s5", "s6", "s7")
RADIUS: Final = ("radius-small", "radius")

_RULE: Final = re.compile(r"([^{}]*)\{([^{}]*)\}")
_TOKEN: Final = re.compile(r"--([\w-]+):\s*([^;]+);")
_ICON: Final = re.compile(r'<symbol id="([\w-]+)"')
_HEX: Final = re.compile(r"#[0-9a-f]{6}")


class Colour(msgspec.Struct, frozen=True):
    """A colour in both themes."""

    name: str
    light: str
    dark: str


class Pair(msgspec.Struct, frozen=True):
    """A colour on another: the contrast in both themes, and the least that it needs."""

    colour: str
    paper: str
    light: float
    dark: float
    needed: float

    @property
    def holds(self) -> bool:
        """Whether it is read well enough in both themes."""
        return min(self.light, self.dark) >= self.needed


@cache
def themes() -> tuple[dict[str, str], dict[str, str]]:
    """Every token by name, as the light theme has it and as the dark one."""
    rules = _RULE.findall(SHEET.read_text("utf-8"))
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for selector, body in rules:
        found = dict(_TOKEN.findall(body))
        (dark if "data-theme" in selector else light).update(found)
    return light, {**light, **dark}


def values(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Tokens with their values."""
    light, _ = themes()
    return [(name, light[name]) for name in names]


def colours_of(palette: Palette) -> list[Colour]:
    """Every colour, with the city's accent as it is in both themes."""
    light, dark = _with(palette)
    return [
        Colour(name, value, dark[name]) for name, value in light.items() if _HEX.fullmatch(value)
    ]


def pairs(palette: Palette) -> list[Pair]:
    """How well everything is read that stands on something."""
    light, dark = _with(palette)
    return [
        Pair(
            colour,
            paper,
            colours.contrast(light[colour], light[paper]),
            colours.contrast(dark[colour], dark[paper]),
            needed,
        )
        for colour, paper, needed in PAIRS
    ]


def _with(palette: Palette) -> tuple[dict[str, str], dict[str, str]]:
    light, dark = themes()
    return {**light, **_tones(palette.light)}, {**dark, **_tones(palette.dark)}


def _tones(tone: colours.Tone) -> dict[str, str]:
    return {"accent": tone.accent, "on-accent": tone.on_accent, "tint": tone.tint}


@cache
def icons() -> tuple[str, ...]:
    """The names of all icons."""
    return tuple(_ICON.findall(asset_path("icons.svg").read_text("utf-8")))
