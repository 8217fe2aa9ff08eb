"""What `make install` does when, and what a wheel holds: nothing here is made for real."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from web.brand import ICON
from web.pages.install import WORKER
from web.render import BUILT, HERE, STATIC

ROOT = Path(__file__).parents[2]
MADE = (".venv/bin/python", ".venv/bin/node", ".venv/installed", "node_modules/.package-lock.json")
SOURCES = ("pyproject.toml", "constraints.txt", "package.json", "package-lock.json")
STYLE = "web/static/css/base.css"
LATER = ("web/static/built/madang.css", ".venv/npm", ".venv/assets")


@pytest.fixture
def checkout(tmp_path):
    """A checkout in which everything is installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for at, name in enumerate((*SOURCES, STYLE, *MADE, *LATER)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000 + at, 1_000_000 + at))
    return tmp_path


def planned(checkout: Path) -> str:
    """What `make install` would run."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    asked = [make, "--dry-run", "install"]
    done = subprocess.run(asked, cwd=checkout, capture_output=True, text=True, check=True)
    return done.stdout


def test_what_is_installed_is_not_made_again(checkout):
    assert "npm" not in planned(checkout)


def test_a_changed_style_is_built_and_nothing_fetched(checkout):
    (checkout / STYLE).touch()
    plan = planned(checkout)
    assert "npm run build" in plan and "npm ci" not in plan


def test_assets_that_were_removed_are_built_again(checkout):
    shutil.rmtree(checkout / "web/static/built")
    plan = planned(checkout)
    assert "npm run build" in plan and "npm ci" not in plan


def test_packages_that_were_removed_are_fetched_again(checkout):
    shutil.rmtree(checkout / "node_modules")
    plan = planned(checkout)
    assert "npm ci" in plan and "npm run build" in plan


def test_a_wheel_holds_every_file_that_pages_are_made_of():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = patterns["tool"]["setuptools"]["package-data"]["web"]
    packed = {path for pattern in patterns for path in HERE.glob(pattern) if path.is_file()}
    read = {ICON, WORKER, STATIC / "avatar.png", BUILT / "madang.css", *BUILT.rglob("*.woff2")}
    read |= {path for path in (HERE / "templates").rglob("*") if path.is_file()}
    assert read - packed == set()
