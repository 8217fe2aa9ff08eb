"""What stands in for a picture while it loads: a few pixels of its colours, from its blurhash."""

import base64
import math
import struct
import zlib
from functools import lru_cache

from web import colours

Colour = tuple[float, float, float]

_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
    )
}
_MOST_COLOURS = 4  # in each direction; so few pixels show no more
_MINIATURE = (6, 4)  # pixels, or the other way round


@lru_cache(maxsize=4096)
def miniature(hash: str) -> str:
    """The blur of a hash as a `data:` address, some 200 bytes; nothing for a bad hash.

    github.com/woltapp/blurhash, "Algorithm". It may be a stranger's: the hash never raises.
    """
    waves = _waves(hash)
    if not waves:
        return ""
    across, down = _MINIATURE if len(waves[0]) >= len(waves) else _MINIATURE[::-1]
    rows = [bytes([0, *_row(waves, across, y / down)]) for y in range(down)]
    picture = base64.b64encode(_png(across, down, b"".join(rows))).decode()
    return f"data:image/png;base64,{picture}"


def _waves(hash: str) -> list[list[Colour]]:
    """The waves of a hash, linear light, a list for each row of them; empty for a bad hash."""
    if not 6 <= len(hash) <= 166 or not all(digit in _DIGITS for digit in hash):
        return []
    down, across = divmod(_number(hash[0]), 9)
    across, down = across + 1, down + 1
    if len(hash) != 4 + 2 * across * down:
        return []
    most = (_number(hash[1]) + 1) / 166
    mean = _number(hash[2:6])
    found: list[Colour] = [(_linear(mean >> 16), _linear(mean >> 8 & 255), _linear(mean & 255))]
    found += [_wave(_number(hash[at : at + 2]), most) for at in range(6, len(hash), 2)]
    rows = [found[at : at + across][:_MOST_COLOURS] for at in range(0, len(found), across)]
    return rows[:_MOST_COLOURS]


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 83 + _DIGITS[digit]
    return value


def _wave(value: int, most: float) -> Colour:
    parts = (value // 361, value // 19 % 19, value % 19)
    red, green, blue = (math.copysign(((part - 9) / 9) ** 2, part - 9) * most for part in parts)
    return red, green, blue


def _linear(value: int) -> float:
    """An sRGB value of eight bits as light."""
    return colours.to_linear(min(value, 255) / 255)


def _srgb(light: float) -> int:
    return int(255 * colours.from_linear(max(0.0, min(1.0, light))) + 0.5)


def _row(waves: list[list[Colour]], across: int, y: float) -> list[int]:
    """The values of one row of pixels, `y` of the way down."""
    values = []
    for x in range(across):
        light = [0.0, 0.0, 0.0]
        for j, row in enumerate(waves):
            for i, colour in enumerate(row):
                weight = math.cos(math.pi * i * x / across) * math.cos(math.pi * j * y)
                for part in range(3):
                    light[part] += colour[part] * weight
        values += [_srgb(part) for part in light]
    return values


def _png(width: int, height: int, rows: bytes) -> bytes:
    """RGB, eight bits. RFC 2083: this process reads no pictures and needs no library for them."""
    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
