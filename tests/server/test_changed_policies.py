"""Who may answer, share and quote a post changes: by its author, by a lock, and in what comes."""

from typing import Any

import pytest

from federation.vocab import PUBLIC
from server.clock import DAY_MS
from server.errors import Forbidden, Invalid
from server.model import Account, Post
from server.services import deferring, permissions, permitting, posts, quotes, stewardship
from server.services.new_posts import NewPost
from server.services.permitting import Wanted
from server.store import posts as post_store
from server.store import tallies
from server.store.db import Write
from tests.server.squares import (
    GARDENS,
    ROWAN,
    SAGE,
    announce,
    board,
    does,
    gardens,
    listens,
    place,
    thread,
)
from tests.server.stamped import THEIRS
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    act,
    befriend,
    create,
    deliver,
    note,
    number,
    post,
    say,
    sent,
    settle,
    stranger,
    who,
)


@pytest.fixture
def world(tx: Write) -> Write:
    settle(tx)
    befriend(tx, who(tx, EVE), who(tx, "ann"))
    return tx


def updates(tx: Write, of: Post) -> list[dict[str, Any]]:
    return [one["object"] for one in sent(tx, "Update") if one["object"]["id"] == of.uri]


def may_answer(document: dict[str, Any]) -> tuple[list[str], list[str]]:
    rule = document["interactionPolicy"]["canReply"]
    assert (rule["always"], rule["approvalRequired"]) == (
        rule["automaticApproval"],
        rule["manualApproval"],
    )
    return rule["automaticApproval"], rule["manualApproval"]


# --- ours


def test_an_edit_changes_who_may_and_what_it_leaves_out_stays(world: Write) -> None:
    ann = who(world, "ann")
    mine = say(world, ann, replies="named", boosts="nobody", quote_policy="nobody")
    posts.edit(world, SITE, ann, mine.id, NewPost(content="Otherwise"), NOW)
    assert (now := post(world, mine.uri)).permits == mine.permits
    assert quotes.policy(now) == "nobody"
    new = NewPost(content="Again", replies="approved", quote_policy="followers")
    posts.edit(world, SITE, ann, mine.id, new, NOW)
    now = post(world, mine.uri)
    said = (permissions.choice(now), permissions.sharing(now), quotes.policy(now))
    assert said == ("approved", "nobody", "followers")
    told = updates(world, mine)[-1]
    assert may_answer(told) == ([ann.uri, ann.followers_uri, ann.following_uri], [PUBLIC])
    assert told["interactionPolicy"]["canAnnounce"]["automaticApproval"] == [ann.uri]
    assert told["interactionPolicy"]["canQuote"]["automaticApproval"] == [ann.followers_uri]


def test_who_may_changes_without_an_edit_and_everybody_is_told_once(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    mine = say(world, ann)
    with pytest.raises(Forbidden):
        permitting.change(world, SITE, bob, mine.id, Wanted(replies="named"), NOW)
    with pytest.raises(Invalid):
        permitting.change(world, SITE, ann, mine.id, Wanted(replies="friends"), NOW)
    for _ in range(2):
        permitting.change(world, SITE, ann, mine.id, Wanted(replies="named"), NOW)
    (told,) = updates(world, mine)
    assert may_answer(told) == ([ann.uri], [])
    assert "updated" not in told
    now = post(world, mine.uri)
    assert (now.edited_ms, quotes.policy(now)) == (None, "public")
    with pytest.raises(Forbidden):
        say(world, bob, "But", reply_to_id=mine.id)
    permitting.change(world, SITE, ann, mine.id, Wanted(replies="everyone"), NOW)
    assert post(world, mine.uri).permits == ""
    assert say(world, bob, "Thanks", reply_to_id=mine.id).open


def test_an_edit_of_who_may_alone_is_no_edit_of_the_post(world: Write) -> None:
    ann = who(world, "ann")
    mine = say(world, ann, "Moss or gravel? #garden")
    words = NewPost(content=mine.source, replies="named", boosts="nobody", quote_policy="nobody")
    for _ in range(2):
        posts.edit(world, SITE, ann, mine.id, words, NOW)
    now = post(world, mine.uri)
    assert (permissions.choice(now), permissions.sharing(now), now.edited_ms) == (
        "named",
        "nobody",
        None,
    )
    assert post_store.revisions(world, mine.id) == []
    (told,) = updates(world, mine)
    assert may_answer(told) == ([ann.uri], [])
    assert "updated" not in told
    other = NewPost(content=mine.source, warning="Stones", sensitive=True, replies="everyone")
    posts.edit(world, SITE, ann, mine.id, other, NOW)
    assert post(world, mine.uri).edited_ms
    assert len(post_store.revisions(world, mine.id)) == 1


def test_other_words_for_its_pictures_are_an_edit(world: Write) -> None:
    ann = who(world, "ann")
    mine = say(world, ann)
    posts.edit(world, SITE, ann, mine.id, NewPost(content=mine.source), NOW, described=True)
    assert post(world, mine.uri).edited_ms


@pytest.mark.parametrize("visibility", ["followers", "direct"])
def test_of_what_is_not_for_everybody_nothing_changes_and_nothing_goes_out(
    world: Write, visibility: str
) -> None:
    ann = who(world, "ann")
    mine = say(world, ann, "@bob hello", visibility=visibility)
    permitting.change(world, SITE, ann, mine.id, Wanted(replies="named", quotes="public"), NOW)
    assert post(world, mine.uri).permits == ""
    assert updates(world, mine) == []


def test_an_answer_that_waits_is_told_to_nobody_by_a_change_of_its_policy(world: Write) -> None:
    ann, bob = who(world, "ann"), who(world, "bob")
    befriend(world, who(world, EVE), bob)
    asked = say(world, ann, replies="approved")
    answer = say(world, bob, "May I?", reply_to_id=asked.id)
    permitting.change(world, SITE, bob, answer.id, Wanted(quotes="nobody", replies="named"), NOW)
    assert updates(world, answer) == []


# --- locks


def locked(tx: Write, of: Post, *, yes: bool) -> None:
    stewardship.lock(tx, SITE, who(tx, "ann"), of.id, NOW, locked=yes)


@pytest.fixture
def water(world: Write) -> Account:
    group = board(world, moderator_ids=(who(world, "ann").id,))
    listens(world, ROWAN, group)
    return group


def test_a_lock_and_its_end_are_told_to_those_who_know_policies_alone(
    world: Write, water: Account
) -> None:
    bob = who(world, "bob")
    befriend(world, who(world, EVE), bob)
    asked = thread(world, water, bob)
    locked(world, asked, yes=True)
    (told,) = updates(world, asked)
    assert may_answer(told) == ([bob.uri], [])
    locked(world, asked, yes=True)
    locked(world, asked, yes=False)
    assert [may_answer(one) for one in updates(world, asked)] == [([bob.uri], []), ([PUBLIC], [])]
    relayed = [one["object"]["type"] for one in sent(world, "Announce") if "type" in one["object"]]
    assert "Update" not in relayed


def test_a_stranger_locks_and_the_author_here_tells_of_it(world: Write) -> None:
    group = gardens(world)
    ann = who(world, "ann")
    asked = say(world, ann)
    place(world, group, asked)
    stranger(world, ROWAN)
    befriend(world, ann, group)
    deliver(world, announce(GARDENS, does("Lock", ROWAN, asked.uri, GARDENS)))
    assert [may_answer(one) for one in updates(world, asked)] == [([ann.uri], [])]


def test_who_locks_and_opens_without_end_does_not_write_to_everybody_each_time(
    world: Write, water: Account
) -> None:
    asked = thread(world, water, who(world, "ann"))
    for turn in range(21):
        locked(world, asked, yes=turn % 2 == 0)
    assert len(updates(world, asked)) == permitting.MOST_LOCKS_AN_HOUR
    later = tallies.next_hour(NOW)
    assert not deferring.tell_next(world, SITE, later - 1)
    assert deferring.tell_next(world, SITE, later)
    assert not deferring.tell_next(world, SITE, later)
    last = updates(world, asked)[permitting.MOST_LOCKS_AN_HOUR :]
    assert [may_answer(one) for one in last] == [([who(world, "ann").uri], [])]


def test_a_lock_that_is_told_at_once_takes_the_place_of_one_that_waited(
    world: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permitting, "MOST_LOCKS_AN_HOUR", 1)
    asked = thread(world, water, who(world, "ann"))
    for yes in (True, False):
        locked(world, asked, yes=yes)
    later = tallies.next_hour(NOW)
    stewardship.lock(world, SITE, who(world, "ann"), asked.id, later, locked=True)
    assert len(updates(world, asked)) == 2
    assert not deferring.tell_next(world, SITE, later)


def test_what_waits_of_a_thread_that_was_taken_away_is_told_when_it_is_back(
    world: Write, water: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permitting, "MOST_LOCKS_AN_HOUR", 1)
    ann = who(world, "ann")
    asked = thread(world, water, ann)
    for yes in (True, False):
        locked(world, asked, yes=yes)
    stewardship.remove(world, SITE, ann, asked.id, NOW, reason="")
    later = tallies.next_hour(NOW)
    assert deferring.tell_next(world, SITE, later)
    assert not deferring.tell_next(world, SITE, later)
    assert len(updates(world, asked)) == 1
    stewardship.restore(world, SITE, ann, asked.id, later)
    assert deferring.tell_next(world, SITE, later + DAY_MS)
    assert may_answer(updates(world, asked)[-1]) == ([PUBLIC], [])


# --- strangers'


def theirs(rule: dict[str, Any] | None) -> dict[str, Any]:
    policy = {} if rule is None else {"interactionPolicy": {"canReply": rule}}
    return note(THEIRS, CARL, **policy)


@pytest.mark.parametrize(
    "nobody", [{"always": CARL}, {"automaticApproval": [CARL]}], ids=["before 0.20", "since"]
)
def test_a_strangers_update_changes_who_may_and_back(world: Write, nobody: Any) -> None:
    bob = who(world, "bob")
    befriend(world, bob, who(world, CARL))
    deliver(world, create(theirs(None), id=f"{THEIRS}#create"))
    deliver(world, act("Update", CARL, theirs(nobody), id=f"{THEIRS}#update-1"))
    here = post(world, THEIRS)
    with pytest.raises(Forbidden):
        say(world, bob, "But", reply_to_id=here.id)
    assert here.edited_ms is None
    for forger in (EVE, MALLORY):
        deliver(world, act("Update", forger, theirs(None), id=f"{forger}/updates/1"))
    with pytest.raises(Forbidden):
        say(world, bob, "But", reply_to_id=here.id)
    deliver(world, act("Update", CARL, theirs(None), id=f"{THEIRS}#update-2"))
    assert say(world, bob, "Thanks", reply_to_id=here.id).open


def test_a_version_that_is_of_something_else_or_says_that_it_is_anothers_changes_nothing(
    world: Write,
) -> None:
    befriend(world, who(world, "bob"), who(world, CARL))
    deliver(world, create(theirs(None), id=f"{THEIRS}#create"))
    before = post(world, THEIRS)
    anothers = theirs(None) | {"attributedTo": EVE, "content": "<p>Mine</p>"}
    other = note(f"{THEIRS}/2", CARL, content="<p>Otherwise</p>")
    for nth, there in enumerate((anothers, other)):
        asked = act("Update", CARL, THEIRS, id=f"{THEIRS}#update-{nth}")
        deliver(world, asked, {THEIRS: there})
    assert post(world, THEIRS) == before


def test_whoever_may_not_write_in_a_locked_thread_still_says_who_may_answer(
    world: Write, water: Account
) -> None:
    befriend(world, who(world, "ann"), who(world, ROWAN))
    page = note("https://lemmy.test/post/7", ROWAN, to=[PUBLIC, water.uri], audience=water.uri)
    deliver(world, create(page, id=f"{page['id']}#create"))
    asked = post(world, page["id"])
    locked(world, asked, yes=True)
    only = {"interactionPolicy": {"canReply": {"automaticApproval": [ROWAN]}}}
    deliver(world, act("Update", ROWAN, page | only | {"content": "Otherwise"}, id=f"{ROWAN}/u/1"))
    now = post(world, page["id"])
    assert now.content == asked.content
    assert permissions.judge(world, who(world, "bob"), now, "reply") == "no"
    stranger(world, SAGE)
    deliver(world, act("Update", SAGE, page, id=f"{SAGE}/u/1"))
    assert permissions.judge(world, who(world, "bob"), post(world, page["id"]), "reply") == "no"
    deliver(world, act("Update", ROWAN, page, id=f"{ROWAN}/u/2"))
    assert post(world, page["id"]).permits == ""
    assert number(world, "SELECT count(*) FROM revision") == 0
