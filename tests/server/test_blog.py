"""Team blogs: categories and their counts, series, cohorts, the front page, and co-authors."""

from typing import Any

import pytest

from server.clock import MINUTE_MS
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.ids import first_id
from server.model import Account, Community, Post
from server.services import (
    accounts,
    blog,
    blog_desk,
    coauthors,
    communities,
    departures,
    posts,
    scheduled,
    stewardship,
)
from server.services.blog_desk import Joining
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.store import blog as store
from server.store import blog_people
from server.store import communities as community_store
from server.store import notifications as notice_rows
from server.store import posts as post_store
from server.store.blog import Category, Filed
from server.store.db import Read, Write
from server.store.paging import Page
from tests.server.world import KEYS, NOW, SITE, join, say


def found(tx: Write, editor: Account, name: str = "project") -> Community:
    """A team blog, kept by `editor`."""
    new = NewCommunity(
        name=name,
        title="시민공동프로젝트",
        kind="blog",
        keys=KEYS,
        posting="writers",
        moderator_ids=(editor.id,),
    )
    communities.create(tx, SITE, new, NOW)
    return blog.by_name(tx, name)


def two_levels(tx: Write, editor: Account, home: Community) -> tuple[Category, Category]:
    love = blog_desk.add_category(tx, editor, home, "사랑 소통", None, now_ms=NOW)
    return love, blog_desk.add_category(tx, editor, home, "소소한 일상", love.id, now_ms=NOW)


def tell(tx: Write, author: Account, home: Community, title: str = "골목", **filed: Any) -> Post:
    return say(tx, author, "Text", title=title, community_id=home.account.id, filed=Filed(**filed))


def shown(db: Read, home: Community) -> dict[str, int]:
    """The categories with their counts."""
    tops, total = blog.tree(db, home.account.id)
    flat = [branch for top in tops for branch in (top, *top.children)]
    return {branch.category.title: branch.count for branch in flat} | {"": total}


def titles(views: Any) -> list[str]:
    return [view.post.title for view in views]


def told(db: Read, who: Account) -> int:
    row = db.one(
        "SELECT count(*) AS n FROM notification WHERE account_id = :id AND kind LIKE 'desk.%'",
        id=who.id,
    )
    assert row is not None
    return int(row["n"])


# --- categories and counts


def test_a_category_counts_its_stories_and_those_of_the_categories_in_it(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    love, small = two_levels(tx, ann, home)
    tell(tx, ann, home, category_id=love.id)
    tell(tx, ann, home, category_id=small.id)
    tell(tx, ann, home)
    assert shown(tx, home) == {"사랑 소통": 2, "소소한 일상": 1, "": 3}


def test_a_new_team_blog_takes_no_votes_against_stories_unless_it_says_so(tx: Write) -> None:
    taken = {}
    for name, kind, votes in (("a", "blog", ""), ("b", "board", ""), ("c", "blog", "both")):
        new = NewCommunity(name=name, title=name, kind=kind, keys=KEYS, votes=votes)
        made = community_store.by_id(tx, communities.create(tx, SITE, new, NOW).id)
        taken[name] = made.votes if made else ""
    assert taken == {"a": "up", "b": "both", "c": "both"}


def test_counts_follow_an_edit_a_deletion_a_removal_and_its_return(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    love, small = two_levels(tx, ann, home)
    one, two = (tell(tx, ann, home, category_id=small.id) for _ in range(2))
    new = NewPost(content="Better", title="골목", filed=Filed(category_id=love.id))
    posts.edit(tx, SITE, ann, one.id, new, NOW)
    assert shown(tx, home)["소소한 일상"] == 1
    stewardship.remove(tx, SITE, ann, two.id, NOW, reason="off topic")
    assert shown(tx, home) == {"사랑 소통": 1, "소소한 일상": 0, "": 1}
    stewardship.restore(tx, SITE, ann, two.id, NOW)
    assert shown(tx, home)["소소한 일상"] == 1
    posts.delete(tx, SITE, ann, two.id, NOW)
    assert shown(tx, home) == {"사랑 소통": 1, "소소한 일상": 0, "": 1}
    assert store.story(tx, two.id) is None


def test_an_edit_that_says_nothing_of_it_leaves_a_story_where_it_is(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    love, _ = two_levels(tx, ann, home)
    post = tell(tx, ann, home, category_id=love.id, names=("bob",))
    posts.edit(tx, SITE, ann, post.id, NewPost(content="By an app", title="골목"), NOW)
    assert shown(tx, home)["사랑 소통"] == 1
    assert blog_people.invitations(tx, bob.id) == [post.id]


def test_a_moved_story_counts_where_it_is_alone(tx: Write) -> None:
    ann = join(tx, "ann")
    home, other = found(tx, ann), found(tx, ann, "other")
    love, _ = two_levels(tx, ann, home)
    post = tell(tx, ann, home, category_id=love.id)
    stewardship.move(tx, SITE, ann, post.id, other.account.id, NOW)
    assert shown(tx, home) == {"사랑 소통": 0, "소소한 일상": 0, "": 0}
    assert shown(tx, other) == {"": 1}


def test_what_moderators_of_the_city_took_out_of_sight_is_not_counted(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob", role="writer")
    home = found(tx, ann)
    tell(tx, bob, home)
    assert shown(tx, home)[""] == 1
    tx.run("UPDATE account SET state = 'suspended' WHERE id = :id", id=bob.id)
    assert shown(tx, home)[""] == 0
    assert blog.newest(tx, None, home.account.id, Page()) == []


def test_categories_have_two_levels_and_the_editors_alone_make_them(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob", role="writer")
    home, other = found(tx, ann), found(tx, ann, "other")
    love, small = two_levels(tx, ann, home)
    with pytest.raises(Invalid):
        blog_desk.add_category(tx, ann, home, "Deeper", small.id, now_ms=NOW)
    with pytest.raises(Forbidden):
        blog_desk.add_category(tx, bob, home, "Mine", None, now_ms=NOW)
    with pytest.raises(NotFound):
        blog_desk.add_category(tx, ann, other, "There", love.id, now_ms=NOW)
    with pytest.raises(NotFound):
        tell(tx, bob, other, category_id=love.id)
    with pytest.raises(Invalid):
        blog_desk.add_category(tx, ann, home, "  ", None, now_ms=NOW)


def test_two_categories_are_called_the_same_only_in_different_places(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    first, second = (
        blog_desk.add_category(tx, ann, home, title, None, now_ms=NOW)
        for title in ("사랑 소통", "우리 동네")
    )
    etc, other = (
        blog_desk.add_category(tx, ann, home, "Odds", above.id, now_ms=NOW)
        for above in (first, second)
    )
    assert (etc.slug, other.slug) == ("odds", "우리-동네-odds")
    for title, above in (("우리  동네", None), ("ODDS", first.id)):
        with pytest.raises(Conflict):
            blog_desk.add_category(tx, ann, home, title, above, now_ms=NOW)
    with pytest.raises(Conflict):
        blog_desk.change_category(tx, ann, home, first.id, title="우리 동네", place=1)
    blog_desk.change_category(tx, ann, home, first.id, title="사랑  소통", place=9)
    assert [one.slug for one in store.categories(tx, home.account.id)][-1] == "사랑-소통"


def test_the_stories_of_a_removed_category_go_one_level_up(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    love, small = two_levels(tx, ann, home)
    tell(tx, ann, home, category_id=small.id)
    with pytest.raises(Conflict):
        blog_desk.remove_category(tx, ann, home, love.id)
    blog_desk.remove_category(tx, ann, home, small.id)
    assert shown(tx, home) == {"사랑 소통": 1, "": 1}
    blog_desk.remove_category(tx, ann, home, love.id)
    assert shown(tx, home) == {"": 1}


def test_titles_that_are_alike_get_addresses_of_their_own(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    made = [
        blog_desk.add_category(tx, ann, home, title, None, now_ms=NOW)
        for title in ("골목 길!", "골목 길?")
    ]
    assert [one.slug for one in made] == ["골목-길", "골목-길-2"]
    blog_desk.change_category(tx, ann, home, made[1].id, title="시장", place=0)
    first, *_ = store.categories(tx, home.account.id)
    assert (first.slug, first.title) == ("시장", "시장")
    assert blog_desk.slug_of("???", ()) == "1"


def test_beside_a_story_stand_others_of_its_category_and_no_private_ones(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    love, small = two_levels(tx, ann, home)
    told_ = [tell(tx, ann, home, f"이야기 {n}", category_id=small.id) for n in range(9)]
    tell(tx, ann, home, "다른 갈래", category_id=love.id)
    say(tx, bob, "A comment", reply_to_id=told_[5].id)
    stewardship.remove(tx, SITE, ann, told_[3].id, NOW, reason="x")
    beside = blog.beside(tx, None, told_[4])
    assert beside is not None
    assert titles(beside.others) == [f"이야기 {n}" for n in (6, 5, 2, 1, 0)]
    assert [one.title for one in beside.path] == ["사랑 소통", "소소한 일상"]
    forum = beside.others[1].forum
    assert forum is not None
    assert forum.comments == 1


# --- series


def test_the_parts_of_a_series_follow_one_another(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    kimchi = blog_desk.add_series(tx, ann, home, "김장하는 날", "", now_ms=NOW)
    made = [tell(tx, ann, home, f"{n}부", series_id=kimchi.id) for n in (1, 2, 3)]
    beside = blog.beside(tx, None, made[1])
    assert beside is not None
    assert titles(beside.parts) == ["1부", "2부", "3부"]
    assert beside.previous is not None
    assert beside.next is not None
    assert (beside.previous.post.id, beside.next.post.id) == (made[0].id, made[2].id)
    last = blog.beside(tx, None, made[2])
    assert last is not None
    assert last.next is None
    posts.delete(tx, SITE, ann, made[1].id, NOW)
    after = blog.beside(tx, None, made[2])
    assert after is not None
    assert after.previous is not None
    assert after.previous.post.id == made[0].id
    new = NewPost(content="x", title="처음", filed=Filed(series_id=kimchi.id, part=9))
    posts.edit(tx, SITE, ann, made[0].id, new, NOW)
    assert titles(blog.parts(tx, None, kimchi.id)) == ["3부", "처음"]
    assert store.parts(tx, home.account.id) == {kimchi.id: 2}
    blog_desk.remove_series(tx, ann, home, kimchi.id)
    alone = blog.beside(tx, None, made[2])
    assert alone is not None
    assert alone.series is None


@pytest.mark.parametrize("wrong", [{"part": 0}, {"part": 1000}, {"series_id": 7}])
def test_a_part_that_cannot_be_is_refused(tx: Write, wrong: dict[str, int]) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    with pytest.raises((Invalid, NotFound)):
        tell(tx, ann, home, **wrong)


# --- the front page and the archive


def test_an_editor_arranges_the_front_page(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob", role="writer")
    home = found(tx, ann)
    a, b, c = (tell(tx, ann, home, name) for name in "abc")
    for one in (a, b, c):
        blog_desk.put_at_front(tx, ann, home, one.id, "first")
    assert titles(blog.arranged(tx, None, home.account.id)) == ["c", "b", "a"]
    blog_desk.put_at_front(tx, ann, home, a.id, "up")
    blog_desk.put_at_front(tx, ann, home, c.id, "down")
    assert titles(blog.arranged(tx, None, home.account.id)) == ["a", "c", "b"]
    blog_desk.put_at_front(tx, ann, home, c.id, "off")
    posts.edit(tx, SITE, ann, a.id, NewPost(content="x", title="a", filed=Filed()), NOW)
    assert titles(blog.arranged(tx, None, home.account.id)) == ["a", "b"]
    with pytest.raises(Forbidden):
        blog_desk.put_at_front(tx, bob, home, b.id, "off")
    stewardship.remove(tx, SITE, ann, a.id, NOW, reason="x")
    assert titles(blog.arranged(tx, None, home.account.id)) == ["b"]


def test_the_front_page_has_an_end(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    many = [tell(tx, ann, home, str(n)) for n in range(blog_desk.MAX_FRONT + 1)]
    for one in many[1:]:
        blog_desk.put_at_front(tx, ann, home, one.id, "first")
    with pytest.raises(Invalid):
        blog_desk.put_at_front(tx, ann, home, many[0].id, "first")


def test_a_month_has_the_stories_of_its_time(tx: Write) -> None:
    ann = join(tx, "ann")
    home = found(tx, ann)
    tell(tx, ann, home)
    assert store.times(tx, home.account.id) == [NOW]
    here = Page(max_id=first_id(NOW + 1), since_id=first_id(NOW) - 1)
    assert len(blog.newest(tx, None, home.account.id, here)) == 1
    before = Page(max_id=first_id(NOW))
    assert blog.newest(tx, None, home.account.id, before) == []


# --- who writes


def test_a_writer_of_a_cohort_publishes_and_a_member_does_not(tx: Write) -> None:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    home = found(tx, ann)
    third = blog_desk.add_cohort(tx, ann, home, 3, 2026, now_ms=NOW)
    blog_desk.add_writer(tx, ann, Joining(third, "@Bob"), NOW)
    post = tell(tx, bob, home)
    assert post.kind == "article"
    assert titles(blog.of_cohort(tx, None, third, Page())) == ["골목"]
    with pytest.raises(Forbidden):
        tell(tx, cho, home)
    assert told(tx, bob) == 1
    beside = blog.beside(tx, None, post)
    assert beside is not None
    assert beside.cohorts == (3,)
    blog_desk.remove_writer(tx, ann, Joining(third, "bob"))
    with pytest.raises(Forbidden):
        tell(tx, bob, home)


def test_a_writer_of_one_blog_is_none_of_another(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home, other = found(tx, ann), found(tx, ann, "other")
    first = blog_desk.add_cohort(tx, ann, home, 1, 2026, now_ms=NOW)
    blog_desk.add_writer(tx, ann, Joining(first, "bob"), NOW)
    with pytest.raises(Forbidden):
        tell(tx, bob, other)


def test_the_leader_adds_writers_to_their_own_cohort_alone(tx: Write) -> None:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    home = found(tx, ann)
    old = blog_desk.add_cohort(tx, ann, home, 1, 2025, now_ms=NOW)
    blog_desk.add_cohort(tx, ann, home, 2, 2026, now_ms=NOW)
    blog_desk.add_writer(tx, ann, Joining(old, "bob"), NOW, leads=True)
    led, other = blog.cohort(tx, home.account.id, 1), blog.cohort(tx, home.account.id, 2)
    blog_desk.add_writer(tx, bob, Joining(led, "cho"), NOW)
    assert [one.name for one in blog_people.writers(tx, led.id)] == ["bob", "cho"]
    for wrong in (Joining(other, "cho"), Joining(other, "bob")):
        with pytest.raises(Forbidden):
            blog_desk.add_writer(tx, bob, wrong, NOW)
    with pytest.raises(Forbidden):
        blog_desk.add_writer(tx, bob, Joining(led, "cho"), NOW, leads=True)
    with pytest.raises(Forbidden):
        blog_desk.add_writer(tx, cho, Joining(led, "ann"), NOW)
    with pytest.raises(NotFound):
        blog_desk.add_writer(tx, ann, Joining(led, "nobody"), NOW)
    with pytest.raises(NotFound):
        blog_desk.add_writer(tx, ann, Joining(led, "project"), NOW)
    with pytest.raises(Conflict):
        blog_desk.add_cohort(tx, ann, home, 1, 2027, now_ms=NOW)


def test_a_writer_schedules_and_a_member_is_told_at_once_that_they_cannot(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    love, _ = two_levels(tx, ann, home)
    new = NewPost(
        content="x",
        title="Later",
        community_id=home.account.id,
        filed=Filed(category_id=love.id),
    )
    due = NOW + 10 * MINUTE_MS
    with pytest.raises(Forbidden):
        scheduled.schedule(tx, bob, new, due, now_ms=NOW)
    scheduled.schedule(tx, ann, new, due, now_ms=NOW)
    assert shown(tx, home)[""] == 0
    assert scheduled.publish_next(tx, SITE, due)
    assert shown(tx, home)["사랑 소통"] == 1


# --- together


def test_only_who_confirms_is_a_co_author(tx: Write) -> None:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    home = found(tx, ann)
    post = tell(tx, ann, home, names=("@bob", "cho", "ann"))
    assert blog.written_with(tx, None, bob.id) == []
    assert told(tx, bob) == 1
    coauthors.confirm(tx, bob, post.id, NOW)
    coauthors.decline(tx, cho, post.id)
    beside = blog.beside(tx, cho, post)
    assert beside is not None
    assert [one.name for one in beside.with_] == ["bob"]
    assert beside.invited == ()
    assert titles(blog.written_with(tx, None, bob.id)) == ["골목"]
    assert blog.written_with(tx, None, cho.id) == []
    for nobody in (cho, ann):
        with pytest.raises(NotFound):
            coauthors.confirm(tx, nobody, post.id, NOW)
    coauthors.decline(tx, bob, post.id)
    assert blog.written_with(tx, None, bob.id) == []


def test_who_is_not_named_any_more_goes_and_who_stays_is_not_asked_again(tx: Write) -> None:
    ann, bob, cho = join(tx, "ann"), join(tx, "bob"), join(tx, "cho")
    home = found(tx, ann)
    post = tell(tx, ann, home, names=("bob",))
    coauthors.confirm(tx, bob, post.id, NOW)
    filed = blog.filed(tx, post.id)
    assert filed is not None
    assert filed.names == ("bob",)
    new = NewPost(content="x", title="골목", filed=Filed(names=("bob", "cho")))
    posts.edit(tx, SITE, ann, post.id, new, NOW)
    assert [one.name for one in blog_people.authors(tx, post.id, "accepted")] == ["bob"]
    assert blog_people.invitations(tx, cho.id) == [post.id]
    posts.edit(tx, SITE, ann, post.id, NewPost(content="x", title="골목", filed=Filed()), NOW)
    assert blog.written_with(tx, None, bob.id) == []
    assert blog_people.invitations(tx, cho.id) == []


def test_strangers_communities_and_whoever_blocks_the_author_cannot_be_asked(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    tx.run(
        """
        INSERT INTO block (id, account_id, target_id, uri, created_ms)
        VALUES (1, :bob, :ann, 'https://here.test/b/1', 1)
        """,
        bob=bob.id,
        ann=ann.id,
    )
    for name in ("bob", "project", "nobody", "eve@far.test"):
        with pytest.raises((NotFound, Forbidden)):
            tell(tx, ann, home, names=(name,))


def test_whoever_leaves_the_city_leaves_the_blog(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    first = blog_desk.add_cohort(tx, ann, home, 1, 2026, now_ms=NOW)
    blog_desk.add_writer(tx, ann, Joining(first, "bob"), NOW, leads=True)
    post = tell(tx, ann, home, names=("bob",))
    own = tell(tx, bob, home, "내 글")
    coauthors.confirm(tx, bob, post.id, NOW)
    departures.delete(tx, SITE, accounts.own(tx, bob.id)[0], NOW)
    assert blog_people.writers(tx, first.id) == []
    assert blog.cohort(tx, home.account.id, 1).leader_id is None
    assert blog_people.authors(tx, post.id, "accepted") == []
    gone = post_store.by_id(tx, own.id)
    assert gone is not None
    assert gone.deleted_ms is not None
    assert shown(tx, home)[""] == 1


def test_apps_never_hear_of_the_desk(tx: Write) -> None:
    assert "desk" not in notice_rows.KINDS
