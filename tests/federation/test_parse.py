"""Strangers' documents: what is refused, and what each tolerated shape means."""

from typing import Any

import pytest

from federation import groups, parse
from federation.errors import Gone, Malformed
from federation.vocab import PUBLIC, Attachment, Emoji, Image, Key, Option

ANN = "https://far.test/u/ann"


def an_activity(**changes: Any) -> dict[str, Any]:
    like = {"id": "https://far.test/a/1", "type": "Like", "actor": ANN}
    return like | {"object": "https://here.test/objects/1"} | changes


def an_object(**changes: Any) -> dict[str, Any]:
    return {"id": "https://far.test/p/1", "type": "Note", "attributedTo": ANN} | changes


def an_actor(**changes: Any) -> dict[str, Any]:
    names = {"preferredUsername": "ann", "inbox": f"{ANN}/inbox"}
    return {"id": ANN, "type": "Person"} | names | changes


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


# objects ---------------------------------------------------------------------------------------


def test_the_least_object_has_an_id_and_an_author():
    found = parse.object_(an_object())

    assert (found.id, found.attributed_to, found.type) == ("https://far.test/p/1", ANN, "Note")
    assert found.content == found.url == found.language == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"attributedTo": None},
        {"attributedTo": []},
        {"attributedTo": {"type": "Person"}},
        {"type": None},
        {"type": "ChatMessage"},
        {"type": "Person"},
    ],
)
def test_an_object_without_its_essentials_is_malformed(changes):
    with pytest.raises(Malformed):
        parse.object_(an_object(**changes))


def test_a_tombstone_is_gone():
    with pytest.raises(Gone):
        parse.object_({"id": "https://far.test/p/1", "type": "Tombstone"})
    with pytest.raises(Gone):
        parse.actor({"id": ANN, "type": "Tombstone"})


@pytest.mark.parametrize(
    "authors",
    [
        ANN,
        [ANN],
        {"id": ANN, "type": "Person"},
        [{"type": "Group", "id": "https://far.test/c/1"}, {"type": "Person", "id": ANN}],
        [{"type": "Person", "id": ANN}, {"type": "Group", "id": "https://far.test/c/1"}],
    ],
)
def test_the_author_is_found_in_every_shape(authors):
    assert parse.object_(an_object(attributedTo=authors)).attributed_to == ANN


def test_summary_warns_in_a_note_and_leads_in_an_article():
    note = parse.object_(an_object(summary="careful"))
    article = parse.object_(an_object(type="Article", summary="<p>In short</p>"))
    sensitive = parse.object_(an_object(type="Page", summary="careful", sensitive=True))

    assert (note.warning, note.lead, note.sensitive) == ("careful", "", False)
    assert (article.warning, article.lead) == ("", "<p>In short</p>")
    assert (sensitive.warning, sensitive.lead, sensitive.sensitive) == ("careful", "", True)


@pytest.mark.parametrize(
    ("changes", "language"),
    [
        ({"contentMap": {"ko": "안녕", "en": "Hi"}}, "ko"),
        ({"contentMap": {"und": "Hi"}, "language": {"identifier": "en"}}, "en"),
        ({"language": {"identifier": "ko", "name": "한국어"}}, "ko"),
        ({"language": [{"identifier": "fr"}]}, "fr"),
        ({"inLanguage": "en-GB"}, "en-GB"),
        ({"language": {"identifier": "und"}}, ""),
        ({"contentMap": {"not a tag": "Hi"}}, ""),
        ({"contentMap": ["ko"]}, ""),
        ({}, ""),
    ],
)
def test_the_language_is_the_first_that_is_told(changes, language):
    assert parse.object_(an_object(**changes)).language == language


def test_content_may_only_be_in_its_map():
    found = parse.object_(an_object(contentMap={"ko": "<p>안녕</p>"}, nameMap={"ko": "인사"}))

    assert (found.content, found.name) == ("<p>안녕</p>", "인사")


def test_markdown_content_is_not_taken_for_html():
    found = parse.object_(an_object(content="a <b>\nc\r\n\r\nd & e", mediaType="text/markdown"))

    assert found.content == "<p>a &lt;b&gt;<br>c</p><p>d &amp; e</p>"
    assert found.source == "a <b>\nc\r\n\r\nd & e"


@pytest.mark.parametrize("media_type", [[], {}, 5, None, ["text/markdown"]])
def test_an_odd_media_type_means_html(media_type):
    raw = an_object(content="<p>a</p>", mediaType=media_type, source={"mediaType": media_type})

    assert parse.object_(raw).content == "<p>a</p>"


def test_only_markdown_is_a_source():
    markdown = an_object(source={"content": "*a*", "mediaType": "text/markdown"})
    bbcode = an_object(source={"content": "[b]a[/b]", "mediaType": "text/bbcode"})

    assert parse.object_(markdown).source == "*a*"
    assert parse.object_(bbcode).source == ""
    assert parse.object_(an_object(source="*a*")).source == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://far.test/@ann/1",
        ["https://far.test/@ann/1", "https://far.test/other"],
        {"type": "Link", "href": "https://far.test/@ann/1"},
        [
            {"type": "Link", "mediaType": "video/mp4", "href": "https://far.test/v.mp4"},
            {"type": "Link", "mediaType": "text/html", "href": "https://far.test/@ann/1"},
        ],
        ["javascript:alert(1)", "https://far.test/@ann/1"],
    ],
)
def test_the_page_of_an_object_is_found_in_every_shape(url):
    assert parse.object_(an_object(url=url)).url == "https://far.test/@ann/1"


def test_one_attachment_needs_no_array():
    picture = {
        "type": "Document",
        "mediaType": "image/png",
        "url": "https://far.test/1.png",
        "name": "A bridge",
        "width": 640,
        "height": 480,
        "blurhash": "LEHV6nWB2y",
        "focalPoint": [-0.5, 1],
    }

    found = parse.object_(an_object(attachment=picture)).attachments

    assert found == (
        Attachment(
            url="https://far.test/1.png",
            media_type="image/png",
            kind="image",
            alt="A bridge",
            width=640,
            height=480,
            blurhash="LEHV6nWB2y",
            focus=(-0.5, 1.0),
        ),
    )


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"type": "Image", "url": "https://far.test/1"}, "image"),
        ({"type": "Video", "url": "https://far.test/1"}, "video"),
        ({"type": "Document", "url": "https://far.test/1.webp?x=1"}, "image"),
        ({"type": "Document", "url": "https://far.test/1", "mediaType": "audio/ogg"}, "audio"),
        ({"type": "Document", "url": "https://far.test/1"}, "unknown"),
        ({"type": "Link", "href": "https://far.test/page"}, "link"),
        ({"type": "Link", "href": "https://far.test/1.JPG"}, "image"),
        ({"type": "Image", "url": [{"href": "https://far.test/1"}]}, "image"),
        ({"url": {"href": "https://far.test/1", "mediaType": "image/gif"}}, "image"),
        ("https://far.test/1.png", "image"),
    ],
)
def test_an_attachment_says_what_it_is(item, kind):
    (found,) = parse.object_(an_object(attachment=[item])).attachments

    assert found.kind == kind
    assert found.url.startswith("https://far.test/")


@pytest.mark.parametrize("item", [None, 5, {}, {"type": "PropertyValue", "name": "a"}, "text", []])
def test_an_attachment_without_an_address_is_none(item):
    assert parse.object_(an_object(attachment=[item])).attachments == ()


def test_unbelievable_numbers_of_a_picture_are_unknown():
    item = {"type": "Image", "url": "https://far.test/1.png", "width": -1, "height": 10**9}

    for focus in ([2, 0], [0], "0,0", [True, False], ["0", "0"], None):
        found = parse.object_(an_object(attachment=item | {"focalPoint": focus})).attachments[0]
        assert (found.width, found.height, found.focus) == (None, None, None)


def test_alternative_text_is_the_name_or_else_the_summary():
    item = {"type": "Image", "url": "https://far.test/1.png", "summary": "A gradient"}

    assert parse.object_(an_object(attachment=item)).attachments[0].alt == "A gradient"
    both = parse.object_(an_object(attachment=item | {"name": "A bridge"}))
    assert both.attachments[0].alt == "A bridge"


def test_the_picture_of_an_article_counts_once():
    picture = {"type": "Image", "url": "https://far.test/1.png", "name": "A bridge"}

    only = parse.object_(an_object(type="Article", image={"url": "https://far.test/1.png"}))
    both = parse.object_(an_object(type="Article", attachment=[picture], image=picture))
    bare = parse.object_(an_object(type="Article", image="https://far.test/1.png"))

    assert [one.url for one in only.attachments] == ["https://far.test/1.png"]
    assert [one.alt for one in both.attachments] == ["A bridge"]
    assert [one.kind for one in bare.attachments] == ["image"]


def test_a_video_brings_its_file_and_its_largest_picture():
    video = an_object(
        type="Video",
        url=[
            {"mediaType": "text/html", "href": "https://far.test/w/1"},
            {"mediaType": "application/x-mpegURL", "href": "https://far.test/1.m3u8"},
            {"mediaType": "video/mp4", "href": "https://far.test/1.mp4"},
        ],
        icon=[
            {"type": "Image", "url": "https://far.test/small.jpg", "width": 280},
            {"type": "Image", "url": "https://far.test/large.jpg", "width": 850},
        ],
    )

    found = parse.object_(video)

    assert found.url == "https://far.test/w/1"
    assert [(one.kind, one.url) for one in found.attachments] == [
        ("video", "https://far.test/1.mp4"),
        ("image", "https://far.test/large.jpg"),
    ]


def test_wordpress_escapes_the_address_of_a_picture():
    item = {"type": "Image", "url": "https://far.test/1.png?w=1&#038;ssl=1"}

    found = parse.object_(an_object(attachment=[item])).attachments[0]

    assert found.url == "https://far.test/1.png?w=1&ssl=1"


def test_tags_are_sorted_by_what_they_are():
    found = parse.object_(
        an_object(
            tag=[
                {"type": "Mention", "href": ANN, "name": "@ann@far.test"},
                {"type": "Mention", "href": ANN},
                {"type": "Mention", "name": "@nobody"},
                {"type": "Hashtag", "name": "#WaterWorks", "href": "https://far.test/t/한국어"},
                {"type": "Hashtag", "name": "#한국어"},
                {"type": "Hashtag", "name": "＃Ｆｕｌｌ"},
                {"type": "Hashtag", "name": "waterworks"},
                {"type": "Hashtag", "name": "#two words"},
                {"type": "Hashtag", "name": "#"},
                {"type": "Hashtag"},
                {"type": "Emoji", "name": ":blob:", "icon": {"url": "https://far.test/b.png"}},
                {"type": "Emoji", "name": "blob", "icon": {"url": "https://far.test/c.png"}},
                {"type": "Emoji", "name": ":none:"},
                "https://far.test/t/plain",
                None,
            ]
        )
    )

    assert found.mentions == (ANN,)
    assert found.hashtags == ("waterworks", "한국어", "full")
    assert found.emojis == (Emoji("blob", "https://far.test/b.png"),)


def test_one_tag_needs_no_array():
    assert parse.object_(an_object(tag={"type": "Hashtag", "name": "#one"})).hashtags == ("one",)


def test_a_poll_has_options_votes_and_an_end():
    poll = an_object(
        type="Question",
        oneOf=[
            {"type": "Note", "name": "red", "replies": {"type": "Collection", "totalItems": 3}},
            {"type": "Note", "name": "파랑"},
            {"type": "Note", "name": "neg", "replies": {"totalItems": -3}},
            {"type": "Note"},
            "green",
        ],
        endTime="2026-01-01T00:00:00Z",
        votersCount=3,
    )

    found = parse.object_(poll)

    assert found.options == (Option("red", 3), Option("파랑"), Option("neg"))
    assert (found.multiple, found.voters) == (False, 3)
    assert found.ends_ms == 1_767_225_600_000
    assert parse.object_(an_object(type="Question", anyOf={"name": "a"})).multiple


def test_a_closed_poll_may_lack_its_end():
    poll = an_object(type="Question", closed="2026-01-01T00:00:00Z")

    assert parse.object_(poll).ends_ms == 1_767_225_600_000
    assert parse.object_(an_object(type="Question", closed=True)).ends_ms is None


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("Town hall", "Town hall"),
        ({"type": "Place", "name": "Town hall"}, "Town hall"),
        ([{"type": "Place", "name": "Town hall"}, {"name": "Elsewhere"}], "Town hall"),
        (
            {
                "type": "Place",
                "name": "Town hall",
                "address": {
                    "type": "PostalAddress",
                    "streetAddress": "1 Main Street",
                    "addressLocality": "Madang",
                    "addressCountry": "KR",
                },
            },
            "Town hall, 1 Main Street, Madang, KR",
        ),
        ({"type": "Place", "name": "Hall", "address": "1 Main Street"}, "Hall, 1 Main Street"),
        ({"type": "VirtualLocation", "url": "https://meet.test/"}, ""),
        (None, ""),
        (5, ""),
    ],
)
def test_a_place_is_one_line(location, text):
    event = an_object(type="Event", startTime="2026-01-01T00:00:00Z", location=location)

    found = parse.object_(event)

    assert found.location == text
    assert found.starts_ms == 1_767_225_600_000


def test_an_object_belongs_to_its_conversation():
    found = parse.object_(
        an_object(
            inReplyTo={"id": "https://far.test/p/0", "type": "Note"},
            context={"id": "https://far.test/c/1"},
            replies={"id": "https://far.test/p/1/replies", "type": "Collection"},
            audience=["as:Public", "https://far.test/g/1"],
        )
    )

    assert found.in_reply_to == "https://far.test/p/0"
    assert found.context == "https://far.test/c/1"
    assert found.replies == "https://far.test/p/1/replies"
    assert found.audience == "https://far.test/g/1"
    assert parse.object_(an_object(inReplyTo=None, context="tag:x")).context is None


def test_an_object_is_bounded():
    found = parse.object_(
        an_object(
            content="한" * 100_000,
            name="n" * 10_000,
            attachment=[{"type": "Image", "url": f"https://far.test/{n}"} for n in range(500)],
            tag=[{"type": "Hashtag", "name": f"#t{n}"} for n in range(500)],
            oneOf=[{"name": f"o{n}"} for n in range(500)],
        )
    )

    assert len(found.content.encode()) <= 100_000
    assert set(found.content) == {"한"}
    assert len(found.name) == 1_000
    assert (len(found.attachments), len(found.hashtags), len(found.options)) == (32, 100, 20)


# actors ----------------------------------------------------------------------------------------


def test_the_least_actor_has_an_id_an_inbox_and_a_name():
    found = parse.actor(an_actor())

    assert (found.id, found.username, found.inbox) == (ANN, "ann", f"{ANN}/inbox")
    assert found.discoverable
    assert not found.locked
    assert not found.bot
    assert found.keys == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"inbox": None},
        {"inbox": "inbox"},
        {"type": "Note"},
        {"type": None},
        {"id": "https://far.test/a@b", "preferredUsername": "a@b"},
    ],
)
def test_an_actor_without_its_essentials_is_malformed(changes):
    with pytest.raises(Malformed):
        parse.actor(an_actor(**changes))


@pytest.mark.parametrize(
    ("id", "name", "username"),
    [
        (ANN, "Ann.Lee-1", "Ann.Lee-1"),
        (ANN, "한글", "한글"),
        (ANN, None, "ann"),
        (ANN + "/", "", "ann"),
        (ANN, "has space", "ann"),
        (ANN, "ann@far.test", "ann"),
        ("https://far.test/", None, "far.test"),
    ],
)
def test_the_name_is_told_or_read_from_the_id(id, name, username):
    assert parse.actor(an_actor(id=id, preferredUsername=name)).username == username


def test_an_actor_says_who_it_is():
    found = parse.actor(
        an_actor(
            type="Service",
            name="Ann 앤",
            summary="<p>Hello</p>",
            url=[{"type": "Link", "mediaType": "text/html", "href": "https://far.test/@ann"}],
            endpoints={"sharedInbox": "https://far.test/inbox"},
            outbox=f"{ANN}/outbox",
            followers={"id": f"{ANN}/followers", "type": "Collection"},
            featured=f"{ANN}/featured",
            manuallyApprovesFollowers=True,
            discoverable=None,
            icon=[{"type": "Image", "url": "https://far.test/i.png", "mediaType": "image/png"}],
            image="https://far.test/h.png",
            attachment=[
                {"type": "PropertyValue", "name": "Site", "value": "<a>far.test</a>"},
                {"type": "PropertyValue", "name": "Empty"},
                {"type": "PropertyValue", "value": "nameless"},
                {"type": "Link", "href": "https://far.test"},
            ],
            tag={"type": "Emoji", "name": ":e:", "icon": {"url": "https://far.test/e.png"}},
            alsoKnownAs="https://old.test/u/ann",
            movedTo={"id": "https://new.test/u/ann"},
            published="2026-01-01T00:00:00Z",
        )
    )

    assert (found.bot, found.locked, found.discoverable) == (True, True, False)
    assert (found.shared_inbox, found.url) == ("https://far.test/inbox", "https://far.test/@ann")
    assert (found.followers, found.featured) == (f"{ANN}/followers", f"{ANN}/featured")
    assert found.icon == Image("https://far.test/i.png", "image/png")
    assert found.image == Image("https://far.test/h.png")
    assert found.fields == (("Site", "<a>far.test</a>"), ("Empty", ""))
    assert found.emojis == (Emoji("e", "https://far.test/e.png"),)
    assert found.also_known_as == ("https://old.test/u/ann",)
    assert found.moved_to == "https://new.test/u/ann"
    assert found.published_ms == 1_767_225_600_000


RSA = {"id": f"{ANN}#main-key", "owner": ANN, "publicKeyPem": "PEM"}
ED25519 = {
    "id": f"{ANN}#ed25519-key",
    "type": "Multikey",
    "controller": ANN,
    "publicKeyMultibase": "z6Mk",
}


@pytest.mark.parametrize("keys", [RSA, [RSA], [None, RSA, 3, {"id": "x"}]])
def test_rsa_keys_are_found_in_every_shape(keys):
    assert parse.actor(an_actor(publicKey=keys)).keys == (Key(f"{ANN}#main-key", ANN, pem="PEM"),)


def test_a_second_key_is_a_multikey():
    methods = [ED25519, f"{ANN}#other", {**ED25519, "type": "JsonWebKey"}]

    found = parse.actor(an_actor(publicKey=RSA, assertionMethod=methods)).keys

    assert found == (
        Key(f"{ANN}#main-key", ANN, pem="PEM"),
        Key(f"{ANN}#ed25519-key", ANN, multibase="z6Mk"),
    )


def test_a_key_can_be_a_document_of_its_own():
    stub = {"id": ANN, "type": "Person", "publicKey": RSA}

    assert parse.keys(RSA) == parse.keys(stub) == (Key(f"{ANN}#main-key", ANN, pem="PEM"),)
    assert parse.keys({}) == ()


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
