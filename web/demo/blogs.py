"""The team blogs of an invented city: arranged before anybody writes, filled as they write."""

from typing import Final

from server.keyring import Keys
from server.model import Account, Community, Post, Site
from server.services import blog, blog_desk, coauthors, communities, submissions
from server.services.blog_desk import Joining
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.store import accounts
from server.store import blog as store
from server.store.blog import Filed
from server.store.db import Write
from web.demo.city import Blog, Cohort

POSTING: Final = "writers"


def found(tx: Write, site: Site, told: Blog, keys: Keys, now_ms: int) -> Account:
    """Make a blog with its categories, series and cohorts; its people are there already."""
    editor = _named(tx, told.editor)
    new = NewCommunity(
        name=told.name,
        title=told.title,
        bio=told.bio,
        keys=keys,
        kind="blog",
        posting=POSTING,
        moderator_ids=(editor.id,),
    )
    account = communities.create(tx, site, new, now_ms)
    home = blog.by_name(tx, told.name)
    for top in told.categories:
        made = blog_desk.add_category(tx, editor, home, top.title, None, now_ms=now_ms)
        for title in top.children:
            blog_desk.add_category(tx, editor, home, title, made.id, now_ms=now_ms)
    for title in told.series:
        blog_desk.add_series(tx, editor, home, title, "", now_ms=now_ms)
    for cohort in told.cohorts:
        _gather(tx, editor, home, cohort, now_ms)
    return account


def _gather(tx: Write, editor: Account, home: Community, told: Cohort, now_ms: int) -> None:
    made = blog_desk.add_cohort(tx, editor, home, told.number, told.year, now_ms=now_ms)
    for place, name in enumerate(told.writers):
        blog_desk.add_writer(tx, editor, Joining(made, name), now_ms, leads=place == 0)


def place(tx: Write, blogs: tuple[Blog, ...], title: str) -> tuple[int, Filed] | None:
    """In which blog a story of this title stands, and where; None for all the others."""
    for told in blogs:
        for one in told.stories:
            if one.title != title:
                continue
            id = blog.by_name(tx, told.name).account.id
            categories = {each.title: each.id for each in store.categories(tx, id)}
            series = {each.title: each.id for each in store.all_series(tx, id)}
            filed = Filed(
                category_id=categories.get(one.category),
                series_id=series.get(one.series),
                neighbourhood_id=_named(tx, one.place).id if one.place else None,
                names=one.together,
            )
            return id, filed
    return None


def published(tx: Write, blogs: tuple[Blog, ...], post: Post, now_ms: int) -> None:
    """Those who wrote a story too say so, and an editor puts it where it belongs."""
    for told in blogs:
        for one in told.stories:
            if one.title != post.title:
                continue
            for name in one.together:
                coauthors.confirm(tx, _named(tx, name), post.id, now_ms)
            if one.front:
                home = blog.by_name(tx, told.name)
                editor = _named(tx, told.editor)
                blog_desk.put_at_front(tx, editor, home, post.id, "first")


def offer(tx: Write, told: Blog, now_ms: int) -> None:
    """What members have sent to the editor."""
    id = blog.by_name(tx, told.name).account.id
    for name, title, text in told.offered:
        new = NewPost(content=text.strip(), title=title, community_id=id)
        submissions.submit(tx, _named(tx, name), new, now_ms)


def _named(tx: Write, name: str) -> Account:
    found = accounts.by_handle(tx, name)
    assert found is not None, name  # noqa: S101  the file of the city names its own people
    return found
