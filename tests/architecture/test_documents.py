"""Documents that must agree with the code, do."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from server import config
from server.inbox.table import HANDLERS
from web import cli

ROOT = Path(__file__).parents[2]
PACKAGES = ("federation", "server", "web")
UNLISTED = {"__init__.py", "__main__.py", "__pycache__"}


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def tree() -> set[str]:
    """Every path in the tree of ARCHITECTURE.md."""
    block = text("ARCHITECTURE.md").split("```text\n")[1].split("```")[0]
    found, top = set(), ""
    for line in block.splitlines():
        if not line.startswith(" "):
            top = line.strip()
            found.add(top)
            continue
        names = re.split(r" {2,}", line.strip())[0].split(" ")
        found |= {f"{top}{name}" for name in names}
    return found


def on_disk(package: str) -> set[str]:
    """Modules and folders directly in a package, folders with a slash."""
    return {
        f"{package}/{path.name}/" if path.is_dir() else f"{package}/{path.name}"
        for path in (ROOT / package).iterdir()
        if path.name not in UNLISTED and (path.is_dir() or path.suffix == ".py")
    }


def test_the_tree_of_architecture_md_is_the_tree_on_disk():
    listed = tree()
    assert {path for path in listed if not (ROOT / path).exists()} == set()
    for package in PACKAGES:
        assert on_disk(package) - listed == set()


def test_architecture_md_has_two_pages():
    assert len(text("ARCHITECTURE.md").splitlines()) <= 120


def test_config_example_toml_holds_every_key_with_its_default():
    example = tomllib.loads(text("config.example.toml"))
    assert example == msgspec.json.decode(msgspec.json.encode(config.Config()))


def test_every_key_of_config_example_toml_is_explained():
    lines = text("config.example.toml").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[a-z_]+ = ", line):
            before = lines[number - 1]
            assert before.startswith("#") or before.startswith("tls_certificate = "), line


def test_config_example_toml_is_a_configuration():
    found = config.load(ROOT / "config.example.toml", {})
    assert found == config.load(ROOT / "config.example.toml", {"HOME": "/"})


def pairs_in(name: str) -> set[tuple[str, str | None]]:
    """The rows of the table of activities: `| `Create` | `Note` | ... |`; "any" is None."""
    rows = re.findall(r"^\| `([A-Z]\w+)` \| (`[A-Z]\w+`|any) \|", text(name), re.M)
    return {(kind, None if what == "any" else what.strip("`")) for kind, what in rows}


def test_federation_md_lists_exactly_what_we_handle():
    assert pairs_in("FEDERATION.md") == set(HANDLERS)


def test_the_readme_names_only_commands_and_targets_that_exist():
    readme = text("README.md") + text("docs/operating.md") + text("CONTRIBUTING.md")
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    commands = re.findall(r"(?:`|\.venv/bin/)madang ([a-z]+)", readme)
    assert commands and set(commands) <= set(cli.COMMANDS)
    made = re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.M)
    assert made and set(made) <= targets


def test_nginx_is_advised_the_same_everywhere():
    def blocks(name: str) -> list[str]:
        return re.findall(r"^```nginx\n(.*?)^```$", text(name), re.M | re.S)

    (block,) = blocks("docs/operating.md")
    assert blocks("README.md") == [block]
    assert "proxy_request_buffering off;" in block
    (room,) = re.findall(r"client_max_body_size (\d+)m;", block)
    assert int(room) > config.MediaAt().upload_mb


def test_the_manual_names_every_command():
    manual = text("docs/operating.md") + text("README.md")
    assert [name for name in cli.COMMANDS if f"madang {name}" not in manual] == []


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/operating.md"]
)
def test_links_lead_somewhere(name):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text(name)):
        assert ((ROOT / name).parent / link).exists(), link


def test_each_decision_has_its_number_and_half_a_page():
    files = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, file in enumerate(files, 1):
        assert file.name.startswith(f"{number:04}-")
        assert file.read_text("utf-8").startswith(f"# {number}. ")
        assert len(file.read_text("utf-8").splitlines()) <= 40


def test_the_changelog_knows_this_version():
    assert f"## {config.VERSION}" in text("CHANGELOG.md")


def test_every_dependency_says_why_and_is_pinned():
    pinned = {line.split("==")[0].lower() for line in text("constraints.txt").splitlines()}
    section = text("pyproject.toml").split("dependencies = [")[1].split("[project.scripts]")[0]
    wanted = re.findall(r'^    "([A-Za-z0-9_.-]+)[^"]*",(.*)$', section, re.M)
    assert len(wanted) > 20
    for name, reason in wanted:
        assert reason.strip().startswith("# "), name
        assert {name.lower(), name.lower().replace("-", "_")} & pinned, name
