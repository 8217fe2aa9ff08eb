"""The styleguide shows the whole design system, and its buttons do nothing."""

import re
from pathlib import Path

import pytest

from web.colours import palette
from web.pages import styleguide, tokens
from web.render import HERE, STATIC

COMPONENTS = HERE / "templates" / "components"
GUIDE = HERE / "templates" / "styleguide"
MACRO = re.compile(r"{% macro (\w+)\(")
CALL = re.compile(r"(?:\b(\w+)\.)?\b(\w+)\(")

# Macros that no page shows by themselves, and why.
UNSEEN = {
    "meta": "stands in the head of pages",
    "linked.discovery": "stands in the head of stories",
    "blog.style": "stands in the head of pages",
    "posts.feed": "cards below one another, and posts.windows",
    "posts.take_part": "an address",
    "writing.words": "an attribute for scripts",
}
ALIASES = {"refused": "forms", "all": "people"}


def macros():
    """Every macro by "file.name", with its text."""
    found = {}
    for path in COMPONENTS.glob("*.html"):
        parts = MACRO.split(path.read_text("utf-8"))
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            found[f"{path.stem}.{name}"] = text
    return found


def called(text, file=""):
    """The macros that a text calls; those without a module are of its own file."""
    pairs = CALL.findall(text)
    return {f"{ALIASES.get(module, module) or file}.{name}" for module, name in pairs}


def shown(all_macros):
    """What the page shows, by itself or within something else."""
    waiting = set()
    for path in GUIDE.glob("*.html"):
        waiting |= called(path.read_text("utf-8")) & set(all_macros)
    found = set()
    while waiting:
        one = waiting.pop()
        found.add(one)
        inside = called(all_macros[one], one.partition(".")[0]) & set(all_macros)
        waiting |= inside - found
    return found


def test_every_macro_is_on_the_styleguide():
    known = macros()
    meant = {one for one in known if one not in UNSEEN and one.partition(".")[0] not in UNSEEN}
    assert meant - shown(known) == set(), "show it in web/templates/styleguide/"
    assert {one for one in UNSEEN if "." in one} & shown(known) == set()


def test_every_part_of_the_styleguide_is_on_its_page():
    assert {path.stem for path in GUIDE.glob("*.html")} == {*styleguide.PARTS, "sample"}


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_styleguide_is_a_page_like_all_others(city, language):
    visitor = await city.visitor(language)
    page = await visitor.get("/styleguide")
    assert page.language == language
    assert '<meta name="robots" content="noindex">' in page.text
    mina = await city.join("mina", language=language)
    await mina.get("/styleguide")
    assert "/styleguide" not in (await mina.get("/")).text


async def test_every_icon_is_shown_with_its_name(city):
    built = (STATIC / "build.js").read_text("utf-8").split("const ICONS = {")[1].split("};")[0]
    names = re.findall(r"(\w+): \"", built)
    assert len(names) > 50
    text = (await (await city.visitor()).get("/styleguide")).text
    chapter = text.split('class="icons"')[1].split("</ul>")[0]
    for name in names:
        assert f"#{name}" in chapter
        assert f"<code>{name}</code>" in chapter


async def test_browsers_send_no_form_from_a_sample(city):
    visitor = await city.visitor()
    async with visitor.client.get("/styleguide") as answer:
        policy = answer.headers["Content-Security-Policy"]
    actions = re.search(r"form-action ([^;]*)", policy)[1].split()
    assert actions == [f"{city.site.origin}{path}" for path in styleguide.WORKING]


async def test_the_samples_of_somebody_signed_in_carry_no_token_of_theirs(city):
    mina = await city.join("mina")
    token = await mina.token()
    text = (await mina.get("/styleguide")).text
    guide = text.split('class="guide wide"')[1].split("</main>")[0]
    assert token not in guide
    assert 'value="sample"' in guide


@pytest.mark.parametrize("accent", ["#17614f", "#ffee00", "#1b3fae", "#d40000", "#000000"])
def test_whatever_stands_on_something_is_read_in_both_themes(accent):
    assert [pair for pair in tokens.pairs(palette(accent)) if not pair.holds] == []


def test_both_ways_to_the_dark_theme_have_the_same_tokens():
    sheet = Path(tokens.SHEET).read_text("utf-8")
    bodies = re.findall(r"data-theme=[^{]*\{([^}]*)\}", sheet)
    device, chosen = (dict(re.findall(r"--([\w-]+):\s*([^;]+);", body)) for body in bodies)
    assert device == chosen
