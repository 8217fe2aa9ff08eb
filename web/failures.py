"""What a failure looks like: problem details for peers, JSON for apps, a page for people."""

from http import HTTPStatus

from aiohttp import web

from server.errors import AppError
from web import error_page, i18n
from web.keys import REQUEST_ID, SITE
from web.rates import APPS

MACHINES = (
    "/inbox",
    "/actor",
    "/objects/",
    "/activities/",
    "/contexts/",
    "/quotes/",
    "/approvals/",
    "/webmention",
    "/nodeinfo/",
    "/.well-known/",
)


async def answer(request: web.Request, status: int, error: AppError | None) -> web.StreamResponse:
    """The failure in the form that the asker reads; without `error` the status says it all."""
    if request.path.startswith(APPS):
        return _for_app(request, status, error)
    if request.path.startswith(MACHINES):
        return problem(request, status, str(error) if error else HTTPStatus(status).phrase)
    return await error_page.failed(request, status, error)


def problem(request: web.Request, status: int, detail: str) -> web.Response:
    """RFC 9457 problem details; a peer that is blocked is told nothing."""
    if status == HTTPStatus.ACCEPTED:
        return web.Response(status=status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE:
        detail = "The server failed; this is its own fault."
    return web.json_response(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "instance": request.get(REQUEST_ID, ""),
        },
        status=status,
        content_type="application/problem+json",
    )


def _for_app(request: web.Request, status: int, error: AppError | None) -> web.Response:
    language = i18n.choose(request, request.config_dict[SITE].languages, None)
    words = i18n.say(error, language) if error else HTTPStatus(status).phrase
    body = {"error": words}
    if error and error.told:
        body = {"error": error.told, "error_description": words}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        body["error_description"] = f"request {request.get(REQUEST_ID, '')}"
    response = web.json_response(body, status=status)
    if status == HTTPStatus.UNAUTHORIZED:  # RFC 6750 §3
        response.headers["WWW-Authenticate"] = 'Bearer realm="Madang", error="invalid_token"'
    return response
