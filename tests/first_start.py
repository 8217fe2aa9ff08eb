"""Instances that start for the first time without making keys: those take 100 ms each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from server import keyring
from server.keyring import Keys
from server.secrets import Vault

Given = Callable[[Vault], Keys]

# A list, as what an application begins while it starts inherits the variable for good.
_given: ContextVar[list[Given] | None] = ContextVar("given", default=None)
_make = keyring.make


def _given_or_made(vault: Vault) -> Keys:
    given = _given.get()
    return given[0](vault) if given else _make(vault)


keyring.make = _given_or_made


@contextmanager
def given_keys(keys: Given) -> Iterator[None]:
    """An application that starts in here takes these for its own actor, if it has none yet."""
    given = [keys]
    token = _given.set(given)
    try:
        yield
    finally:
        given.clear()
        _given.reset(token)
