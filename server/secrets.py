"""The instance's own key, and what it seals: private keys of actors, at rest in the database.

A sealed text is one version byte, a nonce of 12 bytes, and AES-256-GCM's output (NIST SP 800-38D).
`about` is bound to it but not stored: a text sealed for one row does not open for another.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"


class SecretError(Exception):
    """The key is missing, unreadable or not the one; the text says what to do."""


class Vault:
    """Seals and opens with one key. Cheap to use: some 2 us for a private key of an actor."""

    def __init__(self, key: bytes) -> None:
        """`key` has `KEY_BYTES` bytes."""
        self._key = key
        self._cipher = AESGCM(key)

    def seal(self, data: bytes, about: bytes = b"") -> bytes:
        """`data` so that only this key opens it, and only together with `about`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, data, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """What was sealed. Raises `SecretError` for another key, another `about`, or damage."""
        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != _VERSION or len(nonce) != NONCE_BYTES:
            raise SecretError("A sealed secret in the database is damaged; restore a backup.")
        try:
            return self._cipher.decrypt(nonce, text, about)
        except InvalidTag:
            raise SecretError(
                "The database was sealed with another key; put back the secrets.key_file "
                "that belongs to it."
            ) from None

    def derived(self, about: bytes) -> bytes:
        """A key for another purpose, which tells nothing of this one. RFC 5869 §2.3."""
        return HKDFExpand(SHA256(), KEY_BYTES, about).derive(self._key)


def vault(path: Path, *, make: bool = True) -> Vault:
    """The vault of the key in `path`; the first start makes the key, mode 0600.

    Raises `SecretError` when the file is missing (and `make` is false), unreadable or no key.
    """
    if make and not path.exists():
        _make(path)
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise SecretError(f"There is no key at {path}; `madang serve` makes one.") from None
    except OSError as error:
        raise SecretError(f"Cannot read secrets.key_file {path}: {_reason(error)}.") from None
    except UnicodeDecodeError:
        text = ""
    if not re.fullmatch(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", text):
        raise SecretError(f"{path} is not a key of Madang; put back the right secrets.key_file.")
    return Vault(bytes.fromhex(text))


def _make(path: Path) -> None:
    """Write a new key whole or not at all; whoever comes second uses the first one's."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _place(draft, path)
    except OSError as error:
        raise SecretError(f"Cannot make secrets.key_file {path}: {_reason(error)}.") from None


def _place(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _reason(error: OSError) -> str:
    return (error.strerror or "it failed").lower()
