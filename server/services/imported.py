"""A story of an old blog with its comments, put where it belongs: silently, under its own date.

Nobody is told, nothing is sent: what was written years ago is no news, no thread is looked at for
answers elsewhere, and no page that it links to is asked for a preview. It can be found and resolved
as whatever was written here. Guests' comments are the blog's own, with the guest's name; a secret
one is read by the author of the story alone, for nobody can sign in as a blog.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from html import escape
from typing import Any, Final

import msgspec

from server import text
from server.clock import HOUR_MS
from server.errors import AppError
from server.ids import id_at
from server.media import Picture
from server.model import Account, Community, Post, Site
from server.oldblogs import shape
from server.services import (
    blog_desk,
    bylines,
    contexts,
    documents,
    drafts,
    forum,
    import_claims,
    imports,
    media,
    old_links,
    pings,
    quotes,
    secret_comments,
)
from server.services import communities as community_service
from server.services.imports import Counts
from server.services.new_posts import MAX_HASHTAGS, MAX_LEAD, MAX_NOTE, MAX_TITLE
from server.store import accounts, blog, communities, posts
from server.store import imports as store
from server.store import media as media_rows
from server.store.blog import Category
from server.store.db import Read, Write
from server.store.imports import Imported, OldPing, Run
from server.text.turning import plain_text, turn

FIRST_MS: Final = 631_152_000_000  # 1990: what says that it is older does not know
MAX_COMMENTS_AT_ONCE: Final = 100
MAX_PATHS: Final = 8
AGAIN: Final = "?"
"""Ends the digest of a story of which pictures are missing: the next import tries once more."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A story made ready: its text, and the pictures in it by what it calls them.

    `made` are new files of the store, `kept` are media that it has already. `notes`: (kind, more)
    of what could not be taken. `said`: see `said`. `links`: paths of the old blog to which it
    links and which are not here (`old_links`).
    """

    story: shape.Story
    source: str
    said: Mapping[str, str] = {}
    made: Mapping[str, tuple[Picture, str]] = {}
    kept: Mapping[str, int] = {}
    missing: int = 0
    links: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


class Remark(msgspec.Struct, frozen=True):
    """A comment made ready: its digest, its words as Markdown and as HTML."""

    comment: shape.Comment
    digest: str
    source: str
    html: str
    cut: bool = False


def digest(story: shape.Story) -> str:
    """Of all that a file says of a story itself."""
    named = tuple((one.name, one.bytes, one.label) for one in story.attachments)
    bare = msgspec.structs.replace(story, comments=(), attachments=(), lost=0)
    return sha256(msgspec.json.encode((bare, named))).hexdigest()


def unchanged(db: Read, run: Run, story: shape.Story) -> bool:
    """Whether a story is here as the file has it."""
    known = store.of_story(db, run.community_id, story.key).get("")
    return known is not None and known.digest == digest(story)


def pictures_of(db: Read, run: Run, story: shape.Story) -> dict[str, str]:
    """The pictures that a story has here: their files, by what its text calls them."""
    known = store.of_story(db, run.community_id, story.key).get("")
    if known is None or known.post_id is None:
        return {}
    ids = msgspec.json.decode(known.pictures, type=dict[str, int])
    rows = {one.id: one for one in media_rows.of_posts(db, [known.post_id]).get(known.post_id, ())}
    return {key: rows[id].large for key, id in ids.items() if id in rows and rows[id].large}


def ids_of(db: Read, run: Run, story: shape.Story) -> dict[str, int]:
    """The same pictures by their ids."""
    known = store.of_story(db, run.community_id, story.key).get("")
    return msgspec.json.decode(known.pictures, type=dict[str, int]) if known else {}


# --- a story


def put(tx: Write, site: Site, run_id: int, brought: Brought, *, at: int, now_ms: int) -> bool:
    """Put a story where it belongs, as the one with the number `at`.

    False when the run was stopped; then nothing happened.
    """
    run = store.by_id(tx, run_id)
    home = communities.by_id(tx, run.community_id) if run else None
    editor = accounts.by_id(tx, run.account_id) if run else None
    if run is None or run.state != "running" or home is None or editor is None:
        return False
    if not community_service.keeps(tx, home.account.id, editor):  # not any more
        imports.finish(tx, run, "stopped", now_ms)
        return False
    story = brought.story
    known = store.of_story(tx, run.community_id, story.key).get("")
    counts = imports.counts(run)
    if story.state != shape.PUBLIC:
        counts = _as_draft(tx, run, brought, known, counts, now_ms)
    elif known is None or known.post_id is None:
        counts = _new(tx, site, run, home, brought, now_ms)
    elif known.digest == digest(story):
        _claim_again(tx, run, story, known.post_id, now_ms)
        counts = counts.plus(same=int(known.run_id != run.id))
    else:
        counts = _again(tx, site, run, home, brought, known, now_ms)
    for number, (kind, more) in enumerate(brought.notes):
        imports.note(tx, run.id, f"{story.key}#{number}", kind, story.title, more)
    saved = msgspec.json.encode(counts).decode()
    store.set_columns(tx, run.id, done=max(run.done, at), counts=saved)
    return True


def _as_draft(
    tx: Write, run: Run, brought: Brought, known: Imported | None, counts: Counts, now_ms: int
) -> Counts:
    """What was not for everybody is a draft of the editor, once. What was public here stays so."""
    story = brought.story
    if known is not None and known.post_id is not None:
        imports.note(tx, run.id, story.key, "hidden_now", story.title, story.state)
    if known is not None:
        return counts.plus(same=int(known.run_id != run.id))
    body = {
        "kind": "story",
        "title": _title(story, ""),
        "content": brought.source,
        "community_id": run.community_id,
    }
    try:
        draft = drafts.save(tx, run.account_id, None, body, now_ms)
    except AppError:
        imports.note(tx, run.id, story.key, "hidden", story.title, story.state)
        return counts
    imports.note(tx, run.id, story.key, "draft", story.title, story.state)
    one = Imported(
        community_id=run.community_id,
        story=story.key,
        comment="",
        post_id=None,
        draft_id=draft.id,
        run_id=run.id,
        digest=digest(story),
    )
    store.put(tx, one)
    return counts.plus(drafts=1)


def _new(tx: Write, site: Site, run: Run, home: Community, brought: Brought, now_ms: int) -> Counts:
    story, words = brought.story, dict(brought.said or said(site, brought.source))
    wanted = _wanted(tx, run, story.author)
    author = _author(tx, run, wanted)
    mapped = wanted is not None and wanted.id == author.id
    published = _dated(tx, run, story, now_ms)
    id = _free_id(tx, published)
    edited = story.edited_ms if published < story.edited_ms <= now_ms else None
    post = _post(
        site,
        id,
        author,
        kind="article",
        title=_title(story, words["content"]),
        **words,
        extra="{}" if mapped else bylines.as_extra(_name_of(run, story.author)),
        language=home.language or site.languages[0],
        thread_id=id,
        published_ms=published,
        edited_ms=edited,
        quote_policy=quotes.stated(tx, author, "", "public"),
        community_id=run.community_id,
    )
    posts.insert(tx, post)
    if wanted is not None:
        import_claims.claim(tx, run, post, wanted.id, now_ms)
    forum.begin(tx, post)
    _file(tx, run, home, post, story, now_ms)
    ids = _attach(tx, post, brought, now_ms)
    posts.add_hashtags(tx, post.id, msgspec.json.decode(post.tags, type=list[str]))
    posts.count(tx, post, 1)
    _remember(tx, run, post, brought, ids)
    old_links.remember(tx, run, post.id, brought.links)
    many = _keep_beside(tx, run, post, story, now_ms)
    made = len(brought.made)
    return imports.counts(run).plus(new=1, pictures=made, unpictured=brought.missing, pings=many)


def _again(  # noqa: PLR0913, PLR0917  one step of `put`, which has all of it
    tx: Write,
    site: Site,
    run: Run,
    home: Community,
    brought: Brought,
    known: Imported,
    now_ms: int,
) -> Counts:
    """The file says something else of a story that is here; what was changed here stays."""
    story, counts = brought.story, imports.counts(run)
    assert known.post_id is not None  # noqa: S101  the caller has looked
    post = posts.by_id(tx, known.post_id)
    if post is None or post.deleted_ms is not None:
        imports.note(tx, run.id, story.key, "deleted", story.title)
        return counts.plus(kept=int(known.run_id != run.id))
    if import_claims.theirs(tx, run, post.id):
        imports.note(tx, run.id, story.key, "theirs", story.title)
        return counts.plus(kept=int(known.run_id != run.id))
    if post.edited_ms != known.edited_ms or post.visibility != "public":
        imports.note(tx, run.id, story.key, "edited", story.title)
        return counts.plus(kept=int(known.run_id != run.id))
    words = dict(brought.said or said(site, brought.source))
    ids = _attach(tx, post, brought, now_ms)
    title = _title(story, words["content"])
    new = {"title": title, "lead": words["lead"], "content": words["content"]}
    differs = new != {name: getattr(post, name) for name in new}
    if differs:
        posts.insert_revision(tx, post)
        edited = story.edited_ms if post.published_ms < story.edited_ms <= now_ms else now_ms
        posts.set_columns(tx, post.id, title=title, **words, edited_ms=edited)
        posts.set_hashtags(tx, post.id, msgspec.json.decode(words["tags"], type=list[str]))
        post = msgspec.structs.replace(post, edited_ms=edited)
    _file(tx, run, home, post, story, now_ms)
    _remember(tx, run, post, brought, ids)
    old_links.remember(tx, run, post.id, brought.links)
    _claim_again(tx, run, story, post.id, now_ms)
    many = _keep_beside(tx, run, post, story, now_ms) if known.run_id != run.id else 0
    counts = counts.plus(pictures=len(brought.made), unpictured=brought.missing)
    if known.run_id == run.id:
        return counts
    return counts.plus(changed=int(differs), same=int(not differs), pings=many)


def said(site: Site, source: str) -> dict[str, str]:
    """The columns of a story's words. Slow: for a thread, and no transaction waits for it."""
    rendered = text.render(
        source,
        story=True,
        mention_of=lambda _: None,
        tag_href=partial(documents.tag_href, site),
        media=f"{site.origin}/media/",
    )
    lead = text.excerpt(rendered.html, MAX_LEAD // 2)
    return {
        "lead": f"<p>{escape(lead)}</p>" if lead else "",
        "content": rendered.html,
        "source": source,
        "tags": msgspec.json.encode(rendered.hashtags[:MAX_HASHTAGS]).decode(),
    }


def _title(story: shape.Story, html: str) -> str:
    words = " ".join(story.title.replace("\0", "").split())
    return words[:MAX_TITLE] or text.excerpt(html, 60) or "—"


def _post(site: Site, id: int, author: Account, **columns: Any) -> Post:  # noqa: ANN401
    return Post(
        **{
            "id": id,
            "uri": f"{site.origin}/objects/{id}",
            "url": f"{site.origin}/@{author.name}/{id}",
            "author_id": author.id,
            "local": 1,
            "visibility": "public",
            "title": "",
            "lead": "",
            "warning": "",
            "sensitive": 0,
            "tags": "[]",
            "emojis": "[]",
            "reply_to_uri": None,
            "reply_to_id": None,
            "replies": 0,
            "likes": 0,
            "boosts": 0,
            "pinned_ms": None,
            "edited_ms": None,
            "deleted_ms": None,
            "version": 1,
            **columns,
        }
    )


def _wanted(db: Read, run: Run, name: str) -> Account | None:
    """Who of ours is said to be an author of the old blog."""
    mapped = imports.authors(run).get(name)
    found = accounts.by_id(db, mapped) if mapped is not None else None
    return found if found is not None and found.state == "active" else None


def _author(db: Read, run: Run, wanted: Account | None) -> Account:
    """The account under which a story stands: the editor's, until its author agrees."""
    if wanted is not None and wanted.id == run.account_id:
        return wanted
    found = accounts.by_id(db, run.account_id)
    assert found is not None  # noqa: S101  rows of accounts stay
    return found


def _claim_again(tx: Write, run: Run, story: shape.Story, post_id: int, now_ms: int) -> None:
    """A story that is here already: its author may be named later than it came."""
    wanted, post = _wanted(tx, run, story.author), posts.by_id(tx, post_id)
    if wanted is None or wanted.id == run.account_id or post is None or post.deleted_ms is not None:
        return
    if import_claims.open_to(tx, run, post):
        import_claims.claim(tx, run, post, wanted.id, now_ms)


def _name_of(run: Run, key: str) -> str:
    """What an author of the old blog was called."""
    named = {login: name for login, name, _ in imports.survey(run).authors}
    return named.get(key) or key


def _dated(tx: Write, run: Run, story: shape.Story, now_ms: int) -> int:
    if FIRST_MS <= story.published_ms <= now_ms:
        return story.published_ms
    imports.note(tx, run.id, story.key, "date", story.title)
    return run.created_ms - HOUR_MS


def _free_id(db: Read, at_ms: int) -> int:
    """An id of that time that no post has."""
    for _ in range(20):
        id = id_at(at_ms)
        if posts.by_id(db, id) is None:
            return id
    while posts.by_id(db, id) is not None:  # a second of a thousand comments
        id += 1
    return id


def _file(
    tx: Write, run: Run, home: Community, post: Post, story: shape.Story, now_ms: int
) -> None:
    """Put it into its category; who put it elsewhere here is not asked again."""
    known = blog.story(tx, post.id)
    if known is not None and known.category_id is not None:
        return
    found = category(tx, run, home, story.category, now_ms) if story.category else None
    if story.category and found is None:
        imports.note(tx, run.id, story.key, "category", story.title, " > ".join(story.category))
    base = known or blog.Story(post_id=post.id, community_id=run.community_id)
    blog.put(tx, msgspec.structs.replace(base, category_id=found))


def category(tx: Write, run: Run, home: Community, path: Sequence[str], now_ms: int) -> int | None:
    """The category with these titles, made where it is missing; None where none fits any more."""
    editor = accounts.by_id(tx, run.account_id)
    found: Category | None = None
    for title in path[:2]:
        title = " ".join(title.split())[: blog_desk.MAX_TITLE]
        above = found.id if found else None
        one = blog_desk.called(blog.categories(tx, run.community_id), title, above)
        if one is None:
            assert editor is not None  # noqa: S101  rows of accounts stay
            try:
                one = blog_desk.add_category(tx, editor, home, title, above, now_ms=now_ms)
            except AppError:
                return above
        found = one
    return found.id if found else None


def _attach(tx: Write, post: Post, brought: Brought, now_ms: int) -> dict[str, int]:
    """Give a story its pictures, in the order of its text."""
    made = {
        key: media.bring(tx, post.author_id, picture, alt, now_ms).id
        for key, (picture, alt) in brought.made.items()
    }
    ids = {**brought.kept, **made}
    media_rows.attach(tx, post.id, ids.values())
    return ids


def _remember(tx: Write, run: Run, post: Post, brought: Brought, ids: Mapping[str, int]) -> None:
    one = Imported(
        community_id=run.community_id,
        story=brought.story.key,
        comment="",
        post_id=post.id,
        run_id=run.id,
        digest=digest(brought.story) + (AGAIN if brought.missing else ""),
        pictures=msgspec.json.encode(dict(ids)).decode(),
        edited_ms=post.edited_ms,
    )
    store.put(tx, one)


def _keep_beside(tx: Write, run: Run, post: Post, story: shape.Story, now_ms: int) -> int:
    """Its old addresses, and who spoke of it there; how many of those are new."""
    for path in story.paths[:MAX_PATHS]:
        if 1 < len(path) <= imports.MAX_PATH:
            plain = unicodedata.normalize("NFC", path.replace("\0", "")).rstrip("/")
            store.add_address(tx, plain, run.community_id, post.id)
    due_ms = now_ms + imports.counts(run).pings * pings.PACE_MS
    found = []
    for one in story.pings:
        url = pings.page_of(one.url, closed=post.uri.startswith("http:"))
        due_ms += pings.PACE_MS
        ping = OldPing(
            post_id=post.id,
            url=url or one.url,
            site=one.site,
            title=one.title,
            excerpt=one.excerpt,
            received_ms=one.received_ms if FIRST_MS <= one.received_ms <= now_ms else 0,
            run_id=run.id,
            due_ms=due_ms if url else None,
        )
        found.append(ping)
    return store.put_pings(tx, found)


# --- comments


def missing_comments(db: Read, run: Run, story: shape.Story) -> list[shape.Comment]:
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


def put_comments(
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
            post_id = _change_comment(tx, run, before, remark)
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
    post = _post(
        site,
        _free_id(tx, at),
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
    return _wanted(db, run, key) if one.member else None


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


def _change_comment(tx: Write, run: Run, before: Imported, remark: Remark) -> int | None:
    post = posts.by_id(tx, before.post_id) if before.post_id is not None else None
    if post is None or post.deleted_ms is not None or post.edited_ms is not None:
        return before.post_id
    if import_claims.theirs(tx, run, post.id):
        return before.post_id
    if remark.html != post.content:
        posts.set_columns(tx, post.id, content=remark.html, source=remark.source)
    return post.id
