"""Where a page wants to hear that somebody linked to it: Webmention, and Trackback of old blogs.

W3C Webmention §3.1.2; TrackBack 1.2, "Auto-Discovery of TrackBack Ping URLs"
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice
from typing import Final
from urllib.parse import unquote, urljoin

from server.text import markup

MAX_DESCRIBED: Final = 100  # entries of a page that has many

_LINK: Final = re.compile(
    r"""<([^<>]*+)>((?:\s*+;\s*+[^\s=;,"<>]++(?:\s*+=\s*+(?:"[^"]*+"|[^\s";,<>]*+))?)*+)"""
)
_PARAMETER: Final = re.compile(
    r""";\s*+([^\s=;,"<>]++)(?:\s*+=\s*+(?:"([^"]*+)"|([^\s";,<>]*+)))?"""
)
_DESCRIPTION: Final = re.compile(r"<rdf:Description(?=[\s/>])", re.IGNORECASE)
_ANSWERED: Final = re.compile(r"<error>\s*([0-9]+)\s*</error>", re.IGNORECASE)


def webmention(links: Iterable[str], page: str, url: str) -> str | None:
    """The endpoint of the page at `url`: what its `Link` headers say, else its first element.

    An empty address is the page's own.
    """
    for value in links:
        for found in _LINK.finditer(value):
            if "webmention" in _rel(found[2]).lower().split():
                return _joined(url, found[1])
    for tag in markup.opened(page):
        named = tag.name in ("link", "a") and "href" in tag.attributes
        if named and "webmention" in tag.words("rel"):
            return _joined(url, tag.get("href"))
    return None


def _rel(parameters: str) -> str:
    """The first that is called so counts. RFC 8288 §3.3"""
    for name, quoted, bare in _PARAMETER.findall(parameters):
        if name.lower() == "rel":
            return str(quoted or bare)
    return ""


def trackback(page: str, url: str, wanted: str = "") -> str | None:
    """Where the page at `url`, reached by `wanted`, takes trackbacks.

    Old blogs say it in RDF that stands in a comment, one for each entry of the page; later ones
    by `rel="trackback"`.
    """
    described = list(islice(_described(page), MAX_DESCRIBED))
    here = {_plain(url), _plain(wanted or url)}
    ping = next((ping for about, ping in described if _plain(about) in here), "")
    if not ping and len(described) == 1:
        ping = described[0][1]
    if ping:
        return _joined(url, ping)
    for tag in markup.opened(page):
        if tag.name in ("link", "a") and "trackback" in tag.words("rel") and tag.get("href"):
            return _joined(url, tag.get("href"))
    return None


def _described(page: str) -> Iterator[tuple[str, str]]:
    """Of each entry that is described where it is, and where it takes trackbacks."""
    at = 0
    while (found := _DESCRIPTION.search(page, at)) is not None:
        read = markup.attributes(page, found.end())
        if read is None:
            return
        at, said = read  # what stands within a tag begins none
        if ping := said.get("trackback:ping", "").strip():
            yield said.get("dc:identifier") or said.get("rdf:about", ""), ping


def accepted(answer: str) -> bool:
    """Whether a blog took our trackback: it says so in a little XML, whatever its status."""
    found = _ANSWERED.search(answer)
    return found is not None and int(found[1][:9]) == 0


def _plain(address: str) -> str:
    scheme, _, rest = unquote(unescape(address)).partition("#")[0].partition("://")
    return rest.rstrip("/").lower() if scheme.lower() in ("http", "https") else address


def _joined(url: str, address: str) -> str | None:
    try:
        found = urljoin(url, address.strip())
    except ValueError:
        return None
    return found if found.startswith(("https://", "http://")) else None
