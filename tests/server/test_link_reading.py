"""Pages that say that they link to us, and pages that say where they want to hear of it: read."""

import pytest

from server.text import backlinks, endpoints
from tests.growth import takes_time_for_its_length_alone

STORY = "https://gm.test/@mina/42"
ALSO = "https://gm.test/objects/42"
BLOG = "https://blog.test/entry/7"
MANY = 128 * 1024  # characters of pages built to take long


def find(html, *, content_type="text/html; charset=utf-8", claimed=""):
    body = html if isinstance(html, bytes) else html.encode()
    return backlinks.find(body, content_type, BLOG, (STORY, STORY, ALSO), claimed)


@pytest.mark.parametrize(
    "html",
    [
        f'<a href="{STORY}">x</a>',
        f"<A HREF={STORY}>x</a>",
        f"<p>see <a class=x rel='nofollow noopener' href='{STORY}'>x",
        f'<a href="{STORY}#replies">x</a>',
        f'<a href="{ALSO}">its other address</a>',
        '<a href="https://GM.test/%40mina/42">x</a>',
        f'<a href=" {STORY}\n">x</a>',
        f'<img src="{STORY}">',
        f'<video src="{STORY}"></video>',
        f'<base href="https://gm.test/"><a href="/@mina/42">{"x" * 10}</a>',
        f'<!-- a --><a href="{STORY}">x</a><!-- b -->',
        f'<!--><a href="{STORY}">x</a>-->',
        f'<div hidden>no</div><a href="{STORY}">x</a>',
        f'<p style="display:none">no<p><a href="{STORY}">x</a>',
        f'<body style="opacity:0"><a href="{STORY}">x</a>',
        f'<span style="opacity:0.8"><a href="{STORY}">x</a></span>',
        f'<script>var a = "<a>";</script><a href="{STORY}">x</a>',
        f'<template><a href="x"></template><a href="{STORY}">x</a>',
        f'<a title="</a>" href="{STORY}">x</a>',
    ],
)
def test_a_page_that_links_is_found_to_do_so(html):
    assert find(html) is not None


@pytest.mark.parametrize(
    "html",
    [
        "",
        STORY,
        f"<p>{STORY}</p>",
        f'<a href="{STORY}1">another story</a>',
        f'<a href="{STORY}?x=1">another address</a>',
        f'<a href="{STORY}/boosts">a page of it</a>',
        f'<a href="http://gm.test.evil.test/@mina/42" title="{STORY}">x</a>',
        f'<a href="https://evil.test/?to={STORY}">x</a>',
        f'<a href="https://evil.test/#{STORY}">x</a>',
        f'<a href="https://evil.test/" data-href="{STORY}">x</a>',
        f'<a hrefx="{STORY}">x</a>',
        f'<link rel="canonical" href="{STORY}">',
        f'<form action="{STORY}"></form>',
        f'<!-- <a href="{STORY}">x</a> -->',
        f'<!-- > <a href="{STORY}">x</a>',
        f"<script>document.write('<a href=\"{STORY}\">x</a>')</script>",
        f'<script><!-- <script></script><a href="{STORY}">x</a> --></script>',
        f'<style><a href="{STORY}">x</a></style>',
        f'<textarea><a href="{STORY}">x</a></textarea>',
        f'<title><a href="{STORY}">x</a></title>',
        f'<noscript><a href="{STORY}">x</a></noscript>',
        f'<iframe><a href="{STORY}">x</a></iframe>',
        f'<xmp><a href="{STORY}">x</a></xmp>',
        f'<plaintext><a href="{STORY}">x</a>',
        f'<template><a href="{STORY}">x</a></template>',
        f'<template><template></template><a href="{STORY}">x</a></template>',
        f'<svg><![CDATA[<a href="{STORY}">x</a>]]></svg>',
        f'<? <a href="{STORY}">x</a> ?>'.replace("<a ", "<a-"),
        f'<a hidden href="{STORY}">x</a>',
        f'<div hidden><p><a href="{STORY}">x</a></p></div>',
        f'<div style="DISPLAY : none"><div></div><a rel="nofollow" href="{STORY}">x</a></div>',
        f'<span style="font-size:0"><a href="{STORY}">x</a></span>',
        f'<a style="visibility:hidden" href="{STORY}">x</a>',
        f'<div class=comment><a rel="ugc nofollow" href="{STORY}">x</a></div>',
        f'<a rel=sponsored href="{STORY}">x</a>',
        f'<a title="<a href={STORY}>">x</a>',
        f'<a title=\'x href="{STORY}">x</a>',
        f'<a href="https://first.test/" href="{STORY}">x</a>',
        f'<a href="javascript:{STORY}">x</a>',
        '<a href="/@mina/42">of the other site</a>',
        '<a href="https://[">x</a>',
    ],
)
def test_what_only_looks_like_a_link_is_none(html):
    assert find(html) is None


def test_a_page_is_shown_by_its_own_words_as_plain_text():
    found = find(
        f"""<title>Blog &amp; more</title><meta property="og:title" content="A walk">
        <nav>Home</nav><div class="h-entry"><h1 class="p-name">To the <b>market</b> &lt;3</h1>
        <a class="p-author h-card" href="/me">Kim <i>Mina</i></a>
        <time class="dt-published" datetime="2026-11-20T10:00:00+09:00">yesterday</time>
        <div class="h-cite"><span class="p-author">Somebody else</span></div>
        <p>First.<p>I read <a href="{STORY}">what Mina wrote</a> of the\u202e market.<p>Last."""
    )
    assert found is not None
    assert (found.title, found.author) == ("To the market <3", "Kim Mina")
    assert found.excerpt == "I read what Mina wrote of the market."
    assert found.published_ms == 1_763_600_400_000 + 365 * 86_400_000


def test_a_page_without_microformats_says_it_in_its_head():
    found = find(
        f"""<head><title>엮인글</title><meta name="author" content="Ann"></head>
        <img src=x onerror=alert(1)><p>{"길 " * 400}<a href="{STORY}">여기</a>{" 끝" * 400}</p>"""
    )
    assert found is not None
    assert (found.title, found.author, found.published_ms) == ("엮인글", "Ann", None)
    assert "여기" in found.excerpt and len(found.excerpt) <= backlinks.MAX_EXCERPT


def test_the_words_that_were_sent_count_if_they_are_the_pages():
    page = f'<title>T</title><p>오늘 시장에 다녀왔다.  사람이 많았다.</p><a href="{STORY}">x</a>'
    assert find(page, claimed="오늘 시장에 다녀왔다. 사람이 ...").excerpt == (
        "오늘 시장에 다녀왔다. 사람이"
    )
    assert find(page, claimed="Buy cheap pills here today").excerpt == "x"


def test_a_page_of_old_korea_is_read():
    page = f'<title>철산동 이야기</title><p>좋은 글 <a href="{STORY}">봄</a></p>'.encode("cp949")
    for content_type in ("text/html; charset=euc-kr", "text/html"):
        found = find(page, content_type=content_type)
        assert (found.title, found.excerpt) == ("철산동 이야기", "좋은 글 봄")


def test_a_page_that_was_cut_off_within_a_letter_is_read():
    page = f'<title>봄</title><a href="{STORY}">x</a>'.encode() + "봄".encode()[:2]
    assert find(page, content_type="text/html").title == "봄"


@pytest.mark.parametrize(
    "part",
    ["<", "<a ", "<!--", '<a href="', "<script>", "<script><!--<script></script>", "<template>"]
    + ["<div hidden>", "<p hidden>", '<p class="h-entry p-name">', "&lt", "<a =", "</", "<![CDATA["]
    + ["<title>", "<rdf:Description ", "<base href=x>", "\n", "a b=c ", "<a href=x>"],
)
def test_no_page_takes_long_to_be_read(part):
    def read(length: int) -> None:
        body = (part * (length // len(part))).encode()
        find(body, claimed="ten letters or more")
        endpoints.webmention([part * 100], body.decode(), BLOG)
        endpoints.trackback(body.decode(), BLOG)

    takes_time_for_its_length_alone(read, MANY, enough_s=1.0)


def test_tags_within_a_tag_are_no_entries_of_a_blog():
    def read(length: int) -> None:
        assert endpoints.trackback("<rdf:Description " * (length // 17) + ">", BLOG) is None

    takes_time_for_its_length_alone(read, MANY, enough_s=1.0)


# --- where they want to hear of it: the cases of webmention.rocks, by their numbers

AT = "https://rocks.test/test/1"


@pytest.mark.parametrize(
    ("links", "page", "endpoint"),
    [
        (["</test/1/w>; rel=webmention"], "", "https://rocks.test/test/1/w"),
        (["<https://rocks.test/w>; rel=webmention"], "", "https://rocks.test/w"),
        ([], '<link href="/w" rel="webmention">', "https://rocks.test/w"),
        ([], '<link rel="webmention" href="https://rocks.test/w" />', "https://rocks.test/w"),
        ([], '<p><a rel="webmention" href="/w">w</a>', "https://rocks.test/w"),
        ([], '<a href="https://rocks.test/w" rel=webmention>', "https://rocks.test/w"),
        (["<https://rocks.test/w>; Rel=WebMention"], "", "https://rocks.test/w"),
        (['<https://rocks.test/w>; rel="webmention"'], "", "https://rocks.test/w"),
        ([], '<link rel="webmention somethingelse" href="/w">', "https://rocks.test/w"),
        (['</w>; rel="webmention somethingelse"'], "", "https://rocks.test/w"),
        (["</h>; rel=webmention"], '<link rel=webmention href="/l">', "https://rocks.test/h"),
        ([], '<link rel="not-webmention" href="/x"><a rel=webmention href=/w>', "/w"),
        ([], '<!-- <a rel=webmention href="/x"> --><a rel=webmention href="/w">', "/w"),
        ([], '&lt;a rel=webmention href="/x"&gt;<a rel=webmention href="/w">', "/w"),
        ([], '<link rel="webmention" href="">', AT),
        ([], '<a rel="webmention" href="/w"><link rel="webmention" href="/x">', "/w"),
        ([], '<link rel="webmention" href="/w"><a rel="webmention" href="/x">', "/w"),
        (['</x>; rel="other"', '</w>; rel="webmention"'], "", "/w"),
        (['</x>; rel="other", </w>; rel="webmention"'], "", "/w"),
        ([], '<link rel="webmention"><a rel="webmention" href="/w">', "/w"),
        (["</w?q=1>; rel=webmention"], "", "/w?q=1"),
        ([], '<a rel="webmention" href="1/w">', "https://rocks.test/test/1/w"),
        (['</x>; title="a, <b>; rel=webmention"; rel="other"'], "", None),
        (["</w>; rel=webmention-not", "junk", "<", "<>;;"], "<a rel=webmention>", None),
        ([], '<a rel=webmention href="javascript:x">', None),
    ],
)
def test_an_endpoint_is_found_as_the_test_suite_wants_it(links, page, endpoint):
    wanted = f"https://rocks.test{endpoint}" if endpoint and endpoint[0] == "/" else endpoint
    assert endpoints.webmention(links, page, AT) == wanted


RDF = """<!-- <rdf:RDF xmlns:trackback="http://madskills.com/public/xml/rss/module/trackback/">
<rdf:Description rdf:about="{0}" dc:identifier="{0}" dc:title="x" trackback:ping="{1}" />
</rdf:RDF> -->"""


def test_an_old_blog_says_it_in_rdf_or_by_rel():
    page = RDF.format(BLOG, "/tb/7") + RDF.format("https://blog.test/entry/8", "/tb/8")
    assert endpoints.trackback(page, BLOG) == "https://blog.test/tb/7"
    assert endpoints.trackback(page, "https://blog.test/x", f"{BLOG}/") == "https://blog.test/tb/7"
    assert endpoints.trackback(page, "https://blog.test/other") is None
    assert endpoints.trackback(RDF.format("http://x.test", "/tb"), BLOG) == "https://blog.test/tb"
    link = '<a rel="trackback" href="trackback/7">엮인글 주소</a>'
    assert endpoints.trackback(link, BLOG) == "https://blog.test/entry/trackback/7"
    assert endpoints.trackback("<p>nothing", BLOG) is None


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ('<?xml version="1.0"?><response><error>0</error></response>', True),
        ("<response>\n<error> 0 </error>\n</response>", True),
        ("<response><error>1</error><message>no</message></response>", False),
        ("<html>not found", False),
        ("", False),
    ],
)
def test_a_blog_says_whether_it_took_a_trackback(answer, taken):
    assert endpoints.accepted(answer) is taken
