"""Addresses of blogs that were brought here: what leads nowhere else leads to the story.

Asked only where no route of ours answers, so that nothing here is ever covered.
"""

import unicodedata
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from aiohttp import web

from server.model import Account, Post
from server.services import imports
from server.store import accounts, posts
from server.store.db import DatabaseUnavailable, Read
from web.keys import DB
from web.render import post_url

NEVER: Final = ("/api/", "/static/", "/media/", "/.well-known/")
KEPT_S: Final = 86_400
"""Browsers would keep a way for ever, and cover what may once have its address here."""
NUMBERS: Final = ("p", "page_id")
"""By which WordPress names a story where its addresses have no words."""


async def lead(request: web.Request) -> web.Response | None:
    """The way to a story that was once at this path; None for every other."""
    if request.method not in ("GET", "HEAD") or request.path.startswith(NEVER):
        return None
    with suppress(DatabaseUnavailable):
        found = await request.config_dict[DB].read(_found, asked(request))
        if found is not None:
            status = HTTPStatus.MOVED_PERMANENTLY
            headers = {"Location": post_url(*found), "Cache-Control": f"max-age={KEPT_S}"}
            return web.Response(status=status, headers=headers)
    return None


def asked(request: web.Request) -> str:
    """The path that an old blog would know."""
    for name in NUMBERS:
        number = request.query.get(name, "")
        if request.path in ("/", "/index.php") and number.isascii() and number.isdigit():
            return f"/?{name}={number}"
    return unicodedata.normalize("NFC", request.path)


def _found(db: Read, path: str) -> tuple[Post, Account] | None:
    id = imports.lead(db, path)
    post = posts.by_id(db, id) if id is not None else None
    author = accounts.by_id(db, post.author_id) if post is not None else None
    return (post, author) if post is not None and author is not None else None
