"""Who is told of what others send, and how private threads come into people's lists."""

import sqlite3

import pytest

from server.model import Account
from server.services import conversations, departures, notification_policy, notifications
from server.services.notification_policy import Changes
from server.store import migrate
from server.store.db import Row, Write
from server.store.paging import Page
from tests.server.world import (
    EVE,
    LATE,
    MALLORY,
    NOW,
    SITE,
    act,
    create,
    deliver,
    join,
    note,
    number,
    say,
    settle,
    who,
)


@pytest.fixture
def town(tx: Write) -> Write:
    settle(tx)
    return tx


def private(tx: Write, id: str, author: str, to: Account, **more: object) -> dict[str, object]:
    """A note by a stranger to one of ours alone."""
    mention = {"type": "Mention", "href": to.uri, "name": f"@{to.name}@here.test"}
    return note(id, author, to=[to.uri], cc=[], tag=[mention], **more)


def listed(tx: Write, owner: Account) -> list[Row]:
    return tx.all("SELECT * FROM conversation WHERE account_id = :me ORDER BY id", me=owner.id)


def kinds(tx: Write, owner: Account) -> list[str]:
    return [one.notification.kind for one in notifications.page(tx, owner.id, Page())]


def test_a_strangers_private_note_is_one_conversation_however_often_it_comes(town: Write):
    ann = who(town, "ann")
    for id in ("one", "two"):
        deliver(town, create(private(town, LATE, EVE, ann), id=f"{EVE}/activities/{id}"))
    (row,) = listed(town, ann)
    assert row["unread"] == 1
    (talk,) = conversations.page(town, ann.id, Page())
    assert [one.uri for one in talk.people] == [EVE]
    assert kinds(town, ann) == ["mention"]


def test_answers_that_come_before_what_they_answer_end_in_one_conversation(town: Write):
    ann = who(town, "ann")
    first, answer = "https://far.test/notes/a", "https://far.test/notes/b"
    deliver(
        town,
        create(private(town, answer, EVE, ann, inReplyTo=first), id=f"{EVE}/activities/b"),
        {},
    )
    deliver(town, create(private(town, first, EVE, ann), id=f"{EVE}/activities/a"))
    assert len(listed(town, ann)) == 1
    post = town.one("SELECT thread_id FROM post WHERE uri = :uri", uri=first)
    assert post is not None
    assert listed(town, ann)[0]["thread_id"] == post["thread_id"]


def test_a_deleted_private_note_leaves_no_conversation(town: Write):
    ann = who(town, "ann")
    deliver(town, create(private(town, LATE, EVE, ann), id=f"{EVE}/activities/c"))
    deliver(town, act("Delete", EVE, LATE))
    assert listed(town, ann) == []


def test_a_silenced_stranger_starts_no_conversation(town: Write):
    bob = who(town, "bob")
    notification_policy.change(town, bob.id, Changes(for_private_mentions="drop"))
    deliver(town, create(private(town, LATE, MALLORY, bob), id=f"{MALLORY}/activities/c"))
    assert [row["unread"] for row in listed(town, bob)] == [0], "only what he wrote himself"
    assert kinds(town, bob) == []


def test_a_muted_server_is_heard_of_whom_one_follows_alone(town: Write):
    ann = who(town, "ann")
    town.run("INSERT INTO domain_mute VALUES (:ann, 'far.test', 1)", ann=ann.id)
    for actor in (EVE, MALLORY):
        deliver(
            town,
            create(private(town, f"{actor}/n", actor, ann), id=f"{actor}/activities/n"),
        )
    told = notifications.page(town, ann.id, Page())
    assert [one.account.uri for one in told] == [EVE]


def test_one_is_told_of_the_end_of_ones_own_poll_and_of_nothing_else_of_oneself(town: Write):
    ann = who(town, "ann")
    post = say(town, ann, "Which?")
    for kind in ("poll", "favourite", "mention", "update"):
        notifications.notify(town, ann, kind, ann, post.id, NOW)
    assert kinds(town, ann) == ["poll"]


def test_telling_takes_two_statements(town: Write, monkeypatch: pytest.MonkeyPatch):
    ann, eve = who(town, "ann"), who(town, EVE)
    said: list[str] = []
    one, run = Write.one, Write.run

    def counted_one(self, sql, /, **params):
        said.append(sql)
        return one(self, sql, **params)

    def counted_run(self, sql, /, **params):
        said.append(sql)
        return run(self, sql, **params)

    monkeypatch.setattr(Write, "one", counted_one)
    monkeypatch.setattr(Write, "run", counted_run)
    notifications.notify(town, ann, "follow", eve, None, NOW)
    assert len(said) == 2


def test_who_leaves_takes_along_all_that_was_theirs_alone(town: Write):
    bob = join(town, "bobby")
    say(town, bob, "To me", visibility="direct")
    notification_policy.change(town, bob.id, Changes(for_bots="drop"))
    notifications.notify(town, bob, "follow", who(town, EVE), None, NOW)
    notifications.notify_severed(
        town, bob, kind="domain_block", target="x.test", lost=(1, 1), now_ms=NOW
    )
    notifications.mark(town, bob.id, 5, NOW)
    departures.delete(town, SITE, bob, NOW)
    for table in ("notification", "notification_policy", "conversation", "severance", "marker"):
        sql = f"SELECT count(*) AS n FROM {table} WHERE account_id = :me"
        assert number(town, sql, me=bob.id) == 0, table


def test_reading_on_our_pages_and_in_apps_is_the_same(town: Write):
    ann = who(town, "ann")
    notifications.seen(town, ann.id, 70, NOW)
    row = town.one("SELECT * FROM marker WHERE account_id = :me", me=ann.id)
    assert row is not None
    assert (row["timeline"], row["last_read_id"], row["version"]) == ("notifications", 70, 1)
    notifications.seen(town, ann.id, 60, NOW)
    assert number(town, "SELECT notified_id FROM member WHERE account_id = :me", me=ann.id) == 70


def test_older_private_threads_are_conversations_after_the_migration(tmp_path):
    scripts = [path.read_text() for path in sorted(migrate.FOLDER.glob("*.sql"))]
    link = sqlite3.connect(tmp_path / "old.db")
    for script in scripts[:3]:
        link.executescript(script)

    def insert(table: str, **values: object) -> None:
        info = link.execute(f"PRAGMA table_info({table})").fetchall()
        row = {
            name: ("" if kind == "TEXT" else 0) for _, name, kind, must, default, _ in info if must
        }
        row |= values
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        link.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)

    insert("account", id=1, uri="a", name="ann")
    insert("account", id=2, uri="e", name="eve", domain="far.test")
    insert("member", account_id=1, email="a", notified_id=9)
    insert("post", id=10, uri="p", author_id=2, visibility="direct", thread_id=10)
    insert("post", id=11, uri="q", author_id=1, visibility="direct", thread_id=10)
    link.execute("INSERT INTO mention VALUES (10, 1)")
    link.executescript(scripts[3])
    found = link.execute("SELECT account_id, thread_id, last_id, unread FROM conversation")
    assert found.fetchall() == [(1, 10, 11, 0)]
    marks = link.execute("SELECT account_id, timeline, last_read_id FROM marker").fetchall()
    assert marks == [(1, "notifications", 9)]
    link.close()
