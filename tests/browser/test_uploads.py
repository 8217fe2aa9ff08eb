"""What is chosen or dropped in the editor: sent, or refused in a sentence."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewReader
from tests.browser.people import photograph
from tests.village import Village

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_what_is_no_picture_is_named_and_what_has_no_kind_is_left_to_the_server(
    village: Village, reader: NewReader
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await reader(alpha, "ann")
    await ann.goes("/write?kind=note")
    files = (("list.pdf", "application/pdf", b"%PDF"), ("IMG_1.HEIC", "", photograph()))
    handed = await ann.page.evaluate_handle(
        """files => {
          const data = new DataTransfer();
          for (const [name, type, bytes] of files)
            data.items.add(new File([new Uint8Array(bytes)], name, {type}));
          return data;
        }""",
        [[name, kind, list(data)] for name, kind, data in files],
    )
    await ann.page.dispatch_event("#pictures", "drop", {"dataTransfer": handed})
    await expect(ann.main().locator(".upload[data-picture]")).to_have_count(1)
    refused = ann.main().locator("[data-refused]")
    await expect(refused).to_contain_text("list.pdf: ")
    await expect(refused).to_contain_text("HEIC")
    await ann.looks()
