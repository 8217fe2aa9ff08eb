"""On the narrowest phones: one row is one row."""

import pytest

from tests.browser.conftest import NewReader
from tests.browser.reader import NARROWEST
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HEIGHTS = """
which => {
  for (const one of document.querySelectorAll(".act .number")) one.textContent = "24";
  return [...document.querySelectorAll(which)].map(one => one.getBoundingClientRect().height);
}
"""


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_what_can_be_done_with_a_post_and_the_ways_on_top_take_one_row(
    village: Village, reader: NewReader, language: str
) -> None:
    alpha = await village("alpha.test")
    for name in ("ann", "bob"):
        await alpha.join(name)
    asked = await alpha.write("ann", "Hello")
    await alpha.write("bob", "@ann hello", reply_to_id=asked.id)
    ann = await reader(alpha, "ann", width=NARROWEST, language=language)
    for path in ("/local", "/notifications", f"/@ann/{asked.id}"):
        await ann.goes(path)
        heights = await ann.page.evaluate(HEIGHTS, ".actions:not(.owner), .ways, .tabs")
        assert len(heights) > 1
        assert set(heights) <= {44, 45}, path  # a line below tabs is one pixel
        assert await ann.button("Save").first.is_visible()
