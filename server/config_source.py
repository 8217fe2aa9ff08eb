"""Reading settings from a TOML file and the environment, strictly: every refusal names its key."""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

DEFAULT_FILE: Final = "madang.toml"
PREFIX: Final = "MADANG_"

Sections = Mapping[str, type[msgspec.Struct]]
Given = dict[str, dict[str, tuple[object, str]]]  # section -> key -> (value, where it was written)


class ConfigError(Exception):
    """The configuration cannot be used; the text is one sentence that says what to change."""


def find(path: str | Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to read: the one named, else by `MADANG_CONFIG`, else `madang.toml` here, if any."""
    named = path or environ.get(f"{PREFIX}CONFIG")
    if named:
        return Path(named)
    here = Path(DEFAULT_FILE)
    return here if here.exists() else None


def read(sections: Sections, file: Path | None, environ: Mapping[str, str]) -> Given:
    """Every value that `file` or `environ` gives, the environment last. Raises `ConfigError`."""
    given: Given = {}
    if file is not None:
        for section, key, value in _entries(sections, file):
            _give(sections, given, section, key, (value, file.name))
    for variable, text in environ.items():
        if variable.startswith(PREFIX) and "__" in variable:
            section, _, key = variable.removeprefix(PREFIX).lower().partition("__")
            where = f"the environment ({variable})"
            _give(sections, given, section, key, (text, where))
            given[section][key] = (_from_text(text, _fields(sections, section)[key]), where)
    return given


def section(sections: Sections, name: str, given: Given) -> Any:  # noqa: ANN401
    """One section as its struct, defaults where nothing was given. Raises `ConfigError`."""
    kinds = _fields(sections, name)
    values = {}
    for key, (value, where) in given.get(name, {}).items():
        try:
            values[key] = msgspec.convert(value, kinds[key])
        except msgspec.ValidationError:
            wanted = _wanted(kinds[key])
            raise ConfigError(f"{name}.{key} in {where} must be {wanted}.") from None
    return sections[name](**values)


def _entries(sections: Sections, file: Path) -> list[tuple[str, str, object]]:
    found = []
    for section, keys in _document(file).items():
        if not isinstance(keys, dict):
            raise ConfigError(_lost(sections, section, file.name))
        if section not in sections:
            raise ConfigError(_unknown_section(sections, section, file.name))
        found += [(section, key, value) for key, value in keys.items()]
    return found


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise ConfigError(f"Cannot read the configuration {file}: {reason}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not text in UTF-8; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from None


def _give(
    sections: Sections, given: Given, section: str, key: str, value: tuple[object, str]
) -> None:
    where = value[1]
    if section not in sections:
        raise ConfigError(_unknown_section(sections, section, where))
    if key not in _fields(sections, section):
        raise ConfigError(_unknown_key(sections, f"{section}.{key}", where))
    given.setdefault(section, {})[key] = value


def _fields(sections: Sections, section: str) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(sections[section])}


def _known(sections: Sections) -> list[str]:
    return [f"{section}.{key}" for section in sections for key in _fields(sections, section)]


def _unknown_key(sections: Sections, name: str, where: str) -> str:
    known = _known(sections)
    elsewhere = [one for one in known if one.split(".")[1] == name.split(".")[1]]
    near = elsewhere or difflib.get_close_matches(name, known, 1, 0.6)
    hint = f"did you mean {near[0]}?" if near else "config.example.toml shows every key."
    return f"{name} in {where} is not a key; {hint}"


def _unknown_section(sections: Sections, name: str, where: str) -> str:
    near = difflib.get_close_matches(name, sections, 1)
    hint = f"did you mean [{near[0]}]?" if near else f"there are {', '.join(sections)}."
    return f"[{name}] in {where} is not a section; {hint}"


def _lost(sections: Sections, name: str, where: str) -> str:
    """A sentence about a key that stands outside every section."""
    if name in sections:
        return f"{name} in {where} is a section; write [{name}] above its keys."
    owners = [one for one in _known(sections) if one.split(".")[1] == name]
    hint = (
        f"did you mean {owners[0]}, below [{owners[0].split('.')[0]}]?"
        if owners
        else "config.example.toml shows every key."
    )
    return f"{name} in {where} is not a key; {hint}"


def _from_text(text: str, kind: object) -> object:
    """A value of the environment as TOML would have given it; what does not fit stays text."""
    if get_origin(kind) is tuple:
        return _list_from_text(text)
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower(), text)
    if kind is int and re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
        return int(text)
    return text


def _list_from_text(text: str) -> object:
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        # an IPv6 network in brackets, not JSON
        return [part.strip() for part in text.split(",")]


def _wanted(kind: object) -> str:
    if get_origin(kind) is Literal:
        *most, last = (f'"{choice}"' for choice in get_args(kind))
        return f"{', '.join(most)} or {last}"
    if get_origin(kind) is tuple:
        return 'a list of texts, such as ["a", "b"]'
    if kind is int:
        return "a whole number"
    return "true or false" if kind is bool else "text in quotation marks"
