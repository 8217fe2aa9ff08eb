"""Web Push: the example of RFC 8291, and an independent reader of what we encrypt and sign."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import http_ece
import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from federation import webpush

ENDPOINT = "https://push.test/send/abc?x=1"
NOW_S = 1_795_431_045


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def test_the_example_of_rfc_8291_appendix_a():
    to = webpush.recipient(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    once = webpush.private_key(unpadded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    plain = b"When I grow up, I want to be a watermelon"
    body = webpush.aes128gcm(plain, to, once, unpadded("DGv6ra1nlYgDCS1FRnbzlw"))
    assert text(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize("size", [0, 1, 500, webpush.MAX_PLAIN_BYTES])
@pytest.mark.parametrize("standard", [True, False])
def test_an_independent_reader_opens_what_we_send(standard, size):
    theirs, ours, once = (generate_private_key(SECP256R1()) for _ in range(3))
    auth, salt, plain = b"a" * 16, b"s" * 16, b"x" * size
    to = webpush.recipient(text(point(theirs)), text(auth))
    sent = webpush.request(
        plain,
        to,
        ENDPOINT,
        standard=standard,
        key=ours,
        contact="https://here.test",
        once=once,
        salt=salt,
        now_s=NOW_S,
    )
    assert (sent.headers["TTL"], sent.headers["Urgency"]) == ("172800", "normal")
    if standard:
        assert sent.headers["Content-Encoding"] == "aes128gcm"
        assert len(sent.body) <= 4096
        read = http_ece.decrypt(
            sent.body, private_key=theirs, auth_secret=auth, version="aes128gcm"
        )
        token, key = sent.headers["Authorization"].removeprefix("vapid t=").split(", k=")
    else:
        assert sent.headers["Content-Encoding"] == "aesgcm"
        kept = dict(one.split("=") for one in sent.headers["Crypto-Key"].split(";"))
        read = http_ece.decrypt(
            sent.body,
            salt=unpadded(sent.headers["Encryption"].removeprefix("salt=")),
            private_key=theirs,
            dh=unpadded(kept["dh"]),
            auth_secret=auth,
            version="aesgcm",
        )
        token, key = sent.headers["Authorization"].removeprefix("WebPush "), kept["p256ecdsa"]
    assert read == plain
    assert unpadded(key) == point(ours)
    assert unpadded(webpush.public_text(ours).rstrip("=")) == point(ours)
    claims = verified(token, ours)
    assert claims == {
        "aud": "https://push.test",
        "exp": NOW_S + 12 * 3600,
        "sub": "https://here.test",
    }


def verified(token: str, key) -> dict[str, object]:
    """The claims of a token that `key` signed."""
    header, claims, signature = token.split(".")
    assert msgspec.json.decode(unpadded(header)) == {"typ": "JWT", "alg": "ES256"}
    raw = unpadded(signature)
    assert len(raw) == 64
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.public_key().verify(
        encode_dss_signature(*numbers), f"{header}.{claims}".encode(), ECDSA(SHA256())
    )
    return msgspec.json.decode(unpadded(claims))


def test_another_key_did_not_sign():
    one, other = (generate_private_key(SECP256R1()) for _ in range(2))
    with pytest.raises(InvalidSignature):
        verified(webpush.vapid(ENDPOINT, one, "https://here.test", NOW_S), other)


def test_a_key_is_made_and_read_again():
    secret = webpush.make_key()
    assert len(secret) == 32
    assert secret != webpush.make_key()
    assert len(unpadded(webpush.public_text(webpush.private_key(secret)).rstrip("="))) == 65


def test_keys_may_be_written_in_either_alphabet():
    key = next(
        key
        for key in iter(lambda: generate_private_key(SECP256R1()), None)
        if {"-", "_"} & set(text(point(key)))
    )
    plain = text(point(key))
    other = plain.replace("-", "+").replace("_", "/") + "="
    assert webpush.recipient(plain, "YWFhYWFhYWFhYWFhYWFhYQ") == webpush.recipient(
        other, "YWFhYWFhYWFhYWFhYWFhYQ=="
    )


GOOD = text(point(webpush.private_key(b"\x01" * 32)))
AUTH = text(b"a" * 16)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH),
        (GOOD, ""),
        ("한글", AUTH),
        (GOOD[:-4], AUTH),
        (GOOD + "AAAA", AUTH),
        (text(b"\x04" + b"\x01" * 64), AUTH),  # not on the curve
        (text(b"\x04" + b"\x00" * 64), AUTH),
        (text(b"\x00"), AUTH),  # the point at infinity
        (text(b"\x02" + unpadded(GOOD)[1:33]), AUTH),  # compressed
        ("!" * 87, AUTH),
        ("A" * 100_000, AUTH),
        (GOOD, text(b"a" * 15)),
        (GOOD, text(b"a" * 17)),
        (GOOD, "A" * 100_000),
        ("A", AUTH),
    ],
)
def test_what_is_no_key_is_refused(p256dh, auth):
    with pytest.raises(ValueError, match=r"."):
        webpush.recipient(p256dh, auth)
