"""`madang address`: the way back in for somebody whom a rule shuts out."""

import json
import sqlite3

import pytest

from tests.web.test_cli import alice, folder, madang, refusal

__all__ = ["alice", "folder", "madang", "refusal"]  # the fixtures


@pytest.fixture
def shut(alice, folder):
    with sqlite3.connect(folder / "var" / "madang.db") as db:
        db.execute(
            "INSERT INTO ip_rule (id, network, severity, comment, expires_ms, created_ms) VALUES"
            " (1, '203.0.113.0/24', 'no_access', 'Bots', NULL, 1),"
            " (2, '198.51.100.7/32', 'sign_up_block', '', 7000000000000, 1)"
        )
    db.close()


def test_rules_about_networks_are_listed_and_lifted(shut, madang, folder):
    first, second = json.loads(madang("address", "list", "--json"))
    assert (first["network"], first["expires_at"]) == ("198.51.100.7/32", "2191-10-27T12:26:40Z")
    assert (second["severity"], second["comment"]) == ("no_access", "Bots")
    assert "no entry  203.0.113.0/24  Bots" in madang("address", "list")
    madang("address", "remove", "203.0.113.0/24")
    madang("address", "remove", "198.51.100.7")
    assert madang("address", "list") == "There are no rules.\n"
    with sqlite3.connect(folder / "var" / "madang.db") as db:
        noted = db.execute("SELECT moderator_id, action, target FROM moderation_log").fetchall()
    db.close()
    assert noted == [
        (None, "lift_address", "address:203.0.113.0/24"),
        (None, "lift_address", "address:198.51.100.7/32"),
    ]


def test_a_network_without_a_rule_is_named(alice, refusal):
    assert "no rule about 192.0.2.0/24" in refusal("address", "remove", "192.0.2.0/24")
    assert "Ip is invalid" in refusal("address", "remove", "everybody")
