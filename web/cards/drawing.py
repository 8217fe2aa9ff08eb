"""Cards and icons as PNG. Slow (tens of milliseconds): for a thread, never for the event loop."""

import io
import json
from hashlib import sha256
from typing import Final

import msgspec
from PIL import Image, ImageDraw, ImageOps

from server.text import excerpt
from web.cards import fonts, lines, yard
from web.colours import palette

SIZE: Final = (1200, 630)
"""What every service shows whole: 1.91 to 1."""
PANEL: Final = 724  # the words' part, in pixels from the left
MARGIN: Final = 72
MAX_WORDS: Final = 160  # characters
MAX_NAME: Final = 60
VERSION: Final = 1
"""Of the drawing: a card drawn otherwise has another ETag."""

TITLE: Final = lines.Room(PANEL - MARGIN - 56, ((96, 1), (84, 2), (72, 3), (62, 4), (52, 5)))
SMALL: Final = lines.Room(PANEL - MARGIN - 56, ((30, 1),))
SMALL_WITH_MARK: Final = lines.Room(SMALL.width - 60, SMALL.sizes)
LEADING: Final = 1.26

COVER: Final = (1200, 1800)
"""Of a book; readers of books show it two to three."""
COVER_TITLE: Final = lines.Room(
    COVER[0] - 2 * MARGIN, ((128, 2), (108, 3), (92, 4), (76, 5), (64, 6))
)
COVER_SMALL: Final = lines.Room(COVER[0] - 2 * MARGIN, ((44, 2), (36, 2)))

ICON_SIZES: Final = {"180": 180, "192": 192, "512": 512, "maskable-512": 512}
SAFE: Final = 0.8  # of a maskable icon is never cut off (W3C App Manifest, "maskable")


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What is on a card: the city, large words, and who says them. `seed` chooses the yard."""

    accent: str
    place: str
    words: str
    by: str
    seed: int

    @property
    def tag(self) -> str:
        """An ETag, and the name under which the card is kept: the same for the same drawing."""
        found = [VERSION, msgspec.to_builtins(self), fonts.available()]
        return sha256(json.dumps(found).encode()).hexdigest()[:20]


def card(what: Card) -> bytes:
    """The PNG of a card, 1200 by 630. Where no font is found it has no words."""
    words = excerpt(what.words, MAX_WORDS)
    font = fonts.best(words)
    if font is None:
        return _png(yard.draw(SIZE, (600, 320), what.seed, what.accent))
    sheet = Image.new("RGB", SIZE, palette(what.accent).light.accent)
    right = (SIZE[0] - PANEL, SIZE[1])
    scene = yard.draw(right, (right[0] * 0.52, right[1] * 0.5), what.seed, what.accent)
    sheet.paste(scene, (PANEL, 0))
    ink = palette(what.accent).light.on_accent
    pen = _Pen(ImageDraw.Draw(sheet), font, ink)
    sheet.paste(_mark(what.accent, 44, ink), (MARGIN, 58))
    pen.write(excerpt(what.place, MAX_NAME), SMALL_WITH_MARK, (MARGIN + 60, 80))
    pen.write(fonts.drawable(words, font) or what.by, TITLE, (MARGIN, 322))
    pen.write(excerpt(what.by, MAX_NAME), SMALL, (MARGIN, 552))
    return _png(sheet)


def cover(what: Card) -> bytes:
    """The PNG of a book's cover, 1200 by 1800: its title above a yard, who gives it out below."""
    words = excerpt(what.words, MAX_WORDS)
    sheet = Image.new("RGB", COVER, palette(what.accent).light.accent)
    yard_size = (COVER[0], 800)
    scene = yard.draw(yard_size, (600, 420), what.seed, what.accent)
    sheet.paste(scene, (0, COVER[1] - yard_size[1]))
    font = fonts.best(words)
    if font is not None:
        pen = _Pen(ImageDraw.Draw(sheet), font, palette(what.accent).light.on_accent)
        pen.write(excerpt(what.place, MAX_NAME), COVER_SMALL, (MARGIN, 120))
        pen.write(fonts.drawable(words, font) or what.by, COVER_TITLE, (MARGIN, 480))
        pen.write(excerpt(what.by, MAX_NAME), COVER_SMALL, (MARGIN, 880))
    return _png(sheet)


class _Pen:
    """Writes in one font and one ink."""

    def __init__(self, draw: ImageDraw.ImageDraw, font: tuple[str, int], ink: str) -> None:
        self._draw, self._font, self._ink = draw, font, ink

    def write(self, text: str, room: lines.Room, at: tuple[int, int]) -> None:
        """Lines from `at[0]` on to the right, their middle at the height `at[1]`."""
        text = fonts.drawable(text, self._font)
        block = lines.fitted(text, room, lambda size: fonts.sized(self._font, size).getlength)
        font, step = fonts.sized(self._font, block.size), block.size * LEADING
        top = at[1] - step * (len(block.lines) - 1) / 2
        for number, line in enumerate(block.lines):
            self._draw.text(
                (at[0], top + number * step), line, font=font, fill=self._ink, anchor="lm"
            )


def icon(name: str, accent: str, logo: bytes = b"") -> bytes:
    """An icon of `ICON_SIZES` as PNG: the city's logo (bytes of a picture) or our mark."""
    edge, fill = ICON_SIZES[name], palette(accent).light.accent
    whole = name.startswith("maskable") or name == "180"  # those are cut to shape elsewhere
    if logo:
        return _png(_with_logo(edge, logo, SAFE * 0.8 if whole else 0.88))
    mark = _mark(accent, round(edge * (SAFE if whole else 1.0)), palette(accent).light.on_accent)
    sheet = Image.new("RGB", (edge, edge), fill)
    sheet.paste(mark, ((edge - mark.width) // 2, (edge - mark.height) // 2))
    return _png(sheet if whole else _rounded(sheet))


def _with_logo(edge: int, logo: bytes, share: float) -> Image.Image:
    room = round(edge * share)
    with Image.open(io.BytesIO(logo)) as opened:
        picture = ImageOps.contain(opened.convert("RGBA"), (room, room))
    sheet = Image.new("RGB", (edge, edge), "white")
    sheet.paste(picture, ((edge - picture.width) // 2, (edge - picture.height) // 2), picture)
    return sheet


def _mark(accent: str, edge: int, ink: str) -> Image.Image:
    """A roof, the ground, and two people under it: `static/icon.svg`, in the city's colour."""
    fine = 4
    unit = edge * fine / 32
    sheet = Image.new("RGB", (edge * fine, edge * fine), palette(accent).light.accent)
    pen = ImageDraw.Draw(sheet)
    wide = 2.6 * unit
    warm = "#ffd27a" if ink == "#ffffff" else ink
    for stroke, colour in ((((6, 15), (16, 7), (26, 15)), ink), (((6, 24), (26, 24)), warm)):
        points = [(x * unit, y * unit) for x, y in stroke]
        pen.line(points, fill=colour, width=round(wide), joint="curve")
        for x, y in points:
            pen.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=colour)
    for x in (12 * unit, 20 * unit):
        y, r = 19 * unit, 1.9 * unit
        pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    return sheet.reduce(fine)


def _rounded(sheet: Image.Image) -> Image.Image:
    fine, edge = 4, sheet.width
    mask = Image.new("L", (edge * fine, edge * fine), 0)
    corner = edge * fine // 4
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *mask.size), corner, fill=255)
    sheet.putalpha(mask.reduce(fine))
    return sheet


def _png(sheet: Image.Image) -> bytes:
    if sheet.mode == "RGB":
        # flat colours: a palette of 256 is a third of the size, and nobody sees it
        sheet = sheet.quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    sheet.save(out, "png")
    return out.getvalue()
