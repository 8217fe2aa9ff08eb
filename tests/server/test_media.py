"""Pictures are made anew: upright, small, without metadata, by a process that may die."""

import asyncio
import errno
import io
import os
import re
import signal
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from server import errors, media
from server import files as media_files
from server.files import Folder
from server.media import Picture, Pictures

RED, BLUE = (220, 20, 20), (20, 20, 220)
GPS_INFO = 0x8825
ORIENTATION = 0x0112


@pytest.fixture
async def pictures(tmp_path: Path) -> AsyncIterator[Pictures]:
    store = Pictures(tmp_path / "media")
    await store.open()
    yield store
    await store.close()


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def two_halves(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red above, blue below: which way is up can be seen."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, height // 2, width, height))
    return image.convert(mode)


def opened(store: Pictures, name: str) -> Image.Image:
    image = Image.open(io.BytesIO(store.store.path(name).read_bytes()))
    image.load()
    return image


def near(found: Any, wanted: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 30 for a, b in zip(found, wanted, strict=True))


def names(made: Picture) -> list[str]:
    """The files of a picture, the largest first; those that are missing are left out."""
    return [name for name in (made.large, made.medium, made.small) if name]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_photograph_becomes_a_large_jpeg_and_two_light_sizes(pictures: Pictures) -> None:
    made = await pictures.process(encoded(two_halves(4000, 3000), "JPEG"))
    large, medium, small = [opened(pictures, name) for name in names(made)]
    assert (large.format, medium.format, small.format) == ("JPEG", "WEBP", "WEBP")
    assert (large.size, medium.size, small.size) == ((2048, 1536), (1280, 960), (640, 480))
    assert (made.width, made.height) == large.size
    assert (made.medium_width, made.medium_height) == medium.size
    assert (made.small_width, made.small_height) == small.size
    assert made.media_type == "image/jpeg"
    assert made.bytes == sum(pictures.store.path(name).stat().st_size for name in names(made))
    for image in (large, medium, small):
        assert near(image.getpixel((100, 100)), RED)


@pytest.mark.parametrize(
    ("width", "sizes"),
    [(640, [640]), (641, [641, 640]), (1472, [1472, 640]), (1473, [1473, 1280, 640])],
)
async def test_a_size_is_made_where_it_saves_something(
    pictures: Pictures, tmp_path: Path, width: int, sizes: list[int]
) -> None:
    made = await pictures.process(encoded(two_halves(200, width), "JPEG"))
    kept = dict.fromkeys(names(made))
    assert [opened(pictures, name).height for name in kept] == sizes
    assert len(files(tmp_path)) == len(sizes)
    assert (made.medium_height, bool(made.medium)) == (
        (1280, True) if 1280 in sizes else (0, False)
    )


async def test_a_drawing_stays_sharp_in_every_size(pictures: Pictures) -> None:
    lines = Image.new("P", (2000, 1500), 0)
    lines.putpalette([255, 255, 255, 0, 0, 0])
    for x in range(0, 2000, 50):
        lines.paste(1, (x, 0, x + 10, 1500))
    made = await pictures.process(encoded(lines, "PNG"))
    assert made.media_type == "image/png"
    weights = [pictures.store.path(name).stat().st_size for name in names(made)]
    assert max(weights) < 40_000


async def test_a_wide_picture_of_a_profile_is_one_file(pictures: Pictures, tmp_path: Path) -> None:
    made = await pictures.process_header(encoded(two_halves(3000, 1000), "JPEG"))
    assert (opened(pictures, made.large).format, made.width, made.small) == (
        "JPEG",
        2048,
        made.large,
    )
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("kind", "size"), [("avatar", (400, 400)), ("picture", (1280, 960)), ("emoji", (128, 96))]
)
async def test_a_strangers_picture_is_one_light_file(
    pictures: Pictures, tmp_path: Path, kind: media.RemoteKind, size: tuple[int, int]
) -> None:
    made = await pictures.process_remote(kind, encoded(two_halves(2400, 1800), "JPEG"))
    image = opened(pictures, made.large)
    assert (image.format, image.size, made.small, made.medium) == ("WEBP", size, made.large, "")
    assert len(files(tmp_path)) == 1


async def test_files_are_readable_by_the_web_server_and_have_names_of_128_random_bits(
    pictures: Pictures,
) -> None:
    made = await pictures.process(encoded(two_halves(800, 600), "JPEG"))
    assert pictures.store.path(made.large).stat().st_mode & 0o777 == 0o644
    name, extension = made.large.split(".")
    assert (len(bytes.fromhex(name)), extension) == (16, "jpg")
    assert made.large != made.small


async def test_a_small_picture_is_stored_once(pictures: Pictures, tmp_path: Path) -> None:
    made = await pictures.process(encoded(two_halves(100, 80), "JPEG"))
    assert made.small == made.large
    assert (made.small_width, made.small_height) == (100, 80)
    assert len(files(tmp_path)) == 1


async def test_where_it_was_taken_and_with_what_is_gone(pictures: Pictures) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(GPS_INFO)[2] = (37.0, 28.0, 42.0)
    data = encoded(two_halves(900, 700), "JPEG", exif=exif, comment=b"SecretComment")
    assert b"SecretCamera" in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(GPS_INFO)
    made = await pictures.process(data)
    for name in (made.large, made.small):
        written = pictures.store.path(name).read_bytes()
        assert b"Exif" not in written
        assert b"Secret" not in written
        assert not opened(pictures, name).getexif()


async def test_text_profile_and_time_of_a_png_are_gone(pictures: Pictures) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = two_halves(300, 200, "P")
    image.info["comment"] = "Secret"
    data = encoded(image, "PNG", icc_profile=profile, dpi=(72, 72))
    made = await pictures.process(data)
    assert made.media_type == "image/png"
    assert opened(pictures, made.large).info == {}


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_stands_upright_whatever_the_camera_wrote(
    pictures: Pictures, orientation: int
) -> None:
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    turns: dict[int, Image.Transpose] = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    scene = two_halves(300, 200)
    scene.paste((255, 255, 255), (0, 0, 60, 60))  # a mark in the upper left
    stored = scene.transpose(turns[undo[orientation]]) if orientation > 1 else scene
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    made = await pictures.process(encoded(stored, "JPEG", exif=exif, quality=95))
    image = opened(pictures, made.large)
    assert image.size == (300, 200)
    assert near(image.getpixel((20, 20)), (255, 255, 255))
    assert near(image.getpixel((250, 20)), RED)
    assert near(image.getpixel((250, 180)), BLUE)


async def test_damaged_exif_does_not_cost_the_picture(pictures: Pictures) -> None:
    data = encoded(two_halves(60, 40), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffrubbish")
    assert (await pictures.process(data)).width == 60


def bomb(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that declares what it does not hold."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack("!I", zlib.crc32(kind + body))
        return struct.pack("!I", len(body)) + kind + body + check

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


PHOTO = encoded(two_halves(400, 300), "JPEG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
MANY, DAMAGED, UNKNOWN = "33 million pixels", "damaged", "not a picture that we can read"
REFUSED = {
    "bomb": (bomb(50_000, 50_000), MANY),
    "large, not yet a bomb to Pillow": (bomb(8000, 5000), MANY),
    "nothing behind the header": (bomb(400, 300), DAMAGED),
    "truncated jpeg": (PHOTO[: len(PHOTO) // 2], DAMAGED),
    "truncated png": (encoded(two_halves(400, 300), "PNG")[:-60], DAMAGED),
    "header alone": (PHOTO[:4], UNKNOWN),
    "svg": (SVG, UNKNOWN),
    "svg behind space and a declaration": (b'\n <?xml version="1.0"?>' + SVG, UNKNOWN),
    "html": (b"<!doctype html><script>alert(1)</script>", UNKNOWN),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", UNKNOWN),
    "html before a jpeg": (b"<html>" + PHOTO, UNKNOWN),
    "a form that we do not take": (encoded(two_halves(20, 20), "TIFF"), UNKNOWN),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", UNKNOWN),
    "nothing": (b"", UNKNOWN),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_picture_is_refused_with_a_sentence(
    pictures: Pictures, tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(errors.Invalid, match=reason):
        await pictures.process(data)
    assert files(tmp_path) == []


async def test_more_bytes_than_allowed_never_reach_the_process(pictures: Pictures) -> None:
    with pytest.raises(errors.TooLarge):
        await pictures.process(bytes(media.MAX_PICTURE_BYTES + 1))
    assert pictures.process_id is None


async def test_what_is_glued_behind_a_picture_is_dropped(pictures: Pictures) -> None:
    made = await pictures.process(PHOTO + b"<script>alert(1)</script>")
    assert b"script" not in pictures.store.path(made.large).read_bytes()


async def test_an_animation_becomes_its_first_frame(pictures: Pictures) -> None:
    frames = [Image.new("RGB", (50, 40), colour) for colour in (RED, BLUE, RED)]
    for form in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
        image = opened(pictures, (await pictures.process(data)).large)
        assert getattr(image, "n_frames", 1) == 1
        assert near(image.convert("RGB").getpixel((5, 5)), RED)


async def test_colours_for_print_become_colours_for_screens(pictures: Pictures) -> None:
    made = await pictures.process(encoded(two_halves(90, 60, "CMYK"), "JPEG"))
    image = opened(pictures, made.large)
    assert image.mode == "RGB"
    assert near(image.getpixel((10, 10)), RED)


async def test_sixteen_bits_of_grey_become_eight(pictures: Pictures) -> None:
    data = encoded(Image.new("I;16", (30, 20), 40_000), "PNG")
    made = await pictures.process(data)
    assert near(opened(pictures, made.large).convert("RGB").getpixel((5, 5)), (156, 156, 156))


async def test_transparency_is_kept(pictures: Pictures) -> None:
    palette = two_halves(80, 80, "P")
    with_alpha = two_halves(80, 80, "RGBA")
    with_alpha.paste((0, 0, 0, 0), (0, 0, 40, 40))
    for data in (
        encoded(palette, "PNG", transparency=palette.getpixel((1, 1))),
        encoded(with_alpha, "PNG"),
        encoded(with_alpha, "WEBP", lossless=True),
        encoded(Image.new("LA", (80, 80), (90, 0)), "PNG"),
    ):
        made = await pictures.process(data)
        image = opened(pictures, made.large)
        assert made.media_type == "image/png"
        assert image.convert("RGBA").getpixel((1, 1))[3] == 0  # type: ignore[index]


async def test_a_large_transparent_photograph_becomes_webp(pictures: Pictures) -> None:
    noise = Image.effect_noise((1500, 1200), 90).convert("RGBA")
    noise.putalpha(Image.effect_noise((1500, 1200), 90))
    made = await pictures.process(encoded(noise, "PNG"))
    assert (made.media_type, opened(pictures, made.small).format) == ("image/webp", "WEBP")


async def test_an_alpha_that_hides_nothing_is_no_reason_for_png(pictures: Pictures) -> None:
    made = await pictures.process(encoded(two_halves(80, 80, "RGBA"), "PNG"))
    assert made.media_type == "image/jpeg"


async def test_wide_colours_are_seen_as_they_were_meant(pictures: Pictures) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (lab, lab[:200], b"no profile at all"):
        data = encoded(two_halves(80, 80), "JPEG", icc_profile=profile)
        image = opened(pictures, (await pictures.process(data)).large)
        assert near(image.getpixel((10, 10)), RED)
        assert "icc_profile" not in image.info


async def test_a_strip_one_pixel_high_stays_a_picture(pictures: Pictures) -> None:
    made = await pictures.process(encoded(Image.new("RGB", (30_000, 1), RED), "PNG"))
    assert (made.width, made.height) == (2048, 1)


async def test_an_avatar_is_a_square_from_the_middle_in_one_file(pictures: Pictures) -> None:
    wide = Image.new("RGB", (1200, 600), BLUE)
    wide.paste(RED, (300, 0, 900, 600))
    made = await pictures.process_avatar(encoded(wide, "PNG"))
    image = opened(pictures, made.large)
    assert (image.size, made.small) == ((400, 400), made.large)
    assert near(image.convert("RGB").getpixel((3, 200)), RED)


async def test_a_small_avatar_is_not_blown_up(pictures: Pictures) -> None:
    made = await pictures.process_avatar(encoded(two_halves(120, 90), "JPEG"))
    assert (made.width, made.height) == (90, 90)


async def test_the_blurhash_tells_a_portrait_from_a_landscape(pictures: Pictures) -> None:
    # the first character counts the colours: (across - 1) + 9 * (down - 1), in base 83
    landscape = await pictures.process(encoded(two_halves(900, 600), "JPEG"))
    portrait = await pictures.process(encoded(two_halves(600, 900), "JPEG"))
    assert (landscape.blurhash[0], len(landscape.blurhash)) == ("L", 28)
    assert (portrait.blurhash[0], len(portrait.blurhash)) == ("T", 28)


async def test_many_at_once_are_made_one_after_another(pictures: Pictures) -> None:
    made = await asyncio.gather(*(pictures.process(PHOTO) for _ in range(5)))
    assert len({one.large for one in made}) == 5


async def test_a_crowd_is_told_to_come_back(pictures: Pictures) -> None:
    waiting = [asyncio.create_task(pictures.process(PHOTO)) for _ in range(media.MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(errors.TooMany):
        await pictures.process(PHOTO)
    assert len(await asyncio.gather(*waiting)) == media.MAX_WAITING


async def test_nothing_runs_before_the_first_picture_nor_long_after_the_last(
    tmp_path: Path,
) -> None:
    store = Pictures(tmp_path / "media", idle_seconds=0)
    await store.open()
    assert store.process_id is None
    await store.process(PHOTO)
    assert store.process_id is None
    assert (await store.process(PHOTO)).width == 400
    await store.close()


async def test_a_killed_process_is_replaced_and_nobody_notices(pictures: Pictures) -> None:
    await pictures.process(PHOTO)
    first = pictures.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert (await pictures.process(PHOTO)).width == 400
    assert pictures.process_id != first


async def test_a_process_killed_at_work_is_replaced_too(pictures: Pictures) -> None:
    await pictures.process(PHOTO)
    first = pictures.process_id
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # it has the picture, and does nothing
    task = asyncio.create_task(pictures.process(PHOTO))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert (await task).width == 400


async def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_works(
    pictures: Pictures,
) -> None:
    patience_s = pictures._seconds
    await pictures.process(PHOTO)
    assert pictures.process_id is not None
    os.kill(pictures.process_id, signal.SIGSTOP)  # it has the picture, and does nothing
    pictures._seconds = 0.05
    with pytest.raises(errors.Invalid, match="too long"):
        await pictures.process(PHOTO)
    assert pictures.process_id is None
    pictures._seconds = patience_s
    assert (await pictures.process(PHOTO)).width == 400


async def test_a_sender_who_goes_away_leaves_the_next_one_undisturbed(pictures: Pictures) -> None:
    await pictures.process(PHOTO)
    task = asyncio.create_task(pictures.process(encoded(two_halves(3000, 3000), "PNG")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pictures.process(PHOTO)).width == 400


async def test_after_close_no_process_is_started(pictures: Pictures) -> None:
    await pictures.close()
    with pytest.raises(errors.TooMany):
        await pictures.process(PHOTO)


async def test_the_process_can_write_no_file_and_sees_no_secret(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADANG_SECRET", "hunter2")
    await pictures.process(PHOTO)
    folder = Path("/proc") / str(pictures.process_id)
    limits = (folder / "limits").read_text()
    assert b"hunter2" not in (folder / "environ").read_bytes()
    assert "Max file size             0" in limits
    assert f"Max address space         {1 << 30}" in limits
    (seconds,) = re.findall(r"Max cpu time +(\d+) ", limits)  # what it had used, and ten more
    assert int(seconds) <= 20


async def test_a_full_disk_leaves_nothing_behind(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def full(descriptor: int) -> None:
        nonlocal written
        written += 1
        if written > 4:  # the large file is there, the small one is not
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(errors.StorageFull, match="no room left"):
        await pictures.process(encoded(two_halves(900, 700), "JPEG"))
    assert files(tmp_path) == []
    monkeypatch.undo()
    assert (await pictures.process(PHOTO)).width == 400


async def test_what_an_earlier_run_left_half_written_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "ab" / f"ab{'0' * 30}.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    await Pictures(tmp_path).open()
    assert files(tmp_path) == []


async def test_a_sweep_removes_old_files_that_no_row_knows(pictures: Pictures) -> None:
    kept, lost, fresh = [await pictures.process(PHOTO) for _ in range(3)]
    for one in (kept, lost):
        os.utime(pictures.store.path(one.large), (1000, 1000))
    assert await media_files.sweep(pictures.store, {kept.large}, before_ms=2_000_000) == 1
    assert exists(pictures, kept) and exists(pictures, fresh) and not exists(pictures, lost)


async def test_a_sweep_leaves_alone_what_the_store_has_not_written(
    pictures: Pictures, tmp_path: Path
) -> None:
    notes = tmp_path / "media" / "my" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("of the operator")
    os.utime(notes, (1000, 1000))
    assert await media_files.sweep(pictures.store, set(), before_ms=2_000_000) == 0
    assert notes.exists()


async def test_a_picture_can_be_removed_twice(pictures: Pictures) -> None:
    made = await pictures.process(PHOTO)
    for _ in range(2):
        await pictures.store.remove(made.large)
    assert not exists(pictures, made)


def exists(store: Pictures, made: Picture) -> bool:
    return store.store.path(made.large).exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a.jpg", "", "ab/cd.jpg", f"{'a' * 32}.html"])
def test_a_name_that_is_not_ours_leads_nowhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.NotFound):
        Folder(tmp_path).path(name)


@pytest.mark.parametrize(
    ("kind", "form", "media_type", "large", "small"),
    [
        ("cover", "WEBP", "image/webp", (1920, 960), (960, 480)),
        ("logo", "PNG", "image/png", (512, 256), (512, 256)),
    ],
)
async def test_what_the_instance_shows_of_itself_is_made_anew_and_not_stored(
    pictures: Pictures,
    tmp_path: Path,
    kind: Any,
    form: str,
    media_type: str,
    large: Any,
    small: Any,
) -> None:
    made = await pictures.renewed(kind, encoded(two_halves(2400, 1200), "JPEG", comment=b"Secret"))
    assert made.media_type == media_type
    for data, size in ((made.large, large), (made.small, small)):
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == (form, size)
        assert b"Secret" not in data
    assert files(tmp_path) == []
    with pytest.raises(errors.Invalid):
        await pictures.renewed(kind, b"not a picture")
