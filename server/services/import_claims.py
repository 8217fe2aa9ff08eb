"""Whom an import names as an author is asked: what they wrote becomes theirs when they say so.

Until then it stands under whoever brought it (a comment under the blog), with the name that it had
in the old blog, and so it stays where they say no. One answer is for all that an import brought.
What is theirs is changed by no import any more.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from server.errors import Conflict, NotFound
from server.model import Account, Community, Post, PostView, Site
from server.services import bylines, desk_news, imports, quotes, timelines
from server.store import accounts, blog_people, communities, jobs, posts
from server.store import import_claims as store
from server.store import imports as import_store
from server.store.db import Read, Write
from server.store.import_claims import Claim, Claimed
from server.store.imports import Run

JOB: Final = "claim"
AT_ONCE: Final = 100  # posts in one transaction
MOST_SHOWN: Final = 100  # stories on the page of a claim


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the viewer was asked: of which import into which blog, and by whom.

    `names`: what they were called there. `stories` are the latest; `posts` counts comments too.
    """

    claim: Claim
    run: Run
    blog: Community
    by: Account
    names: tuple[str, ...]
    stories: Sequence[PostView] = ()
    posts: int = 0


# --- while an import goes on


def claim(tx: Write, run: Run, post: Post, account_id: int, now_ms: int) -> None:
    """An import says that somebody wrote this. They are asked once for each import.

    What they were asked about by an earlier one waits for that answer, or has it.
    """
    theirs = post.author_id == account_id
    known = store.of_post(tx, post.id)
    if known is not None and (known.theirs or known.account_id == account_id):
        return
    one = Claimed(post_id=post.id, run_id=run.id, account_id=account_id, theirs=int(theirs))
    store.put(tx, one)
    if not theirs and store.ask(tx, run.id, account_id):
        desk_news.tell(tx, account_id, run.account_id, now_ms, what="claim", about_id=run.id)


def theirs(db: Read, run: Run, post_id: int) -> bool:
    """Whether this belongs to somebody else than who imports: it stays as it is."""
    known = store.of_post(db, post_id)
    return known is not None and known.theirs == 1 and known.account_id != run.account_id


def open_to(db: Read, run: Run, post: Post) -> bool:
    """Whether somebody may be said to have written what is here already: it names another."""
    return post.author_id == run.account_id or bool(bylines.of(post))


# --- what people answer


def waiting(db: Read, account_id: int) -> int:
    """How many imports wait for an answer of somebody."""
    return store.unanswered(db, account_id)


def asked(db: Read, viewer: Account) -> list[Asked]:
    """All that the viewer was asked, without the stories."""
    found = (_asked(db, viewer, one) for one in store.of_account(db, viewer.id))
    return [one for one in found if one is not None]


def answers(db: Read, run: Run) -> list[tuple[Account, str]]:
    """Whom an import asked, for its editor, and their answer: asked, yes or no."""
    said = {one.account_id: one.answer for one in store.of_run(db, run.id)}
    people = accounts.by_ids(db, list(said))
    return [(people[id], answer) for id, answer in said.items() if id in people]


def one(db: Read, viewer: Account, run_id: int) -> Asked:
    """What the viewer was asked about one import, with its latest stories. Raises `NotFound`."""
    claim = store.one(db, run_id, viewer.id)
    found = _asked(db, viewer, claim) if claim else None
    if claim is None or found is None:
        raise _nobody()
    ids, count = store.stories(db, claim, MOST_SHOWN)
    views = timelines.by_post(db, viewer.id, ids)
    stories = [views[id] for id in ids if id in views]
    return msgspec.structs.replace(found, stories=stories, posts=count)


def _asked(db: Read, viewer: Account, claim: Claim) -> Asked | None:
    run = import_store.by_id(db, claim.run_id)
    home = communities.by_id(db, run.community_id) if run else None
    by = accounts.by_id(db, run.account_id) if run else None
    if run is None or home is None or by is None:
        return None
    keys = {key for key, id in imports.authors(run).items() if id == viewer.id}
    called = {key: name for key, name, _ in imports.survey(run).authors}
    names = tuple(sorted({called.get(key) or key for key in keys} - {""}))
    return Asked(claim=claim, run=run, blog=home, by=by, names=names)


def answer(tx: Write, viewer: Account, run_id: int, *, yes: bool, now_ms: int) -> None:
    """Yes: all of it becomes theirs, soon. No: the old name stays; it can still become a yes.

    Yes is said of what is here: when the import is over. Raises `NotFound` for who was not asked,
    `Conflict` for who said yes, or says it too early.
    """
    claim = store.one(tx, run_id, viewer.id)
    run = import_store.by_id(tx, run_id)
    if claim is None or run is None:
        raise _nobody()
    if claim.answer == "yes":
        raise Conflict(
            "You said yes already. The stories are yours: you can change or delete them."
        )
    if yes and run.state in import_store.ALIVE:
        raise Conflict("This import is still under way. Say yes when all of it is here.")
    said = "yes" if yes else "no"
    store.answer(tx, msgspec.structs.replace(claim, answer=said, answered_ms=now_ms))
    desk_news.tell(tx, run.account_id, viewer.id, now_ms, what="claimed", about_id=run.id)
    if yes:
        payload = msgspec.json.encode({"run": run_id, "account": viewer.id})
        jobs.enqueue(tx, JOB, f"{JOB}:{run_id}:{viewer.id}", payload, now_ms)


def _nobody() -> NotFound:
    return NotFound("Nobody has asked you about this import.")


# --- what the worker does


def hand_over(tx: Write, site: Site, run_id: int, account_id: int) -> bool:
    """Make some of what was agreed to theirs; whether there is more."""
    claim, viewer = store.one(tx, run_id, account_id), accounts.by_id(tx, account_id)
    if claim is None or claim.answer != "yes" or viewer is None or viewer.state == "gone":
        return False
    ids = store.posts(tx, claim, AT_ONCE)
    for id in ids:
        if (post := posts.by_id(tx, id)) is not None:
            _give(tx, site, post, viewer)
        store.put(tx, Claimed(post_id=id, run_id=run_id, account_id=account_id, theirs=1))
    return len(ids) == AT_ONCE


def _give(tx: Write, site: Site, post: Post, viewer: Account) -> None:
    now = posts.held(tx, post)
    if now is None or now.deleted_ms is not None or now.author_id == viewer.id:
        return
    post = now
    story = post.kind == "article"
    posts.set_columns(
        tx,
        post.id,
        author_id=viewer.id,
        url=f"{site.origin}/@{viewer.name}/{post.id}",
        extra="{}",
        pinned_ms=None,
        quote_policy=quotes.stated(tx, viewer, "", post.visibility) if story else "nobody",
    )
    if not post.private:
        accounts.count_post(tx, post.author_id, -1, post.published_ms)
        accounts.count_post(tx, viewer.id, 1, post.published_ms)
    blog_people.take_out(tx, post.id, viewer.id)
    store.hand_over(tx, post.id, post.author_id, viewer.id)
