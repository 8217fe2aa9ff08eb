"""masto.js, on which Elk and Phanpy stand: one script goes through it, and says what it saw."""

import json
import os
import shutil
import subprocess
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from mastodon import Mastodon

from tests.clients.apps import BACK, a_picture
from tests.clients.world import City, PushService, push_service

HERE = Path(__file__).parent
SCOPE = "read write follow push"


def node() -> str:
    """Node, where it and masto.js are installed; CI has both."""
    beside = shutil.which("node", path=os.pathsep.join([_venv(), os.environ.get("PATH", "")]))
    reason = ""
    if beside is None:
        reason = "Node is not installed: make test brings it"
    elif not (HERE / "node_modules" / "masto").is_dir():
        reason = "masto is not installed in tests/clients: make test brings it"
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return str(beside)


def _venv() -> str:
    return str(HERE.parents[1] / ".venv" / "bin")


def wish(city: City, push: PushService, mastodon: Any) -> dict[str, Any]:
    """What the script needs to know; it fetches its token itself."""
    ann, other = city.somebody(), mastodon(bob := city.somebody())
    with requests.Session() as session:
        id, secret = Mastodon.create_app(
            "masto.js", SCOPE.split(), BACK, api_base_url=city.origin, session=session
        )
    asked = {"response_type": "code", "client_id": id, "redirect_uri": BACK, "scope": SCOPE}
    _, public = other.push_subscription_generate_keys()
    return {
        "url": city.origin,
        "app": {"clientId": id, "clientSecret": secret, "redirectUri": BACK},
        "code": ann.code(f"{city.origin}/oauth/authorize?{urlencode(asked)}"),
        "scope": SCOPE,
        "other": other.access_token,
        "handle": bob.name,
        "word": f"masto{ann.name}",
        "push": push.url,
        "keys": {
            "p256dh": urlsafe_b64encode(public["pubkey"]).decode(),
            "auth": urlsafe_b64encode(public["auth"]).decode(),
        },
        "picture": b64encode(a_picture()).decode(),
    }


@pytest.fixture(scope="module")
def seen(city, mastodon) -> dict[str, Any]:
    """What the script saw."""
    command = [node(), str(HERE / "masto.js")]
    with push_service() as push:
        told = json.dumps(wish(city, push, mastodon))
        done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "city": city}


def test_it_signs_in_and_out(seen):
    assert seen["token"] == {"type": "Bearer", "scope": SCOPE}
    place = seen["place"]
    assert (place["title"], place["app"], place["same"]) == ("Gwangmyeong", "masto.js", True)
    assert place["streaming"] == seen["city"].origin.replace("http", "ws", 1)
    assert (
        place["version"].startswith("4.") and "posting:default:visibility" in (place["preferences"])
    )
    assert "401" in seen["revoked"]


def test_it_knows_people(seen):
    assert seen["people"] == {
        "name": "Ann of masto",
        "field": "yes",
        "following": True,
        "note": "a neighbour",
        "muting": True,
        "familiar": 1,
        "followers": True,
        "found": True,
    }


def test_it_writes(seen):
    written = seen["statuses"]
    assert (written["description"], written["voted"]) == ("A blue roof", [1])
    assert written["did"] and written["answered"] and written["by"] == 1
    assert (written["history"], written["quote"], written["many"]) == (2, "accepted", 2)
    assert written["source"].startswith("A new roof") and written["text"] == "Where?"
    assert "404" in written["missing"] and "422" in written["empty"]
    assert seen["scheduled"] == {"text": "Later", "moved": True, "listed": True, "left": 0}


def test_it_reads(seen):
    read = seen["reading"]
    assert read["pages"] in ([2, 2, 1], [2, 2, 1, 0])
    assert sum(read["back"]) == 4
    assert read["listed"] >= 5 and (read["empty"], read["renamed"]) == (0, "Menders")
    assert (read["marked"], read["matches"], read["keywords"]) == (1, ["Page 3"], 0)
    assert len(read["tags"]) == 1 and read["following"] and read["local"]
    assert read["bookmarks"] == 1


def test_it_is_told(seen):
    told = seen["notices"]
    assert {"favourite", "follow", "mention", "reblog", "quote"} <= set(told["kinds"])
    assert told["people"] == 1 and told["key"].startswith("favourite")
    assert (told["policy"], told["marked"], told["account"]) == ("accept", True, True)
    push = seen["push"]
    assert push["endpoint"] and push["alerts"] == [True, True] and "404" in push["gone"]


def test_it_hears(seen):
    heard = seen["live"]
    events = {name: one["event"] for name, one in heard.items()}
    assert events == {
        "user": "update",
        "notification": "notification",
        "public": "update",
        "local": "update",
        "hashtag": "update",
        "list": "status.update",
        "direct": "conversation",
    }
    assert heard["user"]["from"] == ["user"] and heard["local"]["from"] == ["public:local"]
    assert heard["hashtag"]["from"][0] == "hashtag" and heard["list"]["from"][0] == "list"
