"""Integrity proofs: who made an activity can be seen wherever it came from. FEP-8b32.

One cryptosuite, eddsa-jcs-2022: the document and what the proof says of itself are each written as
canonical JSON (RFC 8785) and hashed, and an Ed25519 key signs both hashes. vc-di-eddsa §3.3
"""

from hashlib import sha256
from typing import Any, Final

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from federation.errors import NotAuthentic
from federation.keys import base58, from_base58, public_key
from federation.readers import many, text_or_none, time_ms
from federation.terms import iso
from federation.vocab import DATA_INTEGRITY, Key

SUITE: Final = "eddsa-jcs-2022"
AHEAD_MS: Final = 60 * 60 * 1000
"""How far another server's clock may be ahead of ours."""
MAX_SIGNATURE_CHARS: Final = 89  # "z", and 64 bytes in base 58
SIGNATURE_BYTES: Final = 64


class Proof(msgspec.Struct, frozen=True):
    """What a document says of its proof. `method` is the id of the key that made it."""

    method: str
    created_ms: int
    signature: bytes
    config: dict[str, Any]


def sign(
    document: dict[str, Any], private: Ed25519PrivateKey, method: str, created_ms: int
) -> dict[str, Any]:
    """A copy of `document` with a proof by `private`, whose public half has the id `method`.

    The document must have its `@context`: what is embedded elsewhere later keeps it.
    """
    shown = {name: value for name, value in document.items() if name != "proof"}
    contexts = many(shown.get("@context"))
    if DATA_INTEGRITY not in contexts:
        contexts = [*contexts, DATA_INTEGRITY]
    shown["@context"] = contexts
    config = {
        "@context": contexts,
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "created": iso(created_ms // 1000 * 1000),
    }
    signature = "z" + base58(private.sign(_hashed(shown, config)))
    return {**shown, "proof": {**config, "proofValue": signature}}


def read(document: dict[str, Any]) -> Proof | None:
    """The proof of a document; None where it has none that we understand.

    Raises `NotAuthentic` for one that says what cannot be. A proof of what is embedded in the
    document is none of the document.
    """
    offered = many(document.get("proof"))
    if not offered:
        return None
    config = offered[0]
    if len(offered) > 1 or not isinstance(config, dict):
        raise NotAuthentic("proof: not one")
    if config.get("type") != "DataIntegrityProof" or config.get("cryptosuite") != SUITE:
        return None
    if config.get("proofPurpose") != "assertionMethod":
        raise NotAuthentic("proof: made for another purpose")
    method, made_ms = text_or_none(config.get("verificationMethod")), time_ms(config.get("created"))
    if not method or made_ms is None:
        raise NotAuthentic("proof: does not say by whom and when")
    shown = {name: value for name, value in config.items() if name != "proofValue"}
    return Proof(method, made_ms, _signature(config.get("proofValue")), shown)


def verify(document: dict[str, Any], key: Key, now_ms: int) -> None:
    """Check that `key` made the proof of `document`.

    Raises `NotAuthentic`: no proof, another key, a change since, a time to come or past its end.
    """
    proof = read(document)
    if proof is None:
        raise NotAuthentic("proof: none")
    if proof.method != key.id:
        raise NotAuthentic("proof: made with another key")
    ends_ms = time_ms(proof.config.get("expires"))
    if proof.created_ms > now_ms + AHEAD_MS or (ends_ms is not None and ends_ms < now_ms):
        raise NotAuthentic("proof: not valid at this time")
    public = public_key(key)
    if not isinstance(public, Ed25519PublicKey):
        raise NotAuthentic("proof: not an Ed25519 key")
    # a linked data signature beside a proof is no part of what was signed
    left_out = ("proof", "signature")
    shown = {name: value for name, value in document.items() if name not in left_out}
    try:
        public.verify(proof.signature, _hashed(_in_context(shown, proof), proof.config))
    except InvalidSignature:
        raise NotAuthentic("proof: does not fit") from None


def _in_context(shown: dict[str, Any], proof: Proof) -> dict[str, Any]:
    """The document in the contexts in which it was signed: others may stand after those."""
    if "@context" not in proof.config:
        return shown
    signed = many(proof.config["@context"])
    if many(shown.get("@context"))[: len(signed)] != signed:
        raise NotAuthentic("proof: made in another context")
    return {**shown, "@context": proof.config["@context"]}


def _signature(value: Any) -> bytes:
    text = text_or_none(value)
    if not text or len(text) > MAX_SIGNATURE_CHARS or text[0] != "z":
        raise NotAuthentic("proof: no usable signature")
    signature = from_base58(text[1:])
    if len(signature) != SIGNATURE_BYTES:
        raise NotAuthentic("proof: no usable signature")
    return signature


def _hashed(document: dict[str, Any], config: dict[str, Any]) -> bytes:
    """What is signed: the hash of the proof's own words, then that of the document."""
    try:
        return sha256(rfc8785.dumps(config)).digest() + sha256(rfc8785.dumps(document)).digest()
    except rfc8785.CanonicalizationError as error:
        raise NotAuthentic(f"proof: no canonical form: {error}") from None
