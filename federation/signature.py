"""Sign and verify HTTP requests in both schemes that the fediverse speaks.

Reading and checking need no key and no network, so that a bad request is refused before anything is
fetched for it; only then is the key looked up and the signature verified. The algorithm is the
key's, never the header's. draft-cavage-http-signatures-12, RFC 9421, ActivityPub §B.1.

The word before the colon of a `NotAuthentic` says what was wrong: missing, duplicate, algorithm,
coverage, stale, digest, host or key.
"""

import binascii
import re
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from federation import cavage, digest, keys, rfc9421
from federation.errors import Malformed, NotAuthentic
from federation.keys import SigningKey
from federation.message import Scheme, Signature, SignedRequest
from federation.origin import normal
from federation.vocab import Key

__all__ = ["Scheme", "Signature", "SignedRequest", "check", "read", "sign", "verify"]

PAST_MS: Final = 12 * 3_600_000
FUTURE_MS: Final = 3_600_000
"""How far a signature's time may lie from ours: Mastodon's window, 12 h back and 1 h ahead."""

BODILESS: Final = frozenset({"GET", "HEAD"})

_RSA_NAMES: Final = frozenset({"", "hs2019", "rsa-sha256", "rsa-v1_5-sha256"})
_ED25519_NAMES: Final = frozenset({"", "hs2019", "ed25519"})
_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_http_date = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_address = re.compile(r"(https?)://([^/?#@\\\s]++)((?:[/?][^#\s]*+)?)(?:#\S*)?", re.IGNORECASE)


def read(request: SignedRequest) -> Signature:
    """The signature that a request carries; of several (RFC 9421), the first that would do.

    It is read from Signature with Signature-Input, from Signature alone, or from Authorization.
    Raises `NotAuthentic` when it is missing or no server could accept it, `Malformed` when it
    cannot be read.
    """
    if not request.target.startswith("/"):
        raise Malformed("the request target is not a path")
    fields = request.fields
    claims = [fields["signature"]] if "signature" in fields else []
    if (authorization := fields.get("authorization", ""))[:10].lower() == "signature ":
        claims.append(authorization[10:])
    if len(claims) != 1:
        raise NotAuthentic("duplicate: two signatures" if claims else "missing: signature")
    if "signature-input" in fields:
        signature = _choose(request, rfc9421.read(fields["signature-input"], claims[0]))
    else:
        signature = cavage.read(claims[0])
    if not normal(signature.key_id):
        raise NotAuthentic("key: its id is not in normal form")
    return signature


def check(request: SignedRequest, signature: Signature, now_ms: int) -> None:
    """Check all that needs no key: what is covered, when it was signed, and the body's digest.

    Date or created may lie 12 h in the past and 1 h in the future. GET and HEAD without a body
    need no digest; one that is there must be right. Raises `NotAuthentic`.
    """
    _require_coverage(request, signature)
    fields = request.fields
    if fields.get("host", request.host).lower() != request.host.lower():
        raise NotAuthentic("host: not the one that was asked")
    if signature.created is not None:
        _require_window(signature.created * 1000, now_ms)
    if "date" in signature.covered:
        _require_window(_date_ms(fields["date"]), now_ms)
    if signature.expires is not None and signature.expires * 1000 < now_ms:
        raise NotAuthentic("stale: expired")
    if signature.scheme == "rfc9421" and "content-digest" in fields:
        digest.check_content_digest(fields["content-digest"], request.body)
    if signature.scheme == "cavage" and "digest" in fields:
        digest.check_digest(fields["digest"], request.body)


def verify(request: SignedRequest, signature: Signature, key: Key) -> None:
    """Check that `key` made this signature over this request. Call after `check`.

    RSA keys verify RSASSA-PKCS1-v1_5 with SHA-256, Ed25519 keys Ed25519, whatever the header says.
    Raises `NotAuthentic("key ...")`.
    """
    if key.id != signature.key_id:
        raise NotAuthentic("key: another one was named")
    public = keys.public_key(key)
    names = _RSA_NAMES if isinstance(public, RSAPublicKey) else _ED25519_NAMES
    if signature.algorithm not in names:
        raise NotAuthentic(f"algorithm: {signature.algorithm} with another kind of key")
    for base in _bases(request, signature):
        if _made(public, signature.value, base):
            return
    raise NotAuthentic("key: the signature is not its own")


def sign(
    method: str,
    url: str,
    body: bytes | None,
    key: SigningKey,
    now_ms: int,
    scheme: Scheme = "cavage",
) -> dict[str, str]:
    """The headers to send with this request: Host, Date, the digest of a body, and the signature.

    `method` is upper-case, `url` the address exactly as it goes on the wire, `body` None where
    there is none. Raises `Malformed` for an address that is not http(s).
    """
    protocol, authority, target = _split(url)
    headers = {"Host": authority, "Date": _format_date(now_ms // 1000)}
    if scheme == "cavage":
        return _sign_cavage(headers, f"{method.lower()} {target}", body, key)
    return _sign_rfc9421(headers, (method, f"{protocol}://{authority}{target}"), body, key, now_ms)


def _sign_cavage(
    headers: dict[str, str], target: str, body: bytes | None, key: SigningKey
) -> dict[str, str]:
    """Add draft-cavage's headers. The order is the one that Mastodon sends."""
    covered = "(request-target) host date"
    base = f"(request-target): {target}\nhost: {headers['Host']}\ndate: {headers['Date']}"
    if body is not None:
        headers["Digest"] = digest.digest(body)
        covered += " digest"
        base += f"\ndigest: {headers['Digest']}"
    headers["Signature"] = cavage.header(key.id, covered, _signed(key, base))
    return headers


def _sign_rfc9421(
    headers: dict[str, str],
    line: tuple[str, str],
    body: bytes | None,
    key: SigningKey,
    now_ms: int,
) -> dict[str, str]:
    """Add RFC 9421's headers. `line` is the method and the whole address."""
    covered: tuple[str, ...] = ("@method", "@target-uri")
    base = f'"@method": {line[0]}\n"@target-uri": {line[1]}'
    if body is not None:
        headers["Content-Digest"] = digest.content_digest(body)
        covered += ("content-digest",)
        base += f'\n"content-digest": {headers["Content-Digest"]}'
    parameters = rfc9421.parameters(key.id, covered, now_ms // 1000)
    base += f'\n"@signature-params": {parameters}'
    headers["Signature-Input"] = f"sig1={parameters}"
    headers["Signature"] = f"sig1=:{_signed(key, base)}:"
    return headers


def _signed(key: SigningKey, base: str) -> str:
    """The signature in base 64. Some 230 us for 2048 bits; Python's lock is free meanwhile."""
    return binascii.b2a_base64(
        key.private.sign(base.encode("ascii"), _PADDING, _HASH), newline=False
    ).decode()


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, authority without a default port, and target of an address."""
    match = _address.fullmatch(url)
    if match is None or not url.isascii():
        raise Malformed(f"not an http address: {url[:200]!r}")
    protocol, authority = match[1].lower(), match[2].lower()
    target = match[3] if match[3].startswith("/") else f"/{match[3]}"
    return protocol, authority.removesuffix(":443" if protocol == "https" else ":80"), target


@lru_cache(maxsize=4)
def _format_date(seconds: int) -> str:
    """IMF-fixdate; many requests are signed in one second. RFC 9110 §5.6.7."""
    return formatdate(seconds, usegmt=True)


def _choose(request: SignedRequest, signatures: tuple[Signature, ...]) -> Signature:
    """The first signature that covers enough; if none does, the first, for its complaint."""
    if len(signatures) == 1:
        return signatures[0]
    for signature in signatures:
        try:
            _require_coverage(request, signature)
        except NotAuthentic:
            continue
        return signature
    return signatures[0]


def _require_coverage(request: SignedRequest, signature: Signature) -> None:
    """Raise `NotAuthentic` when the scheme needs more to be covered than is."""
    scheme = cavage if signature.scheme == "cavage" else rfc9421
    has_body = bool(request.body) or request.method not in BODILESS
    scheme.require_coverage(request, signature, body=has_body)


def _require_window(then_ms: int, now_ms: int) -> None:
    if not now_ms - PAST_MS <= then_ms <= now_ms + FUTURE_MS:
        raise NotAuthentic("stale: signed too long ago" if then_ms < now_ms else "stale: not yet")


def _date_ms(text: str) -> int:
    """Milliseconds UTC of an IMF-fixdate, the one form that senders may use. RFC 9110 §5.6.7."""
    match = _http_date.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        raise NotAuthentic("stale: unreadable date")
    day, month, year, hour, minute, second = match.groups()
    try:
        moment = datetime(
            int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError as error:
        raise NotAuthentic("stale: no such date") from error
    return int(moment.timestamp()) * 1000


def _bases(request: SignedRequest, signature: Signature) -> list[bytes]:
    """The texts of which one must have been signed."""
    if signature.scheme == "cavage":
        return cavage.bases(request, signature)
    return [rfc9421.base(request, signature)]


def _made(public: RSAPublicKey | Ed25519PublicKey, value: bytes, base: bytes) -> bool:
    try:
        if isinstance(public, RSAPublicKey):
            public.verify(value, base, _PADDING, _HASH)
        else:
            public.verify(value, base)
    except InvalidSignature:
        return False
    return True
