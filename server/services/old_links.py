"""Links among the stories of an old blog lead to where the stories are now, whichever came first.

A link to what is here already is led there as its story comes; others are remembered by their
path, and led when a story with that path comes. What somebody changed here, or what is somebody
else's by now, stays as it is: its links still lead to the old address.
"""

from typing import Final

import msgspec

from server.model import Post
from server.oldblogs import shape
from server.services import import_claims, imports
from server.store import imports as store
from server.store import posts
from server.store.db import Read, Write
from server.store.imports import Run
from server.text import relinking

MOST: Final = 100  # pages to which one story links
AT_ONCE: Final = 50  # stories whose links are led in one transaction
CHARACTERS_AT_ONCE: Final = 100_000  # of their texts: nobody else writes meanwhile


def hosts(run: Run, base: str = "") -> frozenset[str]:
    """Where the blog was: what its editor and its file say."""
    said = (run.address, imports.survey(run).address, base)
    return frozenset(filter(None, map(relinking.host_of, said)))


def places(db: Read, run: Run, paths: tuple[str, ...]) -> dict[str, str]:
    """Where the stories are that were at these paths, as far as they are here."""
    return store.places(db, run.community_id, paths)


def remember(tx: Write, run: Run, post_id: int, paths: tuple[str, ...]) -> None:
    """A story links to these pages, which are not here yet."""
    store.set_links(tx, run.community_id, post_id, [path for path in paths if _fits(path)])


def _fits(path: str) -> bool:
    return len(path) <= imports.MAX_PATH and "\0" not in path


def lead(tx: Write, run_id: int, story: shape.Story) -> bool:
    """Lead some of the links that waited for a story to it; whether there are more."""
    run = store.by_id(tx, run_id)
    known = store.of_story(tx, run.community_id, story.key).get("") if run else None
    if run is None or known is None or known.post_id is None:
        return False
    waiting = store.links_to(tx, known.post_id, AT_ONCE)
    left = CHARACTERS_AT_ONCE
    for post_id, path in waiting:
        if left <= 0:
            return True
        if (post := posts.by_id(tx, post_id)) is not None and _ours(tx, run, post):
            _lead(tx, run, post, path)
            left -= len(post.source) + len(post.content)
        store.forget_link(tx, run.community_id, path, post_id)
    return len(waiting) == AT_ONCE


def _ours(db: Read, run: Run, post: Post) -> bool:
    """Whether a story is as it was brought."""
    known = store.of_post(db, post.id)
    return (
        post.deleted_ms is None
        and known is not None
        and known.edited_ms == post.edited_ms
        and not import_claims.theirs(db, run, post.id)
    )


def _lead(tx: Write, run: Run, post: Post, path: str) -> None:
    came = store.run_of(tx, post.id)
    where = hosts(run) | (hosts(came) if came else frozenset())
    places = store.places(tx, run.community_id, (path,))
    new = {
        name: relinking.led(getattr(post, name), where, places) for name in ("source", "content")
    }
    if msgspec.structs.replace(post, **new) != post:
        posts.set_columns(tx, post.id, **new)
