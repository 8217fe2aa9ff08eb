"""The neighbourhoods of a city, as visitors, members and apps meet them."""

import json

from server.clock import now_ms
from server.services import communities, sessions
from server.services.communities import NewCommunity
from tests.web.city import NO_KEYS

DOCUMENT = "application/activity+json"


async def found(city, name="neutigol", title="느티골", **more):
    """A neighbourhood."""
    new = NewCommunity(name=name, title=title, keys=NO_KEYS, **more)
    return await city.db.write(communities.create, city.site, new, now_ms())


async def test_without_any_the_page_invites(any_city):
    visitor = await any_city.visitor()
    assert "as a hashtag, such as #MapleHill" in (await visitor.get("/neighbourhoods")).text
    admin = await any_city.join("ada", role="admin")
    assert "madang community create" in (await admin.get("/neighbourhoods")).text


async def test_a_visitor_sees_what_there_is_and_the_address_to_follow(city):
    await found(city, bio="우물터가 있는 동네 <b>")
    await found(city, "jangteo", "장터동")
    mina = await city.join("mina")
    await city.writes(mina, "시장 #장터동")
    page = (await (await city.visitor()).get("/neighbourhoods")).text
    page = page.replace("<wbr>", "")  # where a long address may break
    for told in ("느티골", "우물터가 있는 동네", "@neutigol@localhost:8080", "#장터동"):
        assert told in page
    assert page.index("장터동") < page.index("느티골")
    assert "1 post in the last 30 days" in page and "0 followers" in page
    korean = (await (await city.visitor("ko")).get("/neighbourhoods")).text
    assert "@neutigol@localhost:8080" in korean.replace("<wbr>", "")


async def test_a_member_follows_one_and_finds_its_stories_at_home(city):
    neighbourhood = await found(city)
    mina, joon = await city.join("mina"), await city.join("joon")
    await city.writes(mina, "우물터", title="어제의 이야기 #느티골")
    await city.writes(mina, "골목 #느티골", title="오늘의 이야기")
    follow = f"/people/{neighbourhood.id}/follow"
    assert (await joon.get("/neighbourhoods")).form(follow)
    assert await joon.post(follow, back="/neighbourhoods") == "/neighbourhoods"
    page = await joon.get("/neighbourhoods")
    assert page.form(f"/people/{neighbourhood.id}/unfollow")
    assert "1 follower" in page.text
    home = (await joon.get("/home")).main
    assert "어제의 이야기" not in home.words
    (card,) = [one for one in home.all("article", "post") if "오늘의 이야기" in one.words]
    assert card.link("From 느티골") == "/@neutigol"


async def test_the_page_of_a_neighbourhood_shows_what_it_passed_on(city):
    await found(city, bio="우물터가 있는 동네")
    mina = await city.join("mina")
    story = await city.writes(mina, "골목 #느티골", title="오늘의 이야기")
    visitor = await city.visitor()
    page = await visitor.get("/c/neutigol")
    assert visitor.url == "/@neutigol"
    assert "오늘의 이야기" in page.text and "우물터가 있는 동네" in page.text
    assert "오늘의 이야기" not in (await visitor.get("/@neutigol?show=pictures")).text
    shared = await visitor.get(f"/@mina/{story.id}/boosts")
    assert 'href="/@neutigol"' not in shared.text
    for part in ("/followers", "/following"):
        await visitor.get(f"/@neutigol{part}")
    for path in ("/c/mina", "/c/nobody", "/c/neutigol@far.example"):
        await visitor.get(path, 404)


async def test_the_address_of_a_community_answers_peers_with_its_document(city):
    neighbourhood = await found(city)
    await city.join("mina")
    client = (await city.visitor()).client
    for path in ("/c/neutigol", "/c/Neutigol/", "/@neutigol", f"/actors/{neighbourhood.id}"):
        async with client.get(path, headers={"Accept": DOCUMENT}) as answer:
            assert answer.status == 200, path
            assert answer.content_type == DOCUMENT
            body = json.loads(await answer.read())
        assert (body["type"], body["id"]) == ("Group", neighbourhood.uri)
        assert body["url"].endswith("/@neutigol")
    for path in ("/c/mina", "/c/nobody", "/c/", "/c/a/b", f"/actors/{10**18}/moderators"):
        async with client.get(path, headers={"Accept": DOCUMENT}) as answer:
            assert answer.status == 404, path


async def test_an_app_sees_a_group_and_can_follow_it(city):
    neighbourhood = await found(city, bio="동네")
    mina, joon = await city.join("mina"), await city.join("joon")
    story = await city.writes(mina, "골목 #느티골", title="오늘의 이야기")
    token = await city.db.write(
        sessions.create_access_token, joon.account.id, "read write follow", "tests", now_ms()
    )
    client = (await city.visitor()).client

    async def ask(method, path, **fields):
        headers = {"Authorization": f"Bearer {token}"}
        async with client.request(method, path, headers=headers, data=fields or None) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    (account,) = (await ask("GET", "/api/v2/search?q=느티골&type=accounts"))["accounts"]
    assert account["group"] is True and account["acct"] == "neutigol"
    assert account == await ask("GET", "/api/v1/accounts/lookup?acct=neutigol")
    base = f"/api/v1/accounts/{neighbourhood.id}"
    assert (await ask("POST", f"{base}/follow"))["following"] is True
    (status,) = await ask("GET", f"{base}/statuses")
    assert status["reblog"]["id"] == str(story.id) and status["account"]["group"] is True
    (status,) = await ask("GET", "/api/v1/timelines/home")
    assert status["reblog"]["reblogs_count"] == 0
    assert [one["acct"] for one in await ask("GET", f"{base}/followers")] == ["joon"]
    assert (await ask("POST", f"{base}/unfollow"))["following"] is False


async def test_nobody_signs_in_as_a_neighbourhood_and_it_is_no_member(city):
    await found(city)
    visitor = await city.visitor()
    sent = {"name": "neutigol", "password": "anything at all"}
    assert "is wrong" in await visitor.post("/sign-in", 422, **sent)
    taken = {"name": "neutigol", "email": "n@gm.example", "password": "seven purple umbrellas"}
    assert "is taken" in await visitor.post("/sign-up", 409, **taken)
    async with visitor.client.get("/nodeinfo/2.1") as answer:
        assert (await answer.json())["usage"]["users"]["total"] == 0
