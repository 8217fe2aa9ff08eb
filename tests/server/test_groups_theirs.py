"""What strangers' groups tell, as far as they can be believed."""

from collections.abc import Callable
from typing import Any

import pytest

from server.inbox.documents import Need
from server.model import Account
from server.services import strangers
from server.store import accounts as account_store
from server.store import communities as store
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
    ann,
    announce,
    begun,
    board,
    comment,
    created,
    does,
    gardens,
    group_document,
    meet,
    of,
    page,
    place,
    watched,
    without_effect,
)
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    actor_document,
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

ANSWER = f"{PIE}/comment/1"
MODERATORS = f"{GARDENS}/moderators"


@pytest.fixture
def group(tx: Write) -> Account:
    return watched(tx)


# --- threads and comments


def test_a_thread_of_the_groups_own_server_needs_no_fetch(tx: Write, group: Account) -> None:
    found = begun(tx)
    assert (found.title, found.community_id, found.boosts) == ("Moss or gravel?", group.id, 0)
    assert passed_on(tx, found) == 1
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
    assert passed_on(tx, found) == 0


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
    befriend(tx, ann(tx), who(tx, SAGE))
    without_effect(tx, announce(SAGE, does("Lock", SAGE, PAGE, GARDENS)))
    without_effect(tx, announce(SAGE, does("Like", ROWAN, PAGE, GARDENS)))
    assert of(tx, asked).locked_ms is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_one_thread_however_it_comes(
    tx: Write, group: Account, order: tuple[int, int, int]
) -> None:
    """From its author, in a group's Announce of the Create, and in one of the thread itself."""
    befriend(tx, ann(tx), who(tx, ROWAN))
    about = page(PAGE, ROWAN, GARDENS)
    sent = created(about)
    ways = [sent, announce(GARDENS, sent), announce(GARDENS, PAGE, id=f"{GARDENS}/a/2")]
    for way in (*(ways[n] for n in order), *ways):
        deliver(tx, way, {PAGE: about})
    found = post(tx, PAGE)
    assert (found.community_id, passed_on(tx, found)) == (group.id, 1)
    for table in ("post", "forum_thread", "boost"):
        assert number(tx, f"SELECT count(*) FROM {table}") == 1
    assert number(tx, "SELECT count(*) FROM home WHERE owner_id = :a", a=ann(tx).id) == 1
    assert miscounted(tx) == []


def test_a_post_that_was_here_before_its_group_told_of_it_takes_its_place(
    tx: Write, group: Account
) -> None:
    befriend(tx, ann(tx), who(tx, ROWAN))
    account_store.set_columns(tx, group.id, closed=1)  # rowan alone cannot put it there
    about = page(PAGE, ROWAN, GARDENS)
    deliver(tx, created(about))
    deliver(tx, created(note(f"{ROWAN}/n", ROWAN, inReplyTo=PAGE)))
    assert post(tx, PAGE).community_id is None
    deliver(tx, announce(GARDENS, created(about)), {PAGE: about})
    assert post(tx, PAGE).community_id == post(tx, f"{ROWAN}/n").community_id == group.id
    assert of(tx, post(tx, PAGE)).comments == 1


def _early(tx: Write) -> Account:
    """Rowan's thread came to ann before anybody here knew its group; now she follows that too."""
    befriend(tx, join(tx, "ann"), stranger(tx, ROWAN))
    deliver(tx, created(page(PAGE, ROWAN, GARDENS)))
    assert post(tx, PAGE).community_id is None
    group = gardens(tx)
    befriend(tx, ann(tx), group)
    return group


def test_a_post_that_was_here_before_its_group_takes_its_place_when_told_by_its_id(
    tx: Write,
) -> None:
    group, raw = _early(tx), announce(GARDENS, PAGE)
    with pytest.raises(Need) as need, tx.savepoint():
        deliver(tx, raw)
    assert need.value.uri == PAGE
    deliver(tx, raw, {PAGE: page(PAGE, ROWAN, GARDENS, audience=None)})  # it is addressed
    found = post(tx, PAGE)
    assert (found.community_id, of(tx, found).comments) == (group.id, 0)
    assert passed_on(tx, found) == 1
    assert miscounted(tx) == []


@pytest.mark.parametrize(
    "there",
    [
        None,
        page(PAGE, ROWAN, f"{LEMMY}/c/moss"),
        page(PAGE, SAGE, GARDENS),
        page(f"{LEMMY}/post/6", ROWAN, GARDENS),
        page(PAGE, ROWAN, GARDENS, to=[GARDENS]),
        page(PAGE, ROWAN, GARDENS, inReplyTo=f"{LEMMY}/post/6"),
    ],
    ids=["nothing", "for another", "another's", "another", "for few", "an answer"],
)
def test_a_group_cannot_take_by_its_id_what_was_not_written_for_it(
    tx: Write, there: dict[str, Any] | None
) -> None:
    _early(tx)
    deliver(tx, announce(GARDENS, PAGE), {PAGE: there})
    found = post(tx, PAGE)
    assert (found.community_id, passed_on(tx, found)) == (None, 1)  # a boost like anybody's


def test_what_came_when_its_group_was_known_is_not_read_again_at_a_boost(
    tx: Write, group: Account
) -> None:
    befriend(tx, ann(tx), who(tx, EVE))
    about = note("https://far.test/notes/1", EVE)
    deliver(tx, created(about))
    deliver(tx, announce(GARDENS, about["id"]))
    assert passed_on(tx, post(tx, about["id"])) == 1


def test_a_group_cannot_take_what_was_not_written_for_it(tx: Write, group: Account) -> None:
    befriend(tx, ann(tx), who(tx, EVE))
    about = note("https://far.test/notes/1", EVE)
    deliver(tx, created(about))
    deliver(tx, announce(GARDENS, created(about)), {about["id"]: about})
    found = post(tx, about["id"])
    assert (found.community_id, passed_on(tx, found)) == (None, 1)  # a boost like anybody's


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
    befriend(tx, ann(tx), who(tx, WREN))
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
    store.appoint(tx, group.id, who(tx, SAGE).id, NOW)
    assert (of(tx, asked).comments, of(tx, asked).score) == (1, 0)
    deliver(tx, act("Delete", SAGE, SAGE))
    strangers.bury_posts(tx, who(tx, SAGE).id, NOW, 100)
    assert (of(tx, asked).comments, of(tx, asked).score) == (0, 1)
    assert post(tx, PAGE).dislikes == 0
    assert store.moderators(tx, group.id) == []


def test_nobody_is_ended_by_a_group(tx: Write, group: Account) -> None:
    without_effect(tx, announce(GARDENS, act("Delete", ROWAN, ROWAN)))
    assert who(tx, ROWAN).state == "active"


def test_a_change_of_the_group_is_read_at_its_own_address(tx: Write, group: Account) -> None:
    described = group_document(name="Forged", postingRestrictedToMods=True)
    raw = announce(GARDENS, act("Update", SAGE, described))
    deliver(tx, raw, {GARDENS: group_document(name="Real")})
    assert (who(tx, GARDENS).display_name, who(tx, GARDENS).closed) == ("Real", 0)
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
    befriend(tx, ann(tx), who(tx, EVE))
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
    store.appoint(tx, group.id, who(tx, SAGE).id, NOW)
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
    account_store.set_columns(tx, who(tx, ROWAN).id, state="suspended")
    without_effect(tx, announce(GARDENS, created(page(PAGE, ROWAN, GARDENS))))
