"""The client API for those who make apps: every endpoint, as the description tells it."""

import re
from functools import partial
from typing import Any, Final

from aiohttp import web
from markupsafe import Markup, escape

from web.api.openapi import ADDRESS, DESCRIPTION, Endpoint, endpoints, inline, schema_of
from web.render import page

routes = web.RouteTableDef()

_NAME: Final = re.compile(r"(\w+)")
_JOINT: Final = re.compile(r"([/_])")


@routes.get("/developers")
async def developers(request: web.Request) -> web.Response:
    """Every endpoint with its scopes, fields and answer, and every entity."""
    known = endpoints(request.app)
    nouns: dict[str, list[Endpoint]] = {}
    for one in known:
        nouns.setdefault(one.noun, []).append(one)
    schemas = request.app[DESCRIPTION].of(request.app)["components"]["schemas"]
    return await page(
        request,
        "developers.html",
        nouns=dict(sorted(nouns.items())),
        schemas=schemas,
        fields=_fields,
        answer=_answer,
        kind=kind,
        linked=partial(_linked, frozenset(schemas)),
        breaking=breaking,
        description=ADDRESS,
    )


def _fields(one: Endpoint) -> list[tuple[str, str, str]]:
    """(where, name, kind) of everything that an endpoint reads."""
    return [
        (where, name, kind(value))
        for where, struct in (("query", one.shape.query), ("body", one.shape.body))
        if struct is not None
        for name, value in inline(struct)["properties"].items()
    ]


def _answer(one: Endpoint) -> str:
    """The entity that an endpoint answers, or nothing."""
    return kind(schema_of(one.shape.answer)) if one.shape.answer is not None else ""


def _linked(known: frozenset[str], words: str) -> Markup:
    """The names of entities as links to where they are told."""
    parts = (
        Markup('<a href="#{0}">{0}</a>').format(part) if part in known else escape(part)
        for part in _NAME.split(words)
    )
    return Markup("").join(parts)


def breaking(path: str) -> Markup:
    """A path that a narrow page breaks between its words, not inside one."""
    return Markup("").join(
        Markup("{}<wbr>").format(part) if part in ("/", "_") else escape(part)
        for part in _JOINT.split(path)
    )


def kind(schema: dict[str, Any]) -> str:
    """A JSON schema in one line: `string`, `integer | null`, `[Status]`, `public | private`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"[{kind(schema.get('items') or {})}]"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"{{{kind(schema['additionalProperties'])}}}"
    if schema.get("format") == "binary":
        return "file"
    return str(schema.get("type", "any"))
