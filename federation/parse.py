"""A stranger's document as a value, or `Malformed` when something it must have is missing."""

import re
from typing import Any, Final

from federation.attachments import picture
from federation.errors import Gone, Malformed
from federation.groups import moderators
from federation.objects import MAX_CONTENT_BYTES, emojis, object_, page_url
from federation.readers import (
    audience,
    count_or_none,
    cut,
    decode,
    first,
    id_or_none,
    ids,
    many,
    require_id,
    text_or_none,
    time_ms,
    type_or_none,
    uri_or_none,
)
from federation.vocab import ACTOR_TYPES, OBJECT_TYPES, Activity, Actor, Collection, Key

__all__ = [
    "activity",
    "actor",
    "audience",
    "collection",
    "count_or_none",
    "decode",
    "first",
    "id_or_none",
    "keys",
    "many",
    "object_",
    "require_id",
    "text_or_none",
    "time_ms",
    "type_or_none",
    "uri_or_none",
]

_NAME: Final = re.compile(r"[^\s@/\\:<>\"'&?#%]+")

MAX_NAME_CHARS: Final = 200
MAX_USERNAME_CHARS: Final = 128
MAX_FIELDS: Final = 16
MAX_KEYS: Final = 16
MAX_KEY_CHARS: Final = 4_096
MAX_ALIASES: Final = 32
MAX_ATTRIBUTION_DOMAINS: Final = 32
MAX_DOMAIN_CHARS: Final = 253
MAX_ITEMS: Final = 1_000
MAX_FLAGGED: Final = 100
MAX_REASON_CHARS: Final = 5_000

COLLECTION_TYPES: Final = frozenset(
    {"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"}
)
BOT_TYPES: Final = frozenset({"Service", "Application"})
ED25519_PREFIX: Final = "z6Mk"

NOT_ACTIVITIES: Final = ACTOR_TYPES | OBJECT_TYPES | COLLECTION_TYPES | {"Tombstone"}
"""Pleroma puts an `actor` into its notes: that makes them no activities."""

ABOUT_SOMETHING: Final = frozenset(
    {
        "Create", "Update", "Delete", "Like", "Dislike", "Announce", "Follow", "Accept", "Reject",
        "Undo", "Add", "Remove", "Block", "Flag", "Move", "Lock", "QuoteRequest", "EmojiReact",
        "LikeRequest", "ReplyRequest", "AnnounceRequest",
    }
)  # fmt: skip
"""Activities that mean nothing without an `object`."""

ABOUT_SEVERAL: Final = frozenset({"Flag", "Announce"})


def activity(raw: dict[str, Any]) -> Activity:
    """An activity. `id`, `type` and one `actor` are required, and `object` by all that act on one.

    Only a Flag may name several objects, and an Announce, which then has no `object_id`: what it
    brings is read from `raw` (`groups.batch`). `content` is `content` or else `summary`: why
    something was reported or removed. Raises `Malformed`. AP §3, §7.
    """
    kind = type_or_none(raw.get("type"))
    if kind is None or kind in NOT_ACTIVITIES:
        raise Malformed(f"not an activity: {kind}")
    objects = ids(many(raw.get("object")), MAX_FLAGGED)
    embedded = _embedded(raw, kind)
    if kind in ABOUT_SOMETHING and not objects and embedded is None:
        raise Malformed(f"{kind} without an object")
    return Activity(
        id=require_id(raw, "id"),
        type=kind,
        actor=require_id(raw, "actor"),
        object_id=id_or_none(embedded) if embedded is not None else _only(objects, kind),
        object_type=type_or_none(embedded.get("type")) if embedded is not None else None,
        object=embedded,
        objects=objects,
        target_id=id_or_none(raw.get("target")),
        content=_reason(raw),
        to=audience(raw.get("to")),
        cc=audience(raw.get("cc")),
        published_ms=time_ms(raw.get("published")),
        raw=raw,
    )


def _embedded(raw: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The embedded object, if it was embedded. Raises `Malformed` for several that mean one."""
    value = raw.get("object")
    several = isinstance(value, list) and len(value) > 1
    if several and kind not in ABOUT_SEVERAL:
        raise Malformed(f"{kind} of several objects")
    if several and kind == "Announce":
        return None
    value = first(value)
    return value if isinstance(value, dict) else None


def _only(objects: tuple[str, ...], kind: str) -> str | None:
    """The id of the object; an Announce of several is about no single one of them."""
    return objects[0] if objects and (len(objects) == 1 or kind != "Announce") else None


def _reason(raw: dict[str, Any]) -> str | None:
    """Why, in the words of the actor."""
    text = text_or_none(raw.get("content")) or text_or_none(raw.get("summary"))
    return text[:MAX_REASON_CHARS] if text else None


def actor(raw: dict[str, Any]) -> Actor:
    """An actor; `id`, `inbox` and one of `ACTOR_TYPES` are required.

    Without a usable `preferredUsername` the last segment of the id is the name. `discoverable` is
    true only where it is left out or true, `indexable` only where it is true. Raises `Gone` for a
    Tombstone, else `Malformed`. AP §4.
    """
    kind = type_or_none(raw.get("type"), ACTOR_TYPES)
    if kind == "Tombstone":
        raise Gone("a tombstone")
    if kind not in ACTOR_TYPES:
        raise Malformed(f"not an actor: {kind}")
    id = require_id(raw, "id")
    endpoints = raw.get("endpoints")
    return Actor(
        id=id,
        type=kind,
        username=_username(raw, id),
        name=(text_or_none(raw.get("name")) or "")[:MAX_NAME_CHARS],
        summary=cut(text_or_none(raw.get("summary")) or "", MAX_CONTENT_BYTES),
        url=page_url(raw.get("url")),
        inbox=require_id(raw, "inbox"),
        shared_inbox=_address(endpoints, "sharedInbox") if isinstance(endpoints, dict) else "",
        outbox=_address(raw, "outbox"),
        followers=_address(raw, "followers"),
        following=_address(raw, "following"),
        featured=_address(raw, "featured"),
        icon=picture(raw.get("icon")),
        image=picture(raw.get("image")),
        locked=raw.get("manuallyApprovesFollowers") is True,
        bot=kind in BOT_TYPES,
        discoverable=raw.get("discoverable", True) is True,
        indexable=raw.get("indexable") is True,
        attribution_domains=_domains(raw.get("attributionDomains")),
        show_media=raw.get("showMedia") is not False,
        show_media_replies=raw.get("showRepliesInMedia") is not False,
        show_featured=raw.get("showFeatured") is not False,
        fields=_fields(raw.get("attachment")),
        emojis=emojis(raw),
        keys=keys(raw),
        also_known_as=ids(many(raw.get("alsoKnownAs")), MAX_ALIASES),
        moved_to=id_or_none(raw.get("movedTo")),
        moderators=moderators(raw) if kind == "Group" else "",
        closed=kind == "Group" and raw.get("postingRestrictedToMods") is True,
        published_ms=time_ms(raw.get("published")),
        raw=raw,
    )


def _address(raw: dict[str, Any], name: str) -> str:
    """The id under `name`, "" without one."""
    return id_or_none(raw.get(name)) or ""


def _domains(value: Any) -> tuple[str, ...]:
    """Websites whose author this actor may be called. joinmastodon.org/ns#attributionDomains"""
    found = [text_or_none(item) for item in many(value)[:MAX_ATTRIBUTION_DOMAINS]]
    return tuple(name.lower() for name in found if name and len(name) <= MAX_DOMAIN_CHARS)


def _username(raw: dict[str, Any], id: str) -> str:
    """The name in the handle: no space, `@` or slash can be part of it."""
    name = text_or_none(raw.get("preferredUsername"))
    for candidate in (name, id.partition("?")[0].rstrip("/").rpartition("/")[2]):
        if candidate and len(candidate) <= MAX_USERNAME_CHARS and _NAME.fullmatch(candidate):
            return candidate
    raise Malformed("no usable preferredUsername")


def _fields(value: Any) -> tuple[tuple[str, str], ...]:
    """Name and HTML of the lines that an actor tells about itself."""
    found = []
    for item in many(value)[:MAX_FIELDS]:
        if isinstance(item, dict) and type_or_none(item.get("type")) == "PropertyValue":
            name, text = text_or_none(item.get("name")), text_or_none(item.get("value"))
            if name:
                found.append((name[:MAX_NAME_CHARS], (text or "")[:MAX_REASON_CHARS]))
    return tuple(found)


def keys(raw: dict[str, Any]) -> tuple[Key, ...]:
    """The public keys in an actor document, or in a document that is itself a key.

    Whether a key belongs to its `owner` is not decided here: read the owner's own document.
    FEP-521a for `assertionMethod`.
    """
    listed = [raw] if "publicKeyPem" in raw else many(raw.get("publicKey"))
    found = [_rsa(item) for item in listed[:MAX_KEYS]]
    found += [_multikey(item) for item in many(raw.get("assertionMethod"))[:MAX_KEYS]]
    return tuple(key for key in found if key)


def _rsa(item: Any) -> Key | None:
    """A key of the security vocabulary."""
    return _key(item, "owner", "publicKeyPem")


def _multikey(item: Any) -> Key | None:
    """An Ed25519 Multikey; anything else under `assertionMethod` is not for us (Mitra: RSA)."""
    kind = type_or_none(item.get("type")) if isinstance(item, dict) else None
    key = _key(item, "controller", "publicKeyMultibase") if kind == "Multikey" else None
    return key if key and key.multibase.startswith(ED25519_PREFIX) else None


def _key(item: Any, owner: str, material: str) -> Key | None:
    """A key whose three parts are all there."""
    if not isinstance(item, dict):
        return None
    id, whose, text = (
        id_or_none(item),
        id_or_none(item.get(owner)),
        text_or_none(item.get(material)),
    )
    if not id or not whose or not text or len(text) > MAX_KEY_CHARS:
        return None
    return Key(id, whose, pem=text) if owner == "owner" else Key(id, whose, multibase=text)


def collection(raw: dict[str, Any]) -> Collection:
    """A collection or one page of it, at most `MAX_ITEMS` items.

    `id` is "" for an embedded page without one. A first page that is embedded with its items, or
    that has no id, is taken into the whole: then `first` is None and `next` is what follows.
    Raises `Malformed`. AS2 Vocabulary §3.1.
    """
    kind = type_or_none(raw.get("type"), COLLECTION_TYPES)
    if kind not in COLLECTION_TYPES:
        raise Malformed(f"not a collection: {kind}")
    page = raw.get("first")
    own = _items(raw)
    if isinstance(page, dict) and not own and (_items(page) or not id_or_none(page)):
        own, start, following = _items(page), None, page.get("next")
    else:
        start, following = page, raw.get("next")
    return Collection(
        id=id_or_none(raw) or "",
        items=own,
        first=id_or_none(start),
        next=id_or_none(following),
        total=count_or_none(raw.get("totalItems")),
    )


def _items(raw: dict[str, Any]) -> tuple[str | dict[str, Any], ...]:
    """Ids and embedded objects in their order."""
    listed = many(raw.get("orderedItems")) or many(raw.get("items"))
    found = (item if isinstance(item, dict) else uri_or_none(item) for item in listed[:MAX_ITEMS])
    return tuple(item for item in found if item)
