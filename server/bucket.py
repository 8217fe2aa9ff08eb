"""The store in a bucket of S3, or of anything that speaks like it (MinIO, Ceph, R2, Garage)."""

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from server.config_source import ConfigError
from server.errors import NotFound, StorageFull
from server.files import (
    MEDIA_TYPES,
    RAW,
    Place,
    StoreAway,
    Stored,
    is_name,
    make_scratch,
    new_name,
    require_name,
)

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024
_FAILURES = (BaseError, OSError, ValueError)
_KEYS = (
    *("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
_MACHINES_KEY = "169.254.169.254"  # where machines at Amazon learn the key of their role
_NO_KEY = "there is no key; set media.access_key_id or AWS_ACCESS_KEY_ID"


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
        self._keyless = bool(place.endpoint) and not (key_id or any(map(os.environ.get, _KEYS)))
        if self._keyless:  # elsewhere than at Amazon the machine has no key of its own
            given["skip_signature"] = True
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
        if self._keyless:
            raise ConfigError(f"media.store {self.place.name}: {_NO_KEY}.")
        await asyncio.to_thread(make_scratch, self.scratch)

    async def trouble(self) -> str:
        """Asks for a file that is not there."""
        try:
            await obstore.get_async(self._store, new_name(RAW))
        except FileNotFoundError as error:
            return self._reason(error) if "NoSuchBucket" in str(error) else ""
        except _FAILURES as error:
            return self._reason(error)
        return ""

    async def put(self, name: str, source: bytes | Path) -> None:
        """Send it; the bucket shows it when it has all of it."""
        media_type = MEDIA_TYPES.get(Path(require_name(name)).suffix, "application/octet-stream")
        try:
            await obstore.put_async(
                self._store, name, source, attributes={"Content-Type": media_type}
            )
        except _FAILURES as error:
            away = StoreAway(self._reason(error))
            log.warning("cannot put %s into %s: %s", name, self.place.name, away)
            raise StorageFull("The file could not be stored. Try again later.") from away

    async def remove(self, name: str) -> None:
        """Delete it; S3 says yes of what is not there as well."""
        try:
            await obstore.delete_async(self._store, require_name(name))
        except FileNotFoundError:
            return
        except _FAILURES as error:
            log.warning("cannot remove %s of %s: %s", name, self.place.name, self._reason(error))

    async def size(self, name: str) -> int | None:
        """As the bucket says."""
        try:
            return (await obstore.head_async(self._store, require_name(name)))["size"]
        except FileNotFoundError:
            return None
        except _FAILURES as error:
            raise StoreAway(self._reason(error)) from error

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
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise StoreAway(self._reason(error)) from error
            raise NotFound("This picture does not exist.") from None
        except _FAILURES as error:
            raise StoreAway(self._reason(error)) from error

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
            raise StoreAway(self._reason(error)) from error

    def _reason(self, error: Exception) -> str:
        """What went wrong and what to do, in one line."""
        said = str(error).partition("Debug source")[0]
        if _MACHINES_KEY in said:
            return _NO_KEY
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return f"the key is wrong or may not read and write in {self.place.name}"
        if isinstance(error, FileNotFoundError):
            return f"there is no bucket {self.place.name}; make the bucket first"
        if "error sending request" in said or "timed out" in said:
            host = urlsplit(self.place.endpoint).netloc or f"S3 in {self.place.region}"
            return f"{host} does not answer"
        if found := re.search("<Message>(.*?)</Message>", said, re.S):
            said = found[1]
        return " ".join(said.split())[:300]
