"""Text as people and peers write it: made safe, made HTML, made plain, made searchable."""

from server.text.cleaning import sanitise, sanitise_story
from server.text.entities import (
    MAX_TAG_CHARACTERS,
    bigrams,
    is_tag,
    normal_tag,
    valid_handle,
)
from server.text.formatting import Rendered, find_hashtags, find_mentions, markdown, render
from server.text.plain import excerpt, opens, plain

__all__ = [
    "MAX_TAG_CHARACTERS",
    "Rendered",
    "bigrams",
    "excerpt",
    "find_hashtags",
    "find_mentions",
    "is_tag",
    "markdown",
    "normal_tag",
    "opens",
    "plain",
    "render",
    "sanitise",
    "sanitise_story",
    "valid_handle",
]
