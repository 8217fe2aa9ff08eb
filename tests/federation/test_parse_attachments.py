"""What hangs on strangers' objects: pictures, films, links."""

import pytest

from federation import parse
from federation.vocab import Attachment
from tests.federation.theirs import an_object


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
