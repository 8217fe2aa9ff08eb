"""What a push says, as Mastodon's apps expect it.

docs.joinmastodon.org/methods/push
"""

from typing import Any, Final

import msgspec

from federation.webpush import MAX_PLAIN_BYTES
from server import text
from server.model import Post, Site
from server.services.notifications import Notice
from web import i18n
from web.i18n import N_
from web.present.values import address

MAX_BODY: Final = 140  # characters
MAX_NAME: Final = 60
OTHER: Final = N_("News from %(name)s")
TITLES: Final = {
    "mention": N_("%(name)s mentioned you"),
    "status": N_("%(name)s wrote something"),
    "reblog": N_("%(name)s boosted your post"),
    "follow": N_("%(name)s follows you"),
    "follow_request": N_("%(name)s would like to follow you"),
    "favourite": N_("%(name)s likes your post"),
    "poll": N_("A poll of %(name)s has ended"),
    "update": N_("%(name)s changed a post"),
    "quote": N_("%(name)s quoted your post"),
    "quoted_update": N_("%(name)s changed a post that you quoted"),
    "admin.sign_up": N_("%(name)s signed up"),
    "admin.report": N_("%(name)s sent a report"),
}


def push(site: Site, notice: Notice, post: Post | None, language: str, token: str) -> bytes:
    """The message as JSON, in the member's language; without the icon where that is too long.

    By their own `token` apps with several accounts know whose it is.
    """
    offered = [code for code in site.languages if code in i18n.available()]
    spoken = language if language in i18n.available() else next(iter(offered), "en")
    told, who = notice.notification, notice.account
    words: dict[str, Any] = {
        "access_token": token,
        "preferred_locale": spoken,
        "notification_id": told.id,
        "notification_type": told.kind,
        "icon": address(site, who.avatar or "/static/avatar.png"),
        "title": _title(told.kind, text.excerpt(who.shown_name, MAX_NAME), spoken),
        "body": _body(notice, post),
    }
    sent = msgspec.json.encode(words)
    return sent if len(sent) <= MAX_PLAIN_BYTES else msgspec.json.encode({**words, "icon": ""})


def _title(kind: str, name: str, language: str) -> str:
    sentence = i18n.translations(language).gettext(TITLES.get(kind, OTHER))
    return sentence % {"name": name}


def _body(notice: Notice, post: Post | None) -> str:
    """What the post says, its warning where it has one; else who it is."""
    if post is None:
        return text.excerpt(notice.account.bio, MAX_BODY)
    return text.excerpt(post.warning or post.title or post.content, MAX_BODY)
