"""Notes and articles of ours, as they look on the wire. AS2 Vocabulary §3.3; Mastodon, Lemmy."""

from typing import Any

import msgspec

from federation import policies
from federation.terms import iso, language
from federation.vocab import PUBLIC, Attachment, Option, Policy, Poll


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """A note or an article as its author wants it read.

    `content` and `lead` are sanitised HTML, `source` is Markdown, `warning` plain text. `mentions`
    are pairs of `@name@host` and actor id, `hashtags` of the tag without its sign and its page.
    `likes` and `shares` are counts; times are milliseconds UTC. `quote` is the id of what it
    quotes, `authorization` of the stamp that allows it; `quotable` are those who may quote it.
    `policy` says who may like, answer and announce it; `approval` is the stamp of a reply.
    `audience` is the group in which it stands, `link` the page that it is about.
    """

    uri: str
    url: str
    author: str
    content: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    published_ms: int
    title: str = ""
    lead: str = ""
    source: str = ""
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    in_reply_to: str | None = None
    context: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[tuple[str, str], ...] = ()
    hashtags: tuple[tuple[str, str], ...] = ()
    updated_ms: int | None = None
    likes: int = 0
    shares: int = 0
    quote: str = ""
    authorization: str = ""
    quotable: tuple[str, ...] = (PUBLIC,)
    policy: Policy = Policy()
    approval: str = ""
    audience: str = ""
    link: str = ""


def note(writing: Writing) -> dict[str, Any]:
    """A note; `warning` is its summary. AS2 Vocabulary §3.3; Mastodon, GoToSocial."""
    body = _writing(writing, "Note")
    body["sensitive"] = writing.sensitive or bool(writing.warning)
    body["attachment"] = [_attachment(one, "Document") for one in writing.attachments]
    if writing.warning:
        body["summary"] = writing.warning
    return body


def question(writing: Writing, poll: Poll) -> dict[str, Any]:
    """A note with a poll. Votes that are not to be told are left out. Mastodon.

    The thread of a forum that asks something has a name as well. PieFed
    """
    body = note(writing) | {"type": "Question"}
    if writing.title:
        body["name"] = writing.title
    body["anyOf" if poll.multiple else "oneOf"] = [_option(option) for option in poll.options]
    if poll.ends_ms is not None:
        body["endTime"] = iso(poll.ends_ms)
        if poll.closed:
            body["closed"] = iso(poll.ends_ms)
    if poll.voters is not None:
        body["votersCount"] = poll.voters
    return body


def _option(option: Option) -> dict[str, Any]:
    """An answer, with its votes as a collection of which only the size is told."""
    body: dict[str, Any] = {"type": "Note", "name": option.name}
    if option.votes is not None:
        body["replies"] = {"type": "Collection", "totalItems": option.votes}
    return body


def vote(uri: str, actor: str, answer: str, *, question: str, author: str) -> dict[str, Any]:
    """The Create of a vote: a Note with a name and nothing said, for the author alone. Mastodon."""
    return {
        "id": f"{uri}/activity",
        "type": "Create",
        "actor": actor,
        "to": [author],
        "cc": [],
        "object": {
            "id": uri,
            "type": "Note",
            "attributedTo": actor,
            "to": [author],
            "cc": [],
            "name": answer,
            "inReplyTo": question,
        },
    }


def article(writing: Writing) -> dict[str, Any]:
    """A titled story. Mastodon shows name, `summary` and link; FEP-b2b8 readers the whole.

    A warning stands in for the lead and makes it sensitive: peers have one `summary` for both.
    """
    body = _writing(writing, "Article")
    body["name"] = writing.title
    body["sensitive"] = writing.sensitive or bool(writing.warning)
    body["attachment"] = [_attachment(one, "Image") for one in writing.attachments]
    pictures = [one for one in writing.attachments if one.kind == "image"]
    if pictures:
        body["image"] = _attachment(pictures[0], "Image")
    if writing.warning or writing.lead:
        body["summary"] = writing.warning or writing.lead
    if writing.lead and not writing.warning:
        preview = {"type": "Note", "attributedTo": writing.author, "content": writing.lead}
        body["preview"] = preview | {"published": iso(writing.published_ms)}
    return body


def page(writing: Writing) -> dict[str, Any]:
    """A thread of a forum. Lemmy takes the first attachment as what the thread is about."""
    body = article(writing) | {"type": "Page"}
    if writing.link:
        body["attachment"] = [{"type": "Link", "href": writing.link}, *body["attachment"]]
    return body


def _writing(writing: Writing, kind: str) -> dict[str, Any]:
    """What notes and articles have in common."""
    body: dict[str, Any] = {
        "id": writing.uri,
        "type": kind,
        "attributedTo": writing.author,
        "to": list(writing.to),
        "cc": list(writing.cc),
        "content": writing.content,
        "mediaType": "text/html",
        "url": writing.url,
        "published": iso(writing.published_ms),
        "tag": _tags(writing),
        "replies": _replies(f"{writing.uri}/replies"),
        "likes": _count(f"{writing.uri}/likes", writing.likes),
        "shares": _count(f"{writing.uri}/shares", writing.shares),
    }
    return body | _optional(writing)


def _optional(writing: Writing) -> dict[str, Any]:
    """What is there only when it says something."""
    body: dict[str, Any] = {}
    if writing.in_reply_to:
        body["inReplyTo"] = writing.in_reply_to
    if writing.context:
        body["context"] = writing.context
    if writing.audience:
        body["audience"] = writing.audience
    if writing.updated_ms is not None:
        body["updated"] = iso(writing.updated_ms)
    if writing.source:
        body["source"] = {"content": writing.source, "mediaType": "text/markdown"}
    if writing.language:
        body["contentMap"] = {writing.language: writing.content}
        body["language"] = language(writing.language)
    if PUBLIC in (*writing.to, *writing.cc):
        body["interactionPolicy"] = {
            **policies.build(writing.policy),
            "canQuote": {"automaticApproval": list(writing.quotable)},
        }
    return body | _allowed(writing) | _quote(writing)


def _allowed(writing: Writing) -> dict[str, str]:
    """What allows it as an answer, under both names. GoToSocial"""
    stamp = writing.approval
    return {"replyAuthorization": stamp, "approvedBy": stamp} if stamp else {}


def _quote(writing: Writing) -> dict[str, Any]:
    """What it quotes, under every name by which others know it. FEP-044f."""
    if not writing.quote:
        return {}
    names = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")
    stamp = {"quoteAuthorization": writing.authorization} if writing.authorization else {}
    return dict.fromkeys(names, writing.quote) | stamp


def _tags(writing: Writing) -> list[dict[str, str]]:
    """Mentions, then hashtags."""
    people = [mention(acct, href) for acct, href in writing.mentions]
    return people + [hashtag(name, href) for name, href in writing.hashtags]


def mention(acct: str, href: str) -> dict[str, str]:
    """A mention of `@name@host`, whose id is `href`. AS2 Vocabulary §5.6."""
    return {"type": "Mention", "name": acct, "href": href}


def hashtag(name: str, href: str) -> dict[str, str]:
    """A hashtag, its `name` without the sign, and its page."""
    return {"type": "Hashtag", "name": f"#{name}", "href": href}


def _attachment(attachment: Attachment, picture: str) -> dict[str, Any]:
    """A picture as `picture`, anything else as Document: Lemmy knows no Video and no Audio."""
    if attachment.kind == "link":
        return {"type": "Link", "href": attachment.url}
    body: dict[str, Any] = {
        "type": picture if attachment.kind == "image" else "Document",
        "url": attachment.url,
    }
    told = {
        "mediaType": attachment.media_type,
        "name": attachment.alt,
        "width": attachment.width,
        "height": attachment.height,
        "blurhash": attachment.blurhash,
    }
    body |= {name: value for name, value in told.items() if value}
    if attachment.seconds:
        body["duration"] = f"PT{attachment.seconds:.3f}S"
    if attachment.preview:
        icon = {"type": "Image", "mediaType": attachment.preview.media_type}
        body["icon"] = {**icon, "url": attachment.preview.url}
    if attachment.focus:
        body["focalPoint"] = list(attachment.focus)
    return body


def _replies(uri: str) -> dict[str, Any]:
    """The replies, whose first page is read at `?page=1`."""
    page = {"type": "CollectionPage", "partOf": uri, "next": f"{uri}?page=1", "items": []}
    return {"id": uri, "type": "Collection", "first": page}


def _count(uri: str, total: int) -> dict[str, Any]:
    """A collection of which only the size is told."""
    return {"id": uri, "type": "Collection", "totalItems": total}
