"""What somebody wants to say: whether it can be posted, and what its text becomes."""

import re
from html import escape
from typing import Final

import msgspec

from server import text
from server.errors import Conflict, Deleted, Forbidden, Invalid, NotFound
from server.model import VISIBILITIES, Account, Post, Site
from server.services import documents, polls, quotes, reading, secret_comments
from server.services.accounts import meant
from server.services.media import require_ready
from server.services.polls import NewPoll
from server.store import accounts, follows, media
from server.store.blog import Filed
from server.store.db import Read
from server.text.alone import opening

MAX_NOTE: Final = 5_000  # characters
MAX_STORY: Final = 100_000
MAX_BRACKETS: Final = 2_000  # each may begin a link: the time to read them grows with the square
MAX_TITLE: Final = 200
MAX_LEAD: Final = 500
MAX_WARNING: Final = 500
MAX_PICTURES_OF_NOTE: Final = 4
MAX_PICTURES_OF_STORY: Final = 20
MAX_MENTIONS: Final = 50
MAX_HASHTAGS: Final = 100  # under which a post is found; peers take no more either
_LANGUAGE: Final = re.compile(r"(?=.{2,35}$)[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


class NewPost(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to say. With a `title` it is a story, else a short note. Markdown.

    A note may ask something: `poll`. `poll_stays`: an edit leaves the poll as it is.
    `quote_policy`: who may quote it; where it is empty, those whom its author always allows.
    `replies` and `boosts`: who may answer and share it (`services.permissions`), empty: everybody.
    An edit that leaves these three empty leaves them as they are.
    `community_id`: where it begins a thread, which has a title, and may be about a `link`.
    `filed`: where a story stands in its team blog; an edit without it leaves it there.
    `submission_id`: what an editor of that blog has approved.
    """

    content: str
    title: str = ""
    lead: str = ""
    visibility: str = "public"
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    media_ids: tuple[int, ...] = ()
    reply_to_id: int | None = None
    idempotency_key: str = ""
    poll: NewPoll | None = None
    poll_stays: bool = False
    app_id: int | None = None
    quoted_id: int | None = None
    quote_policy: str = ""
    replies: str = ""
    boosts: str = ""
    community_id: int | None = None
    link: str = ""
    filed: Filed | None = None
    submission_id: int | None = None


class Said(msgspec.Struct, frozen=True):
    """A new post as it will be stored: rendered text, and whom it names."""

    title: str
    lead: str
    content: str
    mentioned: tuple[Account, ...]
    tags: tuple[str, ...]


class About(msgspec.Struct, frozen=True):
    """What a new post answers and what it quotes."""

    parent: Post | None
    quoted: Post | None


def check(db: Read, author: Account, new: NewPost) -> tuple[NewPost, Post | None]:
    """What will be said, and the post that it answers, as long as both are possible.

    Raises `Invalid`, `NotFound`, `Forbidden`, `Conflict` with what to change.
    """
    parent = _parent(db, author, new)
    poll = polls.checked(new.poll) if new.poll else None
    audience = secret_comments.audience(db, author.id, new.visibility, parent)
    new = msgspec.structs.replace(new, poll=poll, visibility=audience)
    if audience == "secret" and (new.title.strip() or new.quoted_id is not None):
        raise Invalid("A secret comment has no title, and quotes nothing.")
    check_fields(db, author, new, None)
    return new, parent


def _parent(db: Read, author: Account, new: NewPost) -> Post | None:
    if new.reply_to_id is None:
        return None
    try:
        parent = reading.readable(db, author.id, new.reply_to_id)
    except Deleted as error:
        raise NotFound("The post that you answer was deleted by its author.") from error
    if follows.apart(db, author.id, parent.author_id):
        raise Forbidden("You cannot reply to this account.")
    return parent


def check_fields(db: Read, author: Account, new: NewPost, post: Post | None) -> None:
    """Raises `Invalid` with what to change."""
    story = bool(new.title.strip())
    if new.visibility not in VISIBILITIES:
        raise Invalid("There is no such visibility: %(visibility)s.", visibility=new.visibility)
    if not new.content.strip() and not new.media_ids and not new.link:
        raise Invalid("Write something first, or add a picture.")
    if new.language and _LANGUAGE.fullmatch(new.language) is None:
        raise Invalid("This is not the code of a language, such as ko or en.")
    _check_lengths(new, MAX_STORY if story else MAX_NOTE)
    _check_poll(new, post)
    _check_number(db, new, post)
    for id in new.media_ids:
        picture = media.by_id(db, id)
        if picture is None or picture.account_id != author.id:
            raise NotFound("There is no such picture; please choose it again.")
        placed = picture.post_id not in (None, post.id if post else None)
        if placed or picture.scheduled_id is not None:
            raise Conflict("This picture is in another post already; please choose it again.")
        require_ready(picture)


def _check_number(db: Read, new: NewPost, post: Post | None) -> None:
    most = MAX_PICTURES_OF_STORY if new.title.strip() else MAX_PICTURES_OF_NOTE
    if post is not None and len(new.media_ids) > most:  # one of an old blog may have come with more
        most = max(most, len(media.of_posts(db, [post.id]).get(post.id, ())))
    if len(new.media_ids) > most:
        raise Invalid("At most %(most)s pictures fit here.", most=most)


def _check_poll(new: NewPost, post: Post | None) -> None:
    kept = post is not None and new.poll_stays and polls.of(post) is not None
    if not (new.poll or kept):
        return
    if new.visibility == "secret":
        raise Invalid("A secret comment cannot have a poll.")
    if new.title.strip() and new.community_id is None and not (post and post.kind == "question"):
        raise Invalid("A story cannot have a poll. Ask in a short note instead.")
    if new.media_ids:
        raise Invalid("A post has pictures or a poll, not both. Please take one of them out.")


def _check_lengths(new: NewPost, most: int) -> None:
    if len(new.content) > most:
        raise Invalid("This is too long: at most %(most)s characters.", most=most)
    if new.content.count("[") > MAX_BRACKETS:
        raise Invalid("This has too many square brackets: at most %(most)s.", most=MAX_BRACKETS)
    if len(new.title) > MAX_TITLE:
        raise Invalid("The title is too long: at most %(most)s characters.", most=MAX_TITLE)
    if len(new.lead) > MAX_LEAD:
        raise Invalid("The lead is too long: at most %(most)s characters.", most=MAX_LEAD)
    if len(new.warning) > MAX_WARNING:
        raise Invalid(
            "The content warning is too long: at most %(most)s characters.", most=MAX_WARNING
        )


def say(db: Read, site: Site, author: Account, new: NewPost, about: About) -> Said:
    """Render the text; whom it names, and whom it answers. Raises `Invalid`."""
    named: dict[int, Account] = {}
    parent, quoted, story = about.parent, about.quoted, bool(new.title.strip())
    answered = accounts.by_id(db, parent.author_id) if parent else None
    if answered and answered.id != author.id:
        named[answered.id] = answered

    def mention_of(handle: str) -> tuple[str, str] | None:
        account = meant(db, site, handle)
        if account is None or len(named) >= MAX_MENTIONS:
            return None
        named[account.id] = account
        return account.url or account.uri, account.name

    rendered = text.render(
        new.content,
        story=story,
        mention_of=mention_of,
        tag_href=lambda tag: documents.tag_href(site, tag),
        media=f"{site.origin}/media/",
    )
    tags = tuple(dict.fromkeys(rendered.hashtags))[:MAX_HASHTAGS]
    if parent and new.visibility == "secret":
        readers = secret_comments.readers(db, author.id, parent)
        return Said(title="", lead="", content=rendered.html, mentioned=readers, tags=())
    lead = new.lead.strip()
    if story and not lead:
        lead = text.excerpt(opening(rendered.html), MAX_LEAD // 2)
    if quoted and new.visibility == "direct" and quoted.author_id not in {author.id, *named}:
        raise Invalid("Name the one whom you quote: a direct post can quote nobody else.")
    return Said(
        title=new.title.strip(),
        lead=f"<p>{escape(lead)}</p>" if story else "",
        content=_linked(new.link)
        + (rendered.html if story else quotes.inline(quoted, new.content, rendered.html)),
        mentioned=tuple(account for account in named.values() if account.id != author.id),
        tags=tags,
    )


def _linked(link: str) -> str:
    """What a thread is about stands above its text: for who sees nothing but that."""
    url = escape(link)
    return f'<p><a href="{url}" rel="nofollow noopener">{url}</a></p>' if link else ""
