"""What reaches Mastodon.py while it happens: streams, and pushes that it decrypts."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonNotFoundError

from tests.clients.apps import Listener
from tests.clients.world import eventually


@contextmanager
def listening(open: Any, *arguments: Any, **how: Any) -> Iterator[Listener]:
    """A stream in a thread of its own, that the server has let in."""
    listener = Listener()
    handle = open(*arguments, listener, run_async=True, **how)
    try:
        eventually(lambda: handle.is_receiving() and listener.beats)
        yield listener
    finally:
        handle.closed = True
        # else closing would wait for the next heartbeat, as the other thread holds the reader
        handle.connection.raw._fp.fp.raw._sock.shutdown(socket.SHUT_RDWR)
        handle.close()
        handle.join(60)


@pytest.fixture(scope="module")
def two(city, mastodon) -> tuple[Mastodon, Mastodon]:
    """Two people, each with their app; the first follows the second."""
    ann, bob = mastodon(city.somebody()), mastodon(city.somebody())
    ann.account_follow(bob.me())
    return ann, bob


def test_what_is_written_changed_deleted_and_told_is_heard(two):
    ann, bob = two
    with listening(ann.stream_user) as heard, listening(ann.stream_user_notifications) as told:
        post = bob.status_post(f"@{ann.me().username} now!")
        assert heard.first("update", id=post.id).content == post.content
        assert heard.first("notification", type="mention").status.id == post.id
        assert told.first("notification", type="mention").account.id == bob.me().id
        bob.status_update(post, f"@{ann.me().username} a little later")
        assert "later" in heard.first("status.update", id=post.id).content
        bob.status_delete(post)
        eventually(lambda: ("delete", post.id) in heard.heard)
        made = ann.create_filter_v2("Any", ["home"], "warn")
        eventually(lambda: ("filters_changed", None) in heard.heard)
        ann.delete_filter_v2(made)
        assert {name for name, _ in told.heard} == {"notification"}


def test_public_streams_carry_what_is_theirs(two):
    ann, bob = two
    tag = f"live{bob.me().username}"
    made = ann.list_create("Live")
    ann.list_accounts_add(made, [bob.me()])
    with (
        listening(ann.stream_local) as local,
        listening(ann.stream_public) as public,
        listening(ann.stream_hashtag, tag) as tagged,
        listening(ann.stream_list, made) as listed,
    ):
        plain = bob.status_post("Without a tag")
        post = bob.status_post(f"With one #{tag}")
        for heard in (local, public, listed):
            heard.first("update", id=plain.id)
            heard.first("update", id=post.id)
        assert tagged.first("update").id == post.id
        assert plain.id not in [data.id for _, data in tagged.heard]


def test_private_words_are_heard_by_their_reader_alone(two):
    ann, bob = two
    with listening(ann.stream_direct) as heard, listening(bob.stream_local) as local:
        post = bob.status_post(f"@{ann.me().username} between us", visibility="direct")
        assert heard.first("conversation").last_status.id == post.id
        after = bob.status_post("For all")
        local.first("update", id=after.id)
        assert post.id not in [data.id for name, data in local.heard if name == "update"]


def test_a_push_is_delivered_and_decrypted(two, push):
    ann, bob = two
    private, public = ann.push_subscription_generate_keys()
    made = ann.push_subscription_set(push.url, public, mention_events=True, follow_events=False)
    assert made.endpoint == push.url and made.alerts.mention and not made.alerts.follow
    assert ann.push_subscription().id == made.id
    assert made.server_key == ann.instance_v2().configuration.vapid.public_key
    bob.status_post(f"@{ann.me().username} the *water* is back")
    eventually(lambda: push.got)
    headers, body = push.got[0]
    told = ann.push_subscription_decrypt_push(
        body, private, headers["Encryption"], headers["Crypto-Key"]
    )
    assert told.notification_type == "mention" and "the water is back" in told.body
    assert told.access_token == ann.access_token
    assert ann.notifications(id=told.notification_id).status.account.id == bob.me().id
    assert headers["Content-Encoding"] == "aesgcm" and "WebPush" in headers["Authorization"]

    changed = ann.push_subscription_update(mention_events=False, follow_events=True)
    assert not changed.alerts.mention and changed.alerts.follow
    bob.status_post(f"@{ann.me().username} and off again")
    bob.account_follow(ann.me())
    eventually(lambda: len(push.got) == 2)
    ann.push_subscription_delete()
    with pytest.raises(MastodonNotFoundError):
        ann.push_subscription()
