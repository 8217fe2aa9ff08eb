"""docs/reliability.md names tests that exist, and every promise has one."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "reliability.md").read_text("utf-8")


def test_every_test_that_the_promise_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)`", TEXT)
    assert len(named) > 10
    assert [one for one in named if not (ROOT / one).is_file()] == []


def test_every_fault_that_is_tried_is_named():
    tried = (ROOT / "tests" / "faults").glob("test_*.py")
    missing = {one.name for one in tried} - {"test_by_hand.py"}
    assert missing <= set(re.findall(r"tests/faults/(test_\w+\.py)", TEXT))


def test_every_promise_has_a_test():
    shown = " ".join(re.findall(r"\| ([I1-7, to]+) \|$", TEXT, re.MULTILINE))
    for number in range(1, 8):
        assert f"| I{number} |" in TEXT
        assert f"I{number}" in shown, f"I{number} is shown by none"
