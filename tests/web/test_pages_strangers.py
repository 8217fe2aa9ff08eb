"""What strangers write, as our pages show it: nothing of it is loaded from where it comes."""

import msgspec
import pytest

from server.clock import now_ms
from server.model import Media
from server.services import (
    accounts,
)
from server.store import accounts as account_rows
from server.store import follows as follow_rows
from server.store import media as media_rows
from server.store import posts as post_rows
from tests.web.city import HERE
from web.keys import ADDRESSES


async def stranger(city, **changes):
    """Somebody of another server, and a post by them, as they would have been received."""
    far = accounts.blank(HERE, 77, "ada", "Person", now_ms(), display_name="Ada :sun:")
    far = msgspec.structs.replace(
        far,
        uri="https://far.example/ada",
        url="https://far.example/@ada",
        domain="far.example",
        emojis='[["sun", "https://far.example/sun.png"]]',
        avatar="https://far.example/ada.png",
    )
    mina = await city.join("mina")
    ours = await city.writes(mina)
    values = {
        "id": ours.id + 1,
        "uri": "https://far.example/1",
        "url": "https://far.example/@ada/1",
        "author_id": far.id,
        "local": 0,
        "thread_id": ours.id + 1,
        **changes,
    }
    post = msgspec.structs.replace(ours, **values)

    def receive(tx):
        account_rows.insert(tx, far)
        post_rows.insert(tx, post)

    await city.db.write(receive)
    return mina, post


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                "kind": "question",
                "extra": '{"options": [["Tea", 3], ["Coffee", null]], "voters": 3}',
            },
            ["Tea", "3 votes", "Coffee"],
        ),
        (
            {
                "kind": "event",
                "title": "Clean-up",
                "extra": '{"starts_ms": 0, "location": "River"}',
            },
            ["Clean-up"],
        ),
        (
            {"kind": "event", "extra": '{"starts_ms": 1800000000000, "location": "River"}'},
            ["January 15, 2027 17:00", "River"],
        ),
        ({"warning": "Spiders"}, ["Content warning:", "Spiders", "<details"]),
        (
            {"content": "<p>:sun:<script>x</script></p>", "emojis": '[["sun", "https://e/s.png"]]'},
            ['class="emoji"'],
        ),
        ({"kind": "page", "title": "A link", "content": ""}, ["A link"]),
        ({"reply_to_uri": "https://far.example/0"}, ["is an answer"]),
        ({"published_ms": 2**60}, ["<time"]),
    ],
)
async def test_what_strangers_write_is_shown_sensibly(city, changes, told):
    mina, post = await stranger(city, **changes)
    lists = ("/federated", "/@ada@far.example", "/@ada@far.example?show=replies")
    for path in (f"/@ada@far.example/{post.id}", *(lists[1:] if post.reply_to_uri else lists)):
        page = await mina.get(path)
        assert "<script" not in page.text.replace('<script src="/static/', "")
        assert "@ada@far.example" in page.text
    page = await mina.get(f"/@ada@far.example/{post.id}")
    sun = city.app[ADDRESSES].emoji("https://far.example/sun.png")
    for words in (*told, 'href="https://far.example/@ada/1"', "noindex", f'src="{sun}"'):
        assert words in page.text
    for theirs in ("https://far.example/ada.png", "https://far.example/sun.png"):
        assert theirs not in page.text  # nothing is loaded from there
    visitor = await city.visitor("ko")
    assert "far.example" in (await visitor.get(f"/@ada@far.example/{post.id}")).text


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("image", 'alt="A goose"'),
        ("video", "Watch it on the original page"),
        ("audio", "Listen to it on the original page"),
        ("link", 'href="https://far.example/file"'),
    ],
)
async def test_what_hangs_on_a_strangers_post_is_shown_or_a_press_away(city, kind, told):
    mina, post = await stranger(city)
    fields = [f for f in msgspec.structs.fields(Media) if f.required]
    row = {f.name: "" if f.type is str else 0 for f in fields}
    file = Media(
        **{
            **row,
            "id": 5,
            "account_id": post.author_id,
            "post_id": post.id,
            "kind": kind,
            "remote_url": "https://far.example/file",
            "alt": "A goose",
        }
    )
    await city.db.write(media_rows.insert, file)
    page = await mina.get(f"/@ada@far.example/{post.id}")
    assert told in page.text
    assert "A goose" in page.text
    here = city.app[ADDRESSES].remote("picture", file.remote_url)
    shown = [(one["href"], one.one("img")["src"]) for one in page.main.all("a", "frame")]
    assert shown == ([(here, here)] if kind == "image" else [])
    assert not any("far.example" in address for address in page.loads)


async def test_a_story_whose_picture_we_would_not_fetch_has_no_empty_frame(city):
    mina, post = await stranger(city, title="Far away", kind="article")
    fields = [f for f in msgspec.structs.fields(Media) if f.required]
    row = {f.name: "" if f.type is str else 0 for f in fields}
    hung = {"account_id": post.author_id, "post_id": post.id, "kind": "image", "alt": "A goose"}
    address = "https://far.example/" + "x" * 3000
    await city.db.write(media_rows.insert, Media(**{**row, **hung, "id": 5, "remote_url": address}))
    for path in (f"/@ada@far.example/{post.id}", "/@ada@far.example", "/federated"):
        main = (await mina.get(path)).main
        assert main.all("a", "frame") == []
        assert main.link("A goose") == address


async def test_a_community_elsewhere_whose_threads_are_not_here_yet_can_be_written_in(city):
    group = msgspec.structs.replace(
        accounts.blank(HERE, 78, "water", "Group", now_ms()),
        uri="https://far.example/c/water",
        url="https://far.example/c/water",
        domain="far.example",
    )
    await city.db.write(account_rows.insert, group)
    mina = await city.join("mina")
    begin = 'href="/write?community=water%40far.example"'
    assert begin not in (await mina.get("/@water@far.example")).text
    await city.db.write(_follow, mina.account, group)
    assert begin in (await mina.get("/@water@far.example")).text
    assert (await mina.get("/write?community=water%40far.example")).form("/write")


def _follow(tx, follower, target):
    follow_rows.insert(tx, id=1, uri="x:1", follower=follower, target=target, now_ms=now_ms())
    follow_rows.accept(tx, follower, target)
