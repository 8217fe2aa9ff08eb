"""What is kept of pages: the same for everybody or not at all, and never longer than it is true."""

import asyncio
import gzip
import re
from urllib.parse import urljoin

import pytest
from jinja2 import nodes
from markupsafe import Markup

from server.clock import MINUTE_MS, now_ms
from server.services import posts, profiles, standing
from server.services.profiles import ProfileChanges
from tests.web.city import a_picture, upload
from web import kept, render
from web.keys import NOW, PARTS, VISITED

MOST_BYTES = 100_000
"""Of the front page and all that it loads but pictures."""
OF_SOMEBODY = {"viewer", "csrf", "here", "path", "own_handle", "theme", "unread", "once", "now_ms"}


# --- parts


def test_a_part_is_made_once_for_what_it_is_made_of():
    parts, made = kept.Parts(), []
    for made_of in (("card", 1), ("card", 2), ("card", 1)):
        parts.get(made_of, lambda made_of=made_of: made.append(made_of) or Markup("<p>"))
    assert made == [("card", 1), ("card", 2)]


def test_parts_are_bounded_and_the_last_used_stay():
    parts = kept.Parts(most=36)
    for name in "abc":
        parts.get(name, lambda: Markup("1234567890"))
    parts.get("a", lambda: pytest.fail("made again"))
    parts.get("d", lambda: Markup("1234567890"))
    assert len(parts) == 3
    parts.get("a", lambda: pytest.fail("made again"))
    parts.get("x" * 9, lambda: Markup("1" * 100))
    assert len(parts) == 0  # what is larger than all the room is not kept


def _templates():
    """Every template as a tree, by its name: components are imported under theirs."""
    folder, parse = render.HERE / "templates", render.environment("en").parse
    return {
        path.stem if path.parent.name == "components" else str(path): parse(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.html"))
    }


def _reads(node, home, trees, seen):
    """What a part of the template `home` reads, with the macros that it calls."""
    yield from (name.name for name in node.find_all(nodes.Name) if name.ctx == "load")
    for call in node.find_all(nodes.Call):
        of, name = home, getattr(call.node, "name", "")
        if isinstance(call.node, nodes.Getattr) and isinstance(call.node.node, nodes.Name):
            of, name = call.node.node.name, call.node.attr
        macros = trees[of].find_all(nodes.Macro) if of in trees else ()
        for macro in macros:
            if macro.name == name and (of, name) not in seen:
                yield from _reads(macro, of, trees, seen | {(of, name)})


def test_nothing_that_is_kept_knows_who_looks():
    trees, looked_at = _templates(), 0
    for home, tree in trees.items():
        for block in tree.find_all(nodes.CallBlock):
            if getattr(block.call.node, "name", "") == "kept":
                read = set(_reads(block, home, trees, frozenset()))
                assert read & OF_SOMEBODY == set(), (home, block.lineno)
                looked_at += 1
    assert looked_at >= 6


# --- pages


@pytest.fixture
async def told(city):
    """Mira's story, and a visitor."""
    mira = await city.join("mira", role="writer")
    await city.writes(mira, "Long ago.", title="The baker of the corner")
    return mira, await city.visitor()


async def test_a_visitor_sees_at_once_what_is_written_and_deleted_and_by_whom(city, told):
    mira, visitor = told
    assert "The baker" in (await visitor.get("/")).text
    said = await city.writes(mira, "Bread at noon")
    assert "Bread at noon" in (await visitor.get("/")).text
    await city.db.write(posts.delete, city.site, mira.account, said.id, now_ms())
    assert "Bread at noon" not in (await visitor.get("/")).text
    changes = ProfileChanges(display_name="Mira of the Mill")
    await city.db.write(profiles.edit_profile, city.site, mira.account, changes, now_ms())
    assert "Mira of the Mill" in (await visitor.get("/")).text


async def test_the_suspended_are_gone_from_the_front_page_with_the_next_look(city, told):
    mira, visitor = told
    assert "The baker" in (await visitor.get("/")).text
    await city.db.write(standing.suspend, mira.account.id)
    assert "The baker" not in (await visitor.get("/")).text


async def test_what_another_process_wrote_shows_within_seconds(city, told, monkeypatch):
    mira, visitor = told
    clock = [now_ms()]
    monkeypatch.setitem(city.app._state, NOW, lambda: clock[0])
    await visitor.get("/")
    monkeypatch.setattr(city.app[VISITED], "forget", lambda: None)
    city.db._callbacks.clear()  # nobody tells us of this commit
    await city.writes(mira, "From another process")
    assert "From another process" not in (await visitor.get("/")).text
    clock[0] += kept.MAX_AGE_MS
    assert "From another process" in (await visitor.get("/")).text


async def test_what_was_read_before_a_commit_is_not_kept_after_it():
    pages, made = kept.Pages(), []

    async def slow():
        made.append(1)
        pages.forget()  # somebody writes meanwhile
        return render.web.Response(text="old")

    await pages.get("/", 0, slow)
    await pages.get("/", 0, slow)
    assert len(made) == 2


async def test_languages_themes_members_and_those_of_other_servers_have_pages_of_their_own(
    city, told
):
    _, visitor = told
    assert 'lang="en"' in (await visitor.get("/")).text
    korean = await city.visitor("ko")
    assert 'lang="ko"' in (await korean.get("/")).text
    dark = await city.visitor()
    dark.client.session.cookie_jar.update_cookies({"theme": "dark"})
    assert '<html lang="en" data-theme="dark">' in (await dark.get("/")).text
    assert '<html lang="en">' in (await visitor.get("/")).text
    guest = await city.visitor()
    guest.client.session.cookie_jar.update_cookies({"own-server": "ada@far.test"})
    assert "@ada@far.test" in (await guest.get("/")).text
    assert "@ada@far.test" not in (await visitor.get("/")).text
    bora = await city.join("bora")
    token = await bora.token()
    assert token in (await bora.get("/")).text
    assert token not in (await visitor.get("/")).text
    assert "/?a=word" in (await visitor.get("/?a=word")).text
    assert "/?a=word" not in (await visitor.get("/")).text


async def test_a_kept_page_has_the_headers_of_a_page_and_an_id_of_its_own(told):
    _, visitor = told
    answers = [await visitor.client.get("/") for _ in range(2)]
    first, second = (answer.headers.copy() for answer in answers)
    assert first.pop("X-Request-Id") != second.pop("X-Request-Id")
    first.pop("Date"), second.pop("Date")
    assert first == second
    assert first["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Accept-Language", "Accept-Encoding"} <= set(first["Vary"].split(", "))


async def test_a_post_says_how_old_it_is_however_often_it_was_shown(city, told, monkeypatch):
    mira, visitor = told
    clock = [now_ms()]
    monkeypatch.setitem(city.app._state, NOW, lambda: clock[0])
    await city.writes(mira, "Fresh bread")
    assert "just now" in (await visitor.get("/local")).text
    clock[0] += 5 * MINUTE_MS
    assert "5 minutes ago" in (await visitor.get("/local")).text
    assert len(city.app[PARTS]) > 0


# --- packed


async def test_pages_of_nobody_are_packed_and_pages_with_a_secret_are_not(city, told):
    _, visitor = told
    bora = await city.join("bora")
    # The length of a page with a secret would tell who guesses at it (BREACH).
    asked = ((visitor, "/", True), (visitor, "/sign-in", False), (bora, "/", False))
    for person, path, packed in asked:
        async with person.client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert ("Content-Encoding" in answer.headers) is packed, path
            assert "</html>" in await answer.text()
    visitor.client.session.cookie_jar.update_cookies({"own-server": "ada@far.test"})
    async with visitor.client.get("/", headers={"Accept-Encoding": "gzip"}) as answer:
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0"])
async def test_who_cannot_unpack_gets_what_is_not_packed(told, accepted):
    _, visitor = told
    await visitor.client.get("/", headers={"Accept-Encoding": "gzip"})
    for path in ("/", "/feeds/local", "/manifest.webmanifest?lang=en", "/sw.js"):
        async with visitor.client.get(path, headers={"Accept-Encoding": accepted}) as answer:
            assert "Content-Encoding" not in answer.headers
            assert "Accept-Encoding" in answer.headers["Vary"]


# --- weight


async def test_the_front_page_weighs_less_than_100_kb_without_its_pictures(city):
    for number in range(13):
        writer = await city.join(f"writer{number}", role="writer")
        story = {
            "kind": "story",
            "title": f"{number} 골목 끝 작은 책방의 불빛",
            "content": "글 " * 500,
        }
        picture = {"media": a_picture()} if number < 2 else {}
        await upload(
            writer, "/write", visibility="public", lead="은행나무 " * 30, **story, **picture
        )
        await city.writes(writer, "오늘 골목에서 만난 이웃 이야기. " * 12 + "#골목 #가을")
    visitor = await city.visitor("ko")
    whole, sent = {}, {}
    for address in ["/", *_loaded((await visitor.get("/")).text)]:
        headers = {"Accept-Language": "ko", "Accept-Encoding": "gzip"}
        async with visitor.client.get(address, headers=headers, auto_decompress=False) as answer:
            raw = await answer.read()
            sent[address] = len(raw)
            packed = answer.headers.get("Content-Encoding") == "gzip"
            whole[address] = len(gzip.decompress(raw) if packed else raw)
    kinds = {address.partition("?")[0].rpartition(".")[2] for address in whole}
    assert {"css", "js", "svg"} <= kinds
    assert sum(whole.values()) < MOST_BYTES, whole
    assert sum(sent.values()) < MOST_BYTES / 3, sent


def _loaded(page):
    """What a page loads but for the pictures of people: style, scripts, the sheet of icons."""
    style = re.findall(r'<link rel="(?:stylesheet|icon|manifest)" href="([^"]+)"', page)
    scripts = re.findall(r'<script src="([^"]+)"', page)
    icons = {found.partition("#")[0] for found in re.findall(r'<use href="([^"]+)"', page)}
    return [urljoin("/", address) for address in (*style, *scripts, *sorted(icons))]


async def test_what_was_found_lately_is_found_once_for_all_who_ask_meanwhile():
    lately, found = kept.Lately(1000), []

    async def find():
        found.append(len(found))
        await asyncio.sleep(0)
        return len(found)

    assert await asyncio.gather(*(lately.get(0, find) for _ in range(5))) == [1] * 5
    assert await lately.get(999, find) == 1
    assert await lately.get(1000, find) == 2
    lately.forget()
    assert await lately.get(1000, find) == 3
