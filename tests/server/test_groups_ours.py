"""What strangers do in boards of ours, what the boards tell of it, and what they may not."""

from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.model import REMOVED, Account, Post
from server.services import communities, forum
from server.store import accounts as account_store
from server.store import communities as store
from server.store import forum as forum_store
from server.store import posts
from server.store.db import Write
from tests.server.squares import (
    LEMMY,
    PAGE,
    ROWAN,
    SAGE,
    WREN,
    ann,
    board,
    comment,
    created,
    does,
    listens,
    logged,
    of,
    page,
    thread,
    told,
    without_effect,
)
from tests.server.world import (
    CARL,
    EVE,
    KEYS,
    NOW,
    SITE,
    act,
    befriend,
    deliver,
    join,
    miscounted,
    note,
    number,
    post,
    say,
    stranger,
)

ANSWER = f"{LEMMY}/comment/1"


@pytest.fixture
def water(tx: Write) -> Account:
    """A board that sage keeps from elsewhere; rowan follows it, and carl, whose server is plain."""
    join(tx, "ann")
    stranger(tx, ROWAN)
    sage = stranger(tx, SAGE)
    water = board(tx, moderator_ids=(sage.id,))
    listens(tx, WREN, water)
    listens(tx, CARL, water, groups=False)
    return water


def begin(tx: Write, water: Account, **more: Any) -> Post:
    deliver(tx, created(page(PAGE, ROWAN, water.uri, **more), id=f"{LEMMY}/activities/create/5"))
    return post(tx, PAGE)


# --- threads and comments


def test_a_thread_from_elsewhere_stands_in_the_board_and_is_passed_on_as_it_was_sent(
    tx: Write, water: Account
) -> None:
    link = {"type": "Link", "href": "https://news.example/moss"}
    sent = created(page(PAGE, ROWAN, water.uri, attachment=[link]), id=f"{LEMMY}/c/1")
    deliver(tx, sent)
    found = post(tx, PAGE)
    assert (found.title, found.community_id) == ("Moss or gravel?", water.id)
    assert of(tx, found).link == "https://news.example/moss"
    whole, boost = told(tx, water)
    assert whole == sent
    assert boost == PAGE
    peers = tx.all(
        """
        SELECT p.host, o.body FROM delivery d JOIN peer p ON p.id = d.peer_id
        JOIN outbox o ON o.id = d.outbox_id WHERE o.sender_id = :id ORDER BY o.id, p.host
        """,
        id=water.id,
    )
    assert [row["host"] for row in peers] == ["pie.test", "lemmy.test", "other.test"]
    assert miscounted(tx) == []


@pytest.mark.parametrize(
    "audience",
    [
        {"audience": None, "to": [PUBLIC], "cc": ["{group}"]},
        {"audience": None, "to": ["{group}", PUBLIC], "cc": []},
        {"audience": ["{group}"], "to": PUBLIC, "cc": None},
        {"audience": None, "to": ["{group}"], "cc": [PUBLIC]},
    ],
)
@pytest.mark.parametrize("kind", ["Page", "Article", "Note", "Question", "Event", "Video"])
def test_a_thread_is_whatever_names_the_board_and_answers_nothing(
    tx: Write, water: Account, audience: dict[str, Any], kind: str
) -> None:
    filled = {
        name: [one.format(group=water.uri) for one in value] if isinstance(value, list) else value
        for name, value in audience.items()
    }
    about = page(PAGE, ROWAN, water.uri) | filled | {"type": kind, "inReplyTo": None}
    deliver(tx, created(about))
    assert post(tx, PAGE).community_id == water.id
    assert of(tx, post(tx, PAGE)).community_id == water.id


@pytest.mark.parametrize("to", [["{group}"], ["{group}", f"{ROWAN}/followers"]])
def test_what_is_not_for_everybody_is_no_thread(tx: Write, water: Account, to: list[str]) -> None:
    named = [one.format(group=water.uri) for one in to]
    without_effect(tx, created(page(PAGE, ROWAN, water.uri, to=named, cc=[])))


def test_a_comment_stands_where_its_thread_does_and_is_counted_and_passed_on(
    tx: Write, water: Account
) -> None:
    asked = thread(tx, water, ann(tx))
    sent = created(comment(ANSWER, ROWAN, water.uri, asked.uri))
    deliver(tx, sent)
    answer = post(tx, ANSWER)
    assert (answer.community_id, answer.reply_to_id) == (water.id, asked.id)
    assert of(tx, asked).comments == 1
    assert told(tx, water) == [sent]
    deeper = created(note(f"{CARL}/n/1", CARL, inReplyTo=ANSWER))  # names no group: Mastodon
    deliver(tx, deeper)
    assert post(tx, f"{CARL}/n/1").community_id == water.id
    assert of(tx, asked).comments == 2
    assert told(tx, water) == [sent, deeper]
    assert miscounted(tx) == []


def test_an_answer_for_few_is_neither_counted_nor_passed_on(tx: Write, water: Account) -> None:
    asked = thread(tx, water, ann(tx))
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri, to=[ann(tx).uri], cc=[])))
    assert post(tx, ANSWER).visibility == "direct"
    assert of(tx, asked).comments == 0
    assert told(tx, water) == []


def test_what_comes_twice_is_passed_on_once(tx: Write, water: Account) -> None:
    begin(tx, water)
    again = created(page(PAGE, ROWAN, water.uri), id=f"{LEMMY}/activities/create/other")
    deliver(tx, again)
    assert len(told(tx, water)) == 2


def test_what_was_sent_blindly_or_is_very_large_is_not_passed_on(tx: Write, water: Account) -> None:
    asked = thread(tx, water, ann(tx))
    blind = created(comment(ANSWER, ROWAN, water.uri, asked.uri, bto=[CARL]), bcc=[EVE])
    deliver(tx, blind)
    assert "bcc" not in told(tx, water)[0] and "bto" not in told(tx, water)[0]["object"]
    deliver(tx, created(comment(f"{ANSWER}0", ROWAN, water.uri, asked.uri, junk="x" * 300_000)))
    assert len(told(tx, water)) == 1


def test_what_has_several_types_is_passed_on_as_it_was_sent(tx: Write, water: Account) -> None:
    asked = thread(tx, water, ann(tx))
    sent = created(comment(ANSWER, ROWAN, water.uri, asked.uri), type=["Create", "as:Create"])
    deliver(tx, sent)
    assert told(tx, water) == [sent]


def _ban(tx: Write, water: Account, uri: str) -> None:
    who = account_store.by_uri(tx, uri)
    assert who is not None
    deed = forum.Deed(community_id=water.id, by=ann(tx), now_ms=NOW)
    assert forum.ban(tx, deed, who, uri=f"{water.uri}/bans/1")


def test_who_is_banned_writes_nothing_there(tx: Write, water: Account) -> None:
    asked = thread(tx, water, ann(tx))
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    _ban(tx, water, ROWAN)
    without_effect(tx, created(page(PAGE, ROWAN, water.uri)))
    without_effect(tx, created(comment(f"{ANSWER}0", ROWAN, water.uri, asked.uri)))
    without_effect(tx, does("Like", ROWAN, asked.uri, water.uri))
    edited = comment(ANSWER, ROWAN, water.uri, asked.uri, content="<p>Rude</p>")
    without_effect(tx, act("Update", ROWAN, edited))
    deliver(tx, does("Delete", ROWAN, ANSWER, water.uri))  # what is theirs they take away
    assert post(tx, ANSWER).deleted_ms is not None


def test_nobody_answers_in_a_locked_thread_but_who_keeps_it(tx: Write, water: Account) -> None:
    asked = thread(tx, water, ann(tx))
    deliver(tx, does("Lock", SAGE, asked.uri, water.uri, summary="Enough"))
    assert of(tx, asked).locked_ms == NOW
    without_effect(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    deliver(tx, created(comment(f"{ANSWER}0", SAGE, water.uri, asked.uri)))
    assert of(tx, asked).comments == 1


@pytest.mark.parametrize("posting", ["members", "writers"])
def test_who_may_not_begin_a_thread_begins_none(tx: Write, posting: str) -> None:
    stranger(tx, ROWAN)
    fire = board(tx, "fire", posting=posting)
    without_effect(tx, created(page(PAGE, ROWAN, fire.uri)))
    if posting == "members":
        listens(tx, ROWAN, fire)
        deliver(tx, created(page(f"{PAGE}0", ROWAN, fire.uri)))
        assert post(tx, f"{PAGE}0").community_id == fire.id


def test_who_is_refused_by_a_board_is_still_heard_by_their_followers(
    tx: Write, water: Account
) -> None:
    _ban(tx, water, ROWAN)
    rowan = account_store.by_uri(tx, ROWAN)
    assert rowan is not None
    befriend(tx, ann(tx), rowan)
    deliver(tx, created(page(PAGE, ROWAN, water.uri)))
    assert post(tx, PAGE).community_id is None
    assert forum_store.by_id(tx, post(tx, PAGE).id) is None
    assert told(tx, water) == []


def test_a_neighbourhood_takes_nothing_in(tx: Write) -> None:
    stranger(tx, ROWAN)
    village = communities.create(
        tx,
        SITE,
        communities.NewCommunity(name="village", title="Village", keys=KEYS),
        NOW,
    )
    without_effect(tx, created(page(PAGE, ROWAN, village.uri)))


# --- edits, deletions, votes


def test_edits_and_deletions_by_the_author_are_passed_on(tx: Write, water: Account) -> None:
    asked = thread(tx, water, ann(tx))
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    edited = comment(
        ANSWER, ROWAN, water.uri, asked.uri, content="<p>Moss</p>", updated="2026-11-23T12:00:00Z"
    )
    update, delete = act("Update", ROWAN, edited), does("Delete", ROWAN, ANSWER, water.uri)
    deliver(tx, update)
    assert post(tx, ANSWER).content == "<p>Moss</p>"
    deliver(tx, delete)
    assert post(tx, ANSWER).deleted_ms == NOW
    assert of(tx, asked).comments == 0
    assert told(tx, water)[1:] == [update, delete]
    assert miscounted(tx) == []


def test_a_thread_that_its_author_deletes_is_no_thread_any_more(tx: Write, water: Account) -> None:
    found = begin(tx, water)
    deliver(tx, does("Delete", ROWAN, PAGE, water.uri))
    assert forum_store.by_id(tx, found.id) is None


def test_votes_are_counted_once_each_and_passed_on_with_what_takes_them_back(
    tx: Write, water: Account
) -> None:
    asked = thread(tx, water, ann(tx))
    up, down = (does(kind, ROWAN, asked.uri, water.uri) for kind in ("Like", "Dislike"))
    deliver(tx, up)
    assert of(tx, asked).score == 1
    deliver(tx, down)
    found = post(tx, asked.uri)
    assert (found.likes, found.dislikes, of(tx, asked).score) == (0, 1, -1)
    back = does("Undo", ROWAN, down, water.uri)
    deliver(tx, back)
    assert (post(tx, asked.uri).dislikes, of(tx, asked).score) == (0, 0)
    assert told(tx, water) == [up, down, back]
    assert miscounted(tx) == []


def test_a_dislike_is_taken_back_by_its_id_or_by_the_undo_of_a_like(
    tx: Write, water: Account
) -> None:
    asked = thread(tx, water, ann(tx))
    for about in (f"{ROWAN}/d/1", act("Like", ROWAN, asked.uri)):
        deliver(tx, act("Dislike", ROWAN, asked.uri, id=f"{ROWAN}/d/1") | {"to": [PUBLIC]})
        deliver(tx, act("Undo", ROWAN, about, id=f"{ROWAN}/undo/{len(told(tx, water))}"))
        assert post(tx, asked.uri).dislikes == 0
        tx.run("DELETE FROM activity")


@pytest.mark.parametrize(
    ("votes", "likes", "dislikes"), [("both", 1, 1), ("up", 1, 0), ("none", 0, 0)]
)
def test_a_board_counts_the_votes_that_it_wants(
    tx: Write, water: Account, votes: str, likes: int, dislikes: int
) -> None:
    store.set_columns(tx, water.id, votes=votes)
    asked = thread(tx, water, ann(tx))
    deliver(tx, does("Like", ROWAN, asked.uri, water.uri))
    deliver(tx, does("Dislike", SAGE, asked.uri, water.uri))
    found = post(tx, asked.uri)
    assert (found.likes, found.dislikes) == (likes, dislikes)
    assert len(told(tx, water)) == likes + dislikes


def test_a_dislike_counts_in_communities_alone(tx: Write, water: Account) -> None:
    plain = say(tx, ann(tx), "Nowhere")
    without_effect(tx, does("Dislike", ROWAN, plain.uri, water.uri))


# --- what moderators do from elsewhere


def test_a_moderator_elsewhere_locks_pins_removes_bans_and_takes_it_back(
    tx: Write, water: Account
) -> None:
    asked = thread(tx, water, ann(tx))
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    lock = does("Lock", SAGE, asked.uri, water.uri, summary="Enough")
    pin = does("Add", SAGE, asked.uri, water.uri, target=water.featured_uri)
    remove = does("Delete", SAGE, ANSWER, water.uri, summary="Off topic")
    ban = does("Block", SAGE, ROWAN, water.uri, target=water.uri, endTime="2027-11-23T10:00:00Z")
    deeds = [lock, pin, remove, ban]
    for deed in deeds:
        deliver(tx, deed)
    found = of(tx, asked)
    assert found.locked_ms and found.pinned_ms and found.comments == 0
    assert post(tx, ANSWER).visibility == REMOVED
    row = store.ban_of(tx, water.id, post(tx, ANSWER).author_id)
    assert row is not None and row["until_ms"] == 1_826_964_000_000
    undone = [
        does("Undo", SAGE, lock, water.uri),
        does("Remove", SAGE, asked.uri, water.uri, target=water.featured_uri),
        does("Undo", SAGE, remove, water.uri),
        does("Undo", SAGE, ban, water.uri),
    ]
    for deed in undone:
        deliver(tx, deed)
    found = of(tx, asked)
    assert (found.locked_ms, found.pinned_ms, found.comments) == (None, None, 1)
    assert post(tx, ANSWER).visibility == "public"
    assert store.ban_of(tx, water.id, post(tx, ANSWER).author_id) is None
    assert told(tx, water)[1:] == deeds + undone
    assert logged(tx, water) == [
        *("lock", "pin", "remove", "ban", "unlock", "unpin", "restore", "unban"),
    ]
    assert miscounted(tx) == []


def test_a_moderator_elsewhere_appoints_and_dismisses(tx: Write, water: Account) -> None:
    target = f"{water.uri}/moderators"
    add = does("Add", SAGE, ROWAN, water.uri, target=target)
    deliver(tx, add)
    assert [one.uri for one in store.moderators(tx, water.id)] == [SAGE, ROWAN]
    remove = does("Remove", ROWAN, SAGE, water.uri, target=target)
    deliver(tx, remove)
    assert [one.uri for one in store.moderators(tx, water.id)] == [ROWAN]
    assert told(tx, water) == [add, remove]
    without_effect(tx, does("Add", SAGE, SAGE, water.uri, target=target, id=f"{SAGE}/again"))


def test_a_ban_with_remove_data_takes_away_what_was_written_there_alone(
    tx: Write, water: Account
) -> None:
    asked, elsewhere = thread(tx, water, ann(tx)), say(tx, ann(tx), "Elsewhere")
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    deliver(tx, created(note(f"{ROWAN}/n", ROWAN, inReplyTo=elsewhere.uri)))
    deliver(tx, does("Block", SAGE, ROWAN, water.uri, target=water.uri, removeData=True))
    assert post(tx, ANSWER).visibility == REMOVED
    assert post(tx, f"{ROWAN}/n").visibility == "public"


def test_a_thread_moves_by_who_keeps_both_boards(tx: Write, water: Account) -> None:
    fire = board(tx, "fire", moderator_ids=(ann(tx).id,))
    asked = thread(tx, water, ann(tx))
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    move = does("Move", SAGE, asked.uri, water.uri, origin=water.uri, target=fire.uri)
    without_effect(tx, move)
    sage = account_store.by_uri(tx, SAGE)
    assert sage is not None
    store.appoint(tx, fire.id, sage.id, NOW)
    again = move | {"id": f"{SAGE}/move/2"}
    deliver(tx, again)
    assert of(tx, asked).community_id == post(tx, ANSWER).community_id == fire.id
    assert told(tx, water)[1:] == [again]
    assert told(tx, fire) == []  # nobody follows it


def test_nodebb_moves_a_thread_by_its_context(tx: Write, water: Account) -> None:
    sage = account_store.by_uri(tx, SAGE)
    assert sage is not None
    fire = board(tx, "fire", moderator_ids=(sage.id,))
    asked = thread(tx, water, ann(tx))
    context = f"{SITE.origin}/contexts/{asked.thread_id}"
    deliver(tx, does("Move", SAGE, context, water.uri, target=fire.uri))
    assert of(tx, asked).community_id == fire.id


def _deeds(tx: Write, water: Account, by: str) -> dict[str, dict[str, Any]]:
    """What moderators do, done by somebody."""
    asked = posts.by_uri(tx, tx.all("SELECT uri FROM post WHERE local = 1 ORDER BY id")[0]["uri"])
    assert asked is not None
    fire = account_store.by_handle(tx, "fire")
    assert fire is not None
    moderators = f"{water.uri}/moderators"
    return {
        "lock": does("Lock", by, asked.uri, water.uri),
        "pin": does("Add", by, asked.uri, water.uri, target=water.featured_uri),
        "unpin": does("Remove", by, asked.uri, water.uri, target=water.featured_uri),
        "appoint": does("Add", by, by, water.uri, target=moderators),
        "dismiss": does("Remove", by, SAGE, water.uri, target=moderators),
        "remove": does("Delete", by, asked.uri, water.uri, summary="Off topic"),
        "remove without a word": does("Delete", by, asked.uri, water.uri),
        "ban": does("Block", by, ann(tx).uri, water.uri, target=water.uri),
        "ban with data": does(
            "Block", by, ann(tx).uri, water.uri, target=water.uri, removeData=True
        ),
        "ban from our server": does("Block", by, ann(tx).uri, water.uri, target=SITE.origin),
        "move": does("Move", by, asked.uri, water.uri, target=fire.uri),
        "unlock": does("Undo", by, does("Lock", by, asked.uri, water.uri), water.uri),
        "restore": does("Undo", by, does("Delete", by, ANSWER, water.uri, summary=""), water.uri),
        "unban": does("Undo", by, does("Block", by, ROWAN, water.uri, target=water.uri), water.uri),
        "unban by id": act("Undo", by, f"{water.uri}/bans/1"),
        "unlock, retold": does("Undo", by, does("Lock", SAGE, asked.uri, water.uri), water.uri),
        "change of the board": act("Update", by, {"type": "Group", "id": water.uri}),
        "announce in its name": act("Announce", by, does("Lock", SAGE, asked.uri, water.uri)),
    }


DEEDS = [
    *("lock", "pin", "unpin", "appoint", "dismiss", "remove", "remove without a word", "ban"),
    *("ban with data", "ban from our server", "move", "unlock", "restore", "unban"),
    *("unban by id", "unlock, retold", "change of the board", "announce in its name"),
]


@pytest.mark.parametrize("by", [ROWAN, EVE], ids=["a member", "somebody"])
@pytest.mark.parametrize("name", DEEDS)
def test_who_does_not_keep_the_board_changes_nothing(
    tx: Write, water: Account, name: str, by: str
) -> None:
    stranger(tx, EVE)
    board(tx, "fire")
    asked = thread(tx, water, ann(tx))
    deliver(tx, created(comment(ANSWER, ROWAN, water.uri, asked.uri)))
    deliver(tx, does("Delete", SAGE, ANSWER, water.uri, summary="Off topic"))
    _ban(tx, water, ROWAN)
    deed = forum.Deed(community_id=water.id, by=ann(tx), now_ms=NOW)
    forum.lock(tx, deed, of(tx, asked), locked=name != "lock")
    forum.pin(tx, deed, of(tx, asked), pinned=name != "pin")
    deeds = _deeds(tx, water, by)
    assert list(deeds) == DEEDS
    without_effect(tx, deeds[name])


def test_a_moderator_of_one_board_keeps_no_other(tx: Write, water: Account) -> None:
    fire = board(tx, "fire")
    asked = thread(tx, fire, ann(tx))
    without_effect(tx, does("Lock", SAGE, asked.uri, water.uri))
    without_effect(tx, does("Delete", SAGE, asked.uri, water.uri, summary="x"))
    target = fire.featured_uri
    without_effect(tx, does("Add", SAGE, asked.uri, water.uri, target=target))


def test_a_moderator_who_is_banned_by_another_stays(tx: Write, water: Account) -> None:
    rowan = account_store.by_uri(tx, ROWAN)
    assert rowan is not None
    store.appoint(tx, water.id, rowan.id, NOW)
    without_effect(tx, does("Block", SAGE, ROWAN, water.uri, target=water.uri))
    assert number(tx, "SELECT count(*) FROM community_ban") == 0


# --- floods


def test_whoever_floods_a_board_fills_an_hour_and_no_more(
    tx: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(communities, "MOST_AN_HOUR", 3)
    for n in range(5):
        deliver(tx, created(page(f"{LEMMY}/post/{70 + n}", ROWAN, water.uri)))
    assert number(tx, "SELECT count(*) FROM forum_thread") == 3
    assert len(told(tx, water)) == 6  # three, each in two shapes
    root = post(tx, f"{LEMMY}/post/70")
    without_effect(tx, created(note(ANSWER, ROWAN, inReplyTo=root.uri, to=[PUBLIC, water.uri])))
    other = note("https://pie.test/comment/9", WREN, inReplyTo=root.uri, to=[PUBLIC, water.uri])
    deliver(tx, created(other))  # it is one who floods, and another who answers
    assert post(tx, other["id"]).community_id == water.id
    deliver(tx, act("Like", ROWAN, root.uri))  # votes are no posts
    assert post(tx, root.uri).likes == 1
