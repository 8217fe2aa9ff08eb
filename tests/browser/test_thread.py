"""A thread of three hundred replies stays readable: folds, what is new, links, order, pages."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from server.services import posts
from server.services.new_posts import NewPost
from tests.browser.conftest import NewReader, with_and_without_scripts
from tests.browser.reader import Reader
from tests.village import City, Village
from web.keys import SITE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REPLIES = 300
CHAIN = 30  # the first replies answer one another


def _talk(tx: Any, site: Any, people: list[Any], now_ms: int) -> list[int]:
    ids: list[int] = []
    for number in range(REPLIES + 1):
        to = None if number == 0 else ids[number - 1] if number <= CHAIN else ids[0]
        new = NewPost(content=f"Word {number} of many", reply_to_id=to)
        ids.append(posts.write(tx, site, people[number % 2], new, now_ms + number).id)
    return ids


async def long_thread(village: Village) -> tuple[City, list[int]]:
    """Ann and bob have talked for long; the ids of what they said, the root first."""
    alpha = await village("alpha.test")
    people = [await alpha.join("ann"), await alpha.join("bob")]
    made = await alpha.db.write(_talk, alpha.app[SITE], people, alpha.clock() - 400)
    return alpha, made


async def shown(reader: Reader) -> list[int]:
    """The replies on the page, in its order."""
    found: list[str] = await reader.page.locator("#replies .reply .post").evaluate_all(
        "all => all.map(one => one.id.slice(5))"
    )
    return [int(id) for id in found]


@with_and_without_scripts
async def test_every_reply_of_a_long_thread_can_be_reached_and_linked(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, ids = await long_thread(village)
    visitor = await reader(alpha, **how)
    await visitor.goes(f"/@ann/{ids[0]}")
    first = await shown(visitor)
    assert len(first) < 80 and first[0] == ids[1]

    fold = visitor.page.locator("#replies .fold a").first
    if visitor.scripted:  # in place
        await fold.click()
        await expect(visitor.page.locator(f"#post-{ids[CHAIN]}")).to_be_visible()
        assert (await shown(visitor))[:CHAIN] == ids[1 : CHAIN + 1]
        assert urlsplit(visitor.page.url).path == f"/@ann/{ids[0]}"
        await visitor.looks()
    else:  # behind it lies the page of a reply, and so on
        for _ in range(CHAIN):
            if ids[CHAIN] in await shown(visitor):
                break
            async with visitor.next_page():
                await fold.click()
        assert ids[CHAIN] in await shown(visitor)
        await visitor.goes(f"/@ann/{ids[0]}")

    seen = await shown(visitor)
    while await visitor.main().get_by_role("link", name=visitor.word("More replies")).count():
        await visitor.follows("More replies")
        further = await shown(visitor)
        assert not set(further) & set(seen)
        seen += further
    assert set(ids[CHAIN + 1 :]) <= set(seen)
    assert seen[-1] == ids[-1]

    last = visitor.page.locator(f"#post-{ids[-1]} a.time")
    async with visitor.next_page():
        await last.click()
    assert urlsplit(visitor.page.url).path == f"/@ann/{ids[-1]}"
    await visitor.sees("Word 300 of many")
    await visitor.sees("Word 0 of many")  # what it answers stands above

    await visitor.goes(f"/@ann/{ids[0]}")
    await visitor.follows("Newest first")
    assert (await shown(visitor))[0] == ids[-1]


@with_and_without_scripts
async def test_what_is_new_since_the_last_visit_is_marked_and_one_press_away(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, ids = await long_thread(village)
    ann = await reader(alpha, "ann", **how)
    await ann.goes(f"/@ann/{ids[0]}")
    assert await ann.page.locator(".since").count() == 0
    late = [
        (await alpha.write("bob", f"Late {n}", reply_to_id=ids[to])).id
        for n, to in enumerate((CHAIN, 0))
    ]

    await ann.goes(f"/@ann/{ids[0]}")
    notice = ann.page.locator(".since a")
    await expect(notice).to_contain_text("2")
    await notice.click()
    await expect(ann.page.locator(f"#post-{late[0]}")).to_be_in_viewport()
    await ann.looks()
    async with ann.next_page():
        await ann.page.get_by_role("link", name=ann.word("Next new reply")).first.click()
    await expect(ann.page.locator(f"#post-{late[1]}")).to_be_in_viewport()
    await ann.goes(f"/@ann/{ids[0]}")  # and is new no more
    assert await ann.page.locator(".since").count() == 0
