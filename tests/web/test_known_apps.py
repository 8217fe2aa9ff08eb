"""The page that tells people with which apps they can come, and what to type."""

import pytest

from web.pages.known_apps import APPS


async def test_visitors_read_what_to_type_into_which_app(city):
    visitor = await city.visitor()
    page = await visitor.get("/apps")
    assert page.faults == []
    assert page.main.one("code", kind="address").words == "localhost:8080"
    links = [link for title in page.main.all("h3") for link in title.all("a")]
    assert [one.words for one in links] == [one.name for one in APPS]
    assert {one["rel"] for one in links} == {"noopener noreferrer"}


@pytest.mark.parametrize("path", ["/settings/apps", "/about"])
async def test_it_is_found_where_people_look(city, path):
    mina = await city.join("mina")
    assert (await mina.get(path)).main.link("How to sign in from an app") == "/apps"
    page = await mina.get("/apps")
    assert page.main.link("Apps with access to your account") == "/settings/apps"
