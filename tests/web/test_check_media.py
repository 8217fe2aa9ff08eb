"""`madang check` on pictures and films."""

import json
import os
import stat
from pathlib import Path

import pytest

from tests.films import needs_ffmpeg
from tests.web.test_cli import alice, folder, madang, refusal
from web.commands import check_media

__all__ = ["alice", "folder", "madang", "refusal"]  # the fixtures


@pytest.fixture
def said(madang, folder):
    """What is said of a subject with this section `[media]`."""

    def check(subject: str, media: str) -> str:
        (folder / "madang.toml").write_text(f"[media]\n{media}")
        found = json.loads(madang("check", "--json"))
        return next(f"{one['state']} {one['text']}" for one in found if one["subject"] == subject)

    return check


def test_limits_that_make_no_sense_are_pointed_out(said):
    assert "warning media.upload_mb is 100000000, and" in said("scratch", "upload_mb = 100000000")
    cut = said("limits", "remote_film_mb = 900")
    assert cut.startswith("warning media.remote_film_mb 900 counts as 256")
    assert "film_seconds 9000" in said("limits", "film_seconds = 9000")


def test_a_scratch_folder_in_memory_is_warned_of(said, monkeypatch):
    assert said("scratch", "").startswith("ok ")
    monkeypatch.setattr(check_media, "_kind_of_disk", lambda folder: "tmpfs")
    assert "lies in memory, and up to 32 films of 80 MB" in said("scratch", "")


def test_the_kind_of_a_disk_is_that_of_the_nearest_mount(tmp_path):
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    kinds = {line.split()[2] for line in mounts}
    assert check_media._kind_of_disk(tmp_path / "not" / "there") in kinds


def test_a_scratch_folder_that_is_a_file_is_wrong(folder, refusal, monkeypatch):
    (folder / "file").write_bytes(b"")
    monkeypatch.setenv("MADANG_MEDIA__SCRATCH", "file")
    assert "media.scratch" in refusal("check")


@needs_ffmpeg
def test_a_program_that_is_no_ffmpeg_is_wrong(refusal, folder, monkeypatch):
    monkeypatch.setenv("MADANG_MEDIA__FFMPEG", "/bin/true")
    assert refusal("check").startswith("/bin/true is no ffmpeg")
    for name in ("ffmpeg", "ffprobe"):
        script = folder / name
        script.write_text(f"#!/bin/sh\necho {name} version 7; echo V libx264 aac\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("MADANG_MEDIA__FFMPEG", str(folder / "ffmpeg"))
    assert "without libmp3lame" in refusal("check")


def test_a_bucket_without_a_key_is_one_sentence(refusal, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MADANG_MEDIA__STORE", "s3://b?endpoint=http://127.0.0.1:1")
    assert "set media.access_key_id or AWS_ACCESS_KEY_ID" in refusal("check")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert refusal("check").endswith("cannot be used: 127.0.0.1:1 does not answer.")
