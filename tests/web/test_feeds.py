"""Atom feeds: valid, complete, for everybody, and never more than a visitor may read."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element, fromstring

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clock import now_ms
from server.model import Media
from server.services import posts, profiles
from server.services.new_posts import NewPost
from server.services.profiles import ProfileChanges
from server.store import accounts as account_rows
from server.store import media as media_rows
from server.store import posts as post_rows
from server.text import sanitise_story
from tests.web.city import HERE, ORIGIN, a_picture, upload
from web import atom, render

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
THREAD = "{http://purl.org/syndication/thread/1.0}"
ABSOLUTE = re.compile(r"https?://[!-~]+")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ONCE = ("id", "title", "updated")
KNOWN = {
    "feed": {"id", "title", "updated", "link", "generator", "entry"},
    "entry": {
        *("id", "title", "updated", "published", "link", "author", "category", "summary"),
        *("content",),
    },
}


def one(parent: Element, name: str) -> Element:
    """The only child of this name."""
    found = parent.findall(ATOM + name)
    assert len(found) == 1, (name, len(found))
    return found[0]


def text(parent: Element, name: str) -> str:
    return one(parent, name).text or ""


def links(parent: Element, rel: str) -> list[Element]:
    return [link for link in parent.findall(f"{ATOM}link") if link.get("rel") == rel]


def valid(body: bytes) -> Element:
    """The feed, held to RFC 4287 §4.1.1 and §4.1.2."""
    assert body.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    feed = fromstring(body)
    assert feed.tag == f"{ATOM}feed"
    assert len(links(feed, "self")) == 1 and len(links(feed, "alternate")) == 1
    assert links(feed, "self")[0].get("href") == text(feed, "id")
    entries = feed.findall(f"{ATOM}entry")
    for element, kind in [(feed, "feed"), *((entry, "entry") for entry in entries)]:
        for name in ONCE:
            assert text(element, name).strip(), (kind, name)
        assert ABSOLUTE.fullmatch(text(element, "id"))
        assert RFC3339.fullmatch(text(element, "updated"))
        ours = {child.tag.removeprefix(ATOM) for child in element if child.tag.startswith(ATOM)}
        assert ours <= KNOWN[kind]
        for link in element.findall(f"{ATOM}link"):
            assert ABSOLUTE.fullmatch(link.get("href", "")), link.attrib
    for entry in entries:
        author = one(entry, "author")
        assert text(author, "name") and ABSOLUTE.fullmatch(text(author, "uri"))
        assert len(links(entry, "alternate")) == 1
        assert one(entry, "content").get("type") == "html"
        assert RFC3339.fullmatch(text(entry, "published"))
        assert all(category.get("term") for category in entry.findall(f"{ATOM}category"))
    ids = [text(entry, "id") for entry in entries]
    assert len(set(ids)) == len(ids) <= 20
    if entries:
        assert text(feed, "updated") == max(text(entry, "updated") for entry in entries)
    return feed


async def asked(city, path, status=200, **headers):
    """(body, headers) of a feed, as a reader without cookies gets it."""
    person = await city.visitor()
    async with person.client.get(path, headers=headers) as answer:
        body = await answer.read()
        assert answer.status == status, body
        return body, answer.headers


async def feed(city, path):
    body, headers = await asked(city, path)
    assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert headers["Cache-Control"] == "public, max-age=60"
    assert headers["X-Robots-Tag"] == "noindex"
    return valid(body)


def titles(found):
    return [text(entry, "title") for entry in found.findall(f"{ATOM}entry")]


async def test_a_story_stands_in_its_feeds_with_all_that_readers_need(any_city):
    mina = await any_city.join("mina")
    path = await upload(
        mina,
        "/write",
        kind="story",
        title="벽화 <골목>",
        lead="함께 그린 담벼락",
        content="## 처음\n\n[여기](https://far.example/a?b=1&c=2) **꽃** #벽화 #꽃",
        visibility="public",
        language="ko",
        picture_1=a_picture(),
        picture_1_alt='꽃이 "그려진" 벽',
    )
    id = int(path.rpartition("/")[2])
    for address, page in (
        ("/feeds/stories", "/stories"),
        ("/feeds/local", "/local"),
        ("/feeds/@mina", "/@mina"),
        ("/feeds/tags/%EB%B2%BD%ED%99%94", "/tags/%EB%B2%BD%ED%99%94"),
    ):
        found = await feed(any_city, address)
        assert text(found, "id") == f"{ORIGIN}{address}"
        assert links(found, "alternate")[0].get("href") == f"{ORIGIN}{page}"
        assert found.get(f"{XML}lang") == "ko"
        assert "광명마당" in text(found, "title")
        assert titles(found) == ["벽화 <골목>"]
    entry = one(found, "entry")
    assert text(entry, "id") == f"{ORIGIN}/objects/{id}"
    assert links(entry, "alternate")[0].get("href") == f"{ORIGIN}/@mina/{id}"
    assert entry.get(f"{XML}lang") == "ko"
    assert text(one(entry, "author"), "name") == "Mina"
    assert text(one(entry, "author"), "uri") == f"{ORIGIN}/@mina"
    assert text(entry, "summary") == "함께 그린 담벼락"
    assert [c.get("term") for c in entry.findall(f"{ATOM}category")] == ["벽화", "꽃"]
    content = text(entry, "content")
    assert "<strong>꽃</strong>" in content
    assert 'href="https://far.example/a?b=1&amp;c=2"' in content
    assert 'alt="꽃이 &#34;그려진&#34; 벽"' in content
    for address in re.findall(r'(?:href|src)="([^"]*)"', content):
        assert ABSOLUTE.match(address)
    picture = links(entry, "enclosure")[0]
    assert picture.get("href", "").startswith(f"{ORIGIN}/media/")
    assert re.fullmatch(r"image/\w+", picture.get("type", ""))
    assert int(picture.get("length", "")) > 0
    assert picture.get("title") == '꽃이 "그려진" 벽'


async def test_the_replies_to_a_post_are_a_feed_newest_first(any_city):
    mina, joon = await any_city.join("mina"), await any_city.join("joon")
    story = await any_city.writes(mina, "Body", title="The bridge")
    first = await any_city.writes(joon, "@mina Well said", reply_to_id=story.id)
    second = await any_city.writes(mina, "@joon Thanks", reply_to_id=first.id)
    await any_city.writes(joon, "@mina Between us", reply_to_id=story.id, visibility="direct")
    await any_city.writes(mina, "For friends", reply_to_id=story.id, visibility="followers")

    found = await feed(any_city, f"/feeds/@mina/{story.id}")
    assert [text(entry, "id") for entry in found.findall(f"{ATOM}entry")] == [second.uri, first.uri]
    assert "The bridge" in text(found, "title")
    answers = [e.find(f"{THREAD}in-reply-to") for e in found.findall(f"{ATOM}entry")]
    assert [one.get("ref") for one in answers if one is not None] == [first.uri, story.uri]
    found = await feed(any_city, f"/feeds/@joon/{first.id}")
    assert [text(entry, "id") for entry in found.findall(f"{ATOM}entry")] == [second.uri]
    assert (await feed(any_city, f"/feeds/@mina/{second.id}")).findall(f"{ATOM}entry") == []


async def test_only_what_visitors_may_read_stands_in_feeds(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await city.writes(mina, "Everyone #x")
    await city.writes(mina, "Quietly #x", visibility="unlisted")
    for visibility in ("followers", "direct"):
        secret = await city.writes(mina, f"Secret for {visibility} @joon #x", visibility=visibility)
        await asked(city, f"/feeds/@mina/{secret.id}", 404)
    gone = await city.writes(mina, "Gone #x")
    await city.db.write(posts.delete, city.site, mina.account, gone.id, now_ms())
    await asked(city, f"/feeds/@mina/{gone.id}", 410)
    for path in ("/feeds/local", "/feeds/tags/x"):
        assert titles(await feed(city, path)) == ["Everyone #x"]
    assert titles(await feed(city, "/feeds/@mina")) == ["Quietly #x", "Everyone #x"]
    async with joon.client.get("/feeds/@mina") as answer:  # a session shows no more
        assert titles(valid(await answer.read())) == ["Quietly #x", "Everyone #x"]
    await city.db.write(account_rows.set_columns, mina.account.id, state="suspended")
    for path in ("/feeds/local", "/feeds/stories", "/feeds/tags/x"):
        assert titles(await feed(city, path)) == []
    await asked(city, "/feeds/@mina", 404)


@pytest.mark.parametrize(
    "path",
    [
        *("/feeds", "/feeds/", "/feeds/x", "/feeds/@nobody", "/feeds/@localhost:8080"),
        *("/feeds/@far@far.example", "/feeds/@mina/1", "/feeds/@mina/99999999999999999999"),
        *("/feeds/@mina/%D9%A1", "/feeds/tags/", "/feeds/@mina/x"),
    ],
)
async def test_what_is_no_feed_is_not_there(city, path):
    await city.join("mina")
    await asked(city, path, 404)


async def test_the_feed_of_a_post_is_found_under_its_author_alone(city):
    mina, _ = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina)
    await feed(city, f"/feeds/@Mina/{post.id}")
    await asked(city, f"/feeds/@joon/{post.id}", 404)


async def test_an_empty_feed_is_valid_too(city):
    mina = await city.join("mina")
    await feed(city, "/feeds/stories")
    found = await feed(city, "/feeds/@MINA")
    assert text(found, "id") == f"{ORIGIN}/feeds/@mina"
    made = datetime.fromisoformat(text(found, "updated")).timestamp()
    assert int(made) == mina.account.created_ms // 1000


async def test_a_feed_holds_the_newest_twenty(city):
    mina = await city.join("mina")
    for n in range(25):
        await city.writes(mina, f"Note {n}")
    assert titles(await feed(city, "/feeds/local")) == [f"Note {n}" for n in range(24, 4, -1)]


async def test_who_has_the_feed_as_it_is_gets_nothing_again(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "One", title="Story")
    for path in ("/feeds/stories", "/feeds/local", "/feeds/@mina", f"/feeds/@mina/{post.id}"):
        _, headers = await asked(city, path)
        etag, modified = headers["ETag"], headers["Last-Modified"]
        parsedate_to_datetime(modified)
        body, headers = await asked(city, path, 304, **{"If-None-Match": etag})
        assert body == b"" and headers["ETag"] == etag
        assert headers["Cache-Control"] == "public, max-age=60"
        await asked(city, path, 304, **{"If-Modified-Since": modified})
        await asked(city, path, 304, **{"If-None-Match": f'"x", W/{etag}'})
        for other in (
            {"If-None-Match": '"x"', "If-Modified-Since": modified},
            {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"},
            {"If-Modified-Since": "yesterday"},
            {"If-None-Match": ""},
        ):
            await asked(city, path, 200, **other)


async def test_an_edit_a_deletion_and_a_new_name_make_another_feed(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "One")
    seen = {(await asked(city, "/feeds/@mina"))[1]["ETag"]}
    later = now_ms() + 5000
    await city.db.write(posts.edit, HERE, mina.account, post.id, NewPost(content="Two"), later)
    body, headers = await asked(city, "/feeds/@mina")
    entry = one(valid(body), "entry")
    assert text(entry, "title") == "Two"
    assert text(entry, "updated") > text(entry, "published")
    seen.add(headers["ETag"])
    renamed = ProfileChanges(display_name="Another")
    await city.db.write(profiles.edit_profile, HERE, mina.account, renamed, later)
    seen.add((await asked(city, "/feeds/@mina"))[1]["ETag"])
    await city.db.write(posts.delete, HERE, mina.account, post.id, later)
    seen.add((await asked(city, "/feeds/@mina"))[1]["ETag"])
    assert len(seen) == 4


async def test_what_is_covered_on_a_page_is_not_bare_in_a_feed(city):
    mina = await city.join("mina")
    fields = {"kind": "note", "visibility": "public", "picture_1_alt": "A spider"}
    await upload(
        mina, "/write", content="Look", warning="Spiders <!>", picture_1=a_picture(), **fields
    )
    await upload(mina, "/write", content="Bare", picture_1=a_picture(), **fields)
    found = await feed(city, "/feeds/local")
    bare, covered = found.findall(f"{ATOM}entry")
    assert "<img" in text(bare, "content")
    assert text(covered, "title") == "Spiders <!>"
    content = text(covered, "content")
    assert "<img" not in content and "Spiders &lt;!&gt;" in content
    assert content.index("Spiders") < content.index("Look")
    assert len(links(covered, "enclosure")) == 1


async def test_a_post_without_words_has_a_title_all_the_same(city):
    mina = await city.join("mina")
    await upload(mina, "/write", kind="note", visibility="public", picture_1=a_picture())
    assert titles(await feed(city, "/feeds/local")) == ["Mina 님의 글"]


async def test_characters_that_xml_cannot_hold_break_nothing(any_city):
    mina = await any_city.join("mina")
    post = await any_city.writes(mina, "x #tag", title="Story")
    bad = "\x01a\x08\x0b\x0c\x1f\x7f\x85\ufffe\uffff]]>\U0001f600&<\u2028"
    await any_city.db.write(
        post_rows.set_columns,
        post.id,
        title=bad,
        content=f"<p>{bad.replace('<', '&lt;')}</p>",
        lead=bad.replace("<", ""),
        language="ko\x01",
        tags=msgspec.json.encode([bad]).decode(),
    )
    await any_city.db.write(account_rows.set_columns, mina.account.id, display_name=bad)
    for path in ("/feeds/stories", "/feeds/@mina", f"/feeds/@mina/{post.id}", "/feeds/tags/tag"):
        await feed(any_city, path)
    await feed(any_city, "/feeds/tags/%01%EF%BF%BE%3C%22%27&")
    entry = one(await feed(any_city, "/feeds/stories"), "entry")
    assert "a" in text(entry, "title") and "\U0001f600&<" in text(entry, "title")
    assert entry.get(f"{XML}lang") is None


async def test_what_strangers_claim_breaks_nothing(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "x #tag")
    await city.db.write(
        post_rows.set_columns, post.id, published_ms=253_402_300_799_000, language='"><x'
    )
    row = Media(
        id=1,
        account_id=mina.account.id,
        post_id=post.id,
        position=0,
        kind="image",
        media_type='image/"><x>',
        large="",
        small="",
        remote_url='https://far.example/"><script>.png',
        alt='"><script>',
        width=0,
        height=0,
        small_width=0,
        small_height=0,
        bytes=-1,
        blurhash="",
        focus_x=0.0,
        focus_y=0.0,
        created_ms=now_ms(),
    )
    await city.db.write(media_rows.insert, row)
    body, _ = await asked(city, "/feeds/local")
    entry = one(fromstring(body), "entry")
    assert text(entry, "published") == "2100-01-01T00:00:00Z"
    picture = links(entry, "enclosure")[0]
    assert picture.get("type") is None and picture.get("length") is None
    assert "<script>" not in text(entry, "content")


async def test_pages_name_the_feed_of_what_they_show(city, monkeypatch):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Hello")
    secret = await city.writes(mina, "@joon psst", visibility="direct")
    named = {}
    environment = render.environment

    class Noted:
        def __init__(self, language):
            self._real = environment(language)

        def get_template(self, name):
            template = self._real.get_template(name)

            class Template:
                def render(self, values):
                    named[values["path"]] = values["feed"]
                    return template.render(values)

            return Template()

    monkeypatch.setattr(render, "environment", Noted)
    expected = {
        "/": "/feeds/local",
        "/local": "/feeds/local",
        "/stories": "/feeds/stories",
        "/federated": "",
        "/tags/x": "/feeds/tags/x",
        "/@mina": "/feeds/@mina",
        f"/@mina/{post.id}": f"/feeds/@mina/{post.id}",
        f"/@mina/{secret.id}": "",
        "/about": "",
    }
    for path in expected:
        await joon.get(path)
    assert named == expected
    for path in filter(None, expected.values()):
        await feed(city, path)


@given(st.text())
def test_any_text_becomes_legal_xml(value):
    entry = atom.Entry(
        id="https://here.test/1",
        page="https://here.test/1",
        title=value,
        author=value,
        author_page="https://here.test/@a",
        published_ms=0,
        updated_ms=0,
        content=sanitise_story(value.encode("utf-8", "replace").decode()),
        language=value,
        tags=(value,),
        enclosures=(atom.Enclosure("https://here.test/x", value, 1, value),),
        answers=value,
    )
    made = atom.Feed(
        url="https://here.test/feeds/x",
        page="https://here.test/x",
        title=value,
        updated_ms=0,
        language="ko",
        generator="x",
        entries=(entry,),
    )
    found = fromstring(atom.document(made))
    plain = text(one(found, "entry"), "title")
    legal = atom.legal(value)
    assert plain.replace("\n", "") == legal.replace("\r", "").replace("\n", "")
