"""Digests that bind a body to the headers: Digest (RFC 3230) and Content-Digest (RFC 9530)."""

import binascii
from hashlib import sha256, sha512
from hmac import compare_digest
from typing import Final

from federation.errors import Malformed, NotAuthentic
from federation.structured import base64, byte_sequences

_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}


def digest(body: bytes) -> str:
    """The value of a Digest header. RFC 3230 §4.3.2."""
    return f"SHA-256={binascii.b2a_base64(sha256(body).digest(), newline=False).decode()}"


def content_digest(body: bytes) -> str:
    """The value of a Content-Digest header. RFC 9530 §2."""
    return f"sha-256=:{binascii.b2a_base64(sha256(body).digest(), newline=False).decode()}:"


def check_digest(field: str, body: bytes) -> None:
    """Raise `NotAuthentic("digest ...")` unless a Digest header holds one SHA-256, and the body's.

    Other algorithms beside it are ignored. The name may be written in any case.
    """
    found = None
    for part in field.split(","):
        name, _, value = part.strip(" \t").partition("=")
        if name.lower() == "sha-256":
            if found is not None:
                raise NotAuthentic("duplicate: sha-256 in digest")
            found = value
    if found is None:
        raise NotAuthentic("digest: no SHA-256")
    if not compare_digest(_decoded(found), sha256(body).digest()):
        raise NotAuthentic("digest: of another body")


def check_content_digest(field: str, body: bytes) -> None:
    """Raise `NotAuthentic("digest ...")` unless Content-Digest holds SHA-256 or SHA-512, all true.

    Algorithms that we do not know are ignored. RFC 9530 §2.
    """
    try:
        found = byte_sequences(field)
    except Malformed as error:
        raise NotAuthentic("digest: unreadable") from error
    known = [(function, found[name]) for name, function in _HASHES.items() if name in found]
    if not known:
        raise NotAuthentic("digest: neither SHA-256 nor SHA-512")
    if not all(compare_digest(value, function(body).digest()) for function, value in known):
        raise NotAuthentic("digest: of another body")


def _decoded(text: str) -> bytes:
    try:
        return base64(text)
    except Malformed as error:
        raise NotAuthentic("digest: not base 64") from error
