"""Whatever a stranger sends: a value or a refusal, never a crash."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from federation import nodeinfo, parse, readers, webfinger
from federation.errors import FederationError
from federation.vocab import PUBLIC

NAMES = (
    "id", "type", "actor", "object", "target", "to", "cc", "attributedTo", "content", "contentMap",
    "summary", "name", "nameMap", "source", "mediaType", "url", "href", "attachment", "image",
    "icon", "tag", "inReplyTo", "context", "replies", "oneOf", "anyOf", "endTime", "closed",
    "votersCount", "totalItems", "startTime", "location", "address", "streetAddress", "language",
    "identifier", "sensitive", "published", "updated", "audience", "preferredUsername", "inbox",
    "outbox", "endpoints", "sharedInbox", "publicKey", "publicKeyPem", "owner", "assertionMethod",
    "publicKeyMultibase", "controller", "value", "@value", "movedTo", "alsoKnownAs", "first",
    "next", "items", "orderedItems", "width", "height", "focalPoint", "blurhash", "discoverable",
    "subject", "links", "rel", "software", "version",
)  # fmt: skip
WORDS = (
    "Create", "Note", "Article", "Video", "Person", "Group", "Question", "Event", "Tombstone",
    "Flag", "OrderedCollection", "CollectionPage", "Mention", "Hashtag", "Emoji", "Image", "Link",
    "Document", "PropertyValue", "Multikey", "Place", "self", "text/html", "text/markdown",
    "image/png", "application/activity+json", "2026-01-01T00:00:00Z", "0001-01-01", "ko", "und",
    "https://far.test/1", "https://far.test/u/ann", "http://[::1", "https://[", "acct:a@b.test",
    "#tag", ":emoji:", "as:Public", PUBLIC, "",
)  # fmt: skip

scalars = (
    st.sampled_from(WORDS)
    | st.text(max_size=20)
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner, max_size=8)
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from(NAMES), anything, max_size=20)
address = st.just("https://far.test/1")
REQUIRED: dict[str, st.SearchStrategy[Any]] = {
    "id": address,
    "type": st.sampled_from(WORDS),
    "actor": address,
    "attributedTo": address | anything,
    "inbox": address | anything,
    "object": anything,
}
likely = st.fixed_dictionaries(
    REQUIRED, optional={name: anything for name in NAMES if name not in REQUIRED}
)
READERS: tuple[Callable[[dict[str, Any]], object], ...] = (
    parse.activity,
    parse.actor,
    parse.object_,
    parse.collection,
    parse.keys,
    nodeinfo.parse,
    nodeinfo.newest,
)


@given(raw=documents | likely)
@settings(max_examples=150, deadline=None)
def test_any_document_is_a_value_or_refused(raw):
    for reader in READERS:
        with suppress(FederationError):
            msgspec.json.encode(reader(raw))


@given(body=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_an_object_or_refused(body):
    try:
        assert isinstance(parse.decode(body), dict)
    except FederationError:
        return


@given(raw=documents)
@settings(max_examples=100, deadline=None)
def test_what_is_encoded_is_decoded_unless_it_holds_a_nul(raw):
    body = msgspec.json.encode(raw)
    try:
        assert parse.decode(body) == msgspec.json.decode(body)
    except FederationError:
        assert b"\\u0000" in body


@given(raw=documents, wanted=st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_webfinger_answer_is_read_or_refused(raw, wanted):
    try:
        webfinger.parse_jrd(msgspec.json.encode(raw), wanted)
    except FederationError:
        return


@given(text=st.text(max_size=60) | st.from_regex(r"@?[a-z가-힣]+@[^ ]{0,20}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_handle_or_none(text):
    found = webfinger.parse_handle(text)
    if found is not None:
        name, host = found
        assert webfinger.parse_handle(f"@{name}@{host}") == found
        assert host.isascii()
        assert "@" not in name


@given(value=anything)
@settings(max_examples=100, deadline=None)
def test_every_reader_takes_every_shape(value):
    for uri in readers.audience(value):
        assert uri.startswith(("https://", "http://"))
    assert readers.time_ms(value) is None or isinstance(value, str)
    assert readers.id_or_none(value) is None or readers.first(value) is not None
    assert isinstance(readers.many(value), list)


@given(text=st.text(), limit=st.integers(0, 50))
@settings(max_examples=100, deadline=None)
def test_a_cut_text_fits_and_is_a_beginning(text, limit):
    shorter = readers.cut(text, limit)

    assert len(shorter.encode()) <= limit
    assert text.startswith(shorter)
