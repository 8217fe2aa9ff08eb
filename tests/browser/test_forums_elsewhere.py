"""Forums across servers, in a real browser: a board followed from elsewhere, and one that is there.

"Mastodon" is a second instance; Lemmy is a scripted server that speaks its shapes.
"""

from typing import Any

import pytest
from playwright.async_api import expect

from federation.vocab import PUBLIC
from tests.browser.conftest import DESK, PHONE, PLAIN, NewReader
from tests.browser.people import PASSWORD, founds, join
from tests.browser.test_take_part import HANDLE
from tests.together.peer import Peer, Somebody
from tests.village import City, Village, eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CONTEXT = ["https://join-lemmy.org/context.json", "https://www.w3.org/ns/activitystreams"]


@pytest.mark.parametrize("how", [DESK, PLAIN], ids=["desk", "phone without scripts"])
async def test_a_visitor_follows_a_board_from_their_own_server_and_answers_there(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await alpha.join("ann")
    await join(beta, "bob")
    garden = await founds(alpha, "garden", title="Plots", kind="board")
    bob = await reader(alpha, **how)

    await bob.goes("/boards")
    await bob.follows("Plots")
    await bob.follows("Join in")
    await bob.sees("@garden@alpha.test")
    await bob.types(HANDLE, "@bob@beta.test")
    await bob.presses("Go on at my server")
    await bob.types("Name or email address", "bob")
    await bob.types("Password", PASSWORD)
    await bob.presses("Sign in")
    assert bob.page.url == "http://beta.test/@garden@alpha.test#follow"
    await bob.acts("Follow")
    await village.settle()

    asked = await alpha.write("ann", "I need ten.", title="Who has beans?", community_id=garden.id)
    await village.settle()
    await bob.goes("http://beta.test/home")
    await bob.follows("Who has beans?")
    await bob.page.locator("#reply textarea").fill("I have twelve")
    await bob.presses("Comment")
    await village.settle()
    ann = await reader(alpha, "ann", **how)
    await ann.goes(f"/@ann/{asked.id}")
    await ann.sees("I have twelve")
    await expect(ann.main().locator(".crumb").first).to_contain_text("Plots")


def tells(far: Peer, group: Somebody, inner: dict[str, Any]) -> dict[str, Any]:
    """Lemmy's Announce of what somebody did in a community."""
    announce = far.does("Announce", group, inner)
    return {**announce, "@context": CONTEXT, "cc": [group.followers]}


def written(far: Peer, author: Somebody, group: Somebody, content: str, **more: Any) -> Any:
    """A Page or Note in Lemmy's words, which is served too."""
    body = {
        "to": [group.uri, PUBLIC],
        "cc": [],
        "audience": group.uri,
        "mediaType": "text/html",
        "source": {"content": content, "mediaType": "text/markdown"},
        "attachment": [],
        "sensitive": False,
        "language": {"identifier": "en", "name": "English"},
        "tag": [],
        **more,
    }
    return far.note(author, f"<p>{content}</p>", **body)


async def gardens(village: Village) -> tuple[Peer, Somebody, Somebody]:
    """A Lemmy with a community, and rowan who writes there."""
    far = Peer("lemmy.test", village, takes=("cavage",))
    await far.start()
    group = far.person(
        "gardens",
        "Group",
        name="Gardens",
        attributedTo=f"{far.origin}/users/gardens/moderators",
        postingRestrictedToMods=False,
    )
    for name in ("moderators", "featured", "outbox"):
        empty = {"type": "OrderedCollection", "totalItems": 0, "orderedItems": []}
        far.serve({"id": f"{group.uri}/{name}", **empty})
    return far, group, far.person("rowan")


async def received(far: Peer, kind: str) -> Any:
    """The last of a kind that came to it."""
    return await eventually(lambda: _last(far, kind))


async def _last(far: Peer, kind: str) -> Any:
    return next(reversed(far.got(kind)), None)


async def test_a_citizen_joins_a_lemmy_community_and_argues_there(
    village: Village, reader: NewReader
) -> None:
    alpha: City = await village("alpha.test")
    await alpha.join("ann")
    far, group, rowan = await gardens(village)
    try:
        ann = await reader(alpha, "ann", **PHONE)
        await ann.goes("/search?q=%21gardens%40lemmy.test")
        await ann.acts("Follow")
        follow = await received(far, "Follow")
        assert follow["object"] == group.uri
        await far.accepts(alpha, group)
        await village.settle()

        page = written(far, rowan, group, "Which one drains?", type="Page", name="Moss or gravel?")
        assert await far.send(alpha, group, tells(far, group, far.creates(rowan, page))) == 202
        await village.settle()
        await ann.goes("/@gardens@lemmy.test")
        await ann.follows("Moss or gravel?")
        await ann.page.locator("#reply textarea").fill("Gravel, by far")
        await ann.presses("Comment")
        made = await received(far, "Create")
        comment = made["object"]
        me = await alpha.me("ann")
        assert (made["actor"], comment["type"]) == (me.uri, "Note")
        assert comment["inReplyTo"] == page["id"]
        assert comment["audience"] == made["audience"] == group.uri
        assert {group.uri, PUBLIC} <= {*comment["to"], *comment["cc"]}
        assert isinstance(comment["tag"], list) and isinstance(comment["attachment"], list)
        assert isinstance(made["to"], list) and isinstance(made["cc"], list)

        answer = written(far, rowan, group, "Moss drinks more", inReplyTo=comment["id"])
        told = tells(far, group, far.creates(rowan, answer))
        assert await far.send(alpha, group, told) == 202
        await village.settle()
        here = await alpha.post_at(page["id"])
        assert here is not None
        await ann.goes(f"/@rowan@lemmy.test/{here.id}")
        await ann.sees("Moss drinks more")
        await ann.acts("Vote for")
        like = await received(far, "Like")
        assert (like["actor"], like["object"]) == (me.uri, page["id"])
        assert like["audience"] == group.uri
        await ann.goes_again()
        await expect(ann.button("Vote for")).to_have_attribute("aria-pressed", "true")
        await ann.acts("Vote against")
        assert (await received(far, "Dislike"))["object"] == page["id"]
    finally:
        await far.close()
