"""Pages for people: rendered on the server, complete without JavaScript.

One module per subject, named in `MODULES`, with its `routes`; `add_routes` adds them all. What
several of them need stands beside them: `access` (who asks, for what), `forms`, `texts` (what is
being written), `conversation` and `threads` (what a page shows of a thread, and in which shape).
"""

from aiohttp import web

from web.pages import (
    about,
    approvals,
    apps,
    authorize,
    blog_desk,
    blogs,
    boards,
    books,
    cards,
    communities,
    consents,
    developers,
    drafts,
    editor,
    exports,
    filters,
    front,
    import_claims,
    imports,
    install,
    interact,
    invitations,
    joint,
    known_apps,
    linked,
    live,
    looks,
    messages,
    moderation,
    neighbourhoods,
    notices,
    people,
    polls,
    posts,
    relations,
    reports,
    scheduled,
    search,
    sessions,
    settings,
    signup,
    static,
    stewards,
    strikes,
    styleguide,
    submissions,
    switches,
    tags,
    take_part,
    write,
)

MODULES = (
    front,
    search,
    write,
    editor,
    drafts,
    scheduled,
    notices,
    approvals,
    messages,
    relations,
    settings,
    filters,
    tags,
    sessions,
    apps,
    known_apps,
    authorize,
    signup,
    about,
    interact,
    take_part,
    invitations,
    moderation,
    reports,
    strikes,
    switches,
    neighbourhoods,
    boards,
    communities,
    joint,
    stewards,
    blogs,
    blog_desk,
    import_claims,
    imports,
    books,
    exports,
    consents,
    submissions,
    live,
    cards,
    looks,
    install,
    styleguide,
    developers,
    polls,
    linked,
    posts,
    people,
)


def prepare() -> None:
    """Raise `ConfigError` where what pages need was never built."""
    static.require_built()


def add_routes(app: web.Application) -> None:
    """Add every page, and the files that pages need, to `app`."""
    for module in MODULES:
        app.add_routes(module.routes)
    static.add_routes(app)
