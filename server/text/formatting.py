"""What our own people write, in Markdown, as HTML. CommonMark, plus addresses and ~~struck out~~.

A note keeps its line breaks and has no headings, rules, tables or pictures: `# 3` or `---` typed in
a hurry stay what was typed. A story has them all. Raw HTML is never read as such.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, Final

import msgspec
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from server.text import addresses, emphasis, entities
from server.text.cleaning import LINK_REL, own_picture, sanitise, sanitise_story

MentionOf = Callable[[str], tuple[str, str] | None]
"""From "name" or "name@host", lower case, to (address of the profile, acct), or nothing."""
TagHref = Callable[[str], str]
"""From a hashtag in normal form to the address of its page."""

_NOT_IN_NOTES: Final = ("heading", "lheading", "hr", "image", "code", "reference")
# Mastodon shows line ends as they are, so none may stand between blocks.
_LINE_AFTER_BLOCK = re.compile(
    r"(</?(?:p|ul|ol|li|blockquote|pre|h[2-4]|table|thead|tbody|tr|th|td|hr)(?: [^<>]*)?>)\n"
)
_HASHTAG_CLASS = 'class="mention hashtag" rel='


class Rendered(msgspec.Struct, frozen=True):
    """HTML and whom and what it names.

    `mentions` are (acct, address) as `mention_of` gave them, `hashtags` in normal form; both in
    order, once each.
    """

    html: str
    mentions: tuple[tuple[str, str], ...]
    hashtags: tuple[str, ...]


def markdown(source: str, *, story: bool, media: str = "") -> str:
    """`source` as safe HTML, mentions and hashtags left as text.

    `media` is the beginning of the addresses of our own pictures; other pictures become links.
    """
    return _html(_parser(story).parse(source), story, media)


def render(
    source: str, *, story: bool, mention_of: MentionOf, tag_href: TagHref, media: str = ""
) -> Rendered:
    """`source` as safe HTML, hashtags linked, and mentions where `mention_of` knows whom."""
    tokens = _parser(story).parse(source)
    mentions: dict[tuple[str, str], None] = {}
    hashtags: dict[str, None] = {}
    for token in _entities(tokens):
        if token.type == "hashtag":
            token.meta["href"] = tag_href(token.meta["tag"])
            hashtags[token.meta["tag"]] = None
        elif (found := mention_of(token.meta["key"])) is not None:
            token.meta["href"], token.meta["acct"] = found
            mentions[found[1], found[0]] = None
    return Rendered(_html(tokens, story, media), tuple(mentions), tuple(hashtags))


def find_mentions(source: str) -> list[str]:
    """Who a text names: "name" or "name@host" in lower case, in order, once each.

    Read as a note: what only a story would hide (a title, say) is still found.
    """
    found = (token.meta.get("key") for token in _entities(_parser(False).parse(source)))
    return list(dict.fromkeys(filter(None, found)))


def find_hashtags(source: str) -> list[str]:
    """The hashtags of a text in normal form, in order, once each."""
    found = (token.meta.get("tag") for token in _entities(_parser(False).parse(source)))
    return list(dict.fromkeys(filter(None, found)))


def _entities(tokens: Sequence[Token]) -> Iterator[Token]:
    for block in tokens:
        for token in block.children or ():
            if token.type in ("mention", "hashtag"):
                yield token


def _html(tokens: list[Token], story: bool, media: str) -> str:
    parser = _parser(story)
    html = parser.renderer.render(tokens, parser.options, {"media": media})
    html = _LINE_AFTER_BLOCK.sub(r"\1", html).strip()
    html = sanitise_story(html, media) if story else sanitise(html)
    return html.replace(f'{_HASHTAG_CLASS}"{LINK_REL}"', f'{_HASHTAG_CLASS}"tag"')


@cache
def _parser(story: bool) -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "breaks": not story}).enable("strikethrough")
    if story:
        md.enable("table")
    else:
        md.disable(list(_NOT_IN_NOTES))
    for part in (addresses, emphasis, entities):
        part.install(md)
    for name, rule in _RULES.items():
        md.add_render_rule(name, rule)
    return md


def _mention(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    if "href" not in token.meta:
        return escape(token.content, quote=False)
    name = token.meta["acct"].partition("@")[0]
    link = f'<a href="{escape(token.meta["href"])}" class="u-url mention">'
    return f'<span class="h-card">{link}@<span>{escape(name)}</span></a></span>'


def _hashtag(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    if "href" not in token.meta:
        return escape(token.content, quote=False)
    link = f'<a href="{escape(token.meta["href"])}" class="mention hashtag" rel="tag">'
    return f"{link}#<span>{escape(token.content[1:])}</span></a>"


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """One of our own pictures; another's is a link, so that no reader's visit is told elsewhere."""
    source, alt = str(tokens[at].attrs["src"]), tokens[at].content
    if own_picture(source, env["media"]):
        return f'<img src="{escape(source)}" alt="{escape(alt)}">'
    return f'<a href="{escape(source)}">{escape(alt or source)}</a>'


def _heading(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """h2 to h4: the title of the story is the h1 of its page, so `#` and `##` mean the same."""
    level = min(max(int(tokens[at].tag[1]), 2), 4)
    return f"<h{level}>" if tokens[at].nesting == 1 else f"</h{level}>\n"


def _softbreak(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return "<br>" if options["breaks"] else "\n"


def _hardbreak(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return "<br>"


_RULES = {
    "mention": _mention,
    "hashtag": _hashtag,
    "image": _image,
    "heading_open": _heading,
    "heading_close": _heading,
    "softbreak": _softbreak,
    "hardbreak": _hardbreak,
}
