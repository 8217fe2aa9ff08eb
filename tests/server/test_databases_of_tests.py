"""The databases that tests are given: one that somebody holds on to is not waited for."""

import psycopg
import pytest


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_database_whose_rows_somebody_holds_does_not_serve_again(
    dialect, postgresql_server, postgresql_template, monkeypatch
):
    """As if a session that was ended had come back before the rows were taken out."""
    url = postgresql_server.copy(postgresql_template)
    with psycopg.connect(url) as holding:
        holding.execute("SET idle_in_transaction_session_timeout = '20s'")
        holding.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
        with monkeypatch.context() as patch:
            patch.setattr(postgresql_server, "run", lambda statement: None)
            assert not postgresql_server.empty(url)
        holding.rollback()
    assert postgresql_server.empty(url)
    postgresql_server.give_back(url)
