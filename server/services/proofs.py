"""Integrity proofs on what we send, so that it can be passed on and still be believed. FEP-8b32.

A proof takes some 0.2 ms. Activities that belong to a community carry one, for other servers hear
of them from the community; those that go only from us to a reader do not: HTTP signatures do there.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation import proof
from federation.build import document
from server.model import Account, Site
from server.secrets import SecretError
from server.store import accounts
from server.store.db import Read


def proven(
    db: Read, site: Site, actor: Account, activity: dict[str, Any], now_ms: int
) -> dict[str, Any]:
    """The activity of one of ours with its `@context` and the proof that it is theirs.

    Without a key to open theirs, as in a command, it has no proof: whoever gets it passed on reads
    what it is about at its own address instead. `outbox.publish` takes it as it is.
    """
    keys = accounts.keys(db, actor.id)
    if site.unseal is None or keys is None or "proof" in activity:
        return activity
    try:
        private = Ed25519PrivateKey.from_private_bytes(site.unseal(keys["ed25519_private"]))
    except SecretError:  # a damaged key: what they wrote is not lost for that
        return activity
    return proof.sign(document(activity), private, f"{actor.uri}#ed25519-key", now_ms)
