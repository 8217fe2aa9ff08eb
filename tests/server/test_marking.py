"""What was looked for is marked where it stands, and nowhere else."""

import pytest

from server.services import asking
from server.text import marking

WORDS = frozenset(("words",))


@pytest.mark.parametrize(
    ("typed", "html", "told"),
    [
        ("김장", "오늘 김장을 담갔다", "오늘 <mark>김장</mark>을 담갔다"),
        ("market", "A Market, marketing", "A <mark>Market</mark>, marketing"),
        ("BTS공연", "bts 공연", "<mark>bts 공연</mark>"),
        ('"김치 담그기"', "김치, 담그기", "<mark>김치, 담그기</mark>"),
        ("amp", "a &amp; amp", "a &amp; <mark>amp</mark>"),
        ("em", "<em>em</em>", "<em><mark>em</mark></em>"),
        ("x", '<a title="x > x">x</a>', '<a title="x > x"><mark>x</mark></a>'),
        (
            "#서울에서",
            '<a class="hashtag">#서울에서</a>',
            '<a class="hashtag">#<mark>서울에서</mark></a>',
        ),
        ("김장 배추", "배추 김장<br>끝", "<mark>배추</mark> <mark>김장</mark><br>끝"),
        ("김장 from:@ann kind:story", "김장 kind", "<mark>김장</mark> kind"),
        ("김", "\u1100\u1175\u11b7", "<mark>김</mark>"),
        ("ktx", "ＫＴＸ", "ＫＴＸ"),
        ("i", "\u0130 i", "\u0130 <mark>i</mark>"),
        ("lt", "&lt;script&gt; ＜script＞", "&lt;script&gt; ＜script＞"),
    ],
)
def test_words_are_marked_in_text_and_in_nothing_else(typed: str, html: str, told: str) -> None:
    wanted = marking.pattern(asking.read(typed, "UTC").needs)
    assert wanted is not None
    before, after = '<b>김장 market x</b><div class="a words">', "</div><i>김장 market x</i>"
    assert marking.marked(before + html + after, wanted, WORDS) == before + told + after


def test_filters_alone_mark_nothing() -> None:
    assert marking.pattern(asking.read("from:@ann kind:story", "UTC").needs) is None


def test_a_passage_lies_around_the_words() -> None:
    wanted = marking.pattern(asking.read("김장", "UTC").needs)
    assert wanted is not None
    text = "배추 백 포기 " * 40 + "<김장> 담그기 " + "무 열 개 " * 60
    found = marking.passage(text, wanted)
    assert found.startswith("… 배추 ") or found.startswith("… 백 ") or found.startswith("… 포기 ")
    assert "<김장>" in found and found.endswith(" …")
    assert len(found) <= marking.LENGTH + 4
    assert marking.passage("다른 말", wanted) == ""
    assert marking.passage("김장", wanted) == "김장"
