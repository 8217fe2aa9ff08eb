"""Trackbacks that an old blog had received, brought here with it: their pages are read."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from server import keyring
from server.media import new_name
from server.services import backlinks, blog, communities, imports, notifications
from server.services.communities import NewCommunity
from server.services.imports import Sent
from server.store import imports as store
from server.store.paging import Page
from server.worker import importing
from tests.server.blogs import textcube
from tests.together.old_blog import Sites
from tests.village import SPARE_KEYS, City, Village, eventually
from web.keys import PICTURES, SITE, VAULT, WORKER

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])  # both: tests/server/test_imports.py

FRIEND, FORGER, GONE = (f"http://{name}.test/77" for name in ("friend", "forger", "gone"))
OLD = "http://old.example.kr/12"
BEFORE_MS = 1_322_630_000_000
TOLD = (
    "<trackback><url>{}</url><site>x</site><title>Cheap</title><excerpt>Buy here</excerpt>"
    "<received>1322630000</received><isFiltered>0</isFiltered></trackback></post>"
)


async def brought(city: City, village: Village, folder: Path, file: str) -> int:
    """An editor brings a blog here; the number of the import."""
    ann = await city.join("ann")
    vault, rsa = city.app[VAULT], next(SPARE_KEYS)
    keys = keyring.Keys((vault.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(vault))
    new = NewCommunity(
        name="project", title="Project", kind="blog", keys=keys, moderator_ids=(ann.id,)
    )
    await city.db.write(communities.create, city.app[SITE], new, city.clock())
    home = await city.db.read(blog.by_name, "project")
    name, at = new_name(".raw"), city.app[PICTURES].store
    sent = Sent(name="", file=name, bytes=len(file), pictures=False)
    lying = folder / "sent.xml"
    lying.write_text(file)
    await at.put(name, lying)
    run = await city.db.write(imports.begin, ann, home, sent, city.clock())
    await village.settle()
    begin = partial(imports.start, now_ms=city.clock())
    await city.db.write(begin, ann, home, run.id, {})
    await village.settle()
    return int(run.id)


@pytest.fixture
async def sites(village: Village) -> AsyncIterator[Sites]:
    found = Sites(village)
    await found.start()
    found.named("friend.test", "forger.test", "gone.test")
    yield found
    await found.close()


async def test_a_page_that_linked_to_the_old_blog_is_read_and_shown(
    village: Village, sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PAUSE_S", 0.0)
    sites.pages[FRIEND] = f'<title>나도 김장</title><p>엮은 <a href="{OLD}">글</a>을 보고'
    sites.pages[FORGER] = f"<title>Cheap</title><p>Buy here, not at {OLD}"
    city = await village("alpha.test")
    others = "".join((TOLD.format(FORGER), TOLD.format(GONE))).replace("</post>", "", 1)
    file = textcube(**{"http://friend.example.kr/77": FRIEND})
    run_id = await brought(city, village, tmp_path, file.replace("</post>", others, 1))
    (row,) = await city.rows("SELECT id FROM post WHERE title = '김장 하는 날'")

    async def lines() -> list[tuple[str, str, int | None]]:
        _, links = await city.db.read(backlinks.of_story, None, row["id"], Page(limit=9))
        found = [line.link for line in links.lines if line.link]
        return [(one.source, one.title, one.published_ms) for one in found]

    assert await lines() == []
    assert sites.asked == [], "not yet"
    for _ in range(3):
        due_ms = await city.db.read(store.next_ping_ms)
        city.clock.ahead_ms += max(0, (due_ms or 0) - city.clock())
        await city.app[WORKER].keep_time_once()
        await village.settle()
    await eventually(lambda: _all_asked(sites))
    assert await lines() == [(FRIEND, "나도 김장", BEFORE_MS)]
    checked = await city.db.read(store.checked, run_id)
    assert (checked.waiting, checked.confirmed, checked.failed) == (0, 1, 2)
    async with city.client.get(f"/@ann/{row['id']}") as answer:
        page = await answer.text()
    assert f'<a href="{FRIEND}" rel="nofollow ugc noopener noreferrer">나도 김장</a>' in page
    ann = await city.me("ann")
    which = await city.db.read(partial(notifications.wanted, kinds=["linked"]), ann.id)
    assert await city.db.read(notifications.page, ann.id, Page(), which) == []


async def _all_asked(sites: Sites) -> bool:
    return set(sites.asked) == {FRIEND, FORGER, GONE}
