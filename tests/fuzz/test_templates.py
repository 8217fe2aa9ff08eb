"""Whatever a stranger's WebFinger says: nobody is sent where a browser would read it otherwise."""

from urllib.parse import urlsplit

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from federation import webfinger
from federation.errors import Malformed
from federation.guard import Guard, Refused

POST = "https://here.test/objects/1"
PIECES = st.sampled_from(
    [
        *(
            "https://",
            "http://",
            "HTTPS://",
            "javascript:",
            "//",
            "/",
            "\\",
            "@",
            ":",
            "#",
            "?",
            "%",
        ),
        *("far.test", "evil.test", "127.0.0.1", "[::1]", "localhost", ":443", ":8443", "far.test."),
        *("{uri}", "{object}", "{inReplyTo}", "{", "}", "{+uri}", "{?uri}", "{x}", "uri="),
        *("\x00", "\r\n", "\t", " ", '"', "<", "광", "\u202e", "\u3002", "."),
    ]
)
SOUP = st.lists(PIECES, max_size=12).map("".join)
TEMPLATES = SOUP | st.text(max_size=60) | SOUP.map("https://far.test/{uri}".__add__)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | TEMPLATES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["links", "rel", "template", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(TEMPLATES, st.sampled_from(["follow", "reply", "like", "share"]))
@example("https://far.test\\@evil.test/{uri}", "follow")
@example("https://far.test/{uri}", "like")
@settings(max_examples=800, deadline=None)
def test_a_template_leads_to_the_host_that_it_shows_or_nowhere(template, verb):
    link = {"rel": webfinger.SUBSCRIBE, "template": template}
    body = msgspec.json.encode({"links": [link]})
    try:
        found = webfinger.parse_templates(body)
    except Malformed:  # NUL
        return
    for way in webfinger.ways(found, verb, POST):
        assert way.isascii() and way.isprintable() and not set(way) & set('{} \\"<>#')
        try:
            Guard().wire(way)
        except Refused:
            continue
        parts = urlsplit(way)
        assert (parts.scheme, parts.username, parts.fragment) == ("https", None, "")
        assert template.lower().startswith(f"https://{parts.hostname}")
        assert "https%3A%2F%2Fhere.test%2Fobjects%2F1" in way


@given(JSON)
@settings(max_examples=400, deadline=None)
def test_any_answer_is_read_or_malformed(value):
    try:
        found = webfinger.parse_templates(msgspec.json.encode(value))
    except Malformed:
        return
    assert set(found) <= {rel for rels in webfinger.VERBS.values() for rel in rels}


@given(st.text(max_size=80) | SOUP)
@settings(max_examples=600, deadline=None)
def test_what_is_read_as_an_account_reads_the_same_again(text):
    home = webfinger.parse_typed(text)
    if home is not None:
        assert webfinger.parse_typed(webfinger.spelled(*home)) == home
        assert webfinger.url_for(*home).isascii()
