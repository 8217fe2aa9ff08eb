"""Who a token belongs to is remembered, but never for longer than it is true."""

import pytest

from server.services import sessions
from server.store import accounts
from server.store import sessions as session_store
from server.store.db import Database
from tests.web.an_app import Apps

ME = "/v1/accounts/verify_credentials"


@pytest.fixture
async def elsewhere(database_url):
    """Another process, such as the operator's commands: nobody here is told what it commits."""
    db = await Database.open(database_url)
    yield db
    await db.close()


@pytest.fixture
async def people(any_city):
    """Mina, whom the city has just seen."""
    apps = Apps(any_city)
    await apps.join("mina")
    for _ in range(2):
        assert (await apps.get(ME, "mina"))["username"] == "mina"
    return apps


async def test_a_token_that_another_process_revokes_counts_no_more_at_once(people, elsewhere):
    await elsewhere.write(session_store.remove_tokens_of, people.account("mina").id)
    await people.get(ME, "mina", expect=401)


async def test_a_member_whom_another_process_shuts_out_is_nobody_at_once(people, elsewhere):
    id = people.account("mina").id
    await elsewhere.write(accounts.set_member, id, disabled_ms=1)
    await people.get(ME, "mina", expect=403)
    await elsewhere.write(accounts.set_member, id, disabled_ms=None, state="suspended")
    await people.get(ME, "mina", expect=401)


async def test_what_changes_about_a_member_is_seen_by_the_next_request(people, elsewhere):
    await elsewhere.write(accounts.set_columns, people.account("mina").id, display_name="미나")
    assert (await people.get(ME, "mina"))["display_name"] == "미나"


@pytest.mark.parametrize("dialect", ["sqlite"])  # PostgreSQL cannot tell: nothing is remembered
async def test_a_token_is_looked_up_once_while_nothing_happens(people, monkeypatch):
    await people.get(ME, "mina")

    def never(*_):
        raise AssertionError("looked up again")

    monkeypatch.setattr(sessions, "by_access_token", never)
    assert (await people.get(ME, "mina"))["username"] == "mina"
    await people.get(ME, expect=401)
