"""What the client API answers is what its description says: a middleware for applications in tests.

An answer that its description does not allow becomes a failure of ours, and the test that asked for
it fails. So does a refusal that is not the error that apps know.
"""

from functools import cache
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from jsonschema import Draft202012Validator

from web import entities, failures
from web.api.openapi import ENTITIES, kinds, schema_of
from web.api.shape import SHAPE


def hold(app: web.Application) -> None:
    """Check every answer of `app` from now on; call it before the application starts."""
    app.middlewares.insert(0, _checked)


@web.middleware
async def _checked(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not isinstance(response, web.Response) or response.content_type != "application/json":
        return response
    if (answer := _promised(request, response.status)) is None:
        return response
    assert isinstance(response.body, bytes)
    errors = _errors(answer, msgspec.json.decode(response.body))
    assert not errors, f"{request.method} {request.path}: {errors[:3]}"
    return response


def _promised(request: web.Request, status: int) -> Any:
    """What the answer must be, or None where nothing is said about it."""
    if status >= 400:
        return entities.Error if request.path.startswith(failures.APPS) else None
    shape = getattr(request.match_info.handler, SHAPE, None)
    return shape.answer if shape is not None and status < 300 else None


def _errors(answer: Any, said: Any) -> list[str]:
    found = _validator(answer).iter_errors(said)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


@cache
def _validator(answer: Any) -> Draft202012Validator:
    """The published schema, by which nothing may be added either."""
    _, parts = msgspec.json.schema_components(kinds(answer), ref_template=ENTITIES)
    strict = {name: {**one, "additionalProperties": False} for name, one in parts.items()}
    return Draft202012Validator({**schema_of(answer), "components": {"schemas": strict}})
