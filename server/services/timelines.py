"""Timelines as people read them: entries, and the posts behind them in full."""

import msgspec

from server.model import Account, Entry, ForumThread, Post, PostView, Quoted
from server.services import quotes
from server.store import (
    accounts,
    communities,
    follows,
    forum,
    media,
    polls,
    posts,
    previews,
    tags,
)
from server.store import timelines as store
from server.store.db import Read
from server.store.paging import Page
from server.store.tags import Tagged

NOBODY = 0  # the viewer id of a visitor


def home(db: Read, viewer_id: int, page: Page) -> list[Entry]:
    """What the people whom the viewer follows wrote and boosted."""
    return store.home(db, viewer_id, page)


def local(db: Read, viewer_id: int | None, page: Page, *, media_only: bool = False) -> list[Entry]:
    """What our people say in public."""
    return store.local(db, viewer_id or NOBODY, page, media_only=media_only)


def federated(
    db: Read, viewer_id: int | None, page: Page, *, media_only: bool = False
) -> list[Entry]:
    """Everything public that we know."""
    return store.federated(db, viewer_id or NOBODY, page, media_only=media_only)


def remote(db: Read, viewer_id: int | None, page: Page, *, media_only: bool = False) -> list[Entry]:
    """What strangers say in public."""
    return store.remote(db, viewer_id or NOBODY, page, media_only=media_only)


def stories(db: Read, viewer_id: int | None, page: Page) -> list[Entry]:
    """Our people's public stories."""
    return store.stories(db, viewer_id or NOBODY, page)


def tag(db: Read, viewer_id: int | None, name: str, page: Page) -> list[Entry]:
    """Public posts with a hashtag."""
    return tagged(db, viewer_id, Tagged(name.lstrip("#").lower()), page)


def tagged(db: Read, viewer_id: int | None, wanted: Tagged, page: Page) -> list[Entry]:
    """Public posts with hashtags, as `wanted` describes them."""
    return tags.tag(db, viewer_id or NOBODY, wanted, page)


def thread(db: Read, viewer_id: int | None, thread_id: int, page: Page) -> list[Entry]:
    """A conversation, as far as the viewer may read it."""
    return store.thread(db, viewer_id or NOBODY, thread_id, page)


def account(
    db: Read,
    viewer_id: int | None,
    account_id: int,
    page: Page,
    *,
    replies: bool = True,
    boosts: bool = True,
    media_only: bool = False,
    direct: bool = True,
    tag: str = "",
    pinned: bool = False,
) -> list[Entry]:
    """What an account wrote, as far as the viewer may read it."""
    me = viewer_id or NOBODY
    if me and follows.blocks(db, account_id, me):
        return []
    allowed = circle(db, me, account_id)
    if pinned:
        ids = [p.id for p in posts.pinned(db, account_id) if p.open]
        return store.entries(db, me, ids)
    return store.account(
        db,
        me,
        account_id,
        page,
        allowed=allowed,
        replies=replies,
        boosts=boosts,
        media_only=media_only,
        direct=direct,
        tag=tag,
    )


def circle(db: Read, viewer_id: int, account_id: int) -> str:
    """Where the viewer stands: 'self', 'followers' or 'everybody'."""
    if viewer_id == account_id:
        return "self"
    follow = follows.one(db, viewer_id, account_id) if viewer_id else None
    return "followers" if follow and follow["state"] == "accepted" else "everybody"


def views(db: Read, viewer_id: int | None, entries: list[Entry]) -> list[PostView]:
    """The posts of `entries` with authors, pictures and mentions, in their order.

    With what they quote, as far as the viewer may see it.
    """
    found = posts.by_ids(db, [entry.post_id for entry in entries])
    bare = _views(db, viewer_id, entries, found)
    quoted = _quoted(db, viewer_id, found)
    if not quoted:
        return bare
    return [msgspec.structs.replace(view, quoted=quoted.get(view.post.id)) for view in bare]


def _quoted(db: Read, viewer_id: int | None, found: dict[int, Post]) -> dict[int, Quoted]:
    """What each of the posts quotes. What that quotes in turn is only named."""
    seen = quotes.seen(db, viewer_id, found.values())
    if not seen:
        return {}
    shown = {post.id: post for _, post in seen.values() if post}
    named = {
        id: Quoted(state=state, post_id=post.id if post else None, shallow=True)
        for id, (state, post) in quotes.seen(db, viewer_id, shown.values()).items()
    }
    entries = store.entries(db, viewer_id or NOBODY, list(shown))
    inner = {view.post.id: view for view in _views(db, viewer_id, entries, shown)}

    def of(state: str, post: Post | None) -> Quoted:
        view = inner.get(post.id) if post else None
        if post is None or view is None:
            return Quoted(state=state)
        view = msgspec.structs.replace(view, quoted=named.get(post.id))
        return Quoted(state=state, post_id=post.id, view=view)

    return {id: of(state, post) for id, (state, post) in seen.items()}


def _views(
    db: Read, viewer_id: int | None, entries: list[Entry], found: dict[int, Post]
) -> list[PostView]:
    ids = [entry.post_id for entry in entries]
    writers = posts.authors(db, [p.reply_to_id for p in found.values() if p.reply_to_id])
    people = accounts.by_ids(
        db,
        {p.author_id for p in found.values()}
        | {*writers.values()}
        | {e.booster_id for e in entries if e.booster_id}
        | {p.community_id for p in found.values() if p.community_id},
    )
    threads, disliked, wanted = _in_communities(db, viewer_id, found)
    pictures = media.of_posts(db, ids)
    mentioned = posts.mentioned(db, ids)
    apps = posts.apps(db, [p.app_id for p in found.values() if p.app_id])
    questions = [p.id for p in found.values() if p.kind == "question"] if viewer_id else []
    votes = polls.own_votes(db, viewer_id or NOBODY, questions)
    linked = previews.of_posts(db, [p.id for p in found.values() if "<a " in p.content])
    close = quotes.close_to(db, viewer_id, list(found.values()))

    def answered(parent_id: int | None) -> Account | None:
        return people.get(writers.get(parent_id or 0, 0))

    return [
        PostView(
            post=found[entry.post_id],
            author=people[entry.author_id],
            media=tuple(pictures.get(entry.post_id, ())),
            mentions=tuple(mentioned.get(entry.post_id, ())),
            liked=bool(entry.liked),
            boosted=bool(entry.boosted),
            bookmarked=bool(entry.bookmarked),
            muted=bool(entry.muted),
            app=apps.get(found[entry.post_id].app_id or 0),
            own_votes=votes.get(entry.post_id, ()),
            preview=linked.get(entry.post_id),
            close=entry.author_id in close,
            booster=people.get(entry.booster_id) if entry.booster_id else None,
            entry_id=entry.id,
            reply_to_author=answered(found[entry.post_id].reply_to_id),
            community=people.get(found[entry.post_id].community_id or 0),
            forum=threads.get(entry.post_id),
            disliked=entry.post_id in disliked,
            votes=wanted.get(found[entry.post_id].community_id or 0, ""),
        )
        for entry in entries
        if entry.post_id in found and entry.author_id in people
    ]


def _in_communities(
    db: Read, viewer_id: int | None, found: dict[int, Post]
) -> tuple[dict[int, ForumThread], set[int], dict[int, str]]:
    """The threads that posts begin, against which of them the viewer voted, and who wants votes.

    Strangers' communities take votes of both kinds.
    """
    placed = [post for post in found.values() if post.community_id is not None]
    if not placed:
        return {}, set(), {}
    threads = forum.by_ids(db, [post.id for post in placed if post.id == post.thread_id])
    voted = [post.id for post in placed if post.dislikes] if viewer_id else []
    groups = {post.community_id for post in placed if post.community_id is not None}
    ours = communities.by_ids(db, groups)
    wanted = {id: ours[id].votes if id in ours else "both" for id in groups}
    return threads, forum.disliked_among(db, viewer_id or NOBODY, voted), wanted


def by_post(db: Read, viewer_id: int | None, post_ids: list[int]) -> dict[int, PostView]:
    """These posts by their ids, whoever may see them: the caller has decided that already."""
    entries = store.entries(db, viewer_id or NOBODY, list(dict.fromkeys(post_ids)))
    return {view.post.id: view for view in views(db, viewer_id, entries)}
