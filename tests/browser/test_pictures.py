"""Pictures of another city's people: drawn here, and the other city is not asked by the browser."""

import pytest

from server.services import media
from server.store import accounts as account_rows
from tests.browser.conftest import NewReader
from tests.browser.people import photograph
from tests.village import Village, eventually
from web.keys import PICTURES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WIDTHS = "() => [...document.querySelectorAll('main img')].map(one => one.naturalWidth)"
FORMS = (
    "() => [...document.querySelectorAll('main figure img:not(.blur)')].map(one => one.currentSrc)"
)


async def test_pictures_of_another_city_are_drawn_and_it_is_not_asked(
    village: Village, reader: NewReader
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    carol = await beta.join("carol")
    await alpha.follow("ann", "@carol@beta.test")
    store = beta.app[PICTURES]
    face = await store.process_avatar(photograph())
    await beta.db.write(
        account_rows.set_columns, carol.id, avatar=f"{beta.origin}/media/{face.large}"
    )
    made = await store.process(photograph())
    kept = await beta.db.write(media.add, carol.id, made, "A house", (0.0, 0.0), beta.clock())
    await village.settle()
    sent = await beta.write("carol", "My house", media_ids=(kept.id,))
    there = await eventually(lambda: alpha.post_at(sent.uri))

    ann = await reader(alpha, "ann", width=360)
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url))
    await ann.goes(f"/@carol@beta.test/{there.id}")
    await ann.page.wait_for_load_state("networkidle")
    widths = await ann.page.evaluate(WIDTHS)
    assert 0 not in widths
    assert max(widths) == 1280
    assert [url for url in asked if "beta.test" in url.split("/")[2]] == []


async def test_a_small_window_gets_a_small_picture(village: Village, reader: NewReader) -> None:
    alpha = await village("alpha.test")
    ann = await alpha.join("ann")
    made = await alpha.app[PICTURES].process(photograph())
    kept = await alpha.db.write(media.add, ann.id, made, "A house", (0.0, 0.0), alpha.clock())
    post = await alpha.write("ann", "My house", media_ids=(kept.id,))
    for width, pixels, name in ((360, 1, made.small), (560, 2, made.medium), (800, 3, made.large)):
        visitor = await reader(alpha, width=width, device_scale_factor=pixels)
        await visitor.goes(f"/@ann/{post.id}")
        await visitor.page.wait_for_load_state("networkidle")
        assert await visitor.page.evaluate(FORMS) == [f"{alpha.origin}/media/{name}"]
