"""Streets and yards: roofs, market, jars, the painted wall, the school field, gardens on roofs."""

import math

from web.demo import things
from web.demo.canvas import PALETTES, Canvas, mix, thin
from web.demo.views import land, snowfall


def rooftops(c: Canvas) -> None:
    """Alley after alley of roofs, and washing on a line."""
    land(c, 330)
    for row, base in enumerate((470, 590, 740)):
        x = -c.between(20, 120)
        while x < 1200:
            w, h = c.between(130, 210) + 24 * row, c.between(80, 140) + 12 * row
            build = things.flat_house if c.chance.random() < 0.45 else things.tiled_house
            build(c, x, base + 30, w, h)
            x += w + c.between(10, 50)
        if row < 2:
            for _ in range(5):
                things.bush(c, c.between(0, 1200), base + 34, c.between(18, 34))
            c.rect(0, base + 28, 1200, 14, thin(c.palette.low, 0.25))
    c.rect(0, 690, 1200, 110, mix(c.palette.walls[1], c.palette.ink, 0.25))
    c.rect(0, 690, 1200, 12, mix(c.palette.walls[1], c.palette.sun, 0.2))
    line = c.rope((-10, 590), (1210, 580), 34, 40)
    c.line(line, thin(c.palette.ink, 0.8), 2.5)
    for i in range(3, 37, 4):
        x, y = line[i]
        w, h = c.between(48, 84), c.between(60, 104)
        cloth = c.palette.bright[(i // 4) % 5]
        c.rect(x, y, w, h, cloth, 3)
        c.rect(x + w * 0.6, y, w * 0.12, h, thin("#000000", 0.1))
        for pin in (x + 6, x + w - 8):
            c.rect(pin, y - 7, 5, 15, mix(c.palette.earth, c.palette.ink, 0.2), 2)


def market(c: Canvas) -> None:
    """The market hall: lamps, awnings, crates, people who choose slowly."""
    c.fade(
        0,
        800,
        mix(c.palette.ink, c.palette.roofs[0], 0.3),
        mix(c.palette.earth, c.palette.lamp, 0.35),
    )
    for i in range(9):
        c.line([(600, -260), (i * 150, 190)], thin(c.palette.ink, 0.45), 7)
    c.rect(0, 560, 1200, 240, mix(c.palette.earth, c.palette.ink, 0.22))
    for y in (600, 660, 740):
        c.line([(0, y), (1200, y)], thin(c.palette.ink, 0.14), 3)
    for i in range(4):
        _stall(c, -30 + 315 * i)
    for i in range(7):
        x, bulb = 90 + 172 * i, 144 + 34 * math.sin(i * 1.7)
        c.line([(x, -5), (x, bulb - 14)], c.palette.ink, 3)
        c.glow(x, bulb, 130, c.palette.lamp, 0.6)
        c.disc(x, bulb, 15, "#fff3cf")
    for feet in sorted(c.between(690, 775) for _ in range(6)):
        tall = 150 + (feet - 690) * 0.8
        things.person(c, c.between(60, 1140), feet, tall, step=c.between(0, 0.4))


def _stall(c: Canvas, x: float) -> None:
    one, other = c.one_of(c.palette.bright[:3]), c.palette.bright[3]
    c.rect(x + 10, 280, 285, 300, mix(c.palette.ink, c.palette.roofs[1], 0.35))
    c.glow(x + 150, 390, 170, c.palette.lamp, 0.5)
    for side in (x + 14, x + 283):
        c.rect(side, 270, 10, 320, mix(c.palette.ink, c.palette.earth, 0.3))
    for i in range(7):
        fill = one if i % 2 == 0 else other
        left = x + 43.5 * i
        c.poly([(left + 14, 215), (left + 57, 215), (left + 46, 296), (left, 296)], fill)
        c.pie(left + 23, 295, 22, (0, 180), fill)
    for i in range(3):
        left = x + 18 + 93 * i
        c.rect(left, 492, 86, 92, mix("#a9743f", c.palette.ink, 0.15), 4)
        c.rect(left, 516, 86, 5, thin("#000000", 0.2))
        c.rect(left, 546, 86, 5, thin("#000000", 0.2))
        fruit = c.one_of(("#e2552f", "#f0982c", "#6fa14a", "#c7414b", "#f2d05c", "#efe7d2"))
        for k in range(14):
            at_x, at_y = left + 12 + 15.5 * (k % 5), 492 - 11 * (k // 5)
            c.disc(at_x + 7 * (k // 5 % 2), at_y, 11, mix(fruit, "#000000", c.between(0, 0.16)))
            c.disc(at_x + 7 * (k // 5 % 2) - 3, at_y - 4, 3, thin("#ffffff", 0.4))


def jars(c: Canvas) -> None:
    """A yard of jars below a persimmon tree, ready for the winter."""
    winter = c.palette is PALETTES["winter"]
    land(c, 300)
    things.tiled_house(c, 60, 470, 330, 150)
    things.tiled_house(c, 800, 460, 360, 140)
    c.rect(0, 430, 1200, 110, mix(c.palette.earth, c.palette.ink, 0.28))
    for row in range(3):
        for i in range(22):
            shade = mix(c.palette.earth, c.palette.ink, c.between(0.12, 0.38))
            c.rect(i * 58 - 26 * (row % 2), 436 + 35 * row, 53, 30, shade, 11)
    c.rect(-10, 412, 1220, 26, mix(c.palette.roofs[0], c.palette.ink, 0.35), 8)
    c.rect(0, 540, 1200, 260, c.palette.earth)
    for row, base in enumerate((600, 670, 770)):
        count = 9 - row
        for i in range(count):
            x = (i + 0.5 + c.between(-0.12, 0.12)) * 1200 / count
            things.jar(c, x, base, c.between(96, 128) * (1 + 0.22 * row), winter)
    _persimmons(c)
    if winter:
        snowfall(c, 160)


def _persimmons(c: Canvas) -> None:
    bark = mix(c.palette.ink, "#6b4a34", 0.4)
    c.line([(1230, 300), (1000, 190), (800, 150), (640, 90)], bark, 17)
    c.line([(1000, 190), (880, 290), (790, 310)], bark, 10)
    c.line([(830, 155), (740, 200), (660, 210)], bark, 8)
    for x, y in ((660, 132), (742, 176), (800, 196), (690, 244), (812, 338), (880, 322), (952, 246),
                 (1010, 232), (1090, 280), (1130, 250), (742, 246)):  # fmt: skip
        c.line([(x, y - 34), (x, y)], bark, 3)
        c.oval(x, y + 14, 25, 23, "#ee7a2b")
        c.oval(x - 8, y + 6, 7, 5, thin("#ffffff", 0.45))
        for side in (-1, 1):
            c.poly(
                [(x, y - 8), (x + side * 15, y - 6), (x, y + 2)],
                mix(c.palette.leaf, c.palette.ink, 0.25),
            )


def garden(c: Canvas) -> None:
    """Vegetables in boxes on a flat roof, above the town."""
    land(c, 330)
    x = -20.0
    while x < 1200:
        w = c.between(80, 160)
        things.flat_house(c, x, 480, w, c.between(70, 190))
        x += w + 4
    c.rect(0, 452, 1200, 40, mix(c.palette.walls[1], c.palette.ink, 0.2))
    c.rect(0, 490, 1200, 310, mix(c.palette.bright[2], c.palette.earth, 0.45))
    for row, base in enumerate((590, 750)):
        for i in range(4):
            left, w = 40 + 292 * i + 18 * row, 240
            for k in range(6):
                _plant(c, left + 22 + 39 * k, base - 78, i + row, 1 + 0.3 * row)
            c.rect(left, base - 80, w, 78, mix("#a9743f", c.palette.ink, 0.12), 6)
            for y in (base - 56, base - 30):
                c.line([(left + 4, y), (left + w - 4, y)], thin("#000000", 0.2), 3)
    can = c.palette.bright[0]
    c.rect(1060, 690, 92, 78, can, 9)
    c.line([(1062, 740), (1000, 690)], can, 12)
    c.arc(1106, 694, 40, (180, 360), mix(can, "#000000", 0.15), 10)
    things.person(c, 610, 690, 200, arm=0.3)


def _plant(c: Canvas, x: float, y: float, kind: int, size: float) -> None:
    green = mix(c.palette.leaf, "#8fbf4a", c.between(0.1, 0.6))
    if kind % 3 == 0:
        for k in range(7):
            angle = math.pi * (0.1 + 0.8 * k / 6)
            c.oval(
                x + 13 * size * math.cos(angle),
                y - 13 * size * math.sin(angle),
                10 * size,
                9 * size,
                green,
            )
        c.disc(x, y - 9 * size, 8 * size, mix(green, "#ffffff", 0.35))
        return
    c.line([(x, y), (x, y - 74 * size)], mix(green, c.palette.ink, 0.3), 4)
    for k in range(5):
        side = -1 if k % 2 else 1
        c.oval(x + side * 11 * size, y - (18 + 12 * k) * size, 13 * size, 6 * size, green)
        if kind % 3 == 1:
            c.disc(x + side * 13 * size, y - (9 + 12 * k) * size, 6.5 * size, c.palette.bright[0])
        else:
            c.oval(
                x - side * 9 * size,
                y - (10 + 12 * k) * size,
                3.5 * size,
                13 * size,
                c.one_of((c.palette.bright[0], green)),
            )
