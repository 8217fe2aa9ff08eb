"""More about this place: its rules, its papers, its neighbours.

docs.joinmastodon.org/methods/instance
What an app reads first, the instance itself, is `web.api.instance`.
"""

from hashlib import sha256
from typing import Final

import msgspec
from aiohttp import web
from babel import Locale

from server.clock import DAY_MS, HOUR_MS
from server.errors import NotFound
from server.services import rules, servers
from server.store.db import Read
from web import entities, house_rules, present
from web.api.access import anybody
from web.api.answers import one
from web.api.shape import gives
from web.body import query
from web.i18n import WRITTEN_IN
from web.kept import Lately
from web.keys import DB, NOW, SITE, Viewer
from web.render import language_of

routes = web.RouteTableDef()

WEEKS: Final = 12
MOST_FOUND: Final = 10
Weeks = list[servers.Week]
PEERS: web.AppKey[Lately[list[str]]] = web.AppKey("PEERS")
ACTIVITY: web.AppKey[Lately[Weeks]] = web.AppKey("ACTIVITY")


class Part(msgspec.Struct, frozen=True):
    """The beginning of a name."""

    q: str = ""


def prepare(app: web.Application) -> None:
    """What is slow to find is found once an hour."""
    app[PEERS] = Lately(HOUR_MS)
    app[ACTIVITY] = Lately(HOUR_MS)


@routes.get("/api/v1/instance/rules")
@anybody()
@gives(list[entities.Rule])
async def listed_rules(request: web.Request, viewer: Viewer | None) -> web.Response:
    """By which rules people meet here."""
    languages = request.config_dict[SITE].languages
    found, others = await request.config_dict[DB].read(_rules, language_of(request), languages)
    return one(present.rules(found, others))


@routes.get("/api/v1/instance/extended_description")
@anybody()
@gives(entities.ExtendedDescription)
async def extended_description(request: web.Request, viewer: Viewer | None) -> web.Response:
    """What this place is, at length; nothing where nobody wrote it."""
    found = await _paper(request, "about")
    if found is None:
        return one({"updated_at": None, "content": ""})
    return one({"updated_at": present.when(found.updated_ms), "content": found.content})


@routes.get("/api/v1/instance/privacy_policy")
@anybody()
@gives(entities.PrivacyPolicy)
async def privacy_policy(request: web.Request, viewer: Viewer | None) -> web.Response:
    """What happens to people's data."""
    found = await _paper(request, "privacy-policy")
    if found is None:
        raise NotFound("This server has not published such a text.")
    return one({"updated_at": present.when(found.updated_ms), "content": found.content})


@routes.get("/api/v1/instance/terms_of_service")
@anybody()
@gives(entities.TermsOfService)
async def terms_of_service(request: web.Request, viewer: Viewer | None) -> web.Response:
    """On which terms people are here, as they are now."""
    return await _terms(request, request.config_dict[NOW]())


@routes.get("/api/v1/instance/terms_of_service/{date}")
@anybody()
@gives(entities.TermsOfService)
async def terms_at(request: web.Request, viewer: Viewer | None) -> web.Response:
    """The terms as they were, or will be, on a day."""
    at_ms = present.day_ms(request.match_info["date"])
    if at_ms is None:
        raise NotFound("This server has not published such a text.")
    return await _terms(request, at_ms + DAY_MS - 1)


@routes.get("/api/v1/instance/peers")
@anybody()
@gives(list[str])
async def peers(request: web.Request, viewer: Viewer | None) -> web.Response:
    """The servers that this one has met, but for those with which it does not speak."""
    return one(await known_peers(request))


async def known_peers(request: web.Request) -> list[str]:
    """The names of those servers, found once an hour."""

    async def find() -> list[str]:
        return await request.config_dict[DB].read(servers.names)

    return await request.app[PEERS].get(request.config_dict[NOW](), find)


@routes.get("/api/v1/peers/search")
@anybody()
@gives(list[str], query=Part)
async def find_peers(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Those servers whose names begin so."""
    begin = query(request, Part).q.strip().lower()
    known = await known_peers(request) if begin else []
    return one([name for name in known if name.startswith(begin)][:MOST_FOUND])


@routes.get("/api/v1/instance/languages")
@anybody()
@gives(list[entities.Language])
async def written_languages(request: web.Request, viewer: Viewer | None) -> web.Response:
    """In which languages posts are usual here; others are taken as well."""
    codes = dict.fromkeys((*request.config_dict[SITE].languages, *WRITTEN_IN))
    return one([{"code": code, "name": Locale(code).english_name or code} for code in codes])


@routes.get("/api/v1/instance/activity")
@anybody()
@gives(list[entities.Activity])
async def activity(request: web.Request, viewer: Viewer | None) -> web.Response:
    """Public posts, those who wrote them, and newcomers, of each of the last weeks."""
    now_ms = request.config_dict[NOW]()

    async def find() -> Weeks:
        return await request.config_dict[DB].read(servers.weeks, WEEKS, now_ms)

    found = await request.app[ACTIVITY].get(now_ms, find)
    return one([present.week(week) for week in found])


@routes.get("/api/v1/instance/domain_blocks")
@anybody()
@gives(list[entities.DomainBlock])
async def domain_blocks(request: web.Request, viewer: Viewer | None) -> web.Response:
    """With which servers this one does not speak, whose people it limits, and why."""
    found = await request.config_dict[DB].read(servers.rules)
    return one([domain_block(rule) for rule in found if rule.restricts])


def domain_block(rule: servers.Rule) -> entities.DomainBlock:
    """DomainBlock: by its digest alone one can look for a domain whose name is veiled."""
    return {
        "domain": rule.shown,
        "digest": sha256(rule.domain.encode()).hexdigest(),
        "severity": rule.severity,
        "comment": rule.reason,
    }


def _rules(
    db: Read, language: str, languages: tuple[str, ...]
) -> tuple[list[rules.Rule], dict[str, list[rules.Rule]]]:
    return house_rules.in_force(db, language), house_rules.in_languages(db, languages)


async def _terms(request: web.Request, at_ms: int) -> web.Response:
    found = await request.config_dict[DB].read(rules.paper, "terms-of-service", at_ms)
    if found is None:
        raise NotFound("This server has not published such a text.")
    entity: entities.TermsOfService = {
        "effective_date": present.day(found.effective_ms) or "",
        "effective": found.effective_ms <= request.config_dict[NOW](),
        "content": found.content,
        "succeeded_by": present.day(found.succeeded_ms),
    }
    return one(entity)


async def _paper(request: web.Request, kind: str) -> rules.Paper | None:
    return await request.config_dict[DB].read(rules.paper, kind, request.config_dict[NOW]())
