"""Every verb times everything that an actor can be to a thing: in the table, and in its effect."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from federation.errors import FederationError
from server.inbox.documents import Need
from server.model import Account
from server.policy.authority import MAY, ORDER, Done, Relation, may, relation
from server.store.db import Write
from tests.server.squares import (
    GARDENS,
    LEMMY,
    PAGE,
    ROWAN,
    SAGE,
    TRACES,
    board,
    created,
    gardens,
    listens,
    page,
)
from tests.server.world import (
    CARL,
    NOTE,
    NOW,
    act,
    actor_document,
    befriend,
    changed,
    deliver,
    dump,
    join,
    note,
    ours,
    post,
    say,
    settle,
    stranger,
    who,
)

MOSS = f"{LEMMY}/u/moss"  # of the author's server, and nobody in particular

TABLE = """
              author itself group keeper doer asked nobody
    update      yes    yes   yes    -     -     -     -
    delete      yes    yes   yes    -     -     -     -
    pin         yes     -     -     -     -     -     -
    unpin       yes     -     -     -     -     -     -
    undo         -      -     -     -    yes    -     -
    accept       -      -     -     -     -    yes    -
    reject       -      -     -     -     -    yes    -
    lock         -      -    yes   yes    -     -     -
    unlock       -      -    yes   yes    -     -     -
    feature      -      -    yes   yes    -     -     -
    unfeature    -      -    yes   yes    -     -     -
    remove       -      -    yes   yes    -     -     -
    restore      -      -    yes   yes    -     -     -
    move         -      -    yes   yes    -     -     -
    take-in      -      -    yes   yes    -     -     -
    ban          -      -    yes   yes    -     -     -
    unban        -      -    yes   yes    -     -     -
    appoint      -      -    yes   yes    -     -     -
    dismiss      -      -    yes   yes    -     -     -
    choose       -      -    yes   yes    -     -     -
    like         -      -     -     -     -     -     -
    UPDATE       -      -     -     -     -     -     -
"""
HEADER, *LINES = [line.split() for line in TABLE.strip().splitlines()]
sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
CELLS = [
    (line[0].replace("-", " "), as_, cell == "yes")
    for line in LINES
    for as_, cell in zip(HEADER, line[1:], strict=True)
]


@pytest.fixture
def town(tx: Write) -> Write:
    settle(tx)
    gardens(tx)
    for uri in (ROWAN, SAGE, MOSS):
        stranger(tx, uri)
    return tx


def _as(tx: Write, what: str) -> tuple[Account, Any, bool]:
    """Somebody who is this to something, and whether it appointed them."""
    rowan, group = who(tx, ROWAN), who(tx, GARDENS)
    note_of_eve = post(tx, NOTE)
    return {
        "author": (who(tx, note_of_eve_author(tx)), note_of_eve, False),
        "itself": (rowan, rowan, False),
        "group": (group, group, False),
        "keeper": (rowan, group, True),
        "doer": (rowan, Done(rowan.id, asked=group.id), False),
        "asked": (group, Done(rowan.id, asked=group.id), False),
        "nobody": (rowan, note_of_eve, False),
    }[what]


def note_of_eve_author(tx: Write) -> str:
    """The id of who wrote `NOTE`."""
    row = tx.one("SELECT uri FROM account WHERE id = :id", id=post(tx, NOTE).author_id)
    assert row is not None
    return str(row["uri"])


def test_the_table_has_every_verb_and_every_relation() -> None:
    assert set(HEADER) == set(get_args(Relation))
    assert {verb for verb, _, _ in CELLS} - {"like", "UPDATE"} == set(MAY)
    assert set(ORDER) <= set(MAY)


@sqlite
def test_every_verb_is_for_whom_the_table_says_and_nobody_else(town: Write) -> None:
    for verb, as_, allowed in CELLS:
        actor, thing, appointed = _as(town, as_)
        assert relation(actor, thing, appointed=appointed) == as_
        assert may(actor, verb, thing, appointed=appointed) == allowed, (verb, as_)


@sqlite
@pytest.mark.parametrize("state", ["suspended", "gone", "pending"])
def test_whoever_is_not_active_may_nothing_of_it(town: Write, state: str) -> None:
    for verb, as_, _ in CELLS:
        actor, thing, appointed = _as(town, as_)
        ended = msgspec.structs.replace(actor, state=state)
        assert not may(ended, verb, thing, appointed=appointed), (verb, as_)


@sqlite
def test_nobody_is_the_author_of_what_stands_at_another_origin(town: Write) -> None:
    author, thing, _ = _as(town, "author")
    elsewhere = msgspec.structs.replace(thing, uri="https://another.test/notes/1")
    assert relation(author, elsewhere) == "nobody"
    assert not may(author, "delete", elsewhere)


@sqlite
def test_who_keeps_a_community_is_for_it_to_say(town: Write) -> None:
    """And for its server, where that is another's and the group vouches for it."""
    ours_, theirs = board(town), who(town, GARDENS)
    ann, carl, moss = who(town, "ann"), who(town, CARL), who(town, MOSS)
    for actor, group, appointed, vouched, allowed in (
        (ann, ours_, False, True, False),
        (carl, ours_, False, True, False),
        (ann, ours_, True, False, True),
        (carl, ours_, True, False, True),
        (moss, theirs, False, False, False),
        (moss, theirs, False, True, True),
        (carl, theirs, False, True, False),
        (carl, theirs, True, False, True),
        (ann, theirs, False, True, False),
        (carl, moss, True, True, False),  # a person is no community
        (moss, who(town, ROWAN), True, True, False),
    ):
        found = may(actor, "lock", group, appointed=appointed, vouched=vouched)
        assert found == allowed, (actor.uri, group.uri)


# --- and so it is with what arrives


def _without_key(document: dict[str, Any]) -> dict[str, Any]:
    """Then it needs not be read at its own address."""
    return {name: value for name, value in document.items() if name != "publicKey"}


def _id(by: str, what: str) -> str:
    return f"{by}/activities/{what}"


def _deeds(tx: Write) -> dict[str, tuple[str, Callable[[str], dict[str, Any]]]]:
    """Who may (author, moderator, both), and the activity as somebody would send it."""
    water, ann = who(tx, "water"), who(tx, "ann")
    order = {"audience": water.uri, "to": [water.uri]}
    asked = f"{ann.uri}/follows/{who(tx, ROWAN).id}"
    note_ = f"{ROWAN}/notes/1"
    moderators = f"{water.uri}/moderators"
    lately = {"updated": "2026-11-23T12:00:00Z"}
    return {
        "update": ("author", lambda by: act("Update", by, note(note_, by, content="x", **lately))),
        "delete": ("author", lambda by: act("Delete", by, note_)),
        "change of a thread": (
            "author",
            lambda by: act("Update", by, page(PAGE, by, water.uri, name="Other", **lately)),
        ),
        "deletion of a thread": ("author moderator", lambda by: act("Delete", by, PAGE, **order)),
        "update of oneself": (
            "author",
            lambda by: act("Update", by, _without_key(actor_document(ROWAN, name="Other"))),
        ),
        "end": ("author", lambda by: act("Delete", by, ROWAN)),
        "pin": ("author", lambda by: act("Add", by, note_, target=f"{ROWAN}/featured")),
        "pin to one's own": ("author", lambda by: act("Add", by, note_, target=f"{by}/featured")),
        "undo of a like": ("author", lambda by: act("Undo", by, f"{ROWAN}/like")),
        "undo of a boost": ("author", lambda by: act("Undo", by, f"{ROWAN}/boost")),
        "undo of a follow": ("author", lambda by: act("Undo", by, f"{ROWAN}/follow")),
        "undo of a block": ("author", lambda by: act("Undo", by, f"{ROWAN}/block")),
        "undo of an emoji": ("author", lambda by: act("Undo", by, f"{ROWAN}/react")),
        "accept": ("author", lambda by: act("Accept", by, asked)),
        "reject": ("author", lambda by: act("Reject", by, asked)),
        "lock": ("moderator", lambda by: act("Lock", by, PAGE, **order)),
        "feature": ("moderator", lambda by: act("Add", by, PAGE, target=water.featured_uri)),
        "ban": ("moderator", lambda by: act("Block", by, CARL, target=water.uri)),
        "appoint": ("moderator", lambda by: act("Add", by, CARL, target=moderators)),
        "dismiss": ("moderator", lambda by: act("Remove", by, SAGE, target=moderators)),
        "change of the board": (
            "nobody",
            lambda by: act("Update", by, actor_document(water.uri, type="Group", name="Mine")),
        ),
        "end of the board": ("nobody", lambda by: act("Delete", by, water.uri)),
        "deletion of ours": ("nobody", lambda by: act("Delete", by, ours(tx).uri)),
        "undo of ours": ("nobody", lambda by: act("Undo", by, asked)),
    }


DEEDS = (
    *("update", "delete", "change of a thread", "deletion of a thread", "update of oneself"),
    *(
        "end",
        "pin",
        "pin to one's own",
        "undo of a like",
        "undo of a boost",
        "undo of a follow",
        "undo of a block",
    ),
    *("undo of an emoji", "accept", "reject", "lock", "feature", "ban", "appoint", "dismiss"),
    *("change of the board", "end of the board", "deletion of ours", "undo of ours"),
)
ACTORS = {
    "author": ROWAN,
    "moderator": SAGE,
    "same server": MOSS,
    "elsewhere": CARL,
    "its group": GARDENS,
}


@pytest.fixture
def square(town: Write) -> Write:
    """Rowan has done everything here that can be done, and so have others; sage keeps the board."""
    tx = town
    rowan, ann, sage = who(tx, ROWAN), who(tx, "ann"), who(tx, SAGE)
    water = board(tx, moderator_ids=(sage.id,))
    listens(tx, CARL, water)
    befriend(tx, ann, rowan)
    bob = join(tx, "open")
    said = say(tx, bob, "For everybody")
    befriend(tx, ann, who(tx, GARDENS))
    deliver(tx, created(note(f"{ROWAN}/notes/1", ROWAN)))
    deliver(tx, created(page(PAGE, ROWAN, water.uri)))
    for by in (ROWAN, SAGE, MOSS, CARL):
        deliver(tx, act("Like", by, said.uri, id=f"{by}/like"))
        deliver(tx, act("Announce", by, said.uri, id=f"{by}/boost"))
        deliver(tx, act("Follow", by, bob.uri, id=f"{by}/follow"))
        deliver(tx, act("EmojiReact", by, said.uri, id=f"{by}/react", content="🌱"))
        deliver(tx, act("Block", by, who(tx, "bob").uri, id=f"{by}/block"))
    tx.run(
        "UPDATE follow SET state = 'pending' WHERE follower_id = :ann AND target_id = :rowan",
        ann=ann.id,
        rowan=rowan.id,
    )
    return tx


class _Back(Exception):
    """The world is as it was."""


def _effect(tx: Write, raw: dict[str, Any]) -> bool:
    """Whether it changed anything; afterwards nothing is changed."""
    before = dump(tx)
    found = False
    try:
        with tx.savepoint():
            try:
                deliver(tx, raw)
            except Need as need:  # nobody has anything of the kind
                deliver(tx, {**raw, "id": f"{raw['id']}/again"}, {need.uri: None})
            found = not changed(before, dump(tx)) <= TRACES
            raise _Back
    except (_Back, FederationError):
        return found


@sqlite
def test_every_deed_is_tried(square: Write) -> None:
    assert tuple(_deeds(square)) == DEEDS


@sqlite
@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_has_its_effect_by_whom_it_may_be_done_and_nobody_else(
    square: Write, name: str
) -> None:
    allowed, deed = _deeds(square)[name]
    for as_, by in ACTORS.items():
        raw = deed(by)
        raw["id"] = _id(by, f"deed/{NOW}")
        assert _effect(square, raw) == (as_ in allowed.split()), as_
