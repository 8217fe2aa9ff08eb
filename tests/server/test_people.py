"""Links that lead back, servers that are shut out, and what limited people are heard of."""

import pytest

from server import text
from server.errors import Forbidden, Invalid
from server.services import departures, domain_mutes, follows, live, profile_links, relations
from server.services.notifications import notify
from server.store import accounts as account_store
from server.store import conditions, homes, notifications, timelines
from server.store import follows as follow_store
from server.store.paging import Page
from tests.growth import takes_time_for_its_length_alone
from tests.server.world import (
    CARL,
    EVE,
    MALLORY,
    NOW,
    SITE,
    befriend,
    join,
    number,
    say,
    stranger,
    who,
)

# --- links


@pytest.mark.parametrize(
    "page",
    [
        '<a rel="me" href="https://here.test/@ann">me</a>',
        "<head><link REL='nofollow ME' href = https://here.test/@ann></head>",
        '<p title="a > b"><A HREF="https://HERE.test/@ann/" rel=me>',
        '<!-- x --><script>"</a>"</script><a rel="me" href="https://here.test/@ann">',
    ],
)
def test_a_page_leads_back_by_a_link_that_says_me(tx, page):
    assert profile_links.leads_back(page.encode(), join(tx, "ann"))


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://here.test/@ann">',
        '<a rel="me" href="https://here.test/@ann2">',
        '<a rel="meme" href="https://here.test/@ann">',
        '<!-- <a rel="me" href="https://here.test/@ann"> -->',
        '<!-- <a rel="me" href="https://here.test/@ann">',
        "<img alt='<a rel=me href=https://here.test/@ann>'>",
        '<script>s = \'<a rel="me" href="https://here.test/@ann">\'</script>',
        '<textarea><a rel="me" href="https://here.test/@ann"></textarea>',
        '<title><a rel="me" href="https://here.test/@ann">',
        '<p x="<a rel=me href=https://here.test/@ann>',
        '&lt;a rel="me" href="https://here.test/@ann"&gt;',
        "",
    ],
)
def test_what_only_looks_like_a_link_proves_nothing(tx, page):
    assert not profile_links.leads_back(page.encode(), join(tx, "ann"))


@pytest.mark.parametrize(
    "part", ["<", "<!--", "<a ", '<a "', "<a x='", "<script>", "</", "<a rel=me href=x>", "='>"]
)
def test_reading_a_page_takes_time_for_its_length_alone(part):
    def reads(length: int) -> None:
        list(text.me_links(part * (length // len(part))))

    takes_time_for_its_length_alone(reads, 1024 * 1024, enough_s=1.0)


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<p><a href="https://a.example/?x=1&amp;y=2" rel="nofollow">a</a></p>', True),
        ('<p><a href="http://a.example" rel="nofollow">a</a></p>', False),
        ('<p>see <a href="https://a.example" rel="nofollow">a</a></p>', False),
        (
            '<p><a href="https://a.example" rel="x">a</a><a href="https://b" rel="x">b</a></p>',
            False,
        ),
        ("<p>words</p>", False),
    ],
)
def test_a_line_is_checked_that_is_one_link_and_no_more(html, address):
    assert text.only_link(html) == ("https://a.example/?x=1&y=2" if address else None)


def test_only_rendered_links_are_made_ones_own():
    html = '<p>rel="nofollow <a href="https://a.example" rel="nofollow noopener">a</a></p>'
    assert text.as_me(html).count("me nofollow") == 1


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Example.ORG ", "example.org"),
        ("https://example.org/", "example.org"),
        ("광명.kr", "xn--2e0b10rgns.kr"),
        ("example.org:8443", "example.org:8443"),
        ("example", None),
        ("-a.example", None),
        ("example.org/path", None),
        ("a b.example", None),
        ("1.2.3.4", None),
        ("", None),
    ],
)
def test_a_domain_has_one_spelling(typed, name):
    found = text.domain_name(typed)
    assert found == name or (typed == "광명.kr" and found and found.startswith("xn--"))


# --- servers


def test_a_server_that_is_shut_out_is_gone_from_everywhere(tx):
    ann, bob = join(tx, "ann"), join(tx, "bob")
    eve, carl = stranger(tx, EVE), stranger(tx, CARL)
    for one in (eve, carl):
        befriend(tx, ann, one)
        befriend(tx, one, ann)
        notify(tx, ann, "favourite", one, None, NOW)
    domain_mutes.shut_out(tx, SITE, ann, eve.domain, NOW)
    assert follow_store.one(tx, ann.id, eve.id) is None
    assert follow_store.one(tx, eve.id, ann.id) is None
    assert follow_store.one(tx, ann.id, carl.id) is not None
    told = notifications.page(tx, ann.id, Page())
    assert {one.from_id for one in told} == {carl.id}
    notify(tx, ann, "mention", eve, None, NOW)
    notify(tx, bob, "mention", eve, None, NOW)
    assert len(notifications.page(tx, ann.id, Page())) == len(told)
    assert len(notifications.page(tx, bob.id, Page())) == 1
    with pytest.raises(Forbidden):
        follows.follow(tx, SITE, ann, eve.id, NOW)
    assert conditions.unwanted(tx, ann.id, [eve.id, carl.id]) == {eve.id}
    assert conditions.unwanted(tx, bob.id, [eve.id, carl.id]) == set()


def test_what_is_boosted_from_a_server_that_is_shut_out_stays_away(tx):
    ann, bob, eve = join(tx, "ann"), join(tx, "bob"), stranger(tx, EVE)
    befriend(tx, ann, bob)
    post = say(tx, bob, "Mine")
    theirs = say(tx, join(tx, "eve_too"), "Theirs")
    tx.run("UPDATE post SET author_id = :eve, local = 0 WHERE id = :id", eve=eve.id, id=theirs.id)
    homes.spread_boost(
        tx, boost_id=theirs.id + 1, post_id=theirs.id, booster_id=bob.id, author_id=eve.id,
        language="", after_id=0,
    )  # fmt: skip
    seen = [one.post_id for one in timelines.home(tx, ann.id, Page())]
    assert seen == [theirs.id, post.id]
    domain_mutes.shut_out(tx, SITE, ann, eve.domain, NOW)
    assert [one.post_id for one in timelines.home(tx, ann.id, Page())] == [post.id]
    assert [one.post_id for one in timelines.federated(tx, ann.id, Page())] == [post.id]


def test_many_follows_end_a_part_at_a_time(tx, monkeypatch):
    monkeypatch.setattr(domain_mutes, "AT_ONCE", 1)
    ann, eve, mallory = join(tx, "ann"), stranger(tx, EVE), stranger(tx, MALLORY)
    befriend(tx, eve, ann)
    befriend(tx, ann, mallory)
    domain_mutes.shut_out(tx, SITE, ann, eve.domain, NOW)
    assert number(tx, "SELECT count(*) FROM job WHERE kind = 'part'") == 1
    assert domain_mutes.part(tx, SITE, ann.id, eve.domain, NOW)
    assert not domain_mutes.part(tx, SITE, ann.id, eve.domain, NOW)
    assert number(tx, "SELECT count(*) FROM follow") == 0
    befriend(tx, eve, ann)
    domain_mutes.let_in(tx, ann.id, eve.domain)
    assert not domain_mutes.part(tx, SITE, ann.id, eve.domain, NOW)
    assert number(tx, "SELECT count(*) FROM follow") == 1


def test_nobody_shuts_out_more_servers_than_are_kept(tx, monkeypatch):
    monkeypatch.setattr(domain_mutes, "MAX_DOMAINS", 2)
    ann = join(tx, "ann")
    for domain in ("a.example", "b.example"):
        domain_mutes.shut_out(tx, SITE, ann, domain, NOW)
    with pytest.raises(Invalid):
        domain_mutes.shut_out(tx, SITE, ann, "c.example", NOW)


def test_nobody_recommends_more_people_than_are_kept(tx, monkeypatch):
    monkeypatch.setattr(relations, "MAX_ENDORSED", 1)
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    for one in (bob, cho):
        befriend(tx, ann, one)
    relations.endorse(tx, SITE, ann, bob.id, NOW)
    with pytest.raises(Invalid):
        relations.endorse(tx, SITE, ann, cho.id, NOW)


# --- limited


def test_public_topics_do_not_hear_of_limited_people(tx):
    ann = join(tx, "ann", limited_ms=1)
    marks = live.marks_at(NOW - 60_000)
    say(tx, ann, "Hello #all")
    topics = {one.topic.partition(":")[0] for one in live.look(tx, marks, [], NOW).came}
    assert topics == {"thread"}
    account_store.set_columns(tx, ann.id, limited_ms=None)
    topics = {one.topic.partition(":")[0] for one in live.look(tx, marks, [], NOW).came}
    assert topics == {"thread", "local", "federated", "tag", "public", "hashtag"}


def test_who_leaves_leaves_no_notes_behind(tx):
    ann, bob = join(tx, "ann"), join(tx, "bob")
    befriend(tx, ann, bob)
    relations.note(tx, ann, bob.id, "met")
    relations.endorse(tx, SITE, ann, bob.id, NOW)
    domain_mutes.shut_out(tx, SITE, ann, "a.example", NOW)
    departures.delete(tx, SITE, ann, NOW)
    for table in ("account_note", "endorsement", "domain_mute"):
        assert number(tx, f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608
    assert who(tx, "ann").state == "gone"
