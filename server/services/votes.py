"""Voting in polls: ours and strangers', and what is told of it."""

from typing import Final

import msgspec

from federation import build
from federation.vocab import Object
from server.clock import HOUR_MS, MINUTE_MS
from server.errors import Deleted, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Post, Site
from server.outbox import publish
from server.services import documents, polls, reading
from server.services.notifications import notify
from server.services.polls import Poll
from server.store import accounts, follows, jobs, posts
from server.store import polls as store
from server.store.db import Read, Write

NEWS_MS: Final = 3 * MINUTE_MS
"""How long new votes gather before other servers are told."""
TOLD_AT_ONCE: Final = 500
"""Voters of ours, in one transaction."""


def poll_of(db: Read, viewer_id: int | None, post_id: int) -> tuple[Post, Poll]:
    """A poll that the viewer may see, and its post. Raises `NotFound`."""
    try:
        post = reading.readable(db, viewer_id, post_id)
    except Deleted as error:
        raise NotFound("There is no such poll.") from error
    poll = polls.of(post)
    if poll is None:
        raise NotFound("There is no such poll.")
    return post, poll


def vote(
    tx: Write, site: Site, viewer: Account, post_id: int, choices: tuple[int, ...], now_ms: int
) -> None:
    """Choose answers, each once, and for good. Raises `NotFound`, `Forbidden`, `Invalid`.

    In a poll of several choices more can be added until the end.
    """
    post, _ = poll_of(tx, viewer.id, post_id)
    if follows.apart(tx, viewer.id, post.author_id):
        raise Forbidden("You cannot do this with a post of this account.")
    if not choices:
        return
    post = store.held(tx, post.id) or post
    poll, choices = polls.of(post), tuple(dict.fromkeys(choices))
    if poll is None:
        raise NotFound("There is no such poll.")
    known = store.own_votes(tx, viewer.id, [post.id]).get(post.id, ())
    _check(poll, post, viewer, choices, known, now_ms)
    ids = {choice: new_id(now_ms) for choice in choices}
    for choice, id in ids.items():
        uri = _uri(viewer, id)
        store.cast(tx, post_id=post.id, account_id=viewer.id, choice=choice, id=id, uri=uri)
    _count(tx, post, poll.voted(choices, first=not known), now_ms)
    if not post.local:
        _send(tx, viewer, post, [(poll.options[c][0], id) for c, id in ids.items()], now_ms)
        if poll.ends_ms is not None:
            store.expect_end(tx, post.id, poll.ends_ms)


def _check(
    poll: Poll,
    post: Post,
    viewer: Account,
    choices: tuple[int, ...],
    known: tuple[int, ...],
    now_ms: int,
) -> None:
    if poll.ended(now_ms):
        raise Invalid("The poll has already ended.")
    if any(not 0 <= choice < len(poll.options) for choice in choices):
        raise Invalid("The chosen vote option does not exist.")
    if post.author_id == viewer.id:
        raise Invalid("You cannot vote in your own polls.")
    if set(known) & set(choices) or (known and not poll.multiple):
        raise Invalid("You have already voted on this poll.")
    if len(choices) > 1 and not poll.multiple:
        raise Invalid("Only one answer can be chosen in this poll.")


def _uri(voter: Account, id: int) -> str:
    """The id of a vote of ours. Nobody can fetch it: who voted for what is nobody's business."""
    return f"{voter.uri}#votes/{id}"


def _count(tx: Write, post: Post, poll: Poll, now_ms: int) -> None:
    """Keep the new counts; other servers hear of them a little later, with those that come then."""
    posts.set_columns(tx, post.id, extra=poll.extra)
    if post.local and not poll.hidden:
        payload = {"post": post.id}
        jobs.enqueue_once(tx, "poll", f"poll:{post.id}", payload, now_ms, wait_ms=NEWS_MS)


def _send(tx: Write, voter: Account, post: Post, votes: list[tuple[str, int]], now_ms: int) -> None:
    """Tell the author of a stranger's poll, and nobody else."""
    author = accounts.by_id(tx, post.author_id)
    if author is None:
        return
    for answer, id in votes:
        uri = _uri(voter, id)
        activity = build.vote(uri, voter.uri, answer, question=post.uri, author=author.uri)
        publish(tx, voter, activity, now_ms, to=[author])


def looks_like_vote(found: Object) -> bool:
    """Whether an object is a vote, in whatever poll: a name for an answer, and nothing said.

    Mastodon, GoToSocial, Misskey and snac2 write them so.
    """
    silent = not found.content and not found.attachments
    return found.type == "Note" and bool(found.name and found.in_reply_to) and silent


def receive(tx: Write, voter: Account, found: Object, now_ms: int) -> None:
    """Count a stranger's vote in a poll of ours; what does not count changes nothing."""
    post = posts.by_uri(tx, found.in_reply_to or "")
    if post is None or not post.local or not reading.may_read(tx, voter.id, post):
        return
    if follows.apart(tx, voter.id, post.author_id):
        return
    post = store.held(tx, post.id) or post
    poll = polls.of(post)
    if poll is None or poll.ended(now_ms):
        return
    named = polls.same(found.name)
    choice = next((n for n, (t, _) in enumerate(poll.options) if polls.same(t) == named), None)
    known = store.own_votes(tx, voter.id, [post.id]).get(post.id, ())
    if choice is None or (known and not poll.multiple):
        return
    id = new_id(now_ms)
    if store.cast(tx, post_id=post.id, account_id=voter.id, choice=choice, id=id, uri=found.id):
        _count(tx, post, poll.voted((choice,), first=not known), now_ms)


# --- telling


def tell_counts(tx: Write, site: Site, post_id: int, now_ms: int) -> None:
    """Tell other servers how a poll of ours stands; nothing where its end was told already."""
    post = store.held(tx, post_id)
    poll = polls.of(post) if post else None
    if post is not None and poll is not None and not poll.closed:
        _update(tx, site, post, now_ms)


def end_next(tx: Write, site: Site, now_ms: int) -> bool:
    """Tell the end of one poll that is over. False when there is none.

    The author hears at once; voters of ours in a job, however many; other servers get the last
    counts.
    """
    post_id = store.ended(tx, now_ms)
    if post_id is None:
        return False
    store.remove_end(tx, post_id)
    post = store.held(tx, post_id)
    poll = polls.of(post) if post else None
    if post is None or poll is None:
        return True
    jobs.enqueue(
        tx,
        "poll-end",
        f"poll-end:{post.id}",
        msgspec.json.encode({"post": post.id, "after": 0}),
        now_ms,
    )
    if post.local:
        closed = msgspec.structs.replace(poll, closed=True)
        posts.set_columns(tx, post.id, extra=closed.extra)
        _update(tx, site, store.held(tx, post.id) or post, now_ms)
        author = accounts.by_id(tx, post.author_id)
        if author is not None and author.state == "active":
            notify(tx, author, "poll", author, post.id, now_ms)
    return True


def put_off_next(tx: Write, site: Site, now_ms: int) -> None:  # noqa: ARG001  as end_next
    """Try the next an hour later, so that those behind it end: ours is the fault."""
    post_id = store.ended(tx, now_ms)
    if post_id is not None:
        store.move_end(tx, post_id, now_ms + HOUR_MS)


def tell_voters(tx: Write, post_id: int, after_id: int, now_ms: int) -> int | None:
    """Tell those of ours who voted that a poll is over, some at a time.

    Those up to `after_id` were told before; the answer is where to go on, None at the end.
    """
    post = posts.by_id(tx, post_id)
    author = accounts.by_id(tx, post.author_id) if post and post.deleted_ms is None else None
    if author is None:
        return None
    ids = store.local_voters(tx, post_id, after_id, TOLD_AT_ONCE)
    for voter in accounts.by_ids(tx, ids).values():
        if voter.state == "active":
            notify(tx, voter, "poll", author, post_id, now_ms)
    return ids[-1] if len(ids) == TOLD_AT_ONCE else None


def _update(tx: Write, site: Site, post: Post, now_ms: int) -> None:
    """The poll as it is now, to all whom its post has reached."""
    author = accounts.by_id(tx, post.author_id)
    if author is None or author.state != "active":
        return
    publish(
        tx,
        author,
        build.update(documents.by_post(tx, site, post), post.version),
        now_ms,
        followers=not post.private,
        beyond=posts.reached(tx, post.id),
        through=post.id if post.open else None,
    )
