"""Whose the tokens of apps are, remembered for as long as nobody commits anything.

An app that opens asks for ten things at once. A token that was revoked, or a member who was shut
out, is a commit, by whichever process: then everything here is forgotten before it is used again.
Where the database cannot tell of commits (PostgreSQL), nothing is remembered.
"""

from typing import Final

from server.services import sessions
from server.services.sessions import Token
from server.store.db import Database

MAX_KNOWN: Final = 1_000


class Callers:
    """Tokens by their hashes, all as they were at one version of the database."""

    def __init__(self) -> None:
        """Nobody is known."""
        self._known: dict[bytes, Token] = {}
        self._version: int | None = None

    async def find(self, db: Database, token: str) -> Token | None:
        """As `sessions.by_access_token`."""
        version, key = db.version(), sessions.digest(token)
        if version is None or version != self._version or len(self._known) >= MAX_KNOWN:
            self._known, self._version = {}, version
        found = self._known.get(key)
        if found is None:
            found = await db.read_inline(sessions.by_access_token, token)
            if found is not None and version is not None and version == self._version:
                self._known[key] = found
        return found
