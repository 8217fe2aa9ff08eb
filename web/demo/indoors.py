"""Rooms and shop windows."""

import math

from web.demo import things
from web.demo.canvas import Canvas, mix, thin


def library(c: Canvas) -> None:
    """A small library: shelves to the ceiling, a lamp, somebody who reads, a cat."""
    wall = mix(c.palette.walls[1], c.palette.earth, 0.3)
    c.fade(0, 800, mix(wall, c.palette.ink, 0.1), wall)
    c.rect(0, 640, 1200, 160, mix("#a9743f", c.palette.ink, 0.2))
    for i in range(13):
        c.line([(i * 100 - 20, 800), (140 + i * 77, 640)], thin("#000000", 0.14), 3)
    wood = mix("#8a5a35", c.palette.ink, 0.2)
    for left in (40, 810):
        c.rect(left, 70, 350, 580, wood, 6)
        for row in range(5):
            top = 86 + 112 * row
            c.rect(left + 14, top, 322, 98, mix(wood, "#000000", 0.35), 3)
            x = left + 18.0
            while x < left + 322:
                w, h = c.between(11, 25), c.between(58, 92)
                book = c.one_of(c.palette.bright + c.palette.roofs)
                c.rect(x, top + 98 - h, w, h, book, 2)
                c.rect(x + 2, top + 98 - h * 0.78, w - 4, 5, thin("#ffffff", 0.45))
                x += w + 1.5
    c.disc(600, 230, 148, wood)
    c.disc(600, 230, 132, c.palette.high)
    c.glow(640, 190, 110, c.palette.sun, 0.7)
    c.pie(600, 230, 132, (25, 155), c.palette.hill)
    c.pie(570, 262, 104, (42, 150), c.palette.leaf)
    for a, b in (((600, 98), (600, 362)), ((468, 230), (732, 230))):
        c.line([a, b], wood, 9)
    c.glow(470, 440, 230, c.palette.lamp, 0.45)
    c.line([(470, 690), (470, 430)], c.palette.ink, 7)
    c.poly([(430, 440), (510, 440), (490, 380), (450, 380)], c.palette.lamp)
    c.oval(600, 716, 210, 36, mix(c.palette.bright[0], wall, 0.35))
    chair = c.palette.bright[2]
    c.rect(540, 500, 170, 190, mix(chair, c.palette.ink, 0.12), 42)
    c.rect(522, 600, 40, 96, chair, 18)
    c.rect(690, 600, 40, 96, chair, 18)
    c.rect(548, 626, 156, 64, chair, 22)
    things.person(c, 626, 706, 236, arm=0.3)
    c.poly([(578, 598), (626, 610), (626, 566), (582, 556)], "#fffaf0")
    c.poly([(674, 598), (626, 610), (626, 566), (670, 556)], "#f1e8d6")
    things.cat(c, 330, 730, 92, "#e0994f")


def table(c: Canvas) -> None:
    """A table from above: noodles, rice, and what the neighbours brought."""
    wood = mix("#c9925a", c.palette.earth, 0.3)
    c.rect(0, 0, 1200, 800, wood)
    for i in range(7):
        c.rect(0, i * 118, 1200, 3, thin("#5a3a20", 0.35))
        for _ in range(9):
            x, y = c.between(0, 1100), i * 118 + c.between(12, 106)
            c.line(
                [(x, y), (x + c.between(60, 220), y + c.between(-3, 3))], thin("#5a3a20", 0.13), 2
            )
    cloth = c.palette.bright[2]
    c.rect(110, 70, 980, 660, mix(cloth, "#ffffff", 0.25), 26)
    for i in range(16):
        c.rect(130 + 60 * i, 70, 14, 660, thin("#ffffff", 0.2))
    for x, y, r, fill in ((470, 410, 205, "broth"), (820, 290, 130, "rice")):
        _bowl(c, x, y, r)
        if fill == "broth":
            _noodles(c, x, y, r * 0.8)
        else:
            c.disc(x, y, r * 0.8, "#fbf7ee")
            for _ in range(120):
                angle, far = c.between(0, math.tau), r * 0.74 * c.chance.random() ** 0.5
                c.oval(
                    x + far * math.cos(angle), y + far * math.sin(angle), 5, 3, thin("#d8cdb8", 0.6)
                )
    _side_dishes(c)
    for dx in (0, 22):
        c.line([(600 + dx, 700), (1000 + dx, 640)], thin("#000000", 0.18), 9)
        c.line([(600 + dx, 692 - dx), (1000 + dx, 632 - dx)], "#dfe3e6", 8)
    c.line([(150, 420), (190, 640)], "#dfe3e6", 10)
    c.oval(146, 392, 24, 38, "#e8ebed")


def _side_dishes(c: Canvas) -> None:
    sides = ("#c9402c", "#6f9a3e", "#e0a23a", "#8a5a35", "#f2e6c9")
    places = ((770, 560), (940, 520), (250, 180), (1000, 380), (300, 640))
    for (x, y), dish in zip(places, sides, strict=True):
        _bowl(c, x, y, 74)
        for _ in range(34):
            angle, far = c.between(0, math.tau), 50 * c.chance.random() ** 0.5
            morsel = mix(dish, "#000000", c.between(0, 0.25))
            size = c.between(9, 17), c.between(6, 11)
            c.oval(x + far * math.cos(angle), y + far * math.sin(angle), *size, morsel)


def _bowl(c: Canvas, x: float, y: float, r: float) -> None:
    c.disc(x + 10, y + 14, r, thin("#000000", 0.2))
    c.disc(x, y, r, "#f6f1e6")
    c.disc(x, y, r * 0.9, "#e6ddcb")
    c.arc(x, y, r * 0.96, (0, 360), c.palette.bright[4], 4)


def _noodles(c: Canvas, x: float, y: float, r: float) -> None:
    c.disc(x, y, r, "#e9c88a")
    for i in range(38):
        angle, far = i * 0.9, r * 0.62 * math.sqrt(i / 38)
        c.arc(x + far * math.cos(angle), y + far * math.sin(angle), c.between(26, 54),
              (c.between(0, 360), c.between(360, 560)), "#fbeccb", 6)  # fmt: skip
    for i in range(9):
        angle = i * math.tau / 9
        c.disc(x + r * 0.55 * math.cos(angle), y + r * 0.5 * math.sin(angle), 13, "#7fae4c")
        c.disc(x + r * 0.55 * math.cos(angle), y + r * 0.5 * math.sin(angle), 6, "#e9c88a")
    for dx in (-44, 40):
        c.oval(x + dx, y - 18, 36, 42, "#fffaf0")
        c.disc(x + dx, y - 14, 21, "#f2a62e")
    for _ in range(12):
        a, b = ((x + c.between(-60, 60), y + c.between(20, 70)) for _ in range(2))
        c.line([a, b], "#c9402c", 4)


def bakery(c: Canvas) -> None:
    """A bakery's window on the corner, with what came out of the oven."""
    c.rect(0, 0, 1200, 800, mix(c.palette.walls[3], c.palette.roofs[0], 0.18))
    for row in range(18):
        for i in range(14):
            c.rect(
                i * 94 - 47 * (row % 2),
                row * 38,
                89,
                33,
                thin(c.palette.ink, c.between(0.02, 0.09)),
                3,
            )
    c.rect(0, 700, 1200, 100, mix(c.palette.earth, c.palette.ink, 0.3))
    frame = mix(c.palette.bright[2], c.palette.ink, 0.3)
    c.rect(110, 230, 680, 430, frame, 8)
    c.rect(130, 250, 640, 390, mix(c.palette.lamp, "#ffffff", 0.35), 4)
    c.glow(450, 380, 330, c.palette.lamp, 0.6)
    for y in (400, 520, 632):
        c.rect(140, y, 620, 13, "#8a5a35", 4)
        x = 166.0
        while x < 720:
            x += _loaf(c, x, y) + 14
    for x in (240, 450, 660):
        c.line([(x, 250), (x, 292)], c.palette.ink, 3)
        c.pie(x, 306, 26, (180, 360), c.palette.bright[0])
        c.disc(x, 308, 9, "#fff6dc")
    c.line([(450, 250), (450, 640)], frame, 9)
    c.rect(850, 250, 230, 450, frame, 8)
    c.rect(880, 284, 170, 230, mix(c.palette.lamp, "#ffffff", 0.3), 4)
    c.disc(1042, 540, 9, c.palette.bright[1])
    c.rect(920, 330, 92, 52, "#fffaf0", 6)
    c.line([(938, 348), (994, 348)], c.palette.bright[0], 5)
    c.line([(946, 364), (986, 364)], c.palette.bright[0], 5)
    for i in range(14):
        fill = c.palette.bright[0] if i % 2 == 0 else "#fff6e3"
        left = 70 + 76 * i
        c.poly([(left + 10, 120), (left + 86, 120), (left + 76, 226), (left, 226)], fill)
        c.pie(left + 38, 225, 38, (0, 180), mix(fill, "#000000", 0.06))
    c.rect(70, 104, 1080, 24, mix(c.palette.bright[0], c.palette.ink, 0.3), 8)
    for x in (820, 1120):
        c.rect(x - 26, 650, 52, 60, "#b5623c", 6)
        things.bush(c, x, 652, 34)
    things.bicycle(c, 300, 770, 250, c.palette.bright[4])
    things.person(c, 960, 740, 215, arm=0.4, step=0.2)


def _loaf(c: Canvas, x: float, y: float) -> float:
    """One kind of bread on a board whose top is at `y`; how wide it is."""
    crust = c.one_of(("#b8702f", "#c98a45", "#a85f2a", "#d9a05a"))
    kind = c.chance.randrange(3)
    if kind == 0:
        c.oval(x + 52, y - 26, 52, 28, crust)
        for i in range(3):
            c.line(
                [(x + 26 + 24 * i, y - 44), (x + 38 + 24 * i, y - 18)],
                mix(crust, "#ffffff", 0.5),
                5,
            )
        return 104
    if kind == 1:
        for i in range(3):
            c.disc(x + 20 + 28 * i, y - 20, 21, mix(crust, "#000000", 0.05 * i))
            c.disc(x + 15 + 28 * i, y - 28, 6, thin("#ffffff", 0.4))
        return 96
    c.rect(x, y - 62, 78, 62, crust, 16)
    c.rect(x + 6, y - 54, 66, 52, mix(crust, "#ffe9c4", 0.75), 12)
    return 78


def repair(c: Canvas) -> None:
    """The repair shop: tools in their outlines, a bicycle on the stand, a bench full of screws."""
    wall = mix(c.palette.walls[2], c.palette.bright[2], 0.22)
    c.fade(0, 800, wall, mix(wall, c.palette.ink, 0.14))
    c.rect(0, 610, 1200, 190, mix(c.palette.earth, c.palette.ink, 0.34))
    c.rect(80, 90, 500, 300, mix("#c9925a", c.palette.earth, 0.3), 10)
    for i in range(23):
        for k in range(13):
            c.disc(100 + 21 * i, 108 + 22 * k, 2, thin("#000000", 0.22))
    steel, grip = "#7d8891", c.palette.bright[0]
    for i in range(4):
        x = 130 + 62 * i
        c.line([(x, 130), (x, 220 - 12 * i)], steel, 9)
        c.arc(x, 122, 15, (130, 410), steel, 8)
    for i in range(3):
        x = 410 + 54 * i
        c.line([(x, 120), (x, 190)], steel, 7)
        c.rect(x - 9, 190, 18, 62, c.palette.bright[i], 8)
    c.rect(126, 300, 130, 13, "#a9743f", 5)
    c.rect(112, 284, 40, 44, steel, 5)
    c.pie(400, 320, 46, (0, 180), steel)
    c.rect(346, 306, 108, 14, grip, 6)
    c.rect(660, 70, 440, 270, mix(c.palette.ink, wall, 0.2), 8)
    c.rect(676, 86, 408, 238, c.palette.high, 4)
    c.glow(960, 160, 130, c.palette.sun, 0.6)
    c.rect(676, 250, 408, 74, c.palette.hill)
    c.line([(880, 86), (880, 324)], mix(c.palette.ink, wall, 0.2), 9)
    c.glow(600, 330, 330, c.palette.lamp, 0.35)
    c.line([(600, -5), (600, 44)], c.palette.ink, 4)
    c.pie(600, 70, 62, (180, 360), c.palette.bright[1])
    c.rect(60, 470, 500, 26, "#8a5a35", 4)
    for x in (84, 512):
        c.rect(x, 494, 26, 190, "#7a4e2d")
    for i, x in enumerate((120, 210, 300, 396)):
        c.rect(x, 424, 62, 46, c.palette.bright[(i + 1) % 5], 7)
        c.rect(x, 436, 62, 6, thin("#ffffff", 0.4))
    c.rect(470, 410, 60, 60, "#e7e0d0", 8)
    c.disc(500, 440, 18, mix("#e7e0d0", "#000000", 0.35))
    c.line([(860, 690), (860, 470)], steel, 13)
    c.line([(790, 700), (930, 700)], steel, 13)
    things.bicycle(c, 860, 640, 440, grip)
    things.person(c, 640, 750, 270, arm=0.7)
    things.person(c, 1080, 752, 190, arm=0.4)
