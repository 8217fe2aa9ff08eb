"""docs/security.md names modules and tests that exist; and rules that only all sources show."""

import ast
import re
from pathlib import Path

import pytest

from federation import guard, http, readers
from server import config, passwords, picture_process
from server.clock import MINUTE_MS
from server.fetch import budget, keys, related
from server.services import sessions
from server.text import cleaning

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
PACKAGES = ("federation", "server", "web")

OPEN_SOCKETS = {
    "federation/http.py": "the one client, within the address guard",
    "web/commands/check.py": "looks whether the port is free",
    "web/commands/listening.py": "listens",
    "web/commands/processes.py": "listens",
    "web/commands/serve.py": "listens",
    "web/connections.py": "listens",
    "web/demo/two_cities.py": "asks the cities that it started itself",
    "server/bucket.py": "the operator's own store of files, at the address in the configuration",
    "server/store/postgresql.py": "the operator's own database",
    "server/store/herald.py": "the same",
}
NETWORK = re.compile(
    r"socket|ssl|http\.client|urllib\.request|smtplib|ftplib|poplib|imaplib|xmlrpc|socketserver"
    r"|aiohttp|requests|httpx|urllib3|obstore|psycopg(?:\..*)?"
)
CONNECTING = {"open_connection", "create_connection", "open_unix_connection", "urlopen"}


def sources() -> dict[str, ast.Module]:
    """Every module of ours, by its path."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def rows() -> list[list[str]]:
    """The cells of every row, but for the heads."""
    lines = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in ("Rule", "---")]


def named_in(path: Path) -> set[str]:
    """Functions of a file that pytest collects."""
    found = ast.parse(path.read_text("utf-8")).body
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {one.name for one in found if isinstance(one, functions) and one.name[:5] == "test_"}


def test_every_rule_has_a_module_and_a_test_that_exist():
    found = rows()
    assert len(found) > 50
    known: dict[str, set[str]] = {}
    missing = []
    for rule, modules, tests in found:
        named = re.findall(r"`([\w/]+\.py)`", modules)
        missing += [f"{rule[:40]}: {one}" for one in named if not (ROOT / one).is_file()]
        proofs = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
        if not named or not proofs:
            missing.append(f"{rule[:40]}: without a module or a test")
        for file, name in proofs:
            if file not in known:
                known[file] = named_in(ROOT / file) if (ROOT / file).is_file() else set()
            if name not in known[file]:
                missing.append(f"{rule[:40]}: {file}::{name}")
    assert missing == []


def test_nothing_in_the_tables_is_spelled_otherwise():
    """What stands in the last two columns is a module, or a test: all of it is read."""
    for _, modules, tests in rows():
        assert re.fullmatch(r"(?:`[\w/]+\.py` ?)+", modules), modules
        assert re.fullmatch(r"(?:`tests/[\w/]+\.py::test_\w+` ?)+", tests), tests


def imported(tree: ast.Module) -> set[str]:
    """The names of the modules that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def reaches_out(tree: ast.Module) -> bool:
    """Whether a module could open a connection by itself. aiohttp serves, and may be known so."""
    names = {name for name in imported(tree) if NETWORK.fullmatch(name)} - {"aiohttp"}
    called = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }
    clients = {"ClientSession", "TCPConnector", "UnixConnector"} & called
    return bool(names or clients or CONNECTING & called)


def test_who_may_open_sockets_is_listed():
    assert {name for name, tree in sources().items() if reaches_out(tree)} == set(OPEN_SOCKETS)


def test_nothing_here_knows_linked_data():
    """No processor, and no vocabulary of signatures inside documents."""
    pinned = (ROOT / "constraints.txt").read_text("utf-8").lower()
    assert not re.search(r"^(pyld|rdflib|jsonld)", pinned, re.M)
    word = re.compile(r"RsaSignature20|LinkedDataSignature|signatureValue")
    guilty = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if word.search(path.read_text("utf-8"))
    ]
    assert guilty == []


def test_no_address_is_allowed_by_default():
    defaults = config.Federation()
    assert (defaults.allowed_addresses, defaults.allow_http, defaults.ca_file) == ((), False, "")


LIMITS = [
    (http.TOTAL_S, 30),
    (http.CONNECT_S, 10),
    (http.MAX_DOCUMENT_BYTES, 1 << 20),
    (http.MAX_REDIRECTS, 3),
    (guard.HTTPS_PORT, 443),
    (budget.MAX_FETCHES, 50),
    (related.MAX_DEPTH, 20),
    (budget.MAX_HOSTS_OF_A_DOMAIN, 10),
    (keys.ASKED[0], 5 * MINUTE_MS),
    (readers.MAX_DEPTH, 32),
    (cleaning.MAX_DEPTH, 64),
    (cleaning.MAX_HTML_BYTES, 100_000),
    (cleaning.LINK_REL, "nofollow noopener noreferrer"),
    (passwords.MAX_BYTES, 1_000),
    (sessions.MAX_GUESSES, 5),
    (sessions.GUESS_WINDOW_MS, 5 * MINUTE_MS),
    (picture_process.MAX_PIXELS, 7680 * 4320),
]


def test_the_limits_are_those_that_are_promised():
    """Tests of what happens at a limit are indifferent to where it is."""
    assert [(found, said) for found, said in LIMITS if found != said] == []


@pytest.mark.parametrize("heading", ["Signatures", "What comes in, and how much of it", "Logs"])
def test_what_belongs_to_this_document_has_its_place(heading):
    assert f"\n## {heading}\n" in DOCUMENT.read_text("utf-8")
