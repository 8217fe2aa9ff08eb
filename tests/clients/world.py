"""What people's apps meet: an instance in a process of its own, its consent page in a browser, and
a push service. Plain functions, as the libraries that are driven here know no event loop."""

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests

from tests.faults.world import ROOT, Instance, configuration
from tests.ports import free_port
from tests.web.html import HtmlForm, HtmlPage

Found = TypeVar("Found")
DEADLINE_S = 60.0
CROWD = 12
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
INSTANCE = """\
name = "Gwangmyeong"
languages = ["en", "ko"]"""
OPEN = """
[registrations]
mode = "open"
"""
JOINING = """
import sys
from web.cli import main
config, role, *names = sys.argv[1:]
for name in names:
    made = ["account", "create", name, "--email", f"{name}@city.example", "--role", role]
    assert main(["--config", config, *made]) == 0
"""


def eventually(probe: Callable[[], Found], within_s: float = DEADLINE_S) -> Found:
    """The probe's first true answer; fails after `within_s` seconds."""
    end = time.monotonic() + within_s
    while not (found := probe()):
        assert time.monotonic() < end, f"not within {within_s} s: {found!r}"
        time.sleep(0.03)  # another process: there is no event to wait for
    return found


@dataclass
class City:
    """A running instance; `people` are those whom no test has yet, by their role."""

    instance: Instance
    people: dict[str, list["Person"]] = field(default_factory=dict)
    _joined: Iterator[int] = field(default_factory=itertools.count)

    @property
    def origin(self) -> str:
        """Where it is."""
        return self.instance.origin

    @property
    def domain(self) -> str:
        """The host in its handles."""
        return f"localhost:{self.instance.port}"

    def somebody(self, role: str = "member") -> "Person":
        """Whom no other test knows. They join together, as a process takes a second to start."""
        waiting = self.people.setdefault(role, [])
        if not waiting:
            many = CROWD if role == "member" else 1
            self._join([f"{role}{next(self._joined)}" for _ in range(many)], role)
        return waiting.pop()

    def _join(self, names: list[str], role: str) -> None:
        made = subprocess.run(
            [
                sys.executable,
                "-c",
                JOINING,
                str(self.instance.folder / "madang.toml"),
                role,
                *names,
            ],
            env=environment(),
            cwd=self.instance.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert made.returncode == 0, made.stderr
        passwords = [line.split()[1] for line in made.stdout.splitlines() if "Password:" in line]
        self.people[role] += map(Person, itertools.repeat(self), names, passwords)


@dataclass
class Person:
    """A citizen: a name, and a password that no app sees."""

    city: City
    name: str
    password: str

    @property
    def handle(self) -> str:
        """Without the first @."""
        return f"{self.name}@{self.city.domain}"

    def consents(self, way: str, *, decision: str = "") -> str:
        """Where somebody is taken who follows `way`, signs in and decides; or a code to read."""
        with requests.Session() as browser:
            browser.headers.update({"Accept-Language": "en", "Origin": self.city.origin})
            ask = self._signed_in(browser, browser.get(way))
            forms = [one for one in ask.forms if one.action == "/oauth/authorize"]
            form = next(one for one in forms if one.fields.get("decision", "") == decision)
            answer = self._send(browser, form)
            if location := answer.headers.get("Location", ""):
                return location
            assert answer.status_code == 200, answer.text
            page = HtmlPage(answer.text)
            found = [one.words for one in page.main.all("code")]
            return found[0] if found else page.main.one("h1").words

    def code(self, way: str, state: str | None = None) -> str:
        """What the app is given when somebody lets it in."""
        back = self.consents(way)
        if not back.startswith("http"):
            return back
        sent = parse_qs(urlsplit(back).query)
        assert sent.get("state", [None]) == [state], back
        return sent["code"][0]

    def _signed_in(self, browser: requests.Session, answer: requests.Response) -> HtmlPage:
        """The page after signing in; people come to it from the app, and see what it wants."""
        form = HtmlPage(answer.text).form("/sign-in")
        form.fields |= {"name": self.name, "password": self.password}
        after = self._send(browser, form)
        assert after.status_code == 303, after.text
        ask = browser.get(self.city.origin + after.headers["Location"])
        assert ask.status_code == 200, ask.text
        return HtmlPage(ask.text)

    def _send(self, browser: requests.Session, form: HtmlForm) -> requests.Response:
        url = self.city.origin + form.action
        return browser.post(url, data=form.fields, allow_redirects=False)


@contextmanager
def a_city(folder: Path, url: str) -> Iterator[City]:
    """An instance, running."""
    instance = Instance(folder, url, free_port())
    text = configuration(
        instance.port,
        url,
        folder,
        instance=INSTANCE,
        server="app_requests = 100000",
        more=OPEN,
    )
    instance.configure(text)
    city = City(instance)
    asyncio.run(instance.start())
    try:
        yield city
    finally:
        status = instance.stop()
    assert status == 0, instance.log()
    assert "Traceback" not in instance.log(), instance.log()


def environment() -> dict[str, str]:
    """This process's own, without what configures an instance."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    return kept | {"PYTHONPATH": str(ROOT)}


@dataclass
class PushService:
    """Takes what is sent to an app, as it comes."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def push_service() -> Iterator[PushService]:
    """One on loopback."""
    service = PushService()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802  as the base says
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.got.append((dict(self.headers.items()), body))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Not to the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}/push/1"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
