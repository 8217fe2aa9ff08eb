"""Our people: joining, profiles, roles, leaving."""

from typing import Final

import msgspec

from federation import build
from federation.vocab import PUBLIC
from server import text
from server.clock import DAY_MS
from server.errors import Conflict, Deleted, Invalid, NotFound
from server.ids import new_id
from server.keyring import Keys
from server.model import AUDIENCES, ROLES, Account, Member, Site
from server.outbox import publish
from server.services import documents, follows, media, profile_links, quotes
from server.services import notifications as notification_service
from server.services.posts import bury
from server.services.sessions import revoke_others
from server.store import accounts as store
from server.store import (
    announcements,
    bookmarks,
    conversations,
    drafts,
    filters,
    invites,
    lists,
    notifications,
    polls,
    posts,
    reactions,
    relations,
    scheduled,
    sessions,
    settings,
    tags,
    thread_mutes,
    visits,
    warnings,
)
from server.store import media as media_store
from server.store.db import Read, UniqueViolation, Write

MAX_DISPLAY_NAME: Final = 60  # characters
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
OFFICIAL: Final = frozenset({"officer", "moderator", "admin"})
RESERVED: Final = frozenset(
    {
        *("admin", "administrator", "root", "support", "help", "about", "moderator", "madang"),
        *("webmaster", "postmaster", "abuse", "security", "instance", "inbox", "outbox"),
        *("api", "actor", "actors", "objects", "home", "local", "federated", "settings"),
        *("search", "write", "drafts", "media", "static", "feeds", "data", "tags"),
    }
)


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to join. `password` is a hash; `keys` are made outside the transaction.

    `address`: from where somebody signs up; nothing where the operator makes the account.
    """

    name: str
    email: str
    password: str
    keys: Keys
    display_name: str = ""
    role: str = "member"
    state: str = "active"
    language: str = ""
    reason: str = ""
    address: str = ""


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


def create(tx: Write, site: Site, new: NewAccount, now_ms: int) -> Account:
    """Make a local account. Raises `Invalid` for an unusable name, `Conflict` for a taken one."""
    name = check_name(new.name, new.role)
    if new.role not in ROLES:
        raise Invalid("There is no such role: %(role)s.", role=new.role)
    email = new.email.strip().lower()
    if "@" not in email or len(email) > 254:
        raise Invalid("Please give an e-mail address, such as name@example.org.")
    if store.by_handle(tx, name):
        raise _taken(name)
    if store.member_by_email(tx, email):
        raise Conflict("There is an account with this e-mail address already. Please sign in.")
    account = blank(site, new_id(now_ms), name, "Person", now_ms, display_name=new.display_name)
    state = "pending" if new.state == "pending" else "active"
    account = msgspec.structs.replace(account, state=state, role=_shown_role(new.role))
    settle(tx, account, new.keys)
    store.insert_member(
        tx,
        Member(
            account_id=account.id,
            email=email,
            password=new.password,
            role=new.role,
            state=new.state,
            reason=new.reason[:2000],
            language=new.language,
            default_visibility="public",
            notified_id=0,
            created_ms=now_ms,
            confirmed_ms=now_ms,
            address=new.address[:100],
        ),
    )
    return account


def _shown_role(role: str) -> str:
    """What everybody may see of it: an ordinary member has none."""
    return "" if role == "member" else role


def settle(tx: Write, account: Account, keys: Keys) -> None:
    """Store a new actor of ours. Raises `Conflict` when a person or a community has its name."""
    try:
        with tx.savepoint():
            store.insert(tx, account)
    except UniqueViolation:
        raise _taken(account.name) from None
    store.insert_keys(tx, account.id, rsa=keys.rsa, ed25519=keys.ed25519)


def _taken(name: str) -> Conflict:
    return Conflict("The name %(name)s is taken. Please choose another one.", name=name)


def check_name(name: str, role: str = "member") -> str:
    """The handle in its one spelling; some are kept for who runs the place. Raises `Invalid`."""
    wanted = name.strip().lower()
    if not text.valid_handle(wanted):
        raise Invalid("A name has 1 to 30 letters a-z, digits and underscores.")
    if wanted in RESERVED and role not in OFFICIAL:
        raise Invalid("This name is reserved. Please choose another one.")
    return wanted


def blank(
    site: Site, id: int, name: str, kind: str, now_ms: int, *, display_name: str = ""
) -> Account:
    """A new actor of ours."""
    uri = f"{site.origin}/actor" if kind == "Application" else f"{site.origin}/actors/{id}"
    return Account(
        id=id,
        uri=uri,
        name=name,
        domain="",
        kind=kind,
        display_name=display_name.strip()[:MAX_DISPLAY_NAME],
        bio="",
        bio_source="",
        url=site.origin if kind == "Application" else f"{site.origin}/@{name}",
        inbox=f"{site.origin}/inbox" if kind == "Application" else f"{uri}/inbox",
        outbox=f"{uri}/outbox",
        followers_uri=f"{uri}/followers",
        following_uri=f"{uri}/following",
        featured_uri=f"{uri}/featured",
        peer_id=None,
        avatar="",
        header="",
        fields="[]",
        emojis="[]",
        also_known_as="[]",
        moved_to=None,
        locked=0,
        bot=0,
        discoverable=1,
        state="active",
        followers_count=0,
        following_count=0,
        posts_count=0,
        last_post_ms=None,
        version=1,
        created_ms=now_ms,
        fetched_ms=0,
        indexable=1,
    )


def instance_actor(db: Read) -> Account | None:
    """The actor in whose name the instance fetches."""
    found = settings.value(db, "instance_actor")
    return store.by_id(db, int(found)) if found else None


def ensure_instance_actor(tx: Write, site: Site, keys: Keys, now_ms: int) -> Account:
    """The instance's own actor, made once; its handle is `DOMAIN@DOMAIN`."""
    known = instance_actor(tx)
    if known is not None:
        return known
    account = blank(
        site, new_id(now_ms), site.domain, "Application", now_ms, display_name=site.name
    )
    store.insert(tx, account)
    store.insert_keys(tx, account.id, rsa=keys.rsa, ed25519=keys.ed25519)
    settings.remember(tx, "instance_actor", str(account.id))
    return account


def visible(db: Read, account_id: int) -> Account:
    """An account that people may look at. Raises `NotFound`, `Deleted`."""
    found = store.by_id(db, account_id)
    return shown(db, found)


def shown(db: Read, account: Account | None) -> Account:
    """The account, if people may look at it. Raises `NotFound`, `Deleted`."""
    if account is None or account.kind == "Application":
        raise NotFound("There is no such account.")
    if account.state == "gone":
        raise Deleted("This account was deleted.")
    if account.state == "pending":
        raise NotFound("There is no such account.")
    if account.state != "active":
        raise NotFound("This account is suspended.")
    return account


def known(db: Read, account: Account | None) -> Account:
    """As `shown`, and the suspended too: apps are told that they are. Raises as it does."""
    if account is not None and account.state == "suspended" and account.kind != "Application":
        return account
    return shown(db, account)


def known_by_id(db: Read, account_id: int) -> Account:
    """An account that apps may know of. Raises `NotFound`, `Deleted`."""
    return known(db, store.by_id(db, account_id))


def known_among(db: Read, ids: list[int]) -> list[Account]:
    """Those of `ids` that apps may know of, in their order."""
    found = store.by_ids(db, ids)
    there = [found[id] for id in dict.fromkeys(ids) if id in found]
    return [
        one for one in there if one.state in ("active", "suspended") and one.kind != "Application"
    ]


def moved(db: Read, account: Account) -> Account | None:
    """Where somebody lives now, if we know them there and they say so too."""
    new = store.by_uri(db, account.moved_to) if account.moved_to else None
    if new is None or new.state != "active":
        return None
    return new if account.uri in msgspec.json.decode(new.also_known_as) else None


def by_handle(db: Read, site: Site, handle: str) -> Account | None:
    """Whom `name`, `@name` or `name@domain` means, if we know them."""
    name, _, domain = handle.strip().removeprefix("@").partition("@")
    domain = domain.lower()
    return store.by_handle(db, name, "" if domain == site.domain.lower() else domain)


def edit_profile(
    tx: Write, site: Site, viewer: Account, changes: ProfileChanges, now_ms: int
) -> Account:
    """Change what others see of an account, and tell its followers."""
    columns = _columns(site, viewer, changes)
    for name in PICTURES & columns.keys():
        _let_go(tx, site, viewer.id, getattr(viewer, name), now_ms)
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


def _let_go(tx: Write, site: Site, account_id: int, url: str, now_ms: int) -> None:
    """Have the file of a picture removed that a profile shows no more, if it is one of ours."""
    base = f"{site.origin}/media/"
    if url.startswith(base):
        media.let_go(tx, account_id, url.removeprefix(base), now_ms)


def _words(site: Site, viewer: Account, changes: ProfileChanges) -> dict[str, object]:
    columns: dict[str, object] = {}
    if changes.display_name is not None:
        columns["display_name"] = changes.display_name.strip()[:MAX_DISPLAY_NAME]
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


def change_password(
    tx: Write, viewer: Account, new_hash: str, keep_session: str = ""
) -> tuple[int, ...]:
    """A new password ends every other session and every app's access: the ids of their tokens."""
    store.set_member(tx, viewer.id, password=new_hash)
    return revoke_others(tx, viewer.id, keep_session)


def renew_hash(tx: Write, account_id: int, new_hash: str) -> None:
    """The same password, hashed with today's settings; nobody is signed out."""
    store.set_member(tx, account_id, password=new_hash)


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
    return _own(tx, viewer_id)[1]


def pending(db: Read) -> list[tuple[Account, Member]]:
    """Who waits for approval, oldest first."""
    return store.members(db, "pending")


def approve(tx: Write, account_id: int, now_ms: int) -> Account:
    """Let somebody in who waited."""
    account, member = _own(tx, account_id)
    if member.state != "pending":
        raise Conflict("This account does not wait for approval any more.")
    store.set_member(tx, account_id, state="active")
    store.set_columns(tx, account_id, state="active")
    return account


def refuse(tx: Write, account_id: int) -> None:
    """Turn somebody away who waited; their name is free again."""
    _, member = _own(tx, account_id)
    if member.state != "pending":
        raise Conflict("This account does not wait for approval any more.")
    sessions.remove_of(tx, account_id)
    sessions.remove_tokens_of(tx, account_id)
    notifications.remove_all_from(tx, account_id)
    store.remove_member(tx, account_id)
    store.remove_local(tx, account_id)


def set_role(tx: Write, account_id: int, role: str) -> None:
    """Give a role. Raises `Invalid`."""
    if role not in ROLES:
        raise Invalid("There is no such role: %(role)s.", role=role)
    _own(tx, account_id)
    store.set_member(tx, account_id, role=role)
    store.set_columns(tx, account_id, role=_shown_role(role))


def suspend(tx: Write, account_id: int) -> None:
    """Keep somebody out and hide what they wrote, until restored."""
    _own(tx, account_id)
    store.set_member(tx, account_id, state="suspended")
    store.set_columns(tx, account_id, state="suspended")
    sessions.remove_of(tx, account_id)
    sessions.remove_tokens_of(tx, account_id)


def restore(tx: Write, account_id: int) -> None:
    """Undo a suspension."""
    _own(tx, account_id)
    store.set_member(tx, account_id, state="active")
    store.set_columns(tx, account_id, state="active")


def _own(db: Read, account_id: int) -> tuple[Account, Member]:
    account, member = store.by_id(db, account_id), store.member(db, account_id)
    if account is None or member is None:
        raise NotFound("There is no such account.")
    return account, member


def contact(db: Read) -> Account | None:
    """Whom one can turn to: the first admin, or else moderator, if there is one."""
    return store.contact(db)


def moderators(db: Read) -> list[Account]:
    """Those who decide here."""
    return store.moderators(db)


def named(db: Read, site: Site, name: str) -> Member | None:
    """The private half of one of ours, by what is typed at the door: name, handle or e-mail."""
    if member := store.member_by_email(db, name):
        return member
    account = by_handle(db, site, name)
    return store.member(db, account.id) if account else None


def has_email(db: Read, email: str) -> bool:
    """Whether one of ours signs in with this address."""
    return store.member_by_email(db, email.strip().lower()) is not None


def leave(tx: Write, site: Site, viewer: Account, now_ms: int) -> None:
    """End one's own account. Raises `Conflict` for the only administrator: see `delete`."""
    admins = [
        account.id
        for account in store.moderators(tx)
        if (member := store.member(tx, account.id)) and member.role == "admin"
    ]
    if admins == [viewer.id]:
        raise Conflict(
            "You are the only administrator here. Please have somebody else made one first."
        )
    delete(tx, site, viewer, now_ms)


def delete(tx: Write, site: Site, viewer: Account, now_ms: int) -> None:
    """End an account: its posts are buried, what was only its own goes. It cannot come back.

    The name stays taken, for other servers remember whose it was. Every server that we know is
    told: any of them may have kept something.
    """
    uri = f"{viewer.uri}#delete"
    publish(
        tx,
        viewer,
        build.delete(uri, viewer.uri, viewer.uri, to=(PUBLIC,)),
        now_ms,
        everywhere=True,
    )
    for follower_id, target_id in follows.partners(tx, viewer.id):
        follower, target = store.by_id(tx, follower_id), store.by_id(tx, target_id)
        if follower and target:
            follows.drop(tx, follower, target)
    for id in posts.ids_by(tx, viewer.id, 100_000):
        if post := posts.by_id(tx, id):
            bury(tx, post, now_ms, quietly=True)
    reactions.withdraw(tx, viewer.id)
    polls.remove_votes_of(tx, viewer.id)
    notifications.remove_all_from(tx, viewer.id)
    notification_service.remove_of(tx, viewer.id)
    conversations.remove_of(tx, viewer.id)
    announcements.remove_of(tx, viewer.id)
    sessions.remove_of(tx, viewer.id)
    sessions.remove_tokens_of(tx, viewer.id)
    drafts.remove_of(tx, viewer.id)
    invites.remove_of(tx, viewer.id)
    visits.remove_of(tx, viewer.id)
    scheduled.remove_of(tx, viewer.id)
    relations.forget_all(tx, viewer.id)
    lists.remove_of(tx, viewer.id)
    filters.remove_of(tx, viewer.id)
    tags.remove_of(tx, viewer.id)
    bookmarks.remove_of(tx, viewer.id)
    thread_mutes.remove_of(tx, viewer.id)
    warnings.remove_of(tx, viewer.id)
    media_store.release_loose(tx, viewer.id)
    for picture in (viewer.avatar, viewer.header):
        _let_go(tx, site, viewer.id, picture, now_ms)
    store.remove_member(tx, viewer.id)
    store.set_columns(
        tx,
        viewer.id,
        state="gone",
        role="",
        display_name="",
        bio="",
        bio_source="",
        avatar="",
        header="",
        fields="[]",
    )


def settle_domain(tx: Write, site: Site) -> str | None:
    """Remember our domain at the first start; the other one, when it is not what it was then.

    It is part of every handle and id that other servers keep: it can never change.
    """
    known = settings.value(tx, "domain")
    if known is None:
        settings.remember(tx, "domain", site.domain)
    return known if known not in (None, site.domain) else None


class Facts(msgspec.Struct, frozen=True):
    """How many people and posts we have."""

    users: int
    active_month: int
    active_half_year: int
    posts: int


def facts(db: Read, now_ms: int) -> Facts:
    """Counts for NodeInfo and the about page."""
    row = store.totals(db, now_ms - 30 * DAY_MS, now_ms - 180 * DAY_MS)
    return Facts(row["users"], row["active_month"], row["active_half_year"], row["posts"])
