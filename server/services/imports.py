"""Bringing a blog here: an editor sends its file, says who its authors are, and begins.

A run is read once (`reading`), waits for its editor (`ready`) and is then worked through
(`running`) by `worker.importing`, story by story, each in a commit with its progress. Whatever was
brought is known by its key in the old blog: the same file, or one that has grown, brings nothing
twice.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from server.clock import DAY_MS
from server.errors import Conflict, Invalid, NotFound
from server.ids import new_id
from server.model import Account, Community
from server.oldblogs import tistory
from server.services import blog_desk, communities, media
from server.store import accounts, blog_people, follows, jobs
from server.store import imports as store
from server.store.db import Read, Write
from server.store.imports import Checked, Line, Run

JOB: Final = "import"
MAX_BACKUP_BYTES: Final = 2 << 30
KEPT_MS: Final = 7 * DAY_MS
"""A backup holds what guests thought nobody would read: it does not stay longer than it must."""
MAX_STORIES: Final = 50_000  # of one file
MAX_BELOW: Final = 500_000  # comments and trackbacks of one file
MAX_LINES: Final = 5_000  # of one report
MAX_SHOWN: Final = 50  # runs
MAX_AUTHORS: Final = 200
MAX_NAME: Final = 200
MAX_WHAT: Final = 300
MAX_PATH: Final = 500  # characters of an old address
TOO_MUCH: Final = (
    "This file has more stories or comments than one import may bring. Split it into several files."
)
UNFINISHED: Final = "This import could not be finished. What was brought so far stays."


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A file that an editor sent, which lies in the store under `file`.

    `address` is where the blog was; `pictures`: those that are not in the file are fetched there.
    """

    name: str
    file: str
    bytes: int
    address: str = ""
    pictures: bool = True


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a file. `authors`: (by which stories name them, as people read it, stories)."""

    format: str = ""
    title: str = ""
    address: str = ""
    stories: int = 0
    hidden: int = 0
    comments: int = 0
    secrets: int = 0
    pings: int = 0
    authors: tuple[tuple[str, str, int], ...] = ()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it so far. `same`: was here already; `kept`: was changed or deleted here."""

    new: int = 0
    changed: int = 0
    same: int = 0
    kept: int = 0
    drafts: int = 0
    comments: int = 0
    pictures: int = 0
    unpictured: int = 0
    pings: int = 0

    def plus(self, **more: int) -> "Counts":
        """With so many more of each."""
        now = {name: getattr(self, name) + number for name, number in more.items()}
        return msgspec.structs.replace(self, **now)


def survey(run: Run) -> Survey:
    """What was found in its file."""
    return msgspec.json.decode(run.survey, type=Survey)


def counts(run: Run) -> Counts:
    """What became of it."""
    return msgspec.json.decode(run.counts, type=Counts)


def authors(run: Run) -> dict[str, int]:
    """Which of our accounts the authors of the old blog are."""
    return msgspec.json.decode(run.authors, type=dict[str, int])


# --- what editors do


def begin(tx: Write, viewer: Account, home: Community, sent: Sent, now_ms: int) -> Run:
    """A file has come; it is read next. Raises `Forbidden`, `Conflict`, `Invalid`."""
    run = add(tx, viewer, home, sent, now_ms)
    _promise(tx, run, now_ms)
    return run


def add(tx: Write, viewer: Account, home: Community, sent: Sent, now_ms: int) -> Run:
    """As `begin`, for a command that does the work itself."""
    blog_desk.require(tx, home, viewer)
    check_address(sent.address)
    if any(run.state in store.ALIVE for run in store.of_community(tx, home.account.id, MAX_SHOWN)):
        raise Conflict("Another import is under way in this blog. Finish it or stop it first.")
    run = Run(
        id=new_id(now_ms),
        community_id=home.account.id,
        account_id=viewer.id,
        name=" ".join(sent.name.split())[:MAX_NAME],
        file=sent.file,
        bytes=sent.bytes,
        address=sent.address,
        pictures=int(sent.pictures),
        state="reading",
        created_ms=now_ms,
    )
    store.insert(tx, run)
    store.forget_lines(tx, home.account.id, MAX_SHOWN)
    return run


def clear(tx: Write, home: Community, now_ms: int) -> None:
    """A command that was killed left its run behind: only those have no file in the store."""
    for run in store.of_community(tx, home.account.id, MAX_SHOWN):
        if run.state in store.ALIVE and not run.file:
            finish(tx, run, "stopped", now_ms)


def check_address(address: str) -> None:
    """Raises `Invalid` for what is no address of a blog; none is fine."""
    if address and (len(address) > 500 or not address.startswith(("http://", "https://"))):
        raise Invalid("This is not the address of a blog, such as https://example.org/.")


def start(
    tx: Write,
    viewer: Account,
    home: Community,
    run_id: int,
    names: Mapping[str, str],
    *,
    now_ms: int,
    public: bool = False,
) -> None:
    """Begin to bring it. `names`: who of ours an author of the old blog is, by handle; they are
    asked (`import_claims`) as soon as something of theirs is here.

    `public`: see `require_public`. Raises `NotFound`, `Conflict`, and `Invalid` for somebody who
    does not write in this blog.
    """
    run = one(tx, viewer, home, run_id)
    if run.state != "ready":
        raise Conflict("This import has begun already, or it is over.")
    require_public(run, said=public)
    named = {key: name for key, name in names.items() if name.strip()}
    known = {key: _writer(tx, viewer, home, name).id for key, name in named.items()}
    let(tx, run, known)
    _promise(tx, run, now_ms)


def tells_who_may_read(run: Run) -> bool:
    """Whether its file says which stories were not for everybody."""
    return survey(run).format != tistory.FORMAT


def require_public(run: Run, *, said: bool) -> None:
    """Where the file tells nothing: raises `Invalid` unless somebody `said` that all is public."""
    if not said and not tells_who_may_read(run):
        raise Invalid(
            "This backup does not say which stories were private or protected: all would be public "
            "here. Take those out of it, then say that the rest is for everybody."
        )


def let(tx: Write, run: Run, known: Mapping[str, int]) -> None:
    """A run that was read may go on; `known` are its authors who are ours."""
    store.set_columns(
        tx, run.id, state="running", done=0, authors=msgspec.json.encode(dict(known)).decode()
    )


def _writer(db: Read, viewer: Account, home: Community, name: str) -> Account:
    """Who may be asked whether they wrote something elsewhere: who writes here anyway."""
    found = accounts.by_handle(db, name.strip().lstrip("@").lower())
    if found is None or not found.local or found.kind != "Person" or found.state != "active":
        raise Invalid("There is nobody called %(name)s in this city.", name=name.strip()[:100])
    id = home.account.id
    if not (communities.keeps(db, id, found) or blog_people.writes(db, id, found.id)):
        raise Invalid(
            "%(name)s does not write in this blog. Add them to a cohort first.", name=found.name
        )
    if follows.apart(db, viewer.id, found.id):
        raise Invalid("You cannot bring stories in the name of %(name)s.", name=found.name)
    return found


def stop(tx: Write, viewer: Account, home: Community, run_id: int, now_ms: int) -> None:
    """No more of it; what was brought stays. Raises `NotFound`."""
    run = one(tx, viewer, home, run_id)
    if run.state in store.ALIVE:
        finish(tx, run, "stopped", now_ms)


def one(db: Read, viewer: Account, home: Community, run_id: int) -> Run:
    """A run of this blog, for its editors. Raises `Forbidden`, `NotFound`."""
    blog_desk.require(db, home, viewer)
    found = store.by_id(db, run_id)
    if found is None or found.community_id != home.account.id:
        raise NotFound("There is no such import in this blog.")
    return found


def all(db: Read, viewer: Account, home: Community) -> list[Run]:
    """The imports of this blog, the latest first. Raises `Forbidden`."""
    blog_desk.require(db, home, viewer)
    return store.of_community(db, home.account.id, MAX_SHOWN)


def checked(db: Read, run: Run) -> Checked:
    """What became of the trackbacks that it brought: they are checked by and by (`pings`)."""
    return store.checked(db, run.id)


def report(db: Read, run: Run) -> list[Line]:
    """What could not be taken as it was."""
    return store.lines(db, run.id, 0, MAX_LINES)


# --- what the worker does


def _promise(tx: Write, run: Run, now_ms: int) -> None:
    payload = msgspec.json.encode({"run": run.id})
    jobs.enqueue(tx, JOB, f"{JOB}:{run.community_id}", payload, now_ms)


def was_read(tx: Write, run: Run, found: Survey) -> bool:
    """A file was read to its end. False when nobody waits for it any more."""
    known = store.by_id(tx, run.id)
    if known is None or known.state != "reading":
        return False
    total = found.stories + found.hidden
    survey = msgspec.json.encode(found).decode()
    store.set_columns(tx, run.id, state="ready", survey=survey, total=total)
    return True


def finish(tx: Write, run: Run, state: str, now_ms: int, *, reason: str = "") -> None:
    """It is over; the backup is let go."""
    known = store.by_id(tx, run.id)
    if known is None or known.state not in store.ALIVE:
        return
    if known.file:
        media.let_go(tx, known.account_id, known.file, now_ms)
    store.set_columns(tx, run.id, state=state, reason=reason, file="", ended_ms=now_ms)


def give_up(tx: Write, run_id: int, now_ms: int) -> None:
    """It was tried too often, or failed through our own fault."""
    if (run := store.by_id(tx, run_id)) is not None:
        finish(tx, run, "failed", now_ms, reason=Invalid(UNFINISHED).message)


def note(tx: Write, run_id: int, key: str, kind: str, what: str, more: str = "") -> None:
    """Something could not be taken as it was; remembered once for each thing."""
    run = store.by_id(tx, run_id)
    if run is None or run.lines >= MAX_LINES:
        return
    line = Line(
        run_id=run_id,
        key=key[:MAX_WHAT],
        kind=kind,
        id=run.lines + 1,
        what=" ".join(what.split())[:MAX_WHAT],
        more=" ".join(more.split())[:MAX_WHAT],
    )
    if store.add_line(tx, line):
        store.set_columns(tx, run_id, lines=run.lines + 1)


def lead(db: Read, path: str) -> int | None:
    """The story that was at this path of an old blog, if everybody may read it."""
    path = path.rstrip("/") if "?" not in path else path
    return store.led_to(db, path) if 0 < len(path) <= MAX_PATH else None
