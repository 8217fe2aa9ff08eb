"""What every answer carries, whatever it is and whoever made it. SECURITY: headers."""

import types
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from web import crowds

GUARDS: Final[Mapping[str, str]] = types.MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)
"""For what sets none of its own: nothing is loaded, framed or guessed, no address told elsewhere.

Pages loosen the first (`render.guarded`), and what leads to apps tightens the second.
"""
SERVER: Final = "Madang"
BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
WAIT_S: Final = 30  # where nobody knows better


async def guard(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add what is missing; an answer that means "later" also says when."""
    crowds.leave(request)
    response.headers["Server"] = SERVER  # aiohttp would tell its version, and Python's
    for name, value in GUARDS.items():
        response.headers.setdefault(name, value)
    if response.status in BUSY:
        response.headers.setdefault("Retry-After", str(WAIT_S))
