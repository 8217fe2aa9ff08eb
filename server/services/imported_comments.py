"""The comments of a story of an old blog, put below it: as silently as the story (`imported`).

Guests' comments are the blog's own, with the guest's name; a secret one is read by the author of
the story alone, for nobody can sign in as a blog.
"""

from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec

from server import text
from server.model import Account, Post, Site
from server.oldblogs import shape
from server.services import (
    bylines,
    contexts,
    documents,
    forum,
    import_claims,
    imports,
    secret_comments,
)
from server.services.imported import blank, free_id, who_is
from server.services.new_posts import MAX_NOTE
from server.store import accounts, posts
from server.store import imports as store
from server.store.db import Read, Write
from server.store.imports import Imported, Run
from server.text.turning import plain_text, turn

AT_ONCE: Final = 100  # comments in one transaction


class Remark(msgspec.Struct, frozen=True):
    """A comment made ready: its digest, its words as Markdown and as HTML."""

    comment: shape.Comment
    digest: str
    source: str
    html: str
    cut: bool = False


def missing(db: Read, run: Run, story: shape.Story) -> list[shape.Comment]:
    """The comments of a story that are not here as the file has them.

    None where the story itself is not here.
    """
    here = store.of_story(db, run.community_id, story.key)
    known = here.get("")
    post = posts.by_id(db, known.post_id) if known and known.post_id else None
    if post is None or post.deleted_ms is not None:
        return []
    return [
        one for one in story.comments if one.key not in here or here[one.key].digest != _digest(one)
    ]


def _digest(one: shape.Comment) -> str:
    return sha256(msgspec.json.encode(one)).hexdigest()


def remarks(site: Site, some: Iterable[shape.Comment]) -> list[Remark]:
    """Comments made ready. Slow: for a thread, and no transaction waits for it."""
    return [Remark(one, _digest(one), *_words(site, one)) for one in some]


def put(
    tx: Write,
    site: Site,
    run_id: int,
    story: shape.Story,
    some: Iterable[Remark],
    now_ms: int,
) -> bool:
    """Put some comments below a story; what they answer comes before them. False: stopped."""
    run = store.by_id(tx, run_id)
    group = accounts.by_id(tx, run.community_id) if run else None
    if run is None or group is None or run.state != "running":
        return False
    here = store.of_story(tx, run.community_id, story.key)
    known = here.get("")
    root = posts.by_id(tx, known.post_id) if known and known.post_id else None
    if root is None:
        return True
    counts = imports.counts(run)
    for remark in some:
        one = remark.comment
        before = here.get(one.key)
        if before is not None and before.post_id is not None:
            post_id = _change(tx, run, before, remark)
        else:
            above = here.get(one.parent) if one.parent else None
            parent = posts.by_id(tx, above.post_id) if above and above.post_id else None
            post_id = _comment(tx, site, run, (group, root, parent or root), remark, now_ms)
            counts = counts.plus(comments=1)
        if remark.cut:
            imports.note(tx, run.id, f"{story.key}/{one.key}", "comment_cut", story.title)
        here[one.key] = Imported(
            community_id=run.community_id,
            story=story.key,
            comment=one.key,
            post_id=post_id,
            run_id=run.id,
            digest=remark.digest,
        )
        store.put(tx, here[one.key])
    store.set_columns(tx, run.id, counts=msgspec.json.encode(counts).decode())
    return True


def _comment(
    tx: Write,
    site: Site,
    run: Run,
    around: tuple[Account, Post, Post],
    remark: Remark,
    now_ms: int,
) -> int:
    (group, root, parent), one = around, remark.comment
    wanted = _member(tx, run, one)
    own = wanted if wanted is not None and wanted.id == run.account_id else None
    author = own or group
    at = one.written_ms if root.published_ms <= one.written_ms <= now_ms else root.published_ms
    secret = one.secret or parent.secret
    post = blank(
        site,
        free_id(tx, at),
        author,
        kind="note",
        visibility="secret" if secret else "public",
        content=remark.html,
        source=remark.source,
        extra="{}" if own else bylines.as_extra(one.name or "?"),
        language=root.language,
        reply_to_uri=parent.uri,
        reply_to_id=parent.id,
        thread_id=root.id,
        published_ms=at,
        quote_policy="nobody",
        community_id=None if secret else root.community_id,
        context_uri=contexts.inherited(tx, site, parent),
    )
    posts.insert(tx, post)
    if secret:
        readers = secret_comments.readers(tx, author.id, parent)
        posts.add_mentions(tx, post.id, [who.id for who in readers if who.id != group.id])
    posts.count(tx, post, 1)
    forum.commented(tx, post, 1)
    if wanted is not None:
        import_claims.claim(tx, run, post, wanted.id, now_ms)
    return post.id


def _member(db: Read, run: Run, one: shape.Comment) -> Account | None:
    """Who of ours is said to have written a comment: of a member's who was signed in there."""
    named = {name: key for key, name, _ in imports.survey(run).authors}
    key = one.name if one.name in imports.authors(run) else named.get(one.name, "")
    return who_is(db, run, key) if one.member else None


def _words(site: Site, one: shape.Comment) -> tuple[str, str, bool]:
    """What a comment says, as Markdown and as HTML, and whether its end is missing; its pictures
    stay where they are.
    """
    clean = one.text.replace("\0", "")[: 4 * MAX_NOTE]
    if one.markup == "html":
        source = turn(clean).markdown
        source = "".join(sign for sign in source if not "\ue000" <= sign <= "\ue002")
    else:
        source = plain_text(clean)
    cut = len(source) > MAX_NOTE or len(one.text) > 4 * MAX_NOTE
    source = source[:MAX_NOTE].rstrip("\\")
    html = text.render(
        source, story=False, mention_of=lambda _: None, tag_href=partial(documents.tag_href, site)
    ).html
    return source, html, cut


def _change(tx: Write, run: Run, before: Imported, remark: Remark) -> int | None:
    post = posts.by_id(tx, before.post_id) if before.post_id is not None else None
    if post is None or post.deleted_ms is not None or post.edited_ms is not None:
        return before.post_id
    if import_claims.theirs(tx, run, post.id):
        return before.post_id
    if remark.html != post.content:
        posts.set_columns(tx, post.id, content=remark.html, source=remark.source)
    return post.id
