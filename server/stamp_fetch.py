"""Stamps under what ours wrote that could not be read when the yes came: they are read later."""

import logging
from typing import Any

from federation.errors import FederationError, Unreachable
from federation.retry import may_pass
from server.errors import AppError
from server.fetch import MAX_FOR_A_QUOTE, Budget, Fetcher
from server.services import answer_asking, quote_asking
from server.store.db import Read

log = logging.getLogger(__name__)

_BY_ACT = {"reply": answer_asking.stamp_read, "quote": quote_asking.stamp_read}


class Later(Unreachable):
    """Its server cannot say just now: it is asked again."""


async def look(fetcher: Fetcher, of: dict[str, Any]) -> None:
    """Read the stamp that `looks.stamp_later` names; a true one lets the answer or quote out.

    Raises `Later`; any other `FederationError` is the end of it.
    """
    act, post_id, stamp = of["act"], of["post"], of["stamp"]
    if not await fetcher.db.read(_wanted, act, post_id, stamp):
        return
    try:
        raw = await fetcher.document(stamp, Budget(MAX_FOR_A_QUOTE))
    except FederationError as error:
        if isinstance(error, Unreachable) and may_pass(error):
            raise Later(str(error), retry_after_ms=error.retry_after_ms) from error
        raise
    try:
        now_ms = fetcher.now_ms()
        await fetcher.db.write(_BY_ACT[act], fetcher.site, post_id, now_ms, stamp=stamp, raw=raw)
    except AppError as error:
        log.info("the stamp %s lets nothing out: %s", stamp, error)


def _wanted(db: Read, act: str, post_id: int, stamp: str) -> bool:
    wanted = answer_asking.wanted if act == "reply" else quote_asking.wanted
    return wanted(db, post_id, stamp) is not None
