"""Who may not join, by e-mail address or by where they come from. For administrators.

docs.joinmastodon.org/methods/admin/email_domain_blocks, .../canonical_email_blocks, .../ip_blocks
"""

from typing import Final

import msgspec
from aiohttp import web

from server.policy.roles import BLOCKS
from server.services import admissions
from web import entities, present
from web.api.access import path_id
from web.api.answers import listing, one
from web.api.shape import gives
from web.api.staff import MOST, long_window, moderator, staff
from web.body import body
from web.fences import FENCES
from web.keys import ADDRESS, DB, NOW, Viewer

routes = web.RouteTableDef()

READ_PROVIDERS: Final = "admin:read:email_domain_blocks"
WRITE_PROVIDERS: Final = "admin:write:email_domain_blocks"
READ_EMAILS: Final = "admin:read:canonical_email_blocks"
WRITE_EMAILS: Final = "admin:write:canonical_email_blocks"
READ_NETWORKS: Final = "admin:read:ip_blocks"
WRITE_NETWORKS: Final = "admin:write:ip_blocks"


class Provider(msgspec.Struct, frozen=True):
    """The part of addresses behind the @, and all below it."""

    domain: str = ""


class Email(msgspec.Struct, frozen=True):
    """An address, or the digest of one; the digest counts where there is no address."""

    email: str = ""
    canonical_email_hash: str = ""


class Tested(msgspec.Struct, frozen=True):
    """An address."""

    email: str = ""


class Network(msgspec.Struct, frozen=True):
    """An address or a network. `severity`: sign_up_requires_approval | sign_up_block | no_access.

    `expires_in`: for how many seconds.
    """

    ip: str | None = None
    severity: str | None = None
    comment: str | None = None
    expires_in: int | None = None

    def wish(self, network: str | None = None) -> admissions.Wish:
        """As the service takes it; `network` where none was named."""
        return admissions.Wish(
            network=network if self.ip is None else self.ip,
            severity=self.severity,
            comment=self.comment,
            expires_s=self.expires_in,
        )


# --- providers


@routes.get("/api/v1/admin/email_domain_blocks")
@staff(BLOCKS, READ_PROVIDERS)
@gives(list[entities.AdminEmailDomainBlock], pages=True)
async def providers(request: web.Request, viewer: Viewer) -> web.Response:
    """Providers whose addresses are not taken, newest first."""
    window, now_ms = long_window(request), request.config_dict[NOW]()
    found = await request.config_dict[DB].read(admissions.emails, "domain", window, MOST)
    items = [msgspec.json.encode(present.admin_email_domain_block(rule, now_ms)) for rule in found]
    return listing(request, items, [rule.id for rule in found])


@routes.post("/api/v1/admin/email_domain_blocks")
@staff(BLOCKS, WRITE_PROVIDERS)
@gives(entities.AdminEmailDomainBlock, body=Provider)
async def refuse_provider(request: web.Request, viewer: Viewer) -> web.Response:
    """Take no addresses of a provider any more; who has one stays."""
    typed, now_ms = await body(request, Provider), request.config_dict[NOW]()
    rule = await request.config_dict[DB].write(
        admissions.refuse_provider, moderator(viewer), typed.domain, now_ms
    )
    return one(present.admin_email_domain_block(rule, now_ms))


@routes.get("/api/v1/admin/email_domain_blocks/{id}")
@staff(BLOCKS, READ_PROVIDERS)
@gives(entities.AdminEmailDomainBlock)
async def provider(request: web.Request, viewer: Viewer) -> web.Response:
    """One provider."""
    rule = await request.config_dict[DB].read(admissions.email, "domain", path_id(request))
    return one(present.admin_email_domain_block(rule, request.config_dict[NOW]()))


@routes.delete("/api/v1/admin/email_domain_blocks/{id}")
@staff(BLOCKS, WRITE_PROVIDERS)
@gives(entities.Empty)
async def take_provider(request: web.Request, viewer: Viewer) -> web.Response:
    """Take its addresses again."""
    return await _taken(request, viewer, "domain")


# --- addresses


@routes.get("/api/v1/admin/canonical_email_blocks")
@staff(BLOCKS, READ_EMAILS)
@gives(list[entities.AdminCanonicalEmailBlock], pages=True)
async def emails(request: web.Request, viewer: Viewer) -> web.Response:
    """Addresses that are not taken, newest first."""
    window = long_window(request)
    found = await request.config_dict[DB].read(admissions.emails, "canonical", window, MOST)
    items = [msgspec.json.encode(present.admin_canonical_email_block(rule)) for rule in found]
    return listing(request, items, [rule.id for rule in found])


@routes.post("/api/v1/admin/canonical_email_blocks")
@staff(BLOCKS, WRITE_EMAILS)
@gives(entities.AdminCanonicalEmailBlock, body=Email)
async def refuse_email(request: web.Request, viewer: Viewer) -> web.Response:
    """Do not take an address; only its digest is kept."""
    typed = await body(request, Email)
    rule = await request.config_dict[DB].write(
        admissions.refuse_email,
        moderator(viewer),
        typed.email,
        typed.canonical_email_hash,
        request.config_dict[NOW](),
    )
    return one(present.admin_canonical_email_block(rule))


@routes.post("/api/v1/admin/canonical_email_blocks/test")
@staff(BLOCKS, READ_EMAILS)
@gives(list[entities.AdminCanonicalEmailBlock], body=Tested)
async def test_email(request: web.Request, viewer: Viewer) -> web.Response:
    """The rules that refuse an address."""
    typed = await body(request, Tested)
    found = await request.config_dict[DB].read(admissions.matching, typed.email)
    return one([present.admin_canonical_email_block(rule) for rule in found])


@routes.get("/api/v1/admin/canonical_email_blocks/{id}")
@staff(BLOCKS, READ_EMAILS)
@gives(entities.AdminCanonicalEmailBlock)
async def email(request: web.Request, viewer: Viewer) -> web.Response:
    """One address."""
    rule = await request.config_dict[DB].read(admissions.email, "canonical", path_id(request))
    return one(present.admin_canonical_email_block(rule))


@routes.delete("/api/v1/admin/canonical_email_blocks/{id}")
@staff(BLOCKS, WRITE_EMAILS)
@gives(entities.Empty)
async def take_email(request: web.Request, viewer: Viewer) -> web.Response:
    """Take an address again."""
    return await _taken(request, viewer, "canonical")


async def _taken(request: web.Request, viewer: Viewer, kind: str) -> web.Response:
    await request.config_dict[DB].write(
        admissions.take_email,
        moderator(viewer),
        kind,
        path_id(request),
        request.config_dict[NOW](),
    )
    return one({})


# --- networks


@routes.get("/api/v1/admin/ip_blocks")
@staff(BLOCKS, READ_NETWORKS)
@gives(list[entities.AdminIpBlock], pages=True)
async def networks(request: web.Request, viewer: Viewer) -> web.Response:
    """Rules about networks, newest first."""
    found = await request.config_dict[DB].read(admissions.addresses, long_window(request), MOST)
    items = [msgspec.json.encode(present.admin_ip_block(rule)) for rule in found]
    return listing(request, items, [rule.id for rule in found])


@routes.post("/api/v1/admin/ip_blocks")
@staff(BLOCKS, WRITE_NETWORKS)
@gives(entities.AdminIpBlock, body=Network)
async def shut(request: web.Request, viewer: Viewer) -> web.Response:
    """A rule about a network; the reference says which one where none is named."""
    wish = (await body(request, Network)).wish("0.0.0.0/32")
    rule = await request.config_dict[DB].write(
        admissions.shut, moderator(viewer), wish, request[ADDRESS], request.config_dict[NOW]()
    )
    request.config_dict[FENCES].forget()
    return one(present.admin_ip_block(rule))


@routes.get("/api/v1/admin/ip_blocks/{id}")
@staff(BLOCKS, READ_NETWORKS)
@gives(entities.AdminIpBlock)
async def network(request: web.Request, viewer: Viewer) -> web.Response:
    """One rule about a network."""
    rule = await request.config_dict[DB].read(admissions.address, path_id(request))
    return one(present.admin_ip_block(rule))


@routes.put("/api/v1/admin/ip_blocks/{id}")
@staff(BLOCKS, WRITE_NETWORKS)
@gives(entities.AdminIpBlock, body=Network)
async def change_network(request: web.Request, viewer: Viewer) -> web.Response:
    """Decide otherwise."""
    wish, id, by = (await body(request, Network)).wish(), path_id(request), moderator(viewer)
    now_ms, own = request.config_dict[NOW](), request[ADDRESS]
    rule = await request.config_dict[DB].write(
        lambda tx: admissions.change(tx, by, id, wish, own, now_ms=now_ms)
    )
    request.config_dict[FENCES].forget()
    return one(present.admin_ip_block(rule))


@routes.delete("/api/v1/admin/ip_blocks/{id}")
@staff(BLOCKS, WRITE_NETWORKS)
@gives(entities.Empty)
async def open_again(request: web.Request, viewer: Viewer) -> web.Response:
    """Forget a rule about a network."""
    await request.config_dict[DB].write(
        admissions.open_again, moderator(viewer), path_id(request), request.config_dict[NOW]()
    )
    request.config_dict[FENCES].forget()
    return one({})
