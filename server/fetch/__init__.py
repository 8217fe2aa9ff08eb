"""Everything that is read from other servers, outside any transaction, counted and remembered.

`Fetcher` has a room for each kind of thing that is read. What is fetched because of something that
we have already is a function `(fetcher, ...)` in a module next to them.
"""

from server.fetch.budget import Budget, Spent
from server.fetch.fetcher import Fetcher

__all__ = ["Budget", "Fetcher", "Spent"]
