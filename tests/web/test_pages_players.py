"""Films of other sites on pages: links for everybody, an address for the script, a policy."""

import re

import msgspec
import pytest

from server.clock import now_ms
from server.ids import new_id
from server.model import PostView
from server.store import posts as post_rows
from server.store import previews
from tests.web.boards import board, thread
from web import players

ID = "dQw4w9WgXcQ"
FILM = f"https://youtu.be/{ID}?t=90"
SHORT = "kkGMgK9ZtnKfYAgnEtQxbv"
FIXED = (
    "frame-src https://www.youtube-nocookie.com https://player.vimeo.com https://tv.naver.com "
    "https://play-tv.kakao.com"
)


async def opened(person, path):
    async with person.client.get(path, headers=person.headers) as answer:
        assert answer.status == 200
        return answer.headers["Content-Security-Policy"]


def figures(page):
    return page.root.all("figure", "player")


def preview_of(tx, post_id, url, **said):
    """What a job would have read at the first address of a post."""
    known, id = previews.by_url(tx, url), new_id(now_ms())
    if known is None:
        previews.insert(tx, id, url, 1)
    id = known.id if known else id
    previews.set_columns(tx, id, **{"state": "ready", "title": "A walk", **said})
    previews.unlink(tx, post_id)
    previews.link(tx, post_id, id)


async def test_a_film_is_a_link_with_words_and_nothing_of_its_site_is_loaded(city):
    mina = await city.join("mina", role="writer")
    note = await city.writes(mina, f"보세요\n{FILM}\n끝")
    told = await city.writes(mina, f"Words.\n\n[A walk]({FILM})\n\nMore.", title="Walks")
    visitor = await city.visitor()
    for post, title in ((note, "Video on YouTube"), (told, "A walk")):
        page = await visitor.get(f"/@mina/{post.id}")
        (figure,) = figures(page)
        assert figure["data-embed"].startswith(f"https://www.youtube-nocookie.com/embed/{ID}?")
        assert "start=90" in figure["data-embed"]
        assert figure.one("a")["href"] == FILM
        assert figure.one("a").words == title
        assert "from 1:30 on" in figure.words and "opens on YouTube" in figure.words
        assert figure.one("button").words == "Play here: loads from YouTube"
        assert all(url.startswith("/") or url.startswith("data:") for url in page.loads)
        assert "<iframe" not in page.text
        assert (await opened(visitor, f"/@mina/{post.id}")).endswith(f"; {FIXED}")
    korean = await city.visitor("ko")
    assert 'data-embed="https://www.youtube' in (await korean.get(f"/@mina/{note.id}")).text


async def test_words_between_films_are_as_they_were_written(city):
    mina = await city.join("mina", role="writer")
    text = f"Words.\n\n{FILM}\n\n## Two\n\nMore of **them**.\n\nhttps://tv.naver.com/v/12345678\n\nEnd."
    told = await city.writes(mina, text, title="Walks")
    page = await (await city.visitor()).get(f"/@mina/{told.id}")
    assert len(figures(page)) == 2
    assert "<h2>Two</h2><p>More of <strong>them</strong>.</p><figure" in page.text
    assert "&lt;p&gt;" not in page.text


async def test_feeds_apps_and_peers_get_the_link_as_it_was_written(city):
    mina = await city.join("mina", role="writer")
    post = await city.writes(mina, f"Words.\n\n{FILM}", title="Walks")
    note = await city.writes(mina, FILM)
    for path, accept in (
        ("/feeds/stories", "*/*"),
        (f"/api/v1/statuses/{note.id}", "application/json"),
        (post.uri.removeprefix(city.site.origin), "application/activity+json"),
    ):
        async with mina.client.get(path, headers={"Accept": accept}) as answer:
            said = await answer.text()
            assert answer.status == 200
        assert f"youtu.be/{ID}" in said
        assert "nocookie" not in said and "player" not in said


async def test_a_film_has_the_picture_and_the_title_that_we_keep_and_stands_there_once(city):
    mina = await city.join("mina", role="writer")
    image = {"image": "https://i.example/a.jpg", "title": "A <walk>"}
    alone = await city.writes(mina, FILM)
    within = await city.writes(mina, f"Look at {FILM} today")
    for post in (alone, within):
        await city.db.write(preview_of, post.id, f"{FILM}&n={post.id}", **image)
        page = await mina.get(f"/@mina/{post.id}")
        (figure,) = figures(page)
        assert figure.one("a").words == "A <walk>"
        assert figure["data-title"] == "Video on YouTube: A <walk>"
        assert figure.one("img")["src"].startswith("/media/remote/picture/")
        assert "link-card" not in page.text


async def test_a_thread_about_a_film_shows_it_once(city):
    sol = await city.join("sol", role="moderator")
    garden = await board(city, "garden", sol)
    post = await thread(city, sol, garden, link=FILM)
    page = await sol.get(f"/@sol/{post.id}")
    assert len(figures(page)) == 1

    def bare(tx):  # as Lemmy writes: the text does not repeat the link
        post_rows.set_columns(tx, post.id, content="<p>Who has some?</p>")

    await city.db.write(bare)
    page = await sol.get(f"/@sol/{post.id}")
    (figure,) = figures(page)
    assert figure.one("a")["href"] == FILM


async def test_servers_of_peertube_play_where_they_are_known_and_the_policy_names_only_them(city):
    mina = await city.join("mina", role="writer")
    known = await city.writes(mina, f"https://films.example/w/{SHORT}")
    guess = await city.writes(mina, f"https://other.example/w/{SHORT}")
    url = f"https://films.example/w/{SHORT}"
    await city.db.write(preview_of, known.id, url, software="peertube")
    visitor = await city.visitor()
    page = await visitor.get(f"/@mina/{known.id}")
    (figure,) = figures(page)
    assert figure["data-embed"].startswith(f"https://films.example/videos/embed/{SHORT}?")
    assert "films.example" in figure.one("button").words
    assert "data-guest" in figure.given
    assert (await opened(visitor, f"/@mina/{known.id}")).endswith(f"{FIXED} https://films.example")
    assert figures(await visitor.get(f"/@mina/{guess.id}")) == []
    assert (await opened(visitor, f"/@mina/{guess.id}")).endswith(FIXED)


async def test_a_kept_page_carries_the_policy_of_its_own_films(city):
    mina = await city.join("mina", role="writer")
    post = await city.writes(mina, f"https://films.example/w/{SHORT}")
    await city.db.write(
        preview_of, post.id, f"https://films.example/w/{SHORT}", software="peertube"
    )
    visitor = await city.visitor()
    made, kept = [await opened(visitor, "/") for _ in range(2)]
    assert made == kept
    assert kept.endswith(" https://films.example")
    await city.writes(mina, "Nothing")
    await city.db.write(post_rows.set_columns, post.id, content="<p>No film</p>")
    await city.db.write(lambda tx: previews.unlink(tx, post.id))
    assert (await opened(visitor, "/")).endswith(FIXED)


async def test_nobodys_words_name_a_host_in_the_policy(city):
    mina = await city.join("mina", role="writer")
    figure = '<figure class="player" data-embed="https://evil.example/x">'
    post = await city.writes(mina, f"{figure} `{figure}` [{figure}]({FILM})", title=figure)
    policy = await opened(mina, f"/@mina/{post.id}")
    assert "evil" not in policy
    film = await city.writes(mina, f"[{figure}]({FILM})")
    await city.db.write(preview_of, film.id, FILM, title=figure, description=figure)
    for path in (f"/@mina/{film.id}", "/local"):
        assert "evil" not in await opened(mina, path)


def test_so_many_servers_are_named_and_the_films_of_others_stay_links():
    hosts = [f"t{number}.example" for number in range(players.MOST_SERVERS + 2)]
    page = "".join(f'<figure class="player bare" data-embed="https://{one}/x">' for one in hosts)
    written, sources = players.framed(page)
    assert written.count("data-embed=") == players.MOST_SERVERS
    assert sources.split()[4:] == [f"https://{one}" for one in hosts[: players.MOST_SERVERS]]
    assert re.findall(r'data-left="https://([^/]+)/', written) == hosts[players.MOST_SERVERS :]


@pytest.fixture
def far(city):
    """A film that came from a server of PeerTube as a post of its own."""

    async def made(person):
        post = await city.writes(person, "It rains.", title="A walk")
        author = msgspec.structs.replace(person.account, domain="films.example")
        url = f"https://films.example/videos/watch/{SHORT}"
        post = msgspec.structs.replace(post, kind="video", local=0, url=url)
        return PostView(post=post, author=author)

    return made


async def test_a_film_that_came_as_a_post_is_its_own_subject(city, far):
    view = await far(await city.join("mina", role="writer"))
    found = players.beside(view)
    assert found.about and not found.told
    assert found.video.host == "films.example"
    ours = msgspec.structs.replace(view, post=msgspec.structs.replace(view.post, local=1))
    assert players.beside(ours) is None
    elsewhere = msgspec.structs.replace(
        view.post, url=f"https://other.example/videos/watch/{SHORT}"
    )
    assert players.beside(msgspec.structs.replace(view, post=elsewhere)) is None
