"""Films and sounds on pages: chosen in a form, played without a script, told in words."""

import re
import shutil

import pytest

from server.model import Media
from tests.films import film, gif, needs_ffmpeg, sound
from tests.web.city import a_picture, start, stop, upload
from tests.web.html import HtmlPage

pytestmark = needs_ffmpeg


@pytest.fixture
async def city(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "city.db")
    city = await start(f"sqlite:{tmp_path}/city.db", tmp_path, work=True)
    yield city
    await stop(city)


async def rows(city) -> list[Media]:
    return await city.db.read(
        lambda db: [Media(**row) for row in db.all("SELECT * FROM media ORDER BY id")]
    )


async def test_a_film_that_was_chosen_in_a_form_is_played_on_the_page(city):
    mina = await city.join("mina")
    note = await upload(
        mina, "/write", kind="note", content="Look", picture_1=film(), picture_1_alt="The bridge"
    )
    (row,) = await rows(city)
    page = await mina.get(note)
    (tag,) = re.findall(r"<video[^>]*>", page.text)
    assert f'src="/media/{row.large}"' in tag
    assert f'poster="/media/{row.small}"' in tag
    assert "controls" in tag
    assert 'preload="none"' in tag
    assert 'aria-label="The bridge"' in tag
    assert "<figcaption" in page.text
    assert f'<img src="/media/{row.large}"' not in page.text
    assert (await mina.client.get(f"/media/{row.large}")).status == 200


async def test_a_sound_and_a_moving_picture_are_played_too(city):
    mina = await city.join("mina")
    note = await upload(
        mina,
        "/write",
        kind="note",
        content="Listen",
        picture_1=sound(),
        picture_2=gif(),
        picture_3=a_picture(),
    )
    page = await mina.get(note)
    (heard,) = re.findall(r"<audio[^>]*>", page.text)
    assert "controls" in heard
    (moving,) = re.findall(r"<video[^>]*>", page.text)
    assert "loop" in moving and "muted" in moving


async def test_the_first_picture_of_a_story_may_be_a_film(city):
    mina = await city.join("mina")
    story = await upload(
        mina, "/write", kind="story", title="A walk", content="Along the river", picture_1=film()
    )
    page = await mina.get(story)
    assert len(re.findall(r"<video[^>]*>", page.text)) == 1
    assert 'class="hero"' not in page.text
    front = await mina.get("/")
    assert "<video" not in front.text
    (row,) = await rows(city)
    assert f"/media/{row.small}" in front.text


async def test_what_is_wrong_with_a_film_is_said_beside_the_form(city):
    mina = await city.join("mina")
    told = await upload(mina, "/write", 422, kind="note", content="Look", picture_1=film()[:3000])
    assert "damaged" in told
    assert "Look" in told
    assert await rows(city) == []


async def test_a_form_shows_films_that_have_arrived(city):
    mina = await city.join("mina")
    told = await upload(
        mina, "/write", 200, kind="story", title="T", content="A", do="preview", picture_1=sound()
    )
    (row,) = await rows(city)
    assert f'name="media" value="{row.id}"' in told
    assert "Take this sound out" in told
    assert "What picture" not in HtmlPage(told).main.one(data_picture=str(row.id)).words
    assert "data-insert" not in told
    page = await mina.get("/write")
    assert "video/mp4" in page.text
    assert "MP4, WebM or MP3" in page.main.one(id="pictures")["data-unfit"]
    told = await upload(mina, "/write", 422, kind="note", content="A", picture_1=b"%PDF-1.7")
    assert "HEIC or AVIF, or MP4, WebM or MP3" in told
    assert "image/heic" in page.text


async def test_a_film_larger_than_a_picture_comes_through_a_form(city):
    mina = await city.join("mina")
    note = await upload(
        mina, "/write", kind="note", content="Look", picture_1=film() + bytes(17 << 20)
    )
    assert "<video" in (await mina.get(note)).text
    await upload(
        mina, "/write", 413, kind="note", content="Look", picture_1=a_picture() + bytes(17 << 20)
    )
