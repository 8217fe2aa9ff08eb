"""A post from an app that names a board of ours begins a thread there.

Apps know no titles and no communities. So a public post that answers nothing and names a board,
`@garden`, begins a thread in it, with its first line as the title: as Lemmy reads what people of
Mastodon write to its communities.
"""

import re

import msgspec

from server import text
from server.errors import AppError
from server.model import Account, Site
from server.services import accounts, communities
from server.services.new_posts import MAX_MENTIONS, MAX_TITLE, NewPost
from server.store import communities as store
from server.store.db import Read


def placed(db: Read, site: Site, author: Account, new: NewPost, now_ms: int) -> NewPost:
    """The thread that a post from an app begins, or the post as it is.

    Where its author may begin no thread it stays a post that names the board.
    """
    if not _may_be_one(new):
        return new
    group = _named(db, site, new.content)
    if group is None or not _may_begin(db, group, author, now_ms):
        return new
    title, rest = _parted(site, group, new.content)
    if not title:
        return new
    return msgspec.structs.replace(new, title=title, content=rest, community_id=group.id)


def _may_be_one(new: NewPost) -> bool:
    tied = new.reply_to_id is not None or new.quoted_id is not None
    placed = new.community_id is not None or bool(new.title.strip())
    return not tied and not placed and new.visibility == "public" and "@" in new.content


def _named(db: Read, site: Site, content: str) -> Account | None:
    """The first board of ours that a text names."""
    for handle in text.find_mentions(content)[:MAX_MENTIONS]:
        account = accounts.meant(db, site, handle)
        if account is None or not account.local or account.kind != "Group":
            continue
        community = store.by_id(db, account.id)
        if community is not None and community.kind == "board":
            return account
    return None


def _may_begin(db: Read, group: Account, author: Account, now_ms: int) -> bool:
    try:
        communities.check_begin(db, group, author, now_ms)
    except AppError:
        return False
    return True


def _parted(site: Site, group: Account, content: str) -> tuple[str, str]:
    """Its first line as a title without the name of the board, and the rest.

    Where nothing follows, or the line is longer than a title, the text is all of it.
    """
    name = re.compile(rf"@{group.name}(@{re.escape(site.domain)})?(?![\w@])", re.IGNORECASE)
    lines = [" ".join(name.sub("", line).split()) for line in content.splitlines()]
    at = next((place for place, line in enumerate(lines) if line), None)
    if at is None:
        return "", content
    title = text.excerpt(lines[at].lstrip("# "), MAX_TITLE)
    rest = "\n".join(content.splitlines()[at + 1 :]).strip()
    whole = len(lines[at]) > MAX_TITLE or not name.sub("", rest).strip()
    return title, content if whole else rest
