"""What people write, as it arrives elsewhere: audiences, pictures, mentions, edits, deletions."""

import msgspec
import pytest

from server.errors import Deleted, NotFound
from server.media import Picture
from server.model import Account, Post
from server.services import departures, media, pins, posts, profiles, reading, timelines
from server.services.profiles import ProfileChanges
from server.store import media as media_store
from server.store import posts as post_store
from server.store.paging import Page
from tests.village import City, Village, eventually


async def neighbours(village: Village) -> tuple[City, City]:
    """Ann on alpha, followed by Bob on beta, where Carol follows nobody."""
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await beta.join("bob")
    await beta.join("carol")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    return alpha, beta


async def may_read(city: City, name: str, post: Post) -> bool:
    """Whether one of a city's people gets to see a post."""
    try:
        await city.db.read(reading.view, city.people[name].id, post.id)
    except NotFound:
        return False
    return True


async def in_public(city: City, post: Post) -> bool:
    """Whether a visitor finds a post in the federated timeline."""
    entries = await city.db.read(timelines.federated, None, Page())
    return post.id in [entry.post_id for entry in entries]


@pytest.mark.parametrize("visibility", ["public", "unlisted", "followers", "direct"])
async def test_each_audience_is_the_same_on_the_other_side(
    village: Village, visibility: str
) -> None:
    alpha, beta = await neighbours(village)
    text = "@carol@beta.test only you" if visibility == "direct" else "Hello"
    sent = await alpha.write("ann", text, visibility=visibility)
    there = await eventually(lambda: beta.post_at(sent.uri))
    assert there.visibility == visibility
    open_to_all = visibility in ("public", "unlisted")
    assert await may_read(beta, "bob", there) is (visibility != "direct")
    assert await may_read(beta, "carol", there) is (open_to_all or visibility == "direct")
    assert await in_public(beta, there) is (visibility == "public")
    assert bool(await beta.home("bob")) is (visibility != "direct")
    mentioned = [("mention", "ann@alpha.test")] if visibility == "direct" else []
    assert await beta.notices("carol") == mentioned
    async with alpha.client.get(
        f"/objects/{sent.id}", headers={"Accept": "application/activity+json"}
    ) as answer:
        assert answer.status == (200 if open_to_all else 404)


async def test_a_direct_note_goes_to_nobody_but_those_it_names(village: Village) -> None:
    alpha, beta = await neighbours(village)
    gamma = await village("gamma.test")
    await gamma.join("dan")
    await gamma.follow("dan", "@ann@alpha.test")
    await village.settle()
    sent = await alpha.write("ann", "@carol@beta.test a secret", visibility="direct")
    await village.settle()
    assert await beta.post_at(sent.uri)
    assert await gamma.post_at(sent.uri) is None


def a_picture(name: str) -> Picture:
    """A stored picture as `server.media` describes it."""
    return Picture(
        large=f"{name * 32}.webp",
        small=f"{name * 32}.webp",
        media_type="image/webp",
        width=1200,
        height=800,
        small_width=640,
        small_height=427,
        bytes=1000,
        blurhash="LKO2?U%2Tw=w]~RBVZRi};RPxuwH",
    )


async def test_a_story_arrives_with_its_pictures_and_what_they_show(village: Village) -> None:
    alpha, beta = await neighbours(village)
    added = [
        await alpha.db.write(
            media.add, alpha.people["ann"].id, a_picture(name), alt, focus, alpha.clock()
        )
        for name, alt, focus in (("a", "배추 열두 포기", (0.5, -0.25)), ("b", "A pot", (0.0, 0.0)))
    ]
    story = await alpha.write(
        "ann",
        "## 준비\n\n소금, **고춧가루**.",
        title="김장",
        lead="이웃과 함께 담갔습니다.",
        language="ko",
        media_ids=tuple(one.id for one in added),
    )
    there = await eventually(lambda: beta.post_at(story.uri))
    assert (there.kind, there.title, there.language) == ("article", "김장", "ko")
    assert there.lead == "<p>이웃과 함께 담갔습니다.</p>"
    assert "<strong>고춧가루</strong>" in there.content and "준비" in there.content
    assert there.url == story.url
    pictures = (await beta.db.read(media_store.of_posts, [there.id]))[there.id]
    assert [(one.alt, one.kind, one.width, one.height) for one in pictures] == [
        ("배추 열두 포기", "image", 1200, 800),
        ("A pot", "image", 1200, 800),
    ]
    assert pictures[0].remote_url == f"http://alpha.test/media/{'a' * 32}.webp"
    assert (pictures[0].focus_x, pictures[0].focus_y) == (0.5, -0.25)
    assert pictures[0].blurhash == a_picture("a").blurhash


async def test_mentions_and_hashtags_are_links_and_are_known_on_both_sides(
    village: Village,
) -> None:
    alpha, beta = await neighbours(village)
    note = await alpha.write("ann", "@carol@beta.test 보세요 #김장 #Winter2026")
    there = await eventually(lambda: beta.post_at(note.uri))
    assert msgspec.json.decode(there.tags) == ["김장", "winter2026"]
    assert await beta.notices("carol") == [("mention", "ann@alpha.test")]
    carol = await beta.me("carol")
    for city, post in ((alpha, note), (beta, there)):
        found = (await city.db.read(post_store.mentioned, [post.id]))[post.id]
        assert [account.uri for account in found] == [carol.uri]
        for tag in ("김장", "winter2026"):
            entries = await city.db.read(timelines.tag, None, tag, Page())
            assert [entry.post_id for entry in entries] == [post.id]
    assert f'href="{carol.url}"' in there.content
    assert 'href="http://alpha.test/tags/' in there.content


async def test_a_content_warning_and_a_sensitive_mark_travel(village: Village) -> None:
    alpha, beta = await neighbours(village)
    note = await alpha.write("ann", "The end of the film", warning="Spoiler", sensitive=True)
    there = await eventually(lambda: beta.post_at(note.uri))
    assert (there.warning, there.sensitive) == ("Spoiler", 1)


async def test_an_edit_arrives_and_what_was_said_before_stays_in_the_history(
    village: Village,
) -> None:
    alpha, beta = await neighbours(village)
    story = await alpha.write("ann", "Thursday.", title="Meeting")
    there = await eventually(lambda: beta.post_at(story.uri))
    reply = await beta.write("bob", "See you then", reply_to_id=there.id)
    await village.settle()
    for day in ("Friday", "Saturday"):
        alpha.clock.ahead_ms += 1000
        await alpha.edit("ann", story, f"{day}, **really**.", title="Meeting")
        await village.settle()
    history = await beta.db.read(reading.history, None, there.id)
    assert [("Thursday" in h.content, "Friday" in h.content) for h in history] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    now = await beta.post_at(story.uri)
    assert now is not None and "Saturday" in now.content and now.edited_ms
    assert now.replies == 1 and await alpha.post_at(reply.uri)


async def test_a_deleted_story_is_gone_everywhere_and_its_replies_stay(village: Village) -> None:
    alpha, beta = await neighbours(village)
    story = await alpha.write("ann", "A mistake", title="Oops")
    there = await eventually(lambda: beta.post_at(story.uri))
    reply = await beta.write("bob", "Why delete?", reply_to_id=there.id)
    await village.settle()
    await alpha.do(posts.delete, await alpha.me("ann"), story.id)
    await village.settle()

    assert await beta.post_at(story.uri) is None
    assert [post.uri for post in await beta.home("bob")] == [reply.uri]
    with pytest.raises(Deleted):
        await beta.db.read(reading.view, None, there.id)
    for city in (alpha, beta):
        kept = await city.post_at(reply.uri)
        assert kept is not None and "Why delete?" in kept.content
    async with alpha.client.get(
        f"/objects/{story.id}", headers={"Accept": "application/activity+json"}
    ) as answer:
        assert answer.status == 410
        tombstone = msgspec.json.decode(await answer.read(), type=dict[str, object])
    assert (tombstone["type"], tombstone["id"]) == ("Tombstone", story.uri)
    raw = await beta.rows("SELECT content, title, source FROM post WHERE uri = :u", u=story.uri)
    assert raw == [{"content": "", "title": "", "source": ""}]


async def test_a_new_profile_is_seen_by_followers_elsewhere(village: Village) -> None:
    alpha, beta = await neighbours(village)
    changes = ProfileChanges(
        display_name="앤 이모",
        bio_source="Gardens, **books**",
        fields=(("Web", "https://ann.example"),),
        locked=True,
        avatar=f"{'c' * 32}.webp",
    )
    await alpha.do(profiles.edit_profile, await alpha.me("ann"), changes)
    await village.settle()
    there = await beta.knows("@ann@alpha.test")
    assert (there.display_name, there.locked) == ("앤 이모", 1)
    assert "<strong>books</strong>" in there.bio
    assert there.avatar == f"http://alpha.test/media/{'c' * 32}.webp"
    assert "ann.example" in there.fields and "Web" in there.fields


async def test_a_deleted_account_is_gone_with_all_it_wrote(village: Village) -> None:
    alpha, beta = await neighbours(village)
    note = await alpha.write("ann", "The first and the last")
    await eventually(lambda: beta.post_at(note.uri))
    ann = await beta.knows("@ann@alpha.test")
    await alpha.follow("ann", "@bob@beta.test")
    await village.settle()
    await alpha.do(departures.delete, await alpha.me("ann"))
    await village.settle()

    gone: Account = await beta.one(ann.id)
    assert gone.state == "gone"
    assert await beta.post_at(note.uri) is None
    assert await beta.count("follow") == 0
    bob = await beta.me("bob")
    assert (bob.followers_count, bob.following_count) == (0, 0)
    path = "/" + ann.uri.split("/", 3)[3]
    async with alpha.client.get(path, headers={"Accept": "application/activity+json"}) as answer:
        assert answer.status == 410


async def test_whoever_may_have_heard_of_somebody_hears_that_they_are_gone(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await alpha.join("al")
    await beta.join("bob")
    await alpha.follow("al", "@bob@beta.test")
    await village.settle()
    story = await beta.write("bob", "Speak up", title="Open")
    there = await eventually(lambda: alpha.post_at(story.uri))
    reply = await alpha.write("ann", "I regret this", reply_to_id=there.id)
    await eventually(lambda: beta.post_at(reply.uri))
    await alpha.do(departures.delete, await alpha.me("ann"))
    await village.settle()
    for city in (alpha, beta):
        assert await city.post_at(reply.uri) is None
        kept = await city.post_at(story.uri)
        assert kept is not None and kept.replies == 0
    path = "/" + reply.uri.split("/", 3)[3]
    async with alpha.client.get(path, headers={"Accept": "application/activity+json"}) as answer:
        assert answer.status == 410


async def test_pinned_posts_are_pinned_elsewhere_until_they_are_let_go(village: Village) -> None:
    alpha, beta = await neighbours(village)
    note = await alpha.write("ann", "Who I am")
    there = await eventually(lambda: beta.post_at(note.uri))
    await alpha.do(pins.pin, await alpha.me("ann"), note.id)
    await village.settle()
    assert [p.id for p in await beta.db.read(post_store.pinned, there.author_id)] == [there.id]
    path = "/" + (await alpha.me("ann")).featured_uri.split("/", 3)[3]
    assert (await alpha.get(path))["orderedItems"] == [note.uri]
    await alpha.do(pins.unpin, await alpha.me("ann"), note.id)
    await village.settle()
    assert await beta.db.read(post_store.pinned, there.author_id) == []
