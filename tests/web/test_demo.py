"""The demo city: what is written down, what is drawn, and what an instance is afterwards."""

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from server import geojson
from server.clock import now_ms
from server.keyring import Keys
from server.media import Picture
from server.model import Site
from server.services import (
    backlinks,
    blog,
    boards,
    books,
    communities,
    notifications,
    pings,
    timelines,
)
from server.store import accounts as account_store
from server.store import blog as blog_store
from server.store import books as book_rows
from server.store import postgresql, sqlite, submissions
from server.store import posts as post_store
from server.store.db import Write
from server.store.paging import Page
from tests.village import SPARE_KEYS
from web.demo import city as cities
from web.demo import fill, portraits, scenes
from web.demo.canvas import PALETTES
from web.demo.city import Said

ROOT = Path(__file__).parents[2]
SITE = Site(origin="http://localhost:8080", domain="localhost:8080")
PICTURE = Picture("0" * 32 + ".jpg", "1" * 32 + ".jpg", "image/jpeg", 1200, 800, 640, 427, 9, "L00")


def prepared(city: cities.City) -> fill.Prepared:
    """Keys and pictures as if they had been made."""
    rsa = next(SPARE_KEYS)
    keys = Keys(rsa, (b"sealed", "z6Mk"))
    return fill.Prepared(
        keys={one.name: keys for one in city.actors},
        faces={one.name: PICTURE for one in city.actors},
        pictures={
            (i, place): PICTURE
            for i, post in enumerate(city.posts)
            for place in range(len(post.pictures))
        },
        password="abcd-efgh",
        hash="",
    )


def said(answers: tuple[Said, ...]) -> list[Said]:
    """Answers at every depth."""
    return [one for answer in answers for one in (answer, *said(answer.replies))]


# --- what is written down


@pytest.mark.parametrize("key", cities.CITIES)
def test_a_city_is_told_by_people_who_live_there(key):
    city = cities.load(key)
    names = {person.name for person in city.people}
    assert len(names) == len(city.people)
    assert {city.city.writer, city.city.admin} <= names
    assert names.isdisjoint(one.name for one in (*city.neighbourhoods, *city.boards))
    assert all(set(board.keepers) <= names for board in city.boards)
    for post in city.posts:
        assert {post.by, *(answer.by for answer in said(post.replies))} <= names


@pytest.mark.parametrize("key", cities.CITIES)
def test_every_picture_can_be_drawn_and_is_described(key):
    for post in cities.load(key).posts:
        for picture in post.pictures:
            assert picture.scene in scenes.SCENES and picture.palette in PALETTES
            assert len(picture.alt) > 15


def test_hannae_is_some_thirty_people_and_sixty_posts_in_two_languages():
    city = cities.load("hannae")
    assert 28 <= len(city.people) <= 34
    assert len(city.posts) == 66
    assert sum(bool(post.title) for post in city.posts) >= 20
    assert {post.language for post in city.posts} == {"ko", "en"}
    dong = ("느티골", "장터동", "물레동", "솔고개", "나루터")
    assert all(any(f"#{one}" in post.text for post in city.posts) for one in dong)
    deepest = max(_depth(post.replies) for post in city.posts)
    assert deepest >= 4


def _depth(answers: tuple[Said, ...]) -> int:
    return max((1 + _depth(answer.replies) for answer in answers), default=0)


# --- what is drawn


@pytest.mark.parametrize("scene", scenes.SCENES)
def test_a_scene_is_a_picture_and_the_same_seed_draws_the_same(scene):
    with Image.open(io.BytesIO(scenes.draw(scene, "dusk", "1"))) as image:
        assert image.size == (1200, 800)
        assert len(image.resize((60, 40)).getcolors(2400) or []) > 100


@pytest.mark.parametrize("look", ["short", "long brown", "curly dark glasses", "bald beard", "cap"])
def test_a_face_is_a_square(look):
    with Image.open(io.BytesIO(portraits.face("ann", look))) as image:
        assert image.size == (portraits.EDGE, portraits.EDGE)


# --- what an instance is afterwards


class Filled(NamedTuple):
    """A demo city in a transaction, which nobody changes; it was filled at `now`."""

    tx: Write
    city: cities.City
    now: int


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, tmp_path_factory):
    """`filled(key)` is that city on each database: to fill one takes seconds."""
    with ExitStack() as stack:

        def link():
            if request.param == "sqlite":
                path = tmp_path_factory.mktemp("demo") / "city.db"
                shutil.copy(request.getfixturevalue("sqlite_template"), path)
                return sqlite.connect(str(path))
            server = request.getfixturevalue("postgresql_server")
            url = server.create(request.getfixturevalue("postgresql_template"))
            stack.callback(server.drop, url)
            return postgresql.connect(url)

        @cache
        def fill_one(key: str) -> Filled:
            opened, city, now = stack.enter_context(closing(link())), cities.load(key), now_ms()
            opened.execute("BEGIN")
            tx = Write(opened)
            assert fill.fill(tx, SITE, key, city, prepared(city), now)
            return Filled(tx, city, now)

        yield fill_one


def test_a_city_is_written_in_order_of_time(filled):
    tx, city, now = filled("hannae")
    rows = tx.all("SELECT id, published_ms, reply_to_id FROM post ORDER BY id")
    quotes = [one for told in city.blogs for some in told.quotes.values() for one in some]
    assert len(rows) == len(city.posts) + city.answers + len(quotes)
    times = [row["published_ms"] for row in rows]
    assert times == sorted(times)
    assert times[-1] <= now and now - times[0] > 20 * 86_400_000
    assert len(account_store.members(tx)) == len(city.people)
    for table in ("delivery", "outbox"):
        assert tx.one(f"SELECT 1 FROM {table}") is None, table  # nobody elsewhere is concerned


def test_a_story_of_hannae_is_linked_and_quoted_and_nothing_is_asked_for(filled):
    tx, _, _ = filled("hannae")
    row = tx.one("SELECT * FROM post WHERE title = '철마다 김장, 둘째 날: 마흔두 통'")
    links = backlinks.beneath(tx, None, post_store.by_id(tx, row["id"]))
    assert (links.pages, links.quotes) == (1, 1)
    hosts = {line.link.host if line.link else line.quote.author.domain for line in links.lines}
    assert all(host.endswith(".example") for host in hosts)
    jobs = tx.all("SELECT kind, payload FROM job ORDER BY id")
    assert sorted(job["kind"] for job in jobs) == ["book", "ping", "ping"]
    waiting = [json.loads(job["payload"])["ping"] for job in jobs if job["kind"] == "ping"]
    assert [pings.asked(tx, id) for id in waiting] == [None, None]


def test_the_authors_of_a_book_of_hannae_agreed_to_it(filled):
    tx, city, _ = filled("hannae")
    home = blog.by_name(tx, "hannae_project")
    (book,) = book_rows.of_community(tx, home.account.id)
    assert book.state == "making"
    assert len(books.entering(tx, book)) == len(city.blogs[0].books[0].stories)
    assert home.votes == "up"


def test_neighbourhoods_of_hannae_have_a_boundary(filled):
    tx, _, now = filled("hannae")
    drawn = [one for one in communities.all(tx, now) if one.boundary]
    assert {one.account.name for one in drawn} == {"neutigol", "naruteo"}
    assert all(geojson.drawing(one.boundary, one.latitude, one.longitude) for one in drawn)


def test_its_counts_are_those_of_its_rows(filled):
    tx = filled("saeyeoul").tx
    wrong = tx.all(
        """
        SELECT id FROM post p
        WHERE likes <> (SELECT count(*) FROM favourite f WHERE f.post_id = p.id)
           OR boosts <> (SELECT count(*) FROM boost b WHERE b.post_id = p.id AND b.counted = 1)
           OR replies <> (SELECT count(*) FROM post r WHERE r.reply_to_id = p.id)
        """
    )
    assert wrong == []
    assert tx.one("SELECT sum(likes) AS n FROM post")["n"] > 50


def test_whoever_signs_in_has_a_home_and_few_unread_notifications(filled):
    tx, city, _ = filled("hannae")
    writer = account_store.by_handle(tx, city.city.writer)
    assert len(timelines.home(tx, writer.id, Page(limit=20))) == 20
    assert 0 < notifications.unread(tx, writer.id) < 80


@pytest.mark.parametrize("key", cities.CITIES)
def test_every_neighbourhood_has_followers_and_passes_on_what_names_it(filled, key):
    tx, city, now = filled(key)
    found = {one.title: one for one in communities.all(tx, now)}
    assert found.keys() == {one.title for one in city.neighbourhoods}
    for title, one in found.items():
        entries = timelines.account(tx, None, one.account.id, Page(limit=80))
        views = timelines.views(tx, None, entries)
        assert views and one.followers > 1 and one.passed_on
        assert all(view.booster and view.booster.name == one.account.name for view in views)
        filed = {view.post.id: blog_store.story(tx, view.post.id) for view in views}
        here = {
            id for id, story in filed.items() if story and story.neighbourhood_id == one.account.id
        }
        assert all(f"#{title}" in view.post.source or view.post.id in here for view in views)


@pytest.mark.parametrize("key", cities.CITIES)
def test_boards_have_threads_of_which_some_are_pinned_locked_and_answered(filled, key):
    tx, city, _ = filled(key)
    found = {one.board.account.name: one for one in boards.all(tx, None)}
    assert found.keys() == {one.name for one in city.boards}
    assert all(one.active_ms and one.board.followers > 1 for one in found.values())
    rows = tx.all(
        """
        SELECT t.* FROM forum_thread t JOIN community c ON c.account_id = t.community_id
        WHERE c.kind = 'board'
        """
    )
    assert len(rows) == sum(bool(post.board) for post in city.posts)
    for mark in ("pinned_ms", "locked_ms", "answer_id"):
        assert [row for row in rows if row[mark]], mark
    assert max(row["comments"] for row in rows) > 1 and max(row["score"] for row in rows) > 3


def test_hannae_has_a_team_blog_with_a_place_for_each_of_its_stories(filled):
    tx, city, _ = filled("hannae")
    home = blog.by_name(tx, "hannae_project")
    tops, total = blog.tree(tx, home.account.id)
    assert total == len(city.blogs[0].stories) > 10
    assert [top.category.title for top in tops] == ["사랑 소통", "우리 동네", "시정 살피기"]
    assert sum(top.count for top in tops) == total
    assert len(blog.arranged(tx, None, home.account.id)) == 3
    assert submissions.waiting(tx, home.account.id) == 2


def test_a_second_time_changes_nothing(tx: Write):
    city = cities.load("saeyeoul")
    ready = prepared(city)
    assert fill.fill(tx, SITE, "saeyeoul", city, ready, now_ms())
    assert not fill.fill(tx, SITE, "saeyeoul", city, ready, now_ms())
    assert fill.made(tx) == fill.Made("saeyeoul", "abcd-efgh")
    assert tx.one("SELECT count(*) AS n FROM account")["n"] == len(city.actors)


def madang(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """The command in a folder of its own, as a person starts it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    return subprocess.run(
        [sys.executable, "-m", "web", *argv],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_fills_once_and_says_how_to_sign_in(tmp_path):
    first = madang(tmp_path, "demo", "--city", "saeyeoul", "--json")
    assert (first.returncode, first.stderr) == (0, "")
    said = json.loads(first.stdout)
    assert said["made"] and said["posts"] == 14
    again = json.loads(madang(tmp_path, "demo", "--json").stdout)
    assert not again["made"]
    assert again["sign_in"] == said["sign_in"]
    files = list((tmp_path / "var" / "media").glob("??/*"))
    assert len(files) == sum(said[one] for one in ("people", "neighbourhoods", "boards")) + (
        2 * said["pictures"]
    )
    assert "byeol" in madang(tmp_path, "demo", "--if-empty").stdout

    reset = madang(tmp_path, "account", "reset-password", "byeol")
    assert reset.returncode == 0
    assert "a password of its own" in madang(tmp_path, "demo").stdout


def test_the_command_leaves_alone_where_people_live(tmp_path):
    assert madang(tmp_path, "account", "create", "ann", "--email", "a@b.example").returncode == 0
    refused = madang(tmp_path, "demo")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1 and "empty instance" in refused.stderr
    quiet = madang(tmp_path, "demo", "--if-empty")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
