"""What people elsewhere do in boards of ours without end: little is passed on, the last always."""

from typing import Any

import pytest

from server.clock import HOUR_MS
from server.model import REMOVED, Account, Post
from server.services import deferring, forum, notifications, stewardship, strangers
from server.store import accounts as account_store
from server.store.db import Read, Write
from tests.server.squares import (
    ROWAN,
    SAGE,
    ann,
    announce,
    board,
    created,
    does,
    listens,
    page,
    thread,
    told,
    watched,
)
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    befriend,
    deliver,
    join,
    miscounted,
    number,
    post,
    say,
    sent,
    stranger,
    who,
)

MINE = "https://lemmy.test/post/9"
LATER = (NOW // HOUR_MS + 1) * HOUR_MS


@pytest.fixture
def water(tx: Write, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A board of ours that ann began, sage elsewhere keeps, and two servers listen to."""
    monkeypatch.setitem(deferring.MOST_AN_HOUR, "edits", 3)
    monkeypatch.setitem(deferring.MOST_AN_HOUR, "votes", 3)
    monkeypatch.setattr(deferring, "MOST_OF_ONE_THING", 4)
    join(tx, "ann")
    keeper = stranger(tx, SAGE)
    stranger(tx, ROWAN)
    group = board(tx, moderator_ids=(keeper.id,))
    listens(tx, EVE, group)
    listens(tx, "https://masto.test/users/mo", group, groups=False)
    return group


def of_kind(db: Read, group: Account, kind: str) -> list[Any]:
    return [one for one in told(db, group) if isinstance(one, dict) and one["type"] == kind]


def begins(tx: Write, group: Account, id: str = MINE) -> dict[str, Any]:
    raw = page(id, ROWAN, group.uri)
    deliver(tx, created(raw))
    return raw


def edits(tx: Write, raw: dict[str, Any], *numbers: int) -> None:
    for nth in numbers:
        text = {**raw, "content": f"<p>{nth}</p>", "updated": "2026-11-23T12:00:00Z"}
        deliver(tx, act("Update", ROWAN, text, id=f"{raw['id']}/updates/{nth}"))


def texts(db: Read, group: Account) -> list[str]:
    return [one["object"]["content"] for one in of_kind(db, group, "Update")]


def test_words_that_are_for_fewer_than_the_post_was_are_told_to_nobody(
    tx: Write, water: Account
) -> None:
    raw = begins(tx, water)
    for nth, to in enumerate(([f"{ROWAN}/followers"], [water.uri])):
        said = {**raw, "content": "<p>for friends</p>", "to": to, "cc": []}
        deliver(tx, act("Update", ROWAN, said, id=f"{MINE}/updates/{nth}", to=to))
    assert texts(tx, water) == []
    assert "for friends" not in post(tx, MINE).content
    edits(tx, raw, 3)
    assert texts(tx, water) == ["<p>3</p>"]


def let_out(tx: Write, now_ms: int = LATER) -> None:
    while deferring.tell_next(tx, SITE, now_ms):
        pass


def test_the_last_edit_goes_out_once_the_hour_allows_it_and_goes_once(
    tx: Write, water: Account
) -> None:
    raw = begins(tx, water)
    edits(tx, raw, *range(7))
    assert texts(tx, water) == ["<p>0</p>", "<p>1</p>", "<p>2</p>"]
    assert number(tx, "SELECT count(*) FROM deferred") == 1
    assert not deferring.tell_next(tx, SITE, LATER - 1)
    let_out(tx)
    let_out(tx)
    assert texts(tx, water)[3:] == ["<p>6</p>"]
    assert post(tx, MINE).content == "<p>6</p>"
    assert number(tx, "SELECT count(*) FROM deferred") == 0


def test_what_waits_is_told_as_it_was_sent(tx: Write, water: Account) -> None:
    raw = begins(tx, water)
    edits(tx, raw, 0, 1, 2)
    proven = {**raw, "content": "<p>Mine</p>", "updated": "2026-11-23T12:00:00Z"}
    update = act("Update", ROWAN, proven, id=f"{ROWAN}/last", proof={"type": "DataIntegrityProof"})
    deliver(tx, update)
    let_out(tx)
    assert of_kind(tx, water, "Update")[-1] == update


def test_a_newer_edit_that_may_go_takes_the_place_of_the_one_that_waits(
    tx: Write, water: Account
) -> None:
    raw = begins(tx, water)
    edits(tx, raw, *range(5))
    tx.run("DELETE FROM tally")  # the next hour
    edits(tx, raw, 9)
    let_out(tx)
    assert texts(tx, water)[3:] == ["<p>9</p>"]


def test_of_many_posts_as_many_go_in_each_hour_as_may(tx: Write, water: Account) -> None:
    raws = [begins(tx, water, f"{MINE}{nth}") for nth in range(5)]
    for raw in raws:
        edits(tx, raw, 1, 2)
    before = len(texts(tx, water))
    assert (before, number(tx, "SELECT count(*) FROM deferred")) == (3, 4)
    let_out(tx)
    assert len(texts(tx, water)) == before + 3
    let_out(tx, LATER + HOUR_MS)
    assert len(texts(tx, water)) == before + 4
    assert sorted(texts(tx, water)[before:]) == ["<p>2</p>"] * 4


def test_what_waits_has_a_limit_for_each_person(
    tx: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deferring, "MAX_WAITING", 2)
    for nth in range(5):
        edits(tx, begins(tx, water, f"{MINE}{nth}"), 1, 2)
    assert number(tx, "SELECT count(*) FROM deferred") == 2
    asked = thread(tx, water, ann(tx))
    long = {"summary": "x" * (deferring.MAX_BODY + 1)}
    for nth in range(4):
        deliver(tx, act("Like", SAGE, asked.uri, id=f"{SAGE}/l/{nth}", **long))
        deliver(tx, act("Undo", SAGE, f"{SAGE}/l/{nth}", id=f"{SAGE}/u/{nth}", **long))
    assert number(tx, "SELECT count(*) FROM deferred") == 2


def test_what_waits_has_a_limit_for_all_accounts_of_one_server(
    tx: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(deferring.MOST_AN_HOUR, "votes", 0)
    monkeypatch.setattr(deferring, "MAX_WAITING_OF_A_DOMAIN", 3)
    asked = thread(tx, water, ann(tx))
    for nth in range(6):
        one = f"https://n{nth}.flood.test/u/eve"
        stranger(tx, one)
        deliver(tx, act("Like", one, asked.uri, id=f"{one}/likes/1"))
    assert number(tx, "SELECT count(*) FROM deferred") == 3
    deliver(tx, act("Like", SAGE, asked.uri, id=f"{SAGE}/likes/1"))  # others wait all the same
    assert number(tx, "SELECT count(*) FROM deferred") == 4
    let_out(tx)
    assert number(tx, "SELECT count(*) FROM deferred") == 4


def test_what_all_accounts_of_one_server_do_is_passed_on_so_often_an_hour(
    tx: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(deferring.MOST_OF_A_DOMAIN, "votes", 2)
    asked = thread(tx, water, ann(tx))
    for one in (*(f"https://flood.test/u/{nth}" for nth in range(4)), SAGE):
        stranger(tx, one)
        deliver(tx, act("Like", one, asked.uri, id=f"{one}/likes/1"))
    likers = [one["actor"] for one in of_kind(tx, water, "Like")]
    assert likers == ["https://flood.test/u/0", "https://flood.test/u/1", SAGE]
    let_out(tx)
    assert len(of_kind(tx, water, "Like")) == 5
    assert number(tx, "SELECT count(*) FROM deferred") == 0


def test_what_is_gone_is_not_told_and_what_was_taken_away_waits(tx: Write, water: Account) -> None:
    raw, other = begins(tx, water), begins(tx, water, f"{MINE}0")
    edits(tx, raw, 0, 1, 2, 3)
    edits(tx, other, 4)
    remove = does("Delete", SAGE, other["id"], water.uri, summary="Off topic")
    deliver(tx, remove)
    deliver(tx, act("Delete", ROWAN, raw["id"]))
    before = texts(tx, water)
    let_out(tx)
    assert texts(tx, water) == before
    assert number(tx, "SELECT count(*) FROM deferred") == 1
    deliver(tx, does("Undo", SAGE, remove, water.uri))
    let_out(tx, LATER + 30 * HOUR_MS)
    assert texts(tx, water) == [*before, "<p>4</p>"]


def test_an_edit_of_a_thread_that_moved_meanwhile_is_told_by_where_it_is(
    tx: Write, water: Account
) -> None:
    fire = board(tx, "fire", moderator_ids=(who(tx, SAGE).id,))
    listens(tx, "https://pie.test/u/wren", fire)
    edits(tx, begins(tx, water), *range(5))
    deliver(tx, does("Move", SAGE, MINE, water.uri, origin=water.uri, target=fire.uri))
    let_out(tx)
    assert len(texts(tx, water)) == 3
    assert texts(tx, fire) == ["<p>4</p>"]


def test_of_those_who_are_gone_or_suspended_nothing_waits(tx: Write, water: Account) -> None:
    edits(tx, begins(tx, water), *range(5))
    account_store.set_columns(tx, who(tx, ROWAN).id, state="suspended")
    let_out(tx)
    assert len(texts(tx, water)) == 3
    assert number(tx, "SELECT count(*) FROM deferred") == 0
    account_store.set_columns(tx, who(tx, ROWAN).id, state="active")
    tx.run("DELETE FROM tally")
    edits(tx, begins(tx, water, f"{MINE}1"), *range(5))
    assert number(tx, "SELECT count(*) FROM deferred") == 1
    strangers.end_actor(tx, who(tx, ROWAN), NOW)
    assert number(tx, "SELECT count(*) FROM deferred") == 0


def test_the_last_vote_of_somebody_who_votes_without_end_is_not_lost(
    tx: Write, water: Account
) -> None:
    asked = thread(tx, water, ann(tx))
    other = thread(tx, water, ann(tx), "Other")
    for nth in range(4):
        like = does("Like", ROWAN, asked.uri, water.uri, id=f"{ROWAN}/likes/{nth}")
        deliver(tx, like)
        deliver(tx, does("Undo", ROWAN, like, water.uri, id=f"{ROWAN}/undoes/{nth}"))
    last = does("Dislike", ROWAN, other.uri, water.uri)
    deliver(tx, last)
    assert len(told(tx, water)) == 3
    let_out(tx)
    after = told(tx, water)[3:]
    assert len(after) == 2 and last in after
    assert [one["id"] for one in after if one["type"] == "Undo"] == [f"{ROWAN}/undoes/3"]
    assert (post(tx, asked.uri).likes, post(tx, other.uri).dislikes) == (0, 1)


def _pins(tx: Write, water: Account, asked: Post, nth: int) -> None:
    kind = "Remove" if nth % 2 else "Add"
    about = {"id": f"{SAGE}/pins/{nth}", "target": water.featured_uri}
    deliver(tx, does(kind, SAGE, asked.uri, water.uri, **about))


def _locks(tx: Write, water: Account, asked: Post, nth: int) -> None:
    lock = does("Lock", SAGE, asked.uri, water.uri, id=f"{SAGE}/locks/{nth - nth % 2}")
    undo = does("Undo", SAGE, lock, water.uri, id=f"{SAGE}/unlocks/{nth}")
    deliver(tx, undo if nth % 2 else lock)


@pytest.mark.parametrize("does_it", [_pins, _locks], ids=["pins", "locks"])
def test_a_moderator_elsewhere_who_goes_back_and_forth_is_told_of_in_the_end(
    tx: Write, water: Account, does_it: Any
) -> None:
    asked = thread(tx, water, ann(tx))
    for nth in range(9):
        does_it(tx, water, asked, nth)
    assert len(told(tx, water)) == 4
    let_out(tx)
    assert len(told(tx, water)) == 5
    assert told(tx, water)[-1]["type"] in ("Add", "Lock")
    (row,) = tx.all("SELECT locked_ms, pinned_ms FROM forum_thread")
    assert (row["locked_ms"] or row["pinned_ms"]) is not None


def test_what_a_moderator_here_does_ends_what_one_elsewhere_did_before(
    tx: Write, water: Account
) -> None:
    asked, keeper = thread(tx, water, ann(tx)), join(tx, "mina", role="moderator")
    for nth in range(6):
        _pins(tx, water, asked, nth)
        _locks(tx, water, asked, nth)
    assert number(tx, "SELECT count(*) FROM deferred") == 2
    stewardship.pin(tx, SITE, keeper, asked.id, NOW, pinned=True)
    stewardship.lock(tx, SITE, keeper, asked.id, NOW, locked=True)
    before = len(told(tx, water))
    let_out(tx)
    assert len(told(tx, water)) == before
    assert [one["type"] for one in told(tx, water)[-2:]] == ["Add", "Lock"]


# --- threads that are taken away and given back


def by_group(db: Read, kind: str, group: Account) -> list[dict[str, Any]]:
    """Its boosts, or what it took back of them."""
    found = [one for one in sent(db, kind) if one["actor"] == group.uri]
    return [one for one in found if not isinstance(one["object"], dict) or kind == "Undo"]


def test_the_boost_of_a_thread_that_a_moderator_elsewhere_removes_is_taken_back(
    tx: Write, water: Account
) -> None:
    begins(tx, water)
    remove = does("Delete", SAGE, MINE, water.uri, summary="Off topic")
    (boost,) = by_group(tx, "Announce", water)
    deliver(tx, remove)
    (undo,) = by_group(tx, "Undo", water)
    assert (undo["object"]["id"], undo["object"]["object"]) == (boost["id"], MINE)
    rows = tx.all("SELECT id, body FROM outbox WHERE sender_id = :id ORDER BY id", id=water.id)
    (told_in,) = [row["id"] for row in rows if b'"Undo"' in bytes(row["body"])]
    peers = tx.all(
        """
        SELECT p.host FROM delivery d JOIN peer p ON p.id = d.peer_id WHERE d.outbox_id = :id
        """,
        id=told_in,
    )
    assert "masto.test" in {row["host"] for row in peers}
    deliver(tx, does("Undo", SAGE, remove, water.uri))
    assert len(by_group(tx, "Announce", water)) == 2
    assert number(tx, "SELECT count(*) FROM boost") == 1
    assert [one["type"] for one in told(tx, water) if isinstance(one, dict)] == [
        *("Create", "Delete", "Undo"),
    ]
    assert miscounted(tx) == []


def test_the_boost_follows_a_thread_into_another_board(tx: Write, water: Account) -> None:
    fire = board(tx, "fire", moderator_ids=(who(tx, SAGE).id,))
    begins(tx, water)
    (boost,) = by_group(tx, "Announce", water)
    deliver(tx, does("Move", SAGE, MINE, water.uri, origin=water.uri, target=fire.uri))
    (undo,) = by_group(tx, "Undo", water)
    assert undo["object"]["id"] == boost["id"]
    assert [one["object"] for one in by_group(tx, "Announce", fire)] == [MINE]
    assert [row["account_id"] for row in tx.all("SELECT account_id FROM boost")] == [fire.id]


def test_who_takes_a_thread_away_and_gives_it_back_without_end_lifts_it_a_few_times(
    tx: Write, water: Account
) -> None:
    begins(tx, water)
    for nth in range(10):
        remove = does("Delete", SAGE, MINE, water.uri, summary="x", id=f"{SAGE}/removals/{nth}")
        deliver(tx, remove)
        deliver(tx, does("Undo", SAGE, remove, water.uri, id=f"{SAGE}/undoes/{nth}"))
    assert len(by_group(tx, "Announce", water)) == 1 + deferring.MOST_GIVEN_BACK
    assert len(by_group(tx, "Undo", water)) == 1 + deferring.MOST_GIVEN_BACK
    deeds = [one for one in told(tx, water) if isinstance(one, dict) and one["type"] != "Create"]
    assert len(deeds) == deferring.MOST_OF_ONE_THING
    let_out(tx)
    assert len(by_group(tx, "Announce", water)) == 2 + deferring.MOST_GIVEN_BACK
    assert told(tx, water)[-1] == MINE or told(tx, water)[-2] == MINE
    assert number(tx, "SELECT count(*) FROM boost") == 1
    assert number(tx, "SELECT count(*) FROM deferred") == 0
    assert post(tx, MINE).visibility == "public"


def test_what_is_away_when_its_time_comes_is_not_boosted(tx: Write, water: Account) -> None:
    begins(tx, water)
    for nth in range(5):
        remove = does("Delete", SAGE, MINE, water.uri, summary="x", id=f"{SAGE}/removals/{nth}")
        deliver(tx, remove)
        if nth < 4:
            deliver(tx, does("Undo", SAGE, remove, water.uri, id=f"{SAGE}/undoes/{nth}"))
    assert number(tx, "SELECT count(*) FROM deferred WHERE kind = 'boost'") == 1
    let_out(tx)
    assert number(tx, "SELECT count(*) FROM boost") == 0
    assert post(tx, MINE).visibility == REMOVED


def test_the_boost_of_a_thread_that_its_author_deletes_elsewhere_is_taken_back(
    tx: Write, water: Account
) -> None:
    begins(tx, water)
    deliver(tx, act("Delete", ROWAN, MINE))
    (undo,) = by_group(tx, "Undo", water)
    assert undo["object"]["object"] == MINE
    assert [one["type"] for one in told(tx, water) if isinstance(one, dict)] == ["Create", "Delete"]
    assert miscounted(tx) == []


def test_a_ban_that_takes_all_away_takes_the_boosts_back(tx: Write, water: Account) -> None:
    for nth in range(3):
        begins(tx, water, f"{MINE}{nth}")
    deliver(tx, does("Block", SAGE, ROWAN, water.uri, target=water.uri, removeData=True))
    assert len(by_group(tx, "Undo", water)) == 3
    assert number(tx, "SELECT count(*) FROM boost") == 0


def test_a_board_elsewhere_that_removes_and_restores_without_end_costs_little(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    tell = notifications.notify_removed

    def told_of(*given: Any) -> None:
        heard.append(1)
        tell(*given)

    monkeypatch.setattr(notifications, "notify_removed", told_of)
    gardens = watched(tx)
    water = board(tx)
    listens(tx, "https://other.test/u/otto", water)
    befriend(tx, water, gardens)
    root = page("https://lemmy.test/post/7", ROWAN, gardens.uri)
    deliver(tx, announce(gardens.uri, created(root)))
    mine = say(tx, ann(tx), "Mine", reply_to_id=post(tx, root["id"]).id)
    assert post(tx, mine.uri).community_id == gardens.id
    sent_before = number(tx, "SELECT count(*) FROM outbox")
    jobs_before = number(tx, "SELECT count(*) FROM job")
    for nth in range(20):
        remove = does("Delete", SAGE, mine.uri, gardens.uri, summary="x", id=f"{SAGE}/rm/{nth}")
        undo = does("Undo", SAGE, remove, gardens.uri, id=f"{SAGE}/undo/{nth}")
        for deed in (remove, undo):
            deliver(tx, announce(gardens.uri, deed, id=f"{gardens.uri}/a/{deed['type']}/{nth}"))
    assert post(tx, mine.uri).visibility == "public"
    assert number(tx, "SELECT count(*) FROM outbox") == sent_before
    assert number(tx, "SELECT count(*) FROM job") == jobs_before
    assert number(tx, "SELECT count(*) FROM deferred") == 0
    assert number(tx, "SELECT count(*) FROM notification WHERE kind = 'removed'") == 0
    assert len(heard) == forum.MOST_TOLD_AN_HOUR
    assert number(tx, "SELECT count(*) FROM community_log") == forum.MOST_LOGGED_AN_HOUR
    assert miscounted(tx) == []
