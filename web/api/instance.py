"""What this place is, and what it can do. docs.joinmastodon.org/methods/instance

The version reads like Mastodon's, because older apps decide by it what they offer. Newer ones look
at `api_versions.mastodon`: 1 until every endpoint of a higher version works here.
"""

from typing import Any, Final

from aiohttp import web

from server.config import VERSION
from server.films import MAX_FILM_PIXELS, MAX_FRAME_RATE
from server.model import Site
from server.services import accounts
from server.services.media import MAX_ALT
from server.services.polls import MAX_LENGTH_S, MAX_OPTION, MAX_OPTIONS, MIN_LENGTH_S
from server.services.posts import MAX_NOTE, MAX_PICTURES_OF_NOTE, MAX_PINS
from web import intake
from web.api.access import anybody
from web.api.answers import one
from web.api.shape import gives
from web.body import MAX_FILE_BYTES
from web.keys import DB, FILMS, NOW, SITE, VAPID_KEY, Viewer

routes = web.RouteTableDef()

MASTODON_VERSION: Final = f"4.6.0 (compatible; Madang {VERSION})"
API_VERSION: Final = 1
MAX_PIXELS: Final = 33_000_000


@routes.get("/api/v2/instance")
@anybody()
async def second(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Instance."""
    site = request.config_dict[SITE]
    facts = await request.config_dict[DB].read(accounts.facts, request.config_dict[NOW]())
    thumbnail = f"{site.origin}/static/header.png"
    return one(
        {
            "domain": site.domain,
            "title": site.name,
            "version": MASTODON_VERSION,
            "source_url": f"{site.origin}/about",
            "description": site.description or site.name,
            "usage": {"users": {"active_month": facts.active_month}},
            "thumbnail": {"url": thumbnail, "blurhash": None, "versions": {"@1x": thumbnail}},
            "icon": [{"src": f"{site.origin}/static/avatar.png", "size": "400x400"}],
            "languages": list(site.languages),
            "configuration": configuration(request),
            "registrations": registrations(site),
            "api_versions": {"mastodon": API_VERSION},
            "contact": {"email": "", "account": None},
            "rules": [],
        }
    )


@routes.get("/api/v1/instance")
@anybody()
async def first(request: web.Request, viewer: Viewer | None) -> web.Response:
    """V1::Instance, which apps of Tusky's age read."""
    site = request.config_dict[SITE]
    facts = await request.config_dict[DB].read(accounts.facts, request.config_dict[NOW]())
    joining = registrations(site)
    return one(
        {
            "uri": site.domain,
            "title": site.name,
            "short_description": site.description or site.name,
            "description": site.description or site.name,
            "email": "",
            "version": MASTODON_VERSION,
            "urls": {"streaming_api": streaming_url(site)},
            "stats": {
                "user_count": facts.users,
                "status_count": facts.posts,
                "domain_count": 0,
            },
            "thumbnail": f"{site.origin}/static/header.png",
            "languages": list(site.languages),
            "registrations": joining["enabled"],
            "approval_required": joining["approval_required"],
            "invites_enabled": site.registrations == "invite",
            "configuration": configuration(request),
            "contact_account": None,
            "rules": [],
        }
    )


@routes.get("/api/v1/custom_emojis")
@anybody()
async def custom_emojis(request: web.Request, viewer: Viewer | None) -> web.Response:
    """None of our own; those of strangers come with what they wrote."""
    return one([])


def streaming_url(site: Site) -> str:
    """Where WebSockets are opened, without the path."""
    return site.origin.replace("http", "ws", 1)


@routes.get("/api/v1/instance/translation_languages")
@anybody()
@gives(dict[str, list[str]])
async def translation_languages(request: web.Request, viewer: Viewer | None) -> web.Response:
    """From which language into which others: nothing is translated here."""
    return one({})


def configuration(request: web.Request) -> dict[str, Any]:
    """What may be sent, and how much of it."""
    site, films = request.config_dict[SITE], request.config_dict[FILMS]
    return {
        "urls": {"about": f"{site.origin}/about", "streaming": streaming_url(site)},
        "accounts": {"max_featured_tags": 0, "max_pinned_statuses": MAX_PINS},
        "statuses": {
            "max_characters": MAX_NOTE,
            "max_media_attachments": MAX_PICTURES_OF_NOTE,
            "characters_reserved_per_url": 23,
        },
        "media_attachments": {
            "supported_mime_types": list(intake.types(request)),
            "description_limit": MAX_ALT,
            "image_size_limit": MAX_FILE_BYTES,
            "image_matrix_limit": MAX_PIXELS,
            "video_size_limit": films.limits.bytes if films.available else 0,
            "video_frame_rate_limit": MAX_FRAME_RATE if films.available else 0,
            "video_matrix_limit": MAX_FILM_PIXELS if films.available else 0,
        },
        "polls": {
            "max_options": MAX_OPTIONS,
            "max_characters_per_option": MAX_OPTION,
            "min_expiration": MIN_LENGTH_S,
            "max_expiration": MAX_LENGTH_S,
        },
        "translation": {"enabled": False},
        "vapid": {"public_key": request.config_dict[VAPID_KEY]},
    }


def registrations(site: Site) -> dict[str, Any]:
    """Whether one can join, and how: on the page, not from an app."""
    return {
        "enabled": site.registrations in ("open", "approval"),
        "approval_required": site.registrations == "approval",
        "reason_required": site.registrations == "approval",
        "message": None,
        "min_age": None,
        "url": f"{site.origin}/sign-up",
    }
