"""The life of a post of ours: written, edited, deleted."""

import msgspec

from federation import build
from server.errors import Invalid
from server.ids import new_id
from server.model import WAITING, Account, Post, PostView, Site
from server.services import (
    answer_asking,
    arrivals,
    boosts,
    contexts,
    conversations,
    documents,
    events,
    going_out,
    linking,
    new_posts,
    permissions,
    permitting,
    placing,
    polls,
    previews,
    quotes,
    reading,
    stamps,
    telling,
)
from server.services.burials import bury
from server.services.new_posts import About, NewPost, Said
from server.services.permissions import Standing
from server.services.permitting import Wanted
from server.store import idempotency, media, posts
from server.store import polls as poll_store
from server.store.db import Read, Write


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
    new, parent = new_posts.check(tx, author, new)
    new, group = placing.place(tx, author, new, parent, now_ms)
    said = new_posts.say(tx, site, author, new, About(parent, quoted))
    standing = _standing(tx, author, new, parent)
    id = new_id(now_ms)
    poll = polls.begun(new.poll, now_ms) if new.poll else None
    post = Post(
        id=id,
        uri=f"{site.origin}/objects/{id}",
        url=f"{site.origin}/@{author.name}/{id}",
        author_id=author.id,
        local=1,
        kind=placing.kind(tx, new, group, titled=bool(said.title)),
        visibility=WAITING if standing.waits else new.visibility,
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
        quote_state=quotes.judge(tx, author, quoted) if quoted else "",
        quote_policy=quotes.stated(tx, author, new.quote_policy, new.visibility),
        community_id=group.id if group else None,
        context_uri=contexts.inherited(tx, site, parent),
        permits=permissions.chosen(new.replies, new.boosts, new.visibility),
        reply_stamp=stamps.reply_uri(site, id) if standing.proven else "",
    )
    posts.insert(tx, post)
    placing.placed(tx, post, author, new)
    _attach(tx, post, said, new)
    if poll is not None:
        poll_store.expect_end(tx, id, poll.ends_ms or now_ms)
    if new.idempotency_key:
        idempotency.remember(tx, author.id, new.idempotency_key, id, now_ms)
    if standing.waits and parent is not None:
        answer_asking.ask(tx, site, post, author, parent=parent, visibility=new.visibility)
        return post
    if standing.proven and parent is not None:
        arrivals.remember(tx, post, parent, post.visibility)
    people = tuple(sorted(said.mentioned, key=lambda account: account.id))
    going_out.go(tx, site, PostView(post=post, author=author, mentions=people), parent, now_ms)
    return post


def _standing(db: Read, author: Account, new: NewPost, parent: Post | None) -> Standing:
    """Whether whoever wrote `parent` has to say yes first, or their server. Raises `Forbidden`.

    What is for some by name alone goes to them and nowhere else: it waits for nothing. Of circles
    of ours we know, and vouch for it to others.
    """
    if parent is None:
        return Standing()
    verdict = permissions.check_reply(db, author, parent)
    if new.visibility not in ("public", "unlisted", "followers"):
        return Standing()
    member = verdict == "member"
    return Standing(
        waits=verdict == "ask" or (member and not parent.local),
        proven=member and bool(parent.local),
    )


def edit(
    tx: Write,
    site: Site,
    author: Account,
    post_id: int,
    new: NewPost,
    now_ms: int,
    *,
    described: bool = False,
) -> Post:
    """Change what a post says; what it said before stays in its history. Visibility stays.

    Who changes only who may answer, share or quote it has not edited it. `described`: other words
    for its pictures were stored in the same commit.
    """
    post = reading.own(tx, author, post_id)
    new = msgspec.structs.replace(
        new,
        visibility=post.visibility,
        reply_to_id=post.reply_to_id,
        poll=polls.checked(new.poll) if new.poll else None,
    )
    new_posts.check_fields(tx, author, new, post)
    if post.visibility == WAITING:
        raise Invalid("This waits for approval: delete it and write it anew to change it.")
    if bool(new.title.strip()) != bool(post.title):
        raise Invalid("A story keeps its title; a note cannot get one later.")
    new = placing.unmoved(tx, post, author, new)
    parent = posts.by_id(tx, post.reply_to_id) if post.reply_to_id else None
    quoted = quotes.named_by(tx, post)
    said = new_posts.say(tx, site, author, new, About(parent, quoted))
    named = posts.mentioned(tx, [post.id]).get(post.id, [])
    before = [account.id for account in named]
    if post.secret:  # who reads it stays, whatever became of what it answers
        said = msgspec.structs.replace(said, mentioned=tuple(named))
    if not described and _unchanged(tx, post, new, said):
        _permit(tx, site, author, post, new, now_ms=now_ms)
        return reading.readable(tx, author.id, post.id)
    reached = posts.reached(tx, post.id)  # before votes for other answers are forgotten
    concerned = boosts.neighbourhoods(tx, post)
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
        # peers drop what is older than what they have: a clock that was set back makes nothing old
        edited_ms=max(now_ms, (post.edited_ms or post.published_ms) + 1),
        **_asked(tx, post, new, now_ms),
        **_policy(tx, author, post, new),
    )
    changed = reading.readable(tx, author.id, post.id)
    _attach_all(tx, changed, said, new)
    placing.file(tx, changed, author, new)
    previews.note(tx, site, changed, now_ms)
    linking.note(tx, site, changed, now_ms)
    for account in said.mentioned:
        if account.id not in before:
            conversations.mention(tx, account, author, post, now_ms)
    telling.tell_changed(tx, changed, author, now_ms)
    events.changed(tx, changed, now_ms)
    if changed.secret:
        return changed
    activity = build.update(documents.by_post(tx, site, changed), changed.version)
    telling.send(tx, site, changed, author, activity, now_ms, beyond=[*reached, *before])
    boosts.pass_on(tx, site, PostView(post=changed, author=author), now_ms, before=concerned)
    return changed


def _unchanged(db: Read, post: Post, new: NewPost, said: Said) -> bool:
    """Whether an edit leaves what people read as it is."""
    if new.poll is not None or (post.kind == "question" and not new.poll_stays):
        return False
    if new.filed is not None and placing.filed_otherwise(db, post, new.filed):
        return False
    had = tuple(one.id for one in media.of_posts(db, [post.id]).get(post.id, ()))
    tags = msgspec.json.encode(said.tags).decode()
    return (
        (said.title, said.lead, said.content, tags, new.content, new.warning.strip())
        == (post.title, post.lead, post.content, post.tags, post.source, post.warning)
        and (new.sensitive, new.language or post.language) == (bool(post.sensitive), post.language)
        and new.media_ids == had
    )


def _permit(
    tx: Write, site: Site, author: Account, post: Post, new: NewPost, *, now_ms: int
) -> None:
    """Say anew who may, where the edit says it."""
    wanted = Wanted(replies=new.replies, boosts=new.boosts, quotes=new.quote_policy)
    if wanted != Wanted():
        permitting.change(tx, site, author, post.id, wanted, now_ms)


def _asked(tx: Write, post: Post, new: NewPost, now_ms: int) -> dict[str, str]:
    """The columns of a post's poll after an edit."""
    if post.kind in ("article", "page") or (new.poll_stays and new.poll is None):
        return {}
    held = poll_store.held(tx, post.id) or post
    poll = polls.changed(tx, held, new.poll, now_ms)
    return {"kind": "question", "extra": poll.extra} if poll else {"kind": "note", "extra": "{}"}


def _policy(db: Read, author: Account, post: Post, new: NewPost) -> dict[str, str]:
    """The columns that change where an edit says who may answer, share or quote a post."""
    permits = permissions.edited(post, new.replies, new.boosts)
    if not new.quote_policy:
        return {"permits": permits}
    said = quotes.stated(db, author, new.quote_policy, post.visibility)
    return {"permits": permits, "quote_policy": said}


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
    post = reading.own(tx, author, post_id)
    if post.visibility == WAITING:
        answer_asking.withdraw(tx, post, author, now_ms)
    elif not post.secret:
        going_out.gone(tx, site, post, author, now_ms)
    if keep_media:
        media.loosen(tx, post.id, now_ms)
    bury(tx, post, now_ms)


def _attach(tx: Write, post: Post, said: Said, new: NewPost) -> None:
    """Give a new post whom it names, its hashtags and its pictures."""
    posts.add_mentions(tx, post.id, [account.id for account in said.mentioned])
    posts.add_hashtags(tx, post.id, said.tags)
    if new.media_ids:
        media.attach(tx, post.id, new.media_ids)


def _attach_all(tx: Write, post: Post, said: Said, new: NewPost) -> None:
    posts.set_mentions(tx, post.id, [account.id for account in said.mentioned])
    posts.set_hashtags(tx, post.id, said.tags)
    media.attach(tx, post.id, new.media_ids)
