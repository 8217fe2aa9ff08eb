"""What may be sent here, and how much of it: the `configuration` of an Instance."""

from typing import Final

from aiohttp import web

from server.films import MAX_FILM_PIXELS, MAX_FRAME_RATE
from server.media import MAX_PICTURE_BYTES
from server.services import accounts, profiles
from server.services.media import MAX_ALT
from server.services.new_posts import MAX_NOTE, MAX_PICTURES_OF_NOTE
from server.services.pins import MAX_PINS
from server.services.polls import MAX_LENGTH_S, MAX_OPTION, MAX_OPTIONS, MIN_LENGTH_S
from server.services.tags import MAX_FEATURED
from web import entities, intake
from web.keys import CONFIG, FILMS, SITE, VAPID_KEY

MAX_PIXELS: Final = 33_000_000
CHARACTERS_OF_A_LINK: Final = 23
_EVERYBODY: Final[entities.FeedAccess] = {"local": "public", "remote": "public"}


def configuration(request: web.Request, papers: tuple[str, ...]) -> entities.Configuration:
    """For newer apps; `papers` are the longer texts that the city has published."""
    site = request.config_dict[SITE]
    return {
        "urls": {
            "streaming": streaming(request),
            "status": None,
            "about": f"{site.origin}/about",
            "privacy_policy": _paper(request, "privacy-policy", papers),
            "terms_of_service": _paper(request, "terms-of-service", papers),
        },
        "vapid": {"public_key": request.config_dict[VAPID_KEY]},
        "accounts": {
            "max_featured_tags": MAX_FEATURED,
            "max_pinned_statuses": MAX_PINS,
            "max_profile_fields": profiles.MAX_FIELDS,
            "profile_field_name_limit": profiles.MAX_FIELD,
            "profile_field_value_limit": profiles.MAX_FIELD,
            "max_display_name_length": accounts.MAX_DISPLAY_NAME,
            "max_note_length": profiles.MAX_BIO,
            "max_avatar_description_length": profiles.MAX_PICTURE_DESCRIPTION,
            "max_header_description_length": profiles.MAX_PICTURE_DESCRIPTION,
        },
        "statuses": _statuses(),
        "media_attachments": _media(request),
        "polls": _polls(),
        "translation": {"enabled": False},
        "timelines_access": {
            "live_feeds": _EVERYBODY,
            "hashtag_feeds": _EVERYBODY,
            "trending_link_feeds": _EVERYBODY,
        },
        "limited_federation": request.config_dict[CONFIG].federation.mode != "open",
    }


def first_configuration(request: web.Request) -> entities.ConfigurationV1:
    """For older apps."""
    return {
        "accounts": {"max_featured_tags": MAX_FEATURED},
        "statuses": _statuses(),
        "media_attachments": _media(request),
        "polls": _polls(),
    }


def streaming(request: web.Request) -> str:
    """Where WebSockets are opened, without the path."""
    return request.config_dict[SITE].origin.replace("http", "ws", 1)


def _paper(request: web.Request, kind: str, papers: tuple[str, ...]) -> str | None:
    return f"{request.config_dict[SITE].origin}/about/{kind}" if kind in papers else None


def _statuses() -> entities.StatusLimits:
    return {
        "max_characters": MAX_NOTE,
        "max_media_attachments": MAX_PICTURES_OF_NOTE,
        "characters_reserved_per_url": CHARACTERS_OF_A_LINK,
    }


def _media(request: web.Request) -> entities.MediaLimits:
    films = request.config_dict[FILMS]
    return {
        "supported_mime_types": list(intake.types(request)),
        "description_limit": MAX_ALT,
        "image_size_limit": MAX_PICTURE_BYTES,
        "image_matrix_limit": MAX_PIXELS,
        "video_size_limit": films.limits.bytes if films.available else 0,
        "video_frame_rate_limit": MAX_FRAME_RATE if films.available else 0,
        "video_matrix_limit": MAX_FILM_PIXELS if films.available else 0,
    }


def _polls() -> entities.PollLimits:
    return {
        "max_options": MAX_OPTIONS,
        "max_characters_per_option": MAX_OPTION,
        "min_expiration": MIN_LENGTH_S,
        "max_expiration": MAX_LENGTH_S,
    }
