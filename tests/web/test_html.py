"""The reader of pages that other tests rely on sees what is wrong with a page."""

import pytest

from tests.web.html import HtmlPage

WHOLE = '<html lang="en"><body><h1 id="top">Words</h1>{}</body></html>'


@pytest.mark.parametrize(
    "part",
    [
        '<a href="#nowhere">Go</a>',
        '<a href="/there"><img src="/face.png" alt=""></a>',
        '<a href="/one">One <a href="/two">two</a></a>',
        '<div aria-labelledby="top nowhere"></div>',
        "<p><div>Words</div></p>",
        '<img src="" alt="">',
        '<img src="/face.png">',
        '<img src="https://far.example/spy.png" alt="">',
        '<img src="/a.png" srcset="/a.png 1w, //far.example/spy.png 2w" alt="">',
        '<link rel="stylesheet" href="https://far.example/spy.css">',
        '<img src="/face.png" src="/other.png" alt="">',
        '<p id="top">Words</p>',
        "<h1>Words</h1>",
        '<form method="post" action="/x"></form>',
        '<input name="x">',
        "<button></button>",
        "<p onclick='x()'>Words</p>",
        "<script>x()</script>",
        "</section>",
    ],
)
def test_a_page_that_breaks_a_rule_is_found_out(part):
    assert HtmlPage(WHOLE.format("")).faults == []
    assert len(HtmlPage(WHOLE.format(part)).faults) == 1


def test_what_is_asked_for_is_found_where_it_stands():
    page = HtmlPage(
        WHOLE.format(
            '<main><ul class="wide list"><li data-of="a">One</li>\n<li data-of="b">'
            'Two <a href="/two">more\n words</a><br></li></ul></main><p class="list">Three</p>'
        )
    )
    items = page.main.one("ul", "list").all("li")
    assert [one.words for one in items] == ["One", "Two more words"]
    assert items[1].link("more words") == "/two"
    assert page.main.one(data_of="b") is items[1]
    assert [one.tag for one in page.root.all(kind="list")] == ["ul", "p"]
