"""Wide views: the stream, the bridge, the trees, the snow, and the hills behind all of them."""

import math

from web.demo import things
from web.demo.canvas import PALETTES, Canvas, mix, thin


def land(c: Canvas, horizon: float) -> None:
    """Sky, light, clouds and hills far off."""
    c.sky(horizon + 60)
    night = c.palette is PALETTES["night"]
    if night:
        c.stars(70, horizon - 60)
    c.sun(c.between(720, 1020), c.between(110, 190), 34 if night else 44)
    if not night:
        for _ in range(3):
            c.cloud(c.between(60, 1140), c.between(70, 210), c.between(50, 105))
    c.ridge(horizon - 40, 60, c.palette.far, 1.6)
    c.ridge(horizon, 34, mix(c.palette.far, c.palette.hill, 0.6), 2.6)


def river(c: Canvas) -> None:
    """A stream with stepping stones, reeds, and a heron that waits."""
    land(c, 340)
    c.ridge(372, 16, c.palette.hill, 3.3)
    for _ in range(11):
        things.tree(c, c.between(0, 1200), c.between(392, 410), c.between(70, 120))
    water = mix(c.palette.high, c.palette.hill, 0.25)
    c.fade(408, 800, mix(water, c.palette.low, 0.45), water)
    c.glow(860, 440, 260, c.palette.sun, 0.35)
    for _ in range(70):
        x, y = c.between(0, 1200), c.between(425, 780)
        c.line([(x, y), (x + c.between(20, 90), y)], thin(c.palette.sun, 0.3), 2)
    for i in range(9):
        at = i / 8
        x, y = 150 + 860 * at + 36 * math.sin(at * 9), 480 + 230 * at
        rx, ry = 34 + 34 * at, 12 + 13 * at
        c.oval(x + 6, y + ry * 0.8, rx, ry, thin(c.palette.ink, 0.25))
        c.oval(x, y + ry * 0.35, rx, ry, mix(c.palette.earth, c.palette.ink, 0.5))
        c.oval(x, y, rx, ry, mix(c.palette.earth, "#ffffff", 0.2))
    things.person(c, 372, 540, 108, step=0.5)
    things.person(c, 446, 566, 78, arm=0.8, step=0.4)
    _heron(c, 905, 560)
    for side in (0, 1):
        for _ in range(46):
            x = c.between(-20, 230) if side == 0 else c.between(960, 1220)
            tall, lean = c.between(110, 250), c.between(-30, 40)
            stem = mix(c.palette.leaf, c.palette.earth, c.between(0, 0.7))
            c.line([(x, 810), (x + lean * 0.4, 810 - tall * 0.6), (x + lean, 810 - tall)], stem, 4)
            c.oval(x + lean, 800 - tall, 6, 22, mix(c.palette.earth, c.palette.ink, 0.15))


def _heron(c: Canvas, x: float, y: float) -> None:
    white = mix("#ffffff", c.palette.low, 0.25)
    for leg in (-8, 8):
        c.line([(x + leg, y - 60), (x + leg, y + 4)], c.palette.ink, 3.5)
    c.oval(x, y - 82, 46, 26, white)
    c.poly([(x - 30, y - 86), (x - 86, y - 58), (x - 30, y - 66)], mix(white, c.palette.ink, 0.2))
    c.line([(x + 34, y - 92), (x + 50, y - 128), (x + 38, y - 156), (x + 52, y - 180)], white, 13)
    c.disc(x + 55, y - 184, 14, white)
    c.poly([(x + 64, y - 192), (x + 112, y - 178), (x + 64, y - 178)], c.palette.bright[1])
    c.line([(x + 48, y - 192), (x + 20, y - 204)], c.palette.ink, 4)
    c.disc(x + 59, y - 187, 2.6, c.palette.ink)


def bridge(c: Canvas) -> None:
    """The old stone bridge and its lamps, twice: once in the water."""
    land(c, 380)
    x = -30.0
    while x < 1200:
        w, h = c.between(90, 150), c.between(60, 130)
        things.flat_house(c, x, 440, w, h)
        x += w + 6
    water = mix(c.palette.high, c.palette.ink, 0.15)
    c.fade(436, 800, mix(water, c.palette.low, 0.4), water)
    stone = mix(c.palette.walls[2], c.palette.ink, 0.25)
    c.rect(-10, 420, 1220, 150, stone)
    for row in range(4):
        for i in range(24):
            if c.chance.random() < 0.6:
                c.rect(
                    i * 52 - 20 * (row % 2),
                    428 + 34 * row,
                    48,
                    29,
                    thin(c.palette.ink, c.between(0.02, 0.14)),
                    5,
                )
    for i in range(4):
        c.disc(150 + 300 * i, 590, 116, mix(water, c.palette.low, 0.32))
        c.arc(150 + 300 * i, 590, 122, (190, 350), mix(stone, c.palette.ink, 0.3), 9)
    c.fade(570, 800, mix(water, c.palette.low, 0.3), water)
    c.rect(-10, 404, 1220, 22, mix(stone, "#ffffff", 0.22), 6)
    for i in range(5):
        things.lamp(c, 60 + 260 * i, 406, 150)
        for k in range(12):
            y = 590 + 16 * k
            c.line(
                [(70 + 260 * i - 26 + 2 * k, y), (70 + 260 * i + 40 - k, y)],
                thin(c.palette.lamp, 0.5 - 0.036 * k),
                5,
            )
    things.person(c, 700, 408, 104, step=0.4)
    things.person(c, 752, 408, 98, step=0.4)
    things.bicycle(c, 260, 406, 120, c.palette.bright[0])


def ginkgo(c: Canvas) -> None:
    """A street of ginkgo trees that has turned yellow."""
    land(c, 400)
    c.rect(0, 440, 1200, 360, mix(c.palette.earth, "#e7b93a", 0.45))
    c.poly(
        [(540, 440), (660, 440), (1010, 800), (190, 800)], mix(c.palette.earth, c.palette.ink, 0.16)
    )
    gold = ("#f0b428", "#e9a21f", "#f6c748")
    for step in range(5):
        at = step / 4
        size = 130 + 330 * at * at
        for side in (-1, 1):
            x, y = 600 + side * (105 + 440 * at * at), 450 + 250 * at * at
            things.tree(c, x, y, size, c.one_of(gold))
    for _ in range(420):
        y = c.between(455, 800)
        c.oval(c.between(0, 1200), y, c.between(3, 8), c.between(2, 4), thin(c.one_of(gold), 0.9))
    things.person(c, 560, 640, 150, step=0.4)
    things.person(c, 628, 644, 96, arm=0.7, step=0.5)
    for _ in range(40):
        c.oval(
            c.between(0, 1200),
            c.between(100, 640),
            c.between(4, 8),
            c.between(3, 5),
            c.one_of(gold),
        )


def snow(c: Canvas) -> None:
    """First snow on the hill, and the first footprints."""
    land(c, 330)
    white = mix("#ffffff", c.palette.high, 0.08)
    for row, base in enumerate((450, 560)):
        c.ridge(base - 14, 14, mix(white, c.palette.high, 0.22 - 0.12 * row), 2.2)
        x = c.between(0, 90)
        while x < 1150:
            w = c.between(150, 210) + 30 * row
            things.tiled_house(c, x, base + 20, w, 78 + 14 * row)
            up = (78 + 14 * row) * 0.62
            top = base + 20 - 78 - 14 * row
            _snow_on_roof(c, x, top, w, up)
            x += w + c.between(60, 130)
        for _ in range(3):
            things.pine(c, c.between(0, 1200), base + 26, c.between(110, 170), snow=True)
    c.ridge(620, 26, white, 1.3)
    for i in range(16):
        at = i / 15
        x, y = 330 + 420 * at + 40 * math.sin(at * 6), 640 + 150 * at
        c.oval(
            x + (9 if i % 2 else -9) * (1 + at),
            y,
            6 + 7 * at,
            4 + 4 * at,
            thin(c.palette.high, 0.8),
        )
    things.person(c, 330, 642, 120, arm=0.8)
    things.person(c, 262, 640, 84, arm=1.0)
    for y, r in ((655, 42), (592, 30)):
        c.disc(900, y, r + 3, thin(c.palette.high, 0.6))
        c.disc(900, y, r, "#ffffff")
    for dx in (-10, 10):
        c.disc(900 + dx, 586, 3.6, c.palette.ink)
    c.poly([(900, 592), (936, 600), (900, 601)], "#ee7a2b")
    c.rect(876, 612, 48, 11, c.palette.bright[0], 5)
    snowfall(c, 260)


def _snow_on_roof(c: Canvas, x: float, top: float, w: float, up: float) -> None:
    """What lies on a tiled roof whose eaves are at `top` and whose ridge is `up` above them."""
    outline = (
        (-0.1, 0.0, 0),
        (0.06, 0.34, 0),
        (0.18, 1.0, 12),
        (0.82, 1.0, 12),
        (0.94, 0.34, 0),
        (1.1, 0.0, 0),
        (0.8, 0.16, 0),
        (0.5, 0.02, 0),
        (0.2, 0.18, 0),
    )
    c.poly([(x + w * at, top - up * lift - more) for at, lift, more in outline], "#ffffff")


def snowfall(c: Canvas, flakes: int) -> None:
    """Snow in the air."""
    for _ in range(flakes):
        c.disc(c.between(0, 1200), c.between(0, 800), c.between(1.6, 5.2), thin("#ffffff", 0.85))
