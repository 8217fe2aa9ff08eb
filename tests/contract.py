"""What the client API answers is what its description says: a middleware for applications in tests.

An answer that its description does not allow becomes a failure of ours, and the test that asked for
it fails.
"""

from functools import cache
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from jsonschema import Draft202012Validator

from web.api.openapi import DESCRIPTION, schema_of
from web.api.shape import SHAPE


def hold(app: web.Application) -> None:
    """Check every answer of `app` from now on; call it before the application starts."""
    app.middlewares.append(_checked)


@web.middleware
async def _checked(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    shape = getattr(request.match_info.handler, SHAPE, None)
    if shape is None or shape.answer is None or not isinstance(response, web.Response):
        return response
    if response.status >= 300 or response.content_type != "application/json":
        return response
    assert isinstance(response.body, bytes)
    schemas = request.app[DESCRIPTION].of(request.app)["components"]["schemas"]
    errors = _errors(shape.answer, msgspec.json.decode(response.body), schemas)
    assert not errors, f"{request.method} {request.path}: {errors[:3]}"
    return response


def _errors(answer: Any, said: Any, schemas: dict[str, Any]) -> list[str]:
    validator = _validator(answer, _Parts(schemas))
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(said)]


class _Parts(dict[str, Any]):
    """Schemas that a cache can tell apart by their names: the same routes give the same ones."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))


@cache
def _validator(answer: Any, schemas: _Parts) -> Draft202012Validator:
    strict = {name: {**one, "additionalProperties": False} for name, one in schemas.items()}
    return Draft202012Validator({**schema_of(answer), "components": {"schemas": strict}})
