"""Links by which a page says that it belongs to the same person: `rel="me"`.

microformats.org/wiki/rel-me
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from server.text import markup

_OURS: Final = re.compile(r'(<a href="[^"]*" rel=")nofollow')
_ONLY_LINK: Final = re.compile(r'<p><a href="(https://[^"]+)" rel="[^"]*">[^<]*</a></p>')


def me_links(page: str) -> Iterator[str]:
    """The addresses to which `a` and `link` elements with `rel="me"` lead, as they are written."""
    for tag in markup.opened(page):
        if tag.name in ("a", "link") and "me" in tag.words("rel"):
            yield tag.get("href").strip()


def as_me(html: str) -> str:
    """A line of a profile, as `text.render` wrote it, whose links say `rel="me"`."""
    return _OURS.sub(r"\1me nofollow", html)


def only_link(html: str) -> str | None:
    """Where a line of a profile leads that is one https link and nothing else."""
    found = _ONLY_LINK.fullmatch(html)
    return unescape(found[1]) if found else None
