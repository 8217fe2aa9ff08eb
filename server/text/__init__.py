"""Text as people and peers write it: made safe, made HTML, made plain, made searchable."""

from server.text.cleaning import sanitise, sanitise_story
from server.text.entities import (
    MAX_TAG_CHARACTERS,
    domain_name,
    is_tag,
    normal_tag,
    valid_handle,
)
from server.text.formatting import Rendered, find_hashtags, find_mentions, markdown, render
from server.text.me import as_me, me_links, only_link
from server.text.plain import excerpt, opens, plain, unquoted

__all__ = [
    "MAX_TAG_CHARACTERS",
    "Rendered",
    "as_me",
    "domain_name",
    "excerpt",
    "find_hashtags",
    "find_mentions",
    "is_tag",
    "markdown",
    "me_links",
    "normal_tag",
    "only_link",
    "opens",
    "plain",
    "unquoted",
    "render",
    "sanitise",
    "sanitise_story",
    "valid_handle",
]
