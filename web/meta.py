"""What `components/meta.html` asks about: how a page looks where a link to it is shown."""

from typing import Final

from babel.core import get_global

from server.model import Media, Post, PostView

LEAST_SIZE: Final = (600, 315)
"""Pixels; services show a smaller picture as a stamp or not at all."""


def preview(view: PostView) -> Media | None:
    """The picture that stands for a post elsewhere: its first, if it is ours, large and for all."""
    if view.sensitive or view.post.warning:
        return None
    first = next((media for media in view.media if media.kind == "image"), None)
    if first is None or not first.large:
        return None
    large = first.width >= LEAST_SIZE[0] and first.height >= LEAST_SIZE[1]
    return first if large else None


def card_url(post: Post) -> str:
    """Where the drawn card of a post is."""
    return f"/cards/{post.id}-{post.version}.png"


def web_address(*candidates: str | None) -> str:
    """The first that a browser can open; nothing where there is none."""
    found = (one for one in candidates if one and one.startswith(("https://", "http://")))
    return next(found, "")


def og_locale(*codes: str) -> str:
    """`ko_KR` for `ko`, of the first code that is a language. ogp.me, "og:locale"."""
    likely = get_global("likely_subtags")
    for code in codes:
        language, _, territory = code.replace("-", "_").partition("_")
        if len(territory) == 2:
            return f"{language}_{territory.upper()}"
        if found := likely.get(language):
            return f"{language}_{found.rpartition('_')[2]}"
    return ""
