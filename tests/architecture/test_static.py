"""What pages are drawn with is used, and each thing of it is there once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "web" / "static"
OF_HTMX = {"htmx-request"}  # it marks what waits for an answer


def texts(folder: Path, pattern: str) -> str:
    found = [path.read_text("utf-8") for path in sorted(folder.rglob(pattern))]
    assert found
    return "\n".join(found)


def classes() -> set[str]:
    """Every class that a style sheet speaks of."""
    rules = re.sub(r"/\*.*?\*/", "", texts(STATIC / "css", "*.css"), flags=re.S)
    selectors = " ".join(re.findall(r"([^{};]+)\{", rules))
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def test_every_class_of_the_style_is_somewhere_on_a_page():
    used = texts(ROOT / "web" / "templates", "*.html") + texts(STATIC / "js", "*.js")
    used += texts(ROOT / "server" / "text", "*.py") + texts(ROOT / "web", "*.py")
    begun = tuple(re.findall(r"([a-z][\w-]*-)\{\{", used))  # `depth-{{ depth }}`
    known = set(re.findall(r"(?<![\w-])[a-z][\w-]*", used)) | OF_HTMX
    assert len(classes()) > 100
    assert {name for name in classes() - known if not name.startswith(begun)} == set()


def test_every_style_sheet_is_part_of_the_one_that_is_built():
    # those of some pages alone
    apart = {"madang.css", "styleguide.css", "developers.css", "blog.css", "write.css"}
    sheets = {path.name for path in (STATIC / "css").glob("*.css")} - apart
    sources = (STATIC / "css" / "madang.css").read_text("utf-8")
    assert set(re.findall(r'@import "([\w.-]+)"', sources)) == sheets


def test_what_is_built_lies_nowhere_else():
    sources = {path.name for path in (STATIC / "css").iterdir()}
    sources |= {path.name for path in (STATIC / "js").iterdir()}
    assert {path.name for path in STATIC.iterdir() if path.is_file()} & sources == set()
