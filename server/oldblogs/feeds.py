"""Atom: a feed, or the export of a blog that keeps itself as one. RFC 4287."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from server.oldblogs import times
from server.oldblogs.shape import PUBLIC, Head, Left, Part, Story
from server.oldblogs.stream import Node
from server.oldblogs.ttxml import MAX_BODY, MAX_TAGS
from server.oldblogs.wxr import key_of, path_of

_RECORDS: Final = frozenset(("atom:title", "atom:entry"))
_KIND: Final = re.compile(r"#(\w{1,40})$")


def wanted(path: tuple[str, ...]) -> bool:
    """Which elements are records."""
    return len(path) == 2 and path[0] == "atom:feed" and path[1] in _RECORDS


def parts(node: Node) -> Iterator[Part]:
    """What a record says."""
    if node.tag == "atom:title":
        yield Head(format="atom", title=" ".join(node.text.split())[:200])
    elif (kind := _kind(node)) not in ("", "post"):
        yield Left("page" if kind == "page" else "other", node.said("atom:title")[:200])
    else:
        yield _story(node)


def _kind(node: Node) -> str:
    """What Blogger says that an entry is; it keeps its settings as entries too."""
    for one in node.all("atom:category"):
        found = _KIND.search(one.attributes.get("term", ""))
        if found and one.attributes.get("scheme", "").endswith("#kind"):
            return found[1]
    return "comment" if node.one("thr:in-reply-to") is not None else ""


def _story(node: Node) -> Story:
    link, author, control = _link(node), node.one("atom:author"), node.one("app:control")
    body = _html(node.one("atom:content") or node.one("atom:summary"))
    terms = [
        one.attributes.get("label") or one.attributes.get("term", "")
        for one in node.all("atom:category")
        if not one.attributes.get("scheme", "").endswith("#kind")
    ]
    named = [" ".join(term.split())[:200] for term in terms[:MAX_TAGS]]
    published = times.iso(node.said("atom:published"))
    updated = times.iso(node.said("atom:updated"))
    return Story(
        key=key_of(node.said("atom:id") or link),
        title=node.said("atom:title"),
        body=body[:MAX_BODY],
        author=(author.said("atom:name") if author else "")[:100],
        category=tuple(filter(None, (one.strip() for one in named[0].split("/", 1))))
        if named
        else (),
        tags=tuple(filter(None, named[1:])),
        state="draft" if control and control.said("app:draft") == "yes" else PUBLIC,
        published_ms=published or updated,
        edited_ms=updated,
        paths=tuple(filter(None, (path_of(link),))),
        base=link,
        cut=bool(node.lost[""]) or len(body) > MAX_BODY,
    )


def _link(node: Node) -> str:
    for one in node.all("atom:link"):
        address = one.attributes.get("href", "")
        if one.attributes.get("rel", "alternate") == "alternate" and address.startswith("http"):
            return address[:2_000]
    return ""


def _html(node: Node | None) -> str:
    if node is None:
        return ""
    kind = node.attributes.get("type", "text")
    if kind == "xhtml":
        return "".join(_written(one) for one in node.items)
    return node.text if "html" in kind else escape(node.text)


def _written(item: str | Node) -> str:
    """XHTML as HTML; its attributes are cleaned with all others."""
    if isinstance(item, str):
        return escape(item)
    tag = item.tag.rpartition(":")[2]
    if not tag.isalnum():
        return ""
    given = "".join(
        f' {name}="{escape(value)}"'
        for name, value in item.attributes.items()
        if name in ("href", "src", "alt")
    )
    if tag in ("br", "hr", "img"):
        return f"<{tag}{given}>"
    return f"<{tag}{given}>{''.join(_written(one) for one in item.items)}</{tag}>"
