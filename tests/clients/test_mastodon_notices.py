"""What Mastodon.py's people are told: one by one, in groups, by policy; and announcements."""

import pytest
from mastodon.errors import MastodonNotFoundError


@pytest.fixture
def three(city, mastodon):
    """Three people, each with their app."""
    return [mastodon(city.somebody()) for _ in range(3)]


def test_notifications_come_one_by_one(three):
    ann, bob, cho = three
    post = ann.status_post("Hear, hear")
    bob.account_follow(ann.me())
    bob.status_favourite(post)
    cho.status_reblog(post)
    answer = bob.status_post(f"@{ann.me().username} indeed", in_reply_to_id=post)
    found = ann.notifications()
    assert [one.type for one in found] == ["mention", "reblog", "favourite", "follow"]
    assert found[0].status.id == answer.id and found[3].account.id == bob.me().id
    assert ann.notifications_unread_count().count == 4
    assert [one.type for one in ann.notifications(types=["mention"])] == ["mention"]
    assert len(ann.notifications(exclude_types=["mention", "follow"])) == 2
    assert [one.type for one in ann.notifications(account_id=cho.me())] == ["reblog"]
    assert ann.notifications(id=found[1]).type == "reblog"
    first = ann.notifications(limit=3)
    assert len(ann.fetch_next(first)) == 1
    ann.markers_set("notifications", [found[0]])
    assert ann.notifications_unread_count().count == 0
    ann.notifications_dismiss(found[0])
    with pytest.raises(MastodonNotFoundError):
        ann.notifications(id=found[0])
    ann.notifications_clear()
    assert ann.notifications() == []


def test_notifications_come_in_groups(three):
    ann, bob, cho = three
    post = ann.status_post("Everybody likes this")
    for one in (bob, cho):
        one.status_favourite(post)
    found = ann.grouped_notifications()
    group = found.notification_groups[0]
    assert (group.type, group.notifications_count) == ("favourite", 2)
    assert group.status_id == post.id == found.statuses[0].id
    assert {str(bob.me().id), str(cho.me().id)} == {str(id) for id in group.sample_account_ids}
    full = ann.grouped_notifications(expand_accounts="full", grouped_types=["favourite"])
    assert len(full.accounts) == 2
    assert len(ann.grouped_notification_accounts(group.group_key)) == 2
    assert ann.unread_grouped_notifications_count() == 1
    one = ann.grouped_notification(group.group_key)
    assert one.notification_groups[0].group_key == group.group_key
    ann.dismiss_grouped_notification(group.group_key)
    assert ann.grouped_notifications().notification_groups == []


def test_strangers_wait_until_they_are_accepted(three):
    ann, bob, cho = three
    policy = ann.update_notifications_policy(for_not_following="filter")
    assert policy.for_not_following == "filter"
    for one in (bob, cho):
        one.status_post(f"@{ann.me().username} hello?")
    assert ann.notifications() == []
    assert ann.notifications_policy().summary.pending_requests_count == 2
    requests = ann.notification_requests()
    assert {one.account.id for one in requests} == {bob.me().id, cho.me().id}
    assert ann.notification_request(requests[0]).last_status.content
    ann.accept_notification_request(requests[0])
    assert ann.notifications_merged()
    assert [one.account.id for one in ann.notifications()] == [requests[0].account.id]
    ann.dismiss_notification_request(requests[1])
    assert ann.notification_requests() == []


def test_an_announcement_is_read_answered_and_put_away(city, three):
    ann = three[0]
    city.instance.madang("announce", "create", stdin="The *water* is off on Monday")
    told = ann.announcements()[0]
    assert "<em>water</em>" in told.content and not told.read
    ann.announcement_reaction_create(told, "👍")
    assert [(one.name, one.count, one.me) for one in ann.announcements()[0].reactions] == [
        ("👍", 1, True)
    ]
    ann.announcement_reaction_delete(told, "👍")
    ann.announcement_dismiss(told)
    assert ann.announcements()[0].read
