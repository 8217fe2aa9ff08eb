"""Forms not yet sent: nothing that a person typed is lost."""

from typing import Any

import msgspec

from server.errors import Invalid, NotFound, TooLarge
from server.ids import new_id
from server.model import Draft
from server.store import drafts as store
from server.store import idempotency
from server.store.db import Read, Write

MAX_DRAFT_BYTES = 400_000
MAX_DRAFTS = 100  # of one person: as many as the list of drafts shows
MIN_ONCE = 16  # characters of a form's own chance


def save(
    tx: Write, viewer_id: int, draft_id: int | None, body: dict[str, Any], now_ms: int
) -> Draft:
    """Keep the fields of a form; under `draft_id` if it is the viewer's, else as a new draft.

    Raises `TooLarge`, or `Invalid` where there are too many.
    """
    text = msgspec.json.encode(body).decode()
    if len(text.encode()) > MAX_DRAFT_BYTES:
        raise TooLarge("The draft is too long to keep. Save a part of it as a post of its own.")
    known = store.by_id(tx, viewer_id, draft_id) if draft_id else None
    if known is None and store.count(tx, viewer_id) >= MAX_DRAFTS:
        raise Invalid(
            "You have %(most)s drafts, and there is no room for more. Please publish some, or "
            "throw some away.",
            most=MAX_DRAFTS,
        )
    draft = Draft(
        id=known.id if known else new_id(now_ms),
        account_id=viewer_id,
        body=text,
        updated_ms=now_ms,
    )
    store.put(tx, draft)
    return draft


def keep(
    tx: Write, viewer_id: int, draft_id: int | None, body: dict[str, Any], *, key: str, now_ms: int
) -> Draft | None:
    """As `save`, while somebody types; nothing once it was published.

    `key` is the Idempotency-Key with which the text will be published: what a page still sends
    after that would bring a draft back that nobody needs.
    """
    if key and idempotency.post_of(tx, viewer_id, key) is not None:
        return None
    return save(tx, viewer_id, draft_id, body, now_ms)


def all(db: Read, viewer_id: int) -> list[Draft]:
    """The viewer's drafts, last changed first."""
    return store.of_account(db, viewer_id)


def one(db: Read, viewer_id: int, draft_id: int) -> Draft:
    """One of the viewer's drafts. Raises `NotFound`."""
    found = store.by_id(db, viewer_id, draft_id)
    if found is None:
        raise NotFound("There is no such draft; it may have been published already.")
    return found


def remove(tx: Write, viewer_id: int, draft_id: int) -> None:
    """Forget one."""
    store.remove(tx, viewer_id, draft_id)


def remove_of_form(tx: Write, viewer_id: int, once: str) -> None:
    """Forget what was kept of a form while it was filled in, known by its `once`: it is sent."""
    if once.replace("-", "").replace("_", "").isalnum() and len(once) >= MIN_ONCE:
        store.remove_holding(tx, viewer_id, f'"once":"{once}"')
