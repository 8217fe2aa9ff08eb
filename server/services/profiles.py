"""What people show of themselves: name, biography, pictures, links, and who may find them."""

from typing import Final

import msgspec

from federation import build
from server import text
from server.errors import Invalid
from server.model import Account, Site
from server.outbox import publish
from server.services import accounts, documents, media, profile_links
from server.store import accounts as store
from server.store.db import Write

MAX_BIO: Final = 1000
MAX_FIELDS: Final = 4
MAX_FIELD: Final = 255
MAX_PICTURE_DESCRIPTION: Final = 150
MAX_ATTRIBUTION_DOMAINS: Final = 10
PICTURES: Final = frozenset({"avatar", "header"})
SWITCHES: Final = (
    *("locked", "bot", "discoverable", "indexable", "hide_collections"),
    *("show_media", "show_media_replies", "show_featured"),
)


class ProfileChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in a profile; None stays. `avatar`, `header`: file names, "" for none.

    `indexable`: everybody may find posts by their words. `hide_collections`: nobody else sees who
    follows whom. `attribution_domains`: sites that may name the account as an author.
    """

    display_name: str | None = None
    bio_source: str | None = None
    fields: tuple[tuple[str, str], ...] | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_collections: bool | None = None
    show_media: bool | None = None
    show_media_replies: bool | None = None
    show_featured: bool | None = None
    avatar: str | None = None
    header: str | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    attribution_domains: tuple[str, ...] | None = None


def edit_profile(
    tx: Write, site: Site, viewer: Account, changes: ProfileChanges, now_ms: int
) -> Account:
    """Change what others see of an account, and tell its followers."""
    columns = _columns(site, viewer, changes)
    for name in PICTURES & columns.keys():
        let_go(tx, site, viewer.id, getattr(viewer, name), now_ms)
    store.set_columns(tx, viewer.id, **columns)
    account = store.by_id(tx, viewer.id)
    assert account is not None  # noqa: S101  changed above
    if changes.fields is not None:
        profile_links.check_later(tx, account, now_ms)
    tell_update(tx, site, account, now_ms)
    return account


def _columns(site: Site, viewer: Account, changes: ProfileChanges) -> dict[str, object]:
    columns = _words(site, viewer, changes)
    for name in SWITCHES:
        if (value := getattr(changes, name)) is not None:
            columns[name] = int(value)
    for name in ("avatar", "header"):
        if (file := getattr(changes, name)) is not None:
            columns[name] = f"{site.origin}/media/{file}" if file else ""
    if changes.attribution_domains is not None:
        columns["attribution_domains"] = _domains(changes.attribution_domains)
    return columns or {"display_name": viewer.display_name}


def _domains(typed: tuple[str, ...]) -> str:
    wanted = [one for one in typed if one.strip()]
    if len(wanted) > MAX_ATTRIBUTION_DOMAINS:
        raise Invalid("At most %(most)s websites fit here.", most=MAX_ATTRIBUTION_DOMAINS)
    names = [text.domain_name(one) for one in wanted]
    if None in names:
        raise Invalid("This is not the domain of a website, such as example.org.")
    return msgspec.json.encode(list(dict.fromkeys(names))).decode()


def let_go(tx: Write, site: Site, account_id: int, url: str, now_ms: int) -> None:
    """Have the file of a picture removed that a profile shows no more, if it is one of ours."""
    base = f"{site.origin}/media/"
    if url.startswith(base):
        media.let_go(tx, account_id, url.removeprefix(base), now_ms)


def _words(site: Site, viewer: Account, changes: ProfileChanges) -> dict[str, object]:
    columns: dict[str, object] = {}
    if changes.display_name is not None:
        columns["display_name"] = changes.display_name.strip()[: accounts.MAX_DISPLAY_NAME]
    if changes.bio_source is not None:
        if len(changes.bio_source) > MAX_BIO:
            raise Invalid("A biography has at most %(most)s characters.", most=MAX_BIO)
        columns["bio_source"] = changes.bio_source
        columns["bio"] = rendered(site, changes.bio_source)
    if changes.fields is not None:
        columns["fields"] = _fields(site, viewer, changes.fields)
    for name in ("avatar_description", "header_description"):
        if (said := getattr(changes, name)) is not None:
            columns[name] = said.strip()[:MAX_PICTURE_DESCRIPTION]
    return columns


def rendered(site: Site, source: str) -> str:
    """A biography or field as HTML, its hashtags linked."""
    return text.render(
        source,
        story=False,
        mention_of=lambda _: None,
        tag_href=lambda tag: documents.tag_href(site, tag),
    ).html


def _fields(site: Site, viewer: Account, fields: tuple[tuple[str, str], ...]) -> str:
    """What was found of a link stays known while the link does."""
    kept = [(name.strip()[:MAX_FIELD], value.strip()[:MAX_FIELD]) for name, value in fields]
    named = [line for line in kept if line[0]][:MAX_FIELDS]  # before any of them is rendered
    lines = [(name, rendered(site, value)) for name, value in named]
    known = {value: at_ms for _, value, at_ms in profile_links.lines(viewer)}
    return profile_links.encoded([(name, value, known.get(value)) for name, value in lines])


def tell_update(tx: Write, site: Site, account: Account, now_ms: int) -> None:
    """Tell the followers' servers what the account looks like now."""
    activity = build.update(documents.profile(tx, site, account), account.version)
    publish(tx, account, activity, now_ms, followers=True)
