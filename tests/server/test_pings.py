"""Pings that say that a page links to a story: put away, bounded, and shown only when true."""

import itertools

import msgspec
import pytest

from server.errors import AppError, Forbidden, NotFound, TooMany
from server.ids import new_id
from server.model import Job
from server.services import backlinks, borders, linking, notifications, pings, posts
from server.services.deeds import Moderator, history
from server.services.pings import Wanted
from server.store import backlinks as link_store
from server.store import jobs
from server.store import linking as told_store
from server.store import pings as store
from server.store import posts as post_store
from server.store.paging import Page
from server.text import backlinks as reading
from tests.server.world import (
    EVE,
    LATE,
    NOW,
    SITE,
    create,
    deliver,
    join,
    note,
    number,
    ours,
    say,
    settle,
    stranger,
    who,
)

BLOG = "https://blog.test/entry/7"
TRUE = '<title>A walk</title><p>I read <a href="{}">this</a>.</p>'


@pytest.fixture
def story(tx):
    settle(tx)
    return say(tx, who(tx, "ann"), "Words", title="The market moves")


def wanted(target, source=BLOG, **more):
    return Wanted(
        **{"kind": "webmention", "source": source, "target": target, "network": "n"} | more
    )


def verify(tx, post_id, source=BLOG, page=TRUE, now_ms=NOW):
    """What the worker does once it has read the page."""
    ping = store.by_source(tx, post_id, source)
    asked = pings.asked(tx, ping.id)
    if asked is None:
        return
    _, targets = asked
    body = page.format(targets[1]).encode()
    found = reading.find(body, "text/html", source, targets, ping.excerpt) if page else None
    pings.keep(tx, ping, found, now_ms)


def shown(tx, post, viewer=None):
    current = post_store.by_id(tx, post.id)
    _, links = backlinks.of_story(tx, viewer, current.id, Page(limit=80))
    return [line.link.source if line.link else line.quote.post.uri for line in links.lines]


def test_a_ping_waits_until_its_page_was_read(tx, story):
    pings.take(tx, SITE, wanted(story.url), NOW)
    assert shown(tx, story) == []
    (job,) = [
        Job(**r)
        for r in tx.all("SELECT id, kind, lane, payload, attempts, claimed_by FROM job ORDER BY id")
        if r["kind"] == pings.JOB
    ]
    assert msgspec.json.decode(job.payload) == {"ping": store.by_source(tx, story.id, BLOG).id}
    verify(tx, story.id)
    found = link_store.by_source(tx, story.id, BLOG)
    assert (found.title, found.excerpt, found.host) == ("A walk", "I read this.", "blog.test")
    links = backlinks.beneath(tx, None, post_store.by_id(tx, story.id))
    assert (links.pages, links.quotes, links.boosts, links.total) == (1, 0, 0, 1)


def test_a_page_that_changed_is_shown_as_it_is_and_one_that_links_no_more_goes(tx, story):
    pings.take(tx, SITE, wanted(story.uri), NOW)
    verify(tx, story.id)
    later = NOW + pings.AGAIN_MS
    pings.take(tx, SITE, wanted(story.url), later)
    verify(tx, story.id, page='<title>Another</title><a href="{}">x</a>')
    assert link_store.by_source(tx, story.id, BLOG).title == "Another"
    pings.take(tx, SITE, wanted(story.url), later + pings.AGAIN_MS)
    verify(tx, story.id, page="<title>Another</title>")
    assert shown(tx, story) == []


def test_a_page_that_is_sent_again_and_again_is_read_once_in_a_while(tx, story):
    def promised():
        return number(tx, "SELECT count(*) FROM job WHERE kind = 'ping'")

    for _ in range(3):
        pings.take(tx, SITE, wanted(story.url), NOW)
    assert promised() == 1
    verify(tx, story.id)
    pings.take(tx, SITE, wanted(story.url), NOW + 1)
    assert promised() == 1
    assert store.next_due_ms(tx) == NOW + pings.AGAIN_MS
    assert not pings.again(tx, SITE, NOW + 2)
    assert pings.again(tx, SITE, NOW + pings.AGAIN_MS)
    assert promised() == 2
    assert store.next_due_ms(tx) is None


def test_a_page_that_cannot_be_read_is_read_later_and_what_is_known_stays(tx, story):
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    pings.take(tx, SITE, wanted(story.url), NOW + pings.AGAIN_MS)
    for pause in pings.LATER_MS:
        ping = store.by_source(tx, story.id, BLOG)
        pings.fail(tx, ping, NOW, later=True)
        assert store.next_due_ms(tx) == NOW + pause
        assert pings.again(tx, SITE, NOW + pause)
    pings.fail(tx, store.by_source(tx, story.id, BLOG), NOW, later=True)
    assert store.next_due_ms(tx) is None
    assert shown(tx, story) == [BLOG]


def test_only_a_story_that_everybody_may_read_can_be_linked_to(tx, story):
    ann = who(tx, "ann")
    deliver(tx, create(note(LATE, EVE, type="Article", name="Theirs")))
    gone = say(tx, ann, "x", title="Gone")
    posts.delete(tx, SITE, ann, gone.id, NOW)
    hers = join(tx, "suspended")
    lost = say(tx, hers, "x", title="Lost")
    tx.run("UPDATE account SET state = 'suspended' WHERE id = :id", id=hers.id)
    private = [
        say(tx, ann, "x", title="For followers", visibility="followers"),
        say(tx, ann, "x", reply_to_id=story.id),
        ours(tx),
        gone,
        lost,
    ]
    targets = [post.url for post in private] + [
        post_store.by_uri(tx, LATE).url,
        f"{SITE.origin}/@eve@far.test/{post_store.by_uri(tx, LATE).id}",
        f"{SITE.origin}/",
        f"{SITE.origin}/@ann",
        f"{SITE.origin}/@ann/123",
        f"{SITE.origin}/@ann/{story.id}/boosts",
        f"https://other.test/@ann/{story.id}",
        f"https://here.test.evil.test/@ann/{story.id}",
        f"{SITE.origin}/@ann/{'9' * 30}",
        "",
    ]
    said = set()
    for target in targets:
        with pytest.raises(AppError) as refused:
            pings.take(tx, SITE, wanted(target), NOW)
        said.add((str(refused.value), refused.value.status))
    assert len(said) == 1, "nobody learns what there is"
    assert number(tx, "SELECT count(*) FROM ping") == 0
    for target in (story.url, story.uri, f"{story.url}#replies", f"{story.url}?sort=new"):
        assert pings.named(tx, SITE, target).id == story.id


def test_an_address_of_ours_that_is_endless_names_no_story(tx, story):
    for junk in ("#", "?"):
        with pytest.raises(AppError):
            pings.take(tx, SITE, wanted(f"{story.url}{junk}{'x' * 60_000}"), NOW)
    assert number(tx, "SELECT count(*) FROM ping") == 0


def test_a_story_that_is_hidden_meanwhile_gets_no_links_and_shows_none(tx, story):
    pings.take(tx, SITE, wanted(story.url), NOW)
    ping = store.by_source(tx, story.id, BLOG)
    post_store.set_columns(tx, story.id, visibility="removed")
    assert pings.asked(tx, ping.id) is None
    pings.keep(tx, ping, reading.Found(title="x"), NOW)
    assert number(tx, "SELECT count(*) FROM backlink") == 0
    assert backlinks.beneath(tx, who(tx, "ann"), post_store.by_id(tx, story.id)) is None


def test_with_a_story_all_of_it_goes(tx, story):
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    posts.delete(tx, SITE, who(tx, "ann"), story.id, NOW)
    assert number(tx, "SELECT count(*) FROM backlink") == 0
    assert number(tx, "SELECT count(*) FROM ping") == 0


@pytest.mark.parametrize(
    ("what", "vary"),
    [
        ("network", {"source": "https://b{0}.d{0}.test/"}),
        ("host", {"source": "https://blog.test/{0}", "network": "n{0}"}),
        ("domain", {"source": "https://b{0}.blog.test/", "network": "n{0}"}),
        ("post_id", {"source": "https://b{0}.d{0}.test/", "network": "n{0}"}),
    ],
)
def test_who_floods_waits_and_nobody_else_does(tx, story, monkeypatch, what, vary):
    limits = {name: most // 10 for name, most in pings.LIMITS}
    monkeypatch.setattr(pings, "LIMITS", tuple(limits.items()))
    most = limits[what]
    taken = 0
    with pytest.raises(TooMany) as refused:
        for n in range(most + 1):
            # what stands done has left the queue, so that this limit is the first to be met
            if what != "post_id":
                tx.run("UPDATE ping SET state = 'done'")
            more = {name: value.format(n) for name, value in vary.items()}
            pings.take(tx, SITE, wanted(story.url, **more), NOW)
            taken += 1
    assert taken == most
    assert refused.value.retry_after_ms > 0
    other = story if what != "post_id" else say(tx, who(tx, "ann"), "x", title="Another")
    pings.take(tx, SITE, wanted(other.url, "https://honest.example/", network="own"), NOW)


FORGED = (
    "<p>No link at all, but the address {0} as text",
    '<!-- <a href="{0}">x</a> -->',
    '<script>"<a href={0}>"</script>',
    '<template><a href="{0}">x</a></template>',
    '<div hidden><a href="{0}">x</a></div>',
    '<a rel="ugc" href="{0}">a comment</a>',
    '<a href="{0}0">x</a>',
    '<a href="https://evil.test/?{0}">x</a>',
    "",
)


@pytest.mark.parametrize("dialect", ["sqlite"])  # for the sake of time
def test_of_ten_thousand_forged_pings_none_is_shown_and_an_honest_one_is(tx, story):
    """Over many hosts, networks and stories, with every kind of page that does not link."""
    ann = who(tx, "ann")
    stories = [story, *(say(tx, ann, "x", title=f"Story {n}") for n in range(19))]
    ways = itertools.cycle(FORGED)
    waiting, most, refused = [], 0, 0
    for n in range(10_000):
        target = stories[n % len(stories)]
        source = f"https://h{n % 997}.d{n % 401}.test/{n}"
        try:
            ping = wanted(
                target.url,
                source,
                network=f"10.{n % 251}",
                kind="trackback",
                excerpt="Buy it here, today, and cheap",
            )
            pings.take(tx, SITE, ping, NOW + n)
            waiting.append((target.id, source))
        except TooMany:
            refused += 1
        if n % 500 == 499:  # the worker has had its turn
            most = max(most, number(tx, "SELECT count(*) FROM ping WHERE state = 'waiting'"))
            for post_id, at in waiting:
                verify(tx, post_id, at, next(ways), NOW + n)
            waiting.clear()
            if n % 2_000 == 1_999:
                assert number(tx, "SELECT count(*) FROM ping") <= 10_000
                store.forget(tx, NOW + 2 * n)  # as if an hour had passed
    assert refused < 10_000
    assert 0 < most <= dict(pings.LIMITS)["all"]
    assert number(tx, "SELECT count(*) FROM backlink") == 0
    assert all(shown(tx, one) == [] for one in stories)
    pings.take(tx, SITE, wanted(story.url), NOW + 10_001)
    verify(tx, story.id)
    assert shown(tx, story) == [BLOG]


def test_a_story_keeps_so_many_links_and_of_one_host_fewer(tx, story, monkeypatch):
    monkeypatch.setattr(pings, "MAX_LINKS", 4)
    monkeypatch.setattr(pings, "MAX_OF_HOST", 2)
    for name in ("a.test", "b.test", "c.test"):
        for n in range(3):
            source = f"https://{name}/{n}"
            pings.take(tx, SITE, wanted(story.url, source), NOW)
            verify(tx, story.id, source)
    kept = sorted(shown(tx, story))
    assert len(kept) == 4
    assert [one.split("/")[2] for one in kept] == ["a.test", "a.test", "b.test", "b.test"]


# --- what is shown


def test_quotes_and_boosts_count_and_a_page_that_is_a_quote_does_not_count_again(tx, story):
    quote = "https://far.test/@eve/9"
    deliver(tx, create(note(LATE, EVE, url=quote, quoteUrl=story.uri, content="<p>Look</p>")))
    deliver(
        tx,
        {
            "id": f"{EVE}/boosts/1",
            "type": "Announce",
            "actor": EVE,
            "object": story.uri,
            "to": ["https://www.w3.org/ns/activitystreams#Public"],
        },
    )
    for source in (quote, LATE, BLOG):
        pings.take(tx, SITE, wanted(story.url, source), NOW)
        verify(tx, story.id, source)
    current = post_store.by_id(tx, story.id)
    links = backlinks.beneath(tx, None, current)
    assert (links.pages, links.quotes, links.boosts, links.total) == (1, 1, 1, 3)
    assert shown(tx, story) == [BLOG, LATE]


def test_a_page_that_is_an_answer_here_is_not_shown_as_a_page_too(tx, story):
    reply = "https://far.test/@eve/10"
    deliver(tx, create(note(LATE, EVE, url=reply, inReplyTo=story.uri)))
    pings.take(tx, SITE, wanted(story.url, reply), NOW)
    verify(tx, story.id, reply)
    assert shown(tx, story) == []


@pytest.mark.parametrize(
    "lie",
    [
        {"inReplyTo": True},
        {"quoteUrl": True, "content": "<p>Look</p>"},
        {"inReplyTo": True, "to": [f"{EVE}/followers"], "cc": []},
    ],
    ids=["answer", "quote", "for followers"],
)
def test_nobody_hides_a_page_by_a_post_that_claims_to_be_there(tx, story, lie):
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    said = {name: story.uri if value is True else value for name, value in lie.items()}
    deliver(tx, create(note(LATE, EVE, url=BLOG, **said)))
    current = post_store.by_id(tx, story.id)
    assert backlinks.beneath(tx, None, current).pages == 1
    assert BLOG in shown(tx, story)


def test_its_author_and_moderators_hide_a_page_which_does_not_come_back(tx, story):
    ann, bob = who(tx, "ann"), who(tx, "bob")
    moderator = join(tx, "mod", role="moderator")
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    id = link_store.by_source(tx, story.id, BLOG).id
    with pytest.raises(Forbidden):
        backlinks.hide(tx, bob, story.id, id, NOW)
    backlinks.hide(tx, ann, story.id, id, NOW)
    assert shown(tx, story) == shown(tx, story, bob) == []
    assert shown(tx, story, ann) == shown(tx, story, moderator) == [BLOG]
    assert backlinks.beneath(tx, ann, post_store.by_id(tx, story.id)).pages == 0
    pings.take(tx, SITE, wanted(story.url), NOW + pings.AGAIN_MS)
    verify(tx, story.id)
    assert shown(tx, story) == []
    assert history(tx, f"post:{story.id}") == [], "one's own story is one's own"
    backlinks.show(tx, moderator, story.id, id, NOW)
    assert shown(tx, story) == [BLOG]
    assert [deed.action for deed in history(tx, f"post:{story.id}")] == ["show_link"]
    other = say(tx, ann, "x", title="Another")
    with pytest.raises(NotFound):
        backlinks.hide(tx, ann, other.id, id, NOW)


def linked(tx, whose, page=None):
    which = notifications.wanted(tx, whose.id, kinds=["linked"])
    return [n.notification for n in notifications.page(tx, whose.id, page or Page(), which)]


def test_the_author_hears_of_links_once_however_many_come(tx, story):
    ann = who(tx, "ann")
    for n in range(5):
        source = f"https://b{n}.d{n}.test/"
        pings.take(tx, SITE, wanted(story.url, source), NOW)
        assert n or linked(tx, ann) == [], "not before the page was read"
        verify(tx, story.id, source, now_ms=NOW + n)
    (told,) = linked(tx, ann)
    assert (told.post_id, told.from_id, told.created_ms) == (story.id, ann.id, NOW)
    assert [
        n.kind for n in (one.notification for one in notifications.page(tx, ann.id, Page()))
    ] == []
    later = NOW + notifications.LINKED_MS + 1
    for n in range(2):
        pings.take(tx, SITE, wanted(story.url, f"https://c{n}.test/"), later)
        verify(tx, story.id, f"https://c{n}.test/", now_ms=later)
    assert [one.created_ms for one in linked(tx, ann)] == [later]


@pytest.mark.parametrize("why", ["no link", "read again", "an answer here", "hidden"])
def test_of_what_is_not_new_to_see_nobody_hears(tx, story, why):
    ann, source, page = who(tx, "ann"), BLOG, TRUE
    if why == "no link":
        page = "<p>x"
    if why == "an answer here":
        source = f"{EVE}/9"
        deliver(tx, create(note(LATE, EVE, url=source, inReplyTo=story.uri)))
    pings.take(tx, SITE, wanted(story.url, source), NOW)
    verify(tx, story.id, source, page)
    if why in ("read again", "hidden"):
        if why == "hidden":
            backlinks.hide(tx, ann, story.id, link_store.by_source(tx, story.id, BLOG).id, NOW)
        tx.run("DELETE FROM notification")
        pings.take(tx, SITE, wanted(story.url, source), NOW + pings.AGAIN_MS)
        verify(tx, story.id, source)
    assert linked(tx, ann) == []


def test_a_story_takes_no_more_links_where_its_author_says_so(tx, story):
    ann = who(tx, "ann")
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    waits = "https://waits.test/"
    pings.take(tx, SITE, wanted(story.url, waits), NOW)
    reading_now = store.by_source(tx, story.id, waits)
    with pytest.raises(Forbidden):
        backlinks.close(tx, who(tx, "bob"), story.id, NOW)
    backlinks.close(tx, ann, story.id, NOW)
    backlinks.close(tx, ann, story.id, NOW)
    assert number(tx, "SELECT count(*) FROM ping WHERE state = 'waiting'") == 0
    assert pings.asked(tx, reading_now.id) is None
    pings.keep(tx, reading_now, reading.Found(title="x"), NOW)
    with pytest.raises(AppError) as refused:
        pings.take(tx, SITE, wanted(story.url, "https://new.test/"), NOW)
    assert (refused.value.status, str(refused.value)) == (
        400,
        "No more links to this story are taken.",
    )
    assert shown(tx, story) == [BLOG], "what was there stays"
    assert backlinks.beneath(tx, None, post_store.by_id(tx, story.id)).closed
    other = say(tx, ann, "x", title="Another")
    pings.take(tx, SITE, wanted(other.url), NOW)
    moderator = join(tx, "mod", role="moderator")
    backlinks.reopen(tx, moderator, story.id, NOW)
    assert [deed.action for deed in history(tx, f"post:{story.id}")] == ["open_links"]
    pings.take(tx, SITE, wanted(story.url, waits), NOW + pings.AGAIN_MS)
    verify(tx, story.id, waits)
    assert shown(tx, story) == [waits, BLOG]
    late = "https://late.test/"
    pings.take(tx, SITE, wanted(story.url, late), NOW)
    link_store.close(tx, story.id, NOW)  # at the same moment
    assert pings.asked(tx, store.by_source(tx, story.id, late).id) is None
    link_store.reopen(tx, story.id)
    backlinks.close(tx, ann, story.id, NOW)
    posts.delete(tx, SITE, ann, story.id, NOW)
    assert number(tx, "SELECT count(*) FROM links_closed") == 0


def test_what_is_no_story_or_is_not_to_be_seen_cannot_be_closed(tx, story):
    ann, bob = who(tx, "ann"), who(tx, "bob")
    plain = say(tx, ann, "no title")
    private = say(tx, ann, "x", title="For followers", visibility="followers")
    for does in (backlinks.close, backlinks.reopen):
        with pytest.raises(NotFound):
            does(tx, ann, plain.id, NOW)
        with pytest.raises(NotFound):
            does(tx, bob, private.id, NOW)
        with pytest.raises(NotFound):
            does(tx, ann, 123, NOW)
    assert number(tx, "SELECT count(*) FROM links_closed") == 0


def test_a_link_that_is_removed_is_forgotten_and_does_not_come_back(tx, story):
    ann, bob = who(tx, "ann"), who(tx, "bob")
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    id = link_store.by_source(tx, story.id, BLOG).id
    with pytest.raises(Forbidden):
        backlinks.remove(tx, bob, story.id, id, NOW)
    backlinks.remove(tx, ann, story.id, id, NOW)
    assert shown(tx, story) == shown(tx, story, ann) == []
    kept = link_store.by_id(tx, id)
    assert (kept.title, kept.excerpt, kept.author) == ("", "", "")
    for n, page in enumerate(("<p>no link now", TRUE), start=1):
        pings.take(tx, SITE, wanted(story.url), NOW + n * pings.AGAIN_MS)
        verify(tx, story.id, page=page)
    assert shown(tx, story, ann) == []
    assert link_store.by_id(tx, id).title == ""
    for does in (backlinks.show, backlinks.hide, backlinks.remove):
        with pytest.raises(NotFound):
            does(tx, ann, story.id, id, NOW)


def test_a_link_that_is_removed_leaves_its_place_to_others_but_not_to_its_host(
    tx, story, monkeypatch
):
    monkeypatch.setattr(pings, "MAX_LINKS", 1)
    monkeypatch.setattr(pings, "MAX_OF_HOST", 1)
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    id = link_store.by_source(tx, story.id, BLOG).id
    backlinks.remove(tx, who(tx, "ann"), story.id, id, NOW)
    for source in (f"{BLOG}-2", "https://b.test/1", "https://c.test/1"):
        pings.take(tx, SITE, wanted(story.url, source), NOW)
        verify(tx, story.id, source)
    assert shown(tx, story) == ["https://b.test/1"]


def test_a_hidden_link_does_not_come_back_by_going_and_coming(tx, story):
    ann = who(tx, "ann")
    pings.take(tx, SITE, wanted(story.url), NOW)
    verify(tx, story.id)
    backlinks.hide(tx, ann, story.id, link_store.by_source(tx, story.id, BLOG).id, NOW)
    for n, page in enumerate(("<p>no link now", TRUE), start=1):
        pings.take(tx, SITE, wanted(story.url), NOW + n * pings.AGAIN_MS)
        verify(tx, story.id, page=page)
    assert shown(tx, story) == []
    assert shown(tx, story, ann) == [BLOG]


def test_an_address_that_nobody_gave_is_asked_for_once(tx, story):
    for at in (NOW, NOW + pings.AGAIN_MS):
        pings.take(tx, SITE, wanted(story.url, once=True), at)
        ping = store.by_source(tx, story.id, BLOG)
        pings.fail(tx, ping, at, later=True)
        assert store.next_due_ms(tx) is None
        assert store.by_source(tx, story.id, BLOG).state == "done"


def test_with_a_blocked_domain_its_pages_go(tx, story, monkeypatch):
    monkeypatch.setattr(backlinks, "AT_ONCE", 1)
    for source in ("https://a.evil.test/", "https://evil.test/", "https://good.evil.test/", BLOG):
        pings.take(tx, SITE, wanted(story.url, source), NOW)
        verify(tx, story.id, source)
    by = Moderator(who(tx, "ann"), "admin")
    borders.allow(tx, SITE, by, "good.evil.test", NOW)
    borders.restrict(tx, SITE, by, "evil.test", borders.Wish(severity="suspend"), NOW)
    promised = [
        row["payload"] for row in tx.all("SELECT * FROM job WHERE kind = 'unlink' ORDER BY id")
    ]
    assert len(promised) == 1
    step = msgspec.json.decode(promised[0], type=backlinks.Step)
    while step is not None:
        step = backlinks.unlink(tx, step)
    assert sorted(shown(tx, story)) == [BLOG, "https://good.evil.test/"]


# --- what we tell others


def told(tx, post):
    return {one.url: (one.told, one.gone, one.waiting) for one in told_store.of_post(tx, post.id)}


def tell(tx, post, url, how="webmention", now_ms=NOW):
    id = next(one.id for one in told_store.of_post(tx, post.id) if one.url == url)
    telling = linking.waiting(tx, SITE, id)
    linking.settle(tx, telling.told, how, now_ms)
    return telling


A, B = "https://a.test/1", "https://b.test/2#part"


def test_of_a_story_each_page_is_told_once_and_again_when_it_changes(tx, story):
    ann = who(tx, "ann")
    text = f"[a]({A}) and {A} and [b]({B}), [ours]({SITE.origin}/about) #tag @bob"
    post = say(tx, ann, text, title="With links")
    assert told(tx, post) == {A: ("", 0, 1), B: ("", 0, 1)}
    form = tell(tx, post, A).form.decode()
    tell(tx, post, B, "trackback")
    assert "title=With+links" in form and "blog_name=ann" in form
    edited = posts.NewPost(
        content=f"now only [a]({A}) and [c](https://c.test/)", title="With links"
    )
    posts.edit(tx, SITE, ann, post.id, edited, NOW + linking.AGAIN_MS)
    assert told(tx, post) == {A: ("webmention", 0, 1), "https://c.test/": ("", 0, 1)}
    tell(tx, post, A, now_ms=NOW + linking.AGAIN_MS)
    posts.edit(tx, SITE, ann, post.id, posts.NewPost(content="x", title="y"), NOW + 400_000)
    assert told(tx, post) == {A: ("webmention", 1, 1)}
    due = told_store.next_due_ms(tx)
    assert due == NOW + 2 * linking.AGAIN_MS, "whoever edits without end is not a burden to others"
    assert linking.again(tx, SITE, due)
    tell(tx, post, A)
    assert told(tx, post) == {}


def test_when_a_story_goes_those_who_were_told_are_told_that(tx, story):
    ann = who(tx, "ann")
    post = say(tx, ann, f"[a]({A}) [b]({B})", title="With links")
    tell(tx, post, A)
    posts.delete(tx, SITE, ann, post.id, NOW + linking.AGAIN_MS)
    assert told(tx, post) == {A: ("webmention", 1, 1)}
    assert tell(tx, post, A).source == post.url
    assert told(tx, post) == {}


def test_of_what_is_not_for_everybody_or_no_story_nobody_is_told(tx, story):
    ann = who(tx, "ann")
    say(tx, ann, A)
    for visibility in ("followers", "direct", "unlisted"):
        say(tx, ann, A, title="x", visibility=visibility)
    say(tx, ann, A, reply_to_id=story.id)
    say(tx, join(tx, "cho"), A, reply_to_id=story.id, visibility="secret")
    deliver(tx, create(note(LATE, EVE, type="Article", name="x", content=f'<a href="{A}">a</a>')))
    assert number(tx, "SELECT count(*) FROM link_told") == 0


def test_from_where_nobody_finds_us_nobody_is_told(tx, story):
    home = msgspec.structs.replace(SITE, origin="http://localhost:8080")
    posts.write(tx, home, who(tx, "ann"), posts.NewPost(content=A, title="x"), NOW)
    assert number(tx, "SELECT count(*) FROM link_told") == 0


def test_a_quote_is_no_link_and_a_story_has_so_many(tx, story):
    ann = who(tx, "ann")
    theirs = stranger(tx, "https://far.test/users/zoe")
    deliver(tx, create(note("https://far.test/notes/9", theirs.uri)))
    many = " ".join(f"https://d{n}.test/" for n in range(60))
    post = say(tx, ann, many, title="Many")
    assert len(told(tx, post)) == linking.MAX_LINKS


def test_who_cannot_be_told_is_tried_a_few_times(tx, story):
    post = say(tx, who(tx, "ann"), A, title="x")
    for pause in linking.LATER_MS:
        (one,) = told_store.of_post(tx, post.id)
        linking.fail(tx, one, NOW)
        assert told_store.next_due_ms(tx) == NOW + pause
        assert linking.again(tx, SITE, NOW + pause)
    (one,) = told_store.of_post(tx, post.id)
    linking.fail(tx, one, NOW)
    assert told(tx, post) == {A: ("none", 0, 0)}


def test_a_story_that_is_hidden_before_its_turn_is_told_to_nobody(tx, story):
    post = say(tx, who(tx, "ann"), A, title="x")
    (one,) = told_store.of_post(tx, post.id)
    post_store.set_columns(tx, post.id, visibility="removed")
    assert linking.waiting(tx, SITE, one.id) is None
    linking.drop(tx, one.id)
    assert told(tx, post) == {}
    assert jobs.lane_length(tx, f"{linking.JOB}:{post.id % linking.LANES}", 5) == 1
    assert new_id(NOW)


@pytest.mark.parametrize("name", ["127.0.0.1", "[::1]:8080"])
def test_who_tries_it_at_home_tells_nobody(tx, story, name):
    home = msgspec.structs.replace(SITE, origin=f"http://{name}")
    post = post_store.by_id(tx, say(tx, who(tx, "ann"), "x", title="x").id)
    linked = msgspec.structs.replace(post, content=f'<a href="{A}">a</a>')
    linking.note(tx, home, linked, NOW)
    assert told(tx, post) == {}
    linking.note(tx, SITE, linked, NOW)
    assert list(told(tx, post)) == [A]
