"""A story of an old blog, put where it belongs: silently, under its own date.

Nobody is told, nothing is sent: what was written years ago is no news, no thread is looked at for
answers elsewhere, and no page that it links to is asked for a preview. It can be found and resolved
as whatever was written here. Its comments come after it: `imported_comments`.
"""

import unicodedata
from collections.abc import Mapping, Sequence
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
    documents,
    drafts,
    forum,
    import_claims,
    imports,
    media,
    old_links,
    pings,
    quotes,
)
from server.services import communities as community_service
from server.services.imports import Counts
from server.services.new_posts import MAX_HASHTAGS, MAX_LEAD, MAX_TITLE
from server.store import accounts, blog, communities, posts
from server.store import imports as store
from server.store import media as media_rows
from server.store.blog import Category
from server.store.db import Read, Write
from server.store.imports import Imported, OldPing, Run

FIRST_MS: Final = 631_152_000_000  # 1990: what says that it is older does not know
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
    wanted = who_is(tx, run, story.author)
    author = _author(tx, run, wanted)
    mapped = wanted is not None and wanted.id == author.id
    published = _dated(tx, run, story, now_ms)
    id = free_id(tx, published)
    edited = story.edited_ms if published < story.edited_ms <= now_ms else None
    post = blank(
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


def blank(site: Site, id: int, author: Account, **columns: Any) -> Post:  # noqa: ANN401
    """A public post of ours with these columns, and nothing else of its own."""
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


def who_is(db: Read, run: Run, name: str) -> Account | None:
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
    wanted, post = who_is(tx, run, story.author), posts.by_id(tx, post_id)
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


def free_id(db: Read, at_ms: int) -> int:
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
