"""What PieFed sends of communities, property by property."""

from typing import Any

import msgspec
import pytest

from federation import groups, parse
from server.errors import Forbidden
from server.inbox import announce, door
from server.inbox.context import Arrival
from server.inbox.documents import Documents
from server.model import Account
from server.services import polls, posts, stewardship
from server.store import accounts as account_rows
from server.store import communities as community_rows
from server.store import media
from server.store import posts as post_rows
from server.store.db import Read, Write
from tests.server.golden import recorded
from tests.server.squares import (
    board,
    group_document,
    listens,
    logged,
    meet,
    of,
    thread,
    told,
    without_effect,
)
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    actor_document,
    befriend,
    create,
    deliver,
    join,
    note,
    number,
    post,
    say,
    stranger,
    who,
)

PIE = "https://pie.example"
BIRDS = f"{PIE}/c/birds"
WREN, JAY = f"{PIE}/u/wren", f"{PIE}/u/jay"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@pytest.fixture
def birds(tx: Write) -> Account:
    """A community that ann follows."""
    group = meet(tx, group_document(BIRDS))
    befriend(tx, join(tx, "ann"), group)
    for uri in (WREN, JAY):
        stranger(tx, uri)
    return group


def wrapped(inner: dict[str, Any]) -> dict[str, Any]:
    """PieFed's Announce, with what is inside as it was sent, context and all."""
    return {
        "id": f"{PIE}/activities/announce/{inner['type'].lower()}-{inner['id'][-6:]}",
        "type": "Announce",
        "actor": BIRDS,
        "to": [PUBLIC],
        "cc": [f"{BIRDS}/followers"],
        "@context": inner.get("@context"),
        "object": inner,
    }


def test_a_thread_that_a_community_announces(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    found = post(tx, f"{PIE}/post/12")
    assert (found.kind, found.title) == ("page", "Owl boxes")
    assert found.content == "<p>Three went up today.</p>"
    assert (found.visibility, found.language, found.tags) == ("public", "en", '["owls"]')
    assert found.community_id == birds.id
    assert (of(tx, found).link, of(tx, found).locked_ms) == ("", None)
    picture = media.of_posts(tx, [found.id])[found.id][0]
    assert (picture.kind, picture.alt) == ("image", "A wooden box in a beech")
    assert (picture.width, picture.height) == (800, 600)


def test_a_thread_without_comments_is_a_locked_one(tx: Write, birds: Account) -> None:
    made = recorded("piefed-create-page")
    made["object"]["commentsEnabled"] = False
    deliver(tx, wrapped(made))
    assert of(tx, post(tx, f"{PIE}/post/12")).locked_ms is not None


def test_a_poll_is_a_thread_with_answers(tx: Write, birds: Account) -> None:
    asked = recorded("piefed-question")
    made = recorded("piefed-create-page") | {"id": f"{PIE}/activities/create/q", "object": asked}
    deliver(tx, wrapped(made))
    found = post(tx, f"{PIE}/post/13")
    poll = polls.of(found)
    assert poll is not None and poll.multiple
    assert poll.options == (("Open", 4), ("Tunnel", 0))
    assert of(tx, found).community_id == birds.id


def test_a_thread_moves_between_communities_of_one_server(tx: Write, birds: Account) -> None:
    owls = meet(tx, group_document(f"{PIE}/c/owls"))
    deliver(tx, wrapped(recorded("piefed-create-page")))
    move = {
        "id": f"{PIE}/activities/move/m1",
        "type": "Move",
        "actor": JAY,
        "object": f"{PIE}/post/12",
        "origin": BIRDS,
        "target": owls.uri,
        "to": [PUBLIC],
        "cc": [BIRDS],
        "audience": BIRDS,
    }
    deliver(tx, wrapped(move))
    assert post(tx, f"{PIE}/post/12").community_id == owls.id


def test_a_comment_and_a_vote_on_a_board_of_ours(tx: Write, birds: Account) -> None:
    water = board(tx)
    befriend(tx, birds, water)
    ann = join(tx, "abe")
    asked = thread(tx, water, ann)
    reply = {
        "id": f"{PIE}/activities/create/c1",
        "type": "Create",
        "actor": WREN,
        "audience": water.uri,
        "to": [PUBLIC, ann.uri],
        "cc": [water.uri, f"{WREN}/followers"],
        "object": {
            "id": f"{PIE}/comment/1",
            "type": "Note",
            "attributedTo": WREN,
            "to": [PUBLIC, ann.uri],
            "cc": [water.uri, f"{WREN}/followers"],
            "audience": water.uri,
            "inReplyTo": asked.uri,
            "content": "<p>Oak.</p>",
            "mediaType": "text/html",
            "source": {"content": "Oak.", "mediaType": "text/markdown"},
            "published": "2026-05-01T08:30:00.000001+00:00",
            "distinguished": False,
            "tag": [{"type": "Mention", "href": ann.uri, "name": "@abe@here.test"}],
            "repliesEnabled": True,
            "updated": None,
        },
    }
    vote = {
        "id": f"{PIE}/activities/like/l1",
        "type": "Like",
        "actor": WREN,
        "object": asked.uri,
        "audience": water.uri,
    }
    for one in (reply, vote):
        deliver(tx, one)
    assert (of(tx, asked).comments, of(tx, asked).score) == (1, 1)
    assert told(tx, water) == [reply, vote]


# --- many activities in one Announce (FEP-4248)


def voted(number: int, by: str = WREN, kind: str = "Like") -> dict[str, Any]:
    """A vote on the thread, as PieFed puts it into a batch: without a context of its own."""
    return {
        "id": f"{PIE}/activities/{kind.lower()}/{number}",
        "type": kind,
        "actor": by,
        "object": f"{PIE}/post/12",
        "audience": BIRDS,
    }


def batched(*inner: Any, by: str = BIRDS) -> dict[str, Any]:
    """PieFed's Announce of everything that happened in a while."""
    return {
        "id": f"{PIE}/activities/announce/batch",
        "type": "Announce",
        "actor": by,
        "object": list(inner),
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "to": [PUBLIC],
        "cc": [f"{BIRDS}/followers"],
    }


def jobs_of(db: Read) -> int:
    """How much of what came is still to be done."""
    return number(db, "SELECT count(*) FROM job WHERE kind = 'receive'")


def work_off(tx: Write, documents: dict[str, Any]) -> None:
    """What the worker does with it, one after the other, with what it fetched."""
    while jobs_of(tx):
        row = tx.one("SELECT id, payload FROM job WHERE kind = 'receive' ORDER BY id LIMIT 1")
        assert row is not None
        tx.run("DELETE FROM job WHERE id = :id", id=row["id"])
        activity = parse.activity(msgspec.json.decode(row["payload"]))
        arrival = Arrival(SITE, activity, who(tx, activity.actor), Documents(documents), NOW)
        door.apply(tx, arrival)


def score(tx: Write) -> int:
    return of(tx, post(tx, f"{PIE}/post/12")).score


def test_votes_that_a_community_announces_at_once_all_count(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    deliver(tx, batched(voted(1), voted(2, JAY, "Dislike"), voted(3, f"{PIE}/u/new")))
    assert score(tx) == 0
    assert jobs_of(tx) == 1  # who is new here is to be asked for first
    work_off(tx, {f"{PIE}/u/new": actor_document(f"{PIE}/u/new")})
    assert score(tx) == 1
    assert jobs_of(tx) == 0


def test_a_batch_of_one_is_what_it_holds(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    deliver(tx, batched(voted(1)))
    assert score(tx) == 1


def test_a_batch_is_done_in_its_order_whatever_has_to_be_fetched(tx: Write, birds: Account) -> None:
    made = recorded("piefed-create-page")
    new = f"{PIE}/u/new"
    made = {**made, "actor": new, "object": {**made["object"], "attributedTo": new}}
    deliver(tx, batched(made, voted(1), voted(2, JAY)))
    work_off(tx, {new: actor_document(new)})
    assert score(tx) == 2


def test_what_is_wrong_in_a_batch_spoils_nothing_else(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    forged = {**voted(2), "actor": EVE}
    nested = batched(voted(3, JAY), voted(4, JAY))
    deliver(tx, batched(7, None, [voted(5)], "x", forged, nested, {"type": "Like"}, voted(1)))
    assert score(tx) == 1


def test_a_long_batch_is_worked_off_in_pieces_and_has_an_end(
    tx: Write, birds: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "AT_ONCE", 2)
    monkeypatch.setattr(groups, "MAX_BATCH", 5)
    deliver(tx, wrapped(recorded("piefed-create-page")))
    people = [f"{PIE}/u/p{number}" for number in range(7)]
    for uri in people:
        stranger(tx, uri)
    deliver(tx, batched(*(voted(number, uri) for number, uri in enumerate(people))))
    assert (score(tx), jobs_of(tx)) == (2, 1)
    work_off(tx, {})
    assert (score(tx), jobs_of(tx)) == (5, 0)


def test_a_batch_is_not_written_down_over_and_over(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    sent = batched(*(voted(nth, f"{PIE}/u/new{nth}") for nth in range(200)))
    large = sent | {"summary": "x" * 100_000, "object": [*sent["object"]]}
    deliver(tx, large)
    written = 0
    while row := tx.one("SELECT id, payload FROM job WHERE kind = 'receive' ORDER BY id LIMIT 1"):
        written += len(row["payload"])
        tx.run("DELETE FROM job WHERE id = :id", id=row["id"])
        activity = parse.activity(msgspec.json.decode(row["payload"]))
        fetched = Documents(dict.fromkeys((f"{PIE}/u/new{nth}" for nth in range(200)), None))
        door.apply(tx, Arrival(SITE, activity, who(tx, BIRDS), fetched, NOW))
    assert written < 4 * len(msgspec.json.encode(large))


def test_nobody_but_a_group_that_is_followed_announces_many_at_once(
    tx: Write, birds: Account
) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    meet(tx, group_document(f"{PIE}/c/owls"))
    for nth, by in enumerate((WREN, f"{PIE}/c/owls")):
        sent = batched(voted(1), voted(2, JAY), by=by)
        deliver(tx, {**sent, "id": f"{PIE}/activities/announce/{nth}"})
    assert score(tx) == 0


# --- a locked comment


def test_a_comment_is_locked_and_nobody_answers_below_it(tx: Write, birds: Account) -> None:
    """PieFed, and Lemmy 1.0 in the same words."""
    water = board(tx)
    ann, abe = join(tx, "abby"), join(tx, "abe")
    community_rows.appoint(tx, water.id, who(tx, WREN).id, NOW)
    asked = thread(tx, water, ann)
    comment = say(tx, abe, "One", reply_to_id=asked.id)
    below = say(tx, abe, "Two", reply_to_id=comment.id)
    lock = {
        "id": f"{PIE}/activities/lock/k1",
        "type": "Lock",
        "actor": WREN,
        "object": comment.uri,
        "to": [PUBLIC],
        "cc": [water.uri],
        "audience": water.uri,
        "summary": "Enough",
    }
    deliver(tx, lock)
    for parent in (comment, below):
        with pytest.raises(Forbidden, match="comment is locked"):
            say(tx, abe, "Three", reply_to_id=parent.id)
        answer = note(f"{PIE}/comment/{parent.id}", JAY, inReplyTo=parent.uri)
        deliver(tx, act("Create", JAY, answer))
        assert post_rows.by_uri(tx, answer["id"]) is None
    say(tx, abe, "Beside it", reply_to_id=asked.id)
    undo = {**lock, "id": f"{PIE}/activities/undo/k1", "type": "Undo", "object": lock}
    deliver(tx, undo)
    say(tx, abe, "Three", reply_to_id=below.id)
    assert logged(tx, water)[-2:] == ["lock", "unlock"]


def test_a_lock_of_a_comment_that_a_community_announces(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    page, ann = post(tx, f"{PIE}/post/12"), who(tx, "ann")
    comment = say(tx, ann, "One", reply_to_id=page.id)
    lock = {
        "id": f"{PIE}/activities/lock/k2",
        "type": "Lock",
        "actor": JAY,
        "object": comment.uri,
        "to": [PUBLIC],
        "cc": [BIRDS],
        "audience": BIRDS,
    }
    stranger(tx, EVE)
    listed = {f"{BIRDS}/moderators": None}
    deliver(tx, wrapped({**lock, "actor": EVE, "id": "https://far.test/lock/1"}), listed)
    say(tx, ann, "Two", reply_to_id=comment.id)
    deliver(tx, wrapped(lock))
    with pytest.raises(Forbidden):
        say(tx, ann, "Three", reply_to_id=comment.id)


def test_our_moderators_lock_a_comment_and_every_server_is_told(tx: Write, birds: Account) -> None:
    abe = join(tx, "abe")
    water = board(tx, moderator_ids=(abe.id,))
    listens(tx, WREN, water)
    comment = say(tx, abe, "One", reply_to_id=thread(tx, water, abe).id)
    stewardship.lock(tx, SITE, abe, comment.id, NOW, locked=True, reason="Enough")
    lock = told(tx, water)[-1]
    assert (lock["type"], lock["actor"], lock["object"]) == ("Lock", abe.uri, comment.uri)
    assert (lock["to"], lock["cc"], lock["audience"]) == ([PUBLIC], [water.uri], water.uri)
    assert lock["summary"] == "Enough"
    stewardship.lock(tx, SITE, abe, comment.id, NOW, locked=False)
    undo = told(tx, water)[-1]
    assert (undo["type"], undo["object"]["type"]) == ("Undo", "Lock")
    assert undo["object"]["object"] == comment.uri


def test_whoever_moderates_answers_below_a_locked_comment(tx: Write, birds: Account) -> None:
    abe, ann = join(tx, "abe"), who(tx, "ann")
    water = board(tx, moderator_ids=(abe.id,))
    comment = say(tx, ann, "One", reply_to_id=thread(tx, water, abe).id)
    stewardship.lock(tx, SITE, abe, comment.id, NOW, locked=True)
    say(tx, abe, "Why", reply_to_id=comment.id)
    with pytest.raises(Forbidden):
        stewardship.lock(tx, SITE, ann, comment.id, NOW, locked=False)
    posts.delete(tx, SITE, ann, comment.id, NOW)
    assert number(tx, "SELECT count(*) FROM comment_lock") == 0


def chooses(by: str, about: str, group: str, number: int = 1) -> dict[str, Any]:
    """PieFed's mark of an answer."""
    return {
        "id": f"{PIE}/activities/chooseanswer/a{number}",
        "type": "ChooseAnswer",
        "actor": by,
        "object": about,
        "to": [PUBLIC],
        "cc": [group],
        "audience": group,
    }


def takes_back(chosen: dict[str, Any]) -> dict[str, Any]:
    more = {"id": f"{chosen['id']}/undo", "type": "Undo", "object": chosen}
    return {**chosen, **more}


def test_who_asked_on_piefed_marks_the_answer_and_takes_it_back(tx: Write, birds: Account) -> None:
    deliver(tx, wrapped(recorded("piefed-create-page")))
    root = post(tx, f"{PIE}/post/12")
    asker = account_rows.by_id(tx, root.author_id)
    assert asker is not None
    answer = note(f"{PIE}/comment/5", WREN, inReplyTo=root.uri, audience=BIRDS)
    deliver(tx, wrapped(create(answer, id=f"{PIE}/activities/create/c5")))
    other = note(f"{PIE}/comment/6", WREN, inReplyTo=root.uri, audience=BIRDS)
    deliver(tx, wrapped(create(other, id=f"{PIE}/activities/create/c6")))
    for nth, about in enumerate((root.uri, f"{PIE}/none")):
        deliver(tx, wrapped(chooses(asker.uri, about, BIRDS, 10 + nth)))
    deliver(tx, chooses(JAY, answer["id"], BIRDS, 12))  # without the group, who did not ask
    assert of(tx, root).answer_id is None
    chosen = chooses(asker.uri, answer["id"], BIRDS)
    deliver(tx, wrapped(chosen))
    assert of(tx, root).answer_id == post(tx, answer["id"]).id
    deliver(tx, wrapped(takes_back(chooses(asker.uri, other["id"], BIRDS, 2))))
    assert of(tx, root).answer_id == post(tx, answer["id"]).id
    deliver(tx, wrapped(takes_back(chosen)))
    assert of(tx, root).answer_id is None


def test_an_answer_that_is_marked_on_a_board_of_ours_is_told(tx: Write, birds: Account) -> None:
    water, abe = board(tx), join(tx, "abe")
    listens(tx, WREN, water)
    asked = thread(tx, water, abe)
    first = say(tx, abe, "Oak", reply_to_id=asked.id)
    other = say(tx, abe, "Ash", reply_to_id=asked.id)
    for answer in (first.id, other.id, None):
        stewardship.accept(tx, SITE, abe, asked.id, answer, NOW)
    marks = [one for one in told(tx, water) if one["type"] != "Create"]
    assert [one["type"] for one in marks] == ["ChooseAnswer", "Undo", "ChooseAnswer", "Undo"]
    assert marks[1]["object"] | {"id": ""} == marks[0] | {"id": ""}
    assert (marks[0]["object"], marks[2]["object"]) == (first.uri, other.uri)
    assert marks[0]["audience"] == water.uri and marks[0]["actor"] == abe.uri
    without_effect(tx, chooses(WREN, first.uri, water.uri))
    community_rows.appoint(tx, water.id, who(tx, WREN).id, NOW)
    marked = chooses(WREN, first.uri, water.uri, 2)
    deliver(tx, marked)
    assert (of(tx, asked).answer_id, told(tx, water)[-1]) == (first.id, marked)
