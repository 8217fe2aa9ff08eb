"""Something written or shown, read from a stranger's document. AS2 Vocabulary §3.3."""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from federation import policies
from federation.attachments import attachments
from federation.errors import Gone, Malformed
from federation.readers import (
    audience,
    count_or_none,
    cut,
    first,
    id_or_none,
    many,
    require_id,
    text_or_none,
    time_ms,
    type_or_none,
    uri_or_none,
)
from federation.vocab import OBJECT_TYPES, PUBLIC, Emoji, Object, Option

MAX_CONTENT_BYTES: Final = 100_000
MAX_NAME_CHARS: Final = 1_000
MAX_TAGS: Final = 100
MAX_TAG_CHARS: Final = 100
MAX_OPTIONS: Final = 20
MAX_LINKS: Final = 64

NOTE_LIKE: Final = frozenset({"Note", "Question"})
"""Types whose `summary` is a content warning; for the others it is the lead."""

_QUOTES: Final = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_MARKDOWN: Final = frozenset({"text/markdown", "text/x.markdown"})
_PLAIN: Final = _MARKDOWN | {"text/plain"}
_ADDRESS_LINES: Final = (
    "streetAddress",
    "postalCode",
    "addressLocality",
    "addressRegion",
    "addressCountry",
)


def object_(raw: dict[str, Any]) -> Object:
    """An object of `OBJECT_TYPES`; `id` and `attributedTo` are required.

    Texts, tags and attachments beyond the limits above are left out. `url` is "" where the peer
    names none. Raises `Gone` for a Tombstone and `Malformed` for what cannot be used.
    """
    kind = type_or_none(raw.get("type"), OBJECT_TYPES)
    if kind == "Tombstone":
        raise Gone("a tombstone")
    if kind not in OBJECT_TYPES:
        raise Malformed(f"not a kind of object that we show: {kind}")
    summary = _text(raw, "summary")
    warned = kind in NOTE_LIKE or raw.get("sensitive") is True
    mentions, hashtags = _mentions(raw), _hashtags(raw)
    return Object(
        id=require_id(raw, "id"),
        type=kind,
        attributed_to=_author(raw.get("attributedTo")),
        name=_text(raw, "name")[:MAX_NAME_CHARS],
        content=_content(raw),
        source=_source(raw),
        lead="" if warned else summary,
        warning=summary if warned else "",
        sensitive=raw.get("sensitive") is True,
        language=_language(raw),
        url=page_url(raw.get("url")),
        in_reply_to=id_or_none(raw.get("inReplyTo")),
        context=id_or_none(raw.get("context")),
        to=audience(raw.get("to")),
        cc=audience(raw.get("cc")),
        audience=next((uri for uri in audience(raw.get("audience")) if uri != PUBLIC), None),
        attachments=attachments(raw, kind),
        mentions=mentions,
        hashtags=hashtags,
        emojis=emojis(raw),
        options=_options(raw),
        multiple=bool(many(raw.get("anyOf"))),
        ends_ms=_ends_ms(raw),
        voters=count_or_none(raw.get("votersCount")),
        starts_ms=time_ms(raw.get("startTime")),
        location=_location(raw.get("location")),
        replies=id_or_none(raw.get("replies")),
        quote=_quote(raw),
        authorization=id_or_none(raw.get("quoteAuthorization")),
        quotable=_approved(raw, "automaticApproval", "always"),
        askable=_approved(raw, "manualApproval", "approvalRequired") or (),
        policy=policies.read(raw),
        approval=id_or_none(raw.get("replyAuthorization")) or id_or_none(raw.get("approvedBy")),
        published_ms=time_ms(raw.get("published")),
        updated_ms=time_ms(raw.get("updated")),
        raw=raw,
    )


def _quote(raw: dict[str, Any]) -> str | None:
    """What it quotes: FEP-044f, and what others wrote before that."""
    return next((uri for name in _QUOTES if (uri := id_or_none(raw.get(name)))), None)


def _approved(raw: dict[str, Any], name: str, before: str) -> tuple[str, ...] | None:
    """Who may quote it, under one name of the policy or what GoToSocial wrote `before`."""
    rules = raw.get("interactionPolicy")
    rule = rules.get("canQuote") if isinstance(rules, dict) else None
    if not isinstance(rule, dict):
        return None
    return audience(rule.get(name) or rule.get(before))


def _author(value: Any) -> str:
    """Who wrote it. PeerTube names a person and a channel: the person counts."""
    people = [
        item for item in many(value) if isinstance(item, dict) and item.get("type") == "Person"
    ]
    found = id_or_none(people) or id_or_none(value)
    if found is None:
        raise Malformed("no usable attributedTo")
    return found


def _text(raw: dict[str, Any], name: str) -> str:
    """The text under `name`, or its first translation under `nameMap`."""
    return cut(text_or_none(raw.get(name)) or _first_of(raw.get(f"{name}Map")), MAX_CONTENT_BYTES)


def _first_of(translations: Any) -> str:
    """The first text of a language map, "" without one."""
    if not isinstance(translations, dict):
        return ""
    return next((text for value in translations.values() if (text := text_or_none(value))), "")


def _content(raw: dict[str, Any]) -> str:
    """`content` as HTML; Markdown and plain text become paragraphs without markup."""
    content = _text(raw, "content")
    if text_or_none(raw.get("mediaType")) not in _PLAIN:
        return content
    blocks = re.split(r"\n\s*\n", content.replace("\r\n", "\n").strip())
    lines = (html.escape(block, quote=False).replace("\n", "<br>") for block in blocks if block)
    return cut("".join(f"<p>{line}</p>" for line in lines), MAX_CONTENT_BYTES)


def _source(raw: dict[str, Any]) -> str:
    """The Markdown its author typed, "" where the peer does not tell or uses another markup."""
    source = raw.get("source")
    if isinstance(source, dict) and text_or_none(source.get("mediaType")) in _MARKDOWN:
        return _text(source, "content")
    return _text(raw, "content") if text_or_none(raw.get("mediaType")) in _MARKDOWN else ""


def _language(raw: dict[str, Any]) -> str:
    """A BCP 47 tag, or "": Mastodon's first key of `contentMap`, Lemmy's `language.identifier`."""
    translations = raw.get("contentMap")
    language = first(raw.get("language"))
    candidates = (
        next(iter(translations), None) if isinstance(translations, dict) else None,
        language.get("identifier") if isinstance(language, dict) else language,
        raw.get("inLanguage"),
    )
    return next((tag for value in candidates if (tag := _language_tag(value))), "")


def _language_tag(value: Any) -> str:
    """A tag that names a language, else ""; "und" says that it names none."""
    if not isinstance(value, str) or value == "und" or not _LANGUAGE.fullmatch(value):
        return ""
    return value


def page_url(value: Any) -> str:
    """Where people read it: the address of type text/html, or else the first. "" without one."""
    links = [link for link in many(value)[:MAX_LINKS] if not isinstance(link, list)]
    pages = [
        link for link in links if isinstance(link, dict) and link.get("mediaType") == "text/html"
    ]
    found = (
        uri_or_none(link.get("href") if isinstance(link, dict) else link) for link in pages + links
    )
    return next((uri for uri in found if uri), "")


def _tags(raw: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """The tags of one type, of the first `MAX_TAGS`."""
    for tag in many(raw.get("tag"))[:MAX_TAGS]:
        if isinstance(tag, dict) and type_or_none(tag.get("type")) == kind:
            yield tag


def _mentions(raw: dict[str, Any]) -> tuple[str, ...]:
    """The actors who are mentioned, once each."""
    found = (uri_or_none(tag.get("href")) for tag in _tags(raw, "Mention"))
    return tuple(dict.fromkeys(uri for uri in found if uri))


def _hashtags(raw: dict[str, Any]) -> tuple[str, ...]:
    """The hashtags as `normal_tag` writes them, once each."""
    found = (normal_tag(text_or_none(tag.get("name")) or "") for tag in _tags(raw, "Hashtag"))
    return tuple(dict.fromkeys(name for name in found if name))


def normal_tag(name: str) -> str:
    """A hashtag without its sign, NFKC, in lower case; "" for what is none or too long."""
    name = unicodedata.normalize("NFKC", name.strip().lstrip("#＃")).lower()
    return name if len(name) <= MAX_TAG_CHARS and not re.search(r"[\s#<>\"]", name) else ""


def emojis(raw: dict[str, Any]) -> tuple[Emoji, ...]:
    """The custom emojis of a document, once each."""
    found: dict[str, Emoji] = {}
    for tag in _tags(raw, "Emoji"):
        icon = first(tag.get("icon"))
        url = page_url(icon.get("url") if isinstance(icon, dict) else icon)
        name = (text_or_none(tag.get("name")) or "").strip(":")
        if url and re.fullmatch(r"[\w.+-]{1,100}", name):
            found.setdefault(name, Emoji(name, url))
    return tuple(found.values())


def _options(raw: dict[str, Any]) -> tuple[Option, ...]:
    """The answers of a poll in their order."""
    answers = (many(raw.get("anyOf")) or many(raw.get("oneOf")))[:MAX_OPTIONS]
    found = (_option(answer) for answer in answers if isinstance(answer, dict))
    return tuple(option for option in found if option.name)


def _option(answer: dict[str, Any]) -> Option:
    """One answer. Its votes are unknown while its `replies` are left out."""
    replies = answer.get("replies")
    votes = count_or_none(replies.get("totalItems")) if isinstance(replies, dict) else None
    return Option(_text(answer, "name")[:MAX_NAME_CHARS], votes)


def _ends_ms(raw: dict[str, Any]) -> int | None:
    """When it ends; a poll may only say when it was `closed`."""
    ends = time_ms(raw.get("endTime"))
    return time_ms(raw.get("closed")) if ends is None else ends


def _location(value: Any) -> str:
    """Name and postal address of the first place in one line. Mobilizon, FEP-8a8e."""
    place = first(value)
    if not isinstance(place, dict):
        return (text_or_none(place) or "")[:MAX_NAME_CHARS]
    address = place.get("address")
    lines = [text_or_none(place.get("name"))]
    if isinstance(address, dict):
        lines += [text_or_none(address.get(line)) for line in _ADDRESS_LINES]
    else:
        lines.append(text_or_none(address))
    return ", ".join(dict.fromkeys(line for line in lines if line))[:MAX_NAME_CHARS]
