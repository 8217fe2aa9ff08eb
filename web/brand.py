"""How a city looks: its colour as a style, its logo and its cover as files of pictures.

Read once, at start; `madang check` reads them too. Their addresses change when the files do.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from markupsafe import Markup

from server.config import ConfigError, Instance
from server.media import MAX_PICTURE_BYTES
from web import colours

MAX_LOGO_BYTES: Final = 2 * 1024 * 1024
SVG: Final = "image/svg+xml"
ICON: Final = Path(__file__).parent / "static" / "icon.svg"
OUR_GREEN: Final = "#17614f"  # in the file above

_WORDS: Final = {"logo": "an SVG, PNG, JPEG or WebP", "cover": "a PNG, JPEG or WebP"}


class File(msgspec.Struct, frozen=True):
    """A picture file as the operator gave it; `version` changes with its content.

    `svg` is the whole file where it is one; other pictures are read again when they are made anew.
    """

    path: str
    media_type: str
    version: str
    svg: bytes = b""


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """The looks of the city, for pages. Addresses are empty where there is nothing.

    `style` is the content of a `<style>`, and `style_hash` what a policy needs to allow it.
    """

    accent: str
    palette: colours.Palette
    style: Markup
    style_hash: str
    icon_version: str
    logo_file: File | None = None
    cover_file: File | None = None

    @property
    def logo(self) -> str:
        """Where the logo is."""
        return f"/logo?v={self.logo_file.version}" if self.logo_file else ""

    @property
    def cover(self) -> str:
        """Where the cover is, at most 1920 pixels wide."""
        return f"/cover?v={self.cover_file.version}" if self.cover_file else ""

    @property
    def cover_small(self) -> str:
        """Where the cover is, at most 960 pixels wide."""
        return f"/cover/small?v={self.cover_file.version}" if self.cover_file else ""

    @property
    def icon(self) -> str:
        """What stands in a browser's tab: the logo, or our mark in the city's colour."""
        return self.logo or f"/icons/mark.svg?v={self.icon_version}"

    def icon_png(self, name: str) -> str:
        """Where an icon is: 180, 192, 512, maskable-512."""
        return f"/icons/{name}.png?v={self.icon_version}"


def load(instance: Instance) -> Brand:
    """The looks that a configuration asks for. Raises `ConfigError` with one sentence."""
    style = colours.css(instance.accent.lower())
    logo, cover = logo_of(instance), cover_of(instance)
    known = instance.accent.lower() + (logo.version if logo else "")
    return Brand(
        accent=instance.accent.lower(),
        palette=colours.palette(instance.accent.lower()),
        style=Markup(style),  # noqa: S704  made of colours alone
        style_hash=colours.style_hash(style),
        icon_version=sha256(known.encode()).hexdigest()[:12],
        logo_file=logo,
        cover_file=cover,
    )


def logo_of(instance: Instance) -> File | None:
    """The logo, if there is one. Raises `ConfigError`."""
    return _read("logo", instance.logo, MAX_LOGO_BYTES) if instance.logo else None


def cover_of(instance: Instance) -> File | None:
    """The cover, if there is one. Raises `ConfigError`."""
    return _read("cover", instance.cover, MAX_PICTURE_BYTES) if instance.cover else None


def mark(accent: str) -> bytes:
    """Our own icon in a city's colour, as SVG."""
    tone = colours.palette(accent).light
    return _icon().replace(OUR_GREEN, tone.accent).replace("#fff", tone.on_accent).encode()


@cache
def _icon() -> str:
    return ICON.read_text("utf-8")


def _read(key: str, path: str, most_bytes: int) -> File:
    try:
        with Path(path).open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it failed").lower()
        raise ConfigError(f'instance.{key}: cannot read "{path}": {reason}.') from None
    if len(data) > most_bytes:
        raise ConfigError(f'instance.{key}: "{path}" has more than {most_bytes >> 20} MB.')
    media_type = kind(data)
    if not media_type or (media_type == SVG and key == "cover"):
        raise ConfigError(f'instance.{key}: "{path}" is not {_WORDS[key]} file.')
    svg = data if media_type == SVG else b""
    return File(path, media_type, sha256(data).hexdigest()[:12], svg)


def kind(data: bytes) -> str:
    """What sort of picture these bytes begin; nothing for what we do not take."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return SVG if _is_svg(data) else ""


def _is_svg(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return text.lstrip().startswith(("<svg", "<?xml", "<!--", "<!DOCTYPE svg")) and "<svg" in text
