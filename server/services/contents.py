"""A community, its stories and their comments as exports and books tell of them.

Everything here is what everybody may read: `store.contents` leaves out the rest.
"""

from typing import Final

import msgspec

from server.binding.values import (
    Category,
    Cohort,
    File,
    Head,
    Link,
    Person,
    Poll,
    Remark,
    Series,
    Thread,
)
from server.errors import NotFound
from server.model import Account, Community, Media, Post, Site
from server.services import blog, polls
from server.store import accounts, backlinks, blog_people
from server.store import blog as blog_store
from server.store import communities as community_store
from server.store import contents as store
from server.store import media as media_store
from server.store.db import Read
from server.text import plain

MAX_LINKS: Final = 1_000  # pages that link to a story


def person(site: Site, account: Account) -> Person:
    """Somebody as everybody knows them."""
    host = account.domain or site.domain
    return Person(f"{account.name}@{host}", account.shown_name, account.url or account.uri)


def home(db: Read, name: str) -> Community:
    """The board or blog of ours called `name`. Raises `NotFound`."""
    account = accounts.by_handle(db, name)
    found = community_store.by_id(db, account.id) if account else None
    if found is None or found.kind == "neighbourhood" or found.account.state != "active":
        raise NotFound("There is no such board or team blog.")
    return found


def head(db: Read, site: Site, community: Community) -> Head:
    """What is told of a community itself."""
    id = community.account.id
    slugs = {one.id: one.slug for one in blog_store.categories(db, id)}
    parts = blog_store.parts(db, id)
    tops, _ = blog.tree(db, id)
    categories = []
    for top in tops:
        for branch in (top, *top.children):
            categories.append(
                Category(
                    slug=branch.category.slug,
                    title=branch.category.title,
                    parent=slugs.get(branch.category.parent_id or 0, ""),
                    stories=branch.count,
                )
            )
    return Head(
        name=community.account.name,
        title=community.title,
        kind=community.kind,
        address=community.url,
        about=plain(community.account.bio),
        language=community.language,
        timezone=site.timezone,
        categories=tuple(categories),
        series=tuple(
            Series(slug=one.slug, title=one.title, about=one.about, stories=parts.get(one.id, 0))
            for one in blog_store.all_series(db, id)
        ),
        cohorts=_cohorts(db, site, id),
    )


def _cohorts(db: Read, site: Site, blog_id: int) -> tuple[Cohort, ...]:
    found = blog_people.cohorts(db, blog_id)
    leaders = blog_people.leaders(db, found)
    return tuple(
        Cohort(
            number=one.number,
            year=one.year,
            leader=_active(site, leaders.get(one.leader_id or 0)),
            writers=tuple(person(site, who) for who in blog_people.writers(db, one.id)),
        )
        for one in found
    )


def _active(site: Site, account: Account | None) -> Person | None:
    return person(site, account) if account and account.state == "active" else None


def threads(
    db: Read, site: Site, community_id: int, after_id: int, *, limit: int, now_ms: int
) -> tuple[Thread, ...]:
    """The threads of a community after an id, the oldest first, with the pages that link to them.

    A poll's votes are told where everybody may know them now.
    """
    posts = store.threads(db, community_id, after_id, limit)
    return tuple(
        msgspec.structs.replace(told, links=_links(db, post.id), poll=_poll(post, now_ms))
        for told, post in zip(tell(db, site, posts), posts, strict=True)
    )


def _links(db: Read, post_id: int) -> tuple[Link, ...]:
    return tuple(
        Link(
            url=one.source,
            kind=one.kind,
            title=one.title,
            excerpt=one.excerpt,
            author=one.author,
            published_ms=one.published_ms,
        )
        for one in backlinks.shown(db, post_id, MAX_LINKS)
    )


def _poll(post: Post, now_ms: int) -> Poll | None:
    found = polls.of(post)
    if found is None:
        return None
    told = found.told(now_ms)
    return Poll(
        options=tuple((title, votes if told else None) for title, votes in found.options),
        multiple=found.multiple,
        voters=found.voters if told else None,
        ends_ms=found.ends_ms,
    )


def tell(db: Read, site: Site, posts: list[Post]) -> tuple[Thread, ...]:
    """These stories, in this order."""
    ids = [post.id for post in posts]
    authors, media = store.authors(db, ids), media_store.of_posts(db, ids)
    return tuple(_told(db, site, post, authors[post.id], media.get(post.id, [])) for post in posts)


def _told(db: Read, site: Site, post: Post, authors: list[Account], media: list[Media]) -> Thread:
    story = blog_store.story(db, post.id)
    categories = blog_store.categories(db, story.community_id) if story else []
    series = blog_store.all_series(db, story.community_id) if story and story.series_id else []
    place = accounts.by_id(db, story.neighbourhood_id or 0) if story else None
    first, *others = (person(site, one) for one in authors if one.state == "active")
    return Thread(
        id=post.id,
        uri=post.uri,
        url=post.url or post.uri,
        title=post.title,
        lead=plain(post.lead),
        warning=post.warning,
        source=post.source if post.local else "",
        html=post.content,
        language=post.language,
        author=first,
        co_authors=tuple(others),
        category=next(
            (one.slug for one in categories if story and one.id == story.category_id), ""
        ),
        series=next((one.slug for one in series if story and one.id == story.series_id), ""),
        part=story.part if story else None,
        tags=tuple(msgspec.json.decode(post.tags, type=list[str])),
        neighbourhood=place.shown_name if place and place.state == "active" else "",
        published_ms=post.published_ms,
        edited_ms=post.edited_ms,
        likes=post.likes,
        boosts=post.boosts,
        quotes=post.quotes,
        version=post.version,
        files=tuple(_file(site, one) for one in media if one.large and one.state == "ready"),
    )


def _file(site: Site, media: Media) -> File:
    return File(
        file=media.large,
        url=f"{site.origin}/media/{media.large}",
        kind=media.kind,
        media_type=media.media_type,
        alt=media.alt,
        width=media.width,
        height=media.height,
    )


def remarks(db: Read, site: Site, thread_id: int, after_id: int, limit: int) -> tuple[Remark, ...]:
    """The comments below a thread after an id, the oldest first."""
    found = store.comments(db, thread_id, after_id, limit)
    people = accounts.by_ids(db, {one.author_id for one in found})
    above = store.open_posts(db, {one.reply_to_id for one in found if one.reply_to_id})
    return tuple(
        Remark(
            id=one.id,
            url=one.url or one.uri,
            author=person(site, people[one.author_id]),
            html=one.content,
            warning=one.warning,
            answers=one.reply_to_id if one.reply_to_id in above else None,
            published_ms=one.published_ms,
            edited_ms=one.edited_ms,
        )
        for one in found
    )
