"""Answers as JSON, and the `Link` header by which apps turn pages."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from server.model import Account
from server.store.paging import LAST_ID, Page
from web import present
from web.body import query
from web.keys import SITE

Id = Annotated[int, msgspec.Meta(ge=0, le=LAST_ID)]

MOST_STATUSES: Final = 40
MOST_ACCOUNTS: Final = 80
_CURSORS: Final = frozenset({"max_id", "since_id", "min_id"})


class Window(msgspec.Struct, frozen=True):
    """The part of a query that says which page is wanted."""

    max_id: Id | None = None
    since_id: Id | None = None
    min_id: Id | None = None
    limit: int | None = None


def window(request: web.Request, *, usual: int = 20, most: int = MOST_STATUSES) -> Page:
    """The page that the query asks for, of at most `most` rows."""
    asked = query(request, Window)
    limit = usual if asked.limit is None else max(1, min(asked.limit, most))
    return Page(asked.max_id, asked.since_id, asked.min_id, limit)


def one(entity: Any, *, status: int = 200) -> web.Response:  # noqa: ANN401
    """One entity, or a list that has no pages."""
    return _json(msgspec.json.encode(entity), status=status)


def listing(request: web.Request, items: Sequence[bytes], ids: Sequence[int]) -> web.Response:
    """Entities already encoded, newest first; `ids` are the rows they came from, shown or not."""
    return linked(request, _json(b"[" + b",".join(items) + b"]"), ids)


def linked(request: web.Request, response: web.Response, ids: Sequence[int]) -> web.Response:
    """`response` with the way to the pages around that of the rows `ids`."""
    if ids:
        response.headers["Link"] = _link(request, oldest=ids[-1], newest=ids[0])
    return response


def people(request: web.Request, found: Sequence[tuple[int, Account]]) -> web.Response:
    """Accounts, each with the id of what made them part of the list."""
    site = request.config_dict[SITE]
    items = [msgspec.json.encode(present.account(site, account)) for _, account in found]
    return listing(request, items, [id for id, _ in found])


def encoded(body: bytes, headers: dict[str, str]) -> web.Response:
    """An answer that is JSON already."""
    response = _json(body)
    response.headers.update(headers)
    return response


def _json(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def _link(request: web.Request, *, oldest: int, newest: int) -> str:
    """Where the pages before and after this one are. RFC 8288."""
    pairs = request.rel_url.raw_query_string.split("&")
    kept = "".join(f"{one}&" for one in pairs if one and one.partition("=")[0] not in _CURSORS)
    base = f"{request.config_dict[SITE].origin}{request.rel_url.raw_path}?{kept}"
    return f'<{base}max_id={oldest}>; rel="next", <{base}min_id={newest}>; rel="prev"'
