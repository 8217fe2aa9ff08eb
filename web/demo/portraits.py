"""Faces for the people, and signs for the places, all from a seed."""

import math
from types import MappingProxyType
from typing import Final

from web.demo import things
from web.demo.canvas import PALETTES, Canvas, mix, thin

EDGE: Final = 400
_GROUNDS: Final = (
    "#f2c57c",
    "#8fc1b5",
    "#e59b86",
    "#a9b8dc",
    "#c7cf8e",
    "#e8b4bc",
    "#7fa6b8",
    "#d9c7a3",
)
_SHIRTS: Final = (
    "#d9523f",
    "#3f7f86",
    "#f0a83a",
    "#4c5f94",
    "#6f9a5b",
    "#8a5a86",
    "#efe4cf",
    "#2f4858",
)
_HAIRS: Final = MappingProxyType({"grey": "#b9b4ae", "brown": "#6b4327"})
_SKINS: Final = MappingProxyType({"dark": "#8d5a3c", "tan": "#d9a47c"})


def face(seed: str, look: str) -> bytes:
    """Somebody, 400 by 400 pixels, as JPEG.

    `look` is words: short | long | bun | curly | bald, grey | brown | black, glasses, cap, beard,
    dark | tan.
    """
    c = Canvas(PALETTES["noon"], seed, EDGE, EDGE)
    words = set(look.split())
    ground = c.one_of(_GROUNDS)
    c.rect(0, 0, EDGE, EDGE, ground)
    c.disc(c.between(60, 340), c.between(60, 150), c.between(90, 130), thin("#ffffff", 0.18))
    hair = next((_HAIRS[word] for word in look.split() if word in _HAIRS), "#2a2523")
    light = c.one_of(("#f2cdb0", "#f7d9bf", "#ecc19d"))
    skin = next((_SKINS[word] for word in look.split() if word in _SKINS), light)
    shirt = c.one_of(tuple(colour for colour in _SHIRTS if colour != ground))
    _hair_behind(c, words, hair)
    c.rect(168, 240, 64, 90, mix(skin, "#8a4a30", 0.16), 26)
    c.rect(74, 304, 252, 160, shirt, 84)
    c.pie(200, 306, 48, (0, 180), skin)
    c.oval(200, 196, 82, 98, skin)
    for side in (-1, 1):
        c.oval(200 + side * 82, 204, 13, 20, skin)
    _hair_before(c, words, hair)
    _features(c, words, hair, skin)
    return c.jpeg()


def _hair_behind(c: Canvas, words: set[str], hair: str) -> None:
    if "long" in words:
        c.rect(102, 110, 196, 232, hair, 88)
    elif "bun" in words:
        c.disc(200, 78, 44, hair)
    elif "curly" in words:
        for i in range(15):
            angle = math.pi * (0.9 + 1.2 * i / 14)
            c.disc(200 + 96 * math.cos(angle), 178 + 98 * math.sin(angle), 36, hair)


def _hair_before(c: Canvas, words: set[str], hair: str) -> None:
    if "bald" in words:
        c.oval(172, 122, 20, 11, thin("#ffffff", 0.35))
        return
    if "cap" in words:
        cap = c.one_of(_SHIRTS)
        c.pie(200, 168, 90, (180, 360), cap)
        c.rect(112, 156, 216, 22, mix(cap, "#000000", 0.2), 10)
        return
    c.pie(200, 178, 92, (180, 360), hair)
    c.poly([(109, 172), (222, 172), (110, 202)], hair)
    if c.chance.random() < 0.5 or "long" in words or "bun" in words:
        c.poly([(291, 172), (206, 172), (290, 198)], hair)
    c.arc(196, 172, 74, (215, 265), thin("#ffffff", 0.2), 8)


def _features(c: Canvas, words: set[str], hair: str, skin: str) -> None:
    dark = "#2b2220"
    for side in (-1, 1):
        x = 200 + side * 34
        c.oval(x, 206, 7.5, 9, dark)
        c.disc(x + 2.5, 202, 2.6, "#ffffff")
        c.arc(x, 194, 20, (215, 325), mix(hair, dark, 0.4), 5)
        c.oval(200 + side * 50, 234, 17, 11, thin("#e2604e", 0.26))
    c.arc(200, 222, 11, (20, 160), mix(skin, "#8a4a30", 0.45), 4)
    c.arc(200, 232, 30, (28, 152), "#9a3f36", 5)
    if "beard" in words:
        c.pie(200, 226, 80, (28, 152), hair)
        c.arc(200, 238, 24, (25, 155), "#e8a090", 5)
    if "glasses" in words:
        for side in (-1, 1):
            c.arc(200 + side * 36, 206, 27, (0, 360), "#3a3f45", 5)
        c.line([(190, 204), (210, 204)], "#3a3f45", 5)


def sign(seed: str, look: str) -> bytes:
    """The sign of a place. `look`: river | book | awning | tree | house | waves."""
    c = Canvas(PALETTES["noon"], seed, EDGE, EDGE)
    c.rect(0, 0, EDGE, EDGE, c.one_of(("#2f6f7a", "#c2553f", "#3d5a80", "#5b7f4f")))
    c.disc(200, 200, 160, "#fff6e3")
    if look == "book":
        _book(c)
    elif look == "awning":
        for i in range(6):
            fill = c.palette.bright[0] if i % 2 == 0 else c.palette.bright[1]
            c.rect(86 + 38 * i, 120, 38, 84, fill)
            c.pie(105 + 38 * i, 203, 19, (0, 180), fill)
        c.rect(104, 226, 192, 76, c.palette.bright[2], 6)
    elif look == "tree":
        things.tree(c, 200, 318, 200)
    elif look == "house":
        things.tiled_house(c, 112, 300, 176, 104)
    else:
        c.disc(250, 140, 34, c.palette.bright[1])
        for i in range(3):
            wave = [(64 + 8 * k, 206 + 38 * i + 14 * math.sin(k / 2.6 + i)) for k in range(35)]
            c.line(wave, c.palette.bright[2 if i % 2 == 0 else 4], 17)
    return c.jpeg()


def _book(c: Canvas) -> None:
    for side in (-1, 1):
        c.poly([(200, 140), (200 + side * 110, 116), (200 + side * 110, 262), (200, 290)],
               c.palette.bright[0 if side < 0 else 2])  # fmt: skip
        for i in range(3):
            c.line([(200 + side * 24, 174 + 30 * i), (200 + side * 88, 160 + 30 * i)], "#fff6e3", 7)
