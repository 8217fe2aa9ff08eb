"""Two libraries by others agree with us both ways, and where they are careless we are not."""

import warnings
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    algorithms,
)
from http_message_signatures.resolvers import MappingKeyResolver

from federation import keys, signature
from federation.errors import NotAuthentic
from federation.signature import SignedRequest
from federation.vocab import Key
from tests.federation.signing import (
    BODY,
    DATE,
    EVE,
    EVE_DER,
    EVE_KEY,
    EVE_PEM,
    EVE_PUBLIC,
    INBOX,
    NOW_MS,
    accept,
    digest_of,
    private_pem,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its import of pkg_resources, and strings of its own
    import httpsig

COVERED = ["(request-target)", "host", "date", "digest"]
TARGETS = ["/inbox", "/users/ann/inbox?x=1&y=%EA%B4%91"]


def by_httpsig(
    secret: bytes | str = private_pem(EVE_DER),
    algorithm: str = "rsa-sha256",
    covered: list[str] = COVERED,
    target: str = "/inbox",
    header: str = "signature",
    **values: str,
) -> SignedRequest:
    """A POST that httpsig signed."""
    headers = {"host": "here.test", "date": DATE, "digest": digest_of(BODY)} | values
    signer = httpsig.HeaderSigner(EVE_KEY.id, secret, algorithm, covered, header)
    signed = signer.sign(headers, host="here.test", method="POST", path=target)
    return SignedRequest("POST", target, "here.test", "https", tuple(signed.items()), BODY)


def httpsig_accepts(request: SignedRequest, secret: str = EVE_PEM) -> bool:
    verifier = httpsig.HeaderVerifier(
        dict(request.headers),
        secret,
        method=request.method,
        path=request.target,
        host=request.host,
        sign_header="signature",
    )
    return bool(verifier.verify())


@pytest.mark.parametrize("target", TARGETS)
def test_httpsig_verifies_what_we_sign(target):
    for method, body in (("POST", BODY), ("GET", None)):
        headers = signature.sign(method, f"https://here.test{target}", body, EVE_KEY, NOW_MS)
        lines = tuple(headers.items())
        request = SignedRequest(method, target, "here.test", "https", lines, body or b"")
        accept(request)
        assert httpsig_accepts(request)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("header", ["signature", "authorization"])
def test_we_verify_what_httpsig_signs(target, header):
    accept(by_httpsig(target=target, header=header))


def test_a_public_key_is_no_secret():
    """CVE class: HMAC with the public key as its secret lets anyone be anyone."""
    request = by_httpsig(EVE_PEM, "hmac-sha256")
    assert httpsig_accepts(request)
    with pytest.raises(NotAuthentic, match="algorithm: hmac-sha256"):
        accept(request)


@pytest.mark.parametrize("algorithm", ["rsa-sha1", "rsa-sha512", "hmac-sha1", "hmac-sha512"])
def test_the_header_does_not_choose_the_algorithm(algorithm):
    secret = EVE_PEM if algorithm.startswith("hmac") else private_pem(EVE_DER)
    request = by_httpsig(secret, algorithm)
    assert httpsig_accepts(request)
    with pytest.raises(NotAuthentic, match=f"algorithm: {algorithm}"):
        accept(request)
    renamed = tuple((n, v.replace(algorithm, "rsa-sha256")) for n, v in request.headers)
    with pytest.raises(NotAuthentic, match="^key: "):
        accept(SignedRequest("POST", "/inbox", "here.test", "https", renamed, BODY))


def test_a_key_of_1024_bits_is_too_short():
    weak = RSA.generate(1024)
    pem = weak.public_key().export_key().decode()
    request = by_httpsig(weak.export_key())
    assert httpsig_accepts(request, pem)
    with pytest.raises(NotAuthentic, match="key: 1024 bits"):
        accept(request, Key(EVE_KEY.id, EVE, pem))


CARELESS = {
    "an old date": by_httpsig(date="Mon, 23 Nov 2015 10:50:45 GMT"),
    "a future date": by_httpsig(date="Fri, 23 Nov 2096 10:50:45 GMT"),
    "a digest of another body": by_httpsig(digest=digest_of(b"another")),
    "no digest": by_httpsig(covered=["(request-target)", "host", "date"]),
    "only a date": by_httpsig(covered=["date"]),
}


@pytest.mark.parametrize("request_", CARELESS.values(), ids=CARELESS.keys())
def test_what_httpsig_lets_through_we_refuse(request_):
    assert httpsig_accepts(request_)
    with pytest.raises(NotAuthentic):
        accept(request_)


def test_a_repeated_header_does_not_collapse():
    request = by_httpsig()
    doubled = (("digest", digest_of(b"another")), *request.headers)
    again = SignedRequest("POST", "/inbox", "here.test", "https", doubled, BODY)
    assert httpsig_accepts(again)
    with pytest.raises(NotAuthentic, match="duplicate: digest"):
        accept(again)


def a_message(headers: dict[str, str], method: str = "POST", url: str = INBOX) -> Any:
    """A request as http-message-signatures wants to see it."""
    return SimpleNamespace(method=method, url=url, headers=headers)


RESOLVER = MappingKeyResolver(
    public_keys={EVE_KEY.id: EVE_PEM.encode()},
    private_keys={EVE_KEY.id: private_pem(EVE_DER)},
)


def the_other_verifier() -> HTTPMessageVerifier:
    return HTTPMessageVerifier(
        signature_algorithm=algorithms.RSA_V1_5_SHA256, key_resolver=RESOLVER
    )


def by_the_other(
    covered: tuple[str, ...] = ("@method", "@target-uri", "content-digest"),
    url: str = INBOX,
    **changes: Any,
) -> dict[str, str]:
    """Headers that http-message-signatures signed."""
    message = a_message({"Host": "here.test"}, url=url)
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.RSA_V1_5_SHA256, key_resolver=RESOLVER
    )
    created = datetime.fromtimestamp(NOW_MS // 1000, UTC)
    options = {"created": created, "covered_component_ids": covered, "body": BODY} | changes
    signer.sign(message, key_id=EVE_KEY.id, **options)
    return dict(message.headers)


@pytest.mark.parametrize("target", TARGETS)
def test_http_message_signatures_verifies_what_we_sign(target):
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    url = f"https://here.test{target}"
    headers = signature.sign("POST", url, BODY, EVE_KEY, now_ms, "rfc9421")
    (found,) = the_other_verifier().verify(a_message(headers, url=url), body=BODY)
    assert list(found.covered_components) == [
        '"@method"',
        '"@target-uri"',
        '"content-digest"',
        '"@signature-params"',
    ]
    headers = signature.sign("GET", url, None, EVE_KEY, now_ms, "rfc9421")
    assert the_other_verifier().verify(a_message(headers, "GET", url))
    with pytest.raises(InvalidSignature):
        the_other_verifier().verify(a_message(headers, "GET", f"{url}x"))


DERIVED = ("@authority", "@scheme", "@request-target", "@path", "@query", "host")
NEEDED = ("@method", "@target-uri", "content-digest")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("covered", [NEEDED, NEEDED + DERIVED], ids=["needed", "all"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"include_alg": False},
        {"label": "x", "nonce": 'a"b\\c', "tag": "t"},
        {"expires": datetime.fromtimestamp(NOW_MS // 1000 + 9, UTC)},
    ],
    ids=["plain", "without alg", "with nonce and tag", "with expires"],
)
def test_we_verify_what_http_message_signatures_signs(target, covered, changes):
    headers = by_the_other(covered, f"https://here.test{target}", **changes)
    accept(SignedRequest("POST", target, "here.test", "https", tuple(headers.items()), BODY))


def test_we_verify_ed25519_by_http_message_signatures():
    raw, multibase = keys.make_ed25519()
    private = Ed25519PrivateKey.from_private_bytes(raw)
    id = f"{EVE}#ed25519-key"
    resolver = MappingKeyResolver(public_keys={}, private_keys={id: private})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    message = a_message({"Host": "here.test"}, "GET")
    created = datetime.fromtimestamp(NOW_MS // 1000, UTC)
    signer.sign(
        message, key_id=id, created=created, covered_component_ids=("@method", "@target-uri")
    )
    request = SignedRequest(
        "GET", "/inbox", "here.test", "https", tuple(message.headers.items()), b""
    )
    accept(request, Key(id, EVE, multibase=multibase))
    with pytest.raises(NotAuthentic, match="^key: "):
        accept(request, Key(id, EVE, multibase=keys.make_ed25519()[1]))
    with pytest.raises(NotAuthentic, match="^algorithm: "):
        accept(request, Key(id, EVE, EVE_PUBLIC.pem))
