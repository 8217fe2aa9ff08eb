"""Every page in every state, in the light and in the dark, narrow and wide: nothing is wrong."""

import re
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from server.model import Account, Post, Site
from server.services import (
    announcements,
    blog,
    blog_desk,
    books,
    communities,
    drafts,
    follows,
    imports,
    posts,
    reactions,
    stewardship,
    submissions,
)
from server.services.announcements import NewAnnouncement
from server.services.blog_desk import Joining
from server.services.books import Wish, Words
from server.services.communities import Changes
from server.services.imports import Sent, Survey
from server.services.new_posts import NewPost
from server.store import books as book_rows
from server.store import import_claims
from server.store.blog import Filed
from server.store.db import Write
from tests import happenings
from tests.browser.conftest import DESK, PHONE, NewReader
from tests.browser.people import founds, photograph
from tests.browser.reader import Reader
from tests.village import City, Village
from web.keys import SITE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1_200),  # all pages in two widths: a busy machine takes ten minutes
]

OPEN: Final = (
    *("/", "/stories", "/local", "/federated", "/about", "/neighbourhoods", "/offline"),
    *("/boards", "/@garden", "/@garden?sort=new", "/c/garden/log"),
    *("/search", "/search?q=책방", "/search?q=nothing-at-all", "/tags/헌책방", "/tags/nobody"),
    *("/search?q=책방&show=story&has=media", "/search?q=a&show=people&from=nobody"),
)
ALONE: Final = (
    *("/sign-in", "/sign-in?next=/home", "/sign-up", "/take-part?do=follow&of=@ann"),
    "/styleguide",
)
SIGNED_IN: Final = (
    *("/home", "/write", "/write?kind=note", "/drafts", "/notifications", "/settings"),
    *("/requests", "/muted", "/blocked", "/pending", "/reports"),
    *("/settings/leave", "/farewell"),
    *("/write?community=garden", "/c/garden/settings", "/c/garden/moderators"),
    *("/desk", "/c/project/desk", "/write?community=project", "/c/project/desk/imports"),
    *("/desk/books", "/c/project/books", "/c/project/export"),
    *("/c/garden/bans", "/c/garden/removed", "/c/garden/joined"),
)
MONTH: Final = f"{datetime.now(ZoneInfo('Asia/Seoul')):%Y-%m}"
PEOPLE: Final = (
    *("/@ann", "/@ann?show=replies", "/@ann?show=pictures", "/@ann/followers", "/@ann/following"),
    *("/@bob", "/@maple", "/@maple/followers"),
    *("/@project", "/c/project/categories/kind", "/c/project/series/row", "/c/project/archive"),
    *(f"/c/project/archive/{MONTH}", "/c/project/cohorts", "/c/project/cohorts/1"),
)
LONG = "https://example.org/" + "very-long-address-without-any-end/" * 6


async def story_with_everything(city: City, ann: Reader) -> str:
    """A story with pictures, a table, a long address and a deep thread; the path of its page."""
    await ann.goes("/write")
    await ann.types(
        "Title", "골목 끝 헌책방에 다시 불이 켜졌습니다, 이번에는 오래오래 켜 두기로 했습니다"
    )
    await ann.types("Lead", "토요일마다 이웃들이 모여 소리 내어 책을 읽습니다.")
    table = "| 요일 | 시간 | 누가 |\n|---|---|---|\n| 토요일 | 네 시 | 모두 |"
    await ann.types(
        "Story",
        f"## 낭독회 #헌책방\n\n헌책방 {LONG}\n\n{table}\n\n> 함께 읽기\n\n`{'끝' * 90}`",
    )
    await ann.adds_picture(photograph(), "벽돌로 지은 작은 책방")
    await ann.adds_picture(photograph(), "창가의 의자", number=2)
    await ann.presses("Publish")
    path = ann.page.url.removeprefix(city.origin)
    answered = int(path.rpartition("/")[2])
    for turn in range(7):
        name = ("bob", "ann")[turn % 2]
        reply = await city.write(name, f"{'그' * 60} {turn} {LONG}", reply_to_id=answered)
        answered = reply.id
    await city.do(reactions.boost, await city.me("bob"), int(path.rpartition("/")[2]))
    await city.do(reactions.like, await city.me("bob"), int(path.rpartition("/")[2]))
    return path


async def lived_in(city: City) -> int:
    """People, a neighbourhood, warnings and whatever fills the lists of a city.

    The id of a text that waits for ann at the desk of a team blog.
    """
    ann = await city.join("ann", locked=True, role="admin")
    for name in ("bob", "cho", "dan"):
        await city.join(name)
    await founds(city, "maple", title="Maple Hill")
    await founds(city, "garden", title="The garden", kind="board")
    await city.follow("bob", "@ann@alpha.test")
    await city.follow("ann", "@bob@alpha.test")
    cho, dan = city.people["cho"], city.people["dan"]
    await city.db.write(follows.mute, ann.id, cho.id, None, True, city.clock())
    await city.do(follows.block, ann, dan.id)
    note = await city.write("bob", f"Bread at eight, @ann. #MapleHill {LONG}")
    await city.write("bob", "The end of the film", warning="Spoilers of a film")
    await city.write("ann", "Only for you, @bob", visibility="direct")
    await city.edit("bob", note, "Bread at nine, @ann. #MapleHill")
    await founds(city, "project", title="Project", kind="blog")
    sent = await city.db.write(_blog, city.app[SITE], ann, city.people["bob"], city.clock())
    body = {"kind": "story", "title": "Half a story", "content": "It began"}
    await city.db.write(drafts.save, ann.id, None, body, city.clock())
    return sent


def _blog(tx: Write, site: Site, ann: Account, bob: Account, now_ms: int) -> int:
    """A team blog with two parts of a series; the id of what waits for ann, who keeps it."""
    home = blog.by_name(tx, "project")
    id = home.account.id
    communities.change(tx, site, ann, id, Changes(posting="writers"), now_ms)
    kind = blog_desk.add_category(tx, ann, home, "Kind", None, now_ms=now_ms)
    row = blog_desk.add_series(tx, ann, home, "Row", LONG, now_ms=now_ms)
    first = blog_desk.add_cohort(tx, ann, home, 1, 2026, now_ms=now_ms)
    blog_desk.add_writer(tx, ann, Joining(first, "ann"), now_ms, leads=True)
    filed = Filed(category_id=kind.id, series_id=row.id, names=("bob",))
    for title in ("김장하는 날", f"Second {LONG[:150]}"):
        story = NewPost(content="Text", title=title, community_id=id, filed=filed)
        post = posts.write(tx, site, ann, story, now_ms)
    blog_desk.put_at_front(tx, ann, home, post.id, "first")
    book = books.begin(tx, ann, home, Words(title=f"A book {LONG[:80]}", language="en"), now_ms)
    books.add(tx, ann, home, book.id, Wish(series_id=row.id), now_ms=now_ms)
    books.ask(tx, ann, home, book.id, now_ms)
    text = NewPost(content="Text", title="Of a member", community_id=id)
    return submissions.submit(tx, bob, text, now_ms).id


def brought(tx: Write, ann: Account, now_ms: int) -> int:
    """An old blog that was read and waits for ann; the id of its import."""
    run = imports.add(
        tx, ann, blog.by_name(tx, "project"), Sent(name="x", file="", bytes=1), now_ms
    )
    authors = (("", "", 3), ("kim", LONG[:90], 2))
    found = Survey(format="ttxml", title="광명 이야기", stories=5, hidden=1, authors=authors)
    imports.was_read(tx, run, found)
    import_claims.ask(tx, run.id, ann.id)
    imports.note(tx, run.id, "1", "picture", "김장하는 날", LONG)
    return run.id


async def city_thread(city: City) -> Post:
    """A thread with everything: pinned, locked, answered, with comments and votes."""
    garden = await city.knows("@garden@alpha.test")
    asked = await city.write("bob", f"Who has some? {LONG}", title="Beans", community_id=garden.id)
    answer = await city.write("cho", "I have many", reply_to_id=asked.id)
    gone = await city.write("cho", "A rude word", reply_to_id=asked.id)
    ann, bob = await city.me("ann"), await city.me("bob")
    await city.do(reactions.dislike, ann, asked.id)
    site, now_ms = city.app[SITE], city.clock()

    def kept(tx: Write) -> None:
        stewardship.accept(tx, site, bob, asked.id, answer.id, now_ms)
        stewardship.pin(tx, site, ann, asked.id, now_ms, pinned=True)
        stewardship.remove(tx, site, ann, gone.id, now_ms, reason="Rude")
        stewardship.ban(tx, site, ann, garden.id, city.people["cho"].id, now_ms, reason="Rude")

    await city.db.write(kept)
    return asked


class Looking:
    """Somebody who looks at every page in every light, and knows where they have been."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.been: set[str] = set()

    async def at(self, path: str, status: int = 200) -> None:
        """Open a page, and all that is folded on it."""
        assert await self.reader.goes(path) == status, path
        self.been.add(path.partition("?")[0])
        await self.reader.looks_in_other_lights()
        # The menu in everybody's frame is the same everywhere.
        await self.reader.looks_into_what_is_folded("body" if path == "/home" else "main")


def pages(city: City) -> dict[str, re.Pattern[str]]:
    """The pages of an instance: what they are called, and the paths that lead to them."""
    other = ("cards", "editor", "install", "interact", "live", "looks", "static")
    found = {}
    for route in city.app.router.routes():
        home = route.handler.__module__
        if route.method != "GET" or not home.startswith("web.pages."):
            continue
        if home.removeprefix("web.pages.") not in other and route.resource:
            about: dict[str, Any] = route.resource.get_info()
            exact = re.escape(about.get("path", ""))
            found[route.resource.canonical] = about.get("pattern") or re.compile(exact)
    return found


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
async def test_every_page_is_whole(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    sent = await lived_in(alpha)
    calm = {"reduced_motion": "reduce", **how}
    ann, visitor = await reader(alpha, "ann", **calm), await reader(alpha, **calm)
    path = await story_with_everything(alpha, ann)
    id = path.rpartition("/")[2]
    asked = await city_thread(alpha)
    run = await alpha.db.write(brought, alpha.people["ann"], alpha.clock())
    about_the_story = (path, f"{path}/likes", f"{path}/boosts", f"{path}/linked", f"{path}/history")
    project = await alpha.knows("@project@alpha.test")
    (book,) = await alpha.db.read(book_rows.of_community, project.id)
    own = (
        f"/c/project/books/{book.id}",
        f"/posts/{asked.id}/moderate",
        f"/@bob/{asked.id}",
        f"/edit/{id}",
        f"/posts/{id}/delete",
        f"/write?reply_to={id}",
        "/write?draft=1",
    )
    imported = f"/c/project/desk/imports/{run}"

    everybody, member = Looking(visitor), Looking(ann)
    for page in (*OPEN, *ALONE, *PEOPLE, *about_the_story):
        await everybody.at(page)
    await everybody.at("/nobody", 404)
    for page in (
        *OPEN,
        *SIGNED_IN,
        *PEOPLE,
        *about_the_story,
        *own[:-1],
        f"/desk/{sent}",
        f"/desk/imports/{run}",
        imported,
    ):
        await member.at(page)
        assert await ann.page.locator("html").get_attribute("lang") == how["language"]
    await member.at(own[-1], 404)

    been = everybody.been | member.been
    been |= {page.format_map(Anything()).partition("?")[0] for page in (*OF_ONE, *OF_MODERATORS)}
    missed = [name for name, path in pages(alpha).items() if not any(map(path.fullmatch, been))]
    assert set(missed) == ELSEWHERE


ELSEWHERE: Final = {
    "/invitations",  # in cities that grow by them
    "/c/{name}",  # leads on to a page
    "/@{handle}/{id}/branch",  # a part of one
    "/posts/{id}/links/{number}/remove",  # test_pages_linked
    "/c/{name}/desk/imports/{id}/report.csv",  # a table
    *("/oauth/authorize", "/oauth/authorize/"),  # test_app_sign_in
    # files
    *("/c/{name}/books/{id}.epub", "/c/{name}/books/{id}.png", "/c/{name}/export/{id}.zip"),
}
"""Pages that one city does not have, or that are looked at elsewhere."""

OF_ONE: Final = (
    *("/bookmarks", "/messages", "/scheduled", "/blocked/servers", "/developers", "/apps"),
    *("/notifications", "/notifications/requests", "/notifications/policy"),
    "/notifications/answers",
    *("/settings/apps", "/settings/filters", "/settings/filters/{filter}"),
    *("/report?post={post}", "/report?account={friend}", "/report/sent"),
    *("/warnings", "/warnings/{warning}", "/warnings/{appealed}"),
    *("/", "/about", "/about/privacy-policy"),
)
OF_MODERATORS: Final = ("/moderation/{stranger}", "/reports", "/reports?state=closed", "/appeals")


class Anything(dict[str, int]):
    """Whatever is asked for, it has a number."""

    def __missing__(self, name: str) -> int:
        return 1


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
async def test_every_page_that_only_one_person_sees_is_whole(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    found = await eventful(alpha)
    calm = {"reduced_motion": "reduce", **how}
    member = Looking(await reader(alpha, "bob", **calm))
    moderator = Looking(await reader(alpha, "ann", **calm))
    for page in OF_ONE:
        await member.at(page.format_map(found))
    for page in OF_MODERATORS:
        await moderator.at(page.format_map(found))


async def eventful(city: City) -> dict[str, int]:
    """Everything that happens to bob; the numbers of the pages about it."""
    ann, bob = await city.join("ann", role="admin"), await city.join("bob")
    cho, dan = await city.join("cho"), await city.join("dan")
    await city.follow("bob", "@cho@alpha.test")
    kept = (await city.write("cho", LONG), await city.write("bob", title="A story", content="So"))
    cast = happenings.Cast(member=bob, friend=cho, stranger=dan, moderator=ann)

    def happen(tx: Write) -> happenings.Happened:
        site, now_ms = city.app[SITE], city.clock()
        announcements.create(tx, site, NewAnnouncement(text="No water **tonight**"), now_ms)
        happenings.let_in(tx, bob, now_ms)
        return happenings.happen(tx, site, cast, tuple(post.id for post in kept), now_ms)

    found = await city.db.write(happen)
    warning, appealed = found.warning_ids
    return {
        "filter": found.filter_id,
        "post": found.post_id,
        "warning": warning,
        "appealed": appealed,
        "stranger": dan.id,
        "friend": cho.id,
    }


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_city_where_nothing_has_happened_yet_invites(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test", registrations="invite")
    await alpha.join("ann", role="admin")
    calm = {"reduced_motion": "reduce", **how}
    everybody = Looking(await reader(alpha, **calm))
    member = Looking(await reader(alpha, "ann", **calm))
    for page in ("/", "/stories", "/local", "/neighbourhoods", "/@ann", "/sign-up"):
        await everybody.at(page)
    for page in ("/", "/neighbourhoods", "/@ann", "/invitations", *SIGNED_IN):
        if "garden" not in page and "project" not in page:  # communities of another city
            await member.at(page)


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
async def test_what_went_wrong_is_told_on_pages_that_are_whole(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.join("hana")
    await alpha.write("hana", "Hello #harvest")
    calm = {"reduced_motion": "reduce", **how}
    visitor, ann = await reader(alpha, **calm), await reader(alpha, "ann", **calm)

    await visitor.goes("/sign-in")
    await visitor.types("Name or email address", "ann")
    await visitor.types("Password", "wrong")
    await visitor.presses("Sign in")
    await visitor.looks_in_every_light()
    await visitor.goes("/sign-up")
    await visitor.types("Name", "ann")
    await visitor.types("Email address", "anna@example.org")
    await visitor.types("Password", "seven quiet lanterns")
    await visitor.presses("Join")
    await expect(visitor.main().get_by_role("alert").first).to_be_visible()
    await visitor.looks_in_every_light()
    await visitor.goes("/take-part?do=follow&of=@ann")
    await visitor.types("Your address on Mastodon or another server of the fediverse", "ann")
    await visitor.presses("Go on at my server")
    await visitor.looks_in_every_light()

    await ann.goes("/write")
    await ann.types("Title", "  ")
    await ann.types("Story", "Words")
    await ann.presses("Publish")
    await ann.looks_in_every_light()
    await ann.goes("/settings")
    await ann.types("Current password", "wrong")
    await ann.types("New password", "seven quiet lanterns")
    await ann.presses("Change the password")
    await expect(ann.main().get_by_role("alert").first).to_be_visible()
    await ann.looks_in_every_light()

    await ann.goes("/write?kind=note")
    for begun in ("@han", "#har"):
        await ann.types("Text", "")
        await ann.field("Text").press_sequentially(begun)
        await expect(ann.page.locator("#suggestions li")).to_have_count(1)
        await ann.looks_in_every_light()
    await ann.adds_picture(photograph(), "A house")
    await ann.presses("Publish")
    await ann.main().get_by_role("link", name="A house").click()
    await expect(ann.page.get_by_role("dialog")).to_be_visible()
    await ann.looks_in_every_light()


async def test_colours_of_the_readers_own_choice_leave_everything_in_its_place(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await lived_in(alpha)
    for how in (DESK, PHONE):
        ann = await reader(alpha, "ann", forced_colors="active", **how)
        for page in ("/", "/local", "/write", "/@bob", "/notifications"):
            await ann.goes(page)
            assert await ann.page.evaluate(UNBORDERED) == []


# Where backgrounds are gone only its border tells a button from a word.
UNBORDERED = """
() => [...document.querySelectorAll("main .button, main .strong, input, textarea, select")]
  .filter((one) => one.checkVisibility() && !one.closest(".editor") && one.type !== "hidden"
    && !["checkbox", "file", "radio"].includes(one.type)
    && getComputedStyle(one).borderBottomWidth === "0px")
  .map((one) => one.outerHTML.slice(0, 120))
"""
MOVING = """
() => document.getAnimations().filter((one) => one.effect.getComputedTiming().activeDuration > 1)
  .map((one) => one.effect.target?.outerHTML.slice(0, 120) ?? "")
"""


async def test_who_wants_no_motion_gets_none(village: Village, reader: NewReader) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann", reduced_motion="reduce", width=360, language="ko")
    await ann.goes("/write?kind=note")
    await ann.types("Text", "Quiet")
    await ann.presses("Publish")
    for path in ("/local", "/@ann", "/"):
        await ann.goes(path)
        await ann.page.locator("main a").first.hover()
        assert await ann.page.evaluate(MOVING) == []
