"""Strangers' objects: what is refused, and what each tolerated shape means."""

import pytest

from federation import parse
from federation.errors import Gone, Malformed
from federation.vocab import Emoji, Option
from tests.federation.theirs import ANN, an_object


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
