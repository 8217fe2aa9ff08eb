"""The boards of the city, and the page of one: what was begun there, in four orders."""

from typing import Final

import msgspec
from aiohttp import web

from server.errors import NotFound
from server.model import Account, Community
from server.services import blog, boards
from server.services.boards import AT_ONCE, MAX_PAGES, ORDERS, Board, Listed, Threads
from server.store.db import Read
from server.store.paging import Page
from web.keys import DB
from web.pages.access import Pager, now, pager, viewer_id, window
from web.render import page, person_feed, person_url

routes = web.RouteTableDef()

FIRST: Final = ORDERS[0]


class Shown(msgspec.Struct, frozen=True):
    """A board and a window on its threads."""

    board: Board
    threads: Threads


@routes.get("/boards")
async def all_boards(request: web.Request) -> web.Response:
    """Every board, those with most members first, and the ways to the team blogs."""
    found, team_blogs = await request.config_dict[DB].read(_every, viewer_id(request))
    return await page(request, "boards.html", boards=found, team_blogs=team_blogs)


def _every(db: Read, viewer_id: int | None) -> tuple[list[Listed], list[Community]]:
    return boards.all(db, viewer_id), blog.all(db)


async def shown(request: web.Request, group: Account) -> web.Response:
    """The page of a board, ours or a stranger's."""
    asked, order, place = window(request, AT_ONCE), _order(request), _place(request)
    found = await request.config_dict[DB].read(
        _read, group, viewer_id(request), order, asked, place, now(request)
    )
    numbered = _numbered(group, order, place, len(found.threads.ids))
    return await page(
        request,
        "board.html",
        board=found.board,
        threads=found.threads,
        order=order,
        pager=pager(request, asked, found.threads.ids) if order == "new" else numbered,
        document=group.uri if group.local else "",
        feed=person_feed(group),
    )


def _order(request: web.Request) -> str:
    wish = request.query.get("sort", "")
    return wish if wish in ORDERS else FIRST


def _place(request: web.Request) -> int:
    """The number of the window that the address asks for, from 0. Raises `NotFound`."""
    wish = request.query.get("page", "1")
    if not wish.isascii() or not wish.isdigit() or not 1 <= int(wish[:9]) <= MAX_PAGES:
        raise NotFound("There is nothing at this address.")
    return int(wish) - 1


def _read(  # noqa: PLR0913
    db: Read,
    group: Account,
    viewer_id: int | None,
    order: str,
    asked: Page,
    place: int,
    now_ms: int,
) -> Shown:
    return Shown(
        boards.board(db, group, viewer_id, now_ms),
        boards.threads(db, group, viewer_id, order, asked, place),
    )


def _numbered(group: Account, order: str, place: int, found: int) -> Pager:
    """The windows around one of an order that changes while people write."""
    path = f"{person_url(group)}?sort={order}"
    more = found >= AT_ONCE and place + 1 < MAX_PAGES
    return Pager(
        newer=(f"{path}&page={place}" if place > 1 else path) if place else "",
        older=f"{path}&page={place + 2}" if more else "",
        first=path if place > 1 else "",
    )


async def around(request: web.Request, account: Account) -> Board | None:
    """What the page of a neighbourhood of ours says beside its posts; None for everybody else."""
    if account.kind != "Group" or not account.local:
        return None
    return await request.config_dict[DB].read(
        boards.board, account, viewer_id(request), now(request)
    )
