"""Who may call what: every route below /api/ is held to the table; what each scope covers."""

import pytest

from server.services.scopes import SCOPES, covers, missing, parse, within
from tests.web.api_scopes import APART, plain, table
from web import api
from web.api import access

TABLE = table()


def routes():
    """Every route of the client API, with the guard around its handler."""
    for module in vars(api).values():
        for route in getattr(module, "routes", ()):
            if route.path.startswith(api.PREFIX) and not route.path.startswith(APART):
                yield route


@pytest.mark.parametrize("route", list(routes()), ids=lambda one: f"{one.method} {one.path}")
def test_a_route_is_guarded_as_the_table_says(route):
    guard, scopes = TABLE[route.method, plain(route.path)]
    noted = vars(route.handler)
    assert noted[access.GUARD] == guard
    if scopes != {"*"}:
        assert frozenset(noted["scopes"]) == scopes
    assert set(noted["scopes"]) <= set(SCOPES)


async def test_every_route_that_the_application_has_is_one_of_those(city):
    known = {(route.method, plain(route.path)) for route in routes()}
    for route in city.app.router.routes():
        path = plain(route.resource.canonical) if route.resource else ""
        if not path.startswith(api.PREFIX) or path.startswith(APART) or path == "/api/{}":
            continue
        method = "GET" if route.method == "HEAD" else route.method
        assert (method, path.rstrip("/")) in known, f"{method} {path} has no guard"


def test_the_table_names_scopes_that_exist():
    named = {scope for _, scopes in TABLE.values() for scope in scopes} - {"*"}
    assert named <= set(SCOPES)
    assert all(scopes or guard != "person" for guard, scopes in TABLE.values())


FOLLOW = {f"{verb}:{noun}" for verb in ("read", "write") for noun in ("follows", "blocks", "mutes")}


@pytest.mark.parametrize("given", SCOPES)
def test_a_scope_covers_itself_and_its_parts_and_nothing_else(given):
    parts = {scope for scope in SCOPES if scope.startswith(f"{given}:")}
    expected = {given, *parts, *(FOLLOW if given == "follow" else ())}
    assert {scope for scope in SCOPES if covers(frozenset({given}), scope)} == expected


def test_what_is_no_scope_covers_nothing():
    for given in ("admin", "", "read:", ":read", "READ", "write:admin", "admin:", "reads"):
        assert not any(covers(frozenset({given}), scope) for scope in SCOPES)
    assert not covers(frozenset({"read"}), "readx")
    assert not covers(frozenset({"follow"}), "write:accounts")
    assert not covers(frozenset({"follow"}), "admin:read:follows")
    assert not covers(frozenset(), "read")


def test_a_wish_is_within_what_covers_all_of_it():
    assert within(("read:lists", "follow", "write:blocks"), frozenset({"read", "follow"}))
    assert not within(("read", "push"), frozenset({"read"}))
    assert not within(("follow",), frozenset({"read", "write"}))
    assert parse(" read  push read ") == ("read", "push")
    assert parse("read nothing") is None
    assert missing("read nothing x") == ["nothing", "x"]
