"""Drawn cards: whole and different, whatever is written on them, and no way to keep us busy."""

import asyncio
import io
import threading
from pathlib import Path

import pytest
from PIL import Image

from server.clock import MINUTE_MS, now_ms
from server.services import posts, reading
from server.services.new_posts import NewPost
from tests.village import eventually
from web.cards import drawing, fonts, lines
from web.cards.drawing import ICON_SIZES, Card
from web.keys import CARD_BUCKETS, CARDS
from web.pages.cards import card_of

TITLES = (
    "철산동 벽화 골목의 봄",
    "Lantern festival on the Anyang stream",
    "긴 제목 " * 75,
    "가" * 300,
    "Donaudampfschifffahrtsgesellschaft" * 8,
    "🎉🏮👨‍👩‍👧‍👦",
    "مرحبا بكم في الساحة",
    "שלום לכולם",
    "e\u0301\u0301\u0301 zalgo \u202e rtl \u0085 \u00ad \x07",
    "漢字と仮名",
    "<script>alert(1)</script>",
    "\U0001f1f0\U0001f1f7 \ufffd \U0010fffd",
    "",
)


@pytest.fixture(params=["a font", "a font of the system", "no font"])
def letters(request, monkeypatch):
    """With the font of the build or of the system, where there is one, and without any."""
    if request.param != "a font":
        monkeypatch.setattr(fonts, "BUILT", Path("/nowhere.woff2"))
    if request.param == "no font":
        monkeypatch.setattr(fonts, "SYSTEM", ())
    if request.param == "a font" and not fonts.BUILT.exists():
        pytest.skip("the pages' assets are not built")
    if request.param == "a font of the system" and not fonts.available():
        pytest.skip("this system has no Korean font that we know of")
    return request.param


def a_card(words="새 소식", seed=1, **changes):
    given = {"accent": "#17614f", "place": "광명마당", "by": "미나", **changes}
    return Card(words=words, seed=seed, **given)


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.convert("RGB")


# --- drawing


@pytest.mark.parametrize("words", TITLES)
def test_any_words_make_a_card(letters, words):
    image = opened(drawing.card(a_card(words, by=words, place=words)))
    assert image.size == (1200, 630)
    assert len(image.getcolors(1_000_000)) > 20


def test_the_same_card_is_drawn_the_same_and_another_otherwise(letters):
    first = drawing.card(a_card(seed=1))
    assert drawing.card(a_card(seed=1)) == first
    assert drawing.card(a_card(seed=2)) != first
    assert drawing.card(a_card(accent="#8a2f5d")) != first
    if letters != "no font":
        assert drawing.card(a_card("다른 소식")) != first


@pytest.mark.parametrize("letters", ["a font", "a font of the system"], indirect=True)
def test_words_stay_left_of_the_yard(letters):
    image = opened(drawing.card(a_card("가나다라 " * 60, by="미나 " * 40, place="마당 " * 40)))
    margin = image.crop((drawing.PANEL - 54, 0, drawing.PANEL, 630))
    assert len(margin.getcolors()) == 1


@pytest.mark.parametrize("letters", ["a font", "a font of the system"], indirect=True)
def test_the_accent_fills_the_panel_in_a_shade_on_which_white_can_be_read(letters):
    red, green, blue = opened(drawing.card(a_card(accent="#ffff00"))).getpixel((20, 300))
    assert red < 160 and green < 160 and blue < 60


@pytest.mark.parametrize("name", ICON_SIZES)
@pytest.mark.parametrize("logo", [False, True])
def test_icons_have_their_size(name, logo):
    picture = io.BytesIO()
    Image.new("RGBA", (300, 120), (200, 0, 0, 128)).save(picture, "PNG")
    made = drawing.icon(name, "#17614f", picture.getvalue() if logo else b"")
    image = Image.open(io.BytesIO(made))
    assert image.size == (ICON_SIZES[name], ICON_SIZES[name])
    corner = image.convert("RGBA").getpixel((0, 0))
    if logo:
        assert corner == (255, 255, 255, 255)
    else:
        assert (corner[3] == 255) == (name in ("180", "maskable-512"))


# --- lines


def per_letter(size):
    return lambda text: len(text) * size


def test_lines_break_between_words_and_never_within_one():
    text = "우리 동네 벽화 골목에 봄이 왔습니다"
    for width in range(60, 200, 10):
        made = lines.broken(text, width, per_letter(10))
        assert " ".join(made) == text
        assert all(len(line) * 10 <= width for line in made)


def test_a_word_longer_than_a_line_is_broken():
    made = lines.broken("가나다라마바사 아", 30, per_letter(10))
    assert made == ("가나다", "라마바", "사 아")


def test_a_mark_stays_with_its_letter():
    made = lines.broken("e\u0301e\u0301e\u0301e\u0301", 30, per_letter(10))
    assert all(line[0] == "e" for line in made)


def test_short_words_are_large_and_long_ones_small_until_they_end_with_an_ellipsis():
    room = lines.Room(400, ((80, 1), (40, 3)))
    assert lines.fitted("다섯 글자", room, per_letter) == lines.Block(("다섯 글자",), 80)
    longer = lines.fitted("하나 둘 셋 넷 다섯 여섯", room, per_letter)
    assert longer.size == 40 and len(longer.lines) == 2
    endless = lines.fitted("낱말 " * 100, room, per_letter)
    assert len(endless.lines) == 3 and endless.lines[-1].endswith("…")
    assert all(len(line) * 40 <= 400 for line in endless.lines)


def test_lines_are_as_even_as_can_be():
    room = lines.Room(200, ((10, 4),))
    made = lines.fitted("가나다라마바사아자차카타파하 거 너 더러", room, per_letter).lines
    assert len(made) == 2
    assert min(map(len, made)) >= 6


# --- addresses


async def fetched(city, path, **headers):
    visitor = await city.visitor()
    async with visitor.client.get(path, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_a_story_has_a_card_of_its_own(any_city):
    mina = await any_city.join("mina")
    one = await any_city.writes(mina, "본문", title="벽화 골목")
    other = await any_city.writes(mina, "본문", title="벽화 골목")
    status, headers, body = await fetched(any_city, f"/cards/{one.id}-1.png")
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert headers["Cache-Control"] == "public, max-age=86400"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "Set-Cookie" not in headers
    assert opened(body).size == (1200, 630)
    assert (await fetched(any_city, f"/cards/{other.id}-1.png"))[2] != body
    tag = headers["ETag"]
    assert (await fetched(any_city, f"/cards/{one.id}-1.png", **{"If-None-Match": tag}))[0] == 304


async def test_an_edit_makes_a_new_card_and_the_old_address_leads_there(city):
    mina = await city.join("mina")
    story = await city.writes(mina, "본문", title="옛 제목")
    before = (await fetched(city, f"/cards/{story.id}-1.png"))[1]["ETag"]
    new = NewPost(content="본문", title="새 제목")
    await city.db.write(posts.edit, city.site, mina.account, story.id, new, now_ms())
    status, headers, _ = await fetched(city, f"/cards/{story.id}-1.png")
    assert (status, headers["Location"]) == (302, f"/cards/{story.id}-2.png")
    assert (await fetched(city, f"/cards/{story.id}-2.png"))[1]["ETag"] != before


async def test_what_a_visitor_may_not_see_is_as_unknown_as_what_never_was(any_city):
    mina = await any_city.join("mina")
    hidden = [
        await any_city.writes(mina, "Only for some", visibility=visibility)
        for visibility in ("followers", "direct")
    ]
    deleted = await any_city.writes(mina, "Gone")
    await any_city.db.write(posts.delete, any_city.site, mina.account, deleted.id, now_ms())
    unknown = (await fetched(any_city, "/cards/99999999-1.png"))[0]
    assert unknown == 404
    for post in (*hidden, deleted):
        assert (await fetched(any_city, f"/cards/{post.id}-1.png"))[0] == 404
        # not even for the author: a card is the same for everybody
        async with mina.client.get(f"/cards/{post.id}-1.png") as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/cards/99999999-1.png",
        "/cards/999999999999999999-1.png",
        "/cards/9999999999999999999999999999-1.png",
        "/cards/-1.png",
        "/cards/1-.png",
        "/cards/1--1.png",
        "/cards/1-99999999999.png",
        "/cards/%D9%A1-1.png",
        "/cards/1-1.svg",
        "/cards/..%2f..%2fetc%2fpasswd-1.png",
        "/cards/@nobody.png",
        "/icons/16.png",
        "/icons/99999.png",
        "/icons/..%2Flogo.png",
        "/icons/maskable-180.png",
        "/logo",
        "/cover",
        "/cover/small",
        "/cover/huge",
    ],
)
async def test_what_is_no_address_of_a_picture_is_not_found(city, path):
    assert (await fetched(city, path))[0] == 404


async def test_a_warning_stands_for_what_it_covers(city):
    mina = await city.join("mina")
    covered = await city.writes(mina, "The ending", title="Who did it", warning="Spoilers")
    view = await city.db.read(reading.view, None, covered.id)
    assert card_of(city.site, view).words == "Spoilers"
    note = await city.writes(mina, "**Just** a few words")
    view = await city.db.read(reading.view, None, note.id)
    assert card_of(city.site, view).words == "Just a few words"


async def test_the_front_page_has_a_card(city):
    status, _, body = await fetched(city, "/cards/site.png")
    assert status == 200
    assert opened(body).size == (1200, 630)


class Slow:
    """A drawing that ends when it is told to."""

    def __init__(self) -> None:
        self.drawn = 0
        self.go = threading.Event()

    def __call__(self, card: Card) -> bytes:
        self.drawn += 1
        self.go.wait(60)
        return b"drawn"


async def test_a_crowd_waits_for_one_drawing_and_the_next_card_in_a_long_queue_is_refused(
    city, monkeypatch
):
    slow = Slow()
    monkeypatch.setattr(drawing, "card", slow)
    mina = await city.join("mina")
    stories = [await city.writes(mina, "x", title=f"Story {n}") for n in range(9)]
    paths = [f"/cards/{story.id}-1.png" for story in stories]
    crowd = [asyncio.create_task(fetched(city, path)) for path in [*paths[:8], paths[0], paths[0]]]

    async def all_wait():
        return len(city.app[CARDS]._under_way) == 8 and slow.drawn == 1

    await eventually(all_wait)
    status, headers, _ = await fetched(city, paths[8])
    assert (status, headers["Retry-After"]) == (503, "5")
    slow.go.set()
    assert [answer[0] for answer in await asyncio.gather(*crowd)] == [200] * 10
    assert slow.drawn == 8
    assert (await fetched(city, paths[8]))[0] == 200


async def test_who_has_very_many_cards_drawn_waits_and_others_do_not(city, monkeypatch):
    monkeypatch.setattr(drawing, "card", lambda card: b"drawn")
    mina = await city.join("mina")
    story, other = [await city.writes(mina, "x", title=title) for title in ("One", "Two")]
    path = f"/cards/{story.id}-1.png"
    assert (await fetched(city, path))[0] == 200
    buckets, now = city.app[CARD_BUCKETS], now_ms()
    for _ in range(200):
        buckets.charge("127.0.0.1", now + MINUTE_MS)  # nothing is forgiven before that
    assert (await fetched(city, path))[0] == 200  # it is drawn already
    status, headers, _ = await fetched(city, f"/cards/{other.id}-1.png")
    assert status == 429 and "Retry-After" in headers
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    assert (await fetched(city, f"/cards/{other.id}-1.png", **elsewhere))[0] == 200


async def test_only_so_many_cards_are_kept(city, monkeypatch):
    monkeypatch.setattr(drawing, "card", lambda card: b"drawn")
    shelf = city.app[CARDS]

    async def made() -> bytes:
        return b"x"

    for number in range(100):
        await shelf.get(str(number), made)
    assert len(shelf) == 64
    assert "99" in shelf and "0" not in shelf


async def test_a_failed_drawing_is_told_to_all_who_wait_and_tried_again(city):
    shelf, tries = city.app[CARDS], []

    async def fails() -> bytes:
        tries.append(1)
        raise ValueError("no")

    answers = await asyncio.gather(
        *(shelf.get("x", fails) for _ in range(3)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [ValueError] * 3
    assert len(tries) == 1
    with pytest.raises(ValueError, match="no"):
        await shelf.get("x", fails)
    assert len(tries) == 2
