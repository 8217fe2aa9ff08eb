"""Whose words a post brings from an old blog, where somebody of ours, or a team blog, keeps it.

The name stands in `Post.extra`, and goes with it when the post is deleted. Who knows no such field
(other servers, apps, feeds) reads it above the words.
"""

from html import escape
from typing import Final

import msgspec

from server.model import Post

MAX_NAME: Final = 100
_MARK: Final = '"byline":'


class _Extra(msgspec.Struct, frozen=True):
    byline: str = ""


def as_extra(name: str) -> str:
    """`Post.extra` of what somebody called `name` wrote elsewhere; without a name of nothing."""
    name = " ".join(name.split())[:MAX_NAME]
    return msgspec.json.encode({"byline": name}).decode() if name else "{}"


def of(post: Post) -> str:
    """Who wrote it in its old blog; empty where nobody is named."""
    if _MARK not in post.extra or post.kind == "question":
        return ""
    try:
        return msgspec.json.decode(post.extra, type=_Extra).byline
    except msgspec.DecodeError:
        return ""


def told(post: Post) -> str:
    """The words of a post as HTML, below the name of who wrote them."""
    name = of(post) if post.local else ""
    return f"<p>✍ {escape(name)}</p>{post.content}" if name else post.content
