"""What a file is, by its first bytes: which of ffmpeg's readers may open it, if any.

What is not one of these is given to none of them. Left out on purpose is everything that can name
other files or addresses (playlists, `concat`, HLS, DASH, SDP, AVI with its subtitles).
"""

from typing import Final

HEAD_BYTES: Final = 64
GIF: Final = "gif"
MOV: Final = "mov"
MATROSKA: Final = "matroska"

_PICTURES: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
)
_AVIF: Final = frozenset({b"avif", b"avis"})
_ATOMS: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MAGIC: Final = (
    (b"\x1a\x45\xdf\xa3", MATROSKA),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
)
_GIFS: Final = (b"GIF87a", b"GIF89a")
_COLOURS, _SIZE = 0x80, 0x07
_IMAGE, _EXTENSION = 0x2C, 0x21


def reader_of(head: bytes) -> str:
    """The reader for a film or a sound; nothing for pictures, and for what we do not know."""
    if head[4:8] == b"ftyp":
        return "" if head[8:12] in _PICTURES | _AVIF else MOV
    if head[4:8] in _ATOMS:
        return MOV
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), _frames_of(head))


def _frames_of(head: bytes) -> str:
    """MP3 and AAC without a head of their own: eleven or twelve bits that are set."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    reserved = head[1] & 0x18 == 0x08 or head[1] & 0x06 == 0 or head[2] & 0xF0 == 0xF0
    return "" if reserved else "mp3"


def moves(data: bytes) -> bool:
    """Whether this is a GIF of more than one picture. Looks at no more than its blocks' sizes."""
    if not data.startswith(_GIFS):
        return False
    at, pictures = 13 + _table(data[10:11]), 0
    while at < len(data):
        if data[at] == _IMAGE:
            pictures += 1
            if pictures > 1:
                return True
            at = _after_blocks(data, at + 11 + _table(data[at + 9 : at + 10]))
        elif data[at] == _EXTENSION:
            at = _after_blocks(data, at + 2)
        else:
            return False
    return False


def _table(flags: bytes) -> int:
    """The bytes of a table of colours."""
    if not flags or not flags[0] & _COLOURS:
        return 0
    return 3 << (flags[0] & _SIZE) + 1


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1
