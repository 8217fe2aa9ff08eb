"""No query reads a whole table that grows with the city: SQLite's own plan of every statement.

Every public function of the store that takes a transaction is called with something plausible; a
new one is therefore held to this from its first day.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, get_type_hints

import pytest

from server.model import (
    Account,
    Community,
    Draft,
    ForumThread,
    Job,
    Media,
    Member,
    Notification,
    Peer,
    Post,
    PushSubscription,
)
from server.store import (
    accounts,
    activities,
    announcements,
    approvals,
    apps,
    backlinks,
    blog,
    blog_people,
    bookmarks,
    books,
    borders,
    clocks,
    comment_locks,
    communities,
    conditions,
    contents,
    conversations,
    deferred,
    discovery,
    domain_mutes,
    drafts,
    emoji,
    entry_rules,
    events,
    exports,
    figures,
    filters,
    follows,
    forum,
    homes,
    hosts,
    idempotency,
    import_claims,
    imports,
    invites,
    jobs,
    joints,
    linking,
    lists,
    makings,
    markers,
    media,
    moderation,
    names,
    notification_groups,
    notification_policy,
    notifications,
    order,
    peers,
    pings,
    polls,
    posts,
    previews,
    pushes,
    queue,
    quotes,
    reactions,
    relations,
    remote_pictures,
    reports,
    rules,
    scheduled,
    search,
    search_index,
    sessions,
    settings,
    severances,
    sqlite,
    streams,
    strikes,
    submissions,
    tags,
    tallies,
    thread_mutes,
    timelines,
    trends,
    visits,
    walks,
)
from server.store.announcements import Announcement
from server.store.approvals import Approval
from server.store.db import DatabaseError, Write
from server.store.notification_policy import Policy
from server.store.notifications import Wanted
from server.store.paging import Page
from server.store.scheduled import Scheduled
from server.store.search import Sought
from server.store.severances import Severance
from server.store.transaction import Cursor, Dialect
from server.text.finding import need
from tests.server.world import EVE, ours, settle, who

STORES = (
    accounts,
    activities,
    announcements,
    approvals,
    apps,
    backlinks,
    blog,
    blog_people,
    bookmarks,
    books,
    borders,
    clocks,
    comment_locks,
    communities,
    conditions,
    contents,
    conversations,
    deferred,
    discovery,
    domain_mutes,
    drafts,
    emoji,
    entry_rules,
    events,
    exports,
    figures,
    filters,
    follows,
    forum,
    homes,
    hosts,
    idempotency,
    import_claims,
    imports,
    invites,
    jobs,
    joints,
    linking,
    lists,
    makings,
    markers,
    media,
    moderation,
    names,
    notification_groups,
    notification_policy,
    notifications,
    order,
    peers,
    pings,
    polls,
    posts,
    previews,
    pushes,
    queue,
    quotes,
    reactions,
    relations,
    remote_pictures,
    reports,
    rules,
    scheduled,
    search,
    search_index,
    sessions,
    settings,
    severances,
    streams,
    tags,
    tallies,
    thread_mutes,
    timelines,
    trends,
    visits,
    walks,
    strikes,
    submissions,
)

WHOLE: dict[str, str] = {
    "makings.files": "with media.files; a handful of rows of a week, and of books",
    "exports.files": "a backup; those of a week",
    "exports.lose_files": "after a restore; those of a week",
    "accounts.files": "housekeeping, once a day",
    "accounts.contact": "with accounts.moderators",
    "accounts.first_key": "once, at the start; one row",
    "accounts.joined_between": "our own people alone; the answer is kept for an hour",
    "accounts.members": "the operator's list of people",
    "accounts.moderators": "a handful of rows of a table of our own people",
    "accounts.remove_local": "a refused registration: every table that could refer to it is asked",
    "accounts.totals": "NodeInfo; the answer is kept for a while",
    "announcements.all": "a handful of rows, which the operator made",
    "announcements.current": "with announcements.all",
    "announcements.remove_of": "an account of ours ends; a few people answer announcements",
    "blog.categories_called": "a handful of rows, which editors made",
    "borders.peers": "a rule about a server changes: one narrow row per peer, in a job",
    "entry_rules.count_addresses": "some ten rows, which administrators made",
    "entry_rules.count_emails": "with entry_rules.count_addresses",
    "entry_rules.forget_addresses": "housekeeping, some ten rows",
    "entry_rules.in_force": "some ten rows, kept for five seconds",
    "communities.of_kinds": "a handful of rows, which the operator made",
    "communities.neighbourhoods": "a handful of rows, which the operator made",
    "figures.count": "see the test of figures below",
    "figures.shares": "see the test of figures below",
    "deferred.planned": "a figure of /metrics, of an index alone: it is short",
    "figures.joined": "our own people alone, for moderators",
    "figures.wrote": "our own people, and what they wrote",
    "hosts.count": "the page about us: one narrow row per server that ever showed itself",
    "hosts.latest": "with hosts.count",
    "hosts.names": "with hosts.count; the answer is kept for an hour",
    "hosts.page": "the moderators' rules, for administrators",
    "hosts.rules": "the moderators' rules: read whole, kept for two seconds",
    "idempotency.forget": "housekeeping, the keys of one day",
    "invites.of_account": "a handful of rows: housekeeping forgets those that are over",
    "invites.remove_of": "an account of ours ends; a handful of rows",
    "invites.sweep": "housekeeping, a handful of rows",
    "jobs.release_all": "once, at the start",
    "jobs.waiting": "a figure of /metrics: the queue is short, or the operator wants to know",
    "jobs.by_kind": "the operator's command",
    "jobs.kinds": "figures of /metrics, of an index alone; see the test of counts below",
    "jobs.drop_parked": "an index of those alone",
    "jobs.parked": "an index of those alone",
    "jobs.retry_parked": "an index of those alone",
    "jobs.wake_forgotten": "housekeeping; the first of each lane, of an index alone",
    "imports.files": "housekeeping, once a day; by an index of those that are needed",
    "media.files": "housekeeping, once a day",
    "peers.add_all": "an account of ours ends: every peer is told",
    "peers.clock_back": "only when the clock was put back",
    "peers.release_all": "once, at the start",
    "peers.wake_forgotten": "housekeeping, one row per peer",
    "previews.forget": "housekeeping, once a day",
    "moderation.people": "moderators look for somebody: one page, the newest first",
    "queue.drop": "the operator's command",
    "queue.gone": "the operator's view",
    "queue.hosts": "the operator's command",
    "queue.knows": "the operator's command: one narrow row per peer",
    "queue.lanes": "the operator's view",
    "queue.parked": "the operator's command",
    "queue.retry": "the operator's command",
    "queue.failing": "a figure of /metrics: one narrow row per peer",
    "queue.states": "figures of /metrics, of indexes alone; see the test of counts below",
    "remote_pictures.drop": "makes room: once in a sixteenth of the budget, and housekeeping",
    "remote_pictures.files": "housekeeping, once a day; a backup",
    "remote_pictures.total": "with remote_pictures.drop",
    "rules.all": "some ten rows",
    "rules.papers": "some ten rows, by a command",
    "rules.insert": "some ten rows, by a command",
    "sessions.sweep": "housekeeping, one row per signed-in browser",
}
"""Functions that may read everything, and why. Anything else needs an index."""


class Recorder:
    """A connection that notes the statements it is given."""

    def __init__(self, link: sqlite.Connection) -> None:
        self._link = link
        self.said: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def dialect(self) -> Dialect:
        return self._link.dialect

    def execute(self, sql: str, params: Mapping[str, Any] = {}, /) -> Cursor:  # noqa: B006
        self.said.append((sql, params))
        return self._link.execute(sql, params)

    def executemany(self, sql: str, rows: Sequence[Mapping[str, Any]], /) -> Cursor:
        self.said += [(sql, row) for row in rows[:1]]
        return self._link.executemany(sql, rows)

    def uncounted(self, sql: str) -> int:
        return self._link.uncounted(sql)

    def explained(self, error: Exception) -> Exception:
        return self._link.explained(error)


def functions() -> Iterable[tuple[str, Callable[..., Any]]]:
    """Every public function of the store that works in a transaction."""
    for module in STORES:
        for name, function in _public(module):
            yield f"{module.__name__.rpartition('.')[2]}.{name}", function


def _public(module: ModuleType) -> Iterable[tuple[str, Callable[..., Any]]]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        parameters = inspect.signature(function).parameters
        first = "" if "sql" in parameters else next(iter(parameters), "")
        if function.__module__ == module.__name__ and first in ("db", "tx") and name[0] != "_":
            yield name, function


BY_TYPE: tuple[tuple[str, Any], ...] = (
    ("collections.abc.Iterable[server.store.blog_people.Cohort]", ()),
    ("collections.abc.Iterable[server.store.imports.OldPing]", ()),
    ("list[str]", ("a", "b")),
    ("collections.abc.Iterable[str]", ("a", "b")),
    ("tuple[str, int]", ("x", 1)),
    ("tuple[str", ("a", "b")),
    ("list[int]", [1, 2]),
    ("collections.abc.Sequence[int]", [1, 2]),
    ("collections.abc.Mapping[int, str]", {1: "x"}),
    ("collections.abc.Iterable[tuple[str", [("x", [1])]),
    ("collections.abc.Iterable[int]", [1, 2]),
    ("tuple[bytes", (b"x", "x")),
    ("tuple[float", (0.0, 0.0)),
    ("tuple[int, int]", (1, 1)),
    ("<class 'bool'>", True),
    ("<class 'bytes'>", b"x"),
    ("<class 'str'>", "x"),
    ("str", "x"),
)


COLUMNS = {
    **{"communities": "place", "forum": "link", "imports": "reason"},
    **{"pushes": "endpoint", "reports": "comment"},
    "books": "title",
    "communities": "place",
    "forum": "link",
    "pushes": "endpoint",
    "reports": "comment",
}
"""A column of text of modules whose `set_columns` has no `url` to set."""

NAMED = {
    "order": "hot",
    "allowed": "followers",
    "replies_policy": "list",
    "figure": "tag_uses",
    "place": "tag_servers",
    "action": "block",
    "what": "host",
}


def _plausible(name: str, kind: Any, things: Mapping[Any, Any]) -> Any:
    """Something of this type; a number where nothing else is known."""
    if kind in things:
        return things[kind]
    if kind is str and name in NAMED:
        return NAMED[name]
    return next((value for start, value in BY_TYPE if str(kind).startswith(start)), 1)


def call(function: Callable[..., Any], tx: Write, things: Mapping[Any, Any]) -> None:
    """Run it with something plausible for each parameter; what it says is noted, not judged."""
    hints = get_type_hints(function)
    given: dict[str, Any] = {}
    positional: list[Any] = []
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            module = function.__module__.rpartition(".")[2]
            column = COLUMNS.get(module, "url")
            columns = {
                "set_member": {"reason": "x"},
                "set_columns": {column: "x"},
                "set_address": {"comment": "x"},
            }
            given |= columns.get(function.__name__, {})
        elif parameter.kind is parameter.KEYWORD_ONLY:
            given[name] = _plausible(name, hints[name], things)
        else:
            positional.append(_plausible(name, hints[name], things))
    with suppress(DatabaseError), tx.savepoint():
        answer = function(tx, *positional, **given)
        if isinstance(answer, Iterator):
            list(answer)  # what it says it says as it goes


def scans(link: sqlite.Connection, sql: str, params: Mapping[str, Any]) -> list[str]:
    """The tables that a statement reads from one end to the other."""
    if re.match(r"\s*(SAVEPOINT|RELEASE|ROLLBACK)", sql):
        return []
    steps = [str(row["detail"]) for row in link.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
    virtual = re.compile(r"SCAN (CONSTANT ROW|\(|newer|latest|few|responded|h\d|above|sqlite_)")
    if "LIMIT 1" in sql and len(steps) == 1 and "USING INDEX" in steps[0]:
        return []  # the first row of an index
    return [step for step in steps if step.startswith("SCAN") and not virtual.match(step)]


FUNCTIONS = dict(functions())


@pytest.fixture
def recorded(sqlite_link: sqlite.Connection) -> Iterable[tuple[Recorder, Write]]:
    sqlite_link.execute("BEGIN")
    settle(Write(sqlite_link))
    recorder = Recorder(sqlite_link)
    yield recorder, Write(recorder)
    sqlite_link.rollback()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_query_finds_its_rows_by_an_index(
    recorded: tuple[Recorder, Write],
    sqlite_link: sqlite.Connection,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    recorder, tx = recorded
    for module in (jobs, peers):
        monkeypatch.setattr(module, "require", lambda *_: None)  # else one statement is all
    things = _things(tx)
    recorder.said.clear()
    call(FUNCTIONS[name], tx, things)
    assert recorder.said or name in WHOLE, f"{name} said nothing"
    found = {step for sql, params in recorder.said for step in scans(sqlite_link, sql, params)}
    if name in WHOLE:
        return
    assert found == set()


COUNTED: dict[str, tuple[Callable[[Write], object], set[str]]] = {
    "jobs.kinds": (jobs.kinds, {"job_kind"}),
    "jobs.waiting": (jobs.waiting, {"job_due"}),
    "jobs.parked": (jobs.parked, {"job_parked"}),
    "queue.states": (queue.states, {"delivery_outbox", "job_due", "job_parked"}),
}


@pytest.mark.parametrize("name", COUNTED)
def test_what_metrics_count_is_counted_in_indexes_however_much_each_job_says(
    recorded: tuple[Recorder, Write], sqlite_link: sqlite.Connection, name: str
) -> None:
    recorder, tx = recorded
    count, indexes = COUNTED[name]
    recorder.said.clear()
    count(tx)
    found = {step for sql, params in recorder.said for step in scans(sqlite_link, sql, params)}
    named = {step.rpartition(" INDEX ")[2] for step in found if " INDEX " in step}
    assert named - {"parked_delivery_outbox"} == indexes
    assert not any(re.match(r"SCAN (job|delivery)\b(?!.* INDEX )", step) for step in found)


def test_a_host_that_comes_back_is_asked_for_its_own_people_not_for_all_who_follow_us(
    recorded: tuple[Recorder, Write], sqlite_link: sqlite.Connection
) -> None:
    recorder, tx = recorded
    recorder.said.clear()
    peers.reopen(tx, "far.test", 1)
    steps = [
        str(row["detail"])
        for sql, params in recorder.said
        for row in sqlite_link.execute(f"EXPLAIN QUERY PLAN {sql}", params)
    ]
    follows_read = [step for step in steps if re.match("(SEARCH|SCAN) f ", step)]
    assert follows_read
    assert all("(follower_id=?" in step for step in follows_read), steps


def test_those_who_want_to_be_told_are_not_looked_for_among_all_who_follow(
    recorded: tuple[Recorder, Write], sqlite_link: sqlite.Connection
) -> None:
    recorder, tx = recorded
    recorder.said.clear()
    homes.ahead(tx, 1, 2, 0)
    steps = [
        str(row["detail"])
        for sql, params in recorder.said
        for row in sqlite_link.execute(f"EXPLAIN QUERY PLAN {sql}", params)
    ]
    follows_read = [step for step in steps if re.match("(SEARCH|SCAN) (f|follow) ", step)]
    assert len(follows_read) == 3
    assert all(re.search("INDEX follow_(local|notify) ", step) for step in follows_read), steps


def test_what_our_people_say_is_not_looked_for_among_what_strangers_say(
    recorded: tuple[Recorder, Write], sqlite_link: sqlite.Connection
) -> None:
    recorder, tx = recorded
    recorder.said.clear()
    timelines.local(tx, 1, Page())
    ((sql, params),) = recorder.said
    steps = [str(row["detail"]) for row in sqlite_link.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
    assert "SEARCH p USING INDEX post_local (local=? AND id>? AND id<?)" in steps


@pytest.mark.parametrize("ask", [jobs.next_due_ms, peers.next_due_ms])
def test_when_the_next_work_is_due_is_told_by_an_index_alone(
    recorded: tuple[Recorder, Write],
    sqlite_link: sqlite.Connection,
    ask: Callable[[Write], object],
) -> None:
    recorder, tx = recorded
    recorder.said.clear()
    ask(tx)
    ((sql, params),) = recorder.said
    codes = sqlite_link.execute(f"EXPLAIN {sql}", params).fetchall()
    opened = [code for code in codes if code["opcode"] == "OpenRead"]
    indexes = {code["p1"] for code in opened if str(code["p4"]).startswith("k(")}
    assert {code["p1"] for code in codes if code["opcode"] == "Column"} == indexes


OWN_PEOPLE = {"new_users"}


@pytest.mark.parametrize("key", [*figures.COUNTS, *figures.PLACES])
def test_a_figure_reads_no_more_than_its_time_or_its_server(
    recorded: tuple[Recorder, Write], sqlite_link: sqlite.Connection, key: str
) -> None:
    recorder, tx = recorded
    recorder.said.clear()
    if key in figures.COUNTS:
        figures.count(tx, key, 0, 1, "x")
    if key in figures.PLACES:
        figures.shares(tx, key, 0, 1, 10, of="x")
    found = {step for sql, params in recorder.said for step in scans(sqlite_link, sql, params)}
    assert found == set() or key in OWN_PEOPLE


def test_every_exception_is_still_a_function() -> None:
    assert WHOLE.keys() <= FUNCTIONS.keys()


def _things(tx: Write) -> dict[Any, Any]:
    ann, post = who(tx, "ann"), ours(tx)
    fields: dict[str, Any] = dict.fromkeys(Media.__struct_fields__, 1)
    new = filters.Filter(id=1, account_id=ann.id, title="x", contexts="home")
    private = accounts.member(tx, ann.id)
    assert private is not None
    return {
        Account: ann,
        Post: post,
        Community: Community(account=ann),
        ForumThread: ForumThread(post_id=post.id, community_id=ann.id, active_ms=1),
        Member: private,
        Page: Page(),
        books.Book: books.Book(
            id=1,
            community_id=ann.id,
            editor_id=ann.id,
            title="x",
            language="ko",
            created_ms=1,
            updated_ms=1,
        ),
        books.Consent: books.Consent(
            book_id=1, post_id=post.id, account_id=ann.id, answer="yes", answered_ms=1
        ),
        exports.Export: exports.Export(id=1, community_id=ann.id, ordered_by=ann.id, created_ms=1),
        filters.Filter: new,
        filters.Keyword: filters.Keyword(id=1, filter_id=1, keyword="x"),
        filters.FilteredPost: filters.FilteredPost(id=1, filter_id=1, post_id=post.id),
        lists.List: lists.List(id=1, account_id=ann.id, title="x"),
        tags.Tagged: tags.Tagged("x", any=("y",), all=("z",), none=("w",), media_only=True),
        Draft: Draft(id=1, account_id=ann.id, body="{}", updated_ms=1),
        Scheduled: Scheduled(
            id=1,
            account_id=ann.id,
            due_ms=1,
            params="{}",
            app_id=None,
            idempotency_key=None,
            failure="",
            created_ms=1,
        ),
        blog.Category: blog.Category(
            id=1, community_id=ann.id, parent_id=None, slug="x", title="x", place=1
        ),
        blog.Series: blog.Series(id=1, community_id=ann.id, slug="x", title="x", about=""),
        blog.Story: blog.Story(post_id=post.id, community_id=ann.id),
        blog_people.Cohort: blog_people.Cohort(id=1, community_id=ann.id, number=1, year=2026),
        submissions.Submission: submissions.Submission(
            id=1,
            community_id=ann.id,
            author_id=ann.id,
            state="submitted",
            params="{}",
            created_ms=1,
            updated_ms=1,
        ),
        imports.Run: imports.Run(
            id=1,
            community_id=ann.id,
            account_id=ann.id,
            name="x",
            file="x",
            bytes=1,
            state="ready",
            created_ms=1,
        ),
        imports.Line: imports.Line(run_id=1, key="x", kind="x", id=1, what="x"),
        makings.Kind: makings.BOOK,
        import_claims.Claim: import_claims.Claim(run_id=1, account_id=1),
        import_claims.Claimed: import_claims.Claimed(post_id=1, run_id=1, account_id=1),
        imports.Imported: imports.Imported(
            community_id=ann.id, story="x", comment="", post_id=post.id, run_id=1, digest="x"
        ),
        backlinks.Backlink: backlinks.Backlink(
            id=1, post_id=post.id, source="x", host="x", kind="x"
        ),
        linking.Told: linking.Told(id=1, post_id=post.id, url="x"),
        pings.Ping: pings.Ping(
            id=1,
            post_id=post.id,
            source="x",
            target="x",
            host="x",
            domain="x",
            network="x",
            kind="x",
            came_ms=1,
        ),
        Job: Job(id=1, kind="x", lane="x", payload=b"", attempts=1, claimed_by=1),
        Peer: Peer(
            id=1,
            host="x",
            inbox="x",
            scheme="cavage",
            attempts=1,
            failing_since_ms=None,
            last_error="",
            slow=0,
            claimed_by=1,
        ),
        Media: Media(**fields),
        Approval: Approval(
            post_id=1, target_id=1, decider_id=1, asker_id=1, visibility="public", asked_ms=1
        ),
        Announcement: Announcement(id=1, text="x", content="x", published_ms=1, updated_ms=1),
        Policy: Policy(),
        Wanted: Wanted(),
        Sought: Sought((need("김장"), need("x"), need("꽃")), (need("y"),)),
        moderation.Sought: moderation.Sought(),
        names.Wanted: names.Wanted("김장 ann"),
        entry_rules.EmailRule: entry_rules.EmailRule(
            id=1, kind="domain", value="x", account_id=None, created_ms=1
        ),
        entry_rules.AddressRule: entry_rules.AddressRule(
            id=1, network="x", severity="x", comment="", expires_ms=None, created_ms=1
        ),
        strikes.Strike: strikes.Strike(
            id=1,
            account_id=ann.id,
            moderator_id=None,
            action="none",
            text="",
            post_ids="[]",
            report_id=None,
            appeal="",
            appeal_state="",
            created_ms=1,
        ),
        Severance: Severance(
            id=1, account_id=ann.id, kind="x", target="x", followers=1, following=1, created_ms=1
        ),
        PushSubscription: PushSubscription(**dict.fromkeys(PushSubscription.__struct_fields__, 1)),
        Notification: Notification(
            id=1,
            account_id=ann.id,
            kind="follow",
            from_id=who(tx, EVE).id,
            post_id=None,
            created_ms=1,
        ),
    }
