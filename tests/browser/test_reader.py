"""The reader of these tests notices what is wrong with a page."""

import pytest

from tests.browser.conftest import NewReader
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GOOD = """<!doctype html><html lang="en"><title>Good</title><main><h1>Good</h1>%s</main></html>"""


FAULTS = (
    ("<p style='width: 2000px'>wide</p>", "scrolls sideways"),
    ("<h1>Another</h1>", "has 2 h1"),
    ("<h3>Deep</h3>", "skips from h1"),
    ("<input style='height: 44px'>", "a field without a label"),
    ("<label>Name <input style='height: 9px'></label>", "hard to hit"),
    ("<a href='/'></a>", "a control without words"),
    ("<img src='data:image/gif,broken'>", "a picture without alt"),
    ("<img alt='' src='data:image/gif,broken' width=9 height=9>", "a broken picture"),
    ("<i id=one></i><i id=one></i>", "the id one twice"),
)


async def test_a_reader_notices_what_is_wrong_with_a_page(
    village: Village, reader: NewReader
) -> None:
    somebody = await reader(await village("alpha.test"))
    await somebody.page.set_content(GOOD % "<p>Nothing to say.</p>")
    await somebody.looks()
    assert somebody.problems == []
    for part, problem in FAULTS:
        await somebody.page.set_content(GOOD % part)
        await somebody.looks()
        assert any(problem in one for one in somebody.problems), (problem, somebody.problems)
        somebody.problems.clear()


async def test_a_reader_notices_what_a_page_asks_of_other_hosts_and_what_its_policy_forbids(
    village: Village, reader: NewReader
) -> None:
    somebody = await reader(await village("alpha.test"))
    await somebody.goes("/")
    await somebody.page.evaluate(
        """async () => {
          const picture = new Image();
          picture.src = "http://tracker.test/pixel.gif";
          await picture.decode().catch(() => {});
          document.body.setAttribute("style", "color: red");
          await fetch("/nothing");
        }"""
    )
    said = "\n".join(somebody.problems)
    assert "asks elsewhere: http://tracker.test/pixel.gif" in said
    assert "Content Security Policy" in said
    assert "404 for http://alpha.test/nothing" in said
    somebody.problems.clear()
