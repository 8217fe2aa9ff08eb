"""Links to pages of an old blog, in Markdown or in HTML: found, and led to where they are now."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from html import unescape
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

_ADDRESS: Final = re.compile(r"""https?://[^\s<>"'\\()\[\]{}|^`]{1,2000}""", re.I)
_AFTER: Final = ".,;:!?*_~"
"""Signs at the end of an address that belong to the sentence around it."""
_FILE: Final = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|pdf|zip|mp[34])$", re.I)


def host_of(address: str) -> str:
    """The host of a blog, with and without `www.` the same; empty for what is none."""
    try:
        return (urlsplit(address).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def path_of(address: str, hosts: Collection[str]) -> str:
    """By which path an old blog on one of these hosts knew a page; empty for other addresses."""
    if host_of(address) not in hosts:
        return ""
    parts = urlsplit(address)
    path = unicodedata.normalize("NFC", unquote(parts.path)).rstrip("/")
    if path.startswith("/m/"):  # the pages for telephones
        path = path[2:]
    if path in ("", "/index.php"):
        query = parse_qs(parts.query, max_num_fields=20) if parts.query.count("&") < 20 else {}
        for name in ("p", "page_id"):
            number = query.get(name, [""])[0]
            if number.isascii() and number.isdigit():
                return f"/?{name}={number[:20]}"
        return ""
    return "" if _FILE.search(path) else path


def paths(text: str, hosts: Collection[str], most: int) -> tuple[str, ...]:
    """The pages of an old blog to which a text links, at most so many."""
    if not hosts:
        return ()
    found: dict[str, None] = {}
    for link in _ADDRESS.finditer(text):
        if (path := path_of(_bare(link[0]), hosts)) and len(found) < most:
            found[path] = None
    return tuple(found)


def led(text: str, hosts: Collection[str], places: Mapping[str, str]) -> str:
    """A text whose links lead to these places, by the path that each had; others stay."""

    def place(link: re.Match[str]) -> str:
        written = link[0].rstrip(_AFTER)
        to = places.get(path_of(_bare(written), hosts))
        return to + link[0][len(written) :] if to else link[0]

    return _ADDRESS.sub(place, text) if places and hosts else text


def _bare(written: str) -> str:
    return unescape(written).rstrip(_AFTER)
