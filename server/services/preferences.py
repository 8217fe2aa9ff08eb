"""What somebody chose for themselves alone: language, theme, how new posts begin."""

import msgspec

from server.errors import Invalid
from server.model import AUDIENCES, Member
from server.services import accounts, follows, quotes
from server.store import accounts as store
from server.store.db import Write


def set_language(tx: Write, viewer_id: int, language: str) -> None:
    """The language in which the pages speak to somebody."""
    store.set_member(tx, viewer_id, language=language)


def set_theme(tx: Write, viewer_id: int, theme: str) -> None:
    """How the pages look to somebody: light, dark, or as their device says (empty)."""
    store.set_member(tx, viewer_id, theme=theme)


def set_default_visibility(tx: Write, viewer_id: int, visibility: str) -> None:
    """Who sees somebody's new posts unless they say otherwise. Raises `Invalid`."""
    if visibility not in AUDIENCES:
        raise Invalid("There is no such visibility: %(visibility)s.", visibility=visibility)
    store.set_member(tx, viewer_id, default_visibility=visibility)


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody's new posts begin; None stays. `language`: its code, empty for that of pages."""

    visibility: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    quote_policy: str | None = None


def set_defaults(tx: Write, viewer_id: int, wanted: Defaults) -> Member:
    """Remember how somebody's new posts begin. Raises `Invalid`."""
    if wanted.visibility is not None:
        set_default_visibility(tx, viewer_id, wanted.visibility)
    if wanted.sensitive is not None:
        store.set_member(tx, viewer_id, default_sensitive=int(wanted.sensitive))
    if wanted.language is not None:
        if wanted.language and not follows.is_language(wanted.language):
            raise Invalid("This is not the code of a language, such as ko or en.")
        store.set_member(tx, viewer_id, default_language=wanted.language)
    if wanted.quote_policy is not None:
        if wanted.quote_policy not in quotes.POLICIES:
            raise Invalid("Please choose who may quote your posts.")
        store.set_member(tx, viewer_id, default_quote_policy=wanted.quote_policy)
    return accounts.own(tx, viewer_id)[1]
