"""Tistory's backup of today: a zip of pages, read within limits whatever it says of itself."""

import io
import os
import struct
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.errors import Invalid
from server.oldblogs import shape, tistory, unpacking
from server.oldblogs.reading import read
from server.oldblogs.shape import Head, Left, Story
from server.oldblogs.unpacking import Entry
from server.services import imports
from server.store import media
from server.store.db import Write
from tests.server.blogs import tistory_page
from tests.server.import_desk import Desk, lines, stories
from tests.server.world import NOW, number
from tests.web.city import a_picture

SEOUL = ZoneInfo("Asia/Seoul")
MARKET = tistory_page(
    "시장 &amp; 골목",
    '<p>첫 문단</p><p><img src="./img/&#44608;치.png" alt="김치"></p><div>안<div>속</div></div>'
    '<p><a href="https://old.tistory.com/m/3">다음 글</a></p>',
    category="사랑 소통/소소한  일상",
    tags="#김장 #광명 시장",
)


def zipped(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def parts(data: bytes, folder: Path) -> list[shape.Part]:
    file, inside = folder / "sent.zip", folder / "in"
    file.write_bytes(data)
    inside.mkdir(exist_ok=True)
    return list(read(file, inside, SEOUL))


def two() -> dict[str, bytes | str]:
    return {
        "style.css": "p {}",
        "12/12-시장.html": MARKET,
        "12/img/김치.png": a_picture((40, 30)),
        "12/img/unseen.png": b"x",
        "3/3-둘.html": tistory_page("둘", date="nonsense"),
        "3/3-또.html": tistory_page("또"),
    }


def test_the_pages_of_a_backup_are_stories(tmp_path: Path) -> None:
    head, second, left, first = parts(zipped(two()), tmp_path)
    assert head == Head(format="tistory") and left == Left("page", "3-또.html")
    assert isinstance(first, Story) and isinstance(second, Story)
    assert (second.key, second.published_ms, second.tags) == ("3", 0, ())
    assert (first.key, first.title, first.paths) == ("12", "시장 & 골목", ("/12",))
    assert first.category == ("사랑 소통", "소소한 일상")
    assert first.tags == ("김장", "광명 시장")
    assert first.published_ms == 1_648_994_226_000
    assert first.body.startswith("<p>첫 문단</p>") and "tags" not in first.body
    assert '<img src="old:%EA%B9%80%EC%B9%98.png" alt="김치">' in first.body
    assert [(one.name, one.file is not None) for one in first.attachments] == [
        ("김치.png", True),
        ("unseen.png", False),
    ]


def test_of_two_folders_with_one_number_the_first_is_brought(tmp_path: Path) -> None:
    twice = {f"{blog}/7/7-{blog}.html": tistory_page(blog) for blog in ("a", "b")}
    _, story, left = parts(zipped(twice), tmp_path)
    assert isinstance(story, Story) and story.title == "a"
    assert left == Left("page", "7-b.html")


def test_a_folder_is_read_as_a_zip_is_and_links_in_it_are_not_followed(tmp_path: Path) -> None:
    for name, data in two().items():
        path = tmp_path / "blog-1-1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    secret = tmp_path / "secret.html"
    secret.write_text(tistory_page("비밀"))
    (tmp_path / "blog-1-1" / "9").mkdir()
    (tmp_path / "blog-1-1" / "9" / "9-x.html").symlink_to(secret)
    (tmp_path / "in").mkdir()
    found = [one for one in read(tmp_path / "blog-1-1", tmp_path / "in", SEOUL)]
    assert [one.title for one in found if isinstance(one, Story)] == ["둘", "시장 & 골목"]


def test_names_of_korean_windows_are_read(tmp_path: Path) -> None:
    data = zipped({"12/12-x.html": MARKET, "12/img/AAAA.png": b"x"})
    data = data.replace(b"AAAA", "김치".encode("cp949"))
    story = parts(data, tmp_path)[1]
    assert isinstance(story, Story)
    assert [one.name for one in story.attachments if one.file] == ["김치.png"]


def test_paths_that_lead_out_lead_nowhere(tmp_path: Path) -> None:
    shown = '<img src="../../x.png"><img src="/etc/passwd"><img src="file:///etc/passwd">'
    files: dict[str, bytes | str] = {
        "../../12/12-a.html": tistory_page("밖", shown),
        "/3/3-b.html": tistory_page("뿌리"),
        "../../12/img/../../../x.png": b"outside",
        "12\\img\\x.png": b"inside",
    }
    before = set(tmp_path.parent.iterdir())
    found = parts(zipped(files), tmp_path)
    assert [one.title for one in found if isinstance(one, Story)] == ["뿌리", "밖"]
    assert set(tmp_path.parent.iterdir()) == before
    assert all(one.parent == tmp_path / "in" for one in (tmp_path / "in").rglob("*"))


def refused(data: bytes, folder: Path) -> None:
    with pytest.raises(Invalid):
        parts(data, folder)


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = zipped(two())
    refused(zipped({}), tmp_path)
    refused(zipped({"a/b.html": MARKET, "12.html": MARKET}), tmp_path)
    refused(b"PK\x03\x04" + os.urandom(200), tmp_path)
    refused(whole[:-30], tmp_path)
    refused(whole[:40] + b"\xff" * 60 + whole[100:], tmp_path)
    refused(zipped(two(), zipfile.ZIP_LZMA), tmp_path)
    refused(zipped(two(), zipfile.ZIP_BZIP2), tmp_path)
    locked = bytearray(whole)
    at = locked.index(b"PK\x01\x02") + 8
    locked[at : at + 2] = struct.pack("<H", 1)
    refused(bytes(locked), tmp_path)


def test_a_list_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"{n}/{n}-x.html": "" for n in range(300)})
    with monkeypatch.context() as patch:
        patch.setattr(unpacking, "MAX_LIST", 10_000)
        refused(data, tmp_path)
    monkeypatch.setattr(unpacking, "MAX_ENTRIES", 299)
    refused(data, tmp_path)


def test_offsets_before_the_beginning_and_files_without_names_are_no_fault_of_ours(
    tmp_path: Path,
) -> None:
    whole = zipped(two())
    at = whole.index(b"PK\x05\x06") + 16  # where the list begins
    refused(whole[:at] + struct.pack("<L", len(whole) * 2) + whole[at + 4 :], tmp_path)
    nameless = whole.replace(b"style.css", b"\0tyle.css")
    assert len(parts(nameless, tmp_path)) == len(parts(whole, tmp_path))


def test_a_folder_of_many_pages_is_sorted_once(tmp_path: Path) -> None:
    compared = 0

    class Counted(str):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)  # type: ignore[no-any-return]

        __hash__ = str.__hash__

    entries = [Entry((Counted("1"), Counted(f"{n}.html")), io.BytesIO) for n in range(500)]
    pages, _ = tistory._sorted(entries)
    assert [len(some) for some in pages.values()] == [500]
    assert compared <= 5_000


def test_bombs_are_counted_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"\0" * (18 << 20)
    shown = tistory_page("폭탄", '<img src="./img/a.png">' * 3 + "가" * 100)
    data = zipped({"1/1-x.html": shown, "1/img/a.png": bomb})
    assert len(data) < 100_000
    story = parts(data, tmp_path)[1]
    assert isinstance(story, Story)
    (one,) = story.attachments
    assert one.refused and one.file is None
    assert list((tmp_path / "in").iterdir()) == []
    monkeypatch.setattr(unpacking, "MAX_WHOLE", 1 << 20)
    refused(data, tmp_path)


def test_a_page_too_long_is_cut(tmp_path: Path) -> None:
    story = parts(zipped({"1/1-x.html": tistory_page("x", "가" * 3_000_000)}), tmp_path)[1]
    assert isinstance(story, Story) and story.cut and len(story.body) <= 2_000_000


@pytest.mark.parametrize(
    "said",
    [
        "",
        "<",
        '<div class="contents_style"',
        '<div class="tags">' * 50_000,
        '<p class="category">' * 50_000,
        "<img src=" * 100_000,
        "\0\ufeff" * 1_000,
    ],
)
def test_absurd_pages_are_stories_of_little(tmp_path: Path, said: str) -> None:
    story = parts(zipped({"1/1-x.html": said}), tmp_path)[1]
    assert isinstance(story, Story) and story.key == "1" and story.title


async def test_an_editor_brings_it_after_saying_that_all_is_for_everybody(desk: Desk) -> None:
    db = desk.db
    run = await desk.reads(zipped(two()), address="https://old.tistory.com")
    assert imports.survey(run).format == "tistory" and imports.survey(run).stories == 2
    with pytest.raises(Invalid, match="private or protected"):
        await db.write(_start, desk, run.id, False)
    await db.write(_start, desk, run.id, True)
    await desk.works()
    run = await desk.run(run.id)
    assert run.state == "done" and imports.counts(run).new == 2
    found = await db.read(stories, desk.home)
    post = found["시장 & 골목"]
    (picture,) = (await db.read(media.of_posts, [post.id]))[post.id]
    assert f"![김치](https://here.test/media/{picture.large})" in post.source
    assert "#김장" in post.source and f"]({found['둘'].url})" in post.source
    said = await db.read(lines, run)
    assert said["attachment"] == "시장 & 골목" and said["date"] == "둘"
    assert await db.read(imports.lead, "/12") == post.id
    assert await db.read(number, "SELECT count(*) FROM import_claim") == 0


def _start(tx: Write, desk: Desk, id: int, public: bool) -> None:
    imports.start(tx, desk.editor, desk.home, id, {}, now_ms=NOW, public=public)
