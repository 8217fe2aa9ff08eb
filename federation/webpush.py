"""Web Push: what a push service is sent. Pure values and functions; chance and time are arguments.

A message is encrypted for one browser or app, so that the push service in between cannot read it
(RFC 8291 over RFC 8188, `aes128gcm`), and signed with our own key, so that the service knows who
sends (RFC 8292, VAPID). Apps of before the standard want its fourth draft (`aesgcm`).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES: Final = 65  # an uncompressed point of P-256
AUTH_BYTES: Final = 16
SALT_BYTES: Final = 16
RECORD_BYTES: Final = 4096
MAX_PLAIN_BYTES: Final = 3993  # RFC 8291 §4: what every push service takes
TTL_S: Final = 48 * 3600
EXPIRES_S: Final = 12 * 3600  # RFC 8292 §2: at most a day

_LAST: Final = b"\x02"  # RFC 8188 §2: the delimiter of the last record
_NO_PADDING: Final = b"\x00\x00"


class Recipient(msgspec.Struct, frozen=True):
    """For whom a message is encrypted: the public point, and the secret that we share."""

    point: bytes
    auth: bytes


class Request(msgspec.Struct, frozen=True):
    """What is posted to the endpoint."""

    headers: dict[str, str]
    body: bytes


def recipient(p256dh: str, auth: str) -> Recipient:
    """Read the keys of a subscription, base64 of either alphabet.

    Raises `ValueError` for what is no point of P-256 and no secret of 16 bytes.
    """
    found = Recipient(_bytes(p256dh), _bytes(auth))
    if len(found.point) != POINT_BYTES or found.point[:1] != b"\x04":
        raise ValueError("p256dh is no uncompressed point")
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), found.point)
    if len(found.auth) != AUTH_BYTES:
        raise ValueError("auth has another length than 16 bytes")
    return found


def make_key() -> bytes:
    """A new private key of our own: 32 bytes."""
    return generate_private_key(SECP256R1()).private_numbers().private_value.to_bytes(32, "big")


def private_key(secret: bytes) -> EllipticCurvePrivateKey:
    """The key of 32 bytes."""
    return derive_private_key(int.from_bytes(secret, "big"), SECP256R1())


def public_text(key: EllipticCurvePrivateKey) -> str:
    """The public half, as apps are told it: base64url, padded as Mastodon's."""
    return urlsafe_b64encode(_point(key)).decode()


def request(
    plain: bytes,
    to: Recipient,
    endpoint: str,
    *,
    standard: bool,
    key: EllipticCurvePrivateKey,
    contact: str,
    once: EllipticCurvePrivateKey,
    salt: bytes,
    now_s: int,
) -> Request:
    """The message as it goes to `endpoint`, encrypted with `once` and `salt`, signed with `key`.

    `once` and `salt` are made anew for each message. `contact` is where the push service finds us.
    """
    token, public = vapid(endpoint, key, contact, now_s), _unpadded(_point(key))
    headers = {"TTL": str(TTL_S), "Urgency": "normal", "Content-Type": "application/octet-stream"}
    if standard:
        headers |= {
            "Content-Encoding": "aes128gcm",
            "Authorization": f"vapid t={token}, k={public}",
        }
        return Request(headers, aes128gcm(plain, to, once, salt))
    headers |= {
        "Content-Encoding": "aesgcm",
        "Encryption": f"salt={_unpadded(salt)}",
        "Crypto-Key": f"dh={_unpadded(_point(once))};p256ecdsa={public}",
        "Authorization": f"WebPush {token}",
    }
    return Request(headers, aesgcm(plain, to, once, salt))


def aes128gcm(plain: bytes, to: Recipient, once: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """One record with its header. RFC 8291 §3.4, RFC 8188 §2."""
    ours = _point(once)
    secret = _derived(to.auth, _shared(to, once), b"WebPush: info\x00" + to.point + ours, length=32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\x00", length=12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, plain + _LAST, None)


def aesgcm(plain: bytes, to: Recipient, once: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """One record; salt and key stand in headers. draft-ietf-webpush-encryption-04 §4."""
    secret = _derived(to.auth, _shared(to, once), b"Content-Encoding: auth\x00", length=32)
    context = b"P-256\x00" + b"".join(
        len(point).to_bytes(2, "big") + point for point in (to.point, _point(once))
    )
    key = _derived(salt, secret, b"Content-Encoding: aesgcm\x00" + context, length=16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\x00" + context, length=12)
    return AESGCM(key).encrypt(nonce, _NO_PADDING + plain, None)


def vapid(endpoint: str, key: EllipticCurvePrivateKey, contact: str, now_s: int) -> str:
    """A JSON Web Token by which the push service of `endpoint` knows us. RFC 8292 §2, ES256."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": now_s + EXPIRES_S,
        "sub": contact,
    }
    words = [{"typ": "JWT", "alg": "ES256"}, claims]
    signed = ".".join(_unpadded(msgspec.json.encode(one)) for one in words)
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{_unpadded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _shared(to: Recipient, once: EllipticCurvePrivateKey) -> bytes:
    return once.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), to.point))


def _derived(salt: bytes, secret: bytes, info: bytes, *, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _point(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _unpadded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Base64 with `-_` or `+/`, padded or not. Raises `ValueError`."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    if not plain.isascii() or not plain.replace("-", "").replace("_", "").isalnum():
        raise ValueError("not base64")
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
