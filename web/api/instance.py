"""What this place is. docs.joinmastodon.org/methods/instance

The version reads like Mastodon's, because older apps decide by it what they offer. Newer ones look
at `api_versions.mastodon`: docs/adr/0010-the-api-version-that-is-claimed.md.
"""

from html import escape
from typing import Final

import msgspec
from aiohttp import web

from server.config import VERSION
from server.model import Account, Site
from server.services import accounts, rules
from server.services.accounts import Facts
from server.services.rules import Rule
from server.store.db import Read
from web import entities, house_rules, present
from web.api import offered, place
from web.api.access import anybody
from web.api.answers import one
from web.api.shape import gives
from web.brand import Brand
from web.keys import BRAND, CONFIG, DB, FACTS, NOW, SITE, Viewer
from web.render import language_of

routes = web.RouteTableDef()

MASTODON_VERSION: Final = f"4.6.0 (compatible; Madang {VERSION})"
API_VERSION: Final = 9
ICONS: Final = (180, 192, 512)  # pixels


class Found(msgspec.Struct, frozen=True):
    """What the database knows of the place."""

    facts: Facts
    contact: Account | None
    rules: list[Rule]
    translations: dict[str, list[Rule]]
    papers: tuple[str, ...]


@routes.get("/api/v2/instance")
@anybody()
@gives(entities.Instance)
async def second(request: web.Request, viewer: Viewer | None) -> web.Response:
    """This server, as newer apps read it."""
    site, found = request.config_dict[SITE], await _found(request)
    entity: entities.Instance = {
        "domain": site.domain,
        "title": site.name,
        "version": MASTODON_VERSION,
        "source_url": f"{site.origin}/about",
        "description": site.description or site.name,
        "usage": {"users": {"active_month": found.facts.active_month}},
        "thumbnail": thumbnail(site, request.config_dict[BRAND]),
        "icon": icons(site, request.config_dict[BRAND]),
        "languages": list(site.languages),
        "configuration": offered.configuration(request, found.papers),
        "registrations": joining(site),
        "api_versions": {"mastodon": API_VERSION},
        "contact": {
            "email": request.config_dict[CONFIG].instance.contact_email,
            "account": _contact(site, found),
        },
        "rules": present.rules(found.rules, found.translations),
    }
    return one(entity)


@routes.get("/api/v1/instance")
@anybody()
@gives(entities.InstanceV1)
async def first(request: web.Request, viewer: Viewer | None) -> web.Response:
    """This server, as apps of Tusky's age read it."""
    site, found = request.config_dict[SITE], await _found(request)
    how = joining(site)
    entity: entities.InstanceV1 = {
        "uri": site.domain,
        "title": site.name,
        "short_description": site.description or site.name,
        "description": escape(site.description or site.name),
        "email": request.config_dict[CONFIG].instance.contact_email,
        "version": MASTODON_VERSION,
        "urls": {"streaming_api": offered.streaming(request)},
        "stats": {
            "user_count": found.facts.users,
            "status_count": found.facts.posts,
            "domain_count": len(await place.known_peers(request)),
        },
        "thumbnail": thumbnail(site, request.config_dict[BRAND])["url"],
        "languages": list(site.languages),
        "registrations": how["enabled"],
        "approval_required": how["approval_required"],
        "invites_enabled": site.registrations == "invite",
        "configuration": offered.first_configuration(request),
        "contact_account": _contact(site, found),
        "rules": present.rules(found.rules, found.translations),
    }
    return one(entity)


@routes.get("/api/v1/custom_emojis")
@anybody()
@gives(list[entities.CustomEmoji])
async def custom_emojis(request: web.Request, viewer: Viewer | None) -> web.Response:
    """None of our own; those of strangers come with what they wrote."""
    return one([])


@routes.get("/api/v1/instance/translation_languages")
@anybody()
@gives(dict[str, list[str]])
async def translation_languages(request: web.Request, viewer: Viewer | None) -> web.Response:
    """From which language into which others: nothing is translated here."""
    return one({})


def thumbnail(site: Site, brand: Brand) -> entities.Thumbnail:
    """The city's cover, or the card that is drawn for links to it."""
    url, versions = f"{site.origin}/cards/site.png", entities.ThumbnailSizes()
    if brand.cover:
        url = site.origin + brand.cover
        versions = {"@1x": site.origin + brand.cover_small, "@2x": url}
    return {"url": url, "description": site.name, "blurhash": None, "versions": versions}


def icons(site: Site, brand: Brand) -> list[entities.InstanceIcon]:
    """The city's sign in several sizes."""
    return [
        {"src": site.origin + brand.icon_png(str(size)), "size": f"{size}x{size}"} for size in ICONS
    ]


def joining(site: Site) -> entities.Joining:
    """Whether one can join, and how. With an invitation one joins on the page."""
    approval, invited = site.registrations == "approval", site.registrations == "invite"
    return {
        "enabled": approval or site.registrations == "open",
        "approval_required": approval,
        "reason_required": approval,
        "message": None,
        "min_age": None,
        "url": f"{site.origin}/sign-up" if invited else None,
    }


def _contact(site: Site, found: Found) -> entities.Account | None:
    return None if found.contact is None else present.account(site, found.contact)


async def _found(request: web.Request) -> Found:
    db, now_ms = request.config_dict[DB], request.config_dict[NOW]()

    async def count() -> Facts:
        return await db.read(accounts.facts, now_ms)

    facts = await request.app[FACTS].get(now_ms, count)
    return await db.read(
        _all, facts, request.config_dict[SITE].languages, language_of(request), now_ms
    )


def _all(db: Read, facts: Facts, languages: tuple[str, ...], language: str, now_ms: int) -> Found:
    return Found(
        facts=facts,
        contact=accounts.contact(db),
        rules=house_rules.in_force(db, language),
        translations=house_rules.in_languages(db, languages),
        papers=tuple(kind for kind in rules.KINDS if rules.paper(db, kind, now_ms)),
    )
