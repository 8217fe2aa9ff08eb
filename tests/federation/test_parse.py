"""Strangers' documents: what is refused, and what each tolerated shape means."""

import pytest

from federation import groups, parse
from federation.errors import Malformed
from federation.vocab import PUBLIC
from tests.federation.theirs import ANN, an_activity, an_object

# JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b'"text"',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":01}',
        b'{"a":1,}',
        b'{"a":1} x',
        b'{"a":1}{"b":2}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00"}',
        b'{"a":"\\ud800\\u0041"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\x80"}',
        b'{"a":"\xff"}',
        b'{"\xff":1}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":"\\\\\\u0000"}',
        b'{"a":"\x00"}',
        b'{"a":"\x01"}',
        b'{"a":"\n"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-32"),
        b'{"a":9223372036854775808}',
        b'{"a":[-9223372036854775809]}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{" * 100_000,
    ],
)
def test_what_is_not_strict_json_is_malformed(body):
    with pytest.raises(Malformed):
        parse.decode(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":"\\\\u0000"}', {"a": "\\u0000"}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b' {"a" : 9223372036854775807} \n', {"a": 2**63 - 1}),
        (b'{"a":1.' + b"5" * 5_000 + b"}", {"a": 1.5555555555555556}),
        ('{"a":"한국어"}'.encode(), {"a": "한국어"}),
    ],
)
def test_what_is_strict_json_means_what_it_says(body, value):
    assert parse.decode(body) == value


def test_thirty_two_levels_are_enough_for_anyone():
    deepest = b'{"a":' + b"[" * 31 + b"]" * 31 + b"}"

    assert parse.decode(deepest)


# readers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T09:00:00+09:00", 1_767_225_600_000),
        ("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123),
        ("2026-01-01T00:00:00", 1_767_225_600_000),
        ("2026-01-01 00:00:00z", 1_767_225_600_000),
        ("2026-01-01", 1_767_225_600_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
        ("2026-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("2026-01-01T00:00:00Z" * 3, None),
        ("", None),
        (1_767_225_600, None),
        (None, None),
    ],
)
def test_a_time_is_read_in_every_spelling_of_iso_8601(value, ms):
    assert parse.time_ms(value) == ms


@pytest.mark.parametrize("public", [PUBLIC, "as:Public", "Public"])
@pytest.mark.parametrize("shape", [lambda one: one, lambda one: [one], lambda one: [one, one]])
def test_every_spelling_of_public_is_one(public, shape):
    assert parse.audience(shape(public)) == (PUBLIC,)


def test_an_audience_keeps_order_and_drops_what_is_no_address():
    value = [{"id": ANN}, "as:Public", ANN, 3, None, "mailto:a@b", ["https://x.test/1"], "ftp://x"]

    assert parse.audience(value) == (ANN, PUBLIC)
    assert parse.audience(None) == parse.audience({}) == ()


def test_an_audience_is_bounded():
    assert len(parse.audience([f"https://far.test/{n}" for n in range(5_000)])) == 1_000


@pytest.mark.parametrize(
    "value",
    [
        "https://far.test/a b",
        "https://far.test/a\nb",
        'https://far.test/"',
        "https://far.test/<",
        "javascript:alert(1)",
        "data:text/html,x",
        "//far.test/1",
        "HTTPS://far.test/" + "a" * 2_048,
        "",
        7,
        {"id": 7},
        {"href": "https://far.test/1"},
        [],
    ],
)
def test_what_is_no_address_is_no_id(value):
    assert parse.id_or_none(value) is None


def test_an_id_stays_as_it_was_written():
    odd = "https://Far.test:443/%7eann/../한국어?a=b#c"

    assert parse.id_or_none(odd) == parse.id_or_none({"id": odd}) == odd


# activities ------------------------------------------------------------------------------------


def test_an_activity_names_its_object_or_embeds_it():
    named = parse.activity(an_activity())
    embedded = parse.activity(an_activity(object={"id": "https://x.test/1", "type": "Note"}))

    assert (named.object_id, named.object, named.object_type) == (
        "https://here.test/objects/1",
        None,
        None,
    )
    assert (embedded.object_id, embedded.object_type) == ("https://x.test/1", "Note")
    assert embedded.object == {"id": "https://x.test/1", "type": "Note"}


def test_an_embedded_object_may_have_no_id():
    found = parse.activity(an_activity(type="Undo", object={"type": "Follow", "object": ANN}))

    assert found.object_id is None
    assert found.object == {"type": "Follow", "object": ANN}


def test_an_array_of_one_is_that_one():
    assert parse.activity(an_activity(object=["https://x.test/1"])).object_id == "https://x.test/1"
    assert parse.activity(an_activity(type=["Like", "x:React"])).type == "Like"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": ""},
        {"id": 5},
        {"id": ["https://far.test/a/1"]},
        {"id": "tag:far.test,2026:1"},
        {"actor": None},
        {"actor": [ANN]},
        {"actor": [ANN, "https://far.test/u/bo"]},
        {"actor": {"type": "Person"}},
        {"actor": "ann"},
        {"type": None},
        {"type": []},
        {"type": {"id": "Like"}},
        {"type": "Note"},
        {"type": "Person"},
        {"type": "OrderedCollection"},
        {"object": None},
        {"object": ""},
        {"object": []},
        {"object": ["https://x.test/1", "https://x.test/2"]},
        {"object": [{"id": "https://x.test/1"}, {"id": "https://x.test/2"}]},
    ],
)
def test_an_activity_without_its_essentials_is_malformed(changes):
    with pytest.raises(Malformed):
        parse.activity(an_activity(**changes))


def test_an_actor_may_be_embedded():
    assert parse.activity(an_activity(actor={"id": ANN, "type": "Person"})).actor == ANN


def test_only_a_flag_names_several_objects():
    objects = [ANN, {"id": "https://far.test/p/1", "type": "Note"}, 7, ANN]

    found = parse.activity(an_activity(type="Flag", object=objects, content="spam"))

    assert found.objects == (ANN, "https://far.test/p/1")
    assert found.content == "spam"


def test_an_announce_of_several_is_about_none_of_them():
    inner = [{"id": "https://far.test/a/1", "type": "Like"}, "https://far.test/p/1"]
    found = parse.activity(an_activity(type="Announce", object=inner))
    assert (found.object_id, found.object, found.object_type) == (None, None, None)
    assert groups.several(found) and groups.batch(found) == (inner[0],)
    alone = parse.activity(an_activity(type="Announce", object=inner[:1]))
    assert (alone.object_id, alone.object_type) == ("https://far.test/a/1", "Like")
    assert not groups.several(alone)


def test_the_reason_of_a_removal_is_its_summary():
    assert parse.activity(an_activity(type="Delete", summary="rude")).content == "rude"
    assert parse.activity(an_activity(type="Delete")).content is None


def test_an_activity_about_nothing_needs_no_object():
    assert parse.activity(an_activity(type="Ping", object=None)).object_id is None


# collections -----------------------------------------------------------------------------------


def test_a_collection_names_its_first_page():
    found = parse.collection(
        {"id": "https://far.test/c", "type": "OrderedCollection", "first": "https://far.test/c?1"}
        | {"totalItems": 3}
    )

    assert (found.first, found.items, found.total) == ("https://far.test/c?1", (), 3)


def test_items_are_ids_or_embedded():
    note = an_object()
    page = {
        "id": "https://far.test/c?1",
        "type": "CollectionPage",
        "items": ["https://far.test/p/2", note, None, "x", 3],
        "next": "https://far.test/c?2",
        "totalItems": -1,
    }

    found = parse.collection(page)

    assert found.items == ("https://far.test/p/2", note)
    assert (found.next, found.total) == ("https://far.test/c?2", None)


def test_a_single_item_needs_no_array():
    raw = {"type": "OrderedCollectionPage", "orderedItems": "https://far.test/p/1"}

    assert parse.collection(raw).items == ("https://far.test/p/1",)


def test_an_embedded_first_page_is_not_fetched_again():
    page = {"type": "CollectionPage", "items": ["https://far.test/p/1"], "next": "https://f.test/2"}

    whole = parse.collection({"id": "https://far.test/c", "type": "Collection", "first": page})
    with_id = parse.collection({"type": "Collection", "first": page | {"id": "https://f.test/1"}})
    empty = parse.collection(
        {"type": "Collection", "first": {"id": "https://f.test/1", "items": []}}
    )

    assert (whole.items, whole.first, whole.next) == (
        ("https://far.test/p/1",),
        None,
        "https://f.test/2",
    )
    assert (with_id.items, with_id.first) == (("https://far.test/p/1",), None)
    assert (empty.items, empty.first) == ((), "https://f.test/1")


def test_a_collection_is_one():
    with pytest.raises(Malformed):
        parse.collection(an_object())
