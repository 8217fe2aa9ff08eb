"""Ids in addresses and forms: one reading of them everywhere, also when they are longer."""

import pytest
from aiohttp.test_utils import make_mocked_request

from server.errors import NotFound
from server.ids import first_id
from web.pages.access import asked_id, number, window
from web.pages.forms import Form

OF_2032 = first_id(1_956_528_000_000)  # 19 digits; those of 2026 have 18
NO_IDS = ("", "-1", "1.5", "²", "٣", "abc", "9" * 19, "1" * 5000)


def test_an_id_of_2032_is_an_id():
    wish = str(OF_2032)
    assert len(wish) == 19
    request = make_mocked_request("GET", f"/?max_id={wish}&draft={wish}", match_info={"id": wish})
    assert number(request) == window(request).max_id == asked_id(request, "draft") == OF_2032
    assert Form({"reply_to": (wish,)}, {}).id("reply_to") == OF_2032


@pytest.mark.parametrize("wish", NO_IDS)
def test_what_no_id_can_be_is_none(wish):
    request = make_mocked_request("GET", "/", match_info={"id": wish})
    with pytest.raises(NotFound):
        number(request)
    asked = make_mocked_request("GET", f"/?max_id={wish}&draft={wish}")
    assert window(asked).max_id is asked_id(asked, "draft") is None
    assert Form({"reply_to": (wish,)}, {}).id("reply_to") is None
