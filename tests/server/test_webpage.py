"""What a strange page says of itself, read within bounds."""

import pytest

from server.model import Site
from server.services.previews import first_link
from server.text.webpage import MAX_BYTES, Described, as_uri, describe, with_oembed
from tests.growth import takes_time_for_its_length_alone

URL = "https://news.example/a/b?c=d"
SITE = Site(origin="https://here.test", domain="here.test")


def read(html, content_type="text/html", url=URL):
    return describe(html if isinstance(html, bytes) else html.encode(), content_type, url)


def test_open_graph_comes_before_all_others():
    said = read("""<!doctype html><html lang="ko-KR"><head><title>Plain</title>
        <meta property="og:title" content="The market &amp; the river">
        <meta name="twitter:title" content="Other">
        <META CONTENT='It moves.' NAME='description'>
        <meta property=og:image content=/p.png><meta property="og:image:alt" content="A stall">
        <meta property="og:image:width" content="1200"><meta property="og:image:height" content="x">
        <meta property="og:site_name" content="The News"><meta name="author" content="Mina Seo">
        <meta property="article:author" content="https://news.example/mina">
        <meta property="article:published_time" content="2026-01-31T09:00:00+09:00">
        <link rel="alternate" type="application/json+oembed" href="/oembed?x=1&amp;y=2">
        </head><body><meta property="og:site_name" content="Never"></body></html>""")
    assert said == Described(
        title="The market & the river",
        description="It moves.",
        author="Mina Seo",
        author_url="https://news.example/mina",
        provider="The News",
        language="ko",
        image="https://news.example/p.png",
        image_alt="A stall",
        width=1200,
        published_ms=1_769_817_600_000,
        oembed="https://news.example/oembed?x=1&y=2",
    )


def test_a_page_without_any_of_it_has_its_title():
    assert read("<title>\n The\n market </title>") == Described(title="The market")
    assert read("") == read("<p>no head") == Described()
    assert read("\x00\x01\x02") == Described()


def test_comments_scripts_and_styles_say_nothing():
    said = read("""<!-- <title>One</title> --><script>"<title>Two</title>"</script>
        <style><title>Three</title></style><title>Four</title><!-- <title>Five""")
    assert said.title == "Four"


def test_nothing_of_it_is_markup_or_a_strange_address():
    said = read("""<meta property="og:title" content="<b>alert(1)</b>&#10;&#8238;x">
        <meta property="og:image" content="javascript:alert(1)">
        <meta property="article:author" content="file:///etc/passwd">
        <link type="application/json+oembed" href="data:text/html,x">""")
    assert said.title == "<b>alert(1)</b> x"
    assert (said.image, said.author_url, said.oembed) == ("", "", "")


def test_everything_is_cut():
    said = read(f"""<meta property="og:title" content="{"가" * 900}">
        <meta name="description" content="{"b" * 2000}">
        <meta property="og:image" content="https://x.test/{"c" * 3000}">
        <meta property="og:image:width" content="{"9" * 50}">""")
    assert len(said.title) == 200
    assert len(said.description) == 500
    assert said.image == ""
    assert said.width == 0


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>시장</title>".encode("euc-kr"), "text/html; charset=EUC-KR"),
        ("<title>시장</title>".encode("euc-kr"), "text/html"),
        ('<meta charset="euc-kr"><title>시장</title>'.encode("euc-kr"), "text/html"),
        ("<title>시장</title>".encode(), "text/html; charset=utf-8"),
        ("<title>시장</title>".encode(), "text/html; charset=punycode"),
        ('<meta http-equiv=x content="text/html; charset=utf-8"><title>시장'.encode(), "text/html"),
        (b"<title>\xec\x8b\x9c\xec\x9e\xa5</title>" + "가".encode() * 100_000, "text/html"),
    ],
)
def test_characters_are_read_as_they_were_meant(body, content_type):
    assert read(body, content_type).title == "시장"


@pytest.mark.parametrize(
    "part",
    [
        "<!--",
        "<script",
        "<meta ",
        "<meta content='",
        '<meta a="',
        "<meta a=b ",
        "<meta a = ",
        "<title",
        "<title>",
        "<link type=",
        "<html lang=x",
        "&#x",
        "<body",
        "İ<script>",
        "=",
        "meta charset",
    ],
)
def test_no_page_takes_long(part):
    whole = part * MAX_BYTES
    takes_time_for_its_length_alone(lambda length: read(whole[:length]), MAX_BYTES, enough_s=1.0)


def test_oembed_adds_what_the_page_does_not_say():
    page = Described(title="", author="Mina")
    said = with_oembed(
        page,
        b'{"title": "A film", "author_name": "Joon", "provider_name": "Films", "type": "video",'
        b' "html": "<script>", "thumbnail_url": "http://x.test/t.png", "width": 10}',
        URL,
    )
    assert said == Described(
        title="A film", author="Mina", provider="Films", image="http://x.test/t.png"
    )
    for body in (b"", b"[]", b"{", b'{"title": 5}', b"[" * 100_000):
        assert with_oembed(page, body, URL) == page


def test_an_address_in_any_letters_goes_over_the_wire():
    assert as_uri("https://예시.test/시장?q=가#x") == (
        "https://xn--vv4b11d.test/%EC%8B%9C%EC%9E%A5?q=%EA%B0%80#x"
    )
    assert as_uri("https://news.example/a%20b") == "https://news.example/a%20b"
    assert as_uri("https://[::1") == "https://[::1"


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ('<p><a href="https://x.test/a?b=1&amp;c" rel="x">x</a></p>', "https://x.test/a?b=1&c"),
        (
            '<a href="https://x.test/@eve" class="u-url mention">@eve</a>'
            ' <a href="https://x.test/tags/a" class="mention hashtag">#a</a>',
            "",
        ),
        (
            '<a href="https://here.test/about">here</a> <a href="https://x.test/#p">',
            "https://x.test/",
        ),
        ('<a href="https://HERE.test:443/about">here</a>', ""),
        ("<p>https://x.test</p>", ""),
        (f'<a href="https://x.test/{"a" * 2000}">', ""),
        ('<a class="x">', ""),
    ],
)
def test_the_first_page_elsewhere_is_what_a_post_links_to(html, url):
    assert first_link(SITE, html) == url
