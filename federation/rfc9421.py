"""HTTP Message Signatures (RFC 9421): the part that ActivityPub servers use."""

from typing import Final

from federation.errors import Malformed, NotAuthentic
from federation.message import MAX_COVERED, Signature, SignedRequest
from federation.structured import InnerList, byte_sequences, inner_lists

ALGORITHMS: Final = frozenset({"", "rsa-v1_5-sha256", "ed25519"})
"""The names let in. They choose nothing: the key that was looked up does."""

DERIVED: Final = frozenset(
    {"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"}
)


def read(signature_input: str, signature: str) -> tuple[Signature, ...]:
    """Every labelled signature of a request, in the order of Signature-Input. §4.

    Labels that only one of the two headers has are left out, and so are those whose parameters are
    of the wrong type. Raises `Malformed` when a header is unreadable, `NotAuthentic` when a label
    or parameter is repeated, or nothing is left.
    """
    values = byte_sequences(signature)
    found = [
        read
        for label, member in inner_lists(signature_input).items()
        if label in values and (read := _signature(member, values[label]))
    ]
    if not found:
        raise NotAuthentic("missing: a label with keyid and created in signature-input")
    return tuple(found)


def require_coverage(request: SignedRequest, signature: Signature, *, body: bool) -> None:
    """Raise `NotAuthentic` unless method, address, time, and the body's digest are covered. §7.2.1.

    `body` says whether the request has one that must be covered.
    """
    covered = signature.covered
    if signature.algorithm not in ALGORITHMS:
        raise NotAuthentic(f"algorithm: {signature.algorithm[:40]}")
    if len(covered) > MAX_COVERED or len(set(covered)) != len(covered):
        raise NotAuthentic("coverage: too many components, or one twice")
    if "@method" not in covered or "@target-uri" not in covered:
        raise NotAuthentic("coverage: needs @method and @target-uri")
    if body and "content-digest" not in covered:
        raise NotAuthentic("coverage: needs content-digest")
    for name in covered:
        if name not in DERIVED and name not in request.fields:
            raise NotAuthentic(f"missing: {name[:80]}")


def base(request: SignedRequest, signature: Signature) -> bytes:
    """The text that must have been signed. Call after `require_coverage`. §2.5."""
    lines = [f'"{name}": {_component(request, name)}' for name in signature.covered]
    lines.append(f'"@signature-params": {signature.parameters}')
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        raise Malformed("a line break in a header")
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise Malformed("not ASCII in a covered component") from error


def parameters(key_id: str, covered: tuple[str, ...], created: int) -> str:
    """The `@signature-params` of a signature of our own. §2.3."""
    names = " ".join(f'"{name}"' for name in covered)
    return f'({names});created={created};keyid="{key_id}";alg="rsa-v1_5-sha256"'


def _signature(member: InnerList, value: bytes) -> Signature | None:
    """A member of Signature-Input with its signature; None when a parameter has a wrong type."""
    key_id, created = member.parameters.get("keyid"), member.parameters.get("created")
    algorithm, expires = member.parameters.get("alg", ""), member.parameters.get("expires", 0)
    if not isinstance(key_id, str) or not isinstance(algorithm, str):
        return None
    if not isinstance(created, int) or not isinstance(expires, int):
        return None
    return Signature(
        scheme="rfc9421",
        key_id=key_id,
        algorithm=algorithm,
        covered=member.items,
        value=value,
        created=created,
        expires=expires if "expires" in member.parameters else None,
        parameters=member.text,
    )


def _component(request: SignedRequest, name: str) -> str:
    """The value of a covered component. §2.1, §2.2."""
    path, question, query = request.target.partition("?")
    match name:
        case "@method":
            return request.method
        case "@target-uri":
            return f"{request.scheme}://{request.authority}{request.target}"
        case "@authority":
            return request.authority
        case "@scheme":
            return request.scheme
        case "@request-target":
            return request.target
        case "@path":
            return path
        case "@query":
            return f"?{query}"
        case _:
            return request.fields[name]
