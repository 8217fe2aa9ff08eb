"""Integrity proofs: published examples, and everything that somebody could forge."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation import proof
from federation.errors import NotAuthentic
from federation.keys import base58, from_base58, make_ed25519, make_rsa, multibase
from federation.vocab import AS_CONTEXT, DATA_INTEGRITY, Key

ALICE = "https://server.example/users/alice"
METHOD = f"{ALICE}#ed25519-key"
MADE_MS = 1_677_281_798_000
NOW_MS = 1_795_431_045_000
EXAMPLE_KEY = Ed25519PrivateKey.from_private_bytes(
    from_base58("3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]
)
Document = dict[str, Any]


def key_of(private: Ed25519PrivateKey, id: str = METHOD, owner: str = ALICE) -> Key:
    return Key(id, owner, multibase=multibase(private.public_key().public_bytes_raw()))


def hello() -> Document:
    return {
        "@context": [AS_CONTEXT, DATA_INTEGRITY],
        "type": "Create",
        "actor": ALICE,
        "object": {"type": "Note", "content": "Hello world"},
    }


def signed(document: Document | None = None) -> Document:
    return proof.sign(document or hello(), EXAMPLE_KEY, METHOD, MADE_MS)


def test_the_example_of_the_proposal_verifies() -> None:
    value = (
        "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2"
    )
    given = hello() | {
        "proof": {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": METHOD,
            "proofPurpose": "assertionMethod",
            "proofValue": value,
            "created": "2023-02-24T23:36:38Z",
        }
    }
    proof.verify(given, key_of(EXAMPLE_KEY), NOW_MS)


def test_the_example_of_the_cryptosuite_verifies() -> None:
    key = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    contexts = [
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2",
    ]
    given = {
        "@context": contexts,
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
        "proof": {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "created": "2023-02-24T23:36:38Z",
            "verificationMethod": f"did:key:{key}#{key}",
            "proofPurpose": "assertionMethod",
            "@context": contexts,
            "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",  # noqa: E501
        },
    }
    method = given["proof"]["verificationMethod"]  # type: ignore[index]
    proof.verify(given, Key(method, "https://vc.example/issuers/5678", multibase=key), NOW_MS)


def test_what_we_sign_verifies_and_says_by_whom_when_and_in_which_context() -> None:
    given = signed()
    proof.verify(given, key_of(EXAMPLE_KEY), NOW_MS)
    assert {name: value for name, value in given["proof"].items() if name != "proofValue"} == {
        "@context": given["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "created": "2023-02-24T23:36:38Z",
    }


def test_a_document_without_the_context_of_proofs_gets_it() -> None:
    given = signed(hello() | {"@context": AS_CONTEXT})
    assert given["@context"] == [AS_CONTEXT, DATA_INTEGRITY]
    proof.verify(given, key_of(EXAMPLE_KEY), NOW_MS)


def test_signing_again_leaves_one_proof_and_the_first_document_as_it_was() -> None:
    first = signed()
    before = deepcopy(first)
    again = proof.sign(first, EXAMPLE_KEY, METHOD, MADE_MS + 1000)
    assert first == before
    assert isinstance(again["proof"], dict)
    proof.verify(again, key_of(EXAMPLE_KEY), NOW_MS)


def test_the_order_of_properties_and_further_contexts_do_not_matter() -> None:
    given = signed()
    shuffled = dict(reversed(given.items()))
    shuffled["@context"] = [*given["@context"], "https://far.test/ns"]
    proof.verify(shuffled, key_of(EXAMPLE_KEY), NOW_MS)


def test_a_linked_data_signature_beside_a_proof_does_not_matter() -> None:
    proof.verify(
        signed() | {"signature": {"type": "RsaSignature2017"}}, key_of(EXAMPLE_KEY), NOW_MS
    )


def _change(**columns: Any) -> Callable[[Document], None]:
    return lambda given: given.update(columns)


def _proof(**columns: Any) -> Callable[[Document], None]:
    return lambda given: given["proof"].update(columns)


def _content(given: Document) -> None:
    given["object"]["content"] = "Goodbye world"


def _on_the_object(given: Document) -> None:
    inner = proof.sign({"@context": AS_CONTEXT, **given["object"]}, EXAMPLE_KEY, METHOD, MADE_MS)
    given["object"] = inner
    del given["proof"]


def _of_the_object(given: Document) -> None:
    inner = {"@context": given["@context"], **given["object"]}
    given["proof"] = proof.sign(inner, EXAMPLE_KEY, METHOD, MADE_MS)["proof"]


def _twice(given: Document) -> None:
    given["proof"] = [given["proof"], given["proof"]]


def _shorter(given: Document) -> None:
    given["proof"]["proofValue"] = given["proof"]["proofValue"][:40]


def _without(name: str) -> Callable[[Document], None]:
    return lambda given: given["proof"].pop(name)


FORGERIES: dict[str, Callable[[Document], None]] = {
    "another actor": _change(actor="https://server.example/users/eve"),
    "another content": _content,
    "something more": _change(target="https://server.example/users/eve"),
    "another context": _change(**{"@context": ["https://evil.example/ns", AS_CONTEXT]}),
    "no context": _change(**{"@context": []}),
    "no proof": lambda given: given.pop("proof"),
    "a proof that is a word": _change(proof="trust me"),
    "two proofs": _twice,
    "a proof of the object alone, on it": _on_the_object,
    "a proof of the object alone, on the activity": _of_the_object,
    "another purpose": _proof(proofPurpose="authentication"),
    "another suite": _proof(cryptosuite="eddsa-rdfc-2022"),
    "another type": _proof(type="Ed25519Signature2020"),
    "another time": _proof(created="2023-02-24T23:36:39Z"),
    "no time": _without("created"),
    "no key": _without("verificationMethod"),
    "the id of another key": _proof(verificationMethod=f"{ALICE}#other"),
    "a claim in the proof": _proof(domain="https://server.example"),
    "an end that was not signed": _proof(expires="2099-01-01T00:00:00Z"),
    "no signature": _without("proofValue"),
    "a huge signature": _proof(proofValue="z" + "2" * 100_000),
    "a short signature": _shorter,
    "a signature in another base": _proof(proofValue="u" + "A" * 86),
    "a signature that is no base 58": _proof(proofValue="z" + "0" * 88),
    "a signature of zeros": _proof(proofValue="z" + "1" * 64),
    "a number beyond what numbers can say": _change(count=2**60),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_does_not_verify(name: str) -> None:
    given = deepcopy(signed())
    FORGERIES[name](given)
    with pytest.raises(NotAuthentic):
        proof.verify(given, key_of(EXAMPLE_KEY), NOW_MS)


def test_another_key_under_the_same_id_does_not_verify() -> None:
    private, _ = make_ed25519()
    with pytest.raises(NotAuthentic, match="does not fit"):
        proof.verify(signed(), key_of(Ed25519PrivateKey.from_private_bytes(private)), NOW_MS)


def test_an_rsa_key_does_not_verify() -> None:
    with pytest.raises(NotAuthentic, match="Ed25519"):
        proof.verify(signed(), Key(METHOD, ALICE, pem=make_rsa()[1]), NOW_MS)


def test_a_proof_of_the_future_or_past_its_end_does_not_verify() -> None:
    with pytest.raises(NotAuthentic, match="time"):
        proof.verify(signed(), key_of(EXAMPLE_KEY), MADE_MS - proof.AHEAD_MS - 1)
    proof.verify(signed(), key_of(EXAMPLE_KEY), MADE_MS - proof.AHEAD_MS)
    given = signed()
    given["proof"]["expires"] = "2023-03-01T00:00:00Z"
    with pytest.raises(NotAuthentic, match="time"):
        proof.verify(given, key_of(EXAMPLE_KEY), NOW_MS)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\1", b"\xff" * 64, bytes(range(64))])
def test_base_58_comes_back(data: bytes) -> None:
    assert from_base58(base58(data)) == data
