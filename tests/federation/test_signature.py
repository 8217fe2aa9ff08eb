"""What signs and verifies, and the table of requests that must not."""

import base64
import hashlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA512

from federation import keys, signature
from federation.errors import Malformed, NotAuthentic
from federation.signature import SignedRequest
from federation.vocab import Key
from tests.federation.signing import (
    BODY,
    DATE,
    EVE_KEY,
    EVE_PUBLIC,
    INBOX,
    MALLORY_PUBLIC,
    NOW,
    NOW_MS,
    PARAMETERS,
    a_request,
    accept,
    digest_of,
    forged,
    forged_9421,
)

HOUR_MS = 3_600_000
GET = '"@method" "@target-uri"'


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    """The request with this header's value replaced."""
    lines = tuple((n, value if n.lower() == name else v) for n, v in request.headers)
    return msgspec.structs.replace(request, headers=lines)


def with_line(request: SignedRequest, name: str, value: str) -> SignedRequest:
    """The request with one more header line."""
    return msgspec.structs.replace(request, headers=(*request.headers, (name, value)))


def without(request: SignedRequest, name: str) -> SignedRequest:
    lines = tuple((n, v) for n, v in request.headers if n.lower() != name)
    return msgspec.structs.replace(request, headers=lines)


def signature_of(request: SignedRequest) -> str:
    return request.fields["signature"]


def edited(old: str, new: str, request: SignedRequest | None = None) -> SignedRequest:
    """Eve's request with a piece of its Signature header exchanged."""
    request = request or a_request()
    text = signature_of(request)
    assert old in text
    return with_header(request, "signature", text.replace(old, new, 1))


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_what_we_sign_we_accept(scheme):
    accept(a_request(scheme=scheme))


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://here.test/users/ann", "here.test", "/users/ann"),
        ("https://here.test", "here.test", "/"),
        ("https://here.test?page=1", "here.test", "/?page=1"),
        (
            "https://here.test/outbox?page=1&min=%EA%B4%91",
            "here.test",
            "/outbox?page=1&min=%EA%B4%91",
        ),
        ("https://here.test/a#fragment", "here.test", "/a"),
        ("https://HERE.test:443/a", "here.test", "/a"),
        ("http://localhost:8080/a", "localhost:8080", "/a"),
    ],
)
def test_a_get_is_signed_for_exactly_what_goes_on_the_wire(scheme, url, host, target):
    headers = signature.sign("GET", url, None, EVE_KEY, NOW_MS, scheme)
    assert headers["Host"] == host
    assert "Digest" not in headers and "Content-Digest" not in headers
    protocol = url.partition(":")[0]
    accept(SignedRequest("GET", target, host, protocol, tuple(headers.items()), b""))


def test_the_headers_to_send_are_these():
    assert list(signature.sign("POST", INBOX, BODY, EVE_KEY, NOW_MS)) == [
        "Host",
        "Date",
        "Digest",
        "Signature",
    ]
    assert list(signature.sign("POST", INBOX, BODY, EVE_KEY, NOW_MS, "rfc9421")) == [
        "Host",
        "Date",
        "Content-Digest",
        "Signature-Input",
        "Signature",
    ]


@pytest.mark.parametrize(
    "url",
    ["ftp://here.test/", "/inbox", "https://", "https://u@here.test/", "https://here.test/김"],
)
def test_an_address_that_is_not_http_is_not_signed(url):
    with pytest.raises(Malformed):
        signature.sign("GET", url, None, EVE_KEY, NOW_MS)


ACCEPTED = {
    "as Mastodon signs": forged(),
    "as GoToSocial signs": forged(parameters='algorithm="hs2019"'),
    "without an algorithm": forged(parameters=""),
    "without a space after a comma or with one": edited('",headers', '", headers'),
    "with a lower-case digest name": forged(digest=digest_of(BODY).replace("SHA", "sha")),
    "with several digests": forged(digest=f"MD5=AAAA,{digest_of(BODY)}"),
    "with several digests and spaces": forged(digest=f"{digest_of(BODY)}, unixsum=30637"),
    "with created instead of date": forged(
        "(request-target) (created) host digest",
        parameters=f'algorithm="hs2019",created={NOW}',
        drop=("date",),
    ),
    "with expires": forged(
        "(request-target) (created) (expires) host digest",
        parameters=f'algorithm="hs2019",created={NOW},expires={NOW + 60}',
    ),
    "with parameters that we do not know": forged(parameters='algorithm="rsa-sha256",opaque="x"'),
    "covering more than it must": forged(
        "(request-target) host date digest content-type user-agent",
        extra=(("content-type", "application/activity+json"), ("user-agent", "x/1 (y)")),
    ),
    "covering an empty header": forged("(request-target) host date digest x", extra=(("x", ""),)),
    "covering a repeated header that decides nothing": forged(
        "(request-target) host date digest via", extra=(("via", "1.1 a, 1.1 b"),)
    ),
    "a GET without digest": forged("(request-target) host date", method="GET", body=b""),
    "a GET that signs the digest of nothing, as snac2 does": forged(method="GET", body=b""),
    "without the query in the target": forged(
        "(request-target) host date",
        method="GET",
        body=b"",
        target="/outbox?page=true",
        signed_target="/outbox",
    ),
    "with the query in the target": forged(
        "(request-target) host date", method="GET", body=b"", target="/outbox?page=true"
    ),
    "twelve hours old": forged(date="Sun, 22 Nov 2026 22:50:45 GMT"),
    "an hour ahead": forged(date="Mon, 23 Nov 2026 11:50:45 GMT"),
    "RFC 9421": forged_9421(),
    "RFC 9421 without alg": forged_9421(parameters=f';created={NOW};keyid="{EVE_KEY.id}"'),
    "RFC 9421 with nonce, tag and expires": forged_9421(
        parameters=f';created={NOW};expires={NOW + 9};keyid="{EVE_KEY.id}";nonce="n";tag="t"'
    ),
    "RFC 9421 covering every derived component": forged_9421(
        '"@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query"'
        ' "content-digest" "date"'
    ),
    "RFC 9421 with a SHA-512 digest": forged_9421(
        content_digest=f"sha-512=:{base64.b64encode(hashlib.sha512(BODY).digest()).decode()}:"
    ),
    "RFC 9421 after a label that will not do": forged_9421(other="proxy"),
    "a GET by RFC 9421": forged_9421(GET, method="GET", body=b""),
}


@pytest.mark.parametrize("request_", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_right_signature_is_accepted(request_):
    accept(request_)


def test_a_right_signature_in_the_authorization_header_is_accepted():
    request = a_request()
    line = ("Authorization", f"Signature {signature_of(request)}")
    accept(with_line(without(request, "signature"), *line))


def test_a_bearer_token_beside_a_signature_is_nobodys_business():
    accept(with_line(a_request(), "Authorization", "Bearer abc"))


REFUSED = {
    "no signature": (without(a_request(), "signature"), "missing: signature"),
    "an empty signature": (with_header(a_request(), "signature", ""), "missing: keyid"),
    "a body other than the signed": (a_request(body=b"{}", headers=a_request().headers), "digest"),
    "another method": (msgspec.structs.replace(a_request(), method="PUT"), "key"),
    "another target": (msgspec.structs.replace(a_request(), target="/users/ann/inbox"), "key"),
    "another query": (forged(target="/inbox?x", signed_target="/inbox?y"), "key"),
    "another host asked": (msgspec.structs.replace(a_request(), host="elsewhere.test"), "host"),
    "another host signed": (with_header(a_request(), "host", "elsewhere.test"), "host"),
    "no host": (without(a_request(), "host"), "missing: host"),
    "no date": (without(a_request(), "date"), "missing: date"),
    "no digest": (without(a_request(), "digest"), "missing: digest"),
    "date replaced": (with_header(a_request(), "date", "Mon, 23 Nov 2026 10:50:46 GMT"), "key"),
    "a second signature": (with_line(a_request(), "Signature", "x"), "duplicate: signature"),
    "a second date": (with_line(a_request(), "date", DATE), "duplicate: date"),
    "a second digest": (with_line(a_request(), "DIGEST", digest_of(b"")), "duplicate: digest"),
    "a second host": (with_line(a_request(), "Host", "here.test"), "duplicate: host"),
    "a second content type": (
        with_line(with_line(a_request(), "Content-Type", "a/b"), "content-type", "a/b"),
        "duplicate: content-type",
    ),
    "a second authorization": (
        with_line(with_line(a_request(), "Authorization", "x"), "authorization", "x"),
        "duplicate: authorization",
    ),
    "a second signature input": (
        with_line(with_line(a_request(), "Signature-Input", "x"), "signature-input", "x"),
        "duplicate: signature-input",
    ),
    "signed in both headers": (
        with_line(a_request(), "Authorization", "Signature keyId=x"),
        "duplicate: two signatures",
    ),
    "keyId twice": (edited("keyId=", f'keyId="{EVE_KEY.id}",keyId='), "duplicate: keyid"),
    "keyId twice in two cases": (edited("keyId=", 'keyid="x",keyId='), "duplicate: keyid"),
    "headers twice": (edited("headers=", 'headers="date",headers='), "duplicate: headers"),
    "no keyId": (edited(f'keyId="{EVE_KEY.id}",', ""), "missing: keyid"),
    "no list of headers": (
        with_header(a_request(), "signature", f'keyId="{EVE_KEY.id}",signature="AA=="'),
        "missing: headers",
    ),
    "no signature in the signature": (
        with_header(a_request(), "signature", f'keyId="{EVE_KEY.id}",headers="date"'),
        "missing: signature",
    ),
    "upper-case names": (forged(listed="(request-target) Host date digest"), "coverage"),
    "two spaces": (forged(listed="(request-target) host  date digest"), "coverage"),
    "a tab": (forged(listed="(request-target) host\tdate digest"), ""),
    "a leading space": (forged(listed=" (request-target) host date digest"), "coverage"),
    "a name twice": (forged("(request-target) host date digest date"), "coverage"),
    "an empty list": (forged(listed=""), "coverage"),
    "21 names": (
        forged(
            "(request-target) host date digest " + " ".join(f"x-{n}" for n in range(17)),
            extra=tuple((f"x-{n}", "y") for n in range(17)),
        ),
        "coverage",
    ),
    "an unknown special name": (forged("(request-target) host date digest (status)"), "coverage"),
    "a header that is not there": (forged("(request-target) host date digest x"), "missing: x"),
    "target not covered": (forged("host date digest"), "coverage"),
    "host not covered": (forged("(request-target) date digest"), "coverage"),
    "no time covered": (forged("(request-target) host digest"), "coverage"),
    "digest not covered": (forged("(request-target) host date"), "coverage"),
    "digest not covered in a GET with a body": (
        forged("(request-target) host date", method="GET"),
        "coverage",
    ),
    "only a date": (forged("date"), "coverage"),
    "hmac": (forged(parameters='algorithm="hmac-sha256"'), "algorithm"),
    "SHA-1 by name": (forged(parameters='algorithm="rsa-sha1"', hash_=SHA1()), "algorithm"),
    "SHA-1 by another name": (forged(hash_=SHA1()), "key"),
    "SHA-512": (forged(parameters='algorithm="hs2019"', hash_=SHA512()), "key"),
    "no such algorithm": (forged(parameters='algorithm="none"'), "algorithm"),
    "an algorithm in capitals": (forged(parameters='algorithm="RSA-SHA256"'), "algorithm"),
    "Ed25519 with an RSA key": (forged(parameters='algorithm="ed25519"'), "algorithm"),
    "created with rsa-sha256": (
        forged(
            "(request-target) host date digest (created)",
            parameters=f'algorithm="rsa-sha256",created={NOW}',
        ),
        "algorithm",
    ),
    "created covered but absent": (
        forged("(request-target) (created) host digest", parameters='algorithm="hs2019"'),
        "missing: (created)",
    ),
    "expires covered but absent": (
        forged("(request-target) (expires) host date digest", parameters=""),
        "missing: (expires)",
    ),
    "created too long ago": (
        forged(
            "(request-target) (created) host digest",
            parameters=f"created={NOW - 43_201}",
            created=NOW - 43_201,
        ),
        "stale",
    ),
    "created tomorrow": (
        forged(
            "(request-target) (created) host digest",
            parameters=f"created={NOW + 86_400}",
            created=NOW + 86_400,
        ),
        "stale",
    ),
    "created changed": (
        forged("(request-target) (created) host digest", parameters=f"created={NOW + 1}"),
        "key",
    ),
    "expired": (forged(parameters=f'algorithm="hs2019",expires={NOW - 1}'), "stale: expired"),
    "a date of yesterday": (forged(date="Sun, 22 Nov 2026 22:50:44 GMT"), "stale: signed too"),
    "a date of tomorrow": (forged(date="Mon, 23 Nov 2026 11:50:46 GMT"), "stale: not yet"),
    "a date that never was": (forged(date="Mon, 30 Feb 2026 10:50:45 GMT"), "stale: no such"),
    "a date of the year zero": (forged(date="Mon, 23 Nov 0000 10:50:45 GMT"), "stale: no such"),
    "a date in another zone": (forged(date="Mon, 23 Nov 2026 10:50:45 +0900"), "stale: unread"),
    "a date in another form": (forged(date="2026-11-23T10:50:45Z"), "stale: unread"),
    "a month that is none": (forged(date="Mon, 23 Nav 2026 10:50:45 GMT"), "stale: unread"),
    "digest by MD5 alone": (forged(digest="MD5=AAAA"), "digest: no SHA-256"),
    "digest of SHA-512 alone": (forged(digest="SHA-512=AAAA"), "digest: no SHA-256"),
    "digest without its name": (forged(digest=digest_of(BODY)[8:]), "digest"),
    "digest twice in one line": (
        forged(digest=f"{digest_of(BODY)},{digest_of(BODY)}"),
        "duplicate: sha-256",
    ),
    "digest that is not base 64": (forged(digest="SHA-256=****"), "digest: not base 64"),
    "digest cut short": (forged(digest="SHA-256=AAAA"), "digest: of another body"),
    "a wrong digest in a GET": (
        forged("(request-target) host date", method="GET", body=b"", digest=digest_of(b"x")),
        "digest: of another body",
    ),
    "a signature of nothing": (edited('signature="', 'signature="",x="'), "key"),
    "a key id that is no address": (edited(EVE_KEY.id, "acct:eve@far.test"), "key: its id"),
    "a key id with a user": (edited("https://far", "https://x@far"), "key: its id"),
    "a key id with dot segments": (edited("/users/eve", "/users/../users/eve"), "key: its id"),
    "9421: no input": (without(forged_9421(), "signature-input"), ""),
    "9421: no signature": (without(forged_9421(), "signature"), "missing: signature"),
    "9421: no label in common": (
        with_header(forged_9421(), "signature-input", f"x=(){PARAMETERS}"),
        "missing: a label",
    ),
    "9421: a label twice": (forged_9421(other="sig1"), "duplicate: label"),
    "9421: a parameter twice": (
        forged_9421(parameters=f'{PARAMETERS};keyid="x"'),
        "duplicate: signature parameter",
    ),
    "9421: no method": (forged_9421('"@target-uri" "content-digest"'), "coverage"),
    "9421: no target": (forged_9421('"@method" "content-digest"'), "coverage"),
    "9421: no digest": (forged_9421(GET), "coverage"),
    "9421: digest in a GET with a body": (forged_9421(GET, method="GET"), "coverage"),
    "9421: a component twice": (forged_9421(f'{GET} "content-digest" "@method"'), "coverage"),
    "9421: 21 components": (
        forged_9421(f'{GET} "content-digest" ' + " ".join(f'"x-{n}"' for n in range(18))),
        "coverage",
    ),
    "9421: an unknown derived component": (
        forged_9421(f'{GET} "content-digest" "@status"'),
        "missing: @status",
    ),
    "9421: a component with a parameter": (
        forged_9421('"@method";req "@target-uri" "content-digest"'),
        "coverage",
    ),
    "9421: a header that is not there": (
        forged_9421(f'{GET} "content-digest" "x"'),
        "missing: x",
    ),
    "9421: no created": (
        forged_9421(parameters=f';keyid="{EVE_KEY.id}"'),
        "missing: a label with keyid and created",
    ),
    "9421: created as text": (
        forged_9421(parameters=f';created="{NOW}";keyid="{EVE_KEY.id}"'),
        "missing: a label with keyid and created",
    ),
    "9421: no keyid": (forged_9421(parameters=f";created={NOW}"), "missing: a label"),
    "9421: keyid as a token": (forged_9421(parameters=f";created={NOW};keyid=eve"), "missing"),
    "9421: expires as text": (forged_9421(parameters=f'{PARAMETERS};expires="1"'), "missing"),
    "9421: too long ago": (
        forged_9421(parameters=PARAMETERS.replace(str(NOW), str(NOW - 43_201))),
        "stale",
    ),
    "9421: tomorrow": (
        forged_9421(parameters=PARAMETERS.replace(str(NOW), str(NOW + 86_400))),
        "stale",
    ),
    "9421: expired": (forged_9421(parameters=f"{PARAMETERS};expires={NOW - 1}"), "stale"),
    "9421: hmac": (
        forged_9421(parameters=PARAMETERS.replace("rsa-v1_5-sha256", "hmac-sha256")),
        "algorithm",
    ),
    "9421: RSA-PSS": (
        forged_9421(parameters=PARAMETERS.replace("rsa-v1_5-sha256", "rsa-pss-sha512")),
        "algorithm",
    ),
    "9421: Ed25519 with an RSA key": (
        forged_9421(parameters=PARAMETERS.replace("rsa-v1_5-sha256", "ed25519")),
        "algorithm",
    ),
    "9421: a digest of another body": (
        forged_9421(content_digest="sha-256=:AAAA:"),
        "digest: of another body",
    ),
    "9421: one right digest and one wrong": (
        forged_9421(
            content_digest=f"sha-256=:{digest_of(BODY)[8:]}:, sha-512=:AAAA:",
        ),
        "digest: of another body",
    ),
    "9421: an unknown digest": (forged_9421(content_digest="md5=:AAAA:"), "digest: neither"),
    "9421: an unreadable digest": (forged_9421(content_digest="sha-256=AAAA"), "digest: unread"),
    "9421: a digest twice": (
        forged_9421(content_digest="sha-256=:AAAA:, sha-256=:AAAA:"),
        "duplicate: label",
    ),
    "9421: the other scheme asked": (
        msgspec.structs.replace(forged_9421(), scheme="http"),
        "key",
    ),
    "9421: another target": (msgspec.structs.replace(forged_9421(), target="/inbox?x"), "key"),
    "9421: a parameter changed": (
        with_header(
            forged_9421(),
            "signature-input",
            forged_9421().fields["signature-input"] + ';tag="x"',
        ),
        "key",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_forged_request_is_refused(request_, reason):
    with pytest.raises((NotAuthentic, Malformed)) as caught:
        accept(request_)
    assert str(caught.value).startswith(reason)
    assert caught.type is NotAuthentic or reason == ""


UNREADABLE = {
    "not parameters": with_header(a_request(), "signature", "hello"),
    "a trailing comma": edited('=="', '==",'),
    "an open quote": with_header(a_request(), "signature", 'keyId="https://far.test'),
    "an escaped quote": edited("far.test", 'far\\"test'),
    "signature not base 64": edited('signature="', 'signature="*'),
    "created with a leading zero": forged(parameters="created=0123"),
    "created as words": forged(parameters='created="now"'),
    "created as an endless number": forged(parameters=f'created="{"9" * 5000}"'),
    "a line break in a covered header": forged(
        "(request-target) host date digest x", extra=(("x", "a\nhost: b"),)
    ),
    "a lone surrogate in a covered header": with_header(
        forged("(request-target) host date digest x", extra=(("x", "a"),)), "x", "\ud800"
    ),
    "a target that is no path": msgspec.structs.replace(a_request(), target="https://x/"),
    "9421: no dictionary": with_header(forged_9421(), "signature-input", "sig1"),
    "9421: an item in place of a list": with_header(forged_9421(), "signature-input", 'sig1="x"'),
    "9421: an upper-case label": forged_9421(label="Sig1"),
    "9421: tokens in the list": forged_9421("method target"),
    "9421: an integer of 16 digits": forged_9421(parameters=";created=1234567890123456"),
    "9421: a signature that is no byte sequence": with_header(
        forged_9421(), "signature", 'sig1="x"'
    ),
    "9421: a signature not base 64": with_header(forged_9421(), "signature", "sig1=:A:"),
    "9421: a trailing comma": with_line(
        without(forged_9421(), "signature"), "Signature", signature_of(forged_9421()) + ","
    ),
    "9421: nine labels": with_header(
        forged_9421(), "signature", ",".join(f"s{n}=:AAAA:" for n in range(9))
    ),
    "9421: a line break in a covered header": with_line(
        forged_9421(f'{GET} "content-digest" "x"'), "X", "a\nb"
    ),
    "9421: not ASCII in a covered header": with_line(
        forged_9421(f'{GET} "content-digest" "x"'), "X", "광명"
    ),
}


@pytest.mark.parametrize("request_", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_request_is_malformed(request_):
    with pytest.raises(Malformed):
        accept(request_)


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_another_persons_key_does_not_verify(scheme):
    other = msgspec.structs.replace(MALLORY_PUBLIC, id=EVE_KEY.id)
    with pytest.raises(NotAuthentic, match="key: the signature"):
        accept(a_request(scheme=scheme), other)


def test_a_key_under_another_id_is_not_even_tried():
    with pytest.raises(NotAuthentic, match="key: another one was named"):
        accept(a_request(), msgspec.structs.replace(EVE_PUBLIC, id=f"{EVE_PUBLIC.owner}#other"))


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_the_window_is_twelve_hours_back_and_one_ahead(scheme):
    request = a_request(scheme=scheme)
    accept(request, now_ms=NOW_MS + 12 * HOUR_MS)
    accept(request, now_ms=NOW_MS - HOUR_MS)
    for now_ms in (NOW_MS + 12 * HOUR_MS + 1, NOW_MS - HOUR_MS - 1):
        with pytest.raises(NotAuthentic, match="stale"):
            accept(request, now_ms=now_ms)


def ed25519_request(parameters: str) -> tuple[SignedRequest, Key]:
    """A GET signed with Ed25519 in draft-cavage, and its key."""
    private, multibase = keys.make_ed25519()
    id = f"{EVE_PUBLIC.owner}#ed25519-key"
    text = f"(request-target): get /a\nhost: here.test\ndate: {DATE}"
    value = Ed25519PrivateKey.from_private_bytes(private).sign(text.encode())
    claim = (
        f'keyId="{id}",{parameters}headers="(request-target) host date",'
        f'signature="{base64.b64encode(value).decode()}"'
    )
    lines = (("Host", "here.test"), ("Date", DATE), ("Signature", claim))
    request = SignedRequest("GET", "/a", "here.test", "https", lines, b"")
    return request, Key(id, EVE_PUBLIC.owner, multibase=multibase)


@pytest.mark.parametrize("parameters", ['algorithm="hs2019",', 'algorithm="ed25519",', ""])
def test_an_ed25519_key_verifies_its_own(parameters):
    request, key = ed25519_request(parameters)
    accept(request, key)
    with pytest.raises(NotAuthentic, match="key"):
        accept(msgspec.structs.replace(request, target="/b"), key)


def test_an_ed25519_key_is_not_used_for_what_claims_rsa():
    with pytest.raises(NotAuthentic, match="algorithm"):
        accept(*ed25519_request('algorithm="rsa-sha256",'))


def test_optional_spaces_in_signature_input_do_not_change_what_was_signed():
    request = forged_9421()
    spaced = request.fields["signature-input"].replace("=(", "=( ").replace(";key", "; key")
    accept(with_header(request, "signature-input", spaced))


def test_all_repeated_lines_of_other_headers_are_signed_together():
    request = forged("(request-target) host date digest via", extra=(("via", "a, b"),))
    lines = tuple(line for line in request.headers if line[0] != "via")
    split = (*lines, ("Via", "a"), ("via", " b "))
    accept(msgspec.structs.replace(request, headers=split))
