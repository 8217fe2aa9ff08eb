"""What members want published in a team blog: asked for, changed together, published.

Each change names the version that was seen: who changes what somebody else has changed meanwhile
is told (`Conflict`), and nothing of either text is lost.
"""

from typing import Final

import msgspec

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Post, Site
from server.services import blog, communities, desk_news, new_posts, posts, scheduled
from server.services.new_posts import NewPost
from server.store import accounts
from server.store import communities as community_store
from server.store import submissions as store
from server.store.blog import Filed
from server.store.db import Read, Write
from server.store.submissions import Submission

MAX_UNFINISHED: Final = 20  # of one author
MAX_NOTE: Final = 2_000  # characters


def said(submission: Submission) -> NewPost | None:
    """What its author wants published; None once it is."""
    return msgspec.json.decode(submission.params, type=NewPost) if submission.params else None


def suggested(submission: Submission) -> NewPost | None:
    """What an editor proposes instead."""
    text = submission.suggestion
    return msgspec.json.decode(text, type=NewPost) if text else None


def one(db: Read, viewer: Account, id: int) -> Submission:
    """One that the viewer wrote, or as an editor may read. Raises `NotFound`."""
    found = store.by_id(db, id)
    if found is None or not (
        found.author_id == viewer.id or communities.keeps(db, found.community_id, viewer)
    ):
        raise NotFound("There is no such text at the editor's desk.")
    return found


# --- its author


def submit(tx: Write, author: Account, new: NewPost, now_ms: int) -> Submission:
    """Ask the editors of a blog to publish a story. The same `idempotency_key` gives the same one.

    Raises what writing it would raise, and `Invalid` where too many wait.
    """
    if new.idempotency_key and (known := store.by_key(tx, author.id, new.idempotency_key)):
        return known
    if store.unfinished(tx, author.id) >= MAX_UNFINISHED:
        raise Invalid(
            "At most %(most)s of your texts can wait for the editors.", most=MAX_UNFINISHED
        )
    made = Submission(
        id=new_id(now_ms),
        community_id=new.community_id or 0,
        author_id=author.id,
        state="submitted",
        params=_checked(tx, author, new, now_ms),
        idempotency_key=new.idempotency_key or None,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    store.insert(tx, made)
    _tell_editors(tx, made, author, now_ms, "submitted")
    return made


def _checked(db: Read, author: Account, new: NewPost, now_ms: int) -> str:
    group = accounts.by_id(db, new.community_id or 0)
    home = community_store.by_id(db, group.id) if group and group.state == "active" else None
    if group is None or home is None or home.kind != "blog":
        raise NotFound("There is no such team blog.")
    if not new.title.strip():
        raise Invalid("A story needs a title.")
    communities.check_answer(db, group, author, now_ms)
    new, _ = new_posts.check(db, author, new)
    blog.check(db, group, author, new.filed or Filed())
    return msgspec.json.encode(new).decode()


def revise(
    tx: Write, author: Account, id: int, version: int, new: NewPost, *, now_ms: int
) -> Submission:
    """Other words of its author; the editors look again. Raises `Conflict`."""
    known = _own(tx, author, id)
    was = said(known)
    assert was is not None  # noqa: S101  `_own` gives what is not out
    text = _checked(tx, author, _with_words(was, new), now_ms)
    _put(tx, msgspec.structs.replace(known, params=text, **_sent_again(now_ms)), version)
    _tell_editors(tx, known, author, now_ms, "revised")
    return one(tx, author, id)


def accept(tx: Write, author: Account, id: int, version: int, now_ms: int) -> None:
    """The author takes what an editor proposes. Raises `Conflict`, `NotFound`."""
    known = _own(tx, author, id)
    if not known.suggestion:
        raise NotFound("Nothing is suggested for this text.")
    changed = msgspec.structs.replace(known, params=known.suggestion, **_sent_again(now_ms))
    _put(tx, changed, version)
    _tell_editors(tx, known, author, now_ms, "accepted")


def _sent_again(now_ms: int) -> dict[str, str | int]:
    return {"state": "submitted", "suggestion": "", "note": "", "updated_ms": now_ms}


def withdraw(tx: Write, author: Account, id: int, version: int) -> NewPost:
    """The author takes a text back, to keep it; what it says. Raises `Conflict`."""
    known = _own(tx, author, id)
    text = said(known)
    if known.version != version or text is None:
        raise _changed()
    store.remove(tx, id)
    for editor in communities.moderators(tx, known.community_id):
        for what in ("submitted", "revised", "accepted"):
            desk_news.take_back(tx, editor.id, author.id, what=what, about_id=id)
    return text


def _own(db: Read, author: Account, id: int) -> Submission:
    known = one(db, author, id)
    if known.author_id != author.id:
        raise Forbidden("Only its author can do that.")
    if known.post_id is not None:
        raise Conflict("This was published already.")
    return known


# --- the editors


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Words that an editor proposes, and why."""

    title: str
    lead: str
    content: str
    note: str


def suggest(
    tx: Write, editor: Account, id: int, version: int, proposal: Proposal, *, now_ms: int
) -> None:
    """Propose other words to the author, who takes them or not. Raises `Conflict`."""
    known = _waiting(tx, editor, id)
    was, author = said(known), accounts.by_id(tx, known.author_id)
    if len(proposal.note) > MAX_NOTE:
        raise Invalid("This is too long: at most %(most)s characters.", most=MAX_NOTE)
    if was is None or author is None:
        raise _changed()
    words = NewPost(title=proposal.title, lead=proposal.lead, content=proposal.content)
    text = _checked(tx, author, _with_words(was, words), now_ms)
    changed = msgspec.structs.replace(
        known,
        state="suggested",
        suggestion=text,
        note=proposal.note.strip(),
        editor_id=editor.id,
        updated_ms=now_ms,
    )
    _put(tx, changed, version)
    desk_news.tell(tx, known.author_id, editor.id, now_ms, what="suggested", about_id=id)


def publish(tx: Write, site: Site, editor: Account, id: int, version: int, now_ms: int) -> Post:
    """Publish what the author wrote, in the author's name. Raises `Conflict`."""
    author, new = _approve(tx, editor, id, version, now_ms)
    post = posts.write(tx, site, author, new, now_ms)
    desk_news.tell(tx, author.id, editor.id, now_ms, what="published", post_id=post.id)
    return post


def publish_later(
    tx: Write, editor: Account, id: int, version: int, due_ms: int, *, now_ms: int
) -> None:
    """Publish it at a time to come. Raises `Conflict`, `Invalid`."""
    author, new = _approve(tx, editor, id, version, now_ms)
    scheduled.schedule(tx, author, new, due_ms, now_ms=now_ms)
    desk_news.tell(tx, author.id, editor.id, now_ms, what="approved", about_id=id)


def _approve(
    tx: Write, editor: Account, id: int, version: int, now_ms: int
) -> tuple[Account, NewPost]:
    known = _waiting(tx, editor, id)
    author, new = accounts.by_id(tx, known.author_id), said(known)
    if author is None or new is None:
        raise _changed()
    changed = msgspec.structs.replace(
        known, state="published", editor_id=editor.id, updated_ms=now_ms
    )
    _put(tx, changed, version)
    key = f"submission:{id}"
    return author, msgspec.structs.replace(new, submission_id=id, idempotency_key=key)


def _waiting(db: Read, editor: Account, id: int) -> Submission:
    """One on which an editor may work: what the author is to answer, or waits for its time, not."""
    known = one(db, editor, id)
    if not communities.keeps(db, known.community_id, editor):
        raise Forbidden("Only the editors of this blog can do that.")
    if known.state == "published":
        raise Conflict("This was published already.")
    if known.state != "submitted":
        raise Conflict("Its author has not answered what was suggested yet.")
    return known


# --- both


def _with_words(was: NewPost, new: NewPost) -> NewPost:
    """Other words for the same story; where it stands changes where that is said."""
    return msgspec.structs.replace(
        was,
        title=new.title,
        lead=new.lead,
        content=new.content,
        filed=new.filed or was.filed,
    )


def _changed() -> Conflict:
    return Conflict(
        "Somebody has changed this text meanwhile. Yours is still here: compare the two, then send "
        "it again."
    )


def _put(tx: Write, changed: Submission, version: int) -> None:
    if not store.replace(tx, changed, version):
        raise _changed()


def _tell_editors(
    tx: Write, submission: Submission, author: Account, now_ms: int, what: str
) -> None:
    for editor in communities.moderators(tx, submission.community_id):
        if editor.local:
            desk_news.tell(tx, editor.id, author.id, now_ms, what=what, about_id=submission.id)
