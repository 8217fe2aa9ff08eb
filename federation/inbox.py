"""The only door: from a request to an activity of which we know who sent it.

`claim` needs neither network nor storage and refuses all that can be refused without them; `prove`
finds the key and verifies. Nothing else makes an `Authentic`.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Protocol

import msgspec

from federation import parse, signature
from federation.errors import Gone, Malformed, NotAuthentic
from federation.origin import host, normal, normal_origin, same_origin
from federation.signature import Signature, SignedRequest
from federation.vocab import Activity, Actor, Key


class KeySource(Protocol):
    """Where public keys come from."""

    async def cached(self, key_id: str) -> Key | None:
        """The key as last read from its owner's document, if we have it."""

    async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        """The key, read now from the document of its owner, and that document.

        Raises `FederationError`: `Gone` for a deleted owner, and when it was asked too often.
        """


class Claim(msgspec.Struct, frozen=True):
    """A request whose form is right and whose signature is not verified yet."""

    request: SignedRequest
    signature: Signature
    activity: Activity


class Authentic(msgspec.Struct, frozen=True):
    """An activity that its actor sent. `actor` is their document, if it had to be fetched.

    `scheme` is the signature scheme they spoke, "cavage" or "rfc9421".
    """

    activity: Activity
    actor: Actor | None
    key_id: str
    scheme: str


async def authenticate(
    request: SignedRequest, keys: KeySource, now_ms: int, own_hosts: Collection[str]
) -> Authentic:
    """The activity in `request`, if its actor signed it.

    `own_hosts` are our hosts, in lower case, each with its port unless that is the default. Raises
    `Malformed`, `NotAuthentic`, what `keys` raises, and `Gone` for the deletion of an actor whom we
    do not know: nothing is fetched for that, and nothing is to be done. AP §B.1, FEP-fe34.
    """
    return await prove(claim(request, now_ms, own_hosts), keys, now_ms)


def claim(request: SignedRequest, now_ms: int, own_hosts: Collection[str]) -> Claim:
    """All checks that need neither network nor storage.

    The host is one of ours, the signature is well formed, recent and of this body, and activity,
    actor and key share an origin that is not ours. Raises `Malformed` or `NotAuthentic`.
    """
    offered = _signature(request, now_ms, own_hosts)
    raw = parse.decode(request.body)
    if not isinstance(raw.get("id"), str) or not isinstance(raw.get("actor"), str):
        raise Malformed("id and actor must each be one string")
    activity = _named(parse.activity(raw), request.body, own_hosts)
    _require_one_origin(activity, offered.key_id, own_hosts)
    return Claim(request, offered, activity)


async def prove(claim: Claim, keys: KeySource, now_ms: int) -> Authentic:
    """Verify a claim with the key we have or, once, with the key its owner publishes now.

    Raises as `authenticate` does.
    """
    activity, key_id = claim.activity, claim.signature.key_id
    known = await keys.cached(key_id)
    if known is not None and _verifies(claim.request, claim.signature, known, activity.actor):
        return Authentic(activity, None, key_id, claim.signature.scheme)
    if known is None and activity.type == "Delete" and activity.object_id == activity.actor:
        raise Gone(f"{activity.actor} is unknown here, and deleted")
    key, actor = await _fetched(keys, key_id, now_ms)
    if actor.id != activity.actor:
        raise NotAuthentic("owner: the key is another actor's")
    signature.verify(claim.request, claim.signature, key)
    return Authentic(activity, actor, key_id, claim.signature.scheme)


async def reader(
    request: SignedRequest, keys: KeySource, now_ms: int, own_hosts: Collection[str]
) -> str:
    """The id of the actor who signed a GET, for what only some may read. Raises as `authenticate`.

    A server asks in the name of its instance actor or of one of its people.
    """
    offered = _signature(request, now_ms, own_hosts)
    if host(offered.key_id) in own_hosts:
        raise NotAuthentic("owner: the key is one of ours")
    known = await keys.cached(offered.key_id)
    if known is not None and _verifies(request, offered, known, known.owner):
        return known.owner
    key, actor = await _fetched(keys, offered.key_id, now_ms)
    signature.verify(request, offered, key)
    return actor.id


def _signature(request: SignedRequest, now_ms: int, own_hosts: Collection[str]) -> Signature:
    """The signature of a request that is meant for us, checked as far as it goes without a key."""
    if request.authority not in own_hosts:
        raise NotAuthentic("host: not ours")
    offered = signature.read(request)
    signature.check(request, offered, now_ms)
    return offered


def _named(activity: Activity, body: bytes, own_hosts: Collection[str]) -> Activity:
    """The activity with an id that its actor may give.

    snac2 takes a Follow that was never accepted back with an Undo whose id is made from the
    *followed* actor's. Such an Undo gets an id under its actor, the same for the same body.
    """
    if activity.type != "Undo" or activity.object is not None:
        return activity
    borrowed = activity.id.startswith(f"{activity.object_id}/Undo_")
    if not borrowed or host(activity.id) not in own_hosts:
        return activity
    id = f"{activity.actor}#undo-{sha256(body).hexdigest()[:32]}"
    return msgspec.structs.replace(activity, id=id)


def _require_one_origin(activity: Activity, key_id: str, own_hosts: Collection[str]) -> None:
    """Raise unless id, actor and key are in normal form and of one origin that is not ours."""
    theirs = normal_origin(activity.actor)
    of_id = normal_origin(activity.id)
    if theirs is None or of_id is None:
        raise Malformed("id or actor is not in normal form")
    if of_id != theirs:
        raise NotAuthentic("origin: the id is of another origin than the actor")
    if normal_origin(key_id) != theirs:
        raise NotAuthentic("owner: the key is of another origin than the actor")
    if theirs.partition("://")[2] in own_hosts:
        raise NotAuthentic("origin: the actor is one of ours")


def _verifies(request: SignedRequest, offered: Signature, key: Key, owner: str) -> bool:
    """Whether a remembered key of `owner` verifies; if not, it may have been replaced since."""
    if key.owner != owner:
        return False
    try:
        signature.verify(request, offered, key)
    except NotAuthentic:
        return False
    return True


async def _fetched(keys: KeySource, key_id: str, now_ms: int) -> tuple[Key, Actor]:
    """The key from its owner's own document.

    Whoever fetches is not taken at their word: the owner must list exactly this key, under this
    id, on the key's own origin.
    """
    key, actor = await keys.fetch(key_id, now_ms)
    if key.id != key_id or key.owner != actor.id or key not in actor.keys:
        raise NotAuthentic("owner: does not list this key")
    if not normal(actor.id) or not same_origin(key_id, actor.id):
        raise NotAuthentic("owner: of another origin than the key")
    return key, actor
