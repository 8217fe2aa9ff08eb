"""Keys made, loaded, and read from what strangers publish."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPublicKey,
    RSAPublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import (
    generate_private_key as generate_rsa,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from federation import keys
from federation.errors import NotAuthentic
from federation.vocab import Key
from tests.federation.signing import EVE, EVE_DER, EVE_KEY, EVE_PEM


def pem_of(public, form=PublicFormat.SubjectPublicKeyInfo):
    return public.public_bytes(Encoding.PEM, form).decode()


def of_size(bits):
    """An RSA public key of this size; whether anybody could use it does not matter here."""
    return pem_of(RSAPublicNumbers(65537, 2 ** (bits - 1) + 1).public_key())


def test_a_new_rsa_pair_belongs_together():
    loaded = keys.signing_key("https://here.test/actors/1#main-key", EVE_DER)
    assert loaded.private.key_size == 2048
    assert pem_of(loaded.private.public_key()) == EVE_PEM


def test_a_new_ed25519_pair_belongs_together():
    private, multibase = keys.make_ed25519()
    assert len(private) == 32 and multibase.startswith("z6Mk")
    public = keys.public_key(Key("https://a.test#k", "https://a.test", multibase=multibase))
    assert isinstance(public, Ed25519PublicKey)
    expected = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert public.public_bytes_raw() == expected


def test_multibase_is_base_58_of_the_multicodec():
    # The first example of the did:key specification.
    raw = bytes.fromhex("2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6")
    assert keys.multibase(raw) == "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def test_a_published_key_is_parsed_once():
    key = Key(EVE_KEY.id, EVE, EVE_PEM)
    assert keys.public_key(key) is keys.public_key(key)


def test_a_pkcs1_public_key_is_read_too():
    pem = pem_of(EVE_KEY.private.public_key(), PublicFormat.PKCS1)
    assert isinstance(keys.public_key(Key(EVE_KEY.id, EVE, pem)), RSAPublicKey)


def test_only_rsa_keys_sign_for_us():
    der = Ed25519PrivateKey.generate().private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    for unusable in (der, b"", b"0\x82"):
        with pytest.raises(ValueError):
            keys.signing_key("x", unusable)


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 8192])
def test_rsa_keys_from_2048_to_8192_bits_are_taken(bits):
    assert isinstance(keys.public_key(Key("x", EVE, of_size(bits))), RSAPublicKey)


REFUSED_PEMS = {
    "1024 bits": pem_of(generate_rsa(65537, 1024).public_key()),
    "2047 bits": of_size(2047),
    "8193 bits": of_size(8193),
    "16384 bits": of_size(16384),
    "an enormous exponent": pem_of(RSAPublicNumbers(2**33 + 1, 2**2047 + 1).public_key()),
    "an elliptic curve": pem_of(generate_private_key(SECP256R1()).public_key()),
    "Ed25519 as PEM": pem_of(Ed25519PrivateKey.generate().public_key()),
    "a private key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "cut short": EVE_PEM[:200],
    "another language": EVE_PEM.replace("MII", "광명시", 1),
    "words": "secret",
    "endless": EVE_PEM + "\n" * 5_000,
}


@pytest.mark.parametrize("pem", REFUSED_PEMS.values(), ids=REFUSED_PEMS.keys())
def test_a_weak_or_strange_pem_is_refused(pem):
    with pytest.raises(NotAuthentic, match="^key: "):
        keys.public_key(Key("x", EVE, pem))


GOOD = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@pytest.mark.parametrize(
    "multibase",
    [
        "",
        "z",
        GOOD[:-1],
        GOOD + "1",
        "u" + GOOD[1:],
        GOOD[:-1] + "0",
        GOOD[:-1] + "한",
        "z" + "1" * 47,
        "z" + "z" * 47,
        "z" * 100_000,
        "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBm",
    ],
)
def test_a_strange_multibase_is_refused(multibase):
    with pytest.raises(NotAuthentic, match="^key: "):
        keys.public_key(Key("x", EVE, multibase=multibase))
