"""The page of the search: its tabs, its filters, and what it says where nothing fits."""

import pytest

from server.clock import now_ms
from server.services import communities, search
from server.services.communities import NewCommunity
from server.store import posts as rows
from tests.web.city import NO_KEYS
from web.keys import NOW


async def begun(city):
    """Mina with a story, a note, a comment and a thread; a board."""
    mina = await city.join("mina")
    new = NewCommunity(name="plaza", title="열린광장", kind="board", keys=NO_KEYS)
    board = await city.db.write(communities.create, city.site, new, now_ms())
    story = await city.writes(mina, "배추 백 포기", title="김장하는 날")
    await city.writes(mina, "김장 김치 나눔 #나눔")
    await city.writes(mina, "저도 김장 했어요", reply_to_id=story.id)
    thread = await city.writes(mina, "김장 장소 토론")
    await city.db.write(rows.set_columns, thread.id, community_id=board.id)
    return mina


def shown(page):
    """The beginnings of the cards."""
    words = ("김장하는 날", "김장 김치 나눔", "저도 김장", "김장 장소 토론")
    cards = " ".join(one.words for one in page.main.all("article", "post"))
    return {one for one in words if one in cards}


async def test_a_word_of_two_syllables_is_found_in_posts_of_every_kind(any_city):
    await begun(any_city)
    visitor = await any_city.visitor()
    page = await visitor.get("/search?q=김장")
    assert len(shown(page)) == 4
    told = {"Stories": "김장하는 날", "Threads": "김장 장소", "Comments": "저도 김장"}
    for tab, text in told.items():
        page = await visitor.get(page.main.link(tab))
        assert len(page.main.all("article", "post")) == 1
        assert text in page.main.words
    assert await visitor.get(page.main.link("Everything"))


async def test_people_and_communities_have_tabs_of_their_own(city):
    await begun(city)
    visitor = await city.visitor("ko")
    people = await visitor.get("/search?q=mina&show=people")
    assert "@mina" in people.main.words and "열린광장" not in people.main.all("section")[0].words
    groups = await visitor.get("/search?q=열린&show=communities")
    assert "열린광장" in groups.main.all("section")[0].words
    assert shown(groups) == set()
    everything = await visitor.get("/search?q=열린광장")
    assert "@plaza" in everything.main.words


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("from=mina&q=나눔", {"김장 김치 나눔"}),
        ("from=@mina&category=나눔", {"김장 김치 나눔"}),
        ("q=김장&in=plaza", {"김장 장소 토론"}),
        ("q=김장&since=2020-01-01&until=2021-01-01", set()),
        ("q=김장+-나눔+kind:post", set()),
        ("q=김장&language=de", set()),
        ("q=김장&has=image", set()),
        ("q=김장&show=castle", {"김장하는 날", "김장 김치 나눔", "저도 김장", "김장 장소 토론"}),
    ],
)
async def test_filters_are_part_of_the_address(city, filters, expected):
    mina = await begun(city)
    assert shown(await mina.get(f"/search?{filters}")) == expected


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ("q=김장&from=nobody", "Nobody here is called nobody."),
        ("q=김장&from=a/b", "This is no name."),
        ("q=김장&since=soon", "This is no day."),
        ("q=김장&until=2026-13-40", "This is no day."),
        ("q=김장&category=.", "A category has letters in it."),
        ("q=김장&language=klingonisch", "not the code of a language"),
        ("q=김장&has=castles", "We do not know what this is."),
        ("q=김장+before:soon", "“soon” cannot be searched for like this."),
    ],
)
async def test_a_filter_that_cannot_be_is_told(city, filters, told):
    await begun(city)
    page = await (await city.visitor()).get(f"/search?{filters}")
    assert told in page.text
    assert shown(page) == set()


async def test_what_is_not_there_is_told_with_a_way_on(city):
    await begun(city)
    page = await (await city.visitor()).get("/search?q=펭귄&show=story")
    assert "Nothing fits “펭귄”" in page.text
    assert page.main.link("Search everywhere")


async def test_a_list_goes_on_where_it_ended(city, monkeypatch):
    mina = await city.join("mina")
    for number in range(23):
        await city.writes(mina, f"시장 소식 {number:02}")
    page = await mina.get("/search?q=시장")
    assert len(page.main.all("article", "post")) == 20
    older = await mina.get(page.main.link("Older"))
    assert len(older.main.all("article", "post")) == 3
    assert await mina.get(older.main.link("To the beginning"))
    monkeypatch.setattr(search, "MOST_LOOKED_AT", 5)
    page = await mina.get('/search?q="소식 시장"')
    assert "Only so many are looked through at once." in page.text
    for _ in range(5):
        if "Look on among older posts" not in page.text:
            break
        page = await mina.get(page.main.link("Look on among older posts"))
    assert "Nothing here among these posts." in page.text


async def test_whoever_searches_without_end_waits_and_others_do_not(city, monkeypatch):
    monkeypatch.setattr("web.pages.search.SEARCH_TOKENS", 40)
    at_ms = now_ms()
    city.app._state[NOW] = lambda: at_ms  # it stands: nothing is forgiven meanwhile
    bob, eve = await city.join("bob"), await city.join("eve")
    for _ in range(2):
        await bob.get("/search?q=plum")
    await bob.get("/search?q=plum")  # more than there is left
    async with bob.client.get("/search?q=plum") as answer:
        assert answer.status == 429
    await eve.get("/search?q=plum")
    await bob.get("/search")  # the empty form costs nothing


async def test_what_was_looked_for_is_marked_in_what_people_wrote(city):
    mina = await city.join("mina")
    await city.writes(mina, f"{'배추 백 포기 ' * 60} 김장 &amp; 소금", title="겨울 준비")
    await city.writes(mina, "김장하는 날 <b>공유</b>")
    page = await mina.get("/search?q=김장")
    assert page.text.count("<mark>김장</mark>") == 2
    assert "<mark>김장</mark> &amp; 소금" in page.text
    page = await mina.get("/search?q=share")
    assert "<mark>" not in page.text


async def test_a_card_that_shows_the_words_does_not_say_them_twice(city):
    mina = await city.join("mina")
    await city.writes(mina, "배추 트럭은 강변으로", title="장날 주차")
    page = await mina.get("/search?q=강변")
    assert page.main.words.count("배추 트럭은") == 1
