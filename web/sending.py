"""Files of the store out: from the disk, or from a bucket as they come."""

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from aiohttp import web

from server.errors import Away, NotFound
from server.files import Store, StoreAway

DOWNLOAD: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def file(
    request: web.Request, store: Store, name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """A file, or the part that was asked for. `headers` say its type.

    Raises `NotFound`, `StoreAway`.
    """
    here = store.local(name)
    if here is None:
        return await _streamed(request, store, name, headers)
    if not await asyncio.to_thread(here.is_file):
        raise NotFound("This picture does not exist.")
    return web.FileResponse(here, headers=headers)


async def download(
    request: web.Request, store: Store, name: str, called: tuple[str, str]
) -> web.StreamResponse:
    """A file to be kept by who asked. `called`: how it is called there, and its type.

    Nothing on the way keeps it: who may have it can change. Raises `NotFound`, `Away`.
    """
    title, media_type = called
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in title)
    end = name.rpartition(".")[2]
    headers = {
        **DOWNLOAD,
        "Cache-Control": "private, no-store",
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="{plain.strip("-") or "file"}.{end}"; '
        f"filename*=UTF-8''{quote(title, safe='')}.{end}",
    }
    try:
        return await file(request, store, name, headers)
    except StoreAway:
        raise Away("The store of files does not answer. Try again later.") from None


async def _streamed(
    request: web.Request, store: Store, name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """From a bucket, the part that was asked for, as it comes. RFC 9110 section 14."""
    size = await store.size(name)
    if size is None:
        raise NotFound("This picture does not exist.")
    start, end = _range(request, size)
    if start >= end > 0 or (start and start >= size):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    whole = (start, end) == (0, size)
    response = web.StreamResponse(status=200 if whole else 206, headers=dict(headers))
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = end - start
    if not whole:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    await response.prepare(request)
    if request.method != "HEAD":
        async for chunk in store.read(name, start, end):
            await response.write(chunk)
    await response.write_eof()
    return response


def _range(request: web.Request, size: int) -> tuple[int, int]:
    """The bytes that are wanted, from and up to; all of them where the header cannot be read."""
    try:
        wanted = request.http_range
    except ValueError:
        return 0, size
    if wanted.start is not None and wanted.start < 0:
        return max(0, size + wanted.start), size
    start = wanted.start or 0
    return start, size if wanted.stop is None else min(wanted.stop, size)
