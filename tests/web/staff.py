"""Moderators with apps, in a city of `tests.web.city`."""

from server.services import standing
from tests.web.an_app import EVERYTHING, App, app_of
from tests.web.city import City

ADMIN = f"{EVERYTHING} admin:read admin:write"


async def staff_of(city: City, name: str, role: str, scopes: str = ADMIN) -> App:
    """Somebody with a role and an app that may do all of it."""
    app = await app_of(city, name, scopes)
    assert app.account is not None
    await city.db.write(standing.set_role, app.account.id, role)
    return app


async def rows(city: City, sql: str, **params: object) -> list[dict[str, object]]:
    """What only tests ask."""
    return await city.db.read(lambda db: [dict(row) for row in db.all(sql, **params)])
