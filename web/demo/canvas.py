"""A sheet to draw on in flat colours, twice as fine as the result, with the grain of printed paper.

Coordinates are those of the result, in pixels; colours are `#rrggbb` or `#rrggbbaa`.
"""

import io
import math
import random
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from PIL import Image, ImageColor, ImageDraw

WIDTH: Final = 1200
HEIGHT: Final = 800
FINE: Final = 2
"""Drawn this many times larger, then scaled down: smooth edges."""
_QUALITY: Final = 92

Point = tuple[float, float]


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """The colours of an hour. Far things take the colour of the air, near ones of the earth."""

    high: str
    low: str
    sun: str
    far: str
    hill: str
    leaf: str
    earth: str
    ink: str
    lamp: str
    walls: tuple[str, ...]
    roofs: tuple[str, ...]
    bright: tuple[str, ...]


PALETTES: Final = {
    "morning": Palette(
        high="#9fd0dd", low="#fdeed3", sun="#fff6dd", far="#b5cfd0", hill="#8fb7a6",
        leaf="#5f9274", earth="#d8c39c", ink="#33484f", lamp="#ffd98a",
        walls=("#f7ead3", "#f0d9b5", "#e6e0d0", "#f3cdb0"),
        roofs=("#c8614a", "#4f7f86", "#8c5a4a", "#d98a4e"),
        bright=("#e4604e", "#f2a83b", "#3f8f8c", "#f6e3b4", "#5d7fb0"),
    ),
    "noon": Palette(
        high="#63b6d8", low="#d8f0ee", sun="#fffbe6", far="#a9d0cf", hill="#79b183",
        leaf="#3f8a5b", earth="#e2cf9f", ink="#2a3f4d", lamp="#ffe08a",
        walls=("#fffaf0", "#f6e3c0", "#dfeae6", "#ffd9c2"),
        roofs=("#d3543f", "#2f7f9a", "#a5643f", "#e09a3e"),
        bright=("#ef5b4c", "#f7b733", "#2f9c95", "#fff1c9", "#4a78c2"),
    ),
    "dusk": Palette(
        high="#5b5f97", low="#ffb78c", sun="#ffe3b8", far="#a889a8", hill="#7b6a92",
        leaf="#4d5f73", earth="#c79a84", ink="#322a47", lamp="#ffd27a",
        walls=("#f3c9a8", "#e8ad93", "#cfa1a5", "#f6d8b5"),
        roofs=("#a6455a", "#4b4f83", "#6c3f5b", "#c8644f"),
        bright=("#ff6f61", "#ffc15e", "#5aa9a0", "#ffe7c2", "#8a7fd0"),
    ),
    "night": Palette(
        high="#141c3a", low="#3d4f7d", sun="#f6edcf", far="#2c3a66", hill="#24315a",
        leaf="#1f3a4d", earth="#39466e", ink="#0f1630", lamp="#ffcf73",
        walls=("#4a5583", "#56608f", "#414c78", "#5d5a86"),
        roofs=("#7a3f55", "#2a3a66", "#55405f", "#8a5648"),
        bright=("#f0705f", "#ffc45c", "#58b0a8", "#f4e3c0", "#7f8fe0"),
    ),
    "autumn": Palette(
        high="#a8c4c6", low="#fbe6c4", sun="#fff1cf", far="#c9bfa0", hill="#b99a5c",
        leaf="#8a7a3d", earth="#d6ae78", ink="#45352b", lamp="#ffd277",
        walls=("#f4e2c4", "#ead0a2", "#e3d9c2", "#f0c49c"),
        roofs=("#b24a33", "#5f6b5c", "#8a4f31", "#d0813a"),
        bright=("#d9472f", "#f3a02c", "#4d8577", "#f9e2b0", "#7c5f9a"),
    ),
    "winter": Palette(
        high="#b9cbdc", low="#f3f1ee", sun="#ffffff", far="#c7d3dd", hill="#aebfcb",
        leaf="#6d8a8c", earth="#f2f3f4", ink="#39475a", lamp="#ffd98c",
        walls=("#efe6da", "#e2d3c3", "#d9dde0", "#eec9b4"),
        roofs=("#b5564b", "#56718a", "#7e5a55", "#c58a5e"),
        bright=("#e0584c", "#efb04a", "#4f928f", "#f7ead0", "#6b84b8"),
    ),
}  # fmt: skip


def mix(one: str, other: str, part: float) -> str:
    """`part` of the way from one colour to the other."""
    pairs = zip(ImageColor.getrgb(one)[:3], ImageColor.getrgb(other)[:3], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def thin(colour: str, strength: float) -> str:
    """The colour, let through: 0 is nothing, 1 is all of it."""
    return f"{colour[:7]}{round(255 * strength):02x}"


class Canvas:
    """One picture while it is drawn. The same seed draws the same picture."""

    def __init__(
        self, palette: Palette, seed: str, width: int = WIDTH, height: int = HEIGHT
    ) -> None:
        """`width` and `height` are those of the result, in pixels."""
        self.palette = palette
        self.width = width
        self.height = height
        self.chance = random.Random(seed)  # noqa: S311  a drawing, no secret
        self._image = Image.new("RGB", (width * FINE, height * FINE), palette.low)
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def between(self, low: float, high: float) -> float:
        """A number by chance."""
        return self.chance.uniform(low, high)

    def one_of(self, colours: Sequence[str]) -> str:
        """A colour by chance."""
        return self.chance.choice(colours)

    # --- shapes

    def poly(self, points: Iterable[Point], fill: str) -> None:
        """A filled shape."""
        self._draw.polygon([(x * FINE, y * FINE) for x, y in points], fill=fill)

    def rect(self, x: float, y: float, w: float, h: float, fill: str, radius: float = 0) -> None:
        """A rectangle from its upper left corner, round at the corners by `radius`."""
        box = (x * FINE, y * FINE, (x + w) * FINE, (y + h) * FINE)
        self._draw.rounded_rectangle(box, radius * FINE, fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str) -> None:
        """An oval around its middle."""
        box = ((x - rx) * FINE, (y - ry) * FINE, (x + rx) * FINE, (y + ry) * FINE)
        self._draw.ellipse(box, fill=fill)

    def disc(self, x: float, y: float, r: float, fill: str) -> None:
        """A circle around its middle."""
        self.oval(x, y, r, r, fill)

    def pie(self, x: float, y: float, r: float, angles: Point, fill: str) -> None:
        """A slice of a circle; angles in degrees, clockwise from the right."""
        box = ((x - r) * FINE, (y - r) * FINE, (x + r) * FINE, (y + r) * FINE)
        self._draw.pieslice(box, *angles, fill=fill)

    def line(self, points: Iterable[Point], fill: str, width: float = 3) -> None:
        """A line through points, round at its ends."""
        fine = [(x * FINE, y * FINE) for x, y in points]
        self._draw.line(fine, fill=fill, width=round(width * FINE), joint="curve")
        for x, y in (fine[0], fine[-1]):
            r = width * FINE / 2
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def arc(self, x: float, y: float, r: float, angles: Point, fill: str, width: float = 3) -> None:
        """A piece of a circle's line; angles in degrees, clockwise from the right."""
        box = ((x - r) * FINE, (y - r) * FINE, (x + r) * FINE, (y + r) * FINE)
        self._draw.arc(box, *angles, fill=fill, width=round(width * FINE))

    def rope(self, a: Point, b: Point, sag: float, pieces: int = 24) -> list[Point]:
        """The points of a rope that hangs between two points, `sag` lower in the middle."""
        return [
            (
                a[0] + (b[0] - a[0]) * i / pieces,
                a[1] + (b[1] - a[1]) * i / pieces + sag * math.sin(math.pi * i / pieces),
            )
            for i in range(pieces + 1)
        ]

    # --- air, light and land

    def fade(self, top: float, bottom: float, high: str, low: str) -> None:
        """One colour passing into another, downward."""
        size = (self.width * FINE, round((bottom - top) * FINE))
        mask = Image.linear_gradient("L").resize(size)
        sheet = Image.new("RGB", size, high)
        sheet.paste(low, (0, 0), mask)
        self._image.paste(sheet, (0, round(top * FINE)))

    def sky(self, bottom: float) -> None:
        """The sky of the hour down to the horizon."""
        self.fade(0, bottom, self.palette.high, self.palette.low)

    def glow(self, x: float, y: float, r: float, fill: str, strength: float = 0.8) -> None:
        """Light that fades toward its edge."""
        edge = round(2 * r * FINE)
        light = Image.radial_gradient("L").resize((edge, edge))
        mask = light.point(lambda v: max(0, round((255 - v * 1.42) * strength)))
        self._image.paste(fill[:7], (round((x - r) * FINE), round((y - r) * FINE)), mask)

    def sun(self, x: float, y: float, r: float = 46) -> None:
        """Sun or moon, with the light around it."""
        self.glow(x, y, r * 5, self.palette.sun, 0.55)
        self.disc(x, y, r, self.palette.sun)

    def stars(self, count: int, bottom: float) -> None:
        """Stars above `bottom`."""
        for _ in range(count):
            size = self.between(0.8, 2.2)
            self.disc(
                self.between(0, self.width), self.between(0, bottom), size, thin("#ffffff", 0.75)
            )

    def cloud(self, x: float, y: float, size: float) -> None:
        """A long cloud."""
        fill = thin(mix(self.palette.sun, self.palette.low, 0.3), 0.8)
        self.rect(x - size, y, 2 * size, size * 0.3, fill, size * 0.15)
        self.rect(x - size * 0.55, y - size * 0.2, size * 1.25, size * 0.3, fill, size * 0.15)
        self.rect(x - size * 0.2, y - size * 0.37, size * 0.6, size * 0.3, fill, size * 0.15)

    def ridge(self, base: float, height: float, fill: str, waves: float = 2.0) -> None:
        """Hills whose tops lie around `base`, filled down to the lower edge."""
        shift, other = self.between(0, 6), self.between(0, 6)
        points: list[Point] = [(-10.0, float(self.height)), (-10.0, base)]
        for x in range(0, self.width + 13, 12):
            at = x / self.width * math.tau * waves
            lift = math.sin(at + shift) * 0.6 + math.sin(at * 2.3 + other) * 0.4
            points.append((x, base - lift * height))
        points.append((self.width + 12.0, float(self.height)))
        self.poly(points, fill)

    def jpeg(self) -> bytes:
        """The finished picture."""
        image = self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        grain = Image.effect_noise((self.width // 2, self.height // 2), 26).resize(image.size)
        image = Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.045)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()
