"""What Mastodon.py's people write: posts with pictures, films, polls; later, changed and gone."""

from datetime import UTC, datetime, timedelta

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError

from tests.clients.apps import a_picture
from tests.clients.world import eventually
from tests.films import film, needs_ffmpeg


@pytest.fixture(scope="module")
def two(city, mastodon):
    """Two people, each with their app."""
    return mastodon(city.somebody()), mastodon(city.somebody())


def test_a_post_is_written_once_changed_and_its_past_is_kept(two):
    ann, bob = two
    how = {"visibility": "unlisted", "spoiler_text": "roofs", "language": "en"}
    post = ann.status_post("Rain on the *roofs* #rain", idempotency_key="once", **how)
    again = ann.status_post("Rain on the *roofs* #rain", idempotency_key="once", **how)
    assert again.id == post.id and post.created_at.tzinfo is not None
    assert (post.visibility, post.spoiler_text, post.language) == tuple(how.values())
    assert post.account.acct == ann.me().acct and post.application.name == "Mastodon.py"
    assert [tag.name for tag in post.tags] == ["rain"]

    assert ann.status_source(post).text == "Rain on the *roofs* #rain"
    changed = ann.status_update(post, "Sun on the roofs", spoiler_text="light")
    assert "Sun" in changed.content and changed.edited_at > changed.created_at
    assert ["Rain" in one.content for one in bob.status_history(post)] == [True, False]
    assert [one.id for one in bob.statuses([post.id, "1"])] == [post.id]


def test_a_conversation_is_answered_shared_kept_and_muted(two):
    ann, bob = two
    post = ann.status_post("Who has a ladder?")
    reply = bob.status_reply(ann.status(post), "I have one", visibility="public")
    assert reply.in_reply_to_id == post.id and reply.mentions[0].id == ann.me().id
    context = ann.status_context(post)
    assert [one.id for one in context.descendants] == [reply.id]
    assert [one.id for one in ann.status_context(reply).ancestors] == [post.id]

    assert bob.status_favourite(post).favourited
    assert bob.status_reblog(post).reblog.reblogged
    assert bob.status_bookmark(post).bookmarked
    assert [one.id for one in bob.bookmarks()] == [post.id]
    assert [one.id for one in bob.favourites()] == [post.id]
    me = bob.me().id
    assert [one.id for one in ann.status_favourited_by(post)] == [me]
    assert [one.id for one in ann.status_reblogged_by(post)] == [me]
    counted = ann.status(post)
    assert (counted.favourites_count, counted.reblogs_count, counted.replies_count) == (1, 1, 1)
    assert not bob.status_unfavourite(post).favourited
    assert not bob.status_unreblog(post).reblogged
    assert not bob.status_unbookmark(post).bookmarked

    assert ann.status_mute(post).muted and not ann.status_unmute(post).muted
    assert ann.status_pin(post).pinned
    assert [one.id for one in bob.account_statuses(ann.me(), pinned=True)] == [post.id]
    assert not ann.status_unpin(post).pinned
    assert ann.status_card(post) in (None, {})


def test_a_post_is_deleted_to_be_written_anew_with_its_picture(two):
    ann, bob = two
    media = ann.media_post(a_picture(), "image/png", description="A roof", focus=(0.5, -0.25))
    assert media.type == "image" and media.meta.focus == {"x": 0.5, "y": -0.25}
    assert len(media.blurhash) > 6 and media.meta.original.aspect > 1
    assert ann.media_update(media, description="A red roof").description == "A red roof"
    post = ann.status_post("Look", media_ids=[media], sensitive=True)
    assert [one.id for one in post.media_attachments] == [media.id] and post.sensitive
    told = [ann.generate_media_edit_attributes(media, description="A blue roof")]
    changed = ann.status_update(post, "Look!", media_attributes=told)
    assert changed.media_attachments[0].description == "A blue roof"

    gone = ann.status_delete(post)
    assert gone.text == "Look!" and gone.media_attachments[0].id == media.id
    with pytest.raises(MastodonNotFoundError):
        bob.status(post)
    anew = ann.status_post(gone.text, media_ids=gone.media_attachments)
    assert anew.media_attachments[0].description == "A blue roof"
    assert ann.status_delete(anew, delete_media=True).text == "Look!"


@needs_ffmpeg
def test_a_film_is_waited_for_and_has_a_cover(two):
    ann, _ = two
    how = {"thumbnail": a_picture(), "thumbnail_mime_type": "image/png"}
    media = ann.media_post(film(), "video/mp4", description="Two seconds", **how)
    assert media.url is None  # 202: it is being made
    ready = eventually(lambda: (one := ann.media(media)).url and one)
    assert ready.type == "video" and ready.preview_url != ready.url
    post = ann.status_post("A film", media_ids=ready)
    assert post.media_attachments[0].meta.original.duration > 0.9


def test_a_poll_is_answered_once(two):
    ann, bob = two
    wish = ann.make_poll(["Here", "There"], expires_in=600, multiple=True, hide_totals=True)
    post = ann.status_post("Where do we meet?", poll=wish)
    assert [one.title for one in post.poll.options] == ["Here", "There"] and post.poll.multiple
    voted = bob.poll_vote(post.poll, [0, 1])
    assert voted.voted and voted.own_votes == [0, 1]
    with pytest.raises(MastodonAPIError, match="already"):
        bob.poll_vote(post.poll, 1)
    assert ann.poll(post.poll).voters_count == 1
    anew = ann.make_poll(["Here", "There", "Nowhere"], expires_in=600)
    assert len(ann.status_update(post, "Where?", poll=anew).poll.options) == 3


def test_a_post_waits_for_its_time(two):
    ann, _ = two
    at = datetime.now(UTC) + timedelta(hours=2)
    media = ann.media_post(a_picture(), "image/png")
    planned = ann.status_post("Later", media_ids=media, scheduled_at=at)
    assert abs(planned.scheduled_at - at) < timedelta(seconds=1)
    assert planned.params.text == "Later" and planned.media_attachments[0]["id"] == media.id
    assert [one.id for one in ann.scheduled_statuses()] == [planned.id]
    later = at + timedelta(days=1)
    moved = ann.scheduled_status_update(planned, later)
    assert ann.scheduled_status(planned).scheduled_at == moved.scheduled_at > at
    ann.scheduled_status_delete(planned)
    assert ann.scheduled_statuses() == []
    with pytest.raises(MastodonAPIError, match="5 minutes"):
        ann.status_post("Too soon", scheduled_at=datetime.now(UTC) + timedelta(seconds=60))


def test_a_quote_needs_consent_and_can_be_taken_back(two):
    ann, bob = two
    post = ann.status_post("The bridge is open", quote_approval_policy="public")
    quoting = bob.status_post("At last", quoted_status_id=post)
    assert quoting.quote.state == "accepted" and quoting.quote.quoted_status.id == post.id
    assert [one.id for one in ann.status_quotes(post)] == [quoting.id]
    assert ann.status_quote_revoke(post, quoting).quote.state == "revoked"
    assert ann.status_quotes(post) == []
    closed = ann.status_update_quote_approval_policy(post, "nobody")
    assert closed.quote_approval.automatic == []
    with pytest.raises(MastodonAPIError):
        bob.status_post("Again", quoted_status_id=post)


def test_what_nobody_may_read_is_not_there(two):
    ann, bob = two
    for visibility in ("private", "direct"):
        post = ann.status_post("Among us", visibility=visibility)
        with pytest.raises(MastodonNotFoundError):
            bob.status(post)
    with pytest.raises(MastodonAPIError, match="Write something"):
        ann.status_post("")
