"""How strangers' groups are kept in order, and which boards of ours follow them."""

from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.errors import AppError
from server.inbox.documents import Need
from server.model import REMOVED, Account
from server.services import joint_boards
from server.store import accounts as account_store
from server.store import communities as store
from server.store import forum as forum_store
from server.store import posts
from server.store.db import Write
from tests.server.squares import (
    GARDENS,
    LEMMY,
    PAGE,
    PIE,
    ROWAN,
    SAGE,
    WREN,
    ann,
    announce,
    begun,
    board,
    comment,
    created,
    does,
    group_document,
    listens,
    meet,
    of,
    page,
    place,
    told,
    watched,
    without_effect,
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
    note,
    number,
    passed_on,
    post,
    say,
    stranger,
    who,
)

MODERATORS = f"{GARDENS}/moderators"


@pytest.fixture
def group(tx: Write) -> Account:
    return watched(tx)


# --- order


def _orders(tx: Write, by: str) -> list[dict[str, Any]]:
    answer = f"{LEMMY}/comment/1"
    if posts.by_uri(tx, answer) is None:
        deliver(tx, announce(GARDENS, created(comment(answer, ROWAN, GARDENS, PAGE))))
    return [
        does("Lock", by, PAGE, GARDENS, summary="Enough"),
        does("Add", by, PAGE, GARDENS, target=f"{GARDENS}/featured"),
        does("Delete", by, answer, GARDENS, summary="Off topic"),
        does("Block", by, EVE, GARDENS, target=GARDENS),
        does("Add", by, EVE, GARDENS, target=MODERATORS),
    ]


@pytest.mark.parametrize("by", [SAGE, WREN, GARDENS], ids=["its server", "a moderator", "itself"])
def test_a_group_tells_what_its_moderators_do(tx: Write, group: Account, by: str) -> None:
    asked = begun(tx)
    if by == WREN:
        store.appoint(tx, group.id, who(tx, WREN).id, NOW)
    for deed in _orders(tx, by):
        if deed["type"] == "Block" or deed.get("target") != MODERATORS:
            deliver(tx, announce(GARDENS, deed))
    found = of(tx, asked)
    assert found.locked_ms and found.pinned_ms
    assert post(tx, f"{LEMMY}/comment/1").visibility == REMOVED
    assert store.banned(tx, group.id, who(tx, EVE).id, NOW)
    deliver(tx, announce(GARDENS, does("Undo", by, does("Lock", by, PAGE, GARDENS), GARDENS)))
    assert of(tx, asked).locked_ms is None
    assert miscounted(tx) == []


def test_a_group_bans_from_itself_alone(tx: Write, group: Account) -> None:
    moss = f"{LEMMY}/c/moss"
    meet(tx, group_document(moss))
    for number_, target in enumerate((moss, board(tx, "water").uri, SITE.origin, LEMMY)):
        ban = does("Block", SAGE, EVE, GARDENS, target=target, id=f"{SAGE}/bans/{number_}")
        without_effect(tx, announce(GARDENS, ban))


def test_a_group_appoints_and_dismisses(tx: Write, group: Account) -> None:
    deliver(tx, announce(GARDENS, does("Add", SAGE, WREN, GARDENS, target=MODERATORS)))
    assert [one.uri for one in store.moderators(tx, group.id)] == [WREN]
    deliver(tx, announce(GARDENS, does("Remove", SAGE, WREN, GARDENS, target=MODERATORS)))
    assert store.moderators(tx, group.id) == []


def test_who_keeps_a_group_is_read_in_its_own_list(tx: Write, group: Account) -> None:
    asked = begun(tx)
    raw = announce(GARDENS, does("Lock", WREN, PAGE, GARDENS))
    with pytest.raises(Need) as need, tx.savepoint():
        deliver(tx, raw)
    assert need.value.uri == MODERATORS
    listed = {"id": MODERATORS, "type": "OrderedCollection", "orderedItems": [WREN]}
    deliver(tx, raw, {MODERATORS: listed})
    assert of(tx, asked).locked_ms == NOW
    assert store.moderates(tx, group.id, who(tx, WREN).id)


@pytest.mark.parametrize(
    "listed",
    [
        None,
        {"id": MODERATORS, "type": "Note"},
        {"id": MODERATORS, "type": "OrderedCollection", "orderedItems": [SAGE]},
    ],
)
@pytest.mark.parametrize("number_", range(5))
def test_who_is_not_in_the_list_keeps_nothing(
    tx: Write, group: Account, listed: dict[str, Any] | None, number_: int
) -> None:
    begun(tx)
    deed = _orders(tx, WREN)[number_]
    without_effect(tx, announce(GARDENS, deed), {MODERATORS: listed})


def test_a_moderator_who_says_it_without_the_group_is_heard_as_themself(
    tx: Write, group: Account
) -> None:
    asked = begun(tx)
    without_effect(tx, does("Lock", WREN, PAGE, GARDENS))
    store.appoint(tx, group.id, who(tx, WREN).id, NOW)
    deliver(tx, does("Lock", WREN, PAGE, GARDENS, id=f"{WREN}/lock/2"))
    assert of(tx, asked).locked_ms == NOW


def test_an_admin_of_lemmy_who_is_no_moderator_is_believed_where_the_group_says_so(
    tx: Write, group: Account
) -> None:
    """Lemmy takes whatever comes from the community's own server for an admin's deed."""
    first = begun(tx)
    lock = does("Lock", SAGE, PAGE, GARDENS, summary="Enough")
    for deed in (
        lock,
        does("Delete", SAGE, PAGE, GARDENS, summary="Off topic"),
        does("Block", SAGE, EVE, GARDENS, target=GARDENS, removeData=True),
    ):
        without_effect(tx, deed)
    deliver(tx, announce(GARDENS, lock))  # the very same, which came before to no effect
    assert of(tx, first).locked_ms is not None
    undo = does("Undo", SAGE, lock, GARDENS, id=f"{SAGE}/unlock")
    without_effect(tx, undo)
    deliver(tx, announce(GARDENS, undo))
    assert of(tx, first).locked_ms is None
    deliver(tx, announce(GARDENS, lock, id=f"{GARDENS}/announces/again"))
    store.appoint(tx, group.id, who(tx, SAGE).id, NOW)
    deliver(tx, does("Undo", SAGE, lock, GARDENS))
    assert of(tx, first).locked_ms is None
    deliver(tx, does("Lock", GARDENS, PAGE, GARDENS))
    assert of(tx, first).locked_ms is not None


def test_that_one_of_ours_is_shut_out_lemmy_says_to_us_alone(tx: Write, group: Account) -> None:
    mine = ann(tx)
    ban = does("Block", SAGE, mine.uri, GARDENS, target=GARDENS)
    without_effect(tx, ban | {"actor": WREN, "id": f"{WREN}/ban"})
    deliver(tx, ban)
    assert store.ban_of(tx, group.id, mine.id) is not None
    deliver(tx, does("Undo", SAGE, ban, GARDENS))
    assert store.ban_of(tx, group.id, mine.id) is None


def test_a_group_moves_a_thread_to_its_neighbour_and_to_nobody_else(
    tx: Write, group: Account
) -> None:
    asked, ours = begun(tx), board(tx, "water")
    moss, far = f"{LEMMY}/c/moss", f"{PIE}/c/owls"
    meet(tx, group_document(moss))
    meet(tx, group_document(far))
    for number_, target in enumerate((ours.uri, far, SAGE)):
        id = f"{SAGE}/moves/{number_}"
        move = does("Move", SAGE, PAGE, GARDENS, origin=GARDENS, target=target, id=id)
        without_effect(tx, announce(GARDENS, move))
    move = does("Move", SAGE, PAGE, GARDENS, origin=GARDENS, target=moss)
    deliver(tx, announce(GARDENS, move))
    assert of(tx, asked).community_id == who(tx, moss).id


# --- boards that follow boards


def _joined(tx: Write, group: Account) -> Account:
    ours = board(tx, "water", moderator_ids=(ann(tx).id,))
    joint_boards.follow(tx, SITE, ann(tx), ours.id, group.id, NOW)
    befriended = tx.one("SELECT uri FROM follow WHERE follower_id = :id", id=ours.id)
    assert befriended is not None
    deliver(tx, act("Accept", GARDENS, befriended["uri"]))
    return ours


def test_a_board_passes_on_the_threads_of_a_board_that_it_follows(
    tx: Write, group: Account
) -> None:
    ours = _joined(tx, group)
    listens(tx, WREN, ours)
    sent = created(page(PAGE, ROWAN, GARDENS))
    deliver(tx, announce(GARDENS, sent))
    deliver(tx, announce(GARDENS, PAGE, id=f"{GARDENS}/a/2"))
    deliver(tx, announce(GARDENS, created(comment(f"{LEMMY}/c/1", ROWAN, GARDENS, PAGE))))
    deliver(tx, announce(GARDENS, does("Like", SAGE, PAGE, GARDENS)))
    assert told(tx, ours) == [PAGE]
    assert post(tx, PAGE).community_id == group.id
    assert passed_on(tx, post(tx, PAGE)) == 2


def test_no_board_passes_on_what_another_has_from_a_third(tx: Write, group: Account) -> None:
    ours = _joined(tx, group)
    listens(tx, WREN, ours)
    moss = f"{LEMMY}/c/moss"
    meet(tx, group_document(moss))
    about = page(PAGE, ROWAN, moss)
    deliver(tx, announce(GARDENS, PAGE), {PAGE: about})
    assert passed_on(tx, post(tx, PAGE)) == 1
    assert told(tx, ours) == []


def test_two_boards_that_follow_each_other_send_nothing_round(tx: Write, group: Account) -> None:
    ours = _joined(tx, group)
    befriend(tx, group, ours)
    mine = say(tx, ann(tx), "Hello")
    place(tx, ours, mine)
    deliver(tx, announce(GARDENS, mine.uri))
    deliver(tx, announce(GARDENS, act("Create", ann(tx).uri, note(mine.uri, ann(tx).uri))))
    deliver(tx, announce(GARDENS, created(page(PAGE, ROWAN, GARDENS))))
    assert told(tx, ours) == [PAGE]
    assert forum_store.by_id(tx, mine.id) is not None
    assert post(tx, mine.uri).community_id == ours.id


def test_only_who_keeps_a_board_lets_it_follow(tx: Write, group: Account) -> None:
    ours, bob = board(tx, "water", moderator_ids=(ann(tx).id,)), join(tx, "bob")
    for by, id in ((bob, group.id), (ann(tx), who(tx, ROWAN).id), (ann(tx), ours.id)):
        with pytest.raises(AppError):
            joint_boards.follow(tx, SITE, by, ours.id, id, NOW)
    joint_boards.follow(tx, SITE, ann(tx), ours.id, group.id, NOW)
    joint_boards.end(tx, SITE, ann(tx), ours.id, group.id, NOW)
    assert number(tx, "SELECT count(*) FROM follow WHERE follower_id = :id", id=ours.id) == 0


# --- who speaks it


def _speaks(tx: Write, host: str) -> bool:
    return number(tx, "SELECT count(*) FROM host WHERE name = :h AND groups_ms > 0", h=host) == 1


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({}, False),
        (
            {
                "@context": [
                    "https://www.w3.org/ns/activitystreams",
                    {"lemmy": "https://join-lemmy.org/ns#"},
                ]
            },
            True,
        ),
        ({"@context": ["https://join-lemmy.org/context.json"]}, True),
        ({"@context": {"toot": "http://joinmastodon.org/ns#"}}, False),
        ({"type": "Group"}, False),
        ({"type": "Group", "postingRestrictedToMods": False}, True),
        ({"type": "Group", "attributedTo": "https://new.test/mods"}, True),
        ({"type": "Group", "attributedTo": "https://other.test/mods"}, False),
        (
            {"type": "Group", "attributedTo": [{"type": "Person", "id": "https://new.test/a"}]},
            False,
        ),
    ],
)
def test_a_server_shows_that_it_speaks_of_groups(
    tx: Write, described: dict[str, Any], expected: bool
) -> None:
    stranger(tx, "https://new.test/c/x", **described)
    assert _speaks(tx, "new.test") == expected


def test_a_server_that_announces_an_activity_or_writes_an_audience_speaks_of_groups(
    tx: Write, group: Account
) -> None:
    plain = "https://plain.test/c/x"
    stranger(tx, plain, type="Group")
    assert not _speaks(tx, "plain.test")
    deliver(tx, announce(plain, does("Like", ROWAN, PAGE, plain)))
    assert _speaks(tx, "plain.test")
    assert not _speaks(tx, "pie.test")
    about = page(f"{PIE}/post/1", WREN, GARDENS)
    befriend(tx, ann(tx), who(tx, WREN))
    deliver(tx, created(about))
    assert _speaks(tx, "pie.test")


def test_what_a_group_says_of_itself_is_kept(tx: Write) -> None:
    found = meet(tx, group_document() | {"postingRestrictedToMods": True})
    assert (found.moderators_uri, found.closed) == (MODERATORS, 1)
    person = stranger(tx, ROWAN, attributedTo=MODERATORS, postingRestrictedToMods=True)
    assert (person.moderators_uri, person.closed) == ("", 0)


def test_nobody_begins_a_thread_in_a_closed_group_without_it(tx: Write, group: Account) -> None:
    account_store.set_columns(tx, group.id, closed=1)
    befriend(tx, ann(tx), who(tx, WREN))
    about = page(f"{PIE}/post/1", WREN, GARDENS, to=[PUBLIC, GARDENS])
    deliver(tx, created(about))
    assert post(tx, about["id"]).community_id is None
