"""Our actors' keys: made here, sealed in the database, opened once and kept ready."""

import asyncio
from base64 import b64decode, b64encode
from collections import OrderedDict
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from federation import webpush
from federation.keys import SigningKey, make_ed25519, make_rsa, signing_key
from server.secrets import SecretError, Vault, vault
from server.store import accounts, settings
from server.store.db import Database, Read

_PUSH = b"push"
MAX_OPEN = 1000  # keys kept ready; an open RSA key weighs some 10 kB


class Keys(msgspec.Struct, frozen=True):
    """A new actor's keys: (sealed private, public) of both kinds."""

    rsa: tuple[bytes, str]
    ed25519: tuple[bytes, str]


def make(vault: Vault) -> Keys:
    """New keys. RSA takes some 100 ms of CPU: `await asyncio.to_thread(keyring.make, vault)`."""
    rsa_private, rsa_public = make_rsa()
    return Keys((vault.seal(rsa_private), rsa_public), make_sealed_ed25519(vault))


def make_sealed_ed25519(vault: Vault) -> tuple[bytes, str]:
    """A new Ed25519 pair: sealed private, public multibase. Takes no time."""
    private, public = make_ed25519()
    return vault.seal(private), public


async def own_vault(db: Database, file: Path) -> Vault:
    """The vault of this database; a new key is made only where nothing is sealed yet.

    Raises `SecretError` for a key that is lost, or that belongs to another database.
    """
    sealed = await db.read(accounts.first_key)
    if sealed is None:
        return vault(file)
    if not await asyncio.to_thread(file.exists):
        raise SecretError(
            f"There is no key at {file}, and the database was sealed with one; "
            "put it back from a backup, or set secrets.key_file."
        )
    found = vault(file, make=False)
    found.open(sealed)
    return found


async def own_push_key(db: Database, vault: Vault) -> EllipticCurvePrivateKey:
    """The key by which push services know us, made at the first start. Raises `SecretError`.

    Apps subscribe with its public half: another one would end all their subscriptions.
    """
    fresh = b64encode(vault.seal(webpush.make_key(), _PUSH)).decode()
    sealed = await db.read(settings.value, "push_key")
    if sealed is None:
        sealed = await db.write(settings.settle, "push_key", fresh)
    return webpush.private_key(vault.open(b64decode(sealed), _PUSH))


class Keyring:
    """Opens signing keys on demand."""

    def __init__(self, db: Database, vault: Vault) -> None:
        """`vault` is what sealed them."""
        self._db = db
        self._vault = vault
        self._open: OrderedDict[int, SigningKey] = OrderedDict()

    async def of(self, account_id: int) -> SigningKey:
        """The RSA key with which this account of ours signs. Raises `KeyError` for a stranger."""
        if (key := self._open.get(account_id)) is not None:
            self._open.move_to_end(account_id)
            return key
        uri, sealed = await self._db.read(_sealed, account_id)
        key = await asyncio.to_thread(signing_key, f"{uri}#main-key", self._vault.open(sealed))
        self._open[account_id] = key
        if len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return key


def _sealed(db: Read, account_id: int) -> tuple[str, bytes]:
    row, account = accounts.keys(db, account_id), accounts.by_id(db, account_id)
    if row is None or account is None:
        raise KeyError(account_id)
    return account.uri, row["rsa_private"]
