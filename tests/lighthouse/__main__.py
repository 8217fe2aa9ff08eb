"""`python -m tests.lighthouse [--runs N] [--folder DIR]`: Lighthouse's phone on five pages.

A demo city is opened on a free port of this machine; nothing else is reached. Prints the median of
the runs for each page and category, what was found, and fails where a median is below `LEAST`. Runs
during which the machine was busy count only where there are no others. With `--folder` the city
stays there for the next time. `make lighthouse` brings what this needs.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

from web.demo import two_cities

HERE: Final = Path(__file__).parent
LEAST: Final = 95
CATEGORIES: Final = ("performance", "accessibility", "best-practices", "seo")
FIRST_STORY: Final = re.compile(r'<article class="tale first".*?href="(/@[^/"]+)/(\d+)"', re.S)

Run = dict[str, Any]


def main() -> int:
    """Measure; 1 where a page is not good enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument("--pages", default="", metavar="NAME,...", help="some of the five")
    options = parser.parse_args()
    chromium = os.environ.get("CHROME_PATH") or shutil.which("chromium")
    if not chromium:
        parser.error("Chromium is missing; on Debian and Ubuntu: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name:
        city = _city(options.folder or Path(name))
        two_cities.fill(city)
        with two_cities.serving(city) as server:
            two_cities.wait_for(city, server)
            pages = _pages(f"http://{city.domain}")
            wanted = options.pages.split(",") if options.pages else list(pages)
            urls = {name: pages[name] for name in wanted}
            return _report(urls, list(_runs(chromium, options.runs, list(urls.values()))))


def _city(folder: Path) -> two_cities.City:
    config = folder / "madang.toml"
    if config.exists():
        port = tomllib.loads(config.read_text("utf-8"))["server"]["port"]
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    return two_cities.City("hannae", "한내", port, folder.absolute())


def _pages(origin: str) -> dict[str, str]:
    """Where the five pages are."""
    request = urllib.request.Request(origin, headers={"Accept-Language": "ko"})  # noqa: S310  ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310  ours
        found = FIRST_STORY.search(answer.read().decode())
    if found is None:
        raise RuntimeError("The front page shows no story.")
    return {
        "front": f"{origin}/",
        "story": f"{origin}{found[1]}/{found[2]}",
        "person": f"{origin}{found[1]}",
        "neighbourhoods": f"{origin}/neighbourhoods",
        "sign-up": f"{origin}/sign-up",
    }


def _runs(chromium: str, runs: int, urls: list[str]) -> Iterator[Run]:
    command = ["node", str(HERE / "run.js"), str(runs), *urls]
    environment = {**os.environ, "CHROME_PATH": chromium}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise RuntimeError(f"Lighthouse ended with {process.returncode}.")


def _report(urls: dict[str, str], runs: list[Run]) -> int:
    speeds = [run["speed"] for run in runs]
    print(f"This machine's BenchmarkIndex: {min(speeds):.0f} to {max(speeds):.0f}.")
    print(f"{'':<16}" + "".join(f"{name:>16}" for name in CATEGORIES) + "   LCP, TBT, CLS, bytes")
    low = False
    for name, url in urls.items():
        mine = _counted([run for run in runs if run["url"] == url])
        scores = {one: median(run["scores"][one] for run in mine) for one in CATEGORIES}
        low |= min(scores.values()) < LEAST
        print(f"{name:<16}" + "".join(f"{_cell(mine, one):>16}" for one in CATEGORIES), _told(mine))
        if not mine[0]["calm"]:
            print(f"{'':<16}(the machine was busy all the time)")
    for name, url in urls.items():
        for fault in _counted([run for run in runs if run["url"] == url])[0]["faults"]:
            weight = "counts" if fault["counts"] else "is told"
            print(f"\n{name}: {fault['title']} ({fault['id']}; {weight}; {fault['shown']})")
            print(f"  {fault['items'][:600]}")
    if low:
        print(f"\nA page is below {LEAST}.", file=sys.stderr)
    return int(low)


def _counted(runs: list[Run]) -> list[Run]:
    return [run for run in runs if run["calm"]] or runs


def _cell(runs: list[Run], category: str) -> str:
    found = [run["scores"][category] for run in runs]
    return f"{median(found):.0f} ({min(found)}-{max(found)})"


def _told(runs: list[Run]) -> str:
    def of(name: str) -> float:
        return median(run["metrics"][name] for run in runs)

    return (
        f"  {of('largest-contentful-paint'):.0f} ms, {of('total-blocking-time'):.0f} ms, "
        f"{of('cumulative-layout-shift'):.3f}, {of('total-byte-weight') / 1000:.0f} kB"
    )


if __name__ == "__main__":
    sys.exit(main())
