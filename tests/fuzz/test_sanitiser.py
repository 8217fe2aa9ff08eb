"""Whatever comes in, what comes out is on the list, and cleaning it again changes nothing."""

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from server import text
from server.text.cleaning import (
    CLASS_PREFIXES,
    CLASSES,
    LINK_REL,
    MAX_DEPTH,
    MAX_HTML_BYTES,
    MAX_TAGS,
    STORY_TAGS,
    TAGS,
)

MEDIA = "https://city.test/media/"
VOID = {"br", "img", "hr"}
ATTRIBUTES = {
    "a": {"href", "class", "rel"},
    "img": {"src", "alt", "width", "height", "loading"},
    "ol": {"class", "start"},
}

STRANGE_TAGS = (
    "h1 h5 div section table caption dl dt dd strike script style svg math object iframe form "
    "button input select option textarea template noscript marquee font nobr body html head meta "
    "link base frameset plaintext xmp listing title annotation-xml foreignObject mtext details "
    "figcaption colgroup col rb rtc optgroup x-y"
)
STRANGE_ATTRIBUTES = (
    "href src class style onclick onerror id name title alt start width rel srcset "
    "xlink:href formaction data-x"
)
FRAGMENTS = (
    "\n \r\n &#13; &#0; &lt;b> &amp;lt; <!-- --> <!--> <![CDATA[ ]]> <? <! </ < > \0 &nbsp; "
    "&#x2028; \ud800 &am"
)
MARKS = "**a** _b_ `c` # [x](y) ![i](j) @k #t\n\n- > ```\n ~~"

names = st.sampled_from(sorted(STORY_TAGS) + STRANGE_TAGS.split())
values = st.one_of(
    st.sampled_from(
        [
            "javascript:alert(1)",
            "JaVa\tScRiPt:alert(1)",
            "data:text/html,<script>",
            "https://a.test/?b=<c>&d",
            "//a.test",
            "/media/x",
            MEDIA + "a.jpg",
            "http:a",
            "mention",
            "h-card evil u-url p-",
            "12",
            "x > y",
        ]
    ),
    st.text(max_size=12),
)
attributes = st.tuples(
    st.sampled_from(STRANGE_ATTRIBUTES.split()),
    values,
    st.sampled_from(['"', "'", ""]),
).map(lambda it: f" {it[0]}={it[2]}{it[1]}{it[2]}")
opening = st.tuples(names, st.lists(attributes, max_size=3), st.sampled_from([">", "/>", ""])).map(
    lambda it: f"<{it[0]}{''.join(it[1])}{it[2]}"
)
closing = names.map(lambda name: f"</{name}>")
words = st.one_of(
    st.text(max_size=8),
    st.sampled_from(FRAGMENTS.split(" ")),
)
markup = st.lists(st.one_of(opening, closing, words), max_size=40).map("".join)


class Reader(HTMLParser):
    """What a lenient reader sees: every start tag, and how deep it got."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.depth = self.deepest = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")


def check(html: str, tags: frozenset[str]) -> None:
    reader = Reader(html)
    assert len(html.encode()) <= MAX_HTML_BYTES
    assert reader.deepest <= MAX_DEPTH
    assert reader.depth == 0, "every tag is closed"
    for tag, attributes_ in reader.seen:
        assert tag in tags
        assert attributes_.keys() <= ATTRIBUTES.get(tag, {"class"})
        check_values(tag, attributes_)


def check_values(tag: str, attributes_: dict[str, str | None]) -> None:
    if tag == "a":
        assert attributes_["rel"] == LINK_REL
        assert (attributes_.get("href") or "http://").lower().startswith(("http://", "https://"))
    if tag == "img":
        assert (attributes_["src"] or "").startswith(MEDIA)
    for name in (attributes_.get("class") or "").split():
        assert name in CLASSES or name.startswith(CLASS_PREFIXES)


@settings(max_examples=300, deadline=None)
@given(markup)
def test_a_guests_html_is_reduced_to_the_list_once_and_for_all(html: str) -> None:
    clean = text.sanitise(html)
    check(clean, TAGS)
    assert text.sanitise(clean) == clean


@settings(max_examples=300, deadline=None)
@given(markup)
def test_a_storys_html_is_reduced_to_its_list_once_and_for_all(html: str) -> None:
    clean = text.sanitise_story(html, MEDIA)
    check(clean, STORY_TAGS)
    assert text.sanitise_story(clean, MEDIA) == clean


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(opening, closing, words), max_size=6).map("".join), st.integers(1, 4000))
def test_repetition_of_anything_stays_within_the_limits(html: str, times: int) -> None:
    clean = text.sanitise(html * times)
    check(clean, TAGS)
    assert clean.count("<") <= MAX_TAGS
    assert text.sanitise(clean) == clean


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            words,
            st.sampled_from(MARKS.split(" ")),
        ),
        max_size=30,
    ).map("".join),
    st.booleans(),
)
def test_markdown_never_yields_more_than_the_list(source: str, story: bool) -> None:
    check(text.markdown(source, story=story, media=MEDIA), STORY_TAGS if story else TAGS)


@settings(max_examples=200, deadline=None)
@given(markup, st.integers(1, 60))
def test_plain_text_of_clean_html_keeps_no_tag_and_an_excerpt_its_length(
    html: str, size: int
) -> None:
    clean = text.sanitise(html)
    if "&" not in clean:
        assert "<" not in text.plain(clean)
    assert len(text.excerpt(html, size)) <= size
