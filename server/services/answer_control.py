"""One of ours decides who may answer: yes with a stamp that can be read, or no. GoToSocial"""

from typing import Final

import msgspec

from federation import build, policies
from federation.policies import Claim
from federation.vocab import PUBLIC
from server.errors import Conflict, NotFound
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import answer_asking, stamps, timelines
from server.services.follows import activity_uri
from server.store import accounts, posts
from server.store import approvals as store
from server.store.db import Read, Write

PAGE: Final = 20
COUNTED: Final = 100


class Waiting(msgspec.Struct, frozen=True):
    """An answer that waits, as whoever decides reads it, and what it answers."""

    view: PostView
    answers: PostView | None


class About(msgspec.Struct, frozen=True):
    """What is decided: an answer by its id, what it answers, and who asked.

    `open`: everybody may know of it.
    """

    answer: str
    target: Post
    asker: Account
    open: bool = False


def tell(tx: Write, site: Site, post: Post, now_ms: int, *, request: str = "") -> None:
    """Tell a stranger that their answer is allowed; of a plain, open one the followers as well."""
    approval = store.by_post(tx, post.id)
    target = posts.by_id(tx, approval.target_id) if approval else None
    asker = accounts.by_id(tx, post.author_id)
    if approval is None or target is None or asker is None or approval.state != "accepted":
        return
    about = About(post.uri, target, asker, open=target.open and post.open)
    proof = stamps.reply_uri(site, post.id) if about.open else ""
    _say(tx, site, "Accept", about, now_ms, request=request, stamp=proof)


def turn_away(
    tx: Write, site: Site, answer: tuple[str, Post], asker: Account, now_ms: int, request: str = ""
) -> None:
    """Tell a stranger that their answer (its id, and what it answers) is not wanted.

    Of a request, and of the answer itself: GoToSocial 0.20 knows a Reject by that alone.
    """
    if request:
        _say(tx, site, "Reject", About(*answer, asker), now_ms, request=request)
    _say(tx, site, "Reject", About(*answer, asker), now_ms, request="")


def _say(
    tx: Write,
    site: Site,
    kind: str,
    about: About,
    now_ms: int,
    *,
    request: str,
    stamp: str = "",
) -> None:
    decider = accounts.by_id(tx, about.target.author_id)
    if decider is None or about.asker.local:
        return
    claim = Claim(
        act="reply", interacting=about.answer, target=about.target.uri, author=decider.uri
    )
    id = activity_uri(site, new_id(now_ms))
    body = policies.answer(kind, id, claim, asker=about.asker.uri, request=request, stamp=stamp)
    if "cc" in body and not about.open:
        body["cc"] = []
    everybody = PUBLIC in body.get("cc", ())
    publish(tx, decider, body, now_ms, to=[about.asker], followers=everybody)


def page(db: Read, decider: Account, before_id: int) -> list[Waiting]:
    """What waits for the yes of one of ours, the latest first, at most `PAGE`."""
    found = store.waiting(db, decider.id, before_id, PAGE)
    views = timelines.by_post(db, decider.id, [i for a in found for i in (a.post_id, a.target_id)])
    return [
        Waiting(views[one.post_id], views.get(one.target_id))
        for one in found
        if one.post_id in views and views[one.post_id].author.state == "active"
    ]


def waiting(db: Read, decider_id: int) -> int:
    """How many answers wait for one of ours, at most `COUNTED`."""
    return store.count(db, decider_id, COUNTED)


def approve(tx: Write, site: Site, decider: Account, post_id: int, now_ms: int) -> None:
    """Let an answer stand, for good. Raises `NotFound` and `Conflict`."""
    approval, post = _undecided(tx, decider, post_id)
    answer_asking.allowed(tx, site, post, stamps.reply_uri(site, post.id), now_ms)
    now = posts.by_id(tx, post.id) or post
    tell(tx, site, now, now_ms, request=approval.request)


def refuse(tx: Write, site: Site, decider: Account, post_id: int, now_ms: int) -> None:
    """Do not let an answer stand, for good. Raises `NotFound` and `Conflict`."""
    approval, post = _undecided(tx, decider, post_id)
    target, asker = posts.by_id(tx, approval.target_id), accounts.by_id(tx, approval.asker_id)
    if target is not None and asker is not None:
        turn_away(tx, site, (post.uri, target), asker, now_ms, approval.request)
    answer_asking.refused(tx, site, post, now_ms)


def revoke(
    tx: Write,
    site: Site,
    decider: Account,
    answer_id: int,
    now_ms: int,
    *,
    under: int | None = None,
) -> None:
    """Take a yes back, for good: the answer goes from under the post, and its stamp with it.

    The followers, and whoever the answer had reached, are told of the stamp: their servers may have
    shown the answer for it. Its author is told with a Reject too: GoToSocial knows the end of a
    yes by that alone. `under`: the post that it has to answer. Raises `NotFound`.
    """
    approval, post = _decided(tx, decider, answer_id)
    if under is not None and approval.target_id != under:
        raise NotFound("There is no such answer any more.")
    target, asker = posts.by_id(tx, approval.target_id), accounts.by_id(tx, approval.asker_id)
    if approval.state == "refused" or target is None or asker is None:
        return
    known, reached = target.open and post.open, posts.reached(tx, post.id)
    answer_asking.refused(tx, site, post, now_ms)
    if known:
        uri = stamps.reply_uri(site, post.id)
        over = build.delete(f"{uri}#delete", decider.uri, uri, to=(PUBLIC,), cc=(asker.uri,))
        publish(tx, decider, over, now_ms, followers=True, to=[asker], beyond=reached)
    turn_away(tx, site, (post.uri, target), asker, now_ms)


def _decided(db: Read, decider: Account, post_id: int) -> tuple[store.Approval, Post]:
    approval, post = store.by_post(db, post_id), posts.by_id(db, post_id)
    mine = approval is not None and approval.decider_id == decider.id
    if approval is None or post is None or not mine or post.deleted_ms is not None:
        raise NotFound("There is no such answer any more.")
    if approval.state == "waiting":
        raise NotFound("You have not approved this answer.")
    return approval, post


def _undecided(db: Read, decider: Account, post_id: int) -> tuple[store.Approval, Post]:
    approval, post = store.by_post(db, post_id), posts.by_id(db, post_id)
    mine = approval is not None and approval.decider_id == decider.id
    if approval is None or post is None or not mine or post.deleted_ms is not None:
        raise NotFound("There is no such answer any more.")
    if approval.state != "waiting":
        raise Conflict("You have decided about this answer already.")
    return approval, post
