"""Films and sounds for tests, made by ffmpeg itself."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None, reason="there is no ffmpeg"
)

FILM = ("-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=1")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1")
SECRETS = ("-metadata", "title=hunter2", "-metadata", "location=+37.4786+126.8646/")


@cache
def made(end: str, *arguments: str) -> bytes:
    """What ffmpeg writes with these arguments into a file that ends so."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"made{end}"
        subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, str(file)], check=True)
        return file.read_bytes()


def film(end: str = ".mp4", *more: str) -> bytes:
    """A second of a test picture with a tone, and secrets in its metadata."""
    return made(end, *FILM, *SOUND, *SECRETS, "-pix_fmt", "yuv420p", *more)


def sound(end: str = ".mp3", *more: str) -> bytes:
    """A second of a tone, with secrets in its metadata."""
    return made(end, *SOUND, *SECRETS, *more)


def gif(frames: int = 5) -> bytes:
    """A picture that moves."""
    return made(".gif", *FILM, "-vf", "fps=10,scale=64:48", "-frames:v", str(frames))
