"""What stands about in a town: houses, trees, people, jars, lamps. Placed by their feet."""

from web.demo.canvas import Canvas, mix, thin

SKINS = ("#f2cdb0", "#e8b891", "#f7dcc4", "#c98f66", "#8d5a3c")
HAIRS = ("#2b2420", "#3b2a22", "#5a3a28", "#777373", "#d8d4cd")


def tiled_house(c: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A low house with a tiled roof whose eaves turn up."""
    wall, roof = c.one_of(c.palette.walls), c.one_of(c.palette.roofs)
    c.rect(x, y - h, w, h, wall)
    c.rect(x, y - h, w, h * 0.16, thin(c.palette.ink, 0.14))
    windows(c, x, y, w, h)
    over, up = w * 0.1, h * 0.62
    c.poly(
        [
            (x - over, y - h - up * 0.06),
            (x + w * 0.06, y - h - up * 0.28),
            (x + w * 0.18, y - h - up),
            (x + w * 0.82, y - h - up),
            (x + w * 0.94, y - h - up * 0.28),
            (x + w + over, y - h - up * 0.06),
            (x + w + over * 0.7, y - h + up * 0.1),
            (x - over * 0.7, y - h + up * 0.1),
        ],
        roof,
    )
    for i in range(1, 9):
        at = x + w * (0.1 + 0.1 * i)
        c.line(
            [(at + (x + w / 2 - at) * 0.2, y - h - up * 0.94), (at, y - h + up * 0.04)],
            thin(c.palette.ink, 0.14),
            1.5,
        )
    c.rect(
        x + w * 0.17, y - h - up - h * 0.05, w * 0.66, h * 0.1, mix(roof, c.palette.ink, 0.25), 4
    )


def flat_house(c: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A plain house of two floors, with what people keep on a flat roof."""
    wall = c.one_of(c.palette.walls)
    c.rect(x, y - h, w, h, wall)
    c.rect(x - 4, y - h - 8, w + 8, 14, mix(wall, c.palette.ink, 0.2), 3)
    c.rect(x + w * 0.8, y - h, w * 0.2, h, thin(c.palette.ink, 0.09))
    windows(c, x, y, w, h)
    kind = c.chance.random()
    if kind < 0.4:
        tank = c.palette.bright[1] if c.chance.random() < 0.6 else c.palette.bright[4]
        c.rect(x + w * 0.2, y - h - 42, w * 0.28, 36, tank, 7)
        c.rect(x + w * 0.2, y - h - 30, w * 0.28, 4, thin(c.palette.ink, 0.2))
    elif kind < 0.75:
        c.line([(x + w * 0.7, y - h - 8), (x + w * 0.7, y - h - 58)], c.palette.ink, 2.5)
        for i in range(3):
            at = y - h - 54 + 11 * i
            c.line(
                [(x + w * 0.7 - 16 + 3 * i, at), (x + w * 0.7 + 16 - 3 * i, at)], c.palette.ink, 2
            )
    else:
        for i in range(3):
            bush(c, x + w * (0.2 + 0.25 * i), y - h - 8, 15)


def windows(c: Canvas, x: float, y: float, w: float, h: float) -> None:
    """Windows in rows; some have light."""
    columns, rows = max(1, round(w / 62)), max(1, round(h / 78))
    for row in range(rows):
        for column in range(columns):
            at_x = x + w * (column + 0.5) / columns - 14
            at_y = y - h + h * (row + 0.5) / rows - 15
            lit = c.chance.random() < 0.45
            glass = c.palette.lamp if lit else mix(c.palette.high, c.palette.ink, 0.3)
            c.rect(at_x - 3, at_y - 3, 34, 38, thin(c.palette.ink, 0.35), 3)
            c.rect(at_x, at_y, 28, 32, glass, 2)
            c.line([(at_x + 14, at_y), (at_x + 14, at_y + 32)], thin(c.palette.ink, 0.4), 2)


def bush(c: Canvas, x: float, y: float, size: float) -> None:
    """A small round bush."""
    for dx, dy, r in ((-0.7, -0.5, 0.7), (0.7, -0.5, 0.7), (0, -0.9, 0.9)):
        c.disc(x + dx * size, y + dy * size, r * size, c.palette.leaf)
    c.disc(x - 0.3 * size, y - 1.1 * size, 0.35 * size, thin(c.palette.sun, 0.22))


def tree(c: Canvas, x: float, y: float, size: float, crown: str = "") -> None:
    """A broad tree, such as the zelkova of a village."""
    crown = crown or c.palette.leaf
    trunk = mix(c.palette.ink, c.palette.earth, 0.25)
    c.poly(
        [
            (x - size * 0.09, y),
            (x - size * 0.04, y - size * 0.6),
            (x + size * 0.04, y - size * 0.6),
            (x + size * 0.1, y),
        ],
        trunk,
    )
    c.line([(x, y - size * 0.4), (x - size * 0.25, y - size * 0.75)], trunk, size * 0.035)
    c.line([(x, y - size * 0.45), (x + size * 0.24, y - size * 0.78)], trunk, size * 0.035)
    for dx, dy, r in (
        (-0.34, -0.72, 0.26),
        (0.34, -0.74, 0.27),
        (0, -0.98, 0.32),
        (-0.2, -0.92, 0.26),
        (0.22, -0.95, 0.26),
        (0, -0.7, 0.28),
    ):
        c.disc(x + dx * size, y + dy * size, r * size, crown)
    for _ in range(26):
        c.disc(
            x + c.between(-0.45, 0.45) * size,
            y - c.between(0.62, 1.18) * size,
            size * c.between(0.015, 0.045),
            thin(c.one_of((c.palette.sun, c.palette.ink, c.palette.bright[1])), 0.22),
        )


def pine(c: Canvas, x: float, y: float, size: float, snow: bool = False) -> None:
    """A pine in three tiers."""
    c.rect(x - size * 0.04, y - size * 0.25, size * 0.08, size * 0.25, c.palette.ink)
    for i in range(3):
        top, half = y - size * (1.1 - 0.27 * i), size * (0.2 + 0.08 * i)
        foot = top + size * 0.42
        c.poly([(x, top), (x - half, foot), (x + half, foot)], c.palette.leaf)
        if snow:
            c.poly(
                [(x, top), (x - half * 0.5, top + size * 0.2), (x, top + size * 0.14),
                 (x + half * 0.5, top + size * 0.2)], "#ffffff",
            )  # fmt: skip


def person(c: Canvas, x: float, y: float, h: float, *, arm: float = 0.1, step: float = 0.0) -> None:
    """Somebody seen from a little way off. `arm` lifts the arms, `step` parts the legs, 0 to 1."""
    shirt, trousers = c.one_of(c.palette.bright), mix(c.one_of(c.palette.roofs), c.palette.ink, 0.4)
    skin, hair = c.one_of(SKINS), c.one_of(HAIRS)
    leg, wide = h * 0.4, h * 0.13
    for side in (-1, 1):
        c.line(
            [(x + side * wide * 0.4, y - leg), (x + side * (wide * 0.4 + step * h * 0.2), y)],
            trousers,
            h * 0.085,
        )
        c.line(
            [
                (x + side * wide * 0.8, y - h * 0.7),
                (x + side * wide * (1.5 + arm), y - h * (0.48 + 0.4 * arm)),
            ],
            mix(shirt, c.palette.ink, 0.12),
            h * 0.07,
        )
    c.rect(x - wide, y - h * 0.77, 2 * wide, h * 0.42, shirt, wide * 0.7)
    c.disc(x, y - h * 0.87, h * 0.105, skin)
    c.pie(x, y - h * 0.885, h * 0.115, (170, 370), hair)


def jar(c: Canvas, x: float, y: float, size: float, snow: bool = False) -> None:
    """An onggi: a brown jar with a broad belly and a lid."""
    brown = c.one_of(("#6b3f2c", "#7a4a32", "#5a3628", "#84553a"))
    half = size * 0.42
    c.oval(x, y, half * 1.05, size * 0.08, thin("#000000", 0.22))
    outline = [(0.62, 0.0), (0.86, 0.18), (1.0, 0.42), (0.98, 0.62), (0.84, 0.82), (0.66, 0.92)]
    left = [(x - half * wide, y - size * up) for wide, up in outline]
    right = [(x + half * wide, y - size * up) for wide, up in reversed(outline)]
    c.poly(left + right, brown)
    c.oval(x, y, half * 0.62, size * 0.05, brown)
    c.line(
        [(x - half * 0.7, y - size * 0.3), (x - half * 0.74, y - size * 0.6),
         (x - half * 0.6, y - size * 0.78)], thin("#ffffff", 0.28), size * 0.035,
    )  # fmt: skip
    c.line(c.rope((x - half * 0.96, y - size * 0.56), (x + half * 0.96, y - size * 0.56),
                  size * 0.06), thin("#000000", 0.2), 2)  # fmt: skip
    lid = mix(brown, "#000000", 0.12)
    c.oval(x, y - size * 0.94, half * 0.82, size * 0.07, lid)
    c.oval(x, y - size * 0.98, half * 0.62, size * 0.06, mix(brown, "#ffffff", 0.1))
    c.rect(x - half * 0.14, y - size * 1.08, half * 0.28, size * 0.1, lid, 4)
    if snow:
        c.oval(x, y - size * 1.0, half * 0.72, size * 0.085, "#ffffff")


def bunting(c: Canvas, a: tuple[float, float], b: tuple[float, float], flags: int) -> None:
    """A line of small flags."""
    points = c.rope(a, b, 38, flags)
    c.line(points, thin(c.palette.ink, 0.6), 2)
    for i, (x, y) in enumerate(points[:-1]):
        fill = c.palette.bright[i % len(c.palette.bright)]
        c.poly([(x + 4, y), (x + 30, y + 3), (x + 16, y + 36)], fill)


def lamp(c: Canvas, x: float, y: float, h: float) -> None:
    """A street lamp, lit."""
    c.line([(x, y), (x, y - h)], c.palette.ink, 5)
    c.line([(x, y - h), (x + h * 0.14, y - h)], c.palette.ink, 5)
    c.glow(x + h * 0.14, y - h + 12, h * 0.38, c.palette.lamp, 0.75)
    c.pie(x + h * 0.14, y - h + 10, 15, (180, 360), c.palette.ink)
    c.disc(x + h * 0.14, y - h + 12, 8, "#fff6dc")


def cat(c: Canvas, x: float, y: float, size: float, coat: str) -> None:
    """A cat that sits and looks at us."""
    dark = mix(coat, "#000000", 0.2)
    c.arc(x + size * 0.38, y - size * 0.22, size * 0.24, (280, 100), dark, size * 0.09)
    c.oval(x, y - size * 0.33, size * 0.3, size * 0.36, coat)
    c.oval(x, y - size * 0.24, size * 0.16, size * 0.22, mix(coat, "#ffffff", 0.55))
    for side in (-1, 1):
        c.poly(
            [(x + side * size * 0.25, y - size * 1.08), (x + side * size * 0.26, y - size * 0.74),
             (x + side * size * 0.04, y - size * 0.92)], coat,
        )  # fmt: skip
        c.oval(x + side * size * 0.12, y - size * 0.03, size * 0.09, size * 0.06, coat)
    c.oval(x, y - size * 0.76, size * 0.28, size * 0.23, coat)
    for side in (-1, 1):
        c.oval(x + side * size * 0.11, y - size * 0.78, size * 0.035, size * 0.05, "#26231f")
        for lift in (-0.02, 0.03):
            c.line(
                [(x + side * size * 0.1, y - size * 0.69),
                 (x + side * size * 0.3, y - size * (0.69 + lift))], thin("#26231f", 0.5), 1.5,
            )  # fmt: skip
    c.poly(
        [(x - size * 0.03, y - size * 0.71), (x + size * 0.03, y - size * 0.71),
         (x, y - size * 0.675)], "#d98c86",
    )  # fmt: skip


def bicycle(c: Canvas, x: float, y: float, size: float, frame: str) -> None:
    """A bicycle seen from the side; `x` is between its wheels."""
    r = size * 0.26
    back, front = (x - size * 0.36, y - r), (x + size * 0.36, y - r)
    for wheel in (back, front):
        c.arc(*wheel, r, (0, 360), c.palette.ink, 5)
        c.disc(*wheel, 5, c.palette.ink)
        for i in range(6):
            c.arc(*wheel, r * 0.98, (i * 60, i * 60 + 1.5), thin(c.palette.ink, 0.5), r)
    crank, seat = (x - size * 0.02, y - r * 0.95), (x - size * 0.14, y - size * 0.56)
    head = (x + size * 0.26, y - size * 0.58)
    for a, b in (
        (back, crank),
        (back, seat),
        (seat, crank),
        (crank, head),
        (seat, head),
        (head, front),
    ):
        c.line([a, b], frame, 6)
    c.line([(seat[0] - 16, seat[1] - 8), (seat[0] + 16, seat[1] - 8)], c.palette.ink, 9)
    c.line([head, (head[0] - 4, head[1] - 22), (head[0] + 20, head[1] - 28)], c.palette.ink, 6)
    c.rect(head[0] + 8, head[1] - 16, size * 0.18, size * 0.14, "#c79a63", 5)
