"""What Lemmy 0.19 and Lemmy 1.0 demand of what we send, and how they differ in what they send.

Read from the structures that each of them parses into (serde): what is required there, and what may
be one value or must be a list.
"""

from typing import Any, Final

import pytest

from federation.vocab import PUBLIC
from server.model import Account
from server.services import documents, posts, reactions, stewardship
from server.services.new_posts import NewPost
from server.store import communities as store
from server.store import forum
from server.store.db import Write
from server.store.paging import Page
from tests.server.squares import board, listens, logged, meet, of, told
from tests.server.test_lemmy import (
    GARDENS,
    LEMMY,
    ROWAN,
    SAGE,
    ordered,
    recorded,
    wrapped,
)
from tests.server.world import NOW, SITE, befriend, deliver, join, post, say, stranger, who

VERSIONS: Final = ("0.19", "1.0")
ACTIVITY: Final = frozenset({"id", "type", "actor", "object"})
DEED: Final = ACTIVITY | {"to", "cc"}
REQUIRED: Final[dict[str, dict[str, frozenset[str]]]] = {
    "Group": {
        "0.19": frozenset(
            {
                *("id", "type", "preferredUsername", "inbox", "outbox", "followers", "publicKey"),
                *("attributedTo", "featured"),
            }
        ),
        "1.0": frozenset({"id", "type", "preferredUsername", "inbox", "outbox", "publicKey"}),
    },
    "Page": {
        "0.19": frozenset({"id", "type", "attributedTo", "to", "cc", "name"}),
        "1.0": frozenset({"id", "type", "attributedTo", "to"}),
    },
    "Note": dict.fromkeys(
        VERSIONS, frozenset({"id", "type", "attributedTo", "to", "cc", "content", "inReplyTo"})
    ),
    "Create": dict.fromkeys(VERSIONS, DEED),
    "Update": dict.fromkeys(VERSIONS, DEED),
    "Announce": dict.fromkeys(VERSIONS, DEED),
    "Like": dict.fromkeys(VERSIONS, ACTIVITY),
    "Dislike": dict.fromkeys(VERSIONS, ACTIVITY),
    "Lock": dict.fromkeys(VERSIONS, DEED),
    "Add": dict.fromkeys(VERSIONS, DEED | {"target"}),
    "Remove": dict.fromkeys(VERSIONS, DEED | {"target"}),
    "Delete": dict.fromkeys(VERSIONS, ACTIVITY | {"to"}),
    "Block": dict.fromkeys(VERSIONS, DEED | {"target"}),
    "Undo": dict.fromkeys(VERSIONS, ACTIVITY),
}
LISTS: Final = ("to", "cc", "tag", "attachment")


def lacking(said: Any, version: str) -> list[str]:
    """What this version of Lemmy could not read in one of our documents, and in what it holds."""
    kind = said["type"]
    found = [f"{kind} without {name}" for name in REQUIRED[kind][version] - said.keys()]
    found += [
        f"{kind}.{name} is no list" for name in LISTS if not isinstance(said.get(name, []), list)
    ]
    if kind not in ("Group", "Like", "Dislike") and "to" in said:
        found += [] if PUBLIC in (*said["to"], *said.get("cc", ())) else [f"{kind} for few"]
    if kind == "Page" and said.get("inReplyTo") is not None:
        found.append("Page with inReplyTo")
    about = said.get("object")
    return found + (lacking(about, version) if isinstance(about, dict) else [])


def one_of_each(tx: Write) -> tuple[Account, dict[str, Any]]:
    """A board in which everything has been done, and what it told, by its kind."""
    ann, abe = join(tx, "ann"), join(tx, "abe")
    water = board(tx, moderator_ids=(ann.id,))
    rowan = listens(tx, ROWAN, water)
    page = say(tx, abe, "Text", title="Moss or gravel?", community_id=water.id)
    comment = say(tx, abe, "Gravel", reply_to_id=page.id)
    posts.edit(tx, SITE, abe, page.id, NewPost(content="More", title="Moss or gravel?"), NOW)
    reactions.like(tx, SITE, ann, page.id, NOW)
    reactions.unlike(tx, SITE, ann, page.id, NOW)
    reactions.dislike(tx, SITE, ann, comment.id, NOW)
    for about in (page, comment):
        stewardship.lock(tx, SITE, ann, about.id, NOW, locked=True, reason="Enough")
    stewardship.lock(tx, SITE, ann, page.id, NOW, locked=False)
    stewardship.pin(tx, SITE, ann, page.id, NOW, pinned=True)
    stewardship.pin(tx, SITE, ann, page.id, NOW, pinned=False)
    stewardship.appoint(tx, SITE, ann, water.id, abe.id, NOW)
    stewardship.ban(tx, SITE, ann, water.id, rowan.id, NOW, reason="Spam", until_ms=NOW + 1)
    stewardship.unban(tx, SITE, ann, water.id, rowan.id, NOW)
    stewardship.remove(tx, SITE, ann, comment.id, NOW, reason="Twice")
    stewardship.restore(tx, SITE, ann, comment.id, NOW)
    posts.delete(tx, SITE, abe, comment.id, NOW)
    said = [one for one in told(tx, water) if isinstance(one, dict)]
    return water, {"Group": documents.profile(tx, SITE, water), "said": said}


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_a_board_of_ours_tells_can_be_read(tx: Write, version: str) -> None:
    water, ours = one_of_each(tx)
    assert lacking(ours["Group"], version) == []
    kinds = {one["type"] for one in ours["said"]}
    assert kinds == set(REQUIRED) - {"Group", "Page", "Note", "Announce"}
    for one in ours["said"]:
        assert lacking(_without_tombstone(one), version) == []
        assert one.get("audience", water.uri) == water.uri  # where there is one it must be this
    block = next(one for one in ours["said"] if one["type"] == "Block")
    assert block["target"] == water.uri and block["endTime"] and block["removeData"] is False


def _without_tombstone(said: dict[str, Any]) -> dict[str, Any]:
    about = said["object"]
    tombstone = isinstance(about, dict) and about["type"] == "Tombstone"
    return {**said, "object": about["id"]} if tombstone else said


# --- what they send


@pytest.fixture
def gardens(tx: Write) -> Account:
    """The recorded community, which ann follows, with a thread."""
    group = meet(tx, recorded("lemmy-group"))
    befriend(tx, join(tx, "ann"), group)
    for uri in (ROWAN, SAGE):
        stranger(tx, uri)
    deliver(tx, recorded("lemmy-announce-create-page"))
    return group


def deed(version: str, kind: str, about: Any, **more: Any) -> dict[str, Any]:
    """A deed of order; 1.0 gives reasons for locks, and names no audience in a ban."""
    said = ordered(kind, about, GARDENS, **more)
    if version == "0.19" and kind == "Lock":
        said.pop("summary", None)
    if version == "1.0" and kind == "Block":
        said.pop("audience")
    return said


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ban_ends_when_it_says(tx: Write, gardens: Account, version: str) -> None:
    """0.19 says `expires` too, and older ones that alone."""
    end = "2027-11-01T12:23:50.151874Z"
    ends = {"expires": end} if version == "0.19" else {"endTime": end}
    ban = deed(
        version, "Block", ROWAN, target=GARDENS, removeData=False, summary="spam post", **ends
    )
    deliver(tx, wrapped(ban))
    row = store.ban_of(tx, gardens.id, who(tx, ROWAN).id)
    assert row is not None
    assert (row["reason"], row["until_ms"]) == ("spam post", 1_825_071_830_151)
    inner = {name: value for name, value in ban.items() if name != "@context"}
    deliver(tx, wrapped(deed(version, "Undo", inner, restoreData=False)))
    assert store.ban_of(tx, gardens.id, who(tx, ROWAN).id) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lock_of_a_thread(tx: Write, gardens: Account, version: str) -> None:
    page = post(tx, f"{LEMMY}/post/5")
    lock = deed(version, "Lock", page.uri, summary="Enough")
    deliver(tx, wrapped(lock))
    assert of(tx, page).locked_ms is not None
    rows = store.logged(tx, gardens.id, Page())
    assert rows[0]["reason"] == ("" if version == "0.19" else "Enough")
    bare = {name: value for name, value in lock.items() if name != "@context"}
    deliver(tx, wrapped(deed(version, "Undo", bare)))
    assert of(tx, page).locked_ms is None


def test_a_lock_of_a_comment_is_of_1_0_alone(tx: Write, gardens: Account) -> None:
    page, ann = post(tx, f"{LEMMY}/post/5"), who(tx, "ann")
    comment = say(tx, ann, "Gravel", reply_to_id=page.id)
    deliver(tx, wrapped(deed("1.0", "Lock", comment.uri, summary="Enough")))
    assert of(tx, page).locked_ms is None
    assert logged(tx, gardens) == ["lock"]
    assert forum.by_id(tx, comment.id) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_community_as_each_describes_it(tx: Write, version: str) -> None:
    """1.0 leaves out what nobody needs, and lists who keeps it at the same address."""
    described = recorded("lemmy-group")
    if version == "1.0":
        described.pop("followers", None)
        described |= {"description": "In short", "mediaType": "text/html", "tag": []}
    group = meet(tx, described)
    assert (group.kind, group.moderators_uri) == ("Group", f"{GARDENS}/moderators")
    assert group.featured_uri == f"{GARDENS}/featured"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("spelt", [[PUBLIC], PUBLIC])
def test_a_thread_with_one_value_or_many(
    tx: Write, gardens: Account, version: str, spelt: Any
) -> None:
    made = recorded("lemmy-announce-create-page")["object"]
    about = {**made["object"], "id": f"{LEMMY}/post/6", "to": [GARDENS, PUBLIC], "cc": []}
    if version == "1.0":
        about = {**about, "audience": GARDENS, "context": f"{LEMMY}/post/6/context"}
    sent = {**made, "id": f"{LEMMY}/activities/create/6", "object": about, "to": spelt}
    deliver(tx, wrapped(sent))
    assert post(tx, f"{LEMMY}/post/6").community_id == gardens.id
