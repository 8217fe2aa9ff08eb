"""A neighbourhood seen from above: a house around its yard (ㅁ), and what stands beside it.

Each seed has its own: which side the gate is on, what grows, how many jars stand in the yard. Plans
are in widths of a house, north up; the drawing turns them a little.
"""

import math
import random
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from PIL import Image, ImageDraw

from web import colours

FINE: Final = 2
"""Drawn this many times larger, then made smaller: smooth edges."""
HOUSE: Final = 296  # pixels of the result
PITCH: Final = 1.26  # from house to house: a lane lies between
DEPTH: Final = 0.27  # of a wing
LIGHT: Final = (1.16, 0.93, 0.76, 1.04)  # on roofs that lean north, east, south, west
AROUND: Final = range(-3, 4)
NORTH, EAST, SOUTH, WEST = range(4)
SHADOW: Final = (0.035, 0.05)

Point = tuple[float, float]


class Inks(msgspec.Struct, frozen=True):
    """The colours of a neighbourhood; roofs take the city's hue."""

    ground: str
    yard: str
    shade: str
    stone: str
    jar: str
    ridge: str
    roofs: tuple[str, ...]
    leaves: tuple[str, ...]


def inks(accent: str) -> Inks:
    """The colours that go with an accent."""
    _, chroma, hue = colours.oklch(accent)
    tint = min(chroma, 0.05)
    make = colours.from_oklch
    return Inks(
        ground=make(0.885, 0.03, 1.45),
        yard=make(0.95, 0.03, 1.5),
        shade=make(0.77, 0.035, 1.3),
        stone=make(0.82, 0.012, 1.4),
        jar=make(0.43, 0.06, 0.85),
        ridge=make(0.93, 0.012, hue),
        roofs=(make(0.46, tint, hue), make(0.4, tint, hue), make(0.58, 0.1, 0.75)),
        leaves=(
            make(0.62, 0.11, 2.4),
            make(0.54, 0.1, 2.55),
            make(0.8, 0.14, 1.55),
            make(0.64, 0.15, 0.75),
            make(0.85, 0.07, 0.1),
        ),
    )


class Plan:
    """A sheet with a plan on it, turned and scaled."""

    def __init__(self, size: tuple[int, int], centre: Point, seed: int, accent: str) -> None:
        """`centre` is where the house with the yard stands, in pixels of the result."""
        self.inks = inks(accent)
        self.chance = random.Random(seed)  # noqa: S311  a drawing, no secret
        self.sheet = Image.new("RGB", (size[0] * FINE, size[1] * FINE), self.inks.ground)
        self._pen = ImageDraw.Draw(self.sheet)
        self._centre = centre
        turn = math.radians(self.chance.uniform(-24, -12))
        self._across = (math.cos(turn) * HOUSE * FINE, math.sin(turn) * HOUSE * FINE)

    def at(self, point: Point) -> Point:
        """Where a point of the plan is on the sheet."""
        (x, y), (cos, sin) = point, self._across
        return (
            self._centre[0] * FINE + x * cos - y * sin,
            self._centre[1] * FINE + x * sin + y * cos,
        )

    def shows(self, middle: Point) -> bool:
        """Whether any of a house with this middle is on the sheet."""
        (x, y), reach = self.at(middle), 0.85 * HOUSE * FINE
        wide, high = self.sheet.size
        return -reach < x < wide + reach and -reach < y < high + reach

    def area(self, points: Iterable[Point], colour: str) -> None:
        """A filled shape."""
        self._pen.polygon([self.at(point) for point in points], fill=colour)

    def line(self, points: Iterable[Point], colour: str, width: float) -> None:
        """A line, `width` pixels of the result wide."""
        places = [self.at(point) for point in points]
        self._pen.line(places, fill=colour, width=max(1, round(width * FINE)), joint="curve")

    def disc(self, middle: Point, radius: float, colour: str) -> None:
        """A circle; `radius` in widths of a house."""
        (x, y), r = self.at(middle), radius * HOUSE * FINE
        self._pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def draw(size: tuple[int, int], centre: Point, seed: int, accent: str) -> Image.Image:
    """A picture of this size with the house of this seed at `centre`."""
    plan = Plan(size, centre, seed, accent)
    for x, y in ((x, y) for y in AROUND for x in AROUND):
        if (x, y) != (0, 0) and plan.shows((x * PITCH, y * PITCH)):
            _neighbour(plan, (x * PITCH, y * PITCH))
    _home(plan)
    return plan.sheet.reduce(FINE)


def _home(plan: Plan) -> None:
    gate = plan.chance.choice((EAST, SOUTH, WEST))
    corner = (-0.5, -0.5)
    _wings(plan, corner, (NORTH, EAST, SOUTH, WEST), plan.inks.roofs[plan.chance.randrange(2)])
    _gate(plan, gate)
    _yard(plan, gate)


def _neighbour(plan: Plan, middle: Point) -> None:
    corner = (middle[0] - 0.5, middle[1] - 0.5)
    roof = plan.chance.choice(plan.inks.roofs)
    first = plan.chance.randrange(4)
    match plan.chance.choice(("bent", "bent", "open", "open", "single", "grove", "field")):
        case "bent":  # ㄱ
            _wings(plan, corner, (first, (first + 1) % 4), roof)
            _tree(plan, middle, 0.13)
        case "open":  # ㄷ
            _wings(plan, corner, [(first + i) % 4 for i in range(3)], roof)
            _jars(plan, middle, 3)
        case "single":
            _wings(plan, corner, (first,), roof)
            for _ in range(2):
                _tree(plan, _near(plan, middle, 0.2), 0.12)
        case "grove":
            for _ in range(6):
                _tree(plan, _near(plan, middle, 0.4), plan.chance.uniform(0.1, 0.17))
        case _:
            _field(plan, corner)


def _near(plan: Plan, middle: Point, far: float) -> Point:
    return (
        middle[0] + plan.chance.uniform(-far, far),
        middle[1] + plan.chance.uniform(-far, far),
    )


def _turned(corner: Point, side: int, along: float, inwards: float) -> Point:
    """A point of a wing: `along` it, clockwise, and `inwards` from the outer wall."""
    x, y = (
        (along, inwards),
        (1 - inwards, along),
        (1 - along, 1 - inwards),
        (inwards, 1 - along),
    )[side]
    return corner[0] + x, corner[1] + y


def _wings(plan: Plan, corner: Point, sides: Sequence[int], roof: str) -> None:
    """Wings around a yard on these sides; where two meet their roofs do."""
    for side in sides:
        outline = [_turned(corner, side, a, i) for a, i in ((0, 0), (1, 0), (1, DEPTH), (0, DEPTH))]
        plan.area([(x + SHADOW[0], y + SHADOW[1]) for x, y in outline], plan.inks.shade)
    for side in sides:
        _roof(plan, corner, (side, (side - 1) % 4 in sides, (side + 1) % 4 in sides), roof)


def _roof(plan: Plan, corner: Point, wing: tuple[int, bool, bool], roof: str) -> None:
    """Two slopes with their tiles, and the ridge; `wing`: the side, and whether it joins others."""
    side, before, after = wing

    def spot(end: int, inwards: float) -> Point:
        joined = after if end else before
        shift = inwards if joined else -0.02
        return _turned(corner, side, 1 - shift if end else shift, inwards)

    eave, ridge, inner = -0.02, DEPTH / 2, DEPTH + 0.02
    for low, high, leans in ((eave, ridge, side), (inner, ridge, (side + 2) % 4)):
        face = [spot(0, low), spot(1, low), spot(1, high), spot(0, high)]
        plan.area(face, _lit(roof, LIGHT[leans]))
        _tiles(plan, face, _lit(roof, LIGHT[leans] * 0.86))
    plan.line((spot(0, ridge), spot(1, ridge)), plan.inks.ridge, 4.5)
    for end, joined in ((0, before), (1, after)):
        if joined:
            plan.line((spot(end, eave), spot(end, inner)), plan.inks.ridge, 2.5)


def _tiles(plan: Plan, face: Sequence[Point], colour: str) -> None:
    low, far_low, far_high, high = face
    rows = 26
    for row in range(1, rows):
        share = row / rows
        plan.line((_between(low, far_low, share), _between(high, far_high, share)), colour, 1.2)


def _between(one: Point, other: Point, share: float) -> Point:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _lit(colour: str, light: float) -> str:
    lightness, chroma, hue = colours.oklch(colour)
    return colours.from_oklch(min(lightness * light, 0.97), chroma, hue)


def _gate(plan: Plan, side: int) -> None:
    """A way in, with a small roof of its own over it."""
    corner, half = (-0.5, -0.5), 0.085
    way = [(0.5 - half, -0.14), (0.5 + half, -0.14), (0.5 + half, 0.36), (0.5 - half, 0.36)]
    plan.area([_turned(corner, side, *one) for one in way], plan.inks.yard)
    for low, high, light in ((0.02, 0.1, LIGHT[side]), (0.18, 0.1, LIGHT[(side + 2) % 4])):
        face = [(0.5 - half * 1.5, low), (0.5 + half * 1.5, low)]
        face += [(0.5 + half * 1.5, high), (0.5 - half * 1.5, high)]
        plan.area([_turned(corner, side, *one) for one in face], _lit(plan.inks.roofs[0], light))
    ridge = [_turned(corner, side, 0.5 + half * 1.5 * end, 0.1) for end in (-1, 1)]
    plan.line(ridge, plan.inks.ridge, 4)


def _yard(plan: Plan, gate: int) -> None:
    """The yard, its stones from the gate inwards, a tree and jars."""
    edge = 0.5 - DEPTH - 0.02
    plan.area([(-edge, -edge), (edge, -edge), (edge, edge), (-edge, edge)], plan.inks.yard)
    shade = [(-edge, -edge), (edge, -edge), (edge, -edge + 0.03), (-edge + 0.03, -edge + 0.03)]
    plan.area([*shade, (-edge + 0.03, edge), (-edge, edge)], plan.inks.shade)
    for step in range(4):
        along = 0.5 + 0.02 * (-1) ** step
        stone = _turned((-0.5, -0.5), gate, along, DEPTH + 0.04 + step * 0.065)
        plan.disc(stone, 0.022, plan.inks.stone)
    corners = [(-0.11, -0.1), (0.12, -0.1), (0.11, 0.11), (-0.11, 0.11)]
    plan.chance.shuffle(corners)
    _jars(plan, corners[0], plan.chance.randint(3, 6))
    _tree(plan, corners[1], plan.chance.uniform(0.11, 0.14))


def _jars(plan: Plan, middle: Point, count: int) -> None:
    """Soy jars in two rows, as they stand in the sun."""
    for number in range(count):
        x = middle[0] + (number % 3 - 1) * 0.055
        y = middle[1] + (number // 3 - 0.5) * 0.055
        plan.disc((x + 0.008, y + 0.01), 0.023, plan.inks.shade)
        plan.disc((x, y), 0.023, plan.inks.jar)
        plan.disc((x - 0.004, y - 0.005), 0.011, _lit(plan.inks.jar, 1.35))


def _tree(plan: Plan, middle: Point, radius: float) -> None:
    leaf = plan.chance.choice(plan.inks.leaves)
    plan.disc((middle[0] + 0.03, middle[1] + 0.04), radius, plan.inks.shade)
    plan.disc(middle, radius, _lit(leaf, 0.86))
    for _ in range(9):
        angle, far = plan.chance.uniform(0, math.tau), plan.chance.uniform(0.2, 0.7) * radius
        spot = (middle[0] + math.cos(angle) * far, middle[1] + math.sin(angle) * far)
        plan.disc(spot, radius * 0.36, _lit(leaf, plan.chance.uniform(0.94, 1.08)))


def _field(plan: Plan, corner: Point) -> None:
    """A vegetable patch."""
    leaf = plan.inks.leaves[plan.chance.randrange(2)]
    for row in range(7):
        y = corner[1] + 0.12 + row * 0.12
        plan.line(((corner[0] + 0.1, y), (corner[0] + 0.9, y)), plan.inks.shade, 17)
        for plant in range(12):
            spot = (corner[0] + 0.13 + plant * 0.067, y)
            plan.disc(spot, 0.024, _lit(leaf, 1.0 + 0.1 * (plant % 2)))
