"""Home timelines are written when a post arrives: for few at once, for many in chunks."""

import msgspec

from server.clock import DAY_MS
from server.model import Account, Post
from server.services.notifications import notify
from server.store import accounts, follows, homes, jobs, posts, reactions, tags
from server.store.db import Write


class Spread(msgspec.Struct, frozen=True):
    """Where a post or boost has still to be shown: to local followers after `after_id`."""

    post_id: int
    boost_id: int
    booster_id: int
    after_id: int
    tagged: bool = False  # to those who follow a hashtag, not to those who follow its author


def spread_post(tx: Write, post: Post, author: Account, answered_id: int, now_ms: int) -> None:
    """Show a post in the home timelines of its author, whom it names, and local followers."""
    if author.local:
        homes.add_home(tx, author.id, post.id, post.id)
    if not post.private:
        ahead = _spread_post(tx, post, author, answered_id, 0, now_ms)
        _later(tx, Spread(post.id, 0, 0, ahead.last or 0), now_ms)
        if ahead.tagged:
            _spread_tags(tx, post, author, 0, now_ms)


def spread_found(tx: Write, post: Post, author: Account, now_ms: int) -> None:
    """Show what a group or a booster brought to those who follow its hashtags, if it is of today.

    Its author's followers have it from the author.
    """
    if post.published_ms > now_ms - DAY_MS:
        _spread_tags(tx, post, author, 0, now_ms)


def _spread_tags(tx: Write, post: Post, author: Account, after_id: int, now_ms: int) -> None:
    """Show a public post to those who follow one of its hashtags, unless moderators limited it."""
    if post.visibility != "public" or post.tags == "[]" or author.limited_ms is not None:
        return
    last = tags.spread_tags(tx, post_id=post.id, author_id=author.id, after_id=after_id)
    _later(tx, Spread(post.id, 0, 0, last or 0, tagged=True), now_ms)


def _spread_post(
    tx: Write, post: Post, author: Account, answered_id: int, after_id: int, now_ms: int
) -> homes.Ahead:
    """A chunk of followers, and those of them who want to be told of whatever the author writes.

    What answers somebody else is no news of the author; whom it names is told of that.
    """
    ahead = homes.ahead(tx, post.id, author.id, after_id)
    homes.spread_post(
        tx,
        post_id=post.id,
        author_id=author.id,
        answered_id=answered_id,
        language=post.language,
        after_id=after_id,
        last_id=ahead.last,
    )
    if not ahead.told or answered_id not in (0, author.id):
        return ahead
    for id in follows.notified(tx, post.id, author.id, after_id, ahead.last):
        follower = accounts.by_id(tx, id)
        if follower is not None:
            notify(tx, follower, "status", author, post.id, now_ms)
    return ahead


def spread_boost(tx: Write, boost_id: int, post: Post, booster: Account, now_ms: int) -> None:
    """Show a boost in the home timelines of the booster's local followers."""
    last = homes.spread_boost(
        tx,
        boost_id=boost_id,
        post_id=post.id,
        booster_id=booster.id,
        author_id=post.author_id,
        language=post.language,
        after_id=0,
    )
    _later(tx, Spread(post.id, boost_id, booster.id, last or 0), now_ms)


def go_on(tx: Write, spread: Spread, now_ms: int) -> None:
    """The next chunk of followers."""
    post = posts.by_id(tx, spread.post_id)
    author = accounts.by_id(tx, post.author_id) if post else None
    if post is None or author is None or post.deleted_ms is not None:
        return
    if spread.tagged:
        _spread_tags(tx, post, author, spread.after_id, now_ms)
        return
    if spread.boost_id:
        if reactions.boost_by_id(tx, spread.boost_id) is None:
            return
        last = homes.spread_boost(
            tx,
            boost_id=spread.boost_id,
            post_id=post.id,
            booster_id=spread.booster_id,
            author_id=post.author_id,
            language=post.language,
            after_id=spread.after_id,
        )
    else:
        answered = posts.by_id(tx, post.reply_to_id) if post.reply_to_id else None
        answered_id = answered.author_id if answered else 0
        last = _spread_post(tx, post, author, answered_id, spread.after_id, now_ms).last
    _later(tx, msgspec.structs.replace(spread, after_id=last or 0), now_ms)


def _later(tx: Write, spread: Spread, now_ms: int) -> None:
    if spread.after_id:
        of = "tags" if spread.tagged else "spread"
        lane = f"{of}:{spread.boost_id or spread.post_id}"
        jobs.enqueue(tx, "spread", lane, msgspec.json.encode(spread), now_ms)
