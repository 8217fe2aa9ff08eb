"""Links among old stories lead to where the stories are, whichever of them came first."""

from functools import partial

import pytest

from server.model import Post
from server.oldblogs import shape
from server.services import old_links, posts
from server.services.new_posts import NewPost
from server.store.db import Write
from server.text import relinking
from tests.server.import_desk import Desk, stories
from tests.server.world import NOW, SITE, number

HOSTS = {"old.example.kr"}


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://old.example.kr/12", "/12"),
        ("https://www.OLD.example.kr/12/#comment3", "/12"),
        ("http://old.example.kr/m/12", "/12"),
        ("http://old.example.kr/entry/%EA%B9%80%EC%9E%A5", "/entry/김장"),
        ("http://old.example.kr/?p=7&utm=x", "/?p=7"),
        ("http://old.example.kr/?p=x", ""),
        ("http://old.example.kr/?" + "p=1&" * 5_000, ""),
        ("http://old.example.kr/", ""),
        ("http://old.example.kr/files/a.PNG", ""),
        ("http://old.example.kr.evil.example/12", ""),
        ("http://old.example.kr@evil.example/12", ""),
        ("http://[::1/12", ""),
    ],
)
def test_only_a_page_of_the_old_blog_has_a_path_there(address: str, path: str) -> None:
    assert relinking.path_of(address, HOSTS) == path


def test_a_link_is_led_on_in_markdown_and_in_html_and_nothing_else_is_touched() -> None:
    places = {"/12": "https://here.test/@ann/1", "/?p=7": "https://here.test/@ann/2"}
    said = "[a](http://old.example.kr/12) [b](http://old.example.kr/123) http://old.example.kr/12."
    assert relinking.led(said, HOSTS, places) == (
        "[a](https://here.test/@ann/1) [b](http://old.example.kr/123) https://here.test/@ann/1."
    )
    html = '<a href="http://old.example.kr/?p=7&amp;x=1">x</a> &lt;http://other.kr/12&gt;'
    assert relinking.led(html, HOSTS, places) == (
        '<a href="https://here.test/@ann/2">x</a> &lt;http://other.kr/12&gt;'
    )
    assert relinking.paths(said, HOSTS, 9) == ("/12", "/123")
    assert relinking.paths(said, HOSTS, 1) == ("/12",)
    assert relinking.paths(said, (), 9) == ()


def blog(*numbers: int) -> str:
    """Story 1 links to 2, to itself and to what never comes; story 2 to 1."""
    words = {
        1: "http://old.example.kr/2 http://old.example.kr/1 http://old.example.kr/99",
        2: "https://www.old.example.kr/m/1?x=1",
    }
    link = '&lt;p&gt;&lt;a href="{}"&gt;글&lt;/a&gt;&lt;/p&gt;'
    made = "".join(
        f"""<post><id>{n}</id><visibility>public</visibility><title>글 {n}</title><content>
        {"".join(link.format(one) for one in words[n].split())}
        </content><published>132261840{n}</published></post>"""
        for n in numbers
    )
    return f"<blog>{made}</blog>"


async def brought(
    desk: Desk, *numbers: int, names: dict[str, str] | None = None
) -> dict[str, Post]:
    await desk.brings(blog(*numbers), names, address="http://old.example.kr")
    return await desk.db.read(stories, desk.home)


def links_of(post: Post) -> list[str]:
    return [piece.partition('"')[0] for piece in post.content.split('href="')[1:]]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_stories_link_to_each_other_here_in_whichever_order_they_came(
    any_desk: Desk, order: tuple[int, ...]
) -> None:
    desk = any_desk
    found = await brought(desk, *order)
    one, two = found["글 1"], found["글 2"]
    assert links_of(one) == [two.url, one.url, "http://old.example.kr/99"]
    assert links_of(two) == [one.url]
    assert one.url is not None and f"]({one.url})" in two.source
    assert one.edited_ms is None
    left = "SELECT count(*) FROM old_link"
    assert await desk.db.read(number, left) == 1
    again = await brought(desk, *order)
    assert again == found, "once more changes nothing"


async def test_a_story_that_comes_with_a_later_import_is_linked_to(desk: Desk) -> None:
    first = await brought(desk, 1)
    assert "http://old.example.kr/2" in links_of(first["글 1"])
    found = await brought(desk, 1, 2)
    assert links_of(found["글 1"])[0] == found["글 2"].url
    assert links_of(found["글 2"]) == [found["글 1"].url]


@pytest.mark.parametrize("how", ["changed here", "another's", "deleted"])
async def test_what_is_not_as_it_came_keeps_its_links(desk: Desk, how: str) -> None:
    run = await desk.brings(blog(1), {"": "bob"}, address="http://old.example.kr")
    post = (await desk.db.read(stories, desk.home))["글 1"]
    if how == "changed here":
        new = NewPost(content=f"{post.source} !", title="글 1")
        await desk.db.write(partial(posts.edit, now_ms=NOW), SITE, desk.editor, post.id, new)
    elif how == "another's":
        await desk.agrees(run)
    else:
        await desk.db.write(partial(posts.delete, now_ms=NOW), SITE, desk.editor, post.id)
    found = await brought(desk, 1, 2)
    if how != "deleted":
        assert links_of(found["글 1"])[0] == "http://old.example.kr/2"
    waiting = "SELECT count(*) FROM old_link WHERE path = '/2'"
    assert await desk.db.read(number, waiting) == 0


async def test_another_blog_with_the_same_path_is_not_meant(desk: Desk) -> None:
    said = blog(1).replace("old.example.kr/2", "elsewhere.example/1")
    await desk.brings(said, address="http://old.example.kr")
    post = (await desk.db.read(stories, desk.home))["글 1"]
    assert links_of(post)[0] == "http://elsewhere.example/1"


async def test_long_stories_are_led_on_one_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else writes while a transaction compares links: who fills stories with them waits."""
    monkeypatch.setattr(old_links, "CHARACTERS_AT_ONCE", 10)
    really, more = old_links.lead, []

    def lead(tx: Write, run_id: int, story: shape.Story) -> bool:
        more.append(really(tx, run_id, story))
        return more[-1]

    monkeypatch.setattr(old_links, "lead", lead)
    await brought(desk, 1)
    also = blog(1).replace("<id>1<", "<id>3<").replace("글 1", "글 3")
    await desk.brings(also, address="http://old.example.kr")
    more.clear()
    found = await brought(desk, 2)
    assert links_of(found["글 1"])[0] == links_of(found["글 3"])[0] == found["글 2"].url
    assert more == [True, False]
