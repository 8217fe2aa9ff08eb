"""What people do with posts: write, edit, delete, like, boost, pin."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import msgspec

from federation import build
from server import text
from server.errors import Conflict, Deleted, Forbidden, Invalid, NotFound
from server.ids import new_id
from server.model import VISIBILITIES, Account, Post, PostView, Site
from server.outbox import publish
from server.services import (
    boosts,
    conversations,
    documents,
    events,
    polls,
    previews,
    quotes,
    reading,
    secret_comments,
    threads,
)
from server.services.follows import activity_uri
from server.services.media import require_ready
from server.services.notifications import notify
from server.services.polls import NewPoll
from server.services.spreading import spread_post
from server.store import (
    accounts,
    activities,
    follows,
    idempotency,
    media,
    notifications,
    posts,
    reactions,
)
from server.store import conversations as conversation_store
from server.store import polls as poll_store
from server.store import quotes as store_quotes
from server.store.db import Read, Write

# one place to look for all that can be done with posts
view = reading.view
boost_view = reading.boost_view
context = threads.context
history = reading.history
liked_by = reading.liked_by
boosted_by = reading.boosted_by

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
MAX_PINS: Final = 5
_LANGUAGE: Final = re.compile(r"(?=.{2,35}$)[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


class NewPost(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to say. With a `title` it is a story, else a short note. Markdown.

    A note may ask something: `poll`. `poll_stays`: an edit leaves the poll as it is.
    `quote_policy`: who may quote it; where it is empty, those whom its author always allows.
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


class _Said(msgspec.Struct, frozen=True):
    """A new post as it will be stored: rendered text, and whom it names."""

    title: str
    lead: str
    content: str
    mentioned: tuple[Account, ...]
    tags: tuple[str, ...]


class _About(msgspec.Struct, frozen=True):
    """What a new post answers and what it quotes."""

    parent: Post | None
    quoted: Post | None


def made_with(db: Read, author_id: int, idempotency_key: str) -> Post | None:
    """What its author published with this key, and has not deleted."""
    id = idempotency.post_of(db, author_id, idempotency_key)
    return posts.by_id(db, id) if id else None


def write(tx: Write, site: Site, author: Account, new: NewPost, now_ms: int) -> Post:
    """Store a post by one of ours, show it here and promise it to everybody it is for.

    Raises `Invalid` for what cannot be posted, `NotFound` when what it answers is not there.
    The same `idempotency_key` gives the same post.
    """
    if new.idempotency_key and (known := idempotency.post_of(tx, author.id, new.idempotency_key)):
        return reading.readable(tx, author.id, known)
    quoted = quotes.choose(tx, author, new.quoted_id) if new.quoted_id is not None else None
    new = msgspec.structs.replace(new, visibility=quotes.audience(new.visibility, quoted))
    new, parent = check(tx, author, new)
    said = _say(tx, site, author, new, _About(parent, quoted))
    id = new_id(now_ms)
    poll = polls.begun(new.poll, now_ms) if new.poll else None
    post = Post(
        id=id,
        uri=f"{site.origin}/objects/{id}",
        url=f"{site.origin}/@{author.name}/{id}",
        author_id=author.id,
        local=1,
        kind="question" if poll else "article" if said.title else "note",
        visibility=new.visibility,
        title=said.title,
        lead=said.lead,
        content=said.content,
        source=new.content,
        warning=new.warning.strip(),
        sensitive=int(new.sensitive),
        language=new.language or site.languages[0],
        tags=msgspec.json.encode(said.tags).decode(),
        emojis="[]",
        extra=poll.extra if poll else "{}",
        reply_to_uri=parent.uri if parent else None,
        reply_to_id=parent.id if parent else None,
        thread_id=parent.thread_id if parent else id,
        replies=0,
        likes=0,
        boosts=0,
        pinned_ms=None,
        published_ms=now_ms,
        edited_ms=None,
        deleted_ms=None,
        version=1,
        app_id=new.app_id,
        quote_id=quoted.id if quoted else None,
        quote_uri=quoted.uri if quoted else "",
        quote_state="accepted" if quoted else "",
        quote_policy=quotes.stated(tx, author, new.quote_policy, new.visibility),
    )
    posts.insert(tx, post)
    _attach(tx, post, said, new)
    if poll is not None:
        poll_store.expect_end(tx, id, poll.ends_ms or now_ms)
    if new.idempotency_key:
        idempotency.remember(tx, author.id, new.idempotency_key, id, now_ms)
    posts.count(tx, post, 1)
    quotes.count(tx, post, 1)
    spread_post(tx, post, author, parent.author_id if parent else 0, now_ms)
    conversations.began(tx, author, post, now_ms)
    previews.note(tx, site, post, now_ms)
    for account in said.mentioned:
        conversations.mention(tx, account, author, post, now_ms)
    tell_quoted(tx, post, author, now_ms)
    if not post.secret:
        activity = build.create(_document(tx, site, post, author, said))
        send(tx, site, post, author, activity, now_ms, named=said.mentioned)
        boosts.pass_on(tx, site, PostView(post=post, author=author), now_ms)
    return post


def edit(tx: Write, site: Site, author: Account, post_id: int, new: NewPost, now_ms: int) -> Post:
    """Change what a post says; what it said before stays in its history. Visibility stays."""
    post = own(tx, author, post_id)
    new = msgspec.structs.replace(
        new,
        visibility=post.visibility,
        reply_to_id=post.reply_to_id,
        poll=polls.checked(new.poll) if new.poll else None,
    )
    _check(tx, author, new, post)
    if bool(new.title.strip()) != (post.kind == "article"):
        raise Invalid("A story keeps its title; a note cannot get one later.")
    parent = posts.by_id(tx, post.reply_to_id) if post.reply_to_id else None
    quoted = quotes.quoted_by(tx, post)
    said = _say(tx, site, author, new, _About(parent, quoted))
    named = posts.mentioned(tx, [post.id]).get(post.id, [])
    before = [account.id for account in named]
    if post.secret:  # who reads it stays, whatever became of what it answers
        said = msgspec.structs.replace(said, mentioned=tuple(named))
    reached = posts.reached(tx, post.id)  # before votes for other answers are forgotten
    posts.insert_revision(tx, post)
    posts.set_columns(
        tx,
        post.id,
        title=said.title,
        lead=said.lead,
        content=said.content,
        source=new.content,
        warning=new.warning.strip(),
        sensitive=int(new.sensitive),
        language=new.language or post.language,
        tags=msgspec.json.encode(said.tags).decode(),
        edited_ms=now_ms,
        **_asked(tx, post, new, now_ms),
        **_policy(tx, author, post, new),
    )
    changed = reading.readable(tx, author.id, post.id)
    _attach_all(tx, changed, said, new)
    previews.note(tx, site, changed, now_ms)
    for account in said.mentioned:
        if account.id not in before:
            conversations.mention(tx, account, author, post, now_ms)
    tell_changed(tx, changed, author, now_ms)
    events.changed(tx, changed, now_ms)
    if changed.secret:
        return changed
    activity = build.update(documents.by_post(tx, site, changed), changed.version)
    send(tx, site, changed, author, activity, now_ms, beyond=[*reached, *before])
    tags = msgspec.json.decode(post.tags, type=tuple[str, ...])
    boosts.pass_on(tx, site, PostView(post=changed, author=author), now_ms, before=tags)
    return changed


def _asked(tx: Write, post: Post, new: NewPost, now_ms: int) -> dict[str, str]:
    """The columns of a post's poll after an edit."""
    if post.kind == "article" or (new.poll_stays and new.poll is None):
        return {}
    held = poll_store.held(tx, post.id) or post
    poll = polls.changed(tx, held, new.poll, now_ms)
    return {"kind": "question", "extra": poll.extra} if poll else {"kind": "note", "extra": "{}"}


def _policy(db: Read, author: Account, post: Post, new: NewPost) -> dict[str, str]:
    """The column that changes where an edit says who may quote a post."""
    if not new.quote_policy:
        return {}
    return {"quote_policy": quotes.stated(db, author, new.quote_policy, post.visibility)}


def tell_quoted(tx: Write, post: Post, quoter: Account, now_ms: int) -> None:
    """Tell somebody of ours that their post was quoted."""
    quoted = quotes.quoted_by(tx, post)
    author = accounts.by_id(tx, quoted.author_id) if quoted else None
    if author is not None:
        notify(tx, author, "quote", quoter, post.id, now_ms)


def tell_changed(tx: Write, post: Post, author: Account, now_ms: int) -> None:
    """Tell those of ours who boosted or quoted a post that it says something else now.

    Who quoted it is led to their own post, which shows the other in its new words.
    """
    for quoting in store_quotes.by_ours(tx, post.id):
        quoter = accounts.by_id(tx, quoting.author_id)
        if quoter is not None:
            notify(tx, quoter, "quoted_update", author, quoting.id, now_ms)
    for id in reactions.booster_ids(tx, post.id):
        booster = accounts.by_id(tx, id)
        if booster is not None:
            notify(tx, booster, "update", author, post.id, now_ms)


def delete(
    tx: Write,
    site: Site,
    author: Account,
    post_id: int,
    now_ms: int,
    *,
    keep_media: bool = False,
) -> None:
    """Empty a post and leave a tombstone; everybody who has seen it is asked to do the same.

    With `keep_media` its pictures wait a day for a new post.
    """
    post = own(tx, author, post_id)
    if not post.secret:
        _send_delete(tx, site, post, author, now_ms)
    if keep_media:
        media.loosen(tx, post.id, now_ms)
    bury(tx, post, now_ms)


def _send_delete(tx: Write, site: Site, post: Post, author: Account, now_ms: int) -> None:
    document = documents.by_post(tx, site, post)
    activity = build.delete(
        f"{post.uri}#delete",
        author.uri,
        post.uri,
        to=tuple(document["to"]),
        cc=tuple(document["cc"]),
    )
    send(tx, site, post, author, activity, now_ms, beyond=posts.reached(tx, post.id))


def bury(tx: Write, post: Post, now_ms: int, *, quietly: bool = False) -> None:
    """The end of a post, ours or a stranger's: a tombstone, and counts that stay right.

    `quietly`: one of very many at once, of which open streams are not told.
    """
    if not quietly:
        events.gone(tx, post, now_ms)
    media.release(tx, post.id)
    posts.bury(tx, post, now_ms)
    if post.visibility == "direct":
        conversation_store.fall_back(tx, post.id)
    activities.bury(tx, post.uri, now_ms)
    posts.count(tx, post, -1)
    quotes.count(tx, post, -1)


def own(db: Read, author: Account, post_id: int) -> Post:
    """A post by this author. Raises `NotFound`, `Deleted`, `Forbidden`."""
    post = reading.readable(db, author.id, post_id)
    if post.author_id != author.id:
        raise Forbidden("Only its author can change this post.")
    return post


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
    _check(db, author, new, None)
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


def _check(db: Read, author: Account, new: NewPost, post: Post | None) -> None:
    """Raises `Invalid` with what to change."""
    story = bool(new.title.strip())
    if new.visibility not in VISIBILITIES:
        raise Invalid("There is no such visibility: %(visibility)s.", visibility=new.visibility)
    if not new.content.strip() and not new.media_ids:
        raise Invalid("Write something first, or add a picture.")
    if new.language and _LANGUAGE.fullmatch(new.language) is None:
        raise Invalid("This is not the code of a language, such as ko or en.")
    _check_lengths(new, MAX_STORY if story else MAX_NOTE)
    _check_poll(new, post)
    most = MAX_PICTURES_OF_STORY if story else MAX_PICTURES_OF_NOTE
    if len(new.media_ids) > most:
        raise Invalid("At most %(most)s pictures fit here.", most=most)
    for id in new.media_ids:
        picture = media.by_id(db, id)
        if picture is None or picture.account_id != author.id:
            raise NotFound("There is no such picture; please choose it again.")
        placed = picture.post_id not in (None, post.id if post else None)
        if placed or picture.scheduled_id is not None:
            raise Conflict("This picture is in another post already; please choose it again.")
        require_ready(picture)


def _check_poll(new: NewPost, post: Post | None) -> None:
    kept = post is not None and new.poll_stays and polls.of(post) is not None
    if not (new.poll or kept):
        return
    if new.visibility == "secret":
        raise Invalid("A secret comment cannot have a poll.")
    if new.title.strip():
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


def _say(db: Read, site: Site, author: Account, new: NewPost, about: _About) -> _Said:
    """Render the text; whom it names, and whom it answers. Raises `Invalid`."""
    named: dict[int, Account] = {}
    parent, quoted, story = about.parent, about.quoted, bool(new.title.strip())
    answered = accounts.by_id(db, parent.author_id) if parent else None
    if answered and answered.id != author.id:
        named[answered.id] = answered

    def mention_of(handle: str) -> tuple[str, str] | None:
        account = find(db, site, handle)
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
        return _Said(title="", lead="", content=rendered.html, mentioned=readers, tags=())
    lead = new.lead.strip() or (text.excerpt(rendered.html, MAX_LEAD // 2) if story else "")
    if quoted and new.visibility == "direct" and quoted.author_id not in {author.id, *named}:
        raise Invalid("Name the one whom you quote: a direct post can quote nobody else.")
    return _Said(
        title=new.title.strip(),
        lead=f"<p>{escape(lead)}</p>" if story else "",
        content=rendered.html if story else quotes.inline(quoted, new.content, rendered.html),
        mentioned=tuple(account for account in named.values() if account.id != author.id),
        tags=tags,
    )


def find(db: Read, site: Site, handle: str) -> Account | None:
    """Whom a handle in a text means, if we know them and they are there."""
    name, _, domain = handle.partition("@")
    domain = domain.lower()
    found = accounts.by_handle(db, name, "" if domain == site.domain.lower() else domain)
    return found if found and found.state == "active" and found.kind != "Application" else None


def _attach(tx: Write, post: Post, said: _Said, new: NewPost) -> None:
    """Give a new post whom it names, its hashtags and its pictures."""
    posts.add_mentions(tx, post.id, [account.id for account in said.mentioned])
    posts.add_hashtags(tx, post.id, said.tags)
    if new.media_ids:
        media.attach(tx, post.id, new.media_ids)


def _document(db: Read, site: Site, post: Post, author: Account, said: _Said) -> dict[str, Any]:
    """A new post as peers read it; what it quotes is looked up, the rest is known."""
    if post.quote_id:
        return documents.by_post(db, site, post)
    view = PostView(
        post=post,
        author=author,
        media=tuple(media.of_posts(db, [post.id]).get(post.id, ())),
        mentions=tuple(sorted(said.mentioned, key=lambda account: account.id)),
    )
    return documents.written(site, view)


def _attach_all(tx: Write, post: Post, said: _Said, new: NewPost) -> None:
    posts.set_mentions(tx, post.id, [account.id for account in said.mentioned])
    posts.set_hashtags(tx, post.id, said.tags)
    media.attach(tx, post.id, new.media_ids)


def send(
    tx: Write,
    site: Site,
    post: Post,
    author: Account,
    activity: dict[str, Any],
    now_ms: int,
    *,
    beyond: list[int] | None = None,
    named: Sequence[Account] | None = None,
) -> None:
    """To the followers, unless it is direct; to those it names; and to those it reached (`beyond`).

    An open post that was boosted reached the followers of its boosters too.

    What everybody may read also goes to the authors of all that it answers: a deep reply belongs
    below the story on the story's own server, whose readers may follow nobody in between.
    `named`: whom it names, where the caller knows.
    """
    if named is None:
        named = posts.mentioned(tx, [post.id]).get(post.id, [])
    answered = posts.authors_above(tx, post) if post.open and post.reply_to_id else []
    publish(
        tx,
        author,
        activity,
        now_ms,
        followers=post.visibility != "direct",
        to=named,
        beyond=[*(beyond or ()), *answered],
        through=post.id if post.open and beyond is not None else None,
    )


# --- likes, boosts, pins


def like(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Like a post, once."""
    post, author = _target(tx, viewer, post_id)
    id = new_id(now_ms)
    uri = activity_uri(site, id)
    if not reactions.like(tx, post_id=post.id, account_id=viewer.id, id=id, uri=uri, now_ms=now_ms):
        return
    notify(tx, author, "favourite", viewer, post.id, now_ms)
    if not author.local:
        activity = build.like(uri, viewer.uri, post.uri, author=author.uri)
        publish(tx, viewer, activity, now_ms, to=[author])


def unlike(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take a like back."""
    post, author = _target(tx, viewer, post_id)
    uri = reactions.unlike(tx, post.id, viewer.id)
    if uri is None:
        return
    notifications.take_back(
        tx, account_id=author.id, kind="favourite", from_id=viewer.id, post_id=post.id
    )
    if not author.local:
        undone = build.like(uri, viewer.uri, post.uri, author=author.uri)
        activity = build.undo(activity_uri(site, new_id(now_ms)), undone)
        publish(tx, viewer, activity, now_ms, to=[author])


def boost(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> int:
    """Pass a post on to one's followers, once; the boost's id. Raises `Forbidden`."""
    post, author = _target(tx, viewer, post_id)
    if not post.open:
        raise Forbidden("Only public posts can be boosted.")
    id = boosts.boost(tx, site, viewer, PostView(post=post, author=author), now_ms)
    if id is not None:
        notify(tx, author, "reblog", viewer, post.id, now_ms)
        return id
    known = reactions.boost_of(tx, post.id, viewer.id)
    assert known is not None  # noqa: S101  it was there, or came from a tap at the same moment
    return int(known["id"])


def unboost(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Take a boost back."""
    post, author = _target(tx, viewer, post_id)
    if not boosts.take_back(tx, site, viewer, PostView(post=post, author=author), now_ms):
        return
    notifications.take_back(
        tx, account_id=author.id, kind="reblog", from_id=viewer.id, post_id=post.id
    )


def _target(db: Read, viewer: Account, post_id: int) -> tuple[Post, Account]:
    """A post that the viewer may like or boost, and its author. Raises `NotFound`, `Forbidden`."""
    post = reading.readable(db, viewer.id, post_id)
    author = accounts.by_id(db, post.author_id)
    if author is None or follows.apart(db, viewer.id, author.id):
        raise Forbidden("You cannot do this with a post of this account.")
    return post, author


def pin(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Keep a post of one's own at the top of one's page."""
    post = own(tx, viewer, post_id)
    if not post.open:
        raise Invalid("Only public posts can be pinned.")
    if post.pinned_ms is not None:
        return
    if len(posts.pinned(tx, viewer.id)) >= MAX_PINS:
        raise Invalid("At most %(most)s posts can be pinned.", most=MAX_PINS)
    posts.set_columns(tx, post.id, pinned_ms=now_ms)
    _tell_featured(tx, site, viewer, post, now_ms, added=True)


def unpin(tx: Write, site: Site, viewer: Account, post_id: int, now_ms: int) -> None:
    """Let it go from the top."""
    post = own(tx, viewer, post_id)
    if post.pinned_ms is None:
        return
    posts.set_columns(tx, post.id, pinned_ms=None)
    _tell_featured(tx, site, viewer, post, now_ms, added=False)


def _tell_featured(
    tx: Write, site: Site, viewer: Account, post: Post, now_ms: int, *, added: bool
) -> None:
    make = build.add if added else build.remove
    uri = activity_uri(site, new_id(now_ms))
    activity = make(uri, viewer.uri, post.uri, target=viewer.featured_uri)
    publish(tx, viewer, activity, now_ms, followers=True)
