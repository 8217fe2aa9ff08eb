"""Entities have Mastodon's shapes, and a page joined from bytes says what an entity says."""

import json
import re

import msgspec
import pytest

from server.model import (
    Account,
    Entry,
    Media,
    Member,
    Notification,
    Post,
    PostView,
    Relationship,
    Revision,
    Site,
)
from web import present
from web.api.fragments import MAX_AGE_MS, Fragments

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SITE = Site(origin="https://gm.example", domain="gm.example", name="광명마당")


def an_account(id=1, **changed):
    name = changed.get("name", "mina")
    values = {
        "id": id,
        "uri": f"https://gm.example/actors/{id}",
        "name": name,
        "domain": "",
        "kind": "Person",
        "display_name": "미나",
        "bio": "<p>철산동</p>",
        "bio_source": "철산동",
        "url": f"https://gm.example/@{name}",
        "inbox": "",
        "outbox": "",
        "followers_uri": "",
        "following_uri": "",
        "featured_uri": "",
        "peer_id": None,
        "avatar": "",
        "header": "",
        "fields": '[["집","<p>철산</p>"]]',
        "emojis": "[]",
        "also_known_as": "[]",
        "moved_to": None,
        "locked": 0,
        "bot": 0,
        "discoverable": 1,
        "state": "active",
        "followers_count": 3,
        "following_count": 2,
        "posts_count": 5,
        "last_post_ms": NOW_MS,
        "version": 1,
        "created_ms": NOW_MS + 12_345,
        "fetched_ms": 0,
    }
    return Account(**{**values, **changed})


def a_post(id=70, **changed):
    values = {
        "id": id,
        "uri": f"https://gm.example/objects/{id}",
        "url": f"https://gm.example/@mina/{id}",
        "author_id": 1,
        "local": 1,
        "kind": "note",
        "visibility": "public",
        "title": "",
        "lead": "",
        "content": "<p>안녕</p>",
        "source": "안녕",
        "warning": "",
        "sensitive": 0,
        "language": "ko",
        "tags": '["김장"]',
        "emojis": '[["blob","https://far.example/blob.png"]]',
        "extra": "{}",
        "reply_to_uri": None,
        "reply_to_id": None,
        "thread_id": id,
        "replies": 1,
        "likes": 2,
        "boosts": 3,
        "pinned_ms": None,
        "published_ms": NOW_MS + 7,
        "edited_ms": None,
        "deleted_ms": None,
        "version": 1,
    }
    return Post(**{**values, **changed})


def a_picture(**changed):
    values = {
        "id": 9,
        "account_id": 1,
        "post_id": 70,
        "position": 0,
        "kind": "image",
        "media_type": "image/jpeg",
        "large": "ab12.jpg",
        "small": "ab12-s.jpg",
        "remote_url": "",
        "alt": "벽화",
        "width": 1200,
        "height": 800,
        "small_width": 640,
        "small_height": 427,
        "bytes": 1,
        "blurhash": "LKO2",
        "focus_x": 0.5,
        "focus_y": 0.0,
        "created_ms": NOW_MS,
    }
    return Media(**{**values, **changed})


def a_view(**changed):
    values = {"post": a_post(), "author": an_account(), "entry_id": 70, **changed}
    return PostView(**values)


def status(view, viewer_id=None):
    return present.status(SITE, view, viewer_id=viewer_id, now_ms=NOW_MS)


# What docs.joinmastodon.org says a Status has, without what is optional.
STATUS_KEYS = set(
    [
        "id",
        "uri",
        "created_at",
        "account",
        "content",
        "visibility",
        "sensitive",
        "spoiler_text",
        "media_attachments",
        "application",
        "mentions",
        "tags",
        "emojis",
        "reblogs_count",
        "favourites_count",
        "replies_count",
        "url",
        "in_reply_to_id",
        "in_reply_to_account_id",
        "reblog",
        "poll",
        "card",
        "language",
        "edited_at",
        "favourited",
        "reblogged",
        "muted",
        "bookmarked",
        "filtered",
    ]
)
ACCOUNT_KEYS = set(
    [
        "id",
        "username",
        "acct",
        "url",
        "display_name",
        "note",
        "avatar",
        "avatar_static",
        "header",
        "header_static",
        "locked",
        "fields",
        "emojis",
        "bot",
        "group",
        "discoverable",
        "noindex",
        "created_at",
        "last_status_at",
        "statuses_count",
        "followers_count",
        "following_count",
    ]
)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (NOW_MS, "2026-01-01T00:00:00.000Z"),
        (NOW_MS + 7, "2026-01-01T00:00:00.007Z"),
        (NOW_MS + 999, "2026-01-01T00:00:00.999Z"),
        (10**18, "9999-01-01T00:00:00.000Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1000, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_has_three_digits_and_a_z(at_ms, text):
    assert present.when(at_ms) == text


def test_an_account_has_every_key_and_says_no_hour_of_its_birth():
    entity = present.account(SITE, an_account())
    assert entity.keys() >= ACCOUNT_KEYS
    assert entity["created_at"] == "2026-01-01T00:00:00.000Z"
    assert entity["last_status_at"] == "2026-01-01"
    assert entity["acct"] == "mina"
    assert entity["avatar"] == "https://gm.example/static/avatar.png"
    assert entity["fields"] == [{"name": "집", "value": "철산", "verified_at": None}]


def test_a_stranger_is_named_with_their_domain_and_keeps_their_picture():
    entity = present.account(
        SITE, an_account(domain="far.example", avatar="https://far.example/a.png", kind="Group")
    )
    assert entity["acct"] == "mina@far.example"
    assert entity["avatar"] == entity["avatar_static"] == "https://far.example/a.png"
    assert entity["group"] is True


def test_the_owner_sees_what_they_typed():
    member = Member(
        account_id=1,
        email="mina@gm.example",
        password="x",
        role="officer",
        state="active",
        reason="",
        language="ko",
        default_visibility="followers",
        notified_id=0,
        created_ms=NOW_MS,
    )
    entity = present.credential_account(SITE, an_account(), member, 4)
    assert entity["source"]["note"] == "철산동"
    assert entity["source"]["privacy"] == "private"
    assert entity["source"]["fields"][0]["value"] == "철산"
    assert entity["source"]["follow_requests_count"] == 4
    assert entity["role"]["name"] == "officer"
    assert "mina@gm.example" not in json.dumps(entity)


def test_a_status_has_every_key_and_ids_are_texts():
    entity = status(a_view(media=(a_picture(),), mentions=(an_account(2, domain="far.example"),)))
    assert entity.keys() >= STATUS_KEYS
    assert entity["id"] == "70"
    assert entity["account"]["id"] == "1"
    assert entity["mentions"][0]["id"] == "2"
    assert entity["media_attachments"][0]["id"] == "9"
    assert entity["tags"] == [{"name": "김장", "url": "https://gm.example/tags/%EA%B9%80%EC%9E%A5"}]
    assert entity["emojis"][0]["shortcode"] == "blob"
    assert "pinned" not in entity


def test_only_the_author_is_told_whether_a_post_is_pinned():
    assert status(a_view(), viewer_id=1)["pinned"] is False
    assert status(a_view(post=a_post(pinned_ms=NOW_MS)), viewer_id=1)["pinned"] is True
    assert "pinned" not in status(a_view(), viewer_id=2)


def test_followers_only_is_called_private():
    assert status(a_view(post=a_post(visibility="followers")))["visibility"] == "private"
    assert status(a_view(post=a_post(visibility="direct")))["visibility"] == "direct"


def test_a_reply_names_what_and_whom_it_answers():
    entity = status(
        a_view(post=a_post(reply_to_id=60, reply_to_uri="x"), reply_to_author=an_account(2))
    )
    assert (entity["in_reply_to_id"], entity["in_reply_to_account_id"]) == ("60", "2")


def test_a_boost_is_a_status_around_a_status():
    entity = status(a_view(booster=an_account(5, name="joon"), entry_id=2**62, liked=True))
    assert entity.keys() >= STATUS_KEYS
    assert entity["id"] == str(2**62)
    assert entity["account"]["username"] == "joon"
    assert entity["reblog"]["id"] == "70"
    assert entity["reblog"]["account"]["username"] == "mina"
    assert entity["reblog"]["favourited"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entity["created_at"])


def test_a_story_is_its_title_its_lead_and_its_link():
    story = a_post(
        kind="article",
        title="벽화 <골목>",
        lead="<p>3동에 그렸다.</p>",
        content="<p>길다</p>" * 900,
    )
    html = status(a_view(post=story))["content"]
    assert html.startswith("<p><strong>벽화 &lt;골목&gt;</strong></p><p>3동에 그렸다.</p>")
    assert html.endswith(
        '<a href="https://gm.example/@mina/70">https://gm.example/@mina/70</a></p>'
    )
    assert "길다" not in html


def test_a_story_without_a_lead_shows_how_it_begins():
    short = a_post(kind="page", title="공지", content="<p>내일 <b>장날</b></p>")
    assert "<p>내일 <b>장날</b></p>" in status(a_view(post=short))["content"]
    long = a_post(kind="article", title="공지", content=f"<p>{'가 나 ' * 400}</p>")
    assert len(status(a_view(post=long))["content"]) < 900


def test_an_event_says_when_and_where():
    extra = json.dumps({"starts_ms": NOW_MS, "ends_ms": None, "location": "시민회관 <1층>"})
    event = a_post(kind="event", title="신년회", content="<p>오세요</p>", extra=extra)
    html = status(a_view(post=event))["content"]
    assert "<p>2026-01-01 09:00<br>시민회관 &lt;1층&gt;</p><p>오세요</p>" in html


def test_a_question_is_a_poll_that_one_can_read():
    extra = {"options": [["네", 3], ["아니요", None]], "multiple": False, "voters": 3}
    for ends_ms, expired in ((NOW_MS - 1, True), (NOW_MS + 1, False), (None, False)):
        question = a_post(kind="question", extra=json.dumps({**extra, "ends_ms": ends_ms}))
        poll = status(a_view(post=question))["poll"]
        assert poll["expired"] is expired
        assert poll["votes_count"] == 3
        assert poll["options"][1] == {"title": "아니요", "votes_count": None}


def test_our_picture_has_two_sizes_and_a_strangers_stays_where_it_is():
    ours = present.media(SITE, a_picture())
    assert ours["url"] == "https://gm.example/media/ab12.jpg"
    assert ours["preview_url"] == "https://gm.example/media/ab12-s.jpg"
    assert ours["meta"]["original"]["size"] == "1200x800"
    assert ours["meta"]["focus"] == {"x": 0.5, "y": 0.0}
    theirs = present.media(
        SITE, a_picture(large="", small="", remote_url="https://far.example/v.mp4", kind="video")
    )
    assert theirs["url"] == theirs["remote_url"] == "https://far.example/v.mp4"
    assert theirs["preview_url"] is None
    assert theirs["type"] == "video"


def test_an_attached_link_is_a_card_and_no_picture():
    link = a_picture(
        kind="link", large="", small="", remote_url="https://news.example/", alt="뉴스"
    )
    entity = status(a_view(media=(link,)))
    assert entity["media_attachments"] == []
    assert entity["card"]["url"] == "https://news.example/"
    assert entity["card"]["title"] == "뉴스"


def test_a_notification_has_a_status_only_where_there_is_one():
    noted = Notification(
        id=3, account_id=1, kind="follow", from_id=2, post_id=None, created_ms=NOW_MS
    )
    entity = present.notification(SITE, noted, an_account(2), None)
    assert entity["type"] == "follow"
    assert entity["group_key"] == "ungrouped-3"
    assert "status" not in entity
    assert "status" in present.notification(SITE, noted, an_account(2), {"id": "70"})


def test_a_relationship_has_every_key():
    entity = present.relationship(Relationship(id=2, following=True))
    assert entity.keys() >= set(
        [
            "id",
            "following",
            "showing_reblogs",
            "notifying",
            "languages",
            "followed_by",
            "blocking",
            "blocked_by",
            "muting",
            "muting_notifications",
            "requested",
            "requested_by",
            "domain_blocking",
            "endorsed",
            "note",
        ]
    )
    assert entity["id"] == "2"
    assert entity["following"] is True


def test_an_edit_says_what_was_said_then():
    then = Revision(
        post_id=70,
        version=1,
        title="",
        lead="",
        content="<p>처음</p>",
        source="처음",
        warning="경고",
        written_ms=NOW_MS,
    )
    entity = present.edit(SITE, a_view(), then)
    assert entity["content"] == "<p>처음</p>"
    assert entity["spoiler_text"] == "경고"
    assert entity["created_at"] == "2026-01-01T00:00:00.000Z"


# --- pages joined from bytes


def an_entry(view, **changed):
    values = {
        "id": view.entry_id,
        "post_id": view.post.id,
        "post_version": view.post.version,
        "author_id": view.author.id,
        "author_version": view.author.version,
        "booster_id": view.booster.id if view.booster else None,
        "replies": view.post.replies,
        "likes": view.post.likes,
        "boosts": view.post.boosts,
        "liked": int(view.liked),
        "boosted": int(view.boosted),
    }
    return Entry(**{**values, **changed})


VIEWS = [
    a_view(),
    a_view(liked=True, boosted=True, media=(a_picture(),)),
    a_view(post=a_post(pinned_ms=NOW_MS)),
    a_view(booster=an_account(5, name="joon"), entry_id=2**62, boosted=True),
]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("viewer_id", [None, 1, 2])
def test_a_fragment_says_what_the_entity_says(view, viewer_id):
    kept, entry = Fragments(), an_entry(view)
    assert kept.status(entry, viewer_id, NOW_MS) is None
    kept.keep(SITE, entry, view, NOW_MS)
    assert msgspec.json.decode(kept.status(entry, viewer_id, NOW_MS)) == status(view, viewer_id)


def test_counts_are_the_entrys_and_never_the_kept_ones():
    kept, view = Fragments(), a_view()
    kept.keep(SITE, an_entry(view), view, NOW_MS)
    shown = msgspec.json.decode(kept.status(an_entry(view, likes=41, liked=1), 2, NOW_MS))
    assert (shown["favourites_count"], shown["favourited"]) == (41, True)


@pytest.mark.parametrize("change", [{"post_version": 2}, {"author_version": 2}])
def test_a_new_version_is_not_shown_from_an_old_fragment(change):
    kept, view = Fragments(), a_view()
    kept.keep(SITE, an_entry(view), view, NOW_MS)
    assert kept.status(an_entry(view, **change), None, NOW_MS) is None


def test_a_fragment_grows_old():
    kept, view = Fragments(), a_view()
    kept.keep(SITE, an_entry(view), view, NOW_MS)
    assert kept.status(an_entry(view), None, NOW_MS + MAX_AGE_MS - 1)
    assert kept.status(an_entry(view), None, NOW_MS + MAX_AGE_MS) is None
    assert kept.status(an_entry(view), None, NOW_MS - 1) is None


def test_what_nobody_looked_at_lately_makes_room():
    views = [a_view(post=a_post(id), entry_id=id) for id in range(100, 110)]
    entries = [an_entry(view) for view in views]
    kept = Fragments(max_bytes=5 * 2_000)
    for entry, view in zip(entries, views, strict=True):
        kept.keep(SITE, entry, view, NOW_MS)
        kept.status(entries[0], None, NOW_MS)
    shown = [kept.status(entry, None, NOW_MS) is not None for entry in entries]
    assert shown[0] and shown[-1] and not shown[1]
    assert 2 <= sum(shown) <= 9


def test_keeping_the_same_twice_takes_its_room_once():
    kept, view = Fragments(max_bytes=4_000), a_view()
    for _ in range(10):
        kept.keep(SITE, an_entry(view), view, NOW_MS)
    assert kept.status(an_entry(view), None, NOW_MS) is not None


def test_what_differs_from_viewer_to_viewer_is_special_and_in_no_fragment():
    extra = json.dumps({"options": [["네", 3], ["아니요", 1]], "ends_ms": None})
    view = a_view(post=a_post(kind="question", extra=extra), own_votes=(1,))
    assert present.special(view) and not present.special(a_view())
    assert present.shared_status(SITE, view)["poll"] is None
    assert present.personal(SITE, a_view(), 2, NOW_MS) == {}
    mine, theirs, nobodys = (status(view, id)["poll"] for id in (2, view.author.id, None))
    assert (mine["voted"], mine["own_votes"]) == (True, [1])
    assert theirs["voted"] is True
    assert "voted" not in nobodys and "own_votes" not in nobodys


def test_hidden_totals_are_told_at_the_end():
    extra = {"options": [["네", 3], ["아니요", 1]], "hidden": True}
    for ends_ms, told in ((NOW_MS, [3, 1]), (NOW_MS + 1, [None, None])):
        post = a_post(kind="question", extra=json.dumps({**extra, "ends_ms": ends_ms}))
        poll = status(a_view(post=post))["poll"]
        assert [option["votes_count"] for option in poll["options"]] == told
        assert poll["votes_count"] == 4
