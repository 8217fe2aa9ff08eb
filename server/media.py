"""Pictures: what people send, made anew in another process, and put into the store.

Nothing of the original file is kept. The process starts with the first picture and ends a minute
after the last, so that a server where nobody posts pictures does not pay for it. SECURITY "Media".
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from server.errors import Invalid, StorageFull, TooLarge, TooMany
from server.files import MEDIA_TYPES, Folder, Store, new_name, remove_all

MAX_PICTURE_BYTES: Final = 16 * 1024 * 1024
SECONDS_PER_PICTURE: Final = 20.0
"""Of wall clock, for one picture; then its process is killed."""
IDLE_SECONDS: Final = 60.0
"""How long the process outlives its last picture."""
MAX_WAITING: Final = 16
"""Pictures in memory at once; the next one is refused."""
RemoteKind = Literal["avatar", "picture", "emoji", "film"]
"""What a stranger's picture is for; or that it is a film or a sound."""

_LOST = (EOFError, ConnectionError, msgspec.DecodeError, asyncio.LimitOverrunError)
_EXTENSIONS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
_ALL_SIZES = 3
_TRIES = 2  # a process killed from outside is not the picture's fault, once
_SCRIPT = Path(__file__).with_name("picture_process.py")
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG")

_BUSY = "Many pictures are arriving just now. Try again in a minute."
UNREADABLE = "This file is not a picture that we can read. Send JPEG, PNG, WebP, GIF, HEIC or AVIF."
_REFUSALS = {
    "unknown": UNREADABLE,
    "broken": "This picture is damaged. Open it on your device, save it anew, and send that.",
    "too_many_pixels": "This picture has more than 33 million pixels. Make it smaller first.",
    "too_complex": "This picture takes too long to read. Save it anew as JPEG, and send that.",
}


class Picture(msgspec.Struct, frozen=True):
    """A stored picture. `large` and `small` are names in the store, the same where one will do;
    `medium` is one too, or empty where the others are near enough.

    Widths and heights are in pixels; `media_type` is the large file's; `bytes` counts all files.
    """

    large: str
    small: str
    media_type: str
    width: int
    height: int
    small_width: int
    small_height: int
    bytes: int
    blurhash: str
    medium: str = ""
    medium_width: int = 0
    medium_height: int = 0


class Renewed(msgspec.Struct, frozen=True):
    """A picture made anew: the bytes of both sizes, the same where one will do."""

    large: bytes
    small: bytes
    media_type: str


_Number = Annotated[int, msgspec.Meta(ge=0, le=2 * MAX_PICTURE_BYTES)]


class _Size(msgspec.Struct, frozen=True):
    """One file to be."""

    form: Literal["jpeg", "png", "webp"]
    width: _Number
    height: _Number
    bytes: _Number


class _Answer(msgspec.Struct, frozen=True):
    """What the other process says; see `server.picture_process`. The largest size comes first."""

    error: str = ""
    blurhash: str = ""
    sizes: Annotated[tuple[_Size, ...], msgspec.Meta(max_length=_ALL_SIZES)] = ()


class Pictures:
    """Fills a store by way of another process. One picture is made at a time."""

    def __init__(
        self,
        store: Store | Path,
        *,
        seconds_per_picture: float = SECONDS_PER_PICTURE,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """A `Path` is a folder. The numbers differ from the constants in tests alone."""
        self.store: Store = Folder(store) if isinstance(store, Path) else store
        self._seconds = seconds_per_picture
        self._idle_seconds = idle_seconds
        self._closed = False
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._ended: list[Process] = []
        self._idle: asyncio.TimerHandle | None = None

    @property
    def process_id(self) -> int | None:
        """The process that makes pictures, while there is one."""
        return self._process.pid if self._process else None

    async def open(self) -> None:
        """Make the store ready, and remove what an earlier run left half written.

        Raises `OSError` when a folder cannot be made or read.
        """
        await self.store.open()

    async def close(self) -> None:
        """End the process. Pictures being made are lost, and their senders told."""
        self._closed = True
        self._end()
        ended, self._ended = self._ended, []
        for process in ended:
            await process.wait()

    async def process(self, data: bytes) -> Picture:
        """Make and store a picture: at most 2048 pixels wide and high, and those of 1280 and 640.

        Raises `TooLarge`, `Invalid` when it is no picture that we take, `TooMany` when too many
        wait, `StorageFull` when it cannot be written; nothing is then left in the store.
        """
        return await self._make("picture", data)

    async def process_avatar(self, data: bytes) -> Picture:
        """As `process`: a square of at most 400 pixels, cut from the middle, in one file."""
        return await self._make("avatar", data)

    async def process_header(self, data: bytes) -> Picture:
        """As `process`: in one file, of at most 2048 pixels."""
        return await self._make("header", data)

    async def process_poster(self, data: bytes) -> Picture:
        """As `process`: what stands for a film until it plays, at most 640 pixels, in one file."""
        return await self._make("poster", data)

    async def process_remote(self, kind: RemoteKind, data: bytes) -> Picture:
        """As `process`, for pages alone and in one file.

        An avatar is a square of at most 400 pixels, a picture has at most 1280, an emoji 128.
        """
        return await self._make(f"remote {kind}", data)

    async def renewed(self, kind: Literal["cover", "logo", "book"], data: bytes) -> Renewed:
        """A picture that the instance shows of itself, or puts into a book: made anew, not stored.

        A cover is WebP, at most 1920 pixels wide and high, and 960; a logo PNG, at most 512. In a
        book it is JPEG or PNG, at most 1280.
        Raises as `process` does.
        """
        answer, sizes = await self._made(kind, data)
        return Renewed(sizes[0], sizes[-1], MEDIA_TYPES[_EXTENSIONS[answer.sizes[0].form]])

    async def _make(self, kind: str, data: bytes) -> Picture:
        answer, sizes = await self._made(kind, data)
        return await _stored(self.store, answer, sizes)

    async def _made(self, kind: str, data: bytes) -> tuple[_Answer, list[bytes]]:
        if len(data) > MAX_PICTURE_BYTES:
            raise TooLarge("A picture may have up to 16 MB. Make it smaller first.")
        if self._waiting >= MAX_WAITING:
            raise TooMany(_BUSY)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._asked(kind, data)
        finally:
            self._waiting -= 1

    async def _asked(self, kind: str, data: bytes) -> tuple[_Answer, list[bytes]]:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                for _ in range(_TRIES):
                    with suppress(*_LOST):
                        return _usable(await self._exchange(kind, data))
        raise Invalid(_REFUSALS["too_complex"])

    async def _exchange(self, kind: str, data: bytes) -> tuple[_Answer, list[bytes]]:
        """One request, one answer. Whatever interrupts them ends the process: it is out of step."""
        done = False
        try:
            process = await self._started()
            assert process.stdin and process.stdout  # noqa: S101  both are pipes
            head = msgspec.json.encode({"kind": kind, "bytes": len(data)})
            process.stdin.write(head + b"\n")
            process.stdin.write(data)
            await process.stdin.drain()
            line = await process.stdout.readuntil(b"\n")
            answer = msgspec.json.decode(line, type=_Answer)
            sizes = [await process.stdout.readexactly(size.bytes) for size in answer.sizes]
            done = True
            return answer, sizes
        finally:
            if done:
                self._rest()
            else:
                self._end()

    async def _started(self) -> Process:
        if self._closed:
            raise TooMany(_BUSY)
        if self._idle:
            self._idle.cancel()
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-B", str(_SCRIPT)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
                start_new_session=True,  # Ctrl-C at the terminal is for the server
            )
        return self._process

    def _rest(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)

    def _end(self) -> None:
        """Kill the process, if there is one; it has nothing to finish."""
        if self._idle:
            self._idle.cancel()
        if (process := self._process) is None:
            return
        self._process = None
        if process.stdin:
            process.stdin.close()
        with suppress(ProcessLookupError):
            process.kill()
        self._ended = [one for one in self._ended if one.returncode is None] + [process]


def _usable(made: tuple[_Answer, list[bytes]]) -> tuple[_Answer, list[bytes]]:
    """What was made; raises `Invalid` when it was refused."""
    if error := made[0].error:
        raise Invalid(_REFUSALS.get(error, UNREADABLE))
    return made


async def _stored(store: Store, answer: _Answer, sizes: list[bytes]) -> Picture:
    """Write all files or none."""
    names = [new_name(_EXTENSIONS[size.form]) for size in answer.sizes]
    try:
        for name, data in zip(names, sizes, strict=True):
            await store.put(name, data)
    except (StorageFull, asyncio.CancelledError):
        await asyncio.shield(remove_all(store, names))
        raise
    return _described(answer, names)


def _described(answer: _Answer, names: list[str]) -> Picture:
    """What was stored, by the edge of each size."""
    large, small = answer.sizes[0], answer.sizes[-1]
    medium, name = (answer.sizes[1], names[1]) if len(names) == _ALL_SIZES else (None, "")
    return Picture(
        large=names[0],
        small=names[-1],
        media_type=MEDIA_TYPES[_EXTENSIONS[large.form]],
        width=large.width,
        height=large.height,
        small_width=small.width,
        small_height=small.height,
        bytes=sum(size.bytes for size in answer.sizes),
        blurhash=answer.blurhash,
        medium=name,
        medium_width=medium.width if medium else 0,
        medium_height=medium.height if medium else 0,
    )
