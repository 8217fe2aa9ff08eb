"""Secret comments (비밀댓글): for the author of the story alone below which they stand.

Who else may read one stands in its mentions, and nobody stands there whom the text only names: the
story's author, and whoever wrote the secret comment that is answered. It never leaves this server:
`documents` has no document of it, and nothing is sent.
"""

from server.errors import AppError, Forbidden, Invalid
from server.model import Account, Post
from server.services import rights
from server.store import accounts, follows, posts
from server.store.db import Read


def audience(db: Read, author_id: int, wanted: str, parent: Post | None) -> str:
    """For whom a new post is: an answer to a secret comment is one too, whatever is wanted.

    Raises `Invalid` and `Forbidden` where a secret comment is not possible.
    """
    if parent is not None and parent.secret:
        wanted = "secret"
    if wanted == "secret":
        _check(db, author_id, parent)
    return wanted


def _check(db: Read, author_id: int, parent: Post | None) -> None:
    if parent is None:
        raise Invalid("Only a comment can be secret. Answer a story, or a comment below it.")
    if parent.visibility == "direct":
        raise Invalid("What you answer is private already, and so is your answer.")
    story = _story(db, parent)
    if story is not None and story.author_id == author_id and not parent.secret:
        raise Invalid("The story is yours: nobody else could read a secret comment of yours here.")
    owner = accounts.by_id(db, story.author_id) if story else None
    if story is None or owner is None or not _takes_them(owner):
        raise Invalid("Secret comments are for stories by people of this city.")
    if follows.apart(db, author_id, owner.id):
        raise Forbidden("You cannot reply to this account.")
    if story is not parent and not rights.may_read(db, author_id, story):
        raise Invalid("The story is not there any more, or it is not for you.")


def _story(db: Read, parent: Post) -> Post | None:
    """The first post of the thread; None where that is not known here."""
    return parent if parent.id == parent.thread_id else posts.by_id(db, parent.thread_id)


def _takes_them(owner: Account) -> bool:
    return owner.local and owner.state == "active" and owner.kind not in ("Group", "Application")


def possible(db: Read, author_id: int, parent: Post) -> bool:
    """Whether one of ours may answer in secret what they can read."""
    try:
        _check(db, author_id, parent)
    except AppError:
        return False
    return True


def readers(db: Read, author_id: int, parent: Post) -> tuple[Account, ...]:
    """Who beside its author may read a secret comment that answers `parent`.

    Of one that answers another, whoever may read that.
    """
    story = _story(db, parent)
    ids = {story.author_id} if story else set()
    if parent.secret:
        named = posts.mentioned(db, [parent.id]).get(parent.id, ())
        ids |= {parent.author_id, *(account.id for account in named)}
    return tuple(accounts.by_ids(db, ids - {author_id}).values())
