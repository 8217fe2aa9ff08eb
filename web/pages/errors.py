"""What a person sees when something went wrong: what it was, and what to do now."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from server.errors import AppError, TooMany
from web.i18n import N_
from web.render import page

HEADINGS: Final = {
    HTTPStatus.BAD_REQUEST: N_("This could not be understood"),
    HTTPStatus.UNAUTHORIZED: N_("Please sign in first"),
    HTTPStatus.FORBIDDEN: N_("This is not allowed"),
    HTTPStatus.NOT_FOUND: N_("Nothing is here"),
    HTTPStatus.GONE: N_("This was deleted"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("This is too large"),
    HTTPStatus.TOO_MANY_REQUESTS: N_("Please wait a moment"),
}
SENTENCES: Final = {
    HTTPStatus.NOT_FOUND: N_("Please check the address, or search for what you wanted to read."),
    HTTPStatus.METHOD_NOT_ALLOWED: N_("Please go back and use the buttons of the page."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("A picture may have at most 16 MB, and a text 500 kB."),
    HTTPStatus.REQUEST_TIMEOUT: N_("The line was too slow. Please try again."),
    HTTPStatus.SERVICE_UNAVAILABLE: N_(
        "There are too many visitors. Please try again in a minute."
    ),
}


async def failure_page(request: web.Request, error: AppError) -> web.Response:
    """The page for a failure that a person caused or met."""
    headers: Mapping[str, str] = {}
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(-(-error.retry_after_ms // 1000))}
    return await _page(request, int(error.status), error=error, headers=headers)


async def status_page(
    request: web.Request,
    status: int,
    *,
    request_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The page for a bare HTTP status; `request_id` helps the operator to find ours in the log."""
    return await _page(request, status, request_id=request_id, headers=headers or {})


async def _page(
    request: web.Request,
    status: int,
    *,
    error: AppError | None = None,
    request_id: str = "",
    headers: Mapping[str, str],
) -> web.Response:
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return await page(
        request,
        "error.html",
        status=status,
        headers=headers,
        heading=HEADINGS.get(status, N_("Something went wrong")),
        sentence=SENTENCES.get(status, ""),
        error=error,
        ours=ours and status != HTTPStatus.SERVICE_UNAVAILABLE,
        request_id=request_id,
    )
