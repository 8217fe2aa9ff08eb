"""What a person sees when something went wrong: what it was, and what to do now."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from server.errors import AppError, Away, TooMany
from web.i18n import N_
from web.keys import REQUEST_ID
from web.render import page

HEADINGS: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: N_("This could not be understood"),
    HTTPStatus.UNAUTHORIZED: N_("Please sign in first"),
    HTTPStatus.FORBIDDEN: N_("This is not allowed"),
    HTTPStatus.NOT_FOUND: N_("Nothing is here"),
    HTTPStatus.GONE: N_("This was deleted"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("This is too large"),
    HTTPStatus.TOO_MANY_REQUESTS: N_("Please wait a moment"),
}
SENTENCES: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: N_("Please go back and try it once more."),
    HTTPStatus.UNAUTHORIZED: N_("Sign in, and try it once more."),
    HTTPStatus.GONE: N_("It does not come back. Search for something else to read."),
    HTTPStatus.NOT_FOUND: N_("Please check the address, or search for what you wanted to read."),
    HTTPStatus.METHOD_NOT_ALLOWED: N_("Please go back and use the buttons of the page."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("A picture may have at most 16 MB, and a text 500 kB."),
    HTTPStatus.REQUEST_TIMEOUT: N_("The line was too slow. Please try again."),
    HTTPStatus.SERVICE_UNAVAILABLE: N_(
        "There are too many visitors. Please try again in a minute."
    ),
}


PASSING: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
MORE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""An error says itself what to do; that something is missing leaves that open."""


def away(request: web.Request) -> Away:
    """What whoever reads or writes is told while the database is away, or its disk full."""
    if request.method in ("GET", "HEAD"):
        return Away("The server cannot find anything right now. Please try again in a few minutes.")
    return Away(
        "The server cannot save anything right now. What you wrote is still here; "
        "try again in a few minutes."
    )


def retry_after(error: AppError | None) -> dict[str, str]:
    """The header that says when to try again, where the failure knows it. RFC 9110 §10.2.3.

    Where it does not, `headers.guard` says it.
    """
    if not isinstance(error, TooMany):
        return {}
    return {"Retry-After": str(-(-error.retry_after_ms // 1000))}


def _passing(request: web.Request, status: int, error: AppError | None) -> bool:
    """Whether words may have been sent that could be taken a little later.

    Nothing says that all of it is lost: the browser has what was typed.
    """
    if request.method != "POST":
        return False
    return status in PASSING and (error is None or isinstance(error, (Away, TooMany)))


async def failed(request: web.Request, status: int, error: AppError | None) -> web.Response:
    """The page for a failure; where there is no `error` the bare status is explained.

    What is our own fault comes with the number by which the operator finds it in the log.
    """
    passing = _passing(request, status, error)
    if passing and isinstance(error, Away):  # this page does not show again what was written
        error = Away("The server cannot save anything right now.")
    return await page(
        request,
        "error.html",
        status=status,
        headers=retry_after(error),
        heading=HEADINGS.get(status, N_("Something went wrong")),
        sentence="" if error and status not in MORE else SENTENCES.get(status, ""),
        passing=passing,
        status_code=status,
        error=error,
        ours=status >= HTTPStatus.INTERNAL_SERVER_ERROR
        and status != HTTPStatus.SERVICE_UNAVAILABLE,
        request_id=request.get(REQUEST_ID, ""),
    )
