"""What Mastodon.py's people read: timelines and their pages, lists, filters, tags, search."""

import pytest
from mastodon.errors import MastodonNotFoundError


@pytest.fixture(scope="module")
def two(city, mastodon):
    """Two people, each with their app; the first follows the second."""
    ann, bob = mastodon(city.somebody()), mastodon(city.somebody())
    ann.account_follow(bob.me())
    return ann, bob


def ids(found):
    return [one.id for one in found]


def test_timelines_are_read_page_by_page_both_ways(two):
    ann, bob = two
    tag = f"pages{bob.me().username}"
    posts = [bob.status_post(f"Number {at} #{tag}") for at in range(7)]
    newest = ids(reversed(posts))
    first = ann.timeline_home(limit=3)
    assert ids(first) == newest[:3]
    second = ann.fetch_next(first)
    assert ids(second) == newest[3:6]
    assert ids(ann.fetch_previous(second)) == newest[:3]
    assert ids(ann.fetch_remaining(ann.timeline_home(limit=2)))[:7] == newest
    everything = ann.pagination_iterator(ann.timeline_hashtag(tag, limit=2))
    assert ids(everything) == newest
    assert ids(ann.timeline_hashtag(tag, since_id=posts[4])) == newest[:2]
    assert ids(ann.timeline_hashtag(tag, min_id=posts[0], limit=2)) == ids([posts[2], posts[1]])
    for read in (ann.timeline_local, ann.timeline_public):
        assert newest[0] in ids(read())
    assert ids(ann.account_statuses(bob.me(), tagged=tag, limit=2)) == newest[:2]
    with pytest.raises(MastodonNotFoundError):
        ann.timeline_link("https://nobody-links.example/there")


def test_a_list_has_people_and_a_timeline(two):
    ann, bob = two
    made = ann.list_create("Roofers", replies_policy="none", exclusive=True)
    assert (made.title, made.replies_policy, made.exclusive) == ("Roofers", "none", True)
    ann.list_accounts_add(made, [bob.me()])
    assert ids(ann.list_accounts(made)) == [bob.me().id]
    assert ids(ann.account_lists(bob.me())) == [made.id]
    post = bob.status_post("For the list")
    assert ids(ann.timeline_list(made))[0] == post.id
    assert post.id not in ids(ann.timeline_home())
    changed = ann.list_update(made, "Menders", replies_policy="list", exclusive=False)
    assert (changed.title, changed.exclusive) == ("Menders", False)
    ann.list_accounts_delete(made, [bob.me()])
    assert ann.list_accounts(made) == []
    assert ids(ann.lists()) == [made.id] and ann.list(made).title == "Menders"
    ann.list_delete(made)
    assert ann.lists() == []


def test_filters_mark_what_they_fit(two):
    ann, bob = two
    post, other = bob.status_post("A quarrel about parking"), bob.status_post("Nothing of it")
    words = [{"keyword": "parking", "whole_word": True}]
    made = ann.create_filter_v2("Cars", ["home", "public"], "warn", 3600, words)
    assert made.expires_at is not None and made.keywords[0].keyword == "parking"
    ann.add_filter_status_v2(made, other)
    home = {one.id: one for one in ann.timeline_home()}
    assert home[post.id].filtered[0].keyword_matches == ["parking"]
    assert home[other.id].filtered[0].status_matches == [other.id]
    added = ann.add_filter_keyword_v2(made, "traffic jam", whole_word=False)
    assert added.keyword in {one.keyword for one in ann.filter_keywords_v2(made)}
    ann.delete_filter_keyword_v2(added)
    hidden = ann.filter_statuses_v2(made)[0]
    assert ann.filter_status_v2(hidden).status_id == other.id
    ann.delete_filter_status_v2(hidden)
    changed = ann.update_filter_v2(made, title="Parking", filter_action="hide")
    assert (changed.title, changed.filter_action) == ("Parking", "hide")
    assert ann.filter_v2(made).title == "Parking" and len(ann.filters_v2()) == 1
    assert ann.filters()[0].phrase == "parking"
    ann.delete_filter_v2(made)
    assert ann.filters_v2() == []
    old = ann.filter_create("noise", ["home"], whole_word=True)
    assert ann.filter_update(old, phrase="loud noise").phrase == "loud noise"
    assert ann.filter(old).context == ["home"]
    ann.filter_delete(old)


def test_tags_are_followed_and_featured(two):
    ann, bob = two
    tag = f"yards{ann.me().username}"
    assert ann.tag_follow(tag).following
    post = bob.status_post(f"Green #{tag}")
    assert post.id in ids(ann.timeline_home())
    assert [one.name for one in ann.followed_tags()] == [tag]
    assert ann.tag(tag).history[0].uses == "1"
    assert not ann.tag_unfollow(tag).following
    ann.status_post(f"Mine #{tag}")
    assert tag in [one.name for one in ann.featured_tag_suggestions()]
    featured = ann.featured_tag_create(tag)
    assert featured.statuses_count == "1"
    assert [one.name for one in bob.account_featured_tags(ann.me())] == [tag]
    ann.featured_tag_delete(ann.featured_tags()[0])
    assert ann.featured_tags() == []
    assert ann.tag_feature(tag).name == tag
    ann.tag_unfeature(tag)
    assert ann.featured_tags() == []


def test_everything_is_found(two):
    ann, bob = two
    word = f"kimchi{bob.me().username}"
    bob.account_update_credentials(indexable=True)
    post = bob.status_post(f"We make {word} today #{word}")
    found = ann.search(word, resolve=False, exclude_unreviewed=False)
    assert ids(found.statuses) == [post.id]
    assert [one.name for one in found.hashtags] == [word]
    assert ids(ann.search(bob.me().username, result_type="accounts").accounts) == [bob.me().id]
    assert ids(ann.search(post.url, resolve=True).statuses) == [post.id]
    assert ann.search(word, result_type="statuses", account_id=ann.me().id).statuses == []
    second = ann.fetch_next(ann.search_v2(word, result_type="hashtags", limit=1))
    assert second is None or second.hashtags == []


def test_what_the_city_talks_about(two):
    ann, _ = two
    for read in (ann.trending_tags, ann.trending_statuses, ann.trending_links):
        assert isinstance(read(limit=5), list)


def test_where_somebody_stopped_reading_is_kept(two):
    ann, bob = two
    post = bob.status_post("Read so far")
    ann.markers_set("home", post)
    kept = ann.markers_get(["home", "notifications"])
    assert kept["home"].last_read_id == post.id and kept["home"].version == 1


def test_private_words_are_a_conversation(two):
    ann, bob = two
    bob.status_post(f"@{ann.me().username} only you", visibility="direct")
    talk = ann.conversations()[0]
    assert talk.unread and ids(talk.accounts) == [bob.me().id]
    assert not ann.conversations_read(talk).unread
