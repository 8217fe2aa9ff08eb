"""toot, the terminal's app: every command as people type it, each a process of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clients.apps import a_picture
from tests.clients.warm import Warm
from tests.clients.world import Person

TOOT = Path(sys.executable).with_name("toot")


@dataclass
class Terminal:
    """Where somebody has signed in with toot."""

    person: Person
    folder: Path
    warm: Warm

    def toot(self, *words: str, typed: str = "", fails: bool = False) -> str:
        """What a command prints."""
        environment = {**os.environ, "XDG_CONFIG_HOME": str(self.folder)}
        done = self.warm.run(words, environment, typed)
        assert (done.returncode != 0) == fails, f"{words}: {done.stdout}{done.stderr}"
        return done.stderr if fails else done.stdout

    def told(self, *words: str) -> Any:
        """What a command says as JSON."""
        return json.loads(self.toot(*words, "--json"))

    def post(self, text: str, *more: str) -> dict[str, Any]:
        """What was posted."""
        return self.told("post", text, *more)


def sign_in(person: Person, folder: Path, warm: Warm) -> Terminal:
    """As `toot login` asks: it prints an address; the consent page shows a code to type."""
    terminal = Terminal(person, folder, warm)
    asking = subprocess.Popen(
        [str(TOOT), "login", "--instance", person.city.origin],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
    )
    assert asking.stdin and asking.stdout
    way = ""
    while not way.startswith("http"):
        way = asking.stdout.readline()
        assert way, "toot printed no address"
    said, _ = asking.communicate(f"n\n{person.code(way.strip())}\n", timeout=60)
    assert "Successfully logged in" in said, said
    return terminal


@pytest.fixture(scope="module")
def warm():
    with Warm() as toot:
        yield toot


@pytest.fixture(scope="module")
def two(city, tmp_path_factory, warm) -> tuple[Terminal, Terminal]:
    """Two people at their terminals."""
    ann, bob = city.somebody(), city.somebody()
    return (
        sign_in(ann, tmp_path_factory.mktemp("ann"), warm),
        sign_in(bob, tmp_path_factory.mktemp("bob"), warm),
    )


def test_somebody_signs_in_and_is_somebody(city, two):
    ann, bob = two
    assert ann.person.handle in ann.toot("auth")
    assert f"@{ann.person.name}" in ann.toot("whoami")
    assert ann.told("whois", bob.person.name)["acct"] == bob.person.name
    assert f"@{bob.person.name}" in ann.toot("whois", f"@{bob.person.name}")
    assert "Gwangmyeong" in ann.toot("instance")
    assert ann.told("instance", city.origin)["uri"] == city.domain
    assert "Gwangmyeong" in ann.toot("diag", "--server")
    refused = ann.toot(
        *("login_cli", "--instance", city.origin, "--email", "a@b.example", "--password", "x"),
        fails=True,
    )
    assert "Login failed" in refused


def test_posts_of_every_kind(two, tmp_path):
    ann, bob = two
    picture = tmp_path / "roof.png"
    picture.write_bytes(a_picture())
    shown = ann.post(
        "A red roof",
        *("--media", str(picture), "--description", "A roof", "--spoiler-text", "roofs"),
        *("--visibility", "unlisted", "--sensitive", "--language", "en"),
    )
    assert shown["media_attachments"][0]["description"] == "A roof"
    assert (shown["visibility"], shown["spoiler_text"]) == ("unlisted", "roofs")
    assert "A red roof" in ann.toot("status", shown["id"])
    loaded = ann.told("upload", str(picture), "--description", "Again")
    assert loaded["type"] == "image" and loaded["description"] == "Again"

    asked = ann.post("Where?", "--poll-option", "Here", "--poll-option", "There")
    bob.toot("polls", "vote", asked["poll"]["id"], "1")
    assert [one["votes_count"] for one in ann.told("status", asked["id"])["poll"]["options"]] in (
        [1, 0],
        [0, 1],
    )
    assert "Here" in bob.toot("polls", "show", asked["poll"]["id"])

    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    later = ann.post("Later", "--scheduled-at", at)
    assert later["params"]["text"] == "Later"
    ann.toot("post", "Much later", "--scheduled-in", "2 days")
    assert "5 minutes" in ann.toot("post", "Now", "--scheduled-in", "60 seconds", fails=True)

    answer = bob.post("I see it", "--reply-to", shown["id"])
    told = ann.toot("thread", shown["id"])
    assert "A red roof" in told and "I see it" in told
    assert ann.told("thread", shown["id"])["descendants"][0]["id"] == answer["id"]
    assert "deleted" in ann.toot("delete", asked["id"])
    assert ann.toot("status", asked["id"], fails=True)


def test_what_one_does_with_a_post(two):
    ann, bob = two
    post = ann.post("Something to keep")
    for verb, undo in (
        ("favourite", "unfavourite"),
        ("reblog", "unreblog"),
        ("bookmark", "unbookmark"),
    ):
        assert "✓" in bob.toot(verb, post["id"])
        if verb == "reblog":
            assert bob.person.name in ann.toot("reblogged-by", post["id"])
        if verb == "bookmark":
            assert "Something to keep" in bob.toot("bookmarks")
        if verb == "favourite":
            assert "Something to keep" in bob.toot("timelines", "favourites", "--no-pager")
        assert "✓" in bob.toot(undo, post["id"])
    assert "✓" in ann.toot("pin", post["id"]) and "✓" in ann.toot("unpin", post["id"])


def test_people_are_followed_blocked_and_muted(two):
    ann, bob = two
    name = bob.person.name
    assert f"You are now following {name}" in ann.toot("follow", name)
    assert name in ann.toot("following") and ann.person.name in bob.toot("followers")
    assert f"You are no longer following {name}" in ann.toot("unfollow", name)
    assert "muted" in ann.toot("mute", name) and name in ann.toot("muted")
    assert "no longer muted" in ann.toot("unmute", name)
    assert "now blocking" in ann.toot("block", name) and name in ann.toot("blocked")
    assert "no longer blocked" in ann.toot("unblock", name)
    bob.toot("update-account", "--locked")
    ann.toot("follow", name)
    assert ann.person.name in bob.toot("follow-requests", "list")
    assert "now following you" in bob.toot("follow-requests", "accept", ann.person.name)
    bob.toot("update-account", "--no-locked")


def test_timelines_lists_and_tags(two):
    ann, bob = two
    tag = f"toot{bob.person.name}"
    ann.toot("follow", bob.person.name)
    assert "You are now following" in ann.toot("tags", "follow", tag)
    post = bob.post(f"Rain on the roofs #{tag}")
    plain = ("--no-pager", "--no-clear")
    for where in (["home"], ["public"], ["tag", tag], ["account", bob.person.name]):
        assert "Rain on the roofs" in ann.toot("timelines", *where, *plain), where
    old = ann.toot("timeline", "--tag", tag, "--once")
    assert "Rain on the roofs" in old
    assert tag in ann.toot("tags", "followed") and f"#{tag}" in ann.toot("tags", "info", tag)
    ann.toot("tags", "feature", tag)
    assert tag in ann.toot("tags", "featured")
    ann.toot("tags", "unfeature", tag)
    ann.toot("tags", "unfollow", tag)

    ann.toot("lists", "create", "Roofers")
    assert "Roofers" in ann.toot("lists", "list")
    ann.toot("lists", "add", "Roofers", bob.person.name)
    assert bob.person.name in ann.toot("lists", "accounts", "Roofers")
    assert "Rain on the roofs" in ann.toot("timelines", "list", "Roofers", *plain)
    ann.toot("lists", "remove", "Roofers", bob.person.name)
    ann.toot("lists", "delete", "Roofers")
    assert "Roofers" not in ann.toot("lists", "list")

    found = ann.told("search", bob.person.name)
    assert bob.person.name in [one["acct"] for one in found["accounts"]]
    assert tag in ann.toot("search", tag, "--type", "hashtags")
    assert post["id"] in [one["id"] for one in ann.told("timelines", "tag", tag, *plain)]
    ann.toot("timelines", "trending", *plain)


def test_what_one_is_told(two):
    ann, bob = two
    bob.post(f"@{ann.person.name} are you there?")
    told = ann.toot("notifications")
    assert bob.person.name in told and "are you there?" in told
    kinds = [one["type"] for one in ann.told("notifications", "--type", "mention")]
    assert set(kinds) == {"mention"}
    ann.toot("notifications", "--clear")
    assert ann.told("notifications") == []


def test_a_profile_is_changed_and_the_terminal_left(two, tmp_path):
    ann, _ = two
    picture = tmp_path / "door.png"
    picture.write_bytes(a_picture("blue"))
    said = ann.told(
        *("update-account", "--display-name", "Ann", "--note", "At the terminal"),
        *("--avatar", str(picture), "--privacy", "unlisted", "--language", "ko", "--discoverable"),
    )
    assert (said["display_name"], said["source"]["privacy"]) == ("Ann", "unlisted")
    assert re.search(r"At the terminal", ann.toot("whoami"))
    assert "logged out" in ann.toot("logout", ann.person.handle)
    assert "requires you to be logged in" in ann.toot("whoami", fails=True)
