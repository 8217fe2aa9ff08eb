"""Figures for moderators.

docs.joinmastodon.org/methods/admin/measures, .../dimensions, .../retention
"""

import platform
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from server import text
from server.config import VERSION
from server.errors import Invalid
from server.policy.roles import DASHBOARD
from server.services import figures
from server.services.figures import Cohort, Measure
from server.store.db import Read
from web import entities, present
from web.api.answers import one
from web.api.moments import moment_ms
from web.api.shape import gives
from web.api.staff import staff
from web.body import body
from web.keys import DB, NOW, Viewer

routes = web.RouteTableDef()

READ: Final = "admin:read"
USUAL_LINES: Final = 10
USUAL_MS: Final = 29 * 24 * 3_600_000


class Of(msgspec.Struct, frozen=True):
    """Of which hashtag, or of which server."""

    id: str = ""
    domain: str = ""

    @property
    def name(self) -> str:
        """The one that was given."""
        if self.id:
            return text.normal_tag(self.id.strip())[: figures.MAX_OF]
        return (text.domain_name(self.domain) or "")[: figures.MAX_OF]


class Asked(msgspec.Struct, frozen=True):
    """Which figures (`keys`), and of which days."""

    keys: tuple[str, ...] = ()
    start_at: str = ""
    end_at: str = ""
    limit: int = USUAL_LINES
    tag_accounts: Of = Of()
    tag_uses: Of = Of()
    tag_servers: Of = Of()
    tag_languages: Of = Of()
    instance_accounts: Of = Of()
    instance_languages: Of = Of()
    instance_media_attachments: Of = Of()
    instance_reports: Of = Of()
    instance_statuses: Of = Of()
    instance_follows: Of = Of()
    instance_followers: Of = Of()

    def of(self, key: str) -> str:
        """What the figure `key` is of."""
        found = getattr(self, key, None)
        return found.name if isinstance(found, Of) else ""


class Stayed(msgspec.Struct, frozen=True):
    """Of which days. `frequency`: day | month."""

    start_at: str = ""
    end_at: str = ""
    frequency: str = "day"


@routes.post("/api/v1/admin/measures")
@staff(DASHBOARD, READ)
@gives(list[entities.AdminMeasure], body=Asked)
async def measures(request: web.Request, viewer: Viewer) -> web.Response:
    """How many, day by day. Who only read is not counted, and room on the disk is not measured."""
    asked = await body(request, Asked)
    begins, ends = _days(request, asked)
    keys = [key for key in dict.fromkeys(asked.keys) if key in figures.MEASURES]

    def found(db: Read) -> list[Measure]:
        return [figures.measure(db, key, begins, ends, asked.of(key)) for key in keys]

    counted = await request.config_dict[DB].read(found)
    return one([present.admin_measure(each) for each in counted])


@routes.post("/api/v1/admin/dimensions")
@staff(DASHBOARD, READ)
@gives(list[entities.AdminDimension], body=Asked)
async def dimensions(request: web.Request, viewer: Viewer) -> web.Response:
    """What there is most of. Room on the disk is not measured: that list is empty."""
    asked, db = await body(request, Asked), request.config_dict[DB]
    begins, ends = _days(request, asked)
    keys = [key for key in dict.fromkeys(asked.keys) if key in figures.DIMENSIONS]
    known: dict[str, list[tuple[str, str]]] = {
        "software_versions": [
            ("madang", VERSION),
            ("python", platform.python_version()),
            ("database", db.dialect),
        ],
        "space_usage": [],
    }

    def found(db: Read) -> list[entities.AdminDimension]:
        return [present.admin_dimension(key, known.get(key) or _lines(db, key)) for key in keys]

    def _lines(db: Read, key: str) -> list[tuple[str, str]]:
        if key in known:
            return []
        lines = figures.dimension(db, key, begins, ends, asked.of(key), limit=asked.limit)
        return [(name, str(many)) for name, many in lines]

    return one(await db.read(found))


@routes.post("/api/v1/admin/retention")
@staff(DASHBOARD, READ)
@gives(list[entities.AdminCohort], body=Stayed)
async def retention(request: web.Request, viewer: Viewer) -> web.Response:
    """Who came when, and wrote how long."""
    asked = await body(request, Stayed)
    if not asked.start_at or not asked.end_at:
        return one([])
    monthly = asked.frequency == "month"
    from_ms, to_ms = moment_ms(asked.start_at), moment_ms(asked.end_at)
    _check(from_ms, to_ms)

    def found(db: Read) -> list[Cohort]:
        return figures.retention(db, from_ms, to_ms, monthly=monthly)

    cohorts = await request.config_dict[DB].read(found)
    frequency = "month" if monthly else "day"
    return one([present.admin_cohort(each, frequency) for each in cohorts])


def _days(request: web.Request, asked: Asked) -> tuple[int, int]:
    """The days that are asked for: the last thirty where nothing is said."""
    to_ms = moment_ms(asked.end_at) if asked.end_at else request.config_dict[NOW]()
    from_ms = moment_ms(asked.start_at) if asked.start_at else to_ms - USUAL_MS
    _check(from_ms, to_ms)
    return figures.span(from_ms, to_ms)


_LAST_MS: Final = int(datetime(9998, 1, 1).timestamp() * 1000)  # noqa: DTZ001  a bound


def _check(from_ms: int, to_ms: int) -> None:
    if not 0 <= from_ms <= to_ms < _LAST_MS:
        raise Invalid("This is not a time: write it as 2026-01-31T09:00:00Z.")
