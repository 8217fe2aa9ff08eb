"""Request bodies and queries, as checked values.

Apps send JSON, urlencoded forms or multipart forms alike, and some send a body as a query. All
become one tree of dicts, lists and texts, which msgspec turns into the struct that a route asks
for. Lists are written `name[]`, nested values `a[b]` and `a[0][b]`, as Rails reads them.
"""

import re
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, Final, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, MultipartReader, hdrs, web

from federation.errors import Malformed
from federation.parse import decode
from server.errors import AppError, Invalid, TooLarge
from server.media import MAX_PICTURE_BYTES
from web import parts
from web.pace import in_time
from web.spool import Spool, Upload

__all__ = ["Upload", "body", "convert", "nest", "query"]

T = TypeVar("T")

MAX_FIELDS: Final = 500
MAX_DEPTH: Final = 4  # a[b][c][d]
MAX_TEXT_BYTES: Final = 1024 * 1024  # of all fields that are not files
MAX_FILES: Final = 4
READ_S: Final = 120.0
READ_FILM_S: Final = 900.0
"""For a film from a phone."""

_KEYS: Final = re.compile(r"\[([^\[\]]*)\]")
_INDEX: Final = re.compile(r"[0-9]{1,6}")
_WHERE: Final = re.compile(r" - at `\$\.?([^`]*)`$")


async def body(request: web.Request, type: type[T], spool: Spool | None = None) -> T:
    """Decode the body, of whatever kind, as `type`; the query counts where the body is silent.

    Files are taken with a `spool` alone: they may be as large as films are, and lie on the disk.
    Who gives one holds a turn of it; see `web.intake.received`.

    Raises `AppError` (400) for what cannot be read, `TooLarge` (413), and `Invalid` (422) that
    names the field where the value does not fit. A body that drips in is cut off (408).
    """
    sent = await _read_all(request, _most_files(type) if spool else 0, spool)
    return convert({**_query(request), **sent}, type)


async def sent(request: web.Request, type: type[T]) -> T:
    """As `body`, without the query: secrets do not belong into addresses. RFC 6749 §2.3.1."""
    return convert(await _read_all(request, 0), type)


async def _read_all(request: web.Request, files: int, spool: Spool | None = None) -> dict[str, Any]:
    try:
        whole_s = READ_S if spool is None else READ_FILM_S
        async with in_time(request.content, whole_s, lambda: spool is not None and spool.crowded):
            return await _tree(request, files, spool)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def query(request: web.Request, type: type[T]) -> T:
    """Decode the query as `type`; raises `Invalid` (422) that names the field that does not fit."""
    return convert(_query(request), type)


def convert(tree: dict[str, Any], type: type[T]) -> T:
    """`tree` as `type`: texts become numbers and truths, unknown fields and nulls are left out."""
    try:
        return msgspec.convert(_without_blanks(_clean(tree), type), type, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error


def nest(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The tree that names such as `media_ids[]`, `poll[options][]` and `fields[0][name]` describe.

    Raises `Invalid` where two names contradict each other, or go deeper than `MAX_DEPTH`.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, _ = name.partition("[")
        keys = [head, *_KEYS.findall(name)] if bracket else [name]
        if len(keys) > MAX_DEPTH:
            raise Invalid("The field %(field)s is nested too deeply.", field=name)
        _put(root, keys, value, name)
    return {key: _listed(value) for key, value in root.items()}


def _put(node: Any, keys: list[str], value: Any, name: str) -> None:  # noqa: ANN401
    """Set `value` at `keys` below `node`. An empty key appends to a list."""
    for key, following in zip(keys[:-1], keys[1:], strict=True):
        node = _step(node, key, following, name)
    if isinstance(node, list):
        node.append(value)
    elif isinstance(node, dict):
        node[keys[-1]] = value
    else:
        raise Invalid("The field %(field)s has two meanings.", field=name)


def _step(node: Any, key: str, following: str, name: str) -> Any:  # noqa: ANN401
    """The node below `node` at `key`, made when missing."""
    made: Any = [] if following == "" else {}
    if isinstance(node, dict):
        found = node.setdefault(key, made)
    elif isinstance(node, list):
        if not node or not isinstance(node[-1], dict) or following in node[-1]:
            node.append(made)  # Rails: a key that repeats begins the next element
        found = node[-1]
    else:
        raise Invalid("The field %(field)s has two meanings.", field=name)
    if type(found) is not type(made):
        raise Invalid("The field %(field)s has two meanings.", field=name)
    return found


def _listed(value: Any) -> Any:  # noqa: ANN401
    """`{"0": a, "1": b}` is a list, in the order of its numbers."""
    if isinstance(value, list):
        return [_listed(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value and all(_INDEX.fullmatch(key) for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(one) for key, one in value.items()}


def _query(request: web.Request) -> dict[str, Any]:
    return nest(_pairs(request.rel_url.raw_query_string))


def _pairs(text: str) -> list[tuple[str, str]]:
    """The fields of an urlencoded form, in order."""
    if not text:
        return []
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise AppError("The form cannot be read: send it urlencoded, in UTF-8.") from error


async def _tree(request: web.Request, files: int, spool: Spool | None) -> dict[str, Any]:
    """The fields of the body, empty where there is none."""
    if not request.can_read_body:
        return {}
    if request.content_type == "multipart/form-data":
        return nest(await _parts(request, files, spool))
    raw = await request.read()
    if not raw:
        return {}
    if request.content_type == "application/json":
        return _json(raw)
    try:
        return nest(_pairs(raw.decode()))
    except UnicodeDecodeError as error:
        raise AppError("The form cannot be read: send it urlencoded, in UTF-8.") from error


def _json(raw: bytes) -> dict[str, Any]:
    try:
        return {key: _listed(value) for key, value in decode(raw).items()}
    except Malformed as error:
        raise AppError("The body cannot be read: send one JSON object.") from error


async def _parts(
    request: web.Request, most_files: int, spool: Spool | None
) -> list[tuple[str, Any]]:
    """The fields and files of a multipart form, each within its limit.

    Where no file is wanted none is read: whoever sends one fills no memory.
    """
    pairs: list[tuple[str, Any]] = []
    files, room = 0, MAX_TEXT_BYTES
    try:
        reader = parts.reader(request)
        while (part := await reader.next()) is not None:
            if isinstance(part, MultipartReader) or len(pairs) >= MAX_FIELDS:
                raise AppError("The form cannot be read: send fewer, flat fields.")
            file = "filename" in part.headers.get(hdrs.CONTENT_DISPOSITION, "")
            files += file
            if files > most_files:
                raise TooLarge("Send at most %(files)s files at once.", files=most_files)
            if file:
                pairs.append((part.name or "", await _file(part, spool)))
                continue
            value = await _read(part, room)
            room -= len(value)
            pairs.append((part.name or "", value.decode()))
    except parts.BROKEN as error:
        raise AppError("The form cannot be read: send it as multipart/form-data.") from error
    return pairs


async def _file(part: BodyPartReader, spool: Spool | None) -> Upload:
    assert spool is not None  # noqa: S101  without one no files are taken
    return await spool.take(chunks(part), max(MAX_PICTURE_BYTES, spool.most_bytes))


async def chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    """The bytes of one part, as they come."""
    while chunk := await part.read_chunk(64 * 1024):
        yield chunk


async def held(part: BodyPartReader, limit: int, refusal: TooLarge) -> bytes:
    """The bytes of one part. Raises `refusal` before much more than `limit` is held."""
    data = bytearray()
    async for chunk in chunks(part):
        data += chunk
        if len(data) > limit:
            raise refusal
    return bytes(data)


async def _read(part: BodyPartReader, limit: int) -> bytes:
    most = limit >> 10
    refusal = TooLarge("This is too much at once: at most %(kilobytes)s kB.", kilobytes=most)
    return await held(part, limit, refusal)


def _clean(value: Any, name: str = "") -> Any:  # noqa: ANN401
    """`value` without nulls. Raises `Invalid` for text that no database can hold."""
    if isinstance(value, str):
        if "\x00" in value or not _is_unicode(value):
            raise Invalid("The field %(field)s has characters that are not text.", field=name)
        return value
    if isinstance(value, list):
        return [_clean(one, name) for one in value if one is not None]
    if isinstance(value, dict):
        return {key: _clean(one, key) for key, one in value.items() if one is not None}
    return value


def _is_unicode(text: str) -> bool:
    """Whether `text` can be written as UTF-8, that is, has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_blanks(tree: dict[str, Any], type: Any) -> dict[str, Any]:  # noqa: ANN401
    """`tree` without empty texts where `type` has no text: a form's empty box is no number."""
    texts = _text_fields(type)
    return {key: value for key, value in tree.items() if value != "" or key in texts}


@cache
def _text_fields(type: Any) -> frozenset[str]:  # noqa: ANN401
    """The fields that may hold text. Kept, because a struct's annotations cost 30 us to read."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(type)
        if str in (field.type, *get_args(field.type))
    )


def _most_files(type: Any) -> int:  # noqa: ANN401
    return MAX_FILES if _takes_files(type) else 0


@cache
def _takes_files(type: Any) -> bool:  # noqa: ANN401
    """Whether some field of the struct is a file."""
    fields = msgspec.structs.fields(type)
    return any(Upload in (field.type, *get_args(field.type)) for field in fields)


def _invalid(reason: str) -> Invalid:
    """msgspec's sentence, with the field taken out of it: ``Expected `int` - at `$.limit` ``."""
    where = _WHERE.search(reason)
    if not where or not where[1]:
        return Invalid("Something is missing or does not fit: %(reason)s.", reason=reason)
    return Invalid(
        "The field %(field)s does not fit: %(reason)s.",
        field=where[1],
        reason=reason[: where.start()],
    )
