"""`make two-cities`: two instances side by side on this machine, which follow each other.

Each has its own folder below `var/two-cities` with a configuration that may be read and changed.
What they know of each other they learn as any two servers do: WebFinger, signed requests, inboxes.
`python -m web.demo.two_cities [FOLDER]`; Ctrl+C ends both.
"""

import http.client
import json
import os
import signal
import subprocess  # noqa: S404  our own program
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

import msgspec

from web.commands.failure import Failure

FOLDER: Final = Path("var/two-cities")
READY_S: Final = 60.0
CROSSING_S: Final = 60.0
STOP_S: Final = 15.0
SCOPES: Final = "read write follow"

CONFIGURATION: Final = """\
# One of two cities on one machine: see the other folder for its neighbour.
[instance]
domain = "localhost:{port}"
name = "{name}"

[server]
port = {port}

[database]
url = "sqlite:{folder}/madang.db"

[media]
store = "{folder}/media"

[secrets]
key_file = "{folder}/secret.key"

[registrations]
mode = "open"

[federation]
# Both live on this machine and speak http. In the open Internet neither line belongs here.
allow_http = true
allowed_addresses = ["127.0.0.0/8", "[::1/128]"]
"""


class City(msgspec.Struct, frozen=True):
    """One of the two: which texts, its name, where it listens, where it keeps everything."""

    key: str
    name: str
    port: int
    folder: Path

    @property
    def domain(self) -> str:
        """The host in its handles."""
        return f"localhost:{self.port}"

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self.folder / "madang.toml"


class Tie(msgspec.Struct, frozen=True):
    """Somebody here follows somebody there, or a neighbourhood; and answers a story.

    The story is the one with `about` in its title.
    """

    who: str
    whom: str
    about: str = ""
    says: str = ""


DOWN: Final = (  # people of Saeyeoul, upstream, toward Hannae
    Tie(
        "byeol",
        "haneul",
        "분필",
        "분필 자국 보러 강 따라 내려갈게요. 비 오기 전에 도착하면 좋겠어요.",
    ),
    Tie("hyeon", "sangwoo"),
    Tie(
        "tobi", "sangho", "못 고친", "In my trade we also keep a list of what would not be mended."
    ),
    Tie("jaeha", "garam"),
    Tie("mungyeong", "sunja"),
    Tie("byeol", "naruteo"),
)
UP: Final = (  # people of Hannae toward Saeyeoul
    Tie(
        "haneul",
        "byeol",
        "종이배",
        "종이배 한 척, 나루터 다섯째 돌에 걸려 있었어요. 글씨가 안 번졌어요!",
    ),
    Tie("sangwoo", "hyeon", "오늘의 물", "김 과장 맞습니다. 어제 오전 반차였습니다."),
    Tie("emma", "tobi"),
    Tie("garam", "jaeha"),
    Tie("okhee", "mungyeong"),
    Tie("haneul", "witnyeoul"),
)


class Api:
    """The client API of one city, as one of its people uses it."""

    def __init__(self, city: City, token: str) -> None:
        """`token` as `madang token create` prints it."""
        self._city = city
        self._token = token

    def call(self, method: str, path: str, **fields: str) -> Any:  # noqa: ANN401  JSON
        """The answer's JSON. Raises `Failure` for any answer but a good one."""
        link = http.client.HTTPConnection("127.0.0.1", self._city.port, timeout=30)
        headers = {
            "Host": self._city.domain,
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            link.request(method, path, urlencode(fields), headers)
            answer = link.getresponse()
            body = answer.read()
        except OSError as error:
            raise Failure(f"{self._city.name} does not answer: {error}.") from None
        finally:
            link.close()
        if answer.status >= 300:
            raise Failure(f"{self._city.name} says {answer.status} to {method} {path}.")
        return json.loads(body)

    def find(self, handle: str) -> dict[str, Any] | None:
        """The account behind a handle, read from its own server if need be."""
        query = urlencode({"q": f"@{handle}", "resolve": "true", "type": "accounts"})
        found: list[dict[str, Any]] = self.call("GET", f"/api/v2/search?{query}")["accounts"]
        return found[0] if found else None


def main(folder: Path) -> None:
    """Make both, start both, let them meet, and serve until interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    folder = folder.absolute()
    cities = (
        City("hannae", "한내마당", 8081, folder / "hannae"),
        City("saeyeoul", "새여울 이야기", 8082, folder / "saeyeoul"),
    )
    print("Making two cities ...", flush=True)
    with ThreadPoolExecutor(2) as pool:
        filled = list(pool.map(fill, cities))
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(city)) for city in cities]
        for city, server in zip(cities, servers, strict=True):
            wait_for(city, server)
        print("Introducing them to each other ...", flush=True)
        met = meet(cities[0], cities[1], UP) & meet(cities[1], cities[0], DOWN)
        print(invitation(cities, filled, met), flush=True)
        while all(server.poll() is None for server in servers):
            time.sleep(0.5)
        raise Failure(f"One of them stopped; see serve.log in {folder}.")


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def fill(city: City) -> dict[str, Any]:
    """Its configuration and its people, where they are not there yet; how to sign in."""
    city.folder.mkdir(parents=True, exist_ok=True)
    if not city.config.exists():
        text = CONFIGURATION.format(port=city.port, name=city.name, folder=city.folder)
        city.config.write_text(text, "utf-8")
    said = _madang(city, "demo", "--city", city.key, "--json")
    data: dict[str, Any] = json.loads(said)
    return data


@contextmanager
def serving(city: City) -> Iterator[subprocess.Popen[bytes]]:
    """`madang serve`, its words in `serve.log`, until the end."""
    with (city.folder / "serve.log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "web", "--config", str(city.config), "serve"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C is for us; we stop it
            env=_environment(),
        )
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(city: City, server: subprocess.Popen[bytes]) -> None:
    """Until it answers. Raises `Failure` when it ends or does not within `READY_S`."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and server.poll() is None:
        link = http.client.HTTPConnection("127.0.0.1", city.port, timeout=5)
        try:
            link.request("GET", "/readyz", headers={"Host": city.domain})
            if link.getresponse().status == 200:
                return
        except OSError:
            pass  # not yet
        finally:
            link.close()
        time.sleep(0.1)
    raise Failure(f"{city.name} did not start: {_last_line(city.folder / 'serve.log')}")


def meet(here: City, there: City, ties: Sequence[Tie]) -> bool:
    """Let people here follow people there, and answer once; whether all of it arrived in time."""
    until = time.monotonic() + CROSSING_S
    arrived = True
    for tie in ties:
        api = Api(here, _madang(here, "token", "create", tie.who, "--scopes", SCOPES).strip())
        friend = api.find(f"{tie.whom}@{there.domain}")
        if friend is None:
            raise Failure(f"{here.name} cannot find {tie.whom}@{there.domain}.")
        known = api.call("GET", f"/api/v1/accounts/relationships?id[]={friend['id']}")[0]
        if known["following"] or known["requested"]:
            continue
        api.call("POST", f"/api/v1/accounts/{friend['id']}/follow")
        if tie.says:
            arrived &= _answer(api, friend["id"], tie, until)
    return arrived


def _answer(api: Api, account: str, tie: Tie, until: float) -> bool:
    """Answer, like and share a story of somebody whose recent posts are just arriving."""
    query = urlencode({"exclude_replies": "true", "exclude_reblogs": "true", "limit": 40})
    while time.monotonic() < until:
        seen = api.call("GET", f"/api/v1/accounts/{account}/statuses?{query}")
        about = [one["id"] for one in seen if tie.about in json.dumps(one, ensure_ascii=False)]
        if about:
            api.call("POST", f"/api/v1/statuses/{about[0]}/favourite")
            api.call("POST", f"/api/v1/statuses/{about[0]}/reblog")
            api.call("POST", "/api/v1/statuses", status=tie.says, in_reply_to_id=about[0])
            return True
        time.sleep(0.2)
    return False


def invitation(cities: Sequence[City], filled: Sequence[dict[str, Any]], met: bool) -> str:
    """What to open, with what to sign in, and what to try."""
    lines = ["", "Two cities are open. They follow each other." if met else "Two cities are open."]
    for city, data in zip(cities, filled, strict=True):
        lines += ["", f"  {city.name}  http://{city.domain}"]
        for one in data["sign_in"]:
            password = one["password"] or "(a password of its own by now)"
            lines.append(f"    {one['name']:<8} {password}   ({one['role']})")
    here, there = (data["sign_in"][0]["name"] for data in filled)
    lines += [
        "",
        f"Sign in as {here} in the first, and as {there} in a second window in the other.",
        f"Write a story as {here}: it stands on {there}'s home page a moment later.",
        f"Answer it as {there}: the answer stands below the story.",
        "",
        "Ctrl+C closes both; what they wrote stays. `rm -r var/two-cities` begins anew.",
    ]
    return "\n".join(lines)


def _madang(city: City, *argv: str) -> str:
    """What a command printed. Raises `Failure` with what it complained of."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "web", "--config", str(city.config), *argv],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    if done.returncode:
        raise Failure(done.stderr.strip().removeprefix("madang: "))
    return done.stdout


def _environment() -> dict[str, str]:
    """Ours without settings that were meant for one instance."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}


def _last_line(file: Path) -> str:
    lines = file.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing."


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    except KeyboardInterrupt:
        print("\nBoth are closed.")
    except Failure as failure:
        print(f"two-cities: {failure}", file=sys.stderr)
        sys.exit(1)
