"""Telling those who hold a connection open for a token that it counts no more."""

from collections.abc import Iterable

from aiohttp import web

from web.keys import REVOKED


def tell(app: web.Application, token_ids: Iterable[int]) -> None:
    """Call everything in `app[REVOKED]` with the tokens that ended, after their commit.

    Only what ended in this process is told: the operator's commands run in another one.
    """
    if ended := frozenset(token_ids):
        for hear in app[REVOKED]:
            hear(ended)
