"""draft-cavage-http-signatures-12, the signature that every ActivityPub server speaks."""

import re
from typing import Final

from federation.errors import Malformed, NotAuthentic
from federation.message import MAX_COVERED, Signature, SignedRequest
from federation.structured import base64

ALGORITHMS: Final = frozenset({"", "hs2019", "rsa-sha256", "ed25519"})
"""The names let in. They choose nothing: the key that was looked up does."""

TIMED_ALGORITHMS: Final = frozenset({"", "hs2019", "ed25519"})
"""Those that may sign `(created)` and `(expires)`. §2.3."""

_parameter = re.compile(r'[ \t]*([A-Za-z]+)=(?:"([ !#-\[\]-~]*)"|([0-9]{1,15}))[ \t]*(?:,|\Z)')
_integer = re.compile(r"0|[1-9][0-9]{0,14}")
_NAME = r"(?:\((?:request-target|created|expires)\)|[a-z0-9!#$%&'*+.^_`|~-]++)"
_names = re.compile(rf"{_NAME}(?: {_NAME})*+")


def read(text: str) -> Signature:
    """The parameters of a Signature header. §2.1.

    Raises `Malformed` when unreadable, `NotAuthentic` when a parameter is repeated, one that we
    need is missing, or the algorithm or the list of headers is not acceptable.
    """
    found = _parameters(text)
    algorithm = found.get("algorithm", "")
    if algorithm not in ALGORITHMS:
        raise NotAuthentic(f"algorithm: {algorithm[:40]}")
    for name in ("keyid", "signature", "headers"):
        if name not in found:
            raise NotAuthentic(f"missing: {name} in signature")
    return Signature(
        scheme="cavage",
        key_id=found["keyid"],
        algorithm=algorithm,
        covered=_covered(found["headers"]),
        value=base64(found["signature"]),
        created=_seconds(found.get("created")),
        expires=_seconds(found.get("expires")),
    )


def require_coverage(request: SignedRequest, signature: Signature, *, body: bool) -> None:
    """Raise `NotAuthentic` unless enough is covered: target, host, a time, and the digest. §2.1.6.

    `body` says whether the request has one that must be covered.
    """
    covered = signature.covered
    timed = "(created)" in covered or "(expires)" in covered
    if timed and signature.algorithm not in TIMED_ALGORITHMS:
        raise NotAuthentic(f"algorithm: {signature.algorithm} with (created) or (expires)")
    if "(request-target)" not in covered or "host" not in covered:
        raise NotAuthentic("coverage: needs (request-target) and host")
    if "date" not in covered and "(created)" not in covered:
        raise NotAuthentic("coverage: needs date or (created)")
    if body and "digest" not in covered:
        raise NotAuthentic("coverage: needs digest")
    for name in covered:
        if name not in request.fields and not _has_parameter(signature, name):
            raise NotAuthentic(f"missing: {name}")


def bases(request: SignedRequest, signature: Signature) -> list[bytes]:
    """The texts that may have been signed: as the request came, then without its query.

    Some servers leave the query out of `(request-target)`. Call after `require_coverage`. §2.3.
    """
    path, question, _ = request.target.partition("?")
    targets = [request.target, path] if question else [request.target]
    return [_base(request, signature, target) for target in targets]


def header(key_id: str, covered: str, value: str) -> str:
    """The value of a Signature header. `covered` is names and spaces, `value` is base 64."""
    return f'keyId="{key_id}",algorithm="rsa-sha256",headers="{covered}",signature="{value}"'


def _parameters(text: str) -> dict[str, str]:
    """Parameters by lower-case name."""
    found: dict[str, str] = {}
    position, end = 0, len(text)
    while position < end or text.endswith(","):
        match = _parameter.match(text, position)
        if match is None:
            raise Malformed(f"unreadable signature at character {position}")
        name = match[1].lower()
        if name in found:
            raise NotAuthentic(f"duplicate: {name} in signature")
        found[name] = match[match.lastindex or 2]
        position = match.end()
    return found


def _covered(text: str) -> tuple[str, ...]:
    """The names in a list of headers: lower-case, single spaces, each once, `MAX_COVERED`."""
    if not _names.fullmatch(text):
        raise NotAuthentic("coverage: names must be lower-case with single spaces")
    names = tuple(text.split(" "))
    if len(names) > MAX_COVERED or len(set(names)) != len(names):
        raise NotAuthentic("coverage: too many headers, or one twice")
    return names


def _seconds(text: str | None) -> int | None:
    """A time parameter, whichever way it was quoted. Raises `Malformed` unless it is canonical."""
    if text is None:
        return None
    if not _integer.fullmatch(text):
        raise Malformed("unreadable time in signature")
    return int(text)


def _has_parameter(signature: Signature, name: str) -> bool:
    """Whether a covered name is one that the signature or the request line itself provides."""
    return (
        name == "(request-target)"
        or (name == "(created)" and signature.created is not None)
        or (name == "(expires)" and signature.expires is not None)
    )


def _base(request: SignedRequest, signature: Signature, target: str) -> bytes:
    special = {
        "(request-target)": f"{request.method.lower()} {target}",
        "(created)": signature.created,
        "(expires)": signature.expires,
    }
    fields = request.fields
    lines = [
        f"{name}: {special[name] if name in special else fields[name]}"
        for name in signature.covered
    ]
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        raise Malformed("a line break in a header")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise Malformed("not text in a header") from error
