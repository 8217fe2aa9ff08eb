"""Pages show strangers' pictures, and make no browser ask a stranger for anything."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from PIL import Image

from server import remote_pictures
from server.files import MEDIA_TYPES
from server.services import sessions
from server.store import accounts as account_rows
from server.store import hosts as host_rows
from server.store import remote_pictures as rows
from tests.films import film, needs_ffmpeg
from tests.loop_time import LoopTime
from tests.together.conftest import NewPeer
from tests.together.peer import Peer, Somebody
from tests.village import City, Village
from tests.web.html import HtmlPage
from web.keys import ADDRESSES, PICTURES, REMOTE_PICTURES

HTML = {"Accept": "text/html"}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def picture(size: tuple[int, int] = (60, 40), form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, form)
    return out.getvalue()


def says(body: bytes, content_type: str = "image/png") -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type)

    return answer


def leads_to(url: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": url})

    return answer


async def never(_: web.Request) -> web.StreamResponse:
    LoopTime().forward(remote_pictures.FETCH_S)
    await asyncio.Event().wait()
    raise AssertionError


async def without_end(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "image/png"})
    await response.prepare(request)
    for _ in range(20):
        await response.write(bytes(1 << 20))
    return response


def address(city: City, url: str, kind: Any = "picture") -> str:
    """Where a page of this city would load a picture from."""
    return str(city.app[ADDRESSES].remote(kind, url))


async def look(city: City, path: str) -> tuple[int, bytes, dict[str, str]]:
    async with city.client.get(path) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def loads(city: City, path: str) -> list[str]:
    """What a browser loads for a page without being asked."""
    async with city.client.get(path, headers=HTML) as answer:
        assert answer.status == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert "img-src 'self' data:;" in policy
        assert "media-src 'self';" in policy
        return HtmlPage(await answer.text()).loads


async def test_a_face_from_beta_comes_to_readers_of_alpha_from_alpha(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    carol = await beta.join("carol")
    made = await beta.app[PICTURES].process_avatar(picture((900, 600), "JPEG"))
    url = f"{beta.origin}/media/{made.large}"
    await beta.db.write(account_rows.set_columns, carol.id, avatar=url)
    there = await alpha.knows("@carol@beta.test")
    assert there.avatar == url
    page = await loads(alpha, "/@carol@beta.test")
    path = address(alpha, url, "avatar")
    assert path in page
    status, body, headers = await look(alpha, path)
    assert (status, headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(body)).size == (400, 400)
    assert headers["Cache-Control"] == "public, max-age=604800"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    await village.stop(beta)  # and it stays when beta is away
    assert (await look(alpha, path))[0] == 200


async def eve_of(peer: Peer) -> Somebody:
    """A stranger with everything that a page shows."""
    emoji = {
        "type": "Emoji",
        "name": ":sun:",
        "icon": {"type": "Image", "url": f"{peer.origin}/sun.png"},
    }
    return peer.person(
        "eve",
        name="Eve :sun:",
        summary="<p>I like :sun:</p>",
        icon={"type": "Image", "url": f"{peer.origin}/face.png"},
        image={"type": "Image", "url": f"{peer.origin}/wide.png"},
        attachment=[{"type": "PropertyValue", "name": "Place", "value": "here :sun:"}],
        tag=[emoji],
    )


def note_of(peer: Peer, eve: Somebody) -> dict[str, Any]:
    emoji = {
        "type": "Emoji",
        "name": ":sun:",
        "icon": {"type": "Image", "url": f"{peer.origin}/sun.png"},
    }
    kinds = {
        "a.png": "image/png",
        "b.mp4": "video/mp4",
        "c.mp3": "audio/mpeg",
        "d.pdf": "application/pdf",
    }
    return peer.note(
        eve,
        '<p>A :sun: <img src="http://far.test/spy.png"><a href="http://far.test/spy">x</a></p>',
        tag=[emoji],
        attachment=[
            {
                "type": "Document",
                "mediaType": kind,
                "url": f"{peer.origin}/{name}",
                "blurhash": "LKO2?U%2Tw=w]~RBVZRi};RPxuwH",
            }
            for name, kind in kinds.items()
        ],
    )  # fmt: skip


async def test_no_page_makes_a_browser_ask_another_server(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = await eve_of(far)
    note = note_of(far, eve)
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    assert await far.send(alpha, eve, far.creates(eve, note)) == 202
    post = await alpha.post_at(note["id"])
    assert post is not None
    assert await far.send(alpha, eve, far.does("Announce", eve, note["id"])) == 202
    own = f"/@eve@far.test/{post.id}"
    pages = {
        "/@eve@far.test": {"avatar", "picture", "emoji"},
        "/@eve@far.test?show=pictures": {"avatar", "picture", "emoji"},
        "/federated": {"avatar", "picture", "emoji"},
        own: {"avatar", "picture", "emoji"},
        "/@ann/following": {"avatar", "emoji"},
        "/": set(),
    }
    for path, kinds in pages.items():
        found = await loads(alpha, path)
        elsewhere = [url for url in found if urlsplit(url).netloc]
        assert elsewhere == [], path
        assert kinds <= {url.split("/")[3] for url in found if url.startswith("/media/remote/")}, (
            path
        )
    asked = [path for path in far.asked if path.endswith((".png", ".mp4", ".mp3"))]
    assert asked == []  # rendering fetches nothing


ANSWERS: dict[str, tuple[Answer, int]] = {
    "a picture": (says(picture()), 200),
    "a picture without a type": (says(picture(), "application/octet-stream"), 200),
    "a picture with the type of another": (says(picture(form="WEBP"), "image/gif"), 200),
    "a redirect to a picture": (leads_to("/good.png"), 200),
    "svg": (says(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"), 404),
    "a page": (says(b"<script>alert(1)</script>", "text/html"), 404),
    "a page that claims to be a picture": (says(b"<script>alert(1)</script>"), 404),
    "a picture that claims to be a page": (says(picture(), "text/html"), 404),
    "nothing": (says(b""), 404),
    "more than eight megabytes": (says(bytes(9 << 20)), 404),
    "no end": (without_end, 404),
    "no answer": (never, 404),
    "a redirect to a private address": (leads_to("http://10.0.0.1/a.png"), 404),
    "a redirect to the metadata of a cloud": (leads_to("http://169.254.169.254/a.png"), 404),
    "a redirect to ourselves": (leads_to("http://alpha.test/static/icon-192.png"), 404),
    "a redirect in a circle": (leads_to("/it"), 404),
    "a redirect to a blocked server": (leads_to("http://bad.test/good.png"), 404),
    "a redirect to a file": (leads_to("file:///etc/passwd"), 404),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
async def test_whatever_a_stranger_answers_is_a_picture_or_nothing(
    village: Village, peer: NewPeer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    answer, status = ANSWERS[name]
    alpha, far, bad = await village("alpha.test"), await peer(), await peer("bad.test")
    await alpha.db.write(host_rows.set_rule, "bad.test", "block", "", alpha.clock())
    far.files = {"/it": answer, "/good.png": says(picture())}
    bad.files = {"/good.png": says(picture())}
    got, body, headers = await look(alpha, address(alpha, "http://far.test/it"))
    assert got == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"script" not in body
    assert headers["Content-Type"] in {*MEDIA_TYPES.values(), "text/plain; charset=utf-8"}
    assert bad.asked == []
    asked = len(far.asked)
    again, _, _ = await look(alpha, address(alpha, "http://far.test/it"))
    assert again == status
    assert len(far.asked) == asked  # kept, or remembered as a failure


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/a.png", "http://[::1]/a.png", "http://0x7f.1/a.png", "https://nowhere.test/a",
     "http://alpha.test/sign-out", "http://a b/", "http://far.test:99999/"],
)  # fmt: skip
async def test_addresses_that_the_guard_refuses_are_no_pictures(village: Village, url: str) -> None:
    alpha = await village("alpha.test")
    assert (await look(alpha, address(alpha, url)))[0] == 404


async def test_a_lost_face_is_drawn_as_the_one_of_those_who_have_none(village: Village) -> None:
    alpha = await village("alpha.test")
    status, body, headers = await look(
        alpha, address(alpha, "https://nowhere.test/a.png", "avatar")
    )
    assert (status, headers["Content-Type"]) == (404, "image/svg+xml")
    assert body.startswith(b"<svg")


async def test_nobody_makes_us_fetch_what_we_did_not_sign(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    far.files = {"/it": says(picture())}
    right = address(alpha, "http://far.test/it")
    kind, token = right.split("/")[3:]
    other = await village("beta.test")
    forged = (
        right[:-1],
        right.replace(kind, "avatar"),
        right.replace(kind, "film"),
        address(other, "http://far.test/it"),
        f"/media/remote/picture/{token[:22]}",
        "/media/remote/picture/http%3A%2F%2Ffar.test%2Fit",
        "/media/remote/picture/%ED%95%9C",
        "/media/remote/picture/" + "A" * 7000,
    )
    for path in forged:
        assert (await look(alpha, path))[0] == 404, path
    assert far.asked == []
    assert await alpha.count("remote_picture") == 0


async def test_a_blocked_server_is_not_asked_and_what_it_gave_is_not_shown(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer("pics.far.test")
    far.files = {"/it": says(picture()), "/other": says(picture())}
    it, other = [address(alpha, f"http://pics.far.test/{name}") for name in ("it", "other")]
    assert (await look(alpha, it))[0] == 200
    await alpha.db.write(host_rows.set_rule, "far.test", "block", "", alpha.clock())
    alpha.clock.ahead_ms += 10_000
    for path in (it, other):
        assert (await look(alpha, path))[0] == 404
    assert far.asked == ["/it"]
    await alpha.db.write(host_rows.remove_rule, "far.test")
    alpha.clock.ahead_ms += 10_000
    for path in (it, other):
        assert (await look(alpha, path))[0] == 200


async def test_many_readers_at_once_cause_one_request(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    far.files = {"/it": says(picture((3000, 2000), "JPEG"))}
    path = address(alpha, "http://far.test/it")
    answers = await asyncio.gather(*(look(alpha, path) for _ in range(12)))
    assert {(status, body) for status, body, _ in answers} == {(200, answers[0][1])}
    assert far.asked == ["/it"]


async def test_a_crowd_of_pictures_is_told_to_come_later(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = await village("alpha.test")
    monkeypatch.setattr(remote_pictures, "MAX_WAITING", 0)
    status, _, headers = await look(alpha, address(alpha, "http://far.test/it"))
    assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "5", "no-store")


async def test_what_is_kept_is_there_after_a_restart(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    far.files = {"/it": says(picture())}
    path = address(alpha, "http://far.test/it")
    assert (await look(alpha, path))[0] == 200
    assert await alpha.db.read(rows.total) > 0
    await village.stop(alpha)
    await village.start_again(alpha)
    assert address(alpha, "http://far.test/it") == path
    assert (await look(alpha, path))[0] == 200
    assert far.asked == ["/it"]


# --- for apps


async def entity_of(city: City, name: str, id: int) -> dict[str, Any]:
    token = await city.db.write(
        sessions.create_access_token, city.people[name].id, "read", "test", city.clock()
    )
    headers = {"Authorization": f"Bearer {token}"}
    async with city.client.get(f"/api/v1/statuses/{id}", headers=headers) as answer:
        assert answer.status == 200
        return dict(await answer.json())


def path_of(city: City, url: str) -> str:
    assert url.startswith(f"{city.origin}/media/remote/"), url
    return url.removeprefix(city.origin)


@needs_ffmpeg
async def test_an_app_asks_us_and_nobody_else_for_what_strangers_show(
    village: Village, peer: NewPeer
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = await eve_of(far)
    sent = film()

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=sent, content_type="video/mp4")

    far.files["/b.mp4"] = serve
    note = note_of(far, eve)
    note["attachment"][1]["duration"] = "PT1M2.5S"
    note["attachment"][1]["icon"] = {"type": "Image", "url": f"{far.origin}/poster.png"}
    far.serve(note)
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    assert await far.send(alpha, eve, far.creates(eve, note)) == 202
    post = await alpha.post_at(note["id"])
    assert post is not None
    shown = await entity_of(alpha, "ann", post.id)
    account = shown["account"]
    for url in (account["avatar"], account["avatar_static"], account["header"]):
        path_of(alpha, url)
    for emoji in (*shown["emojis"], *account["emojis"]):
        path_of(alpha, emoji["url"])
        path_of(alpha, emoji["static_url"])
    image, moving, heard, other = shown["media_attachments"]
    assert image["remote_url"] == f"{far.origin}/a.png"
    for one in (image, moving, heard):
        path_of(alpha, one["url"])
    path_of(alpha, image["preview_url"])
    path_of(alpha, moving["preview_url"])
    assert (moving["type"], heard["type"], other["type"]) == ("video", "audio", "unknown")
    assert moving["preview_remote_url"] == f"{far.origin}/poster.png"
    assert moving["meta"]["original"]["duration"] == 62.5
    assert moving["meta"]["length"] == "0:01:02.50"
    assert [path for path in far.asked if path == "/b.mp4"] == []  # nobody has looked yet
    status, body, headers = await look(alpha, path_of(alpha, moving["url"]))
    assert (status, body, headers["Content-Type"]) == (200, sent, "video/mp4")
    async with alpha.client.get(
        path_of(alpha, moving["url"]), headers={"Range": "bytes=0-9"}
    ) as part:
        assert (part.status, await part.read()) == (206, sent[:10])
    page = await loads(alpha, f"/@eve@far.test/{post.id}")
    assert [url for url in page if urlsplit(url).netloc] == []
    again = await entity_of(alpha, "ann", post.id)
    assert again["media_attachments"] == shown["media_attachments"]  # addresses stay


@needs_ffmpeg
async def test_a_film_that_is_too_large_for_us_is_where_it_is(
    village: Village, peer: NewPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha, far = await village("alpha.test"), await peer()
    await alpha.join("ann")
    eve = await eve_of(far)

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=film(), content_type="video/mp4")

    far.files["/b.mp4"] = serve
    note = far.serve(note_of(far, eve))
    await alpha.follow("ann", "@eve@far.test")
    await village.settle()
    await far.accepts(alpha, eve)
    assert await far.send(alpha, eve, far.creates(eve, note)) == 202
    post = await alpha.post_at(note["id"])
    assert post is not None
    monkeypatch.setattr(alpha.app[REMOTE_PICTURES], "_film_bytes", 1000)
    shown = await entity_of(alpha, "ann", post.id)
    path = path_of(alpha, shown["media_attachments"][1]["url"])
    assert (await look(alpha, path.partition("?")[0] + "?id=1"))[0] == 404  # of another post
    alpha.clock.ahead_ms += 11 * 60_000
    assert (await look(alpha, path))[0] == 404
    alpha.clock.ahead_ms += 11 * 60_000
    again = await entity_of(alpha, "ann", post.id)
    assert again["media_attachments"][1]["url"] == f"{far.origin}/b.mp4"
