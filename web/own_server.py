"""Visitors with an account elsewhere: as whom they take part, kept in a cookie and nowhere else."""

from typing import Final
from urllib.parse import quote, unquote

from aiohttp import web

from federation import webfinger
from web.keys import SITE

A_YEAR_S: Final = 365 * 24 * 3600


def _cookie(request: web.Request) -> str:
    return "__Host-own-server" if _secure(request) else "own-server"


def _secure(request: web.Request) -> bool:
    return request.config_dict[SITE].origin.startswith("https:")


def own_handle(request: web.Request) -> str:
    """`@name@server`, or a server alone, of the visitor who asks; empty where we were not told."""
    kept = unquote(request.cookies.get(_cookie(request), ""))
    home = webfinger.parse_typed(kept)
    if home is None or webfinger.spelled(*home) != kept:
        return ""
    return f"@{kept}" if home[0] else kept


def remember(request: web.Request, response: web.Response, home: tuple[str, str]) -> None:
    """Have the browser keep where this visitor (name and host) has an account."""
    response.set_cookie(
        _cookie(request),
        quote(webfinger.spelled(*home), safe="@:"),
        max_age=A_YEAR_S,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=_secure(request),
    )


def forget(request: web.Request, response: web.Response) -> None:
    """Have the browser keep it no longer."""
    response.del_cookie(
        _cookie(request), path="/", httponly=True, samesite="Lax", secure=_secure(request)
    )
