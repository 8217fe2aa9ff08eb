"""WXR: the export of WordPress, an RSS 2.0 with `wp:` elements, versions 1.0 to 1.2.

The same reader takes plain RSS 2.0, whose items say less. `wp:comment_author_IP` and the addresses
of guests' mail are never looked at.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from server.oldblogs import times
from server.oldblogs.shape import (
    PUBLIC,
    Author,
    Category,
    Comment,
    Head,
    Left,
    Part,
    Story,
    Trackback,
)
from server.oldblogs.stream import Node
from server.oldblogs.ttxml import MAX_BODY, MAX_COMMENTS, MAX_PINGS, MAX_TAGS, marks_as_html

_RECORDS: Final = frozenset(
    ("title", "link", "wp:base_blog_url", "wp:author", "wp:category", "item")
)
_STATES: Final = {
    "publish": PUBLIC,
    "inherit": PUBLIC,
    "": PUBLIC,
    "private": "private",
    "future": "scheduled",
}
_NOT_STORIES: Final = {"page": "page", "attachment": "", "nav_menu_item": "", "revision": ""}
_SHORTCODE: Final = re.compile(r"\[/?(?:caption|gallery|wp_caption|embed)(?:\s[^\[\]]{0,500})?\]")


def wanted(path: tuple[str, ...]) -> bool:
    """Which elements are records."""
    return len(path) == 3 and path[:2] == ("rss", "channel") and path[2] in _RECORDS


class Reader:
    """Follows a file: categories name the one above them by a word that was said before."""

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is the clock by which the blog told local times."""
        self._zone = zone
        self._head = Head(format="rss")
        self._categories: dict[str, tuple[str, ...]] = {}

    def parts(self, node: Node) -> Iterator[Part]:
        """What a record says."""
        if node.tag in ("title", "link", "wp:base_blog_url"):
            yield self._about(node)
        elif node.tag == "wp:author":
            login = node.said("wp:author_login")[:100]
            yield Author(login, node.said("wp:author_display_name")[:100] or login)
        elif node.tag == "wp:category":
            yield from self._category(node)
        else:
            yield from self._item(node)

    def _about(self, node: Node) -> Head:
        said = " ".join(node.text.split())
        if node.tag == "title":
            self._head = msgspec.structs.replace(self._head, title=said[:200])
        elif said.startswith(("http://", "https://")) and not self._head.address:
            self._head = msgspec.structs.replace(self._head, address=said[:500])
        if node.tag.startswith("wp:"):
            self._head = msgspec.structs.replace(self._head, format="wxr")
        return self._head

    def _category(self, node: Node) -> Iterator[Category]:
        name = node.said("wp:cat_name")[:200]
        above = self._categories.get(node.said("wp:category_parent")[:200], ())
        if not name or len(self._categories) > 2_000:
            return
        path = (*above[:1], name)
        self._categories[node.said("wp:category_nicename")[:200]] = path
        yield Category(path)

    def _item(self, node: Node) -> Iterator[Part]:
        kind = node.said("wp:post_type") or "post"
        if kind != "post":
            left = _NOT_STORIES.get(kind, "other")
            if left and node.said("wp:status") in _STATES:
                yield Left(left, node.said("title")[:200])
            return
        if node.said("wp:status") not in ("trash", "auto-draft"):
            yield self._story(node)

    def _story(self, node: Node) -> Story:
        link, id = node.said("link")[:2_000], node.said("wp:post_id")[:20]
        state = _STATES.get(node.said("wp:status"), "draft")
        if node.said("wp:post_password"):
            state = "protected"
        said = node.raw("content:encoded") or node.raw("description")
        comments = tuple(self._comments(node))
        return Story(
            key=id or key_of(node.said("guid") or link or node.said("title")),
            title=node.said("title"),
            body=_SHORTCODE.sub("", marks_as_html(said[:MAX_BODY])),
            author=(node.said("dc:creator") or node.said("author"))[:100],
            category=self._filed(node),
            tags=self._tags(node),
            state=state,
            published_ms=self._time(node, "wp:post_date") or times.mail(node.said("pubDate")),
            edited_ms=self._time(node, "wp:post_modified"),
            paths=tuple(filter(None, (path_of(link), f"/?p={id}" if id.isdigit() else ""))),
            base=link if link.startswith(("http://", "https://")) else "",
            comments=comments[:MAX_COMMENTS],
            pings=tuple(self._pings(node)),
            lost=node.lost["wp:comment"] + max(0, len(comments) - MAX_COMMENTS),
            cut=bool(node.lost[""]) or len(said) > MAX_BODY,
        )

    def _filed(self, node: Node) -> tuple[str, ...]:
        """The deepest of its categories; in a plain feed the first one, `above/below`."""
        found = [one for one in node.all("category") if _domain(one) in ("category", "")]
        named = [
            self._categories.get(one.attributes.get("nicename", "")[:200]) or (_said(one),)
            for one in found
            if _said(one)
        ]
        if not named:
            return ()
        if _domain(found[0]) == "":
            return tuple(filter(None, (one.strip() for one in named[0][0].split("/", 1))))
        return max(named, key=len)

    def _tags(self, node: Node) -> tuple[str, ...]:
        found = [one for one in node.all("category") if _domain(one) in ("post_tag", "tag")]
        plain = [one for one in node.all("category") if _domain(one) == ""]
        return tuple(filter(None, map(_said, [*found, *plain[1:]][:MAX_TAGS])))

    def _time(self, node: Node, name: str) -> int:
        known = times.sql(node.said(f"{name}_gmt"), UTC)
        return known or times.sql(node.said(name), self._zone)

    def _comments(self, node: Node) -> Iterator[Comment]:
        seen: set[str] = set()
        for one in node.all("wp:comment"):
            if one.said("wp:comment_approved") != "1" or _ping_kind(one):
                continue
            text, key = one.raw("wp:comment_content"), one.said("wp:comment_id")[:40]
            key = key or key_of(text + one.said("wp:comment_date"))
            if not text.strip() or key in seen:
                continue
            seen.add(key)
            parent = one.said("wp:comment_parent")[:40]
            yield Comment(
                key=key,
                name=one.said("wp:comment_author")[:100],
                text=text,
                markup="html",
                member=one.said("wp:comment_user_id") not in ("", "0"),
                parent=parent if parent in seen else "",
                written_ms=self._time(one, "wp:comment_date"),
            )

    def _pings(self, node: Node) -> Iterator[Trackback]:
        for one in node.all("wp:comment")[:MAX_PINGS]:
            url = one.said("wp:comment_author_url")
            approved = one.said("wp:comment_approved") == "1"
            if approved and _ping_kind(one) and url.startswith(("http://", "https://")):
                yield Trackback(
                    url=url[:2_000],
                    title=one.said("wp:comment_author")[:200],
                    excerpt=" ".join(
                        re.sub(r"<[^<>]{0,500}>", " ", one.raw("wp:comment_content")).split()
                    )[:500],
                    received_ms=self._time(one, "wp:comment_date"),
                )


def path_of(link: str) -> str:
    """Where a story was on its host, its query included where the path says nothing."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    path = unquote(parts.path).rstrip("/")
    if path:
        return path
    return f"/?{parts.query}" if re.fullmatch(r"(?:p|page_id)=\d{1,20}", parts.query) else ""


def key_of(words: str) -> str:
    """A key for what has no number of its own."""
    return "=" + hashlib.sha256(words.encode()).hexdigest()[:24]


def _ping_kind(node: Node) -> bool:
    return node.said("wp:comment_type") in ("pingback", "trackback")


def _domain(node: Node) -> str:
    return node.attributes.get("domain", "")


def _said(node: Node) -> str:
    return " ".join(node.text.split())[:200]
