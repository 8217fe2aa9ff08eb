"""What strangers' groups tell, as far as they can be believed."""

from collections.abc import Callable
from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.errors import AppError
from server.inbox.documents import Need
from server.model import REMOVED, Account, Post
from server.services import joint_boards, strangers
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
    Signer,
    announce,
    board,
    comment,
    created,
    does,
    gardens,
    group_document,
    listens,
    meet,
    of,
    page,
    place,
    told,
)
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    actor_document,
    befriend,
    changed,
    deliver,
    dump,
    join,
    miscounted,
    note,
    number,
    post,
    say,
    stranger,
)

TRACES = {"activity", "host", "tombstone"}
ANSWER = f"{PIE}/comment/1"
MODERATORS = f"{GARDENS}/moderators"


@pytest.fixture
def group(tx: Write) -> Account:
    """Gardens at lemmy.test, which ann follows; rowan and sage live there, wren does not."""
    group = gardens(tx)
    befriend(tx, join(tx, "ann"), group)
    for uri in (ROWAN, SAGE, WREN, EVE):
        stranger(tx, uri)
    return group


def ann(tx: Write) -> Account:
    found = account_store.by_handle(tx, "ann")
    assert found is not None
    return found


def account(tx: Write, uri: str) -> Account:
    found = account_store.by_uri(tx, uri)
    assert found is not None
    return found


def begun(tx: Write) -> Post:
    """A thread of gardens, by rowan."""
    deliver(tx, announce(GARDENS, created(page(PAGE, ROWAN, GARDENS))))
    return post(tx, PAGE)


def without_effect(tx: Write, raw: dict[str, Any], documents: dict[str, Any] | None = None) -> None:
    before = dump(tx)
    deliver(tx, raw, documents)
    assert changed(before, dump(tx)) <= TRACES


# --- threads and comments


def test_a_thread_of_the_groups_own_server_needs_no_fetch(tx: Write, group: Account) -> None:
    found = begun(tx)
    assert (found.title, found.community_id, found.boosts) == ("Moss or gravel?", group.id, 1)
    assert of(tx, found).community_id == group.id
    assert number(tx, "SELECT count(*) FROM home WHERE owner_id = :a", a=ann(tx).id) == 1
    assert miscounted(tx) == []


def test_what_somebody_elsewhere_wrote_is_read_where_it_lives(tx: Write, group: Account) -> None:
    asked = begun(tx)
    forged = comment(ANSWER, WREN, GARDENS, PAGE, content="<p>What wren never wrote</p>")
    raw = announce(GARDENS, created(forged))
    with pytest.raises(Need) as need, tx.savepoint():
        deliver(tx, raw)
    assert need.value.uri == ANSWER
    deliver(tx, raw, {ANSWER: comment(ANSWER, WREN, GARDENS, PAGE)})
    found = post(tx, ANSWER)
    assert (found.content, found.community_id) == ("<p>Gravel.</p>", group.id)
    assert of(tx, asked).comments == 1
    assert found.boosts == 0


@pytest.mark.parametrize(
    "there",
    [
        None,
        {"id": ANSWER, "type": "Tombstone"},
        comment(ANSWER, f"{PIE}/u/other", GARDENS, PAGE),
        comment(ANSWER, f"{LEMMY}/u/rowan", GARDENS, PAGE),
        comment(ANSWER, WREN, GARDENS, PAGE, to=[WREN], cc=[]),
    ],
    ids=["nothing", "gone", "another's", "another server's", "for few"],
)
def test_what_does_not_live_there_is_not_believed(
    tx: Write, group: Account, there: dict[str, Any] | None
) -> None:
    asked = begun(tx)
    deliver(tx, announce(GARDENS, created(comment(ANSWER, WREN, GARDENS, PAGE))), {ANSWER: there})
    assert of(tx, asked).comments == 0
    found = posts.by_uri(tx, ANSWER)
    assert found is None or not found.open


def test_an_activity_that_is_announced_by_its_id_is_read_there(tx: Write, group: Account) -> None:
    asked = begun(tx)
    made = created(comment(ANSWER, WREN, GARDENS, PAGE))
    raw = announce(GARDENS, made["id"])
    with pytest.raises(Need) as need, tx.savepoint():
        deliver(tx, raw)
    assert need.value.uri == made["id"]
    deliver(tx, raw, {made["id"]: made})
    assert of(tx, asked).comments == 1
    for there in (None, act("Flag", WREN, PAGE, id=made["id"]), made | {"actor": ROWAN}):
        other = announce(GARDENS, f"{PIE}/x/1", id=f"{GARDENS}/{id(there)}")
        without_effect(tx, other, {f"{PIE}/x/1": there})


def test_a_proven_activity_needs_no_fetch(tx: Write, group: Account) -> None:
    asked, wren = begun(tx), Signer(WREN)
    meet(tx, wren.document)
    deliver(tx, announce(GARDENS, wren.signs(created(comment(ANSWER, WREN, GARDENS, PAGE)))))
    assert of(tx, asked).comments == 1


def test_the_key_of_a_proof_is_read_in_its_owners_document(tx: Write, group: Account) -> None:
    asked, wren = begun(tx), Signer(WREN)
    raw = announce(GARDENS, wren.signs(created(comment(ANSWER, WREN, GARDENS, PAGE))))
    with pytest.raises(Need) as need, tx.savepoint():
        deliver(tx, raw)
    assert need.value.uri == WREN
    deliver(tx, raw, {WREN: wren.document})
    assert of(tx, asked).comments == 1


def _content(signed: dict[str, Any]) -> None:
    signed["object"]["content"] = "<p>Changed</p>"


def _method(uri: str) -> Callable[[dict[str, Any]], None]:
    return lambda signed: signed["proof"].update(verificationMethod=uri)


@pytest.mark.parametrize(
    "forge",
    [_content, _method(f"{ROWAN}#ed25519-key"), _method(f"{PIE}/u/other#ed25519-key")],
    ids=["changed", "key of the group's server", "key of another"],
)
def test_a_wrong_proof_proves_nothing(
    tx: Write, group: Account, forge: Callable[[dict[str, Any]], None]
) -> None:
    begun(tx)
    wren = Signer(WREN)
    meet(tx, wren.document)
    signed = wren.signs(created(comment(ANSWER, WREN, GARDENS, PAGE)))
    forge(signed)
    with pytest.raises(Need) as need:
        deliver(tx, announce(GARDENS, signed), {WREN: wren.document})
    assert need.value.uri == ANSWER  # as if it had none


def test_the_key_of_somebody_else_proves_nothing(tx: Write, group: Account) -> None:
    begun(tx)
    meet(tx, Signer(WREN).document)
    other = Signer(f"{PIE}/u/other")
    meet(tx, other.document)
    signed = other.signs(created(comment(ANSWER, WREN, GARDENS, PAGE)))
    with pytest.raises(Need) as need:
        deliver(tx, announce(GARDENS, signed), {WREN: Signer(WREN).document})
    assert need.value.uri == ANSWER


def test_a_group_that_nobody_here_knows_tells_nothing(tx: Write) -> None:
    gardens(tx)
    stranger(tx, ROWAN)
    without_effect(tx, announce(GARDENS, created(page(PAGE, ROWAN, GARDENS))))


def test_a_group_in_which_one_of_ours_wrote_is_heard(tx: Write) -> None:
    group = gardens(tx)
    stranger(tx, ROWAN)
    asked = say(tx, join(tx, "ann"), "Hello gardens")
    place(tx, group, asked)
    sent = created(comment(f"{LEMMY}/comment/1", ROWAN, GARDENS, asked.uri))
    deliver(tx, announce(GARDENS, sent))
    assert of(tx, asked).comments == 1
    assert number(tx, "SELECT count(*) FROM notification WHERE kind = 'mention'") == 1


def test_a_person_who_announces_an_activity_is_no_group(tx: Write, group: Account) -> None:
    asked = begun(tx)
    befriend(tx, ann(tx), account(tx, SAGE))
    without_effect(tx, announce(SAGE, does("Lock", SAGE, PAGE, GARDENS)))
    without_effect(tx, announce(SAGE, does("Like", ROWAN, PAGE, GARDENS)))
    assert of(tx, asked).locked_ms is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_one_thread_however_it_comes(
    tx: Write, group: Account, order: tuple[int, int, int]
) -> None:
    """From its author, in a group's Announce of the Create, and in one of the thread itself."""
    befriend(tx, ann(tx), account(tx, ROWAN))
    about = page(PAGE, ROWAN, GARDENS)
    sent = created(about)
    ways = [sent, announce(GARDENS, sent), announce(GARDENS, PAGE, id=f"{GARDENS}/a/2")]
    for way in (*(ways[n] for n in order), *ways):
        deliver(tx, way, {PAGE: about})
    found = post(tx, PAGE)
    assert (found.community_id, found.boosts) == (group.id, 1)
    for table in ("post", "forum_thread", "boost"):
        assert number(tx, f"SELECT count(*) FROM {table}") == 1
    assert number(tx, "SELECT count(*) FROM home WHERE owner_id = :a", a=ann(tx).id) == 1
    assert miscounted(tx) == []


def test_a_post_that_was_here_before_its_group_told_of_it_takes_its_place(
    tx: Write, group: Account
) -> None:
    befriend(tx, ann(tx), account(tx, ROWAN))
    account_store.set_columns(tx, group.id, closed=1)  # rowan alone cannot put it there
    about = page(PAGE, ROWAN, GARDENS)
    deliver(tx, created(about))
    deliver(tx, created(note(f"{ROWAN}/n", ROWAN, inReplyTo=PAGE)))
    assert post(tx, PAGE).community_id is None
    deliver(tx, announce(GARDENS, created(about)), {PAGE: about})
    assert post(tx, PAGE).community_id == post(tx, f"{ROWAN}/n").community_id == group.id
    assert of(tx, post(tx, PAGE)).comments == 1


def test_a_group_cannot_take_what_was_not_written_for_it(tx: Write, group: Account) -> None:
    befriend(tx, ann(tx), account(tx, EVE))
    about = note("https://far.test/notes/1", EVE)
    deliver(tx, created(about))
    deliver(tx, announce(GARDENS, created(about)), {about["id"]: about})
    found = post(tx, about["id"])
    assert (found.community_id, found.boosts) == (None, 1)  # a boost like anybody's


def test_comments_that_come_before_their_thread_find_their_place(tx: Write, group: Account) -> None:
    answer = f"{LEMMY}/comment/1"
    deeper = comment(f"{LEMMY}/comment/2", ROWAN, GARDENS, answer)
    deliver(tx, announce(GARDENS, created(deeper)))
    deliver(tx, announce(GARDENS, created(comment(answer, ROWAN, GARDENS, PAGE))))
    asked = begun(tx)
    for uri in (answer, f"{LEMMY}/comment/2"):
        assert (post(tx, uri).community_id, post(tx, uri).thread_id) == (group.id, asked.id)
    assert of(tx, asked).comments == 2


def test_an_id_that_nobody_vouches_for_does_not_keep_the_real_one_out(
    tx: Write, group: Account
) -> None:
    begun(tx)
    befriend(tx, ann(tx), account(tx, WREN))
    real = created(comment(ANSWER, WREN, GARDENS, PAGE))
    poison = does("Like", WREN, PAGE, GARDENS, id=real["id"])
    deliver(tx, announce(GARDENS, poison))
    deliver(tx, real)
    assert post(tx, ANSWER).community_id is not None


def test_what_concerned_nobody_when_its_author_sent_it_counts_when_its_group_tells_of_it(
    tx: Write, group: Account
) -> None:
    """A comment below something that is not here yet, by somebody whom nobody follows."""
    answer = comment(f"{LEMMY}/comment/1", ROWAN, GARDENS, PAGE)
    deliver(tx, created(answer))
    assert posts.by_uri(tx, answer["id"]) is None
    deliver(tx, announce(GARDENS, created(answer)))
    assert post(tx, answer["id"]).reply_to_uri == PAGE


# --- edits and deletions


def test_edits_are_believed_of_the_groups_server_and_read_elsewhere(
    tx: Write, group: Account
) -> None:
    begun(tx)
    new = {"content": "<p>Moss!</p>", "updated": "2026-11-23T12:00:00Z"}
    deliver(tx, announce(GARDENS, act("Update", ROWAN, page(PAGE, ROWAN, GARDENS, **new))))
    assert post(tx, PAGE).content == "<p>Moss!</p>"
    about = comment(ANSWER, WREN, GARDENS, PAGE)
    deliver(tx, announce(GARDENS, created(about)), {ANSWER: about})
    forged = act("Update", WREN, about | new)
    deliver(tx, announce(GARDENS, forged), {ANSWER: about})
    assert post(tx, ANSWER).content == "<p>Gravel.</p>"
    deliver(tx, announce(GARDENS, forged, id=f"{GARDENS}/a/9"), {ANSWER: about | new})
    assert post(tx, ANSWER).content == "<p>Moss!</p>"


def test_an_author_elsewhere_deletes_what_is_gone_where_it_lived(tx: Write, group: Account) -> None:
    asked, about = begun(tx), comment(ANSWER, WREN, GARDENS, PAGE)
    deliver(tx, announce(GARDENS, created(about)), {ANSWER: about})
    delete = does("Delete", WREN, ANSWER, GARDENS)
    for number_, there in enumerate((None, about)):
        told = announce(GARDENS, delete, id=f"{GARDENS}/d/{number_}")
        with pytest.raises(Need) as need, tx.savepoint():
            deliver(tx, told)
        assert need.value.uri == ANSWER
        deliver(tx, told, {ANSWER: there})
        assert post(tx, ANSWER).deleted_ms is None
    gone = {"id": ANSWER, "type": "Tombstone"}
    deliver(tx, announce(GARDENS, delete, id=f"{GARDENS}/d/9"), {ANSWER: gone})
    assert post(tx, ANSWER).deleted_ms == NOW
    assert of(tx, asked).comments == 0


def test_who_ends_leaves_counts_that_are_right(tx: Write, group: Account) -> None:
    asked = begun(tx)
    deliver(tx, announce(GARDENS, created(comment(f"{LEMMY}/c/1", SAGE, GARDENS, PAGE))))
    deliver(tx, announce(GARDENS, does("Like", ROWAN, PAGE, GARDENS)))
    deliver(tx, announce(GARDENS, does("Dislike", SAGE, PAGE, GARDENS)))
    store.appoint(tx, group.id, account(tx, SAGE).id, NOW)
    assert (of(tx, asked).comments, of(tx, asked).score) == (1, 0)
    deliver(tx, act("Delete", SAGE, SAGE))
    strangers.bury_posts(tx, account(tx, SAGE).id, NOW, 100)
    assert (of(tx, asked).comments, of(tx, asked).score) == (0, 1)
    assert post(tx, PAGE).dislikes == 0
    assert store.moderators(tx, group.id) == []


def test_nobody_is_ended_by_a_group(tx: Write, group: Account) -> None:
    without_effect(tx, announce(GARDENS, act("Delete", ROWAN, ROWAN)))
    assert account(tx, ROWAN).state == "active"


def test_a_change_of_the_group_is_read_at_its_own_address(tx: Write, group: Account) -> None:
    described = group_document(name="Forged", postingRestrictedToMods=True)
    raw = announce(GARDENS, act("Update", SAGE, described))
    deliver(tx, raw, {GARDENS: group_document(name="Real")})
    assert (account(tx, GARDENS).display_name, account(tx, GARDENS).closed) == ("Real", 0)
    person = actor_document(WREN, name="Fool")
    without_effect(tx, announce(GARDENS, act("Update", WREN, person)))


# --- votes


def test_a_group_tells_of_votes_in_its_own_community(tx: Write, group: Account) -> None:
    asked = begun(tx)
    deliver(tx, announce(GARDENS, does("Like", ROWAN, PAGE, GARDENS)))
    deliver(tx, announce(GARDENS, does("Like", SAGE, PAGE, GARDENS)))
    deliver(tx, announce(GARDENS, does("Dislike", WREN, PAGE, GARDENS)))
    found = post(tx, PAGE)
    assert (found.likes, found.dislikes, of(tx, asked).score) == (2, 1, 1)
    undo = does("Undo", WREN, does("Dislike", WREN, PAGE, GARDENS), GARDENS)
    deliver(tx, announce(GARDENS, undo))
    assert (post(tx, PAGE).dislikes, of(tx, asked).score) == (0, 2)
    assert miscounted(tx) == []


def test_the_id_of_an_unproven_vote_does_not_keep_another_vote_out(
    tx: Write, group: Account
) -> None:
    begun(tx)
    plain = say(tx, ann(tx), "Elsewhere")
    deliver(tx, announce(GARDENS, does("Like", WREN, PAGE, GARDENS, id=f"{WREN}/likes/7")))
    deliver(tx, act("Like", WREN, plain.uri, id=f"{WREN}/likes/7"))
    assert (post(tx, PAGE).likes, post(tx, plain.uri).likes) == (1, 1)


def test_who_votes_elsewhere_is_looked_up_only_for_what_we_have(tx: Write, group: Account) -> None:
    nobody = f"{PIE}/u/new"
    without_effect(tx, announce(GARDENS, does("Like", nobody, f"{LEMMY}/post/unknown", GARDENS)))
    begun(tx)
    with pytest.raises(Need) as need:
        deliver(tx, announce(GARDENS, does("Like", nobody, PAGE, GARDENS)))
    assert need.value.uri == nobody


def _elsewhere(tx: Write) -> dict[str, str]:
    """Posts that do not stand in gardens."""
    ours = board(tx, "water")
    placed, plain = say(tx, ann(tx), "In water"), say(tx, ann(tx), "Nowhere")
    place(tx, ours, placed)
    moss = f"{LEMMY}/c/moss"
    befriend(tx, ann(tx), meet(tx, group_document(moss)))
    deliver(tx, announce(moss, created(page(f"{LEMMY}/post/9", ROWAN, moss))))
    befriend(tx, ann(tx), account(tx, EVE))
    deliver(tx, created(note("https://far.test/notes/1", EVE)))
    return {
        "in a board of ours": placed.uri,
        "by one of ours": plain.uri,
        "in another group": f"{LEMMY}/post/9",
        "in no group": "https://far.test/notes/1",
    }


@pytest.mark.parametrize(
    "where", ["in a board of ours", "by one of ours", "in another group", "in no group"]
)
@pytest.mark.parametrize(
    "kind", ["Like", "Dislike", "Undo", "Lock", "Delete", "Add", "Move", "Restore"]
)
def test_a_group_speaks_for_its_own_community_alone(
    tx: Write, group: Account, where: str, kind: str
) -> None:
    uri = _elsewhere(tx)[where]
    store.appoint(tx, group.id, account(tx, SAGE).id, NOW)
    like = act("Like", SAGE, uri, id=f"{SAGE}/like")
    if kind == "Undo":
        deliver(tx, like)
    deeds = {
        "Like": does("Like", WREN, uri, GARDENS),
        "Dislike": does("Dislike", WREN, uri, GARDENS),
        "Undo": does("Undo", SAGE, like, GARDENS),
        "Lock": does("Lock", SAGE, uri, GARDENS),
        "Delete": does("Delete", SAGE, uri, GARDENS, summary="Off topic"),
        "Add": does("Add", SAGE, uri, GARDENS, target=f"{GARDENS}/featured"),
        "Move": does("Move", SAGE, uri, GARDENS, target=GARDENS),
        "Restore": does("Undo", SAGE, does("Delete", SAGE, uri, GARDENS, summary=""), GARDENS),
    }
    without_effect(tx, announce(GARDENS, deeds[kind], id=f"{GARDENS}/forged"))


def test_a_group_tells_nothing_of_ours(tx: Write, group: Account) -> None:
    begun(tx)
    plain, me = say(tx, ann(tx), "Mine"), ann(tx).uri
    for inner in (
        does("Like", me, PAGE, GARDENS),
        does("Dislike", me, PAGE, GARDENS),
        does("Delete", me, plain.uri, GARDENS),
        act("Update", me, note(plain.uri, me, content="<p>Forged</p>")),
        does("Lock", me, PAGE, GARDENS),
        act("Create", me, note(f"{me}/x", me), id=f"{me}/c"),
    ):
        without_effect(tx, announce(GARDENS, inner))


@pytest.mark.parametrize(
    "inner",
    [
        act("Block", ROWAN, f"{SITE.origin}/actors/1"),
        act("Follow", ROWAN, f"{SITE.origin}/actors/1"),
        act("Undo", ROWAN, act("Follow", ROWAN, GARDENS)),
        act("Flag", ROWAN, [PAGE], content="Rude"),
        act("Accept", ROWAN, GARDENS),
        act("Move", ROWAN, ROWAN, target=WREN),
        act("Announce", ROWAN, act("Like", ROWAN, PAGE)),
        {"type": "Like", "actor": ROWAN, "object": PAGE},
        {"id": f"{LEMMY}/x", "type": "Like", "object": PAGE},
        {"id": f"{PIE}/x", "type": "Like", "actor": ROWAN, "object": PAGE},
        {"id": "https://lemmy.test:443/x", "type": "Like", "actor": ROWAN, "object": PAGE},
        {"id": f"{LEMMY}/x", "type": "Like", "actor": ROWAN},
        act("Like", ROWAN, PAGE, to=[f"{PIE}/u/{n}" for n in range(600)]),
    ],
    ids=lambda inner: str(inner["type"]),
)
def test_what_groups_do_not_tell_of_has_no_effect(
    tx: Write, group: Account, inner: dict[str, Any]
) -> None:
    begun(tx)
    without_effect(tx, announce(GARDENS, inner, id=f"{GARDENS}/a/7"))


def test_somebody_who_is_blocked_here_is_not_brought_back_by_a_group(
    tx: Write, group: Account
) -> None:
    account_store.set_columns(tx, account(tx, ROWAN).id, state="suspended")
    without_effect(tx, announce(GARDENS, created(page(PAGE, ROWAN, GARDENS))))


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
        store.appoint(tx, group.id, account(tx, WREN).id, NOW)
    for deed in _orders(tx, by):
        if deed["type"] == "Block" or deed.get("target") != MODERATORS:
            deliver(tx, announce(GARDENS, deed))
    found = of(tx, asked)
    assert found.locked_ms and found.pinned_ms
    assert post(tx, f"{LEMMY}/comment/1").visibility == REMOVED
    assert store.banned(tx, group.id, account(tx, EVE).id, NOW)
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
    assert store.moderates(tx, group.id, account(tx, WREN).id)


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
    store.appoint(tx, group.id, account(tx, WREN).id, NOW)
    deliver(tx, does("Lock", WREN, PAGE, GARDENS, id=f"{WREN}/lock/2"))
    assert of(tx, asked).locked_ms == NOW


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
    assert of(tx, asked).community_id == account(tx, moss).id


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
    assert post(tx, PAGE).boosts == 2


def test_no_board_passes_on_what_another_has_from_a_third(tx: Write, group: Account) -> None:
    ours = _joined(tx, group)
    listens(tx, WREN, ours)
    moss = f"{LEMMY}/c/moss"
    meet(tx, group_document(moss))
    about = page(PAGE, ROWAN, moss)
    deliver(tx, announce(GARDENS, PAGE), {PAGE: about})
    assert post(tx, PAGE).boosts == 1
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
    for by, id in ((bob, group.id), (ann(tx), account(tx, ROWAN).id), (ann(tx), ours.id)):
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
    befriend(tx, ann(tx), account(tx, WREN))
    deliver(tx, created(about))
    assert _speaks(tx, "pie.test")


def test_what_a_group_says_of_itself_is_kept(tx: Write) -> None:
    found = meet(tx, group_document() | {"postingRestrictedToMods": True})
    assert (found.moderators_uri, found.closed) == (MODERATORS, 1)
    person = stranger(tx, ROWAN, attributedTo=MODERATORS, postingRestrictedToMods=True)
    assert (person.moderators_uri, person.closed) == ("", 0)


def test_nobody_begins_a_thread_in_a_closed_group_without_it(tx: Write, group: Account) -> None:
    account_store.set_columns(tx, group.id, closed=1)
    befriend(tx, ann(tx), account(tx, WREN))
    about = page(f"{PIE}/post/1", WREN, GARDENS, to=[PUBLIC, GARDENS])
    deliver(tx, created(about))
    assert post(tx, about["id"]).community_id is None
