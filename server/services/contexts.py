"""To which conversation a post belongs, and when we look for what is missing in it.

FEP-7888, FEP-f228, FEP-11dd: what answers a post keeps its context, whoever began it.
"""

from typing import Final

import msgspec

from federation.origin import normal
from federation.vocab import Object
from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.errors import NotFound
from server.ids import created_ms, parse_id
from server.model import Post, Site
from server.store import accounts, jobs, posts, walks
from server.store.db import Read, Write

PAUSES_MS: Final = (MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 3 * HOUR_MS, DAY_MS)
ALIVE_MS: Final = 7 * DAY_MS  # since something came
LANES: Final = 4  # threads that are walked at once
PAGE: Final = 100  # posts on a page of a context
MAX_URI: Final = 2_000  # characters of a context that a stranger names
JOB: Final = "walk"


def own(site: Site, thread_id: int) -> str:
    """The address of a conversation that began here."""
    return f"{site.origin}/contexts/{thread_id}"


def thread_of(site: Site, context: str) -> int | None:
    """The id of the thread of ours that has this context; None for every other."""
    start = own(site, 0)[:-1]
    return parse_id(context.removeprefix(start)) if context.startswith(start) else None


def of_ours(site: Site, post: Post) -> str:
    """The context that a post of ours names; empty in threads of strangers who name none."""
    return own(site, post.id) if post.reply_to_uri is None else post.context_uri


def inherited(db: Read, site: Site, parent: Post | None) -> str:
    """What an answer of ours takes over: the word of the thread's root, then of the parent."""
    if parent is None:
        return ""
    root = parent if parent.id == parent.thread_id else posts.by_id(db, parent.thread_id)
    if root is not None and root.local:
        return own(site, root.id)
    return (root.context_uri if root else "") or parent.context_uri


def claimed(db: Read, site: Site, context: str | None, parent: Post | None) -> str:
    """What we keep of a stranger's claim; an answer without a usable one keeps its parent's.

    Nobody puts a post into a conversation of ours by naming it: what it answers decides.
    """
    if context and len(context) <= MAX_URI and normal(context) and not site.ours(context):
        return context
    return inherited(db, site, parent)


def names_ours(db: Read, site: Site, found: Object) -> bool:
    """Whether an answer says that it belongs to a conversation which began here, for everybody.

    What it answers may have been lost on its way; it is fetched, and decides.
    """
    id = thread_of(site, found.context or "") if found.in_reply_to else None
    root = posts.by_id(db, id) if id is not None else None
    return root is not None and bool(root.local) and root.open and root.deleted_ms is None


def expect_more(tx: Write, post: Post, now_ms: int) -> None:
    """Where people talk there may be more that did not reach us: look soon, and again later."""
    if post.open and (post.reply_to_uri is not None or post.community_id is not None):
        walks.expect(tx, post.thread_id, now_ms + PAUSES_MS[0])


def opened(tx: Write, post_id: int, now_ms: int) -> None:
    """Somebody read a thread of strangers, which was looked at for them."""
    if (post := posts.by_id(tx, post_id)) is not None:
        walks.expect(tx, post.thread_id, now_ms + PAUSES_MS[1])


def walk_next(tx: Write, site: Site, now_ms: int) -> bool:
    """Promise a look at the thread that is due first, and put off the next one. False without."""
    due = walks.first_due(tx, now_ms)
    if due is None:
        return False
    thread_id, step = due["thread_id"], due["step"]
    last = walks.last_id(tx, thread_id)
    if created_ms(last) < now_ms - ALIVE_MS or not walks.somebody_cares(tx, thread_id):
        walks.forget(tx, thread_id)
        return True
    later = min(step + 1, len(PAUSES_MS) - 1)
    next_ms = now_ms + PAUSES_MS[later]
    if walks.put_off(tx, thread_id, next_ms, later, was_ms=due["due_ms"]):  # else another has it
        payload = msgspec.json.encode({"thread": thread_id})
        jobs.enqueue(tx, JOB, f"{JOB}:{thread_id % LANES}", payload, now_ms)
    return True


def put_off_next(tx: Write, site: Site, now_ms: int) -> None:
    """The first that is due cannot be looked at: let the others have their turn."""
    if (due := walks.first_due(tx, now_ms)) is not None:
        last = len(PAUSES_MS) - 1
        walks.put_off(tx, due["thread_id"], now_ms + DAY_MS, last, was_ms=due["due_ms"])


def members(db: Read, thread_id: int, page: int | None) -> tuple[str, int, list[str]]:
    """Who answers for a thread that began here, how many are in it, and the ids on a page.

    Nothing of those who are suspended or gone, who also answer for nothing: then it is "". The
    first page is 1; None has the ids where they are few. Raises `NotFound`.
    """
    root = posts.by_id(db, thread_id)
    if root is None or not root.local or not root.open or root.id != root.thread_id:
        raise NotFound("There is no such thread.")
    owner = accounts.by_id(db, root.community_id or root.author_id)
    total = walks.context_size(db, thread_id)
    first = ((page or 1) - 1) * PAGE
    uris = walks.context_page(db, thread_id, first, PAGE) if page or total <= PAGE else []
    return owner.uri if owner is not None and owner.state == "active" else "", total, uris
