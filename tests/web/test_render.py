"""Filters and small pieces of pages, without a server."""

import msgspec
import pytest
from jinja2 import UndefinedError

from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.model import Media, Post, PostView, Site
from server.secrets import Vault
from server.services.accounts import blank
from web import render
from web.pages.posts import greeting
from web.pictures import Addresses

SITE = Site(origin="https://gm.example", domain="gm.example", name="광명마당")
NOW_MS = 1_795_446_000_000
ADDRESSES = Addresses(SITE, Vault(bytes(32)))


def shown(source, language="en", **context):
    values = {"site": SITE, "language": language, "now_ms": NOW_MS, "csrf": "", "errors": {}}
    values["addresses"] = ADDRESSES
    return render.environment(language).from_string(source).render({**values, **context})


def an_account(id=1, name="mira", **changes):
    return msgspec.structs.replace(blank(SITE, id, name, "Person", NOW_MS), **changes)


def a_post(id, author, reply_to=None, **changes):
    blank_values = {
        f.name: "" if f.type is str else 0 for f in msgspec.structs.fields(Post) if f.name != "id"
    }
    values = {
        **blank_values,
        "author_id": author.id,
        "kind": "note",
        "visibility": "public",
        "tags": "[]",
        "emojis": "[]",
        "extra": "{}",
        "reply_to_id": reply_to,
        "reply_to_uri": reply_to and f"https://gm.example/objects/{reply_to}",
        "edited_ms": None,
        "deleted_ms": None,
        "pinned_ms": None,
    }
    return PostView(post=Post(id=id, **{**values, **changes}), author=author, entry_id=id)


@pytest.mark.parametrize(
    ("past_ms", "english", "korean"),
    [
        (0, "just now", "방금"),
        (59_000, "just now", "방금"),
        (5 * MINUTE_MS, "5 minutes ago", "5분 전"),
        (3 * HOUR_MS, "3 hours ago", "3시간 전"),
        (2 * DAY_MS, "2 days ago", "2일 전"),
        (6 * DAY_MS - HOUR_MS, "6 days ago", "6일 전"),
    ],
)
def test_recent_times_are_told_in_words(past_ms, english, korean):
    assert f">{english}</time>" in shown("{{ ms|ago }}", ms=NOW_MS - past_ms)
    assert f">{korean}</time>" in shown("{{ ms|ago }}", "ko", ms=NOW_MS - past_ms)


def test_the_exact_time_stands_behind_the_words_in_the_citys_zone():
    told = shown("{{ ms|ago }}", "ko", ms=1_767_193_200_000)  # 2025-12-31T15:00:00Z
    assert 'datetime="2025-12-31T15:00:00Z"' in told
    assert 'title="2026년 1월 1일 00:00"' in told


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "2026년 1월 1일부터"), ("en", "January 1, 2026부터")]
)
def test_a_day_is_written_out_so_that_words_may_follow_it(language, words):
    assert shown("{{ ms|day }}부터", language, ms=1_767_193_200_000) == words


@pytest.mark.parametrize("ms", [-1, 0, 2**62, NOW_MS + DAY_MS])
def test_a_stranger_may_claim_any_time_without_breaking_the_page(ms):
    assert "<time datetime=" in shown("{{ ms|ago }}", ms=ms)


def test_names_are_escaped_and_their_emoji_drawn():
    account = an_account(
        display_name="<b>Mi</b> :sun: :none:",
        emojis='[["sun", "https://far.example/sun.png"]]',
    )
    told = shown("{{ account|named }}", account=account)
    assert "&lt;b&gt;Mi&lt;/b&gt;" in told
    drawn = ADDRESSES.emoji("https://far.example/sun.png")
    assert f'<img class="emoji" src="{drawn}" alt=":sun:"' in told
    assert ":none:" in told


def test_emoji_are_not_put_into_attributes():
    content = '<p><a href="https://far.example/:sun:">:sun:</a></p>'
    told = shown("{{ c|html(e) }}", c=content, e='[["sun", "https://far.example/a\\"b.png"]]')
    assert 'href="https://far.example/:sun:"' in told
    drawn = ADDRESSES.emoji('https://far.example/a"b.png')
    assert f'src="{drawn}"' in told


def test_an_emoji_that_we_would_not_fetch_stays_a_word():
    told = shown("{{ c|html(e) }}", c="<p>:sun:</p>", e='[["sun", "ftp://far.example/sun.png"]]')
    assert told == "<p>:sun:</p>"


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>hello",
        '<p onclick="x()">hello</p>',
        '<a href="javascript:x()">hello</a>',
        '<p style="position:fixed">hello</p>',
        '<img src="https://far.example/spy.png">hello',
    ],
)
def test_html_is_cleaned_once_more_when_it_is_shown(content):
    told = shown("{{ c|html }}", c=content)
    assert "hello" in told
    for danger in ("script", "onclick", "style", "<img"):
        assert danger not in told


def test_a_template_that_names_nothing_known_fails_loudly():
    with pytest.raises(UndefinedError):
        shown("{{ nothing }}")


def test_where_people_posts_and_pictures_are_shown():
    mira = an_account()
    far = an_account(name="Ülo", domain="far.example")
    assert render.person_url(mira) == "/@mira"
    assert render.person_url(far) == "/@%C3%9Clo@far.example"
    assert render.post_url(a_post(7, mira).post, mira) == "/@mira/7"
    ours = a_medium(large="l.jpg", small="s.webp")
    theirs = a_medium(remote_url="https://far.example/p.png")
    both = "{{ picture_url(media) }} {{ picture_url(media, small=true) }}"
    assert shown(both, media=ours) == "/media/l.jpg /media/s.webp"
    here = ADDRESSES.remote("picture", theirs.remote_url)
    assert shown(both, media=theirs) == f"{here} {here}"


def a_medium(**changes):
    blank_values = {f.name: "" if f.type is str else 0 for f in msgspec.structs.fields(Media)}
    return Media(**{**blank_values, "kind": "image", **changes})


def card(media):
    macro = (
        '{% import "components/posts.html" as posts with context %}'
        "{{ posts.picture(media, 'https://far.example/notes/1') }}"
    )
    return shown(macro, media=media)


def test_a_picture_offers_every_size_that_we_have():
    sizes = {"large": "l.jpg", "medium": "m.webp", "small": "s.webp"}
    widths = {"width": 2048, "medium_width": 1280, "small_width": 640}
    told = card(a_medium(**sizes, **widths, height=1536, small_height=480))
    assert 'srcset="/media/s.webp 640w, /media/m.webp 1280w, /media/l.jpg 2048w"' in told
    assert 'width="640" height="480"' in told
    assert "srcset" not in card(a_medium(large="l.jpg", small="l.jpg", width=400, small_width=400))
    assert "srcset" not in card(a_medium(remote_url="https://far.example/p.png", width=900))


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_strangers_film_is_a_link_to_its_page_and_loads_nothing(kind):
    told = card(a_medium(kind=kind, remote_url="https://far.example/film.mp4"))
    assert 'href="https://far.example/notes/1"' in told
    assert "film.mp4" not in told
    assert "src=" not in told


def test_a_picture_that_we_would_not_fetch_is_a_link():
    told = card(a_medium(remote_url="https://far.example/" + "x" * 2000))
    assert "<img" not in told
    assert 'href="https://far.example/xxx' in told


def test_an_asset_has_an_address_that_changes_with_it():
    name, _, version = render.asset("madang.css").partition("?v=")
    assert name == "/static/madang.css"
    assert len(version) == 12


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox · Windows"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_device_is_called_what_its_owner_calls_it(agent, told):
    assert render.browser(agent) == told


def test_a_reply_begins_with_those_it_is_for():
    mira, joon = an_account(), an_account(2, "joon", domain="far.example")
    view = msgspec.structs.replace(a_post(1, joon), mentions=(mira, joon, an_account(3, "hyo")))
    assert greeting(view, mira.id) == "@joon@far.example @hyo "
    assert greeting(a_post(1, mira), mira.id) == ""


def test_a_long_address_breaks_before_its_parts_and_a_short_one_nowhere():
    assert render.foldable("@ada@far.example") == "@ada@far.example"
    long = "@saenghwal@board.city.example:8391"
    folded = "@saenghwal<wbr>@board<wbr>.city<wbr>.example<wbr>:8391"
    assert render.foldable(long) == folded
    assert "<i>" not in render.foldable("@<i>@a.very.long.place.example")
