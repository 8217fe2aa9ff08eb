"""What other software sends and we never do: taken for what it means, or ignored without harm.

The shapes are those of INTEROP, told by a scripted server.
"""

from typing import Any

import msgspec
import pytest

from federation.vocab import PUBLIC
from server.model import Post
from server.services import reading
from server.store import media
from tests.together.conftest import NewPeer
from tests.together.peer import Peer, Somebody
from tests.village import City, Village

TABLES = ("account", "favourite", "boost", "follow", "home", "job", "notification", "post")


async def counts(city: City) -> dict[str, int]:
    """How much there is of everything."""
    return {table: await city.count(table) for table in TABLES}


async def reader(village: Village, far: Peer, *, group: bool = False) -> tuple[City, Somebody]:
    """Ann on alpha, who follows Eve (a person, or a group) on a scripted server."""
    alpha = await village("alpha.test")
    await alpha.join("ann")
    eve = far.person("eve", "Group" if group else "Person")
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    await village.settle()
    return alpha, eve


async def arrives(
    village: Village, alpha: City, far: Peer, author: Somebody, written: dict[str, Any]
) -> Post:
    """Send a Create and give back the post that it became."""
    assert await far.send(alpha, author, far.creates(author, written)) == 202
    await village.settle()
    post = await alpha.post_at(written["id"])
    assert post is not None, written
    return post


# --- Lemmy


async def test_a_group_of_lemmy_brings_threads_comments_and_votes(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, group = await reader(village, far, group=True)
    bo = far.person("bo")
    audience: dict[str, Any] = {"to": [group.uri, PUBLIC], "cc": [], "audience": group.uri}
    page = far.note(
        bo,
        "<p>Body</p>",
        type="Page",
        name="A thread",
        mediaType="text/html",
        source={"content": "Body", "mediaType": "text/markdown"},
        attachment=[{"type": "Link", "href": "https://news.example/story"}],
        **audience,
    )
    comment = far.note(bo, "<p>First!</p>", inReplyTo=page["id"], tag=[], **audience)
    vote = far.does("Like", bo, page["id"], audience=group.uri)
    for inner in (far.creates(bo, page), far.creates(bo, comment), vote):
        announced = far.does("Announce", group, inner, cc=[group.followers])
        assert await far.send(alpha, group, announced) == 202
        await village.settle()
    thread = await alpha.post_at(page["id"])
    assert thread is not None
    assert (thread.kind, thread.title, thread.replies, thread.likes) == ("page", "A thread", 1, 1)
    assert [post.uri for post in await alpha.home("ann")] == [page["id"]]
    _, below = await alpha.thread(thread.id)
    assert [view.post.uri for view in below] == [comment["id"]]
    author = await alpha.one(thread.author_id)
    assert author.acct == "bo@far.test"


async def test_a_group_is_not_believed_about_what_others_wrote(
    village: Village, peer: NewPeer
) -> None:
    far, other = await peer(), await peer("other.test")
    alpha, group = await reader(village, far, group=True)
    bo = other.person("bo")
    real = other.note(bo, "<p>What Bo wrote</p>")
    forged = {**real, "content": "<p>What Bo never wrote</p>"}
    invented = {**real, "id": "http://other.test/notes/99"}
    for note in (forged, invented):
        announced = far.does("Announce", group, other.creates(bo, note))
        assert await far.send(alpha, group, announced) == 202
        await village.settle()
    post = await alpha.post_at(real["id"])
    assert post is not None and post.content == "<p>What Bo wrote</p>"
    assert await alpha.post_at(invented["id"]) is None


# --- GoToSocial


async def test_gotosocial_is_understood_and_answered(village: Village, peer: NewPeer) -> None:
    far = await peer(takes=("cavage",), signed_gets=True)
    alpha = await village("alpha.test")
    ann = await alpha.join("ann")
    zork = far.person("zork", key_path="/main-key", endpoints=None)
    follow = far.does("Follow", zork, ann.uri, to=ann.uri)
    assert await far.send(alpha, zork, follow) == 202
    await village.settle()
    assert far.got("Accept")[0]["object"]["id"] == follow["id"]
    note = far.note(
        zork,
        "<p>Hi @ann</p>",
        to="as:Public",
        cc=ann.uri,
        tag={"type": "Mention", "href": ann.uri, "name": "@ann@alpha.test"},
        attachment={
            "type": "Document",
            "url": "http://far.test/m.jpg",
            "mediaType": "image/jpeg",
            "summary": "A sloth",
        },
        interactionPolicy={"canLike": {"automaticApproval": PUBLIC}},
    )
    post = await arrives(village, alpha, far, zork, note)
    assert post.visibility == "public"
    assert ("mention", "zork@far.test") in await alpha.notices("ann")
    pictures = (await alpha.db.read(media.of_posts, [post.id]))[post.id]
    assert [(one.alt, one.kind) for one in pictures] == [("A sloth", "image")]
    reply = await alpha.write("ann", "Hello", reply_to_id=post.id)
    await village.settle()
    created = far.got("Create")[-1]["object"]
    assert (created["id"], created["inReplyTo"]) == (reply.uri, note["id"])
    for name in ("to", "cc", "tag", "attachment"):
        assert isinstance(created[name], list)


async def test_a_flag_of_gotosocial_is_kept(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann = await alpha.join("ann")
    note = await alpha.write("ann", "Rude")
    instance = far.person("instance", "Application")
    flag = far.does("Flag", instance, [ann.uri, note.uri], content="Not nice", to=None)
    assert await far.send(alpha, instance, flag) == 202
    found = await alpha.rows("SELECT target_id, objects, comment FROM report")
    assert [(row["target_id"], row["comment"]) for row in found] == [(ann.id, "Not nice")]
    assert msgspec.json.decode(found[0]["objects"]) == [ann.uri, note.uri]


# --- snac2


async def test_snac_follows_and_takes_it_back_in_its_own_way(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann = await alpha.join("ann", locked=True)
    eve = far.person("eve")
    follow = {
        name: value for name, value in far.does("Follow", eve, ann.uri).items() if name != "to"
    }
    assert await far.send(alpha, eve, follow) == 202
    assert await alpha.notices("ann") == [("follow_request", "eve@far.test")]
    undo = far.does("Undo", eve, ann.uri, to=None, id=f"{ann.uri}/Undo_1700000000.1")
    assert await far.send(alpha, eve, undo) == 202
    await village.settle()
    assert await alpha.count("follow") == 0


async def test_snacs_empty_fields_mean_nothing(village: Village, peer: NewPeer) -> None:
    far = await peer()
    alpha, eve = await reader(village, far)
    note = far.note(
        eve, "<p>quiet</p>", to=[], cc=[PUBLIC], inReplyTo=None, tag=[], attachment=[], summary=""
    )
    note = far.serve({**note, "inReplyTo": None, "context": None})
    post = await arrives(village, alpha, far, eve, note)
    assert (post.visibility, post.reply_to_uri, post.warning) == ("unlisted", None, "")


# --- Mastodon, and kinds of objects


async def test_custom_emojis_arrive_with_names_and_posts(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    icon = {"type": "Image", "mediaType": "image/png", "url": "http://far.test/blob.png"}
    tag = [{"type": "Emoji", "name": ":blob:", "icon": icon, "id": "http://far.test/emojis/1"}]
    eve = far.person("eve", name="Eve :blob:", tag=tag)
    found = await alpha.knows("@eve@far.test")
    expected = [["blob", "http://far.test/blob.png"]]
    assert msgspec.json.decode(found.emojis) == expected
    ann = alpha.people["ann"].uri
    note = far.note(eve, "<p>:blob:</p>", tag=tag, cc=[ann], contentMap={"ko": "<p>:blob:</p>"})
    post = await arrives(village, alpha, far, eve, note)
    assert msgspec.json.decode(post.emojis) == expected
    assert post.language == "ko"


async def test_a_poll_is_shown_and_its_votes_follow(village: Village, peer: NewPeer) -> None:
    far = await peer()
    alpha, eve = await reader(village, far)

    def answers(tea: int, rice: int) -> list[dict[str, Any]]:
        return [
            {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
            for name, votes in (("Tea", tea), ("Rice", rice))
        ]

    poll = far.note(
        eve,
        "<p>Which?</p>",
        type="Question",
        oneOf=answers(0, 0),
        votersCount=0,
        endTime="2030-01-01T00:00:00Z",
    )
    post = await arrives(village, alpha, far, eve, poll)
    assert post.kind == "question"
    assert [option[0] for option in msgspec.json.decode(post.extra)["options"]] == ["Tea", "Rice"]
    changed = far.serve({**poll, "oneOf": answers(2, 1), "votersCount": 3})
    assert await far.send(alpha, eve, far.does("Update", eve, changed)) == 202
    await village.settle()
    now = await alpha.post_at(poll["id"])
    assert now is not None
    extra = msgspec.json.decode(now.extra)
    assert (extra["options"], extra["voters"]) == ([["Tea", 2], ["Rice", 1]], 3)
    assert len(await alpha.db.read(reading.history, None, now.id)) == 1  # votes are no edit


LINKS = [
    {"type": "Link", "mediaType": "text/html", "href": "http://far.test/w/1"},
    {"type": "Link", "mediaType": "video/mp4", "href": "http://far.test/1.mp4", "height": 480},
]
KINDS: dict[str, dict[str, Any]] = {
    "Article": {"name": "Titled", "summary": "<p>Lead</p>"},
    "Page": {"name": "Titled"},
    "Event": {
        "name": "Titled",
        "startTime": "2026-12-01T10:00:00Z",
        "endTime": "2026-12-01T12:00:00Z",
        "location": {"type": "Place", "name": "Hall", "address": {"addressLocality": "Town"}},
    },
    "Video": {
        "name": "Titled",
        "url": LINKS,
        "icon": [{"type": "Image", "url": "http://far.test/1.jpg"}],
    },
    "Image": {"name": "Titled", "url": "http://far.test/1.jpg", "mediaType": "image/jpeg"},
    "Audio": {
        "name": "Titled",
        "url": [{"type": "Link", "mediaType": "audio/ogg", "href": "http://far.test/1.ogg"}],
    },
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_object_is_shown_sensibly(
    village: Village, peer: NewPeer, kind: str
) -> None:
    far = await peer()
    alpha, eve = await reader(village, far)
    written = far.note(eve, "<p>Text</p>", type=kind, **KINDS[kind])
    post = await arrives(village, alpha, far, eve, written)
    assert (post.kind, post.title) == (kind.lower(), "Titled")
    assert [one.uri for one in await alpha.home("ann")] == [post.uri]
    async with alpha.client.get(
        f"/@eve@far.test/{post.id}", headers={"Accept": "text/html"}
    ) as page:
        assert page.status == 200, await page.text()
        text = await page.text()
    assert "Titled" in text
    if kind == "Video":
        assert post.url == "http://far.test/w/1"
    if kind == "Event":
        assert "Hall" in text


async def test_a_video_of_peertube_belongs_to_its_person(village: Village, peer: NewPeer) -> None:
    far = await peer()
    alpha, eve = await reader(village, far)
    channel = far.person("channel", "Group")
    video = far.note(
        eve,
        "<p>Text</p>",
        type="Video",
        name="Film",
        url=LINKS,
        attributedTo=[{"type": "Person", "id": eve.uri}, {"type": "Group", "id": channel.uri}],
    )
    post = await arrives(village, alpha, far, eve, video)
    assert (await alpha.one(post.author_id)).uri == eve.uri


@pytest.mark.parametrize(
    ("kind", "object"),
    [
        ("Create", {"type": "Listen", "id": "http://far.test/x/1"}),
        ("Create", {"type": ["Note", "Thing"]}),
        ("Create", "http://far.test/x/nothing"),
        ("Update", {"type": "Widget", "id": "http://far.test/x/1"}),
        ("Dislike", "http://alpha.test/objects/1"),
        ("EmojiReact", "http://alpha.test/objects/1"),
        ("Like", "http://alpha.test/objects/1"),
        ("Announce", "http://far.test/x/nothing"),
        ("Announce", {"type": "Delete", "id": "http://far.test/d/1", "object": "http://far.test/x"}),
        ("View", {"type": "Video", "id": "http://far.test/x/1"}),
        ("Undo", {"type": "EmojiReact", "id": "http://far.test/x/1", "actor": "http://far.test/users/eve"}),
        ("Accept", "http://alpha.test/activities/1"),
        ("Add", "http://far.test/x/1"),
        ("QuoteRequest", "http://alpha.test/objects/1"),
        ("Delete", "http://far.test/x/nothing"),
        ("Move", "http://far.test/users/other"),
    ],
)  # fmt: skip
async def test_what_is_unknown_is_ignored_without_harm(
    village: Village, peer: NewPeer, kind: str, object: Any
) -> None:
    far = await peer()
    alpha, eve = await reader(village, far)
    before = await counts(alpha)
    assert await far.send(alpha, eve, far.does(kind, eve, object)) in (202, 400)
    await village.settle()
    assert await counts(alpha) == before


async def test_an_embedded_note_in_a_boost_is_read_where_it_lives(
    village: Village, peer: NewPeer
) -> None:
    far, other = await peer(), await peer("other.test")
    alpha, eve = await reader(village, far)
    bo = other.person("bo")
    note = other.note(bo, "<p>True</p>")
    boost = far.does("Announce", eve, {**note, "content": "<p>False</p>"}, cc=[eve.followers])
    assert await far.send(alpha, eve, boost) == 202
    await village.settle()
    post = await alpha.post_at(note["id"])
    assert post is not None and (post.content, post.boosts) == ("<p>True</p>", 1)
    assert [one.uri for one in await alpha.home("ann")] == [note["id"]]


async def test_what_concerns_nobody_here_is_not_kept(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = far.person("eve")
    assert await far.send(alpha, eve, far.creates(eve, far.note(eve))) == 202
    await village.settle()
    assert await alpha.count("post") == 0


async def test_a_pin_of_a_post_that_we_do_not_have_brings_it(
    village: Village, peer: NewPeer
) -> None:
    far = await peer()
    alpha, eve = await reader(village, far)
    note = far.note(eve, "<p>Pinned</p>")
    target = eve.document["featured"]
    assert await far.send(alpha, eve, far.does("Add", eve, note["id"], target=target)) == 202
    await village.settle()
    post = await alpha.post_at(note["id"])
    assert post is not None and post.pinned_ms
    assert await far.send(alpha, eve, far.does("Remove", eve, note["id"], target=target)) == 202
    await village.settle()
    now = await alpha.post_at(note["id"])
    assert now is not None and now.pinned_ms is None
