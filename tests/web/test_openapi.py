"""The API's description is true: it is made from the routes, and every answer is held to it."""

import asyncio
import inspect
import threading

import pytest
from openapi_spec_validator import validate

from tests.village import eventually
from tests.web.api_scopes import plain, table
from web import failures
from web.api import PREFIX, openapi
from web.api.openapi import ADDRESS, DESCRIPTION, endpoints
from web.api.shape import SHAPE
from web.keys import TOLD

APPS_ASK: tuple[tuple[str, str], ...] = (
    ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"),
    ("GET", "/oauth/userinfo"),
    ("POST", "/oauth/userinfo"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/api/v1/streaming"),
    ("GET", "/api/v1/streaming/health"),
    ("GET", "/api/v1/streaming/user"),
    ("GET", "/api/v1/streaming/user/notification"),
    ("GET", "/api/v1/streaming/public"),
    ("GET", "/api/v1/streaming/public/local"),
    ("GET", "/api/v1/streaming/public/remote"),
    ("GET", "/api/v1/streaming/hashtag"),
    ("GET", "/api/v1/streaming/hashtag/local"),
    ("GET", "/api/v1/streaming/list"),
    ("GET", "/api/v1/streaming/direct"),
)
"""What stands beside the table of scopes: how a token is had, and what is heard with it."""


NOT_HERE = {
    ("GET", "/api/v1/admin/tags"),
    ("GET", "/api/v1/admin/trends/links/publishers"),
    ("POST", "/api/v1/admin/trends/links/publishers/{}/approve"),
    ("POST", "/api/v1/admin/trends/links/publishers/{}/reject"),
}
"""What the reference has of trends beside tags, posts and links, and nobody decides here."""


async def test_the_description_is_valid(city):
    validate(city.app[DESCRIPTION].of(city.app))


async def test_every_endpoint_is_described(city):
    for route in city.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        ours = path.startswith((*failures.APPS, "/.well-known/oauth"))
        if not ours or path == PREFIX + "{path}" or route.method == "OPTIONS":
            continue
        assert hasattr(route.handler, SHAPE), f"{route.method} {path} says not what it gives"


async def test_what_a_body_or_a_query_reads_is_described(city):
    """A handler that reads a struct names it: nothing that apps may send is kept from them."""
    for route in city.app.router.routes():
        shape = getattr(route.handler, SHAPE, None)
        if shape is None:
            continue
        source = inspect.getsource(inspect.unwrap(route.handler))
        assert shape.body is not None or " body(request" not in source, route
        assert shape.query is not None or " query(request" not in source, route


async def test_every_endpoint_that_apps_need_is_there(city):
    routed = {(one.method, plain(one.path)) for one in endpoints(city.app)}
    needed = {*table(), *APPS_ASK}
    assert needed - routed == NOT_HERE


async def test_the_description_says_what_a_refusal_looks_like(city):
    said = city.app[DESCRIPTION].of(city.app)
    answers = said["paths"]["/api/v1/timelines/home"]["get"]["responses"]
    for status in ("401", "403", "404", "422", "429"):
        assert answers[status]["content"]["application/json"]["schema"]["$ref"].endswith("/Error")
    assert set(said["components"]["schemas"]["Error"]["required"]) == {"error"}


async def test_entities_hold_nothing_that_is_open(city):
    """No entity has a field of which nothing is said, but what a picture is like."""
    said = city.app[DESCRIPTION].of(city.app)["components"]["schemas"]
    open_fields = {
        f"{name}.{field}"
        for name, schema in said.items()
        for field, value in schema["properties"].items()
        if _open(value) or any(map(_open, value.get("anyOf", ())))
    }
    assert open_fields == {"MediaAttachment.meta"}


def _open(value):
    inside = {"array": "items", "object": "additionalProperties"}.get(value.get("type"))
    return value == {} or (inside is not None and not value.get(inside))


async def test_apps_and_people_can_read_it(city):
    visitor = await city.visitor()
    answer = await visitor.client.get(ADDRESS)
    assert answer.status == 200
    said = await answer.json()
    assert len(said["paths"]) == len({one.path for one in endpoints(city.app)})
    page = await visitor.get("/developers")
    for path in said["paths"]:
        assert path in page.main.words
    assert not page.main.all(kind="post")  # which is how posts look
    assert "/api/<wbr>v1/<wbr>" in page.text.replace("/<wbr>api", "/api")
    for leads in ("/apps", "/about"):
        assert (await visitor.get(leads)).main.link("For those who make apps") == "/developers"


async def test_the_page_for_those_who_make_apps_is_made_once_and_leads_from_answer_to_entity(city):
    visitor = await city.visitor()
    page = await visitor.get("/developers")
    assert '<a href="#Status">Status</a>' in page.text
    made = await city.app[TOLD].get("en", lambda: pytest.fail("it is made twice"))
    assert made in page.text


async def test_others_are_served_while_the_description_is_made(city, monkeypatch):
    describe, makes, goes_on = openapi.describe, threading.Event(), threading.Event()

    def slow(app):
        makes.set()
        assert goes_on.wait(30)
        return describe(app)

    monkeypatch.setattr(openapi, "describe", slow)
    visitor, other = await city.visitor(), await city.visitor()
    asking = asyncio.create_task(visitor.get("/developers"))

    async def making() -> bool:
        return makes.is_set()

    await eventually(making)
    await other.get("/about")
    assert not asking.done()
    goes_on.set()
    assert "/api/v1/statuses" in (await asking).text.replace("<wbr>", "")
