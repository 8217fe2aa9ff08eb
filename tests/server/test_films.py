"""Films and sounds are made anew, in a cell; what only looks like one is refused."""

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server import errors, film_process, films
from server.film_kinds import moves, reader_of
from server.films import Films, Limits, Made
from tests.films import FILM, SOUND, film, gif, made, needs_ffmpeg, sound

pytestmark = needs_ffmpeg


@pytest.fixture
async def maker(tmp_path: Path) -> AsyncIterator[Films]:
    yield Films(tmp_path / "scratch")
    left = tmp_path / "scratch"
    assert not left.exists() or list(left.iterdir()) == []


async def anew(maker: Films, data: bytes, keep: Path, *, moving: bool = False) -> Made:
    """Look at it and make it; its file is copied to `keep`."""
    source = keep.with_name("source")
    source.write_bytes(data)
    async with maker.workspace() as folder:
        seen = await maker.look(source, moving=moving)
        result = await maker.make(source, seen, folder)
        keep.write_bytes(result.file.read_bytes())
    return result


def told(file: Path) -> dict[str, Any]:
    """What ffprobe says of everything in a file."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(file)]
    return dict(json.loads(subprocess.check_output(command)))


@pytest.mark.parametrize("end", [".mp4", ".mov", ".webm", ".mkv", ".3gp"])
async def test_a_film_becomes_one_that_every_browser_plays(
    maker: Films, tmp_path: Path, end: str
) -> None:
    rate = ("-ar", "8000", "-ac", "1", "-b:a", "12k", "-s", "352x288") if end == ".3gp" else ()
    more = (*("-c:v", "mpeg4", "-c:a", "aac"), *rate[:2], *rate[-2:]) if rate else ()
    out = tmp_path / "out"
    result = await anew(maker, film(end, *more), out)
    about = told(out)
    assert [one["codec_name"] for one in about["streams"]] == ["h264", "aac"]
    assert about["streams"][0]["pix_fmt"] == "yuv420p"
    assert about["format"]["format_name"].startswith("mov,mp4")
    assert result.seen.kind == "video"
    assert 0.8 < result.seen.seconds < 1.3
    assert result.seen.frame_rate == "25/1"
    assert (result.seen.sound, result.seen.channels) == ("aac", 2)
    assert result.poster.startswith(b"\xff\xd8")


async def test_a_film_starts_before_all_of_it_is_there_and_tells_no_secrets(
    maker: Films, tmp_path: Path
) -> None:
    sent = film()
    assert b"hunter2" in sent
    assert b"loci" in sent
    await anew(maker, sent, tmp_path / "out")
    data = (tmp_path / "out").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    for secret in (b"hunter2", b"loci", b"earth", b"Lavf"):
        assert secret not in data


async def test_a_film_is_made_smaller_and_slower_but_never_larger(
    maker: Films, tmp_path: Path
) -> None:
    large = made(".mp4", "-f", "lavfi", "-i", "testsrc=size=1080x1920:rate=100:duration=0.3", "-an")
    result = await anew(maker, large, tmp_path / "out")
    assert (result.seen.width, result.seen.height) == (720, 1280)
    assert float(result.seen.frame_rate.split("/")[0]) <= films.FRAME_RATE * 1001
    small = await anew(maker, film(), tmp_path / "out")
    assert (small.seen.width, small.seen.height) == (320, 240)


async def test_odd_sizes_and_turned_films_are_upright_and_even(
    maker: Films, tmp_path: Path
) -> None:
    odd = made(
        *(".mkv", "-f", "lavfi", "-i", "testsrc=size=321x241:rate=10:duration=0.3"),
        *("-c:v", "libx264", "-pix_fmt", "yuv444p"),
    )
    result = await anew(maker, odd, tmp_path / "out")
    assert (result.seen.width % 2, result.seen.height % 2) == (0, 0)
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(film())
    turned = made(".mp4", "-i", str(plain), "-c", "copy", "-metadata:s:v", "rotate=90")
    result = await anew(maker, turned, tmp_path / "out")
    assert (result.seen.width, result.seen.height) == (240, 320)


@pytest.mark.parametrize("end", [".mp3", ".ogg", ".wav", ".flac", ".m4a", ".opus", ".aac"])
async def test_a_sound_becomes_mp3_without_metadata(maker: Films, tmp_path: Path, end: str) -> None:
    out = tmp_path / "out"
    result = await anew(maker, sound(end), out)
    (stream,) = told(out)["streams"]
    assert stream["codec_name"] == "mp3"
    assert result.seen.kind == "audio"
    assert 0.8 < result.seen.seconds < 1.3
    assert result.poster == b""
    assert b"hunter2" not in out.read_bytes()


async def test_a_song_with_a_cover_is_a_sound(maker: Films, tmp_path: Path) -> None:
    song, cover = tmp_path / "song.mp3", tmp_path / "cover.png"
    song.write_bytes(sound())
    cover.write_bytes(made(".png", *FILM, "-frames:v", "1"))
    with_cover = made(
        *(".mp3", "-i", str(song), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v", "attached_pic"),
    )
    result = await anew(maker, with_cover, tmp_path / "out")
    assert result.seen.kind == "audio"
    assert len(told(tmp_path / "out")["streams"]) == 1


async def test_a_moving_gif_becomes_a_silent_film(maker: Films, tmp_path: Path) -> None:
    assert moves(gif())
    result = await anew(maker, gif(), tmp_path / "out", moving=True)
    assert (result.seen.kind, result.seen.sound) == ("gifv", "")
    assert [one["codec_name"] for one in told(tmp_path / "out")["streams"]] == ["h264"]


def test_a_gif_of_one_picture_does_not_move() -> None:
    assert not moves(gif(1))
    assert not moves(b"GIF89a")
    assert not moves(gif()[:40])
    assert not moves(b"\x89PNG")


async def test_a_film_without_a_length_is_measured_when_it_is_made(
    maker: Films, tmp_path: Path
) -> None:
    """As browsers record them: WebM that was written to a stream."""
    plain = tmp_path / "plain.webm"
    plain.write_bytes(film(".webm"))
    streamed = made(".webm", "-i", str(plain), "-c", "copy", "-live", "1")
    result = await anew(maker, streamed, tmp_path / "out")
    assert 0.8 < result.seen.seconds < 1.3
    strict = Films(tmp_path / "scratch", Limits(film_s=0))
    with pytest.raises(errors.Invalid, match="too long for this server"):
        await anew(strict, streamed, tmp_path / "out")


# --- limits


async def look(maker: Films, folder: Path, data: bytes, **more: Any) -> Any:
    file = folder / "sent"
    file.write_bytes(data)
    return await maker.look(file, **more)


async def test_what_lasts_too_long_is_refused_with_a_number(tmp_path: Path) -> None:
    strict = Films(tmp_path, Limits(film_s=0, sound_s=0))
    for data in (film(), sound()):
        with pytest.raises(errors.Invalid, match="0 minutes"):
            await look(strict, tmp_path, data)


async def test_a_film_of_too_many_pixels_is_refused(maker: Films, tmp_path: Path) -> None:
    """The sizes in the head of a small file are made huge."""
    data = film(".mp4", "-movflags", "+faststart")
    for width, height in ((0x4000, 0x4000), (0x7FFF, 0x7FFF), (9000, 16)):
        at = data.index(b"avc1", data.index(b"stsd")) + 28
        forged = data[:at] + struct.pack(">HH", width, height) + data[at + 4 :]
        try:
            result = await anew(maker, forged, tmp_path / "out")
        except errors.Invalid:
            continue
        assert (result.seen.width, result.seen.height) == (320, 240)  # what its frames say
    huge = made(
        *(".mkv", "-f", "lavfi", "-i", "color=size=4096x2400:rate=1:duration=1"),
        *("-c:v", "libx264", "-preset", "ultrafast"),
    )
    with pytest.raises(errors.Invalid, match="pixels"):
        await look(maker, tmp_path, huge)


async def test_a_film_that_is_too_fast_is_refused(maker: Films, tmp_path: Path) -> None:
    fast = made(
        *(".mp4", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=240:duration=0.2"),
        *("-pix_fmt", "yuv420p"),
    )
    with pytest.raises(errors.Invalid, match="frames a second"):
        await look(maker, tmp_path, fast)


async def test_a_film_that_takes_too_long_is_given_up_and_nothing_runs_on(tmp_path: Path) -> None:
    slow = Films(tmp_path / "scratch", make_s=0)
    with pytest.raises(errors.Invalid, match="takes too long"):
        await anew(slow, film(), tmp_path / "out")
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_a_sender_who_goes_away_leaves_nothing(
    maker: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), films._ended
    processes: list[asyncio.subprocess.Process] = []

    async def watched(process: asyncio.subprocess.Process, seconds: float) -> bytes:
        processes.append(process)
        begun.set()
        return await ended(process, seconds)

    monkeypatch.setattr(films, "_ended", watched)
    task = asyncio.create_task(anew(maker, film(), tmp_path / "out"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [one.returncode for one in processes] == [-signal.SIGKILL]


async def test_a_full_disk_is_not_the_films_fault(
    maker: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "MAX_MADE_BYTES", 1000)
    monkeypatch.setattr(films, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(errors.StorageFull):
        await anew(maker, film(), tmp_path / "out")


async def test_a_crowd_is_told_to_come_back(
    maker: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "LOOKS_WAITING", 2)
    file = tmp_path / "sent"
    file.write_bytes(sound())
    asked = await asyncio.gather(*(maker.look(file) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in asked].count(errors.TooMany) == 1


# --- forgeries

SECRET = "hunter2-of-the-disk"


def playlist(target: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n".encode()


def forgeries(secret: Path) -> dict[str, bytes]:
    """Files that make a trusting ffmpeg read others."""
    uri, head = secret.as_uri(), film()[:4096]
    return {
        "a playlist": playlist(uri),
        "a playlist of addresses": playlist("http://169.254.169.254/latest/meta-data/"),
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        "subfile": playlist(f"subfile,,start,0,end,9,,:{secret}"),
        "concat protocol": playlist(f"concat:{secret}"),
        "a description of a session": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "DASH": b'<?xml version="1.0"?><MPD><BaseURL>' + uri.encode() + b"</BaseURL></MPD>",
        "a playlist behind the head of a film": b"\0\0\0\x18ftypmp42\0\0\0\0" + playlist(uri),
        "a playlist behind an ID3 tag": b"ID3\x04\0\0\0\0\0\0" + playlist(uri),
        "a playlist behind Matroska": b"\x1a\x45\xdf\xa3" + playlist(uri),
        "a playlist behind Ogg": b"OggS" + playlist(uri),
        "a playlist behind WAVE": b"RIFF\xff\0\0\0WAVE" + playlist(uri),
        "AVI with a playlist": b"RIFF\xff\xff\0\0AVI LIST" + b"GAB2\0\2\0\0\0" + playlist(uri),
        "half a film": head,
        "nothing": b"",
        "one byte": b"\0",
        "noise": os.urandom(4096),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "PDF": b"%PDF-1.7\n" + b"\0" * 100,
        "MIDI": b"MThd\0\0\0\6\0\1\0\1\0\x60" + b"\0" * 100,
        "tracker music": b"Extended Module: " + b"\0" * 400,
    }


@pytest.mark.parametrize("name", list(forgeries(Path("/secret"))))
async def test_what_only_looks_like_a_film_is_refused_and_opens_nothing(
    maker: Films, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    before = secret.stat().st_atime_ns
    with pytest.raises(errors.Invalid):
        await anew(maker, forgeries(secret)[name], tmp_path / "out")
    assert secret.stat().st_atime_ns == before
    assert not (tmp_path / "out").exists()


async def test_a_film_that_names_another_file_does_not_get_it(maker: Films, tmp_path: Path) -> None:
    """A `dref` of QuickTime: the sound is said to be in another file."""
    data = film(".mov")
    at = data.index(b"url \x00\x00\x00\x01")
    forged = data[:at] + b"alis\x00\x00\x00\x00" + data[at + 8 :]
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    try:
        result = await anew(maker, forged, tmp_path / "out")
    except errors.Invalid:
        return
    assert SECRET.encode() not in (tmp_path / "out").read_bytes()
    assert result.seen.kind == "video"


async def test_what_else_is_in_a_film_is_passed_over(maker: Films, tmp_path: Path) -> None:
    plain, words = tmp_path / "plain.mp4", tmp_path / "words.srt"
    plain.write_bytes(film())
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nhunter2\n")
    told_twice = made(
        *(".mp4", "-i", str(plain), "-i", str(words), "-map", "0", "-map", "1", "-map", "0:a"),
        *("-c:v", "copy", "-c:a", "copy", "-c:s", "mov_text", "-metadata", "title=hunter2"),
    )
    await anew(maker, told_twice, tmp_path / "out")
    assert [one["codec_type"] for one in told(tmp_path / "out")["streams"]] == ["video", "audio"]
    assert b"hunter2" not in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.99])
async def test_a_film_that_was_cut_off_fails_or_is_shorter(
    maker: Films, tmp_path: Path, part: float
) -> None:
    for data in (film(), film(".webm"), sound(".ogg"), sound(".m4a")):
        try:
            result = await anew(maker, data[: int(len(data) * part)], tmp_path / "out")
        except errors.Invalid:
            continue
        assert result.seen.seconds < 1.3


def test_only_what_we_know_is_given_to_ffmpeg() -> None:
    known = {
        ".mp4": "mov",
        ".mov": "mov",
        ".webm": "matroska",
        ".mkv": "matroska",
    }
    for end, reader in known.items():
        assert reader_of(film(end)) == reader
    sounds = {
        ".mp3": "mp3",
        ".ogg": "ogg",
        ".wav": "wav",
        ".flac": "flac",
        ".m4a": "mov",
        ".aac": "aac",
    }
    for end, reader in sounds.items():
        assert reader_of(sound(end)) == reader
    for head in (
        b"",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"#EXTM3U",
        b"\xff\xfe",
    ):
        assert reader_of(head) == ""
    for brand in (b"heic", b"avif", b"mif1", b"msf1"):
        assert reader_of(b"\0\0\0\x18ftyp" + brand) == ""


# --- the cell


def in_cell(tmp_path: Path, script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell script where ffmpeg runs: it may read `read`, and write `write`."""
    for name in ("read", "write", "other"):
        (tmp_path / name).write_text(name)
    command = [
        *(sys.executable, "-I", "-B", film_process.__file__, str(1 << 30), "7", "1000"),
        *(str(tmp_path / "read"), str(tmp_path / "write"), "/bin/sh", "-c", script),
    ]
    return subprocess.run(command, check=False, capture_output=True, cwd="/", timeout=60)


def test_the_cell_has_little_of_everything(tmp_path: Path) -> None:
    found = in_cell(tmp_path, "ulimit -t; ulimit -v; ulimit -f; ulimit -c; ulimit -n").stdout
    assert found.split() == [b"7", b"1048576", b"1", b"0", b"64"]
    assert in_cell(tmp_path, f"cat {tmp_path}/read").stdout == b"read"
    in_cell(tmp_path, f"echo new > {tmp_path}/write")
    assert (tmp_path / "write").read_text() == "new\n"


def test_the_cell_has_no_network_and_no_other_file(tmp_path: Path) -> None:
    lines = in_cell(tmp_path, "cat /proc/net/dev").stdout.splitlines()[2:]
    if [line.split(b":")[0].strip() for line in lines] != [b"lo"]:
        pytest.skip("this kernel gives nobody a network namespace of their own")
    if in_cell(tmp_path, f"cat {tmp_path}/other").returncode == 0:
        pytest.skip("this kernel has no Landlock")
    assert in_cell(tmp_path, "cat /etc/passwd").returncode != 0
    assert in_cell(tmp_path, f"echo x > {tmp_path}/new").returncode != 0
    assert in_cell(tmp_path, f"echo x > {tmp_path}/read").returncode != 0
    assert (tmp_path / "other").read_text() == "other"


async def test_without_ffmpeg_one_is_told(tmp_path: Path) -> None:
    for program in ("", "no-such-program"):
        none = Films(tmp_path, program=program)
        assert not none.available
        with pytest.raises(errors.Invalid, match="lacks ffmpeg"):
            await look(none, tmp_path, b"")


def test_a_second_of_everything_was_made() -> None:
    """The tests above would prove little with empty files."""
    assert len(made(".mp4", *FILM, *SOUND, "-pix_fmt", "yuv420p")) > 5_000


def test_the_cell_dies_with_who_started_it(tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.write_bytes(b"")
    cell = [sys.executable, "-I", "-B", film_process.__file__, str(2 << 30), "60", "1000"]
    starts = (
        "import subprocess, sys\n"
        "cell = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)\n"
        "print(cell.pid, flush=True)\n"
        "cell.wait()\n"
    )
    program = [*cell, str(film), "", "/bin/sleep", "60"]
    with subprocess.Popen([sys.executable, "-c", starts, *program], stdout=subprocess.PIPE) as held:
        assert held.stdout is not None
        inside = Path(f"/proc/{int(held.stdout.readline())}")
        while b"/bin/sleep" not in (inside / "cmdline").read_bytes().split(b"\0", 1)[0]:
            pass  # it has not become the program yet
        held.kill()
    ends = time.monotonic() + 20
    while alive(inside) and time.monotonic() < ends:
        pass
    assert not alive(inside)


def alive(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
