"""Mastodon.py as somebody's app: registered, let in on the consent page, with a token."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from mastodon import Mastodon
from mastodon.streaming import StreamListener
from PIL import Image

from tests.clients.world import Person, eventually

BACK = "https://app.example/back"
SCOPES = ["read", "write", "follow", "push", "profile"]


@contextmanager
def a_mastodon(person: Person, scopes: list[str] = SCOPES) -> Iterator[Mastodon]:
    """Somebody's app; it forgets its connections at the end."""
    with requests.Session() as session:
        id, secret = Mastodon.create_app(
            "Mastodon.py",
            scopes,
            [BACK, "urn:ietf:wg:oauth:2.0:oob"],
            "https://mastodonpy.readthedocs.io",
            api_base_url=person.city.origin,
            session=session,
        )
        app = Mastodon(
            id, secret, api_base_url=person.city.origin, session=session, ratelimit_method="throw"
        )
        way = app.auth_request_url(
            redirect_uris=BACK, scopes=scopes, state="of-mine", allow_http=True
        )
        code = person.code(way, state="of-mine")
        app.log_in(code=code, redirect_uri=BACK, scopes=scopes, allow_http=True)
        yield app


class Listener(StreamListener):
    """Notes every event of a stream."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.beats = 0

    def on_any_event(self, name: str, data: Any = None, for_stream: Any = None) -> None:
        """Whatever comes."""
        self.heard.append((name, data))

    def handle_heartbeat(self) -> None:
        """The stream lives."""
        self.beats += 1

    def first(self, name: str, **wanted: Any) -> Any:
        """What the first event of this name brought whose fields are these."""

        def probe() -> list[Any]:
            return [
                data
                for what, data in list(self.heard)
                if what == name and all(data[key] == value for key, value in wanted.items())
            ]

        return eventually(probe)[0]


def a_picture(colour: str = "red", width: int = 64) -> bytes:
    """A PNG."""
    data = io.BytesIO()
    Image.new("RGB", (width, 48), colour).save(data, "PNG")
    return data.getvalue()
