"""Which store the configuration names: a folder, or a bucket."""

from importlib import import_module
from pathlib import Path

from server.config import MediaAt
from server.files import Folder, Store, place_of


def store_of(at: MediaAt) -> Store:
    """The store that the configuration names. Nothing is asked of it yet."""
    scratch = Path(at.scratch) if at.scratch else None
    if at.folder is not None:
        return Folder(at.folder, scratch)
    # Imported here because the client takes 4 MB that an instance with a folder need not pay.
    bucket = import_module("server.bucket")
    made: Store = bucket.Bucket(
        place_of(at.store),
        key_id=at.access_key_id,
        secret=at.secret_access_key,
        scratch=scratch,
    )
    return made
