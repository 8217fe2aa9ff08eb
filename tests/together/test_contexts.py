"""Conversations that are whole: contexts offered, kept, and walked. FEP-7888, f228, 11dd."""

from typing import Any

import msgspec
import pytest
from aiohttp import web

from federation.vocab import ACTIVITY_JSON, AS_CONTEXT, PUBLIC
from server import keyring, walking
from server.services import communities, contexts, posts
from server.store import hosts
from server.store import posts as store
from tests.together.conftest import NewPeer
from tests.together.peer import Peer, Somebody
from tests.village import City, Village
from web.keys import SITE, VAULT, WALKER, WORKER

MINUTE = 60_000


async def walked(city: City, uri: str) -> int:
    """Walk the thread of a post; how many were new."""
    here = await city.post_at(uri)
    assert here is not None
    new: list[None] = []
    await city.app[WALKER].walk(here.id, lambda: new.append(None))
    return len(new)


def listing(far: Peer, path: str, items: list[Any], **more: Any) -> str:
    """An OrderedCollection that the server serves."""
    uri = f"{far.origin}{path}"
    far.serve({"id": uri, "type": "OrderedCollection", "orderedItems": items, **more})
    return uri


async def met(village: Village, peer: NewPeer) -> tuple[City, Peer, Somebody]:
    """A city where ann lives, and a server where eve does."""
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    return alpha, far, far.person("eve")


# --- ours, as others read it


async def test_a_context_for_nodebb_and_piefed_is_chronological_with_its_root_first(
    village: Village,
) -> None:
    alpha = await village("alpha.test")
    ann = await alpha.join("ann")
    root = await alpha.write("ann", "Root")
    one = await alpha.write("ann", "One", reply_to_id=root.id)
    await alpha.write("ann", "Quiet", reply_to_id=root.id, visibility="followers")
    gone = await alpha.write("ann", "Gone", reply_to_id=one.id)
    two = await alpha.write("ann", "Two", reply_to_id=one.id)
    await alpha.do(posts.delete, await alpha.me("ann"), gone.id)
    path = f"/contexts/{root.id}"
    body = await alpha.get(path)
    assert {key: value for key, value in body.items() if key != "@context"} == {
        "id": f"{alpha.origin}{path}",
        "type": "OrderedCollection",
        "totalItems": 3,
        "orderedItems": [root.uri, one.uri, two.uri],
        "attributedTo": ann.uri,
    }
    for post in (root, one, two):
        assert (await alpha.get(f"/objects/{post.id}"))["context"] == body["id"]
    async with alpha.client.get(path, headers={"Accept": ACTIVITY_JSON}) as answer:
        etag = answer.headers["ETag"]
    asked = {"Accept": ACTIVITY_JSON, "If-None-Match": etag}
    async with alpha.client.get(path, headers=asked) as answer:
        assert answer.status == 304
    await alpha.write("ann", "Three", reply_to_id=two.id)
    async with alpha.client.get(path, headers=asked) as answer:
        assert answer.status == 200
    async with alpha.client.get(f"/contexts/{two.id}", headers=asked) as answer:
        assert answer.status == 404  # it begins no thread


async def test_a_long_context_has_pages_with_the_right_total(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "PAGE", 2)
    alpha = await village("alpha.test")
    await alpha.join("ann")
    root = await alpha.write("ann", "Root")
    rest = [await alpha.write("ann", f"{n}", reply_to_id=root.id) for n in range(4)]
    whole = await alpha.get(f"/contexts/{root.id}")
    assert whole["totalItems"] == 5 and "orderedItems" not in whole
    found, at = [], whole["first"]
    while at:
        page = await alpha.get(at.removeprefix(alpha.origin))
        assert page["partOf"] == whole["id"] and page["type"] == "OrderedCollectionPage"
        found += page["orderedItems"]
        at = page.get("next")
    assert found == [root.uri, *(post.uri for post in rest)]
    for wrong in ("0", "-1", "x", "9" * 30, "%EF%BC%91"):
        async with alpha.client.get(
            f"/contexts/{root.id}?page={wrong}", headers={"Accept": ACTIVITY_JSON}
        ) as answer:
            assert answer.status == 404


# --- theirs, kept by our answers


async def test_a_reply_to_a_stranger_keeps_the_context_of_nodebb(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    topic = "http://far.test/topic/9"
    root = far.note(eve, context=topic)
    here: Any = await alpha.find(root["id"])
    mine = await alpha.write("ann", "Me too", reply_to_id=here.id)
    deep = await alpha.write("ann", "And more", reply_to_id=mine.id)
    await village.settle()
    for post in (mine, deep):
        assert (await alpha.get(f"/objects/{post.id}"))["context"] == topic
    told = [one["object"] for one in far.got("Create")]
    assert [one["context"] for one in told] == [topic, topic]


async def test_a_reply_to_a_stranger_without_a_context_invents_none(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    here: Any = await alpha.find(far.note(eve)["id"])
    mine = await alpha.write("ann", "Me too", reply_to_id=here.id)
    assert "context" not in await alpha.get(f"/objects/{mine.id}")


async def test_in_our_thread_an_answer_keeps_our_context_whatever_a_stranger_named(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    root = await alpha.write("ann", "Root")
    reply = far.note(eve, inReplyTo=root.uri, context="http://far.test/contexts/mine")
    assert await far.send(alpha, eve, far.creates(eve, reply)) == 202
    await village.settle()
    here = await alpha.post_at(reply["id"])
    assert here is not None
    mine = await alpha.write("ann", "Yes", reply_to_id=here.id)
    assert (await alpha.get(f"/objects/{mine.id}"))["context"].endswith(f"/contexts/{root.id}")


async def test_nobody_gets_into_a_conversation_of_ours_by_naming_it(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    root = await alpha.write("ann", "Root")
    stray = far.note(eve, context=f"{alpha.origin}/contexts/{root.id}")
    here: Any = await alpha.find(stray["id"])
    assert here.context_uri == "" and here.thread_id != root.id
    assert (await alpha.get(f"/contexts/{root.id}"))["totalItems"] == 1


# --- theirs, walked


async def test_a_context_of_posts_is_walked_page_by_page(village: Village, peer: NewPeer) -> None:
    alpha, far, eve = await met(village, peer)
    other = await peer("other.test")
    carl = other.person("carl")
    topic = "http://far.test/topic/9"
    root = far.note(eve, context=topic)
    one = other.note(carl, inReplyTo=root["id"])
    two = far.note(eve, inReplyTo=one["id"])
    far.serve({"id": topic, "type": "OrderedCollection", "first": f"{topic}?page=1"})
    far.serve({"id": f"{topic}?page=1", "type": "OrderedCollectionPage",
               "orderedItems": [root["id"], one["id"]], "next": f"{topic}?page=2"})  # fmt: skip
    far.serve({"id": f"{topic}?page=2", "type": "OrderedCollectionPage",
               "orderedItems": [two]})  # fmt: skip
    await alpha.find(root["id"])
    assert await walked(alpha, root["id"]) == 2
    last = await alpha.post_at(two["id"])
    first = await alpha.post_at(root["id"])
    assert last is not None and first is not None and last.thread_id == first.id
    assert await walked(alpha, root["id"]) == 0


async def test_replies_of_mastodon_are_walked_as_deep_as_they_go(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    root = far.note(eve, replies="http://far.test/r/0")
    above = root
    for n in range(6):
        answer = far.note(eve, inReplyTo=above["id"], replies=f"http://far.test/r/{n + 1}")
        uri = f"http://far.test/r/{n}"
        far.serve({"id": uri, "type": "Collection", "first": {"type": "CollectionPage",
                   "partOf": uri, "items": [answer["id"]]}})  # fmt: skip
        above = answer
    await alpha.find(root["id"])
    assert await walked(alpha, root["id"]) == 6


async def test_a_context_that_claims_posts_of_other_threads_hangs_none_of_them(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    topic = "http://far.test/topic/9"
    root, elsewhere = far.note(eve, context=topic), far.note(eve)
    await alpha.find(elsewhere["id"])
    stray = far.note(eve, inReplyTo=elsewhere["id"], context=topic)
    rootless = far.note(eve, context=topic)
    private = far.note(eve, inReplyTo=root["id"], to=[eve.followers], cc=[])
    lied = {**far.note(eve, inReplyTo=root["id"]), "id": "http://other.test/notes/1"}
    wild = [None, 7, ["x"], {}, "http://10.0.0.1/x", "http://[::1]/x", f"{alpha.origin}/objects/1"]
    listing(far, "/topic/9", [*wild, stray["id"], rootless["id"], private["id"], lied])
    await alpha.find(root["id"])
    assert await walked(alpha, root["id"]) == 0
    assert await alpha.count("post") == 2


@pytest.mark.parametrize("topic", ["http://10.0.0.1/c", "http://[::1]/c", "http://169.254.1.1/c"])
async def test_a_context_at_a_private_address_is_not_asked_for(
    village: Village, peer: NewPeer, topic: str
) -> None:
    alpha, far, eve = await met(village, peer)
    root = far.note(eve, context=topic)
    await alpha.find(root["id"])
    assert await walked(alpha, root["id"]) == 0


async def test_a_context_without_end_is_left_after_some_pages(
    village: Village, peer: NewPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MAX_POSTS", 10)
    alpha, far, eve = await met(village, peer)
    root = far.note(eve, context="http://far.test/endless")
    asked: list[int] = []

    async def endless(request: web.Request) -> web.StreamResponse:
        asked.append(number := int(request.query.get("page", 0)))
        uri = f"http://far.test{request.path_qs}"
        body = {"@context": AS_CONTEXT, "id": uri, "type": "OrderedCollectionPage",
                "next": f"http://far.test/endless?page={number + 1}",
                "orderedItems": [f"{far.origin}/none/{number}-{n}" for n in range(50)]}  # fmt: skip
        return web.Response(body=msgspec.json.encode(body), content_type=ACTIVITY_JSON)

    far.files["/endless"] = endless
    await alpha.find(root["id"])
    assert await walked(alpha, root["id"]) == 0
    assert len(asked) <= walking.MAX_PAGES
    assert sum(path.startswith("/none/") for path in far.asked) <= 10


async def test_pages_that_lead_in_a_circle_are_read_once(village: Village, peer: NewPeer) -> None:
    alpha, far, eve = await met(village, peer)
    topic = "http://far.test/topic/9"
    root = far.note(eve, context=topic)
    far.serve({"id": topic, "type": "OrderedCollection", "first": f"{topic}?page=1"})
    far.serve({"id": f"{topic}?page=1", "type": "OrderedCollectionPage",
               "orderedItems": [root["id"]], "next": topic})  # fmt: skip
    await alpha.find(root["id"])
    await walked(alpha, root["id"])
    assert far.asked.count("/topic/9") == 1


async def test_what_did_not_change_is_not_read_twice_and_a_busy_host_is_left_alone(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    topic = "http://far.test/topic/9"
    root = far.note(eve, context=topic)
    answer = far.note(eve, inReplyTo=root["id"])
    said: list[tuple[str, int]] = []
    busy = False

    async def collection(request: web.Request) -> web.StreamResponse:
        same = request.headers.get("If-None-Match", "")
        status = 429 if busy else 304 if same == '"v1"' else 200
        said.append((same, status))
        body = {"@context": AS_CONTEXT, "id": topic, "type": "OrderedCollection",
                "orderedItems": [root["id"], answer["id"]]}  # fmt: skip
        return web.Response(
            status=status,
            body=msgspec.json.encode(body) if status == 200 else b"",
            headers={"ETag": '"v1"', "Retry-After": "600"},
            content_type=ACTIVITY_JSON,
        )

    far.files["/topic/9"] = collection
    await alpha.find(root["id"])
    assert await walked(alpha, root["id"]) == 1
    assert await walked(alpha, root["id"]) == 0
    assert said == [("", 200), ('"v1"', 304)]
    busy = True
    for _ in range(3):
        await walked(alpha, root["id"])
    assert len(said) == 3
    alpha.clock.ahead_ms += 11 * MINUTE
    await walked(alpha, root["id"])
    assert len(said) == 4


async def test_a_thread_is_walked_again_with_growing_pauses_while_somebody_takes_part(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    topic = listing(far, "/topic/9", [])
    root = far.note(eve, context=topic)
    here: Any = await alpha.find(root["id"])
    assert await alpha.count("walk") == 0
    await alpha.write("ann", "Me too", reply_to_id=here.id)
    looks = []
    for _ in range(7):
        row = (await alpha.rows("SELECT due_ms, step FROM walk"))[0]
        looks.append(round((row["due_ms"] - alpha.clock()) / MINUTE))
        alpha.clock.ahead_ms += row["due_ms"] - alpha.clock() + 1
        await alpha.app[WORKER].keep_time_once()
        await village.settle()
    assert looks == [1, 5, 30, 180, 1440, 1440, 1440]
    assert far.asked.count("/topic/9") == 7
    alpha.clock.ahead_ms += 8 * 1440 * MINUTE
    await alpha.app[WORKER].keep_time_once()
    assert await alpha.count("walk") == 0


async def test_the_answer_that_was_lost_comes_with_the_next_look(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    topic = "http://far.test/topic/9"
    root = far.note(eve, context=topic)
    here: Any = await alpha.find(root["id"])
    mine = await alpha.write("ann", "Me too", reply_to_id=here.id)
    lost = far.note(eve, inReplyTo=mine.uri)
    deep = far.note(eve, inReplyTo=lost["id"])
    listing(far, "/topic/9", [root["id"], mine.uri, deep["id"]])
    alpha.clock.ahead_ms += 2 * MINUTE
    await alpha.app[WORKER].keep_time_once()
    await village.settle()
    there, above = await alpha.post_at(deep["id"]), await alpha.post_at(lost["id"])
    assert there is not None and above is not None and there.reply_to_id == above.id
    assert above.reply_to_id == mine.id and there.thread_id == here.id


async def test_an_answer_in_our_conversation_comes_although_what_it_answers_was_lost(
    village: Village, peer: NewPeer
) -> None:
    alpha, far, eve = await met(village, peer)
    root = await alpha.write("ann", "Root")
    topic = f"{alpha.origin}/contexts/{root.id}"
    lost = far.note(eve, inReplyTo=root.uri, context=topic)
    deep = far.note(eve, inReplyTo=lost["id"], context=topic)
    assert await far.send(alpha, eve, far.creates(eve, deep)) == 202
    await village.settle()
    assert (await alpha.get(f"/contexts/{root.id}"))["totalItems"] == 3
    stray = far.note(eve, inReplyTo="http://far.test/notes/none", context=f"{topic}0")
    assert await far.send(alpha, eve, far.creates(eve, stray)) == 202
    await village.settle()
    assert await alpha.post_at(stray["id"]) is None


async def test_mastodon_and_lemmy_are_both_told_of_a_comment_in_our_community(
    village: Village, peer: NewPeer
) -> None:
    alpha, masto, lemmy = await village("alpha.test"), await peer("m.test"), await peer("l.test")
    await alpha.join("ann")
    keys = keyring.make(alpha.app[VAULT])
    group = await alpha.db.write(
        communities.create,
        alpha.app[SITE],
        communities.NewCommunity(name="board", title="Board", keys=keys, kind="board"),
        alpha.clock(),
    )
    carl, bo = masto.person("carl"), lemmy.person("bo")
    follow = lemmy.does("Follow", bo, group.uri)
    assert await lemmy.send(alpha, bo, follow) == 202
    await village.settle()
    await alpha.db.write(lambda tx: hosts.speaks_groups(tx, "l.test", alpha.clock()))
    thread = await alpha.write("ann", "Words", title="A thread", community_id=group.id)
    question = masto.note(carl, inReplyTo=thread.uri, cc=[carl.followers, group.uri])
    assert await masto.send(alpha, carl, masto.creates(carl, question)) == 202
    await village.settle()
    here = await alpha.post_at(question["id"])
    assert here is not None
    await alpha.db.write(lambda tx: store.set_columns(tx, here.id, community_id=group.id))
    comment = await alpha.write("ann", "An answer", reply_to_id=here.id)
    await village.settle()
    direct = masto.got("Create")[-1]
    passed_on = lemmy.got("Announce")[-1]["object"]
    for created in (direct, passed_on):
        note = created["object"]
        assert (note["id"], note["type"]) == (comment.uri, "Note")
        assert note["inReplyTo"] == question["id"]
        assert note["context"] == f"{alpha.origin}/contexts/{thread.id}"
        assert note["audience"] == group.uri
        addressed = {*note["to"], *note["cc"]}
        assert {PUBLIC, group.uri, carl.uri} <= addressed
        mentioned = {tag["href"] for tag in note["tag"] if tag["type"] == "Mention"}
        assert {group.uri, carl.uri} <= mentioned
        assert all(isinstance(created[name], list) for name in ("to", "cc"))
