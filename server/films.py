"""Films and sounds: looked at and made anew by ffmpeg, in a cell (`server.film_process`).

A film becomes H.264 and AAC in an MP4 that every browser plays, a sound MP3, a moving GIF a film
without sound. Nothing of the original is kept: no metadata, no further streams. SECURITY "Media".
"""

import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from server.errors import Invalid, StorageFull, TooMany
from server.film_kinds import GIF, HEAD_BYTES, MATROSKA, MOV, reader_of

MAX_FILM_PIXELS: Final = 8_294_400
"""Of one frame: 3840 x 2160."""
MAX_EDGE: Final = 8_192
MAX_FRAME_RATE: Final = 120
EDGE: Final = 1280
"""The longest edge of what we make."""
FRAME_RATE: Final = 60
POSTER_EDGE: Final = 640
VIDEO_RATE: Final = "2M"
AUDIO_RATE: Final = "128k"
ENCODERS: Final = ("libx264", "aac", "libmp3lame")
"""What an ffmpeg must be able to make."""

LOOK_S: Final = 15.0
MAKE_S: Final = 900.0
"""Of wall clock, for one film; then ffmpeg is killed."""
MAKE_LEAST_S: Final = 120.0
MAKE_FACTOR: Final = 15.0
"""A short one may take `MAKE_LEAST_S`, and this for every second that it lasts."""
LOOK_CPU_S: Final = 10
MAKE_CPU_S: Final = 1_500
MEMORY_BYTES: Final = 2 << 30
MAX_MADE_BYTES: Final = 256 << 20
LEAST_FREE_BYTES: Final = 64 << 20
"""With less, a failure is the disk's and not the film's."""
MAX_REPORT_BYTES: Final = 64 * 1024
LOOKS_AT_ONCE: Final = 4
LOOKS_WAITING: Final = 32

Kind = Literal["video", "gifv", "audio"]

_DECODERS: Final = ",".join(
    [
        *("h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1"),
        *("mpeg4", "mjpeg", "prores", "theora", "gif", "h263", "mpeg1video", "mpeg2video"),
        *("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis", "flac", "alac"),
        *(
            "ac3",
            "eac3",
            "amrnb",
            "amrwb",
            "libopencore_amrnb",
            "libopencore_amrwb",
            "adpcm_ima_qt",
        ),
        *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_u8"),
        *("pcm_s8", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_mulaw", "pcm_alaw", "adpcm_ms"),
        *("adpcm_ima_wav", "png", "mov_text", "webvtt", "subrip", "ass"),  # passed over
    ]
)
_FORMATS: Final = {MOV: "mov,mp4,m4a,3gp,3g2,mj2", MATROSKA: "matroska,webm"}
_CELL = Path(__file__).with_name("film_process.py")
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG")

NONE: Final = "This server takes no films and no sounds: it lacks ffmpeg. Please send a picture."
DAMAGED: Final = "This film or sound is damaged, or of a kind that we cannot read."
TOO_LONG: Final = "This film or sound is too long for this server. Make it shorter first."
TOO_COMPLEX: Final = "This film takes too long to read. Make it shorter or smaller first."
_TOO_LARGE: Final = "This film has more pixels than 3840 x 2160. Make it smaller first."
_TOO_FAST: Final = "This film has more than 120 frames a second. Make it slower first."
_BUSY: Final = "Many films are arriving just now. Try again in a minute."


class Limits(msgspec.Struct, frozen=True):
    """What is taken: bytes of a file, seconds of a film and of a sound."""

    bytes: int = 80 << 20
    film_s: int = 300
    sound_s: int = 3600


class Seen(msgspec.Struct, frozen=True):
    """What a film or a sound is. Pixels, seconds (0: nobody knows), frames a second as `25/1`."""

    kind: Kind
    reader: str
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    frame_rate: str = ""
    bitrate: int = 0
    sound: str = ""
    sample_rate: int = 0
    channels: int = 0


class Made(msgspec.Struct, frozen=True):
    """A film or sound made anew: its file, what it is now, a frame as JPEG or nothing."""

    file: Path
    seen: Seen
    poster: bytes


class _Stream(msgspec.Struct, frozen=True):
    codec_type: str = ""
    codec_name: str = ""
    width: int = 0
    height: int = 0
    avg_frame_rate: str = ""
    sample_rate: str = ""
    channels: int = 0
    disposition: dict[str, int] = {}


class _Format(msgspec.Struct, frozen=True):
    duration: str = ""
    bit_rate: str = ""


class _Report(msgspec.Struct, frozen=True):
    """What ffprobe says."""

    streams: Annotated[list[_Stream], msgspec.Meta(max_length=64)] = []
    format: _Format = _Format()


class Films:
    """Looks at films and makes them anew, where there is an ffmpeg."""

    def __init__(
        self,
        scratch: Path,
        limits: Limits = Limits(),  # noqa: B008  frozen
        program: str = "ffmpeg",
        *,
        make_s: float = MAKE_S,
    ) -> None:
        """`program` is a name or a path; ffprobe lies beside it. `make_s` differs in tests."""
        self.limits = limits
        self._scratch = scratch.absolute()
        self._make_s = make_s
        self._ffmpeg = _found(program)
        self._ffprobe = _found(_beside(self._ffmpeg)) if self._ffmpeg else ""
        self._looks = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._waiting = 0

    @property
    def programs(self) -> tuple[str, str]:
        """Where ffmpeg and ffprobe are; empty where they are not."""
        return self._ffmpeg, self._ffprobe

    @property
    def available(self) -> bool:
        """Whether films and sounds are taken at all."""
        return bool(self._ffmpeg and self._ffprobe)

    @asynccontextmanager
    async def workspace(self) -> AsyncIterator[Path]:
        """A folder for one film on its way, gone afterwards. Raises `StorageFull`."""
        try:
            await asyncio.to_thread(self._scratch.mkdir, parents=True, exist_ok=True, mode=0o700)
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._scratch))
        except OSError as error:
            raise StorageFull("There is no room left for files on this server.") from error
        try:
            yield folder
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def look(self, file: Path, *, moving: bool = False) -> Seen:
        """What a file is, at an absolute path; `moving`: it is a GIF of several pictures.

        Raises `Invalid` for what is no film or sound, or more of one than is taken; `TooMany`.
        """
        if not self.available:
            raise Invalid(NONE)
        if self._waiting >= LOOKS_WAITING:
            raise TooMany(_BUSY)
        self._waiting += 1
        try:
            async with self._looks:
                seen = await self._seen(file, GIF if moving else "")
        finally:
            self._waiting -= 1
        return self._within(seen)

    async def make(self, file: Path, seen: Seen, folder: Path) -> Made:
        """Make what `look` has seen anew, into `folder`. Raises `Invalid`, `StorageFull`."""
        sound = seen.kind == "audio"
        out = folder / ("made.mp3" if sound else "made.mp4")
        longest = self.limits.sound_s if sound else self.limits.film_s
        how = _sound() if sound else _film(seen)
        arguments = [
            *("-threads", "2", *_input(seen.reader), "-i", str(file)),
            *("-t", str(longest + 1), "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"),
            *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
            *(*how, str(out)),
        ]
        try:
            await self._run(self._ffmpeg, arguments, file, out, self._patience_s(seen))
            made = await self._seen(out, "mp3" if sound else MOV)
        except Invalid:
            if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
                raise StorageFull("There is no room left for files on this server.") from None
            raise
        if made.seconds > longest:
            raise Invalid(TOO_LONG)
        if (made.kind == "audio") != sound:
            raise Invalid(DAMAGED)
        shown = msgspec.structs.replace(made, kind=seen.kind)
        return Made(out, shown, b"" if sound else await self._poster(out, made.seconds, folder))

    def _patience_s(self, seen: Seen) -> float:
        """How long making this may take: whoever sends a short one shall not wait for it long."""
        if not seen.seconds:
            return self._make_s
        return min(self._make_s, MAKE_LEAST_S + MAKE_FACTOR * seen.seconds)

    async def _poster(self, film: Path, seconds: float, folder: Path) -> bytes:
        """A frame of the first second: the very first is often black."""
        out = folder / "poster.jpg"
        edge = POSTER_EDGE
        scale = f"scale='min({edge},iw)':'min({edge},ih)':force_original_aspect_ratio=decrease"
        for at in (min(1.0, seconds / 2), 0.0):
            arguments = [
                *("-ss", f"{at:.3f}", *_input(MOV), "-i", str(film), "-map", "0:V:0"),
                *("-frames:v", "1", "-vf", scale, "-c:v", "mjpeg", "-q:v", "3"),
                *("-f", "image2", "-update", "1", str(out)),
            ]
            await self._run(self._ffmpeg, arguments, film, out, LOOK_S)
            if data := await asyncio.to_thread(out.read_bytes):
                return data
        raise Invalid(DAMAGED)

    async def _seen(self, file: Path, reader: str) -> Seen:
        reader = reader or await asyncio.to_thread(_reader, file)
        if not reader:
            raise Invalid(DAMAGED)
        wanted = (
            "format=duration,bit_rate:stream=codec_type,codec_name,width,height,avg_frame_rate,"
            "sample_rate,channels:stream_disposition=attached_pic"
        )
        arguments = [
            "-of",
            "json",
            "-show_entries",
            wanted,
            *_input(reader),
            "-i",
            str(file),
        ]
        said = await self._run(self._ffprobe, arguments, file, None, LOOK_S)
        try:
            return _described(reader, msgspec.json.decode(said, type=_Report))
        except (msgspec.MsgspecError, ValueError, ZeroDivisionError) as error:
            raise Invalid(DAMAGED) from error

    def _within(self, seen: Seen) -> Seen:
        """What is within the limits."""
        if seen.width * seen.height > MAX_FILM_PIXELS or max(seen.width, seen.height) > MAX_EDGE:
            raise Invalid(_TOO_LARGE)
        if seen.frame_rate and Fraction(seen.frame_rate) > MAX_FRAME_RATE and seen.kind != "gifv":
            raise Invalid(_TOO_FAST)
        longest = self.limits.sound_s if seen.kind == "audio" else self.limits.film_s
        if seen.seconds > longest:
            raise Invalid(
                "This lasts longer than %(minutes)s minutes. Make it shorter first.",
                minutes=longest // 60,
            )
        return seen

    async def _run(
        self, program: str, arguments: Sequence[str], file: Path, out: Path | None, seconds: float
    ) -> bytes:
        """What the program prints. Raises `Invalid` when it fails, `StorageFull` without room."""
        looking = program == self._ffprobe
        if out is not None:
            await asyncio.to_thread(out.write_bytes, b"")  # in its cell it can make no file
        cell = _cell(file, out, LOOK_CPU_S if looking else MAKE_CPU_S)
        quiet = ("-v", "error") if looking else ("-nostdin", "-v", "error", "-y")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-B", str(_CELL), *cell, program, *quiet, *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
            env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
            start_new_session=True,
        )
        said = await _ended(process, seconds)
        if process.returncode:
            raise Invalid(DAMAGED)
        return said


def _cell(file: Path, out: Path | None, cpu_s: int) -> list[str]:
    """What `film_process` allows."""
    return [
        *(str(MEMORY_BYTES), str(cpu_s), str(MAX_MADE_BYTES)),
        *(str(file), str(out) if out else ""),
    ]


async def _ended(process: Process, seconds: float) -> bytes:
    """Its output, when it has ended; killed when it takes too long or says too much."""
    assert process.stdout  # noqa: S101  a pipe
    try:
        async with asyncio.timeout(seconds):
            said = await process.stdout.read(MAX_REPORT_BYTES)
            while more := await process.stdout.read(MAX_REPORT_BYTES):
                if len(said) + len(more) > MAX_REPORT_BYTES:
                    raise Invalid(DAMAGED)
                said += more
            await process.wait()
            return said
    except TimeoutError:
        raise Invalid(TOO_COMPLEX) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())


def _input(reader: str) -> list[str]:
    """One file, one reader, the decoders that are needed: what is inside can name nothing else."""
    return [
        *("-protocol_whitelist", "file", "-codec_whitelist", _DECODERS),
        *("-format_whitelist", _FORMATS.get(reader, reader), "-f", reader),
    ]


def _film(seen: Seen) -> list[str]:
    fit = (
        f"scale='min({EDGE},iw)':'min({EDGE},ih)':force_original_aspect_ratio=decrease"
        ":force_divisible_by=2,setsar=1,format=yuv420p"
    )
    sound = ["-an"] if seen.kind == "gifv" else ["-map", "0:a:0?", *_aac()]
    return [
        *("-map", "0:V:0", "-vf", fit, "-fpsmax", str(FRAME_RATE), *sound),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-maxrate", VIDEO_RATE),
        *("-bufsize", "4M", "-movflags", "+faststart", "-f", "mp4"),
    ]


def _aac() -> list[str]:
    return ["-c:a", "aac", "-b:a", AUDIO_RATE, "-ac", "2"]


def _sound() -> list[str]:
    return [
        *("-map", "0:a:0", "-vn", "-c:a", "libmp3lame", "-b:a", AUDIO_RATE, "-ac", "2"),
        *("-id3v2_version", "0", "-f", "mp3"),
    ]


def _described(reader: str, report: _Report) -> Seen:
    film = next((one for one in report.streams if _is_film(one)), None)
    sound = next((one for one in report.streams if one.codec_type == "audio"), None)
    if film is None and (sound is None or reader == GIF):
        raise Invalid(DAMAGED)
    about = Seen(
        kind="audio" if film is None else "gifv" if reader == GIF else "video",
        reader=reader,
        seconds=_number(report.format.duration),
        bitrate=int(_number(report.format.bit_rate)),
        sound=sound.codec_name if sound else "",
        sample_rate=int(_number(sound.sample_rate)) if sound else 0,
        channels=sound.channels if sound else 0,
    )
    if film is None:
        return about
    return msgspec.structs.replace(
        about,
        width=film.width,
        height=film.height,
        frame_rate=_rate(film.avg_frame_rate),
    )


def _is_film(stream: _Stream) -> bool:
    """The picture on the cover of a song is none."""
    return (
        stream.codec_type == "video"
        and not stream.disposition.get("attached_pic")
        and stream.width > 0
        and stream.height > 0
    )


def _number(text: str) -> float:
    """A number that is none of the odd ones; what is not said is 0."""
    value = float(text or 0)
    return value if 0 <= value < 1e12 else 0.0


def _rate(text: str) -> str:
    above, _, below = text.partition("/")
    known = above.isdigit() and below.isdigit() and int(above) and int(below)
    return text if known else ""


def _reader(file: Path) -> str:
    with file.open("rb") as opened:
        return reader_of(opened.read(HEAD_BYTES))


def _found(program: str) -> str:
    return shutil.which(program) or "" if program else ""


def _beside(ffmpeg: str) -> str:
    """ffprobe comes with ffmpeg, under the same name but for one letter group."""
    here = Path(ffmpeg)
    return str(here.with_name(here.name.replace("ffmpeg", "ffprobe")))
