"""Exports: everything that everybody may read, nothing else, and the same bytes every time."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

import server.files
from server.clock import DAY_MS
from server.errors import Conflict, Forbidden, NotFound, StorageFull, TooMany
from server.files import Folder
from server.model import Account, Community, Post
from server.services import blog, blog_desk, coauthors, contents, departures, drafts, exports, votes
from server.services import communities as community_service
from server.services.blog_desk import Joining
from server.services.communities import NewCommunity
from server.services.polls import NewPoll
from server.store import accounts, backlinks, blog_people, makings
from server.store import exports as store
from server.store import media as media_store
from server.store import posts as post_store
from server.store.backlinks import Backlink
from server.store.blog import Filed
from server.store.db import Database, Read, Write
from server.worker.exporting import Ended, Exporting
from tests.server.world import KEYS, NOW, SITE, befriend, join, say
from tests.server.world import who as known

HUSH = "HUSHHUSH"
PICTURE = "0123456789abcdef0123456789abcdef.jpg"
GONE = "ffffffffffffffffffffffffffffffff.jpg"


def found(tx: Write, editor: Account, kind: str = "blog", name: str = "project") -> Community:
    """A community that `editor` keeps."""
    new = NewCommunity(
        name=name, title="시민 <b>", kind=kind, keys=KEYS, moderator_ids=(editor.id,)
    )
    community_service.create(tx, SITE, new, NOW)
    return contents.home(tx, name)


def shown(tx: Write, post: Post, name: str, alt: str) -> None:
    """Give a post a picture."""
    fields: dict[str, Any] = dict.fromkeys(media_store.COLUMNS, 0)
    fields |= {"id": post.id, "account_id": post.author_id, "post_id": post.id, "kind": "image"}
    fields |= {"media_type": "image/jpeg", "large": name, "small": "", "remote_url": ""}
    fields |= {"alt": alt, "blurhash": "", "created_ms": NOW, "medium": "", "state": "ready"}
    fields |= {"meta": "{}", "failure": "", "scheduled_id": None, "width": 9, "height": 9}
    names = ", ".join(fields)
    tx.run(f"INSERT INTO media ({names}) VALUES (:{', :'.join(fields)})", **fields)  # noqa: S608


def lived_in(tx: Write) -> Community:
    """A blog with everything that is to be taken away, and everything that is not."""
    people = tuple(join(tx, name) for name in ("ann", "bob", "cho", "dan", "eun", "fay"))
    ann, bob, cho = people[:3]
    home = found(tx, ann)
    id = home.account.id
    love = blog_desk.add_category(tx, ann, home, "사랑: 소통", None, now_ms=NOW)
    small = blog_desk.add_category(tx, ann, home, "일상", love.id, now_ms=NOW)
    row = blog_desk.add_series(tx, ann, home, "김장", "about", now_ms=NOW)
    first = blog_desk.add_cohort(tx, ann, home, 3, 2026, now_ms=NOW)
    blog_desk.add_writer(tx, ann, Joining(first, "bob"), NOW, leads=True)
    filed = Filed(category_id=small.id, series_id=row.id, names=("cho",))
    url = f"https://here.test/media/{PICTURE}"
    story = say(
        tx,
        bob,
        f'# "절이는" 날 #김장\n\n---\n\n![배추]({url})\n\n- a: b',
        title='절이는 "날": ../../x',
        lead="첫 <i>줄</i>\u2028\x7f",
        community_id=id,
        filed=filed,
    )
    shown(tx, story, PICTURE, 'A "cabbage"')
    coauthors.confirm(tx, cho, story.id, NOW)
    twin = say(tx, ann, "Twin", title='절이는 "날": ../../x', community_id=id, filed=Filed())
    shown(tx, twin, GONE, "its file went")
    open_ = say(tx, cho, "An open comment", reply_to_id=story.id, visibility="unlisted")
    say(tx, ann, "An answer", reply_to_id=open_.id)
    _private(tx, home, story, people)
    return home


def _private(tx: Write, home: Community, story: Post, people: tuple[Account, ...]) -> None:
    """Everything that no export may have, all of it with the same word."""
    ann, bob, cho, dan, eun, fay = people
    id = home.account.id
    befriend(tx, ann, bob)
    secret = say(tx, cho, HUSH, reply_to_id=story.id, visibility="secret")
    say(tx, bob, HUSH, reply_to_id=secret.id)
    for visibility in ("followers", "unlisted", "removed", "direct"):
        one = say(tx, bob, HUSH, title=HUSH, community_id=id, filed=Filed())
        post_store.set_columns(tx, one.id, visibility=visibility)
    for visibility in ("followers", "removed", "direct"):
        one = say(tx, cho, HUSH, reply_to_id=story.id)
        post_store.set_columns(tx, one.id, visibility=visibility)
    for author, hidden in (
        (dan, {"state": "suspended"}),
        (eun, {"state": "blocked"}),
        (fay, {"limited_ms": NOW}),
    ):
        say(tx, author, HUSH, title=HUSH, community_id=id, filed=Filed())
        say(tx, author, HUSH, reply_to_id=story.id)
        accounts.set_columns(tx, author.id, **hidden)
    blog_people.invite(tx, story.id, join(tx, HUSH.lower()).id, NOW)
    drafts.save(tx, bob.id, None, {"title": HUSH, "community": str(id)}, NOW)


async def exported(db: Database, folder: Path, name: str = "project") -> bytes:
    """The zip of a community, as a worker makes it."""

    async def tell(done: int) -> bool:
        return True

    files = Folder(folder / "media")
    await files.open()
    await files.put(PICTURE, b"a picture")
    home = await db.read(contents.home, name)
    path = folder / "out.zip"
    await Exporting(db, files, SITE, tell).write(home, path, NOW)
    return path.read_bytes()


def matter(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and body of a story."""
    _, head, body = text.split("---\n", 2)
    pairs = (line.split(": ", 1) for line in head.splitlines())
    return {name: json.loads(value) for name, value in pairs}, body.strip("\n")


async def test_what_the_zip_says_is_what_the_database_says(db: Database, tmp_path: Path) -> None:
    await db.write(lived_in)
    zipped = zipfile.ZipFile(io.BytesIO(await exported(db, tmp_path)))
    told = json.loads(zipped.read("blog.json"))
    rows = await db.read(Read.all, "SELECT * FROM post ORDER BY id")
    posts = {str(row["id"]): row for row in rows}
    assert told["counts"] == {"stories": 2, "comments": 2, "media": 1}
    assert [one["slug"] for one in told["categories"]] == ["사랑-소통", "일상"]
    assert [(one["parent"], one["stories"]) for one in told["categories"]] == [
        ("", 1),
        ("사랑-소통", 1),
    ]
    assert told["series"][0]["title"] == "김장" and told["series"][0]["stories"] == 1
    assert told["cohorts"][0]["leader"]["handle"] == "bob@here.test"
    story, twin = told["stories"]
    for one in (story, twin):
        row = posts[one["id"]]
        for field, column in (("html", "content"), ("source", "source"), ("title", "title")):
            assert one[field] == row[column]
        assert one["tags"] == json.loads(row["tags"]) and one["uri"] == row["uri"]
        fields, body = matter(zipped.read(one["file"]).decode())
        for field in ("title", "lead", "category", "series", "part", "tags", "co_authors"):
            assert fields.get(field, one[field]) == one[field]
            assert (field in fields) == bool(one[field])
        there = body.replace("../../../media/", "https://here.test/media/")
        assert there == row["source"].strip("\n")
    assert story["author"]["handle"] == "bob@here.test" and story["part"] == 1
    assert [one["handle"] for one in story["co_authors"]] == ["cho@here.test"]
    comment, answer = story["comments"]
    assert (comment["answers"], answer["answers"]) == (story["id"], comment["id"])
    assert comment["html"] == posts[comment["id"]]["content"]
    assert story["media"][0]["alt"] == 'A "cabbage"' and twin["media"] == []
    assert zipped.read(story["media"][0]["file"]) == b"a picture"
    index = json.loads(zipped.read("media/index.json"))
    assert index == [{"file": f"media/{PICTURE}", "alt": 'A "cabbage"', "story": story["file"]}]
    assert story["file"] in zipped.read("index.md").decode()


async def test_the_pages_that_link_to_a_story_and_the_votes_of_a_poll_are_in_it(
    db: Database, tmp_path: Path
) -> None:
    def asked(tx: Write) -> None:
        lived_in(tx)
        story = tx.one("SELECT id FROM post WHERE kind = 'article' ORDER BY id LIMIT 1")
        assert story is not None
        for id, hidden in ((1, None), (2, NOW)):
            link = Backlink(
                id=id,
                post_id=int(story["id"]),
                source=f"https://there.test/{id}",
                host="there.test",
                kind="trackback",
                title=HUSH if hidden else "엮은 글",
                hidden_ms=hidden,
            )
            backlinks.put(tx, link)
            backlinks.set_hidden(tx, id, hidden)
        ann, bob = known(tx, "ann"), known(tx, "bob")
        for title, secret in (("Open", False), ("Closed", True)):
            poll = NewPoll(options=("산", "바다"), lasts_s=86_400, hidden=secret)
            post = say(tx, ann, title, title=title, community_id=_id(tx), poll=poll)
            votes.vote(tx, SITE, bob, post.id, (1,), now_ms=NOW)

    await db.write(asked)
    zipped = zipfile.ZipFile(io.BytesIO(await exported(db, tmp_path)))
    told = json.loads(zipped.read("blog.json"))
    linked = [one["backlinks"] for one in told["stories"] if one["backlinks"]]
    assert [[(link["url"], link["title"]) for link in one] for one in linked] == [
        [("https://there.test/1", "엮은 글")]
    ]
    polls = {one["title"]: one["poll"] for one in told["stories"] if one["poll"]}
    assert [(one["title"], one["votes"]) for one in polls["Open"]["options"]] == [
        ("산", 0),
        ("바다", 1),
    ]
    assert [one["votes"] for one in polls["Closed"]["options"]] == [None, None]
    assert polls["Closed"]["voters"] is None and "bob" not in json.dumps(polls)
    (file,) = [one["file"] for one in told["stories"] if one["title"] == "Open"]
    assert "- 산: 0\n- 바다: 1" in zipped.read(file).decode()


async def test_nothing_is_in_it_that_is_not_for_everybody(db: Database, tmp_path: Path) -> None:
    await db.write(lived_in)
    zipped = zipfile.ZipFile(io.BytesIO(await exported(db, tmp_path)))
    for name in zipped.namelist():
        assert HUSH.lower().encode() not in zipped.read(name).lower(), name
        assert re.fullmatch(r"(stories/\d{4}/\d\d/\d\d-[\w-]+|index)\.md|blog\.json|media/.*", name)
    assert len([name for name in zipped.namelist() if name.startswith("stories/")]) == 2


async def test_the_same_community_gives_the_same_bytes(db: Database, tmp_path: Path) -> None:
    await db.write(lived_in)
    first = await exported(db, tmp_path)
    assert first == await exported(db, tmp_path)
    await db.write(lambda tx: say(tx, known(tx, "ann"), "x", title="Another", community_id=_id(tx)))
    assert first != await exported(db, tmp_path)


def _id(db: Read) -> int:
    return contents.home(db, "project").account.id


async def test_a_story_that_goes_while_the_zip_is_made_is_not_in_it(
    db: Database, tmp_path: Path
) -> None:
    await db.write(lived_in)
    files, told = Folder(tmp_path / "media"), []
    await files.open()

    async def tell(done: int) -> bool:
        if not told:
            await db.write(
                lambda tx: tx.run("UPDATE post SET deleted_ms = 1 WHERE source = 'Twin'")
            )
        told.append(done)
        return True

    home = await db.read(contents.home, "project")
    await Exporting(db, files, SITE, tell).write(home, tmp_path / "out.zip", NOW)
    zipped = zipfile.ZipFile(tmp_path / "out.zip")
    assert told == [2, 1]
    assert len(json.loads(zipped.read("blog.json"))["stories"]) == 1

    async def changes(done: int) -> bool:
        await db.write(_come_and_go)
        return True

    with pytest.raises(Conflict):
        await Exporting(db, files, SITE, changes).write(home, tmp_path / "out.zip", NOW)

    async def no(done: int) -> bool:
        return False

    with pytest.raises(Ended):
        await Exporting(db, files, SITE, no).write(home, tmp_path / "out.zip", NOW)


def _come_and_go(tx: Write) -> None:
    """Who is there goes, and who went comes back."""
    tx.run(
        """
        UPDATE post SET deleted_ms = CASE WHEN deleted_ms IS NULL THEN 1 END
        WHERE source = 'Twin' OR title LIKE '%x' AND visibility = 'public'
        """
    )


async def test_a_board_is_exported_as_well(db: Database, tmp_path: Path) -> None:
    def begun(tx: Write) -> None:
        ann = join(tx, "ann")
        home = found(tx, ann, "board", "garden")
        say(tx, ann, "Who has *beans*?", title="Beans", community_id=home.account.id)

    await db.write(begun)
    zipped = zipfile.ZipFile(io.BytesIO(await exported(db, tmp_path, "garden")))
    (name,) = [name for name in zipped.namelist() if name.startswith("stories/")]
    assert matter(zipped.read(name).decode())[1] == "Who has *beans*?"


# --- ordering


def test_only_who_keeps_a_community_orders_its_export_one_at_a_time(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home, other = found(tx, ann), found(tx, ann, name="other")
    with pytest.raises(Forbidden):
        exports.order(tx, bob, home, NOW)
    one = exports.order(tx, ann, home, NOW)
    with pytest.raises(TooMany):
        exports.order(tx, ann, home, NOW)
    exports.order(tx, ann, other, NOW)
    for way in ((bob, home, one.id), (ann, other, one.id), (ann, home, one.id + 1)):
        with pytest.raises(NotFound):
            exports.one(tx, *way)
    assert exports.one(tx, ann, home, one.id) == one


def test_there_are_a_few_exports_a_day_and_each_is_kept_a_week(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    for number in range(exports.MAX_A_DAY):
        one = exports.order(tx, ann, home, NOW)
        assert makings.finish(tx, makings.EXPORT, one.id, (f"{number:032x}.zip", 5), NOW)
        assert not makings.progress(tx, makings.EXPORT, one.id, 1, 1)
        if number:
            exports.remove(tx, ann, home, one.id, NOW)
    with pytest.raises(TooMany):
        exports.order(tx, ann, home, NOW)
    assert len(exports.listed(tx, ann, home)) == 1
    assert store.files(tx) == {f"{0:032x}.zip"}
    assert exports.expire(tx, NOW + 6 * DAY_MS) == []
    last = exports.order(tx, ann, home, NOW + DAY_MS + 1)
    exports.lose(tx, last.id, NOW)
    assert exports.one(tx, ann, home, last.id).state == "failed"
    assert exports.expire(tx, NOW + 7 * DAY_MS + 1) == [f"{0:032x}.zip"]


def test_two_files_of_a_community_lie_on_the_disk_and_no_more(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    for day in range(4):
        one = exports.order(tx, ann, home, NOW + day * DAY_MS)
        assert makings.finish(tx, makings.EXPORT, one.id, (f"{day:032x}.zip", 5), NOW)
    assert store.files(tx) == {f"{2:032x}.zip", f"{3:032x}.zip"}
    loose = {row["large"] for row in tx.all("SELECT large FROM media WHERE created_ms = 0")}
    assert loose == {f"{0:032x}.zip", f"{1:032x}.zip"}


async def test_an_export_leaves_room_on_the_disk(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.write(lived_in)
    monkeypatch.setattr(server.files, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(StorageFull):
        await exported(db, tmp_path)


def test_who_ordered_may_leave(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    one = exports.order(tx, ann, home, NOW)
    community_service.keep_moderators(tx, home.account, [ann.id, bob.id], NOW)
    departures.delete(tx, SITE, ann, NOW)
    assert exports.one(tx, bob, blog.by_name(tx, "project"), one.id).ordered_by is None
