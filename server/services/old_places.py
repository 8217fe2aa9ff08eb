"""Where a story stood before it was brought here, as others link to it."""

from urllib.parse import quote, urlsplit

import msgspec

from server.store import imports
from server.store.db import Read
from server.text import webpage


class _Surveyed(msgspec.Struct, frozen=True):
    """What is needed here of a run's survey."""

    address: str = ""


def of(db: Read, post_id: int) -> tuple[str, ...]:
    """Where a story was, in every spelling: of what its editor and its file say of the host."""
    run = imports.run_of(db, post_id)
    if run is None:
        return ()
    said = msgspec.json.decode(run.survey, type=_Surveyed).address
    places = {place for address in (run.address, said) for place in _places(address)}
    paths = [path for known in imports.paths(db, post_id) for path in _spelled(known)]
    return tuple(
        f"{scheme}://{place}{path}"
        for place in sorted(places)
        for path in paths
        for scheme in ("http", "https")
    )


def _places(address: str) -> tuple[str, ...]:
    """The host of a blog; and its folder, below which some files count their paths."""
    try:
        parts = urlsplit(webpage.as_uri(address))
    except ValueError:
        return ()
    return (parts.netloc, f"{parts.netloc}{parts.path.rstrip('/')}") if parts.netloc else ()


def _spelled(path: str) -> tuple[str, ...]:
    if path.startswith("/?"):
        return (path,)
    return (quote(path), f"{quote(path)}/")
