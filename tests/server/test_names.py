"""People and communities are found by their handles and names, by an index of words."""

import pytest

from server.model import Account
from server.services import communities, departures, search, standing
from server.services.communities import NewCommunity
from server.store import accounts, names
from server.store.db import Write
from tests.server.world import EVE, KEYS, NOW, SITE, befriend, join, number, stranger

PEOPLE = {
    "ann": "김철수 Émile Smith-Jones",
    "bob_b": "느티동 책방",
    "annika": "철수네",
    "kim": "",
}
QUERIES = {
    "ann": ["ann", "annika"],
    "@ann": ["ann", "annika"],
    "@ANN@here.test": ["ann", "annika"],
    "nik": [],
    "김": ["ann"],
    "김철": ["ann"],
    "철수": ["ann", "annika"],
    "철수네": ["annika"],
    "수철": [],
    "김철수 smith": ["ann"],
    "émi jon": ["ann"],
    "ÉMILE": ["ann"],
    "책방 느티": ["bob_b"],
    "bob_": ["bob_b"],
    "bobxb": [],
    "%": [],
    "@": [],
    " ": [],
    "...": [],
}


@pytest.fixture
def people(tx: Write) -> dict[str, Account]:
    found = {name: join(tx, name) for name in PEOPLE}
    for name, shown in PEOPLE.items():
        accounts.set_columns(tx, found[name].id, display_name=shown)
    return found


def found(tx: Write, text: str, viewer: Account | None = None, **more: object) -> list[str]:
    limit = more.pop("limit", 9)
    answer = search.people(tx, viewer.id if viewer else None, text, limit, **more)  # type: ignore[arg-type]
    return [one.name for one in answer]


def test_people_are_found_by_how_words_begin_and_by_two_syllables(
    tx: Write, people: dict[str, Account]
) -> None:
    assert {query: found(tx, query) for query in QUERIES} == QUERIES


def test_a_new_name_counts_and_the_old_one_no_more(tx: Write, people: dict[str, Account]) -> None:
    accounts.set_columns(tx, people["ann"].id, display_name="박영희")
    assert found(tx, "철수") == ["annika"]
    assert found(tx, "영희") == ["ann"]


@pytest.mark.parametrize("state", ["suspended", "blocked", "pending"])
def test_who_is_shut_out_is_not_found(tx: Write, people: dict[str, Account], state: str) -> None:
    accounts.set_columns(tx, people["ann"].id, state=state)
    assert found(tx, "철수") == ["annika"]
    accounts.set_columns(tx, people["ann"].id, state="active")
    assert found(tx, "철수") == ["ann", "annika"]


def test_who_has_left_leaves_no_name(tx: Write, people: dict[str, Account]) -> None:
    departures.leave(tx, SITE, people["ann"], NOW)
    assert found(tx, "ann") == ["annika"]
    rows = "SELECT count(*) FROM name_term WHERE account_id = :id"
    assert number(tx, rows, id=people["ann"].id) == 0


def test_who_waits_for_approval_is_not_found_and_can_be_turned_away(tx: Write) -> None:
    new = join(tx, "newcomer")
    accounts.set_member(tx, new.id, state="pending")
    assert found(tx, "newcomer") == []
    standing.refuse(tx, new.id)
    assert number(tx, "SELECT count(*) FROM name_term WHERE account_id = :id", id=new.id) == 0


def test_who_is_limited_is_found_by_followers_and_by_the_whole_handle(
    tx: Write, people: dict[str, Account]
) -> None:
    accounts.set_columns(tx, people["ann"].id, limited_ms=NOW)
    assert found(tx, "철수", people["kim"]) == ["annika"]
    assert found(tx, "ann", people["kim"]) == ["ann", "annika"]
    befriend(tx, people["kim"], people["ann"])
    assert found(tx, "철수", people["kim"]) == ["ann", "annika"]


def test_whom_one_follows_comes_first_or_alone(tx: Write, people: dict[str, Account]) -> None:
    befriend(tx, people["kim"], people["annika"])
    assert found(tx, "철수", people["kim"]) == ["annika", "ann"]
    assert found(tx, "철수", people["kim"], following=True) == ["annika"]
    assert found(tx, "ann", people["kim"], offset=1) == ["annika"]


def test_communities_and_ours_are_found_among_ever_so_many_strangers(
    tx: Write, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST", 1)
    new = NewCommunity(name="ann_board", title="철수와 함께", kind="board", keys=KEYS)
    communities.create(tx, SITE, new, NOW)
    eve = stranger(tx, EVE)
    accounts.set_columns(tx, eve.id, name="Anna", display_name="철수")
    assert found(tx, "철수", groups=True) == ["ann_board"]
    both = found(tx, "철수", groups=False)
    assert "Anna" in both and {"ann", "annika"} & set(both)
    assert len(found(tx, "철수")) == 3
    assert found(tx, "anna") == ["Anna"]


def test_accounts_from_before_are_looked_at_some_at_a_time(
    tx: Write, people: dict[str, Account]
) -> None:
    tx.run("DELETE FROM name_term")
    last = max(one.id for one in people.values())
    tx.run("DELETE FROM name_old")
    tx.run("INSERT INTO name_old (before_id) VALUES (:before)", before=last + 1)
    assert found(tx, "철수") == []
    steps = 0
    while names.look_back(tx, 2):
        steps += 1
    assert steps == number(tx, "SELECT count(*) FROM account") // 2 + 1
    assert {query: found(tx, query) for query in QUERIES} == QUERIES
