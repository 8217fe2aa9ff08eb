"""What strangers read of us: documents for whom they are, and nothing private to anybody else."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from federation import signature
from federation.keys import SigningKey
from server.model import Post
from server.services import departures, follows, posts
from server.store import accounts as account_store
from server.store import hosts
from tests.together.peer import Peer, Somebody
from tests.village import City, Village
from web import activitypub, actor_lists, inbox
from web.failures import MACHINES
from web.keys import FETCHER

ACTIVITY = {"Accept": "application/activity+json"}
SECRET = "hidden-word-4711"


class Scene:
    """Alpha with ann, and what she wrote for everybody, for followers and for bob alone."""

    def __init__(self, city: City, far: Peer) -> None:
        self.city = city
        self.far = far
        self.posts: dict[str, Post] = {}
        self.eve: Somebody = far.person("eve")
        self.max: Somebody = far.person("max")

    async def get(
        self, path: str, by: Somebody | None = None, key: SigningKey | None = None, **more: str
    ) -> tuple[int, str, Any]:
        """Status, text and headers of an answer, to a signed request where somebody asks."""
        headers = {**ACTIVITY, **more}
        if by:
            url = f"{self.city.origin}{path}"
            headers |= signature.sign("GET", url, None, key or by.key, self.city.clock())
        async with self.city.client.get(path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
async def village(tmp_path: Any, new_database: Callable[[], str]) -> AsyncIterator[Village]:
    started = Village(tmp_path, new_database)
    yield started
    await started.close()


async def _scene(village: Village, *, followed: bool = True, **federation: Any) -> Scene:
    city = await village("alpha.test", **federation)
    await city.join("ann")
    await city.join("bob")
    far = Peer("far.test", village)
    await far.start()
    scene = Scene(city, far)
    for name in ("eve", "max"):
        await city.knows(f"@{name}@far.test")
    if followed:
        follow = far.does("Follow", scene.eve, city.people["ann"].uri)
        assert await far.send(city, scene.eve, follow) == 202
    for visibility in ("public", "unlisted", "followers", "direct"):
        words = f"{SECRET if visibility in ('followers', 'direct') else 'open'} #market @bob"
        scene.posts[visibility] = await city.write("ann", words, visibility=visibility)
    await village.settle()
    return scene


@pytest.fixture
async def scene(village: Village) -> AsyncIterator[Scene]:
    made = await _scene(village)
    yield made
    await made.far.close()


def path(uri: str) -> str:
    return "/" + uri.split("/", 3)[3]


@pytest.mark.parametrize("visibility", ["followers", "direct"])
async def test_a_private_post_is_not_there_for_strangers(scene: Scene, visibility: str) -> None:
    at = path(scene.posts[visibility].uri)
    for tail in ("", "/replies", "/replies?page=1", "/likes", "/shares"):
        for by in (None, scene.max):
            status, text, _ = await scene.get(at + tail, by)
            assert status == 404, tail
            assert SECRET not in text and "ann" not in text
    assert (await scene.get(f"/contexts/{scene.posts[visibility].id}"))[0] == 404
    assert (await scene.get(f"/@ann/{scene.posts[visibility].id}"))[0] == 404
    status, _, headers = await scene.get(at, Accept="text/html")
    assert (status, headers.get("Location")) == (404, None)


async def test_a_follower_reads_what_is_for_followers_and_no_cache_keeps_it(scene: Scene) -> None:
    status, text, headers = await scene.get(path(scene.posts["followers"].uri), scene.eve)
    assert status == 200 and SECRET in text
    assert headers["Cache-Control"] == "private, no-store"
    assert "Signature" in headers["Vary"]
    assert (await scene.get(path(scene.posts["direct"].uri), scene.eve))[0] == 404


async def test_a_forged_signature_reads_nothing_private(scene: Scene) -> None:
    stolen = SigningKey(scene.eve.key.id, scene.max.key.private)
    status, text, _ = await scene.get(path(scene.posts["followers"].uri), scene.eve, stolen)
    assert status == 401 and SECRET not in text


async def test_who_does_not_follow_any_more_reads_it_no_more(scene: Scene) -> None:
    eve = await scene.city.knows("@eve@far.test")
    await scene.city.do(follows.block, await scene.city.one(scene.city.people["ann"].id), eve.id)
    assert (await scene.get(path(scene.posts["followers"].uri), scene.eve))[0] == 404


async def test_no_collection_and_no_page_tells_of_private_posts(scene: Scene) -> None:
    ann = path(scene.city.people["ann"].uri)
    public = path(scene.posts["public"].uri)

    async def answer(author: str, to: str) -> None:
        await scene.city.write(author, SECRET, reply_to_id=scene.posts["public"].id, visibility=to)

    await answer("bob", "followers")
    await answer("ann", "direct")
    documents = [
        ann, f"{ann}/outbox", f"{ann}/outbox?page=1", f"{ann}/featured", f"{public}/replies",
        f"{public}/replies?page=1", f"/contexts/{scene.posts['public'].id}", public, "/@ann",
    ]  # fmt: skip
    for at in documents:
        status, text, _ = await scene.get(at)
        assert status == 200 and SECRET not in text, at
        for visibility in ("followers", "direct"):
            assert scene.posts[visibility].uri not in text, at
    assert (await scene.city.get(f"{public}/replies"))["totalItems"] == 0
    for at in ("/", "/local", "/@ann", f"/@ann/{scene.posts['public'].id}", "/tags/market",
               f"/search?q={SECRET}", "/search?q=market", "/federated"):  # fmt: skip
        status, text, _ = await scene.get(at, Accept="text/html")
        assert status in (200, 302, 303), at
        assert SECRET not in text or SECRET in at, at  # the search box repeats it
        for visibility in ("followers", "direct"):
            assert str(scene.posts[visibility].id) not in text, at


@pytest.mark.parametrize("visibility", ["followers", "direct"])
async def test_what_was_private_leaves_no_grave(scene: Scene, visibility: str) -> None:
    ann = await scene.city.one(scene.city.people["ann"].id)
    await scene.city.do(posts.delete, ann, scene.posts[visibility].id)
    status, text, _ = await scene.get(path(scene.posts[visibility].uri))
    assert status == 404 and "Tombstone" not in text


async def test_a_deleted_post_answers_410_with_a_tombstone(scene: Scene) -> None:
    ann = await scene.city.one(scene.city.people["ann"].id)
    await scene.city.do(posts.delete, ann, scene.posts["public"].id)
    status, text, _ = await scene.get(path(scene.posts["public"].uri))
    assert status == 410 and "Tombstone" in text and "open" not in text


async def test_nothing_of_a_suspended_account_is_served(scene: Scene) -> None:
    ann = scene.city.people["ann"]
    await scene.city.db.write(account_store.set_columns, ann.id, state="suspended")
    tails = ("", "/outbox", "/outbox?page=1", "/followers", "/following", "/featured")
    for at in (*(path(ann.uri) + tail for tail in tails), path(scene.posts["public"].uri)):
        assert (await scene.get(at))[0] == 404, at


async def test_where_every_reader_must_be_known_strangers_read_nothing(village: Village) -> None:
    scene = await _scene(village, followed=False, authorized_fetch=True)
    ann = path(scene.city.people["ann"].uri)
    at = path(scene.posts["public"].uri)
    for one in (ann, f"{ann}/outbox", f"{ann}/followers", f"{ann}/featured", at, f"{at}/replies",
                f"/contexts/{scene.posts['public'].id}", "/@ann"):  # fmt: skip
        assert (await scene.get(one))[0] == 401, one
        status, _, headers = await scene.get(one, scene.max)
        assert status == 200 and headers["Cache-Control"] == "private, no-store", one
    assert (await scene.get("/actor"))[0] == 200
    max_ = await scene.city.knows("@max@far.test")
    await scene.city.do(follows.block, await scene.city.one(scene.city.people["ann"].id), max_.id)
    assert (await scene.get(at, scene.max))[0] == 404
    await scene.far.close()


async def test_whoever_is_deleted_is_no_reader_from_that_moment_on(village: Village) -> None:
    """Their key is forgotten with them, and asked for anew: nobody has it any more."""
    scene = await _scene(village, followed=False, authorized_fetch=True)
    at = path(scene.posts["public"].uri)
    assert (await scene.get(at, scene.eve))[0] == 200
    goes = scene.far.does("Delete", scene.eve, scene.eve.uri)
    assert await scene.far.send(scene.city, scene.eve, goes) == 202
    scene.far.withdraw(scene.eve.document)
    assert (await scene.get(at, scene.eve))[0] == 401
    assert (await scene.get(at, scene.max))[0] == 200
    await scene.far.close()


async def test_readers_from_a_blocked_host_are_nobody(scene: Scene) -> None:
    from_far = path(scene.posts["followers"].uri)
    assert (await scene.get(from_far, scene.eve))[0] == 200
    await scene.city.db.write(hosts.set_rule, "far.test", "block", "", scene.city.clock())
    scene.city.app[FETCHER].hosts.forget_rules()
    assert (await scene.get(from_far, scene.eve))[0] in (401, 404)


async def test_a_flood_of_forged_readers_is_answered_without_work(scene: Scene) -> None:
    stolen = SigningKey(scene.eve.key.id, scene.max.key.private)
    at = path(scene.posts["followers"].uri)
    scene.city.clock.stop()
    answers = [(await scene.get(at, scene.eve, stolen))[0]]
    while answers[-1] == 401 and len(answers) < 110:
        answers.append((await scene.get(at, scene.eve, stolen))[0])
    assert (answers[0], answers[-1]) == (401, 429)


async def test_an_unknown_etag_and_a_known_one(scene: Scene) -> None:
    at = path(scene.posts["public"].uri)
    _, _, headers = await scene.get(at)
    status, text, _ = await scene.get(at, **{"If-None-Match": headers["ETag"]})
    assert (status, text) == (304, "")


async def test_follows_can_be_paged_to_their_end(scene: Scene) -> None:
    at = path(scene.city.people["ann"].uri) + "/followers"
    whole = await scene.city.get(at)
    page = await scene.city.get(path(whole["first"]))
    assert (whole["totalItems"], page["orderedItems"]) == (1, [scene.eve.uri])
    assert "next" not in page


async def test_an_inbox_that_is_nobodys_is_not_there_and_one_of_the_past_is_gone(
    scene: Scene,
) -> None:
    ann = scene.city.people["ann"]
    await scene.city.do(departures.delete, await scene.city.one(ann.id))
    like = scene.far.does("Like", scene.eve, scene.posts["public"].uri)
    for id, expected in ((ann.id, 410), (12345, 404), ("abc", 404)):
        at = f"/actors/{id}/inbox"
        assert await scene.far.send(scene.city, scene.eve, like, inbox=at) == expected
        async with scene.city.client.post(
            at, data=b"{}", headers={"Content-Type": ACTIVITY["Accept"]}
        ) as answer:
            assert answer.status == 401  # whose inbox it is, is told to peers alone


async def test_a_wrong_signature_does_not_tell_a_private_post_from_none(scene: Scene) -> None:
    nothing = f"/objects/{scene.posts['direct'].id + 1}"
    for at in (nothing, *(path(scene.posts[level].uri) for level in ("followers", "direct"))):
        assert (await scene.get(at, Signature="nonsense"))[0] == 401, at
        assert (await scene.get(at))[0] == 404, at


def test_who_asks_for_a_document_gets_no_page_where_there_is_none() -> None:
    routes = (*activitypub.routes, *actor_lists.routes, *inbox.routes)
    assert [route.path for route in routes if not route.path.startswith(MACHINES)] == []
