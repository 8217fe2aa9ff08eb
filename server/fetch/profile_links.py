"""Which of the pages that a profile names lead back to it."""

import asyncio
import contextlib

from federation.errors import FederationError
from server.fetch.fetcher import Fetcher
from server.services import profile_links
from server.store import accounts


async def look(fetcher: Fetcher, account_id: int) -> None:
    """Look which of the pages to which one of ours leads lead back, and remember those.

    Unsigned: a page that anybody may read says it to everybody.
    """
    account = await fetcher.db.read(accounts.by_id, account_id)
    if account is None or not account.local:
        return
    found: list[str] = []
    for address in profile_links.unconfirmed(account):
        with contextlib.suppress(FederationError):
            page = await fetcher.pages.profile(address, profile_links.MAX_PAGE_BYTES)
            if await asyncio.to_thread(profile_links.leads_back, page, account):
                found.append(address)
    if found:
        await fetcher.db.write(profile_links.confirm, account_id, found, fetcher.now_ms())
