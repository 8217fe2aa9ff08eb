"""Discovery: WebFinger, NodeInfo, host-meta. RFC 7033, RFC 6415, nodeinfo.diaspora.software."""

from typing import Final

from aiohttp import web

from federation import nodeinfo, webfinger
from server.config import VERSION
from server.errors import NotFound
from server.model import Account, Site
from server.services import accounts, documents
from server.store import accounts as store
from server.store.db import Read
from web.keys import CONFIG, DB, NOW, SITE

routes = web.RouteTableDef()

OPEN: Final = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}


@routes.get("/.well-known/webfinger")
async def finger(request: web.Request) -> web.Response:
    """Who is behind a handle or an address. The subject leads back to itself, always."""
    resource = request.query.get("resource", "")
    if not resource:
        raise web.HTTPBadRequest
    site = request.app[SITE]
    account = await request.app[DB].read(_meant, site, resource)
    if account is None:
        raise NotFound("There is nobody with this name here.")
    body = webfinger.jrd(
        documents.full_acct(site, account),
        account.uri,
        profile=account.url,
        templates=templates(site),  # of the instance too: who is asked often types a server alone
    )
    return web.json_response(
        body, content_type=webfinger.JRD_JSON, headers={**OPEN, "Cache-Control": "max-age=3600"}
    )


def templates(site: Site) -> dict[str, str]:
    """Where other sites send our people to act from their account here. FEP-3b86 §4, §5."""
    act = f"{site.origin}/authorize_interaction?uri="
    return {
        webfinger.SUBSCRIBE: f"{act}{{uri}}",
        webfinger.OBJECT: f"{act}{{object}}",
        webfinger.FOLLOW: f"{act}{{object}}&do=follow",
        webfinger.LIKE: f"{act}{{object}}&do=like",
        webfinger.ANNOUNCE: f"{act}{{object}}&do=share",
        webfinger.CREATE: f"{site.origin}/write?text={{content}}&in_reply_to={{inReplyTo}}",
    }


def _meant(db: Read, site: Site, resource: str) -> Account | None:
    """One of ours, by acct, actor id or page; the instance by its own address or name."""
    found = (
        _named(db, site, resource) if not resource.startswith("http") else _at(db, site, resource)
    )
    return found if found and found.local and found.state == "active" else None


def _named(db: Read, site: Site, resource: str) -> Account | None:
    name, _, domain = resource.removeprefix("acct:").removeprefix("@").rpartition("@")
    hosts = {site.domain.lower(), site.origin.partition("://")[2]}
    if domain.lower() not in hosts:
        return None
    if name.lower() in hosts:
        return accounts.instance_actor(db)
    return store.by_handle(db, name)


def _at(db: Read, site: Site, resource: str) -> Account | None:
    if resource.rstrip("/") == site.origin:
        return accounts.instance_actor(db)
    if found := store.by_uri(db, resource):
        return found
    for prefix in (f"{site.origin}/@", f"{site.origin}/c/"):
        if resource.startswith(prefix):
            return store.by_handle(db, resource.removeprefix(prefix))
    return None


@routes.get("/.well-known/host-meta")
async def host_meta(request: web.Request) -> web.Response:
    """Where WebFinger is, for old clients. RFC 6415 §3."""
    origin = request.app[SITE].origin
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" template="{origin}/.well-known/webfinger?resource={{uri}}"/>\n'
        "</XRD>\n"
    )
    return web.Response(text=body, content_type="application/xrd+xml", headers=OPEN)


@routes.get("/.well-known/nodeinfo")
async def index(request: web.Request) -> web.Response:
    """Where the two documents are."""
    return web.json_response(nodeinfo.index(request.app[SITE].origin), headers=OPEN)


@routes.get("/nodeinfo/{version}")
async def info(request: web.Request) -> web.Response:
    """What software this is, and for how many."""
    version = request.match_info["version"]
    if version not in nodeinfo.VERSIONS:
        raise NotFound("There is nothing at this address.")
    site = request.app[SITE]
    counts = await request.app[DB].read(accounts.facts, request.app[NOW]())
    facts = nodeinfo.Facts(
        version=VERSION,
        name=site.name,
        description=site.description,
        languages=site.languages,
        open_registrations=request.app[CONFIG].registrations.mode in ("open", "approval"),
        users=counts.users,
        active_month=counts.active_month,
        active_halfyear=counts.active_half_year,
        posts=counts.posts,
    )
    kind = f"http://nodeinfo.diaspora.software/ns/schema/{version}#"
    return web.Response(
        body=web.json_response(nodeinfo.document(version, facts)).body,
        headers={**OPEN, "Content-Type": f'application/json; profile="{kind}"'},
    )
