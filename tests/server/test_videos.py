"""Which addresses are films on other sites, where their players are, where links stand."""

import pytest

from server import text
from server.text import alone, videos, webpage
from tests.growth import takes_time_for_its_length_alone

ID = "dQw4w9WgXcQ"
TUBE = frozenset({"films.example"})
SHORT, UUID = "kkGMgK9ZtnKfYAgnEtQxbv", "9c9de5e8-0a1e-484a-b099-e80766180a6d"
YOUTUBE = f"https://www.youtube-nocookie.com/embed/{ID}?autoplay=1&playsinline=1"
VIMEO = "https://player.vimeo.com/video/76979871?dnt=1&autoplay=1"
PEERTUBE = f"https://films.example/videos/embed/{SHORT}?autoplay=1&p2p=0"
NAVER = "https://tv.naver.com/embed/79196054?autoPlay=true"
KAKAO = "https://play-tv.kakao.com/embed/player/cliplink/430418376?service=player_share&autoplay=1"

FILMS = [
    (f"https://www.youtube.com/watch?v={ID}", YOUTUBE),
    (f"http://youtube.com/watch?v={ID}", YOUTUBE),
    (f"HTTPS://WWW.YouTube.COM:443/watch?v={ID}", YOUTUBE),
    (f"https://m.youtube.com/watch?app=desktop&v={ID}&list=PL123&index=2", YOUTUBE),
    (f"https://music.youtube.com/watch?v={ID}", YOUTUBE),
    (f"https://www.youtube.com/watch?v={ID}&t=90", f"{YOUTUBE}&start=90"),
    (f"https://www.youtube.com/watch?v={ID}&t=1m30s", f"{YOUTUBE}&start=90"),
    (f"https://www.youtube.com/watch?v={ID}#t=1h2m3s", f"{YOUTUBE}&start=3723"),
    (f"https://www.youtube.com/watch?v={ID}&t=soon", YOUTUBE),
    (f"https://www.youtube.com/watch?v={ID}&t=9&t=90", YOUTUBE),
    (f"https://www.youtube.com/watch?v={ID}&feature=광고", YOUTUBE),
    (f"https://youtu.be/{ID}", YOUTUBE),
    (f"https://youtu.be/{ID}/?si=abc&t=90s", f"{YOUTUBE}&start=90"),
    (f"https://youtube.com/shorts/{ID}?feature=share", YOUTUBE),
    (f"https://www.youtube.com/live/{ID}?si=x", YOUTUBE),
    (f"https://www.youtube-nocookie.com/embed/{ID}?start=90", f"{YOUTUBE}&start=90"),
    ("https://vimeo.com/76979871", VIMEO),
    ("https://www.vimeo.com/76979871/", VIMEO),
    ("https://vimeo.com/channels/staffpicks/76979871", VIMEO),
    ("https://vimeo.com/groups/city/videos/76979871", VIMEO),
    ("https://vimeo.com/76979871/8272103f6e#t=1m30s", f"{VIMEO}&h=8272103f6e#t=90s"),
    ("https://player.vimeo.com/video/76979871?h=8272103f6e", f"{VIMEO}&h=8272103f6e"),
    ("https://player.vimeo.com/video/76979871?h=x%26autoplay", VIMEO),
    (f"https://films.example/w/{SHORT}", PEERTUBE),
    (f"https://films.example/videos/watch/{UUID}", PEERTUBE.replace(SHORT, UUID)),
    (f"https://FILMS.example/w/{SHORT}?start=1m30s&stop=5m", f"{PEERTUBE}&start=90s"),
    ("https://tv.naver.com/v/79196054", NAVER),
    ("https://m.tv.naver.com/v/79196054?openList=1", NAVER),
    ("https://tv.naver.com/h/79196054", NAVER),
    ("https://tv.kakao.com/v/430418376", KAKAO),
    ("https://tv.kakao.com/channel/2671005/cliplink/430418376?metaObjectType=Channel", KAKAO),
]

NO_FILMS = [
    "",
    "youtube.com",
    f"//youtu.be/{ID}",
    f"ftp://youtu.be/{ID}",
    f"javascript://youtu.be/{ID}",
    f"https://youtube.com.evil.example/watch?v={ID}",
    f"https://evil.example/youtube.com/watch?v={ID}",
    f"https://evil.example/?https://youtu.be/{ID}",
    f"https://evilyoutube.com/watch?v={ID}",
    f"https://evil.youtube.com/watch?v={ID}",
    f"https://youtube.com@evil.example/watch?v={ID}",
    f"https://youtu.be@evil.example/{ID}",
    f"https://evil.example@youtu.be/{ID}",
    f"https://youtu.be:8443/{ID}",
    f"https://youtu.be./{ID}",
    f"https://youtube.com\\@evil.example/watch?v={ID}",
    f"https://evil.example\\.youtube.com/watch?v={ID}",
    f"https://evil.example#@youtu.be/{ID}",
    f"https://youtu.be/{ID}\n",
    f"https://youtu.be/ {ID}",
    f"https://ｙoutu.be/{ID}",
    f"https://yоutu.be/{ID}",  # a Cyrillic о
    f"https://유튜브.한국/watch?v={ID}",
    f"https://www.youtube.com/watch?v={ID}&v=aaaaaaaaaaa",
    f"https://www.youtube.com/watch?V={ID}",
    f"https://www.youtube.com/WATCH?v={ID}",
    f"https://www.youtube.com/watch?v={ID}x",
    f"https://www.youtube.com/watch?x=v={ID}",
    "https://www.youtube.com/watch?v=../../../x",
    "https://www.youtube.com/watch?v=dQw4w9Wg%22%3E",
    "https://www.youtube.com/watch",
    "https://www.youtube.com/@city",
    "https://www.youtube.com/playlist?list=PL123",
    "https://youtu.be/동네한바퀴영상이다하",
    f"https://youtu.be/{ID}/{ID}",
    f"https://youtu.be//{ID}",
    "https://vimeo.com/city",
    "https://vimeo.com/76979871/../../x",
    "https://vimeo.com/٧٦٩",
    "https://vimeo.com/",
    "https://player.vimeo.com/76979871",
    f"https://other.example/w/{SHORT}",
    f"https://sub.films.example/w/{SHORT}",
    "https://films.example/w/p/kkGMgK9ZtnKfYAgnEtQxbv",
    "https://films.example/w/0OIl0OIl0OIl0OIl0OIl0O",
    "https://films.example/w/우리동네영상",
    "https://films.example/c/city/videos",
    "https://tv.naver.com/v/우리동네",
    "https://tv.naver.com/city",
    "https://naver.com/v/79196054",
    "https://tv.naver.com.evil.example/v/79196054",
    "https://tv.kakao.com/channel/가/cliplink/1",
    "https://tv.kakao.com/channel/2671005",
    "https://kakao.com/v/430418376",
    f"https://youtu.be/{ID}?{'a' * 2_000}",
]


@pytest.mark.parametrize(("url", "embed"), FILMS)
def test_a_film_is_known_by_its_address_and_its_player_is_put_together_from_its_id(url, embed):
    found = videos.recognise(url, TUBE)
    assert found is not None
    assert found.embed == embed
    assert found.page == url
    assert embed.startswith(f"https://{found.host}/")


@pytest.mark.parametrize("url", NO_FILMS)
def test_what_only_looks_like_a_film_is_a_link(url):
    assert videos.recognise(url, TUBE) is None


def test_no_server_is_one_of_peertube_before_that_is_known():
    assert videos.recognise(f"https://films.example/w/{SHORT}") is None


def test_many_fields_in_a_query_are_no_film_and_no_work():
    assert videos.recognise(f"https://www.youtube.com/watch?{'a=1&' * 60}v={ID}") is None


def test_what_was_made_for_a_phone_stands_upright():
    tall = [url for url, _ in FILMS if videos.recognise(url, TUBE).tall]
    assert tall == [
        f"https://youtube.com/shorts/{ID}?feature=share",
        "https://tv.naver.com/h/79196054",
    ]


def test_only_hosts_that_a_policy_can_name_are_hosts():
    assert videos.host_of("https://Films.example/w/x") == "films.example"
    for url in ("https://*.example/", "https://a;b.example/", "https://x'.example/", "https://a/"):
        assert videos.host_of(url) == ""


def test_marks_are_bounded():
    assert videos.seconds("99h9999m999999s") == videos.MAX_START_S
    for mark in ("", "s", "-1", "1.5", "1:30", "90x", "1" * 9, "٩", "3s1m"):
        assert videos.seconds(mark) == 0


# --- where a link stands


def link(url=f"https://youtu.be/{ID}", words=""):
    return f'<a href="{url}" rel="nofollow noopener noreferrer">{words or url}</a>'


def pieces(html, peertube=TUBE):
    """Films by their ids, and what stands between them; the HTML is clean, as on pages."""
    assert text.sanitise_story(html) == html
    found = alone.parted(html, peertube)
    return [one if isinstance(one, str) else one.video.id for one in found]


IN_TEXTS = [
    (f"<p>{link()}</p>", [ID]),
    (f"<p>A</p><p>{link()}</p><p>B</p>", ["<p>A</p>", ID, "<p>B</p>"]),
    (f"<p>A<br>{link()}<br>B</p>", ["<p>A</p>", ID, "<p>B</p>"]),
    (f"<p>A<br><br>{link()}</p>", ["<p>A</p>", ID]),
    (f"<p>{link()}<br>{link('https://vimeo.com/1')}</p>", [ID, "1"]),
    (f"<p><strong>A<br>{link()}<br>B</strong></p>",
     ["<p><strong>A</strong></p>", ID, "<p><strong>B</strong></p>"]),
    (f"<p><span>A<br></span>{link()}</p>", ["<p><span>A</span></p>", ID]),  # as Misskey writes
    (f"A<br>{link()}<br>B", ["A", ID, "B"]),  # as Pleroma writes
    (f"<blockquote><p>{link()}</p></blockquote>", ["<blockquote>", ID, "</blockquote>"]),
    (f"<p>{link('https://www.youtube.com/watch?v=' + ID + '&amp;t=9', 'A film')}</p>", [ID]),
    (f"<p>See {link()}</p>", None),
    (f"<p>{link()}에서</p>", None),
    (f"<p>{link()} {link()}</p>", None),
    (f"<p>{link()} 🎬</p>", None),
    (f"<ul><li>{link()}</li></ul>", None),
    (f"<h2>{link()}</h2>", None),
    (f'<p class="quote-inline">{link()}</p>', None),
    ("<p>https://youtu.be/dQw4w9WgXcQ</p>", None),
    (f"<p>{link('https://other.example/w/' + SHORT)}</p>", None),
]  # fmt: skip


@pytest.mark.parametrize(("html", "expected"), IN_TEXTS)
def test_a_link_that_stands_alone_on_its_line_is_a_film_and_the_rest_stays_whole(html, expected):
    assert pieces(html) == (expected or [html])


def test_every_piece_between_films_is_clean_by_itself():
    html = f"<p><em>A<br><strong>B<br>{link()}<br>C</strong></em> D<br>{link()}<br>E</p>"
    first, _, second, _, third = pieces(html)
    for piece in (first, second, third):
        assert text.sanitise_story(piece) == piece
    assert text.plain(first + second + third).split() == list("ABCDE")


def test_the_words_of_a_link_are_kept_where_they_are_no_address():
    shown = '<span class="invisible">https://</span><span class="ellipsis">youtu.be/dQw4</span>'
    for words, expected in ((shown, ""), ("동네 <em>한 바퀴</em>", "동네 한 바퀴"), ("", "")):
        (found,) = alone.parted(f"<p>{link(words=words)}</p>")
        assert found.words == expected


def test_so_many_films_and_no_more_are_found_in_a_text():
    html = f"<p>{link()}</p>" * 2_000
    found = alone.parted(html)
    assert sum(not isinstance(one, str) for one in found) == alone.MOST
    assert found[-1].count("<a ") == 2_000 - alone.MOST


def test_lines_without_end_cost_little():
    def parts(lines: int) -> None:
        assert len(alone.parted(f"<p>{link()}{'<br>' * lines}</p>")) == 1

    takes_time_for_its_length_alone(parts, 24_000, enough_s=0.5)


def test_a_page_that_names_its_platform_is_known_to_be_of_peertube():
    page = b'<meta property="og:platform" content="%s"><title>A film</title>'
    for said, expected in ((b"PeerTube", "peertube"), (b"WordPress", ""), (b"", "")):
        found = webpage.describe(page % said, "text/html; charset=utf-8", "https://films.example/")
        assert found.software == expected


def test_what_is_said_of_a_story_without_a_lead_ends_before_its_first_film():
    assert alone.opening(f"<p>A</p><p>{link()}</p><p>B</p>") == "<p>A</p>"
    for html in ("", "<p>A</p>", f"<p>{link()}</p><p>B</p>", f"<p>See {link()}</p>"):
        assert alone.opening(html) == html
