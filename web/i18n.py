"""Words in the person's language: gettext catalogues, the choice of a language, and their upkeep.

A msgid is an English sentence, so English needs no catalogue. Another language is one file,
`web/locale/CODE/LC_MESSAGES/madang.po`. `python -m web.i18n extract` lists the msgids, `update`
brings every catalogue up to date with the code, `compile` writes the `.mo` files. A checkout works
without them: a missing or older `.mo` is compiled in memory.

Three sources give msgids: templates, `N_()` and gettext calls in Python, and the sentences of
`AppError`s wherever they are made (`extract_errors`), because those reach people too.
"""

import ast
import gettext
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from aiohttp import web
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from markupsafe import Markup

from server import errors
from server.config import ConfigError
from server.errors import AppError

DOMAIN: Final = "madang"
FOLDER: Final = Path(__file__).parent / "locale"
ROOT: Final = Path(__file__).parent.parent
SOURCE_LANGUAGE: Final = "en"
COOKIE: Final = "lang"
MAX_HEADER: Final = 300
WRITTEN_IN: Final = ("ko", "en", "zh", "ja", "vi", "th", "uz", "ru", "id", "mn", "es", "fr", "de")
"""What people here write in, besides the languages of the interface."""

_ERRORS: Final = "web.i18n:extract_errors"
# What is read for msgids: a folder, and how each pattern of files below it is read.
SOURCES: Final = (
    ("server", (("**.py", _ERRORS),)),
    ("web", (("**.py", "python"), ("**.py", _ERRORS), ("templates/**.html", "jinja2"))),
)
OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "silent": "false"}}

Extracted: TypeAlias = tuple[int, str, str, list[str]]


def N_(message: str) -> str:  # the name that every gettext tool knows
    """Mark a sentence that is translated later, where the reader is known."""
    return message


@cache
def available() -> tuple[str, ...]:
    """The languages we have words for."""
    found = (path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return (SOURCE_LANGUAGE, *sorted(found))


def require(languages: Iterable[str]) -> None:
    """Raise `ConfigError` for a language of the configuration that has no catalogue."""
    for language in languages:
        if language not in available():
            choice = ", ".join(available())
            raise ConfigError(
                f'instance.languages: "{language}" is not translated; there are {choice}.'
            )


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `language`; the msgids themselves where there is none."""
    source = _source(language)
    if not source.exists():
        return gettext.NullTranslations()
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    return gettext.GNUTranslations(io.BytesIO(_compiled(source)))


def for_templates(language: str) -> dict[str, Callable[..., Markup]]:
    """`_`, `gettext` and `ngettext` for templates: sentences are trusted, values are escaped.

    As those of `jinja2.ext.i18n` in its new style, which ask and wrap anew at each of the hundred
    sentences of a page. Also there "%" is written "%%", and a number is called `num`.
    """
    catalogue = translations(language)

    @lru_cache(maxsize=4096)  # a heading can be anything
    def sentence(message: str) -> Markup:
        return Markup(catalogue.gettext(message))  # noqa: S704  of the catalogue

    @lru_cache(maxsize=4096)
    def plain(message: str) -> Markup:
        return sentence(message) % {}

    def gettext(message: str, /, **values: object) -> Markup:
        return sentence(message) % values if values else plain(message)

    def ngettext(one: str, many: str, num: int, /, **values: object) -> Markup:
        found = Markup(catalogue.ngettext(one, many, num))  # noqa: S704  of the catalogue
        return found % {"num": num, **values}

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext}


def say(error: AppError, language: str) -> str:
    """What went wrong, in the person's language."""
    sentence = translations(language).gettext(error.message)
    return sentence % error.values if error.values else sentence


def negotiate(header: str, offered: Sequence[str]) -> str | None:
    """The best of `offered` for an `Accept-Language` header. RFC 9110 §12.5.4."""
    wanted: list[tuple[float, str]] = []
    for part in header[:MAX_HEADER].split(","):
        tag, _, parameters = part.partition(";")
        wanted.append((_weight(parameters), tag.strip().lower().partition("-")[0]))
    ranked = sorted(wanted, key=lambda pair: -pair[0])
    return next((tag for weight, tag in ranked if weight > 0 and tag in offered), None)


def choose(
    request: web.Request, languages: Sequence[str], member_language: str | None = None
) -> str:
    """The interface language: the member's, the cookie's, the browser's, else the city's first."""
    offered = [code for code in languages if code in available()] or [SOURCE_LANGUAGE]
    for wish in (member_language, request.cookies.get(COOKIE)):
        if wish in offered:
            return str(wish)
    return negotiate(request.headers.get("Accept-Language", ""), offered) or offered[0]


def _weight(parameters: str) -> float:
    match = re.search(r"\bq\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$", parameters)
    if match:
        return float(match[1])
    return 0.0 if parameters.strip() else 1.0


def _source(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _compiled(source: Path) -> bytes:
    with source.open("rb") as file:
        catalogue = read_po(file)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def extract_errors(
    fileobj: IO[bytes], keywords: Iterable[str], comment_tags: Iterable[str], options: Any
) -> Iterator[Extracted]:
    """A Babel extractor: the sentence of every call that makes an `AppError`.

    It is the first argument: written there, or a constant of the module, or a table of them.
    """
    module = ast.parse(fileobj.read())
    constants = dict(_constants(module))
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and node.args and _called(node) in _error_names()):
            continue
        names = {n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)}
        written = [_sentences(node.args[0])] if isinstance(node.args[0], ast.Constant) else []
        for sentences in written + [constants[name] for name in sorted(names & set(constants))]:
            for sentence in sentences:
                yield node.lineno, "", sentence, []


def _constants(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                yield target.id, _sentences(value)


def _sentences(value: ast.expr) -> list[str]:
    nodes = value.values if isinstance(value, ast.Dict) else [value]
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return [constant for constant in constants if isinstance(constant, str)]


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


@cache
def _error_names() -> frozenset[str]:
    kinds = (value for value in vars(errors).values() if isinstance(value, type))
    return frozenset(kind.__name__ for kind in kinds if issubclass(kind, AppError))


def extract() -> Catalog:
    """Every msgid that code and templates use."""
    catalogue = Catalog(project="Madang", charset="utf-8", fuzzy=False)
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    for folder, readers in SOURCES:
        for reader in readers:  # one at a time: Babel gives a file only to its first reader
            found = extract_from_dir(ROOT / folder, [reader], OPTIONS, keywords)
            for _, _, message, comments, context in found:
                catalogue.add(message, None, auto_comments=comments, context=context)
    return catalogue


def update() -> None:
    """Bring every catalogue up to date: new msgids arrive empty, unused ones go."""
    template = extract()
    for language in available()[1:]:
        with _source(language).open("rb") as file:
            catalogue = read_po(file, locale=language)
        created = catalogue.creation_date
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.creation_date = created  # else every update would change the file
        catalogue.project, catalogue.version = "Madang", language
        catalogue.obsolete.clear()
        with _source(language).open("wb") as file:
            write_po(file, catalogue, sort_output=True, no_location=True, width=100)


def compile_all() -> None:
    """Write the `.mo` beside every `.po`."""
    for language in available()[1:]:
        source = _source(language)
        source.with_suffix(".mo").write_bytes(_compiled(source))


def main(arguments: Sequence[str]) -> int:
    """`extract`, `update` or `compile`; 2 for anything else."""
    command = arguments[0] if len(arguments) == 1 else ""
    if command == "compile":
        compile_all()
        return 0
    if command == "update":
        update()
        return 0
    if command == "extract":
        write_po(sys.stdout.buffer, extract(), sort_output=True, no_location=True, width=100)
        return 0
    print("Use: python -m web.i18n extract | update | compile", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
