"""The `@context` of what we publish, and how we write a time."""

from datetime import UTC, datetime
from typing import Any, Final

from federation.readers import type_or_none
from federation.vocab import ACTOR_TYPES, AS_CONTEXT, OBJECT_TYPES

_SECURITY: Final = "https://w3id.org/security/v1"

ACTOR_TERMS: Final[dict[str, Any]] = {
    "toot": "http://joinmastodon.org/ns#",
    "schema": "http://schema.org#",
    "lemmy": "https://join-lemmy.org/ns#",
    "sec": "https://w3id.org/security#",
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "sensitive": "as:sensitive",
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "attributionDomains": {"@id": "toot:attributionDomains", "@container": "@set"},
    "showMedia": "toot:showMedia",
    "showRepliesInMedia": "toot:showRepliesInMedia",
    "showFeatured": "toot:showFeatured",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
    "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    "assertionMethod": {"@id": "sec:assertionMethod", "@type": "@id", "@container": "@set"},
    "Multikey": "sec:Multikey",
    "publicKeyMultibase": "sec:publicKeyMultibase",
}

WRITING_TERMS: Final[dict[str, Any]] = {
    "toot": "http://joinmastodon.org/ns#",
    "schema": "http://schema.org#",
    "gts": "https://gotosocial.org/ns#",
    "Hashtag": "as:Hashtag",
    "sensitive": "as:sensitive",
    "blurhash": "toot:blurhash",
    "votersCount": "toot:votersCount",
    "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
    "language": "schema:inLanguage",
    "identifier": "schema:identifier",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canLike": {"@id": "gts:canLike", "@type": "@id"},
    "canReply": {"@id": "gts:canReply", "@type": "@id"},
    "canAnnounce": {"@id": "gts:canAnnounce", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
    "manualApproval": {"@id": "gts:manualApproval", "@type": "@id"},
    "always": {"@id": "gts:always", "@type": "@id"},
    "approvalRequired": {"@id": "gts:approvalRequired", "@type": "@id"},
    "approvedBy": {"@id": "gts:approvedBy", "@type": "@id"},
    "replyAuthorization": {"@id": "gts:replyAuthorization", "@type": "@id"},
    "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
    "quoteUri": "http://fedibird.com/ns#quoteUri",
    "quoteUrl": "as:quoteUrl",
    "_misskey_quote": "https://misskey-hub.net/ns#_misskey_quote",
}

STAMP_TERMS: Final[dict[str, Any]] = {
    "gts": "https://gotosocial.org/ns#",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "LikeAuthorization": "gts:LikeAuthorization",
    "ReplyAuthorization": "gts:ReplyAuthorization",
    "AnnounceAuthorization": "gts:AnnounceAuthorization",
    "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
    "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
}

REQUEST_TERMS: Final[dict[str, Any]] = {
    "gts": "https://gotosocial.org/ns#",
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "LikeRequest": "gts:LikeRequest",
    "ReplyRequest": "gts:ReplyRequest",
    "AnnounceRequest": "gts:AnnounceRequest",
}

STAMPS: Final = frozenset(
    {"QuoteAuthorization", "LikeAuthorization", "ReplyAuthorization", "AnnounceAuthorization"}
)
REQUESTS: Final = frozenset({"QuoteRequest", "LikeRequest", "ReplyRequest", "AnnounceRequest"})


def context(body: dict[str, Any]) -> str | list[Any]:
    """The `@context` that explains every term in `body`, and no more."""
    kind, inner = type_or_none(body.get("type")), body.get("object")
    if kind in STAMPS:
        return [AS_CONTEXT, STAMP_TERMS]
    if kind in REQUESTS:
        return [AS_CONTEXT, _SECURITY, WRITING_TERMS | REQUEST_TERMS]
    # of a stranger where a community passes it on
    inside = type_or_none(inner.get("type")) if isinstance(inner, dict) else None
    if inside in REQUESTS:
        return [AS_CONTEXT, REQUEST_TERMS]
    for candidate in (kind, inside):
        if candidate in ACTOR_TYPES:
            return [AS_CONTEXT, _SECURITY, ACTOR_TERMS]
        if candidate in OBJECT_TYPES:
            return [AS_CONTEXT, _SECURITY, WRITING_TERMS]
    return AS_CONTEXT


def document(body: dict[str, Any]) -> dict[str, Any]:
    """`body` with its `@context`: what goes on the wire."""
    return {"@context": context(body), **body}


def iso(ms: int) -> str:
    """`2026-01-01T00:00:00Z`, with `.mmm` where there are milliseconds."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{ms % 1000:03}Z" if ms % 1000 else f"{moment}Z"


_LANGUAGE_NAMES: Final = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "ko": "한국어",
    "zh": "中文",
}


def language(tag: str) -> dict[str, str]:
    """Lemmy knows languages without region or script, and requires a name."""
    primary = tag.partition("-")[0].lower()
    return {"identifier": primary, "name": _LANGUAGE_NAMES.get(primary, primary)}
