"""Posts: Status, StatusSource, StatusEdit, Poll, Tag."""

import json
from html import escape
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import msgspec

from server import text
from server.ids import created_ms
from server.model import Account, App, Post, PostView, Quoted, Revision, Site
from server.services import bylines, permissions
from web import entities
from web.present.accounts import account, mention
from web.present.attachments import card, media, preview_card
from web.present.polls import poll
from web.present.quotes import approval, asked, shallow_quote
from web.present.values import VISIBILITY, emojis, id_or_none, moment, tag, when, when_or_none

EXCERPT_CHARS: Final = 500
"""Of a story without a lead; the rest is behind its link."""


def status(site: Site, view: PostView, *, viewer_id: int | None, now_ms: int) -> entities.Status:
    """Status, or the Status that wraps the boosted one."""
    changing = {**counts(view.post), **opinions(view)}
    shared = {**shared_status(site, view), **personal(site, view, viewer_id, now_ms)}
    may = approval(view.post, viewer_id, close=view.close)
    inner = cast(entities.Status, {**shared, **changing, "quote_approval": may})
    if viewer_id is not None and view.post.author_id == viewer_id:
        inner["pinned"] = view.post.pinned_ms is not None
    if view.booster is None:
        return inner
    around = boost(site, view.post, view.booster, view.entry_id)
    return cast(entities.Status, {**around, **changing, "quote_approval": may, "reblog": inner})


def shared_status(site: Site, view: PostView) -> entities.SharedStatus:
    """Of a Status all that is the same for every viewer, and changes with its version alone.

    What `personal` adds is empty in it.
    """
    post = view.post
    pictures = [one for one in view.media if one.kind != "link"]
    reply_to = view.reply_to_author
    shared: entities.SharedStatus = {
        "id": str(post.id),
        "uri": post.uri,
        "url": post.url or post.uri,
        "created_at": when(post.published_ms),
        "edited_at": when_or_none(post.edited_ms),
        "in_reply_to_id": id_or_none(post.reply_to_id),
        "in_reply_to_account_id": id_or_none(reply_to.id if reply_to else None),
        "sensitive": view.sensitive,
        "spoiler_text": post.warning,
        "visibility": VISIBILITY[post.visibility],
        "language": post.language or None,
        "content": content(site, post),
        "reblog": None,
        "application": application(view.app),
        "account": account(site, view.author),
        "media_attachments": [media(site, one) for one in pictures],
        "mentions": [mention(one) for one in view.mentions],
        "tags": [tag(site, name) for name in json.loads(post.tags)],
        "emojis": emojis(site, post.emojis),
        "card": link_card(site, view),
        "poll": None,
        "quote": None,
    }
    if post.secret:
        shared["secret"] = True
    if post.permits:
        shared["interaction_policy"] = interaction_policy(post)
    return shared


def interaction_policy(post: Post) -> entities.InteractionPolicy:
    """Who may do what with a post, in the words of GoToSocial's API."""
    permits = permissions.of(post)

    def rule(said: permissions.Said | None, *always: str) -> entities.InteractionRule:
        if said is None:
            return {"always": ["public"], "with_approval": []}
        return {"always": [*always, *said.yes], "with_approval": list(said.ask)}

    return {
        "can_favourite": rule(permits.like, "author"),
        "can_reply": rule(permits.reply, "author", "mentioned"),
        "can_reblog": rule(permits.boost, "author"),
    }


def special(view: PostView) -> bool:
    """Whether something in the body of this Status differs from viewer to viewer: see `personal`.

    Such a Status is never kept as JSON for all (web/api/fragments.py).
    """
    post = view.post
    if post.kind == "question" or post.quote_state:
        return True
    return bool(post.local) and asked(post) == "followers"


def personal(site: Site, view: PostView, viewer_id: int | None, now_ms: int) -> dict[str, Any]:
    """Those parts of a Status's body that depend on who looks, where it has any."""
    answer: dict[str, Any] = {}
    if view.post.kind == "question":
        answer["poll"] = poll(view, viewer_id, now_ms)
    if view.quoted is not None:
        answer["quote"] = quote(site, view.quoted, viewer_id, now_ms)
    return answer


def quote(site: Site, quoted: Quoted, viewer_id: int | None, now_ms: int) -> entities.Quote:
    """Quote with the Status that is quoted, in which a further one is only named."""
    if quoted.shallow:
        return shallow_quote(quoted)
    if quoted.view is None:
        return {"state": quoted.state, "quoted_status": None}
    shown = status(site, quoted.view, viewer_id=viewer_id, now_ms=now_ms)
    return {"state": quoted.state, "quoted_status": shown}


def link_card(site: Site, view: PostView) -> entities.PreviewCard | None:
    """What is known of the page to which a post links: read by us, or said by its server."""
    if view.preview is not None:
        return preview_card(site, view.preview)
    return next((card(one) for one in view.media if one.kind == "link"), None)


def counts(post: Post) -> entities.Counts:
    """The part of a Status that changes without a new version."""
    return {
        "replies_count": post.replies,
        "reblogs_count": post.boosts,
        "favourites_count": post.likes,
        "quotes_count": post.quotes,
    }


def opinions(view: PostView) -> entities.Opinions:
    """The part of a Status that differs from viewer to viewer."""
    return {
        "favourited": view.liked,
        "reblogged": view.boosted,
        "muted": view.muted,
        "bookmarked": view.bookmarked,
        "filtered": [],
    }


def application(app: App | None) -> entities.Application | None:
    """With what the post was written, where an app did it."""
    return None if app is None else {"name": app.name, "website": app.website or None}


def boost(site: Site, post: Post, booster: Account, entry_id: int) -> entities.SharedStatus:
    """The Status around a boosted one, without its counts, opinions and `reblog`.

    Its `uri` is the Announce's where the boost is ours, and only a name where it is a stranger's.
    """
    return {
        "id": str(entry_id),
        "uri": f"{site.origin}/activities/{entry_id}",
        "url": post.url or post.uri,
        "created_at": when(created_ms(entry_id)),
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": bool(post.sensitive),
        "spoiler_text": post.warning,
        "visibility": VISIBILITY[post.visibility],
        "language": post.language or None,
        "content": "",
        "reblog": None,
        "application": None,
        "account": account(site, booster),
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
        "quote": None,
    }


def content(site: Site, post: Post) -> str:
    """The HTML that an app shows. A story is its title, its lead or beginning, and its link."""
    if not post.title or post.kind == "note":
        return bylines.told(post)
    parts = [f"<p><strong>{escape(post.title)}</strong></p>"]
    if post.kind == "event":
        parts.append(_time_and_place(site, json.loads(post.extra)))
    if name := bylines.of(post):
        parts.append(f"<p>✍ {escape(name)}</p>")
    parts.append(post.lead or _beginning(post.content))
    if post.url:
        parts.append(f'<p><a href="{escape(post.url)}">{escape(post.url)}</a></p>')
    return "".join(parts)


def _time_and_place(site: Site, extra: dict[str, Any]) -> str:
    """When an event begins, in the city's time, and where it is."""
    starts_ms, facts = extra.get("starts_ms"), [extra.get("location")]
    if starts_ms is not None:
        facts.insert(0, f"{moment(starts_ms, ZoneInfo(site.timezone)):%Y-%m-%d %H:%M}")
    known = [escape(fact) for fact in facts if fact]
    return f"<p>{'<br>'.join(known)}</p>" if known else ""


def _beginning(html: str) -> str:
    """`html` where it is short, else its first words."""
    if len(text.plain(html)) <= EXCERPT_CHARS:
        return html
    return f"<p>{escape(text.excerpt(html, EXCERPT_CHARS))}</p>"


def source(post: Post) -> entities.StatusSource:
    """StatusSource: what the author typed. `title` and `lead` are ours, empty for a note."""
    return {
        "id": str(post.id),
        "text": post.source,
        "spoiler_text": post.warning,
        "title": post.title,
        "lead": text.plain(post.lead),
    }


def edit(site: Site, view: PostView, said: Revision) -> entities.StatusEdit:
    """StatusEdit: what a post said at one time; pictures are the ones it has now."""
    post = msgspec.structs.replace(
        view.post, title=said.title, lead=said.lead, content=said.content
    )
    return {
        "content": content(site, post),
        "spoiler_text": said.warning,
        "sensitive": bool(post.sensitive),
        "created_at": when(said.written_ms),
        "account": account(site, view.author),
        "media_attachments": [media(site, one) for one in view.media if one.kind != "link"],
        "emojis": emojis(site, post.emojis),
    }
