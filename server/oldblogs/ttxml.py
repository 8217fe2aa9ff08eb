"""TTXML: the backup of Textcube, Tattertools and the older Tistory.

`<blog type="tattertools/1.1">` with `category`, `post` and `notice`. Texts are HTML with marks of
its own (`[##_1C|file.jpg|width="500"|caption_##]`), comments plain text; times are seconds. What
guests typed as a password, and from which address, is never looked at.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from server.oldblogs.shape import (
    PUBLIC,
    Attachment,
    Category,
    Comment,
    Head,
    Left,
    Part,
    Story,
    Trackback,
)
from server.oldblogs.stream import Node

MAX_COMMENTS: Final = 10_000  # of one story
MAX_PINGS: Final = 2_000
MAX_ATTACHMENTS: Final = 1_000
MAX_TAGS: Final = 100
MAX_BODY: Final = 1_200_000  # characters
MAX_MARK: Final = 8_000
_RECORDS: Final = frozenset(("setting", "category", "post", "notice", "keyword"))
_STATES: Final = {
    "public": PUBLIC,
    "syndicated": PUBLIC,
    "protected": "protected",
    "private": "private",
    "appointed": "scheduled",
}
_PATH: Final = re.compile(r"(?:\[##_ATTACH_PATH_##\]|https?://tt_attach_path)/?([^\"'\n<>]{1,300})")
_FOLD: Final = re.compile(r"\[#M_([^|\]]{0,300})\|[^|\]]{0,300}\|")
_LEFTOVER: Final = re.compile(r"</?s_[a-z_]{1,40}(?:\s[^<>]{0,300})?/?>|\[/?#M_|_M#\]", re.I)
_CAPTION: Final = re.compile(r'"caption":"((?:[^"\\]|\\.){0,500})"')
_ALT: Final = re.compile(r"""alt=["']([^"']{0,500})""")
_KAKAO: Final = re.compile(r"kage@([\w/.-]{5,400})")
_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|heic|avif)$", re.I)


def wanted(path: tuple[str, ...]) -> bool:
    """Which elements are records."""
    return len(path) == 2 and path[0] == "blog" and path[1] in _RECORDS


def parts(node: Node) -> Iterator[Part]:
    """What a record says."""
    if node.tag == "setting":
        domain = node.said("secondaryDomain") if node.said("defaultDomain") == "1" else ""
        address = f"http://{domain}/" if re.fullmatch(r"[\w.-]{3,200}", domain) else ""
        yield Head(format="ttxml", title=node.said("title")[:200], address=address)
    elif node.tag == "category":
        yield from _categories(node)
    elif node.tag == "keyword":
        yield Left("keyword", node.said("name")[:200])
    else:
        yield _story(node)


def _categories(node: Node) -> Iterator[Category]:
    name = node.said("name")
    if not name or node.said("root") == "1":
        return
    yield Category((name,))
    inner = sorted(node.all("category"), key=lambda one: _number(one.said("priority")))
    for one in inner:
        if child := one.said("name"):
            yield Category((name, child))


def _story(node: Node) -> Story:
    id, slogan = node.said("id")[:40], node.attributes.get("slogan", "").strip()
    notice = node.tag == "notice"
    content = node.one("content")
    formatter = content.attributes.get("formatter", "") if content else ""
    body = content.text if content else ""
    comments = tuple(_comments(node))
    key = id or _digest(node.said("title"), node.said("published"))
    hidden = "scheduled" if node.said("appointed") == "true" else "private"
    return Story(
        key=f"notice:{key}" if notice else key,
        title=node.said("title"),
        body=marks_as_html(body[:MAX_BODY]),
        markup="markdown" if formatter == "markdown" else "html",
        category=tuple(filter(None, (one.strip() for one in node.said("category").split("/", 1)))),
        tags=tuple(filter(None, (_line(one) for one in node.all("tag")[:MAX_TAGS]))),
        state=_STATES.get(node.said("visibility"), hidden),
        published_ms=_time(node.said("published")) or _time(node.said("created")),
        edited_ms=_time(node.said("modified")),
        paths=_paths(id, slogan, notice=notice),
        comments=comments[:MAX_COMMENTS],
        pings=tuple(_pings(node)),
        attachments=tuple(_attachments(node)),
        lost=node.lost["comment"] + max(0, len(comments) - MAX_COMMENTS),
        cut=bool(node.lost[""]) or len(body) > MAX_BODY,
    )


def _paths(id: str, slogan: str, *, notice: bool) -> tuple[str, ...]:
    """Where it was: by number, and by its words, whose spaces are hyphens."""
    if notice:
        return (f"/notice/{id}",) if id.isdigit() else ()
    paths = [f"/{id}"] if id.isdigit() else []
    if slogan:
        paths += [f"/entry/{slogan.replace(' ', '-')}", f"/entry/{slogan}"]
    return tuple(dict.fromkeys(paths))


def _comments(node: Node, parent: str = "", seen: "set[str] | None" = None) -> Iterator[Comment]:
    seen = set() if seen is None else seen
    for one in node.all("comment"):
        if one.said("isFiltered") not in ("", "0"):
            continue
        who = one.one("commenter")
        name, text, written = (
            (who.said("name") if who else ""),
            one.raw("content"),
            one.said("written"),
        )
        if not text.strip():
            continue
        key = one.said("id")[:40]
        if not key or key in seen:
            key = _digest(parent, name, written, text)
        if key in seen:  # the same words of the same moment
            continue
        seen.add(key)
        yield Comment(
            key=key,
            name=name[:100],
            text=text,
            parent=parent,
            secret=one.said("secret") not in ("", "0"),
            member=who is not None and who.attributes.get("id", "") not in ("", "0"),
            written_ms=_time(written),
        )
        if not parent:  # it has two levels
            yield from _comments(one, key, seen)


def _pings(node: Node) -> Iterator[Trackback]:
    for one in node.all("trackback")[:MAX_PINGS]:
        url = one.said("url")
        if one.said("isFiltered") in ("", "0") and url.startswith(("http://", "https://")):
            yield Trackback(
                url=url[:2_000],
                site=one.said("site")[:200],
                title=one.said("title")[:200],
                excerpt=one.said("excerpt")[:500],
                received_ms=_time(one.said("received")),
            )


def _attachments(node: Node) -> Iterator[Attachment]:
    for one in node.all("attachment")[:MAX_ATTACHMENTS]:
        content = one.one("content")
        yield Attachment(
            name=one.said("name")[:300],
            label=one.said("label")[:300],
            bytes=content.file.stat().st_size if content and content.file else 0,
            file=content.file if content else None,
            refused=content.refused if content else False,
        )


# --- marks in texts


def marks_as_html(html: str) -> str:
    """A text whose pictures are `<img src="old:NAME">`, and in which no other mark is left."""
    html = _PATH.sub(lambda found: _named(found[1]), html)
    *marked, rest = html.split("_##]")
    written = []
    for piece in marked:
        before, begun, mark = piece.rpartition("[##_")
        written += [before, _mark(mark[:MAX_MARK].split("|"))] if begun else [piece]
    html = _FOLD.sub(r"<p>\1</p>", "".join([*written, rest]))
    html = html.replace("[footnote]", " (").replace("[/footnote]", ")")
    return _LEFTOVER.sub("", html)


def _mark(words: list[str]) -> str:
    kind = words[0]
    if kind in ("Image", "ImageGrid"):
        return "".join(_kakao(word, words) for word in words[1:])
    if re.fullmatch(r"[123][LCR]", kind):  # file, attributes and caption, so many times
        rest = words[1:]
        return "".join(_shown(*rest[at : at + 3]) for at in range(0, len(rest), 3) if rest[at])
    if kind in ("Gallery", "iMazing"):  # file and caption, and last the attributes
        rest = words[1:-1]
        return "".join(
            _shown(rest[at], "", *rest[at + 1 : at + 2]) for at in range(0, len(rest), 2)
        )
    if kind == "Jukebox":
        return "".join(f"<p>{_escaped(name)}</p>" for name in words[1:-1:2])
    return ""


def _shown(name: str, attributes: str = "", caption: str = "") -> str:
    name = name.strip()
    if not name:
        return ""
    if not (_PICTURE.search(name) or name.startswith("cfile")):
        return f'<p><img src="{_named(name)}" alt="{_escaped(caption or name)}"></p>'
    alt = _ALT.search(attributes)
    words = (alt[1] if alt else "") or caption
    below = f"<figcaption>{caption}</figcaption>" if caption.strip() else ""
    return f'<figure><img src="{_named(name)}" alt="{_escaped(words)}">{below}</figure>'


def _kakao(word: str, words: list[str]) -> str:
    found = _KAKAO.search(word)
    if found is None:
        return ""
    caption = _CAPTION.search("|".join(words))
    alt = _escaped(caption[1]) if caption else ""
    return f'<p><img src="https://blog.kakaocdn.net/dn/{found[1]}" alt="{alt}"></p>'


def _named(name: str) -> str:
    return f"old:{quote(name, safe='')}"


def _escaped(words: str) -> str:
    return (
        re.sub(r"<[^>]*>", "", words).replace("&", "&amp;").replace('"', "&quot;").replace("<", "")
    )


# --- small things


def _line(node: Node) -> str:
    return " ".join(node.text.split())


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else 0


def _time(text: str) -> int:
    return int(text) * 1000 if re.fullmatch(r"\d{6,12}", text) else 0


def _digest(*words: str) -> str:
    return "=" + hashlib.sha256("\n".join(words).encode()).hexdigest()[:24]
