"""Pages for people: rendered on the server, complete without JavaScript.

One module per subject; each has a `routes` table. `register` adds them all.
"""

from aiohttp import web

from web.pages import (
    about,
    cards,
    drafts,
    front,
    install,
    interact,
    invitations,
    language,
    looks,
    moderation,
    notices,
    people,
    posts,
    relations,
    search,
    sessions,
    settings,
    signup,
    static,
    write,
)

MODULES = (
    front,
    search,
    write,
    drafts,
    notices,
    relations,
    settings,
    sessions,
    signup,
    about,
    interact,
    invitations,
    moderation,
    language,
    cards,
    looks,
    install,
    posts,
    people,
)


def register(app: web.Application) -> None:
    """Add every page, and the files that pages need, to `app`."""
    for module in MODULES:
        app.add_routes(module.routes)
    static.register(app)
