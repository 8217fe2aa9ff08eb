"""Messages: the private threads that the viewer takes part in."""

import re
from typing import Final

import msgspec
from aiohttp import web

from server.model import PostView
from server.services import conversations, timelines
from server.services.conversations import Talk
from server.store.db import Read
from server.store.paging import Page
from server.text import excerpt
from web.keys import DB, Viewer
from web.pages.access import number, pager, signed_in, window
from web.pages.forms import form, see
from web.render import page

routes = web.RouteTableDef()

LONGEST_WORDS: Final = 140
_NAMES: Final = re.compile(r"^(?:@\S+\s+)+")


class Thread(msgspec.Struct, frozen=True):
    """A conversation, and its last post in full."""

    talk: Talk
    last: PostView

    @property
    def words(self) -> str:
        """How the last post begins, without the names that every message begins with."""
        return _NAMES.sub("", excerpt(self.last.post.content, LONGEST_WORDS)).strip()


@routes.get("/messages")
@signed_in
async def messages(request: web.Request, viewer: Viewer) -> web.Response:
    """By their last posts; each leads to its thread."""
    asked = window(request)
    threads: list[Thread] = await request.config_dict[DB].read(_threads, viewer.account.id, asked)
    ids = [thread.talk.conversation.last_id for thread in threads]
    return await page(request, "messages.html", threads=threads, pager=pager(request, asked, ids))


def _threads(db: Read, viewer_id: int, asked: Page) -> list[Thread]:
    talks = conversations.page(db, viewer_id, asked)
    views = timelines.views(db, viewer_id, [talk.entry for talk in talks])
    by_id = {view.post.id: view for view in views}
    return [
        Thread(talk, by_id[talk.entry.post_id]) for talk in talks if talk.entry.post_id in by_id
    ]


@routes.post("/messages/{id}/remove")
@signed_in
async def remove(request: web.Request, viewer: Viewer) -> web.Response:
    """Take a conversation out of the list."""
    await form(request)
    await request.config_dict[DB].write(conversations.remove, viewer.account.id, number(request))
    return see("/messages")
