"""What people decide about themselves is known, and kept, on other servers."""

from typing import Any

from federation.http import Fetched
from server.services import domain_mutes, profile_links, profiles
from server.services.profiles import ProfileChanges
from tests.village import City, Village, eventually
from web.keys import CLIENT, SITE


async def two(village: Village) -> tuple[City, City]:
    """Ann on alpha, whom Bob on beta follows."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    return alpha, beta


async def test_who_may_be_found_by_their_words_is_known_elsewhere(village: Village) -> None:
    alpha, beta = await two(village)
    assert (await beta.knows("@ann@alpha.test")).indexable == 1
    changes = ProfileChanges(
        indexable=False,
        show_media=False,
        attribution_domains=("blog.example",),
    )
    await alpha.do(profiles.edit_profile, await alpha.me("ann"), changes)
    await village.settle()
    known = await beta.knows("@ann@alpha.test")
    assert (known.indexable, known.show_media, known.show_featured) == (0, 0, 1)
    assert known.attribution_domains == '["blog.example"]'


async def test_hidden_circles_tell_other_servers_how_many_alone(village: Village) -> None:
    alpha, _ = await two(village)
    ann = await alpha.me("ann")
    shown = await alpha.get(f"/actors/{ann.id}/followers?page=1")
    assert len(shown["orderedItems"]) == 1
    await alpha.do(profiles.edit_profile, ann, ProfileChanges(hide_collections=True))
    for name in ("followers", "following"):
        whole = await alpha.get(f"/actors/{ann.id}/{name}")
        assert "first" not in whole
        assert "orderedItems" not in whole
        for query in ("page=1", "max_id=9999999999999999"):
            headers = {"Accept": "application/activity+json"}
            path = f"/actors/{ann.id}/{name}?{query}"
            async with alpha.client.get(path, headers=headers) as answer:
                assert answer.status == 404
    assert (await alpha.get(f"/actors/{ann.id}/followers"))["totalItems"] == 1


async def test_a_server_that_is_shut_out_is_told_and_cannot_follow_again(village: Village) -> None:
    alpha, beta = await two(village)
    await alpha.db.write(
        domain_mutes.shut_out, alpha.app[SITE], await alpha.me("ann"), "beta.test", alpha.clock()
    )
    await village.settle()
    assert (await beta.me("bob")).following_count == 0
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    assert (await alpha.me("ann")).followers_count == 0
    assert (await beta.rows("SELECT * FROM follow")) == []


async def test_a_link_that_leads_back_is_marked_and_others_are_not(
    village: Village, monkeypatch: Any
) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    ann = await alpha.me("ann")
    pages = {
        "https://ann.example": f'<a rel="me" href="{ann.url}">me</a>',
        "https://eve.example": f'<a href="{ann.url}">a friend</a>',
    }
    asked = []

    async def get(url: str, **how: Any) -> Fetched:
        asked.append((url, how["max_bytes"]))
        return Fetched(url, 200, "text/html", pages[url].encode(), "")

    monkeypatch.setattr(alpha.app[CLIENT], "get", get)
    fields = (("Web", "https://ann.example"), ("Eve", "https://eve.example"), ("Own", ann.url))
    await alpha.do(profiles.edit_profile, ann, ProfileChanges(fields=fields))
    alpha.wake()

    async def checked() -> list[str] | None:
        lines = profile_links.lines(await alpha.me("ann"))
        return [name for name, _, at_ms in lines if at_ms] or None

    assert await eventually(checked) == ["Web"]
    assert {url for url, _ in asked} == set(pages)
    document = await alpha.get(f"/actors/{ann.id}")
    assert 'rel="me nofollow' in document["attachment"][0]["value"]
