"""Backup and restore: what was kept is what comes back, on either database."""

import asyncio
import errno
import io
import json
import os
import shutil
import stat
import sys
import tarfile

import pytest

from server.store import archive, exports, makings, remote_pictures
from server.store.db import Database
from server.store.migrate import migrations
from tests.buckets import new_bucket, s3
from web import cli
from web.commands import opening

NAME = f"{'ab' * 16}.webp"
PASSING = f"{'cd' * 16}.webp"
EXPORT = f"{'ef' * 16}.zip"


@pytest.fixture
def madang(tmp_path, monkeypatch, capsys):
    """Run a command on the database of this address; (status, output, complaint)."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MADANG_")]:
        monkeypatch.delenv(name)

    def run(url: str, *argv: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv("MADANG_DATABASE__URL", url)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return cli.main(argv), *capsys.readouterr()

    return run


@pytest.fixture
def city(madang, database_url, tmp_path):
    """A database with a person, posts, a rule and a picture."""
    assert madang(database_url, "account", "create", "alice", "--email", "a@gm.example")[0] == 0
    for text in ("안녕", "둘째 글"):
        assert madang(database_url, "post", "alice", stdin=text)[0] == 0
    assert madang(database_url, "domain", "block", "far.example")[0] == 0
    picture = tmp_path / "var" / "media" / NAME[:2] / NAME
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    return database_url


def contents(url: str) -> dict[str, list[bytes]]:
    """Every row of every table."""

    async def look() -> dict[str, list[bytes]]:
        db = await Database.open(url, readers=1, connections=1)
        try:
            return await db.read(
                lambda db: {one.name: list(archive.lines(db, one)) for one in archive.tables(db)}
            )
        finally:
            await db.close()

    return asyncio.run(look())


def move_aside(folder):
    """What the machine had, as if it were another machine."""
    (folder / "var").rename(folder / "old")


def test_what_was_kept_comes_back_on_an_empty_machine(madang, city, new_database, tmp_path):
    before = contents(city)
    assert len(before["post"]) == 2
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    assert stat.S_IMODE((tmp_path / "city.tar.gz").stat().st_mode) == 0o600
    key = (tmp_path / "var" / "secret.key").read_bytes()
    move_aside(tmp_path)
    other = new_database()
    assert madang(other, "restore", "city.tar.gz") == (
        0,
        f"Restored localhost:8080 as it was on {made(tmp_path)}.\n",
        "",
    )
    assert contents(other) == before
    assert (tmp_path / "var" / "media" / NAME[:2] / NAME).read_bytes() == b"picture"
    assert (tmp_path / "var" / "secret.key").read_bytes() == key
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600


def test_pictures_of_other_servers_are_fetched_again_and_not_backed_up(
    madang, city, new_database, tmp_path
):
    passing = tmp_path / "var" / "media" / PASSING[:2] / PASSING
    passing.parent.mkdir()
    passing.write_bytes(b"theirs")

    async def keep() -> None:
        db = await Database.open(city, readers=1, connections=1)
        try:
            await db.write(remote_pictures.keep, "avatar https://far.test/a", passing.name, 6, 1)
        finally:
            await db.close()

    asyncio.run(keep())
    assert "and 1 picture" in madang(city, "backup", "city.tar.gz")[1]
    move_aside(tmp_path)
    other = new_database()
    assert madang(other, "restore", "city.tar.gz")[0] == 0
    kept = [path.name for path in (tmp_path / "var" / "media").rglob("*.webp")]
    assert kept == [NAME]

    async def known() -> set[str]:
        db = await Database.open(other, readers=1, connections=1)
        try:
            return await db.read(remote_pictures.files)
        finally:
            await db.close()

    assert asyncio.run(known()) == set()


def test_an_export_is_in_no_backup_for_it_can_be_made_anew(madang, city, new_database, tmp_path):
    file = tmp_path / "var" / "media" / EXPORT[:2] / EXPORT
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"zip")

    def ordered(tx):
        ann = tx.one("SELECT id FROM account ORDER BY id LIMIT 1")["id"]
        exports.insert(tx, exports.Export(id=1, community_id=ann, ordered_by=ann, created_ms=1))
        makings.finish(tx, makings.EXPORT, 1, (EXPORT, 3), 2)

    def there(db):
        return exports.by_id(db, 1)

    assert asyncio.run(done(city, "write", ordered)) is None
    assert "and 1 picture" in madang(city, "backup", "city.tar.gz")[1]
    move_aside(tmp_path)
    other = new_database()
    assert madang(other, "restore", "city.tar.gz")[0] == 0
    found = asyncio.run(done(other, "read", there))
    assert (found.state, found.file) == ("gone", "")


async def done(url, how, function):
    """Read or write in a database that nobody else has open."""
    db = await Database.open(url, readers=1, connections=1)
    try:
        return await getattr(db, how)(function)
    finally:
        await db.close()


def made(folder) -> str:
    """When the archive says it was made."""
    with tarfile.open(folder / "city.tar.gz") as tar:
        return json.load(tar.extractfile("madang.json"))["made"]


def test_a_city_moves_from_one_database_to_the_other(
    madang, city, dialect, postgresql_server, tmp_path
):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    move_aside(tmp_path)
    (tmp_path / "new").mkdir()
    other = (
        f"sqlite:{tmp_path}/new/city.db" if dialect == "postgresql" else postgresql_server.create()
    )
    try:
        assert madang(other, "restore", "city.tar.gz")[0] == 0
        assert contents(other) == contents(city)
    finally:
        if dialect == "sqlite":
            postgresql_server.drop(other)


def test_a_reply_that_came_before_its_parent_keeps_it(madang, city, new_database):
    async def tie() -> None:
        db = await Database.open(city, readers=1, connections=1)
        try:
            await db.write(
                lambda tx: tx.run(
                    "UPDATE post SET reply_to_id = (SELECT max(id) FROM post)"
                    " WHERE id = (SELECT min(id) FROM post)"
                )
            )
        finally:
            await db.close()

    asyncio.run(tie())
    other = new_database()
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    assert madang(other, "restore", "city.tar.gz")[0] == 0
    assert contents(other)["post"] == contents(city)["post"]


def test_many_rows_are_read_in_portions(madang, city, new_database, monkeypatch):
    monkeypatch.setattr(archive, "ROWS_AT_ONCE", 1)
    other = new_database()
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    assert madang(other, "restore", "city.tar.gz")[0] == 0
    monkeypatch.undo()
    assert contents(other) == contents(city)


def test_nothing_is_overwritten(madang, city, tmp_path):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    assert "exists already" in madang(city, "backup", "city.tar.gz")[2]
    assert "not empty" in madang(city, "restore", "city.tar.gz")[2]


def test_another_key_is_not_overwritten(madang, city, new_database, tmp_path):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    (tmp_path / "var" / "secret.key").write_text("0" * 64)
    other = new_database()
    assert "another key" in madang(other, "restore", "city.tar.gz")[2]
    assert not any(contents(other).values())


def test_an_archive_of_another_place_is_refused(madang, city, new_database, monkeypatch):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    monkeypatch.setenv("MADANG_INSTANCE__DOMAIN", "other.example")
    status, _, complaint = madang(new_database(), "restore", "city.tar.gz")
    assert status == 1
    assert "localhost:8080" in complaint


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_archive_of_a_newer_database_says_so(madang, city, new_database, monkeypatch):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    monkeypatch.setattr("web.commands.restore.migrations", lambda: migrations()[:1])
    status, _, complaint = madang(new_database(), "restore", "city.tar.gz")
    assert status == 1
    assert "newer" in complaint and f"version {len(migrations())}; this one knows 1" in complaint


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_damaged_archive_leaves_nothing_behind(madang, city, new_database, tmp_path):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    whole = (tmp_path / "city.tar.gz").read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (b"", b"text", whole[: len(whole) // 2], whole[:-10], bytes(flipped)):
        (tmp_path / "city.tar.gz").write_bytes(damaged)
        other = new_database()
        status, _, complaint = madang(other, "restore", "city.tar.gz")
        assert status == 1
        assert "damaged" in complaint
        assert not any(contents(other).values())


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_archive_cannot_write_elsewhere_or_speak_sql(madang, city, new_database, tmp_path):
    assert madang(city, "backup", "city.tar.gz")[0] == 0
    with tarfile.open(tmp_path / "city.tar.gz") as tar:
        members = [(one, tar.extractfile(one).read()) for one in tar]
    about = json.loads(members[0][1])

    def rewritten(name: str, changed: dict, extra: str = "") -> None:
        with tarfile.open(tmp_path / name, "w:gz") as tar:
            for member, data in members:
                data = json.dumps(changed).encode() if member.name == "madang.json" else data
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            if extra:
                member = tarfile.TarInfo(extra)
                member.size = 4
                tar.addfile(member, io.BytesIO(b"evil"))

    for extra in ("media/../../evil.txt", "/evil.txt", "media/..%2fevil.txt"):
        rewritten("evil.tar.gz", about, extra)
        assert madang(new_database(), "restore", "evil.tar.gz")[0] == 0
        assert not list(tmp_path.rglob("*evil.txt"))
    columns = about["tables"]["setting"]
    about["tables"]["setting"] = [*columns[:-1], "value) VALUES (1, 2); DROP TABLE post; --"]
    rewritten("evil.tar.gz", about)
    assert "damaged" in madang(new_database(), "restore", "evil.tar.gz")[2]


def test_a_folder_that_may_only_be_read_is_named(madang, city, monkeypatch):
    def refuse(**_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(opening.tempfile, "TemporaryFile", refuse)
    for command in (("backup",), ("export", "--community", "water")):
        status, _, said = madang(city, *command, "city.zip")
        assert (status, said) == (
            1,
            "madang: Cannot write in the folder .: read-only file system.\n",
        )


def test_a_folder_that_cannot_be_written_is_named(madang, city):
    assert "nowhere" in madang(city, "backup", "nowhere/city.tar.gz")[2]
    assert "nowhere.tar.gz" in madang(city, "restore", "nowhere.tar.gz")[2]


def test_a_city_moves_from_a_folder_into_a_bucket_and_back(
    madang, sqlite_template, tmp_path, monkeypatch
):
    first = f"sqlite:{tmp_path}/var/city.db"
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "city.db")
    assert madang(first, "account", "create", "alice", "--email", "a@gm.example")[0] == 0
    film = f"{'ef' * 16}.mp4"
    for name, data in ((NAME, b"picture"), (film, bytes(6 << 20))):
        file = tmp_path / "var" / "media" / name[:2] / name
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    assert madang(first, "backup", "one.tar.gz")[0] == 0
    move_aside(tmp_path)
    with s3() as endpoint:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("MADANG_MEDIA__STORE", new_bucket(endpoint))
        status, said, _ = madang(first, "check")
        assert "written, read and emptied again" in said
        assert madang(first, "restore", "one.tar.gz")[0] == 0
        assert not (tmp_path / "var" / "media").exists()
        assert "and 2 pictures" in madang(first, "backup", "two.tar.gz")[1]
        monkeypatch.setenv("MADANG_MEDIA__STORE", "s3://nobody-made-this?endpoint=" + endpoint)
        status, said, _ = madang(first, "check")
        assert status == 1
        assert "wrong    media: s3://nobody-made-this" in said
        assert "s3://nobody-made-this" in madang(first, "backup", "three.tar.gz")[2]
        assert not (tmp_path / "three.tar.gz").exists()
    monkeypatch.delenv("MADANG_MEDIA__STORE")
    (tmp_path / "var").rename(tmp_path / "older")
    assert madang(first, "restore", "two.tar.gz")[0] == 0
    folder = tmp_path / "var" / "media"
    assert (folder / NAME[:2] / NAME).read_bytes() == b"picture"
    assert (folder / film[:2] / film).read_bytes() == bytes(6 << 20)


def test_check_says_whether_films_are_taken(madang, city, monkeypatch):
    monkeypatch.setenv("MADANG_MEDIA__FFMPEG", "no-such-program")
    said = madang(city, "check")[1]
    assert "warning  films: no films and sounds are taken: there is no no-such-program" in said
    monkeypatch.setenv("MADANG_MEDIA__FFMPEG", "")
    assert "ok       films: none are taken; media.ffmpeg is empty" in madang(city, "check")[1]
