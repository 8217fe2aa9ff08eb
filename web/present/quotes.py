"""Quote, ShallowQuote and QuoteApproval: what a post quotes, and who may quote it."""

from functools import cache
from typing import Final, Literal

from server.model import Post, Quoted
from server.services import quotes
from web import entities

AUTHOR: Final = 0
CLOSE: Final = 1
MEMBER: Final = 2
VISITOR: Final = 3
"""How a viewer stands to an author: as the author, as a follower, by having a token, not at all."""


def shallow_quote(quoted: Quoted) -> entities.Quote:
    """ShallowQuote: what is quoted by its id alone."""
    id = quoted.post_id
    return {"state": quoted.state, "quoted_status_id": None if id is None else str(id)}


def approval(post: Post, viewer_id: int | None, *, close: bool) -> entities.QuoteApproval:
    """QuoteApproval of a post for a viewer; `close` is a follower."""
    return approvals(asked(post))[standing(post.author_id, viewer_id, close=close)]


def standing(author_id: int, viewer_id: int | None, *, close: bool = False) -> int:
    """Which of `approvals` is the viewer's."""
    if viewer_id is None:
        return VISITOR
    if viewer_id == author_id:
        return AUTHOR
    return CLOSE if close else MEMBER


def asked(post: Post) -> str:
    """The policy by which `approvals` are told; `direct` where not even the author quotes it."""
    return "direct" if post.private else quotes.policy(post)


def _current(policy: str, one: int, may: set[int]) -> Literal["automatic", "manual", "denied"]:
    if one in may:
        return "automatic"
    return "manual" if policy == "manual" and one != VISITOR else "denied"


@cache
def approvals(policy: str) -> tuple[entities.QuoteApproval, ...]:
    """QuoteApproval by this policy for each way in which a viewer can stand to the author."""
    automatic = [policy] if policy in ("public", "followers") else []
    may = {
        "direct": set[int](),
        "public": {AUTHOR, CLOSE, MEMBER},
        "followers": {AUTHOR, CLOSE},
    }.get(policy, {AUTHOR})
    return tuple(
        {
            "automatic": automatic,
            "manual": ["public"] if policy == "manual" else [],
            "current_user": _current(policy, one, may),
        }
        for one in (AUTHOR, CLOSE, MEMBER, VISITOR)
    )
