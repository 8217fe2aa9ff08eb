"""What moderators do with Mastodon.py: people, reports, other servers, addresses, figures."""

from datetime import UTC, datetime, timedelta

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError

SCOPES = ["read", "write", "follow", "push", "admin:read", "admin:write"]


@pytest.fixture(scope="module")
def boss(city, mastodon):
    """An admin's app; nobody's where the admin API is not there."""
    app = mastodon(city.somebody("admin"), scopes=SCOPES)
    try:
        app.admin_accounts_v2(limit=1)
    except MastodonNotFoundError:
        pytest.skip("there is no admin API yet")
    return app


@pytest.fixture
def two(city, mastodon):
    """Two people, each with their app."""
    return mastodon(city.somebody()), mastodon(city.somebody())


def test_nobody_else_sees_people_as_moderators_do(boss, city, mastodon):
    ann = mastodon(city.somebody(), scopes=SCOPES)
    with pytest.raises(MastodonAPIError, match="403"):
        ann.admin_accounts_v2()
    with pytest.raises(MastodonAPIError, match="403"):
        mastodon(city.somebody("admin")).admin_accounts_v2()


def test_people_are_found_silenced_suspended_and_back(boss, two):
    ann, _ = two
    me = ann.me()
    found = boss.admin_accounts_v2(origin="local", status="active", username=me.username)
    assert [one.id for one in found] == [str(me.id)] or [one.id for one in found] == [me.id]
    seen = boss.admin_account(me)
    assert (seen.username, seen.email) == (me.username, f"{me.username}@city.example")
    first = boss.admin_accounts_v1(username=me.username)
    assert str(me.id) in [str(one["account"]["id"]) for one in first]
    boss.admin_account_moderate(me, "silence", send_email_notification=False)
    assert boss.admin_account(me).silenced
    assert not boss.admin_account_unsilence(me).silenced
    boss.admin_account_moderate(me, "sensitive", send_email_notification=False)
    assert not boss.admin_account_unsensitive(me)["suspended"]
    boss.admin_account_moderate(me, "suspend", send_email_notification=False)
    assert boss.admin_account(me).suspended
    assert not boss.admin_account_unsuspend(me).suspended


def test_a_report_is_taken_solved_and_opened_again(boss, two):
    ann, bob = two
    post = bob.status_post("Ladders, ladders, ladders")
    ann.report(bob.me(), [post], "Only ladders", category="spam")
    report = next(
        one for one in boss.admin_reports() if one.target_account.account.id == bob.me().id
    )
    assert [one.id for one in report.statuses] == [post.id] and report.category == "spam"
    assert boss.admin_report_assign(report).assigned_account.account.id == boss.me().id
    assert boss.admin_report_unassign(report).assigned_account is None
    assert boss.admin_report_resolve(report).action_taken
    assert not boss.admin_report_reopen(report).action_taken
    assert boss.admin_report(report).comment == "Only ladders"


def test_servers_and_addresses_are_blocked_and_let_be(boss):
    block = boss.admin_create_domain_block(
        "loud.example", severity="silence", reject_media=True, public_comment="Loud"
    )
    assert (block.domain, block.severity) == ("loud.example", "silence")
    changed = boss.admin_update_domain_block(block.id, severity="suspend")
    assert changed.severity == "suspend"
    assert "loud.example" in [one.domain for one in boss.admin_domain_blocks()]
    boss.admin_delete_domain_block(block)
    assert "loud.example" not in [one.domain for one in boss.admin_domain_blocks()]

    mails = boss.admin_create_email_domain_block("throwaway.example")
    assert boss.admin_email_domain_block(mails.id).domain == "throwaway.example"
    boss.admin_delete_email_domain_block(mails.id)
    one = boss.admin_create_canonical_email_block(email="bad@mail.example")
    assert boss.admin_test_canonical_email_block("bad@mail.example")[0].id == one.id
    boss.admin_delete_canonical_email_block(one.id)
    address = boss.admin_create_ip_block("203.0.113.9/32", "sign_up_block", comment="Bots")
    assert boss.admin_update_ip_block(address, severity="no_access").severity == "no_access"
    assert boss.admin_ip_block(address).comment == "Bots"
    boss.admin_delete_ip_block(address)


def test_what_the_city_does_is_counted(boss):
    end = datetime.now(UTC)
    start = end - timedelta(days=7)
    measures = boss.admin_measures(start, end, active_users=True, new_users=True)
    assert {one.key for one in measures} == {"active_users", "new_users"}
    dimensions = boss.admin_dimensions(start, end, languages=True, space_usage=True)
    assert {one.key for one in dimensions} == {"languages", "space_usage"}
    assert boss.admin_retention(start, end)[0].frequency == "day"


def test_what_many_talk_about_is_looked_over(boss):
    for read in (boss.admin_trending_tags, boss.admin_trending_statuses, boss.admin_trending_links):
        assert isinstance(read(), list)
