"""A clock that is set back makes nothing old that is new."""

import msgspec
import pytest

from server import ids
from server.services import posts
from server.services.new_posts import NewPost
from server.store import peers
from server.store.db import Write
from tests.server.world import CARL, NOW, SITE, befriend, say, sent, settle, who

TWO_HOURS_MS = 2 * 3_600_000


def test_an_edit_after_the_clock_was_set_back_is_newer_than_the_one_before(tx: Write) -> None:
    settle(tx)
    ann = who(tx, "ann")
    befriend(tx, who(tx, CARL), ann)
    post = say(tx, ann)
    posts.edit(tx, SITE, ann, post.id, NewPost(content="First"), NOW)
    posts.edit(tx, SITE, ann, post.id, NewPost(content="Second"), NOW - TWO_HOURS_MS)

    said = [(one["object"]["updated"], one["object"]["content"]) for one in sent(tx, "Update")]
    assert [content for _, content in sorted(said)] == ["<p>First</p>", "<p>Second</p>"]


def test_what_is_promised_after_the_clock_was_set_back_goes_out_later_all_the_same(
    tx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(tx)
    ann, carl = who(tx, "ann"), who(tx, CARL)
    befriend(tx, carl, ann)
    post = say(tx, ann)
    monkeypatch.setattr(ids, "_last", 0)  # a process that was started meanwhile
    posts.delete(tx, SITE, ann, post.id, NOW - TWO_HOURS_MS)

    assert carl.peer_id is not None
    waiting = peers.waiting(tx, carl.peer_id, 10)
    kinds = [msgspec.json.decode(row["body"])["type"] for row in waiting]
    assert kinds[-2:] == ["Create", "Delete"]
