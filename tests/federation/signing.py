"""Two people with keys, and a request to forge: what the signature tests share."""

import base64
import hashlib
from functools import cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from federation import keys, signature
from federation.signature import SignedRequest
from federation.vocab import Actor, Key

NOW_MS = 1_795_431_045_000  # Mon, 23 Nov 2026 10:50:45 GMT
NOW = NOW_MS // 1000
DATE = "Mon, 23 Nov 2026 10:50:45 GMT"
EVE = "https://far.test/users/eve"
MALLORY = "https://far.test/users/mallory"
OWN_HOSTS = frozenset({"here.test"})
INBOX = "https://here.test/inbox"
BODY = b'{"hello":"neighbour"}'

EVE_DER, EVE_PEM = keys.make_rsa()
MALLORY_DER, MALLORY_PEM = keys.make_rsa()
EVE_KEY = keys.signing_key(f"{EVE}#main-key", EVE_DER)
MALLORY_KEY = keys.signing_key(f"{MALLORY}#main-key", MALLORY_DER)
EVE_PUBLIC = Key(EVE_KEY.id, EVE, EVE_PEM)
MALLORY_PUBLIC = Key(MALLORY_KEY.id, MALLORY, MALLORY_PEM)


def private_pem(der: bytes) -> bytes:
    """The PEM spelling that other libraries read."""
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text}-----END PRIVATE KEY-----\n".encode()


def a_request(
    body: bytes = BODY, scheme: signature.Scheme = "cavage", **changes: Any
) -> SignedRequest:
    """Eve's POST to our shared inbox; `changes` replace parts of it after signing."""
    headers = signature.sign("POST", INBOX, body, EVE_KEY, NOW_MS, scheme)
    request = SignedRequest("POST", "/inbox", "here.test", "https", tuple(headers.items()), body)
    return msgspec.structs.replace(request, **changes)


def accept(request: SignedRequest, key: Key = EVE_PUBLIC, now_ms: int = NOW_MS) -> None:
    """All three steps, as the inbox takes them."""
    found = signature.read(request)
    signature.check(request, found, now_ms)
    signature.verify(request, found, key)


def digest_of(body: bytes) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def forged(
    covered: str = "(request-target) host date digest",
    *,
    drop: tuple[str, ...] = (),
    extra: tuple[tuple[str, str], ...] = (),
    parameters: str = 'algorithm="rsa-sha256"',
    listed: str | None = None,
    method: str = "POST",
    target: str = "/inbox",
    signed_target: str | None = None,
    body: bytes = BODY,
    hash_: HashAlgorithm | None = None,
    created: int = NOW,
    expires: int = NOW + 60,
    **values: str,
) -> SignedRequest:
    """A request whose signature is *right* for the text that it names, so that one rule refuses it.

    `values` are headers of another value than usual, `drop` headers left out, `extra` lines added
    at the end, `listed` the list of headers as it is claimed, when it differs from `covered`.
    """
    fields = {"host": "here.test", "date": DATE, "digest": digest_of(body), **values}
    known = {
        "(request-target)": f"{method.lower()} {signed_target or target}",
        "(created)": str(created),
        "(expires)": str(expires),
        **dict(extra),
        **fields,
    }
    text = "\n".join(f"{name}: {known.get(name, '')}" for name in covered.split(" "))
    value = rsa(EVE_DER).sign(text.encode(), PKCS1v15(), hash_ or SHA256())
    claims = [
        f'keyId="{EVE_KEY.id}"',
        parameters,
        f'headers="{covered if listed is None else listed}"',
        f'signature="{base64.b64encode(value).decode()}"',
    ]
    kept = [(name, value) for name, value in fields.items() if name not in drop]
    claim = ("Signature", ",".join(filter(None, claims)))
    return SignedRequest(method, target, "here.test", "https", (*kept, *extra, claim), body)


PARAMETERS = f';created={NOW};keyid="{EVE_KEY.id}";alg="rsa-v1_5-sha256"'


def forged_9421(
    covered: str = '"@method" "@target-uri" "content-digest"',
    parameters: str = PARAMETERS,
    *,
    method: str = "POST",
    body: bytes = BODY,
    label: str = "sig1",
    other: str = "",
    **values: str,
) -> SignedRequest:
    """The same for RFC 9421. `other` is a member that Signature-Input and Signature hold first."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    known = {
        "@method": method,
        "@target-uri": INBOX,
        "@authority": "here.test",
        "@scheme": "https",
        "@request-target": "/inbox",
        "@path": "/inbox",
        "@query": "?",
        "content-digest": f"sha-256=:{digest}:",
        "date": DATE,
        **{name.replace("_", "-"): value for name, value in values.items()},
    }
    names = [name for name in covered.split(" ") if name]
    lines = [f"{name}: {known.get(name.partition(';')[0].strip(chr(34)), '')}" for name in names]
    lines.append(f'"@signature-params": ({covered}){parameters}')
    value = rsa(EVE_DER).sign("\n".join(lines).encode(), PKCS1v15(), SHA256())
    first, second = (f"{other}=(),", f"{other}=:AA==:,") if other else ("", "")
    headers = (
        ("Host", "here.test"),
        ("Date", known["date"]),
        ("Content-Digest", known["content-digest"]),
        ("Signature-Input", f"{first}{label}=({covered}){parameters}"),
        ("Signature", f"{second}{label}=:{base64.b64encode(value).decode()}:"),
    )
    return SignedRequest(method, "/inbox", "here.test", "https", headers, body)


@cache
def rsa(der: bytes) -> RSAPrivateKey:
    """Loading checks the primes, which takes 30 ms."""
    key = load_der_private_key(der, None)
    assert isinstance(key, RSAPrivateKey)
    return key


def an_actor(id: str, *owned: Key) -> Actor:
    """An actor document that lists these keys."""
    return Actor(id=id, type="Person", username="eve", inbox=f"{id}/inbox", keys=owned, raw={})
