"""What an arriving note costs: a few statements, however many of our people see it."""

import pytest

from server.inbox import door
from server.model import Account
from server.services import tags
from server.store import follows, jobs
from server.store.db import Read, Write
from tests.server.world import (
    EVE,
    LATE,
    NOW,
    SITE,
    act,
    authentic,
    befriend,
    create,
    deliver,
    join,
    note,
    number,
    settle,
    who,
)

HASHTAG = {"type": "Hashtag", "href": "https://far.test/tags/harbour", "name": "#harbour"}
MOST = 16  # the last one is the note for the search index


@pytest.fixture
def town(tx: Write) -> Write:
    settle(tx)
    return tx


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement from now on; those with many rows count once."""
    found: list[str] = []
    execute, many = Read._execute, Write.many

    def counted(self, sql, params):
        found.append(sql)
        return execute(self, sql, params)

    def counted_many(self, sql, rows, /):
        if rows:
            found.append(sql)
        return many(self, sql, rows)

    monkeypatch.setattr(Read, "_execute", counted)
    monkeypatch.setattr(Write, "many", counted_many)
    return found


def arrive(town: Write, id: str = LATE, page: str = "1") -> None:
    html = f'<p><a href="https://news.test/{page}" rel="nofollow">news.test/{page}</a></p>'
    raw = create(note(id, EVE, content=html, tag=[HASHTAG]), id=f"{id}/create")
    door.receive(town, SITE, authentic(raw), NOW)


def test_a_note_with_a_link_and_a_hashtag_takes_sixteen_statements(town: Write, said: list[str]):
    arrive(town, "https://far.test/notes/81")  # the host showed itself lately
    said.clear()
    arrive(town, "https://far.test/notes/82", page="2")
    assert len(said) <= MOST, said
    said.clear()
    arrive(town, "https://far.test/notes/83", page="2")
    assert len(said) <= MOST - 2, said  # the page is neither stored nor asked for again
    assert number(town, "SELECT count(*) FROM post_link") == 3
    assert number(town, "SELECT count(*) FROM link_preview") == 2
    assert number(town, "SELECT count(*) FROM job WHERE kind = 'preview'") == 2


def test_more_followers_are_no_more_statements(town: Write, said: list[str]):
    arrive(town, "https://far.test/notes/81")
    said.clear()
    arrive(town, "https://far.test/notes/82")
    few = len(said)
    for n in range(20):
        befriend(town, join(town, f"reader{n}"), who(town, EVE))
    said.clear()
    arrive(town, "https://far.test/notes/83")
    assert len(said) == few


def test_who_follows_a_hashtag_or_wants_to_be_told_is_not_passed_over(town: Write):
    reader, fan = join(town, "tagreader"), join(town, "fan")
    tags.follow(town, reader.id, "harbour", NOW)
    befriend(town, fan, who(town, EVE))
    town.run("UPDATE follow SET notify = 1 WHERE follower_id = :id", id=fan.id)
    arrive(town)
    assert at_home(town, reader) == 1
    told = "SELECT count(*) FROM notification WHERE account_id = :id AND kind = 'status'"
    assert number(town, told, id=fan.id) == 1
    assert follows.has_local_follower(town, who(town, EVE).id)


def at_home(town: Write, owner: Account) -> int:
    return number(town, "SELECT count(*) FROM home WHERE owner_id = :id", id=owner.id)


def test_what_was_deleted_by_its_author_does_not_come_back_by_its_create(town: Write):
    deliver(town, act("Delete", EVE, LATE))
    arrive(town)
    assert number(town, "SELECT count(*) FROM post WHERE uri = :uri", uri=LATE) == 0


def test_a_lane_takes_as_many_as_were_allowed_and_says_so(town: Write):
    took = [jobs.enqueue(town, "preview", "lane", b"{}", NOW, most=2) for _ in range(3)]
    assert took == [True, True, False]
    waits = "SELECT count(*) FROM job WHERE lane = 'lane'"
    assert number(town, waits) == 2
    assert number(town, waits + " AND due_ms = :now", now=NOW) == 1  # the other waits behind it
    assert jobs.enqueue(town, "preview", "other", b"{}", NOW, most=2)


def test_a_page_for_which_there_was_no_room_is_asked_for_by_the_next_who_links_to_it(town: Write):
    lane = "preview:theirs:"
    for n in range(4):
        for _ in range(100):
            jobs.enqueue(town, "preview", f"{lane}{n}", b"{}", NOW)
    arrive(town, "https://far.test/notes/81")
    assert number(town, "SELECT count(*) FROM link_preview WHERE fetched_ms = 0") == 1
    town.run("DELETE FROM job")
    arrive(town, "https://far.test/notes/82")
    assert number(town, "SELECT count(*) FROM job WHERE kind = 'preview'") == 1
    assert number(town, "SELECT count(*) FROM link_preview WHERE fetched_ms > 0") == 1
