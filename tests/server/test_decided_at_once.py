"""Two processes on PostgreSQL do the same thing at the same moment: it counts once."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from server.model import Post
from server.services import answer_control, contexts, posts, quote_control, stewardship
from server.store import accounts as account_store
from server.store import approvals, forum, walks
from server.store import posts as post_store
from server.store import quotes as quote_store
from server.store.db import Database, Read, Write
from tests.server.squares import ann, board, thread
from tests.server.world import NOW, SITE, join, miscounted, say, settle, who

Deed = Callable[[Write], None]


def _answered(tx: Write) -> Post:
    """Bob's answer, that ann approved."""
    settle(tx)
    asked = say(tx, who(tx, "ann"), "What do you think?", replies="approved")
    answer = say(tx, who(tx, "bob"), "This", reply_to_id=asked.id)
    answer_control.approve(tx, SITE, who(tx, "ann"), answer.id, NOW)
    return answer


def _waiting(tx: Write) -> Post:
    settle(tx)
    asked = say(tx, who(tx, "ann"), "What do you think?", replies="approved")
    return say(tx, who(tx, "bob"), "This", reply_to_id=asked.id)


def _quoting(tx: Write) -> Post:
    settle(tx)
    quoted = say(tx, who(tx, "ann"), "Words")
    return say(tx, who(tx, "bob"), "Look", quoted_id=quoted.id)


def _removed(tx: Write) -> Post:
    join(tx, "ann")
    begun = thread(tx, board(tx, moderator_ids=(ann(tx).id,)), ann(tx))
    stewardship.remove(tx, SITE, ann(tx), begun.id, NOW, reason="x")
    return begun


def _by_ann(service: Callable[..., Any]) -> Callable[[Write, Post], None]:
    return lambda tx, post: service(tx, SITE, who(tx, "ann"), post.id, NOW)


def _deleted(tx: Write, post: Post) -> None:
    posts.delete(tx, SITE, who(tx, "bob"), post.id, NOW)


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize(
    ("begin", "deed", "before"),
    [
        (_waiting, _by_ann(answer_control.approve), (approvals, "decide")),
        (_answered, _by_ann(answer_control.revoke), (post_store, "held")),
        (_quoting, _by_ann(quote_control.unquote), (quote_store, "revoke")),
        (_removed, _by_ann(stewardship.restore), (forum, "restore")),
        (_quoting, _deleted, (account_store, "hold")),
    ],
    ids=["approve", "revoke", "unquote", "restore", "delete"],
)
async def test_what_two_do_at_once_counts_once(
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Write], Post],
    deed: Callable[[Write, Post], None],
    before: tuple[Any, str],
) -> None:
    post = await db.write(begin)
    both, met = threading.Barrier(2), threading.local()
    really = getattr(*before)

    def meet(*of: Any) -> Any:
        if not hasattr(met, "once"):
            met.once = True
            both.wait(60)
        return really(*of)

    monkeypatch.setattr(*before, meet)
    done = await asyncio.gather(*(db.write(deed, post) for _ in range(2)), return_exceptions=True)
    assert both.n_waiting == 0 and not both.broken
    assert [one for one in done if isinstance(one, AssertionError | AttributeError)] == []
    assert await db.read(miscounted) == []
    quotes = "SELECT count(*) AS n FROM post WHERE quotes < 0 OR quotes > 1"
    assert (await db.read(Read.one, quotes)) == {"n": 0}


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_who_deletes_what_is_being_removed_counts_it_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(tx: Write) -> Post:
        join(tx, "bob")
        return thread(tx, board(tx, moderator_ids=(ann(tx).id,)), who(tx, "bob"))

    await db.write(join, "ann")
    post = await db.write(begun)
    both, met, really = threading.Barrier(2), threading.local(), account_store.hold

    def meet(tx: Write, id: int) -> None:
        if not hasattr(met, "once"):
            met.once = True
            both.wait(60)
        really(tx, id)

    monkeypatch.setattr(account_store, "hold", meet)
    removed = _by_ann(partial(stewardship.remove, reason="x"))
    await asyncio.gather(db.write(removed, post), db.write(_deleted, post), return_exceptions=True)
    assert not both.broken
    assert await db.read(miscounted) == []


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_a_thread_that_is_due_is_walked_by_one_of_two_who_look_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(tx: Write) -> None:
        settle(tx)
        walks.expect(tx, say(tx, who(tx, "ann"), "What do you think?").id, NOW)

    await db.write(begun)
    both, really = threading.Barrier(2), walks.put_off

    def meet(*of: Any, **more: Any) -> bool:
        both.wait(60)
        return really(*of, **more)

    monkeypatch.setattr(walks, "put_off", meet)
    looks = (db.write(contexts.walk_next, SITE, NOW) for _ in range(2))
    assert await asyncio.gather(*looks) == [True, True]
    promised = "SELECT count(*) AS n FROM job WHERE kind = :kind"
    assert await db.read(Read.one, promised, kind=contexts.JOB) == {"n": 1}
