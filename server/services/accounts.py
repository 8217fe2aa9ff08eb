"""Our people: joining, and who is found by name."""

from typing import Final

import msgspec

from server import text
from server.clock import DAY_MS
from server.errors import Conflict, Deleted, Invalid, NotFound
from server.ids import new_id
from server.keyring import Keys
from server.model import ROLES, Account, Member, Site
from server.services.sessions import revoke_others
from server.store import accounts as store
from server.store import settings
from server.store.db import Read, UniqueViolation, Write

MAX_DISPLAY_NAME: Final = 60  # characters
MAX_REASON: Final = 2_000
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
    account = msgspec.structs.replace(account, state=state, role=shown_role(new.role))
    settle(tx, account, new.keys)
    store.insert_member(
        tx,
        Member(
            account_id=account.id,
            email=email,
            password=new.password,
            role=new.role,
            state=new.state,
            reason=new.reason[:MAX_REASON],
            language=new.language,
            default_visibility="public",
            notified_id=0,
            created_ms=now_ms,
            confirmed_ms=now_ms,
            address=new.address[:100],
        ),
    )
    return account


def shown_role(role: str) -> str:
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


def change_password(
    tx: Write, viewer: Account, new_hash: str, keep_session: str = ""
) -> tuple[int, ...]:
    """A new password ends every other session and every app's access: the ids of their tokens."""
    store.set_member(tx, viewer.id, password=new_hash)
    return revoke_others(tx, viewer.id, keep_session)


def renew_hash(tx: Write, account_id: int, new_hash: str) -> None:
    """The same password, hashed with today's settings; nobody is signed out."""
    store.set_member(tx, account_id, password=new_hash)


def meant(db: Read, site: Site, handle: str) -> Account | None:
    """Whom a handle in a text means, if we know them and they are there."""
    found = by_handle(db, site, handle)
    return found if found and found.state == "active" and found.kind != "Application" else None


def own(db: Read, account_id: int) -> tuple[Account, Member]:
    """One of ours, and the private half. Raises `NotFound`."""
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
