"""The description of the client API, made from its routes: OpenAPI 3.1.

What an endpoint does is its docstring, whom it lets in stands in `access.need` or `anybody`, what
it takes and gives in `shape.gives`. Nothing is written twice, so nothing can differ.
spec.openapis.org/oas/v3.1.0
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Final, NamedTuple, get_args

import msgspec
from aiohttp import web

from server.config import VERSION
from server.model import Site
from web import entities
from web.api.access import GUARD, anybody
from web.api.answers import Window
from web.api.shape import SHAPE, Shape, gives
from web.body import Upload
from web.keys import SITE, Viewer

routes = web.RouteTableDef()

ADDRESS: Final = "/api/openapi.json"

ENTITIES: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_FORMS: Final = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
_BINARY: Final = {"type": "string", "format": "binary"}
_FAILURES: Final = {
    "401": "The access token is missing or not valid.",
    "403": "The token's scopes do not cover this, or the person may not do it.",
    "404": "There is no such thing, or it is not for the viewer.",
    "422": "Something that was sent does not fit.",
    "429": "Too many requests; `Retry-After` says when to come again.",
}


class Endpoint(NamedTuple):
    """One route that has a shape. `optional`: it answers without a token too."""

    method: str
    path: str
    noun: str
    text: str
    scopes: tuple[str, ...]
    optional: bool
    shape: Shape


def endpoints(app: web.Application) -> list[Endpoint]:
    """All that have a shape, in the order of the routes; each once."""
    found: dict[tuple[str, str], Endpoint] = {}
    for route in app.router.routes():
        resource = route.resource
        shape: Shape | None = getattr(route.handler, SHAPE, None)
        if shape is None or resource is None or route.method in ("HEAD", "OPTIONS"):
            continue
        path = _PARAMETER.sub(r"{\1}", resource.canonical)
        if path.endswith("/"):
            continue
        found[route.method, path] = Endpoint(
            method=route.method,
            path=path,
            noun=route.handler.__module__.rpartition(".")[2],
            text=(route.handler.__doc__ or "").strip(),
            scopes=tuple(getattr(route.handler, "scopes", ())),
            optional=getattr(route.handler, GUARD, "anybody") == "anybody",
            shape=shape,
        )
    return list(found.values())


def describe(app: web.Application) -> dict[str, Any]:
    """The whole description, as the dict that becomes JSON."""
    site, known = app[SITE], endpoints(app)
    answers = [kind for one in known for kind in kinds(one.shape.answer)]
    _, schemas = msgspec.json.schema_components([*answers, entities.Error], ref_template=ENTITIES)
    paths: dict[str, dict[str, Any]] = {}
    for one in known:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": site.name,
            "version": VERSION,
            "summary": "The client API that Mastodon's apps speak, as far as it is here.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": site.origin}],
        "tags": [{"name": noun} for noun in dict.fromkeys(one.noun for one in known)],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security(site, known)},
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    required = [{"oauth": [scope]} for scope in one.scopes] or [{"oauth": []}]
    operation: dict[str, Any] = {
        "operationId": f"{one.method.lower()}{one.path}",
        "tags": [one.noun],
        "summary": one.text.partition("\n")[0],
        "description": one.text,
        "security": [{}, *required] if one.optional else required,
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.shape)],
        "responses": _responses(one.shape),
    }
    if one.shape.body is not None:
        operation["requestBody"] = {"content": _body(one.shape.body)}
    return operation


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(shape: Shape) -> Iterator[dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for struct in (Window if shape.pages else None, shape.query):
        if struct is None:
            continue
        schema = inline(struct)
        for name, value in schema["properties"].items():
            many = any(one.get("type") == "array" for one in (value, *value.get("anyOf", ())))
            known[name] = {
                "name": f"{name}[]" if many else name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": value,
            }
    yield from known.values()


def _body(struct: Any) -> dict[str, Any]:  # noqa: ANN401
    schema = inline(struct)
    file = _BINARY in _values(schema["properties"])
    return {kind: {"schema": schema} for kind in (_FORMS[-1:] if file else _FORMS)}


def _values(properties: dict[str, Any]) -> list[Any]:
    return [one for value in properties.values() for one in (value, *value.get("anyOf", ()))]


def _responses(shape: Shape) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if shape.answer is not None:
        content = {"content": {shape.media: {"schema": schema_of(shape.answer)}}}
    error = {"application/json": {"schema": {"$ref": ENTITIES.format(name="Error")}}}
    done: dict[str, Any] = {"description": "Done.", **content}
    if shape.pages:
        link = {"description": "The pages before and after.", "schema": {"type": "string"}}
        done["headers"] = {"Link": link}
    failures = {code: {"description": text, "content": error} for code, text in _FAILURES.items()}
    return {str(shape.status): done, **failures}


def kinds(answer: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """The entities that an endpoint may answer: several where it is written as a union."""
    if answer is None:
        return ()
    return get_args(answer) if isinstance(answer, UnionType) else (answer,)


def schema_of(answer: Any) -> dict[str, Any]:  # noqa: ANN401
    """The schema of an answer, which refers to those of the entities."""
    found, _ = msgspec.json.schema_components(kinds(answer), ref_template=ENTITIES)
    return found[0] if len(found) == 1 else {"anyOf": list(found)}


def inline(struct: Any) -> dict[str, Any]:  # noqa: ANN401
    """The schema of a struct with those that it holds written out: their names are not unique."""
    (schema,), parts = msgspec.json.schema_components(
        [struct], schema_hook=_held, ref_template="{name}"
    )

    def written(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, list | tuple):
            return [written(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            name = value["$ref"]
            return _BINARY if name == Upload.__name__ else written(parts[name])
        return {key: written(one) for key, one in value.items() if key != "title"}

    found: dict[str, Any] = written(schema)
    return found


def _held(kind: type[Any]) -> dict[str, Any]:
    """The schema of what an upload holds: its place on the disk is nothing that apps see."""
    if kind is Path:
        return {"type": "string"}
    raise NotImplementedError


def _security(site: Site, known: list[Endpoint]) -> dict[str, Any]:
    scopes = sorted({scope for one in known for scope in one.scopes})
    flow = {
        "authorizationUrl": f"{site.origin}/oauth/authorize",
        "tokenUrl": f"{site.origin}/oauth/token",
        "scopes": dict.fromkeys(scopes, ""),
    }
    return {"oauth": {"type": "oauth2", "flows": {"authorizationCode": flow}}}


class Description:
    """The description of one application, made when somebody first asks for it."""

    def __init__(self) -> None:
        """Nothing is made yet: the routes may still grow."""
        self._made: dict[str, Any] | None = None

    def of(self, app: web.Application) -> dict[str, Any]:
        """The description, made once."""
        if self._made is None:
            self._made = describe(app)
        return self._made


DESCRIPTION: Final = web.AppKey("DESCRIPTION", Description)


@routes.get(ADDRESS)
@anybody()
@gives(dict[str, Any])
async def read(request: web.Request, viewer: Viewer | None) -> web.Response:
    """The description of this API."""
    # takes a second, once: in a thread
    made = await asyncio.to_thread(request.app[DESCRIPTION].of, request.app)
    return web.Response(
        body=msgspec.json.encode(made),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=3600"},
    )
