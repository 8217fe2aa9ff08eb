"""Our rows as the documents that peers read."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import quote

import msgspec

from federation import build
from federation.audience import addressed
from federation.vocab import PUBLIC, Attachment, Image, Option, Policy, Poll
from server import text
from server.errors import NotFound
from server.model import Account, Community, Media, Post, PostView, Site
from server.services import (
    bylines,
    contexts,
    permissions,
    polls,
    profile_links,
    quotes,
    stamps,
    timelines,
)
from server.services.media import about
from server.store import accounts, communities
from server.store.db import Read

PREVIEWED: Final = {"webp": "image/webp", "png": "image/png", "jpg": "image/jpeg"}


def written(site: Site, view: PostView) -> dict[str, Any]:
    """A post of ours as a Note, a Question or an Article, without `@context`.

    Raises `NotFound` for a secret comment, whoever asks: it has no document.
    """
    post, author = view.post, view.author
    if post.secret:
        raise NotFound("There is no such post.")
    people = _addressed(view)
    hearers = [a.uri for a in people]
    if post.open and view.quoted and view.quoted.view and view.quoted.view.author.id != author.id:
        hearers.append(view.quoted.view.author.uri)  # or they could not revoke it
    to, cc = addressed(post.visibility, author.followers_uri, hearers)
    group = view.community if post.open else None
    named = [(f"@{full_acct(site, a)}", a.uri) for a in people]
    if group is not None:  # whoever answers from Mastodon then addresses the group as well
        to = (group.uri, *to)
        named.append((f"@{full_acct(site, group)}", group.uri))
    writing = build.Writing(
        uri=post.uri,
        url=post.url,
        author=author.uri,
        content=bylines.told(post),
        to=to,
        cc=cc,
        published_ms=post.published_ms,
        title=post.title,
        lead=post.lead,
        source=post.source,
        warning=post.warning,
        sensitive=view.sensitive,
        language=post.language,
        in_reply_to=post.reply_to_uri,
        context=contexts.of_ours(site, post),
        attachments=tuple(attachment(site, media) for media in view.media),
        mentions=tuple(named),
        hashtags=tuple((tag, tag_href(site, tag)) for tag in msgspec.json.decode(post.tags)),
        updated_ms=post.edited_ms,
        likes=post.likes,
        shares=post.boosts,
        quote=post.quote_uri if post.quote_state in ("accepted", "pending") else "",
        authorization=_authorization(site, view),
        quotable=_QUOTABLE[quotes.policy(post)](author),
        policy=_policy(view, people),
        approval=post.reply_stamp,
        audience=group.uri if group else "",
        link=view.forum.link if view.forum else "",
    )
    asked = polls.of(post)
    if asked is not None:
        return build.question(writing, _poll(asked))
    return _BUILD.get(post.kind, build.note)(writing)


def _policy(view: PostView, people: Sequence[Account]) -> Policy:
    locked = view.forum is not None and view.forum.locked_ms is not None
    return permissions.told(view.post, view.author, people, locked=locked)


def _addressed(view: PostView) -> tuple[Account, ...]:
    """Whom it names, and the stranger whom it answers: Mastodon tells only those who are named."""
    answered = view.reply_to_author if view.post.open else None
    if answered is None or answered.local or answered.id in {one.id for one in view.mentions}:
        return view.mentions
    return (*view.mentions, answered)


_BUILD: Final = {"article": build.article, "page": build.page}


def _poll(poll: polls.Poll) -> Poll:
    """A poll of ours; counts that are hidden until its end are not in it before."""
    hidden = poll.hidden and not poll.closed
    return Poll(
        options=tuple(Option(name, None if hidden else votes) for name, votes in poll.options),
        multiple=poll.multiple,
        ends_ms=poll.ends_ms,
        voters=poll.voters,
        closed=poll.closed,
    )


_QUOTABLE: Final[dict[str, Callable[[Account], tuple[str, ...]]]] = {
    "public": lambda author: (PUBLIC,),
    "followers": lambda author: (author.followers_uri,),
    "nobody": lambda author: (author.uri,),
}


def _authorization(site: Site, view: PostView) -> str:
    """The id of the stamp under a quote of ours: a stranger's, or that of another of ours."""
    if view.post.quote_stamp and view.post.quote_state == "accepted":
        return view.post.quote_stamp
    quoted = view.quoted.view if view.quoted else None
    if quoted is None or not quoted.author.local or quoted.author.id == view.author.id:
        return ""
    return stamps.quote_uri(site, view.post.id)


def by_post(db: Read, site: Site, post: Post) -> dict[str, Any]:
    """A post of ours as a document; the caller has decided that it may be read."""
    return written(site, timelines.by_post(db, None, [post.id])[post.id])


def collection(db: Read, site: Site, found: list[Post]) -> list[dict[str, Any]]:
    """Posts of ours as documents, in their order."""
    views = timelines.by_post(db, None, [p.id for p in found])
    return [written(site, views[p.id]) for p in found if p.id in views]


def attachment(site: Site, media: Media) -> Attachment:
    """A picture of ours (or one that a peer gave us the address of)."""
    return Attachment(
        url=f"{site.origin}/media/{media.large}" if media.large else media.remote_url,
        media_type=media.media_type,
        kind=media.kind,
        alt=media.alt,
        width=media.width or None,
        height=media.height or None,
        blurhash=media.blurhash,
        focus=(media.focus_x, media.focus_y) if media.focus_x or media.focus_y else None,
        seconds=about(media).seconds,
        preview=_preview(site, media),
    )


def _preview(site: Site, media: Media) -> Image | None:
    """What stands for a film or a sound; a picture stands for itself."""
    if media.kind == "image" or not media.small:
        return None
    return _image(f"{site.origin}/media/{media.small}", "")


def full_acct(site: Site, account: Account) -> str:
    """`name@domain`, for ours too."""
    return f"{account.name}@{account.domain or site.domain}"


def tag_href(site: Site, tag: str) -> str:
    """The page of a hashtag."""
    return f"{site.origin}/tags/{quote(tag)}"


def profile(db: Read, site: Site, account: Account) -> dict[str, Any]:
    """One of our actors as a document, without `@context`."""
    keys = accounts.keys(db, account.id)
    if keys is None:
        raise LookupError(f"{account.uri} has no keys")
    known = communities.by_id(db, account.id) if account.kind == "Group" else None
    described = build.Profile(
        uri=account.uri,
        url=account.url,
        acct=full_acct(site, account),
        shared_inbox=f"{site.origin}/inbox",
        pem=keys["rsa_public"],
        multibase=keys["ed25519_public"],
        published_ms=account.created_ms,
        name=account.shown_name,
        summary=account.bio,
        source=account.bio_source,
        icon=_image(account.avatar, account.avatar_description),
        image=_image(account.header, account.header_description),
        fields=(
            *((name, text.as_me(value)) for name, value, _ in profile_links.lines(account)),
            *(_lines_of_group(db, known) if known else ()),
        ),
        locked=bool(account.locked),
        bot=bool(account.bot),
        discoverable=bool(account.discoverable),
        indexable=bool(account.indexable),
        attribution_domains=tuple(msgspec.json.decode(account.attribution_domains)),
        show_media=bool(account.show_media),
        show_media_replies=bool(account.show_media_replies),
        show_featured=bool(account.show_featured),
        also_known_as=tuple(msgspec.json.decode(account.also_known_as)),
        moved_to=account.moved_to,
        **(_of_group(known) if known else {}),
    )
    if account.kind == "Application":
        return build.application(described)
    return build.group(described) if account.kind == "Group" else build.person(described)


def _of_group(known: Community) -> dict[str, Any]:
    """A neighbourhood passes on what is written here; in a blog, writers alone publish."""
    closed = known.kind == "neighbourhood" or known.posting == "writers"
    there = known.latitude is not None and known.longitude is not None
    point = (known.latitude, known.longitude) if there else None
    return {"closed": closed, "language": known.language, "place": known.place, "point": point}


def _lines_of_group(db: Read, known: Community) -> list[tuple[str, str]]:
    """Where a community lies, and its rules, as lines that Mastodon and many others show.

    Servers have no other words for them in common; signs are understood in every language.
    """
    parent = communities.by_id(db, known.parent_id) if known.parent_id else None
    found = [("📍", escape(known.place))] if known.place else []
    if parent is not None:
        found.append(("🏘", f'<a href="{escape(parent.url)}">{escape(parent.title)}</a>'))
    rules = msgspec.json.decode(known.rules, type=tuple[str, ...])
    return found + [(f"⚖ {number}", escape(rule)) for number, rule in enumerate(rules, 1)]


def _image(url: str, alt: str) -> Image | None:
    if not url:
        return None
    return Image(url, PREVIEWED.get(url.rpartition(".")[2], ""), alt)
