"""From page to page by links alone: each leads somewhere, and each page is sound."""

import pytest

from server.clock import now_ms
from server.services import communities, follows, pins, reactions
from server.services.communities import NewCommunity
from tests.web.city import NO_KEYS, City, Person, a_picture, upload

ELSEWHERE = ("/feeds/", "/media/", "/api/")  # not pages
ENOUGH = 300  # pages; the small city below has fewer


async def inhabited(city: City) -> Person:
    """Something of every kind, shared ones beside their originals; one who may see all of it."""
    mina, joon = await city.join("mina", role="admin", language="ko"), await city.join("joon")
    new = NewCommunity(name="neutigol", title="느티골", keys=NO_KEYS, bio="우물터가 있는 동네")
    place = await city.db.write(communities.create, city.site, new, now_ms())
    for one, other in ((mina, place), (joon, place), (joon, mina.account), (mina, joon.account)):
        await city.db.write(follows.follow, city.site, one.account, other.id, now_ms())
    story = await city.writes(mina, "골목 #느티골", title="오늘의 이야기", lead="벽화가 피었다")
    note = await city.writes(mina, "말 #느티골 @joon")
    for act in (reactions.boost, reactions.like):
        for person in (mina, joon):
            for post in (story, note):
                await city.db.write(act, city.site, person.account, post.id, now_ms())
    await city.db.write(pins.pin, city.site, mina.account, note.id, now_ms())
    answer = await city.writes(joon, "대답", reply_to_id=note.id)
    for number in range(12):
        await city.writes(mina, f"{number}", reply_to_id=answer.id)
    await city.writes(joon, "결말", title="영화", warning="결말이 있어요")
    await city.writes(mina, "이웃에게", visibility="followers")
    await city.writes(mina, "@joon 둘이서", visibility="direct")
    picture = {"picture_1": a_picture(), "visibility": "public", "language": "ko"}
    await upload(mina, "/write", kind="story", title="사진", content="글", **picture)
    await upload(mina, "/write", kind="note", content="사진", sensitive="on", **picture)
    return mina


@pytest.mark.parametrize("who", ["a visitor", "a member"])
async def test_no_link_leads_nowhere(city, who):
    member = await inhabited(city)
    person = member if who == "a member" else await city.visitor()
    places: dict[str, set[str]] = {"/": set()}  # what is linked to, with the places on that page
    waiting, ids = ["/"], {}
    while waiting:
        path = waiting.pop()
        page = await person.get(path)
        ids[path] = {*page.ids, ""}
        for link in page.root.all("a"):
            leads, _, place = link["href"].partition("#")
            if leads.startswith("/") and not leads.startswith(ELSEWHERE):
                waiting += [leads] if leads not in places else []
                places.setdefault(leads, set()).add(place)
        assert len(places) < ENOUGH
    missing = {path: wanted - ids[path] for path, wanted in places.items() if wanted - ids[path]}
    assert missing == {}
    await files(person, list(ids))


async def files(person: Person, pages: list[str]) -> None:
    """What the pages load and offer beside themselves is there, too."""
    found: set[str] = set()
    for path in pages[:40]:
        page = await person.get(path)
        found |= {one for one in page.loads if one.startswith("/")}
        found |= {one["href"] for one in page.root.all("a") if one["href"].startswith(ELSEWHERE)}
        found |= {one["href"] for one in page.root.all("link", rel="alternate")}
    assert any(one.startswith("/feeds/") for one in found)
    for address in found:
        if address.startswith("/"):
            async with person.client.get(address) as answer:
                assert answer.status == 200, address
