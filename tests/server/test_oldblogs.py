"""Files of old blogs: what is in them, and what nobody may make us read."""

import base64
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.errors import Invalid
from server.ids import EPOCH_MS, created_ms, first_id, id_at, new_id
from server.oldblogs import stream
from server.oldblogs.reading import read
from server.oldblogs.shape import Category, Head, Left, Part, Story
from server.oldblogs.ttxml import marks_as_html
from server.text import markdown
from server.text.turning import MAX_BRACKETS, placed, plain_text, turn
from tests.server.blogs import textcube, wordpress

SEOUL = ZoneInfo("Asia/Seoul")


def parts(tmp_path: Path, said: str | bytes) -> list[Part]:
    file = tmp_path / "file.xml"
    file.write_bytes(said.encode() if isinstance(said, str) else said)
    (tmp_path / "files").mkdir(exist_ok=True)
    return list(read(file, tmp_path / "files", SEOUL))


def stories(found: list[Part]) -> dict[str, Story]:
    return {one.title: one for one in found if isinstance(one, Story)}


# --- what is in them


def test_a_backup_of_textcube_is_read_with_all_that_belongs_to_a_story(tmp_path: Path) -> None:
    found = parts(tmp_path, textcube())
    assert found[0] == Head(format="ttxml", title="광명 이야기", address="http://old.example.kr/")
    assert [one.path for one in found if isinstance(one, Category)] == [
        ("사랑 소통",),
        ("사랑 소통", "이웃"),
        ("사랑 소통", "소소한 일상"),
        ("사진",),
    ]
    one = stories(found)["김장 하는 날"]
    assert (one.key, one.category, one.tags) == (
        "12",
        ("사랑 소통", "소소한 일상"),
        ("김장", "광명 시장"),
    )
    assert one.published_ms == 1_322_618_400_000 and one.edited_ms == 1_322_704_800_000
    assert one.paths == ("/12", "/entry/김장-하는-날", "/entry/김장 하는 날")
    assert [(c.key, c.parent, c.secret, c.member) for c in one.comments] == [
        ("1", "", False, False),
        ("2", "1", False, True),
        ("3", "", True, False),
        ("4", "3", False, True),
    ]
    assert [ping.url for ping in one.pings] == ["http://friend.example.kr/77"]
    picture, list_ = one.attachments
    assert picture.file and picture.file.read_bytes().startswith(b"\x89PNG")
    assert list_.file and list_.file != picture.file and list_.file.read_bytes() == b"%PDF-1.4\n"
    states = {title: story.state for title, story in stories(found).items()}
    assert states["나만 보는 글"] == "private" and states["보호된 글"] == "protected"
    assert states["바다"] == "public"
    assert Left("keyword", "광명") in found


def test_what_guests_typed_as_a_password_and_where_they_sat_is_never_read(tmp_path: Path) -> None:
    seen = repr(parts(tmp_path, textcube())) + repr(parts(tmp_path, wordpress()))
    for private in ("secret-hash", "6f4b726238e4", "1234", "203.0.113", "guest@example.kr"):
        assert private not in seen


def test_an_export_of_wordpress_is_read(tmp_path: Path) -> None:
    found = parts(tmp_path, wordpress())
    told = stories(found)
    one = told["헌책방"]
    assert (one.author, one.category, one.tags) == (
        "mina",
        ("사랑 소통", "더 깊은"),
        ("헌책방",),
    )
    assert one.paths == ("/archive/2011/05/123", "/?p=123")
    assert one.published_ms == 1_304_382_600_000 and one.edited_ms == 1_304_469_000_000
    assert [(c.name, c.parent, c.member) for c in one.comments] == [
        ("손님", "", False),
        ("민아", "1", True),
    ]
    assert [(p.url, p.title) for p in one.pings] == [("http://friend.example.kr/7", "이웃 블로그")]
    assert turn(one.body, one.base).markdown.startswith("첫 문단입니다.\n\n둘째 문단 **굵게**")
    draft = told["쓰던 글"]
    assert draft.state == "draft" and draft.published_ms == 1_304_641_800_000  # by Seoul's clock
    assert Left("page", "소개") in found and len(told) == 2


def test_plain_feeds_are_read(tmp_path: Path) -> None:
    rss = """<?xml version="1.0"?><rss version="2.0"><channel><title>피드</title>
    <link>https://a.example</link><item><title>글</title><link>https://a.example/entry/글</link>
    <description>&lt;p&gt;안녕&lt;/p&gt;</description><category>동네/골목</category>
    <category>산책</category><author>minho</author><guid>g1</guid>
    <pubDate>Tue, 03 May 2011 09:30:00 +0900</pubDate></item></channel></rss>"""
    one = stories(parts(tmp_path, rss))["글"]
    assert (one.category, one.tags, one.author) == (("동네", "골목"), ("산책",), "minho")
    assert one.paths == ("/entry/글",) and one.published_ms == 1_304_382_600_000
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>피드</title>
    <entry><id>tag:a,1</id><title>글</title><link rel="alternate" href="https://a.example/1"/>
    <author><name>민호</name></author><category term="골목"/>
    <published>2011-05-03T00:30:00Z</published><updated>2011-05-04T00:30:00Z</updated>
    <content type="xhtml"><div
    xmlns="http://www.w3.org/1999/xhtml"><p>하나 <b>둘</b> 셋<br/></p></div></content></entry>
    </feed>"""
    one = stories(parts(tmp_path, atom))["글"]
    assert turn(one.body).markdown == "하나 **둘** 셋"
    assert (one.author, one.category) == ("민호", ("골목",))


def test_korean_of_older_days_is_read_and_broken_bytes_are_no_end(tmp_path: Path) -> None:
    said = textcube().replace('encoding="utf-8"', 'encoding="EUC-KR"').encode("cp949", "replace")
    assert "김장 하는 날" in stories(parts(tmp_path, said))
    broken = textcube().replace("바다", "바\x08다").encode().replace("파도".encode(), b"\xff\xfe")
    assert "바다" in stories(parts(tmp_path, broken))


# --- forgeries

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE blog [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<blog><post><title>&b;</title></post></blog>"
)
OUTSIDE = (
    '<!DOCTYPE blog [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<blog><post><title>&x;</title></post></blog>"
)


@pytest.mark.parametrize(
    "said",
    [
        LAUGHS,
        OUTSIDE,
        '<!DOCTYPE blog [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><blog/>',
        "<blog>" + "<post>" * 200,
        '<blog><post slogan="' + "x" * (6 << 20) + '"/></blog>',
        "<blog><!--" + "x" * (6 << 20) + "--></blog>",
        "",
        "no xml",
        "<html><body>x</body></html>",
        "<blog><post><title>x</title>",
        '<?xml version="1.0" encoding="base64"?><blog/>',
        "\x00\x01\x02",
        "<rss><channel><x:item/></channel></rss>",
    ],
    ids=range(13),
)
def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path: Path, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        parts(tmp_path, said)
    assert refused.value.message in (stream.UNREADABLE, stream.UNSAFE)


def test_a_name_of_a_document_type_alone_means_nothing(tmp_path: Path) -> None:
    said = '<!DOCTYPE blog SYSTEM "http://127.0.0.1/x.dtd"><blog><post><id>1</id></post></blog>'
    assert [one.key for one in parts(tmp_path, said) if isinstance(one, Story)] == ["1"]


def test_attachments_have_names_of_ours_and_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_FILE", 1000)
    good, large = base64.b64encode(b"x" * 999).decode(), base64.b64encode(b"x" * 1001).decode()
    said = "".join(
        f"<attachment><name>../../../{number}.png</name><content>{data}</content></attachment>"
        for number, data in enumerate([good, large, "n*t base64", "YQ", ""])
    )
    (one,) = stories(parts(tmp_path, f"<blog><post><title>x</title>{said}</post></blog>")).values()
    assert [bool(found.file) for found in one.attachments] == [True, False, False, False, False]
    assert [found.refused for found in one.attachments][1:4] == [True, True, True]
    assert {path.name for path in tmp_path.iterdir()} == {"file.xml", "files"}
    assert len(list((tmp_path / "files").iterdir())) == 1


def test_comments_without_end_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_ELEMENTS", 3_000)
    some = "".join(f"<comment><id>{n}</id><content>{n}</content></comment>" for n in range(2_000))
    (one,) = stories(parts(tmp_path, f"<blog><post><title>x</title>{some}</post></blog>")).values()
    assert len(one.comments) + one.lost in (1_999, 2_000) and one.lost > 900


def test_comments_that_all_have_one_number_cost_no_more_than_others(tmp_path: Path) -> None:
    some = "".join(
        f"<comment><id>1</id><content>{n % 9_000}</content></comment>" for n in range(9_500)
    )
    (one,) = stories(parts(tmp_path, f"<blog><post><title>x</title>{some}</post></blog>")).values()
    assert len({comment.key for comment in one.comments}) == len(one.comments) == 9_000 + 1
    assert max(len(comment.key) for comment in one.comments) < 40


@pytest.mark.parametrize(
    "encoding", ["unicode_escape", "punycode", "idna", "undefined", "utf-7", "hex", "rot13"]
)
def test_a_file_in_no_encoding_of_texts_is_refused(tmp_path: Path, encoding: str) -> None:
    said = f'<?xml version="1.0" encoding="{encoding}"?><blog><post>\\ud800</post></blog>'
    with pytest.raises(Invalid):
        parts(tmp_path, said)


@pytest.mark.parametrize(
    "said",
    [
        "".join(f"<a{n}/>" for n in range(5_000)),
        "".join(f'<a b{n}=""/>' for n in range(5_000)),
        "".join(f'<a xmlns:p{n}="x"/>' for n in range(5_000)),
        f'<p:a xmlns:p="{"u" * 9_000}"/>',
        f"<{'a' * 9_000}/>",
    ],
    ids=["elements", "attributes", "prefixes", "address", "name"],
)
def test_names_that_a_parser_would_keep_have_an_end(tmp_path: Path, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        parts(tmp_path, f"<blog>{said}<post><title>x</title></post></blog>")
    assert caught.value.message == stream.UNSAFE


def test_attributes_take_room_of_their_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_CHARACTERS", 50_000)
    file = tmp_path / "file.xml"
    some = "".join(f'<tag a="{"x" * 3_000}"/>' for _ in range(100))
    file.write_text(f"<blog><post>{some}</post></blog>")
    (post,) = stream.records(file, lambda path: path[-1] == "post", tmp_path)
    assert sum(len(one.attributes.get("a", "")) for one in post.all("tag")) < 60_000


# --- their texts


def test_marks_of_textcube_and_tistory_become_pictures_and_nothing_else_is_left() -> None:
    said = (
        '[##_2C|a.jpg|width="1"|하나|b.jpg|width="1"|둘_##][##_Gallery|c.jpg|셋|d.jpg||width="4"_##]'
        '<img src="[##_ATTACH_PATH_##]/e f.png">[##_Jukebox|s.mp3|노래|autoplay=0_##]'
        '[##_Image|kage@a1/b2/img.png|CDM|1.3|{"originWidth":1,"caption":"넷"}_##]'
        "[#M_more|less|숨은_M#]<s_md_x>끝</s_md_x>[footnote]각주[/footnote] [##_Unknown|x_##] _##]"
    )
    turned = turn(marks_as_html(said))
    assert [(one.source, one.alt) for one in turned.pictures] == [
        ("old:a.jpg", "하나"),
        ("old:b.jpg", "둘"),
        ("old:c.jpg", "셋"),
        ("old:d.jpg", ""),
        ("old:e%20f.png", ""),
        ("https://blog.kakaocdn.net/dn/a1/b2/img.png", "넷"),
    ]
    words = placed(turned, [""] * 6)
    assert "숨은" in words and "각주" in words and "노래" not in words
    assert not re.search(r"##|\[#M|_M#|s_md|Unknown", words)


def test_html_of_others_becomes_markdown_that_says_the_same() -> None:
    html = (
        "<h1>제목</h1><p>굵<b>은</b> <i>글</i>, <s>아닌</s> <code>a`b</code> # 1</p>"
        "<p>1. 하나<br>- 둘<br>* 셋</p><ul><li>가<ol><li>나</li></ol></li><li>다</li></ul>"
        "<blockquote><p>말</p></blockquote><table><tr><td>a|b</td><td>2</td></tr></table>"
        '<a href="/x y">길</a><iframe src="//www.youtube.com/embed/abcdefghijk"></iframe>'
        "<pre>x = [1]\n```</pre>&lt;b&gt; &amp;copy; [x](y) _z_"
    )
    shown = markdown(turn(html, "https://old.example/").markdown, story=True)
    for piece in (
        "<h2>제목</h2>",
        "굵<strong>은</strong> <em>글</em>, <s>아닌</s> <code>a`b</code> # 1",
        "1. 하나<br>- 둘<br>* 셋",
        "<ul><li>",
        "<blockquote><p>말</p></blockquote>",
        "a|b",
        'href="https://old.example/x%20y"',
        'href="https://www.youtube.com/watch?v=abcdefghijk"',
        "x = [1]\n```",
        "&lt;b&gt; &amp;copy; [x](y) _z_",
    ):
        assert piece in shown, piece


def test_no_script_and_no_address_but_of_pages_comes_through() -> None:
    html = (
        "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>a</a>"
        "<svg><a href='data:x'>b</a></svg><style>x</style><a href='//[bad'>c</a><b onclick=x>d</b>"
        "<img src='data:image/png;base64,AAAA'><iframe src='javascript:x'></iframe>\ue0007\ue001"
    )
    turned = turn(html)
    shown = markdown(placed(turned, [""] * len(turned.pictures)), story=True)
    assert not re.search(r"script|onerror|href|style|\ue000", shown)
    assert plain_text("<b>x</b>\n# y\n- z *w*") == "\\<b>x\\</b>\n\\# y\n\\- z \\*w\\*"


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 30_000,
        "<b a=1>" * 9_000 + "<p>" * 9_000,
        "[" * 90_000,
        "[##_" * 90_000,
        "<" * 90_000,
        "<table><tr>" + "<td>a" * 5_000 + "<tr><td>b" * 900,
    ],
    ids=range(6),
)
def test_absurd_html_costs_little(html: str) -> None:
    said = turn(marks_as_html(html)).markdown
    assert said.count("[") <= MAX_BRACKETS and len(said) < 500_000


def test_pictures_without_end_are_placed_at_once() -> None:
    turned = turn("<img src=a>" * 12_000, f"https://there.test/{'x' * 1_900}/")
    assert len(turned.pictures) == 1_000 and turned.cut
    said = placed(turned, (f"[{n}] " * 50 for n in range(1_000)))
    assert said.count("[0] ") == said.count("[999] ") == 50


# --- ids of the past


def test_ids_of_the_past_lie_in_the_order_of_their_time_and_before_all_others() -> None:
    times = [631_152_000_000, 1_322_618_400_000, EPOCH_MS - 1000, EPOCH_MS + 900_000]
    made = [id_at(at) for at in times]
    assert made == sorted(made) and made[-1] < new_id(1_795_000_000_000)
    assert [created_ms(id) for id in made[:3]] == times[:3]
    for at, id in zip(times, made, strict=True):
        assert first_id(at) <= id < first_id(at + 2_000)
    assert len({id_at(1_322_618_400_000) for _ in range(50)}) > 10
