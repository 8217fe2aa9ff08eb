"""Actors of ours, as they look on the wire. AP §4.1, FEP-521a, FEP-2c59."""

from typing import Any

import msgspec

from federation.terms import iso, language
from federation.vocab import Image


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One of our actors. Collections lie below `uri`; `summary` and values of `fields` are HTML.

    `acct` is `name@host`. `pem` is the RSA public key, `multibase` the Ed25519 one ("" for none).
    In a `closed` group its moderators alone begin threads. `language` is that of a group, `place`
    where it is: a name, and latitude and longitude in degrees where they are known.
    """

    uri: str
    url: str
    acct: str
    shared_inbox: str
    pem: str
    published_ms: int
    multibase: str = ""
    name: str = ""
    summary: str = ""
    source: str = ""
    icon: Image | None = None
    image: Image | None = None
    fields: tuple[tuple[str, str], ...] = ()
    locked: bool = False
    bot: bool = False
    discoverable: bool = True
    indexable: bool = True
    attribution_domains: tuple[str, ...] = ()
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None
    closed: bool = False
    language: str = ""
    place: str = ""
    point: tuple[float, float] | None = None


def person(profile: Profile) -> dict[str, Any]:
    """One of our members; one that is run by a program is a Service. AP §4.1."""
    return _actor(profile, "Service" if profile.bot else "Person")


def group(profile: Profile) -> dict[str, Any]:
    """A community that anybody can follow; its moderators are a collection below it. FEP-1b12."""
    uri = profile.uri
    body = _actor(profile, "Group") | {
        "attributedTo": f"{uri}/moderators",
        "postingRestrictedToMods": profile.closed,
        "sensitive": False,
    }
    if profile.language:
        body["language"] = [language(profile.language)]
    if profile.place or profile.point:
        body["location"] = _place(profile)
    return body


def _place(profile: Profile) -> dict[str, Any]:
    """Activity Vocabulary §4.7."""
    body: dict[str, Any] = {"type": "Place", "name": profile.place or profile.name}
    if profile.point:
        body |= {"latitude": profile.point[0], "longitude": profile.point[1]}
    return body


def application(profile: Profile) -> dict[str, Any]:
    """The instance itself, which signs fetches; everyone's inbox is its own. FEP-d556."""
    return _actor(profile, "Application") | {"inbox": profile.shared_inbox}


def _actor(profile: Profile, kind: str) -> dict[str, Any]:
    """What all our actors have in common."""
    uri = profile.uri
    body: dict[str, Any] = {
        "id": uri,
        "type": kind,
        "preferredUsername": profile.acct.partition("@")[0],
        "webfinger": profile.acct,
        "name": profile.name,
        "summary": profile.summary,
        "url": profile.url,
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "following": f"{uri}/following",
        "featured": f"{uri}/featured",
        "endpoints": {"sharedInbox": profile.shared_inbox},
        "manuallyApprovesFollowers": profile.locked,
        "discoverable": profile.discoverable,
        "indexable": profile.indexable,
        "showMedia": profile.show_media,
        "showRepliesInMedia": profile.show_media_replies,
        "showFeatured": profile.show_featured,
        "published": iso(profile.published_ms),
        "attachment": [_field(name, value) for name, value in profile.fields],
        "tag": [],
        "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": profile.pem},
    }
    return body | _optional_of_actor(profile)


def _optional_of_actor(profile: Profile) -> dict[str, Any]:
    """What an actor has only when it says something. FEP-521a for the second key."""
    body: dict[str, Any] = {}
    if profile.multibase:
        body["assertionMethod"] = [_multikey(profile.uri, profile.multibase)]
    if profile.source:
        body["source"] = {"content": profile.source, "mediaType": "text/markdown"}
    if profile.icon:
        body["icon"] = _picture(profile.icon)
    if profile.image:
        body["image"] = _picture(profile.image)
    if profile.attribution_domains:
        body["attributionDomains"] = list(profile.attribution_domains)
    if profile.also_known_as:
        body["alsoKnownAs"] = list(profile.also_known_as)
    if profile.moved_to:
        body["movedTo"] = profile.moved_to
    return body


def _multikey(owner: str, multibase: str) -> dict[str, str]:
    """An Ed25519 key. FEP-521a."""
    return {
        "id": f"{owner}#ed25519-key",
        "type": "Multikey",
        "controller": owner,
        "publicKeyMultibase": multibase,
    }


def _field(name: str, value: str) -> dict[str, str]:
    """A line that an actor tells about itself."""
    return {"type": "PropertyValue", "name": name, "value": value}


def _picture(image: Image) -> dict[str, str]:
    """An avatar or a header."""
    body = {"type": "Image", "mediaType": image.media_type, "url": image.url, "name": image.alt}
    return {name: value for name, value in body.items() if value}
