"""Communities: neighbourhoods (동네), boards of a forum, and team blogs.

Each is an actor of type Group. Nobody signs in as it; who wants to follow it, may. A neighbourhood
passes on what carries its hashtag; in boards and blogs people begin threads.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from server import geojson, text
from server.clock import DAY_MS, HOUR_MS
from server.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from server.ids import first_id, new_id
from server.keyring import Keys
from server.model import MODERATORS, WRITERS, Account, Community, PostView, Site
from server.services import accounts, boosts, profiles
from server.services.profiles import ProfileChanges
from server.store import accounts as account_store
from server.store import blog_people, follows
from server.store import communities as store
from server.store import forum as forum_store
from server.store.db import Read, Write

KINDS: Final = ("neighbourhood", "board", "blog")
POSTING: Final = ("anyone", "members", "writers")
"""Who may begin a thread: whoever can, those who follow it, those whom the city made writers."""
VOTES: Final = ("both", "up", "none")
MAX_CHOICES: Final = 200  # communities in a list to choose from
MAX_RULES: Final = 20
MAX_RULE: Final = 300  # characters
MAX_PLACE: Final = 200
MAX_MODERATORS: Final = 50
MOST_LISTED: Final = 500
MOST_AN_HOUR: Final = 60  # posts of one author in one community of ours
LATELY_MS: Final = 30 * DAY_MS
LOOK_BACK_MS: Final = 56 * DAY_MS
"""How old a post may be that a new neighbourhood passes on."""
MAX_LOOK_BACK: Final = 40  # posts


class NewCommunity(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed for a community. `keys` are made outside the transaction.

    A neighbourhood without a `tag` takes the title without its spaces as its hashtag; without a
    title, the name. `parent_id` is a neighbourhood of ours. `votes`: empty is what fits the `kind`,
    both ways in a board, and nothing against a story in a team blog.
    """

    name: str
    keys: Keys
    kind: str = "neighbourhood"
    title: str = ""
    tag: str = ""
    bio: str = ""
    parent_id: int | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    boundary: str = ""
    rules: tuple[str, ...] = ()
    posting: str = "anyone"
    votes: str = ""
    language: str = ""
    moderator_ids: tuple[int, ...] = ()

    @property
    def hashtag(self) -> str:
        """What a neighbourhood will listen to, as it was written."""
        return self.tag.strip() or "".join(self.title.split()) or self.name.strip()


def create(tx: Write, site: Site, new: NewCommunity, now_ms: int) -> Account:
    """Make a community. A neighbourhood passes on at once what was written in the last weeks.

    Raises `Invalid` for what cannot be, `Conflict` for a taken name or hashtag.
    """
    if new.kind not in KINDS:
        raise Invalid("There is no such kind of community: %(kind)s.", kind=new.kind)
    name = accounts.check_name(new.name)
    tag = _free_tag(tx, new) if new.kind == "neighbourhood" or new.tag.strip() else None
    account = accounts.blank(site, new_id(now_ms), name, "Group", now_ms, display_name=new.title)
    community = _checked(tx, _described(account, new, tag))
    accounts.settle(tx, account, new.keys)
    store.insert(tx, community, now_ms)
    for id in new.moderator_ids:
        store.appoint(tx, account.id, id, now_ms)
    changes = ProfileChanges(bio_source=new.bio.strip())
    account = profiles.edit_profile(tx, site, account, changes, now_ms)
    if tag and new.kind == "neighbourhood":
        _look_back(tx, site, account, tag, now_ms)
    return account


def _described(account: Account, new: NewCommunity, tag: str | None) -> Community:
    return Community(
        account=account,
        kind=new.kind,
        tag=tag,
        parent_id=new.parent_id,
        place=new.place,
        latitude=new.latitude,
        longitude=new.longitude,
        boundary=geojson.normal(new.boundary),
        rules=msgspec.json.encode(check_rules(new.rules)).decode(),
        posting=new.posting,
        votes=new.votes or ("up" if new.kind == "blog" else "both"),
        language=new.language,
    )


def _free_tag(db: Read, new: NewCommunity) -> str:
    tag = check_tag(new.hashtag)
    if owner := store.by_tag(db, tag):
        raise Conflict(
            "The hashtag #%(tag)s belongs to %(name)s already. Please choose another one.",
            tag=tag,
            name=owner.shown_name,
        )
    return tag


def _checked(db: Read, wanted: Community) -> Community:
    """A community as it may be. Raises `NotFound`, `Invalid`."""
    parent = store.by_id(db, wanted.parent_id) if wanted.parent_id else None
    if wanted.parent_id and (parent is None or parent.kind != "neighbourhood"):
        raise NotFound("There is no such neighbourhood.")
    if wanted.parent_id == wanted.account.id:
        raise Invalid("A neighbourhood cannot lie in itself.")
    if wanted.posting not in POSTING or wanted.votes not in VOTES:
        raise Invalid("Please choose one of the offered answers.")
    return msgspec.structs.replace(wanted, place=wanted.place.strip()[:MAX_PLACE])


def check_rules(rules: Iterable[str]) -> list[str]:
    """The rules of a community, without empty lines. Raises `Invalid`."""
    found = [rule.strip() for rule in rules if rule.strip()]
    if len(found) > MAX_RULES or any(len(rule) > MAX_RULE for rule in found):
        raise Invalid(
            "A community has at most %(most)s rules of at most %(long)s characters.",
            most=MAX_RULES,
            long=MAX_RULE,
        )
    return found


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


def all(db: Read, now_ms: int) -> list[Community]:
    """Every neighbourhood, the liveliest of the last 30 days first. One statement."""
    return store.neighbourhoods(db, first_id(now_ms - LATELY_MS))


def listed(db: Read, kind: str, now_ms: int) -> list[Community]:
    """Every community of a kind, or of all: neighbourhoods first, then boards and blogs."""
    found = all(db, now_ms) if kind in ("", "neighbourhood") else []
    others = [other for other in KINDS[1:] if kind in ("", other)]
    return found + store.of_kinds(db, others, MOST_LISTED)


def to_search(db: Read) -> list[Community]:
    """Communities of ours among which somebody may choose where to look, the largest first."""
    return store.of_kinds(db, KINDS, MAX_CHOICES)


def by_name(db: Read, name: str) -> Account:
    """The community of ours called `name`. Raises `NotFound`."""
    account = account_store.by_handle(db, name)
    if account is None or account.kind != "Group":
        raise NotFound("There is no such community.")
    return account


def by_tag(db: Read, tag: str) -> Account | None:
    """The community to which a hashtag belongs, however it is spelt."""
    return store.by_tag(db, text.normal_tag(tag))


def tag_of(db: Read, account: Account) -> str | None:
    """The hashtag that an account passes on; None for people and for strangers' groups."""
    return store.tag_of(db, account.id) if account.local and account.kind == "Group" else None


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in a community; None stays. `avatar`, `header`: file names, "" for none.

    `parent_id` 0: it lies in no neighbourhood.
    """

    title: str | None = None
    bio: str | None = None
    avatar: str | None = None
    header: str | None = None
    rules: tuple[str, ...] | None = None
    posting: str | None = None
    votes: str | None = None
    language: str | None = None
    place: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    boundary: str | None = None
    parent_id: int | None = None


def change(
    tx: Write, site: Site, viewer: Account, community_id: int, new: Changes, now_ms: int
) -> Community:
    """Change a community of ours, by who keeps it. Its followers' servers are told.

    Raises `NotFound`, `Forbidden`, `Invalid`.
    """
    known = store.by_id(tx, community_id)
    if known is None:
        raise NotFound("There is no such community.")
    if not keeps(tx, community_id, viewer):
        raise Forbidden("Only the moderators of this community can do that.")
    store.set_columns(tx, community_id, **_columns(tx, known, new))
    profile = ProfileChanges(
        display_name=new.title, bio_source=new.bio, avatar=new.avatar, header=new.header
    )
    profiles.edit_profile(tx, site, known.account, profile, now_ms)
    changed = store.by_id(tx, community_id)
    assert changed is not None  # noqa: S101  it was there above
    return changed


def _columns(db: Read, known: Community, new: Changes) -> dict[str, Any]:
    """The settings as they will be, checked as those of a new community."""
    said = {name: getattr(new, name) for name in store.SETTINGS if hasattr(new, name)}
    changed = {name: value for name, value in said.items() if value is not None}
    if new.rules is not None:
        changed["rules"] = msgspec.json.encode(check_rules(new.rules)).decode()
    if new.parent_id == 0:
        changed["parent_id"] = None
    if new.boundary is not None:
        changed["boundary"] = geojson.normal(new.boundary)
    checked = _checked(db, msgspec.structs.replace(known, **changed))
    return {name: getattr(checked, name) for name in store.SETTINGS}


def rules_of(community: Community) -> tuple[str, ...]:
    """Its rules, in order."""
    return msgspec.json.decode(community.rules, type=tuple[str, ...])


def moderators(db: Read, community_id: int) -> list[Account]:
    """Who keeps order in a community, as far as they are there; the first one first."""
    return [one for one in store.moderators(db, community_id) if one.state == "active"]


def moderators_uri(group: Account) -> str:
    """Where a community lists who keeps it; "" for a stranger's that does not."""
    return f"{group.uri}/moderators" if group.local else group.moderators_uri


def keep_moderators(tx: Write, group: Account, ids: list[int], now_ms: int) -> None:
    """Those whom a stranger's group lists keep it, and nobody else."""
    before = {one.id for one in store.moderators(tx, group.id)}
    for id in before - set(ids):
        store.dismiss(tx, group.id, id)
    for id in ids:
        store.appoint(tx, group.id, id, now_ms)


def check_room(db: Read, community_id: int) -> None:
    """Raises `Invalid` where a community has as many moderators as it can have."""
    if len(store.moderators(db, community_id)) >= MAX_MODERATORS:
        raise Invalid("A community has at most %(most)s moderators.", most=MAX_MODERATORS)


# --- who may do what in one


def keeps(db: Read, community_id: int, account: Account) -> bool:
    """Whether somebody keeps order there: its moderators, and those of the whole city in ours."""
    if account.state != "active":
        return False
    if account.local and account.role in MODERATORS and store.by_id(db, community_id) is not None:
        return True
    return store.moderates(db, community_id, account.id)


def check_begin(db: Read, group: Account, author: Account, now_ms: int) -> None:
    """Whether somebody may begin a thread. Raises `Forbidden` with what is missing."""
    check_answer(db, group, author, now_ms)
    if keeps(db, group.id, author):
        return
    ours = store.by_id(db, group.id)
    if ours is None:
        if group.closed:
            raise Forbidden("Only its moderators begin threads here.")
        return
    if ours.kind == "neighbourhood":
        raise Forbidden("Threads begin in boards. Write with the neighbourhood's hashtag instead.")
    if ours.posting == "members" and not follows.followed_among(db, author.id, [group.id]):
        raise Forbidden("Only members begin threads here. Follow the community first.")
    if ours.posting == "writers" and not _writes(db, ours, author):
        raise Forbidden("Only writers begin threads here.")


def _writes(db: Read, ours: Community, author: Account) -> bool:
    """The city's writers; in a team blog also those of its cohorts."""
    return author.role in WRITERS or blog_people.writes(db, ours.account.id, author.id)


def check_answer(db: Read, group: Account, author: Account, now_ms: int) -> None:
    """Whether somebody may write there now. Raises `Forbidden`, `TooMany`."""
    check_welcome(db, group, author, now_ms)
    if group.local and _hurries(db, group, author, now_ms):
        raise TooMany("You have written very much here in this hour. Please wait a while.")


def check_welcome(db: Read, group: Account, author: Account, now_ms: int) -> None:
    """Whether somebody may take part there at all. Raises `Forbidden`."""
    if store.banned(db, group.id, author.id, now_ms):
        raise Forbidden("The moderators of this community do not let you write in it.")
    if follows.apart(db, group.id, author.id):
        raise Forbidden("You cannot write in this community.")


def _hurries(db: Read, group: Account, author: Account, now_ms: int) -> bool:
    """Whether an author has filled their hour: each post goes on to every server that follows."""
    after = first_id(now_ms - HOUR_MS)
    return forum_store.wrote_since(db, group.id, author.id, after) >= MOST_AN_HOUR
