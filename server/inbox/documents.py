"""Remote documents that a handler needs.

A handler is a plain function inside a transaction and cannot fetch. It asks for what it needs; what
is not there raises `Need`, the transaction is rolled back, the worker fetches outside of any
transaction and calls again. What could not be fetched is there as None.
"""

from typing import Any, Final

import msgspec

PART_OF: Final = "partOf"
"""In what is left of a batch to a job: the id of the batch. All of its parts fetch from one budget,
and whoever says so of an activity that is none gets no more for it."""


class Need(Exception):  # noqa: N818  no error: a request
    """The handler cannot go on without the document of `uri`."""

    def __init__(self, uri: str) -> None:
        """`uri` is an ActivityPub id of another server."""
        super().__init__(uri)
        self.uri = uri


class Documents(msgspec.Struct, frozen=True):
    """What was fetched for one activity, by its id. `away`: what may be there in a while."""

    fetched: dict[str, dict[str, Any] | None] = {}
    away: set[str] = set()

    def get(self, uri: str) -> dict[str, Any] | None:
        """The document with the id `uri`; None when its server has none for us. Raises `Need`."""
        if uri not in self.fetched:
            raise Need(uri)
        return self.fetched[uri]

    def require(self, uri: str) -> None:
        """Raise `NotYet` where it could not be had, but may be."""
        if uri in self.away:
            raise NotYet


class NotYet(Exception):  # noqa: N818  no error: ask again
    """What the activity is about could not be had now, and may be in a while."""
