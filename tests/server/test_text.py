"""What strangers send is made safe; what our people write is made HTML, links and tokens."""

import pytest

from server import text
from server.text.cleaning import LINK_REL, MAX_DEPTH, MAX_HTML_BYTES, MAX_TAGS

MEDIA = "https://city.test/media/"
REL = f'rel="{LINK_REL}"'
PEOPLE = {
    "kim": ("https://city.test/@kim", "kim"),
    "lee@far.test": ("https://far.test/users/9", "Lee@far.test"),
    "bo@localhost:8001": ("http://localhost:8001/actors/3", "bo@localhost:8001"),
    "_park_": ("https://city.test/@_park_", "_park_"),
}


def render(source: str, *, story: bool = False) -> text.Rendered:
    return text.render(
        source,
        story=story,
        mention_of=PEOPLE.get,
        tag_href=lambda tag: f"https://city.test/tags/{tag}",
        media=MEDIA,
    )


def mention(name: str, href: str) -> str:
    link = f'<a href="{href}" class="u-url mention" {REL}>@<span>{name}</span></a>'
    return f'<span class="h-card">{link}</span>'


def hashtag(shown: str, tag: str = "") -> str:
    href = f"https://city.test/tags/{tag or shown}"
    return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{shown}</span></a>'


# What strangers send


def test_a_mastodon_note_keeps_its_mentions_and_shortened_links() -> None:
    note = (
        '<p><span class="h-card" translate="no"><a href="https://m.test/@a" class="u-url mention">'
        '@<span>a</span></a></span> <a href="https://x.test/long" target="_blank">'
        '<span class="invisible">https://</span><span class="ellipsis">x.test/lo</span></a></p>'
    )
    assert text.sanitise(note) == (
        f'<p><span class="h-card"><a href="https://m.test/@a" class="u-url mention" {REL}>'
        f'@<span>a</span></a></span> <a href="https://x.test/long" {REL}>'
        '<span class="invisible">https://</span><span class="ellipsis">x.test/lo</span></a></p>'
    )


CLEANED = {
    "a script and its text go": ("a<script>alert(1)</script>b", "ab"),
    "an event handler goes": ('<p onclick="x()">a</p>', "<p>a</p>"),
    "a style goes": ('<p style="position:fixed">a</p>', "<p>a</p>"),
    "a title goes": ('<p title="x" id="y" lang="ko">a</p>', "<p>a</p>"),
    "a heading becomes a bold paragraph": (
        "<h1>Big</h1><p>a</p>",
        "<p><strong>Big</strong></p><p>a</p>",
    ),
    "a division becomes a paragraph": ("<div>a</div><div>b</div>", "<p>a</p><p>b</p>"),
    "paragraphs in a division stay": ("<div><p>a</p><p>b</p></div>", "<p>a</p><p>b</p>"),
    "a table becomes lines": (
        "<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>",
        "<p>a b </p><p>c </p>",
    ),
    "a picture goes": ('<p>a<img src="https://x.test/t.gif" alt="b"></p>', "<p>a</p>"),
    "a comment goes": ("a<!-- b -->c", "ac"),
    "an unknown class goes": ('<p class="modal h-entry evil">a</p>', '<p class="h-entry">a</p>'),
    "a class of known and unknown": ('<span class="big">a</span>', "<span>a</span>"),
    "ruby stays": (
        "<ruby>廣<rp>(</rp><rt>광</rt><rp>)</rp></ruby>",
        "<ruby>廣<rp>(</rp><rt>광</rt><rp>)</rp></ruby>",
    ),
    "a list may start later": ('<ol start="3"><li>a</li></ol>', '<ol start="3"><li>a</li></ol>'),
    "a start that is no number": ('<ol start="x"><li>a</li></ol>', "<ol><li>a</li></ol>"),
    "a form goes": ("<form action=/x><input name=a><button>b</button></form>", "b"),
    "vector graphics go": ('<svg><a xlink:href="javascript:x">t</a></svg>a', "a"),
    "a lone surrogate does no harm": ("a\ud800b", "a?b"),
    "a struck word": ("<strike>a</strike><del>b</del>", "<s>a</s><del>b</del>"),
    "text is text": ("3 < 4 & 5 > 4", "3 &lt; 4 &amp; 5 &gt; 4"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("html", "clean"), CLEANED.values(), ids=CLEANED.keys())
def test_a_guests_html_is_cleaned(html: str, clean: str) -> None:
    assert text.sanitise(html) == clean
    assert text.sanitise(clean) == clean


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "mailto:a@b.test",
        "//evil.test",
        "/relative",
        "#here",
        "http:evil.test",
        "",
    ],
)
def test_a_link_leads_to_the_web_or_nowhere(href: str) -> None:
    assert text.sanitise(f'<a href="{href}">a</a>') == f"<a {REL}>a</a>"


def test_a_storys_headings_tables_and_own_pictures_stay() -> None:
    html = (
        f'<h2>a</h2><figure><img src="{MEDIA}x.jpg" alt="b" width="4"><figcaption>c</figcaption>'
        "</figure><table><tbody><tr><td>H<sub>2</sub>O</td></tr></tbody></table><hr>"
    )
    clean = text.sanitise_story(html, MEDIA)
    assert clean == html.replace('width="4">', 'width="4" loading="lazy">')
    assert text.sanitise_story(clean, MEDIA) == clean


def test_a_storys_first_heading_leaves_h1_to_the_page() -> None:
    assert text.sanitise_story("<h1>a</h1><h6>b</h6>") == "<h2>a</h2><h4>b</h4>"


@pytest.mark.parametrize(
    "source",
    [
        *("https://track.test/a.gif", "/media/x.jpg", "https://city.test/media", ""),
        *("data:image/png,x", "https://city.test/media/", "https://city.test/media/remote/a/b.png"),
        # what a browser makes /authorize_interaction of, in the name of each member who reads it
        "https://city.test/media/../authorize_interaction?uri=https://track.test/1.png",
        "https://city.test/media/%2e%2e/authorize_interaction?uri=a.png",
        "https://city.test/media/x.jpg?a=b.png",
    ],
)
def test_no_other_picture_is_ever_shown(source: str) -> None:
    picture = f'<p>a<img src="{source}" alt="b"></p>'
    assert text.sanitise_story(picture, MEDIA) == "<p>a</p>"
    assert "<img" not in text.markdown(f"![b]({source})", story=True, media=MEDIA)
    assert text.sanitise_story(f'<img src="{MEDIA}x.jpg">') == ""


HOSTILE = {
    "deep": "<blockquote>x" * 20_000,
    "deep and closed": "<ul><li>" * 5_000 + "x" + "</li></ul>" * 5_000,
    "long": "가나다 " * 100_000,
    "many links": '<a href="https://x.test">x</a>' * 9_000,
    "reopened after every block": "<p>"
    + "".join(f"<b a={i}>" for i in range(4_000))
    + "<p>x" * 9_000,
    "one tag of many attributes": "<a " + " ".join(f"x{i}" for i in range(20_000)) + ">x",
    "ends that nothing began": "<span>" * 8_000 + "</x>" * 8_000,
    "entities": "&lt;&amp;" * 20_000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_sizes_come_out_bounded_and_settled(html: str) -> None:
    for clean in (text.sanitise, text.sanitise_story):
        once = clean(html)
        assert len(once.encode()) <= MAX_HTML_BYTES
        assert once.count("<") <= MAX_TAGS
        assert clean(once) == once


def test_what_is_nested_too_deeply_keeps_its_text() -> None:
    clean = text.sanitise("<blockquote>" * 500 + "deep" + "</blockquote>" * 500)
    assert clean.count("<blockquote>") == MAX_DEPTH
    assert "deep" in clean


def test_a_cut_falls_between_tags_and_characters() -> None:
    clean = text.sanitise("가" * 33_330 + '<a href="https://x.test/' + "y" * 100 + '">z</a>')
    assert clean == "가" * 33_330


# Plain text


def test_plain_text_has_a_line_for_every_block() -> None:
    html = "<p>안녕 <b>하세요</b><br>둘째&nbsp;줄</p><ul><li>a &amp; b</li><li>c</li></ul>"
    assert text.plain(html) == "안녕 하세요\n둘째 줄\na & b\nc"


def test_plain_text_of_a_script_is_nothing() -> None:
    assert text.plain("<style>p{}</style>a<script>alert(1)</script>") == "a"


def test_plain_text_passes_through() -> None:
    assert text.plain("  just words ") == "just words"


def test_an_excerpt_ends_between_words_and_says_so() -> None:
    assert text.excerpt("<p>one two three four</p>", 14) == "one two three…"
    assert text.excerpt("<p>one</p><p>two</p>", 7) == "one two"


def test_an_excerpt_of_one_long_word_is_still_that_long() -> None:
    assert text.excerpt("가" * 50, 10) == "가" * 9 + "…"


def test_an_excerpt_does_not_cut_a_composed_character() -> None:
    family = "👨‍👩‍👧"
    assert text.excerpt(f"abc{family}def", 6) == "abc…"
    assert text.excerpt("a\u0301bcdef", 2) == "…"
    assert text.excerpt("a\u0301bcdef", 3) == "a\u0301…"


def test_a_lead_that_was_made_of_the_text_is_known() -> None:
    story = "<h2>One</h2><p>two three <b>four</b>, five</p>"
    for made in (text.excerpt(story, 100), f"<p>{text.excerpt(story, 12)}</p>", ""):
        assert text.opens(story, made)
    assert not text.opens(story, "<p>Two three</p>")


# What our people write


def test_a_note_keeps_its_line_breaks() -> None:
    assert render("하나\n둘\n\n셋").html == "<p>하나<br>둘</p><p>셋</p>"


def test_what_looks_like_a_heading_in_a_note_stays_what_was_typed() -> None:
    assert render("# 3\n---\n    in").html == "<p># 3<br>---<br>in</p>"


def test_a_story_has_headings_tables_rules_and_its_own_pictures() -> None:
    source = f"# 하나\n\n#### 넷\n\n|a|\n|-|\n|1|\n\n---\n\n![숲]({MEDIA}x.jpg)"
    assert text.markdown(source, story=True, media=MEDIA) == (
        "<h2>하나</h2><h4>넷</h4>"
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
        f'<hr><p><img src="{MEDIA}x.jpg" alt="숲" loading="lazy"></p>'
    )


def test_a_storys_headings_begin_below_the_title_of_its_page() -> None:
    source = "# one\n\n## two\n\n### three\n\n###### six"
    html = text.markdown(source, story=True, media=MEDIA)
    assert html == "<h2>one</h2><h2>two</h2><h3>three</h3><h4>six</h4>"


def test_another_sites_picture_in_a_story_is_a_link() -> None:
    html = text.markdown("![숲 #1](https://x.test/a.jpg)", story=True, media=MEDIA)
    assert html == f'<p><a href="https://x.test/a.jpg" {REL}>숲 #1</a></p>'


def test_html_that_is_typed_is_shown_as_typed() -> None:
    for story in (False, True):
        html = text.markdown("<script>alert(1)</script> <b>x</b>", story=story)
        assert html == "<p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;x&lt;/b&gt;</p>"


def test_code_keeps_its_lines_and_its_at_signs() -> None:
    found = render("```py\n@kim\n#tag\n```\n\n`@kim`")
    assert found.html == "<pre><code>@kim\n#tag\n</code></pre><p><code>@kim</code></p>"
    assert (found.mentions, found.hashtags) == ((), ())


def test_emphasis_ends_before_a_korean_particle() -> None:
    assert render('**"말"**은 **김장(김치)**을 *한*번').html == (
        '<p><strong>"말"</strong>은 <strong>김장(김치)</strong>을 <em>한</em>번</p>'
    )
    assert render("2 * 3 * 4 이다*").html == "<p>2 * 3 * 4 이다*</p>"
    assert render("a_b_c ~~no~~").html == "<p>a_b_c <s>no</s></p>"


ADDRESSES = {
    "https://city.kr에서 만나요": ("https://city.kr", "에서 만나요"),
    "https://city.kr/a을 보세요": ("https://city.kr/a", "을 보세요"),
    "https://city.kr/a.": ("https://city.kr/a", "."),
    "https://city.kr/w_(a)": ("https://city.kr/w_(a)", ""),
    "https://city.kr/a)": ("https://city.kr/a", ")"),
    "https://city.kr/_a_b_": ("https://city.kr/_a_b", "_"),
    "https://m.test/@kim#tag": ("https://m.test/@kim#tag", ""),
    "http://localhost:8001/x?y=1&z=2": ("http://localhost:8001/x?y=1&amp;z=2", ""),
}


@pytest.mark.parametrize(("source", "parts"), ADDRESSES.items(), ids=ADDRESSES.keys())
def test_an_address_is_linked_without_what_follows_it(source: str, parts: tuple[str, str]) -> None:
    address, rest = parts
    assert render(source).html == f'<p><a href="{address}" {REL}>{address}</a>{rest}</p>'


def test_a_korean_path_is_part_of_its_address() -> None:
    html = render("(https://ko.wikipedia.org/wiki/광명시)").html
    assert ">https://ko.wikipedia.org/wiki/광명시</a>)" in html


@pytest.mark.parametrize(
    "source", ["ftp://a.test", "xhttp://a.test", "README.md", "http://", "://"]
)
def test_what_is_no_web_address_is_not_linked(source: str) -> None:
    assert "<a" not in render(source).html


def test_mentions_become_links_with_the_name_as_its_owner_writes_it() -> None:
    found = render("@kim님, @LEE@Far.Test! @bo@localhost:8001: hi @_park_")
    assert found.html == (
        f"<p>{mention('kim', 'https://city.test/@kim')}님, "
        f"{mention('Lee', 'https://far.test/users/9')}! "
        f"{mention('bo', 'http://localhost:8001/actors/3')}: hi "
        f"{mention('_park_', 'https://city.test/@_park_')}</p>"
    )
    assert found.mentions == tuple(
        (acct, href)
        for href, acct in [
            PEOPLE["kim"],
            PEOPLE["lee@far.test"],
            PEOPLE["bo@localhost:8001"],
            PEOPLE["_park_"],
        ]
    )


def test_a_person_nobody_knows_stays_text() -> None:
    found = render("@nobody @a@b.test")
    assert (found.html, found.mentions) == ("<p>@nobody @a@b.test</p>", ())


def test_each_mention_counts_once() -> None:
    assert render("@kim @KIM @kim").mentions == (("kim", "https://city.test/@kim"),)


MENTIONS = {
    "@kim and @Lee@Far.test": ["kim", "lee@far.test"],
    "me@mail.test": [],
    "https://m.test/@kim": [],
    "[@kim](https://x.test)": [],
    "<https://x.test/@kim>": [],
    "`@kim`": [],
    "\\@kim": [],
    "안녕@kim": [],
    "(@kim)": ["kim"],
    "**@kim**": ["kim"],
    "> @kim": ["kim"],
    "- @kim": ["kim"],
    "@kim@far.test.": ["kim@far.test"],
    "@kim.lee@far.test": ["kim.lee@far.test"],
    "@kim@": ["kim"],
    "@@kim": [],
    f"@{'a' * 31}": [],
    "@kim님 @lee@far.test에게": ["kim", "lee@far.test"],
    "@kim @kim": ["kim"],
    "@": [],
}


@pytest.mark.parametrize(("source", "found"), MENTIONS.items(), ids=MENTIONS.keys())
def test_mentions_are_found_where_people_mean_them(source: str, found: list[str]) -> None:
    assert text.find_mentions(source) == found


HASHTAGS = {
    "#광명시 #봄_축제": ["광명시", "봄_축제"],
    "#김장을": ["김장을"],
    "#Kimjang #KIMJANG": ["kimjang"],
    "#２０２４년": ["2024년"],
    "#1 #2024": [],
    "#a-b": ["a"],
    "a#b": [],
    "https://x.test/#frag": [],
    "[#a](https://x.test)": [],
    "`#a`": [],
    "\\#a": [],
    "&#35;a": [],
    "# a": [],
    "##a": [],
    "(#a) #b, #c.": ["a", "b", "c"],
    "#한국어のタグ": ["한국어のタグ"],
    "#_x_": ["_x_"],
    "#नमस्ते": ["नमस्ते"],
    f"#{'a' * 101}": [],
    "#광명시\n#철산동": ["광명시", "철산동"],
}


@pytest.mark.parametrize(("source", "found"), HASHTAGS.items(), ids=HASHTAGS.keys())
def test_hashtags_are_found_where_people_mean_them(source: str, found: list[str]) -> None:
    assert text.find_hashtags(source) == found


def test_hashtags_become_links_as_they_were_written() -> None:
    found = render("#광명시 #Kimjang\n#kimjang")
    tags = hashtag("광명시"), hashtag("Kimjang", "kimjang"), hashtag("kimjang")
    assert found.html == f"<p>{tags[0]} {tags[1]}<br>{tags[2]}</p>"
    assert found.hashtags == ("광명시", "kimjang")


def test_a_decomposed_hashtag_is_the_same_hashtag() -> None:
    assert text.normal_tag("#\u1100\u116a\u11bc\u1106\u1167\u11bc") == "광명"


def test_an_address_with_a_quote_cannot_leave_its_attribute() -> None:
    found = text.render(
        "@kim #a",
        story=False,
        mention_of=lambda _: ('https://x.test/"><script>alert(1)</script>', "<b>kim"),
        tag_href=lambda _: "javascript:alert(1)",
    )
    assert "<script" not in found.html
    assert "javascript:" not in found.html
    assert "<b>" not in found.html


LONG = {
    "at signs": "@a" * 30_000,
    "half mentions": "@a@a-" * 20_000,
    "stars": "*a" * 30_000,
    "brackets": "[" * 30_000,
    "addresses": "http://" * 9_000,
    "closing brackets": "http://a/" + ")" * 60_000,
    "particles": "http://a/" + "a을" * 20_000,
}


@pytest.mark.parametrize("source", LONG.values(), ids=LONG.keys())
def test_text_built_to_be_slow_is_read_like_any_other(source: str) -> None:
    assert len(render(source, story=True).html.encode()) <= MAX_HTML_BYTES


# Names


@pytest.mark.parametrize("name", ["kim", "a", "_", "kim_2", "0", "a" * 30])
def test_a_handle_is_lower_case_ascii(name: str) -> None:
    assert text.valid_handle(name)


@pytest.mark.parametrize("name", ["", "Kim", "김", "a-b", "a.b", "a b", "a" * 31, "kim\n", "ｋim"])
def test_what_is_no_handle(name: str) -> None:
    assert not text.valid_handle(name)


def test_an_excerpt_says_nothing_of_the_link_to_what_is_quoted() -> None:
    html = '<p class="quote-inline">RE: <a href="https://a.test/1">a.test/1</a></p><p>So true</p>'
    assert text.excerpt(html, 80) == "So true"
    assert text.plain(html).startswith("RE:")
