"""Communities: so far neighbourhoods (동네), which pass on what carries their hashtag.

A neighbourhood is an actor of type Group. Nobody signs in as it; who wants to follow it, may.
"""

from typing import Final

import msgspec

from server import text
from server.clock import DAY_MS
from server.errors import Conflict, Invalid, NotFound
from server.ids import first_id, new_id
from server.keyring import Keys
from server.model import Account, Neighbourhood, PostView, Site
from server.services import accounts, boosts, profiles
from server.services.profiles import ProfileChanges
from server.store import accounts as account_store
from server.store import communities as store
from server.store import follows
from server.store.db import Read, Write

KINDS: Final = ("neighbourhood",)
LATELY_MS: Final = 30 * DAY_MS
LOOK_BACK_MS: Final = 56 * DAY_MS
"""How old a post may be that a new neighbourhood passes on."""
MAX_LOOK_BACK: Final = 40  # posts


class NewCommunity(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed for a community. `keys` are made outside the transaction.

    Without a `tag` the title without its spaces is the hashtag; without a title, the name.
    """

    name: str
    keys: Keys
    kind: str = "neighbourhood"
    title: str = ""
    tag: str = ""
    bio: str = ""

    @property
    def hashtag(self) -> str:
        """What it will listen to, as it was written."""
        return self.tag.strip() or "".join(self.title.split()) or self.name.strip()


def create(tx: Write, site: Site, new: NewCommunity, now_ms: int) -> Account:
    """Make a community, which passes on at once what its people wrote in the last weeks.

    Raises `Invalid` for a name or a hashtag that cannot be one, `Conflict` for a taken one.
    """
    if new.kind not in KINDS:
        raise Invalid("There is no such kind of community: %(kind)s.", kind=new.kind)
    name, tag = accounts.check_name(new.name), check_tag(new.hashtag)
    if owner := store.by_tag(tx, tag):
        raise Conflict(
            "The hashtag #%(tag)s belongs to %(name)s already. Please choose another one.",
            tag=tag,
            name=owner.shown_name,
        )
    account = accounts.blank(site, new_id(now_ms), name, "Group", now_ms, display_name=new.title)
    accounts.settle(tx, account, new.keys)
    store.insert(tx, account_id=account.id, kind=new.kind, tag=tag, now_ms=now_ms)
    changes = ProfileChanges(bio_source=new.bio.strip())
    account = profiles.edit_profile(tx, site, account, changes, now_ms)
    _look_back(tx, site, account, tag, now_ms)
    return account


def check_tag(tag: str) -> str:
    """A hashtag, with or without its sign, in the one spelling. Raises `Invalid`."""
    wanted = text.normal_tag(tag.strip())
    if text.find_hashtags(f"#{wanted}") != [wanted]:
        raise Invalid("A hashtag has letters, digits and underscores, and no spaces.")
    return wanted


def _look_back(tx: Write, site: Site, neighbourhood: Account, tag: str, now_ms: int) -> None:
    """Boost what was written before, oldest first, so that nobody finds an empty page."""
    found = store.tagged(tx, tag, first_id(now_ms - LOOK_BACK_MS), MAX_LOOK_BACK)
    authors = account_store.by_ids(tx, [post.author_id for post in found])
    for post in reversed(found):
        view = PostView(post=post, author=authors[post.author_id])
        if not follows.apart(tx, neighbourhood.id, post.author_id):
            boosts.boost(tx, site, neighbourhood, view, now_ms)


def all(db: Read, now_ms: int) -> list[Neighbourhood]:
    """Every neighbourhood, the liveliest of the last 30 days first. One statement."""
    return store.neighbourhoods(db, first_id(now_ms - LATELY_MS))


def by_name(db: Read, name: str) -> Account:
    """The community of ours called `name`. Raises `NotFound`."""
    account = account_store.by_handle(db, name)
    if account is None or account.kind != "Group":
        raise NotFound("There is no such community.")
    return account


def tag_of(db: Read, account: Account) -> str | None:
    """The hashtag that an account passes on; None for people and for strangers' groups."""
    return store.tag_of(db, account.id) if account.local and account.kind == "Group" else None
