"""`madang announce`, as an operator and a script meet it."""

import json
import re

from tests.web.test_cli import alice, folder, madang, refusal

__all__ = ["alice", "folder", "madang", "refusal"]  # the fixtures


def test_something_is_announced_listed_and_taken_back(madang, alice, refusal):
    announced = madang(
        *("announce", "create", "--starts", "2199-05-01", "--ends", "2199-05-01", "--all-day"),
        stdin="The water is **off**.",
    )
    assert "announced" in announced
    (id,) = re.findall(r"announce remove (\d+)", announced)
    (said,) = json.loads(madang("announce", "list", "--json"))
    assert (said["id"], said["text"], said["all_day"]) == (id, "The water is **off**.", True)
    # from midnight to midnight, in the city's time
    assert said["starts_at"] == "2199-04-30T15:00:00Z"
    assert said["ends_at"] == "2199-05-01T15:00:00Z"
    # to people as they typed it
    line = f"{id}  from 2199-05-01 00:00 KST  until 2199-05-02 00:00 KST  The water is **off**."
    assert madang("announce", "list") == f"{line}\n"
    madang("announce", "remove", id)
    assert json.loads(madang("announce", "list", "--json")) == []
    assert "no such announcement" in refusal("announce", "remove", id)


def test_what_cannot_be_announced_is_explained(madang, alice, refusal):
    assert "2026-05-01T09:00" in refusal("announce", "create", "--ends", "soon", stdin="x")
    assert "over already" in refusal("announce", "create", "--ends", "2020-01-01", stdin="x")
    assert "--starts" in refusal("announce", "create", "--all-day", stdin="x")
    assert "Write something" in refusal("announce", "create", stdin=" ")
    late = ("--starts", "2199-05-02T09:00", "--ends", "2199-05-02T08:00")
    assert "ends before it begins" in refusal("announce", "create", *late, stdin="x")
    assert "announce list" in refusal("announce", "remove", "x")
