"""One activity for everything that we handle, with its effect as a number."""

from collections.abc import Callable
from typing import Any

import msgspec

from federation.vocab import OBJECT_TYPES
from server.services.polls import NewPoll
from server.store import follows
from server.store.db import Write
from tests.server.squares import board, place
from tests.server.world import (
    CARL,
    EVE,
    GROUP,
    LATE,
    NOTE,
    NOW,
    act,
    actor_document,
    befriend,
    create,
    deliver,
    note,
    ours,
    say,
    who,
)

FAR_NOTE = "https://other.test/notes/9"


class Case(msgspec.Struct, frozen=True):
    """`send` makes the activity, once `prepare` has run; `effect` counts what it did."""

    send: Callable[[Write], dict[str, Any]]
    effect: str
    expected: int = 1
    prepare: Callable[[Write], None] = lambda tx: None
    documents: dict[str, Any] = {}


def _send(kind: str, actor: str, about: Any, **more: Any) -> Callable[[Write], dict[str, Any]]:
    return lambda tx: act(kind, actor, about, **more)


def _to(kind: str, actor: str, name: str) -> Callable[[Write], dict[str, Any]]:
    return lambda tx: act(kind, actor, who(tx, name).uri)


def _on(kind: str, actor: str) -> Callable[[Write], dict[str, Any]]:
    return lambda tx: act(kind, actor, ours(tx).uri)


def _ask(tx: Write) -> None:
    follows.insert(
        tx, id=77, uri=f"{who(tx, 'ann').uri}/follows/x", follower=who(tx, "ann"),
        target=who(tx, CARL), now_ms=NOW,
    )  # fmt: skip


def _accepts(tx: Write) -> dict[str, Any]:
    return act("Accept", CARL, f"{who(tx, 'ann').uri}/follows/x")


def _rejects(tx: Write) -> dict[str, Any]:
    ann = who(tx, "ann").uri
    return act("Reject", EVE, {"type": "Follow", "id": "", "actor": ann, "object": EVE})


def _before(kind: str, about: Callable[[Write], Any]) -> Callable[[Write], None]:
    return lambda tx: deliver(tx, act(kind, EVE, about(tx)))


def _undo(kind: str, about: Callable[[Write], Any]) -> Callable[[Write], dict[str, Any]]:
    return lambda tx: act("Undo", EVE, act(kind, EVE, about(tx)))


def _post_uri(tx: Write) -> str:
    return ours(tx).uri


def _ann(tx: Write) -> str:
    return who(tx, "ann").uri


def _reply(tx: Write) -> dict[str, Any]:
    ann = who(tx, "ann").uri
    return create(
        note(
            LATE,
            EVE,
            inReplyTo=ours(tx).uri,
            tag=[
                {"type": "Mention", "href": ann, "name": "@ann"},
                {"type": "Hashtag", "name": "#market", "href": "https://far.test/t/market"},
            ],
            attachment=[{"type": "Image", "url": "https://far.test/m/1.png", "name": "A stall"}],
        )
    )


def _changed(id: str) -> dict[str, Any]:
    return note(id, EVE, content="<p>Changed</p>", updated="2026-11-23T11:00:00Z")


def _pinned(tx: Write) -> None:
    deliver(tx, act("Add", EVE, NOTE, target=f"{EVE}/featured"))


def _flag(tx: Write) -> dict[str, Any]:
    return act("Flag", EVE, [who(tx, "ann").uri, ours(tx).uri], content="Rude")


def _poll(tx: Write) -> None:
    new = NewPoll(options=("Tea", "Rice"), lasts_s=600)
    say(tx, who(tx, "ann"), "Which?", poll=new, idempotency_key="poll")


def _vote(tx: Write) -> dict[str, Any]:
    about = {"name": "Tea", "inReplyTo": ours(tx, "poll").uri, "content": ""}
    return create(note(LATE, EVE, **about))


def _board(tx: Write) -> None:
    """Ann's public post begins a thread in a board that eve keeps."""
    place(tx, board(tx, moderator_ids=(who(tx, EVE).id,)), ours(tx))


def _answered(tx: Write) -> None:
    """A thread as `_board` begins it, with an answer by ann."""
    _board(tx)
    say(tx, who(tx, "ann"), "So it is", reply_to_id=ours(tx).id)


def _answer(tx: Write) -> dict[str, Any]:
    found = tx.one("SELECT uri FROM post WHERE source = 'So it is'")
    assert found is not None
    return act("ChooseAnswer", EVE, found["uri"])


MOVED = actor_document(CARL, alsoKnownAs=[EVE])
RENAMED = actor_document(EVE, name="Eve the Second")


def _guard(tx: Write) -> None:
    say(tx, who(tx, "ann"), "Well?", replies="approved")


def _guarded(tx: Write) -> str:
    """A post by ann to which answers have to be approved."""
    found = tx.one("SELECT uri FROM post WHERE permits <> ''")
    assert found is not None
    return str(found["uri"])


CASES: dict[str, Case] = {
    "Follow": Case(
        _to("Follow", EVE, "ann"), "SELECT followers_count FROM account WHERE name = 'ann'"
    ),
    "Follow of a locked account": Case(
        _to("Follow", EVE, "bob"),
        "SELECT count(*) FROM notification WHERE kind = 'follow_request'",
    ),
    "Accept": Case(
        _accepts, "SELECT followers_count FROM account WHERE name = 'carl'", prepare=_ask
    ),
    "Reject": Case(_rejects, "SELECT 1 - followers_count FROM account WHERE name = 'eve'"),
    "Create of a reply": Case(_reply, "SELECT replies FROM post WHERE source = 'A public post'"),
    "Create of a reply tells": Case(
        _reply, "SELECT count(*) FROM notification WHERE kind = 'mention'"
    ),
    **{
        f"Create of a {kind}": Case(
            _send("Create", EVE, note(LATE, EVE, type=kind, name="Title")),
            f"SELECT count(*) FROM post WHERE kind = '{kind.lower()}' AND uri = '{LATE}'",
        )
        for kind in sorted(OBJECT_TYPES)
    },
    "Create of a vote": Case(_vote, "SELECT count(*) FROM poll_vote", prepare=_poll),
    "Create by reference": Case(
        _send("Create", EVE, LATE),
        f"SELECT count(*) FROM post WHERE uri = '{LATE}'",
        documents={LATE: note(LATE, EVE)},
    ),
    "Update": Case(
        _send("Update", EVE, _changed(NOTE)),
        "SELECT count(*) FROM revision r JOIN post p ON p.id = r.post_id"
        " WHERE p.content = '<p>Changed</p>'",
    ),
    "Update of what we do not have": Case(
        _send("Update", EVE, _changed(LATE)), f"SELECT count(*) FROM post WHERE uri = '{LATE}'"
    ),
    "Update of an actor": Case(
        _send("Update", EVE, RENAMED),
        "SELECT count(*) FROM account WHERE display_name = 'Eve the Second'",
        documents={EVE: RENAMED},
    ),
    "Delete": Case(
        _send("Delete", EVE, {"type": "Tombstone", "id": NOTE}),
        "SELECT count(*) FROM post WHERE content = '' AND deleted_ms IS NOT NULL",
    ),
    "Delete of what we do not have": Case(
        _send("Delete", EVE, LATE), "SELECT count(*) FROM tombstone"
    ),
    "Delete of the actor": Case(
        _send("Delete", EVE, EVE), "SELECT count(*) FROM account WHERE state = 'gone'"
    ),
    "Dislike": Case(
        _on("Dislike", EVE),
        "SELECT dislikes FROM post WHERE source = 'A public post'",
        prepare=_board,
    ),
    "Lock": Case(
        _on("Lock", EVE),
        "SELECT count(*) FROM community_log WHERE action = 'lock'",
        prepare=_board,
    ),
    "ChooseAnswer": Case(
        _answer,
        "SELECT count(*) FROM forum_thread WHERE answer_id IS NOT NULL",
        prepare=_answered,
    ),
    "Like": Case(_on("Like", EVE), "SELECT likes FROM post WHERE source = 'A public post'"),
    "Like tells": Case(
        _on("Like", EVE), "SELECT count(*) FROM notification WHERE kind = 'favourite'"
    ),
    "Announce": Case(
        _on("Announce", EVE), "SELECT boosts FROM post WHERE source = 'A public post'"
    ),
    "Announce of a stranger's post": Case(
        _send("Announce", EVE, FAR_NOTE),
        "SELECT count(*) FROM home WHERE booster_id IS NOT NULL",
        documents={FAR_NOTE: note(FAR_NOTE, CARL)},
    ),
    "Announce of a Create by a group": Case(
        _send("Announce", GROUP, act("Create", CARL, note(FAR_NOTE, CARL))),
        f"SELECT count(*) FROM boost JOIN post p ON p.id = post_id WHERE p.uri = '{FAR_NOTE}'",
        documents={FAR_NOTE: note(FAR_NOTE, CARL)},
    ),
    "Undo of a Follow": Case(
        _undo("Follow", _ann),
        "SELECT 1 - followers_count FROM account WHERE name = 'ann'",
        prepare=_before("Follow", _ann),
    ),
    "Undo of a Like": Case(
        _undo("Like", _post_uri),
        "SELECT 1 - likes FROM post WHERE source = 'A public post'",
        prepare=_before("Like", _post_uri),
    ),
    "Undo of an Announce": Case(
        _undo("Announce", _post_uri),
        "SELECT 1 - boosts FROM post WHERE source = 'A public post'",
        prepare=_before("Announce", _post_uri),
    ),
    "Undo of a Block": Case(
        _undo("Block", _ann), "SELECT 1 - count(*) FROM block", prepare=_before("Block", _ann)
    ),
    "Block": Case(_to("Block", EVE, "ann"), "SELECT count(*) FROM block"),
    "Block ends the follow": Case(
        _to("Block", EVE, "ann"), "SELECT 1 - followers_count FROM account WHERE name = 'eve'"
    ),
    "Add": Case(
        _send("Add", EVE, NOTE, target=f"{EVE}/featured"),
        "SELECT count(*) FROM post WHERE pinned_ms IS NOT NULL",
    ),
    "Remove": Case(
        _send("Remove", EVE, NOTE, target=f"{EVE}/featured"),
        "SELECT 1 - count(*) FROM post WHERE pinned_ms IS NOT NULL",
        prepare=_pinned,
    ),
    "Flag": Case(_flag, "SELECT count(*) FROM report"),
    "QuoteRequest": Case(
        lambda tx: act(
            "QuoteRequest",
            CARL,
            ours(tx).uri,
            instrument=note(FAR_NOTE, CARL, quote=ours(tx).uri),
        ),
        "SELECT quotes FROM post WHERE id = (SELECT post_id FROM idempotency WHERE key = 'public')",
    ),
    "ReplyRequest": Case(
        lambda tx: act(
            "ReplyRequest",
            CARL,
            _guarded(tx),
            instrument=note(FAR_NOTE, CARL, inReplyTo=_guarded(tx)),
        ),
        "SELECT count(*) FROM approval WHERE state = 'waiting'",
        prepare=_guard,
    ),
    "LikeRequest": Case(
        lambda tx: act("LikeRequest", EVE, ours(tx).uri, instrument=act("Like", EVE, ours(tx).uri)),
        "SELECT likes FROM post WHERE source = 'A public post'",
    ),
    "AnnounceRequest": Case(
        lambda tx: act(
            "AnnounceRequest", EVE, ours(tx).uri, instrument=act("Announce", EVE, ours(tx).uri)
        ),
        "SELECT count(*) FROM boost",
    ),
    "EmojiReact": Case(
        lambda tx: act("EmojiReact", EVE, ours(tx).uri, content="🎉"),
        "SELECT count(*) FROM emoji_reaction",
    ),
    "Move": Case(
        _send("Move", EVE, EVE, target=CARL),
        "SELECT count(*) FROM follow f JOIN account a ON a.id = f.target_id WHERE a.name = 'carl'",
        documents={CARL: MOVED},
    ),
}


def befriended(tx: Write) -> None:
    """Eve follows ann."""
    befriend(tx, who(tx, EVE), who(tx, "ann"))
