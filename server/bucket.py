"""The store in a bucket of S3, or of anything that speaks like it (MinIO, Ceph, R2, Garage)."""

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from server.errors import NotFound, StorageFull
from server.files import (
    MEDIA_TYPES,
    Place,
    StoreAway,
    Stored,
    clean_scratch,
    is_name,
    refusal,
    require_name,
)

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024
_FAILURES = (BaseError, OSError, ValueError)


class Bucket:
    """A store in a bucket that exists already. Credentials: `key_id` and `secret`, or the usual
    variables of the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`), or the machine's.
    """

    def __init__(
        self, place: Place, *, key_id: str = "", secret: str = "", scratch: Path | None = None
    ) -> None:
        """Nothing is asked before `open`."""
        self.place = place
        usual = Path(tempfile.gettempdir()) / f"madang-{os.getuid()}"
        self.scratch = (scratch or usual).absolute()
        given: dict[str, Any] = {"region": place.region}
        if place.endpoint:
            given["endpoint"] = place.endpoint
        if key_id:
            given |= {"access_key_id": key_id, "secret_access_key": secret}
        self._store = S3Store(
            place.name,
            prefix=place.prefix or None,
            virtual_hosted_style_request=place.style == "host",
            client_options={
                "allow_http": place.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=120),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=15)},
            **given,
        )

    async def open(self) -> None:
        """Make the scratch folder; the bucket itself may be away for a while."""
        await asyncio.to_thread(self._prepare)

    async def put(self, name: str, source: bytes | Path) -> None:
        """Send it; the bucket shows it when it has all of it."""
        media_type = MEDIA_TYPES.get(Path(require_name(name)).suffix, "application/octet-stream")
        try:
            await obstore.put_async(
                self._store, name, source, attributes={"Content-Type": media_type}
            )
        except _FAILURES as error:
            log.warning("cannot put %s into %s: %s", name, self.place.name, _brief(error))
            raise StorageFull("The picture could not be stored. Try again later.") from error

    async def remove(self, name: str) -> None:
        """Delete it; S3 says yes of what is not there as well."""
        try:
            await obstore.delete_async(self._store, require_name(name))
        except FileNotFoundError:
            return
        except _FAILURES as error:
            log.warning("cannot remove %s of %s: %s", name, self.place.name, _brief(error))

    async def size(self, name: str) -> int | None:
        """As the bucket says."""
        try:
            return (await obstore.head_async(self._store, require_name(name)))["size"]
        except FileNotFoundError:
            return None
        except _FAILURES as error:
            raise StoreAway(_brief(error)) from error

    def local(self, name: str) -> Path | None:
        """Never here."""
        require_name(name)
        return None

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """As it comes; memory holds a chunk."""
        options: Any = {}
        if end is not None:
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        try:
            found = await obstore.get_async(self._store, require_name(name), options=options)
            async for chunk in found.stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)
        except FileNotFoundError:
            raise NotFound("This picture does not exist.") from None
        except _FAILURES as error:
            raise StoreAway(_brief(error)) from error

    async def files(self) -> AsyncIterator[Stored]:
        """Page by page."""
        try:
            async for page in obstore.list(self._store):
                for one in cast("list[Any]", page):
                    name = one["path"].rpartition("/")[2]
                    if is_name(name):
                        written_ms = int(one["last_modified"].timestamp() * 1000)
                        yield Stored(name, one["size"], written_ms)
        except _FAILURES as error:
            raise StoreAway(_brief(error)) from error

    def _prepare(self) -> None:
        self.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.scratch.stat().st_uid != os.getuid():
            raise refusal(PermissionError(f"{self.scratch} belongs to somebody else"))
        clean_scratch(self.scratch)


def _brief(error: Exception) -> str:
    """What went wrong, in one line without what the library adds for its own developers."""
    return " ".join(str(error).partition("Debug source")[0].split())[:300]
