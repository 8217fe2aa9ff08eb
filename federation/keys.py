"""Actor keys: make and load ours, read what others publish. RSA 2048 to 8192 bits, Ed25519."""

from functools import lru_cache
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_public_key,
)

from federation.errors import NotAuthentic
from federation.vocab import Key

RSA_BITS: Final = 2048
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
MAX_RSA_EXPONENT: Final = 2**32  # a larger one only makes each verification slow
MAX_PEM_CHARS: Final = 4096
CACHED_KEYS: Final = 2048  # parsed objects, some 4 kB each

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {char: value for value, char in enumerate(_BASE58)}
_ED25519_PREFIX: Final = b"\xed\x01"  # multicodec ed25519-pub
_ED25519_BYTES: Final = 34
_ED25519_CHARS: Final = 48  # "z" and those in base 58


class SigningKey(msgspec.Struct, frozen=True):
    """A private key ready for use, and the id under which its public half is published."""

    id: str
    private: RSAPrivateKey


def make_rsa() -> tuple[bytes, str]:
    """A new pair: private PKCS #8 DER (not encrypted), public SubjectPublicKeyInfo PEM. ~100 ms."""
    private = generate_private_key(65537, RSA_BITS)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return der, pem.decode()


def make_ed25519() -> tuple[bytes, str]:
    """A new pair: 32 private bytes, and the public half as multibase `z6Mk...`. FEP-521a."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), multibase(private.public_key().public_bytes_raw())


def signing_key(id: str, private_der: bytes) -> SigningKey:
    """Load one of our own private keys, for the caller to keep.

    The checks of a stranger's key (some 29 ms) are left out: we made and kept this one ourselves.
    Raises `ValueError` when the bytes are no RSA private key.
    """
    private = load_der_private_key(private_der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError(f"{id} is not an RSA key")
    return SigningKey(id, private)


def public_key(key: Key) -> RSAPublicKey | Ed25519PublicKey:
    """The key object of a published key; parsed once, then remembered.

    Raises `NotAuthentic` for what is no RSA key of 2048 to 8192 bits and no Ed25519 multikey.
    """
    return _from_pem(key.pem) if key.pem else _from_multibase(key.multibase)


def multibase(public: bytes) -> str:
    """32 public bytes of Ed25519 as a Multikey's `publicKeyMultibase`. FEP-521a."""
    return "z" + base58(_ED25519_PREFIX + public)


def base58(data: bytes) -> str:
    """Bytes in Bitcoin's alphabet; each zero byte at the beginning is a `1`."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def from_base58(text: str) -> bytes:
    """What `base58` wrote. Slow for long texts: the caller bounds them. Raises `NotAuthentic`."""
    number = 0
    for char in text:
        if char not in _DIGITS:
            raise NotAuthentic("key: not base 58")
        number = number * 58 + _DIGITS[char]
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


@lru_cache(maxsize=CACHED_KEYS)
def _from_pem(pem: str) -> RSAPublicKey:
    if len(pem) > MAX_PEM_CHARS:
        raise NotAuthentic("key: too long")
    try:
        public = load_pem_public_key(pem.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAuthentic("key: not a PEM public key") from error
    if not isinstance(public, RSAPublicKey):
        raise NotAuthentic("key: not RSA")
    if not MIN_RSA_BITS <= public.key_size <= MAX_RSA_BITS:
        raise NotAuthentic(f"key: {public.key_size} bits")
    if public.public_numbers().e > MAX_RSA_EXPONENT:
        raise NotAuthentic("key: exponent too large")
    return public


@lru_cache(maxsize=CACHED_KEYS)
def _from_multibase(text: str) -> Ed25519PublicKey:
    if len(text) != _ED25519_CHARS or text[0] != "z":
        raise NotAuthentic("key: not an Ed25519 multikey")
    decoded = from_base58(text[1:])
    if len(decoded) != _ED25519_BYTES or decoded[:2] != _ED25519_PREFIX:
        raise NotAuthentic("key: not an Ed25519 multikey")
    try:
        return Ed25519PublicKey.from_public_bytes(decoded[-32:])
    except ValueError as error:
        raise NotAuthentic("key: not an Ed25519 point") from error
