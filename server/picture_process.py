"""The process that opens strangers' pictures: reads, turns, scales and writes them anew.

A script that imports nothing of ours and is given no environment, no files to write, little memory
and little time, because it decodes what anybody may send. It ends when its input does. SECURITY
"Media".

Requests come on standard input, one after another: a line of JSON, `{"kind": one of KINDS, "bytes":
n}`, then n bytes. The answer on standard output is a line of JSON, `{"blurhash": ..., "sizes":
[{"form", "width", "height", "bytes"}, ...]}`, then the bytes of each size, the largest first. Where
the picture cannot be used the line has `error` instead: unknown | broken | too_many_pixels |
too_complex.
"""

import io
import json
import resource
import sys
import warnings
from contextlib import suppress
from typing import Any, BinaryIO, Final, NamedTuple

import blurhash
import pillow_heif
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_PIXELS: Final = 33_177_600
"""An 8K picture, 7680 x 4320."""
READ_EDGE: Final = 2048
"""The longest edge with which a picture is turned and brought to sRGB."""
WORTH_A_SIZE: Final = 1.15
"""What is not larger than the next smaller size by this factor does without that size."""
MAX_PNG_BYTES: Final = 2_000_000
"""What is larger as PNG becomes WebP or JPEG."""
JPEG_QUALITY: Final = 85
WEBP_QUALITY: Final = 80
"""Of what only browsers and apps read: to the eye as good as JPEG at 85, with 30 % fewer bytes."""

MEMORY_BYTES: Final = 1 << 30
CPU_SECONDS: Final = 10
"""For one picture; twelve megapixels take a tenth of one."""
OPEN_FILES: Final = 32


class Kind(NamedTuple):
    """What becomes of a picture: the longest edge of each size, the largest first.

    A square is cut from the middle. The largest size of what is `federated` has a form that every
    server reads; all else may be WebP, or has the one `form` that is named.
    """

    edges: tuple[int, ...]
    square: bool = False
    federated: bool = False
    form: str = ""


KINDS: Final = {
    "picture": Kind((2048, 1280, 640), federated=True),
    "header": Kind((2048,), federated=True),
    "avatar": Kind((400,), square=True, federated=True),
    "poster": Kind((640,), federated=True),
    "remote picture": Kind((1280,)),
    "remote avatar": Kind((400,), square=True),
    "remote emoji": Kind((128,)),
    # what the instance shows of itself
    "cover": Kind((1920, 960), form="webp"),
    "logo": Kind((512,), form="png"),
    # what stands in a book
    "book": Kind((1280,), federated=True),
}

_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "png": {"optimize": True},
    "jpeg": {"quality": JPEG_QUALITY, "progressive": True, "optimize": True},
    "webp": {"quality": JPEG_QUALITY, "method": 4},
}
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF")
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


class Size(NamedTuple):
    """A picture made anew: its form, its pixels, its bytes."""

    form: str
    image: Image.Image
    data: bytes


def make(kind: str, data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The answer's JSON, and the bytes of each size. Raises `Refused`."""
    try:
        image, flat = _read(data, KINDS[kind])
        sizes = _sizes(image, flat, KINDS[kind])
        answer = {
            "blurhash": _blurhash(sizes[-1].image),
            "sizes": [
                {
                    "form": size.form,
                    "width": size.image.width,
                    "height": size.image.height,
                    "bytes": len(size.data),
                }
                for size in sizes
            ],
        }
        return answer, [size.data for size in sizes]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("too_many_pixels") from error
    except MemoryError as error:
        raise Refused("too_complex") from error
    except Refused:
        raise
    except Exception as error:  # what a decoder raises for damage: OSError, SyntaxError, ValueError
        raise Refused("broken") from error


def _read(data: bytes, kind: Kind) -> tuple[Image.Image, bool]:
    """The first frame, upright, sRGB, in the largest size; and whether it is flat.

    Flat is a drawing rather than a photograph: it has a palette or transparency.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise Refused("unknown") from error
    turn = _TURNS.get(_orientation(image))
    profile = image.info.get("icc_profile")
    has_palette = image.mode in ("1", "P", "PA")
    image.draft(None, (READ_EDGE, READ_EDGE))  # a JPEG is decoded smaller at once
    image = _in_bytes(image)
    image.thumbnail((READ_EDGE, READ_EDGE), Image.Resampling.LANCZOS)
    image = _in_srgb(image, profile)
    if turn is not None:
        image = image.transpose(turn)
    return _cut(image, kind), has_palette or image.mode == "RGBA"


def _cut(image: Image.Image, kind: Kind) -> Image.Image:
    """In its largest size; nothing is blown up."""
    edge = kind.edges[0]
    if kind.square:
        edge = min(edge, *image.size)
        return ImageOps.fit(image, (edge, edge), Image.Resampling.LANCZOS)
    image.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return image


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


def _sizes(image: Image.Image, flat: bool, kind: Kind) -> list[Size]:
    """The picture in its largest size, and in those of the others that are worth it."""
    sizes = [_suited(image, flat) if kind.federated else _light(image, flat, kind.form)]
    for edge in kind.edges[1:]:
        above = sizes[-1].image
        last = edge == kind.edges[-1]
        if max(above.size) <= edge * (1 if last else WORTH_A_SIZE):
            continue
        reduced = image.copy()
        reduced.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        sizes.append(_light(reduced, flat, kind.form))
    return sizes


def _suited(image: Image.Image, flat: bool) -> Size:
    """In the form that suits the picture and that every server reads."""
    if flat and len(png := _as("png", image)) <= MAX_PNG_BYTES:
        return Size("png", image, png)
    form = "webp" if image.mode == "RGBA" else "jpeg"
    return Size(form, image, _as(form, image))


def _light(image: Image.Image, flat: bool, form: str) -> Size:
    """In `form`, or where none is named in the one with the fewest bytes."""
    if form:
        return Size(form, image, _as(form, image))
    webp = Size("webp", image, _as("webp", image, quality=WEBP_QUALITY))
    if flat and len(png := _as("png", image)) < len(webp.data):
        return Size("png", image, png)
    return webp


def _as(form: str, image: Image.Image, **options: Any) -> bytes:
    """Pixels and nothing else: what came along in `info` (comment, profile, text) is dropped."""
    image.info.clear()
    out = io.BytesIO()
    image.save(out, form, **{**_OPTIONS[form], **options})
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
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
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
            answer, sizes = make(request["kind"], data)
        except Refused as error:
            answer, sizes = {"error": str(error)}, []
        for part in (json.dumps(answer).encode(), b"\n", *sizes):
            answers.write(part)
        answers.flush()
        del data, sizes


if __name__ == "__main__":
    limit()
    serve(sys.stdin.buffer, sys.stdout.buffer)
