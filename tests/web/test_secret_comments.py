"""Secret comments as people write them with a browser, and as apps know them."""

import pytest

from server.store import posts
from tests.web.an_app import app_of, nobodys
from tests.web.city import City, Person
from tests.web.html import HtmlPage


async def a_story(city: City) -> tuple[Person, Person, Person, str]:
    ann, bob, cho = await city.join("ann"), await city.join("bob"), await city.join("cho")
    story = await city.writes(ann, "What I have seen", title="A story")
    return ann, bob, cho, f"/@ann/{story.id}"


async def whispers(person: Person, path: str, content: str, **more: str) -> str:
    """Answer a post with its form, ticked; where that leads."""
    page = await person.get(path)
    form = page.form("/write")
    fields = {**form.fields, "content": content, "do": "publish", **more}
    return person.own_page(await person.post("/write", **fields))


def offered(page: HtmlPage) -> bool:
    return bool(page.root.all("input", name="secret"))


async def test_a_tick_makes_a_reply_secret(city: City) -> None:
    ann, bob, cho, story = await a_story(city)
    away = await city.visitor()
    address = await whispers(bob, story, "Only for you, Ann", secret="on")
    for person in (ann, bob):
        page = await person.get(story)
        assert "Only for you, Ann" in page.text
        assert "secret comment" in page.text
        assert "Only for you, Ann" in (await person.get(address)).text
    for person in (cho, away):
        assert "Only for you" not in (await person.get(story)).text
        await person.get(address, status=404)
    answer = await whispers(ann, address, "I thought so")
    for person in (ann, bob):
        assert "I thought so" in (await person.get(answer)).text
    await cho.get(answer, status=404)
    assert "I thought so" not in (await cho.get(story)).text


async def test_the_tick_stands_where_a_secret_comment_is_possible(city: City) -> None:
    ann, bob, cho, story = await a_story(city)
    comment = await whispers(bob, story, "Hello all")
    for person, path, there in ((bob, story, True), (ann, story, False), (cho, comment, True)):
        page = await person.get(path)
        assert offered(page) == there, path
        assert ("unless it is a secret comment" in page.main.one(id="content-hint").words) == there
        id = path.rpartition("/")[2]
        assert offered(await person.get(f"/write?reply_to={id}")) == there, path


async def test_a_secret_comment_stays_one_through_preview_draft_and_refusal(city: City) -> None:
    ann, bob, cho, story = await a_story(city)
    id = story.rpartition("/")[2]
    fields = (await bob.get(f"/write?reply_to={id}")).form("/write").fields
    fields |= {"content": "Hush", "secret": "on"}
    for do, status in (("preview", 200), ("publish", 422)):
        sent = {**fields, "do": do, **({"content": ""} if status == 422 else {})}
        said = await bob.post("/write", status=status, **sent)
        assert 'name="secret" type="checkbox" value="on" checked' in said
    await bob.post("/write", **{**fields, "do": "draft"})
    page = await bob.get("/drafts")
    draft = next(one["href"] for one in page.root.all("a") if "draft=" in one["href"])
    form = (await bob.get(draft)).form("/write")
    address = bob.own_page(await bob.post("/write", **{**form.fields, "do": "publish"}))
    await cho.get(address, status=404)
    post = await city.db.read(posts.by_id, int(address.rpartition("/")[2]))
    assert post is not None and post.visibility == "secret"


@pytest.mark.parametrize("word", ["secret", "direct"])
async def test_apps_know_it_as_direct_and_as_secret(city: City, word: str) -> None:
    ann, bob, cho = [await app_of(city, name) for name in ("ann", "bob", "cho")]
    story = await ann.says("Hello")
    comment = await bob.says("Hush", visibility="secret", in_reply_to_id=story["id"])
    assert (comment["visibility"], comment["secret"]) == ("direct", True)
    assert [one["acct"] for one in comment["mentions"]] == ["ann"]
    answer = await ann.says("@cho yes", visibility=word, in_reply_to_id=comment["id"])
    assert (answer["visibility"], answer["secret"]) == ("direct", True)
    assert [one["acct"] for one in answer["mentions"]] == ["bob"]
    assert "secret" not in await ann.sees(story)
    for app in (cho, nobodys(city)):
        for status in (comment, answer):
            await app.sees(status, expect=404)
        context = await app.get(f"/v1/statuses/{story['id']}/context")
        assert context == {"ancestors": [], "descendants": []}
    assert (await ann.sees(story))["replies_count"] == 0
    for app in (ann, bob):
        context = await app.get(f"/v1/statuses/{story['id']}/context")
        assert [one["id"] for one in context["descendants"]] == [comment["id"], answer["id"]]
    told = await ann.get("/v1/notifications")
    assert [one["status"]["id"] for one in told] == [comment["id"]]
    assert await cho.get("/v1/notifications") == []


async def test_apps_are_told_why_there_can_be_no_secret_comment(city: City) -> None:
    ann, bob = [await app_of(city, name) for name in ("ann", "bob")]
    said = await bob.says("Hush", visibility="secret", expect=422)
    assert said["error"] == "Only a comment can be secret. Answer a story, or a comment below it."
    await ann.ask(
        "PATCH",
        "/v1/accounts/update_credentials",
        json={"source": {"privacy": "secret"}},
        expect=422,
    )
