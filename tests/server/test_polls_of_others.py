"""Polls as other software writes them, field by field, and votes as it sends them."""

from typing import Any

import msgspec

from federation import build, parse
from federation.vocab import PUBLIC
from server.model import Post
from server.services import documents, polls, votes
from server.services.new_posts import NewPost
from server.services.polls import NewPoll
from server.services.posts import write
from server.store import polls as store
from server.store.db import Read, Write
from tests.server.squares import board
from tests.server.world import (
    EVE,
    NOW,
    SITE,
    act,
    create,
    deliver,
    miscounted,
    note,
    number,
    post,
    say,
    who,
)

ASKED = "https://far.test/notes/poll"
END = "2026-11-24T10:42:42Z"


def question(**more: Any) -> dict[str, Any]:
    """GoToSocial's, which leaves out what a list of one is."""
    return {
        **note(ASKED, EVE, content="<p>Which one?</p>", endTime=END),
        "type": "Question",
        "oneOf": [{"type": "Note", "name": name} for name in ("Tea", "보리차")],
        **more,
    }


def counted(name: str, votes: int) -> dict[str, Any]:
    return {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}


def theirs(tx: Write, **more: Any) -> polls.Poll:
    deliver(tx, create(question(**more), id=f"{ASKED}#create"))
    found = polls.of(post(tx, ASKED))
    assert found is not None
    return found


def asking(tx: Write, **more: Any) -> Post:
    poll = NewPoll(options=("Tea", "보리차", "Water"), lasts_s=600, **more)
    return say(tx, who(tx, "ann"), "Which?", poll=poll)


def votes_of(db: Read, asked: Post) -> list[int | None]:
    found = polls.of(post(db, asked.uri))
    assert found is not None
    return [votes for _, votes in found.options]


# --- in


def test_gotosocial_hides_totals_by_leaving_out_replies(world: Write) -> None:
    found = theirs(world)
    assert found.options == (("Tea", None), ("보리차", None))
    assert (found.voters, found.multiple, found.hidden) == (None, False, False)
    votes.vote(world, SITE, who(world, "ann"), post(world, ASKED).id, (1,), NOW)
    (vote,) = _sent(world)
    assert vote["object"]["name"] == "보리차"


def test_gotosocial_tells_totals_once_it_is_closed(world: Write) -> None:
    theirs(world)
    closed = question(oneOf=[counted("Tea", 1), counted("보리차", 2)], closed=END, votersCount=3)
    deliver(world, act("Update", EVE, closed))
    found = polls.of(post(world, ASKED))
    assert found is not None
    assert found.options == (("Tea", 1), ("보리차", 2))
    assert found.voters == 3
    assert post(world, ASKED).edited_ms is None


def test_mastodon_asks_for_several_with_anyof(world: Write) -> None:
    raw = question(anyOf=[counted("a", 1), counted("b", 2)], votersCount=2)
    raw.pop("oneOf")
    deliver(world, create(raw, id=f"{ASKED}#create"))
    found = polls.of(post(world, ASKED))
    assert found is not None
    assert found.multiple
    assert found.options == (("a", 1), ("b", 2))


def test_a_poll_that_was_closed_before_its_end_is_over(world: Write) -> None:
    found = theirs(world, endTime=None, closed="2026-11-20T00:00:00Z")
    assert found.ended(NOW)


def test_piefed_asks_in_threads_that_have_a_title(world: Write) -> None:
    group = "https://other.test/c/market"
    asked = question(name="Which tea?", audience=group, to=[group, PUBLIC])
    deliver(world, create(asked, id=f"{ASKED}#create"))
    found = post(world, ASKED)
    assert (found.community_id, found.title) == (who(world, group).id, "Which tea?")
    assert polls.of(found) is not None


# --- votes in


def gotosocial_vote(asked: Post, answer: str, number: int = 0) -> dict[str, Any]:
    """As recorded: `to` is one value, no cc, a fragment and a path as its id."""
    return {
        "id": f"{EVE}/activity#vote{number}/{asked.uri}",
        "type": "Create",
        "actor": EVE,
        "to": asked.uri,
        "object": {
            "id": f"{EVE}#01M83ZQ69REF5NG8P6FZM4FSVW/votes/{number}",
            "type": "Note",
            "attributedTo": EVE,
            "inReplyTo": asked.uri,
            "name": answer,
            "to": asked.uri,
        },
    }


def test_gotosocial_sends_one_create_for_each_answer(world: Write) -> None:
    asked = asking(world, multiple=True)
    deliver(world, gotosocial_vote(asked, "Tea", 0))
    deliver(world, gotosocial_vote(asked, "Water", 2))
    assert votes_of(world, asked) == [1, 0, 1]
    poll = polls.of(post(world, asked.uri))
    assert poll is not None and poll.voters == 1
    assert number(world, "SELECT count(*) FROM post WHERE reply_to_id = :id", id=asked.id) == 0


def test_snac_repeats_whom_it_is_for_and_writes_no_content(world: Write) -> None:
    asked = asking(world)
    ann = who(world, "ann").uri
    vote = {
        "id": f"{EVE}/p/1",
        "type": "Note",
        "attributedTo": EVE,
        "summary": "",
        "sourceContent": "",
        "context": f"{EVE}/p/1#ctxt",
        "to": [ann, ann],
        "cc": [],
        "tag": [{"type": "Mention", "href": ann, "name": "@ann@here.test"}],
        "inReplyTo": asked.uri,
        "name": "보리차",
    }
    deliver(world, create(vote, id=f"{EVE}/p/1/Create", to=[ann, ann]))
    assert votes_of(world, asked) == [0, 1, 0]
    assert number(world, "SELECT count(*) FROM notification WHERE kind = 'mention'") == 0
    assert miscounted(world) == []


def test_mastodon_votes_with_a_null_content(world: Write) -> None:
    asked = asking(world)
    vote = {"id": f"{EVE}#votes/1", "type": "Note", "attributedTo": EVE, "content": None}
    vote |= {"name": "Tea", "inReplyTo": asked.uri, "to": who(world, "ann").uri}
    deliver(world, create(vote, id=f"{EVE}#votes/1/activity"))
    assert votes_of(world, asked) == [1, 0, 0]


def test_a_vote_is_no_answer_and_asks_nobody_for_a_yes(world: Write) -> None:
    poll = NewPoll(options=("Tea", "Water"), lasts_s=600)
    new = NewPost(content="Which?", poll=poll, replies="named")
    asked = write(world, SITE, who(world, "ann"), new, NOW)
    deliver(world, gotosocial_vote(asked, "Tea"))
    assert votes_of(world, asked) == [1, 0]


# --- out


def test_ours_is_written_as_all_of_them_read_it(world: Write) -> None:
    asked = asking(world, multiple=True)
    body = documents.by_post(world, SITE, asked)
    assert body["type"] == "Question"
    assert [one["name"] for one in body["anyOf"]] == ["Tea", "보리차", "Water"]
    assert {one["type"] for one in body["anyOf"]} == {"Note"}
    assert [one["replies"] for one in body["anyOf"]] == [
        {"type": "Collection", "totalItems": 0}
    ] * 3
    assert "oneOf" not in body and "closed" not in body
    assert body["votersCount"] == 0
    assert body["endTime"].endswith("Z")
    assert parse.object_(body).multiple
    terms = {name for one in build.context(body) if isinstance(one, dict) for name in one}
    assert "votersCount" in terms


def test_hidden_totals_are_left_out_until_the_end(world: Write) -> None:
    asked = asking(world, hidden=True)
    deliver(world, gotosocial_vote(asked, "Tea"))
    body = documents.by_post(world, SITE, post(world, asked.uri))
    assert all("replies" not in one for one in body["oneOf"])
    store.expect_end(world, asked.id, NOW - 1)
    assert votes.end_next(world, SITE, NOW)
    body = documents.by_post(world, SITE, post(world, asked.uri))
    assert body["oneOf"][0]["replies"]["totalItems"] == 1
    assert body["closed"] == body["endTime"]


def test_a_vote_of_ours_is_what_mastodon_and_gotosocial_send(world: Write) -> None:
    theirs(world, anyOf=[counted("a", 0), counted("b", 0)], oneOf=None)
    votes.vote(world, SITE, who(world, "ann"), post(world, ASKED).id, (0, 1), NOW)
    sent = _sent(world)
    assert [one["object"]["name"] for one in sent] == ["a", "b"]
    for one in sent:
        inner = one["object"]
        assert inner["type"] == "Note"
        assert "content" not in inner
        assert inner["inReplyTo"] == ASKED
        assert one["to"] == inner["to"] == [EVE]
        assert PUBLIC not in [*one["cc"], *inner["cc"]]
    assert len({one["id"] for one in sent}) == len({one["object"]["id"] for one in sent}) == 2


def _sent(db: Read) -> list[dict[str, Any]]:
    bodies = [
        msgspec.json.decode(row["body"]) for row in db.all("SELECT body FROM outbox ORDER BY id")
    ]
    return [one for one in bodies if one["type"] == "Create" and "name" in one["object"]]


def test_a_poll_of_ours_in_a_board_is_a_question_with_the_title_that_piefed_reads(
    world: Write,
) -> None:
    group = board(world)
    poll = NewPoll(options=("Tea", "Water"), lasts_s=600)
    asked = say(
        world, who(world, "ann"), "Which?", title="Tea or water", poll=poll, community_id=group.id
    )
    body = documents.by_post(world, SITE, post(world, asked.uri))
    assert body["type"] == "Question"
    assert body["audience"] == group.uri
    assert body["to"][0] == group.uri
    assert PUBLIC in body["to"]
    assert len(body["oneOf"]) == 2
    assert body["name"] == "Tea or water"
