"""Every activity has its effect once: repeated, under another id, or in the wrong order."""

import random
from typing import Any

import pytest

from federation import parse
from federation.errors import FederationError
from server.errors import Invalid
from server.inbox.table import HANDLERS
from server.services import posts, reactions, strangers
from server.store.db import Write
from tests.server.cases import CASES, Case
from tests.server.world import (
    CARL,
    EVE,
    LATE,
    MALLORY,
    NOTE,
    NOW,
    SITE,
    act,
    actor_document,
    changed,
    create,
    deliver,
    dump,
    join,
    miscounted,
    note,
    number,
    ours,
    post,
    say,
    settle,
    who,
)


@pytest.fixture
def town(tx: Write) -> Write:
    settle(tx)
    return tx


def test_there_is_a_case_for_everything_that_we_handle() -> None:
    handled = {kind for kind, _ in HANDLERS}
    assert handled == {name.partition(" ")[0] for name in CASES}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_activity_that_arrives_three_times_has_its_effect_once(town: Write, case: Case) -> None:
    case.prepare(town)
    raw = case.send(town)
    deliver(town, raw, case.documents)
    assert number(town, case.effect) == case.expected
    once = dump(town)
    for _ in range(2):
        deliver(town, raw, case.documents)
        assert changed(once, dump(town)) == set()
    assert miscounted(town) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_same_said_again_under_another_id_counts_once(town: Write, case: Case) -> None:
    case.prepare(town)
    raw = case.send(town)
    deliver(town, raw, case.documents)
    deliver(town, raw | {"id": raw["id"] + "-again"}, case.documents)
    if raw["type"] != "Flag":  # two reports are two reports
        assert number(town, case.effect) == case.expected
    assert miscounted(town) == []


@pytest.mark.parametrize("kind", ["Like", "Announce", "Follow", "Block"])
@pytest.mark.parametrize("embedded", [True, False], ids=["embedded", "named"])
def test_an_undo_that_overtakes_what_it_undoes_wins(town: Write, kind: str, embedded: bool) -> None:
    about = ours(town).uri if kind in ("Like", "Announce") else who(town, "ann").uri
    done = act(kind, EVE, about)
    before = dump(town)
    deliver(town, act("Undo", EVE, done if embedded else done["id"]))
    deliver(town, done)
    assert changed(before, dump(town)) <= {"activity", "tombstone", "host"}


@pytest.mark.parametrize("kind", ["Like", "Announce", "Follow", "Block"])
def test_after_an_undo_the_same_can_be_done_anew(town: Write, kind: str) -> None:
    about = ours(town).uri if kind in ("Like", "Announce") else who(town, "ann").uri
    table = {"Like": "favourite", "Announce": "boost", "Follow": "follow", "Block": "block"}[kind]
    deliver(town, act(kind, EVE, about, id=f"{EVE}/1"))
    rows = number(town, f"SELECT count(*) FROM {table}")
    deliver(town, act("Undo", EVE, act(kind, EVE, about, id=f"{EVE}/1"), id=f"{EVE}/2"))
    assert number(town, f"SELECT count(*) FROM {table}") == rows - 1
    deliver(town, act(kind, EVE, about, id=f"{EVE}/3"))
    assert number(town, f"SELECT count(*) FROM {table}") == rows
    assert miscounted(town) == []


def test_a_create_after_its_delete_changes_nothing(town: Write) -> None:
    deliver(town, act("Delete", EVE, LATE))
    deliver(town, create(note(LATE, EVE)))
    assert number(town, "SELECT count(*) FROM post WHERE uri = :uri", uri=LATE) == 0


def test_an_update_after_its_delete_changes_nothing(town: Write) -> None:
    deliver(town, act("Delete", EVE, NOTE))
    before = dump(town)
    deliver(town, act("Update", EVE, note(NOTE, EVE, content="Back again")))
    deliver(town, create(note(NOTE, EVE), id=f"{EVE}/again"))
    assert changed(before, dump(town)) == {"activity"}


def test_an_update_that_overtakes_its_create_stays(town: Write) -> None:
    deliver(town, act("Update", EVE, note(LATE, EVE, content="<p>New</p>")))
    deliver(town, create(note(LATE, EVE, content="<p>Old</p>")))
    assert post(town, LATE).content == "<p>New</p>"


def test_an_older_update_changes_nothing(town: Write) -> None:
    new = note(NOTE, EVE, content="<p>New</p>", updated="2026-11-23T10:40:00Z")
    old = note(NOTE, EVE, content="<p>Old</p>", updated="2026-11-23T10:30:00Z")
    deliver(town, act("Update", EVE, new, id=f"{EVE}/2"))
    deliver(town, act("Update", EVE, old, id=f"{EVE}/1"))
    assert post(town, NOTE).content == "<p>New</p>"


def test_somebody_else_cannot_delete_in_advance(town: Write) -> None:
    deliver(town, act("Delete", MALLORY, LATE))
    deliver(town, create(note(LATE, EVE)))
    assert post(town, LATE).deleted_ms is None


def test_somebody_else_cannot_undo_in_advance(town: Write) -> None:
    like = act("Like", EVE, ours(town).uri)
    deliver(town, act("Undo", MALLORY, like["id"]))
    deliver(town, like)
    assert ours(town).likes == 1


def test_a_deleted_post_leaves_no_counts_behind(town: Write) -> None:
    deliver(town, act("Like", EVE, ours(town).uri))
    deliver(town, act("Announce", EVE, ours(town).uri))
    deliver(town, create(note(LATE, EVE, inReplyTo=ours(town).uri)))
    posts.delete(town, SITE, who(town, "ann"), ours(town).id, NOW)
    assert miscounted(town) == []
    deliver(town, act("Undo", EVE, act("Like", EVE, ours_uri(town)), id=f"{EVE}/u"))
    deliver(town, act("Like", EVE, ours_uri(town), id=f"{EVE}/late"))
    assert miscounted(town) == []


def ours_uri(tx: Write) -> str:
    row = tx.one("SELECT uri FROM post WHERE local = 1 AND deleted_ms IS NOT NULL")
    assert row is not None
    return str(row["uri"])


def test_replies_that_come_before_what_they_answer_find_their_place(town: Write) -> None:
    deliver(town, create(note("https://far.test/n/3", EVE, inReplyTo=LATE), id=f"{EVE}/3"))
    deliver(town, create(note(LATE, EVE, inReplyTo=ours(town).uri), id=f"{EVE}/2"))
    middle, last = post(town, LATE), post(town, "https://far.test/n/3")
    assert last.reply_to_id == middle.id
    assert last.thread_id == middle.thread_id == ours(town).id
    assert miscounted(town) == []


@pytest.mark.parametrize("seed", range(12))
def test_counts_equal_their_rows_after_any_sequence(town: Write, seed: int) -> None:
    """Likes, boosts, replies, follows, deletions from several people, here and elsewhere."""
    chance = random.Random(seed)
    sent: list[dict[str, Any]] = []
    for step in range(60):
        _anything(town, chance, sent, step)
    assert miscounted(town) == []
    negative = "SELECT count(*) FROM post WHERE likes < 0 OR boosts < 0 OR replies < 0"
    assert number(town, negative) == 0


def _anything(tx: Write, chance: random.Random, sent: list[dict[str, Any]], step: int) -> None:
    """One random thing that people do: here through services, elsewhere by activity."""
    living = tx.all("SELECT id, uri FROM post WHERE visibility = 'public' ORDER BY id")
    target = chance.choice(living)
    actor = chance.choice([EVE, CARL, MALLORY])
    kind = chance.choice(["Like", "Announce", "Undo", "Create", "Delete", "Follow", "again", "us"])
    if kind == "us":
        _ours(tx, chance, target["id"])
        return
    if kind == "again" and sent:
        raw = chance.choice(sent)
    elif kind == "Undo":
        inner = chance.choice(["Like", "Announce", "Follow"])
        about = who(tx, "ann").uri if inner == "Follow" else target["uri"]
        raw = act(
            "Undo", actor, act(inner, actor, about, id=f"{actor}/x{step}"), id=f"{actor}/{step}"
        )
    elif kind == "Create":
        uri = f"{actor}/notes/{chance.randrange(12)}"
        raw = create(note(uri, actor, inReplyTo=target["uri"]), id=f"{actor}/{step}")
    elif kind == "Delete":
        raw = act("Delete", actor, f"{actor}/notes/{chance.randrange(12)}", id=f"{actor}/{step}")
    elif kind == "Follow":
        raw = act("Follow", actor, who(tx, "ann").uri, id=f"{actor}/{step}")
    else:
        raw = act(kind, actor, target["uri"], id=f"{actor}/{step}")
    sent.append(raw)
    deliver(tx, raw)


def _ours(tx: Write, chance: random.Random, post_id: int) -> None:
    name = chance.choice(["ann", "bob"])
    do = chance.choice(
        [
            reactions.like,
            reactions.unlike,
            reactions.boost,
            reactions.unboost,
            posts.delete,
            "reply",
        ]
    )
    try:
        if do == "reply":
            say(tx, who(tx, name), "Yes", reply_to_id=post_id)
        else:
            do(tx, SITE, who(tx, name), post_id, NOW)  # type: ignore[operator]
    except Exception as error:
        if type(error).__name__ not in ("Deleted", "NotFound", "Forbidden"):
            raise


def test_what_cannot_have_an_effect_is_refused_whole(town: Write) -> None:
    raw = create(note("https://far.test/notes/7", MALLORY))
    before = dump(town)
    with pytest.raises(FederationError), town.savepoint():
        deliver(
            town,
            raw | {"actor": EVE},
            {"https://far.test/notes/7": note("https://far.test/notes/7", MALLORY)},
        )
    assert changed(before, dump(town)) == set()


def test_the_likes_and_boosts_of_an_account_that_is_gone_count_no_more(town: Write) -> None:
    mine = ours(town)
    deliver(town, act("Like", EVE, mine.uri))
    deliver(town, act("Announce", EVE, mine.uri))
    assert (post(town, mine.uri).likes, post(town, mine.uri).boosts) == (1, 1)
    deliver(town, act("Delete", EVE, EVE))
    assert (post(town, mine.uri).likes, post(town, mine.uri).boosts) == (0, 0)
    assert number(town, "SELECT count(*) AS n FROM notification") == 0
    assert miscounted(town) == []


def test_somebody_who_was_deleted_does_not_come_back_by_a_late_word(town: Write) -> None:
    deliver(town, act("Delete", EVE, EVE))
    gone = dump(town)
    strangers.keep_actor(town, parse.actor(actor_document(EVE)), NOW)
    assert changed(gone, dump(town)) == set()
    assert who(town, EVE).state == "gone"


def test_a_text_that_would_take_seconds_to_read_is_refused_at_once(town: Write) -> None:
    ann = join(town, "bracket")
    with pytest.raises(Invalid, match="square brackets"):
        say(town, ann, "![" * 40_000, title="Slow")
