"""Parts of pages and whole pages that were made before: bounded, and for nobody in particular."""

import re

import msgspec
from markupsafe import Markup

from server.clock import now_ms
from server.services import posts, reactions, standing
from web.kept import Parts
from web.keys import PARTS


class Thing(msgspec.Struct, frozen=True):
    """What a part may be made of."""

    id: int
    words: str


def test_what_a_part_was_made_of_takes_room_too():
    parts = Parts(10_000)
    for number in range(100):
        parts.get(("acts", "en", (Thing(number, "a" * 1000),)), lambda: Markup("short"))
    assert len(parts) < 10
    parts.get(("acts", "en", (Thing(0, "a" * 20_000),)), lambda: Markup("short"))
    assert len(parts) == 0
    parts.get(("acts", "en", (Thing(1, "a"),)), lambda: Markup("short"))
    assert len(parts) == 1


async def test_a_post_that_changes_all_the_time_does_not_fill_the_memory(city):
    """Every like makes its buttons anew; the long text behind them is no reason to keep them."""
    city.app[PARTS]._room = 1_000_000
    ann, visitor = await city.join("ann"), await city.visitor()
    story = await city.writes(ann, "long " * 15_000, title="Long")
    for does in (reactions.like, reactions.unlike) * 10:
        await city.db.write(does, city.site, ann.account, story.id, now_ms())
        await visitor.get("/local")
    assert len(city.app[PARTS]) < 30


async def test_what_visitors_share_is_nobodys_and_never_what_is_gone(city):
    ann, visitor = await city.join("ann"), await city.visitor()
    story = await city.writes(ann, "For all", title="Stands here")
    await city.writes(ann, "secret words", visibility="followers")
    assert "secret words" in (await ann.get("/@ann")).text
    await ann.get("/")
    for _ in range(2):  # made, and kept
        async with visitor.client.get("/", headers={"Accept-Language": "en"}) as answer:
            page = await answer.text()
            assert "Set-Cookie" not in answer.headers
            assert "Stands here" in page
            assert "secret words" not in page
            assert not re.search('name="csrf"|sign-out|My menu', page)
    await city.db.write(standing.suspend, ann.account.id)
    assert "Stands here" not in (await visitor.get("/")).text
    await city.db.write(standing.restore, ann.account.id)
    assert "Stands here" in (await visitor.get("/")).text
    await city.db.write(posts.delete, city.site, ann.account, story.id, now_ms())
    assert "Stands here" not in (await visitor.get("/")).text


async def test_a_kept_page_comes_as_its_asker_wants_it(city):
    visitor = await city.visitor()
    for headers, lang, theme in (
        ({"Accept-Language": "en"}, "en", None),
        ({"Accept-Language": "ko"}, "ko", None),
        ({"Accept-Language": "ko", "Cookie": "theme=dark"}, "ko", "dark"),
        ({"Accept-Language": "en", "Cookie": "theme=light"}, "en", "light"),
        ({"Accept-Language": "en", "Cookie": 'theme="dark\\"><x"'}, "en", None),
        ({"Accept-Language": "en", "X-Forwarded-Host": "evil.example"}, "en", None),
    ) * 2:
        async with visitor.client.get("/", headers=headers) as answer:
            page = await answer.text()
            chosen = f' data-theme="{theme}"' if theme else ""
            assert f'<html lang="{lang}"{chosen}>' in page
            assert "evil.example" not in page
    async with visitor.client.get("/", headers={"Cookie": "own-server=me%40far.example"}) as answer:
        assert "me@far.example" in await answer.text()
    async with visitor.client.get("/", headers={"Accept-Language": "en"}) as answer:
        assert "me@far.example" not in await answer.text()
