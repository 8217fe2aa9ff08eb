"""Links of a profile that lead back to it: whoever owns the page says so with `rel="me"`."""

import json
from typing import Final

from server import text
from server.model import Account
from server.store import accounts, jobs
from server.store.db import Write

MAX_PAGE_BYTES: Final = 1024 * 1024

Line = tuple[str, str, int | None]
"""Name, HTML, and when its link was found to lead back."""


def lines(account: Account) -> list[Line]:
    """The table on somebody's profile."""
    if account.fields == "[]":
        return []
    return [
        (name, value, more[0] if more else None)
        for name, value, *more in json.loads(account.fields)
    ]


def unconfirmed(account: Account) -> list[str]:
    """Where those lines lead that are one link of which we do not know yet."""
    found = [text.only_link(value) for _, value, at_ms in lines(account) if at_ms is None]
    return list(dict.fromkeys(address for address in found if address))


def check_later(tx: Write, account: Account, now_ms: int) -> None:
    """Promise a look at the pages to which a profile leads."""
    if unconfirmed(account):
        payload = {"account": account.id}
        jobs.enqueue_once(tx, "links", f"links:{account.id}", payload, now_ms)


def leads_back(page: bytes, account: Account) -> bool:
    """Whether a page says that it is the account's own."""
    own = {_plain(account.url), _plain(account.uri)}
    return any(_plain(link) in own for link in text.me_links(page.decode(errors="replace")))


def _plain(address: str) -> str:
    return address.rstrip("/").lower()


def confirm(tx: Write, account_id: int, addresses: list[str], now_ms: int) -> None:
    """These lead back. What has been changed meanwhile was not looked at, and stays as it is."""
    account = accounts.by_id(tx, account_id)
    if account is None or account.state != "active":
        return
    kept = [
        (name, value, now_ms if at_ms is None and text.only_link(value) in addresses else at_ms)
        for name, value, at_ms in lines(account)
    ]
    accounts.set_columns(tx, account.id, fields=encoded(kept))


def encoded(kept: list[Line]) -> str:
    """As `Account.fields` has it."""
    rows = [(name, value) if at is None else (name, value, at) for name, value, at in kept]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
