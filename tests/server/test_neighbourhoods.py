"""What a neighbourhood passes on, what it leaves alone, and what that costs."""

import pytest

from server import text
from server.clock import DAY_MS
from server.errors import Conflict, Invalid, NotFound
from server.model import Account, Post
from server.services import (
    accounts,
    boosts,
    communities,
    follows,
    notifications,
    posts,
    reading,
    search,
    standing,
    timelines,
)
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.store import accounts as account_store
from server.store import communities as rows
from server.store import posts as post_store
from server.store.db import Write
from server.store.paging import Page
from tests.server.world import (
    EVE,
    KEYS,
    NOTE,
    NOW,
    SITE,
    befriend,
    create,
    deliver,
    join,
    miscounted,
    note,
    say,
    stranger,
)


def found(tx: Write, name: str = "neutigol", title: str = "느티골", **more: str) -> Account:
    """A neighbourhood."""
    new = NewCommunity(name=name, title=title, keys=KEYS, **more)
    return communities.create(tx, SITE, new, NOW)


def passed_on(tx: Write, neighbourhood: Account) -> list[int]:
    """What stands on its page, newest first."""
    entries = timelines.account(tx, None, neighbourhood.id, Page(limit=80))
    assert all(entry.booster_id == neighbourhood.id for entry in entries)
    return [entry.post_id for entry in entries]


def change(tx: Write, author: Account, post: Post, content: str) -> None:
    posts.edit(tx, SITE, author, post.id, NewPost(content=content, title=post.title), NOW)


# --- making one


def test_it_is_a_group_that_nobody_signs_in_as(tx: Write) -> None:
    neighbourhood = found(tx, bio="우물터가 있는 동네. #느티골")
    assert (neighbourhood.kind, neighbourhood.display_name) == ("Group", "느티골")
    assert "tags/" in neighbourhood.bio
    assert account_store.member(tx, neighbourhood.id) is None
    assert account_store.members(tx) == []
    assert accounts.facts(tx, NOW).users == 0
    assert accounts.named(tx, SITE, "neutigol") is None
    assert communities.by_name(tx, "Neutigol") == neighbourhood
    for act in (standing.suspend, standing.restore):
        with pytest.raises(NotFound):
            act(tx, neighbourhood.id)
    assert [one.id for one in search.people(tx, None, "느티", 5)] == [neighbourhood.id]


def test_names_are_unique_across_people_and_neighbourhoods(tx: Write) -> None:
    found(tx)
    with pytest.raises(Conflict):
        join(tx, "neutigol")
    join(tx, "ann")
    for name in ("ann", "Ann", "neutigol"):
        with pytest.raises(Conflict):
            found(tx, name, "다른골")
    for name in ("느티골", "admin", "", "a" * 31):
        with pytest.raises(Invalid):
            found(tx, name, "다른골")
    with pytest.raises(NotFound):
        communities.by_name(tx, "ann")


@pytest.mark.parametrize(
    ("title", "tag", "expected"),
    [
        ("느티골", "", "느티골"),
        ("Maple Hill", "", "maplehill"),
        ("", "", "neutigol"),
        ("느티골", "#Neutigol", "neutigol"),
        ("느티골 (옛 우물터)", "느티골", "느티골"),
    ],
)
def test_its_hashtag_is_what_was_said_or_the_title_or_the_name(
    tx: Write, title: str, tag: str, expected: str
) -> None:
    neighbourhood = found(tx, title=title, tag=tag)
    assert communities.tag_of(tx, neighbourhood) == expected
    assert rows.by_tag(tx, text.normal_tag(f"#{expected.upper()}")) == neighbourhood


@pytest.mark.parametrize("tag", ["느티골 (우물터)", "#", "12", "a#b", "*a*", "a" * 101])
def test_what_is_no_hashtag_is_refused(tx: Write, tag: str) -> None:
    with pytest.raises(Invalid):
        found(tx, tag=tag)


def test_a_hashtag_belongs_to_one(tx: Write) -> None:
    found(tx)
    with pytest.raises(Conflict, match="belongs to 느티골"):
        found(tx, "other", "느티골")


def test_a_kind_that_nobody_knows_is_refused(tx: Write) -> None:
    with pytest.raises(Invalid):
        found(tx, kind="x")


@pytest.mark.parametrize("kind", ["board", "blog"])
def test_boards_and_blogs_have_no_hashtag_unless_they_want_one(tx: Write, kind: str) -> None:
    assert communities.tag_of(tx, found(tx, kind=kind, tag="")) is None
    tagged = found(tx, kind=kind, name="other", tag="#물")
    assert communities.tag_of(tx, tagged) == "물"


# --- what it passes on


def test_only_what_is_public_and_answers_nothing_is_passed_on(tx: Write) -> None:
    ann, neighbourhood = join(tx, "ann"), found(tx)
    written = say(tx, ann, "눈 #느티골")
    story = say(tx, ann, "우물터 #느티골 #첫눈", title="첫눈")
    say(tx, ann, "An answer #느티골", reply_to_id=written.id)
    for visibility in ("unlisted", "followers", "direct"):
        say(tx, ann, "Not for it #느티골", visibility=visibility)
    say(tx, ann, "느티골, and `#느티골`")
    assert passed_on(tx, neighbourhood) == [story.id, written.id]
    assert miscounted(tx) == []


def test_its_boost_is_not_counted_and_its_author_is_not_told(tx: Write) -> None:
    ann, neighbourhood = join(tx, "ann"), found(tx)
    written = say(tx, ann, "눈 #느티골")
    change(tx, ann, written, "함박눈 #느티골")
    after = post_store.by_id(tx, written.id)
    assert passed_on(tx, neighbourhood) == [written.id]
    assert after is not None and after.boosts == 0
    assert reading.boosted_by(tx, None, written.id, Page()) == []
    assert notifications.page(tx, ann.id, Page()) == []


def test_nobody_reads_what_a_neighbourhood_could_be_told(tx: Write) -> None:
    ann, neighbourhood = join(tx, "ann"), found(tx)
    follows.follow(tx, SITE, ann, neighbourhood.id, NOW)
    say(tx, ann, "@neutigol hello #느티골")
    assert tx.one("SELECT 1 FROM notification") is None


def test_followers_see_it_once_and_the_author_sees_their_own(tx: Write) -> None:
    ann, bob, carl, neighbourhood = join(tx, "ann"), join(tx, "bob"), join(tx, "carl"), found(tx)
    for one in (ann, bob, carl):
        befriend(tx, one, neighbourhood)
    befriend(tx, bob, ann)
    written = say(tx, ann, "눈 #느티골")
    seen = {
        one.name: [(e.post_id, e.booster_id) for e in timelines.home(tx, one.id, Page())]
        for one in (ann, bob, carl)
    }
    assert seen["ann"] == seen["bob"] == [(written.id, None)]
    assert seen["carl"] == [(written.id, neighbourhood.id)]


def test_an_edit_moves_a_post_from_one_neighbourhood_to_the_other(tx: Write) -> None:
    ann, one, other = join(tx, "ann"), found(tx), found(tx, "jangteo", "장터동")
    written = say(tx, ann, "눈 #느티골")
    change(tx, ann, written, "눈 #장터동")
    assert (passed_on(tx, one), passed_on(tx, other)) == ([], [written.id])
    change(tx, ann, written, "눈 #장터동 #느티골")
    assert (passed_on(tx, one), passed_on(tx, other)) == ([written.id], [written.id])
    posts.delete(tx, SITE, ann, written.id, NOW)
    assert (passed_on(tx, one), passed_on(tx, other)) == ([], [])
    assert miscounted(tx) == []


def test_nobody_lifts_an_old_post_by_taking_its_hashtag_out_and_in_again(tx: Write) -> None:
    ann, neighbourhood = join(tx, "ann"), found(tx)
    written = say(tx, ann, "눈 #느티골")
    for content, shown in (("눈", []), ("눈 #느티골", [])):
        new = NewPost(content=content)
        posts.edit(tx, SITE, ann, written.id, new, NOW + boosts.FORGOTTEN_MS + 1)
        assert passed_on(tx, neighbourhood) == shown
    assert miscounted(tx) == []


def test_who_keeps_apart_from_a_neighbourhood_can_still_write(tx: Write) -> None:
    ann, neighbourhood = join(tx, "ann"), found(tx)
    follows.block(tx, SITE, ann, neighbourhood.id, NOW)
    say(tx, ann, "눈 #느티골")
    assert passed_on(tx, neighbourhood) == []


def test_a_new_one_passes_on_what_was_written_in_the_last_weeks(tx: Write) -> None:
    ann, eve = join(tx, "ann"), join(tx, "eve")
    old = posts.write(tx, SITE, ann, NewPost(content="Old #느티골"), NOW - 60 * DAY_MS)
    written = [say(tx, who, f"{n} #느티골").id for n in range(25) for who in (ann, eve)]
    say(tx, ann, "Not for it #느티골", visibility="unlisted")
    posts.delete(tx, SITE, eve, written.pop(), NOW)
    neighbourhood = found(tx)
    assert passed_on(tx, neighbourhood) == written[::-1][: communities.MAX_LOOK_BACK]
    assert old.id not in passed_on(tx, neighbourhood)
    for table in ("delivery", "outbox", "job", "notification"):
        assert tx.one(f"SELECT 1 FROM {table}") is None, table


def test_the_liveliest_of_the_last_month_comes_first(tx: Write) -> None:
    ann, quiet, lively = join(tx, "ann"), found(tx), found(tx, "jangteo", "장터동")
    befriend(tx, ann, lively)
    for n in range(3):
        say(tx, ann, f"{n} #장터동")
    say(tx, ann, "눈 #느티골")
    listed = communities.all(tx, NOW)
    assert [(one.title, one.tag, one.followers, one.passed_on) for one in listed] == [
        ("장터동", "장터동", 1, 3),
        ("느티골", "느티골", 0, 1),
    ]
    assert listed[1].url == quiet.url == "https://here.test/@neutigol"
    assert [one.passed_on for one in communities.all(tx, NOW + 40 * DAY_MS)] == [0, 0]


# --- what it costs


class Counted(Write):
    """A transaction that counts what it is told."""

    def __init__(self, tx: Write) -> None:
        super().__init__(tx._link)
        self.said: list[str] = []

    def run(self, sql: str, **params: object) -> int:
        self.said.append(sql)
        return super().run(sql, **params)

    def all(self, sql: str, **params: object) -> list:
        self.said.append(sql)
        return super().all(sql, **params)

    def one(self, sql: str, **params: object):
        self.said.append(sql)
        return super().one(sql, **params)


def test_a_post_costs_one_look_up_more_and_none_without_hashtags(tx: Write) -> None:
    ann = join(tx, "ann")

    def cost(content: str) -> tuple[int, int]:
        counted = Counted(tx)
        say(counted, ann, content)
        return len(counted.said), sum("FROM community" in sql for sql in counted.said)

    plain, tagged = cost("눈"), cost("눈 #느티골")
    assert plain[1] == 0
    assert tagged[1] == 1
    found(tx)
    locks = 1 if tx.dialect == "postgresql" else 0  # the sender's row, before anything is promised
    assert cost("눈 #느티골")[0] - tagged[0] <= 9 + locks
    assert cost("눈 #다른골")[1] == 1


def test_a_strangers_post_is_not_passed_on(tx: Write) -> None:
    eve, neighbourhood = stranger(tx, EVE), found(tx)
    befriend(tx, join(tx, "ann"), eve)
    tag = {"type": "Hashtag", "name": "#느티골", "href": "https://far.test/tags/x"}
    deliver(tx, create(note(NOTE, EVE, tag=[tag])))
    assert len(timelines.tag(tx, None, "느티골", Page())) == 1
    assert passed_on(tx, neighbourhood) == []
