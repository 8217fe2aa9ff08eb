"""`madang rules` and `madang paper`, as an operator and a script meet them."""

import json

import pytest

from tests.web.test_cli import alice, folder, madang, refusal

__all__ = ["alice", "folder", "madang", "refusal"]  # the fixtures


@pytest.fixture
def three(alice, madang):
    """Three rules; their ids."""
    for text in ("Be kind.", "No spam.", "Speak Korean or English."):
        madang("rules", "add", text)
    return [rule["id"] for rule in json.loads(madang("rules", "list", "--json"))]


def test_rules_are_said_in_other_words_and_moved(three, madang):
    first, second, third = three

    def order():
        return [rule["id"] for rule in json.loads(madang("rules", "list", "--json"))]

    madang("rules", "edit", second, "--text", "No advertising.", "--hint", "Ask first.")
    madang("rules", "edit", second, "--hint", "Ask a moderator first.")
    changed = json.loads(madang("rules", "list", "--json"))[1]
    assert changed == {"id": second, "text": "No advertising.", "hint": "Ask a moderator first."}
    madang("rules", "move", third, "1")
    assert order() == [third, first, second]
    madang("rules", "move", third, "99")
    assert order() == [first, second, third]
    madang("rules", "remove", first)
    assert order() == [second, third]
    madang("rules", "add", "A fourth.")
    assert order()[:2] == [second, third]


def test_what_cannot_be_done_to_a_rule_is_explained(three, refusal):
    for action in (("edit", "x", "--text", "y"), ("move", "x", "1"), ("remove", "x")):
        assert "x is not an id; see `madang rules list`" in refusal("rules", *action)
    for action in (("edit", "5", "--text", "y"), ("move", "5", "1"), ("remove", "5")):
        assert "no such rule" in refusal("rules", *action)
    assert "--text or --hint" in refusal("rules", "edit", three[0])
    assert "1 to 1000" in refusal("rules", "edit", three[0], "--text", " ")


def test_papers_are_listed_with_the_one_that_counts(alice, madang):
    assert "No texts" in madang("paper", "list")
    for day in ("2026-01-01", "2026-02-01", "2199-01-01"):
        madang("paper", "publish", "about", "--effective", day, stdin="# Us")
    found = json.loads(madang("paper", "list", "--json"))
    assert [(one["effective_at"][:10], one["counts"]) for one in found] == [
        ("2199-01-01", False),
        ("2026-02-01", True),
        ("2026-01-01", False),
    ]
    assert "from 2026-02-01  counts now" in madang("paper", "list")
