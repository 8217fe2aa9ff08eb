"""What one of ours says to likes and boosts of their posts: strangers ask, and a boost can go.

Whoever asks is answered at once: everybody may like, and share what its author does not keep.
"""

from federation import build, policies
from federation.policies import Claim
from server.errors import Forbidden, NotFound
from server.ids import new_id
from server.model import Account, Post, PostView, Site
from server.outbox import publish
from server.services import boosts, events, reading, stamps
from server.services.follows import activity_uri
from server.store import accounts, activities, notifications, reactions
from server.store.db import Row, Write


def answer(
    tx: Write, site: Site, post: Post, asker: Account, *, claim: Claim, request: str, now_ms: int
) -> None:
    """Say to `asker` whether the like or boost of the claim stands, with its stamp. GoToSocial

    Nothing is said where they like or share it already, by another id.
    """
    author = accounts.by_id(tx, post.author_id)
    found = reactions.like_of if claim.act == "like" else reactions.boost_of
    row = found(tx, post.id, asker.id)
    if author is None or author.state != "active" or (row and row["uri"] != claim.interacting):
        return
    stamp = stamps.reaction_uri(site, claim.act, row["id"]) if row and post.open else ""
    kind, id = "Accept" if row else "Reject", activity_uri(site, new_id(now_ms))
    said = policies.answer(kind, id, claim, asker=asker.uri, request=request, stamp=stamp)
    publish(tx, author, said, now_ms, to=[asker])


def remove_boost(
    tx: Write, site: Site, author: Account, post_id: int, booster_id: int, now_ms: int
) -> None:
    """Take somebody's boost out from under a post of one's own; a stranger's server is told.

    What communities share is theirs to keep. Raises `NotFound` and `Forbidden`.
    """
    post = reading.readable(tx, author.id, post_id)
    if post.author_id != author.id:
        raise Forbidden("Only its author can do this to a post.")
    booster, row = accounts.by_id(tx, booster_id), reactions.boost_of(tx, post.id, booster_id)
    if booster is None or row is None or booster.kind == "Group":
        raise NotFound("They do not share this any more.")
    if booster.local:
        boosts.take_back(tx, site, booster, PostView(post=post, author=author), now_ms)
    else:
        reactions.unboost(tx, post.id, booster.id)
        events.unboosted(tx, row["id"], booster.id, now_ms)
        activities.bury(tx, row["uri"], now_ms, by=booster.uri)
        _tell_removed(tx, site, post, (author, booster), row, now_ms)
    notifications.take_back(
        tx, account_id=author.id, kind="reblog", from_id=booster.id, post_id=post.id
    )


def _tell_removed(
    tx: Write, site: Site, post: Post, who: tuple[Account, Account], row: Row, now_ms: int
) -> None:
    """The end of the stamp, and a Reject for whoever keeps none."""
    author, booster = who
    uri = stamps.reaction_uri(site, "announce", row["id"])
    over = build.delete(f"{uri}#delete", author.uri, uri, to=(booster.uri,))
    publish(tx, author, over, now_ms, to=[booster])
    claim = Claim(act="announce", interacting=row["uri"], target=post.uri, author=author.uri)
    id = activity_uri(site, new_id(now_ms))
    publish(
        tx, author, policies.answer("Reject", id, claim, asker=booster.uri), now_ms, to=[booster]
    )
