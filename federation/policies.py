"""Who may like, answer and pass on what somebody wrote, and what proves that they may. GoToSocial.

docs.gotosocial.org/en/latest/federation/interaction_controls/
"""

from typing import Any, Final

import msgspec

from federation.origin import normal, same_origin
from federation.readers import audience, id_or_none, type_or_none
from federation.vocab import PUBLIC, Policy, Rule

ACTS: Final = {"like": "canLike", "reply": "canReply", "announce": "canAnnounce"}
STAMPS: Final = {
    "like": "LikeAuthorization",
    "reply": "ReplyAuthorization",
    "announce": "AnnounceAuthorization",
    "quote": "QuoteAuthorization",
}
REQUESTS: Final = {"like": "LikeRequest", "reply": "ReplyRequest", "announce": "AnnounceRequest"}
MAX_NAMED: Final = 64
"""Actors whom one list of a policy may name; of what it names beyond them nobody is let in."""


def read(raw: dict[str, Any]) -> Policy:
    """The `interactionPolicy` of an object. Whoever says nothing about something allows it."""
    said = raw.get("interactionPolicy")
    if not isinstance(said, dict):
        return Policy()
    rules = {act: said.get(name) for act, name in ACTS.items()}
    written = [rule for rule in rules.values() if isinstance(rule, dict)]
    before = any(rule.get("always") is not None for rule in written)
    now = any(rule.get("automaticApproval") is not None for rule in written)
    return Policy(
        like=_rule(rules["like"]),
        reply=_rule(rules["reply"]),
        announce=_rule(rules["announce"]),
        plain=before and not now,
    )


def _rule(value: Any) -> Rule | None:
    """Under the names of today, else under those that GoToSocial had before 0.20."""
    if not isinstance(value, dict):
        return None
    names = ("automaticApproval", "always", "manualApproval", "approvalRequired")
    if not any(value.get(name) is not None for name in names):
        return None
    automatic = _said(value, "automaticApproval", "always")
    return Rule(_few(automatic), _few(_said(value, "manualApproval", "approvalRequired")))


def _said(rule: dict[str, Any], name: str, before: str) -> Any:
    return rule[name] if rule.get(name) is not None else rule.get(before)


def _few(value: Any) -> tuple[str, ...]:
    """Public and collections count wherever they stand: they are cut off last."""
    found = audience(value)
    wide = [uri for uri in found if uri == PUBLIC or uri.endswith(("/followers", "/following"))]
    return tuple(dict.fromkeys([*wide[:3], *found]))[:MAX_NAMED]


def build(policy: Policy) -> dict[str, Any]:
    """As it is written: each rule under both its names, for GoToSocial before 0.20 too."""
    return {
        name: _built(rule)
        for act, name in ACTS.items()
        if (rule := getattr(policy, act)) is not None
    }


def _built(rule: Rule) -> dict[str, list[str]]:
    return {
        "automaticApproval": list(rule.automatic),
        "manualApproval": list(rule.manual),
        "always": list(rule.automatic),
        "approvalRequired": list(rule.manual),
    }


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a stamp has to say: `author` allows `interacting`, which is about `target`."""

    act: str
    interacting: str
    target: str
    author: str


def may_be(uri: str, author: str) -> bool:
    """Whether an id can be that of a stamp by `author`: it is of their own server."""
    return normal(uri) and same_origin(uri, author)


def proves(raw: dict[str, Any] | None, uri: str, claim: Claim) -> bool:
    """Whether this document at `uri` is the stamp for exactly this, by the author of the target.

    Each of these matters: GHSA-q4g8-82c5-9h33. Before 0.19 GoToSocial's stamp is the Accept itself;
    a quote's never is (FEP-044f).
    """
    if raw is None or raw.get("id") != uri or not may_be(uri, claim.author):
        return False
    if claim.act != "quote" and type_or_none(raw.get("type")) == "Accept":
        return (
            id_or_none(raw.get("actor")) == claim.author
            and id_or_none(raw.get("object")) == claim.interacting
            and id_or_none(raw.get("target")) in (None, claim.target)
        )
    return (
        type_or_none(raw.get("type")) == STAMPS[claim.act]
        and id_or_none(raw.get("attributedTo")) == claim.author
        and id_or_none(raw.get("interactingObject")) == claim.interacting
        and id_or_none(raw.get("interactionTarget")) == claim.target
    )


def stamp(uri: str, claim: Claim) -> dict[str, Any]:
    """The stamp itself. It embeds nothing. GoToSocial, FEP-044f"""
    return {
        "id": uri,
        "type": STAMPS[claim.act],
        "attributedTo": claim.author,
        "interactingObject": claim.interacting,
        "interactionTarget": claim.target,
    }


def reply_request(uri: str, reply: dict[str, Any], target: str, *, author: str) -> dict[str, Any]:
    """Asks `author` whether `reply`, which is embedded, may answer `target`."""
    return {
        "id": uri,
        "type": REQUESTS["reply"],
        "actor": reply["attributedTo"],
        "to": [author],
        "object": target,
        "instrument": reply,
    }


def answer(
    kind: str, uri: str, claim: Claim, *, asker: str, request: str = "", stamp: str = ""
) -> dict[str, Any]:
    """Accept or Reject: of a request for a reply, by its id, or of a plain reply.

    What answers a plain reply is for the followers too: their servers show the reply after it.
    """
    body: dict[str, Any] = {"id": uri, "type": kind, "actor": claim.author, "to": [asker]}
    if request:
        body["object"] = {
            "id": request,
            "type": REQUESTS[claim.act],
            "actor": asker,
            "object": claim.target,
            "instrument": claim.interacting,
        }
    else:
        body["cc"] = [PUBLIC, f"{claim.author}/followers"] if kind == "Accept" else []
        body |= {"object": claim.interacting, "target": claim.target}
    return body | ({"result": stamp} if stamp else {})
