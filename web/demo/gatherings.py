"""What a neighbourhood does together: paints a wall, holds a sports day, feeds its cats."""

import math

from web.demo import things
from web.demo.canvas import Canvas, mix, thin
from web.demo.views import land


def mural(c: Canvas) -> None:
    """A long wall that neighbours have painted with a whale."""
    c.sky(300)
    c.sun(180, 110)
    for x in (20, 330, 640, 930):
        things.tiled_house(c, x, 300, 230, 90)
    wall = mix(c.palette.walls[0], "#ffffff", 0.3)
    c.rect(0, 230, 1200, 410, wall)
    sea, deep = c.palette.bright[2], c.palette.bright[4]
    for i, y in enumerate((520, 560, 600)):
        points = [(x, y + 16 * math.sin(x / 60 + i * 2)) for x in range(0, 1201, 10)]
        c.poly([(0, 640), *points, (1200, 640)], mix(sea, deep, i * 0.35))
    _whale(c, 480, 430, deep)
    for _ in range(16):
        _star(c, c.between(60, 1150), c.between(260, 330), c.between(8, 17), c.palette.bright[1])
    _flowers(c)
    c.rect(0, 222, 1200, 20, mix(wall, c.palette.ink, 0.3), 5)
    c.rect(0, 640, 1200, 160, mix(c.palette.earth, c.palette.ink, 0.12))
    for side in (1050, 1120):
        c.line([(side, 720), (side + 26, 330)], mix("#a9743f", c.palette.ink, 0.2), 9)
    for i in range(6):
        c.line([(1054 + 5 * i, 670 - 58 * i), (1122 + 5 * i, 670 - 58 * i)], "#b98450", 7)
    for x in (150, 232, 760):
        c.rect(x, 690, 54, 52, mix("#d9dcde", c.palette.ink, 0.15), 6)
        c.oval(x + 27, 692, 27, 9, c.one_of(c.palette.bright))
    things.person(c, 350, 735, 175, arm=1.0)
    things.person(c, 640, 745, 120, arm=0.9)
    things.person(c, 870, 728, 170, arm=0.5)


def _flowers(c: Canvas) -> None:
    for x in (860, 930, 1000):
        flower = c.one_of(c.palette.bright[:2])
        c.line([(x, 520), (x, 440)], c.palette.leaf, 8)
        for k in range(6):
            angle = k * math.tau / 6
            c.disc(x + 24 * math.cos(angle), 430 + 24 * math.sin(angle), 17, flower)
        c.disc(x, 430, 15, c.palette.bright[3])


def _whale(c: Canvas, x: float, y: float, fill: str) -> None:
    c.oval(x, y, 235, 115, fill)
    c.poly([(x + 150, y - 60), (x + 340, y - 90), (x + 310, y - 30), (x + 180, y + 60)], fill)
    for dy in (-86, -18):
        c.oval(x + 342, y - 66 + dy * 0.55, 58, 28, fill)
    c.pie(x - 30, y - 4, 200, (35, 172), mix(fill, "#ffffff", 0.7))
    for i in range(5):
        c.arc(x - 40 + 26 * i, y - 30, 180, (62, 112), mix(fill, "#ffffff", 0.35), 3)
    c.oval(x - 60, y + 88, 70, 24, mix(fill, "#000000", 0.14))
    c.disc(x - 150, y - 22, 13, "#ffffff")
    c.disc(x - 152, y - 22, 7, "#1f2a33")
    c.arc(x - 160, y + 14, 44, (20, 110), mix(fill, "#000000", 0.3), 5)
    for side in (-1, 1):
        c.arc(
            x - 60 + 32 * side,
            y - 148,
            32,
            (180 if side < 0 else 190, 350),
            mix(fill, "#ffffff", 0.5),
            9,
        )


def _star(c: Canvas, x: float, y: float, r: float, fill: str) -> None:
    c.poly(
        [
            (
                x + (r if i % 2 == 0 else r * 0.45) * math.sin(i * math.pi / 5),
                y - (r if i % 2 == 0 else r * 0.45) * math.cos(i * math.pi / 5),
            )
            for i in range(10)
        ],
        fill,
    )


def sports(c: Canvas) -> None:
    """Sports day on the school field: bunting, tents, and a ball taller than the children."""
    land(c, 300)
    c.rect(120, 190, 620, 190, c.palette.walls[0])
    c.rect(110, 176, 640, 20, mix(c.palette.walls[0], c.palette.ink, 0.25), 4)
    things.windows(c, 130, 376, 600, 170)
    c.disc(430, 216, 19, c.palette.bright[3])
    c.line([(430, 216), (430, 204)], c.palette.ink, 2)
    c.rect(0, 370, 1200, 430, mix(c.palette.earth, c.palette.bright[1], 0.12))
    for x in (820, 940, 1060):
        c.poly(
            [(x, 350), (x + 60, 306), (x + 120, 350)], c.one_of(("#ffffff", c.palette.bright[2]))
        )
        c.rect(x + 4, 350, 5, 66, c.palette.ink)
        c.rect(x + 110, 350, 5, 66, c.palette.ink)
        for _ in range(3):
            things.person(c, x + c.between(20, 100), 418, 62)
    for y, wide in ((470, 5), (560, 6), (690, 8)):
        c.line(c.rope((-20, y + 30), (1220, y + 30), -34), thin("#ffffff", 0.85), wide)
    for i in range(15):
        things.person(c, 40 + 50 * i, 424, 64, arm=c.chance.random())
    ball = c.palette.bright[c.chance.randrange(2)]
    c.oval(430, 722, 150, 26, thin(c.palette.ink, 0.25))
    c.disc(430, 580, 145, ball)
    for turn in (0, 120, 240):
        c.pie(430, 580, 145, (turn, turn + 60), mix(ball, "#ffffff", 0.82))
    c.disc(388, 526, 28, thin("#ffffff", 0.35))
    for x, h in ((240, 150), (292, 132), (216, 118)):
        things.person(c, x, 726, h, arm=0.9, step=0.8)
    for i in range(5):
        things.person(c, 700 + 96 * i, 640 + 22 * (i % 2), 128, arm=c.between(0.2, 1), step=0.9)
    things.bunting(c, (-10, 60), (620, 100), 18)
    things.bunting(c, (600, 100), (1210, 50), 17)


def stray_cat(c: Canvas) -> None:
    """A cat on a wall, above the alley where it is fed."""
    land(c, 360)
    for x in (-40, 240, 560, 900):
        things.tiled_house(c, x, 540, c.between(220, 270), c.between(110, 150))
    brick = mix(c.palette.roofs[0], c.palette.earth, 0.35)
    c.rect(0, 560, 1200, 240, mix(brick, c.palette.ink, 0.25))
    for row in range(6):
        for i in range(14):
            c.rect(
                i * 96 - 48 * (row % 2),
                566 + 40 * row,
                90,
                34,
                mix(brick, c.palette.ink, c.between(0, 0.2)),
                3,
            )
    c.rect(-10, 540, 1220, 28, mix(c.palette.walls[2], c.palette.ink, 0.15), 6)
    things.cat(
        c, c.between(380, 560), 545, 250, c.one_of(("#e0994f", "#8d8a86", "#3a3634", "#efe4d2"))
    )
    things.cat(c, c.between(760, 860), 545, 170, c.one_of(("#e0994f", "#8d8a86", "#efe4d2")))
    for i in range(9):
        x = 60 + 40 * i
        c.line([(x, 540), (x - 30, 610 + 9 * i)], c.palette.leaf, 4)
        for k in range(5):
            c.oval(
                x - 5 * k, 552 + 14 * k, 10, 8, mix(c.palette.leaf, "#9ac05a", c.between(0, 0.5))
            )
    c.oval(1010, 546, 46, 12, c.palette.bright[4])
    c.oval(1010, 540, 38, 8, "#b5763f")
