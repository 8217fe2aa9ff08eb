"""The process that opens strangers' pictures: reads, turns, scales and writes them anew.

A script that imports nothing of ours and is given no environment, no files to write, little memory
and little time, because it decodes what anybody may send. It ends when its input does. SECURITY
"Media".

Requests come on standard input, one after another: a line of JSON, `{"kind": "picture" | "avatar"
| "cover" | "logo", "bytes": n}`, then n bytes. The answer is a line of JSON, then the bytes of the
large and of the small picture (`large_bytes`, `small_bytes`; none where the large one is small
enough). Where the picture cannot be used the line has `error` instead: unknown | broken |
too_many_pixels | too_complex.
"""

import io
import json
import resource
import sys
import warnings
from contextlib import suppress
from typing import Any, BinaryIO, Final

import blurhash
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_PIXELS: Final = 33_177_600
"""An 8K picture, 7680 x 4320."""
LARGE_EDGE: Final = 2048
SMALL_EDGE: Final = 640
AVATAR_EDGE: Final = 400
MAX_PNG_BYTES: Final = 2_000_000
"""What is larger as PNG becomes WebP or JPEG."""
JPEG_QUALITY: Final = 85

MEMORY_BYTES: Final = 1 << 30
CPU_SECONDS: Final = 10
"""For one picture; twelve megapixels take a tenth of one."""
OPEN_FILES: Final = 32

_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "png": {"optimize": True},
    "jpeg": {"quality": JPEG_QUALITY, "progressive": True, "optimize": True},
    "webp": {"quality": JPEG_QUALITY, "method": 4},
}
# What the instance shows of itself: form, large edge, small edge (0: none).
_OUR_OWN: Final[dict[str, tuple[str, int, int]]] = {
    "cover": ("webp", 1920, 960),
    "logo": ("png", 512, 0),
}
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refused(Exception):
    """A picture that cannot be used; the argument is the `error` of the answer."""


def make(kind: str, data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """The answer's JSON, the bytes of the large picture and of the small one. Raises `Refused`.

    An avatar is a square of at most `AVATAR_EDGE`, cut from the middle.
    """
    try:
        image, flat = _read(data)
        if kind in _OUR_OWN:
            return _pair(image, *_OUR_OWN[kind])
        if kind == "avatar":
            edge = min(AVATAR_EDGE, *image.size)
            image = ImageOps.fit(image, (edge, edge), Image.Resampling.LANCZOS)
        return _written(image, flat)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("too_many_pixels") from error
    except MemoryError as error:
        raise Refused("too_complex") from error
    except Refused:
        raise
    except Exception as error:  # what a decoder raises for damage: OSError, SyntaxError, ValueError
        raise Refused("broken") from error


def _read(data: bytes) -> tuple[Image.Image, bool]:
    """The first frame, upright, sRGB, at most `LARGE_EDGE` wide and high; and whether it is flat.

    Flat is a drawing rather than a photograph: it has a palette or transparency.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise Refused("unknown") from error
    turn = _TURNS.get(_orientation(image))
    profile = image.info.get("icc_profile")
    has_palette = image.mode in ("1", "P", "PA")
    image.draft(None, (LARGE_EDGE, LARGE_EDGE))  # a JPEG is decoded smaller at once
    image = _in_bytes(image)
    image.thumbnail((LARGE_EDGE, LARGE_EDGE), Image.Resampling.LANCZOS)
    image = _in_srgb(image, profile)
    if turn is not None:
        image = image.transpose(turn)
    return image, has_palette or image.mode == "RGBA"


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF is often damaged where the picture is not
        return 1


def _in_bytes(image: Image.Image) -> Image.Image:
    """In a mode that can be scaled: L, RGB, RGBA or CMYK, eight bits each."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")
        image.info.pop("transparency", None)  # a level of sixteen bits, no longer there
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        lightest_alpha, _ = image.getchannel("A").getextrema()
        return image.convert("RGB") if lightest_alpha == 255 else image
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours that the profile meant, since the profile is not kept."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, OSError):  # a profile for other colours, or no profile
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, source, target, outputMode=mode) or image
    return image.convert(mode)


def _pair(
    image: Image.Image, form: str, large_edge: int, small_edge: int
) -> tuple[dict[str, Any], bytes, bytes]:
    """A picture in two sizes of one form, or in one."""
    image.thumbnail((large_edge, large_edge), Image.Resampling.LANCZOS)
    large, small, reduced = _as(form, image), b"", image
    if small_edge and max(image.size) > small_edge:
        reduced = image.copy()
        reduced.thumbnail((small_edge, small_edge), Image.Resampling.LANCZOS)
        small = _as(form, reduced)
    return _answer(form, (image, reduced), "", (large, small)), large, small


def _written(image: Image.Image, flat: bool) -> tuple[dict[str, Any], bytes, bytes]:
    form, large = _encoded(image, flat)
    small, reduced = b"", image
    if max(image.size) > SMALL_EDGE:
        reduced = image.copy()
        reduced.thumbnail((SMALL_EDGE, SMALL_EDGE), Image.Resampling.LANCZOS)
        small = _as(form, reduced)
    return _answer(form, (image, reduced), _blurhash(reduced), (large, small)), large, small


def _answer(
    form: str,
    images: tuple[Image.Image, Image.Image],
    blurhash: str,
    written: tuple[bytes, bytes],
) -> dict[str, Any]:
    return {
        "form": form,
        "width": images[0].width,
        "height": images[0].height,
        "small_width": images[1].width,
        "small_height": images[1].height,
        "blurhash": blurhash,
        "large_bytes": len(written[0]),
        "small_bytes": len(written[1]),
    }


def _encoded(image: Image.Image, flat: bool) -> tuple[str, bytes]:
    """The form that suits the picture, and the picture in it."""
    if flat and len(png := _as("png", image)) <= MAX_PNG_BYTES:
        return "png", png
    form = "webp" if image.mode == "RGBA" else "jpeg"
    return form, _as(form, image)


def _as(form: str, image: Image.Image) -> bytes:
    """Pixels and nothing else: what came along in `info` (comment, profile, text) is dropped."""
    image.info.clear()
    out = io.BytesIO()
    image.save(out, form, **_OPTIONS[form])
    return out.getvalue()


def _blurhash(image: Image.Image) -> str:
    """Four by three colours, or three by four, of a miniature on white."""
    across, down = (4, 3) if image.width >= image.height else (3, 4)
    miniature = image.resize((across * 8, down * 8), Image.Resampling.BOX)
    if miniature.mode == "RGBA":
        paper = Image.new("RGBA", miniature.size, "white")
        miniature = Image.alpha_composite(paper, miniature).convert("RGB")
    return str(blurhash.encode(miniature, across, down))


def limit() -> None:
    """Bind this process: memory, open files, no files written, no core."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    with suppress(ValueError, OSError):  # not every system has every limit
        resource.setrlimit(what, (value, hard))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["bytes"])
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1)
        try:
            answer, large, small = make(request["kind"], data)
        except Refused as error:
            answer, large, small = {"error": str(error)}, b"", b""
        for part in (json.dumps(answer).encode(), b"\n", large, small):
            answers.write(part)
        answers.flush()
        del data, large, small


if __name__ == "__main__":
    limit()
    serve(sys.stdin.buffer, sys.stdout.buffer)
