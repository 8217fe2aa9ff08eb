"""Pictures of every page: `python -m tests.screenshots [FOLDER] [--only WORD] [--readme]`.

The demo city of Hannae is made in a temporary folder and stands still at one moment; Chromium takes
every page at three widths, in light and dark and in both languages, into FOLDER (var/screenshots),
with an `index.html` that shows them side by side. They are for looking at, all of them. `--only`
takes the pages with WORD in their name. `--readme` takes the four of the README instead, into
docs/screenshots.
"""

import argparse
import asyncio
import socket
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.screenshots import city, pages, readme, sheet
from tests.screenshots.camera import LANGUAGES, Camera, Picture, chromium
from tests.screenshots.pages import Page

ROOT: Final = Path(__file__).parents[2]


async def run(options: argparse.Namespace) -> None:
    """Make the city, then the pictures."""
    with tempfile.TemporaryDirectory() as made:
        home = options.city or Path(made)
        home.mkdir(parents=True, exist_ok=True)
        await city.make(home)
        port = _free_port()
        async with chromium(port) as browser:
            if options.readme:
                async with city.open_at(port, city.config(home)) as app:
                    await readme.take(Camera(browser, app, home), app, ROOT / "docs/screenshots")
                return
            options.folder.mkdir(parents=True, exist_ok=True)
            taken: list[Picture] = []
            async with city.open_at(port, city.config(home)) as app:
                wanted = _wanted(await pages.all_pages(app), options.only)
                taken += await Camera(browser, app, options.folder).take(wanted, LANGUAGES)
            async with city.open_at(port, city.config(home, "invite")) as app:
                wanted = _wanted(pages.by_invitation(), options.only)
                taken += await Camera(browser, app, options.folder).take(wanted, LANGUAGES)
    (options.folder / "index.html").write_text(sheet.of(taken), "utf-8")
    print(f"{len(taken)} pictures: {options.folder / 'index.html'}")


def _wanted(all_pages: list[Page], word: str) -> list[Page]:
    return [page for page in all_pages if word in page.name]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def main() -> None:
    """Read the arguments, take the pictures, say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--only", default="", metavar="WORD", help="pages with WORD in their name")
    parser.add_argument("--readme", action="store_true", help="the four of the README")
    parser.add_argument("--city", type=Path, help="make the city here, and find it here next time")
    began = time.monotonic()
    asyncio.run(run(parser.parse_args()))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
