"""The client API for those who make apps: every endpoint, as the description tells it."""

import asyncio
import re
from functools import partial
from typing import Any, Final

from aiohttp import web
from markupsafe import Markup, escape

from web.api.openapi import ADDRESS, DESCRIPTION, Endpoint, endpoints, inline, schema_of
from web.keys import TOLD
from web.render import environment, language_of, page

routes = web.RouteTableDef()

_NAME: Final = re.compile(r"(\w+)")
_JOINT: Final = re.compile(r"([/_])")


@routes.get("/developers")
async def developers(request: web.Request) -> web.Response:
    """Every endpoint with its scopes, fields and answer, and every entity."""
    app, language = request.app, language_of(request)
    # takes seconds, once in each language: in a thread, beside everybody else's pages
    told = await app[TOLD].get(language, partial(asyncio.to_thread, _told, app, language))
    return await page(request, "developers.html", told=told, description=ADDRESS)


def _told(app: web.Application, language: str) -> Markup:
    """The whole description in HTML. Runs in a thread: it reads nothing that changes."""
    nouns: dict[str, list[Endpoint]] = {}
    for one in endpoints(app):
        nouns.setdefault(one.noun, []).append(one)
    schemas = app[DESCRIPTION].of(app)["components"]["schemas"]
    template = environment(language).get_template("fragments/developers.html")
    return Markup(  # noqa: S704  a template of ours has escaped it
        template.render(
            nouns=dict(sorted(nouns.items())),
            schemas=schemas,
            fields=_fields,
            answer=_answer,
            kind=kind,
            linked=partial(_linked, frozenset(schemas)),
            breaking=breaking,
        )
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
