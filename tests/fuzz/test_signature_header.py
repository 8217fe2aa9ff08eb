"""Whatever stands in the headers: it is read, or refused with a reason; nothing else happens."""

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from federation import signature
from federation.errors import Malformed, NotAuthentic
from federation.origin import normal, normal_origin, origin
from federation.signature import SignedRequest
from federation.structured import byte_sequences, inner_lists
from federation.vocab import Key
from tests.federation.signing import (
    BODY,
    EVE_PUBLIC,
    a_request,
    accept,
)

CAVAGE, MESSAGE = a_request(), a_request(scheme="rfc9421")
WORDS = (
    "keyId headers algorithm signature created expires sig1 host date digest @method @target-uri "
    "content-digest (request-target) (created) hs2019 rsa-sha256 1795431045 -1 1.5 ?1 AAAA == = , "
    'https://far.test/users/eve#main-key " \\ ( ) ; : 광명 ²'
)
PIECES = st.sampled_from([*WORDS.split(" "), " ", "\t", "\n", "\x00", "\ud800"])
SOUP = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)
NAMES = st.sampled_from(
    ["signature", "Signature-Input", "date", "Digest", "content-digest", "Host", "authorization"]
)


def survives(request: SignedRequest, key: Key = EVE_PUBLIC) -> bool:
    try:
        accept(request, key)
    except (NotAuthentic, Malformed):
        return False
    return True


def replaced(request: SignedRequest, name: str, value: str) -> SignedRequest:
    kept = tuple(line for line in request.headers if line[0].lower() != name.lower())
    return msgspec.structs.replace(request, headers=(*kept, (name, value)))


@given(st.sampled_from([CAVAGE, MESSAGE]), NAMES, SOUP)
@example(CAVAGE, "signature", "")
@example(MESSAGE, "Signature-Input", "sig1=()")
@settings(max_examples=600, deadline=None)
def test_any_text_in_a_header_is_read_or_refused(request_, name, text):
    survives(replaced(request_, name, text))


@given(st.sampled_from([CAVAGE, MESSAGE]), st.data())
@settings(max_examples=600, deadline=None)
def test_a_character_changed_in_what_was_signed_is_refused(request_, data):
    name, value = data.draw(st.sampled_from(request_.headers))
    place = data.draw(st.integers(0, len(value) - 1))
    char = data.draw(st.characters().filter(lambda char: char != value[place]))
    changed = replaced(request_, name, value[:place] + char + value[place + 1 :])
    if survives(changed):  # only what no one signs or compares: case, spaces, names of parameters
        assert changed.fields.keys() == request_.fields.keys()
        assert same_meaning(changed, request_)


def same_meaning(a: SignedRequest, b: SignedRequest) -> bool:
    """Whether two requests carry the same signature over the same components."""
    one, other = signature.read(a), signature.read(b)
    return (one.key_id, one.covered, one.value) == (other.key_id, other.covered, other.value)


@given(st.sampled_from([CAVAGE, MESSAGE]), st.text(), st.text(), st.binary())
@settings(max_examples=200, deadline=None)
def test_any_other_target_host_or_body_is_refused(request_, target, host, body):
    assert survives(request_)
    assert body == BODY or not survives(msgspec.structs.replace(request_, body=body))
    if target and target != request_.target:
        assert not survives(msgspec.structs.replace(request_, target=f"/inbox/{target}"))
    if host.lower() != "here.test":
        assert not survives(msgspec.structs.replace(request_, host=host))


@given(st.lists(st.tuples(st.text(max_size=20), SOUP), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_headers_at_all_are_read_or_refused(lines):
    assert not survives(msgspec.structs.replace(CAVAGE, headers=tuple(lines)))


@given(SOUP)
@settings(max_examples=400, deadline=None)
def test_structured_fields_read_their_own_writing(text):
    try:
        found = inner_lists(text)
    except (NotAuthentic, Malformed):
        return
    again = inner_lists(", ".join(f"{label}={member.text}" for label, member in found.items()))
    assert {label: member.text for label, member in again.items()} == {
        label: member.text for label, member in found.items()
    }


@given(SOUP)
@settings(max_examples=200, deadline=None)
def test_byte_sequences_are_read_or_refused(text):
    try:
        found = byte_sequences(text)
    except (NotAuthentic, Malformed):
        return
    assert all(isinstance(value, bytes) for value in found.values())


@given(st.text() | SOUP | st.builds("https://{}/{}".format, st.text(max_size=20), st.text()))
@settings(max_examples=400, deadline=None)
def test_an_id_in_normal_form_has_the_origin_it_shows(uri):
    if normal(uri):
        assert uri.isascii() and normal_origin(uri) == origin(uri)
        assert uri.startswith(origin(uri))


@given(st.text(max_size=200), st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_key_is_used_or_refused(pem, multibase):
    key = msgspec.structs.replace(EVE_PUBLIC, pem=pem, multibase=multibase)
    assert not survives(CAVAGE, key)
