"""Where pages load pictures from: this instance, whoever they belong to.

A stranger's picture has an address of ours that holds the stranger's, signed: nobody can make us
fetch what no page of ours has shown. `server.remote_pictures` fetches it when somebody looks.
"""

import base64
import binascii
import hmac
import math
import struct
import zlib
from functools import lru_cache
from typing import Final, get_args

from server.errors import NotFound
from server.media import RemoteKind
from server.model import Account, Media, Site
from server.secrets import Vault

MAX_ADDRESS_BYTES: Final = 2000
"""Of a stranger's address; a longer one is not shown. PostgreSQL's indexes take some 2700."""
PATH: Final = "/media/remote/{kind}/{token}"
KINDS: Final = frozenset(get_args(RemoteKind))

_MAC_BYTES = 16
_MAC_CHARS = 22
_ADDRESSES_KEPT = 8192

_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
    )
}
_MOST_COLOURS = 4  # in each direction; a miniature could not show more
_MINIATURE = (6, 4)  # pixels, or the other way round


class Addresses:
    """Addresses of pictures; empty where there is none that we would show."""

    def __init__(self, site: Site, vault: Vault) -> None:
        """The key of `vault` signs; with another key the addresses are others."""
        self._origin = site.origin
        self._key = vault.derived(b"addresses of remote pictures")
        self._remote = lru_cache(maxsize=_ADDRESSES_KEPT)(self._signed)

    def face(self, account: Account) -> str:
        """Somebody's picture."""
        return self._of(account, "avatar", account.avatar)

    def banner(self, account: Account) -> str:
        """The wide picture above somebody's page."""
        return self._of(account, "picture", account.header)

    def picture(self, media: Media, *, small: bool = False) -> str:
        """A picture of a post, the largest that we have or the smallest."""
        name = media.small if small and media.small else media.large
        if name:
            return f"/media/{name}"
        return self.remote("picture", media.remote_url) if media.kind == "image" else ""

    def emoji(self, url: str) -> str:
        """A picture among the words."""
        return self.remote("emoji", url)

    def remote(self, kind: RemoteKind, url: str) -> str:
        """The address here of a picture that is elsewhere."""
        return self._remote(kind, url)

    def meant(self, kind: str, token: str) -> tuple[RemoteKind, str]:
        """What `remote` was given. Raises `NotFound` for what we did not sign."""
        mac, text = token[:_MAC_CHARS], token[_MAC_CHARS:]
        if kind not in KINDS or not hmac.compare_digest(
            mac.encode(), self._mac(kind, text).encode()
        ):
            raise NotFound("This picture does not exist.")
        try:
            url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        except (binascii.Error, ValueError) as error:
            raise NotFound("This picture does not exist.") from error
        return kind, url  # type: ignore[return-value]  # one of KINDS

    def _of(self, account: Account, kind: RemoteKind, url: str) -> str:
        if account.local:
            return url.removeprefix(self._origin)
        return self.remote(kind, url)

    def _signed(self, kind: RemoteKind, url: str) -> str:
        raw = url.encode("utf-8", "replace")
        if not url.startswith(("https://", "http://")) or len(raw) > MAX_ADDRESS_BYTES:
            return ""
        text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return PATH.format(kind=kind, token=self._mac(kind, text) + text)

    def _mac(self, kind: str, text: str) -> str:
        digest = hmac.digest(self._key, f"{kind} {text}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode().rstrip("=")


def srcset(media: Media) -> str:
    """Our sizes of a picture, for `srcset`; nothing where there is one alone."""
    sizes = {
        media.small: media.small_width,
        media.medium: media.medium_width,
        media.large: media.width,
    }
    found = [f"/media/{name} {width}w" for name, width in sizes.items() if name and width]
    return ", ".join(found) if len(found) > 1 else ""


@lru_cache(maxsize=4096)
def blur(hash: str) -> str:
    """A miniature of the blurhash as a `data:` address, some 200 bytes; nothing for a bad hash.

    github.com/woltapp/blurhash, "Algorithm". It may be a stranger's: the hash never raises.
    """
    colours = _colours(hash)
    if not colours:
        return ""
    across, down = _MINIATURE if len(colours[0]) >= len(colours) else _MINIATURE[::-1]
    rows = [bytes([0, *_row(colours, across, y / down)]) for y in range(down)]
    picture = base64.b64encode(_png(across, down, b"".join(rows))).decode()
    return f"data:image/png;base64,{picture}"


Colour = tuple[float, float, float]


def _colours(hash: str) -> list[list[Colour]]:
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
    """An sRGB value of eight bits as light. IEC 61966-2-1."""
    part = min(value, 255) / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _srgb(light: float) -> int:
    part = max(0.0, min(1.0, light))
    part = part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return int(part * 255 + 0.5)


def _row(colours: list[list[Colour]], across: int, y: float) -> list[int]:
    """The values of one row of pixels, `y` of the way down."""
    values = []
    for x in range(across):
        light = [0.0, 0.0, 0.0]
        for j, row in enumerate(colours):
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
